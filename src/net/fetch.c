/*
 * fetch.c - a blocking request, for those who have no loop.
 *
 * The configuration's model map and `llmux router` use it; nothing that serves a client does.
 */
#include "net/fetch.h"

struct fetch {
    struct lx_buf *out;
    struct lx_error *err;
    int *status, code;
    bool ended;
};

static void on_head(void *owner, int status, const struct lx_headers *headers)
{
    struct fetch *f = owner;
    (void)headers;
    *f->status = status;
}

static void on_body(void *owner, struct lx_slice piece)
{
    struct fetch *f = owner;
    lx_buf_add(f->out, piece);
    if (f->out->failed && f->code == 0)
        f->code = lx_error_set(f->err, f->out->failed, "it is too long: %s",
                               lx_code_text(f->out->failed));
}

static void on_end(void *owner)
{
    struct fetch *f = owner;
    f->ended = true;
}

static void on_fail(void *owner, int code, const struct lx_error *err)
{
    struct fetch *f = owner;
    if (f->code == 0) {
        *f->err = *err;
        f->code = code;
    }
    f->ended = true;
}

static int run(struct lx_loop *loop, struct lx_net *net, const struct lx_net_request *request,
               struct fetch *f)
{
    static const struct lx_net_events events = {on_head, on_body, on_end, on_fail};
    struct lx_net_exchange *x = lx_net_send(net, request, &events, f);
    if (!x)
        return lx_error_set(f->err, LX_ENOMEM, "out of memory");
    while (!f->ended && f->code == 0)
        lx_loop_turn(loop, -1); /* the exchange's own deadline ends the wait */
    if (!f->ended)
        lx_net_cancel(x);
    return f->code;
}

int lx_net_fetch(const struct lx_net_request *request, const struct lx_net_options *options,
                 int *status, struct lx_buf *out, struct lx_error *err)
{
    struct fetch f = {.out = out, .err = err, .status = status};
    struct lx_loop *loop = lx_loop_new();
    struct lx_net *net = loop ? lx_net_new(loop, options, err) : NULL;
    int code = net ? run(loop, net, request, &f) : lx_error_set(err, LX_ENOMEM, "out of memory");
    lx_net_free(net);
    if (loop)
        lx_loop_turn(loop, 0); /* what was closed in the last turn is freed */
    lx_loop_free(loop);
    return code;
}
