/*
 * listener.c - listening sockets: accepts, hands streams over, and backs off when out of
 * descriptors.
 *
 * Called by serve/. Level-triggered, unlike streams: what is not accepted in this turn is reported
 * again in the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/stream.h"
#include "io/watch.h"

enum {
    ACCEPTS_PER_TURN = 64,
    BACK_OFF_MS = 50,
    BACKLOG = 4096, /* the kernel lowers it to net.core.somaxconn */
};

struct lx_listener {
    struct lx_watch watch;
    struct lx_task task;
    struct lx_timer back_off;
    struct lx_loop *loop;
    struct lx_tls_context *tls;
    void (*on_accept)(void *arg, struct lx_stream *s);
    void *arg;
    int reserve; /* a descriptor to give up when there are no others */
    bool paused;
};

static void rearm(struct lx_listener *l)
{
    if (l->watch.fd >= 0)
        lx_watch_change(l->loop, &l->watch, l->paused || l->back_off.heap_at ? 0 : EPOLLIN);
}

static void back_off_over(struct lx_timer *t)
{
    rearm(LX_CONTAINER(t, struct lx_listener, back_off));
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* No descriptor is left. The connection at the head of the queue would make the kernel report the
 * listener again and again: it is accepted with the reserve and closed, and then we wait. */
static void back_off(struct lx_listener *l)
{
    if (l->reserve >= 0) {
        close(l->reserve);
        int fd = accept4(l->watch.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        l->reserve = open_reserve();
    }
    if (lx_timer_set(l->loop, &l->back_off, lx_loop_now_ms(l->loop) + BACK_OFF_MS) == 0)
        rearm(l);
}

static void on_ready(struct lx_watch *w, uint32_t events)
{
    struct lx_listener *l = LX_CONTAINER(w, struct lx_listener, watch);
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN && l->watch.fd >= 0 && !l->paused; i++) {
        int fd = accept4(l->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            back_off(l);
            return;
        }
        if (fd < 0)
            continue; /* that connection failed before we took it (accept(2)) */
        struct lx_stream *s = lx_stream_adopt(l->loop, fd, l->tls, NULL, NULL);
        if (s)
            l->on_accept(l->arg, s);
    }
}

static void on_task(struct lx_task *t)
{
    free(LX_CONTAINER(t, struct lx_listener, task));
}

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t address_len)
{
    int one = 1, zero = 0;
    if (address->sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
            return -1;
    }
    if (address->sa_family == AF_INET6) /* "::" takes IPv4 too, whatever the system's default */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    return bind(fd, address, address_len) != 0 || listen(fd, BACKLOG) != 0 ? -1 : 0;
}

struct lx_listener *lx_listener_new(struct lx_loop *loop, const struct sockaddr *address,
                                    socklen_t address_len, struct lx_tls_context *tls,
                                    void (*on_accept)(void *arg, struct lx_stream *s), void *arg,
                                    struct lx_error *err)
{
    struct lx_listener *l = calloc(1, sizeof *l);
    if (!l) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    l->loop = loop;
    l->tls = tls;
    l->on_accept = on_accept;
    l->arg = arg;
    l->task.run = on_task;
    l->back_off.fire = back_off_over;
    l->watch.ready = on_ready;
    l->reserve = open_reserve();
    l->watch.fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->watch.fd < 0 || bind_and_listen(l->watch.fd, address, address_len) != 0 ||
        lx_watch_add(loop, &l->watch, EPOLLIN) != 0) {
        char text[96];
        lx_error_set(err, LX_EIO, "cannot listen: %s", strerror_r(errno, text, sizeof text));
        lx_listener_close(l);
        return NULL;
    }
    return l;
}

int lx_listener_port(const struct lx_listener *l)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof a;
    if (getsockname(l->watch.fd, (struct sockaddr *)&a, &len) != 0)
        return 0;
    if (a.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&a)->sin_port);
    return a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port) : 0;
}

void lx_listener_pause(struct lx_listener *l)
{
    l->paused = true;
    rearm(l);
}

void lx_listener_resume(struct lx_listener *l)
{
    l->paused = false;
    rearm(l);
}

void lx_listener_close(struct lx_listener *l)
{
    lx_watch_close(&l->watch);
    lx_timer_cancel(l->loop, &l->back_off);
    if (l->reserve >= 0)
        close(l->reserve);
    lx_loop_defer(l->loop, &l->task);
}
