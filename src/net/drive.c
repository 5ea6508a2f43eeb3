/*
 * drive.c - the loop around lx_call_next(): the only place where steps become I/O.
 *
 * It decides nothing. Whoever owns a drive must cancel it before freeing the call.
 */
#include "net/drive.h"

#include "io/file.h"
#include "net/race.h"

static void step_on(struct lx_drive *d);

static struct lx_drive *drive_of(void *owner)
{
    return owner;
}

/* Before anything is fed, and before the first step. */
static struct lx_call *at_now(struct lx_drive *d)
{
    lx_call_set_now(d->call, d->epoch_ms + lx_loop_now_ms(d->loop));
    return d->call;
}

static void on_head(void *owner, int status, const struct lx_headers *headers)
{
    struct lx_drive *d = drive_of(owner);

    if (!d->first_byte_ms && !d->aside)
        d->first_byte_ms = lx_clock_mono_ms();
    lx_call_feed_head(at_now(d), status, headers);
    step_on(d);
}

static void on_body(void *owner, struct lx_slice piece)
{
    struct lx_drive *d = drive_of(owner);

    lx_call_feed_body(at_now(d), piece);
    step_on(d);
}

static void on_end(void *owner)
{
    struct lx_drive *d = drive_of(owner);

    d->exchange = NULL;
    lx_call_feed_end(at_now(d));
    step_on(d);
}

static void on_fail(void *owner, int code, const struct lx_error *err)
{
    struct lx_drive *d = drive_of(owner);

    d->exchange = NULL;
    lx_call_feed_failure(at_now(d), code, err);
    step_on(d);
}

static const struct lx_net_events net_events = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end, .on_fail = on_fail};

static void drop_exchange(struct lx_drive *d)
{
    if (d->exchange)
        lx_net_cancel(d->exchange);
    d->exchange = NULL;
}

static void on_wake(struct lx_timer *t)
{
    struct lx_drive *d = LX_CONTAINER(t, struct lx_drive, timer);

    lx_call_feed_wake(at_now(d));
    step_on(d);
}

static void no_hedge(struct lx_drive *d)
{
    if (d->loop)
        lx_timer_cancel(d->loop, &d->slow);
}

/* The answer is slow to begin. The drive may be gone after this. */
static void on_slow(struct lx_timer *t)
{
    struct lx_drive *d = LX_CONTAINER(t, struct lx_drive, slow);
    struct lx_call *hedge = d->race ? NULL : lx_call_hedge(at_now(d));

    if (hedge && !lx_race_hedge(d, hedge))
        lx_call_free(hedge);
}

static void wait_for_hedge(struct lx_drive *d, int64_t ms)
{
    no_hedge(d);
    if (ms <= 0)
        return;
    d->slow.fire = on_slow;
    (void)lx_timer_set(d->loop, &d->slow, lx_loop_now_ms(d->loop) + ms); /* else there is none */
}

static void send(struct lx_drive *d, const struct lx_step *step)
{
    const struct lx_outgoing *out = step->send.out;
    struct lx_net_request request = {
        .method = out->method,
        .url = out->url,
        .headers = out->headers,
        .body = out->body,
        .connect_ms = step->send.connect_ms,
        .first_byte_ms = step->send.first_byte_ms,
        .between_bytes_ms = step->send.between_bytes_ms,
        .total_ms = step->send.total_ms,
        .trust = out->trust,
        .public_only = out->public_only,
    };

    drop_exchange(d);
    d->aside = step->send.aside;
    wait_for_hedge(d, step->send.hedge_ms);
    d->exchange = lx_net_send(d->net, &request, &net_events, d);
    if (!d->exchange)
        lx_call_feed_failure(d->call, LX_ENOMEM, NULL);
    else if (d->paused)
        lx_net_pause(d->exchange);
}

/* Says goodbye to a provider that works on what nobody waits for. */
static void part(struct lx_drive *d, bool leaves)
{
    enum { PARTING_MS = 10000 };
    const struct lx_outgoing *out = lx_call_parting(d->call, leaves);

    if (!out)
        return;
    const struct lx_net_request request = {.method = out->method,
                                           .url = out->url,
                                           .headers = out->headers,
                                           .body = out->body,
                                           .total_ms = PARTING_MS,
                                           .trust = out->trust};
    lx_net_tell(d->net, &request);
}

/* A file of a few lines on a local disk: not worth a thread. */
static void answer_file(struct lx_drive *d, const char *path)
{
    struct lx_buf text;
    int code;

    lx_buf_init(&text, LX_CREDENTIAL_MAX_BYTES);
    code = lx_file_read(path, &text);
    lx_call_feed_file(d->call, code, lx_buf_slice(&text));
    if (text.p)
        lx_wipe(text.p, text.n);
    lx_buf_clear(&text);
}

/* Takes steps until the call waits for something. */
static void step_on(struct lx_drive *d)
{
    struct lx_step step;

    for (;;) {
        lx_call_next(d->call, &step);
        part(d, false);
        switch (step.kind) {
        case LX_STEP_SEND:
            send(d, &step);
            break;
        case LX_STEP_SLEEP:
            drop_exchange(d);
            d->timer.fire = on_wake;
            if (lx_timer_set(d->loop, &d->timer, lx_loop_now_ms(d->loop) + step.sleep_ms) == 0)
                return;
            lx_call_feed_wake(d->call); /* no memory for a timer: do not wait */
            break;
        case LX_STEP_EMIT:
            no_hedge(d);
            if (!d->race || lx_race_admits(d->race, &step))
                d->events->on_emit(d, &step);
            break;
        case LX_STEP_ASK:
            answer_file(d, step.ask_path);
            break;
        case LX_STEP_RACE:
            if (lx_race_start(d, step.models))
                return; /* the drive may be gone already */
            lx_call_feed_failure(d->call, LX_ENOMEM, NULL);
            break;
        case LX_STEP_MIRROR:
            if (d->events->on_mirror)
                d->events->on_mirror(d, &step);
            break;
        case LX_STEP_NOTE:
            if (d->events->on_note)
                d->events->on_note(d, &step);
            break;
        case LX_STEP_WAIT:
            return;
        case LX_STEP_DONE:
            drop_exchange(d);
            no_hedge(d);
            if (!d->race || !lx_race_goes_on(d->race))
                d->events->on_done(d);
            return;
        }
    }
}

void lx_drive_start(struct lx_drive *d)
{
    d->first_byte_ms = 0;
    d->paused = false;
    at_now(d);
    step_on(d);
}

void lx_drive_abandon(struct lx_drive *d)
{
    if (d->call && d->net)
        part(d, true);
    drop_exchange(d);
    no_hedge(d);
    if (d->loop)
        lx_timer_cancel(d->loop, &d->timer);
}

void lx_drive_cancel(struct lx_drive *d)
{
    lx_drive_abandon(d);
    lx_race_free(d->race);
    d->race = NULL;
}

void lx_drive_pause(struct lx_drive *d)
{
    if (d->paused)
        return;
    d->paused = true;
    if (d->exchange)
        lx_net_pause(d->exchange);
    if (d->race)
        lx_race_pause(d->race);
}

void lx_drive_resume(struct lx_drive *d)
{
    if (!d->paused)
        return;
    d->paused = false;
    if (d->exchange)
        lx_net_resume(d->exchange);
    if (d->race)
        lx_race_resume(d->race);
}
