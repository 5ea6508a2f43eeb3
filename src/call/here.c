/*
 * here.c - answers that no provider gives: mocks, and counts of tokens.
 *
 * Called by call.c in place of an attempt's exchange. What they say passes through the relay like
 * any reply.
 */
#include "call/count.h"
#include "call/inner.h"
#include "call/mock.h"

static bool times_out(const struct lx_call *c, const struct lx_deployment *d)
{
    return lx_json_bool(c->memory->members.v[LX_MEMBER_MOCK_TIMEOUT], d->mock_timeout);
}

/* OpenAI's calls, a JSON array; or empty. */
static struct lx_slice calls_of(const struct lx_call *c, const struct lx_deployment *d)
{
    struct lx_json given = c->memory->members.v[LX_MEMBER_MOCK_CALLS];
    return lx_json_is(given, LX_JSON_ARRAY) ? lx_json_raw(given) : d->mock_calls;
}

struct lx_slice lx_call_mock_text(struct lx_call *c, const struct lx_deployment *d)
{
    struct lx_json v = c->memory->members.v[LX_MEMBER_MOCK_RESPONSE];
    if (!lx_json_given(v)) {
        bool other = times_out(c, d) || calls_of(c, d).n;
        return d->mock_response.n ? d->mock_response : other ? LX_S("") : lx_slice(NULL, 0);
    }
    return lx_json_is(v, LX_JSON_STRING) ? lx_json_str(v, lx_call_arena(c)) : lx_json_raw(v);
}

static void answered_here(struct lx_call *c, int code)
{
    if (code == 0)
        code = c->out.failed;
    if (code < 0) {
        lx_call_judge_error(c, code, NULL);
        return;
    }
    c->report.fault.kind = LX_FAULT_NONE;
    c->report.status = 200;
    lx_call_finish(c);
}

/* 0, or a code with *f filled: what cannot be read has no count, nor what another keeps. */
static int read_to_count(struct lx_call *c, struct lx_fault *f)
{
    struct lx_error err;
    int code = lx_call_read_request(c, f);
    for (const struct lx_extra *x = code == 0 ? c->request->extra : NULL; x; x = x->next) {
        const struct lx_own_member *own = lx_own_member_find(c->in.front->front, x->name);
        if (!own || own->weight != LX_OWN_VITAL)
            continue;
        code = lx_error_set(&err, LX_EINVAL, "%s: %s", own->name, own->why);
        *f = lx_fault_of_error(code, &err, lx_call_arena(c));
        return code;
    }
    return code;
}

void lx_call_answer_count(struct lx_call *c)
{
    const struct lx_reply reply = {.language = lx_slice_z(c->in.front->name)};
    struct lx_fault f = {.retry_after_ms = -1};
    if (c->settings->no_token_counter) {
        lx_call_refuse(c, &lx_count_refusal);
        return;
    }
    if (read_to_count(c, &f) < 0) {
        lx_call_refuse(c, &f);
        return;
    }
    c->counted = true;
    int code = lx_call_start_relay(c, c->in.front, LX_FRAMING_NONE);
    if (code == 0)
        code = lx_relay_reply(&c->relay, &reply, &c->out);
    answered_here(c, code);
}

bool lx_call_count_instead(struct lx_call *c)
{
    if (c->in.front->operation != LX_OPERATION_COUNT || c->counted || !c->report.deployment ||
        c->settings->no_token_counter)
        return false;
    lx_call_drop_relay(c);
    lx_buf_reset(&c->out);
    lx_call_answer_count(c);
    return true;
}

/* What a mock waits for before it answers: its delay, or for ever. 0: nothing (any more). */
static int64_t mock_wait_ms(const struct lx_call *c)
{
    const struct lx_deployment *d = c->report.deployment;
    int64_t own = lx_members_ms(c->memory->members.v[LX_MEMBER_MOCK_DELAY]);
    if (c->mock_slept)
        return 0;
    return times_out(c, d) ? lx_call_total_ms(c) : own ? own : d->mock_delay_ms;
}

void lx_call_answer_mock(struct lx_call *c, struct lx_slice text)
{
    const struct lx_deployment *d = c->report.deployment;
    const struct lx_fault timeout = {.kind = LX_FAULT_TIMEOUT,
                                     .message = LX_S("This is a mock timeout error"),
                                     .retry_after_ms = -1};
    int64_t wait_ms = mock_wait_ms(c);
    struct lx_fault f;
    int64_t choices = 1;
    bool embed = c->in.front->operation == LX_OPERATION_EMBED;
    c->mock_slept = wait_ms > 0;
    if (wait_ms > 0) {
        lx_call_sleep(c, wait_ms, MOCK);
        return;
    }
    if (times_out(c, d)) {
        lx_call_judge_provider(c, &timeout);
        return;
    }
    if (lx_mock_fault(text, &f)) {
        lx_call_judge_provider(c, &f);
        return;
    }
    if (embed && lx_call_read_request(c, &f) < 0) {
        lx_call_refuse(c, &f);
        return;
    }
    if (embed)
        c->attempt.encoding = c->request->embed->encoding;
    (void)lx_json_int(LX_GET(lx_json_root(&c->memory->doc), "n"), &choices);
    int code = lx_call_start_relay(c, c->in.front, LX_FRAMING_NONE);
    if (code == 0)
        code = embed ? lx_mock_embed(&c->relay, text, c->request->embed->count, lx_call_arena(c),
                                     &c->out)
                     : lx_mock_write(&c->relay, text, calls_of(c, d), choices, lx_call_arena(c),
                                     &c->out);
    answered_here(c, code);
}
