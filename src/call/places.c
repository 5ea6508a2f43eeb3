/*
 * places.c - what a row puts into bodies besides what its language says (watsonx: model_id, and
 * project_id or space_id; Oracle: compartmentId).
 *
 * attempt.c calls it when it mends a body, whoever wrote that.
 */
#include "call/places.h"

bool lx_places_any(const struct lx_provider *row)
{
    return row->model_member || row->project_member || row->stream_outside;
}

bool lx_places_lack(const struct lx_provider *row, const struct lx_deployment *d)
{
    return row->project_member && !d->project.n && !(row->space_member && d->space.n);
}

void lx_places_write(const struct lx_provider *row, const struct lx_deployment *d,
                     struct lx_slice model, struct lx_json_edit *edit)
{
    struct lx_json root = lx_json_root(edit->doc);
    bool space = row->space_member && !d->project.n;
    const char *whose = space ? row->space_member : row->project_member;
    if (row->model_member)
        lx_json_edit_set(edit, root, lx_slice_z(row->model_member),
                         lx_json_quoted(model, edit->arena));
    if (whose)
        lx_json_edit_set(edit, root, lx_slice_z(whose),
                         lx_json_quoted(space ? d->space : d->project, edit->arena));
    if (row->stream_outside) {
        lx_json_edit_remove(edit, root, LX_S("stream"));
        lx_json_edit_remove(edit, root, LX_S("stream_options"));
    }
}

struct lx_slice lx_places_header(const char *value, const struct lx_deployment *d,
                                 struct lx_arena *a)
{
    struct lx_slice pattern = lx_slice_z(value), head, name, tail;
    if (!lx_slice_cut(pattern, '{', &head, &name))
        return pattern;
    lx_slice_cut(name, '}', &name, &tail);
    struct lx_slice filled = lx_slice_eq(name, LX_S("profile")) ? d->profile : d->project;
    if (!filled.n)
        return lx_slice(NULL, 0);
    return lx_arena_printf(a, "%.*s%.*s%.*s", LX_F(head), LX_F(filled), LX_F(tail));
}
