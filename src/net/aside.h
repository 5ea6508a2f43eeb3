/*
 * aside.h - requests that are asked besides, of a deployment's silent_model: nobody waits for them,
 * and what they say is thrown away.
 *
 * A host keeps one set of them for each loop. They begin in a turn of the loop of their own, so
 * that the request they mirror has been sent before. They outlive it: everything is copied. There
 * are never more than so many, and so many bytes; what would be more is not begun.
 */
#ifndef LX_NET_ASIDE_H
#define LX_NET_ASIDE_H

#include "net/drive.h"

struct lx_aside;

/* Embedded in the host; zeroed, then filled. */
struct lx_asides {
    struct lx_loop *loop;
    struct lx_net *net;
    int64_t epoch_ms; /* as lx_drive wants it */
    /* One has ended, or is given up (gone): what came of it is in the report. It goes after this,
     * so `hold` is to be let go of. May be NULL. */
    void (*on_end)(struct lx_asides *all, const struct lx_aside *a, bool gone);
    /* A call that was made on the way of one is over: step->note. May be NULL. */
    void (*on_note)(struct lx_asides *all, const struct lx_aside *a, const struct lx_step *step);
    void *owner;
    struct lx_aside *first;
    size_t count, bytes;
};

/* What the host has of one. */
struct lx_aside_facts {
    void *hold;               /* the host's; keeps what the call borrows: routes, pool, keys */
    struct lx_slice id, path; /* of the request it mirrors; copied */
    int64_t begun_ms, begun_wall_ms;
};
const struct lx_aside_facts *lx_aside_get(const struct lx_aside *a);
const struct lx_call_report *lx_aside_report(const struct lx_aside *a);

/* Asks `model` what the call asks. False: there are too many, or there is no memory; then `hold`
 * stays the caller's. */
bool lx_aside_start(struct lx_asides *all, struct lx_call *of, struct lx_slice model,
                    const struct lx_aside_facts *facts);
/* Gives up all that are under way. */
void lx_asides_clear(struct lx_asides *all);

#endif
