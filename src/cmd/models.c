/*
 * models.c - `llmux models`: what can be asked for, by a configuration.
 */
#include <stdlib.h>

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

            printf("%-28.*s %s/%.*s%s\n", LX_F(t->groups[i]->name), d->provider->id,
                   LX_F(d->model),
                   d->mock_response.n          ? "  (mock)"
                   : lx_secret_is_set(&d->key) ? ""
                                               : "  (no key)");
        }
}

static int run(const char *const *values, char *const *words, int word_count)
{
    const char *path = values[0] ? values[0] : getenv("CONFIG_FILE_PATH");
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    struct lx_config *config;
    int status = LX_EXIT_OK;

    (void)words;
    (void)word_count;
    if (!path)
        return lx_cmd_fail("models", LX_EXIT_USAGE, "--config FILE is needed");
    lx_arena_init(&arena, 256u << 20);
    config = lx_config_load(path, &lx_process_env, &diags);
    if (!config)
        status = lx_cmd_fail("models", LX_EXIT_FAILED,
                             "%s cannot be used; `llmux check` tells why", path);
    else if (values[1])
        status = print_json(&config->routes);
    else
        print_table(&config->routes);
    lx_config_unref(config);
    lx_arena_clear(&arena);
    return status;
}

static const struct lx_option options[] = {
    {"config", 'c', "FILE", "LiteLLM's config.yaml; default: $CONFIG_FILE_PATH"},
    {"json", 0, NULL, "as JSON"},
    {0},
};

const struct lx_command lx_command_models = {
    .name = "models",
    .synopsis = "--config FILE [--json]",
    .summary = "Lists the models a configuration offers",
    .options = options,
    .run = run,
};
