/*
 * loop.c - the event loop of one thread: epoll, a heap of timers, deferred work, posts.
 *
 * Called by every layer from io up. It knows nothing of bytes: streams, listeners and the resolver
 * embed a watch or a timer and are called back. A turn is
 *
 *     wait -> read the clock -> events -> posts -> timers -> tasks -> on_idle
 *
 * Objects that are closed during a turn are freed by a task, so that events the kernel had already
 * reported for them find live memory. It never blocks but in epoll_wait, and takes no lock.
 */
#include "io/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "io/watch.h"

enum { EVENTS_PER_WAIT = 256 };

/* The place in the heap is by `key`; the owner's at_ms may be later: then the timer is put back
 * when its key comes. So moving a deadline later, which every read does, is one store. */
struct heap_entry {
    int64_t key;
    struct lx_timer *timer;
};

struct lx_loop {
    int epoll_fd;
    int wake_fd;
    bool in_turn;
    int64_t now_ms;

    struct heap_entry *heap;
    uint32_t heap_n, heap_cap;

    struct lx_task *tasks, **tasks_end;
    void (*on_idle)(void *);
    void *idle_arg;

    _Atomic(struct lx_post *) posts; /* newest first */
    atomic_bool stop;

    struct epoll_event events[EVENTS_PER_WAIT];
    char read_buffer[LX_LOOP_READ_BYTES];
};

/* ---- Clocks and randomness ------------------------------------------------------------------ */

static int64_t clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t lx_clock_mono_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t lx_clock_wall_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000;
}

void lx_random_bytes(void *p, size_t n)
{
    char *at = p;
    while (n) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* a kernel without randomness: nothing we could do would be safe */
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
}

/* ---- Timers --------------------------------------------------------------------------------- */

static void heap_place(struct lx_loop *loop, uint32_t at, struct heap_entry e)
{
    loop->heap[at] = e;
    e.timer->heap_at = at + 1;
}

static void heap_up(struct lx_loop *loop, uint32_t at, struct heap_entry e)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (loop->heap[parent].key <= e.key)
            break;
        heap_place(loop, at, loop->heap[parent]);
        at = parent;
    }
    heap_place(loop, at, e);
}

static void heap_down(struct lx_loop *loop, uint32_t at, struct heap_entry e)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= loop->heap_n)
            break;
        if (child + 1 < loop->heap_n && loop->heap[child + 1].key < loop->heap[child].key)
            child++;
        if (loop->heap[child].key >= e.key)
            break;
        heap_place(loop, at, loop->heap[child]);
        at = child;
    }
    heap_place(loop, at, e);
}

int lx_timer_set(struct lx_loop *loop, struct lx_timer *t, int64_t at_ms)
{
    t->at_ms = at_ms;
    if (t->heap_at) {
        uint32_t at = t->heap_at - 1;
        if (at_ms < loop->heap[at].key)
            heap_up(loop, at, (struct heap_entry){at_ms, t});
        return 0;
    }
    if (loop->heap_n == loop->heap_cap) {
        uint32_t cap = loop->heap_cap ? loop->heap_cap * 2 : 64;
        struct heap_entry *grown = realloc(loop->heap, cap * sizeof *grown);
        if (!grown)
            return LX_ENOMEM;
        loop->heap = grown;
        loop->heap_cap = cap;
    }
    heap_up(loop, loop->heap_n++, (struct heap_entry){at_ms, t});
    return 0;
}

void lx_timer_cancel(struct lx_loop *loop, struct lx_timer *t)
{
    if (!t->heap_at)
        return;
    uint32_t at = t->heap_at - 1;
    t->heap_at = 0;
    struct heap_entry last = loop->heap[--loop->heap_n];
    if (at == loop->heap_n)
        return;
    if (at > 0 && loop->heap[(at - 1) / 2].key > last.key)
        heap_up(loop, at, last);
    else
        heap_down(loop, at, last);
}

/* Fires what is due. A timer that sets itself to a time already past waits for the next turn, so
 * that no callback can keep the loop from its descriptors. */
static void fire_timers(struct lx_loop *loop)
{
    uint32_t most = loop->heap_n;
    while (most && loop->heap_n && loop->heap[0].key <= loop->now_ms) {
        struct heap_entry first = loop->heap[0];
        if (first.timer->at_ms > first.key) {
            heap_down(loop, 0, (struct heap_entry){first.timer->at_ms, first.timer});
            continue;
        }
        most--;
        lx_timer_cancel(loop, first.timer);
        first.timer->fire(first.timer);
    }
}

/* ---- Descriptors and tasks ------------------------------------------------------------------ */

static int control(struct lx_loop *loop, int op, struct lx_watch *w, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = w};
    return epoll_ctl(loop->epoll_fd, op, w->fd, &e) == 0 ? 0 : LX_EIO;
}

int lx_watch_add(struct lx_loop *loop, struct lx_watch *w, uint32_t events)
{
    return control(loop, EPOLL_CTL_ADD, w, events);
}

int lx_watch_change(struct lx_loop *loop, struct lx_watch *w, uint32_t events)
{
    return control(loop, EPOLL_CTL_MOD, w, events);
}

void lx_watch_drop(struct lx_loop *loop, struct lx_watch *w)
{
    if (w->fd >= 0)
        control(loop, EPOLL_CTL_DEL, w, 0);
    w->fd = -1;
}

void lx_watch_close(struct lx_watch *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

void lx_loop_defer(struct lx_loop *loop, struct lx_task *t)
{
    if (t->queued)
        return;
    t->queued = true;
    t->next = NULL;
    *loop->tasks_end = t;
    loop->tasks_end = &t->next;
}

static void run_tasks(struct lx_loop *loop)
{
    struct lx_task *t = loop->tasks;
    loop->tasks = NULL;
    loop->tasks_end = &loop->tasks;
    while (t) {
        struct lx_task *next = t->next; /* run may free t */
        t->queued = false;
        t->run(t);
        t = next;
    }
}

char *lx_loop_read_buffer(struct lx_loop *loop)
{
    return loop->read_buffer;
}

/* ---- Other threads -------------------------------------------------------------------------- */

/* The eventfd is edge-triggered: each write is an event, and it need never be read. */
static void wake(struct lx_loop *loop)
{
    uint64_t one = 1;
    int saved = errno; /* may run in a signal handler */
    ssize_t done = write(loop->wake_fd, &one, sizeof one);
    (void)done; /* EAGAIN means that the counter is full: it has been written before */
    errno = saved;
}

void lx_loop_stop(struct lx_loop *loop)
{
    atomic_store(&loop->stop, true);
    wake(loop);
}

void lx_loop_post(struct lx_loop *loop, struct lx_post *post)
{
    struct lx_post *head = atomic_load(&loop->posts);
    do {
        post->next = head;
    } while (!atomic_compare_exchange_weak(&loop->posts, &head, post));
    if (!head)
        wake(loop); /* else whoever found it empty has woken the loop for us too */
}

static void run_posts(struct lx_loop *loop)
{
    if (!atomic_load_explicit(&loop->posts, memory_order_relaxed))
        return;
    struct lx_post *newest = atomic_exchange(&loop->posts, NULL);
    struct lx_post *oldest = NULL;
    while (newest) {
        struct lx_post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct lx_post *next = oldest->next; /* fn may free the post */
        oldest->fn(oldest);
        oldest = next;
    }
}

/* ---- The loop ------------------------------------------------------------------------------- */

struct lx_loop *lx_loop_new(void)
{
    struct lx_loop *loop = malloc(sizeof *loop);
    if (!loop)
        return NULL;
    memset(loop, 0, offsetof(struct lx_loop, events)); /* pages of the buffer stay untouched */
    loop->tasks_end = &loop->tasks;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &e) != 0) {
        lx_loop_free(loop);
        return NULL;
    }
    return loop;
}

void lx_loop_free(struct lx_loop *loop)
{
    if (!loop)
        return;
    while (loop->tasks)
        run_tasks(loop); /* what was closed since the last turn */
    assert(loop->heap_n == 0);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    free(loop->heap);
    free(loop);
}

static int wait_ms(const struct lx_loop *loop, int max_wait_ms)
{
    if (loop->tasks)
        return 0;
    if (!loop->heap_n)
        return max_wait_ms;
    int64_t until = loop->heap[0].key - loop->now_ms;
    if (until < 0)
        until = 0;
    if (max_wait_ms >= 0 && until > max_wait_ms)
        return max_wait_ms;
    return until > INT_MAX ? INT_MAX : (int)until;
}

void lx_loop_turn(struct lx_loop *loop, int max_wait_ms)
{
    if (loop->heap_n)
        loop->now_ms = lx_clock_mono_ms(); /* the last turn, or whoever called it, took its time */
    int n = epoll_wait(loop->epoll_fd, loop->events, EVENTS_PER_WAIT, wait_ms(loop, max_wait_ms));
    loop->now_ms = lx_clock_mono_ms();
    loop->in_turn = true;
    for (int i = 0; i < n; i++) {
        struct lx_watch *w = loop->events[i].data.ptr;
        if (w && w->fd >= 0)
            w->ready(w, loop->events[i].events);
    }
    run_posts(loop);
    fire_timers(loop);
    run_tasks(loop);
    if (loop->on_idle)
        loop->on_idle(loop->idle_arg);
    loop->in_turn = false;
}

void lx_loop_run(struct lx_loop *loop)
{
    while (!atomic_load_explicit(&loop->stop, memory_order_relaxed))
        lx_loop_turn(loop, -1);
    atomic_store(&loop->stop, false);
}

void lx_loop_on_idle(struct lx_loop *loop, void (*fn)(void *), void *arg)
{
    loop->on_idle = fn;
    loop->idle_arg = arg;
}

int64_t lx_loop_now_ms(const struct lx_loop *loop)
{
    return loop->in_turn ? loop->now_ms : lx_clock_mono_ms();
}
