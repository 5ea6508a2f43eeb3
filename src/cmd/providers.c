/*
 * providers.c - `llmux providers`: the table of providers, and what is configured here and now.
 */
#include "cmd/command.h"

static const char *find_set(const char *const *names)
{
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++)
        if (lx_process_env.get(NULL, names[i]))
            return names[i];
    return NULL;
}

static void join(const char *const *names, struct lx_buf *out)
{
    lx_buf_reset(out);
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++)
        lx_buf_addf(out, "%s%s", i ? ", " : "", names[i]);
}

static void print_table(void)
{
    struct lx_buf keys;

    lx_buf_init(&keys, 4096);
    printf("%-14s %-12s %-46s %-4s %s\n", "PROVIDER", "LANGUAGE", "BASE URL", "KEY", "VARIABLES");
    for (size_t i = 0; i < lx_provider_count; i++) {
        const struct lx_provider *p = &lx_providers[i];

        join(p->key_env, &keys);
        printf("%-14s %-12s %-46s %-4s %.*s\n", p->id, p->language,
               p->base_url ? p->base_url : "(api_base)", find_set(p->key_env) ? "yes" : "-",
               LX_F(lx_buf_slice(&keys)));
    }
    lx_buf_clear(&keys);
}

static void write_names(struct lx_out *o, const char *member, const char *const *names)
{
    lx_out_array(o, member);
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++)
        lx_out_str(o, NULL, lx_slice_z(names[i]));
    lx_out_array_end(o);
}

static void write_provider(struct lx_out *o, const struct lx_provider *p)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "id", lx_slice_z(p->id));
    lx_out_str(o, "title", lx_slice_z(p->title));
    lx_out_str(o, "language", lx_slice_z(p->language));
    if (p->base_url)
        lx_out_str(o, "base_url", lx_slice_z(p->base_url));
    else
        lx_out_null(o, "base_url");
    write_names(o, "base_url_variables", p->base_url_env);
    write_names(o, "key_variables", p->key_env);
    lx_out_bool(o, "configured", find_set(p->key_env) || p->default_key);
    lx_out_array(o, "quirks");
    for (const struct lx_quirk *q = p->quirks; q && q->op != LX_QUIRK_END; q++) {
        lx_out_object(o, NULL);
        lx_out_str(o, "member", lx_slice_z(q->member));
        lx_out_str(o, "why", lx_slice_z(q->why));
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_str(o, "source", lx_slice_z(p->docs));
    lx_out_object_end(o);
}

static int run(const char *const *values, char *const *words, int word_count)
{
    const struct lx_provider *one = NULL;
    struct lx_buf out;
    struct lx_out o;
    int status;

    if (word_count && !(one = lx_provider_find(lx_slice_z(words[0])))) {
        char near[128];

        lx_provider_near(lx_slice_z(words[0]), NULL, 0, near, sizeof(near));
        return lx_cmd_fail("providers", LX_EXIT_FAILED, "there is no provider \"%s\"%s%s", words[0],
                           near[0] ? "; near it: " : "", near);
    }
    if (!values[0] && !one) {
        print_table();
        return LX_EXIT_OK;
    }
    lx_buf_init(&out, 16u << 20);
    o = lx_out(&out);
    if (one) {
        write_provider(&o, one);
    } else {
        lx_out_array(&o, NULL);
        for (size_t i = 0; i < lx_provider_count; i++)
            write_provider(&o, &lx_providers[i]);
        lx_out_array_end(&o);
    }
    lx_buf_add_byte(&out, '\n');
    status = out.failed ? LX_EXIT_FAILED : lx_cmd_print(lx_buf_slice(&out));
    lx_buf_clear(&out);
    return status;
}

static const struct lx_option options[] = {
    {"json", 0, NULL, "as JSON"},
    {0},
};

const struct lx_command lx_command_providers = {
    .name = "providers",
    .synopsis = "[--json] [NAME]",
    .summary = "Lists the providers, or tells all about one",
    .options = options,
    .max_words = 1,
    .run = run,
};
