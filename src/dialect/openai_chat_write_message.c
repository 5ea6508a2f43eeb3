/*
 * openai_chat_write_message.c - writes messages and their parts into a request.
 *
 * The request writer calls it. Between languages it keeps to what OpenAI takes: tool results hold
 * text only, so images in them follow in a message of the user's; an assistant's text is one
 * string; thinking goes into whatever member the target takes it back in.
 */
#include "dialect/json_tool.h"
#include "dialect/openai_chat.h"
#include "dialect/textual.h"

/* ---- Parts -------------------------------------------------------------------------------- */

void lx_openai_write_url(struct lx_out *o, const char *name, const struct lx_media *m,
                         struct lx_slice default_type)
{
    if (m->url.s.n) {
        lx_out_text(o, name, m->url);
        return;
    }
    lx_out_string_open(o, name);
    lx_out_string_part(o, lx_text(LX_S("data:")));
    lx_out_string_part(o, lx_text(m->type.n ? m->type : default_type));
    lx_out_string_part(o, lx_text(LX_S(";base64,")));
    lx_out_string_part(o, m->data);
    lx_out_string_close(o);
}

static void refuse(struct lx_openai_writer *w, size_t message, size_t part, const char *why)
{
    lx_body_refuse(w->body, w->options,
                   lx_arena_printf(w->body->arena, "messages[%zu].content[%zu]", message, part),
                   lx_slice_z(why));
}

static void need(struct lx_openai_writer *w, size_t message, size_t part, const struct lx_part *p,
                 const char *why)
{
    lx_body_need(w->body, w->options, p,
                 lx_arena_printf(w->body->arena, "messages[%zu].content[%zu]", message, part),
                 lx_slice_z(why));
}

/* What keeps a part from being content; NULL: nothing does. */
static const char *obstacle(const struct lx_openai_writer *w, const struct lx_part *p)
{
    switch (p->kind) {
    case LX_PART_OPAQUE:
        return w->same && lx_slice_eq(p->language, LX_OPENAI_CHAT)
                   ? NULL
                   : "only the provider that made it understands it";
    case LX_PART_VIDEO:
        if (!w->same && w->options->no_video)
            return "the target does not watch video";
        __attribute__((fallthrough));
    case LX_PART_IMAGE:
        return p->media.file_id.s.n ? "a file of another provider" : NULL;
    case LX_PART_AUDIO:
        return p->media.data.s.n || w->same ? NULL : "audio must be given as data";
    case LX_PART_FILE:
        if (p->media.url.s.n && !(w->same && w->options->file_urls))
            return "files must be given as data";
        if (w->same)
            return NULL;
        if (p->media.file_id.s.n)
            return "a file of another provider";
        return p->citations.n ? "citations are not known in OpenAI's language" : NULL;
    default:
        return NULL;
    }
}

static void write_text_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    lx_out_lit(&w->out, "type", "text");
    lx_out_text(&w->out, "text", p->text);
}

static void write_refusal_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    lx_out_lit(&w->out, "type", "refusal");
    lx_out_text(&w->out, "refusal", p->text);
}

static void write_image_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    lx_out_lit(&w->out, "type", "image_url");
    lx_out_object(&w->out, "image_url");
    lx_openai_write_url(&w->out, "url", &p->media, LX_S("image/png"));
    if (p->media.detail.n)
        lx_out_str(&w->out, "detail", p->media.detail);
    lx_out_object_end(&w->out);
}

static void write_video_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    lx_out_lit(&w->out, "type", "video_url");
    lx_out_object(&w->out, "video_url");
    lx_openai_write_url(&w->out, "url", &p->media, LX_S("video/mp4"));
    lx_out_object_end(&w->out);
}

/* "mp3" and "wav" are what OpenAI takes; others are named by their subtype. */
static struct lx_slice audio_format(const struct lx_media *m)
{
    struct lx_slice major, minor;
    if (m->format.n)
        return m->format;
    if (lx_slice_eq(m->type, LX_S("audio/mpeg")))
        return LX_S("mp3");
    lx_slice_cut(m->type, '/', &major, &minor);
    return minor.n ? minor : LX_S("wav");
}

static void write_audio_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    lx_out_lit(&w->out, "type", "input_audio");
    if (p->media.url.s.n) { /* Mistral takes a URL */
        lx_out_text(&w->out, "input_audio", p->media.url);
        return;
    }
    lx_out_object(&w->out, "input_audio");
    lx_out_text(&w->out, "data", p->media.data);
    lx_out_str(&w->out, "format", audio_format(&p->media));
    lx_out_object_end(&w->out);
}

static void write_file_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    const struct lx_media *m = &p->media;
    struct lx_out *o = &w->out;
    struct lx_text name = m->filename.s.n ? m->filename : p->title;

    lx_out_lit(o, "type", "file");
    lx_out_object(o, "file");
    if (m->file_id.s.n) {
        lx_out_text(o, "file_id", m->file_id);
    } else {
        if (!name.s.n) /* OpenAI wants one beside data */
            name = lx_text(lx_slice_eq(m->type, LX_S("application/pdf")) ? LX_S("document.pdf")
                                                                         : LX_S("document"));
        lx_out_text(o, "filename", name);
        lx_openai_write_url(o, "file_data", m, LX_S("application/pdf"));
    }
    lx_out_object_end(o);
}

/* Mistral's shape, unless it is signed: then LiteLLM's. */
static void write_thinking_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    struct lx_out *o = &w->out;
    lx_out_lit(o, "type", "thinking");
    if (p->signature.s.n) {
        lx_out_text(o, "thinking", p->text);
        lx_out_text(o, "signature", p->signature);
        return;
    }
    lx_out_array(o, "thinking");
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "text");
    lx_out_text(o, "text", p->text);
    lx_out_object_end(o);
    lx_out_array_end(o);
}

static void write_redacted_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    lx_out_lit(&w->out, "type", "redacted_thinking");
    lx_out_text(&w->out, "data", p->data);
}

static void (*const part_writers[])(struct lx_openai_writer *, const struct lx_part *) = {
    [LX_PART_TEXT] = write_text_part,
    [LX_PART_REFUSAL] = write_refusal_part,
    [LX_PART_IMAGE] = write_image_part,
    [LX_PART_AUDIO] = write_audio_part,
    [LX_PART_VIDEO] = write_video_part,
    [LX_PART_FILE] = write_file_part,
    [LX_PART_THINKING] = write_thinking_part,
    [LX_PART_REDACTED_THINKING] = write_redacted_part,
    [LX_PART_OPAQUE] = NULL,
};

static void write_part(struct lx_openai_writer *w, const struct lx_part *p);

/* A document that is text: its title, what it is about, and the text (or parts). */
static void write_text_file(struct lx_openai_writer *w, const struct lx_part *p)
{
    const struct lx_text lines[] = {p->title, p->context, p->text};
    bool first = true;

    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "type", "text");
    lx_out_string_open(&w->out, "text");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!lines[i].s.n)
            continue;
        if (!first)
            lx_out_string_part(&w->out, lx_text(LX_S("\n\n")));
        lx_out_string_part(&w->out, lines[i]);
        first = false;
    }
    lx_out_string_close(&w->out);
    lx_openai_write_cache(w, &p->cache);
    lx_out_object_end(&w->out);
    for (const struct lx_part *c = p->content; c; c = c->next)
        write_part(w, c);
}

/* One element of a content list; nothing for kinds that are no content. */
static void write_part(struct lx_openai_writer *w, const struct lx_part *p)
{
    if (p->kind == LX_PART_OPAQUE) {
        lx_out_raw(&w->out, NULL, p->raw);
    } else if (lx_file_is_text(p)) {
        write_text_file(w, p);
    } else if (p->kind < LX_PART_OPAQUE && part_writers[p->kind]) {
        lx_out_object(&w->out, NULL);
        part_writers[p->kind](w, p);
        lx_openai_write_cache(w, &p->cache);
        if (w->same)
            lx_extra_write(&w->out, p->extra);
        lx_out_object_end(&w->out);
    }
}

/* ---- Content ------------------------------------------------------------------------------ */

/* Which parts of a list are meant. */
enum choice {
    ALL_CONTENT,
    TEXT_ONLY,  /* what a tool result may hold */
    MEDIA_ONLY, /* what it may not */
};

static bool is_media(const struct lx_part *p)
{
    return p->kind == LX_PART_IMAGE || p->kind == LX_PART_AUDIO || p->kind == LX_PART_VIDEO ||
           (p->kind == LX_PART_FILE && !lx_file_is_text(p));
}

static bool is_chosen(const struct lx_openai_writer *w, const struct lx_part *p, enum choice choice)
{
    if (p->kind == LX_PART_TOOL_CALL || p->kind == LX_PART_TOOL_RESULT || obstacle(w, p))
        return false;
    return choice == ALL_CONTENT || is_media(p) == (choice == MEDIA_ONLY);
}

static size_t count_chosen(const struct lx_openai_writer *w, const struct lx_part *p,
                           enum choice choice)
{
    size_t n = 0;
    for (; p; p = p->next)
        n += is_chosen(w, p, choice);
    return n;
}

static void refuse_obstacles(struct lx_openai_writer *w, size_t message, const struct lx_part *p)
{
    for (size_t i = 0; p; p = p->next, i++) {
        const char *why = obstacle(w, p);
        if (why && is_media(p))
            need(w, message, i, p, why);
        else if (why)
            refuse(w, message, i, why);
    }
}

static bool needs_list(const struct lx_openai_writer *w, const struct lx_part *p)
{
    bool marked = p->cache.set && (w->same || w->options->cache_marks);
    return p->kind != LX_PART_TEXT || marked || (w->same && p->extra);
}

/* A string where one text says it all, else a list. */
static void write_content(struct lx_openai_writer *w, const struct lx_part *parts, bool plain,
                          enum choice choice)
{
    size_t n = count_chosen(w, parts, choice);
    const struct lx_part *p = parts;

    while (p && !is_chosen(w, p, choice))
        p = p->next;
    if (n == 0 && (plain || !w->same)) {
        lx_out_lit(&w->out, "content", "");
        return;
    }
    if (n == 1 && (plain || !w->same) && !needs_list(w, p)) {
        lx_out_text(&w->out, "content", p->text);
        if (p->cache.set) /* lost with the list: said once */
            lx_openai_write_cache(w, &p->cache);
        return;
    }
    lx_out_array(&w->out, "content");
    for (; p; p = p->next)
        if (is_chosen(w, p, choice))
            write_part(w, p);
    lx_out_array_end(&w->out);
}

/* ---- Tool results ------------------------------------------------------------------------- */

static void lose_is_error(struct lx_openai_writer *w)
{
    if (!w->lost_is_error)
        lx_losses_add(w->body->losses, LX_S("is_error"),
                      LX_S("a tool's result cannot be marked as an error"));
    w->lost_is_error = true;
}

static bool is_legacy(const struct lx_openai_writer *w, const struct lx_part *p)
{
    return w->same && lx_slice_starts(p->id.s, LX_OPENAI_LEGACY_ID);
}

static struct lx_text call_id(const struct lx_openai_writer *w, const struct lx_part *p)
{
    return lx_call_id(p->id, w->same || w->options->keep_call_ids);
}

static void write_result(struct lx_openai_writer *w, const struct lx_message *m,
                         const struct lx_part *p)
{
    struct lx_out *o = &w->out;
    bool legacy = is_legacy(w, p);
    bool moved = !w->same && count_chosen(w, p->content, MEDIA_ONLY);

    lx_out_object(o, NULL);
    lx_out_str(o, "role", legacy ? LX_S("function") : LX_S("tool"));
    if (!legacy && (p->id.s.p || !w->same))
        lx_out_text(o, "tool_call_id", call_id(w, p));
    if (w->same && p->name.s.n)
        lx_out_text(o, "name", p->name);
    if (moved && !count_chosen(w, p->content, TEXT_ONLY))
        lx_out_lit(o, "content", "The result is attached to the next message.");
    else
        write_content(w, p->content, m->plain, w->same ? ALL_CONTENT : TEXT_ONLY);
    lx_openai_write_cache(w, &p->cache);
    if (w->same)
        lx_extra_write(o, m->extra);
    lx_out_object_end(o);
    if (p->is_error)
        lose_is_error(w);
}

/* The images of the results in a run of messages, as a message of the user's: OpenAI takes them
 * nowhere else, and all results must stand before it. */
static void write_moved_media(struct lx_openai_writer *w, const struct lx_message *from,
                              const struct lx_message *to)
{
    struct lx_out *o = &w->out;
    bool open = false;

    for (const struct lx_message *m = from; m != to; m = m->next) {
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            if (p->kind != LX_PART_TOOL_RESULT || !count_chosen(w, p->content, MEDIA_ONLY))
                continue;
            if (!open) {
                lx_out_object(o, NULL);
                lx_out_lit(o, "role", "user");
                lx_out_array(o, "content");
            }
            open = true;
            lx_out_object(o, NULL);
            lx_out_lit(o, "type", "text");
            lx_out_string_open(o, "text");
            lx_out_string_part(o, lx_text(LX_S("Attached to the result of tool call ")));
            lx_out_string_part(o, p->id);
            lx_out_string_part(o, lx_text(LX_S(":")));
            lx_out_string_close(o);
            lx_out_object_end(o);
            for (const struct lx_part *c = p->content; c; c = c->next)
                if (is_chosen(w, c, MEDIA_ONLY))
                    write_part(w, c);
        }
    }
    if (open) {
        lx_out_array_end(o);
        lx_out_object_end(o);
    }
}

/* ---- The assistant ------------------------------------------------------------------------ */

void lx_openai_write_tool_call(struct lx_out *o, const struct lx_part *p, int64_t index)
{
    lx_out_object(o, NULL);
    if (index >= 0)
        lx_out_int(o, "index", index);
    lx_out_text(o, "id", p->id);
    lx_out_str(o, "type", p->custom ? LX_S("custom") : LX_S("function"));
    lx_out_object(o, p->custom ? "custom" : "function");
    lx_out_text(o, "name", p->name);
    if (p->custom)
        lx_out_text(o, "input", p->arguments);
    else
        lx_out_text(o, "arguments", p->arguments.s.n ? p->arguments : lx_text(LX_S("{}")));
    lx_out_object_end(o);
    lx_out_object_end(o);
}

void lx_openai_write_thinking_block(struct lx_out *o, const struct lx_part *p, int64_t index)
{
    lx_out_object(o, NULL);
    if (index >= 0)
        lx_out_int(o, "index", index);
    if (p->kind == LX_PART_REDACTED_THINKING) {
        lx_out_lit(o, "type", "redacted_thinking");
        lx_out_text(o, "data", p->data);
    } else {
        lx_out_lit(o, "type", "thinking");
        lx_out_text(o, "thinking", p->text);
        if (p->signature.s.n)
            lx_out_text(o, "signature", p->signature);
    }
    lx_out_object_end(o);
}

void lx_openai_write_reasoning_item(struct lx_out *o, struct lx_text thought,
                                    struct lx_text signature, int64_t index)
{
    if (!lx_slice_starts(signature.s, LX_RESPONSES_MARK))
        return;
    signature.s = lx_slice_from(signature.s, LX_RESPONSES_MARK.n);
    lx_out_object(o, NULL);
    if (index >= 0)
        lx_out_int(o, "index", index);
    lx_out_lit(o, "type", "reasoning");
    lx_out_text(o, "encrypted_content", signature);
    lx_out_array(o, "summary");
    if (thought.s.n) {
        lx_out_object(o, NULL);
        lx_out_lit(o, "type", "summary_text");
        lx_out_text(o, "text", thought);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_object_end(o);
}

static void write_thinking_block(struct lx_out *o, const struct lx_part *p)
{
    lx_openai_write_thinking_block(o, p, -1);
}

/* OpenRouter's; `format` says whose signature it is (openrouter.ai/docs, "Reasoning tokens"). */
static void write_reasoning_detail(struct lx_out *o, const struct lx_part *p)
{
    bool redacted = p->kind == LX_PART_REDACTED_THINKING;
    lx_out_object(o, NULL);
    lx_out_str(o, "type", redacted ? LX_S("reasoning.encrypted") : LX_S("reasoning.text"));
    lx_out_text(o, redacted ? "data" : "text", redacted ? p->data : p->text);
    if (p->signature.s.n)
        lx_out_text(o, "signature", p->signature);
    if (redacted || p->signature.s.n)
        lx_out_lit(o, "format", "anthropic-claude-v1");
    lx_out_object_end(o);
}

static bool is_thinking(const struct lx_part *p)
{
    return p->kind == LX_PART_THINKING || p->kind == LX_PART_REDACTED_THINKING;
}

static void lose_thinking(struct lx_openai_writer *w)
{
    /* Never a failure: a client of another language must send it back, and the model can think
     * anew. */
    if (!w->lost_thinking)
        lx_losses_add(w->body->losses, LX_S("thinking"),
                      LX_S("the target does not take earlier thinking back"));
    w->lost_thinking = true;
}

static void write_thinking_list(struct lx_openai_writer *w, const char *name,
                                const struct lx_part *p,
                                void (*write)(struct lx_out *, const struct lx_part *))
{
    lx_out_array(&w->out, name);
    for (; p; p = p->next)
        if (is_thinking(p))
            write(&w->out, p);
    lx_out_array_end(&w->out);
}

static void write_thinking_text(struct lx_openai_writer *w, const char *name,
                                const struct lx_part *p)
{
    lx_out_string_open(&w->out, name);
    for (; p; p = p->next) {
        if (p->kind == LX_PART_THINKING)
            lx_out_string_part(&w->out, p->text);
        else if (p->kind == LX_PART_REDACTED_THINKING)
            lose_thinking(w);
    }
    lx_out_string_close(&w->out);
}

/* Within this language it rides along in the message's own members. */
static void write_thinking(struct lx_openai_writer *w, const struct lx_part *parts)
{
    struct lx_slice member = w->options->thinking_member;
    const struct lx_part *p = parts;

    while (p && !is_thinking(p))
        p = p->next;
    if (!p || w->same)
        return;
    if (lx_slice_eq(member, LX_S("thinking_blocks")))
        write_thinking_list(w, "thinking_blocks", p, write_thinking_block);
    else if (lx_slice_eq(member, LX_S("reasoning_details")))
        write_thinking_list(w, "reasoning_details", p, write_reasoning_detail);
    else if (lx_slice_eq(member, LX_S("reasoning_content")))
        write_thinking_text(w, "reasoning_content", p);
    else if (lx_slice_eq(member, LX_S("reasoning")))
        write_thinking_text(w, "reasoning", p);
    else
        lose_thinking(w);
}

static size_t count_kind(const struct lx_part *p, enum lx_part_kind kind)
{
    size_t n = 0;
    for (; p; p = p->next)
        n += p->kind == kind;
    return n;
}

static void write_joined(struct lx_openai_writer *w, const char *name, const struct lx_part *p,
                         enum lx_part_kind kind)
{
    lx_out_string_open(&w->out, name);
    for (; p; p = p->next)
        if (p->kind == kind)
            lx_out_string_part(&w->out, p->text);
    lx_out_string_close(&w->out);
}

static bool has_marks(const struct lx_openai_writer *w, const struct lx_part *p)
{
    while (p && !(p->kind == LX_PART_TEXT && needs_list(w, p)))
        p = p->next;
    return p != NULL;
}

/* Thinking that was read from a member of the message, which rides along. */
static bool has_own_thinking(const struct lx_message *m)
{
    return lx_extra_find(m->extra, LX_S("reasoning_content")) ||
           lx_extra_find(m->extra, LX_S("reasoning")) ||
           lx_extra_find(m->extra, LX_S("reasoning_details")) ||
           lx_extra_find(m->extra, LX_S("reasoning_items")) ||
           lx_extra_find(m->extra, LX_S("thinking_blocks"));
}

/* Mistral's thinking stands in the content. */
static bool is_said(const struct lx_openai_writer *w, const struct lx_message *m,
                    const struct lx_part *p)
{
    if (is_thinking(p))
        return w->same && !has_own_thinking(m);
    return !obstacle(w, p) &&
           (p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL || p->kind == LX_PART_OPAQUE);
}

static void write_said(struct lx_openai_writer *w, const struct lx_message *m)
{
    size_t texts = count_kind(m->parts, LX_PART_TEXT);
    bool list = w->same ? !m->plain : has_marks(w, m->parts);

    if (list) {
        lx_out_array(&w->out, "content");
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (is_said(w, m, p))
                write_part(w, p);
        lx_out_array_end(&w->out);
        return;
    }
    if (texts)
        write_joined(w, "content", m->parts, LX_PART_TEXT);
    else if (count_kind(m->parts, LX_PART_TOOL_CALL) || count_kind(m->parts, LX_PART_REFUSAL) ||
             count_kind(m->parts, LX_PART_AUDIO))
        lx_out_null(&w->out, "content");
    else
        lx_out_lit(&w->out, "content", "");
    if (count_kind(m->parts, LX_PART_REFUSAL))
        write_joined(w, "refusal", m->parts, LX_PART_REFUSAL);
}

/* Marks on text that became one string are lost with the list. */
static void lose_marks(struct lx_openai_writer *w, const struct lx_message *m)
{
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (p->cache.set && !w->same && !w->options->cache_marks)
            lx_openai_write_cache(w, &p->cache);
}

static void write_calls(struct lx_openai_writer *w, const struct lx_message *m)
{
    struct lx_out *o = &w->out;
    bool open = false;

    for (const struct lx_part *p = m->parts; p; p = p->next) {
        if (p->kind != LX_PART_TOOL_CALL)
            continue;
        if (is_legacy(w, p)) {
            lx_out_object(o, "function_call");
            lx_out_text(o, "name", p->name);
            lx_out_text(o, "arguments", p->arguments);
            lx_out_object_end(o);
            return; /* there is but one, and no others beside it */
        }
        if (!open)
            lx_out_array(o, "tool_calls");
        open = true;
        struct lx_part call = *p;
        call.id = call_id(w, p);
        lx_openai_write_tool_call(o, &call, -1);
    }
    if (open)
        lx_out_array_end(o);
}

/* What the assistant made besides text: audio goes back by its id, images as they were. */
static void write_made(struct lx_openai_writer *w, const struct lx_message *m, size_t message)
{
    struct lx_out *o = &w->out;
    size_t i = 0;

    for (const struct lx_part *p = m->parts; p; p = p->next, i++) {
        if (p->kind == LX_PART_AUDIO && w->same) {
            lx_out_object(o, "audio");
            lx_out_text(o, "id", p->media.file_id);
            lx_out_object_end(o);
        } else if (is_media(p) && !obstacle(w, p) && !(w->same && p->kind == LX_PART_IMAGE)) {
            refuse(w, message, i, "an assistant's message holds text only");
        }
    }
    if (!w->same || !count_kind(m->parts, LX_PART_IMAGE))
        return;
    lx_out_array(o, "images");
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (p->kind == LX_PART_IMAGE)
            write_part(w, p);
    lx_out_array_end(o);
}

/* ---- Messages ----------------------------------------------------------------------------- */

static void write_assistant(struct lx_openai_writer *w, const struct lx_message *m, size_t i)
{
    struct lx_out *o = &w->out;
    lx_out_object(o, NULL);
    lx_out_lit(o, "role", "assistant");
    if (m->name.s.n)
        lx_out_text(o, "name", m->name);
    write_thinking(w, m->parts);
    write_said(w, m);
    lose_marks(w, m);
    write_made(w, m, i);
    write_calls(w, m);
    lx_openai_write_cache(w, &m->cache);
    if (w->same)
        lx_extra_write(o, m->extra);
    lx_out_object_end(o);
}

static void write_input(struct lx_openai_writer *w, const struct lx_message *m)
{
    struct lx_out *o = &w->out;
    lx_out_object(o, NULL);
    lx_out_str(o, "role", lx_slice_z(lx_role_name(m->role)));
    if (m->name.s.n)
        lx_out_text(o, "name", m->name);
    write_content(w, m->parts, m->plain, ALL_CONTENT);
    lx_openai_write_cache(w, &m->cache);
    if (w->same)
        lx_extra_write(o, m->extra);
    lx_out_object_end(o);
}

static void write_results(struct lx_openai_writer *w, const struct lx_message *m, size_t i)
{
    for (const struct lx_part *p = m->parts; p; p = p->next) {
        if (p->kind != LX_PART_TOOL_RESULT)
            continue;
        refuse_obstacles(w, i, p->content);
        write_result(w, m, p);
    }
}

void lx_openai_write_messages(struct lx_openai_writer *w)
{
    const struct lx_message *run = NULL; /* the first of the tool messages that end here */
    size_t i = 0;

    lx_out_array(&w->out, "messages");
    if (w->format == LX_OPENAI_FORMAT_WORDS) {
        lx_out_object(&w->out, NULL);
        lx_out_lit(&w->out, "role", "system");
        lx_json_prompt_write(&w->out, "content", &w->request->format, w->body);
        lx_out_object_end(&w->out);
    }
    for (const struct lx_message *m = w->request->messages; m; m = m->next, i++) {
        if (m->role == LX_ROLE_TOOL) {
            write_results(w, m, i);
            run = run ? run : m;
            continue;
        }
        if (run && !w->same)
            write_moved_media(w, run, m);
        run = NULL;
        refuse_obstacles(w, i, m->parts);
        if (m->role == LX_ROLE_ASSISTANT)
            write_assistant(w, m, i);
        else
            write_input(w, m);
    }
    if (run && !w->same)
        write_moved_media(w, run, NULL);
    lx_out_array_end(&w->out);
}
