/*
 * log.c - the log's thread and its queue: one growing buffer behind a mutex.
 *
 * Called by every loop; never blocks longer than a memcpy under the lock.
 */
#include "serve/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "wire/json.h"

struct lx_log {
    int fd;
    atomic_bool json;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    struct lx_buf waiting;
    uint64_t dropped_lines;
    bool writing, stop;
};

static void write_all(int fd, struct lx_slice s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);

        if (n > 0)
            s = lx_slice_from(s, (size_t)n);
        else if (n < 0 && errno != EINTR)
            return; /* nobody is left to tell */
    }
}

static void note_dropped(struct lx_log *log, struct lx_buf *out)
{
    if (!log->dropped_lines)
        return;
    lx_buf_addf(out,
                "{\"level\":\"warning\",\"message\":\"log reader too slow\","
                "\"lines_dropped\":%llu}\n",
                (unsigned long long)log->dropped_lines);
    log->dropped_lines = 0;
}

static void *run(void *arg)
{
    struct lx_log *log = arg;
    struct lx_buf taken;

    lx_buf_init(&taken, log->waiting.max + 256);
    pthread_mutex_lock(&log->lock);
    for (;;) {
        while (!log->waiting.n && !log->stop)
            pthread_cond_wait(&log->wake, &log->lock);
        if (!log->waiting.n)
            break;
        lx_buf_add(&taken, lx_buf_slice(&log->waiting));
        lx_buf_reset(&log->waiting);
        note_dropped(log, &taken);
        log->writing = true;
        pthread_mutex_unlock(&log->lock);
        write_all(log->fd, lx_buf_slice(&taken));
        lx_buf_reset(&taken);
        pthread_mutex_lock(&log->lock);
        log->writing = false;
        pthread_cond_broadcast(&log->idle);
    }
    pthread_mutex_unlock(&log->lock);
    lx_buf_clear(&taken);
    return NULL;
}

struct lx_log *lx_log_new(int fd, bool json, size_t max_bytes)
{
    struct lx_log *log = calloc(1, sizeof(*log));
    sigset_t all, before;
    int failed;

    if (!log)
        return NULL;
    log->fd = fd;
    atomic_init(&log->json, json);
    lx_buf_init(&log->waiting, max_bytes);
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->wake, NULL);
    pthread_cond_init(&log->idle, NULL);
    /* Signals are for whoever waits for them: one that this thread took would end the process. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    failed = pthread_create(&log->thread, NULL, run, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free(log);
        return NULL;
    }
    return log;
}

void lx_log_free(struct lx_log *log)
{
    struct timespec until;
    bool stuck = false;

    if (!log)
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    pthread_mutex_lock(&log->lock);
    log->stop = true;
    pthread_cond_signal(&log->wake);
    while ((log->waiting.n || log->writing) && !stuck)
        stuck = pthread_cond_timedwait(&log->idle, &log->lock, &until) == ETIMEDOUT;
    pthread_mutex_unlock(&log->lock);
    if (stuck) {
        /* The thread sits in write() on a pipe nobody reads: the process is about to end, and
         * freeing what the thread uses would be worse than leaving it. */
        pthread_detach(log->thread);
        return;
    }
    pthread_join(log->thread, NULL);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->wake);
    pthread_cond_destroy(&log->idle);
    lx_buf_clear(&log->waiting);
    free(log);
}

bool lx_log_is_json(const struct lx_log *log)
{
    return atomic_load_explicit(&log->json, memory_order_relaxed);
}

void lx_log_set_json(struct lx_log *log, bool json)
{
    atomic_store_explicit(&log->json, json, memory_order_relaxed);
}

static uint64_t count_lines(struct lx_slice s)
{
    uint64_t n = 0;
    ssize_t at;

    while ((at = lx_slice_find_byte(s, '\n')) >= 0) {
        n++;
        s = lx_slice_from(s, (size_t)at + 1);
    }
    return n;
}

void lx_log_push(struct lx_log *log, struct lx_buf *lines)
{
    pthread_mutex_lock(&log->lock);
    lx_buf_add(&log->waiting, lx_buf_slice(lines));
    if (log->waiting.failed) {
        log->waiting.failed = 0;
        log->dropped_lines += count_lines(lx_buf_slice(lines));
    }
    pthread_cond_signal(&log->wake);
    pthread_mutex_unlock(&log->lock);
    lx_buf_reset(lines);
}

void lx_log_write_time(struct lx_buf *out, int64_t wall_ms)
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm tm;

    gmtime_r(&s, &tm);
    lx_buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(wall_ms % 1000));
}

void lx_log_say(struct lx_log *log, enum lx_log_level level, const char *format, ...)
{
    static const char *const names[] = {"info", "warning", "error"};
    struct timespec now;
    struct lx_buf line, text;
    va_list args;
    char message[1024];
    int n;

    va_start(args, format);
    n = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (n < 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    lx_buf_init(&line, 8192);
    lx_buf_init(&text, 64);
    lx_log_write_time(&text, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    if (lx_log_is_json(log)) {
        struct lx_out o = lx_out(&line);

        lx_out_object(&o, NULL);
        lx_out_str(&o, "time", lx_buf_slice(&text));
        lx_out_str(&o, "level", lx_slice_z(names[level]));
        lx_out_str(&o, "message", lx_slice_z(message));
        lx_out_object_end(&o);
        lx_buf_add_byte(&line, '\n');
    } else {
        lx_buf_addf(&line, "%.*s %s: %s\n", LX_F(lx_buf_slice(&text)), names[level], message);
    }
    lx_log_push(log, &line);
    lx_buf_clear(&line);
    lx_buf_clear(&text);
}
