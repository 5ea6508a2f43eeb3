/*
 * attempt_body.c - the body of an attempt's request: the client's, edited in place, or the
 * canonical request in the provider's language; and what is done to either.
 *
 * Called by attempt.c, once it is known what is wanted and that it can be.
 */
#include "base/text.h"
#include "call/alternate.h"
#include "call/attempt.h"
#include "call/foreign.h"
#include "call/media.h"
#include "call/places.h"
#include "call/repair.h"
#include "call/system.h"
#include "dialect/lost.h"
#include "call/token_input.h"
#include "call/tool_words.h"
#include "call/verify.h"
#include "dialect/embed.h"
#include "llm/effort.h"

/* The other way out: a parameter of OpenAI's may be sent to who is not known to take it. */
static struct lx_slice sent_anyway(const struct lx_attempt_writer *w, const struct lx_loss *first)
{
    struct lx_slice names = {NULL, 0};
    for (const struct lx_loss *l = first; l; l = l->next)
        for (int p = 0; p < LX_PARAM_COUNT; p++)
            if (lx_slice_eq(l->what, lx_slice_z(lx_param_name((enum lx_param)p))))
                names = lx_arena_printf(w->arena, "%.*s%s\"%.*s\"", LX_F(names),
                                        names.n ? ", " : "", LX_F(l->what));
    if (!names.n)
        return names;
    return lx_arena_printf(w->arena, " To send them all the same: `allowed_openai_params: [%.*s]`.",
                           LX_F(names));
}

/* What the body's writers and menders found wrong. */
static int fail_body(struct lx_attempt_writer *w)
{
    struct lx_slice names = LX_S(""), reasons = LX_S("");
    int code = w->out.code;
    const struct lx_loss *first = w->out.refused;
    *w->fault = lx_fault_of_error(code, &w->out.error, w->arena);
    w->fault->provider = lx_slice_z(w->p->id);
    if (code != LX_EUNSUPPORTED || !first)
        return code;
    for (const struct lx_loss *l = first; l; l = l->next) {
        const char *comma = l == first ? "" : ", ", *end = l == first ? "" : "; ";
        names = lx_arena_printf(w->arena, "%.*s%s'%.*s'", LX_F(names), comma, LX_F(l->what));
        reasons = first->next ? lx_arena_printf(w->arena, "%.*s%s%.*s: %.*s", LX_F(reasons), end,
                                                LX_F(l->what), LX_F(l->why))
                              : l->why;
    }
    w->fault->param = first->what;
    w->fault->message = lx_arena_printf(
        w->arena,
        "litellm.UnsupportedParamsError: %s does not support parameters: [%.*s], for model=%.*s "
        "(%.*s). To drop them, set `drop_params: true` in litellm_settings or in the request.%.*s",
        w->p->id, LX_F(names), LX_F(w->options.model), LX_F(reasons), LX_F(sent_anyway(w, first)));
    return code;
}

/* ---- The body ------------------------------------------------------------------------------ */

/* How a language asks for usage in a stream, where usage does not come unasked. */
static const struct usage_ask {
    const char *language;
    struct lx_slice member, inner, json;
} usage_asks[] = {
    {"openai_chat", LX_S_INIT("stream_options"), LX_S_INIT("include_usage"),
     LX_S_INIT("{\"include_usage\":true}")},
    {"openai_completions", LX_S_INIT("stream_options"), LX_S_INIT("include_usage"),
     LX_S_INIT("{\"include_usage\":true}")},
};

static void ask_for_usage(struct lx_attempt_writer *w, struct lx_json_edit *edit)
{
    for (size_t i = 0; i < sizeof(usage_asks) / sizeof(usage_asks[0]); i++) {
        const struct usage_ask *ask = &usage_asks[i];
        if (strcmp(ask->language, w->to->name) != 0 || w->p->stream_outside ||
            lx_attempt_refuses(w, ask->member) ||
            lx_attempt_has(w->paths, w->path_count, ask->member))
            continue;
        struct lx_json given = w->members.v[LX_MEMBER_STREAM_OPTIONS];
        if (!lx_json_is(given, LX_JSON_OBJECT))
            lx_json_edit_set(edit, lx_json_root(w->body), ask->member, ask->json);
        else if (!lx_json_bool(lx_json_get(given, ask->inner), false))
            lx_json_edit_set(edit, given, ask->inner, LX_S("true"));
    }
}

/* The members of extra_body replace or join those that are there: the deployment's, then the
 * client's. */
static void add_extra_body(struct lx_attempt_writer *w, struct lx_json_edit *edit)
{
    const struct lx_slice bodies[] = {w->d->extra_body,
                                      lx_json_raw(w->members.v[LX_MEMBER_EXTRA_BODY])};
    for (size_t i = 0; i < 2 && w->from->operation != LX_OPERATION_COUNT; i++) {
        struct lx_json_doc extra;
        lx_json_doc_init(&extra);
        if (bodies[i].n && lx_json_read(&extra, bodies[i], NULL, &w->out.error) < 0)
            lx_body_fail(&w->out, LX_ECONFIG, LX_S("extra_body"), LX_S("is not a JSON object"));
        if (lx_json_is(lx_json_root(&extra), LX_JSON_OBJECT))
            for (struct lx_json_iter it = lx_json_iter(lx_json_root(&extra)); lx_json_next(&it);)
                lx_json_edit_set(edit, lx_json_root(edit->doc), lx_json_text(it.name).s,
                                 lx_json_raw(it.value));
        lx_json_doc_clear(&extra); /* what was taken from it points into its own text */
    }
}

static uint64_t quirks_for(const struct lx_attempt_writer *w)
{
    return w->offer.quirks == w->p->quirks ? w->target->quirks
                                           : lx_quirks_for(w->offer.quirks, w->options.model);
}

/* Everything that is done to a body of the provider's language, whoever wrote it. */
static void mend(struct lx_attempt_writer *w, struct lx_json_edit *edit)
{
    const struct lx_quirk_target target = {
        .quirks = w->offer.quirks,
        .which = quirks_for(w),
        .common = w->to == &lx_dialect_openai_chat,
        .response = w->to == &lx_dialect_openai_responses,
        .takes = w->target->takes,
        .reasons = w->target->reasons,
        .efforts = w->target->efforts,
    };
    lx_quirks_apply(&target, &w->options, w->allowed, w->allowed_count, edit->doc, edit, &w->out);
    if (w->from->operation != LX_OPERATION_COUNT)
        lx_places_write(w->p, w->d, w->options.model, edit);
    for (size_t i = 0; i < w->path_count; i++)
        lx_path_drop(w->paths[i], LX_S("additional_drop_params"), edit->doc, edit, &w->at->losses);
    add_extra_body(w, edit);
}

static void finish_edit(struct lx_attempt_writer *w, struct lx_json_edit *edit, struct lx_buf *buf)
{
    int code = w->out.code ? 0 : lx_json_edit_write(edit, buf);
    if (code < 0)
        lx_body_fail(&w->out, code, LX_S("body"), lx_slice_z(lx_code_text(code)));
    w->at->out.body = lx_buf_slice(buf);
}

static void edit_in_place(struct lx_attempt_writer *w, struct lx_json_edit *edit,
                          struct lx_buf *buf)
{
    struct lx_slice model = w->options.model;
    if (w->options.model_outside || w->to->back->model_outside)
        lx_json_edit_remove(edit, lx_json_root(w->body), LX_S("model"));
    else if (!lx_json_eq(w->members.v[LX_MEMBER_MODEL], model))
        lx_json_edit_set(edit, lx_json_root(w->body), LX_S("model"),
                         lx_json_quoted(model, w->arena));
    if (w->at->stream)
        ask_for_usage(w, edit);
    if (!w->options.keep_call_ids || w->to == &lx_dialect_openai_responses)
        lx_foreign_remove(w->to, w->body, w->d->id, edit, &w->at->losses);
    mend(w, edit);
    if (lx_json_edit_is_empty(edit) && !w->out.code)
        w->at->out.body = w->body->text;
    else
        finish_edit(w, edit, buf);
}

/* allowed_openai_params: the dialect does not know that this target takes them, so they go past
 * it, as members it does not know. */
static const struct lx_request *with_allowed(struct lx_attempt_writer *w,
                                             const struct lx_request *request)
{
    struct lx_request *copy = NULL;
    for (size_t i = 0; i < w->allowed_count; i++)
        for (int p = 0; p < LX_PARAM_COUNT; p++) {
            if (!request->params[p].p ||
                !lx_slice_eq(w->allowed[i], lx_slice_z(lx_param_name((enum lx_param)p))))
                continue;
            struct lx_extra *x = lx_arena_new(w->arena, struct lx_extra);
            if (!copy && (copy = lx_arena_new(w->arena, struct lx_request)))
                *copy = *request;
            if (!x || !copy)
                return request;
            *x = (struct lx_extra){w->allowed[i], request->params[p], copy->extra};
            copy->extra = x;
            copy->params[p] = lx_slice(NULL, 0);
        }
    return copy ? copy : request;
}

/* Without the members that only the client's language has, as their weight wants it. */
static void lose_own(struct lx_attempt_writer *w, struct lx_request *request)
{
    struct lx_extra **at = &request->extra;
    while (*at) {
        const struct lx_own_member *own = lx_own_member_find(w->from->front, (*at)->name);
        if (own && own->weight == LX_OWN_VITAL)
            lx_body_fail(&w->out, LX_EINVAL, lx_slice_z(own->name), lx_slice_z(own->why));
        else if (own && own->weight == LX_OWN_NEEDED)
            lx_body_refuse(&w->out, &w->options, lx_slice_z(own->name), lx_slice_z(own->why));
        else if (own)
            lx_losses_add(&w->at->losses, lx_slice_z(own->name), lx_slice_z(own->why));
        if (own) {
            *at = (*at)->next;
            continue;
        }
        struct lx_extra *copy = lx_arena_new(w->arena, struct lx_extra);
        if (!copy)
            return;
        *copy = **at;
        *at = copy;
        at = &copy->next;
    }
}

/* The request as this attempt wants it: another may want it otherwise. */
static const struct lx_request *for_target(struct lx_attempt_writer *w,
                                           const struct lx_request *request)
{
    bool foreign = request->extra && w->from->front->own_members &&
                   !lx_slice_eq(request->language, lx_slice_z(w->to->name));
    if (!foreign && request->stream == w->at->stream)
        return request;
    struct lx_request *copy = lx_arena_new(w->arena, struct lx_request);
    if (!copy)
        return request;
    *copy = *request;
    copy->stream = w->at->stream;
    if (foreign)
        lose_own(w, copy);
    return copy;
}

static void mend_written(struct lx_attempt_writer *w, struct lx_buf *written, struct lx_buf *buf)
{
    struct lx_json_doc doc;
    struct lx_json_edit edit;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, lx_buf_slice(written), NULL, &w->out.error);
    if (code < 0) {
        lx_body_fail(&w->out, code, LX_S("body"), LX_S("could not be read back"));
    } else {
        lx_json_edit_init(&edit, &doc, w->arena);
        mend(w, &edit);
        finish_edit(w, &edit, buf);
    }
    lx_json_doc_clear(&doc);
}

/* What only a prompt can have, and a language of conversations would say nothing of. */
static const struct lx_request *without_prompt_params(struct lx_attempt_writer *w,
                                                      const struct lx_request *request)
{
    static const enum lx_param params[] = {LX_PARAM_SUFFIX, LX_PARAM_ECHO, LX_PARAM_BEST_OF};
    struct lx_request *copy = NULL;
    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]) && !w->to->back->prompts; i++) {
        if (!request->params[params[i]].p)
            continue;
        lx_body_refuse(&w->out, &w->options, lx_slice_z(lx_param_name(params[i])),
                       LX_S("the model is asked by chat, not by a prompt"));
        if (!copy && (copy = lx_arena_new(w->arena, struct lx_request)))
            *copy = *request;
        if (copy)
            copy->params[params[i]] = lx_slice(NULL, 0);
    }
    return copy ? copy : request;
}

/* A Responses API whose model has not all the words for efforts. */
static bool has_effort(const struct lx_attempt_writer *w, const struct lx_request *request)
{
    return w->to == &lx_dialect_openai_responses && w->target->efforts != LX_EFFORTS_ALL &&
           request->reasoning.kind != LX_REASONING_UNSET;
}

/* Most bodies are about as long in another language: it need not grow often. */
static void make_room(struct lx_buf *buf, size_t n)
{
    n += n / 4;
    if (n <= buf->max - buf->n)
        lx_buf_reserve(buf, n);
}

static void write_anew(struct lx_attempt_writer *w, const struct lx_request *request,
                       struct lx_buf *buf)
{
    struct lx_buf written;
    bool mended =
        w->to->operation != LX_OPERATION_PROBE && /* which is a form, no JSON */
        (w->path_count || w->d->extra_body.n || lx_json_given(w->members.v[LX_MEMBER_EXTRA_BODY]) ||
         w->from == w->to || quirks_for(w) || lx_places_any(w->p) || has_effort(w, request));
    lx_buf_init(&written, buf->max);
    w->out.buf = mended ? &written : buf;
    make_room(w->out.buf, w->body->text.n);
    request = for_target(w, without_prompt_params(w, with_allowed(w, request)));
    w->to->back->write_request(&w->options, request, &w->out);
    if (w->from != w->to)
        lx_nested_lose(w->body, w->from->front->nested, &w->out);
    w->at->json_tool = w->out.json_tool;
    if (w->out.buf->failed)
        lx_body_fail(&w->out, w->out.buf->failed, LX_S("body"), LX_S("could not be written"));
    if (mended && (!w->out.code || w->out.code == LX_EUNSUPPORTED)) /* find all that is refused */
        mend_written(w, &written, buf);
    else
        w->at->out.body = lx_buf_slice(buf);
    lx_buf_clear(&written);
}

int lx_request_of_body(const struct lx_dialect *from, const struct lx_json_doc *body,
                       struct lx_arena *a, struct lx_request *out, struct lx_error *err)
{
    int code = from->front->read_request(body, a, out, err);
    if (code == 0)
        lx_members_strip(out);
    return code;
}

/* The body as a request, where nobody has read it yet. NULL: w->out says why. */
static const struct lx_request *read_own(struct lx_attempt_writer *w)
{
    struct lx_request *own = lx_arena_new(w->arena, struct lx_request);
    int code = own ? lx_request_of_body(w->from, w->body, w->arena, own, &w->out.error) : LX_ENOMEM;
    if (code < 0 && !w->out.code)
        w->out.code = code;
    return code < 0 ? NULL : own;
}

/* A wish for JSON that the model has to be brought to by other means: the body is written anew. */
static bool is_emulated(const struct lx_attempt_writer *w)
{
    struct lx_json format = LX_GET(lx_json_root(w->body), "response_format");
    struct lx_json type = LX_GET(format, "type");
    if (w->from->operation != LX_OPERATION_CHAT || w->to != &lx_dialect_openai_chat)
        return false;
    return (lx_json_eq(type, LX_S("json_schema")) && !w->options.native_json_schema) ||
           (lx_json_eq(type, LX_S("json_object")) && w->options.no_response_format);
}

/* The client's own language needs no reading, unless the answer is to be checked. */
static bool may_enforce(const struct lx_attempt_writer *w)
{
    struct lx_json format = LX_GET(lx_json_root(w->body), "response_format");
    return w->from->operation == LX_OPERATION_CHAT &&
           (w->enforce_format || lx_json_bool(LX_GET(format, "enforce_validation"), false)) &&
           !lx_attempt_has(w->paths, w->path_count, LX_S("response_format"));
}

/* What form the answer is wanted in, where somebody has to look. */
static void note_form(struct lx_attempt_writer *w, const struct lx_request *request)
{
    const struct lx_response_format *f = &request->format;
    bool schema = f->kind == LX_FORMAT_SCHEMA && f->schema.n;
    bool emulated = w->out.json_tool || w->out.json_words;
    bool enforced = schema && may_enforce(w) && (w->enforce_format || f->enforce);
    struct lx_answer_form *form =
        emulated || enforced ? lx_arena_new(w->arena, struct lx_answer_form) : NULL;
    if (!form)
        return;
    form->emulated = emulated;
    form->enforced = enforced;
    form->schema = schema ? f->schema : lx_slice(NULL, 0);
    w->at->form = form;
    if (!w->at->stream)
        lx_form_note(form, w->arena, &w->at->losses);
}

/* modify_params: the history as providers take it, written anew where it was not. */
static const struct lx_request *repaired(struct lx_attempt_writer *w,
                                         const struct lx_request *request)
{
    if (!w->options.modify_params || w->from->operation != LX_OPERATION_CHAT)
        return request;
    const struct lx_request *whole = request ? request : read_own(w);
    const struct lx_request *mended =
        whole ? lx_request_repair(whole, w->arena, &w->at->losses) : NULL;
    if (mended && mended != whole)
        w->at->same_language = false;
    return mended;
}

/* ensure_alternating_roles, the same way. */
static const struct lx_request *alternating(struct lx_attempt_writer *w,
                                            const struct lx_request *request)
{
    const struct lx_json *v = w->members.v;
    bool asked =
        lx_json_bool(v[LX_MEMBER_ALTERNATE], false) || lx_json_given(v[LX_MEMBER_USER_CONTINUE]);
    if (!asked || w->from->operation != LX_OPERATION_CHAT)
        return request;
    const struct lx_request *whole = request ? request : read_own(w);
    const struct lx_request *told =
        whole ? lx_request_alternate(whole, &w->members, w->to == &lx_dialect_bedrock_converse,
                                     w->arena, &w->at->losses)
              : NULL;
    if (told && told != whole)
        w->at->same_language = false;
    return told;
}

/* Whether an address stands where a file's id does, as LiteLLM's clients have it. */
static bool has_file_urls(struct lx_json messages, struct lx_arena *a)
{
    for (struct lx_json_iter m = lx_json_iter(messages); lx_json_next(&m);)
        for (struct lx_json_iter p = lx_json_iter(LX_GET(m.value, "content")); lx_json_next(&p);)
            if (lx_slice_starts(lx_json_str(LX_GET(LX_GET(p.value, "file"), "file_id"), a),
                                LX_S("http")))
                return true;
    return false;
}

/* Whether the client's own body may have URLs that the target does not take. */
static bool may_have_urls(const struct lx_attempt_writer *w)
{
    struct lx_slice url = LX_S("url");
    if (w->options.data_only && lx_json_has(w->body, &url, 1))
        return true;
    return w->from == &lx_dialect_openai_chat &&
           has_file_urls(LX_GET(lx_json_root(w->body), "messages"), w->arena);
}

/* With data instead of URLs, the same way. */
static const struct lx_request *with_media(struct lx_attempt_writer *w,
                                           const struct lx_request *request)
{
    bool suspect = w->at->same_language && may_have_urls(w);
    if (!w->found && !suspect)
        return request;
    const struct lx_request *whole = request ? request : read_own(w);
    const struct lx_request *told = whole ? lx_media_put(whole, w->found, w->arena) : NULL;
    if (!told || told != whole || (suspect && lx_media_any(whole, w->arena)))
        w->at->same_language = false;
    return w->at->same_language ? request : told;
}

/* System messages, the same way. */
static const struct lx_request *settled(struct lx_attempt_writer *w,
                                        const struct lx_request *request)
{
    const struct lx_json *v = w->members.v;
    bool first = w->system_first && lx_glob_match(LX_S("openai|azure"), lx_slice_z(w->p->id));
    bool asked = first || lx_json_is(v[LX_MEMBER_SYSTEM_PROMPT], LX_JSON_STRING) ||
                 lx_json_is(v[LX_MEMBER_TAKES_SYSTEM], LX_JSON_FALSE);
    if (!asked || w->from->operation != LX_OPERATION_CHAT)
        return request;
    const struct lx_request *whole = request ? request : read_own(w);
    const struct lx_request *told =
        whole ? lx_request_settle_system(whole, &w->members, first, w->arena, &w->at->losses)
              : NULL;
    if (told && told != whole)
        w->at->same_language = false;
    return told;
}

static bool is_refused(const struct lx_attempt_writer *w, struct lx_slice what, bool whole)
{
    const struct lx_loss *l = w->out.refused;
    while (l && !(whole ? lx_slice_eq(l->what, what) : lx_slice_starts(l->what, what)))
        l = l->next;
    return l != NULL;
}

/* Whether tools were refused, or, where there are none, what the history has of them. */
static bool lacks_tools(const struct lx_attempt_writer *w, const struct lx_request *r)
{
    if (r->tools)
        return is_refused(w, LX_S("tools"), true) || is_refused(w, LX_S("functions"), true);
    return is_refused(w, LX_S("messages["), false) && lx_tool_words_needed(r);
}

/* As if nothing had been written yet. */
static void start_over(struct lx_attempt_writer *w, const struct lx_losses *before,
                       struct lx_buf *buf)
{
    w->at->losses = *before;
    *w->at->losses.tail = NULL;
    lx_header_list_init(w->out.headers, w->arena);
    lx_buf_reset(buf);
    w->out = (struct lx_body){
        .buf = buf, .headers = w->out.headers, .losses = w->out.losses, .arena = w->arena};
}

static void write_once(struct lx_attempt_writer *w, struct lx_json_edit *edit,
                       const struct lx_request *request, struct lx_buf *buf)
{
    if (w->at->same_language)
        edit_in_place(w, edit, buf);
    else if (request)
        write_anew(w, request, buf);
}

/* The configuration or the catalog says that the model cannot call (supports_function_calling). */
static bool is_unable(const struct lx_attempt_writer *w)
{
    return w->d->facts.needs_known & ~w->d->facts.needs_met & LX_NEED_TOOLS;
}

/* The words of the tools are a system message, which the model may not take. */
static const struct lx_request *tell_tools(struct lx_attempt_writer *w,
                                           const struct lx_request *request)
{
    struct lx_members members = w->members;
    const struct lx_request *told =
        lx_tool_words_tell(request, &w->options, &w->out, &w->at->tools);
    members.v[LX_MEMBER_SYSTEM_PROMPT] = (struct lx_json){0}; /* which is there already */
    return told ? lx_request_settle_system(told, &members, false, w->arena, &w->at->losses) : NULL;
}

/*
 * add_function_to_prompt: whether the target takes tools is found out by writing them, where it is
 * not known. Where it refuses them they are told in its prompt; what else was refused is refused,
 * or dropped, then.
 */
static const struct lx_request *write_with_tools(struct lx_attempt_writer *w,
                                                 struct lx_json_edit *edit,
                                                 const struct lx_request *request,
                                                 struct lx_buf *buf)
{
    const struct lx_losses before = w->at->losses;
    bool drops = w->options.drop_params, unable = is_unable(w);
    w->options.drop_params = false;
    if (!unable)
        write_once(w, edit, request, buf);
    w->options.drop_params = drops;
    if (w->arena->failed) /* then what was refused is not all there */
        w->out.code = w->arena->failed;
    if (w->arena->failed || !(w->out.refused || unable))
        return request;
    const struct lx_request *whole = request ? request : read_own(w);
    if (!whole)
        return NULL;
    bool lacks = unable ? whole->tools || lx_tool_words_needed(whole) : lacks_tools(w, whole);
    if (!lacks && !drops && !unable)
        return request;
    start_over(w, &before, buf);
    if (!lacks) {
        write_once(w, edit, request, buf);
        return request;
    }
    const struct lx_request *told = tell_tools(w, whole);
    w->at->same_language = false;
    if (told)
        write_anew(w, told, buf);
    return told;
}

/* What was refused, where all of it would do as data. */
static const struct lx_media_need *needs_of(const struct lx_attempt_writer *w)
{
    if (w->from->operation != LX_OPERATION_CHAT || (w->out.code && w->out.code != LX_EUNSUPPORTED))
        return NULL;
    for (const struct lx_loss *l = w->out.refused; l; l = l->next) {
        const struct lx_media_need *n = w->out.needs;
        while (n && !lx_slice_eq(n->what, l->what))
            n = n->next;
        if (!n)
            return NULL;
    }
    return w->out.needs;
}

static int write_it(struct lx_attempt_writer *w, struct lx_json_edit *edit,
                    const struct lx_request *request, struct lx_buf *buf)
{
    request = alternating(w, settled(w, repaired(w, with_media(w, request))));
    if (w->at->same_language && is_emulated(w))
        w->at->same_language = false;
    if (!request && !w->out.code && (!w->at->same_language || may_enforce(w)))
        request = read_own(w);
    if (w->tells_tools)
        request = write_with_tools(w, edit, request, buf);
    else
        write_once(w, edit, request, buf);
    if (request && !w->out.code)
        note_form(w, request);
    if (!w->out.code && w->arena->failed)
        lx_body_fail(&w->out, w->arena->failed, LX_S("body"), LX_S("no memory"));
    w->at->needs = needs_of(w);
    return w->out.code ? fail_body(w) : 0;
}

/* ---- Embeddings ------------------------------------------------------------------------------ */

/* Whether the target takes this encoding_format; what it does not take is made of what comes. */
static bool takes_encoding(const struct lx_attempt_writer *w, struct lx_slice encoding)
{
    return !w->offer.encodings || !encoding.n ||
           lx_glob_match(lx_slice_z(w->offer.encodings), encoding);
}

/* Floats come unasked, and base64 is made of them; for anything else there is only the provider. */
static void settle_encoding(struct lx_attempt_writer *w, struct lx_embed_request *e,
                            struct lx_json_edit *edit)
{
    if (takes_encoding(w, e->encoding))
        return;
    if (lx_slice_eq(e->encoding, LX_S("base64")))
        w->at->same_language = false;
    else if (!lx_slice_eq(e->encoding, LX_S("float")))
        lx_body_refuse(&w->out, &w->options, LX_S("encoding_format"),
                       LX_S("the provider has other encodings"));
    lx_json_edit_remove(edit, lx_json_root(w->body), LX_S("encoding_format"));
    e->encoding = lx_slice(NULL, 0);
}

/* Where images have an address of their own: as many as are alike go to that of the first. */
static size_t take_alike(struct lx_attempt_writer *w, const struct lx_embed_request *e)
{
    bool image = e->inputs[0].kind == LX_INPUT_PARTS;
    size_t n = 0;
    while (n < e->count && (e->inputs[n].kind == LX_INPUT_PARTS) == image)
        n++;
    w->options.image_objects = w->options.image_urls = image;
    if (image)
        w->offer.path = w->offer.images;
    return n;
}

/* Of the inputs that are not answered yet, as many as the target takes at once. */
static void take_inputs(struct lx_attempt_writer *w, const struct lx_request *r, size_t first)
{
    struct lx_embed_request *e = r->embed;
    size_t most = w->offer.max_inputs;
    lx_embed_request_skip(e, first - e->first);
    if (!most)
        most = lx_back_inputs(w->to->back, &w->options, r);
    if (w->offer.images && e->count) {
        size_t alike = take_alike(w, e);
        most = most && most < alike ? most : alike;
    }
    w->at->inputs = most && e->count > most ? most : e->count;
    w->at->inputs_left = e->count - w->at->inputs;
    bool images = false; /* that have to be put into objects */
    for (size_t i = 0; w->options.image_objects && i < e->count; i++)
        images = images || e->inputs[i].kind == LX_INPUT_PARTS;
    if (e->first || w->at->inputs_left || images)
        w->at->same_language = false;
    e->count = w->at->inputs;
}

/* In OpenAI's language its own models take tokens, and servers that are known to. */
static bool takes_tokens(const struct lx_attempt_writer *w)
{
    return w->to == &lx_dialect_openai_embed &&
           (w->d->provider->takes_tokens ||
            lx_glob_match(LX_S("*text-embedding-3-*|*text-embedding-ada-*"), w->options.model));
}

static void settle_tokens(struct lx_attempt_writer *w, struct lx_embed_request *e)
{
    size_t bad = 0;
    if (!lx_token_inputs_any(e) || takes_tokens(w))
        return;
    int code = lx_token_inputs_decode(e, w->arena, &bad);
    if (code == LX_EINVAL)
        lx_embed_fail(&w->out, e, bad, LX_S("a number of it is no token of cl100k_base"));
    else if (code < 0)
        lx_body_fail(&w->out, code, LX_S("input"), LX_S("tokens cannot be made text"));
    lx_losses_change(&w->at->losses, LX_S("input"),
                     LX_S("the provider takes text: tokens became what they are in cl100k_base"));
    w->at->same_language = false;
}

/* first: of the inputs, the one that the request begins with. */
static int write_embed(struct lx_attempt_writer *w, struct lx_json_edit *edit,
                       const struct lx_request *request, size_t first, struct lx_buf *buf)
{
    struct lx_request *copy = lx_arena_new(w->arena, struct lx_request);
    struct lx_embed_request *e = lx_arena_new(w->arena, struct lx_embed_request);
    if (!request)
        request = read_own(w);
    if (!request || !copy || !e) {
        lx_body_fail(&w->out, w->arena->failed ? w->arena->failed : LX_EINVAL, LX_S("body"),
                     LX_S("no memory"));
        return fail_body(w);
    }
    w->options.image_objects = w->offer.image_objects;
    *e = *request->embed;
    *copy = *request;
    copy->embed = e;
    w->at->encoding = e->encoding;
    settle_encoding(w, e, edit);
    take_inputs(w, copy, first);
    settle_tokens(w, e);
    if (w->out.code)
        return fail_body(w);
    return write_it(w, edit, copy, buf);
}

int lx_attempt_write_body(struct lx_attempt_writer *w, struct lx_json_edit *edit,
                          const struct lx_request *request, size_t first, struct lx_buf *buf)
{
    return w->from->operation == LX_OPERATION_EMBED ? write_embed(w, edit, request, first, buf)
                                                    : write_it(w, edit, request, buf);
}
