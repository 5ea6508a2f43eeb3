/*
 * complexity.c - see complexity.h.
 *
 * Seven measures of the last thing the user said, each from -1 to 1, weighed and added up. What
 * counts (the words, weights, boundaries, and that two marks of reasoning are enough for the last
 * tier) is LiteLLM's (router_strategy/complexity_router, 1.106.2), so that a configuration means
 * the same here.
 */
#include "route/complexity.h"

#include <assert.h>

#include "base/text.h"
#include "llm/money.h"

enum { PPM = 1000000, TENTHS = 10, MANY_QUESTIONS = 3 };

const struct lx_slice lx_complexity_names[LX_COMPLEXITY_TIERS] = {
    LX_S_INIT("SIMPLE"), LX_S_INIT("MEDIUM"), LX_S_INIT("COMPLEX"), LX_S_INIT("REASONING")};

enum lx_complexity_tier lx_complexity_find(struct lx_slice name)
{
    size_t i = 0;
    while (i < LX_COMPLEXITY_TIERS && !lx_slice_eq(lx_complexity_names[i], name))
        i++;
    return (enum lx_complexity_tier)i;
}

/* ---- Words ------------------------------------------------------------------------------------
 */

/* Between bars; the configuration may have others. */
enum { CODE, REASONING, TECHNICAL, SIMPLE, LISTS };

static const struct {
    const char *option, *words;
    /* In tenths: from so many words on, and from so many. */
    int some, many, of_some, of_many;
} lists[LISTS] = {
    [CODE] = {"code_keywords",
              "function|class|def|const|let|var|import|export|return|async|await|try|catch|"
              "exception|error|debug|api|endpoint|request|response|database|sql|query|schema|"
              "algorithm|implement|refactor|optimize|python|javascript|typescript|java|rust|"
              "golang|react|vue|angular|node|docker|kubernetes|git|commit|merge|branch|"
              "pull request",
              1, 2, 5, 10},
    [REASONING] = {"reasoning_keywords",
                   "step by step|think through|let's think|reason through|analyze this|"
                   "break down|explain your reasoning|show your work|chain of thought|"
                   "think carefully|consider all|evaluate|pros and cons|compare and contrast|"
                   "weigh the options|logical|deduce|infer|conclude",
                   1, 2, 7, 10},
    [TECHNICAL] = {"technical_keywords",
                   "architecture|distributed|scalable|microservice|machine learning|"
                   "neural network|deep learning|encryption|authentication|authorization|"
                   "performance|latency|throughput|benchmark|concurrency|parallel|threading|"
                   "memory|cpu|gpu|optimization|protocol|tcp|http|grpc|websocket|container|"
                   "orchestration",
                   2, 4, 5, 10},
    [SIMPLE] = {"simple_keywords",
                "what is|what's|define|definition of|who is|who was|when did|when was|where is|"
                "where was|how many|how much|yes or no|true or false|simple|brief|short|quick|"
                "hello|hi|hey|thanks|thank you|goodbye|bye|okay",
                1, 2, -10, -10},
};

enum { LENGTH, QUESTIONS = LISTS + 1, STEPS, MEASURES };
static const struct {
    const char *option;
    int64_t weight_ppm;
} measures[MEASURES] = {
    [LENGTH] = {"tokenCount", 100000},
    [1 + CODE] = {"codePresence", 300000},
    [1 + REASONING] = {"reasoningMarkers", 250000},
    [1 + TECHNICAL] = {"technicalTerms", 250000},
    [1 + SIMPLE] = {"simpleIndicators", 50000},
    [QUESTIONS] = {"questionComplexity", 20000},
    [STEPS] = {"multiStepPatterns", 30000},
};

static const struct {
    const char *option;
    int64_t ppm;
} boundaries[LX_COMPLEXITY_TIERS - 1] = {
    {"simple_medium", 150000}, {"medium_complex", 350000}, {"complex_reasoning", 600000}};

struct lx_complexity {
    struct lx_slice *words[LISTS];
    size_t counts[LISTS];
    int64_t weights[MEASURES], boundaries[LX_COMPLEXITY_TIERS - 1];
    int64_t override_ppm;      /* reasoning_override_min_score */
    int64_t few_ppm, many_ppm; /* token_thresholds */
};

struct lx_slice lx_lower_case(struct lx_slice s, struct lx_arena *a)
{
    char *room = lx_arena_bytes(a, s.n ? s.n : 1);
    for (size_t i = 0; room && i < s.n; i++)
        room[i] = lx_ascii_lower(s.p[i]);
    return lx_slice(room, room ? s.n : 0);
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* A word begins or ends at the byte `at`, where there is one on either side. */
static bool is_edge(struct lx_slice text, size_t at)
{
    assert(at <= text.n && (text.p || !text.n));
    bool before = at > 0 && is_word_byte(text.p[at - 1]);
    return before != (at < text.n && is_word_byte(text.p[at]));
}

static bool is_phrase(struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ' ' || (unsigned char)s.p[i] >= 0x80)
            return true;
    return false;
}

ssize_t lx_words_find(struct lx_slice text, size_t from, struct lx_slice words)
{
    ssize_t found;
    for (size_t at = from; words.n; at++) {
        found = lx_slice_find(lx_slice_from(text, at), words);
        if (found < 0)
            break;
        at += (size_t)found;
        if (is_edge(text, at) && is_edge(text, at + words.n))
            return (ssize_t)at;
    }
    return -1;
}

bool lx_keyword_is_in(struct lx_slice text, struct lx_slice keyword)
{
    if (is_phrase(keyword))
        return lx_slice_find(text, keyword) >= 0;
    return lx_words_find(text, 0, keyword) >= 0;
}

/* ---- The configuration ------------------------------------------------------------------------
 */

bool lx_ppm_read(struct lx_json v, int64_t *out)
{
    struct lx_money m;
    if (!lx_json_is(v, LX_JSON_NUMBER) || lx_money_read(lx_json_raw(v), &m) != 0)
        return false;
    *out = (int64_t)(m.units / 1000000000000000000);
    return true;
}

static size_t count_words(const char *words)
{
    size_t n = 1;
    for (; *words; words++)
        n += *words == '|';
    return n;
}

static void add_words(struct lx_complexity *c, size_t list, struct lx_json more, struct lx_arena *a)
{
    for (struct lx_json_iter it = lx_json_iter(more); lx_json_next(&it);) {
        struct lx_slice word = lx_lower_case(lx_json_str(it.value, a), a);
        if (word.n && c->words[list])
            c->words[list][c->counts[list]++] = word;
    }
}

static void read_words(struct lx_complexity *c, size_t list, struct lx_json config,
                       struct lx_arena *a)
{
    struct lx_json own = lx_json_get(config, lx_slice_z(lists[list].option)), more = {NULL, 0};
    struct lx_slice word, rest = lx_slice_z(lists[list].words);
    bool given = lx_json_is(own, LX_JSON_ARRAY) && lx_json_count(own);
    if (list == TECHNICAL)
        more = LX_GET(config, "custom_technical_keywords");
    size_t n = given ? lx_json_count(own) : count_words(lists[list].words);
    if (lx_json_is(more, LX_JSON_ARRAY))
        n += lx_json_count(more);
    c->words[list] = lx_arena_alloc(a, n * sizeof(*c->words[list]));
    if (given)
        add_words(c, list, own, a);
    while (!given && rest.n && c->words[list]) {
        lx_slice_cut(rest, '|', &word, &rest);
        c->words[list][c->counts[list]++] = word;
    }
    if (lx_json_is(more, LX_JSON_ARRAY))
        add_words(c, list, more, a);
}

/* The number of that name in an object, else the default. */
static int64_t number(struct lx_json object, const char *name, int64_t otherwise,
                      struct lx_slice *wrong)
{
    struct lx_json v = lx_json_get(object, lx_slice_z(name));
    int64_t n = otherwise;
    if (lx_json_given(v) && !lx_ppm_read(v, &n))
        *wrong = lx_slice_z(name);
    return n;
}

const struct lx_complexity *lx_complexity_new(struct lx_json config, struct lx_arena *a,
                                              struct lx_slice *wrong)
{
    struct lx_json weights = LX_GET(config, "dimension_weights");
    struct lx_json limits = LX_GET(config, "tier_boundaries");
    struct lx_json tokens = LX_GET(config, "token_thresholds");
    struct lx_complexity *c = lx_arena_new(a, struct lx_complexity);
    *wrong = lx_slice(NULL, 0);
    if (!c)
        return NULL;
    for (size_t i = 0; i < LISTS; i++)
        read_words(c, i, config, a);
    for (size_t i = 0; i < MEASURES; i++) /* weights that are given are all there are */
        c->weights[i] = number(weights, measures[i].option,
                               lx_json_given(weights) ? 0 : measures[i].weight_ppm, wrong);
    for (size_t i = 0; i < LX_COMPLEXITY_TIERS - 1; i++)
        c->boundaries[i] = number(limits, boundaries[i].option, boundaries[i].ppm, wrong);
    c->few_ppm = number(tokens, "simple", INT64_C(15) * PPM, wrong);
    c->many_ppm = number(tokens, "complex", INT64_C(400) * PPM, wrong);
    c->override_ppm = number(config, "reasoning_override_min_score", c->boundaries[0], wrong);
    return a->failed || wrong->n ? NULL : c;
}

/* ---- The score --------------------------------------------------------------------------------
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "step 1", "1. ", "a) ", or "first" with "then" behind it in the same line. */
static bool has_steps(struct lx_slice text)
{
    struct lx_slice line, rest = text, step = LX_S("step");
    for (size_t i = 1; i + 1 < text.n; i++) {
        bool space = text.p[i + 1] == ' ' || text.p[i + 1] == '\n' || text.p[i + 1] == '\t';
        if (space && ((text.p[i] == '.' && is_digit(text.p[i - 1])) ||
                      (text.p[i] == ')' && text.p[i - 1] >= 'a' && text.p[i - 1] <= 'z')))
            return true;
    }
    for (ssize_t at; (at = lx_slice_find(rest, step)) >= 0;) {
        rest = lx_slice_from(rest, (size_t)at + step.n);
        struct lx_slice behind = lx_slice_trim(rest);
        if (behind.n && is_digit(behind.p[0]))
            return true;
    }
    for (rest = text; rest.n;) {
        lx_slice_cut(rest, '\n', &line, &rest);
        ssize_t at = lx_slice_find(line, LX_S("first"));
        if (at >= 0 && lx_slice_find(lx_slice_from(line, (size_t)at + 5), LX_S("then")) >= 0)
            return true;
    }
    return false;
}

static int length_of(const struct lx_complexity *c, struct lx_slice text)
{
    int64_t characters = 0;
    for (size_t i = 0; i < text.n; i++)
        characters += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    int64_t tokens = characters / 4 * PPM;
    return tokens < c->few_ppm ? -TENTHS : tokens > c->many_ppm ? TENTHS : 0;
}

static int questions_of(struct lx_slice text)
{
    int n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '?';
    return n > MANY_QUESTIONS ? TENTHS / 2 : 0;
}

enum lx_complexity_tier lx_complexity_of(const struct lx_complexity *c, struct lx_slice text,
                                         struct lx_arena *a, int64_t *score_ppm)
{
    struct lx_slice lower = lx_lower_case(text, a);
    int tenths[MEASURES] = {[LENGTH] = length_of(c, lower),
                            [QUESTIONS] = questions_of(lower),
                            [STEPS] = has_steps(lower) ? TENTHS / 2 : 0};
    int found[LISTS] = {0}, tier = 0;
    int64_t score = 0;
    for (size_t i = 0; i < LISTS; i++) {
        for (size_t k = 0; k < c->counts[i]; k++)
            found[i] += lx_keyword_is_in(lower, c->words[i][k]);
        tenths[1 + i] = found[i] >= lists[i].many   ? lists[i].of_many
                        : found[i] >= lists[i].some ? lists[i].of_some
                                                    : 0;
    }
    for (size_t i = 0; i < MEASURES; i++)
        score += c->weights[i] * tenths[i] / TENTHS;
    *score_ppm = score;
    if (found[REASONING] >= lists[REASONING].many && score >= c->override_ppm)
        return LX_REASONING;
    while (tier < LX_COMPLEXITY_TIERS - 1 && score >= c->boundaries[tier])
        tier++;
    return (enum lx_complexity_tier)tier;
}
