/*
 * credential_step.h - what the steps of the kinds are written with.
 *
 * A step looks at the answer of the one before (r->code, r->status, r->body), and ends in one of:
 * asking for the next thing and naming the step that takes it, a key, a failure.
 */
#ifndef LX_PROVIDER_CREDENTIAL_STEP_H
#define LX_PROVIDER_CREDENTIAL_STEP_H

#include "base/text.h"
#include "provider/credential.h"
#include "wire/json.h"

typedef void lx_credential_then(struct lx_credential_run *r);

/* The value of a setting; empty where it is not given. */
static inline struct lx_slice lx_credential_get(const struct lx_credential_run *r, size_t setting)
{
    return r->source->values[setting];
}

/* ---- Asking ---- */

void lx_credential_read(struct lx_credential_run *r, struct lx_slice path,
                        lx_credential_then *then);
/* One exchange that is being put together: method, url; then headers and body as they come. */
struct lx_credential_request {
    struct lx_slice method, url;
    struct lx_header_list headers;
    struct lx_buf form; /* "a=b&c=d"; cleared by send */
};
void lx_credential_post(struct lx_credential_run *r, struct lx_slice url,
                        struct lx_credential_request *q);
void lx_credential_fetch(struct lx_credential_run *r, struct lx_slice method, struct lx_slice url,
                         struct lx_credential_request *q);
/* A member of the form, percent-encoded; left out when the value is empty. */
void lx_credential_form(struct lx_credential_request *q, const char *name, struct lx_slice value);
/* Authorization: Basic of "user:password". */
void lx_credential_basic(struct lx_credential_request *q, struct lx_slice user,
                         struct lx_slice password);
/* Sends the form, or `json` where it is not empty. */
void lx_credential_send(struct lx_credential_run *r, struct lx_credential_request *q,
                        struct lx_slice json, lx_credential_then *then);
/* The same to the machine's own metadata service, which answers at once or is not there. */
void lx_credential_send_near(struct lx_credential_run *r, struct lx_credential_request *q,
                             lx_credential_then *then);

/* ---- Ending ---- */

/* Takes the key, whatever init said of it. */
void lx_credential_done(struct lx_credential_run *r, int code, int64_t expires_s);
void lx_credential_fail(struct lx_credential_run *r, enum lx_fault_kind kind, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));
/* Nothing of what the kind needs is set. */
void lx_credential_nothing(struct lx_credential_run *r);

/* ---- Reading answers ---- */

/* True when the exchange brought a 2xx; else the run has failed, and the fault says which endpoint
 * said what. */
bool lx_credential_ok(struct lx_credential_run *r);
/* True when the file was read; else the run has failed, and the fault names it. */
bool lx_credential_has_file(struct lx_credential_run *r);
/* What was read as a JSON object, in the arena; `what` is named in the fault. False: failed. */
bool lx_credential_json(struct lx_credential_run *r, struct lx_slice text, const char *what,
                        struct lx_json *out);
/* The body, trimmed, copied to the arena. */
struct lx_slice lx_credential_text(struct lx_credential_run *r);
/* The text of the first element of that name, which holds no others; absent when there is none. */
struct lx_slice lx_credential_tag(struct lx_slice xml, const char *name);
/* Another issuer's token: "oidc/file/PATH" gives *path, "oidc/token/TEXT" gives *text, what else
 * begins with "oidc/" neither. False for what does not. */
bool lx_credential_identity(struct lx_slice value, struct lx_slice *path, struct lx_slice *text);
/* Ends with the access token of an OAuth2 answer, which was asked for now. */
void lx_credential_token(struct lx_credential_run *r);
/* The same, with headers that go with the token. */
void lx_credential_token_with(struct lx_credential_run *r, struct lx_slice headers);

#endif
