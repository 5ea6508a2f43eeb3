/*
 * resume_test.c - streams that break go on elsewhere: what the next provider is asked, and what the
 * client gets.
 */
#include "host.h"

#include "call/join.h"
#include "call/resume.h"

#define CHAT(more)                                                               \
    "{\"model\":\"m\",\"stream\":true" more ",\"messages\":[{\"role\":\"user\"," \
    "\"content\":\"hi\"}]}"
#define MESSAGES(more)                                                                    \
    "{\"model\":\"m\",\"max_tokens\":90,\"stream\":true" more ",\"messages\":[{\"role\":" \
    "\"user\",\"content\":\"hi\"}]}"
#define CHUNK(id, delta, finish)                                                               \
    "data: {\"id\":\"" id "\",\"object\":\"chat.completion.chunk\",\"created\":1,"             \
    "\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish \
    "}]}\n\n"
#define TEXT(id, text)    CHUNK(id, "{\"content\":\"" text "\"}", "null")
#define ROLE(id, text)    CHUNK(id, "{\"role\":\"assistant\",\"content\":\"" text "\"}", "null")
#define THOUGHT(id, text) CHUNK(id, "{\"reasoning_content\":\"" text "\"}", "null")
#define STOP(id)          CHUNK(id, "{}", "\"stop\"")
#define USED(id, in, out)                                                          \
    "data: {\"id\":\"" id "\",\"object\":\"chat.completion.chunk\",\"created\":1," \
    "\"model\":\"up\",\"choices\":[],\"usage\":{\"prompt_tokens\":" in             \
    ",\"completion_tokens\":" out ",\"total_tokens\":23}}\n\n"
#define DONE_MARK "data: [DONE]\n\n"
#define ERROR_EVENT \
    "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":\"x\"}}\n\n"
#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define MESSAGE_START                                                                             \
    EVENT("message_start",                                                                        \
          ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":" \
          "\"claude-x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"   \
          "\"input_tokens\":7,\"output_tokens\":1}}")
#define BLOCK(i, block)     EVENT("content_block_start", ",\"index\":" i ",\"content_block\":" block)
#define TEXT_BLOCK(i)       BLOCK(i, "{\"type\":\"text\",\"text\":\"\"}")
#define DELTA(i, delta)     EVENT("content_block_delta", ",\"index\":" i ",\"delta\":{" delta "}")
#define TEXT_DELTA(i, text) DELTA(i, "\"type\":\"text_delta\",\"text\":\"" text "\"")
#define BLOCK_STOP(i)       EVENT("content_block_stop", ",\"index\":" i)
#define MESSAGE_END                                                                            \
    EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}," \
                           "\"usage\":{\"output_tokens\":5}")                                  \
    EVENT("message_stop", "")
#define SSE "text/event-stream"

static struct host h;

static const char *model_of(const char *provider)
{
    return strcmp(provider, "anthropic") == 0 ? "claude-haiku-4-5-20251001" : "gpt-4o";
}

/* Two deployments, of which the first is asked first. */
static void begin(const struct lx_dialect *front, const char *first, const char *second)
{
    host_init(&h, front);
    h.in.keeps_body = h.resumes = true;
    host_add(&h, "m", first, model_of(first))->weight = 1000000;
    host_add(&h, "m", second, model_of(second))->weight = 1;
}

/* The first stream says that, and its connection breaks. */
static enum lx_step_kind broken(const char *request, const char *stream)
{
    host_start(&h, request);
    host_head(&h, 200, SSE);
    host_body(&h, stream);
    return host_fail(&h, LX_ECLOSED);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

/* The second goes on so, and ends. */
static void rest(const char *stream)
{
    host_head(&h, 200, SSE);
    host_body(&h, stream);
    host_end(&h);
    assert_true(h.done);
}

#define REST(text) ROLE("two", "") TEXT("two", text) STOP("two") USED("two", "20", "3") DONE_MARK

static void nobody_goes_on(const char *request, const char *stream)
{
    assert_int_equal(broken(request, stream), LX_STEP_DONE);
    assert_int_equal(h.sends, 1);
    assert_int_equal(lx_call_report(h.call)->resumed, 0);
    assert_true(lx_call_report(h.call)->cut_short);
    assert_contains(host_got(&h), "\"error\"");
    host_clear(&h);
}

static void one_language_goes_on(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    assert_int_equal(
        broken(CHAT(",\"max_tokens\":50"), ROLE("one", "Hello \\\"") TEXT("one", "wor")),
        LX_STEP_WAIT);
    assert_int_equal(h.sends, 2);
    assert_contains(host_sent(&h), "{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\","
                                   "\"content\":\"Hello \\\"wor\"},{\"role\":\"user\","
                                   "\"content\":\"Your answer above was cut off");
    assert_contains(host_sent(&h), "\"max_tokens\":47,");
    rest(REST("ld"));
    assert_string_equal(host_got(&h), ROLE("one", "Hello \\\"") TEXT("one", "wor") TEXT("one", "ld")
                                          STOP("one") DONE_MARK);
    const struct lx_call_report *r = lx_call_report(h.call);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->fault.kind, LX_FAULT_NONE);
    assert_false(r->cut_short);
    assert_int_equal(r->resumed, 1);
    assert_int_equal(r->attempts, 2);
    assert_non_null(r->tried);
    assert_int_equal(r->usage.prompt_tokens, 20 + 8);
    assert_int_equal(r->usage.completion_tokens, 3 + 3);
    assert_true(r->usage.estimated);
    assert_true(r->is_priced);
    host_clear(&h);
}

static void usage_is_that_of_both(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    broken(CHAT(",\"stream_options\":{\"include_usage\":true}"), ROLE("one", "Hello"));
    rest(REST(" world"));
    assert_contains(host_got(&h),
                    "\"prompt_tokens\":28,\"completion_tokens\":4,\"total_tokens\":32");
    assert_int_equal(count(host_got(&h), "\"usage\":{"), 1);
    host_clear(&h);
}

static void an_error_event_is_held_back(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    host_start(&h, CHAT(""));
    host_head(&h, 200, SSE);
    host_body(&h, ROLE("one", "Hel"));
    host_body(&h, TEXT("one", "lo") ERROR_EVENT);
    assert_int_equal(h.sends, 2);
    rest(REST(" world"));
    assert_string_equal(host_got(&h), ROLE("one", "Hel") TEXT("one", "lo") TEXT("one", " world")
                                          STOP("one") DONE_MARK);
    host_clear(&h);
}

static void a_stream_without_its_end_goes_on(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    host_start(&h, CHAT(""));
    host_head(&h, 200, SSE);
    host_body(&h, ROLE("one", "Hello"));
    assert_int_equal(host_end(&h), LX_STEP_WAIT);
    assert_int_equal(h.sends, 2);
    rest(REST(" world"));
    assert_string_equal(host_got(&h),
                        ROLE("one", "Hello") TEXT("one", " world") STOP("one") DONE_MARK);
    host_clear(&h);
}

static void two_languages_go_on(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "anthropic");
    broken(CHAT(""), ROLE("one", "Hello wor \\n"));
    assert_string_equal(h.url, "https://api.anthropic.com/v1/messages");
    assert_contains(
        host_sent(&h),
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Hello wor\"}]}]");
    rest(MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", " \\n\\nld") BLOCK_STOP("0") MESSAGE_END);
    assert_string_equal(host_got(&h),
                        ROLE("one", "Hello wor \\n") TEXT("one", "\\nld") STOP("one") DONE_MARK);
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 8 + 7);
    host_clear(&h);

    begin(&lx_dialect_openai_chat, "anthropic", "openai");
    broken(CHAT(""), MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", "Hello"));
    assert_string_equal(h.url, "https://api.openai.com/v1/chat/completions");
    rest(REST(" world"));
    assert_contains(host_got(&h), "{\"role\":\"assistant\",\"content\":\"Hello\"}");
    assert_contains(host_got(&h), "{\"content\":\" world\"}");
    assert_int_equal(count(host_got(&h), "\"id\":\"msg_1\""), 3);
    assert_int_equal(count(host_got(&h), "\"role\""), 1);
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 7 + 20);
    host_clear(&h);
}

static void messages_go_on(void **state)
{
    (void)state;
    begin(&lx_dialect_anthropic, "anthropic", "openai");
    broken(MESSAGES(""), MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", "Hello"));
    assert_contains(host_sent(&h), "{\"role\":\"assistant\",\"content\":\"Hello\"},{\"role\":");
    rest(THOUGHT("two", "Well.") REST(" world"));
    const char *got = host_got(&h);
    assert_true(strncmp(got, MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", "Hello"),
                        strlen(MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", "Hello"))) == 0);
    assert_contains(got, TEXT_DELTA("0", " world") BLOCK_STOP("0") "event: message_delta\n");
    assert_int_equal(count(got, "message_start"), 2);
    assert_int_equal(count(got, "event: content_block_start"), 1);
    assert_lacks(got, "Well.");
    assert_contains(got, "event: message_stop\n");
    host_clear(&h);

    begin(&lx_dialect_anthropic, "anthropic", "anthropic");
    broken(MESSAGES(""), MESSAGE_START BLOCK("0", "{\"type\":\"thinking\",\"thinking\":\"\"}")
                             DELTA("0", "\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"")
                                 DELTA("0", "\"type\":\"signature_delta\",\"signature\":\"s\"")
                                     BLOCK_STOP("0") TEXT_BLOCK("1") TEXT_DELTA("1", "Hello"));
    assert_contains(host_sent(&h), "{\"role\":\"assistant\",\"content\":\"Hello\"}]");
    rest(MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", " you") BLOCK_STOP("0")
             BLOCK("1", "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}")
                 DELTA("1", "\"type\":\"input_json_delta\",\"partial_json\":\"{}\"") BLOCK_STOP("1")
                     MESSAGE_END);
    got = host_got(&h);
    assert_contains(got, TEXT_DELTA("1", " you") BLOCK_STOP("1"));
    assert_contains(got, "\"index\":2,\"content_block\":{\"type\":\"tool_use\"");
    host_clear(&h);
}

static void nothing_said_begins_anew(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    broken(CHAT(",\"n\":2,\"response_format\":{\"type\":\"json_object\"}"), ROLE("one", ""));
    assert_lacks(host_sent(&h), "cut off");
    rest(REST("Hello"));
    assert_string_equal(host_got(&h), ROLE("one", "") TEXT("one", "Hello") STOP("one") DONE_MARK);
    host_clear(&h);

    begin(&lx_dialect_anthropic, "anthropic", "anthropic");
    broken(MESSAGES(""), MESSAGE_START EVENT("ping", ""));
    rest(MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", "Hello") BLOCK_STOP("0") MESSAGE_END);
    assert_int_equal(count(host_got(&h), "event: message_start"), 1);
    assert_contains(host_got(&h), TEXT_BLOCK("0") TEXT_DELTA("0", "Hello") BLOCK_STOP("0"));
    host_clear(&h);
}

static void thoughts_alone_begin_anew(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    broken(CHAT(""), THOUGHT("one", "Hm"));
    assert_lacks(host_sent(&h), "cut off");
    rest(THOUGHT("two", "Ha") REST("Hello"));
    assert_contains(host_got(&h), THOUGHT("one", "Hm"));
    assert_contains(host_got(&h), "{\"reasoning_content\":\"Ha\"");
    assert_contains(host_got(&h), TEXT("one", "Hello") STOP("one") DONE_MARK);
    assert_int_equal(count(host_got(&h), "\"role\""), 0);
    host_clear(&h);

    begin(&lx_dialect_anthropic, "anthropic", "anthropic");
    nobody_goes_on(MESSAGES(""),
                   MESSAGE_START BLOCK("0", "{\"type\":\"thinking\",\"thinking\":\"\"}")
                       DELTA("0", "\"type\":\"thinking_delta\",\"thinking\":\"Hm.\""));
}

#define CALL                                                                               \
    CHUNK("one",                                                                           \
          "{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":" \
          "{\"name\":\"f\",\"arguments\":\"\"}}]}",                                        \
          "null")

static void what_cannot_be_joined_ends(void **state)
{
    (void)state;
    static const struct {
        const char *request, *stream;
    } cases[] = {
        {CHAT(""), ROLE("one", "Hello") CALL},
        {CHAT(""), CALL},
        {CHAT(""), CHUNK("one", "{\"refusal\":\"No\"}", "null")},
        {CHAT(""), CHUNK("one", "{\"audio\":{\"id\":\"a\",\"data\":\"AA\"}}", "null")},
        {CHAT(",\"n\":2"), ROLE("one", "Hello")},
        {CHAT(",\"logprobs\":true"), ROLE("one", "Hello")},
        {CHAT(",\"response_format\":{\"type\":\"json_object\"}"), ROLE("one", "{")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&lx_dialect_openai_chat, "openai", "openai");
        nobody_goes_on(cases[i].request, cases[i].stream);
    }
}

static void nobody_is_asked_where_nobody_may(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    h.table.settings.policy.mid_stream_fallbacks = false;
    nobody_goes_on(CHAT(""), ROLE("one", "Hello"));

    begin(&lx_dialect_openai_chat, "openai", "openai");
    h.in.keeps_body = false;
    nobody_goes_on(CHAT(""), ROLE("one", "Hello"));

    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "m", "openai", "gpt-4o");
    h.in.keeps_body = true;
    nobody_goes_on(CHAT(""), ROLE("one", "Hello"));

    begin(&lx_dialect_openai_chat, "openai", "openai");
    host_start(&h, CHAT(""));
    host_head(&h, 200, SSE);
    host_body(&h, ROLE("one", "Hello"));
    assert_false(lx_call_keeps_body(h.call, 3 << 20)); /* too large to stay */
    assert_int_equal(host_fail(&h, LX_ECLOSED), LX_STEP_DONE);
    assert_int_equal(h.sends, 1);
    host_clear(&h);
}

/* A refusal is not the deployment's fault. */
static void a_fault_of_the_request_ends(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    host_start(&h, CHAT(""));
    host_head(&h, 200, SSE);
    assert_int_equal(
        host_body(
            &h,
            ROLE("one",
                 "Hello") "data: {\"error\":{\"message\":\"no\",\"type\":"
                          "\"invalid_request_error\",\"code\":\"content_policy_violation\"}}\n\n"),
        LX_STEP_DONE);
    assert_contains(host_got(&h), "content_policy_violation");
    assert_int_equal(count(host_got(&h), "\"error\""), 1);
    host_clear(&h);
}

static void it_may_break_again(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    host_add(&h, "m", "openai", "third")->weight = 1;
    broken(CHAT(""), ROLE("one", "a"));
    host_head(&h, 200, SSE);
    host_body(&h, THOUGHT("two", "Hm") ROLE("two", "b"));
    assert_int_equal(host_fail(&h, LX_ETIMEOUT_IDLE), LX_STEP_WAIT);
    assert_int_equal(h.sends, 3);
    assert_contains(host_sent(&h), "\"content\":\"ab\"");
    rest(REST("c"));
    assert_string_equal(host_got(&h),
                        ROLE("one", "a") TEXT("one", "b") TEXT("one", "c") STOP("one") DONE_MARK);
    assert_int_equal(lx_call_report(h.call)->resumed, 2);
    host_clear(&h);
}

static void when_all_fail_the_client_learns_why(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    broken(CHAT(""), ROLE("one", "Hello"));
    assert_int_equal(host_reply(&h, 500, "application/json",
                                "{\"error\":{\"message\":\"too busy\",\"type\":\"server_error\"}}"),
                     LX_STEP_DONE);
    assert_int_equal(h.sends, 2);
    assert_int_equal(count(host_got(&h), "\"error\""), 1);
    assert_lacks(host_got(&h), "[DONE]");
    const struct lx_call_report *r = lx_call_report(h.call);
    assert_true(r->cut_short);
    assert_int_equal(r->resumed, 0);
    assert_int_equal(r->usage.prompt_tokens, 8);
    assert_int_equal(r->usage.completion_tokens, 1);
    host_clear(&h);
}

static void a_fallback_goes_on(void **state)
{
    (void)state;
    host_init(&h, &lx_dialect_openai_chat);
    h.in.keeps_body = h.resumes = true;
    host_add(&h, "m", "openai", "gpt-4o");
    host_add(&h, "other", "anthropic", "claude-haiku-4-5-20251001");
    h.table.settings.policy.fallbacks[LX_FALLBACK_GENERAL] = LX_S("[{\"m\":[\"other\"]}]");
    broken(CHAT(""), ROLE("one", "Hello"));
    assert_string_equal(h.url, "https://api.anthropic.com/v1/messages");
    rest(MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", " you") BLOCK_STOP("0") MESSAGE_END);
    assert_string_equal(host_got(&h),
                        ROLE("one", "Hello") TEXT("one", " you") STOP("one") DONE_MARK);
    assert_int_equal(lx_call_report(h.call)->fallbacks, 1);
    host_clear(&h);
}

static void gemini_goes_on(void **state)
{
    (void)state;
    begin(&lx_dialect_gemini, "gemini", "openai");
    h.in.model = LX_S("m");
    h.in.stream = LX_YES;
    broken(
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}],\"generationConfig\":"
        "{\"maxOutputTokens\":50}}",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hello\"}]},"
        "\"index\":0}],\"modelVersion\":\"g\",\"responseId\":\"r1\"}\n\n");
    assert_contains(host_sent(&h), "{\"role\":\"assistant\",\"content\":\"Hello\"}");
    rest(REST(" world"));
    assert_contains(host_got(&h), "{\"text\":\" world\"}");
    assert_int_equal(count(host_got(&h), "\"responseId\":\"r1\""), 3);
    assert_int_equal(count(host_got(&h), "finishReason"), 1);
    host_clear(&h);
}

static void prompts_go_on(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_completions, "hosted_vllm", "hosted_vllm");
    broken("{\"model\":\"m\",\"stream\":true,\"prompt\":\"Once\"}",
           "data: {\"id\":\"one\",\"object\":\"text_completion\",\"created\":1,\"model\":\"up\","
           "\"choices\":[{\"index\":0,\"text\":\" upon\",\"finish_reason\":null}]}\n\n");
    assert_contains(host_sent(&h), "\"prompt\":\"Once upon\"");
    rest("data: {\"id\":\"two\",\"object\":\"text_completion\",\"created\":1,\"model\":\"up\","
         "\"choices\":[{\"index\":0,\"text\":\" a\",\"finish_reason\":\"stop\"}]}\n\n" DONE_MARK);
    assert_int_equal(count(host_got(&h), "\"id\":\"one\""), 3);
    assert_lacks(host_got(&h), "two");
    host_clear(&h);
}

static void a_mark_says_that_it_goes_on(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "hosted_vllm");
    broken(CHAT(""), ROLE("one", "Hello"));
    assert_contains(host_sent(&h), "{\"role\":\"assistant\",\"content\":\"Hello\"}]");
    assert_contains(host_sent(&h),
                    "\"continue_final_message\":true,\"add_generation_prompt\":false");
    host_clear(&h);

    begin(&lx_dialect_openai_chat, "openai", "moonshot");
    broken(CHAT(""), ROLE("one", "Hello"));
    assert_contains(host_sent(&h),
                    "{\"role\":\"assistant\",\"content\":\"Hello\",\"partial\":true}]");
    host_clear(&h);
}

/* The client goes while another is asked: what was said is billed. */
static void a_client_may_go_in_between(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    broken(CHAT(""), ROLE("one", "Hello"));
    lx_call_settle(h.call);
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 8);
    assert_int_equal(lx_call_report(h.call)->usage.completion_tokens, 1);
    host_clear(&h);
}

/* ---- The Responses API ------------------------------------------------------------------------
 */

#define ASKED(more) "{\"model\":\"m\",\"stream\":true" more ",\"input\":\"h\\\"i\"}"
#define CREATED                                                                               \
    EVENT("response.created",                                                                 \
          ",\"sequence_number\":0,\"response\":{\"id\":\"resp_one\",\"object\":\"response\"," \
          "\"created_at\":1,\"status\":\"in_progress\",\"error\":null,\"model\":\"up\","      \
          "\"output\":[],\"store\":true,\"usage\":null,\"tools\":[]}")                        \
    EVENT("response.in_progress",                                                             \
          ",\"sequence_number\":1,\"response\":{\"id\":\"resp_one\",\"object\":\"response\"," \
          "\"created_at\":1,\"status\":\"in_progress\",\"model\":\"up\",\"output\":[]}")
#define THOUGHT_ITEM                                                                      \
    EVENT("response.output_item.added",                                                   \
          ",\"sequence_number\":2,\"output_index\":0,\"item\":{\"id\":\"rs_x\",\"type\":" \
          "\"reasoning\",\"summary\":[]}")                                                \
    EVENT("response.output_item.done",                                                    \
          ",\"sequence_number\":3,\"output_index\":0,\"item\":{\"id\":\"rs_x\",\"type\":" \
          "\"reasoning\",\"summary\":[],\"own\":1}")
#define MESSAGE_ITEM                                                                       \
    EVENT("response.output_item.added",                                                    \
          ",\"sequence_number\":4,\"output_index\":1,\"item\":{\"id\":\"msg_x\",\"type\":" \
          "\"message\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}")
#define MESSAGE_PART                                                                             \
    EVENT("response.content_part.added",                                                         \
          ",\"sequence_number\":5,\"item_id\":\"msg_x\",\"output_index\":1,\"content_index\":0," \
          "\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}")
#define WORD(n, text)                                                            \
    EVENT("response.output_text.delta",                                          \
          ",\"sequence_number\":" n ",\"item_id\":\"msg_x\",\"output_index\":1," \
          "\"content_index\":0,\"delta\":\"" text "\"")

static void responses_go_on(void **state)
{
    static const char *const seconds[] = {"anthropic", "groq"};
    (void)state;
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        begin(&lx_dialect_openai_responses, "openai", seconds[i]);
        broken(ASKED(",\"max_output_tokens\":50,\"store\":false"),
               CREATED THOUGHT_ITEM MESSAGE_ITEM MESSAGE_PART WORD("6", "Hello wor"));
        assert_int_equal(h.sends, 2);
        assert_contains(host_sent(&h), "Hello wor");
        if (i == 0)
            rest(MESSAGE_START TEXT_BLOCK("0") TEXT_DELTA("0", "ld") BLOCK_STOP("0") MESSAGE_END);
        else
            rest(REST("ld"));
        const char *got = host_got(&h);
        assert_int_equal(count(got, "event: response.created\n"), 1);
        assert_int_equal(count(got, "event: response.completed\n"), 1);
        assert_int_equal(count(got, "event: response.output_item.added\n"), 2);
        assert_contains(got, "\"sequence_number\":7,\"item_id\":\"msg_x\",\"output_index\":1,"
                             "\"content_index\":0,\"delta\":\"ld\"");
        assert_contains(got, "\"sequence_number\":8,\"item_id\":\"msg_x\",\"output_index\":1,"
                             "\"content_index\":0,\"text\":\"Hello world\"");
        assert_contains(got, "\"sequence_number\":11,\"response\":{\"id\":\"resp_");
        assert_contains(got, "\"store\":false,\"status\":\"completed\"");
        assert_contains(got, "\"output\":[{\"id\":\"rs_x\",\"type\":\"reasoning\",\"summary\":[],"
                             "\"own\":1},{\"id\":\"msg_x\",\"type\":\"message\"");
        host_clear(&h);
    }
}

static void responses_go_on_in_their_own_language(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_responses, "openai", "openai");
    broken(ASKED(",\"max_output_tokens\":50"),
           CREATED THOUGHT_ITEM MESSAGE_ITEM MESSAGE_PART WORD("6", "Hello wor "));
    assert_contains(
        host_sent(&h),
        "\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":\"h\\\"i\"},{\"type\":"
        "\"message\",\"role\":\"assistant\",\"content\":\"Hello wor\"},{\"type\":\"message\","
        "\"role\":\"user\",\"content\":\"Your answer above was cut off");
    assert_contains(host_sent(&h), "\"max_output_tokens\":47");
    host_clear(&h);
}

static void responses_that_are_kept_end(void **state)
{
    static const char *const bound[] = {
        ASKED(",\"store\":true"),
        ASKED(",\"previous_response_id\":\"resp_0\""),
        ASKED(",\"conversation\":\"conv_0\""),
        ASKED(",\"background\":true"),
        ASKED(",\"text\":{\"format\":{\"type\":\"json_object\"}}"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bound) / sizeof(bound[0]); i++) {
        begin(&lx_dialect_openai_responses, "openai", "openai");
        assert_int_equal(
            broken(bound[i], CREATED THOUGHT_ITEM MESSAGE_ITEM MESSAGE_PART WORD("6", "Hello")),
            LX_STEP_DONE);
        assert_int_equal(h.sends, 1);
        assert_int_equal(count(host_got(&h), "event: response.created\n"), 1);
        assert_contains(host_got(&h), "event: response.failed\ndata: {\"type\":\"response.failed\","
                                      "\"sequence_number\":");
        assert_contains(host_got(&h), "\"text\":\"Hello\"");
        host_clear(&h);
    }
}

/* With nobody to go on it is an error, of the response that has begun. */
static void a_response_alone_fails_as_what_it_was(void **state)
{
    (void)state;
    host_init(&h, &lx_dialect_openai_responses);
    host_add(&h, "m", "openai", "gpt-4o");
    broken(ASKED(""), CREATED);
    assert_int_equal(count(host_got(&h), "event: response.created\n"), 1);
    assert_contains(host_got(&h), "\"type\":\"response.failed\",\"sequence_number\":2,");
    host_clear(&h);
}

/* ---- The table --------------------------------------------------------------------------------
 */

static void soundness(void **state)
{
    enum { T = 1 << LX_PART_TEXT, K = 1 << LX_PART_THINKING, C = 1 << LX_PART_TOOL_CALL };
    static const struct {
        const struct lx_dialect *front;
        unsigned kinds;
        bool open, mixed, full, content, finished;
        const char *how;
    } rows[] = {
        {&lx_dialect_openai_chat, 0, false, false, false, false, false, "anew"},
        {&lx_dialect_openai_chat, 0, false, false, false, true, false, "not"},
        {&lx_dialect_openai_chat, 0, false, false, false, false, true, "not"},
        {&lx_dialect_openai_chat, T, true, false, false, true, false, "on"},
        {&lx_dialect_openai_chat, T, false, false, false, true, false, "on"},
        {&lx_dialect_openai_chat, T, true, false, false, true, true, "not"},
        {&lx_dialect_openai_chat, T, true, false, true, true, false, "not"},
        {&lx_dialect_openai_chat, T | K, true, false, false, true, false, "on"},
        {&lx_dialect_openai_chat, T | K, true, true, false, true, false, "not"},
        {&lx_dialect_openai_chat, T | C, true, true, false, true, false, "not"},
        {&lx_dialect_openai_chat, C, true, false, false, true, false, "not"},
        {&lx_dialect_openai_chat, K, true, false, false, true, false, "anew"},
        {&lx_dialect_anthropic, K, true, false, false, true, false, "not"},
        {&lx_dialect_anthropic, K, false, false, false, true, false, "anew"},
        {&lx_dialect_anthropic, T | K, true, false, false, true, false, "on"},
        {&lx_dialect_gemini, T, true, false, false, true, false, "on"},
        {&lx_dialect_openai_responses, T, true, false, false, true, false, "on"},
        {&lx_dialect_openai_responses, K, true, false, false, true, false, "not"},
        {&lx_dialect_openai_embed, T, true, false, false, true, false, "not"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_request request = {.format = {.kind = LX_FORMAT_UNSET}};
        struct lx_said said;
        lx_said_init(&said);
        lx_said_add(&said, LX_PART_TEXT, lx_text(LX_S("text")));
        said.kinds = rows[i].kinds;
        said.kind = rows[i].kinds & T ? LX_PART_TEXT : LX_PART_THINKING;
        said.open = rows[i].open;
        said.mixed = rows[i].mixed;
        said.beyond = rows[i].full;
        const struct lx_resume_question q = {
            .front = rows[i].front,
            .said = &said,
            .request = &request,
            .content = rows[i].content,
            .finish = rows[i].finished ? LX_FINISH_STOP : LX_FINISH_NONE,
        };
        if (strcmp(lx_resume_how_name(lx_resume_decide(&q)), rows[i].how) != 0)
            fail_msg("row %zu: %s, not %s", i, lx_resume_how_name(lx_resume_decide(&q)),
                     rows[i].how);
        lx_said_clear(&said);
    }
}

static void white_space_is_trimmed(void **state)
{
    static const struct {
        const char *text, *trimmed;
    } rows[] = {{"", ""},          {"a", "a"},           {"a ", "a"},           {" \\n\\t", ""},
                {"a\\n \\r", "a"}, {"a\\\\n", "a\\\\n"}, {"a\\\\\\n", "a\\\\"}, {"n", "n"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!lx_slice_eq(lx_join_trim(lx_slice_z(rows[i].text)), lx_slice_z(rows[i].trimmed)))
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_language_goes_on),
        cmocka_unit_test(usage_is_that_of_both),
        cmocka_unit_test(an_error_event_is_held_back),
        cmocka_unit_test(a_stream_without_its_end_goes_on),
        cmocka_unit_test(two_languages_go_on),
        cmocka_unit_test(messages_go_on),
        cmocka_unit_test(nothing_said_begins_anew),
        cmocka_unit_test(thoughts_alone_begin_anew),
        cmocka_unit_test(what_cannot_be_joined_ends),
        cmocka_unit_test(nobody_is_asked_where_nobody_may),
        cmocka_unit_test(a_fault_of_the_request_ends),
        cmocka_unit_test(it_may_break_again),
        cmocka_unit_test(when_all_fail_the_client_learns_why),
        cmocka_unit_test(a_fallback_goes_on),
        cmocka_unit_test(gemini_goes_on),
        cmocka_unit_test(prompts_go_on),
        cmocka_unit_test(a_mark_says_that_it_goes_on),
        cmocka_unit_test(a_client_may_go_in_between),
        cmocka_unit_test(responses_go_on),
        cmocka_unit_test(responses_go_on_in_their_own_language),
        cmocka_unit_test(responses_that_are_kept_end),
        cmocka_unit_test(a_response_alone_fails_as_what_it_was),
        cmocka_unit_test(soundness),
        cmocka_unit_test(white_space_is_trimmed),
    };
    return cmocka_run_group_tests_name("call/resume", tests, NULL, NULL);
}
