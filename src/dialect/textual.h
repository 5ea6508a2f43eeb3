/*
 * textual.h - which parts of a message are text, for languages that have no other place for them:
 * documents that are text go into a string, title and all.
 */
#ifndef LX_DIALECT_TEXTUAL_H
#define LX_DIALECT_TEXTUAL_H

#include "dialect/dialect.h"

/* A FILE that holds text, or parts with text, and no data of another kind. */
bool lx_file_is_text(const struct lx_part *p);
/* Text of a kind that content holds: what was said, refused, or said aloud. */
bool lx_part_is_text(const struct lx_part *p);
/* Into an open string of `o`: title, context, text and what is within, with blank lines between. */
void lx_file_text_write(struct lx_out *o, const struct lx_part *p);

#endif
