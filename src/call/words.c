/*
 * words.c - see words.h. Called by the call machine; decides nothing.
 */
#include "call/words.h"

enum { MAX_SAID = 1 << 18 };

struct lx_slice lx_words_of_fault(const struct lx_provider *p, const struct lx_fault *f,
                                  struct lx_arena *a)
{
    char title[64]; /* "OpenAI" -> "OpenAIException" */
    size_t n = 0;
    for (const char *s = p->title; *s && n < sizeof(title); s++)
        if (*s != ' ')
            title[n++] = *s;
    struct lx_slice m =
        lx_arena_printf(a, "litellm.%s: %.*sException - %.*s", lx_fault_class(f->kind), (int)n,
                        title, LX_F(lx_slice_to(f->message, MAX_SAID)));
    return m.p ? m : f->message;
}

struct lx_fault lx_words_of_model(const struct lx_route_table *routes, struct lx_slice model,
                                  struct lx_arena *a)
{
    char near[160];
    lx_route_near(routes, model, near, sizeof(near));
    return (struct lx_fault){
        .kind = LX_FAULT_BAD_REQUEST,
        .param = LX_S("model"),
        .message = model.n
                       ? lx_arena_printf(a,
                                         "Invalid model name passed in model=%.*s. Call "
                                         "`/v1/models` to view available models for your "
                                         "key.%s%s%s",
                                         LX_F(lx_slice_to(model, 200)),
                                         near[0] ? " Did you mean " : "", near, near[0] ? "?" : "")
                       : LX_S("the request names no model: `model` must be a string"),
        .retry_after_ms = -1,
    };
}

struct lx_fault lx_words_of_body(int code, const struct lx_error *err, struct lx_arena *a)
{
    struct lx_fault f = lx_fault_of_error(code, err, a);
    if (code != LX_ENOMEM)
        f.message = lx_arena_printf(a, "the request body cannot be read: %.*s (at byte %zu)",
                                    LX_F(f.message), err->at);
    return f;
}
