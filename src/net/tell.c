/*
 * tell.c - requests that are sent and forgotten (lx_net_tell()): what whoever wants them holds may
 * go at once, so the request is copied, and the copy goes with the exchange.
 *
 * Called by the drive. It never retries, and nothing is ever learned of it.
 */
#include "net/inner.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_TOLD_BYTES = 1 << 16, MAX_TOLD = 256 };

struct lx_told {
    struct lx_net *net;
    struct lx_told *prev, *next; /* of the client: freed with it */
    struct lx_arena arena;
};

static void end(struct lx_told *p)
{
    if (p->prev)
        p->prev->next = p->next;
    else
        p->net->told = p->next;
    if (p->next)
        p->next->prev = p->prev;
    p->net->told_count--;
    lx_arena_clear(&p->arena);
    free(p);
}

void lx_told_free_all(struct lx_net *net)
{
    for (struct lx_told *p; (p = net->told);) {
        end(p);
        assert(net->told != p);
    }
}

static void on_head(void *owner, int status, const struct lx_headers *headers)
{
    (void)owner;
    (void)status;
    (void)headers;
}

static void on_body(void *owner, struct lx_slice piece)
{
    (void)owner;
    (void)piece;
}

static void on_end(void *owner)
{
    end(owner);
}

static void on_fail(void *owner, int code, const struct lx_error *err)
{
    (void)code;
    (void)err;
    end(owner);
}

static const struct lx_net_events events = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end, .on_fail = on_fail};

static struct lx_net_request copy(const struct lx_net_request *r, struct lx_arena *a)
{
    struct lx_net_request own = *r;
    own.headers = lx_headers_copy(&r->headers, a);
    own.method = lx_arena_copy(a, r->method);
    own.url = lx_arena_copy(a, r->url);
    own.body = lx_arena_copy(a, r->body);
    own.trust = r->trust ? lx_arena_copy_z(a, lx_slice_z(r->trust)) : NULL;
    return own;
}

void lx_net_tell(struct lx_net *net, const struct lx_net_request *request)
{
    struct lx_told *p = net->told_count < MAX_TOLD ? calloc(1, sizeof(*p)) : NULL;
    if (!p)
        return;
    p->net = net;
    p->next = net->told;
    if (p->next)
        p->next->prev = p;
    net->told = p;
    net->told_count++;
    lx_arena_init(&p->arena, MAX_TOLD_BYTES);
    const struct lx_net_request own = copy(request, &p->arena);
    if (p->arena.failed || !lx_net_send(net, &own, &events, p))
        end(p);
}
