/*
 * verify_test.c - answers that have not the form that was asked for: tried again, told at last;
 * what is taken off around JSON; streams.
 */
#include "host.h"

#include "call/verify.h"

#define SCHEMA \
    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}"
#define BODY(more)                                                                                     \
    "{\"model\":\"m\"," more "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"                   \
    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":" SCHEMA \
    "}}}"
#define REPLY(content)                                                                    \
    "{\"id\":\"c\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":" \
    "{\"role\":\"assistant\",\"content\":\"" content "\"},\"finish_reason\":\"stop\"}],"  \
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}"
#define CHUNK(content, finish)                                                            \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0," \
    "\"delta\":{\"content\":\"" content "\"},\"finish_reason\":" finish "}]}\n\n"
#define JSON "application/json"
#define SSE  "text/event-stream"

static struct host h;

static void begin(const char *provider, const char *model, int64_t retries, bool enforce)
{
    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "m", provider, model);
    h.table.settings.num_retries = retries;
    h.table.settings.enforce_format = enforce;
    h.pool = lx_call_pool_new(&h.table.settings);
}

static void a_wrong_form_is_tried_again(void **state)
{
    (void)state;
    begin("deepseek", "deepseek-chat", 1, false);
    assert_int_equal(host_start(&h, BODY("")), LX_STEP_WAIT);
    enum lx_step_kind kind = host_reply(&h, 200, JSON, REPLY("{\\\"n\\\":\\\"one\\\"}"));
    if (kind == LX_STEP_SLEEP) {
        lx_call_feed_wake(h.call);
        kind = host_run(&h);
    }
    assert_int_equal(kind, LX_STEP_WAIT);
    assert_int_equal(h.sends, 2);
    assert_int_equal(host_reply(&h, 200, JSON, REPLY("{\\\"n\\\":1}")), LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_contains(host_got(&h), "{\\\"n\\\":1}");
    host_clear(&h);
}

static void the_last_failure_is_told(void **state)
{
    (void)state;
    begin("openai", "gpt-4o", 0, true);
    assert_int_equal(host_start(&h, BODY("")), LX_STEP_WAIT);
    assert_int_equal(host_reply(&h, 200, JSON, REPLY("{}")), LX_STEP_DONE);
    assert_int_equal(h.status, 500);
    assert_contains(host_got(&h), "litellm.JSONSchemaValidationError");
    assert_contains(host_got(&h), "\"raw_response\":\"{}\"");
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_JSON_SCHEMA);
    host_clear(&h);
}

static void only_who_asks_is_checked(void **state)
{
    static const struct {
        const char *body;
        bool settings;
        enum lx_tristate deployment;
        int status;
    } cases[] = {
        {BODY(""), false, LX_UNSET, 200},
        {BODY(""), true, LX_UNSET, 500},
        {BODY(""), false, LX_YES, 500},
        {BODY(""), true, LX_NO, 200},
        {BODY("\"enable_json_schema_validation\":true,"), false, LX_NO, 500},
        {BODY("\"enable_json_schema_validation\":false,"), true, LX_YES, 200},
        {BODY("\"additional_drop_params\":[\"response_format\"],"), true, LX_UNSET, 200},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin("openai", "gpt-4o", 0, cases[i].settings);
        h.table.groups[0]->deployments[0]->enforce_format = cases[i].deployment;
        assert_int_equal(host_start(&h, cases[i].body), LX_STEP_WAIT);
        assert_null(strstr(host_sent(&h), "enable_json_schema_validation"));
        assert_int_equal(host_reply(&h, 200, JSON, REPLY("{}")), LX_STEP_DONE);
        assert_int_equal(h.status, cases[i].status);
        host_clear(&h);
    }
}

/* A stream for a client who wants none is a whole reply; a stream for one who wants it is not
 * checked; a whole reply for one who wants a stream is. */
static void streams(void **state)
{
    (void)state;
    begin("openai", "gpt-4o", 0, true);
    assert_int_equal(host_start(&h, BODY("")), LX_STEP_WAIT);
    assert_int_equal(
        host_reply(&h, 200, SSE, CHUNK("{}", "null") CHUNK("", "\"stop\"") "data: [DONE]\n\n"),
        LX_STEP_DONE);
    assert_int_equal(h.status, 500);
    assert_int_equal(host_start(&h, BODY("\"stream\":true,")), LX_STEP_WAIT);
    assert_int_equal(
        host_reply(&h, 200, SSE, CHUNK("{}", "null") CHUNK("", "\"stop\"") "data: [DONE]\n\n"),
        LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_int_equal(host_start(&h, BODY("\"stream\":true,")), LX_STEP_WAIT);
    assert_int_equal(host_reply(&h, 200, JSON, REPLY("{}")), LX_STEP_DONE);
    assert_int_equal(h.status, 500);
    host_clear(&h);
}

/* ---- Answers alone -------------------------------------------------------------------------- */

struct answer {
    const char *text; /* NULL: none */
    const char *good; /* what the client gets; NULL: an error */
    bool emulated, enforced, no_schema;
    enum lx_finish finish;
};

static const struct answer answers[] = {
    {"{\"n\":1}", "{\"n\":1}", true, false, false, LX_FINISH_STOP},
    {" {\"n\":1}\n", "{\"n\":1}", true, false, false, LX_FINISH_STOP},
    {" {\"n\":1}\n", " {\"n\":1}\n", false, true, false, LX_FINISH_STOP},
    {"```json\n{\"n\":1}\n```", "{\"n\":1}", true, false, false, LX_FINISH_STOP},
    {"```\n{\"n\":1}\n", "{\"n\":1}", true, false, false, LX_FINISH_STOP},
    {"Sure: {\"n\":1}.", "{\"n\":1}", true, false, false, LX_FINISH_STOP},
    {"Sure: {\"n\":1}.", NULL, false, true, false, LX_FINISH_STOP},
    {"[1] says ```json\n{\"n\":1}\n``` {", "{\"n\":1}", true, false, false, LX_FINISH_STOP},
    {"{\"n\":\"1\"}", NULL, true, false, false, LX_FINISH_STOP},
    {"{\"n\":", NULL, true, false, false, LX_FINISH_STOP},
    {"{\"n\":", "{\"n\":", true, false, false, LX_FINISH_LENGTH},
    {"{\"n\":", NULL, true, true, false, LX_FINISH_LENGTH},
    {"No.", "No.", true, false, false, LX_FINISH_REFUSAL},
    {"", NULL, true, false, false, LX_FINISH_STOP},
    {NULL, NULL, true, false, false, LX_FINISH_STOP},
    {NULL, "", false, true, false, LX_FINISH_STOP},
    {"{\"any\":1}", "{\"any\":1}", true, false, true, LX_FINISH_STOP},
    {"[1]", NULL, true, false, true, LX_FINISH_STOP},
    {"1", NULL, true, false, true, LX_FINISH_NONE},
};

static void what_is_around_is_taken_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct answer *t = &answers[i];
        struct lx_arena a;
        struct lx_fault fault = {0};
        struct lx_part thinking = {.kind = LX_PART_THINKING, .text = lx_text(LX_S("{"))};
        struct lx_part text = {.kind = LX_PART_TEXT, .text = lx_text(lx_slice_z(t->text))};
        struct lx_choice choice = {.parts = &thinking, .finish = t->finish};
        const struct lx_reply reply = {.choices = &choice}, *out = NULL;
        const struct lx_answer_form form = {t->emulated, t->enforced,
                                            t->no_schema ? LX_S("") : LX_S(SCHEMA)};
        thinking.next = t->text ? &text : NULL;
        lx_arena_init(&a, 1 << 20);
        int code = lx_reply_verify(&reply, &form, &a, &out, &fault);
        if (code != (t->good ? 0 : LX_EINVAL))
            fail_msg("answer %zu (%s): %d", i, t->text, code);
        if (t->good && t->text) {
            const struct lx_part *p = out->choices->parts;
            assert_int_equal(p->kind, LX_PART_THINKING);
            assert_true(lx_slice_eq(p->next->text.s, lx_slice_z(t->good)));
            assert_null(p->next->next);
        }
        lx_arena_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_form_is_tried_again), cmocka_unit_test(the_last_failure_is_told),
        cmocka_unit_test(only_who_asks_is_checked),    cmocka_unit_test(streams),
        cmocka_unit_test(what_is_around_is_taken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
