/*
 * call.h - one request as a step machine: attempts, deadlines, retries, relay; no I/O.
 *
 *            start
 *              |
 *              v            retryable fault, nothing sent to the client yet
 *   +------> SEND  <------------------------------- SLEEP
 *   |          |                                      ^
 *   |          v                                      |
 *   |        WAIT --feed_head/body/end/failure--> (judge) --> EMIT (error) --> DONE
 *   |          |                                      |
 *   |          +-- stream: EMIT per feed; whole: EMIT at the end --> DONE
 *
 * The host owns sockets and clock. It asks next() for a step, does it, feeds what came of it, and
 * asks again until WAIT (nothing to do until something is fed) or DONE. Back-pressure is the
 * host's: it stops feeding while the client does not read. A call belongs to one thread; calls
 * share only immutable tables.
 */
#ifndef LX_CALL_CALL_H
#define LX_CALL_CALL_H

#include "catalog/cost.h"
#include "route/auto.h"
#include "route/choose.h"

struct lx_call; /* opaque */

/* Writes the request that `d` would get for a body in language `from`; the heart of an attempt,
 * also behind `llmux translate request`. */
struct lx_attempt {
    const struct lx_provider *provider; /* the deployment's row, or its variant */
    const struct lx_dialect *back;      /* whose language it speaks */
    struct lx_outgoing out;
    struct lx_losses losses;
    bool json_tool;                    /* of struct lx_body: replies must be unwrapped */
    bool same_language;                /* the body was edited in place */
    bool stream;                       /* the client wants one */
    bool merges_thinking;              /* replies tell thinking within the text */
    const struct lx_answer_form *form; /* that replies are checked for; or NULL */
    const struct lx_tool_words
        *tools;                 /* that the prompt tells, for there is no other way; or NULL */
    size_t inputs, inputs_left; /* embeddings: how many this request has, and how many are left */
    struct lx_slice encoding;   /* embeddings: as the client wants them */
    struct lx_prompt_cut cut; /* where its prompt may be cut, for the provider to keep a part ... */
    struct lx_slice kept_url, kept_model; /* ... there, and as the model is called there */
    const struct lx_media_need *needs; /* all that keeps it from being sent as it is: what somebody
                                        * has to fetch; or NULL */
};
struct lx_media_found; /* call/media.h */
/* `request` is what lx_request_of_body() made of the body, or NULL: then it is read when it is
 * needed. `stream`: what the path says of a language whose bodies do not; UNSET: the body says.
 * found: what was fetched for an attempt before (struct lx_attempt.needs), or NULL.
 * What comes out lives in the arena, in buf (empty, with its ceiling set), or is the body's own
 * text; it borrows from the deployment. 0, or a code with *fault filled. */
int lx_attempt_write(struct lx_attempt *at, const struct lx_deployment *d,
                     const struct lx_route_settings *settings, const struct lx_dialect *from,
                     const struct lx_json_doc *body, const struct lx_request *request,
                     struct lx_slice upstream_model, enum lx_tristate stream,
                     const struct lx_media_found *found, struct lx_arena *arena, struct lx_buf *buf,
                     struct lx_fault *fault);
/* What the deployment calls the model for this body: lx_deployment_model()'s, or, where the row
 * says that its chats do not take such a request, or the client speaks the Responses API, with
 * "responses/" in front. Borrowed or in the arena; absent when that has failed. */
struct lx_slice lx_attempt_model(const struct lx_deployment *d, const struct lx_dialect *front,
                                 struct lx_slice model, const struct lx_json_doc *body,
                                 struct lx_arena *a);
/* Adds a client's headers to the request that was written for the (upstream) model: they replace,
 * and flags of anthropic-beta add up, as far as the target takes them. 0 or a code. */
int lx_attempt_forward(struct lx_attempt *at, struct lx_slice model,
                       const struct lx_headers *headers, struct lx_arena *arena);
/* Which of OpenAI's parameters, of chats or of embeddings, the deployment takes of a model, as it
 * stands, without loss: their names with spaces between are appended. Needs neither key nor
 * address. 0 or a code. */
int lx_params_taken(const struct lx_deployment *d, struct lx_slice model,
                    enum lx_operation operation, struct lx_buf *out);
/* What of a written prompt its provider is asked, at kept_url, to keep under a label
 * (prompt_cache.c). 1; 0: nothing is to be kept; or a code. */
int lx_attempt_kept_body(const struct lx_attempt *at, struct lx_slice label, struct lx_buf *out);
/* Signs what was written, with all its headers, where the provider wants a signature; the last step
 * before it is sent. 0, or a code with *fault filled. */
int lx_attempt_sign(struct lx_attempt *at, const struct lx_deployment *d, int64_t now_s,
                    struct lx_arena *arena, struct lx_fault *fault);
/* The front's read_request(), without the members that are the gateway's. */
int lx_request_of_body(const struct lx_dialect *from, const struct lx_json_doc *body,
                       struct lx_arena *a, struct lx_request *out, struct lx_error *err);

/*
 * Memory that calls hand on to each other, so that a busy host hardly ever allocates. One for each
 * thread; calls made with it must be freed before it is.
 */
struct lx_call_pool;                                                             /* opaque */
struct lx_call_pool *lx_call_pool_new(const struct lx_route_settings *settings); /* or NULL */
/* Frees what waits for the next calls: for a host that has fallen quiet. */
void lx_call_pool_trim(struct lx_call_pool *p);
void lx_call_pool_free(struct lx_call_pool *p); /* NULL-safe */

/*
 * Keys that were exchanged for credentials, for the calls of one thread; calls made with it must be
 * freed before it is. See call/keys.h.
 */
struct lx_keys;                       /* opaque */
struct lx_keys *lx_keys_new(void);    /* or NULL */
void lx_keys_free(struct lx_keys *k); /* NULL-safe */

/* A request that is not answered at the address where a provider answers chats, but below it. */
struct lx_call_kept {
    struct lx_slice method; /* as sent */
    struct lx_slice below;  /* "/resp_1/cancel" */
    struct lx_slice query;  /* of the client's; or empty */
    bool bare;              /* about what is kept: it has no body, and nothing is billed */
};

/* Everything is borrowed until the first EMIT has been taken; after it the call needs none of it
 * but routes, front, pool, keys and trail, and all the rest as long as keeps_body and
 * lx_call_keeps_body() say. */
struct lx_call_input {
    const struct lx_route_table *routes;
    const struct lx_dialect *front; /* language of the client; front != NULL in it */
    struct lx_call_pool *pool;      /* or NULL */
    struct lx_keys *keys;           /* or NULL: nothing is remembered */
    struct lx_slice body;
    const struct lx_call_kept *kept; /* see there; or NULL */
    struct lx_slice model;           /* from the path, or a deployment's id; empty: the body's */
    enum lx_tristate stream;         /* from the path; UNSET: the body's */
    bool in_array;                   /* a stream as one JSON array */
    bool keeps_body; /* all stays while lx_call_keeps_body(); else nobody counts a stream's prompt
                      * where its provider does not, nor goes on with one that breaks */
    bool fetches_media; /* the host honours .public_only: what clients name by URL may be fetched */
    bool is_hedge;      /* asked because another is slow: one attempt, and not of .avoid */
    const struct lx_deployment *avoid;
    bool is_mirror; /* asked besides another: it is not mirrored itself */
    struct lx_slice call_id;
    int64_t now_ms;  /* wall clock, for `created` */
    uint64_t random; /* seeds this call's own generator */
    /* from headers; 0, of max_retries -1: none */
    int64_t timeout_ms, stream_timeout_ms, between_bytes_ms, max_retries;
    struct lx_headers forward;      /* client headers that go along (anthropic-beta, ...) */
    struct lx_headers forward_some; /* ... to deployments that say forwards_headers */
    /* For routing; from headers and from who asks. */
    struct lx_slice tags;         /* "a, b" (x-litellm-tags); or empty */
    struct lx_slice session;      /* x-litellm-session-id; or empty */
    struct lx_slice user_agent;   /* where settings.policy.wants_agents; or empty */
    uint64_t key_hash;            /* of the client's key; 0: it has none */
    int64_t min_quality_tier;     /* x-litellm-min-quality-tier, for adaptive auto routers; or 0 */
    struct lx_route_trail *trail; /* this thread's decisions; or NULL */
};

enum lx_step_kind {
    LX_STEP_SEND,  /* send .out, then feed; any exchange before it is over */
    LX_STEP_SLEEP, /* wait ms, then feed_wake */
    LX_STEP_EMIT,  /* give .head (the first time) and .bytes to the client; valid until the next
                    * function is called on the call */
    LX_STEP_RACE, /* ask .models, names with commas between, each with a call of lx_call_fork(); the
                   * first that gives a good reply takes this call's place. feed_failure where
                   * that cannot be */
    LX_STEP_MIRROR, /* ask .mirror's silent models the same, each with a call of lx_call_mirror(),
                     * if the host likes to; nothing is to be fed */
    LX_STEP_NOTE,   /* another call that was made on the way of this one is over: .note is for the
                     * log; nothing is to be fed */
    LX_STEP_ASK,    /* read the small file .ask_path, then feed_file */
    LX_STEP_WAIT,
    LX_STEP_DONE,
};

struct lx_call_report;
struct lx_step {
    enum lx_step_kind kind;
    struct {
        const struct lx_outgoing *out;
        int64_t connect_ms, first_byte_ms, between_bytes_ms, total_ms;
        int64_t hedge_ms; /* without an EMIT until then: lx_call_hedge(); 0: never */
        bool aside; /* on the way to the provider: to a token's endpoint, or to where media are
                     * (in.fetches_media) */
    } send;
    const char *ask_path;
    struct lx_slice models;
    const struct lx_deployment *mirror;
    const struct lx_call_report *note; /* valid until the next function is called on the call */
    int64_t note_ms;                   /* how long that one took */
    int64_t sleep_ms;
    struct {
        bool head; /* first EMIT: status and headers are set */
        int status;
        struct lx_slice content_type;
        struct lx_headers headers; /* llm_provider-*, x-litellm-*: without content-* */
        struct lx_slice bytes;     /* of the body */
        bool last;                 /* nothing follows: with head also set the length is known */
        bool stream;               /* flush at once */
    } emit;
};

/* An attempt that came to nothing. */
struct lx_call_try {
    const struct lx_deployment *deployment; /* NULL: there was none to ask */
    struct lx_slice group, upstream_model;
    enum lx_fault_kind fault;
    int status;
    int64_t ms;
    int64_t cooling_ms; /* for how long it cools down since; 0: it does not */
    struct lx_call_try *next;
};

/* What the log and the ledger need; complete at DONE. */
struct lx_call_report {
    struct lx_slice model;                  /* as asked */
    struct lx_slice group;                  /* the one that answered: a fallback, or the model */
    const struct lx_deployment *deployment; /* the last one used; or NULL */
    struct lx_slice upstream_model;
    bool stream;
    bool is_priced; /* cost holds: usage and price are known */
    bool cut_short; /* a stream that ended in an error event */
    bool mocked;    /* nobody was asked: the answer is the configuration's or the client's own */
    int status;     /* given to the client */
    struct lx_usage usage;
    struct lx_cost cost;
    enum lx_finish finish;
    int64_t attempts;             /* requests that were sent, or would have been */
    int32_t retries;              /* of the group that answered */
    int32_t fallbacks;            /* how often another group, or a higher order, was turned to */
    int32_t hedges;               /* others that were asked because one was slow */
    int32_t resumed;              /* how often another went on with a stream that broke */
    struct lx_call_try *tried;    /* what failed, in order */
    const char *chosen_by;        /* struct lx_route_verdict's, of the last attempt; or NULL */
    const struct lx_auto *router; /* that chose the group; or NULL */
    const char *routed_by;        /* struct lx_auto_choice's; or NULL */
    struct lx_slice routed_why;   /* ... absent once a stream has begun */
    struct lx_fault fault;        /* kind NONE when all went well */
    const struct lx_losses *losses;
};

/* NULL when out of memory. */
struct lx_call *lx_call_new(const struct lx_call_input *in);
void lx_call_free(struct lx_call *c); /* NULL-safe */
/* A call for the same input and another model, whose name is copied. NULL when out of memory. */
struct lx_call *lx_call_fork(struct lx_call *c, struct lx_slice model);

/* The answer is slow to begin: a call for the same, at another deployment. Whichever first gives
 * something good stays, the other is freed. NULL: there is nobody, or the budget is spent. */
struct lx_call *lx_call_hedge(struct lx_call *c);
/* A call that asks another model the same, for nobody: all of the input is copied into the arena,
 * but for routes, pool, keys and trail. It begins no mirrors of its own. NULL when out of memory.
 */
struct lx_call *lx_call_mirror(struct lx_call *c, struct lx_slice model, struct lx_arena *a);
/* How much lx_call_mirror() copies, about. */
size_t lx_call_body_bytes(const struct lx_call *c);

/* A stream is under way, and its request may still be needed: where the provider has not told how
 * long the prompt was it may have to be counted, and somebody else may have to go on. True: the
 * host keeps it; the body takes that many bytes, which belong to what all streams of the thread may
 * keep together. False: it is not wanted (any more), or there is no room for it, and what it might
 * be needed for is done now. */
bool lx_call_keeps_body(struct lx_call *c, size_t bytes);
/* The client has gone, or the host gives up: what was said so far goes into the report. */
void lx_call_settle(struct lx_call *c);
/* What time it is for all that follows, on the clock of .now_ms. A host that never says so has a
 * clock that stands still: then nothing is measured. */
void lx_call_set_now(struct lx_call *c, int64_t now_ms);

/* What to do now. Never fails: errors become an EMIT of an error reply. */
void lx_call_next(struct lx_call *c, struct lx_step *out);

void lx_call_feed_head(struct lx_call *c, int status, const struct lx_headers *headers);
void lx_call_feed_body(struct lx_call *c, struct lx_slice piece); /* copied or relayed at once */
void lx_call_feed_end(struct lx_call *c);
void lx_call_feed_failure(struct lx_call *c, int code, const struct lx_error *err);
void lx_call_feed_wake(struct lx_call *c);
/* A file that was asked for; its text is copied. code: 0, LX_ENOTFOUND, or another reason why it
 * was not read. */
void lx_call_feed_file(struct lx_call *c, int code, struct lx_slice text);

/* What is to be sent without waiting for its reply, or NULL: a provider that answers later is told
 * that nobody waits for it any more. `leaves`: the host gives the call up. Valid as long as the
 * call; said once. */
const struct lx_outgoing *lx_call_parting(struct lx_call *c, bool leaves);

/* What is known so far; its slices live as long as the call. */
const struct lx_call_report *lx_call_report(const struct lx_call *c);

/* A provider's reply -> the client's, without a call: behind `llmux translate response`. Whole
 * bodies at once; streams record by record as bytes come. */
struct lx_relay; /* opaque */
/* stream: the client gets one; framing: of the provider's body, NONE when it is whole (the two need
 * not agree). The context is copied as far as it is needed. NULL when out of memory. */
struct lx_relay *lx_relay_new(const struct lx_dialect *back, const struct lx_dialect *front,
                              bool stream, enum lx_framing framing,
                              const struct lx_reply_context *context,
                              const struct lx_route_settings *settings);
void lx_relay_free(struct lx_relay *r); /* NULL-safe */
/* Appends what the client gets to out. 0 or a code (with err); after an error feed no more. */
int lx_relay_feed(struct lx_relay *r, struct lx_slice piece, struct lx_buf *out,
                  struct lx_error *err);
int lx_relay_end(struct lx_relay *r, struct lx_buf *out, struct lx_error *err);
/* An error that the provider put into its reply; NULL when there is none. It ends the relay (no
 * more is read) and has been written to out in the client's language. */
const struct lx_fault *lx_relay_fault(const struct lx_relay *r);
/* Ends a stream with an error event of ours. */
void lx_relay_write_fault(struct lx_relay *r, const struct lx_fault *fault, struct lx_buf *out);
/* What was seen so far. Slices in it may dangle, but for usage.service_tier. */
const struct lx_glance *lx_relay_glance(const struct lx_relay *r);

#endif
