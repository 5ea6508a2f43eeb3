/*
 * repair.h - mends what providers refuse in the history of a conversation (modify_params).
 */
#ifndef LX_CALL_REPAIR_H
#define LX_CALL_REPAIR_H

#include "dialect/dialect.h"

/* The request with a result behind every call of a tool, and a call before every result; itself,
 * where it is so already. What was done is listed. The copy is the arena's and borrows from r. */
const struct lx_request *lx_request_repair(const struct lx_request *r, struct lx_arena *a,
                                           struct lx_losses *losses);

#endif
