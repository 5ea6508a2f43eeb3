/*
 * results.h - what health checks have found: the last few thousand results, of all loops.
 *
 * Written and read a few times a second at most, under a mutex; the router reads a word of the
 * deployment's own record instead.
 */
#ifndef LX_SERVE_RESULTS_H
#define LX_SERVE_RESULTS_H

#include "base/slice.h"

struct lx_result {
    char group[96], id[80], model[128]; /* cut where they are longer */
    char error[512];                    /* "" when it is healthy */
    int status;                         /* of the error */
    int64_t at_ms, took_ms;
    uint64_t number; /* from 1 */
    bool healthy, in_background;
};

struct lx_results;                          /* opaque */
struct lx_results *lx_results_new(void);    /* or NULL */
void lx_results_free(struct lx_results *r); /* NULL-safe */
void lx_results_add(struct lx_results *r, const struct lx_result *result);
/* The i-th from the newest on (0), of the group or deployment of that name (empty: any), healthy
 * (1), unhealthy (0) or both (-1). False: there are not so many. */
bool lx_results_get(struct lx_results *r, struct lx_slice name, int healthy, size_t i,
                    struct lx_result *out);

#endif
