/*
 * message_test.c - lists that grow at their end, data URLs, and MIME types by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "llm/message.h"

static void assert_slice(struct lx_slice s, const char *expected)
{
    struct lx_slice e = lx_slice_z(expected);
    assert_int_equal(s.n, e.n);
    if (e.n)
        assert_memory_equal(s.p, e.p, e.n);
}

static void test_lists(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_json_doc doc;
    struct lx_message *messages = NULL, **at = &messages;
    lx_arena_init(&a, 1 << 16);
    lx_json_doc_init(&doc);

    struct lx_message *first = lx_message_add(&at, LX_ROLE_USER, &a);
    struct lx_message *second = lx_message_add(&at, LX_ROLE_ASSISTANT, &a);
    assert_ptr_equal(messages, first);
    assert_ptr_equal(first->next, second);
    assert_null(second->next);
    assert_string_equal(lx_role_name(second->role), "assistant");

    struct lx_part **part = &first->parts;
    lx_part_add(&part, LX_PART_TEXT, &a)->text = lx_text(LX_S("x"));
    lx_part_add(&part, LX_PART_IMAGE, &a);
    assert_int_equal(first->parts->kind, LX_PART_TEXT);
    assert_int_equal(first->parts->next->kind, LX_PART_IMAGE);

    assert_int_equal(lx_json_read(&doc, LX_S("{\"a\\u0062\":[1, 2]}"), NULL, NULL), 0);
    struct lx_json_iter it = lx_json_iter(lx_json_root(&doc));
    struct lx_extra *extra = NULL, **last = &extra;
    assert_true(lx_json_next(&it));
    lx_extra_add(&last, it.name, it.value, &a);
    assert_slice(extra->name, "ab");
    assert_slice(extra->json, "[1, 2]");
    lx_json_doc_clear(&doc);
    lx_arena_clear(&a);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_part *parts = NULL, **at = &parts;
    lx_arena_init(&a, 8);
    assert_null(lx_part_add(&at, LX_PART_TEXT, &a));
    assert_null(parts);
    assert_ptr_equal(at, &parts);
    assert_int_equal(a.failed, LX_ELIMIT);
    lx_arena_clear(&a);
}

static void test_data_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool escaped, good;
        const char *type, *data;
    } rows[] = {
        {"data:image/png;base64,iVBO", false, true, "image/png", "iVBO"},
        {"DATA:image/png;BASE64,iVBO", false, true, "image/png", "iVBO"},
        {"data:;base64,AA==", false, true, "text/plain", "AA=="},
        {"data:text/plain;charset=utf-8;base64,AA", false, true, "text/plain", "AA"},
        {"data:image\\/png;base64,a\\/b", true, true, "image/png", "a/b"},
        {"data:image/png;base64,aa\\nbb\\r\\ncc", true, true, "image/png", "aabbcc"},
        {"data:image/png;base64,", false, true, "image/png", ""},
        {"data:image/png,raw", false, false, "", ""},
        {"data:image/png;base64", false, false, "", ""},
        {"data:base64,x", false, false, "", ""},
        {"https://example.org/a.png", false, false, "", ""},
        {"data:", false, false, "", ""},
        {"", false, false, "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_arena a;
        struct lx_media m = {0};
        struct lx_text url = {lx_slice_z(rows[i].url), rows[i].escaped};
        lx_arena_init(&a, 1 << 16);
        assert_int_equal(lx_media_read_data_url(&m, url, &a), rows[i].good);
        assert_slice(m.type, rows[i].type);
        assert_slice(m.data.s, rows[i].data);
        assert_false(m.data.escaped);
        lx_arena_clear(&a);
    }
}

static void test_types(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a.png", "image/png"},
        {"A.JPG", "image/jpeg"},
        {"https://example.org/x/y.pdf?sig=a.png", "application/pdf"},
        {"https://example.org/y.webp#top", "image/webp"},
        {"a.b/c", ""},
        {"png", ""},
        {"a.", ""},
        {"a.unknown", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_slice(lx_media_type_of(lx_slice_z(rows[i][0])), rows[i][1]);
}

static void test_first_bytes(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"iVBORw0KGgoAAAANSUhEUg==", "image/png"},  /* binary */
        {"/9j/4AAQSkZJRg==", "image/jpeg"},         /* binary */
        {"UklGRiQIAABXRUJQVlA4IA==", "image/webp"}, /* RIFF */
        {"UklGRiQIAABXQVZFZm10IA==", "audio/wav"},  /* RIFF */
        {"UklGRiQIAABBVkkgTElTVA==", ""},           /* RIFF */
        {"UklGRg==", ""},                           /* RIFF */
        {"JVBERi0xLjcK", "application/pdf"},        /* %PDF */
        {"T2dnUwAC", "audio/ogg"},                  /* OggS */
        {"aGVsbG8=", ""},                           /* hell */
        {"", ""},                                   /* binary */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_slice(lx_media_type_sniff(lx_slice_z(rows[i][0])), rows[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),       cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_data_urls),   cmocka_unit_test(test_types),
        cmocka_unit_test(test_first_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
