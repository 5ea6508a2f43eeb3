/*
 * fetch.c - see fetch.h. Called by the call machine between picking a deployment and writing its
 * request, for deployments with a credential only.
 */
#include "call/fetch.h"

#include <stdlib.h>

static void end_run(struct lx_fetch *f)
{
    if (f->run)
        lx_credential_run_clear(f->run);
    free(f->run);
    f->run = NULL;
}

void lx_fetch_clear(struct lx_fetch *f)
{
    if (f->run)
        lx_keys_drop(f->keys, f);
    end_run(f);
    lx_keys_free(f->own);
    f->own = NULL;
}

static enum lx_fetch_step fail(const struct lx_fault *fault, struct lx_arena *a,
                               struct lx_fetch_result *out)
{
    out->fault = *fault;
    out->fault.message = lx_arena_copy(a, fault->message);
    if (!out->fault.message.p)
        out->fault.message = LX_S("out of memory");
    return LX_FETCH_FAILED;
}

static enum lx_fetch_step use(const struct lx_secret *key, struct lx_arena *a,
                              struct lx_fetch_result *out)
{
    char *bytes = lx_arena_bytes(a, key->n);
    if (!bytes) {
        const struct lx_fault fault = lx_fault_of_error(a->failed, NULL, a);
        return fail(&fault, a, out);
    }
    memcpy(bytes, key->hidden, key->n);
    out->key = (struct lx_secret){bytes, key->n};
    return LX_FETCH_KEY;
}

/* What has come of the run; a key that was fetched is used, however long it may hold. */
static enum lx_fetch_step step_run(struct lx_fetch *f, const struct lx_credential_source *source,
                                   int64_t now_ms, uint64_t random, struct lx_arena *a,
                                   struct lx_fetch_result *out)
{
    enum lx_credential_step step = lx_credential_run_next(f->run);
    enum lx_fetch_step got;
    int64_t most_s = INT64_MAX / 1000, expires_s = f->run->expires_s;
    if (step == LX_CREDENTIAL_SEND || step == LX_CREDENTIAL_READ)
        return LX_FETCH_ASK;
    if (step == LX_CREDENTIAL_DONE) {
        got = use(&f->run->key, a, out);
        lx_keys_put(f->keys, f, &f->run->key, expires_s < most_s ? expires_s * 1000 : INT64_MAX,
                    now_ms);
        end_run(f);
        return got;
    }
    got = fail(&f->run->fault, a, out);
    lx_keys_fail(f->keys, f, &f->run->fault, now_ms, random);
    end_run(f);
    /* The key before may hold still. */
    struct lx_key_answer answer = lx_keys_find(f->keys, source, now_ms, 0, f);
    return answer.verdict == LX_KEY_USE ? use(answer.key, a, out) : got;
}

static bool start_run(struct lx_fetch *f, const struct lx_credential_source *source, int64_t now_ms,
                      uint64_t random)
{
    f->run = malloc(sizeof(*f->run));
    if (f->run)
        lx_credential_run_init(f->run, source, now_ms / 1000, random);
    else
        lx_keys_drop(f->keys, f);
    return f->run != NULL;
}

enum lx_fetch_step lx_fetch_next(struct lx_fetch *f, const struct lx_credential_source *source,
                                 int64_t now_ms, uint64_t random, struct lx_arena *a,
                                 struct lx_fetch_result *out)
{
    static const struct lx_fault no_memory = {
        .kind = LX_FAULT_INTERNAL, .message = LX_S_INIT("out of memory"), .retry_after_ms = -1};
    *out = (struct lx_fetch_result){.wait_ms = 0};
    if (f->run)
        return step_run(f, source, now_ms, random, a, out);
    if (!f->keys)
        f->keys = f->own = lx_keys_new();
    if (!f->keys)
        return fail(&no_memory, a, out);
    struct lx_key_answer answer = lx_keys_find(f->keys, source, now_ms, f->waits, f);
    if (answer.verdict != LX_KEY_WAIT)
        f->waits = 0;
    switch (answer.verdict) {
    case LX_KEY_USE:
        return use(answer.key, a, out);
    case LX_KEY_FAILED:
        return fail(answer.fault, a, out);
    case LX_KEY_WAIT:
        f->waits++;
        out->wait_ms = answer.wait_ms;
        return LX_FETCH_WAIT;
    case LX_KEY_FETCH:
        break;
    }
    return start_run(f, source, now_ms, random) ? step_run(f, source, now_ms, random, a, out)
                                                : fail(&no_memory, a, out);
}

void lx_fetch_fill(struct lx_fetch *f, const char *trust, struct lx_step *out)
{
    struct lx_credential_run *run = f->run;
    if (run->step == LX_CREDENTIAL_READ) {
        out->kind = LX_STEP_ASK;
        out->ask_path = run->path;
        return;
    }
    run->out.trust = trust;
    out->kind = LX_STEP_SEND;
    out->send.out = &run->out;
    out->send.connect_ms = run->connect_ms;
    out->send.total_ms = run->total_ms;
    out->send.aside = true;
}

bool lx_fetch_end(struct lx_fetch *f, int code, const struct lx_error *err)
{
    if (f->run->step != LX_CREDENTIAL_SEND)
        return false;
    if (code == 0)
        lx_credential_run_feed_end(f->run);
    else
        lx_credential_run_feed_failure(f->run, code, err);
    return true;
}

bool lx_fetch_file(struct lx_fetch *f, int code, struct lx_slice text)
{
    if (f->run->step != LX_CREDENTIAL_READ)
        return false;
    lx_credential_run_feed_file(f->run, code, text);
    return true;
}
