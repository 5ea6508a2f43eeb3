/*
 * row.c - finds where values begin and end, and nothing else.
 *
 * Used by the catalog's own files on rows that are known to be valid.
 */
#include "catalog/row.h"

static struct lx_slice skip_space(struct lx_slice s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\n' || *s.p == '\t' || *s.p == '\r'))
        s = lx_slice_from(s, 1);
    return s;
}

/* Bytes of the string that s begins with, quotes included. */
static size_t string_length(struct lx_slice s)
{
    size_t at = 1;
    const char *quote;
    while (at < s.n && (quote = memchr(s.p + at, '"', s.n - at)) != NULL) {
        size_t slashes = 0;
        while (quote[-1 - (ptrdiff_t)slashes] == '\\') /* the opening quote ends this */
            slashes++;
        at = (size_t)(quote - s.p) + 1;
        if (slashes % 2 == 0)
            return at;
    }
    return s.n;
}

static size_t container_length(struct lx_slice s)
{
    size_t depth = 0, i = 0;
    while (i < s.n) {
        char c = s.p[i];
        if (c == '"') {
            i += string_length(lx_slice_from(s, i));
            continue;
        }
        i++;
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return i;
}

static size_t value_length(struct lx_slice s)
{
    size_t i = 0;
    if (s.n && *s.p == '"')
        return string_length(s);
    if (s.n && (*s.p == '{' || *s.p == '['))
        return container_length(s);
    while (i < s.n && s.p[i] != ',' && s.p[i] != ']' && s.p[i] != '}' && s.p[i] > ' ')
        i++;
    return i;
}

static struct lx_slice take(struct lx_slice *s, size_t n)
{
    struct lx_slice taken = lx_slice_to(*s, n);
    *s = skip_space(lx_slice_from(*s, taken.n));
    return taken;
}

struct lx_row lx_row(struct lx_slice json)
{
    struct lx_slice s = skip_space(json);
    bool container = s.n && (*s.p == '{' || *s.p == '[');
    return (struct lx_row){.rest = container ? skip_space(lx_slice_from(s, 1)) : lx_slice(NULL, 0)};
}

bool lx_row_next(struct lx_row *r)
{
    r->name = lx_slice(NULL, 0);
    if (r->rest.n && *r->rest.p == ',')
        take(&r->rest, 1);
    r->value = take(&r->rest, value_length(r->rest));
    if (r->rest.n && *r->rest.p == ':') {
        r->name = lx_row_unquoted(r->value);
        take(&r->rest, 1);
        r->value = take(&r->rest, value_length(r->rest));
    }
    return r->value.n != 0;
}

struct lx_slice lx_row_get(struct lx_slice json, struct lx_slice name)
{
    for (struct lx_row r = lx_row(json); lx_row_next(&r);)
        if (r.name.p && lx_slice_eq(r.name, name))
            return r.value;
    return lx_slice(NULL, 0);
}

struct lx_slice lx_row_unquoted(struct lx_slice value)
{
    if (value.n >= 2 && *value.p == '"')
        return lx_slice(value.p + 1, value.n - 2);
    return value;
}

void lx_row_write(const struct lx_row *member, struct lx_out *o)
{
    lx_out_name(o, (struct lx_text){member->name, true});
    lx_out_raw(o, NULL, member->value);
}
