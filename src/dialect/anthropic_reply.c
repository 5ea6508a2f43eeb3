/*
 * anthropic_reply.c - whole replies of the Messages API, both ways.
 *
 * Read by the back, written by the front. Where a response format was asked for by tool, the back
 * turns the call of that tool into the text that the client expects.
 */
#include "dialect/anthropic.h"

#include "base/text.h"

/* ---- Reading -------------------------------------------------------------------------------- */

static int read_choice(struct lx_json root, const struct lx_reply_context *ctx, struct lx_arena *a,
                       struct lx_choice *c, struct lx_error *err)
{
    struct lx_part **at = &c->parts;
    int code = lx_anthropic_parts_read(LX_GET(root, "content"), "content", &at, a, err);
    if (code)
        return code == LX_EINVAL ? lx_error_set(err, LX_EPROTO, "the reply's content is no list")
                                 : code;
    struct lx_json reason = LX_GET(root, "stop_reason");
    c->finish = lx_anthropic_finish_read(reason);
    c->raw_finish = lx_json_str(reason, a);
    c->stop_sequence = lx_json_text(LX_GET(root, "stop_sequence"));
    c->legacy_function_call = ctx->legacy_functions;
    if (lx_json_given(LX_GET(root, "stop_details"))) {
        struct lx_extra *x = lx_arena_new(a, struct lx_extra);
        if (x)
            *x = (struct lx_extra){LX_S("stop_details"), lx_json_raw(LX_GET(root, "stop_details")),
                                   NULL};
        c->extra = x;
    }
    if (ctx->json_tool)
        lx_json_tool_unwrap(c);
    return 0;
}

int lx_anthropic_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                            struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    static const char *const known[] = {"id",      "type",        "role",          "model",
                                        "content", "stop_reason", "stop_sequence", "stop_details",
                                        "usage",   NULL};
    struct lx_json root = lx_json_root(body);
    memset(out, 0, sizeof(*out));
    if (lx_json_eq(LX_GET(root, "type"), LX_S("error"))) {
        struct lx_fault fault = {0};
        lx_anthropic_fault_read(root, 0, a, &fault);
        return lx_error_set(err, LX_EPROTO, "an error in place of a reply: %.*s",
                            (int)(fault.message.n < 200 ? fault.message.n : 200),
                            fault.message.n ? fault.message.p : "");
    }
    if (!lx_json_is(LX_GET(root, "content"), LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "the reply has no content");
    out->language = LX_ANTHROPIC;
    out->id = lx_json_text(LX_GET(root, "id"));
    out->model = lx_json_text(LX_GET(root, "model"));
    out->choices = lx_arena_new(a, struct lx_choice);
    if (!out->choices)
        return lx_error_set(err, a->failed, "the reply is too large");
    int code = read_choice(root, ctx, a, out->choices, err);
    if (code)
        return code;
    lx_anthropic_usage_read(LX_GET(root, "usage"), &out->usage);
    out->service_tier = lx_text(out->usage.service_tier);
    out->extra = lx_anthropic_extra_read(root, known, a);
    return a->failed ? lx_error_set(err, a->failed, "the reply is too large") : 0;
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* OpenAI's annotation {"type":"url_citation","url_citation":{url,title,...}}, or its inside. */
static bool write_url_citation(struct lx_out *out, const char *name, struct lx_json citation)
{
    struct lx_json inside = LX_GET(citation, "url_citation");
    if (!lx_json_given(inside))
        inside = citation;
    if (!lx_json_is(LX_GET(inside, "url"), LX_JSON_STRING))
        return false;
    lx_out_object(out, name);
    lx_out_lit(out, "type", "web_search_result_location");
    lx_out_lit(out, "cited_text", "");
    lx_out_lit(out, "encrypted_index", "");
    lx_out_value(out, "title", LX_GET(inside, "title"));
    lx_out_value(out, "url", LX_GET(inside, "url"));
    lx_out_object_end(out);
    return true;
}

bool lx_anthropic_citation_write(struct lx_out *out, const char *name, struct lx_json citation,
                                 struct lx_slice language)
{
    if (!lx_slice_eq(language, LX_ANTHROPIC))
        return write_url_citation(out, name, citation);
    lx_out_value(out, name, citation);
    return true;
}

/* What writing a reply needs beside it: JSON inside JSON is read here. */
struct reply_writer {
    struct lx_out out;
    struct lx_slice language;
    struct lx_json_doc scratch;
    struct lx_arena arena;
};

static void write_citations(struct reply_writer *w, const struct lx_part *p)
{
    struct lx_slice language = p->language.n ? p->language : w->language;
    if (!p->citations.n || !lx_inner_read(&w->scratch, p->citations, w->out.buf))
        return;
    struct lx_out_mark mark = lx_out_mark(&w->out);
    lx_out_array(&w->out, "citations");
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch)); lx_json_next(&it);)
        lx_anthropic_citation_write(&w->out, NULL, it.value, language);
    lx_out_array_end_or_undo(&w->out, mark);
}

static void block_open(struct reply_writer *w, struct lx_slice type)
{
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "type", type);
}

static void block_close(struct reply_writer *w, const struct lx_part *p)
{
    if (lx_slice_eq(w->language, LX_ANTHROPIC))
        lx_extra_write(&w->out, p->extra);
    lx_out_object_end(&w->out);
}

static void write_text(struct reply_writer *w, const struct lx_part *p)
{
    if (lx_text_is_empty(p->text))
        return;
    block_open(w, LX_S("text"));
    lx_out_text(&w->out, "text", p->text);
    write_citations(w, p);
    block_close(w, p);
}

/* A signature that there is not is empty: clients expect the member. */
static void write_thinking(struct reply_writer *w, const struct lx_part *p)
{
    block_open(w, LX_S("thinking"));
    lx_out_text(&w->out, "thinking", p->text);
    lx_out_text(&w->out, "signature", p->signature);
    block_close(w, p);
}

static void write_redacted_thinking(struct reply_writer *w, const struct lx_part *p)
{
    block_open(w, LX_S("redacted_thinking"));
    lx_out_text(&w->out, "data", p->data);
    block_close(w, p);
}

static void write_tool_use(struct reply_writer *w, const struct lx_part *p)
{
    block_open(w, LX_S("tool_use"));
    lx_out_text(&w->out, "id", p->id);
    lx_out_text(&w->out, "name", p->name);
    lx_anthropic_input_write(&w->out, "input", p->arguments, p->custom, &w->scratch, &w->arena);
    block_close(w, p);
}

/* This language has no block for media that a model made; as Markdown nothing is lost. */
static void write_media(struct reply_writer *w, const struct lx_part *p)
{
    const struct lx_media *m = &p->media;
    if (!lx_text_is_empty(p->text)) { /* what was said aloud */
        write_text(w, p);
        return;
    }
    if (!m->url.s.n && !m->data.s.n)
        return;
    block_open(w, LX_S("text"));
    lx_out_string_open(&w->out, "text");
    lx_out_string_part(&w->out, lx_text(p->kind == LX_PART_IMAGE ? LX_S("![](") : LX_S("[](")));
    if (m->url.s.n) {
        lx_out_string_part(&w->out, m->url);
    } else {
        lx_out_string_part(&w->out, lx_text(LX_S("data:")));
        lx_out_string_part(&w->out, lx_text(m->type));
        lx_out_string_part(&w->out, lx_text(LX_S(";base64,")));
        lx_out_string_part(&w->out, m->data);
    }
    lx_out_string_part(&w->out, lx_text(LX_S(")")));
    lx_out_string_close(&w->out);
    lx_out_object_end(&w->out);
}

/* A block of this language as it came; input that arrived in pieces is put in its place. */
static void write_opaque(struct reply_writer *w, const struct lx_part *p)
{
    if (!lx_slice_eq(p->language, LX_ANTHROPIC))
        return;
    if (!p->arguments.s.n || !lx_inner_read(&w->scratch, p->raw, w->out.buf)) {
        lx_out_raw(&w->out, NULL, p->raw);
        return;
    }
    lx_out_object(&w->out, NULL);
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch)); lx_json_next(&it);) {
        if (lx_json_eq(it.name, LX_S("input")))
            continue;
        lx_out_name(&w->out, lx_json_text(it.name));
        lx_out_value(&w->out, NULL, it.value);
    }
    lx_anthropic_input_write(&w->out, "input", p->arguments, false, &w->scratch, &w->arena);
    lx_out_object_end(&w->out);
}

static void (*const block_writers[])(struct reply_writer *, const struct lx_part *) = {
    [LX_PART_TEXT] = write_text,          [LX_PART_REFUSAL] = write_text,
    [LX_PART_IMAGE] = write_media,        [LX_PART_AUDIO] = write_media,
    [LX_PART_VIDEO] = write_media,        [LX_PART_FILE] = write_media,
    [LX_PART_THINKING] = write_thinking,  [LX_PART_REDACTED_THINKING] = write_redacted_thinking,
    [LX_PART_TOOL_CALL] = write_tool_use, [LX_PART_TOOL_RESULT] = NULL,
    [LX_PART_OPAQUE] = write_opaque,
};

static void write_finish(struct reply_writer *w, const struct lx_choice *c)
{
    bool native = lx_slice_eq(w->language, LX_ANTHROPIC), tools = false, refusal = false;
    for (const struct lx_part *p = c->parts; p; p = p->next) {
        tools |= p->kind == LX_PART_TOOL_CALL;
        refusal |= p->kind == LX_PART_REFUSAL;
    }
    lx_out_str(&w->out, "stop_reason",
               lx_anthropic_finish_name(c->finish, c->raw_finish, native, tools, refusal));
    if (c->stop_sequence.s.p)
        lx_out_text(&w->out, "stop_sequence", c->stop_sequence);
    else
        lx_out_null(&w->out, "stop_sequence");
    if (native)
        lx_extra_write(&w->out, c->extra);
}

/* One answer: a request of this language cannot have asked for more. */
void lx_anthropic_write_reply(const struct lx_reply *r, const struct lx_reply_context *ctx,
                              struct lx_buf *out)
{
    static const struct lx_choice none;
    struct reply_writer w = {.out = lx_out(out), .language = r->language};
    const struct lx_choice *c = r->choices ? r->choices : &none;
    bool native = lx_slice_eq(r->language, LX_ANTHROPIC);
    char id[96];
    lx_json_doc_init(&w.scratch);
    lx_arena_init(&w.arena, out->max);

    lx_out_object(&w.out, NULL);
    lx_out_str(&w.out, "id", lx_anthropic_id(r->id, ctx, native, id));
    lx_out_lit(&w.out, "type", "message");
    lx_out_lit(&w.out, "role", "assistant");
    lx_out_text(&w.out, "model", r->model.s.n ? r->model : lx_text(ctx->model));
    lx_out_array(&w.out, "content");
    for (const struct lx_part *p = c->parts; p; p = p->next)
        if (block_writers[p->kind])
            block_writers[p->kind](&w, p);
    lx_out_array_end(&w.out);
    write_finish(&w, c);
    lx_anthropic_usage_write(&w.out, "usage", &r->usage);
    if (native)
        lx_extra_write(&w.out, r->extra);
    lx_out_object_end(&w.out);

    if (w.arena.failed && !out->failed)
        out->failed = w.arena.failed;
    lx_arena_clear(&w.arena);
    lx_json_doc_clear(&w.scratch);
}
