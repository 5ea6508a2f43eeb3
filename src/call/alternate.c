/*
 * alternate.c - puts turns into a conversation, so that user and assistant alternate; see
 * alternate.h.
 *
 * attempt_body.c calls it before the request is written, whatever the target speaks. What counts is
 * LiteLLM's (1.106.2, get_completion_messages): users, and assistants that call no tools; results
 * and system messages do not. `user_continue_message` and `assistant_continue_message` say what is
 * put in.
 */
#include "call/alternate.h"

static const struct lx_slice usual = LX_S_INIT("Please continue.");

struct alternation {
    struct lx_arena *arena;
    struct lx_losses *losses;
    struct lx_message *first, **at;
    struct lx_text user, assistant; /* what they say */
    enum lx_role last;              /* of those that count; TOOL: none yet */
    size_t index;                   /* of the client's message */
    bool changed;
};

/* A message's text, or a string. */
static struct lx_text text_of(struct lx_json v, struct lx_arena *a)
{
    struct lx_json content = lx_json_is(v, LX_JSON_OBJECT) ? LX_GET(v, "content") : v;
    struct lx_slice text = lx_slice(NULL, 0);
    if (lx_json_is(content, LX_JSON_STRING))
        return lx_json_text(content);
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        text = lx_arena_printf(a, "%.*s%.*s", LX_F(text),
                               LX_F(lx_json_str(LX_GET(it.value, "text"), a)));
    return lx_text(text.n ? text : usual);
}

static void put_in(struct alternation *s, enum lx_role role)
{
    bool user = role == LX_ROLE_USER;
    struct lx_message *m = lx_message_add(&s->at, role, s->arena);
    struct lx_part **at = m ? &m->parts : NULL;
    struct lx_part *p = at ? lx_part_add(&at, LX_PART_TEXT, s->arena) : NULL;
    if (!p)
        return;
    m->plain = true;
    p->text = user ? s->user : s->assistant;
    s->changed = true;
    s->last = role;
    lx_losses_change(s->losses, lx_arena_printf(s->arena, "messages[%zu]", s->index),
                     user ? LX_S("before it a turn of the user's was put in")
                          : LX_S("before it a turn of the assistant's was put in"));
}

static void put_user_in(struct alternation *s)
{
    if (s->last == LX_ROLE_USER)
        put_in(s, LX_ROLE_ASSISTANT);
    put_in(s, LX_ROLE_USER);
}

static bool calls(const struct lx_message *m)
{
    for (const struct lx_part *p = m->parts; p; p = p->next)
        if (p->kind == LX_PART_TOOL_CALL)
            return true;
    return false;
}

static bool is_assistant(const struct lx_message *m)
{
    return m && m->role == LX_ROLE_ASSISTANT;
}

static void add(struct alternation *s, const struct lx_message *m, const struct lx_message *before)
{
    bool counts = m->role == LX_ROLE_USER || (is_assistant(m) && !calls(m));
    if (counts && m->role == LX_ROLE_USER && s->last == LX_ROLE_USER)
        put_in(s, LX_ROLE_ASSISTANT);
    else if (is_assistant(m) &&
             (!before || (counts && (is_assistant(before) || s->last == LX_ROLE_ASSISTANT))))
        put_user_in(s);
    struct lx_message *copy = lx_message_add(&s->at, m->role, s->arena);
    if (!copy)
        return;
    *copy = *m;
    copy->next = NULL;
    if (counts)
        s->last = m->role;
}

static bool is_system(const struct lx_message *m)
{
    return m->role == LX_ROLE_SYSTEM || m->role == LX_ROLE_DEVELOPER;
}

/* The user speaks first and last. */
static void add_ends(struct alternation *s, const struct lx_message *m)
{
    bool begun = false;
    for (; m; m = m->next, s->index++) {
        if (!begun && is_assistant(m))
            put_in(s, LX_ROLE_USER);
        begun = begun || !is_system(m);
        struct lx_message *copy = lx_message_add(&s->at, m->role, s->arena);
        if (!copy)
            return;
        *copy = *m;
        copy->next = NULL;
        if (!m->next && is_assistant(m))
            put_in(s, LX_ROLE_USER);
    }
}

const struct lx_request *lx_request_alternate(const struct lx_request *r,
                                              const struct lx_members *members, bool bedrock,
                                              struct lx_arena *a, struct lx_losses *losses)
{
    struct lx_json user = members->v[LX_MEMBER_USER_CONTINUE];
    struct lx_json assistant = members->v[LX_MEMBER_ASSISTANT_CONTINUE];
    bool all = lx_json_bool(members->v[LX_MEMBER_ALTERNATE], false);
    struct alternation s = {.arena = a, .losses = losses, .last = LX_ROLE_TOOL};
    const struct lx_message *before = NULL;
    s.at = &s.first;
    if (!r->messages || !(all || (bedrock && lx_json_given(user))))
        return r;
    s.user = lx_json_given(user) ? text_of(user, a) : lx_text(usual);
    s.assistant = lx_json_given(assistant) ? text_of(assistant, a) : lx_text(usual);
    if (!all)
        add_ends(&s, r->messages);
    for (const struct lx_message *m = all ? r->messages : NULL; m; before = m, m = m->next) {
        add(&s, m, before);
        s.index++;
    }
    if (is_assistant(before))
        put_user_in(&s);
    struct lx_request *copy = s.changed ? lx_arena_new(a, struct lx_request) : NULL;
    if (!copy)
        return r;
    *copy = *r;
    copy->messages = s.first;
    return copy;
}
