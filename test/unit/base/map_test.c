/*
 * map_test.c - SipHash-1-3 against foreign implementations, and the table's promises.
 */
#include "unit.h"

#include "base/error.h"
#include "base/map.h"

#include <stdio.h>

/* The reference key 00 01 .. 0f as two little-endian words. */
static const uint64_t reference_key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/* Messages 00 01 02 .. of these lengths. From OpenSSL 3.0:
 *   openssl mac -macopt c-rounds:1 -macopt d-rounds:3 -macopt size:8
 *       -macopt hexkey:000102030405060708090a0b0c0d0e0f -in message SIPHASH
 * read as little-endian words. */
static void test_hash_reference_vectors(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        uint64_t want;
    } rows[] = {
        {0, 0xabac0158050fc4dc},   {1, 0xc9f49bf37d57ca93},  {2, 0x82cb9b024dc7d44d},
        {3, 0x8bf80ab8e7ddf7fb},   {7, 0xd3927d989bb11140},  {8, 0x369095118d299a8e},
        {9, 0x25a48eb36c063de4},   {15, 0xd320d86d2a519956}, {16, 0xcc4fdd1a7d908b66},
        {17, 0x9cf2689063dbd80c},  {31, 0x2370dd1f8c21d1bc}, {32, 0x81157b6c16a7b60d},
        {63, 0x9d199062b7bbb3a8},  {64, 0xf17997ec4b4a6065}, {255, 0xf76214e3153c4a15},
        {256, 0x75b3e64e167de370},
    };
    char message[256];
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (char)i;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t got = lx_hash(lx_slice(message, rows[i].n), reference_key);
        assert_true(got == rows[i].want);
    }
}

/* CPython 3.11 hashes bytes with SipHash-1-3; with PYTHONHASHSEED=0 its key is zero. */
static void test_hash_as_python(void **state)
{
    (void)state;
    static const uint64_t zero[2];

    assert_true(lx_hash(LX_S("a"), zero) == 0x407448d2b89b1813);
    assert_true(lx_hash(LX_S("aaaaaaaa"), zero) == 0xc501b12e18428c92);
    assert_true(lx_hash(LX_S("aaaaaaaaa"), zero) == 0x121a17216b5c59d4);
}

static void test_hash_depends_on_seed(void **state)
{
    (void)state;
    static const uint64_t a[2] = {1, 0}, b[2] = {0, 1};

    assert_true(lx_hash(LX_S("gpt"), a) != lx_hash(LX_S("gpt"), b));
    assert_true(lx_hash(lx_slice(NULL, 0), a) == lx_hash(LX_S(""), a));
}

static void test_empty_map(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_map m;

    lx_arena_init(&a, 1000);
    lx_map_init(&m, &a, reference_key);
    assert_null(lx_map_get(&m, LX_S("x")));
    assert_int_equal(a.used, 0);
    lx_arena_clear(&a);
}

static void test_put_get_replace(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_map m;
    int one, two;

    lx_arena_init(&a, 10000);
    lx_map_init(&m, &a, reference_key);
    assert_int_equal(lx_map_put(&m, LX_S("x"), &one), 0);
    assert_int_equal(lx_map_put(&m, LX_S(""), &two), 0);
    assert_ptr_equal(lx_map_get(&m, LX_S("x")), &one);
    assert_ptr_equal(lx_map_get(&m, LX_S("")), &two);
    assert_null(lx_map_get(&m, LX_S("X")));
    assert_null(lx_map_get(&m, LX_S("x\0")));
    assert_int_equal(lx_map_put(&m, LX_S("x"), &two), 0);
    assert_ptr_equal(lx_map_get(&m, LX_S("x")), &two);
    assert_int_equal(m.count, 2);
    lx_arena_clear(&a);
}

static void test_many(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct lx_arena a;
    struct lx_map m;
    static struct lx_slice keys[MANY];

    lx_arena_init(&a, 4 << 20);
    lx_map_init(&m, &a, reference_key);
    for (size_t i = 0; i < MANY; i++) {
        keys[i] = lx_arena_printf(&a, "key-%zu", i);
        assert_int_equal(lx_map_put(&m, keys[i], &keys[i]), 0);
    }
    assert_int_equal(m.count, MANY);
    size_t used = a.used;
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(lx_map_get(&m, keys[i]), &keys[i]);
    assert_null(lx_map_get(&m, LX_S("key-5000")));
    assert_int_equal(a.used, used);
    lx_arena_clear(&a);
}

/* When the table cannot grow, what is in it stays findable. */
static void test_full_arena(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_map m;
    static char keys[1000];
    size_t put = 0;
    int rc = 0;

    lx_arena_init(&a, 5000);
    lx_map_init(&m, &a, reference_key);
    for (; put < 500; put++) {
        snprintf(keys + 2 * put, 2, "%c", (char)(put + 1));
        keys[2 * put + 1] = (char)(put >> 8);
        rc = lx_map_put(&m, lx_slice(keys + 2 * put, 2), keys + put);
        if (rc)
            break;
    }
    assert_int_equal(rc, LX_ELIMIT);
    assert_in_range(put, 12, 96);
    assert_int_equal(m.count, put);
    for (size_t i = 0; i < put; i++)
        assert_ptr_equal(lx_map_get(&m, lx_slice(keys + 2 * i, 2)), keys + i);
    assert_null(lx_map_get(&m, lx_slice(keys + 2 * put, 2)));
    lx_arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_reference_vectors),
        cmocka_unit_test(test_hash_as_python),
        cmocka_unit_test(test_hash_depends_on_seed),
        cmocka_unit_test(test_empty_map),
        cmocka_unit_test(test_put_get_replace),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_full_arena),
    };
    return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
