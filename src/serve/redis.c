/*
 * redis.c - see redis.h.
 */
#include "serve/redis.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CONNECT_MS = 500,
    ANSWER_MS = 500, /* of each read and write */
    PIECE = 16384,
};

struct lx_redis {
    const struct lx_config_redis *settings;
    redisContext *context;
    SSL_CTX *tls; /* NULL: plain */
    SSL *ssl;
};

static int broken(const struct lx_redis *r, struct lx_error *err, const char *what)
{
    return lx_error_set(err, LX_EIO, "Redis at %.*s:%d: %s", LX_F(r->settings->host),
                        (int)r->settings->port, what);
}

/* ---- TLS --------------------------------------------------------------------------------------
 */

/* Why TLS failed, and nothing of it left for the next one. */
static int broken_tls(const struct lx_redis *r, struct lx_error *err, const char *what)
{
    char text[320];
    unsigned long code = ERR_get_error();
    long verdict = r->ssl ? SSL_get_verify_result(r->ssl) : X509_V_OK;
    const char *why = verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
                      : code               ? ERR_reason_error_string(code)
                                           : "no answer in time";
    ERR_clear_error();
    snprintf(text, sizeof(text), "%s: %s", what, why ? why : "unknown reason");
    return broken(r, err, text);
}

static int load_files(struct lx_redis *r, struct lx_error *err)
{
    const struct lx_config_redis *s = r->settings;
    if (s->ca_file ? SSL_CTX_load_verify_locations(r->tls, s->ca_file, NULL) != 1
                   : SSL_CTX_set_default_verify_paths(r->tls) != 1)
        return broken_tls(r, err, "the authorities cannot be read");
    if (s->cert_file && SSL_CTX_use_certificate_chain_file(r->tls, s->cert_file) != 1)
        return broken_tls(r, err, "the client's certificate cannot be read");
    if (s->cert_file &&
        SSL_CTX_use_PrivateKey_file(r->tls, s->key_file ? s->key_file : s->cert_file,
                                    SSL_FILETYPE_PEM) != 1)
        return broken_tls(r, err, "the client's key cannot be read");
    return 0;
}

/* Whose certificate it must be: a name, or an address. */
static bool expect_host(SSL *ssl, const char *host, bool checks)
{
    X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1) {
        if (!checks)
            return X509_VERIFY_PARAM_set1_ip(p, NULL, 0) == 1;
        return true;
    }
    ERR_clear_error();
    return SSL_set_tlsext_host_name(ssl, host) == 1 && (!checks || SSL_set1_host(ssl, host) == 1);
}

static int start_tls(struct lx_redis *r, const char *host, struct lx_error *err)
{
    const struct lx_config_redis *s = r->settings;
    r->tls = SSL_CTX_new(TLS_client_method());
    if (!r->tls || SSL_CTX_set_min_proto_version(r->tls, TLS1_2_VERSION) != 1)
        return broken_tls(r, err, "TLS cannot be begun");
    SSL_CTX_set_verify(r->tls, s->no_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    int code = load_files(r, err);
    if (code != 0)
        return code;
    r->ssl = SSL_new(r->tls);
    if (!r->ssl || !expect_host(r->ssl, host, !s->no_verify && !s->any_host) ||
        SSL_set_fd(r->ssl, r->context->fd) != 1)
        return broken_tls(r, err, "TLS cannot be begun");
    return SSL_connect(r->ssl) == 1 ? 0 : broken_tls(r, err, "TLS");
}

static redisReply *ask_tls(struct lx_redis *r, int argc, const char **argv, const size_t *lengths,
                           struct lx_error *err)
{
    char piece[PIECE];
    char *command = NULL;
    void *reply = NULL;
    int n = redisFormatCommandArgv(&command, argc, argv, lengths);
    bool sent = n > 0 && SSL_write(r->ssl, command, n) == n;
    free(command);
    if (n <= 0)
        lx_error_set(err, LX_ENOMEM, "out of memory");
    else if (!sent)
        broken_tls(r, err, "nothing can be sent");
    while (sent && !reply) {
        n = SSL_read(r->ssl, piece, sizeof(piece));
        if (n <= 0) {
            broken_tls(r, err, "no answer");
            return NULL;
        }
        if (redisReaderFeed(r->context->reader, piece, (size_t)n) != REDIS_OK ||
            redisReaderGetReply(r->context->reader, &reply) != REDIS_OK) {
            broken(r, err, "an answer that cannot be read");
            return NULL;
        }
    }
    return reply;
}

/* ---- Asking -----------------------------------------------------------------------------------
 */

redisReply *lx_redis_ask(struct lx_redis *r, int argc, const char **argv, const size_t *lengths,
                         struct lx_error *err)
{
    redisReply *reply = r->ssl ? ask_tls(r, argc, argv, lengths, err)
                               : redisCommandArgv(r->context, argc, argv, lengths);
    if (reply && reply->type != REDIS_REPLY_ERROR)
        return reply;
    if (reply)
        broken(r, err, reply->str);
    else if (!r->ssl)
        broken(r, err, r->context->errstr[0] ? r->context->errstr : "no answer");
    if (reply)
        freeReplyObject(reply);
    return NULL;
}

static int tell(struct lx_redis *r, int argc, const char **argv, const size_t *lengths,
                struct lx_error *err)
{
    redisReply *reply = lx_redis_ask(r, argc, argv, lengths, err);
    if (reply)
        freeReplyObject(reply);
    return reply ? 0 : LX_EIO;
}

/* ---- Opening ----------------------------------------------------------------------------------
 */

static int log_in(struct lx_redis *r, struct lx_error *err)
{
    struct lx_slice password = lx_secret_bytes(&r->settings->password), user = r->settings->user;
    const char *argv[3] = {"AUTH", user.p, password.p};
    size_t lengths[3] = {4, user.n, password.n};
    if (!password.n)
        return 0;
    if (user.n)
        return tell(r, 3, argv, lengths, err);
    argv[1] = password.p;
    lengths[1] = password.n;
    return tell(r, 2, argv, lengths, err);
}

static int choose_db(struct lx_redis *r, struct lx_error *err)
{
    char number[24];
    const char *argv[2] = {"SELECT", number};
    long long db = (long long)r->settings->db;
    size_t lengths[2] = {6, (size_t)snprintf(number, sizeof(number), "%lld", db)};
    return db ? tell(r, 2, argv, lengths, err) : 0;
}

static int dial(struct lx_redis *r, struct lx_error *err)
{
    const struct timeval connect = {.tv_usec = CONNECT_MS * 1000};
    const struct timeval answer = {.tv_usec = ANSWER_MS * 1000};
    char host[256];
    snprintf(host, sizeof(host), "%.*s", LX_F(r->settings->host));
    r->context = redisConnectWithTimeout(host, (int)r->settings->port, connect);
    if (!r->context)
        return lx_error_set(err, LX_ENOMEM, "out of memory");
    if (r->context->err || redisSetTimeout(r->context, answer) != REDIS_OK)
        return broken(r, err,
                      r->context->errstr[0] ? r->context->errstr : "no deadline can be set");
    int code = r->settings->ssl ? start_tls(r, host, err) : 0;
    if (code == 0)
        code = log_in(r, err);
    return code == 0 ? choose_db(r, err) : code;
}

struct lx_redis *lx_redis_open(const struct lx_config_redis *settings, struct lx_error *err)
{
    struct lx_redis *r = calloc(1, sizeof(*r));
    if (!r) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    r->settings = settings;
    if (dial(r, err) == 0)
        return r;
    lx_redis_close(r);
    return NULL;
}

void lx_redis_close(struct lx_redis *r)
{
    if (!r)
        return;
    SSL_free(r->ssl);
    SSL_CTX_free(r->tls);
    if (r->context)
        redisFree(r->context);
    free(r);
}
