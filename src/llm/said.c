/*
 * said.c - collects the text of a reply, up to a size that no model's answer has.
 */
#include "llm/said.h"

enum { MAX_TEXT_BYTES = 1 << 20 };

void lx_said_init(struct lx_said *s)
{
    *s = (struct lx_said){0};
    lx_buf_init(&s->text, MAX_TEXT_BYTES);
}

void lx_said_clear(struct lx_said *s)
{
    lx_buf_clear(&s->text);
}

/* Plain bytes among escaped ones: a backslash must not escape what follows it. */
static void add_plain(struct lx_buf *out, struct lx_slice s)
{
    struct lx_slice head;
    while (lx_slice_cut(s, '\\', &head, &s)) {
        lx_buf_add(out, head);
        lx_buf_add_lit(out, "\\\\");
    }
    lx_buf_add(out, head);
}

void lx_said_add(struct lx_said *s, struct lx_text piece)
{
    if (!s || !piece.s.n)
        return;
    if (s->beyond || s->text.failed || piece.s.n > (MAX_TEXT_BYTES - s->text.n) / 2) {
        s->beyond += piece.s.n;
        return;
    }
    if (piece.escaped)
        lx_buf_add(&s->text, piece.s);
    else
        add_plain(&s->text, piece.s);
}

void lx_said_add_reply(struct lx_said *s, const struct lx_reply *r)
{
    for (const struct lx_choice *c = r->choices; c; c = c->next)
        for (const struct lx_part *p = c->parts; p; p = p->next) {
            if (p->kind == LX_PART_TOOL_CALL)
                lx_said_add(s, p->name);
            lx_said_add(s, p->kind == LX_PART_TOOL_CALL ? p->arguments : p->text);
        }
}

void lx_said_add_event(struct lx_said *s, const struct lx_event *e)
{
    if (e->kind == LX_EVENT_PART_START && e->part == LX_PART_TOOL_CALL)
        lx_said_add(s, e->name);
    else if (e->kind == LX_EVENT_TEXT || e->kind == LX_EVENT_ARGUMENTS)
        lx_said_add(s, e->text);
}

struct lx_slice lx_said_text(const struct lx_said *s, struct lx_arena *a)
{
    return lx_text_plain((struct lx_text){lx_buf_slice(&s->text), true}, a);
}
