/*
 * peer.h - for the tests of net/: a scripted server on loopback, and calls that are waited for.
 */
#ifndef TEST_NET_PEER_H
#define TEST_NET_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "net/client.h"

/* ---- The server: a thread for each connection, blocking sockets ------------------------------ */

struct peer;
/* Serves one connection, the number-th (from 0); returns to have it closed. */
typedef void peer_script(struct peer *p, int fd, int number);

struct peer {
    int fd;
    int port;
    peer_script *script;
    atomic_int connections; /* accepted so far */
    atomic_int requests;    /* read so far by peer_read_request */
    atomic_bool release;    /* scripts may wait for it: peer_wait */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int running;
};

void peer_start(struct peer *p, peer_script *script);
void peer_stop(struct peer *p);
/* Reads one request, head and body by Content-Length, into out[size] as a string. False: closed. */
bool peer_read_request(struct peer *p, int fd, char *out, size_t size);
void peer_send(int fd, const char *text);
void peer_send_bytes(int fd, const void *bytes, size_t n);
void peer_reset(int fd); /* RST instead of FIN on close */
/* Until the test lets go (p->release) or five seconds have passed. */
void peer_wait(struct peer *p);
/* Until the other side has closed. */
void peer_wait_closed(int fd);
void peer_sleep(int ms);

/* ---- The client ------------------------------------------------------------------------------ */

struct call {
    struct lx_net_exchange *x;
    struct lx_net *net;
    int heads, status;
    char content_type[64], content_encoding[64];
    struct lx_buf body;
    int pieces;
    bool ended;
    int failed; /* code */
    char error[256];
    struct lx_net_times times;
    /* What to do in callbacks. */
    bool cancel_in_head, cancel_in_body, pause_in_body, cancelled;
    struct call *cancel_other;
};

extern struct lx_loop *loop;
extern struct lx_net *net;
extern struct lx_net_options net_options;

/* Fixture: a loop and a client with net_options; checks afterwards that no descriptor is left. */
int set_up(void **state);
int tear_down(void **state);
extern int descriptors_before; /* as set_up counted; a fixture around it may know better */
int count_descriptors(void);

struct lx_net_request request_to(int port, const char *path);
void call_start(struct call *c, const struct lx_net_request *r);
bool call_over(const struct call *c);
/* Runs the loop until the call is over; fails the test after five seconds. */
void call_wait(struct call *c);
void call_clear(struct call *c);
void run_until(bool (*done)(void *), void *arg);
void run_ms(int ms);
/* One GET of path, waited for. */
void get(struct call *c, int port, const char *path);

#endif
