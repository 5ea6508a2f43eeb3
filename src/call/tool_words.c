/*
 * tool_words.c - tools of a request as words of its prompt; see tool_words.h.
 *
 * attempt_body.c asks for it where the target has refused the tools and the configuration says that
 * they shall be told in the prompt (LiteLLM's add_function_to_prompt, 1.106.2):
 *
 *   tools                      a text at the end of the system message
 *   the assistant's calls      the JSON that the model is asked to call with
 *   results, one or several    what a user says
 *
 * LiteLLM leaves the history as it is and gives the JSON back as text; here calls become calls
 * again (worded_call.c), so that clients need not know.
 */
#include "call/tool_words.h"

enum { MAX_TEXT_BYTES = 64 << 20 };

struct telling {
    struct lx_arena *arena;
    struct lx_message *first, **at;
    const struct lx_message *calls; /* the last message that called */
};

bool lx_tool_words_needed(const struct lx_request *r)
{
    for (const struct lx_message *m = r->messages; m; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (p->kind == LX_PART_TOOL_CALL || p->kind == LX_PART_TOOL_RESULT)
                return true;
    return false;
}

/* ---- The tools ------------------------------------------------------------------------------ */

static void write_tool(struct lx_buf *text, const struct lx_tool *t)
{
    struct lx_out o = lx_out(text);
    lx_buf_add_byte(text, '\n');
    lx_out_object(&o, NULL);
    lx_out_text(&o, "name", t->name);
    if (t->description.s.n)
        lx_out_text(&o, "description", t->description);
    lx_out_raw(&o, "parameters", t->parameters.n ? t->parameters : LX_S("{\"type\":\"object\"}"));
    lx_out_object_end(&o);
}

static struct lx_slice write_words(const struct lx_tool_words *w, struct lx_arena *a)
{
    struct lx_buf text;
    lx_buf_init(&text, MAX_TEXT_BYTES);
    lx_buf_add_lit(&text, "You can call functions. To call one, answer with this JSON and nothing "
                          "else, no text around it and no code fence: "
                          "{\"name\": \"function_name\", \"arguments\": {\"argument_name\": "
                          "\"argument_value\"}}.");
    if (w->several)
        lx_buf_add_lit(&text,
                       " To call several at once, answer with a JSON array of such objects.");
    else
        lx_buf_add_lit(&text, " Call one function at a time.");
    if (w->must)
        lx_buf_add_lit(&text, " You must call a function now.");
    else
        lx_buf_add_lit(&text, " Where no function helps, or what one gave answers the question, "
                              "answer in plain text.");
    lx_buf_add_lit(&text, " What a function gives is told in the next message. The functions, with "
                          "the JSON Schema of their arguments:");
    for (const struct lx_tool *t = w->tools; t; t = t->next)
        write_tool(&text, t);
    return lx_buf_take(&text, a);
}

/* One that takes free text gets it as an argument. */
static struct lx_tool *tool_to_tell(const struct lx_tool *t, struct lx_arena *a)
{
    struct lx_tool *copy = lx_arena_new(a, struct lx_tool);
    if (!copy)
        return NULL;
    *copy = (struct lx_tool){.name = t->name,
                             .description = t->description,
                             .parameters = t->parameters,
                             .custom = t->custom};
    if (t->custom)
        copy->parameters = LX_S("{\"type\":\"object\",\"properties\":{\"input\":{\"type\":"
                                "\"string\"}},\"required\":[\"input\"]}");
    return copy;
}

/* Those that may be called, and can be told. */
static struct lx_tool *choose_tools(const struct lx_request *r, const struct lx_write_options *o,
                                    struct lx_body *b)
{
    struct lx_tool *first = NULL, **at = &first;
    struct lx_slice only = lx_text_plain(r->tool_choice_name, b->arena);
    size_t i = 0;
    for (const struct lx_tool *t = r->tools; t; t = t->next, i++) {
        if (t->language.n)
            lx_body_refuse(b, o, lx_arena_printf(b->arena, "tools[%zu]", i),
                           LX_S("a tool of another provider's own cannot be told in the prompt"));
        else if ((r->tool_choice != LX_CHOICE_NAMED ||
                  lx_slice_eq(lx_text_plain(t->name, b->arena), only)) &&
                 (*at = tool_to_tell(t, b->arena)))
            at = &(*at)->next;
    }
    return first;
}

/* ---- Messages ------------------------------------------------------------------------------- */

static struct lx_message *add_message(struct telling *t, const struct lx_message *like)
{
    struct lx_message *m = lx_message_add(&t->at, like->role, t->arena);
    if (!m)
        return NULL;
    *m = *like;
    m->next = NULL;
    return m;
}

static struct lx_part *add_part(struct lx_part ***at, const struct lx_part *like,
                                struct lx_arena *a)
{
    struct lx_part *p = lx_part_add(at, like->kind, a);
    if (!p)
        return NULL;
    *p = *like;
    p->next = NULL;
    return p;
}

/* The message with its texts as one, at its end, and behind it another. `text` has begun. */
static void add_text(struct telling *t, struct lx_message *m, const struct lx_part *parts,
                     struct lx_buf *text)
{
    struct lx_part **at = &m->parts;
    struct lx_part whole = {.kind = LX_PART_TEXT};
    m->parts = NULL;
    for (const struct lx_part *p = parts; p; p = p->next) {
        if (p->kind == LX_PART_TEXT || p->kind == LX_PART_TOOL_CALL)
            whole.cache = p->cache.set ? p->cache : whole.cache;
        else
            add_part(&at, p, t->arena);
    }
    whole.text = lx_text(lx_buf_take(text, t->arena));
    add_part(&at, &whole, t->arena);
}

static void join_texts(const struct telling *t, const struct lx_part *parts, struct lx_buf *text)
{
    for (const struct lx_part *p = parts; p; p = p->next)
        if (p->kind == LX_PART_TEXT)
            lx_buf_add(text, lx_text_plain(p->text, t->arena));
}

static void write_call(struct lx_out *o, const struct lx_part *p, struct lx_arena *a)
{
    struct lx_slice arguments = lx_slice_trim(lx_text_plain(p->arguments, a));
    lx_out_object(o, NULL);
    lx_out_text(o, "name", p->name);
    if (p->custom) {
        lx_out_object(o, "arguments");
        lx_out_text(o, "input", p->arguments);
        lx_out_object_end(o);
    } else {
        lx_out_raw(o, "arguments", arguments.n ? arguments : LX_S("{}"));
    }
    lx_out_object_end(o);
}

static void tell_calls(struct telling *t, const struct lx_message *m)
{
    struct lx_message *to = add_message(t, m);
    struct lx_buf text;
    size_t calls = 0;
    if (!to)
        return;
    lx_buf_init(&text, MAX_TEXT_BYTES);
    join_texts(t, m->parts, &text);
    if (text.n)
        lx_buf_add_byte(&text, '\n');
    for (const struct lx_part *p = m->parts; p; p = p->next)
        calls += p->kind == LX_PART_TOOL_CALL;
    struct lx_out o = lx_out(&text);
    if (calls > 1)
        lx_out_array(&o, NULL);
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (p->kind == LX_PART_TOOL_CALL)
            write_call(&o, p, t->arena);
    if (calls > 1)
        lx_out_array_end(&o);
    add_text(t, to, m->parts, &text);
    t->calls = m;
}

/* The name of the function that gave this. */
static struct lx_slice name_of(const struct telling *t, const struct lx_part *result)
{
    struct lx_slice id = lx_text_plain(result->id, t->arena);
    if (result->name.s.n)
        return lx_text_plain(result->name, t->arena);
    for (const struct lx_part *p = t->calls ? t->calls->parts : NULL; p; p = p->next)
        if (p->kind == LX_PART_TOOL_CALL && lx_slice_eq(lx_text_plain(p->id, t->arena), id))
            return lx_text_plain(p->name, t->arena);
    return id;
}

/* Text into the buffer, everything else behind *at. */
static void tell_result(const struct telling *t, const struct lx_part *result, struct lx_buf *text,
                        struct lx_part ***at)
{
    if (text->n)
        lx_buf_add_lit(text, "\n\n");
    lx_buf_add_lit(text, "The function ");
    lx_buf_add(text, name_of(t, result));
    lx_buf_add(text, result->is_error ? LX_S(" failed:\n") : LX_S(" gave:\n"));
    join_texts(t, result->content, text);
    for (const struct lx_part *p = result->content; p; p = p->next)
        if (p->kind != LX_PART_TEXT)
            add_part(at, p, t->arena);
}

/* Messages of results up to the next that is none, as one of the user's; returns that. */
static const struct lx_message *tell_results(struct telling *t, const struct lx_message *m)
{
    struct lx_message *to = lx_message_add(&t->at, LX_ROLE_USER, t->arena);
    struct lx_part *media = NULL, **at = &media;
    struct lx_buf text;
    lx_buf_init(&text, MAX_TEXT_BYTES);
    for (; m && m->role == LX_ROLE_TOOL; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            tell_result(t, p, &text, &at);
    if (to) {
        to->plain = !media;
        add_text(t, to, media, &text);
    }
    lx_buf_clear(&text);
    return m;
}

static bool has_calls(const struct lx_message *m)
{
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (p->kind == LX_PART_TOOL_CALL)
            return true;
    return false;
}

/* A system message with more behind what it says. */
static void tell_words(struct telling *t, const struct lx_message *system, struct lx_slice words)
{
    const struct lx_message none = {.role = LX_ROLE_SYSTEM, .plain = true};
    struct lx_message *to = add_message(t, system ? system : &none);
    struct lx_buf text;
    if (!to)
        return;
    lx_buf_init(&text, MAX_TEXT_BYTES);
    join_texts(t, to->parts, &text);
    if (text.n)
        lx_buf_add_lit(&text, "\n\n");
    lx_buf_add(&text, words);
    add_text(t, to, to->parts, &text);
}

static bool is_system(const struct lx_message *m)
{
    return m && (m->role == LX_ROLE_SYSTEM || m->role == LX_ROLE_DEVELOPER);
}

/* words: absent: there are none. */
static void tell_messages(struct telling *t, const struct lx_message *m, struct lx_slice words)
{
    if (words.n && !is_system(m))
        tell_words(t, NULL, words);
    for (bool begins = true; m;) {
        bool last = begins && is_system(m) && !is_system(m->next);
        begins = begins && is_system(m);
        if (m->role == LX_ROLE_TOOL) {
            m = tell_results(t, m);
            continue;
        }
        if (last && words.n)
            tell_words(t, m, words);
        else if (m->role == LX_ROLE_ASSISTANT && has_calls(m))
            tell_calls(t, m);
        else
            add_message(t, m);
        m = m->next;
    }
}

const struct lx_request *lx_tool_words_tell(const struct lx_request *r,
                                            const struct lx_write_options *o, struct lx_body *b,
                                            const struct lx_tool_words **words)
{
    struct telling t = {.arena = b->arena};
    struct lx_request *to = lx_arena_new(b->arena, struct lx_request);
    struct lx_tool_words *w = lx_arena_new(b->arena, struct lx_tool_words);
    struct lx_slice text = lx_slice(NULL, 0);
    *words = NULL;
    if (!to || !w)
        return NULL;
    t.at = &t.first;
    *to = *r;
    *w = (struct lx_tool_words){
        .must = r->tool_choice == LX_CHOICE_REQUIRED || r->tool_choice == LX_CHOICE_NAMED,
        .several = r->parallel_tool_calls != LX_NO && !r->legacy_functions,
        .legacy = r->legacy_functions,
    };
    if (r->tool_choice != LX_CHOICE_NONE)
        w->tools = choose_tools(r, o, b);
    if (r->tool_choice == LX_CHOICE_NAMED && !w->tools)
        lx_body_fail(b, LX_EINVAL, LX_S("tool_choice"), LX_S("names no tool that can be told"));
    if (r->tool_choice == LX_CHOICE_RAW)
        lx_body_refuse(b, o, LX_S("tool_choice"), LX_S("cannot be told in the prompt"));
    if (w->tools) {
        text = write_words(w, b->arena);
        *words = w;
    }
    tell_messages(&t, r->messages, text);
    to->messages = t.first;
    to->tools = NULL;
    to->tool_choice = LX_CHOICE_UNSET;
    to->tool_choice_raw = lx_slice(NULL, 0);
    to->parallel_tool_calls = LX_UNSET;
    to->legacy_functions = false;
    lx_losses_change(
        b->losses, LX_S("tools"),
        w->tools ? LX_S("the model has none: told in the prompt, calls are read out of its answer")
                 : LX_S("the model has none: calls and results of the history are told as text"));
    return b->arena->failed ? NULL : to;
}

const struct lx_tool_words *lx_tool_words_copy(const struct lx_tool_words *w, struct lx_arena *a)
{
    struct lx_tool_words *to = lx_arena_new(a, struct lx_tool_words);
    struct lx_tool *first = NULL, **at = &first;
    if (!to)
        return NULL;
    *to = *w;
    for (const struct lx_tool *t = w->tools; t; t = t->next) {
        if (!(*at = tool_to_tell(t, a)))
            return NULL;
        (*at)->name = lx_text(lx_arena_copy(a, lx_text_plain(t->name, a)));
        (*at)->parameters = t->parameters.n ? lx_arena_copy(a, t->parameters) : t->parameters;
        (*at)->description = lx_text(lx_slice(NULL, 0));
        at = &(*at)->next;
    }
    to->tools = first;
    return a->failed ? NULL : to;
}
