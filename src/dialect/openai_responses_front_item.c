/*
 * openai_responses_front_item.c - front: what happens within parts -> output items and their
 * events.
 *
 * Texts that follow each other are parts of one message; thinking is an item of its own each time,
 * so are calls, and images in base64. An item begins with its first byte, and is numbered then;
 * calls may overlap, and end what else is open. What was said stays until the stream is over
 * (openai_responses_front_stream.c).
 */
#include "dialect/openai_responses.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_ITEMS = 1024 };

void lx_responses_teller_fail(const struct lx_responses_teller *t, int code)
{
    if (code && !t->out->failed)
        t->out->failed = code;
}

/* Texts are held as JSON has them, escaped. */
void lx_responses_hold(const struct lx_responses_teller *t, struct lx_buf *held,
                       struct lx_text text)
{
    struct lx_out o = lx_out(held);
    size_t before = held->n;
    lx_out_string_part(&o, text);
    t->s->held += held->n - before;
    lx_responses_teller_fail(t, held->failed);
    if (t->s->held > LX_RESPONSES_HELD_MAX)
        lx_responses_teller_fail(t, LX_ELIMIT);
}

static struct lx_text held_text(const struct lx_buf *held)
{
    return (struct lx_text){lx_buf_slice(held), true};
}

/* ---- Records ------------------------------------------------------------------------------ */

struct lx_out lx_responses_record_open(const struct lx_responses_teller *t, const char *type)
{
    struct lx_buf *to = t->s->whole ? &t->s->spill : t->out;
    if (t->s->whole)
        lx_buf_reset(to);
    else
        lx_sse_begin(to, type);
    struct lx_out o = lx_out(to);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "type", lx_slice_z(type));
    lx_out_int(&o, "sequence_number", t->s->sequence++);
    return o;
}

void lx_responses_record_close(const struct lx_responses_teller *t, struct lx_out *o)
{
    lx_out_object_end(o);
    if (t->s->whole)
        lx_responses_teller_fail(t, t->s->spill.failed);
    else
        lx_sse_end(o->buf);
}

static void write_id(struct lx_out *o, const char *name, const struct lx_responses_teller *t,
                     const struct lx_responses_told *i)
{
    static const char *const prefixes[] = {
        [LX_PART_TEXT] = "msg_",
        [LX_PART_THINKING] = "rs_",
        [LX_PART_TOOL_CALL] = "fc_",
        [LX_PART_IMAGE] = "ig_",
    };
    char number[24];
    if (i->id.n) {
        lx_out_text(o, name, held_text(&i->id));
        return;
    }
    assert(i->kind <= LX_PART_TOOL_CALL && prefixes[i->kind]); /* the kinds of items */
    snprintf(number, sizeof(number), "_%lld", (long long)i->index);
    lx_out_string_open(o, name);
    lx_out_string_part(o, lx_text(i->custom ? LX_S("ctc_") : lx_slice_z(prefixes[i->kind])));
    lx_out_string_part(o, lx_text(t->ctx->id));
    lx_out_string_part(o, lx_text(lx_slice_z(number)));
    lx_out_string_close(o);
}

/* A record about an item; `section`: of its content or summary, as `name` calls it, or NULL. */
static struct lx_out item_record(const struct lx_responses_teller *t,
                                 const struct lx_responses_told *i, const char *type,
                                 const char *name)
{
    struct lx_out o = lx_responses_record_open(t, type);
    write_id(&o, "item_id", t, i);
    lx_out_int(&o, "output_index", i->index);
    if (name)
        lx_out_int(&o, name, i->section);
    return o;
}

/* ---- Items -------------------------------------------------------------------------------- */

static void write_message(struct lx_out *o, const struct lx_responses_teller *t,
                          const struct lx_responses_told *i)
{
    (void)t;
    lx_out_lit(o, "type", "message");
    lx_out_lit(o, "role", "assistant");
    lx_out_array(o, "content");
    lx_buf_add(o->buf, lx_buf_slice(&i->sections));
    lx_out_array_end(o);
}

static void write_summary(struct lx_out *o, const char *name, const struct lx_buf *text)
{
    lx_out_object(o, name);
    lx_out_lit(o, "type", "summary_text");
    lx_out_text(o, "text", held_text(text));
    lx_out_object_end(o);
}

static void write_reasoning(struct lx_out *o, const struct lx_responses_teller *t,
                            const struct lx_responses_told *i)
{
    lx_out_lit(o, "type", "reasoning");
    lx_out_array(o, "summary");
    if (i->text.n)
        write_summary(o, NULL, &i->text);
    lx_out_array_end(o);
    if (i->sealed.n)
        lx_responses_seal(o, held_text(&i->sealed), i->redacted, t->ctx);
}

static void write_call(struct lx_out *o, const struct lx_responses_teller *t,
                       const struct lx_responses_told *i)
{
    (void)t;
    lx_out_str(o, "type", i->custom ? LX_S("custom_tool_call") : LX_S("function_call"));
    lx_out_text(o, "call_id", held_text(&i->call_id));
    lx_out_text(o, "name", held_text(&i->name));
    lx_out_text(o, i->custom ? "input" : "arguments", held_text(&i->text));
}

static void write_image(struct lx_out *o, const struct lx_responses_teller *t,
                        const struct lx_responses_told *i)
{
    (void)t;
    lx_out_lit(o, "type", "image_generation_call");
    lx_out_text(o, "result", held_text(&i->text));
}

static void write_item(struct lx_out *o, const char *name, const struct lx_responses_teller *t,
                       const struct lx_responses_told *i, struct lx_slice status)
{
    static void (*const writers[])(struct lx_out *, const struct lx_responses_teller *,
                                   const struct lx_responses_told *) = {
        [LX_PART_TEXT] = write_message,
        [LX_PART_THINKING] = write_reasoning,
        [LX_PART_TOOL_CALL] = write_call,
        [LX_PART_IMAGE] = write_image,
    };
    if (i->kind == LX_PART_OPAQUE) {
        lx_out_raw(o, name, lx_buf_slice(&i->text));
        return;
    }
    lx_out_object(o, name);
    write_id(o, "id", t, i);
    writers[i->kind](o, t, i);
    if (!i->custom)
        lx_out_str(o, "status", status);
    lx_out_object_end(o);
}

struct lx_responses_told *lx_responses_item_new(const struct lx_responses_teller *t,
                                                enum lx_part_kind kind)
{
    struct lx_responses_telling *s = t->s;
    struct lx_responses_told *i = s->count < MAX_ITEMS ? calloc(1, sizeof(*i)) : NULL;
    if (!i) {
        lx_responses_teller_fail(t, s->count < MAX_ITEMS ? LX_ENOMEM : LX_ELIMIT);
        return NULL;
    }
    struct lx_buf *buffers[] = {&i->text,        &i->call_id, &i->name, &i->sections,
                                &i->annotations, &i->sealed,  &i->json, &i->id};
    for (size_t k = 0; k < sizeof(buffers) / sizeof(buffers[0]); k++)
        lx_buf_init(buffers[k], LX_RESPONSES_HELD_MAX);
    i->kind = kind;
    i->part = t->e->index;
    i->index = s->count++;
    *(s->last ? &s->last->next : &s->items) = i;
    s->last = i;
    return i;
}

/* What was held of it, but for what it came to. */
void lx_responses_item_drop(struct lx_responses_told *i)
{
    struct lx_buf *buffers[] = {&i->text,        &i->call_id, &i->name, &i->sections,
                                &i->annotations, &i->sealed,  &i->id};
    for (size_t k = 0; k < sizeof(buffers) / sizeof(buffers[0]); k++)
        lx_buf_clear(buffers[k]);
}

static void announce(const struct lx_responses_teller *t, const struct lx_responses_told *i)
{
    struct lx_out o = lx_responses_record_open(t, "response.output_item.added");
    lx_out_int(&o, "output_index", i->index);
    write_item(&o, "item", t, i, LX_S("in_progress"));
    lx_responses_record_close(t, &o);
}

static void finish_item(const struct lx_responses_teller *t, struct lx_responses_told *i,
                        struct lx_slice status)
{
    struct lx_out json = lx_out(&i->json);
    write_item(&json, NULL, t, i, status);
    t->s->held += i->json.n;
    lx_responses_teller_fail(t, i->json.failed);
    lx_responses_item_drop(i);
    i->done = true;
    struct lx_out o = lx_responses_record_open(t, "response.output_item.done");
    lx_out_int(&o, "output_index", i->index);
    lx_out_raw(&o, "item", lx_buf_slice(&i->json));
    lx_responses_record_close(t, &o);
}

/* ---- Messages ----------------------------------------------------------------------------- */

static void write_section(struct lx_out *o, const char *name, const struct lx_responses_teller *t,
                          const struct lx_responses_told *i)
{
    lx_out_object(o, name);
    if (i->section_kind == LX_PART_REFUSAL) {
        lx_out_lit(o, "type", "refusal");
        lx_out_text(o, "refusal", held_text(&i->text));
    } else {
        lx_out_lit(o, "type", "output_text");
        lx_out_text(o, "text", held_text(&i->text));
        lx_out_array(o, "annotations");
        lx_buf_add(o->buf, lx_buf_slice(&i->annotations));
        lx_out_array_end(o);
        lx_out_array(o, "logprobs");
        lx_buf_add(o->buf, lx_buf_slice(&t->s->logprobs));
        lx_out_array_end(o);
    }
    lx_out_object_end(o);
}

static void open_section(const struct lx_responses_teller *t, struct lx_responses_told *i,
                         enum lx_part_kind kind)
{
    static const char empty[] =
        "{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[],\"logprobs\":[]}";
    i->section_open = true;
    i->section_kind = kind;
    i->part = t->e->index;
    struct lx_out o = item_record(t, i, "response.content_part.added", "content_index");
    lx_out_raw(&o, "part",
               kind == LX_PART_REFUSAL ? LX_S("{\"type\":\"refusal\",\"refusal\":\"\"}")
                                       : lx_slice_z(empty));
    lx_responses_record_close(t, &o);
}

static void close_section(const struct lx_responses_teller *t, struct lx_responses_told *i)
{
    bool refusal = i->section_kind == LX_PART_REFUSAL;
    if (!i->section_open)
        return;
    struct lx_out o = item_record(
        t, i, refusal ? "response.refusal.done" : "response.output_text.done", "content_index");
    lx_out_text(&o, refusal ? "refusal" : "text", held_text(&i->text));
    if (!refusal) {
        lx_out_array(&o, "logprobs");
        lx_buf_add(o.buf, lx_buf_slice(&t->s->logprobs));
        lx_out_array_end(&o);
    }
    lx_responses_record_close(t, &o);
    o = item_record(t, i, "response.content_part.done", "content_index");
    write_section(&o, "part", t, i);
    lx_responses_record_close(t, &o);
    struct lx_out all = {&i->sections, i->section > 0};
    write_section(&all, NULL, t, i);
    lx_responses_teller_fail(t, i->sections.failed);
    lx_buf_reset(&i->text);
    lx_buf_reset(&i->annotations);
    if (!refusal)
        lx_buf_reset(&t->s->logprobs);
    i->section++;
    i->annotation_count = 0;
    i->section_open = false;
}

/* ---- Reasoning ---------------------------------------------------------------------------- */

static void close_summary(const struct lx_responses_teller *t, struct lx_responses_told *i)
{
    if (!i->section_open)
        return;
    struct lx_out o = item_record(t, i, "response.reasoning_summary_text.done", "summary_index");
    lx_out_text(&o, "text", held_text(&i->text));
    lx_responses_record_close(t, &o);
    o = item_record(t, i, "response.reasoning_summary_part.done", "summary_index");
    write_summary(&o, "part", &i->text);
    lx_responses_record_close(t, &o);
    i->section_open = false;
}

/* ---- The item under way ------------------------------------------------------------------- */

/* Ends the message or reasoning that is open. */
static void close_open(const struct lx_responses_teller *t, struct lx_slice status)
{
    struct lx_responses_told *i = t->s->open;
    t->s->open = NULL;
    if (!i)
        return;
    (i->kind == LX_PART_TEXT ? close_section : close_summary)(t, i);
    finish_item(t, i, status);
}

/* The message, or the reasoning of this part: what is open, or a new one. */
static struct lx_responses_told *ensure(const struct lx_responses_teller *t, enum lx_part_kind kind)
{
    struct lx_responses_told *i = t->s->open;
    if (i && i->kind == kind && (kind == LX_PART_TEXT || i->part == t->e->index))
        return i;
    close_open(t, LX_S("completed"));
    i = t->s->open = lx_responses_item_new(t, kind);
    if (i)
        announce(t, i);
    return i;
}

static void say(const struct lx_responses_teller *t, enum lx_part_kind kind, struct lx_text text)
{
    bool refusal = kind == LX_PART_REFUSAL;
    struct lx_responses_told *i = text.s.n ? ensure(t, LX_PART_TEXT) : NULL;
    if (!i)
        return;
    if (i->section_open && (i->section_kind != kind || i->part != t->e->index))
        close_section(t, i);
    if (!i->section_open)
        open_section(t, i, kind);
    lx_responses_hold(t, &i->text, text);
    struct lx_out o = item_record(
        t, i, refusal ? "response.refusal.delta" : "response.output_text.delta", "content_index");
    lx_out_text(&o, "delta", text);
    if (!refusal) {
        lx_out_array(&o, "logprobs");
        lx_out_array_end(&o);
    }
    lx_responses_record_close(t, &o);
}

static void think(const struct lx_responses_teller *t)
{
    struct lx_responses_told *i = t->e->text.s.n ? ensure(t, LX_PART_THINKING) : NULL;
    if (!i)
        return;
    if (!i->section_open) {
        struct lx_out o =
            item_record(t, i, "response.reasoning_summary_part.added", "summary_index");
        lx_out_raw(&o, "part", LX_S("{\"type\":\"summary_text\",\"text\":\"\"}"));
        lx_responses_record_close(t, &o);
        i->section_open = true;
    }
    lx_responses_hold(t, &i->text, t->e->text);
    struct lx_out o = item_record(t, i, "response.reasoning_summary_text.delta", "summary_index");
    lx_out_text(&o, "delta", t->e->text);
    lx_responses_record_close(t, &o);
}

/* ---- Calls, media, and what others' tools did --------------------------------------------- */

static struct lx_responses_told *find_call(const struct lx_responses_teller *t)
{
    struct lx_responses_told *i = t->s->items;
    while (i && (i->kind != LX_PART_TOOL_CALL || i->done || i->part != t->e->index))
        i = i->next;
    return i;
}

static void start_call(const struct lx_responses_teller *t)
{
    close_open(t, LX_S("completed"));
    struct lx_responses_told *i = lx_responses_item_new(t, LX_PART_TOOL_CALL);
    if (!i)
        return;
    i->custom = t->e->custom;
    lx_responses_hold(t, &i->call_id, t->e->id);
    lx_responses_hold(t, &i->name, t->e->name);
    announce(t, i);
}

static void end_call(const struct lx_responses_teller *t, struct lx_responses_told *i,
                     struct lx_slice status)
{
    if (!i->text.n && !i->custom) /* arguments are never none */
        lx_responses_hold(t, &i->text, lx_text(LX_S("{}")));
    struct lx_out o = item_record(t, i,
                                  i->custom ? "response.custom_tool_call_input.done"
                                            : "response.function_call_arguments.done",
                                  NULL);
    if (!i->custom)
        lx_out_text(&o, "name", held_text(&i->name));
    lx_out_text(&o, i->custom ? "input" : "arguments", held_text(&i->text));
    lx_responses_record_close(t, &o);
    finish_item(t, i, status);
}

/* As base64 it is what OpenAI's tool makes; else Markdown, so that nothing is lost. */
static void tell_media(const struct lx_responses_teller *t)
{
    const struct lx_media *m = &t->e->media;
    if (t->e->part == LX_PART_IMAGE && m->data.s.n) {
        close_open(t, LX_S("completed"));
        struct lx_responses_told *i = lx_responses_item_new(t, LX_PART_IMAGE);
        if (!i)
            return;
        announce(t, i);
        lx_responses_hold(t, &i->text, m->data);
        finish_item(t, i, LX_S("completed"));
    } else if (m->url.s.n) {
        say(t, LX_PART_TEXT, lx_text(t->e->part == LX_PART_IMAGE ? LX_S("![](") : LX_S("[](")));
        say(t, LX_PART_TEXT, m->url);
        say(t, LX_PART_TEXT, lx_text(LX_S(")")));
    }
}

/* Items of this language as they came; others' are not understood by its clients. */
static void tell_opaque(const struct lx_responses_teller *t)
{
    if (!lx_slice_eq(t->e->language, LX_RESPONSES))
        return;
    close_open(t, LX_S("completed"));
    struct lx_responses_told *i = lx_responses_item_new(t, LX_PART_OPAQUE);
    if (!i)
        return;
    lx_buf_add(&i->text, t->e->raw);
    lx_responses_teller_fail(t, i->text.failed);
    announce(t, i);
    finish_item(t, i, LX_S("completed"));
}

/* ---- Parts -------------------------------------------------------------------------------- */

static void tell_part_start(const struct lx_responses_teller *t)
{
    static void (*const starts[])(const struct lx_responses_teller *) = {
        [LX_PART_IMAGE] = tell_media,   [LX_PART_VIDEO] = tell_media,
        [LX_PART_FILE] = tell_media,    [LX_PART_TOOL_CALL] = start_call,
        [LX_PART_OPAQUE] = tell_opaque,
    };
    if (t->e->part != LX_PART_TOOL_CALL) {
        t->s->part = t->e->index;
        t->s->kind = t->e->part;
    }
    if (t->e->part <= LX_PART_OPAQUE && starts[t->e->part])
        starts[t->e->part](t);
}

/* The kind of the part that an event is about. */
static enum lx_part_kind kind_of(const struct lx_responses_teller *t)
{
    return t->s->part == t->e->index ? t->s->kind : t->e->part;
}

static void tell_text(const struct lx_responses_teller *t)
{
    enum lx_part_kind kind = kind_of(t);
    if (kind == LX_PART_THINKING)
        think(t);
    else if (kind == LX_PART_TEXT || kind == LX_PART_REFUSAL)
        say(t, kind, t->e->text);
    else if (kind == LX_PART_AUDIO) /* what was said aloud */
        say(t, LX_PART_TEXT, t->e->text);
}

static void tell_signature(const struct lx_responses_teller *t)
{
    struct lx_responses_told *i = t->e->text.s.n ? ensure(t, LX_PART_THINKING) : NULL;
    if (i)
        lx_responses_hold(t, &i->sealed, t->e->text);
}

static void tell_data(const struct lx_responses_teller *t)
{
    if (kind_of(t) != LX_PART_REDACTED_THINKING)
        return;
    struct lx_responses_told *i = t->e->text.s.n ? ensure(t, LX_PART_THINKING) : NULL;
    if (!i)
        return;
    i->redacted = true;
    lx_responses_hold(t, &i->sealed, t->e->text);
}

static void tell_arguments(const struct lx_responses_teller *t)
{
    struct lx_responses_told *i = t->e->text.s.n ? find_call(t) : NULL;
    if (!i)
        return;
    lx_responses_hold(t, &i->text, t->e->text);
    struct lx_out o = item_record(t, i,
                                  i->custom ? "response.custom_tool_call_input.delta"
                                            : "response.function_call_arguments.delta",
                                  NULL);
    lx_out_text(&o, "delta", t->e->text);
    lx_responses_record_close(t, &o);
}

/* Texts stay open: what follows may be of the same message. */
static void tell_part_end(const struct lx_responses_teller *t)
{
    struct lx_responses_told *open = t->s->open, *call = find_call(t);
    if (open && open->kind == LX_PART_THINKING && open->part == t->e->index)
        close_open(t, LX_S("completed"));
    else if (call)
        end_call(t, call, LX_S("completed"));
}

/* ---- What is known about a text ----------------------------------------------------------- */

/* An annotation: flat here, an object of its own in chat completions. False: it is none that this
 * language has. */
static bool write_annotation(struct lx_out *o, const char *name, struct lx_json citation)
{
    struct lx_json inside = LX_GET(citation, "url_citation");
    if (!lx_json_given(inside))
        inside = citation;
    struct lx_json from = LX_GET(inside, "start_index"), to = LX_GET(inside, "end_index");
    if (!lx_json_is(LX_GET(inside, "url"), LX_JSON_STRING))
        return false;
    lx_out_object(o, name);
    lx_out_lit(o, "type", "url_citation");
    lx_out_value(o, "url", LX_GET(inside, "url"));
    lx_out_text(o, "title", lx_json_text(LX_GET(inside, "title")));
    lx_out_raw(o, "start_index", lx_json_given(from) ? lx_json_raw(from) : LX_S("0"));
    lx_out_raw(o, "end_index", lx_json_given(to) ? lx_json_raw(to) : LX_S("0"));
    lx_out_object_end(o);
    return true;
}

static void tell_citation(const struct lx_responses_teller *t)
{
    struct lx_json_doc doc;
    struct lx_responses_told *i = t->s->open;
    if (!i || i->kind != LX_PART_TEXT || !i->section_open)
        return;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, t->e->raw, NULL, NULL);
    struct lx_json citation = code ? (struct lx_json){0} : lx_json_root(&doc);
    struct lx_out all = {&i->annotations, i->annotation_count > 0};
    if (code == LX_ENOMEM)
        lx_responses_teller_fail(t, code);
    size_t before = i->annotations.n;
    if (write_annotation(&all, NULL, citation)) {
        t->s->held += i->annotations.n - before;
        lx_responses_teller_fail(t, i->annotations.failed);
        struct lx_out o =
            item_record(t, i, "response.output_text.annotation.added", "content_index");
        lx_out_int(&o, "annotation_index", i->annotation_count++);
        write_annotation(&o, "annotation", citation);
        lx_responses_record_close(t, &o);
    }
    lx_json_doc_clear(&doc);
}

/* Chats may lack a token's bytes, or have null for them; a Response has them always. */
static void write_token(struct lx_out *o, struct lx_json token, struct lx_arena *a)
{
    struct lx_json bytes = LX_GET(token, "bytes");
    lx_out_value(o, "token", LX_GET(token, "token"));
    lx_out_value(o, "logprob", LX_GET(token, "logprob"));
    if (lx_json_is(bytes, LX_JSON_ARRAY)) {
        lx_out_value(o, "bytes", bytes);
        return;
    }
    struct lx_slice plain = lx_text_plain(lx_json_text(LX_GET(token, "token")), a);
    lx_out_array(o, "bytes");
    for (size_t i = 0; i < plain.n; i++)
        lx_out_int(o, NULL, (unsigned char)plain.p[i]);
    lx_out_array_end(o);
}

static void write_logprob(struct lx_out *o, struct lx_json token, struct lx_arena *a)
{
    lx_out_object(o, NULL);
    write_token(o, token, a);
    lx_out_array(o, "top_logprobs");
    for (struct lx_json_iter it = lx_json_iter(LX_GET(token, "top_logprobs")); lx_json_next(&it);) {
        lx_out_object(o, NULL);
        write_token(o, it.value, a);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_object_end(o);
}

/* They are of the text that ends next. */
static void hold_logprobs(const struct lx_responses_teller *t)
{
    struct lx_json_doc doc;
    struct lx_arena arena;
    struct lx_buf *held = &t->s->logprobs;
    lx_arena_init(&arena, LX_RESPONSES_HELD_MAX);
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, t->e->raw, NULL, NULL);
    struct lx_json list = code ? (struct lx_json){0} : LX_GET(lx_json_root(&doc), "content");
    if (code == LX_ENOMEM)
        lx_responses_teller_fail(t, code);
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        struct lx_out o = {held, held->n > 0};
        write_logprob(&o, it.value, &arena);
    }
    lx_responses_teller_fail(t, held->failed ? held->failed : arena.failed);
    lx_arena_clear(&arena);
    lx_json_doc_clear(&doc);
}

/* ---- All of them -------------------------------------------------------------------------- */

void lx_responses_items_close(const struct lx_responses_teller *t, struct lx_slice status)
{
    close_open(t, status);
    for (struct lx_responses_told *i = t->s->items; i; i = i->next)
        if (!i->done)
            end_call(t, i, status);
}

void lx_responses_items_clear(struct lx_responses_telling *s)
{
    while (s->items) {
        struct lx_responses_told *i = s->items;
        s->items = i->next;
        lx_responses_item_drop(i);
        lx_buf_clear(&i->json);
        free(i);
    }
}

void lx_responses_item_tell(const struct lx_responses_teller *t)
{
    static void (*const tellers[])(const struct lx_responses_teller *) = {
        [LX_EVENT_PART_START] = tell_part_start,
        [LX_EVENT_TEXT] = tell_text,
        [LX_EVENT_SIGNATURE] = tell_signature,
        [LX_EVENT_ARGUMENTS] = tell_arguments,
        [LX_EVENT_DATA] = tell_data,
        [LX_EVENT_CITATION] = tell_citation,
        [LX_EVENT_LOGPROBS] = hold_logprobs,
        [LX_EVENT_PART_END] = tell_part_end,
    };
    tellers[t->e->kind](t);
}
