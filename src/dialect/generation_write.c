/*
 * generation_write.c - a request as a prompt and its parameters, after a form (generation.h).
 *
 * Called by the backs of such languages. What a form has no name for is refused, or listed where it
 * only hints; nothing is left out in silence.
 */
#include "dialect/generation.h"

#include "dialect/scalar.h"

/* ---- Writing ------------------------------------------------------------------------------ */

struct writer {
    const struct lx_generation_form *form;
    const struct lx_write_options *o;
    const struct lx_request *r;
    struct lx_body *b;
    struct lx_out out;
};

static void refuse(struct writer *w, const char *what, const char *why)
{
    lx_body_refuse(w->b, w->o, lx_slice_z(what), lx_slice_z(why));
}

static const char *name_of(const struct lx_generation_form *f, enum lx_param p)
{
    for (size_t i = 0; i < LX_GENERATION_NAMES && f->names[i].name; i++)
        if (f->names[i].param == p)
            return f->names[i].name;
    return NULL;
}

/* Values that say nothing, and parameters that only hint: left out, the latter listed. */
static const struct {
    enum lx_param param;
    const char *defaults;
    bool hint;
} others[] = {
    {LX_PARAM_N, "|1|", false},
    {LX_PARAM_BEST_OF, "|1|", false},
    {LX_PARAM_PRESENCE_PENALTY, "|0|0.0|", false},
    {LX_PARAM_FREQUENCY_PENALTY, "|0|0.0|", false},
    {LX_PARAM_REPETITION_PENALTY, "|1|1.0|", false},
    {LX_PARAM_MIN_P, "|0|0.0|", false},
    {LX_PARAM_LOGIT_BIAS, "|{}|", false},
    {LX_PARAM_LOGPROBS, "|false|", false},
    {LX_PARAM_TOP_LOGPROBS, "|0|", false},
    {LX_PARAM_MODALITIES, "|[\"text\"]|", false},
    {LX_PARAM_ECHO, "|false|", false},
    {LX_PARAM_USER, NULL, true},
    {LX_PARAM_SERVICE_TIER, NULL, true},
    {LX_PARAM_STORE, NULL, true},
    {LX_PARAM_METADATA, NULL, true},
    {LX_PARAM_PREDICTION, NULL, true},
    {LX_PARAM_VERBOSITY, NULL, true},
    {LX_PARAM_SAFETY_IDENTIFIER, NULL, true},
    {LX_PARAM_PROMPT_CACHE_KEY, NULL, true},
    {LX_PARAM_PROMPT_CACHE_RETENTION, NULL, true},
    {LX_PARAM_CONTEXT_MANAGEMENT, NULL, true},
};

static void leave_out(struct writer *w, enum lx_param p)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (others[i].param != p)
            continue;
        if (others[i].hint && w->b->losses)
            lx_losses_add(w->b->losses, lx_slice_z(lx_param_name(p)),
                          lx_slice_z("the server does not know it"));
        if (others[i].hint || lx_scalar_is_noop(others[i].defaults, w->r->params[p]))
            return;
    }
    refuse(w, lx_param_name(p), "the server does not know it");
}

/* Several answers are the best of as many (LiteLLM), which come together with the best one. */
static void write_choices(struct writer *w, struct lx_slice n)
{
    if (lx_slice_eq(n, LX_S("1")))
        return;
    if (w->r->stream || w->r->params[LX_PARAM_BEST_OF].p) {
        refuse(w, "n", "the server streams one answer");
        return;
    }
    lx_out_raw(&w->out, "best_of", n);
    lx_out_bool(&w->out, "do_sample", true);
}

static void write_greedy(struct writer *w)
{
    struct lx_slice n = w->r->params[LX_PARAM_N];
    if (lx_scalar_is_noop("|1|", n))
        lx_out_bool(&w->out, "do_sample", false);
}

static void write_param(struct writer *w, enum lx_param p, struct lx_slice json)
{
    const char *name = name_of(w->form, p);
    bool cold = p == LX_PARAM_TEMPERATURE && lx_scalar_is_noop("|0|0.0|", json);
    if (p == LX_PARAM_ECHO && w->form->echoes)
        return; /* return_full_text says it */
    if (p == LX_PARAM_N && name_of(w->form, LX_PARAM_BEST_OF))
        write_choices(w, json);
    else if (cold && w->form->warm) /* several answers cannot all be the likeliest */
        write_greedy(w);
    else if (name)
        lx_out_raw(&w->out, name, json);
    else
        leave_out(w, p);
}

/* The sequences as one string. */
static void write_stops_joined(struct writer *w)
{
    const struct lx_request *r = w->r;
    lx_out_string_open(&w->out, w->form->stop);
    for (size_t i = 0; i < r->stop_count; i++) {
        if (i)
            lx_out_string_part(&w->out, lx_text(lx_slice_z(w->form->stop_between)));
        lx_out_string_part(&w->out, r->stop[i]);
    }
    lx_out_string_close(&w->out);
}

static void write_stop(struct writer *w)
{
    const struct lx_request *r = w->r;
    if (r->stop_count && !w->form->stop) {
        refuse(w, "stop", "the server does not know it");
    } else if (r->stop_count && w->form->stop_between) {
        write_stops_joined(w);
    } else if (r->stop_count > w->form->max_stops) {
        refuse(w, "stop", "the server stops at one sequence only");
    } else if (r->stop_count && w->form->max_stops == 1) {
        lx_out_text(&w->out, w->form->stop, r->stop[0]);
    } else if (r->stop_count) {
        lx_stop_write(r, w->form->stop, NULL, &w->out);
    }
}

static void write_format(struct writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    if (f->kind != LX_FORMAT_JSON && f->kind != LX_FORMAT_SCHEMA)
        return;
    if (!w->form->grammar) {
        refuse(w, "response_format", "the server does not know it");
        return;
    }
    lx_out_object(&w->out, "grammar");
    lx_out_lit(&w->out, "type", "json");
    lx_out_raw(&w->out, "value", f->schema.n ? f->schema : LX_S("{\"type\":\"object\"}"));
    lx_out_object_end(&w->out);
}

/* Services whose own limit would cut off what the client did not limit are told another. */
static void write_limit(struct writer *w)
{
    const int64_t known = w->o->default_max_tokens;
    const char *name = name_of(w->form, LX_PARAM_MAX_TOKENS);
    if (!w->r->params[LX_PARAM_MAX_TOKENS].p && w->form->limit && name)
        lx_out_int(&w->out, name, known && known < w->form->limit ? known : w->form->limit);
}

static void write_parameters(struct writer *w)
{
    const struct lx_generation_form *f = w->form;
    if (f->before) {
        lx_buf_add(w->out.buf, w->out.comma ? LX_S(",") : LX_S(""));
        lx_buf_add(w->out.buf, lx_slice_z(f->before));
        w->out.comma = true;
    }
    if (f->echoes)
        lx_out_bool(&w->out, "return_full_text",
                    lx_slice_eq(w->r->params[LX_PARAM_ECHO], LX_S("true")));
    for (enum lx_param p = 0; p < LX_PARAM_COUNT; p++)
        if (w->r->params[p].p)
            write_param(w, p, w->r->params[p]);
    write_limit(w);
    write_stop(w);
    write_format(w);
    lx_extra_write(&w->out, w->r->extra); /* the client's own, where the parameters are */
}

/* ---- The prompt --------------------------------------------------------------------------- */

/* The token that texts of a model begin with, where its server leaves that to the prompt: from the
 * models' own tokenizer_config.json (bos_token). */
static const struct {
    const char *template;
    struct lx_slice token;
} beginnings[] = {
    {"deepseek-r1", LX_S_INIT("<｜begin▁of▁sentence｜>")},
    {"llama-2", LX_S_INIT("<s>")},
    {"llama-3", LX_S_INIT("<|begin_of_text|>")},
    {"mistral-instruct", LX_S_INIT("<s>")},
};

static void write_prompt(struct writer *w)
{
    const struct lx_prompt_template *t = w->o->prompt;
    struct lx_write_options options = *w->o;
    struct lx_prompt_template begun;
    for (size_t i = 0; t && w->form->begins && i < sizeof(beginnings) / sizeof(*beginnings); i++)
        if (!t->bos.n && t->name && strcmp(t->name, beginnings[i].template) == 0) {
            begun = *t;
            begun.bos = beginnings[i].token;
            options.prompt = &begun;
        }
    lx_prompt_write(&w->out, w->form->prompt, &options, w->r, w->b);
}

static const char *speaker(enum lx_role role)
{
    return role == LX_ROLE_ASSISTANT                             ? "CHATBOT"
           : role == LX_ROLE_SYSTEM || role == LX_ROLE_DEVELOPER ? "SYSTEM"
                                                                 : "USER";
}

/* What was said last is the prompt, the rest is history. */
static void write_turns(struct writer *w)
{
    const struct lx_message *last = w->r->messages;
    size_t i = 0;
    while (last && last->next)
        last = last->next;
    lx_out_array(&w->out, w->form->history);
    for (const struct lx_message *m = w->r->messages; m != last; m = m->next, i++) {
        lx_out_object(&w->out, NULL);
        lx_out_str(&w->out, "role", lx_slice_z(speaker(m->role)));
        lx_prompt_message_write(&w->out, "message", w->o, m, i, w->b);
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
    if (last)
        lx_prompt_message_write(&w->out, w->form->prompt, w->o, last, i, w->b);
}

void lx_generation_write(const struct lx_generation_form *form, const struct lx_write_options *o,
                         const struct lx_request *r, struct lx_body *b)
{
    struct writer w = {.form = form, .o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    lx_out_object(&w.out, NULL);
    if (form->prompt_within)
        lx_out_object(&w.out, form->within);
    if (form->history)
        write_turns(&w);
    else
        write_prompt(&w);
    lx_prompt_refuse_rest(o, r, b);
    if (form->within && !form->prompt_within)
        lx_out_object(&w.out, form->within);
    write_parameters(&w);
    if (form->within)
        lx_out_object_end(&w.out);
    if (r->stream && form->streams)
        lx_out_bool(&w.out, "stream", true);
    lx_out_object_end(&w.out);
    if (b->buf->failed)
        lx_body_fail(b, b->buf->failed, LX_S("the request"),
                     lx_slice_z(lx_code_text(b->buf->failed)));
}
