/*
 * ollama_read.c - back: a stream's lines, or a whole reply -> events.
 *
 * Every line of a stream is like a whole reply, with the next piece of its message; so a whole
 * reply is read as a stream of one line. Thinking and content come in pieces, calls of tools whole.
 * The last line says that it is done, why, and what was counted; an error is a line of its own.
 */
#include "dialect/ollama.h"
#include "dialect/openai_chat.h"
#include "dialect/think.h"

/* One line while it is read. */
struct reading {
    struct lx_ollama_reading *s;
    const struct lx_reply_context *ctx;
    struct lx_events *out;
};

static struct lx_event *add(const struct reading *r, enum lx_event_kind kind)
{
    struct lx_event *e = lx_events_add(r->out, kind);
    e->index = r->s->index;
    e->part = r->s->kind;
    return e;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

static void close_part(const struct reading *r)
{
    if (!r->s->open)
        return;
    add(r, LX_EVENT_PART_END);
    r->s->index++;
    r->s->open = false;
}

/* The caller fills in what a PART_START needs. */
static struct lx_event *open_part(const struct reading *r, enum lx_part_kind kind)
{
    close_part(r);
    r->s->open = true;
    r->s->kind = kind;
    return add(r, LX_EVENT_PART_START);
}

static void add_piece(const struct reading *r, enum lx_part_kind kind, struct lx_text text)
{
    if (!text.s.n)
        return;
    if (!r->s->open || r->s->kind != kind)
        open_part(r, kind);
    add(r, LX_EVENT_TEXT)->text = text;
}

/* Models that the server does not know to think do it in the text, between tags, which are tokens
 * of their own. */
static void read_content(const struct reading *r, struct lx_text text)
{
    struct lx_text thought, rest;
    if (!text.s.n)
        return;
    if (!r->s->said)
        r->s->thinks = lx_think_open(text, &text);
    r->s->said = true;
    if (r->s->thinks && lx_think_close(text, &thought, &rest)) {
        r->s->thinks = false;
        add_piece(r, LX_PART_THINKING, thought);
        text = rest;
    }
    add_piece(r, r->s->thinks ? LX_PART_THINKING : LX_PART_TEXT, text);
}

/* Earlier versions give calls no ids (recorded, 2024). */
static struct lx_text id_of(const struct reading *r, struct lx_json call)
{
    struct lx_text id = lx_json_text(LX_GET(call, "id"));
    int64_t n = r->s->calls++;
    if (id.s.n)
        return id;
    return lx_text(
        lx_arena_printf(r->out->arena, "call_%.*s_%lld", LX_F(r->ctx->id), (long long)n));
}

static void read_call(const struct reading *r, struct lx_json call)
{
    struct lx_json function = LX_GET(call, "function");
    struct lx_text arguments = lx_openai_read_arguments(LX_GET(function, "arguments"));
    struct lx_event *e = open_part(r, LX_PART_TOOL_CALL);
    e->id = id_of(r, call);
    e->name = lx_json_text(LX_GET(function, "name"));
    e->legacy_function_call = r->ctx->legacy_functions;
    add(r, LX_EVENT_ARGUMENTS)->text = arguments.s.n ? arguments : lx_text(LX_S("{}"));
    close_part(r);
}

static void read_image(const struct reading *r, struct lx_json image)
{
    if (!lx_json_text(image).s.n)
        return;
    struct lx_event *e = open_part(r, LX_PART_IMAGE);
    e->media.data = lx_json_text(image);
    e->media.type = LX_S("image/png");
    close_part(r);
}

/* The items are OpenAI's. */
static void read_logprobs(const struct reading *r, struct lx_json items)
{
    if (!lx_json_count(items))
        return;
    add(r, LX_EVENT_LOGPROBS)->raw =
        lx_arena_printf(r->out->arena, "{\"content\":%.*s}", LX_F(lx_json_raw(items)));
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static void start(const struct reading *r, struct lx_json line)
{
    if (r->s->started)
        return;
    r->s->started = true;
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_START);
    e->language = LX_OLLAMA;
    e->name = lx_json_text(LX_GET(line, "model"));
}

static void finish(const struct reading *r, struct lx_json line)
{
    struct lx_usage usage = {0};
    close_part(r);
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_FINISH);
    e->finish = lx_ollama_finish_read(line, r->s->calls != 0);
    if (e->finish == LX_FINISH_OTHER) /* "stop" is said of calls, too */
        e->raw_finish = lx_json_str(LX_GET(line, "done_reason"), r->out->arena);
    e->legacy_function_call = r->ctx->legacy_functions;
    lx_ollama_usage_read(line, &usage);
    if (usage.known)
        lx_events_add(r->out, LX_EVENT_USAGE)->usage = usage;
    lx_events_add(r->out, LX_EVENT_END);
    r->s->ended = true;
}

static void read_line(const struct reading *r, struct lx_json line)
{
    struct lx_json message = LX_GET(line, "message");
    if (lx_json_given(LX_GET(line, "error"))) {
        close_part(r);
        struct lx_event *e = lx_events_add(r->out, LX_EVENT_FAULT);
        lx_openai_read_fault(0, line, r->out->arena, &e->fault);
        r->s->ended = true;
        return;
    }
    start(r, line);
    add_piece(r, LX_PART_THINKING, lx_json_text(LX_GET(message, "thinking")));
    read_content(r, lx_json_text(LX_GET(message, "content")));
    read_logprobs(r, LX_GET(line, "logprobs"));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "images")); lx_json_next(&it);)
        read_image(r, it.value);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "tool_calls")); lx_json_next(&it);)
        read_call(r, it.value);
    if (lx_json_bool(LX_GET(line, "done"), false))
        finish(r, line);
}

int lx_ollama_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                         const struct lx_reply_context *ctx, struct lx_events *out,
                         struct lx_error *err)
{
    const struct reading r = {state, ctx, out};
    if (r.s->ended || lx_record_is_done(rec))
        return 0;
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    read_line(&r, lx_json_root(doc));
    return lx_events_result(r.out, 0, err);
}

int lx_ollama_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    const struct lx_reply_context none = {0};
    const struct reading r = {state, &none, out};
    if (r.s->ended)
        return 0;
    r.s->ended = true;
    close_part(&r);
    lx_events_end(out, false);
    return lx_events_result(r.out, 0, err);
}

/* ---- Whole replies -------------------------------------------------------------------------- */

int lx_ollama_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_ollama_reading s = {0};
    struct lx_events events = {.arena = a};
    const struct reading r = {&s, ctx, &events};
    struct lx_json root = lx_json_root(body);
    read_line(&r, root);
    int code = lx_reply_result(&events, 0, err);
    if (!code && !lx_json_is(LX_GET(root, "message"), LX_JSON_OBJECT))
        code = lx_error_set(err, LX_EPROTO, "the reply has no message");
    else if (!code && !s.ended) /* the first line of a stream that nobody asked for */
        code = lx_error_set(err, LX_EPROTO, "the reply is not done");
    return code ? code : lx_reply_fold(&events, out, err);
}
