/*
 * attempt_head.c - where an attempt's request is sent, with which headers, and how it is signed.
 *
 * Called by attempt.c with the body written, and by the call machine before it is sent.
 */
#include "base/text.h"
#include "call/address.h"
#include "call/attempt.h"
#include "call/places.h"

/* ---- The address and the headers ----------------------------------------------------------- */

enum { MAX_PATH_BYTES = 1024, MAX_QUERY_BYTES = 16384 };

static bool counts(const struct lx_attempt_writer *w)
{
    return w->to->operation == LX_OPERATION_COUNT;
}

/* The row's own path, or the language's. Of a path for chats, other operations take what stands
 * before the end. */
static void write_path(const struct lx_attempt_writer *w, struct lx_buf *out)
{
    bool profiled = w->p->profiled && w->d->profile.n;
    struct lx_write_options options = w->options;
    if (profiled)
        options.model = w->d->profile;
    const struct lx_place names = {
        profiled ? w->d->profile : w->model,
        counts(w) && w->d->count_region.n ? w->d->count_region : w->d->region, w->d->project};
    const struct lx_slice chat = LX_S("/chat/completions");
    struct lx_slice path = lx_slice_z(w->offer.path), own = lx_slice_z(w->p->path);
    ssize_t at = w->offer.path ? -1 : lx_slice_find(own, chat);
    if (w->offer.path && w->at->stream)
        path = lx_slice_z(lx_provider_path(w->p, true));
    lx_place_write(at > 0 ? lx_slice_to(own, (size_t)at) : path, &names, out);
    if (!w->offer.path)
        lx_back_write_path(w->to->back, &options, w->at->stream, out);
    if (at >= 0)
        lx_buf_add(out, lx_slice_from(own, (size_t)at + chat.n));
}

/* extra_query: members that are text, numbers or booleans. */
static void add_query(struct lx_attempt_writer *w)
{
    struct lx_buf url;
    struct lx_json query = w->members.v[LX_MEMBER_EXTRA_QUERY];
    if (!lx_json_is(query, LX_JSON_OBJECT) || !lx_json_count(query))
        return;
    lx_buf_init(&url, MAX_QUERY_BYTES);
    lx_buf_add(&url, w->at->out.url);
    char mark = lx_slice_find_byte(w->at->out.url, '?') < 0 ? '?' : '&';
    for (struct lx_json_iter it = lx_json_iter(query); lx_json_next(&it);) {
        bool text = lx_json_is(it.value, LX_JSON_STRING);
        if (!lx_json_given(it.value) || lx_json_type(it.value) > LX_JSON_STRING)
            continue;
        lx_buf_add_byte(&url, mark);
        mark = '&';
        lx_percent_write(&url, lx_json_str(it.name, w->arena), LX_S(""));
        lx_buf_add_byte(&url, '=');
        lx_percent_write(&url, text ? lx_json_str(it.value, w->arena) : lx_json_raw(it.value),
                         LX_S(""));
    }
    if (url.failed == LX_ELIMIT)
        lx_losses_add(&w->at->losses, LX_S("extra_query"), LX_S("the address would be too long"));
    else
        w->at->out.url = lx_buf_take(&url, w->arena);
    lx_buf_clear(&url);
}

int lx_attempt_write_url(struct lx_attempt_writer *w)
{
    char room[MAX_PATH_BYTES];
    struct lx_buf path = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    struct lx_slice version = w->d->api_version;
    write_path(w, &path);
    if (path.failed)
        return lx_attempt_fail(w, LX_FAULT_BAD_REQUEST, LX_ELIMIT,
                               LX_S("the model's name is too long"));
    w->at->out.url =
        lx_address_join(counts(w) && w->d->count_base_url.n ? w->d->count_base_url : w->d->base_url,
                        lx_buf_slice(&path), w->arena);
    if (!version.n)
        version = lx_slice_z(w->p->api_version);
    const char *name = w->p->api_version_name ? w->p->api_version_name : "api-version";
    if ((w->p->api_version_env || w->p->api_version) && version.n &&
        lx_slice_find(w->at->out.url, lx_arena_printf(w->arena, "%s=", name)) < 0) {
        bool more = lx_slice_find_byte(w->at->out.url, '?') >= 0;
        w->at->out.url = lx_arena_printf(w->arena, "%.*s%c%s=%.*s", LX_F(w->at->out.url),
                                         more ? '&' : '?', name, LX_F(version));
    }
    add_query(w);
    return 0;
}

void lx_attempt_write_kept(struct lx_attempt_writer *w)
{
    const struct lx_place names = {w->model, w->d->region, w->d->project};
    struct lx_slice model = w->model;
    char path_room[MAX_PATH_BYTES], name_room[MAX_PATH_BYTES];
    struct lx_buf path = {.p = path_room, .cap = sizeof(path_room), .max = sizeof(path_room)};
    struct lx_buf name = {.p = name_room, .cap = sizeof(name_room), .max = sizeof(name_room)};
    w->at->cut = w->out.cut;
    if (!w->at->cut.set)
        return;
    if (lx_slice_starts(model, LX_S("models/")))
        model = lx_slice_from(model, 7);
    lx_place_write(lx_slice_z(w->p->kept_path), &names, &path);
    lx_place_write(lx_slice_z(w->p->kept_model),
                   &(const struct lx_place){model, names.region, names.project}, &name);
    w->at->cut.set = !path.failed && !name.failed;
    w->at->kept_url = lx_address_join(w->d->base_url, lx_buf_slice(&path), w->arena);
    w->at->kept_model = lx_arena_copy(w->arena, lx_buf_slice(&name));
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

static void drop_header(struct lx_header_list *l, struct lx_slice name)
{
    size_t n = 0;
    for (size_t i = 0; i < l->headers.n; i++)
        if (!lx_slice_eq_nocase(l->headers.v[i].name, name))
            l->headers.v[n++] = l->headers.v[i];
    l->headers.n = n;
}

/* Members of the body that hold flags already keep them. */
static void add_betas(struct lx_json_edit *e, struct lx_json object, struct lx_slice name,
                      struct lx_slice list)
{
    struct lx_json given = lx_json_get(object, name);
    struct lx_slice all = LX_S(""), one;
    for (struct lx_json_iter it = lx_json_iter(given);
         lx_json_is(given, LX_JSON_ARRAY) && lx_json_next(&it);)
        all = lx_arena_printf(e->arena, "%.*s%s%.*s", LX_F(all), all.n ? "," : "",
                              LX_F(lx_json_raw(it.value)));
    while (list.n) {
        lx_slice_cut(list, ',', &one, &list);
        struct lx_slice quoted = lx_json_quoted(one, e->arena);
        if (lx_slice_find(all, quoted) < 0)
            all =
                lx_arena_printf(e->arena, "%.*s%s%.*s", LX_F(all), all.n ? "," : "", LX_F(quoted));
    }
    lx_json_edit_set(e, object, name, lx_arena_printf(e->arena, "[%.*s]", LX_F(all)));
}

/* Writes the flags into the body: "a", or "a.b" where "a" may have to be made. */
static int move_betas(struct lx_attempt *at, struct lx_slice list, struct lx_arena *arena)
{
    struct lx_json_doc doc;
    struct lx_json_edit edit;
    struct lx_buf out;
    struct lx_slice outer, name = lx_slice_z(at->provider->beta_member);
    bool within = lx_slice_cut(name, '.', &outer, &name);
    lx_json_doc_init(&doc);
    lx_buf_init(&out, SIZE_MAX / 4);
    int code = lx_json_read(&doc, at->out.body, NULL, NULL);
    if (code == 0) {
        struct lx_json root = lx_json_root(&doc), object = within ? lx_json_get(root, outer) : root;
        lx_json_edit_init(&edit, &doc, arena);
        if (!within)
            name = outer;
        if (lx_json_is(object, LX_JSON_OBJECT)) {
            add_betas(&edit, object, name, list);
        } else {
            struct lx_slice all = LX_S(""), one;
            while (list.n) {
                lx_slice_cut(list, ',', &one, &list);
                all = lx_arena_printf(arena, "%.*s%s\"%.*s\"", LX_F(all), all.n ? "," : "",
                                      LX_F(one));
            }
            lx_json_edit_set(&edit, root, outer,
                             lx_arena_printf(arena, "{\"%.*s\":[%.*s]}", LX_F(name), LX_F(all)));
        }
        code = lx_json_edit_write(&edit, &out);
    }
    if (code == 0)
        at->out.body = lx_arena_copy(arena, lx_buf_slice(&out));
    lx_buf_clear(&out);
    lx_json_doc_clear(&doc);
    return code ? code : arena->failed;
}

/* The name under which a target knows a flag; absent: it does not. What Anthropic has merged into
 * one flag others know by its parts (LiteLLM anthropic_beta_headers_config.json, 1.106.2). */
static struct lx_slice beta_name(const struct lx_provider *p, struct lx_slice flag)
{
    const struct lx_slice tools = LX_S("tool-search-tool-2025-10-19");
    if (!p->betas || lx_glob_match(lx_slice_z(p->betas), flag))
        return flag;
    bool part = lx_slice_eq(flag, LX_S("advanced-tool-use-2025-11-20"));
    return part && lx_glob_match(lx_slice_z(p->betas), tools) ? tools : lx_slice(NULL, 0);
}

/* The flags of Anthropic's betas, as the target takes them. */
static int settle_betas(struct lx_attempt *at, struct lx_header_list *l, struct lx_slice model)
{
    const struct lx_provider *p = at->provider;
    const struct lx_slice name = LX_S("anthropic-beta");
    struct lx_slice rest = lx_headers_get(&l->headers, name), kept = LX_S(""), flag;
    bool none = p->beta_models && !lx_glob_match(lx_slice_z(p->beta_models), model);
    if (!rest.n || (!p->betas && !p->beta_member))
        return 0;
    while (rest.n) {
        lx_slice_cut(rest, ',', &flag, &rest);
        flag = lx_slice_trim(flag);
        struct lx_slice known = none ? lx_slice(NULL, 0) : beta_name(p, flag);
        if (!known.n && flag.n)
            lx_losses_add(&at->losses,
                          lx_arena_printf(l->arena, "anthropic-beta: %.*s", LX_F(flag)),
                          LX_S("a flag that the target does not know"));
        else if (known.n && lx_slice_find(kept, known) < 0)
            kept =
                lx_arena_printf(l->arena, "%.*s%s%.*s", LX_F(kept), kept.n ? "," : "", LX_F(known));
    }
    if (p->beta_member || !kept.n)
        drop_header(l, name);
    else
        lx_header_list_set(l, name, kept);
    return p->beta_member && kept.n ? move_betas(at, kept, l->arena) : l->arena->failed;
}

int lx_attempt_forward(struct lx_attempt *at, struct lx_slice model,
                       const struct lx_headers *headers, struct lx_arena *arena)
{
    struct lx_header_list l = {at->out.headers, at->out.headers.n, arena};
    for (size_t i = 0; i < headers->n; i++)
        merge_header(&l, headers->v[i]);
    int code = settle_betas(at, &l, model);
    at->out.headers = l.headers;
    return code;
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

/* How a request is framed and where it goes is not a client's to say. */
static const char framing_headers[] =
    "host|connection|keep-alive|content-length|content-encoding|transfer-encoding|accept-encoding|"
    "te|trailer|upgrade|expect|proxy-*";
static const char secret_headers[] = "*auth*|*key*|*token*|*secret*|*cookie*";

static struct lx_slice lowered(struct lx_slice s, struct lx_arena *a)
{
    char *to = lx_arena_bytes(a, s.n);
    for (size_t i = 0; to && i < s.n; i++)
        to[i] = lx_ascii_lower(s.p[i]);
    return lx_slice(to, to ? s.n : 0);
}

/* The headers of a body's member. */
static void add_headers(struct lx_attempt_writer *w, const char *member, struct lx_json headers)
{
    if (!lx_json_is(headers, LX_JSON_OBJECT))
        return;
    for (struct lx_json_iter it = lx_json_iter(headers); lx_json_next(&it);) {
        struct lx_slice given = lx_json_str(it.name, w->arena);
        struct lx_slice name = lowered(given, w->arena);
        struct lx_slice value = lx_json_is(it.value, LX_JSON_STRING)
                                    ? lx_json_str(it.value, w->arena)
                                    : lx_json_raw(it.value);
        const struct lx_header h = {given, value, lx_glob_match(lx_slice_z(secret_headers), name)};
        if (!lx_json_given(it.value) || !lx_header_is_valid(given, value) ||
            lx_glob_match(lx_slice_z(framing_headers), name))
            lx_losses_add(&w->at->losses, lx_arena_printf(w->arena, "%s.%.*s", member, LX_F(given)),
                          LX_S("no header that a client may set"));
        else
            merge_header(&w->headers, h);
    }
}

/* provider_specific_header: {"custom_llm_provider": "a, b", "extra_headers": {...}}, or several. */
static void add_scoped(struct lx_attempt_writer *w, struct lx_json scoped)
{
    struct lx_slice rest = lx_json_str(LX_GET(scoped, "custom_llm_provider"), w->arena), name;
    bool ours = false;
    while (rest.n) {
        lx_slice_cut(rest, ',', &name, &rest);
        name = lx_slice_trim(name);
        ours |= lx_slice_eq(name, lx_slice_z(w->d->provider->id)) ||
                lx_provider_find(name) == w->d->provider;
    }
    if (ours)
        add_headers(w, "provider_specific_header", LX_GET(scoped, "extra_headers"));
}

static void add_provider_headers(struct lx_attempt_writer *w)
{
    struct lx_json given = w->members.v[LX_MEMBER_PROVIDER_HEADER];
    if (lx_json_is(given, LX_JSON_OBJECT))
        add_scoped(w, given);
    else if (lx_json_is(given, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(given); lx_json_next(&it);)
            add_scoped(w, it.value);
}

void lx_attempt_write_headers(struct lx_attempt_writer *w, const struct lx_headers *of_body)
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
    add_headers(w, "headers", w->members.v[LX_MEMBER_HEADERS]);
    add_headers(w, "extra_headers", w->members.v[LX_MEMBER_EXTRA_HEADERS]);
    add_provider_headers(w);
    w->at->out.headers = l->headers;
}
