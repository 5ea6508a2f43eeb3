/*
 * slice.c - searching, cutting and comparing borrowed bytes.
 *
 * Everything that parses calls it. It never copies, never allocates, and never reads past n.
 */
#include "base/slice.h"

#include "base/error.h"
#include "base/text.h"

bool lx_slice_eq_nocase(struct lx_slice a, struct lx_slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (lx_ascii_lower(a.p[i]) != lx_ascii_lower(b.p[i]))
            return false;
    }
    return true;
}

int lx_slice_cmp(struct lx_slice a, struct lx_slice b)
{
    size_t common = a.n < b.n ? a.n : b.n;
    int order = common ? memcmp(a.p, b.p, common) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

ssize_t lx_slice_find_byte(struct lx_slice s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? hit - s.p : -1;
}

ssize_t lx_slice_find(struct lx_slice s, struct lx_slice needle)
{
    if (needle.n == 0)
        return 0;
    const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? hit - s.p : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct lx_slice lx_slice_trim(struct lx_slice s)
{
    while (s.n && is_blank(s.p[0]))
        s = lx_slice_from(s, 1);
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool lx_slice_cut(struct lx_slice s, char c, struct lx_slice *head, struct lx_slice *tail)
{
    ssize_t at = lx_slice_find_byte(s, c);
    if (at < 0) {
        *head = s;
        *tail = lx_slice_from(s, s.n);
        return false;
    }
    *head = lx_slice_to(s, (size_t)at);
    *tail = lx_slice_from(s, (size_t)at + 1);
    return true;
}

bool lx_slice_among(struct lx_slice word, const char *list)
{
    struct lx_slice rest = lx_slice_z(list), one;
    while (rest.n) {
        lx_slice_cut(rest, '|', &one, &rest);
        if (one.n && lx_slice_eq(one, word))
            return true;
    }
    return false;
}

int lx_slice_int(struct lx_slice s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    struct lx_slice digits = lx_slice_from(s, negative ? 1 : 0);
    int64_t v = 0;

    if (digits.n == 0)
        return LX_EINVAL;
    for (size_t i = 0; i < digits.n; i++) {
        int d = digits.p[i] - '0';
        if (d < 0 || d > 9)
            return LX_EINVAL;
        /* Signed from the first digit on, because INT64_MIN has no positive counterpart. */
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, negative ? -d : d, &v))
            return LX_EINVAL;
    }
    *out = v;
    return 0;
}
