/*
 * tls.c - TLS settings: OpenSSL contexts, what is verified, and the clients' sessions.
 *
 * Made by serve/ and net/ from the configuration; shared by all loops, so the table of sessions has
 * a lock: it is taken once in a handshake, never in a request. The bytes are tls_link.c's.
 */
#include "io/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/tls_context.h"

/* The last session of a server; a table of slots by hash of the name, where the newer one wins. */
enum { SESSION_SLOTS = 256 };

struct session_slot {
    char *name;
    SSL_SESSION *session;
};

struct lx_tls_context {
    SSL_CTX *ctx;
    atomic_uint refs;
    bool client;
    bool verify;
    pthread_mutex_t lock; /* of sessions */
    struct session_slot sessions[SESSION_SLOTS];
};

static const unsigned char alpn_http11[] = "\x08http/1.1";

/* ---- Sessions ------------------------------------------------------------------------------- */

static struct session_slot *slot_of(struct lx_tls_context *t, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a; a collision costs a full handshake, nothing more */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return &t->sessions[hash % SESSION_SLOTS];
}

SSL_SESSION *lx_tls_context_take_session(struct lx_tls_context *t, const char *name)
{
    SSL_SESSION *session = NULL;
    pthread_mutex_lock(&t->lock);
    struct session_slot *slot = slot_of(t, name);
    if (slot->session && strcmp(slot->name, name) == 0 && SSL_SESSION_up_ref(slot->session))
        session = slot->session;
    pthread_mutex_unlock(&t->lock);
    return session;
}

void lx_tls_context_put_session(struct lx_tls_context *t, const char *name, SSL_SESSION *session)
{
    pthread_mutex_lock(&t->lock);
    struct session_slot *slot = slot_of(t, name);
    if (!slot->name || strcmp(slot->name, name) != 0) {
        char *copy = strdup(name);
        if (!copy) {
            pthread_mutex_unlock(&t->lock);
            SSL_SESSION_free(session);
            return;
        }
        free(slot->name);
        slot->name = copy;
    }
    SSL_SESSION_free(slot->session);
    slot->session = session;
    pthread_mutex_unlock(&t->lock);
}

/* ---- Contexts ------------------------------------------------------------------------------- */

SSL_CTX *lx_tls_context_ssl(struct lx_tls_context *t)
{
    return t->ctx;
}

bool lx_tls_context_verifies(const struct lx_tls_context *t)
{
    return t->verify;
}

bool lx_tls_context_is_client(const struct lx_tls_context *t)
{
    return t->client;
}

static int fail(struct lx_error *err, const char *what, const char *file)
{
    unsigned long number = ERR_peek_error(); /* the first: what began it */
    const char *reason = number ? ERR_reason_error_string(number) : NULL;
    if (number && !reason && ERR_SYSTEM_ERROR(number))
        reason = strerror(ERR_GET_REASON(number));
    return lx_error_set(err, LX_ETLS, "%s%s%s: %s", what, file ? " " : "", file ? file : "",
                        reason ? reason : "unknown reason");
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl, (void)arg;
    unsigned char *chosen;
    int r =
        SSL_select_next_proto(&chosen, out_len, alpn_http11, sizeof alpn_http11 - 1, in, in_len);
    *out = chosen;
    return r == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int load_certificate(SSL_CTX *ctx, const struct lx_tls_options *o, struct lx_error *err)
{
    if (!o->cert_file)
        return 0;
    const char *key = o->key_file ? o->key_file : o->cert_file;
    if (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) != 1)
        return fail(err, "cannot use the certificate in", o->cert_file);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return fail(err, "cannot use the private key in", key);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return fail(err, "the private key does not belong to the certificate in", o->cert_file);
    return 0;
}

static int load_authorities(SSL_CTX *ctx, const struct lx_tls_options *o, struct lx_error *err)
{
    if (!o->ca_file)
        return SSL_CTX_set_default_verify_paths(ctx) == 1
                   ? 0
                   : fail(err, "cannot read the system's certificate authorities", NULL);
    if (SSL_CTX_load_verify_file(ctx, o->ca_file) != 1)
        return fail(err, "cannot read certificate authorities from", o->ca_file);
    return 0;
}

static int set_up_client(struct lx_tls_context *t, const struct lx_tls_options *o,
                         struct lx_error *err)
{
    t->verify = !o->no_verify;
    if (t->verify) {
        int code = load_authorities(t->ctx, o, err);
        if (code != 0)
            return code;
        SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, lx_tls_link_verified);
    }
    SSL_CTX_set_alpn_protos(t->ctx, alpn_http11, sizeof alpn_http11 - 1);
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(t->ctx, lx_tls_link_new_session);
    return load_certificate(t->ctx, o, err);
}

static int set_up_server(struct lx_tls_context *t, const struct lx_tls_options *o,
                         struct lx_error *err)
{
    if (!o->cert_file)
        return lx_error_set(err, LX_ETLS, "a TLS server needs a certificate");
    SSL_CTX_set_alpn_select_cb(t->ctx, select_alpn, NULL);
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF); /* tickets hold the sessions */
    SSL_CTX_set_session_id_context(t->ctx, (const unsigned char *)"llmux", 5);
    SSL_CTX_set_options(t->ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    t->verify = o->ca_file != NULL;
    if (t->verify) {
        int code = load_authorities(t->ctx, o, err);
        if (code != 0)
            return code;
        SSL_CTX_set_client_CA_list(t->ctx, SSL_load_client_CA_file(o->ca_file));
        SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           lx_tls_link_verified);
    }
    return load_certificate(t->ctx, o, err);
}

static struct lx_tls_context *context_new(const struct lx_tls_options *o, bool client,
                                          struct lx_error *err)
{
    struct lx_tls_context *t = calloc(1, sizeof *t);
    if (!t) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    atomic_init(&t->refs, 1);
    pthread_mutex_init(&t->lock, NULL);
    t->client = client;
    ERR_clear_error();
    t->ctx = SSL_CTX_new(client ? TLS_client_method() : TLS_server_method());
    int code;
    if (!t->ctx) {
        code = fail(err, "cannot set up TLS", NULL);
    } else {
        SSL_CTX_set_min_proto_version(t->ctx,
                                      o->min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION);
        SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_mode(t->ctx, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_read_ahead(t->ctx, 1); /* one recv for a record's head and body */
        code = client ? set_up_client(t, o, err) : set_up_server(t, o, err);
    }
    if (code == 0)
        return t;
    lx_tls_context_free(t);
    return NULL;
}

struct lx_tls_context *lx_tls_client_new(const struct lx_tls_options *o, struct lx_error *err)
{
    return context_new(o, true, err);
}

struct lx_tls_context *lx_tls_server_new(const struct lx_tls_options *o, struct lx_error *err)
{
    return context_new(o, false, err);
}

struct lx_tls_context *lx_tls_context_ref(struct lx_tls_context *t)
{
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void lx_tls_context_free(struct lx_tls_context *t)
{
    if (!t || atomic_fetch_sub(&t->refs, 1) != 1)
        return;
    for (size_t i = 0; i < SESSION_SLOTS; i++) {
        SSL_SESSION_free(t->sessions[i].session);
        free(t->sessions[i].name);
    }
    SSL_CTX_free(t->ctx);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
