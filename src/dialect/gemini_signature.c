/*
 * gemini_signature.c - thought signatures, and how they travel.
 *
 * Gemini signs what it did after thinking, and a turn that goes on must hold the signature again:
 * without it Gemini 3 refuses the request, and older models forget what they thought. Clients of
 * other languages have no member for it, so it travels in members that they must give back
 * unchanged anyway:
 *
 * The other way, clients of this language have a member for signatures, but only for Gemini's:
 * those of other providers, and thinking that is hidden, travel in it as base64 of "llmux:t:" or
 * "llmux:r:" and what they are.
 *
 *   of a call   in the call's id: "<id>__thought__<signature>", LiteLLM's form, with base64's
 *               URL-safe alphabet, so that the id has the letters that Anthropic's clients expect
 *   of a text   as thinking without text: signature "gemini:<signature>"
 *   of thoughts as their own signature: "gemini:", for Gemini does not sign them
 *
 * "gemini:" is no base64: so nobody takes another provider's signatures for Gemini's, or the
 * reverse.
 */
#include "dialect/gemini.h"

#include "base/text.h"

struct lx_slice lx_gemini_id_join(struct lx_slice id, struct lx_text signature, struct lx_arena *a)
{
    struct lx_slice plain = lx_text_plain(signature, a), separator = LX_CALL_ID_MARK;
    if (!plain.n)
        return id;
    char *to = lx_arena_bytes(a, id.n + separator.n + plain.n);
    if (!to)
        return id;
    memcpy(to, id.p, id.n);
    memcpy(to + id.n, separator.p, separator.n);
    size_t n = id.n + separator.n;
    for (size_t i = 0; i < plain.n; i++)
        if (plain.p[i] != '=')
            to[n++] = (char)(plain.p[i] == '+' ? '-' : plain.p[i] == '/' ? '_' : plain.p[i]);
    return lx_slice(to, n);
}

struct lx_slice lx_gemini_base64_standard(struct lx_slice url_safe, struct lx_arena *a)
{
    if (lx_slice_find_byte(url_safe, '-') < 0 && lx_slice_find_byte(url_safe, '_') < 0 &&
        url_safe.n % 4 == 0)
        return url_safe;
    char *to = lx_arena_bytes(a, url_safe.n + 3);
    size_t n = 0;
    if (!to)
        return lx_slice(NULL, 0);
    for (; n < url_safe.n; n++)
        to[n] = (char)(url_safe.p[n] == '-' ? '+' : url_safe.p[n] == '_' ? '/' : url_safe.p[n]);
    while (n % 4 > 1)
        to[n++] = '=';
    return lx_slice(to, n);
}

struct lx_gemini_id lx_gemini_id_split(struct lx_text id, struct lx_arena *a)
{
    struct lx_slice plain = lx_text_plain(id, a), separator = LX_CALL_ID_MARK;
    ssize_t at = lx_slice_find(plain, separator);
    if (at < 0)
        return (struct lx_gemini_id){plain, {NULL, 0}};
    return (struct lx_gemini_id){
        lx_slice_to(plain, (size_t)at),
        lx_gemini_base64_standard(lx_slice_from(plain, (size_t)at + separator.n), a),
    };
}

/* LiteLLM: provider_specific_fields.thought_signature; Google's OpenAI-compatible API:
 * extra_content.google.thought_signature (ai.google.dev/gemini-api/docs/thought-signatures). */
static struct lx_slice in_extra(const struct lx_extra *x, struct lx_json_doc *scratch,
                                struct lx_arena *a)
{
    for (; x; x = x->next) {
        bool google = lx_slice_eq(x->name, LX_S("extra_content"));
        if (!google && !lx_slice_eq(x->name, LX_S("provider_specific_fields")))
            continue;
        int code = lx_json_read(scratch, x->json, NULL, NULL);
        if (code == LX_ENOMEM)
            a->failed = code;
        struct lx_json fields = code ? (struct lx_json){0} : lx_json_root(scratch);
        if (google)
            fields = LX_GET(fields, "google");
        struct lx_slice found = lx_json_str(LX_GET(fields, "thought_signature"), a);
        if (found.n)
            return found;
    }
    return lx_slice(NULL, 0);
}

struct lx_slice lx_gemini_call_signature(const struct lx_part *call, struct lx_json_doc *scratch,
                                         struct lx_arena *a)
{
    struct lx_slice signature = lx_text_plain(call->signature, a);
    if (!signature.n)
        signature = lx_gemini_id_split(call->id, a).signature;
    return signature.n ? signature : in_extra(call->extra, scratch, a);
}

bool lx_gemini_is_own_thinking(const struct lx_part *p, struct lx_text *signature)
{
    struct lx_slice mark = LX_GEMINI_MARK;
    *signature = (struct lx_text){0};
    if (p->kind != LX_PART_THINKING || !lx_slice_starts(p->signature.s, mark))
        return false;
    *signature = p->signature;
    signature->s = lx_slice_from(p->signature.s, mark.n);
    return true;
}

/* ---- Other providers' ----------------------------------------------------------------------- */

#define WRAPPED "llmux:"

struct lx_text lx_gemini_signature_wrap(struct lx_text signature, bool redacted, struct lx_arena *a)
{
    struct lx_slice plain = lx_text_plain(signature, a);
    struct lx_slice whole =
        lx_arena_printf(a, WRAPPED "%c:%.*s", redacted ? 'r' : 't', LX_F(plain));
    size_t most = whole.n / 3 * 4 + 4;
    struct lx_buf b = {.p = lx_arena_bytes(a, most), .cap = most, .max = most};
    if (!b.p)
        return (struct lx_text){{NULL, 0}, false};
    lx_base64_write(&b, whole);
    return lx_text(lx_buf_slice(&b));
}

bool lx_gemini_signature_unwrap(struct lx_slice *signature, struct lx_slice *redacted,
                                struct lx_arena *a)
{
    const struct lx_slice mark = LX_S("bGxtdXg6"); /* WRAPPED */
    const size_t head = sizeof(WRAPPED "t:") - 1;
    *redacted = lx_slice(NULL, 0);
    if (!lx_slice_starts(*signature, mark))
        return false;
    size_t most = signature->n;
    struct lx_buf b = {.p = lx_arena_bytes(a, most), .cap = most, .max = most};
    if (!b.p || lx_base64_read(*signature, &b) != 0 || b.n < head)
        return false;
    *signature = lx_slice_from(lx_buf_slice(&b), head);
    if (b.p[head - 2] == 'r')
        *redacted = *signature;
    return true;
}
