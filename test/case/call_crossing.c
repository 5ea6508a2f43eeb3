/*
 * call_crossing.c - an exchange as the call machine carries it, with us as its host.
 */
#include "crossing.h"

#include <stdlib.h>

static void keep_outgoing(struct crossing *x, const struct lx_outgoing *out)
{
    struct lx_header_list headers;
    lx_header_list_init(&headers, &x->arena);
    for (size_t i = 0; i < out->headers.n; i++)
        lx_header_list_add(&headers, lx_arena_copy(&x->arena, out->headers.v[i].name),
                           lx_arena_copy(&x->arena, out->headers.v[i].value));
    x->headers = headers.headers;
    x->sent = true;
    lx_buf_add(&x->url, out->url);
    lx_buf_add(&x->upstream, out->body);
}

/* Does what the call says until it waits or is done. */
static void take_steps(struct crossing *x, struct lx_call *call)
{
    struct lx_step step;
    for (lx_call_next(call, &step); step.kind != LX_STEP_WAIT && step.kind != LX_STEP_DONE;
         lx_call_next(call, &step)) {
        if (step.kind == LX_STEP_SEND)
            keep_outgoing(x, step.send.out);
        if (step.kind != LX_STEP_EMIT)
            continue;
        x->answered = true;
        if (step.emit.head)
            x->status = step.emit.status;
        lx_buf_add(&x->client, step.emit.bytes);
    }
}

static void feed(struct crossing *x, struct lx_call *call, const struct lx_case_section *response,
                 struct pieces pieces)
{
    struct lx_headers headers = crossing_response_headers(response, &x->arena);
    struct lx_slice rest = response->body, piece;
    lx_call_feed_head(call, lx_case_status(response), &headers);
    take_steps(x, call);
    for (size_t n = pieces.first; rest.n > 0; n = pieces.rest) {
        char *copy = crossing_take_piece(&rest, n, &piece);
        if (!copy) {
            crossing_fail(x, LX_ENOMEM);
            return;
        }
        lx_call_feed_body(call, piece);
        take_steps(x, call);
        free(copy);
    }
    lx_call_feed_end(call);
    take_steps(x, call);
}

static void keep_report(struct crossing *x, const struct lx_call_report *report)
{
    const struct lx_losses *losses = report->losses;
    for (const struct lx_loss *l = losses ? losses->first : NULL; l; l = l->next)
        (l->changed ? lx_losses_change : lx_losses_add)(&x->losses, l->what, l->why);
    x->internal = report->fault.kind == LX_FAULT_INTERNAL;
    if (report->fault.kind != LX_FAULT_NONE)
        lx_error_set(&x->error, 0, "%s: %.*s", lx_fault_class(report->fault.kind),
                     LX_F(lx_slice_to(report->fault.message, 200)));
}

void crossing_by_call(struct crossing *x, const struct parties *p, const struct lx_case_exchange *e,
                      struct pieces pieces)
{
    const struct lx_case_section *response = &e->section[LX_CASE_UPSTREAM_RESPONSE];
    struct lx_slice rest = e->section[LX_CASE_CLIENT_REQUEST].body, body;
    char *copy = crossing_take_piece(&rest, SIZE_MAX, &body);
    const struct lx_call_input in = {
        .routes = &p->routes,
        .front = p->front,
        .model = !p->front->back || p->front->back->model_outside ? LX_S("fast") : LX_S(""),
        .stream = lx_case_has_option(p->file, LX_S("stream")) ? LX_YES : LX_UNSET,
        .in_array = lx_case_has_option(p->file, LX_S("in_array")),
        .body = body,
        .keeps_body = true,
        .call_id = p->file->id,
        .now_ms = p->file->now_s * 1000,
        .max_retries = -1,
    };
    struct lx_call *call = copy ? lx_call_new(&in) : NULL;
    if (call) {
        take_steps(x, call);
        if (x->sent && response->present)
            feed(x, call, response, pieces);
        keep_report(x, lx_call_report(call));
    } else {
        crossing_fail(x, LX_ENOMEM);
    }
    lx_call_free(call);
    free(copy);
}
