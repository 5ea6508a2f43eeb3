/*
 * effort.c - words and budgets of thinking; see effort.h.
 *
 * Backs whose services want a budget, or have other words, ask it; so does provider/quirk.c for
 * models of OpenAI's language that take only some of the words.
 */
#include "llm/effort.h"

static const struct row {
    struct lx_slice name;
    int64_t budget;
} rows[LX_EFFORT_COUNT] = {
    [LX_EFFORT_NONE] = {LX_S_INIT("none"), 0},
    [LX_EFFORT_MINIMAL] = {LX_S_INIT("minimal"), 1024},
    [LX_EFFORT_LOW] = {LX_S_INIT("low"), 1024},
    [LX_EFFORT_MEDIUM] = {LX_S_INIT("medium"), 2048},
    [LX_EFFORT_HIGH] = {LX_S_INIT("high"), 4096},
    [LX_EFFORT_XHIGH] = {LX_S_INIT("xhigh"), 8192},
    [LX_EFFORT_MAX] = {LX_S_INIT("max"), 16384},
};

enum lx_effort lx_effort_find(struct lx_slice word)
{
    int e = 0;
    while (e < LX_EFFORT_COUNT && !lx_slice_eq(rows[e].name, word))
        e++;
    return (enum lx_effort)e;
}

struct lx_slice lx_effort_name(enum lx_effort e)
{
    return e < LX_EFFORT_COUNT ? rows[e].name : lx_slice(NULL, 0);
}

enum lx_effort lx_effort_nearest(enum lx_effort e, unsigned set)
{
    for (int up = (int)e; up < LX_EFFORT_COUNT; up++)
        if (set & 1u << up)
            return (enum lx_effort)up;
    for (int down = (int)e; down >= 0; down--)
        if (set & 1u << down)
            return (enum lx_effort)down;
    return e;
}

unsigned lx_efforts_read(struct lx_slice words)
{
    struct lx_slice one;
    unsigned set = 0;
    for (bool more = words.n; more;) {
        more = lx_slice_cut(words, '|', &one, &words);
        enum lx_effort e = lx_effort_find(one);
        set |= e < LX_EFFORT_COUNT ? 1u << e : 0;
    }
    return set;
}

int64_t lx_effort_budget(enum lx_effort e)
{
    return e < LX_EFFORT_COUNT ? rows[e].budget : 0;
}

struct lx_slice lx_effort_of_budget(int64_t tokens)
{
    if (tokens >= 10000)
        return LX_S("high");
    if (tokens >= 5000)
        return LX_S("medium");
    return tokens >= 2000 ? LX_S("low") : LX_S("minimal");
}

enum lx_effort lx_effort_that_has(int64_t tokens)
{
    int e = LX_EFFORT_LOW;
    while (e < LX_EFFORT_MAX && rows[e].budget < tokens)
        e++;
    return (enum lx_effort)e;
}
