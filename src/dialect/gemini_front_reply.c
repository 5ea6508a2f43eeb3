/*
 * gemini_front_reply.c - front: whole replies, usage, and errors.
 *
 * Usage is told as Google counts: thoughts beside the answer. Errors are google.rpc.Status, which
 * is what its SDKs raise by.
 */
#include "dialect/gemini.h"

/* ---- Usage ---------------------------------------------------------------------------------- */

struct share {
    const char *modality;
    int64_t tokens;
};

static void write_shares(struct lx_out *o, const char *name, const struct share *v, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++)
        any |= v[i].tokens > 0;
    if (!any)
        return;
    lx_out_array(o, name);
    for (size_t i = 0; i < n; i++) {
        if (v[i].tokens <= 0)
            continue;
        lx_out_object(o, NULL);
        lx_out_str(o, "modality", lx_slice_z(v[i].modality));
        lx_out_int(o, "tokenCount", v[i].tokens);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

void lx_gemini_usage_write(struct lx_out *o, const char *name, const struct lx_usage *u)
{
    const struct share prompt[] = {{"TEXT", u->prompt_text_tokens},
                                   {"IMAGE", u->prompt_image_tokens},
                                   {"VIDEO", u->prompt_video_tokens},
                                   {"AUDIO", u->prompt_audio_tokens}};
    const struct share answer[] = {{"TEXT", u->completion_text_tokens},
                                   {"IMAGE", u->completion_image_tokens},
                                   {"VIDEO", u->completion_video_tokens},
                                   {"AUDIO", u->completion_audio_tokens}};
    int64_t said = u->completion_tokens - u->reasoning_tokens;
    lx_out_object(o, name);
    lx_out_int(o, "promptTokenCount", u->prompt_tokens);
    if (u->has_cached || u->cached_tokens)
        lx_out_int(o, "cachedContentTokenCount", u->cached_tokens);
    lx_out_int(o, "candidatesTokenCount", said > 0 ? said : 0);
    if (u->reasoning_tokens)
        lx_out_int(o, "thoughtsTokenCount", u->reasoning_tokens);
    lx_out_int(o, "totalTokenCount", u->total_tokens);
    write_shares(o, "promptTokensDetails", prompt, sizeof(prompt) / sizeof(prompt[0]));
    write_shares(o, "candidatesTokensDetails", answer, sizeof(answer) / sizeof(answer[0]));
    if (u->has_cost)
        lx_money_out(u->cost, "cost", o);
    lx_out_object_end(o);
}

/* ---- Candidates ----------------------------------------------------------------------------- */

static bool takes_signature(const struct lx_part *p)
{
    return p->kind == LX_PART_TEXT || p->kind == LX_PART_IMAGE || p->kind == LX_PART_AUDIO ||
           p->kind == LX_PART_VIDEO || p->kind == LX_PART_FILE;
}

static void keep_sources(struct lx_gemini_telling_out *w, const struct lx_part *p,
                         struct lx_gemini_sources *sources, int64_t index)
{
    if (!p->citations.n || !lx_inner_read(&w->scratch, p->citations, w->out.buf))
        return;
    lx_gemini_sources_part(sources, index);
    lx_gemini_sources_text(sources, p->text, &w->arena);
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch)); lx_json_next(&it);)
        lx_gemini_sources_cite(sources, it.value);
    lx_gemini_sources_block_end(sources);
}

static void write_parts(struct lx_gemini_telling_out *w, const struct lx_part *parts,
                        struct lx_gemini_sources *sources)
{
    int64_t written = 0;
    lx_out_array(&w->out, "parts");
    for (const struct lx_part *p = parts; p; p = p->next) {
        struct lx_text signature = {{NULL, 0}, false};
        bool signed_next = takes_signature(p) && lx_gemini_is_signature(p->next, &signature);
        size_t before = w->out.buf->n;
        lx_gemini_part_write(w, p, signature);
        if (p->kind == LX_PART_TEXT)
            keep_sources(w, p, sources, written);
        written += w->out.buf->n != before;
        if (signed_next)
            p = p->next;
    }
    lx_out_array_end(&w->out);
}

/* The members that Gemini itself gave. */
static const struct lx_part *own_members(struct lx_gemini_telling_out *w,
                                         const struct lx_part *parts)
{
    for (const struct lx_part *p = parts; p; p = p->next)
        if (p->kind == LX_PART_OPAQUE && lx_slice_eq(p->language, LX_GEMINI) &&
            lx_gemini_is_members(w, p->raw))
            return p;
    return NULL;
}

static void write_candidate(struct lx_gemini_telling_out *w, const struct lx_choice *c, bool native)
{
    const struct lx_part *members = own_members(w, c->parts);
    struct lx_gemini_sources sources;
    lx_gemini_sources_init(&sources);
    lx_out_object(&w->out, NULL);
    lx_out_object(&w->out, "content");
    lx_out_lit(&w->out, "role", "model");
    write_parts(w, c->parts, &sources);
    lx_out_object_end(&w->out);
    lx_out_str(&w->out, "finishReason", lx_gemini_finish_name(c->finish, c->raw_finish, native));
    lx_out_int(&w->out, "index", c->index);
    lx_gemini_logprobs_write(w, c->logprobs);
    if (members)
        lx_gemini_members_write(w, members->raw);
    else
        lx_gemini_sources_write(&sources, &w->out);
    lx_out_object_end(&w->out);
    if (lx_gemini_sources_failed(&sources) && !w->out.buf->failed)
        w->out.buf->failed = lx_gemini_sources_failed(&sources);
    lx_gemini_sources_clear(&sources);
}

/* A prompt that Gemini blocked is told as Gemini tells it. */
static void write_feedback(struct lx_gemini_telling_out *w, const struct lx_reply *r)
{
    const struct lx_part *p = r->choices ? own_members(w, r->choices->parts) : NULL;
    if (!p || lx_json_read(&w->scratch, p->raw, NULL, NULL) != 0)
        return;
    struct lx_json feedback = LX_GET(lx_json_root(&w->scratch), "promptFeedback");
    if (lx_json_given(feedback))
        lx_out_value(&w->out, "promptFeedback", feedback);
}

void lx_gemini_write_reply(const struct lx_reply *r, const struct lx_reply_context *ctx,
                           struct lx_buf *out)
{
    struct lx_gemini_telling_out w;
    bool native = lx_slice_eq(r->language, LX_GEMINI);
    lx_gemini_telling_out_init(&w, out);
    lx_out_object(&w.out, NULL);
    lx_out_array(&w.out, "candidates");
    for (const struct lx_choice *c = r->choices; c; c = c->next)
        write_candidate(&w, c, native);
    lx_out_array_end(&w.out);
    write_feedback(&w, r);
    if (r->usage.known)
        lx_gemini_usage_write(&w.out, "usageMetadata", &r->usage);
    lx_out_text(&w.out, "modelVersion", r->model.s.n ? r->model : lx_text(ctx->model));
    lx_out_text(&w.out, "responseId", r->id.s.n ? r->id : lx_text(ctx->id));
    lx_out_object_end(&w.out);
    lx_gemini_telling_out_clear(&w);
}

/* ---- Errors --------------------------------------------------------------------------------- */

/* google.rpc.Code by the HTTP status that stands for it (google/rpc/code.proto). */
static const struct {
    int status;
    const char *name;
} codes[] = {
    {400, "INVALID_ARGUMENT"},   {401, "UNAUTHENTICATED"},   {403, "PERMISSION_DENIED"},
    {404, "NOT_FOUND"},          {408, "DEADLINE_EXCEEDED"}, {409, "ABORTED"},
    {429, "RESOURCE_EXHAUSTED"}, {499, "CANCELLED"},         {500, "INTERNAL"},
    {501, "UNIMPLEMENTED"},      {502, "UNAVAILABLE"},       {503, "UNAVAILABLE"},
    {504, "DEADLINE_EXCEEDED"},  {529, "UNAVAILABLE"},
};

static struct lx_slice code_of(int status)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].status == status)
            return lx_slice_z(codes[i].name);
    return status < 500 ? LX_S("FAILED_PRECONDITION") : LX_S("UNKNOWN");
}

static void write_details(struct lx_out *o, const struct lx_fault *f)
{
    if (!f->code.n && f->retry_after_ms < 0)
        return;
    lx_out_array(o, "details");
    if (f->code.n) {
        lx_out_object(o, NULL);
        lx_out_lit(o, "@type", "type.googleapis.com/google.rpc.ErrorInfo");
        lx_out_str(o, "reason", f->code);
        lx_out_object_end(o);
    }
    if (f->retry_after_ms >= 0) {
        char room[32];
        struct lx_buf delay = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
        lx_buf_addf(&delay, "%lld.%03llds", (long long)(f->retry_after_ms / 1000),
                    (long long)(f->retry_after_ms % 1000));
        lx_out_object(o, NULL);
        lx_out_lit(o, "@type", "type.googleapis.com/google.rpc.RetryInfo");
        lx_out_str(o, "retryDelay", lx_buf_slice(&delay));
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

void lx_gemini_write_error(const struct lx_fault *f, struct lx_buf *out)
{
    struct lx_out o = lx_out(out);
    int status = lx_fault_status(f);
    lx_out_object(&o, NULL);
    lx_out_object(&o, "error");
    lx_out_int(&o, "code", status);
    lx_out_str(&o, "message", f->message);
    lx_out_str(&o, "status", code_of(status));
    write_details(&o, f);
    lx_out_object_end(&o);
    lx_out_object_end(&o);
}
