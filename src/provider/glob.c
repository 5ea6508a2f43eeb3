/*
 * glob.c - patterns with '*' over model names.
 *
 * Quirks, provider rows and wildcard model groups use them. Names are a client's, so matching is
 * iterative and takes at most pattern times name steps.
 */
#include "provider/provider.h"

#include <assert.h>

static struct lx_slice from_first_to_last(struct lx_slice pattern)
{
    ssize_t first = lx_slice_find_byte(pattern, '*');
    if (first < 0)
        return lx_slice(NULL, 0);
    size_t end = pattern.n;
    while (pattern.p[end - 1] != '*')
        end--;
    return lx_slice(pattern.p + first, end - (size_t)first);
}

bool lx_star_match(struct lx_slice pattern, struct lx_slice name, struct lx_slice *star)
{
    size_t p = 0, n = 0, retry_p = 0, retry_n = 0;
    bool open = false;
    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            retry_p = p++;
            retry_n = n;
            open = true;
        } else if (p < pattern.n && pattern.p[p] == name.p[n]) {
            p++;
            n++;
        } else if (open) {
            p = retry_p + 1;
            n = ++retry_n;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    if (p < pattern.n)
        return false;
    if (star) {
        struct lx_slice stars = from_first_to_last(pattern);
        *star = stars.n ? lx_slice(name.p + (stars.p - pattern.p), name.n + stars.n - pattern.n)
                        : lx_slice(NULL, 0);
    }
    return true;
}

/* What the stars of `stars` stand for, each for as much as it can, the first first: from the last
 * on, each takes what follows where its text stands for the last time. */
static void cut_stars(struct lx_slice stars, struct lx_slice star, struct lx_slice *out, size_t n)
{
    assert(star.p);
    while (n-- > 1) {
        size_t from = stars.n - 1; /* of the text before the last star */
        while (stars.p[from - 1] != '*')
            from--;
        struct lx_slice text = lx_slice(stars.p + from, stars.n - 1 - from);
        size_t at = star.n >= text.n ? star.n - text.n : 0;
        while (at && !lx_slice_starts(lx_slice_from(star, at), text))
            at--;
        size_t end = at + text.n < star.n ? at + text.n : star.n;
        out[n] = lx_slice_from(star, end);
        star = lx_slice_to(star, at);
        stars.n = from;
    }
    out[0] = star;
}

struct lx_slice lx_star_fill(struct lx_slice model, struct lx_slice pattern, struct lx_slice star,
                             struct lx_arena *a)
{
    ssize_t at = star.p ? lx_slice_find_byte(model, '*') : -1;
    struct lx_slice stars = from_first_to_last(pattern);
    size_t n = 0;
    if (at < 0)
        return model;
    if (model.n == 1 && stars.n <= 1)
        return star;
    for (size_t i = 0; i < stars.n; i++)
        n += stars.p[i] == '*';
    n += n == 0; /* of no pattern, it is all there is */
    struct lx_slice *each = lx_arena_alloc(a, n * sizeof *each), out = {"", 0};
    if (!each)
        return (struct lx_slice){NULL, 0};
    cut_stars(stars, star, each, n);
    for (size_t i = 0; i < n && at >= 0 && out.p; i++) {
        out = lx_arena_printf(a, "%.*s%.*s%.*s", LX_F(out), LX_F(lx_slice_to(model, (size_t)at)),
                              LX_F(each[i]));
        model = lx_slice_from(model, (size_t)at + 1);
        at = lx_slice_find_byte(model, '*');
    }
    return out.p && model.n ? lx_arena_printf(a, "%.*s%.*s", LX_F(out), LX_F(model)) : out;
}

bool lx_glob_match(struct lx_slice pattern, struct lx_slice name)
{
    for (bool more = pattern.n != 0; more;) {
        struct lx_slice one;
        more = lx_slice_cut(pattern, '|', &one, &pattern);
        bool against = one.n && one.p[0] == '!';
        if (lx_star_match(lx_slice_from(one, against), name, NULL))
            return !against;
    }
    return false;
}
