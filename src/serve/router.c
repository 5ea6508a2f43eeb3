/*
 * router.c - GET /router/state: what the router knows and whom it asked lately, as JSON, or as
 * tables with ?format=text.
 */
#include "route/show.h"
#include "serve/endpoint.h"
#include "serve/inbound.h"
#include "serve/server.h"
#include "serve/worker.h"

enum { NOTES_MAX = 256, NOTES_SHOWN = 100 };

static size_t collect(const struct lx_server *s, struct lx_route_note *notes)
{
    const struct lx_route_trail *trail;
    size_t n = 0;
    for (int i = 0; (trail = lx_server_trail(s, i)); i++) {
        n += lx_route_trail_read(trail, notes + n, NOTES_MAX - n);
        if (n + LX_TRAIL_SIZE > NOTES_MAX) { /* many loops: only the newest stay */
            lx_route_notes_sort(notes, n);
            n = n < NOTES_SHOWN ? n : NOTES_SHOWN;
        }
    }
    lx_route_notes_sort(notes, n);
    return n < NOTES_SHOWN ? n : NOTES_SHOWN;
}

static void reply(struct lx_exchange *x, struct lx_slice type, struct lx_buf *body)
{
    if (body->failed) {
        struct lx_fault f = lx_fault_of_error(body->failed, NULL, &x->arena);
        lx_exchange_refuse(x, lx_fault_status(&f), &f);
    } else {
        lx_inbound_reply(x->conn, 200, type, NULL, lx_buf_slice(body), true);
        lx_inbound_exchange_done(x->conn);
    }
    lx_buf_clear(body);
}

void lx_endpoint_router_state(struct lx_exchange *x)
{
    struct lx_worker *w = x->worker;
    struct lx_route_note notes[NOTES_MAX];
    const struct lx_route_view view = {
        .table = &x->config->routes,
        .now_ms = w->epoch_ms + lx_loop_now_ms(w->loop),
        .notes = notes,
        .note_count = collect(w->server, notes),
    };
    struct lx_buf body;
    lx_buf_init(&body, 256u << 20);
    if (lx_slice_eq(lx_exchange_query(x, LX_S("format")), LX_S("text"))) {
        lx_route_show_text(&view, &body);
        reply(x, LX_S("text/plain; charset=utf-8"), &body);
        return;
    }
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_route_show_json(&view, &o);
    lx_out_object_end(&o);
    reply(x, LX_S("application/json"), &body);
}
