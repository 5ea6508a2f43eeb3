/*
 * reply.h - a reply, whole or, of a completion, as a stream of events.
 */
#ifndef LX_LLM_REPLY_H
#define LX_LLM_REPLY_H

#include "llm/embedding.h"
#include "llm/fault.h"
#include "llm/message.h"
#include "llm/usage.h"

enum lx_finish {
    LX_FINISH_NONE = 0, /* not finished, or the provider did not say */
    LX_FINISH_STOP,
    LX_FINISH_STOP_SEQUENCE, /* stop_sequence says which */
    LX_FINISH_LENGTH,
    LX_FINISH_TOOL_CALLS,
    LX_FINISH_CONTENT_FILTER,
    LX_FINISH_REFUSAL,
    LX_FINISH_PAUSE, /* Anthropic's pause_turn: send it back to go on */
    LX_FINISH_CONTEXT_WINDOW,
    LX_FINISH_OTHER, /* raw_finish says what */
};

struct lx_choice {
    int64_t index;
    struct lx_part *parts;
    enum lx_finish finish;
    struct lx_slice raw_finish; /* as the provider said it */
    struct lx_text stop_sequence;
    struct lx_slice logprobs;       /* JSON, OpenAI's shape */
    bool legacy_function_call;      /* the tool call came as function_call */
    struct lx_extra *message_extra; /* unknown members of the message */
    struct lx_extra *extra;
    struct lx_choice *next;
};

struct lx_reply {
    struct lx_slice language; /* that it was read from */
    struct lx_text id;
    struct lx_text model;
    int64_t created_s;            /* 0: the provider does not say */
    struct lx_choice *choices;    /* at least one in a good reply to a chat */
    struct lx_embed_reply *embed; /* set: vectors, and no choices */
    struct lx_usage usage;
    struct lx_text system_fingerprint;
    struct lx_text service_tier;
    struct lx_extra *extra;
};

/*
 * Streams. Between START and END, every part is opened, filled and closed; parts of one choice do
 * not overlap except tool calls of providers that interleave them (index tells them apart).
 * A back that reads a language without such marks (OpenAI) makes them up.
 */
enum lx_event_kind {
    LX_EVENT_START,      /* id, model, created_s; usage where already known */
    LX_EVENT_PART_START, /* choice, index, part kind; TOOL_CALL: id, name; OPAQUE: raw; AUDIO: id;
                            IMAGE, VIDEO, FILE: media, which come whole */
    LX_EVENT_TEXT,       /* text of TEXT, THINKING, REFUSAL parts, or of an AUDIO transcript */
    LX_EVENT_SIGNATURE,  /* text: of the THINKING part */
    LX_EVENT_ARGUMENTS,  /* text: a piece of a TOOL_CALL's arguments */
    LX_EVENT_DATA,       /* text: a piece of AUDIO data (base64), or of REDACTED_THINKING data */
    LX_EVENT_CITATION,   /* raw: one citation, JSON, in the reply's language */
    LX_EVENT_LOGPROBS,   /* raw: JSON, OpenAI's shape, for the choice */
    LX_EVENT_PART_END,
    LX_EVENT_FINISH, /* choice, finish, raw_finish, stop_sequence */
    LX_EVENT_USAGE,  /* usage so far; the last one counts */
    LX_EVENT_PING,
    LX_EVENT_OPAQUE, /* raw: an event known to the reply's language only */
    LX_EVENT_FAULT,  /* fault: the stream ends with an error */
    LX_EVENT_END,
};

struct lx_event {
    enum lx_event_kind kind;
    int64_t choice;
    int64_t index; /* of the part in its choice, 0, 1, 2, ... */
    enum lx_part_kind part;
    struct lx_text text;
    struct lx_text id, name; /* START: reply id and model; PART_START: tool call's */
    struct lx_media media;   /* PART_START of IMAGE, VIDEO, FILE */
    bool custom;             /* PART_START of a TOOL_CALL with free-text input */
    bool legacy_function_call;
    int64_t created_s;
    enum lx_finish finish;
    struct lx_slice raw_finish;
    struct lx_text stop_sequence;
    struct lx_slice raw;
    struct lx_slice language; /* START: the reply's; PART_START of OPAQUE, OPAQUE, CITATION: raw's.
                               * Static, as in struct lx_part */
    struct lx_usage usage;    /* START (known only), USAGE */
    struct lx_fault fault;
    struct lx_text system_fingerprint, service_tier; /* START */
    struct lx_extra *extra;
};

/* The events of one record, in an arena that lives until the next record. */
struct lx_events {
    struct lx_event *v;
    size_t n, cap;
    struct lx_arena *arena;
    struct lx_event scratch; /* where events go when the arena has failed */
};
/* A zeroed event of that kind at the end; never NULL: when the arena has failed it is a scratch
 * event that is not counted (ask arena->failed). */
struct lx_event *lx_events_add(struct lx_events *e, enum lx_event_kind kind);

/* Folds events back into a reply: used by tests, by the library and for logs. */
struct lx_reply_builder;
size_t lx_reply_builder_size(void);
void lx_reply_builder_init(struct lx_reply_builder *b, struct lx_arena *a);
void lx_reply_builder_add(struct lx_reply_builder *b, const struct lx_event *e);
const struct lx_reply *lx_reply_builder_end(struct lx_reply_builder *b);
/* All at once, in the events' own arena: 0, or why that failed. */
int lx_reply_fold(const struct lx_events *events, struct lx_reply *out, struct lx_error *err);
/* A whole reply as the events that a stream of it would have made. 0, or the arena's failure. */
int lx_reply_spread(const struct lx_reply *reply, struct lx_events *out);
/* The first fault among the events, or NULL. */
const struct lx_fault *lx_events_fault(const struct lx_events *events);
/* Adds what the end of a stream says: END when its answer is finished, else a FAULT of
 * LX_ETRUNCATED. */
void lx_events_end(struct lx_events *events, bool finished);
/* What reading them came to: 0, or `code`, the reader's own failure, or else that of the arena. */
int lx_events_result(const struct lx_events *events, int code, struct lx_error *err);
/* The same of a whole reply that was read as events: a fault among them is its failure. */
int lx_reply_result(const struct lx_events *events, int code, struct lx_error *err);

#endif
