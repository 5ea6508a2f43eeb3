/*
 * command.h - the commands of `llmux`: a table each, from which --help and the man page are
 * printed.
 */
#ifndef LX_CMD_COMMAND_H
#define LX_CMD_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "provider/provider.h"

/* Exit statuses, the same for every command. */
enum lx_exit {
    LX_EXIT_OK = 0,
    LX_EXIT_FAILED = 1, /* it was tried and did not work; stderr says why */
    LX_EXIT_USAGE = 2,  /* the command line makes no sense */
};

struct lx_option {
    const char *name;  /* "model": --model */
    char letter;       /* 'm': -m; 0: none */
    const char *value; /* what it takes, "NAME"; NULL: nothing, it is a switch */
    const char *help;
};

struct lx_command {
    const char *name;
    const char *synopsis;            /* after the name: "[--model MODEL] [PROMPT]" */
    const char *summary;             /* one line */
    const char *details;             /* paragraphs; or NULL */
    const struct lx_option *options; /* ends with a NULL name; values arrive by position here */
    int min_words, max_words;        /* words besides options; max -1: any number */
    /* values[i]: of options[i], NULL when not given ("" for a switch that is). */
    int (*run)(const char *const *values, char *const *words, int word_count);
};

extern const struct lx_command lx_command_serve, lx_command_chat, lx_command_models,
    lx_command_providers, lx_command_check, lx_command_cost, lx_command_tokens,
    lx_command_translate, lx_command_replay, lx_command_router, lx_command_docs, lx_command_version;

/* ---- Shared by commands (common.c) ---- */

/* The process's environment. */
extern const struct lx_env lx_process_env;
/* Says "llmux COMMAND: text" on stderr and returns the exit status. */
int lx_cmd_fail(const char *command, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Reads a descriptor to its end. 0, or a code with nothing kept. */
int lx_cmd_read_all(int fd, struct lx_buf *out);
/* Writes to stdout, all of it; LX_EXIT_OK, or LX_EXIT_FAILED when the reader is gone. */
int lx_cmd_print(struct lx_slice s);
/* A whole number in [min, max], or a usage message and false. */
bool lx_cmd_number(const char *command, const char *option, const char *value, long min, long max,
                   long *out);

/* The manual page, from the commands' tables (main.c). */
void lx_cmd_write_man(struct lx_buf *out);

#endif
