/*
 * relay.h - what the fuzz targets for replies and streams of a language share.
 *
 * The first byte of an input says who the client is and what it asked for; the rest is what the
 * provider sent. LANGUAGE is the provider's, by the build.
 */
#ifndef TEST_FUZZ_RELAY_H
#define TEST_FUZZ_RELAY_H

#include "call/call.h"
#include "pieces.h"

enum {
    MODE_ANTHROPIC = 1, /* the client speaks Anthropic's language; else OpenAI's */
    MODE_TEXT = 32,     /* ... and of OpenAI's the older one */
    MODE_JSON_TOOL = 2,
    MODE_LEGACY = 4,
    MODE_USAGE = 8,
    MODE_GEMINI = 64,                         /* the client speaks Google's */
    MODE_ARRAY = 128,                         /* ... and wants its stream as one array */
    MODE_RESPONSES = MODE_GEMINI | MODE_TEXT, /* the client speaks OpenAI's Responses API */
    MODE_OTHER = 16, /* the provider streams and the client does not, or the other way round */
    MAX_OUT = 1 << 26,
};

/* What a client gets is JSON, whatever a provider sends. */
static inline void check_json(struct lx_slice text)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    CHECK(lx_json_read(&doc, text, &(struct lx_json_limits){.max_depth = 200}, NULL) == 0);
    lx_json_doc_clear(&doc);
}

static inline void check_events(struct lx_slice text)
{
    struct lx_records records;
    struct lx_record record;
    lx_records_init(&records, LX_FRAMING_SSE, MAX_OUT);
    while (lx_records_next(&records, &text, &record, NULL) == 1)
        if (!lx_slice_eq(record.data, LX_S("[DONE]")))
            check_json(record.data);
    CHECK(lx_records_end(&records, &record, NULL) == 0);
    lx_records_clear(&records);
}

static inline const struct lx_dialect *client_of(uint8_t mode)
{
    if ((mode & MODE_RESPONSES) == MODE_RESPONSES)
        return &lx_dialect_openai_responses;
    if (mode & MODE_GEMINI)
        return &lx_dialect_gemini;
    if (mode & MODE_ANTHROPIC)
        return &lx_dialect_anthropic;
    return mode & MODE_TEXT ? &lx_dialect_openai_completions : &lx_dialect_openai_chat;
}

static inline bool is_array(uint8_t mode)
{
    return (mode & MODE_RESPONSES) == MODE_GEMINI && (mode & MODE_ARRAY);
}

/* One way through the relay; 0 or a code. */
static inline int relay(const struct lx_dialect *back, uint8_t mode, bool streams,
                        struct lx_slice body, uint32_t seed, struct lx_buf *out)
{
    const struct lx_dialect *front = client_of(mode);
    const struct lx_reply_context context = {
        .model = LX_S("model"),
        .id = LX_S("id"),
        .now_s = 1700000000,
        .json_tool = mode & MODE_JSON_TOOL,
        .legacy_functions = mode & MODE_LEGACY,
        .include_usage = mode & MODE_USAGE,
        .in_array = is_array(mode),
        .provider = "openai",
        .deployment = LX_S("d"),
        .marks_content = mode & MODE_JSON_TOOL,
    };
    struct lx_route_settings settings;
    struct pieces pieces = {.rest = body, .seed = seed};
    struct lx_slice piece;
    int code = 0;
    lx_route_settings_default(&settings);
    struct lx_relay *r =
        lx_relay_new(back, front, streams != !!(mode & MODE_OTHER),
                     streams ? back->back->framing : LX_FRAMING_NONE, &context, &settings);
    CHECK(r);
    while (pieces_next(&pieces, &piece))
        if (code == 0)
            code = lx_relay_feed(r, piece, out, NULL);
    if (code == 0)
        code = lx_relay_end(r, out, NULL);
    CHECK(code != 0 || out->failed == 0);
    lx_relay_free(r);
    return code;
}

/* Whole and in pieces: the same output, and well-formed. */
static inline void check_relay(const struct lx_dialect *back, bool streams, const uint8_t *data,
                               size_t size)
{
    struct lx_slice body = lx_slice((const char *)data + 1, size - 1);
    const struct lx_dialect *front = client_of(data[0]);
    bool to_stream = streams != !!(data[0] & MODE_OTHER);
    struct lx_buf whole, cut;
    lx_buf_init(&whole, MAX_OUT);
    lx_buf_init(&cut, MAX_OUT);
    int code = relay(back, data[0], streams, body, 0, &whole);
    CHECK(relay(back, data[0], streams, body, 12345u + data[0], &cut) == code);
    CHECK(lx_slice_eq(lx_buf_slice(&whole), lx_buf_slice(&cut)));
    if (code == 0 && (!to_stream || is_array(data[0])))
        check_json(lx_buf_slice(&whole));
    else if (!is_array(data[0]) && (back != front || streams != to_stream))
        check_events(lx_buf_slice(&whole));
    lx_buf_clear(&whole);
    lx_buf_clear(&cut);
}

#endif
