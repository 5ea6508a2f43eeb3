/*
 * openai_responses_front_request.c - front: a request body -> the canonical request.
 *
 * The conversation is openai_responses_front_input.c's. What only OpenAI has (what it keeps between
 * requests, its prompts, its own tools) rides along for targets of this language; what becomes of
 * it elsewhere is said by one table.
 */
#include "dialect/openai_responses.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const struct lx_own_member lx_responses_own_members[] = {
    {"previous_response_id", LX_OWN_VITAL,
     "the target keeps no responses to go on with: send the whole conversation as input"},
    {"conversation", LX_OWN_VITAL,
     "the target keeps no conversations: send the whole conversation as input"},
    {"prompt", LX_OWN_VITAL, "the target does not have the prompts that OpenAI keeps"},
    {"background", LX_OWN_NEEDED, "the target answers at once or not at all"},
    {"truncation", LX_OWN_IDLE, "the target does not shorten the conversation by itself"},
    {"max_tool_calls", LX_OWN_IDLE, "the target does not count the calls of its own tools"},
    {"include", LX_OWN_IDLE, "what the target's own tools find is not told apart"},
    {"store", LX_OWN_IDLE, "the target keeps no responses"},
    {"moderation", LX_OWN_NEEDED, "the target does not moderate on request"},
    {"prompt_cache_options", LX_OWN_IDLE, "the target caches by itself or not at all"},
    {"client_metadata", LX_OWN_IDLE, "the target has no such member"},
    {NULL, LX_OWN_IDLE, NULL},
};

/* ---- Tools -------------------------------------------------------------------------------- */

static void read_function(struct lx_tool *t, struct lx_json tool)
{
    t->name = lx_json_text(LX_GET(tool, "name"));
    t->description = lx_json_text(LX_GET(tool, "description"));
    if (lx_json_given(LX_GET(tool, "parameters")))
        t->parameters = lx_json_raw(LX_GET(tool, "parameters"));
    t->strict = lx_tristate_read(LX_GET(tool, "strict"));
}

/* A grammar is flat here, and an object of its own in chat completions. */
static void read_custom(struct lx_tool *t, struct lx_json tool, struct lx_arena *a)
{
    struct lx_json format = LX_GET(tool, "format");
    t->custom = true;
    t->name = lx_json_text(LX_GET(tool, "name"));
    t->description = lx_json_text(LX_GET(tool, "description"));
    if (lx_json_eq(LX_GET(format, "type"), LX_S("grammar")))
        t->format = lx_arena_printf(
            a, "{\"type\":\"grammar\",\"grammar\":{\"syntax\":%.*s,\"definition\":%.*s}}",
            LX_F(lx_json_raw(LX_GET(format, "syntax"))),
            LX_F(lx_json_raw(LX_GET(format, "definition"))));
    else if (lx_json_given(format))
        t->format = lx_json_raw(format);
}

/* OpenAI's own search is a tool here, and a parameter in the vocabulary, which knows no filters. */
static bool read_search(struct lx_request *r, struct lx_json tool, struct lx_arena *a)
{
    struct lx_json type = LX_GET(tool, "type"), place = LX_GET(tool, "user_location");
    struct lx_json size = LX_GET(tool, "search_context_size");
    if (!lx_slice_starts(lx_json_text(type).s, LX_S("web_search")) ||
        lx_json_given(LX_GET(tool, "filters")))
        return false;
    struct lx_slice where = {NULL, 0}, much = {NULL, 0};
    if (lx_json_given(place))
        where =
            lx_arena_printf(a, "\"user_location\":{\"type\":\"approximate\",\"approximate\":%.*s}",
                            LX_F(lx_json_raw(place)));
    if (lx_json_given(size))
        much = lx_arena_printf(a, "\"search_context_size\":%.*s", LX_F(lx_json_raw(size)));
    r->params[LX_PARAM_WEB_SEARCH_OPTIONS] =
        lx_arena_printf(a, "{%.*s%s%.*s}", LX_F(where), where.n && much.n ? "," : "", LX_F(much));
    return true;
}

static int read_tools(struct lx_json tools, struct lx_request *r, struct lx_arena *a,
                      struct lx_error *err)
{
    struct lx_tool **at = &r->tools;
    if (lx_json_given(tools) && !lx_json_is(tools, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL, "tools: expected a list");
    for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);) {
        struct lx_json type = LX_GET(it.value, "type");
        if (read_search(r, it.value, a))
            continue;
        struct lx_tool *t = lx_arena_new(a, struct lx_tool);
        if (!t)
            return 0;
        if (lx_json_eq(type, LX_S("function"))) {
            read_function(t, it.value);
        } else if (lx_json_eq(type, LX_S("custom"))) {
            read_custom(t, it.value, a);
        } else {
            t->name = lx_json_text(LX_GET(it.value, "name"));
            t->language = LX_RESPONSES;
            t->raw = lx_json_raw(it.value);
        }
        *at = t;
        at = &t->next;
    }
    return 0;
}

static void read_choice(struct lx_json choice, struct lx_request *r)
{
    struct lx_json type = LX_GET(choice, "type");
    r->tool_choice = lx_openai_choice_word(choice);
    if (!lx_json_given(choice) || r->tool_choice)
        return;
    bool named = lx_json_eq(type, LX_S("function")) || lx_json_eq(type, LX_S("custom"));
    r->tool_choice = named ? LX_CHOICE_NAMED : LX_CHOICE_RAW;
    r->tool_choice_name = lx_json_text(LX_GET(choice, "name"));
    r->tool_choice_raw = lx_json_raw(choice);
}

/* ---- Form and thinking -------------------------------------------------------------------- */

static void read_format(struct lx_json format, struct lx_response_format *out)
{
    struct lx_json type = LX_GET(format, "type");
    if (lx_json_eq(type, LX_S("text"))) {
        out->kind = LX_FORMAT_TEXT;
    } else if (lx_json_eq(type, LX_S("json_object"))) {
        out->kind = LX_FORMAT_JSON;
    } else if (lx_json_eq(type, LX_S("json_schema"))) {
        out->kind = LX_FORMAT_SCHEMA;
        out->name = lx_json_text(LX_GET(format, "name"));
        out->description = lx_json_text(LX_GET(format, "description"));
        out->schema = lx_json_raw(LX_GET(format, "schema"));
        out->strict = lx_tristate_read(LX_GET(format, "strict"));
    }
}

static void read_reasoning(struct lx_json reasoning, struct lx_reasoning *out, struct lx_arena *a)
{
    struct lx_json effort = LX_GET(reasoning, "effort"), summary = LX_GET(reasoning, "summary");
    if (!lx_json_given(summary))
        summary = LX_GET(reasoning, "generate_summary"); /* its former name */
    out->effort = lx_json_str(effort, a);
    out->summary = lx_json_str(summary, a);
    if (out->effort.n)
        out->kind = lx_slice_eq(out->effort, LX_S("none")) ? LX_REASONING_OFF : LX_REASONING_ON;
}

/* ---- Parameters, and what rides along ----------------------------------------------------- */

static const struct {
    struct lx_slice name;
    enum lx_param param;
} params[] = {
    {LX_S_INIT("temperature"), LX_PARAM_TEMPERATURE},
    {LX_S_INIT("top_p"), LX_PARAM_TOP_P},
    {LX_S_INIT("max_output_tokens"), LX_PARAM_MAX_TOKENS},
    {LX_S_INIT("top_logprobs"), LX_PARAM_TOP_LOGPROBS},
    {LX_S_INIT("user"), LX_PARAM_USER},
    {LX_S_INIT("metadata"), LX_PARAM_METADATA},
    {LX_S_INIT("service_tier"), LX_PARAM_SERVICE_TIER},
    {LX_S_INIT("safety_identifier"), LX_PARAM_SAFETY_IDENTIFIER},
    {LX_S_INIT("prompt_cache_key"), LX_PARAM_PROMPT_CACHE_KEY},
    {LX_S_INIT("prompt_cache_retention"), LX_PARAM_PROMPT_CACHE_RETENTION},
    {LX_S_INIT("context_management"), LX_PARAM_CONTEXT_MANAGEMENT},
};

static bool read_param(struct lx_json name, struct lx_json value, struct lx_request *r)
{
    for (size_t i = 0; i < COUNT(params); i++)
        if (lx_json_eq(name, params[i].name)) {
            r->params[params[i].param] = lx_json_raw(value);
            return true;
        }
    return false;
}

/* Members that are read above, and say nothing more. */
static bool is_read(struct lx_json name)
{
    static const struct lx_slice names[] = {
        LX_S_INIT("model"),        LX_S_INIT("input"),       LX_S_INIT("tools"),
        LX_S_INIT("instructions"), LX_S_INIT("tool_choice"), LX_S_INIT("parallel_tool_calls"),
        LX_S_INIT("stream"),
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (lx_json_eq(name, names[i]))
            return true;
    return false;
}

/* What is asked for besides the answer: reasoning that can be sent back comes unasked. True when
 * something is left that only the provider's own tools could tell. */
static bool read_include(struct lx_json include, struct lx_request *r)
{
    bool more = false;
    for (struct lx_json_iter it = lx_json_iter(include); lx_json_next(&it);) {
        bool logprobs = lx_json_eq(it.value, LX_S("message.output_text.logprobs"));
        if (logprobs)
            r->params[LX_PARAM_LOGPROBS] = LX_S("true");
        more |= !logprobs && !lx_json_eq(it.value, LX_S("reasoning.encrypted_content"));
    }
    return more;
}

/* A member that asks for what every target does, or for nothing. */
static bool is_idle(struct lx_json name, struct lx_json value, struct lx_request *r)
{
    if (lx_json_eq(name, LX_S("reasoning")) || lx_json_eq(name, LX_S("text")) ||
        lx_json_eq(name, LX_S("stream_options")))
        return true; /* read as far as others know it */
    if (lx_json_eq(name, LX_S("truncation")))
        return lx_json_eq(value, LX_S("disabled"));
    if (lx_json_eq(name, LX_S("store")) || lx_json_eq(name, LX_S("background")))
        return lx_json_is(value, LX_JSON_FALSE);
    return lx_json_eq(name, LX_S("include")) && !read_include(value, r);
}

static void read_rest(struct lx_json root, struct lx_request *r, struct lx_arena *a)
{
    struct lx_extra **extra = &r->extra, **own = &r->own_extra;
    for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);) {
        if (!lx_json_given(it.value) || is_read(it.name) || read_param(it.name, it.value, r))
            continue;
        if (is_idle(it.name, it.value, r))
            lx_extra_add(&own, it.name, it.value, a);
        else if (lx_json_eq(it.name, LX_S("previous_response_id")))
            lx_responses_add_previous(&extra, it.name, it.value, a);
        else
            lx_extra_add(&extra, it.name, it.value, a);
    }
    if (r->params[LX_PARAM_TOP_LOGPROBS].n)
        r->params[LX_PARAM_LOGPROBS] = LX_S("true");
}

int lx_responses_read_request(const struct lx_json_doc *body, struct lx_arena *a,
                              struct lx_request *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), model = LX_GET(root, "model");
    struct lx_json text = LX_GET(root, "text"), verbosity = LX_GET(text, "verbosity");
    struct lx_request r = {.language = LX_RESPONSES, .include_usage = true};
    int code;
    if (!lx_json_is(root, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EINVAL, "the body: expected a JSON object");
    if (lx_json_given(model) && !lx_json_is(model, LX_JSON_STRING))
        return lx_error_set(err, LX_EINVAL, "model: expected a string");
    r.model = lx_json_text(model);
    if ((code = lx_responses_input_read(root, a, &r, err)) != 0 ||
        (code = read_tools(LX_GET(root, "tools"), &r, a, err)) != 0)
        return code;
    read_choice(LX_GET(root, "tool_choice"), &r);
    r.parallel_tool_calls = lx_tristate_read(LX_GET(root, "parallel_tool_calls"));
    read_format(LX_GET(text, "format"), &r.format);
    if (lx_json_given(verbosity))
        r.params[LX_PARAM_VERBOSITY] = lx_json_raw(verbosity);
    read_reasoning(LX_GET(root, "reasoning"), &r.reasoning, a);
    r.stream = lx_json_bool(LX_GET(root, "stream"), false);
    read_rest(root, &r, a);
    if (a->failed)
        return lx_error_set(err, a->failed, "%s", lx_code_text(a->failed));
    *out = r;
    return 0;
}
