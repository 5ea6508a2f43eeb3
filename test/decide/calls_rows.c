/*
 * calls_rows.c - rows of calls.txt: whole calls against providers that answer as the row says, in
 * virtual time: who waits for whom, and who is asked when somebody fails.
 *
 * All calls are of one thread: they share a pool, and so its line. Every sleep of theirs is an
 * event of the clock, as is every answer.
 */
#include "decide.h"

#include "call/call.h"

#define START_MS INT64_C(1699999990000)

enum { MAX_CALLS = 16, MAX_TURNS = 1000000, TOOK_MS = 100 };

struct one {
    struct lx_slice name, body;
    struct lx_call *call;
    int64_t at_ms;   /* of what happens next */
    int64_t took_ms; /* an answer takes */
    bool begun, waits_for_answer, done;
    int status;
    struct lx_buf asked; /* deployments, ">" between */
};

struct scene {
    struct lx_arena arena;
    struct lx_route_table table;
    struct lx_route_state *state;
    struct lx_call_pool *pool;
    struct one calls[MAX_CALLS];
    size_t count;
    int64_t now_ms;
    struct lx_buf ended;
};

/* ---- The row ----------------------------------------------------------------------------------
 */

static struct lx_slice after(struct lx_slice w, const char *name)
{
    struct lx_slice z = lx_slice_z(name);
    return lx_slice_starts(w, z) ? lx_slice_from(w, z.n) : lx_slice(NULL, 0);
}

static void set(struct scene *s, struct lx_slice w)
{
    struct lx_route_settings *to = &s->table.settings;
    const struct {
        const char *name;
        int64_t *number;
    } numbers[] = {{"retries=", &to->num_retries},
                   {"queue_ms=", &to->policy.queue_ms},
                   {"depth=", &to->policy.max_fallbacks},
                   {"default_priority=", &to->policy.default_priority}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (after(w, numbers[i].name).n)
            *numbers[i].number = number(after(w, numbers[i].name), -1);
    to->policy.pre_call_checks |= lx_slice_eq(w, LX_S("checks"));
    if (after(w, "queue_max=").n)
        to->policy.queue_max = (size_t)number(after(w, "queue_max="), 0);
    if (after(w, "fallbacks=").n)
        to->policy.fallbacks[LX_FALLBACK_GENERAL] = after(w, "fallbacks=");
    if (after(w, "context=").n)
        to->policy.fallbacks[LX_FALLBACK_CONTEXT_WINDOW] = after(w, "context=");
    if (after(w, "policy=").n)
        to->policy.fallbacks[LX_FALLBACK_CONTENT_POLICY] = after(w, "policy=");
}

/* "group/id:500": that it answers; 200 where nothing is said. "long" and "flagged": what it says of
 * the prompt. */
static void add(struct scene *s, struct lx_slice spec)
{
    struct lx_deployment *d = lx_arena_new(&s->arena, struct lx_deployment);
    struct lx_slice names = word(&spec, ':');
    d->group = word(&names, '/');
    d->id = names.n ? names : d->group;
    d->provider = lx_provider_find(LX_S("openai"));
    d->base_url = LX_S("http://local/v1");
    d->model = LX_S("200");
    d->max_retries = d->cooldown_ms = d->allowed_fails = -1;
    assert_int_equal(lx_secret_init(&d->key, LX_S("k")), 0);
    while (spec.n) {
        struct lx_slice w = word(&spec, ',');
        if (after(w, "order").n)
            d->order = number(after(w, "order"), 0);
        else if (after(w, "parallel").n)
            d->max_parallel = number(after(w, "parallel"), 0);
        else if (after(w, "rpm").n)
            d->rpm = number(after(w, "rpm"), 0);
        else
            d->model = w;
    }
    assert_int_equal(lx_route_table_add(&s->table, d), 0);
}

/* "x@5:group,took=100,priority=1,fallbacks=[...]": asked 5 ms after the start. */
static void request(struct scene *s, struct lx_slice spec)
{
    struct one *o = &s->calls[s->count++];
    struct lx_slice head = word(&spec, ':'), group = word(&spec, ','), more = {NULL, 0};
    assert_true(s->count <= MAX_CALLS);
    *o = (struct one){.name = word(&head, '@'), .took_ms = TOOK_MS};
    o->at_ms = START_MS + number(head, 0);
    if (after(spec, "took=").n) {
        struct lx_slice took = word(&spec, ',');
        o->took_ms = number(after(took, "took="), 0);
    }
    if (spec.n)
        more = lx_arena_printf(&s->arena, ",%.*s", LX_F(spec));
    o->body = lx_arena_printf(&s->arena, "{\"model\":\"%.*s\",\"messages\":[]%.*s}", LX_F(group),
                              LX_F(more));
    lx_buf_init(&o->asked, 1024);
}

static void build(struct scene *s, const struct row *row)
{
    static const uint64_t seed[2] = {3, 4};
    struct lx_slice settings = row->in[0], groups = row->in[1], requests = row->in[2];
    lx_arena_init(&s->arena, 1 << 22);
    lx_buf_init(&s->ended, 4096);
    lx_route_table_init(&s->table, &s->arena, seed);
    s->table.settings.num_retries = 0;
    while (settings.n)
        set(s, word(&settings, ' '));
    while (groups.n)
        add(s, word(&groups, ' '));
    while (requests.n)
        request(s, word(&requests, ' '));
    s->state = lx_route_state_new();
    assert_int_equal(lx_route_state_bind(s->state, &s->table), 0);
    s->pool = lx_call_pool_new(&s->table.settings);
    assert_non_null(s->pool);
}

/* ---- Time ---------------------------------------------------------------------------------------
 */

static void begin(struct scene *s, struct one *o)
{
    const struct lx_call_input in = {.routes = &s->table,
                                     .front = &lx_dialect_openai_chat,
                                     .pool = s->pool,
                                     .body = o->body,
                                     .call_id = LX_S("c"),
                                     .now_ms = s->now_ms,
                                     .random = (uint64_t)(o - s->calls),
                                     .max_retries = -1};
    o->begun = true;
    o->call = lx_call_new(&in);
    assert_non_null(o->call);
}

/* What the deployment that was asked says, which its model's name tells. */
static void answer(struct one *o)
{
    static const char *const errors[] = {
        "{\"error\":{\"message\":\"This model's maximum context length is 8 tokens.\",\"code\":"
        "\"context_length_exceeded\"}}",
        "{\"error\":{\"message\":\"rejected by our safety system\",\"code\":"
        "\"content_policy_violation\"}}",
        "{\"error\":{\"message\":\"no\"}}"};
    struct lx_slice how = lx_call_report(o->call)->upstream_model;
    bool is_long = lx_slice_eq(how, LX_S("long")), flagged = lx_slice_eq(how, LX_S("flagged"));
    int status = is_long || flagged ? 400 : (int)number(how, 0);
    struct lx_headers none = {NULL, 0};
    const char *text = status == 200 ? "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}"
                                     : errors[is_long   ? 0
                                              : flagged ? 1
                                                        : 2];
    lx_call_feed_head(o->call, status, &none);
    lx_call_feed_body(o->call, lx_slice_z(text));
    lx_call_feed_end(o->call);
}

static void end(struct scene *s, struct one *o)
{
    o->done = true;
    lx_buf_addf(&s->ended, "%s%.*s %.*s %d @%lld", s->ended.n ? "; " : "", LX_F(o->name),
                o->asked.n ? (int)o->asked.n : 1, o->asked.n ? o->asked.p : "-", o->status,
                (long long)(s->now_ms - START_MS));
    lx_call_free(o->call);
    o->call = NULL;
}

static void step_on(struct scene *s, struct one *o)
{
    struct lx_step step;
    for (int i = 0; i < MAX_TURNS; i++) {
        lx_call_next(o->call, &step);
        switch (step.kind) {
        case LX_STEP_SEND:
            lx_buf_addf(&o->asked, "%s%.*s", o->asked.n ? ">" : "",
                        LX_F(lx_call_report(o->call)->deployment->id));
            o->waits_for_answer = true;
            o->at_ms = s->now_ms + o->took_ms;
            return;
        case LX_STEP_SLEEP:
            o->at_ms = s->now_ms + (step.sleep_ms > 0 ? step.sleep_ms : 1);
            return;
        case LX_STEP_EMIT:
            if (step.emit.head)
                o->status = step.emit.status;
            break;
        case LX_STEP_DONE:
            end(s, o);
            return;
        default:
            fail_msg("a call of this table asks for step %d", (int)step.kind);
        }
    }
    fail_msg("a call does not come to an end");
}

static void turn(struct scene *s, struct one *o)
{
    s->now_ms = o->at_ms;
    if (!o->begun)
        begin(s, o);
    lx_call_set_now(o->call, s->now_ms);
    if (o->waits_for_answer) {
        o->waits_for_answer = false;
        answer(o);
    } else {
        lx_call_feed_wake(o->call); /* harmless to one that has not slept */
    }
    step_on(s, o);
}

static struct one *next_of(struct scene *s)
{
    struct one *next = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (!s->calls[i].done && (!next || s->calls[i].at_ms < next->at_ms))
            next = &s->calls[i];
    return next;
}

void make_calls(const struct row *row)
{
    struct scene s = {.now_ms = START_MS};
    struct one *next;
    build(&s, row);
    for (int i = 0; i < MAX_TURNS && (next = next_of(&s)); i++)
        turn(&s, next);
    CHECK(row, lx_slice_eq(lx_buf_slice(&s.ended), row->verdict), "%.*s",
          LX_F(lx_buf_slice(&s.ended)));
    for (size_t i = 0; i < s.count; i++)
        lx_buf_clear(&s.calls[i].asked);
    for (size_t i = 0; i < s.table.count; i++)
        for (size_t k = 0; k < s.table.groups[i]->count; k++) {
            const struct lx_deployment *d = s.table.groups[i]->deployments[k];
            assert_int_equal(d->state->in_flight, 0);
            lx_secret_clear(&s.table.groups[i]->deployments[k]->key);
        }
    lx_call_pool_free(s.pool);
    lx_route_state_unbind(&s.table);
    lx_route_state_unref(s.state);
    lx_buf_clear(&s.ended);
    lx_arena_clear(&s.arena);
}
