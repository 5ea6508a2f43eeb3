/*
 * prompts.c - a table of sets of a few entries: the one that was used least lately gives way, but
 * for those that somebody is making. What is pushed out is found again in the provider's list.
 */
#include "call/prompts.h"

#include <stdlib.h>

enum {
    SETS = 256,
    WAYS = 4,
    MAX_TEXT = 512,
    WAIT_MS = 5, /* doubles */
    WAIT_MAX_MS = 80,
};

struct entry {
    struct lx_prompt_id id;
    char *text; /* the name, or why there is none; NULL: neither */
    size_t n;
    int64_t expires_ms; /* of a name; 0: it is none */
    int64_t retry_ms;
    const void *maker; /* NULL: nobody makes it */
    uint64_t used;     /* 0: the entry is free */
};

struct lx_prompts {
    struct entry entries[SETS][WAYS];
    uint64_t uses;
};

struct lx_prompts *lx_prompts_new(void)
{
    return calloc(1, sizeof(struct lx_prompts));
}

void lx_prompts_free(struct lx_prompts *p)
{
    for (size_t i = 0; p && i < SETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            free(p->entries[i][k].text);
    free(p);
}

static struct entry *find(struct lx_prompts *p, const struct lx_prompt_id *id)
{
    struct entry *set = p->entries[id->v[0]];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].used && memcmp(set[i].id.v, id->v, sizeof(id->v)) == 0)
            return &set[i];
    return NULL;
}

static void set_text(struct entry *e, struct lx_slice text)
{
    text = lx_slice_to(text, MAX_TEXT);
    char *copy = text.n ? malloc(text.n) : NULL;
    if (copy)
        memcpy(copy, text.p, text.n);
    free(e->text);
    e->text = copy;
    e->n = copy ? text.n : 0;
}

/* NULL: all of the set are being made. */
static struct entry *add(struct lx_prompts *p, const struct lx_prompt_id *id)
{
    struct entry *set = p->entries[id->v[0]], *e = NULL;
    for (size_t i = 0; i < WAYS; i++)
        if (!set[i].maker && (!e || set[i].used < e->used))
            e = &set[i];
    if (!e)
        return NULL;
    free(e->text);
    *e = (struct entry){.id = *id};
    return e;
}

static int64_t wait_of(int waits)
{
    int64_t ms = WAIT_MS;
    while (waits-- > 0 && ms < WAIT_MAX_MS)
        ms *= 2;
    return ms;
}

struct lx_prompt_answer lx_prompts_find(struct lx_prompts *p, const struct lx_prompt_id *id,
                                        int64_t now_ms, int waits, const void *maker)
{
    struct entry *e = find(p, id);
    if (!e)
        e = add(p, id);
    if (!e)
        return (struct lx_prompt_answer){.verdict = LX_PROMPT_NONE,
                                         .text = LX_S("too many are being made")};
    e->used = ++p->uses;
    if (e->text && now_ms < e->expires_ms)
        return (struct lx_prompt_answer){.verdict = LX_PROMPT_USE, .text = lx_slice(e->text, e->n)};
    if (e->maker && e->maker != maker)
        return (struct lx_prompt_answer){.verdict = LX_PROMPT_WAIT, .wait_ms = wait_of(waits)};
    if (now_ms < e->retry_ms)
        return (struct lx_prompt_answer){.verdict = LX_PROMPT_NONE,
                                         .text = lx_slice(e->text, e->n)};
    e->maker = maker;
    return (struct lx_prompt_answer){.verdict = LX_PROMPT_MAKE};
}

void lx_prompts_put(struct lx_prompts *p, const struct lx_prompt_id *id, struct lx_slice name,
                    int64_t expires_ms)
{
    struct entry *e = find(p, id);
    if (!e)
        return;
    set_text(e, name);
    e->expires_ms = name.n <= MAX_TEXT ? expires_ms : 0;
    e->retry_ms = 0;
    e->maker = NULL;
}

void lx_prompts_fail(struct lx_prompts *p, const struct lx_prompt_id *id, struct lx_slice why,
                     int64_t retry_ms)
{
    struct entry *e = find(p, id);
    if (!e)
        return;
    set_text(e, why);
    e->expires_ms = 0;
    e->retry_ms = retry_ms;
    e->maker = NULL;
}

void lx_prompts_forget(struct lx_prompts *p, const struct lx_prompt_id *id, struct lx_slice name)
{
    struct entry *e = find(p, id);
    if (e && lx_slice_eq(lx_slice(e->text, e->n), name))
        e->expires_ms = 0;
}

void lx_prompts_drop(struct lx_prompts *p, const struct lx_prompt_id *id, const void *maker)
{
    struct entry *e = find(p, id);
    if (e && e->maker == maker)
        e->maker = NULL;
}
