/*
 * change_test.c - configurations that are changed: what is left, what is told, and that the one
 * before needs not be there any more.
 */
#include "unit.h"

static const char base[] =
    "environment_variables: {NAME: one}\n"
    "model_list:\n"
    "  - {model_name: m, litellm_params: {model: openai/a, rpm: 1}, model_info: {id: a}}\n"
    "  - {model_name: m, litellm_params: {model: openai/b}, model_info: {id: b}}\n"
    "  - {model_name: os.environ/NAME, litellm_params: {model: openai/c}}\n"
    "router_settings: {num_retries: 7, allowed_fails: 2, fallbacks: [{m: [one]}]}\n";

struct run {
    struct unit_read before, after;
};

static void change(struct run *t, const char *from, const char *changes)
{
    const char *const none[] = {"LITELLM_MASTER_KEY", "sk-unit", NULL};
    struct lx_env env = {unit_get, (void *)(uintptr_t)none};
    unit_open(&t->before);
    if (from)
        t->before.config = lx_config_change(NULL, lx_slice_z(from), &env, &t->before.diags);
    unit_open(&t->after);
    t->after.config =
        lx_config_change(t->before.config, lx_slice_z(changes), &env, &t->after.diags);
    unit_tell(&t->after);
    unit_close(&t->before); /* nothing of it is needed */
}

/* "m=a,b one=c": groups with their deployments, by their models. */
static void assert_serves(const struct run *t, const char *want)
{
    struct lx_buf got;
    lx_buf_init(&got, 1 << 16);
    assert_non_null(t->after.config);
    const struct lx_route_table *table = &t->after.config->routes;
    for (size_t i = 0; i < table->count; i++)
        for (size_t k = 0; k < table->groups[i]->count; k++) {
            lx_buf_addf(&got, "%s", k ? "," : i ? " " : "");
            if (!k)
                lx_buf_addf(&got, "%.*s=", LX_F(table->groups[i]->name));
            lx_buf_add(&got, table->groups[i]->deployments[k]->model);
        }
    assert_text(lx_buf_slice(&got), want);
    lx_buf_clear(&got);
}

static void deployments_come_change_and_go(void **state)
{
    static const char *const rows[][2] = {
        {"{}", "m=a,b one=c"},
        {"model_list: [{model_name: n, litellm_params: {model: openai/d}}]", "m=a,b one=c n=d"},
        {"model_list: [{model_name: m, litellm_params: {model: openai/d}, model_info: {id: a}}]",
         "m=d,b one=c"},
        {"delete_deployments: [b]", "m=a one=c"},
        /* An entry without an id has the hash of what it is: this one is there already. */
        {"model_list: [{model_name: os.environ/NAME, litellm_params: {model: openai/c}}]",
         "m=a,b one=c"},
        {"delete_deployments: [a, b]\nmodel_list: [{model_name: m, litellm_params: {model: "
         "openai/d}, model_info: {id: a}}]",
         "one=c m=d"},
        {"delete_deployments: ['*']\nmodel_list: [{model_name: n, litellm_params: {model: "
         "openai/d}}]",
         "n=d"},
        {"delete_deployments: ['none-*']", "m=a,b one=c"},
        {"delete_deployments: null\nmodel_list: null", "m=a,b one=c"},
        {"environment_variables: {NAME: two}\nrouter_settings: {fallbacks: null}", "m=a,b two=c"},
        {"{\"model_list\": [{\"model_name\": \"n\", \"litellm_params\": {\"model\": "
         "\"openai/d\"}}]}",
         "m=a,b one=c n=d"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run t;
        change(&t, base, rows[i][0]);
        assert_serves(&t, rows[i][1]);
        unit_close(&t.after);
    }
}

static void settings_change_member_by_member(void **state)
{
    struct run t;
    (void)state;
    change(&t, base, "router_settings: {num_retries: null, cooldown_time: 9, fallbacks: []}");
    const struct lx_route_settings *s = &t.after.config->routes.settings;
    assert_int_equal(s->num_retries, 2); /* by default again */
    assert_int_equal(s->policy.cooldown_ms, 9000);
    assert_int_equal(s->policy.allowed_fails, 2);
    assert_int_equal(s->policy.fallbacks[LX_FALLBACK_GENERAL].n, 0);
    unit_close(&t.after);
    change(&t, base, "router_settings: null\nlitellm_settings: {drop_params: true}");
    s = &t.after.config->routes.settings;
    assert_int_equal(s->num_retries, 2);
    assert_true(s->drop_params);
    unit_close(&t.after);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    static const char *const rows[][2] = {
        {"delete_deployments: [a,\n  nobody]",
         "changes:2:3: error: delete_deployments: there is no "
         "deployment with the id nobody"},
        {"delete_deployments: a", "changes:1:21: error: delete_deployments: expected a list"},
        {"delete_deployments: [[a]]", "expected a deployment's id"},
        {"model_list: {a: b}", "changes:1:13: error: model_list: expected a list"},
        {"model_list: [{model_name: x}]", "changes:1:14: error: "},
        {"router_settings: {num_retries: many}",
         "changes:1:32: error: router_settings.num_retries"},
        {"include: [other.yaml]", "files cannot be included here"},
        {"- a", "found a list"},
        {"", "found nothing"},
        {"a: [", "not YAML"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run t;
        change(&t, base, rows[i][0]);
        assert_null(t.after.config);
        if (!strstr(t.after.text.p, rows[i][1]))
            fail_msg("%s: got %s", rows[i][0], t.after.text.p);
        unit_close(&t.after);
    }
}

static void there_may_be_nothing_before(void **state)
{
    struct run t;
    (void)state;
    change(&t, NULL, "model_list: [{model_name: n, litellm_params: {model: openai/d}}]");
    assert_serves(&t, "n=d");
    unit_close(&t.after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deployments_come_change_and_go),
        cmocka_unit_test(settings_change_member_by_member),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(there_may_be_nothing_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
