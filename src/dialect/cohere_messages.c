/*
 * cohere_messages.c - back: the conversation of a request, as `messages` and `documents`.
 *
 * The messages are much like OpenAI's, and in the same order. What differs: images only from users,
 * thinking and plans as the assistant's own members, documents in a tool's result, and documents
 * that may be cited beside the conversation.
 *
 *   system, developer   -> system: text
 *   user                -> user: text, image_url
 *   assistant           -> assistant: content (text, thinking), tool_plan, tool_calls
 *   tool                -> tool: text, documents; images behind them, as the user's
 *   FILE that is text   -> `documents` where it is to be cited, else text in its place
 */
#include "dialect/cohere.h"
#include "dialect/openai_chat.h"
#include "dialect/textual.h"

/* Where the writing is. */
struct place {
    struct lx_cohere_writer *w;
    size_t message, part;
};

static struct lx_slice what(const struct place *at)
{
    return lx_arena_printf(at->w->b->arena, "messages[%zu].content[%zu]", at->message, at->part);
}

/* ---- Documents ------------------------------------------------------------------------------ */

/* {"enabled":true} is what asks for citations of a document, in Anthropic's language. */
static bool is_cited(struct lx_cohere_writer *w, const struct lx_part *p)
{
    int code = lx_file_is_text(p) && p->citations.n
                   ? lx_json_read(&w->scratch, p->citations, NULL, NULL)
                   : LX_EJSON;
    if (code == LX_ENOMEM && !w->b->buf->failed)
        w->b->buf->failed = code;
    return code == 0 && lx_json_bool(LX_GET(lx_json_root(&w->scratch), "enabled"), false);
}

static void write_member(struct lx_out *o, const char *name, struct lx_text text)
{
    if (text.s.n)
        lx_out_text(o, name, text);
}

/* {"data":{"title":..,"context":..,"text":..}}: the data's names and values are shown to the model.
 */
static void write_data(struct lx_out *o, const struct lx_part *p)
{
    lx_out_object(o, "data");
    write_member(o, "title", p->title);
    write_member(o, "context", p->context);
    lx_out_string_open(o, "text");
    lx_out_string_part(o, p->text);
    for (const struct lx_part *c = p->content; c; c = c->next)
        if (c->kind == LX_PART_TEXT)
            lx_out_string_part(o, c->text);
    lx_out_string_close(o);
    lx_out_object_end(o);
}

static void write_given_documents(struct lx_cohere_writer *w, const struct lx_extra *given)
{
    if (!given)
        return;
    int code = lx_json_read(&w->scratch, given->json, NULL, NULL);
    if (code == LX_ENOMEM && !w->b->buf->failed)
        w->b->buf->failed = code;
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch));
         code == 0 && lx_json_next(&it);)
        lx_out_value(&w->out, NULL, it.value);
}

static bool has_cited(struct lx_cohere_writer *w)
{
    for (const struct lx_message *m = w->r->messages; m; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (m->role == LX_ROLE_USER && is_cited(w, p))
                return true;
    return false;
}

void lx_cohere_documents_write(struct lx_cohere_writer *w)
{
    const struct lx_extra *given = lx_extra_find(w->r->extra, LX_S("documents"));
    if (!has_cited(w)) {
        if (given)
            lx_out_raw(&w->out, "documents", given->json);
        return;
    }
    lx_out_array(&w->out, "documents");
    write_given_documents(w, given);
    for (const struct lx_message *m = w->r->messages; m; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            if (m->role != LX_ROLE_USER || !is_cited(w, p))
                continue;
            lx_out_object(&w->out, NULL);
            write_data(&w->out, p);
            lx_out_object_end(&w->out);
        }
    lx_out_array_end(&w->out);
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* Why a part cannot stand in the content of a message by this role; NULL: it can, or it is written
 * elsewhere. */
static const char *obstacle(const struct lx_part *p, enum lx_role role)
{
    if (lx_file_is_text(p))
        return NULL;
    switch (p->kind) {
    case LX_PART_IMAGE:
        return role != LX_ROLE_USER && role != LX_ROLE_TOOL ? "Cohere takes images of users only"
               : p->media.file_id.s.n                       ? "a file of another provider"
                                                            : NULL;
    case LX_PART_AUDIO:
        return p->text.s.n ? NULL : "Cohere takes no sound";
    case LX_PART_VIDEO:
        return "Cohere takes no video";
    case LX_PART_FILE:
        return "Cohere takes documents as text only";
    case LX_PART_OPAQUE:
        return "only the provider that made it understands it";
    default:
        return NULL;
    }
}

static void refuse_obstacles(struct place *at, const struct lx_part *p, enum lx_role role)
{
    for (at->part = 0; p; p = p->next, at->part++) {
        const char *why = obstacle(p, role);
        /* What a server tool did is a loss: the answer to it stands in the history as text. */
        if (why && p->kind == LX_PART_OPAQUE && role == LX_ROLE_ASSISTANT)
            lx_losses_add(at->w->b->losses, what(at), lx_slice_z(why));
        else if (why)
            lx_body_refuse(at->w->b, at->w->o, what(at), lx_slice_z(why));
        lx_cohere_lose_cache(at->w, &p->cache);
    }
}

static bool is_plan(const struct lx_part *p)
{
    return p->kind == LX_PART_THINKING && !p->signature.escaped &&
           lx_slice_eq(p->signature.s, LX_COHERE_PLAN);
}

static void write_text(struct lx_out *o, struct lx_text text)
{
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "text");
    lx_out_text(o, "text", text);
    lx_out_object_end(o);
}

static void write_image(struct lx_out *o, const struct lx_part *p)
{
    static const char *const details[] = {"auto", "low", "high"};
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "image_url");
    lx_out_object(o, "image_url");
    lx_openai_write_url(o, "url", &p->media, LX_S("image/png"));
    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
        if (lx_slice_eq(p->media.detail, lx_slice_z(details[i])))
            lx_out_str(o, "detail", p->media.detail);
    lx_out_object_end(o);
    lx_out_object_end(o);
}

static void write_file(struct lx_out *o, const struct lx_part *p)
{
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "text");
    lx_out_string_open(o, "text");
    lx_file_text_write(o, p);
    lx_out_string_close(o);
    lx_out_object_end(o);
}

static void write_thought(struct lx_out *o, const struct lx_part *p)
{
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "thinking");
    lx_out_text(o, "thinking", p->text);
    lx_out_object_end(o);
}

static bool is_content(struct lx_cohere_writer *w, const struct lx_part *p, enum lx_role role)
{
    if (lx_part_is_text(p))
        return p->text.s.n != 0;
    if (lx_file_is_text(p))
        return role != LX_ROLE_USER || !is_cited(w, p);
    if (p->kind == LX_PART_THINKING)
        return role == LX_ROLE_ASSISTANT && p->text.s.n && !is_plan(p);
    return p->kind == LX_PART_IMAGE && role == LX_ROLE_USER && !obstacle(p, role);
}

static void write_part(struct lx_out *o, const struct lx_part *p)
{
    if (lx_part_is_text(p))
        write_text(o, p->text);
    else if (p->kind == LX_PART_FILE)
        write_file(o, p);
    else if (p->kind == LX_PART_THINKING)
        write_thought(o, p);
    else
        write_image(o, p);
}

/* A string where one text says it all, else a list. An assistant who says nothing has no content.
 */
static void write_content(struct lx_cohere_writer *w, const struct lx_part *parts,
                          enum lx_role role)
{
    const struct lx_part *only = NULL;
    size_t n = 0;
    for (const struct lx_part *p = parts; p; p = p->next)
        if (is_content(w, p, role)) {
            only = p;
            n++;
        }
    if (n == 0) {
        if (role != LX_ROLE_ASSISTANT)
            lx_out_lit(&w->out, "content", "");
    } else if (n == 1 && lx_part_is_text(only)) {
        lx_out_text(&w->out, "content", only->text);
    } else {
        lx_out_array(&w->out, "content");
        for (const struct lx_part *p = parts; p; p = p->next)
            if (is_content(w, p, role))
                write_part(&w->out, p);
        lx_out_array_end(&w->out);
    }
}

/* ---- The assistant -------------------------------------------------------------------------- */

static void write_call(struct lx_cohere_writer *w, const struct lx_part *p)
{
    struct lx_part call = *p;
    call.id = lx_call_id(p->id, false);
    if (p->custom) { /* arguments are an object there: free text is told in one */
        struct lx_buf wrapped;
        lx_buf_init(&wrapped, w->b->buf->max);
        struct lx_out o = lx_out(&wrapped);
        lx_out_object(&o, NULL);
        lx_out_text(&o, "input", p->arguments);
        lx_out_object_end(&o);
        call.custom = false;
        call.arguments = lx_text(lx_buf_take(&wrapped, w->b->arena));
    }
    lx_openai_write_tool_call(&w->out, &call, -1);
}

static void write_plan(struct lx_cohere_writer *w, const struct lx_part *parts)
{
    bool open = false;
    for (const struct lx_part *p = parts; p; p = p->next) {
        if (!is_plan(p))
            continue;
        if (!open)
            lx_out_string_open(&w->out, "tool_plan");
        open = true;
        lx_out_string_part(&w->out, p->text);
    }
    if (open)
        lx_out_string_close(&w->out);
}

static void write_calls(struct lx_cohere_writer *w, const struct lx_part *parts)
{
    bool open = false;
    for (const struct lx_part *p = parts; p; p = p->next) {
        if (p->kind != LX_PART_TOOL_CALL)
            continue;
        if (!open)
            lx_out_array(&w->out, "tool_calls");
        open = true;
        write_call(w, p);
    }
    if (open)
        lx_out_array_end(&w->out);
}

static void lose_hidden(struct lx_cohere_writer *w, const struct lx_part *p)
{
    for (; p; p = p->next) {
        bool hidden =
            p->kind == LX_PART_REDACTED_THINKING || (p->kind == LX_PART_THINKING && !p->text.s.n);
        if (hidden && !w->lost_hidden)
            lx_losses_add(w->b->losses, LX_S("thinking"),
                          LX_S("hidden thinking is for the provider that hid it"));
        w->lost_hidden |= hidden;
    }
}

/* ---- Tool results --------------------------------------------------------------------------- */

static void write_document(struct lx_out *o, const struct lx_part *p)
{
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "document");
    lx_out_object(o, "document");
    write_data(o, p);
    lx_out_object_end(o);
    lx_out_object_end(o);
}

static size_t count(const struct lx_part *p, bool (*is)(const struct lx_part *p))
{
    size_t n = 0;
    for (; p; p = p->next)
        n += is(p);
    return n;
}

static bool is_image(const struct lx_part *p)
{
    return p->kind == LX_PART_IMAGE && !obstacle(p, LX_ROLE_TOOL);
}

static void write_result_content(struct lx_cohere_writer *w, const struct lx_part *parts)
{
    size_t files = count(parts, lx_file_is_text), texts = count(parts, lx_part_is_text);
    if (!files && !texts && count(parts, is_image)) {
        lx_out_lit(&w->out, "content", "The result is attached to the next message.");
        return;
    }
    if (!files) {
        write_content(w, parts, LX_ROLE_TOOL);
        return;
    }
    lx_out_array(&w->out, "content");
    for (const struct lx_part *p = parts; p; p = p->next) {
        if (lx_file_is_text(p))
            write_document(&w->out, p);
        else if (lx_part_is_text(p))
            write_text(&w->out, p->text);
    }
    lx_out_array_end(&w->out);
}

static void write_result(struct place *at, const struct lx_part *p)
{
    struct lx_cohere_writer *w = at->w;
    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "role", "tool");
    lx_out_text(&w->out, "tool_call_id", lx_call_id(p->id, false));
    refuse_obstacles(at, p->content, LX_ROLE_TOOL);
    write_result_content(w, p->content);
    lx_out_object_end(&w->out);
    if (p->is_error && !w->lost_is_error)
        lx_losses_add(w->b->losses, LX_S("is_error"),
                      LX_S("a tool's result cannot be marked as an error"));
    w->lost_is_error |= p->is_error;
    lx_cohere_lose_cache(w, &p->cache);
}

/* The images of the results in a run of messages: Cohere takes them from users only, and all
 * results must stand before. */
static void write_moved_images(struct lx_cohere_writer *w, const struct lx_message *from,
                               const struct lx_message *to)
{
    bool open = false;
    for (const struct lx_message *m = from; m != to; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            if (p->kind != LX_PART_TOOL_RESULT || !count(p->content, is_image))
                continue;
            if (!open) {
                lx_out_object(&w->out, NULL);
                lx_out_lit(&w->out, "role", "user");
                lx_out_array(&w->out, "content");
            }
            open = true;
            write_text(&w->out, lx_text(lx_arena_printf(w->b->arena,
                                                        "Attached to the result of tool call "
                                                        "%.*s:",
                                                        LX_F(lx_text_plain(p->id, w->b->arena)))));
            for (const struct lx_part *c = p->content; c; c = c->next)
                if (is_image(c))
                    write_image(&w->out, c);
        }
    if (open) {
        lx_out_array_end(&w->out);
        lx_out_object_end(&w->out);
    }
}

/* ---- Messages ------------------------------------------------------------------------------- */

static void write_message(struct place *at, const struct lx_message *m)
{
    static const char *const roles[] = {
        [LX_ROLE_SYSTEM] = "system",
        [LX_ROLE_DEVELOPER] = "system",
        [LX_ROLE_USER] = "user",
        [LX_ROLE_ASSISTANT] = "assistant",
    };
    struct lx_cohere_writer *w = at->w;
    refuse_obstacles(at, m->parts, m->role);
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "role", lx_slice_z(roles[m->role]));
    write_content(w, m->parts, m->role);
    if (m->role == LX_ROLE_ASSISTANT) {
        write_plan(w, m->parts);
        write_calls(w, m->parts);
        lose_hidden(w, m->parts);
    }
    lx_out_object_end(&w->out);
}

/* Anthropic's users say something beside the results of their tools. */
static bool says_more(const struct lx_message *m)
{
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (p->kind != LX_PART_TOOL_RESULT)
            return true;
    return m->role != LX_ROLE_TOOL && !m->parts;
}

/* The results of the messages from m on, their images, then what else they say. */
static const struct lx_message *write_results(struct place *at, const struct lx_message *m)
{
    const struct lx_message *end = m;
    size_t first = at->message;
    for (; end && lx_part_find(end->parts, LX_PART_TOOL_RESULT); end = end->next, at->message++)
        for (const struct lx_part *p = end->parts; p; p = p->next)
            if (p->kind == LX_PART_TOOL_RESULT)
                write_result(at, p);
    write_moved_images(at->w, m, end);
    at->message = first;
    for (; m != end; m = m->next, at->message++) {
        lx_cohere_lose_cache(at->w, &m->cache);
        if (says_more(m))
            write_message(at, m);
    }
    return end;
}

void lx_cohere_messages_write(struct lx_cohere_writer *w)
{
    struct place at = {.w = w};
    lx_out_array(&w->out, "messages");
    for (const struct lx_message *m = w->r->messages; m;) {
        if (lx_part_find(m->parts, LX_PART_TOOL_RESULT)) {
            m = write_results(&at, m);
            continue;
        }
        lx_cohere_lose_cache(w, &m->cache);
        if (m->role != LX_ROLE_TOOL)
            write_message(&at, m);
        m = m->next;
        at.message++;
    }
    lx_out_array_end(&w->out);
}
