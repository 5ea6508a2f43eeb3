/*
 * reshape.h - languages that are OpenAI's chat in another shape: the body is written as OpenAI has
 * it, and its members go where the language has them.
 *
 * Private to src/dialect. What OpenAI's writer refuses or loses is refused and lost here, too.
 */
#ifndef LX_DIALECT_RESHAPE_H
#define LX_DIALECT_RESHAPE_H

#include "dialect/openai_chat.h"

/* What backs have in common whose replies are read as OpenAI's. */
#define LX_RESHAPED                                                                \
    .state_size = sizeof(struct lx_openai_stream), .read_end = lx_openai_read_end, \
    .clear = lx_openai_stream_clear, .read_error = lx_openai_read_error, .framing = LX_FRAMING_SSE

struct lx_reshape {
    struct lx_buf text;
    struct lx_json_doc doc; /* the body as OpenAI has it */
    struct lx_json root;
};
/* Writes the request as OpenAI's body, of which nothing is OpenAI's own (cache marks, members of
 * replies that came back). False when that failed, and b says how; clear it all the same. */
bool lx_reshape_init(struct lx_reshape *s, const struct lx_write_options *o,
                     const struct lx_request *r, struct lx_body *b);
void lx_reshape_clear(struct lx_reshape *s);
/* What the buffer came to; to be called last. */
void lx_reshape_finish(struct lx_body *b);
/* A member as it is, under a name (NULL: an element); nothing where it is not given. */
void lx_reshape_copy(struct lx_out *out, const char *name, struct lx_json v);

#endif
