/*
 * textual.c - which parts of a message are text, documents as a string, and members that are lost.
 *
 * Called by backs while they write messages. What is no text is the caller's business.
 */
#include "dialect/textual.h"

bool lx_file_is_text(const struct lx_part *p)
{
    return p->kind == LX_PART_FILE && (p->text.s.n || p->content) && !p->media.data.s.n;
}

bool lx_part_is_text(const struct lx_part *p)
{
    return p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL ||
           (p->kind == LX_PART_AUDIO && p->text.s.n);
}

static void write_line(struct lx_out *o, struct lx_text line, bool *first)
{
    if (!line.s.n)
        return;
    if (!*first)
        lx_out_string_part(o, lx_text(LX_S("\n\n")));
    lx_out_string_part(o, line);
    *first = false;
}

void lx_file_text_write(struct lx_out *o, const struct lx_part *p)
{
    bool first = true;
    write_line(o, p->title, &first);
    write_line(o, p->context, &first);
    write_line(o, p->text, &first);
    for (const struct lx_part *c = p->content; c; c = c->next)
        if (c->kind == LX_PART_TEXT)
            write_line(o, c->text, &first);
}

bool lx_member_is_thinking(struct lx_slice name)
{
    static const char *const known[] = {"reasoning_content", "thinking_blocks", "reasoning",
                                        "reasoning_details", "reasoning_items"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(known[i])))
            return true;
    return false;
}

void lx_message_extra_lose(const struct lx_message *m, size_t index, struct lx_slice why,
                           struct lx_body *b)
{
    for (const struct lx_extra *x = m->extra; x; x = x->next)
        if (!lx_member_is_thinking(x->name))
            lx_losses_add(b->losses,
                          lx_arena_printf(b->arena, "messages[%zu].%.*s", index, LX_F(x->name)),
                          why);
}
