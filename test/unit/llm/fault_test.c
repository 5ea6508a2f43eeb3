/*
 * fault_test.c - kinds by status, by error code and by what providers say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "llm/fault.h"

static void test_kinds(void **state)
{
    (void)state;
    for (enum lx_fault_kind k = LX_FAULT_BAD_REQUEST; k < LX_FAULT_COUNT; k++) {
        struct lx_fault f = {.kind = k};
        assert_true(lx_fault_class(k)[0]);
        assert_true(lx_fault_openai_type(k)[0]);
        assert_true(lx_fault_anthropic_type(k)[0]);
        assert_true(lx_fault_status(&f) >= 400 && lx_fault_status(&f) < 600);
    }
    struct lx_fault f = {.kind = LX_FAULT_RATE_LIMIT};
    assert_string_equal(lx_fault_class(f.kind), "RateLimitError");
    assert_int_equal(lx_fault_status(&f), 429);
    assert_true(lx_fault_retryable(&f));
    f.status = 413; /* whatever a limit is told with */
    assert_int_equal(lx_fault_status(&f), 429);
    f.kind = LX_FAULT_BILLING;
    assert_int_equal(lx_fault_status(&f), 413);
    assert_false(lx_fault_retryable(&f));
}

static void test_statuses(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum lx_fault_kind kind;
    } rows[] = {
        {400, LX_FAULT_BAD_REQUEST},   {401, LX_FAULT_AUTHENTICATION},
        {402, LX_FAULT_BILLING},       {403, LX_FAULT_PERMISSION},
        {404, LX_FAULT_NOT_FOUND},     {405, LX_FAULT_BAD_REQUEST},
        {408, LX_FAULT_TIMEOUT},       {413, LX_FAULT_TOO_LARGE},
        {422, LX_FAULT_UNPROCESSABLE}, {429, LX_FAULT_RATE_LIMIT},
        {498, LX_FAULT_UNAVAILABLE},   {500, LX_FAULT_INTERNAL},
        {502, LX_FAULT_BAD_GATEWAY},   {503, LX_FAULT_UNAVAILABLE},
        {504, LX_FAULT_TIMEOUT},       {524, LX_FAULT_TIMEOUT},
        {529, LX_FAULT_OVERLOADED},    {599, LX_FAULT_INTERNAL},
        {200, LX_FAULT_API},           {0, LX_FAULT_API},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lx_fault_of_status(rows[i].status), rows[i].kind);
}

static void test_errors(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_error err;
    lx_arena_init(&a, 1 << 12);
    lx_error_set(&err, LX_EUNSUPPORTED, "tools[0]: no");
    struct lx_fault f = lx_fault_of_error(LX_EUNSUPPORTED, &err, &a);
    assert_int_equal(f.kind, LX_FAULT_UNSUPPORTED_PARAMS);
    assert_int_equal(f.status, 400);
    assert_true(f.retry_after_ms == -1);
    assert_true(lx_slice_eq(f.message, LX_S("tools[0]: no")));
    err.text[0] = 'X'; /* the fault has a copy */
    assert_true(lx_slice_eq(f.message, LX_S("tools[0]: no")));

    f = lx_fault_of_error(LX_ETIMEOUT_IDLE, NULL, &a);
    assert_int_equal(f.kind, LX_FAULT_TIMEOUT);
    assert_int_equal(f.status, 408);
    assert_true(lx_slice_eq(f.message, LX_S("timed out between two bytes")));
    f = lx_fault_of_error(LX_EBUG, NULL, &a);
    assert_int_equal(f.kind, LX_FAULT_INTERNAL);
    lx_arena_clear(&a);

    struct lx_arena none;
    lx_arena_init(&none, 0);
    f = lx_fault_of_error(LX_EJSON, &err, &none); /* no memory for the text: the code's own */
    assert_int_equal(f.kind, LX_FAULT_BAD_REQUEST);
    assert_true(lx_slice_eq(f.message, LX_S("invalid JSON")));
    lx_arena_clear(&none);
}

static void test_refine(void **state)
{
    (void)state;
    static const struct {
        enum lx_fault_kind from, to;
        const char *message;
    } rows[] = {
        {LX_FAULT_BAD_REQUEST, LX_FAULT_CONTEXT_WINDOW,
         "This model's maximum context length is 8192 tokens. However, your messages resulted in "
         "9001 tokens."},
        {LX_FAULT_BAD_REQUEST, LX_FAULT_CONTEXT_WINDOW,
         "prompt is too long: 210018 tokens > 200000 maximum"},
        {LX_FAULT_INTERNAL, LX_FAULT_CONTEXT_WINDOW,
         "the request exceeds the available context size. try increasing the context size"},
        {LX_FAULT_TOO_LARGE, LX_FAULT_CONTEXT_WINDOW,
         "Please REDUCE the length of the messages or completion."},
        {LX_FAULT_BAD_REQUEST, LX_FAULT_CONTENT_POLICY,
         "The response was filtered due to the prompt triggering Azure OpenAI's content "
         "management policy."},
        {LX_FAULT_PERMISSION, LX_FAULT_CONTENT_POLICY, "Content violates usage guidelines."},
        {LX_FAULT_PERMISSION, LX_FAULT_PERMISSION, "prompt is too long"},
        {LX_FAULT_RATE_LIMIT, LX_FAULT_RATE_LIMIT,
         "Request too large for model with 6000 tokens per minute"},
        {LX_FAULT_BAD_REQUEST, LX_FAULT_CONTEXT_WINDOW,
         "Maximum input length is 8192 tokens, and 9001 were given"},
        {LX_FAULT_TOO_LARGE, LX_FAULT_RATE_LIMIT,
         "Request too large for gpt-4 in organization org-1 on tokens per min (TPM): Limit 10000"},
        {LX_FAULT_PERMISSION, LX_FAULT_RATE_LIMIT, "Quota exceeded for requests per minute"},
        {LX_FAULT_BAD_REQUEST, LX_FAULT_BAD_REQUEST, "n: over the limit"},
        {LX_FAULT_BAD_REQUEST, LX_FAULT_BAD_REQUEST, "Invalid 'temperature'"},
        {LX_FAULT_BAD_REQUEST, LX_FAULT_BAD_REQUEST, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lx_fault_refine(rows[i].from, lx_slice_z(rows[i].message)), rows[i].to);
}

static void test_reset(void **state)
{
    (void)state;
    static const struct {
        const char *remaining, *reset;
        int64_t want;
    } rows[] = {
        {"0", "1759845420000", 60000}, /* OpenRouter, recorded 2025 */
        {"0", "1759845420", 60000},    /* the same in seconds */
        {"0", "30", 30000},            /* a span */
        {"0", "1759845300000", 0},     /* past */
        {"3", "1759845420000", -1},    /* not the limit that ran out */
        {"0", "soon", -1},
        {"0", "", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_header v[] = {
            {.name = LX_S("x-ratelimit-remaining"), .value = lx_slice_z(rows[i].remaining)},
            {.name = LX_S("X-RateLimit-Reset"), .value = lx_slice_z(rows[i].reset)},
        };
        const struct lx_headers h = {v, 2};
        assert_int_equal(lx_fault_reset_ms(&h, 1759845360), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),  cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_refine),
        cmocka_unit_test(test_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
