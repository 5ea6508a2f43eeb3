/*
 * dialect.h - a wire language: a const table of pure functions, one file (or few) per language.
 *
 * A front is how clients speak to us, a back is how we speak to providers. A language may have
 * both. Functions translate and nothing else: no I/O, no clock, no retry, no status policy.
 * Errors are for the caller to judge; losses are reported, never silent (struct lx_losses).
 */
#ifndef LX_DIALECT_DIALECT_H
#define LX_DIALECT_DIALECT_H

#include "llm/reply.h"
#include "llm/request.h"
#include "llm/said.h"
#include "wire/header.h"
#include "wire/record.h"

/* Something a target cannot carry. With drop_params it is left out and listed; without, it makes
 * write_request fail with LX_EUNSUPPORTED. */
struct lx_loss {
    struct lx_slice what; /* a path in the client's terms: "logit_bias", "messages[2].content[1]" */
    struct lx_slice why;
    struct lx_loss *next;
    bool changed; /* it is not gone but said otherwise, or was put in: listed apart */
};
struct lx_losses {
    struct lx_loss *first, **tail;
    struct lx_arena *arena;
    size_t count;
};
void lx_losses_init(struct lx_losses *l, struct lx_arena *a);
void lx_losses_add(struct lx_losses *l, struct lx_slice what, struct lx_slice why);
/* What a target has been told in another way than the client did, or besides. */
void lx_losses_change(struct lx_losses *l, struct lx_slice what, struct lx_slice why);

/* What is asked of a provider. A language is for one of them. */
enum lx_operation {
    LX_OPERATION_CHAT,
    LX_OPERATION_EMBED, /* request and reply have `embed` set */
    LX_OPERATION_COUNT, /* the reply is its usage: how many tokens the prompt has */
    LX_OPERATION_PROBE, /* whether it answers is all that matters: see probe.c */
};

/* What modify_params puts into a conversation is listed like what is left out. */
#define LX_REPAIR_FIRST LX_S("the user does not speak first: a turn of the user's was put in")
#define LX_REPAIR_EMPTY LX_S("a turn of the user's says nothing: it got a text")
#define LX_REPAIR_TOOL \
    LX_S("the history has calls of tools: one was put in that is never to be called")

/* What a back needs to know of the target besides the request. */
struct lx_write_options {
    struct lx_slice model;   /* upstream model name */
    bool drop_params;        /* leave out what cannot be carried, instead of failing */
    bool modify_params;      /* repair what the provider would refuse */
    bool native_json_schema; /* the model takes response_format json_schema itself */
    bool json_object;        /* OpenAI's language: a model without it takes json_object */
    bool no_response_format; /* OpenAI's language: the model takes no response_format at all */
    bool no_forced_tool;     /* OpenAI's language: the model has no tools, or none can be forced */
    bool no_sampling;        /* Claude: no top_p, no top_k, and no temperature but 1 */
    bool one_sampler;        /* Claude: temperature or top_p, not both */
    bool adaptive_thinking;  /* the model takes effort / adaptive thinking, not only budgets */
    bool thinking_switch;    /* an OpenAI-compatible target that takes `thinking` */
    bool data_only;          /* media are taken as data, not by URL */
    bool file_urls;          /* an OpenAI-compatible target that takes files by URL */
    bool no_video;           /* an OpenAI-compatible target that takes no video */
    bool image_objects;      /* embeddings: an OpenAI-compatible target has images as objects */
    bool image_urls;         /* ... which hold the whole data URL, and stand in a list */
    bool cache_marks;        /* an OpenAI-compatible target that takes cache_control marks */
    bool model_outside;      /* the address names the model, and the body must not */
    bool keep_call_ids;      /* the address may be a gateway's, with Gemini behind it: ids of calls
                              * keep the signatures in them (LX_CALL_ID_MARK) */
    bool low_thinking;       /* Gemini 3: who only wants it to think has it think little */
    bool keeps_prompts;      /* cache marks say where a prompt may be cut: struct lx_prompt_cut */
    bool auto_summary;       /* Responses: who gives an effort wants a summary, too */
    struct lx_slice safety_settings; /* Gemini's, JSON, where the client gives none; or empty */
    bool no_call_ids;                /* Gemini's language, where calls and results have no ids */
    struct lx_slice thinking_member; /* the message member in which an OpenAI-compatible target
                                      * takes earlier thinking back: reasoning_content, reasoning,
                                      * reasoning_details or thinking_blocks; empty: none */
    const struct lx_prompt_template *prompt; /* languages without messages: see dialect/prompt.h */
    int64_t default_max_tokens; /* the most that the model says, for languages that demand
                                   max_tokens; 0: unknown */

    /* What the configuration says of it where its name does not say what it is; or empty. */
    struct lx_slice known_as;
};

/* Where a body may be cut in two, by the client's cache marks: what stands before the provider may
 * keep (dialect/prompt_cache.h). */
struct lx_prompt_cut {
    bool set;
    size_t turns, parts; /* before it are so many whole turns, and parts of the turn after them;
                          * and what stands outside of turns, always */
    int64_t ttl_ms;      /* for how long; 0: the client does not say */
};

/* What form an answer is wanted in, for who checks it (call/verify.h). */
struct lx_answer_form {
    bool emulated;          /* only the model's good will binds it: it is checked, and may stand
                             * between other words */
    bool enforced;          /* it is checked, be it cut short */
    struct lx_slice schema; /* JSON; empty: any object */
};

/* A part that the target would take if somebody else fetched what its URL names. */
struct lx_media_need {
    enum lx_part_kind kind;
    struct lx_slice what; /* as in struct lx_loss */
    struct lx_slice url;  /* http or https; plain */
    struct lx_media_need *next;
};

/* A body being written, and what came of it. */
struct lx_body {
    struct lx_buf *buf;
    struct lx_header_list *headers; /* extra request headers the body needs (beta flags) */
    struct lx_losses *losses;
    struct lx_arena *arena;
    bool json_tool; /* structured output was emulated by a forced tool: replies must be unwrapped */
    bool json_words; /* it was emulated by words in the prompt */
    struct lx_prompt_cut cut;
    int code; /* 0, or the first failure */
    struct lx_error error;
    struct lx_loss *refused;     /* all that made it LX_EUNSUPPORTED, in order */
    struct lx_media_need *needs; /* what of it would do as data; the last first */
};
/* Reports that the target cannot carry something: a loss with drop_params, else a failure. */
void lx_body_refuse(struct lx_body *b, const struct lx_write_options *o, struct lx_slice what,
                    struct lx_slice why);
/* The same for a part that the target takes as data only: where it is at a web address, that is
 * noted, for who can fetch it and have the body written again. */
void lx_body_need(struct lx_body *b, const struct lx_write_options *o, const struct lx_part *p,
                  struct lx_slice what, struct lx_slice why);
void lx_body_fail(struct lx_body *b, int code, struct lx_slice what, struct lx_slice why);
/* The last a writer does: a body that there was no room for has failed. */
void lx_body_end(struct lx_body *b);

/* A record's payload, indexed: 0, or LX_ENOMEM, or LX_EPROTO where it is not JSON. err may be NULL.
 */
int lx_record_read(const struct lx_record *, struct lx_json_doc *, struct lx_error *err);
/* Indexes JSON inside JSON for a writer; false: it is none, or there was no memory and `out` has
 * failed. */
bool lx_inner_read(struct lx_json_doc *doc, struct lx_slice json, struct lx_buf *out);

struct lx_tool_words; /* call/tool_words.h */

/* Facts about the exchange that replies need. */
struct lx_reply_context {
    struct lx_slice model;           /* as the client named it */
    struct lx_slice id;              /* for languages whose replies carry no id */
    const char *provider;            /* its id, for replies that tell; or NULL */
    const struct lx_slice *upstream; /* what it calls the model, the same */
    int64_t now_s;                   /* `created` where the provider does not say */
    bool json_tool;                  /* from struct lx_body */
    bool legacy_functions;
    bool include_usage;   /* streams: the client asked for a usage chunk */
    bool merges_thinking; /* OpenAI's chats: thinking is told within the text, between tags */
    bool anew; /* the request was written anew though client and provider speak one language: the
                * reply is, too */
    bool in_array;                     /* streams: as one JSON array, not as events (Gemini) */
    const struct lx_answer_form *form; /* of whole replies: who breaks it is refused; or NULL */
    const struct lx_tool_words *tools; /* told in the prompt: answers may call them; or NULL */
    struct lx_slice echo;              /* what the front's echo() made of the request */
    struct lx_slice deployment;        /* its id, for ids of replies that name it; or empty */
    bool kept;                         /* the reply is about what the provider keeps, and passes */
    bool marks_content;                /* what is encrypted names it, too */
    struct lx_slice encoding;          /* embeddings: as the client wants them; empty: float */
    int32_t input_tokens;              /* as tokens_header says; 0: it does not */
    int32_t output_tokens;             /* as output_header says; 0: it does not */
};

/* What a light reader picks out of a reply that passes as it came. */
struct lx_glance {
    struct lx_usage usage; /* known when seen */
    enum lx_finish finish;
    bool content;    /* something a client may have seen: no retry after it */
    bool usage_only; /* this record carries usage and nothing else */
    bool end;        /* the stream's own end mark */
    bool is_fault;   /* the record is an error event */
    bool calls;      /* a stream's: it speaks of calls, see mend_event */
    bool alien;      /* the record is of another language: clients of this one stumble over it */
    bool incomplete; /* a whole reply whose usage lacks what clients rely on */
    bool tagged;     /* a whole reply with thinking in its text, between tags or in a list of
                      * parts: clients get it written anew */
    bool odd;        /* says in its own way what clients look for elsewhere: see mend */
    bool searched;   /* the answer cites the web, and usage need not say that it was searched */
    struct lx_slice model;
    struct lx_said *said; /* glance_event adds what the model says to it; NULL: nobody asks */
};

struct lx_nested;

/* A member of a language's requests that no other language has. */
enum lx_own_weight {
    LX_OWN_IDLE,   /* without it the answer is the same */
    LX_OWN_NEEDED, /* ... another: refused, but for drop_params */
    LX_OWN_VITAL,  /* ... one to another question: always refused */
};
struct lx_own_member {
    const char *name;
    enum lx_own_weight weight;
    const char *why;
};

struct lx_front {
    size_t state_size; /* of a stream's state; zeroed by the caller; 0: none */
    /* Reads a request body (already indexed). Copies into the arena only where it must. */
    int (*read_request)(const struct lx_json_doc *body, struct lx_arena *, struct lx_request *out,
                        struct lx_error *err);
    void (*write_reply)(const struct lx_reply *, const struct lx_reply_context *,
                        struct lx_buf *out);
    /* Appends whatever records (framing included) the event makes; may be none. */
    void (*write_event)(void *state, const struct lx_event *, const struct lx_reply_context *,
                        struct lx_buf *out);
    /* A record of the language passes to the client as it came: the state is brought to where it
     * would be, had it been written; unless it holds what was said, only as far as an error needs.
     * part: the index of the last part that has begun, -1: none. 0 or a code, after which the
     * stream cannot be gone on with. NULL: the relay tells it in outline. */
    int (*pass)(void *state, const struct lx_json_doc *record, const struct lx_reply_context *,
                int64_t part, bool holds);
    /* Frees what a stream's state holds on the heap (parts that came out of turn); the state is
     * zeroed and may be used again. NULL: it holds nothing. Call it however the stream ended. */
    void (*clear)(void *state);
    void (*write_error)(const struct lx_fault *, struct lx_buf *out);
    /* The member of a whole reply that tells usage, for replies that pass and have none; NULL: they
     * pass without. Its name is "usage" in every language so far. */
    void (*write_usage)(struct lx_out *, const char *name, const struct lx_usage *);
    /* What a reply tells back of the request, for the context of one that is written; in the arena.
     * NULL: nothing. */
    struct lx_slice (*echo)(const struct lx_json_doc *body, struct lx_arena *);
    /* Edits a whole reply, or a record of a stream that a glance found odd, of the front's own
     * language, that passes: ids that name the deployment. NULL: nothing. */
    void (*mark)(const struct lx_json_doc *, const struct lx_reply_context *,
                 struct lx_json_edit *);
    /* What read_request() leaves in `extra` for targets of its own language only; ends with a NULL
     * name. NULL: nothing. */
    const struct lx_own_member *own_members;
    const struct lx_nested *nested; /* what read_request() knows of objects within (lost.h) */
    enum lx_framing framing;
};

/* NULL: the name is none of these. */
const struct lx_own_member *lx_own_member_find(const struct lx_front *, struct lx_slice name);

/* Where the answer is, of a reply that only says that it is being worked on. */
struct lx_follow {
    struct lx_slice url; /* to be got with the same credentials; empty: this reply is the answer */
    int64_t wait_ms;     /* before that */
    struct lx_slice cancel_url; /* to post to when nobody wants the answer any more; or empty */
    bool stream;                /* it is one */
};

struct lx_prompt_cache; /* dialect/prompt_cache.h */

struct lx_back {
    size_t state_size;
    /* The path after the base URL: "/chat/completions"; NULL: none, or where the model or a stream
     * matter, written. See lx_back_write_path(). */
    const char *path;
    void (*write_path)(const struct lx_write_options *, bool stream, struct lx_buf *out);
    void (*write_request)(const struct lx_write_options *, const struct lx_request *,
                          struct lx_body *out);
    /* Embeddings: how many inputs one request may have; more are split. 0: any number; or where the
     * model or the inputs matter, how many of these. See lx_back_inputs(). */
    size_t max_inputs;
    size_t (*take_inputs)(const struct lx_write_options *, const struct lx_request *);
    /* Services that answer later: what a whole 2xx reply says of it. stream: the client wants one;
     * polls: how often it was asked before. 0 or a code. NULL: every reply is the answer. */
    int (*follow)(const struct lx_json_doc *body, bool stream, int64_t polls, struct lx_arena *,
                  struct lx_follow *out);
    int (*read_reply)(const struct lx_json_doc *body, const struct lx_reply_context *,
                      struct lx_arena *, struct lx_reply *out, struct lx_error *err);
    /* One record of a stream -> events. `doc` is scratch for indexing record.data. */
    int (*read_event)(void *state, const struct lx_record *, struct lx_json_doc *doc,
                      const struct lx_reply_context *, struct lx_events *out, struct lx_error *err);
    /* The body ended: closes what is open; without the language's own end mark a FAULT event
     * (LX_ETRUNCATED) and no END. */
    int (*read_end)(void *state, struct lx_events *out, struct lx_error *err);
    void (*clear)(void *state); /* as in struct lx_front */
    /* An error body (any bytes at all, maybe HTML) with its status. Never fails. */
    void (*read_error)(int status, struct lx_slice body, const struct lx_headers *headers,
                       struct lx_arena *, struct lx_fault *out);
    const char *tokens_header; /* of a reply: where its input tokens are counted; or NULL */
    const char *output_header; /* ... and those of the answer; or NULL */
    /* For replies and events that pass as they came. 0 or a code. Usage may come in parts:
     * glance_event adds to what out->usage says of the records before. NULL: none passes, for no
     * client speaks the language. */
    int (*glance_reply)(const struct lx_json_doc *body, struct lx_glance *out);
    int (*glance_event)(const struct lx_record *, struct lx_json_doc *doc, struct lx_glance *out);
    /* A record of a stream that passes, and that a glance saw calls in, or an end after some: what
     * clients of the language would stumble over is mended in the edit, what mend() does too. 0 or
     * a code. `state` as for read_event, which is not used then. NULL: nothing ever is. */
    int (*mend_event)(void *state, const struct lx_json_doc *doc, struct lx_json_edit *,
                      struct lx_arena *, struct lx_error *err);
    /* Edits a body or record that a glance found odd. NULL: none is. */
    void (*mend)(const struct lx_json_doc *, struct lx_json_edit *);
    enum lx_framing framing; /* of streams, where content-type does not say */
    bool model_outside;      /* model and stream are named by the path, never by the body */
    bool prompts;            /* takes a prompt: suffix, echo and best_of mean something to it */
    bool lists;              /* a whole reply may be a JSON array */
    const char *usage;       /* what usage is called in replies; NULL: "usage" */
    const struct lx_prompt_cache *cache; /* how prompts are kept; NULL: they are not */
};

/* What the request's path is, after the base URL. */
void lx_back_write_path(const struct lx_back *, const struct lx_write_options *, bool stream,
                        struct lx_buf *out);
/* How many of its inputs one request may have; 0: any number. */
size_t lx_back_inputs(const struct lx_back *, const struct lx_write_options *,
                      const struct lx_request *);

struct lx_dialect {
    const char *name;  /* "openai_chat" */
    const char *title; /* "OpenAI chat completions" */
    enum lx_operation operation;
    const struct lx_front *front; /* or NULL */
    const struct lx_back *back;   /* or NULL */
};

extern const struct lx_dialect lx_dialect_openai_chat;
extern const struct lx_dialect lx_dialect_anthropic;
extern const struct lx_dialect lx_dialect_anthropic_count;
extern const struct lx_dialect lx_dialect_bedrock_claude_text;
extern const struct lx_dialect lx_dialect_bedrock_cohere;
extern const struct lx_dialect lx_dialect_bedrock_cohere_r;
extern const struct lx_dialect lx_dialect_bedrock_converse;
extern const struct lx_dialect lx_dialect_bedrock_count;
extern const struct lx_dialect lx_dialect_bedrock_deepseek;
extern const struct lx_dialect lx_dialect_bedrock_embed;
extern const struct lx_dialect lx_dialect_bedrock_jurassic;
extern const struct lx_dialect lx_dialect_bedrock_llama;
extern const struct lx_dialect lx_dialect_bedrock_mistral;
extern const struct lx_dialect lx_dialect_bedrock_qwen;
extern const struct lx_dialect lx_dialect_bedrock_titan;
extern const struct lx_dialect lx_dialect_cohere_chat;
extern const struct lx_dialect lx_dialect_cohere_embed;
extern const struct lx_dialect lx_dialect_cortex_embed;
extern const struct lx_dialect lx_dialect_gemini;
extern const struct lx_dialect lx_dialect_gemini_asked_count;
extern const struct lx_dialect lx_dialect_gemini_count;
extern const struct lx_dialect lx_dialect_gemini_embed;
extern const struct lx_dialect lx_dialect_gigachat;
extern const struct lx_dialect lx_dialect_huggingface_embed;
extern const struct lx_dialect lx_dialect_litellm_count;
extern const struct lx_dialect lx_dialect_mistral_fim;
extern const struct lx_dialect lx_dialect_nlp_cloud;
extern const struct lx_dialect lx_dialect_oci_chat;
extern const struct lx_dialect lx_dialect_oci_embed;
extern const struct lx_dialect lx_dialect_ollama_chat;
extern const struct lx_dialect lx_dialect_ollama_embed;
extern const struct lx_dialect lx_dialect_openai_completions;
extern const struct lx_dialect lx_dialect_openai_count;
extern const struct lx_dialect lx_dialect_openai_embed;
extern const struct lx_dialect lx_dialect_openai_responses;
extern const struct lx_dialect lx_dialect_perplexity_embed;
extern const struct lx_dialect lx_dialect_replicate;
extern const struct lx_dialect lx_dialect_sap_embed;
extern const struct lx_dialect lx_dialect_sap_orchestration;
extern const struct lx_dialect lx_dialect_tgi;
extern const struct lx_dialect lx_dialect_triton;
extern const struct lx_dialect lx_dialect_triton_embed;
extern const struct lx_dialect lx_dialect_triton_infer;
extern const struct lx_dialect lx_dialect_vertex_count;
extern const struct lx_dialect lx_dialect_vertex_embed;
extern const struct lx_dialect lx_dialect_vertex_gemma;
extern const struct lx_dialect lx_dialect_voyage_chunk_embed;
extern const struct lx_dialect lx_dialect_voyage_content_embed;
extern const struct lx_dialect lx_dialect_watsonx_embed;
extern const struct lx_dialect lx_dialect_watsonx_text;

/* What health checks ask where nothing of it is served: not among lx_dialects. */
extern const struct lx_dialect lx_dialect_probe_edit;
extern const struct lx_dialect lx_dialect_probe_image;
extern const struct lx_dialect lx_dialect_probe_moderation;
extern const struct lx_dialect lx_dialect_probe_ocr;
extern const struct lx_dialect lx_dialect_probe_rerank;
extern const struct lx_dialect lx_dialect_probe_speech;
extern const struct lx_dialect lx_dialect_probe_transcription;
extern const struct lx_slice lx_probe_picture; /* a PNG, in base64 */

/* LiteLLM's TokenCountResponse: how many tokens, of which model as asked for and as used, counted
 * by what; original: the provider's answer, or empty: it was counted here. */
void lx_litellm_write_count(struct lx_out *o, int64_t tokens, struct lx_slice asked,
                            struct lx_slice used, struct lx_slice tokenizer,
                            struct lx_slice original);

/* All of them, NULL-terminated. */
extern const struct lx_dialect *const lx_dialects[];
const struct lx_dialect *lx_dialect_find(struct lx_slice name);

#endif
