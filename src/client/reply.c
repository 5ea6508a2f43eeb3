/*
 * reply.c - a reply as the library's users see it: the JSON, and views of what most of them want.
 */
#include <stdlib.h>

#include "client/client.h"

static const char *text_z(llmux_reply *r, struct lx_text t)
{
    char *z = lx_arena_copy_z(&r->arena, lx_text_plain(t, &r->arena));

    return z ? z : "";
}

/* All parts of a kind, joined. */
static const char *join(llmux_reply *r, const struct lx_choice *c, enum lx_part_kind kind)
{
    struct lx_buf all;
    char *z;

    lx_buf_init(&all, LX_REPLY_MAX);
    for (const struct lx_part *p = c->parts; p; p = p->next)
        if (p->kind == kind)
            lx_buf_add(&all, lx_text_plain(p->text, &r->arena));
    if (all.failed)
        r->arena.failed = all.failed;
    z = lx_arena_copy_z(&r->arena, lx_buf_slice(&all));
    lx_buf_clear(&all);
    return z ? z : "";
}

static void view_tools(llmux_reply *r, const struct lx_choice *c)
{
    size_t n = 0;

    for (const struct lx_part *p = c->parts; p; p = p->next)
        n += p->kind == LX_PART_TOOL_CALL;
    r->tools = lx_arena_alloc(&r->arena, (n + 1) * sizeof(*r->tools));
    if (!r->tools)
        return;
    for (const struct lx_part *p = c->parts; p; p = p->next)
        if (p->kind == LX_PART_TOOL_CALL)
            r->tools[r->tool_count++] = (struct lx_tool_view){text_z(r, p->id), text_z(r, p->name),
                                                              text_z(r, p->arguments)};
}

static int read_reply(llmux_reply *r, struct lx_error *err)
{
    struct lx_reply_context context = {0};
    struct lx_json root;
    int code = lx_json_read(&r->doc, lx_buf_slice(&r->json), NULL, err);

    if (code == 0)
        code =
            lx_dialect_openai_chat.back->read_reply(&r->doc, &context, &r->arena, &r->reply, err);
    if (code != 0)
        return code;
    root = lx_json_root(&r->doc);
    r->id = text_z(r, r->reply.id);
    r->model = text_z(r, r->reply.model);
    r->finish =
        text_z(r, lx_json_text(LX_GET(lx_json_at(LX_GET(root, "choices"), 0), "finish_reason")));
    r->text = r->reasoning = "";
    if (r->reply.choices) {
        r->text = join(r, r->reply.choices, LX_PART_TEXT);
        r->reasoning = join(r, r->reply.choices, LX_PART_THINKING);
        view_tools(r, r->reply.choices);
    }
    return r->arena.failed;
}

llmux_reply *lx_client_reply(struct lx_buf *json, llmux_error **err)
{
    llmux_reply *r = calloc(1, sizeof(*r));
    struct lx_error why = {0};
    int code = LX_ENOMEM;

    if (r) {
        lx_arena_init(&r->arena, LX_REPLY_MAX);
        lx_json_doc_init(&r->doc);
        r->json = *json;
        lx_buf_init(json, json->max);
        code = read_reply(r, &why);
    }
    if (code == 0)
        return r;
    lx_client_fail(err, code, why.code ? &why : NULL);
    llmux_reply_free(r);
    return NULL;
}

void llmux_reply_free(llmux_reply *r)
{
    if (!r)
        return;
    lx_json_doc_clear(&r->doc);
    lx_buf_clear(&r->json);
    lx_arena_clear(&r->arena);
    free(r);
}

const char *llmux_reply_json(const llmux_reply *r, size_t *n)
{
    *n = r->json.n;
    return r->json.p;
}

const char *llmux_reply_id(const llmux_reply *r)
{
    return r->id;
}

const char *llmux_reply_model(const llmux_reply *r)
{
    return r->model;
}

const char *llmux_reply_text(const llmux_reply *r)
{
    return r->text;
}

const char *llmux_reply_reasoning(const llmux_reply *r)
{
    return r->reasoning;
}

const char *llmux_reply_finish(const llmux_reply *r)
{
    return r->finish;
}

size_t llmux_reply_tool_count(const llmux_reply *r)
{
    return r->tool_count;
}

const char *llmux_reply_tool_id(const llmux_reply *r, size_t i)
{
    return i < r->tool_count ? r->tools[i].id : NULL;
}

const char *llmux_reply_tool_name(const llmux_reply *r, size_t i)
{
    return i < r->tool_count ? r->tools[i].name : NULL;
}

const char *llmux_reply_tool_arguments(const llmux_reply *r, size_t i)
{
    return i < r->tool_count ? r->tools[i].arguments : NULL;
}

static int64_t known(const llmux_reply *r, int64_t n)
{
    return r->reply.usage.known ? n : -1;
}

int64_t llmux_reply_prompt_tokens(const llmux_reply *r)
{
    return known(r, r->reply.usage.prompt_tokens);
}

int64_t llmux_reply_cached_tokens(const llmux_reply *r)
{
    return known(r, r->reply.usage.cached_tokens);
}

int64_t llmux_reply_completion_tokens(const llmux_reply *r)
{
    return known(r, r->reply.usage.completion_tokens);
}

int64_t llmux_reply_reasoning_tokens(const llmux_reply *r)
{
    return known(r, r->reply.usage.reasoning_tokens);
}

int llmux_reply_usage_estimated(const llmux_reply *r)
{
    return r->reply.usage.estimated;
}
