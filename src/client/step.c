/*
 * step.c - the step machine for users with sockets of their own: lx_call behind plain C types.
 */
#include <stdlib.h>

#include "client/client.h"
#include "io/file.h"

struct llmux_call {
    struct lx_call *call;
    struct lx_setup *setup; /* that it is asked by */
    struct lx_buf body;
    struct lx_step step;
    struct lx_arena arena; /* NUL-terminated copies of what the current step shows */
    const char *method, *url;
    const char **names, **values;
    size_t header_count;
    int status;
};

llmux_call *llmux_call_new(llmux_client *c, const llmux_request *request, llmux_error **err)
{
    llmux_call *call = calloc(1, sizeof(*call));
    struct lx_slice stream = {0};

    if (!call) {
        lx_client_fail(err, LX_ENOMEM, NULL);
        return NULL;
    }
    lx_arena_init(&call->arena, 64u << 20);
    lx_buf_init(&call->body, 1u << 30);
    call->setup = lx_setup_hold(c->setup);
    for (const struct lx_member *m = request->members; m; m = m->next)
        if (lx_slice_eq(m->name, LX_S("stream")))
            stream = m->json;
    if (lx_client_call(c, &lx_dialect_openai_chat, request, lx_slice_eq(stream, LX_S("true")),
                       false, &call->body, &call->call, err) == 0)
        return call;
    llmux_call_free(call);
    return NULL;
}

void llmux_call_free(llmux_call *call)
{
    if (!call)
        return;
    lx_call_free(call->call);
    lx_setup_drop(call->setup);
    lx_buf_clear(&call->body);
    lx_arena_clear(&call->arena);
    free(call);
}

/* False when out of memory. */
static bool show_request(llmux_call *call)
{
    const struct lx_outgoing *out = call->step.send.out;

    call->header_count = out->headers.n;
    call->method = lx_arena_copy_z(&call->arena, out->method);
    call->url = lx_arena_copy_z(&call->arena, out->url);
    call->names = lx_arena_alloc(&call->arena, (out->headers.n + 1) * sizeof(*call->names));
    call->values = lx_arena_alloc(&call->arena, (out->headers.n + 1) * sizeof(*call->values));
    for (size_t i = 0; call->names && call->values && i < out->headers.n; i++) {
        call->names[i] = lx_arena_copy_z(&call->arena, out->headers.v[i].name);
        call->values[i] = lx_arena_copy_z(&call->arena, out->headers.v[i].value);
    }
    return !call->arena.failed;
}

/* Sockets are the user's, files are not. */
static void answer_file(llmux_call *call)
{
    struct lx_buf text;
    int code;

    lx_buf_init(&text, LX_CREDENTIAL_MAX_BYTES);
    code = lx_file_read(call->step.ask_path, &text);
    lx_call_feed_file(call->call, code, lx_buf_slice(&text));
    if (text.p)
        lx_wipe(text.p, text.n);
    lx_buf_clear(&text);
}

enum llmux_step llmux_call_next(llmux_call *call)
{
    for (;;) {
        lx_arena_reset(&call->arena);
        lx_call_next(call->call, &call->step);
        switch (call->step.kind) {
        case LX_STEP_SEND:
            if (show_request(call))
                return LLMUX_STEP_SEND;
            lx_call_feed_failure(call->call, LX_ENOMEM, NULL);
            break;
        case LX_STEP_SLEEP:
            return LLMUX_STEP_SLEEP;
        case LX_STEP_EMIT:
            if (call->step.emit.head)
                call->status = call->step.emit.status;
            return LLMUX_STEP_EMIT;
        case LX_STEP_ASK:
            answer_file(call);
            break;
        case LX_STEP_MIRROR: /* likewise */
        case LX_STEP_NOTE:
            break;
        case LX_STEP_RACE: /* one call by hand is one call */
            lx_call_feed_failure(call->call, LX_EUNSUPPORTED, NULL);
            break;
        case LX_STEP_WAIT:
            return LLMUX_STEP_WAIT;
        case LX_STEP_DONE:
            return LLMUX_STEP_DONE;
        }
    }
}

const char *llmux_call_method(const llmux_call *call)
{
    return call->method;
}

const char *llmux_call_url(const llmux_call *call)
{
    return call->url;
}

size_t llmux_call_header_count(const llmux_call *call)
{
    return call->header_count;
}

const char *llmux_call_header_name(const llmux_call *call, size_t i)
{
    return i < call->header_count ? call->names[i] : NULL;
}

const char *llmux_call_header_value(const llmux_call *call, size_t i)
{
    return i < call->header_count ? call->values[i] : NULL;
}

const char *llmux_call_body(const llmux_call *call, size_t *n)
{
    *n = call->step.send.out->body.n;
    return call->step.send.out->body.p;
}

int64_t llmux_call_sleep_ms(const llmux_call *call)
{
    return call->step.sleep_ms;
}

const char *llmux_call_bytes(const llmux_call *call, size_t *n)
{
    *n = call->step.emit.bytes.n;
    return call->step.emit.bytes.p;
}

int llmux_call_status(const llmux_call *call)
{
    return call->status;
}

void llmux_call_feed_head(llmux_call *call, int status, const char *const *names,
                          const char *const *values, size_t count)
{
    struct lx_header_list list;

    lx_header_list_init(&list, &call->arena);
    for (size_t i = 0; i < count; i++)
        lx_header_list_add(&list, lx_slice_z(names[i]), lx_slice_z(values[i]));
    lx_call_feed_head(call->call, status, &list.headers);
}

void llmux_call_feed_body(llmux_call *call, const char *bytes, size_t n)
{
    lx_call_feed_body(call->call, lx_slice(bytes, n));
}

void llmux_call_feed_end(llmux_call *call)
{
    lx_call_feed_end(call->call);
}

void llmux_call_feed_failure(llmux_call *call, const char *what)
{
    struct lx_error err;

    lx_error_set(&err, LX_ECLOSED, "%s", what ? what : "the exchange failed");
    lx_call_feed_failure(call->call, LX_ECLOSED, &err);
}

void llmux_call_feed_wake(llmux_call *call)
{
    lx_call_feed_wake(call->call);
}
