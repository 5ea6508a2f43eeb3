/*
 * join.h - where the reply of one provider goes on with what another began: inside of call/ only.
 *
 * The client has got the beginning of a stream, and is to get the rest as if nothing had happened:
 * no second start, the open part goes on, white space that was sent back without is not told twice,
 * usage is that of both. An event at a time passes through here on its way to the client's
 * language.
 */
#ifndef LX_CALL_JOIN_H
#define LX_CALL_JOIN_H

#include "llm/reply.h"
#include "llm/said.h"

enum { LX_JOIN_GAP = 8 }; /* white space at the end of a text, at most */

struct lx_join {
    bool open;              /* the client's last part has not ended ... */
    enum lx_part_kind kind; /* ... and is of that kind */
    int64_t parts;          /* how many parts the client knows */
    int64_t joined;         /* which of the new reply goes on in the last one; -1: none (yet) */
    int64_t dropped;        /* the part of the new reply that is being left out; -1: none */
    bool no_thinking;       /* the new reply's thinking is left out: the answer has begun */
    char gap[LX_JOIN_GAP];  /* white space that the text ended in, where the new one may begin so */
    size_t gap_n;
    struct lx_usage before; /* what the attempts before have used, with its cost where it is told */
    bool tells_cost;
};

/* The new reply follows what was said; j->before and what comes from attempts before stay. */
void lx_join_begin(struct lx_join *j, const struct lx_said *said);
/* Whether the client gets the event, which is changed to fit. *close: true: a PART_END, which is
 * filled in, has to be told first. */
bool lx_join_event(struct lx_join *j, struct lx_event *e, struct lx_event *end, bool *close);
/* A text as JSON escapes it, without the white space at its end. */
struct lx_slice lx_join_trim(struct lx_slice escaped);

#endif
