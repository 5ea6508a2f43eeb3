/*
 * worded_call.c - from what a model says to calls of tools; see worded_call.h.
 *
 * The relay asks it, where attempt_body.c told the tools in words (tool_words.c). An answer calls
 * when it begins with the JSON that was asked for, maybe in a code fence: {"name", "arguments"} of
 * a tool that was told, several in a row or in an array. Models like to go on behind it, with what
 * the tool might give: that is left out. Everything else is text, and stays it.
 *
 *   whole     text -> calls, whose arguments are held against their schemas
 *   stream    text is held from its first byte while it may be a call; the first name in the JSON
 *             tells most answers apart, so other JSON is not held for long
 */
#include "call/worded_call.h"

#include "call/verify.h"
#include "llm/schema.h"

enum { MAX_UNSURE = 4096, MAX_HELD = 1 << 20, MAX_CALLS = 128, MAX_PIECES = 1 << 30 };

enum guess { IS_TEXT, MAY_CALL, LIKE_A_CALL };

/* ---- How an answer begins ------------------------------------------------------------------- */

static struct lx_slice skip_space(struct lx_slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n' || s.p[0] == '\r'))
        s = lx_slice_from(s, 1);
    return s;
}

/* Behind a code fence with nothing or json behind it. */
static enum guess skip_fence(struct lx_slice *s)
{
    const struct lx_slice fence = LX_S("```");
    if (!lx_slice_starts(*s, fence))
        return lx_slice_starts(fence, *s) ? MAY_CALL : LIKE_A_CALL;
    ssize_t end = lx_slice_find_byte(*s, '\n');
    struct lx_slice line = lx_slice_from(end < 0 ? *s : lx_slice_to(*s, (size_t)end), fence.n);
    line = lx_slice_trim(line);
    if (end < 0)
        return lx_slice_starts(LX_S("json"), line) ? MAY_CALL : IS_TEXT;
    *s = skip_space(lx_slice_from(*s, (size_t)end + 1));
    return !line.n || lx_slice_eq(line, LX_S("json")) ? LIKE_A_CALL : IS_TEXT;
}

/* Whether what has come may be the beginning of a call; *json is where that begins. */
static enum guess guess(struct lx_slice s, struct lx_slice *json)
{
    static const struct lx_slice names[] = {LX_S_INIT("\"name\""), LX_S_INIT("\"arguments\""),
                                            LX_S_INIT("\"parameters\"")};
    s = skip_space(s);
    enum guess fence = skip_fence(&s);
    *json = s;
    if (fence != LIKE_A_CALL || !s.n)
        return fence == LIKE_A_CALL ? MAY_CALL : fence;
    if (s.p[0] == '[')
        s = skip_space(lx_slice_from(s, 1));
    if (s.n && s.p[0] != '{')
        return IS_TEXT;
    s = skip_space(lx_slice_from(s, s.n != 0));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (lx_slice_starts(s, names[i]))
            return LIKE_A_CALL;
        if (lx_slice_starts(names[i], s))
            return MAY_CALL;
    }
    return IS_TEXT;
}

/* ---- From text to calls --------------------------------------------------------------------- */

struct reading {
    const struct lx_tool_words *words;
    struct lx_slice id;
    struct lx_arena *arena;
    struct lx_part *first, **at;
    size_t count;
};

/* Bytes of the JSON value that s begins with; 0: it has no end. */
static size_t value_end(struct lx_slice s)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static const struct lx_tool *find_tool(const struct reading *k, struct lx_json name)
{
    for (const struct lx_tool *t = k->words->tools; t; t = t->next)
        if (lx_json_eq(name, lx_text_plain(t->name, k->arena)))
            return t;
    return NULL;
}

/* An object, or an object in a string; of a tool with free text that. False: none of these. */
static bool read_arguments(const struct lx_tool *tool, struct lx_json v, struct lx_text *out)
{
    struct lx_json text = tool->custom && lx_json_is(v, LX_JSON_OBJECT) ? LX_GET(v, "input") : v;
    if (lx_json_is(text, LX_JSON_STRING))
        *out = lx_json_text(text);
    else if (!tool->custom && lx_json_is(v, LX_JSON_OBJECT))
        *out = lx_text(lx_json_raw(v));
    else if (!tool->custom && !lx_json_given(v))
        *out = lx_text(LX_S("{}"));
    else
        return false;
    return true;
}

static bool read_call(struct reading *k, struct lx_json v)
{
    struct lx_json arguments = LX_GET(v, "arguments");
    const struct lx_tool *tool = find_tool(k, LX_GET(v, "name"));
    struct lx_part call = {.kind = LX_PART_TOOL_CALL};
    if (!lx_json_given(arguments))
        arguments = LX_GET(v, "parameters");
    if (!tool || k->count == MAX_CALLS || !read_arguments(tool, arguments, &call.arguments))
        return false;
    if (k->count && !k->words->several)
        return true; /* it asked for too much at once, and may ask again */
    struct lx_part *p = lx_part_add(&k->at, LX_PART_TOOL_CALL, k->arena);
    if (!p)
        return false;
    p->id = lx_text(lx_arena_printf(k->arena, "call_%.*s_%zu", LX_F(k->id), k->count++));
    p->name = tool->name;
    p->custom = tool->custom;
    p->arguments = call.arguments;
    return true;
}

static bool read_value(struct reading *k, struct lx_json v)
{
    if (!lx_json_is(v, LX_JSON_ARRAY))
        return read_call(k, v);
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
        if (!read_call(k, it.value))
            return false;
    return true;
}

/* The calls that a text is; none: it is text. 0 or a code. They borrow from the text. */
static int read_calls(struct reading *k, struct lx_slice text)
{
    struct lx_json_doc doc;
    struct lx_slice s;
    int code = 0;
    k->at = &k->first;
    if (guess(text, &s) != LIKE_A_CALL)
        return 0;
    lx_json_doc_init(&doc);
    for (size_t n; (n = value_end(s)) != 0;) {
        code = lx_json_read(&doc, lx_slice_to(s, n), NULL, NULL);
        if (code < 0 || !read_value(k, lx_json_root(&doc)))
            break;
        s = skip_space(lx_slice_from(s, n));
        if (s.n && (s.p[0] == ',' || s.p[0] == ';'))
            s = skip_space(lx_slice_from(s, 1));
        if (!s.n || (s.p[0] != '{' && s.p[0] != '['))
            break;
    }
    lx_json_doc_clear(&doc);
    return code == LX_ENOMEM ? code : k->arena->failed;
}

/* What was cut short or held back is no call. */
static bool may_end(enum lx_finish finish)
{
    return finish == LX_FINISH_NONE || finish == LX_FINISH_STOP ||
           finish == LX_FINISH_STOP_SEQUENCE || finish == LX_FINISH_OTHER;
}

/* ---- Whole replies -------------------------------------------------------------------------- */

/* 1: the arguments follow the tool's schema, as far as one can tell; 0: not; or a code. */
static int check_call(const struct reading *k, const struct lx_part *call, struct lx_error *why,
                      struct lx_slice *schema)
{
    const struct lx_tool *t = k->words->tools;
    struct lx_json_doc rules, value;
    while (t && t->name.s.p != call->name.s.p)
        t = t->next;
    *schema = t ? t->parameters : lx_slice(NULL, 0);
    if (!t || t->custom || !schema->n)
        return 1;
    lx_json_doc_init(&rules);
    lx_json_doc_init(&value);
    int code = lx_json_read(&value, lx_text_plain(call->arguments, k->arena), NULL, why);
    if (code < 0 && code != LX_ENOMEM)
        code = 0;
    else if (code == 0)
        code = lx_json_read(&rules, *schema, NULL, NULL) == LX_ENOMEM ? LX_ENOMEM : 1;
    if (code == 1 && lx_json_root(&rules).doc)
        code = lx_schema_check(lx_json_root(&rules), lx_json_root(&value), k->arena, why);
    lx_json_doc_clear(&value);
    lx_json_doc_clear(&rules);
    if (code != LX_ELIMIT || k->arena->failed)
        return code;
    lx_error_set(why, code, "the schema is too complex to tell");
    return 0;
}

/* The calls in place of the text. */
static void put_calls(struct reading *k, struct lx_choice *c)
{
    struct lx_part *parts = c->parts, **at = &c->parts;
    for (const struct lx_part *p = parts; p; p = p->next) {
        struct lx_part *copy = p->kind == LX_PART_TEXT ? NULL : lx_part_add(&at, p->kind, k->arena);
        if (!copy)
            continue;
        *copy = *p;
        copy->next = NULL;
    }
    *at = k->first;
    c->finish = LX_FINISH_TOOL_CALLS;
    c->raw_finish = lx_slice(NULL, 0);
    c->legacy_function_call = k->words->legacy;
}

static int read_choice(struct reading *k, struct lx_choice *c, struct lx_fault *fault)
{
    struct lx_slice schema = lx_slice(NULL, 0), text = lx_choice_text(c, k->arena);
    struct lx_error why = {0};
    int good = 1, code = read_calls(k, text);
    for (const struct lx_part *p = k->first; p && code == 0 && good == 1; p = p->next)
        good = check_call(k, p, &why, &schema);
    if (code == 0 && !k->first && k->words->must) {
        lx_error_set(&why, LX_EINVAL, "it calls no function, and must");
        good = 0;
    }
    if (code < 0 || good < 0)
        return code < 0 ? code : good;
    if (!good) {
        lx_form_fault(&why, text, schema, k->arena, fault);
        return k->arena->failed ? k->arena->failed : LX_EINVAL;
    }
    if (k->first)
        put_calls(k, c);
    return k->arena->failed;
}

int lx_worded_calls_read(const struct lx_reply *reply, const struct lx_tool_words *words,
                         struct lx_slice id, struct lx_arena *a, const struct lx_reply **out,
                         struct lx_fault *fault)
{
    struct lx_reply *copy = lx_reply_copy_choices(reply, a);
    size_t count = 0;
    int code = copy ? 0 : a->failed;
    *out = copy;
    for (struct lx_choice *c = copy ? copy->choices : NULL; c && code == 0; c = c->next) {
        struct reading k = {.words = words, .id = id, .arena = a, .count = 0};
        if (c->index)
            k.id = lx_arena_printf(a, "%.*s_%zu", LX_F(id), count);
        count++;
        if (may_end(c->finish))
            code = read_choice(&k, c, fault);
    }
    return code;
}

/* ---- Streams -------------------------------------------------------------------------------- */

struct held {
    int64_t choice, part; /* the part: the text that is held, or was */
    bool told;            /* it is text */
    bool sure;            /* nothing more needs to be guessed before it ends */
    bool ended;
    struct lx_buf text; /* plain */
    struct held *next;
};

struct lx_worded_stream {
    const struct lx_tool_words *words;
    struct lx_slice id;
    struct lx_arena *arena;
    struct held *first;
};

struct lx_worded_stream *lx_worded_stream_new(const struct lx_tool_words *words, struct lx_slice id,
                                              struct lx_arena *a)
{
    struct lx_worded_stream *s = lx_arena_new(a, struct lx_worded_stream);
    if (s)
        *s = (struct lx_worded_stream){.words = words, .id = id, .arena = a};
    return s;
}

void lx_worded_stream_clear(struct lx_worded_stream *s)
{
    for (struct held *h = s ? s->first : NULL; h; h = h->next)
        lx_buf_clear(&h->text);
}

static struct held *held_of(struct lx_worded_stream *s, int64_t choice)
{
    struct held *h = s->first;
    while (h && h->choice != choice)
        h = h->next;
    return h;
}

/* The first text of a choice is held; another is not. */
static struct held *hold(struct lx_worded_stream *s, const struct lx_event *e)
{
    struct held *h = lx_arena_new(s->arena, struct held);
    if (!h)
        return NULL;
    *h = (struct held){.choice = e->choice, .part = e->index, .next = s->first};
    lx_buf_init(&h->text, MAX_PIECES);
    s->first = h;
    return h;
}

static struct lx_event *add(struct lx_events *out, enum lx_event_kind kind, const struct held *h,
                            int64_t index)
{
    struct lx_event *e = lx_events_add(out, kind);
    e->choice = h->choice;
    e->index = index;
    return e;
}

/* It is text: all that was held of it. */
static int let_go(struct held *h, struct lx_events *out)
{
    if (h->told)
        return 0;
    h->told = true;
    add(out, LX_EVENT_PART_START, h, h->part)->part = LX_PART_TEXT;
    struct lx_slice text = lx_buf_take(&h->text, out->arena);
    if (text.n) {
        struct lx_event *e = add(out, LX_EVENT_TEXT, h, h->part);
        e->part = LX_PART_TEXT;
        e->text = lx_text(text);
    }
    if (h->ended)
        add(out, LX_EVENT_PART_END, h, h->part)->part = LX_PART_TEXT;
    return out->arena->failed;
}

static void tell_calls(const struct reading *k, const struct held *h, struct lx_events *out)
{
    int64_t index = h->part;
    for (const struct lx_part *p = k->first; p; p = p->next, index++) {
        struct lx_event *e = add(out, LX_EVENT_PART_START, h, index);
        e->part = LX_PART_TOOL_CALL;
        e->id = p->id;
        e->name = p->name;
        e->custom = p->custom;
        e->legacy_function_call = k->words->legacy;
        e = add(out, LX_EVENT_ARGUMENTS, h, index);
        e->part = LX_PART_TOOL_CALL;
        e->text = p->arguments;
        add(out, LX_EVENT_PART_END, h, index)->part = LX_PART_TOOL_CALL;
    }
}

/* The answer is finished: its calls, or its text. *called: which. */
static int finish(struct lx_worded_stream *s, struct held *h, enum lx_finish finish,
                  struct lx_events *out, bool *called)
{
    struct reading k = {.words = s->words, .id = s->id, .arena = out->arena};
    if (h->told)
        return 0;
    if (h->choice)
        k.id = lx_arena_printf(out->arena, "%.*s_%lld", LX_F(s->id), (long long)h->choice);
    int code =
        may_end(finish) ? read_calls(&k, lx_arena_copy(out->arena, lx_buf_slice(&h->text))) : 0;
    if (code < 0 || !k.first)
        return code < 0 ? code : let_go(h, out);
    tell_calls(&k, h, out);
    h->told = *called = true;
    lx_buf_clear(&h->text);
    return out->arena->failed;
}

/* More of the text that is held. */
static int add_text(struct held *h, const struct lx_event *e, struct lx_events *out)
{
    struct lx_slice json;
    lx_buf_add(&h->text, lx_text_plain(e->text, out->arena));
    if (h->text.failed)
        return h->text.failed;
    enum guess g = h->sure ? LIKE_A_CALL : guess(lx_buf_slice(&h->text), &json);
    h->sure = g == LIKE_A_CALL;
    if (g == IS_TEXT || h->text.n > (h->sure ? MAX_HELD : MAX_UNSURE))
        return let_go(h, out);
    return 0;
}

static int let_all_go(struct lx_worded_stream *s, struct lx_events *out)
{
    int code = 0;
    for (struct held *h = s->first; h && code == 0; h = h->next)
        code = let_go(h, out);
    return code;
}

int lx_worded_stream_add(struct lx_worded_stream *s, const struct lx_event *e,
                         struct lx_events *out)
{
    struct held *h = held_of(s, e->choice);
    bool own = h && !h->told && h->part == e->index, called = false;
    int code = 0;
    if (e->kind == LX_EVENT_PART_START && e->part == LX_PART_TEXT && !h)
        return hold(s, e) ? 0 : s->arena->failed;
    if (own && e->kind == LX_EVENT_TEXT)
        return add_text(h, e, out);
    if (own && e->kind == LX_EVENT_PART_END) {
        h->ended = true;
        return 0;
    }
    if (h && e->kind == LX_EVENT_FINISH)
        code = finish(s, h, e->finish, out, &called);
    else if (e->kind == LX_EVENT_END || e->kind == LX_EVENT_FAULT)
        code = let_all_go(s, out);
    else if (h && (e->kind == LX_EVENT_PART_START || e->kind == LX_EVENT_CITATION))
        code = let_go(h, out);
    if (code < 0)
        return code;
    struct lx_event *passed = lx_events_add(out, e->kind);
    *passed = *e;
    if (called) {
        passed->finish = LX_FINISH_TOOL_CALLS;
        passed->raw_finish = lx_slice(NULL, 0);
    }
    return out->arena->failed;
}
