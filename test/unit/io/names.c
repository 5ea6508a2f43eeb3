/*
 * names.c - answers A and AAAA questions over UDP from a table.
 */
#include "names.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEADER = 12, TYPE_A = 1, TYPE_AAAA = 28, NXDOMAIN = 3, SERVFAIL = 2 };

/* The question's name in dots; returns what follows it. */
static const unsigned char *read_name(const unsigned char *p, char *out)
{
    size_t n = 0;
    while (*p) {
        memcpy(out + n, p + 1, *p);
        n += *p;
        out[n++] = '.';
        p += 1 + *p;
    }
    out[n ? n - 1 : 0] = 0;
    return p + 1;
}

static size_t answer(struct names *t, unsigned char *m)
{
    char name[256];
    const unsigned char *p = read_name(m + HEADER, name);
    int type = p[0] << 8 | p[1];
    size_t n = (size_t)(p + 4 - m);
    const struct name *found = t->list;
    while (found->name && strcasecmp(found->name, name) != 0)
        found++;
    m[2] = 0x85; /* a response, authoritative, recursion desired */
    m[3] = (unsigned char)(0x80 | (t->broken ? SERVFAIL : found->name ? 0 : NXDOMAIN));
    memset(m + 6, 0, 6);
    const char *text = type == TYPE_A ? found->v4 : type == TYPE_AAAA ? found->v6 : NULL;
    if (t->broken || !found->name || !text)
        return n;
    m[7] = 1;
    size_t size = type == TYPE_A ? 4 : 16;
    const unsigned char record[] = {0xc0,
                                    HEADER,
                                    0,
                                    (unsigned char)type,
                                    0,
                                    1,
                                    0,
                                    0,
                                    (unsigned char)(found->ttl >> 8),
                                    (unsigned char)found->ttl,
                                    0,
                                    (unsigned char)size};
    memcpy(m + n, record, sizeof record);
    inet_pton(type == TYPE_A ? AF_INET : AF_INET6, text, m + n + sizeof record);
    return n + sizeof record + size;
}

static void *serve(void *arg)
{
    struct names *t = arg;
    unsigned char m[1024];
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_n = sizeof from;
        ssize_t got = recvfrom(t->fd, m, 512, 0, (struct sockaddr *)&from, &from_n);
        if (got < HEADER)
            return NULL; /* names_stop */
        t->queries++;
        if (t->silent)
            continue;
        size_t n = answer(t, m);
        sendto(t->fd, m, n, 0, (struct sockaddr *)&from, from_n);
    }
}

void names_start(struct names *n, const struct name *list)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    memset(n, 0, sizeof *n);
    n->list = list;
    n->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(0, bind(n->fd, (struct sockaddr *)&a, size));
    getsockname(n->fd, (struct sockaddr *)&a, &size);
    snprintf(n->servers, sizeof n->servers, "127.0.0.1:%d", ntohs(a.sin_port));
    pthread_create(&n->thread, NULL, serve, n);
}

void names_stop(struct names *n)
{
    struct sockaddr_in a;
    socklen_t size = sizeof a;
    getsockname(n->fd, (struct sockaddr *)&a, &size);
    sendto(n->fd, "", 0, 0, (struct sockaddr *)&a, size);
    pthread_join(n->thread, NULL);
    close(n->fd);
}
