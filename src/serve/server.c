/*
 * server.c - starting, reloading and stopping the gateway.
 *
 * The main thread owns configuration and signals; each worker thread owns its loop. They meet only
 * through posts: a new snapshot, or the order to drain.
 */
#include "serve/server.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve/inbound.h"
#include "serve/exchange.h"
#include "serve/health.h"
#include "serve/mirror.h"
#include "serve/results.h"
#include "serve/share.h"
#include "serve/worker.h"

#define LOG_MAX_BYTES   (16u << 20) /* of lines that wait for a slow reader of the log */
#define LINES_MAX_BYTES (4u << 20)
#define WORKERS_MAX     256

struct lx_server {
    struct lx_server_options options;
    struct lx_config *config;      /* the main thread's reference */
    struct lx_route_state *router; /* outlives configurations */
    int64_t epoch_ms;
    struct lx_log *log;
    struct lx_share *share;     /* with other nodes */
    struct lx_results *results; /* of health checks */
    struct lx_tls_context *tls;
    struct lx_worker *workers;
    int worker_count;
    int port;
};

/* ---- Messages to workers ------------------------------------------------------------------- */

struct message {
    struct lx_post post;
    struct lx_worker *worker;
    struct lx_config *config;   /* reload: a reference for the worker */
    struct lx_tls_context *tls; /* for its provider connections: a reference too */
};

static int tell(struct lx_worker *w, void (*fn)(struct lx_post *), struct lx_config *config,
                struct lx_tls_context *tls)
{
    struct message *m = calloc(1, sizeof(*m));

    if (!m)
        return LX_ENOMEM;
    m->post.fn = fn;
    m->worker = w;
    m->config = config ? lx_config_ref(config) : NULL;
    m->tls = tls ? lx_tls_context_ref(tls) : NULL;
    lx_loop_post(w->loop, &m->post);
    return 0;
}

static void take_tls(struct lx_post *post)
{
    struct message *m = LX_CONTAINER(post, struct message, post);

    lx_net_use_tls(m->worker->net, m->tls);
    lx_tls_context_free(m->tls);
    free(m);
}

static void take_config(struct lx_post *post)
{
    struct message *m = LX_CONTAINER(post, struct message, post);

    lx_config_unref(m->worker->config);
    m->worker->config = m->config;
    if (m->worker->watch)
        lx_watch_update(m->worker->watch);
    free(m);
}

static void cut_off(struct lx_timer *t)
{
    struct lx_worker *w = LX_CONTAINER(t, struct lx_worker, drain_timer);

    while (w->conns) {
        if (w->conns->exchange)
            w->cut++;
        lx_inbound_close(w->conns);
    }
    lx_worker_check_drained(w);
}

static void drain(struct lx_post *post)
{
    struct message *m = LX_CONTAINER(post, struct message, post);
    struct lx_worker *w = m->worker;
    struct lx_inbound *next;

    free(m);
    if (w->draining) { /* told twice: at once */
        cut_off(&w->drain_timer);
        return;
    }
    w->draining = true;
    if (w->watch)
        lx_watch_update(w->watch);
    lx_listener_close(w->listener);
    w->listener = NULL;
    w->drain_timer.fire = cut_off;
    lx_timer_set(w->loop, &w->drain_timer, lx_loop_now_ms(w->loop) + w->config->shutdown_ms);
    for (struct lx_inbound *c = w->conns; c; c = next) {
        next = c->next;
        lx_inbound_drain(c);
    }
    lx_worker_check_drained(w);
}

/* ---- Workers ------------------------------------------------------------------------------- */

static void on_accept(void *arg, struct lx_stream *s)
{
    lx_inbound_open(arg, s);
}

static void on_turn_end(void *arg)
{
    lx_inbound_flush_dirty(arg);
}

static int worker_init(struct lx_server *s, struct lx_worker *w, const struct addrinfo *at,
                       struct lx_error *err)
{
    w->server = s;
    w->index = (int)(w - s->workers);
    w->log = s->log;
    w->access_log = s->options.access_log;
    w->config = lx_config_ref(s->config);
    w->epoch_ms = s->epoch_ms;
    lx_buf_init(&w->head, 1u << 20);
    lx_buf_init(&w->lines, LINES_MAX_BYTES);
    lx_random_bytes(w->random, sizeof(w->random));
    w->loop = lx_loop_new();
    if (!w->loop)
        return lx_error_set(err, LX_EIO, "cannot start an event loop: %s", strerror(errno));
    lx_loop_on_idle(w->loop, on_turn_end, w);
    w->calls = lx_call_pool_new(&s->config->routes.settings);
    w->keys = lx_keys_new();
    w->trail = lx_route_trail_new();
    w->net = lx_net_new(w->loop, &s->config->net, err);
    if (!w->net || !w->calls || !w->keys || !w->trail)
        return err && err->code ? err->code : LX_ENOMEM;
    lx_mirror_init(w);
    w->watch = w->index == 0 ? lx_watch_new(w) : NULL;
    if (w->watch)
        lx_watch_update(w->watch);
    w->listener = lx_listener_new(w->loop, at->ai_addr, at->ai_addrlen, s->tls, on_accept, w, err);
    return w->listener ? 0 : (err && err->code ? err->code : LX_EIO);
}

static void worker_clear(struct lx_worker *w)
{
    while (w->conns)
        lx_inbound_close(w->conns);
    if (w->listener)
        lx_listener_close(w->listener);
    lx_watch_free(w->watch);
    lx_asides_clear(&w->mirrors);
    lx_net_free(w->net);
    lx_call_pool_free(w->calls);
    lx_keys_free(w->keys);
    lx_route_trail_free(w->trail);
    if (w->loop) {
        lx_loop_turn(w->loop, 0); /* what was closed in the last turn is freed */
        lx_loop_free(w->loop);
    }
    lx_exchange_free_spare(w);
    lx_inbound_free_spare(w);
    lx_buf_clear(&w->head);
    lx_buf_clear(&w->lines);
    lx_config_unref(w->config);
}

static void *worker_run(void *arg)
{
    struct lx_worker *w = arg;

    lx_loop_run(w->loop);
    return NULL;
}

/* ---- The server ---------------------------------------------------------------------------- */

/* Every listener shares its port with the other workers', which would let a second gateway take
 * half of the first one's requests unnoticed: so the port is tried once without sharing. */
static int check_port_free(const struct addrinfo *at, const char *host, const char *port,
                           struct lx_error *err)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, failed;

    if (fd < 0)
        return lx_error_set(err, LX_EIO, "cannot make a socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    failed = bind(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    close(fd);
    return failed ? lx_error_set(err, LX_EIO, "cannot listen on %s port %s: %s", host, port,
                                 strerror(failed))
                  : 0;
}

/* The first worker takes the port, the others share it (SO_REUSEPORT). */
static int listen_all(struct lx_server *s, struct lx_error *err)
{
    const char *host = s->options.host ? s->options.host : "0.0.0.0";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *at;
    char port[16];
    int code = 0, failed;

    for (int i = 0; i < s->worker_count && code == 0; i++) {
        snprintf(port, sizeof(port), "%d", s->port);
        failed = getaddrinfo(host, port, &hints, &at);
        if (failed)
            return lx_error_set(err, LX_EDNS, "cannot listen on %s: %s", host,
                                gai_strerror(failed));
        if (i == 0)
            code = check_port_free(at, host, port, err);
        if (code == 0)
            code = worker_init(s, &s->workers[i], at, err);
        freeaddrinfo(at);
        if (code == 0)
            s->port = lx_listener_port(s->workers[i].listener);
    }
    return code;
}

static int load_tls(struct lx_server *s, struct lx_error *err)
{
    struct lx_tls_options o = {.cert_file = s->options.cert_file, .key_file = s->options.key_file};

    if (!o.cert_file && !o.key_file)
        return 0;
    if (!o.cert_file || !o.key_file)
        return lx_error_set(err, LX_EINVAL, "TLS needs both a certificate and a key file");
    s->tls = lx_tls_server_new(&o, err);
    return s->tls ? 0 : LX_ETLS;
}

static struct lx_config *load(const struct lx_server_options *o, const struct lx_config *before,
                              struct lx_diags *diags)
{
    return o->config_path
               ? lx_config_load(o->config_path, o->env, before, diags)
               : lx_config_read(o->config_text, "(built in)", NULL, o->env, before, diags);
}

/* A map of the user's own, where there is one. */
static void say_map(struct lx_server *s)
{
    const struct lx_config_map *m = &s->config->map;

    if (m->catalog)
        lx_log_say(s->log, m->stale ? LX_LOG_WARNING : LX_LOG_INFO,
                   "model map: %zu models of %.*s%s", lx_catalog_count(m->catalog), LX_F(m->place),
                   m->stale ? ", as it was before: it cannot be had now" : "");
}

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL); /* inherited by the workers */
}

struct lx_server *lx_server_new(const struct lx_server_options *o, struct lx_diags *diags,
                                struct lx_error *err)
{
    struct lx_server *s = calloc(1, sizeof(*s));
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    sigset_t signals;

    if (!s) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    s->options = *o;
    s->port = o->port;
    s->worker_count = o->workers > 0 ? o->workers : cores > 0 ? (int)cores : 1;
    if (s->worker_count > WORKERS_MAX)
        s->worker_count = WORKERS_MAX;
    s->config = load(o, NULL, diags);
    if (!s->config) {
        lx_error_set(err, LX_ECONFIG, "the configuration cannot be used");
        goto fail;
    }
    s->router = lx_route_state_new();
    s->epoch_ms = lx_clock_wall_ms() - lx_clock_mono_ms();
    if (!s->router || lx_route_state_bind(s->router, &s->config->routes) != 0) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        goto fail;
    }
    s->log = lx_log_new(o->log_fd, o->json_logs < 0 ? s->config->json_logs : o->json_logs != 0,
                        LOG_MAX_BYTES);
    s->workers = calloc((size_t)s->worker_count, sizeof(*s->workers));
    s->share = s->log ? lx_share_new(s->log, s->epoch_ms) : NULL;
    s->results = lx_results_new();
    if (!s->share || !s->workers || !s->results) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        goto fail;
    }
    if (load_tls(s, err) != 0 || listen_all(s, err) != 0)
        goto fail;
    block_signals(&signals); /* before anybody can know that it listens */
    say_map(s);
    return s;
fail:
    lx_server_free(s);
    return NULL;
}

int lx_server_port(const struct lx_server *s)
{
    return s->port;
}

const struct lx_config *lx_server_config(const struct lx_server *s)
{
    return s->config;
}

struct lx_results *lx_server_results(const struct lx_server *s)
{
    return s->results;
}

const struct lx_route_trail *lx_server_trail(const struct lx_server *s, int i)
{
    return i < s->worker_count ? s->workers[i].trail : NULL;
}

void lx_server_share_status(const struct lx_server *s, struct lx_share_status *out)
{
    lx_share_status(s->share, out);
}

static void share(struct lx_server *s)
{
    if (lx_share_use(s->share, s->config) != 0)
        lx_log_say(s->log, LX_LOG_ERROR, "no thread can be started: router state is not shared");
}

/* A configuration that cannot be used changes nothing. */
static void reload(struct lx_server *s)
{
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    struct lx_config *config;
    struct lx_buf line;

    lx_arena_init(&arena, 64u << 20);
    lx_buf_init(&line, 64u << 10);
    config = load(&s->options, s->config, &diags);
    if (config && lx_route_state_bind(s->router, &config->routes) != 0)
        lx_log_say(s->log, LX_LOG_ERROR, "reload: out of memory; not every deployment is watched");
    for (size_t i = 0; i < diags.n; i++) {
        lx_buf_reset(&line);
        lx_diag_write(&diags.v[i], &line);
        lx_log_say(s->log, diags.v[i].kind == LX_DIAG_ERROR ? LX_LOG_ERROR : LX_LOG_WARNING, "%.*s",
                   LX_F(lx_slice_trim(lx_buf_slice(&line))));
    }
    if (!config) {
        lx_log_say(s->log, LX_LOG_ERROR, "reload failed: the running configuration stays");
    } else {
        for (int i = 0; i < s->worker_count; i++)
            if (tell(&s->workers[i], take_config, config, NULL) != 0)
                lx_log_say(s->log, LX_LOG_ERROR, "reload: out of memory for worker %d", i);
        lx_config_unref(s->config);
        s->config = config;
        share(s);
        if (s->options.json_logs < 0)
            lx_log_set_json(s->log, config->json_logs);
        lx_log_say(s->log, LX_LOG_INFO, "configuration reloaded: %zu model groups",
                   config->routes.count);
        say_map(s);
    }
    lx_buf_clear(&line);
    lx_arena_clear(&arena);
}

/* Read once, for all loops, while they already serve. A loop that needs it earlier makes its own.
 */
static void load_authorities(struct lx_server *s)
{
    struct lx_error err = {0};
    struct lx_tls_context *tls = lx_tls_client_new(&s->config->net.tls, &err);

    if (!tls)
        lx_log_say(s->log, LX_LOG_ERROR, "no https to providers: %s", err.text);
    for (int i = 0; tls && i < s->worker_count; i++)
        if (tell(&s->workers[i], take_tls, NULL, tls) != 0)
            lx_log_say(s->log, LX_LOG_ERROR, "out of memory for worker %d", i);
    lx_tls_context_free(tls);
}

static void drain_all(struct lx_server *s)
{
    for (int i = 0; i < s->worker_count; i++)
        if (tell(&s->workers[i], drain, NULL, NULL) != 0)
            lx_loop_stop(s->workers[i].loop);
}

int lx_server_run(struct lx_server *s)
{
    sigset_t signals;
    size_t cut = 0;
    int signal = 0, running = 0, code = 0;

    block_signals(&signals);
    while (running < s->worker_count &&
           (code = pthread_create(&s->workers[running].thread, NULL, worker_run,
                                  &s->workers[running])) == 0)
        running++;
    if (running < s->worker_count)
        lx_log_say(s->log, LX_LOG_ERROR, "only %d of %d workers could start: %s; stopping", running,
                   s->worker_count, strerror(code));
    if (running == s->worker_count) {
        share(s);
        load_authorities(s);
    }
    while (running == s->worker_count && sigwait(&signals, &signal) == 0 && signal == SIGHUP)
        reload(s);
    drain_all(s);
    /* A second signal does not wait for open streams. */
    for (int i = 0; i < running; i++) {
        while (pthread_tryjoin_np(s->workers[i].thread, NULL) == EBUSY) {
            struct timespec wait = {.tv_nsec = 20 * 1000 * 1000};

            signal = sigtimedwait(&signals, NULL, &wait);
            if (signal == SIGTERM || signal == SIGINT)
                drain_all(s);
        }
        cut += s->workers[i].cut;
    }
    if (cut)
        lx_log_say(s->log, LX_LOG_WARNING, "shut down with %zu requests cut off", cut);
    return cut || running < s->worker_count ? 1 : 0;
}

void lx_server_free(struct lx_server *s)
{
    if (!s)
        return;
    for (int i = 0; s->workers && i < s->worker_count; i++)
        worker_clear(&s->workers[i]);
    free(s->workers);
    lx_share_free(s->share);
    lx_results_free(s->results);
    lx_log_free(s->log);
    lx_tls_context_free(s->tls);
    lx_config_unref(s->config);
    lx_route_state_unref(s->router);
    free(s);
}
