/*
 * cost_test.c - the catalog and costs through the library's public functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "llmux/llmux.h"

static int set_up(void **state)
{
    *state = llmux_client_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    llmux_client_free(*state);
    return 0;
}

static void test_info(void **state)
{
    llmux_client *c = *state;
    llmux_error *err = NULL;
    const char *info = llmux_client_model_info(c, "openai/gpt-4o-mini", &err);

    assert_non_null(info);
    assert_non_null(strstr(info, "\"key\":\"gpt-4o-mini\""));
    assert_non_null(strstr(info, "\"max_input_tokens\":128000"));
    assert_null(llmux_client_model_info(c, "nobody/knows", &err));
    assert_int_equal(llmux_error_status(err), 404);
    assert_non_null(strstr(llmux_error_message(err), "nobody/knows"));
    llmux_error_free(err);
    assert_int_equal(llmux_client_supports(c, "gpt-4o", "vision"), 1);
    assert_int_equal(llmux_client_supports(c, "gpt-4o", "reasoning"), 0);
    assert_int_equal(llmux_client_supports(c, "nobody/knows", "vision"), 0);
}

static void test_register(void **state)
{
    llmux_client *c = *state;
    llmux_error *err = NULL;

    assert_int_equal(llmux_client_register_models(c,
                                                  "{\"acme/x\": {\"supports_vision\": true,"
                                                  "\"input_cost_per_token\": 1e-06,"
                                                  "\"output_cost_per_token\": 2e-06}}",
                                                  &err),
                     0);
    assert_int_equal(llmux_client_supports(c, "acme/x", "vision"), 1);
    assert_string_equal(llmux_client_cost_per_token(c, "acme/x", 1000, 100, &err), "0.0012");
    assert_true(llmux_client_register_models(c, "{\"y\": {\"input_cost_per_token\": 3}}", &err) <
                0);
    assert_non_null(strstr(llmux_error_message(err), "million"));
    llmux_error_free(err);
}

static void test_cost(void **state)
{
    static const char reply[] =
        "{\"model\":\"gpt-4o-mini-2024-07-18\",\"usage\":{\"prompt_tokens\":1000,"
        "\"completion_tokens\":500,\"prompt_tokens_details\":{\"cached_tokens\":200}}}";
    llmux_client *c = *state;
    llmux_error *err = NULL;
    const char *cost;

    /* 800 x 1.5e-7 + 200 x 7.5e-8 + 500 x 6e-7 */
    cost = llmux_client_completion_cost(c, NULL, reply, sizeof(reply) - 1, &err);
    assert_non_null(cost);
    assert_string_equal(cost, "0.000435");
    cost = llmux_client_completion_cost(c, "openai/gpt-4o", reply, sizeof(reply) - 1, &err);
    assert_string_equal(cost, "0.00725");
    assert_null(llmux_client_completion_cost(c, "nobody/knows", reply, sizeof(reply) - 1, &err));
    llmux_error_free(err);
    assert_null(llmux_client_completion_cost(c, NULL, "{", 1, &err));
    llmux_error_free(err);
    assert_null(llmux_client_cost_per_token(c, "nobody/knows", 1, 1, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_info, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_register, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
