/*
 * tls_test.c - what TLS refuses and how it says so; resumption, client certificates, odd peers.
 */
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs.h"
#include "pair.h"

static struct certs certs;

static struct lx_tls_context *client_with(struct lx_tls_options o)
{
    struct lx_error err = {0};
    struct lx_tls_context *t = lx_tls_client_new(&o, &err);
    if (!t)
        fail_msg("%s", err.text);
    return t;
}

static struct lx_tls_context *server_with(struct lx_tls_options o)
{
    struct lx_error err = {0};
    struct lx_tls_context *t = lx_tls_server_new(&o, &err);
    if (!t)
        fail_msg("%s", err.text);
    return t;
}

/* Connects and expects the client to refuse, saying `text`; NULL: expects it to work. */
static void attempt(struct lx_tls_options client, struct lx_tls_options server, const char *name,
                    const char *text)
{
    struct lx_tls_context *c = client_with(client), *s = server_with(server);
    struct pair p = {0};
    int before = count_descriptors();
    pair_open(&p, c, s, name);
    if (text) {
        wait_for(&p, &p.client.failed);
        assert_int_equal(LX_ETLS, p.client.failed);
        if (!strstr(p.client.error, text))
            fail_msg("\"%s\" is not in \"%s\"", text, p.client.error);
        assert_int_equal(0, p.client.opened);
        wait_for(&p, &p.server.failed);
    } else {
        wait_for(&p, &p.client.opened);
        lx_stream_write_slice(p.client.s, LX_S("x"));
        wait_bytes(&p, &p.server, 1);
        assert_int_equal(1, p.server.opened);
    }
    pair_close(&p);
    lx_tls_context_free(c);
    lx_tls_context_free(s);
    assert_int_equal(before, count_descriptors());
}

static void names_and_addresses(void **state)
{
    (void)state;
    struct lx_tls_options ca = {.ca_file = certs.ca}, good = {.cert_file = certs.good};
    attempt(ca, good, "good.example", NULL);
    attempt(ca, good, "GOOD.example.", NULL); /* case and the root's dot do not matter */
    attempt(ca, good, "127.0.0.1", NULL);
    attempt(ca, good, "bad.example",
            "certificate is for good.example, localhost, not for bad.example");
    attempt(ca, good, "127.0.0.2", "not for 127.0.0.2");
    attempt(ca, (struct lx_tls_options){.cert_file = certs.other_host}, "good.example",
            "certificate is for other.example, not for good.example");
}

static void who_is_not_trusted(void **state)
{
    (void)state;
    struct lx_tls_options ca = {.ca_file = certs.ca};
    attempt(ca, (struct lx_tls_options){.cert_file = certs.expired}, "good.example",
            "certificate has expired");
    attempt(ca, (struct lx_tls_options){.cert_file = certs.stranger}, "good.example",
            "unable to get local issuer certificate");
    attempt((struct lx_tls_options){0}, (struct lx_tls_options){.cert_file = certs.good},
            "good.example", "unable to get local issuer certificate");
    attempt((struct lx_tls_options){.no_verify = true},
            (struct lx_tls_options){.cert_file = certs.expired}, "bad.example", NULL);
}

static void client_certificates(void **state)
{
    (void)state;
    struct lx_tls_options server = {.cert_file = certs.good, .ca_file = certs.ca};
    attempt((struct lx_tls_options){.ca_file = certs.ca, .cert_file = certs.client}, server,
            "good.example", NULL);
    /* Without one, TLS 1.3 tells the client after its handshake is over. */
    struct lx_tls_context *c = client_with((struct lx_tls_options){.ca_file = certs.ca}),
                          *s = server_with(server);
    struct pair p = {0};
    pair_open(&p, c, s, "good.example");
    wait_for(&p, &p.server.failed);
    assert_int_equal(LX_ETLS, p.server.failed);
    wait_for(&p, &p.client.failed);
    assert_int_equal(LX_ETLS, p.client.failed);
    assert_non_null(strstr(p.client.error, "certificate required"));
    assert_int_equal(0, p.server.opened);
    pair_close(&p);
    lx_tls_context_free(c);
    lx_tls_context_free(s);
}

static void versions(void **state)
{
    (void)state;
    struct lx_tls_options new_only = {.ca_file = certs.ca, .min_version = 13};
    attempt(new_only, (struct lx_tls_options){.cert_file = certs.good}, "good.example", NULL);
}

static void wrong_files(void **state)
{
    (void)state;
    struct lx_error err;
    struct lx_tls_options no_file = {.ca_file = "/nonexistent/ca.pem"},
                          no_pem = {.ca_file = "/dev/null"},
                          mixed = {.cert_file = certs.good, .key_file = certs.client},
                          nothing = {0};
    assert_null(lx_tls_client_new(&no_file, &err));
    assert_non_null(strstr(err.text, "/nonexistent/ca.pem"));
    assert_non_null(strstr(err.text, "No such file"));
    assert_null(lx_tls_client_new(&no_pem, &err));
    assert_null(lx_tls_server_new(&mixed, &err));
    assert_non_null(strstr(err.text, "key"));
    assert_null(lx_tls_server_new(&nothing, &err));
    assert_int_equal(LX_ETLS, err.code);
}

/* ---- Resumption, seen by OpenSSL itself ------------------------------------------------------ */

struct plain_server {
    int fd, port, rounds;
    int version; /* the only one it speaks */
    int resumed;
};

/* Serves connections one after the other; counts those that resume a session. */
static void *serve_tls(void *arg)
{
    struct plain_server *s = arg;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(ctx, certs.good, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(ctx, certs.good, SSL_FILETYPE_PEM);
    SSL_CTX_set_min_proto_version(ctx, s->version);
    SSL_CTX_set_max_proto_version(ctx, s->version);
    for (int i = 0; i < s->rounds; i++) {
        int fd = accept(s->fd, NULL, NULL);
        SSL *ssl = SSL_new(ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
            char byte;
            s->resumed += SSL_session_reused(ssl);
            SSL_write(ssl, "x", 1);
            SSL_read(ssl, &byte, 1);
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
        close(fd);
    }
    SSL_CTX_free(ctx);
    return NULL;
}

static void resumes(int version)
{
    struct plain_server s = {.rounds = 4, .version = version};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    s.fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(s.fd, (struct sockaddr *)&a, n);
    listen(s.fd, 8);
    getsockname(s.fd, (struct sockaddr *)&a, &n);
    pthread_t thread;
    pthread_create(&thread, NULL, serve_tls, &s);
    struct lx_tls_context *c = client_with((struct lx_tls_options){.ca_file = certs.ca});
    struct pair p = {.loop = lx_loop_new()};
    /* The third meets the same server under another name: nothing to resume. */
    const char *names[] = {"good.example", "good.example", "localhost", "good.example"};
    for (int i = 0; i < 4; i++) {
        p.client = (struct end){0};
        lx_buf_init(&p.client.in, 100);
        p.client.s = lx_stream_connect(p.loop, (struct sockaddr *)&a, sizeof a, c,
                                       lx_slice_z(names[i]), &end_events, &p.client);
        wait_bytes(&p, &p.client, 1);
        lx_stream_write_slice(p.client.s, LX_S("y"));
        wait_for(&p, &p.client.ended);
        end_close(&p.client);
        lx_buf_clear(&p.client.in);
    }
    pthread_join(thread, NULL);
    assert_int_equal(2, s.resumed);
    lx_tls_context_free(c);
    lx_loop_free(p.loop);
    close(s.fd);
}

static void sessions_are_resumed(void **state)
{
    (void)state;
    resumes(TLS1_3_VERSION);
    resumes(TLS1_2_VERSION);
}

/* ---- Peers that do not speak TLS ------------------------------------------------------------- */

static void a_client_that_speaks_plain(void **state)
{
    (void)state;
    struct lx_tls_context *s = server_with((struct lx_tls_options){.cert_file = certs.good});
    struct pair p = {0};
    pair_open(&p, NULL, s, "");
    lx_stream_write_slice(p.client.s, LX_S("GET / HTTP/1.1\r\n\r\n"));
    wait_for(&p, &p.server.failed);
    assert_int_equal(LX_ETLS, p.server.failed);
    assert_non_null(strstr(p.server.error, "http request"));
    pair_close(&p);
    lx_tls_context_free(s);
}

static void a_server_that_speaks_plain(void **state)
{
    (void)state;
    struct lx_tls_context *c = client_with((struct lx_tls_options){.ca_file = certs.ca});
    struct pair p = {.server.echo = true}; /* gets its own hello back */
    pair_open(&p, c, NULL, "good.example");
    wait_for(&p, &p.client.failed);
    assert_int_equal(LX_ETLS, p.client.failed);
    pair_close(&p);
    p = (struct pair){.server.close_on = 'd'};
    pair_open(&p, c, NULL, "good.example");
    wait_for(&p, &p.client.failed);
    assert_int_equal(LX_ECLOSED, p.client.failed);
    pair_close(&p);
    lx_tls_context_free(c);
}

static void a_client_that_says_nothing_or_leaves(void **state)
{
    (void)state;
    struct lx_tls_context *s = server_with((struct lx_tls_options){.cert_file = certs.good});
    struct pair p = {0};
    pair_open(&p, NULL, s, "");
    wait_for(&p, &p.accepted);
    run_for(&p, 5);
    assert_int_equal(0, p.server.failed + p.server.opened);
    end_close(&p.client);
    wait_for(&p, &p.server.failed);
    assert_int_equal(LX_ECLOSED, p.server.failed);
    pair_close(&p);
    lx_tls_context_free(s);
}

/* Plain first, then TLS on the same stream, as after a proxy's CONNECT. */
static void tls_on_an_open_stream(void **state)
{
    (void)state;
    struct lx_tls_context *c = client_with((struct lx_tls_options){.ca_file = certs.ca}),
                          *s = server_with((struct lx_tls_options){.cert_file = certs.good});
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    assert_int_equal(0, lx_stream_start_tls(p.client.s, c, LX_S("good.example")));
    assert_int_equal(1, p.client.opened);
    wait_for(&p, &p.server.datas); /* the hello */
    assert_int_equal(0x16, p.server.in.p[0]);
    pair_close(&p);
    lx_tls_context_free(c);
    lx_tls_context_free(s);
}

static int before_all(void **state)
{
    (void)state;
    certs_make(&certs);
    return 0;
}

static int after_all(void **state)
{
    (void)state;
    certs_remove(&certs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_addresses),
        cmocka_unit_test(who_is_not_trusted),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(versions),
        cmocka_unit_test(wrong_files),
        cmocka_unit_test(sessions_are_resumed),
        cmocka_unit_test(a_client_that_speaks_plain),
        cmocka_unit_test(a_server_that_speaks_plain),
        cmocka_unit_test(a_client_that_says_nothing_or_leaves),
        cmocka_unit_test(tls_on_an_open_stream),
    };
    return cmocka_run_group_tests(tests, before_all, after_all);
}
