/*
 * tokens_bench.c - how fast tokens are counted: tokens_bench ENCODING FILE
 *
 * For each line of input it does a round and prints the file's tokens, and MB a second of processor
 * time four times. Cold: all of the text, by a tokenizer that knows nothing yet. Fresh: every other
 * part of some kilobytes, one call each, by a tokenizer that has counted the parts between, so that
 * it knows the language but not the text; and the other way round. Warm: all of the text, once
 * more. Encoded: the same, with the ids as the result, which were asked for once before.
 * bench/tokens.py compares them with tiktoken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tokens/tokens.h"

enum { PART = 4096 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct lx_slice read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *p = NULL;
    long n;

    if (f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0 && (p = malloc((size_t)n + 1))) {
        rewind(f);
        n = (long)fread(p, 1, (size_t)n, f);
        fclose(f);
        return lx_slice(p, (size_t)n);
    }
    perror(path);
    exit(1);
}

static struct lx_tokenizer *make(void)
{
    struct lx_tokenizer *t = lx_tokenizer_new();

    if (!t)
        exit(1);
    return t;
}

static size_t count(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text)
{
    size_t n;

    if (lx_tokens_count(t, e, text, 0, &n) != 0)
        exit(1);
    return n;
}

/* Counts the even parts, or the odd ones; parts end where lines do. Returns the bytes of these. */
static size_t count_parts(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                          bool odd)
{
    size_t at = 0, bytes = 0;

    for (bool is_odd = false; at < text.n; is_odd = !is_odd) {
        size_t n = text.n - at < PART ? text.n - at : PART;

        while (at + n < text.n && text.p[at + n - 1] != '\n')
            n++;
        if (is_odd == odd) {
            count(t, e, lx_slice(text.p + at, n));
            bytes += n;
        }
        at += n;
    }
    return bytes;
}

static double fresh(const struct lx_encoding *e, struct lx_slice text)
{
    size_t bytes = 0;
    double took = 0;

    for (int odd = 0; odd < 2; odd++) {
        struct lx_tokenizer *t = make();
        double start;

        count_parts(t, e, text, !odd);
        start = now();
        bytes += count_parts(t, e, text, odd);
        took += now() - start;
        lx_tokenizer_free(t);
    }
    return (double)bytes / 1e6 / took;
}

static void do_round(const struct lx_encoding *e, struct lx_slice text)
{
    double mb = (double)text.n / 1e6, start = now(), cold, warm, encoded;
    struct lx_tokenizer *t = make();
    size_t n = count(t, e, text);
    struct lx_buf ids;

    cold = mb / (now() - start);
    start = now();
    count(t, e, text);
    warm = mb / (now() - start);
    lx_buf_init(&ids, SIZE_MAX / 2);
    if (!lx_buf_reserve(&ids, n * sizeof(uint32_t)))
        exit(1);
    if (lx_tokens_encode(t, e, text, 0, &ids) != 0)
        exit(1);
    lx_buf_reset(&ids);
    start = now();
    if (lx_tokens_encode(t, e, text, 0, &ids) != 0)
        exit(1);
    encoded = mb / (now() - start);
    lx_buf_clear(&ids);
    lx_tokenizer_free(t);
    printf("%zu %.1f %.1f %.1f %.1f\n", n, cold, fresh(e, text), warm, encoded);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct lx_encoding e;
    struct lx_slice text;
    char line[8];

    if (argc != 3 || lx_encoding_find(&e, lx_slice_z(argv[1])) != 0) {
        fprintf(stderr, "usage: tokens_bench ENCODING FILE\n");
        return 2;
    }
    text = read_file(argv[2]);
    while (fgets(line, sizeof(line), stdin))
        do_round(&e, text);
    free((char *)text.p);
    return 0;
}
