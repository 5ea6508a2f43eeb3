/*
 * scalar.h - scalar parameters of a request, written by a table: what a back keeps under which
 * name, what it refuses, and what may be left out.
 *
 * What needs more than that, a back writes itself.
 */
#ifndef LX_DIALECT_SCALAR_H
#define LX_DIALECT_SCALAR_H

#include "dialect/dialect.h"

enum lx_scalar_fate {
    LX_SCALAR_KEPT,    /* under `name`, as it is; the client's own member of that name wins */
    LX_SCALAR_REFUSED, /* would change the answer: lx_body_refuse */
    LX_SCALAR_LOST,    /* would not: listed */
};

struct lx_scalar {
    enum lx_param param;
    enum lx_scalar_fate fate;
    const char *name; /* KEPT */
    const char *noop; /* values that ask for nothing, each between bars: "|0|0.0|"; or NULL */
    const char *why;  /* REFUSED, LOST */
};

/* Writes the request's parameters that the table has; null asks for nothing. `given` are the
 * client's members in the target's own words. */
void lx_scalars_write(const struct lx_scalar *table, size_t n, const struct lx_write_options *o,
                      const struct lx_request *r, const struct lx_extra *given, struct lx_body *b,
                      struct lx_out *out);
/* Writes what the answer is to stop at, as a list; nothing where there is nothing, or where `given`
 * has a member of that name. */
void lx_stop_write(const struct lx_request *r, const char *name, const struct lx_extra *given,
                   struct lx_out *out);
/* Whether a value asks for nothing: null, or one that stands between bars in `noop`. */
bool lx_scalar_is_noop(const char *noop, struct lx_slice json);

#endif
