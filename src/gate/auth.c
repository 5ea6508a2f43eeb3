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

struct lx_auth_verdict lx_auth_check(const struct lx_secret *master_key,
                                     const struct lx_headers *headers, struct lx_slice custom)
{
    static const char *const messages[] = {
        [LX_AUTH_MISSING] = "Authentication Error: no API key. Pass it as \"Authorization: Bearer "
                            "KEY\" (x-api-key, api-key and x-goog-api-key will do as well).",
        [LX_AUTH_OK] = NULL,
        [LX_AUTH_WRONG] = "Authentication Error: this API key is not valid for this gateway.",
    };
    enum lx_auth_result result = LX_AUTH_OK;
    if (lx_secret_is_set(master_key)) {
        struct lx_slice key = lx_auth_key(headers, custom);
        result = !key.p                          ? LX_AUTH_MISSING
                 : lx_secret_eq(master_key, key) ? LX_AUTH_OK
                                                 : LX_AUTH_WRONG;
    }
    return (struct lx_auth_verdict){result, messages[result]};
}
