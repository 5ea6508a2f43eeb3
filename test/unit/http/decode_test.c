/*
 * decode_test.c - every coding whole, cut at every byte and with little room; ends that are
 * missing; bombs; lack of memory.
 *
 * calloc is wrapped by the linker, so that memory can run out on demand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <zlib.h>
#include <zstd.h>

#include "http/decode.h"

void *__real_calloc(size_t count, size_t n);
void *__wrap_calloc(size_t count, size_t n);

static bool no_memory;

void *__wrap_calloc(size_t count, size_t n)
{
    return no_memory ? NULL : __real_calloc(count, n);
}

enum { ZLIB = MAX_WBITS, BARE = -MAX_WBITS, GZIP = MAX_WBITS + 16 };

static const char text[] = "The quick brown fox jumps over the lazy dog. The lazy dog sleeps on.";

static void squeeze(struct lx_buf *out, int window_bits, struct lx_slice s)
{
    z_stream z = {0};
    size_t room = s.n + 1000;

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)s.p;
    z.avail_in = (uInt)s.n;
    z.next_out = (Bytef *)lx_buf_reserve(out, room);
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    lx_buf_commit(out, room - z.avail_out);
    deflateEnd(&z);
}

static void squeeze_zstd(struct lx_buf *out, struct lx_slice s)
{
    size_t room = ZSTD_compressBound(s.n);
    size_t n = ZSTD_compress(lx_buf_reserve(out, room), room, s.p, s.n, 3);
    assert_false(ZSTD_isError(n));
    lx_buf_commit(out, n);
}

/* Decodes in pieces of `step` bytes with `most` bytes of room a call; the last code. */
static int decode(const char *coding, struct lx_slice in, size_t step, size_t most,
                  struct lx_buf *out)
{
    struct lx_decoder *d = NULL;
    struct lx_error err = {0};
    int rc = 0;

    assert_int_equal(lx_decoder_new(lx_slice_z(coding), &d, NULL), 0);
    assert_non_null(d);
    while (in.n && rc == 0) {
        struct lx_slice piece = lx_slice_to(in, step);
        in = lx_slice_from(in, piece.n);
        do {
            size_t before = out->n;
            rc = lx_decoder_next(d, &piece, out, most, &err);
            assert_true(out->n - before <= most);
        } while (rc == 1);
        if (rc == 0)
            assert_int_equal(piece.n, 0);
        assert_int_equal(err.code, rc);
    }
    if (rc == 0)
        rc = lx_decoder_end(d);
    lx_decoder_free(d);
    return rc;
}

/* Every way to cut and every room gives the same text; every proper prefix is cut short. */
static void check_all_ways(const char *coding, struct lx_slice in, struct lx_slice expected)
{
    static const size_t rooms[] = {1, 7, 100000};
    struct lx_buf out;

    lx_buf_init(&out, expected.n); /* the text just fits */
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        for (size_t step = 1; step <= in.n; step++) {
            lx_buf_reset(&out);
            assert_int_equal(decode(coding, in, step, rooms[i], &out), 0);
            assert_true(lx_slice_eq(lx_buf_slice(&out), expected));
        }
    if (expected.n) {
        lx_buf_clear(&out);
        lx_buf_init(&out, expected.n - 1);
        assert_int_equal(decode(coding, in, in.n, 100000, &out), LX_ELIMIT);
        lx_buf_clear(&out);
        lx_buf_init(&out, expected.n - 1);
        assert_int_equal(decode(coding, in, 1, 1, &out), LX_ELIMIT);
    }
    lx_buf_clear(&out);
}

static void check_prefixes(const char *coding, struct lx_slice in, size_t also_whole)
{
    struct lx_buf out;

    lx_buf_init(&out, 1000);
    for (size_t n = 1; n < in.n; n++) {
        lx_buf_reset(&out);
        assert_int_equal(decode(coding, lx_slice_to(in, n), n, 1000, &out),
                         n == also_whole ? 0 : LX_ETRUNCATED);
    }
    lx_buf_clear(&out);
}

static void test_each_coding(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int window_bits;
    } rows[] = {
        {"gzip", GZIP},    {"x-gzip", GZIP},  {"GZip", GZIP}, {" gzip ", GZIP},
        {"deflate", ZLIB}, {"deflate", BARE}, {"zstd", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = 0; n < sizeof text; n += sizeof text - 1) {
            struct lx_buf in;
            lx_buf_init(&in, 10000);
            if (rows[i].window_bits)
                squeeze(&in, rows[i].window_bits, lx_slice(text, n));
            else
                squeeze_zstd(&in, lx_slice(text, n));
            check_all_ways(rows[i].name, lx_buf_slice(&in), lx_slice(text, n));
            check_prefixes(rows[i].name, lx_buf_slice(&in), 0);
            lx_buf_clear(&in);
        }
}

static void test_several_members(void **state)
{
    (void)state;
    struct lx_buf in;
    size_t first;

    lx_buf_init(&in, 10000);
    squeeze(&in, GZIP, LX_S("one "));
    first = in.n;
    squeeze(&in, GZIP, LX_S("two"));
    check_all_ways("gzip", lx_buf_slice(&in), LX_S("one two"));
    check_prefixes("gzip", lx_buf_slice(&in), first);

    lx_buf_reset(&in);
    squeeze_zstd(&in, LX_S("one "));
    first = in.n;
    squeeze_zstd(&in, LX_S("two"));
    check_all_ways("zstd", lx_buf_slice(&in), LX_S("one two"));
    check_prefixes("zstd", lx_buf_slice(&in), first);
    lx_buf_clear(&in);
}

static void test_wrong_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"gzip", "deflate", "zstd"};
    struct lx_buf in, out;

    lx_buf_init(&in, 10000);
    lx_buf_init(&out, 10000);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(decode(names[i], LX_S("{\"not\": \"compressed at all\"}"), 3, 100, &out),
                         LX_EPROTO);

    squeeze(&in, GZIP, lx_slice_z(text));
    in.p[in.n - 5] ^= 1; /* of the checksum */
    assert_int_equal(decode("gzip", lx_buf_slice(&in), 10, 100, &out), LX_EPROTO);
    in.p[in.n - 5] ^= 1;
    lx_buf_add_lit(&in, "more");
    assert_int_equal(decode("gzip", lx_buf_slice(&in), 10, 100, &out), LX_EPROTO);

    lx_buf_reset(&in);
    squeeze(&in, ZLIB, lx_slice_z(text));
    squeeze(&in, ZLIB, lx_slice_z(text)); /* only gzip has members */
    assert_int_equal(decode("deflate", lx_buf_slice(&in), 10, 100, &out), LX_EPROTO);

    lx_buf_reset(&in);
    squeeze_zstd(&in, lx_slice_z(text));
    lx_buf_add_lit(&in, "more");
    assert_int_equal(decode("zstd", lx_buf_slice(&in), 10, 100, &out), LX_EPROTO);
    lx_buf_clear(&in);
    lx_buf_clear(&out);
}

/* 64 MB of nothing in 64 KB: no more than the ceiling is ever held. */
static void test_bomb(void **state)
{
    (void)state;
    size_t n = 64 << 20;
    char *zeros = calloc(1, n);
    struct lx_buf in, out;

    assert_non_null(zeros);
    for (int i = 0; i < 2; i++) {
        lx_buf_init(&in, 2 * n);
        if (i)
            squeeze_zstd(&in, lx_slice(zeros, n));
        else
            squeeze(&in, GZIP, lx_slice(zeros, n));
        lx_buf_init(&out, 100000);
        assert_int_equal(decode(i ? "zstd" : "gzip", lx_buf_slice(&in), in.n, n, &out), LX_ELIMIT);
        assert_int_equal(out.n, 100000);
        assert_int_equal(out.cap, 100000);
        lx_buf_clear(&out);
        lx_buf_clear(&in);
    }
    free(zeros);
}

/* A zstd frame may ask for a window of any size in its six first bytes. */
static void test_large_window(void **state)
{
    (void)state;
    struct lx_buf out;

    lx_buf_init(&out, 1000);
    /* no single segment; window descriptor of 2^(10 + 14); one raw block of a byte, the last */
    assert_int_equal(decode("zstd", LX_S("\x28\xb5\x2f\xfd\x00\x70\x09\x00\x00x"), 100, 100, &out),
                     LX_EPROTO);
    /* the same with 2^(10 + 13) = 8 MB */
    assert_int_equal(decode("zstd", LX_S("\x28\xb5\x2f\xfd\x00\x68\x09\x00\x00x"), 100, 100, &out),
                     0);
    assert_true(lx_slice_eq(lx_buf_slice(&out), LX_S("x")));
    lx_buf_clear(&out);
}

static void test_names(void **state)
{
    (void)state;
    struct lx_decoder *d = (void *)&d;
    struct lx_error err = {0};

    assert_int_equal(lx_decoder_new(lx_slice(NULL, 0), &d, &err), 0);
    assert_null(d);
    d = (void *)&d;
    assert_int_equal(lx_decoder_new(LX_S("Identity"), &d, &err), 0);
    assert_null(d);
    assert_int_equal(err.code, 0);
    assert_int_equal(lx_decoder_new(LX_S("br"), &d, &err), LX_EPROTO);
    assert_int_equal(err.code, LX_EPROTO);
    assert_non_null(strstr(err.text, "br"));
    assert_int_equal(lx_decoder_new(LX_S("gzip, gzip"), &d, NULL), LX_EPROTO);
    lx_decoder_free(NULL);
    assert_int_equal(lx_decoder_end(NULL), 0);
}

static void test_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"gzip", "deflate", "zstd"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lx_decoder *d;
        struct lx_buf out;
        struct lx_slice none = LX_S("");
        lx_buf_init(&out, 10);
        assert_int_equal(lx_decoder_new(lx_slice_z(names[i]), &d, NULL), 0);
        for (int k = 0; k < 50; k++)
            assert_int_equal(lx_decoder_next(d, &none, &out, 10, NULL), 0);
        assert_int_equal(lx_decoder_end(d), 0); /* an empty body is nobody's mistake */
        lx_decoder_free(d);
        lx_buf_clear(&out);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    struct lx_decoder *d = NULL;
    struct lx_error err = {0};

    no_memory = true;
    assert_int_equal(lx_decoder_new(LX_S("gzip"), &d, &err), LX_ENOMEM);
    no_memory = false;
    assert_null(d);
    assert_int_equal(err.code, LX_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_coding),  cmocka_unit_test(test_several_members),
        cmocka_unit_test(test_wrong_bytes),  cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_large_window), cmocka_unit_test(test_names),
        cmocka_unit_test(test_nothing),      cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("http/decode", tests, NULL, NULL);
}
