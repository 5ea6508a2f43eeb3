/*
 * openai_completions.c - OpenAI's text completions: the dialect's tables, and requests both ways.
 *
 * The front reads a prompt as one message of a user's, marked by its language: a provider that
 * takes prompts gets it as it came, any other as a chat. The back writes a conversation by its
 * model's template (prompt.h).
 *
 * Mistral's fill-in-the-middle has these requests and the replies of chat completions
 * (docs.mistral.ai/api, /v1/fim/completions; recorded 2026).
 */
#include "dialect/openai_completions.h"
#include "dialect/prompt.h"
#include "dialect/scalar.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- Reading ------------------------------------------------------------------------------ */

static int fail(struct lx_error *err, const char *what, const char *why)
{
    return lx_error_set(err, LX_EINVAL, "%s: %s", what, why);
}

/* A list of one prompt is a prompt. Several can only go to a provider that takes lists, and tokens
 * only to the model that they were made for: neither comes here, for that is this language. */
static int read_prompt(struct lx_json prompt, struct lx_request *r, struct lx_arena *a,
                       struct lx_error *err)
{
    struct lx_message **at = &r->messages;
    if (lx_json_is(prompt, LX_JSON_ARRAY)) {
        struct lx_json first = lx_json_at(prompt, 0);
        if (!lx_json_is(first, LX_JSON_STRING))
            return fail(err, "prompt",
                        "this model cannot be given tokens, only a string: tokens mean something "
                        "to text completion models alone");
        if (lx_json_count(prompt) > 1)
            return fail(err, "prompt",
                        "this model is asked one prompt at a time: send a request for each");
        prompt = first;
    }
    if (!lx_json_is(prompt, LX_JSON_STRING))
        return fail(err, "prompt", "expected a string");
    struct lx_message *m = lx_message_add(&at, LX_ROLE_USER, a);
    if (!m)
        return 0;
    struct lx_part **parts = &m->parts;
    struct lx_part *part = lx_part_add(&parts, LX_PART_TEXT, a);
    m->plain = true;
    if (part)
        part->text = lx_json_text(prompt);
    return 0;
}

static const struct lx_slice structured[] = {
    LX_S_INIT("model"),  LX_S_INIT("prompt"),         LX_S_INIT("stop"),
    LX_S_INIT("stream"), LX_S_INIT("stream_options"),
};

static bool is_structured(struct lx_json name)
{
    for (size_t i = 0; i < COUNT(structured); i++)
        if (lx_json_eq(name, structured[i]))
            return true;
    return false;
}

/* A number here, and a switch with a number beside it in chat completions. */
static void read_logprobs(struct lx_json v, struct lx_request *r)
{
    int64_t n;
    if (lx_json_int(v, &n) != 0) { /* some servers take the switch here, too */
        r->params[LX_PARAM_LOGPROBS] = lx_json_raw(v);
        return;
    }
    r->params[LX_PARAM_LOGPROBS] = LX_S("true");
    if (n > 0)
        r->params[LX_PARAM_TOP_LOGPROBS] = lx_json_raw(v);
}

/* What says nothing is not said: SDKs send all their defaults. */
static bool is_default(enum lx_param p, struct lx_json v)
{
    int64_t n;
    if (p == LX_PARAM_SUFFIX)
        return lx_json_is(v, LX_JSON_STRING) && !lx_json_text(v).s.n;
    if (p == LX_PARAM_ECHO)
        return lx_json_is(v, LX_JSON_FALSE);
    return p == LX_PARAM_BEST_OF && lx_json_int(v, &n) == 0 && n == 1;
}

static void read_rest(struct lx_json body, struct lx_request *r, struct lx_arena *a)
{
    struct lx_extra **extra = &r->extra;
    for (struct lx_json_iter it = lx_json_iter(body); lx_json_next(&it);) {
        enum lx_param p = lx_openai_read_param(it.name);
        if (!lx_json_given(it.value) || is_structured(it.name) || is_default(p, it.value))
            continue;
        if (p == LX_PARAM_LOGPROBS)
            read_logprobs(it.value, r);
        else if (p < LX_PARAM_COUNT)
            r->params[p] = lx_json_raw(it.value);
        else
            lx_extra_add(&extra, it.name, it.value, a);
    }
}

static int read_request(const struct lx_json_doc *doc, struct lx_arena *a, struct lx_request *out,
                        struct lx_error *err)
{
    struct lx_json body = lx_json_root(doc), model = LX_GET(body, "model");
    struct lx_request r = {.language = LX_OPENAI_COMPLETIONS};
    int code;

    if (!lx_json_is(body, LX_JSON_OBJECT))
        return fail(err, "the body", "expected a JSON object");
    if (lx_json_given(model) && !lx_json_is(model, LX_JSON_STRING))
        return fail(err, "model", "expected a string");
    r.model = lx_json_text(model);
    if ((code = read_prompt(LX_GET(body, "prompt"), &r, a, err)) != 0 ||
        (code = lx_openai_read_stop(LX_GET(body, "stop"), &r, a, err)) != 0)
        return code;
    r.stream = lx_json_bool(LX_GET(body, "stream"), false);
    r.include_usage = lx_json_bool(LX_GET(LX_GET(body, "stream_options"), "include_usage"), false);
    read_rest(body, &r, a);
    if (a->failed)
        return lx_error_set(err, a->failed, "%s", lx_code_text(a->failed));
    *out = r;
    return 0;
}

/* ---- Writing ------------------------------------------------------------------------------ */

enum policy {
    PLAIN = 0, /* as it stands */
    WRITTEN,   /* by its own function */
    HINT,      /* left out and listed */
    ALIEN,     /* refused */
};

#define OF_CONVERSATIONS                                                                 \
    [LX_PARAM_MODALITIES] = ALIEN, [LX_PARAM_AUDIO] = ALIEN,                             \
    [LX_PARAM_WEB_SEARCH_OPTIONS] = ALIEN, [LX_PARAM_CONTAINER] = ALIEN,                 \
    [LX_PARAM_MCP_SERVERS] = ALIEN, [LX_PARAM_INFERENCE_GEO] = ALIEN,                    \
    [LX_PARAM_SERVICE_TIER] = HINT, [LX_PARAM_STORE] = HINT, [LX_PARAM_METADATA] = HINT, \
    [LX_PARAM_PREDICTION] = HINT, [LX_PARAM_VERBOSITY] = HINT,                           \
    [LX_PARAM_SAFETY_IDENTIFIER] = HINT, [LX_PARAM_PROMPT_CACHE_RETENTION] = HINT,       \
    [LX_PARAM_CONTEXT_MANAGEMENT] = HINT

static const enum policy policies[LX_PARAM_COUNT] = {
    OF_CONVERSATIONS,
    [LX_PARAM_LOGPROBS] = WRITTEN,
    [LX_PARAM_TOP_LOGPROBS] = WRITTEN,
    [LX_PARAM_USER] = WRITTEN,
    [LX_PARAM_PROMPT_CACHE_KEY] = HINT,
};

/* FIMCompletionRequest in Mistral's OpenAPI document: nothing else is let in. */
static const enum policy fim_policies[LX_PARAM_COUNT] = {
    OF_CONVERSATIONS,
    [LX_PARAM_SEED] = WRITTEN,
    [LX_PARAM_USER] = HINT,
    [LX_PARAM_TOP_K] = ALIEN,
    [LX_PARAM_MIN_P] = ALIEN,
    [LX_PARAM_N] = ALIEN,
    [LX_PARAM_PRESENCE_PENALTY] = ALIEN,
    [LX_PARAM_FREQUENCY_PENALTY] = ALIEN,
    [LX_PARAM_REPETITION_PENALTY] = ALIEN,
    [LX_PARAM_LOGIT_BIAS] = ALIEN,
    [LX_PARAM_LOGPROBS] = ALIEN,
    [LX_PARAM_TOP_LOGPROBS] = ALIEN,
    [LX_PARAM_ECHO] = ALIEN,
    [LX_PARAM_BEST_OF] = ALIEN,
};

/* What an ALIEN may say all the same, for it means nothing. */
static const char *const defaults[LX_PARAM_COUNT] = {
    [LX_PARAM_MODALITIES] = "|[\"text\"]|",    [LX_PARAM_N] = "|1|",
    [LX_PARAM_PRESENCE_PENALTY] = "|0|0.0|",   [LX_PARAM_FREQUENCY_PENALTY] = "|0|0.0|",
    [LX_PARAM_REPETITION_PENALTY] = "|1|1.0|", [LX_PARAM_LOGIT_BIAS] = "|{}|",
    [LX_PARAM_LOGPROBS] = "|false|",           [LX_PARAM_TOP_LOGPROBS] = "|0|",
};

static void lose(struct lx_body *b, const char *what, const char *why)
{
    if (b->losses)
        lx_losses_add(b->losses, lx_slice_z(what), lx_slice_z(why));
}

static void write_logprobs(struct lx_out *o, const struct lx_request *r)
{
    struct lx_slice on = r->params[LX_PARAM_LOGPROBS], most = r->params[LX_PARAM_TOP_LOGPROBS];
    if (lx_slice_eq(on, LX_S("true")))
        lx_out_raw(o, "logprobs", most.n ? most : LX_S("0"));
}

static void write_user(struct lx_out *o, struct lx_slice json, struct lx_body *b)
{
    enum { MAX_USER = 64 }; /* recorded 2025: string_above_max_length */
    if (json.n <= MAX_USER + 2)
        lx_out_raw(o, "user", json);
    else
        lose(b, "user", "longer than 64 characters");
}

static void write_params(struct lx_out *o, const enum policy *policy,
                         const struct lx_write_options *options, const struct lx_request *r,
                         struct lx_body *b)
{
    static const char why[] = "text completion models do not know it";
    for (enum lx_param p = 0; p < LX_PARAM_COUNT; p++) {
        const char *name = lx_param_name(p);
        struct lx_slice json = r->params[p];
        if (!json.p)
            continue;
        if (policy[p] == PLAIN)
            lx_out_raw(o, name, json);
        else if (p == LX_PARAM_SEED)
            lx_out_raw(o, "random_seed", json);
        else if (p == LX_PARAM_USER && policy[p] == WRITTEN)
            write_user(o, json, b);
        else if (policy[p] == HINT)
            lose(b, name, why);
        else if (policy[p] == ALIEN && !lx_scalar_is_noop(defaults[p], json))
            lx_body_refuse(b, options, lx_slice_z(name), lx_slice_z(why));
    }
    if (policy[LX_PARAM_LOGPROBS] == WRITTEN)
        write_logprobs(o, r);
}

static void write_body(const struct lx_write_options *options, const struct lx_request *r,
                       const enum policy *policy, struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf), *o = &out;

    lx_out_object(o, NULL);
    lx_out_str(o, "model", options->model);
    lx_prompt_write(o, "prompt", options, r, b);
    lx_prompt_refuse_rest(options, r, b);
    if (r->format.kind == LX_FORMAT_JSON || r->format.kind == LX_FORMAT_SCHEMA)
        lx_body_refuse(b, options, LX_S("response_format"),
                       LX_S("text completion models do not know it"));
    write_params(o, policy, options, r, b);
    lx_stop_write(r, "stop", NULL, o);
    if (r->stream)
        lx_out_bool(o, "stream", true);
    if (r->stream && policy == policies) { /* at Mistral it comes unasked */
        lx_out_object(o, "stream_options");
        lx_out_bool(o, "include_usage", true);
        lx_out_object_end(o);
    }
    lx_extra_write(o, r->extra);
    lx_out_object_end(o);
    if (b->buf->failed)
        lx_body_fail(b, b->buf->failed, LX_S("the request"),
                     lx_slice_z(lx_code_text(b->buf->failed)));
}

static void write_request(const struct lx_write_options *options, const struct lx_request *r,
                          struct lx_body *b)
{
    write_body(options, r, policies, b);
}

static void write_fim_request(const struct lx_write_options *options, const struct lx_request *r,
                              struct lx_body *b)
{
    write_body(options, r, fim_policies, b);
}

/* ---- The tables --------------------------------------------------------------------------- */

static const struct lx_front front = {
    .state_size = sizeof(struct lx_completions_telling),
    .read_request = read_request,
    .write_reply = lx_completions_write_reply,
    .write_event = lx_completions_write_event,
    .clear = lx_completions_telling_clear,
    .write_error = lx_openai_write_error,
    .write_usage = lx_openai_write_usage,
    .framing = LX_FRAMING_SSE,
};

#define READERS                                                                        \
    .state_size = sizeof(struct lx_openai_stream), .read_reply = lx_openai_read_reply, \
    .read_event = lx_openai_read_event, .read_end = lx_openai_read_end,                \
    .clear = lx_openai_stream_clear, .read_error = lx_openai_read_error,               \
    .glance_reply = lx_openai_glance_reply, .glance_event = lx_openai_glance_event,    \
    .framing = LX_FRAMING_SSE, .prompts = true

static const struct lx_back back = {
    READERS,
    .path = "/completions",
    .write_request = write_request,
};

static const struct lx_back fim_back = {
    READERS,
    .path = "/fim/completions",
    .write_request = write_fim_request,
};

const struct lx_dialect lx_dialect_openai_completions = {
    .name = "openai_completions",
    .title = "OpenAI text completions",
    .front = &front,
    .back = &back,
};

const struct lx_dialect lx_dialect_mistral_fim = {
    .name = "mistral_fim",
    .title = "Mistral fill-in-the-middle",
    .back = &fim_back,
};
