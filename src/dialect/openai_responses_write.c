/*
 * openai_responses_write.c - back: the canonical request -> a body for /v1/responses, all but its
 * input and tools.
 *
 * Two ways to leave something out: lose() what only costs comfort or money, refuse() what would
 * change the answer. Members that the vocabulary does not know go along: a client of LiteLLM writes
 * previous_response_id, truncation or include beside its messages, and means this language. What a
 * client of this language says of itself goes as it came.
 */
#include "dialect/openai_responses.h"
#include "dialect/scalar.h"
#include "dialect/lost.h"

void lx_responses_lose_cache(struct lx_responses_writer *w, const struct lx_cache_mark *mark)
{
    if (mark->set && !w->lost_cache)
        lx_losses_add(w->b->losses, LX_S("cache_control"),
                      LX_S("the target caches by itself or not at all"));
    w->lost_cache |= mark->set;
}

struct lx_json lx_responses_json(struct lx_responses_writer *w, struct lx_slice json)
{
    bool read = json.n && lx_inner_read(&w->scratch, json, w->b->buf);
    return read ? lx_json_root(&w->scratch) : (struct lx_json){0};
}

/* ---- Parameters --------------------------------------------------------------------------- */

static const struct lx_scalar scalars[] = {
    {LX_PARAM_TEMPERATURE, LX_SCALAR_KEPT, "temperature", NULL, NULL},
    {LX_PARAM_TOP_P, LX_SCALAR_KEPT, "top_p", NULL, NULL},
    {LX_PARAM_SERVICE_TIER, LX_SCALAR_KEPT, "service_tier", NULL, NULL},
    {LX_PARAM_SAFETY_IDENTIFIER, LX_SCALAR_KEPT, "safety_identifier", NULL, NULL},
    {LX_PARAM_PROMPT_CACHE_KEY, LX_SCALAR_KEPT, "prompt_cache_key", NULL, NULL},
    {LX_PARAM_PROMPT_CACHE_RETENTION, LX_SCALAR_KEPT, "prompt_cache_retention", NULL, NULL},
    {LX_PARAM_PREDICTION, LX_SCALAR_LOST, NULL, NULL, "the Responses API takes no prediction"},
    {LX_PARAM_N, LX_SCALAR_REFUSED, NULL, "|1|", "the Responses API gives one answer"},
    {LX_PARAM_SEED, LX_SCALAR_REFUSED, NULL, NULL, "the Responses API takes no seed"},
    {LX_PARAM_PRESENCE_PENALTY, LX_SCALAR_REFUSED, NULL, "|0|0.0|",
     "the Responses API has no penalties"},
    {LX_PARAM_FREQUENCY_PENALTY, LX_SCALAR_REFUSED, NULL, "|0|0.0|",
     "the Responses API has no penalties"},
    {LX_PARAM_REPETITION_PENALTY, LX_SCALAR_REFUSED, NULL, "|1|1.0|",
     "the Responses API has no penalties"},
    {LX_PARAM_LOGIT_BIAS, LX_SCALAR_REFUSED, NULL, "|{}|",
     "the Responses API does not bias tokens"},
    {LX_PARAM_TOP_K, LX_SCALAR_REFUSED, NULL, NULL, "the Responses API has no such parameter"},
    {LX_PARAM_MIN_P, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "the Responses API has no such parameter"},
    {LX_PARAM_MODALITIES, LX_SCALAR_REFUSED, NULL, "|[\"text\"]|",
     "the Responses API answers in text"},
    {LX_PARAM_AUDIO, LX_SCALAR_REFUSED, NULL, NULL, "the Responses API does not speak"},
    {LX_PARAM_CONTAINER, LX_SCALAR_REFUSED, NULL, NULL, "not known in OpenAI's language"},
    {LX_PARAM_MCP_SERVERS, LX_SCALAR_REFUSED, NULL, "|[]|", "not known in OpenAI's language"},
    {LX_PARAM_INFERENCE_GEO, LX_SCALAR_REFUSED, NULL, NULL, "not known in OpenAI's language"},
};

/* Kept from OpenAI's clients; another language's of that name is another thing. */
static const struct lx_scalar own_scalars[] = {
    {LX_PARAM_METADATA, LX_SCALAR_KEPT, "metadata", "|{}|", NULL},
    {LX_PARAM_CONTEXT_MANAGEMENT, LX_SCALAR_KEPT, "context_management", NULL, NULL},
};
static const struct lx_scalar foreign_scalars[] = {
    {LX_PARAM_METADATA, LX_SCALAR_LOST, NULL, "|{}|", "not known in OpenAI's language"},
    {LX_PARAM_CONTEXT_MANAGEMENT, LX_SCALAR_LOST, NULL, NULL, "not known in OpenAI's language"},
};

/* "integer_below_min_value: Expected a value >= 16" (recorded 2025). Claude Code asks for one token
 * to see whether a key is good. */
static void write_limit(struct lx_responses_writer *w)
{
    enum { LEAST = 16 };
    int64_t n;
    if (!w->r->params[LX_PARAM_MAX_TOKENS].n)
        return;
    if (lx_request_param_int(w->r, LX_PARAM_MAX_TOKENS, &n) || n >= LEAST || n <= 0) {
        lx_out_raw(&w->out, "max_output_tokens", w->r->params[LX_PARAM_MAX_TOKENS]);
        return;
    }
    lx_out_int(&w->out, "max_output_tokens", LEAST);
    lx_losses_change(w->b->losses, LX_S("max_tokens"), LX_S("the API wants 16 at least"));
}

static void write_params(struct lx_responses_writer *w)
{
    lx_scalars_write(scalars, sizeof(scalars) / sizeof(scalars[0]), w->o, w->r, NULL, w->b,
                     &w->out);
    lx_scalars_write(w->openai ? own_scalars : foreign_scalars,
                     sizeof(own_scalars) / sizeof(own_scalars[0]), w->o, w->r, NULL, w->b, &w->out);
    if (w->r->params[LX_PARAM_USER].n)
        lx_openai_write_user(&w->out, w->b, w->r->params[LX_PARAM_USER], w->openai);
    write_limit(w);
    if (w->r->stop_count)
        lx_body_refuse(w->b, w->o, LX_S("stop"), LX_S("the Responses API has no stop sequences"));
}

/* ---- Reasoning, text ---------------------------------------------------------------------- */

/* Summaries are made when asked for only: some accounts may not ask (LiteLLM's default too).
 * Anthropic's word for one is "summarized". */
static struct lx_slice summary_of(struct lx_slice asked)
{
    if (lx_slice_eq(asked, LX_S("summarized")))
        return LX_S("auto");
    return lx_slice_eq(asked, LX_S("omitted")) ? LX_S("") : asked;
}

static void write_reasoning(struct lx_responses_writer *w)
{
    const struct lx_reasoning *g = &w->r->reasoning;
    struct lx_slice effort = lx_openai_effort(g), summary = summary_of(g->summary);
    if (effort.n && !g->summary.n && w->o->auto_summary)
        summary = LX_S("detailed");
    if (effort.n || summary.n) {
        lx_out_object(&w->out, "reasoning");
        if (effort.n)
            lx_out_str(&w->out, "effort", effort);
        if (summary.n)
            lx_out_str(&w->out, "summary", summary);
        lx_out_object_end(&w->out);
    } else if (g->kind == LX_REASONING_ADAPTIVE) {
        lx_losses_add(w->b->losses, LX_S("thinking"),
                      LX_S("how much the model thinks is left to the model"));
    }
}

static void write_format(struct lx_responses_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    struct lx_out *o = &w->out;
    if (f->kind == LX_FORMAT_UNSET)
        return;
    lx_out_object(o, "format");
    if (f->kind == LX_FORMAT_TEXT) {
        lx_out_lit(o, "type", "text");
    } else if (f->kind == LX_FORMAT_JSON) {
        lx_out_lit(o, "type", "json_object");
    } else {
        lx_out_lit(o, "type", "json_schema");
        lx_out_text(o, "name", f->name.s.n ? f->name : lx_text(LX_S("response")));
        if (f->description.s.p)
            lx_out_text(o, "description", f->description);
        lx_out_raw(o, "schema", f->schema.n ? f->schema : LX_S("{}"));
        if (f->strict != LX_UNSET)
            lx_out_bool(o, "strict", f->strict == LX_YES);
    }
    lx_out_object_end(o);
}

static const struct lx_extra *extra_find(const struct lx_extra *x, struct lx_slice name)
{
    while (x && !lx_slice_eq(x->name, name))
        x = x->next;
    return x;
}

/* The client's own `text`, where it wrote one, says it last. */
static void write_text(struct lx_responses_writer *w)
{
    struct lx_slice verbosity = w->r->params[LX_PARAM_VERBOSITY];
    if (extra_find(w->r->extra, LX_S("text")) ||
        (w->r->format.kind == LX_FORMAT_UNSET && !verbosity.n))
        return;
    lx_out_object(&w->out, "text");
    write_format(w);
    if (verbosity.n)
        lx_out_raw(&w->out, "verbosity", verbosity);
    lx_out_object_end(&w->out);
}

/* ---- What is kept, and what comes along --------------------------------------------------- */

/*
 * A chat's history is the client's to keep, so nothing is stored for it unless it says so: here the
 * default is to store (migrate-to-responses, "Stored by default"). Reasoning then has to come back
 * encrypted, "include": ["reasoning.encrypted_content"] (guides/reasoning, "Encrypted reasoning
 * items"), which models that do not reason refuse. A client that goes on with what was stored
 * has said so.
 */
static bool is_stateful(const struct lx_request *r)
{
    static const struct lx_slice names[] = {LX_S_INIT("previous_response_id"),
                                            LX_S_INIT("conversation"), LX_S_INIT("background")};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (extra_find(r->extra, names[i]))
            return true;
    return false;
}

static void add_include(struct lx_responses_writer *w, struct lx_json given, struct lx_slice what)
{
    for (struct lx_json_iter it = lx_json_iter(given); lx_json_next(&it);)
        if (lx_json_eq(it.value, what))
            return;
    lx_out_str(&w->out, NULL, what);
}

/* "logprobs are not supported with reasoning models" (recorded 2026); later ones give them when
 * told not to reason. True when they are to be included. */
static bool write_logprobs(struct lx_responses_writer *w)
{
    struct lx_slice top = w->r->params[LX_PARAM_TOP_LOGPROBS];
    bool reasons = w->o->adaptive_thinking && !lx_slice_eq(w->r->reasoning.effort, LX_S("none"));
    bool asked = top.n || lx_slice_eq(w->r->params[LX_PARAM_LOGPROBS], LX_S("true"));
    if (asked && reasons) {
        lx_body_refuse(w->b, w->o, top.n ? LX_S("top_logprobs") : LX_S("logprobs"),
                       LX_S("OpenAI's reasoning models give no log-probabilities"));
        return false;
    }
    if (top.n)
        lx_out_raw(&w->out, "top_logprobs", top);
    return asked;
}

static void write_state(struct lx_responses_writer *w)
{
    struct lx_slice store = w->r->params[LX_PARAM_STORE];
    const struct lx_extra *include = extra_find(w->r->extra, LX_S("include"));
    bool stateless = store.n ? lx_slice_eq(store, LX_S("false")) : !is_stateful(w->r);
    bool encrypted = stateless && w->o->adaptive_thinking;
    bool logprobs = write_logprobs(w);
    if (store.n)
        lx_out_raw(&w->out, "store", store);
    else if (stateless)
        lx_out_bool(&w->out, "store", false);
    if (!include && !encrypted && !logprobs)
        return;
    struct lx_json given = include ? lx_responses_json(w, include->json) : (struct lx_json){0};
    lx_out_array(&w->out, "include");
    for (struct lx_json_iter it = lx_json_iter(given); lx_json_next(&it);)
        lx_out_value(&w->out, NULL, it.value);
    if (encrypted)
        add_include(w, given, LX_S("reasoning.encrypted_content"));
    if (logprobs)
        add_include(w, given, LX_S("message.output_text.logprobs"));
    lx_out_array_end(&w->out);
}

/* Unknown members, but none a second time. */
static void write_extra(struct lx_responses_writer *w)
{
    static const struct lx_slice own[] = {
        LX_S_INIT("model"),   LX_S_INIT("input"),     LX_S_INIT("instructions"),
        LX_S_INIT("tools"),   LX_S_INIT("include"),   LX_S_INIT("tool_choice"),
        LX_S_INIT("stream"),  LX_S_INIT("reasoning"), LX_S_INIT("max_output_tokens"),
        LX_S_INIT("messages")};
    for (const struct lx_extra *x = w->r->extra; x; x = x->next) {
        bool ours = false;
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            ours |= lx_slice_eq(x->name, own[i]);
        if (!w->openai && lx_slice_eq(x->name, LX_S("output_config"))) { /* task_budget */
            lx_losses_add(w->b->losses, x->name, LX_S("not known in OpenAI's language"));
            continue;
        }
        if (ours)
            continue;
        lx_out_name(&w->out, lx_text(x->name));
        lx_out_raw(&w->out, NULL, x->json);
    }
}

void lx_responses_write_request(const struct lx_write_options *o, const struct lx_request *r,
                                struct lx_body *b)
{
    struct lx_responses_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    w.own = lx_slice_eq(r->language, LX_RESPONSES);
    w.openai = w.own || lx_slice_eq(r->language, LX_OPENAI_CHAT);
    lx_json_doc_init(&w.scratch);

    lx_out_object(&w.out, NULL);
    lx_out_str(&w.out, "model", o->model);
    lx_responses_input_write(&w);
    lx_responses_tools_write(&w);
    write_params(&w);
    if (!w.own) {
        write_reasoning(&w);
        write_text(&w);
        write_state(&w);
    }
    if (r->stream)
        lx_out_bool(&w.out, "stream", true);
    if (w.own) {
        lx_extra_write(&w.out, r->own_extra);
        lx_extra_write(&w.out, r->extra);
    } else {
        write_extra(&w);
    }
    lx_out_object_end(&w.out);
    lx_responses_lose_cache(&w, &r->cache);
    lx_members_lose(r, b);

    lx_json_doc_clear(&w.scratch);
    lx_body_end(b);
}
