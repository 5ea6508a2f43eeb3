/*
 * scalar.c - scalar parameters of a request, written by a table.
 *
 * Called by backs while they write a request. It knows no language: the table does.
 */
#include "dialect/scalar.h"

bool lx_scalar_is_noop(const char *noop, struct lx_slice json)
{
    return !json.n || lx_slice_eq(json, LX_S("null")) || lx_slice_among(json, noop);
}

void lx_scalars_write(const struct lx_scalar *table, size_t n, const struct lx_write_options *o,
                      const struct lx_request *r, const struct lx_extra *given, struct lx_body *b,
                      struct lx_out *out)
{
    for (const struct lx_scalar *row = table; row < table + n; row++) {
        struct lx_slice json = r->params[row->param];
        struct lx_slice what = lx_slice_z(lx_param_name(row->param));
        if (lx_scalar_is_noop(row->noop, json))
            continue;
        if (row->fate == LX_SCALAR_REFUSED)
            lx_body_refuse(b, o, what, lx_slice_z(row->why));
        else if (row->fate == LX_SCALAR_LOST)
            lx_losses_add(b->losses, what, lx_slice_z(row->why));
        else if (row->fate == LX_SCALAR_KEPT && !lx_extra_find(given, lx_slice_z(row->name)))
            lx_out_raw(out, row->name, json);
    }
}

void lx_stop_write(const struct lx_request *r, const char *name, const struct lx_extra *given,
                   struct lx_out *out)
{
    if (!r->stop_count || lx_extra_find(given, lx_slice_z(name)))
        return;
    lx_out_array(out, name);
    for (size_t i = 0; i < r->stop_count; i++)
        lx_out_text(out, NULL, r->stop[i]);
    lx_out_array_end(out);
}
