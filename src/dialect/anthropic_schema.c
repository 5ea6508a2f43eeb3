/*
 * anthropic_schema.c - a JSON schema in the subset that Anthropic's grammar compiler takes.
 *
 * For structured output and strict tools the API refuses keywords that it cannot enforce while
 * decoding ("For 'integer' type, property 'minimum' is not supported", recorded 2025-11). Its own
 * SDKs move such keywords into the description, where the model still reads them; so does this.
 * Objects must be closed, and oneOf is spelled anyOf. Everything else passes as it is.
 */
#include "dialect/anthropic.h"

/* Keywords that are refused; said as a note instead. */
static const struct lx_slice noted[] = {
    LX_S_INIT("minimum"),
    LX_S_INIT("maximum"),
    LX_S_INIT("exclusiveMinimum"),
    LX_S_INIT("exclusiveMaximum"),
    LX_S_INIT("multipleOf"),
    LX_S_INIT("minLength"),
    LX_S_INIT("maxLength"),
    LX_S_INIT("maxItems"),
    LX_S_INIT("uniqueItems"),
    LX_S_INIT("contains"),
    LX_S_INIT("minContains"),
    LX_S_INIT("maxContains"),
    LX_S_INIT("prefixItems"),
    LX_S_INIT("minProperties"),
    LX_S_INIT("maxProperties"),
    LX_S_INIT("patternProperties"),
    LX_S_INIT("propertyNames"),
    LX_S_INIT("dependentRequired"),
    LX_S_INIT("dependentSchemas"),
    LX_S_INIT("unevaluatedProperties"),
    LX_S_INIT("if"),
    LX_S_INIT("then"),
    LX_S_INIT("else"),
    LX_S_INIT("not"),
};

/* The values of `format` that are enforced; others are noted. */
static const struct lx_slice formats[] = {
    LX_S_INIT("date-time"), LX_S_INIT("time"),     LX_S_INIT("date"), LX_S_INIT("duration"),
    LX_S_INIT("email"),     LX_S_INIT("hostname"), LX_S_INIT("uri"),  LX_S_INIT("ipv4"),
    LX_S_INIT("ipv6"),      LX_S_INIT("uuid"),
};

static bool is_noted(struct lx_json name, struct lx_json value)
{
    if (lx_json_eq(name, LX_S("minItems"))) {
        struct lx_slice n = lx_json_raw(value);
        return !lx_slice_eq(n, LX_S("0")) && !lx_slice_eq(n, LX_S("1"));
    }
    if (lx_json_eq(name, LX_S("format"))) {
        for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
            if (lx_json_eq(value, formats[i]))
                return false;
        return lx_json_is(value, LX_JSON_STRING);
    }
    if (lx_json_eq(name, LX_S("additionalProperties")))
        return lx_json_is(value, LX_JSON_OBJECT);
    for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++)
        if (lx_json_eq(name, noted[i]))
            return true;
    return false;
}

/* "Old description. (minimum: 0, maximum: 10)" */
static void write_description(struct lx_out *out, struct lx_json schema)
{
    struct lx_json said = LX_GET(schema, "description");
    bool first = true;
    for (struct lx_json_iter it = lx_json_iter(schema); lx_json_next(&it);) {
        if (!is_noted(it.name, it.value))
            continue;
        if (first) {
            lx_out_string_open(out, "description");
            lx_out_string_part(out, lx_json_text(said));
            lx_out_string_part(out, lx_text(lx_json_text(said).s.n ? LX_S(" (") : LX_S("(")));
        } else {
            lx_out_string_part(out, lx_text(LX_S(", ")));
        }
        first = false;
        lx_out_string_part(out, lx_json_text(it.name));
        lx_out_string_part(out, lx_text(LX_S(": ")));
        lx_out_string_part(out, lx_text(lx_json_raw(it.value)));
    }
    if (!first) {
        lx_out_string_part(out, lx_text(LX_S(")")));
        lx_out_string_close(out);
    } else if (lx_json_given(said)) {
        lx_out_value(out, "description", said);
    }
}

/* Keywords whose value is a schema, a list of schemas, or schemas by name. */
enum inner { INNER_NONE, INNER_SCHEMA, INNER_LIST, INNER_NAMED };

static enum inner inner_of(struct lx_json name, struct lx_json value)
{
    static const struct {
        struct lx_slice name;
        enum inner inner;
    } inners[] = {
        {LX_S_INIT("properties"), INNER_NAMED},  {LX_S_INIT("$defs"), INNER_NAMED},
        {LX_S_INIT("definitions"), INNER_NAMED}, {LX_S_INIT("items"), INNER_SCHEMA},
        {LX_S_INIT("anyOf"), INNER_LIST},        {LX_S_INIT("oneOf"), INNER_LIST},
        {LX_S_INIT("allOf"), INNER_LIST},
    };
    for (size_t i = 0; i < sizeof(inners) / sizeof(inners[0]); i++)
        if (lx_json_eq(name, inners[i].name) &&
            lx_json_is(value, inners[i].inner == INNER_LIST ? LX_JSON_ARRAY : LX_JSON_OBJECT))
            return inners[i].inner;
    return INNER_NONE;
}

static void write_inner(struct lx_out *out, struct lx_json value, enum inner inner)
{
    if (inner == INNER_SCHEMA) {
        lx_anthropic_schema_write(out, NULL, value);
        return;
    }
    if (inner == INNER_LIST)
        lx_out_array(out, NULL);
    else
        lx_out_object(out, NULL);
    for (struct lx_json_iter it = lx_json_iter(value); lx_json_next(&it);) {
        if (inner == INNER_NAMED)
            lx_out_name(out, lx_json_text(it.name));
        lx_anthropic_schema_write(out, NULL, it.value);
    }
    if (inner == INNER_LIST)
        lx_out_array_end(out);
    else
        lx_out_object_end(out);
}

void lx_anthropic_schema_write(struct lx_out *out, const char *name, struct lx_json schema)
{
    if (!lx_json_is(schema, LX_JSON_OBJECT)) { /* true, false */
        lx_out_value(out, name, schema);
        return;
    }
    lx_out_object(out, name);
    write_description(out, schema);
    for (struct lx_json_iter it = lx_json_iter(schema); lx_json_next(&it);) {
        enum inner inner = inner_of(it.name, it.value);
        if (lx_json_eq(it.name, LX_S("description")) ||
            lx_json_eq(it.name, LX_S("additionalProperties")) || is_noted(it.name, it.value))
            continue;
        lx_out_name(out, lx_json_eq(it.name, LX_S("oneOf")) ? lx_text(LX_S("anyOf"))
                                                            : lx_json_text(it.name));
        if (inner == INNER_NONE)
            lx_out_value(out, NULL, it.value);
        else
            write_inner(out, it.value, inner);
    }
    if (lx_json_eq(LX_GET(schema, "type"), LX_S("object")) ||
        lx_json_given(LX_GET(schema, "properties")))
        lx_out_bool(out, "additionalProperties", false);
    lx_out_object_end(out);
}
