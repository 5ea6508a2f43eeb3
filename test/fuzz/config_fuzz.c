/*
 * config_fuzz.c - any bytes as a configuration: it loads, or there is an error that says why. What
 * loads is changed by what comes behind a line "#change".
 */
#include "pieces.h"

#include "config/config.h"

static const char *no_variable(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "KEY") == 0 ? "value" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct lx_env env = {.get = no_variable};
    struct lx_slice text = lx_slice((const char *)data, size), changes = {0};
    ssize_t cut = lx_slice_find(text, LX_S("\n#change\n"));
    if (cut >= 0) {
        changes = lx_slice_from(text, (size_t)cut + 9);
        text = lx_slice_to(text, (size_t)cut);
    }
    struct lx_arena arena;
    struct lx_buf out;
    lx_arena_init(&arena, 1 << 26);
    lx_buf_init(&out, 1 << 26);
    struct lx_diags diags = {.arena = &arena};
    struct lx_config *config = changes.p
                                   ? lx_config_change(NULL, text, &env, &diags)
                                   : lx_config_read(text, "config.yaml", NULL, &env, NULL, &diags);
    CHECK(config ? diags.errors == 0 : diags.errors > 0);
    if (config && changes.p) {
        struct lx_config *changed = lx_config_change(config, changes, &env, &diags);
        CHECK(changed ? diags.errors == 0 : diags.errors > 0);
        lx_config_unref(config);
        config = changed;
    }
    for (size_t i = 0; i < diags.n; i++)
        lx_diag_write(&diags.v[i], &out);
    CHECK(out.failed == 0 && (diags.n == 0 || out.n > 0));
    lx_config_unref(config);
    lx_buf_clear(&out);
    lx_arena_clear(&arena);
    return 0;
}
