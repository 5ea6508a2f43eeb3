/*
 * json_edit.c - changing a document without writing it anew: the text between the edits is copied
 * as it stands.
 *
 * Three kinds of edit, told apart by their shape: a replacement has both a length and bytes; a
 * removal has no bytes (absent); an addition has no length, and stands before the closing bracket.
 * Commas are settled while writing, when it is known what is left around them: a removal takes the
 * comma behind it, or else the one in front of it; an addition puts one in front unless it comes
 * first.
 */
#include "wire/json.h"

void lx_json_edit_init(struct lx_json_edit *e, const struct lx_json_doc *doc, struct lx_arena *a)
{
    *e = (struct lx_json_edit){.doc = doc, .arena = a};
}

static void add_op(struct lx_json_edit *e, uint32_t at, uint32_t n, struct lx_slice insert)
{
    struct lx_json_edit_op *op = lx_arena_new(e->arena, struct lx_json_edit_op);
    if (!op) {
        e->failed = e->arena->failed;
        return;
    }
    *op = (struct lx_json_edit_op){at, n, insert, e->count++, e->ops};
    e->ops = op;
}

static const struct lx_json_node *node_of(struct lx_json v)
{
    return &v.doc->nodes[v.i];
}

/* `"name"` and what follows it, in the arena. */
static struct lx_slice quoted(struct lx_json_edit *e, struct lx_slice name, struct lx_slice colon,
                              struct lx_slice value)
{
    char *to = lx_arena_bytes(e->arena, name.n + 2 + colon.n + value.n);
    if (!to) {
        e->failed = e->arena->failed;
        return lx_slice(NULL, 0);
    }
    struct lx_slice all = lx_slice(to, name.n + 2 + colon.n + value.n);
    const struct lx_slice parts[] = {LX_S("\""), name, LX_S("\""), colon, value};
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (parts[i].n)
            memcpy(to, parts[i].p, parts[i].n);
        to += parts[i].n;
    }
    return all;
}

static struct lx_slice or_null(struct lx_slice json)
{
    return json.n ? json : LX_S("null");
}

void lx_json_edit_replace(struct lx_json_edit *e, struct lx_json v, struct lx_slice json)
{
    if (lx_json_type(v) != LX_JSON_NONE)
        add_op(e, node_of(v)->at, node_of(v)->n, or_null(json));
}

static void remove_member(struct lx_json_edit *e, struct lx_json name, struct lx_json value)
{
    uint32_t at = node_of(name)->at;
    add_op(e, at, node_of(value)->at + node_of(value)->n - at, lx_slice(NULL, 0));
}

void lx_json_edit_remove(struct lx_json_edit *e, struct lx_json object, struct lx_slice name)
{
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);)
        if (lx_json_eq(it.name, name))
            remove_member(e, it.name, it.value);
}

/* Puts the member before the object's closing bracket, or in the place of one that an earlier edit
 * has put there under the same name. */
static void add_member(struct lx_json_edit *e, struct lx_json object, struct lx_slice name,
                       struct lx_slice json)
{
    uint32_t at = node_of(object)->at + node_of(object)->n - 1;
    struct lx_slice member = quoted(e, name, LX_S(":"), json);
    struct lx_slice start = lx_slice_to(member, name.n + 3);
    for (struct lx_json_edit_op *op = e->ops; op; op = op->next)
        if (op->at == at && op->n == 0 && lx_slice_starts(op->insert, start)) {
            op->insert = member;
            return;
        }
    if (member.p)
        add_op(e, at, 0, member);
}

void lx_json_edit_set(struct lx_json_edit *e, struct lx_json object, struct lx_slice name,
                      struct lx_slice json)
{
    if (!lx_json_is(object, LX_JSON_OBJECT))
        return;
    struct lx_json last_name = {0}, last = {0};
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);) {
        if (!lx_json_eq(it.name, name))
            continue;
        if (last.doc)
            remove_member(e, last_name, last);
        last_name = it.name;
        last = it.value;
    }
    if (last.doc)
        lx_json_edit_replace(e, last, json);
    else
        add_member(e, object, name, or_null(json));
}

void lx_json_edit_rename(struct lx_json_edit *e, struct lx_json object, struct lx_slice name,
                         struct lx_slice to)
{
    struct lx_slice text = lx_slice(NULL, 0);
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);) {
        if (!it.object || !lx_json_eq(it.name, name))
            continue;
        if (!text.p)
            text = quoted(e, to, LX_S(""), LX_S(""));
        if (text.p)
            lx_json_edit_replace(e, it.name, text);
    }
}

void lx_json_edit_append(struct lx_json_edit *e, struct lx_json array, struct lx_slice json)
{
    if (lx_json_is(array, LX_JSON_ARRAY))
        add_op(e, node_of(array)->at + node_of(array)->n - 1, 0, or_null(json));
}

void lx_json_edit_remove_element(struct lx_json_edit *e, struct lx_json element)
{
    if (lx_json_type(element) != LX_JSON_NONE)
        add_op(e, node_of(element)->at, node_of(element)->n, lx_slice(NULL, 0));
}

/* ---- Writing ------------------------------------------------------------------------------ */

/* By place; of those that begin together the widest first, of equal ones the newest first, but
 * additions in the order they were asked for. */
static bool goes_before(const struct lx_json_edit_op *a, const struct lx_json_edit_op *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    if (a->n != b->n)
        return a->n > b->n;
    return a->n ? a->order > b->order : a->order < b->order;
}

static struct lx_json_edit_op *merge(struct lx_json_edit_op *a, struct lx_json_edit_op *b)
{
    struct lx_json_edit_op *first = NULL, **tail = &first;
    while (a && b) {
        struct lx_json_edit_op **from = goes_before(a, b) ? &a : &b;
        *tail = *from;
        tail = &(*from)->next;
        *from = (*from)->next;
    }
    *tail = a ? a : b;
    return first;
}

/* Merge sort with one slot for each power of two: no recursion, and no time that a client who
 * repeats a member a million times could square. */
static struct lx_json_edit_op *sort(struct lx_json_edit_op *list)
{
    struct lx_json_edit_op *slots[32] = {0};
    size_t used = 0;
    while (list) {
        struct lx_json_edit_op *one = list;
        list = list->next;
        one->next = NULL;
        size_t i = 0;
        for (; i < used && slots[i]; i++) {
            one = merge(slots[i], one);
            slots[i] = NULL;
        }
        slots[i] = one;
        used = i == used ? used + 1 : used;
    }
    for (size_t i = 0; i < used; i++)
        list = merge(slots[i], list);
    return list;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The last byte written since `start` that is no white space, as a length; 0 if there is none. */
static size_t last_mark(const struct lx_buf *out, size_t start)
{
    size_t n = out->n;
    while (n > start && is_space(out->p[n - 1]))
        n--;
    return n > start ? n : 0;
}

/* Behind a removed value: the place in the text to go on from. */
static size_t settle_removal(struct lx_buf *out, size_t start, struct lx_slice text, size_t at)
{
    size_t next = at;
    while (next < text.n && is_space(text.p[next]))
        next++;
    if (next < text.n && text.p[next] == ',') {
        for (next++; next < text.n && is_space(text.p[next]); next++)
            ;
        return next;
    }
    size_t mark = last_mark(out, start);
    if (mark && out->p[mark - 1] == ',')
        out->n = mark - 1;
    return at;
}

int lx_json_edit_write(struct lx_json_edit *e, struct lx_buf *out)
{
    struct lx_slice text = e->doc->text;
    size_t start = out->n, at = 0;
    if (!e->failed)
        e->failed = e->arena->failed; /* what should have been put in may be missing */
    if (e->failed)
        return e->failed;
    e->ops = sort(e->ops);
    if (out->max - out->n >= text.n + 256)
        lx_buf_reserve(out, text.n + 256); /* one allocation for most edits */
    for (const struct lx_json_edit_op *op = e->ops; op; op = op->next) {
        if (op->at < at)
            continue;
        lx_buf_add(out, lx_slice(text.p + at, op->at - at));
        at = (size_t)op->at + op->n;
        if (!op->insert.p) {
            at = settle_removal(out, start, text, at);
        } else {
            size_t mark = op->n ? 0 : last_mark(out, start);
            if (mark && out->p[mark - 1] != '{' && out->p[mark - 1] != '[')
                lx_buf_add_byte(out, ',');
            lx_buf_add(out, op->insert);
        }
    }
    lx_buf_add(out, lx_slice(text.p + at, text.n - at));
    return out->failed;
}
