/*
 * proxy.h - which origins are reached through a proxy, and what that proxy wants to hear.
 */
#ifndef LX_NET_PROXY_H
#define LX_NET_PROXY_H

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "wire/url.h"

struct lx_proxy {
    char *host; /* NULL: no proxy */
    uint16_t port;
    struct lx_secret authorization; /* value of Proxy-Authorization; or not set */
};

/* Reads "http://user:password@host:port"; the scheme may be left out. NULL or "" is no proxy.
 * 0, LX_ECONFIG or LX_ENOMEM with *err. */
int lx_proxy_init(struct lx_proxy *p, const char *text, struct lx_error *err);
void lx_proxy_clear(struct lx_proxy *p);

/* True when the list (NULL: empty) names the host: "*", a name and all below it with or without a
 * leading dot, an address, a network "10.0.0.0/8", each with an optional ":port". */
bool lx_no_proxy_has(const char *list, struct lx_slice host, uint16_t port);

/* "Basic ..." from the percent-encoded "user:password" of a URL, appended; 0 or LX_EINVAL. */
int lx_basic_write(struct lx_buf *out, struct lx_slice userinfo);

#endif
