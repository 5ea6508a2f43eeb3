/*
 * url_fuzz.c - any bytes as a URL: the pieces of one that is accepted lie in it, in order, and put
 * together again give it back.
 */
#include "pieces.h"

#include "wire/url.h"

static void rebuild(struct lx_buf *out, const struct lx_url *u)
{
    lx_buf_addf(out, "%.*s://", LX_F(u->scheme));
    if (u->userinfo.p)
        lx_buf_addf(out, "%.*s@", LX_F(u->userinfo));
    lx_buf_addf(out, u->ipv6 ? "[%.*s]" : "%.*s", LX_F(u->host));
    if (u->explicit_port)
        lx_buf_addf(out, ":%u", (unsigned)u->port);
    lx_buf_add(out, u->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *box = boxed(lx_slice((const char *)data, size));
    struct lx_slice in = lx_slice(box, size);
    struct lx_url url, again;
    struct lx_error err = {0};
    struct lx_buf b;

    if (lx_url_read_authority(in, &url, NULL) == 0)
        CHECK(url.host.n && url.host.n < in.n + 1);
    int rc = lx_url_read(in, &url, &err);
    CHECK(rc == err.code && (rc == 0 || (rc == LX_EINVAL && err.text[0])));
    if (rc == 0) {
        CHECK(url.host.n && url.port && url.path.p[0] == '/');
        CHECK(url.tls == lx_slice_eq(url.scheme, LX_S("https")));
        lx_buf_init(&b, size + 100);
        rebuild(&b, &url);
        CHECK(lx_url_read(lx_buf_slice(&b), &again, NULL) == 0);
        CHECK(lx_slice_eq(url.host, again.host) && lx_slice_eq(url.path, again.path));
        CHECK(lx_slice_eq(url.userinfo, again.userinfo) && url.port == again.port);
        /* But for the case of the scheme, an empty path and zeros before a port, it is the same. */
        CHECK(b.n <= in.n + 1);
        lx_buf_clear(&b);
    }
    free(box);
    return 0;
}
