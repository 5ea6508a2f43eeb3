/*
 * openai_responses_front_reply.c - front: whole replies, and what both kinds of replies have in
 * them: ids, usage, what is sealed, and what of the request is told back.
 */
#include "dialect/openai_responses.h"
#include "dialect/response_id.h"

/* ---- Sealed thinking ---------------------------------------------------------------------- */

/*
 * A client gives encrypted_content back unread. What OpenAI encrypted stands there as it is; the
 * signatures and redacted thinking of others under marks of ours.
 */
#define SIGNED   LX_S("llmux:")
#define REDACTED LX_S("llmux-redacted:")

void lx_responses_seal(struct lx_out *o, struct lx_text sealed, bool redacted,
                       const struct lx_reply_context *ctx)
{
    bool own = lx_slice_starts(sealed.s, LX_RESPONSES_MARK);
    struct lx_arena a;
    lx_arena_init(&a, SIZE_MAX);
    lx_out_string_open(o, "encrypted_content");
    if (own) {
        sealed.s = lx_slice_from(sealed.s, LX_RESPONSES_MARK.n);
        if (ctx->marks_content) {
            const struct lx_response_id none = {.deployment = ctx->deployment};
            lx_out_string_part(o, lx_text(lx_response_content_write(&none, &a)));
        }
    } else {
        lx_out_string_part(o, lx_text(redacted ? REDACTED : SIGNED));
    }
    lx_out_string_part(o, sealed);
    lx_out_string_close(o);
    if (a.failed && !o->buf->failed)
        o->buf->failed = a.failed;
    lx_arena_clear(&a);
}

struct lx_slice lx_responses_unseal(struct lx_slice content, struct lx_slice *redacted,
                                    struct lx_arena *a)
{
    struct lx_slice mark = LX_RESPONSES_MARK;
    content = lx_response_content_read(content, a).id;
    *redacted = lx_slice(NULL, 0);
    if (lx_slice_starts(content, REDACTED)) {
        *redacted = lx_slice_from(content, REDACTED.n);
        return lx_slice(NULL, 0);
    }
    if (!content.n || lx_slice_starts(content, SIGNED))
        return lx_slice_from(content, SIGNED.n);
    return lx_arena_printf(a, "%.*s%.*s", LX_F(mark), LX_F(content));
}

/* ---- Ids ---------------------------------------------------------------------------------- */

void lx_responses_id_tell(struct lx_out *o, struct lx_text id, bool native,
                          const struct lx_reply_context *ctx)
{
    struct lx_arena a;
    lx_arena_init(&a, SIZE_MAX);
    struct lx_response_id whole = {.provider = lx_slice_z(ctx->provider),
                                   .deployment = ctx->deployment};
    whole.id =
        native && id.s.n ? lx_text_plain(id, &a) : lx_arena_printf(&a, "resp_%.*s", LX_F(ctx->id));
    lx_out_str(o, "id", whole.deployment.n ? lx_response_id_write(&whole, &a) : whole.id);
    if (a.failed && !o->buf->failed)
        o->buf->failed = a.failed;
    lx_arena_clear(&a);
}

void lx_responses_add_previous(struct lx_extra ***at, struct lx_json name, struct lx_json value,
                               struct lx_arena *a)
{
    struct lx_slice id = lx_response_id_read(lx_json_str(value, a), a).id;
    struct lx_extra *x = lx_extra_add(at, name, value, a);
    if (x && lx_json_is(value, LX_JSON_STRING))
        x->json = lx_json_quoted(id, a);
}

/* ---- What of the request is told back ----------------------------------------------------- */

static const struct echo {
    struct lx_slice name, otherwise;
} echoes[] = {
    {LX_S_INIT("instructions"), LX_S_INIT("null")},
    {LX_S_INIT("max_output_tokens"), LX_S_INIT("null")},
    {LX_S_INIT("metadata"), LX_S_INIT("{}")},
    {LX_S_INIT("parallel_tool_calls"), LX_S_INIT("true")},
    {LX_S_INIT("reasoning"), LX_S_INIT("null")},
    {LX_S_INIT("temperature"), LX_S_INIT("null")},
    {LX_S_INIT("text"), LX_S_INIT("{\"format\":{\"type\":\"text\"}}")},
    {LX_S_INIT("tool_choice"), LX_S_INIT("\"auto\"")},
    {LX_S_INIT("tools"), LX_S_INIT("[]")},
    {LX_S_INIT("top_p"), LX_S_INIT("null")},
    {LX_S_INIT("truncation"), LX_S_INIT("\"disabled\"")},
    {LX_S_INIT("user"), {NULL, 0}}, /* only where there is one */
};

struct lx_slice lx_responses_echo(const struct lx_json_doc *body, struct lx_arena *a)
{
    struct lx_buf out;
    lx_buf_init(&out, SIZE_MAX);
    struct lx_out o = lx_out(&out);
    for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
        struct lx_json v =
            body ? lx_json_get(lx_json_root(body), echoes[i].name) : (struct lx_json){0};
        struct lx_slice told = lx_json_given(v) ? lx_json_raw(v) : echoes[i].otherwise;
        if (told.n)
            lx_out_raw(&o, echoes[i].name.p, told);
    }
    return lx_buf_take(&out, a);
}

void lx_responses_echo_write(struct lx_out *o, struct lx_slice echo)
{
    struct lx_arena a;
    lx_arena_init(&a, SIZE_MAX);
    if (!echo.n)
        echo = lx_responses_echo(NULL, &a);
    lx_buf_add_byte(o->buf, ',');
    lx_buf_add(o->buf, echo);
    lx_out_bool(o, "store", false);
    if (a.failed && !o->buf->failed)
        o->buf->failed = a.failed;
    lx_arena_clear(&a);
}

/* ---- Usage -------------------------------------------------------------------------------- */

void lx_responses_usage_write(struct lx_out *o, const char *name, const struct lx_usage *u)
{
    lx_out_object(o, name);
    lx_out_int(o, "input_tokens", u->prompt_tokens);
    lx_out_object(o, "input_tokens_details");
    lx_out_int(o, "cached_tokens", u->cached_tokens);
    lx_out_int(o, "cache_write_tokens", u->cache_write_tokens);
    lx_out_object_end(o);
    lx_out_int(o, "output_tokens", u->completion_tokens);
    lx_out_object(o, "output_tokens_details");
    lx_out_int(o, "reasoning_tokens", u->reasoning_tokens);
    lx_out_object_end(o);
    lx_out_int(o, "total_tokens",
               u->total_tokens ? u->total_tokens : u->prompt_tokens + u->completion_tokens);
    lx_openai_write_usage_notes(o, u);
    lx_out_object_end(o);
}

/* ---- Errors ------------------------------------------------------------------------------- */

/* Codes of a response that failed (openapi, ResponseErrorCode), and the one that clients look for
 * besides. */
struct lx_slice lx_responses_error_code(const struct lx_fault *f)
{
    static const struct {
        enum lx_fault_kind kind;
        struct lx_slice code;
    } codes[] = {
        {LX_FAULT_RATE_LIMIT, LX_S_INIT("rate_limit_exceeded")},
        {LX_FAULT_QUOTA, LX_S_INIT("insufficient_quota")},
        {LX_FAULT_CONTEXT_WINDOW, LX_S_INIT("context_length_exceeded")},
        {LX_FAULT_BAD_REQUEST, LX_S_INIT("invalid_prompt")},
        {LX_FAULT_CONTENT_POLICY, LX_S_INIT("invalid_prompt")},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].kind == f->kind)
            return codes[i].code;
    return LX_S("server_error");
}

/* ---- The whole reply ---------------------------------------------------------------------- */

static void tell(struct lx_responses_telling *s, const struct lx_events *events, bool logprobs,
                 const struct lx_reply_context *ctx, struct lx_buf *out)
{
    for (size_t i = 0; i < events->n; i++)
        if ((events->v[i].kind == LX_EVENT_LOGPROBS) == logprobs)
            lx_responses_write_event(s, &events->v[i], ctx, out);
}

/* Log-probabilities are told of the text that ends next, so they go first. */
void lx_responses_write_reply(const struct lx_reply *r, const struct lx_reply_context *ctx,
                              struct lx_buf *out)
{
    struct lx_responses_telling s = {.whole = true};
    struct lx_arena a;
    struct lx_events events = {.arena = &a};
    lx_arena_init(&a, SIZE_MAX);
    int code = lx_reply_spread(r, &events);
    if (events.n) {
        lx_responses_write_event(&s, &events.v[0], ctx, out); /* START */
        tell(&s, &events, true, ctx, out);
        tell(&s, &events, false, ctx, out);
    }
    if (code && !out->failed)
        out->failed = code;
    lx_responses_telling_clear(&s);
    lx_arena_clear(&a);
}
