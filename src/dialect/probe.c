/*
 * probe.c - endpoints of OpenAI's API that are asked whether they answer, and nothing else: images,
 * their changes, moderations, reranking, speech and transcription, as a health check needs them;
 * and Mistral's OCR (docs.mistral.ai/api/endpoint/ocr).
 *
 * Each is a language of its own with the operation LX_OPERATION_PROBE, for requests only: a good
 * reply is one whatever it says (speech is no JSON), and nobody reads it. Bodies pass as
 * serve/probe writes them, but for those that are forms with a file: a transcription's, a fifth of
 * a second of silence, and that of a picture that is to be changed.
 */
#include "base/text.h"
#include "dialect/openai_chat.h"

enum { RATE = 8000, SILENCE = RATE / 5 * 2 }; /* samples a second; bytes */

#define BOUNDARY "llmux-health-check"

static int read_request(const struct lx_json_doc *body, struct lx_arena *a, struct lx_request *out,
                        struct lx_error *err)
{
    (void)a, (void)err;
    *out = (struct lx_request){.language = LX_S("probe"),
                               .model = lx_json_text(LX_GET(lx_json_root(body), "model"))};
    return 0;
}

static void write_nothing(const struct lx_reply *r, const struct lx_reply_context *c,
                          struct lx_buf *out)
{
    (void)r, (void)c, (void)out;
}

static int read_nothing(const struct lx_json_doc *body, const struct lx_reply_context *c,
                        struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    (void)body, (void)c, (void)a, (void)err;
    *out = (struct lx_reply){.language = LX_S("probe")};
    return 0;
}

static int glance_reply(const struct lx_json_doc *body, struct lx_glance *out)
{
    (void)body;
    out->content = true;
    return 0;
}

static void add_number(struct lx_buf *out, uint32_t n, int bytes)
{
    for (int i = 0; i < bytes; i++)
        lx_buf_add_byte(out, (char)(n >> (8 * i) & 0xff));
}

/* RIFF, one channel of 16 bits. */
static void add_wave(struct lx_buf *out)
{
    lx_buf_add_lit(out, "RIFF");
    add_number(out, 36 + SILENCE, 4);
    lx_buf_add_lit(out, "WAVEfmt ");
    add_number(out, 16, 4);
    add_number(out, 1, 2); /* PCM */
    add_number(out, 1, 2);
    add_number(out, RATE, 4);
    add_number(out, RATE * 2, 4);
    add_number(out, 2, 2);
    add_number(out, 16, 2);
    lx_buf_add_lit(out, "data");
    add_number(out, SILENCE, 4);
    for (int i = 0; i < SILENCE; i++)
        lx_buf_add_byte(out, 0);
}

/* 64 pixels square, all white. */
const struct lx_slice lx_probe_picture =
    LX_S_INIT("iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAKUlEQVR42u3MQREAAAwCIPuX1hD77SAA"
              "6VEEAoFAIBAIBAKBQCAQfA8Gpwvw4qrwDDIAAAAASUVORK5CYII=");

static void begin_form(const struct lx_write_options *o, struct lx_body *b)
{
    lx_header_list_set(b->headers, LX_S("content-type"),
                       LX_S("multipart/form-data; boundary=" BOUNDARY));
    lx_buf_add_lit(b->buf, "--" BOUNDARY "\r\n"
                           "content-disposition: form-data; name=\"model\"\r\n\r\n");
    lx_buf_add(b->buf, o->model);
}

static void write_transcription(const struct lx_write_options *o, const struct lx_request *r,
                                struct lx_body *b)
{
    (void)r;
    begin_form(o, b);
    lx_buf_add_lit(b->buf, "\r\n--" BOUNDARY "\r\n"
                           "content-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                           "content-type: audio/wav\r\n\r\n");
    add_wave(b->buf);
    lx_buf_add_lit(b->buf, "\r\n--" BOUNDARY "--\r\n");
}

static void write_edit(const struct lx_write_options *o, const struct lx_request *r,
                       struct lx_body *b)
{
    (void)r;
    begin_form(o, b);
    lx_buf_add_lit(b->buf, "\r\n--" BOUNDARY "\r\n"
                           "content-disposition: form-data; name=\"prompt\"\r\n\r\n"
                           "a blue circle\r\n--" BOUNDARY "\r\n"
                           "content-disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n"
                           "content-type: image/png\r\n\r\n");
    lx_base64_read(lx_probe_picture, b->buf);
    lx_buf_add_lit(b->buf, "\r\n--" BOUNDARY "--\r\n");
}

static const struct lx_front front = {
    .read_request = read_request,
    .write_reply = write_nothing,
    .write_error = lx_openai_write_error,
};

/* glance: NULL where the body is no JSON, and so does not pass. */
#define PROBE(id, what, where, write, glance)                                         \
    static const struct lx_back back_##id = {                                         \
        .path = where,                                                                \
        .write_request = write,                                                       \
        .read_reply = read_nothing,                                                   \
        .read_error = lx_openai_read_error,                                           \
        .glance_reply = glance,                                                       \
    };                                                                                \
    const struct lx_dialect lx_dialect_probe_##id = {.name = "probe_" #id,            \
                                                     .title = what,                   \
                                                     .operation = LX_OPERATION_PROBE, \
                                                     .front = &front,                 \
                                                     .back = &back_##id};
PROBE(edit, "a check of images that are changed", "/images/edits", write_edit, NULL)
PROBE(image, "a check of images", "/images/generations", NULL, glance_reply)
PROBE(moderation, "a check of moderations", "/moderations", NULL, glance_reply)
PROBE(ocr, "a check of OCR", "/ocr", NULL, glance_reply)
PROBE(rerank, "a check of reranking", "/rerank", NULL, glance_reply)
PROBE(speech, "a check of speech", "/audio/speech", NULL, glance_reply)
PROBE(transcription, "a check of transcriptions", "/audio/transcriptions", write_transcription,
      NULL)
