/*
 * dial.h - from a host name to one connected stream: resolves and tries the addresses, staggered.
 */
#ifndef LX_NET_DIAL_H
#define LX_NET_DIAL_H

#include "io/dns.h"
#include "io/stream.h"

/* RFC 8305 section 8: the recommended delay before the next address is tried as well. */
#define LX_DIAL_STAGGER_MS 250

struct lx_dial;

/* done gets the open stream, whose events it must set at once; or NULL and why not. The dial is
 * gone after that. It is never called from within. host is copied. public_only: addresses that are
 * not (net/public.h) are left out. NULL when out of memory. */
struct lx_dial *lx_dial_new(
    struct lx_loop *loop, struct lx_dns *dns, struct lx_slice host, uint16_t port, bool public_only,
    void (*done)(void *owner, struct lx_stream *s, const struct lx_error *err), void *owner);
/* Gives up; done will not be called. */
void lx_dial_cancel(struct lx_dial *d);

#endif
