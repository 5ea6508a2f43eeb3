/*
 * memory_test.c - a load with each allocation failing in turn: an error every time, never a
 * crash, a leak, or a configuration with a hole.
 */
#include "alloc/alloc.h"
#include "unit.h"

static const char yaml[] =
    "x-p: &p {api_key: k1, timeout: 5, headers: {X-A: b, X-Token: os.environ/LITELLM_MASTER_KEY}}\n"
    "environment_variables: {A: b}\n"
    "model_list:\n"
    "  - {model_name: a, litellm_params: {<<: *p, model: openai/a, temperature: 1, b: [1, {c: d}]}}\n"
    "  - {model_name: a, litellm_params: {<<: *p, model: mine/a, extra_body: {a: b}}, model_info: "
    "{id: x}}\n"
    "  - {model_name: '*', litellm_params: {model: '*'}}\n"
    "  - {model_name: z, litellm_params: {model: petals/z}}\n"
    "  - {model_name: s, litellm_params: {model: snowflake/s, api_key: k, api_base: 'http://s'}}\n"
    "litellm_settings: {drop_params: true, cache: true, typing_eror: 1, ssl_verify: /dev/null}\n"
    "router_settings: {model_group_alias: {b: a, c: {model: groq/x, hidden: true}}}\n"
    "general_settings: {master_key: sk}\n"
    "llmux_settings: {providers: [{name: mine, base_url: 'http://m', headers: {a: b}, quirks: "
    "[{op: default, member: m, arg: {x: 1}}]}]}\n";

static void every_allocation_may_fail(void **state)
{
    struct lx_env env = {unit_get, (void *)(uintptr_t)unit_plain};
    size_t n = 1;
    (void)state;
    for (bool done = false; !done; n++) {
        struct unit_read r;
        unit_open(&r);
        alloc_arm(n, false);
        r.config = lx_config_read(lx_slice_z(yaml), "c.yaml", NULL, &env, NULL, &r.diags);
        done = alloc_count() < n;
        alloc_arm(0, false);
        if (done)
            assert_non_null(r.config);
        else if (r.config || !r.diags.errors)
            fail_msg("allocation %zu failed and nobody noticed", n);
        for (size_t i = 0; i < r.diags.n; i++)
            lx_diag_write(&r.diags.v[i], &r.text);
        unit_close(&r);
    }
    assert_true(n > 20);
}

static void a_change_may_fail(void **state)
{
    static const char changes[] =
        "model_list: [{model_name: n, litellm_params: {model: openai/n}, model_info: {id: x}}]\n"
        "delete_deployments: ['p*']\n"
        "litellm_settings: {drop_params: false}\n";
    struct lx_env env = {unit_get, (void *)(uintptr_t)unit_plain};
    struct unit_read before;
    size_t n = 1;
    (void)state;
    unit_open(&before);
    before.config = lx_config_change(NULL, lx_slice_z(yaml), &env, &before.diags);
    assert_non_null(before.config);
    for (bool done = false; !done; n++) {
        struct unit_read r;
        unit_open(&r);
        alloc_arm(n, false);
        r.config = lx_config_change(before.config, lx_slice_z(changes), &env, &r.diags);
        done = alloc_count() < n;
        alloc_arm(0, false);
        if (done)
            assert_non_null(r.config);
        else if (r.config || !r.diags.errors)
            fail_msg("allocation %zu failed and nobody noticed", n);
        unit_close(&r);
    }
    assert_true(n > 20);
    unit_close(&before);
}

static void a_name_alone_may_fail(void **state)
{
    struct lx_env env = {unit_get,
                         (void *)(uintptr_t)(const char *const[]){"GROQ_API_KEY", "k", NULL}};
    (void)state;
    for (size_t n = 1;; n++) {
        struct lx_arena a;
        struct lx_deployment d;
        lx_arena_init(&a, 1 << 16);
        alloc_arm(n, false);
        int code = lx_deployment_of_name(LX_S("groq/x"), NULL, 0, &env, &a, &d, NULL);
        bool done = alloc_count() < n;
        alloc_arm(0, false);
        if (code == 0)
            lx_secret_clear(&d.key);
        lx_arena_clear(&a);
        if (done) {
            assert_int_equal(code, 0);
            assert_true(n > 1);
            return;
        }
        assert_int_equal(code, LX_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_change_may_fail),
        cmocka_unit_test(a_name_alone_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
