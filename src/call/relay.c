/*
 * relay.c - a provider's reply into the client's, whole or record by record.
 *
 * Four ways through, by what the provider sends and what the client wants:
 *
 *   provider   client    one language                    two languages
 *   stream     stream    records pass, with a glance     record -> events -> front
 *   whole      whole     body passes, with a glance      body -> reply -> front
 *   whole      stream    body -> reply -> events -> front (a server that cannot stream)
 *   stream     whole     records -> events -> reply -> front (one that always does)
 *
 * The call machine and `translate response` feed it. It knows no status, no retry and no headers;
 * what a provider says went wrong ends it with `fault` set, and is written in the client's language
 * for whoever has no better use for it.
 */
#include <stdlib.h>

#include "call/bill.h"
#include "call/relay_inner.h"
#include "call/verify.h"

enum { MAX_COUNT = 1 << 30 }; /* of tokens, from a note of the service's */

void lx_relay_scratch_init(struct lx_relay_scratch *s, size_t max_arena_bytes)
{
    lx_json_doc_init(&s->doc);
    lx_arena_init(&s->arena, max_arena_bytes);
}

void lx_relay_scratch_clear(struct lx_relay_scratch *s)
{
    lx_json_doc_clear(&s->doc);
    lx_arena_clear(&s->arena);
}

/* ---- Life ---------------------------------------------------------------------------------- */

/* Room for a state, aligned for anything. */
static size_t padded(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

/* The states of both sides, and the context's strings, which must outlive the request. */
static int make_states(struct lx_relay *r)
{
    bool reads = r->framing != LX_FRAMING_NONE && !(r->same && r->stream);
    size_t back = reads ? padded(r->back->back->state_size) : 0;
    size_t front = r->stream ? padded(r->front->front->state_size) : 0;
    struct lx_slice *strings[] = {&r->context.model, &r->context.id, &r->context.deployment,
                                  &r->context.echo};
    size_t n = back + front;
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        n += strings[i]->n;
    if (r->framing == LX_FRAMING_NONE && !r->stream)
        return 0;
    r->states = calloc(1, n + 1);
    if (!r->states)
        return LX_ENOMEM;
    r->back_state = back ? r->states : NULL;
    r->front_state = front ? r->states + back : NULL;
    char *at = r->states + back + front;
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        if (strings[i]->n)
            memcpy(at, strings[i]->p, strings[i]->n);
        strings[i]->p = at;
        at += strings[i]->n;
    }
    return 0;
}

/* What was told lies with the request, which may go before the answer has come. */
static int make_words(struct lx_relay *r)
{
    if (!r->context.tools)
        return 0;
    r->context.tools = lx_tool_words_copy(r->context.tools, &r->keep);
    if (r->stream && r->framing != LX_FRAMING_NONE)
        r->worded = lx_worded_stream_new(r->context.tools, r->context.id, &r->keep);
    return r->keep.failed;
}

static int make_builder(struct lx_relay *r)
{
    if (r->stream || r->framing == LX_FRAMING_NONE)
        return 0;
    r->builder = lx_arena_alloc(&r->keep, lx_reply_builder_size());
    if (!r->builder)
        return LX_ENOMEM;
    lx_reply_builder_init(r->builder, &r->keep);
    return 0;
}

int lx_relay_init(struct lx_relay *r, const struct lx_dialect *back, const struct lx_dialect *front,
                  bool stream, enum lx_framing framing, const struct lx_reply_context *context,
                  const struct lx_route_settings *settings, struct lx_relay_scratch *scratch,
                  struct lx_buf *whole)
{
    *r = (struct lx_relay){
        .back = back,
        .front = front,
        .same = back == front && !context->json_tool && !context->anew &&
                !context->merges_thinking && !(stream && context->in_array) &&
                (framing == LX_FRAMING_NONE || framing == front->front->framing),
        .stream = stream,
        .framing = framing,
        .max_bytes = settings->max_response_bytes,
        .max_repeats = settings->max_repeats,
        .context = *context,
        .limits = settings->json,
        .scratch = scratch,
        .fault = {.retry_after_ms = -1},
    };
    lx_arena_init(&r->keep, settings->max_arena_bytes);
    lx_buf_init(&r->own_whole, settings->max_response_bytes);
    lx_said_init(&r->said);
    lx_records_init(&r->records, framing, settings->max_event_bytes);
    r->whole = whole ? whole : &r->own_whole;
    if (!scratch && (r->own_scratch = malloc(sizeof(*r->own_scratch)))) {
        lx_relay_scratch_init(r->own_scratch, settings->max_arena_bytes);
        r->scratch = r->own_scratch;
    }
    if (!r->scratch || make_states(r) < 0 || make_words(r) < 0 || make_builder(r) < 0) {
        lx_relay_clear(r);
        return LX_ENOMEM;
    }
    return 0;
}

void lx_relay_drop_back(struct lx_relay *r)
{
    if (r->back_state && r->back->back->clear)
        r->back->back->clear(r->back_state);
    if (r->join || (r->same && r->stream))
        free(r->back_state); /* of a later reply, or of calls that were looked at; elsewhere it is
                              * in `states` */
    r->back_state = NULL;
    lx_records_clear(&r->records);
}

void lx_relay_clear(struct lx_relay *r)
{
    lx_relay_drop_back(r);
    if (r->front_state && r->front->front->clear)
        r->front->front->clear(r->front_state);
    free(r->states);
    free((char *)r->head.p);
    free(r->join);
    lx_worded_stream_clear(r->worded);
    if (r->own_scratch)
        lx_relay_scratch_clear(r->own_scratch);
    free(r->own_scratch);
    lx_buf_clear(&r->own_whole);
    lx_said_clear(&r->said);
    lx_arena_clear(&r->keep);
    r->front_state = r->states = NULL;
    r->head = lx_slice(NULL, 0);
    r->join = NULL;
    r->worded = NULL;
    r->own_scratch = r->scratch = NULL;
}

struct lx_relay *lx_relay_new(const struct lx_dialect *back, const struct lx_dialect *front,
                              bool stream, enum lx_framing framing,
                              const struct lx_reply_context *context,
                              const struct lx_route_settings *settings)
{
    struct lx_relay *r = malloc(sizeof(*r));
    if (r && lx_relay_init(r, back, front, stream, framing, context, settings, NULL, NULL) < 0) {
        free(r);
        return NULL;
    }
    return r;
}

void lx_relay_free(struct lx_relay *r)
{
    if (r)
        lx_relay_clear(r);
    free(r);
}

const struct lx_glance *lx_relay_glance(const struct lx_relay *r)
{
    return &r->glance;
}

const struct lx_fault *lx_relay_fault(const struct lx_relay *r)
{
    return r->fault.kind == LX_FAULT_NONE ? NULL : &r->fault;
}

/* ---- What is remembered of a reply ---------------------------------------------------------- */

/* Slices of a record do not live on; of usage the tier is kept, for it has a price. */
void lx_relay_remember_usage(struct lx_relay *r, const struct lx_usage *u)
{
    if (!u->known)
        return;
    struct lx_slice tier = u->service_tier;
    int64_t web = r->glance.usage.web_search_requests, maps = r->glance.usage.maps_requests;
    r->glance.usage = *u;
    if (!u->web_search_requests) /* were told earlier in the stream, where they were made */
        r->glance.usage.web_search_requests = web;
    if (!u->maps_requests)
        r->glance.usage.maps_requests = maps;
    r->glance.usage.raw = lx_slice(NULL, 0);
    r->glance.usage.service_tier = lx_slice(NULL, 0);
    if (tier.n && tier.n <= sizeof(r->service_tier)) {
        memmove(r->service_tier, tier.p, tier.n);
        r->glance.usage.service_tier = lx_slice(r->service_tier, tier.n);
    }
    if (r->glance.searched && !r->glance.usage.web_search_requests)
        r->glance.usage.web_search_requests = 1;
}

void lx_relay_remember_glance(struct lx_relay *r, const struct lx_glance *g)
{
    r->glance.searched |= g->searched;
    lx_bill_chosen(r->biller, g->model, &r->keep);
    lx_relay_remember_usage(r, &g->usage);
    if (g->finish != LX_FINISH_NONE)
        r->glance.finish = g->finish;
    r->glance.content |= g->content;
    r->glance.end |= g->end;
}

static void remember_event(struct lx_relay *r, const struct lx_event *e)
{
    switch (e->kind) {
    case LX_EVENT_START:
        lx_bill_chosen(r->biller, e->name.s, &r->keep);
        lx_relay_remember_usage(r, &e->usage);
        break;
    case LX_EVENT_USAGE:
        lx_relay_remember_usage(r, &e->usage);
        break;
    case LX_EVENT_FINISH:
        r->glance.finish = e->finish;
        break;
    case LX_EVENT_PART_START:
        r->glance.content = true;
        break;
    case LX_EVENT_CITATION:
        r->glance.searched = r->back == &lx_dialect_openai_chat;
        break;
    case LX_EVENT_END:
        r->glance.end = true;
        break;
    default:
        break;
    }
}

static void remember_fault(struct lx_relay *r, const struct lx_fault *f)
{
    r->fault = lx_fault_copy(f, &r->keep);
    if (r->fault.kind == LX_FAULT_NONE)
        r->fault.kind = LX_FAULT_API;
    r->over = true;
}

/* ---- Usage that the provider does not tell -------------------------------------------------- */

/* *u as it is, or estimated where the provider said nothing. 0 or a code. */
int lx_relay_complete_usage(struct lx_relay *r, struct lx_usage *u)
{
    int code = u->known || !r->biller ? 0 : lx_bill_estimate(r->biller, &r->said, u);
    if (code == 0)
        lx_relay_remember_usage(r, u);
    return code;
}

struct lx_usage lx_relay_usage(struct lx_relay *r, bool cut_short)
{
    struct lx_usage *u = &r->glance.usage;
    /* a stream that broke off has told what was read, and seldom what was written */
    if (r->biller && (!u->known || (cut_short && r->framing != LX_FRAMING_NONE)))
        lx_bill_estimate(r->biller, &r->said, u);
    return *u;
}

/* ---- Faults that providers put into a 2xx reply --------------------------------------------- */

/* No status tells the kind of such a fault: the dialect goes by what the body says. */
void lx_relay_read_fault(struct lx_relay *r, struct lx_slice body)
{
    static const struct lx_headers none = {NULL, 0};
    struct lx_fault f = {.retry_after_ms = -1};
    r->back->back->read_error(0, body, &none, &r->scratch->arena, &f);
    remember_fault(r, &f);
}

/* ---- The cost in a stream's usage ------------------------------------------------------------ */

static void add_cost(const struct lx_relay *r, struct lx_usage *u)
{
    struct lx_cost cost;
    if (!r->tells_cost || !r->stream || !lx_bill_usage(r->biller, u, &cost))
        return;
    u->has_cost = true;
    u->cost = cost.total;
}

static void write_record(const struct lx_record *rec, struct lx_json_edit *e, struct lx_buf *out)
{
    if (rec->event.n) {
        lx_buf_add_lit(out, "event: ");
        lx_buf_add(out, rec->event);
        lx_buf_add_byte(out, '\n');
    }
    lx_buf_add_lit(out, "data: ");
    if (lx_json_edit_write(e, out) < 0)
        out->failed = LX_ENOMEM;
    lx_buf_add_lit(out, "\n\n");
}

/* ---- Records -------------------------------------------------------------------------------- */

int lx_relay_fail(int code, struct lx_error *err, const char *what)
{
    return lx_error_set(err, code, "%s", what);
}

/* What clients would stumble over: in what a record says of calls, and where it finishes after
 * some; or, where the glance found it odd, in anything else. 0 or a code. */
static int mend(struct lx_relay *r, const struct lx_glance *g, struct lx_json_edit *e,
                struct lx_error *err)
{
    const struct lx_back *back = r->back->back;
    if (g->odd && r->front->front->mark)
        r->front->front->mark(&r->scratch->doc, &r->context, e);
    if (!back->mend_event || !(g->calls || (g->finish && r->back_state))) {
        if (g->odd && back->mend)
            back->mend(&r->scratch->doc, e);
        return 0;
    }
    if (!r->back_state && !(r->back_state = calloc(1, back->state_size)))
        return lx_relay_fail(LX_ENOMEM, err, "no memory for the calls of a stream");
    return back->mend_event(r->back_state, &r->scratch->doc, e, &r->scratch->arena, err);
}

/* A record that passes as it came, but for what is mended, and one member more in its usage. 1: it
 * was written so; 0: nothing of that; or a code. */
static int pass_edited(struct lx_relay *r, const struct lx_record *rec, const struct lx_glance *g,
                       struct lx_buf *out, struct lx_error *err)
{
    struct lx_json_doc *doc = &r->scratch->doc;
    struct lx_usage u = r->glance.usage;
    struct lx_json_edit e;
    struct lx_buf text;
    if (r->tells_cost)
        add_cost(r, &u);
    bool costs = r->tells_cost && u.has_cost;
    if (!g->calls && !g->finish && !g->odd && !costs)
        return 0;
    if (lx_json_read(doc, rec->data, &r->limits, NULL) < 0) /* the mark of the end */
        return 0;
    lx_json_edit_init(&e, doc, &r->scratch->arena);
    int code = mend(r, g, &e, err);
    if (code < 0)
        return code;
    lx_buf_init(&text, 64);
    if (costs) {
        const char *usage = r->back->back->usage;
        lx_money_write(u.cost, &text);
        lx_json_edit_set(&e, lx_json_get(lx_json_root(doc), lx_slice_z(usage ? usage : "usage")),
                         LX_S("cost"), lx_buf_slice(&text));
    }
    if (text.failed)
        out->failed = text.failed;
    bool edited = !lx_json_edit_is_empty(&e);
    if (edited)
        write_record(rec, &e, out);
    lx_buf_clear(&text);
    return edited;
}

static void write_event(struct lx_relay *r, const struct lx_event *e, struct lx_buf *out)
{
    if (r->biller)
        lx_said_add_event(&r->said, e);
    if (r->builder)
        lx_reply_builder_add(r->builder, e);
    else
        r->front->front->write_event(r->front_state, e, &r->context, out);
}

static void tell(struct lx_relay *r, struct lx_event *e, struct lx_buf *out)
{
    struct lx_event end;
    bool close = false;
    remember_event(r, e);
    if (e->kind == LX_EVENT_USAGE)
        add_cost(r, &e->usage);
    if (e->kind == LX_EVENT_FAULT) {
        remember_fault(r, &e->fault);
        r->fault_at = out->n;
        r->fault_held = r->keeps;
        if (r->keeps)
            return;
    }
    if (r->join && !lx_join_event(r->join, e, &end, &close)) {
        r->said.aside += e->kind == LX_EVENT_TEXT ? e->text.s.n : 0;
        return;
    }
    if (close)
        write_event(r, &end, out);
    write_event(r, e, out);
}

/* Before a stream's end: what its provider did not count. */
static int tell_estimate(struct lx_relay *r, struct lx_buf *out)
{
    struct lx_event e = {.kind = LX_EVENT_USAGE};
    if (r->glance.usage.known || !r->biller)
        return 0;
    int code = lx_relay_complete_usage(r, &e.usage);
    if (code == 0)
        tell(r, &e, out);
    return code;
}

/* The events once calls are read out of their texts. 0 or a code. */
static int read_worded(struct lx_relay *r, const struct lx_events *events, struct lx_events *out)
{
    int code = 0;
    for (size_t i = 0; i < events->n && code == 0; i++)
        code = lx_worded_stream_add(r->worded, &events->v[i], out);
    return code;
}

int lx_relay_events(struct lx_relay *r, const struct lx_events *events, struct lx_buf *out)
{
    struct lx_events read = {.arena = &r->scratch->arena};
    if (r->worded) {
        int code = read_worded(r, events, &read);
        if (code < 0)
            return code;
        events = &read;
    }
    bool goes_on = r->keeps && lx_events_fault(events); /* then what is open may stay so */
    for (size_t i = 0; i < events->n && !r->over; i++) {
        if (goes_on && events->v[i].kind == LX_EVENT_PART_END)
            continue;
        int code = events->v[i].kind == LX_EVENT_END ? tell_estimate(r, out) : 0;
        if (code < 0)
            return code;
        tell(r, &events->v[i], out);
    }
    return r->scratch->arena.failed ? r->scratch->arena.failed : r->keep.failed;
}

static int relay_translated(struct lx_relay *r, const struct lx_record *rec, struct lx_buf *out,
                            struct lx_error *err)
{
    struct lx_events events = {.arena = &r->scratch->arena};
    int code = rec ? r->back->back->read_event(r->back_state, rec, &r->scratch->doc, &r->context,
                                               &events, err)
                   : r->back->back->read_end(r->back_state, &events, err);
    if (code < 0)
        return code;
    code = lx_relay_events(r, &events, out);
    return code < 0 ? lx_relay_fail(code, err, "no memory for the events of a record") : 0;
}

/* A whole reply, as the client may get it; NULL: it has not the form that was asked for, which is
 * the relay's fault then, or there is no memory. 0 or a code. */
int lx_relay_verify(struct lx_relay *r, const struct lx_reply **reply)
{
    struct lx_arena *a = &r->scratch->arena;
    struct lx_fault f;
    int code = 0;
    if (r->context.tools)
        code = lx_worded_calls_read(*reply, r->context.tools, r->context.id, a, reply, &f);
    if (code == 0 && r->context.form)
        code = lx_reply_verify(*reply, r->context.form, a, reply, &f);
    if (code == LX_EINVAL)
        remember_fault(r, &f);
    if (code < 0)
        *reply = NULL;
    return code == LX_EINVAL ? 0 : code;
}

/* The client asked for usage, and the provider does not tell it. */
static bool is_uncounted(const struct lx_relay *r)
{
    return r->context.include_usage && !r->glance.usage.known && r->biller;
}

/* The provider never said why its answer ends (OpenRouter and Snowflake, recorded 2025), which
 * clients of OpenAI wait for. */
static bool is_unfinished(const struct lx_relay *r)
{
    return r->back == &lx_dialect_openai_chat && r->glance.content &&
           r->glance.finish == LX_FINISH_NONE;
}

/* The reason that was not said; the state of the back is there where it calls. Who speaks was said
 * by the records that passed. */
static int tell_finish(struct lx_relay *r, struct lx_buf *out)
{
    struct lx_event part = {.kind = LX_EVENT_TEXT, .text = lx_text(LX_S("."))};
    struct lx_event finish = {.kind = LX_EVENT_FINISH};
    struct lx_buf nowhere;
    finish.finish = r->back_state ? LX_FINISH_TOOL_CALLS : LX_FINISH_STOP;
    lx_buf_init(&nowhere, SIZE_MAX / 4);
    r->front->front->write_event(r->front_state, &part, &r->context, &nowhere);
    int code = nowhere.failed;
    lx_buf_clear(&nowhere);
    r->front->front->write_event(r->front_state, &finish, &r->context, out);
    r->glance.finish = finish.finish;
    return code;
}

/* The end of a stream, with what its provider did not say before. */
static int end_with_rest(struct lx_relay *r, struct lx_buf *out)
{
    struct lx_event start = {.kind = LX_EVENT_START, .id = lx_text(r->context.id)};
    struct lx_event end = {.kind = LX_EVENT_END};
    start.name = lx_text(r->context.model);
    r->front->front->write_event(r->front_state, &start, &r->context, out);
    int code = is_unfinished(r) ? tell_finish(r, out) : 0;
    if (code == 0 && is_uncounted(r))
        code = tell_estimate(r, out);
    r->front->front->write_event(r->front_state, &end, &r->context, out);
    return code;
}

/* The record that says what the reply is called, should another provider have to go on with it. */
static void keep_head(struct lx_relay *r, struct lx_slice data)
{
    enum { MAX_HEAD_BYTES = 1 << 14 };
    char *copy = data.n <= MAX_HEAD_BYTES ? malloc(data.n) : NULL;
    if (copy) /* else it will have to do without */
        r->head = lx_slice(memcpy(copy, data.p, data.n), data.n);
}

static int relay_as_is(struct lx_relay *r, const struct lx_record *rec, struct lx_buf *out,
                       struct lx_error *err)
{
    /* Usage may come in parts: a record adds to what the stream said before. */
    struct lx_glance g = {
        .finish = LX_FINISH_NONE, .usage = r->glance.usage, .said = r->biller ? &r->said : NULL};
    int code = r->back->back->glance_event(rec, &r->scratch->doc, &g);
    if (code < 0)
        return lx_error_set(err, code == LX_ENOMEM ? code : LX_EPROTO,
                            "an event of the stream is not what was expected: %.*s",
                            LX_F(lx_slice_to(rec->data, 120)));
    r->fault_at = out->n;
    if (g.is_fault)
        lx_relay_read_fault(r, rec->data);
    else if (r->front->front->pass && !lx_record_is_done(rec) && !r->lost)
        r->lost = r->front->front->pass(r->front_state, &r->scratch->doc, &r->context,
                                        r->said.parts - 1, r->keeps) < 0;
    if (r->keeps && !r->head.p && g.model.n)
        keep_head(r, rec->data);
    lx_relay_remember_glance(r, &g);
    if (g.end && (is_uncounted(r) || is_unfinished(r))) {
        code = end_with_rest(r, out);
        return code < 0 ? lx_relay_fail(code, err, "no memory to count what was said") : 0;
    }
    if (g.alien || (g.usage_only && !r->context.include_usage))
        return 0;
    if ((code = pass_edited(r, rec, &g, out, err)) == 0)
        lx_buf_add(out, rec->raw);
    return code < 0 ? code : 0;
}

/* An exception among the chunks of a model's stream: it is the service's, not in the model's
 * language. */
static int relay_exception(struct lx_relay *r, const struct lx_record *rec, struct lx_buf *out)
{
    struct lx_events events = {.arena = &r->scratch->arena};
    struct lx_header name = {LX_S("x-amzn-errortype"), rec->event, false};
    const struct lx_headers headers = {&name, 1};
    struct lx_event *e = lx_events_add(&events, LX_EVENT_FAULT);
    e->fault.retry_after_ms = -1;
    lx_dialect_bedrock_converse.back->read_error(0, rec->data, &headers, events.arena, &e->fault);
    return lx_relay_events(r, &events, out);
}

/* The service's own count, in the last of a model's chunks, where the model's language told none.
 */
static int relay_metrics(struct lx_relay *r, const struct lx_record *rec, struct lx_buf *out)
{
    const struct lx_slice name = LX_S("amazon-bedrock-invocationMetrics");
    struct lx_event e = {.kind = LX_EVENT_USAGE};
    if (r->glance.usage.known || lx_slice_find(rec->data, name) < 0)
        return 0;
    int code = lx_json_read(&r->scratch->doc, rec->data, &r->limits, NULL);
    struct lx_json metrics =
        code ? (struct lx_json){0} : lx_json_get(lx_json_root(&r->scratch->doc), name);
    if (code || lx_json_int(LX_GET(metrics, "inputTokenCount"), &e.usage.prompt_tokens) ||
        lx_json_int(LX_GET(metrics, "outputTokenCount"), &e.usage.completion_tokens) ||
        e.usage.prompt_tokens < 0 || e.usage.completion_tokens < 0 ||
        e.usage.prompt_tokens > MAX_COUNT || e.usage.completion_tokens > MAX_COUNT)
        return code == LX_ENOMEM ? code : 0;
    e.usage.known = true;
    e.usage.total_tokens = e.usage.prompt_tokens + e.usage.completion_tokens;
    tell(r, &e, out);
    return 0;
}

static int relay_record(struct lx_relay *r, const struct lx_record *rec, struct lx_buf *out,
                        struct lx_error *err)
{
    lx_arena_reset(&r->scratch->arena);
    if (rec->fault && r->framing == LX_FRAMING_AWS_CHUNK)
        return relay_exception(r, rec, out);
    int code =
        r->same && r->stream ? relay_as_is(r, rec, out, err) : relay_translated(r, rec, out, err);
    return code || r->framing != LX_FRAMING_AWS_CHUNK ? code : relay_metrics(r, rec, out);
}

/* What lies behind an error of the stream is not told, but was spent: OpenRouter's usage comes
 * there.
 */
static void count_behind(struct lx_relay *r, struct lx_slice piece)
{
    struct lx_record rec;
    struct lx_error err;
    while (r->back->back->glance_event && lx_records_next(&r->records, &piece, &rec, &err) == 1) {
        struct lx_glance g = {.finish = LX_FINISH_NONE, .usage = r->glance.usage};
        lx_arena_reset(&r->scratch->arena);
        if (r->back->back->glance_event(&rec, &r->scratch->doc, &g) == 0)
            lx_relay_remember_usage(r, &g.usage);
    }
}

/* A model that says one thing again and again would go on as long as it is paid for. */
static void check_loop(struct lx_relay *r, const struct lx_buf *out)
{
    enum { SHOWN = 200 };
    if (!lx_relay_loops(r) || r->over)
        return;
    struct lx_slice said = lx_slice_from(lx_buf_slice(&r->said.text), r->said.last);
    const struct lx_fault f = {
        .kind = LX_FAULT_INTERNAL,
        .message =
            lx_arena_printf(&r->keep, "The model is repeating the same chunk = %.*s (%u times)",
                            LX_F(lx_slice_to(said, SHOWN)), r->said.repeats),
        .retry_after_ms = -1,
    };
    remember_fault(r, &f);
    r->fault_at = out->n;
    r->fault_held = true;
}

static int relay_stream(struct lx_relay *r, struct lx_slice piece, struct lx_buf *out,
                        struct lx_error *err)
{
    struct lx_record rec;
    int code = 0;
    while (!r->over && (code = lx_records_next(&r->records, &piece, &rec, err)) == 1) {
        if ((code = relay_record(r, &rec, out, err)) < 0)
            break;
        check_loop(r, out);
    }
    if (r->over && r->fault.kind && code >= 0 && r->framing == LX_FRAMING_SSE)
        count_behind(r, piece);
    if (code == LX_ELIMIT)
        return lx_error_set(err, LX_ETOOBIG, "an event of the stream is larger than %zu bytes",
                            r->records.max_bytes);
    return code < 0 ? code : 0;
}

int lx_relay_feed(struct lx_relay *r, struct lx_slice piece, struct lx_buf *out,
                  struct lx_error *err)
{
    if (r->over)
        return 0;
    if (r->framing != LX_FRAMING_NONE)
        return relay_stream(r, piece, out, err);
    if (piece.n > r->max_bytes - r->whole->n)
        return lx_error_set(err, LX_ETOOBIG, "the provider's reply is larger than %zu bytes",
                            r->max_bytes);
    lx_buf_add(r->whole, piece);
    return r->whole->failed ? lx_relay_fail(r->whole->failed, err, "no memory for the reply") : 0;
}

/* ---- The end -------------------------------------------------------------------------------- */

/* One language, and no mark of its end: forgiven where the answer was said to be finished. */
static int end_as_is(struct lx_relay *r, struct lx_buf *out, struct lx_error *err)
{
    if (r->over || r->glance.end)
        return 0;
    if (r->glance.finish != LX_FINISH_NONE) {
        int code = is_uncounted(r) ? end_with_rest(r, out) : 0;
        return code < 0 ? lx_relay_fail(code, err, "no memory to count what was said") : 0;
    }
    return lx_relay_fail(LX_ETRUNCATED, err,
                         "the provider's stream ended before the answer was complete");
}

static int end_stream(struct lx_relay *r, struct lx_buf *out, struct lx_error *err)
{
    struct lx_record rec;
    size_t before = out->n;
    int code = lx_records_end(&r->records, &rec, err);
    if (code == 1) {
        code = relay_record(r, &rec, out, err);
        if (r->same && r->stream && out->n > before)
            lx_buf_add_lit(out, "\n\n"); /* the blank line that was missing */
    }
    if (code < 0)
        return code;
    if (r->same && r->stream)
        return end_as_is(r, out, err);
    lx_arena_reset(&r->scratch->arena);
    code = r->over ? 0 : relay_translated(r, NULL, out, err);
    if (code == 0 && r->builder && !r->over) {
        const struct lx_reply *reply = lx_reply_builder_end(r->builder);
        code = lx_relay_verify(r, &reply);
        if (reply)
            r->front->front->write_reply(reply, &r->context, out);
    }
    return code < 0 ? code : r->keep.failed;
}

int lx_relay_finish(struct lx_relay *r, struct lx_buf *out, struct lx_slice *as_is,
                    struct lx_error *err)
{
    *as_is = lx_slice(NULL, 0);
    if (r->over)
        return 0;
    int code = r->framing == LX_FRAMING_NONE ? lx_relay_end_whole(r, out, as_is, err)
                                             : end_stream(r, out, err);
    r->over = true;
    return code;
}

int lx_relay_end(struct lx_relay *r, struct lx_buf *out, struct lx_error *err)
{
    struct lx_slice as_is;
    int code = lx_relay_finish(r, out, &as_is, err);
    lx_buf_add(out, as_is);
    if (code < 0 || r->fault.kind == LX_FAULT_NONE)
        return code;
    if (!r->stream)
        r->front->front->write_error(&r->fault, out);
    else if (r->framing == LX_FRAMING_NONE)
        lx_relay_write_fault(r, &r->fault, out);
    return 0;
}

void lx_relay_write_fault(struct lx_relay *r, const struct lx_fault *fault, struct lx_buf *out)
{
    struct lx_event e = {.kind = LX_EVENT_FAULT, .fault = *fault};
    r->over = true;
    r->front->front->write_event(r->front_state, &e, &r->context, out);
}
