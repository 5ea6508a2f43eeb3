/*
 * policy.h - how a router decides, as its configuration says: LiteLLM's router_settings, with their
 * names and defaults, and llmux's few more.
 *
 * A policy is a plain value inside of the route table's settings: immutable once requests see it.
 */
#ifndef LX_ROUTE_POLICY_H
#define LX_ROUTE_POLICY_H

#include "llm/fault.h"

struct lx_strategy; /* route/choose.h */
struct lx_route_field;

/* Failures by the names of LiteLLM's retry_policy ("TimeoutErrorRetries") and allowed_fails_policy
 * ("TimeoutErrorAllowedFails"). The last stands for all that has no name of its own
 * ("DefaultRetries"). */
#define LX_FAILURES(LX_FAILURE)                        \
    LX_FAILURE(BAD_REQUEST, "BadRequestError")         \
    LX_FAILURE(AUTHENTICATION, "AuthenticationError")  \
    LX_FAILURE(TIMEOUT, "TimeoutError")                \
    LX_FAILURE(RATE_LIMIT, "RateLimitError")           \
    LX_FAILURE(CONTENT, "ContentPolicyViolationError") \
    LX_FAILURE(INTERNAL, "InternalServerError")        \
    LX_FAILURE(UNAVAILABLE, "ServiceUnavailableError") \
    LX_FAILURE(BAD_GATEWAY, "BadGatewayError")         \
    LX_FAILURE(NOT_FOUND, "NotFoundError")             \
    LX_FAILURE(OTHER, "Default")

enum lx_failure {
#define LX_FAILURE(id, name) LX_FAILURE_##id,
    LX_FAILURES(LX_FAILURE)
#undef LX_FAILURE
        LX_FAILURE_COUNT
};

const char *lx_failure_name(enum lx_failure f); /* "TimeoutError" */
enum lx_failure lx_failure_of(enum lx_fault_kind kind);

/* A number for each failure; -1: not said. All are -1 after lx_failure_policy_init(). */
struct lx_failure_policy {
    int64_t of[LX_FAILURE_COUNT];
};
void lx_failure_policy_init(struct lx_failure_policy *p);
/* The number for a fault: its own, else (of a content-policy fault) a bad request's, else OTHER's;
 * -1 when none is said. */
int64_t lx_failure_policy_get(const struct lx_failure_policy *p, enum lx_fault_kind kind);

/* What keeps a conversation with one deployment; bits. */
enum lx_affinity {
    LX_AFFINITY_KEY = 1,        /* deployment_affinity: the client's key */
    LX_AFFINITY_SESSION = 2,    /* session_affinity: its session id */
    LX_AFFINITY_PROMPT = 4,     /* prompt_caching: how the prompt begins */
    LX_AFFINITY_RESPONSE = 8,   /* responses_api_deployment_check: who made the previous response */
    LX_AFFINITY_ENCRYPTED = 16, /* encrypted_content_affinity: who can read the reasoning */
};

/* A limit on what may be spent in a window of time; windows begin at multiples of their length
 * since 1970 (UTC), so that nodes agree on them without talking. */
struct lx_spend_state; /* route/state.h */
struct lx_budget {
    int64_t limit_nano_usd;
    int64_t window_ms;
    struct lx_spend_state *state; /* set by lx_route_state_bind(); NULL: not enforced */
};
struct lx_named_budget {
    struct lx_slice name; /* of a provider, or a tag */
    struct lx_budget budget;
};

/* When a group has failed, others are asked; which, may depend on how it failed. */
enum lx_fallback_kind {
    LX_FALLBACK_GENERAL,
    LX_FALLBACK_CONTEXT_WINDOW,
    LX_FALLBACK_CONTENT_POLICY,
    LX_FALLBACK_KINDS,
};

/* routing_strategy_args: of latency-based-routing. */
struct lx_latency_args {
    int64_t ttl_ms;     /* an estimate that is older is none; default 3,600,000 */
    int64_t samples;    /* that count, 1 to LX_LATENCY_RING; default 10 */
    int64_t buffer_ppm; /* lowest_latency_buffer, in millionths; default 0 */
    int64_t first_ppm;  /* ttft_percentile, in millionths: of the times to the first token this
                         * one instead of their mean; 0: the mean */
};

struct lx_route_policy {
    const struct lx_strategy *strategy; /* default simple-shuffle; never NULL */
    /* With lx_strategy_own: the host's. Gives the place in the group of a candidate; anything else:
     * one is drawn by weight. */
    size_t (*own_strategy)(void *arg, const struct lx_route_field *f);
    void *own_arg;
    struct lx_latency_args latency;
    /* adaptive (see doc/router.md) */
    int64_t adaptive_price_ppm;   /* what a doubled price weighs against a doubled time; 250,000 */
    int64_t adaptive_explore_ppm; /* share of requests for each that is not best; 10,000 */
    /* checks */
    bool pre_call_checks;       /* enable_pre_call_checks */
    bool enforce_limits;        /* optional_pre_call_checks: enforce_model_rate_limits */
    bool tag_filtering;         /* enable_tag_filtering */
    bool tags_match_any;        /* tag_filtering_match_any; default true */
    unsigned affinity;          /* enum lx_affinity, for groups that have no own */
    struct lx_slice tag_prefix; /* tag_routing_prefix: taken off of tags that begin so; or empty */
    bool wants_agents;    /* some deployment has a tag_regex: who the client is, is worth keeping */
    bool wants_keys;      /* some group's affinity is by client: its key is worth hashing */
    int64_t max_parallel; /* default_max_parallel_requests; 0: no limit */
    struct lx_named_budget *budgets; /* of providers */
    size_t budget_count;
    struct lx_named_budget *tag_budgets; /* of requests' tags; the first 64 count */
    size_t tag_budget_count;
    bool health_routing;          /* enable_health_check_routing */
    bool health_ignore_transient; /* health_check_ignore_transient_errors: 429, 408 */
    bool health_shared;           /* use_shared_health_check */
    int64_t health_stale_ms;      /* health_check_staleness_threshold; default 600,000 */
    /* requests that wait for a deployment: at most so many of a loop, so long */
    int64_t default_priority; /* of requests that say none; -1: none */
    size_t queue_max;         /* default 1,024 */
    int64_t queue_ms;         /* default 60,000 */
    /* failures */
    bool disable_cooldowns;
    int64_t cooldown_ms;   /* default 5,000 */
    int64_t allowed_fails; /* of a minute; -1: not said, then rates of failure decide */
    struct lx_failure_policy allowed_fails_policy, retry_policy;
    /* At most this part of a group's requests of this minute and the last may be retries, and
     * always as many as `retry_budget_min`. Defaults 100,000 (10 %) and 10; 1,000,000 and more: no
     * limit. */
    int64_t retry_budget_ppm, retry_budget_min;
    /* By kind, a JSON array of {"group": [targets]}, "*" for any group; empty: none is given. A
     * target is a group's name, or an object with it as `model` and members for the body. */
    struct lx_slice fallbacks[LX_FALLBACK_KINDS];
    bool weighted_failover; /* enable_weighted_failover */
    /* Hedges: a second deployment is asked when the first takes longer than this part of its last
     * requests took (0: no hedges by that), or where too few are known, so long (0: none). */
    int64_t hedge_percentile; /* 1 to 99 */
    int64_t hedge_after_ms;
    int64_t hedge_budget_ppm;  /* of a group's requests, at most; default 50,000 */
    bool mid_stream_fallbacks; /* a stream that breaks goes on elsewhere; default true */
    int64_t max_fallbacks;     /* a fallback of a fallback is this deep at most; default 5 */
};
void lx_route_policy_default(struct lx_route_policy *p);

#endif
