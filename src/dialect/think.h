/*
 * think.h - thinking that stands in the text, between tags: models do it where the server before
 * them does not take it apart.
 */
#ifndef LX_DIALECT_THINK_H
#define LX_DIALECT_THINK_H

#include "llm/message.h"

/* The text begins with the tag: *rest is what follows it. Slices of the text, escaped or not as it
 * is. */
bool lx_think_open(struct lx_text text, struct lx_text *rest);
/* There is a closing tag: what stands before and behind it. */
bool lx_think_close(struct lx_text text, struct lx_text *thought, struct lx_text *rest);
/* Both, in a whole text. */
bool lx_think_cut(struct lx_text text, struct lx_text *thought, struct lx_text *rest);

#endif
