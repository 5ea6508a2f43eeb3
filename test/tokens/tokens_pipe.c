/*
 * tokens_pipe.c - encodes texts for another program: tokens_pipe (ENCODING | TOKENIZER.JSON).
 *
 * Reads a length (32 bits, this machine's order) and as many bytes; answers with a count and the
 * ids, 32 bits each; until the input ends. Counting must agree with encoding, and where the text is
 * UTF-8, decoding must give it back, unless the encoding normalizes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "tokens/tokens.h"

static void fail(const char *what)
{
    fprintf(stderr, "tokens_pipe: %s\n", what);
    exit(1);
}

static void open_encoding(struct lx_encoding *e, const char *name)
{
    struct lx_error err = {0};
    size_t cap = 64 << 20;
    char *text;
    FILE *f;

    if (lx_encoding_find(e, lx_slice_z(name)) == 0)
        return;
    f = fopen(name, "rb");
    text = malloc(cap);
    if (!f || !text)
        fail("there is no such encoding, and no such file");
    if (lx_encoding_read(e, lx_slice(text, fread(text, 1, cap, f)), &err) != 0)
        fail(err.text);
    fclose(f);
    free(text);
}

int main(int argc, char **argv)
{
    struct lx_tokenizer *t = lx_tokenizer_new();
    struct lx_encoding e;
    struct lx_buf ids, back;
    uint32_t n;

    if (argc != 2 || !t)
        fail("usage: tokens_pipe (ENCODING | TOKENIZER.JSON)");
    open_encoding(&e, argv[1]);
    lx_buf_init(&ids, 1u << 30);
    lx_buf_init(&back, 1u << 30);
    while (fread(&n, sizeof(n), 1, stdin) == 1) {
        char *text = malloc(n ? n : 1);
        size_t count = 0;
        uint32_t out;

        if (!text || fread(text, 1, n, stdin) != n)
            fail("the input ends too early");
        lx_buf_reset(&ids);
        lx_buf_reset(&back);
        if (lx_tokens_count(t, &e, lx_slice(text, n), LX_TOKENS_FRAME, &count) != 0 ||
            lx_tokens_encode(t, &e, lx_slice(text, n), LX_TOKENS_FRAME, &ids) != 0)
            fail("it cannot be encoded");
        out = (uint32_t)(ids.n / sizeof(uint32_t));
        if (count != out)
            fail("the count is another");
        if (!e.owned && e.norm == LX_NORM_NONE && lx_utf8_valid(lx_slice(text, n)) == n &&
            (lx_tokens_decode(&e, (const uint32_t *)(const void *)ids.p, out, &back) != 0 ||
             !lx_slice_eq(lx_buf_slice(&back), lx_slice(text, n))))
            fail("decoded it is another text");
        fwrite(&out, sizeof(out), 1, stdout);
        fwrite(ids.n ? ids.p : "", 1, ids.n, stdout);
        fflush(stdout);
        free(text);
    }
    lx_buf_clear(&ids);
    lx_buf_clear(&back);
    lx_encoding_clear(&e);
    lx_tokenizer_free(t);
    return 0;
}
