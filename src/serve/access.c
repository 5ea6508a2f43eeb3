/*
 * access.c - a line of the access log for each request, and what was counted of them without a
 * price.
 */
#include "serve/access.h"

#include <stdatomic.h>

#include "serve/worker.h"

/* In dollars; null says that no price is known. */
static void write_cost(struct lx_out *o, const struct lx_call_report *r)
{
    char room[64];
    struct lx_buf text = {.p = room, .cap = sizeof(room), .max = sizeof(room)};

    if (r->is_priced)
        lx_money_write(r->cost.total, &text);
    lx_out_raw(o, "cost", lx_buf_slice(&text));
}

/* Which attempts came to nothing, and who answered instead. */
static void write_tried(struct lx_out *o, const struct lx_call_report *r)
{
    if (r->fallbacks || r->router)
        lx_out_str(o, "model_group", r->group);
    if (r->router)
        lx_out_str(o, "routed_by", lx_slice_z(r->routed_by));
    if (r->fallbacks)
        lx_out_int(o, "fallbacks", r->fallbacks);
    if (r->hedges)
        lx_out_int(o, "hedges", r->hedges);
    if (r->resumed)
        lx_out_int(o, "resumed", r->resumed);
    if (!r->tried)
        return;
    lx_out_array(o, "tried");
    for (const struct lx_call_try *t = r->tried; t; t = t->next) {
        lx_out_object(o, NULL);
        lx_out_str(o, "model_group", t->group);
        if (t->deployment) {
            lx_out_str(o, "model_id", t->deployment->id);
            lx_out_str(o, "provider", lx_slice_z(t->deployment->provider->id));
        }
        lx_out_int(o, "status", t->status);
        lx_out_str(o, "error", lx_slice_z(lx_fault_class(t->fault)));
        lx_out_int(o, "ms", t->ms);
        if (t->cooling_ms)
            lx_out_int(o, "cooldown_ms", t->cooling_ms);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

/* Two members, with the names of those of one kind and the reasons, where there are any. */
static void write_losses(struct lx_out *o, const char *what, const char *why,
                         const struct lx_losses *losses, bool changed)
{
    const struct lx_loss *first = losses ? losses->first : NULL;
    while (first && first->changed != changed)
        first = first->next;
    if (!first)
        return;
    lx_out_array(o, what);
    for (const struct lx_loss *l = first; l; l = l->next)
        if (l->changed == changed)
            lx_out_str(o, NULL, l->what);
    lx_out_array_end(o);
    lx_out_array(o, why);
    for (const struct lx_loss *l = first; l; l = l->next)
        if (l->changed == changed)
            lx_out_str(o, NULL, lx_slice_to(l->why, 512));
    lx_out_array_end(o);
}

static void write_json(const struct lx_access_line *l, struct lx_buf *out, struct lx_slice time)
{
    struct lx_out o = lx_out(out);

    lx_out_object(&o, NULL);
    lx_out_str(&o, "time", time);
    lx_out_lit(&o, "level", "access");
    lx_out_str(&o, "id", l->id);
    lx_out_str(&o, "client", lx_slice_z(l->peer));
    lx_out_str(&o, "method", l->method);
    lx_out_str(&o, "path", l->path);
    if (l->besides)
        lx_out_bool(&o, l->besides, true);
    lx_out_int(&o, "status", l->status);
    lx_out_int(&o, "ms", l->ms);
    lx_out_int(&o, "bytes_in", (int64_t)l->bytes_in);
    lx_out_int(&o, "bytes_out", (int64_t)l->bytes_out);
    if (l->r) {
        const struct lx_call_report *r = l->r;

        lx_out_str(&o, "model", r->model);
        if (r->deployment) {
            lx_out_str(&o, "provider", lx_slice_z(r->deployment->provider->id));
            lx_out_str(&o, "upstream_model", r->upstream_model);
            lx_out_str(&o, "model_id", r->deployment->id);
        }
        lx_out_bool(&o, "stream", r->stream);
        lx_out_int(&o, "attempts", r->attempts);
        write_tried(&o, r);
        if (l->first_byte_ms >= 0)
            lx_out_int(&o, "first_byte_ms", l->first_byte_ms);
        if (r->usage.known) {
            lx_out_int(&o, "prompt_tokens", r->usage.prompt_tokens);
            lx_out_int(&o, "completion_tokens", r->usage.completion_tokens);
            lx_out_int(&o, "cached_tokens", r->usage.cached_tokens);
            if (r->usage.estimated)
                lx_out_bool(&o, "usage_estimated", true);
            if (r->usage.extrapolated)
                lx_out_bool(&o, "usage_extrapolated", true);
            write_cost(&o, r);
        }
        write_losses(&o, "dropped", "dropped_because", r->losses, false);
        write_losses(&o, "changed", "changed_because", r->losses, true);
        if (r->fault.kind != LX_FAULT_NONE) {
            lx_out_str(&o, "error", lx_slice_z(lx_fault_class(r->fault.kind)));
            lx_out_str(&o, "error_message", lx_slice_to(r->fault.message, 512));
        }
    }
    lx_out_object_end(&o);
}

/* Which attempts came to nothing, and who answered instead. */
static void write_tried_text(const struct lx_call_report *r, struct lx_buf *out)
{
    if (r->fallbacks || r->router)
        lx_buf_addf(out, " group=%.*s", LX_F(r->group));
    if (r->router)
        lx_buf_addf(out, " routed_by=%s", r->routed_by);
    if (r->fallbacks)
        lx_buf_addf(out, " fallbacks=%lld", (long long)r->fallbacks);
    if (r->hedges)
        lx_buf_addf(out, " hedges=%d", (int)r->hedges);
    if (r->resumed)
        lx_buf_addf(out, " resumed=%d", (int)r->resumed);
    for (const struct lx_call_try *t = r->tried; t; t = t->next) {
        lx_buf_addf(out, " tried=%.*s:%s:%lldms",
                    LX_F(t->deployment ? t->deployment->id : t->group), lx_fault_class(t->fault),
                    (long long)t->ms);
        if (t->deployment && t->cooling_ms)
            lx_buf_addf(out, " cooldown=%.*s:%lldms", LX_F(t->deployment->id),
                        (long long)t->cooling_ms);
    }
}

static void write_text(const struct lx_access_line *l, struct lx_buf *out, struct lx_slice time)
{
    lx_buf_addf(out, "%.*s %s \"%.*s %.*s\" %d %lldms in=%llu out=%llu id=%.*s", LX_F(time),
                l->peer, LX_F(l->method), LX_F(l->path), l->status, (long long)l->ms,
                (unsigned long long)l->bytes_in, (unsigned long long)l->bytes_out, LX_F(l->id));
    if (l->besides)
        lx_buf_addf(out, " %s", l->besides);
    if (l->r) {
        const struct lx_call_report *r = l->r;

        lx_buf_addf(out, " model=%.*s", LX_F(r->model));
        if (r->deployment)
            lx_buf_addf(out, " to=%s/%.*s", r->deployment->provider->id, LX_F(r->upstream_model));
        write_tried_text(r, out);
        lx_buf_addf(out, " attempts=%lld%s", (long long)r->attempts, r->stream ? " stream" : "");
        if (l->first_byte_ms >= 0)
            lx_buf_addf(out, " first_byte=%lldms", (long long)l->first_byte_ms);
        if (r->usage.known)
            lx_buf_addf(out, " tokens=%lld+%lld%s%s", (long long)r->usage.prompt_tokens,
                        (long long)r->usage.completion_tokens,
                        r->usage.estimated ? " estimated" : "",
                        r->usage.extrapolated ? " extrapolated" : "");
        if (r->usage.known) {
            lx_buf_add_lit(out, " cost=");
            if (r->is_priced)
                lx_money_write(r->cost.total, out);
            else
                lx_buf_add_byte(out, '?');
        }
        for (const struct lx_loss *loss = r->losses ? r->losses->first : NULL; loss;
             loss = loss->next)
            lx_buf_addf(out, " %s=%.*s", loss->changed ? "changed" : "dropped", LX_F(loss->what));
        if (r->fault.kind != LX_FAULT_NONE)
            lx_buf_addf(out, " error=%s", lx_fault_class(r->fault.kind));
    }
}

static atomic_uint_fast64_t unpriced;

uint64_t lx_access_unpriced(void)
{
    return atomic_load_explicit(&unpriced, memory_order_relaxed);
}

/* Of models as hashes, over all loops. Once the places that a hash has are taken by others, its
 * model is only counted. */
static bool is_first(uint64_t model)
{
    enum { PLACES = 1024, TRIES = 16 };
    static _Atomic uint64_t seen[PLACES];

    for (size_t i = 0; i < TRIES; i++) {
        uint64_t there = 0;

        if (atomic_compare_exchange_strong(&seen[(model + i) % PLACES], &there, model))
            return true;
        if (there == model)
            return false;
    }
    return false;
}

/* A model without a price is said so at its first reply, and again at every tenfold number of
 * replies without one. */
static void note_unpriced(struct lx_worker *w, const struct lx_call_report *r)
{
    static const uint64_t seed[2] = {0};
    uint64_t power = 1, count, model;

    if (!r || !r->usage.known || r->is_priced || !r->deployment || r->mocked)
        return;
    count = atomic_fetch_add_explicit(&unpriced, 1, memory_order_relaxed) + 1;
    model = lx_hash(r->upstream_model, seed) ^ (uintptr_t)r->deployment->provider;
    while (power < count)
        power *= 10;
    if (is_first(model) || (power == count && count > 1))
        lx_log_say(w->log, LX_LOG_WARNING,
                   "no price is known for %s/%.*s, so its cost is not counted: give it "
                   "input_cost_per_token and output_cost_per_token, or a base_model (%llu replies "
                   "without a price so far)",
                   r->deployment->provider->id, LX_F(r->upstream_model), (unsigned long long)count);
}

void lx_access_write(struct lx_worker *w, const struct lx_access_line *l)
{
    char stamp[40];
    struct lx_buf time = {.p = stamp, .cap = sizeof(stamp), .max = sizeof(stamp)};

    note_unpriced(w, l->r);
    if (!w->access_log)
        return;
    lx_log_write_time(&time, l->wall_ms);
    (lx_log_is_json(w->log) ? write_json : write_text)(l, &w->lines, lx_buf_slice(&time));
    lx_buf_add_byte(&w->lines, '\n');
    lx_worker_lines_added(w);
}
