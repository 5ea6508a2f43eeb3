/*
 * relay_test.c - a provider's reply into the client's, without a call around it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#include "call/call.h"

#define CHUNK(delta, finish)                                                                  \
    "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\"," \
    "\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define STREAM                                                                              \
    CHUNK("{\"role\":\"assistant\",\"content\":\"a\\u00e9\"}", "null")                      \
    CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":" \
          "{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]}",                            \
          "null")                                                                           \
    CHUNK("{}", "\"tool_calls\"") "data: [DONE]\n\n"
#define ERROR_EVENT "data: {\"error\":{\"message\":\"boom\",\"code\":429}}\n\n"

static struct lx_route_settings settings;
static const struct lx_reply_context context = {
    .model = LX_S_INIT("m"), .id = LX_S_INIT("call-1"), .now_s = 1, .include_usage = true};

static const struct way {
    const struct lx_dialect *front;
    bool stream;
    enum lx_framing framing;
} ways[] = {
    {&lx_dialect_openai_chat, true, LX_FRAMING_SSE},
    {&lx_dialect_anthropic, true, LX_FRAMING_SSE},
    {&lx_dialect_openai_chat, false, LX_FRAMING_SSE},
    {&lx_dialect_anthropic, false, LX_FRAMING_SSE},
};

static struct lx_relay *new_relay(const struct way *w)
{
    struct lx_relay *r =
        lx_relay_new(&lx_dialect_openai_chat, w->front, w->stream, w->framing, &context, &settings);
    assert_non_null(r);
    return r;
}

/* The pieces [0,at) and [at,n), or single bytes where at is n + 1. */
static int relay(const struct way *w, const char *bytes, size_t at, struct lx_buf *out)
{
    struct lx_relay *r = new_relay(w);
    struct lx_slice rest = lx_slice_z(bytes);
    struct lx_error err;
    int code = 0;
    lx_buf_reset(out);
    while (code == 0 && rest.n) {
        struct lx_slice piece = lx_slice_to(rest, at > rest.n ? 1 : at ? at : rest.n);
        rest = lx_slice_from(rest, piece.n);
        char *copy = malloc(piece.n); /* gone after the feed: nothing may be borrowed */
        memcpy(copy, piece.p, piece.n);
        code = lx_relay_feed(r, lx_slice(copy, piece.n), out, &err);
        free(copy);
        if (at <= strlen(bytes))
            at = 0;
    }
    if (code == 0)
        code = lx_relay_end(r, out, &err);
    if (code == 0)
        assert_int_equal(lx_relay_glance(r)->finish, LX_FINISH_TOOL_CALLS);
    lx_relay_free(r);
    return code;
}

static void pieces_do_not_matter(void **state)
{
    (void)state;
    struct lx_buf whole, out;
    lx_buf_init(&whole, 1 << 20);
    lx_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_int_equal(relay(&ways[i], STREAM, 0, &whole), 0);
        assert_true(whole.n > 100);
        for (size_t at = 1; at <= sizeof(STREAM); at++) {
            assert_int_equal(relay(&ways[i], STREAM, at, &out), 0);
            assert_true(lx_slice_eq(lx_buf_slice(&whole), lx_buf_slice(&out)));
        }
    }
    lx_buf_clear(&whole);
    lx_buf_clear(&out);
}

static void one_language_passes_byte_for_byte(void **state)
{
    (void)state;
    static const char *const streams[] = {
        STREAM,
        (": hello\n" STREAM),
        ("event: x\r\nid: 7\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
         "\"tool_calls\"}]}\r\n\r\ndata: [DONE]\r\n\r\n"),
    };
    struct lx_buf out;
    lx_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        assert_int_equal(relay(&ways[0], streams[i], 0, &out), 0);
        assert_true(lx_slice_eq(lx_buf_slice(&out), lx_slice_z(streams[i])));
    }
    lx_buf_clear(&out);
}

static void a_fault_ends_it_and_is_written(void **state)
{
    (void)state;
    struct lx_buf out;
    lx_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct lx_relay *r = new_relay(&ways[i]);
        struct lx_error err;
        lx_buf_reset(&out);
        assert_int_equal(lx_relay_feed(r, LX_S(ERROR_EVENT STREAM), &out, &err), 0);
        assert_non_null(lx_relay_fault(r));
        assert_int_equal(lx_relay_fault(r)->kind, LX_FAULT_RATE_LIMIT);
        assert_int_equal(lx_relay_feed(r, LX_S(STREAM), &out, &err), 0);
        assert_int_equal(lx_relay_end(r, &out, &err), 0);
        assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("boom")) >= 0);
        assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("c1")) < 0);
        assert_true(lx_slice_eq(lx_relay_fault(r)->message, LX_S("boom")));
        lx_relay_free(r);
    }
    lx_buf_clear(&out);
}

static void what_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    static const struct {
        bool stream;
        enum lx_framing framing;
        const char *bytes;
        int code;
    } rows[] = {
        {false, LX_FRAMING_NONE, "", LX_EPROTO},
        {false, LX_FRAMING_NONE, "{", LX_EPROTO},
        {true, LX_FRAMING_NONE, "<html>", LX_EPROTO},
        {true, LX_FRAMING_SSE, "data: {\"cut\n\n", LX_EPROTO},
        {true, LX_FRAMING_SSE, "", LX_ETRUNCATED},
        {true, LX_FRAMING_SSE, CHUNK("{\"content\":\"a\"}", "null"), LX_ETRUNCATED},
    };
    struct lx_buf out;
    lx_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct way w = {&lx_dialect_openai_chat, rows[i].stream, rows[i].framing};
        assert_int_equal(relay(&w, rows[i].bytes, 0, &out), rows[i].code);
    }
    lx_buf_clear(&out);
}

static void a_last_event_may_lack_its_blank_line(void **state)
{
    (void)state;
    struct lx_buf out;
    lx_buf_init(&out, 1 << 20);
    assert_int_equal(relay(&ways[0], CHUNK("{}", "\"tool_calls\"") "data: [DONE]", 0, &out), 0);
    assert_true(lx_slice_ends(lx_buf_slice(&out), LX_S("data: [DONE]\n\n")));
    lx_buf_clear(&out);
}

/* An address that sends a line for an event gets its events framed as the client expects. */
static void other_framing_is_translated(void **state)
{
    static const struct way ndjson = {&lx_dialect_openai_chat, true, LX_FRAMING_NDJSON};
    static const char lines[] =
        "{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,"
        "\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n"
        "{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n";
    struct lx_buf out;
    (void)state;
    lx_buf_init(&out, 1 << 20);
    assert_int_equal(relay(&ndjson, lines, 0, &out), 0);
    assert_true(lx_slice_starts(lx_buf_slice(&out), LX_S("data: {")));
    assert_true(lx_slice_ends(lx_buf_slice(&out), LX_S("\n\ndata: [DONE]\n\n")));
    lx_buf_clear(&out);
}

static void a_stream_may_be_ended_from_here(void **state)
{
    (void)state;
    struct lx_buf out;
    lx_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < 2; i++) {
        struct lx_relay *r = new_relay(&ways[i]);
        struct lx_fault f = {
            .kind = LX_FAULT_TIMEOUT, .message = LX_S("too slow"), .retry_after_ms = -1};
        struct lx_error err;
        lx_buf_reset(&out);
        lx_relay_feed(r, LX_S(CHUNK("{\"content\":\"a\"}", "null")), &out, &err);
        lx_relay_write_fault(r, &f, &out);
        assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("too slow")) >= 0);
        lx_relay_free(r);
    }
    lx_buf_clear(&out);
}

/* Anthropic tells the input with the first record and the output with the last. */
static void usage_may_come_in_parts(void **state)
{
    (void)state;
    struct lx_buf out;
    struct lx_error err;
    lx_buf_init(&out, 1 << 20);
    struct lx_relay *r = lx_relay_new(&lx_dialect_anthropic, &lx_dialect_anthropic, true,
                                      LX_FRAMING_SSE, &context, &settings);
    assert_non_null(r);
    assert_int_equal(
        lx_relay_feed(r,
                      LX_S("data: {\"type\":\"message_start\",\"message\":{\"usage\":"
                           "{\"input_tokens\":30,\"cache_read_input_tokens\":5,"
                           "\"output_tokens\":1}}}\n\n"
                           "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
                           "\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n"
                           "data: {\"type\":\"message_stop\"}\n\n"),
                      &out, &err),
        0);
    assert_int_equal(lx_relay_end(r, &out, &err), 0);
    assert_int_equal(lx_relay_glance(r)->usage.prompt_tokens, 35);
    assert_int_equal(lx_relay_glance(r)->usage.completion_tokens, 7);
    lx_relay_free(r);
    lx_buf_clear(&out);
}

/* OpenRouter's usage comes behind the error: nobody is told, but it is billed. */
static void usage_behind_a_fault_counts(void **state)
{
    (void)state;
    struct lx_buf out;
    struct lx_error err;
    lx_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < 2; i++) {
        struct lx_relay *r = new_relay(&ways[i]);
        lx_buf_reset(&out);
        assert_int_equal(
            lx_relay_feed(r,
                          LX_S(ERROR_EVENT "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":41,"
                                           "\"completion_tokens\":243}}\n\ndata: [DONE]\n\n"),
                          &out, &err),
            0);
        assert_non_null(lx_relay_fault(r));
        assert_int_equal(lx_relay_glance(r)->usage.prompt_tokens, 41);
        assert_int_equal(lx_relay_glance(r)->usage.completion_tokens, 243);
        assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("243")) < 0);
        lx_relay_free(r);
    }
    lx_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(one_language_passes_byte_for_byte),
        cmocka_unit_test(a_fault_ends_it_and_is_written),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
        cmocka_unit_test(a_last_event_may_lack_its_blank_line),
        cmocka_unit_test(other_framing_is_translated),
        cmocka_unit_test(a_stream_may_be_ended_from_here),
        cmocka_unit_test(usage_may_come_in_parts),
        cmocka_unit_test(usage_behind_a_fault_counts),
    };
    lx_route_settings_default(&settings);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
