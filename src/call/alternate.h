/*
 * alternate.h - roles that take turns, for models whose templates insist (LiteLLM's
 * ensure_alternating_roles). Inside of call/ only.
 */
#ifndef LX_CALL_ALTERNATE_H
#define LX_CALL_ALTERNATE_H

#include "call/members.h"
#include "dialect/dialect.h"

/* The request with a turn of the other's between two of one speaker, and the user's at both ends,
 * where the members ask for it: itself, where nothing is to be done. Bedrock gets the ends where
 * there is only a user_continue_message. What was put in is listed. The copy is the arena's. */
const struct lx_request *lx_request_alternate(const struct lx_request *r,
                                              const struct lx_members *members, bool bedrock,
                                              struct lx_arena *a, struct lx_losses *losses);

#endif
