/*
 * system.h - what is done to system messages before a request is written: one that the
 * configuration adds, models that take none, prompts that shall begin with them. Inside of call/
 * only.
 */
#ifndef LX_CALL_SYSTEM_H
#define LX_CALL_SYSTEM_H

#include "call/members.h"
#include "dialect/dialect.h"

/* The request as litellm_system_prompt and supports_system_message among the members want it, and
 * with system messages before all others where `first`: itself, where nothing is to be done. That
 * a system message became a user's is listed. The copy is the arena's. */
const struct lx_request *lx_request_settle_system(const struct lx_request *r,
                                                  const struct lx_members *members, bool first,
                                                  struct lx_arena *a, struct lx_losses *losses);

#endif
