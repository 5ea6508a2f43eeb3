/*
 * anthropic_read.c - back: the records of a Messages stream -> events.
 *
 *   message_start -> START        content_block_start -> PART_START
 *                                   content_block_delta -> TEXT, ARGUMENTS, SIGNATURE, CITATION
 *                                 content_block_stop  -> PART_END
 *   message_delta -> FINISH, USAGE
 *   message_stop  -> END          ping -> PING          error -> FAULT
 *
 * The wire is already in the vocabulary's order: blocks follow each other and are numbered. What
 * is not known is carried as OPAQUE. A block that was not opened, or not closed, is made whole.
 *
 * Where a response format was asked for by tool, the call of that tool becomes the text. What the
 * model says around it would spoil the JSON, and whether it will call is known only at the end: so
 * other text is held, told at the end if there was no call, else dropped (as in a whole reply).
 */
#include "dialect/anthropic.h"

enum { MAX_HELD_BYTES = 16 << 20 };

/* One record, while it is read. */
struct reading {
    struct lx_anthropic_reading *s;
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

static void add_opaque(const struct reading *r)
{
    struct lx_event *e = add(r, LX_EVENT_OPAQUE);
    e->raw = lx_json_raw(r->root);
    e->language = LX_ANTHROPIC;
}

static void close_block(const struct reading *r)
{
    if (r->s->open && !r->s->holding)
        add(r, LX_EVENT_PART_END);
    r->s->open = r->s->json_block = r->s->holding = false;
}

static void hold(const struct reading *r, struct lx_json text)
{
    lx_buf_add(&r->s->held, lx_json_str(text, r->out->arena));
}

static void start_holding(const struct reading *r)
{
    r->s->holding = true;
    if (r->s->held.n)
        return;
    lx_buf_clear(&r->s->held);
    lx_buf_init(&r->s->held, MAX_HELD_BYTES);
    r->s->held_index = r->s->index;
}

/* The reply is over: the held text is the answer, unless the tool gave it. */
static void tell_held(const struct reading *r)
{
    struct lx_anthropic_reading *s = r->s;
    if (s->json_used || !s->held.n)
        return;
    s->index = s->held_index;
    s->kind = LX_PART_TEXT;
    add(r, LX_EVENT_PART_START);
    add(r, LX_EVENT_TEXT)->text = lx_text(lx_buf_slice(&s->held));
    add(r, LX_EVENT_PART_END);
    s->json_used = true; /* told once */
}

/* A stream whose start was lost still has one here. */
static void ensure_start(const struct reading *r)
{
    if (!r->s->started) {
        r->s->started = true;
        lx_events_add(r->out, LX_EVENT_START)->language = LX_ANTHROPIC;
    }
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static void start_tool(const struct reading *r, struct lx_json block)
{
    static const char *const known[] = {"type", "id", "name", "input", NULL};
    struct lx_json name = LX_GET(block, "name"), input = LX_GET(block, "input");

    r->s->json_block = r->ctx->json_tool && lx_json_eq(name, LX_JSON_TOOL);
    if (r->s->json_block) {
        r->s->kind = LX_PART_TEXT;
        r->s->json_used = true;
        add(r, LX_EVENT_PART_START);
    } else {
        r->s->tool_used = true;
        struct lx_event *e = add(r, LX_EVENT_PART_START);
        e->id = lx_json_text(LX_GET(block, "id"));
        e->name = lx_json_text(name);
        e->legacy_function_call = r->ctx->legacy_functions;
        e->extra = lx_anthropic_extra_read(block, known, r->out->arena);
    }
    if (lx_json_count(input)) /* all at once, from servers that do not stream it */
        add(r, r->s->json_block ? LX_EVENT_TEXT : LX_EVENT_ARGUMENTS)->text =
            lx_text(lx_json_raw(input));
}

static void start_text(const struct reading *r, struct lx_json block)
{
    if (r->ctx->json_tool) {
        start_holding(r);
        hold(r, LX_GET(block, "text"));
        return;
    }
    add(r, LX_EVENT_PART_START);
    add_text(r, LX_EVENT_TEXT, LX_GET(block, "text"));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(block, "citations")); lx_json_next(&it);) {
        struct lx_event *e = add(r, LX_EVENT_CITATION);
        e->raw = lx_json_raw(it.value);
        e->language = LX_ANTHROPIC;
    }
}

static void start_thinking(const struct reading *r, struct lx_json block)
{
    add(r, LX_EVENT_PART_START);
    add_text(r, LX_EVENT_TEXT, LX_GET(block, "thinking"));
    add_text(r, LX_EVENT_SIGNATURE, LX_GET(block, "signature"));
}

static void start_redacted_thinking(const struct reading *r, struct lx_json block)
{
    add(r, LX_EVENT_PART_START);
    add_text(r, LX_EVENT_DATA, LX_GET(block, "data"));
}

static void start_opaque(const struct reading *r, struct lx_json block)
{
    struct lx_event *e = add(r, LX_EVENT_PART_START);
    e->raw = lx_json_raw(block);
    e->language = LX_ANTHROPIC;
}

static const struct {
    const char *type;
    enum lx_part_kind kind;
    void (*start)(const struct reading *r, struct lx_json block);
} block_types[] = {
    {"text", LX_PART_TEXT, start_text},
    {"tool_use", LX_PART_TOOL_CALL, start_tool},
    {"thinking", LX_PART_THINKING, start_thinking},
    {"redacted_thinking", LX_PART_REDACTED_THINKING, start_redacted_thinking},
};

static int64_t index_of(const struct reading *r)
{
    int64_t index = 0;
    return lx_json_int(LX_GET(r->root, "index"), &index) == 0 && index >= 0 ? index : 0;
}

static void start_block(const struct reading *r, int64_t index, struct lx_json block)
{
    close_block(r);
    r->s->open = true;
    r->s->index = index;
    for (size_t i = 0; i < sizeof(block_types) / sizeof(block_types[0]); i++) {
        if (lx_json_eq(LX_GET(block, "type"), lx_slice_z(block_types[i].type))) {
            r->s->kind = block_types[i].kind;
            block_types[i].start(r, block);
            return;
        }
    }
    r->s->kind = LX_PART_OPAQUE;
    start_opaque(r, block);
}

static void read_block_start(const struct reading *r)
{
    ensure_start(r);
    start_block(r, index_of(r), LX_GET(r->root, "content_block"));
}

static void read_citation(const struct reading *r, struct lx_json delta)
{
    if (!lx_json_is(LX_GET(delta, "citation"), LX_JSON_OBJECT))
        return;
    struct lx_event *e = add(r, LX_EVENT_CITATION);
    e->raw = lx_json_raw(LX_GET(delta, "citation"));
    e->language = LX_ANTHROPIC;
}

/* What a delta of each type adds to, by the name of its member. */
static const struct delta_type {
    const char *type, *member;
    enum lx_part_kind kind; /* of a block that was never opened */
    enum lx_event_kind event;
} delta_types[] = {
    {"text_delta", "text", LX_PART_TEXT, LX_EVENT_TEXT},
    {"input_json_delta", "partial_json", LX_PART_TOOL_CALL, LX_EVENT_ARGUMENTS},
    {"thinking_delta", "thinking", LX_PART_THINKING, LX_EVENT_TEXT},
    {"signature_delta", "signature", LX_PART_THINKING, LX_EVENT_SIGNATURE},
    {"citations_delta", NULL, LX_PART_TEXT, LX_EVENT_CITATION},
};

static const struct delta_type *delta_type_of(struct lx_json delta)
{
    for (size_t i = 0; i < sizeof(delta_types) / sizeof(delta_types[0]); i++)
        if (lx_json_eq(LX_GET(delta, "type"), lx_slice_z(delta_types[i].type)))
            return &delta_types[i];
    return NULL;
}

static void read_block_delta(const struct reading *r)
{
    struct lx_json delta = LX_GET(r->root, "delta");
    const struct delta_type *type = delta_type_of(delta);
    int64_t index = index_of(r);

    ensure_start(r);
    if (type && (!r->s->open || r->s->index != index)) {
        close_block(r);
        r->s->open = true;
        r->s->index = index;
        r->s->kind = type->kind;
        add(r, LX_EVENT_PART_START);
    }
    if (!type)
        add_opaque(r);
    else if (r->s->holding)
        hold(r, LX_GET(delta, "text"));
    else if (!type->member)
        read_citation(r, delta);
    else
        add_text(r, r->s->json_block ? LX_EVENT_TEXT : type->event,
                 lx_json_get(delta, lx_slice_z(type->member)));
}

static void read_block_stop(const struct reading *r)
{
    if (r->s->open && r->s->index == index_of(r))
        close_block(r);
}

/* ---- The end -------------------------------------------------------------------------------- */

/* The finish that a delta or a whole message tells, when it does; NULL when not. */
static struct lx_event *tell_finish(const struct reading *r, struct lx_json said)
{
    struct lx_json reason = LX_GET(said, "stop_reason");
    if (!lx_json_is(reason, LX_JSON_STRING))
        return NULL;
    close_block(r);
    tell_held(r);
    r->s->finished = true;
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_FINISH);
    e->finish = lx_anthropic_finish_read(reason);
    if (e->finish == LX_FINISH_TOOL_CALLS && r->s->json_used && !r->s->tool_used)
        e->finish = LX_FINISH_STOP;
    e->raw_finish = lx_json_str(reason, r->out->arena);
    e->stop_sequence = lx_json_text(LX_GET(said, "stop_sequence"));
    e->legacy_function_call = r->ctx->legacy_functions;
    return e;
}

/* A gateway that tried again within the stream (recorded 2026): half a block cannot be taken back
 * from a client, nor made whole. */
static void tell_splice(const struct reading *r)
{
    struct lx_error why = {0};
    lx_error_set(&why, LX_EPROTO, "a second message began before the first was whole");
    r->s->ended = true;
    lx_events_add(r->out, LX_EVENT_FAULT)->fault =
        lx_fault_of_error(LX_EPROTO, &why, r->out->arena);
}

/* Where a server tool calls the client's tools one by one, each call but the first is all there at
 * the start, with its stop reason, and the end follows at once (recorded 2025-12). */
static void read_start(const struct reading *r)
{
    struct lx_json message = LX_GET(r->root, "message");
    if (r->s->started) {
        if (r->s->open)
            tell_splice(r);
        return;
    }
    r->s->started = true;
    lx_anthropic_usage_read(LX_GET(message, "usage"), &r->s->usage);
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_START);
    e->language = LX_ANTHROPIC;
    e->id = lx_json_text(LX_GET(message, "id"));
    e->name = lx_json_text(LX_GET(message, "model"));
    e->usage = r->s->usage;
    e->service_tier = lx_text(r->s->usage.service_tier);
    r->s->usage.raw = lx_slice(NULL, 0); /* belongs to this record */
    int64_t index = 0;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "content")); lx_json_next(&it);)
        start_block(r, index++, it.value);
    close_block(r);
    tell_finish(r, message);
}

static void read_delta(const struct reading *r)
{
    static const char *const known[] = {"stop_reason", "stop_sequence", NULL};
    struct lx_json delta = LX_GET(r->root, "delta"), usage = LX_GET(r->root, "usage");

    ensure_start(r);
    struct lx_event *finish = tell_finish(r, delta);
    if (finish)
        finish->extra = lx_anthropic_extra_read(delta, known, r->out->arena);
    if (lx_json_is(usage, LX_JSON_OBJECT)) {
        lx_anthropic_usage_read(usage, &r->s->usage);
        if (r->s->usage.known)
            lx_events_add(r->out, LX_EVENT_USAGE)->usage = r->s->usage;
        r->s->usage.raw = lx_slice(NULL, 0);
    }
}

static void read_stop(const struct reading *r)
{
    ensure_start(r);
    close_block(r);
    tell_held(r);
    r->s->ended = true;
    lx_events_add(r->out, LX_EVENT_END);
}

static void read_ping(const struct reading *r)
{
    lx_events_add(r->out, LX_EVENT_PING);
}

static void read_fault(const struct reading *r)
{
    r->s->ended = true;
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_FAULT);
    lx_anthropic_fault_read(r->root, 0, r->out->arena, &e->fault);
    e->fault.raw = lx_json_raw(r->root);
}

static const struct {
    const char *type;
    void (*read)(const struct reading *r);
} event_types[] = {
    {"content_block_delta", read_block_delta}, /* the commonest first */
    {"content_block_start", read_block_start},
    {"content_block_stop", read_block_stop},
    {"message_start", read_start},
    {"message_delta", read_delta},
    {"message_stop", read_stop},
    {"ping", read_ping},
    {"error", read_fault},
};

int lx_anthropic_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                            const struct lx_reply_context *ctx, struct lx_events *out,
                            struct lx_error *err)
{
    struct lx_anthropic_reading *s = state;
    if (s->ended || lx_record_is_done(rec))
        return 0;
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    struct reading r = {s, ctx, out, lx_json_root(doc)};
    struct lx_json type = LX_GET(r.root, "type");
    for (size_t i = 0; i < sizeof(event_types) / sizeof(event_types[0]); i++) {
        struct lx_slice name = lx_slice_z(event_types[i].type);
        if (lx_json_eq(type, name) || (!lx_json_given(type) && lx_slice_eq(rec->event, name))) {
            event_types[i].read(&r);
            break;
        }
        if (i + 1 == sizeof(event_types) / sizeof(event_types[0])) {
            if (lx_json_given(LX_GET(r.root, "error")) && !lx_json_given(type))
                read_fault(&r);
            else
                add_opaque(&r);
        }
    }
    return lx_events_result(out, s->held.failed, err);
}

/* A reply whose stop reason has come is whole: what is missing says nothing more. */
int lx_anthropic_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    struct lx_anthropic_reading *s = state;
    const struct lx_reply_context none = {0};
    struct reading r = {s, &none, out, {NULL, 0}};
    (void)err;
    if (s->ended)
        return 0;
    s->ended = true;
    close_block(&r);
    tell_held(&r);
    lx_events_end(out, s->finished);
    return 0;
}

void lx_anthropic_reading_clear(void *state)
{
    struct lx_anthropic_reading *s = state;
    lx_buf_clear(&s->held);
    memset(s, 0, sizeof(*s));
}
