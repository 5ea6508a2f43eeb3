/*
 * line.c - see line.h. Called by judge.c; owns no memory and decides nothing but who is next.
 */
#include "call/line.h"

enum { LOOK_MS = 2, MOST_MS = 50 };

uint64_t lx_line_key(const struct lx_route_request *r)
{
    const uint64_t seed[2] = {(uint64_t)(uintptr_t)r->group, 0x6c696e65};
    uint64_t key = lx_hash(r->region, seed);
    size_t tags = r->settings->policy.tag_filtering ? r->tag_count : 0;
    for (size_t i = 0; i < tags; i++) {
        const uint64_t with[2] = {key, i};
        key = lx_hash(r->tags[i], with);
    }
    return key;
}

bool lx_line_join(struct lx_line *l, struct lx_line_place *p, uint64_t key, int64_t priority,
                  int64_t until_ms, size_t most)
{
    struct lx_line_place **at = &l->first;
    if (l->count >= most)
        return false;
    while (*at && (*at)->priority <= priority)
        at = &(*at)->next;
    *p = (struct lx_line_place){
        .next = *at, .key = key, .priority = priority, .until_ms = until_ms, .waiting = true};
    *at = p;
    l->count++;
    return true;
}

void lx_line_leave(struct lx_line *l, struct lx_line_place *p)
{
    struct lx_line_place **at = &l->first;
    if (!p->waiting)
        return;
    while (*at && *at != p)
        at = &(*at)->next;
    if (*at) {
        *at = p->next;
        l->count--;
    }
    p->waiting = false;
}

size_t lx_line_ahead(const struct lx_line *l, const struct lx_line_place *p, uint64_t key,
                     int64_t priority)
{
    size_t n = 0;
    for (const struct lx_line_place *o = l->first; o && o != p && n < MOST_MS; o = o->next)
        if (o->key == key && (p->waiting || o->priority <= priority))
            n++;
    return n;
}

int64_t lx_line_wait_ms(size_t ahead)
{
    int64_t ms = LOOK_MS * (1 + (int64_t)ahead);
    return ms < MOST_MS ? ms : MOST_MS;
}
