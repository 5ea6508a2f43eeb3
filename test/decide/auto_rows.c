/*
 * auto_rows.c - rows of auto.txt: an auto router, the models it has, a request, and who is chosen.
 */
#include "decide.h"

#include "route/auto.h"

enum { DRAWS = 4000, SLACK_PERCENT = 3, MAX_MODELS = 8 };

struct scene {
    struct lx_arena arena;
    struct lx_route_table table;
    const struct lx_auto *router;
    struct lx_said_lately said;
    struct lx_auto_question q;
};

/* "name;price30;{...}": with that model_info. */
static void add_model(struct scene *s, struct lx_slice spec)
{
    struct lx_deployment *d = lx_arena_new(&s->arena, struct lx_deployment);
    struct lx_slice part;
    d->id = d->group = word(&spec, ';');
    d->provider = lx_provider_find(LX_S("openai"));
    d->facts.input_price = 5000000000000000; /* not known */
    while (spec.n) {
        part = word(&spec, ';');
        if (lx_slice_starts(part, LX_S("price")))
            d->facts.input_price = number(lx_slice_from(part, 5), 0);
        else
            d->model_info = part;
    }
    assert_int_equal(lx_route_table_add(&s->table, d), 0);
}

static void build(struct scene *s, const struct row *row)
{
    static const uint64_t seed[2] = {3, 4};
    struct lx_slice head = row->in[0], models = row->in[2], unserved;
    struct lx_error err = {0};
    lx_arena_init(&s->arena, 1 << 22);
    lx_route_table_init(&s->table, &s->arena, seed);
    while (models.n)
        add_model(s, word(&models, ' '));
    struct lx_slice kind = word(&head, ' ');
    const struct lx_auto_source source = {
        .kind = lx_auto_kind_find(lx_arena_printf(&s->arena, "auto_router/%.*s", LX_F(kind))),
        .name = LX_S("smart"),
        .default_model = word(&head, ' '),
        .config = row->in[1],
        .embedder = word(&head, ' ')};
    assert_non_null(source.kind);
    int code = lx_auto_add(&s->table, &source, &s->arena, &unserved, &err);
    CHECK(row, code == 0, "%s", err.text);
    s->router = lx_auto_find(&s->table, LX_S("smart"));
}

/* "100,0 60,80 ...": of each utterance, and of what is said. */
static void read_vectors(struct scene *s, struct lx_slice all)
{
    float *v = lx_arena_alloc(&s->arena, 64 * sizeof(*v));
    size_t n = 0;
    while (all.n) {
        struct lx_slice one = word(&all, ' ');
        v[n++] = (float)number(word(&one, ','), 0);
        v[n++] = (float)number(word(&one, ','), 0);
    }
    s->q.utterances = v;
    s->q.vector = v + n - 2;
    s->q.dimensions = 2;
}

/* A text of the user's, or a whole body. */
static void ask(struct scene *s, const struct row *row)
{
    struct lx_slice text = row->in[3], more = row->in[4];
    struct lx_json_doc doc;
    if (!lx_slice_starts(text, LX_S("{")))
        text = lx_arena_printf(
            &s->arena, "{\"messages\":[{\"role\":\"user\",\"content\":\"%.*s\"}]}", LX_F(text));
    lx_json_doc_init(&doc);
    assert_int_equal(lx_json_read(&doc, text, NULL, NULL), 0);
    lx_said_read(lx_json_root(&doc), &s->arena, &s->said);
    s->said.user = lx_arena_copy(&s->arena, s->said.user);
    lx_json_doc_clear(&doc);
    s->q = (struct lx_auto_question){.said = &s->said, .now_ms = 1, .min_tier = number(more, 0)};
    if (lx_slice_find_byte(more, ',') >= 0)
        read_vectors(s, more);
}

/* "a 25 b 75": how often each is chosen, in percent. */
static void check_shares(const struct row *row, struct scene *s, struct lx_slice verdict)
{
    struct lx_auto_choice c;
    while (verdict.n) {
        struct lx_slice name = word(&verdict, ' ');
        int64_t want = number(word(&verdict, ' '), -1), got = 0;
        for (uint64_t i = 0; i < DRAWS; i++) {
            s->q.random = i * 0x9e3779b97f4a7c15u;
            lx_auto_choose(s->router, &s->q, &s->arena, &c);
            got += c.model && lx_slice_eq(c.model->name, name);
            if (i % 64 == 63)
                lx_arena_alloc(&s->arena, 1); /* what is chosen needs no more than the scratch */
        }
        got = got * 100 / DRAWS;
        CHECK(row, got >= want - SLACK_PERCENT && got <= want + SLACK_PERCENT, "%.*s gets %lld",
              LX_F(name), (long long)got);
    }
}

/* "MODEL BY, WHY", or shares behind "BY, WHY:". */
void choose_model(const struct row *row)
{
    struct scene s = {.router = NULL};
    struct lx_auto_choice c;
    struct lx_slice verdict = row->verdict, shares = {NULL, 0};
    build(&s, row);
    if (s.router) {
        ask(&s, row);
        lx_auto_choose(s.router, &s.q, &s.arena, &c);
        bool many = lx_slice_cut(verdict, ':', &verdict, &shares);
        char got[256];
        snprintf(got, sizeof(got), "%.*s%s%s, %.*s", many || !c.model ? 0 : (int)c.model->name.n,
                 many || !c.model ? "" : c.model->name.p, many || !c.model ? "" : " ", c.by,
                 LX_F(c.why));
        if (!c.model)
            snprintf(got, sizeof(got), "none");
        CHECK(row, lx_slice_eq(lx_slice_z(got), lx_slice_trim(verdict)), "%s", got);
        check_shares(row, &s, lx_slice_trim(shares));
    }
    lx_arena_clear(&s.arena);
}
