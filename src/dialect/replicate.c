/*
 * replicate.c - Replicate's predictions as a dialect: a back only. One is made, and is answered
 * when it is done: at once where it does not take long (Prefer: wait), else at an address that is
 * asked until then, and a stream at another.
 *
 *   POST .../predictions {"input":{"prompt":".."}} -> {"status":"succeeded","output":["..",".."]}
 *                                  or {"status":"starting","urls":{"get":"..","stream":".."}}
 *   stream: output (text) ..., done (JSON), error (JSON)
 *
 * Every model has an input schema of its own; the names here are those of most models of text, as
 * LiteLLM has them. Sources: replicate.com/docs/reference/http and .../topics/predictions/streaming
 * (2025), recorded predictions.
 */
#include "dialect/generation.h"

#include "base/text.h"

enum { FIRST_WAIT_MS = 500, MAX_WAIT_MS = 5000 };

/* ---- The request --------------------------------------------------------------------------- */

static const struct lx_generation_form form = {
    .prompt = "prompt",
    .within = "input",
    .prompt_within = true,
    .names = {{LX_PARAM_MAX_TOKENS, "max_new_tokens"},
              {LX_PARAM_TEMPERATURE, "temperature"},
              {LX_PARAM_TOP_P, "top_p"},
              {LX_PARAM_TOP_K, "top_k"},
              {LX_PARAM_SEED, "seed"},
              {LX_PARAM_PRESENCE_PENALTY, "presence_penalty"},
              {LX_PARAM_FREQUENCY_PENALTY, "frequency_penalty"},
              {LX_PARAM_REPETITION_PENALTY, "repetition_penalty"},
              {0, NULL}},
    .stop = "stop_sequences",
    .stop_between = ",",
    .streams = true,
};

/* Families that call the limit otherwise (LiteLLM replicate/chat/transformation.py). */
static const struct {
    const char *mark, *name;
} limits[] = {
    {"vicuna", "max_length"},
    {"flan", "max_length"},
    {"meta/codellama-13b", "max_tokens"},
};

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_generation_form own = form;
    struct lx_slice model, version;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (lx_slice_find(o->model, lx_slice_z(limits[i].mark)) >= 0)
            own.names[0].name = limits[i].name;
    lx_generation_write(&own, o, r, b);
    if (!r->stream && b->headers)
        lx_header_list_set(b->headers, LX_S("prefer"), LX_S("wait"));
    if (!lx_slice_cut(o->model, ':', &model, &version) || !b->buf->n)
        return;
    struct lx_out out = lx_out(b->buf);
    b->buf->n--; /* the brace: one member more */
    out.comma = true;
    lx_out_str(&out, "version", version);
    lx_buf_add_byte(b->buf, '}');
}

/* "owner/name", "owner/name:version", "deployments/owner/name" */
static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    bool deployed = lx_slice_starts(o->model, LX_S("deployments/"));
    (void)stream;
    if (lx_slice_find_byte(o->model, ':') < 0) {
        lx_buf_add(out, deployed ? LX_S("/") : LX_S("/models/"));
        lx_percent_write(out, o->model, LX_S("/"));
    }
    lx_buf_add_lit(out, "/predictions");
}

/* ---- Where the answer is ------------------------------------------------------------------- */

static int follow(const struct lx_json_doc *body, bool stream, int64_t polls, struct lx_arena *a,
                  struct lx_follow *out)
{
    struct lx_json root = lx_json_root(body), status = LX_GET(root, "status");
    struct lx_json urls = LX_GET(root, "urls");
    if (!lx_json_eq(status, LX_S("starting")) && !lx_json_eq(status, LX_S("processing")))
        return 0;
    out->stream = stream && lx_json_is(LX_GET(urls, "stream"), LX_JSON_STRING);
    out->url = lx_json_str(out->stream ? LX_GET(urls, "stream") : LX_GET(urls, "get"), a);
    out->cancel_url = lx_json_str(LX_GET(urls, "cancel"), a);
    out->wait_ms = out->stream ? 0 : (int64_t)FIRST_WAIT_MS << (polls < 4 ? polls : 4);
    if (out->wait_ms > MAX_WAIT_MS)
        out->wait_ms = MAX_WAIT_MS;
    return a->failed;
}

/* ---- The reply ----------------------------------------------------------------------------- */

static void add_text(struct lx_part ***at, struct lx_json v, struct lx_arena *a)
{
    struct lx_text text = lx_json_text(v);
    struct lx_part *part = text.s.n ? lx_part_add(at, LX_PART_TEXT, a) : NULL;
    if (part)
        part->text = text;
}

static void read_usage(struct lx_json metrics, struct lx_usage *u)
{
    int64_t in, out;
    if (lx_json_int(LX_GET(metrics, "input_token_count"), &in) == 0 &&
        lx_json_int(LX_GET(metrics, "output_token_count"), &out) == 0)
        *u = lx_generation_usage_of(in, out);
}

static int read_reply(const struct lx_json_doc *doc, const struct lx_reply_context *context,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(doc), output = LX_GET(root, "output");
    struct lx_slice status = lx_json_str(LX_GET(root, "status"), a);
    struct lx_reply reply = {.id = lx_json_text(LX_GET(root, "id")),
                             .model = lx_json_text(LX_GET(root, "model"))};
    (void)context;
    if (!lx_slice_eq(status, LX_S("succeeded")) || !lx_json_given(output))
        return lx_error_set(err, LX_EPROTO, "the prediction is no answer: its status is \"%.*s\"",
                            LX_F(lx_slice_to(status, 40)));
    struct lx_choice *c = reply.choices = lx_arena_new(a, struct lx_choice);
    if (c) {
        struct lx_part **parts = &c->parts;
        struct lx_part *part = NULL;
        if (!lx_json_is(output, LX_JSON_ARRAY))
            add_text(&parts, output, a);
        else if (lx_json_count(output))
            part = lx_part_add(&parts, LX_PART_TEXT, a);
        if (part)
            part->text = lx_generation_join(output, a);
        c->finish = LX_FINISH_STOP;
    }
    read_usage(LX_GET(root, "metrics"), &reply.usage);
    if (a->failed)
        return lx_error_set(err, a->failed, "%s", lx_code_text(a->failed));
    *out = reply;
    return 0;
}

/* ---- The stream ---------------------------------------------------------------------------- */

/* {} when all is well, else {"reason":"error"} or {"reason":"canceled"}. */
static void read_done(struct lx_generation_stream *s, struct lx_json reason)
{
    const struct lx_json none = {0};
    if (lx_json_given(reason)) {
        struct lx_slice why = lx_json_str(reason, s->out->arena);
        lx_generation_fault(
            s, none, lx_arena_printf(s->out->arena, "the prediction ended: %.*s", LX_F(why)));
        return;
    }
    lx_generation_finish(s, LX_FINISH_STOP, lx_slice(NULL, 0));
    lx_generation_end(s, true);
}

static int read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                      const struct lx_reply_context *context, struct lx_events *out,
                      struct lx_error *err)
{
    struct lx_generation_stream *s = state;
    const struct lx_text none = {0};
    (void)context;
    if (s->over)
        return 0;
    s->out = out;
    lx_generation_start(s, none);
    if (lx_slice_eq(rec->event, LX_S("output"))) {
        if (lx_utf8_valid(rec->data) != rec->data.n)
            return lx_error_set(err, LX_EPROTO, "a piece of the answer is not UTF-8");
        lx_generation_text(s, lx_text(rec->data));
        return lx_events_result(out, 0, err);
    }
    int code = lx_json_read(doc, rec->data, NULL, NULL);
    if (code == LX_ENOMEM)
        return lx_error_set(err, code, "no memory for an event");
    struct lx_json body = code ? (struct lx_json){0} : lx_json_root(doc);
    if (lx_slice_eq(rec->event, LX_S("error")))
        lx_generation_fault(s, body, rec->data);
    else if (lx_slice_eq(rec->event, LX_S("done")))
        read_done(s, LX_GET(body, "reason"));
    return lx_events_result(out, 0, err);
}

static int read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    struct lx_generation_stream *s = state;
    s->out = out;
    lx_generation_end(s, false);
    return lx_events_result(out, 0, err);
}

static const struct lx_back back = {
    .state_size = sizeof(struct lx_generation_stream),
    .write_path = write_path,
    .write_request = write_request,
    .follow = follow,
    .read_reply = read_reply,
    .read_event = read_event,
    .read_end = read_end,
    .read_error = lx_openai_read_error,
    .framing = LX_FRAMING_SSE,
    .prompts = true,
    .model_outside = true,
};

const struct lx_dialect lx_dialect_replicate = {
    .name = "replicate", .title = "Replicate predictions", .back = &back};
