/*
 * tree.c - libyaml's events made into a tree of nodes with places.
 *
 * It owns the limits: bytes of a file, depth, and the number of values once aliases are counted in
 * full, so that whoever walks the tree later needs none. It knows nothing of what the keys mean.
 */
#include "config/load.h"

#include <stdio.h>

#include <yaml.h>

enum {
    MAX_DEPTH = 64,
    MAX_WEIGHT = 1000000,
    MAX_FILE_BYTES = 16 * 1024 * 1024,
    MAX_TREE_BYTES = 256 * 1024 * 1024,
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    struct lx_yaml_set *set;
    const struct lx_yaml_file *file;
    struct lx_diags *diags;
    struct lx_map anchors;
    struct lx_slice text;
    size_t line, line_at; /* where a line of the text begins; moves forward only */
    bool failed;
};

void lx_yaml_set_init(struct lx_yaml_set *set)
{
    *set = (struct lx_yaml_set){0};
    lx_arena_init(&set->arena, MAX_TREE_BYTES);
}

void lx_yaml_set_clear(struct lx_yaml_set *set)
{
    for (struct lx_yaml *v = set->newest; v; v = v->older)
        if (v->text.n)
            lx_wipe((void *)(uintptr_t)v->text.p, v->text.n);
    set->newest = NULL;
    lx_arena_clear(&set->arena);
}

struct lx_yaml *lx_yaml_new(struct lx_yaml_set *set, enum lx_yaml_kind kind,
                            const struct lx_yaml *at)
{
    struct lx_yaml *v = lx_arena_new(&set->arena, struct lx_yaml);
    if (!v)
        return NULL;
    if (at) {
        v->file = at->file;
        v->line = at->line;
        v->column = at->column;
    }
    v->kind = kind;
    v->weight = 1;
    v->older = set->newest;
    set->newest = v;
    return v;
}

struct lx_yaml *lx_yaml_get(const struct lx_yaml *v, struct lx_slice key)
{
    if (!v || v->kind != LX_YAML_MAP)
        return NULL;
    for (size_t i = 0; i < v->n; i++)
        if (v->pairs[i].key->kind == LX_YAML_SCALAR && lx_slice_eq(v->pairs[i].key->text, key))
            return v->pairs[i].value;
    return NULL;
}

/* ---- Copies ---- */

static const struct lx_yaml_file *copy_file(struct lx_yaml_set *set, const struct lx_yaml_file *f)
{
    const struct lx_yaml_file *known = set->copied;
    while (known && !lx_slice_eq(known->name, f->name))
        known = known->older;
    if (known)
        return known;
    struct lx_yaml_file *new = lx_arena_new(&set->arena, struct lx_yaml_file);
    if (!new)
        return NULL;
    *new = (struct lx_yaml_file){lx_arena_copy(&set->arena, f->name), f->order, set->copied};
    return set->copied = new;
}

static bool copy_members(struct lx_yaml_set *set, const struct lx_yaml *from, struct lx_yaml *to)
{
    bool map = from->kind == LX_YAML_MAP;
    size_t size = map ? sizeof *to->pairs : sizeof *to->items;
    void *members = lx_arena_alloc(&set->arena, (from->n + 1) * size);
    if (!members)
        return false;
    to->pairs = map ? members : NULL;
    to->items = map ? NULL : members;
    for (; to->n < from->n; to->n++) {
        size_t i = to->n;
        if (map)
            to->pairs[i].key = lx_yaml_copy(set, from->pairs[i].key);
        struct lx_yaml *v = lx_yaml_copy(set, map ? from->pairs[i].value : from->items[i]);
        if (!v || (map && !to->pairs[i].key))
            return false;
        if (map)
            to->pairs[i].value = v;
        else
            to->items[i] = v;
    }
    return true;
}

/* As deep as what was read, which has its limits. */
struct lx_yaml *lx_yaml_copy(struct lx_yaml_set *set, const struct lx_yaml *v)
{
    struct lx_yaml *copy = lx_yaml_new(set, v->kind, v);
    if (!copy || (v->file && !(copy->file = copy_file(set, v->file))))
        return NULL;
    copy->plain = v->plain;
    copy->weight = v->weight;
    if (v->kind != LX_YAML_SCALAR)
        return copy_members(set, v, copy) ? copy : NULL;
    copy->text.p = lx_arena_copy_z(&set->arena, v->text);
    copy->text.n = copy->text.p ? v->text.n : 0;
    return copy->text.p ? copy : NULL;
}

/* ---- Failures ---- */

static void *fail(struct reader *r, const struct lx_yaml *at, const char *text)
{
    if (!r->failed)
        lx_diag_add(r->diags, LX_DIAG_ERROR, at, (struct lx_slice){0}, "%s", text);
    r->failed = true;
    return NULL;
}

static struct lx_yaml *place(struct lx_yaml *v, const struct reader *r, size_t line, size_t column)
{
    v->file = r->file;
    v->line = (int)line + 1;
    v->column = (int)column + 1;
    return v;
}

/* libyaml gives a mark for what it could not scan or parse, but only a byte's offset for what it
 * could not decode. */
static void fail_parser(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    struct lx_yaml at = {0};
    if (r->failed)
        return;
    if (p->error == YAML_MEMORY_ERROR) {
        fail(r, place(&at, r, 0, 0), "out of memory");
        return;
    }
    if (p->error == YAML_READER_ERROR) {
        size_t line = 0, begin = 0;
        size_t end = p->problem_offset < r->text.n ? p->problem_offset : r->text.n;
        for (size_t i = 0; i < end; i++) {
            if (r->text.p[i] == '\n') {
                line++;
                begin = i + 1;
            }
        }
        place(&at, r, line, end - begin);
    } else {
        place(&at, r, p->problem_mark.line, p->problem_mark.column);
    }
    r->failed = true;
    char begun[128] = "";
    if (p->context)
        snprintf(begun, sizeof begun, ", %s begun on line %zu", p->context,
                 p->context_mark.line + 1);
    lx_diag_add(r->diags, LX_DIAG_ERROR, &at, (struct lx_slice){0}, "not YAML: %s%s",
                p->problem ? p->problem : "it cannot be read", begun);
}

/* ---- Growing children ---- */

static void *grow(struct reader *r, void *old, size_t n, size_t size)
{
    if (n & (n - 1))
        return old; /* capacities are powers of two: full only at one */
    void *fresh = lx_arena_alloc(&r->set->arena, (n ? 2 * n : 1) * size);
    if (!fresh)
        return fail(r, NULL, "out of memory");
    if (n)
        memcpy(fresh, old, n * size);
    return fresh;
}

static bool weigh(struct reader *r, struct lx_yaml *parent, const struct lx_yaml *child)
{
    parent->weight += child->weight;
    if (parent->weight <= MAX_WEIGHT)
        return true;
    fail(r, child, "more than 1000000 values, aliases counted in full");
    return false;
}

static bool add_item(struct reader *r, struct lx_yaml *list, struct lx_yaml *item)
{
    struct lx_yaml **items = grow(r, list->items, list->n, sizeof *items);
    if (!items)
        return false;
    list->items = items;
    items[list->n++] = item;
    return weigh(r, list, item);
}

/* `seen` maps a key to its index plus one. override: a key that is there already gets the new
 * value, and a warning is given. */
static bool add_pair(struct reader *r, struct lx_yaml *map, struct lx_map *seen,
                     struct lx_yaml_pair pair, bool override)
{
    bool named = pair.key->kind == LX_YAML_SCALAR;
    uintptr_t old = named ? (uintptr_t)lx_map_get(seen, pair.key->text) : 0;
    if (old) {
        size_t i = (size_t)old - 1;
        if (!override)
            return true;
        lx_diag_add(r->diags, LX_DIAG_WARNING, pair.key, pair.key->text,
                    "given twice in one mapping; the last one counts, line %d is ignored",
                    map->pairs[i].key->line);
        map->pairs[i] = pair;
        return weigh(r, map, pair.value);
    }
    struct lx_yaml_pair *pairs = grow(r, map->pairs, map->n, sizeof *pairs);
    if (!pairs)
        return false;
    map->pairs = pairs;
    pairs[map->n++] = pair;
    if (named && lx_map_put(seen, pair.key->text, (void *)(uintptr_t)map->n) != 0)
        return fail(r, NULL, "out of memory") != NULL;
    return weigh(r, map, pair.value);
}

/* ---- Merge keys ---- */

static bool is_merge(const struct lx_yaml *key)
{
    return key->kind == LX_YAML_SCALAR && key->plain && lx_slice_eq(key->text, LX_S("<<"));
}

static bool merge_map(struct reader *r, struct lx_yaml *map, struct lx_map *seen,
                      const struct lx_yaml *from)
{
    if (from->kind != LX_YAML_MAP) {
        fail(r, from, "expected a mapping, or a list of mappings, after the merge key <<");
        return false;
    }
    for (size_t i = 0; i < from->n; i++)
        if (!add_pair(r, map, seen, from->pairs[i], false))
            return false;
    return true;
}

/* What the map says itself wins over what it merges, and of several the first wins. */
static bool merge(struct reader *r, struct lx_yaml *map, struct lx_map *seen,
                  const struct lx_yaml *from)
{
    if (from->kind != LX_YAML_LIST)
        return merge_map(r, map, seen, from);
    for (size_t i = 0; i < from->n; i++)
        if (!merge_map(r, map, seen, from->items[i]))
            return false;
    return true;
}

/* ---- Events ---- */

static bool next_event(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return true;
    memset(&r->event, 0, sizeof r->event);
    fail_parser(r);
    return false;
}

static struct lx_yaml *read_value(struct reader *r, int depth);

static struct lx_slice event_bytes(const yaml_char_t *p, size_t n)
{
    return lx_slice((const char *)p, n);
}

static bool read_list(struct reader *r, struct lx_yaml *list, int depth)
{
    while (next_event(r)) {
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return true;
        struct lx_yaml *item = read_value(r, depth);
        if (!item || !add_item(r, list, item))
            return false;
    }
    return false;
}

static bool read_map(struct reader *r, struct lx_yaml *map, int depth)
{
    struct lx_yaml merges = {.kind = LX_YAML_LIST};
    struct lx_map seen;
    lx_map_init(&seen, &r->set->arena, (uint64_t[2]){0x6c78636f, 0x6e666967});
    while (next_event(r)) {
        if (r->event.type == YAML_MAPPING_END_EVENT) {
            for (size_t i = 0; i < merges.n; i++)
                if (!merge(r, map, &seen, merges.items[i]))
                    return false;
            return true;
        }
        struct lx_yaml_pair pair = {read_value(r, depth), NULL};
        if (!pair.key || !next_event(r) || !(pair.value = read_value(r, depth)))
            return false;
        if (is_merge(pair.key) ? !add_item(r, &merges, pair.value)
                               : !add_pair(r, map, &seen, pair, true))
            return false;
    }
    return false;
}

/* Tags other than those of the plain types would name a constructor; PyYAML's safe loader, which
 * LiteLLM uses, refuses them as well. */
static bool check_tag(struct reader *r, struct lx_yaml *v, const char *tag)
{
    static const char *const plain[] = {"null", "bool", "int", "float", "timestamp"};
    static const char *const other[] = {"str", "seq", "map", "binary"};
    struct lx_slice s = lx_slice_z(tag), prefix = LX_S("tag:yaml.org,2002:");
    if (!tag)
        return true;
    v->plain = false;
    if (lx_slice_eq(s, LX_S("!")))
        return true;
    for (size_t i = 0; lx_slice_starts(s, prefix) && i < 5; i++)
        if (lx_slice_eq(lx_slice_from(s, prefix.n), lx_slice_z(plain[i])))
            return v->plain = true;
    for (size_t i = 0; lx_slice_starts(s, prefix) && i < 4; i++)
        if (lx_slice_eq(lx_slice_from(s, prefix.n), lx_slice_z(other[i])))
            return true;
    fail(r, v, "a tag that LiteLLM's YAML reader does not know either");
    return false;
}

static bool add_anchor(struct reader *r, struct lx_yaml *v, const yaml_char_t *anchor)
{
    if (!anchor)
        return true;
    char *name = lx_arena_copy_z(&r->set->arena, lx_slice_z((const char *)anchor));
    if (name && lx_map_put(&r->anchors, lx_slice_z(name), v) == 0)
        return true;
    fail(r, NULL, "out of memory");
    return false;
}

static struct lx_yaml *read_alias(struct reader *r, struct lx_yaml *at)
{
    const char *name = (const char *)r->event.data.alias.anchor;
    struct lx_yaml *v = lx_map_get(&r->anchors, lx_slice_z(name));
    if (!v)
        return fail(r, at, "an alias (*) whose anchor (&) does not come before it");
    if (v->open)
        return fail(r, at, "an alias (*) inside of what its anchor (&) names");
    return v;
}

static bool read_scalar(struct reader *r, struct lx_yaml *v)
{
    struct lx_slice s = event_bytes(r->event.data.scalar.value, r->event.data.scalar.length);
    v->kind = LX_YAML_SCALAR;
    v->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    char *copy = lx_arena_copy_z(&r->set->arena, s);
    if (!copy)
        return fail(r, NULL, "out of memory") != NULL;
    v->text = lx_slice(copy, s.n);
    return check_tag(r, v, (const char *)r->event.data.scalar.tag) &&
           add_anchor(r, v, r->event.data.scalar.anchor);
}

/* YAML allows no tab in an indentation. libyaml sees that outside of braces and brackets only,
 * PyYAML everywhere. */
static bool check_indent(struct reader *r, const struct lx_yaml *v, size_t line)
{
    struct lx_slice s = r->text;
    for (; r->line < line && r->line_at < s.n; r->line_at++)
        r->line += s.p[r->line_at] == '\n';
    for (size_t i = r->line_at; i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'); i++)
        if (s.p[i] == '\t')
            return fail(r, v, "not YAML: a tab in the indentation of this line") != NULL;
    return true;
}

/* The value that the current event begins. */
static struct lx_yaml *read_value(struct reader *r, int depth)
{
    struct lx_yaml *v = lx_yaml_new(r->set, LX_YAML_SCALAR, NULL);
    if (!v)
        return fail(r, NULL, "out of memory");
    place(v, r, r->event.start_mark.line, r->event.start_mark.column);
    if (depth >= MAX_DEPTH)
        return fail(r, v, "nested deeper than 64 levels");
    if (!check_indent(r, v, r->event.start_mark.line))
        return NULL;
    switch (r->event.type) {
    case YAML_ALIAS_EVENT:
        return read_alias(r, v);
    case YAML_SCALAR_EVENT:
        return read_scalar(r, v) ? v : NULL;
    case YAML_SEQUENCE_START_EVENT:
        v->kind = LX_YAML_LIST;
        v->open = true;
        if (!check_tag(r, v, (const char *)r->event.data.sequence_start.tag) ||
            !add_anchor(r, v, r->event.data.sequence_start.anchor) || !read_list(r, v, depth + 1))
            return NULL;
        break;
    case YAML_MAPPING_START_EVENT:
        v->kind = LX_YAML_MAP;
        v->open = true;
        if (!check_tag(r, v, (const char *)r->event.data.mapping_start.tag) ||
            !add_anchor(r, v, r->event.data.mapping_start.anchor) || !read_map(r, v, depth + 1))
            return NULL;
        break;
    default:
        return fail(r, v, "expected a value");
    }
    v->open = false;
    return v;
}

static struct lx_yaml *read_document(struct reader *r)
{
    struct lx_yaml *root = NULL;
    while (next_event(r)) {
        struct lx_yaml at = {0};
        switch (r->event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            place(&at, r, r->event.start_mark.line, r->event.start_mark.column);
            if (root)
                return fail(r, &at, "expected one document, found a second");
            if (!next_event(r) || !(root = read_value(r, 0)))
                return NULL;
            break;
        default:
            return root;
        }
    }
    return NULL;
}

struct lx_yaml *lx_yaml_read(struct lx_yaml_set *set, struct lx_slice text,
                             const struct lx_yaml_file *file, struct lx_diags *diags)
{
    struct reader r = {.set = set, .file = file, .diags = diags, .text = text};
    struct lx_yaml at = {.file = file};
    if (text.n > MAX_FILE_BYTES)
        return fail(&r, &at, "larger than 16 MiB");
    if (!yaml_parser_initialize(&r.parser))
        return fail(&r, &at, "out of memory");
    lx_map_init(&r.anchors, &set->arena, (uint64_t[2]){0x616e6368, 0x6f727321});
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    struct lx_yaml *root = read_document(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return r.failed ? NULL : root;
}
