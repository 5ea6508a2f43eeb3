/*
 * auth.c - the master key.
 *
 * The server asks on every route but liveness. Keys are looked for where the SDKs of OpenAI, Azure,
 * Anthropic and Google put them, so that each works by changing its base URL and key alone.
 */
#include "gate/auth.h"

static const struct lx_slice places[] = {
    LX_S_INIT("x-litellm-api-key"), LX_S_INIT("authorization"),
    LX_S_INIT("api-key"),           LX_S_INIT("x-api-key"),
    LX_S_INIT("x-goog-api-key"),    LX_S_INIT("ocp-apim-subscription-key"),
};

static struct lx_slice key_in(const struct lx_headers *headers, struct lx_slice name)
{
    const struct lx_slice scheme = LX_S("bearer ");
    struct lx_slice v = lx_slice_trim(lx_headers_get(headers, name));
    if (v.n >= scheme.n && lx_slice_eq_nocase(lx_slice_to(v, scheme.n), scheme))
        v = lx_slice_trim(lx_slice_from(v, scheme.n));
    return v.n ? v : lx_slice(NULL, 0);
}

struct lx_slice lx_auth_key(const struct lx_headers *headers, struct lx_slice custom)
{
    struct lx_slice key = custom.n ? key_in(headers, custom) : lx_slice(NULL, 0);
    for (size_t i = 0; !key.p && i < sizeof(places) / sizeof(places[0]); i++)
        key = key_in(headers, places[i]);
    return key;
}

enum lx_auth_verdict lx_auth_decide(const struct lx_headers *headers,
                                    const struct lx_secret *master_key, struct lx_slice custom)
{
    if (!lx_secret_is_set(master_key))
        return LX_AUTH_OK;
    struct lx_slice key = lx_auth_key(headers, custom);
    if (!key.p)
        return LX_AUTH_MISSING;
    return lx_secret_eq(master_key, key) ? LX_AUTH_OK : LX_AUTH_WRONG;
}

struct lx_fault lx_auth_fault(enum lx_auth_verdict v, struct lx_slice custom, struct lx_arena *a)
{
    struct lx_fault f = {
        .kind = LX_FAULT_AUTHENTICATION,
        .status = 401,
        .type = LX_S("auth_error"),
        .code = LX_S("401"),
        .retry_after_ms = -1,
    };
    if (v == LX_AUTH_WRONG) {
        f.message = LX_S("Authentication Error: the API key is not valid for this gateway.");
        return f;
    }
    f.message = LX_S("Authentication Error: no API key. Pass it as 'Authorization: Bearer <key>' "
                     "(or in x-api-key, api-key or x-goog-api-key).");
    if (custom.n) {
        struct lx_slice m = lx_arena_printf(
            a, "Authentication Error: no API key. Pass it in the header '%.*s'.", LX_F(custom));
        f.message = m.p ? m : f.message;
    }
    return f;
}
