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
/* The line of a call that was made on the way of the one with this id: an auto router's for
 * vectors.
 */
void lx_mirror_note(struct lx_worker *w, struct lx_slice id, struct lx_slice path,
                    const struct lx_step *step);

#endif
