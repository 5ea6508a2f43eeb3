/*
 * crossing.h - one exchange of a case, carried across: request forward, response backward.
 */
#ifndef LX_TEST_CROSSING_H
#define LX_TEST_CROSSING_H

#include "call/call.h"
#include "cmd/case_file.h"

/* How a response body arrives: `first` bytes, then pieces of `rest` bytes. */
struct pieces {
    size_t first, rest;
};

/* Who speaks what, from a case's facts. */
struct parties {
    const struct lx_case *file;
    const struct lx_dialect *front, *back;
    bool through_call; /* else through the dialects alone */
    struct lx_provider provider;
    struct lx_deployment deployment;
    struct lx_route_table routes; /* the deployment, under every name */
};

/* What came of it. Slices live in the arena. */
struct crossing {
    struct lx_arena arena;
    int code; /* 0, or why there is nothing or not all; a call tells the client instead */
    struct lx_error error;
    bool sent; /* a request for upstream was written */
    struct lx_buf url, upstream;
    struct lx_headers headers;
    struct lx_losses losses;
    bool answered; /* the client got something */
    int status;
    struct lx_buf client;
    bool internal; /* the client was told of a failure of ours */
};

/* 0, or a code with what is wrong with the case's facts. What it makes is in the arena. */
int parties_find(const struct lx_case *file, struct lx_arena *a, struct parties *out,
                 struct lx_error *err);
void parties_clear(struct parties *p);

void crossing_init(struct crossing *x);
void crossing_clear(struct crossing *x);
/* Carries over what the exchange has, each way. */
void crossing_run(struct crossing *x, const struct parties *p, const struct lx_case_exchange *e,
                  struct pieces pieces);
/* Whether a response is a stream of events. */
bool crossing_is_stream(const struct lx_case_section *response);

/* ---- For the two ways of crossing ---- */

enum { CROSSING_MAX_BYTES = 64 << 20 };

/* With a request, the whole of a call: call_crossing.c. */
void crossing_by_call(struct crossing *x, const struct parties *p, const struct lx_case_exchange *e,
                      struct pieces pieces);
/* By the two dialects' functions and nothing else: dialect_crossing.c. */
void crossing_by_dialects(struct crossing *x, const struct parties *p,
                          const struct lx_case_exchange *e, struct pieces pieces);
/* The first failure counts, but for memory: that always does. */
void crossing_fail(struct crossing *x, int code);
/* The error body a client gets. */
void crossing_write_fault(struct crossing *x, const struct parties *p,
                          const struct lx_fault *fault);
struct lx_headers crossing_response_headers(const struct lx_case_section *s, struct lx_arena *a);
/* The next piece of *rest, in memory of its own that ends where the piece does: who keeps what he
 * borrowed, or reads on, is caught by the address sanitizer. NULL when there is no memory. */
char *crossing_take_piece(struct lx_slice *rest, size_t n, struct lx_slice *piece);

#endif
