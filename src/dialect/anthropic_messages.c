/*
 * anthropic_messages.c - back: the conversation of a request, as `system` and `messages`.
 *
 * Other languages have one message for each thing said; this one has turns: user and assistant in
 * strict alternation, tool results first in the user's, no empty text anywhere, no white space at
 * the end of a prefilled answer. So runs of messages are written as one turn:
 *
 *   system, developer         -> "system"
 *   user, tool, tool, user    -> user: [result, result, text, text]
 *   assistant, assistant      -> assistant: [thinking, text, tool_use, ...]
 *   system in between         -> user text in place: moved to the front it would change the prefix
 *                                that the provider has cached (LiteLLM issue 36559); a request of
 *                                this language keeps it, newer models know the role
 */
#include "dialect/anthropic.h"
#include "dialect/textual.h"

#include "base/text.h"

/* Where in the client's request a part stands, for errors. */
struct place {
    size_t message, part;
};

static struct lx_slice place_name(struct lx_anthropic_writer *w, struct place at)
{
    return lx_arena_printf(w->b->arena, "messages[%zu].content[%zu]", at.message, at.part);
}

static void refuse_part(struct lx_anthropic_writer *w, struct place at, struct lx_slice why)
{
    lx_body_refuse(w->b, w->o, place_name(w, at), why);
}

/* ---- What is not written -------------------------------------------------------------------- */

static bool is_text(const struct lx_part *p)
{
    return p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL;
}

/* Anthropic's are base64; with a colon it is another provider's ("gemini:..."). */
static bool is_signed(const struct lx_part *p)
{
    return !lx_text_is_empty(p->signature) && lx_slice_find_byte(p->signature.s, ':') < 0;
}

/* The API refuses text without a visible character, and thinking that it did not sign. */
static bool is_void(const struct lx_part *p)
{
    if (is_text(p))
        return lx_anthropic_is_blank(p->text);
    return p->kind == LX_PART_THINKING && !is_signed(p);
}

static bool is_thinking(const struct lx_part *p)
{
    return p->kind == LX_PART_THINKING || p->kind == LX_PART_REDACTED_THINKING;
}

/* The part that a mark on the whole message stands on. */
static const struct lx_part *marked_part(const struct lx_message *m)
{
    const struct lx_part *last = NULL;
    if (m->cache.set)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (!is_void(p) && !is_thinking(p))
                last = p;
    return last;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* A part being written: where it stands and what marks it. */
struct writing {
    struct lx_anthropic_writer *w;
    const struct lx_part *p;
    struct place at;
    const struct lx_cache_mark *cache;
};

static void write_parts(struct lx_anthropic_writer *w, const struct lx_part *parts, size_t message,
                        const struct lx_part *marked, const struct lx_cache_mark *mark,
                        bool results);

static void part_open(const struct writing *p, struct lx_slice type)
{
    lx_out_object(&p->w->out, NULL);
    lx_out_str(&p->w->out, "type", type);
}

static void part_close(const struct writing *p)
{
    lx_anthropic_cache_write(&p->w->out, p->cache, p->w->same ? p->p->extra : NULL);
    if (p->w->same)
        lx_extra_write(&p->w->out, p->p->extra);
    for (const struct lx_extra *x = p->w->same ? NULL : p->p->extra; x; x = x->next)
        lx_losses_add(p->w->b->losses,
                      lx_arena_printf(p->w->b->arena, "messages[%zu].content[%zu].%.*s",
                                      p->at.message, p->at.part, LX_F(x->name)),
                      LX_S("Anthropic has no such member"));
    lx_out_object_end(&p->w->out);
}

static void write_text(const struct writing *p)
{
    struct lx_text text = p->p->text;
    if (p->p == p->w->trim) {
        struct lx_slice plain = lx_text_plain(text, p->w->b->arena);
        while (plain.n && memchr(" \t\r\n", plain.p[plain.n - 1], 4))
            plain.n--;
        text = lx_text(plain);
    }
    part_open(p, LX_S("text"));
    lx_out_text(&p->w->out, "text", text);
    if (p->w->same && p->p->citations.n)
        lx_out_raw(&p->w->out, "citations", p->p->citations);
    part_close(p);
}

static void write_thinking(const struct writing *p)
{
    part_open(p, LX_S("thinking"));
    lx_out_text(&p->w->out, "thinking", p->p->text);
    lx_out_text(&p->w->out, "signature", p->p->signature);
    lx_out_object_end(&p->w->out);
}

static void write_redacted_thinking(const struct writing *p)
{
    part_open(p, LX_S("redacted_thinking"));
    lx_out_text(&p->w->out, "data", p->p->data);
    lx_out_object_end(&p->w->out);
}

/* The API takes letters, digits, '_' and '-' in ids (RequestToolUseBlock.id); some providers make
 * others ("functions.get:0"). The same id always becomes the same. */
static struct lx_text tool_id(struct lx_anthropic_writer *w, const struct lx_part *p)
{
    struct lx_text id = p->id.s.n ? lx_call_id(p->id, w->same || w->o->keep_call_ids) : p->name;
    bool good = !id.escaped && id.s.n;
    for (size_t i = 0; good && i < id.s.n; i++) {
        char c = id.s.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    }
    if (good || w->same)
        return id;
    struct lx_slice plain = lx_text_plain(id, w->b->arena);
    char *to = lx_arena_bytes(w->b->arena, plain.n + 1);
    if (!to)
        return id;
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i], lower = lx_ascii_lower(c);
        bool ok = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-';
        to[i] = ok ? c : '_';
    }
    return lx_text(plain.n ? lx_slice(to, plain.n) : LX_S("call"));
}

void lx_anthropic_input_write(struct lx_out *out, const char *name, struct lx_text arguments,
                              bool custom, struct lx_json_doc *scratch, struct lx_arena *a)
{
    struct lx_slice plain = lx_text_plain(arguments, a);
    if (!custom && lx_anthropic_is_blank(lx_text(plain))) {
        lx_out_raw(out, name, LX_S("{}"));
        return;
    }
    bool json = !custom && lx_inner_read(scratch, plain, out->buf);
    if (json && lx_json_is(lx_json_root(scratch), LX_JSON_OBJECT)) {
        lx_out_raw(out, name, lx_slice_trim(plain));
        return;
    }
    lx_out_object(out, name);
    if (json)
        lx_out_value(out, "input", lx_json_root(scratch));
    else
        lx_out_str(out, "input", plain);
    lx_out_object_end(out);
}

static void write_tool_use(const struct writing *p)
{
    struct lx_anthropic_writer *w = p->w;
    part_open(p, LX_S("tool_use"));
    lx_out_text(&w->out, "id", tool_id(w, p->p));
    lx_out_text(&w->out, "name", p->p->name);
    if (w->same)
        lx_out_raw(&w->out, "input", p->p->arguments.s);
    else
        lx_anthropic_input_write(&w->out, "input", p->p->arguments, p->p->custom, &w->scratch,
                                 w->b->arena);
    part_close(p);
}

static void write_tool_result(const struct writing *p)
{
    struct lx_anthropic_writer *w = p->w;
    const struct lx_part *content = p->p->content;
    part_open(p, LX_S("tool_result"));
    lx_out_text(&w->out, "tool_use_id", tool_id(w, p->p));
    if (content && !content->next && content->kind == LX_PART_TEXT && !content->cache.set &&
        !content->citations.n && !content->extra) {
        if (!lx_text_is_empty(content->text)) /* white space is fine here */
            lx_out_text(&w->out, "content", content->text);
    } else if (content) {
        lx_out_array(&w->out, "content");
        write_parts(w, content, p->at.message, NULL, NULL, false);
        lx_out_array_end(&w->out);
    }
    if (p->p->is_error)
        lx_out_bool(&w->out, "is_error", true);
    part_close(p);
}

/* ---- Images and documents ------------------------------------------------------------------- */

static struct lx_slice media_type(const struct lx_media *m, struct lx_arena *a)
{
    struct lx_slice type = m->type, rest;
    if (!type.n && m->data.s.n)
        type = lx_media_type_sniff(m->data.s);
    if (!type.n && m->filename.s.n)
        type = lx_media_type_of(lx_text_plain(m->filename, a));
    if (!type.n && m->url.s.n)
        type = lx_media_type_of(lx_text_plain(m->url, a));
    lx_slice_cut(type, ';', &type, &rest); /* "text/plain; charset=utf-8" */
    return lx_slice_eq_nocase(type, LX_S("image/jpg")) ? LX_S("image/jpeg") : type;
}

/* A source that both images and documents have; data only where `type` is given. */
static void write_source(struct lx_anthropic_writer *w, const struct lx_media *m,
                         struct lx_slice type)
{
    lx_out_object(&w->out, "source");
    if (m->url.s.n) {
        lx_out_lit(&w->out, "type", "url");
        lx_out_text(&w->out, "url", m->url);
    } else if (m->file_id.s.n) {
        w->betas |= LX_BETA_FILES;
        lx_out_lit(&w->out, "type", "file");
        lx_out_text(&w->out, "file_id", m->file_id);
    } else {
        lx_out_lit(&w->out, "type", "base64");
        lx_out_str(&w->out, "media_type", type);
        lx_out_text(&w->out, "data", m->data);
    }
    lx_out_object_end(&w->out);
}

/* Why the API could not get at the media; empty when it can. */
static struct lx_slice media_fault(const struct lx_anthropic_writer *w, const struct lx_media *m)
{
    if (m->url.s.n && w->o->data_only)
        return LX_S("the provider takes media as data, and fetches no URL");
    if (m->url.s.n)
        return lx_slice_starts(m->url.s, LX_S("http")) ? LX_S("")
                                                       : LX_S("Anthropic fetches web URLs only");
    return m->data.s.n || m->file_id.s.n ? LX_S("") : LX_S("it has neither data, URL nor file_id");
}

static void write_image(const struct writing *p)
{
    const struct lx_media *m = &p->p->media;
    struct lx_slice type = media_type(m, p->w->b->arena), fault = media_fault(p->w, m);
    if (!fault.n && m->data.s.n && !type.n)
        fault = LX_S("an image needs a media type");
    if (fault.n) {
        lx_body_need(p->w->b, p->w->o, p->p, place_name(p->w, p->at), fault);
        return;
    }
    if (m->detail.n && !lx_slice_eq(m->detail, LX_S("auto")))
        lx_losses_add(p->w->b->losses,
                      lx_arena_printf(p->w->b->arena, "%.*s.detail", LX_F(place_name(p->w, p->at))),
                      LX_S("Anthropic chooses an image's detail itself"));
    part_open(p, LX_S("image"));
    write_source(p->w, m, type);
    part_close(p);
}

static void write_text_source(struct lx_anthropic_writer *w, struct lx_text text)
{
    lx_out_object(&w->out, "source");
    lx_out_lit(&w->out, "type", "text");
    lx_out_lit(&w->out, "media_type", "text/plain");
    lx_out_text(&w->out, "data", text);
    lx_out_object_end(&w->out);
}

static void write_content_source(const struct writing *p)
{
    struct lx_out *out = &p->w->out;
    lx_out_object(out, "source");
    lx_out_lit(out, "type", "content");
    lx_out_array(out, "content");
    write_parts(p->w, p->p->content, p->at.message, NULL, NULL, false);
    lx_out_array_end(out);
    lx_out_object_end(out);
}

static bool is_textual(struct lx_slice type)
{
    return lx_slice_starts(type, LX_S("text/")) || lx_slice_eq(type, LX_S("application/json")) ||
           lx_slice_eq(type, LX_S("application/xml"));
}

static void write_document_rest(const struct writing *p)
{
    const struct lx_part *part = p->p;
    struct lx_text title = part->title.s.n ? part->title : part->media.filename;
    if (title.s.n)
        lx_out_text(&p->w->out, "title", title);
    if (part->context.s.n)
        lx_out_text(&p->w->out, "context", part->context);
    if (part->citations.n)
        lx_out_raw(&p->w->out, "citations", part->citations);
    part_close(p);
}

/* Text files travel as text: base64 is for PDF only. */
static void write_text_file(const struct writing *p)
{
    struct lx_buf text;
    lx_buf_init(&text, p->p->media.data.s.n + 4);
    int code = lx_base64_read(lx_text_plain(p->p->media.data, p->w->b->arena), &text);
    if (code == LX_ENOMEM) {
        p->w->b->buf->failed = code;
    } else if (code) {
        refuse_part(p->w, p->at, LX_S("its data is not base64"));
    } else {
        part_open(p, LX_S("document"));
        write_text_source(p->w, lx_text(lx_buf_slice(&text)));
        write_document_rest(p);
    }
    lx_buf_clear(&text);
}

static void write_file(const struct writing *p)
{
    const struct lx_media *m = &p->p->media;
    bool inside = p->p->content || p->p->text.s.p;
    struct lx_slice type = media_type(m, p->w->b->arena);
    struct lx_slice fault = inside ? LX_S("") : media_fault(p->w, m);
    if (!inside && lx_slice_starts(type, LX_S("image/"))) {
        write_image(p);
        return;
    }
    if (!inside && m->data.s.n && is_textual(type)) {
        write_text_file(p);
        return;
    }
    if (!fault.n && !inside && m->data.s.n && !lx_slice_eq(type, LX_S("application/pdf")))
        fault = LX_S("Anthropic reads PDF and text files");
    if (fault.n) {
        lx_body_need(p->w->b, p->w->o, p->p, place_name(p->w, p->at), fault);
        return;
    }
    part_open(p, LX_S("document"));
    if (p->p->content)
        write_content_source(p);
    else if (inside)
        write_text_source(p->w, p->p->text);
    else
        write_source(p->w, m, LX_S("application/pdf"));
    write_document_rest(p);
}

static void write_audio(const struct writing *p)
{
    if (p->p->text.s.n && !lx_anthropic_is_blank(p->p->text))
        write_text(p); /* what the assistant said aloud */
    else
        refuse_part(p->w, p->at, LX_S("Anthropic does not hear audio"));
}

static void write_video(const struct writing *p)
{
    refuse_part(p->w, p->at, LX_S("Anthropic does not watch video"));
}

static void write_opaque(const struct writing *p)
{
    if (lx_slice_eq(p->p->language, LX_ANTHROPIC))
        lx_out_raw(&p->w->out, NULL, p->p->raw);
    else
        refuse_part(p->w, p->at, LX_S("Anthropic does not know this kind of content"));
}

static void (*const part_writers[])(const struct writing *p) = {
    [LX_PART_TEXT] = write_text,          [LX_PART_REFUSAL] = write_text,
    [LX_PART_IMAGE] = write_image,        [LX_PART_AUDIO] = write_audio,
    [LX_PART_VIDEO] = write_video,        [LX_PART_FILE] = write_file,
    [LX_PART_THINKING] = write_thinking,  [LX_PART_REDACTED_THINKING] = write_redacted_thinking,
    [LX_PART_TOOL_CALL] = write_tool_use, [LX_PART_TOOL_RESULT] = write_tool_result,
    [LX_PART_OPAQUE] = write_opaque,
};

/* `results` chooses the tool results or everything else. */
static void write_parts(struct lx_anthropic_writer *w, const struct lx_part *parts, size_t message,
                        const struct lx_part *marked, const struct lx_cache_mark *mark,
                        bool results)
{
    size_t i = 0;
    for (const struct lx_part *p = parts; p; p = p->next, i++) {
        if ((p->kind == LX_PART_TOOL_RESULT) != results)
            continue;
        struct writing part = {w, p, {message, i}, p == marked && !p->cache.set ? mark : &p->cache};
        if (!is_void(p))
            part_writers[p->kind](&part);
        else if (p->kind == LX_PART_THINKING)
            lx_losses_add(w->b->losses, place_name(w, part.at),
                          LX_S("Anthropic takes back only thinking that it signed"));
    }
}

/* ---- Turns ---------------------------------------------------------------------------------- */

/* Who speaks on the wire. */
static enum lx_role turn_role(const struct lx_anthropic_writer *w, const struct lx_message *m)
{
    if (lx_role_is_system(m->role))
        return w->same ? LX_ROLE_SYSTEM : LX_ROLE_USER;
    return m->role == LX_ROLE_ASSISTANT ? LX_ROLE_ASSISTANT : LX_ROLE_USER;
}

/* A run of messages of one speaker. */
struct turn {
    enum lx_role role;
    const struct lx_message *first, *end;
    size_t index; /* of first */
};

static bool message_is_void(const struct lx_message *m)
{
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (!is_void(p))
            return false;
    return true;
}

static bool turn_is_void(const struct turn *t)
{
    for (const struct lx_message *m = t->first; m != t->end; m = m->next)
        if (!message_is_void(m))
            return false;
    return true;
}

static void write_system_note(struct lx_anthropic_writer *w)
{
    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "type", "text");
    lx_out_lit(&w->out, "text", "(The next text is a system message, not the user's words.)");
    lx_out_object_end(&w->out);
}

static void write_turn_parts(struct lx_anthropic_writer *w, const struct turn *t, bool results)
{
    size_t index = t->index;
    for (const struct lx_message *m = t->first; m != t->end; m = m->next, index++) {
        if (!results && lx_role_is_system(m->role) && t->role == LX_ROLE_USER &&
            !message_is_void(m))
            write_system_note(w);
        write_parts(w, m->parts, index, marked_part(m), &m->cache, results);
    }
}

static const struct lx_part *last_part(const struct turn *t)
{
    const struct lx_part *last = NULL;
    for (const struct lx_message *m = t->first; m != t->end; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (!is_void(p))
                last = p;
    return last;
}

/* One text that needs no list around it. */
static bool turn_is_plain(const struct turn *t)
{
    const struct lx_part *p = t->first->parts;
    return t->first->next == t->end && t->first->plain && p && !p->next && is_text(p) &&
           !p->cache.set && !t->first->cache.set && !p->citations.n && !p->extra &&
           !(lx_role_is_system(t->first->role) && t->role == LX_ROLE_USER);
}

static void write_filler(struct lx_anthropic_writer *w, size_t index, struct lx_slice why)
{
    lx_losses_change(w->b->losses, lx_arena_printf(w->b->arena, "messages[%zu]", index), why);
    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "role", "user");
    lx_out_str(&w->out, "content", LX_ANTHROPIC_FILLER);
    lx_out_object_end(&w->out);
}

static void write_turn(struct lx_anthropic_writer *w, const struct turn *t)
{
    static const struct lx_slice names[] = {[LX_ROLE_SYSTEM] = LX_S_INIT("system"),
                                            [LX_ROLE_USER] = LX_S_INIT("user"),
                                            [LX_ROLE_ASSISTANT] = LX_S_INIT("assistant")};
    bool empty = turn_is_void(t);
    if (empty && t->role == LX_ROLE_USER && w->o->modify_params) {
        write_filler(w, t->index, LX_REPAIR_EMPTY);
        return;
    }
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "role", names[t->role]);
    if (turn_is_plain(t) && !(t->role == LX_ROLE_ASSISTANT && t->first->parts == w->trim)) {
        lx_out_text(&w->out, "content", t->first->parts->text);
    } else if (empty) {
        lx_out_lit(&w->out, "content", ""); /* the provider says best what it misses */
    } else {
        lx_out_array(&w->out, "content");
        write_turn_parts(w, t, true);
        write_turn_parts(w, t, false);
        lx_out_array_end(&w->out);
    }
    for (const struct lx_message *m = t->first; w->same && m != t->end; m = m->next)
        lx_extra_write(&w->out, m->extra);
    lx_out_object_end(&w->out);
}

/* The next run; an assistant who says nothing does not end the user's. */
static struct turn next_turn(const struct lx_anthropic_writer *w, const struct lx_message *m,
                             size_t index)
{
    struct turn t = {turn_role(w, m), m, m->next, index};
    while (t.end && (turn_role(w, t.end) == t.role ||
                     (t.end->role == LX_ROLE_ASSISTANT && message_is_void(t.end))))
        t.end = t.end->next;
    return t;
}

static void write_turns(struct lx_anthropic_writer *w, const struct lx_message *m, size_t index)
{
    bool first = true;
    while (m) {
        struct turn t = next_turn(w, m, index);
        for (; m != t.end; m = m->next)
            index++;
        if (!m && t.role == LX_ROLE_ASSISTANT && !w->same) {
            const struct lx_part *last = last_part(&t);
            w->trim = last && is_text(last) ? last : NULL;
        }
        if (t.role == LX_ROLE_ASSISTANT && turn_is_void(&t))
            continue;
        if (first && t.role == LX_ROLE_ASSISTANT && w->o->modify_params)
            write_filler(w, t.index, LX_REPAIR_FIRST);
        write_turn(w, &t);
        first = false;
    }
    if (first && w->o->modify_params)
        write_filler(w, index, LX_REPAIR_FIRST);
}

/* ---- System --------------------------------------------------------------------------------- */

/* json_object has no tool to go by: the schema is unknown, and a tool that takes anything is
 * often called with nothing. OpenAI wants JSON asked for in the prompt as well. */
static bool wants_json_prompt(const struct lx_anthropic_writer *w)
{
    return w->r->format.kind == LX_FORMAT_JSON ||
           (w->r->format.kind == LX_FORMAT_SCHEMA && !w->r->format.schema.n);
}

static void refuse_system_media(struct lx_anthropic_writer *w, const struct lx_message *end)
{
    struct place at = {0, 0};
    for (const struct lx_message *m = w->r->messages; m != end; m = m->next, at.message++) {
        at.part = 0;
        for (const struct lx_part *p = m->parts; p; p = p->next, at.part++)
            if (!is_text(p) && p->kind != LX_PART_OPAQUE)
                refuse_part(w, at, LX_S("Anthropic takes only text in system messages"));
    }
}

static void write_system(struct lx_anthropic_writer *w, const struct lx_message *end)
{
    const struct lx_message *m = w->r->messages;
    struct turn t = {LX_ROLE_SYSTEM, m, end, 0};
    bool json = wants_json_prompt(w), empty = m == end || turn_is_void(&t);
    if (empty && !json)
        return;
    if (!json && turn_is_plain(&t)) {
        lx_out_text(&w->out, "system", m->parts->text);
        return;
    }
    refuse_system_media(w, end);
    lx_out_array(&w->out, "system");
    if (!empty)
        write_turn_parts(w, &t, false);
    if (json) {
        lx_out_object(&w->out, NULL);
        lx_out_lit(&w->out, "type", "text");
        lx_json_prompt_write(&w->out, "text", &w->r->format, w->b);
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
}

void lx_anthropic_messages_write(struct lx_anthropic_writer *w)
{
    const struct lx_message *m = w->r->messages;
    size_t index = 0;
    for (; m && lx_role_is_system(m->role); m = m->next)
        index++;
    write_system(w, m);
    lx_out_array(&w->out, "messages");
    write_turns(w, m, index);
    lx_out_array_end(&w->out);
}

/* ---- Facts about the history ---------------------------------------------------------------- */

bool lx_anthropic_thinking_is_lost(const struct lx_request *r)
{
    bool called = false;
    for (const struct lx_message *m = r->messages; m; m = m->next) {
        bool calls = false;
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            if (is_thinking(p) && !is_void(p))
                return false;
            calls |= p->kind == LX_PART_TOOL_CALL;
        }
        if (m->role == LX_ROLE_ASSISTANT)
            called = calls;
        else if (m->role == LX_ROLE_USER)
            called = false; /* a new question: a new turn, which may think */
    }
    return called;
}
