/*
 * said.h - what a conversation says lately, out of a request's body in any client's language: what
 * an auto router (route/auto.h) chooses by.
 *
 * Messages are looked for where OpenAI's, Anthropic's and Google's languages have them; of parts
 * only texts count. What a client's program puts in between (<system-reminder>) is not the user's.
 */
#ifndef LX_ROUTE_SAID_H
#define LX_ROUTE_SAID_H

#include "wire/json.h"

struct lx_said_lately {
    struct lx_slice user, user_before;     /* the last texts of the user; empty: there is none */
    struct lx_slice answer, answer_before; /* and of the model */
    struct lx_slice first; /* the first four messages as they stand; empty: there are fewer */
    size_t messages;
    bool tool_failed; /* a tool's result at the end says that it is an error */
    bool loops;       /* the last call of a tool was made twice before */
};

/* Texts are the body's or in the arena. */
void lx_said_read(struct lx_json body, struct lx_arena *a, struct lx_said_lately *out);

#endif
