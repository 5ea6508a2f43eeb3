/*
 * unit.h - what the tests of the configuration share: an environment made of a table, and a
 * read that keeps its findings as text.
 */
#ifndef LX_TEST_UNIT_CONFIG_H
#define LX_TEST_UNIT_CONFIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"

/* "NAME", "value", ..., NULL */
static inline const char *unit_get(void *arg, const char *name)
{
    const char *const *pairs = arg;
    for (size_t i = 0; pairs && pairs[i]; i += 2)
        if (!strcmp(pairs[i], name))
            return pairs[i + 1];
    return NULL;
}

/* A key, so that no test but its own is told that there is none. */
static const char *const unit_plain[] = {"LITELLM_MASTER_KEY", "sk-unit", NULL};

struct unit_read {
    struct lx_config *config;
    struct lx_diags diags;
    struct lx_arena arena;
    struct lx_buf text; /* every finding, one a line */
};

static inline void unit_open(struct unit_read *r)
{
    *r = (struct unit_read){.config = NULL};
    lx_arena_init(&r->arena, 1 << 24);
    lx_buf_init(&r->text, 1 << 20);
    r->diags.arena = &r->arena;
}

static inline void unit_tell(struct unit_read *r)
{
    for (size_t i = 0; i < r->diags.n; i++)
        lx_diag_write(&r->diags.v[i], &r->text);
    lx_buf_add_byte(&r->text, '\0');
    assert_int_equal(r->text.failed, 0);
    assert_int_equal(r->config == NULL, r->diags.errors != 0);
}

static inline void unit_read(struct unit_read *r, const char *yaml, const char *const *variables)
{
    struct lx_env env = {unit_get, (void *)(uintptr_t)variables};
    unit_open(r);
    r->config = lx_config_read(lx_slice_z(yaml), "c.yaml", NULL, &env, NULL, &r->diags);
    unit_tell(r);
}

static inline void unit_load(struct unit_read *r, const char *path, const char *const *variables)
{
    struct lx_env env = {unit_get, (void *)(uintptr_t)variables};
    unit_open(r);
    r->config = lx_config_load(path, &env, NULL, &r->diags);
    unit_tell(r);
}

static inline void unit_close(struct unit_read *r)
{
    lx_config_unref(r->config);
    lx_buf_clear(&r->text);
    lx_arena_clear(&r->arena);
}

#define assert_text(got, want)                                 \
    do {                                                       \
        struct lx_slice got_ = (got);                          \
        if (!lx_slice_eq(got_, lx_slice_z(want)))              \
            fail_msg("got %.*s, wanted %s", LX_F(got_), want); \
    } while (0)

/* The first deployment of the group that serves a name; NULL when none does. */
static inline const struct lx_deployment *unit_find(const struct unit_read *r, const char *name,
                                                    struct lx_slice *star)
{
    const struct lx_model_group *g = lx_route_find(&r->config->routes, lx_slice_z(name), star);
    return g ? g->deployments[0] : NULL;
}

#endif
