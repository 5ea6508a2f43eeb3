/*
 * replay.c - `llmux replay`: recorded cases, served as a provider would.
 *
 * One loop, no pool, no call: bytes of a case go out as they were recorded, at the recorded pace
 * or at once. A request finds its case by the model it asks for: the case's file name without
 * ".md", or the model of the recorded request; within the case, the exchange with as many messages.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/case_file.h"
#include "cmd/command.h"
#include "http/h1.h"
#include "io/stream.h"
#include "wire/json.h"

#define CASES_MAX (1u << 30)
#define BODY_MAX  (256u << 20)
#define HEAD_MAX  65536

enum { PORT, HOST, FAST, QUIET };

static const struct lx_option options[] = {
    [PORT] = {"port", 'p', "N", "default 9000; 0: any free one, which is printed"},
    [HOST] = {"host", 0, "ADDRESS", "default 127.0.0.1"},
    [FAST] = {"fast", 0, NULL, "at once, whatever pace was recorded"},
    [QUIET] = {"quiet", 'q', NULL, "no line for each request"},
    {0},
};

/* One recorded exchange, and what a request must look like to get it. */
struct recorded {
    struct lx_slice name;  /* of the file */
    struct lx_slice model; /* of the recorded upstream request; may be empty */
    size_t messages;
    const struct lx_case_section *response;
    struct recorded *next;
};

struct replay {
    struct lx_loop *loop;
    struct lx_listener *listener;
    struct lx_arena arena;
    struct recorded *first, **tail;
    struct lx_json_doc doc; /* scratch */
    bool fast, quiet;
};

struct client {
    struct replay *replay;
    struct lx_stream *stream;
    struct lx_buf in;
    size_t seen;
    bool have_head, keep_alive;
    struct lx_h1_body_reader reader;
    struct lx_buf body, head;
    struct lx_slice path;
    char path_bytes[512];
    /* of a paced reply */
    struct lx_slice rest;
    int64_t event_ms;
    bool sending, chunked;
    struct lx_timer timer;
};

/* ---- Cases --------------------------------------------------------------------------------- */

static size_t count_messages(struct lx_json body)
{
    return lx_json_count(LX_GET(body, "messages"));
}

/* The model that a request asks for: the body's, or, for languages that have none there, what
 * stands in the path: "/model/NAME/converse", "/models/NAME:generateContent". As it is spelled. */
static struct lx_slice asked_model(struct lx_json body, struct lx_slice path)
{
    struct lx_slice model = lx_json_text(LX_GET(body, "model")).s, rest;
    ssize_t at = lx_slice_find(path, LX_S("/model"));
    if (model.n || at < 0)
        return model;
    lx_slice_cut(lx_slice_from(path, (size_t)at + 1), '/', &rest, &model);
    lx_slice_cut(model, '/', &model, &rest);
    lx_slice_cut(model, ':', &model, &rest);
    return model;
}

static int add_exchanges(struct replay *r, struct lx_slice name, const struct lx_case *c)
{
    for (const struct lx_case_exchange *x = c->exchanges; x; x = x->next) {
        const struct lx_case_section *request = &x->section[LX_CASE_UPSTREAM_REQUEST];
        struct recorded *one;

        if (!x->section[LX_CASE_UPSTREAM_RESPONSE].present)
            continue;
        one = lx_arena_new(&r->arena, struct recorded);
        if (!one)
            return r->arena.failed;
        one->name = name;
        one->response = &x->section[LX_CASE_UPSTREAM_RESPONSE];
        if (request->present && lx_json_read(&r->doc, request->body, NULL, NULL) == 0) {
            struct lx_json root = lx_json_root(&r->doc);

            one->messages = count_messages(root);
            const struct lx_case_fact *path = lx_case_fact_find(request->facts, LX_S("path"));
            one->model =
                lx_arena_copy(&r->arena, asked_model(root, path ? path->value : lx_slice(NULL, 0)));
        }
        *r->tail = one;
        r->tail = &one->next;
    }
    return 0;
}

static int read_case(struct replay *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct lx_slice name = lx_slice_z(slash ? slash + 1 : path);
    struct lx_error err = {0};
    struct lx_buf text;
    struct lx_case *c = lx_arena_new(&r->arena, struct lx_case);
    int fd = open(path, O_RDONLY | O_CLOEXEC), code;

    if (fd < 0)
        return lx_cmd_fail("replay", LX_EXIT_FAILED, "cannot read %s", path);
    lx_buf_init(&text, CASES_MAX);
    code = lx_cmd_read_all(fd, &text);
    close(fd);
    if (code == 0 && c)
        code = lx_case_read(lx_arena_copy(&r->arena, lx_buf_slice(&text)), &r->arena, c, &err);
    if (code == 0 && c)
        code = add_exchanges(r, lx_arena_copy(&r->arena, lx_slice_to(name, name.n - strlen(".md"))),
                             c);
    lx_buf_clear(&text);
    return code || !c ? lx_cmd_fail("replay", LX_EXIT_FAILED, "%s: %s", path,
                                    err.text[0] ? err.text : lx_code_text(code))
                      : LX_EXIT_OK;
}

static bool is_case(const char *name)
{
    return lx_slice_ends(lx_slice_z(name), LX_S(".md")) && strcmp(name, "README.md") != 0;
}

/* A file, or all cases of a folder and the folders in it. */
static int read_cases(struct replay *r, const char *path, int depth)
{
    struct stat s;
    struct dirent *e;
    DIR *d;
    int status = LX_EXIT_OK;

    if (stat(path, &s) != 0)
        return lx_cmd_fail("replay", LX_EXIT_FAILED, "there is no %s", path);
    if (!S_ISDIR(s.st_mode))
        return read_case(r, path);
    d = opendir(path);
    while (d && status == LX_EXIT_OK && (e = readdir(d))) {
        struct lx_slice inner = lx_arena_printf(&r->arena, "%s/%s%c", path, e->d_name, '\0');

        if (!inner.p || e->d_name[0] == '.' || depth > 8)
            continue;
        if (stat(inner.p, &s) == 0 && (S_ISDIR(s.st_mode) || is_case(e->d_name)))
            status = read_cases(r, inner.p, depth + 1);
    }
    if (d)
        closedir(d);
    return status;
}

/* The case's name as the model; some providers' models stand in folders ("openrouter/NAME"). */
static bool names(struct lx_slice model, const struct recorded *one)
{
    return lx_slice_ends(model, one->name) &&
           (model.n == one->name.n || model.p[model.n - one->name.n - 1] == '/');
}

static const struct recorded *find(struct replay *r, struct lx_slice path, struct lx_slice body)
{
    const struct recorded *best = NULL;
    struct lx_slice model;
    size_t messages;
    int best_score = 0;

    if (lx_json_read(&r->doc, body, NULL, NULL) != 0)
        return NULL;
    model = asked_model(lx_json_root(&r->doc), path);
    messages = count_messages(lx_json_root(&r->doc));
    for (const struct recorded *one = r->first; one; one = one->next) {
        int score = names(model, one) ? 4 : lx_slice_eq(model, one->model) ? 2 : 0;

        score += score && one->messages == messages;
        if (score > best_score) {
            best = one;
            best_score = score;
        }
    }
    return best;
}

/* ---- Replies ------------------------------------------------------------------------------- */

static void close_client(struct client *c)
{
    lx_timer_cancel(c->replay->loop, &c->timer);
    lx_stream_close(c->stream);
    lx_buf_clear(&c->in);
    lx_buf_clear(&c->body);
    lx_buf_clear(&c->head);
    free(c);
}

static void take_requests(struct client *c);

static void reply_done(struct client *c)
{
    c->sending = false;
    lx_buf_reset(&c->body);
    if (!c->keep_alive)
        lx_stream_end(c->stream);
    else
        take_requests(c);
}

/* The next event of what is left, its blank line included; all of it when nothing is paced. */
static struct lx_slice next_piece(struct client *c)
{
    ssize_t at = c->event_ms ? lx_slice_find(c->rest, LX_S("\n\n")) : -1;
    struct lx_slice piece = at < 0 ? c->rest : lx_slice_to(c->rest, (size_t)at + 2);

    c->rest = lx_slice_from(c->rest, piece.n);
    return piece;
}

static void send_some(struct client *c)
{
    struct lx_slice piece;

    do {
        piece = next_piece(c);
        if (c->chunked)
            lx_h1_write_chunk(&c->head, piece);
        else
            lx_buf_add(&c->head, piece);
    } while (c->rest.n && !c->event_ms);
    if (c->chunked && !c->rest.n)
        lx_h1_write_last_chunk(&c->head);
    if (lx_stream_write_slice(c->stream, lx_buf_slice(&c->head)) < 0) {
        close_client(c);
        return;
    }
    lx_buf_reset(&c->head);
    if (c->rest.n)
        lx_timer_set(c->replay->loop, &c->timer, lx_loop_now_ms(c->replay->loop) + c->event_ms);
    else
        reply_done(c);
}

static void on_timer(struct lx_timer *t)
{
    send_some(LX_CONTAINER(t, struct client, timer));
}

static int64_t fact_ms(const struct lx_case_section *s, struct lx_slice name)
{
    const struct lx_case_fact *f = lx_case_fact_find(s->facts, name);
    int64_t ms;

    return f && lx_slice_int(f->value, &ms) == 0 && ms >= 0 ? ms : 0;
}

static void write_header_facts(struct lx_buf *head, const struct lx_case_section *s)
{
    const struct lx_case_fact *f = lx_case_fact_find(s->facts, LX_S("header"));

    for (; f; f = lx_case_fact_find(f->next, LX_S("header"))) {
        struct lx_slice name, value;

        lx_slice_cut(f->value, ':', &name, &value);
        lx_h1_write_header(head, name, lx_slice_trim(value));
    }
}

static void begin_reply(struct client *c, int status, struct lx_slice type,
                        const struct lx_case_section *s, struct lx_slice body)
{
    bool stream =
        lx_slice_find(type, LX_S("event-stream")) >= 0 || lx_slice_find(type, LX_S("ndjson")) >= 0;
    int64_t wait = s && !c->replay->fast ? fact_ms(s, LX_S("first-byte-ms")) : 0;

    c->sending = true;
    c->chunked = stream;
    c->rest = body;
    c->event_ms = s && !c->replay->fast ? fact_ms(s, LX_S("event-ms")) : 0;
    lx_h1_write_status_line(&c->head, status);
    lx_h1_write_header(&c->head, LX_S("content-type"), type);
    if (s)
        write_header_facts(&c->head, s);
    if (stream)
        lx_h1_write_chunked(&c->head);
    else
        lx_h1_write_content_length(&c->head, body.n);
    if (!c->keep_alive)
        lx_h1_write_header_lit(&c->head, "connection", "close");
    lx_h1_write_head_end(&c->head);
    if (wait)
        lx_timer_set(c->replay->loop, &c->timer, lx_loop_now_ms(c->replay->loop) + wait);
    else
        send_some(c);
}

static void refuse(struct client *c, int status, const char *text)
{
    struct lx_buf json;
    struct lx_out o;

    lx_buf_init(&json, 1u << 20);
    o = lx_out(&json);
    lx_out_object(&o, NULL);
    lx_out_object(&o, "error");
    lx_out_str(&o, "message", lx_slice_z(text));
    lx_out_lit(&o, "type", "invalid_request_error");
    lx_out_array(&o, "cases");
    for (const struct recorded *one = c->replay->first; one && status == 404; one = one->next)
        lx_out_str(&o, NULL, one->name);
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    lx_out_object_end(&o);
    begin_reply(c, status, LX_S("application/json"), NULL, lx_buf_slice(&json));
    lx_buf_clear(&json); /* sent or copied: nothing here is paced */
}

static void answer(struct client *c)
{
    const struct recorded *one = find(c->replay, c->path, lx_buf_slice(&c->body));

    if (!c->replay->quiet)
        fprintf(stderr, "%.*s -> %.*s\n", LX_F(c->path), LX_F(one ? one->name : LX_S("none")));
    if (!one)
        refuse(c, 404, "no case has this model; name a case as the model");
    else
        begin_reply(c, lx_case_status(one->response), lx_case_content_type(one->response),
                    one->response, one->response->body);
}

/* ---- Requests ------------------------------------------------------------------------------ */

static bool take_head(struct client *c)
{
    struct lx_h1_head head;
    struct lx_error err = {0};
    int status = 400;
    ssize_t n = lx_h1_read_request(lx_buf_slice(&c->in), c->seen, HEAD_MAX, &head, &status, &err);

    if (n == 0) {
        c->seen = c->in.n;
        return false;
    }
    c->seen = 0;
    if (n < 0) {
        c->keep_alive = false;
        lx_buf_reset(&c->in);
        refuse(c, status, err.text);
        return false;
    }
    c->keep_alive = head.keep_alive;
    c->path = lx_slice(c->path_bytes,
                       head.path.n < sizeof(c->path_bytes) ? head.path.n : sizeof(c->path_bytes));
    memcpy(c->path_bytes, head.path.p, c->path.n);
    lx_h1_body_start(&c->reader, &head);
    lx_buf_consume(&c->in, (size_t)n);
    c->have_head = true;
    return true;
}

static void take_requests(struct client *c)
{
    while (!c->sending && (c->have_head || (c->in.n && take_head(c)))) {
        struct lx_slice in = lx_buf_slice(&c->in), piece;
        struct lx_error err = {0};
        int got;

        while ((got = lx_h1_body_next(&c->reader, &in, &piece, &err)) > 0)
            lx_buf_add(&c->body, piece);
        lx_buf_consume(&c->in, c->in.n - in.n);
        if (got < 0 || c->body.failed) {
            close_client(c);
            return;
        }
        if (!c->reader.done)
            return;
        c->have_head = false;
        answer(c);
        return; /* answer() goes on with what is left when it is done */
    }
}

static void on_data(struct lx_stream *s, struct lx_slice bytes)
{
    struct client *c = lx_stream_owner(s);

    lx_buf_add(&c->in, bytes);
    if (c->in.failed)
        close_client(c);
    else
        take_requests(c);
}

static void on_end(struct lx_stream *s)
{
    close_client(lx_stream_owner(s));
}

static void on_error(struct lx_stream *s, int code, const struct lx_error *err)
{
    (void)code;
    (void)err;
    close_client(lx_stream_owner(s));
}

static const struct lx_stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_error = on_error};

static void on_accept(void *arg, struct lx_stream *s)
{
    struct client *c = calloc(1, sizeof(*c));

    if (!c) {
        lx_stream_close(s);
        return;
    }
    c->replay = arg;
    c->stream = s;
    c->timer.fire = on_timer;
    lx_buf_init(&c->in, BODY_MAX);
    lx_buf_init(&c->body, BODY_MAX);
    lx_buf_init(&c->head, CASES_MAX);
    lx_stream_set_owner(s, &events, c);
    lx_stream_set_queue_max(s, CASES_MAX);
}

static int serve(struct replay *r, const char *host, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct lx_error err = {0};

    if (inet_pton(AF_INET, host, &at.sin_addr) != 1)
        return lx_cmd_fail("replay", LX_EXIT_USAGE, "--host takes an IPv4 address");
    r->loop = lx_loop_new();
    if (!r->loop)
        return lx_cmd_fail("replay", LX_EXIT_FAILED, "cannot start an event loop");
    r->listener = lx_listener_new(r->loop, (void *)&at, sizeof(at), NULL, on_accept, r, &err);
    if (!r->listener)
        return lx_cmd_fail("replay", LX_EXIT_FAILED, "%s", err.text);
    printf("replay listens on port %d\n", lx_listener_port(r->listener));
    fflush(stdout);
    lx_loop_run(r->loop);
    return LX_EXIT_OK;
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct replay r = {.fast = values[FAST] != NULL, .quiet = values[QUIET] != NULL};
    long port = 9000;
    int status = LX_EXIT_OK;

    if (values[PORT] && !lx_cmd_number("replay", "port", values[PORT], 0, 65535, &port))
        return LX_EXIT_USAGE;
    lx_arena_init(&r.arena, CASES_MAX);
    lx_json_doc_init(&r.doc);
    r.tail = &r.first;
    for (int i = 0; i < word_count && status == LX_EXIT_OK; i++)
        status = read_cases(&r, words[i], 0);
    if (status == LX_EXIT_OK && !r.first)
        status = lx_cmd_fail("replay", LX_EXIT_FAILED, "no case there has an upstream response");
    if (status == LX_EXIT_OK)
        status = serve(&r, values[HOST] ? values[HOST] : "127.0.0.1", (int)port);
    lx_json_doc_clear(&r.doc);
    lx_arena_clear(&r.arena);
    return status;
}

const struct lx_command lx_command_replay = {
    .name = "replay",
    .synopsis = "CASE-OR-FOLDER... [--port N]",
    .summary = "Serves recorded conversations as a provider would",
    .details =
        "A request gets the case whose name (the file's, without .md) it asks for as model, or\n"
        "whose recorded request has its model. Runs until it is killed.",
    .options = options,
    .min_words = 1,
    .max_words = -1,
    .run = run,
};
