/*
 * head.c - what a client learns beside the body: which deployment answered, after how many retries,
 * what was dropped, and every header of the provider under its own prefix.
 *
 * The call id is the server's to add, with the framing.
 */
#include "call/head.h"

#define PREFIX "llm_provider-"
enum { PREFIX_BYTES = sizeof(PREFIX) - 1, MAX_DROPPED_BYTES = 1024 };

static const struct lx_slice skipped[] = {
    LX_S_INIT("connection"),        LX_S_INIT("keep-alive"),
    LX_S_INIT("transfer-encoding"), LX_S_INIT("content-length"),
    LX_S_INIT("upgrade"),           LX_S_INIT("content-encoding"),
    LX_S_INIT("trailer"),           LX_S_INIT("te"),
    LX_S_INIT("set-cookie"),        LX_S_INIT("proxy-authenticate"),
    LX_S_INIT("alt-svc"),
};

static bool is_skipped(struct lx_slice name)
{
    for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
        if (name.n == skipped[i].n && lx_slice_eq_nocase(name, skipped[i]))
            return true;
    return false;
}

int lx_head_copy(const struct lx_headers *from, struct lx_arena *a, struct lx_headers *out)
{
    size_t bytes = 0;
    for (size_t i = 0; i < from->n; i++)
        bytes += PREFIX_BYTES + from->v[i].name.n + from->v[i].value.n;
    *out = (struct lx_headers){NULL, 0};
    if (!from->n)
        return 0;
    struct lx_header *v = lx_arena_alloc(a, from->n * sizeof(*v));
    char *at = lx_arena_bytes(a, bytes);
    if (!v || !at)
        return a->failed;
    out->v = v;
    for (size_t i = 0; i < from->n; i++) {
        struct lx_slice name = from->v[i].name, value = from->v[i].value;
        if (is_skipped(name))
            continue;
        struct lx_header *h = &v[out->n++];
        h->name = lx_slice(at, PREFIX_BYTES + name.n);
        h->value = lx_slice(at + h->name.n, value.n);
        memcpy(at, PREFIX, PREFIX_BYTES);
        memcpy(at + PREFIX_BYTES, name.p, name.n);
        if (value.n)
            memcpy(at + h->name.n, value.p, value.n);
        at += h->name.n + value.n;
    }
    return 0;
}

static struct lx_slice plain_name(const struct lx_header *h)
{
    return lx_slice_from(h->name, PREFIX_BYTES);
}

struct lx_headers lx_head_plain(const struct lx_headers *prefixed, struct lx_arena *a)
{
    struct lx_header *v = prefixed->n ? lx_arena_alloc(a, prefixed->n * sizeof(*v)) : NULL;
    for (size_t i = 0; v && i < prefixed->n; i++)
        v[i] = (struct lx_header){plain_name(&prefixed->v[i]), prefixed->v[i].value, false};
    return (struct lx_headers){v, v ? prefixed->n : 0};
}

/* Some of what goes in comes from a client's body: whoever sends it looks what may be sent. */
static void add(struct lx_header_list *l, struct lx_slice name, struct lx_slice value)
{
    if (value.n)
        lx_header_list_add(l, name, value);
}

static struct lx_slice number(int64_t v, struct lx_arena *a)
{
    char *room = lx_arena_bytes(a, 24);
    struct lx_buf b = {.p = room, .cap = 24, .max = 24};
    if (!room)
        return lx_slice(NULL, 0);
    lx_buf_add_int(&b, v);
    return lx_buf_slice(&b);
}

static struct lx_slice dollars(struct lx_money m, struct lx_arena *a)
{
    char *room = lx_arena_bytes(a, 64);
    struct lx_buf b = {.p = room, .cap = 64, .max = 64};
    if (!room)
        return lx_slice(NULL, 0);
    lx_money_write(m, &b);
    return lx_buf_slice(&b);
}

/* What it cost; before and with discount and margin, where there is one. A stream's is not known
 * yet. */
static void add_cost(struct lx_header_list *l, const struct lx_cost *c)
{
    struct lx_money original = lx_money_sub(lx_money_add(c->total, c->discount), c->margin);
    add(l, LX_S("x-litellm-response-cost"), dollars(c->total, l->arena));
    if (lx_money_is_zero(c->discount) && lx_money_is_zero(c->margin))
        return;
    add(l, LX_S("x-litellm-response-cost-original"), dollars(original, l->arena));
    if (!lx_money_is_zero(c->discount))
        add(l, LX_S("x-litellm-response-cost-discount-amount"), dollars(c->discount, l->arena));
    if (!lx_money_is_zero(c->margin))
        add(l, LX_S("x-litellm-response-cost-margin-amount"), dollars(c->margin, l->arena));
}

/* What was dropped, or only changed; absent: nothing. */
static struct lx_slice names_of(const struct lx_losses *losses, bool changed, struct lx_arena *a)
{
    const struct lx_loss *l = losses->first;
    while (l && l->changed != changed)
        l = l->next;
    char *room = l ? lx_arena_bytes(a, MAX_DROPPED_BYTES) : NULL;
    struct lx_buf b = {.p = room, .cap = MAX_DROPPED_BYTES, .max = MAX_DROPPED_BYTES};
    if (!room)
        return lx_slice(NULL, 0);
    for (; l; l = l->next) {
        if (l->changed != changed)
            continue;
        if (b.n)
            lx_buf_add_lit(&b, ",");
        lx_buf_add(&b, l->what);
    }
    return lx_buf_slice(&b);
}

/* What OpenAI's clients know a limit's header as; empty: it is none. When it is full again is a
 * moment in Anthropic's, and a span in OpenAI's: that is told as retry-after. */
static struct lx_slice limit_name(struct lx_slice name)
{
    static const struct lx_slice anthropics[][2] = {
        {LX_S_INIT("anthropic-ratelimit-requests-limit"), LX_S_INIT("x-ratelimit-limit-requests")},
        {LX_S_INIT("anthropic-ratelimit-requests-remaining"),
         LX_S_INIT("x-ratelimit-remaining-requests")},
        {LX_S_INIT("anthropic-ratelimit-tokens-limit"), LX_S_INIT("x-ratelimit-limit-tokens")},
        {LX_S_INIT("anthropic-ratelimit-tokens-remaining"),
         LX_S_INIT("x-ratelimit-remaining-tokens")},
    };
    const struct lx_slice start = LX_S("x-ratelimit-");
    if (name.n > start.n && lx_slice_eq_nocase(lx_slice_to(name, start.n), start))
        return name;
    for (size_t i = 0; i < sizeof(anthropics) / sizeof(anthropics[0]); i++)
        if (lx_slice_eq_nocase(name, anthropics[i][0]))
            return anthropics[i][1];
    return lx_slice(NULL, 0);
}

struct lx_headers lx_head_write(const struct lx_call_report *report,
                                const struct lx_headers *prefixed, const struct lx_fault *fault,
                                struct lx_arena *a)
{
    const struct lx_deployment *d = report->deployment;
    struct lx_header_list l = {.arena = a, .cap = 10 + 2 * prefixed->n};
    l.headers.v = lx_arena_alloc(a, l.cap * sizeof(*l.headers.v));
    if (!l.headers.v)
        return l.headers;
    if (d) {
        add(&l, LX_S("x-litellm-model-id"), d->id);
        add(&l, LX_S("x-litellm-model-api-base"), d->base_url);
        add(&l, LX_S("x-litellm-model-group"), report->group);
        if (report->is_priced)
            add_cost(&l, &report->cost);
        if (report->usage.estimated)
            add(&l, LX_S("x-llmux-usage-estimated"), LX_S("true"));
        add(&l, LX_S("x-litellm-attempted-retries"), number(report->retries, a));
        add(&l, LX_S("x-litellm-attempted-fallbacks"), number(report->fallbacks, a));
    }
    if (report->router) {
        add(&l, LX_S("x-llmux-auto-router"),
            lx_arena_printf(a, "%s; %s; %.*s", report->router->kind->model, report->routed_by,
                            LX_F(report->routed_why)));
        if (report->router->kind->learns)
            add(&l, LX_S("x-litellm-adaptive-router-model"), report->group);
    }
    if (report->hedges)
        add(&l, LX_S("x-llmux-hedges"), number(report->hedges, a));
    if (report->losses) {
        add(&l, LX_S("x-litellm-dropped-params"), names_of(report->losses, false, a));
        add(&l, LX_S("x-llmux-changed-params"), names_of(report->losses, true, a));
    }
    if (fault && fault->retry_after_ms >= 0)
        add(&l, LX_S("retry-after"), number((fault->retry_after_ms + 999) / 1000, a));
    for (size_t i = 0; i < prefixed->n; i++) {
        struct lx_slice limit = limit_name(plain_name(&prefixed->v[i]));
        lx_header_list_add(&l, prefixed->v[i].name, prefixed->v[i].value);
        if (limit.n)
            lx_header_list_add(&l, limit, prefixed->v[i].value);
    }
    return l.headers;
}

/* ---- What a provider sends ------------------------------------------------------------------ */

static bool is_media_type(struct lx_slice content_type, const char *name)
{
    struct lx_slice type, rest;
    lx_slice_cut(content_type, ';', &type, &rest);
    return lx_slice_eq_nocase(lx_slice_trim(type), lx_slice_z(name));
}

static const struct media_type {
    const char *name;
    enum lx_framing framing;
} media_types[] = {
    {"application/json", LX_FRAMING_NONE},
    {"text/html", LX_FRAMING_NONE},
    {"text/event-stream", LX_FRAMING_SSE},
    {"application/x-ndjson", LX_FRAMING_NDJSON},
    {"application/jsonlines", LX_FRAMING_NDJSON},
    {"application/vnd.amazon.eventstream", LX_FRAMING_AWS},
};

enum lx_framing lx_head_framing(const struct lx_headers *headers, enum lx_framing otherwise)
{
    struct lx_slice type = lx_headers_get(headers, LX_S("content-type"));
    for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++)
        if (is_media_type(type, media_types[i].name))
            return media_types[i].framing;
    return otherwise;
}

int32_t lx_head_count(const struct lx_headers *headers, const char *name)
{
    int64_t n = 0;
    struct lx_slice value = name ? lx_headers_get(headers, lx_slice_z(name)) : lx_slice(NULL, 0);
    return value.n && lx_slice_int(value, &n) == 0 && n > 0 && n < INT32_MAX ? (int32_t)n : 0;
}

struct lx_headers lx_head_for_get(const struct lx_headers *from, bool stream, struct lx_arena *a)
{
    struct lx_header_list l;
    lx_header_list_init(&l, a);
    for (size_t i = 0; i < from->n; i++) {
        const struct lx_header *h = &from->v[i];
        if (lx_slice_eq_nocase(h->name, LX_S("content-type")) ||
            lx_slice_eq_nocase(h->name, LX_S("prefer")) ||
            lx_slice_eq_nocase(h->name, LX_S("accept")))
            continue;
        if (h->secret)
            lx_header_list_set_secret(&l, h->name, h->value);
        else
            lx_header_list_add(&l, h->name, h->value);
    }
    lx_header_list_add(&l, LX_S("accept"),
                       stream ? LX_S("text/event-stream") : LX_S("application/json"));
    return l.headers;
}
