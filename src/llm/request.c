/*
 * request.c - the names and values of a request's scalar parameters, and what several languages ask
 * of its tools.
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

enum lx_tristate lx_tristate_read(struct lx_json v)
{
    if (lx_json_is(v, LX_JSON_TRUE))
        return LX_YES;
    return lx_json_is(v, LX_JSON_FALSE) ? LX_NO : LX_UNSET;
}

bool lx_request_has_called(const struct lx_request *r)
{
    for (const struct lx_message *m = r->messages; m; m = m->next)
        if (lx_part_find(m->parts, LX_PART_TOOL_CALL) ||
            lx_part_find(m->parts, LX_PART_TOOL_RESULT))
            return true;
    return false;
}

bool lx_request_tool_is_custom(const struct lx_request *r, struct lx_text name, struct lx_arena *a)
{
    struct lx_slice wanted = lx_text_plain(name, a);
    for (const struct lx_tool *t = r->tools; t; t = t->next)
        if (t->custom && lx_slice_eq(lx_text_plain(t->name, a), wanted))
            return true;
    return false;
}

bool lx_request_tool_is_open(const struct lx_request *r, const struct lx_tool *t,
                             struct lx_arena *a)
{
    return r->tool_choice != LX_CHOICE_NAMED ||
           lx_slice_eq(lx_text_plain(t->name, a), lx_text_plain(r->tool_choice_name, a));
}
