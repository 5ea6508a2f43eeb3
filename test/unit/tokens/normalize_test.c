/*
 * normalize_test.c - NFC and NFKC, on what is odd about them.
 */
#include "unit.h"

#include "tokens/normalize.h"

static const struct {
    struct lx_slice text, nfc, nfkc;
} cases[] = {
    {LX_S_INIT("plain"), LX_S_INIT("plain"), LX_S_INIT("plain")},
    {LX_S_INIT("e\xcc\x81"), LX_S_INIT("\xc3\xa9"), LX_S_INIT("\xc3\xa9")},
    /* Marks go in order before they compose: a, dot below, circumflex. */
    {LX_S_INIT("a\xcc\x82\xcc\xa3"), LX_S_INIT("\xe1\xba\xad"), LX_S_INIT("\xe1\xba\xad")},
    /* Of two marks of one class the second is blocked. */
    {LX_S_INIT("a\xcc\x81\xcc\x82"), LX_S_INIT("\xc3\xa1\xcc\x82"), LX_S_INIT("\xc3\xa1\xcc\x82")},
    /* Excluded from composition: U+0958. */
    {LX_S_INIT("\xe0\xa5\x98"), LX_S_INIT("\xe0\xa4\x95\xe0\xa4\xbc"),
     LX_S_INIT("\xe0\xa4\x95\xe0\xa4\xbc")},
    /* Singletons: Kelvin, Angstrom. */
    {LX_S_INIT("\xe2\x84\xaa\xe2\x84\xab"), LX_S_INIT("K\xc3\x85"), LX_S_INIT("K\xc3\x85")},
    /* Hangul: lead, vowel and tail; a syllable and a tail. */
    {LX_S_INIT("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), LX_S_INIT("\xed\x95\x9c"),
     LX_S_INIT("\xed\x95\x9c")},
    {LX_S_INIT("\xed\x95\x98\xe1\x86\xab"), LX_S_INIT("\xed\x95\x9c"), LX_S_INIT("\xed\x95\x9c")},
    {LX_S_INIT("\xef\xac\x81 \xe2\x91\xa0 \xef\xbd\x86"),
     LX_S_INIT("\xef\xac\x81 \xe2\x91\xa0 \xef\xbd\x86"), LX_S_INIT("fi 1 f")},
    /* Half-width kana and its mark become one. */
    {LX_S_INIT("\xef\xbd\xb6\xef\xbe\x9e"), LX_S_INIT("\xef\xbd\xb6\xef\xbe\x9e"),
     LX_S_INIT("\xe3\x82\xac")},
    {LX_S_INIT("\xcc\x81z"), LX_S_INIT("\xcc\x81z"), LX_S_INIT("\xcc\x81z")},
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (enum lx_norm form = LX_NORM_NFC; form <= LX_NORM_NFKC; form++) {
            struct lx_slice want = form == LX_NORM_NFC ? cases[i].nfc : cases[i].nfkc;
            struct lx_buf out;

            lx_buf_init(&out, 1000);
            assert_int_equal(lx_norm_write(form, cases[i].text, &out), 0);
            if (!lx_slice_eq(lx_buf_slice(&out), want))
                fail_msg("case %zu, form %d: \"%.*s\"", i, (int)form, LX_F(lx_buf_slice(&out)));
            if (!lx_slice_eq(cases[i].text, want))
                assert_false(lx_norm_is(form, cases[i].text));
            lx_buf_clear(&out);
        }
}

/* A character that is in form needs no work: else every é would have its text copied. */
static void test_common_text_is_in_form(void **state)
{
    (void)state;
    assert_true(lx_norm_is(LX_NORM_NFC,
                           LX_S("na\xc3\xafve \xd0\xb9 \xe4\xb8\xad \xed\x95\x9c \xe3\x82\xac")));
    assert_true(lx_norm_is(LX_NORM_NFKC,
                           LX_S("na\xc3\xafve \xd0\xb9 \xe4\xb8\xad \xed\x95\x9c \xe3\x82\xac")));
    assert_false(lx_norm_is(LX_NORM_NFKC, LX_S("\xef\xac\x81")));
}

static void test_many_marks(void **state)
{
    (void)state;
    struct lx_buf text, out;

    lx_buf_init(&text, 1 << 20);
    lx_buf_init(&out, 1 << 20);
    lx_buf_add_byte(&text, 'a');
    for (int i = 0; i < 5000; i++)
        lx_buf_add(&text, i % 2 ? LX_S("\xcc\x81") : LX_S("\xcc\xa3"));
    assert_int_equal(lx_norm_write(LX_NORM_NFC, lx_buf_slice(&text), &out), 0);
    assert_true(lx_slice_starts(lx_buf_slice(&out), LX_S("\xe1\xba\xa1\xcc\xa3")));
    lx_buf_clear(&out);
    lx_buf_init(&out, 100);
    assert_int_equal(lx_norm_write(LX_NORM_NFC, lx_buf_slice(&text), &out), LX_ELIMIT);
    lx_buf_clear(&text);
    lx_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_common_text_is_in_form),
        cmocka_unit_test(test_many_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
