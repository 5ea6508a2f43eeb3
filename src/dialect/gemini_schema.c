/*
 * gemini_schema.c - front: Google's Schema -> JSON Schema.
 *
 * Google's own form of a schema is OpenAPI's of 2021 in proto's clothes: types in capitals, numbers
 * of 64 bits as strings, names in either spelling. Other languages want JSON Schema. A client may
 * write that, too (parametersJsonSchema, responseJsonSchema): then nothing is to be done.
 */
#include "dialect/gemini.h"

#include "base/text.h"

enum { MAX_SCHEMA_BYTES = 16 << 20 };

/* What stands under a keyword. */
enum inner {
    PLAIN,   /* as it is */
    SCHEMA,  /* a schema */
    LIST,    /* a list of them */
    NAMED,   /* schemas by name */
    COUNT,   /* a number, maybe in quotes */
    TYPE,    /* in capitals */
    NOTHING, /* JSON Schema has none, or it is told elsewhere */
};

static const struct keyword {
    const char *name;
    enum inner inner;
} keywords[] = {
    {"type", TYPE},        {"nullable", NOTHING},    {"propertyOrdering", NOTHING},
    {"properties", NAMED}, {"$defs", NAMED},         {"items", SCHEMA},
    {"anyOf", LIST},       {"oneOf", LIST},          {"allOf", LIST},
    {"prefixItems", LIST}, {"not", SCHEMA},          {"additionalProperties", SCHEMA},
    {"minItems", COUNT},   {"maxItems", COUNT},      {"minLength", COUNT},
    {"maxLength", COUNT},  {"minProperties", COUNT}, {"maxProperties", COUNT},
};

static const struct keyword *keyword_find(struct lx_slice name)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (lx_gemini_name_eq(name, keywords[i].name))
            return &keywords[i];
    return NULL;
}

static void write_schema(struct lx_out *o, const char *name, struct lx_json schema);

static void write_list(struct lx_out *o, const char *name, struct lx_json list)
{
    lx_out_array(o, name);
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
        write_schema(o, NULL, it.value);
    lx_out_array_end(o);
}

static void write_named(struct lx_out *o, const char *name, struct lx_json object)
{
    lx_out_object(o, name);
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);) {
        lx_out_name(o, lx_json_text(it.name));
        write_schema(o, NULL, it.value);
    }
    lx_out_object_end(o);
}

static void write_word(struct lx_out *o, const char *name, struct lx_json type)
{
    char word[16];
    struct lx_slice s = lx_json_text(type).s;
    if (!s.n || s.n > sizeof(word)) {
        lx_out_value(o, name, type);
        return;
    }
    for (size_t i = 0; i < s.n; i++)
        word[i] = lx_ascii_lower(s.p[i]);
    lx_out_str(o, name, lx_slice(word, s.n));
}

/* "nullable" says beside the type what JSON Schema says with it. */
static void write_type(struct lx_out *o, struct lx_json schema, struct lx_json type)
{
    if (lx_json_eq(type, LX_S("TYPE_UNSPECIFIED")))
        return;
    if (!lx_json_bool(lx_gemini_get(schema, "nullable"), false)) {
        write_word(o, "type", type);
        return;
    }
    lx_out_array(o, "type");
    write_word(o, NULL, type);
    lx_out_lit(o, NULL, "null");
    lx_out_array_end(o);
}

static void write_count(struct lx_out *o, const char *name, struct lx_json v)
{
    int64_t n;
    if (lx_json_is(v, LX_JSON_STRING) && lx_slice_int(lx_json_text(v).s, &n) == 0)
        lx_out_int(o, name, n);
    else
        lx_out_value(o, name, v);
}

static void write_member(struct lx_out *o, struct lx_json schema, const struct lx_json_iter *it)
{
    const struct keyword *k = keyword_find(lx_json_text(it->name).s);
    enum inner inner = k ? k->inner : PLAIN;
    if (inner == TYPE && lx_json_is(it->value, LX_JSON_STRING)) {
        write_type(o, schema, it->value);
    } else if (inner == SCHEMA) {
        write_schema(o, k->name, it->value);
    } else if (inner == LIST) {
        write_list(o, k->name, it->value);
    } else if (inner == NAMED) {
        write_named(o, k->name, it->value);
    } else if (inner == COUNT) {
        write_count(o, k->name, it->value);
    } else if (inner != NOTHING) {
        lx_out_name(o, lx_json_text(it->name));
        lx_out_value(o, NULL, it->value);
    }
}

static void write_schema(struct lx_out *o, const char *name, struct lx_json schema)
{
    if (!lx_json_is(schema, LX_JSON_OBJECT)) { /* true, false */
        lx_out_value(o, name, schema);
        return;
    }
    lx_out_object(o, name);
    for (struct lx_json_iter it = lx_json_iter(schema); lx_json_next(&it);)
        write_member(o, schema, &it);
    lx_out_object_end(o);
}

struct lx_slice lx_gemini_schema_read(struct lx_json schema, struct lx_arena *a)
{
    struct lx_buf text;
    lx_buf_init(&text, MAX_SCHEMA_BYTES);
    struct lx_out o = lx_out(&text);
    write_schema(&o, NULL, schema);
    return lx_buf_take(&text, a);
}
