/*
 * json_out_test.c - writing: commas, escapes, bytes that are not UTF-8, the sticky error.
 * Everything written is read back by the reader, which is strict.
 */
#include "json_unit.h"

#include "base/error.h"
#include "base/text.h"

/* The buffer holds this, and this is JSON. */
static void assert_written(const struct lx_buf *buf, struct lx_slice want)
{
    assert_int_equal(buf->failed, 0);
    assert_text(lx_buf_slice(buf), want);
    struct json_unit u;
    unit_read(&u, lx_buf_slice(buf), NULL, NULL);
    unit_clear(&u);
}

static void test_every_value(void **state)
{
    (void)state;
    struct json_unit u;
    struct lx_json v = unit_read(&u, LX_S("{\"a\":\"x\\ny\",\"b\":[1, 2]}"), NULL, NULL);
    struct lx_buf buf;
    lx_buf_init(&buf, 10000);
    struct lx_out o = lx_out(&buf);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "lit", "say \"hi\"");
    lx_out_str(&o, "str", LX_S("a/b"));
    lx_out_text(&o, "text", lx_json_text(LX_GET(v, "a")));
    lx_out_text(&o, "absent", lx_text(lx_slice(NULL, 0)));
    lx_out_int(&o, "int", -42);
    lx_out_bool(&o, "yes", true);
    lx_out_bool(&o, "no", false);
    lx_out_null(&o, "null");
    lx_out_raw(&o, "raw", LX_S("1.50"));
    lx_out_value(&o, "value", LX_GET(v, "b"));
    lx_out_value(&o, "none", LX_GET(v, "missing"));
    lx_out_name(&o, lx_text(LX_S("na\"me")));
    lx_out_int(&o, NULL, INT64_MIN);
    lx_out_name(&o, lx_json_text(LX_GET(v, "a")));
    lx_out_object(&o, NULL);
    lx_out_object_end(&o);
    lx_out_array(&o, "array");
    lx_out_array(&o, NULL);
    lx_out_array_end(&o);
    lx_out_null(&o, NULL);
    lx_out_object(&o, NULL);
    lx_out_int(&o, "n", 0);
    lx_out_object_end(&o);
    lx_out_string_open(&o, NULL);
    lx_out_string_part(&o, lx_text(LX_S("one\n")));
    lx_out_string_part(&o, lx_json_text(LX_GET(v, "a")));
    lx_out_string_part(&o, lx_text(LX_S("")));
    lx_out_string_close(&o);
    lx_out_array_end(&o);
    lx_out_string_open(&o, "empty");
    lx_out_string_close(&o);
    lx_out_object_end(&o);
    assert_written(&buf, LX_S("{\"lit\":\"say \\\"hi\\\"\",\"str\":\"a/b\",\"text\":\"x\\ny\","
                              "\"absent\":\"\",\"int\":-42,\"yes\":true,\"no\":false,"
                              "\"null\":null,\"raw\":1.50,\"value\":[1, 2],\"none\":null,"
                              "\"na\\\"me\":-9223372036854775808,\"x\\ny\":{},"
                              "\"array\":[[],null,{\"n\":0},\"one\\nx\\ny\"],\"empty\":\"\"}"));
    lx_buf_clear(&buf);
    unit_clear(&u);
}

static void test_escapes(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice plain, json;
    } rows[] = {
        {LX_S_INIT(""), LX_S_INIT("\"\"")},
        {LX_S_INIT("\"\\/\b\f\n\r\t"), LX_S_INIT("\"\\\"\\\\/\\b\\f\\n\\r\\t\"")},
        {LX_S_INIT("\0\x01\x1f\x7f"), LX_S_INIT("\"\\u0000\\u0001\\u001f\x7f\"")},
        {LX_S_INIT("caf\xc3\xa9 \xe6\xb1\x89 \xf0\x9f\x98\x80"),
         LX_S_INIT("\"caf\xc3\xa9 \xe6\xb1\x89 \xf0\x9f\x98\x80\"")},
        {LX_S_INIT("\xe2\x80\xa8"), LX_S_INIT("\"\xe2\x80\xa8\"")},
        /* One U+FFFD for each byte that is not UTF-8. */
        {LX_S_INIT("a\xff"
                   "b"),
         LX_S_INIT("\"a\xef\xbf\xbd"
                   "b\"")},
        {LX_S_INIT("\xc3"), LX_S_INIT("\"\xef\xbf\xbd\"")},
        {LX_S_INIT("\xe2\x82\n"), LX_S_INIT("\"\xef\xbf\xbd\xef\xbf\xbd\\n\"")},
        {LX_S_INIT("\x80\xc3\xa9\xc0\xaf"),
         LX_S_INIT("\"\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"")},
        {LX_S_INIT("\xed\xa0\x80"), LX_S_INIT("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct lx_buf buf;
        lx_buf_init(&buf, 1000);
        struct lx_out o = lx_out(&buf);
        lx_out_str(&o, NULL, rows[i].plain);
        assert_written(&buf, rows[i].json);
        lx_buf_clear(&buf);
    }
}

/* Every byte at every place of a text that is longer than any vector: what is read back is what
 * was written, but for bytes that are not UTF-8. */
static void test_every_byte_everywhere(void **state)
{
    (void)state;
    struct lx_buf buf;
    lx_buf_init(&buf, 10000);
    for (unsigned c = 0; c < 256; c++)
        for (size_t n = 1; n < 100; n += n < 40 ? 1 : 7)
            for (size_t at = 0; at < n; at++) {
                char plain[100];
                memset(plain, 'a', n);
                plain[at] = (char)c;
                char *boxed = malloc(n);
                assert_non_null(boxed);
                memcpy(boxed, plain, n);
                lx_buf_reset(&buf);
                struct lx_out o = lx_out(&buf);
                lx_out_str(&o, NULL, lx_slice(boxed, n));
                free(boxed);
                struct lx_json_doc doc;
                struct lx_arena arena;
                lx_json_doc_init(&doc);
                lx_arena_init(&arena, 10000);
                assert_int_equal(lx_json_read(&doc, lx_buf_slice(&buf), NULL, NULL), 0);
                struct lx_slice s = lx_json_str(lx_json_root(&doc), &arena);
                if (c < 0x80) {
                    assert_text(s, lx_slice(plain, n));
                } else {
                    assert_int_equal(s.n, n + 2);
                    assert_text(lx_slice(s.p + at, 3), LX_S("\xef\xbf\xbd"));
                }
                lx_arena_clear(&arena);
                lx_json_doc_clear(&doc);
            }
    lx_buf_clear(&buf);
}

static void test_error_sticks(void **state)
{
    (void)state;
    for (size_t max = 0; max < 60; max++) {
        struct lx_buf buf;
        lx_buf_init(&buf, max);
        struct lx_out o = lx_out(&buf);
        lx_out_object(&o, NULL);
        lx_out_str(&o, "s",
                   LX_S("a\n\xff\xd1\x8f"
                        "b"));
        lx_out_int(&o, "i", 12345);
        lx_out_name(&o, lx_text(LX_S("n\x01")));
        lx_out_bool(&o, NULL, true);
        lx_out_object_end(&o);
        struct lx_slice whole = LX_S("{\"s\":\"a\\n\xef\xbf\xbd\xd1\x8f"
                                     "b\",\"i\":12345,"
                                     "\"n\\u0001\":true}");
        if (max >= whole.n) {
            assert_written(&buf, whole);
        } else {
            assert_int_equal(buf.failed, LX_ELIMIT);
            assert_true(buf.n <= max);
        }
        lx_buf_clear(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_value),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_every_byte_everywhere),
        cmocka_unit_test(test_error_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
