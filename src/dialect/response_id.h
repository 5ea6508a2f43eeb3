/*
 * response_id.h - ids of responses, and of what is in them, that say which deployment made them.
 *
 * A response is kept by who made it, and what is encrypted in it only its maker can read. Nothing
 * is remembered here: clients get ids in LiteLLM's form, which name the deployment, and give them
 * back. So a conversation goes on where it was begun, on any node, and after LiteLLM.
 *
 *   resp_BASE64("litellm:custom_llm_provider:P;model_id:D;response_id:ID")
 *   encitem_BASE64("litellm:model_id:D;item_id:ID")          of an item with encrypted content
 *   litellm_enc:BASE64("model_id:D");CONTENT                 such content itself
 */
#ifndef LX_DIALECT_RESPONSE_ID_H
#define LX_DIALECT_RESPONSE_ID_H

#include "base/arena.h"

/* An id taken apart. Slices are the input's, or in the arena. */
struct lx_response_id {
    struct lx_slice provider;   /* of a response; else empty */
    struct lx_slice deployment; /* empty: the id is the maker's own */
    struct lx_slice id;         /* as the maker gave it; of content: the content */
};

/* All three give what they got where it is not in that form. */
struct lx_response_id lx_response_id_read(struct lx_slice id, struct lx_arena *a);
struct lx_response_id lx_response_item_id_read(struct lx_slice id, struct lx_arena *a);
struct lx_response_id lx_response_content_read(struct lx_slice content, struct lx_arena *a);

/* In the arena; absent when that has failed. */
struct lx_slice lx_response_id_write(const struct lx_response_id *id, struct lx_arena *a);
struct lx_slice lx_response_content_write(const struct lx_response_id *id, struct lx_arena *a);

#endif
