/*
 * scan_test.c - the hand-written rules cut as PCRE2 does by the regular expressions they stand for,
 * and 64 characters at once as one by one.
 *
 * PCRE2 is told which characters are white space: its own \s takes U+180E in, which Unicode took
 * out in 6.3. And it is asked of characters only that were assigned when Debian's came out.
 */
#include "unit.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/text.h"
#include "tokens/scan.h"

#define S \
    "\\t-\\r\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define CASED "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define U     "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define L     "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define X     "[^\\r\\n\\p{L}\\p{N}]?"
#define LINES "[" S "]*[\\r\\n]+|[" S "]+(?![^" S "])|[" S "]+"

static const struct {
    enum lx_scheme scheme;
    const char *regex;
} rules[] = {
    {LX_SCHEME_R50K, "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^" S "\\p{L}\\p{N}]++|[" S
                     "]++\\z|[" S "]+(?![^" S "])|[" S "]"},
    {LX_SCHEME_CL100K,
     "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^" S
     "\\p{L}\\p{N}]++[\\r\\n]*+|[" S "]++\\z|[" S "]*[\\r\\n]|[" S "]+(?![^" S "])|[" S "]"},
    {LX_SCHEME_O200K, X U "*" L "+" CASED "?|" X U "+" L "*" CASED "?|\\p{N}{1,3}| ?[^" S
                          "\\p{L}\\p{N}]+[\\r\\n/]*|" LINES},
    {LX_SCHEME_LLAMA3, CASED "|" X "\\p{L}+|\\p{N}{1,3}| ?[^" S "\\p{L}\\p{N}]+[\\r\\n]*|" LINES},
    {LX_SCHEME_QWEN, CASED "|" X "\\p{L}+|\\p{N}| ?[^" S "\\p{L}\\p{N}]+[\\r\\n]*|" LINES},
};

static const char *const parts[] = {
    "a",
    "B",
    "foo",
    "Bar",
    "BAZ",
    "fooBar",
    "don't",
    "I'M",
    "it'Ll",
    "'s",
    "'re",
    "'LL",
    "'",
    "''",
    "'\xc5\xbf",
    " ",
    "  ",
    "   ",
    "\n",
    "\r\n",
    "\n\n",
    "\t",
    "\v",
    "\xc2\xa0",
    "\xe3\x80\x80",
    "\xe1\xa0\x8e",
    "\xe2\x80\x8b",
    "\xc2\x85",
    "\x1c",
    "1",
    "12",
    "1234567",
    "\xd9\xa3",
    "\xc2\xbd",
    ".",
    ",",
    "...",
    "/",
    "//",
    "\n//",
    "{",
    "};\n",
    "(",
    "_",
    "=",
    "--",
    "\x7f",
    "\xc3\xa9",
    "\xc3\x89",
    "\xc7\x85",
    "\xca\xb0",
    "\xc2\xaa",
    "\xcc\x81",
    "e\xcc\x81",
    "\xd0\x9f\xd1\x80",
    "\xe4\xb8\xad",
    "\xe3\x81\x82",
    "\xed\x95\x9c",
    "\xe0\xa4\xb9\xe0\xa4\xbf",
    "\xf0\x9f\x98\x80",
    "\xf0\x9d\x90\x80",
    "\xe2\x85\xa7",
    "\xef\xbf\xbd",
    "\xf4\x8f\xbf\xbf",
    "\xe2\x80\x99",
};
#define ASCII_PARTS 48
#define PARTS       (sizeof(parts) / sizeof(parts[0]))

static uint32_t dice = 20261122;

static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)dice * n >> 32);
}

static size_t make_text(char *out, size_t cap)
{
    size_t n = 0, want = roll(60), among = roll(3) ? PARTS : ASCII_PARTS;

    for (size_t i = 0; i < want; i++) {
        const char *part = parts[roll((uint32_t)among)];

        if (among == ASCII_PARTS && (uint8_t)part[0] >= 0x80)
            continue;
        if (n + strlen(part) > cap)
            break;
        memcpy(out + n, part, strlen(part));
        n += strlen(part);
    }
    return n;
}

static void test_against_pcre2(void **state)
{
    (void)state;
    static char text[1024];

    for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
        int error;
        PCRE2_SIZE at;
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)rules[r].regex, PCRE2_ZERO_TERMINATED,
                                         PCRE2_UTF | PCRE2_UCP, &error, &at, NULL);
        pcre2_match_data *match = code ? pcre2_match_data_create_from_pattern(code, NULL) : NULL;

        assert_non_null(match);
        for (int round = 0; round < 20000; round++) {
            size_t n = make_text(text, sizeof(text));
            struct lx_scan s = lx_scan(rules[r].scheme, lx_slice(text, n));

            while (s.at < s.end) {
                size_t from = (size_t)((const char *)s.at - text);
                const uint8_t *to = lx_scan_piece(&s);

                assert_true(pcre2_match(code, (PCRE2_SPTR)text, n, from, PCRE2_NO_UTF_CHECK, match,
                                        NULL) > 0);
                if (pcre2_get_ovector_pointer(match)[0] != from ||
                    pcre2_get_ovector_pointer(match)[1] != (size_t)((const char *)to - text))
                    fail_msg("rule %zu: at %zu of \"%.*s\" to %zu, PCRE2 to %zu", r, from, (int)n,
                             text, (size_t)((const char *)to - text),
                             pcre2_get_ovector_pointer(match)[1]);
                s.at = to;
            }
        }
        pcre2_match_data_free(match);
        pcre2_code_free(code);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    static const enum lx_scheme schemes[] = {LX_SCHEME_O200K, LX_SCHEME_CL100K, LX_SCHEME_LLAMA3,
                                             LX_SCHEME_QWEN, LX_SCHEME_R50K};
    static char text[1024];
    size_t told = 0, asked = 0;

    for (int round = 0; round < 200000; round++) {
        enum lx_scheme scheme = schemes[round % 5];
        size_t n = make_text(text, sizeof(text));
        struct lx_scan s = lx_scan(scheme, lx_slice(text, n));

        while (s.at < s.end) {
            const uint8_t *from = s.at;
            uint64_t (*cut)(enum lx_scheme, const uint8_t *, const uint8_t *) =
                round % 3 ? lx_scan_block : lx_scan_block_portable;
            uint64_t ends = cut(scheme, from, s.end);

            asked++;
            if (ends == 0)
                s.at = lx_scan_piece(&s);
            for (; ends; ends &= ends - 1, told++) {
                const uint8_t *to = lx_scan_piece(&s), *end = from + __builtin_ctzll(ends);

                if (to != end)
                    fail_msg("scheme %d: at %zu of \"%.*s\" to %zu, at once to %zu", (int)scheme,
                             (size_t)((const char *)s.at - text), (int)n, text,
                             (size_t)((const char *)to - text), (size_t)((const char *)end - text));
                s.at = to;
            }
        }
    }
    assert_true(told > asked * 2); /* or the test has seen nothing */
}

/* Every character, among others of its kind and not, is the same in vectors. */
static void test_characters(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x11000; c++) {
        char one[4], text[256];
        size_t size = lx_utf8_put(one, c), n = 0;

        if (c >= 0xd800 && c < 0xe000)
            continue;
        for (uint32_t i = 0; n < 128; i++) {
            const char *between = parts[(c + i * 7) % PARTS];

            memcpy(text + n, one, size);
            memcpy(text + n + size, between, strlen(between));
            n += size + strlen(between);
        }
        for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
            const uint8_t *p = (const uint8_t *)text;

            if (lx_scan_block(rules[r].scheme, p, p + n) !=
                lx_scan_block_portable(rules[r].scheme, p, p + n))
                fail_msg("scheme %d: U+%04X is another in vectors", (int)rules[r].scheme,
                         (unsigned)c);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_pcre2),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
