/*
 * url.h - http and https URLs, cut into borrowed pieces.
 */
#ifndef LX_WIRE_URL_H
#define LX_WIRE_URL_H

#include "base/error.h"
#include "base/slice.h"

struct lx_url {
    struct lx_slice scheme;   /* "http" or "https" */
    struct lx_slice userinfo; /* before '@'; absent */
    struct lx_slice host;     /* without brackets */
    struct lx_slice path;     /* from the first '/', query included; "/" when empty */
    uint16_t port;            /* 80 or 443 when not given */
    bool tls;
    bool ipv6; /* host is an IPv6 literal (brackets needed) */
    bool explicit_port;
};

/* 0 or LX_EINVAL with the reason, which never quotes the URL (it may hold a key). Refused: a
 * fragment, control characters, spaces, bytes past ASCII, a query without a path before it. */
int lx_url_read(struct lx_slice s, struct lx_url *out, struct lx_error *err);

/* "host", "host:port" or "[v6]:port", as in a Host header: sets host and ipv6, and where a port is
 * given port and explicit_port; leaves the other members alone. 0 or LX_EINVAL. */
int lx_url_read_authority(struct lx_slice s, struct lx_url *out, struct lx_error *err);

#endif
