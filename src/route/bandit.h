/*
 * bandit.h - adaptive auto routers: which of several models is worth asking for what, learned from
 * what users say to their answers.
 */
#ifndef LX_ROUTE_BANDIT_H
#define LX_ROUTE_BANDIT_H

#include <stdatomic.h>

#include "route/auto.h"

enum { LX_BANDIT_SESSIONS = 1024 };

/* Shared by all loops without locks; begins zeroed. */
struct lx_auto_state {
    /* What came on top of the prior: halves of successes << 32 | halves of failures. */
    _Atomic uint64_t cells[LX_REQUEST_TYPE_COUNT][LX_AUTO_MODELS];
    /* Who answered last, by session: a newer one takes an older one's place. */
    struct {
        _Atomic uint64_t key, what;
    } sessions[LX_BANDIT_SESSIONS];
};

const char *lx_request_type_name(enum lx_request_type t);
enum lx_request_type lx_request_type_of(struct lx_slice text, struct lx_arena *a);
/* LX_REQUEST_TYPE_COUNT: no type is called so. */
enum lx_request_type lx_request_type_find(struct lx_slice name);

/* Expected quality of a model at a type of requests, in millionths, and how many signs of it there
 * were. */
int64_t lx_bandit_quality_ppm(const struct lx_auto *r, enum lx_request_type t, size_t model,
                              int64_t *signs);

/* lx_auto_kind's. */
void lx_bandit_choose(const struct lx_auto *r, const struct lx_auto_question *q, struct lx_arena *a,
                      struct lx_auto_choice *out);

#endif
