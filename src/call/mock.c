/*
 * mock.c - replies made up from a text, for tests, examples and a first run without a key.
 *
 * They go through the canonical reply and the client's front, as a provider's would. The call
 * machine asks; nothing is sent anywhere.
 */
#include "call/mock.h"

enum { PROMPT_TOKENS = 10, COMPLETION_TOKENS = 20, MAX_CHOICES = 128, ZEROS = 1536 };

bool lx_mock_fault(struct lx_slice text, struct lx_fault *out)
{
    struct lx_fault f = {.message = text, .retry_after_ms = -1};
    if (lx_slice_starts(text, LX_S("Exception: content_filter_policy")))
        f.kind = LX_FAULT_CONTENT_POLICY;
    else if (lx_slice_starts(text, LX_S("Exception: ")))
        f.kind = LX_FAULT_API;
    struct lx_slice class = lx_slice_from(text, sizeof("litellm.") - 1);
    if (lx_slice_starts(text, LX_S("litellm.")))
        for (int k = LX_FAULT_NONE + 1; k < LX_FAULT_COUNT && f.kind == LX_FAULT_NONE; k++)
            if (lx_slice_eq(class, lx_slice_z(lx_fault_class((enum lx_fault_kind)k)))) {
                f.kind = (enum lx_fault_kind)k;
                f.message = LX_S("this is a mock error");
            }
    if (f.kind == LX_FAULT_NONE)
        return false;
    *out = f;
    return true;
}

static bool make_reply(struct lx_reply *reply, const struct lx_reply_context *context,
                       struct lx_slice text, int64_t choices, struct lx_arena *a)
{
    struct lx_choice **tail = &reply->choices;
    *reply = (struct lx_reply){
        .language = LX_S("openai_chat"),
        .id = lx_text(lx_arena_printf(a, "chatcmpl-%.*s", LX_F(context->id))),
        .model = lx_text(context->model),
        .created_s = context->now_s,
        .usage = {.known = true,
                  .prompt_tokens = PROMPT_TOKENS,
                  .completion_tokens = COMPLETION_TOKENS,
                  .total_tokens = PROMPT_TOKENS + COMPLETION_TOKENS},
    };
    for (int64_t i = 0; i < choices; i++) {
        struct lx_choice *c = lx_arena_new(a, struct lx_choice);
        struct lx_part **parts = c ? &c->parts : NULL;
        struct lx_part *p = c ? lx_part_add(&parts, LX_PART_TEXT, a) : NULL;
        if (!p)
            return false;
        p->text = lx_text(text);
        c->index = i;
        c->finish = LX_FINISH_STOP;
        *tail = c;
        tail = &c->next;
    }
    return true;
}

/* Up to the end of the first word and the spaces behind it. */
static size_t word(struct lx_slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != ' ')
        n++;
    while (n < s.n && s.p[n] == ' ')
        n++;
    return n;
}

/* A stream comes word by word, so that one can see it come. */
static int write_stream(struct lx_relay *r, const struct lx_reply *reply, struct lx_arena *a,
                        struct lx_buf *out)
{
    struct lx_events whole = {.arena = a}, words = {.arena = a};
    int code = lx_reply_spread(reply, &whole);
    for (size_t i = 0; code == 0 && i < whole.n; i++) {
        struct lx_slice rest = whole.v[i].text.s;
        do {
            struct lx_event *e = lx_events_add(&words, whole.v[i].kind);
            *e = whole.v[i];
            e->text.s = lx_slice_to(rest, word(rest));
            rest = lx_slice_from(rest, e->text.s.n);
        } while (rest.n && !a->failed);
    }
    return code < 0 ? code : a->failed ? a->failed : lx_relay_events(r, &words, out);
}

/* Behind what the choices say. */
static void add_calls(struct lx_reply *reply, struct lx_slice calls, struct lx_arena *a)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    if (calls.n && lx_json_read(&doc, calls, NULL, NULL) == 0)
        for (struct lx_choice *c = reply->choices; c; c = c->next) {
            struct lx_part **at = &c->parts;
            while (*at)
                at = &(*at)->next;
            for (struct lx_json_iter it = lx_json_iter(lx_json_root(&doc)); lx_json_next(&it);) {
                struct lx_json function = LX_GET(it.value, "function");
                struct lx_part *p = lx_part_add(&at, LX_PART_TOOL_CALL, a);
                if (!p)
                    break;
                p->id = lx_json_text(LX_GET(it.value, "id"));
                p->name = lx_json_text(LX_GET(function, "name"));
                p->arguments = lx_json_text(LX_GET(function, "arguments"));
                c->finish = LX_FINISH_TOOL_CALLS;
            }
        }
    lx_json_doc_clear(&doc); /* the texts are those of `calls` */
}

int lx_mock_write(struct lx_relay *r, struct lx_slice text, struct lx_slice calls, int64_t choices,
                  struct lx_arena *a, struct lx_buf *out)
{
    struct lx_reply reply;
    if (choices < 1 || choices > MAX_CHOICES)
        choices = 1;
    if (!make_reply(&reply, &r->context, text, choices, a))
        return a->failed;
    add_calls(&reply, calls, a);
    return r->stream ? write_stream(r, &reply, a, out) : lx_relay_reply(r, &reply, out);
}

static bool is_vector(struct lx_slice text)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    bool good = lx_json_read(&doc, text, NULL, NULL) == 0 &&
                lx_json_is(lx_json_at(lx_json_root(&doc), 0), LX_JSON_NUMBER);
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&doc)); good && lx_json_next(&it);)
        good = lx_json_is(it.value, LX_JSON_NUMBER);
    lx_json_doc_clear(&doc);
    return good;
}

/* "[0,0,...,0]" */
static struct lx_slice zeros(struct lx_arena *a)
{
    char *p = lx_arena_bytes(a, 2 * ZEROS + 1);
    for (size_t i = 0; p && i < ZEROS; i++)
        memcpy(p + 2 * i, i ? ",0" : "[0", 2);
    if (p)
        p[2 * ZEROS] = ']';
    return lx_slice(p, p ? 2 * ZEROS + 1 : 0);
}

int lx_mock_embed(struct lx_relay *r, struct lx_slice text, size_t inputs, struct lx_arena *a,
                  struct lx_buf *out)
{
    struct lx_embed_reply embed = {.count = inputs};
    const struct lx_vector vector = {.kind = LX_VECTOR_FLOATS,
                                     .s = is_vector(text) ? text : zeros(a)};
    const struct lx_reply reply = {
        .language = lx_slice_z(r->front->name),
        .model = lx_text(r->context.model),
        .usage = {.known = true, .prompt_tokens = PROMPT_TOKENS, .total_tokens = PROMPT_TOKENS},
        .embed = &embed,
    };
    embed.vectors = lx_arena_alloc(a, inputs * sizeof(*embed.vectors));
    if (!embed.vectors || !vector.s.p)
        return a->failed;
    for (size_t i = 0; i < inputs; i++)
        embed.vectors[i] = vector;
    return lx_relay_reply(r, &reply, out);
}
