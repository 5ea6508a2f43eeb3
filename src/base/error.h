/*
 * error.h - the one list of error codes, and the detail that goes with a code.
 *
 * Functions return 0 or a negative code. Detail goes into the last parameter, a struct lx_error,
 * written only on failure; NULL is allowed there and means "the code is enough".
 */
#ifndef LX_BASE_ERROR_H
#define LX_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum lx_code {
    LX_OK = 0,
#define LX_ERROR(name, value, text, status, retryable) name = value,
#include "base/errors.def"
#undef LX_ERROR
};

struct lx_error {
    int code;       /* one of enum lx_code */
    size_t at;      /* byte offset in the input, where one is known; else 0 */
    char text[256]; /* what was wrong, where, what to do; never a secret */
};

/* Fills err (unless NULL) and returns code, so that `return lx_error_set(...)` reads well. */
int lx_error_set(struct lx_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the byte offset the fault was found at. */
int lx_error_set_at(struct lx_error *err, int code, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

const char *lx_code_name(int code); /* "LX_EJSON"; "LX_OK"; "unknown" */
const char *lx_code_text(int code); /* "invalid JSON" */
int lx_code_status(int code);       /* HTTP status to answer a client with */
bool lx_code_retryable(int code);   /* may another attempt help? */

#endif
