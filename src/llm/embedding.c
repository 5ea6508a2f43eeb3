/*
 * embedding.c - vectors in their two spellings, and what inputs are embedded for.
 *
 * Fronts write vectors through it, the library reads them. JSON numbers are not touched where the
 * client wants numbers; base64 passes where it wants base64.
 */
#include "llm/embedding.h"

#include "base/float.h"
#include "base/text.h"

/* ---- Purposes ------------------------------------------------------------------------------ */

/* Cohere's and Bedrock's words, Google's, Jina's, Nova's, and those of Voyage and NVIDIA. */
static const struct word {
    struct lx_slice word;
    enum lx_purpose purpose;
} words[] = {
    {LX_S_INIT("search_query"), LX_PURPOSE_QUERY},
    {LX_S_INIT("query"), LX_PURPOSE_QUERY},
    {LX_S_INIT("retrieval_query"), LX_PURPOSE_QUERY},
    {LX_S_INIT("retrieval.query"), LX_PURPOSE_QUERY},
    {LX_S_INIT("generic_retrieval"), LX_PURPOSE_QUERY},
    {LX_S_INIT("search_document"), LX_PURPOSE_DOCUMENT},
    {LX_S_INIT("document"), LX_PURPOSE_DOCUMENT},
    {LX_S_INIT("passage"), LX_PURPOSE_DOCUMENT},
    {LX_S_INIT("retrieval_document"), LX_PURPOSE_DOCUMENT},
    {LX_S_INIT("retrieval.passage"), LX_PURPOSE_DOCUMENT},
    {LX_S_INIT("generic_index"), LX_PURPOSE_DOCUMENT},
    {LX_S_INIT("classification"), LX_PURPOSE_CLASSIFICATION},
    {LX_S_INIT("clustering"), LX_PURPOSE_CLUSTERING},
    {LX_S_INIT("separation"), LX_PURPOSE_CLUSTERING},
    {LX_S_INIT("semantic_similarity"), LX_PURPOSE_SIMILARITY},
    {LX_S_INIT("text-matching"), LX_PURPOSE_SIMILARITY},
    {LX_S_INIT("code_retrieval_query"), LX_PURPOSE_CODE_QUERY},
    {LX_S_INIT("code.query"), LX_PURPOSE_CODE_QUERY},
    {LX_S_INIT("image"), LX_PURPOSE_IMAGE},
};

enum lx_purpose lx_purpose_read(struct lx_slice word)
{
    if (!word.n)
        return LX_PURPOSE_UNSET;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (lx_slice_eq_nocase(word, words[i].word))
            return words[i].purpose;
    return LX_PURPOSE_OTHER;
}

/* ---- Vectors ------------------------------------------------------------------------------- */

/* The next element of an array of numbers, which the JSON reader has seen. False at its end. */
static bool next_number(struct lx_slice *rest, struct lx_slice *number)
{
    size_t i = 0, n;
    const char *p = rest->p;
    while (i < rest->n && (p[i] == '[' || p[i] == ',' || p[i] == ' ' || p[i] == '\n' ||
                           p[i] == '\r' || p[i] == '\t'))
        i++;
    for (n = i; n < rest->n && p[n] != ',' && p[n] != ']' && p[n] != ' ' && p[n] != '\n' &&
                p[n] != '\r' && p[n] != '\t';)
        n++;
    *number = lx_slice(p + i, n - i);
    *rest = lx_slice_from(*rest, n);
    return number->n > 0;
}

static int read_numbers(struct lx_slice array, struct lx_buf *out)
{
    struct lx_slice number;
    char bytes[4];
    float f;
    while (next_number(&array, &number)) {
        if (lx_float_read(number, &f) < 0)
            return LX_EPROTO;
        lx_float_put(f, bytes);
        lx_buf_add(out, lx_slice(bytes, sizeof(bytes)));
    }
    return 0;
}

static int read_bytes(struct lx_slice base64, struct lx_buf *out)
{
    struct lx_buf bytes;
    lx_buf_init(&bytes, out->max);
    int code = lx_base64_read(base64, &bytes) == LX_EINVAL ? LX_EPROTO : 0;
    if (bytes.failed)
        out->failed = bytes.failed;
    for (size_t i = 0; code == 0 && i < bytes.n; i++) {
        char four[4];
        lx_float_put((float)(signed char)bytes.p[i] / 127.0F, four);
        lx_buf_add(out, lx_slice(four, sizeof(four)));
    }
    lx_buf_clear(&bytes);
    return code;
}

int lx_vector_read(const struct lx_vector *v, struct lx_buf *out)
{
    size_t before = out->n;
    if (v->kind == LX_VECTOR_FLOATS)
        return read_numbers(v->s, out);
    if (v->kind == LX_VECTOR_BYTES)
        return read_bytes(v->s, out);
    if (v->kind == LX_VECTOR_RAW || lx_base64_read(v->s, out) == LX_EINVAL)
        return LX_EPROTO;
    return (out->n - before) % 4 ? LX_EPROTO : 0;
}

static void write_numbers(struct lx_slice bytes, struct lx_buf *out)
{
    lx_buf_add_byte(out, '[');
    for (size_t i = 0; i + 4 <= bytes.n; i += 4) {
        if (i)
            lx_buf_add_byte(out, ',');
        lx_float_write(lx_float_get(bytes.p + i), out);
    }
    lx_buf_add_byte(out, ']');
}

int lx_vector_write(const struct lx_vector *v, bool base64, struct lx_buf *out)
{
    struct lx_buf bytes;
    bool quoted = v->kind == LX_VECTOR_BASE64;
    int code = 0;
    if (v->kind == LX_VECTOR_RAW || (v->kind != LX_VECTOR_BYTES && base64 == quoted)) {
        if (quoted)
            lx_buf_add_byte(out, '"');
        lx_buf_add(out, v->s);
        if (quoted)
            lx_buf_add_byte(out, '"');
        return 0;
    }
    lx_buf_init(&bytes, out->max);
    code = lx_vector_read(v, &bytes);
    if (bytes.failed) {
        out->failed = bytes.failed;
    } else if (code == 0 && base64) {
        lx_buf_add_byte(out, '"');
        lx_base64_write(out, lx_buf_slice(&bytes));
        lx_buf_add_byte(out, '"');
    } else if (code == 0) {
        write_numbers(lx_buf_slice(&bytes), out);
    }
    lx_buf_clear(&bytes);
    return code;
}
