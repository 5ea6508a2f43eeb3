/*
 * public_test.c - which addresses are public: every block of IANA's registries, at both ends; and
 * that who may go only to those gets nowhere else, not on a connection that is open already either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/public.h"
#include "peer.h"

#define OK "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

static const struct {
    const char *text;
    bool is_public;
} addresses[] = {
    {"0.0.0.0", false},
    {"0.255.255.255", false},
    {"1.0.0.0", true},
    {"9.255.255.255", true},
    {"10.0.0.0", false},
    {"10.255.255.255", false},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"126.255.255.255", true},
    {"127.0.0.0", false},
    {"127.0.0.1", false},
    {"127.255.255.255", false},
    {"128.0.0.0", true},
    {"168.63.129.15", true},
    {"168.63.129.16", false},
    {"168.63.129.17", true},
    {"169.253.255.255", true},
    {"169.254.0.0", false},
    {"169.254.169.254", false},
    {"169.254.255.255", false},
    {"169.255.0.0", true},
    {"172.15.255.255", true},
    {"172.16.0.0", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"191.255.255.255", true},
    {"192.0.0.0", false},
    {"192.0.0.255", false},
    {"192.0.1.0", true},
    {"192.0.2.0", false},
    {"192.0.2.255", false},
    {"192.0.3.0", true},
    {"192.31.195.255", true},
    {"192.31.196.0", false},
    {"192.31.196.255", false},
    {"192.31.197.0", true},
    {"192.52.193.0", false},
    {"192.52.193.255", false},
    {"192.52.194.0", true},
    {"192.88.98.255", true},
    {"192.88.99.0", false},
    {"192.88.99.255", false},
    {"192.88.100.0", true},
    {"192.167.255.255", true},
    {"192.168.0.0", false},
    {"192.168.255.255", false},
    {"192.169.0.0", true},
    {"192.175.48.0", false},
    {"192.175.48.255", false},
    {"192.175.49.0", true},
    {"198.17.255.255", true},
    {"198.18.0.0", false},
    {"198.19.255.255", false},
    {"198.20.0.0", true},
    {"198.51.99.255", true},
    {"198.51.100.0", false},
    {"198.51.100.255", false},
    {"198.51.101.0", true},
    {"203.0.112.255", true},
    {"203.0.113.0", false},
    {"203.0.113.255", false},
    {"203.0.114.0", true},
    {"223.255.255.255", true},
    {"224.0.0.0", false},
    {"239.255.255.255", false},
    {"240.0.0.0", false},
    {"255.255.255.255", false},
    {"8.8.8.8", true},
    {"::", false},
    {"::1", false},
    {"::8.8.8.8", false},
    {"::ffff:8.8.8.8", true},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.1.2.3", false},
    {"::ffff:169.254.169.254", false},
    {"64:ff9b::808:808", true},
    {"64:ff9b::7f00:1", false},
    {"64:ff9b::a9fe:a9fe", false},
    {"64:ff9b:1::808:808", false},
    {"100::", false},
    {"100::1", false},
    {"1fff:ffff::", false},
    {"2000::", true},
    {"2001::", false},
    {"2001:0:4136:e378::", false},
    {"2001:2::", false},
    {"2001:10::", false},
    {"2001:20::1", false},
    {"2001:1ff:ffff::", false},
    {"2001:200::", true},
    {"2001:db7:ffff::", true},
    {"2001:db8::", false},
    {"2001:db8:ffff::", false},
    {"2001:db9::", true},
    {"2001:4860:4860::8888", true},
    {"2002:808:808::1", true},
    {"2002:7f00:1::1", false},
    {"2002:a00:1::", false},
    {"2002:c0a8:101::", false},
    {"2620:4f:8000::", false},
    {"2620:4f:8001::", true},
    {"2606:4700::1111", true},
    {"3ffd::", true},
    {"3ffe::", false},
    {"3fff::", false},
    {"3fff:fff:ffff::", false},
    {"3fff:1000::", true},
    {"4000::", false},
    {"5f00::", false},
    {"fc00::", false},
    {"fd00:ec2::254", false},
    {"fdff::", false},
    {"fe80::", false},
    {"fe80::1", false},
    {"febf::", false},
    {"fec0::", false},
    {"ff00::", false},
    {"ff02::1", false},
    {"ffff::", false},
};

static void each_block_has_its_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        union lx_address a;
        assert_true(lx_address_read(lx_slice_z(addresses[i].text), &a));
        if (lx_address_is_public(&a) != addresses[i].is_public)
            fail_msg("%s is taken for %s", addresses[i].text,
                     addresses[i].is_public ? "not public" : "public");
    }
}

static void hosts_that_somebody_else_resolves(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool may;
    } hosts[] = {
        {"example.com", true},
        {"example.com.", true},
        {"notlocalhost", true},
        {"8.8.8.8", true},
        {"1.2.3.com", true},
        {"localhost", false},
        {"LocalHost.", false},
        {"a.localhost", false},
        {"localhost..", false},
        {"127.0.0.1", false},
        {"127.0.0.1.", false},
        {"8.8.8.8.", false},
        {"127.1", false},
        {"2130706433", false},
        {"0x7f000001", false},
        {"0x7f.1", false},
        {"0177.0.0.1", false},
        {"1.2.3.0X", false},
        {"::1", false},
        {"::ffff:7f00:1", false},
        {"2606:4700::1111", true},
        {"fe80::1%eth0", false},
        {"", false},
        {".", false},
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (lx_host_may_be_public(lx_slice_z(hosts[i].text)) != hosts[i].may)
            fail_msg("'%s' is taken for what it is not", hosts[i].text);
}

static void answer_always(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    while (peer_read_request(p, fd, request, sizeof request))
        peer_send(fd, OK);
}

static void ask_public(struct call *c, int port, const char *host)
{
    char url[128];
    snprintf(url, sizeof url, "http://%s:%d/", host, port);
    struct lx_net_request r = request_to(port, "/");
    r.url = lx_slice_z(url);
    r.public_only = true;
    call_start(c, &r);
    call_wait(c);
}

/* However loopback is called; and with a connection waiting that another has opened. */
static void nobody_is_connected(void **state)
{
    (void)state;
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]",    "[::ffff:127.0.0.1]",
                                        "0.0.0.0",   "[::]",      "127.0.0.2"};
    struct peer p;
    peer_start(&p, answer_always);
    struct call open = {0}, again = {0};
    get(&open, p.port, "/");
    assert_true(open.ended);
    assert_int_equal(1, p.connections);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct call c = {0};
        ask_public(&c, p.port, names[i]);
        assert_int_equal(LX_ECONNECT, c.failed);
        assert_non_null(strstr(c.error, "no public address"));
        call_clear(&c);
    }
    assert_int_equal(1, p.connections);
    assert_int_equal(1, p.requests);
    get(&again, p.port, "/"); /* others are still served, by what was open */
    assert_true(again.times.reused);
    assert_int_equal(1, p.connections);
    call_clear(&open);
    call_clear(&again);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_block_has_its_ends),
        cmocka_unit_test(hosts_that_somebody_else_resolves),
        cmocka_unit_test_setup_teardown(nobody_is_connected, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
