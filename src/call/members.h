/*
 * members.h - the members of a request body that are for us and not for the provider.
 *
 * LiteLLM's clients put options of the gateway (num_retries, mock_response, tags, ...) beside
 * OpenAI's own. They are read here and never forwarded. Inside of call/ only.
 */
#ifndef LX_CALL_MEMBERS_H
#define LX_CALL_MEMBERS_H

#include "llm/fault.h"
#include "llm/request.h"
#include "wire/json.h"

/* Members that are looked at; those after LX_MEMBER_OURS are taken out of what is forwarded. */
enum lx_member {
    LX_MEMBER_MODEL,
    LX_MEMBER_STREAM,
    LX_MEMBER_STREAM_OPTIONS,
    LX_MEMBER_METADATA,
    LX_MEMBER_SERVICE_TIER,
    LX_MEMBER_WEB_SEARCH_OPTIONS,
    LX_MEMBER_OURS,
    LX_MEMBER_ADDITIONAL_DROP_PARAMS,
    LX_MEMBER_ALLOWED_PARAMS,
    LX_MEMBER_ALTERNATE, /* ensure_alternating_roles */
    LX_MEMBER_ASSISTANT_CONTINUE,
    LX_MEMBER_BETWEEN_BYTES,
    LX_MEMBER_CONTENT_POLICY_FALLBACKS,
    LX_MEMBER_CONTEXT_WINDOW_FALLBACKS,
    LX_MEMBER_CONTEXT_WINDOW_FALLBACK_DICT,
    LX_MEMBER_DISABLE_FALLBACKS,
    LX_MEMBER_DROP_PARAMS,
    LX_MEMBER_ENFORCE_FORMAT, /* enable_json_schema_validation */
    LX_MEMBER_EXTRA_BODY,
    LX_MEMBER_EXTRA_HEADERS,
    LX_MEMBER_EXTRA_QUERY,
    LX_MEMBER_FALLBACKS,
    LX_MEMBER_FASTEST_RESPONSE,
    LX_MEMBER_HEADERS,
    LX_MEMBER_LITELLM_METADATA,
    LX_MEMBER_MAX_FALLBACKS,
    LX_MEMBER_MAX_RETRIES,
    LX_MEMBER_MERGE_REASONING, /* merge_reasoning_content_in_choices */
    LX_MEMBER_MOCK_CALLS,      /* mock_tool_calls */
    LX_MEMBER_MOCK_DELAY,
    LX_MEMBER_MOCK_RESPONSE,
    LX_MEMBER_MOCK_TESTING_CONTENT,
    LX_MEMBER_MOCK_TESTING_CONTEXT,
    LX_MEMBER_MOCK_TESTING_GENERAL,
    LX_MEMBER_MOCK_TIMEOUT,
    LX_MEMBER_NUM_RETRIES,
    LX_MEMBER_PRIORITY,
    LX_MEMBER_PROVIDER_HEADER, /* provider_specific_header */
    LX_MEMBER_REFUSED,         /* would change where the request goes */
    LX_MEMBER_REGION,          /* allowed_model_region */
    LX_MEMBER_REQUEST_TIMEOUT,
    LX_MEMBER_RETRY_POLICY,
    LX_MEMBER_SESSION_ID, /* litellm_session_id */
    LX_MEMBER_STREAM_TIMEOUT,
    LX_MEMBER_SYSTEM_PROMPT, /* litellm_system_prompt */
    LX_MEMBER_TAKES_SYSTEM,  /* supports_system_message */
    LX_MEMBER_TAGS,
    LX_MEMBER_TIMEOUT,
    LX_MEMBER_USER_CONTINUE,
    LX_MEMBER_COUNT,
    LX_MEMBER_OTHER, /* the provider's */
};

struct lx_members {
    struct lx_json v[LX_MEMBER_COUNT]; /* of each that is looked at, the last; or NONE */
    struct lx_slice refused;           /* the name, where LX_MEMBER_REFUSED is there */
};

/* What a member is, by its plain name. */
enum lx_member lx_member_find(struct lx_slice name);
/* Reads the members of a body; with `edit`, also records the removal of ours. Escaped names are
 * unescaped into the arena. */
void lx_members_read(const struct lx_json_doc *body, struct lx_arena *a, struct lx_json_edit *edit,
                     struct lx_members *out);
/* What a client wants of us: 0 and -1 where it says nothing. */
struct lx_wishes {
    bool stream, disable_fallbacks;
    enum lx_fault_kind mock_fault; /* mock_testing_*_fallbacks: how the group fails; or NONE */
    int64_t timeout_ms, stream_timeout_ms, between_bytes_ms, max_retries, max_fallbacks;
    int64_t priority; /* -1: not said */
};
struct lx_wishes lx_members_wishes(const struct lx_members *m, enum lx_tristate stream);
/* Takes ours out of a request that was read from a body. */
void lx_members_strip(struct lx_request *r);
/* Seconds, whole or with a fraction, as milliseconds; 0 when v says no positive time. */
int64_t lx_members_ms(struct lx_json v);

/* The table's names, so that a test can see that they are in order. */
extern const size_t lx_member_names_count;
struct lx_slice lx_member_name(size_t i);

/* The strings of a configured list and of the client's own, at most 64 of those, in the arena;
 * *total is how many. NULL: there are none, or no memory. */
struct lx_slice *lx_members_join(const struct lx_slice *ours, size_t count, struct lx_json theirs,
                                 struct lx_arena *a, size_t *total);

#endif
