/*
 * openai_responses_read.c - back: a stream's events, or a whole reply -> events.
 *
 *   response.created              -> START
 *   response.output_item.added    -> PART_START of a call
 *   response.*.delta              -> TEXT, ARGUMENTS, CITATION, LOGPROBS of the item's part
 *   response.output_item.done     -> what no delta told, SIGNATURE, PART_END
 *   response.completed, .incomplete -> items that no event told, FINISH, USAGE, END
 *   response.failed, error        -> FAULT
 *
 * A whole reply is what response.completed holds: it is read as a stream of that one event.
 */
#include "dialect/openai_responses.h"

#include <stdlib.h>

void lx_responses_reading_clear(void *state)
{
    struct lx_responses_reading *s = state;
    free(s->items);
    memset(s, 0, sizeof(*s));
}

static int64_t number(struct lx_json v)
{
    int64_t n;
    return lx_json_int(v, &n) == 0 && n >= 0 ? n : 0;
}

static void start(struct lx_responses_reader *r, struct lx_json response)
{
    if (r->s->started)
        return;
    r->s->started = true;
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_START);
    e->language = LX_RESPONSES;
    e->id = lx_json_text(LX_GET(response, "id"));
    e->name = lx_json_text(LX_GET(response, "model"));
    e->created_s = number(LX_GET(response, "created_at"));
    if (!lx_json_eq(LX_GET(response, "service_tier"), LX_S("auto"))) /* which, is told at the end */
        e->service_tier = lx_json_text(LX_GET(response, "service_tier"));
}

/* ---- Deltas ------------------------------------------------------------------------------- */

static void read_text_delta(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_say(r, i, LX_PART_TEXT, number(LX_GET(r->event, "content_index")),
                     lx_json_text(LX_GET(r->event, "delta")));
    lx_responses_logprobs(r, i, LX_GET(r->event, "logprobs"));
}

static void read_refusal_delta(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_say(r, i, LX_PART_REFUSAL, number(LX_GET(r->event, "content_index")),
                     lx_json_text(LX_GET(r->event, "delta")));
}

static void read_annotation(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_cite(r, i, number(LX_GET(r->event, "content_index")),
                      LX_GET(r->event, "annotation"));
}

static void read_summary_delta(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_think(r, i, false, number(LX_GET(r->event, "summary_index")),
                       lx_json_text(LX_GET(r->event, "delta")));
}

static void read_reasoning_delta(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_think(r, i, true, number(LX_GET(r->event, "content_index")),
                       lx_json_text(LX_GET(r->event, "delta")));
}

static void read_arguments_delta(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_arguments(r, i, lx_json_text(LX_GET(r->event, "delta")));
}

static void read_item_added(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_item_begin(r, i, LX_GET(r->event, "item"));
}

static void read_item_done(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    lx_responses_item_end(r, i, LX_GET(r->event, "item"));
}

/* ---- The end ------------------------------------------------------------------------------ */

enum lx_finish lx_responses_finish(struct lx_json response, struct lx_slice *raw,
                                   struct lx_arena *a)
{
    struct lx_json status = LX_GET(response, "status");
    struct lx_json reason = LX_GET(LX_GET(response, "incomplete_details"), "reason");
    bool incomplete = lx_json_eq(status, LX_S("incomplete")) || lx_json_given(reason);
    *raw = a ? lx_json_str(lx_json_given(reason) ? reason : status, a) : lx_slice(NULL, 0);
    if (!incomplete)
        return LX_FINISH_STOP;
    return lx_json_eq(reason, LX_S("content_filter")) ? LX_FINISH_CONTENT_FILTER : LX_FINISH_LENGTH;
}

static void tell_usage(struct lx_responses_reader *r, struct lx_json response)
{
    struct lx_usage usage;
    lx_openai_read_bill(response, &usage);
    if (!usage.known)
        return;
    if (!usage.web_search_requests)
        usage.web_search_requests = r->s->searches;
    lx_events_add(r->out, LX_EVENT_USAGE)->usage = usage;
}

static void read_response(struct lx_responses_reader *r, struct lx_json response)
{
    int64_t index = 0;
    start(r, response);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(response, "output"));
         lx_json_next(&it) && !r->code; index++) {
        struct lx_responses_item *i = lx_responses_item_find(r, index, it.value);
        if (i)
            lx_responses_item_end(r, i, it.value);
    }
    lx_responses_close_all(r);
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_FINISH);
    e->finish = lx_responses_finish(response, &e->raw_finish, r->out->arena);
    if (e->finish == LX_FINISH_STOP && r->s->called)
        e->finish = LX_FINISH_TOOL_CALLS;
    e->legacy_function_call = r->ctx->legacy_functions;
    tell_usage(r, response);
    lx_events_add(r->out, LX_EVENT_END);
    r->s->ended = true;
}

static void tell_fault(struct lx_responses_reader *r, struct lx_json v)
{
    struct lx_fault fault;
    if (!lx_responses_fault_read(v, r->out->arena, &fault))
        return;
    lx_events_add(r->out, LX_EVENT_FAULT)->fault = fault;
    r->s->ended = true;
}

/* ---- Events ------------------------------------------------------------------------------- */

/* Of an item, the commonest first. */
static const struct {
    const char *type;
    void (*read)(struct lx_responses_reader *r, struct lx_responses_item *i);
} item_events[] = {
    {"response.output_text.delta", read_text_delta},
    {"response.function_call_arguments.delta", read_arguments_delta},
    {"response.reasoning_summary_text.delta", read_summary_delta},
    {"response.reasoning_text.delta", read_reasoning_delta},
    {"response.output_item.added", read_item_added},
    {"response.output_item.done", read_item_done},
    {"response.refusal.delta", read_refusal_delta},
    {"response.custom_tool_call_input.delta", read_arguments_delta},
    {"response.output_text.annotation.added", read_annotation},
};

static bool read_item_event(struct lx_responses_reader *r, struct lx_slice type)
{
    for (size_t k = 0; k < sizeof(item_events) / sizeof(item_events[0]); k++) {
        if (!lx_slice_eq(type, lx_slice_z(item_events[k].type)))
            continue;
        start(r, (struct lx_json){0});
        r->s->streamed = true;
        struct lx_responses_item *i = lx_responses_item_of(r);
        if (i && !i->whole)
            item_events[k].read(r, i);
        return true;
    }
    return false;
}

static void read_stream_event(struct lx_responses_reader *r, struct lx_slice type)
{
    struct lx_json response = LX_GET(r->event, "response");
    if (read_item_event(r, type))
        return;
    if (lx_slice_eq(type, LX_S("error")))
        tell_fault(r, r->event);
    else if (lx_slice_eq(type, LX_S("response.failed")) ||
             lx_slice_eq(type, LX_S("response.cancelled")))
        tell_fault(r, response);
    else if (lx_slice_eq(type, LX_S("response.completed")) ||
             lx_slice_eq(type, LX_S("response.incomplete")))
        read_response(r, response);
    else if (lx_json_is(LX_GET(response, "id"), LX_JSON_STRING))
        start(r, response); /* created, queued, in_progress */
    else if (lx_slice_eq(type, LX_S("keepalive")))
        lx_events_add(r->out, LX_EVENT_PING);
    else if (!type.n && lx_json_given(LX_GET(r->event, "error")))
        tell_fault(r, r->event);
}

int lx_responses_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                            const struct lx_reply_context *ctx, struct lx_events *out,
                            struct lx_error *err)
{
    struct lx_responses_reader r = {.s = state, .ctx = ctx, .out = out};
    if (r.s->ended || lx_record_is_done(rec))
        return 0;
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    r.event = lx_json_root(doc);
    struct lx_slice type = lx_json_str(LX_GET(r.event, "type"), out->arena);
    read_stream_event(&r, type.n ? type : rec->event);
    return lx_events_result(r.out, r.code, err);
}

int lx_responses_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    const struct lx_reply_context none = {0};
    struct lx_responses_reader r = {.s = state, .ctx = &none, .out = out};
    if (r.s->ended)
        return 0;
    r.s->ended = true;
    lx_responses_close_all(&r);
    lx_events_end(out, false);
    return lx_events_result(r.out, r.code, err);
}

/* ---- Whole replies ------------------------------------------------------------------------ */

/* A background response is answered before it is made. */
static bool is_pending(struct lx_json body)
{
    struct lx_json status = LX_GET(body, "status");
    return lx_json_eq(status, LX_S("queued")) || lx_json_eq(status, LX_S("in_progress"));
}

int lx_responses_read_reply(const struct lx_json_doc *doc, const struct lx_reply_context *ctx,
                            struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_responses_reading s = {0};
    struct lx_events events = {.arena = a};
    struct lx_responses_reader r = {.s = &s, .ctx = ctx, .out = &events};
    struct lx_json body = lx_json_root(doc);
    struct lx_fault fault;
    if (lx_responses_fault_read(body, a, &fault))
        return lx_error_set(err, LX_EPROTO, "the provider answered with an error: %.*s",
                            LX_F(fault.message));
    if (!lx_json_is(LX_GET(body, "output"), LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "the reply has no list of output items");
    if (is_pending(body))
        return lx_error_set(err, LX_EPROTO,
                            "the reply is not made yet: a response in the background");
    read_response(&r, body);
    int code = lx_events_result(r.out, r.code, err);
    if (!code)
        code = lx_reply_fold(&events, out, err);
    lx_responses_reading_clear(&s);
    return code;
}
