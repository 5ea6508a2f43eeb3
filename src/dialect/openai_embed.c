/*
 * openai_embed.c - OpenAI's embeddings: the language of all clients and of most providers.
 *
 * Members that OpenAI does not know are understood where several providers mean the same by them
 * (what the inputs are for, whether they may be cut), and ride along for a target of this language.
 */
#include "dialect/embed.h"

#include "dialect/openai_chat.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- Requests ------------------------------------------------------------------------------ */

/* What inputs are for, under the names that providers have for it. */
static const struct lx_slice purposes[] = {LX_S_INIT("input_type"), LX_S_INIT("task_type"),
                                           LX_S_INIT("taskType"), LX_S_INIT("task")};

static const struct lx_slice known[] = {
    LX_S_INIT("model"),      LX_S_INIT("input"),      LX_S_INIT("encoding_format"),
    LX_S_INIT("user"),       LX_S_INIT("dimensions"), LX_S_INIT("truncate"),
    LX_S_INIT("input_type"), LX_S_INIT("task_type"),  LX_S_INIT("taskType"),
    LX_S_INIT("task"),       LX_S_INIT("truncation"),
};

/* Words of Cohere's and NVIDIA's, or, of Ollama, TEI and Voyage, yes or no. */
static struct lx_text read_truncate(struct lx_json root)
{
    struct lx_json v = LX_GET(root, "truncate");
    if (!lx_json_given(v))
        v = LX_GET(root, "truncation");
    if (lx_json_is(v, LX_JSON_TRUE) || lx_json_is(v, LX_JSON_FALSE))
        return lx_text(lx_json_bool(v, false) ? LX_S("END") : LX_S("NONE"));
    return lx_json_text(v);
}

/* Understood, and kept as they came for a target of this language. */
static void read_own(struct lx_json root, struct lx_request *r, struct lx_arena *a)
{
    struct lx_extra **own = &r->own_extra;
    for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);) {
        struct lx_slice name = lx_json_text(it.name).s;
        bool is_own = lx_slice_eq(name, LX_S("truncate")) || lx_slice_eq(name, LX_S("truncation"));
        for (size_t i = 0; i < COUNT(purposes); i++)
            is_own = is_own || lx_slice_eq(name, purposes[i]);
        if (is_own && lx_json_given(it.value))
            lx_extra_add(&own, it.name, it.value, a);
    }
    for (size_t i = COUNT(purposes); i-- > 0;)
        if (lx_json_is(lx_json_get(root, purposes[i]), LX_JSON_STRING))
            r->embed->input_type = lx_json_text(lx_json_get(root, purposes[i]));
    r->embed->truncate = read_truncate(root);
}

static int read_request(const struct lx_json_doc *body, struct lx_arena *a, struct lx_request *out,
                        struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), dimensions = LX_GET(root, "dimensions");
    struct lx_json user = LX_GET(root, "user");
    struct lx_extra **extra = &out->extra;
    *out = (struct lx_request){
        .language = LX_OPENAI_EMBED,
        .model = lx_json_text(LX_GET(root, "model")),
        .embed = lx_arena_new(a, struct lx_embed_request),
    };
    if (!out->embed)
        return a->failed;
    if (!lx_json_given(LX_GET(root, "input")))
        return lx_error_set(err, LX_EINVAL, "input: what is to be embedded is missing");
    int code = lx_openai_read_inputs(LX_GET(root, "input"), a, out->embed, err);
    if (code < 0)
        return code;
    out->embed->encoding = lx_json_str(LX_GET(root, "encoding_format"), a);
    if (lx_json_given(dimensions))
        out->embed->dimensions = lx_json_raw(dimensions);
    if (lx_json_given(user))
        out->params[LX_PARAM_USER] = lx_json_raw(user);
    read_own(root, out, a);
    lx_openai_read_extra(root, known, COUNT(known), &extra, a);
    return a->failed;
}

/* As it came; an image in a string as an object, for targets that want it so (Jina, Azure). */
static void write_input(struct lx_out *o, const char *name, const struct lx_input *in,
                        const struct lx_write_options *options)
{
    const struct lx_part *p = lx_input_part(in, LX_PART_IMAGE);
    bool in_string = in->raw.n && in->raw.p[0] == '"';
    if (!options->image_objects || !p || !in_string) {
        lx_out_raw(o, name, in->raw);
        return;
    }
    lx_out_object(o, name);
    if (options->image_urls)
        lx_out_raw(o, "image", in->raw);
    else
        lx_out_text(o, "image", p->media.data);
    lx_out_object_end(o);
}

static void write_inputs(struct lx_out *o, const struct lx_embed_request *r,
                         const struct lx_write_options *options)
{
    if (r->single && !options->image_urls) {
        write_input(o, "input", &r->inputs[0], options);
        return;
    }
    lx_out_array(o, "input");
    for (size_t i = 0; i < r->count; i++)
        write_input(o, NULL, &r->inputs[i], options);
    lx_out_array_end(o);
}

static void write_request(const struct lx_write_options *options, const struct lx_request *r,
                          struct lx_body *body)
{
    const struct lx_embed_request *e = r->embed;
    struct lx_out o = lx_out(body->buf);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "model", options->model);
    write_inputs(&o, e, options);
    if (e->encoding.n)
        lx_out_str(&o, "encoding_format", e->encoding);
    if (e->dimensions.p)
        lx_out_raw(&o, "dimensions", e->dimensions);
    if (r->params[LX_PARAM_USER].p)
        lx_out_raw(&o, "user", r->params[LX_PARAM_USER]);
    lx_extra_write(&o, r->own_extra);
    lx_extra_write(&o, r->extra);
    lx_out_object_end(&o);
}

/* ---- Replies ------------------------------------------------------------------------------- */

/* Where an element belongs: its index, where the indexes of all are good; else where it stands. */
static bool are_indexed(struct lx_json data, size_t count, struct lx_arena *a)
{
    bool *taken = lx_arena_alloc(a, count + 1);
    for (struct lx_json_iter it = lx_json_iter(data); taken && lx_json_next(&it);) {
        int64_t index;
        if (lx_json_int(LX_GET(it.value, "index"), &index) < 0 || index < 0 ||
            (size_t)index >= count || taken[index])
            return false;
        taken[index] = true;
    }
    return taken != NULL;
}

static int read_vectors(struct lx_json data, struct lx_arena *a, struct lx_reply *out,
                        struct lx_error *err)
{
    size_t count = lx_json_count(data), i = 0;
    int code = lx_embed_reply_init(out, count, a);
    if (code < 0)
        return code;
    bool indexed = are_indexed(data, count, a);
    for (struct lx_json_iter it = lx_json_iter(data); lx_json_next(&it); i++) {
        int64_t at = (int64_t)i;
        if (indexed)
            (void)lx_json_int(LX_GET(it.value, "index"), &at);
        if (!lx_vector_of_json(LX_GET(it.value, "embedding"), a, &out->embed->vectors[at]))
            return lx_error_set(err, LX_EPROTO, "data[%zu].embedding: expected a vector", i);
    }
    return a->failed;
}

/* Some say the total only, which is the input's: there is no output (Voyage, recorded 2025). */
static void read_usage(struct lx_json root, struct lx_usage *u)
{
    lx_openai_read_usage(LX_GET(root, "usage"), u);
    if (!u->prompt_tokens)
        u->prompt_tokens = u->total_tokens;
    u->known = u->known || u->total_tokens > 0;
}

int lx_openai_embed_read(struct lx_json root, struct lx_arena *a, struct lx_reply *out,
                         struct lx_error *err)
{
    struct lx_json data = LX_GET(root, "data");
    static const struct lx_slice members[] = {LX_S_INIT("object"), LX_S_INIT("data"),
                                              LX_S_INIT("model"), LX_S_INIT("usage"),
                                              LX_S_INIT("id")};
    struct lx_extra **extra = &out->extra;
    *out = (struct lx_reply){
        .language = LX_OPENAI_EMBED,
        .id = lx_json_text(LX_GET(root, "id")),
        .model = lx_json_text(LX_GET(root, "model")),
    };
    if (!lx_json_is(data, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "data: expected a list of embeddings");
    read_usage(root, &out->usage);
    lx_openai_read_extra(root, members, COUNT(members), &extra, a);
    return read_vectors(data, a, out, err);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    (void)c;
    return lx_openai_embed_read(lx_json_root(body), a, out, err);
}

static int glance_reply(const struct lx_json_doc *body, struct lx_glance *out)
{
    struct lx_json root = lx_json_root(body);
    if (!lx_json_is(LX_GET(root, "data"), LX_JSON_ARRAY))
        return LX_EPROTO;
    out->content = true;
    out->model = lx_json_text(LX_GET(root, "model")).s;
    read_usage(root, &out->usage);
    out->incomplete =
        out->usage.known && !lx_json_given(LX_GET(LX_GET(root, "usage"), "prompt_tokens"));
    return 0;
}

static void write_vector(struct lx_out *o, size_t index, const struct lx_vector *v, bool base64)
{
    lx_out_object(o, NULL);
    lx_out_lit(o, "object", "embedding");
    lx_out_int(o, "index", (int64_t)index);
    if (v->type.n)
        lx_out_str(o, "type", v->type);
    lx_buf_add_lit(o->buf, ",\"embedding\":");
    int code = lx_vector_write(v, base64 && !v->type.n, o->buf);
    if (code < 0 && !o->buf->failed)
        o->buf->failed = code;
    lx_out_object_end(o);
}

static void write_reply(const struct lx_reply *r, const struct lx_reply_context *c,
                        struct lx_buf *out)
{
    struct lx_out o = lx_out(out);
    bool base64 = lx_slice_eq(c->encoding, LX_S("base64"));
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "object", "list");
    if (r->id.s.n)
        lx_out_text(&o, "id", r->id);
    lx_out_array(&o, "data");
    for (size_t i = 0; i < r->embed->count; i++)
        write_vector(&o, i, &r->embed->vectors[i], base64);
    lx_out_array_end(&o);
    lx_out_text(&o, "model", r->model.s.n ? r->model : lx_text(c->model));
    if (r->usage.known)
        lx_openai_write_usage(&o, "usage", &r->usage);
    if (lx_slice_eq(r->language, LX_OPENAI_EMBED))
        lx_extra_write(&o, r->extra);
    lx_out_object_end(&o);
}

static const struct lx_front front = {
    .read_request = read_request,
    .write_reply = write_reply,
    .write_error = lx_openai_write_error,
    .write_usage = lx_openai_write_usage,
};

static const struct lx_back back = {
    .path = "/embeddings",
    .write_request = write_request,
    .max_inputs = 2048, /* platform.openai.com/docs/api-reference/embeddings/create, 2025 */
    .read_reply = read_reply,
    .read_error = lx_openai_read_error,
    .glance_reply = glance_reply,
};

const struct lx_dialect lx_dialect_openai_embed = {
    .name = "openai_embed",
    .title = "OpenAI embeddings",
    .operation = LX_OPERATION_EMBED,
    .front = &front,
    .back = &back,
};
