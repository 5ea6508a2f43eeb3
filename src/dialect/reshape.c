/*
 * reshape.c - a request as OpenAI's body, for languages that say the same in another shape.
 *
 * gigachat.c, oci.c, sap.c and vertex_gemma.c build on it.
 */
#include "dialect/reshape.h"

#include "dialect/scalar.h"

/* ---- The body ------------------------------------------------------------------------------ */

bool lx_reshape_begin(struct lx_reshape *s, const struct lx_write_options *o,
                      const struct lx_request *r, struct lx_body *b)
{
    struct lx_request foreign = *r;
    struct lx_buf *own = b->buf;
    *s = (struct lx_reshape){.out = lx_out(own), .o = o, .r = r, .b = b};
    lx_buf_init(&s->text, own->max);
    lx_json_doc_init(&s->doc);
    foreign.language = LX_S("");
    foreign.legacy_functions = false;
    b->buf = &s->text;
    lx_openai_write_request(o, &foreign, b);
    b->buf = own;
    if (s->text.failed)
        lx_body_fail(b, s->text.failed, LX_S("body"), lx_slice_z(lx_code_text(s->text.failed)));
    if (b->code && b->code != LX_EUNSUPPORTED) /* all that is refused shall be found */
        return false;
    int code = lx_json_read(&s->doc, lx_buf_slice(&s->text), NULL, NULL);
    if (code < 0)
        lx_body_fail(b, code, LX_S("body"), LX_S("could not be read back"));
    s->root = lx_json_root(&s->doc);
    if (code == 0)
        lx_out_object(&s->out, NULL);
    return code == 0;
}

void lx_reshape_end(struct lx_reshape *s)
{
    struct lx_body *b = s->b;
    lx_out_object_end(&s->out);
    int failed = b->arena->failed ? b->arena->failed : b->buf->failed;
    if (failed)
        lx_body_fail(b, failed, LX_S("body"), lx_slice_z(lx_code_text(failed)));
    lx_json_doc_clear(&s->doc);
    lx_buf_clear(&s->text);
}

/* ---- Members ------------------------------------------------------------------------------- */

void lx_reshape_copy(struct lx_out *out, const char *name, struct lx_json v)
{
    if (lx_json_given(v))
        lx_out_raw(out, name, lx_json_raw(v));
}

void lx_reshape_names(struct lx_reshape *s, const struct lx_reshape_name *names)
{
    for (; names->openai; names++)
        lx_reshape_copy(&s->out, names->own, lx_json_get(s->root, lx_slice_z(names->openai)));
}

struct lx_json lx_reshape_limit(const struct lx_reshape *s)
{
    struct lx_json limit = LX_GET(s->root, "max_completion_tokens");
    return lx_json_given(limit) ? limit : LX_GET(s->root, "max_tokens");
}

void lx_reshape_text(struct lx_reshape *s, const char *name, struct lx_json content,
                     const char *why)
{
    bool list = lx_json_is(content, LX_JSON_ARRAY), more = false;
    lx_out_string_open(&s->out, name);
    if (lx_json_is(content, LX_JSON_STRING))
        lx_out_string_part(&s->out, lx_json_text(content));
    for (struct lx_json_iter it = lx_json_iter(content); list && lx_json_next(&it);) {
        struct lx_json text = LX_GET(it.value, "text");
        if (!lx_json_is(text, LX_JSON_STRING)) {
            lx_reshape_refuse(s, "messages.content", why);
            continue;
        }
        if (more)
            lx_out_string_part(&s->out, lx_text(LX_S("\n")));
        lx_out_string_part(&s->out, lx_json_text(text));
        more = true;
    }
    lx_out_string_close(&s->out);
}

enum lx_json_type lx_reshape_type(struct lx_reshape *s, struct lx_slice json)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, json, NULL, NULL);
    enum lx_json_type type = code ? LX_JSON_NONE : lx_json_type(lx_json_root(&doc));
    lx_json_doc_clear(&doc);
    if (code == LX_ENOMEM)
        lx_body_fail(s->b, code, LX_S("body"), LX_S("no memory"));
    return type;
}

void lx_reshape_arguments(struct lx_reshape *s, const char *name, struct lx_json arguments)
{
    struct lx_slice json = lx_json_str(arguments, s->b->arena);
    lx_out_raw(&s->out, name, lx_reshape_type(s, json) == LX_JSON_OBJECT ? json : LX_S("{}"));
}

/* ---- What the language has no place for ---------------------------------------------------- */

void lx_reshape_refuse(struct lx_reshape *s, const char *what, const char *why)
{
    lx_body_refuse(s->b, s->o, lx_slice_z(what), lx_slice_z(why));
}

void lx_reshape_refuse_aliens(struct lx_reshape *s, const struct lx_reshape_alien *aliens,
                              const char *why)
{
    for (; aliens->name; aliens++) {
        struct lx_json v = lx_json_get(s->root, lx_slice_z(aliens->name));
        if (lx_json_given(v) && !lx_scalar_is_noop(aliens->noop, lx_json_raw(v)))
            lx_reshape_refuse(s, aliens->name, why);
    }
}

/* ---- Replies ------------------------------------------------------------------------------- */

int lx_reshape_read_reply(struct lx_slice reply, const struct lx_reply_context *c,
                          struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, reply, NULL, err);
    if (code == 0)
        code = lx_openai_read_reply(&doc, c, a, out, err);
    lx_json_doc_clear(&doc); /* what was taken from it points into the text */
    return code;
}
