/*
 * names.h - for tests: a name server on loopback (UDP) with a few names in it.
 */
#ifndef TEST_IO_NAMES_H
#define TEST_IO_NAMES_H

#include <pthread.h>
#include <stdatomic.h>

struct name {
    const char *name;
    const char *v4, *v6; /* or NULL */
    int ttl;
};

struct names {
    const struct name *list; /* ends with a NULL name; others do not exist */
    int fd;
    char servers[32]; /* for lx_dns_options */
    atomic_int queries;
    atomic_bool silent; /* answers nothing */
    atomic_bool broken; /* answers SERVFAIL */
    pthread_t thread;
};

void names_start(struct names *n, const struct name *list);
void names_stop(struct names *n);

#endif
