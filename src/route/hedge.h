/*
 * hedge.h - when a second deployment is asked what the first is slow to answer.
 */
#ifndef LX_ROUTE_HEDGE_H
#define LX_ROUTE_HEDGE_H

#include "route/state.h"

/* How long to wait for the beginning of d's answer before another is asked; 0: no other is. */
int64_t lx_hedge_after_ms(const struct lx_route_policy *p, const struct lx_deployment *d,
                          bool stream, int64_t now_ms);
/* Whether the group's budget has room for one hedge more, and takes it: `hedge_budget` of the
 * requests of this minute and the last, and one always. A group without a state has no budget. */
bool lx_hedge_take(const struct lx_route_policy *p, const struct lx_model_group *g, int64_t now_ms);

#endif
