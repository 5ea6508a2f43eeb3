/*
 * attempt.c - the request that one deployment gets for a client's body: what it is to be, and
 * whether it can.
 *
 * Where client and provider speak one language the body is edited in place: the model's name, our
 * own members, what the row's quirks mend. Elsewhere the canonical request is written by the
 * provider's dialect, and mended the same way where there is something to mend.
 *
 *   same language    body ------------------------------> edits -> buf      (no edit: body itself)
 *   another          body -> request -> back's writer ->  edits -> buf
 *
 * The body is attempt_body.c's, where it is sent attempt_head.c's. Called by the call machine for
 * each attempt and by `translate request`. Picks nothing, retries nothing.
 */
#include "call/attempt.h"

#include "call/cache_points.h"
#include "call/places.h"
#include "dialect/prompt.h"

int lx_attempt_fail(struct lx_attempt_writer *w, enum lx_fault_kind kind, int code,
                    struct lx_slice message)
{
    *w->fault = (struct lx_fault){
        .kind = kind,
        .message = message.p ? message : lx_slice_z(lx_code_text(code)),
        .provider = lx_slice_z(w->p->id),
        .retry_after_ms = -1,
    };
    return code;
}

/* ---- What was configured and what the client wishes ---------------------------------------- */

bool lx_attempt_has(const struct lx_slice *v, size_t n, struct lx_slice s)
{
    size_t i = 0;
    while (i < n && !lx_slice_eq(v[i], s))
        i++;
    return i < n;
}

bool lx_attempt_refuses(const struct lx_attempt_writer *w, struct lx_slice member)
{
    return lx_quirks_refuse(w->offer.quirks, w->options.model, member) &&
           !lx_attempt_has(w->allowed, w->allowed_count, member);
}

static bool tristate(enum lx_tristate t, bool otherwise)
{
    return t == LX_UNSET ? otherwise : t == LX_YES;
}

/* How JSON is had of a model in OpenAI's language. Whoever has response_format dropped wants
 * nothing in its place. */
static void read_format_options(struct lx_attempt_writer *w)
{
    struct lx_slice format = LX_S("response_format");
    if (lx_attempt_has(w->paths, w->path_count, format)) {
        w->options.native_json_schema = true;
    } else if (w->to && w->to == &lx_dialect_openai_chat &&
               (w->to != w->from || lx_json_given(lx_json_get(lx_json_root(w->body), format)))) {
        w->options.no_response_format = lx_attempt_refuses(w, format);
        w->options.native_json_schema &= !w->options.no_response_format;
        w->options.no_forced_tool =
            lx_attempt_refuses(w, LX_S("tools")) || lx_attempt_refuses(w, LX_S("tool_choice"));
    }
}

static void read_role(struct lx_json roles, const char *name, struct lx_arena *a,
                      struct lx_prompt_role *out)
{
    struct lx_json role = lx_json_get(roles, lx_slice_z(name));
    out->pre = lx_json_str(LX_GET(role, "pre_message"), a);
    out->post = lx_json_str(LX_GET(role, "post_message"), a);
}

/* The template by which a model that completes is given a conversation: the client's own, or the
 * deployment's; NULL: the model's. */
static const struct lx_prompt_template *read_template(struct lx_attempt_writer *w)
{
    struct lx_json root = lx_json_root(w->body), roles = LX_GET(root, "roles");
    struct lx_slice named = lx_json_str(LX_GET(root, "hf_model_name"), w->arena);
    if (!lx_json_is(roles, LX_JSON_OBJECT))
        return named.n ? lx_provider_template(named) : w->d->prompt;
    struct lx_prompt_template *t = lx_arena_new(w->arena, struct lx_prompt_template);
    if (!t)
        return NULL;
    *t = (struct lx_prompt_template){
        .initial = lx_json_str(LX_GET(root, "initial_prompt_value"), w->arena),
        .final = lx_json_str(LX_GET(root, "final_prompt_value"), w->arena),
        .bos = lx_json_str(LX_GET(root, "bos_token"), w->arena),
        .eos = lx_json_str(LX_GET(root, "eos_token"), w->arena),
    };
    read_role(roles, "system", w->arena, &t->system);
    read_role(roles, "user", w->arena, &t->user);
    read_role(roles, "assistant", w->arena, &t->assistant);
    return t;
}

static void read_options(struct lx_attempt_writer *w, const struct lx_route_settings *settings)
{
    const struct lx_json *v = w->members.v;
    w->options = w->target->options;
    const struct lx_prompt_template *template = read_template(w);
    if (template)
        w->options.prompt = template;
    if (w->from->operation == LX_OPERATION_COUNT && w->offer.path)
        w->options.model_outside = false; /* such an address names none */
    w->options.keep_call_ids = !w->target->is_home;
    w->options.data_only &= w->from->operation == LX_OPERATION_CHAT;
    w->options.drop_params =
        lx_json_bool(v[LX_MEMBER_DROP_PARAMS], tristate(w->d->drop_params, settings->drop_params));
    w->options.modify_params = tristate(w->d->modify_params, settings->modify_params);
    w->enforce_format = lx_json_bool(v[LX_MEMBER_ENFORCE_FORMAT],
                                     tristate(w->d->enforce_format, settings->enforce_format));
    w->tells_tools = w->from->operation == LX_OPERATION_CHAT &&
                     tristate(w->d->tells_tools, settings->tells_tools);
    w->options.safety_settings = settings->safety_settings;
    w->options.low_thinking = settings->low_thinking;
    w->options.keeps_prompts = !settings->keeps_no_prompts && w->p->kept_path &&
                               w->from->operation == LX_OPERATION_CHAT &&
                               lx_slice_find(w->d->base_url, LX_S("/models/")) < 0;
    w->options.auto_summary = settings->auto_summary;
    w->system_first = settings->system_first;
    w->at->merges_thinking = w->from == &lx_dialect_openai_chat &&
                             lx_json_bool(v[LX_MEMBER_MERGE_REASONING], settings->merges_thinking);
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
           : o == LX_OPERATION_PROBE ? "such endpoint"
                                     : "chat completions";
}

/* The path or the body names one, and nobody said which. */
static bool lacks_project(const struct lx_attempt_writer *w)
{
    if (w->d->project.n)
        return false;
    return lx_slice_find(lx_slice_z(w->offer.path), LX_S("{project}")) >= 0 ||
           lx_places_lack(w->p, w->d);
}

static int check(struct lx_attempt_writer *w)
{
    if (w->members.refused.p)
        return lx_attempt_fail(
            w, LX_FAULT_BAD_REQUEST, LX_EINVAL,
            lx_arena_printf(w->arena, "Rejected Request: %.*s is not allowed in the request body",
                            LX_F(w->members.refused)));
    if (!w->offer.language)
        return lx_attempt_fail(w, LX_FAULT_BAD_REQUEST, LX_EUNSUPPORTED,
                               lx_arena_printf(w->arena, "%s has no %s for model=%.*s", w->p->title,
                                               operation_name(w->from->operation),
                                               LX_F(w->options.model)));
    if (!w->to || !w->to->back)
        return lx_attempt_fail(w, LX_FAULT_INTERNAL, LX_ECONFIG,
                               lx_arena_printf(w->arena,
                                               "provider %s speaks '%s', which cannot be written",
                                               w->p->id, w->offer.language));
    const char *variable = w->d->provider->base_url_env[0];
    if (!w->d->base_url.n)
        return lx_attempt_fail(
            w, LX_FAULT_BAD_REQUEST, LX_ECONFIG,
            lx_arena_printf(w->arena, "provider %s has no address of its own: set %s%sapi_base",
                            w->p->id, variable ? variable : "", variable ? " or " : ""));
    if (lacks_project(w))
        return lx_attempt_fail(w, LX_FAULT_BAD_REQUEST, LX_ECONFIG,
                               lx_arena_printf(w->arena,
                                               "no project, account or tenant for %s: set %s",
                                               w->p->title, w->d->provider->project_env[0]));
    if (!lx_signer_has_key(w->p, &w->d->key)) {
        struct lx_slice names = w->d->missing_key;
        return lx_attempt_fail(
            w, LX_FAULT_AUTHENTICATION, LX_EAUTH,
            lx_arena_printf(w->arena,
                            "litellm.AuthenticationError: no API key for %s: set %.*s%s"
                            "api_key in litellm_params",
                            w->p->title, LX_F(names), names.n ? " or " : ""));
    }
    return 0;
}

/* What the model comes to: known since the deployment was made, but where a wildcard serves it. */
static const struct lx_target *target_of(const struct lx_deployment *d, struct lx_slice model,
                                         const struct lx_catalog *catalog, struct lx_target *own,
                                         struct lx_arena *a)
{
    const struct lx_target *known = lx_deployment_known(d, model);
    if (known)
        return known;
    lx_deployment_target(d, model, catalog, a, own);
    return own;
}

/* The client's body is one for the provider, but for a few members. */
static bool passes(const struct lx_attempt_writer *w)
{
    if (w->from->operation == LX_OPERATION_PROBE)
        return !w->from->back->write_request;
    return w->to == w->from && !w->p->retold;
}

static int write_attempt(struct lx_attempt *at, const struct lx_deployment *d,
                         const struct lx_route_settings *settings, const struct lx_dialect *from,
                         const struct lx_json_doc *body, const struct lx_request *request,
                         size_t first, struct lx_slice upstream_model, enum lx_tristate stream,
                         const struct lx_media_found *found, struct lx_arena *arena,
                         struct lx_buf *buf, struct lx_fault *fault)
{
    struct lx_header_list of_body;
    struct lx_json_edit edit;
    struct lx_target own;
    const struct lx_target *target =
        target_of(d, upstream_model, settings->cost.catalog, &own, arena);
    const struct lx_provider *p = target->row;
    upstream_model = target->model;
    struct lx_attempt_writer w = {
        .at = at,
        .d = d,
        .p = p,
        .target = target,
        .offer = lx_provider_offer(p, from, upstream_model),
        .from = from,
        .body = body,
        .model = upstream_model,
        .stream = stream,
        .found = found,
        .arena = arena,
        .fault = fault,
        .out = {.buf = buf, .headers = &of_body, .losses = &at->losses, .arena = arena},
    };
    w.to = from->operation == LX_OPERATION_PROBE ? from
                                                 : lx_dialect_find(lx_slice_z(w.offer.language));
    *at = (struct lx_attempt){.provider = p,
                              .back = w.to,
                              .same_language = passes(&w),
                              .out = {.method = LX_S("POST"), .trust = d->trust}};
    lx_losses_init(&at->losses, arena);
    lx_header_list_init(&of_body, arena);
    lx_header_list_init(&w.headers, arena);
    lx_json_edit_init(&edit, body, arena);

    lx_members_read(body, arena, at->same_language ? &edit : NULL, &w.members);
    read_options(&w, settings);
    int code = check(&w);
    if (code == 0)
        code = lx_attempt_write_body(&w, &edit, request, first, buf);
    if (code == 0)
        code = lx_attempt_write_url(&w);
    if (code < 0)
        return code;
    lx_attempt_write_kept(&w);
    lx_attempt_write_headers(&w, &of_body.headers);
    if (arena->failed)
        return lx_attempt_fail(&w, LX_FAULT_INTERNAL, arena->failed,
                               LX_S("no memory for the request"));
    return 0;
}

/* The edited body, read as if the client had sent it. The text is the arena's, the document the
 * caller's to clear. */
static int read_edited(struct lx_json_edit *edit, size_t max, struct lx_arena *arena,
                       struct lx_json_doc *out, struct lx_error *err)
{
    struct lx_buf text;
    lx_buf_init(&text, max);
    int code = lx_json_edit_write(edit, &text);
    if (code == 0) {
        struct lx_slice kept = lx_arena_copy(arena, lx_buf_slice(&text));
        code = kept.p ? lx_json_read(out, kept, NULL, err) : arena->failed;
    }
    lx_buf_clear(&text);
    return code;
}

/* With the deployment's default members where the body has none of its own. */
static int add_defaults(const struct lx_deployment *d, const struct lx_json_doc *body,
                        struct lx_arena *arena, struct lx_json_doc *out, struct lx_error *err)
{
    struct lx_json_edit edit;
    struct lx_json_doc defaults;
    lx_json_doc_init(&defaults);
    lx_json_edit_init(&edit, body, arena);
    int code = lx_json_read(&defaults, d->default_params, NULL, err);
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&defaults));
         code == 0 && lx_json_next(&it);) {
        struct lx_slice name = lx_json_text(it.name).s;
        if (lx_json_is(lx_json_get(lx_json_root(body), name), LX_JSON_NONE))
            lx_json_edit_set(&edit, lx_json_root(body), name, lx_json_raw(it.value));
    }
    if (code == 0)
        code = read_edited(&edit, body->text.n + d->default_params.n + 64, arena, out, err);
    lx_json_doc_clear(&defaults);
    return code;
}

/* Without what additional_drop_params names, which may be called otherwise in the provider's
 * language, or refused by it. 1: something was dropped, and *out is the body; 0; or a code. */
static int drop_named(const struct lx_deployment *d, const struct lx_json_doc *body,
                      struct lx_arena *arena, struct lx_losses *losses, struct lx_json_doc *out,
                      struct lx_error *err)
{
    struct lx_json_edit edit;
    struct lx_json theirs = LX_GET(lx_json_root(body), "additional_drop_params");
    size_t count = 0, removed = 0;
    struct lx_slice *paths =
        lx_members_join(d->drop_paths, d->drop_path_count, theirs, arena, &count);
    lx_json_edit_init(&edit, body, arena);
    for (size_t i = 0; paths && i < count; i++)
        removed += lx_path_drop(paths[i], LX_S("additional_drop_params"), body, &edit, losses);
    int code = removed ? read_edited(&edit, body->text.n + 64, arena, out, err) : 0;
    return code < 0 ? code : removed > 0;
}

/* With marks for caches, where they are wanted. As drop_named(). */
static int put_marks(const struct lx_dialect *from, const struct lx_deployment *d,
                     const struct lx_route_settings *settings, const struct lx_json_doc *body,
                     struct lx_arena *arena, struct lx_losses *losses, struct lx_json_doc *out,
                     struct lx_error *err)
{
    enum { ROOM = 4096 }; /* for the marks: more than four of them take */
    struct lx_json_edit edit;
    lx_json_edit_init(&edit, body, arena);
    if (from->operation == LX_OPERATION_CHAT)
        lx_cache_points_put(from, body, d, settings, &edit, losses);
    if (lx_json_edit_is_empty(&edit))
        return 0;
    int code = read_edited(&edit, 5 * body->text.n + ROOM, arena, out, err);
    return code < 0 ? code : 1;
}

static void prepend(struct lx_losses *to, const struct lx_losses *before)
{
    if (!before->first)
        return;
    *before->tail = to->first;
    if (!to->first)
        to->tail = before->tail;
    to->first = before->first;
    to->count += before->count;
}

int lx_attempt_write(struct lx_attempt *at, const struct lx_deployment *d,
                     const struct lx_route_settings *settings, const struct lx_dialect *from,
                     const struct lx_json_doc *body, const struct lx_request *request,
                     struct lx_slice upstream_model, enum lx_tristate stream,
                     const struct lx_media_found *found, struct lx_arena *arena, struct lx_buf *buf,
                     struct lx_fault *fault)
{
    struct lx_json_doc merged, dropped, marked;
    struct lx_losses before;
    struct lx_error err = {0};
    size_t first = request && request->embed ? request->embed->first : 0;
    const struct lx_json_doc *given = body;
    int code = 0;
    lx_json_doc_init(&merged);
    lx_json_doc_init(&dropped);
    lx_json_doc_init(&marked);
    lx_losses_init(&before, arena);
    if (d->default_params.n && from->operation != LX_OPERATION_COUNT) {
        code = add_defaults(d, body, arena, &merged, &err);
        body = &merged;
    }
    if (code == 0)
        code = drop_named(d, body, arena, &before, &dropped, &err);
    if (code == 1)
        body = &dropped;
    if (code >= 0)
        code = put_marks(from, d, settings, body, arena, &before, &marked, &err);
    if (code == 1)
        body = &marked;
    if (code >= 0) {
        code = write_attempt(at, d, settings, from, body, body == given ? request : NULL, first,
                             upstream_model, stream, found, arena, buf, fault);
        prepend(&at->losses, &before);
    } else {
        *fault = lx_fault_of_error(code, &err, arena);
    }
    lx_json_doc_clear(&marked);
    lx_json_doc_clear(&dropped);
    lx_json_doc_clear(&merged);
    return code;
}
