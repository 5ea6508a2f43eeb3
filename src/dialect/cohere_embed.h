/*
 * cohere_embed.h - the body of Cohere's embeddings, which Bedrock takes, too.
 */
#ifndef LX_DIALECT_COHERE_EMBED_H
#define LX_DIALECT_COHERE_EMBED_H

#include "dialect/embed.h"

/* As struct lx_back has it: 96, or as many as one request of an older model can have. */
size_t lx_cohere_embed_max(const struct lx_write_options *o, const struct lx_request *r);
/* The body; named: with the model in it. */
void lx_cohere_embed_write(const struct lx_write_options *o, const struct lx_request *r, bool named,
                           struct lx_body *b);

#endif
