/*
 * decide.h - what the files of decide_test share: a row of a table, and its words.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "route/choose.h"

enum { COLUMNS = 6 };

struct row {
    struct lx_slice in[COLUMNS]; /* trimmed; empty where there are fewer */
    struct lx_slice verdict;
    const char *file;
    int line;
};

/* Rows that were wrong so far: all are shown before the test fails. */
extern int wrong_rows;

#define CHECK(row, ok, ...)                                   \
    do {                                                      \
        if (!(ok)) {                                          \
            print_error("%s:%d: ", (row)->file, (row)->line); \
            print_error(__VA_ARGS__);                         \
            print_error("\n");                                \
            wrong_rows++;                                     \
        }                                                     \
    } while (0)

/* The next word of *s, or an empty slice. */
static inline struct lx_slice word(struct lx_slice *s, char separator)
{
    struct lx_slice w;
    do
        lx_slice_cut(*s, separator, &w, s);
    while (!w.n && s->n);
    return lx_slice_trim(w);
}

static inline int64_t number(struct lx_slice s, int64_t otherwise)
{
    int64_t n;
    return lx_slice_int(s, &n) == 0 ? n : otherwise;
}

/* The tables access.txt, auto.txt, calls.txt, choose.txt and faults.txt. */
void access_of(const struct row *row);
void choose_model(const struct row *row);
void make_calls(const struct row *row);
void choose(const struct row *row);
void fault(const struct row *row);

#endif
