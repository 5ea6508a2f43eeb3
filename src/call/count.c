/*
 * count.c - counts requests of every language by way of OpenAI's, whose counting is known.
 *
 * What LiteLLM's token_counter says of a request in OpenAI's language is the measure; a request in
 * another one is first translated, with whatever has no place there left out. Called when a
 * provider has told no usage, where somebody asks for a count, and on the way of a request only
 * when a limit of its model depends on it (facts.c).
 */
#include "call/count.h"

enum { MAX_BODY_BYTES = 1 << 30, MAX_ARENA_BYTES = 1 << 30 };

void lx_counter_of(const struct lx_deployment *d, struct lx_slice model,
                   const struct lx_catalog *catalog, struct lx_counter *out)
{
    struct lx_slice provider = {0}, head;
    struct lx_model m;
    if (d && d->base_model.n) { /* "azure/gpt-4o": what a deployment of any name is */
        model = d->base_model;
        while (lx_slice_find_byte(model, '/') >= 0)
            lx_slice_cut(model, '/', &head, &model);
    }
    if (lx_catalog_get(catalog, model, &m))
        provider = lx_model_provider(m);
    else if (d)
        provider = lx_slice_z(d->provider->id);
    else if (lx_slice_find_byte(model, '/') >= 0)
        lx_slice_cut(model, '/', &head, &model);
    *out = (struct lx_counter){.rule = lx_token_rule_of(model, provider)};
    lx_encoding_find(&out->encoding, lx_slice_z(out->rule.encoding));
    if (d && d->tokenizer) {
        out->encoding = *d->tokenizer;
        out->own = true;
    }
}

bool lx_counter_is_openai(const struct lx_counter *c)
{
    return !c->own && strcmp(c->encoding.name, "claude") != 0;
}

int lx_count_text(const struct lx_counter *c, struct lx_tokenizer *t, struct lx_slice text,
                  int64_t *count)
{
    size_t n = 0;
    int code = lx_tokens_count(t, &c->encoding, text, LX_TOKENS_FRAME, &n);
    *count = (int64_t)n;
    return code;
}

static int count_chat(const struct lx_counter *c, struct lx_tokenizer *t, struct lx_json root,
                      int64_t *count, struct lx_error *err)
{
    size_t n = 0;
    int code = lx_tokens_count_chat(t, &c->encoding, &c->rule, root, &n, err);
    *count = (int64_t)n;
    return code;
}

/* The request as OpenAI's, read into out. */
static int translate(const struct lx_dialect *from, const struct lx_json_doc *doc,
                     struct lx_arena *a, struct lx_buf *buf, struct lx_json_doc *out,
                     struct lx_error *err)
{
    struct lx_request request;
    struct lx_losses losses;
    struct lx_header_list headers;
    struct lx_write_options options = {
        .drop_params = true, .modify_params = true, .native_json_schema = true};
    int code = lx_request_of_body(from, doc, a, &request, err);
    if (code < 0)
        return code;
    lx_losses_init(&losses, a);
    lx_header_list_init(&headers, a);
    struct lx_body body = {.buf = buf, .headers = &headers, .losses = &losses, .arena = a};
    lx_dialect_openai_chat.back->write_request(&options, &request, &body);
    if (body.code < 0)
        return lx_error_set(err, body.code, "%s", body.error.text);
    if (a->failed || buf->failed)
        return a->failed ? a->failed : buf->failed;
    return lx_json_read(out, lx_buf_slice(buf), NULL, err);
}

/* A prompt, several, or one or several that are tokens already. */
static int count_prompt(const struct lx_counter *c, struct lx_tokenizer *t, struct lx_json prompt,
                        struct lx_arena *a, int64_t *count)
{
    struct lx_json_iter it = lx_json_iter(prompt);
    int64_t n = 0;
    int code = 0;
    if (lx_json_is(prompt, LX_JSON_STRING))
        return lx_count_text(c, t, lx_json_str(prompt, a), count);
    for (*count = 0; code == 0 && lx_json_next(&it); *count += n) {
        n = lx_json_is(it.value, LX_JSON_NUMBER) ? 1 : (int64_t)lx_json_count(it.value);
        if (lx_json_is(it.value, LX_JSON_STRING))
            code = lx_count_text(c, t, lx_json_str(it.value, a), &n);
    }
    return code < 0 ? code : a->failed;
}

static int count_input(const struct lx_counter *c, struct lx_tokenizer *t,
                       const struct lx_input *in, struct lx_arena *a, int64_t *count)
{
    struct lx_json_doc doc;
    int64_t n = 0;
    int code = 0;
    if (in->kind == LX_INPUT_TEXT) {
        code = lx_count_text(c, t, lx_text_plain(in->text, a), &n);
    } else if (in->kind == LX_INPUT_TOKENS) {
        lx_json_doc_init(&doc);
        code = lx_json_read(&doc, in->raw, NULL, NULL);
        n = code == 0 ? (int64_t)lx_json_count(lx_json_root(&doc)) : 0;
        lx_json_doc_clear(&doc);
    }
    *count += n;
    for (const struct lx_part *p = in->parts; code == 0 && p; p = p->next) {
        code = lx_count_text(c, t, lx_text_plain(p->text, a), &n);
        *count += n;
    }
    return code < 0 ? code : a->failed;
}

/* What is to be embedded; media have no known count. */
static int count_inputs(const struct lx_counter *c, struct lx_tokenizer *t,
                        const struct lx_dialect *from, const struct lx_json_doc *doc,
                        struct lx_arena *a, int64_t *count, struct lx_error *err)
{
    struct lx_request request;
    int code = lx_request_of_body(from, doc, a, &request, err);
    *count = 0;
    for (size_t i = 0; code == 0 && request.embed && i < request.embed->count; i++)
        code = count_input(c, t, &request.embed->inputs[i], a, count);
    return code;
}

/* LiteLLM counts it as a text, not as a message. */
static bool is_prompt_alone(struct lx_json root)
{
    return lx_json_is(LX_GET(root, "prompt"), LX_JSON_STRING) &&
           !lx_json_given(LX_GET(root, "messages")) && !lx_json_given(LX_GET(root, "contents"));
}

int lx_count_request(const struct lx_counter *c, struct lx_tokenizer *t,
                     const struct lx_dialect *from, struct lx_slice body,
                     const struct lx_json_limits *limits, int64_t *count, struct lx_error *err)
{
    struct lx_json_doc doc, openai;
    struct lx_arena a;
    struct lx_buf buf;
    lx_json_doc_init(&doc);
    lx_json_doc_init(&openai);
    lx_arena_init(&a, MAX_ARENA_BYTES);
    lx_buf_init(&buf, MAX_BODY_BYTES);
    int code = lx_json_read(&doc, body, limits, err);
    bool as_it_is = from == &lx_dialect_openai_chat,
         prompt = from == &lx_dialect_openai_completions ||
                  (from == &lx_dialect_litellm_count && is_prompt_alone(lx_json_root(&doc)));
    bool chat = from->operation != LX_OPERATION_EMBED && !prompt;
    if (code == 0 && prompt)
        code = count_prompt(c, t, LX_GET(lx_json_root(&doc), "prompt"), &a, count);
    else if (code == 0 && !chat)
        code = count_inputs(c, t, from, &doc, &a, count, err);
    if (code == 0 && chat && !as_it_is)
        code = translate(from, &doc, &a, &buf, &openai, err);
    if (code == 0 && chat)
        code = count_chat(c, t, lx_json_root(as_it_is ? &doc : &openai), count, err);
    lx_buf_clear(&buf);
    lx_arena_clear(&a);
    lx_json_doc_clear(&openai);
    lx_json_doc_clear(&doc);
    return code;
}

const struct lx_fault lx_count_refusal = {
    .kind = LX_FAULT_UNAVAILABLE,
    .status = 503,
    .message = LX_S_INIT("Token counting is disabled and no provider API result available"),
    .type = LX_S_INIT("token_counting_disabled"),
    .param = LX_S_INIT("model"),
    .retry_after_ms = -1,
};

bool lx_is_counted_here(const struct lx_deployment *d, struct lx_slice upstream_model,
                        const struct lx_dialect *front, bool is_mock)
{
    if (front->operation != LX_OPERATION_COUNT)
        return false;
    const struct lx_provider *p = lx_deployment_row(d, upstream_model);
    return is_mock || !lx_provider_offer(p, front, upstream_model).language;
}
