/*
 * models.c - what is known of a model, without asking anybody: its limits, prices, capabilities,
 * and how it counts.
 *
 *   example_models gpt-4o "How many tokens is this?"
 */
#include <stdio.h>
#include <string.h>

#include <llmux/llmux.h>

static int fail(llmux_error *err)
{
    fprintf(stderr, "%s: %s\n", llmux_error_class(err), llmux_error_message(err));
    llmux_error_free(err);
    return 1;
}

static int tell_tokens(llmux_client *c, const char *model, const char *text)
{
    llmux_error *err = NULL;
    size_t count, n;
    int64_t fits;
    const uint32_t *ids = llmux_client_encode(c, model, text, strlen(text), &count, &err);
    const char *back = ids ? llmux_client_decode(c, model, ids, count, &n, &err) : NULL;

    if (!back)
        return fail(err);
    printf("tokens: %zu\nback: %.*s\n", count, (int)n, back);
    fits = llmux_client_fit_tokens(c, model, text, strlen(text), count / 2, &err);
    if (fits < 0)
        return fail(err);
    fputs("half: ", stdout);
    fwrite(text, 1, (size_t)fits, stdout);
    putchar('\n');
    return llmux_client_count_tokens(c, model, text, strlen(text), &err) == (int64_t)count ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *model = argc > 1 ? argv[1] : "gpt-4o";
    const char *text = argc > 2 ? argv[2] : "Hello";
    const char *chat = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    llmux_error *err = NULL;
    llmux_client *c = llmux_client_new();
    const char *info = llmux_client_model_info(c, model, &err), *cost = NULL;
    int status = 1;

    if (info) {
        printf("%s\nvision: %d\n", info, llmux_client_supports(c, model, "vision"));
        cost = llmux_client_cost_per_token(c, model, 1000, 100, &err);
    }
    if (cost) {
        printf("1000 tokens and 100: $%s\n", cost);
        printf("chat: %lld\n",
               (long long)llmux_client_count_request(c, model, chat, strlen(chat), NULL));
        status = tell_tokens(c, model, text);
    } else {
        fail(err);
    }
    llmux_client_free(c);
    return status;
}
