/*
 * litellm_count.c - the language of LiteLLM's POST /utils/token_counter?call_endpoint=true: a
 * request to be counted by its provider, in whichever of three shapes it is.
 *
 *   contents                                 Google's
 *   system, or tools with an input_schema    Anthropic's
 *   messages                                 OpenAI's; a prompt is one message of the user's
 *
 * A client's language only. Without call_endpoint nothing crosses, and serve/token_counter.c
 * counts.
 */
#include "dialect/anthropic.h"
#include "dialect/gemini.h"
#include "dialect/openai_chat.h"

#include <stdio.h>

static bool is_anthropic(struct lx_json root)
{
    struct lx_json_iter it = lx_json_iter(LX_GET(root, "tools"));
    return lx_json_given(LX_GET(root, "system")) ||
           (lx_json_next(&it) && lx_json_given(LX_GET(it.value, "input_schema")));
}

static int read_prompt(struct lx_json root, struct lx_arena *a, struct lx_request *out)
{
    *out = (struct lx_request){.language = LX_OPENAI_CHAT,
                               .model = lx_json_text(LX_GET(root, "model"))};
    struct lx_message **messages = &out->messages;
    struct lx_message *m = lx_message_add(&messages, LX_ROLE_USER, a);
    struct lx_part **at = m ? &m->parts : NULL;
    struct lx_part *text = at ? lx_part_add(&at, LX_PART_TEXT, a) : NULL;
    if (!text)
        return a->failed;
    m->plain = true;
    text->text = lx_json_text(LX_GET(root, "prompt"));
    return 0;
}

static int read_request(const struct lx_json_doc *body, struct lx_arena *a, struct lx_request *out,
                        struct lx_error *err)
{
    struct lx_json root = lx_json_root(body);
    if (!lx_json_is(LX_GET(root, "model"), LX_JSON_STRING))
        return lx_error_set(err, LX_EINVAL, "`model` must name the model");
    if (lx_json_is(LX_GET(root, "contents"), LX_JSON_ARRAY))
        return lx_gemini_read_request(body, a, out, err);
    if (lx_json_is(LX_GET(root, "messages"), LX_JSON_ARRAY))
        return is_anthropic(root) ? lx_anthropic_read_request(body, a, out, err)
                                  : lx_openai_read_request(body, a, out, err);
    if (lx_json_is(LX_GET(root, "prompt"), LX_JSON_STRING))
        return read_prompt(root, a, out);
    return lx_error_set(err, LX_EINVAL, "prompt or messages or contents must be provided");
}

void lx_litellm_write_count(struct lx_out *o, int64_t tokens, struct lx_slice asked,
                            struct lx_slice used, struct lx_slice tokenizer,
                            struct lx_slice original)
{
    lx_out_object(o, NULL);
    lx_out_int(o, "total_tokens", tokens);
    lx_out_str(o, "request_model", asked);
    lx_out_str(o, "model_used", used);
    lx_out_str(o, "tokenizer_type", tokenizer);
    lx_out_str(o, "count_source", original.n ? LX_S("provider") : LX_S("local_estimate"));
    lx_out_raw(o, "original_response", original); /* null, where there is none */
    lx_out_bool(o, "error", false);
    lx_out_null(o, "error_message");
    lx_out_null(o, "status_code");
    lx_out_object_end(o);
}

static void write_reply(const struct lx_reply *r, const struct lx_reply_context *c,
                        struct lx_buf *out)
{
    struct lx_out o = lx_out(out);
    char type[64];
    struct lx_slice tokenizer = LX_S("openai_tokenizer");
    if (!r->usage.estimated) {
        int n = snprintf(type, sizeof(type), "%.50s_api", c->provider ? c->provider : "provider");
        tokenizer = lx_slice(type, (size_t)n);
    } else if (r->usage.own_vocabulary) {
        tokenizer = LX_S("huggingface_tokenizer");
    }
    lx_litellm_write_count(&o, r->usage.prompt_tokens, c->model,
                           c->upstream ? *c->upstream : c->model, tokenizer,
                           r->extra ? r->extra->json : lx_slice(NULL, 0));
}

static const struct lx_front front = {
    .read_request = read_request,
    .write_reply = write_reply,
    .write_error = lx_openai_write_error,
};

const struct lx_dialect lx_dialect_litellm_count = {
    .name = "litellm_count",
    .title = "LiteLLM's token_counter",
    .operation = LX_OPERATION_COUNT,
    .front = &front,
};
