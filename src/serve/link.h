/*
 * link.h - one node's connection to the Redis in which nodes tell each other what they counted.
 *
 * A turn is one round trip: a script in the server puts this node's numbers into its fields and
 * returns what the other nodes' fields come to. Numbers are whole ones of the minute (of a budget's
 * window), not additions: a turn that is lost, made twice, or finds the server empty does no harm.
 *
 *   {PREFIX}:d:HASH:MINUTE         a deployment's minute       \
 *   {PREFIX}:g:HASH:MINUTE         a group's minute             > a hash of node -> numbers
 *   {PREFIX}:b:HASH:LENGTH:WINDOW  what a budget's window cost /
 *
 * Blocks for as long as the deadlines let it: for a thread of its own, never for a loop.
 */
#ifndef LX_SERVE_LINK_H
#define LX_SERVE_LINK_H

#include "config/config.h"

struct lx_link; /* opaque */

/* node: of this process, unlike any other's. The settings are copied. NULL when out of memory. */
struct lx_link *lx_link_new(const struct lx_config_redis *settings, uint64_t node);
void lx_link_free(struct lx_link *l); /* NULL-safe */
/* What is shared from now on: all that the table (bound, and the caller's to keep) has. 0 or
 * LX_ENOMEM. */
int lx_link_use(struct lx_link *l, const struct lx_route_table *t);
/* One turn, connecting where that is needed. 0; or a code with *err, and what depends on the others
 * being there (what they have in flight) is taken as nothing. */
int lx_link_turn(struct lx_link *l, int64_t now_ms, struct lx_error *err);

#endif
