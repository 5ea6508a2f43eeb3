/*
 * embed.h - what the embedding languages share: fields that mean the same to all of them.
 *
 * Private to src/dialect/ *_embed*.c. A language of embeddings is a back that writes requests for
 * some inputs and reads vectors; OpenAI's is the only front.
 */
#ifndef LX_DIALECT_EMBED_H
#define LX_DIALECT_EMBED_H

#include "dialect/dialect.h"

#define LX_OPENAI_EMBED LX_S("openai_embed")

/* `input` in all its forms: a string, a list of strings, a list of token numbers or of such lists,
 * data URLs, objects with text and media. 0, or LX_EINVAL naming the bad one. */
int lx_openai_read_inputs(struct lx_json input, struct lx_arena *a, struct lx_embed_request *out,
                          struct lx_error *err);

/* ---- Requests ---- */

/* What a target has a place for. */
enum lx_embed_place {
    LX_EMBED_DIMENSIONS = 1,
    LX_EMBED_PURPOSE = 2,
    LX_EMBED_TRUNCATE = 4,
    LX_EMBED_TYPES = 8, /* other encodings than floats */
    LX_EMBED_USER = 16,
};
/* Reports what the request has and the target has no place for: dimensions and encodings change the
 * meaning, the rest are losses. */
void lx_embed_settle(const struct lx_write_options *o, const struct lx_request *r, unsigned places,
                     struct lx_body *b);
/* Fails the body for input i of the request, in the client's terms: "input[3]". */
void lx_embed_fail(struct lx_body *b, const struct lx_embed_request *r, size_t i,
                   struct lx_slice why);
/* The only text of an input: of a TEXT, or of PARTS with nothing else. False when there is none. */
bool lx_input_text(const struct lx_input *in, struct lx_text *out);
/* The only part of that kind of an input that has just it; NULL otherwise. */
const struct lx_part *lx_input_part(const struct lx_input *in, enum lx_part_kind kind);
/* Writes an input's text as a member (name NULL: an element), or fails the body. */
void lx_input_text_write(struct lx_out *o, const char *name, const struct lx_embed_request *r,
                         size_t i, struct lx_body *b);
/* The texts of all inputs as a list, or fails the body. */
void lx_embed_write_texts(struct lx_out *o, const char *name, const struct lx_embed_request *r,
                          struct lx_body *b);
/* "dimensions" and "truncate": true or false, where they are said. */
void lx_embed_write_size(struct lx_out *o, const struct lx_embed_request *r);
/* The purpose in a target's words: words[purpose], else the client's own. Absent: not said. */
struct lx_slice lx_purpose_name(const struct lx_embed_request *r, const char *const *words,
                                struct lx_arena *a);
/* Whether too long inputs may be cut: LX_UNSET where the client does not say. */
enum lx_tristate lx_embed_cuts(const struct lx_embed_request *r);

/* ---- Replies ---- */

/* A vector from its JSON: an array of numbers, a string of base64, or something else. False when
 * it is none at all. */
bool lx_vector_of_json(struct lx_json v, struct lx_arena *a, struct lx_vector *out);
/* Room for the vectors of a reply; 0 or the arena's failure. */
int lx_embed_reply_init(struct lx_reply *r, size_t count, struct lx_arena *a);
/* Elements of a list into vectors; with a member, that of each. 0 or a code: LX_EPROTO names the
 * list and the element. */
int lx_embed_read_list(struct lx_json list, const char *name, const char *member,
                       struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
/* A reply in OpenAI's form, wherever it stands; its language is OpenAI's. 0 or a code. */
int lx_openai_embed_read(struct lx_json root, struct lx_arena *a, struct lx_reply *out,
                         struct lx_error *err);
/* The reply's only vector. 0 or the arena's failure. */
int lx_embed_read_one(struct lx_json v, struct lx_arena *a, struct lx_reply *out);
/* Cohere's `embeddings`: a list, or lists by type, of which the one that was asked for. */
int lx_embed_read_types(struct lx_json embeddings, const struct lx_reply_context *c,
                        struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
/* A count of input tokens; nothing when it is none. */
void lx_embed_read_tokens(struct lx_json count, struct lx_usage *out);

#endif
