/*
 * foreign.c - what a conversation brings along from the provider it was held with before.
 *
 * Signatures of thoughts travel through clients in members that they give back unchanged: Gemini's
 * behind the ids of calls, and, as signatures of thinking, Gemini's and OpenAI's under marks of
 * their own. Dialects that write a request anew take them back or leave them out. A body that is
 * edited in place goes to another provider with all that is in it, which then finds its ids too
 * long (OpenAI: 40 characters) or its signature forged (Anthropic). Only members that may hold such
 * things are looked at, not the text.
 */
#include "call/foreign.h"

#include "dialect/response_id.h"

struct sweep {
    struct lx_json_edit *edit;
    struct lx_losses *losses;
    struct lx_slice deployment; /* that the body goes to */
    bool lost;
};

static void mend_id(struct sweep *s, struct lx_json id)
{
    struct lx_slice raw = lx_json_raw(id);
    ssize_t at = lx_json_is(id, LX_JSON_STRING) ? lx_slice_find(raw, LX_CALL_ID_MARK) : -1;
    if (at >= 0)
        lx_json_edit_replace(
            s->edit, id,
            lx_arena_printf(s->edit->arena, "%.*s\"", LX_F(lx_slice_to(raw, (size_t)at))));
}

/* A message of which nothing is left goes as a whole: lists without a part are refused. */
static void remove_parts(struct sweep *s, struct lx_json message, struct lx_json parts,
                         size_t removed)
{
    if (removed && removed == lx_json_count(parts))
        lx_json_edit_remove_element(s->edit, message);
}

static void sweep_chat(struct sweep *s, struct lx_json message)
{
    mend_id(s, LX_GET(message, "tool_call_id"));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "tool_calls")); lx_json_next(&it);)
        mend_id(s, LX_GET(it.value, "id"));
}

/* Anthropic's own are base64; others' begin with a mark that ends in a colon. */
static bool is_foreign(struct lx_json block)
{
    struct lx_json type = LX_GET(block, "type");
    struct lx_slice sealed = {0};
    if (lx_json_eq(type, LX_S("thinking")))
        sealed = lx_json_text(LX_GET(block, "signature")).s;
    else if (lx_json_eq(type, LX_S("redacted_thinking")))
        sealed = lx_json_text(LX_GET(block, "data")).s;
    return lx_slice_find_byte(lx_slice_to(sealed, 40), ':') >= 0;
}

static void sweep_anthropic(struct sweep *s, struct lx_json message)
{
    struct lx_json content = LX_GET(message, "content");
    size_t removed = 0;
    if (!lx_json_is(content, LX_JSON_ARRAY))
        return;
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);) {
        struct lx_json type = LX_GET(it.value, "type");
        if (lx_json_eq(type, LX_S("tool_use"))) {
            mend_id(s, LX_GET(it.value, "id"));
        } else if (lx_json_eq(type, LX_S("tool_result"))) {
            mend_id(s, LX_GET(it.value, "tool_use_id"));
        } else if (is_foreign(it.value)) {
            lx_json_edit_remove_element(s->edit, it.value);
            removed++;
            if (!s->lost)
                lx_losses_add(s->losses, LX_S("thinking"),
                              LX_S("the target takes back only thinking of its own"));
            s->lost = true;
        }
    }
    remove_parts(s, message, content, removed);
}

/* The marks that our front puts on others' signatures: base64 of "llmux:". */
static void sweep_gemini(struct sweep *s, struct lx_json content)
{
    struct lx_json parts = LX_GET(content, "parts");
    size_t removed = 0;
    if (!lx_json_is(parts, LX_JSON_ARRAY))
        return;
    for (struct lx_json_iter it = lx_json_iter(parts); lx_json_next(&it);) {
        struct lx_slice camel = lx_json_text(LX_GET(it.value, "thoughtSignature")).s;
        struct lx_slice snake = lx_json_text(LX_GET(it.value, "thought_signature")).s;
        if (!lx_slice_starts(camel.n ? camel : snake, LX_S("bGxtdXg6")))
            continue;
        lx_json_edit_remove_element(s->edit, it.value);
        removed++;
        if (!s->lost)
            lx_losses_add(s->losses, LX_S("thought"),
                          LX_S("the target takes back only thinking of its own"));
        s->lost = true;
    }
    remove_parts(s, content, parts, removed);
}

/* Ids and encrypted content go back as their maker gave them. What another deployment encrypted,
 * and what our front sealed for other providers, nobody here can read. */
static void sweep_responses(struct sweep *s, struct lx_json item)
{
    struct lx_json id = LX_GET(item, "id"), sealed = LX_GET(item, "encrypted_content");
    struct lx_arena *a = s->edit->arena;
    struct lx_response_id mine = lx_response_item_id_read(lx_json_text(id).s, a);
    struct lx_response_id content = lx_response_content_read(lx_json_text(sealed).s, a);
    struct lx_slice maker = content.deployment.n ? content.deployment : mine.deployment;
    if ((maker.n && !lx_slice_eq(maker, s->deployment)) ||
        lx_slice_starts(content.id, LX_S("llmux"))) {
        lx_json_edit_remove_element(s->edit, item);
        if (!s->lost)
            lx_losses_add(s->losses, LX_S("reasoning"),
                          LX_S("the target takes back only reasoning of its own"));
        s->lost = true;
        return;
    }
    if (mine.deployment.n)
        lx_json_edit_replace(s->edit, id, lx_json_quoted(mine.id, a));
    if (content.deployment.n)
        lx_json_edit_replace(s->edit, sealed, lx_json_quoted(content.id, a));
}

static const struct {
    const struct lx_dialect *language;
    struct lx_slice list; /* of messages */
    void (*sweep)(struct sweep *s, struct lx_json message);
} sweeps[] = {
    {&lx_dialect_openai_chat, LX_S_INIT("messages"), sweep_chat},
    {&lx_dialect_anthropic, LX_S_INIT("messages"), sweep_anthropic},
    {&lx_dialect_anthropic_count, LX_S_INIT("messages"), sweep_anthropic},
    {&lx_dialect_gemini, LX_S_INIT("contents"), sweep_gemini},
    {&lx_dialect_openai_responses, LX_S_INIT("input"), sweep_responses},
    {&lx_dialect_openai_count, LX_S_INIT("input"), sweep_responses},
};

static void mend_previous(struct sweep *s, struct lx_json id)
{
    struct lx_response_id is = lx_response_id_read(lx_json_text(id).s, s->edit->arena);
    if (lx_json_is(id, LX_JSON_STRING) && is.deployment.n)
        lx_json_edit_replace(s->edit, id, lx_json_quoted(is.id, s->edit->arena));
}

void lx_foreign_remove(const struct lx_dialect *to, const struct lx_json_doc *body,
                       struct lx_slice deployment, struct lx_json_edit *edit,
                       struct lx_losses *losses)
{
    struct sweep s = {edit, losses, deployment, false};
    for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
        if (sweeps[i].language != to)
            continue;
        struct lx_json list = lx_json_get(lx_json_root(body), sweeps[i].list);
        if (sweeps[i].sweep == sweep_responses)
            mend_previous(&s, LX_GET(lx_json_root(body), "previous_response_id"));
        if (lx_json_is(list, LX_JSON_ARRAY))
            for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
                sweeps[i].sweep(&s, it.value);
    }
}
