/*
 * response_id.c - ids that say which deployment made a response or an item of one.
 *
 * Written by the front of the Responses language and where its replies pass; read where a request
 * comes back with them. The forms are LiteLLM's (responses/utils.py, 1.106.2), but in the alphabet
 * for URLs: an id of a response stands in a path.
 */
#include "dialect/response_id.h"

#include "base/error.h"
#include "base/text.h"

enum { MAX_ID_BYTES = 4096 };

static struct lx_slice decode(struct lx_slice base64, struct lx_arena *a)
{
    struct lx_buf out;
    if (!base64.n || base64.n > MAX_ID_BYTES)
        return lx_slice(NULL, 0);
    lx_buf_init(&out, MAX_ID_BYTES);
    if (lx_base64_read(base64, &out) == LX_EINVAL)
        lx_buf_reset(&out);
    return lx_buf_take(&out, a);
}

static struct lx_slice encode(const char *prefix, struct lx_slice plain, struct lx_arena *a)
{
    struct lx_buf out;
    lx_buf_init(&out, SIZE_MAX);
    lx_buf_add(&out, lx_slice_z(prefix));
    size_t from = out.n;
    lx_base64_write(&out, plain);
    for (size_t i = from; i < out.n; i++)
        out.p[i] = (char)(out.p[i] == '+' ? '-' : out.p[i] == '/' ? '_' : out.p[i]);
    return lx_buf_take(&out, a);
}

/* Cuts "nameVALUE;" off the front; the last has no semicolon behind it. */
static bool take(struct lx_slice *rest, struct lx_slice name, bool last, struct lx_slice *value)
{
    if (!lx_slice_starts(*rest, name))
        return false;
    struct lx_slice from = lx_slice_from(*rest, name.n), behind = {NULL, 0};
    if (last)
        *value = from;
    else if (!lx_slice_cut(from, ';', value, &behind))
        return false;
    *rest = behind;
    return value->n != 0;
}

struct lx_response_id lx_response_id_read(struct lx_slice id, struct lx_arena *a)
{
    struct lx_response_id parts = {.provider = {NULL, 0}};
    struct lx_slice rest =
        lx_slice_starts(id, LX_S("resp_")) ? decode(lx_slice_from(id, 5), a) : lx_slice(NULL, 0);
    if (take(&rest, LX_S("litellm:custom_llm_provider:"), false, &parts.provider) &&
        take(&rest, LX_S("model_id:"), false, &parts.deployment) &&
        take(&rest, LX_S("response_id:"), true, &parts.id))
        return parts;
    return (struct lx_response_id){.id = id};
}

struct lx_response_id lx_response_item_id_read(struct lx_slice id, struct lx_arena *a)
{
    struct lx_response_id parts = {.provider = {NULL, 0}};
    struct lx_slice rest =
        lx_slice_starts(id, LX_S("encitem_")) ? decode(lx_slice_from(id, 8), a) : lx_slice(NULL, 0);
    if (take(&rest, LX_S("litellm:model_id:"), false, &parts.deployment) &&
        take(&rest, LX_S("item_id:"), true, &parts.id))
        return parts;
    return (struct lx_response_id){.id = id};
}

struct lx_response_id lx_response_content_read(struct lx_slice content, struct lx_arena *a)
{
    struct lx_response_id parts = {.provider = {NULL, 0}};
    struct lx_slice base64;
    if (lx_slice_starts(content, LX_S("litellm_enc:")) &&
        lx_slice_cut(lx_slice_from(content, 12), ';', &base64, &parts.id)) {
        struct lx_slice rest = decode(base64, a);
        if (take(&rest, LX_S("model_id:"), true, &parts.deployment))
            return parts;
    }
    return (struct lx_response_id){.id = content};
}

struct lx_slice lx_response_id_write(const struct lx_response_id *id, struct lx_arena *a)
{
    return encode("resp_",
                  lx_arena_printf(a,
                                  "litellm:custom_llm_provider:%.*s;model_id:%.*s;response_id:%.*s",
                                  LX_F(id->provider), LX_F(id->deployment), LX_F(id->id)),
                  a);
}

struct lx_slice lx_response_content_write(const struct lx_response_id *id, struct lx_arena *a)
{
    struct lx_slice mark =
        encode("litellm_enc:", lx_arena_printf(a, "model_id:%.*s", LX_F(id->deployment)), a);
    return lx_arena_printf(a, "%.*s;%.*s", LX_F(mark), LX_F(id->id));
}
