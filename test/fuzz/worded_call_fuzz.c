/*
 * worded_call_fuzz.c - fuzz target for calls that a model says in words: any text, whole and in two
 * pieces of a stream, comes to the same calls, or to the same text.
 *
 * The first byte says where the text is cut, and whether several calls may come at once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "call/worded_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_TEXT = 4000 }; /* more of it may be let go before it is known what it is */

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "worded_call_fuzz: %s\n", what);
    abort();
}

static struct lx_event *add(struct lx_events *e, enum lx_event_kind kind, struct lx_slice text)
{
    struct lx_event *to = lx_events_add(e, kind);
    to->part = LX_PART_TEXT;
    to->text = lx_text(text);
    return to;
}

/* The text as a stream, cut at that byte, through the reader, and folded again. */
static struct lx_reply in_pieces(const struct lx_tool_words *words, struct lx_slice text,
                                 size_t cut, struct lx_arena *a)
{
    struct lx_events in = {.arena = a}, out = {.arena = a};
    struct lx_worded_stream *s = lx_worded_stream_new(words, LX_S("1"), a);
    struct lx_reply reply = {0};
    add(&in, LX_EVENT_START, LX_S(""));
    add(&in, LX_EVENT_PART_START, LX_S(""));
    add(&in, LX_EVENT_TEXT, lx_slice_to(text, cut));
    add(&in, LX_EVENT_TEXT, lx_slice_from(text, cut));
    add(&in, LX_EVENT_PART_END, LX_S(""));
    add(&in, LX_EVENT_FINISH, LX_S(""))->finish = LX_FINISH_STOP;
    add(&in, LX_EVENT_END, LX_S(""));
    require(s && !a->failed, "no memory");
    for (size_t i = 0; i < in.n; i++)
        require(lx_worded_stream_add(s, &in.v[i], &out) == 0, "a stream could not be read");
    lx_worded_stream_clear(s);
    require(lx_reply_fold(&out, &reply, NULL) == 0, "its events do not fold");
    return reply;
}

static void compare(const struct lx_choice *x, const struct lx_choice *y, struct lx_arena *a)
{
    const struct lx_part *p = x->parts, *q = y->parts;
    require(x->finish == y->finish, "another finish");
    if (x->finish != LX_FINISH_TOOL_CALLS) {
        struct lx_slice s = p ? lx_text_plain(p->text, a) : LX_S("");
        struct lx_slice t = q ? lx_text_plain(q->text, a) : LX_S("");
        require(lx_slice_eq(s, t), "another text");
        return;
    }
    for (; p && q; p = p->next, q = q->next) {
        require(p->kind == LX_PART_TOOL_CALL && q->kind == p->kind, "a call that is none");
        require(lx_slice_eq(lx_text_plain(p->id, a), lx_text_plain(q->id, a)), "another id");
        require(lx_slice_eq(lx_text_plain(p->name, a), lx_text_plain(q->name, a)), "another name");
        require(lx_slice_eq(lx_text_plain(p->arguments, a), lx_text_plain(q->arguments, a)),
                "other arguments");
    }
    require(!p && !q, "another number of calls");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_tool free_text = {.name = lx_text(LX_S("g")), .custom = true};
    struct lx_tool tool = {.name = lx_text(LX_S("f")), .next = &free_text};
    if (!size || size > MAX_TEXT)
        return 0;
    const struct lx_tool_words words = {.tools = &tool, .several = data[0] & 1};
    struct lx_slice text = lx_slice((const char *)data + 1, size - 1);
    struct lx_part part = {.kind = LX_PART_TEXT, .text = lx_text(text)};
    struct lx_choice choice = {.parts = &part, .finish = LX_FINISH_STOP};
    struct lx_reply reply = {.choices = &choice}, pieces;
    const struct lx_reply *whole;
    struct lx_fault fault;
    struct lx_arena a;
    size_t cut = text.n ? (data[0] >> 1) % (text.n + 1) : 0;
    while (cut < text.n && ((unsigned char)text.p[cut] & 0xc0) == 0x80)
        cut++; /* no piece ends within a character */
    lx_arena_init(&a, 1 << 24);
    require(lx_worded_calls_read(&reply, &words, LX_S("1"), &a, &whole, &fault) == 0,
            "a text could not be read");
    pieces = in_pieces(&words, text, cut, &a);
    compare(whole->choices, pieces.choices, &a);
    lx_arena_clear(&a);
    return 0;
}
