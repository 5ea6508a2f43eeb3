/*
 * crossing.c - carries an exchange through front and back, as a gateway would.
 *
 * The case runner calls it once for each check; allocations may fail anywhere in it.
 */
#include "crossing.h"

#include <stdlib.h>

enum {
    MAX_BYTES = 64 << 20,
    MAX_RECORD_BYTES = 16 << 20,
};

static void fail(struct crossing *x, int code)
{
    if (x->code == 0)
        x->code = code;
}

/* The error body a client gets for x->code. */
static void write_fault(struct crossing *x, const struct parties *p, const struct lx_fault *fault)
{
    x->status = lx_fault_status(fault);
    x->answered = true;
    p->front->front->write_error(fault, &x->client);
}

/* Out of memory is reported and nothing else: there is nothing to write with. */
static void write_failure(struct crossing *x, const struct parties *p)
{
    if (x->code == LX_ENOMEM)
        return;
    struct lx_fault fault = lx_fault_of_error(x->code, &x->error, &x->arena);
    write_fault(x, p, &fault);
}

static void check_storage(struct crossing *x)
{
    const int failed[] = {x->arena.failed, x->path.failed, x->upstream.failed, x->client.failed};
    for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++)
        if (failed[i] && x->code != LX_ENOMEM)
            x->code = failed[i];
}

/* ---- Facts ---- */

int parties_find(const struct lx_case *file, struct parties *out, struct lx_error *err)
{
    struct lx_slice provider;
    *out = (struct parties){.file = file};
    if (!lx_slice_cut(file->target, '/', &provider, &out->model))
        return lx_error_set(err, LX_EINVAL, "target is provider/model");
    struct lx_slice language = file->language;
    if (!language.n)
        language = lx_slice_eq(provider, LX_S("anthropic")) ? provider : LX_S("openai_chat");
    out->front = lx_dialect_find(file->front);
    out->back = lx_dialect_find(language);
    if (!out->front || !out->front->front)
        return lx_error_set(err, LX_EINVAL, "no front language %.*s", LX_F(file->front));
    if (!out->back || !out->back->back)
        return lx_error_set(err, LX_EINVAL, "no upstream language %.*s", LX_F(language));
    return 0;
}

bool crossing_is_stream(const struct lx_case_section *response)
{
    return lx_slice_starts(lx_case_content_type(response), LX_S("text/event-stream"));
}

void crossing_init(struct crossing *x)
{
    *x = (struct crossing){.status = 200};
    lx_arena_init(&x->arena, MAX_BYTES);
    lx_buf_init(&x->path, MAX_BYTES);
    lx_buf_init(&x->upstream, MAX_BYTES);
    lx_buf_init(&x->client, MAX_BYTES);
    lx_losses_init(&x->losses, &x->arena);
}

void crossing_clear(struct crossing *x)
{
    lx_buf_clear(&x->path);
    lx_buf_clear(&x->upstream);
    lx_buf_clear(&x->client);
    lx_arena_clear(&x->arena);
}

/* ---- Forward ---- */

static struct lx_write_options write_options(const struct parties *p)
{
    return (struct lx_write_options){
        .model = p->model,
        .drop_params = lx_case_has_option(p->file, LX_S("drop_params")),
        .modify_params = lx_case_has_option(p->file, LX_S("modify_params")),
        .native_json_schema = lx_case_has_option(p->file, LX_S("native_json_schema")),
        .adaptive_thinking = lx_case_has_option(p->file, LX_S("adaptive_thinking")),
    };
}

static void set_context(struct crossing *x, const struct parties *p)
{
    x->context = (struct lx_reply_context){
        .model = p->model,
        .id = p->file->id,
        .now_s = p->file->now_s,
        .json_tool = lx_case_has_option(p->file, LX_S("json_tool")),
        .legacy_functions = lx_case_has_option(p->file, LX_S("legacy_functions")),
        .include_usage = lx_case_has_option(p->file, LX_S("include_usage")),
    };
}

static void write_upstream(struct crossing *x, const struct parties *p,
                           const struct lx_request *request)
{
    const struct lx_write_options options = write_options(p);
    struct lx_header_list headers;
    lx_header_list_init(&headers, &x->arena);
    struct lx_body body = {
        .buf = &x->upstream, .headers = &headers, .losses = &x->losses, .arena = &x->arena};
    p->back->back->write_path(&options, request->stream, &x->path);
    p->back->back->write_request(&options, request, &body);
    if (body.code) {
        x->error = body.error;
        fail(x, body.code);
        return;
    }
    x->sent = true;
    x->headers = headers.headers;
    x->context.model = lx_text_plain(request->model, &x->arena);
    x->context.json_tool = body.json_tool;
    x->context.legacy_functions = request->legacy_functions;
    x->context.include_usage = request->include_usage;
}

void crossing_forward(struct crossing *x, const struct parties *p, struct lx_slice body)
{
    struct lx_json_doc doc;
    struct lx_request request = {0};
    set_context(x, p);
    /* A copy of the size it has: a reader that strays is caught by the address sanitizer. */
    struct lx_slice copy = lx_arena_copy(&x->arena, body);
    lx_json_doc_init(&doc);
    if (!copy.p)
        fail(x, LX_ENOMEM);
    if (x->code == 0)
        fail(x, lx_json_read(&doc, copy, NULL, &x->error));
    if (x->code == 0)
        fail(x, p->front->front->read_request(&doc, &x->arena, &request, &x->error));
    if (x->code == 0)
        write_upstream(x, p, &request);
    check_storage(x);
    if (x->code) {
        x->sent = false;
        write_failure(x, p);
        check_storage(x);
    }
    /* The context borrows from the document's text, which the arena owns, not from its nodes. */
    lx_json_doc_clear(&doc);
}

/* ---- Backward ---- */

static struct lx_headers response_headers(const struct lx_case_section *s, struct lx_arena *a)
{
    const struct lx_slice header = LX_S("header");
    struct lx_header_list list;
    lx_header_list_init(&list, a);
    lx_header_list_add(&list, LX_S("content-type"), lx_case_content_type(s));
    for (const struct lx_case_fact *f = lx_case_fact_find(s->facts, header); f;
         f = lx_case_fact_find(f->next, header)) {
        struct lx_slice name, value;
        lx_slice_cut(f->value, ':', &name, &value);
        lx_header_list_add(&list, lx_slice_trim(name), lx_slice_trim(value));
    }
    return list.headers;
}

static void relay_fault(struct crossing *x, const struct parties *p,
                        const struct lx_case_section *response)
{
    struct lx_headers headers = response_headers(response, &x->arena);
    struct lx_fault fault = {.retry_after_ms = -1};
    p->back->back->read_error(lx_case_status(response), response->body, &headers, &x->arena,
                              &fault);
    write_fault(x, p, &fault);
}

static void relay_whole(struct crossing *x, const struct parties *p, struct lx_slice body)
{
    struct lx_json_doc doc;
    struct lx_reply reply = {0};
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, body, NULL, &x->error);
    if (code == 0)
        code = p->back->back->read_reply(&doc, &x->context, &x->arena, &reply, &x->error);
    else if (code != LX_ENOMEM)
        code = LX_EPROTO;
    if (code == 0 && !x->arena.failed) {
        p->front->front->write_reply(&reply, &x->context, &x->client);
        x->answered = true;
    }
    fail(x, code);
    lx_json_doc_clear(&doc);
}

/* A stream on its way from a back to a front. */
struct stream {
    struct crossing *x;
    const struct lx_front *front;
    const struct lx_back *back;
    struct lx_records records;
    struct lx_json_doc doc;
    struct lx_arena arena; /* of one record's events */
    void *front_state, *back_state;
};

static int write_events(struct stream *s, const struct lx_events *events, int code)
{
    if (code == 0)
        code = s->arena.failed;
    for (size_t i = 0; code == 0 && i < events->n; i++)
        s->front->write_event(s->front_state, &events->v[i], &s->x->context, &s->x->client);
    lx_arena_reset(&s->arena);
    return code;
}

static int relay_record(struct stream *s, const struct lx_record *record)
{
    struct lx_events events = {.arena = &s->arena};
    int code = s->back->read_event(s->back_state, record, &s->doc, &s->x->context, &events,
                                   &s->x->error);
    return write_events(s, &events, code);
}

static int relay_piece(struct stream *s, struct lx_slice piece)
{
    /* On the heap and gone afterwards: nobody may keep what he borrowed. */
    char *copy = malloc(piece.n + 1);
    struct lx_slice in = lx_slice(copy, piece.n);
    struct lx_record record;
    int code = 1;
    if (!copy)
        return LX_ENOMEM;
    memcpy(copy, piece.p, piece.n);
    while (code == 1) {
        code = lx_records_next(&s->records, &in, &record, &s->x->error);
        if (code == 1) {
            int bad = relay_record(s, &record);
            code = bad ? bad : 1;
        }
    }
    free(copy);
    return code;
}

static int relay_end(struct stream *s)
{
    struct lx_events events = {.arena = &s->arena};
    struct lx_record record;
    int code = lx_records_end(&s->records, &record, &s->x->error);
    if (code == 1)
        code = relay_record(s, &record);
    if (code != 0)
        return code;
    code = s->back->read_end(s->back_state, &events, &s->x->error);
    return write_events(s, &events, code);
}

static void relay_stream(struct crossing *x, const struct parties *p, struct lx_slice body,
                         struct pieces pieces)
{
    struct stream s = {.x = x, .front = p->front->front, .back = p->back->back};
    int code = 0;
    lx_json_doc_init(&s.doc);
    lx_arena_init(&s.arena, MAX_BYTES);
    lx_records_init(&s.records, s.back->framing, MAX_RECORD_BYTES);
    s.front_state = calloc(1, s.front->state_size + 1);
    s.back_state = calloc(1, s.back->state_size + 1);
    if (!s.front_state || !s.back_state)
        code = LX_ENOMEM;
    for (size_t n = pieces.first; code == 0 && body.n > 0; n = pieces.rest) {
        struct lx_slice piece = lx_slice_to(body, n);
        code = relay_piece(&s, piece);
        body = lx_slice_from(body, piece.n);
    }
    if (code == 0)
        code = relay_end(&s);
    fail(x, code);
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

void crossing_backward(struct crossing *x, const struct parties *p,
                       const struct lx_case_section *response, struct pieces pieces)
{
    if (!x->sent)
        set_context(x, p);
    x->status = lx_case_status(response);
    if (x->status >= 400)
        relay_fault(x, p, response);
    else if (crossing_is_stream(response))
        relay_stream(x, p, response->body, pieces);
    else
        relay_whole(x, p, response->body);
    check_storage(x);
    if (x->code && !x->answered)
        write_failure(x, p);
    check_storage(x);
}
