/*
 * decide_test.c - reads the tables beside it and asks the deciding functions row by row.
 *
 * A row is `input | input ... => verdict`; '#' starts a comment line. What the columns are stands
 * at the head of each table. A table's name is the program's argument.
 */
#include "decide.h"

#include "call/keys.h"
#include "gate/auth.h"

static const char *table;
int wrong_rows;

/* ---- resolve -------------------------------------------------------------------------------- */

static bool resolve_with(const struct row *row, const struct lx_provider *custom, size_t n,
                         struct lx_resolved *r)
{
    struct lx_error err = {0};
    char got[512];
    int code = lx_provider_resolve(row->in[0], row->in[1], row->in[2], custom, n, r, &err);
    if (code < 0) {
        assert_int_equal(code, LX_EPROVIDER);
        CHECK(row, lx_slice_find(lx_slice_z(err.text), row->verdict) >= 0, "%s", err.text);
        return false;
    }
    snprintf(got, sizeof(got), "%s %.*s", r->provider->id, LX_F(r->model));
    CHECK(row, lx_slice_eq(lx_slice_z(got), row->verdict), "%s", got);
    return true;
}

static void resolve(const struct row *row)
{
    static const struct lx_provider custom[] = {{.id = "mine"}, {.id = "xai"}};
    struct lx_resolved r;
    if (resolve_with(row, custom, 2, &r))
        CHECK(row, strcmp(r.provider->id, "xai") != 0 || r.provider == &custom[1],
              "not the user's");
}

static void names(const struct row *row)
{
    struct lx_resolved r;
    resolve_with(row, NULL, 0, &r);
}

/* ---- find, pick ----------------------------------------------------------------------------- */

static struct lx_arena arena;

static struct lx_route_table new_table(void)
{
    static const uint64_t seed[2] = {3, 4};
    struct lx_route_table t;
    lx_arena_clear(&arena);
    lx_route_table_init(&t, &arena, seed);
    return t;
}

static struct lx_deployment *add(struct lx_route_table *t, struct lx_slice group)
{
    struct lx_deployment *d = lx_arena_new(&arena, struct lx_deployment);
    d->group = group;
    d->id = lx_arena_printf(&arena, "id-%zu", t->by_id.count);
    assert_int_equal(lx_route_table_add(t, d), 0);
    return d;
}

static void find(const struct row *row)
{
    struct lx_route_table t = new_table();
    struct lx_slice groups = row->in[0], star;
    while (groups.n)
        add(&t, word(&groups, ','));
    const struct lx_model_group *g = lx_route_find(&t, row->in[1], &star);
    char got[256];
    snprintf(got, sizeof(got), "%.*s %.*s", g ? (int)g->name.n : 4, g ? g->name.p : "none",
             LX_F(star));
    CHECK(row, lx_slice_eq(lx_slice_trim(lx_slice_z(got)), row->verdict), "%s", got);
}

static void weigh(struct lx_deployment *d, struct lx_slice spec)
{
    while (spec.n) {
        struct lx_slice one = word(&spec, ',');
        int64_t n = number(lx_slice_from(one, 1), 0);
        int64_t *to[] = {&d->weight, &d->rpm, &d->tpm, &d->order};
        for (size_t i = 0; i < 4; i++)
            if (one.n && one.p[0] == "wrto"[i])
                *to[i] = n;
    }
}

static void pick(const struct row *row)
{
    enum { DRAWS = 12000 };
    struct lx_route_table t = new_table();
    struct lx_slice specs = row->in[0], tried = row->in[1], verdict = row->verdict;
    uint64_t bits = 0;
    size_t counts[16] = {0};
    while (specs.n)
        weigh(add(&t, LX_S("g")), word(&specs, ' '));
    while (tried.n)
        bits |= (uint64_t)1 << number(word(&tried, ' '), 0);
    const struct lx_model_group *g = t.groups[0];
    struct lx_route_request r = {
        .settings = &t.settings, .group = g, .tried = bits, .prompt_tokens = -1};
    for (r.random = 0; r.random < DRAWS; r.random++) {
        struct lx_route_verdict v = lx_route_choose(&r);
        assert_int_equal(v.kind, LX_ROUTE_USE);
        assert_ptr_equal(v.deployment, g->deployments[v.index]);
        counts[v.index]++;
    }
    for (size_t i = 0; i < g->count; i++) {
        int64_t percent = number(word(&verdict, ' '), -1);
        CHECK(row, (size_t)percent * DRAWS / 100 == counts[i], "deployment %zu: %zu of %d", i,
              counts[i], DRAWS);
    }
}

/* ---- retry ---------------------------------------------------------------------------------- */

static enum lx_fault_kind kind_named(struct lx_slice name)
{
    static const char *const names[] = {
#define LX_FAULT(id, class, status, openai, anthropic, retryable) #id,
        LX_FAULTS(LX_FAULT)
#undef LX_FAULT
    };
    for (int i = 0; i < LX_FAULT_COUNT; i++)
        if (lx_slice_eq(lx_slice_z(names[i]), name))
            return (enum lx_fault_kind)i;
    fail_msg("no fault is called %.*s", LX_F(name));
    return LX_FAULT_NONE;
}

static void retry(const struct row *row)
{
    struct lx_route_settings s;
    struct lx_slice spec = row->in[0];
    lx_route_settings_default(&s);
    struct lx_fault f = {.kind = kind_named(word(&spec, ' '))};
    f.status = (int)number(word(&spec, ' '), 0);
    f.retry_after_ms = number(word(&spec, ' '), -1);
    bool untried = lx_slice_eq(row->in[3], LX_S("yes"));
    int64_t least = INT64_MAX, most = -1;
    bool again = false;
    for (uint64_t i = 0; i < 20000; i++) {
        const struct lx_retry_question q = {.settings = &s,
                                            .max_retries = number(row->in[1], 0),
                                            .attempts = number(row->in[2], 0),
                                            .fault = &f,
                                            .another_untried = untried,
                                            .random = i};
        struct lx_retry_verdict v = lx_retry_decide(&q);
        CHECK(row, i == 0 || again == v.retry, "chance decides whether");
        again = v.retry;
        least = v.after_ms < least ? v.after_ms : least;
        most = v.after_ms > most ? v.after_ms : most;
    }
    char got[64];
    snprintf(got, sizeof(got), "%lld..%lld", (long long)least, (long long)most);
    CHECK(row, lx_slice_eq(again ? lx_slice_z(got) : LX_S("no"), row->verdict), "%s",
          again ? got : "no");
}

/* ---- auth ----------------------------------------------------------------------------------- */

static void auth(const struct row *row)
{
    static const char *const names[] = {
        [LX_AUTH_OK] = "ok", [LX_AUTH_MISSING] = "missing", [LX_AUTH_WRONG] = "wrong"};
    struct lx_header v[4];
    struct lx_headers headers = {v, 0};
    struct lx_slice list = row->in[0];
    struct lx_secret key;
    while (list.n) {
        struct lx_slice one = word(&list, ';');
        struct lx_header *h = &v[headers.n++];
        lx_slice_cut(one, ':', &h->name, &h->value);
    }
    assert_int_equal(lx_secret_init(&key, LX_S("sk-1234")), 0);
    struct lx_auth_verdict got = lx_auth_check(&key, &headers, row->in[1]);
    lx_secret_clear(&key);
    CHECK(row, lx_slice_eq(lx_slice_z(names[got.result]), row->verdict), "%s", names[got.result]);
    CHECK(row, (got.message == NULL) == (got.result == LX_AUTH_OK), "no message");
    key = (struct lx_secret){NULL, 0}; /* without a master key everyone may */
    CHECK(row, lx_auth_check(&key, &headers, row->in[1]).result == LX_AUTH_OK, "not open");
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void tell(const struct lx_key_answer *got, struct lx_buf *out)
{
    struct lx_slice key = got->key ? lx_secret_bytes(got->key) : LX_S("");
    switch (got->verdict) {
    case LX_KEY_FETCH:
        lx_buf_add_lit(out, "fetch ");
        break;
    case LX_KEY_USE:
        lx_buf_addf(out, "use%.*s ", LX_F(key));
        break;
    case LX_KEY_WAIT:
        lx_buf_addf(out, "wait%d ", (int)got->wait_ms);
        break;
    case LX_KEY_FAILED:
        lx_buf_addf(out, lx_slice_eq(got->fault->message, LX_S("it is down")) ? "failed "
                                                                              : "another fault ");
        break;
    }
}

/* One thing that happens: "12 put a 3600". */
static void happen(struct lx_keys *keys, const struct lx_credential_source *source,
                   struct lx_slice event, int *puts, struct lx_buf *out)
{
    static const struct lx_fault fault = {.kind = LX_FAULT_UNAVAILABLE,
                                          .message = LX_S_INIT("it is down")};
    static const char calls[256];
    static const uint64_t latest = 501ull * 1001 * 2001 * 30001 - 1;
    int64_t now_ms = 1000 * number(word(&event, ' '), 0);
    struct lx_slice what = word(&event, ' '), call = word(&event, ' ');
    const void *fetcher = &calls[call.n ? (unsigned char)call.p[0] : 0];
    int64_t count = number(word(&event, ' '), 0);
    if (lx_slice_eq(what, LX_S("find"))) {
        struct lx_key_answer got = lx_keys_find(keys, source, now_ms, (int)count, fetcher);
        tell(&got, out);
    } else if (lx_slice_eq(what, LX_S("put"))) {
        char text[16];
        struct lx_secret key;
        snprintf(text, sizeof(text), "%d", ++*puts);
        assert_int_equal(lx_secret_init(&key, lx_slice_z(text)), 0);
        lx_keys_put(keys, fetcher, &key, count < 0 ? INT64_MAX : now_ms + 1000 * count, now_ms);
        lx_secret_clear(&key);
    } else if (lx_slice_eq(what, LX_S("drop"))) {
        lx_keys_drop(keys, fetcher);
    } else if (lx_slice_eq(what, LX_S("refuse"))) {
        lx_keys_distrust(keys, source, now_ms);
    } else {
        lx_keys_fail(keys, fetcher, &fault, now_ms, lx_slice_eq(what, LX_S("late")) ? latest : 0);
    }
}

static void keys(const struct row *row)
{
    const struct lx_credential_source source = {.id = {7}};
    struct lx_keys *of_thread = lx_keys_new();
    struct lx_slice events = row->in[0];
    struct lx_buf out;
    int puts = 0;
    assert_non_null(of_thread);
    lx_buf_init(&out, 4096);
    while (events.n)
        happen(of_thread, &source, word(&events, ','), &puts, &out);
    CHECK(row, lx_slice_eq(lx_slice_trim(lx_buf_slice(&out)), row->verdict), "%.*s",
          LX_F(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    lx_keys_free(of_thread);
}

/* ---- The tables ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*check)(const struct row *row);
} tables[] = {
    {"resolve", resolve}, {"names", names},       {"find", find},        {"pick", pick},
    {"choose", choose},   {"auto", choose_model}, {"calls", make_calls}, {"retry", retry},
    {"auth", auth},       {"keys", keys},         {"faults", fault},     {"access", access_of},
};

static bool read_row(struct lx_slice line, struct row *row)
{
    ssize_t arrow = lx_slice_find(line, LX_S("=>"));
    if (arrow < 0 || line.p[0] == '#')
        return false;
    struct lx_slice in = lx_slice_to(line, (size_t)arrow);
    row->verdict = lx_slice_trim(lx_slice_from(line, (size_t)arrow + 2));
    for (size_t i = 0; i < COLUMNS; i++) {
        lx_slice_cut(in, '|', &row->in[i], &in);
        row->in[i] = lx_slice_trim(row->in[i]);
    }
    return true;
}

static void every_row(void **state)
{
    (void)state;
    char path[1024], line[1024];
    const char *source = getenv("LLMUX_SOURCE");
    snprintf(path, sizeof(path), "%s/test/decide/%s.txt", source ? source : ".", table);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    struct row row = {.file = path};
    int rows = 0;
    while (fgets(line, sizeof(line), f)) {
        row.line++;
        if (!read_row(lx_slice_z(line), &row))
            continue;
        rows++;
        for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
            if (strcmp(tables[i].name, table) == 0)
                tables[i].check(&row);
    }
    fclose(f);
    lx_arena_clear(&arena);
    assert_true(rows > 0);
    assert_int_equal(wrong_rows, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row)};
    table = argc > 1 ? argv[1] : "resolve";
    lx_arena_init(&arena, 1 << 20);
    return cmocka_run_group_tests_name(table, tests, NULL, NULL);
}
