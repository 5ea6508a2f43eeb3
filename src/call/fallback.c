/*
 * fallback.c - which group is asked after one has failed.
 *
 * Called by judge.c when nothing more can be done within the group and the client has got nothing
 * yet. As in LiteLLM: first the next `order` of the group itself; then the targets that the
 * client's lists, else the configuration's, have for it, one after the other; each with attempts
 * and retries of its own, and with its own targets when it fails, too, down to a depth. No target
 * is asked twice. When all have failed the client gets the fault of the first group, and what was
 * tried in its message.
 *
 * The lists stay JSON: they are looked at only when something has failed, and the client's and the
 * configuration's are one thing then.
 */
#include "call/inner.h"

#include "route/targets.h"

enum {
    MAX_HOPS = 64,    /* whatever the lists say */
    MAX_SAID = 4096,  /* of the message about what was tried */
    MAX_MEMBERS = 64, /* that a target puts into the body */
};

struct seen {
    struct lx_slice target;
    struct seen *next;
};

/* A list that is being worked through. */
struct frame {
    struct lx_slice list; /* a JSON array */
    size_t at;            /* of the next target */
    int64_t depth;        /* of its targets */
    struct frame *below;
};

struct lx_fallback_walk {
    struct lx_slice lists[LX_FALLBACK_KINDS];
    struct lx_slice body; /* the client's own */
    struct lx_fault first;
    struct frame *top;
    struct seen *seen;
    int64_t depth, hops, failovers;
    bool listed; /* the present group's own list is on the stack, or there is none */
};

/* ---- Lists ------------------------------------------------------------------------------------
 */

static const enum lx_member list_members[LX_FALLBACK_KINDS] = {
    [LX_FALLBACK_GENERAL] = LX_MEMBER_FALLBACKS,
    [LX_FALLBACK_CONTEXT_WINDOW] = LX_MEMBER_CONTEXT_WINDOW_FALLBACKS,
    [LX_FALLBACK_CONTENT_POLICY] = LX_MEMBER_CONTENT_POLICY_FALLBACKS,
};

static enum lx_fallback_kind kind_of(const struct lx_slice lists[LX_FALLBACK_KINDS],
                                     enum lx_fault_kind fault)
{
    enum lx_fallback_kind kind = fault == LX_FAULT_CONTEXT_WINDOW   ? LX_FALLBACK_CONTEXT_WINDOW
                                 : fault == LX_FAULT_CONTENT_POLICY ? LX_FALLBACK_CONTENT_POLICY
                                                                    : LX_FALLBACK_GENERAL;
    return lists[kind].n ? kind : LX_FALLBACK_GENERAL;
}

static void find_lists(const struct lx_call *c, struct lx_slice lists[LX_FALLBACK_KINDS])
{
    for (size_t i = 0; i < LX_FALLBACK_KINDS; i++) {
        struct lx_json own = c->memory->members.v[list_members[i]];
        lists[i] =
            lx_json_is(own, LX_JSON_ARRAY) ? lx_json_raw(own) : c->settings->policy.fallbacks[i];
    }
}

/* A plain list of the client's goes for every kind of failure. */
static struct lx_slice list_for(const struct lx_slice lists[LX_FALLBACK_KINDS],
                                enum lx_fault_kind fault, struct lx_slice group, struct lx_arena *a)
{
    struct lx_slice general = lists[LX_FALLBACK_GENERAL];
    enum lx_fallback_kind kind = kind_of(lists, fault);
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    if (kind != LX_FALLBACK_GENERAL && general.n && lx_json_read(&doc, general, NULL, NULL) == 0 &&
        lx_targets_are_plain(lx_json_root(&doc)))
        kind = LX_FALLBACK_GENERAL;
    lx_json_doc_clear(&doc);
    return lx_targets_of(lists[kind], group, a);
}

/* LiteLLM's context_window_fallback_dict: the model's name to another's; of the request, else of
 * the deployment. Absent, or a list of one. */
static struct lx_slice of_dict(struct lx_json dict, const struct lx_call *c, struct lx_arena *a)
{
    const struct lx_deployment *d = c->report.deployment;
    struct lx_slice model = c->report.upstream_model;
    struct lx_slice whole = d ? lx_arena_printf(a, "%s/%.*s", d->provider->id, LX_F(model)) : model;
    const struct lx_slice names[] = {c->report.group, whole, model};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct lx_json to = names[i].n ? lx_json_get(dict, names[i]) : (struct lx_json){NULL, 0};
        if (lx_json_is(to, LX_JSON_STRING))
            return lx_arena_printf(a, "[%.*s]", LX_F(lx_json_raw(to)));
    }
    return lx_slice(NULL, 0);
}

/* What the request or the deployment that failed say for this one failure; they go before all
 * lists by group. Absent: nothing. */
static struct lx_slice own_list(const struct lx_call *c, enum lx_fault_kind fault,
                                struct lx_arena *a)
{
    const struct lx_deployment *d = c->asked ? c->deployment : NULL;
    struct lx_slice list = lx_slice(NULL, 0);
    struct lx_json_doc doc;
    if (fault == LX_FAULT_CONTEXT_WINDOW)
        list = of_dict(c->memory->members.v[LX_MEMBER_CONTEXT_WINDOW_FALLBACK_DICT], c, a);
    lx_json_doc_init(&doc);
    if (!list.n && fault == LX_FAULT_CONTEXT_WINDOW && d && d->context_fallbacks.n &&
        lx_json_read(&doc, d->context_fallbacks, NULL, NULL) == 0)
        list = of_dict(lx_json_root(&doc), c, a);
    lx_json_doc_clear(&doc);
    return list.n || !d ? list : d->fallbacks;
}

static int64_t max_depth(const struct lx_call *c)
{
    return c->wishes.max_fallbacks >= 0 ? c->wishes.max_fallbacks
                                        : c->settings->policy.max_fallbacks;
}

/* ---- The walk ---------------------------------------------------------------------------------
 */

static bool is_allowed(const struct lx_call *c)
{
    return c->memory && lx_call_may_go_on(c) && !c->wishes.disable_fallbacks &&
           !lx_call_is_bound(c) && c->report.model.n && !lx_call_arena((struct lx_call *)c)->failed;
}

static bool is_seen(const struct lx_fallback_walk *w, struct lx_slice target)
{
    for (const struct seen *s = w->seen; s; s = s->next)
        if (lx_slice_eq(s->target, target))
            return true;
    return false;
}

static void see(struct lx_fallback_walk *w, struct lx_slice target, struct lx_arena *a)
{
    struct seen *s = lx_arena_new(a, struct seen);
    if (!s)
        return;
    *s = (struct seen){target, w->seen};
    w->seen = s;
}

static struct lx_fallback_walk *begin(struct lx_call *c)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_fallback_walk *w = lx_arena_new(a, struct lx_fallback_walk);
    if (!w)
        return NULL;
    *w = (struct lx_fallback_walk){.first = c->report.fault, .body = c->in.body};
    find_lists(c, w->lists);
    see(w, c->report.model, a);
    return w;
}

static void push(struct lx_call *c, struct lx_fallback_walk *w, struct lx_slice list)
{
    struct frame *f =
        list.n && w->depth < max_depth(c) ? lx_arena_new(lx_call_arena(c), struct frame) : NULL;
    if (!f)
        return;
    *f = (struct frame){.list = list, .depth = w->depth, .below = w->top};
    w->top = f;
}

/* Of the present group; an alias has its group's, and what an auto router chose has the router's,
 * too. */
static struct lx_slice group_list(struct lx_call *c, const struct lx_slice lists[LX_FALLBACK_KINDS],
                                  enum lx_fault_kind fault)
{
    const struct lx_slice names[] = {c->report.group, c->group ? c->group->name : LX_S(""),
                                     c->report.router ? c->report.model : LX_S("")};
    struct lx_slice list = {NULL, 0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !list.n; i++)
        if (names[i].n)
            list = list_for(lists, fault, names[i], lx_call_arena(c));
    return list;
}

/* The present group's own targets, on top of those that are left of others. */
static void push_own(struct lx_call *c, struct lx_fallback_walk *w)
{
    enum lx_fault_kind fault = c->report.fault.kind;
    w->listed = true;
    push(c, w, group_list(c, w->lists, fault));
    push(c, w, own_list(c, fault, lx_call_arena(c)));
}

/* Members of a target for the body, but for what is decided already or not its to say. */
static bool is_for_body(struct lx_slice name)
{
    static const struct lx_slice kept[] = {LX_S_INIT("model"), LX_S_INIT("stream"),
                                           LX_S_INIT("stream_options"), LX_S_INIT("fallbacks")};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (lx_slice_eq(name, kept[i]))
            return false;
    return true;
}

/* Reads that body in the client's place. 0 or a code. */
static int read_body(struct lx_call *c, struct lx_slice body)
{
    struct lx_call_memory *m = c->memory;
    int code = lx_json_read(&m->doc, body, &c->settings->json, NULL);
    c->in.body = body;
    c->request = NULL;
    if (code == 0)
        lx_members_read(&m->doc, &m->arena, NULL, &m->members);
    return code;
}

int lx_call_set_members(struct lx_call *c, struct lx_json members)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_json_edit edit;
    size_t n = 0;
    lx_json_edit_init(&edit, &c->memory->doc, a);
    for (struct lx_json_iter it = lx_json_iter(members); lx_json_next(&it) && n < MAX_MEMBERS;) {
        struct lx_slice name = lx_json_text(it.name).s;
        if (!is_for_body(name))
            continue;
        lx_json_edit_set(&edit, lx_json_root(&c->memory->doc), name, lx_json_raw(it.value));
        n++;
    }
    if (!n)
        return 0;
    struct lx_buf text;
    lx_buf_init(&text, SIZE_MAX / 4);
    int code = lx_json_edit_write(&edit, &text);
    struct lx_slice body = code < 0 ? lx_slice(NULL, 0) : lx_arena_copy(a, lx_buf_slice(&text));
    lx_buf_clear(&text);
    c->owns_body |= body.p != NULL;
    return code < 0 ? code : body.p ? read_body(c, body) : a->failed;
}

/* The client's body with the target's members. 0 or a code. */
static int change_body(struct lx_call *c, struct lx_fallback_walk *w, struct lx_json target)
{
    int code = c->in.body.p == w->body.p ? 0 : read_body(c, w->body);
    return code < 0 || !lx_json_is(target, LX_JSON_OBJECT) ? code : lx_call_set_members(c, target);
}

static void turn_to(struct lx_call *c, const struct lx_model_group *group, struct lx_slice name)
{
    struct lx_route_request *facts = &c->memory->facts;
    if (group)
        c->group = group;
    c->report.group = name;
    c->report.fallbacks++;
    c->report.retries = c->asked = c->failures = 0;
    lx_line_leave(lx_call_pool_line(c->pool), &c->memory->place);
    if (group) {
        *facts = (struct lx_route_request){.now_ms = c->now_ms,
                                           .stream = facts->stream,
                                           .trail = facts->trail,
                                           .router = facts->router,
                                           .routed_by = facts->routed_by};
        lx_call_read_group(c);
    }
    lx_call_clear_attempt(c);
    c->state = ATTEMPT;
}

/* A target that cannot be asked is one that has failed. */
static bool take(struct lx_call *c, struct lx_fallback_walk *w, struct lx_json target)
{
    struct lx_arena *a = lx_call_arena(c);
    bool whole = lx_json_is(target, LX_JSON_OBJECT);
    struct lx_slice name = lx_json_str(whole ? LX_GET(target, "model") : target, a), star;
    struct lx_slice identity = whole && lx_json_count(target) > 1 ? lx_json_raw(target) : name;
    if (!name.n || is_seen(w, identity))
        return false;
    see(w, identity, a);
    struct lx_fault none = {.kind = LX_FAULT_NOT_FOUND};
    c->memory->facts.router = 0;
    bool fits = change_body(c, w, target) == 0 && lx_call_choose_model(c, &name, &none) == 0;
    const struct lx_model_group *group = fits ? lx_route_find(c->in.routes, name, &star) : NULL;
    if (!group) {
        c->report.group = name;
        c->begun_ms = c->now_ms;
        lx_call_note(c, NULL, &none);
        return false;
    }
    c->star = star;
    turn_to(c, group, name);
    return true;
}

/* The next target of the list on top, or of those below. */
static bool take_next(struct lx_call *c, struct lx_fallback_walk *w)
{
    struct lx_json_doc doc;
    bool taken = false;
    lx_json_doc_init(&doc);
    while (w->top && !taken && w->hops < MAX_HOPS) {
        struct frame *f = w->top;
        struct lx_json target = {NULL, 0};
        if (lx_json_read(&doc, f->list, NULL, NULL) == 0)
            target = lx_json_at(lx_json_root(&doc), f->at++);
        if (lx_json_is(target, LX_JSON_NONE)) {
            w->top = f->below;
            continue;
        }
        w->hops++;
        taken = take(c, w, target);
        f->depth += taken;
        w->depth = f->depth;
        w->listed = !taken;
    }
    lx_json_doc_clear(&doc);
    return taken;
}

/* ---- The next order ---------------------------------------------------------------------------
 */

static bool is_untried(const struct lx_call *c, size_t i)
{
    return i < 64 && !(c->memory->facts.tried >> i & 1);
}

/* The deployments of higher orders are asked when those of lower ones have failed, whatever is
 * left of the retries. */
static bool take_order(struct lx_call *c)
{
    const struct lx_model_group *g = c->group;
    bool higher = false;
    if (!g || !c->asked || !c->deployment || c->report.fault.kind == LX_FAULT_CONTEXT_WINDOW ||
        c->report.fault.kind == LX_FAULT_CONTENT_POLICY)
        return false;
    for (size_t i = 0; i < g->count; i++)
        higher |= is_untried(c, i) &&
                  lx_deployment_order(g->deployments[i]) > lx_deployment_order(c->deployment);
    if (!higher)
        return false;
    for (size_t i = 0; i < g->count && i < 64; i++)
        if (lx_deployment_order(g->deployments[i]) <= lx_deployment_order(c->deployment))
            c->memory->facts.tried |= (uint64_t)1 << i;
    turn_to(c, NULL, c->report.group);
    return true;
}

/* enable_weighted_failover: those that are left of the group are asked, too, each in its turn. */
static bool take_another(struct lx_call *c, struct lx_fallback_walk *w)
{
    const struct lx_route_policy *p = &c->settings->policy;
    if (!p->weighted_failover || !c->group || !c->asked || w->failovers >= max_depth(c) ||
        !lx_group_strategy(c->group, p)->weighted || !lx_fault_retryable(&c->report.fault))
        return false;
    c->memory->facts.now_ms = c->now_ms;
    if (!lx_route_has_untried(&c->memory->facts, NULL))
        return false;
    w->failovers++;
    turn_to(c, NULL, c->report.group);
    return true;
}

/* ---- All together -----------------------------------------------------------------------------
 */

bool lx_call_may_fall_back(struct lx_call *c, const struct lx_fault *f)
{
    struct lx_slice own[LX_FALLBACK_KINDS];
    if (!is_allowed(c))
        return false;
    if (c->walk && c->walk->top)
        return true;
    if ((c->walk ? c->walk->depth : 0) >= max_depth(c))
        return false;
    find_lists(c, own);
    if (own_list(c, f->kind, lx_call_arena(c)).n)
        return true;
    return group_list(c, c->walk ? c->walk->lists : own, f->kind).n > 0;
}

/* What was tried, for who wants to know why nothing helped. */
static void tell(struct lx_call *c, struct lx_fault *f)
{
    struct lx_arena *a = lx_call_arena(c);
    char *room = lx_arena_bytes(a, MAX_SAID);
    struct lx_buf b = {.p = room, .cap = room ? MAX_SAID : 0, .max = MAX_SAID};
    if (!room)
        return;
    for (const struct lx_call_try *t = c->report.tried; t; t = t->next) {
        lx_buf_addf(&b, "%s%.*s", t == c->report.tried ? "" : "; ",
                    LX_F(lx_slice_to(t->group, 100)));
        if (t->deployment)
            lx_buf_addf(&b, " (%s/%.*s)", t->deployment->provider->id,
                        LX_F(lx_slice_to(t->upstream_model, 100)));
        lx_buf_addf(&b, ": %d %s after %lld ms", t->status, lx_fault_class(t->fault),
                    (long long)t->ms);
    }
    if (b.failed)
        lx_buf_reset(&b);
    struct lx_slice text = lx_arena_printf(
        a, "%.*s%s%.*s", LX_F(f->message),
        b.n ? " No fallback of the model group has helped. Tried: " : "", LX_F(lx_buf_slice(&b)));
    if (text.p)
        f->message = text;
}

bool lx_call_fall_back(struct lx_call *c)
{
    if (!is_allowed(c))
        return false;
    struct lx_fallback_walk *w = c->walk ? c->walk : begin(c);
    if (!w)
        return false;
    c->walk = w;
    if (take_order(c) || take_another(c, w))
        return true;
    if (!w->listed)
        push_own(c, w);
    if (take_next(c, w))
        return true;
    if (c->report.fallbacks || w->hops) {
        c->report.fault = w->first;
        tell(c, &c->report.fault);
    }
    return false;
}
