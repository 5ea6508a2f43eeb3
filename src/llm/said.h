/*
 * said.h - what a model has said so far, kept for the case that its provider does not count it, or
 * that another one has to go on with it.
 *
 * The relay collects it from streams, where nothing else keeps it. Collecting is a copy of each
 * piece; nothing is counted before it is known that nobody else does.
 */
#ifndef LX_LLM_SAID_H
#define LX_LLM_SAID_H

#include "base/buf.h"
#include "llm/reply.h"

/* What all streams of one thread may keep together. */
struct lx_said_budget {
    size_t held, most; /* bytes of buffers; when `most` is held no buffer grows */
};

struct lx_said {
    struct lx_buf text;            /* as JSON escapes it: pieces are copied as they came */
    uint64_t beyond;               /* bytes that came after text was full, or the budget spent */
    uint64_t aside;                /* bytes that count, but that no client was told */
    struct lx_said_budget *budget; /* shared with others; set after init; NULL: there is none */
    /* What it was, for who goes on with it. */
    unsigned kinds;         /* 1 << enum lx_part_kind, of all that was begun */
    enum lx_part_kind kind; /* of the last part, which ... */
    bool open;              /* ... has not ended */
    bool mixed;             /* something else has followed text */
    int32_t parts;          /* the index of the last part, and one */
    uint32_t answer;        /* where in `text` the first TEXT begins */
    uint32_t from;          /* what comes before has been counted */
    uint32_t last;          /* where in `text` the last piece begins ... */
    uint32_t repeats;       /* ... and how often in a row it has been said, as a piece of text of
                             * more than two characters */
};

void lx_said_init(struct lx_said *s);
void lx_said_clear(struct lx_said *s);
/* A part begins, or has ended. In languages without such marks what is said of another kind begins
 * one. s may be NULL. */
void lx_said_begin(struct lx_said *s, enum lx_part_kind kind, int64_t index);
void lx_said_end(struct lx_said *s);
/* A piece of a part of that kind. Failures stick in s->text. s may be NULL. */
void lx_said_add(struct lx_said *s, enum lx_part_kind kind, struct lx_text piece);
/* Text, thinking, refusals, names and arguments of tool calls, in all choices. */
void lx_said_add_reply(struct lx_said *s, const struct lx_reply *r);
/* The same of one event of a stream. */
void lx_said_add_event(struct lx_said *s, const struct lx_event *e);
/* The tokens of what was said since `from`, where what was kept of it has so many: the rest is
 * taken to be alike, and where nothing was kept, to be four bytes each. */
int64_t lx_said_scale(const struct lx_said *s, int64_t counted);
/* The plain text since `from`; borrowed from s or in the arena; absent when the arena has failed.
 */
struct lx_slice lx_said_text(const struct lx_said *s, struct lx_arena *a);

#endif
