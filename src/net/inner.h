/*
 * inner.h - what the files of net/ share: origins, connections, exchanges.
 *
 *     exchange --wants--> origin --owns--> connections (busy or idle)
 *        |                   |  queue of exchanges when there are enough connections
 *        +------ 1:1 --------+--> a connection, from being opened or taken to the reply's end
 *
 * client.c  the public functions, deadlines, the end of an exchange
 * origin.c  origins and their pools: who gets which connection
 * conn.c    one connection: opening (dial, CONNECT, TLS), the request out, its loss
 * reply.c   the reply in: head, body, pause
 *
 * Callbacks to the owner may cancel any exchange and send new ones. So after each of them only
 * x->phase may be looked at first: DEAD means touch nothing. The memory of
 * connections and exchanges goes by a task at the end of the turn.
 */
#ifndef LX_NET_INNER_H
#define LX_NET_INNER_H

#include "http/decode.h"
#include "http/h1.h"
#include "io/dns.h"
#include "io/stream.h"
#include "io/watch.h"
#include "net/client.h"
#include "net/dial.h"
#include "net/proxy.h"
#include "wire/url.h"

enum lx_net_phase {
    LX_NET_QUEUED,     /* the origin has enough connections */
    LX_NET_CONNECTING, /* name, TCP, proxy, TLS */
    LX_NET_WAITING,    /* the request is on its way; nothing has come back */
    LX_NET_HEAD,       /* a part of the reply's head has come */
    LX_NET_BODY,
    LX_NET_DEAD, /* over; the memory goes when the turn ends */
};

struct lx_net_exchange {
    struct lx_task task; /* a failure to be reported later, the rest after a pause, the end */
    struct lx_timer timer;
    struct lx_net *net;
    struct lx_origin *origin; /* counted there; NULL when the URL was not understood */
    struct lx_conn *conn;
    const struct lx_net_events *events;
    void *owner;
    struct lx_net_exchange *prev, *next;             /* all of the client */
    struct lx_net_exchange *queue_prev, *queue_next; /* of the origin */

    struct lx_net_request request; /* its slices are not to be used after on_head */
    struct lx_slice target;        /* path and query, within request.url */
    struct lx_slice userinfo;
    size_t body_sent;
    struct lx_net_times times;
    int64_t total_at_ms, phase_at_ms; /* INT64_MAX: none */

    struct lx_buf partial; /* of a head, or of a proxy's answer */
    size_t seen;           /* of partial, by the head's reader */
    struct lx_h1_body_reader body;
    struct lx_decoder *decoder;
    char *held; /* read but not delivered when paused: payload first, then framed bytes */
    size_t held_n, held_payload;
    size_t rest;              /* bytes that follow what is being delivered */
    struct lx_error *failure; /* to be reported by the task */

    uint8_t phase;
    uint8_t interim; /* 1xx replies so far */
    bool queued;
    bool failing; /* the task will report x->failure */
    bool paused;
    bool decoding;    /* the decoder has more to give without input */
    bool replaced;    /* the safe retry is used up */
    bool keep_alive;  /* what the reply's head says */
    bool send_failed; /* the reply, if any, is still read */
};

enum lx_conn_state { LX_CONN_DIALING, LX_CONN_PROXY, LX_CONN_TLS, LX_CONN_BUSY, LX_CONN_IDLE };

struct lx_conn {
    struct lx_task task; /* frees */
    struct lx_origin *origin;
    struct lx_dial *dial;
    struct lx_stream *stream;
    struct lx_net_exchange *x;
    struct lx_conn *prev, *next;   /* origin's busy or idle ones */
    struct lx_conn *older, *newer; /* all idle ones of the client */
    int64_t idle_since_ms;
    uint8_t state;
    bool reused;
};

struct lx_origin {
    struct lx_origin *next; /* in the bucket */
    struct lx_net *net;
    struct lx_tls_context *tls;   /* NULL: plain */
    const struct lx_proxy *proxy; /* NULL: direct */
    uint32_t hash;
    uint16_t port;
    bool public_only; /* its connections are to public addresses: they are nobody else's */
    size_t n_conns, n_idle, n_queued, n_exchanges;
    struct lx_conn *busy, *idle; /* idle: newest first */
    struct lx_net_exchange *queue_first, *queue_last;
    struct lx_slice host;      /* lower case, no brackets */
    struct lx_slice authority; /* as in Host: brackets, and the port unless it is the usual one */
    char text[];               /* of both */
};

enum { LX_NET_BUCKETS = 256 };

#define LX_NET_TLS_FILES 3

struct lx_net {
    struct lx_loop *loop;
    struct lx_net_options o;
    struct lx_dns *dns;
    struct lx_tls_context *tls;        /* given, or made for the first https origin */
    char *tls_files[LX_NET_TLS_FILES]; /* named by the options: authorities, certificate, key */
    struct lx_trust *trusts;           /* origin.c: settings of requests that have their own */
    struct lx_proxy http_proxy, https_proxy;
    char *no_proxy;
    struct lx_origin *buckets[LX_NET_BUCKETS];
    size_t n_origins;
    struct lx_net_exchange *exchanges;
    struct lx_told *told; /* tell.c */
    size_t told_count;
    struct lx_conn *oldest, *newest; /* idle */
    struct lx_timer idle_timer;
    struct lx_net_counts counts;
    struct lx_buf head;       /* of the request being written */
    struct lx_buf decoded;    /* the piece being delivered */
    struct lx_h1_head parsed; /* the reply's head being delivered */
};

/* client.c */
/* Of the phase it is in, from now; 0: none. The total one runs besides. */
void lx_exchange_set_deadline(struct lx_net_exchange *x, int64_t after_ms);
/* Ends it: the connection is closed, on_fail is called. */
void lx_exchange_fail(struct lx_net_exchange *x, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same from a task, for callers that must not be called back now. */
void lx_exchange_fail_later(struct lx_net_exchange *x, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends it with on_end; the connection has been given back. */
void lx_exchange_end(struct lx_net_exchange *x);

/* origin.c */
/* It counts an exchange more. */
int lx_origin_get(struct lx_net *net, const struct lx_url *url, const char *trust, bool public_only,
                  struct lx_origin **out, struct lx_error *err);
void lx_trust_free_all(struct lx_net *net);
void lx_origin_leave(struct lx_origin *o); /* an exchange is done with it */
void lx_origin_free_all(struct lx_net *net);
/* Gives x a connection, or a place in the queue. */
void lx_pool_assign(struct lx_net_exchange *x);
void lx_pool_unqueue(struct lx_net_exchange *x);
/* The connection's exchange is over: somebody else's turn, or idle. */
void lx_pool_keep(struct lx_conn *c);
/* Closes it and lets the queue go on. */
void lx_pool_drop(struct lx_conn *c);
void lx_pool_idle_over(struct lx_timer *t);

/* tell.c; once their exchanges are gone */
void lx_told_free_all(struct lx_net *net);

/* conn.c */
struct lx_conn *lx_conn_new(struct lx_origin *o);
int lx_conn_open(struct lx_conn *c, struct lx_net_exchange *x);
void lx_conn_send(struct lx_conn *c, struct lx_net_exchange *x);
/* The connection is gone; the exchange, if it has one, fails or starts anew on another. */
void lx_conn_lost(struct lx_conn *c, int code, const char *why);
/* The request's slices are about to be given back: queues what is not sent. */
void lx_conn_send_rest(struct lx_conn *c, struct lx_net_exchange *x);

/* reply.c */
void lx_reply_feed(struct lx_net_exchange *x, struct lx_slice bytes);
void lx_reply_end(struct lx_net_exchange *x); /* the peer has finished sending */
void lx_reply_resume(struct lx_net_exchange *x);
/* Nothing of the reply is to come: may the connection be kept? */
bool lx_reply_is_clean(const struct lx_net_exchange *x);

#endif
