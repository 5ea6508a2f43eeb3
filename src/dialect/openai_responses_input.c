/*
 * openai_responses_input.c - back: the conversation of a request, as instructions and input items.
 *
 * Where a chat has messages, this language has items in one list: what an assistant's message
 * holds (thinking, text, calls) and each tool's result are items of their own, in order.
 *
 *   system, in front   -> instructions, as LiteLLM does; elsewhere a message of that role
 *   user, developer    -> {"type":"message","role","content": string or list of parts}
 *   assistant          -> reasoning | message | function_call | custom_tool_call
 *   tool               -> function_call_output | custom_tool_call_output
 */
#include "dialect/openai_responses.h"
#include "dialect/textual.h"

/* A conversation being written. */
struct input {
    struct lx_responses_writer *w;
    size_t message, part; /* where in the client's request the writing is */
    size_t items;         /* written */
};

static struct lx_slice place(const struct input *in)
{
    return lx_arena_printf(in->w->b->arena, "messages[%zu].content[%zu]", in->message, in->part);
}

static void refuse(struct input *in, const char *why)
{
    lx_body_refuse(in->w->b, in->w->o, place(in), lx_slice_z(why));
}

static void item_open(struct input *in, struct lx_slice type)
{
    in->items++;
    lx_out_object(&in->w->out, NULL);
    lx_out_str(&in->w->out, "type", type);
}

static void item_close(struct input *in)
{
    lx_out_object_end(&in->w->out);
}

/* ---- Parts of content --------------------------------------------------------------------- */

static bool is_text(const struct lx_part *p)
{
    return p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL;
}

/* What keeps a part from being content; NULL: nothing does. */
static const char *obstacle(const struct input *in, const struct lx_part *p)
{
    bool foreign = p->media.file_id.s.n && !in->w->openai;
    switch (p->kind) {
    case LX_PART_AUDIO:
        return "the Responses API takes no audio";
    case LX_PART_VIDEO:
        return "the Responses API takes no video";
    case LX_PART_IMAGE:
        return foreign ? "a file of another provider" : NULL;
    case LX_PART_FILE:
        if (foreign)
            return "a file of another provider";
        return p->citations.n ? "citations are not known in OpenAI's language" : NULL;
    case LX_PART_OPAQUE:
        return lx_slice_eq(p->language, LX_RESPONSES) ||
                       (lx_slice_eq(p->language, LX_OPENAI_CHAT) &&
                        lx_slice_find(p->raw, LX_S("\"input_")) >= 0)
                   ? NULL
                   : "only the provider that made it understands it";
    default:
        return NULL;
    }
}

static void write_text_part(struct input *in, struct lx_text text)
{
    lx_out_object(&in->w->out, NULL);
    lx_out_lit(&in->w->out, "type", "input_text");
    lx_out_text(&in->w->out, "text", text);
    lx_out_object_end(&in->w->out);
}

static void write_image(struct input *in, const struct lx_part *p)
{
    struct lx_out *o = &in->w->out;
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "input_image");
    if (p->media.file_id.s.n)
        lx_out_text(o, "file_id", p->media.file_id);
    else
        lx_openai_write_url(o, "image_url", &p->media, LX_S("image/png"));
    lx_out_str(o, "detail", p->media.detail.n ? p->media.detail : LX_S("auto"));
    lx_out_object_end(o);
}

static void write_file(struct input *in, const struct lx_part *p)
{
    const struct lx_media *m = &p->media;
    struct lx_out *o = &in->w->out;
    struct lx_text name = m->filename.s.n ? m->filename : p->title;
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "input_file");
    if (m->file_id.s.n) {
        lx_out_text(o, "file_id", m->file_id);
    } else if (m->url.s.n) {
        lx_out_text(o, "file_url", m->url);
    } else {
        if (!name.s.n) /* OpenAI wants one beside data */
            name = lx_text(lx_slice_eq(m->type, LX_S("application/pdf")) ? LX_S("document.pdf")
                                                                         : LX_S("document"));
        lx_out_text(o, "filename", name);
        lx_openai_write_url(o, "file_data", m, LX_S("application/pdf"));
    }
    lx_out_object_end(o);
}

static void write_part(struct input *in, const struct lx_part *p);

/* A document that is text, or is made of parts: its title, what it is about, and those. */
static void write_document(struct input *in, const struct lx_part *p)
{
    const struct lx_text lines[] = {p->title, p->context, p->text};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (lines[i].s.n)
            write_text_part(in, lines[i]);
    for (const struct lx_part *c = p->content; c; c = c->next)
        write_part(in, c);
}

/* One element of a list of content; nothing for kinds that are none. */
static void write_part(struct input *in, const struct lx_part *p)
{
    const char *why = obstacle(in, p);
    lx_responses_lose_cache(in->w, &p->cache);
    if (why)
        refuse(in, why);
    else if (is_text(p))
        write_text_part(in, p->text);
    else if (p->kind == LX_PART_IMAGE)
        write_image(in, p);
    else if (lx_file_is_text(p))
        write_document(in, p);
    else if (p->kind == LX_PART_FILE)
        write_file(in, p);
    else if (p->kind == LX_PART_OPAQUE)
        lx_out_raw(&in->w->out, NULL, p->raw);
}

static bool is_content(const struct lx_part *p)
{
    return p->kind <= LX_PART_FILE || p->kind == LX_PART_OPAQUE;
}

/* A string where one text says it all, else a list. */
static void write_content(struct input *in, const char *name, const struct lx_part *parts)
{
    const struct lx_part *only = parts;
    while (only && !is_content(only))
        only = only->next;
    const struct lx_part *more = only ? only->next : NULL;
    while (more && !is_content(more))
        more = more->next;
    if (!more && (!only || is_text(only))) {
        lx_out_text(&in->w->out, name, only ? only->text : lx_text(LX_S("")));
        if (only)
            lx_responses_lose_cache(in->w, &only->cache);
        return;
    }
    lx_out_array(&in->w->out, name);
    in->part = 0;
    for (const struct lx_part *p = parts; p; p = p->next, in->part++)
        if (is_content(p))
            write_part(in, p);
    lx_out_array_end(&in->w->out);
}

/* ---- Messages that are put in ------------------------------------------------------------- */

static void write_message(struct input *in, const struct lx_message *m)
{
    item_open(in, LX_S("message"));
    lx_out_str(&in->w->out, "role", lx_slice_z(lx_role_name(m->role)));
    write_content(in, "content", m->parts);
    item_close(in);
}

/* ---- The assistant ------------------------------------------------------------------------ */

/* As LiteLLM sends it, without the item's id: the encrypted content stands for itself (recorded,
 * 2026), and an id that is not known any more is refused. */
static void write_reasoning(struct input *in, const struct lx_part *p)
{
    struct lx_out *o = &in->w->out;
    struct lx_text encrypted = p->kind == LX_PART_THINKING ? p->signature : p->data;
    if (!lx_slice_starts(encrypted.s, LX_RESPONSES_MARK)) {
        if (!in->w->lost_thinking)
            lx_losses_add(in->w->b->losses, LX_S("thinking"),
                          LX_S("the target takes back only reasoning of its own"));
        in->w->lost_thinking = true;
        return;
    }
    encrypted.s = lx_slice_from(encrypted.s, LX_RESPONSES_MARK.n);
    item_open(in, LX_S("reasoning"));
    lx_out_array(o, "summary");
    if (p->text.s.n) {
        lx_out_object(o, NULL);
        lx_out_lit(o, "type", "summary_text");
        lx_out_text(o, "text", p->text);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_text(o, "encrypted_content", encrypted);
    item_close(in);
}

/* Arguments are a string of JSON, and never none. */
static void write_call(struct input *in, const struct lx_part *p)
{
    struct lx_out *o = &in->w->out;
    item_open(in, p->custom ? LX_S("custom_tool_call") : LX_S("function_call"));
    lx_out_text(o, "call_id", lx_call_id(p->id, in->w->o->keep_call_ids));
    lx_out_text(o, "name", p->name);
    if (p->custom)
        lx_out_text(o, "input", p->arguments);
    else
        lx_out_text(o, "arguments", p->arguments.s.n ? p->arguments : lx_text(LX_S("{}")));
    item_close(in);
}

/* A run of texts is one message, as a string: a list is for the provider's own, with their ids. */
static const struct lx_part *write_said(struct input *in, const struct lx_part *p)
{
    bool any = false;
    const struct lx_part *end = p;
    for (; end && is_text(end); end = end->next)
        any |= end->text.s.n != 0;
    if (!any)
        return end;
    item_open(in, LX_S("message"));
    lx_out_lit(&in->w->out, "role", "assistant");
    lx_out_string_open(&in->w->out, "content");
    for (; p != end; p = p->next) {
        lx_out_string_part(&in->w->out, p->text);
        lx_responses_lose_cache(in->w, &p->cache);
    }
    lx_out_string_close(&in->w->out);
    item_close(in);
    return end;
}

static void write_assistant(struct input *in, const struct lx_message *m)
{
    const struct lx_part *p = m->parts;
    for (in->part = 0; p; in->part++) {
        if (is_text(p)) {
            p = write_said(in, p);
            continue;
        }
        lx_responses_lose_cache(in->w, &p->cache);
        if (p->kind == LX_PART_THINKING || p->kind == LX_PART_REDACTED_THINKING)
            write_reasoning(in, p);
        else if (p->kind == LX_PART_TOOL_CALL)
            write_call(in, p);
        else if (p->kind == LX_PART_OPAQUE && lx_slice_eq(p->language, LX_RESPONSES))
            lx_out_raw(&in->w->out, NULL, p->raw);
        else if (p->kind == LX_PART_OPAQUE)
            refuse(in, "only the provider that made it understands it");
        else if (p->kind != LX_PART_TOOL_RESULT)
            refuse(in, "an assistant's message holds text only");
        p = p->next;
    }
}

/* ---- Results ------------------------------------------------------------------------------ */

/* A result has the form of its call, which is not far in front of it. */
static bool is_custom(const struct lx_message *from, const struct lx_message *end,
                      struct lx_text id, struct lx_arena *a)
{
    struct lx_slice wanted = lx_text_plain(id, a);
    bool custom = false;
    for (const struct lx_message *m = from; m != end; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (p->kind == LX_PART_TOOL_CALL && lx_slice_eq(lx_text_plain(p->id, a), wanted))
                custom = p->custom;
    return custom;
}

static void write_results(struct input *in, const struct lx_message *calls,
                          const struct lx_message *m)
{
    struct lx_responses_writer *w = in->w;
    for (const struct lx_part *p = m->parts; p; p = p->next) {
        if (p->kind != LX_PART_TOOL_RESULT)
            continue;
        bool custom = is_custom(calls, m, p->id, w->b->arena);
        item_open(in, custom ? LX_S("custom_tool_call_output") : LX_S("function_call_output"));
        lx_out_text(&w->out, "call_id", lx_call_id(p->id, w->o->keep_call_ids));
        write_content(in, "output", p->content);
        item_close(in);
        lx_responses_lose_cache(w, &p->cache);
        if (p->is_error && !w->lost_is_error)
            lx_losses_add(w->b->losses, LX_S("is_error"),
                          LX_S("a tool's result cannot be marked as an error"));
        w->lost_is_error |= p->is_error;
    }
}

/* ---- The whole ---------------------------------------------------------------------------- */

/* The messages of the system in front, where others follow: input may not be empty. */
static const struct lx_message *write_instructions(struct lx_responses_writer *w, size_t *count)
{
    const struct lx_message *end = w->r->messages;
    bool first = true;
    *count = 0;
    while (end && end->role == LX_ROLE_SYSTEM)
        end = end->next;
    if (!end)
        return w->r->messages;
    for (const struct lx_message *m = w->r->messages; m != end; m = m->next, ++*count) {
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            if (!is_text(p))
                lx_body_refuse(w->b, w->o,
                               lx_arena_printf(w->b->arena, "messages[%zu].content", *count),
                               LX_S("instructions are text only"));
            lx_responses_lose_cache(w, &p->cache);
            if (!is_text(p) || !p->text.s.n)
                continue;
            if (first)
                lx_out_string_open(&w->out, "instructions");
            else
                lx_out_string_part(&w->out, lx_text(LX_S("\n\n")));
            first = false;
            lx_out_string_part(&w->out, p->text);
        }
        lx_responses_lose_cache(w, &m->cache);
    }
    if (!first)
        lx_out_string_close(&w->out);
    return end;
}

void lx_responses_input_write(struct lx_responses_writer *w)
{
    struct input in = {.w = w};
    const struct lx_message *m = write_instructions(w, &in.message), *calls = m;
    lx_out_array(&w->out, "input");
    for (; m; m = m->next, in.message++) {
        lx_responses_lose_cache(w, &m->cache);
        if (m->role == LX_ROLE_ASSISTANT) {
            calls = m;
            write_assistant(&in, m);
        } else if (m->role == LX_ROLE_TOOL) {
            write_results(&in, calls, m);
        } else {
            write_message(&in, m);
        }
    }
    lx_out_array_end(&w->out);
}
