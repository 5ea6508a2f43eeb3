/*
 * bedrock_test.c - the edges of the Converse dialect that no conversation shows: errors by name,
 * ids and names within the service's bounds, and what tells a region's and a vendor's model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dialect/bedrock.h"

static struct lx_arena arena;
static struct lx_buf out;
static struct lx_losses losses;

static int setup(void **state)
{
    (void)state;
    lx_arena_init(&arena, 1 << 24);
    lx_buf_init(&out, 1 << 24);
    lx_losses_init(&losses, &arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lx_arena_clear(&arena);
    lx_buf_clear(&out);
    return 0;
}

/* The body for a request in OpenAI's language; the code of the writer. */
static int write_for(const char *model, const char *body)
{
    struct lx_write_options o = {.model = lx_slice_z(model)};
    struct lx_body b = {.buf = &out, .losses = &losses, .arena = &arena};
    struct lx_json_doc doc;
    struct lx_request r;
    lx_buf_reset(&out);
    lx_json_doc_init(&doc);
    assert_int_equal(lx_json_read(&doc, lx_slice_z(body), NULL, NULL), 0);
    assert_int_equal(lx_dialect_openai_chat.front->read_request(&doc, &arena, &r, NULL), 0);
    lx_dialect_bedrock_converse.back->write_request(&o, &r, &b);
    lx_json_doc_clear(&doc);
    return b.code;
}

static bool wrote(const char *text)
{
    return lx_slice_find(lx_buf_slice(&out), lx_slice_z(text)) >= 0;
}

static void errors_by_name(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *type, *body;
        enum lx_fault_kind kind;
        int told;
    } rows[] = {
        {400, "ValidationException:http://x/", "{\"message\":\"m\"}", LX_FAULT_BAD_REQUEST, 400},
        {429, NULL, "{\"message\":\"m\"}", LX_FAULT_RATE_LIMIT, 429},
        {400, "ServiceQuotaExceededException", "{\"message\":\"m\"}", LX_FAULT_RATE_LIMIT, 429},
        {403, "ExpiredTokenException:http://x/", "{\"message\":\"m\"}", LX_FAULT_AUTHENTICATION,
         401},
        {403, "AccessDeniedException", "{\"Message\":\"m\"}", LX_FAULT_PERMISSION, 403},
        {400, NULL, "{\"__type\":\"com.amazon.coral#ThrottlingException\",\"message\":\"m\"}",
         LX_FAULT_RATE_LIMIT, 429},
        {400, "ValidationException", "{\"message\":\"Input is too long for requested model.\"}",
         LX_FAULT_CONTEXT_WINDOW, 400},
        {408, "ModelTimeoutException", "{\"message\":\"m\"}", LX_FAULT_TIMEOUT, 408},
        {429, "ModelNotReadyException", "{\"message\":\"m\"}", LX_FAULT_UNAVAILABLE, 503},
        {503, NULL, "<html><title>Service Unavailable</title>", LX_FAULT_UNAVAILABLE, 503},
        {404, "NoSuchException", "{\"message\":\"m\"}", LX_FAULT_NOT_FOUND, 404},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_header h = {LX_S("X-Amzn-ErrorType"), lx_slice_z(rows[i].type), false};
        struct lx_headers headers = {&h, rows[i].type ? 1 : 0};
        struct lx_fault f = {0};
        lx_bedrock_read_error(rows[i].status, lx_slice_z(rows[i].body), &headers, &arena, &f);
        if (f.kind != rows[i].kind || lx_fault_status(&f) != rows[i].told)
            fail_msg("row %zu: %s, %d", i, lx_fault_class(f.kind), lx_fault_status(&f));
        assert_true(f.message.n > 0);
    }
}

static void pain_14_ids_are_within_bounds(void **state)
{
    (void)state;
    assert_int_equal(
        write_for("anthropic.claude-3-haiku-20240307-v1:0",
                  "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
                  "\"tool_calls\":[{\"id\":\"a b/c\\u00e9aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1\",\"type\":\"function\","
                  "\"function\":{\"name\":\"f\",\"arguments\":\"[1]\"}}]},{\"role\":\"tool\","
                  "\"tool_call_id\":\"x y\",\"content\":\"\"}]}"),
        0);
    assert_true(wrote("aaaa-1\",\"name\":\"f\",\"input\":{\"input\":[1]}"));
    assert_false(wrote("a b/c"));
    assert_true(wrote("\"toolUseId\":\"x_y\",\"content\":[]"));
}

static void families_are_known_by_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum lx_bedrock_thinking thinking;
        bool tool_choice;
    } rows[] = {
        {"anthropic.claude-3-7-sonnet-20250219-v1:0", LX_BEDROCK_THINKS_CLAUDE, true},
        {"arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-sonnet-4-v1:0",
         LX_BEDROCK_THINKS_CLAUDE, true},
        {"global.amazon.nova-2-lite-v1:0", LX_BEDROCK_THINKS_NOVA, true},
        {"amazon.nova-pro-v1:0", LX_BEDROCK_THINKS_NOT, true},
        {"openai.gpt-oss-20b-1:0", LX_BEDROCK_THINKS_EFFORT, true},
        {"us.openai.gpt-5.5", LX_BEDROCK_THINKS_OPENAI, true},
        {"us.deepseek.v3.2", LX_BEDROCK_THINKS_EFFORT, false},
        {"us.deepseek.r1-v1:0", LX_BEDROCK_THINKS_NOT, false},
        {"meta.llama3-1-8b-instruct-v1:0", LX_BEDROCK_THINKS_NOT, false},
        {"arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", LX_BEDROCK_THINKS_CLAUDE,
         true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lx_bedrock_family *f =
            lx_bedrock_family_of(&(struct lx_write_options){.model = lx_slice_z(rows[i].model)});
        assert_int_equal(f->thinking, rows[i].thinking);
        assert_int_equal(f->tool_choice, rows[i].tool_choice);
    }
}

static void limits_and_budgets(void **state)
{
    (void)state;
    const char *claude = "anthropic.claude-3-7-sonnet-20250219-v1:0";
#define ASK "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
    assert_int_equal(write_for(claude, ASK "\"reasoning_effort\":\"high\",\"max_tokens\":3000}"),
                     0);
    assert_true(wrote("\"budget_tokens\":1500") && wrote("\"maxTokens\":3000"));
    assert_int_equal(write_for(claude, ASK "\"reasoning_effort\":\"high\",\"max_tokens\":500}"), 0);
    assert_false(wrote("budget_tokens"));
    assert_int_equal(write_for(claude, ASK "\"reasoning_effort\":\"low\"}"), 0);
    assert_true(wrote("\"budget_tokens\":1024") && wrote("\"maxTokens\":5120"));
    assert_int_equal(write_for(claude,
                               ASK "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000},"
                                   "\"max_tokens\":1000}"),
                     0);
    assert_true(wrote("\"budget_tokens\":2000") && wrote("\"maxTokens\":3000"));
    assert_int_equal(write_for(claude, ASK "\"temperature\":1.5}"), LX_EUNSUPPORTED);
    assert_int_equal(write_for(claude, ASK "\"temperature\":1.0}"), 0);
    assert_int_equal(write_for("meta.llama3", ASK "\"reasoning_effort\":\"low\"}"),
                     LX_EUNSUPPORTED);
    assert_int_equal(write_for("meta.llama3", ASK "\"reasoning_effort\":\"none\"}"), 0);
#undef ASK
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(pain_14_ids_are_within_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(families_are_known_by_their_names, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_and_budgets, setup, teardown),
    };
    return cmocka_run_group_tests_name("dialect/bedrock", tests, NULL, NULL);
}
