/*
 * tls_link.c - TLS on one descriptor: handshake, records, and errors that a person can act on.
 *
 * Driven by stream.c alone. Under OpenSSL lies a BIO of ours: writes go to a buffer that is sent in
 * one call (and so a half-sent record is never OpenSSL's to retry), with MSG_NOSIGNAL, which
 * OpenSSL's own socket BIO does not set; reads stop asking the kernel after a short answer.
 */
#include "io/tls_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "io/tls_context.h"

enum {
    OUT_FULL = 65536, /* encrypted bytes that may wait before a write has to */
    NAME_MAX_BYTES = 253,
};

struct lx_tls_link {
    SSL *ssl;
    struct lx_tls_context *context;
    struct lx_buf out; /* encrypted */
    size_t out_sent;
    int fd;
    int failed_errno; /* of the last recv or send; 0: none */
    bool drained;     /* the last recv was short: ask no more until the next edge */
    bool to_the_end;
    bool eof;
    bool open;
    char verify_text[128]; /* why the peer's certificate was refused */
    char name[];
};

/* ---- The BIO -------------------------------------------------------------------------------- */

static int bio_read(BIO *b, char *p, int n)
{
    struct lx_tls_link *l = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (l->drained) {
        BIO_set_retry_read(b);
        return -1;
    }
    ssize_t got;
    do
        got = recv(l->fd, p, (size_t)n, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) {
        BIO_set_retry_read(b);
        return -1;
    }
    if (got < 0)
        l->failed_errno = errno;
    if (got == 0)
        l->eof = true;
    if (got > 0 && got < n && !l->to_the_end)
        l->drained = true;
    return (int)got;
}

static int bio_write(BIO *b, const char *p, int n)
{
    struct lx_tls_link *l = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    lx_buf_add(&l->out, lx_slice(p, (size_t)n));
    return l->out.failed ? -1 : n;
}

static long bio_control(BIO *b, int command, long number, void *p)
{
    struct lx_tls_link *l = BIO_get_data(b);
    (void)number, (void)p;
    if (command == BIO_CTRL_EOF)
        return l->eof;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;
static pthread_once_t bio_once = PTHREAD_ONCE_INIT;

static void make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "llmux socket");
    if (!bio_method)
        return;
    BIO_meth_set_read(bio_method, bio_read);
    BIO_meth_set_write(bio_method, bio_write);
    BIO_meth_set_ctrl(bio_method, bio_control);
}

/* ---- Making --------------------------------------------------------------------------------- */

/* Whom we want to meet: as SNI (never an address, RFC 6066 section 3) and in the certificate. */
static bool set_peer(struct lx_tls_link *l)
{
    struct in6_addr address;
    bool literal =
        inet_pton(AF_INET, l->name, &address) == 1 || inet_pton(AF_INET6, l->name, &address) == 1;
    if (!literal && SSL_set_tlsext_host_name(l->ssl, l->name) != 1)
        return false;
    if (lx_tls_context_verifies(l->context)) {
        if (literal)
            return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(l->ssl), l->name) == 1;
        SSL_set_hostflags(l->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        return SSL_set1_host(l->ssl, l->name) == 1;
    }
    return true;
}

static bool set_up(struct lx_tls_link *l)
{
    pthread_once(&bio_once, make_bio_method);
    l->ssl = SSL_new(lx_tls_context_ssl(l->context));
    BIO *bio = l->ssl && bio_method ? BIO_new(bio_method) : NULL;
    if (!bio)
        return false;
    BIO_set_data(bio, l);
    BIO_set_init(bio, 1);
    SSL_set_bio(l->ssl, bio, bio);
    SSL_set_app_data(l->ssl, l);
    if (!lx_tls_context_is_client(l->context)) {
        SSL_set_accept_state(l->ssl);
        return true;
    }
    SSL_set_connect_state(l->ssl);
    SSL_SESSION *session = lx_tls_context_take_session(l->context, l->name);
    if (session) {
        SSL_set_session(l->ssl, session);
        SSL_SESSION_free(session);
    }
    return set_peer(l);
}

struct lx_tls_link *lx_tls_link_new(struct lx_tls_context *context, int fd,
                                    struct lx_slice peer_name, struct lx_error *err)
{
    if (peer_name.n && peer_name.p[peer_name.n - 1] == '.')
        peer_name.n--; /* the root's dot is no part of a certificate's name */
    if (peer_name.n > NAME_MAX_BYTES || (peer_name.n && memchr(peer_name.p, 0, peer_name.n))) {
        lx_error_set(err, LX_ETLS, "not a host name that TLS could verify");
        return NULL;
    }
    struct lx_tls_link *l = calloc(1, sizeof *l + peer_name.n + 1);
    if (!l) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    if (peer_name.n)
        memcpy(l->name, peer_name.p, peer_name.n);
    l->fd = fd;
    l->context = lx_tls_context_ref(context);
    lx_buf_init(&l->out, (size_t)OUT_FULL * 4); /* writes stop at OUT_FULL; handshakes are small */
    ERR_clear_error();
    if (!set_up(l)) {
        lx_error_set(err, LX_ETLS, "cannot set up TLS for %s", l->name);
        lx_tls_link_free(l);
        return NULL;
    }
    return l;
}

void lx_tls_link_free(struct lx_tls_link *l)
{
    if (!l)
        return;
    if (l->ssl && l->open) /* else OpenSSL forgets the session when it was not shut down */
        SSL_set_shutdown(l->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(l->ssl);
    lx_tls_context_free(l->context);
    lx_buf_clear(&l->out);
    free(l);
}

/* ---- Certificates and sessions -------------------------------------------------------------- */

/* Appends a name that the peer made up: only what is harmless in a log. */
static void add_name(struct lx_tls_link *l, const unsigned char *name, int n)
{
    size_t at = strlen(l->verify_text);
    for (int i = 0; i < n && at + 1 < sizeof l->verify_text; i++)
        l->verify_text[at++] = (char)(name[i] > ' ' && name[i] < 127 ? name[i] : '?');
    l->verify_text[at] = 0;
}

static void add_text(struct lx_tls_link *l, const char *text)
{
    size_t at = strlen(l->verify_text);
    snprintf(l->verify_text + at, sizeof l->verify_text - at, "%s", text);
}

static void describe_mismatch(struct lx_tls_link *l, X509 *cert)
{
    add_text(l, "certificate is for ");
    int named = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && named < 2; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        if (named++)
            add_text(l, ", ");
        add_name(l, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    if (!named) {
        X509_NAME *subject = X509_get_subject_name(cert);
        int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
        const ASN1_STRING *cn =
            at >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)) : NULL;
        if (cn)
            add_name(l, ASN1_STRING_get0_data(cn), ASN1_STRING_length(cn));
        else
            add_text(l, "nobody");
    }
    add_text(l, ", not for ");
    add_text(l, l->name);
}

int lx_tls_link_verified(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct lx_tls_link *l = ssl ? SSL_get_app_data(ssl) : NULL;
    if (ok || !l || l->verify_text[0])
        return ok;
    int number = X509_STORE_CTX_get_error(store);
    X509 *cert = X509_STORE_CTX_get_current_cert(store);
    if ((number == X509_V_ERR_HOSTNAME_MISMATCH || number == X509_V_ERR_IP_ADDRESS_MISMATCH) &&
        cert)
        describe_mismatch(l, cert);
    else
        add_text(l, X509_verify_cert_error_string(number));
    return 0;
}

int lx_tls_link_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct lx_tls_link *l = SSL_get_app_data(ssl);
    lx_tls_context_put_session(l->context, l->name, session);
    return 1; /* the reference is ours now */
}

/* ---- Moving bytes --------------------------------------------------------------------------- */

void lx_tls_link_readable(struct lx_tls_link *l, bool to_the_end)
{
    l->drained = false;
    l->to_the_end = to_the_end;
}

size_t lx_tls_link_pending(const struct lx_tls_link *l)
{
    return l->out.n - l->out_sent;
}

int lx_tls_link_flush(struct lx_tls_link *l)
{
    while (l->out_sent < l->out.n) {
        size_t left = l->out.n - l->out_sent;
        ssize_t sent = send(l->fd, l->out.p + l->out_sent, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return LX_IO_LATER;
        if (sent < 0) {
            l->failed_errno = errno;
            return LX_ECLOSED;
        }
        l->out_sent += (size_t)sent;
        if ((size_t)sent < left)
            return LX_IO_LATER;
    }
    l->out_sent = 0;
    lx_buf_clear(&l->out); /* thousands of streams wait with nothing to send */
    return LX_IO_MOVED;
}

/* What a failed call of OpenSSL means: LATER, END, or an error with its text. */
static int step_of(struct lx_tls_link *l, int result, const char *during, struct lx_error *err)
{
    int kind = SSL_get_error(l->ssl, result);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
        return LX_IO_LATER;
    if (kind == SSL_ERROR_ZERO_RETURN)
        return LX_IO_END;
    lx_tls_link_flush(l); /* the alert, so that the peer knows too */
    if (l->verify_text[0])
        return lx_error_set(err, LX_ETLS, "%s: %s", during, l->verify_text);
    unsigned long number = ERR_peek_error();
    const char *reason = number ? ERR_reason_error_string(number) : NULL;
    if (l->out.failed)
        return lx_error_set(err, LX_ENOMEM, "%s: out of memory", during);
    if (l->failed_errno) {
        char text[96];
        return lx_error_set(err, LX_ECLOSED, "%s: %s", during,
                            strerror_r(l->failed_errno, text, sizeof text));
    }
    if (l->eof)
        return lx_error_set(err, LX_ECLOSED, "%s: closed by the peer without a goodbye", during);
    return lx_error_set(err, LX_ETLS, "%s: %s", during, reason ? reason : "unknown reason");
}

int lx_tls_link_handshake(struct lx_tls_link *l, struct lx_error *err)
{
    ERR_clear_error();
    int r = SSL_do_handshake(l->ssl);
    int step = r == 1 ? LX_IO_MOVED : step_of(l, r, "TLS handshake", err);
    if (step == LX_IO_END)
        return lx_error_set(err, LX_ECLOSED, "TLS handshake: closed by the peer");
    if (step >= 0 && lx_tls_link_flush(l) < 0)
        return lx_error_set(err, LX_ECLOSED, "TLS handshake: closed by the peer");
    l->open = step == LX_IO_MOVED;
    return step;
}

int lx_tls_link_read(struct lx_tls_link *l, char *p, size_t n, size_t *got, struct lx_error *err)
{
    ERR_clear_error();
    int r = SSL_read_ex(l->ssl, p, n, got);
    if (r == 1)
        return LX_IO_MOVED;
    int step = step_of(l, r, "TLS", err);
    if (step >= 0 && lx_tls_link_pending(l))
        lx_tls_link_flush(l); /* the answer to a key update; a failure shows with the next read */
    if (step < 0)
        l->open = false;
    return step;
}

int lx_tls_link_write(struct lx_tls_link *l, const char *p, size_t n, size_t *took)
{
    if (lx_tls_link_pending(l) >= OUT_FULL) {
        int step = lx_tls_link_flush(l);
        if (step != LX_IO_MOVED)
            return step;
    }
    ERR_clear_error();
    int r = SSL_write_ex(l->ssl, p, n < LX_TLS_RECORD_BYTES ? n : LX_TLS_RECORD_BYTES, took);
    return r == 1 ? LX_IO_MOVED : LX_ECLOSED;
}

void lx_tls_link_end(struct lx_tls_link *l)
{
    ERR_clear_error();
    SSL_shutdown(l->ssl);
}
