/*
 * trail.h - the last decisions of one thread: who was asked, why, who was passed over, and what
 * came of it.
 *
 * A ring of fixed size that one thread writes and any thread may read, without locks: an entry is a
 * few atomic words and a number that is odd while they change (a sequence lock); a reader that
 * meets a change leaves that entry out. Names are kept as hashes, so that an entry neither borrows
 * from a configuration that may go nor copies text; who shows them looks the names up.
 */
#ifndef LX_ROUTE_TRAIL_H
#define LX_ROUTE_TRAIL_H

#include "base/map.h"
#include "llm/fault.h"

enum {
    LX_TRAIL_SIZE = 64,
    LX_TRAIL_SKIPS = 6, /* deployments that an entry tells to have been passed over */
};

enum lx_note_end {
    LX_NOTE_SUCCESS,
    LX_NOTE_FAILURE,
    LX_NOTE_GONE,   /* the client went away, or set a deadline of its own */
    LX_NOTE_NOBODY, /* nobody could be asked */
};

struct lx_route_note {
    int64_t at_ms, took_ms;
    uint64_t group, deployment; /* lx_note_hash() of name and id; 0: none */
    const char *by;             /* a literal: struct lx_route_verdict's; or NULL */
    uint64_t router;            /* lx_note_hash() of the auto router that chose the group; or 0 */
    const char *routed_by;      /* a literal: struct lx_auto_choice's; or NULL */
    uint64_t skipped[LX_TRAIL_SKIPS];
    uint8_t checks[LX_TRAIL_SKIPS]; /* by place in lx_route_checks: why each was */
    uint8_t skips;                  /* how many of them; more are not told */
    uint8_t end;                    /* enum lx_note_end */
    uint16_t status;                /* of a FAILURE */
    uint8_t fault;                  /* enum lx_fault_kind, of a FAILURE or NOBODY */
    uint8_t unused[5];
};

/* What stands for a name in a note; never 0. */
uint64_t lx_note_hash(struct lx_slice name);

struct lx_route_trail;                              /* opaque */
struct lx_route_trail *lx_route_trail_new(void);    /* or NULL */
void lx_route_trail_free(struct lx_route_trail *t); /* NULL-safe */
/* In the thread that owns it. Of "nobody" for one group in a row, one a second is kept. */
void lx_route_trail_add(struct lx_route_trail *t, const struct lx_route_note *note);
/* From any thread: up to max entries, the newest first. How many. */
size_t lx_route_trail_read(const struct lx_route_trail *t, struct lx_route_note *out, size_t max);

#endif
