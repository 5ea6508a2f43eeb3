/*
 * head.h - the headers of a reply to a client: what the gateway says, and what the provider said.
 */
#ifndef LX_CALL_HEAD_H
#define LX_CALL_HEAD_H

#include "call/call.h"

/* The provider's headers, copied into the arena with their names prefixed "llm_provider-", without
 * those that concern its connection or its framing. 0 or the arena's failure. */
int lx_head_copy(const struct lx_headers *from, struct lx_arena *a, struct lx_headers *out);
/* The same headers without the prefix, for who reads an error. Empty when the arena has failed. */
struct lx_headers lx_head_plain(const struct lx_headers *prefixed, struct lx_arena *a);
/* All of a reply's headers; LiteLLM's names. `fault` may be NULL. */
struct lx_headers lx_head_write(const struct lx_call_report *report,
                                const struct lx_headers *prefixed, const struct lx_fault *fault,
                                struct lx_arena *a);
/* Those of a request with a body, for another to the same provider that gets something: what
 * describes the body is left out. stream: what comes may be one. */
struct lx_headers lx_head_for_get(const struct lx_headers *from, bool stream, struct lx_arena *a);
/* How a body is framed, by its content-type; where that says nothing of use, `otherwise`. */
enum lx_framing lx_head_framing(const struct lx_headers *headers, enum lx_framing otherwise);

/* The count that a header tells, by its name; 0: it is not there, or name is NULL. */
int32_t lx_head_count(const struct lx_headers *headers, const char *name);

#endif
