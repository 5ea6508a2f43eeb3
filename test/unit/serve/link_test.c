/*
 * link_test.c - nodes that share counters through a real redis-server: what the script adds up, and
 * what happens when the server goes and comes back empty.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/loop.h"
#include "route/choose.h"
#include "serve/link.h"

#define NOW_MS INT64_C(1700000000000)
#define MINUTE (NOW_MS / 60000)

/* ---- The server -------------------------------------------------------------------------------
 */

static pid_t server;
static int port;

static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static bool start_server(void)
{
    char number[16];
    int status;
    snprintf(number, sizeof(number), "%d", port);
    server = fork();
    if (server == 0) {
        execlp("redis-server", "redis-server", "--port", number, "--bind", "127.0.0.1", "--save",
               "", "--dir", "/tmp", "--requirepass", "secret word", "--logfile", "/dev/null",
               (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500; i++) {
        struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool up = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
        close(fd);
        if (up)
            return true;
        if (waitpid(server, &status, WNOHANG) == server) {
            server = 0;
            return false;
        }
        usleep(10000);
    }
    return false;
}

static void stop_server(void)
{
    if (server) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    server = 0;
}

/* ---- Nodes ------------------------------------------------------------------------------------
 */

struct node {
    struct lx_arena arena;
    struct lx_route_table table;
    struct lx_route_state *state;
    struct lx_link *link;
    struct lx_deployment *d;
    struct lx_search_allowance searches;
};

static struct lx_config_redis settings_of(const char *prefix)
{
    struct lx_config_redis r = {.wanted = true,
                                .host = LX_S("127.0.0.1"),
                                .port = port,
                                .db = 3,
                                .name_space = lx_slice_z(prefix)};
    assert_int_equal(lx_secret_init(&r.password, LX_S("secret word")), 0);
    return r;
}

static void open_node(struct node *n, const char *prefix, uint64_t name)
{
    static const uint64_t seed[2] = {5, 6};
    struct lx_config_redis settings = settings_of(prefix);
    *n = (struct node){.link = lx_link_new(&settings, name)};
    lx_secret_clear(&settings.password);
    lx_arena_init(&n->arena, 1 << 20);
    lx_route_table_init(&n->table, &n->arena, seed);
    n->table.settings.policy.latency.samples = 1;
    n->d = lx_arena_new(&n->arena, struct lx_deployment);
    *n->d = (struct lx_deployment){.group = LX_S("g"),
                                   .id = LX_S("d"),
                                   .provider = lx_provider_find(LX_S("openai")),
                                   .cooldown_ms = -1,
                                   .allowed_fails = -1,
                                   .budget = {.limit_nano_usd = 100, .window_ms = 3600000}};
    assert_int_equal(lx_route_table_add(&n->table, n->d), 0);
    n->searches = (struct lx_search_allowance){
        .provider = n->d->provider, .group = LX_S("free"), .window_ms = LX_SPEND_MONTH};
    n->table.settings.cost.free_searches = &n->searches;
    n->table.settings.cost.free_search_count = 1;
    n->state = lx_route_state_new();
    assert_int_equal(lx_route_state_bind(n->state, &n->table), 0);
    assert_non_null(n->link);
    assert_int_equal(lx_link_use(n->link, &n->table), 0);
}

static void close_node(struct node *n)
{
    lx_link_free(n->link);
    lx_route_state_unbind(&n->table);
    lx_route_state_unref(n->state);
    lx_arena_clear(&n->arena);
}

static void turn(struct node *n, int64_t now_ms)
{
    struct lx_error err = {0};
    if (lx_link_turn(n->link, now_ms, &err) != 0)
        fail_msg("%s", err.text);
}

static int64_t requests(const struct node *n, int64_t minute)
{
    return lx_tally_get(&n->d->state->counts[LX_COUNT_REQUESTS], minute);
}

static void add(struct node *n, int64_t minute, int64_t count)
{
    lx_tally_add(&n->d->state->counts[LX_COUNT_REQUESTS], minute, count);
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

static void counts_are_added_up(void **state)
{
    (void)state;
    struct node n[3];
    for (size_t i = 0; i < 3; i++)
        open_node(&n[i], "sums", i + 1);
    add(&n[0], MINUTE, 10);
    add(&n[1], MINUTE, 200);
    add(&n[2], MINUTE, 3000);
    lx_tally_add(&n[0].d->state->counts[LX_COUNT_FAILURES + LX_FAILURE_OTHER], MINUTE, 7);
    lx_tally_add(&n[1].table.groups[0]->state->retries, MINUTE, 5);
    lx_spend_add(n[0].d->budget.state, 3600000, NOW_MS, 40);
    lx_spend_add(n[1].d->budget.state, 3600000, NOW_MS, 50);
    for (size_t i = 0; i < 2; i++)
        lx_spend_add(n[i].searches.state, LX_SPEND_MONTH, NOW_MS, 7);
    for (int round = 0; round < 3; round++) /* as often as one likes */
        for (size_t i = 0; i < 3; i++)
            turn(&n[i], NOW_MS);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(requests(&n[i], MINUTE), 3210);
        assert_int_equal(lx_spend_get(n[i].d->budget.state, 3600000, NOW_MS), 90);
        assert_int_equal(lx_tally_get(&n[i].table.groups[0]->state->retries, MINUTE), 5);
        assert_int_equal(lx_spend_get(n[i].searches.state, LX_SPEND_MONTH, NOW_MS), 14);
    }
    assert_int_equal(
        lx_tally_get(&n[2].d->state->counts[LX_COUNT_FAILURES + LX_FAILURE_OTHER], MINUTE), 7);
    add(&n[2], MINUTE, -1000); /* what was reserved and not used */
    turn(&n[2], NOW_MS);
    turn(&n[0], NOW_MS);
    assert_int_equal(requests(&n[0], MINUTE), 2210);
    add(&n[0], MINUTE + 1, 1); /* a minute begins at nothing */
    turn(&n[0], NOW_MS + 60000);
    turn(&n[1], NOW_MS + 60000);
    assert_int_equal(requests(&n[1], MINUTE + 1), 1);
    for (size_t i = 0; i < 3; i++)
        close_node(&n[i]);
}

static void what_is_of_the_moment_is_shared(void **state)
{
    (void)state;
    struct node a, b;
    open_node(&a, "moment", 1);
    open_node(&b, "moment", 2);
    turn(&a, NOW_MS); /* the minute's first: times are counted from here */
    turn(&b, NOW_MS);
    atomic_store(&a.d->state->in_flight, 4);
    atomic_store(&a.d->state->cooling_why, (uint64_t)LX_FAULT_RATE_LIMIT | 429u << 8 | 3u << 24);
    atomic_store(&a.d->state->cooling_until_ms, NOW_MS + 5000);
    lx_latency_add(&a.d->state->first, 2000, 1, NOW_MS);
    lx_latency_add(&a.d->state->first, 4000, 1, NOW_MS);
    turn(&a, NOW_MS);
    turn(&b, NOW_MS);
    assert_int_equal(atomic_load(&b.d->state->in_flight_others), 4);
    assert_int_equal(atomic_load(&b.d->state->cooling_until_ms), NOW_MS + 5000);
    assert_int_equal(atomic_load(&b.d->state->cooling_why),
                     (uint64_t)LX_FAULT_RATE_LIMIT | 429u << 8 | 3u << 24);
    assert_int_equal(lx_latency_mean_us(&b.d->state->first, 10000, NOW_MS), 3000);
    assert_int_equal(atomic_load(&b.d->state->first.count), 1); /* one sample, the mean */
    turn(&b, NOW_MS);
    assert_int_equal(atomic_load(&b.d->state->first.count), 1); /* not twice */
    turn(&a, NOW_MS);
    assert_int_equal(atomic_load(&a.d->state->first.count), 2); /* nor back again */
    usleep(3200 * 1000); /* a node that is gone has nothing under way */
    turn(&b, NOW_MS);
    assert_int_equal(atomic_load(&b.d->state->in_flight_others), 0);
    close_node(&a);
    close_node(&b);
}

static void a_server_that_goes_is_done_without(void **state)
{
    (void)state;
    struct node a, b;
    struct lx_error err = {0};
    open_node(&a, "gone", 1);
    open_node(&b, "gone", 2);
    add(&a, MINUTE, 10);
    add(&b, MINUTE, 5);
    atomic_store(&a.d->state->in_flight, 2);
    turn(&a, NOW_MS);
    turn(&b, NOW_MS);
    stop_server();
    int64_t before = lx_clock_mono_ms();
    assert_true(lx_link_turn(b.link, NOW_MS, &err) < 0);
    assert_true(lx_link_turn(b.link, NOW_MS, &err) < 0);
    assert_true(lx_clock_mono_ms() - before < 5000);
    assert_non_null(strstr(err.text, "Redis at 127.0.0.1:"));
    assert_null(strstr(err.text, "secret"));
    assert_int_equal(atomic_load(&b.d->state->in_flight_others), 0);
    assert_int_equal(requests(&b, MINUTE), 15); /* the minute's sums stay */
    add(&b, MINUTE, 1);
    assert_true(start_server()); /* it has forgotten all; the nodes have not */
    turn(&a, NOW_MS);
    turn(&b, NOW_MS);
    turn(&a, NOW_MS);
    assert_int_equal(requests(&a, MINUTE), 16);
    assert_int_equal(requests(&b, MINUTE), 16);
    close_node(&a);
    close_node(&b);
}

static void a_wrong_password_is_told(void **state)
{
    (void)state;
    struct lx_config_redis settings = {.wanted = true, .host = LX_S("127.0.0.1"), .port = port};
    struct lx_error err = {0};
    assert_int_equal(lx_secret_init(&settings.password, LX_S("wrong-one")), 0);
    struct lx_link *l = lx_link_new(&settings, 1);
    assert_non_null(l);
    assert_true(lx_link_turn(l, NOW_MS, &err) < 0);
    assert_non_null(strstr(err.text, "WRONGPASS"));
    assert_null(strstr(err.text, "wrong-one"));
    lx_secret_clear(&settings.password);
    lx_link_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_added_up),
        cmocka_unit_test(what_is_of_the_moment_is_shared),
        cmocka_unit_test(a_wrong_password_is_told),
        cmocka_unit_test(a_server_that_goes_is_done_without),
    };
    signal(SIGPIPE, SIG_IGN);
    port = free_port();
    if (!start_server()) {
        puts("redis-server is not installed: nothing is tested");
        return 77;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stop_server();
    return failed;
}
