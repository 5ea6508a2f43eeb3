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

struct lx_deployment {
    struct lx_slice group; /* the name clients use; may hold '*' */
    struct lx_slice id;    /* model_info.id, or a hash of the parameters: 64 hex digits */
    const struct lx_provider *provider;
    struct lx_slice model;    /* upstream; holds '*' where the group does and it is to be filled */
    struct lx_slice base_url; /* without a slash at the end; never empty when usable */
    struct lx_slice api_version;
    struct lx_slice region;  /* of a cloud; empty where the provider has none */
    struct lx_slice project; /* of a cloud that bills by project; else empty */
    struct lx_secret key;    /* unset: none was found (an error when used, naming key_env) */
    struct lx_credential_source *credential; /* or a key is exchanged for this; or NULL */
    struct lx_headers headers;               /* headers + extra_headers of the configuration */
    struct lx_slice extra_body;     /* a JSON object whose members go into the body; or empty */
    struct lx_slice default_params; /* a JSON object: members for the body where the client gives
                                     * none (temperature: 0.2 in litellm_params); or empty */
    struct lx_slice mock_response;  /* set: answered without a provider */
    enum lx_tristate drop_params, modify_params; /* unset: the settings' */
    struct lx_slice *drop_paths;                 /* additional_drop_params */
    size_t drop_path_count;
    struct lx_slice *allowed_params; /* allowed_openai_params: never refused */
    size_t allowed_param_count;
    int64_t timeout_ms;        /* total; 0: the settings' */
    int64_t stream_timeout_ms; /* to the first byte of a stream; 0: timeout_ms */
    int64_t max_retries;       /* -1: the settings' */
    int64_t weight, rpm, tpm;  /* 0: not given */
    int64_t order;
    struct lx_slice model_info;   /* JSON object; or empty */
    const struct lx_price *price; /* NULL: by the model's name, as a wildcard's is */
    struct lx_slice own_prices;   /* a JSON object; or empty */
    struct lx_slice base_model;   /* whose prices hold; or empty */
    struct lx_slice where;        /* "config.yaml:12": for messages */
    struct lx_slice missing_key;  /* the variables that would supply the key; when unset */
};

struct lx_model_group {
    struct lx_slice name;
    struct lx_deployment **deployments;
    size_t count;
    bool wildcard;
    bool hidden; /* served, but not listed by GET /v1/models */
};

/* What is made of prices. */
struct lx_cost_settings {
    const struct lx_catalog *catalog;   /* NULL: the built-in one */
    struct lx_slice discounts, margins; /* JSON, as in catalog/cost.h; or empty */
    bool in_streams;                    /* told in the last chunk of a stream */
};

struct lx_route_settings {
    bool drop_params, modify_params;
    int64_t num_retries;                     /* default 2 */
    int64_t request_timeout_ms;              /* default 600,000 */
    int64_t stream_timeout_ms;               /* 0: request_timeout_ms */
    int64_t connect_timeout_ms;              /* default 10,000 */
    int64_t between_bytes_ms;                /* default 600,000 */
    int64_t retry_after_ms;                  /* least wait before a retry; default 0 */
    int64_t backoff_base_ms, backoff_max_ms; /* 500, 8,000 */
    size_t max_response_bytes;               /* of a reply that is held whole; default 64 MiB */
    size_t max_event_bytes;                  /* one event of a stream; default 16 MiB */
    size_t max_arena_bytes; /* memory of one request besides bodies; default 64 MiB */
    struct lx_json_limits json;
    struct lx_cost_settings cost;
};
void lx_route_settings_default(struct lx_route_settings *s);

struct lx_route_table {
    struct lx_map by_name;          /* group name -> struct lx_model_group */
    struct lx_model_group **groups; /* in the order of the configuration */
    size_t count;
    struct lx_model_group **wildcards; /* most specific first */
    size_t wildcard_count;
    struct lx_map by_id; /* deployment id -> a group of that deployment alone */
    struct lx_route_settings settings;
    const struct lx_provider *custom; /* the user's own rows */
    size_t custom_count;
};

/* An empty table with default settings, whose lists grow in the arena. */
void lx_route_table_init(struct lx_route_table *t, struct lx_arena *a, const uint64_t seed[2]);
/* Puts a deployment (borrowed, as is its group's name) into the group it names, which is made when
 * it is new. 0, or the arena's failure. */
int lx_route_table_add(struct lx_route_table *t, struct lx_deployment *d);

/* The group that serves a name: exact, a deployment's id, then wildcards; NULL when none does.
 * *star gets what the group's first '*' stands for; absent when it has none. */
const struct lx_model_group *lx_route_find(const struct lx_route_table *t, struct lx_slice name,
                                           struct lx_slice *star);
/* Group names that look like name, "gpt-4o, gpt-4": for error texts. n > 0; "" when none. */
void lx_route_near(const struct lx_route_table *t, struct lx_slice name, char *out, size_t n);
/* What the deployment's provider calls the model: d->model with '*' filled. Borrowed or in the
 * arena; absent when that has failed. */
struct lx_slice lx_deployment_model(const struct lx_deployment *d, struct lx_slice star,
                                    struct lx_arena *a);

/* Picks one of the group for an attempt: of the lowest `order`, by weight (else rpm, else tpm, else
 * evenly), not one of the `tried` (bit i = deployment i, first 64) unless all were. random: uniform
 * 64 bits. *index (may be NULL) gets its place in the group. */
struct lx_deployment *lx_route_pick(const struct lx_model_group *g, uint64_t tried, uint64_t random,
                                    size_t *index);

/* ---- Retry (retry.c) ---- */
struct lx_retry_verdict {
    bool retry;
    int64_t after_ms;
};
/* After `attempts` failed attempts (1, 2, ...): exponential backoff with full jitter, at once when
 * another deployment is untried. A Retry-After is waited for up to 60 s; a longer one is an answer.
 * What another key may cure (401, 402, 403) is retried with another deployment only. */
struct lx_retry_verdict lx_retry_decide(const struct lx_route_settings *s, int64_t max_retries,
                                        int64_t attempts, const struct lx_fault *fault,
                                        bool another_untried, uint64_t random);

#endif
