/*
 * reach_test.c - how the client reaches an origin: names, happy eyeballs, TLS, proxies.
 */
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../io/certs.h"
#include "../io/names.h"
#include "peer.h"

#define OK "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

static const struct name list[] = {
    {"dual.test", "127.0.0.1", "::1", 300},
    {"good.example", "127.0.0.1", NULL, 300},
    {"bad.example", "127.0.0.1", NULL, 300},
    {0},
};

static struct names names;
static struct certs certs;
static char seen[65536];
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

/* Each connection has a thread, and the last request of any is kept. */
static void remember(const char *request)
{
    pthread_mutex_lock(&seen_lock);
    strcpy(seen, request);
    pthread_mutex_unlock(&seen_lock);
}

/* Where that text is in it, or NULL. */
static const char *find_seen(const char *text)
{
    pthread_mutex_lock(&seen_lock);
    const char *found = strstr(seen, text);
    pthread_mutex_unlock(&seen_lock);
    return found;
}

static void answer_all(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    while (peer_read_request(p, fd, request, sizeof request)) {
        remember(request);
        peer_send(fd, OK);
    }
}

static int with_names(void **state)
{
    int before = count_descriptors();
    names_start(&names, list);
    net_options.dns_servers = names.servers;
    int r = set_up(state);
    descriptors_before = before;
    return r;
}

static int without_names(void **state)
{
    lx_net_free(net);
    net = NULL;
    lx_loop_turn(loop, 0);
    names_stop(&names);
    return tear_down(state);
}

static void call_url(struct call *c, const char *url)
{
    struct lx_net_request r = {.method = LX_S("GET"), .url = lx_slice_z(url)};
    r.connect_ms = 3000;
    *c = (struct call){0};
    call_start(c, &r);
    call_wait(c);
    call_clear(c);
}

static void stop(struct peer *p)
{
    lx_net_free(net);
    net = NULL;
    peer_stop(p);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void no_such_name(void **state)
{
    (void)state;
    struct call c = {0};
    int64_t before = lx_clock_mono_ms();
    call_url(&c, "http://nosuch.invalid/");
    assert_int_equal(LX_EDNS, c.failed);
    assert_non_null(strstr(c.error, "nosuch.invalid"));
    assert_true(lx_clock_mono_ms() - before < 500);
}

static void no_server_answers(void **state)
{
    (void)state;
    names.silent = true;
    struct lx_net_request r = {
        .method = LX_S("GET"), .url = LX_S("http://dual.test/"), .connect_ms = 100};
    struct call c = {0};
    call_start(&c, &r);
    call_wait(&c);
    assert_int_equal(LX_ETIMEOUT_CONNECT, c.failed);
}

static void the_other_family_when_one_refuses(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all); /* on 127.0.0.1 only: ::1 refuses */
    char url[64];
    snprintf(url, sizeof url, "http://dual.test:%d/", p.port);
    struct call c = {0};
    call_url(&c, url);
    assert_true(c.ended);
    assert_true(c.times.connected_ms - c.times.started_ms < 200); /* no stagger after a refusal */
    char host[64];
    snprintf(host, sizeof host, "\r\nhost: dual.test:%d\r\n", p.port);
    assert_non_null(find_seen(host));
    stop(&p);
}

/* A listener on ::1 that answers no handshake, at the port where 127.0.0.1 is served. */
static void the_other_family_when_one_is_silent(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                             .sin6_port = htons((uint16_t)p.port)};
    int full = socket(AF_INET6, SOCK_STREAM, 0), fillers[3];
    if (full < 0 || bind(full, (struct sockaddr *)&a, sizeof a) != 0) {
        close(full); /* no IPv6 here */
        stop(&p);
        print_message("skipped: no IPv6 here\n");
        skip();
    }
    listen(full, 0);
    for (int i = 0; i < 3; i++) {
        fillers[i] = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&a, sizeof a);
    }
    char url[64];
    snprintf(url, sizeof url, "http://dual.test:%d/", p.port);
    struct call c = {0};
    call_url(&c, url);
    assert_true(c.ended);
    int64_t took = c.times.connected_ms - c.times.started_ms;
    assert_true(took < 1000);
    assert_true(took >= 249 || took < 50); /* the stagger, unless IPv4 came first */
    for (int i = 0; i < 3; i++)
        close(fillers[i]);
    close(full);
    stop(&p);
}

static void both_refuse(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    peer_stop(&p);
    char url[64];
    snprintf(url, sizeof url, "http://dual.test:%d/", p.port);
    struct call c = {0};
    call_url(&c, url);
    assert_int_equal(LX_ECONNECT, c.failed);
    assert_non_null(strstr(c.error, "refused"));
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static atomic_int resumed;
static SSL_CTX *server_ctx; /* of the scripts */

static void serve_with(const char *certificate)
{
    SSL_CTX_free(server_ctx);
    server_ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(server_ctx, certificate, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(server_ctx, certificate, SSL_FILETYPE_PEM);
    SSL_CTX_set_session_id_context(server_ctx, (const unsigned char *)"t", 1);
}

/* One exchange or more over TLS; "/cut" ends without close_notify. */
static void answer_tls(struct peer *p, int fd, int number)
{
    char request[4096];
    (void)number;
    SSL *ssl = SSL_new(server_ctx);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        resumed += SSL_session_reused(ssl);
        int n;
        while ((n = SSL_read(ssl, request, sizeof request - 1)) > 0) {
            request[n] = 0;
            p->requests++;
            remember(request);
            if (strstr(request, "/cut") || strstr(request, "/whole")) {
                SSL_write(ssl, "HTTP/1.1 200 OK\r\n\r\nhel", 22);
                if (strstr(request, "/whole"))
                    SSL_shutdown(ssl);
                break;
            }
            SSL_write(ssl, OK, sizeof OK - 1);
            if (strstr(request, "/last")) {
                SSL_shutdown(ssl);
                break;
            }
        }
    }
    SSL_free(ssl);
}

static int with_tls(void **state)
{
    certs_make(&certs);
    serve_with(certs.good);
    resumed = 0;
    net_options.tls.ca_file = certs.ca;
    return with_names(state);
}

static int with_client_certificate(void **state)
{
    int r = with_tls(state);
    struct lx_error err;
    lx_net_free(net);
    net_options.tls.cert_file = certs.client;
    SSL_CTX_load_verify_file(server_ctx, certs.ca);
    SSL_CTX_set_verify(server_ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    net = lx_net_new(loop, &net_options, &err);
    return r || !net;
}

static int without_tls(void **state)
{
    SSL_CTX_free(server_ctx);
    server_ctx = NULL;
    certs_remove(&certs);
    return without_names(state);
}

static void tls_call(struct call *c, const struct peer *p, const char *host, const char *path)
{
    char url[128];
    snprintf(url, sizeof url, "https://%s:%d%s", host, p->port, path);
    call_url(c, url);
}

static void over_tls(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_tls);
    for (int i = 0; i < 3; i++) {
        struct call c = {0};
        tls_call(&c, &p, "good.example", "/");
        if (!c.ended)
            fail_msg("%s", c.error);
        assert_int_equal(i > 0, c.times.reused);
    }
    assert_int_equal(1, p.connections);
    struct call c = {0};
    tls_call(&c, &p, "127.0.0.1", "/last");
    assert_true(c.ended);
    run_ms(20);
    assert_int_equal(0, resumed);
    tls_call(&c, &p, "bad.example", "/");
    stop(&p);
}

static void tls_sessions_are_resumed(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_tls);
    for (int i = 0; i < 4; i++) {
        struct call c = {0};
        tls_call(&c, &p, "good.example", "/last");
        assert_true(c.ended);
        run_ms(20); /* the server closes */
    }
    assert_int_equal(4, p.connections);
    assert_int_equal(3, resumed);
    stop(&p);
}

static void wrong_host_is_refused(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_tls);
    struct call c = {0};
    tls_call(&c, &p, "bad.example", "/");
    assert_int_equal(LX_ETLS, c.failed);
    assert_non_null(strstr(c.error, "certificate is for good.example, localhost, not for "
                                    "bad.example"));
    assert_int_equal(0, p.requests);
    stop(&p);
}

static void expired_is_refused(void **state)
{
    (void)state;
    struct peer p;
    serve_with(certs.expired);
    peer_start(&p, answer_tls);
    struct call c = {0};
    tls_call(&c, &p, "good.example", "/");
    assert_int_equal(LX_ETLS, c.failed);
    assert_non_null(strstr(c.error, "certificate has expired"));
    stop(&p);
}

static void plain_where_tls_is_expected(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    struct lx_net_request r = {.method = LX_S("GET"), .connect_ms = 100};
    char url[64];
    snprintf(url, sizeof url, "https://good.example:%d/", p.port);
    r.url = lx_slice_z(url);
    struct call c = {0};
    call_start(&c, &r); /* the other side waits for a line that never ends */
    call_wait(&c);
    assert_int_equal(LX_ETIMEOUT_CONNECT, c.failed);
    stop(&p);
}

/* A body that ends with the connection must end with close_notify, or it may have been cut. */
static void a_cut_body_is_seen(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_tls);
    struct call cut = {0}, whole = {0};
    tls_call(&cut, &p, "good.example", "/cut");
    assert_int_equal(LX_ECLOSED, cut.failed);
    tls_call(&whole, &p, "good.example", "/whole");
    assert_true(whole.ended);
    stop(&p);
}

static void client_certificate_is_shown(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_tls);
    struct call c = {0};
    tls_call(&c, &p, "good.example", "/");
    if (!c.ended)
        fail_msg("%s", c.error);
    stop(&p);
}

static void a_requests_own_trust(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_tls);
    char url[64];
    snprintf(url, sizeof url, "https://bad.example:%d/", p.port);
    struct lx_net_request r = {.method = LX_S("GET"), .url = lx_slice_z(url), .trust = "false"};
    static const char *const strict[] = {NULL, "true", "/proc/none/ca.pem"};
    struct call own = {0};
    call_start(&own, &r);
    call_wait(&own);
    assert_true(own.ended);
    for (size_t i = 0; i < 3; i++) { /* they do not find the lax connection */
        struct call other = {0};
        r.trust = strict[i];
        call_start(&other, &r);
        call_wait(&other);
        assert_int_equal(LX_ETLS, other.failed);
        call_clear(&other);
    }
    call_clear(&own);
    stop(&p);
}

/* ---- Proxies --------------------------------------------------------------------------------- */

static struct peer proxy;
static const char *connect_reply;

/* Answers CONNECT; then it is the origin itself, whatever its name was. */
static void serve_connect(struct peer *p, int fd, int number)
{
    char request[4096];
    const char *reply = connect_reply;
    if (!peer_read_request(p, fd, request, sizeof request))
        return;
    remember(request);
    for (const char *c = reply; *c; c++) { /* a byte at a time */
        peer_send_bytes(fd, c, 1);
        usleep(100);
    }
    if (strncmp(reply, "HTTP/1.1 200", 12) == 0)
        answer_tls(p, fd, number);
}

static int with_proxy(void **state)
{
    static char address[64];
    int before = count_descriptors();
    certs_make(&certs);
    serve_with(certs.good);
    peer_start(&proxy, serve_connect);
    snprintf(address, sizeof address, "http://me:secret@127.0.0.1:%d", proxy.port);
    net_options.tls.ca_file = certs.ca;
    net_options.https_proxy = net_options.http_proxy = address;
    net_options.no_proxy = "direct.test,127.0.0.0/8";
    int r = with_names(state);
    descriptors_before = before;
    return r;
}

static int without_proxy(void **state)
{
    lx_net_free(net);
    net = NULL;
    peer_stop(&proxy);
    SSL_CTX_free(server_ctx);
    server_ctx = NULL;
    certs_remove(&certs);
    return without_names(state);
}

static void https_through_connect(void **state)
{
    (void)state;
    connect_reply = "HTTP/1.1 200 Connection established\r\nproxy-agent: x\r\n\r\n";
    struct call c = {0};
    call_url(&c, "https://good.example/v1");
    if (!c.ended)
        fail_msg("%s", c.error);
    assert_non_null(find_seen("GET /v1 HTTP/1.1\r\nhost: good.example\r\n"));
    assert_null(find_seen("proxy-authorization")); /* is the proxy's, not the origin's */
    assert_int_equal(2, proxy.requests);           /* CONNECT and GET */
    call_url(&c, "https://nosuch.invalid/");       /* the proxy resolves, not we */
}

static void connect_is_refused(void **state)
{
    (void)state;
    connect_reply = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    struct call c = {0};
    call_url(&c, "https://good.example/");
    assert_int_equal(LX_ECONNECT, c.failed);
    assert_non_null(strstr(c.error, "407"));
    assert_null(strstr(c.error, "secret"));
    assert_non_null(find_seen("CONNECT good.example:443 HTTP/1.1\r\nhost: good.example:443\r\n"
                              "proxy-authorization: Basic bWU6c2VjcmV0\r\n"));
    connect_reply = "HTTP/1.1 200 OK\r\n\r\nwelcome";
    call_url(&c, "https://good.example/");
    assert_true(c.failed == LX_ECONNECT || c.failed == LX_ETLS);
    connect_reply = "nonsense\r\n\r\n";
    call_url(&c, "https://good.example/");
    assert_int_equal(LX_ECONNECT, c.failed);
    connect_reply = "HTTP/1.1 2";
    call_url(&c, "https://good.example/");
    assert_int_equal(LX_ECONNECT, c.failed);
}

static void http_in_absolute_form(void **state)
{
    (void)state;
    connect_reply = OK;
    struct call c = {0};
    call_url(&c, "http://plain.example:8080/a?b");
    assert_non_null(find_seen("GET http://plain.example:8080/a?b HTTP/1.1\r\n"
                              "host: plain.example:8080\r\n"));
    assert_non_null(find_seen("proxy-authorization: Basic bWU6c2VjcmV0\r\n"));
    assert_true(c.ended);
}

static void some_hosts_directly(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/direct", p.port);
    struct call c = {0};
    call_url(&c, url);
    assert_true(c.ended);
    assert_non_null(find_seen("GET /direct HTTP/1.1"));
    assert_int_equal(0, proxy.connections);
    stop(&p);
}

static void wrong_settings(void **state)
{
    (void)state;
    struct lx_error err;
    struct lx_net_options o = {.https_proxy = "socks5://127.0.0.1:1"},
                          ca = {.tls.ca_file = "/proc/none/ca.pem"};
    assert_null(lx_net_new(loop, &o, &err));
    assert_int_equal(LX_ECONFIG, err.code);
    assert_null(lx_net_new(loop, &ca, &err));
    assert_int_equal(LX_ETLS, err.code);
}

#define NAMES(f) cmocka_unit_test_setup_teardown(f, with_names, without_names)
#define TLS(f)   cmocka_unit_test_setup_teardown(f, with_tls, without_tls)
#define PROXY(f) cmocka_unit_test_setup_teardown(f, with_proxy, without_proxy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NAMES(no_such_name),
        NAMES(no_server_answers),
        NAMES(the_other_family_when_one_refuses),
        NAMES(the_other_family_when_one_is_silent),
        NAMES(both_refuse),
        NAMES(wrong_settings),
        TLS(over_tls),
        TLS(tls_sessions_are_resumed),
        TLS(wrong_host_is_refused),
        TLS(expired_is_refused),
        TLS(plain_where_tls_is_expected),
        TLS(a_cut_body_is_seen),
        TLS(a_requests_own_trust),
        cmocka_unit_test_setup_teardown(client_certificate_is_shown, with_client_certificate,
                                        without_tls),
        PROXY(https_through_connect),
        PROXY(connect_is_refused),
        PROXY(http_in_absolute_form),
        PROXY(some_hosts_directly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
