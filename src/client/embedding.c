/*
 * embedding.c - embeddings as the library's users see them: the JSON, and vectors of floats.
 */
#include <stdlib.h>

#include "base/float.h"
#include "client/client.h"

struct view {
    float *v; /* NULL: no vector of floats */
    size_t n;
};

struct llmux_embeddings {
    struct lx_arena arena;
    struct lx_buf json;
    struct lx_json_doc doc;
    struct lx_reply reply;
    const char *model;
    struct view *views;
    size_t count;
};

/* What the dialect calls a vector, as floats of this machine. */
static int view(llmux_embeddings *e, const struct lx_vector *v, struct lx_buf *bytes,
                struct view *out)
{
    int code;

    if (v->kind == LX_VECTOR_RAW || v->type.n)
        return 0;
    lx_buf_reset(bytes);
    code = lx_vector_read(v, bytes);
    if (code == 0)
        code = bytes->failed;
    if (code != 0)
        return code;
    out->n = bytes->n / 4;
    out->v = lx_arena_alloc(&e->arena, (out->n + 1) * sizeof(float));
    for (size_t i = 0; out->v && i < out->n; i++)
        out->v[i] = lx_float_get(bytes->p + 4 * i);
    return e->arena.failed;
}

static int read_all(llmux_embeddings *e, struct lx_error *err)
{
    struct lx_reply_context context = {0};
    const struct lx_back *back = lx_dialect_openai_embed.back;
    struct lx_buf bytes;
    int code = lx_json_read(&e->doc, lx_buf_slice(&e->json), NULL, err);

    if (code == 0)
        code = back->read_reply(&e->doc, &context, &e->arena, &e->reply, err);
    if (code != 0)
        return code;
    e->count = e->reply.embed->count;
    e->views = lx_arena_alloc(&e->arena, (e->count + 1) * sizeof(*e->views));
    e->model = lx_arena_copy_z(&e->arena, lx_text_plain(e->reply.model, &e->arena));
    if (!e->views || !e->model)
        return e->arena.failed;
    lx_buf_init(&bytes, LX_REPLY_MAX);
    for (size_t i = 0; code == 0 && i < e->count; i++)
        code = view(e, &e->reply.embed->vectors[i], &bytes, &e->views[i]);
    lx_buf_clear(&bytes);
    return code;
}

llmux_embeddings *lx_client_embeddings(struct lx_buf *json, llmux_error **err)
{
    llmux_embeddings *e = calloc(1, sizeof(*e));
    struct lx_error why = {0};
    int code = LX_ENOMEM;

    if (e) {
        lx_arena_init(&e->arena, LX_REPLY_MAX);
        lx_json_doc_init(&e->doc);
        e->json = *json;
        lx_buf_init(json, json->max);
        code = read_all(e, &why);
    }
    if (code == 0)
        return e;
    lx_client_fail(err, code, why.code ? &why : NULL);
    llmux_embeddings_free(e);
    return NULL;
}

void llmux_embeddings_free(llmux_embeddings *e)
{
    if (!e)
        return;
    lx_json_doc_clear(&e->doc);
    lx_buf_clear(&e->json);
    lx_arena_clear(&e->arena);
    free(e);
}

const char *llmux_embeddings_json(const llmux_embeddings *e, size_t *n)
{
    *n = e->json.n;
    return e->json.p;
}

const char *llmux_embeddings_model(const llmux_embeddings *e)
{
    return e->model;
}

size_t llmux_embeddings_count(const llmux_embeddings *e)
{
    return e->count;
}

const float *llmux_embeddings_vector(const llmux_embeddings *e, size_t i, size_t *dimensions)
{
    *dimensions = i < e->count ? e->views[i].n : 0;
    return i < e->count ? e->views[i].v : NULL;
}

int64_t llmux_embeddings_prompt_tokens(const llmux_embeddings *e)
{
    return e->reply.usage.known ? e->reply.usage.prompt_tokens : -1;
}
