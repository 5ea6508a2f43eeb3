/*
 * generation.h - how languages of servers that take a prompt and its parameters are written: their
 * names are data, and one writer follows them (generation_write.c).
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

#endif
