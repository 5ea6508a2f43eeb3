/*
 * choose_rows.c - rows of choose.txt: a group, what happened to it, a request, and who gets it.
 *
 * The head of the table says what the words mean.
 */
#include "decide.h"

#define START_MS INT64_C(1699999990000) /* ten seconds into a minute */

enum { MAX_DEPLOYMENTS = 8, DRAWS = 4000, SLACK_PERCENT = 3, MANY_DRAWS = 100000, SLACK_MILLE = 2 };

struct scene {
    struct lx_arena arena;
    struct lx_route_table table;
    struct lx_route_state *state;
    const struct lx_model_group *g;
    struct lx_route_ticket open[64];
    size_t open_count;
    int64_t now_ms;
    uint64_t found[LX_ROUTE_SET_WORDS];
};

/* "name12": true with 12 when the word begins so. */
static bool takes(struct lx_slice w, const char *name, struct lx_slice *rest)
{
    if (!lx_slice_starts(w, lx_slice_z(name)))
        return false;
    *rest = lx_slice_from(w, strlen(name));
    return true;
}

/* "5s" or "200" (ms). */
static int64_t time_ms(struct lx_slice s)
{
    if (lx_slice_ends(s, LX_S("s")))
        return 1000 * number(lx_slice_to(s, s.n - 1), 0);
    return number(s, 0);
}

static struct lx_slice *list(struct scene *s, struct lx_slice names, size_t *n)
{
    struct lx_slice *v = lx_arena_alloc(&s->arena, 8 * sizeof(*v));
    for (*n = 0; names.n && *n < 8; ++*n)
        v[*n] = word(&names, '+');
    return v;
}

/* ---- Settings and deployments -----------------------------------------------------------------
 */

static void set(struct lx_route_policy *p, struct lx_slice w)
{
    struct lx_slice v;
    const struct lx_strategy *strategy = lx_strategy_find(w);
    if (strategy)
        p->strategy = strategy;
    else if (lx_slice_eq(w, LX_S("checks")))
        p->pre_call_checks = true;
    else if (lx_slice_eq(w, LX_S("enforce")))
        p->enforce_limits = true;
    else if (lx_slice_eq(w, LX_S("tags")))
        p->tag_filtering = true;
    else if (lx_slice_eq(w, LX_S("all-tags")))
        p->tag_filtering = true, p->tags_match_any = false;
    else if (lx_slice_eq(w, LX_S("no-cooldowns")))
        p->disable_cooldowns = true;
    else if (lx_slice_eq(w, LX_S("sticky")))
        p->affinity = LX_AFFINITY_SESSION | LX_AFFINITY_PROMPT | LX_AFFINITY_KEY;
    else if (takes(w, "buffer=", &v))
        p->latency.buffer_ppm = 10000 * number(v, 0);
    else if (takes(w, "percentile=", &v))
        p->latency.first_ppm = 10000 * number(v, 0);
    else if (takes(w, "explore=", &v))
        p->adaptive_explore_ppm = 10000 * number(v, 0);
    else if (takes(w, "cooldown=", &v))
        p->cooldown_ms = time_ms(v);
    else if (takes(w, "fails=", &v))
        p->allowed_fails = number(v, 0);
    else if (takes(w, "timeouts=", &v))
        p->allowed_fails_policy.of[LX_FAILURE_TIMEOUT] = number(v, 0);
    else if (takes(w, "parallel=", &v))
        p->max_parallel = number(v, 0);
    else
        fail_msg("no setting %.*s", LX_F(w));
}

static void give(struct scene *s, struct lx_deployment *d, struct lx_slice w)
{
    struct lx_slice v;
    if (takes(w, "weight", &v))
        d->weight = number(v, 0);
    else if (takes(w, "rpm", &v))
        d->rpm = number(v, 0);
    else if (takes(w, "tpm", &v))
        d->tpm = number(v, 0);
    else if (takes(w, "itpm", &v))
        d->itpm = number(v, 0);
    else if (takes(w, "otpm", &v))
        d->otpm = number(v, 0);
    else if (takes(w, "regex", &v))
        d->tag_regex_count = 1;
    else if (takes(w, "blocked", &v))
        d->blocked = true;
    else if (takes(w, "order", &v))
        d->order = number(v, 0);
    else if (takes(w, "parallel", &v))
        d->max_parallel = number(v, 0);
    else if (takes(w, "window", &v))
        d->facts.max_input_tokens = number(v, 0);
    else if (takes(w, "price", &v))
        d->facts.input_price = number(v, 0);
    else if (takes(w, "budget", &v))
        d->budget = (struct lx_budget){.limit_nano_usd = number(v, 0), .window_ms = 3600000};
    else if (takes(w, "region=", &v))
        d->region_name = v;
    else if (takes(w, "tags=", &v))
        d->tags = list(s, v, &d->tag_count);
    else if (takes(w, "blind", &v))
        d->facts.needs_known = LX_NEED_VISION;
    else
        fail_msg("no deployment has %.*s", LX_F(w));
}

static void build(struct scene *s, const struct row *row)
{
    static const uint64_t seed[2] = {3, 4};
    struct lx_slice settings = row->in[0], specs = row->in[1];
    lx_arena_init(&s->arena, 1 << 20);
    lx_route_table_init(&s->table, &s->arena, seed);
    while (settings.n)
        set(&s->table.settings.policy, word(&settings, ' '));
    while (specs.n) {
        struct lx_slice spec = word(&specs, ' '), part;
        struct lx_deployment *d = lx_arena_new(&s->arena, struct lx_deployment);
        d->id = word(&spec, ':');
        d->group = LX_S("g");
        d->provider = lx_provider_find(LX_S("openai"));
        d->cooldown_ms = d->allowed_fails = d->max_retries = -1;
        d->facts.input_price = 1;
        while (spec.n) {
            part = word(&spec, ',');
            give(s, d, part);
        }
        assert_int_equal(lx_route_table_add(&s->table, d), 0);
    }
    s->state = lx_route_state_new();
    assert_non_null(s->state);
    assert_int_equal(lx_route_state_bind(s->state, &s->table), 0);
    s->g = s->table.groups[0];
    s->now_ms = START_MS;
}

static void clear(struct scene *s)
{
    struct lx_route_outcome o = {.kind = LX_OUTCOME_GONE, .now_ms = s->now_ms};
    for (size_t i = 0; i < s->open_count; i++)
        lx_route_end(&s->open[i], &o);
    for (size_t i = 0; i < s->g->count; i++)
        assert_int_equal(s->g->deployments[i]->state->in_flight, 0);
    lx_route_state_unbind(&s->table);
    lx_route_state_unref(s->state);
    lx_arena_clear(&s->arena);
}

/* ---- What happened ----------------------------------------------------------------------------
 */

static size_t place(const struct scene *s, struct lx_slice id)
{
    for (size_t i = 0; i < s->g->count; i++)
        if (lx_slice_eq(s->g->deployments[i]->id, id))
            return i;
    fail_msg("no deployment %.*s", LX_F(id));
    return 0;
}

static struct lx_route_ticket begin(struct scene *s, struct lx_slice id)
{
    struct lx_route_ticket t;
    struct lx_route_request r = {
        .settings = &s->table.settings, .group = s->g, .now_ms = s->now_ms, .prompt_tokens = -1};
    struct lx_route_verdict v = {.kind = LX_ROUTE_USE, .index = place(s, id)};
    v.deployment = s->g->deployments[v.index];
    v.probe = lx_breaker_of(v.deployment->state, s->now_ms) == LX_BREAKER_HALF_OPEN;
    assert_true(lx_route_begin(&r, &v, &t));
    return t;
}

/* "ok", "ok/200/30" (ms, tokens that come back; "/50" more that go in, "/20" of them
 * in a cache), "first/80", "gone", "503", "429/10s" (Retry-After), "408/900"
 * (ms): how it ended. */
static void end(struct scene *s, struct lx_route_ticket t, struct lx_slice how)
{
    struct lx_slice what = word(&how, '/');
    struct lx_fault f = {.retry_after_ms = -1};
    struct lx_route_outcome o = {.kind = LX_OUTCOME_SUCCESS, .fault = &f};
    int64_t ms = 0, status = number(what, 0);
    if (lx_slice_eq(what, LX_S("gone"))) {
        o.kind = LX_OUTCOME_GONE;
    } else if (status) {
        o.kind = LX_OUTCOME_FAILURE;
        f.kind = lx_fault_of_status((int)status);
        f.status = (int)status;
        if (f.kind == LX_FAULT_TIMEOUT)
            ms = time_ms(how);
        else if (how.n)
            f.retry_after_ms = time_ms(how);
    } else {
        ms = time_ms(word(&how, '/'));
        o.completion_tokens = number(word(&how, '/'), 0);
        o.tokens = o.completion_tokens + number(word(&how, '/'), 0);
        o.cached_tokens = number(word(&how, '/'), 0);
        o.cost_nano_usd = o.tokens;
    }
    o.now_ms = s->now_ms + ms;
    if (lx_slice_eq(what, LX_S("first"))) {
        o.stream = true;
        lx_route_first(&t, o.now_ms);
    }
    lx_route_end(&t, &o);
}

static void happen(struct scene *s, struct lx_slice event)
{
    struct lx_slice id, how, times;
    if (event.p[0] == '+') {
        s->now_ms += time_ms(lx_slice_from(event, 1));
        return;
    }
    lx_slice_cut(event, '*', &event, &times);
    for (int64_t n = number(times, 1); n > 0; n--) {
        if (lx_slice_ends(event, LX_S(">"))) {
            assert_true(s->open_count < 64);
            s->open[s->open_count++] = begin(s, lx_slice_to(event, event.n - 1));
            continue;
        }
        lx_slice_cut(event, '=', &id, &how);
        struct lx_route_ticket t = begin(s, id);
        end(s, t, how);
    }
}

/* ---- The request ------------------------------------------------------------------------------
 */

/* The bits of those whose tag_regex finds the client, one more among them. */
static const uint64_t *find(struct scene *s, struct lx_slice id)
{
    if (id.n)
        s->found[0] |= (uint64_t)1 << place(s, id);
    return s->found;
}

static void ask(struct scene *s, struct lx_slice words, struct lx_route_request *r)
{
    struct lx_slice v;
    *r = (struct lx_route_request){
        .settings = &s->table.settings, .group = s->g, .now_ms = s->now_ms, .prompt_tokens = -1};
    while (words.n) {
        struct lx_slice w = word(&words, ' ');
        if (lx_slice_eq(w, LX_S("stream")))
            r->stream = true;
        else if (lx_slice_eq(w, LX_S("last")))
            r->last_attempt = true;
        else if (lx_slice_eq(w, LX_S("vision")))
            r->needs = LX_NEED_VISION;
        else if (takes(w, "max=", &v))
            r->max_tokens = number(v, 0);
        else if (takes(w, "agent=", &v))
            while (v.n || !r->found)
                r->found = find(s, word(&v, '+'));
        else if (takes(w, "prompt=", &v))
            r->prompt_tokens = number(v, -1);
        else if (takes(w, "tried=", &v))
            while (v.n)
                r->tried |= (uint64_t)1 << place(s, word(&v, '+'));
        else if (takes(w, "tags=", &v))
            r->tags = list(s, v, &r->tag_count);
        else if (takes(w, "region=", &v))
            r->region = v;
        else if (takes(w, "pin=", &v))
            r->pinned = v;
        else if (takes(w, "key=", &v))
            r->key = (uint64_t)number(v, 0);
        else if (takes(w, "opening=", &v))
            r->prompt = (uint64_t)number(v, 0);
        else if (takes(w, "session=", &v))
            r->session = (uint64_t)number(v, 0);
        else
            fail_msg("no request has %.*s", LX_F(w));
    }
}

static const char *fault_name(enum lx_fault_kind kind)
{
    static const char *const names[] = {
#define LX_FAULT(id, class, status, openai, anthropic, retryable) #id,
        LX_FAULTS(LX_FAULT)
#undef LX_FAULT
    };
    return names[kind];
}

/* "a", "a probe", "wait 5000", "wait", "none CONTEXT_WINDOW"; of chance "a 25 b 75". */
static void tell(const struct scene *s, const struct lx_route_verdict *v, struct lx_buf *out)
{
    if (v->kind == LX_ROUTE_USE)
        lx_buf_addf(out, "%.*s%s", LX_F(v->deployment->id), v->probe ? " probe" : "");
    else if (v->kind == LX_ROUTE_NONE)
        lx_buf_addf(out, "none %s", fault_name(v->why));
    else if (v->until_ms)
        lx_buf_addf(out, "wait %lld", (long long)(v->until_ms - s->now_ms));
    else
        lx_buf_add_lit(out, "wait");
}

/* "a 25 b 75" in percent; "a 10/1000 b 990/1000" for what is small. */
static void check_shares(const struct row *row, const struct scene *s, struct lx_route_request r)
{
    struct lx_slice verdict = row->verdict;
    bool fine = lx_slice_find(verdict, LX_S("/1000")) >= 0;
    int draws = fine ? MANY_DRAWS : DRAWS, unit = fine ? 1000 : 100;
    int slack = fine ? SLACK_MILLE : SLACK_PERCENT, counts[MAX_DEPLOYMENTS] = {0};
    for (int i = 0; i < draws; i++) {
        r.random = lx_route_random(&r, (uint64_t)i);
        counts[lx_route_choose(&r).index]++;
    }
    while (verdict.n) {
        size_t i = place(s, word(&verdict, ' '));
        struct lx_slice share = word(&verdict, ' ');
        int64_t want = number(word(&share, '/'), -1), got = (int64_t)counts[i] * unit / draws;
        CHECK(row, got >= want - slack && got <= want + slack, "%.*s gets %lld of %d",
              LX_F(s->g->deployments[i]->id), (long long)got, unit);
    }
}

static void check_one(const struct row *row, const struct scene *s, struct lx_route_request r)
{
    char room[64];
    struct lx_slice want = row->verdict, reason = {NULL, 0};
    ssize_t colon = lx_slice_find_byte(want, ':');
    if (colon >= 0) {
        reason = lx_slice_trim(lx_slice_from(want, (size_t)colon + 1));
        want = lx_slice_trim(lx_slice_to(want, (size_t)colon));
    }
    for (uint64_t i = 0, before = (uint64_t)wrong_rows; i < 50 && (uint64_t)wrong_rows == before;
         i++) {
        struct lx_buf got = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
        r.random = lx_route_random(&r, i);
        struct lx_route_verdict v = lx_route_choose(&r);
        tell(s, &v, &got);
        CHECK(row, lx_slice_eq(lx_buf_slice(&got), want), "%.*s", LX_F(lx_buf_slice(&got)));
    }
    struct lx_buf why;
    lx_buf_init(&why, 4096);
    lx_route_explain(&r, &why);
    CHECK(row, lx_slice_find(lx_buf_slice(&why), reason) >= 0 || !reason.n, "%.*s",
          LX_F(lx_buf_slice(&why)));
    lx_buf_clear(&why);
}

void choose(const struct row *row)
{
    struct scene s = {.now_ms = 0};
    struct lx_route_request r;
    struct lx_slice events = row->in[2], first, rest, second;
    build(&s, row);
    while (events.n)
        happen(&s, word(&events, ' '));
    ask(&s, row->in[3], &r);
    lx_slice_cut(row->verdict, ' ', &first, &rest);
    lx_slice_cut(rest, ' ', &second, &rest);
    if (number(word(&second, '/'), -1) >= 0 && !lx_slice_eq(first, LX_S("wait")))
        check_shares(row, &s, r);
    else
        check_one(row, &s, r);
    clear(&s);
}
