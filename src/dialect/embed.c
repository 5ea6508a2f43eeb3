/*
 * embed.c - what the embedding languages share.
 *
 * Backs call it while they write requests and read replies; it knows no language.
 */
#include "dialect/embed.h"

/* ---- Requests ------------------------------------------------------------------------------ */

void lx_embed_settle(const struct lx_write_options *o, const struct lx_request *r, unsigned places,
                     struct lx_body *b)
{
    const struct lx_embed_request *e = r->embed;
    const struct lx_slice none = LX_S("the provider has no place for it");
    if (e->dimensions.p && !(places & LX_EMBED_DIMENSIONS))
        lx_body_refuse(b, o, LX_S("dimensions"), LX_S("the model has only its own"));
    if (e->encoding.n && !(places & LX_EMBED_TYPES) && !lx_slice_eq(e->encoding, LX_S("float")) &&
        !lx_slice_eq(e->encoding, LX_S("base64")))
        lx_body_refuse(b, o, LX_S("encoding_format"), LX_S("the provider has floats only"));
    if (e->input_type.s.n && !(places & LX_EMBED_PURPOSE))
        lx_losses_add(b->losses, LX_S("input_type"), none);
    if (e->truncate.s.n && !(places & LX_EMBED_TRUNCATE))
        lx_losses_add(b->losses, LX_S("truncate"), none);
    if (r->params[LX_PARAM_USER].p && !(places & LX_EMBED_USER))
        lx_losses_add(b->losses, LX_S("user"), none);
}

void lx_embed_fail(struct lx_body *b, const struct lx_embed_request *r, size_t i,
                   struct lx_slice why)
{
    struct lx_slice what =
        r->single ? LX_S("input") : lx_arena_printf(b->arena, "input[%zu]", r->first + i);
    lx_body_fail(b, LX_EINVAL, what, why);
}

bool lx_input_text(const struct lx_input *in, struct lx_text *out)
{
    const struct lx_part *p = lx_input_part(in, LX_PART_TEXT);
    if (in->kind != LX_INPUT_TEXT && !p)
        return false;
    *out = p ? p->text : in->text;
    return true;
}

const struct lx_part *lx_input_part(const struct lx_input *in, enum lx_part_kind kind)
{
    const struct lx_part *p = in->kind == LX_INPUT_PARTS ? in->parts : NULL;
    return p && !p->next && p->kind == kind ? p : NULL;
}

void lx_input_text_write(struct lx_out *o, const char *name, const struct lx_embed_request *r,
                         size_t i, struct lx_body *b)
{
    struct lx_text text;
    if (lx_input_text(&r->inputs[i], &text))
        lx_out_text(o, name, text);
    else if (r->inputs[i].kind == LX_INPUT_TOKENS)
        lx_embed_fail(b, r, i, LX_S("the provider takes text, no tokens"));
    else
        lx_embed_fail(b, r, i, LX_S("the model takes text only"));
}

void lx_embed_write_texts(struct lx_out *o, const char *name, const struct lx_embed_request *r,
                          struct lx_body *b)
{
    lx_out_array(o, name);
    for (size_t i = 0; i < r->count; i++)
        lx_input_text_write(o, NULL, r, i, b);
    lx_out_array_end(o);
}

void lx_embed_write_size(struct lx_out *o, const struct lx_embed_request *r)
{
    enum lx_tristate cuts = lx_embed_cuts(r);
    if (r->dimensions.p)
        lx_out_raw(o, "dimensions", r->dimensions);
    if (cuts != LX_UNSET)
        lx_out_bool(o, "truncate", cuts == LX_YES);
}

struct lx_slice lx_purpose_name(const struct lx_embed_request *r, const char *const *words,
                                struct lx_arena *a)
{
    struct lx_slice word = lx_text_plain(r->input_type, a);
    enum lx_purpose p = lx_purpose_read(word);
    if (p == LX_PURPOSE_UNSET)
        return lx_slice(NULL, 0);
    return p != LX_PURPOSE_OTHER && words[p] ? lx_slice_z(words[p]) : word;
}

enum lx_tristate lx_embed_cuts(const struct lx_embed_request *r)
{
    if (!r->truncate.s.n)
        return LX_UNSET;
    return lx_slice_eq_nocase(r->truncate.s, LX_S("none")) ? LX_NO : LX_YES;
}

/* ---- Replies ------------------------------------------------------------------------------- */

bool lx_vector_of_json(struct lx_json v, struct lx_arena *a, struct lx_vector *out)
{
    struct lx_json first = lx_json_at(v, 0);
    *out = (struct lx_vector){.kind = LX_VECTOR_RAW, .s = lx_json_raw(v)};
    if (lx_json_is(v, LX_JSON_STRING)) {
        out->kind = LX_VECTOR_BASE64;
        out->s = lx_json_str(v, a);
    } else if (lx_json_is(v, LX_JSON_ARRAY) &&
               (lx_json_is(first, LX_JSON_NUMBER) || lx_json_is(first, LX_JSON_NONE))) {
        out->kind = LX_VECTOR_FLOATS;
    }
    return lx_json_is(v, LX_JSON_STRING) || lx_json_is(v, LX_JSON_ARRAY) ||
           lx_json_is(v, LX_JSON_OBJECT);
}

int lx_embed_reply_init(struct lx_reply *r, size_t count, struct lx_arena *a)
{
    r->embed = lx_arena_new(a, struct lx_embed_reply);
    if (!r->embed)
        return a->failed;
    r->embed->vectors = lx_arena_alloc(a, (count + 1) * sizeof(*r->embed->vectors));
    r->embed->count = count;
    return r->embed->vectors ? 0 : a->failed;
}

int lx_embed_read_list(struct lx_json list, const char *name, const char *member,
                       struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    size_t i = 0;
    if (!lx_json_is(list, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "%s: expected a list of vectors", name);
    int code = lx_embed_reply_init(out, lx_json_count(list), a);
    if (code < 0)
        return code;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it); i++) {
        struct lx_json v = member ? lx_json_get(it.value, lx_slice_z(member)) : it.value;
        if (!lx_vector_of_json(v, a, &out->embed->vectors[i]))
            return lx_error_set(err, LX_EPROTO, "%s[%zu]: expected a vector", name, i);
    }
    return a->failed;
}

int lx_embed_read_one(struct lx_json v, struct lx_arena *a, struct lx_reply *out)
{
    int code = lx_embed_reply_init(out, 1, a);
    if (code == 0)
        lx_vector_of_json(v, a, &out->embed->vectors[0]);
    return code;
}

int lx_embed_read_types(struct lx_json embeddings, const struct lx_reply_context *c,
                        struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    bool plain = !c->encoding.n || lx_slice_eq(c->encoding, LX_S("base64"));
    struct lx_slice type = plain ? LX_S("float") : c->encoding;
    if (!lx_json_is(embeddings, LX_JSON_OBJECT))
        return lx_embed_read_list(embeddings, "embeddings", NULL, a, out, err);
    struct lx_json list = lx_json_get(embeddings, type);
    struct lx_json_iter it = lx_json_iter(embeddings);
    if (!lx_json_is(list, LX_JSON_ARRAY) && lx_json_next(&it)) {
        list = it.value;
        type = lx_json_str(it.name, a);
    }
    int code = lx_embed_read_list(list, "embeddings", NULL, a, out, err);
    bool is_float = lx_slice_eq(type, LX_S("float")) || lx_slice_eq(type, LX_S("base64"));
    for (size_t i = 0; code == 0 && !is_float && i < out->embed->count; i++)
        out->embed->vectors[i].type = type;
    return code;
}

void lx_embed_read_tokens(struct lx_json count, struct lx_usage *out)
{
    int64_t n;
    if (lx_json_int(count, &n) < 0 || n < 0 || n > INT64_MAX >> 16)
        return;
    out->known = true;
    out->prompt_tokens += n;
    out->total_tokens += n;
}
