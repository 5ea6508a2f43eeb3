/*
 * float_test.c - decimals to floats as Python's struct.pack("<f") has them, and back.
 */
#include "unit.h"

#include "base/error.h"
#include "base/float.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t bits(const char *text)
{
    float f;
    uint32_t u;
    assert_int_equal(lx_float_read(lx_slice_z(text), &f), 0);
    memcpy(&u, &f, sizeof(u));
    return u;
}

/* struct.unpack("<I", struct.pack("<f", float(text))) */
static void test_read(void **state)
{
    (void)state;
    assert_int_equal(bits("0"), 0);
    assert_int_equal(bits("-0.0"), 0x80000000);
    assert_int_equal(bits("1"), 0x3f800000);
    assert_int_equal(bits("0.1"), 0x3dcccccd);
    assert_int_equal(bits("-0.009327292"), 0xbc18d180);
    assert_int_equal(bits("-0.21334828436374664"), 0xbe5a77f9);
    assert_int_equal(bits("1E-5"), 0x3727c5ac);
    assert_int_equal(bits("1e+2"), 0x42c80000);
    assert_int_equal(bits("16777217"), 0x4b800000);           /* a tie: to even */
    assert_int_equal(bits("16777217.000000001"), 0x4b800000); /* as a double: still above */
    assert_int_equal(bits("16777217.00000001"), 0x4b800001);
    assert_int_equal(bits("1.00000005960464477539062500001"), 0x3f800000); /* the double is a tie */
    assert_int_equal(bits("3.4028235e38"), 0x7f7fffff);
    assert_int_equal(bits("3.5e38"), 0x7f800000);
    assert_int_equal(bits("1e999999999999"), 0x7f800000);
    assert_int_equal(bits("1e-45"), 1);
    assert_int_equal(bits("7e-46"), 0);
    assert_int_equal(bits("1e-999999999999"), 0);
    assert_int_equal(bits("0e999999999999"), 0);
}

static void test_refuses(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "-", "x", "1x", "nan", "null", "1.5.", "e5", " 1"};
    float f;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lx_float_read(lx_slice_z(rows[i]), &f), LX_EINVAL);
}

static float of_bits(uint32_t u)
{
    char bytes[4] = {(char)u, (char)(u >> 8), (char)(u >> 16), (char)(u >> 24)};
    return lx_float_get(bytes);
}

/* Floats all over, at the lengths they are printed at: what the C library reads. */
static void test_like_strtod(void **state)
{
    (void)state;
    uint64_t z = 1;
    for (int i = 0; i < 200000; i++) {
        z = z * UINT64_C(6364136223846793005) + 1442695040888963407;
        float f = of_bits((uint32_t)(z >> 32)), got;
        char text[900];
        if (!isfinite(f))
            continue;
        double d = (double)f * (1 + (double)(z & 0xffff) / 0x1p20);
        snprintf(text, sizeof(text), "%.*g", 1 + i % 40, d);
        assert_int_equal(lx_float_read(lx_slice_z(text), &got), 0);
        float want = (float)strtod(text, NULL);
        if (memcmp(&got, &want, sizeof(got)) != 0)
            fail_msg("%s: %a, not %a", text, (double)got, (double)want);
    }
}

/* Halfway between two doubles and far behind the point, where every digit counts. */
static void test_long(void **state)
{
    (void)state;
    char text[1200] = "1.000000059604644775390625"; /* halfway between two floats */
    size_t n = strlen(text);
    memset(text + n, '0', 1100);
    text[n + 1100] = '\0';
    assert_int_equal(bits(text), 0x3f800000);
    snprintf(text, sizeof(text), "0.%0700d%s", 0, "1");
    assert_int_equal(bits(text), 0);
    text[0] = '1';
    memset(text + 1, '0', 1000);
    strcpy(text + 1001, "e-1000");
    assert_int_equal(bits(text), 0x3f800000);
}

static void test_write(void **state)
{
    (void)state;
    static const struct row {
        uint32_t f;
        const char *text;
    } rows[] = {{0, "0"},
                {0x80000000, "-0"},
                {0x3f800000, "1"},
                {0x3dcccccd, "1.00000001e-1"},
                {0xbf000000, "-5e-1"},
                {0x7f7fffff, "3.40282347e38"},
                {1, "1.40129846e-45"},
                {0x7f800000, "null"}};
    struct lx_buf b;
    lx_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        lx_buf_reset(&b);
        lx_float_write(of_bits(rows[i].f), &b);
        lx_buf_add_byte(&b, '\0');
        assert_string_equal(b.p, rows[i].text);
    }
    lx_buf_clear(&b);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct lx_buf b;
    lx_buf_init(&b, 1 << 20);
    for (uint64_t u = 0; u < UINT32_MAX; u += 65521) {
        float f = of_bits((uint32_t)u), got;
        char bytes[4];
        if (!isfinite(f))
            continue;
        lx_buf_reset(&b);
        lx_float_write(f, &b);
        assert_int_equal(lx_float_read(lx_buf_slice(&b), &got), 0);
        assert_memory_equal(&got, &f, sizeof(f));
        lx_float_put(f, bytes);
        got = lx_float_get(bytes);
        assert_memory_equal(&got, &f, sizeof(f));
    }
    lx_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_like_strtod), cmocka_unit_test(test_long),
        cmocka_unit_test(test_write),       cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
