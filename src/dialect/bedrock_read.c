/*
 * bedrock_read.c - the records of a ConverseStream -> events.
 *
 *   messageStart -> START        contentBlockStart -> PART_START (tools only)
 *                                contentBlockDelta -> TEXT, ARGUMENTS, SIGNATURE, DATA, CITATION
 *                                contentBlockStop  -> PART_END
 *   messageStop  -> FINISH       metadata -> USAGE, END      an exception -> FAULT
 *
 * Only tools have a start; the first delta of anything else opens its part, and a block that turns
 * from one kind to another is two parts. The end is after `metadata`, which comes last; a reply
 * whose stop reason has come is whole without it.
 *
 * Where a response format was asked for by tool, text is held back as in anthropic_read.c.
 */
#include "dialect/bedrock.h"

#include "base/text.h"

enum { MAX_HELD_BYTES = 16 << 20 };

/* One record, while it is read. */
struct reading {
    struct lx_bedrock_reading *s;
    const struct lx_reply_context *ctx;
    struct lx_events *out;
    struct lx_json root;
};

static struct lx_event *add(const struct reading *r, enum lx_event_kind kind)
{
    struct lx_event *e = lx_events_add(r->out, kind);
    e->index = r->s->index;
    e->part = r->s->kind;
    return e;
}

static void add_text(const struct reading *r, enum lx_event_kind kind, struct lx_json text)
{
    if (lx_json_text(text).s.n)
        add(r, kind)->text = lx_json_text(text);
}

/* A stream whose start was lost still has one here. */
static void ensure_start(const struct reading *r)
{
    if (r->s->started)
        return;
    r->s->started = true;
    lx_events_add(r->out, LX_EVENT_START)->language = LX_BEDROCK;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

static void close_part(const struct reading *r)
{
    struct lx_bedrock_reading *s = r->s;
    if (s->open && !s->holding) {
        add(r, LX_EVENT_PART_END);
        s->index++;
    }
    s->open = s->json_block = s->holding = false;
}

/* The caller fills in what the PART_START needs; NULL where the text is held. */
static struct lx_event *open_part(const struct reading *r, int64_t block, enum lx_part_kind kind)
{
    close_part(r);
    r->s->open = true;
    r->s->block = block;
    r->s->kind = kind;
    r->s->holding = r->ctx->json_tool && kind == LX_PART_TEXT && !r->s->json_block;
    return r->s->holding ? NULL : add(r, LX_EVENT_PART_START);
}

static int64_t block_of(const struct reading *r)
{
    int64_t block = 0;
    return lx_json_int(LX_GET(r->root, "contentBlockIndex"), &block) == 0 ? block : 0;
}

/* The part that a delta adds to. What belongs to a part of the service's own goes with it. */
static bool ensure_part(const struct reading *r, enum lx_part_kind kind)
{
    const struct lx_bedrock_reading *s = r->s;
    int64_t block = block_of(r);
    bool same = s->open && s->block == block;
    if (same && s->kind == LX_PART_OPAQUE)
        return false;
    if (!same || (s->kind != kind && !s->json_block))
        open_part(r, block, kind);
    return true;
}

static void open_opaque(const struct reading *r)
{
    struct lx_event *e = open_part(r, block_of(r), LX_PART_OPAQUE);
    e->raw = lx_json_raw(LX_GET(r->root, "start"));
    e->language = LX_BEDROCK;
}

static void read_block_start(const struct reading *r)
{
    struct lx_json start = LX_GET(r->root, "start"), tool = LX_GET(start, "toolUse");
    struct lx_json name = LX_GET(tool, "name");
    ensure_start(r);
    if (!lx_json_count(start)) /* recorded before text (2025): what it is, the deltas say */
        return;
    if (!lx_json_given(tool) || lx_json_eq(LX_GET(tool, "type"), LX_S("server_tool_use"))) {
        open_opaque(r);
    } else if (r->ctx->json_tool && lx_json_eq(name, LX_JSON_TOOL)) {
        close_part(r);
        r->s->open = r->s->json_block = r->s->json_used = true;
        r->s->block = block_of(r);
        r->s->kind = LX_PART_TEXT;
        add(r, LX_EVENT_PART_START);
    } else {
        struct lx_event *e = open_part(r, block_of(r), LX_PART_TOOL_CALL);
        e->id = lx_json_text(LX_GET(tool, "toolUseId"));
        e->name = lx_json_text(name);
        e->legacy_function_call = r->ctx->legacy_functions;
        r->s->tool_used = true;
    }
}

static void read_text(const struct reading *r, struct lx_json text)
{
    if (!ensure_part(r, LX_PART_TEXT))
        return;
    if (!r->s->holding) {
        add_text(r, LX_EVENT_TEXT, text);
        return;
    }
    if (!r->s->held.max)
        lx_buf_init(&r->s->held, MAX_HELD_BYTES);
    lx_buf_add(&r->s->held, lx_json_str(text, r->out->arena));
}

static void read_input(const struct reading *r, struct lx_json tool)
{
    struct lx_json input = LX_GET(tool, "input");
    if (!ensure_part(r, LX_PART_TOOL_CALL))
        return;
    add_text(r, r->s->json_block ? LX_EVENT_TEXT : LX_EVENT_ARGUMENTS, input);
}

static void read_reasoning(const struct reading *r, struct lx_json reasoning)
{
    struct lx_json redacted = LX_GET(reasoning, "redactedContent");
    if (lx_json_is(redacted, LX_JSON_STRING)) {
        if (ensure_part(r, LX_PART_REDACTED_THINKING))
            add_text(r, LX_EVENT_DATA, redacted);
    } else if (ensure_part(r, LX_PART_THINKING)) {
        add_text(r, LX_EVENT_TEXT, LX_GET(reasoning, "text"));
        add_text(r, LX_EVENT_SIGNATURE, LX_GET(reasoning, "signature"));
    }
}

static void read_citation(const struct reading *r, struct lx_json citation)
{
    if (!ensure_part(r, LX_PART_TEXT) || r->s->holding)
        return;
    struct lx_event *e = add(r, LX_EVENT_CITATION);
    e->raw = lx_json_raw(citation);
    e->language = LX_BEDROCK;
}

static const struct {
    const char *name;
    void (*read)(const struct reading *r, struct lx_json inside);
} deltas[] = {
    {"text", read_text},
    {"toolUse", read_input},
    {"reasoningContent", read_reasoning},
    {"citation", read_citation},
};

static void read_block_delta(const struct reading *r)
{
    struct lx_json delta = LX_GET(r->root, "delta");
    ensure_start(r);
    for (size_t i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++) {
        struct lx_json inside = lx_json_get(delta, lx_slice_z(deltas[i].name));
        if (lx_json_given(inside)) {
            deltas[i].read(r, inside);
            return;
        }
    }
}

static void read_block_stop(const struct reading *r)
{
    if (r->s->open && r->s->block == block_of(r))
        close_part(r);
}

/* ---- The end -------------------------------------------------------------------------------- */

/* The held text is the answer, unless the tool gave it. */
static void tell_held(const struct reading *r)
{
    struct lx_bedrock_reading *s = r->s;
    if (s->json_used || !s->held.n)
        return;
    s->kind = LX_PART_TEXT;
    s->json_used = true; /* told once */
    add(r, LX_EVENT_PART_START);
    add(r, LX_EVENT_TEXT)->text = lx_text(lx_buf_slice(&s->held));
    add(r, LX_EVENT_PART_END);
    s->index++;
}

static void read_message_start(const struct reading *r)
{
    ensure_start(r);
}

static void read_message_stop(const struct reading *r)
{
    struct lx_json reason = LX_GET(r->root, "stopReason");
    ensure_start(r);
    close_part(r);
    tell_held(r);
    r->s->finished = true;
    lx_bedrock_thought_read(r->root, &r->s->usage);
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_FINISH);
    e->finish = lx_bedrock_finish_read(reason);
    if (e->finish == LX_FINISH_TOOL_CALLS && r->s->json_used && !r->s->tool_used)
        e->finish = LX_FINISH_STOP;
    e->raw_finish = lx_json_str(reason, r->out->arena);
    e->stop_sequence =
        lx_json_text(LX_GET(LX_GET(r->root, "additionalModelResponseFields"), "stop_sequence"));
    e->legacy_function_call = r->ctx->legacy_functions;
}

static void read_metadata(const struct reading *r)
{
    ensure_start(r);
    lx_bedrock_usage_read(LX_GET(r->root, "usage"), &r->s->usage);
    lx_bedrock_tier_read(LX_GET(r->root, "serviceTier"), &r->s->usage);
    if (r->s->usage.known)
        lx_events_add(r->out, LX_EVENT_USAGE)->usage = r->s->usage;
    r->s->usage.raw = lx_slice(NULL, 0); /* belongs to this record */
    if (r->s->finished) {
        r->s->ended = true;
        lx_events_add(r->out, LX_EVENT_END);
    }
}

/* An exception's payload: {"message"}, or plain text of an error that the service does not model.
 */
static int read_fault(struct lx_bedrock_reading *s, struct lx_slice name, struct lx_slice body,
                      struct lx_json_doc *doc, struct lx_events *out)
{
    struct lx_arena *a = out->arena;
    struct lx_fault f = {.kind = LX_FAULT_API, .raw = body, .retry_after_ms = -1};
    enum lx_fault_kind kind = lx_bedrock_fault_kind(name);
    int code = body.n ? lx_json_read(doc, body, NULL, NULL) : LX_EJSON;
    if (code == LX_ENOMEM)
        return code;
    if (code == 0)
        lx_anthropic_fault_read(lx_json_root(doc), 0, a, &f);
    else
        f.message = lx_arena_copy(a, lx_slice_to(body, lx_utf8_valid(body)));
    if (body.n && !f.raw.n) /* the fault that was read is that there is no memory to read one */
        return LX_ENOMEM;
    f.type = lx_arena_copy(a, name);
    if (!f.message.n)
        f.message = f.type;
    if (kind != LX_FAULT_NONE)
        f.kind = lx_fault_refine(kind, f.message);
    s->ended = true;
    lx_events_add(out, LX_EVENT_FAULT)->fault = f;
    return a->failed;
}

static const struct event_type {
    const char *name;
    void (*read)(const struct reading *r);
} event_types[] = {
    {"contentBlockDelta", read_block_delta}, /* the commonest first */
    {"contentBlockStart", read_block_start},
    {"contentBlockStop", read_block_stop},
    {"messageStart", read_message_start},
    {"messageStop", read_message_stop},
    {"metadata", read_metadata},
};

/* In frames the event's name is a header; gateways that frame otherwise, and Nova by
 * InvokeModel, send {"name": {...}}, with the service's own notes behind it. */
static struct lx_slice name_of(const struct lx_record *rec, struct lx_json *root,
                               struct lx_arena *a)
{
    struct lx_json_iter it = lx_json_iter(*root);
    if (rec->event.n || !lx_json_next(&it))
        return rec->event;
    *root = it.value;
    return lx_json_str(it.name, a);
}

int lx_bedrock_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                          const struct lx_reply_context *ctx, struct lx_events *out,
                          struct lx_error *err)
{
    struct lx_bedrock_reading *s = state;
    if (s->ended)
        return 0;
    if (rec->fault) {
        int failed = read_fault(s, rec->event, rec->data, doc, out);
        return failed ? lx_error_set(err, failed, "no memory for an event") : 0;
    }
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    struct reading r = {s, ctx, out, lx_json_root(doc)};
    struct lx_slice name = name_of(rec, &r.root, out->arena);
    if (lx_bedrock_fault_kind(name) != LX_FAULT_NONE)
        code = read_fault(s, name, lx_json_raw(r.root), doc, out);
    for (size_t i = 0; i < sizeof(event_types) / sizeof(event_types[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(event_types[i].name)))
            event_types[i].read(&r);
    return lx_events_result(out, code ? code : s->held.failed, err);
}

int lx_bedrock_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    struct lx_bedrock_reading *s = state;
    const struct lx_reply_context none = {0};
    struct reading r = {s, &none, out, {NULL, 0}};
    (void)err;
    if (s->ended)
        return 0;
    s->ended = true;
    close_part(&r);
    tell_held(&r);
    lx_events_end(out, s->finished);
    return 0;
}

void lx_bedrock_reading_clear(void *state)
{
    struct lx_bedrock_reading *s = state;
    lx_buf_clear(&s->held);
    memset(s, 0, sizeof(*s));
}
