/*
 * tokens_bench.c - how fast tokens are counted: tokens_bench ENCODING FILE...
 *
 * For each file prints the encoding, the file, its tokens, and MB a second of processor time: of
 * counting all of it by a tokenizer that knows nothing yet (cold), of the best of several times
 * (warm), and of encoding. bench/tokens.py compares them with tiktoken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tokens/tokens.h"

enum { ROUNDS = 7 };

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

int main(int argc, char **argv)
{
    struct lx_encoding e;

    if (argc < 3 || lx_encoding_find(&e, lx_slice_z(argv[1])) != 0) {
        fprintf(stderr, "usage: tokens_bench ENCODING FILE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        struct lx_slice text = read_file(argv[i]);
        struct lx_tokenizer *t = lx_tokenizer_new();
        double cold = 0, warm = 0, encode = 0, mb = (double)text.n / 1e6;
        struct lx_buf ids;
        size_t count = 0;

        lx_buf_init(&ids, SIZE_MAX / 2);
        for (int round = 0; t && round < ROUNDS; round++) {
            double start = now(), took;

            if (lx_tokens_count(t, &e, text, 0, &count) != 0)
                return 1;
            took = now() - start;
            cold = round == 0 ? mb / took : cold;
            warm = mb / took > warm ? mb / took : warm;
            lx_buf_reset(&ids);
            start = now();
            if (lx_tokens_encode(t, &e, text, 0, &ids) != 0)
                return 1;
            took = now() - start;
            encode = mb / took > encode ? mb / took : encode;
        }
        printf("%s %s %zu %.1f %.1f %.1f\n", argv[1], argv[i], count, cold, warm, encode);
        lx_buf_clear(&ids);
        lx_tokenizer_free(t);
        free((char *)text.p);
    }
    return 0;
}
