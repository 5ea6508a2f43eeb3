/*
 * path.c - paths into a request body: what additional_drop_params and quirks are written in.
 *
 *   path  = step *( "." step / index )      step = name / "**"      index = "[" ( "*" / digits )
 * "]"
 *
 * The walk goes no deeper than the document, whose depth the reader has limited, and takes one "**"
 * at most, so that a client's path costs no more than reading the body did.
 */
#include "provider/provider.h"

struct walk {
    struct lx_json_edit *edit;
    size_t removed;
};

/* What a path begins with; *rest is what follows. False at its end. */
static bool next_step(struct lx_slice path, struct lx_slice *step, struct lx_slice *rest)
{
    if (path.n && path.p[0] == '.')
        path = lx_slice_from(path, 1);
    if (!path.n)
        return false;
    size_t n = 1;
    if (path.p[0] == '[') {
        while (n < path.n && path.p[n - 1] != ']')
            n++;
    } else {
        while (n < path.n && path.p[n] != '.' && path.p[n] != '[')
            n++;
    }
    *step = lx_slice_to(path, n);
    *rest = lx_slice_from(path, n);
    return true;
}

static void walk(struct walk *w, struct lx_json v, struct lx_slice path);

static void remove_or_walk(struct walk *w, struct lx_json container, struct lx_slice name,
                           struct lx_json value, struct lx_slice rest)
{
    if (rest.n) {
        walk(w, value, rest);
        return;
    }
    if (name.p)
        lx_json_edit_remove(w->edit, container, name);
    else
        lx_json_edit_remove_element(w->edit, value);
    w->removed++;
}

static void walk_index(struct walk *w, struct lx_json v, struct lx_slice index,
                       struct lx_slice rest)
{
    int64_t wanted = -1;
    bool all = lx_slice_eq(index, LX_S("*"));
    if (!lx_json_is(v, LX_JSON_ARRAY) || (!all && lx_slice_int(index, &wanted) < 0))
        return;
    if (all && !rest.n) {
        lx_json_edit_replace(w->edit, v, LX_S("[]"));
        w->removed++;
        return;
    }
    size_t i = 0;
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it); i++)
        if (all || (int64_t)i == wanted)
            remove_or_walk(w, v, lx_slice(NULL, 0), it.value, rest);
}

static void walk(struct walk *w, struct lx_json v, struct lx_slice path)
{
    struct lx_slice step, rest;
    if (!next_step(path, &step, &rest))
        return;
    if (lx_slice_eq(step, LX_S("**"))) {
        if (lx_slice_find(rest, LX_S("**")) >= 0)
            return;
        walk(w, v, rest);
        for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
            walk(w, it.value, path);
    } else if (step.p[0] == '[') {
        walk_index(w, v, lx_slice(step.p + 1, step.n > 2 ? step.n - 2 : 0), rest);
    } else {
        struct lx_json value = lx_json_get(v, step);
        if (lx_json_type(value) != LX_JSON_NONE)
            remove_or_walk(w, v, step, value, rest);
    }
}

size_t lx_path_drop(struct lx_slice path, struct lx_slice why, const struct lx_json_doc *doc,
                    struct lx_json_edit *edit, struct lx_losses *losses)
{
    struct walk w = {.edit = edit};
    walk(&w, lx_json_root(doc), path);
    if (w.removed)
        lx_losses_add(losses, path, why);
    return w.removed;
}
