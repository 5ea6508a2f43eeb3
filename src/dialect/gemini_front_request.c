/*
 * gemini_front_request.c - front: a generateContent body -> the canonical request.
 *
 * What a client may rightly send is read, in either of Google's spellings; what is not known rides
 * along. Members that only Google has (own_members) go to targets of this language and are reported
 * by the call machine where the target is another. Whether a stream is wanted stands in the path.
 */
#include "dialect/gemini.h"

#include "base/text.h"

static int too_large(struct lx_arena *a, struct lx_error *err)
{
    return lx_error_set(err, a->failed, "the request is too large");
}

/* ---- Members that are passed on ------------------------------------------------------------- */

static void keep(struct lx_extra ***at, const char *name, struct lx_json v, struct lx_arena *a)
{
    struct lx_extra *x = lx_json_given(v) ? lx_arena_new(a, struct lx_extra) : NULL;
    if (!x)
        return;
    *x = (struct lx_extra){lx_slice_z(name), lx_json_raw(v), NULL};
    **at = x;
    *at = &x->next;
}

/* As Google writes it, where it is Google's. */
static void keep_unknown(struct lx_extra ***at, struct lx_json name, struct lx_json v,
                         const struct lx_own_member *own, struct lx_arena *a)
{
    struct lx_slice plain = lx_json_str(name, a);
    for (; own->name; own++) {
        if (lx_gemini_name_eq(plain, own->name)) {
            keep(at, own->name, v, a);
            return;
        }
    }
    if (lx_json_given(v))
        lx_extra_add(at, name, v, a);
}

static bool is_in(struct lx_json name, const char *const *list)
{
    for (; *list; list++)
        if (lx_gemini_name_eq(lx_json_text(name).s, *list))
            return true;
    return false;
}

void lx_gemini_extra_read(struct lx_json object, const char *const *known, struct lx_extra ***at,
                          struct lx_arena *a)
{
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);)
        if (lx_json_given(it.value) && !is_in(it.name, known))
            lx_extra_add(at, it.name, it.value, a);
}

/* ---- Tools ---------------------------------------------------------------------------------- */

static struct lx_tool *add_tool(struct lx_tool ***at, struct lx_arena *a)
{
    struct lx_tool *tool = lx_arena_new(a, struct lx_tool);
    if (!tool)
        return NULL;
    **at = tool;
    *at = &tool->next;
    return tool;
}

/* With ANY, only these may be called. */
static bool is_allowed(struct lx_json allowed, struct lx_json name, struct lx_arena *a)
{
    struct lx_slice wanted = lx_json_str(name, a);
    for (struct lx_json_iter it = lx_json_iter(allowed); lx_json_next(&it);)
        if (lx_json_eq(it.value, wanted))
            return true;
    return lx_json_count(allowed) == 0;
}

static void read_function(struct lx_tool ***at, struct lx_json function, struct lx_arena *a)
{
    static const char *const known[] = {"name", "description", "parameters", "parametersJsonSchema",
                                        NULL};
    struct lx_json schema = lx_gemini_get(function, "parameters");
    struct lx_json json = lx_gemini_get(function, "parametersJsonSchema");
    struct lx_tool *tool = add_tool(at, a);
    if (!tool)
        return;
    tool->name = lx_json_text(lx_gemini_get(function, "name"));
    tool->description = lx_json_text(lx_gemini_get(function, "description"));
    if (lx_json_given(json))
        tool->parameters = lx_json_raw(json);
    else if (lx_json_given(schema))
        tool->parameters = lx_gemini_schema_read(schema, a);
    struct lx_extra **extra = &tool->extra;
    lx_gemini_extra_read(function, known, &extra, a);
}

/* A tool of Google's own; a plain search is what others have, too. */
static void read_own_tool(struct lx_request *out, struct lx_tool ***at, struct lx_json name,
                          struct lx_json v, struct lx_arena *a)
{
    struct lx_slice plain = lx_json_str(name, a);
    if (lx_gemini_name_eq(plain, "googleSearch") && lx_json_is(v, LX_JSON_OBJECT) &&
        !lx_json_count(v)) {
        out->params[LX_PARAM_WEB_SEARCH_OPTIONS] = LX_S("{}");
        return;
    }
    struct lx_tool *tool = lx_json_given(v) ? add_tool(at, a) : NULL;
    if (!tool)
        return;
    tool->name = lx_text(plain);
    tool->language = LX_GEMINI;
    tool->raw = lx_arena_printf(a, "{%.*s:%.*s}", LX_F(lx_json_raw(name)), LX_F(lx_json_raw(v)));
}

static void read_tool(struct lx_request *out, struct lx_tool ***at, struct lx_json tool,
                      struct lx_json allowed, struct lx_arena *a)
{
    for (struct lx_json_iter it = lx_json_iter(tool); lx_json_next(&it);) {
        if (!lx_gemini_name_eq(lx_json_text(it.name).s, "functionDeclarations")) {
            read_own_tool(out, at, it.name, it.value, a);
            continue;
        }
        for (struct lx_json_iter f = lx_json_iter(it.value); lx_json_next(&f);)
            if (is_allowed(allowed, lx_gemini_get(f.value, "name"), a))
                read_function(at, f.value, a);
    }
}

static int read_tools(struct lx_json root, struct lx_request *out, struct lx_arena *a,
                      struct lx_error *err)
{
    struct lx_json tools = lx_gemini_get(root, "tools");
    struct lx_json calling =
        lx_gemini_get(lx_gemini_get(root, "toolConfig"), "functionCallingConfig");
    struct lx_json allowed = lx_gemini_get(calling, "allowedFunctionNames");
    struct lx_json mode = lx_gemini_get(calling, "mode");
    struct lx_tool **at = &out->tools;
    if (lx_json_is(tools, LX_JSON_OBJECT))
        read_tool(out, &at, tools, allowed, a);
    else if (lx_json_given(tools) && !lx_json_is(tools, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL, "tools: must be a list of tools");
    else
        for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);)
            read_tool(out, &at, it.value, allowed, a);
    if (lx_json_eq(mode, LX_S("ANY")) || lx_json_eq(mode, LX_S("any"))) {
        bool one = lx_json_count(allowed) == 1;
        out->tool_choice = one ? LX_CHOICE_NAMED : LX_CHOICE_REQUIRED;
        out->tool_choice_name = lx_json_text(lx_json_at(allowed, 0));
    } else if (lx_json_eq(mode, LX_S("NONE")) || lx_json_eq(mode, LX_S("none"))) {
        out->tool_choice = LX_CHOICE_NONE;
    } else if (lx_json_given(mode)) { /* AUTO, VALIDATED */
        out->tool_choice = LX_CHOICE_AUTO;
    }
    return a->failed ? too_large(a, err) : 0;
}

/* What is in toolConfig besides which functions may be called: where to search, and that calls are
 * held to their schemas. */
static void keep_tool_config(struct lx_extra ***at, struct lx_json config, struct lx_arena *a)
{
    struct lx_json calling = lx_gemini_get(config, "functionCallingConfig");
    if (lx_json_count(config) > lx_json_given(calling) ||
        lx_json_eq(lx_gemini_get(calling, "mode"), LX_S("VALIDATED")))
        keep(at, "toolConfig", config, a);
}

/* ---- generationConfig ----------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum lx_param param;
} scalars[] = {
    {"temperature", LX_PARAM_TEMPERATURE},
    {"topP", LX_PARAM_TOP_P},
    {"topK", LX_PARAM_TOP_K},
    {"candidateCount", LX_PARAM_N},
    {"maxOutputTokens", LX_PARAM_MAX_TOKENS},
    {"seed", LX_PARAM_SEED},
    {"presencePenalty", LX_PARAM_PRESENCE_PENALTY},
    {"frequencyPenalty", LX_PARAM_FREQUENCY_PENALTY},
    {"responseLogprobs", LX_PARAM_LOGPROBS},
    {"logprobs", LX_PARAM_TOP_LOGPROBS},
};

static int read_stop(struct lx_json stop, struct lx_request *out, struct lx_arena *a,
                     struct lx_error *err)
{
    size_t n = lx_json_count(stop);
    if (lx_json_given(stop) && !lx_json_is(stop, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL,
                            "generationConfig.stopSequences: must be a list of strings");
    if (!n)
        return 0;
    out->stop = lx_arena_alloc(a, n * sizeof(*out->stop));
    for (struct lx_json_iter it = lx_json_iter(stop); out->stop && lx_json_next(&it);)
        out->stop[out->stop_count++] = lx_json_text(it.value);
    return a->failed ? too_large(a, err) : 0;
}

static struct lx_slice lower(struct lx_json word, struct lx_arena *a)
{
    struct lx_slice s = lx_json_str(word, a);
    char *to = s.n ? lx_arena_bytes(a, s.n) : NULL;
    for (size_t i = 0; to && i < s.n; i++)
        to[i] = lx_ascii_lower(s.p[i]);
    return lx_slice(to, to ? s.n : 0);
}

/* Thoughts are shown when asked for, and thought anyway. */
static void read_thinking(struct lx_json config, struct lx_reasoning *out, struct lx_arena *a)
{
    struct lx_json level = lx_gemini_get(config, "thinkingLevel");
    int64_t budget;
    bool has_budget = lx_json_int(lx_gemini_get(config, "thinkingBudget"), &budget) == 0;
    bool shown = lx_json_bool(lx_gemini_get(config, "includeThoughts"), false);
    if (has_budget && budget == 0) {
        out->kind = LX_REASONING_OFF;
    } else if (has_budget && budget > 0) {
        out->kind = LX_REASONING_ON;
        out->budget_tokens = budget;
    } else if (lx_json_is(level, LX_JSON_STRING)) {
        out->kind = LX_REASONING_ON;
        out->effort = lower(level, a);
    } else if (has_budget || shown) {
        out->kind = LX_REASONING_ADAPTIVE;
    }
    if (out->kind != LX_REASONING_UNSET && out->kind != LX_REASONING_OFF && !shown)
        out->summary = LX_S("omitted");
}

/* What is to be one word of a list, bare, is no JSON. */
static bool is_word(struct lx_json config)
{
    return lx_json_eq(lx_gemini_get(config, "responseMimeType"), LX_S("text/x.enum"));
}

static void read_format(struct lx_json config, struct lx_response_format *out, struct lx_arena *a)
{
    static const char *const names[] = {"responseJsonSchema", "_responseJsonSchema"};
    struct lx_json schema = lx_gemini_get(config, "responseSchema");
    if (is_word(config))
        return;
    if (lx_json_given(schema))
        out->schema = lx_gemini_schema_read(schema, a);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !out->schema.n; i++)
        if (lx_json_given(schema = lx_gemini_get(config, names[i])))
            out->schema = lx_json_raw(schema);
    if (out->schema.n)
        out->kind = LX_FORMAT_SCHEMA;
    else if (lx_json_eq(lx_gemini_get(config, "responseMimeType"), LX_S("application/json")))
        out->kind = LX_FORMAT_JSON;
}

/* ["TEXT"] is what everyone gives; others know ["text","audio"]. */
static void read_modalities(struct lx_json list, struct lx_request *out, struct lx_arena *a)
{
    struct lx_slice all = {NULL, 0};
    bool more = false;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        struct lx_slice one = lower(it.value, a);
        more |= !lx_slice_eq(one, LX_S("text"));
        if (lx_slice_eq(one, LX_S("text")) || lx_slice_eq(one, LX_S("image")) ||
            lx_slice_eq(one, LX_S("audio")))
            all = lx_arena_printf(a, "%.*s%s\"%.*s\"", LX_F(all), all.n ? "," : "", LX_F(one));
    }
    if (more && all.n)
        out->params[LX_PARAM_MODALITIES] = lx_arena_printf(a, "[%.*s]", LX_F(all));
}

static void read_voice(struct lx_json speech, struct lx_request *out, struct lx_arena *a)
{
    struct lx_json voice = lx_gemini_get(speech, "voiceConfig");
    struct lx_json name = lx_gemini_get(lx_gemini_get(voice, "prebuiltVoiceConfig"), "voiceName");
    if (lx_json_is(name, LX_JSON_STRING))
        out->params[LX_PARAM_AUDIO] =
            lx_arena_printf(a, "{\"voice\":%.*s,\"format\":\"pcm16\"}", LX_F(lx_json_raw(name)));
}

static int read_config(struct lx_json config, struct lx_request *out, struct lx_extra ***extra,
                       struct lx_arena *a, struct lx_error *err)
{
    static const char *const known[] = {"temperature",
                                        "topP",
                                        "topK",
                                        "candidateCount",
                                        "maxOutputTokens",
                                        "seed",
                                        "presencePenalty",
                                        "frequencyPenalty",
                                        "responseLogprobs",
                                        "logprobs",
                                        "stopSequences",
                                        "thinkingConfig",
                                        "responseJsonSchema",
                                        "_responseJsonSchema",
                                        "responseModalities",
                                        NULL};
    static const char *const formats[] = {"responseMimeType", "responseSchema", NULL};
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        struct lx_json v = lx_gemini_get(config, scalars[i].name);
        if (lx_json_given(v))
            out->params[scalars[i].param] = lx_json_raw(v);
    }
    read_thinking(lx_gemini_get(config, "thinkingConfig"), &out->reasoning, a);
    read_format(config, &out->format, a);
    read_modalities(lx_gemini_get(config, "responseModalities"), out, a);
    read_voice(lx_gemini_get(config, "speechConfig"), out, a);
    for (struct lx_json_iter it = lx_json_iter(config); lx_json_next(&it);) {
        bool format = is_in(it.name, formats) &&
                      (out->format.kind || lx_json_eq(it.value, LX_S("text/plain")));
        if (!is_in(it.name, known) && !format)
            keep_unknown(extra, it.name, it.value, lx_gemini_own_members, a);
    }
    return read_stop(lx_gemini_get(config, "stopSequences"), out, a, err);
}

/* ---- The request ---------------------------------------------------------------------------- */

/* What only Google has. Left out for another target, it changes the answer or it does not. */
const struct lx_own_member lx_gemini_own_members[] = {
    {"safetySettings", LX_OWN_IDLE, "the target has no safety settings"},
    {"cachedContent", LX_OWN_NEEDED, "the target does not have what Google has cached"},
    {"labels", LX_OWN_IDLE, "the target bills by no labels"},
    {"toolConfig", LX_OWN_IDLE, "the target searches by no place, and holds calls to no schema"},
    {"mediaResolution", LX_OWN_IDLE, "the target chooses the resolution itself"},
    {"audioTimestamp", LX_OWN_IDLE, "the target gives no timestamps"},
    {"speechConfig", LX_OWN_IDLE, "only the name of the voice is passed on"},
    {"imageConfig", LX_OWN_NEEDED, "the target takes no image settings"},
    {"routingConfig", LX_OWN_IDLE, "the target does not route by preference"},
    {"modelSelectionConfig", LX_OWN_IDLE, "the target does not route by preference"},
    {"modelArmorConfig", LX_OWN_NEEDED, "the target has no Model Armor"},
    {"enableEnhancedCivicAnswers", LX_OWN_IDLE, "the target has no civic answers"},
    {"enableAffectiveDialog", LX_OWN_IDLE, "the target has no affective dialog"},
    {"responseMimeType", LX_OWN_NEEDED, "the target answers with text or JSON"},
    {"responseSchema", LX_OWN_NEEDED, "the target answers with text or JSON"},
    {"store", LX_OWN_IDLE, "the target keeps nothing for Google"},
    {"serviceTier", LX_OWN_IDLE, "the target has other tiers"},
    {NULL, LX_OWN_IDLE, NULL},
};

int lx_gemini_read_request(const struct lx_json_doc *body, struct lx_arena *a,
                           struct lx_request *out, struct lx_error *err)
{
    static const char *const known[] = {"contents", "systemInstruction", "tools", "toolConfig",
                                        "model",    "generationConfig",  NULL};
    struct lx_json root = lx_json_root(body);
    struct lx_extra **extra = &out->extra;
    memset(out, 0, sizeof(*out));
    if (!lx_json_is(root, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EINVAL, "the request body must be a JSON object");
    out->language = LX_GEMINI;
    out->model = lx_json_text(lx_gemini_get(root, "model"));
    out->include_usage = true;
    int code = lx_gemini_contents_read(root, a, out, err);
    if (!code)
        code = read_tools(root, out, a, err);
    if (!code)
        code = read_config(lx_gemini_get(root, "generationConfig"), out, &extra, a, err);
    if (code)
        return code;
    keep_tool_config(&extra, lx_gemini_get(root, "toolConfig"), a);
    for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);)
        if (!is_in(it.name, known))
            keep_unknown(&extra, it.name, it.value, lx_gemini_own_members, a);
    return a->failed ? too_large(a, err) : 0;
}
