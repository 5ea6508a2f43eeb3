/*
 * gemini_front_part.c - front: what a candidate is made of: parts, members that only Google has,
 * log-probabilities.
 *
 * Shared by whole replies and streams. What came from Gemini goes back as it came; thinking of
 * other providers becomes a thought whose signature holds theirs, so that it survives a client who
 * knows Gemini only.
 */
#include "dialect/gemini.h"

enum { MAX_SCRATCH_BYTES = 64 << 20 };

void lx_gemini_telling_out_init(struct lx_gemini_telling_out *w, struct lx_buf *out)
{
    w->out = lx_out(out);
    lx_json_doc_init(&w->scratch);
    lx_arena_init(&w->arena, MAX_SCRATCH_BYTES);
}

void lx_gemini_telling_out_clear(struct lx_gemini_telling_out *w)
{
    if (w->arena.failed && !w->out.buf->failed)
        w->out.buf->failed = w->arena.failed;
    lx_arena_clear(&w->arena);
    lx_json_doc_clear(&w->scratch);
}

/* JSON inside JSON; false: it is none. */
static bool read_json(struct lx_gemini_telling_out *w, struct lx_slice json)
{
    int code = json.n ? lx_json_read(&w->scratch, json, NULL, NULL) : LX_EJSON;
    if (code == LX_ENOMEM && !w->out.buf->failed)
        w->out.buf->failed = code;
    return code == 0;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

static void write_signature(struct lx_gemini_telling_out *w, struct lx_text signature)
{
    if (signature.s.n)
        lx_out_text(&w->out, "thoughtSignature", signature);
}

static void write_text(struct lx_gemini_telling_out *w, struct lx_text text,
                       struct lx_text signature)
{
    lx_out_object(&w->out, NULL);
    lx_out_text(&w->out, "text", text);
    write_signature(w, signature);
    lx_out_object_end(&w->out);
}

bool lx_gemini_is_signature(const struct lx_part *p, struct lx_text *signature)
{
    *signature = (struct lx_text){{NULL, 0}, false};
    return p && lx_gemini_is_own_thinking(p, signature) && signature->s.n && !p->text.s.n;
}

static void write_thought(struct lx_gemini_telling_out *w, const struct lx_part *p)
{
    struct lx_text signature;
    bool hidden = p->kind == LX_PART_REDACTED_THINKING;
    if (lx_gemini_is_signature(p, &signature)) {
        write_text(w, lx_text(LX_S("")), signature);
        return;
    }
    if (!lx_gemini_is_own_thinking(p, &signature)) {
        signature = hidden ? p->data : p->signature;
        if (signature.s.n)
            signature = lx_gemini_signature_wrap(signature, hidden, &w->arena);
    }
    lx_out_object(&w->out, NULL);
    lx_out_text(&w->out, "text", p->text);
    lx_out_bool(&w->out, "thought", true);
    write_signature(w, signature);
    lx_out_object_end(&w->out);
}

/* Arguments are an object here: {} where there are none, and what is none is told in one. */
static void write_args(struct lx_gemini_telling_out *w, const struct lx_part *p)
{
    struct lx_slice plain = lx_slice_trim(lx_text_plain(p->arguments, &w->arena));
    if (!plain.n && !p->custom) {
        lx_out_raw(&w->out, "args", LX_S("{}"));
    } else if (!p->custom && lx_slice_starts(plain, LX_S("{")) && read_json(w, plain)) {
        lx_out_raw(&w->out, "args", plain);
    } else {
        lx_out_object(&w->out, "args");
        lx_out_text(&w->out, "input", p->arguments);
        lx_out_object_end(&w->out);
    }
}

static void write_call(struct lx_gemini_telling_out *w, const struct lx_part *p)
{
    struct lx_gemini_id id = lx_gemini_id_split(p->id, &w->arena);
    lx_out_object(&w->out, NULL);
    lx_out_object(&w->out, "functionCall");
    if (id.id.n)
        lx_out_str(&w->out, "id", id.id);
    lx_out_text(&w->out, "name", p->name);
    write_args(w, p);
    lx_out_object_end(&w->out);
    write_signature(w, id.signature.n ? lx_text(id.signature) : p->signature);
    lx_out_object_end(&w->out);
}

static struct lx_slice type_of(const struct lx_part *p)
{
    if (p->media.type.n)
        return p->media.type;
    return p->kind == LX_PART_IMAGE   ? LX_S("image/png")
           : p->kind == LX_PART_AUDIO ? LX_S("audio/pcm")
           : p->kind == LX_PART_VIDEO ? LX_S("video/mp4")
                                      : LX_S("application/octet-stream");
}

static void write_media(struct lx_gemini_telling_out *w, const struct lx_part *p,
                        struct lx_text signature)
{
    const struct lx_media *m = &p->media;
    struct lx_text data = m->data.s.n ? m->data : p->data;
    struct lx_text uri = m->url.s.n ? m->url : m->file_id;
    if (!data.s.n && !uri.s.n) {
        if (p->text.s.n) /* only what was said aloud */
            write_text(w, p->text, signature);
        return;
    }
    lx_out_object(&w->out, NULL);
    lx_out_object(&w->out, data.s.n ? "inlineData" : "fileData");
    lx_out_str(&w->out, "mimeType", type_of(p));
    lx_out_text(&w->out, data.s.n ? "data" : "fileUri", data.s.n ? data : uri);
    lx_out_object_end(&w->out);
    write_signature(w, signature);
    lx_out_object_end(&w->out);
}

void lx_gemini_part_write(struct lx_gemini_telling_out *w, const struct lx_part *p,
                          struct lx_text signature)
{
    switch (p->kind) {
    case LX_PART_TEXT:
    case LX_PART_REFUSAL:
        if (p->text.s.n || signature.s.n)
            write_text(w, p->text, signature);
        break;
    case LX_PART_THINKING:
    case LX_PART_REDACTED_THINKING:
        write_thought(w, p);
        break;
    case LX_PART_TOOL_CALL:
        write_call(w, p);
        break;
    case LX_PART_IMAGE:
    case LX_PART_AUDIO:
    case LX_PART_VIDEO:
    case LX_PART_FILE:
        write_media(w, p, signature);
        break;
    case LX_PART_OPAQUE:
        if (lx_slice_eq(p->language, LX_GEMINI) && !lx_gemini_is_members(w, p->raw))
            lx_out_raw(&w->out, NULL, p->raw);
        break;
    case LX_PART_TOOL_RESULT:
        break;
    }
}

/* ---- Members of a candidate ----------------------------------------------------------------- */

bool lx_gemini_is_members(struct lx_gemini_telling_out *w, struct lx_slice raw)
{
    if (!read_json(w, raw))
        return false;
    struct lx_json root = lx_json_root(&w->scratch);
    bool any = lx_json_given(LX_GET(root, "finishReason"));
    for (size_t i = 0; i < LX_GEMINI_MEMBERS; i++)
        any |= lx_json_given(lx_json_get(root, lx_slice_z(lx_gemini_member_names[i])));
    return any;
}

void lx_gemini_members_write(struct lx_gemini_telling_out *w, struct lx_slice raw)
{
    if (!read_json(w, raw))
        return;
    struct lx_json root = lx_json_root(&w->scratch);
    for (size_t i = 0; i < LX_GEMINI_PROMPT_FEEDBACK; i++) {
        struct lx_json v = lx_json_get(root, lx_slice_z(lx_gemini_member_names[i]));
        if (lx_json_given(v))
            lx_out_value(&w->out, lx_gemini_member_names[i], v);
    }
}

/* ---- Log-probabilities ---------------------------------------------------------------------- */

static void write_token(struct lx_out *o, struct lx_json token)
{
    lx_out_object(o, NULL);
    lx_out_value(o, "token", LX_GET(token, "token"));
    lx_out_value(o, "logProbability", LX_GET(token, "logprob"));
    lx_out_object_end(o);
}

void lx_gemini_logprobs_write(struct lx_gemini_telling_out *w, struct lx_slice logprobs)
{
    if (!read_json(w, logprobs))
        return;
    struct lx_json content = LX_GET(lx_json_root(&w->scratch), "content");
    if (!lx_json_count(content))
        return;
    struct lx_out *o = &w->out;
    lx_out_object(o, "logprobsResult");
    lx_out_array(o, "chosenCandidates");
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        write_token(o, it.value);
    lx_out_array_end(o);
    lx_out_array(o, "topCandidates");
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);) {
        lx_out_object(o, NULL);
        lx_out_array(o, "candidates");
        struct lx_json top = LX_GET(it.value, "top_logprobs");
        for (struct lx_json_iter other = lx_json_iter(top); lx_json_next(&other);)
            write_token(o, other.value);
        lx_out_array_end(o);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_object_end(o);
}
