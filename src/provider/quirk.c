/*
 * quirk.c - applies a row's quirks to a request body, by edits in place.
 *
 * The call machine uses it for every body that goes to a provider, whether a client wrote it or a
 * dialect. It knows operators and no provider.
 */
#include "llm/effort.h"
#include "provider/provider.h"

struct mending {
    const struct lx_write_options *o;
    const struct lx_slice *allowed;
    size_t allowed_count;
    const struct lx_json_doc *doc;
    struct lx_json_edit *edit;
    struct lx_body *body;
    enum lx_tristate reasons;
    unsigned efforts; /* that the model takes */
};

static bool concerns(const struct lx_quirk *q, struct lx_slice model)
{
    return !q->models || lx_glob_match(lx_slice_z(q->models), model);
}

uint64_t lx_quirks_for(const struct lx_quirk *quirks, struct lx_slice model)
{
    uint64_t bits = 0, bit = 1;
    for (const struct lx_quirk *q = quirks; q && q->op != LX_QUIRK_END; q++, bit <<= 1)
        if (concerns(q, model))
            bits |= bit;
    return bits;
}

bool lx_quirks_refuse(const struct lx_quirk *quirks, struct lx_slice model, struct lx_slice member)
{
    for (const struct lx_quirk *q = quirks; q && q->op != LX_QUIRK_END; q++)
        if ((q->op == LX_QUIRK_DROP || q->op == LX_QUIRK_REFUSE) && concerns(q, model) &&
            lx_glob_match(lx_slice_z(q->member), member))
            return true;
    return false;
}

static bool is_allowed(const struct mending *m, struct lx_slice member)
{
    for (size_t i = 0; i < m->allowed_count; i++)
        if (lx_slice_eq(m->allowed[i], member))
            return true;
    return false;
}

/* A value that says nothing: null, or an empty list (the SDKs send `stop: []`). */
static bool is_blank(struct lx_json v)
{
    return !lx_json_given(v) || (lx_json_is(v, LX_JSON_ARRAY) && lx_json_count(v) == 0);
}

/* A number without the ".0" that some languages cannot help writing. */
static struct lx_slice plain_number(struct lx_slice json)
{
    struct lx_slice whole, fraction;
    if (!lx_slice_cut(json, '.', &whole, &fraction))
        return json;
    for (size_t i = 0; i < fraction.n; i++)
        if (fraction.p[i] != '0')
            return json;
    return whole;
}

static bool is_accepted(const struct lx_quirk *q, struct lx_json v)
{
    struct lx_slice json = lx_json_raw(v);
    if (lx_json_is(v, LX_JSON_NUMBER))
        json = plain_number(json);
    struct lx_slice rest = lx_slice_z(q->arg), one;
    for (bool more = rest.p != NULL; more;) {
        more = lx_slice_cut(rest, '|', &one, &rest);
        if (lx_slice_eq(json, one))
            return true;
    }
    return false;
}

static void refuse(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json root = lx_json_root(m->doc);
    struct lx_json v = lx_json_get(root, member);
    if (lx_json_type(v) == LX_JSON_NONE || is_allowed(m, member) || is_accepted(q, v))
        return;
    if (!is_blank(v))
        lx_body_refuse(m->body, m->o, member, lx_slice_z(q->why));
    lx_json_edit_remove(m->edit, root, member);
}

/* An object that would be left empty goes too: who refuses the member may refuse it as well. */
static void drop(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_slice outer, inner, rest;
    if (lx_slice_cut(member, '.', &outer, &inner) && !lx_slice_cut(inner, '.', &inner, &rest)) {
        struct lx_json object = lx_json_get(lx_json_root(m->doc), outer);
        if (lx_json_is(object, LX_JSON_OBJECT) && lx_json_count(object) == 1 &&
            lx_json_type(lx_json_get(object, inner)) != LX_JSON_NONE) {
            lx_json_edit_remove(m->edit, lx_json_root(m->doc), outer);
            lx_losses_add(m->body->losses, member, lx_slice_z(q->why));
            return;
        }
    }
    lx_path_drop(member, lx_slice_z(q->why), m->doc, m->edit, m->body->losses);
}

static void rename_member(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json root = lx_json_root(m->doc);
    if (lx_json_type(lx_json_get(root, lx_slice_z(q->arg))) == LX_JSON_NONE)
        lx_json_edit_rename(m->edit, root, member, lx_slice_z(q->arg));
    else
        lx_json_edit_remove(m->edit, root, member);
}

static void rename_word(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    if (lx_json_is(lx_json_get(lx_json_root(m->doc), member), LX_JSON_STRING))
        rename_member(m, q, member);
}

static void set_default(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json root = lx_json_root(m->doc);
    if (lx_json_type(lx_json_get(root, member)) == LX_JSON_NONE)
        lx_json_edit_set(m->edit, root, member, lx_slice_z(q->arg));
}

static void replace(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json v = lx_json_get(lx_json_root(m->doc), member);
    struct lx_slice from, to;
    lx_slice_cut(lx_slice_z(q->arg), '=', &from, &to);
    if (lx_json_eq(v, from))
        lx_json_edit_replace(m->edit, v, lx_arena_printf(m->edit->arena, "\"%.*s\"", LX_F(to)));
}

/* The bytes that the texts of a list of text parts have together, still escaped; -1 when it holds
 * anything else. With `to` set they are copied there. */
static ssize_t join_texts(struct lx_json content, char *to)
{
    size_t n = 0;
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);) {
        struct lx_json text = LX_GET(it.value, "text");
        if (!lx_json_eq(LX_GET(it.value, "type"), LX_S("text")) ||
            !lx_json_is(text, LX_JSON_STRING))
            return -1;
        struct lx_slice s = lx_json_text(text).s;
        if (to && s.n)
            memcpy(to + n, s.p, s.n);
        n += s.n;
    }
    return (ssize_t)n;
}

static void flatten(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    (void)q;
    struct lx_json messages = lx_json_get(lx_json_root(m->doc), member);
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);) {
        struct lx_json content = LX_GET(it.value, "content");
        ssize_t n = lx_json_is(content, LX_JSON_ARRAY) ? join_texts(content, NULL) : -1;
        char *text = n < 0 ? NULL : lx_arena_bytes(m->edit->arena, (size_t)n + 2);
        if (!text)
            continue;
        text[0] = text[n + 1] = '"';
        join_texts(content, text + 1);
        lx_json_edit_replace(m->edit, content, lx_slice(text, (size_t)n + 2));
    }
}

/* A JSON number in millionths, as near as that goes; what is huge is merely large. */
static int64_t millionths(struct lx_slice s)
{
    const int64_t large = INT64_C(1000000000000000);
    int64_t n = 0, shift = 6;
    bool minus = false, fraction = false;
    for (size_t i = 0; i < s.n; i++) {
        int64_t exponent = 0;
        if (s.p[i] == '-') {
            minus = true;
        } else if (s.p[i] == '.') {
            fraction = true;
        } else if (s.p[i] == 'e' || s.p[i] == 'E') {
            lx_slice_int(lx_slice_from(s, i + 1 + (s.p[i + 1] == '+')), &exponent);
            shift += exponent < -40 ? -40 : exponent > 40 ? 40 : exponent;
            break;
        } else if (n < large && (!fraction || shift > 0)) {
            n = 10 * n + (s.p[i] - '0');
            shift -= fraction;
        }
    }
    for (; shift > 0 && n < large; shift--)
        n *= 10;
    for (; shift < 0; shift++)
        n /= 10;
    return minus ? -n : n;
}

static void clamp(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json v = lx_json_get(lx_json_root(m->doc), member);
    struct lx_slice range = lx_slice_z(q->arg);
    ssize_t dots = lx_slice_find(range, LX_S(".."));
    if (dots < 0 || !lx_json_is(v, LX_JSON_NUMBER))
        return;
    struct lx_slice least = lx_slice_to(range, (size_t)dots);
    struct lx_slice most = lx_slice_from(range, (size_t)dots + 2);
    int64_t given = millionths(lx_json_raw(v));
    if (given >= millionths(least) && given <= millionths(most))
        return;
    lx_json_edit_replace(m->edit, v, given < millionths(least) ? least : most);
    lx_losses_change(m->body->losses, member, lx_slice_z(q->why));
}

static void turn(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json root = lx_json_root(m->doc), v = lx_json_get(root, member);
    struct lx_slice to, off, on;
    if (lx_json_type(v) == LX_JSON_NONE)
        return;
    bool is_off = lx_json_eq(v, LX_S("none")) || lx_json_eq(v, LX_S("NONE")) ||
                  lx_json_eq(v, LX_S("disabled")) || lx_json_is(v, LX_JSON_FALSE);
    lx_slice_cut(lx_slice_z(q->arg), '=', &to, &off);
    lx_slice_cut(off, '|', &off, &on);
    if (lx_slice_eq(to, member)) {
        if (lx_json_given(v))
            lx_json_edit_replace(m->edit, v, is_off ? off : on);
        return;
    }
    if (q->op == LX_QUIRK_SWITCH || is_off || !lx_json_given(v))
        lx_json_edit_remove(m->edit, root, member);
    if (!lx_json_given(v) || lx_json_type(lx_json_get(root, to)) != LX_JSON_NONE)
        return;
    lx_json_edit_set(m->edit, root, to, is_off ? off : on);
}

static void ask(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json root = lx_json_root(m->doc), messages = LX_GET(root, "messages");
    struct lx_slice word, text;
    lx_slice_cut(lx_slice_z(q->arg), '=', &word, &text);
    if (!lx_json_eq(lx_json_get(root, member), word))
        return;
    lx_json_edit_remove(m->edit, root, member);
    lx_json_edit_append(
        m->edit, messages,
        lx_arena_printf(m->edit->arena, "{\"role\":\"user\",\"content\":\"%.*s\"}", LX_F(text)));
}

static void turn_to_tool(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json root = lx_json_root(m->doc), tools = LX_GET(root, "tools");
    struct lx_json wish = lx_json_get(root, member);
    struct lx_slice tool = lx_slice_z(q->arg);
    if (lx_json_type(wish) == LX_JSON_NONE)
        return;
    lx_json_edit_remove(m->edit, root, member);
    if (!lx_json_given(wish))
        return;
    if (lx_json_count(wish))
        lx_losses_add(m->body->losses, member, LX_S("the tool that does it takes no settings"));
    if (lx_json_is(tools, LX_JSON_ARRAY))
        lx_json_edit_append(m->edit, tools, tool);
    else
        lx_json_edit_set(m->edit, root, LX_S("tools"),
                         lx_arena_printf(m->edit->arena, "[%.*s]", LX_F(tool)));
}

enum { NAMES = 8 }; /* that are listed one by one */

/* Each is listed once, however many messages have it; the ninth stands for all that follow. */
static void lose_name(struct mending *m, const struct lx_quirk *q, struct lx_slice name,
                      struct lx_slice seen[NAMES + 1])
{
    size_t i = 0;
    while (i <= NAMES && seen[i].p && !lx_slice_eq(seen[i], name))
        i++;
    if (i > NAMES || seen[i].p)
        return;
    seen[i] = name;
    lx_losses_add(m->body->losses,
                  lx_arena_printf(m->edit->arena, "%s[*].%.*s", q->member,
                                  LX_F(i < NAMES ? name : LX_S("*"))),
                  lx_slice_z(q->why));
}

static bool is_kept(struct mending *m, const char *list, struct lx_json message,
                    struct lx_slice name)
{
    struct lx_slice role = lx_json_text(LX_GET(message, "role")).s;
    return lx_slice_among(name, list) ||
           lx_slice_among(lx_arena_printf(m->edit->arena, "%.*s.%.*s", LX_F(role), LX_F(name)),
                          list);
}

static void keep_members(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_slice seen[NAMES + 1] = {{0}};
    struct lx_json messages = lx_json_get(lx_json_root(m->doc), member);
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);)
        for (struct lx_json_iter one = lx_json_iter(it.value); lx_json_next(&one);) {
            struct lx_slice name = lx_json_str(one.name, m->edit->arena);
            if (lx_slice_among(name, "|role|content|cache_control|") ||
                (lx_json_given(one.value) && is_kept(m, q->arg, it.value, name)))
                continue;
            lx_json_edit_remove(m->edit, it.value, name);
            if (!is_blank(one.value))
                lose_name(m, q, name, seen);
        }
}

/* As the first part of what the assistant said. A list is left as it is: other quirks edit its
 * parts. */
static void tell_thought(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_slice seen[NAMES + 1] = {{0}}, name = LX_S("reasoning_content");
    struct lx_json messages = lx_json_get(lx_json_root(m->doc), member);
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);) {
        struct lx_json thought = lx_json_get(it.value, name), said = LX_GET(it.value, "content");
        bool speaks = lx_json_text(said).s.n != 0;
        if (lx_json_type(thought) == LX_JSON_NONE)
            continue;
        lx_json_edit_remove(m->edit, it.value, name);
        if (lx_json_text(thought).s.n && (m->reasons != LX_YES || lx_json_count(said)))
            lose_name(m, q, name, seen);
        else if (lx_json_text(thought).s.n)
            lx_json_edit_set(
                m->edit, it.value, LX_S("content"),
                lx_arena_printf(m->edit->arena,
                                "[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
                                "\"text\":%.*s}]}%s%.*s%s]",
                                LX_F(lx_json_raw(thought)),
                                speaks ? ",{\"type\":\"text\",\"text\":" : "",
                                LX_F(speaks ? lx_json_raw(said) : LX_S("")), speaks ? "}" : ""));
    }
}

static void move_mark(struct mending *m, struct lx_json message)
{
    struct lx_slice name = LX_S("cache_control");
    struct lx_json mark = lx_json_get(message, name), content = LX_GET(message, "content");
    size_t n = lx_json_count(content);
    if (!lx_json_given(mark))
        return;
    if (lx_json_is(content, LX_JSON_STRING))
        lx_json_edit_replace(
            m->edit, content,
            lx_arena_printf(m->edit->arena,
                            "[{\"type\":\"text\",\"text\":%.*s,\"cache_control\":%.*s}]",
                            LX_F(lx_json_raw(content)), LX_F(lx_json_raw(mark))));
    else if (lx_json_is(content, LX_JSON_ARRAY) &&
             lx_json_is(lx_json_at(content, n - 1), LX_JSON_OBJECT))
        lx_json_edit_set(m->edit, lx_json_at(content, n - 1), name, lx_json_raw(mark));
    else
        return; /* a turn of calls only has no place for it */
    lx_json_edit_remove(m->edit, message, name);
}

static void move_marks(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    (void)q;
    struct lx_json messages = lx_json_get(lx_json_root(m->doc), member);
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);)
        move_mark(m, it.value);
}

static void fill(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json messages = LX_GET(lx_json_root(m->doc), "messages");
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);)
        if (lx_json_eq(LX_GET(it.value, "role"), LX_S("assistant")) &&
            lx_json_given(LX_GET(it.value, "tool_calls")) &&
            !lx_json_given(lx_json_get(it.value, member)))
            lx_json_edit_set(m->edit, it.value, member, lx_slice_z(q->arg));
}

static void rename_role(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json messages = lx_json_get(lx_json_root(m->doc), member);
    struct lx_slice from, to;
    lx_slice_cut(lx_slice_z(q->arg), '=', &from, &to);
    struct lx_slice json = lx_slice(NULL, 0);
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);) {
        struct lx_json role = LX_GET(it.value, "role");
        if (!lx_json_eq(role, from))
            continue;
        if (!json.p)
            json = lx_arena_printf(m->edit->arena, "\"%.*s\"", LX_F(to));
        lx_json_edit_replace(m->edit, role, json);
    }
}

/* The word that the model takes for an effort. */
static struct lx_slice level_for(const struct mending *m, struct lx_slice word)
{
    enum lx_effort e = lx_effort_find(word);
    return e == LX_EFFORT_COUNT ? word : lx_effort_name(lx_effort_nearest(e, m->efforts));
}

static void level(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json v = lx_json_root(m->doc);
    struct lx_slice path = member, step;
    for (bool more = true; more; v = lx_json_get(v, step))
        more = lx_slice_cut(path, '.', &step, &path);
    struct lx_slice word = lx_json_text(v).s, taken = level_for(m, word);
    if (!lx_json_is(v, LX_JSON_STRING) || lx_slice_eq(word, taken) || is_allowed(m, member))
        return;
    lx_json_edit_replace(m->edit, v, lx_arena_printf(m->edit->arena, "\"%.*s\"", LX_F(taken)));
    lx_losses_add(m->body->losses, member, lx_slice_z(q->why));
}

/* The one of the results that answers the call; NONE: there is none. */
static struct lx_json result_of(const struct lx_json *results, size_t n, struct lx_json call,
                                struct lx_arena *a)
{
    struct lx_slice id = lx_json_str(LX_GET(call, "id"), a);
    for (size_t i = 0; i < n && id.n; i++)
        if (lx_json_eq(LX_GET(results[i], "tool_call_id"), id))
            return results[i];
    return (struct lx_json){0};
}

/* A message of the assistant's with one call: the first keeps what else was said. */
static void write_call(struct lx_out *o, struct lx_json message, struct lx_json call, bool first)
{
    lx_out_object(o, NULL);
    lx_out_lit(o, "role", "assistant");
    for (struct lx_json_iter it = lx_json_iter(message); first && lx_json_next(&it);)
        if (!lx_json_eq(it.name, LX_S("role")) && !lx_json_eq(it.name, LX_S("tool_calls"))) {
            lx_out_name(o, lx_json_text(it.name));
            lx_out_raw(o, NULL, lx_json_raw(it.value));
        }
    lx_out_array(o, "tool_calls");
    lx_out_raw(o, NULL, lx_json_raw(call));
    lx_out_array_end(o);
    lx_out_object_end(o);
}

/* Each call with its result behind it, separated as elements are. False: not every call has one. */
static bool write_pairs(struct lx_out *o, struct lx_json message, const struct lx_json *results,
                        size_t n, struct lx_arena *a)
{
    bool first = true;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "tool_calls")); lx_json_next(&it);) {
        struct lx_json result = result_of(results, n, it.value, a);
        if (!lx_json_given(result))
            return false;
        write_call(o, message, it.value, first);
        lx_out_raw(o, NULL, lx_json_raw(result));
        first = false;
    }
    return true;
}

static void pair(struct mending *m, struct lx_json message, const struct lx_json *results, size_t n)
{
    struct lx_buf b;
    lx_buf_init(&b, m->doc->text.n + 64 * n);
    struct lx_out o = lx_out(&b);
    if (write_pairs(&o, message, results, n, m->edit->arena)) {
        struct lx_slice all = lx_arena_copy(m->edit->arena, lx_buf_slice(&b));
        if (b.failed && !m->edit->arena->failed)
            m->edit->arena->failed = b.failed;
        lx_json_edit_replace(m->edit, message, all); /* elements stand where there was one */
        for (size_t i = 0; i < n; i++)
            lx_json_edit_remove_element(m->edit, results[i]);
    }
    lx_buf_clear(&b);
}

static void pair_results(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    enum { MOST = 128 }; /* calls of one message: as many as OpenAI has tools in a request */
    struct lx_json messages = lx_json_get(lx_json_root(m->doc), member), results[MOST];
    (void)q;
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);) {
        struct lx_json_iter after = it;
        size_t calls = lx_json_count(LX_GET(it.value, "tool_calls")), n = 0;
        if (calls < 2 || calls > MOST)
            continue;
        while (lx_json_next(&after) && lx_json_eq(LX_GET(after.value, "role"), LX_S("tool"))) {
            if (n < calls)
                results[n] = after.value;
            n++;
        }
        if (n == calls)
            pair(m, it.value, results, n);
    }
}

/* The reasoning_effort that a switched-on `thinking` comes to, or one switched off where the model
 * can be told so; absent when it comes to none. */
static struct lx_slice effort_of(const struct mending *m, struct lx_json thinking)
{
    int64_t budget;
    if (lx_json_eq(LX_GET(thinking, "type"), LX_S("disabled")) && m->reasons == LX_YES &&
        m->efforts != LX_EFFORTS_ALL && (m->efforts & LX_EFFORT_BIT(NONE)))
        return lx_effort_name(LX_EFFORT_NONE);
    if (!lx_json_eq(LX_GET(thinking, "type"), LX_S("enabled")) ||
        lx_json_int(LX_GET(thinking, "budget_tokens"), &budget) < 0)
        return lx_slice(NULL, 0);
    return level_for(m, lx_effort_of_budget(budget));
}

static void turn_to_effort(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json root = lx_json_root(m->doc), thinking = lx_json_get(root, member);
    if (lx_json_type(thinking) == LX_JSON_NONE || is_allowed(m, member))
        return;
    struct lx_slice effort = effort_of(m, thinking);
    lx_json_edit_remove(m->edit, root, member);
    if (effort.p && m->reasons != LX_NO &&
        lx_json_type(LX_GET(root, "reasoning_effort")) == LX_JSON_NONE)
        lx_json_edit_set(m->edit, root, LX_S("reasoning_effort"),
                         lx_arena_printf(m->edit->arena, "\"%.*s\"", LX_F(effort)));
    else if (lx_json_given(thinking))
        lx_losses_add(m->body->losses, member, lx_slice_z(q->why));
}

/* The limit covers what is thought and what is said: it must be more than the budget, and where
 * there is none the service's own may be less. */
static void turn_to_budget(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    enum { ANSWER = 4096 };
    struct lx_json root = lx_json_root(m->doc), effort = lx_json_get(root, member);
    struct lx_json limit = LX_GET(root, "max_tokens");
    int64_t budget = lx_effort_budget(lx_effort_find(lx_json_text(effort).s)), most = 0;
    if (lx_json_type(effort) == LX_JSON_NONE || is_allowed(m, member))
        return;
    lx_json_edit_remove(m->edit, root, member);
    if (!lx_json_given(limit))
        limit = LX_GET(root, "max_completion_tokens");
    bool limited = lx_json_int(limit, &most) == 0;
    if (lx_json_given(lx_json_get(root, lx_slice_z(q->arg))) || !budget || m->reasons == LX_NO)
        return;
    if (limited && most <= budget) {
        lx_losses_add(m->body->losses, member, LX_S("max_tokens leaves no room for thinking"));
        return;
    }
    lx_json_edit_set(m->edit, root, lx_slice_z(q->arg),
                     lx_arena_printf(m->edit->arena,
                                     "{\"type\":\"enabled\",\"budget_tokens\":%lld}",
                                     (long long)budget));
    if (!limited)
        lx_json_edit_set(m->edit, root, LX_S("max_tokens"),
                         lx_arena_printf(m->edit->arena, "%lld", (long long)budget + ANSWER));
}

/* Providers' names of a purpose, as LX_PURPOSE_... are called in an argument. */
static const struct {
    struct lx_slice name;
    enum lx_purpose purpose;
} purposes[] = {
    {LX_S_INIT("query"), LX_PURPOSE_QUERY},
    {LX_S_INIT("document"), LX_PURPOSE_DOCUMENT},
    {LX_S_INIT("classification"), LX_PURPOSE_CLASSIFICATION},
    {LX_S_INIT("clustering"), LX_PURPOSE_CLUSTERING},
    {LX_S_INIT("similarity"), LX_PURPOSE_SIMILARITY},
    {LX_S_INIT("code"), LX_PURPOSE_CODE_QUERY},
};

/* What the argument calls it; absent when it has no word for it. */
static struct lx_slice purpose_word(struct lx_slice arg, enum lx_purpose purpose)
{
    struct lx_slice one, name, word;
    for (bool more = true; more;) {
        more = lx_slice_cut(arg, '|', &one, &arg);
        lx_slice_cut(one, '=', &name, &word);
        for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
            if (purposes[i].purpose == purpose && lx_slice_eq(purposes[i].name, name))
                return word;
    }
    return lx_slice(NULL, 0);
}

static void tell_purpose(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    static const struct lx_slice names[] = {LX_S_INIT("input_type"), LX_S_INIT("task_type"),
                                            LX_S_INIT("taskType"), LX_S_INIT("task")};
    struct lx_json root = lx_json_root(m->doc), said = {0};
    struct lx_slice by = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct lx_json v = lx_json_get(root, names[i]);
        if (!by.n && lx_json_is(v, LX_JSON_STRING)) {
            by = names[i];
            said = v;
        } else if (lx_json_type(v) != LX_JSON_NONE) {
            lx_json_edit_remove(m->edit, root, names[i]);
        }
    }
    if (!by.n)
        return;
    enum lx_purpose purpose = lx_purpose_read(lx_json_str(said, m->edit->arena));
    struct lx_slice word = purpose_word(lx_slice_z(q->arg), purpose);
    if (!word.n && purpose != LX_PURPOSE_OTHER) {
        lx_json_edit_remove(m->edit, root, by);
        lx_losses_add(m->body->losses, by, lx_slice_z(q->why));
        return;
    }
    if (word.n)
        lx_json_edit_replace(m->edit, said,
                             lx_arena_printf(m->edit->arena, "\"%.*s\"", LX_F(word)));
    if (!lx_slice_eq(by, member))
        lx_json_edit_rename(m->edit, root, by, member);
}

/* One part; the first member of the new form tells whether the part is meant. */
static void reform(struct mending *m, struct lx_json part, struct lx_slice old,
                   struct lx_slice form)
{
    struct lx_slice type, members, one, to, from;
    struct lx_json object = lx_json_get(part, old);
    lx_slice_cut(form, ':', &type, &members);
    for (bool more = true, first = true; more; first = false) {
        more = lx_slice_cut(members, '|', &one, &members);
        lx_slice_cut(one, '=', &to, &from);
        struct lx_json v = lx_json_get(object, from);
        if (first && !lx_json_given(v))
            return;
        if (lx_slice_eq(to, old))
            lx_json_edit_replace(m->edit, object, lx_json_raw(v));
        else if (first)
            lx_json_edit_remove(m->edit, part, old);
        if (lx_json_given(v) && !lx_slice_eq(to, old))
            lx_json_edit_set(m->edit, part, to, lx_json_raw(v));
    }
    lx_json_edit_replace(m->edit, LX_GET(part, "type"),
                         lx_arena_printf(m->edit->arena, "\"%.*s\"", LX_F(type)));
}

static void reform_parts(struct mending *m, const struct lx_quirk *q, struct lx_slice member)
{
    struct lx_json messages = LX_GET(lx_json_root(m->doc), "messages");
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it);) {
        struct lx_json content = LX_GET(it.value, "content");
        for (struct lx_json_iter part = lx_json_iter(content); lx_json_next(&part);)
            if (lx_json_eq(LX_GET(part.value, "type"), member))
                reform(m, part.value, member, lx_slice_z(q->arg));
    }
}

static const struct {
    void (*apply)(struct mending *m, const struct lx_quirk *q, struct lx_slice member);
} ops[] = {
    [LX_QUIRK_REFUSE] = {refuse},
    [LX_QUIRK_DROP] = {drop},
    [LX_QUIRK_RENAME] = {rename_member},
    [LX_QUIRK_DEFAULT] = {set_default},
    [LX_QUIRK_REPLACE] = {replace},
    [LX_QUIRK_FLATTEN] = {flatten},
    [LX_QUIRK_CLAMP] = {clamp},
    [LX_QUIRK_SWITCH] = {turn},
    [LX_QUIRK_BESIDE] = {turn},
    [LX_QUIRK_ASK] = {ask},
    [LX_QUIRK_FILL] = {fill},
    [LX_QUIRK_ROLE] = {rename_role},
    [LX_QUIRK_EFFORT] = {turn_to_effort},
    [LX_QUIRK_WORD] = {rename_word},
    [LX_QUIRK_BUDGET] = {turn_to_budget},
    [LX_QUIRK_LEVELS] = {level},
    [LX_QUIRK_PAIR] = {pair_results},
    [LX_QUIRK_PURPOSE] = {tell_purpose},
    [LX_QUIRK_TOOL] = {turn_to_tool},
    [LX_QUIRK_MARKS] = {move_marks},
    [LX_QUIRK_KEEP] = {keep_members},
    [LX_QUIRK_PART] = {reform_parts},
    [LX_QUIRK_THOUGHT] = {tell_thought},
};

static void apply(struct mending *m, const struct lx_quirk *q)
{
    struct lx_slice members = lx_slice_z(q->member), one;
    for (bool more = true; more;) {
        more = lx_slice_cut(members, '|', &one, &members);
        ops[q->op].apply(m, q, one);
    }
}

/* The target has a quirk of its own for the member: it knows better. Of messages each mends
 * something else. */
static bool has_own(const struct lx_quirk_target *t, const struct lx_quirk *common)
{
    bool any = strcmp(common->member, "messages") != 0;
    uint64_t left = t->which;
    for (const struct lx_quirk *q = t->quirks; left; q++, left >>= 1)
        if ((left & 1) && (any || q->op == common->op) && strcmp(q->member, common->member) == 0)
            return true;
    return false;
}

static bool is_for(const struct lx_common_quirk *c, const struct lx_quirk_target *t)
{
    return !(t->takes & c->unless) && (t->takes & c->only) == c->only &&
           !(c->unreasoning && t->reasons != LX_NO) && !has_own(t, &c->quirk);
}

/* The rows of lx_quirks_common that concern the target and the body, as bits. */
static uint32_t common_for(const struct lx_quirk_target *t, const struct lx_json_doc *doc)
{
    struct lx_slice words[32];
    uint32_t which = 0, worded = 0;
    for (size_t i = 0; i < lx_quirks_common_count; i++) {
        const struct lx_common_quirk *c = &lx_quirks_common[i];
        bool concerned = is_for(c, t);
        words[i] = lx_slice_z(c->word ? c->word : "");
        which |= (uint32_t)concerned << i;
        worded |= (uint32_t)(concerned && c->word) << i;
    }
    return worded ? which & (~worded | lx_json_has(doc, words, lx_quirks_common_count)) : which;
}

static void apply_common(struct mending *m, const struct lx_quirk_target *t)
{
    uint32_t which = common_for(t, m->doc);
    for (const struct lx_common_quirk *c = lx_quirks_common; which; c++, which >>= 1)
        if (which & 1)
            apply(m, &c->quirk);
}

/* What the row says of the model counts for more than what the catalog knows. */
static unsigned efforts_of(const struct lx_quirk_target *t)
{
    uint64_t left = t->which;
    for (const struct lx_quirk *q = t->quirks; left; q++, left >>= 1)
        if ((left & 1) && q->op == LX_QUIRK_LEVELS)
            return lx_efforts_read(lx_slice_z(q->arg));
    return t->efforts ? t->efforts : LX_EFFORTS_ALL;
}

void lx_quirks_apply(const struct lx_quirk_target *t, const struct lx_write_options *o,
                     const struct lx_slice *allowed, size_t allowed_count,
                     const struct lx_json_doc *doc, struct lx_json_edit *edit, struct lx_body *body)
{
    struct mending m = {o, allowed, allowed_count, doc, edit, body, t->reasons, efforts_of(t)};
    static const struct lx_quirk words = {LX_QUIRK_LEVELS, "reasoning.effort", NULL, NULL,
                                          "the model has other levels: it got the nearest"};
    if (t->common)
        apply_common(&m, t);
    if (t->response)
        apply(&m, &words);
    uint64_t left = t->which;
    for (const struct lx_quirk *q = t->quirks; left; q++, left >>= 1)
        if (left & 1)
            apply(&m, q);
    if (edit->arena->failed && !body->code)
        lx_body_fail(body, edit->arena->failed, LX_S("body"), LX_S("no memory to mend it"));
}
