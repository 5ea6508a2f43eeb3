/*
 * system.c - system messages as a deployment wants them; see system.h.
 *
 * attempt_body.c calls it before the request is written, whatever the target speaks:
 *
 *   litellm_system_prompt            stands before all that the client says
 *   openai_system_messages_first     system messages go to the front, in their order
 *   supports_system_message: false   what they say begins the user's next turn, or is one
 *
 * LiteLLM (1.106.2, map_system_message_pt) puts it before what the assistant says, too, where that
 * comes next, and loses it before a tool's result; here it is a turn of the user's then.
 */
#include "call/system.h"

struct settling {
    struct lx_arena *arena;
    struct lx_message *first, **at;
};

static bool is_system(const struct lx_message *m)
{
    return m && (m->role == LX_ROLE_SYSTEM || m->role == LX_ROLE_DEVELOPER);
}

static struct lx_message *copy_message(struct settling *s, const struct lx_message *like)
{
    struct lx_message *m = lx_message_add(&s->at, like->role, s->arena);
    if (!m)
        return NULL;
    *m = *like;
    m->next = NULL;
    return m;
}

/* A part with this text at the beginning of the message. */
static void begin_with(struct lx_message *m, struct lx_text text, struct lx_arena *a)
{
    struct lx_part *first = NULL, **at = &first;
    struct lx_part *p = lx_part_add(&at, LX_PART_TEXT, a);
    if (!p)
        return;
    p->text = text;
    p->next = m->parts;
    m->parts = first;
}

/* The text before the message's own: one with it where that is plain. */
static void put_before(struct lx_message *m, struct lx_slice text, const char *between,
                       struct lx_arena *a)
{
    const struct lx_part *own = m->parts;
    bool joins = m->plain && own && own->kind == LX_PART_TEXT && !own->next;
    if (joins) {
        text = lx_arena_printf(a, "%.*s%s%.*s", LX_F(text), between,
                               LX_F(lx_text_plain(own->text, a)));
        m->parts = NULL;
    }
    begin_with(m, lx_text(text), a);
    m->plain = joins;
}

static struct lx_message *add_prompt(struct settling *s, struct lx_message *m,
                                     struct lx_slice prompt)
{
    const struct lx_message own = {.role = LX_ROLE_SYSTEM, .plain = true};
    bool joins = m && m->role == LX_ROLE_SYSTEM;
    struct lx_message *copy = copy_message(s, joins ? m : &own);
    if (copy && joins)
        put_before(copy, lx_slice_trim(prompt), "\n\n", s->arena);
    else if (copy)
        begin_with(copy, lx_text(prompt), s->arena);
    if (copy)
        copy->next = joins ? m->next : m;
    return copy ? copy : m;
}

static struct lx_message *sort(struct settling *s, struct lx_message *first)
{
    const struct lx_message *m = first;
    while (is_system(m))
        m = m->next;
    while (m && !is_system(m))
        m = m->next;
    if (!m) /* they are where they shall be */
        return first;
    for (int others = 0; others < 2; others++)
        for (m = first; m; m = m->next)
            if (is_system(m) != (bool)others)
                copy_message(s, m);
    return s->first;
}

/* All parts of a system message before those of the user's. */
static void prepend_parts(struct lx_message *user, const struct lx_message *system,
                          struct lx_arena *a)
{
    struct lx_part *first = NULL, **at = &first, *rest = user->parts;
    const struct lx_part *only = system->parts;
    if (only && !only->next && only->kind == LX_PART_TEXT && !only->cache.set &&
        !system->cache.set) {
        put_before(user, lx_text_plain(only->text, a), " ", a);
        return;
    }
    for (const struct lx_part *p = system->parts; p; p = p->next) {
        struct lx_part *copy = lx_part_add(&at, p->kind, a);
        if (!copy)
            return;
        *copy = *p;
        copy->next = NULL;
        if (!p->next && system->cache.set)
            copy->cache = system->cache;
    }
    *at = rest;
    user->parts = first;
    user->plain = false;
}

static struct lx_message *make_user(struct settling *s, const struct lx_message *first,
                                    struct lx_losses *losses)
{
    const struct lx_message *held = NULL;
    size_t i = 0;
    for (const struct lx_message *m = first; m; m = m->next, i++) {
        bool merges = is_system(m) && m->next && m->next->role == LX_ROLE_USER;
        if (is_system(m))
            lx_losses_change(losses, lx_arena_printf(s->arena, "messages[%zu].role", i),
                             LX_S("the model takes no system messages: the user says it"));
        if (merges) {
            held = m;
            continue;
        }
        struct lx_message *copy = copy_message(s, m);
        if (!copy)
            break;
        if (is_system(copy))
            copy->role = LX_ROLE_USER;
        if (held)
            prepend_parts(copy, held, s->arena);
        held = NULL;
    }
    return s->first;
}

static bool has_system(const struct lx_message *m)
{
    while (m && !is_system(m))
        m = m->next;
    return m != NULL;
}

const struct lx_request *lx_request_settle_system(const struct lx_request *r,
                                                  const struct lx_members *members, bool first,
                                                  struct lx_arena *a, struct lx_losses *losses)
{
    struct lx_slice prompt = lx_json_str(members->v[LX_MEMBER_SYSTEM_PROMPT], a);
    bool takes = lx_json_bool(members->v[LX_MEMBER_TAKES_SYSTEM], true);
    struct lx_message *m = r->messages;
    if (prompt.n) {
        struct settling s = {.arena = a};
        s.at = &s.first;
        m = add_prompt(&s, m, prompt);
    }
    if (first) {
        struct settling s = {.arena = a};
        s.at = &s.first;
        m = sort(&s, m);
    }
    if (!takes && has_system(m)) {
        struct settling s = {.arena = a};
        s.at = &s.first;
        m = make_user(&s, m, losses);
    }
    struct lx_request *copy = m != r->messages ? lx_arena_new(a, struct lx_request) : NULL;
    if (!copy)
        return r;
    *copy = *r;
    copy->messages = m;
    return copy;
}
