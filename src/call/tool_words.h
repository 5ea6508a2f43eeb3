/*
 * tool_words.h - tools for a model that has none: told in the prompt, and their calls read out of
 * what the model says (add_function_to_prompt). Inside of call/ only.
 */
#ifndef LX_CALL_TOOL_WORDS_H
#define LX_CALL_TOOL_WORDS_H

#include "dialect/dialect.h"

/* What was told, for who reads the answer. */
struct lx_tool_words {
    const struct lx_tool *tools; /* name, parameters, custom */
    bool must;                   /* one of them is to be called */
    bool several;                /* may be called at once */
    bool legacy;                 /* they came as `functions` */
};

/* Whether the history of a request has calls of tools, or results. */
bool lx_tool_words_needed(const struct lx_request *r);
/* The request without tools: they, and what the history has of them, are text. *words: what the
 * answer may call; NULL: nothing. Both are the arena's and borrow from r; NULL where that has
 * failed. What cannot be told is refused, the rest is listed as a loss. */
const struct lx_request *lx_tool_words_tell(const struct lx_request *r,
                                            const struct lx_write_options *o, struct lx_body *b,
                                            const struct lx_tool_words **words);
/* A copy that borrows nothing; NULL where the arena has failed. */
const struct lx_tool_words *lx_tool_words_copy(const struct lx_tool_words *w, struct lx_arena *a);

#endif
