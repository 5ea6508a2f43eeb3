/*
 * cohere_read.c - back: a stream's events, or a whole reply -> events.
 *
 *   message-start     -> START            tool-call-start  -> PART_START (a call)
 *   content-start     -> PART_START       tool-call-delta  -> ARGUMENTS
 *   content-delta     -> TEXT, LOGPROBS   tool-call-end    -> PART_END
 *   content-end       -> PART_END         citation-start   -> CITATION
 *   tool-plan-delta   -> TEXT of thinking that is signed as a plan
 *   message-end       -> FINISH, USAGE, END, or a FAULT
 *
 * A plan has neither start nor end: its first piece opens a part, and whatever comes next ends it.
 * A whole reply makes the same events, which are folded. Cohere's description of tool_plan is "a
 * chain-of-thought style reflection and plan": so it is thinking, and `content` stays null beside
 * tool calls, as LiteLLM's users know it (who do not see the plan at all).
 */
#include "dialect/cohere.h"
#include "dialect/openai_chat.h"

struct lx_event *lx_cohere_event_add(const struct lx_cohere_reader *r, enum lx_event_kind kind)
{
    struct lx_event *e = lx_events_add(r->out, kind);
    e->index = r->s->index;
    e->part = r->s->kind;
    return e;
}

static void add_text(const struct lx_cohere_reader *r, enum lx_event_kind kind, struct lx_text text)
{
    if (text.s.n)
        lx_cohere_event_add(r, kind)->text = text;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

void lx_cohere_part_close(struct lx_cohere_reader *r)
{
    struct lx_cohere_reading *s = r->s;
    if (!s->open)
        return;
    if (s->plan)
        add_text(r, LX_EVENT_SIGNATURE, lx_text(LX_COHERE_PLAN));
    if (s->kind == LX_PART_TOOL_CALL && !s->argued) /* of a tool without parameters */
        add_text(r, LX_EVENT_ARGUMENTS, lx_text(LX_S("{}")));
    lx_cohere_event_add(r, LX_EVENT_PART_END);
    s->index++;
    s->open = s->plan = s->argued = false;
}

/* The caller fills in what a PART_START needs. */
static struct lx_event *open_part(struct lx_cohere_reader *r, enum lx_part_kind kind)
{
    lx_cohere_part_close(r);
    r->s->open = true;
    r->s->kind = kind;
    return lx_cohere_event_add(r, LX_EVENT_PART_START);
}

static void ensure_part(struct lx_cohere_reader *r, enum lx_part_kind kind, bool plan)
{
    if (!r->s->open || r->s->kind != kind || r->s->plan != plan)
        open_part(r, kind);
    r->s->plan = plan;
}

/* {"type":"text","text":..} or {"type":"thinking","thinking":..}; deltas have no type. */
static void read_content(struct lx_cohere_reader *r, struct lx_json content, bool starts)
{
    struct lx_json thinking = LX_GET(content, "thinking");
    bool thinks = lx_json_given(thinking) || lx_json_eq(LX_GET(content, "type"), LX_S("thinking"));
    enum lx_part_kind kind = thinks ? LX_PART_THINKING : LX_PART_TEXT;
    if (starts)
        open_part(r, kind);
    else
        ensure_part(r, kind, false);
    add_text(r, LX_EVENT_TEXT, lx_json_text(thinks ? thinking : LX_GET(content, "text")));
}

static void read_plan(struct lx_cohere_reader *r, struct lx_json plan)
{
    if (!lx_json_text(plan).s.n)
        return;
    ensure_part(r, LX_PART_THINKING, true);
    add_text(r, LX_EVENT_TEXT, lx_json_text(plan));
}

static void read_arguments(struct lx_cohere_reader *r, struct lx_json arguments)
{
    struct lx_text text = lx_json_text(arguments);
    if (!text.s.n || r->s->kind != LX_PART_TOOL_CALL || !r->s->open)
        return;
    if (!r->s->argued)
        text = lx_openai_first_arguments(text);
    r->s->argued = true;
    add_text(r, LX_EVENT_ARGUMENTS, text);
}

static void read_call(struct lx_cohere_reader *r, struct lx_json call)
{
    struct lx_json function = LX_GET(call, "function");
    struct lx_event *e = open_part(r, LX_PART_TOOL_CALL);
    e->id = lx_json_text(LX_GET(call, "id"));
    e->name = lx_json_text(LX_GET(function, "name"));
    e->legacy_function_call = r->ctx->legacy_functions;
    read_arguments(r, LX_GET(function, "arguments"));
}

/* ---- Start and end -------------------------------------------------------------------------- */

static void start(struct lx_cohere_reader *r, struct lx_json root)
{
    if (r->s->started)
        return;
    r->s->started = true;
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_START);
    e->language = LX_COHERE;
    e->id = lx_json_text(LX_GET(root, "id"));
}

static void tell_fault(struct lx_cohere_reader *r, enum lx_fault_kind kind, struct lx_slice message,
                       struct lx_slice raw)
{
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_FAULT);
    e->fault = (struct lx_fault){.kind = lx_fault_refine(kind, message),
                                 .retry_after_ms = -1,
                                 .message = message,
                                 .raw = raw};
    r->s->ended = true;
}

/* `end` holds finish_reason, usage and, where it went wrong, error. */
static void finish(struct lx_cohere_reader *r, struct lx_json end)
{
    struct lx_json reason = LX_GET(end, "finish_reason"), error = LX_GET(end, "error");
    enum lx_fault_kind fault = lx_cohere_fault_of(reason);
    struct lx_slice name, words = lx_json_str(error, r->out->arena);
    struct lx_usage usage = {0};
    lx_cohere_part_close(r);
    lx_cohere_usage_read(LX_GET(end, "usage"), &usage);
    if (fault == LX_FAULT_NONE && !words.n) {
        struct lx_event *e = lx_events_add(r->out, LX_EVENT_FINISH);
        e->finish = lx_cohere_finish_read(reason, &name);
        e->raw_finish = name.n ? name : lx_json_str(reason, r->out->arena);
        e->legacy_function_call = r->ctx->legacy_functions;
    }
    if (usage.known)
        lx_events_add(r->out, LX_EVENT_USAGE)->usage = usage;
    if (words.n || fault != LX_FAULT_NONE)
        tell_fault(r, fault ? fault : LX_FAULT_API,
                   words.n ? words : LX_S("Cohere ended the reply with an error"),
                   lx_json_raw(end));
}

/* ---- A stream's events ---------------------------------------------------------------------- */

/* `message` is delta.message, where nearly all of it is. */
static void on_message_start(struct lx_cohere_reader *r, struct lx_json root,
                             struct lx_json message)
{
    (void)message;
    start(r, root);
}

static void on_content_start(struct lx_cohere_reader *r, struct lx_json root,
                             struct lx_json message)
{
    (void)root;
    read_content(r, LX_GET(message, "content"), true);
}

static void on_content_delta(struct lx_cohere_reader *r, struct lx_json root,
                             struct lx_json message)
{
    read_content(r, LX_GET(message, "content"), false);
    lx_cohere_logprobs_tell(r, LX_GET(root, "logprobs"));
}

static void on_part_end(struct lx_cohere_reader *r, struct lx_json root, struct lx_json message)
{
    (void)root;
    (void)message;
    lx_cohere_part_close(r);
}

static void on_plan(struct lx_cohere_reader *r, struct lx_json root, struct lx_json message)
{
    (void)root;
    read_plan(r, LX_GET(message, "tool_plan"));
}

static void on_call_start(struct lx_cohere_reader *r, struct lx_json root, struct lx_json message)
{
    (void)root;
    read_call(r, LX_GET(message, "tool_calls"));
}

static void on_call_delta(struct lx_cohere_reader *r, struct lx_json root, struct lx_json message)
{
    (void)root;
    read_arguments(r, LX_GET(LX_GET(LX_GET(message, "tool_calls"), "function"), "arguments"));
}

static void on_citation(struct lx_cohere_reader *r, struct lx_json root, struct lx_json message)
{
    (void)root;
    lx_cohere_citation_tell(r, LX_GET(message, "citations"));
}

static void on_message_end(struct lx_cohere_reader *r, struct lx_json root, struct lx_json message)
{
    (void)message;
    finish(r, LX_GET(root, "delta"));
    if (!r->s->ended)
        lx_events_add(r->out, LX_EVENT_END);
    r->s->ended = true;
}

static const struct {
    const char *name;
    void (*read)(struct lx_cohere_reader *r, struct lx_json root, struct lx_json message);
} event_types[] = {
    {"content-delta", on_content_delta}, /* the commonest first */
    {"tool-call-delta", on_call_delta},  {"tool-plan-delta", on_plan},
    {"message-start", on_message_start}, {"content-start", on_content_start},
    {"content-end", on_part_end},        {"tool-call-start", on_call_start},
    {"tool-call-end", on_part_end},      {"citation-start", on_citation},
    {"message-end", on_message_end},
};

static void read_typed(struct lx_cohere_reader *r, struct lx_json root)
{
    struct lx_json type = LX_GET(root, "type"), words = LX_GET(root, "message");
    if (!lx_json_given(type) && lx_json_is(words, LX_JSON_STRING)) {
        tell_fault(r, LX_FAULT_API, lx_json_str(words, r->out->arena), lx_json_raw(root));
        return;
    }
    start(r, root);
    for (size_t i = 0; i < sizeof(event_types) / sizeof(event_types[0]); i++)
        if (lx_json_eq(type, lx_slice_z(event_types[i].name)))
            event_types[i].read(r, root, LX_GET(LX_GET(root, "delta"), "message"));
}

int lx_cohere_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                         const struct lx_reply_context *ctx, struct lx_events *out,
                         struct lx_error *err)
{
    struct lx_cohere_reader r = {.s = state, .ctx = ctx, .out = out};
    if (r.s->ended || lx_record_is_done(rec))
        return 0;
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    read_typed(&r, lx_json_root(doc));
    return lx_events_result(r.out, r.code, err);
}

int lx_cohere_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    const struct lx_reply_context none = {0};
    struct lx_cohere_reader r = {.s = state, .ctx = &none, .out = out};
    if (r.s->ended)
        return 0;
    r.s->ended = true;
    lx_cohere_part_close(&r);
    lx_events_end(out, false);
    return lx_events_result(r.out, r.code, err);
}

/* ---- Whole replies -------------------------------------------------------------------------- */

/* Thinking comes before the plan, the plan before the answer. */
static bool thinks(struct lx_json content)
{
    return lx_json_eq(LX_GET(content, "type"), LX_S("thinking"));
}

/* The citations of block i; those that name none are of the first text. */
static void read_citations(struct lx_cohere_reader *r, struct lx_json list, int64_t i, bool first)
{
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it) && !r->code;) {
        int64_t of = -1;
        bool named = lx_json_int(LX_GET(it.value, "content_index"), &of) == 0;
        if (named ? of == i : first)
            lx_cohere_citation_tell(r, it.value);
    }
}

static void read_message(struct lx_cohere_reader *r, struct lx_json message)
{
    struct lx_json content = LX_GET(message, "content"), list = LX_GET(message, "citations");
    bool first = true;
    int64_t i = 0;
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        if (thinks(it.value))
            read_content(r, it.value, true);
    read_plan(r, LX_GET(message, "tool_plan"));
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it); i++) {
        if (!thinks(it.value))
            read_content(r, it.value, true);
        read_citations(r, list, i, first && !thinks(it.value));
        first = first && thinks(it.value);
    }
    if (first)
        read_citations(r, list, -1, true);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "tool_calls")); lx_json_next(&it);)
        read_call(r, it.value);
}

int lx_cohere_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_cohere_reading s = {0};
    struct lx_events events = {.arena = a};
    struct lx_cohere_reader r = {.s = &s, .ctx = ctx, .out = &events};
    struct lx_json root = lx_json_root(body), message = LX_GET(root, "message");
    if (!lx_json_is(message, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EPROTO, "the reply has no message");
    start(&r, root);
    read_message(&r, message);
    lx_cohere_logprobs_tell(&r, LX_GET(root, "logprobs"));
    finish(&r, root);
    int code = lx_reply_result(&events, r.code, err);
    return code ? code : lx_reply_fold(&events, out, err);
}
