/*
 * feed.c - what the host tells a call (call.h): a provider's head, body, end or failure; a wake; a
 * file. It goes to whoever waits for it in the call's state, and leads to the next (call.c).
 */
#include "call/head.h"
#include "call/inner.h"
#include "wire/date.h"

static void reserve_whole(struct lx_call *c, const struct lx_headers *headers)
{
    int64_t n;
    struct lx_slice length = lx_headers_get(headers, LX_S("content-length"));
    if (length.n && lx_slice_int(length, &n) == 0 && n > 0 && n <= MAX_ERROR_BYTES)
        lx_buf_reserve(&c->memory->whole, (size_t)n);
}

void lx_call_feed_head(struct lx_call *c, int status, const struct lx_headers *headers)
{
    if (lx_call_inquiry(c)) {
        lx_call_feed_head(lx_call_inquiry(c), status, headers);
        return;
    }
    lx_call_take_back(c);
    if (c->state == KEY_WAIT)
        lx_credential_run_feed_head(c->fetch.run, status);
    if (c->state == PROMPT_WAIT)
        lx_call_prompt_feed_head(c, status);
    if (c->state == MEDIA_WAIT)
        lx_call_media_feed_head(c, status, headers);
    if (c->state != HEAD)
        return;
    const struct lx_dialect *back = c->attempt.back;
    int code = lx_head_copy(headers, lx_call_arena(c), &c->upstream);
    c->upstream_status = status;
    lx_buf_reset(&c->memory->whole);
    reserve_whole(c, headers);
    c->state = ERROR;
    if (code == 0 && status >= 200 && status < 300) {
        c->state = BODY;
        enum lx_framing otherwise = c->report.stream ? back->back->framing : LX_FRAMING_NONE;
        bool chat = back->operation == LX_OPERATION_CHAT; /* nothing else comes as a stream */
        enum lx_framing framing = chat ? lx_head_framing(headers, otherwise) : LX_FRAMING_NONE;
        if (framing == LX_FRAMING_AWS && c->attempt.provider->frames)
            framing = c->attempt.provider->frames;
        code = lx_call_start_relay(c, back, framing);
        c->relay.context.input_tokens = lx_head_count(headers, back->back->tokens_header);
        c->relay.context.output_tokens = lx_head_count(headers, back->back->output_header);
    }
    if (code < 0)
        lx_call_judge_error(c, code, NULL);
}

static void begin_reply(struct lx_call *c)
{
    if (!c->head_sent) {
        c->report.fault.kind = LX_FAULT_NONE; /* of attempts before */
        c->report.status = 200;
    }
}

/* The provider said in a 2xx reply that it failed. */
static void end_by_fault(struct lx_call *c)
{
    const struct lx_fault f = lx_fault_copy(&c->relay.fault, lx_call_arena(c));
    if (!c->head_sent) {
        lx_buf_reset(&c->out);
        lx_call_judge_provider(c, &f);
        return;
    }
    if (lx_resume_break(c, &f)) {
        if (c->out.n > c->relay.fault_at)
            c->out.n = c->relay.fault_at;
        lx_call_judge_provider(c, &f);
        return;
    }
    lx_call_end_attempt(c, LX_OUTCOME_FAILURE, &f);
    lx_call_report_fault(c, &f);
    if (c->relay.fault_held) /* else the relay has written the event */
        lx_relay_write_fault(&c->relay, &f, &c->out);
    c->report.cut_short = true;
    lx_call_finish(c);
}

static void end_error(struct lx_call *c)
{
    struct lx_headers headers = lx_head_plain(&c->upstream, lx_call_arena(c));
    struct lx_fault f = {.retry_after_ms = -1};
    const struct lx_dialect *back = c->attempt.back;
    if (c->attempt.provider->errors)
        back = lx_dialect_find(lx_slice_z(c->attempt.provider->errors));
    back->back->read_error(c->upstream_status, lx_buf_slice(&c->memory->whole), &headers,
                           lx_call_arena(c), &f);
    if (f.retry_after_ms < 0)
        f.retry_after_ms = lx_headers_retry_after_ms(&headers, c->now_ms / 1000);
    if (f.retry_after_ms < 0 && f.kind == LX_FAULT_RATE_LIMIT)
        f.retry_after_ms = lx_fault_reset_ms(&headers, c->now_ms / 1000);
    if (c->report.deployment->credential &&
        (c->upstream_status == 401 || c->upstream_status == 403))
        lx_keys_distrust(c->fetch.keys, c->report.deployment->credential, c->now_ms);
    if (!lx_call_prompt_again(c, &f) && !lx_call_follow_again(c, &f))
        lx_call_judge_provider(c, &f);
}

void lx_call_feed_body(struct lx_call *c, struct lx_slice piece)
{
    struct lx_error err = {0};
    if (lx_call_inquiry(c)) {
        lx_call_feed_body(lx_call_inquiry(c), piece);
        return;
    }
    lx_call_take_back(c);
    if (c->state == KEY_WAIT)
        lx_credential_run_feed_body(c->fetch.run, piece);
    if (c->state == PROMPT_WAIT)
        lx_call_prompt_feed_body(c, piece);
    if (c->state == MEDIA_WAIT)
        lx_call_media_feed_body(c, piece);
    if (c->state == ERROR) {
        size_t room = MAX_ERROR_BYTES - c->memory->whole.n;
        lx_buf_add(&c->memory->whole, lx_slice_to(piece, room));
        if (piece.n >= room)
            end_error(c);
    }
    if (c->state != BODY)
        return;
    int code = lx_relay_feed(&c->relay, piece, &c->out, &err);
    if (code == 0)
        code = c->out.failed;
    if (code < 0) {
        lx_call_judge_error(c, code, &err);
    } else if (lx_relay_fault(&c->relay)) {
        end_by_fault(c);
    } else if (c->out.n) {
        if (c->report.stream)
            lx_route_first(&c->ticket, c->now_ms);
        begin_reply(c);
        c->pending = true;
    }
}

/* What this exchange gave is kept; what is left of the inputs is asked for. */
static void go_on(struct lx_call *c)
{
    lx_embed_request_skip(c->request->embed, c->attempt.inputs);
    lx_call_drop_relay(c);
    c->goes_on = true;
    c->state = ATTEMPT;
}

static void end_body(struct lx_call *c)
{
    struct lx_error err = {0};
    if (lx_call_follow(c))
        return;
    int code = lx_relay_finish(&c->relay, &c->out, &c->as_is, &err);
    if (code == 0)
        code = c->out.failed;
    if (code < 0) {
        lx_call_judge_error(c, code, &err);
    } else if (lx_relay_fault(&c->relay)) {
        end_by_fault(c);
    } else if (c->relay.gather && c->relay.inputs_left) {
        go_on(c);
    } else {
        begin_reply(c);
        lx_call_finish(c);
    }
}

/* The connection went before the reply was whole. */
static void end_lost(struct lx_call *c, int code, const struct lx_error *err)
{
    const struct lx_fault f = lx_fault_of_error(code, err, lx_call_arena(c));
    if (!lx_call_follow_again(c, &f))
        lx_call_judge_error(c, code, err);
}

void lx_call_feed_end(struct lx_call *c)
{
    struct lx_error err = {0};
    if (lx_call_inquiry(c)) {
        lx_call_feed_end(lx_call_inquiry(c));
        return;
    }
    lx_call_take_back(c);
    if (c->state == KEY_WAIT && lx_fetch_end(&c->fetch, 0, NULL))
        c->state = KEY;
    else if (c->state == PROMPT_WAIT)
        lx_call_prompt_feed_end(c, 0, NULL);
    else if (c->state == MEDIA_WAIT)
        lx_call_media_feed_end(c, 0);
    else if (c->state == ERROR)
        end_error(c);
    else if (c->state == BODY)
        end_body(c);
    else if (c->state == HEAD)
        end_lost(c, lx_error_set(&err, LX_ECLOSED, "the provider sent no reply"), &err);
}

void lx_call_feed_failure(struct lx_call *c, int code, const struct lx_error *err)
{
    if (lx_call_inquiry(c)) {
        lx_call_feed_failure(lx_call_inquiry(c), code, err);
        return;
    }
    lx_call_take_back(c);
    if (c->state == KEY_WAIT && lx_fetch_end(&c->fetch, code, err))
        c->state = KEY;
    if (c->state == PROMPT_WAIT)
        lx_call_prompt_feed_end(c, code, err);
    if (c->state == MEDIA_WAIT)
        lx_call_media_feed_end(c, code);
    if (c->state == RACING) {
        const struct lx_fault f = lx_fault_of_error(code, err, lx_call_arena(c));
        lx_call_refuse(c, &f);
    }
    if (c->state != HEAD && c->state != BODY && c->state != ERROR)
        return;
    if (c->state == ERROR)
        end_error(c); /* what it did say tells more than that it stopped */
    else if (c->state == BODY && c->relay.glance.end)
        end_body(c); /* it had said all */
    else
        end_lost(c, code, err);
}

void lx_call_feed_wake(struct lx_call *c)
{
    if (lx_call_inquiry(c)) {
        lx_call_feed_wake(lx_call_inquiry(c));
        return;
    }
    if (c->state != SLEEPING)
        return;
    if (c->now_ms < c->wake_ms) /* where the host has no clock for us, the sleep is one */
        c->now_ms = c->wake_ms;
    c->state = c->awake;
}

void lx_call_feed_file(struct lx_call *c, int code, struct lx_slice text)
{
    if (lx_call_inquiry(c)) {
        lx_call_feed_file(lx_call_inquiry(c), code, text);
        return;
    }
    if (c->state == KEY_WAIT && lx_fetch_file(&c->fetch, code, text))
        c->state = KEY;
}
