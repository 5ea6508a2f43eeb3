/*
 * relay_reply_fuzz.c - any bytes as a provider's reply, good or bad, for any client: what the
 * client gets is JSON, the same however the bytes came.
 */
#include "relay.h"

/* The same bytes as the body of an error. */
static void check_error(struct lx_slice body, int status)
{
    struct lx_fault fault = {.retry_after_ms = -1};
    struct lx_headers none = {NULL, 0};
    struct lx_arena arena;
    struct lx_buf out;
    lx_arena_init(&arena, MAX_OUT);
    LANGUAGE.back->read_error(status, body, &none, &arena, &fault);
    CHECK(lx_fault_status(&fault) >= 400 && lx_fault_status(&fault) <= 599);
    for (const struct lx_dialect *const *d = lx_dialects; *d; d++) {
        if (!(*d)->front)
            continue;
        lx_buf_init(&out, MAX_OUT);
        (*d)->front->write_error(&fault, &out);
        check_json(lx_buf_slice(&out));
        lx_buf_clear(&out);
    }
    lx_arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    check_relay(&LANGUAGE, false, data, size);
    check_error(lx_slice((const char *)data + 1, size - 1), 400 + data[0] % 130);
    return 0;
}
