/*
 * json_bench.c - the gateway's commonest job on JSON: read a request, find five members, replace
 * `model`, and have the bytes to forward.
 *
 * Prints, for three bodies such as agents send, the median microseconds of a bare copy, of our
 * index and splice, and of every C JSON library this was built with, doing the same job: parse,
 * find, replace, serialize without white space. Every library's output is read back and checked
 * before it is timed. Allocations are part of the job, as each library does them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "json_bench.h"
#include "wire/json.h"

#ifdef HAVE_JANSSON
#include <jansson.h>
#endif
#ifdef HAVE_CJSON
#include <cjson/cJSON.h>
#endif
#ifdef HAVE_FASTJSON
#define FJSON_NATIVE_API_ONLY /* its other names are those of json-c and jansson */
#include <libfastjson/json.h>
#endif
#ifdef HAVE_YAJL
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>
#endif

#define MAX_BYTES (64u << 20)
#define SAMPLES   61

const char *const members[MEMBERS] = {"model", "messages", "stream", "tools", "max_tokens"};

static void die(const char *what)
{
    fprintf(stderr, "json_bench: %s\n", what);
    exit(1);
}

/* ---- The contenders: each returns how many of the five members it found ------------------- */

struct lx_buf out;
static struct lx_json_doc doc;
static struct lx_arena arena;

static size_t run_memcpy(struct lx_slice body)
{
    lx_buf_reset(&out);
    lx_buf_add(&out, body);
    return MEMBERS;
}

static size_t run_ours(struct lx_slice body)
{
    lx_buf_reset(&out);
    lx_arena_reset(&arena);
    if (lx_json_read(&doc, body, NULL, NULL) != 0)
        return 0;
    struct lx_json root = lx_json_root(&doc);
    size_t found = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        found += lx_json_type(lx_json_get(root, lx_slice_z(members[i]))) != LX_JSON_NONE;
    struct lx_json_edit edit;
    lx_json_edit_init(&edit, &doc, &arena);
    lx_json_edit_set(&edit, root, LX_S("model"), LX_S("\"" NEW_MODEL "\""));
    return lx_json_edit_write(&edit, &out) == 0 ? found : 0;
}

#ifdef HAVE_JANSSON
static size_t run_jansson(struct lx_slice body)
{
    json_t *root = json_loadb(body.p, body.n, 0, NULL);
    size_t found = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        found += json_object_get(root, members[i]) != NULL;
    json_object_set_new(root, "model", json_string(NEW_MODEL));
    char *text = json_dumps(root, JSON_COMPACT);
    lx_buf_reset(&out);
    if (text)
        lx_buf_add(&out, lx_slice_z(text));
    free(text);
    json_decref(root);
    return found;
}
#endif

#ifdef HAVE_CJSON
static size_t run_cjson(struct lx_slice body)
{
    cJSON *root = cJSON_ParseWithLength(body.p, body.n);
    size_t found = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        found += cJSON_GetObjectItemCaseSensitive(root, members[i]) != NULL;
    cJSON_ReplaceItemInObjectCaseSensitive(root, "model", cJSON_CreateString(NEW_MODEL));
    char *text = cJSON_PrintBuffered(root, (int)body.n + 256, 0);
    lx_buf_reset(&out);
    if (text)
        lx_buf_add(&out, lx_slice_z(text));
    free(text);
    cJSON_Delete(root);
    return found;
}
#endif

#ifdef HAVE_FASTJSON
static size_t run_fastjson(struct lx_slice body)
{
    struct fjson_tokener *tokener = fjson_tokener_new();
    struct fjson_object *root = fjson_tokener_parse_ex(tokener, body.p, (int)body.n);
    size_t found = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        found += (size_t)fjson_object_object_get_ex(root, members[i], NULL);
    fjson_object_object_del(root, "model"); /* it finds in order, so an addition comes last */
    fjson_object_object_add(root, "model", fjson_object_new_string(NEW_MODEL));
    const char *text = fjson_object_to_json_string_ext(root, FJSON_TO_STRING_PLAIN);
    lx_buf_reset(&out);
    lx_buf_add(&out, lx_slice_z(text));
    fjson_object_put(root);
    fjson_tokener_free(tokener);
    return found;
}
#endif

#ifdef HAVE_YAJL
/* yajl has no tree that it could print, so its events are passed on to its generator. */
struct yajl_run {
    yajl_gen gen;
    size_t depth, found;
    bool model;
};
static int yajl_on_null(void *ctx)
{
    return yajl_gen_null(((struct yajl_run *)ctx)->gen) == yajl_gen_status_ok;
}
static int yajl_on_bool(void *ctx, int v)
{
    return yajl_gen_bool(((struct yajl_run *)ctx)->gen, v) == yajl_gen_status_ok;
}
static int yajl_on_number(void *ctx, const char *p, size_t n)
{
    return yajl_gen_number(((struct yajl_run *)ctx)->gen, p, n) == yajl_gen_status_ok;
}
static int yajl_on_string(void *ctx, const unsigned char *p, size_t n)
{
    struct yajl_run *run = ctx;
    if (run->model) {
        run->model = false;
        p = (const unsigned char *)NEW_MODEL;
        n = sizeof(NEW_MODEL) - 1;
    }
    return yajl_gen_string(run->gen, p, n) == yajl_gen_status_ok;
}
static int yajl_on_key(void *ctx, const unsigned char *p, size_t n)
{
    struct yajl_run *run = ctx;
    if (run->depth == 1)
        for (size_t i = 0; i < MEMBERS; i++)
            if (lx_slice_eq(lx_slice((const char *)p, n), lx_slice_z(members[i]))) {
                run->found++;
                run->model = i == 0;
            }
    return yajl_gen_string(run->gen, p, n) == yajl_gen_status_ok;
}
static int yajl_on_map(void *ctx)
{
    ((struct yajl_run *)ctx)->depth++;
    return yajl_gen_map_open(((struct yajl_run *)ctx)->gen) == yajl_gen_status_ok;
}
static int yajl_on_map_end(void *ctx)
{
    ((struct yajl_run *)ctx)->depth--;
    return yajl_gen_map_close(((struct yajl_run *)ctx)->gen) == yajl_gen_status_ok;
}
static int yajl_on_array(void *ctx)
{
    ((struct yajl_run *)ctx)->depth++;
    return yajl_gen_array_open(((struct yajl_run *)ctx)->gen) == yajl_gen_status_ok;
}
static int yajl_on_array_end(void *ctx)
{
    ((struct yajl_run *)ctx)->depth--;
    return yajl_gen_array_close(((struct yajl_run *)ctx)->gen) == yajl_gen_status_ok;
}
static size_t run_yajl(struct lx_slice body)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = yajl_on_null,
        .yajl_boolean = yajl_on_bool,
        .yajl_number = yajl_on_number,
        .yajl_string = yajl_on_string,
        .yajl_start_map = yajl_on_map,
        .yajl_map_key = yajl_on_key,
        .yajl_end_map = yajl_on_map_end,
        .yajl_start_array = yajl_on_array,
        .yajl_end_array = yajl_on_array_end,
    };
    struct yajl_run run = {.gen = yajl_gen_alloc(NULL)};
    yajl_handle hand = yajl_alloc(&callbacks, NULL, &run);
    if (yajl_parse(hand, (const unsigned char *)body.p, body.n) != yajl_status_ok ||
        yajl_complete_parse(hand) != yajl_status_ok)
        run.found = 0;
    const unsigned char *text;
    size_t n;
    yajl_gen_get_buf(run.gen, &text, &n);
    lx_buf_reset(&out);
    lx_buf_add(&out, lx_slice((const char *)text, n));
    yajl_free(hand);
    yajl_gen_free(run.gen);
    return run.found;
}
#endif

struct contender {
    const char *name;
    size_t (*run)(struct lx_slice body);
};
static const struct contender contenders[] = {
    {"memcpy", run_memcpy},     {"llmux", run_ours},
#ifdef HAVE_JANSSON
    {"jansson", run_jansson},
#endif
#ifdef HAVE_CJSON
    {"cJSON", run_cjson},
#endif
#ifdef HAVE_JSON_C
    {"json-c", bench_json_c},
#endif
#ifdef HAVE_FASTJSON
    {"fastjson", run_fastjson},
#endif
#ifdef HAVE_YAJL
    {"yajl", run_yajl},
#endif
};
#define CONTENDERS (sizeof(contenders) / sizeof(*contenders))
enum { MEMCPY, OURS, FIRST_LIBRARY };

/* ---- The bodies --------------------------------------------------------------------------- */

static uint32_t dice = 1; /* the same bodies in every run */
static uint32_t roll(uint32_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

static void add_words(struct lx_buf *b, size_t count)
{
    static const char *const words[] = {
        "the",          "request",    "of",       "a",      "provider", "is",    "read",
        "once",         "and",        "stream",   "events", "in",       "order", "whenever",
        "timeout",      "configured", "response", "with",   "tokens",   "usage", "caf\xc3\xa9",
        "\xe2\x80\x94", "for",        "it"};
    for (size_t i = 0; i < count; i++)
        lx_buf_addf(b, "%s%s", i ? (i % 13 ? " " : ". ") : "",
                    words[roll(sizeof(words) / sizeof(*words))]);
}

static void out_words(struct lx_out *o, const char *name, size_t count)
{
    struct lx_buf text;
    lx_buf_init(&text, MAX_BYTES);
    add_words(&text, count);
    lx_out_str(o, name, lx_buf_slice(&text));
    lx_buf_clear(&text);
}

/* What a tool that prints a source file gives back: many lines, quotes, some comments in Chinese.
 */
static void out_listing(struct lx_out *o, const char *name, size_t lines)
{
    struct lx_buf text;
    lx_buf_init(&text, MAX_BYTES);
    for (size_t i = 0; i < lines; i++) {
        lx_buf_addf(&text, "%5zu\t%*s", i + 1, (int)roll(4) * 4, "");
        switch (roll(8)) {
        case 0:
            lx_buf_addf(&text, "printf(\"%%s: %%d\\n\", name[%u], count);", roll(100));
            break;
        case 1:
            lx_buf_addf(&text, "if (reply->status == %u && !reply->done) {", roll(600));
            break;
        case 2:
            add_words(&text, 9);
            break;
        case 3:
            if (i % 4 == 0)
                lx_buf_addf(&text, "/* \xe8\xaf\xbb\xe5\x8f\x96\xe8\xaf\xb7\xe6\xb1\x82\xe4\xbd"
                                   "\x93\xef\xbc\x8c\xe4\xb8\x8d\xe5\xa4\x8d\xe5\x88\xb6 */");
            break;
        default:
            lx_buf_addf(&text, "result_%zu = await client.fetch(url, timeout=%u)", i, roll(60));
            break;
        }
        lx_buf_add_byte(&text, '\n');
    }
    lx_out_str(o, name, lx_buf_slice(&text));
    lx_buf_clear(&text);
}

static void out_message(struct lx_out *o, const char *role, size_t words)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "role", lx_slice_z(role));
    out_words(o, "content", words);
    lx_out_object_end(o);
}

static void out_property(struct lx_out *o, const char *name, const char *type, size_t words)
{
    lx_out_object(o, name);
    lx_out_str(o, "type", lx_slice_z(type));
    out_words(o, "description", words);
    lx_out_object_end(o);
}

static void out_tools(struct lx_out *o, size_t count)
{
    lx_out_array(o, "tools");
    for (size_t i = 0; i < count; i++) {
        lx_out_object(o, NULL);
        lx_out_lit(o, "type", "function");
        lx_out_object(o, "function");
        lx_out_lit(o, "name", "read_file_range");
        out_words(o, "description", 90);
        lx_out_object(o, "parameters");
        lx_out_lit(o, "type", "object");
        lx_out_object(o, "properties");
        out_property(o, "path", "string", 9);
        out_property(o, "first_line", "integer", 7);
        out_property(o, "last_line", "integer", 7);
        lx_out_object(o, "format");
        lx_out_lit(o, "type", "string");
        lx_out_array(o, "enum");
        lx_out_lit(o, NULL, "plain");
        lx_out_lit(o, NULL, "numbered");
        lx_out_array_end(o);
        lx_out_object_end(o);
        lx_out_object_end(o);
        lx_out_array(o, "required");
        lx_out_lit(o, NULL, "path");
        lx_out_array_end(o);
        lx_out_bool(o, "additionalProperties", false);
        lx_out_object_end(o);
        lx_out_bool(o, "strict", true);
        lx_out_object_end(o);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

/* One turn of an agent: a call of a tool, with arguments that are JSON in a string, and its result.
 */
static void out_turn(struct lx_out *o, unsigned turn)
{
    char id[32];
    snprintf(id, sizeof(id), "call_%024u", turn);
    lx_out_object(o, NULL);
    lx_out_lit(o, "role", "assistant");
    out_words(o, "content", 25);
    lx_out_array(o, "tool_calls");
    lx_out_object(o, NULL);
    lx_out_str(o, "id", lx_slice_z(id));
    lx_out_lit(o, "type", "function");
    lx_out_object(o, "function");
    lx_out_lit(o, "name", "read_file_range");
    lx_out_lit(o, "arguments",
               "{\"path\": \"src/reply.py\", \"first_line\": 1, \"last_line\": 80}");
    lx_out_object_end(o);
    lx_out_object_end(o);
    lx_out_array_end(o);
    lx_out_object_end(o);
    lx_out_object(o, NULL);
    lx_out_lit(o, "role", "tool");
    lx_out_str(o, "tool_call_id", lx_slice_z(id));
    out_listing(o, "content", 80);
    lx_out_object_end(o);
}

static void write_body(struct lx_buf *b, size_t messages, size_t words, size_t tools,
                       unsigned turns)
{
    struct lx_out o = lx_out(b);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "model", "gpt-4o-mini");
    lx_out_array(&o, "messages");
    out_message(&o, "system", words);
    for (size_t i = 1; i < messages; i++)
        out_message(&o, i % 2 ? "user" : "assistant", words);
    for (unsigned i = 0; i < turns; i++)
        out_turn(&o, i);
    lx_out_array_end(&o);
    if (tools)
        out_tools(&o, tools);
    lx_out_raw(&o, "temperature", LX_S("0.7"));
    lx_out_int(&o, "max_tokens", 4096);
    lx_out_bool(&o, "stream", true);
    lx_out_object(&o, "stream_options");
    lx_out_bool(&o, "include_usage", true);
    lx_out_object_end(&o);
    if (!tools)
        lx_out_null(&o, "tools");
    lx_out_object_end(&o);
    if (b->failed)
        die("cannot write a body");
}

/* ---- Timing ------------------------------------------------------------------------------- */

/* Of this thread's own processor time, so that a busy machine disturbs less. */
static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Reads back what the contender wrote: the new model, and as many messages as before. */
static void check(const struct contender *c, struct lx_slice body)
{
    struct lx_json_doc before, after;
    lx_json_doc_init(&before);
    lx_json_doc_init(&after);
    if (c->run(body) != MEMBERS || lx_json_read(&before, body, NULL, NULL) != 0 ||
        lx_json_read(&after, lx_buf_slice(&out), NULL, NULL) != 0)
        die(c->name);
    struct lx_json a = lx_json_root(&before), b = lx_json_root(&after);
    if ((c->run != run_memcpy && !lx_json_eq(LX_GET(b, "model"), LX_S(NEW_MODEL))) ||
        lx_json_count(LX_GET(a, "messages")) != lx_json_count(LX_GET(b, "messages")) ||
        before.count != after.count)
        die(c->name);
    lx_json_doc_clear(&before);
    lx_json_doc_clear(&after);
}

static double sample_us(const struct contender *c, struct lx_slice body, size_t rounds)
{
    double start = now_us();
    for (size_t i = 0; i < rounds; i++)
        c->run(body);
    return (now_us() - start) / (double)rounds;
}

/* The contenders take turns, so that a slow moment of the machine meets all of them. */
static void measure(struct lx_slice body, double us[CONTENDERS])
{
    static double samples[CONTENDERS][SAMPLES];
    size_t rounds[CONTENDERS];
    for (size_t i = 0; i < CONTENDERS; i++) /* a fifth of a millisecond or more */
        for (rounds[i] = 1; sample_us(&contenders[i], body, rounds[i]) * (double)rounds[i] < 200;)
            rounds[i] *= 2;
    for (size_t s = 0; s < SAMPLES; s++)
        for (size_t i = 0; i < CONTENDERS; i++)
            samples[i][s] = sample_us(&contenders[i], body, rounds[i]);
    for (size_t i = 0; i < CONTENDERS; i++) {
        qsort(samples[i], SAMPLES, sizeof(samples[i][0]), by_value);
        us[i] = samples[i][SAMPLES / 2];
    }
}

static void bench(const char *title, struct lx_slice body)
{
    double us[CONTENDERS];
    size_t best = 0;
    for (size_t i = 0; i < CONTENDERS; i++)
        check(&contenders[i], body);
    measure(body, us);
    for (size_t i = FIRST_LIBRARY; i < CONTENDERS; i++)
        best = !best || us[i] < us[best] ? i : best;
    printf("%s: %zu bytes, %u values and names\n", title, body.n, doc.count);
    for (size_t i = 0; i < CONTENDERS; i++)
        printf("  %-10s %10.2f us  %6.2f GB/s  %8.2fx llmux\n", contenders[i].name, us[i],
               (double)body.n / us[i] / 1e3, us[i] / us[OURS]);
    if (best)
        printf("  the fastest library, %s, takes %.1fx the time of llmux\n", contenders[best].name,
               us[best] / us[OURS]);
}

int main(void)
{
    static const struct {
        const char *title;
        size_t messages, words, tools;
        unsigned turns;
    } bodies[] = {
        {"chat", 4, 30, 0, 0},
        {"chat with 20 tools", 4, 100, 20, 0},
        {"agent history", 4, 100, 20, 84},
    };
    lx_buf_init(&out, MAX_BYTES);
    lx_arena_init(&arena, MAX_BYTES);
    lx_json_doc_init(&doc);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        struct lx_buf body;
        lx_buf_init(&body, MAX_BYTES);
        write_body(&body, bodies[i].messages, bodies[i].words, bodies[i].tools, bodies[i].turns);
        bench(bodies[i].title, lx_buf_slice(&body));
        lx_buf_clear(&body);
    }
    lx_json_doc_clear(&doc);
    lx_arena_clear(&arena);
    lx_buf_clear(&out);
    return 0;
}
