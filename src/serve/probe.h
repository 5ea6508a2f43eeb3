/*
 * probe.h - whether deployments answer: one small request to each, through the same call machine as
 * any other, but past the router: it neither chooses nor counts.
 *
 * A sweep asks a list of deployments, a few at a time, on the loop of whoever wants to know: GET
 * /health while somebody waits, or the checks in the background, spread over their interval.
 */
#ifndef LX_SERVE_PROBE_H
#define LX_SERVE_PROBE_H

#include "serve/results.h"
#include "serve/worker.h"

struct lx_sweep; /* opaque */

struct lx_sweep_input {
    struct lx_worker *worker;
    struct lx_config *config; /* a reference is taken */
    struct lx_slice model;    /* only this group, or deployments of this provider/model; or empty */
    struct lx_slice id;       /* only this deployment; or empty */
    bool skips_disabled;      /* not those with disable_background_health_check */
    int64_t every_ms;         /* between two of them; 0: as fast as a few at a time can go */
    uint64_t order;           /* which of their orders: nodes that share what they find want each
                               * its own, the same each time; 0: the configuration's */
    /* After the last one. The sweep is idle: it may be freed from within. */
    void (*done)(void *arg);
    void *arg;
};
/* Begins; done() is never called from within. The results go to the server's. NULL when out of
 * memory. */
struct lx_sweep *lx_sweep_new(const struct lx_sweep_input *in);
/* How many it asks, and each. */
size_t lx_sweep_count(const struct lx_sweep *s);
const struct lx_deployment *lx_sweep_at(const struct lx_sweep *s, size_t i);
/* Stops what is under way; NULL-safe. */
void lx_sweep_free(struct lx_sweep *s);

#endif
