/*
 * openai_chat_write_reply.c - writes whole replies as OpenAI's clients expect them.
 *
 * The front calls it for replies of another language. What OpenAI has no member for goes where
 * LiteLLM's clients look for it: reasoning_content, thinking_blocks, provider_specific_fields.
 */
#include "dialect/openai_chat.h"

static bool is_kind(const struct lx_part *p, enum lx_part_kind kind)
{
    return p->kind == kind;
}

static const struct lx_part *first_of(const struct lx_part *p, enum lx_part_kind kind)
{
    while (p && !is_kind(p, kind))
        p = p->next;
    return p;
}

/* ---- Text, and what is known about it ----------------------------------------------------- */

static void write_joined(struct lx_out *o, const char *name, const struct lx_part *p,
                         enum lx_part_kind kind)
{
    lx_out_string_open(o, name);
    for (; p; p = p->next)
        if (is_kind(p, kind))
            lx_out_string_part(o, p->text);
    lx_out_string_close(o);
}

/* LiteLLM's merge_reasoning_content_in_choices: for clients that show what is between such tags. */
static void write_merged(struct lx_out *o, const struct lx_part *p)
{
    lx_out_string_open(o, "content");
    for (; p; p = p->next) {
        bool thinks = is_kind(p, LX_PART_THINKING) && p->text.s.n;
        if (thinks)
            lx_out_string_part(o, lx_text(LX_S("<think>")));
        if (thinks || is_kind(p, LX_PART_TEXT))
            lx_out_string_part(o, p->text);
        if (thinks)
            lx_out_string_part(o, lx_text(LX_S("</think>")));
    }
    lx_out_string_close(o);
}

static void write_content(struct lx_out *o, const struct lx_part *parts, bool merges)
{
    const struct lx_part *thought = merges ? first_of(parts, LX_PART_THINKING) : NULL;
    if (thought && thought->text.s.n)
        write_merged(o, parts);
    else if (first_of(parts, LX_PART_TEXT))
        write_joined(o, "content", parts, LX_PART_TEXT);
    else if (first_of(parts, LX_PART_TOOL_CALL) || first_of(parts, LX_PART_REFUSAL) ||
             first_of(parts, LX_PART_AUDIO))
        lx_out_null(o, "content");
    else
        lx_out_lit(o, "content", "");
    if (first_of(parts, LX_PART_REFUSAL))
        write_joined(o, "refusal", parts, LX_PART_REFUSAL);
}

/* The language of a text's citations. */
static struct lx_slice cited_in(const struct lx_part *p, const struct lx_reply *r)
{
    return p->language.n ? p->language : r->language;
}

/* A text's citations are annotations: they are in this language. */
static bool is_annotated(const struct lx_part *p, const struct lx_reply *r)
{
    return p->citations.n > 2 && lx_slice_eq(cited_in(p, r), LX_OPENAI_CHAT);
}

/* Text parts' own annotations are lists: joined into one. */
static void write_annotations(struct lx_out *o, const struct lx_part *p, const struct lx_reply *r)
{
    bool open = false;
    for (; p; p = p->next) {
        if (!is_annotated(p, r))
            continue;
        if (!open)
            lx_out_array(o, "annotations");
        open = true;
        lx_out_raw(o, NULL, lx_slice(p->citations.p + 1, p->citations.n - 2));
    }
    if (open)
        lx_out_array_end(o);
}

/* LiteLLM adds to Anthropic's what text it is that they support. */
static void write_citations(struct lx_out *o, const struct lx_part *p, const struct lx_reply *r)
{
    struct lx_json_doc doc;
    if (!lx_slice_eq(cited_in(p, r), LX_S("anthropic"))) {
        lx_out_raw(o, NULL, p->citations);
        return;
    }
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, p->citations, NULL, NULL);
    if (code && !o->buf->failed)
        o->buf->failed = code;
    lx_out_array(o, NULL);
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&doc)); !code && lx_json_next(&it);) {
        lx_out_object(o, NULL);
        for (struct lx_json_iter m = lx_json_iter(it.value); lx_json_next(&m);) {
            lx_out_name(o, lx_json_text(m.name));
            lx_out_value(o, NULL, m.value);
        }
        lx_out_text(o, "supported_text", p->text);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_json_doc_clear(&doc);
}

/* LiteLLM: provider_specific_fields.citations holds one list for each text that has some. Parts
 * that only their provider understands (server tools) are kept beside it. */
static void write_specific(struct lx_out *o, const struct lx_choice *c, const struct lx_reply *r)
{
    const struct lx_part *p = c->parts;
    bool cited = false;

    for (; p; p = p->next)
        cited = cited || (p->citations.n > 2 && !is_annotated(p, r));
    const struct lx_part *opaque = first_of(c->parts, LX_PART_OPAQUE);
    if (!cited && !opaque)
        return;
    lx_out_object(o, "provider_specific_fields");
    if (cited) {
        lx_out_array(o, "citations");
        for (p = c->parts; p; p = p->next)
            if (p->citations.n > 2 && !is_annotated(p, r))
                write_citations(o, p, r);
        lx_out_array_end(o);
    }
    if (opaque) {
        lx_out_array(o, "content_blocks");
        for (p = opaque; p; p = p->next)
            if (is_kind(p, LX_PART_OPAQUE))
                lx_out_raw(o, NULL, p->raw);
        lx_out_array_end(o);
    }
    lx_out_object_end(o);
}

/* ---- Thinking, calls, media --------------------------------------------------------------- */

/* As the provider said it, where it speaks this language; reasoning_content in any case. */
static void write_thinking(struct lx_out *o, const struct lx_part *parts,
                           const struct lx_extra *own)
{
    bool blocks = false;
    for (const struct lx_part *p = parts; p; p = p->next)
        blocks = blocks || p->signature.s.n || is_kind(p, LX_PART_REDACTED_THINKING);
    if (first_of(parts, LX_PART_THINKING) && !lx_extra_find(own, LX_S("reasoning_content")))
        write_joined(o, "reasoning_content", parts, LX_PART_THINKING);
    if (!blocks || lx_extra_find(own, LX_S("thinking_blocks")))
        return;
    lx_out_array(o, "thinking_blocks");
    for (const struct lx_part *p = parts; p; p = p->next)
        if (is_kind(p, LX_PART_THINKING) || is_kind(p, LX_PART_REDACTED_THINKING))
            lx_openai_write_thinking_block(o, p, -1);
    lx_out_array_end(o);
}

/* As LiteLLM tells it, for clients that give it back in that form. */
static void write_reasoning_items(struct lx_out *o, const struct lx_part *parts,
                                  const struct lx_extra *own)
{
    struct lx_out_mark mark = lx_out_mark(o);
    if (lx_extra_find(own, LX_S("reasoning_items")))
        return;
    lx_out_array(o, "reasoning_items");
    for (const struct lx_part *p = parts; p; p = p->next)
        if (is_kind(p, LX_PART_THINKING))
            lx_openai_write_reasoning_item(o, p->text, p->signature, -1);
    lx_out_array_end_or_undo(o, mark);
}

static void write_function_call(struct lx_out *o, const struct lx_part *p)
{
    lx_out_object(o, "function_call");
    lx_out_text(o, "name", p->name);
    lx_out_text(o, "arguments", p->arguments.s.n ? p->arguments : lx_text(LX_S("{}")));
    lx_out_object_end(o);
}

static bool is_legacy(const struct lx_choice *c, const struct lx_reply_context *context)
{
    return context->legacy_functions || c->legacy_function_call;
}

static void write_calls(struct lx_out *o, const struct lx_choice *c,
                        const struct lx_reply_context *context)
{
    bool open = false;

    for (const struct lx_part *p = c->parts; p; p = p->next) {
        if (!is_kind(p, LX_PART_TOOL_CALL))
            continue;
        if (is_legacy(c, context)) {
            write_function_call(o, p);
            return;
        }
        if (!open)
            lx_out_array(o, "tool_calls");
        open = true;
        lx_openai_write_tool_call(o, p, -1);
    }
    if (open)
        lx_out_array_end(o);
}

/* OpenAI keeps what was said for a while, and clients rely on knowing how long: a day, where the
 * provider does not say (LiteLLM's). */
enum { AUDIO_LIFE_S = 24 * 60 * 60 };

static void write_audio(struct lx_out *o, const struct lx_part *audio,
                        const struct lx_reply_context *context)
{
    const struct lx_slice expires = LX_S("expires_at");
    lx_out_object(o, "audio");
    lx_out_text(o, "id", audio->media.file_id);
    lx_out_text(o, "data", audio->media.data);
    lx_out_text(o, "transcript", audio->text);
    if (!lx_extra_find(audio->extra, expires))
        lx_out_int(o, "expires_at", context->now_s + AUDIO_LIFE_S);
    lx_extra_write(o, audio->extra);
    lx_out_object_end(o);
}

static void write_media(struct lx_out *o, const struct lx_part *parts,
                        const struct lx_reply_context *context)
{
    const struct lx_part *audio = first_of(parts, LX_PART_AUDIO);
    const struct lx_part *image = first_of(parts, LX_PART_IMAGE);
    int64_t i = 0;

    if (audio)
        write_audio(o, audio, context);
    if (!image)
        return;
    lx_out_array(o, "images");
    for (const struct lx_part *p = image; p; p = p->next) {
        if (!is_kind(p, LX_PART_IMAGE))
            continue;
        lx_out_object(o, NULL);
        lx_out_lit(o, "type", "image_url");
        lx_out_object(o, "image_url");
        lx_openai_write_url(o, "url", &p->media, LX_S("image/png"));
        lx_out_object_end(o);
        lx_out_int(o, "index", i++);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

/* Anthropic's standard is OpenAI's default; what neither knows is left in the usage. */
void lx_openai_write_tier(struct lx_out *o, struct lx_text tier, struct lx_slice language)
{
    if (!tier.s.n)
        return;
    if (lx_slice_starts(language, LX_S("openai_")) || lx_slice_eq(tier.s, LX_S("priority")))
        lx_out_text(o, "service_tier", tier);
    else if (lx_slice_eq(tier.s, LX_S("standard")))
        lx_out_lit(o, "service_tier", "default");
}

/* ---- Choices ------------------------------------------------------------------------------ */

/* Why it stopped, where OpenAI's five words say less. */
static void write_native_finish(struct lx_out *o, const struct lx_choice *c)
{
    if (!lx_openai_finish_is_coarse(c->finish) || !c->raw_finish.n)
        return;
    lx_out_object(o, "provider_specific_fields");
    lx_out_str(o, "native_finish_reason", c->raw_finish);
    if (c->stop_sequence.s.n)
        lx_out_text(o, "stop_sequence", c->stop_sequence);
    lx_out_object_end(o);
}

/* Where a provider of this language told it. */
static bool is_thinking_member(struct lx_slice name)
{
    static const struct lx_slice names[] = {LX_S_INIT("reasoning"), LX_S_INIT("reasoning_content"),
                                            LX_S_INIT("reasoning_details"),
                                            LX_S_INIT("thinking_blocks")};
    size_t i = 0;
    while (i < sizeof(names) / sizeof(names[0]) && !lx_slice_eq(name, names[i]))
        i++;
    return i < sizeof(names) / sizeof(names[0]);
}

static void write_choice(struct lx_out *o, const struct lx_choice *c,
                         const struct lx_reply_context *context, const struct lx_reply *r)
{
    bool own = lx_slice_eq(r->language, LX_OPENAI_CHAT);
    lx_out_object(o, NULL);
    lx_out_int(o, "index", c->index);
    lx_out_object(o, "message");
    lx_out_lit(o, "role", "assistant");
    write_content(o, c->parts, context->merges_thinking);
    if (!context->merges_thinking) {
        write_thinking(o, c->parts, own ? c->message_extra : NULL);
        write_reasoning_items(o, c->parts, own ? c->message_extra : NULL);
    }
    write_calls(o, c, context);
    write_media(o, c->parts, context);
    write_annotations(o, c->parts, r);
    write_specific(o, c, r);
    for (const struct lx_extra *x = own ? c->message_extra : NULL; x; x = x->next) {
        const struct lx_extra one = {x->name, x->json, NULL};
        if (!context->merges_thinking || !is_thinking_member(x->name))
            lx_extra_write(o, &one);
    }
    lx_out_object_end(o);
    if (c->logprobs.n)
        lx_out_raw(o, "logprobs", c->logprobs);
    else
        lx_out_null(o, "logprobs");
    struct lx_slice finish = lx_openai_finish_name(c->finish, c->raw_finish);
    if (is_legacy(c, context) && c->finish == LX_FINISH_TOOL_CALLS)
        finish = LX_S("function_call");
    lx_out_str(o, "finish_reason", finish);
    write_native_finish(o, c);
    if (own)
        lx_extra_write(o, c->extra);
    lx_out_object_end(o);
}

void lx_openai_write_reply(const struct lx_reply *r, const struct lx_reply_context *context,
                           struct lx_buf *out)
{
    struct lx_out writer = lx_out(out), *o = &writer;
    bool own = lx_slice_eq(r->language, LX_OPENAI_CHAT);

    lx_out_object(o, NULL);
    lx_out_text(o, "id", r->id.s.n ? r->id : lx_text(context->id));
    lx_out_lit(o, "object", "chat.completion");
    lx_out_int(o, "created", r->created_s ? r->created_s : context->now_s);
    lx_out_text(o, "model", r->model.s.n ? r->model : lx_text(context->model));
    lx_out_array(o, "choices");
    for (const struct lx_choice *c = r->choices; c; c = c->next)
        write_choice(o, c, context, r);
    lx_out_array_end(o);
    if (r->usage.known)
        lx_openai_write_usage(o, "usage", &r->usage);
    if (r->system_fingerprint.s.n)
        lx_out_text(o, "system_fingerprint", r->system_fingerprint);
    lx_openai_write_tier(o, r->service_tier, r->language);
    if (own)
        lx_extra_write(o, r->extra);
    lx_out_object_end(o);
}
