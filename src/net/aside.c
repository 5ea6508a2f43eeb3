/*
 * aside.c - see aside.h.
 */
#include "net/aside.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_COUNT = 256, MAX_BYTES = 64 << 20 };

struct lx_aside {
    struct lx_drive drive;
    struct lx_asides *all;
    struct lx_aside *next, **at;
    struct lx_arena arena;
    size_t bytes;
    struct lx_timer begin;
    struct lx_aside_facts facts;
};

const struct lx_aside_facts *lx_aside_get(const struct lx_aside *a)
{
    return &a->facts;
}

const struct lx_call_report *lx_aside_report(const struct lx_aside *a)
{
    return lx_call_report(a->drive.call);
}

static void end(struct lx_aside *a, bool gone)
{
    struct lx_asides *all = a->all;
    lx_timer_cancel(all->loop, &a->begin);
    lx_drive_cancel(&a->drive);
    if (gone)
        lx_call_settle(a->drive.call);
    if (all->on_end)
        all->on_end(all, a, gone);
    lx_call_free(a->drive.call);
    if (a->next)
        a->next->at = a->at;
    *a->at = a->next;
    all->count--;
    all->bytes -= a->bytes;
    lx_arena_clear(&a->arena);
    free(a);
}

static void on_emit(struct lx_drive *d, const struct lx_step *step)
{
    (void)d, (void)step; /* nobody wants it */
}

static void on_done(struct lx_drive *d)
{
    end(LX_CONTAINER(d, struct lx_aside, drive), false);
}

static void on_note(struct lx_drive *d, const struct lx_step *step)
{
    struct lx_aside *a = LX_CONTAINER(d, struct lx_aside, drive);
    if (a->all->on_note)
        a->all->on_note(a->all, a, step);
}

static const struct lx_drive_events events = {
    .on_emit = on_emit, .on_note = on_note, .on_done = on_done};

static void on_begin(struct lx_timer *t)
{
    lx_drive_start(&LX_CONTAINER(t, struct lx_aside, begin)->drive);
}

static bool fill(struct lx_aside *a, struct lx_call *of, struct lx_slice model)
{
    struct lx_asides *all = a->all;
    a->facts.id = lx_arena_copy(&a->arena, a->facts.id);
    a->facts.path = lx_arena_copy(&a->arena, a->facts.path);
    a->drive = (struct lx_drive){.loop = all->loop,
                                 .net = all->net,
                                 .events = &events,
                                 .epoch_ms = all->epoch_ms,
                                 .call = lx_call_mirror(of, model, &a->arena)};
    a->begin.fire = on_begin;
    return a->drive.call && !a->arena.failed &&
           lx_timer_set(all->loop, &a->begin, lx_loop_now_ms(all->loop)) == 0;
}

bool lx_aside_start(struct lx_asides *all, struct lx_call *of, struct lx_slice model,
                    const struct lx_aside_facts *facts)
{
    size_t bytes = lx_call_body_bytes(of);
    if (all->count == MAX_COUNT || bytes > MAX_BYTES - all->bytes)
        return false;
    struct lx_aside *a = calloc(1, sizeof(*a));
    if (!a)
        return false;
    a->all = all;
    a->bytes = bytes;
    a->facts = *facts;
    lx_arena_init(&a->arena, bytes + (1 << 20));
    if (!fill(a, of, model)) {
        lx_timer_cancel(all->loop, &a->begin);
        lx_call_free(a->drive.call);
        lx_arena_clear(&a->arena);
        free(a);
        return false;
    }
    a->next = all->first;
    a->at = &all->first;
    if (a->next)
        a->next->at = &a->next;
    all->first = a;
    all->count++;
    all->bytes += bytes;
    return true;
}

void lx_asides_clear(struct lx_asides *all)
{
    for (struct lx_aside *a; (a = all->first);) {
        end(a, true);
        assert(all->first != a);
    }
}
