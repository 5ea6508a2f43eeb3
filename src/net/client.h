/*
 * client.h - the upstream HTTP client of one loop: pool, deadlines, proxies, TLS, happy eyeballs.
 *
 * It sends what it is given and reports what comes; it does not retry (but for one safe case),
 * follow redirects, or know what an LLM is. The safe case: a kept-alive connection that turns out
 * to be closed before a single byte of the reply came is replaced by a fresh one, once.
 */
#ifndef LX_NET_CLIENT_H
#define LX_NET_CLIENT_H

#include "io/loop.h"
#include "io/tls.h"
#include "wire/header.h"

struct lx_net;
struct lx_net_exchange;

struct lx_net_options {
    size_t max_idle_per_origin;   /* kept-alive connections waiting; 0: 256 */
    size_t max_per_origin;        /* connections in all; 0: no limit; beyond it requests queue */
    size_t max_queued_per_origin; /* then LX_EBUSY; 0: 1024 */
    int64_t idle_ms;              /* a waiting connection is closed after; 0: 55,000 */
    size_t max_head_bytes;        /* of a reply; 0: 64 KiB */
    int64_t dns_ttl_max_ms;       /* 0: 300,000 */
    /* As the environment variables, or NULL: "http://user:password@host:port", for http and for
     * https origins (the latter by CONNECT); and the list of hosts that are reached directly. */
    const char *http_proxy, *https_proxy, *no_proxy;
    struct lx_tls_options tls; /* for https origins */
    const char *dns_servers;   /* "127.0.0.1:5353,..."; NULL: the system's */
};

/* Options are copied. NULL with *err. */
struct lx_net *lx_net_new(struct lx_loop *loop, const struct lx_net_options *o,
                          struct lx_error *err);
/* TLS settings for https origins, made elsewhere: a server shares one among its loops, because
 * reading the certificate authorities takes longer than a start should. Takes a reference; without
 * effect once a connection has needed settings and they were made from the options. */
void lx_net_use_tls(struct lx_net *net, struct lx_tls_context *tls);
/* Cancels what is in flight (no callbacks). Not from within a callback of its own. NULL-safe. */
void lx_net_free(struct lx_net *net);

struct lx_net_request {
    struct lx_slice method;
    struct lx_slice url; /* absolute, http or https; user:password becomes Authorization */
    struct lx_headers
        headers; /* Host, Content-Length, Accept-Encoding and what belongs to a
                  * connection (Connection, Transfer-Encoding, ...) are ours: skipped */
    struct lx_slice body;
    int64_t connect_ms;       /* deadlines, from the start of each phase; 0: none */
    int64_t first_byte_ms;    /* from the last byte of the request that the kernel took to the
                               * first byte of the head; begins anew with a 1xx */
    int64_t between_bytes_ms; /* does not run while paused */
    int64_t total_ms;         /* runs from lx_net_send, whatever happens */
    const char *trust;        /* for https, instead of what the client's own settings say: "true"
                               * (the system's authorities), "false" (nobody is checked), or the
                               * path of a PEM file; or NULL */
    bool public_only; /* only to addresses that are public (net/public.h): somebody out there has
                       * named the host. With a proxy, to hosts that may be: the rest is its
                       * policy */
};

struct lx_net_events {
    /* The reply's head (never a 1xx), without the Content-Encoding that is undone and the length
     * of what was encoded. Slices are valid during the call. */
    void (*on_head)(void *owner, int status, const struct lx_headers *headers);
    /* A piece of the body, decoded; valid during the call. */
    void (*on_body)(void *owner, struct lx_slice piece);
    /* The reply is complete. The exchange is gone after this call. */
    void (*on_end)(void *owner);
    /* It failed: a code and a text that names host and phase. The exchange is gone after this. */
    void (*on_fail)(void *owner, int code, const struct lx_error *err);
};

/* Starts an exchange. All slices of the request are borrowed until on_head, on_fail or cancel.
 * Callbacks never come from within this call. NULL when out of memory. */
struct lx_net_exchange *lx_net_send(struct lx_net *net, const struct lx_net_request *request,
                                    const struct lx_net_events *events, void *owner);
/* Sends a copy of the request and forgets it: whatever becomes of it, nobody is told. */
void lx_net_tell(struct lx_net *net, const struct lx_net_request *request);
/* Stops: no further callback; the connection is closed (or kept, when the reply is complete). */
void lx_net_cancel(struct lx_net_exchange *x);
/* Back-pressure: while paused no on_body comes and the socket is not read. */
void lx_net_pause(struct lx_net_exchange *x);
void lx_net_resume(struct lx_net_exchange *x);
/* Times of this exchange, in mono ms; 0 when not reached: connected, sent, first byte. */
struct lx_net_times {
    int64_t started_ms, connected_ms, sent_ms, first_byte_ms;
    bool reused;
};
struct lx_net_times lx_net_exchange_times(const struct lx_net_exchange *x);

struct lx_net_counts {
    size_t connections, idle, in_flight, queued;
};
/* As things are now; for metrics and tests. */
struct lx_net_counts lx_net_counts(const struct lx_net *net);

#endif
