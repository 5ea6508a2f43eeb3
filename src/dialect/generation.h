/*
 * generation.h - how languages of servers that take a prompt and its parameters are written: their
 * names are data, and one writer follows them (generation_write.c). Their streams are one text, and
 * are told by one teller (generation_read.c).
 *
 * For the backs of such languages: generation.c, bedrock_text.c, replicate.c.
 */
#ifndef LX_DIALECT_GENERATION_H
#define LX_DIALECT_GENERATION_H

#include "dialect/dialect.h"
#include "dialect/openai_chat.h"
#include "dialect/prompt.h"

enum { LX_GENERATION_NAMES = 12 };

struct lx_generation_form {
    const char *prompt;
    const char *within;  /* the member in which what follows stands; NULL: beside the prompt */
    bool prompt_within;  /* ... and the prompt, too */
    const char *before;  /* members that are always sent, JSON without braces; or NULL */
    const char *history; /* Cohere's chat: the prompt is what the user said last, and what was said
                          * before stands here, turn by turn; or NULL */
    struct {
        enum lx_param param;
        const char *name;
    } names[LX_GENERATION_NAMES]; /* ended by one without a name; others are refused, or hints */
    const char *stop;             /* NULL: it cannot be told where to stop */
    size_t max_stops;             /* 1: a string; more: a list */
    const char *stop_between;     /* a list is a string with this between its elements; or NULL */
    bool streams;                 /* takes "stream" */
    bool grammar;                 /* takes a JSON schema */
    bool warm;                    /* temperature 0 is refused: greedy is asked for otherwise */
    bool echoes;                  /* takes return_full_text */
    bool begins;                  /* the prompt needs the token that texts begin with: the server
                                   * does not put it there */
    int64_t limit;                /* of tokens, where the client has none: this, or the model's own
                                   * when that is known to be less; 0: the server's will do */
};

/* Writes the body. What it has no place for is refused by name. */
void lx_generation_write(const struct lx_generation_form *form, const struct lx_write_options *o,
                         const struct lx_request *r, struct lx_body *b);

/* ---- Streams (generation_read.c) ---- */

struct lx_generation_stream {
    bool started, open;
    bool over;   /* END or FAULT was told: whatever follows is ignored */
    bool thinks; /* what comes is thought, not said */
    int64_t index;
    struct lx_events *out; /* of the record that is being read */
};
/* Once, whenever it is called. */
void lx_generation_start(struct lx_generation_stream *s, struct lx_text model);
/* A piece, which opens the part; nothing where it is empty. */
void lx_generation_text(struct lx_generation_stream *s, struct lx_text text);
/* Ends the part that is open, if one is. */
void lx_generation_close(struct lx_generation_stream *s);
/* Nothing where it is not known. */
void lx_generation_usage(struct lx_generation_stream *s, const struct lx_usage *u);
struct lx_event *lx_generation_finish(struct lx_generation_stream *s, enum lx_finish finish,
                                      struct lx_slice raw);
/* An error, in any of the forms that OpenAI's compatible servers have, or as a text where the body
 * is NONE; the stream is over. */
void lx_generation_fault(struct lx_generation_stream *s, struct lx_json body, struct lx_slice text);
/* The stream is over: an END where the answer is finished, else what is cut off. */
void lx_generation_end(struct lx_generation_stream *s, bool finished);

/* Pieces of one text, as one. */
struct lx_text lx_generation_join(struct lx_json list, struct lx_arena *a);

enum { LX_GENERATION_TOKENS = 1 << 30 };
/* Of input and output; not known where these are no counts. */
struct lx_usage lx_generation_usage_of(int64_t in, int64_t out);

#endif
