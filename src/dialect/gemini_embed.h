/*
 * gemini_embed.h - what Google's two embedding languages share: AI Studio's and Vertex AI's.
 */
#ifndef LX_DIALECT_GEMINI_EMBED_H
#define LX_DIALECT_GEMINI_EMBED_H

#include "dialect/embed.h"
#include "dialect/gemini.h"

/* What the inputs are for, in Google's words; absent: not said. */
struct lx_slice lx_gemini_task(const struct lx_embed_request *e, struct lx_arena *a);
/* "content": {"parts":[...]} of input i, or fails the body. */
void lx_gemini_content_write(struct lx_gemini_writer *w, const struct lx_embed_request *e,
                             size_t i);
/* Of embedContent and batchEmbedContents. */
int lx_gemini_embed_read(const struct lx_json_doc *body, const struct lx_reply_context *c,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err);

#endif
