/*
 * health.c - the probes of the process (liveness: the loop turns; readiness: new requests are
 * welcome), and of the deployments behind it: GET /health, /health/latest, /health/history,
 * /health/services, in LiteLLM's shapes.
 */
#include "serve/health.h"

#include "serve/access.h"
#include "serve/endpoint.h"
#include "serve/probe.h"
#include "serve/server.h"

void lx_endpoint_liveness(struct lx_exchange *x)
{
    lx_exchange_json(x, 200, LX_S("\"I'm alive!\""));
}

void lx_endpoint_readiness(struct lx_exchange *x)
{
    const struct lx_config_map *m = &x->config->map;
    const char *map = !m->catalog ? "built-in" : "own", *stale = m->stale ? "true" : "false";

    if (x->worker->draining)
        lx_exchange_json(x, 503, LX_S("{\"status\":\"draining\"}"));
    else
        lx_exchange_json(x, 200,
                         lx_arena_printf(&x->arena,
                                         "{\"status\":\"healthy\",\"db\":\"Not connected\","
                                         "\"replies_without_price\":%llu,\"model_map\":\"%s\","
                                         "\"model_map_is_stale\":%s}",
                                         (unsigned long long)lx_access_unpriced(), map, stale));
}

/* A number from `least` to `most`; false: something else, and it was refused. */
static bool number(struct lx_exchange *x, struct lx_slice name, int64_t least, int64_t most,
                   int64_t *out)
{
    struct lx_slice text = lx_exchange_query(x, name);
    if (!text.n || (lx_slice_int(text, out) == 0 && *out >= least && *out <= most))
        return true;
    lx_exchange_refuse_text(x,
                            lx_arena_printf(&x->arena, "%.*s: expected a number from %lld to %lld",
                                            LX_F(name), (long long)least, (long long)most),
                            name);
    return false;
}

/* ---- GET /health ------------------------------------------------------------------------------
 */

static void write_endpoint(struct lx_out *o, const struct lx_deployment *d,
                           const struct lx_result *r, bool details)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "model", lx_slice_z(r->model));
    lx_out_str(o, "model_id", d->id);
    if (details) {
        lx_out_str(o, "model_group", d->group);
        lx_out_str(o, "api_base", d->base_url);
        lx_out_str(o, "custom_llm_provider", lx_slice_z(d->provider->id));
        if (d->rpm)
            lx_out_int(o, "rpm", d->rpm);
        if (d->tpm)
            lx_out_int(o, "tpm", d->tpm);
        if (!r->healthy)
            lx_out_str(o, "error", lx_slice_z(r->error));
    }
    if (!r->healthy)
        lx_out_int(o, "exception_status", r->status);
    lx_out_object_end(o);
}

/* The last result of each deployment of the list that has one. How many were of that kind. */
static int64_t write_endpoints(struct lx_exchange *x, const struct lx_sweep *s, bool healthy,
                               struct lx_out *o)
{
    struct lx_results *results = lx_server_results(x->worker->server);
    struct lx_result r;
    int64_t n = 0;
    lx_out_array(o, healthy ? "healthy_endpoints" : "unhealthy_endpoints");
    for (size_t i = 0; i < lx_sweep_count(s); i++) {
        const struct lx_deployment *d = lx_sweep_at(s, i);
        if (!lx_results_get(results, lx_slice_to(d->id, sizeof(r.id) - 1), -1, 0, &r) ||
            r.healthy != healthy)
            continue;
        write_endpoint(o, d, &r, x->config->health.details);
        n++;
    }
    lx_out_array_end(o);
    return n;
}

/* Who asked for one model wants to see by the status whether it answers. */
static void answer(struct lx_exchange *x)
{
    bool one = lx_exchange_query(x, LX_S("model")).n || lx_exchange_query(x, LX_S("model_id")).n;
    struct lx_buf body;
    lx_buf_init(&body, 64u << 20);
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    int64_t healthy = write_endpoints(x, x->sweep, true, &o);
    int64_t unhealthy = write_endpoints(x, x->sweep, false, &o);
    lx_out_int(&o, "healthy_count", healthy);
    lx_out_int(&o, "unhealthy_count", unhealthy);
    lx_out_object_end(&o);
    lx_exchange_send_json(x, one && !healthy ? 503 : 200, &body);
}

static void on_swept(void *arg)
{
    answer(arg);
}

void lx_endpoint_health(struct lx_exchange *x)
{
    const struct lx_config_health *health = &x->config->health;
    const struct lx_sweep_input in = {
        .worker = x->worker,
        .config = x->config,
        .model = lx_exchange_query(x, LX_S("model")),
        .id = lx_exchange_query(x, LX_S("model_id")),
        .skips_disabled = health->background || health->skips_disabled,
        .done = on_swept,
        .arg = x,
    };
    x->sweep = lx_sweep_new(&in);
    if (!x->sweep) {
        struct lx_fault f = lx_fault_of_error(LX_ENOMEM, NULL, &x->arena);
        lx_exchange_refuse(x, 500, &f);
    } else if (health->background) { /* what is known will do: nobody is asked */
        answer(x);
    }
}

/* ---- What was found before --------------------------------------------------------------------
 */

static void write_time(struct lx_out *o, const char *name, int64_t ms)
{
    char room[40];
    struct lx_buf b = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    lx_log_write_time(&b, ms);
    lx_out_str(o, name, lx_buf_slice(&b));
}

static void write_result(struct lx_out *o, const struct lx_result *r)
{
    char id[32];
    struct lx_buf b = {.p = id, .cap = sizeof(id), .max = sizeof(id)};
    lx_buf_addf(&b, "\"%llu\"", (unsigned long long)r->number);
    lx_out_raw(o, "health_check_id", lx_buf_slice(&b));
    lx_out_str(o, "model_name", lx_slice_z(r->group));
    lx_out_str(o, "model_id", lx_slice_z(r->id));
    lx_out_str(o, "status", r->healthy ? LX_S("healthy") : LX_S("unhealthy"));
    lx_out_int(o, "healthy_count", r->healthy);
    lx_out_int(o, "unhealthy_count", !r->healthy);
    if (r->error[0])
        lx_out_str(o, "error_message", lx_slice_z(r->error));
    else
        lx_out_null(o, "error_message");
    lx_out_int(o, "response_time_ms", r->took_ms);
    lx_out_object(o, "details");
    lx_out_str(o, "model", lx_slice_z(r->model));
    lx_out_object_end(o);
    lx_out_str(o, "checked_by",
               r->in_background ? LX_S("background_health_check") : LX_S("health_endpoint"));
    write_time(o, "checked_at", r->at_ms);
    write_time(o, "created_at", r->at_ms);
}

void lx_endpoint_health_history(struct lx_exchange *x)
{
    struct lx_results *results = lx_server_results(x->worker->server);
    struct lx_slice wanted = lx_exchange_query(x, LX_S("status_filter"));
    struct lx_slice model = lx_exchange_query(x, LX_S("model"));
    int healthy = !wanted.n ? -1 : lx_slice_eq(wanted, LX_S("healthy"));
    int64_t limit = 100, offset = 0, n = 0;
    struct lx_result r;
    struct lx_buf body;
    if (!number(x, LX_S("limit"), 1, 1000, &limit) ||
        !number(x, LX_S("offset"), 0, INT32_MAX, &offset))
        return;
    lx_buf_init(&body, 64u << 20);
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "health_checks");
    for (; n < limit && lx_results_get(results, model, healthy, (size_t)(offset + n), &r); n++) {
        lx_out_object(&o, NULL);
        write_result(&o, &r);
        lx_out_object_end(&o);
    }
    lx_out_array_end(&o);
    lx_out_int(&o, "total_records", n);
    lx_out_int(&o, "limit", limit);
    lx_out_int(&o, "offset", offset);
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}

void lx_endpoint_health_latest(struct lx_exchange *x)
{
    struct lx_results *results = lx_server_results(x->worker->server);
    const struct lx_route_table *t = &x->config->routes;
    struct lx_result r;
    struct lx_buf body;
    int64_t n = 0;
    lx_buf_init(&body, 64u << 20);
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_out_object(&o, "latest_health_checks");
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++) {
            const struct lx_deployment *d = t->groups[i]->deployments[k];
            if (!lx_slice_eq(t->groups[i]->name, d->group) || /* an alias has it, too */
                !lx_results_get(results, lx_slice_to(d->id, sizeof(r.id) - 1), -1, 0, &r))
                continue;
            lx_out_name(&o, lx_text(d->id));
            lx_out_object(&o, NULL);
            write_result(&o, &r);
            lx_out_object_end(&o);
            n++;
        }
    lx_out_object_end(&o);
    lx_out_int(&o, "total_models", n);
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}

/* ---- GET /health/services ---------------------------------------------------------------------
 */

void lx_endpoint_health_services(struct lx_exchange *x)
{
    struct lx_slice service = lx_exchange_query(x, LX_S("service"));
    struct lx_share_status s;
    struct lx_buf body;
    if (!lx_slice_eq(service, LX_S("redis"))) {
        lx_exchange_refuse_text(
            x, LX_S("service: only redis, in which nodes share the router's state, is known"),
            LX_S("service"));
        return;
    }
    lx_server_share_status(x->worker->server, &s);
    bool well = s.state == LX_SHARE_UP;
    lx_buf_init(&body, 1 << 16);
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "status", well ? LX_S("success") : LX_S("unhealthy"));
    lx_out_str(&o, "message",
               well                          ? LX_S("router state is shared with other nodes")
               : s.state == LX_SHARE_OFF     ? LX_S("not configured")
               : s.state == LX_SHARE_WAITING ? LX_S("not connected yet")
                                             : lx_slice_z(s.text));
    lx_out_object_end(&o);
    lx_exchange_send_json(x, well ? 200 : 503, &body);
}

/* ---- GET /health/shared-status -----------------------------------------------------------------
 */

void lx_endpoint_health_shared(struct lx_exchange *x)
{
    struct lx_share_status s;
    struct lx_buf body;
    struct lx_out o = lx_out(&body);
    bool on = x->config->routes.settings.policy.health_shared;
    lx_server_share_status(x->worker->server, &s);
    lx_buf_init(&body, 1 << 16);
    lx_out_object(&o, NULL);
    lx_out_bool(&o, "shared_health_check_enabled", on);
    if (!on) {
        lx_out_lit(&o, "message", "Shared health check is not enabled");
    } else if (s.state == LX_SHARE_OFF) {
        lx_out_bool(&o, "redis_available", false);
        lx_out_lit(&o, "message", "Redis is not configured");
    } else {
        lx_out_object(&o, "status");
        lx_out_str(&o, "pod_id", lx_slice_z(s.node));
        lx_out_bool(&o, "redis_available", s.state == LX_SHARE_UP);
        if (s.text[0])
            lx_out_str(&o, "error", lx_slice_z(s.text));
        lx_out_object_end(&o);
    }
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}
