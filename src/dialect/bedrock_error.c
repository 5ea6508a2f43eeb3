/*
 * bedrock_error.c - what AWS says when something went wrong: a name in x-amzn-errortype or in the
 * body's __type, a message, and within a stream an exception in place of an event.
 *
 * The message, Retry-After and pages that are no JSON are read as the Anthropic dialect reads them:
 * gateways stand in front of this service, too.
 */
#include "dialect/bedrock.h"

/* The operations' errors, and those of every AWS service (Common Errors, 2026-08). */
static const struct {
    struct lx_slice name;
    enum lx_fault_kind kind;
} names[] = {
    {LX_S_INIT("ValidationException"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("ThrottlingException"), LX_FAULT_RATE_LIMIT},
    {LX_S_INIT("ServiceQuotaExceededException"), LX_FAULT_RATE_LIMIT},
    {LX_S_INIT("RequestLimitExceeded"), LX_FAULT_RATE_LIMIT},
    {LX_S_INIT("AccessDeniedException"), LX_FAULT_PERMISSION},
    {LX_S_INIT("NotAuthorized"), LX_FAULT_PERMISSION},
    {LX_S_INIT("OptInRequired"), LX_FAULT_PERMISSION},
    {LX_S_INIT("ResourceNotFoundException"), LX_FAULT_NOT_FOUND},
    {LX_S_INIT("UnknownOperationException"), LX_FAULT_NOT_FOUND},
    {LX_S_INIT("ModelTimeoutException"), LX_FAULT_TIMEOUT},
    {LX_S_INIT("ModelNotReadyException"), LX_FAULT_UNAVAILABLE},
    {LX_S_INIT("ServiceUnavailableException"), LX_FAULT_UNAVAILABLE},
    {LX_S_INIT("ServiceUnavailable"), LX_FAULT_UNAVAILABLE},
    {LX_S_INIT("InternalServerException"), LX_FAULT_INTERNAL},
    {LX_S_INIT("InternalFailure"), LX_FAULT_INTERNAL},
    {LX_S_INIT("ModelErrorException"), LX_FAULT_API},
    {LX_S_INIT("ModelStreamErrorException"), LX_FAULT_API},
    {LX_S_INIT("ExpiredTokenException"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("UnrecognizedClientException"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("InvalidSignatureException"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("IncompleteSignature"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("InvalidClientTokenId"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("MissingAuthenticationTokenException"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("MissingAuthenticationToken"), LX_FAULT_AUTHENTICATION},
};

enum lx_fault_kind lx_bedrock_fault_kind(struct lx_slice name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (lx_slice_eq_nocase(names[i].name, name))
            return names[i].kind;
    return LX_FAULT_NONE;
}

/* "ThrottlingException:http://internal.amazon.com/..." and "com.amazon.coral#ThrottlingException"
 */
static struct lx_slice plain_name(struct lx_slice said)
{
    struct lx_slice head, tail;
    lx_slice_cut(said, ':', &said, &tail);
    return lx_slice_trim(lx_slice_cut(said, '#', &head, &tail) ? tail : head);
}

/* 0 with *name, absent where there is none; or LX_ENOMEM. */
static int name_in_body(struct lx_slice body, struct lx_arena *a, struct lx_slice *name)
{
    struct lx_json_doc doc;
    struct lx_json_limits limits = {.max_bytes = 1 << 20};
    lx_json_doc_init(&doc);
    int code = body.n ? lx_json_read(&doc, body, &limits, NULL) : LX_EJSON;
    if (code == 0) {
        struct lx_json root = lx_json_root(&doc), type = LX_GET(root, "__type");
        *name = lx_arena_copy(a, lx_json_str(lx_json_given(type) ? type : LX_GET(root, "name"), a));
    }
    lx_json_doc_clear(&doc);
    return code == LX_ENOMEM ? code : a->failed;
}

/* A status of ours where the name says more than AWS's: 403 for credentials, 400 for quotas. */
void lx_bedrock_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                           struct lx_arena *a, struct lx_fault *out)
{
    struct lx_slice name = {NULL, 0};
    if (headers)
        name = lx_arena_copy(a, lx_headers_get(headers, LX_S("x-amzn-errortype")));
    if (!name.n && name_in_body(body, a, &name)) {
        *out = lx_fault_of_error(LX_ENOMEM, NULL, a);
        return;
    }
    lx_anthropic_read_error(status, body, headers, a, out);
    name = plain_name(name);
    enum lx_fault_kind kind = lx_bedrock_fault_kind(name);
    bool lost = body.n && !out->raw.n; /* for want of memory: that is what is told */
    if (lost || !name.n)
        return;
    out->type = name;
    if (kind == LX_FAULT_NONE)
        return;
    if (kind != lx_fault_of_status(status))
        out->status = 0;
    out->kind = lx_fault_refine(kind, out->message);
}
