/*
 * gemini_usage.c - back: usage and errors of generateContent.
 *
 * Gemini counts thoughts beside the answer, and what tools put into the prompt beside the prompt;
 * the vocabulary's totals include both. Errors are google.rpc.Status; what is none is read as
 * every gateway's errors are.
 */
#include "dialect/gemini.h"

/* ---- Usage ---------------------------------------------------------------------------------- */

#define MAX_COUNT (INT64_MAX >> 16) /* more than any bill: sums of these cannot overflow */

static int64_t count_of(struct lx_json v)
{
    int64_t n;
    return lx_json_int(v, &n) == 0 && n >= 0 && n <= MAX_COUNT ? n : 0;
}

/* What each kind of token is called; some SDKs record the numbers of the proto instead. */
enum modality { TEXT, IMAGE, VIDEO, AUDIO, DOCUMENT, MODALITIES };

struct split {
    int64_t of[MODALITIES];
};

static void split_add(struct split *s, struct lx_json details)
{
    static const struct lx_slice names[] = {
        [TEXT] = LX_S_INIT("TEXT"),         [IMAGE] = LX_S_INIT("IMAGE"),
        [VIDEO] = LX_S_INIT("VIDEO"),       [AUDIO] = LX_S_INIT("AUDIO"),
        [DOCUMENT] = LX_S_INIT("DOCUMENT"),
    };
    for (struct lx_json_iter it = lx_json_iter(details); lx_json_next(&it);) {
        struct lx_json modality = LX_GET(it.value, "modality");
        int64_t number = 0;
        lx_json_int(modality, &number);
        for (int m = TEXT; m < MODALITIES; m++)
            if ((lx_json_eq(modality, names[m]) || number == m + 1) && s->of[m] <= MAX_COUNT)
                s->of[m] += count_of(LX_GET(it.value, "tokenCount"));
    }
}

static void read_split(struct lx_json usage, struct lx_usage *u)
{
    struct split prompt = {0}, cached = {0}, completion = {0};
    struct lx_json details = LX_GET(usage, "promptTokensDetails");
    if (!lx_json_given(details)) /* of embeddings, recorded 2026 */
        details = LX_GET(usage, "promptTokenDetails");
    split_add(&prompt, details);
    split_add(&prompt, LX_GET(usage, "toolUsePromptTokensDetails"));
    split_add(&cached, LX_GET(usage, "cacheTokensDetails"));
    split_add(&completion, LX_GET(usage, "candidatesTokensDetails"));
    u->prompt_text_tokens = prompt.of[TEXT];
    /* Pages of a document are seen, and billed, as images. */
    u->prompt_image_tokens = prompt.of[IMAGE] + prompt.of[DOCUMENT];
    u->prompt_video_tokens = prompt.of[VIDEO];
    u->prompt_audio_tokens = prompt.of[AUDIO];
    u->cached_audio_tokens = cached.of[AUDIO];
    u->completion_text_tokens = completion.of[TEXT];
    u->completion_image_tokens = completion.of[IMAGE];
    u->completion_video_tokens = completion.of[VIDEO];
    u->completion_audio_tokens = completion.of[AUDIO];
    u->has_prompt_details = lx_json_count(details) != 0;
}

/* As static bytes that outlive a record. */
static struct lx_slice tier_of(struct lx_json tier)
{
    static const struct lx_slice tiers[] = {LX_S_INIT("standard"), LX_S_INIT("flex"),
                                            LX_S_INIT("priority"), LX_S_INIT("batch")};
    for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
        if (lx_json_eq(tier, tiers[i]))
            return tiers[i];
    return lx_slice(NULL, 0);
}

void lx_gemini_usage_read(struct lx_json usage, struct lx_usage *u)
{
    if (!lx_json_is(usage, LX_JSON_OBJECT) || !lx_json_count(usage))
        return;
    *u = (struct lx_usage){.known = true};
    u->prompt_tokens = count_of(LX_GET(usage, "promptTokenCount")) +
                       count_of(LX_GET(usage, "toolUsePromptTokenCount"));
    u->reasoning_tokens = count_of(LX_GET(usage, "thoughtsTokenCount"));
    u->completion_tokens = count_of(LX_GET(usage, "candidatesTokenCount")) + u->reasoning_tokens;
    u->has_completion_details = lx_json_given(LX_GET(usage, "thoughtsTokenCount"));
    u->cached_tokens = count_of(LX_GET(usage, "cachedContentTokenCount"));
    u->has_cached = lx_json_given(LX_GET(usage, "cachedContentTokenCount"));
    u->total_tokens = count_of(LX_GET(usage, "totalTokenCount"));
    if (!u->total_tokens)
        u->total_tokens = u->prompt_tokens + u->completion_tokens;
    read_split(usage, u);
    u->service_tier = tier_of(LX_GET(usage, "serviceTier"));
    u->raw = lx_json_raw(usage);
}

enum { MAX_COMPARED = 64 }; /* queries; of more than these each counts */

static bool has_chunk(struct lx_json grounding, const char *kind)
{
    struct lx_json chunks = LX_GET(grounding, "groundingChunks");
    for (struct lx_json_iter it = lx_json_iter(chunks); lx_json_next(&it);)
        if (lx_json_given(lx_json_get(it.value, lx_slice_z(kind))))
            return true;
    return false;
}

static bool has_maps(struct lx_json grounding)
{
    return has_chunk(grounding, "maps") ||
           lx_json_given(LX_GET(grounding, "googleMapsWidgetContextToken"));
}

/* The queries so far, of the web or of maps. */
struct queries {
    struct lx_slice v[MAX_COMPARED];
    size_t n;
};

static bool is_new(struct queries *q, struct lx_slice query)
{
    if (!query.n)
        return false;
    for (size_t i = 0; i < q->n; i++)
        if (lx_slice_eq(q->v[i], query))
            return false;
    if (q->n < MAX_COMPARED)
        q->v[q->n++] = query;
    return true;
}

void lx_gemini_searches_read(struct lx_json candidates, struct lx_gemini_searches *s)
{
    struct queries web = {.n = 0}, maps = {.n = 0};
    struct lx_gemini_searches found = {.web = 0};
    for (struct lx_json_iter it = lx_json_iter(candidates); lx_json_next(&it);) {
        struct lx_json grounding = LX_GET(it.value, "groundingMetadata");
        struct lx_json asked = LX_GET(grounding, "webSearchQueries");
        bool is_maps = has_maps(grounding), only_maps = is_maps && !has_chunk(grounding, "web");
        for (struct lx_json_iter q = lx_json_iter(asked); lx_json_next(&q);)
            if (is_new(only_maps ? &maps : &web, lx_json_text(q.value).s))
                *(only_maps ? &found.maps : &found.web) += 1;
        if (is_maps && !found.maps)
            found.maps = 1;
        s->are_paid |= (lx_json_count(asked) || has_chunk(grounding, "maps")) &&
                       !lx_json_given(LX_GET(it.value, "urlContextMetadata"));
    }
    s->web = found.web ? found.web : s->web;
    s->maps = found.maps ? found.maps : s->maps;
}

void lx_gemini_searches_tell(const struct lx_gemini_searches *s, struct lx_json usage,
                             struct lx_usage *u)
{
    struct split found = {0};
    u->web_search_requests = s->web;
    u->maps_requests = s->maps;
    if (!s->are_paid)
        return;
    int64_t tokens = count_of(LX_GET(usage, "toolUsePromptTokenCount"));
    split_add(&found, LX_GET(usage, "toolUsePromptTokensDetails"));
    u->prompt_tokens -= tokens < u->prompt_tokens ? tokens : u->prompt_tokens;
    u->prompt_text_tokens -=
        found.of[TEXT] < u->prompt_text_tokens ? found.of[TEXT] : u->prompt_text_tokens;
}

/* ---- Errors --------------------------------------------------------------------------------- */

/* google.rpc.Code; a status says more than its HTTP status only where that is missing. */
static const struct {
    struct lx_slice name;
    int status;
} statuses[] = {
    {LX_S_INIT("INVALID_ARGUMENT"), 400},  {LX_S_INIT("FAILED_PRECONDITION"), 400},
    {LX_S_INIT("OUT_OF_RANGE"), 400},      {LX_S_INIT("UNAUTHENTICATED"), 401},
    {LX_S_INIT("PERMISSION_DENIED"), 403}, {LX_S_INIT("NOT_FOUND"), 404},
    {LX_S_INIT("ABORTED"), 409},           {LX_S_INIT("RESOURCE_EXHAUSTED"), 429},
    {LX_S_INIT("CANCELLED"), 499},         {LX_S_INIT("INTERNAL"), 500},
    {LX_S_INIT("UNAVAILABLE"), 503},       {LX_S_INIT("DEADLINE_EXCEEDED"), 504},
};

static int status_of(struct lx_json error)
{
    int64_t code;
    if (lx_json_int(LX_GET(error, "code"), &code) == 0 && code >= 400 && code < 600)
        return (int)code;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (lx_json_eq(LX_GET(error, "status"), statuses[i].name))
            return statuses[i].status;
    return 0;
}

/* google.protobuf.Duration: "34s", "34.074824224s". */
static int64_t duration_ms(struct lx_slice s)
{
    struct lx_slice whole, fraction;
    int64_t seconds, ms = 0;
    if (!lx_slice_ends(s, LX_S("s")))
        return -1;
    lx_slice_cut(lx_slice_to(s, s.n - 1), '.', &whole, &fraction);
    if (lx_slice_int(whole, &seconds) || seconds < 0 || seconds > INT64_MAX / 1000 - 1)
        return -1;
    for (size_t i = 0; i < 3; i++) {
        bool digit = i < fraction.n && fraction.p[i] >= '0' && fraction.p[i] <= '9';
        ms = ms * 10 + (digit ? fraction.p[i] - '0' : 0);
    }
    return seconds * 1000 + ms;
}

/* google.rpc.ErrorInfo and google.rpc.RetryInfo. A bad key is a bad argument to Google, and a
 * failed authentication to everybody else (LiteLLM too). */
static void read_details(struct lx_json details, struct lx_arena *a, struct lx_fault *f)
{
    for (struct lx_json_iter it = lx_json_iter(details); lx_json_next(&it);) {
        struct lx_json reason = LX_GET(it.value, "reason");
        int64_t delay = duration_ms(lx_json_str(LX_GET(it.value, "retryDelay"), a));
        if (delay >= 0)
            f->retry_after_ms = delay;
        if (lx_json_is(reason, LX_JSON_STRING))
            f->code = lx_json_str(reason, a);
        if (lx_json_eq(reason, LX_S("API_KEY_INVALID"))) {
            f->kind = LX_FAULT_AUTHENTICATION;
            f->status = 401;
        }
    }
}

/* What Google said, over what any gateway's error says. */
static void read_status(struct lx_json body, int status, struct lx_arena *a, struct lx_fault *f)
{
    if (lx_json_is(body, LX_JSON_ARRAY))
        body = lx_json_at(body, 0);
    struct lx_json error = LX_GET(body, "error");
    if (!lx_json_is(LX_GET(error, "message"), LX_JSON_STRING))
        return;
    f->message = lx_json_str(LX_GET(error, "message"), a);
    f->type = lx_slice(NULL, 0);
    f->code = lx_json_str(LX_GET(error, "status"), a);
    f->status = status >= 400 ? status : status_of(error);
    f->kind = lx_fault_refine(lx_fault_of_status(f->status), f->message);
    read_details(LX_GET(error, "details"), a, f);
}

void lx_gemini_fault_read(struct lx_json record, struct lx_arena *a, struct lx_fault *out)
{
    *out = (struct lx_fault){.kind = LX_FAULT_API, .retry_after_ms = -1};
    out->message = lx_json_str(LX_GET(record, "error"), a); /* some gateways say no more */
    read_status(record, 0, a, out);
    if (!out->message.n)
        out->message = LX_S("the provider reported an error");
}

void lx_gemini_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                          struct lx_arena *a, struct lx_fault *out)
{
    struct lx_json_doc doc;
    struct lx_json_limits limits = {.max_bytes = 1 << 20};
    lx_dialect_openai_chat.back->read_error(status, body, headers, a, out);
    lx_json_doc_init(&doc);
    int code = body.n ? lx_json_read(&doc, body, &limits, NULL) : LX_EJSON;
    if (code == 0)
        read_status(lx_json_root(&doc), status, a, out);
    lx_json_doc_clear(&doc);
    if (code == LX_ENOMEM || a->failed) /* what the provider said is lost */
        *out = lx_fault_of_error(LX_ENOMEM, NULL, a);
}
