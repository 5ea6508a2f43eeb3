/*
 * offsets_test.c - bytes and characters of a text that comes in pieces.
 */
#include "dialect/offsets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Of the characters' sizes 1 2 3 4, in every order of three, all places are as counted by hand. */
static void every_place(void **state)
{
    static const char *const characters[] = {"a", "\xC3\xBC", "\xE6\x97\xA5", "\xF0\x9F\x98\x80"};
    struct lx_offsets o;
    (void)state;
    lx_offsets_init(&o);
    for (size_t n = 0; n < 64; n++) {
        const char *text[] = {characters[n % 4], characters[n / 4 % 4], characters[n / 16]};
        size_t at = 0;
        lx_offsets_reset(&o);
        for (size_t i = 0; i < 3; i++)
            lx_offsets_add(&o, lx_slice_z(text[i]));
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(lx_offsets_byte(&o, i), at);
            for (size_t b = 0; b < strlen(text[i]); b++)
                assert_int_equal(lx_offsets_character(&o, at + b), i);
            at += strlen(text[i]);
        }
        assert_int_equal(lx_offsets_byte(&o, 3), at);
        assert_int_equal(lx_offsets_byte(&o, 99), at);
        assert_int_equal(lx_offsets_character(&o, SIZE_MAX), 3);
    }
    lx_offsets_clear(&o);
}

static void no_text(void **state)
{
    struct lx_offsets o;
    (void)state;
    lx_offsets_init(&o);
    assert_int_equal(lx_offsets_byte(&o, 5), 0);
    assert_int_equal(lx_offsets_character(&o, 5), 0);
    lx_offsets_clear(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_place), cmocka_unit_test(no_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
