/*
 * gemini_contents.c - back: the conversation of a request, as systemInstruction and contents.
 *
 * Other languages have one message for each thing said; this one has turns of user and model in
 * strict alternation, and the results of a turn's calls must all stand in the very next one. So a
 * turn is opened by its first part, and goes on until the other speaks:
 *
 *   system, developer         -> systemInstruction
 *   user, tool, tool, user    -> user: [functionResponse, functionResponse, text, text]
 *   assistant, assistant      -> model: [thought, text, functionCall, ...]
 *   system in between         -> user text in place: moved to the front it would change the prefix
 *                                that Google has cached
 */
#include "dialect/gemini.h"

/* What a user says who said nothing, where the API insists; LiteLLM sends a blank, too. */
#define PLACEHOLDER LX_S(" ")
/* Where Gemini 3 demands a signature and there is none, because another model made the call:
 * base64 of "skip_thought_signature_validator" (ai.google.dev/gemini-api/docs/thought-signatures;
 * recorded, pydantic-ai 2026). */
#define NO_SIGNATURE LX_S("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=")

/* A call that was written. */
struct lx_gemini_call {
    struct lx_slice id;
    struct lx_text name;
    struct lx_gemini_call *next;
};

enum speaker { NOBODY, SYSTEM, USER, MODEL };

/* A conversation being written. */
struct turn {
    struct lx_gemini_writer *w;
    enum speaker speaker; /* whose messages are being written */
    enum speaker open;    /* whose turn is open */
    size_t message, part; /* where in the client's request the writing is */
    size_t written;       /* parts */
    size_t turns;         /* of user and model, the open one among them */
    size_t parts;         /* of the open one */
    bool called;          /* a call was written in this turn */
    bool result;          /* the last part is the result of one */
};

static struct lx_slice place(const struct turn *t)
{
    return lx_arena_printf(t->w->b->arena, "messages[%zu].content[%zu]", t->message, t->part);
}

static void turn_close(struct turn *t)
{
    if (t->open != NOBODY) {
        lx_out_array_end(&t->w->out);
        lx_out_object_end(&t->w->out);
    }
    t->open = NOBODY;
}

/* The speaker says something: a part follows. */
static void turn_open(struct turn *t)
{
    t->written++;
    t->parts++;
    t->result = false;
    if (t->open == t->speaker)
        return;
    turn_close(t);
    t->open = t->speaker;
    t->called = false;
    t->parts = 1;
    t->turns += t->speaker != SYSTEM;
    lx_out_object(&t->w->out, t->speaker == SYSTEM ? "systemInstruction" : NULL);
    if (t->speaker != SYSTEM)
        lx_out_str(&t->w->out, "role", t->speaker == MODEL ? LX_S("model") : LX_S("user"));
    lx_out_array(&t->w->out, "parts");
}

static void part_open(struct turn *t)
{
    turn_open(t);
    lx_out_object(&t->w->out, NULL);
}

static void write_words(struct turn *t, struct lx_text text)
{
    part_open(t);
    lx_out_text(&t->w->out, "text", text);
    lx_out_object_end(&t->w->out);
}

/* ---- Cache marks ---------------------------------------------------------------------------- */

/*
 * Google keeps prompts that end in the user's own words, or in system messages: not in a result or
 * in what the model said ("Requests ending with a model turn are not supported": LiteLLM 1.106.2).
 * System messages are kept whole. Of the messages the first that are marked count, and those that
 * are right behind them: marks that wander with the conversation would have it kept anew with every
 * turn, and LiteLLM does the same.
 */
static void note_mark(struct turn *t, const struct lx_cache_mark *mark)
{
    struct lx_gemini_writer *w = t->w;
    struct lx_prompt_cut cut = {.set = true};
    if (!mark->set)
        return;
    w->marked = true;
    if (w->past_marks)
        return;
    if (!w->cut.ttl_ms)
        w->cut.ttl_ms = lx_gemini_ttl_read(mark->ttl);
    if (t->speaker != SYSTEM) {
        if (t->speaker != USER || t->open != USER || t->result)
            return;
        cut.turns = t->turns - 1;
        cut.parts = t->parts;
    }
    cut.ttl_ms = w->cut.ttl_ms;
    if (!w->cut.set || w->cut.turns != cut.turns || w->cut.parts != cut.parts)
        w->cut_before = w->cut;
    w->cut = cut;
}

static bool is_marked(const struct lx_message *m)
{
    const struct lx_part *p = m->parts;
    while (p && !p->cache.set)
        p = p->next;
    return m->cache.set || p;
}

static const struct lx_message *find_unmarked(const struct lx_message *m)
{
    while (m && !is_marked(m))
        m = m->next;
    while (m && is_marked(m))
        m = m->next;
    return m;
}

/* ---- Signatures ----------------------------------------------------------------------------- */

/* Thinking without text is a signature that belongs to a text beside it: before it, where the
 * client's language puts all thinking first, or behind it. */
static bool is_signature(const struct lx_part *p, struct lx_text *signature)
{
    return p && lx_gemini_is_own_thinking(p, signature) && signature->s.n && !p->text.s.n;
}

static void write_signature(struct turn *t, struct lx_text signature)
{
    if (signature.s.n)
        lx_out_text(&t->w->out, "thoughtSignature", signature);
}

/* A signature that found no text stands alone, as Gemini's own streams have it. */
static void write_lone_signature(struct turn *t, struct lx_text *signature)
{
    if (!signature->s.n)
        return;
    part_open(t);
    lx_out_lit(&t->w->out, "text", "");
    write_signature(t, *signature);
    lx_out_object_end(&t->w->out);
    *signature = (struct lx_text){0};
}

/* ---- Calls and their results ---------------------------------------------------------------- */

/* JSON that is an object, as Google's Struct is; else wrapped under `name`. */
static void write_struct(struct lx_gemini_writer *w, const char *member, const char *name,
                         struct lx_text text, bool wrap)
{
    struct lx_slice plain = lx_slice_trim(lx_text_plain(text, w->b->arena));
    bool object = lx_slice_starts(plain, LX_S("{")) && lx_inner_read(&w->scratch, plain, w->b->buf);
    if (object && !wrap) {
        lx_out_raw(&w->out, member, plain);
        return;
    }
    lx_out_object(&w->out, member);
    if (object)
        lx_out_raw(&w->out, name, plain);
    else
        lx_out_text(&w->out, name, text);
    lx_out_object_end(&w->out);
}

static void write_arguments(struct lx_gemini_writer *w, const struct lx_part *p)
{
    struct lx_slice plain = lx_slice_trim(lx_text_plain(p->arguments, w->b->arena));
    if (!plain.n && !p->custom)
        lx_out_raw(&w->out, "args", LX_S("{}"));
    else
        write_struct(w, "args", "input", p->arguments, p->custom);
}

/* Ids go back where Gemini gave them: its own have no '_', those of other providers, and those
 * that were made up for it, do. Vertex AI's v1 knows none at all. */
static void write_id(struct lx_gemini_writer *w, struct lx_slice id)
{
    if (id.n && !w->o->no_call_ids && lx_slice_find_byte(id, '_') < 0)
        lx_out_str(&w->out, "id", id);
}

static void keep_call(struct lx_gemini_writer *w, struct lx_slice id, struct lx_text name)
{
    struct lx_gemini_call *call = lx_arena_new(w->b->arena, struct lx_gemini_call);
    if (!call)
        return;
    *call = (struct lx_gemini_call){id, name, w->calls};
    w->calls = call;
}

/* Results carry the name of what was called; most languages leave it at the id. */
static struct lx_text name_of(const struct lx_gemini_writer *w, const struct lx_part *p,
                              struct lx_slice id)
{
    enum { LOOK_BACK = 1024 }; /* more than any turn calls */
    int seen = 0;
    for (const struct lx_gemini_call *c = w->calls; c && seen < LOOK_BACK; c = c->next, seen++)
        if (lx_slice_eq(c->id, id))
            return c->name;
    return p->name.s.n ? p->name : id.n ? lx_text(id) : lx_text(LX_S("unknown"));
}

static void write_call(struct turn *t, const struct lx_part *p)
{
    struct lx_gemini_writer *w = t->w;
    struct lx_slice id = lx_gemini_id_split(p->id, w->b->arena).id;
    struct lx_slice signature = lx_gemini_call_signature(p, &w->scratch, w->b->arena);
    part_open(t);
    if (!signature.n && w->third && !t->called)
        signature = NO_SIGNATURE;
    t->called = true;
    keep_call(w, id, p->name);
    lx_out_object(&w->out, "functionCall");
    write_id(w, id);
    lx_out_text(&w->out, "name", p->name);
    write_arguments(w, p);
    lx_out_object_end(&w->out);
    write_signature(t, lx_text(signature));
    lx_out_object_end(&w->out);
}

static bool is_text(const struct lx_part *p)
{
    return p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL;
}

static bool is_media(const struct lx_part *p)
{
    return p->kind == LX_PART_IMAGE || p->kind == LX_PART_AUDIO || p->kind == LX_PART_VIDEO ||
           (p->kind == LX_PART_FILE && !p->text.s.n && !p->content);
}

/* Google's names for what a function gave: output, and error. */
static void write_response(struct turn *t, const struct lx_part *p)
{
    struct lx_gemini_writer *w = t->w;
    const char *name = p->is_error ? "error" : "output";
    const struct lx_part *text = NULL;
    size_t texts = 0;
    for (const struct lx_part *c = p->content; c; c = c->next)
        if (is_text(c) && texts++ == 0)
            text = c;
    if (texts == 1) {
        write_struct(w, "response", name, text->text, p->is_error);
        return;
    }
    lx_out_object(&w->out, "response");
    if (texts) {
        lx_out_string_open(&w->out, name);
        for (const struct lx_part *c = p->content; c; c = c->next)
            if (is_text(c))
                lx_out_string_part(&w->out, c->text);
        lx_out_string_close(&w->out);
    } else {
        lx_out_lit(&w->out, name, "");
    }
    lx_out_object_end(&w->out);
}

/* Gemini 3 takes data in a result (ai.google.dev/gemini-api/docs/function-calling, "Multimodal
 * function responses"); else media follow the results. */
static bool is_inside(const struct lx_gemini_writer *w, const struct lx_part *p)
{
    return w->third && is_media(p) && p->media.data.s.n;
}

static void write_result_media(struct turn *t, const struct lx_part *content)
{
    struct lx_gemini_writer *w = t->w;
    bool open = false;
    for (const struct lx_part *p = content; p; p = p->next) {
        if (!is_inside(w, p))
            continue;
        if (!open)
            lx_out_array(&w->out, "parts");
        open = true;
        lx_out_object(&w->out, NULL);
        lx_gemini_media_write(w, p);
        lx_out_object_end(&w->out);
    }
    if (open)
        lx_out_array_end(&w->out);
}

static void write_result(struct turn *t, const struct lx_part *p)
{
    struct lx_gemini_writer *w = t->w;
    struct lx_slice id = lx_gemini_id_split(p->id, w->b->arena).id;
    part_open(t);
    lx_out_object(&w->out, "functionResponse");
    write_id(w, id);
    lx_out_text(&w->out, "name", name_of(w, p, id));
    write_response(t, p);
    write_result_media(t, p->content);
    lx_out_object_end(&w->out);
    lx_out_object_end(&w->out);
    t->result = true;
    note_mark(t, &p->cache);
}

/* ---- Everything else ------------------------------------------------------------------------ */

static void write_part(struct turn *t, const struct lx_part *p, struct lx_text signature);

static void write_text(struct turn *t, const struct lx_part *p, struct lx_text signature)
{
    if (!p->text.s.n && !signature.s.n)
        return; /* the API refuses a text that is empty */
    part_open(t);
    lx_out_text(&t->w->out, "text", p->text);
    write_signature(t, signature);
    lx_out_object_end(&t->w->out);
}

/* What a document is called, and what it is about: there is no member for it. */
static void write_title(struct turn *t, const struct lx_part *p)
{
    if (p->title.s.n)
        write_words(t, p->title);
    if (p->context.s.n)
        write_words(t, p->context);
}

static void write_detail(struct turn *t, struct lx_slice detail)
{
    struct lx_slice level = lx_gemini_level_of(detail, NULL);
    if (!level.n)
        return;
    lx_out_object(&t->w->out, "mediaResolution");
    lx_out_str(&t->w->out, "level", level);
    lx_out_object_end(&t->w->out);
}

static const char *look_of(struct lx_slice name)
{
    static const char *const looks[] = {"videoMetadata", "mediaResolution"};
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
        if (lx_gemini_name_eq(name, looks[i]))
            return looks[i];
    return NULL;
}

/* LiteLLM's clients say how a video is to be watched beside it. */
static void write_media(struct turn *t, const struct lx_part *p, struct lx_text signature)
{
    const char *obstacle = lx_gemini_media_obstacle(p);
    if (obstacle) {
        lx_body_need(t->w->b, t->w->o, p, place(t), lx_slice_z(obstacle));
        return;
    }
    write_title(t, p);
    part_open(t);
    lx_gemini_media_write(t->w, p);
    for (const struct lx_extra *x = p->extra; x; x = x->next) {
        const char *look = look_of(x->name);
        if (look)
            lx_out_raw(&t->w->out, look, x->json);
    }
    if (lx_gemini_has_own_detail(t->w) && !lx_gemini_extra_find(p->extra, "mediaResolution"))
        write_detail(t, p->media.detail);
    write_signature(t, signature);
    lx_out_object_end(&t->w->out);
}

/* A document that is text, or is made of parts. */
static void write_document(struct turn *t, const struct lx_part *p)
{
    write_title(t, p);
    if (p->text.s.n)
        write_words(t, p->text);
    for (const struct lx_part *c = p->content; c; c = c->next)
        write_part(t, c, (struct lx_text){0});
}

static void write_thinking(struct turn *t, const struct lx_part *p)
{
    struct lx_text signature;
    if (!lx_gemini_is_own_thinking(p, &signature)) {
        lx_losses_add(t->w->b->losses, place(t),
                      LX_S("Gemini takes back only thinking of its own"));
        return;
    }
    part_open(t);
    lx_out_text(&t->w->out, "text", p->text);
    lx_out_bool(&t->w->out, "thought", true);
    write_signature(t, signature);
    lx_out_object_end(&t->w->out);
}

static void write_opaque(struct turn *t, const struct lx_part *p)
{
    if (lx_slice_eq(p->language, LX_GEMINI)) {
        turn_open(t);
        lx_out_raw(&t->w->out, NULL, p->raw);
    } else {
        lx_body_refuse(t->w->b, t->w->o, place(t),
                       LX_S("Gemini does not know this kind of content"));
    }
}

static void write_part(struct turn *t, const struct lx_part *p, struct lx_text signature)
{
    if (t->speaker == SYSTEM && !is_text(p))
        lx_body_refuse(t->w->b, t->w->o, place(t),
                       LX_S("Gemini takes only text in system messages"));
    else if (p->kind == LX_PART_AUDIO && p->text.s.n && !p->media.data.s.n)
        write_text(t, p, signature); /* what the assistant said aloud comes back by its id only */
    else if (is_media(p))
        write_media(t, p, signature);
    else if (p->kind == LX_PART_FILE)
        write_document(t, p);
    else if (is_text(p))
        write_text(t, p, signature);
    else if (p->kind == LX_PART_THINKING || p->kind == LX_PART_REDACTED_THINKING)
        write_thinking(t, p);
    else if (p->kind == LX_PART_TOOL_CALL)
        write_call(t, p);
    else if (p->kind == LX_PART_OPAQUE)
        write_opaque(t, p);
    note_mark(t, &p->cache);
}

static bool takes_signature(const struct lx_part *p)
{
    return (is_text(p) && p->text.s.n) || (is_media(p) && !lx_gemini_media_obstacle(p));
}

/* All parts of a message but results. */
static void write_parts(struct turn *t, const struct lx_part *parts)
{
    struct lx_text waiting = {0}, found;
    const struct lx_part *taken = NULL;
    t->part = 0;
    for (const struct lx_part *p = parts; p; p = p->next, t->part++) {
        if (p->kind == LX_PART_TOOL_RESULT || p == taken)
            continue;
        if (is_signature(p, &found)) {
            write_lone_signature(t, &waiting);
            waiting = found;
        } else if (takes_signature(p)) {
            if (!waiting.s.n && is_signature(p->next, &waiting))
                taken = p->next;
            write_part(t, p, waiting);
            waiting = (struct lx_text){0};
        } else {
            if (p->kind == LX_PART_TOOL_CALL)
                write_lone_signature(t, &waiting);
            write_part(t, p, (struct lx_text){0});
        }
    }
    write_lone_signature(t, &waiting);
}

/* ---- What Google's own tools did ------------------------------------------------------------ */

/* In OpenAI's language it came as provider_specific_fields.content_blocks, and goes back as it
 * was: the code that ran, what it gave, and their signatures. */
static void write_blocks(struct turn *t, const struct lx_extra *extra)
{
    static const char *const own[] = {"executableCode", "codeExecutionResult", "toolCall",
                                      "toolResponse"};
    const struct lx_extra *x = lx_gemini_extra_find(extra, "provider_specific_fields");
    struct lx_gemini_writer *w = t->w;
    if (!x || !lx_inner_read(&w->scratch, x->json, w->b->buf))
        return;
    struct lx_json blocks = LX_GET(lx_json_root(&w->scratch), "content_blocks");
    for (struct lx_json_iter it = lx_json_iter(blocks); lx_json_next(&it);) {
        bool known = false;
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            known |= lx_json_given(lx_json_get(it.value, lx_slice_z(own[i])));
        if (!known)
            continue;
        part_open(t);
        for (struct lx_json_iter m = lx_json_iter(it.value); lx_json_next(&m);) {
            if (lx_json_eq(m.name, LX_S("index"))) /* of a stream's delta */
                continue;
            lx_out_name(&w->out, lx_json_text(m.name));
            lx_out_value(&w->out, NULL, m.value);
        }
        lx_out_object_end(&w->out);
    }
}

/* ---- Turns ---------------------------------------------------------------------------------- */

static bool is_model(const struct lx_message *m)
{
    return m->role == LX_ROLE_ASSISTANT;
}

static void write_results(struct turn *t, const struct lx_message *from,
                          const struct lx_message *end)
{
    for (const struct lx_message *m = from; m != end; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next)
            if (p->kind == LX_PART_TOOL_RESULT)
                write_result(t, p);
}

static void write_media_of_results(struct turn *t, const struct lx_message *m)
{
    t->part = 0;
    for (const struct lx_part *p = m->parts; p; p = p->next, t->part++)
        for (const struct lx_part *c = p->kind == LX_PART_TOOL_RESULT ? p->content : NULL; c;
             c = c->next)
            if (!is_text(c) && !is_inside(t->w, c))
                write_part(t, c, (struct lx_text){0});
}

static void write_run_parts(struct turn *t, const struct lx_message *from,
                            const struct lx_message *end)
{
    write_results(t, from, end);
    for (const struct lx_message *m = from; m != end; m = m->next, t->message++) {
        t->w->past_marks |= m == t->w->unmarked;
        write_media_of_results(t, m);
        if (lx_role_is_system(m->role) && m->parts)
            write_words(t, lx_text(LX_S("(The next text is a system message, not the user's "
                                        "words.)")));
        if (is_model(m))
            write_blocks(t, m->extra);
        write_parts(t, m->parts);
        note_mark(t, &m->cache);
    }
}

static void write_filler(struct turn *t, size_t index, struct lx_slice why)
{
    lx_losses_change(t->w->b->losses, lx_arena_printf(t->w->b->arena, "messages[%zu]", index), why);
    write_words(t, lx_text(PLACEHOLDER));
}

/* Writes the run of one speaker's messages that begins with m; returns what follows it. */
static const struct lx_message *write_run(struct turn *t, const struct lx_message *m)
{
    const struct lx_message *end = m;
    size_t before = t->written, index = t->message;
    t->speaker = is_model(m) ? MODEL : USER;
    while (end && is_model(end) == is_model(m))
        end = end->next;
    write_run_parts(t, m, end);
    if (t->written == before && t->speaker == USER)
        write_filler(t, index, LX_REPAIR_EMPTY);
    return end;
}

static void write_contents(struct lx_gemini_writer *w, const struct lx_message *m, size_t index)
{
    struct turn t = {.w = w, .speaker = USER, .message = index};
    lx_out_array(&w->out, "contents");
    if (!m || (is_model(m) && w->o->modify_params))
        write_filler(&t, index, LX_REPAIR_FIRST);
    while (m)
        m = write_run(&t, m);
    turn_close(&t);
    lx_out_array_end(&w->out);
    if (w->cut.set && w->cut.turns + 1 == t.turns && w->cut.parts == t.parts)
        w->cut = w->cut_before; /* nothing would be left to ask */
}

/* ---- System --------------------------------------------------------------------------------- */

static void write_system(struct lx_gemini_writer *w, const struct lx_message *end)
{
    struct turn t = {.w = w, .speaker = SYSTEM};
    for (const struct lx_message *m = w->r->messages; m != end; m = m->next, t.message++) {
        w->past_marks |= m == w->unmarked;
        write_parts(&t, m->parts);
        note_mark(&t, &m->cache);
    }
    turn_close(&t);
}

void lx_gemini_contents_write(struct lx_gemini_writer *w)
{
    const struct lx_message *m = w->r->messages;
    size_t index = 0;
    w->unmarked = find_unmarked(m);
    for (; m && lx_role_is_system(m->role); m = m->next)
        index++;
    write_system(w, m);
    write_contents(w, m, index);
}
