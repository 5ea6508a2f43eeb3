/*
 * auto.h - auto routers: names of the configuration that stand for no deployment, but for whichever
 * model a request is best sent to.
 *
 *   the body's last words -> lx_said_read() -> lx_auto_choose() -> a model's name -> its group,
 *   which is asked as if the client had named it
 *
 * Each kind is LiteLLM's `auto_router/...`, with its settings and defaults: how hard a request is
 * (complexity), how good a model it needs (quality), and what was learned of models by what users
 * said next (adaptive). Immutable, but for an adaptive one's state, which all loops share.
 */
#ifndef LX_ROUTE_AUTO_H
#define LX_ROUTE_AUTO_H

#include "route/complexity.h"
#include "route/deployment.h"
#include "route/said.h"

enum { LX_AUTO_MODELS = 32 }; /* of an adaptive one; more are left out */

/* What a request may be about, by an adaptive router. */
#define LX_REQUEST_TYPES(LX_TYPE)                         \
    LX_TYPE(CODE_GENERATION, "code_generation")           \
    LX_TYPE(CODE_UNDERSTANDING, "code_understanding")     \
    LX_TYPE(TECHNICAL_DESIGN, "technical_design")         \
    LX_TYPE(ANALYTICAL_REASONING, "analytical_reasoning") \
    LX_TYPE(WRITING, "writing")                           \
    LX_TYPE(FACTUAL_LOOKUP, "factual_lookup")             \
    LX_TYPE(GENERAL, "general")

enum lx_request_type {
#define LX_TYPE(id, name) LX_REQUEST_##id,
    LX_REQUEST_TYPES(LX_TYPE)
#undef LX_TYPE
        LX_REQUEST_TYPE_COUNT
};

/* A model that may be chosen. */
struct lx_auto_model {
    struct lx_slice name;    /* that a group answers to */
    struct lx_slice members; /* a JSON object of members for the body; or empty */
    /* quality and adaptive: of the model_info of its first deployment */
    int64_t tier, order;
    int64_t price; /* of input, nano-dollars for a million tokens; INT64_MAX: not known */
    struct lx_slice *keywords;
    size_t keyword_count;
    unsigned strengths; /* bits of enum lx_request_type */
};

struct lx_auto_rule { /* keyword_tier_rules */
    struct lx_slice *keywords;
    size_t count;
    enum lx_complexity_tier tier;
};

struct lx_auto_state; /* bandit.h */
struct lx_auto_question;
struct lx_auto_choice;

/* Routes of a semantic one: the model with the same place in the router's list. */
struct lx_semantic {
    struct lx_slice embedder; /* the model that gives vectors */
    int64_t max_chars;        /* of what the user says, that it gets */
    struct lx_slice *utterances;
    size_t *routes; /* of each utterance */
    size_t count;
    int64_t *thresholds_ppm; /* by route */
    uint64_t identity;       /* of embedder and utterances: what vectors are remembered by */
};

struct lx_auto {
    struct lx_slice name;       /* that clients ask for */
    struct lx_slice model_info; /* a JSON object; or empty */
    const struct lx_auto_kind *kind;
    struct lx_auto_model otherwise; /* the default model */
    const struct lx_complexity *scorer;
    /* complexity: by tier; quality and adaptive: all of them in the first, quality's in the order
     * in which one is taken */
    struct lx_auto_model *models[LX_COMPLEXITY_TIERS];
    size_t counts[LX_COMPLEXITY_TIERS];
    struct lx_auto_rule *rules;
    size_t rule_count;
    struct lx_slice *escalations;
    size_t escalation_count;
    int64_t quality_of[LX_COMPLEXITY_TIERS]; /* complexity_to_quality; -1: none */
    int64_t quality_ppm, cost_ppm;           /* adaptive: weights */
    struct lx_slice identity;     /* of what is learned: another list of models starts anew */
    struct lx_semantic *semantic; /* or NULL */
    struct lx_auto_state *state;  /* set by lx_route_state_bind(); NULL: nothing is learned */
};

/* What settings are read with. */
struct lx_auto_reading {
    const struct lx_route_table *table;
    struct lx_arena *arena;
    struct lx_auto *to;
    struct lx_slice embedder; /* of the source */
    int64_t max_chars;
    struct lx_slice unserved; /* the last model that is named and not served */
};
struct lx_auto_kind {
    const char *model;  /* "complexity_router": behind "auto_router/" */
    bool any;           /* whatever else stands there */
    const char *config; /* the parameter with its settings */
    /* Reads the settings into r->to. 0 or a code. */
    int (*read)(struct lx_auto_reading *r, struct lx_json config, struct lx_error *err);
    void (*choose)(const struct lx_auto *r, const struct lx_auto_question *q, struct lx_arena *a,
                   struct lx_auto_choice *out);
    bool learns;
};
/* By the model of a deployment, "auto_router/complexity_router"; NULL: it is none (yet). */
const struct lx_auto_kind *lx_auto_kind_find(struct lx_slice model);

/* What the configuration says of one. */
struct lx_auto_source {
    const struct lx_auto_kind *kind;
    struct lx_slice name, default_model; /* default_model: the parameter's; or empty */
    struct lx_slice config;              /* a JSON object; or empty */
    struct lx_slice embedder;            /* auto_router_embedding_model; or empty */
    int64_t max_chars;                   /* auto_router_max_input_chars; 0: 2,000 */
    struct lx_slice model_info;          /* a JSON object, borrowed for good; or empty */
};
/* Makes one of the table's: once all of its models are there. Everything in the arena. *unserved:
 * a model that it names and nobody serves, which is left out; or empty. 0 or a code. */
int lx_auto_add(struct lx_route_table *t, const struct lx_auto_source *s, struct lx_arena *a,
                struct lx_slice *unserved, struct lx_error *err);
/* NULL: there is none of that name. */
const struct lx_auto *lx_auto_find(const struct lx_route_table *t, struct lx_slice name);

struct lx_auto_question {
    const struct lx_said_lately *said;
    int64_t now_ms;
    uint64_t random;
    uint64_t session; /* whose conversation it is; 0: not known */
    int64_t min_tier; /* x-litellm-min-quality-tier; 0: any */
    /* semantic: of what the user said, and of each utterance, one after the other */
    const float *vector, *utterances;
    size_t dimensions; /* 0: there are none */
};
struct lx_auto_choice {
    const struct lx_auto_model *model; /* NULL: none will do */
    const char *by;                    /* a literal: "tier", "keyword", "bandit", "default", ... */
    struct lx_slice why;               /* "MEDIUM, score 0.3"; in the arena, or a literal */
};
void lx_auto_choose(const struct lx_auto *r, const struct lx_auto_question *q, struct lx_arena *a,
                    struct lx_auto_choice *out);

/* For the kinds: a group answers to the name; else it is noted. */
bool lx_auto_is_served(struct lx_auto_reading *r, struct lx_slice name);
int lx_semantic_read(struct lx_auto_reading *r, struct lx_json config, struct lx_error *err);
void lx_semantic_choose(const struct lx_auto *r, const struct lx_auto_question *q,
                        struct lx_arena *a, struct lx_auto_choice *out);

#endif
