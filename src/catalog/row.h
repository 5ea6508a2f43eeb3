/*
 * row.h - a walk over a row's JSON that allocates nothing.
 *
 * A row was checked when it came into the catalog, so here is only as much of a reader as valid
 * JSON needs; anything else ends the walk early, never outside the text. Names and strings are
 * given as written: an escaped one is nobody's name.
 */
#ifndef LX_CATALOG_ROW_H
#define LX_CATALOG_ROW_H

#include "wire/json.h"

/* The members of an object or the elements of an array (whose names are empty):
 * for (struct lx_row r = lx_row(json); lx_row_next(&r);) ... r.name, r.value ... */
struct lx_row {
    struct lx_slice rest;
    struct lx_slice name;  /* without quotes */
    struct lx_slice value; /* as written */
};
struct lx_row lx_row(struct lx_slice json);
bool lx_row_next(struct lx_row *r);

/* The first member of that name, as written; absent. (A row in the catalog has each name once.) */
struct lx_slice lx_row_get(struct lx_slice json, struct lx_slice name);
/* Writes it as a member of an object. */
void lx_row_write(const struct lx_row *member, struct lx_out *o);
/* A string without its quotes; anything else as it is. */
struct lx_slice lx_row_unquoted(struct lx_slice value);

#endif
