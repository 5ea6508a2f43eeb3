/*
 * mirror.h - silent_model: what a worker asks besides (net/aside.h), with its line in the log.
 */
#ifndef LX_SERVE_MIRROR_H
#define LX_SERVE_MIRROR_H

#include "serve/exchange.h"
#include "serve/worker.h"

/* Makes the worker's set ready; once its loop and network are there. */
void lx_mirror_init(struct lx_worker *w);
/* Asks the model what the exchange asks. What cannot be asked is counted, and said now and then. */
void lx_mirror_start(struct lx_worker *w, const struct lx_exchange *x, struct lx_slice model);

#endif
