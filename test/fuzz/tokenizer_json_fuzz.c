/*
 * tokenizer_json_fuzz.c - fuzz target for tokenizer.json: any bytes are refused or give an encoding
 * that encodes, counts and decodes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tokens/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_slice text =
        LX_S("The quick brown fox <|begin|> 123 don't na\xc3\xafve \xe4\xb8\xad\xe6\x96\x87 "
             "whole <left> e\xcc\x81 ^|^|");
    struct lx_encoding e;
    struct lx_error err = {0};
    struct lx_tokenizer *t;
    struct lx_buf ids, back;
    size_t count;

    if (lx_encoding_read(&e, lx_slice((const char *)data, size), &err) != 0)
        return 0;
    t = lx_tokenizer_new();
    lx_buf_init(&ids, 1 << 20);
    lx_buf_init(&back, 1 << 20);
    if (!t || lx_tokens_encode(t, &e, text, LX_TOKENS_FRAME, &ids) != 0 ||
        lx_tokens_count(t, &e, text, LX_TOKENS_FRAME, &count) != 0 ||
        count * sizeof(uint32_t) != ids.n) {
        fprintf(stderr, "tokenizer_json_fuzz: encoding and counting disagree\n");
        abort();
    }
    (void)lx_tokens_decode(&e, (const uint32_t *)(const void *)ids.p, count, &back);
    lx_buf_clear(&ids);
    lx_buf_clear(&back);
    lx_tokenizer_free(t);
    lx_encoding_clear(&e);
    return 0;
}
