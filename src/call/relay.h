/*
 * relay.h - the inside of struct lx_relay, for the call machine, which keeps one in itself.
 */
#ifndef LX_CALL_RELAY_H
#define LX_CALL_RELAY_H

#include "call/call.h"
#include "call/join.h"
#include "call/worded_call.h"

/* Memory for one record or one body; nothing in it outlives the call that used it. */
struct lx_relay_scratch {
    struct lx_json_doc doc;
    struct lx_arena arena;
};
void lx_relay_scratch_init(struct lx_relay_scratch *s, size_t max_arena_bytes);
void lx_relay_scratch_clear(struct lx_relay_scratch *s);

struct lx_biller; /* call/bill.h */
struct lx_gather; /* call/gather.h */

struct lx_relay {
    const struct lx_dialect *back, *front;
    bool same;               /* one language: records pass as they came */
    bool stream;             /* the client gets a stream */
    bool over;               /* nothing more is read */
    enum lx_framing framing; /* of the provider's body; NONE: whole */
    size_t max_bytes;        /* of a whole body */
    struct lx_reply_context context;
    struct lx_json_limits limits;
    struct lx_relay_scratch *scratch;
    struct lx_relay_scratch *own_scratch; /* NULL: the scratch is someone else's */
    struct lx_buf *whole;                 /* collects a whole body; own_whole or someone else's */
    struct lx_buf own_whole;
    struct lx_records records;
    void *back_state, *front_state;   /* in `states`, or NULL; the back's of a stream that passes is
                                       * made when there are calls to look at */
    char *states;                     /* the states, then the context's strings */
    struct lx_reply_builder *builder; /* a stream for a client who wants none */
    struct lx_arena keep;             /* the builder's, and a fault's texts */
    struct lx_gather *gather; /* embeddings in several exchanges: where their vectors go; or NULL */
    size_t inputs, inputs_left; /* then: of this exchange, and those that are yet to come */
    struct lx_biller *biller;   /* counts what the provider does not; NULL: nobody does */
    bool tells_cost;            /* a stream's usage tells the cost, the biller's */
    bool keeps;                 /* another provider may go on with it: faults are held back ... */
    bool lost;                  /* ... but nobody can: the client's state does not hold it */
    bool fault_held;            /* ... as `fault` was */
    int64_t max_repeats;        /* of one piece of text, see struct lx_route_settings */
    struct lx_said said;
    struct lx_slice
        head; /* if it keeps: of a stream that passes the record that names the reply; heap */
    size_t fault_at; /* where in `out` the record of a fault begins, where it passes */
    struct lx_worded_stream *worded; /* reads calls out of a stream's text; or NULL */
    struct lx_join *join;            /* it goes on with what others have said; heap; or NULL */
    struct lx_glance glance;
    char service_tier[16];
    struct lx_fault fault;
};

/* The model says one thing again and again. */
static inline bool lx_relay_loops(const struct lx_relay *r)
{
    return r->max_repeats && r->said.repeats >= r->max_repeats;
}

/* 0 or LX_ENOMEM. scratch and whole may be NULL: then it brings its own. */
int lx_relay_init(struct lx_relay *r, const struct lx_dialect *back, const struct lx_dialect *front,
                  bool stream, enum lx_framing framing, const struct lx_reply_context *context,
                  const struct lx_route_settings *settings, struct lx_relay_scratch *scratch,
                  struct lx_buf *whole);
void lx_relay_clear(struct lx_relay *r);
/* As lx_relay_end(), but a whole body that passes as it came is not copied to out: *as_is gets it,
 * and lives as long as the relay's `whole`. */
int lx_relay_finish(struct lx_relay *r, struct lx_buf *out, struct lx_slice *as_is,
                    struct lx_error *err);

/* Ways in for replies that nobody sent: written to out as if they had been read. 0 or a code. */
int lx_relay_reply(struct lx_relay *r, const struct lx_reply *reply, struct lx_buf *out);
int lx_relay_events(struct lx_relay *r, const struct lx_events *events, struct lx_buf *out);

/*
 * The provider's half ends here, and the client's stays, for another provider to go on with
 * (relay_join.c). lx_relay_break() brings the client's half to where its stream stands: 0 or a
 * code, after which nobody can go on. lx_relay_again() begins the next one's reply; 0 or LX_ENOMEM.
 */
int lx_relay_break(struct lx_relay *r);
int lx_relay_again(struct lx_relay *r, const struct lx_dialect *back, enum lx_framing framing,
                   struct lx_buf *whole);

/* What was used, as far as it is known when the relay has ended or is given up. */
struct lx_usage lx_relay_usage(struct lx_relay *r, bool cut_short);

#endif
