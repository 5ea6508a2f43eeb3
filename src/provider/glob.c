/*
 * glob.c - patterns with '*' over model names.
 *
 * Quirks, provider rows and wildcard model groups use them. Names are a client's, so matching is
 * iterative and takes at most pattern times name steps.
 */
#include "provider/provider.h"

bool lx_star_match(struct lx_slice pattern, struct lx_slice name, struct lx_slice *star)
{
    size_t p = 0, n = 0, retry_p = 0, retry_n = 0;
    size_t first_at = SIZE_MAX; /* of the pattern's first '*' */
    size_t first_from = 0, first_to = 0;
    bool open = false;
    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            if (first_at == SIZE_MAX) {
                first_at = p;
                first_from = n;
            }
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
        if (open && retry_p == first_at)
            first_to = retry_n;
    }
    for (; p < pattern.n && pattern.p[p] == '*'; p++)
        if (first_at == SIZE_MAX) {
            first_at = p;
            first_from = first_to = n;
        }
    if (p < pattern.n)
        return false;
    /* A star at the end takes the rest without a retry to say so. */
    if (first_at != SIZE_MAX && first_at + 1 == pattern.n)
        first_to = name.n;
    if (star)
        *star = first_at == SIZE_MAX ? lx_slice(NULL, 0)
                                     : lx_slice(name.p + first_from, first_to - first_from);
    return true;
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
