/*
 * kept.c - requests about what a provider of the Responses API keeps: a response that is got,
 * deleted or stopped, its input; and those that ask a model by another of the API's addresses.
 *
 * They are attempts like any other, written for a body, and sent to where that would have gone, a
 * step further down. What comes back passes. Called by call.c when an attempt has been written.
 */
#include "call/inner.h"

int lx_call_kept_write(struct lx_call *c, struct lx_fault *f)
{
    const struct lx_call_kept *kept = c->in.kept;
    struct lx_arena *a = lx_call_arena(c);
    struct lx_outgoing *out = &c->attempt.out;
    struct lx_slice address, query;
    if (c->attempt.back != &lx_dialect_openai_responses) {
        *f = (struct lx_fault){
            .kind = kept->bare ? LX_FAULT_NOT_FOUND : LX_FAULT_BAD_REQUEST,
            .message = lx_arena_printf(a, "%s has no Responses API: it keeps no responses",
                                       c->attempt.provider->title),
            .retry_after_ms = -1,
        };
        return LX_EUNSUPPORTED;
    }
    lx_slice_cut(out->url, '?', &address, &query);
    const char *more = query.n && kept->query.n ? "&" : "";
    out->url =
        lx_arena_printf(a, "%.*s%.*s%s%.*s%s%.*s", LX_F(address), LX_F(kept->below),
                        query.n || kept->query.n ? "?" : "", LX_F(query), more, LX_F(kept->query));
    if (kept->bare) {
        out->method = kept->method;
        out->body = lx_slice(NULL, 0);
    }
    return 0;
}
