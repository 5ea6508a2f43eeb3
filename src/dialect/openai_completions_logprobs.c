/*
 * openai_completions_logprobs.c - log-probabilities in OpenAI's two shapes, each into the other.
 *
 *   text completions   {"tokens":["a"],"token_logprobs":[-1],"top_logprobs":[{"a":-1,"b":-2}],
 *                       "text_offset":[0]}
 *   chat completions   {"content":[{"token":"a","logprob":-1,"bytes":[97],
 *                       "top_logprobs":[{"token":"a","logprob":-1,"bytes":[97]}]}]}
 *
 * The canonical reply has the second. Numbers pass as the text they are.
 */
#include "dialect/openai_completions.h"

enum { MAX_BYTES = 64 << 20 };

/* ---- The older shape -> the newer ----------------------------------------------------------- */

static void write_token(struct lx_out *o, struct lx_text token, struct lx_json logprob)
{
    lx_out_text(o, "token", token);
    lx_out_value(o, "logprob", logprob); /* null for the first token of a prompt that was echoed */
    lx_out_null(o, "bytes");
}

static void write_newer(struct lx_out *o, struct lx_json logprobs)
{
    struct lx_json values = LX_GET(logprobs, "token_logprobs"),
                   tops = LX_GET(logprobs, "top_logprobs");
    struct lx_json_iter value = lx_json_iter(values), top = lx_json_iter(tops);
    lx_out_object(o, NULL);
    lx_out_array(o, "content");
    for (struct lx_json_iter it = lx_json_iter(LX_GET(logprobs, "tokens")); lx_json_next(&it);) {
        struct lx_json none = {0};
        lx_out_object(o, NULL);
        write_token(o, lx_json_text(it.value), lx_json_next(&value) ? value.value : none);
        lx_out_array(o, "top_logprobs");
        for (struct lx_json_iter t = lx_json_iter(lx_json_next(&top) ? top.value : none);
             lx_json_next(&t);) {
            lx_out_object(o, NULL);
            write_token(o, lx_json_text(t.name), t.value);
            lx_out_object_end(o);
        }
        lx_out_array_end(o);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
    lx_out_object_end(o);
}

struct lx_slice lx_openai_read_logprobs(struct lx_json logprobs, struct lx_arena *a)
{
    if (!lx_json_is(logprobs, LX_JSON_OBJECT))
        return lx_slice(NULL, 0);
    if (!lx_json_is(LX_GET(logprobs, "tokens"), LX_JSON_ARRAY))
        return lx_json_raw(logprobs);
    struct lx_buf b;
    lx_buf_init(&b, MAX_BYTES);
    struct lx_out o = lx_out(&b);
    write_newer(&o, logprobs);
    return lx_buf_take(&b, a);
}

/* ---- The newer shape -> the older ----------------------------------------------------------- */

static int64_t characters(struct lx_slice s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xC0) != 0x80;
    return n;
}

static void write_tops(struct lx_out *o, struct lx_json content)
{
    bool any = false;
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        any = any || lx_json_count(LX_GET(it.value, "top_logprobs"));
    if (!any) {
        lx_out_null(o, "top_logprobs");
        return;
    }
    lx_out_array(o, "top_logprobs");
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);) {
        struct lx_json tops = LX_GET(it.value, "top_logprobs");
        lx_out_object(o, NULL);
        for (struct lx_json_iter t = lx_json_iter(tops); lx_json_next(&t);) {
            lx_out_name(o, lx_json_text(LX_GET(t.value, "token")));
            lx_out_value(o, NULL, LX_GET(t.value, "logprob"));
        }
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

static void write_older(struct lx_out *o, struct lx_json content, int64_t *offset,
                        struct lx_arena *a)
{
    lx_out_object(o, "logprobs");
    lx_out_array(o, "tokens");
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        lx_out_text(o, NULL, lx_json_text(LX_GET(it.value, "token")));
    lx_out_array_end(o);
    lx_out_array(o, "token_logprobs");
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        lx_out_value(o, NULL, LX_GET(it.value, "logprob"));
    lx_out_array_end(o);
    write_tops(o, content);
    lx_out_array(o, "text_offset");
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);) {
        lx_out_int(o, NULL, *offset);
        *offset += characters(lx_json_str(LX_GET(it.value, "token"), a));
    }
    lx_out_array_end(o);
    lx_out_object_end(o);
}

void lx_completions_write_logprobs(struct lx_out *o, struct lx_slice chat, int64_t *offset)
{
    struct lx_json_doc doc;
    struct lx_arena a;
    lx_json_doc_init(&doc);
    lx_arena_init(&a, MAX_BYTES);
    int code = chat.n ? lx_json_read(&doc, chat, NULL, NULL) : LX_EJSON;
    struct lx_json content = LX_GET(lx_json_root(&doc), "content");
    if (code == 0 && lx_json_count(content))
        write_older(o, content, offset, &a);
    else
        lx_out_null(o, "logprobs");
    if (code == LX_ENOMEM || a.failed)
        o->buf->failed = LX_ENOMEM;
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
}
