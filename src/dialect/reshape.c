/*
 * reshape.c - a request as OpenAI's body, for languages that say the same in another shape.
 *
 * sap.c and gigachat.c build on it.
 */
#include "dialect/reshape.h"

bool lx_reshape_init(struct lx_reshape *s, const struct lx_write_options *o,
                     const struct lx_request *r, struct lx_body *b)
{
    struct lx_request foreign = *r;
    struct lx_buf *own = b->buf;
    *s = (struct lx_reshape){.root = {0}};
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
    struct lx_error err = {0};
    int code = lx_json_read(&s->doc, lx_buf_slice(&s->text), NULL, &err);
    if (code < 0)
        lx_body_fail(b, code, LX_S("body"), LX_S("could not be read back"));
    s->root = lx_json_root(&s->doc);
    return code == 0;
}

void lx_reshape_clear(struct lx_reshape *s)
{
    lx_json_doc_clear(&s->doc);
    lx_buf_clear(&s->text);
}

void lx_reshape_finish(struct lx_body *b)
{
    int failed = b->arena->failed ? b->arena->failed : b->buf->failed;
    if (failed)
        lx_body_fail(b, failed, LX_S("body"), lx_slice_z(lx_code_text(failed)));
}

void lx_reshape_copy(struct lx_out *out, const char *name, struct lx_json v)
{
    if (lx_json_given(v))
        lx_out_raw(out, name, lx_json_raw(v));
}
