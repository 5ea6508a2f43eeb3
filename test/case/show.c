/*
 * show.c - bodies as text: comparable for the checks, pretty for blessing, and their difference.
 */
#include "show.h"

#include "wire/json.h"
#include "wire/record.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_SHOW_BYTES = 64 << 20,
    MAX_RECORD_BYTES = 16 << 20,
    MAX_DEPTH = 128,
    WIDTH = 98,          /* of a line in a case */
    MAX_TABLE = 4 << 20, /* cells of the difference's table */
    MAX_DIFF_LINES = 80,
    CONTEXT = 2,
};

/* ---- JSON ---- */

/* How JSON is laid out. */
enum style {
    ONE_LINE,
    PRETTY, /* a container on one line where it fits */
    SORTED, /* every value on a line of its own, members by name, strings in one spelling */
};

static void write_value(struct lx_json v, enum style style, size_t depth, struct lx_buf *out);

static void new_line(struct lx_buf *out, size_t depth)
{
    lx_buf_add_lit(out, "\n");
    for (size_t i = 0; i < depth; i++)
        lx_buf_add_lit(out, "  ");
}

static void write_string(struct lx_json v, struct lx_buf *out)
{
    struct lx_arena a;
    struct lx_out o = lx_out(out);
    lx_arena_init(&a, MAX_SHOW_BYTES);
    lx_out_str(&o, NULL, lx_json_str(v, &a));
    lx_arena_clear(&a);
}

static void write_leaf(struct lx_json v, enum style style, struct lx_buf *out)
{
    if (style == SORTED && lx_json_is(v, LX_JSON_STRING))
        write_string(v, out);
    else
        lx_buf_add(out, lx_json_raw(v));
}

struct member {
    struct lx_slice key; /* comparable */
    struct lx_json name, value;
    size_t order;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = lx_slice_cmp(x->key, y->key);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* The members in the order to write; of duplicates only the last, when sorting. */
static size_t list_members(struct lx_json object, enum style style, struct lx_arena *a,
                           struct member **out)
{
    size_t count = lx_json_count(object), n = 0;
    struct member *v = lx_arena_alloc(a, (count + 1) * sizeof(*v));
    if (!v)
        return 0;
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it); n++)
        v[n] = (struct member){lx_json_str(it.name, a), it.name, it.value, n};
    *out = v;
    if (style != SORTED || n == 0)
        return n;
    qsort(v, n, sizeof(*v), compare_members);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || !lx_slice_eq(v[i].key, v[i + 1].key))
            v[kept++] = v[i];
    return kept;
}

static void write_object(struct lx_json v, enum style style, size_t depth, struct lx_buf *out)
{
    struct lx_arena a;
    struct member *members = NULL;
    lx_arena_init(&a, MAX_SHOW_BYTES);
    size_t n = list_members(v, style, &a, &members);
    lx_buf_add_lit(out, "{");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            lx_buf_add(out, style == ONE_LINE ? LX_S(", ") : LX_S(","));
        if (style != ONE_LINE)
            new_line(out, depth + 1);
        write_leaf(members[i].name, style, out);
        lx_buf_add_lit(out, ": ");
        write_value(members[i].value, style, depth + 1, out);
    }
    if (style != ONE_LINE && n > 0)
        new_line(out, depth);
    lx_buf_add_lit(out, "}");
    lx_arena_clear(&a);
}

static void write_array(struct lx_json v, enum style style, size_t depth, struct lx_buf *out)
{
    bool first = true;
    lx_buf_add_lit(out, "[");
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it); first = false) {
        if (!first)
            lx_buf_add(out, style == ONE_LINE ? LX_S(", ") : LX_S(","));
        if (style != ONE_LINE)
            new_line(out, depth + 1);
        write_value(it.value, style, depth + 1, out);
    }
    if (style != ONE_LINE && !first)
        new_line(out, depth);
    lx_buf_add_lit(out, "]");
}

/* Columns that the current line of out has taken. */
static size_t column(const struct lx_buf *out)
{
    size_t n = 0;
    while (n < out->n && out->p[out->n - n - 1] != '\n')
        n++;
    return n;
}

/* Writes a container on one line when it fits; else leaves out as it was. */
static bool write_short(struct lx_json v, struct lx_buf *out)
{
    size_t n = out->n, at = column(out);
    write_value(v, ONE_LINE, 0, out);
    if (at + out->n - n < WIDTH)
        return true;
    out->n = n;
    return false;
}

static void write_value(struct lx_json v, enum style style, size_t depth, struct lx_buf *out)
{
    bool object = lx_json_is(v, LX_JSON_OBJECT);
    if (!object && !lx_json_is(v, LX_JSON_ARRAY))
        write_leaf(v, style, out);
    else if (style == PRETTY && write_short(v, out))
        return;
    else if (object)
        write_object(v, style, depth, out);
    else
        write_array(v, style, depth, out);
}

/* Text as JSON in that style; false, with nothing written, when it is none. */
static bool write_json(struct lx_slice text, enum style style, struct lx_buf *out)
{
    const struct lx_json_limits limits = {.max_depth = MAX_DEPTH};
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    bool good = lx_json_read(&doc, text, &limits, NULL) == 0;
    if (good)
        write_value(lx_json_root(&doc), style, 0, out);
    lx_json_doc_clear(&doc);
    return good;
}

/* ---- Bytes ---- */

static void write_escaped(struct lx_slice s, struct lx_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n')
            lx_buf_add_lit(out, "\\n\n");
        else if (c == '\r')
            lx_buf_add_lit(out, "\\r");
        else if (c == '\\')
            lx_buf_add_lit(out, "\\\\");
        else if (c < 0x20 || c > 0x7e)
            lx_buf_addf(out, "\\x%02x", c);
        else
            lx_buf_add_byte(out, (char)c);
    }
}

/* ---- Events ---- */

static void write_record(const struct lx_record *r, struct lx_buf *out)
{
    if (r->event.n > 0) {
        lx_buf_add_lit(out, "event: ");
        lx_buf_add(out, r->event);
        lx_buf_add_lit(out, "\n");
    }
    lx_buf_add_lit(out, "data: ");
    if (!write_json(r->data, SORTED, out))
        lx_buf_add(out, r->data);
    lx_buf_add_lit(out, "\n\n");
}

static void write_events(struct lx_slice body, struct lx_buf *out)
{
    struct lx_records records;
    struct lx_record record;
    int code;
    lx_records_init(&records, LX_FRAMING_SSE, MAX_RECORD_BYTES);
    while ((code = lx_records_next(&records, &body, &record, NULL)) == 1)
        write_record(&record, out);
    if (code == 0 && lx_records_end(&records, &record, NULL) == 1) {
        write_record(&record, out);
        lx_buf_add_lit(out, "(the last event has no blank line after it)\n");
    }
    if (code < 0)
        lx_buf_addf(out, "(not SSE: %s)\n", lx_code_name(code));
    lx_records_clear(&records);
}

/* ---- Public ---- */

void show_comparable(struct lx_slice kind, struct lx_slice body, struct lx_buf *out)
{
    if (lx_slice_eq(kind, LX_S("sse")))
        write_events(body, out);
    else if (!lx_slice_eq(kind, LX_S("json")) || !write_json(body, SORTED, out))
        write_escaped(body, out);
    lx_buf_add_lit(out, "\n");
}

static bool is_printable(struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n' && s.p[i] != '\t')
            return false;
    return true;
}

void show_block(struct lx_slice body, bool stream, struct lx_buf *out)
{
    size_t start = out->n;
    if (stream && lx_slice_ends(body, LX_S("\n\n")) && is_printable(body)) {
        lx_buf_add_lit(out, "```sse\n");
        lx_buf_add(out, lx_slice_to(body, body.n - 1));
    } else {
        lx_buf_add_lit(out, "```json\n");
        if (stream || !write_json(body, PRETTY, out)) {
            out->n = start;
            lx_buf_add_lit(out, "```escaped\n");
            write_escaped(body, out);
        }
        if (out->p && out->p[out->n - 1] != '\n')
            lx_buf_add_lit(out, "\n");
    }
    lx_buf_add_lit(out, "```\n");
}

/* ---- Difference ---- */

struct lines {
    struct lx_slice *v;
    size_t n;
};

static struct lines split_lines(struct lx_slice text)
{
    struct lines l = {.n = 0};
    size_t count = 1;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '\n';
    l.v = calloc(count, sizeof(*l.v));
    while (l.v && text.n > 0)
        lx_slice_cut(text, '\n', &l.v[l.n++], &text);
    return l;
}

struct diff {
    const char *prefix;
    size_t printed;
};

static void print_line(struct diff *d, char sign, struct lx_slice line)
{
    if (d->printed++ < MAX_DIFF_LINES)
        printf("%s%c %.*s\n", d->prefix, sign, LX_F(line));
}

/* The longest common subsequence, in a table of (n + 1) * (m + 1) lengths. */
static void print_changed(struct diff *d, struct lines a, struct lines b)
{
    size_t wide = b.n + 1, i, j;
    unsigned *length = calloc((a.n + 1) * wide, sizeof(*length));
    if (!length)
        return;
    for (i = a.n; i-- > 0;)
        for (j = b.n; j-- > 0;) {
            unsigned down = length[(i + 1) * wide + j], right = length[i * wide + j + 1];
            length[i * wide + j] = lx_slice_eq(a.v[i], b.v[j]) ? length[(i + 1) * wide + j + 1] + 1
                                   : down > right              ? down
                                                               : right;
        }
    for (i = 0, j = 0; i < a.n || j < b.n;) {
        if (i < a.n && j < b.n && lx_slice_eq(a.v[i], b.v[j])) {
            print_line(d, ' ', a.v[i]);
            i++, j++;
        } else if (i < a.n &&
                   (j == b.n || length[(i + 1) * wide + j] >= length[i * wide + j + 1])) {
            print_line(d, '-', a.v[i++]);
        } else {
            print_line(d, '+', b.v[j++]);
        }
    }
    free(length);
}

void show_diff(struct lx_slice expected, struct lx_slice got, const char *prefix)
{
    struct lines a = split_lines(expected), b = split_lines(got);
    struct diff d = {.prefix = prefix};
    size_t same = 0;
    while (same < a.n && same < b.n && lx_slice_eq(a.v[same], b.v[same]))
        same++;
    size_t skip = same > CONTEXT ? same - CONTEXT : 0, end = 0;
    while (end < a.n - same && end < b.n - same &&
           lx_slice_eq(a.v[a.n - end - 1], b.v[b.n - end - 1]))
        end++;
    end = end > CONTEXT ? end - CONTEXT : 0;
    struct lines x = {a.v + skip, a.n - skip - end}, y = {b.v + skip, b.n - skip - end};
    if (skip > 0)
        printf("%s  (%zu lines that agree)\n", prefix, skip);
    if ((x.n + 1) * (y.n + 1) <= MAX_TABLE) {
        print_changed(&d, x, y);
    } else {
        for (size_t i = 0; i < x.n; i++)
            print_line(&d, '-', x.v[i]);
        for (size_t i = 0; i < y.n; i++)
            print_line(&d, '+', y.v[i]);
    }
    if (d.printed > MAX_DIFF_LINES)
        printf("%s  (and %zu lines more)\n", prefix, d.printed - MAX_DIFF_LINES);
    free(a.v);
    free(b.v);
}
