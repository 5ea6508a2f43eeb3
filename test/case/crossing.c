/*
 * crossing.c - who takes part in an exchange, and what both ways of crossing need.
 *
 * The case runner crosses once for each check; allocations may fail anywhere in it.
 */
#include "crossing.h"

#include <stdlib.h>

/* ---- Facts ---- */

static int find_languages(const struct lx_case *file, struct parties *p, struct lx_error *err)
{
    const struct lx_deployment *d = &p->deployment;
    const struct lx_provider *row =
        lx_provider_variant(&p->provider, d->model, d->base_url, d->api_version);
    p->front = lx_dialect_find(file->front);
    struct lx_offer offer =
        lx_provider_offer(row, p->front ? p->front : &lx_dialect_openai_chat, d->model);
    struct lx_slice back =
        lx_slice_z(file->language.n && p->front && p->front->operation ? p->provider.language
                                                                       : offer.language);
    p->back = lx_dialect_find(back);
    if (!p->front || !p->front->front)
        return lx_error_set(err, LX_EINVAL, "no client speaks \"%.*s\"", LX_F(file->front));
    if (!p->back || !p->back->back)
        return lx_error_set(err, LX_EINVAL, "no provider speaks \"%.*s\"", LX_F(back));
    p->through_call = lx_slice_eq(file->through, LX_S("call"));
    if (!p->through_call && !lx_slice_eq(file->through, LX_S("dialects")))
        return lx_error_set(err, LX_EINVAL, "through is call or dialects, not \"%.*s\"",
                            LX_F(file->through));
    return 0;
}

static struct lx_slice own_address(const struct lx_provider *p, const struct lx_place *names,
                                   struct lx_arena *a)
{
    char room[256];
    struct lx_buf url = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    lx_place_write(lx_slice_z(lx_provider_base_url(p, names->region)), names, &url);
    return lx_arena_copy(a, lx_buf_slice(&url));
}

/* The target as the only deployment, which serves every name. */
static int add_deployment(const struct lx_case *file, struct lx_slice model, struct parties *p,
                          struct lx_arena *a)
{
    static const uint64_t seed[2] = {1, 2};
    const struct lx_place names = {.region = lx_slice_z(p->provider.region),
                                   .project = LX_S("case-project")};
    struct lx_slice base = file->address;
    if (!base.n)
        base = own_address(&p->provider, &names, a);
    p->deployment = (struct lx_deployment){
        .group = LX_S("*"),
        .id = LX_S("case"),
        .provider = &p->provider,
        .model = model,
        .base_url = base.n ? base : LX_S("http://127.0.0.1/v1"),
        .api_version = file->api_version,
        .region = names.region,
        .project = names.project,
        .max_retries = -1,
    };
    int code = lx_secret_init(&p->deployment.key, LX_S("case-key"));
    lx_route_table_init(&p->routes, a, seed);
    p->routes.settings.num_retries = 0;
    p->routes.settings.drop_params = lx_case_has_option(file, LX_S("drop_params"));
    p->routes.settings.modify_params = lx_case_has_option(file, LX_S("modify_params"));
    p->routes.settings.tells_tools = lx_case_has_option(file, LX_S("add_function_to_prompt"));
    return code ? code : lx_route_table_add(&p->routes, &p->deployment);
}

int parties_find(const struct lx_case *file, struct lx_arena *a, struct parties *out,
                 struct lx_error *err)
{
    struct lx_resolved r;
    *out = (struct parties){.file = file};
    int code =
        lx_provider_resolve(file->target, lx_slice(NULL, 0), lx_slice(NULL, 0), NULL, 0, &r, err);
    if (code)
        return code;
    out->provider = *r.provider;
    if (file->language.n)
        out->provider.language = lx_arena_copy_z(a, file->language);
    code = add_deployment(file, r.model, out, a);
    return code ? code : find_languages(file, out, err);
}

void parties_clear(struct parties *p)
{
    lx_secret_clear(&p->deployment.key);
}

bool crossing_is_stream(const struct lx_case_section *response)
{
    struct lx_slice type = lx_case_content_type(response);
    return lx_slice_starts(type, LX_S("text/event-stream")) ||
           lx_slice_starts(type, LX_S("application/x-ndjson")) ||
           lx_slice_starts(type, LX_S("application/vnd.amazon.eventstream"));
}

/* ---- Crossing ---- */

void crossing_init(struct crossing *x)
{
    *x = (struct crossing){.status = 200};
    lx_arena_init(&x->arena, CROSSING_MAX_BYTES);
    lx_buf_init(&x->url, CROSSING_MAX_BYTES);
    lx_buf_init(&x->upstream, CROSSING_MAX_BYTES);
    lx_buf_init(&x->client, CROSSING_MAX_BYTES);
    lx_losses_init(&x->losses, &x->arena);
}

void crossing_clear(struct crossing *x)
{
    lx_buf_clear(&x->url);
    lx_buf_clear(&x->upstream);
    lx_buf_clear(&x->client);
    lx_arena_clear(&x->arena);
}

void crossing_run(struct crossing *x, const struct parties *p, const struct lx_case_exchange *e,
                  struct pieces pieces)
{
    if (p->through_call && e->section[LX_CASE_CLIENT_REQUEST].present)
        crossing_by_call(x, p, e, pieces);
    else
        crossing_by_dialects(x, p, e, pieces);
    crossing_fail(x, x->arena.failed);
    crossing_fail(x, x->url.failed);
    crossing_fail(x, x->upstream.failed);
    crossing_fail(x, x->client.failed);
}

void crossing_fail(struct crossing *x, int code)
{
    if (x->code == 0 || code == LX_ENOMEM)
        x->code = code;
}

void crossing_write_fault(struct crossing *x, const struct parties *p, const struct lx_fault *fault)
{
    x->status = lx_fault_status(fault);
    x->answered = true;
    x->internal = fault->kind == LX_FAULT_INTERNAL;
    p->front->front->write_error(fault, &x->client);
}

struct lx_headers crossing_response_headers(const struct lx_case_section *s, struct lx_arena *a)
{
    const struct lx_slice header = LX_S("header");
    struct lx_header_list list;
    lx_header_list_init(&list, a);
    lx_header_list_add(&list, LX_S("content-type"), lx_case_content_type(s));
    for (const struct lx_case_fact *f = lx_case_fact_find(s->facts, header); f;
         f = lx_case_fact_find(f->next, header)) {
        struct lx_slice name, value;
        lx_slice_cut(f->value, ':', &name, &value);
        lx_header_list_add(&list, lx_slice_trim(name), lx_slice_trim(value));
    }
    return list.headers;
}

char *crossing_take_piece(struct lx_slice *rest, size_t n, struct lx_slice *piece)
{
    struct lx_slice from = lx_slice_to(*rest, n);
    char *copy = malloc(from.n ? from.n : 1);
    if (!copy)
        return NULL;
    memcpy(copy, from.p, from.n);
    *rest = lx_slice_from(*rest, from.n);
    *piece = lx_slice(copy, from.n);
    return copy;
}
