/*
 * proxy.c - reads the values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as curl and Go agree on them.
 *
 * Called by origin.c once for each origin. The environment itself is read by cmd/.
 */
#include "net/proxy.h"

#include <stdlib.h>

#include "base/text.h"
#include "io/dns.h"

enum { USERINFO_MAX = 4096 };

int lx_basic_write(struct lx_buf *out, struct lx_slice userinfo)
{
    struct lx_buf plain;
    lx_buf_init(&plain, USERINFO_MAX);
    int code = lx_percent_read(userinfo, &plain);
    if (code == 0) {
        if (lx_slice_find_byte(lx_buf_slice(&plain), ':') < 0)
            lx_buf_add_byte(&plain, ':');
        lx_buf_add_lit(out, "Basic ");
        lx_base64_write(out, lx_buf_slice(&plain));
        code = plain.failed ? plain.failed : out->failed;
    }
    if (plain.p)
        lx_wipe(plain.p, plain.n);
    lx_buf_clear(&plain);
    return code;
}

static int init_authorization(struct lx_proxy *p, struct lx_slice userinfo)
{
    struct lx_buf text;
    lx_buf_init(&text, 2 * (size_t)USERINFO_MAX);
    int code = lx_basic_write(&text, userinfo);
    if (code == 0)
        code = lx_secret_init(&p->authorization, lx_buf_slice(&text));
    if (text.p)
        lx_wipe(text.p, text.n);
    lx_buf_clear(&text);
    return code;
}

int lx_proxy_init(struct lx_proxy *p, const char *text, struct lx_error *err)
{
    *p = (struct lx_proxy){0};
    if (!text || !*text)
        return 0;
    struct lx_buf whole;
    lx_buf_init(&whole, 65536);
    if (!strstr(text, "://"))
        lx_buf_add_lit(&whole, "http://");
    lx_buf_add(&whole, lx_slice_z(text));
    struct lx_url url;
    int code = whole.failed ? whole.failed : lx_url_read(lx_buf_slice(&whole), &url, NULL);
    if (code == LX_EINVAL)
        lx_error_set(err, LX_ECONFIG, "a proxy's address is not http://[user:password@]host:port");
    else if (code == 0 && url.tls)
        code = lx_error_set(err, LX_ECONFIG, "proxies are spoken to by http://, not https://");
    if (code == 0 && !(p->host = strndup(url.host.p, url.host.n)))
        code = LX_ENOMEM;
    if (code == 0) {
        p->port = url.port;
        if (url.userinfo.n)
            code = init_authorization(p, url.userinfo);
    }
    if (code == LX_EINVAL)
        code = LX_ECONFIG;
    if (code != 0 && code != LX_ECONFIG)
        lx_error_set(err, code, "a proxy's address: %s", lx_code_text(code));
    if (code != 0)
        lx_proxy_clear(p);
    if (whole.p)
        lx_wipe(whole.p, whole.n);
    lx_buf_clear(&whole);
    return code;
}

void lx_proxy_clear(struct lx_proxy *p)
{
    free(p->host);
    p->host = NULL;
    lx_secret_clear(&p->authorization);
}

/* ---- NO_PROXY ------------------------------------------------------------------------------- */

static const unsigned char *bytes_of(const union lx_address *a, size_t *n)
{
    *n = a->any.sa_family == AF_INET6 ? 16 : 4;
    return a->any.sa_family == AF_INET6 ? (const unsigned char *)&a->v6.sin6_addr
                                        : (const unsigned char *)&a->v4.sin_addr;
}

static bool in_network(const union lx_address *a, const union lx_address *network, int64_t bits)
{
    size_t n, m;
    const unsigned char *p = bytes_of(a, &n), *q = bytes_of(network, &m);
    if (n != m || bits < 0 || (size_t)bits > 8 * n)
        return false;
    size_t whole = (size_t)bits / 8;
    unsigned mask = 0xff00u >> (bits % 8) & 0xff;
    return memcmp(p, q, whole) == 0 && (!mask || ((p[whole] ^ q[whole]) & mask) == 0);
}

/* Takes ":port" off the end of an item that is no bare IPv6 address. */
static bool cut_port(struct lx_slice *item, int64_t *port)
{
    struct lx_slice name, digits;
    union lx_address address;
    *port = -1;
    if (item->n && item->p[0] == '[') {
        struct lx_slice inside = lx_slice_from(*item, 1);
        if (!lx_slice_cut(inside, ']', &name, &digits))
            return false;
        *item = name;
        return !digits.n || (digits.p[0] == ':' && !lx_slice_int(lx_slice_from(digits, 1), port));
    }
    if (lx_address_read(*item, &address) || !lx_slice_cut(*item, ':', &name, &digits))
        return true;
    if (lx_slice_find_byte(digits, ':') >= 0)
        return true; /* an IPv6 network */
    *item = name;
    return lx_slice_int(digits, port) == 0;
}

static bool below(struct lx_slice host, struct lx_slice domain)
{
    if (domain.n && domain.p[0] == '.')
        domain = lx_slice_from(domain, 1);
    if (!domain.n || host.n < domain.n)
        return false;
    struct lx_slice end = lx_slice_from(host, host.n - domain.n);
    return lx_slice_eq_nocase(end, domain) &&
           (end.n == host.n || host.p[host.n - domain.n - 1] == '.');
}

static bool item_has(struct lx_slice item, struct lx_slice host, uint16_t port)
{
    union lx_address address, network;
    struct lx_slice base, bits_text;
    int64_t item_port, bits;
    if (lx_slice_eq(item, LX_S("*")))
        return true;
    if (!cut_port(&item, &item_port) || (item_port >= 0 && item_port != port))
        return false;
    if (lx_slice_starts(item, LX_S("*.")))
        item = lx_slice_from(item, 1);
    if (!lx_address_read(host, &address))
        return below(host, item);
    if (lx_address_read(item, &network)) {
        size_t n;
        bytes_of(&network, &n);
        return in_network(&address, &network, (int64_t)n * 8);
    }
    return lx_slice_cut(item, '/', &base, &bits_text) && lx_address_read(base, &network) &&
           lx_slice_int(bits_text, &bits) == 0 && in_network(&address, &network, bits);
}

bool lx_no_proxy_has(const char *list, struct lx_slice host, uint16_t port)
{
    struct lx_slice rest = lx_slice_z(list);
    while (rest.n) {
        struct lx_slice item;
        lx_slice_cut(rest, ',', &item, &rest);
        item = lx_slice_trim(item);
        if (item.n && item_has(item, host, port))
            return true;
    }
    return false;
}
