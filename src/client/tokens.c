/*
 * tokens.c - tokens for users of the library: how many, which, how much of a text they are, and
 * back to text.
 */
#include "call/count.h"
#include "client/client.h"

static int open_counter(llmux_client *c, const char *model, struct lx_counter *out)
{
    struct lx_slice name = lx_slice_z(model);
    const struct lx_deployment *d = lx_client_configured(c, name);

    lx_counter_of(d, d ? d->model : name, c->setup->config->catalog, out);
    if (!c->tokenizer)
        c->tokenizer = lx_tokenizer_new();
    return c->tokenizer ? 0 : LX_ENOMEM;
}

int64_t llmux_client_count_tokens(llmux_client *c, const char *model, const char *text, size_t n,
                                  llmux_error **err)
{
    struct lx_counter counter;
    int64_t count = 0;
    int code = open_counter(c, model, &counter);

    if (code == 0)
        code = lx_count_text(&counter, c->tokenizer, lx_slice(text, n), &count);
    if (code != 0)
        lx_client_fail(err, code, NULL);
    return code == 0 ? count : -1;
}

int64_t llmux_client_fit_tokens(llmux_client *c, const char *model, const char *text, size_t n,
                                size_t limit, llmux_error **err)
{
    struct lx_counter counter;
    size_t count, bytes = 0;
    int code = open_counter(c, model, &counter);

    if (code == 0)
        code = lx_tokens_fit(c->tokenizer, &counter.encoding, lx_slice(text, n), LX_TOKENS_FRAME,
                             limit, &count, &bytes);
    if (code != 0)
        lx_client_fail(err, code, NULL);
    return code == 0 ? (int64_t)bytes : -1;
}

int64_t llmux_client_count_request(llmux_client *c, const char *model, const char *json, size_t n,
                                   llmux_error **err)
{
    struct lx_counter counter;
    struct lx_error why = {0};
    int64_t count = 0;
    int code = open_counter(c, model, &counter);

    if (code == 0)
        code = lx_count_request(&counter, c->tokenizer, &lx_dialect_openai_chat, lx_slice(json, n),
                                NULL, &count, &why);
    if (code != 0)
        lx_client_fail(err, code, why.code ? &why : NULL);
    return code == 0 ? count : -1;
}

const uint32_t *llmux_client_encode(llmux_client *c, const char *model, const char *text, size_t n,
                                    size_t *count, llmux_error **err)
{
    struct lx_counter counter;
    int code = open_counter(c, model, &counter);

    lx_buf_reset(&c->tokens);
    if (code == 0 && !lx_buf_reserve(&c->tokens, sizeof(uint32_t)))
        code = c->tokens.failed;
    if (code == 0)
        code = lx_tokens_encode(c->tokenizer, &counter.encoding, lx_slice(text, n), 0, &c->tokens);
    if (code != 0) {
        lx_client_fail(err, code, NULL);
        return NULL;
    }
    *count = c->tokens.n / sizeof(uint32_t);
    return (const uint32_t *)(const void *)c->tokens.p;
}

const char *llmux_client_decode(llmux_client *c, const char *model, const uint32_t *ids,
                                size_t count, size_t *n, llmux_error **err)
{
    struct lx_counter counter;
    int code = open_counter(c, model, &counter);

    lx_buf_reset(&c->text);
    if (code == 0)
        code = lx_tokens_decode(&counter.encoding, ids, count, &c->text);
    *n = c->text.n;
    if (code == 0) {
        lx_buf_add_byte(&c->text, '\0');
        code = c->text.failed;
    }
    if (code == 0)
        return c->text.p;
    lx_client_fail(err, code, NULL);
    return NULL;
}
