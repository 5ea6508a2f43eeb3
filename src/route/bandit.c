/*
 * bandit.c - see bandit.h. LiteLLM's adaptive router (router_strategy/adaptive_router, 1.106.2):
 * what counts, how much, and the priors are its; where it watches replies, this looks at the
 * conversation that comes back.
 *
 * Each model has for each type of requests a Beta distribution of being good at it. A request draws
 * from each, adds what the model's price weighs, and takes the best. The next request of the
 * conversation tells what became of it: thanks count for the model that had answered; saying the
 * same in other words, giving up, failed tools, an answer like the one before, and the same call
 * again count against it. A thousand conversations are remembered, for a day.
 */
#include "route/bandit.h"

#include <math.h>

#include "base/random.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)

enum {
    PPM = 1000000,
    PRIOR = 10,       /* so many signs the prior is worth */
    MOST_SIGNS = 200, /* more change nothing */
    CREDIT_TURNS = 3, /* before thanks count */
    SESSION_S = 86400,
    MAX_TEXT = 2000,
    MISALIGNED_PERCENT = 45, /* of words in common, below that another wording */
    STAGNANT_PERCENT = 50,   /* ... from there on the same answer */
};

const char *lx_request_type_name(enum lx_request_type t)
{
    static const char *const names[] = {
#define LX_TYPE(id, name) name,
        LX_REQUEST_TYPES(LX_TYPE)
#undef LX_TYPE
    };
    return names[t];
}

enum lx_request_type lx_request_type_find(struct lx_slice name)
{
    int t = 0;
    while (t < LX_REQUEST_TYPE_COUNT &&
           !lx_slice_eq(name, lx_slice_z(lx_request_type_name((enum lx_request_type)t))))
        t++;
    return (enum lx_request_type)t;
}

/* ---- What it is about -------------------------------------------------------------------------
 */

/* One of the first words, and behind it in the same line one of the others (NULL: none need be),
 * with at most so many words in between. */
static const struct {
    enum lx_request_type type;
    bool begins; /* the text */
    int between; /* -1: any number */
    const char *words, *others;
} rules[] = {
    {LX_REQUEST_CODE_GENERATION, false, 1, "write|create|generate|implement|build",
     "python|javascript|typescript|java|rust|go|c++|sql|bash|shell"},
    {LX_REQUEST_CODE_GENERATION, false, 4, "write|create|implement|build",
     "function|class|method|script|program|api|endpoint|microservice"},
    {LX_REQUEST_CODE_UNDERSTANDING, false, -1,
     "explain|describe|understand|walk me through|what does",
     "code|function|method|class|algorithm|snippet"},
    {LX_REQUEST_CODE_UNDERSTANDING, false, -1,
     "debug|fix|why is|why does|why isn't|what's wrong|trace",
     "error|bug|exception|stacktrace|stack trace|traceback"},
    {LX_REQUEST_CODE_UNDERSTANDING, false, 1, "review|critique", "code|pr|pull request|diff|patch"},
    {LX_REQUEST_TECHNICAL_DESIGN, false, -1, "design|architect|plan|architecture",
     "system|service|api|database|schema|module|microservice"},
    {LX_REQUEST_TECHNICAL_DESIGN, false, -1,
     "should i use|should i choose|should i pick|tradeoff between|tradeoffs between|compare",
     "library|framework|language|database|protocol|postgres|postgresql|mongodb|dynamodb|mysql|"
     "redis|kafka|sql|nosql"},
    {LX_REQUEST_TECHNICAL_DESIGN, false, 0, "how should i|how do i",
     "design|structure|organize|model"},
    {LX_REQUEST_ANALYTICAL_REASONING, false, -1, "solve|compute|calculate|prove|derive",
     "equation|integral|derivative|theorem|proof|problem"},
    {LX_REQUEST_ANALYTICAL_REASONING, false, -1, "if", "then"},
    {LX_REQUEST_ANALYTICAL_REASONING, false, -1, "given", "find"},
    {LX_REQUEST_ANALYTICAL_REASONING, false, -1,
     "suppose|assume|probability|statistics|combinatorics|optimization problem", NULL},
    {LX_REQUEST_WRITING, false, -1, "write|draft|compose|rewrite|edit|proofread|polish",
     "email|essay|blog|post|article|letter|memo|copy|paragraph|sentence"},
    {LX_REQUEST_WRITING, false, 1, "make this|make it|help me",
     "concise|formal|casual|professional|persuasive"},
    {LX_REQUEST_FACTUAL_LOOKUP, true, 0, "who|what|when|where|which", "is|was|were|are"},
    {LX_REQUEST_FACTUAL_LOOKUP, true, -1,
     "define|definition of|meaning of|how do you spell|how to spell|how tall is", NULL},
    {LX_REQUEST_FACTUAL_LOOKUP, true, -1, "how many", "are there"},
};

static int words_in(struct lx_slice s)
{
    int n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] != ' ' && (i == 0 || s.p[i - 1] == ' ');
    return n;
}

/* One of the others stands behind the byte `at`. */
static bool is_followed(struct lx_slice text, size_t at, const char *others, int between)
{
    struct lx_slice one, rest = lx_slice_z(others), line = lx_slice_from(text, at), unused;
    if (!others)
        return true;
    lx_slice_cut(line, '\n', &line, &unused);
    while (rest.n) {
        lx_slice_cut(rest, '|', &one, &rest);
        ssize_t found = lx_words_find(line, 0, one);
        if (found >= 0 && (between < 0 || words_in(lx_slice_to(line, (size_t)found)) <= between))
            return true;
    }
    return false;
}

static bool holds(size_t rule, struct lx_slice text)
{
    struct lx_slice one, rest = lx_slice_z(rules[rule].words);
    while (rest.n) {
        lx_slice_cut(rest, '|', &one, &rest);
        ssize_t at = lx_words_find(text, 0, one);
        for (; at >= 0; at = lx_words_find(text, (size_t)at + 1, one)) {
            if (rules[rule].begins && at > 0)
                break;
            if (is_followed(text, (size_t)at + one.n, rules[rule].others, rules[rule].between))
                return true;
        }
    }
    return false;
}

enum lx_request_type lx_request_type_of(struct lx_slice text, struct lx_arena *a)
{
    struct lx_slice lower = lx_lower_case(lx_slice_to(lx_slice_trim(text), MAX_TEXT), a);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (holds(i, lower))
            return rules[i].type;
    return LX_REQUEST_GENERAL;
}

/* ---- Signs ------------------------------------------------------------------------------------
 */

static const char giving_up[] =
    "forget it|never mind|give up|talk to human|talk to a human|cancel|this isn't working|"
    "this isnt working|this is not working|stop|abort|i'll do it myself|i'll do it manually|"
    "ill do it myself|ill do it manually";
static const char thanks[] =
    "that worked|that did it|works now|fixed it|solved it|nice|thanks|thank you|thx|appreciated|"
    "appreciate it|perfect|great|excellent|exactly";

static bool says(struct lx_slice lower, const char *words)
{
    struct lx_slice one, rest = lx_slice_z(words);
    while (rest.n) {
        lx_slice_cut(rest, '|', &one, &rest);
        if (lx_words_find(lower, 0, one) >= 0)
            return true;
    }
    return false;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static struct lx_slice next_word(struct lx_slice *s)
{
    size_t from = 0, to;
    while (from < s->n && !is_word_byte(s->p[from]))
        from++;
    for (to = from; to < s->n && is_word_byte(s->p[to]);)
        to++;
    struct lx_slice word = lx_slice(s->p + from, to - from);
    *s = lx_slice_from(*s, to);
    return word;
}

/* Of the words of two texts, those that both have, in percent (the Jaccard index). */
static int common_percent(struct lx_slice a, struct lx_slice b, struct lx_arena *arena)
{
    char one, both; /* marks: their addresses */
    static const uint64_t seed[2] = {0x776f726473, 0x736574};
    struct lx_map words;
    struct lx_slice word;
    size_t common = 0;
    lx_map_init(&words, arena, seed);
    a = lx_lower_case(lx_slice_to(a, MAX_TEXT), arena);
    b = lx_lower_case(lx_slice_to(b, MAX_TEXT), arena);
    while ((word = next_word(&a)).n)
        lx_map_put(&words, word, &one);
    while ((word = next_word(&b)).n) {
        common += lx_map_get(&words, word) == &one;
        lx_map_put(&words, word, &both);
    }
    return words.count ? (int)(100 * common / words.count) : 0;
}

/* Halves of signs for and against whoever has answered. */
static void read_signs(const struct lx_said_lately *s, bool may_credit, struct lx_arena *a,
                       uint64_t *good, uint64_t *bad)
{
    struct lx_slice user = lx_lower_case(lx_slice_to(s->user, MAX_TEXT), a);
    int asked = s->user.n && s->user_before.n ? common_percent(s->user, s->user_before, a) : 0;
    int told =
        s->answer.n && s->answer_before.n ? common_percent(s->answer, s->answer_before, a) : 0;
    *good = may_credit && says(user, thanks) ? 2 : 0;
    *bad = asked > 0 && asked < MISALIGNED_PERCENT ? 2 : 0;
    *bad += says(user, giving_up) ? 2 : 0;
    *bad += s->tool_failed ? 2 : 0;
    *bad += told >= STAGNANT_PERCENT ? 2 : 0;
    *bad += s->loops ? 1 : 0;
}

/* ---- Cells ------------------------------------------------------------------------------------
 */

/* What the configuration lets expect: 30, 50, 70 % by tier, and more at what it is good at. */
static int64_t prior_ppm(const struct lx_auto_model *m, enum lx_request_type t)
{
    int64_t base = m->tier <= 1 ? 300000 : m->tier == 2 ? 500000 : 700000;
    base += m->strengths >> t & 1 ? 300000 : 0;
    return base < 950000 ? base : 950000;
}

static void shape_of(const struct lx_auto *r, enum lx_request_type t, size_t i, double *alpha,
                     double *beta)
{
    uint64_t word = r->state ? LOAD(r->state->cells[t][i]) : 0;
    double prior = (double)prior_ppm(&r->models[0][i], t) / PPM;
    *alpha = prior * PRIOR + (double)(word >> 32) / 2;
    *beta = (1 - prior) * PRIOR + (double)(word & UINT32_MAX) / 2;
}

int64_t lx_bandit_quality_ppm(const struct lx_auto *r, enum lx_request_type t, size_t model,
                              int64_t *signs)
{
    double alpha, beta;
    shape_of(r, t, model, &alpha, &beta);
    *signs = (int64_t)(alpha + beta - PRIOR + 0.5);
    return (int64_t)(alpha / (alpha + beta) * PPM);
}

static void learn(const struct lx_auto *r, enum lx_request_type t, size_t i, uint64_t good,
                  uint64_t bad)
{
    _Atomic uint64_t *cell = &r->state->cells[t][i];
    uint64_t old = LOAD(*cell);
    do {
        if ((old >> 32) + (old & UINT32_MAX) + good + bad > 2 * (MOST_SIGNS - PRIOR))
            return;
    } while (!atomic_compare_exchange_weak_explicit(cell, &old, old + (good << 32) + bad,
                                                    memory_order_relaxed, memory_order_relaxed));
}

/* ---- Drawing ----------------------------------------------------------------------------------
 */

/* Above 0, below 1. */
static double uniform(uint64_t *random)
{
    return ((double)(lx_random_next(random) >> 11) + 0.5) / 0x1p53;
}

/* Marsaglia's polar method. */
static double normal(uint64_t *random)
{
    for (;;) {
        double x = 2 * uniform(random) - 1, y = 2 * uniform(random) - 1, s = x * x + y * y;
        if (s > 0 && s < 1)
            return x * sqrt(-2 * log(s) / s);
    }
}

/* Marsaglia and Tsang's; below 1 by way of a shape one larger. */
static double gamma_draw(double shape, uint64_t *random)
{
    double boost = shape < 1 ? exp(log(uniform(random)) / shape) : 1;
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = normal(random), v = 1 + c * x;
        v = v * v * v;
        if (v > 0 && log(uniform(random)) < x * x / 2 + d - d * v + d * log(v))
            return d * v * boost;
    }
}

static double beta_draw(double alpha, double beta, uint64_t *random)
{
    double x = gamma_draw(alpha, random), y = gamma_draw(beta, random);
    return x + y > 0 ? x / (x + y) : 0.5;
}

static bool is_eligible(const struct lx_auto_model *m, const struct lx_auto_question *q)
{
    return m->tier >= q->min_tier;
}

/* The cheapest 1, the dearest 0; without prices, or a difference, in between. */
static double thrift(const struct lx_auto *r, const struct lx_auto_question *q,
                     const struct lx_auto_model *m)
{
    int64_t least = INT64_MAX, most = -1;
    for (size_t i = 0; i < r->counts[0]; i++) {
        int64_t price = r->models[0][i].price;
        if (!is_eligible(&r->models[0][i], q) || price == INT64_MAX)
            continue;
        least = price < least ? price : least;
        most = price > most ? price : most;
    }
    if (m->price == INT64_MAX || most <= least)
        return 0.5;
    return 1 - (double)(m->price - least) / (double)(most - least);
}

static size_t draw(const struct lx_auto *r, const struct lx_auto_question *q,
                   enum lx_request_type t)
{
    uint64_t random = q->random;
    size_t best = SIZE_MAX;
    double most = 0, alpha, beta;
    for (size_t i = 0; i < r->counts[0]; i++) {
        const struct lx_auto_model *m = &r->models[0][i];
        if (!is_eligible(m, q))
            continue;
        shape_of(r, t, i, &alpha, &beta);
        double score = (double)r->quality_ppm * beta_draw(alpha, beta, &random) +
                       (double)r->cost_ppm * thrift(r, q, m);
        if (best == SIZE_MAX || score > most) {
            best = i;
            most = score;
        }
    }
    return best;
}

/* ---- Sessions ---------------------------------------------------------------------------------
 */

struct memory {
    size_t model;
    enum lx_request_type type;
    unsigned turns;
    bool credited;
};

/* Bits 0-7: model; 8-15: type; 16-23: turns; 24: credited; 32-63: second it is forgotten. */
static bool recall(const struct lx_auto *r, const struct lx_auto_question *q, struct memory *out)
{
    size_t at = q->session % LX_BANDIT_SESSIONS;
    if (!q->session || LOAD(r->state->sessions[at].key) != q->session)
        return false;
    uint64_t what = LOAD(r->state->sessions[at].what);
    *out = (struct memory){.model = what & 0xff,
                           .type = (enum lx_request_type)(what >> 8 & 0xff),
                           .turns = what >> 16 & 0xff,
                           .credited = what >> 24 & 1};
    return (int64_t)(what >> 32) > q->now_ms / 1000 && out->model < r->counts[0] &&
           out->type < LX_REQUEST_TYPE_COUNT;
}

static void remember(const struct lx_auto *r, const struct lx_auto_question *q,
                     const struct memory *m)
{
    size_t at = q->session % LX_BANDIT_SESSIONS;
    uint64_t turns = m->turns < 255 ? m->turns : 255;
    uint64_t until = (uint64_t)(q->now_ms / 1000 + SESSION_S);
    if (!q->session)
        return;
    atomic_store_explicit(&r->state->sessions[at].key, q->session, memory_order_relaxed);
    atomic_store_explicit(&r->state->sessions[at].what,
                          m->model | (uint64_t)m->type << 8 | turns << 16 |
                              (uint64_t)m->credited << 24 | until << 32,
                          memory_order_relaxed);
}

void lx_bandit_choose(const struct lx_auto *r, const struct lx_auto_question *q, struct lx_arena *a,
                      struct lx_auto_choice *out)
{
    enum lx_request_type type = lx_request_type_of(q->said->user, a);
    struct memory before = {.type = type};
    bool known = r->state && recall(r, q, &before);
    uint64_t good = 0, bad = 0;
    if (known) {
        bool may_credit = !before.credited && before.turns + 1 >= CREDIT_TURNS;
        read_signs(q->said, may_credit, a, &good, &bad);
        if (good || bad)
            learn(r, before.type, before.model, good, bad);
    }
    size_t i = draw(r, q, type);
    if (i == SIZE_MAX)
        return;
    if (r->state)
        remember(r, q,
                 &(struct memory){.model = i,
                                  .type = type == LX_REQUEST_GENERAL ? before.type : type,
                                  .turns = before.turns + 1,
                                  .credited = before.credited || good});
    *out =
        (struct lx_auto_choice){&r->models[0][i], "bandit", lx_slice_z(lx_request_type_name(type))};
}
