/*
 * words.h - what a client is told when a call fails, in the words that LiteLLM's clients look for.
 */
#ifndef LX_CALL_WORDS_H
#define LX_CALL_WORDS_H

#include "call/call.h"

/* "litellm.RateLimitError: OpenAIException - ..."; the fault's own message without memory. */
struct lx_slice lx_words_of_fault(const struct lx_provider *p, const struct lx_fault *f,
                                  struct lx_arena *a);
/* No model of that name is served (empty: none was named). */
struct lx_fault lx_words_of_model(const struct lx_route_table *routes, struct lx_slice model,
                                  struct lx_arena *a);
/* The client's body cannot be read. */
struct lx_fault lx_words_of_body(int code, const struct lx_error *err, struct lx_arena *a);

#endif
