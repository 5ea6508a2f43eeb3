/*
 * gemini_tools.c - back: the tools of a request, which of them may be called, and JSON schemas.
 *
 * The client's functions go into one list of declarations; every tool of Google's own stands beside
 * it, by its own name ({"googleSearch":{}}, which LiteLLM's clients send in OpenAI's list), or as
 * the nearest to what another provider's tool does.
 */
#include "dialect/gemini.h"

/* ---- Schemas -------------------------------------------------------------------------------- */

/*
 * Functions and formats take JSON Schema as it is (parametersJsonSchema, responseJsonSchema), with
 * one rule: "if $ref is set on a sub-schema, no other properties, except those starting with $, may
 * be set" (proto, GenerationConfig). Pydantic puts descriptions there.
 */
static void write_value(struct lx_out *o, const char *name, struct lx_json v)
{
    bool object = lx_json_is(v, LX_JSON_OBJECT);
    if (!object && !lx_json_is(v, LX_JSON_ARRAY)) {
        lx_out_value(o, name, v);
        return;
    }
    bool reference = lx_json_is(LX_GET(v, "$ref"), LX_JSON_STRING);
    if (object)
        lx_out_object(o, name);
    else
        lx_out_array(o, name);
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);) {
        if (object && reference && !lx_slice_starts(lx_json_text(it.name).s, LX_S("$")))
            continue;
        if (object)
            lx_out_name(o, lx_json_text(it.name));
        write_value(o, NULL, it.value);
    }
    if (object)
        lx_out_object_end(o);
    else
        lx_out_array_end(o);
}

void lx_gemini_schema_write(struct lx_gemini_writer *w, const char *name, struct lx_slice schema)
{
    if (lx_slice_find(schema, LX_S("\"$ref\"")) >= 0 &&
        lx_inner_read(&w->scratch, schema, w->b->buf))
        write_value(&w->out, name, lx_json_root(&w->scratch));
    else
        lx_out_raw(&w->out, name, schema);
}

/* ---- Functions ------------------------------------------------------------------------------ */

static struct lx_slice place(struct lx_gemini_writer *w, size_t i, const char *member)
{
    return lx_arena_printf(w->b->arena, "tools[%zu]%s", i, member);
}

static void write_function(struct lx_gemini_writer *w, const struct lx_tool *tool, size_t i)
{
    if (tool->custom) {
        lx_body_refuse(w->b, w->o, place(w, i, ""),
                       LX_S("Gemini has no tools with free-text input"));
        return;
    }
    lx_out_object(&w->out, NULL);
    lx_out_text(&w->out, "name", tool->name);
    if (tool->description.s.n)
        lx_out_text(&w->out, "description", tool->description);
    if (tool->parameters.n && !lx_slice_eq(tool->parameters, LX_S("{}")))
        lx_gemini_schema_write(w, "parametersJsonSchema", tool->parameters);
    if (lx_slice_eq(w->r->language, LX_GEMINI)) /* what a function returns */
        lx_extra_write(&w->out, tool->extra);
    lx_out_object_end(&w->out);
    if (tool->strict == LX_YES && !w->lost_strict) {
        w->lost_strict = true;
        lx_losses_add(w->b->losses, place(w, i, ".strict"),
                      LX_S("Gemini binds no single function"));
    }
    w->marked |= tool->cache.set;
}

static void write_functions(struct lx_gemini_writer *w)
{
    size_t i = 0;
    bool open = false;
    for (const struct lx_tool *tool = w->r->tools; tool; tool = tool->next, i++) {
        if (tool->language.n)
            continue;
        if (!open) {
            lx_out_object(&w->out, NULL);
            lx_out_array(&w->out, "functionDeclarations");
        }
        open = true;
        write_function(w, tool, i);
    }
    if (open) {
        lx_out_array_end(&w->out);
        lx_out_object_end(&w->out);
    }
}

/* ---- Tools of Google's own ------------------------------------------------------------------ */

static const char *const own_tools[] = {
    "googleSearch",        "googleSearchRetrieval", "codeExecution", "urlContext",
    "googleMaps",          "computerUse",           "fileSearch",    "retrieval",
    "enterpriseWebSearch",
};

/* What others call what Google has, too: OpenAI's and Anthropic's types, dates left off. */
static const struct {
    struct lx_slice type;
    const char *tool;
} twins[] = {
    {LX_S_INIT("web_search"), "googleSearch"},
    {LX_S_INIT("web_fetch"), "urlContext"},
    {LX_S_INIT("code_interpreter"), "codeExecution"},
    {LX_S_INIT("code_execution"), "codeExecution"},
};

static void write_empty_tool(struct lx_gemini_writer *w, const char *name)
{
    lx_out_object(&w->out, NULL);
    lx_out_raw(&w->out, name, LX_S("{}"));
    lx_out_object_end(&w->out);
}

/* Google's own, as the client wrote it; true when it was one. */
static bool write_named(struct lx_gemini_writer *w, struct lx_json tool)
{
    bool any = false;
    for (struct lx_json_iter it = lx_json_iter(tool); lx_json_next(&it);) {
        struct lx_slice name = lx_json_str(it.name, w->b->arena);
        for (size_t i = 0; i < sizeof(own_tools) / sizeof(own_tools[0]); i++) {
            if (!lx_gemini_name_eq(name, own_tools[i]))
                continue;
            lx_out_object(&w->out, NULL);
            lx_out_value(&w->out, own_tools[i], it.value);
            lx_out_object_end(&w->out);
            any = true;
        }
    }
    return any;
}

static void write_own_tool(struct lx_gemini_writer *w, const struct lx_tool *tool, size_t i)
{
    struct lx_json json = {0};
    if (lx_inner_read(&w->scratch, tool->raw, w->b->buf))
        json = lx_json_root(&w->scratch);
    if (write_named(w, json))
        return;
    struct lx_slice type = lx_json_str(LX_GET(json, "type"), w->b->arena);
    for (size_t k = 0; k < sizeof(twins) / sizeof(twins[0]); k++) {
        if (lx_slice_starts(type, twins[k].type)) {
            write_empty_tool(w, twins[k].tool);
            return;
        }
    }
    for (size_t k = 0; k < sizeof(own_tools) / sizeof(own_tools[0]); k++) {
        if (lx_gemini_name_eq(type, own_tools[k])) { /* {"type":"google_search"} */
            write_empty_tool(w, own_tools[k]);
            return;
        }
    }
    lx_body_refuse(w->b, w->o, place(w, i, ""),
                   lx_arena_printf(w->b->arena, "Gemini has no tool \"%.*s\"", LX_F(type)));
}

/* ---- Choice --------------------------------------------------------------------------------- */

static size_t count_functions(const struct lx_request *r)
{
    size_t n = 0;
    for (const struct lx_tool *tool = r->tools; tool; tool = tool->next)
        n += !tool->language.n;
    return n;
}

static const char *const modes[] = {
    [LX_CHOICE_UNSET] = NULL,     [LX_CHOICE_AUTO] = "AUTO", [LX_CHOICE_NONE] = "NONE",
    [LX_CHOICE_REQUIRED] = "ANY", [LX_CHOICE_NAMED] = "ANY", [LX_CHOICE_RAW] = NULL,
};

static void write_calling(struct lx_gemini_writer *w)
{
    const char *mode = modes[w->r->tool_choice];
    if (!mode)
        return;
    lx_out_object(&w->out, "functionCallingConfig");
    lx_out_str(&w->out, "mode", lx_slice_z(mode));
    if (w->r->tool_choice == LX_CHOICE_NAMED) {
        lx_out_array(&w->out, "allowedFunctionNames");
        lx_out_text(&w->out, NULL, w->r->tool_choice_name);
        lx_out_array_end(&w->out);
    }
    lx_out_object_end(&w->out);
}

/* Beside what the client wrote as toolConfig itself. */
static void write_config(struct lx_gemini_writer *w)
{
    const struct lx_extra *own = lx_gemini_extra_find(w->r->extra, "toolConfig");
    bool calling = count_functions(w->r) && modes[w->r->tool_choice];
    struct lx_json json = {0};
    if (w->r->tool_choice == LX_CHOICE_RAW)
        lx_body_refuse(w->b, w->o, LX_S("tool_choice"), LX_S("Gemini has no such choice"));
    if (!own && !calling)
        return;
    if (own && lx_inner_read(&w->scratch, own->json, w->b->buf))
        json = lx_json_root(&w->scratch);
    lx_out_object(&w->out, "toolConfig");
    for (struct lx_json_iter it = lx_json_iter(json); lx_json_next(&it);) {
        struct lx_slice name = lx_json_str(it.name, w->b->arena);
        if (calling && lx_gemini_name_eq(name, "functionCallingConfig"))
            continue;
        lx_out_name(&w->out, lx_json_text(it.name));
        lx_out_value(&w->out, NULL, it.value);
    }
    if (calling)
        write_calling(w);
    lx_out_object_end(&w->out);
}

void lx_gemini_tools_write(struct lx_gemini_writer *w)
{
    struct lx_slice search = w->r->params[LX_PARAM_WEB_SEARCH_OPTIONS];
    size_t i = 0;
    if (w->r->tools || search.n) {
        lx_out_array(&w->out, "tools");
        write_functions(w);
        for (const struct lx_tool *tool = w->r->tools; tool; tool = tool->next, i++)
            if (tool->language.n)
                write_own_tool(w, tool, i);
        if (search.n)
            write_empty_tool(w, "googleSearch");
        lx_out_array_end(&w->out);
    }
    write_config(w);
    if (w->r->parallel_tool_calls == LX_NO && count_functions(w->r) > 1)
        lx_body_refuse(w->b, w->o, LX_S("parallel_tool_calls"),
                       LX_S("Gemini calls as many functions at once as it likes"));
}
