/*
 * access.h - the access log's lines: what was asked, who answered, and what it came to.
 *
 * Written at the end of a request, and of those asked besides, into the worker's buffer; log.h
 * takes it from there. Nothing of a request's text, and no key, is in a line.
 */
#ifndef LX_SERVE_ACCESS_H
#define LX_SERVE_ACCESS_H

#include "call/call.h"

struct lx_worker;

struct lx_access_line {
    const struct lx_call_report *r; /* or NULL: it was answered without a call */
    struct lx_slice id, method, path;
    const char *peer;
    const char *besides; /* another call for that id: "mirror", of a silent_model; "inquiry", for
                          * an auto router's choice; or NULL */
    int status;
    int64_t wall_ms, ms, first_byte_ms; /* -1: none */
    uint64_t bytes_in, bytes_out;
};
void lx_access_write(struct lx_worker *w, const struct lx_access_line *l);

/* Replies of this process whose cost is not known. From any thread. */
uint64_t lx_access_unpriced(void);

#endif
