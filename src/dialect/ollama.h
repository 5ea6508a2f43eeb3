/*
 * ollama.h - what the files of the Ollama dialect share; nobody else includes it.
 *
 *   ollama.c           the dialect's table, finish reasons, usage, errors
 *   ollama_write.c     back: canonical request -> a body of /api/chat: all but its messages
 *   ollama_messages.c  back: its messages
 *   ollama_read.c      back: a stream's lines, or a whole reply -> events
 *
 * The language of POST /api/chat. Facts come from Ollama's OpenAPI document and pages
 * (docs.ollama.com, 2026), from what its own OpenAI-compatible address makes of requests, and from
 * recorded traffic; where LiteLLM is followed it says so. /api/generate is not spoken: LiteLLM's
 * `ollama/` flattens a conversation for it by a template, which /api/chat does itself, with the
 * model's own.
 */
#ifndef LX_DIALECT_OLLAMA_H
#define LX_DIALECT_OLLAMA_H

#include "dialect/scalar.h"

#define LX_OLLAMA LX_S("ollama_chat")

/* ---- Reading (ollama.c, ollama_read.c) ---- */

/* `record` is a line of a stream, or a whole reply. */
enum lx_finish lx_ollama_finish_read(struct lx_json record, bool calls);
void lx_ollama_usage_read(struct lx_json record, struct lx_usage *u);

/* A reply being read: a stream, or a whole one as a stream of one line. */
struct lx_ollama_reading {
    int64_t index;          /* of the part in the reply: the next, or the open one */
    enum lx_part_kind kind; /* of the open part */
    int64_t calls;          /* so far: they may have no ids */
    bool open, started, ended;
    bool said, thinks; /* text; and it is thinking, between tags */
};

/* These are what struct lx_back says of its members. */
int lx_ollama_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
int lx_ollama_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                         const struct lx_reply_context *ctx, struct lx_events *out,
                         struct lx_error *err);
int lx_ollama_read_end(void *state, struct lx_events *out, struct lx_error *err);

/* ---- Writing (ollama_write.c, ollama_messages.c) ---- */

struct lx_ollama_call;

struct lx_ollama_writer {
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
    struct lx_out out;
    struct lx_json_doc scratch;                  /* for JSON inside JSON */
    struct lx_ollama_call *calls;                /* so far, newest first: results need names */
    bool lost_cache, lost_is_error, lost_hidden; /* each is said once */
};

/* A cache mark, which has no place: the first is listed as a loss. */
void lx_ollama_lose_cache(struct lx_ollama_writer *w, const struct lx_cache_mark *mark);

void lx_ollama_write_request(const struct lx_write_options *o, const struct lx_request *r,
                             struct lx_body *b);
void lx_ollama_messages_write(struct lx_ollama_writer *w); /* "messages" */

#endif
