/*
 * inner.h - the call itself, for the files that make it up: call.c (the steps), feed.c (what comes
 * in), judge.c (what became of an attempt, and what follows from it) and fallback.c (other groups).
 */
#ifndef LX_CALL_INNER_H
#define LX_CALL_INNER_H

#include "call/bill.h"
#include "call/facts.h"
#include "call/fetch.h"
#include "call/gather.h"
#include "call/members.h"
#include "call/pool.h"
#include "call/resume.h"

enum lx_call_state {
    START,
    RACE,
    RACING,  /* others answer in its place */
    VECTORS, /* an auto router wants them: another call asks for them first */
    CHOICE,  /* a model is chosen, and its group looked up */
    ATTEMPT,
    KEY,         /* a key is wanted that a credential is exchanged for */
    KEY_ASK,     /* ... by an exchange or a file that is due */
    KEY_WAIT,    /* waits for the answer of either */
    MEDIA,       /* what the client names by URL has to be sent as data */
    MEDIA_ASK,   /* ... and is to be fetched */
    MEDIA_WAIT,  /* waits for it */
    PROMPT,      /* its beginning may be kept by the provider: looked up */
    PROMPT_ASK,  /* ... by an exchange that is due */
    PROMPT_WAIT, /* waits for its answer */
    MOCK,        /* an answer without a provider is due */
    SEND,
    HEAD,  /* waits for the provider's head */
    BODY,  /* waits for a body that is relayed */
    ERROR, /* waits for a body that tells an error */
    SLEEP,
    SLEEPING, /* waits for the wake */
    LAST,     /* nothing is read any more; something is left to emit */
    DONE,
};

enum { MAX_ERROR_BYTES = 1 << 18 }; /* of an error's body; the rest is not read */

struct lx_call {
    struct lx_call_input in;
    enum lx_call_state state;
    enum lx_call_state awake; /* what goes on after a sleep */
    const struct lx_route_settings *settings;
    struct lx_call_pool *pool, *own_pool;
    struct lx_call_memory *memory; /* NULL once a stream has begun */
    const struct lx_model_group *group;
    struct lx_slice star;
    struct lx_route_ticket ticket;    /* of the attempt under way */
    struct lx_deployment *deployment; /* the last one picked */
    int64_t now_ms;
    int32_t failures; /* of this group's attempts, and times that there was none to ask */
    int32_t asked;    /* this group's attempts */
    int64_t begun_ms; /* of the attempt under way */
    uint64_t random;
    struct lx_wishes wishes;
    int64_t wake_ms;
    struct lx_fallback_walk *walk; /* fallback.c; in the arena; NULL: nothing failed */
    struct lx_fetch fetch;
    struct lx_inquiry *inquiry; /* choose.c: of VECTORS, and what came of it; or NULL */
    struct lx_request *request; /* the body, where it had to be read; of embeddings what is left */
    struct lx_gather *gather;   /* vectors of exchanges before, where it takes several; or NULL */
    struct lx_attempt attempt;
    struct lx_call_media *media;   /* media.c: what was fetched for it; or NULL */
    bool asks_media, puts_media;   /* for this attempt; and all is there */
    struct lx_call_prompt *prompt; /* prompt_cache.c: of the attempt; or NULL */
    struct lx_headers upstream;    /* the provider's, prefixed */
    int upstream_status;
    uint32_t body_bytes; /* of the client's body, while it is kept for a count */
    struct lx_biller biller;
    struct lx_relay relay;
    struct lx_buf out;             /* what the next EMIT gives */
    struct lx_slice as_is;         /* ... or this, a whole body that passes */
    struct lx_arena late;          /* for faults, once memory is gone */
    struct lx_parting *parting;    /* follow.c: work that nobody may want any more; or NULL */
    char *names;                   /* of the report, then too */
    bool mirror_due;               /* what was picked has silent models */
    bool counted;                  /* tokens that a client asks for: here, or it was tried */
    bool mock_slept;               /* the mock's delay is over */
    bool goes_on;                  /* the next exchange is not another attempt */
    bool owns_body;                /* in.body is in the arena: others have put members into it */
    bool relaying;                 /* relay is initialized */
    struct lx_resume resume;       /* of a stream that broke */
    bool head_sent, pending, lent; /* an EMIT is due; the last one's bytes are with the host */
    struct lx_call_report report;
};

/* Where what lives as long as the attempt goes. */
static inline struct lx_arena *lx_call_arena(struct lx_call *c)
{
    return c->memory ? &c->memory->arena : &c->late;
}

/* ---- call.c ---- */
/* The bytes of the last EMIT are the call's again. */
void lx_call_take_back(struct lx_call *c);
/* What the body says to us: members, wishes, what routing wants to know. */
void lx_call_read_group(struct lx_call *c);
/* The body as a request; once for all attempts with it. 0, or a code with *f filled. */
int lx_call_read_request(struct lx_call *c, struct lx_fault *f);
/* 0 or a code. */
int lx_call_start_relay(struct lx_call *c, const struct lx_dialect *back, enum lx_framing framing);

/* ---- held.c ---- */
/* The client's body is not kept any longer. */
void lx_call_release_body(struct lx_call *c);

/* ---- choose.c ---- */
/* The name is an auto router's: it becomes that of the model which is chosen, whose members go into
 * the body. 0, or a code with *f filled. */
int lx_call_choose_model(struct lx_call *c, struct lx_slice *name, struct lx_fault *f);

/* The client's model is an auto router that chooses by meaning: begins to ask for vectors. False:
 * they are not wanted, or not to be had. */
bool lx_call_inquire(struct lx_call *c);
/* The call that asks for vectors; NULL: none is under way. What the host is told and tells is
 * its. */
struct lx_call *lx_call_inquiry(const struct lx_call *c);
/* What it says next; false: it is over, and a choice is due. */
bool lx_call_inquiry_next(struct lx_call *c, struct lx_step *out);
void lx_call_inquiry_free(struct lx_call *c);

/* ---- besides.c ---- */
/* When another is to be asked, too: only while the first attempt is under way. 0: never. */
int64_t lx_call_hedge_ms(const struct lx_call *c);
/* The call is a hedge: it asks once, and somebody else. */
void lx_call_be_hedge(struct lx_call *c);

/* ---- here.c ---- */
/* The client's mock_response, or the deployment's; absent when it is no mock. */
struct lx_slice lx_call_mock_text(struct lx_call *c, const struct lx_deployment *d);
void lx_call_answer_mock(struct lx_call *c, struct lx_slice text);
/* Counts tokens for a request whose provider cannot. */
void lx_call_answer_count(struct lx_call *c);
/* A provider that was asked to count tokens does not: they are counted here, and it is said to be
 * an estimate. False: that was not what it was asked for. */
bool lx_call_count_instead(struct lx_call *c);

/* ---- judge.c ---- */
/* The client has got nothing yet, or what it has got may go on. */
static inline bool lx_call_may_go_on(const struct lx_call *c)
{
    return !c->head_sent || c->resume.active;
}
/* Nothing is left of the attempt before; of a stream that goes on, what the client is still to get
 * and how it is told are. */
void lx_call_clear_attempt(struct lx_call *c);
void lx_call_drop_relay(struct lx_call *c);
/* The deadlines of an attempt: the client's, else the deployment's, else the settings'. */
int64_t lx_call_total_ms(const struct lx_call *c);
int64_t lx_call_first_byte_ms(const struct lx_call *c);
int64_t lx_call_between_bytes_ms(const struct lx_call *c);
void lx_call_sleep(struct lx_call *c, int64_t ms, enum lx_call_state then);
/* Whoever gave the first vectors gives them all: others may be of another model. */
bool lx_call_is_bound(const struct lx_call *c);
/* Usage and cost of the relay into the report. */
void lx_call_take_usage(struct lx_call *c);
/* Accounts for the attempt under way, if one is. */
void lx_call_end_attempt(struct lx_call *c, enum lx_outcome_kind kind,
                         const struct lx_fault *fault);
void lx_call_report_fault(struct lx_call *c, const struct lx_fault *f);
/* Nothing is read any more; what is to be emitted stands in out or as_is. */
void lx_call_finish(struct lx_call *c);
/* A fault of ours or of the client's: another attempt would find the same. */
void lx_call_refuse(struct lx_call *c, const struct lx_fault *f);
/* What became of an attempt, when it was nothing good: another one, now or later, or the end.
 * kind: what it says about the deployment. */
void lx_call_judge(struct lx_call *c, const struct lx_fault *f, enum lx_outcome_kind kind);
/* The same for what a provider said, and for what we found. */
void lx_call_judge_provider(struct lx_call *c, const struct lx_fault *f);
void lx_call_judge_error(struct lx_call *c, int code, const struct lx_error *err);
/* Notes that the attempt under way failed so. */
void lx_call_note(struct lx_call *c, const struct lx_deployment *d, const struct lx_fault *f);
/* ---- kept.c ---- */
/* Turns the attempt that was written into what in.kept wants. 0, or a code with *f filled. */
int lx_call_kept_write(struct lx_call *c, struct lx_fault *f);
/* It asks no model for anything. */
static inline bool lx_call_is_bare(const struct lx_call *c)
{
    return c->in.kept && c->in.kept->bare;
}

/* ---- media.c ---- */
/* The attempt that was written could be sent if media were fetched. */
bool lx_call_wants_media(const struct lx_call *c);
/* In MEDIA: begins to fetch what is missing. True: nothing is, and the attempt is to be written
 * again, with what lx_call_media_found() gives. */
bool lx_call_media_next(struct lx_call *c);
const struct lx_media_found *lx_call_media_found(const struct lx_call *c);
void lx_call_media_fill(struct lx_call *c, struct lx_step *out);
void lx_call_media_feed_head(struct lx_call *c, int status, const struct lx_headers *headers);
void lx_call_media_feed_body(struct lx_call *c, struct lx_slice piece);
/* code: 0, or why there is no whole answer. */
void lx_call_media_feed_end(struct lx_call *c, int code);
/* When the attempt's first exchange began. */
int64_t lx_call_media_since_ms(const struct lx_call *c);
void lx_call_media_free(struct lx_call *c);

/* ---- prompt_cache.c ---- */
/* The attempt has been written. 1: the beginning of its prompt is to be kept; 0: it is sent as it
 * is; or a code. */
int lx_call_prompt_begin(struct lx_call *c);
/* In PROMPT: the name is found, or asked for, or waited for, or done without. */
void lx_call_prompt_find(struct lx_call *c);
void lx_call_prompt_fill(struct lx_call *c, struct lx_step *out);
void lx_call_prompt_feed_head(struct lx_call *c, int status);
void lx_call_prompt_feed_body(struct lx_call *c, struct lx_slice piece);
/* The exchange is over; code: 0, or why there is no whole answer. */
void lx_call_prompt_feed_end(struct lx_call *c, int code, const struct lx_error *err);
/* The provider refuses what it is asked because of what it keeps: it will be asked again, in other
 * words. */
bool lx_call_prompt_again(struct lx_call *c, const struct lx_fault *f);
void lx_call_prompt_drop(struct lx_call *c);

/* ---- follow.c ---- */

/* The whole reply says that the answer is elsewhere: it will be sent for, or the attempt has been
 * judged. False: the reply is the answer. */
bool lx_call_follow(struct lx_call *c);
/* Asking for the answer failed so: it will be asked again, and what works on it is let be. False:
 * that is not what failed, or it is no use. */
bool lx_call_follow_again(struct lx_call *c, const struct lx_fault *f);
/* The attempt is over: what works on its answer will be stopped (is_wanted false), or is done. */
void lx_call_follow_end(struct lx_call *c, bool is_wanted);
void lx_call_follow_drop(struct lx_call *c);

/* ---- judge.c, again ---- */

/* A deployment for the next attempt, whose ticket the call then holds; NULL: there is none, and the
 * call waits or has ended. */
const struct lx_deployment *lx_call_pick(struct lx_call *c);

/* ---- fallback.c ---- */
/* Puts members into the body, but for those that are not theirs to say. 0 or a code. */
int lx_call_set_members(struct lx_call *c, struct lx_json members);
/* Whether a fallback for such a fault is left. */
bool lx_call_may_fall_back(struct lx_call *c, const struct lx_fault *f);
/* The group has failed as report.fault says: turns to its next fallback. False: there is none (any
 * more); report.fault is then what the client is told. */
bool lx_call_fall_back(struct lx_call *c);

#endif
