/*
 * offsets.h - where a character of a text lies in its UTF-8, and the other way.
 *
 * Google counts the stretch that a source supports in bytes, OpenAI counts characters (code
 * points, as Python does). The text goes by in pieces and is not kept: what is remembered are runs
 * of characters that take as many bytes each.
 */
#ifndef LX_DIALECT_OFFSETS_H
#define LX_DIALECT_OFFSETS_H

#include "base/buf.h"

struct lx_offsets {
    struct lx_buf runs;
    size_t bytes, characters; /* of the text so far */
};

/* Of an empty text. */
void lx_offsets_init(struct lx_offsets *o);
void lx_offsets_clear(struct lx_offsets *o);
/* The text starts anew. */
void lx_offsets_reset(struct lx_offsets *o);
/* The next piece of it, which is whole characters. What fails (LX_ENOMEM; LX_ELIMIT: a text that
 * changes its script a million times) sticks in runs.failed. */
void lx_offsets_add(struct lx_offsets *o, struct lx_slice utf8);
/* How many characters lie before that byte; at most all. Within a character: before that. */
size_t lx_offsets_character(const struct lx_offsets *o, size_t byte);
/* The byte at which that character begins; at most the length. */
size_t lx_offsets_byte(const struct lx_offsets *o, size_t character);

#endif
