/*
 * resume_test.c - streams that break go on elsewhere: what the next provider is asked, and what the
 * client gets.
 */
#include "host.h"

#define CHAT(more)                                                                      \
    "{\"model\":\"m\",\"stream\":true" more ",\"messages\":[{\"role\":\"user\"," \
    "\"content\":\"hi\"}]}"
#define MESSAGES(more)                                                                       \
    "{\"model\":\"m\",\"max_tokens\":90,\"stream\":true" more ",\"messages\":[{\"role\":" \
    "\"user\",\"content\":\"hi\"}]}"
#define CHUNK(id, delta, finish)                                                              \
    "data: {\"id\":\"" id "\",\"object\":\"chat.completion.chunk\",\"created\":1,"            \
    "\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish \
    "}]}\n\n"
#define TEXT(id, text)    CHUNK(id, "{\"content\":\"" text "\"}", "null")
#define ROLE(id, text)    CHUNK(id, "{\"role\":\"assistant\",\"content\":\"" text "\"}", "null")
#define THOUGHT(id, text) CHUNK(id, "{\"reasoning_content\":\"" text "\"}", "null")
#define STOP(id)          CHUNK(id, "{}", "\"stop\"")
#define USED(id, in, out)                                                                  \
    "data: {\"id\":\"" id "\",\"object\":\"chat.completion.chunk\",\"created\":1,"         \
    "\"model\":\"up\",\"choices\":[],\"usage\":{\"prompt_tokens\":" in                     \
    ",\"completion_tokens\":" out ",\"total_tokens\":0}}\n\n"
#define DONE_MARK "data: [DONE]\n\n"
#define ERROR_EVENT \
    "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":\"x\"}}\n\n"
#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define MESSAGE_START                                                                           \
    EVENT("message_start",                                                                      \
          ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":" \
          "\"claude-x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{" \
          "\"input_tokens\":7,\"output_tokens\":1}}")
#define BLOCK(i, block) EVENT("content_block_start", ",\"index\":" i ",\"content_block\":" block)
#define TEXT_BLOCK(i)   BLOCK(i, "{\"type\":\"text\",\"text\":\"\"}")
#define DELTA(i, delta) EVENT("content_block_delta", ",\"index\":" i ",\"delta\":{" delta "}")
#define TEXT_DELTA(i, text) DELTA(i, "\"type\":\"text_delta\",\"text\":\"" text "\"")
#define BLOCK_STOP(i)       EVENT("content_block_stop", ",\"index\":" i)
#define MESSAGE_END                                                                         \
    EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}," \
                           "\"usage\":{\"output_tokens\":5}")                               \
    EVENT("message_stop", "")
#define SSE "text/event-stream"

static struct host h;

static void begin(const struct lx_dialect *front, const char *first, const char *second)
{
    host_init(&h, front);
    h.in.keeps_body = h.resumes = true;
    host_add(&h, "m", first, "gpt-4o")->order = 1;
    host_add(&h, "m", second, strcmp(second, "anthropic") == 0 ? "claude-3-haiku-20240307" : "up")
        ->order = 1;
    h.table.settings.policy.strategy = lx_strategy_find(LX_S("least-busy"));
}

/* The first stream says that, and its connection breaks. */
static enum lx_step_kind broken(const char *request, const char *stream)
{
    bool keeps = h.resumes;
    host_start(&h, request);
    h.resumes = keeps;
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

static void openai_goes_on_with_openai(void **state)
{
    (void)state;
    begin(&lx_dialect_openai_chat, "openai", "openai");
    assert_int_equal(broken(CHAT(",\"max_tokens\":50"), ROLE("one", "Hello ") TEXT("one", "wor")),
                     LX_STEP_WAIT);
    assert_int_equal(h.sends, 2);
    fprintf(stderr, "SENT %s\n", host_sent(&h));
    host_head(&h, 200, SSE);
    host_body(&h, ROLE("two", "") TEXT("two", "ld") STOP("two") USED("two", "20", "3") DONE_MARK);
    host_end(&h);
    fprintf(stderr, "GOT %s\n", host_got(&h));
    assert_true(h.done);
    (void)count;
    host_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openai_goes_on_with_openai),
    };
    return cmocka_run_group_tests_name("call/resume", tests, NULL, NULL);
}
