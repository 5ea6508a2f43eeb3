/*
 * mirror.c - see mirror.h.
 */
#include "serve/mirror.h"

#include "serve/access.h"

static void on_end(struct lx_asides *all, const struct lx_aside *a, bool gone)
{
    const struct lx_aside_facts *f = lx_aside_get(a);
    const struct lx_call_report *r = lx_aside_report(a);
    const struct lx_access_line l = {
        .r = r,
        .id = f->id,
        .method = LX_S("POST"),
        .path = f->path,
        .peer = "-",
        .besides = "mirror",
        .status = gone ? 499 : r->status,
        .wall_ms = f->begun_wall_ms,
        .ms = lx_clock_mono_ms() - f->begun_ms,
        .first_byte_ms = -1,
    };
    lx_access_write(all->owner, &l);
    lx_config_unref(f->hold);
}

static void on_note(struct lx_asides *all, const struct lx_aside *a, const struct lx_step *step)
{
    const struct lx_aside_facts *f = lx_aside_get(a);
    lx_mirror_note(all->owner, f->id, f->path, step);
}

void lx_mirror_note(struct lx_worker *w, struct lx_slice id, struct lx_slice path,
                    const struct lx_step *step)
{
    const struct lx_access_line l = {
        .r = step->note,
        .id = id,
        .method = LX_S("POST"),
        .path = path,
        .peer = "-",
        .besides = "inquiry",
        .status = step->note->status,
        .wall_ms = lx_clock_wall_ms() - step->note_ms,
        .ms = step->note_ms,
        .first_byte_ms = -1,
    };
    lx_access_write(w, &l);
}

void lx_mirror_init(struct lx_worker *w)
{
    w->mirrors = (struct lx_asides){.loop = w->loop,
                                    .net = w->net,
                                    .epoch_ms = w->epoch_ms,
                                    .on_note = on_note,
                                    .on_end = on_end,
                                    .owner = w};
}

void lx_mirror_start(struct lx_worker *w, const struct lx_exchange *x, struct lx_slice model)
{
    const struct lx_aside_facts facts = {
        .hold = lx_config_ref(x->config),
        .id = lx_slice(x->call_id, x->call_id_n),
        .path = x->path,
        .begun_ms = lx_loop_now_ms(w->loop),
        .begun_wall_ms = lx_clock_wall_ms(),
    };
    if (lx_aside_start(&w->mirrors, x->drive.call, model, &facts))
        return;
    lx_config_unref(x->config);
    uint64_t n = ++w->mirrors_missed;
    if (!(n & (n - 1))) /* the first, and at every power of two */
        lx_log_say(
            w->log, LX_LOG_WARNING,
            "too many requests of silent_model are under way: %.*s is not asked (%llu so far "
            "on this core)",
            LX_F(lx_slice_to(model, 100)), (unsigned long long)n);
}
