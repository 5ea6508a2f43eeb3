/*
 * threads_test.c - loops in several threads that share what may be shared: TLS contexts and posts.
 * Meant to run under TSan too.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "certs.h"
#include "pair.h"

enum { THREADS = 3, ROUNDS = 15, HOPS = 3000 };

static struct certs certs;
static struct lx_tls_context *client, *server;
static atomic_int rounds_done;

static void *connect_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct lx_tls_context *c = lx_tls_context_ref(client);
        struct pair p = {.server.echo = true};
        pair_connect(&p, c, server, i % 2 ? "good.example" : "localhost");
        lx_tls_context_free(c);
        lx_stream_write_slice(p.client.s, LX_S("ping"));
        wait_bytes(&p, &p.client, 4);
        pair_close(&p);
        rounds_done++;
    }
    return NULL;
}

static void contexts_are_shared(void **state)
{
    (void)state;
    struct lx_error err;
    pthread_t threads[THREADS];
    certs_make(&certs);
    client = lx_tls_client_new(&(struct lx_tls_options){.ca_file = certs.ca}, &err);
    server = lx_tls_server_new(&(struct lx_tls_options){.cert_file = certs.good}, &err);
    assert_true(client && server);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, connect_many, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(THREADS * ROUNDS, rounds_done);
    lx_tls_context_free(client);
    lx_tls_context_free(server);
    certs_remove(&certs);
}

/* ---- A post that goes round all loops -------------------------------------------------------- */

static struct lx_loop *loops[THREADS];

struct ball {
    struct lx_post post;
    int hops; /* written by whoever holds it: no lock */
};

static void hop(struct lx_post *post)
{
    struct ball *b = LX_CONTAINER(post, struct ball, post);
    if (++b->hops == HOPS)
        for (int i = 0; i < THREADS; i++)
            lx_loop_stop(loops[i]);
    else
        lx_loop_post(loops[b->hops % THREADS], post);
}

static void *run(void *arg)
{
    lx_loop_run(arg);
    return NULL;
}

static void posts_go_round(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct ball b = {.post.fn = hop};
    for (int i = 0; i < THREADS; i++)
        loops[i] = lx_loop_new();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, loops[i]);
    lx_loop_post(loops[0], &b.post);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(HOPS, b.hops);
    for (int i = 0; i < THREADS; i++)
        lx_loop_free(loops[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_are_shared),
        cmocka_unit_test(posts_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
