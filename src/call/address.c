/*
 * address.c - the URL that a configured base and a language's path make together.
 *
 * attempt.c calls it for every request. It knows no provider.
 */
#include "call/address.h"

static struct lx_slice concat(const struct lx_slice *parts, size_t n, struct lx_arena *a)
{
    size_t sum = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        sum += parts[i].n;
    char *to = lx_arena_bytes(a, sum);
    for (size_t i = 0; to && i < n; at += parts[i].n, i++)
        if (parts[i].n)
            memcpy(to + at, parts[i].p, parts[i].n);
    return lx_slice(to, to ? sum : 0);
}

/* "https://host:port" */
static struct lx_slice origin_of(struct lx_slice base)
{
    ssize_t at = lx_slice_find(base, LX_S("://"));
    struct lx_slice rest = lx_slice_from(base, at < 0 ? 0 : (size_t)at + 3);
    ssize_t end = lx_slice_find_byte(rest, '/');
    return end < 0 ? base : lx_slice_to(base, base.n - rest.n + (size_t)end);
}

struct lx_slice lx_address_join(struct lx_slice base, struct lx_slice path, struct lx_arena *a)
{
    struct lx_slice head, query, unwanted = {0};
    bool has_query = lx_slice_cut(base, '?', &head, &query);
    if (lx_slice_starts(path, LX_S("//"))) { /* instead of the base's own */
        head = origin_of(head);
        path = lx_slice_from(path, 1);
    } else if (lx_slice_starts(path, LX_S("["))) {
        lx_slice_cut(lx_slice_from(path, 1), ']', &unwanted, &path);
    }
    while (lx_slice_ends(head, LX_S("/")))
        head.n--;
    if (lx_slice_ends(head, unwanted))
        head.n -= unwanted.n;
    size_t overlap = path.n < head.n ? path.n : head.n;
    for (; overlap; overlap--)
        if ((overlap == path.n || path.p[overlap] == '/' || path.p[overlap] == ':') &&
            lx_slice_ends(head, lx_slice_to(path, overlap)))
            break;
    struct lx_slice more = lx_slice_find_byte(path, '?') < 0 ? LX_S("?") : LX_S("&");
    const struct lx_slice parts[] = {head, lx_slice_from(path, overlap),
                                     has_query ? more : LX_S(""), query};
    return concat(parts, sizeof(parts) / sizeof(parts[0]), a);
}
