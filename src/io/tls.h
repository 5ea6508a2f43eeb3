/*
 * tls.h - TLS settings, shared by streams: OpenSSL contexts with safe defaults.
 *
 * TLS 1.2 and 1.3, ALPN http/1.1, sessions resumed (a client's context remembers the last session
 * of each server name; a server hands out tickets).
 */
#ifndef LX_IO_TLS_H
#define LX_IO_TLS_H

#include "base/error.h"

struct lx_tls_context;

struct lx_tls_options {
    const char *ca_file;   /* NULL: the system's store; on a server, set: clients must show a
                            * certificate that it signed */
    const char *cert_file; /* a server's certificate chain, or a client's; PEM */
    const char *key_file;
    bool no_verify;  /* clients only; off unless the user says so in the configuration */
    int min_version; /* 12 or 13; 0: TLS 1.2 */
};

/* Contexts are reference counted and may be shared between loops. NULL with *err on failure. */
struct lx_tls_context *lx_tls_client_new(const struct lx_tls_options *o, struct lx_error *err);
struct lx_tls_context *lx_tls_server_new(const struct lx_tls_options *o, struct lx_error *err);
struct lx_tls_context *lx_tls_context_ref(struct lx_tls_context *t);
void lx_tls_context_free(struct lx_tls_context *t); /* NULL-safe */

#endif
