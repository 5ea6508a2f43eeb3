/*
 * token_counter.c - POST /utils/token_counter: LiteLLM's count of a prompt, a chat, or Gemini's
 * contents.
 *
 * {"model", "prompt" | "messages" | "contents", "tools", "system"}. The model is a name of the
 * configuration's, or any; what is counted by is its own tokenizer, or LiteLLM's choice. With
 * ?call_endpoint=true the provider of a configured model is asked, as count_tokens does it.
 */
#include "call/count.h"
#include "serve/endpoint.h"

static void copy_member(struct lx_out *o, struct lx_json from, const char *name)
{
    struct lx_json v = lx_json_get(from, lx_slice_z(name));
    if (lx_json_given(v))
        lx_out_raw(o, name, lx_json_raw(v));
}

/* The text of one of Gemini's contents as a message. */
static void write_content(struct lx_out *o, struct lx_json content)
{
    bool model = lx_json_eq(LX_GET(content, "role"), LX_S("model"));
    lx_out_object(o, NULL);
    lx_out_str(o, "role", model ? LX_S("assistant") : LX_S("user"));
    lx_out_array(o, "content");
    struct lx_json parts = LX_GET(content, "parts");
    for (struct lx_json_iter it = lx_json_iter(parts); lx_json_next(&it);) {
        lx_out_object(o, NULL);
        lx_out_lit(o, "type", "text");
        lx_out_text(o, "text", lx_json_text(LX_GET(it.value, "text")));
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_object_end(o);
}

/* The question as a chat request, in whichever shape it came. */
static void write_chat(struct lx_out *o, struct lx_json body)
{
    struct lx_json messages = LX_GET(body, "messages"), system = LX_GET(body, "system");
    struct lx_json contents = LX_GET(body, "contents"), prompt = LX_GET(body, "prompt");
    lx_out_object(o, NULL);
    lx_out_array(o, "messages");
    if (lx_json_given(system)) {
        lx_out_object(o, NULL);
        lx_out_lit(o, "role", "system");
        lx_out_raw(o, "content", lx_json_raw(system));
        lx_out_object_end(o);
    }
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);)
        lx_out_raw(o, NULL, lx_json_raw(it.value));
    for (struct lx_json_iter it = lx_json_iter(contents); lx_json_next(&it);)
        write_content(o, it.value);
    if (lx_json_given(prompt)) {
        lx_out_object(o, NULL);
        lx_out_lit(o, "role", "user");
        lx_out_raw(o, "content", lx_json_raw(prompt));
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    copy_member(o, body, "tools");
    copy_member(o, body, "tool_choice");
    lx_out_object_end(o);
}

static int count(struct lx_exchange *x, const struct lx_counter *c, struct lx_tokenizer *t,
                 struct lx_json body, int64_t *n, struct lx_error *err)
{
    struct lx_json prompt = LX_GET(body, "prompt");
    bool chat = lx_json_is(LX_GET(body, "messages"), LX_JSON_ARRAY) ||
                lx_json_is(LX_GET(body, "contents"), LX_JSON_ARRAY);
    bool alone = !lx_json_given(LX_GET(body, "system")) && !lx_json_given(LX_GET(body, "tools"));
    struct lx_buf text;
    if (!chat && !lx_json_is(prompt, LX_JSON_STRING))
        return lx_error_set(err, LX_EINVAL, "prompt or messages or contents must be provided");
    if (!chat && alone)
        return lx_count_text(c, t, lx_json_str(prompt, &x->arena), n);
    lx_buf_init(&text, x->body.n * 2 + 65536);
    struct lx_out o = lx_out(&text);
    write_chat(&o, body);
    int code = text.failed ? text.failed
                           : lx_count_request(c, t, &lx_dialect_openai_chat, lx_buf_slice(&text),
                                              &x->config->routes.settings.json, n, err);
    lx_buf_clear(&text);
    return code;
}

static void answer(struct lx_exchange *x, const struct lx_counter *c, struct lx_slice asked,
                   struct lx_slice used, int64_t n)
{
    struct lx_buf body;
    lx_buf_init(&body, 65536);
    struct lx_out o = lx_out(&body);
    lx_litellm_write_count(&o, n, asked, used,
                           lx_counter_is_openai(c) ? LX_S("openai_tokenizer")
                                                   : LX_S("huggingface_tokenizer"),
                           lx_slice(NULL, 0));
    lx_exchange_send_json(x, 200, &body);
}

static int run(struct lx_exchange *x, struct lx_json body, struct lx_error *err)
{
    struct lx_slice asked = lx_json_str(LX_GET(body, "model"), &x->arena), used = asked, star;
    const struct lx_model_group *g = lx_route_find(&x->config->routes, asked, &star);
    const struct lx_deployment *d = g && g->count ? g->deployments[0] : NULL;
    struct lx_tokenizer *t = lx_tokenizer_new();
    struct lx_counter c;
    int64_t n = 0;
    int code = t ? 0 : LX_ENOMEM;
    if (!asked.n)
        code = lx_error_set(err, LX_EINVAL, "`model` must name the model");
    if (d)
        used = lx_deployment_model(d, star, &x->arena);
    lx_counter_of(d, used, x->config->catalog, &c);
    if (code == 0)
        code = count(x, &c, t, body, &n, err);
    lx_tokenizer_free(t);
    if (code == 0)
        answer(x, &c, asked, used, n);
    return code;
}

static bool asks_provider(struct lx_exchange *x)
{
    struct lx_slice v = lx_exchange_query(x, LX_S("call_endpoint"));
    return lx_slice_eq_nocase(v, LX_S("true")) || lx_slice_eq(v, LX_S("1"));
}

void lx_endpoint_token_counter(struct lx_exchange *x)
{
    struct lx_json_doc doc;
    struct lx_error err = {0};
    if (!asks_provider(x) && x->config->routes.settings.no_token_counter) {
        lx_exchange_refuse(x, 503, &lx_count_refusal);
        return;
    }
    if (asks_provider(x)) {
        x->front = &lx_dialect_litellm_count;
        lx_exchange_complete(x);
        return;
    }
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, lx_buf_slice(&x->body), &x->config->routes.settings.json, &err);
    if (code == 0)
        code = run(x, lx_json_root(&doc), &err);
    if (code < 0)
        lx_exchange_refuse_text(x, lx_slice_z(err.text[0] ? err.text : lx_code_text(code)),
                                LX_S(""));
    lx_json_doc_clear(&doc);
}
