/*
 * token_input.c - what is to be embedded, told in numbers of tokens, becomes the text it stands
 * for.
 *
 * Clients of LangChain's cut text themselves and send tokens to whatever they take for OpenAI; of a
 * model that they do not know they are those of cl100k_base, and so LiteLLM reads them
 * (proxy_server.py, 1.106.2). Called by attempt_body.c for targets that take text; it knows none.
 */
#include "call/token_input.h"

#include "tokens/normalize.h"
#include "wire/json.h"

enum { MAX_BYTES = 64 << 20 };

bool lx_token_inputs_any(const struct lx_embed_request *e)
{
    bool any = false;
    for (size_t i = 0; i < e->count; i++)
        any = any || e->inputs[i].kind == LX_INPUT_TOKENS;
    return any;
}

/* A part of a text may end within a character, which is then lost. */
static int decode(const struct lx_encoding *e, struct lx_json list, struct lx_buf *text,
                  struct lx_arena *a)
{
    uint32_t *ids = lx_arena_alloc(a, (lx_json_count(list) + 1) * sizeof(*ids));
    struct lx_buf bytes;
    size_t n = 0;
    int64_t id;
    if (!ids)
        return a->failed;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it); ids[n++] = (uint32_t)id)
        if (lx_json_int(it.value, &id) < 0 || id < 0 || id > UINT32_MAX)
            return LX_EINVAL;
    lx_buf_init(&bytes, MAX_BYTES);
    int code = lx_tokens_decode(e, ids, n, &bytes);
    if (code == 0)
        code = lx_utf8_mend(lx_buf_slice(&bytes), text);
    lx_buf_clear(&bytes);
    return code;
}

static int decode_input(const struct lx_encoding *e, struct lx_input *in, struct lx_arena *a)
{
    struct lx_json_doc doc;
    struct lx_buf text, raw;
    struct lx_out o = lx_out(&raw);
    lx_json_doc_init(&doc);
    lx_buf_init(&text, MAX_BYTES);
    lx_buf_init(&raw, 2 * MAX_BYTES);
    int code = lx_json_read(&doc, in->raw, NULL, NULL);
    if (code == 0)
        code = decode(e, lx_json_root(&doc), &text, a);
    if (code == 0) {
        *in = (struct lx_input){.kind = LX_INPUT_TEXT, .text = lx_text(lx_buf_take(&text, a))};
        lx_out_text(&o, NULL, in->text);
        code = raw.failed;
        in->raw = lx_buf_take(&raw, a);
    }
    lx_buf_clear(&text);
    lx_buf_clear(&raw);
    lx_json_doc_clear(&doc);
    return code ? code : a->failed;
}

int lx_token_inputs_decode(struct lx_embed_request *e, struct lx_arena *a, size_t *bad)
{
    struct lx_encoding encoding;
    struct lx_input *own = lx_arena_alloc(a, e->count * sizeof(*own));
    int code = lx_encoding_find(&encoding, LX_S("cl100k_base"));
    if (!own)
        return a->failed;
    memcpy(own, e->inputs, e->count * sizeof(*own));
    for (size_t i = 0; code == 0 && i < e->count; i++) {
        *bad = i;
        if (own[i].kind == LX_INPUT_TOKENS)
            code = decode_input(&encoding, &own[i], a);
    }
    if (code == 0)
        e->inputs = own;
    return code;
}
