/*
 * sigv4.h - AWS Signature Version 4: a pure function of the request, the credentials and the time.
 */
#ifndef LX_PROVIDER_SIGV4_H
#define LX_PROVIDER_SIGV4_H

#include "base/buf.h"
#include "wire/header.h"

struct lx_sigv4 {
    struct lx_slice access_key_id, secret_access_key;
    struct lx_slice session_token; /* of temporary credentials; or empty */
    struct lx_slice region, service;
    int64_t now_s;  /* wall clock; AWS takes five minutes more or less */
    bool keep_path; /* do not resolve "." and ".." and "//" (S3 only) */
};

/* What of a request is signed. All of `headers` are. */
struct lx_sigv4_request {
    struct lx_slice method;
    struct lx_slice target; /* path and query, as they are sent */
    const struct lx_headers *headers;
    struct lx_slice body;
};

/* The signature, 64 hex digits and a NUL, and the names of the signed headers ("host;x-amz-date"),
 * appended to `names` (may be NULL). 0, LX_ELIMIT, LX_ENOMEM, or LX_EINVAL for a target that is not
 * percent-encoded properly. */
int lx_sigv4_sign(const struct lx_sigv4 *s, const struct lx_sigv4_request *r, char signature[65],
                  struct lx_buf *names);

/* Signs what is to be sent to `host` and adds x-amz-date, x-amz-security-token and authorization to
 * the headers. Of those that are there, content-type and x-amz-* are signed: a proxy may touch
 * others. 0, or what lx_sigv4_sign() and the arena say. */
int lx_sigv4_apply(const struct lx_sigv4 *s, struct lx_slice method, struct lx_slice host,
                   struct lx_slice target, struct lx_slice body, struct lx_header_list *headers);

#endif
