/*
 * main.c - finds the command, reads its options by its table, and runs it.
 */
#include <signal.h>
#include <string.h>

#include "cmd/command.h"

static const struct lx_command *const commands[] = {
    &lx_command_serve,  &lx_command_chat,   &lx_command_models, &lx_command_providers,
    &lx_command_check,  &lx_command_cost,   &lx_command_tokens, &lx_command_translate,
    &lx_command_replay, &lx_command_router, &lx_command_docs,   &lx_command_version,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))
#define OPTIONS_MAX   24

static void print_overview(FILE *to)
{
    fputs("llmux puts every LLM provider behind one interface.\n\nusage: llmux COMMAND [...]\n\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`llmux COMMAND --help` tells all about one.\n", to);
}

static void print_help(const struct lx_command *c)
{
    printf("usage: llmux %s %s\n\n%s.\n", c->name, c->synopsis, c->summary);
    if (c->details)
        printf("\n%s\n", c->details);
    puts("\noptions:");
    for (const struct lx_option *o = c->options; o->name; o++) {
        char left[64];

        snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->letter ? "-" : " ",
                 o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        printf("  %-28s %s\n", left, o->help);
    }
    printf("  %-28s %s\n", "-h, --help", "this text");
    puts("\nexit status: 0 done, 1 failed (stderr says why), 2 wrong usage");
}

/* Text in roff: a line that starts with a dot or quote, and backslashes, would be commands. */
static void add_roff(struct lx_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((p == text || p[-1] == '\n') && (*p == '.' || *p == '\''))
            lx_buf_add_lit(out, "\\&");
        if (*p == '-')
            lx_buf_add_byte(out, '\\');
        lx_buf_add_byte(out, *p);
        if (*p == '\\')
            lx_buf_add_byte(out, 'e');
    }
    lx_buf_add_byte(out, '\n');
}

void lx_cmd_write_man(struct lx_buf *out)
{
    lx_buf_addf(out,
                ".TH LLMUX 1 \"\" \"llmux %s\" \"User Commands\"\n.SH NAME\n"
                "llmux \\- every LLM provider behind one interface\n.SH SYNOPSIS\n"
                ".B llmux\nCOMMAND [...]\n.SH COMMANDS\n",
                LX_VERSION);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct lx_command *c = commands[i];

        lx_buf_addf(out, ".SS %s\n.B llmux %s\n", c->name, c->name);
        add_roff(out, c->synopsis);
        lx_buf_add_lit(out, ".PP\n");
        add_roff(out, c->summary);
        if (c->details) {
            lx_buf_add_lit(out, ".PP\n");
            add_roff(out, c->details);
        }
        for (const struct lx_option *o = c->options; o->name; o++) {
            lx_buf_addf(out, ".TP\n\\fB\\-\\-%s\\fR%s%s\n", o->name, o->value ? " " : "",
                        o->value ? o->value : "");
            add_roff(out, o->help);
        }
    }
    lx_buf_add_lit(out, ".SH EXIT STATUS\n0: done. 1: failed; standard error says why. "
                        "2: wrong usage.\n");
}

/* The option that an argument names; *value gets what follows '='. -1: none. */
static int find_option(const struct lx_command *c, const char *arg, const char **value)
{
    const char *name = arg + (arg[1] == '-' ? 2 : 1);
    size_t n = strcspn(name, "=");

    *value = name[n] == '=' ? name + n + 1 : NULL;
    for (int i = 0; c->options[i].name; i++) {
        const struct lx_option *o = &c->options[i];

        if (arg[1] == '-' ? strlen(o->name) == n && memcmp(o->name, name, n) == 0
                          : n == 1 && o->letter == name[0])
            return i;
    }
    return -1;
}

static int usage(const struct lx_command *c, const char *what, const char *which)
{
    return lx_cmd_fail(c->name, LX_EXIT_USAGE, "%s%s", what, which);
}

static int run(const struct lx_command *c, int argc, char **argv)
{
    const char *values[OPTIONS_MAX] = {0};
    int words = 0;
    bool only_words = false;

    for (int i = 0; i < argc; i++) {
        const char *value;
        int at;

        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[words++] = argv[i]; /* never ahead of i */
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(c);
            return LX_EXIT_OK;
        }
        at = find_option(c, argv[i], &value);
        if (at < 0)
            return usage(c, "there is no option ", argv[i]);
        if (!c->options[at].value && value)
            return usage(c, "no value goes with ", argv[i]);
        if (c->options[at].value && !value && (i + 1 >= argc || !(value = argv[++i])))
            return usage(c, "a value is missing after ", argv[i]);
        values[at] = value ? value : "";
    }
    if (words < c->min_words)
        return usage(c, "something is missing: ", c->synopsis);
    if (c->max_words >= 0 && words > c->max_words)
        return usage(c, "what is this: ", argv[c->max_words]);
    return c->run(values, argv, words);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(), told as such */
    if (!name || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        print_overview(name ? stdout : stderr);
        return name ? LX_EXIT_OK : LX_EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return run(commands[i], argc - 2, argv + 2);
    fprintf(stderr, "llmux: there is no command \"%s\"\n\n", name);
    print_overview(stderr);
    return LX_EXIT_USAGE;
}
