/*
 * attempt_head.c - where an attempt's request is sent, with which headers, and how it is signed.
 *
 * Called by attempt.c with the body written, and by the call machine before it is sent.
 */
#include "call/address.h"
#include "call/attempt.h"
#include "call/places.h"

/* ---- The address and the headers ----------------------------------------------------------- */

enum { MAX_PATH_BYTES = 1024 };

/* The row's own path, or the language's. Of a path for chats, other operations take what stands
 * before the end. */
static void write_path(const struct lx_attempt_writer *w, struct lx_buf *out)
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

int lx_attempt_write_url(struct lx_attempt_writer *w)
{
    char room[MAX_PATH_BYTES];
    struct lx_buf path = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    struct lx_slice version = w->d->api_version;
    write_path(w, &path);
    if (path.failed)
        return lx_attempt_fail(w, LX_FAULT_BAD_REQUEST, LX_ELIMIT,
                               LX_S("the model's name is too long"));
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
    w->at->out.headers = l->headers;
}
