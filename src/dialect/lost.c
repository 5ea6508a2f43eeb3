/*
 * lost.c - see lost.h. Called by backs when they have written a body, and where one was written in
 * another language than it came in.
 */
#include "dialect/lost.h"

#include <assert.h>

enum {
    NAMES = 16, /* of messages, and of one row, that are listed by name */
    ROWS = 32,  /* of a language: what one look through a body finds */
};

static const struct lx_slice why = LX_S_INIT("the target has no such member");

/* ---- Messages ------------------------------------------------------------------------------- */

bool lx_member_is_thinking(struct lx_slice name)
{
    static const char *const known[] = {"reasoning_content", "thinking_blocks", "reasoning",
                                        "reasoning_details", "reasoning_items"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(known[i])))
            return true;
    return false;
}

struct names {
    struct {
        struct lx_slice name;
        size_t message;
        bool again; /* another message has it, too */
    } v[NAMES];
    size_t n;
    bool more;
};

static void note(struct names *all, struct lx_slice name, size_t message)
{
    size_t i = 0;
    while (i < all->n && !lx_slice_eq(all->v[i].name, name))
        i++;
    if (i < all->n) {
        all->v[i].again = true;
    } else if (i == NAMES) {
        all->more = true;
    } else {
        all->v[i].name = name;
        all->v[i].message = message;
        all->n++;
    }
}

void lx_message_members_lose(const struct lx_request *r, const char *read, struct lx_body *b)
{
    struct names all = {.n = 0};
    size_t i = 0;
    for (const struct lx_message *m = r->messages; m; m = m->next, i++) {
        for (const struct lx_extra *x = m->extra; x; x = x->next)
            if (!lx_member_is_thinking(x->name) && !lx_slice_among(x->name, read))
                note(&all, x->name, i);
        if (m->name.s.n && m->role != LX_ROLE_TOOL && !lx_slice_among(LX_S("name"), read))
            note(&all, LX_S("name"), i);
    }
    for (i = 0; i < all.n; i++)
        lx_losses_add(b->losses,
                      all.v[i].again
                          ? lx_arena_printf(b->arena, "messages[*].%.*s", LX_F(all.v[i].name))
                          : lx_arena_printf(b->arena, "messages[%zu].%.*s", all.v[i].message,
                                            LX_F(all.v[i].name)),
                      why);
    if (all.more)
        lx_losses_add(b->losses, LX_S("messages[*].*"), why);
}

/* ---- Parts and tools ------------------------------------------------------------------------ */

static void lose(struct lx_body *b, struct lx_slice where, const struct lx_extra *x,
                 const char *read)
{
    for (; x; x = x->next)
        if (!lx_slice_among(x->name, read))
            lx_losses_add(b->losses,
                          lx_arena_printf(b->arena, "%.*s.%.*s", LX_F(where), LX_F(x->name)), why);
}

/* Of a part, and of those within. */
static void lose_part(struct lx_body *b, struct lx_slice where, const struct lx_part *p,
                      const char *read)
{
    size_t i = 0;
    lose(b, where, p->extra, read);
    for (const struct lx_part *c = p->content; c; c = c->next, i++)
        if (c->extra || c->content)
            lose_part(b, lx_arena_printf(b->arena, "%.*s.content[%zu]", LX_F(where), i), c, read);
}

void lx_part_members_lose(const struct lx_request *r, const char *read, struct lx_body *b)
{
    size_t i = 0, j;
    for (const struct lx_message *m = r->messages; m; m = m->next, i++) {
        j = 0;
        for (const struct lx_part *p = m->parts; p; p = p->next, j++)
            if (p->extra || p->content)
                lose_part(b, lx_arena_printf(b->arena, "messages[%zu].content[%zu]", i, j), p,
                          read);
    }
}

void lx_tool_members_lose(const struct lx_request *r, const char *read, struct lx_body *b)
{
    size_t i = 0;
    for (const struct lx_tool *tool = r->tools; tool; tool = tool->next, i++)
        if (tool->extra)
            lose(b, lx_arena_printf(b->arena, "tools[%zu]", i), tool->extra, read);
}

void lx_members_lose(const struct lx_request *r, struct lx_body *b)
{
    lx_tool_members_lose(r, NULL, b);
    lx_part_members_lose(r, NULL, b);
    lx_message_members_lose(r, NULL, b);
}

/* ---- Objects further within ---------------------------------------------------------------- */

struct search {
    const struct lx_nested *row;
    struct lx_body *b;
    struct lx_slice seen[NAMES];
    size_t n;
};

/* "a[].b" as it is listed: "a[*].b". */
static struct lx_slice listed(const char *path, struct lx_arena *a)
{
    struct lx_slice rest = lx_slice_z(path), one, text = LX_S("");
    for (bool more = true; more && text.p;) {
        more = lx_slice_cut(rest, ']', &one, &rest);
        text = lx_arena_printf(a, "%.*s%.*s%s", LX_F(text), LX_F(one), more ? "*]" : "");
    }
    return text;
}

static void lose_nested(struct search *s, struct lx_slice name)
{
    for (size_t i = 0; i < s->n; i++)
        if (lx_slice_eq(s->seen[i], name))
            return;
    if (s->n == NAMES)
        return;
    s->seen[s->n++] = name;
    lx_losses_add(s->b->losses,
                  lx_arena_printf(s->b->arena, "%.*s.%.*s", LX_F(listed(s->row->path, s->b->arena)),
                                  LX_F(name)),
                  why);
}

static void judge(struct search *s, struct lx_json object)
{
    struct lx_json type = LX_GET(object, "type");
    if (s->row->type &&
        (lx_json_given(type) ? !lx_json_eq(type, lx_slice_z(s->row->type)) : s->row->type[0] != 0))
        return;
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);) {
        struct lx_slice name = lx_json_text(it.name).s;
        if (lx_json_given(it.value) && !lx_slice_among(name, s->row->members))
            lose_nested(s, name);
    }
}

static void walk(struct search *s, struct lx_json v, struct lx_slice path)
{
    struct lx_slice step, rest, name, brackets;
    if (!path.n) {
        if (lx_json_is(v, LX_JSON_OBJECT))
            judge(s, v);
        return;
    }
    lx_slice_cut(path, '.', &step, &rest);
    bool several = lx_slice_cut(step, '[', &name, &brackets);
    v = lx_json_get(v, name);
    if (!several)
        walk(s, v, rest);
    else if (lx_json_is(v, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
            walk(s, it.value, rest);
}

/* "c" of "a[].b.c[]" */
static struct lx_slice last_name(const char *path)
{
    struct lx_slice step, rest = lx_slice_z(path);
    while (lx_slice_cut(rest, '.', &step, &rest))
        ;
    lx_slice_cut(step, '[', &step, &rest);
    return step;
}

void lx_nested_lose(const struct lx_json_doc *body, const struct lx_nested *rows, struct lx_body *b)
{
    struct lx_slice names[ROWS];
    size_t n = 0;
    for (; rows && n < ROWS && rows[n].path; n++)
        names[n] = last_name(rows[n].path);
    assert(!rows || !rows[n].path);
    uint32_t found = n ? lx_json_has(body, names, n) : 0; /* of most objects there is none */
    for (size_t i = 0; i < n; i++) {
        struct search s = {.row = &rows[i], .b = b};
        if (found >> i & 1)
            walk(&s, lx_json_root(body), lx_slice_z(rows[i].path));
    }
}
