/*
 * said.h - what a model has said so far, kept for the case that its provider does not count it.
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
    struct lx_said_budget *budget; /* shared with others; set after init; NULL: there is none */
};

void lx_said_init(struct lx_said *s);
void lx_said_clear(struct lx_said *s);
/* Failures stick in s->text. s may be NULL. */
void lx_said_add(struct lx_said *s, struct lx_text piece);
/* Text, thinking, refusals, names and arguments of tool calls, in all choices. */
void lx_said_add_reply(struct lx_said *s, const struct lx_reply *r);
/* The same of one event of a stream. */
void lx_said_add_event(struct lx_said *s, const struct lx_event *e);
/* The tokens of all that was said, where what was kept has so many: the rest is taken to be alike,
 * and where nothing was kept, to be four bytes each. */
int64_t lx_said_scale(const struct lx_said *s, int64_t counted);
/* The plain text; borrowed from s or in the arena; absent when the arena has failed. */
struct lx_slice lx_said_text(const struct lx_said *s, struct lx_arena *a);

#endif
