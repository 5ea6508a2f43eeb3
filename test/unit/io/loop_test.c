/*
 * loop_test.c - timers (order, moves, cancels), posts from other threads, tasks, stop.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/loop.h"
#include "io/watch.h"

struct probe {
    struct lx_timer timer;
    struct lx_loop *loop;
    int id;
    int64_t again_at; /* set itself once more, to this time */
};

static int fired[4096];
static int fired_n;

static void note(struct lx_timer *t)
{
    struct probe *p = LX_CONTAINER(t, struct probe, timer);
    fired[fired_n++] = p->id;
    if (p->again_at) {
        assert_int_equal(0, lx_timer_set(p->loop, t, p->again_at));
        p->again_at = 0;
    }
}

static void run_for(struct lx_loop *loop, int ms)
{
    int64_t until = lx_clock_mono_ms() + ms;
    while (lx_clock_mono_ms() < until)
        lx_loop_turn(loop, (int)(until - lx_clock_mono_ms()));
}

static void timers_fire_in_order(void **state)
{
    (void)state;
    enum { N = 200 };
    struct lx_loop *loop = lx_loop_new();
    static struct probe probes[N];
    int64_t now = lx_loop_now_ms(loop);
    fired_n = 0;
    for (int i = 0; i < N; i++) {
        int id = (i * 77) % N; /* 77 and 200 have no common divisor: every id once */
        probes[i] = (struct probe){.timer.fire = note, .id = id};
        assert_int_equal(0, lx_timer_set(loop, &probes[i].timer, now - 1000 + id));
    }
    lx_loop_turn(loop, 0);
    assert_int_equal(N, fired_n);
    for (int i = 0; i < N; i++)
        assert_int_equal(i, fired[i]);
    lx_loop_free(loop);
}

static void timers_move_and_cancel(void **state)
{
    (void)state;
    struct lx_loop *loop = lx_loop_new();
    struct probe a = {.timer.fire = note, .id = 1}, b = {.timer.fire = note, .id = 2},
                 c = {.timer.fire = note, .id = 3}, d = {.timer.fire = note, .id = 4};
    int64_t now = lx_loop_now_ms(loop);
    fired_n = 0;
    lx_timer_set(loop, &a.timer, now + 10);
    lx_timer_set(loop, &b.timer, now + 20);
    lx_timer_set(loop, &c.timer, now + 30);
    lx_timer_set(loop, &d.timer, now + 5);
    lx_timer_set(loop, &a.timer, now + 60); /* later: lazily */
    lx_timer_set(loop, &a.timer, now + 50);
    lx_timer_set(loop, &c.timer, now + 15); /* earlier */
    lx_timer_cancel(loop, &d.timer);
    lx_timer_cancel(loop, &d.timer);
    run_for(loop, 30);
    assert_int_equal(2, fired_n);
    assert_int_equal(3, fired[0]);
    assert_int_equal(2, fired[1]);
    run_for(loop, 40);
    assert_int_equal(3, fired_n);
    assert_int_equal(1, fired[2]);
    assert_true(lx_clock_mono_ms() >= now + 50);
    lx_loop_free(loop);
}

/* Against a plain list: many random sets, moves and cancels. */
static void timers_agree_with_a_list(void **state)
{
    (void)state;
    enum { N = 300 };
    struct lx_loop *loop = lx_loop_new();
    static struct probe probes[N];
    static bool set[N];
    srand(7);
    int64_t past = lx_loop_now_ms(loop) - 100000;
    for (int i = 0; i < N; i++)
        probes[i] = (struct probe){.timer.fire = note, .id = i};
    for (int step = 0; step < 20000; step++) {
        int i = rand() % N;
        set[i] = rand() % 4 != 0;
        if (set[i])
            lx_timer_set(loop, &probes[i].timer, past + rand() % 50000);
        else
            lx_timer_cancel(loop, &probes[i].timer);
    }
    fired_n = 0;
    for (int i = 0; i < 100; i++) /* lazily moved ones need a second look */
        lx_loop_turn(loop, 0);
    int expected = 0;
    for (int i = 0; i < N; i++)
        expected += set[i];
    assert_int_equal(expected, fired_n);
    for (int i = 1; i < fired_n; i++)
        assert_true(probes[fired[i - 1]].timer.at_ms <= probes[fired[i]].timer.at_ms);
    lx_loop_free(loop);
}

static void timer_that_sets_itself_does_not_hold_the_loop(void **state)
{
    (void)state;
    struct lx_loop *loop = lx_loop_new();
    struct probe p = {.timer.fire = note, .loop = loop, .id = 9, .again_at = 1};
    fired_n = 0;
    lx_timer_set(loop, &p.timer, 1);
    lx_loop_turn(loop, 0);
    assert_int_equal(1, fired_n);
    lx_loop_turn(loop, -1);
    assert_int_equal(2, fired_n);
    lx_loop_free(loop);
}

/* ---- Posts ---------------------------------------------------------------------------------- */

enum { POSTERS = 4, POSTS_EACH = 5000 };

struct letter {
    struct lx_post post;
    int from, number;
};

static struct lx_loop *post_loop;
static int next_of[POSTERS];
static int received;

static void receive(struct lx_post *post)
{
    struct letter *l = LX_CONTAINER(post, struct letter, post);
    assert_int_equal(next_of[l->from], l->number); /* in the order of each sender */
    next_of[l->from]++;
    free(l);
    if (++received == POSTERS * POSTS_EACH)
        lx_loop_stop(post_loop);
}

static void *post_many(void *arg)
{
    int from = *(int *)arg;
    for (int i = 0; i < POSTS_EACH; i++) {
        struct letter *l = malloc(sizeof *l);
        *l = (struct letter){.post.fn = receive, .from = from, .number = i};
        lx_loop_post(post_loop, &l->post);
    }
    return NULL;
}

static void posts_come_from_all_threads_in_order(void **state)
{
    (void)state;
    pthread_t threads[POSTERS];
    int ids[POSTERS];
    post_loop = lx_loop_new();
    received = 0;
    for (int i = 0; i < POSTERS; i++) {
        ids[i] = i;
        next_of[i] = 0;
        pthread_create(&threads[i], NULL, post_many, &ids[i]);
    }
    lx_loop_run(post_loop);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(POSTERS * POSTS_EACH, received);
    lx_loop_free(post_loop);
}

static void *stop_it(void *arg)
{
    lx_loop_stop(arg);
    return NULL;
}

static void stop_from_a_thread_and_run_again(void **state)
{
    (void)state;
    struct lx_loop *loop = lx_loop_new();
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, stop_it, loop);
        lx_loop_run(loop);
        pthread_join(thread, NULL);
    }
    lx_loop_free(loop);
}

/* ---- Tasks and idle ------------------------------------------------------------------------- */

struct job {
    struct lx_task task;
    struct lx_loop *loop;
    int runs;
};

static void work(struct lx_task *t)
{
    struct job *j = LX_CONTAINER(t, struct job, task);
    if (++j->runs < 3)
        lx_loop_defer(j->loop, t);
}

static void count(void *arg)
{
    ++*(int *)arg;
}

static void tasks_run_once_a_turn(void **state)
{
    (void)state;
    struct lx_loop *loop = lx_loop_new();
    int idles = 0;
    lx_loop_on_idle(loop, count, &idles);
    struct job j = {.task.run = work, .loop = loop};
    lx_loop_defer(loop, &j.task);
    lx_loop_defer(loop, &j.task);
    for (int turn = 1; turn <= 3; turn++) {
        lx_loop_turn(loop, 1000); /* does not wait while there is work */
        assert_int_equal(turn, j.runs);
        assert_int_equal(turn, idles);
    }
    int64_t before = lx_clock_mono_ms();
    lx_loop_turn(loop, 20);
    assert_int_equal(3, j.runs);
    assert_true(lx_clock_mono_ms() - before >= 19);
    lx_loop_free(loop);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    char a[400], b[400];
    lx_random_bytes(a, sizeof a);
    lx_random_bytes(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order),
        cmocka_unit_test(timers_move_and_cancel),
        cmocka_unit_test(timers_agree_with_a_list),
        cmocka_unit_test(timer_that_sets_itself_does_not_hold_the_loop),
        cmocka_unit_test(posts_come_from_all_threads_in_order),
        cmocka_unit_test(stop_from_a_thread_and_run_again),
        cmocka_unit_test(tasks_run_once_a_turn),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
