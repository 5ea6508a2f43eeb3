/*
 * targets.h - who is asked when a group has failed: lists of fallbacks, as LiteLLM writes them.
 *
 * A list is [{"group": [targets]}, ...], or, as clients send it, of nothing but targets, which then
 * are every group's. A target is a name, or an object with it as `model`.
 */
#ifndef LX_ROUTE_TARGETS_H
#define LX_ROUTE_TARGETS_H

#include "wire/json.h"

/* Names, or objects with parameters: for whatever group fails. A value that is a list makes it a
 * mapping of groups. */
bool lx_targets_are_plain(struct lx_json list);
/* The group's targets, a JSON array that lies in the list; absent: it has none, or the list cannot
 * be read. By the group's name, the name without its provider, a pattern, and "*". */
struct lx_slice lx_targets_of(struct lx_slice lists, struct lx_slice group, struct lx_arena *a);

#endif
