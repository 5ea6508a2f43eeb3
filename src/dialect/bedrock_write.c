/*
 * bedrock_write.c - back: the canonical request -> a Converse body, all but its messages and tools.
 *
 * Four parameters are Converse's own (inferenceConfig); the others are the model's, and go into
 * additionalModelRequestFields under the names of its family. Members that a client sends and we do
 * not know go there as well, as LiteLLM does it, but for those that are Converse's.
 *
 * Two ways to leave something out: lose() what only costs comfort or money, refuse() what would
 * change the answer.
 */
#include "dialect/bedrock.h"
#include "dialect/scalar.h"
#include "dialect/lost.h"

enum {
    DEFAULT_MAX_TOKENS = 4096, /* beside a budget, which needs a limit; LiteLLM's */
    MIN_BUDGET = 1024,
};

/* ---- Thinking ------------------------------------------------------------------------------- */

static void plan_claude(struct lx_bedrock_writer *w, enum lx_effort effort)
{
    const struct lx_reasoning *asked = &w->r->reasoning;
    w->thinks = true;
    if (asked->budget_tokens) {
        w->budget = asked->budget_tokens;
    } else if (w->o->adaptive_thinking || asked->kind == LX_REASONING_ADAPTIVE) {
        w->adaptive = true;
        if (asked->effort.n)
            w->effort = lx_effort_name(lx_effort_nearest(effort, LX_EFFORTS_CLAUDE));
    } else {
        w->budget = lx_effort_budget(effort);
    }
}

static void stop_thinking(struct lx_bedrock_writer *w, struct lx_slice why)
{
    w->thinks = w->adaptive = false;
    w->budget = 0;
    w->effort = lx_slice(NULL, 0);
    lx_losses_add(w->b->losses, LX_S("reasoning_effort"), why);
}

/* The limit covers thinking and answer. A budget that came from an effort gives way to the
 * client's limit; a budget that the client asked for raises it, as LiteLLM does. */
static void plan_budget(struct lx_bedrock_writer *w)
{
    int64_t limit = 0,
            otherwise = w->o->default_max_tokens ? w->o->default_max_tokens : DEFAULT_MAX_TOKENS;
    bool asked = lx_request_param_int(w->r, LX_PARAM_MAX_TOKENS, &limit) == 0;
    if (!w->budget || (asked && w->budget < limit))
        return;
    if (!asked) {
        w->max_tokens = w->budget < w->o->default_max_tokens ? otherwise : w->budget + otherwise;
    } else if (w->r->reasoning.budget_tokens) {
        w->max_tokens = limit + w->budget;
        lx_losses_add(w->b->losses, LX_S("max_tokens"),
                      LX_S("raised: Claude wants more than thinking's budget_tokens"));
    } else if (limit > MIN_BUDGET) {
        w->budget = limit / 2 > MIN_BUDGET ? limit / 2 : MIN_BUDGET;
    } else {
        stop_thinking(w, LX_S("max_tokens leaves no room for Claude's least budget, 1024"));
    }
}

static void plan_thinking(struct lx_bedrock_writer *w)
{
    const struct lx_reasoning *asked = &w->r->reasoning;
    enum lx_tool_choice_kind choice = w->r->tool_choice;
    if (asked->kind == LX_REASONING_UNSET || asked->kind == LX_REASONING_OFF ||
        lx_slice_eq(asked->effort, LX_S("none"))) {
        if (asked->kind != LX_REASONING_UNSET && w->family->thinking == LX_BEDROCK_THINKS_OPENAI)
            w->effort = LX_S("none");
        return;
    }
    enum lx_effort effort = asked->effort.n        ? lx_effort_find(asked->effort)
                            : asked->budget_tokens ? lx_effort_that_has(asked->budget_tokens)
                                                   : LX_EFFORT_MEDIUM;
    if (effort == LX_EFFORT_COUNT) {
        lx_body_refuse(w->b, w->o, LX_S("reasoning_effort"), LX_EFFORT_WORDS);
    } else if (w->family->thinking == LX_BEDROCK_THINKS_NOT) {
        lx_body_refuse(w->b, w->o, LX_S("reasoning_effort"),
                       LX_S("the model does not think, or cannot be told how much"));
    } else if (w->family->thinking == LX_BEDROCK_THINKS_OPENAI) {
        w->effort = lx_effort_name(effort);
    } else if (w->family->thinking != LX_BEDROCK_THINKS_CLAUDE) {
        w->effort = lx_effort_name(lx_effort_nearest(effort, LX_EFFORTS_THREE));
    } else {
        plan_claude(w, effort);
        if (w->r->tools && (choice == LX_CHOICE_REQUIRED || choice == LX_CHOICE_NAMED))
            stop_thinking(w, LX_S("Claude does not think where tool_choice forces a tool"));
        else if (w->budget && lx_anthropic_thinking_is_lost(w->r))
            stop_thinking(w, LX_S("the thinking that led to the last tool call is not in the "
                                  "history"));
        plan_budget(w);
    }
}

static void write_claude_thinking(struct lx_bedrock_writer *w)
{
    struct lx_out *out = &w->out;
    if (!w->thinks)
        return;
    lx_out_object(out, "thinking");
    lx_out_str(out, "type", w->adaptive ? LX_S("adaptive") : LX_S("enabled"));
    if (!w->adaptive)
        lx_out_int(out, "budget_tokens", w->budget);
    lx_out_object_end(out);
    if (!w->effort.n)
        return;
    lx_out_object(out, "output_config");
    lx_out_str(out, "effort", w->effort);
    lx_out_object_end(out);
}

static void write_thinking(struct lx_bedrock_writer *w)
{
    struct lx_out *out = &w->out;
    if (w->family->thinking == LX_BEDROCK_THINKS_CLAUDE) {
        write_claude_thinking(w);
    } else if (w->effort.n && w->family->thinking == LX_BEDROCK_THINKS_NOVA) {
        lx_out_object(out, "reasoningConfig");
        lx_out_lit(out, "type", "enabled");
        lx_out_str(out, "maxReasoningEffort", w->effort);
        lx_out_object_end(out);
    } else if (w->effort.n && w->family->thinking == LX_BEDROCK_THINKS_OPENAI) {
        lx_out_object(out, "reasoning");
        lx_out_str(out, "effort", w->effort);
        lx_out_object_end(out);
    } else if (w->effort.n) {
        lx_out_str(out,
                   w->family->thinking == LX_BEDROCK_THINKS_EFFORT ? "reasoning_effort"
                                                                   : "reasoning_config",
                   w->effort);
    }
}

/* ---- inferenceConfig ------------------------------------------------------------------------ */

static bool is_given(struct lx_slice json)
{
    return json.n && !lx_slice_eq(json, LX_S("null"));
}

/* Whether a number's text says more than 1. */
static bool is_above_one(struct lx_slice json)
{
    struct lx_slice whole, fraction;
    int64_t n;
    lx_slice_cut(json, '.', &whole, &fraction);
    if (lx_slice_int(whole, &n))
        return false; /* an exponent: the service judges */
    for (size_t i = 0; i < fraction.n; i++)
        if (n == 1 && fraction.p[i] != '0')
            return true;
    return n > 1;
}

static void write_temperature(struct lx_bedrock_writer *w, struct lx_slice json)
{
    bool one = lx_slice_eq(json, LX_S("1")) || lx_slice_eq(json, LX_S("1.0"));
    if (w->thinks) {
        if (!one)
            lx_losses_add(w->b->losses, LX_S("temperature"),
                          LX_S("Claude thinks at temperature 1"));
    } else if (w->o->no_sampling && !one) {
        lx_body_refuse(w->b, w->o, LX_S("temperature"), LX_S("the model takes temperature=1 only"));
    } else if (!is_above_one(json)) {
        lx_out_raw(&w->out, "temperature", json);
    } else if (w->o->modify_params) {
        lx_out_int(&w->out, "temperature", 1);
        lx_losses_add(w->b->losses, LX_S("temperature"), LX_S("lowered to 1, Bedrock's highest"));
    } else {
        lx_body_refuse(w->b, w->o, LX_S("temperature"), LX_S("Bedrock takes 0 to 1"));
    }
}

static void write_top_p(struct lx_bedrock_writer *w, struct lx_slice json)
{
    bool high = is_above_one(json) || lx_slice_starts(json, LX_S("1")) ||
                (lx_slice_starts(json, LX_S("0.9")) && json.n > 3 && json.p[3] >= '5');
    if (w->o->no_sampling)
        lx_body_refuse(w->b, w->o, LX_S("top_p"), LX_S("the model does not take it"));
    else if (w->o->one_sampler && is_given(w->r->params[LX_PARAM_TEMPERATURE]))
        lx_losses_add(w->b->losses, LX_S("top_p"),
                      LX_S("the model takes temperature or top_p, not both"));
    else if (w->thinks && !high)
        lx_losses_add(w->b->losses, LX_S("top_p"), LX_S("Claude takes 0.95 to 1 while thinking"));
    else
        lx_out_raw(&w->out, "topP", json);
}

static void write_stop(struct lx_bedrock_writer *w)
{
    bool open = false;
    for (size_t i = 0; i < w->r->stop_count; i++) {
        bool blank = lx_anthropic_is_blank(w->r->stop[i]);
        if (blank && w->family->thinking == LX_BEDROCK_THINKS_CLAUDE) {
            lx_losses_add(w->b->losses, LX_S("stop"), LX_S("Claude wants more than white space"));
            continue;
        }
        if (!open)
            lx_out_array(&w->out, "stopSequences");
        open = true;
        lx_out_text(&w->out, NULL, w->r->stop[i]);
    }
    if (open)
        lx_out_array_end(&w->out);
}

/* Who asks for less than the model gives gets the least there is. */
static void settle_least(struct lx_bedrock_writer *w)
{
    int64_t asked;
    if (w->max_tokens || !w->family->least_tokens ||
        lx_slice_int(w->r->params[LX_PARAM_MAX_TOKENS], &asked) || asked >= w->family->least_tokens)
        return;
    w->max_tokens = w->family->least_tokens;
    lx_losses_change(w->b->losses, LX_S("max_tokens"), LX_S("the model wants 16 at least"));
}

static void write_inference(struct lx_bedrock_writer *w)
{
    const struct lx_slice *params = w->r->params;
    struct lx_out_mark mark = lx_out_mark(&w->out);
    lx_out_object(&w->out, "inferenceConfig");
    settle_least(w);
    if (w->max_tokens)
        lx_out_int(&w->out, "maxTokens", w->max_tokens);
    else if (is_given(params[LX_PARAM_MAX_TOKENS]))
        lx_out_raw(&w->out, "maxTokens", params[LX_PARAM_MAX_TOKENS]);
    if (is_given(params[LX_PARAM_TEMPERATURE]))
        write_temperature(w, params[LX_PARAM_TEMPERATURE]);
    if (is_given(params[LX_PARAM_TOP_P]))
        write_top_p(w, params[LX_PARAM_TOP_P]);
    write_stop(w);
    lx_out_object_end_or_undo(&w->out, mark);
}

/* ---- What is the model's, and what is Converse's -------------------------------------------- */

/* Members of a Converse request that a client may give under their own names. */
static bool is_converse(struct lx_slice name)
{
    static const char *const names[] = {
        "guardrailConfig",
        "performanceConfig",
        "requestMetadata",
        "promptVariables",
        "serviceTier",
        "outputConfig",
        "additionalModelResponseFieldPaths",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(names[i])))
            return true;
    return false;
}

static void write_converse_extra(struct lx_bedrock_writer *w)
{
    if (w->thinks && !lx_extra_find(w->r->extra, LX_S("additionalModelResponseFieldPaths"))) {
        lx_out_array(&w->out, "additionalModelResponseFieldPaths");
        lx_out_lit(&w->out, NULL, LX_BEDROCK_THOUGHT_PATH);
        lx_out_array_end(&w->out);
    }
    for (const struct lx_extra *x = w->r->extra; x; x = x->next)
        if (is_converse(x->name)) {
            lx_out_name(&w->out, lx_text(x->name));
            lx_out_raw(&w->out, NULL, x->json);
        }
}

static void write_top_k(struct lx_bedrock_writer *w)
{
    struct lx_slice json = w->r->params[LX_PARAM_TOP_K], outer, inner;
    if (!is_given(json))
        return;
    if (w->thinks) {
        lx_losses_add(w->b->losses, LX_S("top_k"), LX_S("Claude does not take it while thinking"));
    } else if (!w->family->top_k || w->o->no_sampling) {
        lx_body_refuse(w->b, w->o, LX_S("top_k"), LX_S("the model has no such parameter"));
    } else if (lx_slice_cut(lx_slice_z(w->family->top_k), '.', &outer, &inner)) {
        lx_out_name(&w->out, lx_text(outer));
        lx_out_object(&w->out, NULL);
        lx_out_raw(&w->out, inner.p, json);
        lx_out_object_end(&w->out);
    } else {
        lx_out_raw(&w->out, w->family->top_k, json);
    }
}

static void write_one_call(struct lx_bedrock_writer *w)
{
    bool tools = w->r->tools && w->r->tool_choice != LX_CHOICE_NONE;
    if (w->r->parallel_tool_calls != LX_NO || !tools)
        return;
    if (!w->family->one_call ||
        (w->r->tool_choice != LX_CHOICE_UNSET && w->r->tool_choice != LX_CHOICE_AUTO)) {
        lx_losses_add(w->b->losses, LX_S("parallel_tool_calls"),
                      LX_S("Bedrock has no such setting for this model and choice"));
        return;
    }
    lx_out_object(&w->out, "tool_choice");
    lx_out_lit(&w->out, "type", "auto");
    lx_out_bool(&w->out, "disable_parallel_tool_use", true);
    lx_out_object_end(&w->out);
}

/* Unknown members, and what stands in the client's own additionalModelRequestFields. */
static void write_model_extra(struct lx_bedrock_writer *w)
{
    const struct lx_extra *given = lx_extra_find(w->r->extra, LX_S("additionalModelRequestFields"));
    for (const struct lx_extra *x = w->r->extra; x; x = x->next) {
        if (x == given || is_converse(x->name))
            continue;
        lx_out_name(&w->out, lx_text(x->name));
        lx_out_raw(&w->out, NULL, x->json);
    }
    if (!given || !lx_inner_read(&w->scratch, given->json, w->b->buf))
        return;
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch)); lx_json_next(&it);) {
        lx_out_name(&w->out, lx_json_text(it.name));
        lx_out_value(&w->out, NULL, it.value);
    }
}

static void write_additional(struct lx_bedrock_writer *w)
{
    struct lx_out_mark mark = lx_out_mark(&w->out);
    lx_out_object(&w->out, "additionalModelRequestFields");
    write_thinking(w);
    write_top_k(w);
    write_one_call(w);
    write_model_extra(w);
    lx_out_object_end_or_undo(&w->out, mark);
}

/* The schema is a string there, which holds JSON. */
static void write_format(struct lx_bedrock_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    struct lx_out *out = &w->out;
    if (f->kind != LX_FORMAT_SCHEMA || !f->schema.n || w->json_tool ||
        lx_extra_find(w->r->extra, LX_S("outputConfig")))
        return;
    struct lx_buf schema;
    lx_buf_init(&schema, w->b->buf->max);
    struct lx_out inner = lx_out(&schema);
    if (lx_inner_read(&w->scratch, f->schema, w->b->buf))
        lx_anthropic_schema_write(&inner, NULL, lx_json_root(&w->scratch));
    lx_out_object(out, "outputConfig");
    lx_out_object(out, "textFormat");
    lx_out_lit(out, "type", "json_schema");
    lx_out_object(out, "structure");
    lx_out_object(out, "jsonSchema");
    lx_out_str(out, "schema", lx_buf_slice(&schema));
    if (f->name.s.n)
        lx_out_text(out, "name", f->name);
    if (f->description.s.n)
        lx_out_text(out, "description", f->description);
    lx_out_object_end(out);
    lx_out_object_end(out);
    lx_out_object_end(out);
    lx_out_object_end(out);
    if (schema.failed && !out->buf->failed)
        out->buf->failed = schema.failed;
    lx_buf_clear(&schema);
}

/* ---- The table of scalars ------------------------------------------------------------------- */

static void write_service_tier(struct lx_bedrock_writer *w, struct lx_slice json)
{
    if (lx_scalar_is_noop("|\"auto\"|", json) || lx_extra_find(w->r->extra, LX_S("serviceTier")))
        return;
    lx_out_object(&w->out, "serviceTier");
    lx_out_raw(&w->out, "type", json);
    lx_out_object_end(&w->out);
}

static const struct lx_scalar scalars[] = {
    {LX_PARAM_N, LX_SCALAR_REFUSED, NULL, "|1|", "Bedrock gives one answer"},
    {LX_PARAM_MIN_P, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Bedrock has no such parameter"},
    {LX_PARAM_SEED, LX_SCALAR_REFUSED, NULL, NULL, "Bedrock takes no seed"},
    {LX_PARAM_PRESENCE_PENALTY, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Bedrock has no penalties"},
    {LX_PARAM_FREQUENCY_PENALTY, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Bedrock has no penalties"},
    {LX_PARAM_REPETITION_PENALTY, LX_SCALAR_REFUSED, NULL, "|1|1.0|", "Bedrock has no penalties"},
    {LX_PARAM_LOGIT_BIAS, LX_SCALAR_REFUSED, NULL, "|{}|", "Bedrock does not bias tokens"},
    {LX_PARAM_LOGPROBS, LX_SCALAR_REFUSED, NULL, "|false|", "Bedrock gives no log-probabilities"},
    {LX_PARAM_TOP_LOGPROBS, LX_SCALAR_REFUSED, NULL, "|0|", "Bedrock gives no log-probabilities"},
    {LX_PARAM_MODALITIES, LX_SCALAR_REFUSED, NULL, "|[\"text\"]|", "Bedrock answers in text"},
    {LX_PARAM_AUDIO, LX_SCALAR_REFUSED, NULL, NULL, "Bedrock does not speak"},
    {LX_PARAM_CONTAINER, LX_SCALAR_REFUSED, NULL, NULL, "Bedrock has no containers"},
    {LX_PARAM_MCP_SERVERS, LX_SCALAR_REFUSED, NULL, "|[]|", "Bedrock calls no MCP servers"},
    {LX_PARAM_CONTEXT_MANAGEMENT, LX_SCALAR_LOST, NULL, NULL, "Bedrock does not edit the context"},
    {LX_PARAM_INFERENCE_GEO, LX_SCALAR_LOST, NULL, NULL, "the region says where Bedrock computes"},
    {LX_PARAM_USER, LX_SCALAR_LOST, NULL, NULL, "Bedrock keeps no user; see requestMetadata"},
    {LX_PARAM_SAFETY_IDENTIFIER, LX_SCALAR_LOST, NULL, NULL,
     "Bedrock keeps no user; see requestMetadata"},
    {LX_PARAM_METADATA, LX_SCALAR_LOST, NULL, "|{}|", "Bedrock has requestMetadata"},
    {LX_PARAM_STORE, LX_SCALAR_LOST, NULL, "|false|", "Bedrock stores no completions"},
    {LX_PARAM_PREDICTION, LX_SCALAR_LOST, NULL, NULL, "Bedrock takes no prediction"},
    {LX_PARAM_VERBOSITY, LX_SCALAR_LOST, NULL, "|\"medium\"|", "Bedrock takes no verbosity"},
    {LX_PARAM_PROMPT_CACHE_KEY, LX_SCALAR_LOST, NULL, NULL, "Bedrock caches by cachePoint"},
    {LX_PARAM_PROMPT_CACHE_RETENTION, LX_SCALAR_LOST, NULL, NULL, "Bedrock caches by cachePoint"},
};

static void write_params(struct lx_bedrock_writer *w)
{
    write_service_tier(w, w->r->params[LX_PARAM_SERVICE_TIER]);
    lx_scalars_write(scalars, sizeof(scalars) / sizeof(scalars[0]), w->o, w->r, NULL, w->b,
                     &w->out);
}

static void plan(struct lx_bedrock_writer *w)
{
    const struct lx_request *r = w->r;
    bool tools = r->tools && r->tool_choice != LX_CHOICE_NONE;
    plan_thinking(w);
    w->json_tool =
        !w->o->native_json_schema && r->format.kind == LX_FORMAT_SCHEMA && r->format.schema.n;
    w->dummy_tool = !tools && !w->json_tool && lx_request_has_called(r);
}

void lx_bedrock_write_request(const struct lx_write_options *o, const struct lx_request *r,
                              struct lx_body *b)
{
    struct lx_bedrock_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    w.family = lx_bedrock_family_of(o);
    lx_json_doc_init(&w.scratch);
    plan(&w);

    lx_out_object(&w.out, NULL);
    lx_bedrock_messages_write(&w);
    write_inference(&w);
    lx_bedrock_tools_write(&w);
    write_format(&w);
    write_params(&w);
    write_converse_extra(&w);
    write_additional(&w);
    lx_out_object_end(&w.out);
    lx_message_members_lose(r, NULL, b);

    lx_json_doc_clear(&w.scratch);
    lx_body_end(b);
}
