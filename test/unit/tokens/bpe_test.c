/*
 * bpe_test.c - the ways that are fast against the plain one: pieces cut one by one, and the lowest
 * pair merged until there is none.
 */
#include "unit.h"

#include "base/text.h"
#include "tokens/merge.h"
#include "tokens/scan.h"

static uint32_t dice = 20261122;

static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)dice * n >> 32);
}

static size_t put_char(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Words of one script each, with what stands between words; or the bytes of tokens, whose merges
 * are the likeliest to be near. */
static size_t make_text(const struct lx_encoding *e, char *out, size_t cap)
{
    static const struct {
        uint32_t first, count;
    } scripts[] = {{'a', 26},     {'a', 26},     {'A', 26},     {'0', 10},    {'!', 15},
                   {0xe0, 31},    {0x410, 64},   {0x5d0, 27},   {0x620, 40},  {0x905, 70},
                   {0xe01, 58},   {0x3041, 180}, {0x4e00, 700}, {0xff01, 90}, {0xac00, 900},
                   {0x1f600, 60}, {0x3000, 3}};
    static const char *const between[] = {" ", " ", "", "", "\n", "  ", "\xef\xbc\x8c", "'s "};
    size_t n = 0, want = roll(40);

    for (size_t i = 0; i < want && n + 256 < cap; i++) {
        const char *gap = between[roll(8)];
        size_t script = roll(sizeof(scripts) / sizeof(scripts[0]));
        uint32_t token = roll(e->vocab.count);
        struct lx_slice bytes = lx_vocab_bytes(&e->vocab, token);

        memcpy(out + n, gap, strlen(gap));
        n += strlen(gap);
        if (roll(2) && bytes.n < 32 && lx_utf8_valid(bytes) == bytes.n) {
            memcpy(out + n, bytes.p, bytes.n);
            n += bytes.n;
            continue;
        }
        for (uint32_t k = roll(12); k > 0; k--)
            n += put_char(out + n, scripts[script].first + roll(scripts[script].count));
    }
    return n;
}

static size_t merge_plainly(const struct lx_vocab *v, struct lx_slice piece, uint32_t *parts)
{
    size_t n = piece.n, one = 0;

    for (size_t i = 0; i < n; i++)
        parts[i] = lx_trie_longest(v->trie, (const uint8_t *)piece.p + i, 1, &one);
    for (;;) {
        uint32_t lowest = LX_TOKEN_NONE;
        size_t at = 0;

        for (size_t i = 0; i + 1 < n; i++) {
            uint32_t made = lx_vocab_pair(v, parts[i], parts[i + 1]);

            if (made < lowest) {
                lowest = made;
                at = i;
            }
        }
        if (lowest == LX_TOKEN_NONE)
            return n;
        parts[at] = lowest;
        n--;
        memmove(parts + at + 1, parts + at + 2, (n - at - 1) * sizeof(*parts));
    }
}

static void check(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text)
{
    static uint32_t want[1 << 14];
    struct lx_scan s = lx_scan(e->scheme, text);
    struct lx_buf ids;
    size_t n = 0, count;

    while (s.at < s.end) {
        const uint8_t *to = lx_scan_piece(&s);
        size_t from = n;

        n += merge_plainly(&e->vocab, lx_slice((const char *)s.at, (size_t)(to - s.at)), want + n);
        for (; from < n; from++)
            want[from] = lx_vocab_id(&e->vocab, want[from]);
        s.at = to;
    }
    lx_buf_init(&ids, 1 << 20);
    for (int round = 0; round < 2; round++) { /* unknown, and known */
        lx_buf_reset(&ids);
        assert_int_equal(lx_tokens_count(t, e, text, 0, &count), 0);
        assert_int_equal(lx_tokens_encode(t, e, text, 0, &ids), 0);
        if (count != n || ids.n != n * sizeof(*want) || (n && memcmp(ids.p, want, ids.n) != 0))
            fail_msg("%s: other tokens of \"%.*s\"", e->name, LX_F(text));
    }
    lx_buf_clear(&ids);
}

static void test_against_plain_merging(void **state)
{
    (void)state;
    static const char *const names[] = {"o200k_base", "cl100k_base", "p50k_base", "r50k_base"};
    static char text[1 << 13];
    struct lx_tokenizer *t = lx_tokenizer_new();

    assert_non_null(t);
    for (int round = 0; round < 12000; round++) {
        struct lx_encoding e;

        assert_int_equal(lx_encoding_find(&e, lx_slice_z(names[round % 4])), 0);
        check(t, &e, lx_slice(text, make_text(&e, text, sizeof(text))));
    }
    lx_tokenizer_free(t);
}

/* Many pieces at once, of all lengths, some of which are done already. */
static void test_portable_merging(void **state)
{
    (void)state;
    enum { PIECES = 300, ROOM = 64 };
    static uint32_t tokens[2][PIECES][ROOM];
    static char text[1 << 13];
    struct lx_piece pieces[2][PIECES];
    struct lx_encoding e;
    size_t merged = 0;

    assert_int_equal(lx_encoding_find(&e, LX_S("o200k_base")), 0);
    for (int round = 0; round < 2000; round++) {
        struct lx_scan s = lx_scan(e.scheme, lx_slice(text, make_text(&e, text, sizeof(text))));
        size_t n = 0;

        while (s.at < s.end && n < PIECES) {
            const uint8_t *to = lx_scan_piece(&s);
            size_t length = (size_t)(to - s.at);

            for (int i = 0; i < 2; i++)
                pieces[i][n] =
                    (struct lx_piece){s.at, (uint32_t)length, roll(9) == 0, tokens[i][n]};
            pieces[1][n].count = pieces[0][n].count;
            n += length <= ROOM;
            s.at = to;
        }
        memset(tokens, 0, sizeof(tokens));
        lx_merge(&e.vocab, pieces[0], n);
        lx_merge_portable(&e.vocab, pieces[1], n);
        for (size_t i = 0; i < n; i++) {
            merged += pieces[0][i].count < pieces[0][i].n;
            assert_int_equal(pieces[0][i].count, pieces[1][i].count);
            assert_memory_equal(tokens[0][i], tokens[1][i],
                                pieces[0][i].count * sizeof(tokens[0][i][0]));
        }
    }
    assert_true(merged > 10000); /* or the test has seen nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_portable_merging),
        cmocka_unit_test(test_against_plain_merging),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
