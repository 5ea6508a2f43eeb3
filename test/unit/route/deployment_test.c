/*
 * deployment_test.c - what the tables in test/decide cannot say: big groups, filled stars, texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "route/choose.h"

static struct lx_arena arena;
static struct lx_route_table table;

static int setup(void **state)
{
    static const uint64_t seed[2] = {5, 6};
    (void)state;
    lx_arena_init(&arena, 1 << 22);
    lx_route_table_init(&table, &arena, seed);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lx_arena_clear(&arena);
    return 0;
}

static struct lx_deployment *add(const char *group, const char *model)
{
    struct lx_deployment *d = lx_arena_new(&arena, struct lx_deployment);
    d->group = lx_slice_z(group);
    d->model = lx_slice_z(model);
    d->provider = lx_provider_find(LX_S("openai"));
    d->id = lx_arena_printf(&arena, "id-%zu", table.by_id.count);
    assert_int_equal(lx_route_table_add(&table, d), 0);
    return d;
}

static void more_than_64_are_all_picked(void **state)
{
    (void)state;
    bool seen[100] = {false};
    for (int i = 0; i < 100; i++)
        add("g", "m");
    struct lx_route_request r = {.settings = &table.settings, .group = table.groups[0]};
    for (r.random = 0; r.random < 100; r.random++)
        seen[lx_route_choose(&r).index] = true;
    for (int i = 0; i < 100; i++)
        assert_true(seen[i]);
    r.tried = UINT64_MAX;
    for (r.random = 0; r.random < 100; r.random++) /* the first 64 tried: only the others */
        assert_in_range(lx_route_choose(&r).index, 64, 99);
}

/* What the catalog knows, unless base_model or model_info says otherwise. */
static void a_target_has_what_is_known(void **state)
{
    static const struct {
        const char *model, *base, *info;
        int64_t most;
        enum lx_tristate reasons;
    } rows[] = {
        {"gpt-4o", "", "", 16384, LX_NO},
        {"o3-mini", "", "", 100000, LX_YES},
        {"ours", "", "", 0, LX_UNSET},
        {"ours", "o3-mini", "", 100000, LX_YES},
        {"ours", "", "{\"max_output_tokens\":77,\"supports_reasoning\":false}", 77, LX_NO},
        {"o3-mini", "", "{\"max_output_tokens\":77}", 77, LX_YES},
        {"gpt-9-new", "", "", 0, LX_YES}, /* by the look of its name */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_deployment *d = add("g", rows[i].model);
        d->base_model = lx_slice_z(rows[i].base);
        d->model_info = lx_slice_z(rows[i].info);
        d->base_url = LX_S("https://api.openai.com/v1");
        lx_deployment_learn(d, NULL, &arena);
        assert_int_equal(d->target.options.default_max_tokens, rows[i].most);
        assert_int_equal(d->target.reasons, rows[i].reasons);
        assert_int_equal(d->target.takes, d->provider->takes);
        d->base_url = LX_S("https://elsewhere.test/v1"); /* it may be anyone */
        lx_deployment_learn(d, NULL, &arena);
        assert_int_equal(d->target.takes, 0);
    }
}

static void groups_keep_their_order(void **state)
{
    (void)state;
    static const char *const names[] = {"b", "a", "c", "a", "b"};
    struct lx_slice star;
    for (size_t i = 0; i < 5; i++)
        add(names[i], "m");
    assert_int_equal(table.count, 3);
    assert_true(lx_slice_eq(table.groups[0]->name, LX_S("b")));
    assert_true(lx_slice_eq(table.groups[2]->name, LX_S("c")));
    assert_int_equal(table.groups[0]->count, 2);
    const struct lx_model_group *one = lx_route_find(&table, LX_S("id-3"), &star);
    assert_int_equal(one->count, 1);
    assert_ptr_equal(one->deployments[0], table.groups[1]->deployments[1]);
}

static void a_star_is_filled(void **state)
{
    (void)state;
    static const struct {
        const char *group, *model, *name, *upstream;
    } rows[] = {
        {"openai/*", "*", "openai/gpt-4o", "gpt-4o"},
        {"mine-*", "gpt-*-x", "mine-4o", "gpt-4o-x"},
        {"any/*", "fixed", "any/thing", "fixed"},
        {"*", "org/*", "a/b", "org/a/b"},
        {"fo::*:static::*", "fo::*:static::*", "fo::hi::static::you", "fo::hi::static::you"},
        {"two-*-*", "*/*", "two-a-b-c", "a-b/c"},
        {"more-*", "*-*", "more-a", "a-*"},
        {"less-*-*", "m-*", "less-a-b", "m-a"},
        {"none*-*", "*+*", "none-", "+"},
        {"exact", "m*", "exact", "m*"}, /* nothing to fill it with */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_slice star;
        add(rows[i].group, rows[i].model);
        const struct lx_model_group *g = lx_route_find(&table, lx_slice_z(rows[i].name), &star);
        struct lx_slice got = lx_deployment_model(g->deployments[0], star, &arena);
        assert_true(lx_slice_eq(got, lx_slice_z(rows[i].upstream)));
    }
}

static void near_groups_are_named(void **state)
{
    (void)state;
    char out[64];
    add("gpt-4o", "m");
    add("gpt-4o-mini", "m");
    add("claude", "m");
    lx_route_near(&table, LX_S("gpt4o"), out, sizeof(out));
    assert_string_equal(out, "gpt-4o");
    lx_route_near(&table, LX_S("unlike-anything"), out, sizeof(out));
    assert_string_equal(out, "");
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    static const uint64_t seed[2] = {5, 6};
    struct lx_arena small;
    struct lx_route_table t;
    struct lx_deployment d = {.group = LX_S("g"), .id = LX_S("i")};
    lx_arena_init(&small, 64);
    lx_route_table_init(&t, &small, seed);
    assert_int_equal(lx_route_table_add(&t, &d), LX_ELIMIT);
    lx_arena_clear(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_than_64_are_all_picked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_target_has_what_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(groups_keep_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_star_is_filled, setup, teardown),
        cmocka_unit_test_setup_teardown(near_groups_are_named, setup, teardown),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
