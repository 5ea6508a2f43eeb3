/*
 * ping.c - pings for clients of streams; see ping.h.
 *
 * How long a silence may be is the deployment's to say (keepalive_seconds), else the settings'
 * (sse_keepalive_ping_interval_seconds). A stream may be silent before it has begun, too: then the
 * head goes out, and what comes of the request is told within it, be it an error. That is
 * LiteLLM's way (1.106.2, sse_keepalive.py). Clients of Anthropic's language expect its ping
 * event, and get it by default, but only once a stream has begun.
 *
 * The exchange tells when its call begins and what it emits; the worker's loop has the timer.
 */
#include "serve/ping.h"

#include "serve/inbound.h"
#include "serve/worker.h"

static bool is_anthropic(const struct lx_exchange *x)
{
    return x->front == &lx_dialect_anthropic;
}

/* How long it may be silent now; 0: as long as it likes. */
static int64_t silence_ms(const struct lx_exchange *x, const struct lx_call_report *r)
{
    const struct lx_config *c = x->config;
    if (r->deployment && r->deployment->keepalive_ms >= 0)
        return r->deployment->keepalive_ms;
    if (is_anthropic(x) && x->head_sent && c->anthropic_ping_ms > 0)
        return c->anthropic_ping_ms;
    return c->ping_ms;
}

static void tell(struct lx_exchange *x)
{
    struct lx_slice bytes = LX_S(": ping\n\n");
    if (is_anthropic(x) && x->head_sent && !x->opened)
        bytes = LX_S("event: ping\ndata: {\"type\": \"ping\"}\n\n");
    if (x->head_sent) {
        lx_inbound_reply_more(x->conn, bytes, false);
        return;
    }
    lx_inbound_reply(x->conn, 200, LX_S("text/event-stream; charset=utf-8"), NULL, bytes, false);
    x->opened = true;
}

static void watch(struct lx_exchange *x, int64_t at_ms)
{
    lx_timer_set(x->worker->loop, &x->ping, at_ms); /* without memory there are no pings */
}

static void on_silence(struct lx_timer *t)
{
    struct lx_exchange *x = LX_CONTAINER(t, struct lx_exchange, ping);
    const struct lx_call_report *r = lx_call_report(x->drive.call);
    int64_t now = lx_loop_now_ms(x->worker->loop), most = silence_ms(x, r);
    if (!r->stream || x->complete)
        return;
    if (!most) { /* of this deployment; there may be another */
        watch(x, now + x->config->least_ping_ms);
        return;
    }
    if (now - x->told_ms >= most) {
        if (!x->drive.paused) /* else it does not read what there is */
            tell(x);
        x->told_ms = now;
    }
    watch(x, x->told_ms + most);
}

void lx_ping_start(struct lx_exchange *x)
{
    int64_t least = x->config->least_ping_ms;
    x->told_ms = lx_loop_now_ms(x->worker->loop);
    x->ping.fire = on_silence;
    if (least && x->minor >= 1 && !x->in_array && x->front->front->framing == LX_FRAMING_SSE)
        watch(x, x->told_ms + least);
}

/* An error of the head's, as an event. */
static void tell_error(struct lx_exchange *x, struct lx_slice body)
{
    struct lx_buf event;
    lx_buf_init(&event, body.n + 64);
    lx_sse_begin(&event, is_anthropic(x) ? "error" : NULL);
    struct lx_out o = lx_out(&event);
    lx_out_raw(&o, NULL, body);
    lx_sse_end(&event);
    lx_inbound_reply_more(x->conn, lx_buf_slice(&event), true);
    lx_buf_clear(&event);
}

bool lx_ping_emit(struct lx_exchange *x, const struct lx_step *step)
{
    bool opened = x->opened && step->emit.head;
    x->told_ms = lx_loop_now_ms(x->worker->loop);
    if (step->emit.last)
        lx_ping_stop(x);
    if (!opened)
        return false;
    x->opened = false;
    if (step->emit.status >= 400)
        tell_error(x, step->emit.bytes);
    else
        lx_inbound_reply_more(x->conn, step->emit.bytes, step->emit.last);
    return true;
}

void lx_ping_stop(struct lx_exchange *x)
{
    lx_timer_cancel(x->worker->loop, &x->ping);
}
