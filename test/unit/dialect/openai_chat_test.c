/*
 * openai_chat_test.c - the edges of the OpenAI dialect that no conversation shows: odd numbers, odd
 * headers, odd order, limits. What conversations show is pinned in test/case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dialect/openai_chat.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct lx_reply_context context = {
    .model = LX_S_INIT("m"), .id = LX_S_INIT("i"), .now_s = 1, .include_usage = true};

static void assert_text(struct lx_slice s, const char *expected)
{
    struct lx_slice e = lx_slice_z(expected);
    if (!lx_slice_eq(s, e))
        fail_msg("got %.*s\n   not %s", LX_F(s), expected);
}

/* ---- Usage -------------------------------------------------------------------------------- */

static void test_usage(void **state)
{
    (void)state;
    /* known prompt cached write write_1h completion reasoning total */
    static const char *const rows[][2] = {
        {"{}", "0 0 0 0 0 0 0 0"},
        {"null", "0 0 0 0 0 0 0 0"},
        {"{\"prompt_tokens\":0,\"completion_tokens\":0}", "1 0 0 0 0 0 0 0"},
        {"{\"prompt_tokens\":3,\"completion_tokens\":4}", "1 3 0 0 0 4 0 7"},
        {"{\"prompt_tokens\":3.0,\"completion_tokens\":4.00,\"total_tokens\":7.0}",
         "1 3 0 0 0 4 0 7"},
        {"{\"prompt_tokens\":3,\"completion_tokens\":null,\"total_tokens\":null}",
         "1 3 0 0 0 0 0 3"},
        {"{\"prompt_tokens\":\"3\",\"completion_tokens\":-4,\"total_tokens\":1e2}",
         "0 0 0 0 0 0 0 0"},
        {"{\"input_tokens\":3,\"output_tokens\":4}", "1 3 0 0 0 4 0 7"},
        {"{\"prompt_tokens\":99999999999999999999}", "0 0 0 0 0 0 0 0"},
        {"{\"prompt_tokens\":9,\"completion_tokens\":1,\"prompt_cache_hit_tokens\":8}",
         "1 9 8 0 0 1 0 10"},
        {"{\"prompt_tokens\":9,\"cached_tokens\":7}", "1 9 7 0 0 0 0 9"},
        {"{\"prompt_tokens\":9,\"prompt_tokens_details\":{\"cached_tokens\":null},"
         "\"num_cached_tokens\":6}",
         "1 9 6 0 0 0 0 9"},
        {"{\"prompt_tokens\":9,\"prompt_tokens_details\":{\"cached_tokens\":0},"
         "\"cache_read_input_tokens\":6}",
         "1 9 0 0 0 0 0 9"},
        {"{\"prompt_tokens\":9,\"prompt_tokens_details\":{\"cache_creation_tokens\":5,"
         "\"cache_creation_token_details\":{\"ephemeral_5m_input_tokens\":2,"
         "\"ephemeral_1h_input_tokens\":3}}}",
         "1 9 0 5 3 0 0 9"},
        {"{\"prompt_tokens\":9,\"cache_creation_input_tokens\":5,\"cache_creation\":"
         "{\"ephemeral_1h_input_tokens\":1}}",
         "1 9 0 5 1 0 0 9"},
        {"{\"prompt_tokens\":9,\"completion_tokens\":8,\"total_tokens\":17,"
         "\"completion_tokens_details\":{\"reasoning_tokens\":6}}",
         "1 9 0 0 0 8 6 17"},
        {"{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":17,"
         "\"completion_tokens_details\":{\"reasoning_tokens\":6}}",
         "1 9 0 0 0 8 6 17"}, /* xAI */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_json_doc doc;
        struct lx_usage u;
        char got[200];
        lx_json_doc_init(&doc);
        assert_int_equal(lx_json_read(&doc, lx_slice_z(rows[i][0]), NULL, NULL), 0);
        lx_openai_read_usage(lx_json_root(&doc), &u);
        snprintf(got, sizeof(got), "%d %lld %lld %lld %lld %lld %lld %lld", u.known,
                 (long long)u.prompt_tokens, (long long)u.cached_tokens,
                 (long long)u.cache_write_tokens, (long long)u.cache_write_1h_tokens,
                 (long long)u.completion_tokens, (long long)u.reasoning_tokens,
                 (long long)u.total_tokens);
        assert_string_equal(got, rows[i][1]);
        lx_json_doc_clear(&doc);
    }
}

static void test_finish(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        enum lx_finish finish;
        const char *name;
    } rows[] = {
        {"stop", LX_FINISH_STOP, "stop"},
        {"STOP", LX_FINISH_STOP, "stop"},
        {"function_call", LX_FINISH_TOOL_CALLS, "function_call"},
        {"tool_call", LX_FINISH_TOOL_CALLS, "tool_calls"},
        {"eos_token", LX_FINISH_STOP, "stop"},
        {"max_output_tokens", LX_FINISH_LENGTH, "length"},
        {"model_length", LX_FINISH_CONTEXT_WINDOW, "length"},
        {"sensitive", LX_FINISH_CONTENT_FILTER, "content_filter"},
        {"refusal", LX_FINISH_REFUSAL, "content_filter"},
        {"insufficient_system_resource", LX_FINISH_OTHER, "stop"},
        {"", LX_FINISH_NONE, "stop"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_slice raw = lx_slice_z(rows[i].raw);
        assert_int_equal(lx_openai_read_finish(raw), rows[i].finish);
        assert_text(lx_openai_finish_name(rows[i].finish, raw), rows[i].name);
    }
}

/* ---- Errors ------------------------------------------------------------------------------- */

static void test_retry_after(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *names[4], *values[4];
        int64_t ms;
    } rows[] = {
        {429, {"retry-after"}, {"20"}, 20000},
        {429, {"Retry-After"}, {"1.5"}, 1500},
        {429, {"retry-after"}, {"0.0001"}, 1},
        {429, {"retry-after", "retry-after-ms"}, {"2", "1234"}, 1234},
        {503, {"retry-after"}, {"7"}, 7000},
        {429, {"retry-after"}, {"Wed, 21 Oct 2015 07:28:00 GMT"}, -1},
        {429,
         {"retry-after", "date"},
         {"Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:27:48 GMT"},
         12000},
        {429, {"retry-after"}, {"-3"}, -1},
        {429, {"retry-after"}, {"99999999999999999999"}, -1},
        {429, {"retry-after"}, {""}, -1},
        {429, {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"}, {"0", "6m0s"}, 360000},
        {429, {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"}, {"5", "6m0s"}, -1},
        {429,
         {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
         {"0", "1m2.5s"},
         62500},
        {429, {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"}, {"0", "20ms"}, 20},
        {429,
         {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
         {"0", "2d1h"},
         176400000},
        {429, {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"}, {"0", "soon"}, -1},
        {400, {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"}, {"0", "1s"}, -1},
        {429, {NULL}, {NULL}, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_arena a;
        struct lx_header_list list;
        struct lx_fault f;
        lx_arena_init(&a, 1 << 16);
        lx_header_list_init(&list, &a);
        for (size_t h = 0; h < 4 && rows[i].names[h]; h++)
            lx_header_list_add(&list, lx_slice_z(rows[i].names[h]), lx_slice_z(rows[i].values[h]));
        lx_openai_read_error(rows[i].status, LX_S("{}"), &list.headers, &a, &f);
        assert_true(f.retry_after_ms == rows[i].ms);
        lx_arena_clear(&a);
    }
}

static void test_error_bodies(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum lx_fault_kind kind;
        int client_status;
        const char *message;
    } rows[] = {
        {400, "{\"error\":{\"message\":\"m\",\"code\":\"context_length_exceeded\"}}",
         LX_FAULT_CONTEXT_WINDOW, 400, "m"},
        {400, "{\"error\":\"m\"}", LX_FAULT_BAD_REQUEST, 400, "m"},
        {400, "{\"error\":[\"m\",\"n\"]}", LX_FAULT_BAD_REQUEST, 400, "m"},
        {400, "{\"error\":{\"message\":{\"detail\":[{\"loc\":[\"a\",0],\"msg\":\"m\"}]}}}",
         LX_FAULT_BAD_REQUEST, 400, "a.0: m"},
        {500, "{\"detail\":\"m\"}", LX_FAULT_INTERNAL, 500, "m"},
        {500, "{\"errors\":[{\"message\":\"m\",\"code\":7000}]}", LX_FAULT_INTERNAL, 500, "m"},
        {500, "\"m\"", LX_FAULT_INTERNAL, 500, "m"},
        {500, "17", LX_FAULT_INTERNAL, 500, "17"},
        {500, "[]", LX_FAULT_INTERNAL, 500, "the provider answered with status 500 and no message"},
        {500, "{\"error\":null}", LX_FAULT_INTERNAL, 500,
         "the provider answered with status 500 and no message"},
        {429, "upstream busy\n", LX_FAULT_RATE_LIMIT, 429, "upstream busy"},
        {500,
         "a\xff"
         "b",
         LX_FAULT_INTERNAL, 500, "a"},
        {502, "<html><title> x", LX_FAULT_BAD_GATEWAY, 502,
         "the provider answered with status 502 and no message"},
        {404, "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\"}}",
         LX_FAULT_NOT_FOUND, 404, "m"},
        {200, "{\"error\":{\"message\":\"m\",\"code\":429}}", LX_FAULT_RATE_LIMIT, 429, "m"},
        {200, "{\"error\":{\"message\":\"m\",\"type\":\"server_error\"}}", LX_FAULT_INTERNAL, 500,
         "m"},
        {200, "{\"error\":{\"message\":\"m\"}}", LX_FAULT_API, 500, "m"},
        {200, "{\"error\":{\"message\":\"m\",\"code\":12}}", LX_FAULT_API, 500, "m"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_arena a;
        struct lx_fault f;
        struct lx_slice body = lx_slice_z(rows[i].body);
        lx_arena_init(&a, 1 << 16);
        lx_openai_read_error(rows[i].status, body, NULL, &a, &f);
        assert_text(f.message, rows[i].message);
        assert_int_equal(f.kind, rows[i].kind);
        assert_int_equal(lx_fault_status(&f), rows[i].client_status);
        assert_true(lx_slice_eq(f.raw, body));
        lx_arena_clear(&a);
    }
}

/* ---- Streams: a chunk a line in, an event a word out --------------------------------------- */

static const char *const words[] = {
    [LX_EVENT_START] = "start",    [LX_EVENT_PART_START] = "+",      [LX_EVENT_TEXT] = "text",
    [LX_EVENT_SIGNATURE] = "sign", [LX_EVENT_ARGUMENTS] = "args",    [LX_EVENT_DATA] = "data",
    [LX_EVENT_CITATION] = "cite",  [LX_EVENT_LOGPROBS] = "logprobs", [LX_EVENT_PART_END] = "-",
    [LX_EVENT_FINISH] = "finish",  [LX_EVENT_USAGE] = "usage",       [LX_EVENT_FAULT] = "fault",
    [LX_EVENT_END] = "end",
};

static void log_events(struct lx_buf *log, const struct lx_events *e)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct lx_event *v = &e->v[i];
        lx_buf_addf(log, "%s%s", log->n ? " " : "", words[v->kind]);
        if (v->kind == LX_EVENT_FINISH)
            lx_buf_addf(log, "%d", (int)v->finish);
        else if (v->kind == LX_EVENT_PART_START || v->kind == LX_EVENT_PART_END || v->text.s.n ||
                 v->kind == LX_EVENT_CITATION)
            lx_buf_addf(log, "%lld.%lld", (long long)v->choice, (long long)v->index);
        if (v->kind == LX_EVENT_PART_START)
            lx_buf_addf(log, "(%d%s%.*s%s%.*s)", (int)v->part, v->id.s.n ? ":" : "", LX_F(v->id.s),
                        v->name.s.n ? ":" : "", LX_F(v->name.s));
        if (v->text.s.n)
            lx_buf_addf(log, "=%.*s", LX_F(v->text.s));
    }
}

static int feed(struct lx_openai_stream *s, struct lx_slice data, struct lx_buf *log,
                struct lx_error *err)
{
    struct lx_arena a;
    struct lx_json_doc doc;
    struct lx_record record = {.data = data};
    lx_arena_init(&a, 1 << 20);
    lx_json_doc_init(&doc);
    struct lx_events e = {.arena = &a};
    int code = data.p ? lx_openai_read_event(s, &record, &doc, &context, &e, err)
                      : lx_openai_read_end(s, &e, err);
    log_events(log, &e);
    lx_json_doc_clear(&doc);
    lx_arena_clear(&a);
    return code;
}

static struct lx_slice chunk_of(const char *delta, char *out, size_t size)
{
    if (delta[0] != '{')
        return lx_slice_z(delta);
    int n = snprintf(out, size, "{\"id\":\"r\",\"choices\":[%s]}", delta);
    return lx_slice(out, (size_t)n);
}

static void test_streams(void **state)
{
    (void)state;
#define D(delta)   "{\"delta\":{" delta "}}"
#define CALL(rest) D("\"tool_calls\":[{" rest "}]")
    static const struct {
        const char *chunks[6]; /* the choice, or the whole record; then the end of the body */
        const char *log;
    } rows[] = {
        {{"[DONE]"}, "start end"},
        {{NULL}, "fault"},
        {{D("\"content\":\"a\""), "[DONE]", D("\"content\":\"b\"")},
         "start +0.0(0) text0.0=a -0.0 finish0 end"},
        {{D("\"content\":\"a\",\"reasoning\":\"t\"")},
         "start +0.0(6) text0.0=t -0.0 +0.1(0) text0.1=a -0.1 fault"},
        {{D("\"reasoning\":\"t\",\"reasoning_content\":\"t\""), D("\"content\":null"),
          "{\"delta\":{},\"finish_reason\":\"stop\"}"},
         "start +0.0(6) text0.0=t -0.0 finish1 end"},
        /* what is signed is over */
        {{D("\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"a\",\"signature\":\"S\"},"
            "{\"type\":\"thinking\",\"thinking\":\"b\",\"signature\":\"T\"}],"
            "\"reasoning_content\":\"ab\""),
          "[DONE]"},
         "start +0.0(6) text0.0=a sign0.0=S -0.0 +0.1(6) text0.1=b sign0.1=T -0.1 finish0 end"},
        {{D("\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"E\"}],"
            "\"reasoning\":\"t\""),
          "[DONE]"},
         "start +0.0(6) text0.0=t -0.0 +0.1(7) data0.1=E -0.1 finish0 end"},
        /* the name comes after the id; the id is kept */
        {{CALL("\"index\":0,\"id\":\"c\",\"function\":{}"),
          CALL("\"index\":0,\"function\":{\"name\":\"f\"}"),
          CALL("\"index\":0,\"function\":{\"arguments\":\"{}\"}"), "[DONE]"},
         "start +0.0(8:c:f) args0.0={} -0.0 finish4 end"},
        /* no id at all */
        {{CALL("\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}"), "[DONE]"},
         "start +0.0(8:call_r_0:f) args0.0={} -0.0 finish4 end"},
        /* text closes calls, whole or not */
        {{CALL("\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}"),
          D("\"content\":\"x\""), "[DONE]"},
         "start +0.0(8:c:f) args0.0={ -0.0 +0.1(0) text0.1=x -0.1 finish4 end"},
        /* a call that is whole ends where the next begins */
        {{CALL(
              "\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"}\\\":1}\"}"),
          CALL("\"index\":1,\"id\":\"d\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}"),
          CALL("\"index\":0,\"function\":{\"arguments\":\"  \"}"), "[DONE]"},
         "start +0.0(8:c:f) args0.0={\\\"}\\\":1} -0.0 +0.1(8:d:g) -0.1 finish4 end"},
        /* arguments as an object */
        {{CALL("\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":{\"a\": 1}}"), "[DONE]"},
         "start +0.0(8:c:f) args0.0={\"a\": 1} -0.0 finish4 end"},
        /* pieces without index, id or name go on with the last call */
        {{CALL("\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}"),
          CALL("\"function\":{\"arguments\":\"}\"}"), "[DONE]"},
         "start +0.0(8:c:f) args0.0={ args0.0=} -0.0 finish4 end"},
        {{"{\"index\":2,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"length\"}",
          "{\"index\":2,\"delta\":{\"content\":\"\"},\"finish_reason\":\"length\"}"},
         "start +2.0(0) text2.0=x -2.0 finish3 end"},
        {{"{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}",
          D("\"content\":\"y\""), "[DONE]"},
         "start +0.0(0) text0.0=x -0.0 finish1 +0.1(0) text0.1=y -0.1 end"},
        {{"{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"x\"},"
          "\"finish_reason\":\"stop\"}"},
         "start +0.0(0) text0.0=x -0.0 finish1 end"},
        {{D("\"annotations\":[{\"type\":\"url_citation\"}]"), "[DONE]"},
         "start +0.0(0) cite0.0 -0.0 finish0 end"},
        {{"{\"index\":0,\"error\":{\"message\":\"m\",\"code\":502}}", D("\"content\":\"x\"")},
         "start fault"},
        {{D("\"content\":{\"odd\":1},\"tool_calls\":{\"odd\":1},\"function_call\":7,"
            "\"audio\":[],\"images\":7,\"annotations\":{},\"thinking_blocks\":7,"
            "\"reasoning_details\":{\"a\":1},\"refusal\":[]"),
          "{\"index\":\"x\",\"delta\":null,\"logprobs\":[],\"finish_reason\":7}", "[DONE]"},
         "start finish0 end"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_openai_stream s = {0};
        struct lx_buf log;
        char chunk[2000];
        lx_buf_init(&log, 1 << 16);
        for (size_t k = 0; k < COUNT(rows[i].chunks) && rows[i].chunks[k]; k++)
            assert_int_equal(
                feed(&s, chunk_of(rows[i].chunks[k], chunk, sizeof(chunk)), &log, NULL), 0);
        assert_int_equal(feed(&s, lx_slice(NULL, 0), &log, NULL), 0);
        assert_text(lx_buf_slice(&log), rows[i].log);
        lx_buf_clear(&log);
        lx_openai_stream_clear(&s);
    }
}

static void test_stream_limits(void **state)
{
    (void)state;
    struct lx_openai_stream s = {0};
    struct lx_error err = {0};
    struct lx_buf log;
    char chunk[500];
    int code = 0;

    lx_buf_init(&log, 1 << 20);
    for (int i = 0; i < 129 && !code; i++) {
        snprintf(chunk, sizeof(chunk), "{\"choices\":[{\"index\":%d,\"delta\":{}}]}", i);
        code = feed(&s, lx_slice_z(chunk), &log, &err);
        assert_int_equal(code, i < 128 ? 0 : LX_EPROTO);
    }
    assert_string_equal(err.text, "more than 128 choices in one stream");
    lx_openai_stream_clear(&s);
    code = 0;
    for (int i = 0; i < 1025 && !code; i++) {
        snprintf(chunk, sizeof(chunk),
                 "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":%d,\"function\":"
                 "{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}",
                 i);
        code = feed(&s, lx_slice_z(chunk), &log, &err);
        assert_int_equal(code, i < 1024 ? 0 : LX_EPROTO);
    }
    lx_openai_stream_clear(&s);
    assert_int_equal(feed(&s, LX_S("<html>"), &log, &err), LX_EPROTO);
    lx_openai_stream_clear(&s);
    lx_buf_clear(&log);
}

/* ---- Glances ------------------------------------------------------------------------------ */

static void test_glance_event(void **state)
{
    (void)state;
    /* code, finish, content, usage known, usage_only, end, is_fault, model */
    static const char *const rows[][2] = {
        {"[DONE]", "0 0 0 0 0 1 0 "},
        {"{\"model\":\"m\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}",
         "0 0 0 0 0 0 0 m"},
        {"{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}", "0 0 1 0 0 0 0 "},
        {"{\"choices\":[{\"delta\":{\"reasoning\":\"x\"}}]}", "0 0 1 0 0 0 0 "},
        {"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}", "0 0 1 0 0 0 0 "},
        {"{\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":[]},\"finish_reason\":\"stop\"}"
         "]}",
         "0 1 0 0 0 0 0 "},
        {"{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}", "0 0 0 1 1 0 0 "},
        {"{\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}", "0 0 0 1 0 0 0 "},
        {"{\"choices\":[],\"x_groq\":{\"usage\":{\"prompt_tokens\":1}}}", "0 0 0 1 1 0 0 "},
        {"{\"choices\":[],\"usage\":null}", "0 0 0 0 0 0 0 "},
        {"{\"error\":{\"message\":\"m\"}}", "0 0 0 0 0 0 1 "},
        {"{\"choices\":[{\"error\":{\"message\":\"m\"}}]}", "0 0 0 0 0 0 1 "},
        {"{", "-13 0 0 0 0 0 0 "},
    };
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_record record = {.data = lx_slice_z(rows[i][0])};
        struct lx_glance g = {.finish = LX_FINISH_NONE};
        char got[100];
        int code = lx_openai_glance_event(&record, &doc, &g);
        snprintf(got, sizeof(got), "%d %d %d %d %d %d %d %.*s", code, (int)g.finish, g.content,
                 g.usage.known, g.usage_only, g.end, g.is_fault, (int)g.model.n,
                 g.model.n ? g.model.p : "");
        assert_string_equal(got, rows[i][1]);
    }
    lx_json_doc_clear(&doc);
}

/* ---- The dialect as others see it --------------------------------------------------------- */

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(lx_dialect_find(LX_S("openai_chat")), &lx_dialect_openai_chat);
    assert_ptr_equal(lx_dialect_find(LX_S("anthropic")), &lx_dialect_anthropic);
    assert_null(lx_dialect_find(LX_S("openai")));
    assert_null(lx_dialect_find(LX_S("")));
}

static void test_refuse(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_losses losses;
    lx_arena_init(&a, 1 << 16);
    lx_losses_init(&losses, &a);
    struct lx_body b = {.losses = &losses, .arena = &a};
    struct lx_write_options drop = {.drop_params = true}, keep = {0};

    lx_body_refuse(&b, &drop, LX_S("n"), LX_S("no"));
    assert_int_equal(b.code, 0);
    assert_int_equal(losses.count, 1);
    assert_text(losses.first->what, "n");
    lx_body_refuse(&b, &keep, LX_S("seed"), LX_S("never"));
    lx_body_refuse(&b, &keep, LX_S("stop"), LX_S("later"));
    assert_int_equal(b.code, LX_EUNSUPPORTED);
    assert_string_equal(b.error.text, "seed: never"); /* the first is the one to be told */
    assert_int_equal(losses.count, 1);
    lx_arena_clear(&a);
}

/* Ids and models of any length are told in full, in every chunk. */
static void test_long_names(void **state)
{
    (void)state;
    enum { LONG = 5000 };
    char *id = malloc(LONG);
    struct lx_openai_telling t = {0};
    struct lx_buf out;
    struct lx_json_doc doc;

    assert_non_null(id);
    memset(id, 'i', LONG);
    lx_buf_init(&out, 1 << 20);
    lx_json_doc_init(&doc);
    lx_openai_write_event(&t,
                          &(struct lx_event){.kind = LX_EVENT_START,
                                             .id = lx_text(lx_slice(id, LONG)),
                                             .name = lx_text(LX_S("a\"b"))},
                          &context, &out);
    assert_int_equal(out.n, 0); /* nothing is said before there is something to say */
    memset(id, 'X', LONG);
    for (int i = 0; i < 2; i++) {
        lx_buf_reset(&out);
        lx_openai_write_event(&t,
                              &(struct lx_event){.kind = LX_EVENT_TEXT, .text = lx_text(LX_S("x"))},
                              &context, &out);
        struct lx_slice line = lx_buf_slice(&out);
        assert_true(lx_slice_starts(line, LX_S("data: ")));
        assert_true(lx_slice_ends(line, LX_S("\n\n")));
        assert_int_equal(lx_json_read(&doc, lx_slice(line.p + 6, line.n - 8), NULL, NULL), 0);
        struct lx_json root = lx_json_root(&doc);
        assert_int_equal(lx_json_text(LX_GET(root, "id")).s.n, LONG);
        assert_true(lx_json_eq(LX_GET(root, "model"), LX_S("a\"b")));
        struct lx_json delta = LX_GET(lx_json_at(LX_GET(root, "choices"), 0), "delta");
        assert_int_equal(lx_json_given(LX_GET(delta, "role")), i == 0);
    }
    lx_json_doc_clear(&doc);
    lx_buf_clear(&out);
    lx_openai_telling_clear(&t);
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),        cmocka_unit_test(test_finish),
        cmocka_unit_test(test_retry_after),  cmocka_unit_test(test_error_bodies),
        cmocka_unit_test(test_streams),      cmocka_unit_test(test_stream_limits),
        cmocka_unit_test(test_glance_event), cmocka_unit_test(test_find),
        cmocka_unit_test(test_refuse),       cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
