/*
 * gemini.h - what the files of the Gemini dialect share; nobody else includes it.
 *
 *   gemini.c           the dialect's table, finish reasons, path, glances
 *   gemini_signature.c thought signatures: how they travel through clients that know none
 *   gemini_write.c     back: canonical request -> body: generationConfig and what is passed on
 *   gemini_contents.c  back: its messages, as systemInstruction and contents
 *   gemini_cache.c     back: prompts that Google keeps (cachedContents)
 *   gemini_media.c     back: images, sound, video, documents
 *   gemini_tools.c     back: its tools, toolConfig, and JSON schemas
 *   gemini_read.c      back: a stream's records, or a whole reply -> events
 *   gemini_part.c      back: the parts of a reply's content -> events
 *   gemini_args.c      back: a call's arguments that come leaf by leaf -> a JSON object
 *   gemini_tell.c      back: what is told when a choice is over: citations, metadata, finish
 *   gemini_usage.c     back: usage and errors
 *   gemini_front_request.c   front: request body -> canonical request
 *   gemini_front_contents.c  front: its contents -> messages
 *   gemini_schema.c          front: Google's schemas -> JSON Schema
 *   gemini_front_part.c      front: the parts of a reply -> content
 *   gemini_front_sources.c   front: citations -> groundingMetadata
 *   gemini_front_reply.c     front: whole replies, usage, errors
 *   gemini_front_stream.c    front: events -> a stream
 *
 * The language of Google AI Studio and Vertex AI (generateContent). Facts come from Google's proto
 * files (google.ai.generativelanguage.v1beta, 2025-10), its documentation
 * (ai.google.dev/gemini-api, 2026) and recorded traffic; where LiteLLM is followed it says so.
 */
#ifndef LX_DIALECT_GEMINI_H
#define LX_DIALECT_GEMINI_H

#include "dialect/dialect.h"
#include "dialect/offsets.h"

#define LX_GEMINI LX_S("gemini")
/* Where AI Studio keeps uploaded files. */
#define LX_GEMINI_FILES LX_S("https://generativelanguage.googleapis.com/v1beta/")

/* ---- Thought signatures (gemini_signature.c) ---- */

/* Thinking whose signature starts so is Gemini's: what follows is the signature, or nothing. */
#define LX_GEMINI_MARK LX_S("gemini:")

/* The id that a client gets for a call: the call's own and, behind a separator, its signature. */
struct lx_slice lx_gemini_id_join(struct lx_slice id, struct lx_text signature, struct lx_arena *a);
/* The other way: `signature` is empty where there is none. */
struct lx_gemini_id {
    struct lx_slice id, signature;
};
struct lx_gemini_id lx_gemini_id_split(struct lx_text id, struct lx_arena *a);
/* The signature of a call, from its id or from where LiteLLM and Google's own OpenAI-compatible
 * API put it. Empty: none. */
struct lx_slice lx_gemini_call_signature(const struct lx_part *call, struct lx_json_doc *scratch,
                                         struct lx_arena *a);
/* Whether thinking is Gemini's own; `signature` then gets it, or nothing. */
bool lx_gemini_is_own_thinking(const struct lx_part *p, struct lx_text *signature);

/* In the alphabet that everybody reads, padded; SDKs of Google's write base64 for URLs. */
struct lx_slice lx_gemini_base64_standard(struct lx_slice base64, struct lx_arena *a);
/* Another provider's signature, or redacted thinking, as a thoughtSignature; and back: true where
 * it is one. `redacted` is absent where it is a signature. */
struct lx_text lx_gemini_signature_wrap(struct lx_text signature, bool redacted,
                                        struct lx_arena *a);
bool lx_gemini_signature_unwrap(struct lx_slice *signature, struct lx_slice *redacted,
                                struct lx_arena *a);

/* ---- Usage, errors (gemini_usage.c) ---- */

void lx_gemini_usage_read(struct lx_json usage, struct lx_usage *u);
/* What Google searched for a reply: different queries, whichever candidates tell of them. */
struct lx_gemini_searches {
    int64_t web, maps;
    bool are_paid; /* and what they found is no input that is paid too, which pages it read are
                    * (ai.google.dev/gemini-api/docs/pricing, 2026-11) */
};
/* Takes in what a record's candidates tell; one that tells nothing changes nothing. */
void lx_gemini_searches_read(struct lx_json candidates, struct lx_gemini_searches *s);
/* Puts it into what was read of `usage`. */
void lx_gemini_searches_tell(const struct lx_gemini_searches *s, struct lx_json usage,
                             struct lx_usage *u);
/* An error as a record of a stream has it. */
void lx_gemini_fault_read(struct lx_json record, struct lx_arena *a, struct lx_fault *out);
/* The same as a whole body, or whatever else came with that status. */
void lx_gemini_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                          struct lx_arena *a, struct lx_fault *out);

/* ---- Finish reasons (gemini.c) ---- */

/* What Gemini calls it (static), and what it means. By name or, as some SDKs record it, by number;
 * for what is not known the name is absent. */
struct lx_gemini_finish {
    struct lx_slice name;
    enum lx_finish finish;
};
struct lx_gemini_finish lx_gemini_finish_read(struct lx_json reason);
/* The other way: `raw` is what the provider called it, where it spoke this language. */
struct lx_slice lx_gemini_finish_name(enum lx_finish finish, struct lx_slice raw, bool native);

/* ---- Arguments in pieces (gemini_args.c) ---- */

/* The arguments of a call so far; without a root there are none. */
struct lx_gemini_arg;
struct lx_gemini_args {
    struct lx_arena arena; /* of the tree */
    struct lx_gemini_arg *root;
    uint32_t steps; /* of work */
};
/* Empty; and everything freed, which leaves it empty. */
void lx_gemini_args_init(struct lx_gemini_args *s);
void lx_gemini_args_clear(struct lx_gemini_args *s);
/* An object without members. 0, LX_ENOMEM. */
int lx_gemini_args_start(struct lx_gemini_args *s);
/* Adds an array of PartialArg to what was started. 0, or LX_EPROTO (a path that is none),
 * LX_EDEPTH, LX_ELIMIT, LX_ENOMEM. */
int lx_gemini_args_add(struct lx_gemini_args *s, struct lx_json pieces, struct lx_arena *scratch);
/* What was started, as JSON in the arena, or its failure; clears it. */
struct lx_slice lx_gemini_args_take(struct lx_gemini_args *s, struct lx_arena *a);

/* ---- Reading (gemini_read.c, gemini_part.c, gemini_tell.c) ---- */

/* Members of a candidate that only Gemini has. */
enum lx_gemini_member {
    LX_GEMINI_GROUNDING,
    LX_GEMINI_URL_CONTEXT,
    LX_GEMINI_CITATIONS,
    LX_GEMINI_SAFETY,
    LX_GEMINI_FINISH_MESSAGE,
    LX_GEMINI_AVG_LOGPROBS,
    LX_GEMINI_PROMPT_FEEDBACK, /* of the reply; told with its first choice */
    LX_GEMINI_MEMBERS,
};
extern const char *const lx_gemini_member_names[LX_GEMINI_MEMBERS];

/* One candidate so far. */
struct lx_gemini_choice {
    int64_t index;
    int64_t next; /* index of its next part */
    bool open;    /* a part of `kind` is open: TEXT, THINKING, or a TOOL_CALL in pieces */
    enum lx_part_kind kind;
    bool calls; /* it called a tool */
    bool finished;
    struct lx_gemini_finish finish;
    char other[48]; /* a finish reason that is not known, and its length */
    size_t other_n;
    struct lx_buf signature;    /* of the open part: told when it ends */
    struct lx_gemini_args args; /* of the open call: told when it ends */
    struct lx_offsets offsets;  /* in the open text: sources are told by its bytes */
    struct lx_buf members[LX_GEMINI_MEMBERS];
};

/* A reply being read: a stream, or a whole one as a stream of one record. */
struct lx_gemini_reading {
    struct lx_gemini_choice *choices; /* heap: a stream has one, seldom more */
    size_t count, cap;
    char id[64]; /* of the reply, as ids of calls may hold it */
    int64_t calls;
    struct lx_gemini_searches searches;
    bool started, ended;
    bool legacy; /* the client wants function_call */
};

/* One record while it is read. */
struct lx_gemini_reader {
    struct lx_gemini_reading *s;
    const struct lx_reply_context *ctx;
    struct lx_events *out;
    int code;
};
/* An event of the part that is open, or that would be. */
struct lx_event *lx_gemini_event_add(const struct lx_gemini_reader *r,
                                     const struct lx_gemini_choice *c, enum lx_event_kind kind);
/* A part of a content; opens and closes what it must. */
void lx_gemini_part_read(struct lx_gemini_reader *r, struct lx_gemini_choice *c,
                         struct lx_json part);
/* Ends the part that is open, and tells the signature or the arguments held for it. */
void lx_gemini_part_close(struct lx_gemini_reader *r, struct lx_gemini_choice *c);
/* Tells log-probabilities in OpenAI's shape. */
void lx_gemini_logprobs_tell(struct lx_gemini_reader *r, const struct lx_gemini_choice *c,
                             struct lx_json result);
/* Citations, members of Gemini's own and the finish: all that is known only at the end. */
void lx_gemini_choice_tell(struct lx_gemini_reader *r, struct lx_gemini_choice *c);

/* These are what struct lx_back says of its members. */
int lx_gemini_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
int lx_gemini_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                         const struct lx_reply_context *ctx, struct lx_events *out,
                         struct lx_error *err);
int lx_gemini_read_end(void *state, struct lx_events *out, struct lx_error *err);
void lx_gemini_reading_clear(void *state);

/* The kind of part that media of a type are. */
enum lx_part_kind lx_gemini_media_kind(struct lx_slice mime_type);

/* ---- The front ---- */

/* The member of that name, in either spelling; the last one. */
struct lx_json lx_gemini_get(struct lx_json object, const char *name);
extern const struct lx_own_member lx_gemini_own_members[];
/* These are what struct lx_front says of its members. */
int lx_gemini_read_request(const struct lx_json_doc *body, struct lx_arena *a,
                           struct lx_request *out, struct lx_error *err);
void lx_gemini_write_reply(const struct lx_reply *r, const struct lx_reply_context *ctx,
                           struct lx_buf *out);
void lx_gemini_write_event(void *state, const struct lx_event *e,
                           const struct lx_reply_context *ctx, struct lx_buf *out);
void lx_gemini_telling_clear(void *state);
void lx_gemini_write_error(const struct lx_fault *f, struct lx_buf *out);

/* An object's members besides those that are `known` (ends with NULL), in Google's spelling where
 * it is known. */
void lx_gemini_extra_read(struct lx_json object, const char *const *known, struct lx_extra ***at,
                          struct lx_arena *a);
/* The request's messages. 0, or LX_EINVAL. */
int lx_gemini_contents_read(struct lx_json root, struct lx_arena *a, struct lx_request *out,
                            struct lx_error *err);
/* Google's form of a schema as JSON Schema, in the arena. */
struct lx_slice lx_gemini_schema_read(struct lx_json schema, struct lx_arena *a);

/* Where a reply's JSON is written, and what it takes: JSON inside JSON is read here. */
struct lx_gemini_telling_out {
    struct lx_out out;
    struct lx_json_doc scratch;
    struct lx_arena arena;
};
void lx_gemini_telling_out_init(struct lx_gemini_telling_out *w, struct lx_buf *out);
/* Frees it; its failure becomes the buffer's. */
void lx_gemini_telling_out_clear(struct lx_gemini_telling_out *w);
/* A part of a reply as an element of `parts`, with a signature (may be empty). What this language
 * has no part for, and members of a candidate, are not written. */
void lx_gemini_part_write(struct lx_gemini_telling_out *w, const struct lx_part *p,
                          struct lx_text signature);
/* Thinking without text that is a signature of Gemini's, on what stands before it. */
bool lx_gemini_is_signature(const struct lx_part *p, struct lx_text *signature);
/* Whether an opaque part is no part but members of its candidate. */
bool lx_gemini_is_members(struct lx_gemini_telling_out *w, struct lx_slice raw);
/* The members of such a part. */
void lx_gemini_members_write(struct lx_gemini_telling_out *w, struct lx_slice raw);
void lx_gemini_logprobs_write(struct lx_gemini_telling_out *w, struct lx_slice logprobs);
void lx_gemini_usage_write(struct lx_out *o, const char *name, const struct lx_usage *u);

/* What a candidate's text stands on (gemini_front_sources.c). */
struct lx_gemini_sources {
    struct lx_offsets offsets;      /* in the text so far */
    struct lx_buf chunks, supports; /* elements of the arrays of those names */
    struct lx_buf starts;           /* where each chunk begins */
    struct lx_buf waiting;          /* indices of chunks that all of the block stands on */
    size_t count, block;            /* chunks; the byte at which the block began */
    int64_t part;                   /* index of the part that the offsets are in */
    int failed;                     /* before something began anew */
};
void lx_gemini_sources_init(struct lx_gemini_sources *s);
void lx_gemini_sources_clear(struct lx_gemini_sources *s);
/* 0, or why it is not whole: LX_ENOMEM, LX_ELIMIT. */
int lx_gemini_sources_failed(const struct lx_gemini_sources *s);
/* The next text; a citation of text that went before, or of the block that is not over; the end of
 * a block; and the part of that index, in which offsets begin anew. */
void lx_gemini_sources_text(struct lx_gemini_sources *s, struct lx_text text, struct lx_arena *a);
void lx_gemini_sources_cite(struct lx_gemini_sources *s, struct lx_json citation);
void lx_gemini_sources_block_end(struct lx_gemini_sources *s);
void lx_gemini_sources_part(struct lx_gemini_sources *s, int64_t index);
/* The member groundingMetadata, where there is a source. */
void lx_gemini_sources_write(const struct lx_gemini_sources *s, struct lx_out *out);

/* A stream being written: see gemini_front_stream.c. */
struct lx_gemini_open;
struct lx_gemini_told;
struct lx_gemini_telling {
    struct lx_gemini_open *open; /* parts that are told when they are whole */
    struct lx_gemini_told *told; /* choices */
    size_t open_count, told_count;
    struct lx_buf model, id; /* as JSON */
    struct lx_usage usage;   /* so far; without slices */
    bool started, any, native, ended;
};

/* ---- Writing ---- */

struct lx_gemini_writer {
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
    struct lx_out out;
    struct lx_json_doc scratch;   /* for JSON inside JSON: arguments, results, parameters */
    const struct lx_extra *given; /* of generationConfig, in the client's own words */
    bool third;       /* Gemini 3 and later: thinks by levels, checks signatures, sees results */
    bool lost_strict; /* is said once a request */
    bool marked;      /* there are cache marks */
    const struct lx_message *unmarked;    /* the first behind the first marked ones; or NULL */
    bool past_marks;                      /* ... it has come */
    struct lx_prompt_cut cut, cut_before; /* the last place for one, and the one before */
    struct lx_gemini_call *calls; /* written so far, newest first: results need their names */
};

/* How finely OpenAI's `detail` wants media to be looked at, in Gemini's words; rank (may be NULL)
 * grows with it. Absent: as the model likes. */
struct lx_slice lx_gemini_level_of(struct lx_slice detail, int *rank);
/* Each part may say it: Gemini 3 on Vertex AI (cloud.aiplatform.v1.Part has it, the Gemini API's
 * v1beta has not). Else it is said once, in generationConfig. */
bool lx_gemini_has_own_detail(const struct lx_gemini_writer *w);
/* When the conversation is written: where it will be cut. What marks are good for nothing is listed
 * as a loss. */
void lx_gemini_cut_settle(struct lx_gemini_writer *w);
/* A client's "5m", "1.5h", "300s" in milliseconds; 0: it is none. */
int64_t lx_gemini_ttl_read(struct lx_slice ttl);
extern const struct lx_prompt_cache lx_gemini_prompt_cache;
/* Names are the same to Google in both of its spellings: safety_settings, safetySettings. */
bool lx_gemini_name_eq(struct lx_slice a, const char *b);
/* The member of the request's unknown ones that Google knows by this name; NULL: none. */
const struct lx_extra *lx_gemini_extra_find(const struct lx_extra *x, const char *name);

void lx_gemini_write_request(const struct lx_write_options *o, const struct lx_request *r,
                             struct lx_body *b);
void lx_gemini_contents_write(struct lx_gemini_writer *w); /* systemInstruction, contents */
void lx_gemini_tools_write(struct lx_gemini_writer *w);    /* tools, toolConfig */
/* A schema with what Google refuses left out. */
void lx_gemini_schema_write(struct lx_gemini_writer *w, const char *name, struct lx_slice schema);

/* What keeps a part's media from being sent; NULL: nothing does. */
const char *lx_gemini_media_obstacle(const struct lx_part *p);
/* {"inlineData":{...}} or {"fileData":{...}}, its braces and the part's own members excluded. */
void lx_gemini_media_write(struct lx_gemini_writer *w, const struct lx_part *p);

#endif
