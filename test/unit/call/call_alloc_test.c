/*
 * call_alloc_test.c - calls without memory, and the memory of calls: every allocation failed in
 * turn, what an open stream holds, and what a busy pool asks the heap for.
 */
#include "alloc/alloc.h"
#include "host.h"

#define CHUNK(text, finish)                                                                    \
    "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\","  \
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"},\"finish_reason\":" finish \
    "}]}\n\n"
#define STREAM CHUNK("a", "null") CHUNK("b", "\"stop\"") "data: [DONE]\n\n"
#define REPLY                                                                                   \
    "{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"x\",\"choices\":[{" \
    "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},\"finish_reason\":" \
    "\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}"
#define ASK(model, more)                              \
    "{\"model\":\"" model "\",\"max_tokens\":5," more \
    "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define BODY(more) ASK("m", more)
#define BUSY       "{\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}"

static const struct scenario {
    const char *name, *provider, *request;
    const struct lx_dialect *front;
    int status;
    const char *type, *reply;
} scenarios[] = {
    {"whole", "openai", BODY(""), &lx_dialect_openai_chat, 200, "application/json", REPLY},
    {"stream", "openai", BODY("\"stream\":true,"), &lx_dialect_openai_chat, 200,
     "text/event-stream", STREAM},
    {"crossing", "openai", BODY(""), &lx_dialect_anthropic, 200, "application/json", REPLY},
    {"crossing stream", "openai", BODY("\"stream\":true,"), &lx_dialect_anthropic, 200,
     "text/event-stream", STREAM},
    {"mended", "mistral", BODY("\"stop_sequences\":[\"x\"],"), &lx_dialect_anthropic, 200,
     "application/json", REPLY},
    {"quirks", "mistral", BODY("\"seed\":1,\"user\":\"u\","), &lx_dialect_openai_chat, 200,
     "application/json", REPLY},
    {"folded", "openai", BODY(""), &lx_dialect_openai_chat, 200, "text/event-stream", STREAM},
    {"spread", "openai", BODY("\"stream\":true,"), &lx_dialect_openai_chat, 200, "application/json",
     REPLY},
    {"error", "openai", BODY(""), &lx_dialect_openai_chat, 400, "application/json", BUSY},
    {"falls back", "openai", BODY("\"fallbacks\":[\"nobody\",{\"model\":\"m\",\"seed\":1}],"),
     &lx_dialect_openai_chat, 400, "application/json", BUSY},
    {"cut", "openai", BODY("\"stream\":true,"), &lx_dialect_openai_chat, 200, "text/event-stream",
     CHUNK("a", "null") "data: {\"error\":{\"message\":\"x\"}}\n\n"},
    {"goes on", "openai", BODY("\"stream\":true,"), &lx_dialect_openai_chat, 200,
     "text/event-stream", CHUNK("a", "null") "data: {\"error\":{\"message\":\"x\"}}\n\n"},
    {"goes on crossing", "openai", BODY("\"stream\":true,"), &lx_dialect_anthropic, 200,
     "text/event-stream", CHUNK("a", "null") "data: {\"error\":{\"message\":\"x\"}}\n\n"},
    {"mock", "openai", BODY("\"mock_response\":\"a b\","), &lx_dialect_openai_chat, 0, NULL, NULL},
    {"mock stream", "openai", BODY("\"mock_response\":\"a b\",\"stream\":true,"),
     &lx_dialect_anthropic, 0, NULL, NULL},
    {"refused", "openai", "{\"model\":\"nothing\"}", &lx_dialect_openai_chat, 0, NULL, NULL},
    {"routed", "openai", ASK("by-words", ""), &lx_dialect_openai_chat, 200, "application/json",
     REPLY},
    {"routed stream", "openai", ASK("by-words", "\"stream\":true,"), &lx_dialect_openai_chat, 200,
     "text/event-stream", STREAM},
    {"routed by meaning", "openai", ASK("by-meaning", ""), &lx_dialect_openai_chat, 200,
     "application/json", REPLY},
};

static struct host h;

/* Another deployment is there, for a stream that breaks. */
static bool goes_on(const struct scenario *s)
{
    return strncmp(s->name, "goes on", 7) == 0;
}

/* A host that collects nothing, so that only the call's own memory fails: allocation fail_at. */
static void run_bare(const struct scenario *s, size_t fail_at)
{
    struct lx_header type = {LX_S("content-type"), lx_slice_z(s->type), false};
    struct lx_headers headers = {&type, s->type ? 1 : 0};
    struct lx_step step;
    bool last = false, sent = false;
    h.in.body = lx_slice_z(s->request);
    h.in.keeps_body = goes_on(s);
    struct lx_call *c = lx_call_new(&h.in);
    if (!c)
        return;
    for (int i = 0; i < 400; i++) {
        if (!sent)
            lx_call_next(c, &step);
        sent = false;
        if (step.kind == LX_STEP_DONE)
            break;
        if (step.kind == LX_STEP_EMIT) {
            assert_false(last);
            last = step.emit.last;
            if (step.emit.head && step.emit.last && !step.emit.bytes.n)
                fail_msg("%s: an empty reply when allocation %zu fails", s->name, fail_at);
        }
        if (step.kind == LX_STEP_SLEEP)
            lx_call_feed_wake(c);
        if (step.kind != LX_STEP_SEND)
            continue;
        lx_call_feed_head(c, s->status, &headers);
        for (const char *p = s->reply; *p; p++) { /* so that nothing is borrowed for long */
            lx_call_feed_body(c, lx_slice(p, 1));
            do {
                lx_call_next(c, &step);
                last |= step.kind == LX_STEP_EMIT && step.emit.last;
            } while (step.kind == LX_STEP_EMIT);
            if (step.kind != LX_STEP_WAIT)
                break;
        }
        sent = step.kind == LX_STEP_SEND; /* another goes on */
        if (step.kind == LX_STEP_SLEEP)
            lx_call_feed_wake(c);
        else if (!sent)
            lx_call_feed_end(c);
    }
    assert_int_equal(step.kind, LX_STEP_DONE);
    assert_true(last);
    lx_call_free(c);
}

/* Names that choose "m"; for the second one vectors are asked for, and a chat's reply is none. */
static void add_routers(void)
{
    struct lx_slice unserved;
    struct lx_error err;
    const struct lx_auto_source sources[] = {
        {.kind = lx_auto_kind_find(LX_S("auto_router/complexity_router")),
         .name = LX_S("by-words"),
         .config = LX_S("{\"tiers\":{\"SIMPLE\":{\"model_name\":\"m\",\"litellm_params\":{"
                        "\"seed\":1}}}}")},
        {.kind = lx_auto_kind_find(LX_S("auto_router/any")),
         .name = LX_S("by-meaning"),
         .default_model = LX_S("m"),
         .embedder = LX_S("m"),
         .config = LX_S("{\"routes\":[{\"name\":\"m\",\"utterances\":[\"x\"]}]}")}};
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        assert_int_equal(lx_auto_add(&h.table, &sources[i], &h.arena, &unserved, &err), 0);
}

static void without_memory_a_call_still_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        host_init(&h, scenarios[i].front);
        host_add(&h, "m", scenarios[i].provider, "x");
        if (goes_on(&scenarios[i]))
            host_add(&h, "m", "hosted_vllm", "x");
        add_routers();
        h.table.settings.policy.retry_budget_ppm = 1000000;
        size_t before = alloc_live(), n = 0;
        do {
            alloc_arm(++n, false);
            run_bare(&scenarios[i], n);
            if (alloc_live() != before)
                fail_msg("%s leaks %zu bytes when allocation %zu fails", scenarios[i].name,
                         alloc_live() - before, n);
        } while (alloc_count() >= n);
        alloc_arm(0, false);
        assert_true(n > 3);
        host_clear(&h);
    }
}

static size_t bytes_of_open_streams(const struct lx_dialect *front, size_t streams)
{
    struct lx_header type = {LX_S("content-type"), LX_S("text/event-stream"), false};
    struct lx_headers headers = {&type, 1};
    struct lx_step step;
    host_init(&h, front);
    host_add(&h, "m", "openai", "x");
    h.pool = h.in.pool = lx_call_pool_new(&h.table.settings);
    h.in.body = LX_S(BODY("\"stream\":true,"));
    struct lx_call **calls = calloc(streams, sizeof(*calls));
    size_t before = alloc_live();
    for (size_t i = 0; i < streams; i++) {
        calls[i] = lx_call_new(&h.in);
        lx_call_next(calls[i], &step);
        lx_call_feed_head(calls[i], 200, &headers);
        lx_call_feed_body(calls[i], LX_S(CHUNK("a", "null")));
        lx_call_next(calls[i], &step);
        assert_int_equal(step.kind, LX_STEP_EMIT);
        lx_call_next(calls[i], &step);
        assert_int_equal(step.kind, LX_STEP_WAIT);
    }
    size_t bytes = (alloc_live() - before) / streams;
    for (size_t i = 0; i < streams; i++)
        lx_call_free(calls[i]);
    free(calls);
    host_clear(&h);
    return bytes;
}

static void an_open_stream_holds_little(void **state)
{
    (void)state;
    size_t same = bytes_of_open_streams(&lx_dialect_openai_chat, 500);
    size_t crossing = bytes_of_open_streams(&lx_dialect_anthropic, 500);
    print_message("an open stream holds %zu bytes, %zu where it crosses\n", same, crossing);
    assert_in_range(same, 1, 4096);
    assert_in_range(crossing, 1, 6144);
}

/* 64 MiB for what all streams of a thread keep to be counted, their requests among it. */
static void kept_requests_share_a_budget(void **state)
{
    enum { EACH = 2 << 20, ROOM = (64 << 20) / EACH };
    struct lx_call *calls[ROOM + 1];
    struct lx_header type = {LX_S("content-type"), LX_S("text/event-stream"), false};
    struct lx_headers headers = {&type, 1};
    struct lx_step step;
    (void)state;
    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "m", "openai", "x");
    h.pool = h.in.pool = lx_call_pool_new(&h.table.settings);
    h.in.body = LX_S(BODY("\"stream\":true,"));
    h.in.keeps_body = true;
    for (size_t i = 0; i <= ROOM; i++) {
        calls[i] = lx_call_new(&h.in);
        lx_call_next(calls[i], &step);
        lx_call_feed_head(calls[i], 200, &headers);
        assert_int_equal(lx_call_keeps_body(calls[i], EACH), i < ROOM);
        assert_int_equal(lx_call_keeps_body(calls[i], EACH), i < ROOM); /* once is enough */
    }
    lx_call_free(calls[0]);
    calls[0] = lx_call_new(&h.in);
    lx_call_next(calls[0], &step);
    assert_false(lx_call_keeps_body(calls[0], EACH)); /* no stream yet */
    lx_call_feed_head(calls[0], 200, &headers);
    lx_call_free(calls[0]);
    calls[0] = lx_call_new(&h.in);
    lx_call_next(calls[0], &step);
    lx_call_feed_head(calls[0], 200, &headers);
    assert_false(lx_call_keeps_body(calls[0], EACH + 1)); /* no one body so large */
    for (size_t i = 0; i <= ROOM; i++)
        lx_call_free(calls[i]);
    host_clear(&h);
}

static void a_busy_pool_hardly_allocates(void **state)
{
    (void)state;
    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "m", "openai", "x");
    h.pool = h.in.pool = lx_call_pool_new(&h.table.settings);
    for (int i = 0; i < 3; i++)
        run_bare(&scenarios[0], 0);
    alloc_arm(0, false);
    run_bare(&scenarios[0], 0);
    print_message("a call makes %zu allocations\n", alloc_count());
    assert_in_range(alloc_count(), 0, 1);
    host_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_a_call_still_ends),
        cmocka_unit_test(an_open_stream_holds_little),
        cmocka_unit_test(kept_requests_share_a_budget),
        cmocka_unit_test(a_busy_pool_hardly_allocates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
