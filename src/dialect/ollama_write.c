/*
 * ollama_write.c - back: the canonical request -> a body of /api/chat, all but its messages.
 *
 * What other languages have at the top stands in `options` here. A client may also write Ollama's
 * own members: `options`, `format`, `think`, `keep_alive` and their like are passed on where they
 * belong, and every other member that nobody knows is an option (num_ctx, mirostat, ...), as
 * LiteLLM has it. Where such a member says the same as a parameter, it says it last.
 *
 * Two ways to leave something out: lose() what only costs comfort or money, refuse() what would
 * change the answer.
 */
#include "dialect/ollama.h"
#include "dialect/lost.h"
#include "llm/effort.h"

void lx_ollama_lose_cache(struct lx_ollama_writer *w, const struct lx_cache_mark *mark)
{
    if (mark->set && !w->lost_cache)
        lx_losses_add(w->b->losses, LX_S("cache_control"), LX_S("Ollama caches by itself"));
    w->lost_cache |= mark->set;
}

static bool is_given(const struct lx_ollama_writer *w, const char *name)
{
    return lx_extra_find(w->r->extra, lx_slice_z(name)) != NULL;
}

/* ---- Scalars -------------------------------------------------------------------------------- */

/* The penalties are options of that name, which Ollama's own OpenAI-compatible address uses
 * (LiteLLM makes frequency_penalty repeat_penalty, whose neutral value is 1, not 0). */
static const struct lx_scalar options[] = {
    {LX_PARAM_TEMPERATURE, LX_SCALAR_KEPT, "temperature", NULL, NULL},
    {LX_PARAM_TOP_P, LX_SCALAR_KEPT, "top_p", NULL, NULL},
    {LX_PARAM_TOP_K, LX_SCALAR_KEPT, "top_k", NULL, NULL},
    {LX_PARAM_MIN_P, LX_SCALAR_KEPT, "min_p", NULL, NULL},
    {LX_PARAM_MAX_TOKENS, LX_SCALAR_KEPT, "num_predict", NULL, NULL},
    {LX_PARAM_SEED, LX_SCALAR_KEPT, "seed", NULL, NULL},
    {LX_PARAM_PRESENCE_PENALTY, LX_SCALAR_KEPT, "presence_penalty", NULL, NULL},
    {LX_PARAM_FREQUENCY_PENALTY, LX_SCALAR_KEPT, "frequency_penalty", NULL, NULL},
    {LX_PARAM_REPETITION_PENALTY, LX_SCALAR_KEPT, "repeat_penalty", NULL, NULL},
};

static const struct lx_scalar scalars[] = {
    {LX_PARAM_LOGPROBS, LX_SCALAR_KEPT, "logprobs", "|false|", NULL},
    {LX_PARAM_TOP_LOGPROBS, LX_SCALAR_KEPT, "top_logprobs", "|0|", NULL},
    {LX_PARAM_N, LX_SCALAR_REFUSED, NULL, "|1|", "Ollama gives one choice"},
    {LX_PARAM_LOGIT_BIAS, LX_SCALAR_REFUSED, NULL, "|{}|", "Ollama does not bias tokens"},
    {LX_PARAM_MODALITIES, LX_SCALAR_REFUSED, NULL, "|[\"text\"]|", "Ollama answers in text"},
    {LX_PARAM_AUDIO, LX_SCALAR_REFUSED, NULL, NULL, "Ollama answers in text"},
    {LX_PARAM_WEB_SEARCH_OPTIONS, LX_SCALAR_REFUSED, NULL, NULL,
     "Ollama's models do not search the web"},
    {LX_PARAM_MCP_SERVERS, LX_SCALAR_REFUSED, NULL, "|[]|", "Ollama calls no MCP servers"},
    {LX_PARAM_INFERENCE_GEO, LX_SCALAR_REFUSED, NULL, NULL, "Ollama is where it is"},
    {LX_PARAM_CONTAINER, LX_SCALAR_LOST, NULL, NULL, "Ollama keeps no containers"},
    {LX_PARAM_CONTEXT_MANAGEMENT, LX_SCALAR_LOST, NULL, NULL, "Ollama does not edit the context"},
    {LX_PARAM_SERVICE_TIER, LX_SCALAR_LOST, NULL, "|\"auto\"|\"default\"|",
     "Ollama takes no service tier"},
    {LX_PARAM_STORE, LX_SCALAR_LOST, NULL, "|false|", "Ollama stores no completions"},
    {LX_PARAM_PREDICTION, LX_SCALAR_LOST, NULL, NULL, "Ollama takes no prediction"},
    {LX_PARAM_VERBOSITY, LX_SCALAR_LOST, NULL, "|\"medium\"|", "Ollama takes no verbosity"},
    {LX_PARAM_USER, LX_SCALAR_LOST, NULL, NULL, "Ollama knows no users"},
    {LX_PARAM_METADATA, LX_SCALAR_LOST, NULL, "|{}|", "Ollama keeps no metadata"},
    {LX_PARAM_SAFETY_IDENTIFIER, LX_SCALAR_LOST, NULL, NULL, "Ollama knows no users"},
    {LX_PARAM_PROMPT_CACHE_KEY, LX_SCALAR_LOST, NULL, NULL, "Ollama caches by itself"},
    {LX_PARAM_PROMPT_CACHE_RETENTION, LX_SCALAR_LOST, NULL, NULL, "Ollama caches by itself"},
};

/* ---- Options -------------------------------------------------------------------------------- */

/* Members of a request of Ollama's that a client may give under their own names. */
static bool is_top(struct lx_slice name)
{
    static const char *const names[] = {"format", "keep_alive", "think", "truncate", "shift"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(names[i])))
            return true;
    return false;
}

/* What the client says of options: within `options`, and beside it. */
static struct lx_extra *given_options(struct lx_ollama_writer *w)
{
    struct lx_extra *first = NULL, **at = &first;
    for (const struct lx_extra *x = w->r->extra; x; x = x->next) {
        struct lx_extra *copy = is_top(x->name) || lx_slice_eq(x->name, LX_S("options")) ||
                                        lx_slice_eq(x->name, LX_S("stream"))
                                    ? NULL
                                    : lx_arena_new(w->b->arena, struct lx_extra);
        if (!copy)
            continue;
        *copy = (struct lx_extra){x->name, x->json, NULL};
        *at = copy;
        at = &copy->next;
    }
    const struct lx_extra *own = lx_extra_find(w->r->extra, LX_S("options"));
    if (!own || !lx_inner_read(&w->scratch, own->json, w->b->buf))
        return first;
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch)); lx_json_next(&it);)
        if (lx_json_is(it.name, LX_JSON_STRING) &&
            !lx_extra_find(first, lx_json_str(it.name, w->b->arena)))
            lx_extra_add(&at, it.name, it.value, w->b->arena);
    return first;
}

static void write_options(struct lx_ollama_writer *w)
{
    const struct lx_extra *given = given_options(w);
    struct lx_out_mark mark = lx_out_mark(&w->out);
    lx_out_object(&w->out, "options");
    lx_scalars_write(options, sizeof(options) / sizeof(options[0]), w->o, w->r, given, w->b,
                     &w->out);
    lx_stop_write(w->r, "stop", given, &w->out);
    lx_extra_write(&w->out, given);
    lx_out_object_end_or_undo(&w->out, mark);
}

/* ---- Format and thinking -------------------------------------------------------------------- */

static void write_format(struct lx_ollama_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    if (is_given(w, "format"))
        return;
    if (f->kind == LX_FORMAT_SCHEMA && f->schema.n)
        lx_out_raw(&w->out, "format", f->schema);
    else if (f->kind == LX_FORMAT_JSON || f->kind == LX_FORMAT_SCHEMA)
        lx_out_lit(&w->out, "format", "json");
}

/*
 * A model that can think does so unless told not to, and one that cannot refuses to be told to. So
 * what Anthropic's clients send by default (a budget, "adaptive") is left out; an effort that was
 * asked for is passed on: as a level to gpt-oss, as `true` to others, like LiteLLM.
 */
static void write_think(struct lx_ollama_writer *w)
{
    const struct lx_reasoning *asked = &w->r->reasoning;
    bool off = asked->kind == LX_REASONING_OFF || lx_slice_eq(asked->effort, LX_S("none"));
    /* gpt-oss knows three levels (docs.ollama.com/capabilities/thinking, 2026). */
    enum lx_effort effort = lx_effort_find(asked->effort);
    struct lx_slice level = lx_effort_name(lx_effort_nearest(effort, LX_EFFORTS_THREE));
    if (asked->kind == LX_REASONING_UNSET || is_given(w, "think"))
        return;
    if (asked->budget_tokens && !off)
        lx_losses_add(w->b->losses, LX_S("thinking.budget_tokens"), LX_S("Ollama takes no budget"));
    if (off)
        lx_out_bool(&w->out, "think", false);
    else if (asked->effort.n && effort == LX_EFFORT_COUNT)
        lx_body_refuse(w->b, w->o, LX_S("reasoning_effort"), LX_EFFORT_WORDS);
    else if (asked->effort.n && lx_slice_find(w->o->model, LX_S("gpt-oss")) >= 0)
        lx_out_str(&w->out, "think", level);
    else if (asked->effort.n && asked->kind == LX_REASONING_ON && !asked->budget_tokens)
        lx_out_bool(&w->out, "think", true);
}

/* ---- Tools ---------------------------------------------------------------------------------- */

static void write_tool(struct lx_ollama_writer *w, const struct lx_tool *tool, size_t i)
{
    struct lx_arena *a = w->b->arena;
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
    lx_ollama_lose_cache(w, &tool->cache);
    if (tool->strict == LX_YES)
        lx_losses_add(w->b->losses, lx_arena_printf(a, "tools[%zu].strict", i),
                      LX_S("Ollama does not bind calls to schemas"));
}

/* Where one tool is demanded, no other is offered. */
static size_t write_tool_list(struct lx_ollama_writer *w)
{
    size_t i = 0, n = 0;
    for (const struct lx_tool *tool = w->r->tools; tool; tool = tool->next, i++) {
        if (tool->language.n || tool->custom) {
            lx_body_refuse(w->b, w->o, lx_arena_printf(w->b->arena, "tools[%zu]", i),
                           tool->custom ? LX_S("Ollama has no tools with free-text input")
                                        : LX_S("Ollama does not have this tool"));
            continue;
        }
        if (!lx_request_tool_is_open(w->r, tool, w->b->arena))
            continue;
        if (!n++)
            lx_out_array(&w->out, "tools");
        write_tool(w, tool, i);
    }
    if (n)
        lx_out_array_end(&w->out);
    return n;
}

/* Ollama has no tool_choice. To forbid tools is to offer none. To demand one is a wish, and a loss:
 * LiteLLM leaves it out, and what its users do with one tool mostly works. */
static void write_tools(struct lx_ollama_writer *w)
{
    enum lx_tool_choice_kind choice = w->r->tool_choice;
    if (choice == LX_CHOICE_NONE)
        return;
    size_t n = write_tool_list(w);
    if (choice == LX_CHOICE_REQUIRED || choice == LX_CHOICE_NAMED)
        lx_losses_add(w->b->losses, LX_S("tool_choice"),
                      LX_S("Ollama cannot make a model call a tool"));
    else if (choice == LX_CHOICE_RAW)
        lx_body_refuse(w->b, w->o, LX_S("tool_choice"), LX_S("Ollama has no such choice"));
    if (n && w->r->parallel_tool_calls == LX_NO)
        lx_losses_add(w->b->losses, LX_S("parallel_tool_calls"),
                      LX_S("Ollama has no such setting"));
}

/* ---- The body ------------------------------------------------------------------------------- */

void lx_ollama_write_request(const struct lx_write_options *o, const struct lx_request *r,
                             struct lx_body *b)
{
    struct lx_ollama_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    lx_json_doc_init(&w.scratch);

    lx_out_object(&w.out, NULL);
    lx_out_str(&w.out, "model", o->model);
    lx_ollama_messages_write(&w);
    write_tools(&w);
    lx_members_lose(r, b);
    lx_scalars_write(scalars, sizeof(scalars) / sizeof(scalars[0]), o, r, r->extra, b, &w.out);
    write_format(&w);
    write_think(&w);
    write_options(&w);
    for (const struct lx_extra *x = r->extra; x; x = x->next)
        if (is_top(x->name)) {
            lx_out_name(&w.out, lx_text(x->name));
            lx_out_raw(&w.out, NULL, x->json);
        }
    lx_out_bool(&w.out, "stream", r->stream); /* where it is not said, Ollama streams */
    lx_out_object_end(&w.out);
    lx_ollama_lose_cache(&w, &r->cache);

    lx_json_doc_clear(&w.scratch);
    lx_body_end(b);
}
