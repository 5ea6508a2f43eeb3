/*
 * gemini_args.c - back: a call's arguments that come leaf by leaf -> a JSON object.
 *
 * With streamFunctionCallArguments Vertex AI tells a call in many parts, each with pieces like
 * {"jsonPath":"$.list[0].name","stringValue":"Bos","willContinue":true} (PartialArg of
 * google.cloud.aiplatform.v1). The pieces do not spell JSON in the order it is written, so they are
 * kept as a tree until the call is over. Called by gemini_part.c only; the tree is memory of the
 * reading's own, because it outlives the record, and is bounded in bytes, depth and work.
 */
#include "dialect/gemini.h"

enum {
    MAX_BYTES = 16 << 20,
    MAX_DEPTH = 64,
    MAX_STEPS = 1 << 26, /* over members and elements, to find those that pieces belong to */
};

/* Strings are kept as JSON has them, in the pieces they came in. */
struct piece {
    struct lx_text text;
    struct piece *next;
};

struct lx_gemini_arg {
    struct lx_slice name;   /* of a member */
    enum lx_json_type type; /* NONE: an element that was not told */
    struct lx_slice raw;    /* a number, true, false */
    struct piece *first, *last;
    bool goes_on; /* a string of which more comes */
    struct lx_gemini_arg *children, *newest;
    int64_t count; /* of them */
    struct lx_gemini_arg *next;
};

/* One step of a path: a name, or an index where it is not negative. */
struct step {
    struct lx_slice name;
    int64_t index;
};

void lx_gemini_args_init(struct lx_gemini_args *s)
{
    *s = (struct lx_gemini_args){0};
    lx_arena_init(&s->arena, MAX_BYTES);
}

void lx_gemini_args_clear(struct lx_gemini_args *s)
{
    lx_arena_clear(&s->arena);
    lx_gemini_args_init(s);
}

int lx_gemini_args_start(struct lx_gemini_args *s)
{
    lx_gemini_args_clear(s);
    s->root = lx_arena_new(&s->arena, struct lx_gemini_arg);
    if (s->root)
        s->root->type = LX_JSON_OBJECT;
    return s->arena.failed;
}

/* ---- Paths ---------------------------------------------------------------------------------- */

static char first_of(struct lx_slice s)
{
    return s.n ? s.p[0] : 0;
}

/* 'name'] or "name"], behind the bracket; a backslash stands before quotes and backslashes. */
static bool read_quoted(struct lx_slice *path, struct step *step, struct lx_arena *a)
{
    char quote = first_of(*path), *to = lx_arena_bytes(a, path->n);
    size_t n = 0, i = 1;
    for (; to && i < path->n && path->p[i] != quote; i++) {
        if (path->p[i] == '\\' && (++i == path->n || !strchr("\\/'\"", path->p[i])))
            return false;
        to[n++] = path->p[i];
    }
    step->name = lx_slice(to, n);
    *path = lx_slice_from(*path, i < path->n ? i + 1 : path->n);
    if (first_of(*path) != ']')
        return false;
    *path = lx_slice_from(*path, 1);
    return true;
}

/* Takes the next step off a path; false: it is none. */
static bool next_step(struct lx_slice *path, struct step *step, struct lx_arena *a)
{
    char opening = first_of(*path);
    size_t n = 1;
    *step = (struct step){.index = -1};
    if (opening == '.') {
        while (n < path->n && path->p[n] != '.' && path->p[n] != '[')
            n++;
        step->name = lx_slice(path->p + 1, n - 1);
        *path = lx_slice_from(*path, n);
        return step->name.n != 0;
    }
    if (opening != '[')
        return false;
    *path = lx_slice_from(*path, 1);
    if (first_of(*path) == '\'' || first_of(*path) == '"')
        return read_quoted(path, step, a);
    for (n = 0; n < path->n && path->p[n] != ']';)
        n++;
    if (n == path->n || lx_slice_int(lx_slice_to(*path, n), &step->index) || step->index < 0)
        return false;
    *path = lx_slice_from(*path, n + 1);
    return true;
}

/* ---- The tree ------------------------------------------------------------------------------- */

/* What it was before is forgotten. */
static void become(struct lx_gemini_arg *arg, enum lx_json_type type)
{
    *arg = (struct lx_gemini_arg){.name = arg->name, .type = type, .next = arg->next};
}

static struct lx_gemini_arg *add_child(struct lx_gemini_args *s, struct lx_gemini_arg *parent,
                                       struct lx_slice name)
{
    struct lx_gemini_arg *arg = lx_arena_new(&s->arena, struct lx_gemini_arg);
    if (!arg)
        return NULL;
    arg->name = lx_arena_copy(&s->arena, name);
    *(parent->newest ? &parent->newest->next : &parent->children) = arg;
    parent->newest = arg;
    parent->count++;
    return arg;
}

/* The member or element; made where there is none, elements before it as well. Pieces mostly
 * belong to the newest. NULL: a limit, and the failure is the arena's or `steps`. */
static struct lx_gemini_arg *child_of(struct lx_gemini_args *s, struct lx_gemini_arg *parent,
                                      const struct step *step)
{
    bool element = step->index >= 0;
    enum lx_json_type type = element ? LX_JSON_ARRAY : LX_JSON_OBJECT;
    if (parent->type != type)
        become(parent, type);
    if (parent->newest && (element ? step->index == parent->count - 1
                                   : lx_slice_eq(parent->newest->name, step->name)))
        return parent->newest;
    struct lx_gemini_arg *arg = parent->children;
    for (int64_t i = 0; arg && (element ? i < step->index : !lx_slice_eq(arg->name, step->name));
         i++) {
        if (++s->steps > MAX_STEPS)
            return NULL;
        arg = arg->next;
    }
    if (arg)
        return arg;
    if (!element)
        return add_child(s, parent, step->name);
    while (parent->count <= step->index)
        if (!add_child(s, parent, LX_S("")))
            return NULL;
    return parent->newest;
}

static int set_value(struct lx_gemini_args *s, struct lx_gemini_arg *arg, struct lx_json value,
                     bool goes_on)
{
    if (!lx_json_is(value, LX_JSON_STRING)) {
        become(arg, lx_json_type(value));
        arg->raw = lx_arena_copy(&s->arena, lx_json_raw(value));
        return s->arena.failed;
    }
    if (arg->type != LX_JSON_STRING || !arg->goes_on)
        become(arg, LX_JSON_STRING);
    arg->goes_on = goes_on;
    struct lx_text text = lx_json_text(value);
    struct piece *piece = text.s.n ? lx_arena_new(&s->arena, struct piece) : NULL;
    if (piece) {
        text.s = lx_arena_copy(&s->arena, text.s);
        piece->text = text;
        *(arg->last ? &arg->last->next : &arg->first) = piece;
        arg->last = piece;
    }
    return s->arena.failed;
}

/* The value of a piece: one of three members, each of its own type. NONE: another, or null. */
static struct lx_json value_of(struct lx_json piece)
{
    struct lx_json text = LX_GET(piece, "stringValue"), number = LX_GET(piece, "numberValue");
    struct lx_json truth = LX_GET(piece, "boolValue");
    if (lx_json_is(text, LX_JSON_STRING))
        return text;
    if (lx_json_is(number, LX_JSON_NUMBER))
        return number;
    if (lx_json_is(truth, LX_JSON_TRUE) || lx_json_is(truth, LX_JSON_FALSE))
        return truth;
    return (struct lx_json){0};
}

static int add_piece(struct lx_gemini_args *s, struct lx_json piece, struct lx_arena *scratch)
{
    struct lx_slice path = lx_json_str(LX_GET(piece, "jsonPath"), scratch);
    struct lx_json value = value_of(piece);
    bool null = lx_json_is(value, LX_JSON_NONE);
    struct lx_gemini_arg *arg = s->root;
    int depth = 0;
    if (null && lx_json_is(LX_GET(piece, "nullValue"), LX_JSON_NONE))
        return 0;
    if (path.n < 2 || path.p[0] != '$')
        return scratch->failed ? scratch->failed : LX_EPROTO;
    for (path = lx_slice_from(path, 1); path.n && arg;) {
        struct step step;
        if (!next_step(&path, &step, scratch) || (depth == 0 && step.index >= 0))
            return scratch->failed ? scratch->failed : LX_EPROTO;
        if (++depth > MAX_DEPTH)
            return LX_EDEPTH;
        arg = child_of(s, arg, &step);
    }
    if (!arg)
        return s->arena.failed ? s->arena.failed : LX_ELIMIT;
    if (!null)
        return set_value(s, arg, value, lx_json_bool(LX_GET(piece, "willContinue"), false));
    become(arg, LX_JSON_NULL);
    return 0;
}

int lx_gemini_args_add(struct lx_gemini_args *s, struct lx_json pieces, struct lx_arena *scratch)
{
    int code = 0;
    for (struct lx_json_iter it = lx_json_iter(pieces); !code && lx_json_next(&it);)
        code = add_piece(s, it.value, scratch);
    return code;
}

/* ---- Telling -------------------------------------------------------------------------------- */

static void write_arg(struct lx_out *o, const struct lx_gemini_arg *arg)
{
    bool object = arg->type == LX_JSON_OBJECT;
    if (arg->type == LX_JSON_STRING) {
        lx_out_string_open(o, NULL);
        for (const struct piece *p = arg->first; p; p = p->next)
            lx_out_string_part(o, p->text);
        lx_out_string_close(o);
    } else if (object || arg->type == LX_JSON_ARRAY) {
        object ? lx_out_object(o, NULL) : lx_out_array(o, NULL);
        for (const struct lx_gemini_arg *c = arg->children; c; c = c->next) {
            if (object)
                lx_out_name(o, lx_text(c->name));
            write_arg(o, c);
        }
        object ? lx_out_object_end(o) : lx_out_array_end(o);
    } else {
        lx_out_raw(o, NULL, arg->raw); /* absent: null */
    }
}

struct lx_slice lx_gemini_args_take(struct lx_gemini_args *s, struct lx_arena *a)
{
    struct lx_buf told;
    lx_buf_init(&told, MAX_BYTES);
    struct lx_out o = lx_out(&told);
    write_arg(&o, s->root);
    struct lx_slice json = lx_buf_take(&told, a);
    lx_gemini_args_clear(s);
    return json;
}
