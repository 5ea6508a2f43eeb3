/*
 * results.c - the ring of what health checks have found (see results.h).
 */
#include "serve/results.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT = 2048 };

struct lx_results {
    pthread_mutex_t mutex;
    uint64_t count; /* so far */
    struct lx_result kept[KEPT];
};

struct lx_results *lx_results_new(void)
{
    struct lx_results *r = calloc(1, sizeof(*r)); /* pages that nobody writes cost nothing */
    if (r)
        pthread_mutex_init(&r->mutex, NULL);
    return r;
}

void lx_results_free(struct lx_results *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

void lx_results_add(struct lx_results *r, const struct lx_result *result)
{
    pthread_mutex_lock(&r->mutex);
    struct lx_result *to = &r->kept[r->count++ % KEPT];
    *to = *result;
    to->number = r->count;
    pthread_mutex_unlock(&r->mutex);
}

bool lx_results_get(struct lx_results *r, struct lx_slice name, int healthy, size_t i,
                    struct lx_result *out)
{
    bool found = false;
    pthread_mutex_lock(&r->mutex);
    for (uint64_t k = 0; k < r->count && k < KEPT && !found; k++) {
        const struct lx_result *at = &r->kept[(r->count - 1 - k) % KEPT];
        if (name.n && !lx_slice_eq(name, lx_slice_z(at->group)) &&
            !lx_slice_eq(name, lx_slice_z(at->id)))
            continue;
        if (healthy >= 0 && at->healthy != (healthy > 0))
            continue;
        found = i-- == 0;
        if (found)
            *out = *at;
    }
    pthread_mutex_unlock(&r->mutex);
    return found;
}
