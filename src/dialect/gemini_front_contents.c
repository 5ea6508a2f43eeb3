/*
 * gemini_front_contents.c - front: systemInstruction and contents -> messages.
 *
 *   user:  [functionResponse, functionResponse, text]  ->  tool: [result, result], user: [text]
 *   model: [thought, text, functionCall]               ->  assistant: [thinking, text, call]
 *
 * Calls and results are paired by name and order here, and seldom have ids; other languages live by
 * them. So a call without one gets one by its place in the conversation, the same each time, and a
 * result the id of the oldest call of its name that has no result yet.
 *
 * Thinking of other providers comes back as their front wrote it: as a thought whose signature
 * holds theirs (gemini_signature.c).
 */
#include "dialect/gemini.h"

enum { LOOK_AHEAD = 1024 }; /* calls that a result is looked for among */

/* A call of the last turn that has no result yet. */
struct pending {
    struct lx_slice name, id;
    bool answered;
    struct pending *next;
};

struct reader {
    struct lx_arena *a;
    struct lx_message **at;
    struct lx_part **parts, **results; /* where the next goes, of the content being read */
    struct pending *first, **last;
    size_t calls;
};

static struct lx_part *add(struct reader *r, enum lx_part_kind kind)
{
    return lx_part_add(&r->parts, kind, r->a);
}

/* ---- Signatures ----------------------------------------------------------------------------- */

/* What only Google's parts have: how a film is to be watched, that a function has more to say. */
static void keep_others(struct reader *r, struct lx_part *p, struct lx_json object,
                        const char *const *known)
{
    struct lx_extra **at = &p->extra;
    while (*at)
        at = &(*at)->next;
    lx_gemini_extra_read(object, known, &at, r->a);
}

static struct lx_text signature_of(struct lx_json part)
{
    return lx_json_text(lx_gemini_get(part, "thoughtSignature"));
}

/* A thought: another provider's with its signature, or Gemini's, with a mark that says so. */
static void read_thought(struct reader *r, struct lx_json part)
{
    struct lx_text text = lx_json_text(lx_gemini_get(part, "text"));
    struct lx_slice signature = lx_text_plain(signature_of(part), r->a), redacted;
    bool foreign = lx_gemini_signature_unwrap(&signature, &redacted, r->a);
    struct lx_part *p = add(r, redacted.p ? LX_PART_REDACTED_THINKING : LX_PART_THINKING);
    if (!p)
        return;
    p->text = text;
    p->data = lx_text(redacted);
    if (!redacted.p)
        p->signature = lx_text(
            foreign ? signature
                    : lx_arena_printf(r->a, "%.*s%.*s", LX_F(LX_GEMINI_MARK), LX_F(signature)));
}

/* A signature on anything but thoughts and calls: thinking without text, behind what it signs. */
static void read_signature(struct reader *r, struct lx_json part)
{
    struct lx_slice signature = lx_text_plain(signature_of(part), r->a);
    struct lx_part *p = signature.n ? add(r, LX_PART_THINKING) : NULL;
    if (p)
        p->signature =
            lx_text(lx_arena_printf(r->a, "%.*s%.*s", LX_F(LX_GEMINI_MARK), LX_F(signature)));
}

/* ---- Text and media ------------------------------------------------------------------------- */

static void read_text(struct reader *r, struct lx_json part)
{
    struct lx_text text = lx_json_text(lx_gemini_get(part, "text"));
    if (lx_json_bool(lx_gemini_get(part, "thought"), false)) {
        read_thought(r, part);
        return;
    }
    struct lx_part *p = text.s.n ? add(r, LX_PART_TEXT) : NULL;
    if (p)
        p->text = text;
    read_signature(r, part);
}

/* "audio/x-wav" -> wav */
static struct lx_slice audio_format(struct lx_slice type)
{
    struct lx_slice head, format, rest;
    lx_slice_cut(type, '/', &head, &format);
    lx_slice_cut(format, ';', &format, &rest);
    if (lx_slice_starts(format, LX_S("x-")))
        format = lx_slice_from(format, 2);
    return lx_slice_eq(format, LX_S("mpeg")) ? LX_S("mp3") : format;
}

static void read_source(struct lx_media *m, struct lx_json media, bool inside, struct lx_arena *a)
{
    m->type = lx_json_str(lx_gemini_get(media, "mimeType"), a);
    m->filename = lx_json_text(lx_gemini_get(media, "displayName"));
    if (inside) {
        m->data = lx_text(lx_gemini_base64_standard(
            lx_text_plain(lx_json_text(lx_gemini_get(media, "data")), a), a));
        return;
    }
    struct lx_text uri = lx_json_text(lx_gemini_get(media, "fileUri"));
    if (lx_slice_starts(uri.s, LX_GEMINI_FILES))
        m->file_id = uri;
    else
        m->url = uri;
    if (!m->type.n)
        m->type = lx_media_type_of(lx_text_plain(uri, a));
}

/* A part of a message or of a result; NULL: no memory. */
static struct lx_part *read_media(struct lx_part ***at, struct lx_json part, struct lx_arena *a)
{
    struct lx_json blob = lx_gemini_get(part, "inlineData");
    struct lx_json file = lx_gemini_get(part, "fileData");
    bool inside = lx_json_is(blob, LX_JSON_OBJECT);
    struct lx_media m = {.url = {{NULL, 0}, false}};
    read_source(&m, inside ? blob : file, inside, a);
    /* What Google fetches from elsewhere without a type is a film (YouTube). */
    enum lx_part_kind kind = m.type.n ? lx_gemini_media_kind(m.type)
                             : inside ? LX_PART_FILE
                                      : LX_PART_VIDEO;
    struct lx_part *p = lx_part_add(at, kind, a);
    if (!p)
        return NULL;
    p->media = m;
    if (kind == LX_PART_AUDIO)
        p->media.format = audio_format(m.type);
    return p;
}

/* ---- Calls and results ---------------------------------------------------------------------- */

static struct lx_slice make_id(struct reader *r)
{
    return lx_arena_printf(r->a, "call_%zu", r->calls++);
}

static void read_call(struct reader *r, struct lx_json part)
{
    static const char *const known[] = {"id", "name", "args", NULL};
    struct lx_json call = lx_gemini_get(part, "functionCall");
    struct lx_json args = lx_gemini_get(call, "args");
    struct lx_slice id = lx_json_str(lx_gemini_get(call, "id"), r->a);
    struct lx_part *p = add(r, LX_PART_TOOL_CALL);
    struct pending *one = lx_arena_new(r->a, struct pending);
    if (!p || !one)
        return;
    p->id = lx_text(id.n ? id : make_id(r));
    p->name = lx_json_text(lx_gemini_get(call, "name"));
    p->arguments = lx_text(lx_json_given(args) ? lx_json_raw(args) : LX_S("{}"));
    p->signature = signature_of(part);
    keep_others(r, p, call, known);
    *one = (struct pending){lx_text_plain(p->name, r->a), p->id.s, false, NULL};
    *r->last = one;
    r->last = &one->next;
}

/* The id of the call that a result is of. */
static struct lx_slice answer(struct reader *r, struct lx_slice id, struct lx_slice name)
{
    struct pending *found = NULL;
    while (r->first && r->first->answered)
        r->first = r->first->next;
    if (!r->first)
        r->last = &r->first;
    size_t seen = 0;
    for (struct pending *c = r->first; c && seen < LOOK_AHEAD; c = c->next, seen++) {
        if (c->answered)
            continue;
        if (id.n && lx_slice_eq(c->id, id)) {
            found = c;
            break;
        }
        if (!found && lx_slice_eq(c->name, name))
            found = c;
    }
    if (!found)
        return id.n ? id : make_id(r);
    found->answered = true;
    return found->id;
}

/* {"output": text} and {"error": text} are Google's words for what a function gave; anything else
 * is its JSON. */
static void read_output(struct lx_part *p, struct lx_json response, struct lx_arena *a)
{
    struct lx_part **at = &p->content;
    struct lx_json_iter it = lx_json_iter(response);
    struct lx_text text = lx_text(lx_json_given(response) ? lx_json_raw(response) : LX_S(""));
    if (lx_json_count(response) == 1 && lx_json_next(&it)) {
        bool string = lx_json_is(it.value, LX_JSON_STRING);
        bool output = lx_json_eq(it.name, LX_S("output"));
        p->is_error = lx_json_eq(it.name, LX_S("error"));
        if (string && (output || p->is_error))
            text = lx_json_text(it.value);
    }
    struct lx_part *said = lx_part_add(&at, LX_PART_TEXT, a);
    if (said)
        said->text = text;
}

static void read_result(struct reader *r, struct lx_json part)
{
    static const char *const known[] = {"id", "name", "response", "parts", NULL};
    struct lx_json result = lx_gemini_get(part, "functionResponse");
    struct lx_json list = lx_gemini_get(result, "parts");
    struct lx_part *p = lx_part_add(&r->results, LX_PART_TOOL_RESULT, r->a);
    if (!p)
        return;
    p->name = lx_json_text(lx_gemini_get(result, "name"));
    p->id = lx_text(
        answer(r, lx_json_str(lx_gemini_get(result, "id"), r->a), lx_text_plain(p->name, r->a)));
    keep_others(r, p, result, known);
    read_output(p, lx_gemini_get(result, "response"), r->a);
    struct lx_part **at = &p->content;
    while (*at)
        at = &(*at)->next;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
        read_media(&at, it.value, r->a);
}

/* ---- Contents ------------------------------------------------------------------------------- */

static bool has(struct lx_json part, const char *name)
{
    return lx_json_is(lx_gemini_get(part, name), LX_JSON_OBJECT);
}

static void read_opaque(struct reader *r, struct lx_json part)
{
    struct lx_part *p = add(r, LX_PART_OPAQUE);
    if (!p)
        return;
    p->language = LX_GEMINI;
    p->raw = lx_json_raw(part);
}

static void read_part(struct reader *r, struct lx_json part)
{
    static const char *const known[] = {
        "text",     "thought",      "thoughtSignature", "inlineData",
        "fileData", "functionCall", "functionResponse", NULL};
    bool result = has(part, "functionResponse") && !has(part, "functionCall");
    struct lx_part **at = result ? r->results : r->parts;
    if (lx_json_is(part, LX_JSON_STRING)) { /* as SDKs let their users write it */
        struct lx_part *p = add(r, LX_PART_TEXT);
        if (p)
            p->text = lx_json_text(part);
    } else if (has(part, "functionCall")) {
        read_call(r, part);
    } else if (result) {
        read_result(r, part);
    } else if (has(part, "inlineData") || has(part, "fileData")) {
        read_media(&r->parts, part, r->a);
        read_signature(r, part);
    } else if (has(part, "executableCode") || has(part, "codeExecutionResult")) {
        read_opaque(r, part);
        return;
    } else if (lx_json_is(lx_gemini_get(part, "text"), LX_JSON_STRING) || signature_of(part).s.n) {
        read_text(r, part);
    } else if (lx_json_count(part)) {
        read_opaque(r, part);
        return;
    }
    if (*at)
        keep_others(r, *at, part, known);
}

static void read_parts(struct reader *r, struct lx_json content, struct lx_part **parts,
                       struct lx_part **results)
{
    struct lx_json list =
        lx_json_is(content, LX_JSON_STRING) ? content : lx_gemini_get(content, "parts");
    r->parts = parts;
    r->results = results;
    if (!lx_json_is(list, LX_JSON_ARRAY)) { /* one that stands alone: proto's JSON takes it */
        if (lx_json_given(list))
            read_part(r, list);
        return;
    }
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
        read_part(r, it.value);
}

static void add_message(struct reader *r, enum lx_role role, struct lx_part *parts)
{
    struct lx_message *m = lx_message_add(&r->at, role, r->a);
    if (!m)
        return;
    m->parts = parts;
    m->plain = parts && !parts->next && parts->kind == LX_PART_TEXT;
}

/* Results come first, whatever stands around them: they answer the turn before. */
static void read_content(struct reader *r, struct lx_json content)
{
    struct lx_json role = lx_gemini_get(content, "role");
    bool model = lx_json_eq(role, LX_S("model")) || lx_json_eq(role, LX_S("assistant"));
    struct lx_part *parts = NULL, *results = NULL;
    read_parts(r, content, &parts, &results);
    if (results)
        add_message(r, LX_ROLE_TOOL, results);
    if (parts || !results)
        add_message(r,
                    model                              ? LX_ROLE_ASSISTANT
                    : lx_json_eq(role, LX_S("system")) ? LX_ROLE_SYSTEM
                                                       : LX_ROLE_USER,
                    parts);
}

int lx_gemini_contents_read(struct lx_json root, struct lx_arena *a, struct lx_request *out,
                            struct lx_error *err)
{
    struct lx_json system = lx_gemini_get(root, "systemInstruction");
    struct lx_json contents = lx_gemini_get(root, "contents");
    struct reader r = {.a = a, .at = &out->messages};
    struct lx_part *parts = NULL, *results = NULL;
    r.last = &r.first;
    if (!lx_json_is(contents, LX_JSON_ARRAY) && !lx_json_is(contents, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EINVAL, "contents: must be a list of contents");
    if (lx_json_given(system))
        read_parts(&r, system, &parts, &results);
    if (parts)
        add_message(&r, LX_ROLE_SYSTEM, parts);
    if (lx_json_is(contents, LX_JSON_OBJECT))
        read_content(&r, contents);
    else
        for (struct lx_json_iter it = lx_json_iter(contents); lx_json_next(&it);)
            read_content(&r, it.value);
    return a->failed ? lx_error_set(err, a->failed, "the request is too large") : 0;
}
