/*
 * check.c - `llmux check`: reads a configuration, says what is wrong with it, and does nothing
 * else.
 */
#include <unistd.h>

#include "cmd/command.h"
#include "config/config.h"

static void print_diags(const struct lx_diags *diags)
{
    struct lx_buf out;

    lx_buf_init(&out, 64u << 20);
    for (size_t i = 0; i < diags->n; i++)
        lx_diag_write(&diags->v[i], &out);
    lx_cmd_print(lx_buf_slice(&out));
    lx_buf_clear(&out);
}

static void print_json(const struct lx_diags *diags, bool ok)
{
    static const char *const kinds[] = {"error", "unknown", "not_built", "warning", "note"};
    struct lx_buf out;
    struct lx_out o;

    lx_buf_init(&out, 64u << 20);
    o = lx_out(&out);
    lx_out_object(&o, NULL);
    lx_out_bool(&o, "ok", ok);
    lx_out_int(&o, "errors", (int64_t)diags->errors);
    lx_out_int(&o, "unknown", (int64_t)diags->unknown);
    lx_out_int(&o, "not_built", (int64_t)diags->not_built);
    lx_out_array(&o, "findings");
    for (size_t i = 0; i < diags->n; i++) {
        const struct lx_diag *d = &diags->v[i];

        lx_out_object(&o, NULL);
        lx_out_str(&o, "kind", lx_slice_z(kinds[d->kind]));
        lx_out_str(&o, "file", d->file);
        lx_out_int(&o, "line", d->line);
        lx_out_int(&o, "column", d->column);
        lx_out_str(&o, "path", d->path);
        lx_out_str(&o, "text", d->text);
        lx_out_int(&o, "times", d->times);
        lx_out_object_end(&o);
    }
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    lx_buf_add_byte(&out, '\n');
    lx_cmd_print(lx_buf_slice(&out));
    lx_buf_clear(&out);
}

/* Only what there is: a script may look for the word "unknown". */
static void print_summary(const struct lx_diags *diags, bool ok)
{
    fputs(ok ? "usable" : "not usable", stderr);
    if (diags->errors)
        fprintf(stderr, ", %zu errors", diags->errors);
    if (diags->unknown)
        fprintf(stderr, ", %zu unknown keys", diags->unknown);
    if (diags->not_built)
        fprintf(stderr, ", %zu keys known but not built yet", diags->not_built);
    fputc('\n', stderr);
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    bool ok = true;

    lx_arena_init(&arena, 256u << 20);
    for (int i = 0; i < word_count; i++) {
        struct lx_config *config = lx_config_load(words[i], &lx_process_env, NULL, &diags);

        ok = ok && config;
        lx_config_unref(config);
    }
    if (values[0])
        print_json(&diags, ok);
    else
        print_diags(&diags);
    if (!values[0])
        print_summary(&diags, ok);
    lx_arena_clear(&arena);
    return ok ? LX_EXIT_OK : LX_EXIT_FAILED;
}

static const struct lx_option options[] = {
    {"json", 0, NULL, "the findings as one JSON object"},
    {0},
};

const struct lx_command lx_command_check = {
    .name = "check",
    .synopsis = "[--json] CONFIG.yaml...",
    .summary = "Checks a configuration and does nothing else",
    .details =
        "Findings go to stdout, a line each: FILE:LINE:COLUMN: what and where. A key that is\n"
        "unknown, or known but not built yet, is a finding but no error.",
    .options = options,
    .min_words = 1,
    .max_words = -1,
    .run = run,
};
