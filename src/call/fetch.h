/*
 * fetch.h - how one call comes to the key that a credential is exchanged for: out of the cache, by
 * waiting for another call that fetches it, or by running the credential itself.
 */
#ifndef LX_CALL_FETCH_H
#define LX_CALL_FETCH_H

#include "call/keys.h"

struct lx_fetch {
    struct lx_keys *keys;          /* the host's, or own */
    struct lx_keys *own;           /* when the host has none */
    struct lx_credential_run *run; /* while this call fetches */
    int waits;
};

enum lx_fetch_step {
    LX_FETCH_KEY,    /* *key holds, in the arena */
    LX_FETCH_ASK,    /* the host must send or read something: lx_fetch_fill() */
    LX_FETCH_WAIT,   /* ask again in *wait_ms */
    LX_FETCH_FAILED, /* *fault holds, in the arena */
};

struct lx_fetch_result {
    struct lx_secret key;
    int64_t wait_ms;
    struct lx_fault fault;
};

/* What is to be done for a key of this source. After ASK come the feeds first. */
enum lx_fetch_step lx_fetch_next(struct lx_fetch *f, const struct lx_credential_source *source,
                                 int64_t now_ms, uint64_t random, struct lx_arena *a,
                                 struct lx_fetch_result *out);
/* The exchange or the file that is due, as a step of the call. trust: the deployment's. */
void lx_fetch_fill(struct lx_fetch *f, const char *trust, struct lx_step *out);
/* The exchange is over; code: 0, or why there is no whole answer. False: none was under way. */
bool lx_fetch_end(struct lx_fetch *f, int code, const struct lx_error *err);
bool lx_fetch_file(struct lx_fetch *f, int code, struct lx_slice text);
/* Gives up what is being fetched, so that another call may. */
void lx_fetch_clear(struct lx_fetch *f);

#endif
