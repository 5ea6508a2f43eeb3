/*
 * fetch.h - one request that somebody waits for: a command, or the configuration while it is read.
 */
#ifndef LX_NET_FETCH_H
#define LX_NET_FETCH_H

#include "base/buf.h"
#include "net/client.h"

/*
 * Sends the request on a loop of its own and blocks until the whole answer is in `out` (appended),
 * whatever its status. 0; or a code with *err, also when `out` has no room for it. How long that
 * may take are the request's own deadlines.
 */
int lx_net_fetch(const struct lx_net_request *request, const struct lx_net_options *options,
                 int *status, struct lx_buf *out, struct lx_error *err);

#endif
