/*
 * call_test.c - the step machine, driven by scripts of what a provider might do.
 */
#include "host.h"

#define CHAT "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define CHAT_STREAM \
    "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define CHAT_STREAM_USAGE                                                           \
    "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true}," \
    "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define MESSAGES \
    "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define MESSAGES_STREAM                                  \
    "{\"model\":\"m\",\"max_tokens\":9,\"stream\":true," \
    "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define REPLY                                                                                   \
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o\"," \
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"     \
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,"      \
    "\"total_tokens\":5}}"
#define CLAUDE_REPLY                                                                        \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\"," \
    "\"content\":[{\"type\":\"text\",\"text\":\"hello\"}],\"stop_reason\":\"end_turn\","    \
    "\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":2}}"
#define CHUNK(delta, finish)                                                                       \
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"             \
    "\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish \
    "}]}\n\n"
#define USAGE_CHUNK                                                                               \
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"            \
    "\"model\":\"gpt-4o\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2," \
    "\"total_tokens\":5}}\n\n"
#define DONE_MARK   "data: [DONE]\n\n"
#define FIRST_CHUNK CHUNK("{\"role\":\"assistant\",\"content\":\"hel\"}", "null")
#define REST        CHUNK("{\"content\":\"lo\"}", "null") CHUNK("{}", "\"stop\"")
#define ERROR_EVENT \
    "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":\"x\"}}\n\n"
#define OVERLOADED "{\"error\":{\"message\":\"too busy\",\"type\":\"server_error\",\"code\":null}}"

static struct host h;

static void openai_to(const char *provider, const char *model)
{
    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "m", provider, model);
}

static void anthropic_to(const char *provider, const char *model)
{
    host_init(&h, &lx_dialect_anthropic);
    host_add(&h, "m", provider, model);
}

/* ---- Good ways through ---------------------------------------------------------------------- */

static void one_language_passes(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    assert_int_equal(host_start(&h, CHAT), LX_STEP_WAIT);
    assert_string_equal(h.url, "https://api.openai.com/v1/chat/completions");
    assert_string_equal(host_sent(&h), "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","
                                       "\"content\":\"hi\"}]}");
    assert_true(
        lx_slice_eq(lx_headers_get(&h.headers, LX_S("authorization")), LX_S("Bearer sk-test")));
    assert_int_equal(h.step.kind, LX_STEP_WAIT);
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_string_equal(host_got(&h), REPLY);
    assert_contains(h.reply_headers, "x-litellm-model-id: id-0\n");
    assert_contains(h.reply_headers, "x-litellm-model-api-base: https://api.openai.com/v1\n");
    assert_contains(h.reply_headers, "x-litellm-model-group: m\n");
    assert_contains(h.reply_headers, "x-litellm-attempted-retries: 0\n");
    assert_contains(h.reply_headers, "llm_provider-x-request-id: req_1\n");
    assert_contains(h.reply_headers, "\nx-ratelimit-remaining-requests: 9\n");
    assert_lacks(h.reply_headers, "connection");
    const struct lx_call_report *r = lx_call_report(h.call);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->attempts, 1);
    assert_int_equal(r->fault.kind, LX_FAULT_NONE);
    assert_true(r->usage.known);
    assert_int_equal(r->usage.prompt_tokens, 3);
    assert_int_equal(r->usage.completion_tokens, 2);
    assert_int_equal(r->finish, LX_FINISH_STOP);
    host_clear(&h);
}

static void an_unedited_body_is_not_copied(void **state)
{
    (void)state;
    static const char body[] = CHAT;
    openai_to("openai", "m");
    h.in.body = LX_S(CHAT);
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &h.step);
    assert_int_equal(h.step.kind, LX_STEP_SEND);
    assert_ptr_equal(h.step.send.out->body.p, h.in.body.p);
    assert_int_equal(h.step.send.out->body.n, sizeof(body) - 1);
    host_clear(&h);
}

static void two_languages_cross(void **state)
{
    (void)state;
    openai_to("anthropic", "claude-3-haiku-20240307");
    assert_int_equal(host_start(&h, CHAT), LX_STEP_WAIT);
    assert_string_equal(h.url, "https://api.anthropic.com/v1/messages");
    assert_contains(host_sent(&h), "\"model\":\"claude-3-haiku-20240307\"");
    assert_contains(host_sent(&h), "\"max_tokens\":");
    assert_true(lx_slice_eq(lx_headers_get(&h.headers, LX_S("x-api-key")), LX_S("sk-test")));
    assert_true(
        lx_slice_eq(lx_headers_get(&h.headers, LX_S("anthropic-version")), LX_S("2023-06-01")));
    assert_int_equal(host_reply(&h, 200, "application/json", CLAUDE_REPLY), LX_STEP_DONE);
    assert_contains(host_got(&h), "\"content\":\"hello\"");
    assert_contains(host_got(&h), "\"prompt_tokens\":3");
    assert_int_equal(lx_call_report(h.call)->usage.completion_tokens, 2);
    host_clear(&h);

    anthropic_to("openai", "gpt-4o");
    assert_int_equal(host_start(&h, MESSAGES), LX_STEP_WAIT);
    assert_contains(host_sent(&h), "\"model\":\"gpt-4o\"");
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    assert_contains(host_got(&h), "\"type\":\"message\"");
    assert_contains(host_got(&h), "\"input_tokens\":3");
    host_clear(&h);
}

static void usage_is_asked_for_and_kept_from_who_did_not(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    assert_int_equal(host_start(&h, CHAT_STREAM), LX_STEP_WAIT);
    assert_contains(host_sent(&h), "\"stream_options\":{\"include_usage\":true}");
    host_reply(&h, 200, "text/event-stream", FIRST_CHUNK REST USAGE_CHUNK DONE_MARK);
    assert_true(h.done);
    assert_true(h.stream);
    assert_string_equal(host_got(&h), FIRST_CHUNK REST DONE_MARK);
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 3);
    assert_int_equal(lx_call_report(h.call)->finish, LX_FINISH_STOP);

    host_start(&h, CHAT_STREAM_USAGE);
    host_reply(&h, 200, "text/event-stream", FIRST_CHUNK REST USAGE_CHUNK DONE_MARK);
    assert_string_equal(host_got(&h), FIRST_CHUNK REST USAGE_CHUNK DONE_MARK);

    host_start(&h,
               "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"x\":1},\"messages\":[]}");
    assert_contains(host_sent(&h), "\"stream_options\":{\"x\":1,\"include_usage\":true}");
    host_clear(&h);

    openai_to("mistral", "mistral-small"); /* gives usage unasked, and refuses the member */
    host_start(&h, CHAT_STREAM);
    assert_lacks(host_sent(&h), "stream_options");
    host_clear(&h);
}

/* Every event goes out as soon as it is there. */
static void a_stream_flows(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT_STREAM);
    host_head(&h, 200, "text/event-stream");
    assert_int_equal(h.status, 0); /* nothing yet: another attempt is still possible */
    host_body(&h, FIRST_CHUNK);
    assert_int_equal(h.status, 200);
    assert_string_equal(host_got(&h), FIRST_CHUNK);
    host_body(&h, "data: {\"half");
    assert_string_equal(host_got(&h), FIRST_CHUNK);
    host_clear(&h);
}

static void feed_split(const char *body, const char *stream, size_t at)
{
    host_start(&h, body);
    assert_int_equal(host_head(&h, 200, "text/event-stream"), LX_STEP_WAIT);
    lx_call_feed_body(h.call, lx_slice(stream, at));
    host_run(&h);
    lx_call_feed_body(h.call, lx_slice_z(stream + at));
    host_run(&h);
    host_end(&h);
    assert_true(h.done);
}

static void split_everywhere(const char *body, const char *stream)
{
    feed_split(body, stream, 0);
    char *whole = strdup(host_got(&h));
    assert_non_null(whole);
    assert_true(strlen(whole) > 0);
    for (size_t i = 1; i <= strlen(stream); i++) {
        feed_split(body, stream, i);
        assert_string_equal(host_got(&h), whole);
        assert_int_equal(lx_call_report(h.call)->usage.completion_tokens, 2);
        assert_false(lx_call_report(h.call)->cut_short);
    }
    free(whole);
}

static void a_split_anywhere_changes_nothing(void **state)
{
    (void)state;
    static const char stream[] = FIRST_CHUNK REST USAGE_CHUNK DONE_MARK;
    openai_to("openai", "gpt-4o");
    split_everywhere(CHAT_STREAM, stream);
    split_everywhere(CHAT_STREAM_USAGE, stream);
    host_clear(&h);
    anthropic_to("openai", "gpt-4o");
    split_everywhere(MESSAGES_STREAM, stream);
    assert_contains(host_got(&h), "event: message_start");
    assert_contains(host_got(&h), "event: message_stop");
    host_clear(&h);
}

static void json_answers_a_stream(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT_STREAM);
    host_reply(&h, 200, "application/json; charset=utf-8", REPLY);
    assert_true(h.done && h.stream);
    assert_contains(host_got(&h), "data: {");
    assert_contains(host_got(&h), "hello");
    assert_contains(host_got(&h), "[DONE]");
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 3);
    host_clear(&h);
}

static void a_stream_answers_a_whole(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT);
    host_reply(&h, 200, "text/event-stream", FIRST_CHUNK REST USAGE_CHUNK DONE_MARK);
    assert_true(h.done && !h.stream);
    assert_contains(host_got(&h), "\"content\":\"hello\"");
    assert_contains(host_got(&h), "\"total_tokens\":5");
    assert_contains(host_got(&h), "\"chat.completion\"");
    host_clear(&h);
}

/* ---- Retries -------------------------------------------------------------------------------- */

static void a_failed_attempt_is_repeated(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(host_reply(&h, 503, "application/json", OVERLOADED), LX_STEP_SLEEP);
        assert_in_range(h.slept_ms, 1, 500 << (i - 1));
        lx_call_feed_wake(h.call);
        assert_int_equal(host_run(&h), LX_STEP_WAIT);
        assert_int_equal(h.sends, i + 1);
    }
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    assert_string_equal(host_got(&h), REPLY);
    assert_contains(h.reply_headers, "x-litellm-attempted-retries: 2\n");
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_NONE);
    host_clear(&h);
}

static void attempts_have_an_end(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT);
    while (!h.done)
        if (host_reply(&h, 500, "application/json", OVERLOADED) == LX_STEP_SLEEP) {
            lx_call_feed_wake(h.call);
            host_run(&h);
        }
    assert_int_equal(h.sends, 3);
    assert_int_equal(h.status, 500);
    assert_contains(host_got(&h), "litellm.InternalServerError: OpenAIException - too busy");
    assert_int_equal(lx_call_report(h.call)->attempts, 3);
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_INTERNAL);
    host_clear(&h);
}

static void the_clients_wish_for_retries_counts(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, "{\"model\":\"m\",\"num_retries\":0,\"max_retries\":5,\"messages\":[]}");
    assert_lacks(host_sent(&h), "retries");
    assert_int_equal(host_reply(&h, 500, "application/json", OVERLOADED), LX_STEP_DONE);
    h.in.max_retries = 0;
    host_start(&h, CHAT);
    assert_int_equal(host_reply(&h, 500, "application/json", OVERLOADED), LX_STEP_DONE);
    host_start(&h, "{\"model\":\"m\",\"max_retries\":1,\"messages\":[]}"); /* over the header */
    assert_int_equal(host_reply(&h, 500, "application/json", OVERLOADED), LX_STEP_SLEEP);
    h.in.max_retries = -1;
    h.table.groups[0]->deployments[0]->max_retries = 0;
    host_start(&h, CHAT);
    assert_int_equal(host_reply(&h, 500, "application/json", OVERLOADED), LX_STEP_DONE);
    host_clear(&h);
}

static void what_is_the_clients_fault_is_not_repeated(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT);
    assert_int_equal(host_reply(&h, 400, "application/json",
                                "{\"error\":{\"message\":\"bad n\",\"type\":"
                                "\"invalid_request_error\",\"param\":\"n\",\"code\":null}}"),
                     LX_STEP_DONE);
    assert_int_equal(h.status, 400);
    assert_int_equal(h.sends, 1);
    assert_contains(host_got(&h), "bad n");
    assert_contains(h.reply_headers, "llm_provider-x-request-id: req_1\n");
    host_clear(&h);
}

static void another_deployment_is_asked_at_once(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_add(&h, "m", "groq", "llama-3");
    host_start(&h, CHAT);
    char first[512];
    memcpy(first, h.url, sizeof(first));
    assert_int_equal(host_reply(&h, 401, "application/json", OVERLOADED), LX_STEP_WAIT);
    assert_int_equal(h.sends, 2);
    assert_string_not_equal(first, h.url);
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    host_clear(&h);
}

static void retry_after_is_honoured(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT);
    assert_int_equal(host_retry_after(&h, 429, "3"), LX_STEP_SLEEP);
    assert_int_equal(h.slept_ms, 3000);
    host_start(&h, CHAT);
    assert_int_equal(host_retry_after(&h, 429, "300"), LX_STEP_DONE);
    assert_int_equal(h.status, 429);
    assert_contains(h.reply_headers, "retry-after: 300\n");
    host_clear(&h);
}

static void failures_have_their_status(void **state)
{
    (void)state;
    static const struct {
        int code, status;
        bool again;
    } rows[] = {
        {LX_ECONNECT, 502, true},
        {LX_EDNS, 502, true},
        {LX_ETLS, 502, true},
        {LX_ETIMEOUT_CONNECT, 408, true},
        {LX_ETIMEOUT_FIRST_BYTE, 408, true},
        {LX_ETIMEOUT_IDLE, 408, true},
        {LX_ETIMEOUT_TOTAL, 408, true},
        {LX_ECLOSED, 502, true},
        {LX_ETOOBIG, 502, false},
        {LX_EBUSY, 503, true},
        {LX_ENOMEM, 500, false},
        {LX_ECANCELLED, 499, false},
    };
    openai_to("openai", "gpt-4o");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        host_start(&h, CHAT);
        assert_int_equal(host_fail(&h, rows[i].code), rows[i].again ? LX_STEP_SLEEP : LX_STEP_DONE);
        h.in.max_retries = 0;
        host_start(&h, CHAT);
        assert_int_equal(host_fail(&h, rows[i].code), LX_STEP_DONE);
        assert_int_equal(h.status, rows[i].status);
        assert_contains(host_got(&h), "test failure");
        h.in.max_retries = -1;
    }
    host_clear(&h);
}

/* ---- Bad replies ---------------------------------------------------------------------------- */

static void no_retry_once_the_client_has_something(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_add(&h, "m", "groq", "llama-3");
    host_start(&h, CHAT_STREAM);
    host_head(&h, 200, "text/event-stream");
    host_body(&h, FIRST_CHUNK);
    assert_int_equal(host_fail(&h, LX_ECLOSED), LX_STEP_DONE);
    assert_int_equal(h.sends, 1);
    assert_contains(host_got(&h), "data: {\"error\":{");
    assert_contains(host_got(&h), "test failure");
    assert_true(lx_call_report(h.call)->cut_short);
    assert_int_equal(lx_call_report(h.call)->status, 200);
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_CONNECTION);
    host_clear(&h);

    anthropic_to("openai", "gpt-4o");
    host_start(&h, MESSAGES_STREAM);
    host_head(&h, 200, "text/event-stream");
    host_body(&h, FIRST_CHUNK);
    assert_int_equal(host_end(&h), LX_STEP_DONE); /* no end mark */
    assert_contains(host_got(&h), "event: error");
    assert_true(lx_call_report(h.call)->cut_short);
    host_clear(&h);
}

static void a_stream_that_fails_at_once_is_repeated(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ERROR_EVENT, "data: {\"cut", "<html>busy</html>"};
    openai_to("openai", "gpt-4o");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        host_start(&h, CHAT_STREAM);
        assert_int_equal(host_reply(&h, 200, "text/event-stream", bad[i]), LX_STEP_SLEEP);
        lx_call_feed_wake(h.call);
        assert_int_equal(host_run(&h), LX_STEP_WAIT);
        host_reply(&h, 200, "text/event-stream", FIRST_CHUNK REST DONE_MARK);
        assert_string_equal(host_got(&h), FIRST_CHUNK REST DONE_MARK);
    }
    host_clear(&h);
}

static void an_error_in_mid_stream_passes_and_ends_it(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT_STREAM);
    host_head(&h, 200, "text/event-stream");
    host_body(&h, FIRST_CHUNK);
    assert_int_equal(host_body(&h, ERROR_EVENT REST DONE_MARK), LX_STEP_DONE);
    assert_string_equal(host_got(&h), FIRST_CHUNK ERROR_EVENT);
    assert_true(lx_call_report(h.call)->cut_short);
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_INTERNAL);
    host_clear(&h);
}

static void a_finished_stream_may_lack_its_mark(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT_STREAM);
    assert_int_equal(host_reply(&h, 200, "text/event-stream", FIRST_CHUNK REST), LX_STEP_DONE);
    assert_false(lx_call_report(h.call)->cut_short);
    host_start(&h, CHAT_STREAM); /* closed without a proper end, but all was said */
    host_head(&h, 200, "text/event-stream");
    host_body(&h, FIRST_CHUNK REST DONE_MARK);
    assert_int_equal(host_fail(&h, LX_ECLOSED), LX_STEP_DONE);
    assert_false(lx_call_report(h.call)->cut_short);
    host_clear(&h);
}

static void a_good_status_may_hide_a_bad_reply(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        int status;
        const char *says;
    } rows[] = {
        {"application/json", "", 502, "empty body"},
        {"application/json", " \n", 502, "empty body"},
        {"application/json", "{\"id\":", 502, "not JSON"},
        {"text/html", "<html>hello</html>", 502, "not JSON"},
        {"application/json", "{\"error\":{\"message\":\"slow down\",\"code\":429}}", 429,
         "slow down"},
        {"application/json", "{\"error\":{\"message\":\"odd\"}}", 500, "odd"},
        {"application/json", "{\"error\":\"text only\"}", 500, "text only"},
    };
    openai_to("openai", "gpt-4o");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        host_start(&h, CHAT);
        assert_int_equal(host_reply(&h, 200, rows[i].type, rows[i].body), LX_STEP_SLEEP);
        h.in.max_retries = 0;
        host_start(&h, CHAT);
        assert_int_equal(host_reply(&h, 200, rows[i].type, rows[i].body), LX_STEP_DONE);
        assert_int_equal(h.status, rows[i].status);
        assert_contains(host_got(&h), rows[i].says);
        h.in.max_retries = -1;
    }
    host_clear(&h);
}

static void a_reply_has_a_limit(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    h.table.settings.max_response_bytes = 64;
    h.table.settings.max_event_bytes = 64;
    host_start(&h, CHAT);
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    assert_int_equal(h.status, 502);
    assert_contains(host_got(&h), "larger than 64 bytes");
    host_start(&h, CHAT_STREAM);
    assert_int_equal(host_reply(&h, 200, "text/event-stream", FIRST_CHUNK), LX_STEP_DONE);
    assert_int_equal(h.status, 502);
    host_start(&h, CHAT); /* an error's body is cut, and still read */
    host_head(&h, 400, "text/plain");
    for (int i = 0; i < 20000; i++)
        lx_call_feed_body(h.call, LX_S("0123456789abcdefghijklmnopqrstuvwxyz"));
    assert_int_equal(host_end(&h), LX_STEP_DONE);
    assert_int_equal(h.status, 400);
    host_clear(&h);
}

static void an_error_is_read_though_its_body_was_cut(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT);
    host_head(&h, 404, "application/json");
    host_body(&h, "{\"error\":{\"message\":\"no such");
    assert_int_equal(host_fail(&h, LX_ECLOSED), LX_STEP_DONE);
    assert_int_equal(h.status, 404);
    host_clear(&h);
}

/* ---- Requests that are answered without a provider ------------------------------------------- */

static void bad_requests_are_explained(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *says;
    } rows[] = {
        {"", 400, "cannot be read"},
        {"{\"model\":\"m\",}", 400, "(at byte 13)"},
        {"[]", 400, "must be a JSON object"},
        {"{}", 400, "names no model"},
        {"{\"model\":7}", 400, "names no model"},
        {"{\"model\":\"nn\"}", 400, "Invalid model name passed in model=nn"},
        {"{\"model\":\"gpt-4o-min\"}", 400, "Did you mean gpt-4o-mini?"},
        {"{\"model\":\"m\",\"messages\":[],\"api_base\":\"http://evil\"}", 400,
         "api_base is not allowed"},
    };
    openai_to("openai", "gpt-4o");
    host_add(&h, "gpt-4o-mini", "openai", "gpt-4o-mini");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(host_start(&h, rows[i].body), LX_STEP_DONE);
        assert_int_equal(h.status, rows[i].status);
        assert_contains(host_got(&h), rows[i].says);
        assert_contains(host_got(&h), "\"code\":\"400\"");
    }
    host_clear(&h);
    anthropic_to("openai", "gpt-4o");
    assert_int_equal(host_start(&h, "{\"model\":\"m\",\"messages\":7}"), LX_STEP_DONE);
    assert_int_equal(h.status, 400);
    assert_contains(host_got(&h), "\"type\":\"error\"");
    host_clear(&h);
}

static void a_missing_key_is_named(void **state)
{
    (void)state;
    openai_to("groq", "llama-3");
    struct lx_deployment *d = h.table.groups[0]->deployments[0];
    lx_secret_clear(&d->key);
    d->missing_key = LX_S("GROQ_API_KEY");
    assert_int_equal(host_start(&h, CHAT), LX_STEP_DONE);
    assert_int_equal(h.status, 401);
    assert_contains(host_got(&h), "GROQ_API_KEY");
    host_add(&h, "m", "openai", "gpt-4o"); /* the other one has a key */
    for (uint64_t i = 0; i < 8; i++) {
        h.in.random = i;
        assert_int_equal(host_start(&h, CHAT), LX_STEP_WAIT);
        assert_contains(h.url, "openai.com");
    }
    host_clear(&h);
}

static void wildcards_are_filled(void **state)
{
    (void)state;
    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "groq/*", "groq", "*");
    host_start(&h, "{\"model\":\"groq/llama-3\",\"messages\":[]}");
    assert_string_equal(host_sent(&h), "{\"model\":\"llama-3\",\"messages\":[]}");
    host_clear(&h);
}

static void the_path_names_the_model(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    h.in.model = LX_S("m");
    host_start(&h, "{\"messages\":[]}");
    assert_string_equal(host_sent(&h), "{\"messages\":[],\"model\":\"gpt-4o\"}");
    host_clear(&h);
}

static void a_mock_answers(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    h.table.groups[0]->deployments[0]->mock_response = LX_S("hello from \"here\"");
    assert_int_equal(host_start(&h, CHAT), LX_STEP_DONE);
    assert_int_equal(h.sends, 0);
    assert_int_equal(h.status, 200);
    assert_contains(host_got(&h), "hello from \\\"here\\\"");
    assert_contains(host_got(&h), "\"prompt_tokens\":10");
    assert_contains(host_got(&h), "\"completion_tokens\":20");
    assert_int_equal(lx_call_report(h.call)->usage.completion_tokens, 20);

    assert_int_equal(host_start(&h, CHAT_STREAM), LX_STEP_DONE);
    assert_true(h.stream);
    assert_contains(host_got(&h), "\"hello \"");
    assert_contains(host_got(&h), "\"from \"");
    assert_contains(host_got(&h), "[DONE]");
    assert_lacks(host_got(&h), "\"usage\":{");

    assert_int_equal(host_start(&h, "{\"model\":\"m\",\"n\":2,\"mock_response\":\"mine\","
                                    "\"messages\":[]}"),
                     LX_STEP_DONE);
    assert_contains(host_got(&h), "mine");
    assert_contains(host_got(&h), "\"index\":1");
    host_clear(&h);

    anthropic_to("openai", "gpt-4o");
    h.table.groups[0]->deployments[0]->mock_response = LX_S("hello");
    assert_int_equal(host_start(&h, MESSAGES_STREAM), LX_STEP_DONE);
    assert_contains(host_got(&h), "event: content_block_delta");
    host_clear(&h);
}

static void a_mock_fails(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"litellm.RateLimitError", 429},      {"litellm.ContextWindowExceededError", 400},
        {"litellm.InternalServerError", 500}, {"Exception: content_filter_policy", 400},
        {"Exception: something", 500},
    };
    openai_to("openai", "gpt-4o");
    h.in.max_retries = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        h.table.groups[0]->deployments[0]->mock_response = lx_slice_z(rows[i].text);
        assert_int_equal(host_start(&h, CHAT), LX_STEP_DONE);
        assert_int_equal(h.status, rows[i].status);
    }
    host_clear(&h);
}

/* ---- The machine itself ---------------------------------------------------------------------- */

static void time_limits_are_litellms(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    struct lx_deployment *d = h.table.groups[0]->deployments[0];
    struct lx_step s;
    h.in.body = LX_S(CHAT);
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &s);
    assert_int_equal(s.send.total_ms, 600000);
    assert_int_equal(s.send.first_byte_ms, 0);
    assert_int_equal(s.send.between_bytes_ms, 600000);
    lx_call_free(h.call);
    d->timeout_ms = 5000;
    d->between_bytes_ms = 3000;
    d->stream_timeout_ms = 2000;
    h.in.body = LX_S(CHAT_STREAM);
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &s);
    assert_int_equal(s.send.total_ms, 0);
    assert_int_equal(s.send.first_byte_ms, 2000);
    assert_int_equal(s.send.between_bytes_ms, 3000);
    lx_call_free(h.call);
    h.in.between_bytes_ms = 2500;
    h.in.body = LX_S("{\"model\":\"m\",\"timeout\":1.5,\"messages\":[]}");
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &s);
    assert_int_equal(s.send.total_ms, 1500);
    assert_int_equal(s.send.between_bytes_ms, 2500);
    lx_call_free(h.call);
    h.in.body = LX_S("{\"model\":\"m\",\"between_bytes_timeout\":0.5,\"messages\":[]}");
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &s);
    assert_int_equal(s.send.between_bytes_ms, 500);
    assert_lacks((lx_buf_reset(&h.sent), lx_buf_add(&h.sent, s.send.out->body), host_sent(&h)),
                 "between");
    lx_call_free(h.call);
    h.call = NULL;
    host_clear(&h);
}

static void feed_everything(void)
{
    struct lx_headers none = {NULL, 0};
    lx_call_feed_wake(h.call);
    lx_call_feed_head(h.call, 200, &none);
    lx_call_feed_body(h.call, LX_S("stale"));
    lx_call_feed_end(h.call);
    lx_call_feed_failure(h.call, LX_ECLOSED, NULL);
}

static void what_comes_too_late_is_ignored(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT);
    assert_int_equal(host_reply(&h, 503, "application/json", OVERLOADED), LX_STEP_SLEEP);
    struct lx_headers none = {NULL, 0};
    lx_call_feed_head(h.call, 200, &none);
    lx_call_feed_body(h.call, LX_S("stale"));
    lx_call_feed_end(h.call);
    lx_call_feed_failure(h.call, LX_ECLOSED, NULL);
    assert_int_equal(host_run(&h), LX_STEP_WAIT);
    assert_int_equal(h.status, 0);
    lx_call_feed_wake(h.call);
    host_run(&h);
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    feed_everything();
    lx_call_next(h.call, &h.step);
    assert_int_equal(h.step.kind, LX_STEP_DONE);
    assert_string_equal(host_got(&h), REPLY);
    host_clear(&h);
}

static void the_host_may_feed_ahead(void **state)
{
    (void)state;
    openai_to("openai", "gpt-4o");
    host_start(&h, CHAT_STREAM);
    struct lx_headers none = {NULL, 0};
    lx_call_feed_head(h.call, 200, &none);
    lx_call_feed_body(h.call, LX_S(FIRST_CHUNK));
    lx_call_feed_body(h.call, LX_S(REST));
    lx_call_feed_body(h.call, LX_S(DONE_MARK));
    lx_call_feed_end(h.call);
    assert_int_equal(host_run(&h), LX_STEP_DONE);
    assert_string_equal(host_got(&h), FIRST_CHUNK REST DONE_MARK);
    host_clear(&h);
}

static void client_headers_go_along(void **state)
{
    (void)state;
    anthropic_to("anthropic", "claude-x");
    struct lx_deployment *d = h.table.groups[0]->deployments[0];
    struct lx_header own[] = {{LX_S("anthropic-beta"), LX_S("a-1"), false},
                              {LX_S("x-extra"), LX_S("1"), false}};
    struct lx_header theirs[] = {{LX_S("Anthropic-Beta"), LX_S("b-2"), false}};
    d->headers = (struct lx_headers){own, 2};
    h.in.forward = (struct lx_headers){theirs, 1};
    host_start(&h, MESSAGES);
    assert_true(lx_slice_eq(lx_headers_get(&h.headers, LX_S("anthropic-beta")), LX_S("a-1,b-2")));
    assert_true(lx_slice_eq(lx_headers_get(&h.headers, LX_S("x-extra")), LX_S("1")));
    host_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_language_passes),
        cmocka_unit_test(an_unedited_body_is_not_copied),
        cmocka_unit_test(two_languages_cross),
        cmocka_unit_test(usage_is_asked_for_and_kept_from_who_did_not),
        cmocka_unit_test(a_stream_flows),
        cmocka_unit_test(a_split_anywhere_changes_nothing),
        cmocka_unit_test(json_answers_a_stream),
        cmocka_unit_test(a_stream_answers_a_whole),
        cmocka_unit_test(a_failed_attempt_is_repeated),
        cmocka_unit_test(attempts_have_an_end),
        cmocka_unit_test(the_clients_wish_for_retries_counts),
        cmocka_unit_test(what_is_the_clients_fault_is_not_repeated),
        cmocka_unit_test(another_deployment_is_asked_at_once),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(failures_have_their_status),
        cmocka_unit_test(no_retry_once_the_client_has_something),
        cmocka_unit_test(a_stream_that_fails_at_once_is_repeated),
        cmocka_unit_test(an_error_in_mid_stream_passes_and_ends_it),
        cmocka_unit_test(a_finished_stream_may_lack_its_mark),
        cmocka_unit_test(a_good_status_may_hide_a_bad_reply),
        cmocka_unit_test(a_reply_has_a_limit),
        cmocka_unit_test(an_error_is_read_though_its_body_was_cut),
        cmocka_unit_test(bad_requests_are_explained),
        cmocka_unit_test(a_missing_key_is_named),
        cmocka_unit_test(wildcards_are_filled),
        cmocka_unit_test(the_path_names_the_model),
        cmocka_unit_test(a_mock_answers),
        cmocka_unit_test(a_mock_fails),
        cmocka_unit_test(time_limits_are_litellms),
        cmocka_unit_test(what_comes_too_late_is_ignored),
        cmocka_unit_test(the_host_may_feed_ahead),
        cmocka_unit_test(client_headers_go_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
