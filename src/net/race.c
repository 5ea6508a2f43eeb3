/*
 * race.c - see race.h.
 *
 * Each lane is a call of its own with a drive of its own, so that a lane retries and falls back as
 * any call does. Nothing of a lane reaches the client before it has won: with its first bytes of a
 * good reply, or as the last that is left. Then its call takes the place of the one that began the
 * race, and what it emits goes to the owner of the drive.
 */
#include "net/race.h"

#include <stdlib.h>

struct lane {
    struct lx_drive drive;
    struct lx_race *race;
    bool lost;
};

struct lx_race {
    struct lx_drive *owner;
    struct lane *winner;
    bool owner_runs;    /* the owner's own call is one of those in the race ... */
    bool owner_lost;    /* ... and is out of it */
    bool over;          /* somebody has won */
    size_t count, left; /* lanes; those, and the owner, that may still win */
    bool *gone;         /* set when the race is freed; or NULL */
    struct lane lanes[];
};

static struct lane *lane_of(struct lx_drive *d)
{
    return LX_CONTAINER(d, struct lane, drive);
}

static void stop(struct lane *l)
{
    lx_drive_cancel(&l->drive);
    lx_call_free(l->drive.call);
    l->drive.call = NULL;
    l->lost = true;
}

/* The others are cancelled before anything is given, so that they cost no longer than they must. */
static void win(struct lane *l)
{
    struct lx_race *r = l->race;
    r->winner = l;
    r->over = true;
    for (size_t i = 0; i < r->count; i++)
        if (&r->lanes[i] != l && !r->lanes[i].lost)
            stop(&r->lanes[i]);
    if (r->owner_runs)
        lx_drive_abandon(r->owner);
    lx_call_free(r->owner->call);
    r->owner->call = l->drive.call;
    if (r->owner->paused)
        lx_drive_pause(&l->drive);
}

/* An error is given to the client only when nobody is left who might do better. */
static bool loses(struct lx_race *r, const struct lx_step *step)
{
    if (!step->emit.head || step->emit.status < 400 || r->left < 2)
        return false;
    r->left--;
    return true;
}

static void on_emit(struct lx_drive *d, const struct lx_step *step)
{
    struct lane *l = lane_of(d);
    struct lx_race *r = l->race;
    if (!r->over && !l->lost) {
        l->lost = loses(r, step);
        if (l->lost)
            return;
        win(l);
    }
    if (r->winner != l)
        return;
    r->owner->first_byte_ms = d->first_byte_ms;
    r->owner->events->on_emit(r->owner, step);
}

/* The race may be gone after this. */
static void on_done(struct lx_drive *d)
{
    struct lane *l = lane_of(d);
    if (l->race->winner == l)
        l->race->owner->events->on_done(l->race->owner);
}

static void on_note(struct lx_drive *d, const struct lx_step *step)
{
    struct lx_drive *owner = lane_of(d)->race->owner;
    if (owner->events->on_note)
        owner->events->on_note(owner, step);
}

static const struct lx_drive_events lane_events = {
    .on_emit = on_emit, .on_note = on_note, .on_done = on_done};

static void add_lane(struct lx_race *r, struct lx_call *call)
{
    struct lane *l = &r->lanes[r->count++];
    l->race = r;
    l->drive = (struct lx_drive){.loop = r->owner->loop,
                                 .net = r->owner->net,
                                 .call = call,
                                 .events = &lane_events,
                                 .epoch_ms = r->owner->epoch_ms};
}

/* How many models there are, each with a call for it. */
static size_t make_lanes(struct lx_race *r, struct lx_slice models, size_t most)
{
    struct lx_slice one, rest = models;
    while (rest.n && r->count < most) {
        lx_slice_cut(rest, ',', &one, &rest);
        one = lx_slice_trim(one);
        struct lx_call *call = one.n ? lx_call_fork(r->owner->call, one) : NULL;
        if (call)
            add_lane(r, call);
    }
    return r->count;
}

bool lx_race_start(struct lx_drive *d, struct lx_slice models)
{
    enum { MAX_LANES = 8 };
    struct lx_race *r = calloc(1, sizeof(*r) + MAX_LANES * sizeof(r->lanes[0]));
    if (!r)
        return false;
    r->owner = d;
    r->left = make_lanes(r, models, MAX_LANES);
    if (!r->left) {
        free(r);
        return false;
    }
    d->race = r;
    bool gone = false; /* a lane may win and end at once, and its owner with it */
    r->gone = &gone;
    for (size_t i = 0; !gone && i < r->count && !r->winner; i++)
        lx_drive_start(&r->lanes[i].drive);
    if (!gone)
        r->gone = NULL;
    return true;
}

bool lx_race_hedge(struct lx_drive *d, struct lx_call *call)
{
    struct lx_race *r = calloc(1, sizeof(*r) + sizeof(r->lanes[0]));
    if (!r)
        return false;
    r->owner = d;
    r->owner_runs = true;
    r->left = 2;
    add_lane(r, call);
    d->race = r;
    lx_drive_start(&r->lanes[0].drive);
    return true;
}

bool lx_race_admits(struct lx_race *r, const struct lx_step *step)
{
    if (!r->owner_runs || r->over)
        return !r->owner_lost;
    r->owner_lost |= loses(r, step);
    if (r->owner_lost)
        return false;
    r->over = true;
    for (size_t i = 0; i < r->count; i++)
        if (!r->lanes[i].lost)
            stop(&r->lanes[i]);
    return true;
}

bool lx_race_goes_on(const struct lx_race *r)
{
    return r->owner_lost;
}

void lx_race_free(struct lx_race *r)
{
    if (!r)
        return;
    if (r->gone)
        *r->gone = true;
    for (size_t i = 0; i < r->count; i++) {
        if (&r->lanes[i] == r->winner)
            lx_drive_cancel(&r->lanes[i].drive); /* its call is the owner's */
        else
            stop(&r->lanes[i]);
    }
    free(r);
}

void lx_race_pause(struct lx_race *r)
{
    if (r->winner)
        lx_drive_pause(&r->winner->drive);
}

void lx_race_resume(struct lx_race *r)
{
    if (r->winner)
        lx_drive_resume(&r->winner->drive);
}
