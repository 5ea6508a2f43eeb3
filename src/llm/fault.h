/*
 * fault.h - an error as an API client sees it, from a provider or from us, in LiteLLM's classes.
 */
#ifndef LX_LLM_FAULT_H
#define LX_LLM_FAULT_H

#include "base/arena.h"
#include "base/error.h"
#include "wire/header.h"

/* LX_FAULT(id, LiteLLM class, default status, OpenAI type, Anthropic type, retryable) */
#define LX_FAULTS(LX_FAULT)                                                                        \
    LX_FAULT(NONE, "", 200, "", "", false)                                                         \
    LX_FAULT(BAD_REQUEST, "BadRequestError", 400, "invalid_request_error",                         \
             "invalid_request_error", false)                                                       \
    LX_FAULT(UNSUPPORTED_PARAMS, "UnsupportedParamsError", 400, "invalid_request_error",           \
             "invalid_request_error", false)                                                       \
    LX_FAULT(CONTEXT_WINDOW, "ContextWindowExceededError", 400, "invalid_request_error",           \
             "invalid_request_error", false)                                                       \
    LX_FAULT(IMAGE_FETCH, "ImageFetchError", 400, "invalid_request_error",                         \
             "invalid_request_error", false)                                                       \
    LX_FAULT(CONTENT_POLICY, "ContentPolicyViolationError", 400, "invalid_request_error",          \
             "invalid_request_error", false)                                                       \
    LX_FAULT(AUTHENTICATION, "AuthenticationError", 401, "authentication_error",                   \
             "authentication_error", false)                                                        \
    LX_FAULT(BILLING, "PaymentRequiredError", 402, "insufficient_quota", "billing_error", false)   \
    LX_FAULT(PERMISSION, "PermissionDeniedError", 403, "permission_error", "permission_error",     \
             false)                                                                                \
    LX_FAULT(NOT_FOUND, "NotFoundError", 404, "not_found_error", "not_found_error", false)         \
    LX_FAULT(TIMEOUT, "Timeout", 408, "timeout_error", "timeout_error", true)                      \
    LX_FAULT(TOO_LARGE, "BadRequestError", 413, "invalid_request_error", "request_too_large",      \
             false)                                                                                \
    LX_FAULT(UNPROCESSABLE, "UnprocessableEntityError", 422, "invalid_request_error",              \
             "invalid_request_error", false)                                                       \
    LX_FAULT(RATE_LIMIT, "RateLimitError", 429, "rate_limit_error", "rate_limit_error", true)      \
    LX_FAULT(QUOTA, "RateLimitError", 429, "insufficient_quota", "rate_limit_error", false)        \
    LX_FAULT(INTERNAL, "InternalServerError", 500, "server_error", "api_error", true)              \
    LX_FAULT(CONNECTION, "APIConnectionError", 500, "server_error", "api_error", true)             \
    LX_FAULT(BAD_GATEWAY, "BadGatewayError", 502, "server_error", "api_error", true)               \
    LX_FAULT(UNAVAILABLE, "ServiceUnavailableError", 503, "server_error", "overloaded_error",      \
             true)                                                                                 \
    LX_FAULT(OVERLOADED, "InternalServerError", 529, "overloaded_error", "overloaded_error", true) \
    LX_FAULT(JSON_SCHEMA, "JSONSchemaValidationError", 500, "api_error", "api_error", true)        \
    LX_FAULT(API, "APIError", 500, "api_error", "api_error", true)

enum lx_fault_kind {
#define LX_FAULT(id, class, status, openai, anthropic, retryable) LX_FAULT_##id,
    LX_FAULTS(LX_FAULT)
#undef LX_FAULT
        LX_FAULT_COUNT
};

struct lx_fault {
    enum lx_fault_kind kind;
    int status;              /* for the client; 0: the kind's default */
    struct lx_slice message; /* plain text */
    struct lx_slice type;    /* the provider's own type and code, where it sent some */
    struct lx_slice code;
    struct lx_slice param;
    struct lx_slice provider; /* "openai" */
    struct lx_slice model;
    int64_t retry_after_ms; /* -1: not said */
    struct lx_slice raw;    /* the provider's body */
};

const char *lx_fault_class(enum lx_fault_kind k); /* "RateLimitError" */
int lx_fault_status(const struct lx_fault *f);
bool lx_fault_retryable(const struct lx_fault *f);
const char *lx_fault_openai_type(enum lx_fault_kind k);
const char *lx_fault_anthropic_type(enum lx_fault_kind k);
/* When the limits that ran out are full again, in milliseconds from now, by the headers in which
 * providers tell what remains; -1: not said. now_s: wall clock; 0: there is none, and only spans of
 * time say something. */
int64_t lx_fault_reset_ms(const struct lx_headers *h, int64_t now_s);
/* The kind that an HTTP status means when nothing better is known. */
enum lx_fault_kind lx_fault_of_status(int status);
/* A fault of ours, from an error code and its text (copied into the arena). */
struct lx_fault lx_fault_of_error(int code, const struct lx_error *err, struct lx_arena *a);
/* A fault with its texts in the arena. */
struct lx_fault lx_fault_copy(const struct lx_fault *f, struct lx_arena *a);
/* Recognizes context-window, content-policy and rate-limit faults by the phrases providers use;
 * else `kind`. */
enum lx_fault_kind lx_fault_refine(enum lx_fault_kind kind, struct lx_slice message);
/* Whether the member that a provider complains about, "messages[0].content", holds the prompt. */
bool lx_fault_names_prompt(struct lx_slice param);

#endif
