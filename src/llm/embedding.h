/*
 * embedding.h - what is to be embedded, and the vectors that come of it, in any wire language.
 *
 * A request and a reply of this operation are struct lx_request and struct lx_reply with `embed`
 * set: what all operations have in common (model, user, unknown members; id, usage) stands there.
 * Everything is borrowed from a body or lives in an arena.
 */
#ifndef LX_LLM_EMBEDDING_H
#define LX_LLM_EMBEDDING_H

#include "llm/message.h"

enum lx_input_kind {
    LX_INPUT_TEXT,   /* text */
    LX_INPUT_TOKENS, /* raw: a JSON array of token numbers */
    LX_INPUT_PARTS,  /* parts: an image, or texts and media that make one vector together */
    LX_INPUT_RAW,    /* raw: known to the request's language only */
};

/* One thing that becomes one vector. */
struct lx_input {
    enum lx_input_kind kind;
    struct lx_text text;
    struct lx_part *parts;
    struct lx_slice raw; /* as it stood in the request */
};

struct lx_embed_request {
    struct lx_input *inputs;
    size_t count;               /* at least 1 */
    size_t first;               /* number of inputs[0] among all that the client sent: for errors */
    bool single;                /* the client sent no list */
    struct lx_slice encoding;   /* "float", "base64", "int8", ...; empty: not said, so float */
    struct lx_slice dimensions; /* JSON; absent: not said */
    struct lx_text input_type;  /* what it is for, in the client's own words: "search_query" */
    struct lx_text truncate;    /* what happens to inputs that are too long, in the same way */
};

/* Leaves the first n inputs out. */
static inline void lx_embed_request_skip(struct lx_embed_request *r, size_t n)
{
    r->inputs += n;
    r->count -= n;
    r->first += n;
}

enum lx_vector_kind {
    LX_VECTOR_FLOATS, /* s: a JSON array of numbers */
    LX_VECTOR_BASE64, /* s: base64 of 32-bit floats, the least significant byte first */
    LX_VECTOR_BYTES,  /* s: base64 of signed bytes, of which 127 is 1 */
    LX_VECTOR_RAW,    /* s: JSON that is passed on as it is (vectors of vectors, ...) */
};
struct lx_vector {
    enum lx_vector_kind kind;
    struct lx_slice s;
    struct lx_slice type; /* "int8": what the provider calls it where it is no float; or empty */
};

struct lx_embed_reply {
    struct lx_vector *vectors; /* in the order of the inputs */
    size_t count;
};

/* Inputs as a purpose is called by Cohere, which most clients follow, from what others call it:
 * "retrieval.query", "RETRIEVAL_QUERY", "query" -> "search_query". What nobody knows stays. */
enum lx_purpose {
    LX_PURPOSE_UNSET,
    LX_PURPOSE_QUERY,
    LX_PURPOSE_DOCUMENT,
    LX_PURPOSE_CLASSIFICATION,
    LX_PURPOSE_CLUSTERING,
    LX_PURPOSE_SIMILARITY,
    LX_PURPOSE_CODE_QUERY,
    LX_PURPOSE_IMAGE,
    LX_PURPOSE_OTHER, /* in words of somebody's own */
};
enum lx_purpose lx_purpose_read(struct lx_slice word);

/* The vector as a JSON value: an array of numbers, or a string of base64. Converts what is not so
 * yet. 0, or LX_EPROTO when it is not what it is said to be; outputs' own failures stick. */
int lx_vector_write(const struct lx_vector *v, bool base64, struct lx_buf *out);
/* Its floats: bytes are appended, four a number. 0 or LX_EPROTO. */
int lx_vector_read(const struct lx_vector *v, struct lx_buf *out);

#endif
