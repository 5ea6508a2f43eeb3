/*
 * error_test.c - the table of codes is complete, and detail is cut without breaking a character.
 */
#include "unit.h"

#include "base/error.h"
#include "base/text.h"

static void test_every_code(void **state)
{
    (void)state;
#define LX_ERROR(name, value, text, status, retryable)    \
    assert_int_equal(name, value);                        \
    assert_true(name < 0);                                \
    assert_string_equal(lx_code_name(name), #name);       \
    assert_string_equal(lx_code_text(name), text);        \
    assert_int_equal(lx_code_status(name), status);       \
    assert_int_equal(lx_code_retryable(name), retryable); \
    assert_in_range(lx_code_status(name), 400, 599);
#include "base/errors.def"
#undef LX_ERROR
}

static void test_other_codes(void **state)
{
    (void)state;
    static const int strange[] = {1, -1000, INT32_MAX, INT32_MIN, LX_EBUG - 1};

    assert_string_equal(lx_code_name(LX_OK), "LX_OK");
    assert_int_equal(lx_code_status(LX_OK), 200);
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        assert_string_equal(lx_code_name(strange[i]), "unknown");
        assert_non_null(lx_code_text(strange[i]));
        assert_int_equal(lx_code_status(strange[i]), 500);
        assert_false(lx_code_retryable(strange[i]));
    }
}

static void test_set(void **state)
{
    (void)state;
    struct lx_error err = {.at = 7};

    assert_int_equal(lx_error_set(&err, LX_EJSON, "%s at %d", "comma", 3), LX_EJSON);
    assert_int_equal(err.code, LX_EJSON);
    assert_int_equal(err.at, 0);
    assert_string_equal(err.text, "comma at 3");
    assert_int_equal(lx_error_set_at(&err, LX_EUTF8, 12, "byte %02x", 0xC0), LX_EUTF8);
    assert_int_equal(err.code, LX_EUTF8);
    assert_int_equal(err.at, 12);
    assert_string_equal(err.text, "byte c0");
}

static void test_null_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(lx_error_set(NULL, LX_EJSON, "%s", "x"), LX_EJSON);
    assert_int_equal(lx_error_set_at(NULL, LX_EJSON, 1, "%s", "x"), LX_EJSON);
}

static void test_wraps_its_own_text(void **state)
{
    (void)state;
    struct lx_error err;

    lx_error_set(&err, LX_EJSON, "no comma");
    lx_error_set(&err, LX_ECONFIG, "config.yaml: %s", err.text);
    assert_string_equal(err.text, "config.yaml: no comma");
}

/* However the cut falls into a three-byte character, what stays is whole. */
static void test_cut_keeps_characters_whole(void **state)
{
    (void)state;
    for (int shift = 0; shift < 3; shift++) {
        struct lx_error err;
        char text[3 * 100 + 1] = "";
        for (size_t i = 0; i < 100; i++)
            memcpy(text + 3 * i, "\xE2\x82\xAC", 4);
        lx_error_set(&err, LX_EINVAL, "%.*s%s", shift, "ab", text);
        struct lx_slice got = lx_slice_z(err.text);
        assert_in_range(got.n, sizeof(err.text) - 5, sizeof(err.text) - 1);
        assert_int_equal(lx_utf8_valid(got), got.n);
    }
}

/* Bytes that are no UTF-8 at all must not send the cut past the start. */
static void test_cut_of_garbage(void **state)
{
    (void)state;
    struct lx_error err;
    char text[400];

    memset(text, 0x80, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    lx_error_set(&err, LX_EINVAL, "%s", text);
    assert_string_equal(err.text, "");
}

/* What printf itself cannot write (here: a wide character the C locale lacks) is no text. */
static void test_unprintable(void **state)
{
    (void)state;
    struct lx_error err;

    assert_int_equal(lx_error_set(&err, LX_EINVAL, "%ls", L"\x20AC"), LX_EINVAL);
    assert_string_equal(err.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code),
        cmocka_unit_test(test_other_codes),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_null_is_allowed),
        cmocka_unit_test(test_wraps_its_own_text),
        cmocka_unit_test(test_cut_keeps_characters_whole),
        cmocka_unit_test(test_cut_of_garbage),
        cmocka_unit_test(test_unprintable),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
