/*
 * cache_points.c - puts cache marks into a client's body; see cache_points.h.
 *
 * attempt.c asks for it before anything else is made of the body, so that places are those that the
 * client or the configuration counts (LiteLLM 1.106.2, anthropic_cache_control_hook.py):
 *
 *   {location: message, role: R}    every message of the role; Anthropic's `system` is one
 *   {location: message, index: N}   that one of `messages`, from the end where N is negative
 *   {location: tool_config}         the last tool
 *
 * From then on they are the client's own: each language carries them, or lists that it cannot.
 * Anthropic takes four, so that is where it ends; what is marked is left as it is. Of a message the
 * last part of its content is marked, which is where Anthropic looks.
 */
#include "call/cache_points.h"

enum { MAX_MARKS = 4 };

static const struct lx_slice mark_name = LX_S_INIT("cache_control");

struct placing {
    struct lx_json_edit *edit;
    struct lx_json root;
    bool anthropic; /* a content that is text becomes a list: there a message has no mark */
    size_t used;
    size_t marked[MAX_MARKS], marked_count; /* messages that got one */
};

static struct lx_json last_of(struct lx_json list)
{
    struct lx_json last = {0};
    if (lx_json_is(list, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
            last = it.value;
    return last;
}

static bool is_marked(struct lx_json object)
{
    return lx_json_given(lx_json_get(object, mark_name));
}

static size_t count_marks(struct lx_json list)
{
    size_t n = 0;
    if (lx_json_is(list, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
            n += is_marked(it.value) || is_marked(LX_GET(it.value, "function"));
    return n;
}

static size_t count_message(struct lx_json m)
{
    return is_marked(m) + count_marks(LX_GET(m, "content"));
}

static size_t count_all(struct lx_json root)
{
    size_t n =
        is_marked(root) + count_marks(LX_GET(root, "system")) + count_marks(LX_GET(root, "tools"));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(root, "messages")); lx_json_next(&it);)
        n += count_message(it.value);
    return n;
}

/* `object`'s content, be it called "content" or "system". */
static void mark_content(struct placing *p, struct lx_json object, struct lx_slice member,
                         struct lx_slice control)
{
    struct lx_json content = lx_json_get(object, member), last = last_of(content);
    bool text = lx_json_is(content, LX_JSON_STRING) && lx_json_text(content).s.n;
    if (p->used >= MAX_MARKS || !(text || lx_json_is(last, LX_JSON_OBJECT)))
        return;
    p->used++;
    if (!text)
        lx_json_edit_set(p->edit, last, mark_name, control);
    else if (!p->anthropic)
        lx_json_edit_set(p->edit, object, mark_name, control);
    else
        lx_json_edit_set(
            p->edit, object, member,
            lx_arena_printf(p->edit->arena,
                            "[{\"type\":\"text\",\"text\":%.*s,\"cache_control\":%.*s}]",
                            LX_F(lx_json_raw(content)), LX_F(control)));
}

static void mark_message(struct placing *p, struct lx_json m, size_t i, struct lx_slice control)
{
    size_t used = p->used, k = 0;
    while (k < p->marked_count && p->marked[k] != i)
        k++;
    if (k < p->marked_count || count_message(m))
        return;
    mark_content(p, m, LX_S("content"), control);
    if (p->used > used)
        p->marked[p->marked_count++] = i;
}

/* A number, also one that is written as text; false: none is given. */
static bool read_index(struct lx_json v, int64_t *out)
{
    if (lx_json_is(v, LX_JSON_STRING))
        return lx_slice_int(lx_json_text(v).s, out) == 0;
    return lx_json_int(v, out) == 0;
}

static void put_in_messages(struct placing *p, struct lx_json point, struct lx_slice control)
{
    struct lx_json messages = LX_GET(p->root, "messages"), role = LX_GET(point, "role");
    int64_t index = 0, i = 0;
    bool by_index = read_index(LX_GET(point, "index"), &index);
    if (by_index && index < 0)
        index += (int64_t)lx_json_count(messages);
    struct lx_slice name = lx_json_str(role, p->edit->arena);
    if (!by_index && p->anthropic && lx_slice_eq(name, LX_S("system")) &&
        !count_marks(LX_GET(p->root, "system")))
        mark_content(p, p->root, LX_S("system"), control);
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it); i++)
        if (by_index ? i == index : name.n && lx_json_eq(LX_GET(it.value, "role"), name))
            mark_message(p, it.value, (size_t)i, control);
}

static void put_on_tools(struct placing *p, struct lx_slice control)
{
    struct lx_json tools = LX_GET(p->root, "tools"), last = last_of(tools);
    if (p->used >= MAX_MARKS || count_marks(tools) || !lx_json_is(last, LX_JSON_OBJECT))
        return;
    p->used++;
    lx_json_edit_set(p->edit, last, mark_name, control);
}

static void put(struct placing *p, struct lx_json point, struct lx_losses *losses)
{
    struct lx_json where = LX_GET(point, "location"), given = LX_GET(point, "control");
    struct lx_slice control = lx_json_is(given, LX_JSON_OBJECT) && lx_json_count(given)
                                  ? lx_json_raw(given)
                                  : LX_S("{\"type\":\"ephemeral\"}");
    if (lx_json_eq(where, LX_S("message")))
        put_in_messages(p, point, control);
    else if (lx_json_eq(where, LX_S("tool_config")))
        put_on_tools(p, control);
    else
        lx_losses_add(losses, LX_S("cache_control_injection_points"),
                      LX_S("a place is `message` or `tool_config`"));
}

/* Claude, where its marks are taken (LiteLLM's supports_anthropic_cache_control). */
static bool takes_marks(const struct lx_deployment *d)
{
    static const char providers[] = "anthropic|bedrock|bedrock_converse|vertex_ai|azure_ai";
    return lx_glob_match(lx_slice_z(providers), lx_slice_z(d->provider->id)) &&
           lx_slice_find(d->model, LX_S("claude")) >= 0;
}

/* The system prompt and the last turn. */
static void put_default(struct placing *p, const struct lx_route_settings *s)
{
    struct lx_json messages = LX_GET(p->root, "messages");
    size_t n = lx_json_count(messages), i = 0;
    struct lx_slice control = LX_S("{\"type\":\"ephemeral\"}");
    if (lx_slice_eq(s->cache_ttl, LX_S("5m")) || lx_slice_eq(s->cache_ttl, LX_S("1h")))
        control = lx_arena_printf(p->edit->arena, "{\"type\":\"ephemeral\",\"ttl\":\"%.*s\"}",
                                  LX_F(s->cache_ttl));
    if (p->anthropic)
        mark_content(p, p->root, LX_S("system"), control);
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it); i++)
        if (i + 1 == n || lx_json_eq(LX_GET(it.value, "role"), LX_S("system")))
            mark_message(p, it.value, i, control);
}

void lx_cache_points_put(const struct lx_dialect *from, const struct lx_json_doc *body,
                         const struct lx_deployment *d, const struct lx_route_settings *settings,
                         struct lx_json_edit *edit, struct lx_losses *losses)
{
    struct lx_json root = lx_json_root(body);
    struct lx_json points = LX_GET(root, "cache_control_injection_points");
    bool wanted = lx_json_bool(LX_GET(root, "enable_prompt_caching"), settings->marks_prompts);
    if (!lx_json_count(points) && !(wanted && takes_marks(d)))
        return;
    struct placing p = {.edit = edit,
                        .root = root,
                        .anthropic = from == &lx_dialect_anthropic,
                        .used = count_all(root)};
    if (!lx_json_is(LX_GET(root, "messages"), LX_JSON_ARRAY)) {
        if (lx_json_count(points))
            lx_losses_add(losses, LX_S("cache_control_injection_points"),
                          LX_S("the client's language has no `messages`"));
        return;
    }
    if (!lx_json_count(points)) {
        if (!p.used)
            put_default(&p, settings);
        return;
    }
    for (struct lx_json_iter it = lx_json_iter(points); lx_json_next(&it);)
        put(&p, it.value, losses);
}
