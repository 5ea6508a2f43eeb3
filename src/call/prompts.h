/*
 * prompts.h - the names under which providers keep prompts, and which call has one kept.
 *
 * As call/keys.h has it for keys: one call asks the provider, the others wait; what failed is not
 * tried again before some time has passed. Pure: time is an argument. One for each thread, and no
 * locks: another thread, or another node, finds what was made in the provider's list.
 */
#ifndef LX_CALL_PROMPTS_H
#define LX_CALL_PROMPTS_H

#include "base/slice.h"

struct lx_prompts; /* opaque */

/* What is kept, for whom, where: SHA-256. */
struct lx_prompt_id {
    unsigned char v[32];
};

enum lx_prompt_verdict {
    LX_PROMPT_USE,  /* .text is its name */
    LX_PROMPT_MAKE, /* find it or have it made, and tell what came of it: nobody else does */
    LX_PROMPT_WAIT, /* somebody does: ask again in .wait_ms */
    LX_PROMPT_NONE, /* it is not kept, because of .text */
};
struct lx_prompt_answer {
    enum lx_prompt_verdict verdict;
    struct lx_slice text; /* until the next call of a function here */
    int64_t wait_ms;
};

struct lx_prompts *lx_prompts_new(void);    /* or NULL */
void lx_prompts_free(struct lx_prompts *p); /* NULL-safe */

/* What a call should do. `maker` stands for the call; waits: how often it has been told to wait. */
struct lx_prompt_answer lx_prompts_find(struct lx_prompts *p, const struct lx_prompt_id *id,
                                        int64_t now_ms, int waits, const void *maker);
/* It is kept under that name until then. */
void lx_prompts_put(struct lx_prompts *p, const struct lx_prompt_id *id, struct lx_slice name,
                    int64_t expires_ms);
/* It is not, and nobody is to try before then. */
void lx_prompts_fail(struct lx_prompts *p, const struct lx_prompt_id *id, struct lx_slice why,
                     int64_t retry_ms);
/* The provider does not know that name any more; where another has been told meanwhile, that
 * holds. */
void lx_prompts_forget(struct lx_prompts *p, const struct lx_prompt_id *id, struct lx_slice name);
/* The maker will not tell what comes of it: another may. */
void lx_prompts_drop(struct lx_prompts *p, const struct lx_prompt_id *id, const void *maker);

#endif
