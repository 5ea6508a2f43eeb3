/*
 * line.h - the line in which the calls of a thread wait for a deployment that is free. Inside of
 * call/ only.
 *
 * Lower priorities go first, and within one whoever came first. Who waits for another group, for
 * another region, or with tags that mean others, is in nobody's way. Who has nobody ahead looks for
 * a deployment every few milliseconds, since other threads and nodes free them, too; the others
 * look whether they are first, the less often the further back.
 */
#ifndef LX_CALL_LINE_H
#define LX_CALL_LINE_H

#include "route/choose.h"

struct lx_line_place {
    struct lx_line_place *next;
    uint64_t key; /* of what is waited for */
    int64_t priority;
    int64_t until_ms; /* then it gives up */
    bool waiting;
};

struct lx_line {
    struct lx_line_place *first;
    size_t count;
};

/* What a request waits for. */
uint64_t lx_line_key(const struct lx_route_request *r);
/* Takes a place; false: `most` are waiting already. The place is the caller's, and must leave
 * before it goes. */
bool lx_line_join(struct lx_line *l, struct lx_line_place *p, uint64_t key, int64_t priority,
                  int64_t until_ms, size_t most);
void lx_line_leave(struct lx_line *l, struct lx_line_place *p); /* harmless when it does not wait */
/* How many go before one that waits, or before a newcomer of that priority. */
size_t lx_line_ahead(const struct lx_line *l, const struct lx_line_place *p, uint64_t key,
                     int64_t priority);
/* When to look again, with so many ahead. */
int64_t lx_line_wait_ms(size_t ahead);

#endif
