/*
 * sap.c - SAP AI Core's orchestration service, version 2: OpenAI's chat, wrapped.
 *
 *   {"config": {"modules": {"prompt_templating": {
 *        "prompt": {"template": [messages], "tools": [...], "response_format": {...}},
 *        "model":  {"name": "...", "version": "latest", "params": {"max_tokens": 9}}}},
 *     "stream": {"enabled": true}}}
 *   -> {"request_id": "...", "final_result": {OpenAI's reply, or chunk}}
 *
 * help.sap.com/docs/sap-ai-core/generative-ai (orchestration v2), the types of SAP's Cloud SDK for
 * AI (@sap-ai-sdk/orchestration 2.4), LiteLLM sap/chat (1.106.2). The other modules (grounding,
 * masking, filtering, translation) are the client's own members, and go beside the prompt's.
 */
#include "dialect/reshape.h"

/* Where a member of OpenAI's body belongs; all others are parameters of the model. */
enum place { PARAMS, NOWHERE, PROMPT, MODULE, BODY };
static enum place place_of(struct lx_slice name)
{
    static const struct {
        const char *name;
        enum place place;
    } places[] = {
        {"model", NOWHERE},          {"model_version", NOWHERE}, {"messages", NOWHERE},
        {"stream", NOWHERE},         {"tool_choice", NOWHERE},   {"tools", PROMPT},
        {"response_format", PROMPT}, {"grounding", MODULE},      {"masking", MODULE},
        {"filtering", MODULE},       {"translation", MODULE},    {"placeholder_values", BODY},
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(places[i].name)))
            return places[i].place;
    return PARAMS;
}

static void write_members(struct lx_out *out, struct lx_json root, enum place place)
{
    for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);) {
        struct lx_text name = lx_json_text(it.name);
        if (place_of(name.s) != place || !lx_json_given(it.value))
            continue;
        lx_out_name(out, name);
        lx_out_raw(out, NULL, lx_json_raw(it.value));
    }
}

static void write_model(struct lx_out *out, const struct lx_write_options *o, struct lx_json root)
{
    struct lx_json version = LX_GET(root, "model_version");
    lx_out_object(out, "model");
    lx_out_str(out, "name", o->model);
    if (lx_json_given(version))
        lx_reshape_copy(out, "version", version);
    else
        lx_out_lit(out, "version", "latest");
    lx_out_object(out, "params");
    write_members(out, root, PARAMS);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

static void write_config(struct lx_out *out, const struct lx_write_options *o,
                         const struct lx_request *r, struct lx_json root)
{
    lx_out_object(out, "config");
    lx_out_object(out, "modules");
    lx_out_object(out, "prompt_templating");
    lx_out_object(out, "prompt");
    lx_reshape_copy(out, "template", LX_GET(root, "messages"));
    write_members(out, root, PROMPT);
    lx_out_object_end(out);
    write_model(out, o, root);
    lx_out_object_end(out);
    write_members(out, root, MODULE);
    lx_out_object_end(out);
    if (r->stream) {
        lx_out_object(out, "stream");
        lx_out_bool(out, "enabled", true);
        lx_out_object_end(out);
    }
    lx_out_object_end(out);
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_reshape s;
    if (lx_reshape_begin(&s, o, r, b)) {
        struct lx_json choice = LX_GET(s.root, "tool_choice");
        if (lx_json_given(choice) && !lx_json_eq(choice, LX_S("auto")))
            lx_reshape_refuse(&s, "tool_choice", "the orchestration service has none");
        /* Claude there wraps JSON in Markdown, whatever the format says (LiteLLM sap/chat). */
        bool json = r->format.kind == LX_FORMAT_JSON || r->format.kind == LX_FORMAT_SCHEMA;
        b->json_words |= json && lx_slice_starts(o->model, LX_S("anthropic"));
        write_config(&s.out, o, r, s.root);
        write_members(&s.out, s.root, BODY);
    }
    lx_reshape_end(&s);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* OpenAI's reply within; version 1 had another name for it. */
static struct lx_json inner(struct lx_json root)
{
    struct lx_json result = LX_GET(root, "final_result");
    return lx_json_given(result) ? result : LX_GET(root, "orchestration_result");
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json result = inner(lx_json_root(body));
    if (!lx_json_is(result, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EPROTO, "the reply has no final_result");
    return lx_reshape_read_reply(lx_json_raw(result), c, a, out, err);
}

/* An event without a result is an error, or tells what another module did. */
static int read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                      const struct lx_reply_context *c, struct lx_events *out, struct lx_error *err)
{
    struct lx_record within = *rec;
    if (rec->fault || lx_record_is_done(rec))
        return lx_openai_read_event(state, rec, doc, c, out, err);
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    struct lx_json root = lx_json_root(doc), result = inner(root);
    if (lx_json_is(result, LX_JSON_OBJECT))
        within.data = lx_json_raw(result);
    else if (!lx_openai_is_fault(root))
        return 0;
    return lx_openai_read_event(state, &within, doc, c, out, err);
}

static const struct lx_back back = {
    LX_RESHAPED,
    .path = "/v2/completion",
    .write_request = write_request,
    .read_reply = read_reply,
    .read_event = read_event,
};

const struct lx_dialect lx_dialect_sap_orchestration = {
    .name = "sap_orchestration", .title = "SAP AI Core orchestration", .back = &back};
