/*
 * common.c - what several commands need: the environment, standard streams, numbers.
 */
#include "cmd/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

static const char *get_env(void *arg, const char *name)
{
    (void)arg;
    return getenv(name);
}

const struct lx_env lx_process_env = {.get = get_env};

/* Some of what an error says comes from a provider: nothing in it may steer a terminal. */
static void make_printable(char *text)
{
    for (char *p = text; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
            *p = '?';
    for (char *p = text; *(p += lx_utf8_valid(lx_slice_z(p)));)
        *p = '?';
}

int lx_cmd_fail(const char *command, int status, const char *format, ...)
{
    char text[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    make_printable(text);
    fprintf(stderr, "llmux %s: %s\n", command, text);
    if (status == LX_EXIT_USAGE)
        fprintf(stderr, "`llmux %s --help` tells more\n", command);
    return status;
}

int lx_cmd_read_all(int fd, struct lx_buf *out)
{
    for (;;) {
        char *to = lx_buf_reserve(out, 65536);
        ssize_t n;

        if (!to)
            return out->failed;
        n = read(fd, to, 65536);
        if (n == 0)
            return 0;
        if (n > 0)
            lx_buf_commit(out, (size_t)n);
        else if (errno != EINTR)
            return LX_EIO;
    }
}

int lx_cmd_print(struct lx_slice s)
{
    while (s.n) {
        ssize_t n = write(STDOUT_FILENO, s.p, s.n);

        if (n > 0)
            s = lx_slice_from(s, (size_t)n);
        else if (n < 0 && errno != EINTR)
            return LX_EXIT_FAILED;
    }
    return LX_EXIT_OK;
}

bool lx_cmd_number(const char *command, const char *option, const char *value, long min, long max,
                   long *out)
{
    int64_t n;

    if (lx_slice_int(lx_slice_z(value), &n) != 0 || n < min || n > max) {
        lx_cmd_fail(command, LX_EXIT_USAGE, "--%s: expected a number from %ld to %ld, found \"%s\"",
                    option, min, max, value);
        return false;
    }
    *out = (long)n;
    return true;
}
