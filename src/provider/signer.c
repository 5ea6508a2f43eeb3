/*
 * signer.c - puts a key where a provider looks for it, or signs the request with it.
 *
 * The only place that asks a secret for its bytes on the way to a provider. AWS credentials are one
 * secret of three lines, so that whoever holds a key need not know what kind it is; a bearer key
 * has no line breaks, for it stands in a header.
 */
#include "provider/provider.h"
#include "base/buf.h"
#include "provider/sigv4.h"
#include "wire/url.h"

static bool is_aws_key(struct lx_slice key)
{
    return lx_slice_find_byte(key, '\n') >= 0;
}

bool lx_signer_has_key(const struct lx_provider *p, const struct lx_secret *key)
{
    return lx_secret_is_set(key) || p->auth == LX_AUTH_NONE || p->default_key || p->key_optional;
}

void lx_signer_apply(const struct lx_provider *p, const struct lx_secret *key,
                     struct lx_header_list *headers)
{
    struct lx_slice bytes =
        lx_secret_is_set(key) ? lx_secret_bytes(key) : lx_slice_z(p->default_key);
    if (!bytes.n || p->auth == LX_AUTH_NONE || (p->auth == LX_AUTH_AWS && is_aws_key(bytes)))
        return;
    bool bearer = p->auth != LX_AUTH_HEADER;
    struct lx_slice name = bearer ? LX_S("authorization") : lx_slice_z(p->auth_header);
    struct lx_slice prefix = bearer ? LX_S("Bearer ") : lx_slice_z(p->auth_prefix);
    if (!prefix.n) {
        lx_header_list_set_secret(headers, name, bytes);
        return;
    }
    char *value = lx_arena_bytes(headers->arena, prefix.n + bytes.n);
    if (!value)
        return;
    memcpy(value, prefix.p, prefix.n);
    memcpy(value + prefix.n, bytes.p, bytes.n);
    lx_header_list_set_secret(headers, name, lx_slice(value, prefix.n + bytes.n));
}

int lx_aws_key_init(struct lx_secret *key, struct lx_slice access_key_id,
                    struct lx_slice secret_access_key, struct lx_slice session_token)
{
    struct lx_buf b;
    lx_buf_init(&b, access_key_id.n + secret_access_key.n + session_token.n + 2);
    lx_buf_reserve(&b, b.max); /* never moved: no copy is left behind */
    lx_buf_add(&b, access_key_id);
    lx_buf_add_byte(&b, '\n');
    lx_buf_add(&b, secret_access_key);
    lx_buf_add_byte(&b, '\n');
    lx_buf_add(&b, session_token);
    int code = b.failed ? b.failed : lx_secret_init(key, lx_buf_slice(&b));
    if (b.p)
        lx_wipe(b.p, b.n);
    lx_buf_clear(&b);
    return code;
}

/* The host as it is sent: its port only where it is not the scheme's own. */
static struct lx_slice host_of(const struct lx_url *url, struct lx_arena *a)
{
    const char *open = url->ipv6 ? "[" : "", *close = url->ipv6 ? "]" : "";
    if (url->port == (url->tls ? 443 : 80))
        return lx_arena_printf(a, "%s%.*s%s", open, LX_F(url->host), close);
    return lx_arena_printf(a, "%s%.*s%s:%u", open, LX_F(url->host), close, url->port);
}

int lx_signer_sign(const struct lx_provider *p, const struct lx_secret *key,
                   const struct lx_signing *s, struct lx_header_list *headers)
{
    struct lx_sigv4 v4 = {.region = s->region, .now_s = s->now_s};
    struct lx_slice rest = lx_secret_bytes(key);
    struct lx_url url;
    if (p->auth != LX_AUTH_AWS || !is_aws_key(rest))
        return 0;
    int code = lx_url_read(s->url, &url, NULL);
    if (code < 0)
        return code;
    v4.service = lx_slice_z(p->aws_service);
    lx_slice_cut(rest, '\n', &v4.access_key_id, &rest);
    lx_slice_cut(rest, '\n', &v4.secret_access_key, &v4.session_token);
    return lx_sigv4_apply(&v4, s->method, host_of(&url, headers->arena), url.path, s->body,
                          headers);
}
