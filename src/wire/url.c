/*
 * url.c - cuts http and https URLs into borrowed pieces.
 *
 * For addresses from the configuration, and for what a client puts in a request target or a Host
 * header. Stricter than RFC 3986 where programs are known to disagree about which host a URL
 * names: no backslash, one '@' at most, no percent-encoding in the host. Resolves nothing.
 */
#include "wire/url.h"

#include "base/text.h"

static int check_bytes(struct lx_slice s, struct lx_error *err)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7f)
            return lx_error_set_at(err, LX_EINVAL, i,
                                   "a space, a control character or a byte past ASCII in a URL: "
                                   "percent-encode it");
        if (c == '#')
            return lx_error_set_at(err, LX_EINVAL, i, "a fragment ('#') in a URL to be sent");
        if (c == '\\')
            return lx_error_set_at(err, LX_EINVAL, i, "a backslash in a URL: write '/'");
    }
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
    char low = lx_ascii_lower(c);
    return (low >= 'a' && low <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

/* Not a full check of the address: who connects parses it. This keeps other text out. */
static bool is_ipv6(struct lx_slice host)
{
    size_t colons = 0;

    for (size_t i = 0; i < host.n; i++) {
        char low = lx_ascii_lower(host.p[i]);
        if (low == ':')
            colons++;
        else if (!is_digit(low) && low != '.' && !(low >= 'a' && low <= 'f'))
            return false;
    }
    return colons >= 2 && host.n <= 45; /* the longest: eight groups, the last two as IPv4 */
}

static int read_port(struct lx_slice s, struct lx_url *u, struct lx_error *err)
{
    unsigned port = 0;

    for (size_t i = 0; i < s.n; i++) {
        port = 10 * port + (unsigned)(s.p[i] - '0');
        if (!is_digit(s.p[i]) || port > 65535)
            return lx_error_set(err, LX_EINVAL, "a port is a number from 1 to 65535");
    }
    if (port == 0)
        return lx_error_set(err, LX_EINVAL, "a port is a number from 1 to 65535");
    u->port = (uint16_t)port;
    u->explicit_port = true;
    return 0;
}

int lx_url_read_authority(struct lx_slice s, struct lx_url *u, struct lx_error *err)
{
    struct lx_slice host, rest;

    if (s.n && s.p[0] == '[') {
        ssize_t close = lx_slice_find_byte(s, ']');
        if (close < 0)
            return lx_error_set(err, LX_EINVAL, "'[' without ']' in the host");
        host = lx_slice(s.p + 1, (size_t)close - 1);
        rest = lx_slice_from(s, (size_t)close + 1);
        if (!is_ipv6(host))
            return lx_error_set(err, LX_EINVAL, "no IPv6 address between '[' and ']'");
        u->ipv6 = true;
    } else {
        size_t n = 0;
        while (n < s.n && is_name_byte(s.p[n]))
            n++;
        host = lx_slice_to(s, n);
        rest = lx_slice_from(s, n);
        if (n == 0)
            return lx_error_set(err, LX_EINVAL, "the host is missing");
        if (n > 255)
            return lx_error_set(err, LX_EINVAL, "a host of more than 255 bytes");
        u->ipv6 = false;
    }
    u->host = host;
    if (rest.n == 0)
        return 0;
    if (rest.p[0] != ':')
        return lx_error_set(err, LX_EINVAL, "a byte that no host name has");
    return read_port(lx_slice_from(rest, 1), u, err);
}

int lx_url_read(struct lx_slice s, struct lx_url *out, struct lx_error *err)
{
    static const struct {
        struct lx_slice prefix, scheme;
        uint16_t port;
        bool tls;
    } schemes[] = {
        {LX_S_INIT("https://"), LX_S_INIT("https"), 443, true},
        {LX_S_INIT("http://"), LX_S_INIT("http"), 80, false},
    };
    struct lx_url u = {0};
    struct lx_slice authority;
    ssize_t at;
    size_t n = 0;

    if (check_bytes(s, err))
        return LX_EINVAL;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes && !u.scheme.p; i++) {
        if (!lx_slice_eq_nocase(lx_slice_to(s, schemes[i].prefix.n), schemes[i].prefix))
            continue;
        u.scheme = schemes[i].scheme;
        u.port = schemes[i].port;
        u.tls = schemes[i].tls;
        s = lx_slice_from(s, schemes[i].prefix.n);
    }
    if (!u.scheme.p)
        return lx_error_set(err, LX_EINVAL, "a URL here starts with http:// or https://");

    while (n < s.n && s.p[n] != '/' && s.p[n] != '?')
        n++;
    authority = lx_slice_to(s, n);
    u.path = n < s.n ? lx_slice_from(s, n) : LX_S("/");
    if (u.path.p[0] == '?')
        return lx_error_set(err, LX_EINVAL, "a query right after the host: put a '/' before '?'");

    at = lx_slice_find_byte(authority, '@');
    if (at >= 0) {
        u.userinfo = lx_slice_to(authority, (size_t)at);
        authority = lx_slice_from(authority, (size_t)at + 1);
    }
    if (lx_url_read_authority(authority, &u, err))
        return LX_EINVAL;
    *out = u;
    return 0;
}
