/*
 * bedrock_messages.c - back: the conversation of a request, as `system` and `messages`.
 *
 * Converse has turns, user and assistant in alternation, and wants the results of all tools that a
 * turn called at the start of the next. So runs of messages are written as one turn:
 *
 *   system, developer         -> "system"
 *   user, tool, tool, user    -> user: [toolResult, toolResult, text, text]
 *   assistant, assistant      -> assistant: [reasoningContent, text, toolUse, ...]
 *   system in between         -> user text in place, with a word before it that says so: moved to
 *                                the front it would change the prefix that is cached
 *
 * A cache mark of a part is a cachePoint behind it; of a tool's result, behind the whole result.
 */
#include "dialect/bedrock.h"
#include "dialect/textual.h"

static bool speaks_as_assistant(const struct lx_message *m)
{
    return m->role == LX_ROLE_ASSISTANT;
}

/* A run of messages of one speaker. */
struct turn {
    bool assistant;
    const struct lx_message *first, *end;
    size_t index; /* of first */
};

static bool message_is_void(const struct lx_message *m)
{
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (!lx_bedrock_is_void(p))
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

/* The part that a mark on the whole message stands on. */
static const struct lx_part *last_part(const struct lx_message *m)
{
    const struct lx_part *last = NULL;
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (!lx_bedrock_is_void(p))
            last = p;
    return last;
}

/* Marks within a tool's result are the result's. */
static const struct lx_cache_mark *mark_of(const struct lx_part *p)
{
    const struct lx_cache_mark *mark = &p->cache;
    for (const struct lx_part *c = p->kind == LX_PART_TOOL_RESULT ? p->content : NULL; c;
         c = c->next)
        if (c->cache.set && !mark->set)
            mark = &c->cache;
    return mark;
}

static void write_note(struct lx_bedrock_writer *w)
{
    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "text", "(The next text is a system message, not the user's words.)");
    lx_out_object_end(&w->out);
}

/*
 * Where a guardrail is asked for, it looks at what the user says last, and not at the history
 * again: so does LiteLLM (converse_transformation.py, 1.106.2), unless the message says itself what
 * is to be looked at.
 */
static bool is_guarded(const struct lx_bedrock_writer *w, const struct lx_message *m)
{
    if (m->role != LX_ROLE_USER || !lx_extra_find(w->r->extra, LX_S("guardrailConfig")))
        return false;
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (p->guarded)
            return false;
    while (m && m->role == LX_ROLE_USER)
        m = m->next;
    return !m;
}

/* `results` chooses the tool results or everything else. */
static void write_message(struct lx_bedrock_writer *w, const struct lx_message *m, size_t index,
                          bool results)
{
    const struct lx_part *last = last_part(m);
    struct lx_bedrock_place at = {index, 0};
    w->guards = is_guarded(w, m);
    for (const struct lx_part *p = m->parts; p; p = p->next, at.part++) {
        if ((p->kind == LX_PART_TOOL_RESULT) != results)
            continue;
        if (lx_bedrock_is_void(p)) {
            if (p->kind == LX_PART_THINKING || p->kind == LX_PART_REDACTED_THINKING)
                lx_losses_add(
                    w->b->losses,
                    lx_arena_printf(w->b->arena, "messages[%zu].content[%zu]", at.message, at.part),
                    LX_S("Bedrock takes back only thinking that was signed"));
            continue;
        }
        lx_bedrock_part_write(w, p, at);
        const struct lx_cache_mark *mark = mark_of(p);
        bool whole = !mark->set && p == last;
        bool automatic = whole && !m->cache.set && !m->next && w->r->cache.set;
        lx_bedrock_cache_write(w, automatic ? &w->r->cache : whole ? &m->cache : mark);
    }
}

static void write_turn_parts(struct lx_bedrock_writer *w, const struct turn *t, bool results)
{
    size_t index = t->index;
    for (const struct lx_message *m = t->first; m != t->end; m = m->next, index++) {
        if (!results && lx_role_is_system(m->role) && !message_is_void(m))
            write_note(w);
        write_message(w, m, index, results);
    }
}

static void write_filler(struct lx_bedrock_writer *w, size_t index, struct lx_slice why)
{
    lx_losses_change(w->b->losses, lx_arena_printf(w->b->arena, "messages[%zu]", index), why);
    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "role", "user");
    lx_out_array(&w->out, "content");
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "text", LX_ANTHROPIC_FILLER);
    lx_out_object_end(&w->out);
    lx_out_array_end(&w->out);
    lx_out_object_end(&w->out);
}

static void write_turn(struct lx_bedrock_writer *w, const struct turn *t)
{
    if (!t->assistant && w->o->modify_params && turn_is_void(t)) {
        write_filler(w, t->index, LX_REPAIR_EMPTY);
        return;
    }
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "role", t->assistant ? LX_S("assistant") : LX_S("user"));
    lx_out_array(&w->out, "content"); /* empty: the provider says best what it misses */
    write_turn_parts(w, t, true);
    write_turn_parts(w, t, false);
    lx_out_array_end(&w->out);
    lx_out_object_end(&w->out);
}

/* The next run; an assistant who says nothing does not end the user's. */
static struct turn next_turn(const struct lx_message *m, size_t index)
{
    struct turn t = {speaks_as_assistant(m), m, m->next, index};
    while (t.end && (speaks_as_assistant(t.end) == t.assistant ||
                     (speaks_as_assistant(t.end) && message_is_void(t.end))))
        t.end = t.end->next;
    return t;
}

/* White space at the end of a prefilled answer is refused. */
static const struct lx_part *trimmed_part(const struct turn *t)
{
    const struct lx_part *last = NULL;
    for (const struct lx_message *m = t->first; m != t->end; m = m->next)
        if (last_part(m))
            last = last_part(m);
    return last && last->kind == LX_PART_TEXT ? last : NULL;
}

static void write_turns(struct lx_bedrock_writer *w, const struct lx_message *m, size_t index)
{
    bool first = true;
    while (m) {
        struct turn t = next_turn(m, index);
        for (; m != t.end; m = m->next)
            index++;
        if (!m && t.assistant)
            w->trim = trimmed_part(&t);
        if (t.assistant && turn_is_void(&t))
            continue;
        if (first && t.assistant && w->o->modify_params)
            write_filler(w, t.index, LX_REPAIR_FIRST);
        write_turn(w, &t);
        first = false;
    }
    if (first && w->o->modify_params)
        write_filler(w, index, LX_REPAIR_FIRST);
}

/* ---- System --------------------------------------------------------------------------------- */

/* json_object has no tool to go by: the schema is unknown. OpenAI wants JSON asked for in the
 * prompt as well. */
static void write_system(struct lx_bedrock_writer *w, const struct lx_message *end)
{
    const struct lx_response_format *f = &w->r->format;
    bool json = f->kind == LX_FORMAT_JSON || (f->kind == LX_FORMAT_SCHEMA && !f->schema.n);
    struct turn t = {false, w->r->messages, end, 0};
    if (turn_is_void(&t) && !json)
        return;
    lx_out_array(&w->out, "system");
    size_t index = 0;
    for (const struct lx_message *m = t.first; m != end; m = m->next, index++)
        write_message(w, m, index, false);
    if (json) {
        lx_out_object(&w->out, NULL);
        lx_json_prompt_write(&w->out, "text", f, w->b);
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
}

/* Anything but text in a system message: SystemContentBlock has no member for it. */
static bool refuse_system_media(struct lx_bedrock_writer *w, const struct lx_message *end)
{
    size_t index = 0;
    for (const struct lx_message *m = w->r->messages; m != end; m = m->next, index++)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (p->kind != LX_PART_TEXT && p->kind != LX_PART_REFUSAL &&
                p->kind != LX_PART_OPAQUE) {
                lx_body_refuse(w->b, w->o,
                               lx_arena_printf(w->b->arena, "messages[%zu].content", index),
                               LX_S("Bedrock takes only text in system messages"));
                return true;
            }
    return false;
}

void lx_bedrock_messages_write(struct lx_bedrock_writer *w)
{
    const struct lx_message *m = w->r->messages;
    size_t index = 0;
    for (; m && lx_role_is_system(m->role); m = m->next)
        index++;
    if (!refuse_system_media(w, m))
        write_system(w, m);
    lx_out_array(&w->out, "messages");
    write_turns(w, m, index);
    lx_out_array_end(&w->out);
}
