/*
 * repair.c - mends what providers refuse in the history of a conversation: calls without a result,
 * and results without a call, as histories have them that were cut or whose tools were stopped.
 *
 * attempt.c calls it where modify_params is set, for whatever language the target speaks: OpenAI,
 * Anthropic and Bedrock answer 400 to either. LiteLLM does the same (1.106.2, sanitize_messages_
 * for_tool_calling). Roles that do not alternate and empty texts are the backs' own matter.
 */
#include "call/repair.h"

enum { MAX_CALLS = 1024 }; /* of one message; more are left as they are */

struct repair {
    struct lx_arena *arena;
    struct lx_losses *losses;
    struct lx_message *first, **at;
    size_t index; /* of the client's message */
    bool changed;
};

static bool is_same(struct lx_text x, struct lx_text y, struct lx_arena *a)
{
    return lx_slice_eq(lx_text_plain(x, a), lx_text_plain(y, a));
}

static size_t count(const struct lx_part *p, enum lx_part_kind kind)
{
    size_t n = 0;
    for (; p; p = p->next)
        n += p->kind == kind;
    return n;
}

static struct lx_message *copy(struct repair *f, const struct lx_message *m)
{
    struct lx_message *to = lx_arena_new(f->arena, struct lx_message);
    if (!to)
        return NULL;
    *to = *m;
    to->next = NULL;
    *f->at = to;
    f->at = &to->next;
    return to;
}

static void note(struct repair *f,
                 void (*how)(struct lx_losses *, struct lx_slice, struct lx_slice), const char *why)
{
    f->changed = true;
    how(f->losses, lx_arena_printf(f->arena, "messages[%zu]", f->index), lx_slice_z(why));
}

/* The first result with that id in the messages up to end, and the message that holds it. */
static const struct lx_part *find(const struct lx_message **m, const struct lx_message *end,
                                  struct lx_text id, struct lx_arena *a)
{
    for (; *m != end; *m = (*m)->next)
        for (const struct lx_part *p = (*m)->parts; p; p = p->next)
            if (is_same(p->id, id, a))
                return p;
    return NULL;
}

static void copy_result(struct repair *f, const struct lx_message *m, const struct lx_part *p)
{
    struct lx_message *to = copy(f, m);
    struct lx_part *part = to ? lx_arena_new(f->arena, struct lx_part) : NULL;
    if (!part)
        return;
    *part = *p;
    part->next = NULL;
    to->parts = part;
}

static void add_result(struct repair *f, const struct lx_part *call)
{
    struct lx_message *m = lx_message_add(&f->at, LX_ROLE_TOOL, f->arena);
    struct lx_part **at = m ? &m->parts : NULL;
    struct lx_part *result = at ? lx_part_add(&at, LX_PART_TOOL_RESULT, f->arena) : NULL;
    struct lx_part **inner = result ? &result->content : NULL;
    struct lx_part *text = inner ? lx_part_add(&inner, LX_PART_TEXT, f->arena) : NULL;
    if (!text)
        return;
    m->plain = true;
    result->id = call->id;
    text->text = lx_text(LX_S("The tool was stopped, and gave no result."));
    note(f, lx_losses_change, "a call without a result: it got one that says so");
}

/* Results that answer no call, and those that answer one again. */
static void lose_others(struct repair *f, const struct lx_message *calls,
                        const struct lx_message *end)
{
    for (const struct lx_message *m = calls->next; m != end; m = m->next, f->index++)
        for (const struct lx_part *p = m->parts; p; p = p->next) {
            const struct lx_message *first = calls->next;
            const struct lx_part *call = calls->parts;
            while (call && !(call->kind == LX_PART_TOOL_CALL && is_same(call->id, p->id, f->arena)))
                call = call->next;
            if (!call || find(&first, end, p->id, f->arena) != p)
                note(f, lx_losses_add, "the result of no call before it: left out");
        }
}

/* A message with calls, and the results behind it up to end: one for each, in the order of the
 * calls, by which some providers tell them apart. */
static void copy_turn(struct repair *f, const struct lx_message *calls,
                      const struct lx_message *end)
{
    copy(f, calls);
    for (const struct lx_part *p = calls->parts; p; p = p->next) {
        const struct lx_message *m = calls->next;
        const struct lx_part *result =
            p->kind == LX_PART_TOOL_CALL ? find(&m, end, p->id, f->arena) : NULL;
        if (result)
            copy_result(f, m, result);
        else if (p->kind == LX_PART_TOOL_CALL)
            add_result(f, p);
    }
    f->index++;
    lose_others(f, calls, end);
}

/* The calls of a message; where there are some, *end is behind their results. */
static size_t find_turn(const struct lx_message *m, const struct lx_message **end, size_t *results)
{
    size_t calls = m->role == LX_ROLE_ASSISTANT ? count(m->parts, LX_PART_TOOL_CALL) : 0;
    *results = 0;
    for (*end = m->next; calls && *end && (*end)->role == LX_ROLE_TOOL; *end = (*end)->next)
        *results += count((*end)->parts, LX_PART_TOOL_RESULT);
    return calls;
}

const struct lx_request *lx_request_repair(const struct lx_request *r, struct lx_arena *a,
                                           struct lx_losses *losses)
{
    struct repair f = {.arena = a, .losses = losses};
    f.at = &f.first;
    const struct lx_message *end;
    for (const struct lx_message *m = r->messages; m; m = end) {
        size_t results, calls = find_turn(m, &end, &results);
        if (calls && calls <= MAX_CALLS && results <= MAX_CALLS) {
            copy_turn(&f, m, end);
        } else if (m->role == LX_ROLE_TOOL) {
            note(&f, lx_losses_add, "the result of no call before it: left out");
            f.index++;
        } else {
            for (; m != end; m = m->next, f.index++)
                copy(&f, m);
        }
    }
    struct lx_request *repaired = f.changed ? lx_arena_new(a, struct lx_request) : NULL;
    if (!repaired)
        return r;
    *repaired = *r;
    repaired->messages = f.first;
    return repaired;
}
