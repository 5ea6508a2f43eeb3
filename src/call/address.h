/*
 * address.h - the URL that a configured base and a language's path make together.
 */
#ifndef LX_CALL_ADDRESS_H
#define LX_CALL_ADDRESS_H

#include "base/arena.h"

/* Base and path, where the base may hold a part of the path already (".../v1" + "/v1/messages",
 * ".../models/M" + "/models/M:generateContent", or the whole address), and a query behind it; the
 * path may have one, too. "//path" stands instead of the base's own; "[/v1]/path" wants no "/v1" at
 * the base's end. In the arena; absent when that has failed. */
struct lx_slice lx_address_join(struct lx_slice base, struct lx_slice path, struct lx_arena *a);

#endif
