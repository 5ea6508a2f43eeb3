/*
 * json_value.c - looking at what the reader has indexed: members, elements, strings, numbers.
 *
 * Everything here walks the array of nodes and steps over whole values by their `next`. Escapes
 * are undone here and nowhere else; the arena pays for that only where there are any.
 */
#include "base/text.h"
#include "wire/json.h"

static const struct lx_json none = {NULL, 0};

static const struct lx_json_node *node_of(struct lx_json v)
{
    return &v.doc->nodes[v.i];
}

struct lx_slice lx_json_raw(struct lx_json v)
{
    if (!v.doc)
        return lx_slice(NULL, 0);
    const struct lx_json_node *node = node_of(v);
    return lx_slice(v.doc->text.p + node->at, node->n);
}

/* ---- Escapes ------------------------------------------------------------------------------ */

/* The value of four hex digits, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    if (end - p < 4)
        return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = lx_ascii_lower(p[i]);
        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value * 16 + (c - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* p is behind a "\u". Writes the character, both halves of a pair at once, and returns its length;
 * *p moves behind what was used. Half a pair alone is no character: U+FFFD. */
static size_t unescape_unit(const char **p, const char *end, char out[4])
{
    int32_t c = hex4(*p, end);
    if (c < 0) { /* not from the reader; keep to the rule that nothing grows */
        out[0] = 'u';
        return 1;
    }
    *p += 4;
    if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        int32_t low = hex4(*p + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            *p += 6;
            return lx_utf8_put(out, (uint32_t)(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00)));
        }
    }
    return lx_utf8_put(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : (uint32_t)c);
}

/* The same for any escape; p is at the backslash. */
static size_t unescape(const char **p, const char *end, char out[4])
{
    static const char plain[256] = {
        ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
    if (++*p >= end) {
        out[0] = '\\';
        return 1;
    }
    char c = *(*p)++;
    if (c == 'u')
        return unescape_unit(p, end, out);
    char value = plain[(unsigned char)c];
    out[0] = value ? value : c;
    return 1;
}

struct lx_slice lx_text_plain(struct lx_text t, struct lx_arena *a)
{
    if (!t.escaped || !t.s.p)
        return t.s;
    const char *p = t.s.p, *end = p + t.s.n;
    char *out = lx_arena_bytes(a, t.s.n); /* no escape is shorter than what it stands for */
    if (!out)
        return lx_slice(NULL, 0);
    size_t n = 0;
    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((stop ? stop : end) - p);
        memcpy(out + n, p, run);
        n += run;
        p += run;
        if (p < end)
            n += unescape(&p, end, out + n);
    }
    return lx_slice(out, n);
}

/* Does the escaped text say just these bytes? */
static bool escaped_eq(struct lx_slice text, struct lx_slice s)
{
    const char *p = text.p, *end = p + text.n;
    size_t at = 0;
    while (p < end) {
        char c[4];
        size_t n = 1;
        if (*p == '\\')
            n = unescape(&p, end, c);
        else
            c[0] = *p++;
        if (s.n - at < n || memcmp(s.p + at, c, n) != 0)
            return false;
        at += n;
    }
    return at == s.n;
}

/* ---- Strings and numbers ------------------------------------------------------------------ */

struct lx_text lx_json_text(struct lx_json v)
{
    if (!lx_json_is(v, LX_JSON_STRING))
        return lx_text(lx_slice(NULL, 0));
    const struct lx_json_node *node = node_of(v);
    return (struct lx_text){lx_slice(v.doc->text.p + node->at + 1, node->n - 2), node->escaped};
}

struct lx_slice lx_json_str(struct lx_json v, struct lx_arena *a)
{
    return lx_text_plain(lx_json_text(v), a);
}

/* v is a string node. */
static inline bool string_eq(const struct lx_json_doc *doc, const struct lx_json_node *node,
                             struct lx_slice s)
{
    struct lx_slice text = lx_slice(doc->text.p + node->at + 1, node->n - 2);
    return node->escaped ? escaped_eq(text, s) : lx_slice_eq(text, s);
}

bool lx_json_eq(struct lx_json v, struct lx_slice s)
{
    return lx_json_is(v, LX_JSON_STRING) && string_eq(v.doc, node_of(v), s);
}

int lx_json_int(struct lx_json v, int64_t *out)
{
    return lx_json_is(v, LX_JSON_NUMBER) ? lx_slice_int(lx_json_raw(v), out) : LX_EINVAL;
}

bool lx_json_bool(struct lx_json v, bool otherwise)
{
    switch (lx_json_type(v)) {
    case LX_JSON_TRUE:
        return true;
    case LX_JSON_FALSE:
        return false;
    default:
        return otherwise;
    }
}

/* ---- Containers --------------------------------------------------------------------------- */

struct lx_json lx_json_get(struct lx_json v, struct lx_slice name)
{
    if (!lx_json_is(v, LX_JSON_OBJECT))
        return none;
    const struct lx_json_node *nodes = v.doc->nodes;
    uint32_t found = 0; /* the root, which is nobody's member */
    for (uint32_t i = v.i + 1, end = nodes[v.i].next; i < end; i = nodes[i + 1].next) {
        if (!nodes[i].escaped && nodes[i].n != name.n + 2) /* most: nothing else is looked at */
            continue;
        if (string_eq(v.doc, &nodes[i], name))
            found = i + 1;
    }
    return found ? (struct lx_json){v.doc, found} : none;
}

void lx_json_get_several(struct lx_json v, const struct lx_slice *names, size_t n,
                         struct lx_json *out)
{
    for (size_t k = 0; k < n; k++)
        out[k] = none;
    if (!lx_json_is(v, LX_JSON_OBJECT))
        return;
    const struct lx_json_node *nodes = v.doc->nodes;
    for (uint32_t i = v.i + 1, end = nodes[v.i].next; i < end; i = nodes[i + 1].next)
        for (size_t k = 0; k < n; k++)
            if ((nodes[i].escaped || nodes[i].n == names[k].n + 2) &&
                string_eq(v.doc, &nodes[i], names[k])) {
                out[k] = (struct lx_json){v.doc, i + 1};
                break;
            }
}

/* Of the same length; or with escapes, which take up to six bytes for one. */
static bool may_be(const struct lx_json_node *v, struct lx_slice s)
{
    return v->escaped ? v->n <= 6 * s.n + 2 : v->n == s.n + 2;
}

/* What most nodes are told apart by: their words as bits, and how these begin. */
struct wanted {
    uint32_t by_length[64]; /* with the quotes, modulo 64 */
    uint32_t all;
    uint64_t firsts; /* modulo 64; with a backslash, behind which may be any */
};

static void want(struct wanted *w, const struct lx_slice *words, size_t n)
{
    *w = (struct wanted){.all = (uint32_t)((UINT64_C(1) << n) - 1),
                         .firsts = UINT64_C(1) << '\\' % 64};
    for (size_t i = 0; i < n; i++) {
        unsigned char first = words[i].n ? (unsigned char)*words[i].p : '"';
        w->by_length[(words[i].n + 2) % 64] |= UINT32_C(1) << i;
        w->firsts |= UINT64_C(1) << first % 64;
    }
}

uint32_t lx_json_has(const struct lx_json_doc *doc, const struct lx_slice *words, size_t n)
{
    struct wanted w;
    uint32_t found = 0;
    want(&w, words, n);
    for (const struct lx_json_node *v = doc->nodes, *end = v + doc->count; v < end; v++) {
        uint32_t left = v->escaped ? w.all : w.by_length[v->n % 64];
        if (!left || v->type != LX_JSON_STRING ||
            !(w.firsts >> (unsigned char)doc->text.p[v->at + 1] % 64 & 1))
            continue;
        for (; left; left &= left - 1) {
            unsigned i = (unsigned)__builtin_ctz(left);
            if (may_be(v, words[i]) && string_eq(doc, v, words[i]))
                found |= UINT32_C(1) << i;
        }
        if (found == w.all)
            break;
    }
    return found;
}

struct lx_json lx_json_at(struct lx_json v, size_t i)
{
    if (!lx_json_is(v, LX_JSON_ARRAY))
        return none;
    const struct lx_json_node *nodes = v.doc->nodes;
    for (uint32_t at = v.i + 1, end = nodes[v.i].next; at < end; at = nodes[at].next)
        if (i-- == 0)
            return (struct lx_json){v.doc, at};
    return none;
}

size_t lx_json_count(struct lx_json v)
{
    size_t count = 0;
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
        count++;
    return count;
}

struct lx_json_iter lx_json_iter(struct lx_json v)
{
    struct lx_json_iter it = {0};
    enum lx_json_type type = lx_json_type(v);
    if (type == LX_JSON_ARRAY || type == LX_JSON_OBJECT) {
        it.doc = v.doc;
        it.at = v.i + 1;
        it.end = node_of(v)->next;
        it.object = type == LX_JSON_OBJECT;
    }
    return it;
}

bool lx_json_next(struct lx_json_iter *it)
{
    if (it->at >= it->end)
        return false;
    it->name = it->object ? (struct lx_json){it->doc, it->at++} : none;
    it->value = (struct lx_json){it->doc, it->at};
    it->at = it->doc->nodes[it->at].next;
    return true;
}
