/*
 * stream.h - a connected byte stream (TCP, with or without TLS) and listeners.
 *
 * Edge-triggered and registered once: no epoll_ctl per request. A read shorter than asked for, or
 * EAGAIN, ends a turn's reading. TCP_NODELAY is always on. A stream belongs to one loop for life.
 */
#ifndef LX_IO_STREAM_H
#define LX_IO_STREAM_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "io/loop.h"

struct lx_tls_context; /* tls.h */
struct lx_stream;

struct lx_stream_events {
    /* Connected (and the TLS handshake done): only for streams made by lx_stream_connect, and for
     * accepted TLS streams. */
    void (*on_open)(struct lx_stream *s);
    /* Bytes arrived; valid during the call only. May pause, write, or close the stream. */
    void (*on_data)(struct lx_stream *s, struct lx_slice bytes);
    /* Where to put the next bytes: at *p, at most *n. Optional: NULL, or leaving *p NULL, means the
     * loop's own buffer. What was put there is then given to on_data as usual. */
    void (*on_room)(struct lx_stream *s, char **p, size_t *n);
    /* The peer has finished sending (FIN or close_notify). Writing may still work. */
    void (*on_end)(struct lx_stream *s);
    /* The stream broke: LX_ECONNECT, LX_ETLS, LX_ECLOSED, LX_EIO. The owner closes it. */
    void (*on_error)(struct lx_stream *s, int code, const struct lx_error *err);
    /* All that was queued is with the kernel, or there is room again after lx_stream_write_some. */
    void (*on_drain)(struct lx_stream *s);
    /* Optional. The peer closed or reset while the stream is paused: bytes may still wait to be
     * read, on_end or on_error come after resume as always. Called at most once. */
    void (*on_gone)(struct lx_stream *s);
};

/* Closing is safe inside any callback; the memory goes when the turn ends. What is still queued is
 * dropped, and unread input makes the kernel send RST: to say goodbye, lx_stream_end() first and
 * close on on_end. */
void lx_stream_close(struct lx_stream *s);

/* Starts to connect. tls NULL: plain. server_name: for SNI and verification (a host name or an IP
 * literal). NULL when out of memory or TLS cannot be set up for that name; everything else comes as
 * on_error. */
struct lx_stream *lx_stream_connect(struct lx_loop *loop, const struct sockaddr *address,
                                    socklen_t address_len, struct lx_tls_context *tls,
                                    struct lx_slice server_name,
                                    const struct lx_stream_events *events, void *owner);
/* Puts TLS on an open plain stream (after a proxy's CONNECT): on_open comes again. 0 or a code. */
int lx_stream_start_tls(struct lx_stream *s, struct lx_tls_context *tls,
                        struct lx_slice server_name);
/* Takes over a connected non-blocking descriptor; with tls, as the server's side of it. NULL when
 * out of memory: then the descriptor is closed. */
struct lx_stream *lx_stream_adopt(struct lx_loop *loop, int fd, struct lx_tls_context *tls,
                                  const struct lx_stream_events *events, void *owner);

void *lx_stream_owner(const struct lx_stream *s);
void lx_stream_set_owner(struct lx_stream *s, const struct lx_stream_events *events, void *owner);
/* Numeric address of the peer, "127.0.0.1"; valid as long as the stream. */
const char *lx_stream_peer(struct lx_stream *s);

/* While paused no on_data comes and the kernel's window closes. Resume calls back later, never from
 * within. */
void lx_stream_pause(struct lx_stream *s);
void lx_stream_resume(struct lx_stream *s);

/* Writes all pieces in order. 1: the kernel has taken everything; 0: the rest was copied to the
 * stream's queue, on_drain will come; <0: LX_ECLOSED, LX_ELIMIT (queue over its ceiling),
 * LX_ENOMEM. Never calls back from within. Before on_open everything is queued. */
int lx_stream_write(struct lx_stream *s, const struct iovec *pieces, int n);
static inline int lx_stream_write_slice(struct lx_stream *s, struct lx_slice bytes)
{
    struct iovec v = {(void *)(uintptr_t)bytes.p, bytes.n};
    return lx_stream_write(s, &v, 1);
}
/* Writes what the kernel takes now and copies nothing: bytes taken (on_drain will come when that is
 * not all), or LX_ECLOSED. For bodies that the caller keeps anyway. */
ssize_t lx_stream_write_some(struct lx_stream *s, const struct iovec *pieces, int n);
size_t lx_stream_queued(const struct lx_stream *s);
void lx_stream_set_queue_max(struct lx_stream *s, size_t max_bytes); /* at first 16 MiB */
/* Sends FIN (after what is queued). */
void lx_stream_end(struct lx_stream *s);

/* ---- Listeners ---- */
struct lx_listener;
/* Binds with SO_REUSEPORT, so that every loop may have its own listener on one port. on_accept owns
 * the new stream and must set its events with lx_stream_set_owner at once. NULL with *err. */
struct lx_listener *lx_listener_new(struct lx_loop *loop, const struct sockaddr *address,
                                    socklen_t address_len, struct lx_tls_context *tls,
                                    void (*on_accept)(void *arg, struct lx_stream *s), void *arg,
                                    struct lx_error *err);
int lx_listener_port(const struct lx_listener *l); /* the real one when 0 was asked for */
void lx_listener_pause(struct lx_listener *l);     /* at a connection limit */
void lx_listener_resume(struct lx_listener *l);
void lx_listener_close(struct lx_listener *l);

#endif
