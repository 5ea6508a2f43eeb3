/*
 * cost.c - `llmux cost`: what replies cost, or would.
 *
 * A line of input is a question (catalog/query.h); the answer to each is a line.
 */
#include <fcntl.h>
#include <unistd.h>

#include "cmd/catalog.h"
#include "cmd/command.h"

enum { MODEL, PROVIDER, INPUT, OUTPUT, CACHED, REASONING, TIER, REGION, JSON, MAP };

struct job {
    const struct lx_catalog *catalog;
    const char *const *values;
    struct lx_arena arena;
    struct lx_json_doc doc;
    struct lx_buf out;
    size_t answered, unpriced;
    struct lx_money sum;
};

static void say_unpriced(struct job *j, const struct lx_error *err, struct lx_out *o)
{
    j->unpriced++;
    if (o)
        lx_out_str(o, "error", lx_slice_z(err->text));
    else
        lx_cmd_fail("cost", LX_EXIT_FAILED, "%s", err->text);
}

static void answer(struct job *j, const struct lx_cost_query *q)
{
    struct lx_out o = lx_out(&j->out);
    struct lx_price price = {0};
    struct lx_cost cost = {0};
    struct lx_error err;
    bool known =
        lx_cost_query_run(j->catalog, q, lx_slice(NULL, 0), &j->arena, &price, &cost, &err) == 0;
    j->answered++;
    if (known)
        j->sum = lx_money_add(j->sum, cost.total);
    if (!j->values[JSON]) {
        if (!known) {
            say_unpriced(j, &err, NULL);
            return;
        }
        lx_money_write(cost.total, &j->out);
        lx_buf_addf(&j->out, "\t%.*s\n", LX_F(q->model));
        return;
    }
    lx_out_object(&o, NULL);
    lx_out_str(&o, "model", q->model);
    if (known) {
        lx_out_str(&o, "priced_as", price.model.name);
        lx_cost_write(&o, &cost);
    } else {
        say_unpriced(j, &err, &o);
    }
    lx_out_object_end(&o);
    lx_buf_add_byte(&j->out, '\n');
}

static int64_t given(const char *value)
{
    int64_t n = 0;
    return value && lx_slice_int(lx_slice_z(value), &n) == 0 && n > 0 ? n : 0;
}

/* What the options say, where the line does not. */
static void complete(const struct job *j, struct lx_cost_query *q)
{
    const char *const *v = j->values;
    if (v[MODEL])
        q->model = lx_slice_z(v[MODEL]);
    if (v[PROVIDER])
        q->provider = lx_slice_z(v[PROVIDER]);
    if (v[TIER])
        q->in.service_tier = lx_slice_z(v[TIER]);
    if (v[REGION])
        q->in.region = lx_slice_z(v[REGION]);
    if (v[INPUT] || v[OUTPUT] || v[CACHED] || v[REASONING])
        q->usage = (struct lx_usage){.known = true,
                                     .prompt_tokens = given(v[INPUT]),
                                     .completion_tokens = given(v[OUTPUT]),
                                     .cached_tokens = given(v[CACHED]),
                                     .reasoning_tokens = given(v[REASONING])};
}

static int read_line(struct job *j, struct lx_slice line, size_t number)
{
    struct lx_cost_query q = {0};
    struct lx_error err;
    lx_arena_reset(&j->arena);
    int code = lx_json_read(&j->doc, line, NULL, &err);
    if (code == 0)
        code = lx_cost_query_read(lx_json_root(&j->doc), &j->arena, &q, &err);
    if (code == 0) {
        complete(j, &q);
        if (!q.model.n)
            code = lx_error_set(&err, LX_EINVAL, "it names no model, and --model is not given");
    }
    if (code < 0)
        return lx_cmd_fail("cost", LX_EXIT_FAILED, "line %zu: %s", number, err.text);
    answer(j, &q);
    return LX_EXIT_OK;
}

static int read_lines(struct job *j, const char *path)
{
    struct lx_buf text;
    int status = LX_EXIT_OK;
    int fd = path && strcmp(path, "-") != 0 ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (fd < 0)
        return lx_cmd_fail("cost", LX_EXIT_FAILED, "%s cannot be opened", path);
    lx_buf_init(&text, 1u << 30);
    if (lx_cmd_read_all(fd, &text) < 0)
        status = lx_cmd_fail("cost", LX_EXIT_FAILED, "the input cannot be read");
    struct lx_slice rest = lx_buf_slice(&text), line;
    for (size_t number = 1; status == LX_EXIT_OK && rest.n; number++) {
        lx_slice_cut(rest, '\n', &line, &rest);
        if (lx_slice_trim(line).n)
            status = read_line(j, lx_slice_trim(line), number);
    }
    lx_buf_clear(&text);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}

static bool are_counts(const char *const *values)
{
    static const int which[] = {INPUT, OUTPUT, CACHED, REASONING};
    static const char *const names[] = {"input", "output", "cached", "reasoning"};
    long n;
    for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
        if (values[which[i]] &&
            !lx_cmd_number("cost", names[i], values[which[i]], 0, 1000000000000, &n))
            return false;
    return true;
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct job j = {.values = values};
    struct lx_catalog *c;
    bool by_options = values[INPUT] || values[OUTPUT] || values[CACHED] || values[REASONING];
    int status = LX_EXIT_OK;
    if (!are_counts(values))
        return LX_EXIT_USAGE;
    if (by_options && !values[MODEL])
        return lx_cmd_fail("cost", LX_EXIT_USAGE, "--model is needed");
    if (!lx_cmd_catalog("cost", values[MAP], &c))
        return LX_EXIT_FAILED;
    j.catalog = c;
    lx_arena_init(&j.arena, 16u << 20);
    lx_json_doc_init(&j.doc);
    lx_buf_init(&j.out, 1u << 30);
    if (by_options && !word_count)
        status = read_line(&j, LX_S("{}"), 1);
    else
        status = read_lines(&j, word_count ? words[0] : NULL);
    if (!values[JSON] && j.answered > 1) {
        lx_money_write(j.sum, &j.out);
        lx_buf_add_lit(&j.out, "\ttotal\n");
    }
    if (lx_cmd_print(lx_buf_slice(&j.out)) != LX_EXIT_OK || j.out.failed)
        status = LX_EXIT_FAILED;
    lx_buf_clear(&j.out);
    lx_json_doc_clear(&j.doc);
    lx_arena_clear(&j.arena);
    lx_catalog_free(c);
    return j.unpriced ? LX_EXIT_FAILED : status;
}

static const struct lx_option options[] = {
    [MODEL] = {"model", 'm', "NAME", "the model, where the input does not say or another is meant"},
    [PROVIDER] = {"provider", 'p', "NAME", "who serves it; default: the name's prefix"},
    [INPUT] = {"input", 0, "N", "tokens of the prompt, cached ones included"},
    [OUTPUT] = {"output", 0, "N", "tokens of the answer, reasoning included"},
    [CACHED] = {"cached", 0, "N", "of the prompt: read from a cache"},
    [REASONING] = {"reasoning", 0, "N", "of the answer: reasoning"},
    [TIER] = {"service-tier", 0, "NAME", "flex, priority, ..."},
    [REGION] = {"region", 0, "NAME", "where it is served, as the provider bills it: eu, us, ..."},
    [JSON] = {"json", 0, NULL, "a JSON object for each, with the parts of the cost"},
    [MAP] = {"map", 0, "FILE", "a model map of your own over the built-in one"},
    {0},
};

const struct lx_command lx_command_cost = {
    .name = "cost",
    .synopsis = "[--model NAME] [--input N --output N | FILE]",
    .summary = "Tells what replies cost, exactly",
    .details = "Reads replies or usages, a JSON object a line, from FILE or standard input: "
               "whatever has model and usage.\nMembers that a reply does not have tell the rest: "
               "call_type, batch, n, size, quality, audio_seconds, pages,\nqueries, ... Prints the "
               "dollars of each, and their sum. Or takes the numbers as options.",
    .options = options,
    .max_words = 1,
    .run = run,
};
