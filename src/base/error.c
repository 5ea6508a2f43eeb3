/*
 * error.c - the table behind the error codes, and the filling of struct lx_error.
 *
 * Every layer calls it on its failing paths. It never logs and never allocates, so that it also
 * works when the failure is that memory ran out.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *name;
    const char *text;
    int status;
    bool retryable;
};

/* Indexed by the negated code. */
static const struct row rows[] = {
    [LX_OK] = {"LX_OK", "ok", 200, false},
#define LX_ERROR(name, value, text, status, retryable) \
    [-(value)] = {#name, text, status, retryable},
#include "base/errors.def"
#undef LX_ERROR
};

static const struct row unknown = {"unknown", "unknown error", 500, false};

static const struct row *row_of(int code)
{
    const int count = (int)(sizeof(rows) / sizeof(rows[0]));
    if (code > 0 || code <= -count || !rows[-code].name)
        return &unknown;
    return &rows[-code];
}

const char *lx_code_name(int code)
{
    return row_of(code)->name;
}

const char *lx_code_text(int code)
{
    return row_of(code)->text;
}

int lx_code_status(int code)
{
    return row_of(code)->status;
}

bool lx_code_retryable(int code)
{
    return row_of(code)->retryable;
}

/* Drops the character at the cut, which may be half of one: the text goes into JSON later. */
static void drop_last_char(char *text, size_t n)
{
    while (n && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
        n--;
    text[n ? n - 1 : 0] = '\0';
}

/* Goes through a local copy, so that a caller may wrap: set(err, code, "line 3: %s", err->text). */
static void fill(struct lx_error *err, int code, size_t at, const char *format, va_list args)
{
    char text[sizeof(err->text)];
    int n = vsnprintf(text, sizeof(text), format, args);

    if (n < 0)
        text[0] = '\0';
    else if ((size_t)n >= sizeof(text))
        drop_last_char(text, sizeof(text) - 1);
    err->code = code;
    err->at = at;
    memcpy(err->text, text, strlen(text) + 1);
}

int lx_error_set(struct lx_error *err, int code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        fill(err, code, 0, format, args);
        va_end(args);
    }
    return code;
}

int lx_error_set_at(struct lx_error *err, int code, size_t at, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        fill(err, code, at, format, args);
        va_end(args);
    }
    return code;
}
