/*
 * secret_test.c - secrets are copied, compared whole, and gone after clear.
 *
 * malloc and free are wrapped by the linker: the one to let memory run out, the other to look at
 * the bytes as they are given back.
 */
#include "unit.h"

#include "base/error.h"
#include "base/secret.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void __real_free(void *p);
void __wrap_free(void *p);

static bool no_memory;
static const char *watched;
static char seen_at_free[6];

void *__wrap_malloc(size_t n)
{
    return no_memory ? NULL : __real_malloc(n);
}

void __wrap_free(void *p)
{
    if (p && p == watched)
        memcpy(seen_at_free, p, sizeof(seen_at_free));
    __real_free(p);
}

static void test_copies(void **state)
{
    (void)state;
    struct lx_secret s;
    char text[] = "sk-key";

    assert_int_equal(lx_secret_init(&s, lx_slice_z(text)), 0);
    memset(text, 'x', sizeof(text) - 1);
    assert_true(lx_secret_is_set(&s));
    assert_slice(lx_secret_bytes(&s), LX_S("sk-key"));
    lx_secret_clear(&s);
    assert_false(lx_secret_is_set(&s));
    lx_secret_clear(&s);
    lx_secret_clear(NULL);
}

static void test_clear_wipes_before_free(void **state)
{
    (void)state;
    struct lx_secret s;

    assert_int_equal(lx_secret_init(&s, LX_S("sk-key")), 0);
    watched = s.hidden;
    memset(seen_at_free, 'x', sizeof(seen_at_free));
    lx_secret_clear(&s);
    watched = NULL;
    assert_memory_equal(seen_at_free, "\0\0\0\0\0\0", 6);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct lx_secret s;

    no_memory = true;
    int rc = lx_secret_init(&s, LX_S("sk-key"));
    no_memory = false;
    assert_int_equal(rc, LX_ENOMEM);
    assert_false(lx_secret_is_set(&s));
    lx_secret_clear(&s);
}

static void test_eq(void **state)
{
    (void)state;
    struct lx_secret s;

    assert_int_equal(lx_secret_init(&s, LX_S("sk-\0key")), 0);
    assert_true(lx_secret_eq(&s, LX_S("sk-\0key")));
    assert_false(lx_secret_eq(&s, LX_S("Sk-\0key")));
    assert_false(lx_secret_eq(&s, LX_S("sk-\0kez")));
    assert_false(lx_secret_eq(&s, LX_S("sk-\0ke")));
    assert_false(lx_secret_eq(&s, LX_S("sk-\0key ")));
    assert_false(lx_secret_eq(&s, LX_S("")));
    assert_false(lx_secret_eq(&s, lx_slice(NULL, 0)));
    lx_secret_clear(&s);
}

/* Every single bit counts, the top ones too. */
static void test_eq_sees_every_bit(void **state)
{
    (void)state;
    struct lx_secret s;
    char candidate[8] = "abcdefg";

    assert_int_equal(lx_secret_init(&s, lx_slice(candidate, 8)), 0);
    for (size_t bit = 0; bit < 64; bit++) {
        candidate[bit / 8] = (char)(candidate[bit / 8] ^ 1 << bit % 8);
        assert_false(lx_secret_eq(&s, lx_slice(candidate, 8)));
        candidate[bit / 8] = (char)(candidate[bit / 8] ^ 1 << bit % 8);
    }
    assert_true(lx_secret_eq(&s, lx_slice(candidate, 8)));
    lx_secret_clear(&s);
}

/* A candidate of the secret and its first byte over and over meets the masked index. */
static void test_eq_of_a_longer_candidate(void **state)
{
    (void)state;
    struct lx_secret s;
    char candidate[600];

    memset(candidate, 'a', sizeof(candidate));
    assert_int_equal(lx_secret_init(&s, LX_S("aa")), 0);
    for (size_t n = 0; n <= sizeof(candidate); n++)
        assert_int_equal(lx_secret_eq(&s, lx_slice(candidate, n)), n == 2);
    lx_secret_clear(&s);
}

static void test_unset_equals_nothing(void **state)
{
    (void)state;
    struct lx_secret s;

    assert_int_equal(lx_secret_init(&s, LX_S("")), 0);
    assert_false(lx_secret_is_set(&s));
    assert_false(lx_secret_eq(&s, LX_S("")));
    assert_false(lx_secret_eq(&s, LX_S("a")));
    lx_secret_clear(&s);
}

static void test_wipe(void **state)
{
    (void)state;
    char bytes[] = "abcd";

    lx_wipe(bytes, 2);
    assert_memory_equal(bytes, "\0\0cd", 4);
    lx_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_clear_wipes_before_free),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_eq),
        cmocka_unit_test(test_eq_sees_every_bit),
        cmocka_unit_test(test_eq_of_a_longer_candidate),
        cmocka_unit_test(test_unset_equals_nothing),
        cmocka_unit_test(test_wipe),
    };
    return cmocka_run_group_tests_name("base/secret", tests, NULL, NULL);
}
