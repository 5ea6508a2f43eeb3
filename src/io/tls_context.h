/*
 * tls_context.h - what tls.c (settings) and tls_link.c (connections) know of each other.
 */
#ifndef LX_IO_TLS_CONTEXT_H
#define LX_IO_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "io/tls.h"

/* What the settings came to: OpenSSL's context (borrowed), whether peers are verified, which side
 * of a connection they are for. */
SSL_CTX *lx_tls_context_ssl(struct lx_tls_context *t);
bool lx_tls_context_verifies(const struct lx_tls_context *t);
bool lx_tls_context_is_client(const struct lx_tls_context *t);

/* The last session with that server; the caller frees it. NULL when there is none. */
SSL_SESSION *lx_tls_context_take_session(struct lx_tls_context *t, const char *name);
/* Takes the reference. */
void lx_tls_context_put_session(struct lx_tls_context *t, const char *name, SSL_SESSION *session);

/* OpenSSL's callbacks, set by the context and answered by the link. */
int lx_tls_link_verified(int ok, X509_STORE_CTX *store);
int lx_tls_link_new_session(SSL *ssl, SSL_SESSION *session);

#endif
