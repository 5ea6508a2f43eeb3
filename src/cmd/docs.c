/*
 * docs.c - `llmux docs`: reference pages printed from the tables that the program itself uses.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/providers.h"
#include "config/config.h"

static const struct {
    const char *name;
    void (*write)(struct lx_buf *out);
} pages[] = {
    {"config", lx_config_write_docs},
    {"man", lx_cmd_write_man},
    {"providers", lx_cmd_write_providers},
};

static int run(const char *const *values, char *const *words, int word_count)
{
    (void)values;
    (void)word_count;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct lx_buf out;
        int status;

        if (strcmp(pages[i].name, words[0]) != 0)
            continue;
        lx_buf_init(&out, 16u << 20);
        pages[i].write(&out);
        status = out.failed ? LX_EXIT_FAILED : lx_cmd_print(lx_buf_slice(&out));
        lx_buf_clear(&out);
        return status;
    }
    return lx_cmd_fail("docs", LX_EXIT_USAGE, "there is no page \"%s\"", words[0]);
}

static const struct lx_option options[] = {{0}};

const struct lx_command lx_command_docs = {
    .name = "docs",
    .synopsis = "config|man|providers",
    .summary = "Prints a reference page: the configuration or the providers (Markdown), or "
               "the manual (roff)",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
