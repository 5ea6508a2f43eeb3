/*
 * request.c - the names and values of a request's scalar parameters.
 *
 * Dialects and the quirks engine ask here. The rest of a request is plain data.
 */
#include "llm/request.h"

const char *lx_param_name(enum lx_param p)
{
    static const char *const names[LX_PARAM_COUNT] = {
#define LX_PARAM(id, name) [LX_PARAM_##id] = name,
#include "llm/params.def"
#undef LX_PARAM
    };
    return p < LX_PARAM_COUNT ? names[p] : "";
}

int lx_request_param_int(const struct lx_request *r, enum lx_param p, int64_t *out)
{
    return lx_slice_int(r->params[p], out);
}
