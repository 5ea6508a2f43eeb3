/*
 * check.h - the checks of one case, reported as TAP.
 */
#ifndef LX_TEST_CHECK_H
#define LX_TEST_CHECK_H

#include "base/slice.h"

/* Lines of TAP so far. */
struct tap {
    unsigned run, failed;
};

/* Runs all checks of the case file at path. With bless, expectations that do not hold are
 * rewritten in the file instead. */
void check_case(struct tap *tap, const char *path, bool bless);

#endif
