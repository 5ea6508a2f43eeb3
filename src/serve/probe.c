/*
 * probe.c - sweeps of health checks (see probe.h).
 *
 * Each check is a call with a route table of its own: one group, of one deployment, which has no
 * record. So a deployment that cools down is asked nevertheless, limits and counters stay as they
 * are, and nobody is asked instead.
 */
#include "serve/probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/text.h"
#include "catalog/row.h"
#include "net/drive.h"
#include "serve/server.h"

enum {
    AT_ONCE_MAX = 256,
    TIMEOUT_MS = 60000, /* LiteLLM's HEALTH_CHECK_TIMEOUT_SECONDS */
    MAX_TOKENS = 16,    /* what LiteLLM asks for */
    ARENA_MAX = 16 << 20,
    SEEN_MAX = 4096,
};

struct probe {
    struct lx_drive drive;
    struct lx_sweep *sweep; /* NULL: free */
    const struct lx_deployment *deployment;
    struct lx_arena arena;
    struct lx_buf body;
    struct lx_route_table table;
    int64_t begun_ms;
};

struct lx_sweep {
    struct lx_sweep_input in;
    struct lx_arena arena;
    const struct lx_deployment **list;
    size_t count, next, left;
    struct probe *probes; /* at_once of them */
    size_t at_once;
    struct lx_timer timer;
};

/* ---- One check --------------------------------------------------------------------------------
 */

static struct lx_slice info(const struct lx_deployment *d, struct lx_slice name)
{
    return lx_row_unquoted(lx_row_get(d->model_info, name));
}

static int64_t info_number(const struct lx_deployment *d, struct lx_slice name, int64_t otherwise)
{
    int64_t n;
    return lx_slice_int(info(d, name), &n) == 0 && n > 0 ? n : otherwise;
}

/* Of a model that reasons they may be others. */
static int64_t max_tokens_of(const struct lx_deployment *d)
{
    bool reasons = d->target.reasons == LX_YES;
    int64_t n = info_number(d,
                            reasons ? LX_S("health_check_max_tokens_reasoning")
                                    : LX_S("health_check_max_tokens_non_reasoning"),
                            MAX_TOKENS);
    return info_number(d, LX_S("health_check_max_tokens"), n);
}

static void write_limit(const struct lx_deployment *d, struct lx_out *o, bool usual)
{
    struct lx_slice said = info(d, LX_S("health_check_supports_max_tokens"));
    if (said.n ? lx_slice_eq(said, LX_S("true")) : usual)
        lx_out_int(o, "max_tokens", max_tokens_of(d));
}

static void write_text(struct lx_out *o, const char *name, const struct lx_deployment *d,
                       struct lx_slice of, struct lx_slice otherwise)
{
    struct lx_slice v = info(d, of);
    if (v.n || otherwise.n)
        lx_out_str(o, name, v.n ? v : otherwise);
}

#define EFFORT LX_S("health_check_reasoning_effort")

static void write_chat(const struct lx_deployment *d, struct lx_out *o)
{
    lx_out_array(o, "messages");
    lx_out_object(o, NULL);
    lx_out_lit(o, "role", "user");
    lx_out_lit(o, "content", "What's 1 + 1?");
    lx_out_object_end(o);
    lx_out_array_end(o);
    write_text(o, "reasoning_effort", d, EFFORT, LX_S(""));
}

static void write_completion(const struct lx_deployment *d, struct lx_out *o)
{
    lx_out_lit(o, "prompt", "What's 1 + 1?");
    write_text(o, "reasoning_effort", d, EFFORT, LX_S(""));
}

static void write_list(const struct lx_deployment *d, struct lx_out *o)
{
    (void)d;
    lx_out_array(o, "input");
    lx_out_lit(o, NULL, "test");
    lx_out_array_end(o);
}

static void write_image(const struct lx_deployment *d, struct lx_out *o)
{
    (void)d;
    lx_out_lit(o, "prompt", "a blue circle");
}

static void write_moderation(const struct lx_deployment *d, struct lx_out *o)
{
    (void)d;
    lx_out_lit(o, "input", "test");
}

static void write_rerank(const struct lx_deployment *d, struct lx_out *o)
{
    (void)d;
    lx_out_lit(o, "query", "test");
    lx_out_array(o, "documents");
    lx_out_lit(o, NULL, "my sample text");
    lx_out_array_end(o);
}

static void write_speech(const struct lx_deployment *d, struct lx_out *o)
{
    lx_out_lit(o, "input", "test");
    write_text(o, "voice", d, LX_S("health_check_voice"), LX_S("alloy"));
}

static void write_ocr(const struct lx_deployment *d, struct lx_out *o)
{
    (void)d;
    lx_out_object(o, "document");
    lx_out_lit(o, "type", "image_url");
    lx_out_string_open(o, "image_url");
    lx_out_string_part(o, lx_text(LX_S("data:image/png;base64,")));
    lx_out_string_part(o, lx_text(lx_probe_picture));
    lx_out_string_close(o);
    lx_out_object_end(o);
}

static void write_nothing(const struct lx_deployment *d, struct lx_out *o)
{
    (void)d, (void)o; /* the file is the dialect's */
}

/* What is asked, by what the model is for. The first is for models that do not say. */
static const struct mode {
    struct lx_slice name;
    const struct lx_dialect *front;
    void (*write)(const struct lx_deployment *d, struct lx_out *o);
    bool limits; /* max_tokens is taken */
} modes[] = {
    {LX_S_INIT("chat"), &lx_dialect_openai_chat, write_chat, true},
    {LX_S_INIT("responses"), &lx_dialect_openai_chat, write_chat, true},
    {LX_S_INIT("anthropic_messages"), &lx_dialect_openai_chat, write_chat, true},
    {LX_S_INIT("completion"), &lx_dialect_openai_completions, write_completion, true},
    {LX_S_INIT("embedding"), &lx_dialect_openai_embed, write_list, false},
    {LX_S_INIT("image_edit"), &lx_dialect_probe_edit, write_nothing, false},
    {LX_S_INIT("image_generation"), &lx_dialect_probe_image, write_image, false},
    {LX_S_INIT("moderation"), &lx_dialect_probe_moderation, write_moderation, false},
    {LX_S_INIT("ocr"), &lx_dialect_probe_ocr, write_ocr, false},
    {LX_S_INIT("rerank"), &lx_dialect_probe_rerank, write_rerank, false},
    {LX_S_INIT("audio_speech"), &lx_dialect_probe_speech, write_speech, false},
    {LX_S_INIT("audio_transcription"), &lx_dialect_probe_transcription, write_nothing, false},
};

static const struct mode *mode_of(const struct lx_deployment *d, struct lx_slice *name)
{
    *name = info(d, LX_S("mode"));
    if (!name->n && d->price && d->price->model.json.n)
        *name = lx_row_unquoted(lx_model_member(d->price->model, LX_S("mode")));
    if (!name->n)
        *name = modes[0].name;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (lx_slice_eq(modes[i].name, *name))
            return &modes[i];
    return NULL;
}

static void copy_z(char *to, size_t n, struct lx_slice s)
{
    snprintf(to, n, "%.*s", LX_F(s));
}

static int64_t now_ms(const struct lx_worker *w)
{
    return w->epoch_ms + lx_loop_now_ms(w->loop);
}

/* The router's word of it: 429 and 408 may be left out. */
static void tell_router(const struct probe *p, const struct lx_result *r)
{
    const struct lx_route_policy *policy = &p->sweep->in.config->routes.settings.policy;
    bool passing = policy->health_ignore_transient && (r->status == 429 || r->status == 408);
    if (p->deployment->state)
        lx_deployment_state_health(p->deployment->state, r->healthy || passing, r->at_ms);
}

static void name_result(struct probe *p, struct lx_result *r)
{
    const struct lx_deployment *d = p->deployment;
    copy_z(r->group, sizeof(r->group), d->group);
    copy_z(r->id, sizeof(r->id), d->id);
    copy_z(r->model, sizeof(r->model),
           lx_arena_printf(&p->arena, "%s/%.*s", d->provider->id, LX_F(d->model)));
}

static void put_down(struct probe *p, const struct lx_fault *fault, bool tells)
{
    struct lx_worker *w = p->sweep->in.worker;
    struct lx_result r = {.healthy = !fault,
                          .in_background = p->sweep->in.every_ms > 0,
                          .status = fault ? lx_fault_status(fault) : 200,
                          .at_ms = now_ms(w),
                          .took_ms = lx_clock_mono_ms() - p->begun_ms};
    name_result(p, &r);
    if (fault)
        copy_z(r.error, sizeof(r.error), fault->message);
    if (tells)
        tell_router(p, &r);
    lx_results_add(lx_server_results(w->server), &r);
}

static void clear_probe(struct probe *p)
{
    lx_drive_cancel(&p->drive);
    lx_call_free(p->drive.call);
    lx_buf_clear(&p->body);
    lx_arena_clear(&p->arena);
    *p = (struct probe){.sweep = NULL};
}

static void go_on(struct lx_sweep *s);

static void finish(struct probe *p)
{
    struct lx_sweep *s = p->sweep;
    clear_probe(p);
    s->left--;
    go_on(s);
}

static void on_emit(struct lx_drive *d, const struct lx_step *step)
{
    (void)d, (void)step; /* what it says does not matter */
}

static void on_done(struct lx_drive *d)
{
    struct probe *p = LX_CONTAINER(d, struct probe, drive);
    const struct lx_fault *f = &lx_call_report(d->call)->fault;
    put_down(p, f->kind == LX_FAULT_NONE ? NULL : f, true);
    finish(p);
}

static const struct lx_drive_events events = {.on_emit = on_emit, .on_done = on_done};

/* A table of the deployment alone, with the model that is to be asked for. */
static bool build_table(struct probe *p)
{
    static const uint64_t seed[2] = {0x6865616c, 0x7468};
    const struct lx_route_table *routes = &p->sweep->in.config->routes;
    struct lx_slice other = info(p->deployment, LX_S("health_check_model")), provider, model;
    struct lx_deployment *d = lx_arena_new(&p->arena, struct lx_deployment);
    if (!d)
        return false;
    *d = *p->deployment;
    d->group = LX_S("health");
    d->state = NULL;
    d->budget.state = NULL;
    d->provider_budget = NULL;
    if (other.n) {
        bool named = lx_slice_cut(other, '/', &provider, &model) &&
                     lx_slice_eq(provider, lx_slice_z(d->provider->id));
        d->model = named ? model : other;
        lx_deployment_learn(d, routes->settings.cost.catalog, &p->arena);
    }
    lx_route_table_init(&p->table, &p->arena, seed);
    p->table.settings.num_retries = 0;
    p->table.settings.drop_params = true;
    p->table.custom = routes->custom;
    p->table.custom_count = routes->custom_count;
    return lx_slice_find_byte(d->model, '*') < 0 && lx_route_table_add(&p->table, d) == 0;
}

static void write_body(struct probe *p, const struct mode *mode)
{
    struct lx_slice params = lx_row_get(p->deployment->model_info, LX_S("health_check_params"));
    struct lx_out o = lx_out(&p->body);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "model", "health");
    mode->write(p->deployment, &o);
    write_limit(p->deployment, &o, mode->limits);
    for (struct lx_row r = lx_row(params); lx_row_next(&r);)
        if (!lx_row_get(lx_buf_slice(&p->body), r.name).p)
            lx_row_write(&r, &o);
    lx_out_object_end(&o);
}

static struct lx_call *new_call(struct probe *p, const struct mode *mode)
{
    struct lx_worker *w = p->sweep->in.worker;
    const struct lx_call_input in = {
        .routes = &p->table,
        .front = mode->front,
        .pool = w->calls,
        .keys = w->keys,
        .body = lx_buf_slice(&p->body),
        .call_id = LX_S("health-check"),
        .now_ms = now_ms(w),
        .random = lx_worker_random(w),
        .timeout_ms =
            1000 * info_number(p->deployment, LX_S("health_check_timeout"), TIMEOUT_MS / 1000),
    };
    return p->body.failed ? NULL : lx_call_new(&in);
}

/* Another node has found out lately, which is told like a check of ours. */
static bool is_known(struct probe *p)
{
    const struct lx_config *config = p->sweep->in.config;
    const struct lx_deployment *d = p->deployment;
    int64_t now = now_ms(p->sweep->in.worker);
    struct lx_result last, r = {.in_background = true};
    if (p->sweep->in.every_ms <= 0 || !config->routes.settings.policy.health_shared || !d->state)
        return false;
    r.at_ms = lx_deployment_state_checked_ms(d->state, &r.healthy);
    if (!r.at_ms || now - r.at_ms >= config->health.interval_ms * 3 / 4)
        return false;
    struct lx_results *results = lx_server_results(p->sweep->in.worker->server);
    if (lx_results_get(results, lx_slice_to(d->id, sizeof(r.id) - 1), -1, 0, &last) &&
        last.at_ms >= r.at_ms)
        return true; /* it is told already */
    name_result(p, &r);
    r.status = r.healthy ? 200 : 503;
    if (!r.healthy)
        copy_z(r.error, sizeof(r.error), LX_S("another node has found that it does not answer"));
    lx_results_add(results, &r);
    return true;
}

/* The provider has an address for that mode, which is known. */
static bool is_offered(const struct probe *p, const struct mode *mode)
{
    const struct lx_deployment *d = p->deployment;
    return mode &&
           (mode->front->operation != LX_OPERATION_PROBE ||
            lx_provider_offer(lx_deployment_row(d, d->model), mode->front, d->model).language);
}

/* False: it is over already, and was put down. */
static bool begin(struct probe *p)
{
    struct lx_fault f = {.kind = LX_FAULT_BAD_REQUEST, .retry_after_ms = -1};
    struct lx_slice name;
    const struct mode *mode = mode_of(p->deployment, &name);
    bool offered = is_offered(p, mode), built = offered && build_table(p);
    if (built) {
        write_body(p, mode);
        p->drive.call = new_call(p, mode);
    }
    if (p->drive.call) {
        p->drive.events = &events;
        lx_drive_start(&p->drive);
        return true;
    }
    if (!offered)
        f.message =
            lx_arena_printf(&p->arena, "models of the mode %.*s are not checked%s%s", LX_F(name),
                            mode ? " at " : "", mode ? p->deployment->provider->title : "");
    else if (!built)
        f.message = LX_S("a wildcard is checked with the model_info.health_check_model only");
    else
        f = lx_fault_of_error(LX_ENOMEM, NULL, &p->arena);
    put_down(p, &f, false);
    return false;
}

/* ---- The sweep --------------------------------------------------------------------------------
 */

static struct probe *free_probe(struct lx_sweep *s)
{
    for (size_t i = 0; i < s->at_once; i++)
        if (!s->probes[i].sweep)
            return &s->probes[i];
    return NULL;
}

static void start_next(struct lx_sweep *s, struct probe *p)
{
    struct lx_worker *w = s->in.worker;
    *p = (struct probe){.sweep = s, .deployment = s->list[s->next++]};
    p->drive.loop = w->loop;
    p->drive.net = w->net;
    p->drive.epoch_ms = w->epoch_ms;
    p->begun_ms = lx_clock_mono_ms();
    lx_arena_init(&p->arena, ARENA_MAX);
    lx_buf_init(&p->body, 1 << 20);
    if (is_known(p) || !begin(p)) {
        clear_probe(p);
        s->left--;
    }
}

static void set_timer(struct lx_sweep *s, int64_t ms)
{
    struct lx_loop *loop = s->in.worker->loop;
    lx_timer_set(loop, &s->timer, lx_loop_now_ms(loop) + ms);
}

static void on_timer(struct lx_timer *t)
{
    struct lx_sweep *s = LX_CONTAINER(t, struct lx_sweep, timer);
    struct probe *p;
    if (s->left == 0) {
        s->in.done(s->in.arg);
        return;
    }
    do {
        p = s->next < s->count ? free_probe(s) : NULL;
        if (p)
            start_next(s, p);
    } while (p && s->in.every_ms == 0);
    go_on(s);
}

/* From its own turn of the loop: a check may be over within the call that began it. */
static void go_on(struct lx_sweep *s)
{
    bool waits = s->next < s->count && s->in.every_ms > 0;
    if (waits && !s->timer.heap_at)
        set_timer(s, s->in.every_ms);
    else if (!waits && (s->left == 0 || (s->next < s->count && free_probe(s))))
        set_timer(s, 0);
}

static bool is_meant(const struct lx_sweep_input *in, const struct lx_deployment *d)
{
    struct lx_slice provider, model;
    if (in->id.n)
        return lx_slice_eq(in->id, d->id);
    if (in->skips_disabled &&
        lx_slice_eq(info(d, LX_S("disable_background_health_check")), LX_S("true")))
        return false;
    if (!in->model.n || lx_slice_eq(in->model, d->group))
        return true;
    return lx_slice_cut(in->model, '/', &provider, &model) &&
           lx_slice_eq(provider, lx_slice_z(d->provider->id)) && lx_slice_eq(model, d->model);
}

/* Nodes that share what they find meet what others have found already, where each goes round in an
 * order of its own. It stays the same, so that what is asked by one is asked at the same distance.
 */
static void shuffle(const struct lx_deployment **list, size_t n, uint64_t order)
{
    for (size_t left = n; left > 1; left--) {
        size_t i = (size_t)(lx_random_next(&order) % left);
        const struct lx_deployment *d = list[i];
        list[i] = list[left - 1];
        list[left - 1] = d;
    }
}

/* An alias and a group of groups have the deployments of others: one record, one check. */
static bool is_listed(const struct lx_sweep *s, const struct lx_deployment *d)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i] == d || (d->state && s->list[i]->state == d->state))
            return true;
    return false;
}

static void list_all(struct lx_sweep *s)
{
    const struct lx_route_table *t = &s->in.config->routes;
    s->list = lx_arena_alloc(&s->arena, SEEN_MAX * sizeof(*s->list));
    for (size_t i = 0; s->list && i < t->count; i++) {
        if ((s->in.every_ms > 0 && t->groups[i]->unchecked) ||
            (t->groups[i]->hidden && !t->groups[i]->alias_of.n)) /* nobody has named it */
            continue;
        for (size_t k = 0; k < t->groups[i]->count && s->count < SEEN_MAX; k++) {
            const struct lx_deployment *d = t->groups[i]->deployments[k];
            if (is_meant(&s->in, d) && !is_listed(s, d))
                s->list[s->count++] = d;
        }
    }
    if (s->list && s->in.order)
        shuffle(s->list, s->count, s->in.order);
}

struct lx_sweep *lx_sweep_new(const struct lx_sweep_input *in)
{
    struct lx_sweep *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->in = *in;
    s->in.config = lx_config_ref(in->config);
    s->at_once = (size_t)in->config->health.at_once;
    if (s->at_once > AT_ONCE_MAX)
        s->at_once = AT_ONCE_MAX;
    s->probes = calloc(s->at_once, sizeof(*s->probes));
    lx_arena_init(&s->arena, 1 << 20);
    s->timer.fire = on_timer;
    list_all(s);
    s->left = s->count;
    set_timer(s, 0);
    if (s->list && s->probes && s->timer.heap_at)
        return s;
    lx_sweep_free(s);
    return NULL;
}

size_t lx_sweep_count(const struct lx_sweep *s)
{
    return s->count;
}

const struct lx_deployment *lx_sweep_at(const struct lx_sweep *s, size_t i)
{
    return s->list[i];
}

void lx_sweep_free(struct lx_sweep *s)
{
    if (!s)
        return;
    lx_timer_cancel(s->in.worker->loop, &s->timer);
    for (size_t i = 0; s->probes && i < s->at_once; i++)
        if (s->probes[i].sweep)
            clear_probe(&s->probes[i]);
    lx_config_unref(s->in.config);
    lx_arena_clear(&s->arena);
    free(s->probes);
    free(s);
}
