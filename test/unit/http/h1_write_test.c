/*
 * h1_write_test.c - heads and chunks as bytes, read back by our own reader, and a full buffer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "http/h1.h"

static void check(struct lx_buf *b, const char *expected)
{
    lx_buf_add_byte(b, '\0');
    assert_int_equal(b->failed, 0);
    assert_string_equal(b->p, expected);
    lx_buf_clear(b);
}

static void test_request(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 1000);
    lx_h1_write_request_line(&b, LX_S("POST"), LX_S("/v1/messages?beta=true"));
    lx_h1_write_header_lit(&b, "host", "a:1");
    lx_h1_write_header(&b, LX_S("x-empty"), lx_slice(NULL, 0));
    lx_h1_write_content_length(&b, 9007199254740993);
    lx_h1_write_head_end(&b);
    check(&b, "POST /v1/messages?beta=true HTTP/1.1\r\nhost: a:1\r\nx-empty: \r\n"
              "content-length: 9007199254740993\r\n\r\n");
}

static void test_reply(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 1000);
    lx_h1_write_status_line(&b, 429);
    lx_h1_write_chunked(&b);
    lx_h1_write_head_end(&b);
    lx_h1_write_chunk(&b, LX_S(""));
    lx_h1_write_chunk(&b, LX_S("hello"));
    lx_h1_write_chunk(&b, LX_S("0123456789abcdef"));
    lx_h1_write_last_chunk(&b);
    check(&b, "HTTP/1.1 429 Too Many Requests\r\ntransfer-encoding: chunked\r\n\r\n"
              "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

static void test_status_texts(void **state)
{
    (void)state;
    struct lx_buf b;

    assert_string_equal(lx_http_status_text(200), "OK");
    assert_string_equal(lx_http_status_text(511), "Network Authentication Required");
    assert_string_equal(lx_http_status_text(512), "Unknown");
    assert_string_equal(lx_http_status_text(299), "Unknown");
    assert_string_equal(lx_http_status_text(-1), "Unknown");
    lx_buf_init(&b, 100);
    lx_h1_write_status_line(&b, 999);
    check(&b, "HTTP/1.1 999 Unknown\r\n");
}

static void test_chunk_in_place(void **state)
{
    (void)state;
    struct lx_buf b;
    size_t mark;

    lx_buf_init(&b, 1000);
    lx_buf_add_lit(&b, "before ");
    mark = lx_h1_chunk_open(&b);
    lx_h1_chunk_close(&b, mark);
    mark = lx_h1_chunk_open(&b);
    lx_buf_add_lit(&b, "0123456789abcdef!");
    lx_h1_chunk_close(&b, mark);
    mark = lx_h1_chunk_open(&b);
    lx_buf_add_lit(&b, "x");
    lx_h1_chunk_close(&b, mark);
    lx_h1_write_last_chunk(&b);
    check(&b, "before 00000011\r\n0123456789abcdef!\r\n00000001\r\nx\r\n0\r\n\r\n");
}

static void test_a_full_buffer_keeps_its_error(void **state)
{
    (void)state;
    for (size_t max = 0; max < 70; max++) {
        struct lx_buf b;
        lx_buf_init(&b, max);
        lx_h1_write_status_line(&b, 200);
        lx_h1_write_header_lit(&b, "a", "b");
        lx_h1_write_head_end(&b);
        size_t mark = lx_h1_chunk_open(&b);
        lx_buf_add_lit(&b, "hello");
        lx_h1_chunk_close(&b, mark);
        lx_h1_write_chunk(&b, LX_S("x"));
        lx_h1_write_last_chunk(&b);
        assert_int_equal(b.failed, max < 17 + 6 + 2 + 17 + 6 + 5 ? LX_ELIMIT : 0);
        lx_buf_clear(&b);
    }
}

static void test_read_back(void **state)
{
    (void)state;
    struct lx_buf b;
    struct lx_h1_head head;
    struct lx_h1_body_reader r;
    struct lx_slice in, piece;
    char got[100];
    size_t n = 0;

    lx_buf_init(&b, 1000);
    lx_h1_write_status_line(&b, 200);
    lx_h1_write_header_lit(&b, "content-type", "text/event-stream");
    lx_h1_write_chunked(&b);
    lx_h1_write_head_end(&b);
    size_t mark = lx_h1_chunk_open(&b);
    lx_buf_add_lit(&b, "data: a\n\n");
    lx_h1_chunk_close(&b, mark);
    lx_h1_write_chunk(&b, LX_S("data: b\n\n"));
    lx_h1_write_last_chunk(&b);

    in = lx_buf_slice(&b);
    ssize_t used = lx_h1_read_reply(in, 0, 1000, false, &head, NULL);
    assert_true(used > 0);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body, LX_H1_BODY_CHUNKED);
    assert_true(lx_slice_eq(head.content_type, LX_S("text/event-stream")));
    in = lx_slice_from(in, (size_t)used);
    lx_h1_body_start(&r, &head);
    while (lx_h1_body_next(&r, &in, &piece, NULL) == 1) {
        memcpy(got + n, piece.p, piece.n);
        n += piece.n;
    }
    assert_true(r.done);
    assert_int_equal(in.n, 0);
    assert_true(lx_slice_eq(lx_slice(got, n), LX_S("data: a\n\ndata: b\n\n")));
    lx_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_reply),
        cmocka_unit_test(test_status_texts),
        cmocka_unit_test(test_chunk_in_place),
        cmocka_unit_test(test_a_full_buffer_keeps_its_error),
        cmocka_unit_test(test_read_back),
    };
    return cmocka_run_group_tests_name("http/h1_write", tests, NULL, NULL);
}
