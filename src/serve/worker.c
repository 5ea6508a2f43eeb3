/*
 * worker.c - a worker's small services: randomness, the date, the log's batches, draining.
 */
#include "serve/worker.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "serve/inbound.h"

#define FLUSH_MS    100 /* how old a log line may get before it is handed over */
#define FLUSH_BYTES (128 << 10)
#define TRIM_MS     3000 /* how long a worker is quiet before memory goes back */

uint64_t lx_worker_random(struct lx_worker *w)
{
    uint64_t a = w->random[0], b = w->random[1];

    w->random[0] = b;
    a ^= a << 23;
    w->random[1] = a ^ b ^ a >> 18 ^ b >> 5;
    return w->random[1] + b;
}

struct lx_slice lx_worker_date(struct lx_worker *w)
{
    int64_t now_s = lx_clock_wall_ms() / 1000;

    if (now_s != w->date_s) {
        time_t t = (time_t)now_s;
        struct tm tm;

        w->date_s = now_s;
        gmtime_r(&t, &tm);
        strftime(w->date, sizeof(w->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    }
    return lx_slice_z(w->date);
}

static void flush(struct lx_worker *w)
{
    if (w->lines.n)
        lx_log_push(w->log, &w->lines);
}

static void on_flush(struct lx_timer *t)
{
    flush(LX_CONTAINER(t, struct lx_worker, flush_timer));
}

void lx_worker_lines_added(struct lx_worker *w)
{
    if (w->lines.n > FLUSH_BYTES) {
        flush(w);
        return;
    }
    if (w->flush_timer.heap_at)
        return;
    w->flush_timer.fire = on_flush;
    if (lx_timer_set(w->loop, &w->flush_timer, lx_loop_now_ms(w->loop) + FLUSH_MS) != 0)
        flush(w);
}

/* malloc_trim() leaves the top of a thread's heap alone; a free of more than 64 KB looks at it, and
 * gives it back when it is larger than the threshold, which is high while there is work. */
static void give_heap_back(void)
{
    void *volatile block; /* or the compiler sees through it */

    mallopt(M_TRIM_THRESHOLD, 128 << 10);
    block = malloc(128 << 10);
    free(block);
    mallopt(M_TRIM_THRESHOLD, LX_WORKER_TRIM_THRESHOLD);
    malloc_trim(0);
}

static void on_quiet(struct lx_timer *t)
{
    struct lx_worker *w = LX_CONTAINER(t, struct lx_worker, trim_timer);

    if (w->busy)
        return;
    lx_call_pool_trim(w->calls);
    lx_exchange_free_spare(w);
    lx_inbound_free_spare(w);
    give_heap_back();
}

void lx_worker_count_busy(struct lx_worker *w, int change)
{
    w->busy += (size_t)change;
    if (w->busy)
        return;
    w->trim_timer.fire = on_quiet;
    lx_timer_set(w->loop, &w->trim_timer, lx_loop_now_ms(w->loop) + TRIM_MS);
}

void lx_worker_check_drained(struct lx_worker *w)
{
    if (!w->draining || w->drained || w->conns)
        return;
    w->drained = true;
    lx_asides_clear(&w->mirrors);
    lx_timer_cancel(w->loop, &w->drain_timer);
    lx_timer_cancel(w->loop, &w->flush_timer);
    lx_timer_cancel(w->loop, &w->trim_timer);
    flush(w);
    lx_loop_stop(w->loop);
}
