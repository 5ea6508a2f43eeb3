/*
 * dns_test.c - the resolver and its cache against a name server on loopback.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/dns.h"
#include "names.h"

static const struct name list[] = {
    {"dual.test", "192.0.2.1", "2001:db8::1", 300},
    {"four.test", "192.0.2.4", NULL, 300},
    {"brief.test", "192.0.2.5", NULL, 0}, /* the cache's least: a second */
    {0},
};

struct question {
    struct lx_dns_query query;
    struct lx_dns_answer answer;
    int answered;
    struct question *cancel; /* from within */
};

static struct lx_loop *loop;
static struct lx_dns *dns;
static struct names names;
static int descriptors_before;

static int count_descriptors(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static int start(const char *servers)
{
    struct lx_error err = {0};
    struct lx_dns_options o = {.servers = servers, .timeout_ms = 50, .tries = 2};
    loop = lx_loop_new();
    dns = lx_dns_new(loop, &o, &err);
    return dns ? 0 : -1;
}

static int set_up(void **state)
{
    (void)state;
    descriptors_before = count_descriptors();
    names_start(&names, list);
    return start(names.servers);
}

static int tear_down(void **state)
{
    (void)state;
    lx_dns_free(dns);
    lx_loop_free(loop);
    names_stop(&names);
    assert_int_equal(descriptors_before, count_descriptors());
    return 0;
}

static void told(struct lx_dns_query *q, const struct lx_dns_answer *answer)
{
    struct question *w = LX_CONTAINER(q, struct question, query);
    assert_int_equal(0, w->answered);
    w->answered = 1;
    w->answer = *answer;
    if (w->cancel)
        lx_dns_cancel(&w->cancel->query);
}

/* True when the answer was there at once. */
static bool ask(struct question *q, const char *host)
{
    *q = (struct question){.query.fn = told, .cancel = q->cancel};
    if (!lx_dns_resolve(dns, lx_slice_z(host), &q->query, &q->answer))
        return false;
    q->answered = 1;
    return true;
}

static void wait_for(struct question *q)
{
    int64_t until = lx_clock_mono_ms() + 5000;
    while (!q->answered) {
        assert_true(lx_clock_mono_ms() < until);
        lx_loop_turn(loop, 100);
    }
}

static void assert_addresses(const struct lx_dns_answer *a, const char *text)
{
    char all[512] = "", one[LX_ADDRESS_TEXT];
    assert_int_equal(0, a->code);
    for (size_t i = 0; i < a->n; i++) {
        lx_address_write(&a->v[i], one);
        strcat(all, i ? " " : "");
        strcat(all, one);
    }
    assert_string_equal(text, all);
}

static void both_families_and_the_cache(void **state)
{
    (void)state;
    struct question q = {0};
    assert_false(ask(&q, "dual.test"));
    wait_for(&q);
    assert_int_equal(2, q.answer.n);
    assert_true(q.answer.v[0].any.sa_family != q.answer.v[1].any.sa_family);
    assert_int_equal(2, names.queries);
    assert_true(ask(&q, "DUAL.test")); /* names have no case */
    assert_int_equal(2, q.answer.n);
    assert_int_equal(2, names.queries);
    assert_false(ask(&q, "four.test"));
    wait_for(&q);
    assert_addresses(&q.answer, "192.0.2.4:0");
}

static void one_query_for_many(void **state)
{
    (void)state;
    struct question q[20] = {0};
    q[19].cancel = &q[3]; /* the newest is told first */
    for (int i = 0; i < 20; i++)
        assert_false(ask(&q[i], "dual.test"));
    lx_dns_cancel(&q[7].query);
    lx_dns_cancel(&q[7].query);
    for (int i = 0; i < 20; i++)
        if (i != 3 && i != 7)
            wait_for(&q[i]);
    assert_int_equal(0, q[3].answered);
    assert_int_equal(0, q[7].answered);
    assert_in_range(names.queries, 2, 8); /* one a family, and tries again on a slow machine */
}

static void literals_and_special_names(void **state)
{
    (void)state;
    struct question q = {0};
    assert_true(ask(&q, "127.0.0.1"));
    assert_addresses(&q.answer, "127.0.0.1:0");
    assert_true(ask(&q, "::1"));
    assert_addresses(&q.answer, "[::1]:0");
    assert_true(ask(&q, "nosuch.invalid"));
    assert_int_equal(LX_EDNS, q.answer.code);
    assert_true(ask(&q, ""));
    assert_int_equal(LX_EDNS, q.answer.code);
    char longer[300];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_true(ask(&q, longer));
    assert_int_equal(LX_EDNS, q.answer.code);
    if (!ask(&q, "localhost"))
        wait_for(&q);
    assert_int_equal(0, q.answer.code);
    assert_true(q.answer.n >= 1);
    assert_int_equal(0, names.queries);
}

static void names_that_do_not_exist(void **state)
{
    (void)state;
    struct question q = {0};
    if (!ask(&q, "missing.test"))
        wait_for(&q);
    assert_int_equal(LX_EDNS, q.answer.code);
    assert_int_equal(0, q.answer.n);
    assert_non_null(strstr(q.answer.reason, "not found"));
}

static void no_server_answers(void **state)
{
    (void)state;
    struct question q = {0};
    names.silent = true;
    int64_t before = lx_clock_mono_ms();
    assert_false(ask(&q, "dual.test"));
    wait_for(&q);
    assert_int_equal(LX_EDNS, q.answer.code);
    assert_true(lx_clock_mono_ms() - before < 1500);
    names.silent = false;
    assert_false(ask(&q, "dual.test")); /* a failure is not remembered */
    wait_for(&q);
    assert_int_equal(0, q.answer.code);
}

static void an_old_answer_stands_in(void **state)
{
    (void)state;
    struct question q = {0};
    assert_false(ask(&q, "brief.test"));
    wait_for(&q);
    assert_true(ask(&q, "brief.test"));
    usleep(1100 * 1000);
    names.broken = true;
    int queries = names.queries;
    assert_false(ask(&q, "brief.test"));
    wait_for(&q);
    assert_true(names.queries > queries);
    assert_addresses(&q.answer, "192.0.2.5:0");
    assert_true(ask(&q, "brief.test")); /* for the next second, without asking */
}

static void freed_with_questions_open(void **state)
{
    (void)state;
    struct question q[3] = {0};
    names.silent = true;
    for (int i = 0; i < 3; i++)
        assert_false(ask(&q[i], i ? "dual.test" : "four.test"));
    lx_loop_turn(loop, 10);
    lx_dns_free(dns);
    dns = NULL;
    lx_loop_turn(loop, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(0, q[i].answered);
        lx_dns_cancel(&q[i].query); /* harmless */
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(both_families_and_the_cache), T(one_query_for_many), T(literals_and_special_names),
        T(names_that_do_not_exist),     T(no_server_answers),  T(an_old_answer_stands_in),
        T(freed_with_questions_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
