/*
 * params.c - which of OpenAI's parameters a deployment can take.
 *
 * Nobody keeps a list of that: each parameter is written once, as a request would write it, and
 * what is neither refused nor lost on the way is taken. So languages, quirks and the configuration
 * have their say, and the answer cannot differ from what happens.
 */
#include "call/call.h"

struct trial {
    const char *name, *json; /* a value that says something */
    const char *with;        /* members that it makes no sense without, ",\"a\":1"; or "" */
};

#define FUNCTION "{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}"
#define TOOL     "{\"type\":\"function\",\"function\":" FUNCTION "}"
#define TOOLS    ",\"tools\":[" TOOL "]"
#define OLD      ",\"functions\":[" FUNCTION "]"

static const struct trial trials[] = {
    {"temperature", "0.5", ""},
    {"top_p", "0.5", ""},
    {"n", "2", ""},
    {"stream", "true", ""},
    {"stream_options", "{\"include_usage\":true}", ",\"stream\":true"},
    {"stop", "[\"x\"]", ""},
    {"max_tokens", "9", ""},
    {"max_completion_tokens", "9", ""},
    {"modalities", "[\"text\",\"audio\"]", ""},
    {"prediction", "{\"type\":\"content\",\"content\":\"x\"}", ""},
    {"audio", "{\"voice\":\"alloy\",\"format\":\"wav\"}", ",\"modalities\":[\"text\",\"audio\"]"},
    {"presence_penalty", "0.5", ""},
    {"frequency_penalty", "0.5", ""},
    {"logit_bias", "{\"1\":1}", ""},
    {"user", "\"u\"", ""},
    {"reasoning_effort", "\"low\"", ""},
    {"verbosity", "\"low\"", ""},
    {"response_format", "{\"type\":\"json_object\"}", ""},
    {"seed", "7", ""},
    {"tools", "[" TOOL "]", ""},
    {"tool_choice", "\"required\"", TOOLS},
    {"parallel_tool_calls", "false", TOOLS},
    {"logprobs", "true", ""},
    {"top_logprobs", "2", ",\"logprobs\":true"},
    {"web_search_options", "{}", ""},
    {"functions", "[" FUNCTION "]", ""},
    {"function_call", "\"auto\"", OLD},
    {"service_tier", "\"auto\"", ""},
    {"safety_identifier", "\"u\"", ""},
    {"prompt_cache_key", "\"k\"", ""},
    {"prompt_cache_retention", "\"24h\"", ""},
    {"store", "true", ""},
    {"metadata", "{\"a\":\"b\"}", ""},
    {"thinking", "{\"type\":\"enabled\",\"budget_tokens\":1024}", ""},
};

/* Of OpenAI's embeddings, and what several providers know beside them. */
static const struct trial embed_trials[] = {
    {"dimensions", "256", ""},   {"encoding_format", "\"base64\"", ""},
    {"user", "\"u\"", ""},       {"input_type", "\"search_query\"", ""},
    {"truncate", "\"END\"", ""},
};

/* What is asked of each operation, and the request that the parameter stands in. */
static const struct trials {
    const struct lx_dialect *front;
    const char *body;
    const struct trial *first;
    size_t count;
} chats = {&lx_dialect_openai_chat, "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]", trials,
           sizeof(trials) / sizeof(trials[0])},
  embeddings = {&lx_dialect_openai_embed, "\"input\":\"x\"", embed_trials,
                sizeof(embed_trials) / sizeof(embed_trials[0])};

static bool is_lost(const struct lx_losses *losses, struct lx_slice name)
{
    for (const struct lx_loss *l = losses->first; l; l = l->next)
        if (lx_slice_eq(l->what, name))
            return true;
    return false;
}

/* 1: taken; 0: not; or a code, when it could not be found out. */
static int try_param(const struct lx_deployment *d, struct lx_slice model, const struct trials *of,
                     const struct trial *t, struct lx_arena *a, struct lx_buf *body)
{
    struct lx_route_settings settings;
    struct lx_json_doc doc;
    struct lx_attempt at;
    struct lx_fault fault = {0};
    struct lx_slice text =
        lx_arena_printf(a, "{\"model\":\"m\",%s,\"%s\":%s%s}", of->body, t->name, t->json, t->with);
    lx_route_settings_default(&settings);
    lx_json_doc_init(&doc);
    lx_buf_reset(body);
    int code = text.p ? lx_json_read(&doc, text, NULL, NULL) : a->failed;
    if (code == 0)
        code = lx_attempt_write(&at, d, &settings, of->front, &doc, NULL, model, LX_UNSET, NULL, a,
                                body, &fault);
    lx_json_doc_clear(&doc);
    if (code == 0)
        return !is_lost(&at.losses, lx_slice_z(t->name));
    return fault.kind == LX_FAULT_UNSUPPORTED_PARAMS || fault.kind == LX_FAULT_BAD_REQUEST ? 0
                                                                                           : code;
}

int lx_params_taken(const struct lx_deployment *d, struct lx_slice model,
                    enum lx_operation operation, struct lx_buf *out)
{
    const struct trials *of = operation == LX_OPERATION_EMBED ? &embeddings : &chats;
    struct lx_deployment whole = *d;
    struct lx_secret some = {NULL, 0};
    struct lx_arena a;
    struct lx_buf body;
    int taken = 0;
    lx_arena_init(&a, 1 << 20);
    lx_buf_init(&body, 1 << 20);
    if (!lx_secret_is_set(&whole.key)) {
        taken = lx_secret_init(&some, LX_S("none"));
        whole.key = some;
    }
    if (!whole.base_url.n)
        whole.base_url = LX_S("http://127.0.0.1");
    if (!whole.project.n)
        whole.project = LX_S("none");
    for (size_t i = 0; i < of->count && taken >= 0; i++) {
        taken = try_param(&whole, model, of, &of->first[i], &a, &body);
        if (taken > 0)
            lx_buf_addf(out, "%s%s", out->n ? " " : "", of->first[i].name);
        lx_arena_reset(&a);
    }
    lx_secret_clear(&some);
    lx_buf_clear(&body);
    lx_arena_clear(&a);
    return taken < 0 ? taken : out->failed;
}
