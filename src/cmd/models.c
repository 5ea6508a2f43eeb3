/*
 * models.c - `llmux models`: what a configuration offers, or all models that are known.
 */
#include <stdlib.h>

#include "cmd/catalog.h"
#include "cmd/command.h"
#include "config/config.h"

static void write_group(struct lx_out *o, const struct lx_model_group *g)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "model", g->name);
    lx_out_bool(o, "wildcard", g->wildcard);
    lx_out_array(o, "deployments");
    for (size_t i = 0; i < g->count; i++) {
        const struct lx_deployment *d = g->deployments[i];

        lx_out_object(o, NULL);
        lx_out_str(o, "id", d->id);
        lx_out_str(o, "provider", lx_slice_z(d->provider->id));
        lx_out_str(o, "model", d->model);
        lx_out_str(o, "base_url", d->base_url);
        lx_out_bool(o, "mock", d->mock_response.n != 0);
        lx_out_bool(o, "key", lx_secret_is_set(&d->key));
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_object_end(o);
}

static int print_json(const struct lx_route_table *t)
{
    struct lx_buf out;
    struct lx_out o;
    int status;

    lx_buf_init(&out, 256u << 20);
    o = lx_out(&out);
    lx_out_array(&o, NULL);
    for (size_t i = 0; i < t->count; i++)
        write_group(&o, t->groups[i]);
    lx_out_array_end(&o);
    lx_buf_add_byte(&out, '\n');
    status = out.failed ? LX_EXIT_FAILED : lx_cmd_print(lx_buf_slice(&out));
    lx_buf_clear(&out);
    return status;
}

static void print_table(const struct lx_route_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++) {
            const struct lx_deployment *d = t->groups[i]->deployments[k];

            printf("%-28.*s %s/%.*s%s\n", LX_F(t->groups[i]->name), d->provider->id, LX_F(d->model),
                   d->mock_response.n          ? "  (mock)"
                   : lx_secret_is_set(&d->key) ? ""
                                               : "  (no key)");
        }
}

enum { CONFIG, JSON, PROVIDER, SUPPORTS, MAX_PRICE, MAP };

static int list_known(const char *const *values, char *const *words, int word_count)
{
    struct lx_models_filter f = {values[PROVIDER], values[SUPPORTS], values[MAX_PRICE],
                                 (const char *const *)words, word_count};
    struct lx_catalog *c;
    if (!lx_cmd_catalog("models", values[MAP], &c))
        return LX_EXIT_FAILED;
    int status = lx_models_print(c, &f, values[JSON] != NULL);
    lx_catalog_free(c);
    return status;
}

static int list_configured(const char *path, bool json)
{
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    int status = LX_EXIT_OK;

    lx_arena_init(&arena, 256u << 20);
    struct lx_config *config = lx_config_load(path, &lx_process_env, NULL, &diags);
    if (!config)
        status = lx_cmd_fail("models", LX_EXIT_FAILED, "%s cannot be used; `llmux check` tells why",
                             path);
    else if (json)
        status = print_json(&config->routes);
    else
        print_table(&config->routes);
    lx_config_unref(config);
    lx_arena_clear(&arena);
    return status;
}

static int run(const char *const *values, char *const *words, int word_count)
{
    if (!values[CONFIG])
        return list_known(values, words, word_count);
    for (int i = PROVIDER; i <= MAP; i++)
        if (values[i] || word_count)
            return lx_cmd_fail("models", LX_EXIT_USAGE,
                               "what narrows the list of known models does not go with --config");
    return list_configured(values[CONFIG], values[JSON] != NULL);
}

static const struct lx_option options[] = {
    [CONFIG] = {"config", 'c', "FILE", "list what this configuration offers"},
    [JSON] = {"json", 0, NULL, "as JSON; of known models in LiteLLM's schema"},
    [PROVIDER] = {"provider", 'p', "NAME", "models of this provider"},
    [SUPPORTS] = {"supports", 's', "LIST", "models that can all of these: vision,tools,json,..."},
    [MAX_PRICE] = {"max-price", 0, "N", "input for at most N dollars a million tokens"},
    [MAP] = {"map", 0, "FILE", "a model map of your own over the built-in one"},
    {0},
};

const struct lx_command lx_command_models = {
    .name = "models",
    .synopsis = "[--config FILE] [--provider NAME] [--supports LIST] [--max-price N] [--json] "
                "[PART-OF-NAME ...]",
    .summary = "Lists the models that are known, or those a configuration offers",
    .details =
        "Without --config: every model in the catalog with its context window and its "
        "prices a million\ntokens. With it: what can be asked for by that configuration, "
        "and where it goes. LITELLM_MODEL_COST_MAP_URL\nmay name a file or an address whose map "
        "takes the catalog's place.",
    .options = options,
    .max_words = -1,
    .run = run,
};
