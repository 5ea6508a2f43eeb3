/*
 * triton_embed.c - embeddings of NVIDIA Triton: a tensor of texts in, tensors of numbers out.
 *
 * docs.nvidia.com/deeplearning/triton-inference-server, the inference protocol of KServe; the name
 * of the input is LiteLLM's (triton/embedding, 1.106.2), and so is that the address is whole. The
 * numbers of all vectors stand in one list, whose shape says where one ends.
 */
#include "dialect/embed.h"
#include "dialect/openai_chat.h"

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, 0, b);
    lx_out_object(&out, NULL);
    lx_out_array(&out, "inputs");
    lx_out_object(&out, NULL);
    lx_out_lit(&out, "name", "input_text");
    lx_out_array(&out, "shape");
    lx_out_int(&out, NULL, (int64_t)r->embed->count);
    lx_out_array_end(&out);
    lx_out_lit(&out, "datatype", "BYTES");
    lx_embed_write_texts(&out, "data", r->embed, b);
    lx_out_object_end(&out);
    lx_out_array_end(&out);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

/* What stands between the first and the last of some numbers, as an array of its own. */
static struct lx_vector piece(struct lx_slice first, struct lx_slice last, struct lx_arena *a)
{
    struct lx_slice inside = lx_slice(first.p, (size_t)(last.p + last.n - first.p));
    return (struct lx_vector){.kind = LX_VECTOR_FLOATS,
                              .s = lx_arena_printf(a, "[%.*s]", LX_F(inside))};
}

static int read_output(struct lx_json output, struct lx_arena *a, struct lx_reply *out,
                       struct lx_error *err)
{
    struct lx_json data = LX_GET(output, "data"), shape = LX_GET(output, "shape");
    int64_t rows = 0, size = 0, n = 0;
    struct lx_slice first = {0};
    if (lx_json_int(lx_json_at(shape, 0), &rows) < 0 ||
        lx_json_int(lx_json_at(shape, 1), &size) < 0 || lx_json_count(shape) != 2 || rows < 0 ||
        size < 1 || (uint64_t)rows > lx_json_count(data) ||
        lx_json_count(data) / (size_t)size != (size_t)rows || lx_json_count(data) % (size_t)size)
        return lx_error_set(err, LX_EPROTO, "outputs[0]: the data is not of its shape");
    int code = lx_embed_reply_init(out, (size_t)rows, a);
    for (struct lx_json_iter it = lx_json_iter(data); code == 0 && lx_json_next(&it); n++) {
        if (!lx_json_is(it.value, LX_JSON_NUMBER))
            return lx_error_set(err, LX_EPROTO, "outputs[0].data: expected numbers");
        if (n % size == 0)
            first = lx_json_raw(it.value);
        if (n % size == size - 1)
            out->embed->vectors[n / size] = piece(first, lx_json_raw(it.value), a);
    }
    return code < 0 ? code : a->failed;
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), output = lx_json_at(LX_GET(root, "outputs"), 0);
    (void)c;
    *out = (struct lx_reply){.language = LX_S("triton_embed"),
                             .model = lx_json_text(LX_GET(root, "model_name"))};
    if (!lx_json_is(output, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EPROTO, "outputs: expected a tensor");
    return read_output(output, a, out, err);
}

static const struct lx_back back = {
    .write_request = write_request,
    .read_reply = read_reply,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_triton_embed = {
    .name = "triton_embed",
    .title = "NVIDIA Triton embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
