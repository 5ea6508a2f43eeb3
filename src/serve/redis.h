/*
 * redis.h - one connection to a Redis, plain or over TLS, that blocks for as long as its deadlines
 * let it: for a thread of its own, never for a loop.
 *
 * hiredis opens the connection, writes commands and reads answers; as Debian has it, it knows no
 * TLS, so that is put between it and the socket here.
 */
#ifndef LX_SERVE_REDIS_H
#define LX_SERVE_REDIS_H

#include <hiredis/hiredis.h>

#include "config/config.h"

struct lx_redis; /* opaque */

/* Connects, logs in, and chooses the database. NULL with *err: "Redis at HOST:PORT: ...". The
 * settings must outlive it. */
struct lx_redis *lx_redis_open(const struct lx_config_redis *settings, struct lx_error *err);
void lx_redis_close(struct lx_redis *r); /* NULL-safe */
/* The answer, the caller's to free; what the server refuses is an error. NULL with *err. */
redisReply *lx_redis_ask(struct lx_redis *r, int argc, const char **argv, const size_t *lengths,
                         struct lx_error *err);

#endif
