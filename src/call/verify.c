/*
 * verify.c - an answer against the JSON Schema that its client wanted it to follow.
 *
 * Where structured output is emulated (a forced tool, words in the prompt), nothing but the model's
 * good will binds its answer, so it is always looked at; elsewhere where the configuration or the
 * client says so (enable_json_schema_validation, enforce_validation). What models put around their
 * JSON though told not to, a code fence or a sentence, is taken off, but only where it was
 * emulated: elsewhere an answer passes as it came, or not at all.
 *
 * relay.c asks it, for whole replies. A stream cannot be taken back and is not looked at; LiteLLM
 * (1.106.2) does the same.
 */
#include "call/verify.h"

#include "llm/schema.h"

enum { MAX_SHOWN = 1 << 16, MAX_NAMES = 1024 };

struct verifier {
    const struct lx_answer_form *form;
    struct lx_json_doc schema, answer;
    struct lx_arena *arena;
    struct lx_error why;
};

struct lx_slice lx_choice_text(const struct lx_choice *c, struct lx_arena *a)
{
    struct lx_slice text = lx_slice(NULL, 0);
    for (const struct lx_part *p = c->parts; p; p = p->next) {
        struct lx_slice s = lx_text_plain(p->text, a);
        if (p->kind != LX_PART_TEXT)
            continue;
        text = text.n ? lx_arena_printf(a, "%.*s%.*s", LX_F(text), LX_F(s))
                      : lx_slice(s.p ? s.p : "", s.n);
    }
    return text;
}

/* From the first opening bracket to the last closing one. */
static struct lx_slice inside_words(struct lx_slice text)
{
    size_t from = 0, to = text.n;
    while (from < text.n && text.p[from] != '{' && text.p[from] != '[')
        from++;
    while (to > from && text.p[to - 1] != '}' && text.p[to - 1] != ']')
        to--;
    return lx_slice(text.p + from, to - from);
}

/* The first block between fences. */
static struct lx_slice inside_fence(struct lx_slice text)
{
    ssize_t open = lx_slice_find(text, LX_S("```"));
    struct lx_slice rest = open < 0 ? lx_slice(NULL, 0) : lx_slice_from(text, (size_t)open + 3);
    ssize_t line = lx_slice_find_byte(rest, '\n');
    rest = line < 0 ? lx_slice(NULL, 0) : lx_slice_from(rest, (size_t)line + 1);
    ssize_t close = lx_slice_find(rest, LX_S("```"));
    return lx_slice_trim(close < 0 ? rest : lx_slice_to(rest, (size_t)close));
}

/* 1: it is JSON, and follows the schema; 0: not; or a code. */
static int check(struct verifier *v, struct lx_slice json)
{
    struct lx_json schema = lx_json_root(&v->schema);
    struct lx_error why = {0};
    int code = json.n ? lx_json_read(&v->answer, json, NULL, &why)
                      : lx_error_set(&why, LX_EJSON, "nothing was said");
    if (code == LX_ENOMEM)
        return code;
    if (code < 0) {
        lx_error_set(&v->why, code, "it is not JSON: %s at byte %zu", why.text, why.at);
        return 0;
    }
    if (!schema.doc && !lx_json_is(lx_json_root(&v->answer), LX_JSON_OBJECT)) {
        lx_error_set(&v->why, LX_EINVAL, "it is no JSON object");
        return 0;
    }
    code = schema.doc ? lx_schema_check(schema, lx_json_root(&v->answer), v->arena, &v->why) : 1;
    if (code == LX_ELIMIT && !v->arena->failed) {
        lx_error_set(&v->why, code, "the schema is too complex to tell");
        return 0;
    }
    return code;
}

/* As check(), of an answer that may have words around it; *json gets what was good. */
static int check_text(struct verifier *v, struct lx_slice text, struct lx_slice *json)
{
    struct lx_slice candidates[] = {lx_slice_trim(text), inside_fence(text), inside_words(text)};
    struct lx_error first = {0};
    int code = 0;
    for (size_t i = 0; i < (v->form->emulated ? 3u : 1u) && code == 0; i++) {
        if (i && !candidates[i].n)
            continue;
        *json = candidates[i];
        code = check(v, candidates[i]);
        /* Of several tries the one that was JSON tells most. */
        if (code == 0 && (!first.code || first.code == LX_EJSON || first.code == LX_EUTF8))
            first = v->why;
    }
    v->why = first;
    return code;
}

/* What was cut short, held back or called tools has no form to have; who says that it must have it
 * in any case means also what was cut short. */
static bool is_exempt(const struct lx_choice *c, const struct lx_answer_form *form)
{
    bool text = false;
    for (const struct lx_part *p = c->parts; p; p = p->next) {
        if (p->kind == LX_PART_TOOL_CALL || p->kind == LX_PART_REFUSAL)
            return true;
        text |= p->kind == LX_PART_TEXT;
    }
    if (form->enforced)
        return !text;
    return c->finish != LX_FINISH_NONE && c->finish != LX_FINISH_STOP &&
           c->finish != LX_FINISH_STOP_SEQUENCE;
}

static struct lx_slice quoted(struct lx_slice s, struct lx_arena *a)
{
    struct lx_buf text;
    struct lx_out o = lx_out(&text);
    lx_buf_init(&text, 6 * s.n + 64);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "raw_response", s);
    lx_out_object_end(&o);
    return lx_buf_take(&text, a);
}

void lx_form_fault(const struct lx_error *why, struct lx_slice text, struct lx_slice schema,
                   struct lx_arena *a, struct lx_fault *fault)
{
    *fault = (struct lx_fault){
        .kind = LX_FAULT_JSON_SCHEMA,
        .message = lx_arena_printf(a,
                                   "the answer has not the form that was asked for (%s). "
                                   "response=%.*s, schema=%.*s",
                                   why->text, LX_F(lx_slice_to(text, MAX_SHOWN)),
                                   LX_F(lx_slice_to(schema, MAX_SHOWN))),
        .raw = quoted(text, a),
        .retry_after_ms = -1,
    };
}

/* The choice with that text for all that it said. */
static void say(struct lx_choice *c, struct lx_slice json, struct lx_arena *a)
{
    struct lx_part **at = &c->parts;
    bool said = false;
    for (const struct lx_part *p = c->parts; p; p = p->next) {
        struct lx_part *copy =
            p->kind == LX_PART_TEXT && said ? NULL : lx_arena_new(a, struct lx_part);
        if (!copy)
            continue;
        *copy = *p;
        copy->next = NULL;
        if (p->kind == LX_PART_TEXT) {
            *copy = (struct lx_part){.kind = LX_PART_TEXT, .text = lx_text(json)};
            said = true;
        }
        *at = copy;
        at = &copy->next;
    }
}

struct lx_reply *lx_reply_copy_choices(const struct lx_reply *reply, struct lx_arena *a)
{
    struct lx_reply *to = lx_arena_new(a, struct lx_reply);
    struct lx_choice **at = to ? &to->choices : NULL;
    if (!to)
        return NULL;
    *to = *reply;
    for (const struct lx_choice *c = reply->choices; c; c = c->next) {
        if (!(*at = lx_arena_new(a, struct lx_choice)))
            return NULL;
        **at = *c;
        at = &(*at)->next;
    }
    return to;
}

static int verify_choice(struct verifier *v, struct lx_choice *c, bool *changed,
                         struct lx_fault *fault)
{
    struct lx_slice json = {0}, text = lx_choice_text(c, v->arena);
    int code = v->arena->failed ? v->arena->failed : check_text(v, text, &json);
    if (code == 0)
        lx_form_fault(&v->why, text, v->form->schema, v->arena, fault);
    if (code != 1)
        return code == 0 ? LX_EINVAL : code;
    if (v->form->emulated && json.n != text.n) {
        say(c, json, v->arena);
        *changed = true;
    }
    return v->arena->failed;
}

int lx_reply_verify(const struct lx_reply *reply, const struct lx_answer_form *form,
                    struct lx_arena *a, const struct lx_reply **out, struct lx_fault *fault)
{
    struct verifier v = {.form = form, .arena = a};
    struct lx_reply *copy = lx_reply_copy_choices(reply, a);
    bool changed = false;
    int code = copy ? 0 : a->failed;
    lx_json_doc_init(&v.schema);
    lx_json_doc_init(&v.answer);
    if (code == 0 && form->schema.n)
        code = lx_json_read(&v.schema, form->schema, NULL, NULL) == LX_ENOMEM ? LX_ENOMEM : 0;
    for (struct lx_choice *c = copy ? copy->choices : NULL; c && code == 0; c = c->next)
        if (!is_exempt(c, form))
            code = verify_choice(&v, c, &changed, fault);
    if (a->failed)
        code = a->failed;
    lx_json_doc_clear(&v.answer);
    lx_json_doc_clear(&v.schema);
    *out = changed ? copy : reply;
    return code;
}

void lx_form_note(const struct lx_answer_form *form, struct lx_arena *a, struct lx_losses *losses)
{
    struct lx_json_doc doc;
    char *room = form->schema.n ? lx_arena_bytes(a, MAX_NAMES) : NULL;
    struct lx_buf names = {.p = room, .cap = MAX_NAMES, .max = MAX_NAMES};
    if (!room)
        return;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, form->schema, NULL, NULL);
    if (code == 0)
        lx_schema_unchecked(lx_json_root(&doc), &names);
    if ((code == LX_ENOMEM || names.failed == LX_ENOMEM) && !a->failed)
        a->failed = LX_ENOMEM;
    struct lx_slice rest = lx_buf_slice(&names), name;
    for (bool more = rest.n; more;) {
        more = lx_slice_cut(rest, ',', &name, &rest);
        lx_losses_add(losses, lx_arena_printf(a, "response_format.%.*s", LX_F(lx_slice_trim(name))),
                      LX_S("the answer is not checked for it"));
    }
    lx_json_doc_clear(&doc);
}
