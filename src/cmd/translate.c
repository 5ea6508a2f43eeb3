/*
 * translate.c - `llmux translate`: shows any crossing between two wire languages, nothing sent.
 *
 * A user's way to see what a provider would get and what a client would see; also how recorded
 * traffic is run through the dialects.
 */
#include <time.h>
#include <unistd.h>

#include "call/call.h"
#include "cmd/command.h"
#include "config/config.h"

#define BODY_MAX (1u << 30)

enum {
    MODEL,
    FROM,
    TO,
    PROVIDER,
    STATUS,
    CONTENT_TYPE,
    STREAM,
    DROP,
    MODIFY,
    API_BASE,
    CANONICAL,
    ENCODING
};

static const struct lx_option options[] = {
    [MODEL] = {"model", 'm', "PROVIDER/MODEL", "the target"},
    [FROM] = {"from", 0, "LANGUAGE", "of the input; default: openai_chat, or the provider's own"},
    [TO] = {"to", 0, "LANGUAGE", "response: of the client; default openai_chat"},
    [PROVIDER] = {"provider", 0, "NAME", "response: who sent it"},
    [STATUS] = {"status", 0, "N", "response: HTTP status; default 200"},
    [CONTENT_TYPE] = {"content-type", 0, "TYPE", "response: as the provider sent it"},
    [STREAM] = {"stream", 0, NULL, "response: it is a stream; request: one is wanted"},
    [DROP] = {"drop-params", 0, NULL, "request: leave out what the target cannot carry"},
    [MODIFY] = {"modify-params", 0, NULL, "request: repair what the target would refuse"},
    [API_BASE] = {"api-base", 0, "URL", "request: instead of the provider's address"},
    [CANONICAL] = {"canonical", 0, NULL, "read and write anew, also within one language"},
    [ENCODING] = {"encoding", 0, "float|base64",
                  "response of embeddings: as the client wants them"},
    {0},
};

struct job {
    const char *const *values;
    struct lx_arena arena;
    struct lx_buf in, out;
    struct lx_json_doc doc;
    struct lx_route_settings settings;
    const struct lx_dialect *from, *to;
    enum lx_framing frames;    /* of the provider's row */
    struct lx_dialect foreign; /* --canonical: the client's language, not to be known again */
};

/* A dialect that is nobody's own language: what is in it does not pass as it came. */
static void be_canonical(struct job *j, const struct lx_dialect **side)
{
    j->foreign = **side;
    if (j->values[CANONICAL])
        *side = &j->foreign;
}

static const struct lx_dialect *language(const char *name, const char *otherwise)
{
    const struct lx_dialect *d = lx_dialect_find(lx_slice_z(name ? name : otherwise));

    if (!d)
        lx_cmd_fail("translate", LX_EXIT_USAGE, "there is no language \"%s\"", name);
    return d;
}

/* A fault as JSON on stdout, in the shape of an API's error. */
static int print_fault(struct job *j, const struct lx_fault *f)
{
    lx_buf_reset(&j->out);
    lx_dialect_openai_chat.front->write_error(f, &j->out);
    lx_buf_add_byte(&j->out, '\n');
    lx_cmd_print(lx_buf_slice(&j->out));
    return LX_EXIT_FAILED;
}

static int print_code(struct job *j, int code, const struct lx_error *err)
{
    struct lx_fault f = lx_fault_of_error(code, err, &j->arena);

    return print_fault(j, &f);
}

/* A member that says what was dropped, or what was changed, and why; nothing is no member. */
static void write_losses(struct lx_out *o, const char *name, const struct lx_losses *losses,
                         bool changed)
{
    const struct lx_loss *l = losses->first;
    while (l && l->changed != changed)
        l = l->next;
    if (!l)
        return;
    lx_out_array(o, name);
    for (; l; l = l->next) {
        if (l->changed != changed)
            continue;
        lx_out_object(o, NULL);
        lx_out_str(o, "what", l->what);
        lx_out_str(o, "why", l->why);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

/* What the provider would be asked to keep first, of what is marked for that; the request would
 * then name it instead of saying it. The gateway has nothing kept that is too short. */
static int write_kept(struct lx_out *o, const struct lx_attempt *at)
{
    struct lx_buf kept;

    lx_buf_init(&kept, BODY_MAX);
    int code = lx_attempt_kept_body(at, LX_S("***"), &kept);
    if (code == 1) {
        lx_out_object(o, "kept");
        lx_out_str(o, "url", at->kept_url);
        lx_out_raw(o, "body", lx_buf_slice(&kept));
        lx_out_object_end(o);
    }
    lx_buf_clear(&kept);
    return code < 0 ? code : 0;
}

static int print_request(struct job *j, const struct lx_attempt *at)
{
    struct lx_buf shown;
    struct lx_out o;
    int code, status;

    lx_buf_init(&shown, BODY_MAX);
    o = lx_out(&shown);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "method", at->out.method);
    lx_out_str(&o, "url", at->out.url);
    lx_out_object(&o, "headers");
    for (size_t i = 0; i < at->out.headers.n; i++) {
        const struct lx_header *h = &at->out.headers.v[i];

        lx_out_name(&o, lx_text(h->name));
        lx_out_str(&o, NULL, h->secret ? LX_S("***") : h->value);
    }
    lx_out_object_end(&o);
    lx_out_raw(&o, "body", at->out.body);
    code = write_kept(&o, at);
    write_losses(&o, "dropped", &at->losses, false);
    write_losses(&o, "changed", &at->losses, true);
    lx_out_object_end(&o);
    lx_buf_add_byte(&shown, '\n');
    code = code ? code : shown.failed;
    status = code ? print_code(j, code, NULL) : lx_cmd_print(lx_buf_slice(&shown));
    lx_buf_clear(&shown);
    return status;
}

static int run_request(struct job *j)
{
    struct lx_deployment d;
    struct lx_attempt at;
    struct lx_fault fault = {0};
    struct lx_error err = {0};
    int code;

    if (!j->values[MODEL])
        return lx_cmd_fail("translate", LX_EXIT_USAGE, "--model PROVIDER/MODEL is needed");
    j->from = language(j->values[FROM], "openai_chat");
    if (!j->from || !j->from->front)
        return j->from ? lx_cmd_fail("translate", LX_EXIT_USAGE, "%s is no clients' language",
                                     j->from->name)
                       : LX_EXIT_USAGE;
    be_canonical(j, &j->from);
    code = lx_deployment_of_name(lx_slice_z(j->values[MODEL]), NULL, 0, &lx_process_env, &j->arena,
                                 &d, &err);
    if (code == 0)
        code = lx_json_read(&j->doc, lx_buf_slice(&j->in), NULL, &err);
    if (code != 0)
        return print_code(j, code, &err);
    if (j->values[API_BASE])
        d.base_url = lx_slice_z(j->values[API_BASE]);
    if (!lx_secret_is_set(&d.key) && lx_secret_init(&d.key, LX_S("none")) != 0)
        return print_code(j, LX_ENOMEM, NULL);
    if (!d.project.n)
        d.project = LX_S("PROJECT");
    j->settings.drop_params = j->values[DROP] != NULL;
    j->settings.modify_params = j->values[MODIFY] != NULL;
    code = lx_attempt_write(
        &at, &d, &j->settings, j->from, &j->doc, NULL,
        lx_attempt_model(&d, j->from, lx_deployment_model(&d, lx_slice(NULL, 0), &j->arena),
                         &j->doc, &j->arena),
        j->values[STREAM] ? LX_YES : LX_UNSET, NULL, &j->arena, &j->out, &fault);
    if (code == 0)
        code = lx_attempt_sign(&at, &d, time(NULL), &j->arena, &fault);
    code = code == 0 ? print_request(j, &at) : print_fault(j, &fault);
    lx_secret_clear(&d.key);
    lx_credential_source_clear(d.credential);
    return code;
}

static enum lx_framing framing_of(struct job *j)
{
    struct lx_slice type = lx_slice_z(j->values[CONTENT_TYPE]);

    if (lx_slice_find(type, LX_S("ndjson")) >= 0 || lx_slice_find(type, LX_S("jsonl")) >= 0)
        return LX_FRAMING_NDJSON;
    if (lx_slice_find(type, LX_S("event-stream")) >= 0)
        return LX_FRAMING_SSE;
    if (lx_slice_find(type, LX_S("amazon.eventstream")) >= 0)
        return j->frames ? j->frames : LX_FRAMING_AWS;
    return j->from->back->framing;
}

/* What the client of a stream gets for an error of ours. */
static void write_fault(struct job *j, struct lx_relay *r, int code, const struct lx_error *err)
{
    struct lx_fault f = lx_fault_of_error(code, err, &j->arena);

    lx_relay_write_fault(r, &f, &j->out);
}

/* An error event that the provider sent is its answer; one that comes of the end is ours. */
static int end_stream(struct job *j, struct lx_relay *r, struct lx_error *err)
{
    const struct lx_fault *said = lx_relay_fault(r), *found;
    int code = lx_relay_end(r, &j->out, err);

    if (code != 0)
        write_fault(j, r, code, err);
    else if (!said && (found = lx_relay_fault(r)))
        code = lx_error_set(err, LX_ETRUNCATED, "%.*s", LX_F(found->message));
    return code;
}

static int relay(struct job *j, const struct lx_reply_context *context)
{
    bool stream = j->values[STREAM] && j->to->operation == LX_OPERATION_CHAT;
    struct lx_error err = {0};
    struct lx_relay *r = lx_relay_new(
        j->from, j->to, stream, stream ? framing_of(j) : LX_FRAMING_NONE, context, &j->settings);
    int code = r ? lx_relay_feed(r, lx_buf_slice(&j->in), &j->out, &err) : LX_ENOMEM;

    if (code == 0)
        code = stream ? end_stream(j, r, &err) : lx_relay_end(r, &j->out, &err);
    else if (r && stream)
        write_fault(j, r, code, &err);
    lx_relay_free(r);
    if (code == 0)
        code = j->out.failed;
    lx_cmd_print(lx_buf_slice(&j->out));
    if (code != 0)
        return lx_cmd_fail("translate", LX_EXIT_FAILED, "%s: %s", lx_code_text(code),
                           err.text[0] ? err.text : "the body cannot be read");
    if (!stream)
        lx_cmd_print(LX_S("\n"));
    return LX_EXIT_OK;
}

static int run_response(struct job *j)
{
    const char *name = j->values[PROVIDER] ? j->values[PROVIDER] : "openai";
    const struct lx_provider *p = lx_provider_find(lx_slice_z(name));
    struct lx_reply_context context = {.model = lx_slice_z(j->values[MODEL]),
                                       .now_s = time(NULL),
                                       .include_usage = true,
                                       .encoding = lx_slice_z(j->values[ENCODING])};
    const struct lx_provider *row;
    struct lx_offer offer;
    long status = 200;

    if (!p)
        return lx_cmd_fail("translate", LX_EXIT_USAGE, "there is no provider \"%s\"", name);
    if (j->values[STATUS] &&
        !lx_cmd_number("translate", "status", j->values[STATUS], 100, 599, &status))
        return LX_EXIT_USAGE;
    j->to = language(j->values[TO], "openai_chat");
    if (!j->to)
        return LX_EXIT_USAGE;
    row = lx_provider_variant(p, context.model, lx_slice_z(p->base_url), lx_slice(NULL, 0));
    j->frames = row->frames;
    offer = lx_provider_offer(row, j->to, context.model);
    j->from = language(j->values[FROM], offer.language ? offer.language : row->language);
    if (!j->from)
        return LX_EXIT_USAGE;
    if (j->from->operation != j->to->operation)
        return lx_cmd_fail("translate", LX_EXIT_USAGE, "%s and %s are for different things",
                           j->from->name, j->to->name);
    if (!j->from->back || !j->to->front)
        return lx_cmd_fail("translate", LX_EXIT_USAGE, "%s is no %s language",
                           j->from->back ? j->to->name : j->from->name,
                           j->from->back ? "clients'" : "providers'");
    if (status >= 400) {
        struct lx_fault fault = {0};

        const struct lx_dialect *errors =
            row->errors ? lx_dialect_find(lx_slice_z(row->errors)) : j->from;
        errors->back->read_error((int)status, lx_buf_slice(&j->in), NULL, &j->arena, &fault);
        fault.provider = lx_slice_z(p->id);
        j->to->front->write_error(&fault, &j->out);
        lx_buf_add_byte(&j->out, '\n');
        return lx_cmd_print(lx_buf_slice(&j->out));
    }
    be_canonical(j, &j->to);
    return relay(j, &context);
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct job j = {.values = values};
    bool request = strcmp(words[0], "request") == 0;
    int status;

    (void)word_count;
    if (!request && strcmp(words[0], "response") != 0)
        return lx_cmd_fail("translate", LX_EXIT_USAGE, "it is `request` or `response`, not \"%s\"",
                           words[0]);
    lx_arena_init(&j.arena, BODY_MAX);
    lx_buf_init(&j.in, BODY_MAX);
    lx_buf_init(&j.out, BODY_MAX);
    lx_json_doc_init(&j.doc);
    lx_route_settings_default(&j.settings);
    j.settings.max_response_bytes = BODY_MAX;
    status = lx_cmd_read_all(STDIN_FILENO, &j.in);
    if (status != 0)
        status = lx_cmd_fail("translate", LX_EXIT_FAILED, "stdin: %s", lx_code_text(status));
    else
        status = request ? run_request(&j) : run_response(&j);
    lx_json_doc_clear(&j.doc);
    lx_buf_clear(&j.out);
    lx_buf_clear(&j.in);
    lx_arena_clear(&j.arena);
    return status;
}

const struct lx_command lx_command_translate = {
    .name = "translate",
    .synopsis = "request --model PROVIDER/MODEL < body.json | response --provider P < raw-bytes",
    .summary = "Shows a request or reply in another wire language, sending nothing",
    .details =
        "request prints one JSON object, {method, url, headers, body}, secrets masked, with what had\n"
        "to be left out or changed, and what cache marks would have the provider keep first (kept);\n"
        "or the error as JSON, with exit status 1. response prints the reply as the client would get\n"
        "it. Clients' languages: openai_chat, openai_completions, openai_responses, anthropic,\n"
        "gemini, openai_embed (embeddings).",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
