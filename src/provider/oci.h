/*
 * oci.h - Oracle Cloud's signature of a request: a pure function of it, the key and the time.
 */
#ifndef LX_PROVIDER_OCI_H
#define LX_PROVIDER_OCI_H

#include "provider/jwt.h"
#include "wire/header.h"

struct lx_oci {
    struct lx_slice key_id; /* "tenancy/user/fingerprint" */
    struct lx_pem pem;
    int64_t now_s; /* wall clock; Oracle takes five minutes more or less */
};

/* Adds date, authorization and, where there is a body, x-content-sha256 to the headers, which hold
 * content-type already. host and target: as they are sent. 0, LX_EINVAL for a key that is none,
 * or what the arena says. */
int lx_oci_apply(const struct lx_oci *s, struct lx_slice method, struct lx_slice host,
                 struct lx_slice target, struct lx_slice body, struct lx_header_list *headers);

#endif
