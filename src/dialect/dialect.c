/*
 * dialect.c - the list of languages, and how a translation reports what it could not carry.
 *
 * Backs call the reporting half while they write a request; everyone finds a language by name
 * here. It judges nothing: whether a loss is a failure is the caller's option.
 */
#include "dialect/dialect.h"

/* clang-format off: one a line */
const struct lx_dialect *const lx_dialects[] = {
    &lx_dialect_openai_chat,
    &lx_dialect_anthropic,
    &lx_dialect_anthropic_count,
    &lx_dialect_bedrock_claude_text,
    &lx_dialect_bedrock_cohere,
    &lx_dialect_bedrock_cohere_r,
    &lx_dialect_bedrock_converse,
    &lx_dialect_bedrock_count,
    &lx_dialect_bedrock_deepseek,
    &lx_dialect_bedrock_embed,
    &lx_dialect_bedrock_jurassic,
    &lx_dialect_bedrock_llama,
    &lx_dialect_bedrock_mistral,
    &lx_dialect_bedrock_qwen,
    &lx_dialect_bedrock_titan,
    &lx_dialect_cohere_chat,
    &lx_dialect_cohere_embed,
    &lx_dialect_cortex_embed,
    &lx_dialect_gemini,
    &lx_dialect_gemini_asked_count,
    &lx_dialect_gemini_count,
    &lx_dialect_gemini_embed,
    &lx_dialect_gigachat,
    &lx_dialect_huggingface_embed,
    &lx_dialect_litellm_count,
    &lx_dialect_mistral_fim,
    &lx_dialect_nlp_cloud,
    &lx_dialect_oci_chat,
    &lx_dialect_oci_embed,
    &lx_dialect_ollama_chat,
    &lx_dialect_ollama_embed,
    &lx_dialect_openai_completions,
    &lx_dialect_openai_count,
    &lx_dialect_openai_embed,
    &lx_dialect_openai_responses,
    &lx_dialect_perplexity_embed,
    &lx_dialect_replicate,
    &lx_dialect_sap_embed,
    &lx_dialect_sap_orchestration,
    &lx_dialect_tgi,
    &lx_dialect_triton,
    &lx_dialect_triton_embed,
    &lx_dialect_triton_infer,
    &lx_dialect_vertex_count,
    &lx_dialect_vertex_embed,
    &lx_dialect_vertex_gemma,
    &lx_dialect_voyage_chunk_embed,
    &lx_dialect_voyage_content_embed,
    &lx_dialect_watsonx_embed,
    &lx_dialect_watsonx_text,
    NULL,
};
/* clang-format on */

const struct lx_dialect *lx_dialect_find(struct lx_slice name)
{
    for (const struct lx_dialect *const *d = lx_dialects; *d; d++)
        if (lx_slice_eq(name, lx_slice_z((*d)->name)))
            return *d;
    return NULL;
}

void lx_back_write_path(const struct lx_back *back, const struct lx_write_options *o, bool stream,
                        struct lx_buf *out)
{
    if (back->write_path)
        back->write_path(o, stream, out);
    else
        lx_buf_add(out, lx_slice_z(back->path));
}

size_t lx_back_inputs(const struct lx_back *back, const struct lx_write_options *o,
                      const struct lx_request *r)
{
    return back->take_inputs ? back->take_inputs(o, r) : back->max_inputs;
}

int lx_record_read(const struct lx_record *record, struct lx_json_doc *doc, struct lx_error *err)
{
    struct lx_error at = {0};
    int code = lx_json_read(doc, record->data, NULL, &at);
    if (!code)
        return 0;
    return lx_error_set(err, code == LX_ENOMEM ? code : LX_EPROTO,
                        "an event of the stream is not JSON: %s", at.text);
}

bool lx_inner_read(struct lx_json_doc *doc, struct lx_slice json, struct lx_buf *out)
{
    int code = lx_json_read(doc, json, NULL, NULL);
    if (code == LX_ENOMEM && !out->failed)
        out->failed = code;
    return code == 0;
}

void lx_losses_init(struct lx_losses *l, struct lx_arena *a)
{
    *l = (struct lx_losses){.arena = a};
    l->tail = &l->first;
}

static void list(struct lx_losses *l, struct lx_slice what, struct lx_slice why, bool changed)
{
    l->count++; /* counted even when there is no memory to say what */
    struct lx_loss *loss = lx_arena_new(l->arena, struct lx_loss);
    if (!loss)
        return;
    loss->what = lx_arena_copy(l->arena, what);
    loss->why = lx_arena_copy(l->arena, why);
    loss->changed = changed;
    *l->tail = loss;
    l->tail = &loss->next;
}

void lx_losses_add(struct lx_losses *l, struct lx_slice what, struct lx_slice why)
{
    list(l, what, why, false);
}

void lx_losses_change(struct lx_losses *l, struct lx_slice what, struct lx_slice why)
{
    list(l, what, why, true);
}

void lx_body_refuse(struct lx_body *b, const struct lx_write_options *o, struct lx_slice what,
                    struct lx_slice why)
{
    if (o->drop_params) {
        lx_losses_add(b->losses, what, why);
        return;
    }
    lx_body_fail(b, LX_EUNSUPPORTED, what, why);
    struct lx_loss **at = &b->refused;
    while (*at && !lx_slice_eq((*at)->what, what))
        at = &(*at)->next;
    if (!*at && (*at = lx_arena_new(b->arena, struct lx_loss)))
        **at = (struct lx_loss){lx_arena_copy(b->arena, what), lx_arena_copy(b->arena, why), NULL,
                                false};
}

void lx_body_need(struct lx_body *b, const struct lx_write_options *o, const struct lx_part *p,
                  struct lx_slice what, struct lx_slice why)
{
    struct lx_slice url = lx_text_plain(p->media.url, b->arena);
    struct lx_media_need *need =
        lx_is_web_url(url) ? lx_arena_new(b->arena, struct lx_media_need) : NULL;
    if (need) {
        *need = (struct lx_media_need){p->kind, lx_arena_copy(b->arena, what), url, b->needs};
        b->needs = need;
    }
    lx_body_refuse(b, o, what, why);
}

void lx_body_fail(struct lx_body *b, int code, struct lx_slice what, struct lx_slice why)
{
    if (!b->code)
        b->code = lx_error_set(&b->error, code, "%.*s: %.*s", LX_F(what), LX_F(why));
}

void lx_body_end(struct lx_body *b)
{
    int failed = b->arena->failed ? b->arena->failed : b->buf->failed;
    if (failed)
        b->code = lx_error_set(&b->error, failed, "the request is too large");
}

const struct lx_own_member *lx_own_member_find(const struct lx_front *front, struct lx_slice name)
{
    const struct lx_own_member *own = front->own_members;
    while (own && own->name && !lx_slice_eq(name, lx_slice_z(own->name)))
        own++;
    return own && own->name ? own : NULL;
}
