/*
 * link.c - the shared counters' protocol (see link.h), over redis.h.
 *
 * What is shared is a list of lines, each a record of route/state.h with the numbers it gives and
 * takes. How each number of the others is made up is a letter, which the script knows: a sum (s), a
 * sum over nodes that were heard of lately (l), the greatest (m), and what stands beside the
 * greatest (w).
 */
#include "serve/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/redis.h"

enum {
    TEXTS = 6,
    FRESH_MS = 3000, /* a node that was not heard of for so long has nothing in flight */
    MINUTE_MS = 60000,
    MINUTE_TTL_MS = 150000,
    TIMES = 4, /* sums of latencies */
    NUMBERS_MAX = LX_COUNT_KINDS + 8,
    SCRATCH_MAX = 64 << 20,
};

static const char script[] =
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
    "local node, fresh = ARGV[1], tonumber(ARGV[2])\n"
    "local all = {}\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local ttl, how, mine = ARGV[3 * i], ARGV[3 * i + 1], ARGV[3 * i + 2]\n"
    "  redis.call('HSET', key, node, string.format('%.0f %s', now, mine))\n"
    "  redis.call('PEXPIRE', key, ttl)\n"
    "  local sums, fields = {}, redis.call('HGETALL', key)\n"
    "  for k = 1, #how do sums[k] = 0 end\n"
    "  for f = 1, #fields, 2 do\n"
    "    local k, lately, greater = 0, false, false\n"
    "    for word in string.gmatch(fields[f] ~= node and fields[f + 1] or '', '%S+') do\n"
    "      local n, letter = tonumber(word) or 0, string.sub(how, k, k)\n"
    "      if k == 0 then lately = now - n <= fresh\n"
    "      elseif letter == 's' or letter == 'l' and lately then sums[k] = sums[k] + n\n"
    "      elseif letter == 'm' then\n"
    "        greater = n > sums[k]\n"
    "        if greater then sums[k] = n end\n"
    "      elseif letter == 'w' and greater then sums[k] = n end\n"
    "      k = k + 1\n"
    "    end\n"
    "  end\n"
    "  for k = 1, #how do sums[k] = string.format('%.0f', sums[k]) end\n"
    "  all[i] = table.concat(sums, ' ')\n"
    "end\n"
    "return all\n";

struct line {
    const struct kind *kind;
    void *record;
    int64_t window_ms; /* of a budget; or LX_SPEND_MONTH */
    uint64_t hash;
    int64_t minute;
    int64_t base[TIMES]; /* sums of times when the minute began */
    int64_t seen[TIMES]; /* the others' when they were last put down */
};

struct lx_link {
    struct lx_config_redis settings;
    char *texts[TEXTS]; /* of the settings */
    char node[17];
    struct lx_redis *redis;
    char sha[64];
    struct line *lines;
    size_t count, cap;
    const struct lx_route_policy *policy;
};

#define MONTH_MS INT64_C(2678400000) /* of 31 days */

/* ---- What is shared ---------------------------------------------------------------------------
 */

/* One kind of record: what it tells the others (how many numbers), what becomes of theirs. */
struct kind {
    char letter;
    size_t (*tell)(struct line *l, int64_t now_ms, int64_t *v);
    void (*take)(struct line *l, const int64_t *v, const struct lx_route_policy *p, int64_t now_ms);
    size_t sums;      /* numbers of the letter s, which come first */
    const char *rest; /* the letters of the others */
};

static size_t tell_deployment(struct line *l, int64_t now_ms, int64_t *v)
{
    struct lx_deployment_share s;
    int64_t minute = now_ms / MINUTE_MS;
    size_t n = LX_COUNT_KINDS;
    lx_deployment_state_own(l->record, minute, &s);
    const int64_t times[TIMES] = {s.first_us, s.first_count, s.token_us, s.token_count};
    if (l->minute != minute) {
        l->minute = minute;
        memcpy(l->base, times, sizeof(times));
        memset(l->seen, 0, sizeof(l->seen));
    }
    memcpy(v, s.counts, sizeof(s.counts));
    for (size_t i = 0; i < TIMES; i++)
        v[n++] = times[i] - l->base[i];
    v[n++] = s.in_flight;
    v[n++] = s.cooling_until_ms;
    v[n++] = (int64_t)s.cooling_why;
    v[n++] = (int64_t)s.health;
    return n;
}

static void take_deployment(struct line *l, const int64_t *v, const struct lx_route_policy *p,
                            int64_t now_ms)
{
    const int64_t *times = v + LX_COUNT_KINDS, *rest = times + TIMES;
    int64_t more[TIMES];
    struct lx_deployment_share s = {.minute = l->minute,
                                    .in_flight = rest[0],
                                    .cooling_until_ms = rest[1],
                                    .cooling_why = (uint64_t)rest[2],
                                    .health = (uint64_t)rest[3]};
    memcpy(s.counts, v, sizeof(s.counts));
    for (size_t i = 0; i < TIMES; i++)
        more[i] = times[i] - l->seen[i];
    memcpy(l->seen, times, sizeof(l->seen));
    s.first_us = more[0], s.first_count = more[0] > 0 ? more[1] : 0;
    s.token_us = more[2], s.token_count = more[2] > 0 ? more[3] : 0;
    lx_deployment_state_others(l->record, &s, p, now_ms);
}

static size_t tell_group(struct line *l, int64_t now_ms, int64_t *v)
{
    const struct lx_group_state *g = l->record;
    l->minute = now_ms / MINUTE_MS;
    v[0] = lx_tally_own(&g->requests, l->minute);
    v[1] = lx_tally_own(&g->retries, l->minute);
    return 2;
}

static void take_group(struct line *l, const int64_t *v, const struct lx_route_policy *p,
                       int64_t now_ms)
{
    struct lx_group_state *g = l->record;
    (void)p, (void)now_ms;
    lx_tally_set_others(&g->requests, l->minute, v[0]);
    lx_tally_set_others(&g->retries, l->minute, v[1]);
}

static size_t tell_spent(struct line *l, int64_t now_ms, int64_t *v)
{
    l->minute = now_ms;
    v[0] = lx_spend_own(l->record, l->window_ms, now_ms);
    return 1;
}

static void take_spent(struct line *l, const int64_t *v, const struct lx_route_policy *p,
                       int64_t now_ms)
{
    (void)p, (void)now_ms;
    lx_spend_set_others(l->record, l->window_ms, l->minute, v[0]);
}

static const struct kind deployments = {'d', tell_deployment, take_deployment,
                                        LX_COUNT_KINDS + TIMES, "lmwm"};
static const struct kind groups = {'g', tell_group, take_group, 2, ""};
static const struct kind budgets = {'b', tell_spent, take_spent, 1, ""};
static const struct kind searches = {'f', tell_spent, take_spent, 1, ""};

static int add_line(struct lx_link *l, const struct kind *kind, void *record, int64_t window_ms,
                    struct lx_slice name, struct lx_slice more)
{
    static const uint64_t seed[2] = {0x7368617265, 0x6e6f646573};
    for (size_t i = 0; i < l->count; i++)
        if (l->lines[i].record == record || !record)
            return 0;
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct line *grown = realloc(l->lines, cap * sizeof(*grown));
        if (!grown)
            return LX_ENOMEM;
        l->lines = grown;
        l->cap = cap;
    }
    l->lines[l->count++] = (struct line){.kind = kind,
                                         .record = record,
                                         .window_ms = window_ms,
                                         .hash = lx_hash(name, seed) ^
                                                 (more.n ? lx_hash(more, (uint64_t[2]){1, 2}) : 0)};
    return 0;
}

static int add_deployment(struct lx_link *l, const struct lx_deployment *d)
{
    struct lx_slice provider = lx_slice_z(d->provider->id);
    const struct lx_budget *own = &d->budget, *all = d->provider_budget;
    int code = d->state ? add_line(l, &deployments, d->state, 0, d->id, provider) : 0;
    if (code == 0 && own->state && own->window_ms > 0)
        code = add_line(l, &budgets, own->state, own->window_ms, d->id, provider);
    if (code == 0 && all && all->state && all->window_ms > 0)
        code = add_line(l, &budgets, all->state, all->window_ms, LX_S(""), provider);
    return code;
}

int lx_link_use(struct lx_link *l, const struct lx_route_table *t)
{
    int code = 0;
    l->count = 0;
    l->policy = &t->settings.policy;
    for (size_t i = 0; i < l->policy->tag_budget_count && code == 0; i++) {
        const struct lx_named_budget *tag = &l->policy->tag_budgets[i];
        if (tag->budget.state)
            code = add_line(l, &budgets, tag->budget.state, tag->budget.window_ms, tag->name,
                            LX_S("tag"));
    }
    for (size_t i = 0; i < t->settings.cost.free_search_count && code == 0; i++) {
        const struct lx_search_allowance *free = &t->settings.cost.free_searches[i];
        if (free->state)
            code = add_line(l, &searches, free->state, free->window_ms, free->group,
                            lx_slice_z(free->provider->id));
    }
    for (size_t i = 0; i < t->count && code == 0; i++) {
        struct lx_model_group *g = t->groups[i];
        if (g->state)
            code = add_line(l, &groups, g->state, 0, g->name, LX_S(""));
        for (size_t k = 0; k < g->count && code == 0; k++)
            code = add_deployment(l, g->deployments[k]);
    }
    return code;
}

/* ---- The connection ---------------------------------------------------------------------------
 */

static bool copy(char **to, struct lx_slice *s, struct lx_slice from)
{
    *to = malloc(from.n + 1);
    if (!*to)
        return false;
    memcpy(*to, from.n ? from.p : "", from.n);
    (*to)[from.n] = '\0';
    *s = lx_slice(*to, from.n);
    return true;
}

/* A path of the settings; NULL stays NULL. */
static bool copy_path(char **to, const char **path, const char *from)
{
    struct lx_slice s;
    *path = NULL;
    if (!from)
        return true;
    bool ok = copy(to, &s, lx_slice_z(from));
    *path = *to;
    return ok;
}

static bool copy_settings(struct lx_link *l, const struct lx_config_redis *from)
{
    struct lx_config_redis *to = &l->settings;
    struct lx_slice prefix = from->name_space.n ? from->name_space : LX_S("llmux");
    *to = (struct lx_config_redis){.port = from->port,
                                   .db = from->db,
                                   .ssl = from->ssl,
                                   .no_verify = from->no_verify,
                                   .any_host = from->any_host};
    return copy(&l->texts[0], &to->host, from->host) && copy(&l->texts[1], &to->user, from->user) &&
           copy(&l->texts[2], &to->name_space, prefix) &&
           copy_path(&l->texts[3], &to->ca_file, from->ca_file) &&
           copy_path(&l->texts[4], &to->cert_file, from->cert_file) &&
           copy_path(&l->texts[5], &to->key_file, from->key_file) &&
           lx_secret_init(&to->password, lx_secret_bytes(&from->password)) == 0;
}

struct lx_link *lx_link_new(const struct lx_config_redis *settings, uint64_t node)
{
    struct lx_link *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    snprintf(l->node, sizeof(l->node), "%016llx", (unsigned long long)node);
    if (copy_settings(l, settings))
        return l;
    lx_link_free(l);
    return NULL;
}

static void hang_up(struct lx_link *l)
{
    lx_redis_close(l->redis);
    l->redis = NULL;
}

void lx_link_free(struct lx_link *l)
{
    if (!l)
        return;
    hang_up(l);
    lx_secret_clear(&l->settings.password);
    for (size_t i = 0; i < TEXTS; i++)
        free(l->texts[i]);
    free(l->lines);
    free(l);
}

static int broken(const struct lx_link *l, struct lx_error *err, const char *what)
{
    return lx_error_set(err, LX_EIO, "Redis at %.*s:%d: %s", LX_F(l->settings.host),
                        (int)l->settings.port, what);
}

static int load_script(struct lx_link *l, struct lx_error *err)
{
    const char *argv[3] = {"SCRIPT", "LOAD", script};
    const size_t lengths[3] = {6, 4, sizeof(script) - 1};
    redisReply *r = lx_redis_ask(l->redis, 3, argv, lengths, err);
    if (!r)
        return LX_EIO;
    bool ok = r->type == REDIS_REPLY_STRING && r->len == 40;
    if (ok)
        memcpy(l->sha, r->str, 41);
    freeReplyObject(r);
    return ok ? 0 : broken(l, err, "an answer that cannot be read");
}

static int dial(struct lx_link *l, struct lx_error *err)
{
    l->redis = lx_redis_open(&l->settings, err);
    return l->redis ? load_script(l, err) : err->code;
}

/* ---- A turn -----------------------------------------------------------------------------------
 */

struct words {
    struct lx_arena *arena;
    const char **v;
    size_t *n;
    int count;
};

static void add_word(struct words *w, struct lx_slice s)
{
    w->v[w->count] = s.n ? s.p : "";
    w->n[w->count++] = s.n;
}

static struct lx_slice key_of(const struct lx_link *l, const struct line *line, int64_t now_ms,
                              struct lx_arena *a)
{
    unsigned long long hash = line->hash;
    if (line->window_ms)
        return lx_arena_printf(a, "{%.*s}:%c:%016llx:%lld:%lld", LX_F(l->settings.name_space),
                               line->kind->letter, hash, (long long)line->window_ms,
                               (long long)lx_spend_window(line->window_ms, now_ms));
    return lx_arena_printf(a, "{%.*s}:%c:%016llx:%lld", LX_F(l->settings.name_space),
                           line->kind->letter, hash, (long long)(now_ms / MINUTE_MS));
}

static struct lx_slice numbers(struct line *line, int64_t now_ms, struct lx_arena *a)
{
    int64_t v[NUMBERS_MAX];
    char room[NUMBERS_MAX * 21];
    struct lx_buf b = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    size_t n = line->kind->tell(line, now_ms, v);
    for (size_t i = 0; i < n; i++)
        lx_buf_addf(&b, "%s%lld", i ? " " : "", (long long)v[i]);
    return lx_arena_copy(a, lx_buf_slice(&b));
}

static struct lx_slice letters(const struct kind *kind, struct lx_arena *a)
{
    char room[NUMBERS_MAX];
    struct lx_buf b = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    for (size_t i = 0; i < kind->sums; i++)
        lx_buf_add_byte(&b, 's');
    lx_buf_add(&b, lx_slice_z(kind->rest));
    return lx_arena_copy(a, lx_buf_slice(&b));
}

static void write_turn(struct lx_link *l, struct words *w, int64_t now_ms)
{
    struct lx_arena *a = w->arena;
    add_word(w, LX_S("EVALSHA"));
    add_word(w, lx_slice_z(l->sha));
    add_word(w, lx_arena_printf(a, "%zu", l->count));
    for (size_t i = 0; i < l->count; i++)
        add_word(w, key_of(l, &l->lines[i], now_ms, a));
    add_word(w, lx_slice_z(l->node));
    add_word(w, lx_arena_printf(a, "%d", FRESH_MS));
    for (size_t i = 0; i < l->count; i++) {
        struct line *line = &l->lines[i];
        int64_t window_ms = line->window_ms == LX_SPEND_MONTH ? MONTH_MS : line->window_ms;
        int64_t ttl = window_ms ? window_ms : MINUTE_TTL_MS;
        add_word(w, lx_arena_printf(a, "%lld", (long long)ttl));
        add_word(w, letters(line->kind, a));
        add_word(w, numbers(line, now_ms, a));
    }
}

/* As many numbers as the kind has; those that are no numbers are 0. */
static void take_line(struct lx_link *l, struct line *line, struct lx_slice text, int64_t now_ms)
{
    int64_t v[NUMBERS_MAX] = {0};
    struct lx_slice word;
    size_t n = line->kind->sums + strlen(line->kind->rest);
    for (size_t i = 0; i < n && text.n; i++) {
        lx_slice_cut(text, ' ', &word, &text);
        if (lx_slice_int(word, &v[i]) != 0 || v[i] < 0)
            v[i] = 0;
    }
    line->kind->take(line, v, l->policy, now_ms);
}

static int exchange(struct lx_link *l, int64_t now_ms, struct lx_arena *a, struct lx_error *err)
{
    size_t most = 5 + 4 * l->count;
    struct words w = {.arena = a,
                      .v = lx_arena_alloc(a, most * sizeof(*w.v)),
                      .n = lx_arena_alloc(a, most * sizeof(*w.n))};
    if (w.v && w.n)
        write_turn(l, &w, now_ms);
    if (a->failed)
        return lx_error_set(err, LX_ENOMEM, "out of memory");
    redisReply *r = lx_redis_ask(l->redis, w.count, w.v, w.n, err);
    if (!r)
        return LX_EIO;
    bool ok = r->type == REDIS_REPLY_ARRAY && r->elements == l->count;
    for (size_t i = 0; ok && i < l->count; i++)
        if (r->element[i]->type == REDIS_REPLY_STRING)
            take_line(l, &l->lines[i], lx_slice(r->element[i]->str, (size_t)r->element[i]->len),
                      now_ms);
    freeReplyObject(r);
    return ok ? 0 : broken(l, err, "an answer that cannot be read");
}

static void forget_others(struct lx_link *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->lines[i].kind == &deployments) {
            struct lx_deployment_state *s = l->lines[i].record;
            atomic_store_explicit(&s->in_flight_others, 0, memory_order_relaxed);
        }
}

static int try_turn(struct lx_link *l, int64_t now_ms, struct lx_error *err)
{
    struct lx_arena arena;
    int code = l->redis ? 0 : dial(l, err);
    lx_arena_init(&arena, SCRATCH_MAX);
    if (code == 0 && l->count)
        code = exchange(l, now_ms, &arena, err);
    lx_arena_clear(&arena);
    if (code != 0)
        hang_up(l); /* the script is loaded anew with the next connection */
    return code;
}

int lx_link_turn(struct lx_link *l, int64_t now_ms, struct lx_error *err)
{
    bool old = l->redis != NULL;
    int code = try_turn(l, now_ms, err);
    if (code != 0 && old) /* the server may have been started anew */
        code = try_turn(l, now_ms, err);
    if (code != 0)
        forget_others(l);
    return code;
}
