/*
 * facts.h - what routing wants to know of a request, read from its body. Inside of call/ only.
 */
#ifndef LX_CALL_FACTS_H
#define LX_CALL_FACTS_H

#include "call/call.h"
#include "call/members.h"
#include "route/choose.h"

/*
 * Fills what the group's deployments and the policy make worth knowing; what nobody asks is not
 * looked at. The rest of *out (time, chance, what was tried) stays the caller's. Slices are the
 * body's, the input's, or in the arena.
 */
void lx_facts_read(const struct lx_call_input *in, struct lx_call_pool *pool,
                   const struct lx_model_group *group, const struct lx_json_doc *body,
                   const struct lx_members *members, struct lx_arena *a,
                   struct lx_route_request *out);

/* Whose conversation it says to be; empty: it does not. */
struct lx_slice lx_facts_session(const struct lx_call_input *in, const struct lx_members *m,
                                 struct lx_arena *a);

#endif
