/*
 * bless.h - rewrites expectations in a case's file where they do not hold.
 */
#ifndef LX_TEST_BLESS_H
#define LX_TEST_BLESS_H

#include "crossing.h"

enum { BLESS_MAX_EDITS = 256 };

struct bless_edit {
    struct lx_slice old; /* a part of the text */
    struct lx_buf now;
};

struct bless {
    const char *path;     /* of the file */
    struct lx_slice text; /* what it holds */
    struct bless_edit edits[BLESS_MAX_EDITS];
    size_t count;
};

/* Records what has to change for the exchange to hold. */
void bless_exchange(struct bless *b, const struct lx_case_exchange *exchange,
                    const struct crossing *x);
/* Writes the file when anything has to change, and frees what was recorded. 0, or LX_EIO. */
int bless_write(struct bless *b);

#endif
