/*
 * encoding.h - special tokens, for the tokenizer.
 */
#ifndef LX_TOKENS_ENCODING_H
#define LX_TOKENS_ENCODING_H

#include <stdio.h>

#include "tokens/tokens.h"

/* The longest special token that s starts with: its length, 0 for none. With `normalized` those
 * that are looked for in normalized text, else the others. *found stays NULL for a reserved one. */
size_t lx_special_at(const struct lx_encoding *e, struct lx_slice s, bool normalized,
                     const struct lx_special **found, uint32_t *id);
/* The text of a special token's id, borrowed or written to room; absent when there is none. */
struct lx_slice lx_special_text(const struct lx_encoding *e, uint32_t id, char room[32]);

#endif
