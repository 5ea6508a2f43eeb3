/*
 * textual.c - which parts of a message are text, and documents as a string.
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
