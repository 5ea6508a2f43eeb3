/*
 * fault.c - which kind of fault something is, and what its kind means.
 *
 * Backs call it when they read an error body, the call machine when an attempt fails on our side.
 * It decides nothing about retries beyond the kind's own column.
 */
#include "llm/fault.h"

#include "base/text.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct row {
    const char *class, *openai, *anthropic;
    int status;
    bool retryable;
};

static const struct row rows[LX_FAULT_COUNT] = {
#define LX_FAULT(id, litellm, code, openai_type, anthropic_type, again) \
    [LX_FAULT_##id] = {litellm, openai_type, anthropic_type, code, again},
    LX_FAULTS(LX_FAULT)
#undef LX_FAULT
};

const char *lx_fault_class(enum lx_fault_kind k)
{
    return rows[k].class;
}

int lx_fault_status(const struct lx_fault *f)
{
    return f->status ? f->status : rows[f->kind].status;
}

bool lx_fault_retryable(const struct lx_fault *f)
{
    return rows[f->kind].retryable;
}

const char *lx_fault_openai_type(enum lx_fault_kind k)
{
    return rows[k].openai;
}

const char *lx_fault_anthropic_type(enum lx_fault_kind k)
{
    return rows[k].anthropic;
}

/* Statuses whose kind is not told by their class; the ranges follow in the function. */
static const struct status_kind {
    int status;
    enum lx_fault_kind kind;
} status_kinds[] = {
    {401, LX_FAULT_AUTHENTICATION}, {402, LX_FAULT_BILLING},     {403, LX_FAULT_PERMISSION},
    {404, LX_FAULT_NOT_FOUND},      {408, LX_FAULT_TIMEOUT},     {413, LX_FAULT_TOO_LARGE},
    {422, LX_FAULT_UNPROCESSABLE},  {425, LX_FAULT_UNAVAILABLE}, {429, LX_FAULT_RATE_LIMIT},
    {498, LX_FAULT_UNAVAILABLE}, /* Groq: flex tier capacity exceeded */
    {502, LX_FAULT_BAD_GATEWAY},    {503, LX_FAULT_UNAVAILABLE}, {504, LX_FAULT_TIMEOUT},
    {522, LX_FAULT_TIMEOUT},    /* Cloudflare: connection to the origin timed out */
    {524, LX_FAULT_TIMEOUT},    /* Cloudflare: the origin did not answer in time */
    {529, LX_FAULT_OVERLOADED}, /* Anthropic */
};

enum lx_fault_kind lx_fault_of_status(int status)
{
    for (size_t i = 0; i < COUNT(status_kinds); i++)
        if (status_kinds[i].status == status)
            return status_kinds[i].kind;
    if (status >= 400 && status < 500)
        return LX_FAULT_BAD_REQUEST;
    if (status >= 500 && status < 600)
        return LX_FAULT_INTERNAL;
    return LX_FAULT_API;
}

/* Codes that are not listed are faults of ours: INTERNAL. */
static const struct code_kind {
    int code;
    enum lx_fault_kind kind;
} code_kinds[] = {
    {LX_ELIMIT, LX_FAULT_TOO_LARGE},         {LX_EINVAL, LX_FAULT_BAD_REQUEST},
    {LX_EJSON, LX_FAULT_BAD_REQUEST},        {LX_EUTF8, LX_FAULT_BAD_REQUEST},
    {LX_EDEPTH, LX_FAULT_BAD_REQUEST},       {LX_EUNSUPPORTED, LX_FAULT_UNSUPPORTED_PARAMS},
    {LX_EMODEL, LX_FAULT_BAD_REQUEST},       {LX_EPROVIDER, LX_FAULT_BAD_REQUEST},
    {LX_EAUTH, LX_FAULT_AUTHENTICATION},     {LX_EHTTP, LX_FAULT_BAD_REQUEST},
    {LX_EPROTO, LX_FAULT_BAD_GATEWAY},       {LX_ETRUNCATED, LX_FAULT_BAD_GATEWAY},
    {LX_ETOOBIG, LX_FAULT_BAD_GATEWAY},      {LX_EDNS, LX_FAULT_CONNECTION},
    {LX_ECONNECT, LX_FAULT_CONNECTION},      {LX_ETLS, LX_FAULT_CONNECTION},
    {LX_ETIMEOUT_CONNECT, LX_FAULT_TIMEOUT}, {LX_ETIMEOUT_FIRST_BYTE, LX_FAULT_TIMEOUT},
    {LX_ETIMEOUT_IDLE, LX_FAULT_TIMEOUT},    {LX_ETIMEOUT_TOTAL, LX_FAULT_TIMEOUT},
    {LX_ECLOSED, LX_FAULT_CONNECTION},       {LX_ECANCELLED, LX_FAULT_API},
    {LX_EBUSY, LX_FAULT_UNAVAILABLE},        {LX_ENOTFOUND, LX_FAULT_NOT_FOUND},
};

struct lx_fault lx_fault_of_error(int code, const struct lx_error *err, struct lx_arena *a)
{
    struct lx_fault f = {
        .kind = LX_FAULT_INTERNAL, .status = lx_code_status(code), .retry_after_ms = -1};
    for (size_t i = 0; i < COUNT(code_kinds); i++)
        if (code_kinds[i].code == code)
            f.kind = code_kinds[i].kind;
    const char *text = err && err->text[0] ? err->text : lx_code_text(code);
    f.message = lx_arena_copy(a, lx_slice_z(text));
    if (!f.message.p)
        f.message = lx_slice_z(lx_code_text(code)); /* static: needs no memory */
    return f;
}

/* ---- When to try again -------------------------------------------------------------------- */

int64_t lx_fault_reset_ms(const struct lx_headers *h, int64_t now_s)
{
    enum { DAY_S = 86400 };
    const int64_t milliseconds = INT64_C(100000000000); /* 1973 in these, year 5138 in seconds */
    int64_t at;
    if (!lx_slice_eq(lx_headers_get(h, LX_S("x-ratelimit-remaining")), LX_S("0")) ||
        lx_slice_int(lx_slice_trim(lx_headers_get(h, LX_S("x-ratelimit-reset"))), &at) != 0 ||
        at < 0)
        return -1;
    if (at <= DAY_S) /* a span */
        return at * 1000;
    if (at < milliseconds)
        at *= 1000;
    return at > now_s * 1000 ? at - now_s * 1000 : 0;
}

/* ---- Phrases ------------------------------------------------------------------------------ */

/*
 * What providers say instead of a code, in lower case. Taken from recorded 4xx bodies (OpenAI,
 * Anthropic, Gemini, Mistral, Groq, xAI, DeepSeek, Bedrock, vLLM, llama.cpp, Azure) and from the
 * conditions that LiteLLM's exception mapping tests for.
 */
static const char *const context_phrases[] = {
    "maximum context length",
    "context_length_exceeded",
    "context length exceeded",
    "exceed context limit",
    "exceeds the context",
    "exceeded the context",
    "exceeds the available context size",
    "exceeds context window",
    "exceed the context window",
    "exceeds the model's context",
    "model's context length",
    "maximum context limit",
    "prompt is too long",
    "prompt contains too many tokens",
    "input is too long",
    "input tokens exceed the configured limit",
    "input length and `max_tokens` exceed",
    "input token count exceeds",
    "input token count (",
    "exceeds the maximum number of tokens allowed",
    "maximum prompt length is",
    "too many input tokens",
    "too many tokens", /* Cohere */
    "too large for model with",
    "reduce the length of the messages",
    "`inputs` tokens + `max_new_tokens` must be",
    "expected a string with maximum length",
};

static const char *const policy_phrases[] = {
    "content_policy_violation",
    "content management policy",
    "content policy violation",
    "violates our content policy",
    "violating our usage policy",
    "usage policies",
    "responsibleaipolicyviolation",
    "result of our safety system",
    "rejected by the safety system",
    "rejected as a result of our",
    "output blocked by content filtering policy",
    "content filtering policy",
    "potentially sensitive or unsafe content",
    "data_inspection_failed",
    "inappropriate content",
    "content exists risk",
    "violates usage guidelines",
    "your chosen model requires moderation",
};

enum { SCAN_BYTES = 4096 }; /* an explanation comes early; an echoed prompt after it */

static bool says(struct lx_slice s, const char *phrase)
{
    size_t n = strlen(phrase);
    for (size_t i = 0; i + n <= s.n; i++) {
        size_t k = 0;
        while (k < n && lx_ascii_lower(s.p[i + k]) == phrase[k])
            k++;
        if (k == n)
            return true;
    }
    return false;
}

static bool says_one(struct lx_slice s, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (says(s, phrases[i]))
            return true;
    return false;
}

/* Kinds that a status alone leaves vague. llama.cpp answers 500 where the prompt is too long. */
static bool is_vague(enum lx_fault_kind k)
{
    return k == LX_FAULT_BAD_REQUEST || k == LX_FAULT_UNPROCESSABLE || k == LX_FAULT_TOO_LARGE ||
           k == LX_FAULT_INTERNAL || k == LX_FAULT_API;
}

enum lx_fault_kind lx_fault_refine(enum lx_fault_kind kind, struct lx_slice message)
{
    bool vague = is_vague(kind);
    if (!vague && kind != LX_FAULT_PERMISSION) /* xAI and OpenRouter answer 403 to bad content */
        return kind;
    message = lx_slice_to(message, SCAN_BYTES);
    if (vague && says_one(message, context_phrases, COUNT(context_phrases)))
        return LX_FAULT_CONTEXT_WINDOW;
    if (says_one(message, policy_phrases, COUNT(policy_phrases)))
        return LX_FAULT_CONTENT_POLICY;
    return kind;
}

static struct lx_slice keep(struct lx_slice s, struct lx_arena *a)
{
    return s.n ? lx_arena_copy(a, s) : lx_slice(NULL, 0);
}

struct lx_fault lx_fault_copy(const struct lx_fault *f, struct lx_arena *a)
{
    struct lx_fault copy = *f;
    copy.message = keep(f->message, a);
    copy.type = keep(f->type, a);
    copy.code = keep(f->code, a);
    copy.param = keep(f->param, a);
    copy.provider = keep(f->provider, a);
    copy.model = keep(f->model, a);
    copy.raw = keep(f->raw, a);
    return copy;
}
