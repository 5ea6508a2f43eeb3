/*
 * config.h - LiteLLM's config.yaml as it is, read into an immutable snapshot.
 *
 * Every key is looked up in a table (options.def): known and built, known but not built yet (a
 * warning), unknown (a warning). A wrong value is an error that names file, line, column, and what
 * was expected. The snapshot is shared by all threads and swapped whole on reload; nothing in it
 * changes after lx_config_load() returns.
 */
#ifndef LX_CONFIG_CONFIG_H
#define LX_CONFIG_CONFIG_H

#include <stdatomic.h>

#include "net/client.h"
#include "route/state.h"

enum lx_diag_kind {
    LX_DIAG_ERROR,     /* the configuration cannot be used */
    LX_DIAG_UNKNOWN,   /* a key that neither LiteLLM nor llmux has */
    LX_DIAG_NOT_BUILT, /* LiteLLM has it, llmux does not yet: it has no effect */
    LX_DIAG_WARNING,   /* works, but probably not as meant */
    LX_DIAG_NOTE,      /* good to know: a provider without a key, a key with nothing to do */
};

struct lx_diag {
    enum lx_diag_kind kind;
    struct lx_slice file; /* as the user would name it; "environment" for a variable */
    int line, column;     /* from 1; 0: none */
    struct lx_slice path; /* "model_list[].litellm_params.timeout"; may be absent */
    struct lx_slice text; /* what is wrong and what was expected; never a secret */
    int times;            /* the same at so many places, this being the first */
    int order;            /* of the file, in order of reading */
};
/* Sorted by file and line when lx_config_load() returns. {.arena = &a} is a ready start; several
 * loads may add to one list. */
struct lx_diags {
    struct lx_diag *v;
    size_t n, cap, errors, unknown, not_built; /* the last two count keys, not places */
    struct lx_arena *arena;
};

/* The Redis in which nodes share what their routers know. */
struct lx_config_redis {
    bool wanted;                    /* the rest is complete, and it is to be used */
    struct lx_secret url, password; /* the url is taken apart when the configuration is read */
    struct lx_slice host, user, name_space; /* user, name_space: or empty */
    int64_t port, db;
    bool ssl;
    bool no_verify, any_host; /* with it: any certificate will do; one of another name will */
    const char *ca_file, *cert_file, *key_file; /* with it; or NULL */
};

/* Health checks of deployments. */
struct lx_config_health {
    bool background, details, skips_disabled;
    int64_t interval_ms; /* default 300,000 */
    int64_t at_once;     /* checks; default 16 */
};

/* The model map that takes the built-in one's place. */
struct lx_config_map {
    struct lx_catalog *catalog; /* NULL: there is none */
    struct lx_slice place;      /* as it may be shown; empty: none is configured */
    bool stale;                 /* it could not be had: this is the one from before; or none is */
};

struct lx_config {
    atomic_int refs;
    struct lx_arena arena;
    struct lx_route_table routes;
    struct lx_catalog *catalog;             /* models, the user's own over the built-in ones */
    struct lx_config_map map;               /* where most of them come from */
    struct lx_config_tokenizer *tokenizers; /* of deployments that have one of their own */
    struct lx_secret master_key;            /* unset: no authentication, and a warning says so */
    struct lx_slice master_key_header;      /* litellm_key_header_name; or empty */
    bool by_responses;                      /* route_all_chat_openai_to_responses */
    /* Of clients, to providers: for all, or for deployments that say forwards_headers. */
    bool forward_headers, forward_some, forward_organization, forward_trace;
    int64_t ping_ms, anthropic_ping_ms; /* how long a stream may be silent; 0: any time */
    int64_t least_ping_ms; /* the shortest of them and of the deployments' keepalive_ms; or 0 */
    bool json_logs;
    int64_t max_request_bytes; /* default 100 MiB */
    int64_t shutdown_ms;       /* how long streams may finish; default 30,000 */
    int64_t max_connections;   /* per loop; default 16,384 */
    int64_t client_idle_ms;    /* keep-alive; default 75,000 */
    int64_t client_head_ms;    /* to send a head; default 10,000 */
    int64_t client_body_ms;    /* between two pieces of a body; default 30,000 */
    size_t client_queue_bytes; /* unsent reply held before the upstream is paused; 256 KiB */
    struct lx_net_options net;
    struct lx_config_redis redis;
    struct lx_config_health health;
    /* The deployments whose keys the snapshot wipes when it goes. */
    struct lx_deployment **owned;
    size_t owned_count, owned_cap;
    struct lx_credential_source *credentials; /* the same, of what keys are exchanged for */
    struct lx_config_source *source;          /* what it was read from, to be changed; or NULL */
};

/* Reads a file (and what it includes). NULL when it cannot be used: then diags holds at least one
 * error. before: what ran so far, whose model map stays where the new one cannot be had; or NULL.
 * Diagnostics live in `diags->arena` (the caller's). `env` answers os.environ/NAME and the
 * providers' variables (NULL: none is set); values set by `environment_variables` win over it. */
struct lx_config *lx_config_load(const char *path, const struct lx_env *env,
                                 const struct lx_config *before, struct lx_diags *diags);
/* The same from memory; `name` is used in messages and `dir` for includes (NULL: none allowed). */
struct lx_config *lx_config_read(struct lx_slice text, const char *name, const char *dir,
                                 const struct lx_env *env, const struct lx_config *before,
                                 struct lx_diags *diags);
/* Nothing is served, all is as by default. NULL when out of memory. */
struct lx_config *lx_config_new(void);
struct lx_config *lx_config_ref(struct lx_config *c);
void lx_config_unref(struct lx_config *c); /* NULL-safe; frees with the last one */

/*
 * For hosts that change theirs while they run (change.c). open: as lx_config_load(), but keeping
 * what was read. change: what `before` was read from (nothing, where it keeps nothing), with
 * `changes`, which have the form of a configuration, and of which
 *
 *     model_list          adds deployments; one whose id is there already takes its place
 *     delete_deployments  is a list of ids, or of patterns ("azure-*"), that go before
 *     anything else       takes the place of what has that name, in a section member by member;
 *                         null: as if it had never been said
 *
 * NULL with an error in diags when that makes no configuration: `before` is as it was in any case.
 * What is said of the changes names LX_CONFIG_CHANGES as their file.
 */
#define LX_CONFIG_CHANGES "changes"
struct lx_config *lx_config_open(const char *path, const struct lx_env *env,
                                 const struct lx_config *before, struct lx_diags *diags);
struct lx_config *lx_config_change(const struct lx_config *before, struct lx_slice changes,
                                   const struct lx_env *env, struct lx_diags *diags);

/* What a configuration would take from the environment: proxies and authorities. */
struct lx_net_options lx_net_options_of(const struct lx_env *env);
/* A user's model map (map.c): a path, "file://...", or an http or https address, which is fetched
 * there and then, within 5 s. whole: it is the catalog, else it lies over the built-in one. net:
 * NULL: proxies and authorities as the environment says. *out is the caller's to free. 0, or a code
 * with why it is not used. */
int lx_cost_map_read(const char *place, const struct lx_env *env, const struct lx_net_options *net,
                     bool whole, struct lx_catalog **out, struct lx_error *err);
/* The one that is configured (given, or empty), else that LITELLM_MODEL_COST_MAP_URL names, unless
 * LITELLM_LOCAL_MODEL_COST_MAP is true: *out stays as it is when there is none. *place: what it
 * names, as it may be shown (no password, no query); in the arena; empty: none is named. */
int lx_cost_map_configured(struct lx_slice given, const struct lx_env *env,
                           const struct lx_net_options *net, struct lx_catalog **out,
                           struct lx_arena *a, struct lx_slice *place, struct lx_error *err);

/* "config.yaml:12:5: error: litellm_settings.request_timeout: expected ...", with a line end. */
void lx_diag_write(const struct lx_diag *d, struct lx_buf *out);

/* A deployment made from a name alone ("groq/llama-3"), with keys from the environment: what the
 * library and the CLI use when there is no configuration. custom: the user's own providers. Without
 * an address its base_url is empty. In the arena, but for out->key and the bytes of
 * out->credential, which the caller clears. 0 or a code. */
int lx_deployment_of_name(struct lx_slice name, const struct lx_provider *custom,
                          size_t custom_count, const struct lx_env *env, struct lx_arena *a,
                          struct lx_deployment *out, struct lx_error *err);
/* The environment has what a key for the provider is exchanged for, as far as can be seen. */
bool lx_provider_is_trusted(const struct lx_provider *p, const struct lx_env *env);
/* The variables that the deployment lacks, as groups of which one each is enough, NULL-terminated
 * if short. Returns how many groups there are. */
enum { LX_LACKS_MAX = 3 };
size_t lx_deployment_lacks(const struct lx_deployment *d,
                           const char *const *out[static LX_LACKS_MAX]);
/* The same as text, "A or B, C", in the arena; empty when it has all it needs. */
struct lx_slice lx_deployment_missing(const struct lx_deployment *d, struct lx_arena *a);

/* The reference of every key, in Markdown, from the table: doc/config.md. */
void lx_config_write_docs(struct lx_buf *out);

#endif
