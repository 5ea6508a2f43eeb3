/*
 * json_thin_test.c - JSON with its arrays of numbers emptied: what is left, and what is not
 * touched.
 */
#include "json_unit.h"

static void assert_thin(const char *from, const char *to)
{
    struct lx_buf b;
    lx_buf_init(&b, 1 << 16);
    lx_json_thin(lx_slice_z(from), &b);
    lx_buf_add_byte(&b, '\0');
    assert_string_equal(b.p, to);
    lx_buf_clear(&b);
}

static void test_numbers_go(void **state)
{
    (void)state;
    assert_thin("", "");
    assert_thin("[1,2]", "[]");
    assert_thin("{\"a\":[ -1.5e+3 ,\n2],\"b\":[3E-1],\"c\":4}", "{\"a\":[],\"b\":[],\"c\":4}");
    assert_thin("[[1,2],[3]]", "[[],[]]");
    assert_thin("{\"d\":[{\"e\":[0.25,1e-05],\"i\":0}],\"u\":{\"t\":5}}",
                "{\"d\":[{\"e\":[],\"i\":0}],\"u\":{\"t\":5}}");
}

static void test_the_rest_stays(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "[]",       "[\"a\",1]", "[1,\"]\",2]",    "[true]",
        "[1,null]", "[[\"x\"]]", "[1,{\"a\":[]}]", "no JSON at all",
        "[1,2",     "\"]\"",     "{\"a\":\"[\"}",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_thin(rows[i], rows[i]);
}

/* In a string brackets and digits are only letters; what is left is JSON all the same. */
static void test_in_strings(void **state)
{
    (void)state;
    assert_thin("{\"a\":\"x[1,2]y\",\"b\":[3]}", "{\"a\":\"x[]y\",\"b\":[]}");
    assert_thin("{\"a\":\"[1\\\"]\"}", "{\"a\":\"[1\\\"]\"}");
}

/* Brackets that only open, and one that closes at the end: seen in time that grows with the text.
 */
static void test_hostile(void **state)
{
    (void)state;
    enum { N = 4 << 20 };
    char *text = malloc(N);
    struct lx_buf b;
    assert_non_null(text);
    for (size_t i = 0; i < N; i++)
        text[i] = i % 2 ? '1' : '[';
    text[N - 1] = ']';
    lx_buf_init(&b, N + 64);
    lx_json_thin(lx_slice(text, N), &b);
    assert_int_equal(b.n, N); /* "[]" at the end was empty before */
    lx_buf_clear(&b);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_go),
        cmocka_unit_test(test_the_rest_stays),
        cmocka_unit_test(test_in_strings),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
