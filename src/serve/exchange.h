/*
 * exchange.h - one request of a client, from its head to the last byte of the reply.
 *
 * The connection frames; the exchange knows what was asked, who asked, which endpoint answers, the
 * call that runs, and what the access log will say. It is recycled with its buffers.
 */
#ifndef LX_SERVE_EXCHANGE_H
#define LX_SERVE_EXCHANGE_H

#include "http/h1.h"
#include "net/drive.h"
#include "config/config.h"

struct lx_inbound;
struct lx_endpoint;
struct lx_sweep;
struct lx_worker;

enum lx_method {
    LX_METHOD_GET,
    LX_METHOD_HEAD,
    LX_METHOD_POST,
    LX_METHOD_PUT,
    LX_METHOD_DELETE,
    LX_METHOD_OTHER
};

struct lx_exchange {
    struct lx_inbound *conn;
    struct lx_worker *worker;
    struct lx_config *config; /* a reference */
    struct lx_arena arena;
    /* request */
    enum lx_method method;
    struct lx_slice method_name, path, query; /* in the arena */
    enum lx_tristate stream;                  /* what the path says of it; UNSET: the body does */
    bool in_array;                            /* a stream as one JSON array */
    struct lx_slice path_value; /* what {model} or {id} of the endpoint's path matched, decoded */
    const struct lx_endpoint *endpoint; /* NULL: none */
    struct lx_slice allow;              /* methods of the path, when it has none like this one */
    const struct lx_dialect *front;     /* errors are written in its shape */
    char call_id[128];
    size_t call_id_n;
    struct lx_header_list forward;      /* client headers that go to the provider ... */
    struct lx_header_list forward_some; /* ... to some providers only */
    int64_t timeout_ms, stream_timeout_ms, between_bytes_ms, max_retries;
    struct lx_slice tags, session, user_agent; /* of headers, for routing */
    uint64_t key_hash;
    int64_t min_quality_tier; /* 0: none */
    struct lx_h1_body_reader body_reader;
    struct lx_buf body;
    uint64_t body_bytes; /* read, stored or not */
    int early_status;    /* decided before the body: answered after it */
    struct lx_fault early_fault;
    bool keep_alive; /* as far as the request goes */
    int minor;       /* HTTP/1.minor */
    /* reply */
    bool head_sent, chunked, complete;
    int status;
    uint64_t reply_bytes;
    struct lx_drive drive;
    struct lx_timer ping;   /* of a stream that says nothing; ping.c */
    int64_t told_ms;        /* when it said something */
    bool opened;            /* by a ping, before there was an answer */
    struct lx_sweep *sweep; /* of GET /health; or NULL */
    int64_t started_ms, started_wall_ms, done_ms;
    struct lx_exchange *next_spare;
};

/* A recycled or new exchange; NULL when out of memory. */
struct lx_exchange *lx_exchange_new(struct lx_worker *w, struct lx_inbound *c);
/* Back to the worker; cancels the call. */
void lx_exchange_free(struct lx_exchange *x);
/* Frees those that a worker keeps for its next requests. */
void lx_exchange_free_spare(struct lx_worker *w);

/* Reads the head: endpoint, auth, ids, limits. Never fails: what is wrong becomes early_status. */
void lx_exchange_head(struct lx_exchange *x, const struct lx_h1_head *head);
/* The request is complete: answers it, now or later, through lx_inbound_reply(). */
void lx_exchange_run(struct lx_exchange *x);
/* Answers with an error in the client's language. Only before any head was sent. */
void lx_exchange_refuse(struct lx_exchange *x, int status, const struct lx_fault *fault);
/* One line in the access log. */
void lx_exchange_log(struct lx_exchange *x, bool client_gone);

/* For endpoints: the value of a parameter of the query, decoded; absent when there is none. */
struct lx_slice lx_exchange_query(struct lx_exchange *x, struct lx_slice name);
/* For endpoints: a complete reply with a JSON body. */
void lx_exchange_json(struct lx_exchange *x, int status, struct lx_slice json);
/* The same with what was written, or an error where that has failed; clears the buffer. */
void lx_exchange_send_json(struct lx_exchange *x, int status, struct lx_buf *body);
void lx_exchange_send(struct lx_exchange *x, int status, struct lx_slice type, struct lx_buf *body);
/* Says with 400 that the request is wrong: in a text (copied), for a parameter, or empty. */
void lx_exchange_refuse_text(struct lx_exchange *x, struct lx_slice text, struct lx_slice param);
/* Starts a completion in the exchange's front language. */
void lx_exchange_complete(struct lx_exchange *x);
/* The same for a response that a provider keeps, whose id the path holds; and for its compaction.
 */
void lx_exchange_response(struct lx_exchange *x);
void lx_exchange_compact(struct lx_exchange *x);
/* The same for Google's methods, where the path says whether a stream is wanted. */
void lx_exchange_generate(struct lx_exchange *x);
void lx_exchange_generate_stream(struct lx_exchange *x);

#endif
