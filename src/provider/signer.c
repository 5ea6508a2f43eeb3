/*
 * signer.c - puts a key where a provider looks for it.
 *
 * The only place that asks a secret for its bytes on the way to a provider.
 */
#include "provider/provider.h"

bool lx_signer_has_key(const struct lx_provider *p, const struct lx_secret *key)
{
    return lx_secret_is_set(key) || p->auth == LX_AUTH_NONE || p->default_key || p->key_optional;
}

void lx_signer_apply(const struct lx_provider *p, const struct lx_secret *key,
                     struct lx_header_list *headers)
{
    struct lx_slice bytes =
        lx_secret_is_set(key) ? lx_secret_bytes(key) : lx_slice_z(p->default_key);
    if (!bytes.n || p->auth == LX_AUTH_NONE)
        return;
    bool bearer = p->auth == LX_AUTH_BEARER;
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
