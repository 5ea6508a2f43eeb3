/*
 * ping.h - signs of life in a stream that says nothing for a while, so that nobody on the way takes
 * its connection for dead.
 */
#ifndef LX_SERVE_PING_H
#define LX_SERVE_PING_H

#include "serve/exchange.h"

/* The exchange's call begins: its stream, if it is to have one, is watched. */
void lx_ping_start(struct lx_exchange *x);
/* Something goes to the client. False: the exchange has to tell it; true: the head had gone before,
 * and what was its body has been told. */
bool lx_ping_emit(struct lx_exchange *x, const struct lx_step *step);
/* Nothing is watched any more. Harmless when nothing was. */
void lx_ping_stop(struct lx_exchange *x);

#endif
