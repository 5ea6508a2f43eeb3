/*
 * openai_responses_front_pass.c - front: events that pass to the client as they came -> what
 * openai_responses_front_stream.c would remember, had it written them.
 *
 * So a stream may be taken over in its middle: it goes on with the next sequence_number, within the
 * item and the part that are open under their own ids, and response.completed has all of it.
 * Nothing is written here. What the client has of items that are open is held, of those that are
 * done what they came to.
 */
#include "dialect/openai_responses.h"
#include "dialect/response_id.h"

static int64_t number(struct lx_json v, int64_t otherwise)
{
    int64_t n;
    return lx_json_int(v, &n) == 0 && n >= 0 ? n : otherwise;
}

/* ---- The response ------------------------------------------------------------------------- */

/* What is told anew when the stream ends. */
static bool is_of_the_end(struct lx_json name)
{
    static const char *const names[] = {
        "completed_at",       "error", "id",           "output", "output_text",
        "incomplete_details", "store", "service_tier", "status", "usage"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (lx_json_eq(name, lx_slice_z(names[i])))
            return true;
    return false;
}

/* What comes to an end elsewhere is kept nowhere: "store" says so. */
static void pass_response(const struct lx_responses_teller *t, struct lx_json response)
{
    struct lx_responses_telling *s = t->s;
    struct lx_text tier = lx_json_text(LX_GET(response, "service_tier"));
    if (s->started)
        return;
    lx_responses_telling_begin(s);
    s->native = true;
    if (tier.s.n <= sizeof(s->tier) && !tier.escaped && !lx_slice_eq(tier.s, LX_S("auto"))) {
        s->tier_n = tier.s.n;
        if (tier.s.n)
            memcpy(s->tier, tier.s.p, tier.s.n);
    }
    struct lx_out o = lx_out(&s->head);
    lx_responses_id_tell(&o, lx_json_text(LX_GET(response, "id")), true, t->ctx);
    for (struct lx_json_iter it = lx_json_iter(response); lx_json_next(&it);)
        if (!is_of_the_end(it.name)) {
            lx_buf_add_byte(&s->head, ',');
            lx_buf_add(&s->head, lx_json_raw(it.name));
            lx_buf_add_byte(&s->head, ':');
            lx_buf_add(&s->head, lx_json_raw(it.value));
        }
    lx_out_bool(&o, "store", false);
    lx_responses_teller_fail(t, s->head.failed);
}

/* ---- Items -------------------------------------------------------------------------------- */

static struct lx_responses_told *find(const struct lx_responses_teller *t, struct lx_json event)
{
    int64_t index = number(LX_GET(event, "output_index"), -1);
    struct lx_responses_told *i = t->s->items;
    while (i && i->index != index)
        i = i->next;
    return i && !i->done ? i : NULL;
}

static void keep(const struct lx_responses_teller *t, struct lx_buf *held, struct lx_json string)
{
    lx_responses_hold(t, held, lx_json_text(string));
}

static struct lx_responses_told *add(const struct lx_responses_teller *t, struct lx_json event,
                                     enum lx_part_kind kind)
{
    struct lx_json item = LX_GET(event, "item");
    struct lx_responses_told *i = lx_responses_item_new(t, kind);
    if (!i)
        return NULL;
    i->index = number(LX_GET(event, "output_index"), i->index);
    i->custom = lx_json_eq(LX_GET(item, "type"), LX_S("custom_tool_call"));
    keep(t, &i->id, LX_GET(item, "id"));
    keep(t, &i->call_id, LX_GET(item, "call_id"));
    keep(t, &i->name, LX_GET(item, "name"));
    return i;
}

/* Others are not looked at before they are done. */
static void pass_added(const struct lx_responses_teller *t, struct lx_json event)
{
    static const struct {
        const char *type;
        enum lx_part_kind kind;
    } kinds[] = {
        {"message", LX_PART_TEXT},
        {"reasoning", LX_PART_THINKING},
        {"function_call", LX_PART_TOOL_CALL},
        {"custom_tool_call", LX_PART_TOOL_CALL},
    };
    struct lx_json type = LX_GET(LX_GET(event, "item"), "type");
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        if (!lx_json_eq(type, lx_slice_z(kinds[k].type)))
            continue;
        struct lx_responses_told *i = add(t, event, kinds[k].kind);
        if (kinds[k].kind != LX_PART_TOOL_CALL)
            t->s->open = i;
    }
    if (t->s->count <= number(LX_GET(event, "output_index"), -1))
        t->s->count = number(LX_GET(event, "output_index"), -1) + 1;
}

/* The item as the client has it: lx_responses_mark() has marked what is sealed in it. */
static void keep_item(const struct lx_responses_teller *t, struct lx_json item,
                      struct lx_responses_told *i)
{
    struct lx_json sealed = LX_GET(item, "encrypted_content");
    struct lx_slice raw = lx_json_raw(item), part = lx_json_raw(sealed);
    struct lx_arena a;
    lx_arena_init(&a, SIZE_MAX);
    if (t->ctx->marks_content && t->ctx->deployment.n && lx_json_is(sealed, LX_JSON_STRING)) {
        const struct lx_response_id content = {.deployment = t->ctx->deployment,
                                               .id = lx_json_str(sealed, &a)};
        size_t at = (size_t)(part.p - raw.p);
        lx_buf_add(&i->json, lx_slice_to(raw, at));
        lx_buf_add(&i->json, lx_json_quoted(lx_response_content_write(&content, &a), &a));
        raw = lx_slice_from(raw, at + part.n);
    }
    lx_buf_add(&i->json, raw);
    t->s->held += i->json.n;
    lx_responses_teller_fail(t, i->json.failed ? i->json.failed : a.failed);
    lx_arena_clear(&a);
}

static void pass_done(const struct lx_responses_teller *t, struct lx_json event)
{
    struct lx_responses_told *i = find(t, event);
    if (!i && !(i = add(t, event, LX_PART_OPAQUE)))
        return;
    keep_item(t, LX_GET(event, "item"), i);
    lx_responses_item_drop(i);
    i->done = true;
    if (t->s->open == i)
        t->s->open = NULL;
}

/* ---- What is in them ---------------------------------------------------------------------- */

static void pass_part(const struct lx_responses_teller *t, struct lx_json event)
{
    struct lx_responses_told *i = find(t, event);
    if (!i || i->kind != LX_PART_TEXT)
        return;
    bool refusal = lx_json_eq(LX_GET(LX_GET(event, "part"), "type"), LX_S("refusal"));
    i->section_kind = refusal ? LX_PART_REFUSAL : LX_PART_TEXT;
    i->section_open = true;
    i->section = number(LX_GET(event, "content_index"), i->section);
    i->part = t->e->index;
}

static void pass_part_done(const struct lx_responses_teller *t, struct lx_json event)
{
    struct lx_responses_told *i = find(t, event);
    if (!i || !i->section_open || i->kind != LX_PART_TEXT)
        return;
    if (i->sections.n)
        lx_buf_add_byte(&i->sections, ',');
    lx_buf_add(&i->sections, lx_json_raw(LX_GET(event, "part")));
    t->s->held += i->sections.n;
    lx_responses_teller_fail(t, i->sections.failed);
    lx_buf_reset(&i->text);
    lx_buf_reset(&i->annotations);
    i->annotation_count = 0;
    i->section++;
    i->section_open = false;
}

static void pass_delta(const struct lx_responses_teller *t, struct lx_json event)
{
    struct lx_responses_told *i = find(t, event);
    if (!i)
        return;
    if (i->kind == LX_PART_TEXT && !i->section_open) /* some do not say that a part begins */
        pass_part(t, event);
    keep(t, &i->text, LX_GET(event, "delta"));
}

static void pass_annotation(const struct lx_responses_teller *t, struct lx_json event)
{
    struct lx_responses_told *i = find(t, event);
    if (!i || !i->section_open)
        return;
    if (i->annotation_count++)
        lx_buf_add_byte(&i->annotations, ',');
    lx_buf_add(&i->annotations, lx_json_raw(LX_GET(event, "annotation")));
    lx_responses_teller_fail(t, i->annotations.failed);
}

static void pass_summary(const struct lx_responses_teller *t, struct lx_json event)
{
    struct lx_responses_told *i = find(t, event);
    if (!i || i->kind != LX_PART_THINKING)
        return;
    i->section_open = true;
    i->section = number(LX_GET(event, "summary_index"), i->section);
}

static void pass_summary_done(const struct lx_responses_teller *t, struct lx_json event)
{
    struct lx_responses_told *i = find(t, event);
    if (i && i->kind == LX_PART_THINKING)
        i->section_open = false;
}

/* ---- All of them -------------------------------------------------------------------------- */

static const struct {
    const char *type;
    void (*pass)(const struct lx_responses_teller *, struct lx_json event);
} passes[] = {
    {"response.output_text.delta", pass_delta},
    {"response.refusal.delta", pass_delta},
    {"response.function_call_arguments.delta", pass_delta},
    {"response.custom_tool_call_input.delta", pass_delta},
    {"response.reasoning_summary_text.delta", pass_delta},
    {"response.reasoning_text.delta", pass_delta},
    {"response.content_part.added", pass_part},
    {"response.content_part.done", pass_part_done},
    {"response.output_item.added", pass_added},
    {"response.output_item.done", pass_done},
    {"response.output_text.annotation.added", pass_annotation},
    {"response.reasoning_summary_part.added", pass_summary},
    {"response.reasoning_summary_part.done", pass_summary_done},
};

int lx_responses_pass(void *state, const struct lx_json_doc *doc,
                      const struct lx_reply_context *ctx, int64_t part, bool holds)
{
    struct lx_responses_telling *s = state;
    struct lx_buf nowhere;
    const struct lx_event e = {.index = part};
    struct lx_json event = lx_json_root(doc), type = LX_GET(event, "type");
    lx_buf_init(&nowhere, 0);
    const struct lx_responses_teller t = {s, &e, ctx, &nowhere};
    s->sequence = number(LX_GET(event, "sequence_number"), s->sequence) + 1;
    if (lx_json_given(LX_GET(event, "response")) || !s->started)
        pass_response(&t, LX_GET(event, "response"));
    for (size_t k = 0; holds && k < sizeof(passes) / sizeof(passes[0]); k++)
        if (lx_json_eq(type, lx_slice_z(passes[k].type))) {
            passes[k].pass(&t, event);
            break;
        }
    return nowhere.failed;
}
