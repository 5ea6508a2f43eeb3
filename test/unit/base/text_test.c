/*
 * text_test.c - UTF-8 at every edge of its table, base64 in both alphabets, hex, percent.
 */
#include "unit.h"

#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>

/* Behind every amount of ASCII, so that the character falls on every place of a 16-byte block.
 * The copy ends where its heap block ends: reading past it is seen by the sanitizer. */
static void assert_valid_prefix(struct lx_slice s, size_t want)
{
    for (size_t lead = 0; lead < 40; lead++) {
        char *bytes = malloc(lead + s.n + 1);
        assert_non_null(bytes);
        char *p = bytes + 1;
        memset(p, 'a', lead);
        memcpy(p + lead, s.p, s.n);
        assert_int_equal(lx_utf8_valid(lx_slice(p, lead + s.n)), lead + want);
        free(bytes);
    }
}

static void test_utf8_accepts(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {
        LX_S_INIT(""),
        LX_S_INIT("a"),
        LX_S_INIT("\0"),
        LX_S_INIT("\x7F"),
        LX_S_INIT("\xC2\x80"),         /* U+0080 */
        LX_S_INIT("\xDF\xBF"),         /* U+07FF */
        LX_S_INIT("\xE0\xA0\x80"),     /* U+0800 */
        LX_S_INIT("\xED\x9F\xBF"),     /* U+D7FF, before the surrogates */
        LX_S_INIT("\xEE\x80\x80"),     /* U+E000, after them */
        LX_S_INIT("\xEF\xBF\xBF"),     /* U+FFFF */
        LX_S_INIT("\xF0\x90\x80\x80"), /* U+10000 */
        LX_S_INIT("\xF4\x8F\xBF\xBF"), /* U+10FFFF */
        LX_S_INIT("\xC3\xA4 plain ascii in between, long enough \xF0\x9F\x98\x80 and on"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_valid_prefix(rows[i], rows[i].n);
    assert_int_equal(lx_utf8_valid(lx_slice(NULL, 0)), 0);
}

static void test_utf8_refuses(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {
        LX_S_INIT("\x80"), /* a tail alone */
        LX_S_INIT("\xBF"),
        LX_S_INIT("\xC0\x80"),                 /* overlong NUL */
        LX_S_INIT("\xC1\xBF"),                 /* overlong U+007F */
        LX_S_INIT("\xE0\x80\x80"),             /* overlong */
        LX_S_INIT("\xE0\x9F\xBF"),             /* overlong U+07FF */
        LX_S_INIT("\xF0\x80\x80\x80"),         /* overlong */
        LX_S_INIT("\xF0\x8F\xBF\xBF"),         /* overlong U+FFFF */
        LX_S_INIT("\xED\xA0\x80"),             /* U+D800 */
        LX_S_INIT("\xED\xBF\xBF"),             /* U+DFFF */
        LX_S_INIT("\xED\xA0\xBD\xED\xB8\x80"), /* a surrogate pair (CESU-8) */
        LX_S_INIT("\xF4\x90\x80\x80"),         /* U+110000 */
        LX_S_INIT("\xF5\x80\x80\x80"),
        LX_S_INIT("\xF8\x88\x80\x80\x80"), /* five bytes */
        LX_S_INIT("\xFC\x84\x80\x80\x80\x80"),
        LX_S_INIT("\xFE"),
        LX_S_INIT("\xFF"),
        LX_S_INIT("\xC2\x41"), /* a tail that is none */
        LX_S_INIT("\xC2\xC2"),
        LX_S_INIT("\xE2\x82\x41"),
        LX_S_INIT("\xE2\x41\xAC"),
        LX_S_INIT("\xF0\x9F\x98\x41"),
        LX_S_INIT("\xF0\x9F\x41\x80"),
        LX_S_INIT("\xF0\x41\x98\x80"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_valid_prefix(rows[i], 0);
}

static void test_utf8_truncated_at_every_byte(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {
        LX_S_INIT("\xC3\xA4"),
        LX_S_INIT("\xE2\x82\xAC"),
        LX_S_INIT("\xF0\x9F\x98\x80"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t n = 0; n < rows[i].n; n++)
            assert_valid_prefix(lx_slice_to(rows[i], n), 0);
    }
}

/* Every code point there is, and the surrogates, through writer and checker. */
static void test_utf8_put_all(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char out[4];
        size_t n = lx_utf8_put(out, c);
        size_t want = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (n != want || lx_utf8_valid(lx_slice(out, n)) != (surrogate ? 0 : n))
            fail_msg("U+%04X", (unsigned)c);
    }
}

static void test_utf8_put_bytes(void **state)
{
    (void)state;
    char out[4];

    assert_slice(lx_slice(out, lx_utf8_put(out, 0xE4)), LX_S("\xC3\xA4"));
    assert_slice(lx_slice(out, lx_utf8_put(out, 0x20AC)), LX_S("\xE2\x82\xAC"));
    assert_slice(lx_slice(out, lx_utf8_put(out, 0x1F600)), LX_S("\xF0\x9F\x98\x80"));
}

/* RFC 4648, section 10. */
static void test_base64_rfc_vectors(void **state)
{
    (void)state;
    static const struct {
        struct lx_slice bytes, text;
    } rows[] = {
        {LX_S_INIT(""), LX_S_INIT("")},
        {LX_S_INIT("f"), LX_S_INIT("Zg==")},
        {LX_S_INIT("fo"), LX_S_INIT("Zm8=")},
        {LX_S_INIT("foo"), LX_S_INIT("Zm9v")},
        {LX_S_INIT("foob"), LX_S_INIT("Zm9vYg==")},
        {LX_S_INIT("fooba"), LX_S_INIT("Zm9vYmE=")},
        {LX_S_INIT("foobar"), LX_S_INIT("Zm9vYmFy")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_buf b;
        lx_buf_init(&b, rows[i].text.n);
        lx_base64_write(&b, rows[i].bytes);
        assert_buf(&b, rows[i].text);
        assert_int_equal(b.failed, 0);
        lx_buf_clear(&b);

        lx_buf_init(&b, rows[i].bytes.n);
        assert_int_equal(lx_base64_read(rows[i].text, &b), 0);
        assert_buf(&b, rows[i].bytes);
        lx_buf_clear(&b);
    }
}

static void test_base64_both_alphabets(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {LX_S_INIT("+/+/++//"), LX_S_INIT("-_-_--__"),
                                           LX_S_INIT("+_-/-+_/")};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_buf b;
        lx_buf_init(&b, 6);
        assert_true(lx_base64_like(rows[i]));
        assert_int_equal(lx_base64_read(rows[i], &b), 0);
        assert_buf(&b, LX_S("\xFB\xFF\xBF\xFB\xEF\xFF"));
        lx_buf_clear(&b);
    }
}

static void test_base64_without_padding(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 100);
    assert_int_equal(lx_base64_read(LX_S("Zg"), &b), 0);
    assert_int_equal(lx_base64_read(LX_S("Zm8"), &b), 0);
    assert_buf(&b, LX_S("ffo"));
    lx_buf_clear(&b);
}

static void test_base64_round_trip(void **state)
{
    (void)state;
    char bytes[300];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        struct lx_buf text, back;
        lx_buf_init(&text, 1000);
        lx_buf_init(&back, n);
        lx_base64_write(&text, lx_slice(bytes, n));
        assert_int_equal(lx_base64_like(lx_buf_slice(&text)), n != 0);
        assert_int_equal(lx_base64_read(lx_buf_slice(&text), &back), 0);
        assert_buf(&back, lx_slice(bytes, n));
        lx_buf_clear(&text);
        lx_buf_clear(&back);
    }
}

static void test_base64_refuses(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {
        LX_S_INIT("A"),      LX_S_INIT("AAAAA"),    LX_S_INIT("="),        LX_S_INIT("=="),
        LX_S_INIT("===="),   LX_S_INIT("A==="),     LX_S_INIT("AA="),      LX_S_INIT("AAA=="),
        LX_S_INIT("AAAA="),  LX_S_INIT("AAAA=="),   LX_S_INIT("AAAA===="), LX_S_INIT("AA=A"),
        LX_S_INIT("=AAA"),   LX_S_INIT("AA==AAAA"), LX_S_INIT("AA A"),     LX_S_INIT("AAAA\n"),
        LX_S_INIT("AAA\0"),  LX_S_INIT("AAA\xFF"),  LX_S_INIT("AAA."),     LX_S_INIT("AAAAAAA*"),
        LX_S_INIT("AAA,AA"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_buf b;
        lx_buf_init(&b, 100);
        lx_buf_add_lit(&b, "kept");
        assert_int_equal(lx_base64_read(rows[i], &b), LX_EINVAL);
        assert_false(lx_base64_like(rows[i]));
        assert_buf(&b, LX_S("kept"));
        assert_int_equal(b.failed, 0);
        lx_buf_clear(&b);
    }
}

/* Exactly the 66 letters of both alphabets, among all bytes. */
static void test_base64_letters(void **state)
{
    (void)state;
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    for (int c = 0; c < 256; c++) {
        char text[4] = {(char)c, 'A', 'A', 'A'};
        bool want = memchr(letters, c, sizeof(letters) - 1) != NULL;
        assert_int_equal(lx_base64_like(lx_slice(text, 4)), want);
    }
    assert_false(lx_base64_like(lx_slice(NULL, 0)));
}

static void test_base64_limits(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 7);
    lx_base64_write(&b, LX_S("foob"));
    assert_int_equal(b.failed, LX_ELIMIT);
    assert_int_equal(b.n, 0);
    lx_buf_clear(&b);
    lx_buf_init(&b, 3);
    assert_int_equal(lx_base64_read(LX_S("Zm9vYg=="), &b), LX_ELIMIT);
    assert_int_equal(b.failed, LX_ELIMIT);
    assert_int_equal(b.n, 0);
    lx_buf_clear(&b);
}

static void test_hex(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 10);
    lx_hex_write(&b, LX_S("\x00\x1F\xA0\xFF"));
    assert_buf(&b, LX_S("001fa0ff"));
    lx_hex_write(&b, LX_S("\x01\x02"));
    assert_int_equal(b.failed, LX_ELIMIT);
    lx_buf_clear(&b);
}

static void test_percent_write(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 1000);
    lx_percent_write(&b, LX_S("azAZ09-._~"), LX_S(""));
    assert_buf(&b, LX_S("azAZ09-._~"));
    lx_buf_reset(&b);
    lx_percent_write(&b, LX_S("/a b+\xC3\xA4\0%"), LX_S(""));
    assert_buf(&b, LX_S("%2Fa%20b%2B%C3%A4%00%25"));
    lx_buf_reset(&b);
    lx_percent_write(&b, LX_S("a/b:c"), LX_S("/"));
    assert_buf(&b, LX_S("a/b%3Ac"));
    lx_buf_clear(&b);
}

static void test_percent_read(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 7);
    assert_int_equal(lx_percent_read(LX_S("%2fA%2F+%00%fF%"), &b), LX_EINVAL);
    assert_int_equal(b.n, 0);
    assert_int_equal(lx_percent_read(LX_S("%2fA%2F+%00%fF."), &b), 0);
    assert_buf(&b, LX_S("/A/+\0\xFF."));
    assert_int_equal(lx_percent_read(LX_S("x"), &b), LX_ELIMIT);
    lx_buf_clear(&b);
}

static void test_percent_read_refuses(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {
        LX_S_INIT("%"),    LX_S_INIT("%2"),     LX_S_INIT("ab%"), LX_S_INIT("%%20"),
        LX_S_INIT("%g0"),  LX_S_INIT("%0g"),    LX_S_INIT("% 1"), LX_S_INIT("%+1"),
        LX_S_INIT("%0\0"), LX_S_INIT("%u00e4"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_buf b;
        lx_buf_init(&b, 100);
        assert_int_equal(lx_percent_read(rows[i], &b), LX_EINVAL);
        assert_int_equal(b.n, 0);
        lx_buf_clear(&b);
    }
}

static void test_percent_round_trip(void **state)
{
    (void)state;
    struct lx_buf text, back;
    char all[256];

    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)i;
    lx_buf_init(&text, 1000);
    lx_buf_init(&back, sizeof(all));
    lx_percent_write(&text, lx_slice(all, sizeof(all)), LX_S(""));
    assert_int_equal(text.n, 66 + 3 * (256 - 66));
    assert_int_equal(lx_percent_read(lx_buf_slice(&text), &back), 0);
    assert_buf(&back, lx_slice(all, sizeof(all)));
    lx_buf_clear(&text);
    lx_buf_clear(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_accepts),
        cmocka_unit_test(test_utf8_refuses),
        cmocka_unit_test(test_utf8_truncated_at_every_byte),
        cmocka_unit_test(test_utf8_put_all),
        cmocka_unit_test(test_utf8_put_bytes),
        cmocka_unit_test(test_base64_rfc_vectors),
        cmocka_unit_test(test_base64_both_alphabets),
        cmocka_unit_test(test_base64_without_padding),
        cmocka_unit_test(test_base64_round_trip),
        cmocka_unit_test(test_base64_refuses),
        cmocka_unit_test(test_base64_letters),
        cmocka_unit_test(test_base64_limits),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_percent_write),
        cmocka_unit_test(test_percent_read),
        cmocka_unit_test(test_percent_read_refuses),
        cmocka_unit_test(test_percent_round_trip),
    };
    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
