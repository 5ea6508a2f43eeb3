/*
 * provider.h - the table of providers: one row each, pointing at the language it speaks.
 *
 * Four things are independent: the language of the body (dialect), the address (base_url), the
 * signature (auth), and what to mend before sending (quirks). A user's own provider from the
 * configuration is a row like any other.
 */
#ifndef LX_PROVIDER_PROVIDER_H
#define LX_PROVIDER_PROVIDER_H

#include "base/secret.h"
#include "dialect/dialect.h"

enum lx_auth {
    LX_AUTH_NONE,
    LX_AUTH_BEARER, /* Authorization: Bearer KEY */
    LX_AUTH_HEADER, /* auth_header: KEY */
};

/* One mending step on the JSON body of a request, applied in order by the quirks engine. */
enum lx_quirk_op {
    LX_QUIRK_END = 0,
    LX_QUIRK_REFUSE,      /* the provider rejects this member: UnsupportedParams, or a drop */
    LX_QUIRK_DROP,        /* harmless there, or meaningless: leave it out, list it as a loss */
    LX_QUIRK_RENAME,      /* member -> arg */
    LX_QUIRK_DEFAULT,     /* when absent, member = arg (JSON) */
    LX_QUIRK_SET,         /* member = arg (JSON), whatever was there */
    LX_QUIRK_CLAMP,       /* a number: arg is "min,max", either may be empty */
    LX_QUIRK_REPLACE,     /* a string value: arg is "from=to" */
    LX_QUIRK_FLATTEN,     /* messages whose content is a list of text parts only -> one string */
};
struct lx_quirk {
    enum lx_quirk_op op;
    const char *member;   /* a dotted path from the body's root; "messages" for FLATTEN */
    const char *arg;
    const char *models;   /* glob over the upstream model name, "o1*|o3*|gpt-5*"; NULL: all */
    const char *why;      /* the provider's page and date */
};

#define LX_PROVIDER_NAMES 4
struct lx_provider {
    const char *id;       /* "groq": the prefix of model names */
    const char *title;
    const char *language; /* dialect name */
    const char *base_url; /* without a slash at the end; NULL: must be configured */
    const char *base_url_env[LX_PROVIDER_NAMES]; /* looked up in order; NULL-terminated if short */
    const char *key_env[LX_PROVIDER_NAMES];
    enum lx_auth auth;
    const char *auth_header;         /* AUTH_HEADER */
    const char *default_key;         /* servers that ignore keys */
    const char *headers[4][2];       /* sent always: {"anthropic-version", "2023-06-01"} */
    const char *path;                /* instead of the dialect's own path; or NULL */
    const struct lx_quirk *quirks;   /* END-terminated; or NULL */
    const char *docs;                /* where the facts of this row come from */
    const char *hosts;               /* api_base hosts that mean this provider: "a.com|b.com" */
};

extern const struct lx_provider lx_providers[];
extern const size_t lx_provider_count;

/* By id or alias; NULL when there is none. */
const struct lx_provider *lx_provider_find(struct lx_slice id);

/* How the pure half reads the environment: through the host. NULL: not set. */
struct lx_env {
    const char *(*get)(void *arg, const char *name);
    void *arg;
};

/* ---- Names (resolve.c) ---- */

struct lx_resolved {
    const struct lx_provider *provider;
    struct lx_slice model; /* what the provider calls it */
};
/* "groq/llama-3" -> groq, "llama-3"; bare names by rules (gpt-*, o1*, claude-*); by the host of
 * api_base; custom: the user's rows, searched first. 0, or LX_EPROVIDER with near matches named. */
int lx_provider_resolve(struct lx_slice name, struct lx_slice explicit_provider,
                        struct lx_slice api_base, const struct lx_provider *custom,
                        size_t custom_count, struct lx_resolved *out, struct lx_error *err);
/* Writes up to three ids that look like name, "groq, grok": for error texts. */
void lx_provider_near(struct lx_slice name, char *out, size_t n);

/* ---- Quirks (quirk.c) ---- */

/* Records the row's mending of `doc` (a request body of the row's language) in `edit`. Refusals
 * and drops go to body as lx_body_refuse and losses do. */
void lx_quirks_apply(const struct lx_quirk *quirks, const struct lx_write_options *o,
                     const struct lx_json_doc *doc, struct lx_json_edit *edit,
                     struct lx_body *body);
/* Removes what a dotted path with array wildcards names ("tools[*].function.strict", "a.b[0]");
 * every removal is listed as a loss. */
void lx_path_drop(struct lx_slice path, const struct lx_json_doc *doc, struct lx_json_edit *edit,
                  struct lx_losses *losses);
/* "a*|b*" against a name; '*' matches any bytes. */
bool lx_glob_match(struct lx_slice pattern, struct lx_slice name);

/* ---- Signers (signer.c) ---- */

/* Adds the row's authentication to the headers. The key's bytes are borrowed. */
void lx_signer_apply(const struct lx_provider *p, const struct lx_secret *key,
                     struct lx_header_list *headers);

#endif
