/*
 * chat_tools.c - tools as the text that models of OpenAI are shown, and values as Python prints
 * them.
 *
 * Called by chat.c only. The text is that of LiteLLM's _format_function_definitions
 * (token_counter.py 1.106), which guesses OpenAI's: not documented, and not to be improved upon.
 */
#include "tokens/chat.h"

#include "tokens/unicode.h"

enum { DEPTH_MAX = 64 };

/* ---- str() ---- */

static bool is_printable(uint32_t c)
{
    return c == ' ' || ((lx_char_bits(c) & LX_CHAR_CLASS) != LX_CHAR_OTHER &&
                        (lx_char_bits(c) & LX_CHAR_CLASS) != LX_CHAR_SPACE &&
                        (lx_char_bits(c) & LX_CHAR_CLASS) != LX_CHAR_NEWLINE);
}

/* One character, escaped as repr() does; how many bytes it had. */
static size_t add_char(struct lx_slice s, char quote, struct lx_buf *out)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fu);
    if (c == (uint8_t)quote || c == '\\')
        lx_buf_addf(out, "\\%c", (int)c);
    else if (c == '\n' || c == '\r' || c == '\t')
        lx_buf_add(out, c == '\n' ? LX_S("\\n") : c == '\r' ? LX_S("\\r") : LX_S("\\t"));
    else if (is_printable(c))
        lx_buf_add(out, lx_slice_to(s, n));
    else
        lx_buf_addf(out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    return n;
}

static void add_repr(struct lx_slice s, struct lx_buf *out)
{
    char quote = memchr(s.n ? s.p : "", '\'', s.n) && !memchr(s.p, '"', s.n) ? '"' : '\'';

    lx_buf_add_byte(out, quote);
    while (s.n)
        s = lx_slice_from(s, add_char(s, quote, out));
    lx_buf_add_byte(out, quote);
}

static void add_value(struct lx_json v, struct lx_arena *a, struct lx_buf *out, int depth)
{
    struct lx_json_iter it = lx_json_iter(v);
    const char *before = "";

    switch (depth == DEPTH_MAX ? LX_JSON_NONE : lx_json_type(v)) {
    case LX_JSON_STRING:
        add_repr(lx_json_str(v, a), out);
        break;
    case LX_JSON_TRUE:
        lx_buf_add_lit(out, "True");
        break;
    case LX_JSON_FALSE:
        lx_buf_add_lit(out, "False");
        break;
    case LX_JSON_NUMBER:
        lx_buf_add(out, lx_json_raw(v));
        break;
    case LX_JSON_ARRAY:
    case LX_JSON_OBJECT:
        lx_buf_add_byte(out, lx_json_is(v, LX_JSON_ARRAY) ? '[' : '{');
        for (; lx_json_next(&it); before = ", ") {
            lx_buf_add(out, lx_slice_z(before));
            if (it.object) {
                add_repr(lx_json_str(it.name, a), out);
                lx_buf_add_lit(out, ": ");
            }
            add_value(it.value, a, out, depth + 1);
        }
        lx_buf_add_byte(out, lx_json_is(v, LX_JSON_ARRAY) ? ']' : '}');
        break;
    default:
        lx_buf_add_lit(out, "None");
        break;
    }
}

void lx_python_str(struct lx_json v, struct lx_arena *a, struct lx_buf *out)
{
    if (lx_json_is(v, LX_JSON_STRING))
        lx_buf_add(out, lx_json_str(v, a));
    else
        add_value(v, a, out, 0);
}

/* ---- Tools ---- */

struct writer {
    struct lx_arena *arena;
    struct lx_buf *out;
    struct lx_error *err;
};

static int refuse(struct writer *w, const char *what)
{
    return lx_error_set(w->err, LX_EINVAL, "tools: %s", what);
}

/* What Python takes for true. */
static bool is_true(struct lx_json v)
{
    switch (lx_json_type(v)) {
    case LX_JSON_STRING:
        return !lx_text_is_empty(lx_json_text(v));
    case LX_JSON_NUMBER:
        return !lx_slice_eq(lx_json_raw(v), LX_S("0"));
    case LX_JSON_ARRAY:
    case LX_JSON_OBJECT:
        return lx_json_count(v) != 0;
    default:
        return lx_json_is(v, LX_JSON_TRUE);
    }
}

static void add(struct writer *w, struct lx_json v)
{
    lx_python_str(v, w->arena, w->out);
}

static void add_comment(struct writer *w, struct lx_json description)
{
    lx_buf_add_lit(w->out, "// ");
    add(w, description);
    lx_buf_add_byte(w->out, '\n');
}

static bool is_required(struct writer *w, struct lx_json required, struct lx_json name)
{
    struct lx_slice s = lx_json_str(name, w->arena);
    struct lx_json_iter it = lx_json_iter(required);

    while (lx_json_next(&it))
        if (lx_json_eq(it.object ? it.name : it.value, s))
            return true;
    return false;
}

static int add_properties(struct writer *w, struct lx_json schema, size_t indent, int depth);

static int add_enum(struct writer *w, struct lx_json values)
{
    struct lx_json_iter it = lx_json_iter(values);
    const char *before = "\"";

    for (; lx_json_next(&it); before = " | \"") {
        lx_buf_add(w->out, lx_slice_z(before));
        add(w, it.value);
        lx_buf_add_byte(w->out, '"');
    }
    return 0;
}

static int add_type(struct writer *w, struct lx_json schema, size_t indent, int depth)
{
    struct lx_json type = LX_GET(schema, "type"), values = LX_GET(schema, "enum");
    bool number = lx_json_eq(type, LX_S("integer")) || lx_json_eq(type, LX_S("number"));
    int code = 0;

    if (depth == DEPTH_MAX)
        return LX_EDEPTH;
    if (!lx_json_is(schema, LX_JSON_OBJECT))
        return refuse(w, "expected an object as a property's schema");
    if (number || lx_json_eq(type, LX_S("string"))) {
        if (values.doc)
            return add_enum(w, values);
        lx_buf_add(w->out, number ? LX_S("number") : LX_S("string"));
    } else if (lx_json_eq(type, LX_S("array"))) {
        if (!LX_GET(schema, "items").doc)
            return refuse(w, "an array without items");
        code = add_type(w, LX_GET(schema, "items"), indent, depth + 1);
        lx_buf_add_lit(w->out, "[]");
    } else if (lx_json_eq(type, LX_S("object"))) {
        lx_buf_add_lit(w->out, "{\n");
        code = add_properties(w, schema, indent + 2, depth + 1);
        lx_buf_add_lit(w->out, "\n}");
    } else if (lx_json_eq(type, LX_S("boolean")) || lx_json_eq(type, LX_S("null"))) {
        lx_buf_add(w->out, lx_json_str(type, w->arena));
    } else {
        lx_buf_add_lit(w->out, "any");
    }
    return code;
}

static void add_indent(struct writer *w, size_t indent)
{
    for (size_t i = 0; i < indent; i++)
        lx_buf_add_byte(w->out, ' ');
}

/* Lines: a comment where there is a description, then "name?: type,". Only each one's first line
 * is indented. */
static int add_properties(struct writer *w, struct lx_json schema, size_t indent, int depth)
{
    struct lx_json_iter it = lx_json_iter(LX_GET(schema, "properties"));
    bool first = true;
    int code = 0;

    for (; code == 0 && lx_json_next(&it); first = false) {
        struct lx_json description = LX_GET(it.value, "description");

        if (!first)
            lx_buf_add_byte(w->out, '\n');
        add_indent(w, indent);
        if (is_true(description)) {
            add_comment(w, description);
            add_indent(w, indent);
        }
        add(w, it.name);
        if (!is_required(w, LX_GET(schema, "required"), it.name))
            lx_buf_add_byte(w->out, '?');
        lx_buf_add_lit(w->out, ": ");
        code = add_type(w, it.value, indent, depth);
        lx_buf_add_byte(w->out, ',');
    }
    return code;
}

static int add_function(struct writer *w, struct lx_json name, struct lx_json description,
                        struct lx_json parameters)
{
    struct lx_json properties = LX_GET(parameters, "properties");
    int code = 0;

    if (!is_true(name))
        return 0;
    if (is_true(description))
        add_comment(w, description);
    lx_buf_add_lit(w->out, "type ");
    add(w, name);
    if (lx_json_is(properties, LX_JSON_OBJECT) && lx_json_count(properties)) {
        lx_buf_add_lit(w->out, " = (_: {\n");
        code = add_properties(w, parameters, 0, 0);
        lx_buf_add_lit(w->out, "\n}) => any;\n\n");
    } else {
        lx_buf_add_lit(w->out, " = () => any;\n\n");
    }
    return code;
}

/* OpenAI's tools, Gemini's declarations, and Anthropic's tools, which have no wrapping. */
static int add_tool(struct writer *w, struct lx_json tool)
{
    struct lx_json function = LX_GET(tool, "function");
    struct lx_json list = LX_GET(tool, "function_declarations");
    struct lx_json parameters = LX_GET(tool, "input_schema");
    struct lx_json_iter it;
    int code = 0;

    if (lx_json_is(function, LX_JSON_OBJECT))
        return add_function(w, LX_GET(function, "name"), LX_GET(function, "description"),
                            LX_GET(function, "parameters"));
    if (!is_true(list))
        list = LX_GET(tool, "functionDeclarations");
    if (lx_json_is(list, LX_JSON_ARRAY)) {
        for (it = lx_json_iter(list); code == 0 && lx_json_next(&it);)
            code = add_function(w, LX_GET(it.value, "name"), LX_GET(it.value, "description"),
                                LX_GET(it.value, "parameters"));
        return code;
    }
    if (!is_true(parameters))
        parameters = LX_GET(tool, "parameters");
    return add_function(w, LX_GET(tool, "name"), LX_GET(tool, "description"), parameters);
}

int lx_tools_write(struct lx_json tools, struct lx_arena *a, struct lx_buf *out,
                   struct lx_error *err)
{
    struct writer w = {a, out, err};
    struct lx_json_iter it = lx_json_iter(tools);
    int code = 0;

    lx_buf_add_lit(out, "namespace functions {\n\n");
    while (code == 0 && lx_json_next(&it))
        code = add_tool(&w, it.value);
    lx_buf_add_lit(out, "} // namespace functions");
    return code;
}
