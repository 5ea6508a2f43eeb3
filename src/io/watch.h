/*
 * watch.h - what the other files of io/ (and net/) use of the loop: descriptors and deferred work.
 *
 * A watch is embedded in its owner. Its owner may drop it inside any callback; an event for it that
 * the kernel reported earlier in the same turn is then ignored, provided that the owner's memory
 * lives until the turn ends. Freeing from a task (below) guarantees exactly that.
 */
#ifndef LX_IO_WATCH_H
#define LX_IO_WATCH_H

#include <sys/epoll.h>

#include "io/loop.h"

struct lx_watch {
    void (*ready)(struct lx_watch *w, uint32_t events);
    int fd; /* -1: dropped */
};

/* Registers w->fd. 0, or LX_EIO with errno set. */
int lx_watch_add(struct lx_loop *loop, struct lx_watch *w, uint32_t events);
int lx_watch_change(struct lx_loop *loop, struct lx_watch *w, uint32_t events);
/* Unregisters without closing; w->fd becomes -1. NULL-safe in no argument; idempotent. */
void lx_watch_drop(struct lx_loop *loop, struct lx_watch *w);
/* Closes the descriptor, which unregisters it too; idempotent. */
void lx_watch_close(struct lx_watch *w);

/* Work for the end of this turn, or of the next one when asked for by another task. */
struct lx_task {
    struct lx_task *next;
    void (*run)(struct lx_task *t);
    bool queued;
};
/* Asking twice before it has run is once. The task's memory must live until it runs. */
void lx_loop_defer(struct lx_loop *loop, struct lx_task *t);

/* The buffer that all reads of a loop share: valid until the next read. */
#define LX_LOOP_READ_BYTES 65536
char *lx_loop_read_buffer(struct lx_loop *loop);

#endif
