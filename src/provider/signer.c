/*
 * signer.c - puts a key where a provider looks for it, or signs the request with it.
 *
 * The only place that asks a secret for its bytes on the way to a provider. A key of several parts
 * names its scheme in its first line (credential.h), so that whoever holds it need not know what
 * kind it is; an API key has no line breaks, for it stands in a header.
 */
#include "provider/credential.h"

#include "base/buf.h"
#include "provider/oci.h"
#include "provider/sigv4.h"
#include "wire/url.h"

/* The rest of a key of this scheme. */
static bool is_scheme(struct lx_slice key, const char *scheme, struct lx_slice *rest)
{
    struct lx_slice head;
    return lx_slice_cut(key, '\n', &head, rest) && lx_slice_eq(head, lx_slice_z(scheme));
}

bool lx_signer_has_key(const struct lx_provider *p, const struct lx_secret *key)
{
    return lx_secret_is_set(key) || p->auth == LX_AUTH_NONE || p->default_key || p->key_optional;
}

static void set_key(struct lx_header_list *headers, struct lx_slice name, struct lx_slice prefix,
                    struct lx_slice key)
{
    if (!prefix.n) {
        lx_header_list_set_secret(headers, name, key);
        return;
    }
    char *value = lx_arena_bytes(headers->arena, prefix.n + key.n);
    if (!value)
        return;
    memcpy(value, prefix.p, prefix.n);
    memcpy(value + prefix.n, key.p, key.n);
    lx_header_list_set_secret(headers, name, lx_slice(value, prefix.n + key.n));
}

/* A token that was exchanged for, if any, and what goes with it. */
static void set_bearer(struct lx_header_list *headers, struct lx_slice parts)
{
    struct lx_slice token, line, name, value;
    lx_slice_cut(parts, '\n', &token, &parts);
    if (token.n)
        set_key(headers, LX_S("authorization"), LX_S("Bearer "), token);
    while (parts.n) {
        lx_slice_cut(parts, '\n', &line, &parts);
        if (lx_slice_cut(line, ':', &name, &value))
            lx_header_list_set_secret(headers, name, lx_slice_trim(value));
    }
}

void lx_signer_apply(const struct lx_provider *p, const struct lx_secret *key,
                     struct lx_header_list *headers)
{
    struct lx_slice rest,
        bytes = lx_secret_is_set(key) ? lx_secret_bytes(key) : lx_slice_z(p->default_key);
    if (!bytes.n || p->auth == LX_AUTH_NONE)
        return;
    if (is_scheme(bytes, "bearer", &rest))
        set_bearer(headers, rest);
    else if (lx_slice_find_byte(bytes, '\n') >= 0)
        return; /* it signs the whole: lx_signer_sign() */
    else if (p->auth_header)
        set_key(headers, lx_slice_z(p->auth_header), lx_slice_z(p->auth_prefix), bytes);
    else
        set_key(headers, LX_S("authorization"), LX_S("Bearer "), bytes);
}

/* "scheme\nfirst\nsecond...". */
static int init_key(struct lx_secret *key, const struct lx_slice *parts, size_t n)
{
    struct lx_buf b;
    size_t size = n;
    for (size_t i = 0; i < n; i++)
        size += parts[i].n;
    lx_buf_init(&b, size);
    lx_buf_reserve(&b, size); /* never moved: no copy is left behind */
    for (size_t i = 0; i < n; i++) {
        if (i)
            lx_buf_add_byte(&b, '\n');
        lx_buf_add(&b, parts[i]);
    }
    int code = b.failed ? b.failed : lx_secret_init(key, lx_buf_slice(&b));
    if (b.p)
        lx_wipe(b.p, b.n);
    lx_buf_clear(&b);
    return code;
}

int lx_aws_key_init(struct lx_secret *key, struct lx_slice access_key_id,
                    struct lx_slice secret_access_key, struct lx_slice session_token)
{
    return init_key(
        key, (struct lx_slice[]){LX_S("aws"), access_key_id, secret_access_key, session_token}, 4);
}

int lx_bearer_key_init(struct lx_secret *key, struct lx_slice token, struct lx_slice headers)
{
    return init_key(key, (struct lx_slice[]){LX_S("bearer"), token, headers}, 3);
}

int lx_oci_key_init(struct lx_secret *key, struct lx_slice key_id, struct lx_slice passphrase,
                    struct lx_slice pem)
{
    return init_key(key, (struct lx_slice[]){LX_S("oci"), key_id, passphrase, pem}, 4);
}

struct lx_slice lx_signer_host(const struct lx_url *url, struct lx_arena *a)
{
    const char *open = url->ipv6 ? "[" : "", *close = url->ipv6 ? "]" : "";
    if (url->port == (url->tls ? 443 : 80))
        return lx_arena_printf(a, "%s%.*s%s", open, LX_F(url->host), close);
    return lx_arena_printf(a, "%s%.*s%s:%u", open, LX_F(url->host), close, url->port);
}

static int sign_aws(const struct lx_provider *p, struct lx_slice parts, const struct lx_signing *s,
                    struct lx_slice host, struct lx_slice target, struct lx_header_list *headers)
{
    struct lx_sigv4 v4 = {
        .region = s->region, .now_s = s->now_s, .service = lx_slice_z(p->aws_service)};
    lx_slice_cut(parts, '\n', &v4.access_key_id, &parts);
    lx_slice_cut(parts, '\n', &v4.secret_access_key, &v4.session_token);
    return lx_sigv4_apply(&v4, s->method, host, target, s->body, headers);
}

static int sign_oci(struct lx_slice parts, const struct lx_signing *s, struct lx_slice host,
                    struct lx_slice target, struct lx_header_list *headers)
{
    struct lx_oci oci = {.now_s = s->now_s};
    lx_slice_cut(parts, '\n', &oci.key_id, &parts);
    lx_slice_cut(parts, '\n', &oci.pem.passphrase, &oci.pem.key);
    return lx_oci_apply(&oci, s->method, host, target, s->body, headers);
}

int lx_signer_sign(const struct lx_provider *p, const struct lx_secret *key,
                   const struct lx_signing *s, struct lx_header_list *headers)
{
    struct lx_slice parts, bytes = lx_secret_bytes(key);
    struct lx_url url;
    bool aws = is_scheme(bytes, "aws", &parts);
    if (!aws && !is_scheme(bytes, "oci", &parts))
        return 0;
    int code = lx_url_read(s->url, &url, NULL);
    if (code < 0)
        return code;
    struct lx_slice host = lx_signer_host(&url, headers->arena);
    return aws ? sign_aws(p, parts, s, host, url.path, headers)
               : sign_oci(parts, s, host, url.path, headers);
}
