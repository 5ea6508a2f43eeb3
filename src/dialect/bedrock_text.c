/*
 * bedrock_text.c - the languages of the models of text on Amazon Bedrock's InvokeModel: a prompt
 * and its parameters, each family under names of its own. Claude 3, Nova and the models with
 * messages speak other languages there; their rows say so.
 *
 *   Titan     {"inputText":"..","textGenerationConfig":{"maxTokenCount":9}}
 *                                          -> {"results":[{"outputText":".."}]}
 *   Llama     {"prompt":"..","max_gen_len":9}          -> {"generation":".."}
 *   Mistral   {"prompt":"..","max_tokens":9}           -> {"outputs":[{"text":".."}]}
 *   Command   {"prompt":"..","max_tokens":9}           -> {"generations":[{"text":".."}]}
 *   Command R {"message":"..","chat_history":[]}       -> {"text":".."}
 *   Claude 2  {"prompt":"..","max_tokens_to_sample":9} -> {"completion":".."}
 *   Jurassic  {"prompt":"..","maxTokens":9}            -> {"completions":[{"data":{"text":".."}}]}
 *
 * Names are forms (generation.h); the replies are told apart by their members. A stream's records
 * are the same objects with pieces of the text; the last has the service's own count, which of
 * whole replies stands in headers.
 *
 * Sources: the user guide's "Inference request parameters and response fields for foundation
 * models" (2025) and recorded answers of all but DeepSeek and Qwen, which are as LiteLLM 1.106.2
 * asks them (imported models).
 */
#include "dialect/bedrock.h"
#include "dialect/generation.h"

#include "base/text.h"

/* ---- The forms ----------------------------------------------------------------------------- */

static const struct lx_generation_form titan = {
    .prompt = "inputText",
    .within = "textGenerationConfig",
    .names = {{LX_PARAM_MAX_TOKENS, "maxTokenCount"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "topP"},
              {0, NULL}},
    .stop = "stopSequences",
    .max_stops = SIZE_MAX,
    .limit = 3072,
};

static const struct lx_generation_form llama = {
    .prompt = "prompt",
    .names = {{LX_PARAM_MAX_TOKENS, "max_gen_len"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {0, NULL}},
    .begins = true,
};

/* Imported: Qwen's server knows two parameters more. */
static const struct lx_generation_form qwen = {
    .prompt = "prompt",
    .names = {{LX_PARAM_MAX_TOKENS, "max_gen_len"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {0, NULL}},
    .stop = "stop",
    .max_stops = SIZE_MAX,
};

static const struct lx_generation_form mistral = {
    .prompt = "prompt",
    .names = {{LX_PARAM_MAX_TOKENS, "max_tokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {0, NULL}},
    .stop = "stop",
    .max_stops = SIZE_MAX,
    .begins = true,
    .limit = 4096,
};

static const struct lx_generation_form cohere = {
    .prompt = "prompt",
    .names = {{LX_PARAM_MAX_TOKENS, "max_tokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "p"},
              {LX_PARAM_TOP_K, "k"},
              {LX_PARAM_N, "num_generations"},
              {LX_PARAM_LOGIT_BIAS, "logit_bias"},
              {0, NULL}},
    .stop = "stop_sequences",
    .max_stops = SIZE_MAX,
    .streams = true, /* the only family whose body says it, too */
    .limit = 4096,
};

static const struct lx_generation_form cohere_r = {
    .prompt = "message",
    .history = "chat_history",
    .names = {{LX_PARAM_MAX_TOKENS, "max_tokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "p"},
              {LX_PARAM_TOP_K, "k"},
              {LX_PARAM_SEED, "seed"},
              {LX_PARAM_FREQUENCY_PENALTY, "frequency_penalty"},
              {LX_PARAM_PRESENCE_PENALTY, "presence_penalty"},
              {0, NULL}},
    .stop = "stop_sequences",
    .max_stops = SIZE_MAX,
};

static const struct lx_generation_form claude_text = {
    .prompt = "prompt",
    .names = {{LX_PARAM_MAX_TOKENS, "max_tokens_to_sample"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {0, NULL}},
    .stop = "stop_sequences",
    .max_stops = SIZE_MAX,
    .limit = 8191,
};

static const struct lx_generation_form jurassic = {
    .prompt = "prompt",
    .names = {{LX_PARAM_MAX_TOKENS, "maxTokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "topP"},
              {LX_PARAM_N, "numResults"},
              {0, NULL}},
    .stop = "stopSequences",
    .max_stops = SIZE_MAX,
    .limit = 8191,
};

/* ---- Reading ------------------------------------------------------------------------------- */

static const struct {
    struct lx_slice name;
    enum lx_finish finish;
} reasons[] = {
    {LX_S_INIT("FINISH"), LX_FINISH_STOP},
    {LX_S_INIT("COMPLETE"), LX_FINISH_STOP},
    {LX_S_INIT("endoftext"), LX_FINISH_STOP},
    {LX_S_INIT("end_turn"), LX_FINISH_STOP},
    {LX_S_INIT("stop"), LX_FINISH_STOP},
    {LX_S_INIT("stop_sequence"), LX_FINISH_STOP_SEQUENCE},
    {LX_S_INIT("STOP_SEQUENCE"), LX_FINISH_STOP_SEQUENCE},
    {LX_S_INIT("STOP_CRITERIA_MET"), LX_FINISH_STOP_SEQUENCE},
    {LX_S_INIT("LENGTH"), LX_FINISH_LENGTH},
    {LX_S_INIT("length"), LX_FINISH_LENGTH},
    {LX_S_INIT("max_tokens"), LX_FINISH_LENGTH},
    {LX_S_INIT("MAX_TOKENS"), LX_FINISH_LENGTH},
    {LX_S_INIT("CONTENT_FILTERED"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("ERROR_TOXIC"), LX_FINISH_CONTENT_FILTER},
};

static enum lx_finish finish_of(struct lx_slice reason)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (lx_slice_eq(reason, reasons[i].name))
            return reasons[i].finish;
    return reason.n ? LX_FINISH_OTHER : LX_FINISH_STOP;
}

/* The first member of these, names with spaces between, that is given. */
static struct lx_json first(struct lx_json v, const char *names)
{
    struct lx_slice rest = lx_slice_z(names), one;
    struct lx_json found = {0};
    while (rest.n && !lx_json_given(found)) {
        lx_slice_cut(rest, ' ', &one, &rest);
        found = lx_json_get(v, one);
    }
    return found;
}

/* The answers of a reply or record: a list, or the object itself. */
static struct lx_json answers_of(struct lx_json root)
{
    struct lx_json list = first(root, "results outputs generations choices completions");
    return lx_json_is(list, LX_JSON_ARRAY) ? list : root;
}

static struct lx_text text_of(struct lx_json answer)
{
    struct lx_json v = first(answer, "outputText text generation completion");
    if (!lx_json_given(v))
        v = LX_GET(LX_GET(answer, "data"), "text");
    if (!lx_json_given(v))
        v = LX_GET(LX_GET(answer, "message"), "content");
    return lx_json_text(v);
}

static struct lx_json reason_of(struct lx_json answer)
{
    struct lx_json v = first(answer, "completionReason stop_reason finish_reason finishReason");
    return lx_json_is(v, LX_JSON_OBJECT) ? LX_GET(v, "reason") : v;
}

/* What Claude 2 was stopped by is the client's sequence, unless it is where its own turn ends. */
static enum lx_finish finish_read(struct lx_json answer, struct lx_slice reason,
                                  struct lx_text *sequence)
{
    struct lx_json stop = LX_GET(answer, "stop");
    enum lx_finish finish = finish_of(reason);
    if (finish == LX_FINISH_STOP_SEQUENCE && lx_json_is(stop, LX_JSON_STRING)) {
        if (lx_json_eq(stop, LX_S("\n\nHuman:")))
            return LX_FINISH_STOP;
        *sequence = lx_json_text(stop);
    }
    return finish;
}

/* Recorded of Titan behind a guardrail: 28.0 */
static void take_count(struct lx_json v, int64_t *out)
{
    int64_t n;
    struct lx_slice whole, rest;
    lx_slice_cut(lx_json_raw(v), '.', &whole, &rest);
    if (lx_slice_int(whole, &n) == 0 && n >= 0 && n < LX_GENERATION_TOKENS)
        *out = n;
}

/* What this object says of tokens; the service's own count outweighs the model's. */
static void count(struct lx_json root, int64_t *in, int64_t *out)
{
    struct lx_json metrics = LX_GET(root, "amazon-bedrock-invocationMetrics");
    int64_t sum = 0, one = 0;
    take_count(first(root, "inputTextTokenCount prompt_token_count"), in);
    take_count(first(root, "totalOutputTextTokenCount generation_token_count"), out);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(root, "results")); lx_json_next(&it);) {
        take_count(LX_GET(it.value, "tokenCount"), &one);
        sum = sum < LX_GENERATION_TOKENS ? sum + one : sum;
    }
    if (sum)
        *out = sum;
    take_count(LX_GET(metrics, "inputTokenCount"), in);
    take_count(LX_GET(metrics, "outputTokenCount"), out);
}

static struct lx_usage usage_of(int64_t in, int64_t out)
{
    return in > 0 ? lx_generation_usage_of(in, out) : (struct lx_usage){0};
}

/* ---- Thinking ------------------------------------------------------------------------------ */

#define THOUGHT LX_S("</think>")

/* Cuts the text where the thinking ends. False: it does not end here. */
static bool cut_thought(struct lx_text text, struct lx_text *thought, struct lx_text *said)
{
    ssize_t at = lx_slice_find(text.s, THOUGHT);
    *thought = *said = text;
    if (at < 0)
        return false;
    thought->s = lx_slice_to(text.s, (size_t)at);
    said->s = lx_slice_from(text.s, (size_t)at + THOUGHT.n);
    while (lx_slice_starts(said->s, LX_S("\\n")) || lx_slice_starts(said->s, LX_S("\n")))
        said->s = lx_slice_from(said->s, said->s.p[0] == '\\' ? 2 : 1);
    return true;
}

/* ---- Whole replies ------------------------------------------------------------------------- */

static void add_part(struct lx_part ***at, enum lx_part_kind kind, struct lx_text text,
                     struct lx_arena *a)
{
    struct lx_part *part = text.s.n ? lx_part_add(at, kind, a) : NULL;
    if (part)
        part->text = text;
}

static struct lx_choice *read_choice(struct lx_json answer, bool thinks, struct lx_arena *a)
{
    struct lx_choice *c = lx_arena_new(a, struct lx_choice);
    struct lx_text thought, said = text_of(answer);
    if (!c)
        return NULL;
    struct lx_part **parts = &c->parts;
    if (thinks && cut_thought(said, &thought, &said))
        add_part(&parts, LX_PART_THINKING, thought, a);
    add_part(&parts, LX_PART_TEXT, said, a);
    c->raw_finish = lx_json_str(reason_of(answer), a);
    c->finish = finish_read(answer, c->raw_finish, &c->stop_sequence);
    return c;
}

static int read_whole(const struct lx_json_doc *doc, const struct lx_reply_context *context,
                      bool thinks, struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(doc), answers = answers_of(root);
    bool list = lx_json_is(answers, LX_JSON_ARRAY);
    struct lx_reply reply = {.id = lx_json_text(first(root, "response_id id"))};
    struct lx_choice **at = &reply.choices;
    int64_t in = context->input_tokens, completion = context->output_tokens, index = 0;
    if (!list && !text_of(root).s.p)
        return lx_error_set(err, LX_EPROTO, "the reply has no text");
    struct lx_json_iter it = lx_json_iter(answers);
    while (list ? lx_json_next(&it) : index == 0) {
        struct lx_choice *c = read_choice(list ? it.value : root, thinks, a);
        if (!c)
            break;
        c->index = index++;
        *at = c;
        at = &c->next;
    }
    if (!reply.choices)
        return lx_error_set(err, a->failed ? a->failed : LX_EPROTO, "the reply has no answer");
    count(root, &in, &completion);
    reply.usage = usage_of(in, completion);
    if (a->failed)
        return lx_error_set(err, a->failed, "%s", lx_code_text(a->failed));
    *out = reply;
    return 0;
}

static int read_reply(const struct lx_json_doc *doc, const struct lx_reply_context *context,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    return read_whole(doc, context, false, a, out, err);
}

static int read_thinking_reply(const struct lx_json_doc *doc,
                               const struct lx_reply_context *context, struct lx_arena *a,
                               struct lx_reply *out, struct lx_error *err)
{
    return read_whole(doc, context, true, a, out, err);
}

/* ---- Streams ------------------------------------------------------------------------------- */

/*
 * One text, after what was thought of it.
 *
 *   (none) -- thought --> THINKING open -- "</think>" --> TEXT open -- a reason --> finished
 */
struct reading {
    struct lx_generation_stream stream;
    bool finished;
    int64_t in, out;
};

static void read_text(struct lx_generation_stream *s, struct lx_text text)
{
    struct lx_text thought, said;
    if (s->thinks && cut_thought(text, &thought, &said)) {
        lx_generation_text(s, thought);
        lx_generation_close(s);
        s->thinks = false;
        text = said;
    }
    lx_generation_text(s, text);
}

static void read_record(struct reading *s, struct lx_json root)
{
    struct lx_json answers = answers_of(root);
    struct lx_json answer = lx_json_is(answers, LX_JSON_ARRAY) ? lx_json_at(answers, 0) : root;
    struct lx_json reason = reason_of(answer);
    struct lx_text stop = {0}, none = {0};
    lx_generation_start(&s->stream, none);
    if (!s->finished)
        read_text(&s->stream, text_of(answer));
    count(root, &s->in, &s->out);
    if (!lx_json_is(reason, LX_JSON_STRING) || s->finished)
        return;
    struct lx_slice raw = lx_json_str(reason, s->stream.out->arena);
    enum lx_finish finish = finish_read(answer, raw, &stop);
    lx_generation_finish(&s->stream, finish, raw)->stop_sequence = stop;
    s->finished = true;
}

static int read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                      const struct lx_reply_context *context, struct lx_events *out,
                      struct lx_error *err)
{
    struct reading *s = state;
    (void)context;
    if (s->stream.over)
        return 0;
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    s->stream.out = out;
    read_record(s, lx_json_root(doc));
    return lx_events_result(out, 0, err);
}

static int read_thinking_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                               const struct lx_reply_context *context, struct lx_events *out,
                               struct lx_error *err)
{
    struct reading *s = state;
    if (!s->stream.started)
        s->stream.thinks = true;
    return read_event(state, rec, doc, context, out, err);
}

static int read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    struct reading *s = state;
    struct lx_usage usage = usage_of(s->in, s->out);
    s->stream.out = out;
    if (s->finished && !s->stream.over)
        lx_generation_usage(&s->stream, &usage);
    lx_generation_end(&s->stream, s->finished);
    return lx_events_result(out, 0, err);
}

/* ---- The table ----------------------------------------------------------------------------- */

/* A name holds ':' and an ARN '/', and both are a part of it. */
static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    lx_buf_add_lit(out, "/model/");
    lx_percent_write(out, o->model, LX_S(""));
    lx_buf_add(out, stream ? LX_S("/invoke-with-response-stream") : LX_S("/invoke"));
}

#define FAMILY(family, form, reads, heading)                                                    \
    static void write_##family(const struct lx_write_options *o, const struct lx_request *r,    \
                               struct lx_body *b)                                               \
    {                                                                                           \
        lx_generation_write(&form, o, r, b);                                                    \
    }                                                                                           \
    static const struct lx_back family##_back = {                                               \
        .state_size = sizeof(struct reading),                                                   \
        .write_path = write_path,                                                               \
        .write_request = write_##family,                                                        \
        .read_reply = read##reads##_reply,                                                      \
        .read_event = read##reads##_event,                                                      \
        .read_end = read_end,                                                                   \
        .read_error = lx_bedrock_read_error,                                                    \
        .tokens_header = "x-amzn-bedrock-input-token-count",                                    \
        .output_header = "x-amzn-bedrock-output-token-count",                                   \
        .framing = LX_FRAMING_AWS_CHUNK,                                                        \
        .prompts = true,                                                                        \
        .model_outside = true,                                                                  \
    };                                                                                          \
    const struct lx_dialect lx_dialect_bedrock_##family = {.name = "bedrock_" #family,          \
                                                           .title =                             \
                                                               "Bedrock InvokeModel, " heading, \
                                                           .back = &family##_back}

FAMILY(claude_text, claude_text, , "Claude 2");
FAMILY(cohere, cohere, , "Command");
FAMILY(cohere_r, cohere_r, , "Command R");
/* Imported, distilled into a Llama: it thinks first, and its prompt opens the thought. */
FAMILY(deepseek, llama, _thinking, "DeepSeek R1");
FAMILY(jurassic, jurassic, , "Jurassic-2");
FAMILY(llama, llama, , "Llama");
FAMILY(mistral, mistral, , "Mistral");
FAMILY(qwen, qwen, , "Qwen, imported");
FAMILY(titan, titan, , "Titan Text");
