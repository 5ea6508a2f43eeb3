/*
 * dns.h - names to addresses, for one loop: c-ares, a cache by TTL, one query in flight per name.
 *
 * Both families are asked. Literals, the hosts file and "localhost" are answered without a server,
 * names under ".invalid" are refused without one (RFC 6761). When a server fails, the last answer
 * is used for a while longer: an address that worked a minute ago is better than an error.
 */
#ifndef LX_IO_DNS_H
#define LX_IO_DNS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "io/loop.h"

#define LX_DNS_MAX_ADDRESSES 8

union lx_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};
socklen_t lx_address_len(const union lx_address *a);
void lx_address_set_port(union lx_address *a, uint16_t port);
/* "127.0.0.1:80", "[::1]:80"; the size that is enough for any. */
#define LX_ADDRESS_TEXT 64
void lx_address_write(const union lx_address *a, char out[LX_ADDRESS_TEXT]);
/* An IP literal (no brackets) into *out with port 0; false when it is not one. */
bool lx_address_read(struct lx_slice text, union lx_address *out);

struct lx_dns;
struct lx_dns_options {
    const char *servers; /* "127.0.0.1:5353,..."; NULL: the system's */
    int timeout_ms;      /* of the first try of a server; 0: 2,000 */
    int tries;           /* of each server; 0: 3 */
    int64_t ttl_max_ms;  /* 0: 300,000 */
    int64_t stale_ms;    /* how long past its TTL an answer may stand in; 0: 300,000 */
};

/* Options are not kept. NULL with *err. */
struct lx_dns *lx_dns_new(struct lx_loop *loop, const struct lx_dns_options *o,
                          struct lx_error *err);
/* Queries in flight are forgotten, without callbacks. NULL-safe. */
void lx_dns_free(struct lx_dns *dns);

/* Best first, the families interleaved (RFC 8305 section 4); ports are 0. */
struct lx_dns_answer {
    int code; /* 0, LX_EDNS or LX_ENOMEM */
    const char *reason;
    size_t n;
    union lx_address v[LX_DNS_MAX_ADDRESSES];
};

/* The caller's storage; must live until fn is called or the query is cancelled. */
struct lx_dns_query {
    struct lx_dns_query *next, **link; /* ours */
    void (*fn)(struct lx_dns_query *q, const struct lx_dns_answer *answer);
};
/* true: *answer is filled (with an answer or an error), fn will not be called; false: it will be,
 * later. fn sees an answer that is valid during the call only. */
bool lx_dns_resolve(struct lx_dns *dns, struct lx_slice host, struct lx_dns_query *q,
                    struct lx_dns_answer *answer);
/* Harmless when fn was called or never will be, provided that q was zeroed at first. */
void lx_dns_cancel(struct lx_dns_query *q);

#endif
