/*
 * load.h - what the files that read the configuration share: the load in progress, the
 * table of options, and diagnostics.
 */
#ifndef LX_CONFIG_LOAD_H
#define LX_CONFIG_LOAD_H

#include "config/tree.h"
#include "dialect/prompt.h"

/* ---- Diagnostics (diag.c) ---- */

/* Adds one about a place (at may be NULL). Equal ones of the kinds UNKNOWN, NOT_BUILT, WARNING and
 * NOTE are counted instead of repeated. */
void lx_diag_add(struct lx_diags *d, enum lx_diag_kind kind, const struct lx_yaml *at,
                 struct lx_slice path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* By file, then line, then column. */
void lx_diags_sort(struct lx_diags *d);

/* ---- The table (option.c) ---- */

enum lx_option_type {
    LX_TYPE_NODE,            /* a mapping, kept for the code that asked: const struct lx_yaml * */
    LX_TYPE_ANY,             /* the same, any value */
    LX_TYPE_BOOL,            /* bool */
    LX_TYPE_TRISTATE,        /* enum lx_tristate */
    LX_TYPE_COUNT,           /* int64_t, 0 or more */
    LX_TYPE_POSITIVE,        /* int64_t, 1 or more */
    LX_TYPE_SIZE,            /* size_t, 1 or more */
    LX_TYPE_SIZE_32,         /* uint32_t, 1 or more */
    LX_TYPE_SECONDS,         /* int64_t, in ms */
    LX_TYPE_PPM,             /* int64_t, in millionths of a written 1 */
    LX_TYPE_DURATION,        /* int64_t, in ms: "30s", "10m", "2h", "1d", "1w", "1mo" (30 days) */
    LX_TYPE_NANO_USD,        /* int64_t, in nano-dollars of written dollars */
    LX_TYPE_MEGABYTES,       /* int64_t, in bytes of a written 1,048,576 */
    LX_TYPE_MEGABYTES_OR_0,  /* the same, or 0 */
    LX_TYPE_MEGABYTES_SIZE,  /* size_t, the same */
    LX_TYPE_STRING,          /* struct lx_slice */
    LX_TYPE_Z,               /* const char * */
    LX_TYPE_SECRET,          /* struct lx_secret */
    LX_TYPE_STRINGS,         /* struct lx_strings */
    LX_TYPE_SSL_VERIFY,      /* struct lx_tls_options: a boolean, or the path of a CA bundle */
    LX_TYPE_TRUST,           /* const char *: "true", "false", or the path of a CA bundle */
    LX_TYPE_SSL_CERTIFICATE, /* struct lx_tls_options: one file with certificate and key */
    LX_TYPE_SECTION,         /* a map with keys of its own, or a list of such maps */
};
enum lx_option_state {
    LX_OPTION_BUILT,
    LX_OPTION_BODY,    /* goes into the request's body where the client gives nothing */
    LX_OPTION_KNOWN,   /* not built yet */
    LX_OPTION_NOTHING, /* accepted, and there is nothing to do: `help` says why */
};

#define LX_BY_HAND ((size_t)-1) /* the code that reads the section looks for it itself */

/* A row. The sections of a list's elements end in "[]", of a map with free names in ".*". */
struct lx_config_option {
    const char *section;
    const char *names; /* separated by spaces where a row stands for several; '*' as a glob */
    enum lx_option_type type;
    enum lx_option_state state;
    size_t at;             /* where the value goes, in the section's object; or LX_BY_HAND */
    const char *otherwise; /* the default as the documentation shows it; or NULL */
    const char *env;       /* variables that give it when no file does, "A|B"; or NULL */
    const char *help;      /* KNOWN: the subject */
};
extern const struct lx_config_option lx_config_options[];
extern const size_t lx_config_option_count;

/* The row of a key, or NULL. */
const struct lx_config_option *lx_config_option_find(struct lx_slice section, struct lx_slice key);
bool lx_config_option_section_exists(struct lx_slice section);
/* A key of the section that looks like this one, else its place in another section; absent. */
struct lx_slice lx_config_option_near(struct lx_slice section, struct lx_slice key,
                                      struct lx_arena *a);

/* ---- The load ---- */

struct lx_load {
    struct lx_config *config;
    struct lx_diags *diags;
    struct lx_yaml_set set;
    struct lx_map variables;        /* environment_variables: name -> const char * */
    const struct lx_env *outer_env; /* the caller's; or NULL */
    const struct lx_config *before; /* what ran so far; or NULL */
    struct lx_env env;              /* both */
    int files;
    const struct lx_yaml *root; /* all files merged */
};

/* What a configuration that may change keeps: the nodes, and the root among them. */
struct lx_config_source {
    struct lx_yaml_set set;
    const struct lx_yaml *root;
};
/* base (NULL: nothing) with the changes of lx_config_change(), in l->set; NULL after an error, or
 * without memory. Wants the base's variables. (change.c) */
struct lx_yaml *lx_load_change(struct lx_load *l, const struct lx_yaml *base,
                               const struct lx_yaml *changes);

/* What the rows of model_list[] and its litellm_params fill in. */
struct lx_config_entry {
    struct lx_deployment d;
    struct lx_slice model, provider, api_base, organization;
    struct lx_slice user_agent;
    int64_t num_retries, request_timeout_ms;
    struct lx_strings drop_paths, allowed_params, tags, tag_regex, silent_model;
    const struct lx_yaml *own_params; /* without router_settings.default_litellm_params */
    const struct lx_yaml *fallbacks, *context_fallbacks, *retry_policy;
    const struct lx_yaml *params, *headers, *extra_headers, *extra_body, *model_info, *roles,
        *prompt_dict, *mock_calls, *tier_timeouts, *tier_stream_timeouts;
    struct lx_prompt_template template; /* with `roles` */
    struct lx_slice hf_model_name;
};

/* The same of router_settings.routing_groups[]. */
struct lx_config_group {
    struct lx_slice name, strategy;
    struct lx_strings models;
    const struct lx_yaml *args, *priorities;
};

/* The same of llmux_settings.providers[] and its quirks[]. */
struct lx_config_provider {
    struct lx_provider p;
    struct lx_slice auth;
    struct lx_strings key_env, base_url_env;
    const struct lx_yaml *headers, *quirks;
};
struct lx_config_quirk {
    struct lx_quirk q;
    struct lx_slice op;
    const struct lx_yaml *arg;
};

/* A scalar's text as it stands; absent: it is none. */
static inline struct lx_slice lx_yaml_text(const struct lx_yaml *v)
{
    return v && v->kind == LX_YAML_SCALAR ? v->text : (struct lx_slice){0};
}
/* What a variable holds may be a secret, whatever the key it was given for: it is never shown. */
static inline bool lx_yaml_is_variable(const struct lx_yaml *v)
{
    return lx_slice_starts(lx_yaml_text(v), LX_S("os.environ/"));
}
/* A key of a section of the file; NULL: it is not there, or null. */
const struct lx_yaml *lx_load_setting(const struct lx_load *l, const char *section,
                                      const char *key);
/* The value as text: "os.environ/NAME" answered from the environment (absent, with a warning at
 * `path`, when it is not set), anything else as it stands. v is a scalar. */
struct lx_slice lx_load_text(struct lx_load *l, const struct lx_yaml *v, struct lx_slice path);
/* The same without a warning. */
struct lx_slice lx_load_peek(struct lx_load *l, const struct lx_yaml *v);
/* v as JSON in the configuration's arena, environment answered; absent on failure. */
struct lx_slice lx_load_json(struct lx_load *l, const struct lx_yaml *v);
void lx_load_write_json(struct lx_load *l, const struct lx_yaml *v, struct lx_out *out);

/* ---- The walk (check.c) ---- */

/* Reads a map by the rows of its section into `object` (NULL: only look at the names). `body`
 * takes the members of an open section that no row names; NULL: they are unknown. */
void lx_section_read(struct lx_load *l, const char *section, const struct lx_yaml *map,
                     void *object, struct lx_out *body);
/* What the environment says where no file will: before the files are read. */
void lx_section_read_env(struct lx_load *l);

/* ---- Providers and deployments (provider.c, models.c, deployment.c) ---- */

/* What of router_settings stands in sections of its own, after the models. (router.c) */
void lx_load_router(struct lx_load *l);
/* A deployment's own allowed_fails, allowed_fails_policy and cooldown_time, of its model_info. */
void lx_load_own_fails(struct lx_load *l, const struct lx_yaml *model_info,
                       struct lx_deployment *d);
/* Its own retry_policy, fallbacks and context_window_fallback_dict. */
void lx_load_own_retries(struct lx_load *l, const struct lx_config_entry *e,
                         struct lx_deployment *d);
/* Entries of model_list that are auto routers, once all models and prices are there. (auto.c) */
void lx_load_autos(struct lx_load *l);
/* router_settings.routing_groups, once all models are there. (routing_group.c) */
void lx_load_routing_groups(struct lx_load *l);
/* Puts a copy of a deployment into the table (models.c). by_id: it answers to its id, too. NULL:
 * without memory, which sticks in the arena. */
struct lx_deployment *lx_load_add(struct lx_load *l, const struct lx_deployment *from, bool by_id);
/* What router_settings, or a cache of the type redis, say of Redis -> config->redis. (redis.c) */
void lx_load_redis(struct lx_load *l);
/* llmux_settings.providers -> config->routes.custom. */
void lx_load_providers(struct lx_load *l);
/* What litellm_settings says for all models of a provider, as variables. */
void lx_load_global_keys(struct lx_load *l);
/* model_list and model_group_alias -> config->routes. */
void lx_load_models(struct lx_load *l);
/* What the entry at `at` says besides where its model is. (entry.c) */
void lx_load_entry_rest(struct lx_load *l, struct lx_config_entry *e, const struct lx_yaml *at);
/* Whether a header's, or a setting's, value must be masked where it is shown. (entry.c) */
bool lx_load_is_secret(struct lx_slice name, const struct lx_yaml *value);
/* router_settings as they are in force -> routes.settings.shown, after all else. (settings.c) */
void lx_load_settings(struct lx_load *l);
/* Other names of groups and models, when all are there. (alias.c) */
void lx_load_aliases(struct lx_load *l);

/* An entry's prompt template -> e->d.prompt. (template.c) */
void lx_load_template(struct lx_load *l, struct lx_config_entry *e);

/* ---- Prices (price.c) ---- */

/* The prices and the base model among a deployment's parameters and in its model_info, which is
 * set already -> d. */
void lx_load_own_prices(struct lx_load *l, const struct lx_yaml *params, struct lx_deployment *d);
/* The user's model map, discounts and margins, and a price for every deployment. */
void lx_load_prices(struct lx_load *l);
/* Warns of models that are for other requests than are served, once the catalog is there. (mode.c)
 */
void lx_load_modes(struct lx_load *l);
/* ---- tokenizer.c ---- */
/* custom_tokenizer of every deployment; what cannot be read is a warning. */
void lx_load_tokenizers(struct lx_load *l);
/* Frees what it read. */
void lx_config_clear_tokenizers(struct lx_config *c);

/* The base URL: api_base, else the provider's variable, else its own. 0; LX_ENOTFOUND when there is
 * none, LX_ECONFIG when it is no URL. */
int lx_deployment_set_address(struct lx_deployment *d, struct lx_slice api_base,
                              const struct lx_env *env, struct lx_arena *a, struct lx_error *err);
/* The key, unless it is set: from the provider's variables. Without one, missing_key names them,
 * `wanted` (the variable the configuration named; may be empty) first. 0 or LX_ENOMEM. */
int lx_deployment_set_key(struct lx_deployment *d, struct lx_slice wanted, const struct lx_env *env,
                          struct lx_arena *a);

/* ---- Credentials (credential.c) ---- */

struct lx_credential_finding {
    struct lx_slice wrong; /* why it cannot work; or empty */
    bool guess;            /* nothing is set: the machine's own metadata service will be asked */
};
/* What the deployment's key is exchanged for, unless it has one: d->credential, in the arena, its
 * bytes the caller's to clear; or d->key, where no exchange is needed; or neither. params: the
 * deployment's parameters by name; or NULL. led_only: only when these ask for it. 0 or a code. */
int lx_deployment_set_credential(struct lx_deployment *d, bool led_only,
                                 const struct lx_env *params, const struct lx_env *env,
                                 struct lx_arena *a, struct lx_credential_finding *out);

/* 64 hex digits in the configuration's arena. */
struct lx_slice lx_deployment_hash(struct lx_load *l, struct lx_slice group,
                                   const struct lx_yaml *params);

#endif
