/*
 * health.h - health checks in the background: one loop's, spread over their interval.
 */
#ifndef LX_SERVE_HEALTH_H
#define LX_SERVE_HEALTH_H

#include "serve/worker.h"

struct lx_watch; /* opaque */

/* For the loop that does it. NULL when out of memory. */
struct lx_watch *lx_watch_new(struct lx_worker *w);
/* Begins, goes on or ends as the worker's configuration says: in its thread, or before that runs.
 */
void lx_watch_update(struct lx_watch *h);
void lx_watch_free(struct lx_watch *h); /* NULL-safe */

#endif
