/*
 * json_read.c - the reader: one pass over the text that builds the index of nodes.
 *
 * While a container is open its node keeps, in `n`, the index of the container around it, so the
 * array of nodes is its own stack and the reader recurses nowhere. On the closing bracket `n` gets
 * its real meaning.
 *
 * It looks at bytes only: no value is converted and no escape is undone.
 */
#include <stdlib.h>

#include "base/text.h"
#include "wire/json.h"

#define DEFAULT_MAX_BYTES (1u << 30)
#define DEFAULT_MAX_DEPTH 128u
#define DEFAULT_MAX_NODES (16u << 20)

enum { OUTSIDE = UINT32_MAX };

struct reader {
    const char *start, *p, *end;
    struct lx_json_doc *doc;
    uint32_t max_depth, max_nodes;
    int code; /* why it stopped, at p */
    const char *expected;
};

static int stop(struct reader *r, int code, const char *at, const char *expected)
{
    r->code = code;
    r->p = at;
    r->expected = expected;
    return code;
}

static bool grow(struct reader *r)
{
    struct lx_json_doc *doc = r->doc;
    if (doc->cap >= r->max_nodes) {
        stop(r, LX_ELIMIT, r->p, NULL);
        return false;
    }
    size_t cap = doc->cap ? (size_t)doc->cap * 2 : 64 + (size_t)(r->end - r->start) / 32;
    if (cap > r->max_nodes)
        cap = r->max_nodes;
    struct lx_json_node *nodes = realloc(doc->nodes, cap * sizeof(*nodes));
    if (!nodes) {
        stop(r, LX_ENOMEM, r->p, NULL);
        return false;
    }
    doc->nodes = nodes;
    doc->cap = (uint32_t)cap;
    return true;
}

/* Appends a node that begins at p; NULL when there is no room for it. */
static struct lx_json_node *push(struct reader *r, const char *p, enum lx_json_type type)
{
    struct lx_json_doc *doc = r->doc;
    if (doc->count >= doc->cap && !grow(r))
        return NULL;
    struct lx_json_node *node = &doc->nodes[doc->count++];
    *node = (struct lx_json_node){
        .at = (uint32_t)(p - r->start), .next = doc->count, .type = (uint8_t)type};
    return node;
}

static bool leaf(struct reader *r, const char *end, enum lx_json_type type, bool escaped)
{
    struct lx_json_node *node = push(r, r->p, type);
    if (!node)
        return false;
    node->n = (uint32_t)(end - r->p);
    node->escaped = escaped;
    r->p = end;
    return true;
}

static void skip_space(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
        r->p++;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* p is at a backslash; the byte after the escape, or NULL. */
static const char *skip_escape(struct reader *r, const char *p)
{
    const char *q = p + 1;
    if (q < r->end && *q == 'u') {
        for (int i = 0; i < 4; i++)
            if (++q >= r->end || !is_hex(*q)) {
                stop(r, LX_EJSON, q, "four hex digits after '\\u'");
                return NULL;
            }
        return q + 1;
    }
    if (q >= r->end || !*q || !strchr("\"\\/bfnrt", *q)) {
        stop(r, LX_EJSON, q, "one of \"\\/bfnrtu after a backslash");
        return NULL;
    }
    return q + 1;
}

static bool read_string(struct reader *r)
{
    const char *open = r->p, *p = open + 1;
    bool escaped = false, ascii = true;
    while (p < r->end && *p != '"') {
        if (*p == '\\') {
            escaped = true;
            if (!(p = skip_escape(r, p)))
                return false;
        } else if ((unsigned char)*p < 0x20) {
            stop(r, LX_EJSON, p, "an escape, as control characters in a string need one");
            return false;
        } else {
            ascii = ascii && (unsigned char)*p < 0x80;
            p++;
        }
    }
    if (p >= r->end) {
        stop(r, LX_EJSON, p, "'\"' at the end of a string");
        return false;
    }
    if (!ascii) {
        struct lx_slice s = lx_slice(open + 1, (size_t)(p - open - 1));
        size_t valid = lx_utf8_valid(s);
        if (valid < s.n) {
            stop(r, LX_EUTF8, s.p + valid, NULL);
            return false;
        }
    }
    return leaf(r, p + 1, LX_JSON_STRING, escaped);
}

static bool is_digit(const struct reader *r, const char *p)
{
    return p < r->end && *p >= '0' && *p <= '9';
}

static bool read_number(struct reader *r)
{
    const char *p = r->p;
    p += *p == '-';
    if (!is_digit(r, p)) {
        stop(r, LX_EJSON, p, "a digit after '-'");
        return false;
    }
    if (*p == '0')
        p++;
    else
        while (is_digit(r, p))
            p++;
    if (p < r->end && *p == '.') {
        if (!is_digit(r, ++p)) {
            stop(r, LX_EJSON, p, "a digit after the decimal point");
            return false;
        }
        while (is_digit(r, p))
            p++;
    }
    if (p < r->end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < r->end && (*p == '+' || *p == '-');
        if (!is_digit(r, p)) {
            stop(r, LX_EJSON, p, "a digit in the exponent");
            return false;
        }
        while (is_digit(r, p))
            p++;
    }
    return leaf(r, p, LX_JSON_NUMBER, false);
}

static bool read_word(struct reader *r, struct lx_slice word, enum lx_json_type type)
{
    if ((size_t)(r->end - r->p) < word.n || memcmp(r->p, word.p, word.n) != 0) {
        stop(r, LX_EJSON, r->p, "a value");
        return false;
    }
    return leaf(r, r->p + word.n, type, false);
}

static bool read_scalar(struct reader *r)
{
    switch (r->p < r->end ? *r->p : 0) {
    case '"':
        return read_string(r);
    case 't':
        return read_word(r, LX_S("true"), LX_JSON_TRUE);
    case 'f':
        return read_word(r, LX_S("false"), LX_JSON_FALSE);
    case 'n':
        return read_word(r, LX_S("null"), LX_JSON_NULL);
    default:
        if (r->p < r->end && (*r->p == '-' || is_digit(r, r->p)))
            return read_number(r);
        stop(r, LX_EJSON, r->p, "a value");
        return false;
    }
}

static bool read_name(struct reader *r, const char *expected)
{
    if (r->p >= r->end || *r->p != '"') {
        stop(r, LX_EJSON, r->p, expected);
        return false;
    }
    if (!read_string(r))
        return false;
    skip_space(r);
    if (r->p >= r->end || *r->p != ':') {
        stop(r, LX_EJSON, r->p, "':' after a member's name");
        return false;
    }
    r->p++;
    skip_space(r);
    return true;
}

static int index_text(struct reader *r)
{
    struct lx_json_doc *doc = r->doc;
    uint32_t open = OUTSIDE, depth = 0;
    bool object = false;
    skip_space(r);
value:
    if (r->p < r->end && (*r->p == '{' || *r->p == '[')) {
        if (depth == r->max_depth)
            return stop(r, LX_EDEPTH, r->p, NULL);
        object = *r->p == '{';
        struct lx_json_node *node = push(r, r->p, object ? LX_JSON_OBJECT : LX_JSON_ARRAY);
        if (!node)
            return r->code;
        node->n = open;
        open = doc->count - 1;
        depth++;
        r->p++;
        skip_space(r);
        if (r->p < r->end && *r->p == (object ? '}' : ']'))
            goto close;
        if (object && !read_name(r, "a member's name or '}'"))
            return r->code;
        goto value;
    }
    if (!read_scalar(r))
        return r->code;
after:
    skip_space(r);
    if (open == OUTSIDE)
        return r->p == r->end ? 0 : stop(r, LX_EJSON, r->p, "the end of the text");
    if (r->p < r->end && *r->p == ',') {
        r->p++;
        skip_space(r);
        if (object && !read_name(r, "a member's name after ','"))
            return r->code;
        goto value;
    }
    if (r->p >= r->end || *r->p != (object ? '}' : ']'))
        return stop(r, LX_EJSON, r->p,
                    object ? "',' or '}' after a member" : "',' or ']' after an element");
close:;
    struct lx_json_node *node = &doc->nodes[open];
    open = node->n;
    r->p++;
    node->n = (uint32_t)(r->p - r->start) - node->at;
    node->next = doc->count;
    depth--;
    object = open != OUTSIDE && doc->nodes[open].type == LX_JSON_OBJECT;
    goto after;
}

/* Says in words why the reader stopped. */
static int explain(const struct reader *r, const struct lx_json_limits *limits,
                   struct lx_error *err)
{
    size_t at = (size_t)(r->p - r->start);
    switch (r->code) {
    case LX_EDEPTH:
        return lx_error_set_at(err, r->code, at, "nested deeper than the limit of %u",
                               limits->max_depth);
    case LX_ELIMIT:
        return lx_error_set_at(err, r->code, at, "more than the limit of %u values and names",
                               limits->max_nodes);
    case LX_ENOMEM:
        return lx_error_set_at(err, r->code, at, "out of memory");
    case LX_EUTF8:
        return lx_error_set_at(err, r->code, at, "a string holds the byte 0x%02x that is not UTF-8",
                               (unsigned char)*r->p);
    default:
        break;
    }
    if (r->p >= r->end)
        return lx_error_set_at(err, r->code, at, "expected %s, found the end of the text",
                               r->expected);
    unsigned char c = (unsigned char)*r->p;
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

int lx_json_read(struct lx_json_doc *doc, struct lx_slice text, const struct lx_json_limits *limits,
                 struct lx_error *err)
{
    struct lx_json_limits l = limits ? *limits : (struct lx_json_limits){0};
    l.max_bytes = l.max_bytes ? l.max_bytes : DEFAULT_MAX_BYTES;
    l.max_depth = l.max_depth ? l.max_depth : DEFAULT_MAX_DEPTH;
    l.max_nodes = l.max_nodes ? l.max_nodes : DEFAULT_MAX_NODES;
    doc->text = text;
    doc->count = 0;
    if (text.n > l.max_bytes)
        return lx_error_set_at(err, LX_ELIMIT, l.max_bytes,
                               "the text is longer than the limit of %u bytes", l.max_bytes);
    struct reader r = {.start = text.p,
                       .p = text.p,
                       .end = text.p + text.n,
                       .doc = doc,
                       .max_depth = l.max_depth,
                       .max_nodes = l.max_nodes};
    if (index_text(&r) == 0)
        return 0;
    doc->count = 0; /* what was indexed so far is not to be looked at */
    return explain(&r, &l, err);
}
