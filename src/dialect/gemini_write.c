/*
 * gemini_write.c - back: the canonical request -> a generateContent body, all but its contents and
 * tools.
 *
 * Most of what other languages have at the top stands in generationConfig here. A client may also
 * write Google's own members (LiteLLM lets it, and so do OpenAI's SDKs by extra_body): they are
 * passed on, in either of Google's spellings, and where they say the same as a parameter they say
 * it last.
 *
 * Two ways to leave something out: lose() what only costs comfort or money, refuse() what would
 * change the answer.
 */
#include "dialect/gemini.h"
#include "dialect/scalar.h"
#include "dialect/lost.h"
#include "llm/effort.h"

/* ---- Names ---------------------------------------------------------------------------------- */

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

bool lx_gemini_name_eq(struct lx_slice a, const char *b)
{
    size_t i = 0;
    for (; *b && i < a.n; b++, i++) {
        bool snake = a.p[i] == '_' && i + 1 < a.n && *b >= 'A' && *b <= 'Z';
        if (snake)
            i++;
        if (a.p[i] != *b && !(snake && upper(a.p[i]) == *b))
            return false;
    }
    return !*b && i == a.n;
}

const struct lx_extra *lx_gemini_extra_find(const struct lx_extra *x, const char *name)
{
    while (x && !lx_gemini_name_eq(x->name, name))
        x = x->next;
    return x;
}

/* Members of generationConfig that clients of other languages put beside their own. */
static const char *const config_names[] = {
    "thinkingConfig",
    "mediaResolution",
    "imageConfig",
    "speechConfig",
    "responseModalities",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "candidateCount",
    "maxOutputTokens",
    "stopSequences",
    "topK",
    "topP",
    "audioTimestamp",
    "routingConfig",
    "enableEnhancedCivicAnswers",
    "responseLogprobs",
    "presencePenalty",
    "frequencyPenalty",
};

static const char *config_name(struct lx_slice name)
{
    for (size_t i = 0; i < sizeof(config_names) / sizeof(config_names[0]); i++)
        if (lx_gemini_name_eq(name, config_names[i]))
            return config_names[i];
    return NULL;
}

/* What the client says in Google's own words: within a generationConfig, and beside its own. */
static const struct lx_extra *given_config(struct lx_gemini_writer *w)
{
    const struct lx_extra *config = lx_gemini_extra_find(w->r->extra, "generationConfig");
    struct lx_extra *first = NULL, **at = &first;
    if (config && lx_inner_read(&w->scratch, config->json, w->b->buf))
        for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch)); lx_json_next(&it);) {
            struct lx_extra *x = lx_json_is(it.name, LX_JSON_STRING)
                                     ? lx_extra_add(&at, it.name, it.value, w->b->arena)
                                     : NULL;
            if (x && config_name(x->name))
                x->name = lx_slice_z(config_name(x->name));
        }
    for (const struct lx_extra *x = w->r->extra; x; x = x->next) {
        struct lx_extra *copy =
            config_name(x->name) ? lx_arena_new(w->b->arena, struct lx_extra) : NULL;
        if (!copy)
            continue;
        *copy = (struct lx_extra){lx_slice_z(config_name(x->name)), x->json, NULL};
        *at = copy;
        at = &copy->next;
    }
    return first;
}

static bool is_given(const struct lx_gemini_writer *w, const char *name)
{
    return lx_extra_find(w->given, lx_slice_z(name)) != NULL;
}

/* ---- Thinking ------------------------------------------------------------------------------- */

static bool model_has(const struct lx_gemini_writer *w, struct lx_slice word)
{
    return lx_slice_find(w->o->model, word) >= 0;
}

/* The least that a model may think (ai.google.dev/gemini-api/docs/thinking; LiteLLM). */
static int64_t least_budget(const struct lx_gemini_writer *w)
{
    return model_has(w, LX_S("flash-lite")) ? 512 : model_has(w, LX_S("pro")) ? 128 : 1;
}

/* Gemini 3's levels, as the enum of Vertex AI's proto has them; AI Studio was recorded to take them
 * in either case. The pro models know no minimal level, and the first of them no medium one. */
static struct lx_slice level_of(const struct lx_gemini_writer *w, enum lx_effort effort)
{
    static const struct lx_slice levels[LX_EFFORT_COUNT] = {
        [LX_EFFORT_MINIMAL] = LX_S_INIT("MINIMAL"),
        [LX_EFFORT_LOW] = LX_S_INIT("LOW"),
        [LX_EFFORT_MEDIUM] = LX_S_INIT("MEDIUM"),
        [LX_EFFORT_HIGH] = LX_S_INIT("HIGH"),
    };
    unsigned set = LX_EFFORTS_THREE | LX_EFFORT_BIT(MINIMAL);
    if (model_has(w, LX_S("-pro")))
        set &= ~LX_EFFORT_BIT(MINIMAL);
    if (model_has(w, LX_S("gemini-3-pro")))
        set &= ~LX_EFFORT_BIT(MEDIUM);
    return levels[lx_effort_nearest(effort, set)];
}

static void write_no_thinking(struct lx_gemini_writer *w)
{
    bool always = w->third || model_has(w, LX_S("2.5-pro"));
    if (always)
        lx_losses_add(w->b->losses, LX_S("reasoning_effort"),
                      LX_S("the model always thinks: asked to do so as little as it can"));
    if (w->third)
        lx_out_str(&w->out, "thinkingLevel", level_of(w, LX_EFFORT_MINIMAL));
    else
        lx_out_int(&w->out, "thinkingBudget", always ? least_budget(w) : 0);
}

static void write_effort(struct lx_gemini_writer *w, struct lx_slice asked)
{
    enum lx_effort effort = lx_effort_find(asked);
    if (effort == LX_EFFORT_COUNT)
        lx_body_refuse(w->b, w->o, LX_S("reasoning_effort"), LX_EFFORT_WORDS);
    else if (w->third)
        lx_out_str(&w->out, "thinkingLevel", level_of(w, effort));
    else
        lx_out_int(&w->out, "thinkingBudget",
                   effort == LX_EFFORT_MINIMAL ? least_budget(w) : lx_effort_budget(effort));
}

static void write_thinking(struct lx_gemini_writer *w)
{
    const struct lx_reasoning *reasoning = &w->r->reasoning;
    bool off = reasoning->kind == LX_REASONING_OFF || lx_slice_eq(reasoning->effort, LX_S("none"));
    if (reasoning->kind == LX_REASONING_UNSET || is_given(w, "thinkingConfig"))
        return;
    lx_out_object(&w->out, "thinkingConfig");
    if (off)
        write_no_thinking(w);
    else if (w->third && w->o->low_thinking && !reasoning->effort.n)
        lx_out_str(&w->out, "thinkingLevel", level_of(w, LX_EFFORT_MINIMAL));
    else if (reasoning->budget_tokens)
        lx_out_int(&w->out, "thinkingBudget", reasoning->budget_tokens);
    else if (reasoning->effort.n)
        write_effort(w, reasoning->effort);
    else if (!w->third)
        lx_out_int(&w->out, "thinkingBudget", -1); /* as much as the model sees fit */
    if (!off && !lx_slice_eq(reasoning->summary, LX_S("omitted")))
        lx_out_bool(&w->out, "includeThoughts", true);
    lx_out_object_end(&w->out);
}

/* ---- Parameters ----------------------------------------------------------------------------- */

/* ["text","image"] -> ["TEXT","IMAGE"] */
static void write_modalities(struct lx_gemini_writer *w, struct lx_slice json)
{
    if (lx_scalar_is_noop(NULL, json) || is_given(w, "responseModalities") ||
        !lx_inner_read(&w->scratch, json, w->b->buf))
        return;
    lx_out_array(&w->out, "responseModalities");
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&w->scratch)); lx_json_next(&it);) {
        struct lx_slice name = lx_arena_copy(w->b->arena, lx_json_text(it.value).s);
        char *to = name.n ? lx_arena_bytes(w->b->arena, name.n) : NULL;
        for (size_t i = 0; to && i < name.n; i++)
            to[i] = upper(name.p[i]);
        if (to)
            lx_out_str(&w->out, NULL, lx_slice(to, name.n));
    }
    lx_out_array_end(&w->out);
}

/* {"voice":"Kore","format":"pcm16"} */
static void write_audio(struct lx_gemini_writer *w, struct lx_slice json)
{
    if (lx_scalar_is_noop(NULL, json) || is_given(w, "speechConfig") ||
        !lx_inner_read(&w->scratch, json, w->b->buf))
        return;
    struct lx_json audio = lx_json_root(&w->scratch), format = LX_GET(audio, "format");
    struct lx_text voice = lx_json_text(LX_GET(audio, "voice"));
    if (voice.s.n) {
        lx_out_object(&w->out, "speechConfig");
        lx_out_object(&w->out, "voiceConfig");
        lx_out_object(&w->out, "prebuiltVoiceConfig");
        lx_out_text(&w->out, "voiceName", voice);
        lx_out_object_end(&w->out);
        lx_out_object_end(&w->out);
        lx_out_object_end(&w->out);
    }
    if (lx_json_given(format) && !lx_json_eq(format, LX_S("pcm16")))
        lx_losses_add(w->b->losses, LX_S("audio.format"), LX_S("Gemini speaks pcm16"));
}

static const struct lx_scalar scalars[] = {
    {LX_PARAM_TEMPERATURE, LX_SCALAR_KEPT, "temperature", NULL, NULL},
    {LX_PARAM_TOP_P, LX_SCALAR_KEPT, "topP", NULL, NULL},
    {LX_PARAM_TOP_K, LX_SCALAR_KEPT, "topK", NULL, NULL},
    {LX_PARAM_N, LX_SCALAR_KEPT, "candidateCount", "|1|", NULL},
    {LX_PARAM_MAX_TOKENS, LX_SCALAR_KEPT, "maxOutputTokens", NULL, NULL},
    {LX_PARAM_SEED, LX_SCALAR_KEPT, "seed", NULL, NULL},
    {LX_PARAM_PRESENCE_PENALTY, LX_SCALAR_KEPT, "presencePenalty", "|0|0.0|", NULL},
    {LX_PARAM_FREQUENCY_PENALTY, LX_SCALAR_KEPT, "frequencyPenalty", "|0|0.0|", NULL},
    {LX_PARAM_LOGPROBS, LX_SCALAR_KEPT, "responseLogprobs", "|false|", NULL},
    {LX_PARAM_TOP_LOGPROBS, LX_SCALAR_KEPT, "logprobs", "|0|", NULL},
    {LX_PARAM_MIN_P, LX_SCALAR_REFUSED, NULL, "|0|0.0|", "Gemini has no such parameter"},
    {LX_PARAM_REPETITION_PENALTY, LX_SCALAR_REFUSED, NULL, "|1|1.0|", "Gemini has no such penalty"},
    {LX_PARAM_LOGIT_BIAS, LX_SCALAR_REFUSED, NULL, "|{}|", "Gemini does not bias tokens"},
    {LX_PARAM_MCP_SERVERS, LX_SCALAR_REFUSED, NULL, "|[]|", "Gemini calls no MCP servers"},
    {LX_PARAM_CONTAINER, LX_SCALAR_LOST, NULL, NULL, "Gemini keeps no containers"},
    {LX_PARAM_CONTEXT_MANAGEMENT, LX_SCALAR_LOST, NULL, NULL, "Gemini does not edit the context"},
    {LX_PARAM_INFERENCE_GEO, LX_SCALAR_REFUSED, NULL, NULL, "Gemini's place is in its address"},
    {LX_PARAM_SERVICE_TIER, LX_SCALAR_LOST, NULL, "|\"auto\"|\"default\"|",
     "Gemini takes no service tier"},
    {LX_PARAM_STORE, LX_SCALAR_LOST, NULL, "|false|", "Gemini stores no completions"},
    {LX_PARAM_PREDICTION, LX_SCALAR_LOST, NULL, NULL, "Gemini takes no prediction"},
    {LX_PARAM_VERBOSITY, LX_SCALAR_LOST, NULL, "|\"medium\"|", "Gemini takes no verbosity"},
    {LX_PARAM_USER, LX_SCALAR_LOST, NULL, NULL, "Gemini knows no users"},
    {LX_PARAM_METADATA, LX_SCALAR_LOST, NULL, "|{}|", "Gemini keeps no metadata"},
    {LX_PARAM_SAFETY_IDENTIFIER, LX_SCALAR_LOST, NULL, NULL, "Gemini knows no users"},
    {LX_PARAM_PROMPT_CACHE_KEY, LX_SCALAR_LOST, NULL, NULL, "Gemini caches by itself"},
    {LX_PARAM_PROMPT_CACHE_RETENTION, LX_SCALAR_LOST, NULL, NULL, "Gemini caches by itself"},
};

/* ---- generationConfig ----------------------------------------------------------------------- */

static void write_format(struct lx_gemini_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    if (f->kind != LX_FORMAT_JSON && f->kind != LX_FORMAT_SCHEMA)
        return;
    if (!is_given(w, "responseMimeType"))
        lx_out_lit(&w->out, "responseMimeType", "application/json");
    if (f->schema.n && !is_given(w, "responseSchema") && !is_given(w, "responseJsonSchema"))
        lx_gemini_schema_write(w, "responseJsonSchema", f->schema);
}

struct lx_slice lx_gemini_level_of(struct lx_slice detail, int *rank)
{
    static const struct {
        struct lx_slice detail, level;
    } levels[] = {
        {LX_S_INIT("low"), LX_S_INIT("MEDIA_RESOLUTION_LOW")},
        {LX_S_INIT("medium"), LX_S_INIT("MEDIA_RESOLUTION_MEDIUM")},
        {LX_S_INIT("high"), LX_S_INIT("MEDIA_RESOLUTION_HIGH")},
        {LX_S_INIT("ultra_high"), LX_S_INIT("MEDIA_RESOLUTION_ULTRA_HIGH")},
    };
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (lx_slice_eq(detail, levels[i].detail)) {
            if (rank)
                *rank = (int)i + 1;
            return levels[i].level;
        }
    return lx_slice(NULL, 0);
}

bool lx_gemini_has_own_detail(const struct lx_gemini_writer *w)
{
    return w->third && w->o->no_call_ids; /* which is said of Vertex AI alone */
}

/* The finest that any part wants, as LiteLLM has it; ultra high is for single parts. */
static void write_detail(struct lx_gemini_writer *w)
{
    struct lx_slice finest = lx_slice(NULL, 0);
    int most = 0;
    if (lx_gemini_has_own_detail(w) || is_given(w, "mediaResolution"))
        return;
    for (const struct lx_message *m = w->r->messages; m; m = m->next)
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            int rank = 0;
            struct lx_slice level = lx_gemini_level_of(p->media.detail, &rank);
            if (rank > most) {
                most = rank;
                finest = level;
            }
        }
    if (most > 3)
        finest = LX_S("MEDIA_RESOLUTION_HIGH");
    if (most)
        lx_out_str(&w->out, "mediaResolution", finest);
}

static void write_config(struct lx_gemini_writer *w)
{
    struct lx_out_mark mark = lx_out_mark(&w->out);
    lx_out_object(&w->out, "generationConfig");
    lx_scalars_write(scalars, sizeof(scalars) / sizeof(scalars[0]), w->o, w->r, w->given, w->b,
                     &w->out);
    write_modalities(w, w->r->params[LX_PARAM_MODALITIES]);
    write_audio(w, w->r->params[LX_PARAM_AUDIO]);
    lx_stop_write(w->r, "stopSequences", w->given, &w->out);
    write_format(w);
    write_thinking(w);
    write_detail(w);
    lx_extra_write(&w->out, w->given);
    lx_out_object_end_or_undo(&w->out, mark);
}

/* ---- The rest ------------------------------------------------------------------------------- */

/* Unknown members go along, but never a second time under a name that was written. */
static void write_extra(struct lx_gemini_writer *w)
{
    static const char *const own[] = {"model", "contents",   "systemInstruction",
                                      "tools", "toolConfig", "generationConfig"};
    static const char *const known[] = {"safetySettings", "cachedContent", "labels"};
    for (const struct lx_extra *x = w->r->extra; x; x = x->next) {
        bool ours = config_name(x->name) != NULL;
        const char *name = NULL;
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            ours |= lx_gemini_name_eq(x->name, own[i]);
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            name = lx_gemini_name_eq(x->name, known[i]) ? known[i] : name;
        if (ours)
            continue;
        lx_out_name(&w->out, name ? lx_text(lx_slice_z(name)) : lx_text(x->name));
        lx_out_raw(&w->out, NULL, x->json);
    }
    if (w->o->safety_settings.n && !lx_gemini_extra_find(w->r->extra, "safetySettings"))
        lx_out_raw(&w->out, "safetySettings", w->o->safety_settings);
}

/* Signatures come back in two of them, and how media are to be looked at. */
static void lose_members(const struct lx_request *r, struct lx_body *b)
{
    static const char read[] =
        "|provider_specific_fields|extra_content|videoMetadata|video_metadata|"
        "mediaResolution|media_resolution|";
    lx_part_members_lose(r, read, b);
    if (lx_slice_eq(r->language, LX_GEMINI))
        return;
    lx_tool_members_lose(r, NULL, b);
    lx_message_members_lose(r, read, b);
}

void lx_gemini_write_request(const struct lx_write_options *o, const struct lx_request *r,
                             struct lx_body *b)
{
    struct lx_gemini_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    w.third = o->adaptive_thinking;
    lx_json_doc_init(&w.scratch);
    w.given = given_config(&w);

    lx_out_object(&w.out, NULL);
    lx_gemini_contents_write(&w);
    lx_gemini_tools_write(&w);
    write_config(&w);
    write_extra(&w);
    lx_out_object_end(&w.out);
    lx_gemini_cut_settle(&w);
    lose_members(r, b);

    lx_json_doc_clear(&w.scratch);
    lx_body_end(b);
}
