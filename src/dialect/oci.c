/*
 * oci.c - Oracle's Generative AI as a dialect: a back only. OpenAI's chat in another shape, and for
 * Cohere's models the shape that Cohere's first API had (oci_cohere.c).
 *
 *   {"compartmentId": "ocid1...", "servingMode": {"servingType": "ON_DEMAND", "modelId": "..."},
 *    "chatRequest": {"apiFormat": "GENERIC", "messages": [{"role": "USER",
 *        "content": [{"type": "TEXT", "text": "Hi"}]}], "maxTokens": 9, "isStream": true}}
 *
 * The row puts the compartment in. docs.oracle.com/iaas/api/#/en/generative-ai-inference/20231130/
 * ChatResult/Chat (2026), LiteLLM oci/chat (1.106.2).
 */
#include "dialect/oci.h"

/* Models whose chats have Cohere's form. */
static bool is_cohere(struct lx_slice model)
{
    return lx_slice_starts(model, LX_S("cohere."));
}

/* ---- What stands around a chat ------------------------------------------------------------- */

void lx_oci_write_serving(struct lx_out *out, const struct lx_write_options *o, struct lx_json root)
{
    struct lx_json endpoint = LX_GET(root, "oci_endpoint_id");
    bool named = lx_slice_starts(o->model, LX_S("ocid1.generativeaiendpoint."));
    bool own = named || lx_json_eq(LX_GET(root, "oci_serving_mode"), LX_S("DEDICATED"));
    lx_out_object(out, "servingMode");
    lx_out_str(out, "servingType", own ? LX_S("DEDICATED") : LX_S("ON_DEMAND"));
    if (own && lx_json_given(endpoint))
        lx_out_value(out, "endpointId", endpoint);
    else
        lx_out_str(out, own ? "endpointId" : "modelId", o->model);
    lx_out_object_end(out);
}

void lx_oci_write_limit(struct lx_reshape *w, const char *name, int64_t fallback)
{
    struct lx_json limit = lx_reshape_limit(w);
    if (lx_json_given(limit))
        lx_out_value(&w->out, name, limit);
    else
        lx_out_int(&w->out, name, w->o->default_max_tokens ? w->o->default_max_tokens : fallback);
}

/* ---- The generic form: messages ------------------------------------------------------------ */

/* What OpenAI calls a part, and what it is called here; the data stand in the last member. */
static const struct {
    struct lx_slice openai, type;
    const char *oci, *member;
} media[] = {
    {LX_S_INIT("image_url"), LX_S_INIT("IMAGE"), "imageUrl", "image_url"},
    {LX_S_INIT("video_url"), LX_S_INIT("VIDEO"), "videoUrl", "video_url"},
};

static void write_part(struct lx_reshape *w, struct lx_json part)
{
    struct lx_json type = LX_GET(part, "type");
    if (lx_json_eq(type, LX_S("text"))) {
        lx_out_object(&w->out, NULL);
        lx_out_lit(&w->out, "type", "TEXT");
        lx_reshape_copy(&w->out, "text", LX_GET(part, "text"));
        lx_out_object_end(&w->out);
        return;
    }
    for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
        struct lx_json given = lx_json_get(part, lx_slice_z(media[i].member));
        if (!lx_json_eq(type, media[i].openai))
            continue;
        lx_out_object(&w->out, NULL);
        lx_out_str(&w->out, "type", media[i].type);
        lx_out_object(&w->out, media[i].oci);
        lx_reshape_copy(&w->out, "url", LX_GET(given, "url"));
        struct lx_slice detail = lx_json_str(LX_GET(given, "detail"), w->b->arena);
        if (detail.n)
            lx_out_str(&w->out, "detail",
                       lx_slice_eq(detail, LX_S("low"))    ? LX_S("LOW")
                       : lx_slice_eq(detail, LX_S("high")) ? LX_S("HIGH")
                                                           : LX_S("AUTO"));
        lx_out_object_end(&w->out);
        lx_out_object_end(&w->out);
        return;
    }
    lx_reshape_refuse(w, "messages.content", "text, images and video only");
}

static void write_content(struct lx_reshape *w, struct lx_json content)
{
    bool list = lx_json_is(content, LX_JSON_ARRAY);
    if (!list && !lx_json_text(content).s.n)
        return;
    lx_out_array(&w->out, "content");
    for (struct lx_json_iter it = lx_json_iter(content); list && lx_json_next(&it);)
        write_part(w, it.value);
    if (!list) {
        lx_out_object(&w->out, NULL);
        lx_out_lit(&w->out, "type", "TEXT");
        lx_out_value(&w->out, "text", content);
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
}

static void write_calls(struct lx_reshape *w, struct lx_json calls)
{
    if (!lx_json_count(calls))
        return;
    lx_out_array(&w->out, "toolCalls");
    for (struct lx_json_iter it = lx_json_iter(calls); lx_json_next(&it);) {
        struct lx_json function = LX_GET(it.value, "function");
        lx_out_object(&w->out, NULL);
        lx_reshape_copy(&w->out, "id", LX_GET(it.value, "id"));
        lx_out_lit(&w->out, "type", "FUNCTION");
        lx_reshape_copy(&w->out, "name", LX_GET(function, "name"));
        lx_reshape_copy(&w->out, "arguments", LX_GET(function, "arguments"));
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
}

static void write_message(struct lx_reshape *w, struct lx_json m)
{
    static const struct {
        struct lx_slice openai, oci;
    } roles[] = {
        {LX_S_INIT("system"), LX_S_INIT("SYSTEM")},
        {LX_S_INIT("developer"), LX_S_INIT("SYSTEM")},
        {LX_S_INIT("user"), LX_S_INIT("USER")},
        {LX_S_INIT("assistant"), LX_S_INIT("ASSISTANT")},
        {LX_S_INIT("tool"), LX_S_INIT("TOOL")},
    };
    lx_out_object(&w->out, NULL);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (lx_json_eq(LX_GET(m, "role"), roles[i].openai))
            lx_out_str(&w->out, "role", roles[i].oci);
    write_content(w, LX_GET(m, "content"));
    write_calls(w, LX_GET(m, "tool_calls"));
    lx_reshape_copy(&w->out, "toolCallId", LX_GET(m, "tool_call_id"));
    lx_reshape_copy(&w->out, "name", LX_GET(m, "name"));
    lx_out_object_end(&w->out);
}

/* ---- The generic form: tools and parameters ------------------------------------------------ */

static void write_tools(struct lx_reshape *w)
{
    struct lx_json tools = LX_GET(w->root, "tools");
    if (!lx_json_count(tools))
        return;
    lx_out_array(&w->out, "tools");
    for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);) {
        struct lx_json function = LX_GET(it.value, "function");
        if (!lx_json_is(function, LX_JSON_OBJECT)) {
            lx_reshape_refuse(w, "tools", "functions only");
            continue;
        }
        lx_out_object(&w->out, NULL);
        lx_out_lit(&w->out, "type", "FUNCTION");
        lx_reshape_copy(&w->out, "name", LX_GET(function, "name"));
        lx_reshape_copy(&w->out, "description", LX_GET(function, "description"));
        lx_reshape_copy(&w->out, "parameters", LX_GET(function, "parameters"));
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
}

static void write_choice(struct lx_reshape *w)
{
    struct lx_json choice = LX_GET(w->root, "tool_choice");
    struct lx_json name = LX_GET(LX_GET(choice, "function"), "name");
    if (!lx_json_given(choice))
        return;
    lx_out_object(&w->out, "toolChoice");
    if (lx_json_is(name, LX_JSON_STRING)) {
        lx_out_lit(&w->out, "type", "FUNCTION");
        lx_out_value(&w->out, "name", name);
    } else {
        lx_out_str(&w->out, "type",
                   lx_json_eq(choice, LX_S("none"))       ? LX_S("NONE")
                   : lx_json_eq(choice, LX_S("required")) ? LX_S("REQUIRED")
                                                          : LX_S("AUTO"));
    }
    lx_out_object_end(&w->out);
}

/* ResponseJsonSchema has four members, and any other is answered with 400. */
static void write_format(struct lx_reshape *w)
{
    struct lx_json format = LX_GET(w->root, "response_format");
    struct lx_json schema = LX_GET(format, "json_schema"), name = LX_GET(schema, "name");
    if (!lx_json_given(format))
        return;
    lx_out_object(&w->out, "responseFormat");
    if (lx_json_is(schema, LX_JSON_OBJECT)) {
        lx_out_lit(&w->out, "type", "JSON_SCHEMA");
        lx_out_object(&w->out, "jsonSchema");
        if (lx_json_given(name))
            lx_out_value(&w->out, "name", name);
        else
            lx_out_lit(&w->out, "name", "response");
        lx_reshape_copy(&w->out, "description", LX_GET(schema, "description"));
        lx_reshape_copy(&w->out, "schema", LX_GET(schema, "schema"));
        lx_reshape_copy(&w->out, "isStrict", LX_GET(schema, "strict"));
        lx_out_object_end(&w->out);
    } else {
        lx_out_str(&w->out, "type",
                   lx_json_eq(LX_GET(format, "type"), LX_S("text")) ? LX_S("TEXT")
                                                                    : LX_S("JSON_OBJECT"));
    }
    lx_out_object_end(&w->out);
}

/* OpenAI's own models there take maxCompletionTokens alone; the others, gpt-oss among them, know
 * maxTokens. */
static const char *limit_name(struct lx_slice model)
{
    bool openai =
        lx_slice_starts(model, LX_S("openai.")) && !lx_slice_starts(model, LX_S("openai.gpt-oss"));
    return openai ? "maxCompletionTokens" : "maxTokens";
}

static void write_effort(struct lx_reshape *w)
{
    struct lx_slice effort = lx_json_str(LX_GET(w->root, "reasoning_effort"), w->b->arena);
    char *upper = effort.n ? lx_arena_bytes(w->b->arena, effort.n) : NULL;
    for (size_t i = 0; upper && i < effort.n; i++)
        upper[i] = effort.p[i] >= 'a' && effort.p[i] <= 'z' ? (char)(effort.p[i] - 'a' + 'A')
                                                            : effort.p[i];
    if (upper)
        lx_out_str(&w->out, "reasoningEffort", lx_slice(upper, effort.n));
}

/* How many alternatives, where OpenAI has two members. */
static void write_logprobs(struct lx_reshape *w)
{
    struct lx_json top = LX_GET(w->root, "top_logprobs");
    if (lx_json_given(top))
        lx_out_value(&w->out, "logProbs", top);
    else if (lx_json_bool(LX_GET(w->root, "logprobs"), false))
        lx_out_int(&w->out, "logProbs", 0);
}

static void write_generic(struct lx_reshape *w)
{
    enum { LIMIT = 4096 };
    static const struct lx_reshape_name names[] = {
        {"temperature", "temperature"},
        {"top_p", "topP"},
        {"top_k", "topK"},
        {"frequency_penalty", "frequencyPenalty"},
        {"presence_penalty", "presencePenalty"},
        {"seed", "seed"},
        {"n", "numGenerations"},
        {"logit_bias", "logitBias"},
        {"parallel_tool_calls", "isParallelToolCalls"},
        {"stop", "stop"},
        {NULL, NULL},
    };
    lx_out_lit(&w->out, "apiFormat", "GENERIC");
    lx_out_array(&w->out, "messages");
    for (struct lx_json_iter it = lx_json_iter(LX_GET(w->root, "messages")); lx_json_next(&it);)
        write_message(w, it.value);
    lx_out_array_end(&w->out);
    lx_oci_write_limit(w, limit_name(w->o->model), LIMIT);
    lx_reshape_names(w, names);
    write_effort(w);
    write_logprobs(w);
    write_tools(w);
    write_choice(w);
    write_format(w);
}

/* ---- The body ------------------------------------------------------------------------------ */

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_reshape w;
    if (lx_reshape_begin(&w, o, r, b)) {
        lx_oci_write_serving(&w.out, o, w.root);
        lx_out_object(&w.out, "chatRequest");
        if (is_cohere(o->model))
            lx_oci_cohere_write(&w);
        else
            write_generic(&w);
        if (r->stream) {
            lx_out_bool(&w.out, "isStream", true);
            lx_out_object(&w.out, "streamOptions");
            lx_out_bool(&w.out, "isIncludeUsage", true);
            lx_out_object_end(&w.out);
        }
        lx_out_object_end(&w.out);
    }
    lx_reshape_end(&w);
}

static const struct lx_back back = {
    .state_size = sizeof(struct lx_oci_reading),
    .path = "/20231130/actions/chat",
    .write_request = write_request,
    .read_reply = lx_oci_read_reply,
    .read_event = lx_oci_read_event,
    .read_end = lx_oci_read_end,
    .clear = lx_oci_clear,
    .read_error = lx_openai_read_error,
    .framing = LX_FRAMING_SSE,
};

const struct lx_dialect lx_dialect_oci_chat = {
    .name = "oci_chat", .title = "OCI Generative AI chat", .back = &back};
