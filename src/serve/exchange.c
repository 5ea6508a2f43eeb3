/*
 * exchange.c - what a request asks for, who asks, and the call that answers it.
 *
 * Called by its connection (head, run) and by the drive of its call (emit, done). It never touches
 * sockets: replies go through the connection.
 */
#include "serve/exchange.h"

#include <stdlib.h>

#include "base/text.h"
#include "dialect/response_id.h"
#include "gate/auth.h"
#include "serve/access.h"
#include "serve/inbound.h"
#include "serve/endpoint.h"
#include "serve/mirror.h"
#include "serve/ping.h"
#include "serve/probe.h"
#include "serve/worker.h"

#define SPARE_MAX       256   /* finished exchanges a worker keeps */
#define KEEP_BODY_BYTES 65536 /* of a body buffer, from one request to the next */
#define BODY_INLINE_MAX 65536 /* a refused request's body is read to its end up to this size */

/* ---- Life ---------------------------------------------------------------------------------- */

struct lx_exchange *lx_exchange_new(struct lx_worker *w, struct lx_inbound *c)
{
    struct lx_exchange *x = w->spare;
    struct lx_arena arena;
    struct lx_buf body;

    if (x) {
        w->spare = x->next_spare;
        w->spare_count--;
        arena = x->arena;
        body = x->body;
    } else {
        x = malloc(sizeof(*x));
        if (!x)
            return NULL;
        lx_arena_init(&arena, 4u << 20);
        lx_buf_init(&body, 0);
    }
    memset(x, 0, sizeof(*x));
    x->arena = arena;
    x->body = body;
    x->body.max = (size_t)w->config->max_request_bytes;
    x->conn = c;
    x->worker = w;
    x->config = lx_config_ref(w->config);
    x->front = &lx_dialect_openai_chat;
    x->max_retries = -1;
    x->started_ms = lx_loop_now_ms(w->loop);
    x->started_wall_ms = lx_clock_wall_ms();
    x->drive.loop = w->loop;
    x->drive.net = w->net;
    x->drive.epoch_ms = w->epoch_ms;
    lx_header_list_init(&x->forward, &x->arena);
    lx_header_list_init(&x->forward_some, &x->arena);
    lx_worker_count_busy(w, 1);
    return x;
}

static void destroy(struct lx_exchange *x)
{
    lx_arena_clear(&x->arena);
    lx_buf_clear(&x->body);
    free(x);
}

void lx_exchange_free(struct lx_exchange *x)
{
    struct lx_worker *w = x->worker;

    lx_worker_count_busy(w, -1);
    lx_ping_stop(x);
    lx_drive_cancel(&x->drive);
    lx_call_free(x->drive.call);
    lx_sweep_free(x->sweep);
    lx_config_unref(x->config);
    lx_arena_reset(&x->arena);
    if (x->body.cap > KEEP_BODY_BYTES)
        lx_buf_clear(&x->body);
    lx_buf_reset(&x->body);
    if (w->spare_count < SPARE_MAX) {
        x->next_spare = w->spare;
        w->spare = x;
        w->spare_count++;
        return;
    }
    destroy(x);
}

void lx_exchange_free_spare(struct lx_worker *w)
{
    struct lx_exchange *x;

    while ((x = w->spare)) {
        w->spare = x->next_spare;
        destroy(x);
    }
    w->spare_count = 0;
}

/* ---- The head ------------------------------------------------------------------------------ */

/* A client's own id is taken over when it is short and printable, so that logs can be joined. */
static bool take_id(struct lx_exchange *x, struct lx_slice id)
{
    if (id.n == 0 || id.n >= sizeof(x->call_id))
        return false;
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] <= ' ' || id.p[i] > '~')
            return false;
    memcpy(x->call_id, id.p, id.n);
    x->call_id_n = id.n;
    return true;
}

/* A version 4 UUID. */
static void make_id(struct lx_exchange *x)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t r[2] = {lx_worker_random(x->worker), lx_worker_random(x->worker)};
    char *to = x->call_id;

    r[0] = (r[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    r[1] = (r[1] & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *to++ = '-';
        *to++ = digits[r[i / 16] >> (60 - 4 * (i % 16)) & 15];
    }
    x->call_id_n = (size_t)(to - x->call_id);
}

/* Decimal seconds, "12" or "0.5", to milliseconds; 0 when it is neither. */
static int64_t seconds_to_ms(struct lx_slice s)
{
    struct lx_slice whole, part;
    int64_t seconds = 0, ms = 0, scale = 100;

    lx_slice_cut(s, '.', &whole, &part);
    if ((whole.n && lx_slice_int(whole, &seconds) != 0) || seconds < 0 || seconds > 86400)
        return 0;
    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] < '0' || part.p[i] > '9')
            return 0;
        ms += (part.p[i] - '0') * scale;
        scale /= 10;
    }
    return seconds * 1000 + ms;
}

static void on_timeout(struct lx_exchange *x, struct lx_slice v)
{
    x->timeout_ms = seconds_to_ms(v);
}
static void on_stream_timeout(struct lx_exchange *x, struct lx_slice v)
{
    x->stream_timeout_ms = seconds_to_ms(v);
}
static void on_between_bytes(struct lx_exchange *x, struct lx_slice v)
{
    x->between_bytes_ms = seconds_to_ms(v);
}
static void on_retries(struct lx_exchange *x, struct lx_slice v)
{
    int64_t n;

    if (lx_slice_int(v, &n) == 0 && n >= 0 && n <= 100)
        x->max_retries = n;
}
static void on_id(struct lx_exchange *x, struct lx_slice v)
{
    take_id(x, v);
}
static void on_tags(struct lx_exchange *x, struct lx_slice v)
{
    x->tags = lx_arena_copy(&x->arena, v);
}
static void on_min_tier(struct lx_exchange *x, struct lx_slice v)
{
    (void)lx_slice_int(lx_slice_trim(v), &x->min_quality_tier);
}
static void on_session(struct lx_exchange *x, struct lx_slice v)
{
    x->session = lx_arena_copy(&x->arena, v);
}

static void on_agent(struct lx_exchange *x, struct lx_slice v)
{
    if (x->config->routes.settings.policy.wants_agents)
        x->user_agent = lx_arena_copy(&x->arena, v);
}

/* Request headers that mean something to us; `forward` ones go to the provider as well. */
static const struct {
    struct lx_slice name;
    void (*read)(struct lx_exchange *x, struct lx_slice value);
    bool forward;
} known_headers[] = {
    {LX_S_INIT("x-request-id"), on_id, false},
    {LX_S_INIT("x-litellm-call-id"), on_id, false},
    {LX_S_INIT("x-litellm-timeout"), on_timeout, false},
    {LX_S_INIT("x-litellm-stream-timeout"), on_stream_timeout, false},
    {LX_S_INIT("x-llmux-between-bytes-timeout"), on_between_bytes, false},
    {LX_S_INIT("x-litellm-num-retries"), on_retries, false},
    {LX_S_INIT("x-litellm-min-quality-tier"), on_min_tier, false},
    {LX_S_INIT("x-litellm-session-id"), on_session, false},
    {LX_S_INIT("x-litellm-tags"), on_tags, false},
    {LX_S_INIT("anthropic-beta"), NULL, true},
    {LX_S_INIT("user-agent"), on_agent, false},
};

static bool starts_nocase(struct lx_slice s, struct lx_slice start)
{
    return s.n >= start.n && lx_slice_eq_nocase(lx_slice_to(s, start.n), start);
}

/* Headers that the configuration lets through: LiteLLM's, without keys and what is for us. */
static void forward_header(struct lx_exchange *x, const struct lx_header *h)
{
    static const struct lx_slice kept[] = {LX_S_INIT("x-litellm-"), LX_S_INIT("x-llmux-"),
                                           LX_S_INIT("x-stainless"), LX_S_INIT("x-api-key"),
                                           LX_S_INIT("x-goog-api-key")};
    const struct lx_config *c = x->config;
    bool trace = c->forward_trace && lx_slice_eq_nocase(h->name, LX_S("traceparent"));
    bool organization =
        c->forward_organization && lx_slice_eq_nocase(h->name, LX_S("openai-organization"));
    bool own = (c->forward_headers || c->forward_some) && starts_nocase(h->name, LX_S("x-")) &&
               !lx_slice_eq_nocase(h->name, c->master_key_header);

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        own = own && !starts_nocase(h->name, kept[i]);
    if (trace || organization || own)
        lx_header_list_add(own && !c->forward_headers ? &x->forward_some : &x->forward,
                           lx_arena_copy(&x->arena, h->name), lx_arena_copy(&x->arena, h->value));
}

/* Every name in known_headers starts with 'x', 'a' or 'u': one look spares the rest. */
static void read_header(struct lx_exchange *x, const struct lx_header *h)
{
    char first = h->name.n ? lx_ascii_lower(h->name.p[0]) : 0;

    forward_header(x, h);
    if (first != 'x' && first != 'a' && first != 'u')
        return;
    for (size_t i = 0; i < sizeof(known_headers) / sizeof(known_headers[0]); i++) {
        if (!lx_slice_eq_nocase(h->name, known_headers[i].name))
            continue;
        if (known_headers[i].read)
            known_headers[i].read(x, h->value);
        if (known_headers[i].forward)
            lx_header_list_add(&x->forward, known_headers[i].name,
                               lx_arena_copy(&x->arena, h->value));
        return;
    }
}

static void refuse_early(struct lx_exchange *x, int status, enum lx_fault_kind kind,
                         struct lx_slice message, struct lx_slice code)
{
    x->early_status = status;
    x->early_fault = (struct lx_fault){
        .kind = kind, .status = status, .message = message, .code = code, .retry_after_ms = -1};
}

static enum lx_method method_of(struct lx_slice s)
{
    if (lx_slice_eq(s, LX_S("POST")))
        return LX_METHOD_POST;
    if (lx_slice_eq(s, LX_S("GET")))
        return LX_METHOD_GET;
    if (lx_slice_eq(s, LX_S("PUT")))
        return LX_METHOD_PUT;
    if (lx_slice_eq(s, LX_S("DELETE")))
        return LX_METHOD_DELETE;
    return lx_slice_eq(s, LX_S("HEAD")) ? LX_METHOD_HEAD : LX_METHOD_OTHER;
}

/* Without its percent signs, in the arena; as it stands where it is not to be read so. */
static struct lx_slice decoded(struct lx_exchange *x, struct lx_slice s)
{
    struct lx_buf plain;

    lx_buf_init(&plain, s.n);
    if (lx_percent_read(s, &plain) == 0)
        s = lx_buf_slice(&plain);
    s = lx_arena_copy(&x->arena, s);
    lx_buf_clear(&plain);
    return s;
}

static void find_endpoint(struct lx_exchange *x)
{
    struct lx_slice value = {0};

    x->endpoint = lx_endpoint_find(x->method, x->path, &value, &x->allow);
    if (x->endpoint) {
        x->front = x->endpoint->front;
        if (value.n)
            x->path_value = decoded(x, value);
        return;
    }
    if (x->allow.n)
        refuse_early(x, 405, LX_FAULT_BAD_REQUEST,
                     lx_arena_printf(&x->arena, "%.*s is not allowed on %.*s", LX_F(x->method_name),
                                     LX_F(x->path)),
                     LX_S("method_not_allowed"));
    else
        refuse_early(x, 404, LX_FAULT_NOT_FOUND,
                     lx_arena_printf(&x->arena, "there is nothing at %.*s", LX_F(x->path)),
                     LX_S("not_found"));
}

struct lx_slice lx_exchange_query(struct lx_exchange *x, struct lx_slice name)
{
    struct lx_slice rest = x->query, one, key, value;

    for (bool more = rest.n != 0; more;) {
        more = lx_slice_cut(rest, '&', &one, &rest);
        if (lx_slice_cut(one, '=', &key, &value) && lx_slice_eq(key, name))
            return value.n ? decoded(x, value) : value;
    }
    return lx_slice(NULL, 0);
}

/* Clients of Google's may have their key in the query, where no header has one. */
static struct lx_headers headers_with_key(struct lx_exchange *x, const struct lx_h1_head *head)
{
    struct lx_slice key =
        x->front == &lx_dialect_gemini ? lx_exchange_query(x, LX_S("key")) : lx_slice(NULL, 0);
    struct lx_header_list list;

    if (!key.n || lx_auth_key(&head->headers, x->config->master_key_header).n)
        return head->headers;
    lx_header_list_init(&list, &x->arena);
    lx_header_list_set_secret(&list, LX_S("x-goog-api-key"), key);
    return list.headers;
}

static void check_auth(struct lx_exchange *x, const struct lx_headers *headers)
{
    struct lx_auth_verdict v;

    if (x->endpoint && x->endpoint->open)
        return;
    v = lx_auth_check(&x->config->master_key, headers, x->config->master_key_header);
    if (v.result != LX_AUTH_OK) {
        refuse_early(x, 401, LX_FAULT_AUTHENTICATION, lx_slice_z(v.message), LX_S("401"));
        x->early_fault.type = LX_S("auth_error"); /* LiteLLM's word for it */
    }
}

/* Whose conversation it is; the same number on every node, and nothing of the key in it. */
static uint64_t hash_key(const struct lx_headers *headers, struct lx_slice custom)
{
    static const uint64_t seed[2] = {0x6b6579, 0x686f6c646572};
    struct lx_slice key = lx_auth_key(headers, custom);

    return key.n ? lx_hash(key, seed) : 0;
}

void lx_exchange_head(struct lx_exchange *x, const struct lx_h1_head *head)
{
    x->method = method_of(head->method);
    x->method_name = lx_arena_copy(&x->arena, head->method);
    x->path = lx_arena_copy(&x->arena, head->path);
    x->query = lx_arena_copy(&x->arena, head->query);
    x->keep_alive = head->keep_alive;
    x->minor = head->minor;
    for (size_t i = 0; i < head->headers.n; i++)
        read_header(x, &head->headers.v[i]);
    if (!x->call_id_n)
        make_id(x);
    lx_h1_body_start(&x->body_reader, head);
    find_endpoint(x);
    const struct lx_headers headers = headers_with_key(x, head);
    if (x->config->routes.settings.policy.wants_keys)
        x->key_hash = hash_key(&headers, x->config->master_key_header);
    check_auth(x, &headers); /* after the endpoint: an unknown path tells nothing without a key */
    if (head->body == LX_H1_BODY_LENGTH &&
        head->content_length > (uint64_t)x->config->max_request_bytes)
        refuse_early(x, 413, LX_FAULT_TOO_LARGE,
                     lx_arena_printf(&x->arena,
                                     "the body has %llu bytes; at most %lld are allowed "
                                     "(general_settings.max_request_size_mb)",
                                     (unsigned long long)head->content_length,
                                     (long long)x->config->max_request_bytes),
                     LX_S("request_too_large"));
    if (x->early_status && (head->expect_continue || head->body == LX_H1_BODY_CHUNKED ||
                            head->content_length > BODY_INLINE_MAX))
        x->keep_alive = false; /* its body is not worth reading to the end */
}

/* ---- The answer ---------------------------------------------------------------------------- */

void lx_exchange_refuse(struct lx_exchange *x, int status, const struct lx_fault *fault)
{
    struct lx_header_list headers;
    struct lx_buf body;

    lx_header_list_init(&headers, &x->arena);
    if (status == 401)
        lx_header_list_add(&headers, LX_S("www-authenticate"), LX_S("Bearer"));
    if (status == 405)
        lx_header_list_add(&headers, LX_S("allow"), x->allow);
    lx_buf_init(&body, 1u << 20);
    x->front->front->write_error(fault, &body);
    lx_inbound_reply(x->conn, status, LX_S("application/json"), &headers.headers,
                     lx_buf_slice(&body), true);
    lx_buf_clear(&body);
    lx_inbound_exchange_done(x->conn);
}

void lx_exchange_json(struct lx_exchange *x, int status, struct lx_slice json)
{
    lx_inbound_reply(x->conn, status, LX_S("application/json"), NULL, json, true);
    lx_inbound_exchange_done(x->conn);
}

void lx_exchange_send(struct lx_exchange *x, int status, struct lx_slice type, struct lx_buf *body)
{
    if (body->failed) {
        struct lx_fault f = lx_fault_of_error(body->failed, NULL, &x->arena);

        lx_exchange_refuse(x, lx_fault_status(&f), &f);
    } else {
        lx_inbound_reply(x->conn, status, type, NULL, lx_buf_slice(body), true);
        lx_inbound_exchange_done(x->conn);
    }
    lx_buf_clear(body);
}

void lx_exchange_send_json(struct lx_exchange *x, int status, struct lx_buf *body)
{
    lx_exchange_send(x, status, LX_S("application/json"), body);
}

void lx_exchange_refuse_text(struct lx_exchange *x, struct lx_slice text, struct lx_slice param)
{
    const struct lx_fault f = {.kind = LX_FAULT_BAD_REQUEST,
                               .message = lx_arena_copy(&x->arena, text),
                               .param = param,
                               .retry_after_ms = -1};

    lx_exchange_refuse(x, 400, &f);
}

void lx_exchange_run(struct lx_exchange *x)
{
    if (x->early_status)
        lx_exchange_refuse(x, x->early_status, &x->early_fault);
    else
        x->endpoint->run(x);
}

static struct lx_exchange *exchange_of(struct lx_drive *d)
{
    return LX_CONTAINER(d, struct lx_exchange, drive);
}

/* A stream is under way: the request goes, unless it may still be needed. */
static void drop_body(struct lx_exchange *x)
{
    if (x->body.cap && !lx_call_keeps_body(x->drive.call, x->body.cap))
        lx_buf_clear(&x->body);
}

static void on_emit(struct lx_drive *d, const struct lx_step *step)
{
    struct lx_exchange *x = exchange_of(d);

    if (lx_ping_emit(x, step))
        return;
    if (step->emit.head)
        lx_inbound_reply(x->conn, step->emit.status, step->emit.content_type, &step->emit.headers,
                         step->emit.bytes, step->emit.last);
    else
        lx_inbound_reply_more(x->conn, step->emit.bytes, step->emit.last);
    if (!step->emit.head)
        drop_body(x);
}

static void on_done(struct lx_drive *d)
{
    lx_inbound_exchange_done(exchange_of(d)->conn);
}

static void on_mirror(struct lx_drive *d, const struct lx_step *step)
{
    struct lx_exchange *x = exchange_of(d);

    for (size_t i = 0; i < step->mirror->silent_model_count; i++)
        lx_mirror_start(x->worker, x, step->mirror->silent_models[i]);
}

static void on_note(struct lx_drive *d, const struct lx_step *step)
{
    struct lx_exchange *x = exchange_of(d);

    lx_mirror_note(x->worker, lx_slice(x->call_id, x->call_id_n), x->path, step);
}

static const struct lx_drive_events drive_events = {
    .on_emit = on_emit, .on_mirror = on_mirror, .on_note = on_note, .on_done = on_done};

static void run_call(struct lx_exchange *x, struct lx_slice model, struct lx_slice body,
                     const struct lx_call_kept *kept)
{
    struct lx_call_input in = {
        .routes = &x->config->routes,
        .front = x->front,
        .body = body,
        .kept = kept,
        .model = model,
        .is_mirror = kept != NULL, /* what is kept elsewhere is another */
        .stream = x->stream,
        .in_array = x->in_array,
        .call_id = lx_slice(x->call_id, x->call_id_n),
        .now_ms = x->worker->epoch_ms + x->started_ms,
        .random = lx_worker_random(x->worker),
        .timeout_ms = x->timeout_ms,
        .stream_timeout_ms = x->stream_timeout_ms,
        .between_bytes_ms = x->between_bytes_ms,
        .max_retries = x->max_retries,
        .forward = x->forward.headers,
        .forward_some = x->forward_some.headers,
        .pool = x->worker->calls,
        .keeps_body = true,
        .fetches_media = true,
        .keys = x->worker->keys,
        .tags = x->tags,
        .session = x->session,
        .user_agent = x->user_agent,
        .key_hash = x->key_hash,
        .min_quality_tier = x->min_quality_tier,
        .trail = x->worker->trail,
    };

    x->drive.call = lx_call_new(&in);
    if (!x->drive.call) {
        struct lx_fault f = lx_fault_of_error(LX_ENOMEM, NULL, &x->arena);

        lx_exchange_refuse(x, 500, &f);
        return;
    }
    lx_ping_start(x);
    x->drive.events = &drive_events;
    lx_drive_start(&x->drive);
}

void lx_exchange_complete(struct lx_exchange *x)
{
    run_call(x, x->path_value, lx_buf_slice(&x->body), NULL);
}

static void refuse_response(struct lx_exchange *x)
{
    const struct lx_fault f = {
        .kind = LX_FAULT_NOT_FOUND,
        .message = LX_S("no deployment here has made a response of that id"),
        .param = LX_S("response_id"),
        .retry_after_ms = -1,
    };

    lx_exchange_refuse(x, 404, &f);
}

/* What follows "{id}" in the endpoint's path follows the maker's own id at the provider. */
void lx_exchange_response(struct lx_exchange *x)
{
    struct lx_slice pattern = lx_slice_z(x->endpoint->path), star, streams;
    struct lx_response_id id = lx_response_id_read(x->path_value, &x->arena);
    struct lx_call_kept *kept = lx_arena_new(&x->arena, struct lx_call_kept);
    struct lx_buf below;

    if (!id.deployment.n || !lx_route_find(&x->config->routes, id.deployment, &star)) {
        refuse_response(x);
        return;
    }
    lx_buf_init(&below, SIZE_MAX);
    lx_buf_add_byte(&below, '/');
    lx_percent_write(&below, id.id, LX_S(""));
    lx_buf_add(&below, lx_slice_from(pattern, (size_t)lx_slice_find_byte(pattern, '}') + 1));
    struct lx_slice path = lx_buf_take(&below, &x->arena);
    if (!kept || !path.p) {
        const struct lx_fault f = lx_fault_of_error(LX_ENOMEM, NULL, &x->arena);

        lx_exchange_refuse(x, 500, &f);
        return;
    }
    *kept =
        (struct lx_call_kept){.method = x->method == LX_METHOD_HEAD ? LX_S("GET") : x->method_name,
                              .below = path,
                              .query = x->query,
                              .bare = true};
    streams = lx_exchange_query(x, LX_S("stream"));
    x->stream = lx_slice_eq(streams, LX_S("true")) ? LX_YES : LX_NO;
    run_call(x, id.deployment, LX_S("{}"), kept);
}

void lx_exchange_compact(struct lx_exchange *x)
{
    static const struct lx_call_kept kept = {.method = LX_S_INIT("POST"),
                                             .below = LX_S_INIT("/compact")};

    run_call(x, x->path_value, lx_buf_slice(&x->body), &kept);
}

void lx_exchange_generate(struct lx_exchange *x)
{
    x->stream = LX_NO;
    lx_exchange_complete(x);
}

void lx_exchange_generate_stream(struct lx_exchange *x)
{
    x->stream = LX_YES;
    x->in_array = !lx_slice_eq(lx_exchange_query(x, LX_S("alt")), LX_S("sse"));
    lx_exchange_complete(x);
}

/* ---- The log ------------------------------------------------------------------------------- */

void lx_exchange_log(struct lx_exchange *x, bool client_gone)
{
    struct lx_access_line l = {
        .r = x->drive.call ? lx_call_report(x->drive.call) : NULL,
        .id = lx_slice(x->call_id, x->call_id_n),
        .method = x->method_name,
        .path = x->path,
        .peer = lx_stream_peer(x->conn->stream),
        .status = client_gone ? 499 : x->status,
        .wall_ms = x->started_wall_ms,
        .ms = lx_clock_mono_ms() - x->started_ms,
        .first_byte_ms = x->drive.first_byte_ms ? x->drive.first_byte_ms - x->started_ms : -1,
        .bytes_in = x->body_bytes,
        .bytes_out = x->reply_bytes,
    };

    if (client_gone && x->drive.call)
        lx_call_settle(x->drive.call);
    lx_access_write(x->worker, &l);
}
