/*
 * schema.c - checks a value against a JSON Schema; see schema.h.
 *
 * The schema is not compiled: each of its members is looked up in one table and asked about the
 * value. Three answers are possible, for a keyword that is not looked at neither allows nor
 * forbids, and they combine as in Kleene's logic: "not" of unknown is unknown, and only what is
 * surely wrong is refused.
 *
 * Schema and value both come from outside. Depth is bounded, and every look at a member costs
 * of a budget: a schema that refers to itself, or whose alternatives multiply, ends with LX_ELIMIT.
 *
 * call/verify.c asks it about answers. It knows nothing of requests and replies.
 */
#include "llm/schema.h"

#include "llm/decimal.h"
#include "llm/schema_ref.h"

#include <stdio.h>

enum { MAX_DEPTH = 512, MAX_WORK = 1 << 23 };

enum verdict { NO, UNKNOWN, YES };

/* The way to a value, for words about it. */
struct place {
    const struct place *up;
    struct lx_slice name; /* of the member; absent: an element ... */
    size_t index;         /* ... with this index */
};

struct check {
    struct lx_json root; /* of the schema */
    struct lx_arena *arena;
    struct lx_error *why;
    int depth, work;
    int muted;  /* nothing is said: the schema asked about is one of several, or forbidden */
    bool old;   /* draft 7 or before: what stands beside $ref does not count */
    int failed; /* LX_ELIMIT, or the arena's */
};

/* What a keyword is asked with. */
struct spot {
    struct check *k;
    struct lx_json schema, value;
    const struct place *place;
};

/* How schemas lie in a keyword's value. */
enum inside { NOTHING, ONE, SEVERAL, ONE_OR_SEVERAL };

struct keyword {
    const char *name;
    enum inside inside;
    enum lx_json_type type; /* of the rule; of another it says nothing; NONE: of any */
    enum verdict (*check)(const struct spot *, struct lx_json rule); /* NULL: not looked at */
};

static enum verdict check(struct check *k, struct lx_json schema, struct lx_json value,
                          const struct place *place);

/* ---- Work and words ------------------------------------------------------------------------ */

static bool spend(struct check *k, size_t work)
{
    if (!k->failed && k->arena->failed)
        k->failed = k->arena->failed;
    if (!k->failed && work >= (size_t)k->work)
        k->failed = LX_ELIMIT;
    if (!k->failed)
        k->work -= (int)work;
    return !k->failed;
}

/* A look through the members costs as many steps as there are. */
static struct lx_json get(struct check *k, struct lx_json object, struct lx_slice name)
{
    if (!lx_json_is(object, LX_JSON_OBJECT) || !spend(k, 1 + lx_json_count(object)))
        return (struct lx_json){0};
    return lx_json_get(object, name);
}

static void write_place(const struct place *p, struct lx_buf *out)
{
    if (p->up)
        write_place(p->up, out);
    if (p->name.p)
        lx_buf_addf(out, "%s%.*s", out->n ? "." : "", LX_F(lx_slice_to(p->name, 40)));
    else if (p->up)
        lx_buf_addf(out, "[%zu]", p->index);
}

static enum verdict refuse(const struct spot *s, const char *what, struct lx_slice more)
{
    char room[160];
    struct lx_buf path = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    if (s->k->muted || s->k->failed)
        return NO;
    write_place(s->place, &path);
    lx_error_set(s->k->why, LX_EINVAL, "%.*s %s%.*s", path.n ? (int)path.n : 10,
                 path.n ? path.p : "the answer", what, LX_F(lx_slice_to(more, 80)));
    return NO;
}

static enum verdict of(const struct spot *s, bool good, const char *otherwise, struct lx_json rule)
{
    return good ? YES : refuse(s, otherwise, lx_json_raw(rule));
}

static enum verdict both(enum verdict a, enum verdict b)
{
    return a < b ? a : b;
}

/* Without a word when it is NO. */
static enum verdict try(const struct spot *s, struct lx_json schema, struct lx_json value)
{
    s->k->muted++;
    enum verdict v = check(s->k, schema, value, s->place);
    s->k->muted--;
    return s->k->failed ? NO : v;
}

static enum verdict check_element(const struct spot *s, struct lx_json schema, struct lx_json value,
                                  size_t i)
{
    const struct place place = {.up = s->place, .index = i};
    return check(s->k, schema, value, &place);
}

static enum verdict check_member(const struct spot *s, struct lx_json schema, struct lx_json value,
                                 struct lx_slice name)
{
    const struct place place = {.up = s->place, .name = name};
    return check(s->k, schema, value, &place);
}

/* ---- Values -------------------------------------------------------------------------------- */

static bool is_equal(struct check *k, struct lx_json a, struct lx_json b);

static bool is_equal_number(struct lx_json a, struct lx_json b)
{
    struct lx_decimal x, y;
    return lx_decimal_read(lx_json_raw(a), &x) && lx_decimal_read(lx_json_raw(b), &y) &&
           lx_decimal_cmp(&x, &y) == 0;
}

/* Every member of a is one of b; of equal names the last counts. */
static bool is_within(struct check *k, struct lx_json a, struct lx_json b)
{
    for (struct lx_json_iter it = lx_json_iter(a); lx_json_next(&it);) {
        struct lx_slice name = lx_json_str(it.name, k->arena);
        if (!is_equal(k, get(k, a, name), get(k, b, name)))
            return false;
    }
    return true;
}

static bool is_equal_array(struct check *k, struct lx_json a, struct lx_json b)
{
    struct lx_json_iter x = lx_json_iter(a), y = lx_json_iter(b);
    for (;;) {
        bool more = lx_json_next(&x);
        if (lx_json_next(&y) != more)
            return false;
        if (!more)
            return true;
        if (!is_equal(k, x.value, y.value))
            return false;
    }
}

static bool is_equal(struct check *k, struct lx_json a, struct lx_json b)
{
    bool same = false;
    if (!spend(k, 1) || lx_json_type(a) != lx_json_type(b))
        return false;
    if (++k->depth > MAX_DEPTH)
        k->failed = LX_ELIMIT;
    else if (lx_json_is(a, LX_JSON_NUMBER))
        same = is_equal_number(a, b);
    else if (lx_json_is(a, LX_JSON_STRING))
        same = lx_slice_eq(lx_json_str(a, k->arena), lx_json_str(b, k->arena));
    else if (lx_json_is(a, LX_JSON_ARRAY))
        same = is_equal_array(k, a, b);
    else
        same = !lx_json_is(a, LX_JSON_OBJECT) || (is_within(k, a, b) && is_within(k, b, a));
    k->depth--;
    return same;
}

static bool is_integer(struct lx_json v)
{
    struct lx_decimal d;
    return lx_json_is(v, LX_JSON_NUMBER) && lx_decimal_read(lx_json_raw(v), &d) &&
           lx_decimal_is_integer(&d);
}

/* Of a name that JSON Schema has; Gemini writes them in capitals. */
static enum verdict is_type(struct lx_json v, struct lx_slice name)
{
    static const struct {
        const char *name;
        enum lx_json_type types[2];
    } types[] = {
        {"array", {LX_JSON_ARRAY}},   {"boolean", {LX_JSON_TRUE, LX_JSON_FALSE}},
        {"null", {LX_JSON_NULL}},     {"number", {LX_JSON_NUMBER}},
        {"object", {LX_JSON_OBJECT}}, {"string", {LX_JSON_STRING}},
    };
    if (lx_slice_eq_nocase(name, LX_S("integer")))
        return is_integer(v) ? YES : NO;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (lx_slice_eq_nocase(name, lx_slice_z(types[i].name)))
            return lx_json_is(v, types[i].types[0]) || lx_json_is(v, types[i].types[1]) ? YES : NO;
    return UNKNOWN;
}

static enum verdict check_type(const struct spot *s, struct lx_json rule)
{
    enum verdict v = NO;
    if (lx_json_is(rule, LX_JSON_STRING))
        v = is_type(s->value, lx_json_str(rule, s->k->arena));
    for (struct lx_json_iter it = lx_json_iter(rule); v != YES && lx_json_next(&it);) {
        enum verdict one = is_type(s->value, lx_json_str(it.value, s->k->arena));
        v = one > v ? one : v;
    }
    return v == NO ? refuse(s, "is not of type ", lx_json_raw(rule)) : v;
}

static enum verdict check_const(const struct spot *s, struct lx_json rule)
{
    return of(s, is_equal(s->k, s->value, rule), "is not ", rule);
}

static enum verdict check_enum(const struct spot *s, struct lx_json rule)
{
    for (struct lx_json_iter it = lx_json_iter(rule); lx_json_next(&it);)
        if (is_equal(s->k, s->value, it.value))
            return YES;
    return refuse(s, "is none of ", lx_json_raw(rule));
}

/* ---- Numbers ------------------------------------------------------------------------------- */

/* -1, 0, 1: the number is below, at, above the limit; 2: one of them is no number. */
static int against(struct lx_slice number, struct lx_json limit)
{
    struct lx_decimal x, y;
    if (!lx_json_is(limit, LX_JSON_NUMBER) || !lx_decimal_read(number, &x) ||
        !lx_decimal_read(lx_json_raw(limit), &y))
        return 2;
    int c = lx_decimal_cmp(&x, &y);
    return (c > 0) - (c < 0);
}

static enum verdict check_limit(const struct spot *s, struct lx_json rule, int wrong,
                                bool exclusive, const char *otherwise)
{
    if (!lx_json_is(s->value, LX_JSON_NUMBER))
        return YES;
    int c = against(lx_json_raw(s->value), rule);
    return c == 2 ? UNKNOWN : of(s, c != wrong && !(exclusive && c == 0), otherwise, rule);
}

/* In draft 4 the exclusive one is a flag beside the limit. */
static enum verdict check_maximum(const struct spot *s, struct lx_json rule)
{
    bool flag = lx_json_bool(LX_GET(s->schema, "exclusiveMaximum"), false);
    return check_limit(s, rule, 1, flag, "is above ");
}

static enum verdict check_minimum(const struct spot *s, struct lx_json rule)
{
    bool flag = lx_json_bool(LX_GET(s->schema, "exclusiveMinimum"), false);
    return check_limit(s, rule, -1, flag, "is below ");
}

static bool is_flag(struct lx_json v)
{
    return lx_json_is(v, LX_JSON_TRUE) || lx_json_is(v, LX_JSON_FALSE);
}

static enum verdict check_exclusive_maximum(const struct spot *s, struct lx_json rule)
{
    return is_flag(rule) ? YES : check_limit(s, rule, 1, true, "is not below ");
}

static enum verdict check_exclusive_minimum(const struct spot *s, struct lx_json rule)
{
    return is_flag(rule) ? YES : check_limit(s, rule, -1, true, "is not above ");
}

static enum verdict check_multiple_of(const struct spot *s, struct lx_json rule)
{
    struct lx_decimal d, divisor;
    if (!lx_json_is(s->value, LX_JSON_NUMBER))
        return YES;
    if (!lx_decimal_read(lx_json_raw(s->value), &d) ||
        !lx_decimal_read(lx_json_raw(rule), &divisor))
        return UNKNOWN;
    int is = lx_decimal_is_multiple(&d, &divisor);
    return is < 0 ? UNKNOWN : of(s, is, "is no multiple of ", rule);
}

/* ---- How many ------------------------------------------------------------------------------ */

/* As a limit may be written 2.0. */
static int count_against(size_t n, struct lx_json limit)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%zu", n);
    return against(lx_slice(text, (size_t)length), limit);
}

static enum verdict check_count(const struct spot *s, size_t n, struct lx_json rule, int wrong,
                                const char *otherwise)
{
    int c = count_against(n, rule);
    return c == 2 ? UNKNOWN : of(s, c != wrong, otherwise, rule);
}

static size_t code_points(struct lx_slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static enum verdict check_length(const struct spot *s, struct lx_json rule, int wrong,
                                 const char *otherwise)
{
    if (!lx_json_is(s->value, LX_JSON_STRING))
        return YES;
    return check_count(s, code_points(lx_json_str(s->value, s->k->arena)), rule, wrong, otherwise);
}

static enum verdict check_max_length(const struct spot *s, struct lx_json rule)
{
    return check_length(s, rule, 1, "has more characters than ");
}

static enum verdict check_min_length(const struct spot *s, struct lx_json rule)
{
    return check_length(s, rule, -1, "has fewer characters than ");
}

static enum verdict check_items_count(const struct spot *s, struct lx_json rule, int wrong,
                                      const char *otherwise)
{
    if (!lx_json_is(s->value, LX_JSON_ARRAY))
        return YES;
    return check_count(s, lx_json_count(s->value), rule, wrong, otherwise);
}

static enum verdict check_max_items(const struct spot *s, struct lx_json rule)
{
    return check_items_count(s, rule, 1, "has more elements than ");
}

static enum verdict check_min_items(const struct spot *s, struct lx_json rule)
{
    return check_items_count(s, rule, -1, "has fewer elements than ");
}

/* A member that comes again counts once. */
static size_t member_count(struct check *k, struct lx_json object)
{
    size_t n = 0;
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);)
        n += get(k, object, lx_json_str(it.name, k->arena)).i == it.value.i;
    return n;
}

static enum verdict check_members_count(const struct spot *s, struct lx_json rule, int wrong,
                                        const char *otherwise)
{
    if (!lx_json_is(s->value, LX_JSON_OBJECT))
        return YES;
    return check_count(s, member_count(s->k, s->value), rule, wrong, otherwise);
}

static enum verdict check_max_properties(const struct spot *s, struct lx_json rule)
{
    return check_members_count(s, rule, 1, "has more members than ");
}

static enum verdict check_min_properties(const struct spot *s, struct lx_json rule)
{
    return check_members_count(s, rule, -1, "has fewer members than ");
}

/* ---- Arrays -------------------------------------------------------------------------------- */

/* Element i by the schema i; *count is how many schemas there are. */
static enum verdict check_tuple(const struct spot *s, struct lx_json schemas, size_t *count)
{
    enum verdict v = YES;
    struct lx_json_iter it = lx_json_iter(s->value), by = lx_json_iter(schemas);
    for (*count = 0; v != NO && lx_json_next(&by); (*count)++)
        if (lx_json_next(&it))
            v = both(v, check_element(s, by.value, it.value, *count));
    return v;
}

static enum verdict check_rest(const struct spot *s, struct lx_json schema, size_t from)
{
    enum verdict v = YES;
    size_t i = 0;
    for (struct lx_json_iter it = lx_json_iter(s->value); v != NO && lx_json_next(&it); i++)
        if (i >= from)
            v = both(v, check_element(s, schema, it.value, i));
    return v;
}

static enum verdict check_prefix_items(const struct spot *s, struct lx_json rule)
{
    size_t count;
    return lx_json_is(s->value, LX_JSON_ARRAY) ? check_tuple(s, rule, &count) : YES;
}

static enum verdict check_items(const struct spot *s, struct lx_json rule)
{
    size_t count = lx_json_count(LX_GET(s->schema, "prefixItems"));
    if (!lx_json_is(s->value, LX_JSON_ARRAY))
        return YES;
    return lx_json_is(rule, LX_JSON_ARRAY) ? check_tuple(s, rule, &count)
                                           : check_rest(s, rule, count);
}

/* What follows the tuple of draft 7's items. */
static enum verdict check_additional_items(const struct spot *s, struct lx_json rule)
{
    struct lx_json items = LX_GET(s->schema, "items");
    if (!lx_json_is(s->value, LX_JSON_ARRAY) || !lx_json_is(items, LX_JSON_ARRAY))
        return YES;
    return check_rest(s, rule, lx_json_count(items));
}

static enum verdict check_unique_items(const struct spot *s, struct lx_json rule)
{
    if (!lx_json_is(s->value, LX_JSON_ARRAY) || !lx_json_bool(rule, false))
        return YES;
    for (struct lx_json_iter it = lx_json_iter(s->value); lx_json_next(&it);)
        for (struct lx_json_iter other = it; lx_json_next(&other);) {
            if (is_equal(s->k, it.value, other.value))
                return refuse(s, "has an element twice: ", lx_json_raw(it.value));
            if (s->k->failed)
                return NO;
        }
    return YES;
}

static enum verdict check_contains(const struct spot *s, struct lx_json rule)
{
    struct lx_json min = LX_GET(s->schema, "minContains"), max = LX_GET(s->schema, "maxContains");
    size_t sure = 0, likely = 0;
    if (!lx_json_is(s->value, LX_JSON_ARRAY))
        return YES;
    for (struct lx_json_iter it = lx_json_iter(s->value); lx_json_next(&it);) {
        enum verdict v = try(s, rule, it.value);
        sure += v == YES;
        likely += v != NO;
    }
    bool few = lx_json_given(min) ? count_against(likely, min) == -1 : likely == 0;
    if (few || count_against(sure, max) == 1)
        return refuse(s, "has too few or too many elements like ", lx_json_raw(rule));
    return sure == likely ? YES : UNKNOWN;
}

/* ---- Objects ------------------------------------------------------------------------------- */

static enum verdict check_properties(const struct spot *s, struct lx_json rule)
{
    enum verdict v = YES;
    if (!lx_json_is(s->value, LX_JSON_OBJECT))
        return YES;
    for (struct lx_json_iter it = lx_json_iter(rule); v != NO && lx_json_next(&it);) {
        struct lx_slice name = lx_json_str(it.name, s->k->arena);
        struct lx_json value = get(s->k, s->value, name);
        if (value.doc)
            v = both(v, check_member(s, get(s->k, rule, name), value, name));
    }
    return s->k->failed ? NO : v;
}

static enum verdict check_required(const struct spot *s, struct lx_json rule)
{
    if (!lx_json_is(s->value, LX_JSON_OBJECT))
        return YES;
    for (struct lx_json_iter it = lx_json_iter(rule); lx_json_next(&it);)
        if (!get(s->k, s->value, lx_json_str(it.value, s->k->arena)).doc)
            return refuse(s, "lacks ", lx_json_raw(it.value));
    return YES;
}

/* Of a member that a pattern may speak of, only what is allowed is sure. */
static enum verdict check_additional_properties(const struct spot *s, struct lx_json rule)
{
    struct lx_json known = LX_GET(s->schema, "properties");
    bool patterns = lx_json_count(LX_GET(s->schema, "patternProperties"));
    enum verdict v = YES;
    for (struct lx_json_iter it = lx_json_iter(s->value); v != NO && lx_json_next(&it);) {
        struct lx_slice name = lx_json_str(it.name, s->k->arena);
        if (!it.name.doc || get(s->k, known, name).doc || get(s->k, s->value, name).i != it.value.i)
            continue;
        if (patterns)
            v = try(s, rule, it.value) == YES ? v : both(v, UNKNOWN);
        else if (lx_json_is(rule, LX_JSON_FALSE))
            v = refuse(s, "may not have the member ", lx_json_raw(it.name));
        else
            v = both(v, check_member(s, rule, it.value, name));
    }
    return s->k->failed ? NO : v;
}

static enum verdict check_property_names(const struct spot *s, struct lx_json rule)
{
    enum verdict v = YES;
    if (!lx_json_is(s->value, LX_JSON_OBJECT))
        return YES;
    for (struct lx_json_iter it = lx_json_iter(s->value); v != NO && lx_json_next(&it);)
        v = both(v, check_member(s, rule, it.name, lx_json_str(it.name, s->k->arena)));
    return v;
}

/* For each member of the rule that the object has: further names, or a schema for the object. */
static enum verdict check_dependencies(const struct spot *s, struct lx_json rule)
{
    enum verdict v = YES;
    for (struct lx_json_iter it = lx_json_iter(rule); v != NO && lx_json_next(&it);) {
        if (!get(s->k, s->value, lx_json_str(it.name, s->k->arena)).doc)
            continue;
        v = both(v, lx_json_is(it.value, LX_JSON_ARRAY)
                        ? check_required(s, it.value)
                        : check(s->k, it.value, s->value, s->place));
    }
    return s->k->failed ? NO : v;
}

/* ---- Several schemas ----------------------------------------------------------------------- */

static enum verdict check_all_of(const struct spot *s, struct lx_json rule)
{
    enum verdict v = YES;
    for (struct lx_json_iter it = lx_json_iter(rule); v != NO && lx_json_next(&it);)
        v = both(v, check(s->k, it.value, s->value, s->place));
    return v;
}

static enum verdict check_any_of(const struct spot *s, struct lx_json rule)
{
    enum verdict best = NO;
    for (struct lx_json_iter it = lx_json_iter(rule); best != YES && lx_json_next(&it);) {
        enum verdict v = try(s, it.value, s->value);
        best = v > best ? v : best;
    }
    return best == NO ? refuse(s, "follows none of anyOf ", lx_json_raw(rule)) : best;
}

static enum verdict check_one_of(const struct spot *s, struct lx_json rule)
{
    size_t sure = 0, likely = 0;
    for (struct lx_json_iter it = lx_json_iter(rule); sure < 2 && lx_json_next(&it);) {
        enum verdict v = try(s, it.value, s->value);
        sure += v == YES;
        likely += v != NO;
    }
    if (sure > 1)
        return refuse(s, "follows more than one of oneOf ", lx_json_raw(rule));
    if (!likely)
        return refuse(s, "follows none of oneOf ", lx_json_raw(rule));
    return sure == likely ? YES : UNKNOWN;
}

static enum verdict check_not(const struct spot *s, struct lx_json rule)
{
    enum verdict v = try(s, rule, s->value);
    return v == UNKNOWN ? UNKNOWN : of(s, v == NO, "follows what it must not: ", rule);
}

static enum verdict check_if(const struct spot *s, struct lx_json rule)
{
    enum verdict is = try(s, rule, s->value);
    struct lx_json then = lx_json_get(s->schema, is == NO ? LX_S("else") : LX_S("then"));
    if (is != UNKNOWN)
        return then.doc ? check(s->k, then, s->value, s->place) : YES;
    bool good =
        (!then.doc || try(s, then, s->value) == YES) &&
        (!LX_GET(s->schema, "else").doc || try(s, LX_GET(s->schema, "else"), s->value) == YES);
    return good ? YES : UNKNOWN;
}

/* ---- References and notes ------------------------------------------------------------------- */

static enum verdict check_ref(const struct spot *s, struct lx_json rule)
{
    if (!spend(s->k, s->k->root.doc->count))
        return NO;
    struct lx_json to = lx_schema_resolve(s->k->root, lx_json_str(rule, s->k->arena), s->k->arena);
    return to.doc ? check(s->k, to, s->value, s->place) : UNKNOWN;
}

/* What counts where others speak of it. */
static enum verdict check_nothing(const struct spot *s, struct lx_json rule)
{
    (void)s, (void)rule;
    return YES;
}

/* ---- The table ----------------------------------------------------------------------------- */

static const struct keyword keywords[] = {
    {"$defs", SEVERAL, LX_JSON_OBJECT, check_nothing},
    {"$dynamicRef", NOTHING, LX_JSON_NONE, NULL},
    {"$recursiveRef", NOTHING, LX_JSON_NONE, NULL},
    {"$ref", NOTHING, LX_JSON_STRING, check_ref},
    {"additionalItems", ONE, LX_JSON_NONE, check_additional_items},
    {"additionalProperties", ONE, LX_JSON_NONE, check_additional_properties},
    {"allOf", SEVERAL, LX_JSON_ARRAY, check_all_of},
    {"anyOf", SEVERAL, LX_JSON_ARRAY, check_any_of},
    {"const", NOTHING, LX_JSON_NONE, check_const},
    {"contains", ONE, LX_JSON_NONE, check_contains},
    {"definitions", SEVERAL, LX_JSON_OBJECT, check_nothing},
    {"dependencies", SEVERAL, LX_JSON_OBJECT, check_dependencies},
    {"dependentRequired", NOTHING, LX_JSON_OBJECT, check_dependencies},
    {"dependentSchemas", SEVERAL, LX_JSON_OBJECT, check_dependencies},
    {"else", ONE, LX_JSON_NONE, check_nothing},
    {"enum", NOTHING, LX_JSON_ARRAY, check_enum},
    {"exclusiveMaximum", NOTHING, LX_JSON_NONE, check_exclusive_maximum},
    {"exclusiveMinimum", NOTHING, LX_JSON_NONE, check_exclusive_minimum},
    {"format", NOTHING, LX_JSON_NONE, NULL},
    {"if", ONE, LX_JSON_NONE, check_if},
    {"items", ONE_OR_SEVERAL, LX_JSON_NONE, check_items},
    {"maxItems", NOTHING, LX_JSON_NUMBER, check_max_items},
    {"maxLength", NOTHING, LX_JSON_NUMBER, check_max_length},
    {"maxProperties", NOTHING, LX_JSON_NUMBER, check_max_properties},
    {"maximum", NOTHING, LX_JSON_NUMBER, check_maximum},
    {"minItems", NOTHING, LX_JSON_NUMBER, check_min_items},
    {"minLength", NOTHING, LX_JSON_NUMBER, check_min_length},
    {"minProperties", NOTHING, LX_JSON_NUMBER, check_min_properties},
    {"minimum", NOTHING, LX_JSON_NUMBER, check_minimum},
    {"multipleOf", NOTHING, LX_JSON_NUMBER, check_multiple_of},
    {"not", ONE, LX_JSON_NONE, check_not},
    {"oneOf", SEVERAL, LX_JSON_ARRAY, check_one_of},
    {"pattern", NOTHING, LX_JSON_NONE, NULL},
    {"patternProperties", SEVERAL, LX_JSON_OBJECT, NULL},
    {"prefixItems", SEVERAL, LX_JSON_ARRAY, check_prefix_items},
    {"properties", SEVERAL, LX_JSON_OBJECT, check_properties},
    {"propertyNames", ONE, LX_JSON_NONE, check_property_names},
    {"required", NOTHING, LX_JSON_ARRAY, check_required},
    {"then", ONE, LX_JSON_NONE, check_nothing},
    {"type", NOTHING, LX_JSON_NONE, check_type},
    {"unevaluatedItems", ONE, LX_JSON_NONE, NULL},
    {"unevaluatedProperties", ONE, LX_JSON_NONE, NULL},
    {"uniqueItems", NOTHING, LX_JSON_NONE, check_unique_items},
};

static const struct keyword *find(struct lx_slice name)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (lx_slice_eq(lx_slice_z(keywords[i].name), name))
            return &keywords[i];
    return NULL;
}

static bool is_checked(const struct keyword *word, struct lx_json rule)
{
    return word->check && (word->type == LX_JSON_NONE || lx_json_is(rule, word->type));
}

/* Each member of the schema, of equal ones the last; the others are notes. */
static enum verdict check_keywords(struct spot *s)
{
    struct check *k = s->k;
    enum verdict v = YES;
    bool alone = k->old && LX_GET(s->schema, "$ref").doc;
    for (struct lx_json_iter it = lx_json_iter(s->schema); v != NO && lx_json_next(&it);) {
        struct lx_slice name = lx_json_str(it.name, k->arena);
        const struct keyword *word = find(name);
        if (!word || (alone && word->check != check_ref) || get(k, s->schema, name).i != it.value.i)
            continue;
        v = both(v, is_checked(word, it.value) ? word->check(s, it.value) : UNKNOWN);
    }
    return v;
}

static enum verdict check(struct check *k, struct lx_json schema, struct lx_json value,
                          const struct place *place)
{
    struct spot s = {k, schema, value, place};
    enum verdict v = UNKNOWN;
    if (!spend(k, 1))
        return NO;
    if (++k->depth > MAX_DEPTH)
        k->failed = LX_ELIMIT;
    else if (lx_json_is(schema, LX_JSON_OBJECT))
        v = check_keywords(&s);
    else if (is_flag(schema))
        v = lx_json_bool(schema, true) ? YES : refuse(&s, "must not be", lx_slice(NULL, 0));
    k->depth--;
    return k->failed ? NO : v;
}

int lx_schema_check(struct lx_json schema, struct lx_json value, struct lx_arena *a,
                    struct lx_error *why)
{
    static const struct place root;
    struct lx_slice draft = lx_json_str(LX_GET(schema, "$schema"), a);
    struct check k = {
        .root = schema.doc ? lx_json_root(schema.doc) : schema,
        .arena = a,
        .why = why,
        .work = MAX_WORK,
        .old = lx_slice_find(draft, LX_S("/draft-0")) >= 0,
    };
    enum verdict v = check(&k, schema, value, &root);
    if (!k.failed && a->failed)
        k.failed = a->failed;
    return k.failed ? k.failed : v != NO;
}

/* ---- What is not looked at ----------------------------------------------------------------- */

struct names {
    struct lx_buf *out;
    uint64_t seen; /* of the table's */
    struct lx_json root;
    struct lx_arena arena;
};

static void name_unchecked(struct names *n, struct lx_json schema);

static void name_inside(struct names *n, enum inside inside, struct lx_json rule)
{
    bool some = inside == ONE || inside == ONE_OR_SEVERAL;
    if (inside == NOTHING)
        return;
    if (some && !lx_json_is(rule, LX_JSON_ARRAY)) {
        name_unchecked(n, rule);
        return;
    }
    for (struct lx_json_iter it = lx_json_iter(rule); lx_json_next(&it);)
        name_unchecked(n, it.value);
}

static void name_unchecked(struct names *n, struct lx_json schema)
{
    if (!lx_json_is(schema, LX_JSON_OBJECT))
        return;
    for (struct lx_json_iter it = lx_json_iter(schema); lx_json_next(&it);) {
        const struct keyword *word = find(lx_json_str(it.name, &n->arena));
        if (!word)
            continue;
        uint64_t bit = (uint64_t)1 << (word - keywords);
        bool lost = word->check == check_ref &&
                    !lx_schema_resolve(n->root, lx_json_str(it.value, &n->arena), &n->arena).doc;
        if ((lost || !is_checked(word, it.value)) && !(n->seen & bit)) {
            lx_buf_addf(n->out, "%s%s", n->seen ? ", " : "", word->name);
            n->seen |= bit;
        }
        name_inside(n, word->inside, it.value);
    }
}

void lx_schema_unchecked(struct lx_json schema, struct lx_buf *names)
{
    struct names n = {.out = names, .root = schema};
    if (!schema.doc)
        return;
    n.root = lx_json_root(schema.doc);
    lx_arena_init(&n.arena, 1 << 20);
    name_unchecked(&n, schema);
    if (n.arena.failed && !names->failed)
        names->failed = n.arena.failed;
    lx_arena_clear(&n.arena);
}
