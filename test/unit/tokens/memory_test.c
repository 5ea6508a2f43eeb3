/*
 * memory_test.c - every allocation fails in turn: an error each time, nothing leaked, nothing lost.
 *
 * Leaks are the sanitizer's to find.
 */
#include "unit.h"

#include "alloc/alloc.h"
#include "base/error.h"

static struct lx_slice file;

static int read_tokenizer(void)
{
    struct lx_encoding e;
    int code = lx_encoding_read(&e, file, NULL);

    if (code == 0)
        lx_encoding_clear(&e);
    return code;
}

/* Invalid UTF-8, in need of normalization, with a long piece and short ones; long enough to be
 * remembered. */
static int encode(void)
{
    static char text[70000];
    struct lx_tokenizer *t = lx_tokenizer_new();
    struct lx_encoding e;
    struct lx_buf ids;
    int code = t ? 0 : LX_ENOMEM;

    memset(text, 'x', sizeof(text));
    memcpy(text, "two words \xff \xef\xac\x81 <EOT> ", 23);
    lx_buf_init(&ids, 1 << 20);
    assert_int_equal(lx_encoding_find(&e, LX_S("claude")), 0);
    if (code == 0)
        code = lx_tokens_encode(t, &e, lx_slice(text, sizeof(text)), 0, &ids);
    lx_buf_clear(&ids);
    lx_tokenizer_free(t);
    return code;
}

static int count_chat(void)
{
    static const char request[] =
        "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"a\\nb\"}, "
        "{\"type\": \"tool_use\", \"name\": \"f\", \"input\": {\"a\": [\"\\t\", 1]}}, {\"type\": "
        "\"image_url\", \"image_url\": {\"url\": \"data:,R0lGODlhAQABAA\", \"detail\": \"high\"}}]}], "
        "\"tools\": [{\"name\": \"f\\u0041\", \"parameters\": {\"properties\": {\"a\": {\"type\": "
        "\"string\", \"enum\": [\"x\"]}}}}]}";
    struct lx_token_rule rule = lx_token_rule_of(LX_S("gpt-4o"), LX_S("openai"));
    struct lx_tokenizer *t = lx_tokenizer_new();
    struct lx_encoding e;
    struct lx_json_doc doc;
    size_t count;
    int code = t ? 0 : LX_ENOMEM;

    lx_json_doc_init(&doc);
    assert_int_equal(lx_encoding_find(&e, LX_S("o200k_base")), 0);
    if (code == 0)
        code = lx_json_read(&doc, lx_slice_z(request), NULL, NULL);
    if (code == 0)
        code = lx_tokens_count_chat(t, &e, &rule, lx_json_root(&doc), &count, NULL);
    lx_json_doc_clear(&doc);
    lx_tokenizer_free(t);
    return code;
}

static void fail_each(int (*work)(void), size_t least)
{
    size_t n = 0;
    int code;

    do {
        alloc_arm(++n, false);
        code = work();
        assert_int_equal(code, alloc_count() < n ? 0 : LX_ENOMEM);
    } while (code);
    alloc_arm(0, false);
    assert_true(n > least);
}

static void test_reading(void **state)
{
    (void)state;
    file = read_file("test/tokens/llama3.json");
    fail_each(read_tokenizer, 10);
    free((char *)file.p);
}

static void test_encoding(void **state)
{
    (void)state;
    fail_each(encode, 6);
}

static void test_chats(void **state)
{
    (void)state;
    fail_each(count_chat, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_chats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
