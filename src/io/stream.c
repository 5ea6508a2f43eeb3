/*
 * stream.c - connected byte streams: connecting, reading, writing, the queue, pause and close.
 *
 * Called by net/ (upstream connections) and serve/ (clients). Registered edge-triggered once, for
 * everything; no epoll_ctl afterwards. Bytes are read into the loop's shared buffer and given away
 * at once; only what the kernel did not take is ever copied. It never calls back from within a
 * function that its owner called: what has to come at once comes from a task.
 *
 *     CONNECTING --> (HANDSHAKE) --> OPEN --> CLOSED (freed by a task at the end of the turn)
 *          |              |            |  start_tls: back to HANDSHAKE
 *          +--------------+------------+--> on_error, once; then only close is left
 */
#include "io/stream.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/tls_link.h"
#include "io/watch.h"

enum {
    READS_PER_TURN = 4, /* of the whole buffer; then the others get their turn */
    PIECES_PER_SEND = 64,
    QUEUE_MAX = 16 << 20,
};

enum state { CONNECTING, HANDSHAKE, OPEN, FAILED, CLOSED };

struct lx_stream {
    struct lx_watch watch;
    struct lx_task task;
    struct lx_loop *loop;
    const struct lx_stream_events *events;
    void *owner;
    struct lx_tls_link *tls;
    char *peer;
    struct lx_buf queue;
    size_t queue_sent; /* of the queue, from its start */
    int connect_errno;
    uint8_t state;
    bool paused;
    bool more;       /* reading has not come to the kernel's end since the last edge */
    bool hung;       /* the peer has closed: read until the kernel says 0 */
    bool gone_told;  /* on_gone was called */
    bool ended;      /* on_end was called */
    bool want_drain; /* somebody waits for on_drain */
    bool want_fin;   /* lx_stream_end was called */
    bool broken;     /* a write failed while draining the queue */
};

static void on_ready(struct lx_watch *w, uint32_t events);
static void on_task(struct lx_task *t);

/* ---- Making and closing --------------------------------------------------------------------- */

static struct lx_stream *stream_new(struct lx_loop *loop, int fd, enum state state,
                                    const struct lx_stream_events *events, void *owner)
{
    struct lx_stream *s = calloc(1, sizeof *s);
    if (!s) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    *s = (struct lx_stream){.watch = {.ready = on_ready, .fd = fd},
                            .task = {.run = on_task},
                            .loop = loop,
                            .events = events,
                            .owner = owner,
                            .state = (uint8_t)state};
    lx_buf_init(&s->queue, QUEUE_MAX);
    return s;
}

static void stream_free(struct lx_stream *s)
{
    lx_tls_link_free(s->tls);
    lx_buf_clear(&s->queue);
    free(s->peer);
    free(s);
}

void lx_stream_close(struct lx_stream *s)
{
    if (s->state == CLOSED)
        return;
    s->state = CLOSED;
    lx_watch_close(&s->watch);
    lx_loop_defer(s->loop, &s->task);
}

static int watch(struct lx_stream *s)
{
    return lx_watch_add(s->loop, &s->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static void no_delay(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* fails for local sockets: fine */
}

/* Steps into TLS; the handshake is begun by a task or by the next event. */
static int add_tls(struct lx_stream *s, struct lx_tls_context *context, struct lx_slice name,
                   struct lx_error *err)
{
    s->tls = lx_tls_link_new(context, s->watch.fd, name, err);
    if (!s->tls)
        return err->code;
    lx_tls_link_readable(s->tls, s->hung);
    s->state = HANDSHAKE;
    return 0;
}

struct lx_stream *lx_stream_adopt(struct lx_loop *loop, int fd, struct lx_tls_context *tls,
                                  const struct lx_stream_events *events, void *owner)
{
    no_delay(fd);
    struct lx_stream *s = stream_new(loop, fd, OPEN, events, owner);
    if (!s)
        return NULL;
    struct lx_error err;
    if ((tls && add_tls(s, tls, lx_slice(NULL, 0), &err) != 0) || watch(s) != 0) {
        lx_watch_close(&s->watch);
        stream_free(s);
        return NULL;
    }
    return s;
}

struct lx_stream *lx_stream_connect(struct lx_loop *loop, const struct sockaddr *address,
                                    socklen_t address_len, struct lx_tls_context *tls,
                                    struct lx_slice server_name,
                                    const struct lx_stream_events *events, void *owner)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int failed = fd < 0 ? errno : 0;
    struct lx_stream *s = stream_new(loop, fd, CONNECTING, events, owner);
    if (!s)
        return NULL;
    struct lx_error err;
    if (!failed) {
        no_delay(fd);
        if (tls && add_tls(s, tls, server_name, &err) != 0) {
            lx_watch_close(&s->watch);
            stream_free(s);
            return NULL;
        }
        s->state = CONNECTING;
        if ((connect(fd, address, address_len) != 0 && errno != EINPROGRESS) || watch(s) != 0)
            failed = errno;
    }
    if (failed) {
        s->connect_errno = failed;
        lx_loop_defer(loop, &s->task);
    }
    return s;
}

int lx_stream_start_tls(struct lx_stream *s, struct lx_tls_context *tls,
                        struct lx_slice server_name)
{
    assert(!s->tls);
    if (s->state != OPEN)
        return LX_ECLOSED;
    struct lx_error err;
    int code = add_tls(s, tls, server_name, &err);
    if (code != 0)
        return code;
    s->more = true;
    lx_loop_defer(s->loop, &s->task);
    return 0;
}

/* ---- What goes wrong ------------------------------------------------------------------------ */

static void fail(struct lx_stream *s, const struct lx_error *err)
{
    s->state = FAILED;
    lx_watch_close(&s->watch);
    if (s->events->on_error)
        s->events->on_error(s, err->code, err);
}

static void fail_errno(struct lx_stream *s, int code, const char *what, int number)
{
    struct lx_error err;
    char text[96];
    lx_error_set(&err, code, "%s: %s", what, strerror_r(number, text, sizeof text));
    fail(s, &err);
}

/* ---- Writing -------------------------------------------------------------------------------- */

static size_t total_of(const struct iovec *pieces, int n)
{
    size_t total = 0;
    for (int i = 0; i < n; i++)
        total += pieces[i].iov_len;
    return total;
}

static ssize_t send_pieces(int fd, const struct iovec *pieces, int n)
{
    if (n == 1)
        return send(fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL);
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = (size_t)n};
    return sendmsg(fd, &m, MSG_NOSIGNAL);
}

static ssize_t put_plain(struct lx_stream *s, const struct iovec *pieces, int n)
{
    size_t taken = 0;
    while (n > 0) {
        int most = n < PIECES_PER_SEND ? n : PIECES_PER_SEND;
        ssize_t sent = send_pieces(s->watch.fd, pieces, most);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            return LX_ECLOSED;
        taken += sent < 0 ? 0 : (size_t)sent;
        if (sent < 0 || (size_t)sent < total_of(pieces, most))
            break;
        pieces += most;
        n -= most;
    }
    return (ssize_t)taken;
}

/* Encrypts the pieces from byte `skip` on, a record at a time, gathering small ones, so that a head
 * and a small body make one record. The stack holds it, for the loop's buffer may hold what is
 * being written. */
static ssize_t put_tls(struct lx_stream *s, const struct iovec *pieces, int n)
{
    char record[LX_TLS_RECORD_BYTES];
    size_t taken = 0, total = total_of(pieces, n);
    size_t skip = 0; /* of the first piece */
    while (taken < total) {
        const char *p = (char *)pieces->iov_base + skip;
        size_t size = pieces->iov_len - skip;
        if (size < sizeof record && size < total - taken) {
            size = 0;
            for (int i = 0; i < n && size < sizeof record; i++) {
                size_t from = i ? 0 : skip, part = pieces[i].iov_len - from;
                if (part > sizeof record - size)
                    part = sizeof record - size;
                if (part)
                    memcpy(record + size, (char *)pieces[i].iov_base + from, part);
                size += part;
            }
            p = record;
        }
        size_t took = 0;
        int r = lx_tls_link_write(s->tls, p, size, &took);
        if (r < 0)
            return LX_ECLOSED;
        if (r == LX_IO_LATER)
            break;
        taken += took;
        for (skip += took; n > 0 && skip >= pieces->iov_len; pieces++, n--)
            skip -= pieces->iov_len;
    }
    return lx_tls_link_flush(s->tls) < 0 ? LX_ECLOSED : (ssize_t)taken;
}

/* Gives the kernel what it takes now. Bytes taken, or LX_ECLOSED. */
static ssize_t put(struct lx_stream *s, const struct iovec *pieces, int n)
{
    return s->tls ? put_tls(s, pieces, n) : put_plain(s, pieces, n);
}

size_t lx_stream_queued(const struct lx_stream *s)
{
    return s->queue.n - s->queue_sent + (s->tls ? lx_tls_link_pending(s->tls) : 0);
}

void lx_stream_set_queue_max(struct lx_stream *s, size_t max_bytes)
{
    s->queue.max = max_bytes;
}

ssize_t lx_stream_write_some(struct lx_stream *s, const struct iovec *pieces, int n)
{
    if (s->state >= FAILED || s->broken || s->want_fin)
        return LX_ECLOSED;
    ssize_t taken = 0;
    if (s->state == OPEN && !lx_stream_queued(s))
        taken = put(s, pieces, n);
    if (taken >= 0 && (size_t)taken < total_of(pieces, n))
        s->want_drain = true;
    return taken;
}

static int enqueue(struct lx_stream *s, const struct iovec *pieces, int n, size_t skip)
{
    size_t more = total_of(pieces, n) - skip;
    if (s->queue_sent * 2 > s->queue.n || s->queue.n + more > s->queue.max) {
        lx_buf_consume(&s->queue, s->queue_sent);
        s->queue_sent = 0;
    }
    if (!lx_buf_reserve(&s->queue, more))
        return s->queue.failed;
    for (int i = 0; i < n; i++) {
        struct lx_slice piece = lx_slice(pieces[i].iov_base, pieces[i].iov_len);
        size_t gone = skip < piece.n ? skip : piece.n;
        lx_buf_add(&s->queue, lx_slice_from(piece, gone));
        skip -= gone;
    }
    return 0;
}

int lx_stream_write(struct lx_stream *s, const struct iovec *pieces, int n)
{
    ssize_t taken = lx_stream_write_some(s, pieces, n);
    if (taken < 0)
        return (int)taken;
    if ((size_t)taken < total_of(pieces, n))
        return enqueue(s, pieces, n, (size_t)taken);
    if (lx_stream_queued(s)) {
        s->want_drain = true; /* encrypted, but not all sent */
        return 0;
    }
    return 1;
}

static void send_fin(struct lx_stream *s)
{
    if (s->tls) {
        lx_tls_link_end(s->tls);
        lx_tls_link_flush(s->tls);
    }
    shutdown(s->watch.fd, SHUT_WR);
}

void lx_stream_end(struct lx_stream *s)
{
    if (s->state >= FAILED || s->want_fin)
        return;
    s->want_fin = true;
    if (s->state == OPEN && !lx_stream_queued(s))
        send_fin(s);
}

/* Sends what waits, as far as the kernel takes it. True when nothing waits any more. */
static bool send_queued(struct lx_stream *s)
{
    if (s->tls && lx_tls_link_flush(s->tls) < 0)
        s->broken = true;
    struct iovec rest = {s->queue.p + s->queue_sent, s->queue.n - s->queue_sent};
    ssize_t taken = s->broken || !rest.iov_len ? 0 : put(s, &rest, 1);
    if (taken < 0)
        s->broken = true;
    if (s->broken)
        return false;
    s->queue_sent += (size_t)taken;
    if (lx_stream_queued(s))
        return false;
    s->queue_sent = 0;
    lx_buf_clear(&s->queue); /* thousands of streams wait with nothing queued */
    return true;
}

/* The kernel has room again. */
static void flush(struct lx_stream *s)
{
    bool waited = lx_stream_queued(s) != 0;
    if (waited && !send_queued(s))
        return;
    if (waited && s->want_fin)
        send_fin(s);
    if (s->want_drain) {
        s->want_drain = false;
        if (s->events->on_drain)
            s->events->on_drain(s);
    }
}

/* ---- Reading -------------------------------------------------------------------------------- */

static int get_plain(struct lx_stream *s, char *p, size_t n, size_t *got, struct lx_error *err)
{
    for (;;) {
        ssize_t r = recv(s->watch.fd, p, n, 0);
        if (r > 0) {
            *got = (size_t)r;
            return LX_IO_MOVED;
        }
        if (r == 0)
            return LX_IO_END;
        if (errno == EAGAIN)
            return LX_IO_LATER;
        if (errno == EINTR)
            continue;
        char text[96];
        int code = errno == ECONNRESET || errno == EPIPE ? LX_ECLOSED : LX_EIO;
        return lx_error_set(err, code, "reading: %s", strerror_r(errno, text, sizeof text));
    }
}

/* Reads until the kernel has no more, the owner has enough, or others have waited long enough. */
static void read_all(struct lx_stream *s)
{
    size_t budget = (size_t)READS_PER_TURN * LX_LOOP_READ_BYTES;
    while (s->state == OPEN && s->more && !s->paused && !s->ended) {
        char *p = NULL;
        size_t n = 0, got = 0;
        if (s->events->on_room)
            s->events->on_room(s, &p, &n);
        if (!p || !n) {
            p = lx_loop_read_buffer(s->loop);
            n = LX_LOOP_READ_BYTES;
        }
        struct lx_error err;
        int r =
            s->tls ? lx_tls_link_read(s->tls, p, n, &got, &err) : get_plain(s, p, n, &got, &err);
        if (r == LX_IO_MOVED) {
            if (!s->tls && got < n && !s->hung)
                s->more = false; /* a new edge will tell of more */
            s->events->on_data(s, lx_slice(p, got));
            budget -= got < budget ? got : budget;
            if (!budget && s->state == OPEN && s->more) {
                lx_loop_defer(s->loop, &s->task);
                return;
            }
        } else if (r == LX_IO_LATER) {
            s->more = false;
        } else if (r == LX_IO_END) {
            s->more = false;
            s->ended = true;
            if (s->events->on_end)
                s->events->on_end(s);
        } else {
            fail(s, &err);
        }
    }
}

/* ---- Events --------------------------------------------------------------------------------- */

static void handshake(struct lx_stream *s)
{
    struct lx_error err;
    int r = lx_tls_link_handshake(s->tls, &err);
    if (r < 0)
        fail(s, &err);
    if (r != LX_IO_MOVED)
        return;
    s->state = OPEN;
    s->more = true; /* the handshake may have read ahead */
    if (s->events->on_open)
        s->events->on_open(s);
}

static void connected(struct lx_stream *s)
{
    int number = 0;
    socklen_t len = sizeof number;
    if (getsockopt(s->watch.fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0)
        number = errno;
    if (number) {
        fail_errno(s, LX_ECONNECT, "connecting", number);
        return;
    }
    if (s->tls) {
        s->state = HANDSHAKE;
        return;
    }
    s->state = OPEN;
    if (s->events->on_open)
        s->events->on_open(s);
}

/* Everything that can go on now, in order. */
static void advance(struct lx_stream *s)
{
    if (s->state == HANDSHAKE)
        handshake(s);
    if (s->state == OPEN && (s->want_drain || lx_stream_queued(s)))
        flush(s);
    read_all(s);
    if (s->state == OPEN && s->broken && !s->paused)
        fail_errno(s, LX_ECLOSED, "writing", EPIPE);
}

static void on_ready(struct lx_watch *w, uint32_t events)
{
    struct lx_stream *s = LX_CONTAINER(w, struct lx_stream, watch);
    if (s->state == CONNECTING) {
        if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
            return;
        connected(s);
        if (s->state >= FAILED)
            return;
    }
    uint32_t hung = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    if (hung)
        s->hung = true;
    if (hung || (events & EPOLLIN)) {
        s->more = true;
        if (s->tls)
            lx_tls_link_readable(s->tls, s->hung);
    }
    advance(s);
    if ((events & EPOLLERR) && s->state == OPEN && s->ended)
        fail_errno(s, LX_ECLOSED, "reset by the peer", ECONNRESET); /* nobody reads any more */
    if (hung && s->state == OPEN && s->paused && !s->gone_told && s->events->on_gone) {
        s->gone_told = true;
        s->events->on_gone(s);
    }
}

static void on_task(struct lx_task *t)
{
    struct lx_stream *s = LX_CONTAINER(t, struct lx_stream, task);
    if (s->state == CLOSED)
        stream_free(s);
    else if (s->connect_errno)
        fail_errno(s, LX_ECONNECT, "connecting", s->connect_errno);
    else
        advance(s);
}

void lx_stream_pause(struct lx_stream *s)
{
    s->paused = true;
}

void lx_stream_resume(struct lx_stream *s)
{
    if (!s->paused)
        return;
    s->paused = false;
    if (s->state == OPEN && (s->more || s->broken))
        lx_loop_defer(s->loop, &s->task);
}

/* ---- Who ------------------------------------------------------------------------------------- */

void *lx_stream_owner(const struct lx_stream *s)
{
    return s->owner;
}

void lx_stream_set_owner(struct lx_stream *s, const struct lx_stream_events *events, void *owner)
{
    s->events = events;
    s->owner = owner;
}

const char *lx_stream_peer(struct lx_stream *s)
{
    if (s->peer)
        return s->peer;
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof a;
    char text[INET6_ADDRSTRLEN] = "";
    if (s->watch.fd < 0 || getpeername(s->watch.fd, (struct sockaddr *)&a, &len) != 0)
        return "";
    if (a.ss_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)&a)->sin_addr, text, sizeof text);
    else if (a.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&a)->sin6_addr, text, sizeof text);
    s->peer = strdup(text);
    return s->peer ? s->peer : "";
}
