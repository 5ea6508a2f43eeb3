/*
 * near.c - edit distance, for "did you mean".
 *
 * Only on the way to an error, so plain dynamic programming over two rows is enough.
 */
#include "provider/near.h"

#include "base/text.h"

void lx_near_init(struct lx_near *near, struct lx_slice wanted)
{
    *near = (struct lx_near){.wanted = wanted};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions and replacements that make one of the other, case aside. */
static size_t distance(struct lx_slice a, struct lx_slice b)
{
    size_t rows[2][LX_NEAR_BYTES + 1];
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i & 1], *above = rows[(i - 1) & 1];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = lx_ascii_lower(a.p[i - 1]) == lx_ascii_lower(b.p[j - 1]);
            row[j] = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
        }
    }
    return rows[a.n & 1][b.n];
}

void lx_near_add(struct lx_near *near, struct lx_slice candidate)
{
    struct lx_slice wanted = near->wanted;
    if (!wanted.n || wanted.n > LX_NEAR_BYTES || !candidate.n || candidate.n > LX_NEAR_BYTES)
        return;
    size_t d = distance(wanted, candidate);
    bool begins = lx_slice_starts(candidate, wanted) || lx_slice_starts(wanted, candidate);
    if (begins)
        d = least(d, 2);
    if (d > 2 + wanted.n / 6 || d >= wanted.n)
        return;
    size_t i = near->n < LX_NEAR_NAMES ? near->n++ : LX_NEAR_NAMES - 1;
    if (i == LX_NEAR_NAMES - 1 && near->best[i].p && near->distance[i] <= d)
        return;
    for (; i > 0 && near->distance[i - 1] > d; i--) {
        near->best[i] = near->best[i - 1];
        near->distance[i] = near->distance[i - 1];
    }
    near->best[i] = candidate;
    near->distance[i] = d;
}

void lx_near_write(const struct lx_near *near, char *out, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < near->n; i++) {
        struct lx_slice name = near->best[i], comma = i ? LX_S(", ") : LX_S("");
        if (name.n + comma.n >= n - at)
            break;
        memcpy(out + at, comma.p, comma.n);
        memcpy(out + at + comma.n, name.p, name.n);
        at += comma.n + name.n;
    }
    out[at] = '\0';
}
