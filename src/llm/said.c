/*
 * said.c - collects the text of a reply, up to a size that no model's answer has, and of all
 * replies under way up to a budget.
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
    if (s->budget)
        s->budget->held -= s->text.cap;
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

/* Room for a piece, whose every byte may have to be escaped; false: the budget is spent. */
static bool reserve(struct lx_said *s, size_t n)
{
    struct lx_said_budget *b = s->budget;
    size_t before = s->text.cap;
    if (!b || before - s->text.n >= n)
        return true;
    if (b->held >= b->most)
        return false;
    lx_buf_reserve(&s->text, n);
    b->held += s->text.cap - before;
    return true;
}

void lx_said_begin(struct lx_said *s, enum lx_part_kind kind, int64_t index)
{
    const unsigned text = 1u << LX_PART_TEXT;
    if (!s)
        return;
    if (kind != LX_PART_TEXT)
        s->mixed |= (s->kinds & text) != 0;
    else if (!(s->kinds & text))
        s->answer = (uint32_t)s->text.n; /* a mebibyte at most */
    s->kinds |= 1u << kind;
    s->kind = kind;
    s->open = true;
    s->parts = index >= 0 && index < INT32_MAX ? (int32_t)index + 1 : INT32_MAX;
}

void lx_said_end(struct lx_said *s)
{
    if (s)
        s->open = false;
}

/* More than two characters, of which an escape is one. */
static bool is_long(struct lx_slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < 3; i++) {
        n += (s.p[i] & 0xc0) != 0x80;
        if (s.p[i] == '\\' && i + 1 < s.n)
            i += s.p[i + 1] == 'u' ? 5 : 1;
    }
    return n > 2;
}

/* The piece of text that stands in s->text from `at` on. */
static void count_repeat(struct lx_said *s, size_t at)
{
    struct lx_slice all = lx_buf_slice(&s->text), piece = lx_slice_from(all, at);
    struct lx_slice before = lx_slice_from(lx_slice_to(all, at), s->last);
    bool again = s->repeats && lx_slice_eq(piece, before);
    s->repeats = !is_long(piece) ? 0 : again ? s->repeats + 1 : 1;
    s->last = (uint32_t)at; /* a mebibyte at most */
}

void lx_said_add(struct lx_said *s, enum lx_part_kind kind, struct lx_text piece)
{
    size_t at = s ? s->text.n : 0;
    if (!s || !piece.s.n)
        return;
    if (!s->open || s->kind != kind)
        lx_said_begin(s, kind, s->parts);
    if (s->beyond || s->text.failed || piece.s.n > (MAX_TEXT_BYTES - s->text.n) / 2 ||
        !reserve(s, 2 * piece.s.n)) {
        s->beyond += piece.s.n;
        return;
    }
    if (piece.escaped)
        lx_buf_add(&s->text, piece.s);
    else
        add_plain(&s->text, piece.s);
    if (kind == LX_PART_TEXT && !s->text.failed)
        count_repeat(s, at);
    else
        s->repeats = 0;
}

void lx_said_add_reply(struct lx_said *s, const struct lx_reply *r)
{
    for (const struct lx_choice *c = r->choices; c; c = c->next)
        for (const struct lx_part *p = c->parts; p; p = p->next) {
            if (p->kind == LX_PART_TOOL_CALL)
                lx_said_add(s, p->kind, p->name);
            lx_said_add(s, p->kind, p->kind == LX_PART_TOOL_CALL ? p->arguments : p->text);
        }
}

void lx_said_add_event(struct lx_said *s, const struct lx_event *e)
{
    if (e->kind == LX_EVENT_PART_START)
        lx_said_begin(s, e->part, e->index);
    if (e->kind == LX_EVENT_PART_START && e->part == LX_PART_TOOL_CALL)
        lx_said_add(s, e->part, e->name);
    else if (e->kind == LX_EVENT_TEXT)
        lx_said_add(s, e->part, e->text);
    else if (e->kind == LX_EVENT_ARGUMENTS)
        lx_said_add(s, LX_PART_TOOL_CALL, e->text);
    else if (e->kind == LX_EVENT_PART_END)
        lx_said_end(s);
}

int64_t lx_said_scale(const struct lx_said *s, int64_t counted)
{
    enum { USUAL_BYTES = 4 };
    uint64_t more = s->beyond + s->aside;
    if (s->text.n <= s->from)
        return counted + (int64_t)(more / USUAL_BYTES);
    return counted + (int64_t)(more * (uint64_t)counted / (s->text.n - s->from));
}

struct lx_slice lx_said_text(const struct lx_said *s, struct lx_arena *a)
{
    return lx_text_plain((struct lx_text){lx_slice_from(lx_buf_slice(&s->text), s->from), true}, a);
}
