/*
 * dialect_crossing.c - an exchange carried by a front's and a back's functions and nothing else.
 *
 * So a language crosses to itself through the canonical form, which a call avoids, and a response
 * can be translated without a request.
 */
#include "crossing.h"

#include <stdlib.h>

enum { MAX_RECORD_BYTES = 16 << 20 };

/* ---- Forward ---- */

static struct lx_write_options write_options(const struct parties *p)
{
    const struct lx_case *file = p->file;
    struct lx_write_options o = {.model = p->deployment.model};
    lx_provider_options(&p->provider, p->deployment.model, &o);
    o.model = p->deployment.model;
    o.drop_params = lx_case_has_option(file, LX_S("drop_params"));
    o.modify_params = lx_case_has_option(file, LX_S("modify_params"));
    o.native_json_schema |= lx_case_has_option(file, LX_S("native_json_schema"));
    o.adaptive_thinking |= lx_case_has_option(file, LX_S("adaptive_thinking"));
    return o;
}

static struct lx_reply_context first_context(const struct parties *p)
{
    return (struct lx_reply_context){
        .model = p->deployment.model,
        .id = p->file->id,
        .now_s = p->file->now_s,
        .json_tool = lx_case_has_option(p->file, LX_S("json_tool")),
        .legacy_functions = lx_case_has_option(p->file, LX_S("legacy_functions")),
        .include_usage = lx_case_has_option(p->file, LX_S("include_usage")),
    };
}

static void write_upstream(struct crossing *x, const struct parties *p,
                           const struct lx_request *request, struct lx_reply_context *context)
{
    const struct lx_write_options options = write_options(p);
    struct lx_header_list headers;
    lx_header_list_init(&headers, &x->arena);
    struct lx_body body = {
        .buf = &x->upstream, .headers = &headers, .losses = &x->losses, .arena = &x->arena};
    lx_back_write_path(p->back->back, &options, request->stream, &x->url);
    p->back->back->write_request(&options, request, &body);
    if (body.code) {
        x->error = body.error;
        crossing_fail(x, body.code);
        return;
    }
    x->sent = true;
    x->headers = headers.headers;
    context->model = lx_text_plain(request->model, &x->arena);
    context->json_tool = body.json_tool;
    context->legacy_functions = request->legacy_functions;
    context->include_usage = request->include_usage;
}

static void forward(struct crossing *x, const struct parties *p, struct lx_slice body,
                    struct lx_reply_context *context)
{
    struct lx_json_doc doc;
    struct lx_request request = {0};
    struct lx_slice text = lx_arena_copy(&x->arena, body);
    lx_json_doc_init(&doc);
    if (!text.p)
        crossing_fail(x, LX_ENOMEM);
    if (x->code == 0)
        crossing_fail(x, lx_json_read(&doc, text, NULL, &x->error));
    if (x->code == 0)
        crossing_fail(x, p->front->front->read_request(&doc, &x->arena, &request, &x->error));
    if (x->code == 0)
        write_upstream(x, p, &request, context);
    lx_json_doc_clear(&doc); /* what the context borrows is the arena's */
}

/* ---- Backward ---- */

static void relay_fault(struct crossing *x, const struct parties *p,
                        const struct lx_case_section *response)
{
    struct lx_headers headers = crossing_response_headers(response, &x->arena);
    struct lx_fault fault = {.retry_after_ms = -1};
    p->back->back->read_error(lx_case_status(response), response->body, &headers, &x->arena,
                              &fault);
    crossing_write_fault(x, p, &fault);
}

static void relay_whole(struct crossing *x, const struct parties *p, struct lx_slice body,
                        const struct lx_reply_context *context)
{
    struct lx_json_doc doc;
    struct lx_reply reply = {0};
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, body, NULL, &x->error);
    if (code == 0)
        code = p->back->back->read_reply(&doc, context, &x->arena, &reply, &x->error);
    else if (code != LX_ENOMEM)
        code = LX_EPROTO;
    if (code == 0 && !x->arena.failed) {
        p->front->front->write_reply(&reply, context, &x->client);
        x->answered = true;
    }
    crossing_fail(x, code);
    lx_json_doc_clear(&doc);
}

/* A stream on its way from a back to a front. */
struct stream {
    const struct lx_front *front;
    const struct lx_back *back;
    const struct lx_reply_context *context;
    struct lx_records records;
    struct lx_json_doc doc;
    struct lx_arena arena; /* of one record's events */
    void *front_state, *back_state;
    struct lx_buf *out;
    struct lx_error *err;
    bool ended; /* by a fault */
};

static int write_events(struct stream *s, const struct lx_events *events, int code)
{
    if (code == 0)
        code = s->arena.failed;
    for (size_t i = 0; code == 0 && !s->ended && i < events->n; i++) {
        s->front->write_event(s->front_state, &events->v[i], s->context, s->out);
        s->ended = events->v[i].kind == LX_EVENT_FAULT;
    }
    lx_arena_reset(&s->arena);
    return code;
}

static int relay_record(struct stream *s, const struct lx_record *record)
{
    struct lx_events events = {.arena = &s->arena};
    int code = s->back->read_event(s->back_state, record, &s->doc, s->context, &events, s->err);
    return write_events(s, &events, code);
}

static int relay_piece(struct stream *s, struct lx_slice piece)
{
    struct lx_record record;
    int code = 1;
    while (code == 1 && !s->ended) {
        code = lx_records_next(&s->records, &piece, &record, s->err);
        if (code == 1) {
            int bad = relay_record(s, &record);
            code = bad ? bad : 1;
        }
    }
    return code < 0 ? code : 0;
}

static int relay_end(struct stream *s)
{
    struct lx_events events = {.arena = &s->arena};
    struct lx_record record;
    int code = lx_records_end(&s->records, &record, s->err);
    if (code == 1)
        code = relay_record(s, &record);
    if (code != 0 || s->ended)
        return code;
    code = s->back->read_end(s->back_state, &events, s->err);
    return write_events(s, &events, code);
}

static int relay_pieces(struct stream *s, struct lx_slice body, struct pieces pieces)
{
    int code = s->front_state && s->back_state ? 0 : LX_ENOMEM;
    for (size_t n = pieces.first; code == 0 && body.n > 0; n = pieces.rest) {
        struct lx_slice piece;
        char *copy = crossing_take_piece(&body, n, &piece);
        code = copy ? relay_piece(s, piece) : LX_ENOMEM;
        free(copy);
    }
    return code == 0 && !s->ended ? relay_end(s) : code;
}

/* What cannot be read ends the stream with a fault in it, as a call does it. */
static void write_stream_fault(struct stream *s, int code, struct lx_arena *a)
{
    struct lx_event e = {.kind = LX_EVENT_FAULT, .fault = lx_fault_of_error(code, s->err, a)};
    s->front->write_event(s->front_state, &e, s->context, s->out);
}

static void relay_stream(struct crossing *x, const struct parties *p, struct lx_slice body,
                         struct pieces pieces, const struct lx_reply_context *context)
{
    struct stream s = {.front = p->front->front,
                       .back = p->back->back,
                       .context = context,
                       .out = &x->client,
                       .err = &x->error};
    lx_json_doc_init(&s.doc);
    lx_arena_init(&s.arena, CROSSING_MAX_BYTES);
    lx_records_init(&s.records, s.back->framing, MAX_RECORD_BYTES);
    s.front_state = calloc(1, s.front->state_size + 1);
    s.back_state = calloc(1, s.back->state_size + 1);
    int code = relay_pieces(&s, body, pieces);
    if (code < 0 && code != LX_ENOMEM)
        write_stream_fault(&s, code, &x->arena);
    else
        crossing_fail(x, code);
    x->answered = true;
    if (s.front->clear && s.front_state)
        s.front->clear(s.front_state);
    if (s.back->clear && s.back_state)
        s.back->clear(s.back_state);
    free(s.front_state);
    free(s.back_state);
    lx_records_clear(&s.records);
    lx_arena_clear(&s.arena);
    lx_json_doc_clear(&s.doc);
}

static void backward(struct crossing *x, const struct parties *p,
                     const struct lx_case_section *response, struct pieces pieces,
                     const struct lx_reply_context *context)
{
    x->status = lx_case_status(response);
    if (x->status >= 400)
        relay_fault(x, p, response);
    else if (crossing_is_stream(response))
        relay_stream(x, p, response->body, pieces, context);
    else
        relay_whole(x, p, response->body, context);
}

void crossing_by_dialects(struct crossing *x, const struct parties *p,
                          const struct lx_case_exchange *e, struct pieces pieces)
{
    const struct lx_case_section *request = &e->section[LX_CASE_CLIENT_REQUEST];
    const struct lx_case_section *response = &e->section[LX_CASE_UPSTREAM_RESPONSE];
    struct lx_reply_context context = first_context(p);
    if (request->present)
        forward(x, p, request->body, &context);
    crossing_fail(x, x->upstream.failed ? x->upstream.failed : x->arena.failed);
    if (x->code)
        x->sent = false;
    else if (response->present)
        backward(x, p, response, pieces, &context);
    if (x->code && x->code != LX_ENOMEM && !x->answered) {
        struct lx_fault fault = lx_fault_of_error(x->code, &x->error, &x->arena);
        crossing_write_fault(x, p, &fault);
    }
}
