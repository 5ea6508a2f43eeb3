/*
 * cohere_write.c - back: the canonical request -> a v2 chat body, all but its messages.
 *
 * A client may also write Cohere's own members (documents, citation_options, safety_mode, k, p,
 * ...; LiteLLM lets it, and so do OpenAI's SDKs by extra_body): they are passed on, and where they
 * say the same as a parameter they say it last.
 *
 * Two ways to leave something out: lose() what only costs comfort or money, refuse() what would
 * change the answer.
 */
#include "dialect/cohere.h"
#include "dialect/lost.h"
#include "llm/effort.h"

void lx_cohere_lose_cache(struct lx_cohere_writer *w, const struct lx_cache_mark *mark)
{
    if (mark->set && !w->lost_cache)
        lx_losses_add(w->b->losses, LX_S("cache_control"), LX_S("Cohere caches by itself"));
    w->lost_cache |= mark->set;
}

static bool is_given(const struct lx_cohere_writer *w, const char *name)
{
    return lx_extra_find(w->r->extra, lx_slice_z(name)) != NULL;
}

/* ---- Scalars -------------------------------------------------------------------------------- */

static const struct lx_scalar scalars[] = {
    {LX_PARAM_TEMPERATURE, LX_SCALAR_KEPT, "temperature", NULL, NULL},
    {LX_PARAM_TOP_P, LX_SCALAR_KEPT, "p", NULL, NULL},
    {LX_PARAM_TOP_K, LX_SCALAR_KEPT, "k", NULL, NULL},
    {LX_PARAM_MAX_TOKENS, LX_SCALAR_KEPT, "max_tokens", NULL, NULL},
    {LX_PARAM_SEED, LX_SCALAR_KEPT, "seed", NULL, NULL},
    {LX_PARAM_PRESENCE_PENALTY, LX_SCALAR_KEPT, "presence_penalty", NULL, NULL},
    {LX_PARAM_FREQUENCY_PENALTY, LX_SCALAR_KEPT, "frequency_penalty", NULL, NULL},
    {LX_PARAM_LOGPROBS, LX_SCALAR_KEPT, "logprobs", "|false|", NULL},
    {LX_PARAM_TOP_LOGPROBS, LX_SCALAR_REFUSED, NULL, "|0|",
     "Cohere tells the chosen tokens' probabilities only"},
    {LX_PARAM_N, LX_SCALAR_REFUSED, NULL, "|1|", "Cohere gives one choice"},
    {LX_PARAM_MIN_P, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Cohere has no such parameter"},
    {LX_PARAM_REPETITION_PENALTY, LX_SCALAR_REFUSED, NULL, "|1|1.0|", "Cohere has no such penalty"},
    {LX_PARAM_LOGIT_BIAS, LX_SCALAR_REFUSED, NULL, "|{}|", "Cohere does not bias tokens"},
    {LX_PARAM_MODALITIES, LX_SCALAR_REFUSED, NULL, "|[\"text\"]|", "Cohere answers in text"},
    {LX_PARAM_AUDIO, LX_SCALAR_REFUSED, NULL, NULL, "Cohere answers in text"},
    {LX_PARAM_WEB_SEARCH_OPTIONS, LX_SCALAR_REFUSED, NULL, NULL, "Cohere does not search the web"},
    {LX_PARAM_MCP_SERVERS, LX_SCALAR_REFUSED, NULL, "|[]|", "Cohere calls no MCP servers"},
    {LX_PARAM_INFERENCE_GEO, LX_SCALAR_REFUSED, NULL, NULL, "Cohere does not let one choose"},
    {LX_PARAM_CONTAINER, LX_SCALAR_LOST, NULL, NULL, "Cohere keeps no containers"},
    {LX_PARAM_CONTEXT_MANAGEMENT, LX_SCALAR_LOST, NULL, NULL, "Cohere does not edit the context"},
    {LX_PARAM_SERVICE_TIER, LX_SCALAR_LOST, NULL, "|\"auto\"|\"default\"|",
     "Cohere takes no service tier"},
    {LX_PARAM_STORE, LX_SCALAR_LOST, NULL, "|false|", "Cohere stores no completions"},
    {LX_PARAM_PREDICTION, LX_SCALAR_LOST, NULL, NULL, "Cohere takes no prediction"},
    {LX_PARAM_VERBOSITY, LX_SCALAR_LOST, NULL, "|\"medium\"|", "Cohere takes no verbosity"},
    {LX_PARAM_USER, LX_SCALAR_LOST, NULL, NULL, "Cohere's chat knows no users"},
    {LX_PARAM_METADATA, LX_SCALAR_LOST, NULL, "|{}|", "Cohere keeps no metadata"},
    {LX_PARAM_SAFETY_IDENTIFIER, LX_SCALAR_LOST, NULL, NULL, "Cohere's chat knows no users"},
    {LX_PARAM_PROMPT_CACHE_KEY, LX_SCALAR_LOST, NULL, NULL, "Cohere caches by itself"},
    {LX_PARAM_PROMPT_CACHE_RETENTION, LX_SCALAR_LOST, NULL, NULL, "Cohere caches by itself"},
};

static void write_format(struct lx_cohere_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    if (f->kind != LX_FORMAT_JSON && f->kind != LX_FORMAT_SCHEMA)
        return;
    lx_out_object(&w->out, "response_format");
    lx_out_lit(&w->out, "type", "json_object");
    if (f->schema.n)
        lx_out_raw(&w->out, "json_schema", f->schema);
    lx_out_object_end(&w->out);
}

/* ---- Thinking ------------------------------------------------------------------------------- */

/* Models that do not reason would refuse to be told how (docs.cohere.com/docs/models, 2026). */
static bool model_thinks(const struct lx_cohere_writer *w)
{
    static const char *const not [] = {"command-r",           "command-a-03", "command-a-vision",
                                       "command-a-translate", "c4ai-aya",     "command-light",
                                       "command-nightly"};
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
        if (lx_slice_starts(w->o->model, lx_slice_z(not [i])))
            return false;
    return !lx_slice_eq(w->o->model, LX_S("command"));
}

static void write_thinking(struct lx_cohere_writer *w)
{
    const struct lx_reasoning *asked = &w->r->reasoning;
    bool off = asked->kind == LX_REASONING_OFF || lx_slice_eq(asked->effort, LX_S("none"));
    enum lx_effort effort = lx_effort_find(asked->effort);
    if (asked->kind == LX_REASONING_UNSET || (off && !model_thinks(w)))
        return;
    if (!model_thinks(w)) {
        lx_losses_add(w->b->losses, LX_S("reasoning_effort"), LX_S("the model does not reason"));
        return;
    }
    if (asked->effort.n && !off && effort == LX_EFFORT_COUNT) {
        lx_body_refuse(w->b, w->o, LX_S("reasoning_effort"), LX_EFFORT_WORDS);
        return;
    }
    /* High is as much as the model likes, as Cohere's own OpenAI-compatible API has it. */
    int64_t budget = asked->budget_tokens      ? asked->budget_tokens
                     : effort < LX_EFFORT_HIGH ? lx_effort_budget(effort)
                                               : 0;
    lx_out_object(&w->out, "thinking");
    lx_out_str(&w->out, "type", off ? LX_S("disabled") : LX_S("enabled"));
    if (!off && budget > 0)
        lx_out_int(&w->out, "token_budget", budget);
    lx_out_object_end(&w->out);
}

/* ---- Tools ---------------------------------------------------------------------------------- */

/* One tool only can be demanded where there is no other: Cohere has REQUIRED and NONE. */
static void write_tool(struct lx_cohere_writer *w, const struct lx_tool *tool)
{
    struct lx_out *out = &w->out;
    lx_out_object(out, NULL);
    lx_out_lit(out, "type", "function");
    lx_out_object(out, "function");
    lx_out_text(out, "name", tool->name);
    if (tool->description.s.n)
        lx_out_text(out, "description", tool->description);
    lx_out_raw(out, "parameters",
               tool->parameters.n ? tool->parameters
                                  : LX_S("{\"type\":\"object\",\"properties\":{}}"));
    lx_out_object_end(out);
    lx_out_object_end(out);
}

/* How many were written. */
static size_t write_tool_list(struct lx_cohere_writer *w)
{
    size_t i = 0, n = 0;
    for (const struct lx_tool *tool = w->r->tools; tool; tool = tool->next, i++) {
        if (tool->language.n || tool->custom) {
            lx_body_refuse(w->b, w->o, lx_arena_printf(w->b->arena, "tools[%zu]", i),
                           tool->custom ? LX_S("Cohere has no tools with free-text input")
                                        : LX_S("Cohere does not have this tool"));
            continue;
        }
        lx_cohere_lose_cache(w, &tool->cache);
        if (!lx_request_tool_is_open(w->r, tool, w->b->arena))
            continue;
        if (!n++)
            lx_out_array(&w->out, "tools");
        write_tool(w, tool);
    }
    if (n)
        lx_out_array_end(&w->out);
    return n;
}

/* strict_tools binds all of them, or none. */
static void write_strict(struct lx_cohere_writer *w)
{
    bool all = true, any = false;
    for (const struct lx_tool *tool = w->r->tools; tool; tool = tool->next) {
        all = all && tool->strict == LX_YES;
        any = any || tool->strict == LX_YES;
    }
    if (all && any && !is_given(w, "strict_tools"))
        lx_out_bool(&w->out, "strict_tools", true);
    else if (any && !all)
        lx_losses_add(w->b->losses, LX_S("tools.strict"),
                      LX_S("Cohere binds all tools to their schemas, or none"));
}

static void write_tools(struct lx_cohere_writer *w)
{
    enum lx_tool_choice_kind choice = w->r->tool_choice;
    size_t n = write_tool_list(w);
    if (n)
        write_strict(w);
    if (n && w->r->parallel_tool_calls == LX_NO)
        lx_losses_add(w->b->losses, LX_S("parallel_tool_calls"),
                      LX_S("Cohere has no such setting"));
    if (choice == LX_CHOICE_RAW) {
        lx_body_refuse(w->b, w->o, LX_S("tool_choice"), LX_S("Cohere has no such choice"));
    } else if (choice == LX_CHOICE_REQUIRED || choice == LX_CHOICE_NAMED) {
        if (n)
            lx_out_lit(&w->out, "tool_choice", "REQUIRED");
        else
            lx_losses_add(w->b->losses, LX_S("tool_choice"),
                          LX_S("there is no such tool to choose"));
    } else if (choice == LX_CHOICE_NONE && n) {
        lx_out_lit(&w->out, "tool_choice", "NONE");
    }
}

/* ---- The body ------------------------------------------------------------------------------- */

/* Unknown members go along, but never a second time under a name that was written. */
static void write_extra(struct lx_cohere_writer *w)
{
    static const char *const own[] = {"model",     "messages",    "tools",          "stream",
                                      "documents", "tool_choice", "response_format"};
    for (const struct lx_extra *x = w->r->extra; x; x = x->next) {
        bool ours = false;
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            ours |= lx_slice_eq(x->name, lx_slice_z(own[i]));
        if (ours)
            continue;
        lx_out_name(&w->out, lx_text(x->name));
        lx_out_raw(&w->out, NULL, x->json);
    }
}

void lx_cohere_write_request(const struct lx_write_options *o, const struct lx_request *r,
                             struct lx_body *b)
{
    struct lx_cohere_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    lx_json_doc_init(&w.scratch);

    lx_out_object(&w.out, NULL);
    lx_out_str(&w.out, "model", o->model);
    lx_cohere_messages_write(&w);
    lx_cohere_documents_write(&w);
    write_tools(&w);
    lx_scalars_write(scalars, sizeof(scalars) / sizeof(scalars[0]), o, r, r->extra, b, &w.out);
    lx_stop_write(w.r, "stop_sequences", w.r->extra, &w.out);
    write_format(&w);
    write_thinking(&w);
    if (r->stream)
        lx_out_bool(&w.out, "stream", true);
    write_extra(&w);
    lx_members_lose(r, b);
    lx_out_object_end(&w.out);
    lx_cohere_lose_cache(&w, &r->cache);

    lx_json_doc_clear(&w.scratch);
    lx_body_end(b);
}
