/*
 * drive.h - joins a call (pure, steps) to the network: sends what it asks for, feeds what comes,
 * sleeps when told, and hands on what it emits. The server and the library both drive calls so.
 */
#ifndef LX_NET_DRIVE_H
#define LX_NET_DRIVE_H

#include "call/call.h"
#include "net/client.h"

struct lx_drive;
struct lx_race;

struct lx_drive_events {
    /* Something for the client; valid during the call. May pause, not cancel. */
    void (*on_emit)(struct lx_drive *d, const struct lx_step *step);
    /* The same is to be asked of step->mirror, and nobody waits for it (aside.h); NULL: it is not.
     */
    void (*on_mirror)(struct lx_drive *d, const struct lx_step *step);
    /* Another call, made on this one's way, is over: step->note; NULL: nobody wants to know. */
    void (*on_note)(struct lx_drive *d, const struct lx_step *step);
    /* The call is done; the drive is idle and may be reused or freed from within. */
    void (*on_done)(struct lx_drive *d);
};

/* Embedded in its owner; a zeroed one is idle. */
struct lx_drive {
    struct lx_loop *loop;
    struct lx_net *net;
    struct lx_call *call; /* the owner's to free, after on_done or cancel; may be another then, that
                           * has won a race */
    const struct lx_drive_events *events;
    struct lx_net_exchange *exchange;
    struct lx_race *race;  /* of several calls, where this one began one; or NULL */
    struct lx_timer timer; /* SLEEP */
    struct lx_timer slow;  /* another is to be asked then */
    bool paused;
    bool aside;            /* the exchange is with a token's endpoint */
    int64_t epoch_ms;      /* wall clock minus the loop's, as lx_call_set_now() wants it */
    int64_t first_byte_ms; /* mono time of the provider's first head; 0: none yet */
};

/* Starts; on_emit and on_done may be called from within. */
void lx_drive_start(struct lx_drive *d);
/* Stops without on_done. Harmless when idle. */
void lx_drive_cancel(struct lx_drive *d);
/* The call of the drive has lost against another: nothing more of it is done, nor said. */
void lx_drive_abandon(struct lx_drive *d);
/* Back-pressure: a paused drive reads nothing more from the provider. */
void lx_drive_pause(struct lx_drive *d);
void lx_drive_resume(struct lx_drive *d);

#endif
