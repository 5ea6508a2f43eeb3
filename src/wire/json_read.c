/*
 * json_read.c - the reader: one pass over the text that builds the index of nodes.
 *
 * While a container is open its node keeps, in `n`, the index of the container around it, so the
 * array of nodes is its own stack and the reader recurses nowhere. On the closing bracket `n` gets
 * its real meaning.
 *
 * The loop itself is the template json_index.h. Here are its instruction sets, the choice between
 * them, and all that happens seldom: growing, numbers, odd strings, and saying what is wrong.
 */
#include <stdlib.h>

#include "wire/json_read.h"
#include "wire/json_simd.h"
#include "wire/json_utf8.h"

#define DEFAULT_MAX_BYTES (1u << 30)
#define DEFAULT_MAX_DEPTH 128u
#define DEFAULT_MAX_NODES (16u << 20)

#define OUTSIDE UINT32_MAX /* no container is open */

struct reader {
    const char *start, *end;
    struct lx_json_doc *doc;
    uint32_t cap; /* nodes there is room for */
    uint32_t max_depth, max_nodes;
    int code; /* why it stopped */
    const char *at, *expected;
};

static int stop(struct reader *r, int code, const char *at, const char *expected)
{
    r->code = code;
    r->at = at;
    r->expected = expected;
    return code;
}

/* The same for those who return where they got to. */
static const char *fail(struct reader *r, const char *at, const char *expected)
{
    stop(r, LX_EJSON, at, expected);
    return NULL;
}

/* Makes room for another node; p is where the reader stands, should there be none. */
static bool grow(struct reader *r, const char *p, uint32_t count)
{
    struct lx_json_doc *doc = r->doc;
    if (count >= r->max_nodes)
        return stop(r, LX_ELIMIT, p, NULL) == 0;
    size_t cap = count ? (size_t)count * 2 : 64 + (size_t)(r->end - r->start) / 64;
    if (cap > r->max_nodes)
        cap = r->max_nodes;
    struct lx_json_node *nodes = realloc(doc->nodes, cap * sizeof(*nodes));
    if (!nodes)
        return stop(r, LX_ENOMEM, p, NULL) == 0;
    doc->nodes = nodes;
    doc->cap = r->cap = (uint32_t)cap;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* How many of the four bytes at p are hex digits, before one that is none. */
static size_t hex_digits(const char *p, const char *end)
{
    size_t n = 0;
    while (n < 4 && p + n < end &&
           ((p[n] >= '0' && p[n] <= '9') || (p[n] >= 'a' && p[n] <= 'f') ||
            (p[n] >= 'A' && p[n] <= 'F')))
        n++;
    return n;
}

static bool is_utf8(struct reader *r, const char *p, const char *end)
{
    struct lx_slice s = lx_slice(p, (size_t)(end - p));
    size_t valid = lx_json_utf8_valid(s);
    return valid == s.n || stop(r, LX_EUTF8, p + valid, NULL) == 0;
}

/* A string byte by byte: from p on, which is no escaped byte; `high` says whether a byte before p
 * is not ASCII. Returns its end, quote included; sets *is_escaped on an escape, else leaves it. */
static const char *read_string_slowly(struct reader *r, const char *open, const char *p, bool high,
                                      bool *is_escaped)
{
    const char *end = r->end;
    for (; p < end && *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return fail(r, p, "an escape for a control character in a string");
        high = high || (unsigned char)*p > 0x7f;
        if (*p != '\\')
            continue;
        *is_escaped = true;
        if (++p == end || !*p || !strchr("\"\\/bfnrtu", *p))
            return fail(r, p, "one of \"\\/bfnrtu after a backslash");
        if (*p == 'u') {
            size_t digits = hex_digits(p + 1, end);
            p += digits;
            if (digits < 4)
                return fail(r, p + 1, "four hex digits after '\\u'");
        }
    }
    if (p == end)
        return fail(r, p, "'\"' at the end of a string");
    return !high || is_utf8(r, open + 1, p) ? p + 1 : NULL;
}

static inline const char *read_word(struct reader *r, const char *p, struct lx_slice word)
{
    if ((size_t)(r->end - p) < word.n || memcmp(p, word.p, word.n) != 0)
        return fail(r, p, "a value");
    return p + word.n;
}

static const char *read_number(struct reader *r, const char *p)
{
    const char *const start = p, *const end = r->end;
    p += p < end && *p == '-';
    if (!is_digit(p, end))
        return fail(r, p, p == start ? "a value" : "a digit after '-'");
    if (*p == '0')
        p++;
    else
        while (is_digit(p, end))
            p++;
    if (p < end && *p == '.') {
        if (!is_digit(++p, end))
            return fail(r, p, "a digit after the decimal point");
        while (is_digit(p, end))
            p++;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        if (!is_digit(p, end))
            return fail(r, p, "a digit in the exponent");
        while (is_digit(p, end))
            p++;
    }
    return p;
}

/* ---- The loop, for each instruction set --------------------------------------------------- */

#define number_portable read_number

#define IX(name) name##_portable
#define IX_TARGET
#define IX_WIDTH   8
#define IX_VECTORS 1
#include "wire/json_index.h"

#ifdef __SSE2__
#define number_sse2 read_number

#define IX(name) name##_sse2
#define IX_TARGET
#define IX_WIDTH   16
#define IX_VECTORS 4
#include "wire/json_index.h"

/* Embeddings are thousands of numbers, each of which fits into one vector. Those that do not, those
 * with an exponent and those that are wrong are left to read_number(). */
LX_AVX2 static inline const char *number_avx2(struct reader *r, const char *p)
{
    if (r->end - p < 32)
        return read_number(r, p);
    __m256i from_zero = _mm256_sub_epi8(load_avx2(p), _mm256_set1_epi8('0'));
    __m256i least = _mm256_min_epu8(from_zero, _mm256_set1_epi8(9));
    uint32_t digits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, from_zero));
    uint64_t other = ~(uint64_t)digits; /* ends every run of digits at the end of the vector */
    unsigned start = *p == '-';
    unsigned at = start + (unsigned)__builtin_ctzll(other >> start);
    if (at == start || at >= 32 || (p[start] == '0' && at > start + 1))
        return read_number(r, p);
    if (p[at] == '.') {
        start = at + 1;
        at = start + (unsigned)__builtin_ctzll(other >> start);
        if (at == start || at >= 32)
            return read_number(r, p);
    }
    return p[at] == 'e' || p[at] == 'E' ? read_number(r, p) : p + at;
}

#define IX(name)   name##_avx2
#define IX_TARGET  LX_AVX2
#define IX_WIDTH   32
#define IX_VECTORS 2
#include "wire/json_index.h"
#endif

/* ---- Public ------------------------------------------------------------------------------- */

enum lx_json_isa lx_json_isa_best(void)
{
#ifdef __SSE2__
    return has_avx2() ? LX_JSON_AVX2 : LX_JSON_SSE2;
#else
    return LX_JSON_PORTABLE;
#endif
}

static int index_as(enum lx_json_isa isa, struct reader *r)
{
#ifdef __SSE2__
    if (isa == LX_JSON_AVX2)
        return index_text_avx2(r);
    if (isa == LX_JSON_SSE2)
        return index_text_sse2(r);
#endif
    (void)isa;
    return index_text_portable(r);
}

/* Says in words why the reader stopped. */
static int explain(const struct reader *r, struct lx_error *err)
{
    size_t at = (size_t)(r->at - r->start);
    unsigned char c = r->at < r->end ? (unsigned char)*r->at : 0;
    switch (r->code) {
    case LX_EDEPTH:
        return lx_error_set_at(err, r->code, at, "nested deeper than the limit of %u",
                               r->max_depth);
    case LX_ELIMIT:
        return lx_error_set_at(err, r->code, at, "more values and names than the limit of %u",
                               r->max_nodes);
    case LX_ENOMEM:
        return lx_error_set_at(err, r->code, at, "out of memory for the index");
    case LX_EUTF8:
        return lx_error_set_at(err, r->code, at,
                               "expected UTF-8 in a string, found the byte 0x%02x", c);
    default:
        break;
    }
    if (r->at == r->end)
        return lx_error_set_at(err, r->code, at, "expected %s, found the end of the text",
                               r->expected);
    if (c > 0x20 && c < 0x7f)
        return lx_error_set_at(err, r->code, at, "expected %s, found '%c'", r->expected, c);
    return lx_error_set_at(err, r->code, at, "expected %s, found the byte 0x%02x", r->expected, c);
}

void lx_json_doc_init(struct lx_json_doc *doc)
{
    *doc = (struct lx_json_doc){0};
}

void lx_json_doc_clear(struct lx_json_doc *doc)
{
    free(doc->nodes);
    lx_json_doc_init(doc);
}

int lx_json_read_as(enum lx_json_isa isa, struct lx_json_doc *doc, struct lx_slice text,
                    const struct lx_json_limits *limits, struct lx_error *err)
{
    struct lx_json_limits l = limits ? *limits : (struct lx_json_limits){0};
    uint32_t max_bytes = l.max_bytes ? l.max_bytes : DEFAULT_MAX_BYTES;
    if (!text.p)
        text = LX_S("");
    doc->text = text;
    doc->count = 0; /* stays so on failure: what was indexed by then is not to be looked at */
    if (text.n > max_bytes)
        return lx_error_set_at(err, LX_ELIMIT, max_bytes, "longer than the limit of %u bytes",
                               max_bytes);
    struct reader r = {.start = text.p,
                       .end = text.p + text.n,
                       .doc = doc,
                       .max_depth = l.max_depth ? l.max_depth : DEFAULT_MAX_DEPTH,
                       .max_nodes = l.max_nodes ? l.max_nodes : DEFAULT_MAX_NODES};
    r.cap = doc->cap < r.max_nodes ? doc->cap : r.max_nodes;
    return index_as(isa, &r) == 0 ? 0 : explain(&r, err);
}

int lx_json_read(struct lx_json_doc *doc, struct lx_slice text, const struct lx_json_limits *limits,
                 struct lx_error *err)
{
    return lx_json_read_as(lx_json_isa_best(), doc, text, limits, err);
}
