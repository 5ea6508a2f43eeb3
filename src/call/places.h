/*
 * places.h - what a row puts into bodies besides what its language says: the model under another
 * name, on whose account it is asked.
 */
#ifndef LX_CALL_PLACES_H
#define LX_CALL_PLACES_H

#include "route/deployment.h"

/* The row has names of its own for what its language calls otherwise, or does not know. */
bool lx_places_any(const struct lx_provider *row);
/* The body names a project, and nobody said which. */
bool lx_places_lack(const struct lx_provider *row, const struct lx_deployment *d);
/* Records them in the edit of a body. `model` is as the row calls it. */
void lx_places_write(const struct lx_provider *row, const struct lx_deployment *d,
                     struct lx_slice model, struct lx_json_edit *edit);
/* A row's header with the name in it filled in; absent where there is nothing to fill it with. */
struct lx_slice lx_places_header(const char *value, const struct lx_deployment *d,
                                 struct lx_arena *a);

#endif
