/*
 * cohere.h - what the files of the Cohere dialect share; nobody else includes it.
 *
 *   cohere.c           the dialect's table, finish reasons, usage, errors
 *   cohere_write.c     back: canonical request -> a v2 chat body: all but its messages
 *   cohere_messages.c  back: its messages and documents
 *   cohere_read.c      back: a stream's events, or a whole reply -> events
 *   cohere_cite.c      back: citations and log-probabilities -> events
 *
 * The language of POST /v2/chat. Facts come from Cohere's OpenAPI document (2026), its pages
 * (docs.cohere.com) and recorded traffic; where LiteLLM is followed it says so. The older /v1/chat
 * is not spoken: every chat model that Cohere still serves answers on /v2/chat.
 */
#ifndef LX_DIALECT_COHERE_H
#define LX_DIALECT_COHERE_H

#include "dialect/scalar.h"

#define LX_COHERE LX_S("cohere_chat")

/* Thinking that is signed so is a tool_plan: what a model that does not reason says of the tools it
 * is about to call. It goes back as one. The colon keeps other providers from taking it for theirs.
 */
#define LX_COHERE_PLAN LX_S("cohere:tool_plan")

/* ---- Reading (cohere.c, cohere_read.c, cohere_cite.c) ---- */

/* NONE where nothing is said; *name is static, or absent where the reason is not known. ERROR and
 * TIMEOUT are no reasons but faults: see lx_cohere_fault_of. */
enum lx_finish lx_cohere_finish_read(struct lx_json reason, struct lx_slice *name);
/* The fault that a finish reason says; NONE: it says none. */
enum lx_fault_kind lx_cohere_fault_of(struct lx_json reason);
void lx_cohere_usage_read(struct lx_json usage, struct lx_usage *u);
void lx_cohere_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                          struct lx_arena *a, struct lx_fault *out);

/* A reply being read: a stream, or a whole one. */
struct lx_cohere_reading {
    int64_t index;          /* of the part in the reply: the next, or the open one */
    enum lx_part_kind kind; /* of the open part */
    bool open, plan;        /* plan: the open part is a tool_plan */
    bool argued;            /* the open call has arguments */
    bool started, ended;
};

/* One record while it is read. */
struct lx_cohere_reader {
    struct lx_cohere_reading *s;
    const struct lx_reply_context *ctx;
    struct lx_events *out;
    int code;
};
struct lx_event *lx_cohere_event_add(const struct lx_cohere_reader *r, enum lx_event_kind kind);
void lx_cohere_part_close(struct lx_cohere_reader *r);
/* A citation: annotations of the open text in OpenAI's language, or a part of Cohere's own. */
void lx_cohere_citation_tell(struct lx_cohere_reader *r, struct lx_json citation);
/* One item, or a list of them, in OpenAI's shape. */
void lx_cohere_logprobs_tell(struct lx_cohere_reader *r, struct lx_json items);

/* These are what struct lx_back says of its members. */
int lx_cohere_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
int lx_cohere_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                         const struct lx_reply_context *ctx, struct lx_events *out,
                         struct lx_error *err);
int lx_cohere_read_end(void *state, struct lx_events *out, struct lx_error *err);

/* ---- Writing (cohere_write.c, cohere_messages.c) ---- */

struct lx_cohere_writer {
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
    struct lx_out out;
    struct lx_json_doc scratch;                  /* for JSON inside JSON */
    bool lost_cache, lost_is_error, lost_hidden; /* each is said once */
};

/* A cache mark, which has no place: the first is listed as a loss. */
void lx_cohere_lose_cache(struct lx_cohere_writer *w, const struct lx_cache_mark *mark);

void lx_cohere_write_request(const struct lx_write_options *o, const struct lx_request *r,
                             struct lx_body *b);
void lx_cohere_messages_write(struct lx_cohere_writer *w); /* "messages" */
/* "documents": the client's own, and those that are to be cited. */
void lx_cohere_documents_write(struct lx_cohere_writer *w);

#endif
