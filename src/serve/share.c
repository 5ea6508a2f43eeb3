/*
 * share.c - the thread behind share.h: one turn after the other, as long as there is a Redis.
 */
#include "serve/share.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "serve/link.h"

enum { EVERY_MS = 200, AGAIN_MS = 1000 };

struct lx_share {
    struct lx_log *log;
    int64_t epoch_ms; /* wall clock minus the monotonic one, as the loops have it */
    uint64_t node;
    pthread_t thread;
    bool running; /* the thread was started */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* Under the mutex: */
    bool ends, changed;
    struct lx_config *config; /* a reference; NULL: none yet */
    struct lx_share_status status;
};

struct lx_share *lx_share_new(struct lx_log *log, int64_t epoch_ms)
{
    struct lx_share *s = calloc(1, sizeof(*s));
    pthread_condattr_t monotonic;
    if (!s)
        return NULL;
    s->log = log;
    s->epoch_ms = epoch_ms;
    lx_random_bytes(&s->node, sizeof(s->node));
    snprintf(s->status.node, sizeof(s->status.node), "%016llx", (unsigned long long)s->node);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return s;
}

static int64_t now_ms(const struct lx_share *s)
{
    return s->epoch_ms + lx_clock_mono_ms();
}

/* A change is told once. */
static void note_turn(struct lx_share *s, int code, const struct lx_error *err)
{
    enum lx_share_state state = code ? LX_SHARE_DOWN : LX_SHARE_UP, was;
    pthread_mutex_lock(&s->mutex);
    was = s->status.state;
    if (was != state)
        s->status.since_ms = now_ms(s);
    s->status.state = state;
    s->status.turns++;
    s->status.failures += code != 0;
    if (!code)
        s->status.last_ms = now_ms(s);
    snprintf(s->status.text, sizeof(s->status.text), "%s", code ? err->text : "");
    pthread_mutex_unlock(&s->mutex);
    if (was == state)
        return;
    if (code)
        lx_log_say(s->log, LX_LOG_WARNING,
                   "router state is not shared, this node goes on with its own: %s", err->text);
    else
        lx_log_say(s->log, LX_LOG_INFO, "router state is shared with other nodes%s",
                   was == LX_SHARE_DOWN ? " again" : "");
}

/* Waits until it is time or something has changed. False: it is over. */
static bool wait(struct lx_share *s, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s->mutex);
    while (!s->ends && !s->changed && pthread_cond_timedwait(&s->wake, &s->mutex, &until) == 0)
        continue;
    bool goes_on = !s->ends;
    pthread_mutex_unlock(&s->mutex);
    return goes_on;
}

/* The configuration that is to be shared; NULL: the same as before. */
static struct lx_config *changed_config(struct lx_share *s)
{
    struct lx_config *config = NULL;
    pthread_mutex_lock(&s->mutex);
    if (s->changed)
        config = lx_config_ref(s->config);
    s->changed = false;
    if (config)
        s->status.state = config->redis.wanted ? LX_SHARE_WAITING : LX_SHARE_OFF;
    pthread_mutex_unlock(&s->mutex);
    return config;
}

static void *run(void *arg)
{
    struct lx_share *s = arg;
    struct lx_link *link = NULL;
    struct lx_config *config = NULL, *next;
    int code = 0;
    while (wait(s, code ? AGAIN_MS : EVERY_MS)) {
        struct lx_error err = {0};
        if ((next = changed_config(s))) {
            lx_link_free(link);
            lx_config_unref(config);
            config = next;
            link = config->redis.wanted ? lx_link_new(&config->redis, s->node) : NULL;
            if (link && lx_link_use(link, &config->routes) != 0)
                lx_log_say(s->log, LX_LOG_ERROR, "out of memory: not all router state is shared");
        }
        if (!link)
            continue;
        code = lx_link_turn(link, now_ms(s), &err);
        note_turn(s, code, &err);
    }
    lx_link_free(link);
    lx_config_unref(config);
    return NULL;
}

int lx_share_use(struct lx_share *s, struct lx_config *config)
{
    pthread_mutex_lock(&s->mutex);
    lx_config_unref(s->config);
    s->config = lx_config_ref(config);
    s->changed = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
    if (s->running || !config->redis.wanted)
        return 0;
    s->running = pthread_create(&s->thread, NULL, run, s) == 0;
    return s->running ? 0 : LX_EIO;
}

void lx_share_status(struct lx_share *s, struct lx_share_status *out)
{
    pthread_mutex_lock(&s->mutex);
    *out = s->status;
    pthread_mutex_unlock(&s->mutex);
}

void lx_share_free(struct lx_share *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->ends = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
    if (s->running)
        pthread_join(s->thread, NULL);
    lx_config_unref(s->config);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}
