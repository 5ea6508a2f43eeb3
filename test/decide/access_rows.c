/*
 * access_rows.c - rows of access.txt: the models of a configuration, the names that somebody may
 * ask for, and whether he may ask for one.
 */
#include "decide.h"

#include "route/access.h"

struct scene {
    struct lx_arena arena;
    struct lx_route_table table;
};

static void add(struct scene *s, struct lx_slice name, struct lx_slice model_info)
{
    struct lx_deployment *d = lx_arena_new(&s->arena, struct lx_deployment);
    d->group = name;
    d->id = lx_arena_printf(&s->arena, "id-%zu", s->table.by_id.count);
    d->model_info = model_info;
    assert_int_equal(lx_route_table_add(&s->table, d), 0);
}

/* "beta+prod" as a model_info. */
static struct lx_slice info_of(struct scene *s, struct lx_slice groups)
{
    struct lx_slice all = {NULL, 0};
    if (!groups.n)
        return all;
    while (groups.n) {
        struct lx_slice one = word(&groups, '+');
        all = lx_arena_printf(&s->arena, "%.*s%s\"%.*s\"", LX_F(all), all.n ? "," : "", LX_F(one));
    }
    return lx_arena_printf(&s->arena, "{\"mode\":\"chat\",\"access_groups\":[%.*s]}", LX_F(all));
}

/* The deployments of another model, under a name of their own. */
static struct lx_model_group *copy(struct scene *s, struct lx_slice name, struct lx_slice of)
{
    struct lx_slice star;
    const struct lx_model_group *from = lx_route_find(&s->table, of, &star);
    assert_non_null(from);
    for (size_t i = 0; i < from->count; i++)
        add(s, name, from->deployments[i]->model_info);
    return lx_map_get(&s->table.by_name, name);
}

static void build(struct scene *s, struct lx_slice models)
{
    static const uint64_t seed[2] = {3, 4};
    lx_arena_init(&s->arena, 1 << 20);
    lx_route_table_init(&s->table, &s->arena, seed);
    while (models.n) {
        struct lx_slice spec = word(&models, ' '), name, rest;
        if (lx_slice_cut(spec, '=', &name, &rest))
            copy(s, name, rest)->alias_of = rest;
        else if (lx_slice_find_byte(spec, ';') < 0 && lx_slice_cut(spec, '+', &name, &rest))
            copy(s, name, rest)->joined = true;
        else {
            lx_slice_cut(spec, ';', &name, &rest);
            add(s, name, info_of(s, rest));
        }
    }
}

static void tell_groups(struct scene *s, struct lx_buf *out)
{
    size_t count;
    const struct lx_access_group *g = lx_access_groups(&s->table, &s->arena, &count);
    for (size_t i = 0; i < count; i++) {
        lx_buf_addf(out, "%s%.*s", i ? ", " : "", LX_F(g[i].name));
        for (size_t k = 0; k < g[i].model_count; k++)
            lx_buf_addf(out, " %.*s", LX_F(g[i].models[k]));
        lx_buf_addf(out, " %zu", g[i].deployments);
    }
    if (!count)
        lx_buf_add_lit(out, "none");
}

static void tell_verdict(struct scene *s, const struct row *row, struct lx_buf *out)
{
    struct lx_slice names = row->in[1], v[8], star;
    size_t n = 0;
    while (names.n && n < 8)
        v[n++] = word(&names, ' ');
    const struct lx_model_group *g = lx_map_get(&s->table.by_id, row->in[2])
                                         ? NULL
                                         : lx_route_find(&s->table, row->in[2], &star);
    bool may = lx_access_permits(&s->table, v, n, row->in[2]);
    lx_buf_addf(out, "%s", may ? "yes" : "no");
    for (size_t i = 0; may && g && i < g->count; i++)
        if (lx_access_permits_deployment(&s->table, v, n, row->in[2], g->deployments[i]))
            lx_buf_addf(out, " %zu", i);
}

void access_of(const struct row *row)
{
    struct scene s;
    struct lx_buf out;
    lx_buf_init(&out, 1 << 12);
    build(&s, row->in[0]);
    if (lx_slice_eq(row->in[1], LX_S("?")))
        tell_groups(&s, &out);
    else
        tell_verdict(&s, row, &out);
    CHECK(row, lx_slice_eq(lx_buf_slice(&out), row->verdict), "%.*s", LX_F(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    lx_arena_clear(&s.arena);
}
