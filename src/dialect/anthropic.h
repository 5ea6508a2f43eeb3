/*
 * anthropic.h - what the files of the Anthropic dialect share; nobody else includes it.
 *
 *   anthropic.c           the dialect's table, names of finish reasons, path, glances
 *   anthropic_block.c     content blocks -> parts, for requests and replies
 *   anthropic_request.c   front: request body -> canonical request
 *   anthropic_write.c     back: canonical request -> body; what is said once
 *   anthropic_messages.c  back: its messages
 *   anthropic_tools.c     back: its tools and structured output
 *   anthropic_schema.c    back: JSON schemas in the subset that Anthropic takes
 *   anthropic_usage.c     usage and errors, both ways
 *   anthropic_reply.c     whole replies, both ways
 *   anthropic_read.c      back: a stream's records -> events
 *   anthropic_stream.c    front: events -> a stream
 *
 * Facts come from the Messages API reference and its OpenAPI document (2026-08) and from recorded
 * traffic; where LiteLLM is followed it says so.
 */
#ifndef LX_DIALECT_ANTHROPIC_H
#define LX_DIALECT_ANTHROPIC_H

#include "dialect/json_tool.h"
#include "llm/effort.h"

#define LX_ANTHROPIC LX_S("anthropic")
/* The efforts that adaptive thinking has. */
#define LX_EFFORTS_CLAUDE (LX_EFFORTS_THREE | LX_EFFORT_BIT(XHIGH) | LX_EFFORT_BIT(MAX))
/* What a user says who said nothing, where the API insists (modify_params); LiteLLM's. */
#define LX_ANTHROPIC_FILLER LX_S(".")

/* ---- Blocks (anthropic_block.c) ---- */

/* Content (a string, or a list of blocks) as parts behind *at. Unknown blocks become OPAQUE,
 * unknown members of known ones `extra`. 0, or LX_EINVAL with `where` named. */
int lx_anthropic_parts_read(struct lx_json content, const char *where, struct lx_part ***at,
                            struct lx_arena *a, struct lx_error *err);
/* Members of an object that `known` (NULL-terminated) does not name. */
struct lx_extra *lx_anthropic_extra_read(struct lx_json object, const char *const *known,
                                         struct lx_arena *a);
/* A cache_control member. */
struct lx_cache_mark lx_anthropic_cache_read(struct lx_json object, struct lx_arena *a);
bool lx_anthropic_is_blank(struct lx_text t); /* nothing but white space, escaped or not */

/* ---- Finish reasons (anthropic.c) ---- */

enum lx_finish lx_anthropic_finish_read(struct lx_json stop_reason);
/* What the wire calls it; tools and refusal: what the reply held, for providers that do not say. */
struct lx_slice lx_anthropic_finish_name(enum lx_finish f, struct lx_slice raw, bool native,
                                         bool tools, bool refusal);
/* The id of a reply from elsewhere as Anthropic's clients expect it: "msg_..."; a native one as it
 * is. `out` is where it is made, when it must be. */
struct lx_slice lx_anthropic_id(struct lx_text id, const struct lx_reply_context *ctx, bool native,
                                char out[96]);

/* ---- Usage, errors (anthropic_usage.c) ---- */

/* Folds a usage object into u: members that are given replace what u had, so that it can be fed
 * with message_start and then with every message_delta. */
void lx_anthropic_usage_read(struct lx_json usage, struct lx_usage *u);
/* The tiers that the API names, as static bytes that outlive a record; absent for others. */
struct lx_slice lx_anthropic_tier(struct lx_slice tier);
void lx_anthropic_usage_write(struct lx_out *out, const char *name, const struct lx_usage *u);
/* An error object {"type","message"} or any stranger's shape of one. */
void lx_anthropic_fault_read(struct lx_json body, int status, struct lx_arena *a,
                             struct lx_fault *out);
void lx_anthropic_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                             struct lx_arena *a, struct lx_fault *out);
/* {"type":"error","error":{...}} without framing. */
void lx_anthropic_write_error(const struct lx_fault *f, struct lx_buf *out);

/* ---- Front and back ---- */

/* These are what struct lx_front and struct lx_back say of their members. */
int lx_anthropic_read_request(const struct lx_json_doc *body, struct lx_arena *a,
                              struct lx_request *out, struct lx_error *err);
void lx_anthropic_write_request(const struct lx_write_options *o, const struct lx_request *r,
                                struct lx_body *b);

int lx_anthropic_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                            struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
void lx_anthropic_write_reply(const struct lx_reply *r, const struct lx_reply_context *ctx,
                              struct lx_buf *out);
/* One citation of a reply in `language`, as Anthropic writes it; false: it cannot be. */
bool lx_anthropic_citation_write(struct lx_out *out, const char *name, struct lx_json citation,
                                 struct lx_slice language);

/* A stream being read. */
struct lx_anthropic_reading {
    struct lx_usage usage;  /* so far; its slices are static or absent */
    enum lx_part_kind kind; /* of the open block */
    int64_t index;          /* of the open block */
    bool started, open, finished, ended;
    bool json_block; /* the open block is the tool that stands for a response format */
    bool json_used, tool_used;
    bool holding; /* the open block's text is held, see anthropic_read.c */
    struct lx_buf held;
    int64_t held_index;
};
int lx_anthropic_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                            const struct lx_reply_context *ctx, struct lx_events *out,
                            struct lx_error *err);
int lx_anthropic_read_end(void *state, struct lx_events *out, struct lx_error *err);
void lx_anthropic_reading_clear(void *state);

/* A stream being written: see anthropic_stream.c. */
struct lx_anthropic_block;
struct lx_anthropic_stream {
    struct lx_anthropic_block *blocks;
    size_t block_count;
    int64_t next_index;    /* of the next block on the wire */
    struct lx_buf delta;   /* the delta object of message_delta, once the reply has finished */
    struct lx_usage usage; /* so far; its slices are static or absent */
    bool started, ended, native, tools, refusal;
};
void lx_anthropic_write_event(void *state, const struct lx_event *e,
                              const struct lx_reply_context *ctx, struct lx_buf *out);
void lx_anthropic_stream_clear(void *state);

/* ---- Writing a request: what its files share ---- */

enum lx_anthropic_thinking {
    LX_THINK_UNSET, /* say nothing */
    LX_THINK_OFF,
    LX_THINK_BUDGET,
    LX_THINK_ADAPTIVE,
};

enum lx_anthropic_beta {
    LX_BETA_FILES = 1 << 0,
    LX_BETA_MCP = 1 << 1,
    LX_BETA_MCP_2025_11 = 1 << 2,
    LX_BETA_CONTEXT = 1 << 3,
    LX_BETA_COMPACT = 1 << 4,
    LX_BETA_CODE = 1 << 5,
    LX_BETA_COMPUTER_2024 = 1 << 6,
    LX_BETA_COMPUTER_2025_01 = 1 << 7,
    LX_BETA_COMPUTER_2025_11 = 1 << 8,
    LX_BETA_WEB_FETCH = 1 << 9,
    LX_BETA_TOOL_SEARCH = 1 << 10,
    LX_BETA_ADVISOR = 1 << 11,
    LX_BETA_SKILLS = 1 << 12,
    LX_BETA_FAST = 1 << 13,
    LX_BETA_WEB_SEARCH = 1 << 14,
};

struct lx_anthropic_writer {
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
    struct lx_out out;
    struct lx_json_doc scratch; /* for JSON inside JSON: arguments, schemas, foreign tools */
    bool same;                  /* the request came in this language: nothing is second-guessed */
    bool has_tools;             /* anything will stand in `tools` */
    bool dummy_tool;            /* ... but only because the history has tool blocks */
    enum lx_anthropic_thinking thinking;
    int64_t budget;
    bool max_tokens_known;
    int64_t max_tokens;
    struct lx_slice effort; /* of output_config; empty: none */
    unsigned betas;
    const struct lx_part *trim; /* the text part that ends the last assistant message */
};

/* "cache_control", with what a client of this language wrote into it; nothing where there is no
 * mark. */
void lx_anthropic_cache_write(struct lx_out *out, const struct lx_cache_mark *c,
                              const struct lx_extra *extra);

void lx_anthropic_messages_write(struct lx_anthropic_writer *w); /* "system" and "messages" */
/* A tool was called in the turn that goes on, by an assistant whose thinking is not there any
 * more, and no thinking is anywhere: the API refuses to think in such a turn. */
bool lx_anthropic_thinking_is_lost(const struct lx_request *r);

bool lx_anthropic_tools_wanted(const struct lx_anthropic_writer *w);
void lx_anthropic_tools_write(struct lx_anthropic_writer *w); /* "tools" and "tool_choice" */
bool lx_anthropic_needs_json_tool(const struct lx_anthropic_writer *w);

/* The schema with what Anthropic's grammar compiler refuses moved into descriptions. */
void lx_anthropic_schema_write(struct lx_out *out, const char *name, struct lx_json schema);
/* Tool arguments as an object: as they are when they are one, {} when empty, else wrapped as
 * {"input": ...} so that nothing invalid is ever sent and nothing is lost. */
void lx_anthropic_input_write(struct lx_out *out, const char *name, struct lx_text arguments,
                              bool custom, struct lx_json_doc *scratch, struct lx_arena *a);

#endif
