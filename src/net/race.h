/*
 * race.h - one request asked of several models at once: the first that answers well wins, and the
 * others are cancelled. Inside of net/ only: a drive runs a race when its call says so.
 */
#ifndef LX_NET_RACE_H
#define LX_NET_RACE_H

#include "net/drive.h"

struct lx_race;

/* Starts a lane for each of the models, names with commas between. False: without memory, or there
 * are none: nothing has begun. on_emit and on_done of the drive may be called from within. */
bool lx_race_start(struct lx_drive *d, struct lx_slice models);
/* The drive's own call is slow: this one, which is the race's from now on, runs beside it, and the
 * first that begins a good answer wins. False: without memory, nothing has begun, and the call is
 * the caller's. May call on_emit and on_done, as above. */
bool lx_race_hedge(struct lx_drive *d, struct lx_call *call);
/* The drive's own call emits that: whether it may. What may has won. */
bool lx_race_admits(struct lx_race *r, const struct lx_step *step);
/* The drive's own call is done; true: it has lost, and the other is to answer. */
bool lx_race_goes_on(const struct lx_race *r);
/* Cancels what is under way. A call that has won stays: it is the drive's. NULL-safe. */
void lx_race_free(struct lx_race *r);
void lx_race_pause(struct lx_race *r);
void lx_race_resume(struct lx_race *r);

#endif
