/*
 * said.c - see said.h. Called once for a request of an auto router; it reads the conversation from
 * its end, so that a long one costs no more than its last few messages.
 */
#include "route/said.h"

#include "base/text.h"

enum {
    MAX_TEXT = 32 << 10, /* of a message that is looked at */
    FIRST = 4,
    LOOP = 3, /* that often the same call is a loop */
};

static const struct lx_slice opening = LX_S_INIT("<system-reminder>");
static const struct lx_slice closing = LX_S_INIT("</system-reminder>");

/* ---- Texts ------------------------------------------------------------------------------------
 */

/* Parts of other types are pictures, calls, results. Google's have no type. */
static bool is_text(struct lx_json part)
{
    struct lx_json type = LX_GET(part, "type");
    return !lx_json_given(type) || lx_json_eq(type, LX_S("text")) ||
           lx_json_eq(type, LX_S("input_text")) || lx_json_eq(type, LX_S("output_text"));
}

static struct lx_slice text_of(struct lx_json message, struct lx_arena *a)
{
    struct lx_json content = LX_GET(message, "content"), parts = LX_GET(message, "parts");
    struct lx_buf b;
    if (lx_json_is(message, LX_JSON_STRING)) /* of a list of prompts */
        content = message;
    if (lx_json_is(content, LX_JSON_STRING))
        return lx_slice_to(lx_json_str(content, a), MAX_TEXT);
    if (lx_json_is(content, LX_JSON_ARRAY))
        parts = content;
    if (!lx_json_is(parts, LX_JSON_ARRAY))
        return lx_slice(NULL, 0);
    lx_buf_init(&b, MAX_TEXT);
    for (struct lx_json_iter it = lx_json_iter(parts); lx_json_next(&it) && !b.failed;) {
        struct lx_slice one = lx_json_str(LX_GET(it.value, "text"), a);
        if (one.n && b.n)
            lx_buf_add_byte(&b, ' ');
        if (is_text(it.value))
            lx_buf_add(&b, lx_slice_to(one, MAX_TEXT - b.n));
    }
    struct lx_slice text = lx_arena_copy(a, lx_buf_slice(&b));
    lx_buf_clear(&b);
    return text;
}

/* Without what a program has put in. */
static struct lx_slice own_words(struct lx_slice text, struct lx_arena *a)
{
    ssize_t at = lx_slice_find(text, opening);
    char *room = at >= 0 ? lx_arena_bytes(a, text.n) : NULL;
    size_t n = 0;
    while (room && text.n) {
        struct lx_slice rest = at < 0 ? text : lx_slice_from(text, (size_t)at);
        ssize_t end = at < 0 ? -1 : lx_slice_find(rest, closing);
        size_t keeps = end < 0 ? text.n : (size_t)at;
        memcpy(room + n, text.p, keeps);
        n += keeps;
        text = end < 0 ? lx_slice(NULL, 0) : lx_slice_from(rest, (size_t)end + closing.n);
        at = lx_slice_find(text, opening);
    }
    return lx_slice_trim(room ? lx_slice(room, n) : text);
}

/* ---- Messages ---------------------------------------------------------------------------------
 */

enum role { USER, MODEL, TOOL, OTHER };

static enum role role_of(struct lx_json m)
{
    struct lx_json role = LX_GET(m, "role"), type = LX_GET(m, "type");
    if (lx_json_eq(role, LX_S("user")) || lx_json_is(m, LX_JSON_STRING))
        return USER;
    if (lx_json_eq(role, LX_S("assistant")) || lx_json_eq(role, LX_S("model")))
        return MODEL;
    if (lx_json_eq(role, LX_S("tool")) || lx_json_eq(type, LX_S("function_call_output")))
        return TOOL;
    if (!lx_json_given(role) && lx_json_is(LX_GET(m, "parts"), LX_JSON_ARRAY))
        return USER; /* Google's may leave it out */
    return OTHER;
}

static struct lx_json list_of(struct lx_json body)
{
    static const char *const names[] = {"messages", "contents", "input", "prompt"};
    struct lx_json found = {NULL, 0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !lx_json_given(found); i++)
        found = lx_json_get(body, lx_slice_z(names[i]));
    return found;
}

static void put(struct lx_slice text, struct lx_slice *last, struct lx_slice *before)
{
    if (!last->n)
        *last = text;
    else if (!before->n)
        *before = text;
}

/* Anthropic's results stand in messages of the user; Google's have no mark for errors. */
static bool has_failed(struct lx_json m)
{
    bool failed = lx_json_bool(LX_GET(m, "is_error"), false);
    struct lx_json content = LX_GET(m, "content");
    if (lx_json_is(content, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
            failed |= lx_json_bool(LX_GET(it.value, "is_error"), false);
    return failed;
}

/* The first call of a message as it stands, without its id; absent: there is none. */
static struct lx_slice call_of(struct lx_json m)
{
    struct lx_json call = lx_json_at(LX_GET(m, "tool_calls"), 0), content = LX_GET(m, "content");
    if (lx_json_given(call))
        return lx_json_raw(LX_GET(call, "function"));
    if (lx_json_is(content, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
            if (lx_json_eq(LX_GET(it.value, "type"), LX_S("tool_use")))
                return lx_json_raw(LX_GET(it.value, "input"));
    return lx_slice(NULL, 0);
}

static void look_back(const struct lx_json *all, size_t n, struct lx_arena *a,
                      struct lx_said_lately *out)
{
    enum { CALLS = 20 };
    struct lx_slice last = {NULL, 0};
    int same = 0, calls = 0;
    bool ends = true; /* nothing but results has been seen */
    for (size_t i = n; i-- > 0;) {
        enum role role = role_of(all[i]);
        struct lx_slice text = {NULL, 0}, call = role == MODEL ? call_of(all[i]) : text;
        if (ends && (role == TOOL || role == USER))
            out->tool_failed |= has_failed(all[i]);
        ends &= role == TOOL;
        if (call.n && calls++ < CALLS) {
            last = calls == 1 ? call : last;
            same += lx_slice_eq(call, last);
        }
        if (role == USER && !out->user_before.n)
            put(own_words(text_of(all[i], a), a), &out->user, &out->user_before);
        if (role == MODEL && !out->answer_before.n)
            put(text_of(all[i], a), &out->answer, &out->answer_before);
    }
    out->loops = same >= LOOP;
}

void lx_said_read(struct lx_json body, struct lx_arena *a, struct lx_said_lately *out)
{
    struct lx_json list = list_of(body);
    *out = (struct lx_said_lately){.messages = 1};
    if (lx_json_is(list, LX_JSON_STRING)) {
        out->user = own_words(lx_slice_to(lx_json_str(list, a), MAX_TEXT), a);
        return;
    }
    size_t n = 0, count = lx_json_is(list, LX_JSON_ARRAY) ? lx_json_count(list) : 0;
    struct lx_json *all = lx_arena_alloc(a, (count ? count : 1) * sizeof(*all));
    out->messages = count;
    if (!all || !count)
        return;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it) && n < count;)
        all[n++] = it.value;
    look_back(all, n, a, out);
    if (n >= FIRST) {
        struct lx_slice first = lx_json_raw(all[0]), fourth = lx_json_raw(all[FIRST - 1]);
        out->first = lx_slice(first.p, (size_t)(fourth.p + fourth.n - first.p));
    }
}
