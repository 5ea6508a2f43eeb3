/*
 * loop.h - one thread's event loop: readiness, timers, clock, and posts from other threads.
 *
 * Everything a loop owns lives and dies on its thread; only lx_loop_post() and lx_loop_stop() may
 * be called from elsewhere. What the layers above see is completion-shaped (bytes arrived, bytes
 * are written, time has come), so that io_uring can stand behind it without their noticing.
 */
#ifndef LX_IO_LOOP_H
#define LX_IO_LOOP_H

#include "base/error.h"
#include "base/slice.h"

struct lx_loop;

/* NULL when out of memory or descriptors. */
struct lx_loop *lx_loop_new(void);
/* All streams, listeners and timers must be gone. NULL-safe. */
void lx_loop_free(struct lx_loop *loop);
/* Runs until lx_loop_stop(). */
void lx_loop_run(struct lx_loop *loop);
/* One turn: waits at most max_wait_ms (-1: until something happens), handles what is ready. */
void lx_loop_turn(struct lx_loop *loop, int max_wait_ms);
/* From any thread and from signal handlers. */
void lx_loop_stop(struct lx_loop *loop);

/* Runs fn(arg) on the loop's thread, soon. From any thread. `post` is the caller's storage and must
 * live until fn is called; fn may free it. */
struct lx_post {
    struct lx_post *next;
    void (*fn)(struct lx_post *);
};
void lx_loop_post(struct lx_loop *loop, struct lx_post *post);

/* Calls fn on every turn, after events are handled and before waiting: for batching. One a loop. */
void lx_loop_on_idle(struct lx_loop *loop, void (*fn)(void *), void *arg);

/* Monotonic milliseconds at the start of this turn (between turns: now). */
int64_t lx_loop_now_ms(const struct lx_loop *loop);
/* The clocks themselves, read now. */
int64_t lx_clock_mono_ms(void);
int64_t lx_clock_wall_ms(void);
/* Fills bytes from the system's generator. */
void lx_random_bytes(void *p, size_t n);

/* ---- Timers: embedded in their owner; a heap inside the loop ---- */
struct lx_timer {
    int64_t at_ms;
    uint32_t heap_at; /* 1 + place in the heap; 0: not set */
    void (*fire)(struct lx_timer *);
};
/* Sets or moves. 0, or LX_ENOMEM. Moving a timer later is cheap. */
int lx_timer_set(struct lx_loop *loop, struct lx_timer *t, int64_t at_ms);
void lx_timer_cancel(struct lx_loop *loop, struct lx_timer *t);

#define LX_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
