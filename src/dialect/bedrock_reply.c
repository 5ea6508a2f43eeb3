/*
 * bedrock_reply.c - whole replies of Converse, and usage.
 *
 * A reply has neither id nor model: fronts use the call's. inputTokens leave out what a cache gave
 * or took, the vocabulary's prompt_tokens include it.
 */
#include "dialect/bedrock.h"

/* ---- Usage ---------------------------------------------------------------------------------- */

void lx_bedrock_usage_read(struct lx_json usage, struct lx_usage *u)
{
    int64_t input = 0, output = 0;
    bool known = lx_usage_count(LX_GET(usage, "inputTokens"), &input);
    known |= lx_usage_count(LX_GET(usage, "outputTokens"), &output);
    if (!known)
        return;
    u->known = true;
    u->has_cached = lx_usage_count(LX_GET(usage, "cacheReadInputTokens"), &u->cached_tokens) ||
                    lx_usage_count(LX_GET(usage, "cacheReadInputTokenCount"), &u->cached_tokens);
    u->has_cache_write =
        lx_usage_count(LX_GET(usage, "cacheWriteInputTokens"), &u->cache_write_tokens) ||
        lx_usage_count(LX_GET(usage, "cacheWriteInputTokenCount"), &u->cache_write_tokens);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(usage, "cacheDetails")); lx_json_next(&it);)
        if (lx_json_eq(LX_GET(it.value, "ttl"), LX_S("1h")) &&
            lx_usage_count(LX_GET(it.value, "inputTokens"), &u->cache_write_1h_tokens))
            u->has_cache_split = true;
    u->prompt_tokens = input + u->cached_tokens + u->cache_write_tokens;
    u->completion_tokens = output;
    u->total_tokens = u->prompt_tokens + u->completion_tokens;
    u->raw = lx_json_raw(usage);
}

void lx_bedrock_thought_read(struct lx_json root, struct lx_usage *u)
{
    struct lx_json usage = LX_GET(LX_GET(root, "additionalModelResponseFields"), "usage");
    if (lx_usage_count(LX_GET(LX_GET(usage, "output_tokens_details"), "thinking_tokens"),
                       &u->reasoning_tokens))
        u->has_completion_details = true;
}

void lx_bedrock_tier_read(struct lx_json tier, struct lx_usage *u)
{
    if (lx_json_is(LX_GET(tier, "type"), LX_JSON_STRING))
        u->service_tier = lx_anthropic_tier(lx_json_text(LX_GET(tier, "type")).s);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

struct reading {
    struct lx_part **at;
    struct lx_arena *arena;
};

static struct lx_part *add(struct reading *r, enum lx_part_kind kind)
{
    return lx_part_add(&r->at, kind, r->arena);
}

static void read_text(struct reading *r, struct lx_json text)
{
    struct lx_part *p = lx_json_text(text).s.n ? add(r, LX_PART_TEXT) : NULL;
    if (p)
        p->text = lx_json_text(text);
}

static void read_tool_use(struct reading *r, struct lx_json tool)
{
    struct lx_part *p = add(r, LX_PART_TOOL_CALL);
    if (!p)
        return;
    p->id = lx_json_text(LX_GET(tool, "toolUseId"));
    p->name = lx_json_text(LX_GET(tool, "name"));
    struct lx_slice input = lx_json_raw(LX_GET(tool, "input"));
    p->arguments = lx_text(input.n ? input : LX_S("{}"));
}

static void read_reasoning(struct reading *r, struct lx_json reasoning)
{
    struct lx_json text = LX_GET(reasoning, "reasoningText");
    struct lx_json redacted = LX_GET(reasoning, "redactedContent");
    bool is_redacted = lx_json_is(redacted, LX_JSON_STRING);
    if (!is_redacted && !lx_json_is(text, LX_JSON_OBJECT))
        return;
    struct lx_part *p = add(r, is_redacted ? LX_PART_REDACTED_THINKING : LX_PART_THINKING);
    if (!p)
        return;
    p->data = lx_json_text(redacted);
    p->text = lx_json_text(LX_GET(text, "text"));
    p->signature = lx_json_text(LX_GET(text, "signature"));
}

/* Text with its sources: each piece of it is text, the last has the sources. */
static void read_cited(struct reading *r, struct lx_json cited)
{
    struct lx_part **first = r->at, *last = NULL;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(cited, "content")); lx_json_next(&it);)
        read_text(r, LX_GET(it.value, "text"));
    for (struct lx_part *p = *first; p; p = p->next)
        last = p;
    if (last && lx_json_count(LX_GET(cited, "citations")))
        last->citations = lx_json_raw(LX_GET(cited, "citations"));
}

static void read_image(struct reading *r, struct lx_json image)
{
    struct lx_text bytes = lx_json_text(LX_GET(LX_GET(image, "source"), "bytes"));
    struct lx_part *p = bytes.s.n ? add(r, LX_PART_IMAGE) : NULL;
    if (!p)
        return;
    p->media.data = bytes;
    p->media.type = lx_arena_printf(r->arena, "image/%.*s",
                                    LX_F(lx_json_str(LX_GET(image, "format"), r->arena)));
}

static const struct {
    const char *name;
    void (*read)(struct reading *r, struct lx_json inside);
} blocks[] = {
    {"text", read_text},
    {"toolUse", read_tool_use},
    {"reasoningContent", read_reasoning},
    {"citationsContent", read_cited},
    {"image", read_image},
};

/* What the service's own tools did is for this language only. */
static bool is_servers(struct lx_json block)
{
    return lx_json_eq(LX_GET(LX_GET(block, "toolUse"), "type"), LX_S("server_tool_use"));
}

static void read_block(struct reading *r, struct lx_json block)
{
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]) && !is_servers(block); i++) {
        struct lx_json inside = lx_json_get(block, lx_slice_z(blocks[i].name));
        if (lx_json_given(inside)) {
            blocks[i].read(r, inside);
            return;
        }
    }
    struct lx_part *p = add(r, LX_PART_OPAQUE);
    if (p) {
        p->language = LX_BEDROCK;
        p->raw = lx_json_raw(block);
    }
}

/* ---- The reply ------------------------------------------------------------------------------ */

int lx_bedrock_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                          struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), reason = LX_GET(root, "stopReason");
    struct lx_json content = LX_GET(LX_GET(LX_GET(root, "output"), "message"), "content");
    memset(out, 0, sizeof(*out));
    if (!lx_json_is(content, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "the reply has no message");
    struct lx_choice *c = out->choices = lx_arena_new(a, struct lx_choice);
    if (!c)
        return lx_error_set(err, a->failed, "the reply is too large");
    struct reading r = {&c->parts, a};
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        read_block(&r, it.value);
    out->language = LX_BEDROCK;
    c->finish = lx_bedrock_finish_read(reason);
    c->raw_finish = lx_json_str(reason, a);
    c->stop_sequence =
        lx_json_text(LX_GET(LX_GET(root, "additionalModelResponseFields"), "stop_sequence"));
    c->legacy_function_call = ctx->legacy_functions;
    if (ctx->json_tool)
        lx_json_tool_unwrap(c);
    lx_bedrock_usage_read(LX_GET(root, "usage"), &out->usage);
    lx_bedrock_thought_read(root, &out->usage);
    lx_bedrock_tier_read(LX_GET(root, "serviceTier"), &out->usage);
    out->service_tier = lx_text(out->usage.service_tier);
    return a->failed ? lx_error_set(err, a->failed, "the reply is too large") : 0;
}
