/*
 * call.c - the step machine of one request (see the picture in call.h).
 *
 * The server and the library drive it: they own sockets, clock and timers, and do what a step says.
 * It owns the order of things: which deployment is tried, what is sent, how a reply is judged, when
 * another attempt is made, and that a client gets one well-formed answer whatever happens. What a
 * body means is the dialects' business, relay.c's how it passes.
 *
 *   START -> ATTEMPT -> SEND -> HEAD -+-> BODY  (2xx: the relay) -----> LAST -> DONE
 *             ^  | ^                  +-> ERROR (else: read, judged) -> LAST (or another attempt)
 *             |  | |                                 |
 *             +--|-|- SLEEPING <- SLEEP <------------+
 *                v |
 *               KEY ---> KEY_ASK -> KEY_WAIT -> KEY   (a credential: fetch.h)
 *
 * Here is what the host is told; what it tells is feed.c's.
 *
 * What is written may go by way of MEDIA (media.c), and is written again; and by way of PROMPT to
 * SEND (prompt_cache.c).
 */
#include "base/random.h"
#include "call/count.h"
#include "call/head.h"
#include "call/inner.h"
#include "call/words.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_IDLE_OUT_BYTES = 2048 }; /* an output buffer that an open stream keeps */

/* ---- Life ---------------------------------------------------------------------------------- */

struct lx_call *lx_call_new(const struct lx_call_input *in)
{
    const struct lx_route_settings *settings = &in->routes->settings;
    struct lx_call_pool *own = in->pool ? NULL : lx_call_pool_new(settings);
    struct lx_call_pool *pool = in->pool ? in->pool : own;
    struct lx_call *c = pool ? lx_call_block_take(pool, sizeof(*c)) : NULL;
    struct lx_call_memory *memory = c ? lx_call_memory_take(pool) : NULL;
    if (!memory) {
        if (c)
            lx_call_block_give(pool, c);
        lx_call_pool_free(own);
        return NULL;
    }
    *c = (struct lx_call){
        .in = *in,
        .settings = settings,
        .pool = pool,
        .own_pool = own,
        .memory = memory,
        .random = in->random,
        .now_ms = in->now_ms,
        .fetch = {.keys = in->keys},
        .report = {.fault = {.retry_after_ms = -1}},
    };
    memory->facts = (struct lx_route_request){.now_ms = in->now_ms, .trail = in->trail};
    lx_buf_init(&c->out, SIZE_MAX / 4);
    lx_arena_init(&c->late, settings->max_arena_bytes);
    return c;
}

void lx_call_free(struct lx_call *c)
{
    if (!c)
        return;
    lx_call_end_attempt(c, LX_OUTCOME_GONE, NULL);
    lx_call_prompt_drop(c);
    struct lx_call_pool *own = c->own_pool;
    lx_call_release_body(c);
    lx_call_drop_relay(c);
    lx_fetch_clear(&c->fetch);
    lx_call_media_free(c);
    lx_buf_clear(&c->out);
    lx_arena_clear(&c->late);
    lx_call_follow_drop(c);
    lx_call_inquiry_free(c);
    lx_gather_free(c->gather);
    free(c->names);
    lx_call_memory_give(c->pool, c->memory);
    lx_call_block_give(c->pool, c);
    lx_call_pool_free(own);
}

void lx_call_set_now(struct lx_call *c, int64_t now_ms)
{
    c->now_ms = now_ms;
    if (lx_call_inquiry(c))
        lx_call_set_now(lx_call_inquiry(c), now_ms);
}

const struct lx_call_report *lx_call_report(const struct lx_call *c)
{
    return &c->report;
}

/* A stream has begun: there will be no other attempt, so everything about this one goes, but for
 * two names that the report has. Losses and failures are few; where there are some their memory
 * stays. */
static void shrink(struct lx_call *c)
{
    struct lx_slice *model = &c->report.model, *upstream = &c->report.upstream_model;
    lx_call_media_free(c);
    if (!c->memory || c->attempt.losses.count || c->report.tried || c->resume.active ||
        c->owns_body)
        return;
    c->names = malloc(model->n + upstream->n + 1);
    if (!c->names)
        return;
    memcpy(c->names, model->p ? model->p : "", model->n);
    memcpy(c->names + model->n, upstream->p ? upstream->p : "", upstream->n);
    *model = lx_slice(c->names, model->n);
    if (!c->report.router)        /* whose choice the configuration names */
        c->report.group = *model; /* nothing has failed */
    c->report.routed_why = lx_slice(NULL, 0);
    *upstream = lx_slice(c->names + model->n, upstream->n);
    c->biller.model = *upstream;
    c->upstream = (struct lx_headers){NULL, 0};
    c->request = NULL;
    c->prompt = NULL;
    lx_call_memory_give(c->pool, c->memory);
    c->memory = NULL;
}

void lx_call_take_back(struct lx_call *c)
{
    if (!c->lent)
        return;
    c->lent = false;
    c->as_is = lx_slice(NULL, 0);
    if (c->out.cap > MAX_IDLE_OUT_BYTES)
        lx_buf_clear(&c->out);
    lx_buf_reset(&c->out);
    if (c->state == BODY)
        shrink(c);
    if (!c->in.keeps_body && !c->resume.active)
        c->biller.body = lx_slice(NULL, 0);
}

/* ---- From the body to an attempt ------------------------------------------------------------ */

void lx_call_read_group(struct lx_call *c)
{
    lx_facts_read(&c->in, c->pool, c->group, &c->memory->doc, &c->memory->members, lx_call_arena(c),
                  &c->memory->facts);
    c->memory->facts.star = c->star;
}

/* LiteLLM's `model: "a, b"` with `fastest_response: true`. */
static bool wants_race(const struct lx_call *c)
{
    return lx_json_bool(c->memory->members.v[LX_MEMBER_FASTEST_RESPONSE], false) &&
           lx_slice_find_byte(c->report.model, ',') >= 0;
}

static void start(struct lx_call *c)
{
    assert(c->memory); /* it goes back to the pool later than this */
    struct lx_json_doc *doc = &c->memory->doc;
    struct lx_error err = {0};
    int code = lx_json_read(doc, c->in.body, &c->settings->json, &err);
    if (code == 0 && !lx_json_is(lx_json_root(doc), LX_JSON_OBJECT))
        code = lx_error_set(&err, LX_EINVAL, "it must be a JSON object");
    if (code < 0) {
        struct lx_fault f = lx_words_of_body(code, &err, lx_call_arena(c));
        lx_call_refuse(c, &f);
        return;
    }
    lx_members_read(doc, lx_call_arena(c), NULL, &c->memory->members);
    c->wishes = lx_members_wishes(&c->memory->members, c->in.stream);
    c->wishes.disable_fallbacks |= lx_call_is_bare(c); /* nobody else has it */
    c->report.stream = c->in.front->operation == LX_OPERATION_CHAT && c->wishes.stream;
    struct lx_slice model =
        c->in.model.n ? c->in.model
                      : lx_json_str(c->memory->members.v[LX_MEMBER_MODEL], lx_call_arena(c));
    c->report.model = model;
    c->state = lx_call_inquire(c) ? VECTORS : CHOICE;
}

/* The group that serves the client's model, or the one that an auto router chooses. */
static void find_group(struct lx_call *c)
{
    struct lx_slice model = c->report.model;
    struct lx_fault none = {.retry_after_ms = -1};
    if (lx_call_choose_model(c, &model, &none) < 0) {
        lx_call_refuse(c, &none);
        return;
    }
    c->report.group = model;
    c->group = lx_route_find(c->in.routes, model, &c->star);
    if (!c->group && wants_race(c)) {
        c->state = RACE;
        return;
    }
    if (!c->group) {
        struct lx_fault f = lx_words_of_model(c->in.routes, model, lx_call_arena(c));
        lx_call_refuse(c, &f);
        return;
    }
    lx_call_read_group(c);
    c->memory->facts.stream = c->report.stream;
    if (c->in.is_hedge)
        lx_call_be_hedge(c);
    c->state = ATTEMPT;
    if (c->wishes.mock_fault != LX_FAULT_NONE) {
        const struct lx_fault f = {
            .kind = c->wishes.mock_fault,
            .message = LX_S("this group fails because the request asks for it (mock_testing)"),
            .retry_after_ms = -1,
        };
        lx_call_refuse(c, &f);
    }
}

static struct lx_reply_context context(struct lx_call *c)
{
    const struct lx_front *front = c->in.front->front;
    const struct lx_deployment *d = c->report.deployment;
    unsigned affinity = lx_group_affinity(c->group, &c->settings->policy);
    return (struct lx_reply_context){
        .model = c->report.group,
        .id = c->in.call_id,
        .provider = c->report.deployment->provider->id,
        .upstream = &c->report.upstream_model,
        .now_s = c->in.now_ms / 1000,
        .json_tool = c->attempt.json_tool,
        .form = c->attempt.form,
        .tools = c->attempt.tools,
        .in_array = c->in.in_array,
        .legacy_functions = c->request && c->request->legacy_functions,
        .include_usage = lx_json_bool(
            LX_GET(c->memory->members.v[LX_MEMBER_STREAM_OPTIONS], "include_usage"), false),
        .encoding = c->attempt.encoding,
        .echo = front->echo && c->attempt.back != c->in.front
                    ? front->echo(&c->memory->doc, lx_call_arena(c))
                    : lx_slice(NULL, 0),
        .deployment = front->mark ? d->id : lx_slice(NULL, 0),
        .kept = lx_call_is_bare(c),
        .marks_content = (affinity & LX_AFFINITY_ENCRYPTED) != 0,
        .anew = c->attempt.back == c->in.front && !c->attempt.same_language,
        .merges_thinking = c->attempt.merges_thinking,
    };
}

/* The reply that goes on with what others have said. 0 or LX_ENOMEM. */
static int go_on_relay(struct lx_call *c, const struct lx_dialect *back, enum lx_framing framing)
{
    struct lx_join *join = c->relay.join;
    const struct lx_resume_past *past = c->resume.past;
    join->before = past->usage;
    join->before.has_cost = join->tells_cost = c->settings->cost.in_streams && past->is_priced;
    join->before.cost = past->cost.total;
    c->resume.idle = false;
    c->report.resumed++;
    c->report.fault.kind = LX_FAULT_NONE; /* of attempts before */
    if (c->in.front->front->mark)         /* what is sealed from here on is the new one's */
        c->relay.context.deployment = c->deployment->id;
    return lx_relay_again(&c->relay, back, framing, &c->memory->whole);
}

int lx_call_start_relay(struct lx_call *c, const struct lx_dialect *back, enum lx_framing framing)
{
    struct lx_reply_context ctx = context(c);
    if (lx_call_arena(c)->failed)
        return lx_call_arena(c)->failed;
    int code = c->resume.active
                   ? go_on_relay(c, back, framing)
                   : lx_relay_init(&c->relay, back, c->in.front, c->report.stream, framing, &ctx,
                                   c->settings, lx_call_pool_scratch(c->pool), &c->memory->whole);
    c->relaying = c->resume.active || code == 0;
    c->biller = (struct lx_biller){
        .deployment = c->report.deployment,
        .settings = c->settings,
        .model = c->report.upstream_model,
        .now_s = ctx.now_s,
        .pool = c->pool,
        .front = c->in.front,
        .body = c->resume.active ? c->resume.past->body : c->in.body,
        .prompt_tokens = -1,
        .searches_before = -1,
    };
    lx_bill_request(&c->biller, c->memory->members.v[LX_MEMBER_SERVICE_TIER],
                    c->memory->members.v[LX_MEMBER_WEB_SEARCH_OPTIONS]);
    if (code == 0 && (c->attempt.inputs_left || lx_call_is_bound(c))) {
        if (!c->gather)
            c->gather = lx_gather_new(c->settings->max_response_bytes);
        code = c->gather ? 0 : LX_ENOMEM;
        c->relay.gather = c->gather;
        c->relay.inputs = c->attempt.inputs;
        c->relay.inputs_left = c->attempt.inputs_left;
    }
    c->relay.biller = lx_call_is_bare(c) ? NULL : &c->biller;
    c->relay.said.budget = lx_call_pool_said(c->pool);
    c->relay.tells_cost = c->settings->cost.in_streams;
    if (!c->resume.active)
        lx_resume_prepare(c);
    c->relay.keeps = c->resume.holds;
    return code;
}

int lx_call_read_request(struct lx_call *c, struct lx_fault *f)
{
    struct lx_call_memory *m = c->memory;
    struct lx_error err = {0};
    if (c->request)
        return 0;
    struct lx_request *request = lx_arena_new(&m->arena, struct lx_request);
    int code =
        request ? lx_request_of_body(c->in.front, &m->doc, &m->arena, request, &err) : LX_ENOMEM;
    if (code < 0)
        *f = lx_fault_of_error(code, &err, &m->arena);
    else
        c->request = request;
    return code;
}

/* Whose conversation it is, where the deployment wants to be told and the request does not say it
 * already. */
static int tell_session(struct lx_call *c, const struct lx_deployment *d, struct lx_fault *f)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_slice session = lx_facts_session(&c->in, &c->memory->members, a);
    struct lx_header_list l = {c->attempt.out.headers, c->attempt.out.headers.n, a};
    if (!session.n || lx_headers_get(&l.headers, d->session_header).p)
        return 0;
    if (!lx_header_is_valid(d->session_header, session)) {
        *f = (struct lx_fault){.kind = LX_FAULT_BAD_REQUEST,
                               .message = LX_S("the session's id cannot be told in a header"),
                               .retry_after_ms = -1};
        return LX_EINVAL;
    }
    lx_header_list_add(&l, d->session_header, session);
    c->attempt.out.headers = l.headers;
    return a->failed;
}

static int write_attempt(struct lx_call *c, const struct lx_deployment *d, struct lx_fault *f)
{
    struct lx_call_memory *m = c->memory;
    const struct lx_provider *p = lx_deployment_row(d, c->report.upstream_model);
    enum lx_operation operation = c->in.front->operation;
    struct lx_offer offer = lx_provider_offer(p, c->in.front, c->report.upstream_model);
    const struct lx_dialect *to = lx_dialect_find(lx_slice_z(offer.language));
    int code = c->resume.active ? lx_resume_write(c, d, f) : 0;
    if (code == 0 && (to != c->in.front || operation == LX_OPERATION_EMBED))
        code = lx_call_read_request(c, f);
    c->attempt.needs = NULL;
    if (code < 0)
        return code;
    lx_buf_reset(&m->body);
    code = lx_attempt_write(&c->attempt, d, c->settings, c->in.front, &m->doc, c->request,
                            c->report.upstream_model, c->in.stream, lx_call_media_found(c),
                            &m->arena, &m->body, f);
    if (code == 0 && c->resume.active)
        code = lx_resume_mark(c, f);
    if (code == 0 && c->in.kept)
        code = lx_call_kept_write(c, f);
    if (code == 0)
        code = lx_attempt_forward(&c->attempt, c->report.upstream_model, &c->in.forward, &m->arena);
    if (code == 0 && d->session_header.n)
        code = tell_session(c, d, f);
    if (code == 0 && d->forwards_headers)
        code = lx_attempt_forward(&c->attempt, c->report.upstream_model, &c->in.forward_some,
                                  &m->arena);
    if (code < 0 && f->kind == LX_FAULT_NONE)
        *f = lx_fault_of_error(code, NULL, &m->arena);
    if (code == 0)
        code = lx_attempt_sign(&c->attempt, d, c->now_ms / 1000, &m->arena, f);
    return code;
}

static void write_and_send(struct lx_call *c, const struct lx_deployment *d)
{
    struct lx_fault f = {.retry_after_ms = -1};
    int code = write_attempt(c, d, &f);
    if (lx_call_wants_media(c)) {
        c->state = MEDIA;
        return;
    }
    if (code == 0 && (code = lx_call_prompt_begin(c)) < 0)
        f = lx_fault_of_error(code, NULL, lx_call_arena(c));
    if (code >= 0)
        c->state = code ? PROMPT : SEND;
    else if (code == LX_EAUTH)
        lx_call_judge(c, &f, LX_OUTCOME_FAILURE); /* another deployment may have a key */
    else
        lx_call_refuse(c, &f);
}

static void attempt(struct lx_call *c)
{
    const struct lx_deployment *d = lx_call_pick(c);
    if (!d)
        return;
    if (!c->resume.active)
        lx_call_drop_relay(c);
    c->mirror_due = d->silent_model_count && !c->in.is_mirror && !c->in.is_hedge &&
                    c->in.front->operation != LX_OPERATION_COUNT;
    c->memory->polls = 0;
    c->asks_media = c->puts_media = false;
    c->report.losses = &c->attempt.losses;
    c->report.upstream_model =
        lx_attempt_model(d, c->in.front, lx_deployment_model(d, c->star, lx_call_arena(c)),
                         &c->memory->doc, lx_call_arena(c));
    c->upstream = (struct lx_headers){NULL, 0};
    struct lx_slice mock = lx_call_mock_text(c, d);
    c->report.mocked = mock.p != NULL;
    if (lx_is_counted_here(d, c->report.upstream_model, c->in.front, mock.p != NULL))
        lx_call_answer_count(c);
    else if (mock.p)
        lx_call_answer_mock(c, mock);
    else if (d->credential)
        c->state = KEY;
    else
        write_and_send(c, d);
}

/* The deployment as if the key that was fetched were its own. */
static void send_with(struct lx_call *c, struct lx_secret key)
{
    struct lx_deployment d = *c->report.deployment;
    d.key = key;
    write_and_send(c, &d);
}

static void find_key(struct lx_call *c)
{
    struct lx_fetch_result got;
    switch (lx_fetch_next(&c->fetch, c->report.deployment->credential, c->now_ms,
                          lx_random_next(&c->random), lx_call_arena(c), &got)) {
    case LX_FETCH_KEY:
        send_with(c, got.key);
        break;
    case LX_FETCH_ASK:
        c->state = KEY_ASK;
        break;
    case LX_FETCH_WAIT:
        lx_call_sleep(c, got.wait_ms, KEY);
        break;
    case LX_FETCH_FAILED:
        lx_call_judge_provider(c, &got.fault);
        break;
    }
}

static void fetch_media(struct lx_call *c)
{
    const struct lx_deployment *d = c->report.deployment;
    if (!lx_call_media_next(c))
        return;
    if (d->credential)
        c->state = KEY; /* which is known by now */
    else
        write_and_send(c, d);
}

/* ---- What the host is told ------------------------------------------------------------------ */

/*
 * LiteLLM's timeouts, for each attempt: `timeout` bounds a whole reply. A stream may take as long
 * as it likes as long as it flows: its first byte is bounded by stream_timeout (else by timeout),
 * and each wait after it by between_bytes;
 * all of it only where a most is configured.
 */
static void fill_send(struct lx_call *c, struct lx_step *out)
{
    const struct lx_route_settings *s = c->settings;
    int64_t total = lx_call_total_ms(c), first = lx_call_first_byte_ms(c);
    if (!c->memory->polls)
        c->memory->sent_ms = lx_call_media_since_ms(c);
    int64_t spent = c->now_ms - c->memory->sent_ms;
    if (total > 0) /* of the attempt, however often its answer is sent for */
        total = total > spent ? total - spent : 1;
    out->kind = LX_STEP_SEND;
    out->send.out = &c->attempt.out;
    out->send.connect_ms = s->connect_timeout_ms;
    out->send.between_bytes_ms = lx_call_between_bytes_ms(c);
    out->send.hedge_ms = c->memory->polls ? 0 : lx_call_hedge_ms(c);
    if (c->report.stream)
        out->send.first_byte_ms = first > 0 ? first : total;
    out->send.total_ms = c->report.stream ? s->stream_total_ms : total;
    c->state = HEAD;
}

static void fill_emit(struct lx_call *c, struct lx_step *out)
{
    bool failed = !c->head_sent && c->report.status >= 400;
    out->kind = LX_STEP_EMIT;
    out->emit.head = !c->head_sent;
    out->emit.stream = c->report.stream && !failed;
    out->emit.last = c->state == LAST;
    out->emit.bytes = c->as_is.p ? c->as_is : lx_buf_slice(&c->out);
    if (!c->head_sent) {
        out->emit.status = c->report.status;
        out->emit.content_type =
            out->emit.stream && !c->in.in_array && c->in.front->front->framing == LX_FRAMING_SSE
                ? LX_S("text/event-stream; charset=utf-8")
                : LX_S("application/json");
        out->emit.headers = lx_head_write(&c->report, &c->upstream,
                                          failed ? &c->report.fault : NULL, lx_call_arena(c));
    }
    c->head_sent = true;
    c->pending = false;
    c->lent = true;
    if (c->state == LAST)
        c->state = DONE;
}

void lx_call_next(struct lx_call *c, struct lx_step *out)
{
    memset(out, 0, sizeof(*out));
    out->kind = LX_STEP_WAIT;
    lx_call_take_back(c);
    if (c->state == START)
        start(c);
    if (c->state == VECTORS) {
        if (lx_call_inquiry_next(c, out))
            return;
        memset(out, 0, sizeof(*out));
        out->kind = LX_STEP_WAIT;
        c->state = CHOICE;
    }
    if (c->state == CHOICE)
        find_group(c);
    if (c->state == MOCK)
        lx_call_answer_mock(c, lx_call_mock_text(c, c->report.deployment));
    while (c->state == ATTEMPT || c->state == KEY || c->state == MEDIA)
        c->state == ATTEMPT ? attempt(c) : c->state == KEY ? find_key(c) : fetch_media(c);
    if (c->state == PROMPT)
        lx_call_prompt_find(c);
    if (c->mirror_due) {
        out->kind = LX_STEP_MIRROR;
        out->mirror = c->report.deployment;
        c->mirror_due = false;
        c->in.is_mirror = true; /* once is enough, whatever becomes of the attempt */
    } else if (c->pending) {
        fill_emit(c, out);
    } else if (c->state == SEND) {
        fill_send(c, out);
    } else if (c->state == RACE) {
        out->kind = LX_STEP_RACE;
        out->models = c->report.model;
        c->state = RACING;
    } else if (c->state == KEY_ASK) {
        lx_fetch_fill(&c->fetch, c->report.deployment->trust, out);
        c->state = KEY_WAIT;
    } else if (c->state == PROMPT_ASK) {
        lx_call_prompt_fill(c, out);
    } else if (c->state == MEDIA_ASK) {
        lx_call_media_fill(c, out);
    } else if (c->state == SLEEP) {
        out->kind = LX_STEP_SLEEP;
        out->sleep_ms = c->wake_ms - c->now_ms;
        c->state = SLEEPING;
    } else if (c->state == DONE) {
        out->kind = LX_STEP_DONE;
    }
}
