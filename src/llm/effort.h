/*
 * effort.h - how much a model shall think, in words: OpenAI's reasoning_effort, and its kin.
 */
#ifndef LX_LLM_EFFORT_H
#define LX_LLM_EFFORT_H

#include "base/slice.h"

enum lx_effort {
    LX_EFFORT_NONE,
    LX_EFFORT_MINIMAL,
    LX_EFFORT_LOW,
    LX_EFFORT_MEDIUM,
    LX_EFFORT_HIGH,
    LX_EFFORT_XHIGH,
    LX_EFFORT_MAX, /* Anthropic's word for the most there is */
    LX_EFFORT_COUNT,
};

/* Sets of them. */
#define LX_EFFORT_BIT(name) (1u << LX_EFFORT_##name)
#define LX_EFFORTS_THREE    (LX_EFFORT_BIT(LOW) | LX_EFFORT_BIT(MEDIUM) | LX_EFFORT_BIT(HIGH))
#define LX_EFFORTS_ALL      ((1u << LX_EFFORT_COUNT) - 1)
/* What is said of any other word. */
#define LX_EFFORT_WORDS LX_S("must be none, minimal, low, medium, high, xhigh or max")

/* LX_EFFORT_COUNT for any other word. */
enum lx_effort lx_effort_find(struct lx_slice word);
struct lx_slice lx_effort_name(enum lx_effort e);
/* The one of a set that comes next, upwards first, so that who wants little gets as little as there
 * is and not none; itself where it is among them, or nothing is. */
enum lx_effort lx_effort_nearest(enum lx_effort e, unsigned set);
/* "low|medium|high" as a set. */
unsigned lx_efforts_read(struct lx_slice words);

/* LiteLLM's budget of thinking tokens for a word (its constants, 2026-09); 0: none. */
int64_t lx_effort_budget(enum lx_effort e);
/* OpenAI's word for a budget, by LiteLLM's thresholds. */
struct lx_slice lx_effort_of_budget(int64_t tokens);
/* The least of low and above whose budget is as large. */
enum lx_effort lx_effort_that_has(int64_t tokens);

#endif
