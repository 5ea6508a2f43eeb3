/*
 * anthropic_write.c - back: the canonical request -> a Messages API body, all but its messages
 * and tools.
 *
 * The API is strict where OpenAI's is lenient (a limit must be given, thinking excludes several
 * settings), so a request from another language is planned first and written then. A request that
 * came in this language is written as it was asked: its author knows the rules, and the provider's
 * own error is better than our guess.
 *
 * Two ways to leave something out: lose() what only costs comfort or money, refuse() what would
 * change the answer.
 */
#include "dialect/anthropic.h"
#include "dialect/scalar.h"
#include "dialect/lost.h"

enum {
    DEFAULT_MAX_TOKENS = 4096, /* LiteLLM's DEFAULT_ANTHROPIC_CHAT_MAX_TOKENS */
    MIN_BUDGET = 1024,         /* ThinkingConfigEnabled.budget_tokens, minimum */
};

void lx_anthropic_cache_write(struct lx_out *out, const struct lx_cache_mark *c,
                              const struct lx_extra *extra)
{
    if (!c->set || lx_extra_find(extra, LX_S("cache_control")))
        return;
    lx_out_object(out, "cache_control");
    lx_out_lit(out, "type", "ephemeral");
    if (lx_slice_eq(c->ttl, LX_S("5m")) || lx_slice_eq(c->ttl, LX_S("1h")))
        lx_out_str(out, "ttl", c->ttl);
    lx_out_object_end(out);
}

/* ---- Thinking and the room for it ---------------------------------------------------------- */

static void plan_own_thinking(struct lx_anthropic_writer *w)
{
    const struct lx_reasoning *reasoning = &w->r->reasoning;
    w->effort = reasoning->effort;
    w->budget = reasoning->budget_tokens;
    if (reasoning->kind == LX_REASONING_OFF)
        w->thinking = LX_THINK_OFF;
    else if (reasoning->kind == LX_REASONING_ADAPTIVE)
        w->thinking = LX_THINK_ADAPTIVE;
    else if (reasoning->kind == LX_REASONING_ON && w->budget)
        w->thinking = LX_THINK_BUDGET;
}

static void plan_effort(struct lx_anthropic_writer *w)
{
    struct lx_slice asked = w->r->reasoning.effort;
    enum lx_effort effort = asked.n ? lx_effort_find(asked) : LX_EFFORT_MEDIUM;
    if (effort == LX_EFFORT_COUNT) {
        lx_body_refuse(w->b, w->o, LX_S("reasoning_effort"), LX_EFFORT_WORDS);
    } else if (w->o->adaptive_thinking) {
        w->thinking = LX_THINK_ADAPTIVE;
        w->effort = asked.n ? lx_effort_name(lx_effort_nearest(effort, LX_EFFORTS_CLAUDE)) : asked;
    } else {
        w->thinking = LX_THINK_BUDGET;
        w->budget = lx_effort_budget(effort);
    }
}

static void plan_foreign_thinking(struct lx_anthropic_writer *w)
{
    const struct lx_reasoning *reasoning = &w->r->reasoning;
    if (reasoning->kind == LX_REASONING_UNSET)
        return;
    if (reasoning->kind == LX_REASONING_OFF || lx_slice_eq(reasoning->effort, LX_S("none"))) {
        w->thinking = LX_THINK_OFF;
    } else if (reasoning->budget_tokens) {
        w->thinking = LX_THINK_BUDGET;
        w->budget = reasoning->budget_tokens;
        if (reasoning->effort.n && w->o->adaptive_thinking)
            w->effort = reasoning->effort;
    } else {
        plan_effort(w);
    }
}

static bool thinks(const struct lx_anthropic_writer *w)
{
    return w->thinking == LX_THINK_BUDGET || w->thinking == LX_THINK_ADAPTIVE;
}

static void stop_thinking(struct lx_anthropic_writer *w, struct lx_slice why)
{
    w->thinking = LX_THINK_UNSET;
    w->effort = lx_slice(NULL, 0);
    lx_losses_add(w->b->losses, LX_S("reasoning_effort"), why);
}

/* What the API refuses together with thinking, where thinking is the lesser wish. */
static void plan_conflicts(struct lx_anthropic_writer *w)
{
    enum lx_tool_choice_kind choice = w->r->tool_choice;
    if (!thinks(w))
        return;
    if (w->r->tools && (choice == LX_CHOICE_REQUIRED || choice == LX_CHOICE_NAMED))
        stop_thinking(w, LX_S("Anthropic does not think where tool_choice forces a tool"));
    else if (w->thinking == LX_THINK_BUDGET && lx_anthropic_thinking_is_lost(w->r))
        stop_thinking(w, LX_S("the thinking that led to the last tool call is not in the history"));
}

/* The limit covers thinking and answer. A budget that came from an effort gives way to the
 * client's limit; a budget that the client asked for raises it, as LiteLLM does. */
static void plan_max_tokens(struct lx_anthropic_writer *w)
{
    int64_t otherwise = w->o->default_max_tokens ? w->o->default_max_tokens : DEFAULT_MAX_TOKENS;
    bool asked = w->r->params[LX_PARAM_MAX_TOKENS].n != 0;

    w->max_tokens_known =
        !asked || lx_request_param_int(w->r, LX_PARAM_MAX_TOKENS, &w->max_tokens) == 0;
    if (!asked)
        w->max_tokens = otherwise;
    if (w->same || w->thinking != LX_THINK_BUDGET || !w->max_tokens_known)
        return;
    if (!asked) {
        w->max_tokens = w->budget < w->o->default_max_tokens ? otherwise : w->budget + otherwise;
    } else if (w->budget < w->max_tokens) {
        return;
    } else if (w->r->reasoning.budget_tokens) {
        w->max_tokens += w->budget;
        lx_losses_add(w->b->losses, LX_S("max_tokens"),
                      LX_S("raised: Anthropic wants more than thinking's budget_tokens"));
    } else if (w->max_tokens > MIN_BUDGET) {
        w->budget = w->max_tokens / 2 > MIN_BUDGET ? w->max_tokens / 2 : MIN_BUDGET;
    } else {
        stop_thinking(w, LX_S("max_tokens leaves no room for Anthropic's least budget, 1024"));
    }
}

static void plan(struct lx_anthropic_writer *w)
{
    if (w->same) {
        plan_own_thinking(w);
    } else {
        plan_foreign_thinking(w);
        plan_conflicts(w);
    }
    plan_max_tokens(w);
    w->has_tools = lx_anthropic_tools_wanted(w);
    if (!w->has_tools && lx_request_has_called(w->r) && (!w->same || w->o->modify_params))
        w->has_tools = w->dummy_tool = true;
    if (w->dummy_tool)
        lx_losses_change(w->b->losses, LX_S("tools"), LX_REPAIR_TOOL);
}

static void write_thinking(struct lx_anthropic_writer *w)
{
    static const char *const types[] = {[LX_THINK_OFF] = "disabled",
                                        [LX_THINK_BUDGET] = "enabled",
                                        [LX_THINK_ADAPTIVE] = "adaptive"};
    struct lx_slice display = w->r->reasoning.summary;
    if (w->thinking == LX_THINK_UNSET || lx_extra_find(w->r->extra, LX_S("thinking")))
        return;
    lx_out_object(&w->out, "thinking");
    lx_out_str(&w->out, "type", lx_slice_z(types[w->thinking]));
    if (w->thinking == LX_THINK_BUDGET)
        lx_out_int(&w->out, "budget_tokens", w->budget);
    /* Adaptive thinking is not shown unless asked for; OpenAI's summaries mean the same. */
    if (!w->same && !lx_slice_eq(display, LX_S("omitted")) &&
        (display.n || w->thinking == LX_THINK_ADAPTIVE))
        display = LX_S("summarized");
    if (display.n && thinks(w))
        lx_out_str(&w->out, "display", display);
    lx_out_object_end(&w->out);
}

static void write_output_config(struct lx_anthropic_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    bool schema = f->kind == LX_FORMAT_SCHEMA && f->schema.n && !lx_anthropic_needs_json_tool(w);
    if ((!schema && !w->effort.n) || lx_extra_find(w->r->extra, LX_S("output_config")))
        return;
    lx_out_object(&w->out, "output_config");
    if (w->effort.n)
        lx_out_str(&w->out, "effort", w->effort);
    if (schema) {
        lx_out_object(&w->out, "format");
        lx_out_lit(&w->out, "type", "json_schema");
        if (!w->same && lx_inner_read(&w->scratch, f->schema, w->b->buf))
            lx_anthropic_schema_write(&w->out, "schema", lx_json_root(&w->scratch));
        else
            lx_out_raw(&w->out, "schema", f->schema);
        lx_out_object_end(&w->out);
    }
    lx_out_object_end(&w->out);
}

/* ---- Scalars ------------------------------------------------------------------------------- */

/* The value of a JSON number; only ever compared with a limit, never sent. By hand, for strtod()
 * asks the process's locale what a decimal point is. */
static double number(struct lx_slice json)
{
    struct lx_slice digits, power;
    double value = 0, scale = 1;
    int64_t exponent = 0;
    bool fraction = false, scientific = lx_slice_cut(json, 'e', &digits, &power) ||
                                        lx_slice_cut(json, 'E', &digits, &power);
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] >= '0' && digits.p[i] <= '9') {
            value = value * 10 + (digits.p[i] - '0');
            exponent -= fraction;
        }
        fraction |= digits.p[i] == '.';
    }
    int64_t given = 0;
    if (scientific && lx_slice_starts(power, LX_S("+")))
        power = lx_slice_from(power, 1);
    if (scientific && lx_slice_int(power, &given) == 0)
        exponent += given < -999 ? -999 : given > 999 ? 999 : given;
    for (int64_t n = exponent < 0 ? -exponent : exponent; n > 0 && scale < 1e300; n--)
        scale *= 10;
    value = exponent < 0 ? value / scale : value * scale;
    return lx_slice_starts(json, LX_S("-")) ? -value : value;
}

/* Zero to one here, zero to two at OpenAI's; none but 1 while thinking. */
static void write_temperature(struct lx_anthropic_writer *w, struct lx_slice json)
{
    double value = number(json);
    if (w->o->no_sampling && !w->same && !thinks(w) && (value < 1 || value > 1)) {
        lx_body_refuse(w->b, w->o, LX_S("temperature"), LX_S("the model takes temperature=1 only"));
    } else if (!w->same && thinks(w) && (value < 1 || value > 1)) {
        lx_losses_add(w->b->losses, LX_S("temperature"), LX_S("Anthropic thinks at temperature 1"));
    } else if (w->same || value <= 1) {
        lx_out_raw(&w->out, "temperature", json);
    } else if (w->o->modify_params) {
        lx_out_int(&w->out, "temperature", 1);
        lx_losses_add(w->b->losses, LX_S("temperature"), LX_S("lowered to 1, Anthropic's highest"));
    } else {
        lx_body_refuse(w->b, w->o, LX_S("temperature"), LX_S("Anthropic takes 0 to 1"));
    }
}

static void write_top_p(struct lx_anthropic_writer *w, struct lx_slice json)
{
    struct lx_slice what = LX_S("top_p");
    if (w->same)
        lx_out_raw(&w->out, "top_p", json);
    else if (w->o->no_sampling)
        lx_body_refuse(w->b, w->o, what, LX_S("the model does not take it"));
    else if (w->o->one_sampler && w->r->params[LX_PARAM_TEMPERATURE].n)
        lx_losses_add(w->b->losses, what, LX_S("the model takes temperature or top_p, not both"));
    else if (thinks(w) && number(json) < 0.95)
        lx_losses_add(w->b->losses, what, LX_S("Anthropic takes 0.95 to 1 while thinking"));
    else
        lx_out_raw(&w->out, "top_p", json);
}

static void write_top_k(struct lx_anthropic_writer *w, struct lx_slice json)
{
    if (!w->same && thinks(w))
        lx_losses_add(w->b->losses, LX_S("top_k"),
                      LX_S("Anthropic does not take it while thinking"));
    else if (!w->same && w->o->no_sampling)
        lx_body_refuse(w->b, w->o, LX_S("top_k"), LX_S("the model does not take it"));
    else
        lx_out_raw(&w->out, "top_k", json);
}

static void write_service_tier(struct lx_anthropic_writer *w, struct lx_slice json)
{
    static const struct {
        struct lx_slice from, to;
    } tiers[] = {
        {LX_S_INIT("\"auto\""), LX_S_INIT("auto")},
        {LX_S_INIT("\"priority\""), LX_S_INIT("auto")},
        {LX_S_INIT("\"default\""), LX_S_INIT("standard_only")},
        {LX_S_INIT("\"standard_only\""), LX_S_INIT("standard_only")},
    };
    for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
        if (lx_slice_eq(tiers[i].from, json)) {
            lx_out_str(&w->out, "service_tier", tiers[i].to);
            return;
        }
    }
    if (w->same)
        lx_out_raw(&w->out, "service_tier", json);
    else
        lx_losses_add(w->b->losses, LX_S("service_tier"),
                      LX_S("Anthropic has auto and standard_only"));
}

static void write_mcp_servers(struct lx_anthropic_writer *w, struct lx_slice json)
{
    w->betas |= LX_BETA_MCP; /* unless the tools hold an mcp_toolset: the later beta */
    lx_out_raw(&w->out, "mcp_servers", json);
}

static void write_container(struct lx_anthropic_writer *w, struct lx_slice json)
{
    if (lx_slice_find(json, LX_S("\"skills\"")) >= 0)
        w->betas |= LX_BETA_SKILLS | LX_BETA_CODE;
    lx_out_raw(&w->out, "container", json);
}

/* OpenAI's list: [{"type":"compaction","compact_threshold":N}] */
static void write_compaction(struct lx_anthropic_writer *w, struct lx_json list)
{
    lx_out_object(&w->out, "context_management");
    lx_out_array(&w->out, "edits");
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        struct lx_json threshold = LX_GET(it.value, "compact_threshold");
        if (!lx_json_eq(LX_GET(it.value, "type"), LX_S("compaction"))) {
            lx_body_refuse(w->b, w->o, LX_S("context_management"),
                           LX_S("only compaction is known"));
            continue;
        }
        lx_out_object(&w->out, NULL);
        lx_out_lit(&w->out, "type", "compact_20260112");
        if (lx_json_is(threshold, LX_JSON_NUMBER)) {
            lx_out_object(&w->out, "trigger");
            lx_out_lit(&w->out, "type", "input_tokens");
            lx_out_value(&w->out, "value", threshold);
            lx_out_object_end(&w->out);
        }
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
    lx_out_object_end(&w->out);
}

static void write_context_management(struct lx_anthropic_writer *w, struct lx_slice json)
{
    w->betas |= LX_BETA_CONTEXT;
    if (lx_slice_find(json, LX_S("compact")) >= 0)
        w->betas |= LX_BETA_COMPACT;
    if (json.p[0] == '[' && lx_inner_read(&w->scratch, json, w->b->buf))
        write_compaction(w, lx_json_root(&w->scratch));
    else
        lx_out_raw(&w->out, "context_management", json);
}

/* Anthropic asks for opaque ids and refuses addresses and telephone numbers (so LiteLLM found). */
static bool is_personal(struct lx_slice json)
{
    struct lx_slice s = json.n > 2 ? lx_slice(json.p + 1, json.n - 2) : lx_slice("", 0);
    ssize_t at = lx_slice_find_byte(s, '@');
    size_t digits = 0, others = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9')
            digits++;
        else if (!memchr(" ()-+", s.p[i], 5))
            others++;
    }
    bool telephone = digits >= 7 && !others;
    return telephone ||
           (at > 0 && lx_slice_find_byte(s, ' ') < 0 && lx_slice_find_byte(s, '{') < 0 &&
            lx_slice_find_byte(lx_slice_from(s, (size_t)at), '.') > 0);
}

/* metadata.user_id, from where the request's language has it. */
static void write_metadata(struct lx_anthropic_writer *w)
{
    const struct lx_slice *params = w->r->params;
    struct lx_slice user = params[LX_PARAM_USER];

    if (w->same && params[LX_PARAM_METADATA].n) {
        lx_out_raw(&w->out, "metadata", params[LX_PARAM_METADATA]);
        return;
    }
    if (!user.n)
        user = params[LX_PARAM_SAFETY_IDENTIFIER];
    if (params[LX_PARAM_METADATA].n &&
        lx_inner_read(&w->scratch, params[LX_PARAM_METADATA], w->b->buf)) {
        struct lx_json id = LX_GET(lx_json_root(&w->scratch), "user_id");
        if (!user.n && lx_json_is(id, LX_JSON_STRING))
            user = lx_json_raw(id);
        else if (lx_json_count(lx_json_root(&w->scratch)))
            lx_losses_add(w->b->losses, LX_S("metadata"), LX_S("Anthropic keeps a user_id only"));
    }
    if (!user.n)
        return;
    if (!w->same && is_personal(user)) {
        lx_losses_add(w->b->losses, LX_S("user"),
                      LX_S("Anthropic refuses addresses and numbers as ids"));
        return;
    }
    lx_out_object(&w->out, "metadata");
    lx_out_raw(&w->out, "user_id", user);
    lx_out_object_end(&w->out);
}

/* ---- The table of scalars ------------------------------------------------------------------ */

static const struct lx_scalar scalars[] = {
    {LX_PARAM_INFERENCE_GEO, LX_SCALAR_KEPT, "inference_geo", NULL, NULL},
    {LX_PARAM_N, LX_SCALAR_REFUSED, NULL, "|1|", "Anthropic gives one answer"},
    {LX_PARAM_MIN_P, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Anthropic has no such parameter"},
    {LX_PARAM_SEED, LX_SCALAR_REFUSED, NULL, NULL, "Anthropic takes no seed"},
    {LX_PARAM_PRESENCE_PENALTY, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Anthropic has no penalties"},
    {LX_PARAM_FREQUENCY_PENALTY, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Anthropic has no penalties"},
    {LX_PARAM_REPETITION_PENALTY, LX_SCALAR_REFUSED, NULL, "|1|1.0|", "Anthropic has no penalties"},
    {LX_PARAM_LOGIT_BIAS, LX_SCALAR_REFUSED, NULL, "|{}|", "Anthropic does not bias tokens"},
    {LX_PARAM_LOGPROBS, LX_SCALAR_REFUSED, NULL, "|false|", "Anthropic gives no log-probabilities"},
    {LX_PARAM_TOP_LOGPROBS, LX_SCALAR_REFUSED, NULL, "|0|", "Anthropic gives no log-probabilities"},
    {LX_PARAM_MODALITIES, LX_SCALAR_REFUSED, NULL, "|[\"text\"]|", "Anthropic answers in text"},
    {LX_PARAM_AUDIO, LX_SCALAR_REFUSED, NULL, NULL, "Anthropic does not speak"},
    {LX_PARAM_STORE, LX_SCALAR_LOST, NULL, "|false|", "Anthropic stores no completions"},
    {LX_PARAM_PREDICTION, LX_SCALAR_LOST, NULL, NULL, "Anthropic takes no prediction"},
    {LX_PARAM_VERBOSITY, LX_SCALAR_LOST, NULL, "|\"medium\"|", "Anthropic takes no verbosity"},
    {LX_PARAM_PROMPT_CACHE_KEY, LX_SCALAR_LOST, NULL, NULL, "Anthropic caches by cache_control"},
    {LX_PARAM_PROMPT_CACHE_RETENTION, LX_SCALAR_LOST, NULL, NULL,
     "Anthropic caches by cache_control"},
};

static void write_params(struct lx_anthropic_writer *w)
{
    static const struct {
        enum lx_param param;
        void (*write)(struct lx_anthropic_writer *w, struct lx_slice json);
    } written[] = {
        {LX_PARAM_TEMPERATURE, write_temperature},
        {LX_PARAM_TOP_P, write_top_p},
        {LX_PARAM_TOP_K, write_top_k},
        {LX_PARAM_SERVICE_TIER, write_service_tier},
        {LX_PARAM_MCP_SERVERS, write_mcp_servers},
        {LX_PARAM_CONTAINER, write_container},
        {LX_PARAM_CONTEXT_MANAGEMENT, write_context_management},
    };
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        struct lx_slice json = w->r->params[written[i].param];
        if (!lx_scalar_is_noop(NULL, json))
            written[i].write(w, json);
    }
    lx_scalars_write(scalars, sizeof(scalars) / sizeof(scalars[0]), w->o, w->r, NULL, w->b,
                     &w->out);
    write_metadata(w);
}

/* ---- The rest ------------------------------------------------------------------------------ */

static void write_stop(struct lx_anthropic_writer *w)
{
    bool open = false;
    for (size_t i = 0; i < w->r->stop_count; i++) {
        struct lx_text stop = w->r->stop[i];
        if (!w->same && lx_anthropic_is_blank(stop)) {
            lx_losses_add(w->b->losses, LX_S("stop"),
                          LX_S("Anthropic wants more than white space"));
            continue;
        }
        if (!open)
            lx_out_array(&w->out, "stop_sequences");
        open = true;
        lx_out_text(&w->out, NULL, stop);
    }
    if (open)
        lx_out_array_end(&w->out);
}

/* Unknown members go along, but never a second time under a name that was written. */
static void write_extra(struct lx_anthropic_writer *w)
{
    static const char *const own[] = {"model",    "messages",    "max_tokens",     "system",
                                      "tools",    "tool_choice", "stop_sequences", "stream",
                                      "metadata", NULL};
    for (const struct lx_extra *x = w->r->extra; x; x = x->next) {
        bool ours = false;
        for (size_t i = 0; own[i] && !ours; i++)
            ours = lx_slice_eq(x->name, lx_slice_z(own[i]));
        if (ours && !(lx_slice_eq(x->name, LX_S("stop_sequences")) && !w->r->stop_count)) {
            lx_losses_add(w->b->losses, x->name,
                          LX_S("it is written from the request's own members"));
            continue;
        }
        if (lx_slice_eq(x->name, LX_S("speed")) && lx_slice_eq(x->json, LX_S("\"fast\"")))
            w->betas |= LX_BETA_FAST;
        lx_out_name(&w->out, lx_text(x->name));
        lx_out_raw(&w->out, NULL, x->json);
    }
}

/* Features that want a beta header, by the API reference of 2026-08 and LiteLLM's own list. */
static const struct {
    unsigned bit;
    const char *name;
} betas[] = {
    {LX_BETA_FILES, "files-api-2025-04-14"},
    {LX_BETA_MCP, "mcp-client-2025-04-04"},
    {LX_BETA_MCP_2025_11, "mcp-client-2025-11-20"},
    {LX_BETA_CONTEXT, "context-management-2025-06-27"},
    {LX_BETA_COMPACT, "compact-2026-01-12"},
    {LX_BETA_CODE, "code-execution-2025-08-25"},
    {LX_BETA_COMPUTER_2024, "computer-use-2024-10-22"},
    {LX_BETA_COMPUTER_2025_01, "computer-use-2025-01-24"},
    {LX_BETA_COMPUTER_2025_11, "computer-use-2025-11-24"},
    {LX_BETA_WEB_FETCH, "web-fetch-2025-09-10"},
    {LX_BETA_TOOL_SEARCH, "advanced-tool-use-2025-11-20"},
    {LX_BETA_ADVISOR, "advisor-tool-2026-03-01"},
    {LX_BETA_SKILLS, "skills-2025-10-02"},
    {LX_BETA_FAST, "fast-mode-2026-02-01"},
    {LX_BETA_WEB_SEARCH, "web-search-2025-03-05"},
};

static void write_betas(struct lx_anthropic_writer *w)
{
    struct lx_slice all = {NULL, 0};
    if (!w->o->model_outside) /* on Vertex AI it is a beta still (its page on web search, 2026) */
        w->betas &= ~(unsigned)LX_BETA_WEB_SEARCH;
    if (w->betas & LX_BETA_MCP_2025_11)
        w->betas &= ~(unsigned)LX_BETA_MCP;
    for (size_t i = 0; i < sizeof(betas) / sizeof(betas[0]); i++) {
        if (!(w->betas & betas[i].bit))
            continue;
        all = all.n ? lx_arena_printf(w->b->arena, "%.*s,%s", LX_F(all), betas[i].name)
                    : lx_slice_z(betas[i].name);
    }
    if (all.n && w->b->headers)
        lx_header_list_set(w->b->headers, LX_S("anthropic-beta"), all);
}

void lx_anthropic_write_request(const struct lx_write_options *o, const struct lx_request *r,
                                struct lx_body *b)
{
    struct lx_anthropic_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    w.same = lx_slice_eq(r->language, LX_ANTHROPIC);
    lx_json_doc_init(&w.scratch);
    plan(&w);

    lx_out_object(&w.out, NULL);
    if (!o->model_outside)
        lx_out_str(&w.out, "model", o->model);
    if (w.max_tokens_known)
        lx_out_int(&w.out, "max_tokens", w.max_tokens);
    else
        lx_out_raw(&w.out, "max_tokens", r->params[LX_PARAM_MAX_TOKENS]);
    lx_anthropic_cache_write(&w.out, &r->cache, r->extra);
    lx_anthropic_messages_write(&w);
    lx_anthropic_tools_write(&w);
    write_thinking(&w);
    write_output_config(&w);
    write_params(&w);
    write_stop(&w);
    if (r->stream)
        lx_out_bool(&w.out, "stream", true);
    write_extra(&w);
    lx_out_object_end(&w.out);
    write_betas(&w);
    if (!w.same)
        lx_message_members_lose(r, NULL, b);

    lx_json_doc_clear(&w.scratch);
    lx_body_end(b);
}
