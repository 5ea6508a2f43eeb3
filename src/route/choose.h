/*
 * choose.h - which deployment of a group is asked, and the accounting around it.
 *
 *   facts of the request                                   outcome of the attempt
 *          |                                                        |
 *          v                                                        v
 *   lx_route_take() = lx_route_choose() + lx_route_begin() ... lx_route_first(), lx_route_end()
 *
 * Choosing narrows the group down: of those with the right tags every deployment goes through the
 * checks (lx_route_checks, a table of name and function); of those that pass, the steps keep the
 * ones of the lowest order, with the capabilities that are wanted, the one a conversation belongs
 * to; the strategy (lx_strategies, a table of name and score) has the last word. A half-open
 * deployment goes before all that: one request finds out whether it works again.
 *
 * Deployments of a table that is not bound to a state (route/state.h) are chosen by what the
 * configuration says alone.
 */
#ifndef LX_ROUTE_CHOOSE_H
#define LX_ROUTE_CHOOSE_H

#include "route/state.h"
#include "route/trail.h"

/* What a request needs of a model; bits. As the catalog's supports_* names it. */
enum lx_need {
    LX_NEED_VISION = 1,
    LX_NEED_TOOLS = 2,
    LX_NEED_JSON_SCHEMA = 4,
    LX_NEED_AUDIO = 8,
    LX_NEED_PDF = 16,
};

/* The facts that decide. Everything is borrowed for the call. {.group = g, .prompt_tokens = -1} is
 * a request about which nothing is known. */
struct lx_route_request {
    const struct lx_route_settings *settings;
    const struct lx_model_group *group;
    struct lx_slice star; /* what the star of a wildcard group's name stands for; or absent */
    int64_t now_ms;
    uint64_t random; /* uniform; everything that is left to chance follows from it */
    uint64_t tried;  /* bit i: deployment i of the group (of the first 64) */
    bool stream;
    bool last_attempt;     /* no other will follow: not for finding out whether one works again */
    int64_t prompt_tokens; /* -1: not counted */
    int64_t max_tokens;    /* of the reply; 0: not said */
    unsigned needs;        /* enum lx_need */
    const struct lx_slice *tags;
    size_t tag_count;
    uint64_t tag_budgets;   /* bits, in the order of policy.tag_budgets: it is paid from these */
    const uint64_t *found;  /* bits: deployments whose tag_regex finds the client; or NULL: the
                             * client is not known, or none has one */
    struct lx_slice region; /* allowed_model_region; empty: any */
    struct lx_slice pinned; /* id of the deployment that made the previous response; or empty */
    uint64_t key, session, prompt; /* hashes for affinity; 0: none */
    struct lx_route_trail *trail;  /* where this thread's decisions are written down; or NULL */
    uint64_t router;               /* for that: who chose the group (struct lx_route_note) */
    const char *routed_by;
};

enum lx_route_kind {
    LX_ROUTE_USE,  /* ask .deployment */
    LX_ROUTE_WAIT, /* none will do now, but one will at until_ms, or when a request of it ends */
    LX_ROUTE_NONE, /* none will do */
};

struct lx_route_verdict {
    enum lx_route_kind kind;
    struct lx_deployment *deployment;
    size_t index;           /* its place in the group */
    bool probe;             /* it is half-open, and this request finds out */
    bool untagged;          /* NONE: the request's tags mean nobody */
    bool ends;              /* WAIT: the end of some request helps */
    const char *by;         /* what decided: "least-busy", "order", "session", "probe", ... */
    int64_t until_ms;       /* WAIT: 0 when only the end of a request helps */
    enum lx_fault_kind why; /* WAIT, NONE: what the client is told */
};

/* Decides; changes nothing but notes of why a deployment was passed over. */
struct lx_route_verdict lx_route_choose(const struct lx_route_request *r);
/* Whether one that was not tried would be chosen now; *healthy (may be NULL): one that hardly ever
 * fails. */
bool lx_route_has_untried(const struct lx_route_request *r, bool *healthy);
/* Says of each deployment why it is not asked: "openai/gpt-4o (id): cools down for 12 s after 429;
 * ...". Appends. */
void lx_route_explain(const struct lx_route_request *r, struct lx_buf *out);

/* ---- Accounting -------------------------------------------------------------------------------
 */

enum { LX_TICKET_TOKENS = LX_COUNT_OUTPUT - LX_COUNT_TOKENS + 1 };

/* An attempt under way. A zeroed one is none. */
struct lx_route_ticket {
    const struct lx_deployment *deployment; /* NULL: none */
    const struct lx_route_policy *policy;
    const struct lx_model_group *group;
    int64_t begun_ms;
    int32_t reserved[LX_TICKET_TOKENS]; /* of LX_COUNT_TOKENS and the two after it */
    bool probe, first_seen;
    uint64_t tag_budgets;         /* the request's */
    struct lx_route_trail *trail; /* gets the note when the attempt ends; or NULL */
    struct lx_route_note note;
};

/* Takes what the verdict gave: counts the request, holds its place among those in flight, reserves
 * its tokens. False: another thread was faster and the last place is gone; choose again. */
bool lx_route_begin(const struct lx_route_request *r, const struct lx_route_verdict *v,
                    struct lx_route_ticket *out);
/* Both, until it works. The ticket is none when the verdict is not USE. */
struct lx_route_verdict lx_route_take(const struct lx_route_request *r,
                                      struct lx_route_ticket *out);
/* The first token of a stream has come. */
void lx_route_first(struct lx_route_ticket *t, int64_t now_ms);

enum lx_outcome_kind {
    LX_OUTCOME_SUCCESS,
    LX_OUTCOME_FAILURE, /* .fault says how; one that is the request's own fault harms nobody */
    LX_OUTCOME_GONE,    /* nothing is known: the client went away, or set a deadline of its own */
};
struct lx_route_outcome {
    enum lx_outcome_kind kind;
    const struct lx_fault *fault; /* of a FAILURE */
    int64_t now_ms;
    bool stream;
    bool aside;                /* no work of the model's: tells nothing of how well it answers */
    int64_t tokens;            /* used in all; 0: not known */
    int64_t completion_tokens; /* of them, what came back */
    int64_t cached_tokens;     /* of the rest, what a cache had */
    int64_t cost_nano_usd;
};
/* Ends the attempt and accounts for it; harmless when there is none. */
void lx_route_end(struct lx_route_ticket *t, const struct lx_route_outcome *o);

/* ---- The tables -------------------------------------------------------------------------------
 */

/* Why a deployment is not asked. */
struct lx_route_skip {
    int64_t until_ms; /* when it passes again, as far as that is known; 0: not by waiting */
    bool by_waiting;  /* until_ms, or (where that is 0) the end of a request, helps */
    int64_t has, limit;
    enum lx_fault_kind fault;
};
struct lx_route_check {
    const char *name;
    /* Whether it may be asked; *skip is filled where it may not. */
    bool (*pass)(const struct lx_route_request *r, const struct lx_deployment *d,
                 struct lx_route_skip *skip);
    /* In words, behind "id: ". */
    void (*tell)(const struct lx_route_request *r, const struct lx_deployment *d,
                 const struct lx_route_skip *skip, struct lx_buf *out);
};
extern const struct lx_route_check lx_route_checks[];
extern const size_t lx_route_check_count;

/* What a strategy looks at, once a choice. */
struct lx_route_field {
    const struct lx_route_request *r;
    const uint64_t *candidates; /* bits; lx_route_set_has() */
    size_t count;               /* of them */
    double ground;              /* prepare()'s */
};
struct lx_strategy {
    const char *name;
    bool limits;   /* rpm and tpm are limits, not only weights */
    bool weighted; /* among equals by weight, else rpm, else tpm; else evenly */
    /* Lower is better. NULL: all are equal. */
    double (*score)(const struct lx_route_field *f, const struct lx_deployment *d, size_t index);
    /* What score() wants to know of all candidates; or NULL. */
    double (*prepare)(const struct lx_route_field *f);
    /* The part of the best score within which others are as good; NULL: none. */
    double (*slack)(const struct lx_route_request *r);
    /* The place of one to try against the odds; SIZE_MAX: not this time. Or NULL. */
    size_t (*explore)(const struct lx_route_field *f);
};
extern const struct lx_strategy lx_strategy_own; /* asks the policy's own_strategy */
extern const struct lx_strategy lx_strategies[];
extern const size_t lx_strategy_count;
/* By LiteLLM's name, or "adaptive"; NULL: there is none. */
const struct lx_strategy *lx_strategy_find(struct lx_slice name);

/* Bits of a candidate set. */
#define LX_ROUTE_SET_WORDS (LX_GROUP_MAX / 64)
static inline bool lx_route_set_has(const uint64_t *set, size_t i)
{
    return set[i / 64] >> (i % 64) & 1;
}

/* The n-th number that follows from a request's random one. */
uint64_t lx_route_random(const struct lx_route_request *r, uint64_t n);

#endif
