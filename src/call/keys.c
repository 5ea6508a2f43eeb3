/*
 * keys.c - a few entries in a list: a process has as many as there are credentials in its
 * configuration, and looks one up per request that needs one.
 */
#include "call/keys.h"

#include <stdlib.h>

enum {
    MAX_ENTRIES = 256,
    REFRESH_MS = 300000, /* before it expires a key is fetched anew ... */
    REFRESH_SHARE = 5,   /* ... or in the last fifth of a short life */
    SKEW_MS = 10000,     /* a key is not used in its last seconds: clocks differ */
    BACKOFF_MS = 1000,   /* after the first failure */
    BACKOFF_MAX_MS = 60000,
    WAIT_MS = 5, /* doubles */
    WAIT_MAX_MS = 80,
    MAX_MESSAGE = 1024,
    TRUST_MS = 60000, /* how long a key that was fetched is not fetched again on a refusal */
};

struct entry {
    unsigned char id[32];
    struct lx_secret key;
    int64_t fetched_ms, refresh_ms, expires_ms;
    const void *fetcher; /* NULL: nobody fetches */
    int failures;
    int64_t retry_ms; /* not before, after a failure */
    struct lx_fault fault;
    char message[MAX_MESSAGE];
    struct entry *next;
};

struct lx_keys {
    struct entry *entries; /* the last one used first */
    size_t count;
};

struct lx_keys *lx_keys_new(void)
{
    return calloc(1, sizeof(struct lx_keys));
}

static void free_entry(struct entry *e)
{
    lx_secret_clear(&e->key);
    free(e);
}

void lx_keys_free(struct lx_keys *k)
{
    if (!k)
        return;
    for (struct entry *e; (e = k->entries); free_entry(e))
        k->entries = e->next;
    free(k);
}

/* Takes it to the front. */
static struct entry *find(struct lx_keys *k, const unsigned char id[32])
{
    for (struct entry **at = &k->entries, *e; (e = *at); at = &e->next)
        if (memcmp(e->id, id, sizeof(e->id)) == 0) {
            *at = e->next;
            e->next = k->entries;
            return k->entries = e;
        }
    return NULL;
}

/* The one that has been unused for longest goes, unless it is being fetched. */
static void make_room(struct lx_keys *k)
{
    struct entry **oldest = NULL;
    for (struct entry **at = &k->entries; *at; at = &(*at)->next)
        if (!(*at)->fetcher)
            oldest = at;
    if (k->count < MAX_ENTRIES || !oldest)
        return;
    struct entry *e = *oldest;
    *oldest = e->next;
    k->count--;
    free_entry(e);
}

static struct entry *add(struct lx_keys *k, const unsigned char id[32])
{
    make_room(k);
    struct entry *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    memcpy(e->id, id, sizeof(e->id));
    e->next = k->entries;
    k->entries = e;
    k->count++;
    return e;
}

static struct entry *fetched_by(struct lx_keys *k, const void *fetcher)
{
    struct entry *e = k->entries;
    while (e && e->fetcher != fetcher)
        e = e->next;
    return e;
}

static int64_t wait_of(int waits)
{
    int64_t ms = WAIT_MS;
    while (waits-- > 0 && ms < WAIT_MAX_MS)
        ms *= 2;
    return ms;
}

struct lx_key_answer lx_keys_find(struct lx_keys *k, const struct lx_credential_source *source,
                                  int64_t now_ms, int waits, const void *fetcher)
{
    static const struct lx_fault no_memory = {
        .kind = LX_FAULT_INTERNAL, .message = LX_S_INIT("out of memory"), .retry_after_ms = -1};
    struct entry *e = find(k, source->id);
    if (!e)
        e = add(k, source->id);
    if (!e)
        return (struct lx_key_answer){.verdict = LX_KEY_FAILED, .fault = &no_memory};
    bool holds = lx_secret_is_set(&e->key) && now_ms < e->expires_ms;
    bool may_fetch = !e->fetcher && now_ms >= e->retry_ms;
    if (may_fetch && (!holds || now_ms >= e->refresh_ms)) {
        e->fetcher = fetcher;
        return (struct lx_key_answer){.verdict = LX_KEY_FETCH};
    }
    if (holds)
        return (struct lx_key_answer){.verdict = LX_KEY_USE, .key = &e->key};
    if (e->fetcher)
        return (struct lx_key_answer){.verdict = LX_KEY_WAIT, .wait_ms = wait_of(waits)};
    return (struct lx_key_answer){.verdict = LX_KEY_FAILED, .fault = &e->fault};
}

void lx_keys_put(struct lx_keys *k, const void *fetcher, struct lx_secret *key, int64_t expires_ms,
                 int64_t now_ms)
{
    struct entry *e = fetched_by(k, fetcher);
    if (!e)
        return;
    int64_t life = expires_ms > now_ms ? expires_ms - now_ms : 0;
    int64_t early = life / REFRESH_SHARE < REFRESH_MS ? life / REFRESH_SHARE : REFRESH_MS;
    int64_t skew = early / 2 < SKEW_MS ? early / 2 : SKEW_MS;
    lx_secret_clear(&e->key);
    e->key = *key;
    *key = (struct lx_secret){0};
    e->fetched_ms = now_ms;
    e->expires_ms = expires_ms - skew;
    e->refresh_ms = expires_ms - early;
    e->failures = 0;
    e->retry_ms = 0;
    e->fetcher = NULL;
}

void lx_keys_fail(struct lx_keys *k, const void *fetcher, const struct lx_fault *fault,
                  int64_t now_ms, uint64_t random)
{
    struct entry *e = fetched_by(k, fetcher);
    if (!e)
        return;
    int64_t ms = BACKOFF_MS;
    for (int i = 0; i < e->failures && ms < BACKOFF_MAX_MS; i++)
        ms *= 2;
    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    e->failures += e->failures < 32;
    e->retry_ms = now_ms + ms / 2 + (int64_t)(random % (uint64_t)(ms / 2 + 1));
    struct lx_slice message = lx_slice_to(fault->message, sizeof(e->message));
    if (message.n)
        memcpy(e->message, message.p, message.n);
    e->fault = (struct lx_fault){.kind = fault->kind,
                                 .status = fault->status,
                                 .message = lx_slice(e->message, message.n),
                                 .retry_after_ms = -1};
    e->fetcher = NULL;
}

void lx_keys_drop(struct lx_keys *k, const void *fetcher)
{
    struct entry *e = fetched_by(k, fetcher);
    if (e)
        e->fetcher = NULL;
}

void lx_keys_distrust(struct lx_keys *k, const struct lx_credential_source *source, int64_t now_ms)
{
    struct entry *e = find(k, source->id);
    if (e && now_ms - e->fetched_ms >= TRUST_MS)
        e->refresh_ms = 0;
}
