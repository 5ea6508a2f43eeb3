/*
 * error.c - errors as the library's users get them: one object, always complete.
 */
#include <stdlib.h>

#include "client/client.h"

/* For when there is no memory to say that there is no memory; never freed. */
static llmux_error out_of_memory = {
    .message = (char *)(uintptr_t) "out of memory",
    .class_name = "InternalServerError",
    .status = 500,
};

static void copy(char *to, size_t size, struct lx_slice from)
{
    size_t n = from.n < size ? from.n : size - 1;

    if (n)
        memcpy(to, from.p, n);
    to[n] = '\0';
}

llmux_error *lx_client_error_of(const struct lx_fault *f)
{
    llmux_error *e = calloc(1, sizeof(*e));

    if (e)
        e->message = malloc(f->message.n + 1);
    if (!e || !e->message) {
        free(e);
        return &out_of_memory;
    }
    copy(e->message, f->message.n + 1, f->message);
    copy(e->provider, sizeof(e->provider), f->provider);
    copy(e->code, sizeof(e->code), f->code.n ? f->code : f->type);
    e->class_name = lx_fault_class(f->kind);
    e->status = lx_fault_status(f);
    e->retryable = lx_fault_retryable(f);
    return e;
}

int lx_client_fault(llmux_error **err, int code, const struct lx_fault *f)
{
    if (err)
        *err = lx_client_error_of(f);
    return code ? code : LX_EIO;
}

int lx_client_fail(llmux_error **err, int code, const struct lx_error *why)
{
    struct lx_arena arena;
    struct lx_fault f;

    lx_arena_init(&arena, 16384);
    f = lx_fault_of_error(code, why, &arena);
    lx_client_fault(err, code, &f);
    lx_arena_clear(&arena);
    return code;
}

const char *llmux_error_class(const llmux_error *e)
{
    return e->class_name;
}

const char *llmux_error_message(const llmux_error *e)
{
    return e->message;
}

int llmux_error_status(const llmux_error *e)
{
    return e->status;
}

const char *llmux_error_provider(const llmux_error *e)
{
    return e->provider;
}

const char *llmux_error_code(const llmux_error *e)
{
    return e->code;
}

int llmux_error_retryable(const llmux_error *e)
{
    return e->retryable;
}

void llmux_error_free(llmux_error *e)
{
    if (!e || e == &out_of_memory)
        return;
    free(e->message);
    free(e);
}
