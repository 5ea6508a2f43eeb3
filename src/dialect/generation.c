/*
 * generation.c - four small languages of servers that take a prompt and its parameters: Hugging
 * Face's Text Generation Inference (TGI; also Predibase and SageMaker's containers), NLP Cloud,
 * NVIDIA Triton's generate extension (and, of models that have no other, its inference protocol,
 * where each member is a tensor), and watsonx.ai's text generation.
 *
 * They differ in names, which are data here; the replies differ so much that one reader tells them
 * apart by their members. What stands nowhere in a reply is not made up: usage is told where both
 * counts are known.
 *
 *   TGI        {"inputs":"..","parameters":{"max_new_tokens":9}}   -> {"generated_text":".."}
 *   NLP Cloud  {"text":"..","max_length":9}                        -> {"generated_text":".."}
 *   Triton     {"text_input":"..","parameters":{"max_tokens":9}}   -> {"text_output":".."}
 *     infer    {"inputs":[{"name":"text_input",..,"data":[".."]}]} ->
 * {"outputs":[{..,"data":[".."]}]} watsonx    {"input":"..","parameters":{"max_new_tokens":9}} ->
 * {"results":[{"generated_text"
 *
 * Sources: TGI's OpenAPI document (huggingface.github.io/text-generation-inference, 3.x),
 * docs.nlpcloud.com (#generation) and its Python client, docs.nvidia.com/deeplearning/triton-
 * inference-server (extension_generate, TensorRT-LLM backend), cloud.ibm.com/apidocs/watsonx-ai
 * (#text-generation) and recorded traffic of 2024; LiteLLM where it says so.
 */
#include "dialect/generation.h"

#include "base/text.h"

/* ---- The forms ---------------------------------------------------------------------------- */

static const struct lx_generation_form tgi = {
    .prompt = "inputs",
    .within = "parameters",
    .before = "\"details\":true",
    .names = {{LX_PARAM_MAX_TOKENS, "max_new_tokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {LX_PARAM_SEED, "seed"},
              {LX_PARAM_FREQUENCY_PENALTY, "frequency_penalty"},
              {LX_PARAM_REPETITION_PENALTY, "repetition_penalty"},
              {LX_PARAM_BEST_OF, "best_of"},
              {0, NULL}},
    .stop = "stop",
    .max_stops = SIZE_MAX,
    .streams = true,
    .grammar = true,
    .warm = true,
    .echoes = true,
};

static const struct lx_generation_form nlp_cloud = {
    .prompt = "text",
    .before = "\"remove_input\":true,\"length_no_input\":true,\"remove_end_sequence\":true",
    .names = {{LX_PARAM_MAX_TOKENS, "max_length"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {LX_PARAM_REPETITION_PENALTY, "repetition_penalty"},
              {0, NULL}},
    .stop = "end_sequence",
    .max_stops = 1,
};

static const struct lx_generation_form triton = {
    .prompt = "text_input",
    .within = "parameters",
    .names = {{LX_PARAM_MAX_TOKENS, "max_tokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {LX_PARAM_SEED, "random_seed"},
              {LX_PARAM_FREQUENCY_PENALTY, "frequency_penalty"},
              {LX_PARAM_PRESENCE_PENALTY, "presence_penalty"},
              {LX_PARAM_REPETITION_PENALTY, "repetition_penalty"},
              {0, NULL}},
    .stop = "stop_words",
    .max_stops = SIZE_MAX,
    .streams = true,
};

static const struct lx_generation_form watsonx = {
    .prompt = "input",
    .within = "parameters",
    .names = {{LX_PARAM_MAX_TOKENS, "max_new_tokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {LX_PARAM_SEED, "random_seed"},
              {LX_PARAM_REPETITION_PENALTY, "repetition_penalty"},
              {0, NULL}},
    .stop = "stop_sequences",
    .max_stops = 6,
};

/* ---- Writing ------------------------------------------------------------------------------ */

static void write_tgi(const struct lx_write_options *o, const struct lx_request *r,
                      struct lx_body *b)
{
    lx_generation_write(&tgi, o, r, b);
}

static void write_nlp_cloud(const struct lx_write_options *o, const struct lx_request *r,
                            struct lx_body *b)
{
    lx_generation_write(&nlp_cloud, o, r, b);
}

static void write_triton(const struct lx_write_options *o, const struct lx_request *r,
                         struct lx_body *b)
{
    lx_generation_write(&triton, o, r, b);
}

/* What a value is as a tensor; numbers as LiteLLM has them. */
static struct lx_slice datatype_of(struct lx_json value)
{
    if (lx_json_is(value, LX_JSON_TRUE) || lx_json_is(value, LX_JSON_FALSE))
        return LX_S("BOOL");
    if (!lx_json_is(value, LX_JSON_NUMBER))
        return LX_S("BYTES");
    return lx_slice_find_byte(lx_json_raw(value), '.') < 0 ? LX_S("INT32") : LX_S("FP32");
}

/* One value of a model's inputs, or a list of them. */
static void write_tensor(struct lx_out *out, struct lx_json name, struct lx_json value)
{
    bool list = lx_json_is(value, LX_JSON_ARRAY);
    lx_out_object(out, NULL);
    lx_out_text(out, "name", lx_json_text(name));
    lx_out_array(out, "shape");
    lx_out_int(out, NULL, list ? (int64_t)lx_json_count(value) : 1);
    lx_out_array_end(out);
    lx_out_str(out, "datatype", datatype_of(list ? lx_json_at(value, 0) : value));
    if (list) {
        lx_out_value(out, "data", value);
    } else {
        lx_out_array(out, "data");
        lx_out_value(out, NULL, value);
        lx_out_array_end(out);
    }
    lx_out_object_end(out);
}

/* Triton's inference protocol (KServe's v2): the same members, each a tensor. Models demand a limit
 * (LiteLLM sends one always). */
static void write_infer(const struct lx_write_options *o, const struct lx_request *r,
                        struct lx_body *b)
{
    struct lx_generation_form flat = triton;
    struct lx_buf text, *own = b->buf;
    struct lx_json_doc doc;
    struct lx_out out = lx_out(own);
    flat.within = NULL;
    flat.streams = false;
    flat.limit = 1024;
    lx_buf_init(&text, own->max);
    lx_json_doc_init(&doc);
    b->buf = &text;
    lx_generation_write(&flat, o, r, b);
    b->buf = own;
    int code = text.failed ? text.failed : lx_json_read(&doc, lx_buf_slice(&text), NULL, NULL);
    if (code < 0)
        lx_body_fail(b, code, LX_S("the request"), lx_slice_z(lx_code_text(code)));
    lx_out_object(&out, NULL);
    lx_out_array(&out, "inputs");
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&doc)); !code && lx_json_next(&it);)
        write_tensor(&out, it.name, it.value);
    lx_out_array_end(&out);
    lx_out_object_end(&out);
    lx_json_doc_clear(&doc);
    lx_buf_clear(&text);
    if (own->failed)
        lx_body_fail(b, own->failed, LX_S("the request"), lx_slice_z(lx_code_text(own->failed)));
}

static void write_watsonx(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    lx_generation_write(&watsonx, o, r, b);
}

static void write_watsonx_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)o;
    lx_buf_add(out,
               stream ? LX_S("/ml/v1/text/generation_stream") : LX_S("/ml/v1/text/generation"));
}

static void write_tgi_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)o;
    lx_buf_add(out, stream ? LX_S("/generate_stream") : LX_S("/generate"));
}

static void write_nlp_cloud_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)stream; /* its streams are bare text, without an end mark: whole replies are asked for */
    lx_buf_add_byte(out, '/');
    lx_percent_write(out, o->model, LX_S("/"));
    lx_buf_add_lit(out, "/generation");
}

static void write_infer_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)stream;
    lx_buf_add_lit(out, "/v2/models/");
    lx_percent_write(out, o->model, LX_S(""));
    lx_buf_add_lit(out, "/infer");
}

static void write_triton_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    lx_buf_add_lit(out, "/v2/models/");
    lx_percent_write(out, o->model, LX_S(""));
    lx_buf_add(out, stream ? LX_S("/generate_stream") : LX_S("/generate"));
}

/* ---- Reading ------------------------------------------------------------------------------ */

static enum lx_finish finish_of(struct lx_slice reason)
{
    if (lx_slice_among(reason, "|length|max_tokens|token_limit|time_limit|"))
        return LX_FINISH_LENGTH;
    if (lx_slice_eq(reason, LX_S("stop_sequence")))
        return LX_FINISH_STOP_SEQUENCE;
    return LX_FINISH_STOP; /* eos_token; or the server does not say */
}

/* input: what a header said, or 0. */
static void read_usage(struct lx_json reply, struct lx_json details, int64_t input,
                       struct lx_usage *u)
{
    int64_t in = input, out = 0;
    bool known = lx_json_int(LX_GET(details, "generated_tokens"), &out) == 0 &&
                 (lx_json_int(LX_GET(details, "input_length"), &in) == 0 || in > 0);
    if (!known && lx_json_count(LX_GET(details, "prefill"))) {
        in = (int64_t)lx_json_count(LX_GET(details, "prefill"));
        known = lx_json_int(LX_GET(details, "generated_tokens"), &out) == 0;
    }
    if (!known)
        known = lx_json_int(LX_GET(reply, "nb_generated_tokens"), &out) == 0 &&
                lx_json_int(LX_GET(reply, "nb_input_tokens"), &in) == 0;
    if (!known) /* in a stream the first event alone has the input's */
        known = lx_json_int(LX_GET(details, "generated_token_count"), &out) == 0 &&
                (input > 0 || lx_json_int(LX_GET(details, "input_token_count"), &in) == 0);
    if (known)
        *u = lx_generation_usage_of(in, out);
}

static struct lx_choice *add_choice(struct lx_choice ***at, struct lx_text text,
                                    struct lx_json details, struct lx_arena *a)
{
    struct lx_choice *c = lx_arena_new(a, struct lx_choice);
    if (!c)
        return NULL;
    struct lx_part **parts = &c->parts;
    struct lx_part *part = text.s.n ? lx_part_add(&parts, LX_PART_TEXT, a) : NULL;
    if (part)
        part->text = text;
    c->raw_finish = lx_json_str(LX_GET(details, "finish_reason"), a);
    if (!c->raw_finish.p)
        c->raw_finish = lx_json_str(LX_GET(details, "stop_reason"), a);
    c->finish = finish_of(c->raw_finish);
    **at = c;
    *at = &c->next;
    return c;
}

/* Of tensors, the first: its strings as one. Absent: there is none. */
static struct lx_text tensor_of(struct lx_json reply, struct lx_arena *a)
{
    struct lx_json data = LX_GET(lx_json_at(LX_GET(reply, "outputs"), 0), "data");
    const struct lx_text none = {0};
    if (!lx_json_is(data, LX_JSON_ARRAY))
        return lx_json_text(data);
    return lx_json_is(lx_json_at(data, 0), LX_JSON_STRING) ? lx_generation_join(data, a) : none;
}

/* The answer's text, whatever it is called. */
static struct lx_text text_of(struct lx_json reply)
{
    struct lx_text text = lx_json_text(LX_GET(reply, "generated_text"));
    return text.s.p ? text : lx_json_text(LX_GET(reply, "text_output"));
}

static struct lx_text model_of(struct lx_json reply)
{
    struct lx_text name = lx_json_text(LX_GET(reply, "model_name"));
    return name.s.p ? name : lx_json_text(LX_GET(reply, "model_id"));
}

static int read_reply(const struct lx_json_doc *doc, const struct lx_reply_context *context,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json body = lx_json_root(doc);
    struct lx_reply reply = {0};
    struct lx_choice **at = &reply.choices;
    if (lx_json_is(body, LX_JSON_ARRAY)) /* TGI at "/", as SageMaker calls it */
        body = lx_json_at(body, 0);
    struct lx_json details = LX_GET(body, "details"), more = LX_GET(details, "best_of_sequences");
    struct lx_json result = lx_json_at(LX_GET(body, "results"), 0);
    if (lx_json_given(result)) /* watsonx */
        details = result;
    struct lx_text text = text_of(lx_json_given(result) ? result : body);
    if (!text.s.p)
        text = tensor_of(body, a);
    if (!text.s.p)
        return lx_error_set(err, a->failed ? a->failed : LX_EPROTO,
                            "the reply has no generated text");
    reply.model = model_of(body);
    add_choice(&at, text, details, a);
    int64_t index = 1;
    for (struct lx_json_iter it = lx_json_iter(more); lx_json_next(&it);) {
        struct lx_choice *c = add_choice(&at, text_of(it.value), it.value, a);
        if (c)
            c->index = index++;
    }
    read_usage(body, details, context->input_tokens, &reply.usage);
    if (a->failed)
        return lx_error_set(err, a->failed, "%s", lx_code_text(a->failed));
    *out = reply;
    return 0;
}

/* TGI's last event has the details; Triton's streams just end. */
struct reading {
    struct lx_generation_stream stream;
    bool finishes; /* it is TGI's or watsonx's: an end without a reason is no end */
    int64_t input; /* tokens, where the first event alone says how many */
};

static void finish(struct reading *s, struct lx_slice reason, const struct lx_usage *usage)
{
    lx_generation_usage(&s->stream, usage);
    lx_generation_finish(&s->stream, finish_of(reason), reason);
    lx_generation_end(&s->stream, true);
}

/* One of watsonx's events: each has a stop_reason, and counts. */
static void read_result(struct reading *s, struct lx_json result)
{
    struct lx_slice reason = lx_json_str(LX_GET(result, "stop_reason"), s->stream.out->arena);
    struct lx_usage usage = {0};
    int64_t input;
    s->finishes = true;
    if (lx_json_int(LX_GET(result, "input_token_count"), &input) == 0 && input > s->input)
        s->input = input;
    lx_generation_text(&s->stream, lx_json_text(LX_GET(result, "generated_text")));
    if (!reason.n || lx_slice_eq(reason, LX_S("not_finished")))
        return;
    read_usage(result, result, s->input, &usage);
    finish(s, reason, &usage);
}

static void read_record(struct reading *s, struct lx_json record)
{
    struct lx_json result = lx_json_at(LX_GET(record, "results"), 0);
    struct lx_json token = LX_GET(record, "token"), details = LX_GET(record, "details");
    struct lx_usage usage = {0};
    lx_generation_start(&s->stream, model_of(record));
    if (lx_json_given(result)) {
        read_result(s, result);
        return;
    }
    if (!lx_json_given(token))
        lx_generation_text(&s->stream, lx_json_text(LX_GET(record, "text_output")));
    else if (!lx_json_bool(LX_GET(token, "special"), false))
        lx_generation_text(&s->stream, lx_json_text(LX_GET(token, "text")));
    s->finishes |= lx_json_given(token);
    if (!lx_json_given(details))
        return;
    read_usage(record, details, 0, &usage);
    finish(s, lx_json_str(LX_GET(details, "finish_reason"), s->stream.out->arena), &usage);
}

/* Triton's model may have outputs of any name beside its text. */
static bool is_fault(struct lx_json record)
{
    return lx_openai_is_fault(record) && !text_of(record).s.p;
}

static int read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                      const struct lx_reply_context *context, struct lx_events *out,
                      struct lx_error *err)
{
    struct reading *s = state;
    (void)context;
    if (s->stream.over || lx_record_is_done(rec))
        return 0;
    int code = lx_record_read(rec, doc, err);
    if (code && !(rec->fault && code == LX_EPROTO)) /* an exception may be no JSON */
        return code;
    struct lx_json record = code ? (struct lx_json){0} : lx_json_root(doc);
    s->stream.out = out;
    if (rec->fault || is_fault(record))
        lx_generation_fault(&s->stream, record, rec->data);
    else
        read_record(s, record);
    return lx_events_result(out, 0, err);
}

static int read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    struct reading *s = state;
    const struct lx_usage none = {0};
    s->stream.out = out;
    if (!s->stream.over && s->stream.started && !s->finishes)
        finish(s, lx_slice(NULL, 0), &none);
    lx_generation_end(&s->stream, false);
    return lx_events_result(out, 0, err);
}

/* ---- The tables --------------------------------------------------------------------------- */

#define READERS                                                                               \
    .state_size = sizeof(struct reading), .read_reply = read_reply, .read_event = read_event, \
    .read_end = read_end, .read_error = lx_openai_read_error, .framing = LX_FRAMING_SSE,      \
    .prompts = true, .lists = true, .model_outside = true

static const struct lx_back tgi_back = {READERS, .write_path = write_tgi_path,
                                        .write_request = write_tgi,
                                        .tokens_header = "x-prompt-tokens"};
static const struct lx_back nlp_cloud_back = {READERS, .write_path = write_nlp_cloud_path,
                                              .write_request = write_nlp_cloud};
static const struct lx_back triton_back = {READERS, .write_path = write_triton_path,
                                           .write_request = write_triton};
static const struct lx_back infer_back = {READERS, .write_path = write_infer_path,
                                          .write_request = write_infer};
static const struct lx_back watsonx_back = {READERS, .write_path = write_watsonx_path,
                                            .write_request = write_watsonx};

const struct lx_dialect lx_dialect_tgi = {
    .name = "tgi", .title = "Hugging Face text generation", .back = &tgi_back};
const struct lx_dialect lx_dialect_nlp_cloud = {
    .name = "nlp_cloud", .title = "NLP Cloud generation", .back = &nlp_cloud_back};
const struct lx_dialect lx_dialect_triton = {
    .name = "triton", .title = "NVIDIA Triton generate", .back = &triton_back};
const struct lx_dialect lx_dialect_triton_infer = {
    .name = "triton_infer", .title = "NVIDIA Triton inference", .back = &infer_back};
const struct lx_dialect lx_dialect_watsonx_text = {
    .name = "watsonx_text", .title = "watsonx.ai text generation", .back = &watsonx_back};
