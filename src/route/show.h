/*
 * show.h - the router's state for people and programs: deployments, groups, last decisions.
 *
 * Behind GET /router/state and `llmux router`. Ids, names and numbers only: never a key, never what
 * a request said.
 */
#ifndef LX_ROUTE_SHOW_H
#define LX_ROUTE_SHOW_H

#include "route/choose.h"

struct lx_route_view {
    const struct lx_route_table *table; /* bound */
    int64_t now_ms;
    const struct lx_route_note *notes; /* the newest first */
    size_t note_count;
};

/* Puts the entries of several threads in one order, the newest first. */
void lx_route_notes_sort(struct lx_route_note *notes, size_t n);
/* Members of an open object: strategy, settings, groups, deployments, decisions. */
void lx_route_show_json(const struct lx_route_view *v, struct lx_out *out);
/* The same as tables of text. */
void lx_route_show_text(const struct lx_route_view *v, struct lx_buf *out);

#endif
