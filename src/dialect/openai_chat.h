/*
 * openai_chat.h - what the files of the OpenAI chat completions dialect share with each other.
 *
 * Private to src/dialect/openai_*.c: text completions and responses share what is the same there
 * (usage, finish reasons, errors, media, and the readers of replies). The dialect is cut by noun:
 * messages and requests are read and written, replies, streams, usage and errors each both ways.
 */
#ifndef LX_DIALECT_OPENAI_CHAT_H
#define LX_DIALECT_OPENAI_CHAT_H

#include "dialect/dialect.h"

#define LX_OPENAI_CHAT LX_S("openai_chat")

/*
 * Calls of the legacy `function_call` member have no id. They get one that starts like this, so
 * that the result finds its call, and so that they can be written as they came.
 */
#define LX_OPENAI_LEGACY_ID LX_S("call_legacy_")

/* ---- Reading messages --------------------------------------------------------------------- */

/* Walks the messages of one request or reply; the first failure sticks in `code`. */
struct lx_openai_reader {
    struct lx_arena *arena;
    struct lx_error *err;
    int code;
    size_t message;            /* index of the message being read, for errors */
    int64_t legacy_calls;      /* function_call members seen so far */
    struct lx_slice reply_id;  /* replies: calls without an id are called after it */
    bool legacy_function_call; /* the last message called a legacy function */
};

/*
 * Reasoning goes back as the provider encrypted it. It travels through clients that know nothing of
 * it as the signature of thinking, in LiteLLM's form, so that a conversation may go on there or
 * here; what follows the mark is encrypted_content.
 */
#define LX_RESPONSES_MARK LX_S("litellm_encrypted_reasoning:")

/* The assistant's side of a conversation: a message in a request, or a reply's. Appends to *at;
 * members it does not know go to *extra, and those of thinking too (they are the provider's own
 * way to say it, and go back as they came). */
void lx_openai_read_assistant(struct lx_openai_reader *r, struct lx_json message,
                              struct lx_part ***at, struct lx_extra ***extra);
/* Any message of a request; appends to *at. */
void lx_openai_read_message(struct lx_openai_reader *r, struct lx_json message,
                            struct lx_message ***at);
/* One element of thinking_blocks or reasoning_details. */
struct lx_openai_thought {
    bool redacted; /* text is opaque data */
    struct lx_text text;
    struct lx_text signature;
};
struct lx_openai_thought lx_openai_read_thought(struct lx_json item);
/* The list of such elements in a message or delta (or NONE), and what was thought besides: empty
 * where the list says it already, for the members repeat each other. */
struct lx_json lx_openai_read_thoughts(struct lx_json message, struct lx_text *plain);
/* {"type":"image_url",...} as `images` lists hold it: also in stream deltas. */
void lx_openai_read_image(struct lx_media *m, struct lx_json image_url, struct lx_arena *a);
/* "auto", "required", ...; LX_CHOICE_UNSET: it is none of the words. */
enum lx_tool_choice_kind lx_openai_choice_word(struct lx_json word);
/* Parts that are a text, or a refusal. */
void lx_openai_read_text(struct lx_part *p, struct lx_json part, struct lx_arena *a);
void lx_openai_read_refusal(struct lx_part *p, struct lx_json part, struct lx_arena *a);
/* Arguments are a string of JSON. Some servers and clients put the object itself there. */
struct lx_text lx_openai_read_arguments(struct lx_json v);
/* All of them, or their first piece: `null`, which tools without parameters are called with, is {}
 * (recorded: Groq, Cohere). */
struct lx_text lx_openai_first_arguments(struct lx_text arguments);
/* Members of object that are not in known, and not null. */
void lx_openai_read_extra(struct lx_json object, const struct lx_slice *known, size_t count,
                          struct lx_extra ***at, struct lx_arena *a);
/* cache_control: {"type":"ephemeral","ttl":"1h"} */
void lx_openai_read_cache(struct lx_json object, struct lx_cache_mark *out, struct lx_arena *a);

/* ---- Writing ------------------------------------------------------------------------------ */

/* How JSON is asked for. */
enum lx_openai_format {
    LX_OPENAI_FORMAT_OWN,   /* by response_format, if at all */
    LX_OPENAI_FORMAT_TOOL,  /* by a tool that must be called */
    LX_OPENAI_FORMAT_WORDS, /* in a system message */
};

struct lx_openai_writer {
    const struct lx_write_options *options;
    const struct lx_request *request;
    struct lx_body *body;
    struct lx_out out;
    enum lx_openai_format format;
    bool same;          /* the request came in this language: members of its own go back */
    bool lost_thinking; /* each is said once a request */
    bool lost_cache;
    bool lost_is_error;
};
void lx_openai_write_messages(struct lx_openai_writer *w);
/* `user`, at the length that OpenAI takes unless the client speaks OpenAI's language itself. */
void lx_openai_write_user(struct lx_out *o, struct lx_body *body, struct lx_slice json, bool same);
/* How much is to be thought, in OpenAI's words; empty: not said. */
struct lx_slice lx_openai_effort(const struct lx_reasoning *g);
void lx_openai_write_cache(struct lx_openai_writer *w, const struct lx_cache_mark *mark);
/* "data:image/png;base64,..." or the URL. */
void lx_openai_write_url(struct lx_out *o, const char *name, const struct lx_media *m,
                         struct lx_slice default_type);
/* {"id":..,"type":"function","function":{..}} and its custom twin. */
void lx_openai_write_tool_call(struct lx_out *o, const struct lx_part *p, int64_t index);
/* One element of thinking_blocks; index < 0: without. */
void lx_openai_write_thinking_block(struct lx_out *o, const struct lx_part *p, int64_t index);
/* One element of reasoning_items; nothing where the signature is none of the Responses API's. */
void lx_openai_write_reasoning_item(struct lx_out *o, struct lx_text thought,
                                    struct lx_text signature, int64_t index);
/* service_tier in OpenAI's words, or as the provider said it where it speaks them. */
void lx_openai_write_tier(struct lx_out *o, struct lx_text tier, struct lx_slice language);

/* ---- Reading requests --------------------------------------------------------------------- */

/* `stop`: a string or a list of them. 0 or a code with err. */
int lx_openai_read_stop(struct lx_json stop, struct lx_request *r, struct lx_arena *a,
                        struct lx_error *err);
/* The parameter that a member is; LX_PARAM_COUNT: none. */
enum lx_param lx_openai_read_param(struct lx_json name);

/* ---- Log-probabilities (openai_completions_logprobs.c) ------------------------------------ */

/* As chat completions have them, whichever of OpenAI's two shapes they come in: the JSON as it
 * stands, or in the arena; absent when there are none. */
struct lx_slice lx_openai_read_logprobs(struct lx_json logprobs, struct lx_arena *a);

/* ---- Usage and finish reasons ------------------------------------------------------------- */

/* What most readers look for in a reply or a chunk, found in one walk: most of it is not there, and
 * there are many chunks. */
struct lx_openai_top {
    struct lx_json body, error, choices, model, usage, x_groq;
};
void lx_openai_top_read(struct lx_json body, struct lx_openai_top *out);

void lx_openai_read_usage(struct lx_json usage, struct lx_usage *out);
/* The same of a reply or chunk, wherever in it usage stands, with the tier that it says. */
void lx_openai_read_bill(struct lx_json body, struct lx_usage *out);
void lx_openai_top_bill(const struct lx_openai_top *top, struct lx_usage *out);
void lx_openai_write_usage(struct lx_out *o, const char *name, const struct lx_usage *u);
/* What we say of it besides the counts: that it is estimated, and what it cost. */
void lx_openai_write_usage_notes(struct lx_out *o, const struct lx_usage *u);
enum lx_finish lx_openai_read_finish(struct lx_slice raw);
/* One of OpenAI's own words. */
bool lx_openai_is_finish(struct lx_slice raw);
/* What to answer, and whether that says less than the provider said. */
struct lx_slice lx_openai_finish_name(enum lx_finish finish, struct lx_slice raw);
bool lx_openai_finish_is_coarse(enum lx_finish finish);

/* ---- Where an answer comes from (openai_chat_source.c) ------------------------------------ */

/* The list beside the answer, or NONE. */
struct lx_json lx_openai_find_sources(struct lx_json body);
/* One of its elements as an annotation, in the arena; absent: it is none. */
struct lx_slice lx_openai_write_source(struct lx_json source, struct lx_arena *a);
/* The list as annotations of an answer's text (plain), in the arena; absent: there is none, or too
 * much of it. What the text cites by number has its places; the rest follows without. */
struct lx_slice lx_openai_write_sources(struct lx_json body, struct lx_slice text,
                                        struct lx_arena *a);
/* Gives texts without annotations those of the list. */
void lx_openai_add_sources(struct lx_json body, struct lx_reply *reply, struct lx_arena *a);

/* The language of a citation that stands at a piece of the content: Anthropic's, of Databricks'
 * Claude, or the server's own. */
struct lx_slice lx_openai_citation_language(struct lx_json citation);

/* ---- What other servers say otherwise (openai_chat_mend.c) -------------------------------- */

/* A choice, with its message or delta, has something that clients of OpenAI look for elsewhere. */
bool lx_openai_is_odd(struct lx_json body, struct lx_json choice, struct lx_json message);
/* The usage of the body counts otherwise than clients of OpenAI read it. */
bool lx_openai_usage_is_odd(struct lx_json body, const struct lx_usage *u);
/* See struct lx_back. */
void lx_openai_mend(const struct lx_json_doc *body, struct lx_json_edit *e);

/* ---- Errors ------------------------------------------------------------------------------- */

/* A reply or chunk that says it failed: an error, or nothing but the words of one (GigaChat,
 * watsonx, FastAPI, vLLM before 0.10). */
bool lx_openai_is_fault(struct lx_json body);
bool lx_openai_top_is_fault(const struct lx_openai_top *top);
/* Any error document: {"error":{..}}, {"error":".."}, {"detail":..}, {"message":..}, lists. */
void lx_openai_read_fault(int status, struct lx_json body, struct lx_arena *a,
                          struct lx_fault *out);
void lx_openai_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                          struct lx_arena *a, struct lx_fault *out);
void lx_openai_write_error(const struct lx_fault *f, struct lx_buf *out);
/* Within an error: the provider's own body as provider_specific_fields, where LiteLLM's clients
 * look for it; nothing where it says no more than the error does. */
void lx_openai_write_own_error(struct lx_out *o, struct lx_slice raw);

/* ---- The functions of the two tables ------------------------------------------------------ */

/* See struct lx_front and struct lx_back for what each promises. */
int lx_openai_read_request(const struct lx_json_doc *body, struct lx_arena *a,
                           struct lx_request *out, struct lx_error *err);
void lx_openai_write_request(const struct lx_write_options *o, const struct lx_request *r,
                             struct lx_body *out);
int lx_openai_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
int lx_openai_glance_reply(const struct lx_json_doc *body, struct lx_glance *out);
void lx_openai_write_reply(const struct lx_reply *r, const struct lx_reply_context *c,
                           struct lx_buf *out);

/* What a stream's reader remembers. */
struct lx_openai_stream {
    struct lx_openai_choice *choices; /* heap: a stream has one, seldom more */
    size_t count, cap;
    bool started;
    bool ended; /* END or FAULT was told: whatever follows is ignored */
};
int lx_openai_read_event(void *state, const struct lx_record *record, struct lx_json_doc *doc,
                         const struct lx_reply_context *c, struct lx_events *out,
                         struct lx_error *err);
/* What a stream that passes as it came must say of its calls: a place of its own for each, and an
 * id. Reads nothing else, so a state does either this or lx_openai_read_event(). As in struct
 * lx_back. */
int lx_openai_mend_event(void *state, const struct lx_json_doc *doc, struct lx_json_edit *edit,
                         struct lx_arena *arena, struct lx_error *err);
int lx_openai_read_end(void *state, struct lx_events *out, struct lx_error *err);
void lx_openai_stream_clear(void *state);
int lx_openai_glance_event(const struct lx_record *record, struct lx_json_doc *doc,
                           struct lx_glance *out);

/* What a stream's writer remembers. */
struct lx_openai_telling {
    char *head; /* {"id":...,"model":"..." : what every chunk begins with; heap */
    size_t head_n;
    struct lx_openai_told *choices; /* heap */
    size_t count, cap;
    struct lx_usage usage; /* the last that was told; its slices are not kept */
};
void lx_openai_write_event(void *state, const struct lx_event *e, const struct lx_reply_context *c,
                           struct lx_buf *out);
void lx_openai_telling_clear(void *state);

#endif
