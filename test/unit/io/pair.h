/*
 * pair.h - for tests: two ends of a connection on one loop, which record what happens to them.
 */
#ifndef TEST_IO_PAIR_H
#define TEST_IO_PAIR_H

#include "base/buf.h"
#include "io/stream.h"
#include "io/tls.h"

struct end {
    struct lx_stream *s; /* NULL when closed by close_on or by the test */
    struct lx_buf in;
    int opened, datas, ended, drained, gone, failed; /* failed: the code */
    char error[256];
    char close_on; /* 'o'pen, 'd'ata, 'e'nd, 'w' drain, 'g'one: closes itself there */
    bool pause_on_data, echo;
    struct end *close_too; /* closed with the next data */
    char *room;            /* on_room's answer */
    size_t room_n;
};

struct pair {
    struct lx_loop *loop;
    struct lx_listener *listener;
    struct end client, server;
    int accepted;
};

/* TLS contexts are borrowed; NULL: plain. name: whom the client wants to meet. Connecting has
 * begun; the server's end appears with the accept. */
void pair_open(struct pair *p, struct lx_tls_context *client, struct lx_tls_context *server,
               const char *name);
/* The same, waiting until both ends are open. */
void pair_connect(struct pair *p, struct lx_tls_context *client, struct lx_tls_context *server,
                  const char *name);
void pair_close(struct pair *p);
void end_close(struct end *e);

/* Runs the loop until *what is not zero; fails the test after five seconds. */
void wait_for(struct pair *p, const int *what);
void wait_bytes(struct pair *p, const struct end *e, size_t n);
void run_for(struct pair *p, int ms);
int count_descriptors(void);

extern const struct lx_stream_events end_events;

#endif
