/*
 * inbound.h - one client connection: HTTP/1.1 in, one exchange at a time, HTTP/1.1 out.
 *
 *      accept -> IDLE -> HEAD -> BODY -> RUN -> (keep-alive) IDLE
 *                  \       \       \      \---> LINGER -> closed
 *                   \-------\-------\--error--/
 *
 * Pipelined requests wait, in a bounded buffer, until the one before is answered.
 */
#ifndef LX_SERVE_INBOUND_H
#define LX_SERVE_INBOUND_H

#include "serve/exchange.h"
#include "serve/worker.h"

enum lx_inbound_state {
    LX_INBOUND_IDLE, /* between requests */
    LX_INBOUND_HEAD, /* some of a head has come */
    LX_INBOUND_BODY,
    LX_INBOUND_RUN,    /* a request is being answered */
    LX_INBOUND_LINGER, /* answered, FIN sent; swallowing what the client still sends */
    LX_INBOUND_CLOSED,
};

struct lx_inbound {
    struct lx_worker *worker;
    struct lx_stream *stream;
    struct lx_inbound *next, *prev;
    struct lx_exchange *exchange; /* from the head to the last byte; else NULL */
    struct lx_buf in;             /* bytes read but not yet used */
    size_t seen;                  /* of `in`: known to hold no end of head */
    struct lx_buf out;            /* of a streamed reply: what this turn of the loop has brought */
    size_t chunk_at;              /* of out: where the open chunk's size line stands */
    bool chunk_open;
    bool dirty; /* out is to be sent when the turn ends */
    struct lx_inbound *next_dirty;
    struct lx_timer timer;
    enum lx_inbound_state state;
    bool busy;   /* inside process(): no re-entry */
    bool broken; /* a write failed: to be closed from the timer */
    bool reading_paused;
    size_t stalled_at; /* queued bytes when the stall timer was set */
    uint64_t requests;
};

/* Takes an accepted stream. */
void lx_inbound_open(struct lx_worker *w, struct lx_stream *s);
/* Closes at once, cancelling what runs. */
void lx_inbound_close(struct lx_inbound *c);
/* A draining server: idle connections close, others after their reply. */
void lx_inbound_drain(struct lx_inbound *c);

/* The end of a loop's turn: what streams have gathered goes out, one write a connection. */
void lx_inbound_flush_dirty(struct lx_worker *w);
/* Frees the buffers that a worker keeps for its streams. */
void lx_inbound_free_spare(struct lx_worker *w);

/* ---- For exchange.c: the reply of the current exchange ---- */
/* Head and some or all of the body. `last`: nothing follows, Content-Length is known. */
void lx_inbound_reply(struct lx_inbound *c, int status, struct lx_slice content_type,
                      const struct lx_headers *headers, struct lx_slice bytes, bool last);
/* More of a body that did not come with the head. */
void lx_inbound_reply_more(struct lx_inbound *c, struct lx_slice bytes, bool last);
/* The exchange has ended. When its reply is not complete the connection closes, so that the client
 * sees a broken body rather than a short one. The exchange is freed. */
void lx_inbound_exchange_done(struct lx_inbound *c);

#endif
