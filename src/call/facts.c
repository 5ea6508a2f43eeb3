/*
 * facts.c - tags, capabilities, conversation: what a request's body tells about where it should go.
 *
 * Called once for each call, before its first attempt. Bodies are large and most groups ask little,
 * so everything here is behind the question whether any deployment would be chosen by it.
 */
#include "base/regex.h"
#include "call/count.h"
#include "call/facts.h"
#include "call/pool.h"
#include "dialect/response_id.h"

enum {
    LEAST_PROMPT_BYTES = 4096, /* about 1,024 tokens: below that no provider caches */
    MAX_AGENT_BYTES = 512,     /* of a client's name that are looked at */
};

static const uint64_t seed[2] = {0x636f6e766572, 0x736174696f6e}; /* the same on every node */

/* ---- Tags -------------------------------------------------------------------------------------
 */

struct tags {
    struct lx_slice prefix; /* that is not part of a tag */
    struct lx_slice *v;
    size_t n, cap;
};

static void add_tag(struct tags *t, struct lx_slice tag)
{
    tag = lx_slice_trim(tag);
    if (t->prefix.n && lx_slice_starts(tag, t->prefix))
        tag = lx_slice_from(tag, t->prefix.n);
    if (tag.n && t->n < t->cap)
        t->v[t->n++] = tag;
}

static void add_list(struct tags *t, struct lx_json list, struct lx_arena *a)
{
    if (lx_json_is(list, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
            if (lx_json_is(it.value, LX_JSON_STRING))
                add_tag(t, lx_json_str(it.value, a));
}

/* Of a list: names between commas. */
static size_t count_names(struct lx_slice s)
{
    size_t n = 1;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == ',';
    return n;
}

static void read_tags(const struct lx_call_input *in, const struct lx_json lists[3],
                      struct lx_arena *a, struct lx_route_request *out)
{
    struct tags t = {.prefix = in->routes->settings.policy.tag_prefix,
                     .cap = count_names(in->tags)};
    struct lx_slice one, rest = in->tags;
    for (size_t i = 0; i < 3; i++)
        t.cap += lx_json_is(lists[i], LX_JSON_ARRAY) ? lx_json_count(lists[i]) : 0;
    t.v = lx_arena_alloc(a, t.cap * sizeof(*t.v));
    if (!t.v)
        return;
    while (rest.n) {
        lx_slice_cut(rest, ',', &one, &rest);
        add_tag(&t, one);
    }
    for (size_t i = 0; i < 3; i++)
        add_list(&t, lists[i], a);
    out->tags = t.v;
    out->tag_count = t.n;
}

/* Which of the policy's budgets the request's tags have. */
static uint64_t budgets_of(const struct lx_route_policy *p, const struct lx_route_request *r)
{
    uint64_t set = 0;
    for (size_t i = 0; i < p->tag_budget_count && i < 64; i++)
        for (size_t k = 0; k < r->tag_count; k++)
            if (lx_slice_eq(p->tag_budgets[i].name, r->tags[k]))
                set |= (uint64_t)1 << i;
    return set;
}

/* Whom of the group the client is for, by what it calls itself. */
static void find_agent(const struct lx_call_input *in, const struct lx_model_group *g,
                       struct lx_arena *a, struct lx_route_request *out)
{
    struct lx_slice agent =
        lx_arena_printf(a, "User-Agent: %.*s", LX_F(lx_slice_to(in->user_agent, MAX_AGENT_BYTES)));
    uint64_t *found = lx_arena_alloc(a, LX_ROUTE_SET_WORDS * sizeof(*found));
    if (!agent.p || !found)
        return;
    memset(found, 0, LX_ROUTE_SET_WORDS * sizeof(*found));
    for (size_t i = 0; i < g->count; i++) {
        const struct lx_deployment *d = g->deployments[i];
        for (size_t k = 0; k < d->tag_regex_count && !lx_route_set_has(found, i); k++)
            if (lx_regex_search(d->tag_regexes[k], agent, false) == 1)
                found[i / 64] |= (uint64_t)1 << (i % 64);
    }
    out->found = found;
}

/* ---- Capabilities ------------------------------------------------------------------------------
 */

/* How the languages name a part of a message. What is found in a text by chance costs nothing: a
 * capability only prefers, it refuses nobody. */
static const struct {
    struct lx_slice word;
    enum lx_need need;
} words[] = {
    {LX_S_INIT("\"image_url\""), LX_NEED_VISION},  {LX_S_INIT("\"input_image\""), LX_NEED_VISION},
    {LX_S_INIT("\"image\""), LX_NEED_VISION},      {LX_S_INIT("\"image/"), LX_NEED_VISION},
    {LX_S_INIT("\"input_audio\""), LX_NEED_AUDIO}, {LX_S_INIT("\"audio/"), LX_NEED_AUDIO},
    {LX_S_INIT("application/pdf"), LX_NEED_PDF},
};

static unsigned read_needs(struct lx_json root, unsigned asked)
{
    unsigned needs = 0;
    struct lx_json format = LX_GET(root, "response_format");
    struct lx_slice body = lx_json_raw(root);
    if (lx_json_count(LX_GET(root, "tools")) > 0)
        needs |= LX_NEED_TOOLS;
    if (lx_json_eq(LX_GET(format, "type"), LX_S("json_schema")))
        needs |= LX_NEED_JSON_SCHEMA;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if ((asked & words[i].need & ~needs) && lx_slice_find(body, words[i].word) >= 0)
            needs |= words[i].need;
    return needs & asked;
}

/* ---- Conversations -----------------------------------------------------------------------------
 */

static uint64_t mix(uint64_t hash, struct lx_slice s)
{
    const uint64_t with[2] = {seed[0] ^ hash, seed[1]};
    return s.n ? lx_hash(s, with) : hash;
}

/* How the conversation began: the system's words, the tools, the first message of the user. It
 * stays the same from turn to turn, while what a provider has cached of it grows. */
static uint64_t hash_prompt(struct lx_json root)
{
    static const char *const members[] = {"system", "instructions", "systemInstruction", "tools"};
    static const char *const lists[] = {"messages", "contents", "input"};
    uint64_t hash = 1;
    if (lx_json_raw(root).n < LEAST_PROMPT_BYTES)
        return 0;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        hash = mix(hash, lx_json_raw(lx_json_get(root, lx_slice_z(members[i]))));
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct lx_json list = lx_json_get(root, lx_slice_z(lists[i]));
        if (!lx_json_is(list, LX_JSON_ARRAY))
            continue;
        for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
            hash = mix(hash, lx_json_raw(it.value));
            if (lx_json_eq(LX_GET(it.value, "role"), LX_S("user")))
                break;
        }
    }
    return hash;
}

struct lx_slice lx_facts_session(const struct lx_call_input *in, const struct lx_members *m,
                                 struct lx_arena *a)
{
    const struct lx_json places[] = {
        m->v[LX_MEMBER_SESSION_ID],
        LX_GET(m->v[LX_MEMBER_LITELLM_METADATA], "session_id"),
        LX_GET(m->v[LX_MEMBER_METADATA], "session_id"),
    };
    if (in->session.n)
        return in->session;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (lx_json_is(places[i], LX_JSON_STRING))
            return lx_json_str(places[i], a);
    return lx_slice(NULL, 0);
}

/* Who encrypted what comes back in the input. */
static struct lx_slice reader_of(struct lx_json input, struct lx_arena *a)
{
    struct lx_slice found = {NULL, 0};
    if (!lx_json_is(input, LX_JSON_ARRAY))
        return found;
    for (struct lx_json_iter it = lx_json_iter(input); lx_json_next(&it) && !found.n;) {
        struct lx_slice content = lx_json_text(LX_GET(it.value, "encrypted_content")).s;
        struct lx_slice id = lx_json_text(LX_GET(it.value, "id")).s;
        found = lx_response_content_read(content, a).deployment;
        if (!found.n)
            found = lx_response_item_id_read(id, a).deployment;
    }
    return found;
}

/* Who made what a request of the Responses API goes on with. */
static struct lx_slice maker_of(struct lx_json root, unsigned affinity, struct lx_arena *a)
{
    struct lx_slice previous = lx_json_text(LX_GET(root, "previous_response_id")).s, maker = {0};
    if (affinity & LX_AFFINITY_RESPONSE)
        maker = lx_response_id_read(previous, a).deployment;
    if (!maker.n && (affinity & LX_AFFINITY_ENCRYPTED))
        maker = reader_of(LX_GET(root, "input"), a);
    return maker;
}

static void read_affinity(const struct lx_call_input *in, unsigned affinity, struct lx_json root,
                          const struct lx_members *m, struct lx_arena *a,
                          struct lx_route_request *out)
{
    if (affinity & LX_AFFINITY_KEY)
        out->key = in->key_hash;
    if (affinity & LX_AFFINITY_SESSION) {
        struct lx_slice session = lx_facts_session(in, m, a);
        out->session = session.n ? mix(in->key_hash, session) : 0;
    }
    if (affinity & LX_AFFINITY_PROMPT)
        out->prompt = hash_prompt(root);
    if (in->front == &lx_dialect_openai_responses || in->front == &lx_dialect_openai_count)
        out->pinned = maker_of(root, affinity, a);
}

/* ---- Tokens -------------------------------------------------------------------------------------
 */

/* A body has at most as many tokens as bytes, so that one smaller than every window need not be
 * counted. */
static bool wants_tokens(const struct lx_route_policy *p, const struct lx_model_group *g,
                         size_t bytes)
{
    return (lx_group_has_limits(g, p) && g->has_tpm) ||
           (p->pre_call_checks && g->least_window > 0 && bytes > (size_t)g->least_window);
}

/* As the group's first model counts; what cannot be counted is not known. */
static int64_t count_tokens(const struct lx_call_input *in, struct lx_call_pool *pool,
                            const struct lx_model_group *g)
{
    struct lx_counter counter;
    struct lx_tokenizer *t = lx_call_pool_tokenizer(pool);
    const struct lx_deployment *d = g->deployments[0];
    int64_t n;
    lx_counter_of(d, d->model, in->routes->settings.cost.catalog, &counter);
    if (!t || lx_count_request(&counter, t, in->front, in->body, &in->routes->settings.json, &n,
                               NULL) < 0)
        return -1;
    return n;
}

/* 0: not said. */
static int64_t read_max_tokens(struct lx_json root)
{
    const struct lx_json places[] = {LX_GET(root, "max_tokens"),
                                     LX_GET(root, "max_completion_tokens"),
                                     LX_GET(root, "max_output_tokens"),
                                     LX_GET(LX_GET(root, "generationConfig"), "maxOutputTokens")};
    int64_t n;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (lx_json_int(places[i], &n) == 0 && n > 0)
            return n;
    return 0;
}

/* ---- All together ------------------------------------------------------------------------------
 */

void lx_facts_read(const struct lx_call_input *in, struct lx_call_pool *pool,
                   const struct lx_model_group *group, const struct lx_json_doc *body,
                   const struct lx_members *members, struct lx_arena *a,
                   struct lx_route_request *out)
{
    const struct lx_route_policy *p = &in->routes->settings.policy;
    struct lx_json root = lx_json_root(body);
    out->settings = &in->routes->settings;
    out->group = group;
    out->prompt_tokens = wants_tokens(p, group, in->body.n) ? count_tokens(in, pool, group) : -1;
    if (lx_json_is(members->v[LX_MEMBER_REGION], LX_JSON_STRING))
        out->region = lx_json_str(members->v[LX_MEMBER_REGION], a);
    if (group->has_otpm || lx_group_strategy(group, p)->prepare) /* adaptive: the price of it */
        out->max_tokens = read_max_tokens(root);
    unsigned affinity = lx_group_affinity(group, p);
    if ((p->tag_filtering && !group->by_id) || p->tag_budget_count) {
        const struct lx_json lists[3] = {
            members->v[LX_MEMBER_TAGS],
            LX_GET(members->v[LX_MEMBER_LITELLM_METADATA], "tags"),
            LX_GET(members->v[LX_MEMBER_METADATA], "tags"),
        };
        read_tags(in, lists, a, out);
        out->tag_budgets = budgets_of(p, out);
        if (group->has_tag_regex && in->user_agent.n)
            find_agent(in, group, a, out);
    }
    if (group->count < 2)
        return;
    if (group->needs)
        out->needs = read_needs(root, group->needs);
    if (affinity)
        read_affinity(in, affinity, root, members, a, out);
}
