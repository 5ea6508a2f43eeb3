/*
 * version.c - `llmux version`: what this is and what it is linked with.
 */
#include <ares.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <yaml.h>
#include <zlib.h>
#include <zstd.h>

#include "cmd/command.h"

static int run(const char *const *values, char *const *words, int word_count)
{
    (void)words;
    (void)word_count;
    printf("llmux %s\n", LX_VERSION);
    if (values[0])
        printf("%s\nc-ares %s\nlibyaml %s\nzlib %s\nzstd %s\n", OpenSSL_version(OPENSSL_VERSION),
               ares_version(NULL), yaml_get_version_string(), zlibVersion(), ZSTD_versionString());
    return LX_EXIT_OK;
}

static const struct lx_option options[] = {
    {"verbose", 'v', NULL, "the libraries too"},
    {0},
};

const struct lx_command lx_command_version = {
    .name = "version",
    .synopsis = "[--verbose]",
    .summary = "Prints the version",
    .options = options,
    .run = run,
};
