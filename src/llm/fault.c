/*
 * fault.c - which kind of fault something is, and what its kind means.
 *
 * Backs call it when they read an error body, the call machine when an attempt fails on our side.
 * It decides nothing about retries beyond the kind's own column.
 */
#include "llm/fault.h"

#include "base/text.h"
#include "wire/date.h"
#include "wire/moment.h"

#include <string.h>

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

/* A limit is 429 to all clients, also where a provider says it with 400, 403 or 413. */
int lx_fault_status(const struct lx_fault *f)
{
    bool limit = f->kind == LX_FAULT_RATE_LIMIT;
    return f->status && !limit ? f->status : rows[f->kind].status;
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

/* "6m0s", "1.242s", "20ms": OpenAI's and Groq's spans of time; -1: none of these. */
static int64_t read_span(struct lx_slice s)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    int64_t total = 0;
    while (s.n) {
        size_t digits = 0, end, i = 0;
        while (digits < s.n && (s.p[digits] == '.' || (s.p[digits] >= '0' && s.p[digits] <= '9')))
            digits++;
        for (end = digits; end < s.n && s.p[end] >= 'a' && s.p[end] <= 'z'; end++)
            ;
        struct lx_slice unit = lx_slice(s.p + digits, end - digits);
        int64_t n = lx_seconds_read_ms(lx_slice_to(s, digits)); /* in thousandths */
        if (n < 0 || n > INT64_MAX / 86400000)
            return -1;
        while (i < COUNT(units) && !lx_slice_eq(unit, lx_slice_z(units[i].unit)))
            i++;
        if (i == COUNT(units) && !lx_slice_eq(unit, LX_S("ms")))
            return -1;
        total += i < COUNT(units) ? n * (units[i].ms / 1000) : (n + 999) / 1000;
        if (total > INT64_MAX / 2)
            return -1;
        s = lx_slice_from(s, end);
    }
    return total;
}

/* A moment in seconds (or milliseconds) since 1970, or RFC 3339's; a span in seconds, or with
 * units. */
static int64_t read_reset(struct lx_slice s, int64_t now_s)
{
    enum { DAY_S = 86400 };
    const int64_t milliseconds = INT64_C(100000000000); /* 1973 in these, year 5138 in seconds */
    int64_t at;
    s = lx_slice_trim(s);
    if (lx_slice_find_byte(s, 'T') >= 0) { /* Anthropic */
        if (!now_s || lx_moment_read(s, &at) != 0)
            return -1;
    } else if (lx_slice_int(s, &at) == 0 && at > DAY_S) { /* OpenRouter */
        at = at >= milliseconds ? at / 1000 : at;
        if (!now_s)
            return -1;
    } else {
        int64_t seconds = lx_seconds_read_ms(s); /* Together, Cerebras */
        return !s.n ? -1 : seconds >= 0 ? seconds : read_span(s);
    }
    return at > now_s ? (at - now_s) * 1000 : 0;
}

/*
 * x-ratelimit-remaining-tokens: 0 and x-ratelimit-reset-tokens;
 * anthropic-ratelimit-tokens-remaining and anthropic-ratelimit-tokens-reset: whatever a provider
 * calls its limits (requests, tokens, of a minute or a day), the two names differ in one word. The
 * limit that ran out is the one to wait for; of several, the last.
 */
int64_t lx_fault_reset_ms(const struct lx_headers *h, int64_t now_s)
{
    static const struct lx_slice remaining = LX_S_INIT("remaining"), reset = LX_S_INIT("reset");
    int64_t most = -1;
    for (size_t i = 0; i < h->n; i++) {
        char name[64];
        struct lx_slice said = h->v[i].name;
        if (said.n >= sizeof(name) || !lx_slice_eq(lx_slice_trim(h->v[i].value), LX_S("0")))
            continue;
        for (size_t k = 0; k < said.n; k++)
            name[k] = (char)lx_ascii_lower(said.p[k]);
        struct lx_slice lower = lx_slice(name, said.n);
        ssize_t at = lx_slice_find(lower, remaining);
        if (at < 0 || lx_slice_find(lower, LX_S("ratelimit")) < 0)
            continue;
        size_t head = (size_t)at, tail = head + remaining.n;
        memcpy(name + head, reset.p, reset.n);
        memmove(name + head + reset.n, name + tail, said.n - tail);
        int64_t ms =
            read_reset(lx_headers_get(h, lx_slice(name, said.n - remaining.n + reset.n)), now_s);
        most = ms > most ? ms : most;
    }
    return most;
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
    "expected maxlength:",                  /* Bedrock, models of Amazon's and AI21's */
    "prompt: length:",                      /* Anthropic's first models */
    "while limit is",                       /* Cerebras */
    "longer than the maximum model length", /* vLLM */
    "exceeded model token limit",           /* Moonshot */
    "range of input length should be",      /* DashScope */
    "cannot exceed the total tokens limit", /* watsonx */
    "context window limit",                 /* Cloudflare */
    "input text length should not exceed",  /* NLP Cloud */
    "length limit exceeded",                /* Hugging Face */
    "prompt exceeds max length",            /* Z.AI */
    "exceed model maximum (",               /* Bedrock's Mantle */
    "request payload size exceeds",         /* Vertex */
    "maximum input length is",              /* Together */
};

static const char *const policy_phrases[] = {
    "content_policy_violation",
    "content_filter_policy",
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
    "requires moderation on",          /* OpenRouter */
    "potentially unsafe or sensitive", /* Z.AI */
    "the response was blocked",        /* Vertex */
    "blocked by our content filters",
    "considered high risk", /* Moonshot */
};

/* Not "limit" alone, which a prompt and an image have, too. */
static const char *const rate_phrases[] = {
    "rate limit reached", "rate limit exceeded", "service tier capacity exceeded", /* Mistral */
    "on tokens per min",  /* OpenAI, Groq: a request that no minute has room for */
    "quota exceeded for", /* Google */
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

bool lx_fault_names_prompt(struct lx_slice param)
{
    return lx_slice_starts(param, LX_S("messages")) || lx_slice_starts(param, LX_S("input")) ||
           lx_slice_starts(param, LX_S("prompt"));
}

/* "Invalid 'user': string too long. ...": of what is no prompt. */
static bool is_of_other(struct lx_slice message)
{
    static const struct lx_slice begin = LX_S_INIT("Invalid '");
    return lx_slice_starts(message, begin) &&
           !lx_fault_names_prompt(lx_slice_from(message, begin.n));
}

enum lx_fault_kind lx_fault_refine(enum lx_fault_kind kind, struct lx_slice message)
{
    bool vague = is_vague(kind);
    if (!vague && kind != LX_FAULT_PERMISSION) /* xAI and OpenRouter answer 403 to bad content */
        return kind;
    message = lx_slice_to(message, SCAN_BYTES);
    if (vague && !is_of_other(message) &&
        says_one(message, context_phrases, COUNT(context_phrases)))
        return LX_FAULT_CONTEXT_WINDOW;
    if (says_one(message, policy_phrases, COUNT(policy_phrases)))
        return LX_FAULT_CONTENT_POLICY;
    if (says_one(message, rate_phrases, COUNT(rate_phrases)))
        return LX_FAULT_RATE_LIMIT;
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
