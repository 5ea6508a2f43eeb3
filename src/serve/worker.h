/*
 * worker.h - one event loop of the server and everything that lives on it.
 *
 * Nothing here is shared between threads but the configuration snapshot (immutable, counted), the
 * log, and the messages that reach a worker through its loop's posts.
 */
#ifndef LX_SERVE_WORKER_H
#define LX_SERVE_WORKER_H

#include <pthread.h>

#include "call/call.h"
#include "io/stream.h"
#include "net/aside.h"
#include "net/client.h"
#include "config/config.h"
#include "serve/log.h"

struct lx_server;
struct lx_inbound;
struct lx_exchange;
struct lx_watch;

/* Free memory at the top of a heap, in bytes, that is kept while there is work (mallopt). */
#define LX_WORKER_TRIM_THRESHOLD (128 << 20)

struct lx_worker {
    struct lx_server *server;
    struct lx_loop *loop;
    struct lx_net *net;
    struct lx_call_pool *calls;   /* storage of finished calls, for the next */
    struct lx_keys *keys;         /* exchanged for credentials */
    struct lx_route_trail *trail; /* this loop's last decisions; other loops read it */
    struct lx_watch *watch;       /* health checks in the background; the first loop's */
    struct lx_listener *listener;
    struct lx_config *config; /* what new requests see */
    int64_t epoch_ms;         /* wall clock minus the loop's, the same for all: see lx_drive */
    struct lx_log *log;
    bool access_log;
    struct lx_buf lines; /* access-log lines not yet handed over */
    struct lx_timer flush_timer;
    struct lx_buf head;       /* scratch: a reply's head */
    struct lx_inbound *conns; /* all open ones, doubly linked */
    size_t conn_count;
    struct lx_inbound *dirty;    /* connections with something to send at the end of the turn */
    struct lx_buf spare_out[16]; /* their buffers, between uses */
    size_t spare_out_count;
    struct lx_asides mirrors;  /* requests of silent_model */
    uint64_t mirrors_missed;   /* of which there were too many */
    struct lx_exchange *spare; /* finished exchanges, kept for reuse */
    size_t spare_count;
    size_t busy; /* exchanges under way */
    struct lx_timer trim_timer;
    uint64_t random[2]; /* xorshift128+ state */
    char date[32];      /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    int64_t date_s;
    bool draining; /* shutting down: no new requests */
    bool drained;
    int64_t drain_until_ms;
    struct lx_timer drain_timer;
    size_t cut; /* exchanges ended by the shutdown limit */
    pthread_t thread;
    int index;
};

uint64_t lx_worker_random(struct lx_worker *w);
/* The Date header's value, made once a second. */
struct lx_slice lx_worker_date(struct lx_worker *w);
/* A line for the access log has been appended to w->lines: hand over soon. */
void lx_worker_lines_added(struct lx_worker *w);
/* An exchange begins (+1) or ends (-1): a worker that has fallen quiet gives memory back. */
void lx_worker_count_busy(struct lx_worker *w, int change);
/* The last connection of a draining worker has gone. */
void lx_worker_check_drained(struct lx_worker *w);

#endif
