/*
 * place.c - the names that a row's base URL and path hold, filled in.
 *
 * The configuration fills base URLs, the call machine paths.
 */
#include "provider/provider.h"

#include "base/text.h"

/* How much of a name stands before its first slash; all of it when it has none. */
static size_t head_of(struct lx_slice name)
{
    ssize_t at = lx_slice_find_byte(name, '/');
    return at < 0 ? name.n : (size_t)at;
}

static void write_name(struct lx_slice name, const struct lx_place *a, struct lx_buf *out)
{
    if (lx_slice_eq(name, LX_S("model")))
        lx_percent_write(out, a->model, LX_S("@"));
    else if (lx_slice_eq(name, LX_S("+model")))
        lx_percent_write(out, a->model, LX_S("@/"));
    else if (lx_slice_eq(name, LX_S("head")))
        lx_percent_write(out, lx_slice_to(a->model, head_of(a->model)), LX_S("@"));
    else if (lx_slice_eq(name, LX_S("region")))
        lx_buf_add(out, a->region);
    else
        lx_percent_write(out, a->project, LX_S(":")); /* "example.com:project" */
}

void lx_place_write(struct lx_slice pattern, const struct lx_place *a, struct lx_buf *out)
{
    struct lx_slice head, name;
    while (lx_slice_cut(pattern, '{', &head, &pattern)) {
        lx_buf_add(out, head);
        lx_slice_cut(pattern, '}', &name, &pattern);
        write_name(name, a, out);
    }
    lx_buf_add(out, head);
}

const char *lx_provider_path(const struct lx_provider *p, bool stream)
{
    return stream && p->stream_path ? p->stream_path : p->path;
}

const char *lx_provider_base_url(const struct lx_provider *p, struct lx_slice region)
{
    const size_t n = sizeof(p->region_urls) / sizeof(p->region_urls[0]);
    for (size_t i = 0; i < n && p->region_urls[i][0]; i++)
        if (lx_glob_match(lx_slice_z(p->region_urls[i][0]), region))
            return p->region_urls[i][1];
    return p->base_url;
}
