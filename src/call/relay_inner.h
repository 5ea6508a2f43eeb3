/*
 * relay_inner.h - what the files of the relay share: relay.c (records of a stream) and
 * relay_whole.c (whole bodies).
 */
#ifndef LX_CALL_RELAY_INNER_H
#define LX_CALL_RELAY_INNER_H

#include "call/relay.h"

/* What is kept of a reply. Slices of a record do not live on; of usage the tier is kept, for it has
 * a price. */
void lx_relay_remember_usage(struct lx_relay *r, const struct lx_usage *u);
void lx_relay_remember_glance(struct lx_relay *r, const struct lx_glance *g);
/* *u as it is, or estimated where the provider said nothing. 0 or a code. */
int lx_relay_complete_usage(struct lx_relay *r, struct lx_usage *u);
/* The body tells an error; no status tells its kind, the dialect goes by what it says. */
void lx_relay_read_fault(struct lx_relay *r, struct lx_slice body);
/* The code, with those words in *err. */
int lx_relay_fail(int code, struct lx_error *err, const char *what);
/* A whole reply, as the client may get it; NULL: it has not the form that was asked for, which is
 * the relay's fault then, or there is no memory. 0 or a code. */
int lx_relay_verify(struct lx_relay *r, const struct lx_reply **reply);
/* Ends the provider's half: its state and what has come of a record. */
void lx_relay_drop_back(struct lx_relay *r);
/* The whole body has come; as lx_relay_finish(). */
int lx_relay_end_whole(struct lx_relay *r, struct lx_buf *out, struct lx_slice *as_is,
                       struct lx_error *err);

#endif
