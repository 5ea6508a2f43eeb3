/*
 * crossing.h - one exchange of a case, carried across: request forward, response backward.
 */
#ifndef LX_TEST_CROSSING_H
#define LX_TEST_CROSSING_H

#include "cmd/case_file.h"
#include "dialect/dialect.h"

/* How a response body arrives: `first` bytes, then pieces of `rest` bytes. */
struct pieces {
    size_t first, rest;
};

/* Who speaks what, from a case's facts. */
struct parties {
    const struct lx_case *file;
    const struct lx_dialect *front, *back;
    struct lx_slice model; /* upstream */
};

/* What came of it. Slices live in the arena. */
struct crossing {
    struct lx_arena arena;
    int code; /* 0, or the first failure */
    struct lx_error error;
    bool sent; /* a request for upstream was written */
    struct lx_buf path, upstream;
    struct lx_headers headers;
    struct lx_losses losses;
    bool answered; /* the client got something */
    int status;
    struct lx_buf client;
    struct lx_reply_context context; /* facts of the request that the response needs */
};

/* 0, or a code with what is wrong with the case's facts. */
int parties_find(const struct lx_case *file, struct parties *out, struct lx_error *err);

void crossing_init(struct crossing *x);
void crossing_clear(struct crossing *x);
/* Client request -> upstream request, or the error the client gets. */
void crossing_forward(struct crossing *x, const struct parties *p, struct lx_slice body);
/* Upstream response -> what the client gets. After forward, where there is a request. */
void crossing_backward(struct crossing *x, const struct parties *p,
                       const struct lx_case_section *response, struct pieces pieces);
/* Whether a response section is a stream of events. */
bool crossing_is_stream(const struct lx_case_section *response);

#endif
