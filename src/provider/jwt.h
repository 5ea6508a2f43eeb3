/*
 * jwt.h - keys in PEM, and the JSON web tokens they sign (RFC 7515, RS256; RFC 7518, ES256).
 *
 * Pure: a function of the key and the text. No key is kept, and none is ever asked of a terminal.
 */
#ifndef LX_PROVIDER_JWT_H
#define LX_PROVIDER_JWT_H

#include "base/buf.h"
#include "base/error.h"

struct lx_pem {
    struct lx_slice key;        /* a private key: PKCS#1 or PKCS#8, plain or encrypted */
    struct lx_slice passphrase; /* of an encrypted one; or empty */
};

/* The signature of text (RSASSA-PKCS1-v1_5 with SHA-256), appended as raw bytes. 0; LX_EINVAL when
 * the key cannot be read or is no RSA key, with the reason; LX_ENOMEM. */
int lx_rs256_sign(const struct lx_pem *pem, struct lx_slice text, struct lx_buf *out,
                  struct lx_error *err);
/* A signed token of two JSON objects, appended. As above. */
int lx_jwt_write(const struct lx_pem *pem, struct lx_slice header, struct lx_slice claims,
                 struct lx_buf *out, struct lx_error *err);
/* The same by a key of the curve P-256. */
int lx_jwt_write_es256(const struct lx_pem *pem, struct lx_slice header, struct lx_slice claims,
                       struct lx_buf *out, struct lx_error *err);
/* SHA-256 of the key's public half (DER), in base64. As above. */
int lx_public_key_sum(const struct lx_pem *pem, struct lx_buf *out, struct lx_error *err);
/* SHA-1 of the first certificate in a PEM text, in base64url: what a JWT calls x5t. */
int lx_certificate_sum(struct lx_slice pem, struct lx_buf *out, struct lx_error *err);

#endif
