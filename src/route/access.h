/*
 * access.h - which models a set of names permits: what a key, a team or a user may ask for.
 *
 * A name is a model's, an access group's (model_info.access_groups of deployments), a pattern with
 * '*', or "all-proxy-models". Groups of models under a name of their own (routing_groups) are
 * permitted by that name alone: who may ask for a member may not ask for all of them.
 */
#ifndef LX_ROUTE_ACCESS_H
#define LX_ROUTE_ACCESS_H

#include "route/deployment.h"

/* No names at all permit everything, as in LiteLLM. An alias is permitted with what it stands for;
 * a name without a provider's prefix also by a pattern for its provider's models. */
bool lx_access_permits(const struct lx_route_table *t, const struct lx_slice *names, size_t n,
                       struct lx_slice model);
/* Of a permitted model's deployments: where nothing but access groups permits it, only those in
 * one of them are. */
bool lx_access_permits_deployment(const struct lx_route_table *t, const struct lx_slice *names,
                                  size_t n, struct lx_slice model, const struct lx_deployment *d);

/* An access group, and who is in it. */
struct lx_access_group {
    struct lx_slice name;
    struct lx_slice *models; /* names that can be asked for, in the order of the configuration */
    size_t model_count;
    size_t deployments;
};
/* All of them, in the order in which the configuration names them; NULL where there are none, or no
 * memory (a->failed). */
struct lx_access_group *lx_access_groups(const struct lx_route_table *t, struct lx_arena *a,
                                         size_t *count);

#endif
