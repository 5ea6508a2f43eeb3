/*
 * tls_link.h - TLS on one descriptor, as stream.c drives it: no events, no queue, no loop.
 */
#ifndef LX_IO_TLS_LINK_H
#define LX_IO_TLS_LINK_H

#include "base/slice.h"
#include "io/tls.h"

struct lx_tls_link;

/* What an attempt to move bytes came to. Negative values are error codes. */
enum lx_io_step {
    LX_IO_LATER = 0, /* the kernel has nothing, or no room, now */
    LX_IO_MOVED = 1,
    LX_IO_END = 2, /* the peer has finished */
};

/* peer_name: whom a client wants to meet (SNI and verification); absent for the server's side.
 * NULL with *err. */
struct lx_tls_link *lx_tls_link_new(struct lx_tls_context *context, int fd,
                                    struct lx_slice peer_name, struct lx_error *err);
void lx_tls_link_free(struct lx_tls_link *l); /* NULL-safe; leaves the descriptor open */

/* MOVED when done. */
int lx_tls_link_handshake(struct lx_tls_link *l, struct lx_error *err);
int lx_tls_link_read(struct lx_tls_link *l, char *p, size_t n, size_t *got, struct lx_error *err);
/* Encrypts one record at most into the link's own buffer: LATER when that is full and the kernel
 * takes no more. Nothing is half done after LATER, so the caller may come back with other bytes. */
int lx_tls_link_write(struct lx_tls_link *l, const char *p, size_t n, size_t *took);
/* Sends what is encrypted. MOVED when all of it is with the kernel. */
int lx_tls_link_flush(struct lx_tls_link *l);
size_t lx_tls_link_pending(const struct lx_tls_link *l); /* encrypted bytes not sent yet */
void lx_tls_link_end(struct lx_tls_link *l);             /* close_notify, to be flushed */
/* There may be something to read again; `to_the_end`: read until the kernel says so. */
void lx_tls_link_readable(struct lx_tls_link *l, bool to_the_end);

#define LX_TLS_RECORD_BYTES 16384

#endif
