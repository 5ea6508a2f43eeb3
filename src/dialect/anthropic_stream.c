/*
 * anthropic_stream.c - front: events -> the records of a Messages stream.
 *
 * This wire is stricter than the vocabulary: one message_start, blocks that are numbered from zero
 * and never overlap, deltas only of their block's type, one message_delta at the end. Providers
 * that interleave parallel tool calls are put in order: the first open block is written through,
 * the others are held as finished bytes until it ends.
 *
 *   blocks:   [A open] -> [B held, ended] -> [C held]      C still grows, B is whole
 *             A ends: B's bytes go out, then C's so far, and C is written through from here
 *
 * A block gets its number and its place in the list with its first byte, so text that never comes
 * makes no empty block. What is held is bounded; past the bound the stream fails with LX_ELIMIT.
 */
#include "dialect/anthropic.h"

#include <stdlib.h>

enum {
    MAX_BLOCKS = 1024,         /* open or held at once */
    MAX_HELD_BYTES = 16 << 20, /* of one block */
    MAX_DELTA_BYTES = 64 << 10,
};

struct lx_anthropic_block {
    int64_t part;  /* index in the vocabulary */
    int64_t index; /* on the wire */
    enum lx_part_kind kind;
    bool started, ended;
    bool custom; /* a tool call in free text: its pieces stand inside {"input":"..."} */
    struct lx_buf held;
    struct lx_anthropic_block *next;
};

/* ---- Records -------------------------------------------------------------------------------- */

static struct lx_out record_open(struct lx_buf *to, const char *type)
{
    lx_sse_begin(to, type);
    struct lx_out o = lx_out(to);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "type", lx_slice_z(type));
    return o;
}

static void record_close(struct lx_out *o)
{
    lx_out_object_end(o);
    lx_sse_end(o->buf);
}

static struct lx_out delta_open(struct lx_buf *to, int64_t index, const char *type)
{
    struct lx_out o = record_open(to, "content_block_delta");
    lx_out_int(&o, "index", index);
    lx_out_object(&o, "delta");
    lx_out_str(&o, "type", lx_slice_z(type));
    return o;
}

static void delta_close(struct lx_out *o)
{
    lx_out_object_end(o);
    record_close(o);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static void block_free(struct lx_anthropic_block *b)
{
    lx_buf_clear(&b->held);
    free(b);
}

static void unlink_block(struct lx_anthropic_stream *s, struct lx_anthropic_block *b)
{
    struct lx_anthropic_block **at = &s->blocks;
    while (*at && *at != b)
        at = &(*at)->next;
    if (*at)
        *at = b->next;
    b->next = NULL;
}

static void append_block(struct lx_anthropic_stream *s, struct lx_anthropic_block *b)
{
    struct lx_anthropic_block **at = &s->blocks;
    while (*at)
        at = &(*at)->next;
    *at = b;
}

static struct lx_anthropic_block *find_block(const struct lx_anthropic_stream *s, int64_t part)
{
    struct lx_anthropic_block *b = s->blocks;
    while (b && (b->part != part || b->ended))
        b = b->next;
    return b;
}

/* The block that is written through: the first that has a number. */
static struct lx_anthropic_block *head_block(const struct lx_anthropic_stream *s)
{
    struct lx_anthropic_block *b = s->blocks;
    while (b && !b->started)
        b = b->next;
    return b;
}

static struct lx_anthropic_block *new_block(struct lx_anthropic_stream *s, int64_t part,
                                            enum lx_part_kind kind, struct lx_buf *out)
{
    struct lx_anthropic_block *b = s->block_count < MAX_BLOCKS ? calloc(1, sizeof(*b)) : NULL;
    if (!b) {
        if (!out->failed)
            out->failed = s->block_count < MAX_BLOCKS ? LX_ENOMEM : LX_ELIMIT;
        return NULL;
    }
    b->part = part;
    b->kind = kind;
    lx_buf_init(&b->held, MAX_HELD_BYTES);
    append_block(s, b);
    s->block_count++;
    return b;
}

static void drop_block(struct lx_anthropic_stream *s, struct lx_anthropic_block *b)
{
    unlink_block(s, b);
    s->block_count--;
    block_free(b);
}

/* Where the block's bytes go now. */
static struct lx_buf *target(const struct lx_anthropic_stream *s, struct lx_anthropic_block *b,
                             struct lx_buf *out)
{
    return head_block(s) == b ? out : &b->held;
}

/* Gives the block its number; the caller writes its content_block object. */
static struct lx_out start_open(struct lx_anthropic_stream *s, struct lx_anthropic_block *b,
                                struct lx_buf *out, const char *type)
{
    unlink_block(s, b);
    append_block(s, b);
    b->started = true;
    b->index = s->next_index++;
    struct lx_out o = record_open(target(s, b, out), "content_block_start");
    lx_out_int(&o, "index", b->index);
    lx_out_object(&o, "content_block");
    if (type)
        lx_out_str(&o, "type", lx_slice_z(type));
    return o;
}

static void start_close(struct lx_out *o)
{
    lx_out_object_end(o);
    record_close(o);
}

/* Passes on what is held of the blocks that have become first. */
static void release(struct lx_anthropic_stream *s, struct lx_buf *out)
{
    struct lx_anthropic_block *b;
    while ((b = head_block(s)) != NULL) {
        if (b->held.failed && !out->failed)
            out->failed = b->held.failed;
        lx_buf_add(out, lx_buf_slice(&b->held));
        lx_buf_clear(&b->held);
        if (!b->ended)
            return;
        drop_block(s, b);
    }
}

static void end_block(struct lx_anthropic_stream *s, struct lx_anthropic_block *b,
                      struct lx_buf *out)
{
    if (!b->started) {
        drop_block(s, b);
        return;
    }
    struct lx_buf *to = target(s, b, out);
    if (b->custom) {
        struct lx_out d = delta_open(to, b->index, "input_json_delta");
        lx_out_lit(&d, "partial_json", "\"}");
        delta_close(&d);
    }
    struct lx_out o = record_open(to, "content_block_stop");
    lx_out_int(&o, "index", b->index);
    record_close(&o);
    b->ended = true;
    release(s, out);
}

/* ---- The message ---------------------------------------------------------------------------- */

static void fold_usage(struct lx_anthropic_stream *s, const struct lx_usage *u)
{
    if (!u->known)
        return;
    struct lx_slice tier = lx_anthropic_tier(u->service_tier);
    s->usage = *u;
    s->usage.service_tier = tier;
    s->usage.raw = lx_slice(NULL, 0);
}

/* message_start, once: usage is what is known already, often nothing; message_delta tells all. */
static void write_start(struct lx_anthropic_stream *s, const struct lx_event *e,
                        const struct lx_reply_context *ctx, struct lx_buf *out)
{
    char id[96];
    if (s->started)
        return;
    s->started = true;
    lx_buf_init(&s->delta, MAX_DELTA_BYTES);
    if (e->kind == LX_EVENT_START) {
        s->native = lx_slice_eq(e->language, LX_ANTHROPIC);
        fold_usage(s, &e->usage);
    }
    struct lx_text none = {{NULL, 0}, false};
    bool start = e->kind == LX_EVENT_START;
    struct lx_out o = record_open(out, "message_start");
    lx_out_object(&o, "message");
    lx_out_str(&o, "id", lx_anthropic_id(start ? e->id : none, ctx, s->native, id));
    lx_out_lit(&o, "type", "message");
    lx_out_lit(&o, "role", "assistant");
    lx_out_text(&o, "model", start && e->name.s.n ? e->name : lx_text(ctx->model));
    lx_out_array(&o, "content");
    lx_out_array_end(&o);
    lx_out_null(&o, "stop_reason");
    lx_out_null(&o, "stop_sequence");
    lx_anthropic_usage_write(&o, "usage", &s->usage);
    lx_out_object_end(&o);
    record_close(&o);
}

/* ---- What parts are made of ----------------------------------------------------------------- */

struct writing {
    struct lx_anthropic_stream *s;
    const struct lx_event *e;
    struct lx_buf *out;
};

/* The block an event is about, made up where the part was never announced. */
static struct lx_anthropic_block *block_of(const struct writing *w, enum lx_part_kind otherwise)
{
    struct lx_anthropic_block *b = find_block(w->s, w->e->index);
    return b ? b : new_block(w->s, w->e->index, otherwise, w->out);
}

static void start_tool(const struct writing *w, struct lx_anthropic_block *b)
{
    struct lx_out o = start_open(w->s, b, w->out, "tool_use");
    w->s->tools = true;
    b->custom = w->e->custom;
    lx_out_text(&o, "id", w->e->id);
    lx_out_text(&o, "name", w->e->name);
    lx_out_raw(&o, "input", LX_S("{}"));
    for (const struct lx_extra *x = w->s->native ? w->e->extra : NULL; x; x = x->next) {
        lx_out_name(&o, lx_text(x->name));
        lx_out_raw(&o, NULL, x->json);
    }
    start_close(&o);
    if (b->custom) {
        struct lx_out d = delta_open(target(w->s, b, w->out), b->index, "input_json_delta");
        lx_out_lit(&d, "partial_json", "{\"input\":\"");
        delta_close(&d);
    }
}

/* A block of this language, as it came. Others' are not understood by this language's clients. */
static void start_opaque(const struct writing *w, struct lx_anthropic_block *b)
{
    if (!lx_slice_eq(w->e->language, LX_ANTHROPIC))
        return;
    unlink_block(w->s, b);
    append_block(w->s, b);
    b->started = true;
    b->index = w->s->next_index++;
    struct lx_out o = record_open(target(w->s, b, w->out), "content_block_start");
    lx_out_int(&o, "index", b->index);
    lx_out_raw(&o, "content_block", w->e->raw);
    record_close(&o);
}

static void start_text(const struct writing *w, struct lx_anthropic_block *b)
{
    struct lx_out o = start_open(w->s, b, w->out, "text");
    lx_out_lit(&o, "text", "");
    start_close(&o);
}

static void start_thinking(const struct writing *w, struct lx_anthropic_block *b)
{
    struct lx_out o = start_open(w->s, b, w->out, "thinking");
    lx_out_lit(&o, "thinking", "");
    lx_out_lit(&o, "signature", "");
    start_close(&o);
}

/* This language has no block for media that a model made; as Markdown nothing is lost. */
static void write_media(const struct writing *w, struct lx_anthropic_block *b)
{
    const struct lx_media *m = &w->e->media;
    if (!m->url.s.n && !m->data.s.n)
        return;
    start_text(w, b);
    struct lx_out o = delta_open(target(w->s, b, w->out), b->index, "text_delta");
    lx_out_string_open(&o, "text");
    lx_out_string_part(&o, lx_text(b->kind == LX_PART_IMAGE ? LX_S("![](") : LX_S("[](")));
    if (m->url.s.n) {
        lx_out_string_part(&o, m->url);
    } else {
        lx_out_string_part(&o, lx_text(LX_S("data:")));
        lx_out_string_part(&o, lx_text(m->type));
        lx_out_string_part(&o, lx_text(LX_S(";base64,")));
        lx_out_string_part(&o, m->data);
    }
    lx_out_string_part(&o, lx_text(LX_S(")")));
    lx_out_string_close(&o);
    delta_close(&o);
}

static void write_part_start(const struct writing *w)
{
    struct lx_anthropic_block *b = find_block(w->s, w->e->index);
    if (b)
        end_block(w->s, b, w->out);
    b = new_block(w->s, w->e->index, w->e->part, w->out);
    w->s->refusal |= w->e->part == LX_PART_REFUSAL;
    if (!b)
        return;
    if (b->kind == LX_PART_TOOL_CALL)
        start_tool(w, b);
    else if (b->kind == LX_PART_OPAQUE)
        start_opaque(w, b);
    else if (b->kind == LX_PART_IMAGE || b->kind == LX_PART_VIDEO || b->kind == LX_PART_FILE)
        write_media(w, b);
}

static void write_text(const struct writing *w)
{
    struct lx_anthropic_block *b = block_of(w, w->e->part);
    if (!b || !w->e->text.s.n || b->kind == LX_PART_OPAQUE || b->kind == LX_PART_TOOL_CALL)
        return;
    bool thinking = b->kind == LX_PART_THINKING;
    if (!b->started && thinking)
        start_thinking(w, b);
    else if (!b->started)
        start_text(w, b);
    struct lx_out o =
        delta_open(target(w->s, b, w->out), b->index, thinking ? "thinking_delta" : "text_delta");
    lx_out_text(&o, thinking ? "thinking" : "text", w->e->text);
    delta_close(&o);
}

static void write_signature(const struct writing *w)
{
    struct lx_anthropic_block *b = block_of(w, LX_PART_THINKING);
    if (!b || b->kind != LX_PART_THINKING)
        return;
    if (!b->started)
        start_thinking(w, b);
    struct lx_out o = delta_open(target(w->s, b, w->out), b->index, "signature_delta");
    lx_out_text(&o, "signature", w->e->text);
    delta_close(&o);
}

/* Free text stands in a JSON string within a JSON string: it is escaped twice. */
static void write_free_text(const struct writing *w, struct lx_out *o)
{
    struct lx_buf once;
    struct lx_arena arena;
    lx_arena_init(&arena, MAX_HELD_BYTES);
    lx_buf_init(&once, MAX_HELD_BYTES);
    struct lx_out inner = lx_out(&once);
    lx_out_string_part(&inner, lx_text(lx_text_plain(w->e->text, &arena)));
    lx_out_str(o, "partial_json", lx_buf_slice(&once));
    if ((once.failed || arena.failed) && !w->out->failed)
        w->out->failed = once.failed ? once.failed : arena.failed;
    lx_buf_clear(&once);
    lx_arena_clear(&arena);
}

static void write_arguments(const struct writing *w)
{
    struct lx_anthropic_block *b = find_block(w->s, w->e->index);
    if (!b || !b->started || !w->e->text.s.n ||
        (b->kind != LX_PART_TOOL_CALL && b->kind != LX_PART_OPAQUE))
        return;
    struct lx_out o = delta_open(target(w->s, b, w->out), b->index, "input_json_delta");
    if (b->custom)
        write_free_text(w, &o);
    else
        lx_out_text(&o, "partial_json", w->e->text);
    delta_close(&o);
}

/* Redacted thinking has no deltas: the block starts with all of it. Audio is not carried, only
 * what was said. */
static void write_data(const struct writing *w)
{
    struct lx_anthropic_block *b = find_block(w->s, w->e->index);
    if (!b || b->kind != LX_PART_REDACTED_THINKING || b->started)
        return;
    struct lx_out o = start_open(w->s, b, w->out, "redacted_thinking");
    lx_out_text(&o, "data", w->e->text);
    start_close(&o);
}

static void write_citation(const struct writing *w)
{
    struct lx_json_doc doc;
    struct lx_anthropic_block *b = find_block(w->s, w->e->index);
    if (!b || b->kind != LX_PART_TEXT)
        return;
    if (!b->started)
        start_text(w, b);
    lx_json_doc_init(&doc);
    if (lx_inner_read(&doc, w->e->raw, w->out)) {
        struct lx_buf *to = target(w->s, b, w->out);
        size_t before = to->n;
        struct lx_out o = delta_open(to, b->index, "citations_delta");
        if (!lx_anthropic_citation_write(&o, "citation", lx_json_root(&doc), w->e->language))
            to->n = before;
        else
            delta_close(&o);
    }
    lx_json_doc_clear(&doc);
}

/* An event of this language that the vocabulary has no name for; its block may have moved. */
static void write_opaque(const struct writing *w)
{
    struct lx_json_doc doc;
    if (!lx_slice_eq(w->e->language, LX_ANTHROPIC))
        return;
    lx_json_doc_init(&doc);
    struct lx_slice type = {NULL, 0};
    if (lx_inner_read(&doc, w->e->raw, w->out))
        type = lx_json_text(LX_GET(lx_json_root(&doc), "type")).s;
    struct lx_anthropic_block *b = find_block(w->s, w->e->index);
    bool delta = lx_slice_eq(type, LX_S("content_block_delta"));
    if (delta && b && b->started) {
        struct lx_out o = record_open(target(w->s, b, w->out), "content_block_delta");
        lx_out_int(&o, "index", b->index);
        lx_out_raw(&o, "delta", lx_json_raw(LX_GET(lx_json_root(&doc), "delta")));
        record_close(&o);
    } else if (!delta && type.n) {
        lx_buf_add_lit(w->out, "event: ");
        lx_buf_add(w->out, type);
        lx_buf_add_lit(w->out, "\ndata: ");
        struct lx_out o = lx_out(w->out);
        lx_out_raw(&o, NULL, w->e->raw);
        lx_sse_end(w->out);
    }
    lx_json_doc_clear(&doc);
}

static void write_part_end(const struct writing *w)
{
    struct lx_anthropic_block *b = find_block(w->s, w->e->index);
    if (b)
        end_block(w->s, b, w->out);
}

/* ---- The end -------------------------------------------------------------------------------- */

/* Kept until the end: usage may come after it, and both go into one record. */
static void keep_finish(const struct writing *w)
{
    struct lx_anthropic_stream *s = w->s;
    const struct lx_event *e = w->e;
    lx_buf_reset(&s->delta);
    struct lx_out o = lx_out(&s->delta);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "stop_reason",
               lx_anthropic_finish_name(e->finish, e->raw_finish, s->native, s->tools, s->refusal));
    if (e->stop_sequence.s.p)
        lx_out_text(&o, "stop_sequence", e->stop_sequence);
    else
        lx_out_null(&o, "stop_sequence");
    for (const struct lx_extra *x = s->native ? e->extra : NULL; x; x = x->next) {
        lx_out_name(&o, lx_text(x->name));
        lx_out_raw(&o, NULL, x->json);
    }
    lx_out_object_end(&o);
    if (s->delta.failed && !w->out->failed)
        w->out->failed = s->delta.failed;
}

static void write_end(const struct writing *w)
{
    static const struct lx_event finish = {.kind = LX_EVENT_FINISH};
    struct lx_anthropic_stream *s = w->s;
    while (s->blocks) {
        struct lx_anthropic_block *b = s->blocks;
        while (b && b->ended)
            b = b->next;
        if (!b)
            break;
        end_block(s, b, w->out);
    }
    release(s, w->out);
    if (!s->delta.n)
        keep_finish(&(struct writing){s, &finish, w->out});
    struct lx_out o = record_open(w->out, "message_delta");
    lx_out_raw(&o, "delta", lx_buf_slice(&s->delta));
    lx_anthropic_usage_write(&o, "usage", &s->usage);
    record_close(&o);
    o = record_open(w->out, "message_stop");
    record_close(&o);
    s->ended = true;
}

static void write_fault(const struct writing *w)
{
    lx_sse_begin(w->out, "error");
    lx_anthropic_write_error(&w->e->fault, w->out);
    lx_sse_end(w->out);
    w->s->ended = true;
}

static void write_ping(const struct writing *w)
{
    struct lx_out o = record_open(w->out, "ping");
    record_close(&o);
}

static void keep_usage(const struct writing *w)
{
    fold_usage(w->s, &w->e->usage);
}

static void (*const event_writers[])(const struct writing *) = {
    [LX_EVENT_START] = NULL,
    [LX_EVENT_PART_START] = write_part_start,
    [LX_EVENT_TEXT] = write_text,
    [LX_EVENT_SIGNATURE] = write_signature,
    [LX_EVENT_ARGUMENTS] = write_arguments,
    [LX_EVENT_DATA] = write_data,
    [LX_EVENT_CITATION] = write_citation,
    [LX_EVENT_LOGPROBS] = NULL,
    [LX_EVENT_PART_END] = write_part_end,
    [LX_EVENT_FINISH] = keep_finish,
    [LX_EVENT_USAGE] = keep_usage,
    [LX_EVENT_PING] = write_ping,
    [LX_EVENT_OPAQUE] = write_opaque,
    [LX_EVENT_FAULT] = write_fault,
    [LX_EVENT_END] = write_end,
};

/* One answer: a request of this language cannot have asked for more. */
void lx_anthropic_write_event(void *state, const struct lx_event *e,
                              const struct lx_reply_context *ctx, struct lx_buf *out)
{
    struct lx_anthropic_stream *s = state;
    if (s->ended || e->choice != 0)
        return;
    if (e->kind != LX_EVENT_PING && e->kind != LX_EVENT_FAULT)
        write_start(s, e, ctx, out);
    if (event_writers[e->kind])
        event_writers[e->kind](&(struct writing){s, e, out});
}

void lx_anthropic_stream_clear(void *state)
{
    struct lx_anthropic_stream *s = state;
    while (s->blocks) {
        struct lx_anthropic_block *b = s->blocks;
        s->blocks = b->next;
        block_free(b);
    }
    lx_buf_clear(&s->delta);
    memset(s, 0, sizeof(*s));
}
