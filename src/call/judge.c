/*
 * judge.c - what became of an attempt, and what follows: another deployment, a wait, or the end.
 *
 * Called by call.c. It asks route/ (which deployment, whether a retry is worth it and within its
 * budget) and tells it how every attempt ended, be it that the client went away.
 */
#include "base/random.h"
#include "call/inner.h"
#include "call/words.h"

#define NANO_USD_UNITS 1000000000000000 /* of struct lx_money */

enum {
    MAX_RETRIES = 32, /* whatever a client asks for */
};

void lx_call_drop_relay(struct lx_call *c)
{
    if (c->relaying)
        lx_relay_clear(&c->relay);
    c->relaying = false;
}

void lx_call_clear_attempt(struct lx_call *c)
{
    c->as_is = lx_slice(NULL, 0);
    if (c->resume.active) {
        c->pending = c->out.n > 0;
        return;
    }
    lx_call_drop_relay(c);
    lx_buf_reset(&c->out);
    c->pending = false;
}

/* Of the attempt under way: what those before it have used has been accounted for. */
void lx_call_end_attempt(struct lx_call *c, enum lx_outcome_kind kind, const struct lx_fault *fault)
{
    static const struct lx_resume_past none;
    const struct lx_resume_past *past = c->resume.past ? c->resume.past : &none;
    const struct lx_usage *u = &c->report.usage;
    bool counts = c->in.front->operation == LX_OPERATION_COUNT, known = u->known && !counts;
    int64_t completion = u->completion_tokens - past->usage.completion_tokens;
    struct lx_money cost = lx_money_sub(c->report.cost.total, past->cost.total);
    const struct lx_route_outcome o = {
        .kind = kind,
        .aside = counts,
        .fault = fault,
        .now_ms = c->now_ms,
        .stream = c->report.stream,
        .tokens = known ? u->prompt_tokens - past->usage.prompt_tokens + completion : 0,
        .completion_tokens = known ? completion : 0,
        .cached_tokens = known ? u->cached_tokens - past->usage.cached_tokens : 0,
        .cost_nano_usd = known && c->report.is_priced ? (int64_t)(cost.units / NANO_USD_UNITS) : 0,
    };
    lx_route_end(&c->ticket, &o);
}

void lx_call_take_usage(struct lx_call *c)
{
    if (c->resume.idle) { /* nobody has gone on */
        c->report.usage = c->resume.past->usage;
        c->report.cost = c->resume.past->cost;
        c->report.is_priced = c->resume.past->is_priced;
        return;
    }
    if (lx_call_is_bare(c)) { /* was paid for when it was made */
        c->report.is_priced = true;
        return;
    }
    c->report.usage = lx_relay_usage(&c->relay, c->report.cut_short);
    c->report.finish = c->relay.glance.finish;
    c->report.is_priced = c->in.front->operation == LX_OPERATION_COUNT || /* which is free */
                          lx_bill_usage(&c->biller, &c->report.usage, &c->report.cost);
    if (c->resume.active)
        lx_resume_add_bill(c);
}

void lx_call_finish(struct lx_call *c)
{
    lx_call_follow_end(c, true);
    if (c->relaying)
        lx_call_take_usage(c);
    lx_call_end_attempt(c, LX_OUTCOME_SUCCESS, NULL); /* one that failed has ended before */
    c->pending = true;
    c->state = LAST;
}

static struct lx_slice message_of(struct lx_call *c, const struct lx_fault *f)
{
    return lx_words_of_fault(c->report.deployment->provider, f, lx_call_arena(c));
}

void lx_call_report_fault(struct lx_call *c, const struct lx_fault *f)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_fault own = lx_fault_copy(f, a); /* what it borrows from goes with the attempt */
    c->report.fault = a->failed ? *f : own;
    if (c->report.deployment) {
        c->report.fault.provider = lx_slice_z(c->report.deployment->provider->id);
        c->report.fault.model = c->report.upstream_model;
    }
}

/* Nothing more can be tried: the client learns of it, in a reply of its own or within its stream.
 */
static void give_up(struct lx_call *c)
{
    const struct lx_fault *f = &c->report.fault;
    if (c->head_sent) {
        if (c->out.failed)
            lx_buf_reset(&c->out);
        c->report.cut_short = true;
        lx_relay_write_fault(&c->relay, f, &c->out);
        lx_call_finish(c);
        return;
    }
    lx_call_drop_relay(c);
    lx_buf_clear(&c->out);
    c->as_is = lx_slice(NULL, 0);
    c->report.status = lx_fault_status(f);
    c->in.front->front->write_error(f, &c->out);
    if (c->out.failed) /* the last thing that needs no memory */
        c->as_is = LX_S("{\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\","
                        "\"param\":null,\"code\":\"500\"}}");
    lx_call_finish(c);
}

void lx_call_note(struct lx_call *c, const struct lx_deployment *d, const struct lx_fault *f)
{
    struct lx_call_try *t = lx_arena_new(lx_call_arena(c), struct lx_call_try);
    if (!t)
        return;
    *t = (struct lx_call_try){
        .deployment = d,
        .group = c->report.group,
        .upstream_model = d ? c->report.upstream_model : lx_slice(NULL, 0),
        .fault = f->kind,
        .status = lx_fault_status(f),
        .ms = c->now_ms - c->begun_ms,
        .cooling_ms = d && d->state ? lx_cooldown_left_ms(d->state, c->now_ms) : 0,
    };
    struct lx_call_try **at = &c->report.tried;
    while (*at)
        at = &(*at)->next;
    *at = t;
}

/* Within this group nothing more can be tried. */
static void leave_group(struct lx_call *c)
{
    if (!lx_call_fall_back(c))
        give_up(c);
}

/* A fault of ours or of the client's: another attempt would find the same. */
void lx_call_refuse(struct lx_call *c, const struct lx_fault *f)
{
    lx_call_follow_end(c, false);
    lx_call_end_attempt(c, LX_OUTCOME_GONE, NULL);
    lx_call_report_fault(c, f);
    if (c->asked)
        lx_call_note(c, c->deployment, f);
    leave_group(c);
}

/* Whoever gave the first vectors gives them all: others may be of another model. */
bool lx_call_is_bound(const struct lx_call *c)
{
    return c->gather && c->gather->vectors.count > 0;
}

static int64_t max_retries(const struct lx_call *c)
{
    const struct lx_deployment *d = c->report.deployment;
    int64_t n = c->wishes.max_retries >= 0 ? c->wishes.max_retries : c->in.max_retries;
    if (n < 0)
        n = d && d->max_retries >= 0 ? d->max_retries : c->settings->num_retries;
    return n < MAX_RETRIES ? n : MAX_RETRIES;
}

/* The request's own retry_policy: {"TimeoutErrorRetries": 3}. NULL: it has none. */
static const struct lx_failure_policy *own_policy(const struct lx_call *c,
                                                  struct lx_failure_policy *out)
{
    struct lx_json own =
        c->memory ? c->memory->members.v[LX_MEMBER_RETRY_POLICY] : (struct lx_json){NULL, 0};
    char room[64];
    int64_t n;
    if (!lx_json_is(own, LX_JSON_OBJECT))
        return NULL;
    lx_failure_policy_init(out);
    for (size_t i = 0; i < LX_FAILURE_COUNT; i++) {
        struct lx_buf name = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
        lx_buf_addf(&name, "%sRetries", lx_failure_name((enum lx_failure)i));
        if (lx_json_int(lx_json_get(own, lx_buf_slice(&name)), &n) == 0 && n >= 0)
            out->of[i] = n < MAX_RETRIES ? n : MAX_RETRIES;
    }
    return out;
}

static struct lx_retry_verdict decide(struct lx_call *c, const struct lx_fault *f, bool another)
{
    struct lx_failure_policy own;
    const struct lx_retry_question q = {
        .settings = c->settings,
        .group = c->group,
        .of_request = own_policy(c, &own),
        .of_deployment = c->deployment ? c->deployment->retry_policy : NULL,
        .max_retries = max_retries(c),
        .attempts = ++c->failures,
        .fault = f,
        .another_untried = another,
        .random = lx_random_next(&c->random),
    };
    return lx_retry_decide(&q);
}

void lx_call_sleep(struct lx_call *c, int64_t ms, enum lx_call_state then)
{
    c->wake_ms = c->now_ms + ms;
    c->awake = then;
    c->state = ms > 0 ? SLEEP : then;
}

static void wait_for(struct lx_call *c, int64_t ms)
{
    lx_call_clear_attempt(c);
    lx_call_sleep(c, ms, ATTEMPT);
}

/* Whose question is wrong is told so; whatever else keeps a provider from counting (a key that may
 * only chat, an address that it does not have) does not keep us. */
static bool is_of_request(const struct lx_fault *f)
{
    return f->kind == LX_FAULT_BAD_REQUEST || f->kind == LX_FAULT_UNSUPPORTED_PARAMS ||
           f->kind == LX_FAULT_CONTEXT_WINDOW || f->kind == LX_FAULT_CONTENT_POLICY ||
           f->kind == LX_FAULT_TOO_LARGE || f->kind == LX_FAULT_UNPROCESSABLE;
}

/* What became of an attempt, when it was nothing good: another one, now or later, or the end.
 * kind: what it says about the deployment. */
void lx_call_judge(struct lx_call *c, const struct lx_fault *f, enum lx_outcome_kind kind)
{
    bool followed = c->memory && c->memory->polls; /* the answer is made already, or is paid for */
    bool going_on = c->head_sent && lx_resume_break(c, f);
    lx_call_follow_end(c, false);
    lx_call_end_attempt(c, kind, f);
    if (going_on)
        lx_resume_keep_bill(c);
    lx_call_report_fault(c, f);
    lx_call_note(c, c->deployment, f);
    if (!c->head_sent || going_on) {
        c->memory->facts.now_ms = c->now_ms;
        bool healthy = false;
        bool another = !lx_call_is_bound(c) && lx_route_has_untried(&c->memory->facts, &healthy);
        struct lx_retry_verdict v = decide(c, f, another);
        /* Whoever is limited is not waited for while there is somebody else. */
        bool elsewhere = !another && f->kind == LX_FAULT_RATE_LIMIT && lx_call_may_fall_back(c, f);
        if (v.retry && !elsewhere && (another || !going_on) && (another || !followed) &&
            lx_retry_take(&c->settings->policy, c->group, healthy, c->now_ms)) {
            wait_for(c, v.after_ms);
            return;
        }
    }
    if (is_of_request(f) || !lx_call_count_instead(c))
        leave_group(c);
}

void lx_call_judge_provider(struct lx_call *c, const struct lx_fault *f)
{
    struct lx_fault copy = *f;
    copy.message = message_of(c, f);
    lx_call_judge(c, &copy, LX_OUTCOME_FAILURE);
}

static int64_t first_given(int64_t a, int64_t b, int64_t c)
{
    return a > 0 ? a : b > 0 ? b : c;
}

static int64_t own_total_ms(const struct lx_call *c)
{
    return first_given(c->wishes.timeout_ms, c->in.timeout_ms, 0);
}

static int64_t own_first_ms(const struct lx_call *c)
{
    return first_given(c->wishes.stream_timeout_ms, c->in.stream_timeout_ms, 0);
}

/* A deployment's own deadline for the service_tier that the client names; 0: it has none. */
static int64_t tier_ms(const struct lx_call *c, struct lx_slice timeouts)
{
    struct lx_json_doc doc;
    int64_t ms = 0;
    if (!timeouts.n || !c->memory)
        return 0;
    struct lx_json tier = c->memory->members.v[LX_MEMBER_SERVICE_TIER];
    lx_json_doc_init(&doc);
    if (lx_json_read(&doc, timeouts, NULL, NULL) == 0)
        ms = lx_members_ms(lx_json_get(lx_json_root(&doc), lx_json_text(tier).s));
    lx_json_doc_clear(&doc);
    return ms;
}

static int64_t our_total_ms(const struct lx_call *c)
{
    const struct lx_deployment *d = c->report.deployment;
    return first_given(tier_ms(c, d->tier_timeouts), d->timeout_ms,
                       c->settings->request_timeout_ms);
}

static int64_t our_first_ms(const struct lx_call *c)
{
    const struct lx_deployment *d = c->report.deployment;
    return first_given(tier_ms(c, d->tier_stream_timeouts), d->stream_timeout_ms,
                       c->settings->stream_timeout_ms);
}

int64_t lx_call_total_ms(const struct lx_call *c)
{
    return first_given(own_total_ms(c), our_total_ms(c), 0);
}

int64_t lx_call_first_byte_ms(const struct lx_call *c)
{
    return first_given(own_first_ms(c), our_first_ms(c), lx_call_total_ms(c));
}

static int64_t our_between_ms(const struct lx_call *c)
{
    return first_given(c->report.deployment->between_bytes_ms, c->settings->between_bytes_ms, 0);
}

int64_t lx_call_between_bytes_ms(const struct lx_call *c)
{
    return first_given(c->wishes.between_bytes_ms, c->in.between_bytes_ms, our_between_ms(c));
}

/* A deadline that the client set shorter than ours says nothing about the deployment. */
static bool is_impatience(const struct lx_call *c, int code)
{
    int64_t ours = our_total_ms(c);
    if (code == LX_ETIMEOUT_TOTAL)
        return lx_call_total_ms(c) < ours;
    if (code == LX_ETIMEOUT_FIRST_BYTE)
        return lx_call_first_byte_ms(c) < first_given(our_first_ms(c), ours, 0);
    if (code == LX_ETIMEOUT_IDLE)
        return lx_call_between_bytes_ms(c) < our_between_ms(c);
    return false;
}

/* A fault that we found. What another attempt would meet again ends the call. */
void lx_call_judge_error(struct lx_call *c, int code, const struct lx_error *err)
{
    struct lx_fault f = lx_fault_of_error(code, err, lx_call_arena(c));
    f.message = message_of(c, &f);
    if (lx_code_retryable(code) || code == LX_ETIMEOUT_TOTAL || code == LX_ETLS)
        lx_call_judge(c, &f, is_impatience(c, code) ? LX_OUTCOME_GONE : LX_OUTCOME_FAILURE);
    else
        lx_call_refuse(c, &f);
}

/* There is none to ask now: in words, with the time when there will be. */
static struct lx_fault nobody(struct lx_call *c, const struct lx_route_verdict *v)
{
    enum { MAX_REASONS = 2048 };
    char *room = lx_arena_bytes(lx_call_arena(c), MAX_REASONS);
    struct lx_buf reasons = {.p = room, .cap = room ? MAX_REASONS : 0, .max = MAX_REASONS};
    int64_t ms = v->kind == LX_ROUTE_WAIT && v->until_ms ? v->until_ms - c->now_ms : -1;
    struct lx_slice when = lx_slice(NULL, 0);
    if (room)
        lx_route_explain(&c->memory->facts, &reasons);
    if (ms >= 0)
        when = lx_arena_printf(lx_call_arena(c), " Try again in %lld seconds.",
                               (long long)((ms + 999) / 1000));
    struct lx_slice what = v->untagged
                               ? LX_S("Not allowed to access model due to tags configuration.")
                               : LX_S("No deployments available for selected model.");
    struct lx_slice text = lx_arena_printf(
        lx_call_arena(c), "%.*s%.*s Passed model=%.*s. %.*s", LX_F(what), LX_F(when),
        LX_F(lx_slice_to(c->report.model, 200)), LX_F(lx_buf_slice(&reasons)));
    return (struct lx_fault){
        .kind = v->why,
        .message = text.p ? text : what,
        .retry_after_ms = ms,
    };
}

/* Who has none comes last. */
static int64_t priority_of(const struct lx_call *c)
{
    int64_t n = c->wishes.priority >= 0 ? c->wishes.priority : c->settings->policy.default_priority;
    return n >= 0 ? n : INT64_MAX;
}

/* What has a priority waits for everything, other requests only for the end of another. */
static bool is_worth_waiting(const struct lx_call *c, const struct lx_route_verdict *v,
                             int64_t until_ms)
{
    return v->kind == LX_ROUTE_WAIT &&
           (v->ends || (priority_of(c) < INT64_MAX && v->until_ms && v->until_ms < until_ms));
}

/* Takes a place in the line, or keeps it, until the deadline. False: not (any more). */
static bool wait_in_line(struct lx_call *c, const struct lx_route_verdict *v)
{
    const struct lx_route_policy *p = &c->settings->policy;
    struct lx_line *line = lx_call_pool_line(c->pool);
    struct lx_line_place *place = &c->memory->place;
    int64_t own = first_given(own_total_ms(c), 0, 0);
    int64_t until_ms = place->waiting ? place->until_ms
                                      : c->now_ms + (own && own < p->queue_ms ? own : p->queue_ms);
    uint64_t key = lx_line_key(&c->memory->facts);
    if (!is_worth_waiting(c, v, until_ms) || c->now_ms >= until_ms ||
        (!place->waiting &&
         !lx_line_join(line, place, key, priority_of(c), until_ms, p->queue_max))) {
        lx_line_leave(line, place);
        return false;
    }
    int64_t ms = lx_line_wait_ms(lx_line_ahead(line, place, key, place->priority));
    wait_for(c, ms < until_ms - c->now_ms ? ms : until_ms - c->now_ms);
    return true;
}

/* Others wait for the same already. */
static bool is_behind(const struct lx_call *c)
{
    const struct lx_line *line = lx_call_pool_line(c->pool);
    return line->first && lx_line_ahead(line, &c->memory->place, lx_line_key(&c->memory->facts),
                                        priority_of(c)) > 0;
}

static void find_nobody(struct lx_call *c, const struct lx_route_verdict *v)
{
    bool waited = c->memory->place.waiting;
    if (waited && wait_in_line(c, v))
        return;
    struct lx_fault f = nobody(c, v);
    c->begun_ms = c->now_ms;
    if (lx_call_may_fall_back(c, &f)) {
        if (!c->asked) {
            lx_call_report_fault(c, &f);
            lx_call_note(c, NULL, &f);
        }
        leave_group(c);
        return;
    }
    if (!waited && wait_in_line(c, v))
        return;
    if (v->ends && f.retry_after_ms < 0)
        f.retry_after_ms = 1000;
    if (c->asked) {
        c->report.fault.retry_after_ms = f.retry_after_ms; /* what a provider said tells more */
    } else {
        lx_call_report_fault(c, &f);
        lx_call_note(c, NULL, &f);
    }
    if (v->kind == LX_ROUTE_WAIT && !waited) {
        struct lx_retry_verdict again = decide(c, &f, false);
        if (again.retry) {
            wait_for(c, again.after_ms + 1);
            return;
        }
    }
    leave_group(c);
}

static void count_attempt(struct lx_call *c)
{
    c->begun_ms = c->now_ms;
    c->report.attempts++;
    c->report.retries = c->asked++;
}

/* Whoever has begun goes on; a place of its own is asked for where the last has been given back. */
static const struct lx_deployment *go_on(struct lx_call *c)
{
    struct lx_deployment *d = c->deployment;
    const struct lx_route_verdict v = {.kind = LX_ROUTE_USE, .deployment = d};
    if (!c->ticket.deployment && !lx_route_begin(&c->memory->facts, &v, &c->ticket))
        c->ticket = (struct lx_route_ticket){.deployment = NULL};
    if (!c->goes_on)
        count_attempt(c);
    c->goes_on = false;
    return d;
}

/* Who stands in the line only looks, so that decisions that are none are not written down. */
static struct lx_route_verdict look(struct lx_call *c)
{
    static const struct lx_route_verdict behind = {
        .kind = LX_ROUTE_WAIT, .ends = true, .why = LX_FAULT_RATE_LIMIT};
    struct lx_route_verdict v = behind;
    if (is_behind(c))
        return v;
    if (c->memory->place.waiting && (v = lx_route_choose(&c->memory->facts)).kind != LX_ROUTE_USE)
        return v;
    return lx_route_take(&c->memory->facts, &c->ticket);
}

const struct lx_deployment *lx_call_pick(struct lx_call *c)
{
    c->memory->facts.now_ms = c->now_ms;
    if (lx_call_is_bound(c))
        return go_on(c);
    c->memory->facts.random = lx_random_next(&c->random);
    c->memory->facts.last_attempt = c->failures >= max_retries(c);
    struct lx_route_verdict v = look(c);
    if (v.kind != LX_ROUTE_USE) {
        find_nobody(c, &v);
        return NULL;
    }
    lx_line_leave(lx_call_pool_line(c->pool), &c->memory->place);
    if (v.index < 64)
        c->memory->facts.tried |= (uint64_t)1 << v.index;
    c->goes_on = false;
    count_attempt(c);
    c->report.chosen_by = v.by;
    c->report.deployment = c->deployment = v.deployment;
    return v.deployment;
}
