/*
 * ollama_messages.c - back: the conversation of a request, as `messages`.
 *
 * Content is one string, and images stand beside it as base64. A result names the tool that gave
 * it, not the call: the name is looked up among the calls before. Ids are sent along nevertheless,
 * for versions that know them.
 *
 *   system, developer   -> system: content
 *   user                -> user: content, images
 *   assistant           -> assistant: content, thinking, tool_calls with arguments as objects
 *   tool                -> tool: content, tool_name; images behind, as the user's
 */
#include "dialect/ollama.h"
#include "dialect/textual.h"

/* A call that was written. */
struct lx_ollama_call {
    struct lx_slice id;
    struct lx_text name;
    struct lx_ollama_call *next;
};

/* Where the writing is. */
struct place {
    struct lx_ollama_writer *w;
    size_t message, part;
};

static struct lx_slice what(const struct place *at)
{
    return lx_arena_printf(at->w->b->arena, "messages[%zu].content[%zu]", at->message, at->part);
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* Why a part cannot be sent; NULL: it can, or it is written elsewhere. */
static const char *obstacle(const struct lx_part *p)
{
    if (lx_file_is_text(p))
        return NULL;
    switch (p->kind) {
    case LX_PART_IMAGE:
        return p->media.data.s.n  ? NULL
               : p->media.url.s.n ? "Ollama fetches no images: send the data itself, as a data: URL"
                                  : "a file of another provider";
    case LX_PART_AUDIO:
        return p->text.s.n ? NULL : "Ollama takes no sound";
    case LX_PART_VIDEO:
        return "Ollama takes no video";
    case LX_PART_FILE:
        return "Ollama takes documents as text only";
    case LX_PART_OPAQUE:
        return "only the provider that made it understands it";
    default:
        return NULL;
    }
}

static void refuse_obstacles(struct place *at, const struct lx_part *p, enum lx_role role)
{
    for (at->part = 0; p; p = p->next, at->part++) {
        const char *why = obstacle(p);
        /* What a server tool did is a loss: the answer to it stands in the history as text. */
        if (why && p->kind == LX_PART_OPAQUE && role == LX_ROLE_ASSISTANT)
            lx_losses_add(at->w->b->losses, what(at), lx_slice_z(why));
        else if (why && p->kind == LX_PART_IMAGE)
            lx_body_need(at->w->b, at->w->o, p, what(at), lx_slice_z(why));
        else if (why)
            lx_body_refuse(at->w->b, at->w->o, what(at), lx_slice_z(why));
        lx_ollama_lose_cache(at->w, &p->cache);
    }
}

static bool is_image(const struct lx_part *p)
{
    return p->kind == LX_PART_IMAGE && p->media.data.s.n;
}

static bool has_image(const struct lx_part *p)
{
    while (p && !is_image(p))
        p = p->next;
    return p != NULL;
}

/* The texts as one, as they stand; documents with blank lines around them. */
static void write_content(struct lx_out *o, const struct lx_part *parts)
{
    bool after_file = false, any = false;
    lx_out_string_open(o, "content");
    for (const struct lx_part *p = parts; p; p = p->next) {
        bool file = lx_file_is_text(p);
        if (!file && (!lx_part_is_text(p) || !p->text.s.n))
            continue;
        if (any && (file || after_file))
            lx_out_string_part(o, lx_text(LX_S("\n\n")));
        if (file)
            lx_file_text_write(o, p);
        else
            lx_out_string_part(o, p->text);
        after_file = file;
        any = true;
    }
    lx_out_string_close(o);
}

static void write_images(struct lx_out *o, const struct lx_part *parts)
{
    if (!has_image(parts))
        return;
    lx_out_array(o, "images");
    for (const struct lx_part *p = parts; p; p = p->next)
        if (is_image(p))
            lx_out_text(o, NULL, p->media.data);
    lx_out_array_end(o);
}

/* ---- The assistant -------------------------------------------------------------------------- */

static void write_thinking(struct lx_ollama_writer *w, const struct lx_part *parts)
{
    bool open = false;
    for (const struct lx_part *p = parts; p; p = p->next) {
        bool hidden =
            p->kind == LX_PART_REDACTED_THINKING || (p->kind == LX_PART_THINKING && !p->text.s.n);
        if (hidden && !w->lost_hidden)
            lx_losses_add(w->b->losses, LX_S("thinking"),
                          LX_S("hidden thinking is for the provider that hid it"));
        w->lost_hidden |= hidden;
        if (p->kind != LX_PART_THINKING || hidden)
            continue;
        if (!open)
            lx_out_string_open(&w->out, "thinking");
        open = true;
        lx_out_string_part(&w->out, p->text);
    }
    if (open)
        lx_out_string_close(&w->out);
}

/* JSON that is an object, as Ollama wants it; else told in one. */
static void write_arguments(struct lx_ollama_writer *w, const struct lx_part *p)
{
    struct lx_slice plain = lx_slice_trim(lx_text_plain(p->arguments, w->b->arena));
    bool object = !p->custom && lx_slice_starts(plain, LX_S("{")) &&
                  lx_inner_read(&w->scratch, plain, w->b->buf);
    if (object) {
        lx_out_raw(&w->out, "arguments", plain);
        return;
    }
    lx_out_object(&w->out, "arguments");
    if (plain.n && !lx_slice_eq(plain, LX_S("null")))
        lx_out_text(&w->out, "input", p->arguments);
    lx_out_object_end(&w->out);
}

static void remember(struct lx_ollama_writer *w, const struct lx_part *p)
{
    struct lx_ollama_call *call = lx_arena_new(w->b->arena, struct lx_ollama_call);
    if (!call)
        return;
    *call = (struct lx_ollama_call){lx_text_plain(p->id, w->b->arena), p->name, w->calls};
    w->calls = call;
}

static void write_calls(struct lx_ollama_writer *w, const struct lx_part *parts)
{
    bool open = false;
    for (const struct lx_part *p = parts; p; p = p->next) {
        if (p->kind != LX_PART_TOOL_CALL)
            continue;
        if (!open)
            lx_out_array(&w->out, "tool_calls");
        open = true;
        remember(w, p);
        lx_out_object(&w->out, NULL);
        if (p->id.s.n)
            lx_out_text(&w->out, "id", p->id);
        lx_out_lit(&w->out, "type", "function");
        lx_out_object(&w->out, "function");
        lx_out_text(&w->out, "name", p->name);
        write_arguments(w, p);
        lx_out_object_end(&w->out);
        lx_out_object_end(&w->out);
    }
    if (open)
        lx_out_array_end(&w->out);
}

/* ---- Tool results --------------------------------------------------------------------------- */

static struct lx_text name_of(const struct lx_ollama_writer *w, const struct lx_part *result)
{
    struct lx_slice id = lx_text_plain(result->id, w->b->arena);
    const struct lx_ollama_call *call = w->calls;
    while (call && !lx_slice_eq(call->id, id))
        call = call->next;
    return call ? call->name : result->name;
}

static void write_result(struct place *at, const struct lx_part *p)
{
    struct lx_ollama_writer *w = at->w;
    struct lx_text name = name_of(w, p);
    bool says = false;
    for (const struct lx_part *c = p->content; c; c = c->next)
        says |= lx_file_is_text(c) || lx_part_is_text(c);
    refuse_obstacles(at, p->content, LX_ROLE_TOOL);
    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "role", "tool");
    if (!says && has_image(p->content))
        lx_out_lit(&w->out, "content", "The result is attached to the next message.");
    else
        write_content(&w->out, p->content);
    if (name.s.n)
        lx_out_text(&w->out, "tool_name", name);
    if (p->id.s.n)
        lx_out_text(&w->out, "tool_call_id", p->id);
    lx_out_object_end(&w->out);
    if (p->is_error && !w->lost_is_error)
        lx_losses_add(w->b->losses, LX_S("is_error"),
                      LX_S("a tool's result cannot be marked as an error"));
    w->lost_is_error |= p->is_error;
    lx_ollama_lose_cache(w, &p->cache);
}

/* Images of results are shown by the user, behind all of the results. */
static void write_moved_images(struct lx_ollama_writer *w, const struct lx_message *from,
                               const struct lx_message *to)
{
    for (const struct lx_message *m = from; m != to; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            if (p->kind != LX_PART_TOOL_RESULT || !has_image(p->content))
                continue;
            lx_out_object(&w->out, NULL);
            lx_out_lit(&w->out, "role", "user");
            lx_out_string_open(&w->out, "content");
            lx_out_string_part(&w->out, lx_text(LX_S("Attached to the result of tool call ")));
            lx_out_string_part(&w->out, p->id);
            lx_out_string_part(&w->out, lx_text(LX_S(":")));
            lx_out_string_close(&w->out);
            write_images(&w->out, p->content);
            lx_out_object_end(&w->out);
        }
}

/* ---- Messages ------------------------------------------------------------------------------- */

static void write_message(struct place *at, const struct lx_message *m)
{
    static const char *const roles[] = {
        [LX_ROLE_SYSTEM] = "system",       [LX_ROLE_DEVELOPER] = "system", [LX_ROLE_USER] = "user",
        [LX_ROLE_ASSISTANT] = "assistant", [LX_ROLE_TOOL] = "tool", /* one without results */
    };
    struct lx_ollama_writer *w = at->w;
    refuse_obstacles(at, m->parts, m->role);
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "role", lx_slice_z(roles[m->role]));
    write_content(&w->out, m->parts);
    write_images(&w->out, m->parts);
    if (m->role == LX_ROLE_ASSISTANT) {
        write_thinking(w, m->parts);
        write_calls(w, m->parts);
    }
    lx_out_object_end(&w->out);
}

static bool is_result(const struct lx_part *p)
{
    return p->kind == LX_PART_TOOL_RESULT;
}

/* Anthropic's users say something beside the results of their tools. */
static bool says_more(const struct lx_message *m)
{
    const struct lx_part *p = m->parts;
    while (p && is_result(p))
        p = p->next;
    return p != NULL;
}

/* The results of the messages from m on, their images, then what else they say. */
static const struct lx_message *write_results(struct place *at, const struct lx_message *m)
{
    const struct lx_message *end = m;
    size_t first = at->message;
    for (; end && lx_part_find(end->parts, LX_PART_TOOL_RESULT); end = end->next, at->message++)
        for (const struct lx_part *p = end->parts; p; p = p->next)
            if (is_result(p))
                write_result(at, p);
    write_moved_images(at->w, m, end);
    at->message = first;
    for (; m != end; m = m->next, at->message++) {
        lx_ollama_lose_cache(at->w, &m->cache);
        if (says_more(m))
            write_message(at, m);
    }
    return end;
}

void lx_ollama_messages_write(struct lx_ollama_writer *w)
{
    struct place at = {.w = w};
    lx_out_array(&w->out, "messages");
    for (const struct lx_message *m = w->r->messages; m;) {
        if (lx_part_find(m->parts, LX_PART_TOOL_RESULT)) {
            m = write_results(&at, m);
            continue;
        }
        lx_ollama_lose_cache(at.w, &m->cache);
        if (m->role != LX_ROLE_TOOL)
            write_message(&at, m);
        m = m->next;
        at.message++;
    }
    lx_out_array_end(&w->out);
}
