/*
 * mock.h - answers without a provider: `mock_response` of a deployment or of a request.
 */
#ifndef LX_CALL_MOCK_H
#define LX_CALL_MOCK_H

#include "call/relay.h"

/* True when the text stands for an error, as in LiteLLM: "litellm.RateLimitError" and the other
 * classes, "Exception: content_filter_policy", "Exception: ...". The message is borrowed. */
bool lx_mock_fault(struct lx_slice text, struct lx_fault *out);
/* Writes vectors for so many inputs: the text where it is a JSON array of numbers, else zeros.
 * Usage is 10 tokens. 0 or a code. */
int lx_mock_embed(struct lx_relay *r, struct lx_slice text, size_t inputs, struct lx_arena *a,
                  struct lx_buf *out);
/* Writes a reply (or, where the relay has a client who wants one, a stream) of `choices` choices
 * that each say `text` and call as OpenAI's `calls` do (a JSON array; or empty), with LiteLLM's
 * usage of 10 and 20 tokens. 0 or a code. */
int lx_mock_write(struct lx_relay *r, struct lx_slice text, struct lx_slice calls, int64_t choices,
                  struct lx_arena *a, struct lx_buf *out);

#endif
