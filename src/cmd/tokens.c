/*
 * tokens.c - `llmux tokens`: how many tokens a text or a chat request has.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "call/count.h"
#include "cmd/command.h"

#define INPUT_MAX (1u << 30)

enum { MODEL, ENCODING, TOKENIZER, MESSAGES, IDS, LIMIT, SPECIAL };

static const struct lx_option options[] = {
    [MODEL] = {"model", 'm', "MODEL", "as this model counts; default gpt-4o"},
    [ENCODING] = {"encoding", 'e', "NAME",
                  "by this encoding: o200k_base, o200k_harmony, cl100k_base, "
                  "p50k_base, p50k_edit, r50k_base, gpt2, claude"},
    [TOKENIZER] = {"tokenizer", 0, "PATH", "by this tokenizer.json of Hugging Face's"},
    [MESSAGES] = {"messages", 0, NULL, "the input is a chat request, in JSON"},
    [IDS] = {"ids", 0, NULL, "print the tokens' ids instead"},
    [LIMIT] = {"limit", 0, "N",
               "print instead how many bytes of the text's beginning have N tokens at most"},
    [SPECIAL] = {"special", 0, NULL, "<|endoftext|> and its kin are tokens, not text"},
    {0},
};

struct job {
    const char *const *values;
    struct lx_buf in, file;
    struct lx_encoding encoding;
    struct lx_token_rule rule;
    struct lx_tokenizer *tokenizer;
};

static int fail(int code, const char *what, const struct lx_error *err)
{
    return lx_cmd_fail("tokens", LX_EXIT_FAILED, "%s: %s", what,
                       err && err->text[0] ? err->text : lx_code_text(code));
}

static int read_file(const char *path, struct lx_buf *out)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    int code = fd < 0 ? LX_EIO : lx_cmd_read_all(fd, out);

    if (path && fd >= 0)
        close(fd);
    return code == 0 ? 0 : fail(code, path ? path : "standard input", NULL);
}

static int open_encoding(struct job *j)
{
    const char *path = j->values[TOKENIZER], *name = j->values[ENCODING];
    const char *model = j->values[MODEL] ? j->values[MODEL] : "gpt-4o";
    struct lx_counter counter;
    struct lx_error err = {0};
    int code;

    lx_counter_of(NULL, lx_slice_z(model), NULL, &counter);
    j->rule = counter.rule;
    if (path) {
        code = read_file(path, &j->file);
        if (code != 0)
            return code;
        code = lx_encoding_read(&j->encoding, lx_buf_slice(&j->file), &err);
        lx_buf_clear(&j->file);
        return code == 0 ? 0 : fail(code, path, &err);
    }
    if (!name) {
        name = j->rule.encoding;
        if (j->rule.wants)
            fprintf(stderr,
                    "llmux tokens: %s counts by %s's tokenizer, which --tokenizer can name; "
                    "this is an estimate by %s\n",
                    model, j->rule.wants, name);
    }
    if (lx_encoding_find(&j->encoding, lx_slice_z(name)) != 0)
        return lx_cmd_fail("tokens", LX_EXIT_USAGE, "there is no encoding \"%s\"", name);
    return 0;
}

static int count_messages(struct job *j, size_t *count, struct lx_error *err)
{
    struct lx_json_doc doc;
    int code;

    lx_json_doc_init(&doc);
    code = lx_json_read(&doc, lx_buf_slice(&j->in), NULL, err);
    if (code == 0)
        code = lx_tokens_count_chat(j->tokenizer, &j->encoding, &j->rule, lx_json_root(&doc), count,
                                    err);
    lx_json_doc_clear(&doc);
    return code;
}

static int print_ids(struct job *j, unsigned flags)
{
    struct lx_buf ids, text;
    int code, status = LX_EXIT_OK;

    lx_buf_init(&ids, SIZE_MAX / 2);
    lx_buf_init(&text, SIZE_MAX / 2);
    code = lx_tokens_encode(j->tokenizer, &j->encoding, lx_buf_slice(&j->in), flags, &ids);
    for (size_t i = 0; code == 0 && i < ids.n; i += sizeof(uint32_t)) {
        uint32_t id;

        memcpy(&id, ids.p + i, sizeof(id));
        lx_buf_add_int(&text, id);
        lx_buf_add_byte(&text, '\n');
        code = text.failed;
    }
    status = code == 0 ? lx_cmd_print(lx_buf_slice(&text)) : fail(code, "the text", NULL);
    lx_buf_clear(&ids);
    lx_buf_clear(&text);
    return status;
}

static int print_count(struct job *j, unsigned flags)
{
    struct lx_error err = {0};
    size_t count;
    int code = j->values[MESSAGES] ? count_messages(j, &count, &err)
                                   : lx_tokens_count(j->tokenizer, &j->encoding,
                                                     lx_buf_slice(&j->in), flags, &count);

    if (code != 0)
        return fail(code, j->values[MESSAGES] ? "the request" : "the text", &err);
    printf("%zu\n", count);
    return LX_EXIT_OK;
}

static int print_fit(struct job *j, unsigned flags, size_t limit)
{
    size_t count, bytes;
    int code = lx_tokens_fit(j->tokenizer, &j->encoding, lx_buf_slice(&j->in), flags, limit, &count,
                             &bytes);

    if (code != 0)
        return fail(code, "the text", NULL);
    printf("%zu\n", bytes);
    return LX_EXIT_OK;
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct job j = {.values = values};
    unsigned flags = values[SPECIAL] ? LX_TOKENS_SPECIAL : 0;
    long limit = 0;
    int status;

    if (values[MESSAGES] && (values[IDS] || values[LIMIT]))
        return lx_cmd_fail("tokens", LX_EXIT_USAGE, "--%s is of a text, not of --messages",
                           values[IDS] ? "ids" : "limit");
    if (values[IDS] && values[LIMIT])
        return lx_cmd_fail("tokens", LX_EXIT_USAGE, "--ids or --limit, not both");
    if (values[LIMIT] && !lx_cmd_number("tokens", "limit", values[LIMIT], 0, INT32_MAX, &limit))
        return LX_EXIT_USAGE;
    lx_buf_init(&j.in, INPUT_MAX);
    lx_buf_init(&j.file, INPUT_MAX);
    status = open_encoding(&j);
    if (status == LX_EXIT_OK)
        status = read_file(word_count ? words[0] : NULL, &j.in);
    if (status == LX_EXIT_OK && !(j.tokenizer = lx_tokenizer_new()))
        status = fail(LX_ENOMEM, "tokenizer", NULL);
    if (status == LX_EXIT_OK)
        status = values[IDS]     ? print_ids(&j, flags)
                 : values[LIMIT] ? print_fit(&j, flags, (size_t)limit)
                                 : print_count(&j, flags);
    lx_tokenizer_free(j.tokenizer);
    lx_encoding_clear(&j.encoding);
    lx_buf_clear(&j.in);
    lx_buf_clear(&j.file);
    return status;
}

const struct lx_command lx_command_tokens = {
    .name = "tokens",
    .synopsis = "[-m MODEL] [--messages] [--ids] [--limit N] [FILE]",
    .summary = "Counts the tokens of a text or a chat request, as a model does",
    .details =
        "The text is FILE's, or standard input's. With --messages it is a chat request, counted\n"
        "as LiteLLM's token_counter does: messages, names, tools, tool_choice, images by size.\n"
        "What a limit has room for: head -c \"$(llmux tokens --limit 1000 FILE)\" FILE",
    .options = options,
    .max_words = 1,
    .run = run,
};
