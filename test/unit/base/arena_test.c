/*
 * arena_test.c - alignment, zeroing, the ceiling, chunk economy, and failures that stick.
 *
 * malloc is wrapped by the linker, to count chunks and to let memory run out on demand.
 */
#include "unit.h"

#include "base/arena.h"
#include "base/error.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);

static bool no_memory;
static size_t mallocs, last_malloc;

void *__wrap_malloc(size_t n)
{
    mallocs++;
    last_malloc = n;
    return no_memory ? NULL : __real_malloc(n);
}

static void test_alloc_is_aligned_and_zeroed(void **state)
{
    (void)state;
    struct lx_arena a;
    static const char zeros[300];

    lx_arena_init(&a, 1 << 20);
    for (int round = 0; round < 2; round++) {
        for (size_t n = 0; n < 300; n++) {
            char *p = lx_arena_alloc(&a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            if (n) {
                assert_memory_equal(p, zeros, n);
                memset(p, 0xAA, n);
            }
            char *q = lx_arena_bytes(&a, n % 7);
            assert_non_null(q);
            memset(q, 0xBB, n % 7);
        }
        /* The second round meets the first one's dirt. */
        lx_arena_reset(&a);
    }
    lx_arena_clear(&a);
}

static void test_allocations_do_not_overlap(void **state)
{
    (void)state;
    struct lx_arena a;
    unsigned char *p[400];

    lx_arena_init(&a, 64 << 20);
    for (size_t i = 0; i < 400; i++) {
        p[i] = lx_arena_alloc(&a, i * i);
        assert_non_null(p[i]);
        memset(p[i], (int)(i & 0xFF), i * i);
    }
    for (size_t i = 0; i < 400; i++) {
        for (size_t j = 0; j < i * i; j++)
            assert_int_equal(p[i][j], i & 0xFF);
    }
    lx_arena_clear(&a);
}

static void test_ceiling_is_exact(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 100);
    assert_non_null(lx_arena_bytes(&a, 60));
    assert_non_null(lx_arena_bytes(&a, 40));
    assert_int_equal(a.used, 100);
    assert_null(lx_arena_bytes(&a, 1));
    assert_int_equal(a.failed, LX_ELIMIT);
    lx_arena_clear(&a);

    /* Rounding counts: 1 byte, 15 of padding, 84 more. */
    assert_non_null(lx_arena_bytes(&a, 1));
    assert_null(lx_arena_alloc(&a, 85));
    assert_int_equal(a.failed, LX_ELIMIT);
    lx_arena_clear(&a);
    assert_non_null(lx_arena_bytes(&a, 1));
    assert_non_null(lx_arena_alloc(&a, 84));
    assert_int_equal(a.used, 100);
    lx_arena_clear(&a);
}

static void test_ceiling_holds_for_big_requests(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 1 << 20);
    assert_null(lx_arena_bytes(&a, (1 << 20) + 1));
    assert_int_equal(a.failed, LX_ELIMIT);
    lx_arena_clear(&a);
    assert_non_null(lx_arena_bytes(&a, 1 << 20));
    assert_null(lx_arena_bytes(&a, 1));
    assert_int_equal(a.failed, LX_ELIMIT);
    lx_arena_clear(&a);
}

static void test_failure_sticks(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 1000);
    char *before = lx_arena_copy_z(&a, LX_S("before"));
    assert_null(lx_arena_alloc(&a, 2000));
    assert_null(lx_arena_alloc(&a, 1));
    assert_null(lx_arena_bytes(&a, 0));
    assert_null(lx_arena_copy(&a, LX_S("x")).p);
    assert_null(lx_arena_copy_z(&a, LX_S("x")));
    assert_null(lx_arena_printf(&a, "x").p);
    assert_int_equal(a.failed, LX_ELIMIT);
    assert_string_equal(before, "before");
    lx_arena_clear(&a);
    assert_non_null(lx_arena_alloc(&a, 1));
    lx_arena_reset(&a);
    assert_null(lx_arena_alloc(&a, 2000));
    lx_arena_reset(&a);
    assert_int_equal(a.failed, 0);
    assert_non_null(lx_arena_alloc(&a, 1));
    lx_arena_clear(&a);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 100000};

    for (size_t i = 0; i < 2; i++) {
        struct lx_arena a;
        lx_arena_init(&a, 1 << 20);
        no_memory = true;
        assert_null(lx_arena_alloc(&a, sizes[i]));
        no_memory = false;
        assert_int_equal(a.failed, LX_ENOMEM);
        assert_null(lx_arena_alloc(&a, 1));
        lx_arena_clear(&a);
    }
}

static void test_huge_requests_do_not_wrap(void **state)
{
    (void)state;
    struct lx_arena a;

    for (size_t less = 0; less < 64; less++) {
        lx_arena_init(&a, SIZE_MAX);
        /* Without a guard the chunk header would wrap this into a small allocation. */
        last_malloc = 0;
        no_memory = true;
        assert_null(lx_arena_alloc(&a, SIZE_MAX - less));
        no_memory = false;
        assert_true(last_malloc == 0 || last_malloc >= SIZE_MAX - less);
        assert_int_equal(a.failed, LX_ENOMEM);
        lx_arena_clear(&a);
    }
    lx_arena_init(&a, 100);
    assert_null(lx_arena_copy_z(&a, lx_slice("", SIZE_MAX)));
    assert_int_equal(a.failed, LX_ELIMIT);
    lx_arena_clear(&a);
}

static void test_big_request_leaves_the_current_chunk(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 10 << 20);
    char *small = lx_arena_bytes(&a, 10);
    assert_non_null(lx_arena_bytes(&a, 1 << 20));
    mallocs = 0;
    assert_ptr_equal(lx_arena_bytes(&a, 10), small + 10);
    assert_int_equal(mallocs, 0);
    lx_arena_clear(&a);
}

static void test_chunks_double_to_64k(void **state)
{
    (void)state;
    struct lx_arena a;
    size_t want = 4096;

    lx_arena_init(&a, 10 << 20);
    for (size_t used = 0; used < 1 << 20; used += 64) {
        mallocs = 0;
        assert_non_null(lx_arena_bytes(&a, 64));
        if (mallocs) {
            assert_int_equal(last_malloc, want);
            want = want < 65536 ? want * 2 : want;
        }
    }
    assert_int_equal(want, 65536);
    lx_arena_clear(&a);
}

/* A connection that serves one like request after another must come to rest. */
static void test_reset_keeps_a_chunk(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 1 << 20);
    for (int request = 0; request < 20; request++) {
        mallocs = 0;
        for (int i = 0; i < 100; i++)
            assert_non_null(lx_arena_alloc(&a, 200));
        assert_in_range(a.used, 100 * 200, 100 * 216);
        lx_arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    assert_int_equal(mallocs, 0);
    lx_arena_clear(&a);
}

static void test_reset_gives_back_a_huge_chunk(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 10 << 20);
    lx_arena_reset(&a);
    assert_null(a.chunks);
    assert_non_null(lx_arena_bytes(&a, 1 << 20));
    lx_arena_reset(&a);
    assert_null(a.chunks);
    lx_arena_clear(&a);
}

/* The huge one goes, the chunk for small things stays. */
static void test_reset_after_small_and_huge(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 10 << 20);
    char *small = lx_arena_bytes(&a, 10);
    assert_non_null(lx_arena_bytes(&a, 1 << 20));
    lx_arena_reset(&a);
    assert_ptr_equal(lx_arena_bytes(&a, 10), small);
    lx_arena_clear(&a);
}

static void test_copies(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 10000);
    struct lx_slice copy = lx_arena_copy(&a, LX_S("a\0b"));
    assert_slice(copy, LX_S("a\0b"));
    /* Empty and absent stay apart. */
    assert_non_null(lx_arena_copy(&a, LX_S("")).p);
    assert_null(lx_arena_copy(&a, lx_slice(NULL, 0)).p);
    assert_string_equal(lx_arena_copy_z(&a, LX_S("abc")), "abc");
    assert_string_equal(lx_arena_copy_z(&a, lx_slice(NULL, 0)), "");
    assert_slice(lx_arena_printf(&a, "%d-%s", 42, "x"), LX_S("42-x"));
    assert_slice(lx_arena_printf(&a, "%s", ""), LX_S(""));
    assert_int_equal(lx_arena_printf(&a, "%05000d", 1).n, 5000);
    assert_int_equal(a.failed, 0);
    lx_arena_clear(&a);
}

/* The first allocation of all may be of nothing, and must not look like a failure. */
static void test_empty_copy_comes_first(void **state)
{
    (void)state;
    struct lx_arena a;

    lx_arena_init(&a, 0);
    assert_non_null(lx_arena_copy(&a, LX_S("")).p);
    assert_int_equal(a.failed, 0);
    lx_arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_is_aligned_and_zeroed),
        cmocka_unit_test(test_allocations_do_not_overlap),
        cmocka_unit_test(test_ceiling_is_exact),
        cmocka_unit_test(test_ceiling_holds_for_big_requests),
        cmocka_unit_test(test_failure_sticks),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_huge_requests_do_not_wrap),
        cmocka_unit_test(test_big_request_leaves_the_current_chunk),
        cmocka_unit_test(test_chunks_double_to_64k),
        cmocka_unit_test(test_reset_keeps_a_chunk),
        cmocka_unit_test(test_reset_gives_back_a_huge_chunk),
        cmocka_unit_test(test_reset_after_small_and_huge),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_empty_copy_comes_first),
    };
    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
