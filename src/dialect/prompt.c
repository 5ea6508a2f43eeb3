/*
 * prompt.c - the templates by which conversations become text, and the writer that follows them.
 *
 * Called by the backs of text completion languages while they write a request. It judges nothing
 * but what a text can hold.
 *
 * A template has no token for the beginning of a text: servers that take prompts put it there
 * themselves, and twice is once too often (TGI and vLLM: add_special_tokens is on by default). A
 * template of the configuration's says what it wants.
 */
#include "dialect/prompt.h"
#include "dialect/lost.h"

#define S(literal) LX_S_INIT(literal)

/* From the models' own tokenizer_config.json (chat_template) on huggingface.co, but where another
 * source is named. The last one is what chat looked like in OpenAI's days of text completion. */
const struct lx_prompt_template lx_prompt_templates[] = {
    {
        .name = "llama-2", /* github.com/meta-llama/llama, generation.py */
        .models = "*lama-2*chat*|*lama2*chat*|*ode*lama*nstruct*",
        .system = {S("[INST] <<SYS>>\n"), S("\n<</SYS>>\n\n")},
        .user = {S("[INST] "), S(" [/INST]")},
        .assistant = {S(" "), S(" ")},
        .eos = S("</s>"),
        .again = S("<s>"),
        .system_opens_user = true,
    },
    {
        .name = "llama-3",
        .models = "*lama-3*nstruct*|*lama3*nstruct*|*lama-4*nstruct*",
        .system = {S("<|start_header_id|>system<|end_header_id|>\n\n"), S("<|eot_id|>")},
        .user = {S("<|start_header_id|>user<|end_header_id|>\n\n"), S("<|eot_id|>")},
        .assistant = {S("<|start_header_id|>assistant<|end_header_id|>\n\n"), S("<|eot_id|>")},
        .final = S("<|start_header_id|>assistant<|end_header_id|>\n\n"),
    },
    {
        .name = "mistral-instruct",
        .models = "*istral*nstruct*|*ixtral*nstruct*",
        .system = {S("[INST] "), S("\n\n")},
        .user = {S("[INST] "), S(" [/INST]")},
        .assistant = {S(" "), S("")},
        .eos = S("</s>"),
        .system_opens_user = true,
    },
    {
        .name = "chatml", /* github.com/openai/openai-python, chatml.md (2023) */
        .models = "*wen*hat*|*wen*nstruct*|*ermes*|*chatml*|*molLM*nstruct*|*Yi-*hat*|*dolphin*",
        .system = {S("<|im_start|>system\n"), S("<|im_end|>\n")},
        .user = {S("<|im_start|>user\n"), S("<|im_end|>\n")},
        .assistant = {S("<|im_start|>assistant\n"), S("<|im_end|>\n")},
        .final = S("<|im_start|>assistant\n"),
    },
    {
        .name = "gemma",
        .models = "*emma*-it*",
        .system = {S("<start_of_turn>user\n"), S("\n\n")},
        .user = {S("<start_of_turn>user\n"), S("<end_of_turn>\n")},
        .assistant = {S("<start_of_turn>model\n"), S("<end_of_turn>\n")},
        .final = S("<start_of_turn>model\n"),
        .system_opens_user = true,
    },
    {
        .name = "zephyr",
        .models = "*ephyr*|*inyLlama*hat*",
        .system = {S("<|system|>\n"), S("</s>\n")},
        .user = {S("<|user|>\n"), S("</s>\n")},
        .assistant = {S("<|assistant|>\n"), S("</s>\n")},
        .final = S("<|assistant|>\n"),
    },
    {
        .name = "alpaca", /* github.com/tatsu-lab/stanford_alpaca */
        .models = "*lpaca*|*ytho*ax*",
        .system = {S(""), S("\n\n")},
        .user = {S("### Instruction:\n"), S("\n\n")},
        .assistant = {S("### Response:\n"), S("\n\n")},
        .final = S("### Response:\n"),
    },
    {
        .name = "vicuna", /* github.com/lm-sys/FastChat, docs/vicuna_weights_version.md (v1.1) */
        .models = "*icuna*",
        .system = {S(""), S(" ")},
        .user = {S("USER: "), S(" ")},
        .assistant = {S("ASSISTANT: "), S("")},
        .eos = S("</s>"),
        .final = S("ASSISTANT:"),
    },
    {
        .name = "claude-2", /* docs.anthropic.com/en/api/complete (2024) */
        .models = "*claude-v1*|*claude-v2*|*claude-2*|*claude-instant*",
        .system = {S(""), S("")},
        .user = {S("\n\nHuman: "), S("")},
        .assistant = {S("\n\nAssistant: "), S("")},
        .final = S("\n\nAssistant:"),
    },
    {
        .name = "deepseek-r1",
        .models = "*eep*eek*1*",
        .system = {S(""), S("")},
        .user = {S("<｜User｜>"), S("")},
        .assistant = {S("<｜Assistant｜>"), S("")},
        .eos = S("<｜end▁of▁sentence｜>"),
        .final = S("<｜Assistant｜><think>\n"),
    },
    {
        .name =
            "titan", /* docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text */
        .models = "*titan-t*",
        .system = {S(""), S("\n\n")},
        .user = {S("User: "), S("\n")},
        .assistant = {S("Bot: "), S("\n")},
        .final = S("Bot:"),
    },
    {
        .name = "plain",
        .system = {S(""), S("\n\n")},
        .user = {S("User: "), S("\n\n")},
        .assistant = {S("Assistant: "), S("\n\n")},
        .final = S("Assistant:"),
    },
};

const size_t lx_prompt_template_count =
    sizeof(lx_prompt_templates) / sizeof(lx_prompt_templates[0]);

/* ---- Messages ------------------------------------------------------------------------------ */

struct writer {
    struct lx_out *out;
    const struct lx_write_options *o;
    struct lx_body *b;
    const struct lx_prompt_template *t;
    size_t message; /* which one is being written */
    bool lost_thinking, lost_cache;
};

static void lose(struct lx_body *b, bool *said, const char *what, const char *why)
{
    if (!*said && b->losses)
        lx_losses_add(b->losses, lx_slice_z(what), lx_slice_z(why));
    *said = true;
}

static void refuse(struct writer *w, const char *what)
{
    lx_body_refuse(w->b, w->o, lx_arena_printf(w->b->arena, "messages[%zu]", w->message),
                   lx_slice_z(what));
}

static void plain(struct writer *w, struct lx_slice s)
{
    lx_out_string_part(w->out, lx_text(s));
}

/* A document that is text: what it is called, and what it says. */
static void write_document(struct writer *w, const struct lx_part *p)
{
    const struct lx_text heads[] = {p->title, p->context};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (lx_text_is_empty(heads[i]))
            continue;
        lx_out_string_part(w->out, heads[i]);
        plain(w, LX_S("\n"));
    }
    lx_out_string_part(w->out, p->text);
    plain(w, LX_S("\n\n"));
}

static void write_part(struct writer *w, const struct lx_part *p)
{
    static const char *const names[] = {
        [LX_PART_IMAGE] = "a prompt holds no images",
        [LX_PART_AUDIO] = "a prompt holds no audio",
        [LX_PART_VIDEO] = "a prompt holds no video",
        [LX_PART_FILE] = "a prompt holds no files",
        [LX_PART_TOOL_CALL] = "a prompt holds no tool calls",
        [LX_PART_TOOL_RESULT] = "a prompt holds no tool results",
        [LX_PART_OPAQUE] = "known to another provider only",
    };
    if (p->cache.set)
        lose(w->b, &w->lost_cache, "cache_control", "a prompt has no cache marks");
    if (p->kind == LX_PART_THINKING || p->kind == LX_PART_REDACTED_THINKING)
        lose(w->b, &w->lost_thinking, "thinking", "a prompt holds no earlier thinking");
    else if (p->kind == LX_PART_FILE && !lx_text_is_empty(p->text))
        write_document(w, p);
    else if (!lx_text_is_empty(p->text) || p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL)
        lx_out_string_part(w->out, p->text); /* what was said aloud as well */
    else
        refuse(w, names[p->kind]);
}

static const struct lx_prompt_role *role_of(const struct lx_prompt_template *t, enum lx_role role)
{
    if (role == LX_ROLE_ASSISTANT)
        return &t->assistant;
    return role == LX_ROLE_SYSTEM || role == LX_ROLE_DEVELOPER ? &t->system : &t->user;
}

/* A message of which nothing is left, with drop_params, has no turn. */
static bool says_something(const struct lx_message *m)
{
    const struct lx_part *p = m->parts;
    while (p && p->kind != LX_PART_TEXT && lx_text_is_empty(p->text))
        p = p->next;
    return p || !m->parts;
}

/* `before`: the message in front of it, or NULL. */
static void write_message(struct writer *w, const struct lx_message *m,
                          const struct lx_message *before)
{
    const struct lx_prompt_template *t = w->t;
    const struct lx_prompt_role *role = role_of(t, m->role);
    bool answers = m->role == LX_ROLE_ASSISTANT, open = answers && !m->next;
    bool within = t->system_opens_user && before && role_of(t, before->role) == &t->system;
    if (before && before->role == LX_ROLE_ASSISTANT && !answers)
        plain(w, t->again);
    if (!within)
        plain(w, role->pre);
    for (const struct lx_part *p = m->parts; p; p = p->next)
        write_part(w, p);
    if (m->cache.set)
        lose(w->b, &w->lost_cache, "cache_control", "a prompt has no cache marks");
    if (open)
        return;
    plain(w, role->post);
    if (answers)
        plain(w, t->eos);
}

/* It came as one; or it is one message for a model that was trained on no template. */
static bool is_prompt(const struct lx_request *r, bool untrained)
{
    const struct lx_message *m = r->messages;
    if (lx_slice_eq(r->language, LX_S("openai_completions")))
        return true;
    return untrained && m && !m->next && m->role == LX_ROLE_USER;
}

void lx_prompt_write(struct lx_out *out, const char *name, const struct lx_write_options *o,
                     const struct lx_request *r, struct lx_body *b)
{
    static const struct lx_prompt_template bare = {.models = NULL};
    const struct lx_prompt_template *last_resort =
        &lx_prompt_templates[lx_prompt_template_count - 1];
    struct writer w = {.out = out, .o = o, .b = b, .t = o->prompt ? o->prompt : last_resort};
    const struct lx_message *before = NULL;
    if (is_prompt(r, w.t == last_resort))
        w.t = &bare;
    lx_out_string_open(out, name);
    plain(&w, w.t->bos);
    plain(&w, w.t->initial);
    for (const struct lx_message *m = r->messages; m; m = m->next, w.message++) {
        if (says_something(m)) {
            write_message(&w, m, before);
            before = m;
            continue;
        }
        for (const struct lx_part *p = m->parts; p; p = p->next)
            write_part(&w, p);
    }
    if (!before || before->role != LX_ROLE_ASSISTANT)
        plain(&w, w.t->final);
    lx_out_string_close(out);
}

void lx_prompt_message_write(struct lx_out *out, const char *name, const struct lx_write_options *o,
                             const struct lx_message *m, size_t index, struct lx_body *b)
{
    struct writer w = {.out = out, .o = o, .b = b, .message = index};
    lx_out_string_open(out, name);
    for (const struct lx_part *p = m->parts; p; p = p->next)
        write_part(&w, p);
    lx_out_string_close(out);
}

void lx_prompt_refuse_rest(const struct lx_write_options *o, const struct lx_request *r,
                           struct lx_body *b)
{
    bool said = false, cache = false;
    bool choice = !r->tools || !r->tool_choice, parallel = !r->tools || !r->parallel_tool_calls;
    if (r->tools)
        lx_body_refuse(b, o, LX_S("tools"), LX_S("a prompt has no tools"));
    if (!choice)
        lose(b, &choice, "tool_choice", "a prompt has no tools");
    if (!parallel)
        lose(b, &parallel, "parallel_tool_calls", "a prompt has no tools");
    if (r->reasoning.kind != LX_REASONING_UNSET && r->reasoning.kind != LX_REASONING_OFF)
        lose(b, &said, "reasoning_effort", "how much the model thinks is left to the model");
    if (r->cache.set)
        lose(b, &cache, "cache_control", "a prompt has no cache marks");
    lx_members_lose(r, b);
}
