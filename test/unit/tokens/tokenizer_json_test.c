/*
 * tokenizer_json_test.c - a user's tokenizer.json encodes as Hugging Face's library does, and what
 * is not understood is refused.
 */
#include "unit.h"

static struct lx_tokenizer *tokenizer;

static void check_line(const struct lx_encoding *e, const char *style, struct lx_slice line)
{
    struct lx_json_doc doc;
    struct lx_arena a;
    struct lx_buf ids;
    struct lx_json root, want;
    struct lx_slice text;

    lx_arena_init(&a, 1 << 20);
    lx_json_doc_init(&doc);
    lx_buf_init(&ids, 1 << 20);
    assert_int_equal(lx_json_read(&doc, line, NULL, NULL), 0);
    root = lx_json_root(&doc);
    text = lx_json_str(LX_GET(root, "text"), &a);
    want = LX_GET(root, "ids");
    assert_int_equal(lx_tokens_encode(tokenizer, e, text, LX_TOKENS_FRAME, &ids), 0);
    if (ids.n / sizeof(uint32_t) != lx_json_count(want))
        fail_msg("%s: another number of tokens: %.*s", style, LX_F(line));
    for (size_t i = 0; i < ids.n / sizeof(uint32_t); i++) {
        uint32_t id;
        int64_t v;

        memcpy(&id, ids.p + i * sizeof(id), sizeof(id));
        assert_int_equal(lx_json_int(lx_json_at(want, i), &v), 0);
        if (id != v)
            fail_msg("%s: token %zu is %u: %.*s", style, i, id, LX_F(line));
    }
    lx_buf_clear(&ids);
    lx_json_doc_clear(&doc);
    lx_arena_clear(&a);
}

static void test_styles(void **state)
{
    (void)state;
    static const char *const styles[] = {"llama3", "qwen", "deepseek", "command_r"};

    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        struct lx_slice file, lines, rest, line;
        struct lx_encoding e;
        struct lx_error err = {0};
        char path[64];
        int count = 0;

        snprintf(path, sizeof(path), "test/tokens/%s.json", styles[i]);
        file = read_file(path);
        snprintf(path, sizeof(path), "test/tokens/%s.jsonl", styles[i]);
        lines = rest = read_file(path);
        if (lx_encoding_read(&e, file, &err) != 0)
            fail_msg("%s: %s", styles[i], err.text);
        free((char *)file.p); /* nothing of it is kept */
        for (; next_line(&rest, &line); count++)
            check_line(&e, styles[i], line);
        assert_true(count > 200);
        lx_encoding_clear(&e);
        free((char *)lines.p);
    }
}

/* One edit of a good file each, and what reading it says then. */
static const struct {
    struct lx_slice from, to;
    int code;
} edits[] = {
    {LX_S_INIT("\"type\":\"BPE\""), LX_S_INIT("\"type\":\"Unigram\""), LX_EUNSUPPORTED},
    {LX_S_INIT("\"byte_fallback\":false"), LX_S_INIT("\"byte_fallback\":true"), LX_EUNSUPPORTED},
    {LX_S_INIT("\"normalizer\":null"), LX_S_INIT("\"normalizer\":{\"type\":\"Lowercase\"}"),
     LX_EUNSUPPORTED},
    {LX_S_INIT("\\\\p{N}{1,3}"), LX_S_INIT("\\\\p{N}{1,4}"), LX_EUNSUPPORTED},
    {LX_S_INIT("\"add_prefix_space\":false"), LX_S_INIT("\"add_prefix_space\":true"),
     LX_EUNSUPPORTED},
    {LX_S_INIT("\"behavior\":\"Isolated\""), LX_S_INIT("\"behavior\":\"MergedWithNext\""),
     LX_EUNSUPPORTED},
    {LX_S_INIT("\"TemplateProcessing\""), LX_S_INIT("\"RobertaProcessing\""), LX_EUNSUPPORTED},
    {LX_S_INIT("\"!\":2,"), LX_S_INIT(""), LX_EINVAL}, /* a byte without a token */
    {LX_S_INIT("\"!\":2,"), LX_S_INIT("\"!\":3,"), LX_EINVAL},
    {LX_S_INIT("\"!\":2,"), LX_S_INIT("\"!\":-2,"), LX_EINVAL},
    {LX_S_INIT("\"!\":2,"), LX_S_INIT("\"!\":99999999,"), LX_EINVAL},
    {LX_S_INIT("\"merges\":["), LX_S_INIT("\"merges\":[[\"!\",\"!\"],"), LX_EINVAL},
    {LX_S_INIT("\"merges\":["), LX_S_INIT("\"merges\":[7,"), LX_EINVAL},
    {LX_S_INIT("{\"id\":0,\"content\":\"<|begin|>\""), LX_S_INIT("{\"content\":\"<|begin|>\""),
     LX_EINVAL},
    {LX_S_INIT("{\"version\""), LX_S_INIT("[\"version\""), LX_EJSON},
};

static void test_refusals(void **state)
{
    (void)state;
    struct lx_slice file = read_file("test/tokens/llama3.json");

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        ssize_t at = lx_slice_find(file, edits[i].from);
        struct lx_encoding e = {.name = "untouched"};
        struct lx_error err = {0};
        struct lx_buf b;
        int code;

        if (at < 0)
            fail_msg("edit %zu: \"%.*s\" is not there", i, LX_F(edits[i].from));
        lx_buf_init(&b, 1 << 24);
        lx_buf_add(&b, lx_slice_to(file, (size_t)at));
        lx_buf_add(&b, edits[i].to);
        lx_buf_add(&b, lx_slice_from(file, (size_t)at + edits[i].from.n));
        code = lx_encoding_read(&e, lx_buf_slice(&b), &err);
        if (code != edits[i].code || err.text[0] == '\0')
            fail_msg("edit %zu: %s, \"%s\"", i, lx_code_name(code), err.text);
        assert_string_equal(e.name, "untouched");
        lx_buf_clear(&b);
    }
    free((char *)file.p);
}

/* A merge may come before one that makes a part of it, as in the real llama-3: 110 of its tokens.
 */
static void test_merges_out_of_order(void **state)
{
    (void)state;
    struct lx_slice file = read_file("test/tokens/llama3.json");
    struct lx_slice from = LX_S("\"merges\":["), vocab = LX_S("\"!\":2,");
    ssize_t at = lx_slice_find(file, from), v = lx_slice_find(file, vocab);
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {{"^|^|", 1}, {"|^", 2}, {"^|", 1}, {"^|^", 2}, {"^|^|^|", 2}};
    struct lx_encoding e;
    struct lx_error err = {0};
    struct lx_buf b;

    assert_true(at > v && v > 0);
    lx_buf_init(&b, 1 << 24);
    lx_buf_add(&b, lx_slice_to(file, (size_t)v));
    lx_buf_add_lit(&b, "\"^|\":5000,\"^|^|\":5001,\"!\":2,");
    lx_buf_add(&b, lx_slice(file.p + v + vocab.n, (size_t)(at - v) - vocab.n));
    lx_buf_add_lit(&b, "\"merges\":[[\"^|\",\"^|\"],[\"^\",\"|\"],");
    lx_buf_add(&b, lx_slice_from(file, (size_t)at + from.n));
    if (lx_encoding_read(&e, lx_buf_slice(&b), &err) != 0)
        fail_msg("%s", err.text);
    assert_true(e.vocab.tangled);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t count;

        assert_int_equal(lx_tokens_count(tokenizer, &e, lx_slice_z(cases[i].text), 0, &count), 0);
        assert_int_equal(count, cases[i].count);
    }
    /* Long ones go by the heap. */
    lx_buf_reset(&b);
    for (int i = 0; i < 3000; i++)
        lx_buf_add_lit(&b, "^|");
    size_t count;
    assert_int_equal(lx_tokens_count(tokenizer, &e, lx_buf_slice(&b), 0, &count), 0);
    assert_int_equal(count, 1500);
    lx_buf_clear(&b);
    lx_encoding_clear(&e);
    free((char *)file.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_merges_out_of_order),
    };
    int failed;

    tokenizer = lx_tokenizer_new();
    failed = tokenizer ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    lx_tokenizer_free(tokenizer);
    return failed;
}
