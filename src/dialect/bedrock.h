/*
 * bedrock.h - what the files of the Converse dialect share. Nobody else includes it.
 *
 *   bedrock.c           the table, addresses, finish reasons
 *   bedrock_family.c    what models of a family take, where they differ
 *   bedrock_write.c     the canonical request -> a Converse body: all but what follows
 *   bedrock_tools.c     ... toolConfig
 *   bedrock_messages.c  ... system and messages
 *   bedrock_part.c      ... content blocks
 *   bedrock_reply.c     a Converse reply -> the canonical reply; usage
 *   bedrock_read.c      the records of a ConverseStream -> events
 *   bedrock_error.c     faults
 *
 * Facts are from the service's Smithy model (bedrock-runtime 2023-09-30, as botocore carried it in
 * 2026-08), the user guide, and recorded traffic. Helpers for JSON inside JSON are shared with
 * the Anthropic dialect, whose content blocks these grew out of.
 */
#ifndef LX_DIALECT_BEDROCK_H
#define LX_DIALECT_BEDROCK_H

#include "dialect/anthropic.h"

#define LX_BEDROCK              LX_S("bedrock_converse")
#define LX_BEDROCK_THOUGHT_PATH "/usage/output_tokens_details"

/* ---- Families (bedrock_family.c) ---- */

/* How a family is told how much to think. */
enum lx_bedrock_thinking {
    LX_BEDROCK_THINKS_NOT,    /* or always, and cannot be told */
    LX_BEDROCK_THINKS_CLAUDE, /* thinking, output_config */
    LX_BEDROCK_THINKS_NOVA,   /* reasoningConfig.maxReasoningEffort */
    LX_BEDROCK_THINKS_EFFORT, /* reasoning_effort: "low", "medium", "high" */
    LX_BEDROCK_THINKS_CONFIG, /* reasoning_config, the same words */
    LX_BEDROCK_THINKS_OPENAI, /* reasoning.effort: all of OpenAI's words */
};

struct lx_bedrock_family {
    const char *mark; /* in the model's name or ARN */
    enum lx_bedrock_thinking thinking;
    const char
        *top_k;       /* member of additionalModelRequestFields, "a.b" for one inside; NULL: none */
    bool tool_choice; /* takes toolChoice any and tool */
    bool result_status; /* takes toolResult.status */
    bool cache_points, tool_cache_points;
    bool web_search;  /* has the system tool nova_grounding */
    bool one_call;    /* takes tool_choice.disable_parallel_tool_use */
    int least_tokens; /* of an answer that may be asked for; 0: one */
};
/* By what the configuration says of the model, or by its name. Never NULL. */
const struct lx_bedrock_family *lx_bedrock_family_of(const struct lx_write_options *o);

/* ---- Writing a request ---- */

struct lx_bedrock_writer {
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
    struct lx_out out;
    struct lx_json_doc scratch; /* for JSON inside JSON: arguments, schemas */
    const struct lx_bedrock_family *family;
    bool dummy_tool; /* toolConfig stands there only because the history has tool blocks */
    bool json_tool;
    bool thinks; /* Claude does: nothing can be forced */
    bool adaptive;
    int64_t budget;             /* Claude's; 0: none */
    struct lx_slice effort;     /* in the family's words; empty: none */
    int64_t max_tokens;         /* 0: as the client said it, or nothing */
    const struct lx_part *trim; /* the text part that ends a last assistant message */
    size_t documents;           /* so far, for their names */
    bool guards;                /* the texts of this message are what a guardrail looks at */
    bool cache_lost;            /* and it was said */
};

void lx_bedrock_write_request(const struct lx_write_options *o, const struct lx_request *r,
                              struct lx_body *b);
void lx_bedrock_tools_write(struct lx_bedrock_writer *w);    /* "toolConfig" */
void lx_bedrock_messages_write(struct lx_bedrock_writer *w); /* "system" and "messages" */

/* Where in the client's request a part stands, for errors. */
struct lx_bedrock_place {
    size_t message, part;
};
/* One part as a block, or none where it is refused. */
void lx_bedrock_part_write(struct lx_bedrock_writer *w, const struct lx_part *p,
                           struct lx_bedrock_place at);
/* A block of its own behind what may be cached, where the family has such. */
void lx_bedrock_cache_write(struct lx_bedrock_writer *w, const struct lx_cache_mark *c);
/* Text without a visible character, thinking without a signature, or without bytes: the service
 * takes none of them. */
bool lx_bedrock_is_void(const struct lx_part *p);

/* ---- Reading replies ---- */

enum lx_finish lx_bedrock_finish_read(struct lx_json stop_reason);
void lx_bedrock_usage_read(struct lx_json usage, struct lx_usage *u);
/* What was thought, in tokens: not in Converse's usage, but among the model's own fields, where the
 * request asks for that (LX_BEDROCK_THOUGHT_PATH). root: a reply, or messageStop. */
void lx_bedrock_thought_read(struct lx_json root, struct lx_usage *u);
/* serviceTier of a reply, into the usage. */
void lx_bedrock_tier_read(struct lx_json tier, struct lx_usage *u);
/* The kind that an error's name means ("ThrottlingException", any case); NONE: unknown. */
enum lx_fault_kind lx_bedrock_fault_kind(struct lx_slice name);

/* These are what struct lx_back says of its members. */
int lx_bedrock_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                          struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
void lx_bedrock_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                           struct lx_arena *a, struct lx_fault *out);

/* A stream being read. */
struct lx_bedrock_reading {
    struct lx_usage usage;  /* its slices are static or absent */
    enum lx_part_kind kind; /* of the open block */
    int64_t index;          /* of the part in the reply: the next, or the open one */
    int64_t block;          /* the service's index of the open block */
    bool started, open, finished, ended;
    bool json_block; /* the open block is the tool that stands for a response format */
    bool json_used, tool_used;
    bool holding; /* the open block's text is held, as in anthropic_read.c */
    struct lx_buf held;
};
int lx_bedrock_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                          const struct lx_reply_context *ctx, struct lx_events *out,
                          struct lx_error *err);
int lx_bedrock_read_end(void *state, struct lx_events *out, struct lx_error *err);
void lx_bedrock_reading_clear(void *state);

#endif
