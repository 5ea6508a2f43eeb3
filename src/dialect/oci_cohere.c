/*
 * oci_cohere.c - the form that chats with Cohere's models have at Oracle, which is that of Cohere's
 * first API: what the user says last, and what was said before.
 *
 *   system messages at the start   preambleOverride
 *   the last user message          message
 *   what the tools answered to it  toolResults, and no message
 *   everything before              chatHistory: USER, CHATBOT with toolCalls, TOOL, SYSTEM
 *   a tool's JSON Schema           parameterDefinitions: one level, in Python's words
 *
 * Called by oci.c. docs.oracle.com/iaas/api/#/en/generative-ai-inference/20231130/datatypes/
 * CohereChatRequest (2026), LiteLLM oci/chat/cohere.py (1.106.2).
 */
#include "dialect/oci.h"

struct turns {
    struct lx_json messages;
    size_t count, first, last; /* first: after the preamble; last: where `message`, or the results
                                * that come last, begin */
    bool results;
};

static bool is_role(struct lx_json m, struct lx_slice role)
{
    return lx_json_eq(LX_GET(m, "role"), role);
}

static bool is_system(struct lx_json m)
{
    return is_role(m, LX_S("system")) || is_role(m, LX_S("developer"));
}

static struct turns find_turns(struct lx_json messages)
{
    struct turns t = {.messages = messages, .count = lx_json_count(messages)};
    while (t.first < t.count && is_system(lx_json_at(messages, t.first)))
        t.first++;
    t.last = t.count;
    while (t.last > t.first && is_role(lx_json_at(messages, t.last - 1), LX_S("tool")))
        t.last--;
    t.results = t.last < t.count;
    if (!t.results && t.last > t.first && is_role(lx_json_at(messages, t.last - 1), LX_S("user")))
        t.last--;
    return t;
}

static void write_text(struct lx_reshape *w, const char *name, struct lx_json content)
{
    lx_reshape_text(w, name, content, "the model takes text only here");
}

/* ---- Calls and results ---------------------------------------------------------------------- */

static void write_call(struct lx_reshape *w, const char *name, struct lx_json call)
{
    struct lx_json function = LX_GET(call, "function");
    lx_out_object(&w->out, name);
    if (lx_json_given(LX_GET(function, "name")))
        lx_out_value(&w->out, "name", LX_GET(function, "name"));
    else
        lx_out_lit(&w->out, "name", "");
    lx_reshape_arguments(w, "parameters", LX_GET(function, "arguments"));
    lx_out_object_end(&w->out);
}

/* The call with this id, among the messages before number `before`; NONE: there is none. */
static struct lx_json call_of(const struct turns *t, size_t before, struct lx_slice id)
{
    for (size_t i = before; i > 0; i--) {
        struct lx_json calls = LX_GET(lx_json_at(t->messages, i - 1), "tool_calls");
        for (struct lx_json_iter it = lx_json_iter(calls); lx_json_next(&it);)
            if (lx_json_eq(LX_GET(it.value, "id"), id))
                return it.value;
    }
    return (struct lx_json){0};
}

/* A run of tools' messages from number i on; the number after it. */
static size_t write_results(struct lx_reshape *w, const struct turns *t, size_t i)
{
    lx_out_array(&w->out, "toolResults");
    for (; i < t->count && is_role(lx_json_at(t->messages, i), LX_S("tool")); i++) {
        struct lx_json m = lx_json_at(t->messages, i);
        lx_out_object(&w->out, NULL);
        write_call(w, "call", call_of(t, i, lx_json_str(LX_GET(m, "tool_call_id"), w->b->arena)));
        lx_out_array(&w->out, "outputs");
        lx_out_object(&w->out, NULL);
        write_text(w, "output", LX_GET(m, "content"));
        lx_out_object_end(&w->out);
        lx_out_array_end(&w->out);
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
    return i;
}

/* ---- The conversation ------------------------------------------------------------------------ */

static void write_calls(struct lx_reshape *w, struct lx_json calls)
{
    if (!lx_json_count(calls))
        return;
    lx_out_array(&w->out, "toolCalls");
    for (struct lx_json_iter it = lx_json_iter(calls); lx_json_next(&it);)
        write_call(w, NULL, it.value);
    lx_out_array_end(&w->out);
}

static size_t write_turn(struct lx_reshape *w, const struct turns *t, size_t i)
{
    struct lx_json m = lx_json_at(t->messages, i);
    lx_out_object(&w->out, NULL);
    if (is_role(m, LX_S("tool"))) {
        lx_out_lit(&w->out, "role", "TOOL");
        i = write_results(w, t, i);
    } else {
        lx_out_str(&w->out, "role",
                   is_system(m)                    ? LX_S("SYSTEM")
                   : is_role(m, LX_S("assistant")) ? LX_S("CHATBOT")
                                                   : LX_S("USER"));
        write_text(w, "message", LX_GET(m, "content"));
        write_calls(w, LX_GET(m, "tool_calls"));
        i++;
    }
    lx_out_object_end(&w->out);
    return i;
}

static void write_conversation(struct lx_reshape *w)
{
    struct turns t = find_turns(LX_GET(w->root, "messages"));
    size_t i = 0;
    if (t.first) /* of several, the later ones stay turns of the conversation */
        write_text(w, "preambleOverride", LX_GET(lx_json_at(t.messages, i++), "content"));
    if (i < t.last) {
        lx_out_array(&w->out, "chatHistory");
        while (i < t.last)
            i = write_turn(w, &t, i);
        lx_out_array_end(&w->out);
    }
    if (t.results || t.last == t.count) { /* the assistant's turn is the last: nobody asks */
        lx_out_lit(&w->out, "message", "");
        if (t.results)
            write_results(w, &t, t.last);
        return;
    }
    write_text(w, "message", LX_GET(lx_json_at(t.messages, t.last), "content"));
}

/* ---- Tools ---------------------------------------------------------------------------------- */

static struct lx_slice python_type(struct lx_json schema, struct lx_arena *a)
{
    static const struct {
        struct lx_slice json, python;
    } types[] = {
        {LX_S_INIT("string"), LX_S_INIT("str")},   {LX_S_INIT("integer"), LX_S_INIT("int")},
        {LX_S_INIT("number"), LX_S_INIT("float")}, {LX_S_INIT("boolean"), LX_S_INIT("bool")},
        {LX_S_INIT("array"), LX_S_INIT("list")},   {LX_S_INIT("object"), LX_S_INIT("dict")},
    };
    struct lx_slice name = lx_json_str(LX_GET(schema, "type"), a);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (lx_slice_eq(name, types[i].json))
            return types[i].python;
    return LX_S("str");
}

/* A definition has a type and a description: whatever else the schema says goes into its words. */
static bool says_more(struct lx_json schema)
{
    for (struct lx_json_iter it = lx_json_iter(schema); lx_json_next(&it);)
        if (!lx_json_eq(it.name, LX_S("type")) && !lx_json_eq(it.name, LX_S("description")) &&
            !lx_json_eq(it.name, LX_S("title")))
            return true;
    return false;
}

static bool is_required(struct lx_json parameters, struct lx_slice name)
{
    for (struct lx_json_iter it = lx_json_iter(LX_GET(parameters, "required")); lx_json_next(&it);)
        if (lx_json_eq(it.value, name))
            return true;
    return false;
}

static void write_definition(struct lx_reshape *w, struct lx_json parameters, struct lx_json name,
                             struct lx_json schema)
{
    struct lx_text description = lx_json_text(LX_GET(schema, "description"));
    lx_out_name(&w->out, lx_json_text(name));
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "type", python_type(schema, w->b->arena));
    lx_out_string_open(&w->out, "description");
    lx_out_string_part(&w->out, description);
    if (says_more(schema)) {
        lx_out_string_part(
            &w->out, lx_text(description.s.n ? LX_S(" JSON Schema: ") : LX_S("JSON Schema: ")));
        lx_out_string_part(&w->out, lx_text(lx_json_raw(schema)));
    }
    lx_out_string_close(&w->out);
    if (is_required(parameters, lx_json_str(name, w->b->arena)))
        lx_out_bool(&w->out, "isRequired", true);
    lx_out_object_end(&w->out);
}

static void write_tool(struct lx_reshape *w, struct lx_json function)
{
    struct lx_json parameters = LX_GET(function, "parameters");
    struct lx_json description = LX_GET(function, "description");
    lx_out_object(&w->out, NULL);
    lx_reshape_copy(&w->out, "name", LX_GET(function, "name"));
    if (lx_json_given(description))
        lx_out_value(&w->out, "description", description);
    else
        lx_reshape_copy(&w->out, "description", LX_GET(function, "name")); /* one is demanded */
    lx_out_object(&w->out, "parameterDefinitions");
    for (struct lx_json_iter it = lx_json_iter(LX_GET(parameters, "properties"));
         lx_json_next(&it);)
        write_definition(w, parameters, it.name, it.value);
    lx_out_object_end(&w->out);
    lx_out_object_end(&w->out);
}

/* There is no choice among the tools: without them none can be called. */
static void write_tools(struct lx_reshape *w)
{
    struct lx_json tools = LX_GET(w->root, "tools"), choice = LX_GET(w->root, "tool_choice");
    bool none = lx_json_eq(choice, LX_S("none"));
    if (lx_json_given(choice) && !none && !lx_json_eq(choice, LX_S("auto")))
        lx_reshape_refuse(w, "tool_choice", "Cohere's models at Oracle choose for themselves");
    if (!lx_json_count(tools) || none)
        return;
    lx_out_array(&w->out, "tools");
    for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);) {
        struct lx_json function = LX_GET(it.value, "function");
        if (lx_json_is(function, LX_JSON_OBJECT))
            write_tool(w, function);
        else
            lx_reshape_refuse(w, "tools", "functions only");
    }
    lx_out_array_end(&w->out);
}

/* ---- Parameters ------------------------------------------------------------------------------ */

static void write_format(struct lx_reshape *w)
{
    struct lx_json format = LX_GET(w->root, "response_format");
    if (!lx_json_given(format) || lx_json_eq(LX_GET(format, "type"), LX_S("text")))
        return;
    lx_out_object(&w->out, "responseFormat");
    lx_out_lit(&w->out, "type", "JSON_OBJECT");
    lx_reshape_copy(&w->out, "schema", LX_GET(LX_GET(format, "json_schema"), "schema"));
    lx_out_object_end(&w->out);
}

static void write_parameters(struct lx_reshape *w)
{
    enum { LIMIT = 4000 };
    static const struct lx_reshape_name names[] = {
        {"temperature", "temperature"},
        {"top_p", "topP"},
        {"top_k", "topK"},
        {"frequency_penalty", "frequencyPenalty"},
        {"presence_penalty", "presencePenalty"},
        {"seed", "seed"},
        {"documents", "documents"},
        {"safety_mode", "safetyMode"},
        {"stop", "stopSequences"},
        {NULL, NULL},
    };
    lx_oci_write_limit(w, "maxTokens", LIMIT);
    lx_reshape_names(w, names);
}

/* What would change the answer is refused where it says something. */
static void refuse_rest(struct lx_reshape *w)
{
    static const struct lx_reshape_alien aliens[] = {
        {"n", "|1|"}, {"logprobs", "|false|"}, {"top_logprobs", "|0|"}, {"logit_bias", "|{}|"},
        {NULL, NULL},
    };
    lx_reshape_refuse_aliens(w, aliens, "Cohere's models at Oracle have no such parameter");
    if (lx_json_given(LX_GET(w->root, "reasoning_effort")))
        lx_losses_add(w->b->losses, LX_S("reasoning_effort"),
                      LX_S("Cohere's models at Oracle do not reason"));
}

void lx_oci_cohere_write(struct lx_reshape *w)
{
    lx_out_lit(&w->out, "apiFormat", "COHERE");
    write_conversation(w);
    write_tools(w);
    write_format(w);
    write_parameters(w);
    refuse_rest(w);
}
