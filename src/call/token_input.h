/*
 * token_input.h - what is to be embedded, told in numbers of tokens, as the text it stands for.
 */
#ifndef LX_CALL_TOKEN_INPUT_H
#define LX_CALL_TOKEN_INPUT_H

#include "llm/request.h"

/* Whether any of the inputs is numbers of tokens. */
bool lx_token_inputs_any(const struct lx_embed_request *e);
/* Gives e inputs of its own, in the arena, in which such are text. 0; LX_EINVAL, with *bad the one
 * that has a number which is no token; LX_ENOMEM or LX_ELIMIT. */
int lx_token_inputs_decode(struct lx_embed_request *e, struct lx_arena *a, size_t *bad);

#endif
