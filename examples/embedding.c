/*
 * embedding.c - how near texts are to the first of them.
 *
 *   cc embedding.c $(pkg-config --cflags --libs llmux) -lm -o embedding
 *   OPENAI_API_KEY=... ./embedding openai/text-embedding-3-small "a cat" "a dog" "a theorem"
 *
 * LLMUX_BASE_URL, when it is set, is used instead of OpenAI's address.
 */
#include <llmux/llmux.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double cosine(const float *a, const float *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;

    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

static void show(const llmux_embeddings *embeddings, char **texts)
{
    size_t n, m;
    const float *first = llmux_embeddings_vector(embeddings, 0, &n);

    for (size_t i = 0; i < llmux_embeddings_count(embeddings); i++) {
        const float *v = llmux_embeddings_vector(embeddings, i, &m);

        if (first && v && m == n)
            printf("%.4f %s\n", cosine(first, v, n), texts[i]);
    }
    fprintf(stderr, "(%zu dimensions, %lld tokens)\n", n,
            (long long)llmux_embeddings_prompt_tokens(embeddings));
}

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_request *request =
        llmux_request_new(argc > 1 ? argv[1] : "openai/text-embedding-3-small");
    llmux_embeddings *embeddings = NULL;
    llmux_error *error = NULL;
    int code;

    if (getenv("LLMUX_BASE_URL"))
        llmux_client_set_base_url(client, "openai", getenv("LLMUX_BASE_URL"));
    for (int i = 2; i < argc; i++)
        llmux_request_add_input(request, argv[i]);

    code = llmux_embedding(client, request, &embeddings, &error);
    if (code == 0)
        show(embeddings, argv + 2);
    else
        fprintf(stderr, "%s (%d): %s\n", llmux_error_class(error), llmux_error_status(error),
                llmux_error_message(error));
    llmux_error_free(error);
    llmux_embeddings_free(embeddings);
    llmux_request_free(request);
    llmux_client_free(client);
    return code == 0 ? 0 : 1;
}
