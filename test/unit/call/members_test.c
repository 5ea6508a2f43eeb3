/*
 * members_test.c - which members of a body are the gateway's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call/members.h"

static void the_table_is_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < lx_member_names_count; i++) {
        struct lx_slice b = lx_member_name(i);
        assert_int_not_equal(lx_member_find(b), LX_MEMBER_OTHER);
        struct lx_slice a = i ? lx_member_name(i - 1) : LX_S("");
        assert_true(a.n < b.n || (a.n == b.n && memcmp(a.p, b.p, a.n) < 0));
    }
}

static void names_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum lx_member is;
    } rows[] = {
        {"model", LX_MEMBER_MODEL},
        {"messages", LX_MEMBER_OTHER},
        {"temperature", LX_MEMBER_OTHER},
        {"metadata", LX_MEMBER_METADATA},
        {"user", LX_MEMBER_OTHER},
        {"tags", LX_MEMBER_TAGS},
        {"fallbacks", LX_MEMBER_FALLBACKS},
        {"guardrails", LX_MEMBER_OURS},
        {"mock_response", LX_MEMBER_MOCK_RESPONSE},
        {"api_base", LX_MEMBER_REFUSED},
        {"litellm_trace_id", LX_MEMBER_OURS},
        {"litellm_", LX_MEMBER_OURS},
        {"litellm", LX_MEMBER_OTHER},
        {"", LX_MEMBER_OTHER},
        {"modem", LX_MEMBER_OTHER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lx_member_find(lx_slice_z(rows[i].name)), rows[i].is);
}

static char *strip(const char *body, struct lx_arena *a)
{
    struct lx_json_doc doc;
    struct lx_json_edit edit;
    struct lx_members members;
    struct lx_buf out;
    lx_json_doc_init(&doc);
    lx_buf_init(&out, 1 << 16);
    assert_int_equal(lx_json_read(&doc, lx_slice_z(body), NULL, NULL), 0);
    lx_json_edit_init(&edit, &doc, a);
    lx_members_read(&doc, a, &edit, &members);
    assert_int_equal(lx_json_edit_write(&edit, &out), 0);
    char *z = lx_arena_copy_z(a, lx_buf_slice(&out));
    lx_buf_clear(&out);
    lx_json_doc_clear(&doc);
    return z;
}

static void ours_do_not_go_along(void **state)
{
    (void)state;
    struct lx_arena a;
    lx_arena_init(&a, 1 << 20);
    assert_string_equal(strip("{\"model\":\"m\",\"tags\":[1],\"n\":1,\"cache\":{},\"tags\":2}", &a),
                        "{\"model\":\"m\",\"n\":1}");
    assert_string_equal(strip("{\"t\\u0061gs\":1,\"x\":2}", &a), "{\"x\":2}");
    assert_string_equal(strip("{\"metadata\":{\"a\":\"b\"}}", &a), "{\"metadata\":{\"a\":\"b\"}}");
    assert_string_equal(strip("{\"metadata\":{\"a\":\"b\",\"tags\":[\"x\"]}}", &a), "{}");
    assert_string_equal(strip("{}", &a), "{}");
    assert_string_equal(strip("[\"tags\"]", &a), "[\"tags\"]");
    lx_arena_clear(&a);
}

static void seconds_become_milliseconds(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int64_t ms;
    } rows[] = {
        {"600", 600000}, {"1.5", 1500}, {"0.001", 1},    {"0.0009", 0}, {"0", 0},
        {"-1", 0},       {"1e3", 0},    {"\"30\"", 0},   {"null", 0},   {"99999999999", 0},
        {"1.25e2", 0},   {"2.0", 2000}, {"0.1239", 123},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_json_doc doc;
        lx_json_doc_init(&doc);
        assert_int_equal(lx_json_read(&doc, lx_slice_z(rows[i].json), NULL, NULL), 0);
        assert_int_equal(lx_members_ms(lx_json_root(&doc)), rows[i].ms);
        lx_json_doc_clear(&doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(names_are_told_apart),
        cmocka_unit_test(ours_do_not_go_along),
        cmocka_unit_test(seconds_become_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
