/*
 * schema_ref.c - follows "$ref" within one schema; see schema_ref.h.
 *
 * schema.c asks it while it checks, and when it names what it cannot check. A reference to another
 * document is not followed: nobody here fetches one.
 */
#include "llm/schema_ref.h"

#include "base/text.h"

static struct lx_slice pointer_step(struct lx_slice step, struct lx_arena *a)
{
    char *to = lx_arena_bytes(a, step.n);
    size_t n = 0;
    for (size_t i = 0; to && i < step.n; i++) {
        bool escape = step.p[i] == '~' && i + 1 < step.n;
        char c = escape && step.p[i + 1] == '1' ? '/' : step.p[i];
        i += escape && (step.p[i + 1] == '0' || step.p[i + 1] == '1');
        to[n++] = c;
    }
    return lx_slice(to, n);
}

/* "/a/b~1c/0" from the root. */
static struct lx_json by_pointer(struct lx_json root, struct lx_slice pointer, struct lx_arena *a)
{
    struct lx_json v = root;
    while (pointer.n && v.doc) {
        struct lx_slice step = lx_slice_from(pointer, 1);
        ssize_t end = lx_slice_find_byte(step, '/');
        step = end < 0 ? step : lx_slice_to(step, (size_t)end);
        pointer = lx_slice_from(pointer, 1 + step.n);
        int64_t i;
        if (lx_json_is(v, LX_JSON_ARRAY))
            v = lx_slice_int(step, &i) == 0 && i >= 0 ? lx_json_at(v, (size_t)i)
                                                      : (struct lx_json){0};
        else
            v = lx_json_get(v, pointer_step(step, a));
    }
    return v;
}

static struct lx_json by_anchor(struct lx_json root, struct lx_slice name, struct lx_arena *a)
{
    for (uint32_t i = 0; i < root.doc->count; i++) {
        struct lx_json v = {root.doc, i};
        struct lx_slice id = lx_json_str(LX_GET(v, "$id"), a);
        if (lx_json_eq(LX_GET(v, "$anchor"), name) ||
            (id.n && id.p[0] == '#' && lx_slice_eq(lx_slice_from(id, 1), name)))
            return v;
    }
    return (struct lx_json){0};
}

struct lx_json lx_schema_resolve(struct lx_json root, struct lx_slice ref, struct lx_arena *a)
{
    struct lx_buf plain;
    struct lx_json found = {0};
    for (uint32_t i = 1; i < root.doc->count; i++) {
        struct lx_slice id = lx_json_str(LX_GET(((struct lx_json){root.doc, i}), "$id"), a);
        if (id.n && id.p[0] != '#')
            return found;
    }
    if (!ref.n || ref.p[0] != '#')
        return found;
    lx_buf_init(&plain, ref.n);
    int code = lx_percent_read(lx_slice_from(ref, 1), &plain);
    struct lx_slice name = lx_buf_slice(&plain);
    if (code == 0)
        found = !name.n || name.p[0] == '/' ? by_pointer(root, name, a) : by_anchor(root, name, a);
    else if (code == LX_ENOMEM)
        a->failed = code;
    lx_buf_clear(&plain);
    return found;
}
