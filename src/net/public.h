/*
 * public.h - which addresses anybody on the internet may be asked at: what a client names is
 * fetched from nowhere else.
 */
#ifndef LX_NET_PUBLIC_H
#define LX_NET_PUBLIC_H

#include "io/dns.h"

/* Globally reachable, by IANA's registries of special-purpose addresses (RFC 6890); addresses that
 * carry one of IPv4 inside are what that is. Neither multicast, nor what clouds answer their own
 * machines at. */
bool lx_address_is_public(const union lx_address *a);
/* What can be said of a host without asking for its addresses, because somebody else (a proxy) will
 * resolve it: false for literals that are not public, for "localhost", and for numbers that some
 * resolvers take for addresses ("2130706433", "127.1", "0x7f.1"). Without brackets. */
bool lx_host_may_be_public(struct lx_slice host);

#endif
