/*
 * slice.h - borrowed bytes, passed by value.
 *
 * A slice owns nothing: whoever made the bytes keeps them alive. It may hold NULs and is not
 * terminated. An absent value is a slice with p == NULL; an empty one has n == 0.
 */
#ifndef LX_BASE_SLICE_H
#define LX_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

struct lx_slice {
    const char *p;
    size_t n;
};

/* A slice over a string literal: as an expression, and as a static initializer. */
#define LX_S(lit) ((struct lx_slice){"" lit, sizeof(lit) - 1})
#define LX_S_INIT(lit)          \
    {                           \
        "" lit, sizeof(lit) - 1 \
    }
/* For printf("%.*s"). */
#define LX_F(s) (int)(s).n, (s).p

static inline struct lx_slice lx_slice(const char *p, size_t n)
{
    return (struct lx_slice){p, n};
}

/* The bytes of a NUL-terminated string; NULL gives an absent slice. */
static inline struct lx_slice lx_slice_z(const char *z)
{
    return (struct lx_slice){z, z ? strlen(z) : 0};
}

static inline bool lx_slice_eq(struct lx_slice a, struct lx_slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool lx_slice_starts(struct lx_slice s, struct lx_slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool lx_slice_ends(struct lx_slice s, struct lx_slice suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* Everything from byte `at` on; empty when at is past the end. */
static inline struct lx_slice lx_slice_from(struct lx_slice s, size_t at)
{
    return at >= s.n ? lx_slice(s.p ? s.p + s.n : NULL, 0) : lx_slice(s.p + at, s.n - at);
}

/* At most the first n bytes. */
static inline struct lx_slice lx_slice_to(struct lx_slice s, size_t n)
{
    return lx_slice(s.p, n < s.n ? n : s.n);
}

/* ASCII case-insensitive equality, as header names need it. */
bool lx_slice_eq_nocase(struct lx_slice a, struct lx_slice b);

/* Order as memcmp, shorter first on a common prefix. */
int lx_slice_cmp(struct lx_slice a, struct lx_slice b);

/* Index of the first byte c, of the first occurrence of `needle`; -1 when there is none. */
ssize_t lx_slice_find_byte(struct lx_slice s, char c);
ssize_t lx_slice_find(struct lx_slice s, struct lx_slice needle);

/* Without leading and trailing spaces, tabs, CR and LF. */
struct lx_slice lx_slice_trim(struct lx_slice s);

/* Several of them. */
struct lx_strings {
    struct lx_slice *v;
    size_t n;
};

/* Splits at the first byte c: *head gets what is before it, *tail what is after.
 * Returns false, with *head = s and *tail empty, when c does not occur. */
bool lx_slice_cut(struct lx_slice s, char c, struct lx_slice *head, struct lx_slice *tail);

/* Whether it is one of those in "|this|that|"; NULL: of none. */
bool lx_slice_among(struct lx_slice word, const char *list);

/* Strict decimal: optional '-', digits only, no overflow. 0, or LX_EINVAL with *out untouched. */
int lx_slice_int(struct lx_slice s, int64_t *out);

#endif
