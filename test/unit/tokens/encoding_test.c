/*
 * encoding_test.c - the published vectors, special tokens, limits, what is no UTF-8, and speed
 * where others are quadratic.
 */
#include "unit.h"

#include <time.h>
#include <zstd.h>

static struct lx_tokenizer *tokenizer;

static struct lx_encoding find(const char *name)
{
    struct lx_encoding e;

    assert_int_equal(lx_encoding_find(&e, lx_slice_z(name)), 0);
    return e;
}

static void check(const char *name, struct lx_slice text, unsigned flags, const uint32_t *want,
                  size_t n)
{
    struct lx_encoding e = find(name);
    struct lx_buf ids;
    size_t count;

    lx_buf_init(&ids, 1 << 24);
    assert_int_equal(lx_tokens_encode(tokenizer, &e, text, flags, &ids), 0);
    if (ids.n != n * sizeof(*want) ||
        memcmp(n ? ids.p : "", n ? (const char *)want : "", ids.n) != 0)
        fail_msg("%s: other ids of \"%.*s\"", name, LX_F(text));
    assert_int_equal(lx_tokens_count(tokenizer, &e, text, flags, &count), 0);
    assert_int_equal(count, n);
    lx_buf_clear(&ids);
}
#define CHECK(name, text, flags, ...)                               \
    check(name, LX_S(text), flags, (const uint32_t[]){__VA_ARGS__}, \
          sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* "Encoded: [1, 2]" */
static size_t read_ids(struct lx_slice s, uint32_t *out)
{
    size_t n = 0;

    for (struct lx_slice head, rest = lx_slice(s.p + 1, s.n - 2); rest.n; n++) {
        int64_t id;

        lx_slice_cut(rest, ',', &head, &rest);
        assert_int_equal(lx_slice_int(lx_slice_trim(head), &id), 0);
        out[n] = (uint32_t)id;
    }
    return n;
}

static void test_published_vectors(void **state)
{
    (void)state;
    struct lx_slice packed = read_file("share/tokens/vectors.txt.zst"), line, text;
    char *all = malloc(1 << 20), name[32] = "";
    static uint32_t ids[4096];
    int count = 0;

    text = lx_slice(all, ZSTD_decompress(all, 1 << 20, packed.p, packed.n));
    assert_false(ZSTD_isError(text.n));
    while (next_line(&text, &line)) {
        struct lx_slice sample = {0};

        if (lx_slice_starts(line, LX_S("EncodingName: "))) {
            snprintf(name, sizeof(name), "%.*s", LX_F(lx_slice_from(line, 14)));
            assert_true(next_line(&text, &line));
            sample.p = line.p + 8; /* "Sample: ", and it may have lines */
            while (!lx_slice_starts(text, LX_S("Encoded: [")))
                assert_true(next_line(&text, &line));
            sample.n = (size_t)(text.p - 1 - sample.p);
            assert_true(next_line(&text, &line));
            check(name, sample, 0, ids, read_ids(lx_slice_from(line, 9), ids));
            count++;
        }
    }
    assert_int_equal(count, 313);
    free(all);
    free((char *)packed.p);
}

static void test_special_tokens(void **state)
{
    (void)state;
    CHECK("cl100k_base", "a<|endoftext|>", LX_TOKENS_SPECIAL, 64, 100257);
    CHECK("cl100k_base", "<|endoftext|>", 0, 27, 91, 8862, 728, 428, 91, 29);
    CHECK("o200k_base", "<|endofprompt|>", LX_TOKENS_SPECIAL, 200018);
    CHECK("o200k_harmony", "<|start|><|message|><|end|>", LX_TOKENS_SPECIAL, 200006, 200008,
          200007);
    CHECK("o200k_harmony", "<|reserved_200018|><|reserved_201087|>", LX_TOKENS_SPECIAL, 200018,
          201087);
    CHECK("p50k_edit", "<|fim_prefix|><|fim_middle|><|fim_suffix|>", LX_TOKENS_SPECIAL, 50281,
          50282, 50283);
    CHECK("claude", "<META_START><META><EOT>", 0, 2, 1, 0);
    /* No such: 200002 is <|return|>, 201088 is nothing. */
    struct lx_encoding e = find("o200k_harmony");
    size_t count;
    assert_int_equal(
        lx_tokens_count(tokenizer, &e, LX_S("<|reserved_200002|>"), LX_TOKENS_SPECIAL, &count), 0);
    assert_true(count > 1);
    assert_int_equal(
        lx_tokens_count(tokenizer, &e, LX_S("<|reserved_201088|>"), LX_TOKENS_SPECIAL, &count), 0);
    assert_true(count > 1);
    assert_int_equal(lx_encoding_find(&e, LX_S("o300k")), LX_ENOTFOUND);
}

static void test_what_is_no_utf8(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice bytes, as;
    } cases[] = {
        /* as Python's bytes.decode(errors="replace") has them */
        {LX_S_INIT("a\xff z"), LX_S_INIT("a\xef\xbf\xbd z")},
        {LX_S_INIT("\xed\xa0\x80"), LX_S_INIT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
        {LX_S_INIT("\xe4\xb8"), LX_S_INIT("\xef\xbf\xbd")},
        {LX_S_INIT("\xf0\x9f\x98z"), LX_S_INIT("\xef\xbf\xbdz")},
        {LX_S_INIT("\xf5\x80\xc0\xaf"),
         LX_S_INIT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
        {LX_S_INIT("\xe0\x80\x80"), LX_S_INIT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
    };
    struct lx_encoding e = find("o200k_base");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_buf a, b;

        lx_buf_init(&a, 1 << 16);
        lx_buf_init(&b, 1 << 16);
        assert_int_equal(lx_tokens_encode(tokenizer, &e, cases[i].bytes, 0, &a), 0);
        assert_int_equal(lx_tokens_encode(tokenizer, &e, cases[i].as, 0, &b), 0);
        assert_true(lx_slice_eq(lx_buf_slice(&a), lx_buf_slice(&b)));
        lx_buf_clear(&a);
        lx_buf_clear(&b);
    }
}

static void test_every_token_decodes_to_itself(void **state)
{
    (void)state;
    for (size_t i = 0; lx_encoding_name(i); i++) {
        struct lx_encoding e = find(lx_encoding_name(i));
        struct lx_buf text;
        uint32_t none = 300000;
        size_t good = 0;

        lx_buf_init(&text, 1 << 16);
        for (uint32_t id = 0; id < e.vocab.id_count; id++) {
            lx_buf_reset(&text);
            if (lx_tokens_decode(&e, &id, 1, &text) == 0)
                good++;
        }
        assert_true(good + 3 > e.vocab.id_count);
        assert_int_equal(lx_tokens_decode(&e, &none, 1, &text), LX_EINVAL);
        lx_buf_clear(&text);
    }
}

static void test_limit(void **state)
{
    (void)state;
    struct lx_encoding e = find("o200k_base");
    size_t n = 4 << 20, count;
    char *text = malloc(n);
    clock_t start;

    for (size_t i = 0; i < n; i++)
        text[i] = "one two three "[i % 14];
    start = clock();
    assert_int_equal(lx_tokens_count_until(tokenizer, &e, lx_slice(text, n), 0, 100, &count), 0);
    assert_true(count > 100 && count < 300);
    assert_int_equal(lx_tokens_count_until(tokenizer, &e, LX_S("one two"), 0, 100, &count), 0);
    assert_int_equal(count, 2);
    /* UTF-8 is looked at whole; nothing else is. */
    assert_true(clock() - start < CLOCKS_PER_SEC / 20);
    free(text);
}

/* What fits has no more tokens than the limit, by itself, and with its next character more. */
static void test_what_fits(void **state)
{
    (void)state;
    struct lx_slice vectors = read_file("test/tokens/chats.jsonl");
    struct lx_slice text = lx_slice_to(vectors, 20000);

    for (size_t i = 0; lx_encoding_name(i); i++) {
        struct lx_encoding e = find(lx_encoding_name(i));

        for (size_t limit = 0; limit < 9000; limit += 1 + limit / 2) {
            size_t count, bytes, next, more;

            assert_int_equal(lx_tokens_fit(tokenizer, &e, text, 0, limit, &count, &bytes), 0);
            assert_int_equal(lx_tokens_count(tokenizer, &e, lx_slice_to(text, bytes), 0, &more), 0);
            assert_int_equal(count, more);
            assert_true(count <= limit);
            for (next = bytes + 1; next < text.n && (text.p[next] & 0xc0) == 0x80; next++)
                ;
            assert_int_equal(lx_tokens_count(tokenizer, &e, lx_slice_to(text, next), 0, &more), 0);
            assert_true(bytes == text.n || more > limit);
        }
    }
    free((char *)vectors.p);
}

static size_t fit(const char *text, size_t limit, unsigned flags)
{
    struct lx_encoding e = find("o200k_base");
    size_t count, bytes;

    e.before_count = e.after_count = 1; /* as a tokenizer.json may say */
    assert_int_equal(lx_tokens_fit(tokenizer, &e, lx_slice_z(text), flags, limit, &count, &bytes),
                     0);
    assert_int_equal(count > limit, limit < 2 && flags);
    return bytes;
}

static void test_where_a_text_is_cut(void **state)
{
    (void)state;
    assert_int_equal(fit("", 0, 0), 0);
    assert_int_equal(fit("one two", 0, 0), 0);
    assert_int_equal(fit("one two", 1, 0), 3);
    assert_int_equal(fit("one two", 2, 0), 7);
    assert_int_equal(fit("one two", 99, 0), 7);
    assert_int_equal(fit("one two", 1, LX_TOKENS_FRAME), 0);
    assert_int_equal(fit("one two", 3, LX_TOKENS_FRAME), 3);
    assert_int_equal(fit("\xf0\x9f\xa6\x9c", 1, 0), 0); /* a character of three tokens */
    assert_int_equal(fit("a\x80\x80", 1, 0), 1);
}

/* Linear, where merging pair by pair would take minutes. */
static void test_one_letter_a_million_times(void **state)
{
    (void)state;
    static const char *const units[] = {"a", "A", "=", "ab", "\xe4\xb8\xad", " ", "\n"};
    size_t n = 1 << 20;
    char *text = malloc(n);

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t unit = strlen(units[i]), whole = n / unit * unit, count;
        struct lx_encoding e = find(i % 2 ? "cl100k_base" : "o200k_base");
        double best = 1;

        for (size_t k = 0; k < whole; k++)
            text[k] = units[i][k % unit];
        for (int round = 0; round < 5; round++) {
            clock_t start = clock();
            double took;

            assert_int_equal(lx_tokens_count(tokenizer, &e, lx_slice(text, whole), 0, &count), 0);
            took = (double)(clock() - start) / CLOCKS_PER_SEC;
            best = took < best ? took : best;
        }
        print_message("1 MiB of \"%s\": %zu tokens, %.1f ms\n", i < 5 ? units[i] : "blank", count,
                      best * 1e3);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        assert_true(best < 0.010);
#endif
    }
    free(text);
}

static void test_rules_of_models(void **state)
{
    (void)state;
    static const struct {
        const char *model, *provider, *encoding, *wants;
        int per_message;
    } cases[] = {
        {"gpt-4o", "openai", "o200k_base", NULL, 3},
        {"gpt-4", "openai", "cl100k_base", NULL, 3},
        {"gpt-3.5-turbo-0301", "openai", "cl100k_base", NULL, 4},
        {"gpt-4o", "", "cl100k_base", NULL, 3}, /* not in the map: as gpt-3.5-turbo */
        {"ft:gpt-4o", "openai", "cl100k_base", NULL, 3},
        {"claude-sonnet-4-5", "anthropic", "claude", NULL, 3},
        {"claude-3-haiku-20240307", "anthropic", "cl100k_base", NULL, 3},
        {"groq/Llama-3.3-70b", "groq", "cl100k_base", "llama-3", 3},
        {"replicate/meta/llama-2-70b", "replicate", "cl100k_base", "llama-2", 3},
        {"command-r-plus", "cohere", "cl100k_base", "command-r", 3},
        {"openai/gpt-4o-mini", NULL, "o200k_base", NULL, 3}, /* by name */
        {"gpt-oss-120b", NULL, "o200k_harmony", NULL, 3},
        {"anthropic/claude-opus-4-5", NULL, "claude", NULL, 3},
        {"gemini/gemini-2.5-pro", NULL, "cl100k_base", NULL, 3},
        {"text-davinci-edit-001", NULL, "p50k_edit", NULL, 3},
        {"gpt2", NULL, "gpt2", NULL, 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_token_rule r =
            lx_token_rule_of(lx_slice_z(cases[i].model), lx_slice_z(cases[i].provider));

        assert_string_equal(r.encoding, cases[i].encoding);
        assert_int_equal(r.per_message, cases[i].per_message);
        if (cases[i].wants)
            assert_string_equal(r.wants, cases[i].wants);
        else
            assert_null(r.wants);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_special_tokens),
        cmocka_unit_test(test_what_is_no_utf8),
        cmocka_unit_test(test_every_token_decodes_to_itself),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_what_fits),
        cmocka_unit_test(test_where_a_text_is_cut),
        cmocka_unit_test(test_one_letter_a_million_times),
        cmocka_unit_test(test_rules_of_models),
    };
    int failed;

    tokenizer = lx_tokenizer_new();
    failed = tokenizer ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    lx_tokenizer_free(tokenizer);
    return failed;
}
