/*
 * router.c - GET /router/state: what the router knows and whom it asked lately, as JSON, or as
 * tables with ?format=text.
 */
#include "route/show.h"
#include "serve/endpoint.h"
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

static const char *const shares[] = {[LX_SHARE_OFF] = "off",
                                     [LX_SHARE_WAITING] = "waiting",
                                     [LX_SHARE_UP] = "up",
                                     [LX_SHARE_DOWN] = "down"};

static void share_json(struct lx_out *o, const struct lx_share_status *s)
{
    lx_out_object(o, "sharing");
    lx_out_str(o, "state", lx_slice_z(shares[s->state]));
    if (s->state != LX_SHARE_OFF) {
        lx_out_str(o, "node", lx_slice_z(s->node));
        lx_out_int(o, "since_ms", s->since_ms);
        lx_out_int(o, "last_ms", s->last_ms);
        lx_out_int(o, "turns", s->turns);
        lx_out_int(o, "failures", s->failures);
        lx_out_str(o, "error", lx_slice_z(s->text));
    }
    lx_out_object_end(o);
}

static void share_text(struct lx_buf *b, const struct lx_share_status *s)
{
    lx_buf_addf(b, "sharing with other nodes: %s%s%s\n", shares[s->state], s->text[0] ? ": " : "",
                s->text);
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
    struct lx_share_status share;
    struct lx_buf body;
    lx_server_share_status(w->server, &share);
    lx_buf_init(&body, 256u << 20);
    if (lx_slice_eq(lx_exchange_query(x, LX_S("format")), LX_S("text"))) {
        share_text(&body, &share);
        lx_route_show_text(&view, &body);
        lx_exchange_send(x, 200, LX_S("text/plain; charset=utf-8"), &body);
        return;
    }
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    share_json(&o, &share);
    lx_route_show_json(&view, &o);
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}
