/*
 * openai_embed.h - what the files of the OpenAI embeddings dialect share with each other, and with
 * the embedding dialects of others, whose replies name the same things.
 *
 * Private to the embedding dialects.
 */
#ifndef LX_DIALECT_OPENAI_EMBED_H
#define LX_DIALECT_OPENAI_EMBED_H

#include "dialect/dialect.h"

#define LX_OPENAI_EMBED LX_S("openai_embed")

/* `input` in all its forms: a string, a list of strings, a list of token numbers or of such lists,
 * data URLs, objects with text and media. 0, or LX_EINVAL naming the bad one. */
int lx_openai_read_inputs(struct lx_json input, struct lx_arena *a, struct lx_embed_request *out,
                          struct lx_error *err);

/* ---- For backs of other languages ---- */

/* A vector from its JSON: an array of numbers, a string of base64, or something else. False when
 * it is none at all. */
bool lx_vector_of_json(struct lx_json v, struct lx_arena *a, struct lx_vector *out);
/* Room for the vectors of a reply; 0 or the arena's failure. */
int lx_embed_reply_init(struct lx_reply *r, size_t count, struct lx_arena *a);
/* Fails the body for input i of the request, in the client's terms: "input[3]". */
void lx_embed_fail(struct lx_body *b, const struct lx_embed_request *r, size_t i,
                   struct lx_slice why);
/* The only text of an input: of a TEXT, or of PARTS with nothing else. False when there is none. */
bool lx_input_text(const struct lx_input *in, struct lx_text *out);
/* The only part of that kind of an input that has just it; NULL otherwise. */
const struct lx_part *lx_input_part(const struct lx_input *in, enum lx_part_kind kind);

#endif
