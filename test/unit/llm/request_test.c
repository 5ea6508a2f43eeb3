/*
 * request_test.c - the names of parameters, and their values as integers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "llm/request.h"

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(lx_param_name(LX_PARAM_TEMPERATURE), "temperature");
    assert_string_equal(lx_param_name(LX_PARAM_MAX_TOKENS), "max_tokens");
    assert_string_equal(lx_param_name(LX_PARAM_COUNT), "");
    for (enum lx_param p = 0; p < LX_PARAM_COUNT; p++)
        assert_true(lx_param_name(p)[0]);
}

static void test_int(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int code;
        int64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"4096", 0, 4096},
        {"-1", 0, -1},
        {"9223372036854775807", 0, INT64_MAX},
        {"9223372036854775808", LX_EINVAL, 0},
        {"1.5", LX_EINVAL, 0},
        {"1e3", LX_EINVAL, 0},
        {"\"12\"", LX_EINVAL, 0},
        {"null", LX_EINVAL, 0},
        {NULL, LX_EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_request r = {0};
        int64_t value = 7;
        r.params[LX_PARAM_MAX_TOKENS] = lx_slice_z(rows[i].json);
        assert_int_equal(lx_request_param_int(&r, LX_PARAM_MAX_TOKENS, &value), rows[i].code);
        assert_true(value == (rows[i].code ? 7 : rows[i].value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_int)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
