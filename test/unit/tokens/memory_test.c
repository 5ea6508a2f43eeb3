/*
 * memory_test.c - every allocation fails in turn: an error each time, nothing leaked, nothing lost.
 *
 * The linker wraps the allocation functions; leaks are the sanitizer's to find.
 */
#include "unit.h"

#include "base/error.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static long until; /* allocations until one fails; 0: none does */

static bool fails(void)
{
    return until > 0 && --until == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

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

static void fail_each(int (*work)(void), long least)
{
    long failures = 0;

    for (long n = 1;; n++) {
        int code;

        until = n;
        code = work();
        if (until > 0) { /* it was not reached: all went well */
            until = 0;
            assert_int_equal(code, 0);
            break;
        }
        assert_int_equal(code, LX_ENOMEM);
        failures++;
    }
    assert_true(failures >= least);
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
