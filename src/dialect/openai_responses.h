/*
 * openai_responses.h - what the files of the Responses dialect share. Nobody else includes it.
 *
 *   openai_responses.c        the table, the address, errors, glances
 *   openai_responses_write.c  back: canonical request -> body: parameters, reasoning, text.format
 *   openai_responses_tools.c  ... tools and tool_choice
 *   openai_responses_input.c  ... messages, as instructions and input items
 *   openai_responses_read.c   back: a stream's events, or a whole reply -> events
 *   openai_responses_item.c   ... output items
 *   openai_responses_front_request.c  front: request body -> canonical request
 *   openai_responses_front_input.c    front: its instructions and input -> messages
 *   openai_responses_front_stream.c   front: events -> a stream
 *   openai_responses_front_item.c     front: output items and their events
 *   openai_responses_front_reply.c    front: whole replies; ids, sealed thinking, usage
 *
 * The language of POST /v1/responses. Facts are from OpenAI's specification (openapi 2.3.0,
 * 2026-09), its guides (platform.openai.com/docs/guides/migrate-to-responses, .../reasoning) and
 * recorded traffic; where LiteLLM is followed it says so. Usage, errors and media are the same as
 * in chat completions and are shared with that dialect.
 */
#ifndef LX_DIALECT_OPENAI_RESPONSES_H
#define LX_DIALECT_OPENAI_RESPONSES_H

#include "dialect/openai_chat.h"

#define LX_RESPONSES LX_S("openai_responses")

/* ---- Reading ------------------------------------------------------------------------------ */

/* An output item while it is read. */
struct lx_responses_item {
    int64_t output_index;
    uint64_t id;  /* a digest of its id; 0: none was given */
    int64_t part; /* its part that is open, or was the last */
    enum lx_part_kind kind;
    bool open;
    bool any;        /* its part was opened once: what ends it need not tell it again */
    bool said;       /* something of the section was told */
    bool cited;      /* ... and a citation of it */
    bool whole;      /* its end was read */
    bool is_content; /* the section is of content, else of a summary */
    int64_t section; /* index in content or summary that is being told; -1: none */
};

/* A reply being read: a stream, or a whole one as a stream of one event. */
struct lx_responses_reading {
    struct lx_responses_item *items; /* heap */
    size_t count, cap;
    int64_t next; /* index of the next part */
    int64_t searches;
    bool started, ended;
    bool streamed; /* items came before the end */
    bool called;
};

/* One event while it is read. */
struct lx_responses_reader {
    struct lx_responses_reading *s;
    const struct lx_reply_context *ctx;
    struct lx_events *out;
    struct lx_json event;
    int code;
};
/* The item of the event being read; NULL: the reader has failed. */
struct lx_responses_item *lx_responses_item_of(struct lx_responses_reader *r);
/* An item of a response that is over: one that was begun, or a new one. NULL: it was told under
 * another name, or the reader has failed. */
struct lx_responses_item *lx_responses_item_find(struct lx_responses_reader *r, int64_t index,
                                                 struct lx_json item);
/* Something of an item's content: `kind` opens a part, unless the item has it open. */
void lx_responses_say(struct lx_responses_reader *r, struct lx_responses_item *i,
                      enum lx_part_kind kind, int64_t section, struct lx_text text);
/* A piece of a reasoning item: of its content, or of its summary. */
void lx_responses_think(struct lx_responses_reader *r, struct lx_responses_item *i, bool is_content,
                        int64_t section, struct lx_text text);
void lx_responses_cite(struct lx_responses_reader *r, struct lx_responses_item *i, int64_t section,
                       struct lx_json annotation);
void lx_responses_logprobs(struct lx_responses_reader *r, struct lx_responses_item *i,
                           struct lx_json list);
void lx_responses_arguments(struct lx_responses_reader *r, struct lx_responses_item *i,
                            struct lx_text text);
/* An item begins: calls open their part. */
void lx_responses_item_begin(struct lx_responses_reader *r, struct lx_responses_item *i,
                             struct lx_json item);
/* An item is whole: tells what was not told, and closes it. */
void lx_responses_item_end(struct lx_responses_reader *r, struct lx_responses_item *i,
                           struct lx_json item);
void lx_responses_close_all(struct lx_responses_reader *r);

/* What ended a response: its finish, in raw the word for it. */
enum lx_finish lx_responses_finish(struct lx_json response, struct lx_slice *raw,
                                   struct lx_arena *a);
/* The error of a response, of an event, or a body; false when there is none in it. */
bool lx_responses_fault_read(struct lx_json v, struct lx_arena *a, struct lx_fault *out);

/* These are what struct lx_back says of its members. */
int lx_responses_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                            struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
int lx_responses_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                            const struct lx_reply_context *ctx, struct lx_events *out,
                            struct lx_error *err);
int lx_responses_read_end(void *state, struct lx_events *out, struct lx_error *err);
void lx_responses_reading_clear(void *state);

/* ---- Writing ------------------------------------------------------------------------------ */

struct lx_responses_writer {
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
    struct lx_out out;
    struct lx_json_doc scratch; /* for JSON inside JSON */
    bool own;                   /* the request came in this language ... */
    bool openai;                /* ... or in OpenAI's language of chats */
    bool lost_cache;            /* each is said once a request */
    bool lost_thinking;
    bool lost_is_error;
};

/* A cache mark, which has no place: the first is listed as a loss. */
void lx_responses_lose_cache(struct lx_responses_writer *w, const struct lx_cache_mark *mark);
/* Indexes JSON inside JSON; NONE: it is none, or there was no memory and the body has failed. */
struct lx_json lx_responses_json(struct lx_responses_writer *w, struct lx_slice json);

void lx_responses_write_request(const struct lx_write_options *o, const struct lx_request *r,
                                struct lx_body *b);
void lx_responses_input_write(struct lx_responses_writer *w); /* instructions, input */
void lx_responses_tools_write(struct lx_responses_writer *w); /* tools, tool_choice, ... */

/* ---- The front ---------------------------------------------------------------------------- */

extern const struct lx_own_member lx_responses_own_members[];
/* These are what struct lx_front says of its members. */
int lx_responses_read_request(const struct lx_json_doc *body, struct lx_arena *a,
                              struct lx_request *out, struct lx_error *err);
void lx_responses_write_reply(const struct lx_reply *r, const struct lx_reply_context *ctx,
                              struct lx_buf *out);
void lx_responses_write_event(void *state, const struct lx_event *e,
                              const struct lx_reply_context *ctx, struct lx_buf *out);
void lx_responses_telling_clear(void *state);
int lx_responses_pass(void *state, const struct lx_json_doc *doc, const struct lx_reply_context *,
                      int64_t part, bool holds);
struct lx_slice lx_responses_echo(const struct lx_json_doc *body, struct lx_arena *a);
void lx_responses_mark(const struct lx_json_doc *doc, const struct lx_reply_context *ctx,
                       struct lx_json_edit *e);

/* instructions and input, as messages. 0, or LX_EINVAL. */
int lx_responses_input_read(struct lx_json root, struct lx_arena *a, struct lx_request *out,
                            struct lx_error *err);
/* Adds previous_response_id, as its maker called it. */
void lx_responses_add_previous(struct lx_extra ***at, struct lx_json name, struct lx_json value,
                               struct lx_arena *a);
/* "encrypted_content" of thinking: from its signature, or what was redacted. */
void lx_responses_seal(struct lx_out *o, struct lx_text sealed, bool redacted,
                       const struct lx_reply_context *ctx);
/* The other way: the signature, or empty and what was redacted. */
struct lx_slice lx_responses_unseal(struct lx_slice content, struct lx_slice *redacted,
                                    struct lx_arena *a);
/* "id" of a reply; native: `id` is in this language. */
void lx_responses_id_tell(struct lx_out *o, struct lx_text id, bool native,
                          const struct lx_reply_context *ctx);
/* The members that tell the request back; without an echo as if it had said nothing. */
void lx_responses_echo_write(struct lx_out *o, struct lx_slice echo);
void lx_responses_usage_write(struct lx_out *o, const char *name, const struct lx_usage *u);
/* The code of an error within a response. */
struct lx_slice lx_responses_error_code(const struct lx_fault *f);

/* An output item that is told, or was. Texts are held as JSON has them, escaped. */
struct lx_responses_told {
    int64_t index;          /* in the output */
    int64_t part;           /* in the vocabulary; of a message: that of its section */
    enum lx_part_kind kind; /* TEXT: a message; THINKING, TOOL_CALL, IMAGE, OPAQUE */
    bool custom;            /* a call with free text */
    bool redacted;          /* its thinking is */
    bool done;
    bool section_open; /* of content, or of the summary */
    enum lx_part_kind section_kind;
    int64_t section; /* which */
    int64_t annotation_count;
    struct lx_buf text; /* of the section; arguments; an image; an opaque item */
    struct lx_buf call_id, name;
    struct lx_buf id;          /* as another called it; empty: it has one of ours */
    struct lx_buf annotations; /* of the section: elements */
    struct lx_buf sections;    /* that are whole: elements */
    struct lx_buf sealed;
    struct lx_buf json; /* the item, when it is done */
    struct lx_responses_told *next;
};

/* A stream being written, or a whole reply as one. */
struct lx_responses_telling {
    struct lx_responses_told *items, *last; /* heap; in the order of the output */
    struct lx_responses_told *open;         /* the message or the thinking under way */
    int64_t count, sequence;
    int64_t part;           /* that is told, calls aside ... */
    enum lx_part_kind kind; /* ... and what it is */
    size_t held;            /* bytes */
    struct lx_buf head;     /* members of the response that stay */
    struct lx_buf logprobs; /* elements, for the text that ends next */
    struct lx_buf spill;    /* of a whole reply: records that nobody gets */
    struct lx_usage usage;  /* so far; without slices */
    char tier[16];
    size_t tier_n;
    enum lx_finish finish;
    bool whole, started, native, ended;
};

/* One event while it is told. */
struct lx_responses_teller {
    struct lx_responses_telling *s;
    const struct lx_event *e;
    const struct lx_reply_context *ctx;
    struct lx_buf *out;
};

/* Under what ceiling a stream's items, its logprobs and its head are held, each. */
#define LX_RESPONSES_HELD_MAX ((size_t)64 << 20)

/* Of openai_responses_front_stream.c: the state of a stream that has begun. */
void lx_responses_telling_begin(struct lx_responses_telling *s);

/* ---- openai_responses_front_item.c ---- */
/* Adds a text, as JSON escapes it; under a ceiling. */
void lx_responses_hold(const struct lx_responses_teller *t, struct lx_buf *held,
                       struct lx_text text);
/* The next item of the output; NULL: there are too many, or no memory, and it has failed. */
struct lx_responses_told *lx_responses_item_new(const struct lx_responses_teller *t,
                                                enum lx_part_kind kind);
/* What was held of an item goes, but for what it came to. */
void lx_responses_item_drop(struct lx_responses_told *i);
void lx_responses_teller_fail(const struct lx_responses_teller *t, int code);
/* An event of the stream, its members to be written; of a whole reply it goes nowhere. */
struct lx_out lx_responses_record_open(const struct lx_responses_teller *t, const char *type);
void lx_responses_record_close(const struct lx_responses_teller *t, struct lx_out *o);
/* An event within a part, or about one. */
void lx_responses_item_tell(const struct lx_responses_teller *t);
/* Ends whatever is open, with that status. */
void lx_responses_items_close(const struct lx_responses_teller *t, struct lx_slice status);
void lx_responses_items_clear(struct lx_responses_telling *s);

#endif
