/*
 * hedge_test.c - a call that is slow to answer gives another one birth, which asks somebody else.
 */
#include "host.h"

#define CHAT "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define REPLY                                                                                   \
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o\"," \
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"     \
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,"      \
    "\"total_tokens\":5}}"

static struct host h;

/* Virtual time: the host waits as long as it is told, and asks for a hedge then. */
static void a_slow_answer_is_hedged(void **state)
{
    (void)state;
    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "m", "openai", "gpt-4o");
    host_add(&h, "m", "anthropic", "claude-3-haiku-20240307");
    h.table.groups[0]->deployments[0]->weight = 1000000;
    h.table.groups[0]->deployments[1]->weight = 1;
    h.table.settings.policy.hedge_after_ms = 300;
    assert_int_equal(host_start(&h, CHAT), LX_STEP_WAIT);
    assert_string_equal(h.url, "https://api.openai.com/v1/chat/completions");
    struct lx_step s;
    struct lx_call *hedge = lx_call_hedge(h.call);
    assert_non_null(hedge);
    lx_call_next(hedge, &s);
    assert_int_equal(s.kind, LX_STEP_SEND);
    assert_int_equal(s.send.hedge_ms, 0); /* once is enough */
    assert_true(lx_slice_eq(s.send.out->url, LX_S("https://api.anthropic.com/v1/messages")));
    lx_call_feed_failure(hedge, LX_ECLOSED, NULL);
    lx_call_next(hedge, &s);
    assert_int_equal(s.kind, LX_STEP_EMIT); /* it asks nobody else */
    assert_int_equal(s.emit.status, 502);
    lx_call_free(hedge);
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    assert_contains(h.reply_headers, "x-llmux-hedges: 1\n");
    assert_null(lx_call_hedge(h.call)); /* it has answered */
    host_clear(&h);
}

static void only_where_it_was_asked_for(void **state)
{
    (void)state;
    host_init(&h, &lx_dialect_openai_chat);
    host_add(&h, "m", "openai", "gpt-4o");
    h.table.settings.policy.hedge_after_ms = 300;
    struct lx_step s;
    h.in.body = LX_S(CHAT);
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &s);
    assert_int_equal(s.send.hedge_ms, 0); /* there is nobody else */
    assert_null(lx_call_hedge(h.call));
    lx_call_free(h.call);
    host_add(&h, "m", "openai", "gpt-4o");
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &s);
    assert_int_equal(s.send.hedge_ms, 300);
    lx_call_free(h.call);
    h.table.settings.policy.hedge_after_ms = 0;
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &s);
    assert_int_equal(s.send.hedge_ms, 0);
    lx_call_free(h.call);
    h.call = NULL;
    host_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_answer_is_hedged),
        cmocka_unit_test(only_where_it_was_asked_for),
    };
    return cmocka_run_group_tests_name("call/hedge", tests, NULL, NULL);
}
