/*
 * json_test.c - reading: what is indexed where, what each accessor answers, what each fault says.
 */
#include "json_unit.h"

#include <stdio.h>

#include "base/error.h"

/* realloc() fails while this counts down to zero. */
static int reallocs_left = -1;
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n)
{
    if (reallocs_left == 0)
        return NULL;
    if (reallocs_left > 0)
        reallocs_left--;
    return __real_realloc(p, n);
}

static void test_types_and_spans(void **state)
{
    (void)state;
    struct json_unit u;
    struct lx_slice text = LX_S(" { \"a\" : [ 1 , -2.5e+3,true,false,null ] , "
                                "\"b\":{\"c\":\"\"},\"d\":[],\"e\":{} } \r\n\t");
    struct lx_json v = unit_read(&u, text, NULL, NULL);
    assert_int_equal(lx_json_type(v), LX_JSON_OBJECT);
    assert_text(lx_json_raw(v), lx_slice(text.p + 1, text.n - 5));
    assert_int_equal(lx_json_count(v), 4);

    struct lx_json a = LX_GET(v, "a");
    assert_int_equal(lx_json_type(a), LX_JSON_ARRAY);
    assert_int_equal(lx_json_count(a), 5);
    assert_text(lx_json_raw(a), LX_S("[ 1 , -2.5e+3,true,false,null ]"));
    static const struct {
        enum lx_json_type type;
        struct lx_slice raw;
    } rows[] = {{LX_JSON_NUMBER, LX_S_INIT("1")},  {LX_JSON_NUMBER, LX_S_INIT("-2.5e+3")},
                {LX_JSON_TRUE, LX_S_INIT("true")}, {LX_JSON_FALSE, LX_S_INIT("false")},
                {LX_JSON_NULL, LX_S_INIT("null")}, {LX_JSON_NONE, {NULL, 0}}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct lx_json e = lx_json_at(a, i);
        assert_int_equal(lx_json_type(e), rows[i].type);
        assert_true(lx_json_is(e, rows[i].type));
        assert_int_equal(lx_json_given(e), rows[i].type > LX_JSON_NULL);
        assert_text(lx_json_raw(e), rows[i].raw);
    }
    assert_int_equal(lx_json_type(LX_GET(LX_GET(v, "b"), "c")), LX_JSON_STRING);
    assert_int_equal(lx_json_type(LX_GET(v, "c")), LX_JSON_NONE); /* a grandchild is no member */
    assert_int_equal(lx_json_count(LX_GET(v, "d")), 0);
    assert_int_equal(lx_json_type(LX_GET(v, "e")), LX_JSON_OBJECT);
    unit_clear(&u);
}

/* `next` is what lets a reader step over a value of any size. */
static void test_next(void **state)
{
    (void)state;
    struct json_unit u;
    unit_read(&u, LX_S("{\"a\":[1,[2,3],{\"x\":4}],\"b\":5}"), NULL, NULL);
    static const uint32_t next[] = {12, 2, 10, 4, 7, 6, 7, 10, 9, 10, 11, 12};
    assert_int_equal(u.doc.count, sizeof(next) / sizeof(*next));
    for (uint32_t i = 0; i < u.doc.count; i++)
        assert_int_equal(u.doc.nodes[i].next, next[i]);
    unit_clear(&u);
}

static void test_root_may_be_anything(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice text;
        enum lx_json_type type;
    } rows[] = {{LX_S_INIT("null"), LX_JSON_NULL},    {LX_S_INIT(" true "), LX_JSON_TRUE},
                {LX_S_INIT("false"), LX_JSON_FALSE},  {LX_S_INIT("0"), LX_JSON_NUMBER},
                {LX_S_INIT("-0.0"), LX_JSON_NUMBER},  {LX_S_INIT("1E5"), LX_JSON_NUMBER},
                {LX_S_INIT("\"s\""), LX_JSON_STRING}, {LX_S_INIT("\"\""), LX_JSON_STRING},
                {LX_S_INIT("[]"), LX_JSON_ARRAY},     {LX_S_INIT("\n{ }\n"), LX_JSON_OBJECT}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json_unit u;
        assert_int_equal(lx_json_type(unit_read(&u, rows[i].text, NULL, NULL)), rows[i].type);
        unit_clear(&u);
    }
}

static void test_none_everywhere(void **state)
{
    (void)state;
    struct lx_json none = {0};
    struct lx_arena a;
    lx_arena_init(&a, 1000);
    int64_t n = 7;
    assert_int_equal(lx_json_type(none), LX_JSON_NONE);
    assert_false(lx_json_given(none));
    assert_null(lx_json_raw(none).p);
    assert_int_equal(lx_json_type(LX_GET(none, "x")), LX_JSON_NONE);
    assert_int_equal(lx_json_type(lx_json_at(none, 0)), LX_JSON_NONE);
    assert_int_equal(lx_json_count(none), 0);
    assert_null(lx_json_text(none).s.p);
    assert_null(lx_json_str(none, &a).p);
    assert_false(lx_json_eq(none, LX_S("")));
    assert_int_equal(lx_json_int(none, &n), LX_EINVAL);
    assert_int_equal(n, 7);
    assert_true(lx_json_bool(none, true));
    struct lx_json_iter it = lx_json_iter(none);
    assert_false(lx_json_next(&it));

    struct json_unit u; /* and accessors of another type */
    struct lx_json v = unit_read(&u, LX_S("[\"x\",{\"x\":1}]"), NULL, NULL);
    assert_int_equal(lx_json_type(LX_GET(v, "x")), LX_JSON_NONE);
    assert_int_equal(lx_json_type(lx_json_at(lx_json_at(v, 1), 0)), LX_JSON_NONE);
    assert_int_equal(lx_json_count(lx_json_at(v, 0)), 0);
    assert_null(lx_json_str(lx_json_at(v, 1), &a).p);
    it = lx_json_iter(lx_json_at(v, 0));
    assert_false(lx_json_next(&it));
    unit_clear(&u);
    lx_arena_clear(&a);
}

static void test_duplicates_last_wins(void **state)
{
    (void)state;
    struct json_unit u;
    int64_t n = 0;
    struct lx_json v =
        unit_read(&u, LX_S("{\"a\":1,\"b\":{\"a\":9},\"a\":2,\"\\u0061\":3,\"ab\":4}"), NULL, NULL);
    assert_int_equal(lx_json_int(LX_GET(v, "a"), &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(lx_json_count(v), 5);
    unit_clear(&u);
}

static void test_escaped_names(void **state)
{
    (void)state;
    struct json_unit u;
    struct lx_json v = unit_read(&u,
                                 LX_S("{\"m\\u006Fdel\":1,\"\\\"q\\\\\":2,\"\\uD83D\\ude00\":3,"
                                      "\"\\ud800\":4,\"\\u0000z\":5,\"\":6}"),
                                 NULL, NULL);
    static const struct {
        struct lx_slice name;
        int64_t value;
    } rows[] = {
        {LX_S_INIT("model"), 1},        {LX_S_INIT("\"q\\"), 2}, {LX_S_INIT("\xf0\x9f\x98\x80"), 3},
        {LX_S_INIT("\xef\xbf\xbd"), 4}, {LX_S_INIT("\0z"), 5},   {LX_S_INIT(""), 6}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t n = 0;
        assert_int_equal(lx_json_int(lx_json_get(v, rows[i].name), &n), 0);
        assert_int_equal(n, rows[i].value);
        assert_int_equal(lx_json_has(v.doc, &rows[i].name, 1), 1);
    }
    const struct lx_slice names[] = {LX_S("\"q\\"), LX_S("modes"), LX_S("model")};
    struct lx_json several[3];
    lx_json_get_several(v, names, 3, several);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(several[i].i, lx_json_get(v, names[i]).i);
    lx_json_get_several(several[0], names, 3, several); /* a number has none */
    assert_int_equal(lx_json_type(several[2]), LX_JSON_NONE);
    const struct lx_slice words[] = {LX_S("mode"), LX_S("model"), LX_S("m\\u006Fdel"), LX_S("")};
    assert_int_equal(lx_json_has(v.doc, words, 4), 1 << 1 | 1 << 3);
    assert_int_equal(lx_json_has(v.doc, words, 0), 0);
    /* Prefixes and longer names are others. */
    assert_int_equal(lx_json_type(LX_GET(v, "mode")), LX_JSON_NONE);
    assert_int_equal(lx_json_type(LX_GET(v, "models")), LX_JSON_NONE);
    assert_int_equal(lx_json_type(LX_GET(v, "m\\u006Fdel")), LX_JSON_NONE);
    unit_clear(&u);
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice text, plain;
    } rows[] = {
        {LX_S_INIT("\"plain\""), LX_S_INIT("plain")},
        {LX_S_INIT("\"\""), LX_S_INIT("")},
        {LX_S_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), LX_S_INIT("\"\\/\b\f\n\r\t")},
        {LX_S_INIT("\"a\\u0041\\u00e9\\u20AC\\uffff\""),
         LX_S_INIT("aA\xc3\xa9\xe2\x82\xac\xef\xbf\xbf")},
        {LX_S_INIT("\"x\\u0000y\""), LX_S_INIT("x\0y")},
        {LX_S_INIT("\"\\ud83d\\ude00!\""), LX_S_INIT("\xf0\x9f\x98\x80!")},
        {LX_S_INIT("\"\\udbff\\udfff\""), LX_S_INIT("\xf4\x8f\xbf\xbf")},
        {LX_S_INIT("\"\\ud83d\""), LX_S_INIT("\xef\xbf\xbd")},
        {LX_S_INIT("\"\\ude00x\""), LX_S_INIT("\xef\xbf\xbdx")},
        {LX_S_INIT("\"\\ud83dx\\ude00\""), LX_S_INIT("\xef\xbf\xbdx\xef\xbf\xbd")},
        {LX_S_INIT("\"\\ud83d\\n\""), LX_S_INIT("\xef\xbf\xbd\n")},
        {LX_S_INIT("\"\\ud83d\\ud83d\\ude00\""), LX_S_INIT("\xef\xbf\xbd\xf0\x9f\x98\x80")},
        {LX_S_INIT("\"\\ude00\\ud83d\""), LX_S_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
        {LX_S_INIT("\"\\ud83d\\u0041\""), LX_S_INIT("\xef\xbf\xbd"
                                                    "A")},
        {LX_S_INIT("\"\xe6\xb1\x89\\\\\xd1\x8f\""), LX_S_INIT("\xe6\xb1\x89\\\xd1\x8f")},
        {LX_S_INIT("\"\x7f\""), LX_S_INIT("\x7f")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json_unit u;
        struct lx_json v = unit_read(&u, rows[i].text, NULL, NULL);
        struct lx_text t = lx_json_text(v);
        assert_text(t.s, lx_slice(rows[i].text.p + 1, rows[i].text.n - 2));
        assert_int_equal(t.escaped, memchr(t.s.p, '\\', t.s.n) != NULL);
        assert_text(lx_text_plain(t, &u.arena), rows[i].plain);
        struct lx_slice s = lx_json_str(v, &u.arena);
        assert_text(s, rows[i].plain);
        if (!t.escaped)
            assert_ptr_equal(s.p, t.s.p); /* borrowed */
        assert_true(lx_json_eq(v, rows[i].plain));
        assert_false(lx_json_eq(v, LX_S("plain!")));
        assert_false(lx_json_eq(v, lx_slice(rows[i].plain.p, rows[i].plain.n + 1)));
        if (rows[i].plain.n)
            assert_false(lx_json_eq(v, lx_slice_to(rows[i].plain, rows[i].plain.n - 1)));
        unit_clear(&u);
    }
}

/* Text that claims to be escaped but never was through the reader stays within its bounds. */
static void test_plain_of_odd_escapes(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice text, plain;
    } rows[] = {{LX_S_INIT("a\\"), LX_S_INIT("a\\")},
                {LX_S_INIT("\\u"), LX_S_INIT("u")},
                {LX_S_INIT("\\u12"), LX_S_INIT("u12")},
                {LX_S_INIT("\\u\\u\\u"), LX_S_INIT("uuu")},
                {LX_S_INIT("\\q\\"), LX_S_INIT("q\\")},
                {LX_S_INIT("\\ud83d\\u12"), LX_S_INIT("\xef\xbf\xbdu12")}};
    struct lx_arena a;
    lx_arena_init(&a, 1000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_text(lx_text_plain((struct lx_text){rows[i].text, true}, &a), rows[i].plain);
    assert_true(lx_text_is_empty(lx_text(LX_S(""))));
    assert_null(lx_text_plain((struct lx_text){lx_slice(NULL, 0), true}, &a).p);
    lx_arena_clear(&a);
    lx_arena_init(&a, 8); /* too small */
    assert_null(lx_text_plain((struct lx_text){LX_S("\\n0123456789abcdef"), true}, &a).p);
    assert_int_equal(a.failed, LX_ELIMIT);
    lx_arena_clear(&a);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice text;
        int code;
        int64_t value;
    } rows[] = {{LX_S_INIT("0"), 0, 0},
                {LX_S_INIT("-0"), 0, 0},
                {LX_S_INIT("4096"), 0, 4096},
                {LX_S_INIT("9223372036854775807"), 0, INT64_MAX},
                {LX_S_INIT("-9223372036854775808"), 0, INT64_MIN},
                {LX_S_INIT("9223372036854775808"), LX_EINVAL, 1},
                {LX_S_INIT("1.0"), LX_EINVAL, 1},
                {LX_S_INIT("1e3"), LX_EINVAL, 1},
                {LX_S_INIT("\"1\""), LX_EINVAL, 1},
                {LX_S_INIT("true"), LX_EINVAL, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json_unit u;
        int64_t n = 1;
        struct lx_json v = unit_read(&u, rows[i].text, NULL, NULL);
        assert_int_equal(lx_json_int(v, &n), rows[i].code);
        assert_int_equal(n, rows[i].value);
        unit_clear(&u);
    }
}

static void test_bool(void **state)
{
    (void)state;
    struct json_unit u;
    struct lx_json v = unit_read(&u, LX_S("[true,false,null,1,\"true\"]"), NULL, NULL);
    assert_true(lx_json_bool(lx_json_at(v, 0), false));
    assert_false(lx_json_bool(lx_json_at(v, 1), true));
    for (size_t i = 2; i < 5; i++) {
        assert_true(lx_json_bool(lx_json_at(v, i), true));
        assert_false(lx_json_bool(lx_json_at(v, i), false));
    }
    unit_clear(&u);
}

static void test_iter(void **state)
{
    (void)state;
    struct json_unit u;
    struct lx_json v =
        unit_read(&u, LX_S("{\"a\":[1,[2],{\"q\":0},\"s\"],\"b\":{},\"a\":3}"), NULL, NULL);
    static const struct lx_slice names[] = {LX_S_INIT("a"), LX_S_INIT("b"), LX_S_INIT("a")};
    static const struct lx_slice values[] = {LX_S_INIT("[1,[2],{\"q\":0},\"s\"]"), LX_S_INIT("{}"),
                                             LX_S_INIT("3")};
    static const struct lx_slice elements[] = {LX_S_INIT("1"), LX_S_INIT("[2]"),
                                               LX_S_INIT("{\"q\":0}"), LX_S_INIT("\"s\"")};
    size_t i = 0;
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it); i++) {
        assert_true(lx_json_eq(it.name, names[i]));
        assert_text(lx_json_raw(it.value), values[i]);
    }
    assert_int_equal(i, 3);
    i = 0;
    struct lx_json array = lx_json_at(v, 0);
    assert_int_equal(lx_json_type(array), LX_JSON_NONE); /* an object has no elements */
    array = (struct lx_json){&u.doc, 2};
    for (struct lx_json_iter it = lx_json_iter(array); lx_json_next(&it); i++) {
        assert_int_equal(lx_json_type(it.name), LX_JSON_NONE);
        assert_text(lx_json_raw(it.value), elements[i]);
    }
    assert_int_equal(i, 4);
    unit_clear(&u);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice text;
        int code;
        size_t at;
        const char *message;
    } rows[] = {
        {LX_S_INIT(""), LX_EJSON, 0, "expected a value, found the end of the text"},
        {LX_S_INIT(" \n"), LX_EJSON, 2, "expected a value, found the end of the text"},
        {LX_S_INIT("\xef\xbb\xbf{}"), LX_EJSON, 0, "expected a value, found the byte 0xef"},
        {LX_S_INIT("nul"), LX_EJSON, 0, "expected a value, found 'n'"},
        {LX_S_INIT("truE"), LX_EJSON, 0, "expected a value, found 't'"},
        {LX_S_INIT("[falsy]"), LX_EJSON, 1, "expected a value, found 'f'"},
        {LX_S_INIT("{}}"), LX_EJSON, 2, "expected the end of the text, found '}'"},
        {LX_S_INIT("1 2"), LX_EJSON, 2, "expected the end of the text, found '2'"},
        {LX_S_INIT("{} \0"), LX_EJSON, 3, "expected the end of the text, found the byte 0x00"},
        {LX_S_INIT("{\"a\":1 x}"), LX_EJSON, 7, "expected ',' or '}' after a member, found 'x'"},
        {LX_S_INIT("{\"a\":1]"), LX_EJSON, 6, "expected ',' or '}' after a member, found ']'"},
        {LX_S_INIT("[1}"), LX_EJSON, 2, "expected ',' or ']' after an element, found '}'"},
        {LX_S_INIT("[1"), LX_EJSON, 2,
         "expected ',' or ']' after an element, found the end of the text"},
        {LX_S_INIT("[1,]"), LX_EJSON, 3, "expected a value, found ']'"},
        {LX_S_INIT("[,1]"), LX_EJSON, 1, "expected a value, found ','"},
        {LX_S_INIT("["), LX_EJSON, 1, "expected a value, found the end of the text"},
        {LX_S_INIT("{"), LX_EJSON, 1, "expected a member's name or '}', found the end of the text"},
        {LX_S_INIT("{1:2}"), LX_EJSON, 1, "expected a member's name or '}', found '1'"},
        {LX_S_INIT("{\"a\":1,}"), LX_EJSON, 7, "expected a member's name after ',', found '}'"},
        {LX_S_INIT("{\"a\":{},'b':1}"), LX_EJSON, 8,
         "expected a member's name after ',', found '''"},
        {LX_S_INIT("{\"a\" 1}"), LX_EJSON, 5, "expected ':' after a member's name, found '1'"},
        {LX_S_INIT("{\"a\":}"), LX_EJSON, 5, "expected a value, found '}'"},
        {LX_S_INIT("-"), LX_EJSON, 1, "expected a digit after '-', found the end of the text"},
        {LX_S_INIT("[-x]"), LX_EJSON, 2, "expected a digit after '-', found 'x'"},
        {LX_S_INIT("01"), LX_EJSON, 1, "expected the end of the text, found '1'"},
        {LX_S_INIT("1."), LX_EJSON, 2,
         "expected a digit after the decimal point, found the end of the text"},
        {LX_S_INIT("[1.e1]"), LX_EJSON, 3, "expected a digit after the decimal point, found 'e'"},
        {LX_S_INIT("[1e]"), LX_EJSON, 3, "expected a digit in the exponent, found ']'"},
        {LX_S_INIT("[1e+]"), LX_EJSON, 4, "expected a digit in the exponent, found ']'"},
        {LX_S_INIT("+1"), LX_EJSON, 0, "expected a value, found '+'"},
        {LX_S_INIT("NaN"), LX_EJSON, 0, "expected a value, found 'N'"},
        {LX_S_INIT("\"abc"), LX_EJSON, 4,
         "expected '\"' at the end of a string, found the end of the text"},
        {LX_S_INIT("\"a\nb\""), LX_EJSON, 2,
         "expected an escape for a control character in a string, found the byte 0x0a"},
        {LX_S_INIT("\"\\x\""), LX_EJSON, 2,
         "expected one of \"\\/bfnrtu after a backslash, found 'x'"},
        {LX_S_INIT("\"\\"), LX_EJSON, 2,
         "expected one of \"\\/bfnrtu after a backslash, found the end of the text"},
        {LX_S_INIT("\"\\\0\""), LX_EJSON, 2,
         "expected one of \"\\/bfnrtu after a backslash, found the byte 0x00"},
        {LX_S_INIT("\"\\u12g4\""), LX_EJSON, 5, "expected four hex digits after '\\u', found 'g'"},
        {LX_S_INIT("\"\\u12"), LX_EJSON, 5,
         "expected four hex digits after '\\u', found the end of the text"},
        {LX_S_INIT("{\"a\":\"\xff\"}"), LX_EUTF8, 6,
         "expected UTF-8 in a string, found the byte 0xff"},
        {LX_S_INIT("[\"ok\xc3\"]"), LX_EUTF8, 4, "expected UTF-8 in a string, found the byte 0xc3"},
        {LX_S_INIT("[\"\xed\xa0\x80\"]"), LX_EUTF8, 2,
         "expected UTF-8 in a string, found the byte 0xed"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json_unit u;
        int code = 0;
        struct lx_json v = unit_read(&u, rows[i].text, NULL, &code);
        if (code != rows[i].code || u.err.at != rows[i].at ||
            strcmp(u.err.text, rows[i].message) != 0)
            fail_msg("row %zu: %d at %zu: %s", i, code, u.err.at, u.err.text);
        assert_int_equal(u.err.code, code);
        assert_int_equal(lx_json_type(v), LX_JSON_NONE);
        unit_clear(&u);
    }
}

/* The same faults far into a long string, where the vectors are at work. */
static void test_faults_in_long_strings(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice bad;
        size_t at;
        int code;
    } rows[] = {{LX_S_INIT("\n"), 0, LX_EJSON},      {LX_S_INIT("\\x"), 1, LX_EJSON},
                {LX_S_INIT("\\\\\\q"), 3, LX_EJSON}, {LX_S_INIT("\\u00z0"), 4, LX_EJSON},
                {LX_S_INIT("\x80"), 0, LX_EUTF8},    {LX_S_INIT("\xe2\x82"), 0, LX_EUTF8},
                {LX_S_INIT("\\\n"), 1, LX_EJSON}};
    for (size_t lead = 0; lead < 150; lead++)
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
            char text[512] = "\"";
            memset(text + 1, 'a', 400);
            memcpy(text + 1 + lead, rows[i].bad.p, rows[i].bad.n);
            text[401] = '"';
            struct json_unit u;
            int code = 0;
            unit_read(&u, lx_slice(text, 402), NULL, &code);
            assert_int_equal(code, rows[i].code);
            assert_int_equal(u.err.at, 1 + lead + rows[i].at);
            unit_clear(&u);
        }
}

static void test_limits(void **state)
{
    (void)state;
    struct json_unit u;
    int code;
    unit_read(&u, LX_S("[1,2]"), &(struct lx_json_limits){.max_bytes = 5}, NULL);
    unit_clear(&u);
    unit_read(&u, LX_S("[1,23]"), &(struct lx_json_limits){.max_bytes = 5}, &code);
    assert_int_equal(code, LX_ELIMIT);
    assert_string_equal(u.err.text, "longer than the limit of 5 bytes");
    unit_clear(&u);

    unit_read(&u, LX_S("[[{\"a\":1}],[[]]]"), &(struct lx_json_limits){.max_depth = 3}, NULL);
    unit_clear(&u);
    unit_read(&u, LX_S("[[],[[[]]]]"), &(struct lx_json_limits){.max_depth = 3}, &code);
    assert_int_equal(code, LX_EDEPTH);
    assert_int_equal(u.err.at, 6);
    assert_string_equal(u.err.text, "nested deeper than the limit of 3");
    unit_clear(&u);

    unit_read(&u, LX_S("{\"a\":[1]}"), &(struct lx_json_limits){.max_nodes = 4}, NULL);
    unit_clear(&u);
    unit_read(&u, LX_S("{\"a\":[1,2]}"), &(struct lx_json_limits){.max_nodes = 4}, &code);
    assert_int_equal(code, LX_ELIMIT);
    assert_int_equal(u.err.at, 8);
    assert_string_equal(u.err.text, "more values and names than the limit of 4");
    unit_clear(&u);
}

static void test_default_depth(void **state)
{
    (void)state;
    for (size_t depth = 127; depth <= 129; depth++) {
        char text[300];
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        struct json_unit u;
        int code;
        unit_read(&u, lx_slice(text, 2 * depth), NULL, &code);
        assert_int_equal(code, depth <= 128 ? 0 : LX_EDEPTH);
        unit_clear(&u);
    }
}

/* The array of nodes is kept; a smaller limit holds all the same; a failed read leaves nothing. */
static void test_read_again(void **state)
{
    (void)state;
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    assert_int_equal(lx_json_read(&doc, LX_S("[1,2,3,4,5,6,7,8]"), NULL, NULL), 0);
    struct lx_json_node *nodes = doc.nodes;
    assert_int_equal(lx_json_read(&doc, LX_S("{\"a\":1}"), NULL, NULL), 0);
    assert_ptr_equal(doc.nodes, nodes);
    assert_int_equal(lx_json_count(lx_json_root(&doc)), 1);
    assert_int_equal(lx_json_read(&doc, LX_S("{\"a\":}"), NULL, NULL), LX_EJSON);
    assert_int_equal(lx_json_type(lx_json_root(&doc)), LX_JSON_NONE);
    assert_int_equal(
        lx_json_read(&doc, LX_S("[1,2,3]"), &(struct lx_json_limits){.max_nodes = 3}, NULL),
        LX_ELIMIT);
    assert_int_equal(lx_json_read(&doc, lx_slice(NULL, 0), NULL, NULL), LX_EJSON);
    lx_json_doc_clear(&doc);
    assert_null(doc.nodes);
    lx_json_doc_clear(&doc);
}

static void test_many_nodes(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    char *text = malloc(2 * COUNT + 1);
    assert_non_null(text);
    text[0] = '[';
    for (size_t i = 1; i < 2 * COUNT; i++)
        text[i] = i % 2 ? '7' : ',';
    text[2 * COUNT] = ']';
    struct json_unit u;
    struct lx_json v = unit_read(&u, lx_slice(text, 2 * COUNT + 1), NULL, NULL);
    assert_int_equal(lx_json_count(v), COUNT);
    assert_int_equal(lx_json_type(lx_json_at(v, COUNT - 1)), LX_JSON_NUMBER);
    assert_int_equal(lx_json_type(lx_json_at(v, COUNT)), LX_JSON_NONE);

    for (int left = 0; left < 3; left++) { /* out of memory at each growth */
        struct lx_json_doc doc;
        lx_json_doc_init(&doc);
        struct lx_error err = {0};
        reallocs_left = left;
        int code = lx_json_read(&doc, lx_slice(text, 2 * COUNT + 1), NULL, &err);
        reallocs_left = -1;
        assert_int_equal(code, LX_ENOMEM);
        assert_string_equal(err.text, "out of memory for the index");
        assert_int_equal(lx_json_type(lx_json_root(&doc)), LX_JSON_NONE);
        lx_json_doc_clear(&doc);
    }
    unit_clear(&u);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_and_spans),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_root_may_be_anything),
        cmocka_unit_test(test_none_everywhere),
        cmocka_unit_test(test_duplicates_last_wins),
        cmocka_unit_test(test_escaped_names),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_plain_of_odd_escapes),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_iter),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_faults_in_long_strings),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_default_depth),
        cmocka_unit_test(test_read_again),
        cmocka_unit_test(test_many_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
