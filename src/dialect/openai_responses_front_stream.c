/*
 * openai_responses_front_stream.c - front: events -> the events of a Responses stream.
 *
 *   START             response.created, response.in_progress
 *   TEXT of an answer output_item.added, content_part.added, output_text.delta ...
 *   TEXT of thinking  output_item.added, reasoning_summary_part.added, ..._text.delta ...
 *   a call            output_item.added, function_call_arguments.delta ...
 *   what ends a part  ... .done, content_part.done, output_item.done
 *   END               response.completed or .incomplete; FAULT: response.failed
 *
 * This wire tells everything three times: in pieces, when a part is whole, and at the end all of
 * it. So what was said is held until the stream is over, under one ceiling. Items are
 * openai_responses_front_item.c's.
 *
 * A whole reply is what response.completed holds: it is told as a stream of which only that is
 * kept (openai_responses_front_reply.c).
 */
#include "dialect/openai_responses.h"

/* ---- The response ------------------------------------------------------------------------- */

static void fold_usage(struct lx_responses_telling *s, const struct lx_usage *u)
{
    struct lx_slice tier = u->service_tier;
    if (!u->known)
        return;
    s->usage = *u;
    s->usage.service_tier = s->usage.raw = lx_slice(NULL, 0);
    if (tier.n && tier.n <= sizeof(s->tier)) {
        memcpy(s->tier, tier.p, tier.n);
        s->tier_n = tier.n;
    }
}

static void write_tier(struct lx_out *o, const struct lx_responses_telling *s)
{
    lx_openai_write_tier(o, lx_text(lx_slice(s->tier, s->tier_n)),
                         s->native ? LX_RESPONSES : lx_slice(NULL, 0));
}

static void write_error(struct lx_out *o, const struct lx_fault *f)
{
    if (!f) {
        lx_out_null(o, "error");
        return;
    }
    lx_out_object(o, "error");
    lx_out_str(o, "code", lx_responses_error_code(f));
    lx_out_str(o, "message", f->message.n ? f->message : lx_slice_z(lx_fault_class(f->kind)));
    lx_out_object_end(o);
}

/* Why the answer is not whole; absent: it is. */
static struct lx_slice shortfall(enum lx_finish finish)
{
    if (finish == LX_FINISH_LENGTH || finish == LX_FINISH_CONTEXT_WINDOW)
        return LX_S("max_output_tokens");
    if (finish == LX_FINISH_CONTENT_FILTER || finish == LX_FINISH_REFUSAL)
        return LX_S("content_filter");
    return lx_slice(NULL, 0);
}

static void write_response(const struct lx_responses_teller *t, struct lx_out *o, const char *name,
                           struct lx_slice status, const struct lx_fault *fault)
{
    const struct lx_responses_telling *s = t->s;
    struct lx_slice why = shortfall(s->finish);
    lx_out_object(o, name);
    lx_buf_add(o->buf, lx_buf_slice(&s->head));
    o->comma = true;
    lx_out_str(o, "status", status);
    write_error(o, fault);
    if (lx_slice_eq(status, LX_S("incomplete"))) {
        lx_out_object(o, "incomplete_details");
        lx_out_str(o, "reason", why);
        lx_out_object_end(o);
    } else {
        lx_out_null(o, "incomplete_details");
    }
    lx_out_array(o, "output");
    for (const struct lx_responses_told *i = s->items; i; i = i->next)
        if (i->done)
            lx_out_raw(o, NULL, lx_buf_slice(&i->json));
    lx_out_array_end(o);
    write_tier(o, s);
    if (s->usage.known)
        lx_responses_usage_write(o, "usage", &s->usage);
    lx_out_object_end(o);
}

static void tell_response(const struct lx_responses_teller *t, const char *type,
                          struct lx_slice status, const struct lx_fault *fault)
{
    struct lx_out o = lx_responses_record_open(t, type);
    write_response(t, &o, "response", status, fault);
    lx_responses_record_close(t, &o);
}

/* What every response of the stream begins with. */
static void keep_head(const struct lx_responses_teller *t, const struct lx_event *e)
{
    struct lx_out o = lx_out(&t->s->head);
    bool start = e->kind == LX_EVENT_START;
    lx_responses_id_tell(&o, start ? e->id : (struct lx_text){0}, t->s->native, t->ctx);
    lx_out_lit(&o, "object", "response");
    lx_out_int(&o, "created_at", start && e->created_s ? e->created_s : t->ctx->now_s);
    lx_out_text(&o, "model", start && e->name.s.n ? e->name : lx_text(t->ctx->model));
    lx_responses_echo_write(&o, t->ctx->echo);
    lx_responses_teller_fail(t, t->s->head.failed);
}

void lx_responses_telling_begin(struct lx_responses_telling *s)
{
    s->started = true;
    lx_buf_init(&s->head, LX_RESPONSES_HELD_MAX);
    lx_buf_init(&s->spill, LX_RESPONSES_HELD_MAX);
    lx_buf_init(&s->logprobs, LX_RESPONSES_HELD_MAX);
}

static void start(const struct lx_responses_teller *t)
{
    struct lx_responses_telling *s = t->s;
    if (s->started)
        return;
    lx_responses_telling_begin(s);
    if (t->e->kind == LX_EVENT_START) {
        struct lx_slice tier = t->e->service_tier.s;
        s->native = lx_slice_eq(t->e->language, LX_RESPONSES);
        fold_usage(s, &t->e->usage);
        if (tier.n && tier.n <= sizeof(s->tier)) {
            memcpy(s->tier, tier.p, tier.n);
            s->tier_n = tier.n;
        }
    }
    keep_head(t, t->e);
    struct lx_usage usage = s->usage;
    s->usage.known = false; /* told at the end */
    tell_response(t, "response.created", LX_S("in_progress"), NULL);
    tell_response(t, "response.in_progress", LX_S("in_progress"), NULL);
    s->usage = usage;
}

static void keep_finish(const struct lx_responses_teller *t)
{
    t->s->finish = t->e->finish;
}

static void keep_usage(const struct lx_responses_teller *t)
{
    fold_usage(t->s, &t->e->usage);
}

static void tell_end(const struct lx_responses_teller *t)
{
    bool incomplete = shortfall(t->s->finish).n != 0;
    struct lx_slice status = incomplete ? LX_S("incomplete") : LX_S("completed");
    lx_responses_items_close(t, status);
    t->s->ended = true;
    if (t->s->whole) {
        struct lx_out o = lx_out(t->out);
        write_response(t, &o, NULL, status, NULL);
    } else {
        tell_response(t, incomplete ? "response.incomplete" : "response.completed", status, NULL);
    }
}

static void tell_fault(const struct lx_responses_teller *t)
{
    lx_responses_items_close(t, LX_S("incomplete"));
    tell_response(t, "response.failed", LX_S("failed"), &t->e->fault);
    t->s->ended = true;
}

/* Clients know no event for it; a comment keeps the connection as well. */
static void tell_ping(const struct lx_responses_teller *t)
{
    if (!t->s->whole)
        lx_buf_add_lit(t->out, ": ping\n\n");
}

static void (*const event_tellers[])(const struct lx_responses_teller *) = {
    [LX_EVENT_START] = NULL,
    [LX_EVENT_PART_START] = lx_responses_item_tell,
    [LX_EVENT_TEXT] = lx_responses_item_tell,
    [LX_EVENT_SIGNATURE] = lx_responses_item_tell,
    [LX_EVENT_ARGUMENTS] = lx_responses_item_tell,
    [LX_EVENT_DATA] = lx_responses_item_tell,
    [LX_EVENT_CITATION] = lx_responses_item_tell,
    [LX_EVENT_LOGPROBS] = lx_responses_item_tell,
    [LX_EVENT_PART_END] = lx_responses_item_tell,
    [LX_EVENT_FINISH] = keep_finish,
    [LX_EVENT_USAGE] = keep_usage,
    [LX_EVENT_PING] = tell_ping,
    [LX_EVENT_OPAQUE] = NULL,
    [LX_EVENT_FAULT] = tell_fault,
    [LX_EVENT_END] = tell_end,
};

/* One answer: a request of this language cannot have asked for more. */
void lx_responses_write_event(void *state, const struct lx_event *e,
                              const struct lx_reply_context *ctx, struct lx_buf *out)
{
    struct lx_responses_telling *s = state;
    const struct lx_responses_teller t = {s, e, ctx, out};
    if (s->ended || e->choice != 0)
        return;
    if (e->kind != LX_EVENT_PING)
        start(&t);
    if (event_tellers[e->kind])
        event_tellers[e->kind](&t);
}

void lx_responses_telling_clear(void *state)
{
    struct lx_responses_telling *s = state;
    lx_responses_items_clear(s);
    lx_buf_clear(&s->head);
    lx_buf_clear(&s->spill);
    lx_buf_clear(&s->logprobs);
    memset(s, 0, sizeof(*s));
}
