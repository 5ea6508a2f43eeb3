/*
 * share.h - the thread that keeps this node's router in step with the other nodes', through Redis.
 *
 * It takes a turn (serve/link.h) a few times a second, away from every loop: no request ever waits
 * for it. When Redis does not answer within its deadline the node goes on with its own counters,
 * says so once, and tries again every second.
 */
#ifndef LX_SERVE_SHARE_H
#define LX_SERVE_SHARE_H

#include "config/config.h"
#include "serve/log.h"

struct lx_share; /* opaque */

enum lx_share_state {
    LX_SHARE_OFF,     /* not configured */
    LX_SHARE_WAITING, /* no turn was taken yet */
    LX_SHARE_UP,
    LX_SHARE_DOWN, /* on its own */
};
struct lx_share_status {
    enum lx_share_state state;
    int64_t since_ms, last_ms; /* of the state; of the last turn that went well (0: none did) */
    int64_t turns, failures;
    char node[17];  /* by what name the others know this one */
    char text[256]; /* why it is down; or "" */
};

/* NULL when out of memory. Nothing runs before there is a configuration with a Redis in it. */
struct lx_share *lx_share_new(struct lx_log *log, int64_t epoch_ms);
/* What is to be shared, and where, from now on; takes a reference. In one thread at a time. 0 or a
 * code. */
int lx_share_use(struct lx_share *s, struct lx_config *config);
void lx_share_status(struct lx_share *s, struct lx_share_status *out); /* from any thread */
void lx_share_free(struct lx_share *s); /* ends the thread; NULL-safe */

#endif
