/*
 * tokenizer_json.c - reads a Hugging Face tokenizer.json into an encoding.
 *
 * Called for a `custom_tokenizer` of the configuration. Of the many things such a file can say, the
 * ones that byte-level BPE needs are understood, and everything else is refused by name: a count by
 * a half-understood tokenizer would be a wrong count. How the text is cut is compared, as a whole,
 * with the ways that scan.c knows.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/text.h"
#include "tokens/normalize.h"
#include "tokens/pairs.h"

enum { ARENA_MAX = 1 << 30, ID_MAX = 0xffffe };

#define CASED       "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define TAIL        " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER       "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER       "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define BEFORE_WORD "[^\\r\\n\\p{L}\\p{N}]?"

/* Steps joined by a line break each: a regular expression to split by, or what else is done. */
static const struct {
    const char *steps;
    enum lx_scheme scheme;
} ways[] = {
    {"bytes regex", LX_SCHEME_R50K},
    {"split " CASED "|" BEFORE_WORD "\\p{L}+|\\p{N}{1,3}|" TAIL "\nbytes", LX_SCHEME_LLAMA3},
    {"split " CASED "|" BEFORE_WORD "\\p{L}+|\\p{N}|" TAIL "\nbytes", LX_SCHEME_QWEN},
    {"split " BEFORE_WORD UPPER "*" LOWER "+" CASED "?|" BEFORE_WORD UPPER "+" LOWER "*" CASED
     "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+\nbytes",
     LX_SCHEME_O200K},
    {"split \\p{N}{1,3}\nsplit [一-龥぀-ゟ゠-ヿ]+\n"
     "split [!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?"
     "[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+\nbytes",
     LX_SCHEME_DEEPSEEK},
    {"digits\nbytes regex", LX_SCHEME_COMMAND_R},
};

/* What an encoding that was read owns. */
struct owned {
    struct lx_arena arena;
    void *image;
};

struct reader {
    struct lx_encoding *e;
    struct owned *owned;
    struct lx_arena arena; /* dropped with the reader */
    struct lx_json_doc doc;
    struct lx_map ids;            /* by bytes; an id and one, as a pointer */
    struct lx_slice *texts;       /* by id */
    uint32_t *numbers;            /* by id: of our own; LX_TOKEN_NONE until merged */
    uint32_t bytes[256];          /* ids of single bytes; LX_TOKEN_NONE */
    struct lx_pairs merges;       /* ids of left and right, to the merge's place in the list */
    uint32_t *results;            /* by place: the id it makes */
    struct lx_vocab_split *parts; /* by place */
    uint32_t merge_count;
    uint32_t id_end;
    struct lx_vocab_maker *maker;
    struct lx_error *err;
};

static int unsupported(struct reader *r, const char *what)
{
    return lx_error_set(r->err, LX_EUNSUPPORTED,
                        "the tokenizer's %s is of a kind that is not known", what);
}

static int wrong(struct reader *r, const char *what)
{
    return lx_error_set(r->err, LX_EINVAL, "the tokenizer's %s is wrong", what);
}

static bool is_type(struct lx_json v, const char *type)
{
    return lx_json_eq(LX_GET(v, "type"), lx_slice_z(type));
}

/* ---- How the text is cut, and normalized ---- */

/* A regular expression as the table has it: some files hold line breaks where others say \r\n. */
static void add_regex(struct lx_buf *out, struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\r' || s.p[i] == '\n')
            lx_buf_add(out, s.p[i] == '\r' ? LX_S("\\r") : LX_S("\\n"));
        else
            lx_buf_add_byte(out, s.p[i]);
}

static int add_step(struct reader *r, struct lx_json step, struct lx_buf *out)
{
    if (is_type(step, "Sequence")) {
        struct lx_json_iter it = lx_json_iter(LX_GET(step, "pretokenizers"));
        int code = 0;

        while (code == 0 && lx_json_next(&it))
            code = is_type(it.value, "Sequence") ? unsupported(r, "pre_tokenizer")
                                                 : add_step(r, it.value, out);
        return code;
    }
    if (out->n)
        lx_buf_add_byte(out, '\n');
    if (is_type(step, "Split")) {
        bool gaps = lx_json_eq(LX_GET(step, "behavior"), LX_S("Removed")) &&
                    lx_json_bool(LX_GET(step, "invert"), false);

        if (!gaps && (!lx_json_eq(LX_GET(step, "behavior"), LX_S("Isolated")) ||
                      lx_json_bool(LX_GET(step, "invert"), false)))
            return unsupported(r, "pre_tokenizer (Split)");
        lx_buf_add_lit(out, "split ");
        add_regex(out, lx_json_str(LX_GET(LX_GET(step, "pattern"), "Regex"), &r->arena));
    } else if (is_type(step, "Digits") && lx_json_bool(LX_GET(step, "individual_digits"), false)) {
        lx_buf_add_lit(out, "digits");
    } else if (is_type(step, "ByteLevel") &&
               !lx_json_bool(LX_GET(step, "add_prefix_space"), true)) {
        lx_buf_add_lit(out, "bytes");
        if (lx_json_bool(LX_GET(step, "use_regex"), true))
            lx_buf_add_lit(out, " regex");
    } else {
        return unsupported(r, "pre_tokenizer");
    }
    return 0;
}

static int read_scheme(struct reader *r, struct lx_json root)
{
    struct lx_buf steps;
    int code;

    lx_buf_init(&steps, 1 << 16);
    code = add_step(r, LX_GET(root, "pre_tokenizer"), &steps);
    if (code == 0)
        code = steps.failed;
    if (code == 0) {
        code = LX_EUNSUPPORTED;
        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
            if (lx_slice_eq(lx_buf_slice(&steps), lx_slice_z(ways[i].steps))) {
                r->e->scheme = ways[i].scheme;
                code = 0;
            }
        if (code != 0)
            unsupported(r, "pre_tokenizer (the regular expression)");
    }
    lx_buf_clear(&steps);
    return code;
}

static int read_norm(struct reader *r, struct lx_json v)
{
    if (is_type(v, "Sequence")) {
        struct lx_json list = LX_GET(v, "normalizers");

        if (lx_json_count(list) > 1 || is_type(lx_json_at(list, 0), "Sequence"))
            return unsupported(r, "normalizer");
        v = lx_json_at(list, 0);
    }
    if (!lx_json_given(v))
        r->e->norm = LX_NORM_NONE;
    else if (is_type(v, "NFC"))
        r->e->norm = LX_NORM_NFC;
    else if (is_type(v, "NFKC"))
        r->e->norm = LX_NORM_NFKC;
    else
        return unsupported(r, "normalizer");
    return 0;
}

/* ---- The vocabulary ---- */

/* The byte that a character of the byte-level alphabet stands for, or -1: visible Latin-1 stands
 * for itself, the other 68 bytes follow from U+0100 on, in their order. */
static int byte_of(uint32_t c)
{
    uint32_t n = c - 0x100;

    if ((c > 0x20 && c < 0x7f) || (c > 0xa0 && c <= 0xff && c != 0xad))
        return (int)c;
    if (n <= 0x20)
        return (int)n;
    if (n <= 0x42)
        return (int)(n - 0x21 + 0x7f);
    return n == 0x43 ? 0xad : -1;
}

/* The bytes of a token, in the arena; absent when it is not written in that alphabet. */
static struct lx_slice bytes_of(struct reader *r, struct lx_slice text)
{
    char *out = lx_arena_bytes(&r->arena, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < text.n; i++) {
        uint8_t c = (uint8_t)text.p[i];
        int byte;

        if (c >= 0xe0)
            return lx_slice(NULL, 0);
        byte = byte_of(c < 0x80 ? c : (c & 0x1fu) << 6 | ((uint8_t)text.p[i + 1] & 0x3fu));
        i += c >= 0x80;
        if (byte < 0)
            return lx_slice(NULL, 0);
        out[n++] = (char)byte;
    }
    return lx_slice(out, out ? n : 0);
}

static int read_vocab(struct reader *r, struct lx_json vocab)
{
    static const uint64_t seed[2] = {0};
    struct lx_json_iter it = lx_json_iter(vocab);
    int64_t id;

    lx_map_init(&r->ids, &r->arena, seed);
    while (lx_json_next(&it))
        if (lx_json_int(it.value, &id) != 0 || id < 0 || id > ID_MAX)
            return wrong(r, "vocabulary");
        else if (id >= r->id_end)
            r->id_end = (uint32_t)id + 1;
    r->texts = lx_arena_alloc(&r->arena, (r->id_end + 1) * sizeof(*r->texts));
    r->numbers = lx_arena_alloc(&r->arena, (r->id_end + 1) * sizeof(*r->numbers));
    if (r->arena.failed)
        return r->arena.failed;
    memset(r->numbers, 0xff, r->id_end * sizeof(*r->numbers));
    for (it = lx_json_iter(vocab); lx_json_next(&it);) {
        struct lx_slice text = bytes_of(r, lx_json_str(it.name, &r->arena));

        (void)lx_json_int(it.value, &id);
        if (r->arena.failed)
            return r->arena.failed;
        if (!text.p || text.n == 0)
            continue; /* an added token, which is found by its text */
        if (r->texts[id].p || lx_map_get(&r->ids, text))
            return wrong(r, "vocabulary");
        r->texts[id] = text;
        if (lx_map_put(&r->ids, text, (void *)(uintptr_t)(id + 1)) != 0)
            return r->arena.failed;
    }
    return 0;
}

static uint32_t id_of(const struct reader *r, struct lx_slice bytes)
{
    return (uint32_t)(uintptr_t)lx_map_get(&r->ids, bytes) - 1;
}

/* One of the list: "left right", or ["left", "right"]. */
static int read_merge(struct reader *r, struct lx_json merge)
{
    struct lx_slice parts[2];
    uint32_t ids[3];
    char *bytes;

    if (lx_json_is(merge, LX_JSON_ARRAY)) {
        parts[0] = lx_json_str(lx_json_at(merge, 0), &r->arena);
        parts[1] = lx_json_str(lx_json_at(merge, 1), &r->arena);
    } else {
        lx_slice_cut(lx_json_str(merge, &r->arena), ' ', &parts[0], &parts[1]);
    }
    for (int i = 0; i < 2; i++)
        parts[i] = bytes_of(r, parts[i]);
    bytes = lx_arena_bytes(&r->arena, parts[0].n + parts[1].n + 1);
    if (r->arena.failed)
        return r->arena.failed;
    if (!parts[0].n || !parts[1].n)
        return wrong(r, "list of merges");
    memcpy(bytes, parts[0].p, parts[0].n);
    memcpy(bytes + parts[0].n, parts[1].p, parts[1].n);
    ids[0] = id_of(r, parts[0]);
    ids[1] = id_of(r, parts[1]);
    ids[2] = id_of(r, lx_slice(bytes, parts[0].n + parts[1].n));
    if (ids[0] == LX_TOKEN_NONE || ids[1] == LX_TOKEN_NONE || ids[2] == LX_TOKEN_NONE ||
        lx_pairs_get(&r->merges, ids[0], ids[1]) != LX_TOKEN_NONE)
        return wrong(r, "list of merges");
    r->results[r->merge_count] = ids[2];
    r->parts[r->merge_count] = (struct lx_vocab_split){ids[0], ids[1]};
    return lx_pairs_put(&r->merges, ids[0], ids[1], r->merge_count++);
}

static int read_merges(struct reader *r, struct lx_json list)
{
    struct lx_json_iter it = lx_json_iter(list);
    size_t n = lx_json_count(list);
    int code = 0;

    if (n > ID_MAX)
        return LX_ELIMIT;
    r->results = lx_arena_alloc(&r->arena, (n + 1) * sizeof(*r->results));
    r->parts = lx_arena_alloc(&r->arena, (n + 1) * sizeof(*r->parts));
    if (r->arena.failed)
        return r->arena.failed;
    while (code == 0 && lx_json_next(&it))
        code = read_merge(r, it.value);
    return code;
}

/* Is this the merge that makes its token? Files made from tiktoken's lists have every merge a token
 * could come by; of these the one is done, ever, that its own bytes come by. */
static bool is_done(const struct reader *r, uint32_t merge)
{
    struct lx_slice text = r->texts[r->results[merge]];
    uint32_t parts[LX_TOKEN_LENGTH];
    size_t n = text.n;

    if (n > LX_TOKEN_LENGTH)
        return false;
    for (size_t i = 0; i < n; i++)
        parts[i] = r->bytes[(uint8_t)text.p[i]];
    return lx_pairs_merge(&r->merges, r->results, parts, n, 2) == 2 &&
           parts[0] == r->parts[merge].left && parts[1] == r->parts[merge].right;
}

static int add_token(struct reader *r, uint32_t id, enum lx_vocab_add how, uint32_t merge)
{
    struct lx_vocab_split s = {0, 0};

    if (how == LX_ADD_MERGE)
        s = (struct lx_vocab_split){r->numbers[r->parts[merge].left],
                                    r->numbers[r->parts[merge].right]};
    return lx_vocab_maker_add(r->maker, r->texts[id], id, how, s.left, s.right);
}

/* Numbers: single bytes, then what merges make in the order of those, then all others. */
static int add_tokens(struct reader *r)
{
    bool *done = lx_arena_alloc(&r->arena, r->merge_count + 1);
    uint32_t number = 0;
    int code = 0;

    if (!done)
        return r->arena.failed;
    for (uint32_t id = 0; id < r->id_end; id++)
        if (r->texts[id].n == 1)
            r->bytes[(uint8_t)r->texts[id].p[0]] = id;
    for (int i = 0; i < 256; i++)
        if (r->bytes[i] == LX_TOKEN_NONE)
            return wrong(r, "vocabulary (not every byte has a token)");
        else
            r->numbers[r->bytes[i]] = number++;
    for (uint32_t i = 0; i < r->merge_count; i++) {
        done[i] = is_done(r, i);
        if (done[i])
            r->numbers[r->results[i]] = number++;
    }
    for (int i = 0; code == 0 && i < 256; i++)
        code = add_token(r, r->bytes[i], LX_ADD_ALONE, 0);
    for (uint32_t i = 0; code == 0 && i < r->merge_count; i++)
        if (done[i])
            code = add_token(r, r->results[i], LX_ADD_MERGE, i);
    for (uint32_t id = 0; code == 0 && id < r->id_end; id++)
        if (r->texts[id].n && r->numbers[id] == LX_TOKEN_NONE)
            code = add_token(r, id, LX_ADD_ALONE, 0);
    return code;
}

static int read_model(struct reader *r, struct lx_json model)
{
    bool wholes = lx_json_bool(LX_GET(model, "ignore_merges"), false);
    size_t n;
    int code;

    if (!is_type(model, "BPE") || lx_json_bool(LX_GET(model, "byte_fallback"), false) ||
        lx_json_text(LX_GET(model, "continuing_subword_prefix")).s.n ||
        lx_json_text(LX_GET(model, "end_of_word_suffix")).s.n)
        return unsupported(r, "model");
    r->maker = lx_vocab_maker_new();
    code = r->maker ? read_vocab(r, LX_GET(model, "vocab")) : LX_ENOMEM;
    if (code == 0)
        code = read_merges(r, LX_GET(model, "merges"));
    if (code == 0)
        code = add_tokens(r);
    if (code == 0)
        code = lx_vocab_maker_finish(r->maker, wholes, &r->owned->image, &n);
    if (code == LX_EINVAL && r->err && r->err->code == 0)
        return wrong(r, "vocabulary");
    return code != 0 ? code : lx_vocab_open(&r->e->vocab, r->owned->image, n);
}

/* ---- Added tokens, and what is put around a text ---- */

static const struct {
    struct lx_slice name;
    uint32_t flag;
} special_flags[] = {
    {LX_S_INIT("lstrip"), LX_SPECIAL_LSTRIP},
    {LX_S_INIT("rstrip"), LX_SPECIAL_RSTRIP},
    {LX_S_INIT("single_word"), LX_SPECIAL_WORD},
    {LX_S_INIT("normalized"), LX_SPECIAL_NORMALIZED},
};

static int read_special(struct reader *r, struct lx_json v, struct lx_special *s)
{
    struct lx_slice text = lx_json_str(LX_GET(v, "content"), &r->arena);
    int64_t id;

    if (lx_json_int(LX_GET(v, "id"), &id) != 0 || id < 0 || id > ID_MAX || text.n == 0)
        return wrong(r, "list of added tokens");
    s->id = (uint32_t)id;
    for (size_t i = 0; i < sizeof(special_flags) / sizeof(special_flags[0]); i++)
        if (lx_json_bool(lx_json_get(v, special_flags[i].name), false))
            s->flags |= special_flags[i].flag;
    s->text = lx_arena_copy(&r->owned->arena, text);
    if ((s->flags & LX_SPECIAL_NORMALIZED) && !lx_norm_is(r->e->norm, text)) {
        struct lx_buf normal;
        int code;

        lx_buf_init(&normal, 1 << 20);
        code = lx_norm_write(r->e->norm, text, &normal);
        s->text = lx_arena_copy(&r->owned->arena, lx_buf_slice(&normal));
        lx_buf_clear(&normal);
        if (code != 0)
            return code;
    }
    return r->owned->arena.failed;
}

static int read_specials(struct reader *r, struct lx_json list)
{
    size_t n = lx_json_count(list), count = 0;
    struct lx_special *v = lx_arena_alloc(&r->owned->arena, (n + 1) * sizeof(*v));
    struct lx_json_iter it = lx_json_iter(list);

    if (!v)
        return r->owned->arena.failed;
    if (n > 65536)
        return LX_ELIMIT;
    while (lx_json_next(&it)) {
        struct lx_special s = {0};
        size_t at = count;
        int code = read_special(r, it.value, &s);

        if (code != 0)
            return code;
        while (at > 0 && lx_slice_cmp(v[at - 1].text, s.text) > 0)
            at--;
        memmove(v + at + 1, v + at, (count - at) * sizeof(*v));
        v[at] = s;
        count++;
    }
    r->e->specials = v;
    r->e->special_count = count;
    r->e->always_special = true;
    return 0;
}

static int read_frame(struct reader *r, struct lx_json v)
{
    struct lx_json_iter it;
    bool behind = false;

    if (is_type(v, "Sequence")) {
        for (it = lx_json_iter(LX_GET(v, "processors")); lx_json_next(&it);)
            if (!is_type(it.value, "ByteLevel")) {
                v = it.value;
                break;
            }
    }
    if (!lx_json_given(v) || is_type(v, "ByteLevel") || is_type(v, "Sequence"))
        return 0;
    if (!is_type(v, "TemplateProcessing"))
        return unsupported(r, "post_processor");
    for (it = lx_json_iter(LX_GET(v, "single")); lx_json_next(&it);) {
        struct lx_slice name =
            lx_json_str(LX_GET(LX_GET(it.value, "SpecialToken"), "id"), &r->arena);
        struct lx_json_iter ids =
            lx_json_iter(LX_GET(lx_json_get(LX_GET(v, "special_tokens"), name), "ids"));
        size_t *n = behind ? &r->e->after_count : &r->e->before_count;
        int64_t id;

        if (!name.p)
            behind = true;
        while (lx_json_next(&ids)) {
            if (*n == LX_FRAME_MAX || lx_json_int(ids.value, &id) != 0 || id < 0 || id > ID_MAX)
                return wrong(r, "post_processor");
            (behind ? r->e->after : r->e->before)[(*n)++] = (uint32_t)id;
        }
    }
    return 0;
}

int lx_encoding_read(struct lx_encoding *e, struct lx_slice json, struct lx_error *err)
{
    struct lx_encoding out = {.name = "tokenizer.json"};
    struct reader r = {.e = &out, .err = err};
    struct lx_json root;
    int code;

    r.owned = calloc(1, sizeof(*r.owned));
    if (!r.owned)
        return LX_ENOMEM;
    out.owned = r.owned;
    memset(r.bytes, 0xff, sizeof(r.bytes));
    lx_arena_init(&r.owned->arena, ARENA_MAX);
    lx_arena_init(&r.arena, ARENA_MAX);
    lx_json_doc_init(&r.doc);
    code = lx_json_read(&r.doc, json, NULL, err);
    root = lx_json_root(&r.doc);
    if (code == 0)
        code = read_scheme(&r, root);
    if (code == 0)
        code = read_norm(&r, LX_GET(root, "normalizer"));
    if (code == 0)
        code = read_model(&r, LX_GET(root, "model"));
    if (code == 0)
        code = read_specials(&r, LX_GET(root, "added_tokens"));
    if (code == 0)
        code = read_frame(&r, LX_GET(root, "post_processor"));
    if (code != 0 && (r.arena.failed || r.owned->arena.failed)) /* whatever came of it */
        code = r.arena.failed ? r.arena.failed : r.owned->arena.failed;
    lx_vocab_maker_free(r.maker);
    lx_pairs_clear(&r.merges);
    lx_json_doc_clear(&r.doc);
    lx_arena_clear(&r.arena);
    if (code != 0) {
        lx_encoding_clear(&out);
        return code;
    }
    *e = out;
    return 0;
}

void lx_encoding_clear(struct lx_encoding *e)
{
    struct owned *owned = e->owned;

    if (owned) {
        lx_arena_clear(&owned->arena);
        free(owned->image);
        free(owned);
    }
    *e = (struct lx_encoding){0};
}
