/*
 * normalize.h - text in one of Unicode's normal forms, as some tokenizers want it.
 */
#ifndef LX_TOKENS_NORMALIZE_H
#define LX_TOKENS_NORMALIZE_H

#include "tokens/tokens.h"

/* Is the text, valid UTF-8, in the form already? May say no where it is. */
bool lx_norm_is(enum lx_norm form, struct lx_slice text);
/* Appends the text in the form. 0, or what out failed with. */
int lx_norm_write(enum lx_norm form, struct lx_slice text, struct lx_buf *out);
/* Appends the text, any bytes, with U+FFFD for each maximal part that is no UTF-8. */
int lx_utf8_mend(struct lx_slice text, struct lx_buf *out);

#endif
