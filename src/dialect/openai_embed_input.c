/*
 * openai_embed_input.c - what a client wants embedded, in every form that clients send it in.
 *
 * The front calls it. Every input keeps its own JSON, so that a target of the same language gets
 * it as it came; what is understood besides is for the other languages. Images come as data URLs
 * among the strings (LiteLLM's way, and NVIDIA's), or as objects: OpenAI's content parts, Jina's
 * {"image"} and {"text"}, Cohere's and Voyage's {"content": [...]}.
 */
#include "dialect/embed.h"

static int fail_input(struct lx_error *err, const struct lx_embed_request *r, size_t i,
                      const char *why)
{
    if (r->single)
        return lx_error_set(err, LX_EINVAL, "input: %s", why);
    return lx_error_set(err, LX_EINVAL, "input[%zu]: %s", i, why);
}

/* ---- Media --------------------------------------------------------------------------------- */

static enum lx_part_kind kind_of_type(struct lx_slice type)
{
    if (lx_slice_starts(type, LX_S("image/")))
        return LX_PART_IMAGE;
    if (lx_slice_starts(type, LX_S("audio/")))
        return LX_PART_AUDIO;
    return lx_slice_starts(type, LX_S("video/")) ? LX_PART_VIDEO : LX_PART_FILE;
}

/* A data URL, an address, or plain base64 where the member says that it is an image. */
static void add_media(struct lx_part ***at, enum lx_part_kind kind, struct lx_json v,
                      struct lx_arena *a)
{
    struct lx_text url = lx_json_text(lx_json_is(v, LX_JSON_OBJECT) ? LX_GET(v, "url") : v);
    struct lx_part *p = lx_part_add(at, kind, a);
    if (!p)
        return;
    if (lx_media_read_data_url(&p->media, url, a))
        p->kind = p->media.type.n ? kind_of_type(p->media.type) : kind;
    else if (lx_slice_find(lx_slice_to(url.s, 16), LX_S(":")) > 0)
        p->media.url = url;
    else
        p->media.data = url;
}

static void add_text(struct lx_part ***at, struct lx_json v, struct lx_arena *a)
{
    struct lx_part *p = lx_part_add(at, LX_PART_TEXT, a);
    if (p)
        p->text = lx_json_text(v);
}

static const struct media_member {
    struct lx_slice name;
    enum lx_part_kind kind;
} media_members[] = {
    {LX_S_INIT("image_url"), LX_PART_IMAGE},    {LX_S_INIT("image"), LX_PART_IMAGE},
    {LX_S_INIT("image_base64"), LX_PART_IMAGE}, {LX_S_INIT("video_url"), LX_PART_VIDEO},
    {LX_S_INIT("video"), LX_PART_VIDEO},        {LX_S_INIT("audio"), LX_PART_AUDIO},
};

/* One object: what it holds of text and media. */
static void read_parts(struct lx_part ***at, struct lx_json object, struct lx_arena *a)
{
    struct lx_json text = LX_GET(object, "text");
    if (lx_json_is(text, LX_JSON_STRING))
        add_text(at, text, a);
    for (size_t i = 0; i < sizeof(media_members) / sizeof(media_members[0]); i++) {
        struct lx_json v = lx_json_get(object, media_members[i].name);
        if (lx_json_is(v, LX_JSON_STRING) || lx_json_is(LX_GET(v, "url"), LX_JSON_STRING))
            add_media(at, media_members[i].kind, v, a);
    }
}

static void read_object(struct lx_input *in, struct lx_json object, struct lx_arena *a)
{
    struct lx_part **at = &in->parts;
    struct lx_json content = LX_GET(object, "content");
    read_parts(&at, object, a);
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        if (lx_json_is(it.value, LX_JSON_OBJECT))
            read_parts(&at, it.value, a);
    in->kind = in->parts ? LX_INPUT_PARTS : LX_INPUT_RAW;
}

/* ---- Inputs -------------------------------------------------------------------------------- */

static bool are_tokens(struct lx_json v)
{
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
        if (!lx_json_is(it.value, LX_JSON_NUMBER))
            return false;
    return lx_json_is(v, LX_JSON_ARRAY) && lx_json_count(v) > 0;
}

static void read_string(struct lx_input *in, struct lx_json v, struct lx_arena *a)
{
    in->text = lx_json_text(v);
    in->kind = LX_INPUT_TEXT;
    if (lx_slice_starts(in->text.s, LX_S("data:")) &&
        lx_slice_find(lx_slice_to(in->text.s, 128), LX_S(";base64,")) > 0) {
        struct lx_part **at = &in->parts;
        add_media(&at, LX_PART_FILE, v, a);
        in->kind = LX_INPUT_PARTS;
    }
}

/* False: it is nothing that can be embedded. */
static bool read_input(struct lx_input *in, struct lx_json v, struct lx_arena *a)
{
    in->raw = lx_json_raw(v);
    if (lx_json_is(v, LX_JSON_STRING)) {
        read_string(in, v, a);
    } else if (lx_json_is(v, LX_JSON_OBJECT)) {
        read_object(in, v, a);
    } else if (are_tokens(v)) {
        in->kind = LX_INPUT_TOKENS;
    } else {
        return false;
    }
    return true;
}

int lx_openai_read_inputs(struct lx_json input, struct lx_arena *a, struct lx_embed_request *out,
                          struct lx_error *err)
{
    static const char expected[] = "expected a string, an array of tokens, or an object with text "
                                   "or an image";
    size_t i = 0;
    out->single = !lx_json_is(input, LX_JSON_ARRAY) || are_tokens(input);
    out->count = out->single ? 1 : lx_json_count(input);
    if (!out->count)
        return lx_error_set(err, LX_EINVAL, "input: the list is empty");
    out->inputs = lx_arena_alloc(a, out->count * sizeof(*out->inputs));
    if (!out->inputs)
        return a->failed;
    if (out->single)
        return read_input(out->inputs, input, a) ? 0 : fail_input(err, out, 0, expected);
    for (struct lx_json_iter it = lx_json_iter(input); lx_json_next(&it); i++)
        if (!read_input(&out->inputs[i], it.value, a))
            return fail_input(err, out, i, expected);
    return 0;
}
