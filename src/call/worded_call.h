/*
 * worded_call.h - calls of tools that a model without tools was asked for in words, read out of
 * what it says: of a whole reply, or of a stream. Inside of call/ only.
 */
#ifndef LX_CALL_WORDED_CALL_H
#define LX_CALL_WORDED_CALL_H

#include "call/tool_words.h"

/* *out: the reply, or a copy, the arena's, in which answers that call are calls; `id` makes the
 * calls' ids. 0; LX_EINVAL: arguments that do not follow their schema, or no call where there must
 * be one, as *fault says; or the arena's failure. */
int lx_worded_calls_read(const struct lx_reply *reply, const struct lx_tool_words *words,
                         struct lx_slice id, struct lx_arena *a, const struct lx_reply **out,
                         struct lx_fault *fault);

/* Of a stream: text that may be a call is held until it cannot be one any more, or the answer ends.
 * What comes late has no schema to follow: it could not be taken back. */
struct lx_worded_stream;
/* Lives in the arena, and borrows words and id; NULL: that has failed. */
struct lx_worded_stream *lx_worded_stream_new(const struct lx_tool_words *words, struct lx_slice id,
                                              struct lx_arena *a);
/* Frees what is held. s may be NULL. */
void lx_worded_stream_clear(struct lx_worded_stream *s);
/* Adds to `out` what is to be told once this event has come; it borrows from the event. 0 or a
 * code. */
int lx_worded_stream_add(struct lx_worded_stream *s, const struct lx_event *e,
                         struct lx_events *out);

#endif
