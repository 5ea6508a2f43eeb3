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

/* A request on its way from OpenAI's shape into another. */
struct lx_reshape {
    struct lx_buf text;
    struct lx_json_doc doc; /* the body as OpenAI has it */
    struct lx_json root;
    struct lx_out out; /* the body as it will be */
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
};
/* Writes the request as OpenAI's body, of which nothing is OpenAI's own (cache marks, members of
 * replies that came back), and opens the other one. False when that failed, and b says how; end it
 * all the same. */
bool lx_reshape_begin(struct lx_reshape *s, const struct lx_write_options *o,
                      const struct lx_request *r, struct lx_body *b);
/* Closes the body, and takes what its buffer came to. */
void lx_reshape_end(struct lx_reshape *s);

/* A member as it is, under a name (NULL: an element); nothing where it is not given. */
void lx_reshape_copy(struct lx_out *out, const char *name, struct lx_json v);
/* Members of OpenAI's body that are called otherwise here; ends without a name. */
struct lx_reshape_name {
    const char *openai, *own;
};
void lx_reshape_names(struct lx_reshape *s, const struct lx_reshape_name *names);
/* The limit of tokens, under either of OpenAI's names, or NONE. */
struct lx_json lx_reshape_limit(const struct lx_reshape *s);
/* A string, or the texts of a list of parts a line apart, as one string; what is no text is refused
 * with `why`. */
void lx_reshape_text(struct lx_reshape *s, const char *name, struct lx_json content,
                     const char *why);
/* Of which kind the JSON is that stands in a text; NONE: it is none. */
enum lx_json_type lx_reshape_type(struct lx_reshape *s, struct lx_slice json);
/* The arguments of a call, which OpenAI has as a string of JSON, as the object itself. */
void lx_reshape_arguments(struct lx_reshape *s, const char *name, struct lx_json arguments);

void lx_reshape_refuse(struct lx_reshape *s, const char *what, const char *why);
/* Members that would change the answer, and what they may be all the same (see
 * lx_scalar_is_noop()); ends without a name. */
struct lx_reshape_alien {
    const char *name, *noop;
};
void lx_reshape_refuse_aliens(struct lx_reshape *s, const struct lx_reshape_alien *aliens,
                              const char *why);

/* Reads OpenAI's reply that stands within another, or was told anew. `reply` must live as long as
 * what is read. As in struct lx_back. */
int lx_reshape_read_reply(struct lx_slice reply, const struct lx_reply_context *c,
                          struct lx_arena *a, struct lx_reply *out, struct lx_error *err);

#endif
