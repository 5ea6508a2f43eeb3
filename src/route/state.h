/*
 * state.h - the mutable half of routing: what became of requests lately, for each deployment.
 *
 * Beside the immutable route table stands one lx_route_state for the whole process. It holds a
 * record for each deployment (found by its id and provider, so that it outlives reloads), for each
 * group (by name), for each budget, and for each auto router that learns. lx_route_state_bind()
 * points a table's deployments and groups at their records; after that nobody searches anything.
 *
 * All loops of a process share the records without locks: every member is a C11 atomic of its own,
 * used relaxed, because no decision depends on two of them being of one moment. A deployment's
 * record begins on a cache line of its own; the first line has all that choosing loads.
 *
 * Time is milliseconds of the wall clock that never run backwards in a process (a host takes the
 * wall clock once and goes on with the monotonic one). Minutes are calendar minutes of it, as
 * LiteLLM counts them.
 *
 * Many nodes: state = own + others'. Counters keep the two apart. Every few hundred milliseconds
 * the host tells the others what was counted here (the *_own functions) and puts down what they
 * counted (the *_others functions): whole numbers of the minute, not what came since the last time,
 * so that an exchange that is lost, or made twice, does no harm. When sharing fails the host puts
 * nothing down, and the others' counts fade with their minute: the node goes on with its own.
 */
#ifndef LX_ROUTE_STATE_H
#define LX_ROUTE_STATE_H

#include <stdatomic.h>

#include "route/deployment.h"

#define LX_LATENCY_RING 32

/* ---- Parts ---------------------------------------------------------------------------------- */

/* A count of this minute and of the last. Each word is a minute's number (20 bits) and its count
 * (44), so that a new minute starts at 0 without anybody having to see to it. */
struct lx_tally {
    _Atomic uint64_t own[2], others[2]; /* by the minute's parity */
};
/* What was counted in that minute (now_ms / 60,000) here and elsewhere; it must be the present one
 * or the one before, others are 0. */
int64_t lx_tally_get(const struct lx_tally *c, int64_t minute);
/* In that minute and the one before. */
int64_t lx_tally_lately(const struct lx_tally *c, int64_t minute);
/* n may be negative: takes back, but never below 0. */
void lx_tally_add(struct lx_tally *c, int64_t minute, int64_t n);
/* Adds n unless that would pass the limit: false, and nothing is added. */
bool lx_tally_reserve(struct lx_tally *c, int64_t minute, int64_t n, int64_t limit);
/* For sharing: what was counted here; and what was counted elsewhere is n. */
int64_t lx_tally_own(const struct lx_tally *c, int64_t minute);
void lx_tally_set_others(struct lx_tally *c, int64_t minute, int64_t n);

/* The last times of one kind. */
struct lx_latency {
    _Atomic uint32_t mean_us;           /* of the last few; 0: none */
    _Atomic uint32_t ewma_us;           /* each new sample weighs an eighth */
    _Atomic uint32_t deviation_us;      /* mean distance from it, in the same way */
    _Atomic uint32_t count;             /* samples so far; also the ring's hand */
    _Atomic int64_t at_ms;              /* of the last */
    _Atomic uint64_t own_us, own_count; /* for sharing: sums of those noted here */
    _Atomic uint32_t ring[LX_LATENCY_RING];
};
/* Notes a time; `samples` (1 to LX_LATENCY_RING) of the last make up the mean. */
void lx_latency_add(struct lx_latency *l, int64_t us, int64_t samples, int64_t now_ms);
/* The mean in microseconds; 0 when there is none, or none younger than ttl_ms. */
int64_t lx_latency_mean_us(const struct lx_latency *l, int64_t ttl_ms, int64_t now_ms);
/* Of the last `samples` times the one that this part of them, in millionths, does not pass; 0 as
 * above. */
int64_t lx_latency_percentile_us(const struct lx_latency *l, int64_t samples, int64_t part_ppm,
                                 int64_t ttl_ms, int64_t now_ms);

/* Money spent in a window of time. */
struct lx_spend_state {
    _Atomic uint64_t own, others; /* number of the window (12 bits), nano-dollars (52) */
};
/* In place of a window's length: months of the calendar (UTC). */
#define LX_SPEND_MONTH (-1)
/* The window's number, counted from 1970. */
int64_t lx_spend_window(int64_t window_ms, int64_t now_ms);
int64_t lx_spend_get(const struct lx_spend_state *s, int64_t window_ms, int64_t now_ms);
/* What had been spent in the window before. */
int64_t lx_spend_add(struct lx_spend_state *s, int64_t window_ms, int64_t now_ms, int64_t nano_usd);
/* For sharing, as with counters. */
int64_t lx_spend_own(const struct lx_spend_state *s, int64_t window_ms, int64_t now_ms);
void lx_spend_set_others(struct lx_spend_state *s, int64_t window_ms, int64_t now_ms,
                         int64_t nano_usd);

/* ---- Records -------------------------------------------------------------------------------- */

enum lx_count {
    LX_COUNT_REQUESTS,
    LX_COUNT_TOKENS,
    LX_COUNT_INPUT, /* of the tokens, those that went in and were in no cache */
    LX_COUNT_OUTPUT,
    LX_COUNT_SUCCESSES,
    LX_COUNT_FAILURES, /* and one more for each enum lx_failure */
    LX_COUNT_KINDS = LX_COUNT_FAILURES + LX_FAILURE_COUNT,
};

/*
 *            enough failures            the time is over
 *   CLOSED ------------------>  OPEN  -------------------> HALF_OPEN
 *     ^                           ^                          |   |
 *     |         it went well      +------- it failed --------+   |
 *     +----------------------------------------------------------+
 *
 * HALF_OPEN lets one request at a time through.
 */
enum lx_breaker {
    LX_BREAKER_CLOSED,
    LX_BREAKER_OPEN,
    LX_BREAKER_HALF_OPEN,
};

struct lx_deployment_state {
    _Alignas(64) _Atomic int64_t in_flight;
    _Atomic int64_t in_flight_others;
    _Atomic int64_t cooling_until_ms; /* 0: closed */
    _Atomic uint64_t cooling_why;     /* enum lx_fault_kind, status << 8, failed probes << 24 */
    _Atomic int64_t probe_ms;         /* when the probe under way began; 0: none is */
    _Atomic uint64_t history;         /* the last 32 outcomes, how many, when: outcome.c */
    _Atomic uint64_t odds;            /* decayed successes and failures, and when: outcome.c */
    _Atomic uint64_t health;          /* of the last check: when (ms) << 1 | healthy; 0: none */
    _Atomic uint64_t last_skip;       /* when (ms) << 8 | place of the check in lx_route_checks */
    struct lx_latency first;          /* to the first token of streams */
    struct lx_latency whole;          /* of whole replies, where hedges are made by it */
    struct lx_latency token;          /* of whole replies, by token of what came back */
    struct lx_tally counts[LX_COUNT_KINDS];
    struct lx_spend_state spend; /* for the deployment's own budget */
};

struct lx_group_state {
    struct lx_tally requests, retries; /* the retry budget's */
    struct lx_tally hedges;            /* route/hedge.h */
};

enum lx_breaker lx_breaker_of(const struct lx_deployment_state *s, int64_t now_ms);
/* For how long it is OPEN yet; 0: it is not. */
int64_t lx_cooldown_left_ms(const struct lx_deployment_state *s, int64_t now_ms);
/* Successes and failures as they weigh now, in 64ths: half as much every 30 s. */
void lx_odds_get(const struct lx_deployment_state *s, int64_t now_ms, int64_t *successes,
                 int64_t *failures);
/* So many more ended well, and failed. */
void lx_odds_add(struct lx_deployment_state *s, int64_t successes, int64_t failures,
                 int64_t now_ms);
/* Of the last outcomes (32 at most, none after a quiet minute): how many, and failed ones. */
void lx_history_get(const struct lx_deployment_state *s, int64_t now_ms, int *outcomes,
                    int *failures);

/* A health check has found that it answers, or not. */
void lx_deployment_state_health(struct lx_deployment_state *s, bool healthy, int64_t now_ms);
/* When that was, here or on another node; 0: never. *healthy: what was found. */
int64_t lx_deployment_state_checked_ms(const struct lx_deployment_state *s, bool *healthy);
/* The last check failed, and is younger than that. */
bool lx_deployment_state_is_unhealthy(const struct lx_deployment_state *s, int64_t stale_ms,
                                      int64_t now_ms);

/* ---- The whole ------------------------------------------------------------------------------ */

struct lx_route_state;

/* NULL when out of memory. Counted: tables that are bound hold it, too. */
struct lx_route_state *lx_route_state_new(void);
void lx_route_state_unref(struct lx_route_state *s); /* NULL-safe */
/*
 * Points what in the table has no record yet at its record; makes those that are new, and frees
 * those that no table is bound to any more. Before other threads see the table, and in one thread
 * at a time. Without it a table works, too: nothing is counted, nothing cools down. 0 or LX_ENOMEM
 * (then as much is bound as could be).
 */
int lx_route_state_bind(struct lx_route_state *s, struct lx_route_table *t);
/* Lets go of the records; when nobody can use the table any more. From any thread. */
void lx_route_state_unbind(struct lx_route_table *t);

/* ---- Sharing and showing ----------------------------------------------------------------------
 */

/* Every deployment's record once, with its key (the id, '\n', the provider): for (size_t at = 0;
 * ...). In the thread that binds. False at the end. */
bool lx_route_state_next(const struct lx_route_state *s, size_t *at, struct lx_slice *key,
                         struct lx_deployment_state **out);

/* Plain numbers of one deployment. */
struct lx_deployment_share {
    int64_t minute;
    int64_t counts[LX_COUNT_KINDS]; /* of that minute */
    int64_t in_flight;
    int64_t cooling_until_ms;
    uint64_t cooling_why;
    int64_t first_us, first_count, token_us, token_count; /* sums of times, how many */
    uint64_t health;                                      /* as in the record */
};
/* What this node has counted in that minute; in_flight and cooling as they are; of times the sums
 * since the process began. */
void lx_deployment_state_own(const struct lx_deployment_state *s, int64_t minute,
                             struct lx_deployment_share *out);
/* What the others have: counts of that minute, in_flight, the latest cooling; of times only those
 * that came since they were last put down here. What the outcomes among the counts have grown by
 * changes the odds, too. */
void lx_deployment_state_others(struct lx_deployment_state *s, const struct lx_deployment_share *in,
                                const struct lx_route_policy *policy, int64_t now_ms);

#endif
