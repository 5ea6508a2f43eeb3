/*
 * deployment.h - deployments (one model at one provider with one key) and the groups they form.
 *
 * Built by the host from configuration, immutable afterwards, shared by all threads.
 */
#ifndef LX_ROUTE_DEPLOYMENT_H
#define LX_ROUTE_DEPLOYMENT_H

#include "base/map.h"
#include "catalog/price.h"
#include "provider/credential.h"
#include "provider/provider.h"
#include "route/policy.h"

struct lx_auto;             /* route/auto.h */
struct lx_deployment_state; /* route/state.h */
struct lx_group_state;
struct lx_route_slot;
struct lx_route_state;

/* What is known of a deployment's model; see lx_deployment_learn(). */
struct lx_deployment_facts {
    int64_t max_input_tokens; /* 0: not known */
    unsigned needs_met;       /* enum lx_need it is known to meet */
    unsigned needs_known;     /* which are known of at all */
    /* Nano-dollars for a million tokens. Without a price: 5 dollars for a token, LiteLLM's guess,
     * which is more than any price. */
    int64_t input_price, output_price;
};

struct lx_deployment {
    struct lx_slice group; /* the name clients use; may hold '*' */
    struct lx_slice id;    /* model_info.id, or a hash of the parameters: 64 hex digits */
    const struct lx_provider *provider;
    struct lx_slice model;    /* upstream; holds '*' where the group does and it is to be filled */
    struct lx_slice base_url; /* without a slash at the end; never empty when usable */
    struct lx_slice api_version;
    struct lx_slice region; /* of a cloud; empty where the provider has none */
    struct lx_slice count_region, count_base_url; /* the same for counting tokens; or empty */
    struct lx_slice project;                      /* of a cloud that bills by project; else empty */
    struct lx_slice space;   /* what the row may take instead of a project; or empty */
    struct lx_slice profile; /* what is asked in the model's place, as the row takes it: an
                              * inference profile, or component; or empty */
    struct lx_secret key;    /* unset: none was found (an error when used, naming key_env) */
    struct lx_credential_source *credential; /* or a key is exchanged for this; or NULL */
    struct lx_headers headers;               /* headers + extra_headers of the configuration */
    struct lx_slice session_header; /* provider_affinity_header: tells whose conversation it is; or
                                     * empty */
    struct lx_slice extra_body;     /* a JSON object whose members go into the body; or empty */
    struct lx_slice default_params; /* a JSON object: members for the body where the client gives
                                     * none (temperature: 0.2 in litellm_params); or empty */
    const char *trust; /* whose certificates are believed: "true" (the system's authorities),
                        * "false" (anybody), or the path of a PEM file; NULL: as for all */
    const struct lx_prompt_template *prompt; /* instead of the one that the model's name tells */
    struct lx_slice mock_response;           /* set: answered without a provider */
    struct lx_slice mock_calls; /* the same: a JSON array of OpenAI's calls; or empty */
    bool mock_timeout;          /* the same: as if it timed out */
    int64_t mock_delay_ms;      /* before such an answer */
    enum lx_tristate drop_params, modify_params, enforce_format, tells_tools; /* unset: the
                                                                               * settings' */
    struct lx_slice *drop_paths; /* additional_drop_params */
    size_t drop_path_count;
    struct lx_slice *allowed_params; /* allowed_openai_params: never refused */
    size_t allowed_param_count;
    int64_t timeout_ms;        /* total; 0: the settings' */
    int64_t stream_timeout_ms; /* to the first byte of a stream; 0: timeout_ms */
    int64_t between_bytes_ms;  /* of silence within a reply; 0: the settings' */
    int64_t keepalive_ms;      /* that a stream may be silent; 0: any time; -1: the settings' */
    int64_t max_retries;       /* -1: the settings' */
    int64_t weight, rpm, tpm;  /* 0: not given */
    int64_t itpm, otpm;        /* tokens a minute that go in, and that come back; 0: not given */
    int64_t order;
    int64_t max_parallel;                                 /* requests at once; 0: the policy's */
    int64_t cooldown_ms;                                  /* -1: the policy's */
    int64_t allowed_fails;                                /* -1: the policy's */
    const struct lx_failure_policy *allowed_fails_policy; /* NULL: the policy's */
    const struct lx_failure_policy *retry_policy;         /* NULL: the group's, or the policy's */
    struct lx_slice *silent_models;                       /* who is asked the same, for nobody */
    size_t silent_model_count;
    struct lx_slice fallbacks;         /* its own: a JSON array of targets; or empty */
    struct lx_slice context_fallbacks; /* for long prompts: a JSON object, name to target; or
                                        * empty */
    struct lx_slice tier_timeouts, tier_stream_timeouts; /* JSON objects: a service_tier to the
                                                          * seconds that count instead; or empty */
    bool forwards_headers;    /* the client's, see struct lx_call_input */
    bool by_chat;             /* use_chat_completions_api: never by the Responses API */
    bool always_by_responses; /* route_all_chat_openai_to_responses: chats are */
    bool blocked;             /* model_info.blocked: asked for nothing */
    struct lx_slice *tags;
    size_t tag_count;
    struct lx_slice *tag_regexes; /* base/regex.h: of clients that it is for */
    size_t tag_regex_count;
    struct lx_budget budget;                 /* its own; a window of 0: none */
    const struct lx_budget *provider_budget; /* or NULL; set by lx_route_state_bind() */
    struct lx_slice region_name;             /* where it runs, for allowed_model_region; or empty */
    struct lx_deployment_facts facts;
    /* Set by lx_route_state_bind(). */
    struct lx_deployment_state *state;   /* NULL: nothing is counted */
    size_t siblings;                     /* deployments of its group, itself among them */
    struct lx_slice model_info;          /* JSON object; or empty */
    const struct lx_price *price;        /* NULL: by the model's name, as a wildcard's is */
    struct lx_slice own_prices;          /* a JSON object; or empty */
    const struct lx_encoding *tokenizer; /* its own (tokens/tokens.h); or NULL */
    struct lx_slice base_model;          /* whose prices hold; or empty */
    struct lx_slice known_as;            /* as configured, where that was cut; or empty */
    /* Of a fixed model, and of the same by the Responses API; see lx_deployment_learn(). */
    struct lx_target target, by_responses;
    struct lx_slice where;       /* "config.yaml:12": for messages */
    struct lx_slice missing_key; /* the variables that would supply the key; when unset */
};

/* Requests at once: its own limit, else the policy's; 0: no limit. */
static inline int64_t lx_deployment_max_parallel(const struct lx_deployment *d,
                                                 const struct lx_route_policy *p)
{
    return d->max_parallel > 0 ? d->max_parallel : p->max_parallel;
}

/* Those without an order come after those that have one. */
static inline int64_t lx_deployment_order(const struct lx_deployment *d)
{
    return d->order > 0 ? d->order : INT64_MAX;
}

struct lx_model_group {
    struct lx_slice name;
    struct lx_deployment **deployments;
    size_t count;
    bool wildcard;
    bool unchecked;                               /* not of background_health_check_model_groups */
    bool hidden;                                  /* served, but not listed by GET /v1/models */
    bool by_id;                                   /* of a deployment that is named by its id */
    bool joined;                                  /* of others' deployments: a routing_groups' */
    struct lx_slice alias_of;                     /* the model it is another name of; or empty */
    const struct lx_failure_policy *retry_policy; /* model_group_retry_policy; NULL: the policy's */
    int affinity;                                 /* bits of enum lx_affinity; -1: the policy's */
    const struct lx_strategy *strategy;           /* of a routing_groups; NULL: the policy's */
    const struct lx_latency_args *latency;        /* with it */
    /* Set by lx_route_state_bind(). */
    struct lx_group_state *state; /* or NULL */
    unsigned needs;               /* enum lx_need that one of its models is known not to meet */
    int64_t least_window;         /* the smallest max_input_tokens; 0: none is known */
    bool has_tag_regex;
    bool has_tpm, has_otpm; /* one of them has a limit of tokens, of tokens that come back */
};
/* What the group chooses by: its own, else the policy's. g: or NULL. */
const struct lx_strategy *lx_group_strategy(const struct lx_model_group *g,
                                            const struct lx_route_policy *p);
const struct lx_latency_args *lx_group_latency(const struct lx_model_group *g,
                                               const struct lx_route_policy *p);
/* What keeps its conversations together: bits of enum lx_affinity. */
unsigned lx_group_affinity(const struct lx_model_group *g, const struct lx_route_policy *p);
/* rpm and tpm are limits for it, not only weights. */
bool lx_group_has_limits(const struct lx_model_group *g, const struct lx_route_policy *p);

/* Searches that are free for all models of a group together, and how many there were. */
struct lx_search_allowance {
    const struct lx_provider *provider;
    struct lx_slice group;        /* shared_group: "gemini-3" */
    int64_t window_ms;            /* a day, or LX_SPEND_MONTH */
    struct lx_spend_state *state; /* searches, not dollars; set by lx_route_state_bind() */
};

/* What is made of prices. */
struct lx_cost_settings {
    const struct lx_catalog *catalog;          /* NULL: the built-in one */
    struct lx_slice discounts, margins;        /* JSON, as in catalog/cost.h; or empty */
    bool in_streams;                           /* told in the last chunk of a stream */
    bool free_tier;                            /* apply_search_free_tier */
    struct lx_search_allowance *free_searches; /* those of the deployments' models; if free_tier */
    size_t free_search_count;
    bool blocks_unpriced; /* a model whose cost cannot be known is not asked */
};

struct lx_route_settings {
    bool drop_params, modify_params;
    bool enforce_format;     /* enable_json_schema_validation: see struct lx_answer_form */
    bool no_token_counter;   /* nothing is counted here: neither for clients nor for bills */
    bool tells_tools;        /* add_function_to_prompt */
    bool merges_thinking;    /* merge_reasoning_content_in_choices */
    bool marks_prompts;      /* enable_anthropic_prompt_caching: Claude's get cache marks */
    bool system_first;       /* openai_system_messages_first */
    bool auto_summary;       /* reasoning_auto_summary: see struct lx_write_options */
    bool low_thinking;       /* enable_gemini_default_thinking_level_low: the same */
    bool keeps_no_prompts;   /* disable_anthropic_gemini_context_caching_transform */
    int64_t kept_min_tokens; /* MINIMUM_PROMPT_CACHE_TOKEN_COUNT: of a prompt that a provider is to
                              * keep; 0: what is known of the model, else 1,024 */
    struct lx_slice safety_settings; /* vertex_ai_safety_settings: the same */
    struct lx_slice cache_ttl;       /* anthropic_prompt_caching_ttl, "5m" or "1h"; or empty */
    int64_t num_retries;             /* default 2 */
    int64_t request_timeout_ms;      /* default 600,000 */
    int64_t stream_timeout_ms;       /* 0: request_timeout_ms */
    int64_t connect_timeout_ms;      /* default 10,000 */
    int64_t between_bytes_ms;        /* default 600,000 */
    int64_t stream_total_ms;         /* of a whole stream, however it flows; 0: any time */
    int64_t max_repeats;    /* of the same piece of a stream's text in a row: more is a model
                             * that is caught in a loop; 0: any number; default 100 */
    int64_t retry_after_ms; /* least wait before a retry; default 0 */
    int64_t backoff_base_ms, backoff_max_ms; /* 500, 8,000 */
    size_t max_response_bytes;               /* of a reply that is held whole; default 64 MiB */
    size_t max_event_bytes;                  /* one event of a stream; default 16 MiB */
    size_t max_arena_bytes; /* memory of one request besides bodies; default 64 MiB */
    /* Media that clients name by URL, for targets that take them as data only. */
    bool checks_urls;            /* user_url_validation: only public addresses; default true */
    struct lx_strings url_hosts; /* user_url_allowed_hosts: HOST[:PORT] that may be anywhere */
    int64_t max_media_bytes;     /* of one; 0: none is fetched; default 50 MiB */
    struct lx_json_limits json;
    struct lx_cost_settings cost;
    struct lx_route_policy policy;
    struct lx_slice shown; /* router_settings as they came out, a JSON object without secrets */
};
void lx_route_settings_default(struct lx_route_settings *s);

struct lx_route_table {
    struct lx_map by_name;          /* group name -> struct lx_model_group */
    struct lx_model_group **groups; /* in the order of the configuration */
    size_t count;
    struct lx_model_group **wildcards; /* most specific first */
    size_t wildcard_count;
    struct lx_map by_id;    /* deployment id -> a group of that deployment alone */
    struct lx_auto **autos; /* names that choose among groups */
    size_t auto_count;
    struct lx_map auto_by_name; /* -> struct lx_auto: the first of the name */
    struct lx_route_settings settings;
    const struct lx_provider *custom; /* the user's own rows */
    size_t custom_count;
    struct lx_route_state *state; /* what it is bound to; or NULL */
    struct lx_route_slot **slots; /* the records it holds */
    size_t slot_count;
};

enum { LX_GROUP_MAX = 1024 }; /* deployments of one group */

/* An empty table with default settings, whose lists grow in the arena. */
void lx_route_table_init(struct lx_route_table *t, struct lx_arena *a, const uint64_t seed[2]);
/* Puts a deployment (borrowed, as is its group's name) into the group it names, which is made when
 * it is new. 0, LX_ELIMIT (the group is full), or the arena's failure. */
int lx_route_table_add(struct lx_route_table *t, struct lx_deployment *d);

/* The group that serves a name: exact, a deployment's id, then wildcards; NULL when none does.
 * *star gets what the group's '*' stands for, of several all from the first to the last; absent
 * when it has none. */
const struct lx_model_group *lx_route_find(const struct lx_route_table *t, struct lx_slice name,
                                           struct lx_slice *star);
/* Group names that look like name, "gpt-4o, gpt-4": for error texts. n > 0; "" when none. */
void lx_route_near(const struct lx_route_table *t, struct lx_slice name, char *out, size_t n);
/* What the deployment's provider calls the model: d->model with '*' filled. Borrowed or in the
 * arena; absent when that has failed. */
struct lx_slice lx_deployment_model(const struct lx_deployment *d, struct lx_slice star,
                                    struct lx_arena *a);

/* Whether its provider says in every reply what it cost, in dollars: that counts for more than a
 * list of prices, but not for more than a price of the user's own. */
bool lx_deployment_states_cost(const struct lx_deployment *d);

/* The row that serves a model of the deployment's: its provider's, or a variant. */
const struct lx_provider *lx_deployment_row(const struct lx_deployment *d, struct lx_slice model);
/* What was worked out for the model when the deployment was made; NULL: nothing. */
const struct lx_target *lx_deployment_known(const struct lx_deployment *d, struct lx_slice model);
/* What the model is called for clients of the Responses API: lx_provider_by_responses(), where the
 * row serves them so. */
struct lx_slice lx_deployment_by_responses(const struct lx_deployment *d, struct lx_slice model,
                                           struct lx_arena *a);
/* What a model of the deployment's comes to, with what the catalog (NULL: the built-in one) and
 * model_info know of it. Borrows from d, and copies into the arena. */
void lx_deployment_target(const struct lx_deployment *d, struct lx_slice model,
                          const struct lx_catalog *catalog, struct lx_arena *a,
                          struct lx_target *out);
/* Fills d->facts from the catalog (NULL: the built-in one), model_info and the price, and
 * d->target, which borrows from d and the arena. A wildcard's models are not known before they are
 * asked for: nothing is learned. */
void lx_deployment_learn(struct lx_deployment *d, const struct lx_catalog *catalog,
                         struct lx_arena *a);

/* ---- Retry (retry.c) ---- */
struct lx_retry_question {
    const struct lx_route_settings *settings;
    const struct lx_model_group *group; /* or NULL */
    int64_t max_retries;                /* unless a policy has a number for the fault */
    int64_t attempts;                   /* that have failed: 1, 2, ... */
    /* The request's own retry_policy, and the deployment's; or NULL. */
    const struct lx_failure_policy *of_request, *of_deployment;
    const struct lx_fault *fault;
    bool another_untried; /* another deployment is there to take it at once */
    uint64_t random;
};
struct lx_retry_verdict {
    bool retry;
    int64_t after_ms;
};
/* Exponential backoff with full jitter, at once when another deployment is untried. A Retry-After
 * is waited for up to 60 s; a longer one is an answer. What another key may cure (401, 402, 403) is
 * retried with another deployment only. retry_policy and model_group_retry_policy say how often,
 * and that also of faults which are else final. */
struct lx_retry_verdict lx_retry_decide(const struct lx_retry_question *q);
/*
 * Whether the group's budget has room for one more attempt of a request, and takes it. One that a
 * healthy deployment will take over is counted, too, but never refused: it does not multiply an
 * outage, it ends it. A group without a state has no budget.
 */
bool lx_retry_take(const struct lx_route_policy *p, const struct lx_model_group *g, bool healthy,
                   int64_t now_ms);
/* More than half of the budget is used: whoever fails more than it allows cools down (outcome.c).
 */
bool lx_retry_is_tight(const struct lx_route_policy *p, const struct lx_model_group *g,
                       int64_t now_ms);

#endif
