/*
 * show.c - the router's state, as JSON and as tables (see show.h).
 *
 * It reads what others write meanwhile: each number is right by itself, and two of them may be of
 * moments that lie a little apart.
 */
#include "route/bandit.h"
#include "route/show.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)

enum { MINUTE_MS = 60000, CELL = 160 };

static const struct lx_slice gone = LX_S_INIT("(gone)"); /* of a configuration before this one */

static const char *const breakers[] = {[LX_BREAKER_CLOSED] = "closed",
                                       [LX_BREAKER_OPEN] = "open",
                                       [LX_BREAKER_HALF_OPEN] = "half-open"};
static const char *const ends[] = {[LX_NOTE_SUCCESS] = "success",
                                   [LX_NOTE_FAILURE] = "failure",
                                   [LX_NOTE_GONE] = "client gone",
                                   [LX_NOTE_NOBODY] = "nobody"};

/* By insertion: what each thread wrote is in order already. */
void lx_route_notes_sort(struct lx_route_note *notes, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct lx_route_note note = notes[i];
        size_t to = i;
        for (; to && notes[to - 1].at_ms < note.at_ms; to--)
            notes[to] = notes[to - 1];
        notes[to] = note;
    }
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static void out_fraction(struct lx_out *o, const char *name, double v)
{
    char room[64];
    struct lx_buf text = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    lx_buf_addf(&text, "%.6g", v);
    lx_out_raw(o, name, lx_buf_slice(&text));
}

static int64_t count(const struct lx_deployment_state *s, enum lx_count kind, int64_t now_ms)
{
    return lx_tally_get(&s->counts[kind], now_ms / MINUTE_MS);
}

static int64_t failures(const struct lx_deployment_state *s, int64_t now_ms)
{
    int64_t sum = 0;
    for (int i = 0; i < LX_FAILURE_COUNT; i++)
        sum += count(s, (enum lx_count)(LX_COUNT_FAILURES + i), now_ms);
    return sum;
}

static const char *check_name(unsigned i)
{
    return i < lx_route_check_count ? lx_route_checks[i].name : "unknown";
}

static const char *fault_name(unsigned kind)
{
    return kind > LX_FAULT_NONE && kind < LX_FAULT_COUNT ? lx_fault_class((enum lx_fault_kind)kind)
                                                         : "unknown";
}

/* ---- Names of hashes --------------------------------------------------------------------------
 */

static const struct lx_model_group *group_of(const struct lx_route_view *v, uint64_t hash)
{
    for (size_t i = 0; i < v->table->count; i++)
        if (lx_note_hash(v->table->groups[i]->name) == hash)
            return v->table->groups[i];
    return NULL;
}

/* NULL: of a configuration before this one. */
static const struct lx_deployment *deployment_of(const struct lx_route_view *v, uint64_t hash)
{
    for (size_t i = 0; hash && i < v->table->count; i++)
        for (size_t k = 0; k < v->table->groups[i]->count; k++)
            if (lx_note_hash(v->table->groups[i]->deployments[k]->id) == hash)
                return v->table->groups[i]->deployments[k];
    return NULL;
}

static struct lx_slice group_name(const struct lx_route_view *v, const struct lx_route_note *n)
{
    const struct lx_model_group *g = group_of(v, n->group);
    const struct lx_deployment *d = g ? NULL : deployment_of(v, n->group); /* asked for by its id */
    return g ? g->name : d ? d->id : gone;
}

static struct lx_slice router_name(const struct lx_route_view *v, const struct lx_route_note *n)
{
    for (size_t i = 0; i < v->table->auto_count; i++)
        if (lx_note_hash(v->table->autos[i]->name) == n->router)
            return v->table->autos[i]->name;
    return gone;
}

static struct lx_slice id_of(const struct lx_route_view *v, uint64_t hash)
{
    const struct lx_deployment *d = deployment_of(v, hash);
    return d ? d->id : gone;
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void json_cooling(struct lx_out *o, const struct lx_deployment_state *s, int64_t now_ms)
{
    uint64_t why = LOAD(s->cooling_why);
    int64_t until = LOAD(s->cooling_until_ms);
    lx_out_object(o, "cooldown");
    lx_out_str(o, "after", lx_slice_z(fault_name(why & 0xff)));
    lx_out_int(o, "status", (int64_t)(why >> 8 & 0xffff));
    lx_out_int(o, "until_ms", until);
    out_fraction(o, "seconds_left", until > now_ms ? (double)(until - now_ms) / 1000 : 0);
    lx_out_int(o, "failed_probes", (int64_t)(why >> 24 & 0xff));
    lx_out_bool(o, "probe_under_way", LOAD(s->probe_ms) != 0);
    lx_out_object_end(o);
}

static void json_minute(struct lx_out *o, const struct lx_deployment_state *s, int64_t now_ms)
{
    lx_out_object(o, "this_minute");
    lx_out_int(o, "requests", count(s, LX_COUNT_REQUESTS, now_ms));
    lx_out_int(o, "tokens", count(s, LX_COUNT_TOKENS, now_ms));
    lx_out_int(o, "successes", count(s, LX_COUNT_SUCCESSES, now_ms));
    lx_out_int(o, "failures", failures(s, now_ms));
    lx_out_object(o, "failures_by");
    for (int i = 0; i < LX_FAILURE_COUNT; i++) {
        int64_t n = count(s, (enum lx_count)(LX_COUNT_FAILURES + i), now_ms);
        if (n)
            lx_out_int(o, lx_failure_name((enum lx_failure)i), n);
    }
    lx_out_object_end(o);
    lx_out_object_end(o);
}

static void json_latency(struct lx_out *o, const char *name, const struct lx_latency *l,
                         const struct lx_route_view *v)
{
    int64_t ttl = v->table->settings.policy.latency.ttl_ms;
    if (!LOAD(l->count)) {
        lx_out_null(o, name);
        return;
    }
    lx_out_object(o, name);
    out_fraction(o, "mean_ms", (double)lx_latency_mean_us(l, ttl, v->now_ms) / 1000);
    out_fraction(o, "moving_ms", (double)LOAD(l->ewma_us) / 1000);
    out_fraction(o, "deviation_ms", (double)LOAD(l->deviation_us) / 1000);
    lx_out_int(o, "samples", LOAD(l->count));
    out_fraction(o, "seconds_ago", (double)(v->now_ms - LOAD(l->at_ms)) / 1000);
    lx_out_object_end(o);
}

static void json_budget(struct lx_out *o, const char *name, const struct lx_budget *b,
                        int64_t now_ms)
{
    if (!b || !b->state || b->window_ms <= 0)
        return;
    lx_out_object(o, name);
    out_fraction(o, "spent_usd", (double)lx_spend_get(b->state, b->window_ms, now_ms) / 1e9);
    out_fraction(o, "limit_usd", (double)b->limit_nano_usd / 1e9);
    out_fraction(o, "window_s", (double)b->window_ms / 1000);
    lx_out_object_end(o);
}

static void json_limits(struct lx_out *o, const struct lx_deployment *d,
                        const struct lx_route_policy *p)
{
    const struct {
        const char *name;
        int64_t most;
    } limits[] = {{"rpm", d->rpm},
                  {"tpm", d->tpm},
                  {"itpm", d->itpm},
                  {"otpm", d->otpm},
                  {"max_parallel_requests", lx_deployment_max_parallel(d, p)}};
    lx_out_object(o, "limits");
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (limits[i].most > 0)
            lx_out_int(o, limits[i].name, limits[i].most);
    lx_out_object_end(o);
}

static void json_last(struct lx_out *o, const struct lx_deployment_state *s, int64_t now_ms)
{
    int outcomes, failed;
    int64_t good, bad;
    lx_history_get(s, now_ms, &outcomes, &failed);
    lx_odds_get(s, now_ms, &good, &bad);
    lx_out_object(o, "last_outcomes");
    lx_out_int(o, "count", outcomes);
    lx_out_int(o, "failed", failed);
    lx_out_object_end(o);
    lx_out_object(o, "odds");
    out_fraction(o, "good", (double)good / 64);
    out_fraction(o, "bad", (double)bad / 64);
    lx_out_object_end(o);
}

static void json_skip(struct lx_out *o, const struct lx_deployment_state *s, int64_t now_ms)
{
    uint64_t skip = LOAD(s->last_skip);
    if (!skip)
        return;
    lx_out_object(o, "last_skipped");
    lx_out_str(o, "why", lx_slice_z(check_name(skip & 0xff)));
    out_fraction(o, "seconds_ago", (double)(now_ms - (int64_t)(skip >> 8)) / 1000);
    lx_out_object_end(o);
}

static void json_health(struct lx_out *o, const struct lx_deployment_state *s, int64_t now_ms)
{
    uint64_t health = LOAD(s->health);
    if (!health)
        return;
    lx_out_object(o, "health_check");
    lx_out_bool(o, "healthy", health & 1);
    out_fraction(o, "seconds_ago", (double)(now_ms - (int64_t)(health >> 1)) / 1000);
    lx_out_object_end(o);
}

static void json_deployment(struct lx_out *o, const struct lx_route_view *v, struct lx_slice group,
                            const struct lx_deployment *d)
{
    const struct lx_deployment_state *s = d->state;
    lx_out_object(o, NULL);
    lx_out_str(o, "id", d->id);
    lx_out_str(o, "model_group", group);
    lx_out_str(o, "provider", lx_slice_z(d->provider->id));
    lx_out_str(o, "model", d->model);
    if (s) {
        enum lx_breaker b = lx_breaker_of(s, v->now_ms);
        lx_out_str(o, "state", lx_slice_z(breakers[b]));
        if (b != LX_BREAKER_CLOSED)
            json_cooling(o, s, v->now_ms);
        lx_out_int(o, "in_flight", LOAD(s->in_flight));
        lx_out_int(o, "in_flight_elsewhere", LOAD(s->in_flight_others));
        json_minute(o, s, v->now_ms);
        json_limits(o, d, &v->table->settings.policy);
        json_latency(o, "first_token", &s->first, v);
        json_latency(o, "by_token", &s->token, v);
        json_last(o, s, v->now_ms);
        json_budget(o, "budget", &d->budget, v->now_ms);
        json_budget(o, "provider_budget", d->provider_budget, v->now_ms);
        json_skip(o, s, v->now_ms);
        json_health(o, s, v->now_ms);
    }
    lx_out_object_end(o);
}

static void json_group(struct lx_out *o, const struct lx_route_view *v,
                       const struct lx_model_group *g)
{
    const struct lx_route_policy *p = &v->table->settings.policy;
    int64_t minute = v->now_ms / MINUTE_MS, closed = 0;
    for (size_t i = 0; i < g->count; i++)
        closed += !g->deployments[i]->state ||
                  lx_breaker_of(g->deployments[i]->state, v->now_ms) == LX_BREAKER_CLOSED;
    lx_out_object(o, NULL);
    lx_out_str(o, "model_group", g->name);
    lx_out_int(o, "deployments", (int64_t)g->count);
    lx_out_int(o, "closed", closed);
    if (g->state) {
        lx_out_int(o, "requests_this_minute", lx_tally_get(&g->state->requests, minute));
        lx_out_int(o, "retries_this_minute", lx_tally_get(&g->state->retries, minute));
        lx_out_int(o, "hedges_this_minute", lx_tally_get(&g->state->hedges, minute));
        lx_out_bool(o, "retry_budget_tight", lx_retry_is_tight(p, g, v->now_ms));
    }
    lx_out_object_end(o);
}

static void json_note(struct lx_out *o, const struct lx_route_view *v,
                      const struct lx_route_note *n)
{
    lx_out_object(o, NULL);
    lx_out_int(o, "at_ms", n->at_ms);
    lx_out_str(o, "model_group", group_name(v, n));
    if (n->deployment)
        lx_out_str(o, "deployment", id_of(v, n->deployment));
    else
        lx_out_null(o, "deployment");
    if (n->by)
        lx_out_str(o, "by", lx_slice_z(n->by));
    if (n->router) {
        lx_out_str(o, "auto_router", router_name(v, n));
        lx_out_str(o, "routed_by", lx_slice_z(n->routed_by));
    }
    lx_out_array(o, "skipped");
    for (unsigned i = 0; i < n->skips; i++) {
        lx_out_object(o, NULL);
        lx_out_str(o, "deployment", id_of(v, n->skipped[i]));
        lx_out_str(o, "why", lx_slice_z(check_name(n->checks[i])));
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_str(o, "outcome", lx_slice_z(ends[n->end]));
    if (n->fault)
        lx_out_str(o, "error", lx_slice_z(fault_name(n->fault)));
    if (n->status)
        lx_out_int(o, "status", n->status);
    if (n->end != LX_NOTE_NOBODY)
        lx_out_int(o, "took_ms", n->took_ms);
    lx_out_object_end(o);
}

/* What was learned of each model, for each type of requests. */
static void json_learned(struct lx_out *o, const struct lx_auto *r)
{
    int64_t signs;
    lx_out_array(o, "cells");
    for (int t = 0; t < LX_REQUEST_TYPE_COUNT; t++)
        for (size_t i = 0; i < r->counts[0]; i++) {
            enum lx_request_type type = (enum lx_request_type)t;
            int64_t ppm = lx_bandit_quality_ppm(r, type, i, &signs);
            lx_out_object(o, NULL);
            lx_out_str(o, "request_type", lx_slice_z(lx_request_type_name(type)));
            lx_out_str(o, "model", r->models[0][i].name);
            out_fraction(o, "quality_mean", (double)ppm / 1e6);
            lx_out_int(o, "samples", signs);
            lx_out_object_end(o);
        }
    lx_out_array_end(o);
}

static void json_routers(struct lx_out *o, const struct lx_route_table *t)
{
    lx_out_array(o, "auto_routers");
    for (size_t i = 0; i < t->auto_count; i++) {
        const struct lx_auto *r = t->autos[i];
        lx_out_object(o, NULL);
        lx_out_str(o, "name", r->name);
        lx_out_str(o, "kind", lx_slice_z(r->kind->model));
        if (r->kind->learns)
            json_learned(o, r);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

static void json_tags(struct lx_out *o, const struct lx_route_view *v)
{
    const struct lx_route_policy *p = &v->table->settings.policy;
    lx_out_array(o, "tags");
    for (size_t i = 0; i < p->tag_budget_count; i++) {
        lx_out_object(o, NULL);
        lx_out_str(o, "tag", p->tag_budgets[i].name);
        json_budget(o, "budget", &p->tag_budgets[i].budget, v->now_ms);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

void lx_route_show_json(const struct lx_route_view *v, struct lx_out *out)
{
    const struct lx_route_table *t = v->table;
    lx_out_str(out, "routing_strategy", lx_slice_z(t->settings.policy.strategy->name));
    lx_out_int(out, "now_ms", v->now_ms);
    if (t->settings.shown.n)
        lx_out_raw(out, "settings", t->settings.shown);
    lx_out_array(out, "groups");
    for (size_t i = 0; i < t->count; i++)
        json_group(out, v, t->groups[i]);
    lx_out_array_end(out);
    lx_out_array(out, "deployments");
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++)
            json_deployment(out, v, t->groups[i]->name, t->groups[i]->deployments[k]);
    lx_out_array_end(out);
    if (t->auto_count)
        json_routers(out, t);
    if (t->settings.policy.tag_budget_count)
        json_tags(out, v);
    lx_out_array(out, "decisions");
    for (size_t i = 0; i < v->note_count; i++)
        json_note(out, v, &v->notes[i]);
    lx_out_array_end(out);
}

/* ---- Text -------------------------------------------------------------------------------------
 */

/* One cell of a table, with what follows it. */
struct cell {
    char room[CELL];
    struct lx_buf b;
};

static struct lx_buf *cell(struct cell *c)
{
    c->b = (struct lx_buf){.p = c->room, .cap = CELL, .max = CELL};
    return &c->b;
}

/* Names come from the configuration: nothing in them may steer a terminal. */
static void add_plain(struct lx_buf *out, struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        lx_buf_add_byte(out, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void add_cell(struct lx_buf *out, const struct cell *c, int width)
{
    add_plain(out, lx_buf_slice(&c->b));
    for (int i = (int)c->b.n; i < width; i++)
        lx_buf_add_byte(out, ' ');
    lx_buf_add_lit(out, "  ");
}

static void tell_state(struct lx_buf *b, const struct lx_deployment_state *s, int64_t now_ms)
{
    enum lx_breaker breaker = lx_breaker_of(s, now_ms);
    uint64_t why = LOAD(s->cooling_why);
    lx_buf_addf(b, "%s", breakers[breaker]);
    if (breaker == LX_BREAKER_OPEN)
        lx_buf_addf(b, " %.1f s", (double)(LOAD(s->cooling_until_ms) - now_ms) / 1000);
    if (breaker != LX_BREAKER_CLOSED)
        lx_buf_addf(b, " (%d)", (int)(why >> 8 & 0xffff));
}

static void tell_of(struct lx_buf *b, int64_t has, int64_t limit)
{
    lx_buf_add_int(b, has);
    if (limit > 0)
        lx_buf_addf(b, "/%lld", (long long)limit);
}

static void tell_time(struct lx_buf *b, const struct lx_latency *l, const struct lx_route_view *v)
{
    int64_t us = lx_latency_mean_us(l, v->table->settings.policy.latency.ttl_ms, v->now_ms);
    if (us)
        lx_buf_addf(b, "%.1f", (double)us / 1000);
    else
        lx_buf_add_byte(b, '-');
}

static void tell_spent(struct lx_buf *b, const struct lx_deployment *d, int64_t now_ms)
{
    const struct lx_budget *budgets[] = {&d->budget, d->provider_budget};
    for (size_t i = 0; i < 2; i++)
        if (budgets[i] && budgets[i]->state && budgets[i]->window_ms > 0)
            lx_buf_addf(b, "%s$%.4f/%.4f", b->n ? " " : "",
                        (double)lx_spend_get(budgets[i]->state, budgets[i]->window_ms, now_ms) /
                            1e9,
                        (double)budgets[i]->limit_nano_usd / 1e9);
    if (!b->n)
        lx_buf_add_byte(b, '-');
}

static void tell_skip(struct lx_buf *b, const struct lx_deployment_state *s, int64_t now_ms)
{
    uint64_t skip = LOAD(s->last_skip);
    if (skip)
        lx_buf_addf(b, "%s, %.0f s ago", check_name(skip & 0xff),
                    (double)(now_ms - (int64_t)(skip >> 8)) / 1000);
    else
        lx_buf_add_byte(b, '-');
}

enum { COLUMNS = 12 };
static const struct {
    const char *title;
    int width;
} columns[COLUMNS] = {{"GROUP", 20},    {"DEPLOYMENT", 28}, {"ID", 12},      {"STATE", 18},
                      {"IN FLIGHT", 9}, {"RPM", 8},         {"TPM", 10},     {"GOOD/BAD", 9},
                      {"FIRST MS", 8},  {"TOKEN MS", 8},    {"SPENT/OF", 8}, {"LAST SKIPPED", 0}};

static void text_deployment(struct lx_buf *out, const struct lx_route_view *v,
                            struct lx_slice group, const struct lx_deployment *d)
{
    struct cell c[COLUMNS];
    const struct lx_deployment_state *s = d->state;
    for (size_t i = 0; i < COLUMNS; i++)
        cell(&c[i]);
    lx_buf_add(&c[0].b, lx_slice_to(group, CELL));
    lx_buf_addf(&c[1].b, "%s/%.*s", d->provider->id, LX_F(lx_slice_to(d->model, CELL / 2)));
    lx_buf_add(&c[2].b, lx_slice_to(d->id, 12));
    if (s) {
        tell_state(&c[3].b, s, v->now_ms);
        tell_of(&c[4].b, LOAD(s->in_flight) + LOAD(s->in_flight_others),
                lx_deployment_max_parallel(d, &v->table->settings.policy));
        tell_of(&c[5].b, count(s, LX_COUNT_REQUESTS, v->now_ms), d->rpm);
        tell_of(&c[6].b, count(s, LX_COUNT_TOKENS, v->now_ms), d->tpm);
        lx_buf_addf(&c[7].b, "%lld/%lld", (long long)count(s, LX_COUNT_SUCCESSES, v->now_ms),
                    (long long)failures(s, v->now_ms));
        tell_time(&c[8].b, &s->first, v);
        tell_time(&c[9].b, &s->token, v);
        tell_spent(&c[10].b, d, v->now_ms);
        tell_skip(&c[11].b, s, v->now_ms);
    }
    for (size_t i = 0; i < COLUMNS; i++)
        add_cell(out, &c[i], columns[i].width);
    lx_buf_add_byte(out, '\n');
}

static void text_note(struct lx_buf *out, const struct lx_route_view *v,
                      const struct lx_route_note *n)
{
    lx_buf_addf(out, "%8.1f s ago  ", (double)(v->now_ms - n->at_ms) / 1000);
    if (n->router) {
        add_plain(out, router_name(v, n));
        lx_buf_addf(out, " (%s) -> ", n->routed_by);
    }
    add_plain(out, group_name(v, n));
    lx_buf_add_lit(out, " -> ");
    if (n->deployment)
        add_plain(out, lx_slice_to(id_of(v, n->deployment), 12));
    if (n->by)
        lx_buf_addf(out, " by %s", n->by);
    lx_buf_addf(out, "%s%s", n->deployment ? ": " : "", ends[n->end]);
    if (n->end != LX_NOTE_NOBODY)
        lx_buf_addf(out, " after %lld ms", (long long)n->took_ms);
    if (n->fault)
        lx_buf_addf(out, " (%d %s)", n->status, fault_name(n->fault));
    for (unsigned i = 0; i < n->skips; i++) {
        lx_buf_addf(out, "%s", i ? ", " : "; passed over: ");
        add_plain(out, lx_slice_to(id_of(v, n->skipped[i]), 12));
        lx_buf_addf(out, " %s", check_name(n->checks[i]));
    }
    lx_buf_add_byte(out, '\n');
}

void lx_route_show_text(const struct lx_route_view *v, struct lx_buf *out)
{
    const struct lx_route_table *t = v->table;
    struct cell title;
    lx_buf_addf(out, "routing_strategy: %s\n\n", t->settings.policy.strategy->name);
    for (size_t i = 0; i < COLUMNS; i++) {
        lx_buf_add(cell(&title), lx_slice_z(columns[i].title));
        add_cell(out, &title, columns[i].width);
    }
    lx_buf_add_byte(out, '\n');
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++)
            text_deployment(out, v, t->groups[i]->name, t->groups[i]->deployments[k]);
    lx_buf_addf(out, "\nlast decisions:%s\n", v->note_count ? "" : " none");
    for (size_t i = 0; i < v->note_count; i++)
        text_note(out, v, &v->notes[i]);
}
