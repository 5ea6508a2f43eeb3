/*
 * list.h - the deployments and groups of a table with what the catalog knows of them, in the shape
 * of LiteLLM's /model/info and /model_group/info, without secrets. For the gateway's endpoints and
 * the library. What has been hidden is in no list.
 */
#ifndef LX_ROUTE_LIST_H
#define LX_ROUTE_LIST_H

#include "route/deployment.h"

/* {"data": [...]}; id: only the deployment of that id, absent: all. How many there are; with 0 for
 * want of memory, out has failed. */
size_t lx_route_list_deployments(const struct lx_route_table *t, struct lx_slice id,
                                 struct lx_buf *out);
/* The same of groups, and a group's name. */
size_t lx_route_list_groups(const struct lx_route_table *t, struct lx_slice name,
                            struct lx_buf *out);

#endif
