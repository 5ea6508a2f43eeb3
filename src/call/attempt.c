/*
 * attempt.c - the request that one deployment gets for a client's body.
 *
 * Where client and provider speak one language the body is edited in place: the model's name, our
 * own members, what the row's quirks mend. Elsewhere the canonical request is written by the
 * provider's dialect, and mended the same way where there is something to mend.
 *
 *   same language    body ------------------------------> edits -> buf      (no edit: body itself)
 *   another          body -> request -> back's writer ->  edits -> buf
 *
 * Called by the call machine for each attempt and by `translate request`. Picks nothing, retries
 * nothing.
 */
#include "call/call.h"
#include "base/text.h"
#include "call/address.h"
#include "call/foreign.h"
#include "call/members.h"
#include "call/places.h"
#include "call/repair.h"

struct writer {
    struct lx_attempt *at;
    const struct lx_deployment *d;
    const struct lx_provider *p;
    const struct lx_target *target;
    struct lx_offer offer; /* how it serves what is asked */
    const struct lx_dialect *from, *to;
    const struct lx_json_doc *body;
    struct lx_members members;
    struct lx_slice model; /* upstream */
    enum lx_tristate stream;
    struct lx_write_options options;
    struct lx_slice *allowed; /* the deployment's and the client's together */
    size_t allowed_count;
    struct lx_slice *paths; /* to drop, as above */
    size_t path_count;
    struct lx_arena *arena;
    struct lx_header_list headers;
    struct lx_body out;
    struct lx_fault *fault;
    const struct lx_catalog *catalog;
};

static int fail(struct writer *w, enum lx_fault_kind kind, int code, struct lx_slice message)
{
    *w->fault = (struct lx_fault){
        .kind = kind,
        .message = message.p ? message : lx_slice_z(lx_code_text(code)),
        .provider = lx_slice_z(w->p->id),
        .retry_after_ms = -1,
    };
    return code;
}

/* What the body's writers and menders found wrong. */
static int fail_body(struct writer *w)
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
        "(%.*s). To drop them, set `drop_params: true` in litellm_settings or in the request.",
        w->p->id, LX_F(names), LX_F(w->options.model), LX_F(reasons));
    return code;
}

/* ---- What was configured and what the client wishes ---------------------------------------- */

static bool tristate(enum lx_tristate t, bool otherwise)
{
    return t == LX_UNSET ? otherwise : t == LX_YES;
}

static bool has(const struct lx_slice *v, size_t n, struct lx_slice s)
{
    size_t i = 0;
    while (i < n && !lx_slice_eq(v[i], s))
        i++;
    return i < n;
}

/* The row's quirks leave this member of the model's out, whatever it says or but for some words. */
static bool is_refused(const struct writer *w, struct lx_slice member)
{
    return lx_quirks_refuse(w->offer.quirks, w->options.model, member) &&
           !has(w->allowed, w->allowed_count, member);
}

/* How JSON is had of a model in OpenAI's language. Whoever has response_format dropped wants
 * nothing in its place. */
static void read_format_options(struct writer *w)
{
    struct lx_slice format = LX_S("response_format");
    if (has(w->paths, w->path_count, format)) {
        w->options.native_json_schema = true;
    } else if (w->to && w->to == &lx_dialect_openai_chat &&
               (w->to != w->from || lx_json_given(lx_json_get(lx_json_root(w->body), format)))) {
        w->options.no_response_format = is_refused(w, format);
        w->options.native_json_schema &= !w->options.no_response_format;
        w->options.no_forced_tool =
            is_refused(w, LX_S("tools")) || is_refused(w, LX_S("tool_choice"));
    }
}

static void read_options(struct writer *w, const struct lx_route_settings *settings)
{
    const struct lx_json *v = w->members.v;
    w->options = w->target->options;
    if (w->d->prompt)
        w->options.prompt = w->d->prompt;
    if (w->from->operation == LX_OPERATION_COUNT && w->offer.path)
        w->options.model_outside = false; /* such an address names none */
    w->options.keep_call_ids = !w->target->is_home;
    w->options.drop_params =
        lx_json_bool(v[LX_MEMBER_DROP_PARAMS], tristate(w->d->drop_params, settings->drop_params));
    w->options.modify_params = tristate(w->d->modify_params, settings->modify_params);
    w->at->stream = w->from->operation == LX_OPERATION_CHAT &&
                    tristate(w->stream, lx_json_bool(v[LX_MEMBER_STREAM], false));
    w->allowed = lx_members_join(w->d->allowed_params, w->d->allowed_param_count,
                                 v[LX_MEMBER_ALLOWED_PARAMS], w->arena, &w->allowed_count);
    w->paths = lx_members_join(w->d->drop_paths, w->d->drop_path_count,
                               v[LX_MEMBER_ADDITIONAL_DROP_PARAMS], w->arena, &w->path_count);
    read_format_options(w);
}

static const char *operation_name(enum lx_operation o)
{
    return o == LX_OPERATION_EMBED   ? "embeddings"
           : o == LX_OPERATION_COUNT ? "counting of tokens"
                                     : "chat completions";
}

/* The path or the body names one, and nobody said which. */
static bool lacks_project(const struct writer *w)
{
    if (w->d->project.n)
        return false;
    return lx_slice_find(lx_slice_z(w->offer.path), LX_S("{project}")) >= 0 ||
           lx_places_lack(w->p, w->d);
}

static int check(struct writer *w)
{
    if (w->members.refused.p)
        return fail(w, LX_FAULT_BAD_REQUEST, LX_EINVAL,
                    lx_arena_printf(w->arena,
                                    "Rejected Request: %.*s is not allowed in the request body",
                                    LX_F(w->members.refused)));
    if (!w->offer.language)
        return fail(w, LX_FAULT_BAD_REQUEST, LX_EUNSUPPORTED,
                    lx_arena_printf(w->arena, "%s has no %s for model=%.*s", w->p->title,
                                    operation_name(w->from->operation), LX_F(w->options.model)));
    if (!w->to || !w->to->back)
        return fail(w, LX_FAULT_INTERNAL, LX_ECONFIG,
                    lx_arena_printf(w->arena, "provider %s speaks '%s', which cannot be written",
                                    w->p->id, w->offer.language));
    const char *variable = w->d->provider->base_url_env[0];
    if (!w->d->base_url.n)
        return fail(w, LX_FAULT_BAD_REQUEST, LX_ECONFIG,
                    lx_arena_printf(w->arena,
                                    "provider %s has no address of its own: set %s%sapi_base",
                                    w->p->id, variable ? variable : "", variable ? " or " : ""));
    if (lacks_project(w))
        return fail(w, LX_FAULT_BAD_REQUEST, LX_ECONFIG,
                    lx_arena_printf(w->arena, "no project, account or tenant for %s: set %s",
                                    w->p->title, w->d->provider->project_env[0]));
    if (!lx_signer_has_key(w->p, &w->d->key)) {
        struct lx_slice names = w->d->missing_key;
        return fail(w, LX_FAULT_AUTHENTICATION, LX_EAUTH,
                    lx_arena_printf(w->arena,
                                    "litellm.AuthenticationError: no API key for %s: set %.*s%s"
                                    "api_key in litellm_params",
                                    w->p->title, LX_F(names), names.n ? " or " : ""));
    }
    return 0;
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

static void ask_for_usage(struct writer *w, struct lx_json_edit *edit)
{
    for (size_t i = 0; i < sizeof(usage_asks) / sizeof(usage_asks[0]); i++) {
        const struct usage_ask *ask = &usage_asks[i];
        if (strcmp(ask->language, w->to->name) != 0 || w->p->stream_outside ||
            is_refused(w, ask->member) || has(w->paths, w->path_count, ask->member))
            continue;
        struct lx_json given = w->members.v[LX_MEMBER_STREAM_OPTIONS];
        if (!lx_json_is(given, LX_JSON_OBJECT))
            lx_json_edit_set(edit, lx_json_root(w->body), ask->member, ask->json);
        else if (!lx_json_bool(lx_json_get(given, ask->inner), false))
            lx_json_edit_set(edit, given, ask->inner, LX_S("true"));
    }
}

/* The members of extra_body replace or join those that are there. */
static void add_extra_body(struct writer *w, struct lx_json_edit *edit)
{
    struct lx_json_doc extra;
    if (!w->d->extra_body.n || w->from->operation == LX_OPERATION_COUNT)
        return;
    lx_json_doc_init(&extra);
    if (lx_json_read(&extra, w->d->extra_body, NULL, &w->out.error) < 0)
        lx_body_fail(&w->out, LX_ECONFIG, LX_S("extra_body"), LX_S("is not a JSON object"));
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&extra)); lx_json_next(&it);)
        lx_json_edit_set(edit, lx_json_root(edit->doc), lx_json_text(it.name).s,
                         lx_json_raw(it.value));
    lx_json_doc_clear(&extra); /* what was taken from it points into extra_body's own text */
}

/* Whether the catalog knows that the model reasons, where the body asks it to. A model that it does
 * not know may be newer than the catalog. */
static enum lx_tristate reasons(const struct writer *w, const struct lx_json_doc *doc)
{
    struct lx_json root = lx_json_root(doc);
    struct lx_model m;
    if (!lx_json_given(LX_GET(root, "reasoning_effort")) &&
        !lx_json_given(LX_GET(root, "thinking")))
        return LX_UNSET;
    if (!lx_catalog_find(w->catalog, lx_slice_z(w->p->id), w->options.model, &m))
        return LX_UNSET;
    return lx_model_supports(m, LX_S("reasoning")) ? LX_YES : LX_NO;
}

/* What the catalog knows to be the most that the model says, for languages that want a limit: a
 * lower one would cut answers off that the client did not limit. */
static int64_t most_tokens(const struct writer *w)
{
    struct lx_model m;
    int64_t n;
    if (!lx_catalog_find(w->catalog, lx_slice_z(w->p->id), w->options.model, &m) ||
        lx_slice_int(lx_model_member(m, LX_S("max_output_tokens")), &n) < 0)
        return 0;
    return n;
}

static uint64_t quirks_for(const struct writer *w)
{
    return w->offer.quirks == w->p->quirks ? w->target->quirks
                                           : lx_quirks_for(w->offer.quirks, w->options.model);
}

/* Everything that is done to a body of the provider's language, whoever wrote it. */
static void mend(struct writer *w, struct lx_json_edit *edit)
{
    bool is_own = w->p->base_url && !lx_slice_eq(w->d->base_url, lx_slice_z(w->p->base_url));
    struct lx_quirk_target target = {
        .quirks = w->offer.quirks,
        .which = quirks_for(w),
        .common = w->to == &lx_dialect_openai_chat,
        .takes = is_own              ? 0
                 : w->p->cache_marks ? w->p->takes | LX_TAKES_CACHE_MARKS
                                     : w->p->takes,
    };
    if (target.common)
        target.reasons = reasons(w, edit->doc);
    lx_quirks_apply(&target, &w->options, w->allowed, w->allowed_count, edit->doc, edit, &w->out);
    if (w->from->operation != LX_OPERATION_COUNT)
        lx_places_write(w->p, w->d, w->options.model, edit);
    for (size_t i = 0; i < w->path_count; i++)
        lx_path_drop(w->paths[i], LX_S("additional_drop_params"), edit->doc, edit, &w->at->losses);
    add_extra_body(w, edit);
}

static void finish_edit(struct writer *w, struct lx_json_edit *edit, struct lx_buf *buf)
{
    int code = w->out.code ? 0 : lx_json_edit_write(edit, buf);
    if (code < 0)
        lx_body_fail(&w->out, code, LX_S("body"), lx_slice_z(lx_code_text(code)));
    w->at->out.body = lx_buf_slice(buf);
}

static void edit_in_place(struct writer *w, struct lx_json_edit *edit, struct lx_buf *buf)
{
    struct lx_slice model = w->options.model;
    if (w->options.model_outside || w->to->back->model_outside)
        lx_json_edit_remove(edit, lx_json_root(w->body), LX_S("model"));
    else if (!lx_json_eq(w->members.v[LX_MEMBER_MODEL], model))
        lx_json_edit_set(edit, lx_json_root(w->body), LX_S("model"),
                         lx_json_quoted(model, w->arena));
    if (w->at->stream)
        ask_for_usage(w, edit);
    if (!w->options.keep_call_ids)
        lx_foreign_remove(w->to, w->body, edit, &w->at->losses);
    mend(w, edit);
    if (lx_json_edit_is_empty(edit) && !w->out.code)
        w->at->out.body = w->body->text;
    else
        finish_edit(w, edit, buf);
}

/* allowed_openai_params: the dialect does not know that this target takes them, so they go past
 * it, as members it does not know. */
static const struct lx_request *with_allowed(struct writer *w, const struct lx_request *request)
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

/* Without the members that only the client's language has: what the answer depends on is refused,
 * the rest is listed. */
static void lose_own(struct writer *w, struct lx_request *request)
{
    struct lx_extra **at = &request->extra;
    while (*at) {
        const struct lx_own_member *own = w->from->front->own_members;
        while (own->name && !lx_slice_eq((*at)->name, lx_slice_z(own->name)))
            own++;
        if (own->name && own->needed)
            lx_body_refuse(&w->out, &w->options, lx_slice_z(own->name), lx_slice_z(own->why));
        else if (own->name)
            lx_losses_add(&w->at->losses, lx_slice_z(own->name), lx_slice_z(own->why));
        if (own->name) {
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
static const struct lx_request *for_target(struct writer *w, const struct lx_request *request)
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

static void mend_written(struct writer *w, struct lx_buf *written, struct lx_buf *buf)
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
static const struct lx_request *without_prompt_params(struct writer *w,
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

static void write_anew(struct writer *w, const struct lx_request *request, struct lx_buf *buf)
{
    struct lx_buf written;
    bool mended = w->path_count || w->d->extra_body.n || w->from == w->to || quirks_for(w) ||
                  lx_places_any(w->p);
    lx_buf_init(&written, buf->max);
    w->out.buf = mended ? &written : buf;
    request = for_target(w, without_prompt_params(w, with_allowed(w, request)));
    w->options.default_max_tokens = most_tokens(w);
    w->to->back->write_request(&w->options, request, &w->out);
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
static const struct lx_request *read_own(struct writer *w)
{
    struct lx_request *own = lx_arena_new(w->arena, struct lx_request);
    int code = own ? lx_request_of_body(w->from, w->body, w->arena, own, &w->out.error) : LX_ENOMEM;
    if (code < 0 && !w->out.code)
        w->out.code = code;
    return code < 0 ? NULL : own;
}

/* A wish for JSON that the model has to be brought to by other means: the body is written anew. */
static bool is_emulated(const struct writer *w)
{
    struct lx_json format = LX_GET(lx_json_root(w->body), "response_format");
    struct lx_json type = LX_GET(format, "type");
    if (w->from->operation != LX_OPERATION_CHAT || w->to != &lx_dialect_openai_chat)
        return false;
    return (lx_json_eq(type, LX_S("json_schema")) && !w->options.native_json_schema) ||
           (lx_json_eq(type, LX_S("json_object")) && w->options.no_response_format);
}

/* modify_params: the history as providers take it, written anew where it was not. */
static const struct lx_request *repaired(struct writer *w, const struct lx_request *request)
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

static int write_body(struct writer *w, struct lx_json_edit *edit, const struct lx_request *request,
                      struct lx_buf *buf)
{
    request = repaired(w, request);
    if (w->at->same_language && is_emulated(w))
        w->at->same_language = false;
    if (w->at->same_language) {
        edit_in_place(w, edit, buf);
    } else if (!request) {
        request = read_own(w);
        if (request)
            write_anew(w, request, buf);
    } else {
        write_anew(w, request, buf);
    }
    if (!w->out.code && w->arena->failed)
        lx_body_fail(&w->out, w->arena->failed, LX_S("body"), LX_S("no memory"));
    return w->out.code ? fail_body(w) : 0;
}

/* ---- Embeddings ------------------------------------------------------------------------------ */

/* Whether the target takes this encoding_format; what it does not take is made of what comes. */
static bool takes_encoding(const struct writer *w, struct lx_slice encoding)
{
    return !w->offer.encodings || !encoding.n ||
           lx_glob_match(lx_slice_z(w->offer.encodings), encoding);
}

/* Floats come unasked, and base64 is made of them; for anything else there is only the provider. */
static void settle_encoding(struct writer *w, struct lx_embed_request *e, struct lx_json_edit *edit)
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

/* Of the inputs that are not answered yet, as many as the target takes at once. */
static void take_inputs(struct writer *w, const struct lx_request *r, size_t first)
{
    struct lx_embed_request *e = r->embed;
    size_t most = w->offer.max_inputs;
    lx_embed_request_skip(e, first - e->first);
    if (!most && w->to->back->max_inputs)
        most = w->to->back->max_inputs(&w->options, r);
    w->at->inputs = most && e->count > most ? most : e->count;
    w->at->inputs_left = e->count - w->at->inputs;
    bool images = false; /* that have to be put into objects */
    for (size_t i = 0; w->options.image_objects && i < e->count; i++)
        images = images || e->inputs[i].kind == LX_INPUT_PARTS;
    if (e->first || w->at->inputs_left || images)
        w->at->same_language = false;
    e->count = w->at->inputs;
}

/* first: of the inputs, the one that the request begins with. */
static int write_embed(struct writer *w, struct lx_json_edit *edit,
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
    return write_body(w, edit, copy, buf);
}

/* ---- The address and the headers ----------------------------------------------------------- */

enum { MAX_PATH_BYTES = 1024 };

/* The row's own path, or the language's. Of a path for chats, other operations take what stands
 * before the end. */
static void write_path(const struct writer *w, struct lx_buf *out)
{
    const struct lx_place names = {w->model, w->d->region, w->d->project};
    const struct lx_slice chat = LX_S("/chat/completions");
    struct lx_slice path = lx_slice_z(w->offer.path), own = lx_slice_z(w->p->path);
    ssize_t at = w->offer.path ? -1 : lx_slice_find(own, chat);
    if (w->offer.path && w->at->stream)
        path = lx_slice_z(lx_provider_path(w->p, true));
    lx_place_write(at > 0 ? lx_slice_to(own, (size_t)at) : path, &names, out);
    if (!w->offer.path)
        w->to->back->write_path(&w->options, w->at->stream, out);
    if (at >= 0)
        lx_buf_add(out, lx_slice_from(own, (size_t)at + chat.n));
}

static int write_url(struct writer *w)
{
    char room[MAX_PATH_BYTES];
    struct lx_buf path = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    struct lx_slice version = w->d->api_version;
    write_path(w, &path);
    if (path.failed)
        return fail(w, LX_FAULT_BAD_REQUEST, LX_ELIMIT, LX_S("the model's name is too long"));
    w->at->out.url = lx_address_join(w->d->base_url, lx_buf_slice(&path), w->arena);
    if (!version.n)
        version = lx_slice_z(w->p->api_version);
    const char *name = w->p->api_version_name ? w->p->api_version_name : "api-version";
    if ((w->p->api_version_env || w->p->api_version) && version.n &&
        lx_slice_find(w->at->out.url, lx_arena_printf(w->arena, "%s=", name)) < 0) {
        bool more = lx_slice_find_byte(w->at->out.url, '?') >= 0;
        w->at->out.url = lx_arena_printf(w->arena, "%.*s%c%s=%.*s", LX_F(w->at->out.url),
                                         more ? '&' : '?', name, LX_F(version));
    }
    return 0;
}

/* Flags that add up, where others replace. */
static bool is_list(struct lx_slice name)
{
    return lx_slice_eq_nocase(name, LX_S("anthropic-beta"));
}

static void merge_header(struct lx_header_list *to, struct lx_header h)
{
    struct lx_slice have =
        is_list(h.name) ? lx_headers_get(&to->headers, h.name) : lx_slice(NULL, 0);
    if (have.n && lx_slice_find(have, h.value) >= 0)
        return;
    if (have.n)
        h.value = lx_arena_printf(to->arena, "%.*s,%.*s", LX_F(have), LX_F(h.value));
    if (h.secret)
        lx_header_list_set_secret(to, h.name, h.value);
    else
        lx_header_list_set(to, h.name, h.value);
}

void lx_attempt_forward(struct lx_attempt *at, const struct lx_headers *headers,
                        struct lx_arena *arena)
{
    struct lx_header_list l = {at->out.headers, at->out.headers.n, arena};
    for (size_t i = 0; i < headers->n; i++)
        merge_header(&l, headers->v[i]);
    at->out.headers = l.headers;
}

int lx_attempt_sign(struct lx_attempt *at, const struct lx_deployment *d, int64_t now_s,
                    struct lx_arena *arena, struct lx_fault *fault)
{
    struct lx_header_list l = {at->out.headers, at->out.headers.n, arena};
    const struct lx_signing s = {at->out.method, at->out.url, at->out.body, d->region, now_s};
    int code = lx_signer_sign(at->provider, &d->key, &s, &l);
    at->out.headers = l.headers;
    if (code < 0) {
        *fault = lx_fault_of_error(code, NULL, arena);
        fault->provider = lx_slice_z(at->provider->id);
    }
    return code;
}

static void write_headers(struct writer *w, const struct lx_headers *of_body)
{
    struct lx_header_list *l = &w->headers;
    lx_header_list_add(l, LX_S("user-agent"), LX_S("llmux")); /* some front doors insist on one */
    lx_header_list_add(l, LX_S("content-type"), LX_S("application/json"));
    struct lx_slice streams = w->to->back->framing == LX_FRAMING_AWS
                                  ? LX_S("application/vnd.amazon.eventstream")
                                  : LX_S("text/event-stream");
    lx_header_list_add(l, LX_S("accept"), w->at->stream ? streams : LX_S("application/json"));
    for (size_t i = 0; i < sizeof(w->p->headers) / sizeof(w->p->headers[0]); i++) {
        struct lx_slice value = lx_places_header(w->p->headers[i][1], w->d, w->arena);
        if (w->p->headers[i][0] && value.n)
            lx_header_list_set(l, lx_slice_z(w->p->headers[i][0]), value);
    }
    lx_signer_apply(w->p, &w->d->key, l);
    for (size_t i = 0; i < of_body->n; i++)
        merge_header(l, of_body->v[i]);
    for (size_t i = 0; i < w->d->headers.n; i++)
        merge_header(l, w->d->headers.v[i]);
    w->at->out.headers = l->headers;
}

/* What the model comes to: known since the deployment was made, but where a wildcard serves it. */
static const struct lx_target *target_of(const struct lx_deployment *d, struct lx_slice model,
                                         struct lx_target *own, struct lx_arena *a)
{
    if (d->target.row)
        return &d->target;
    lx_target_init(own, d->provider, model, d->base_url, d->api_version, a);
    return own;
}

static int write_attempt(struct lx_attempt *at, const struct lx_deployment *d,
                         const struct lx_route_settings *settings, const struct lx_dialect *from,
                         const struct lx_json_doc *body, const struct lx_request *request,
                         size_t first, struct lx_slice upstream_model, enum lx_tristate stream,
                         struct lx_arena *arena, struct lx_buf *buf, struct lx_fault *fault)
{
    struct lx_header_list of_body;
    struct lx_json_edit edit;
    struct lx_target own;
    const struct lx_target *target = target_of(d, upstream_model, &own, arena);
    const struct lx_provider *p = target->row;
    upstream_model = target->model;
    struct writer w = {
        .at = at,
        .d = d,
        .p = p,
        .target = target,
        .offer = lx_provider_offer(p, from, upstream_model),
        .from = from,
        .body = body,
        .model = upstream_model,
        .stream = stream,
        .arena = arena,
        .fault = fault,
        .catalog = settings->cost.catalog,
        .out = {.buf = buf, .headers = &of_body, .losses = &at->losses, .arena = arena},
    };
    w.to = lx_dialect_find(lx_slice_z(w.offer.language));
    *at = (struct lx_attempt){.provider = p,
                              .back = w.to,
                              .same_language = w.to == from && !p->retold,
                              .out.method = LX_S("POST")};
    lx_losses_init(&at->losses, arena);
    lx_header_list_init(&of_body, arena);
    lx_header_list_init(&w.headers, arena);
    lx_json_edit_init(&edit, body, arena);

    lx_members_read(body, arena, at->same_language ? &edit : NULL, &w.members);
    read_options(&w, settings);
    int code = check(&w);
    if (code == 0)
        code = from->operation == LX_OPERATION_EMBED ? write_embed(&w, &edit, request, first, buf)
                                                     : write_body(&w, &edit, request, buf);
    if (code == 0)
        code = write_url(&w);
    if (code < 0)
        return code;
    write_headers(&w, &of_body.headers);
    if (arena->failed)
        return fail(&w, LX_FAULT_INTERNAL, arena->failed, LX_S("no memory for the request"));
    return 0;
}

/* The client's body with the deployment's default members where it has none of its own: read anew,
 * as if the client had sent it. The text is the arena's, the document the caller's to clear. */
static int with_defaults(const struct lx_deployment *d, const struct lx_json_doc *body,
                         struct lx_arena *arena, struct lx_json_doc *out, struct lx_error *err)
{
    struct lx_json_edit edit;
    struct lx_json_doc defaults;
    struct lx_buf text;
    lx_json_doc_init(&defaults);
    lx_json_edit_init(&edit, body, arena);
    lx_buf_init(&text, body->text.n + d->default_params.n + 64);
    int code = lx_json_read(&defaults, d->default_params, NULL, err);
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&defaults));
         code == 0 && lx_json_next(&it);) {
        struct lx_slice name = lx_json_text(it.name).s;
        if (lx_json_is(lx_json_get(lx_json_root(body), name), LX_JSON_NONE))
            lx_json_edit_set(&edit, lx_json_root(body), name, lx_json_raw(it.value));
    }
    if (code == 0)
        code = lx_json_edit_write(&edit, &text);
    if (code == 0) {
        struct lx_slice kept = lx_arena_copy(arena, lx_buf_slice(&text));
        code = kept.p ? lx_json_read(out, kept, NULL, err) : arena->failed;
    }
    lx_buf_clear(&text);
    lx_json_doc_clear(&defaults);
    return code;
}

int lx_attempt_write(struct lx_attempt *at, const struct lx_deployment *d,
                     const struct lx_route_settings *settings, const struct lx_dialect *from,
                     const struct lx_json_doc *body, const struct lx_request *request,
                     struct lx_slice upstream_model, enum lx_tristate stream,
                     struct lx_arena *arena, struct lx_buf *buf, struct lx_fault *fault)
{
    struct lx_json_doc merged;
    struct lx_error err = {0};
    size_t first = request && request->embed ? request->embed->first : 0;
    if (!d->default_params.n || from->operation == LX_OPERATION_COUNT)
        return write_attempt(at, d, settings, from, body, request, first, upstream_model, stream,
                             arena, buf, fault);
    lx_json_doc_init(&merged);
    int code = with_defaults(d, body, arena, &merged, &err);
    if (code == 0)
        code = write_attempt(at, d, settings, from, &merged, NULL, first, upstream_model, stream,
                             arena, buf, fault);
    else
        *fault = lx_fault_of_error(code, &err, arena);
    lx_json_doc_clear(&merged);
    return code;
}
