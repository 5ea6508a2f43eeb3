/*
 * auth.h - whether a request may come in: the master key, and where clients put keys.
 *
 * A pure verdict on headers. The server answers in the language of the route; nothing here says
 * more than it must about a key that was wrong.
 */
#ifndef LX_GATE_AUTH_H
#define LX_GATE_AUTH_H

#include "base/secret.h"
#include "wire/header.h"

enum lx_auth_result {
    LX_AUTH_OK,
    LX_AUTH_MISSING, /* no header holds a key */
    LX_AUTH_WRONG,
};

struct lx_auth_verdict {
    enum lx_auth_result result;
    const char *message; /* for the client, static; NULL when OK. LiteLLM answers it with status
                          * 401, type "auth_error", code "401" */
};

/* The key a client sent, borrowed from its header: in `custom` (general_settings.
 * litellm_key_header_name; may be empty), x-litellm-api-key, Authorization, api-key, x-api-key,
 * x-goog-api-key or Ocp-Apim-Subscription-Key, the first of these that is there, without "Bearer ".
 * Absent when none is. */
struct lx_slice lx_auth_key(const struct lx_headers *headers, struct lx_slice custom);

/* An unset master key lets everyone in. The comparison takes time that depends on the candidate's
 * length only. */
struct lx_auth_verdict lx_auth_check(const struct lx_secret *master_key,
                                     const struct lx_headers *headers, struct lx_slice custom);

#endif
