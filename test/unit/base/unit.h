/*
 * unit.h - what every unit test of base/ needs: cmocka with its prerequisites, and a few checks
 * that print both sides.
 */
#ifndef LX_TEST_UNIT_BASE_H
#define LX_TEST_UNIT_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"

/* Equal bytes; also for empty slices, which assert_memory_equal() refuses. */
#define assert_slice(got, want)                            \
    do {                                                   \
        struct lx_slice got_ = (got), want_ = (want);      \
        assert_int_equal(got_.n, want_.n);                 \
        if (want_.n)                                       \
            assert_memory_equal(got_.p, want_.p, want_.n); \
    } while (0)

#define assert_buf(b, want) assert_slice(lx_buf_slice(b), (want))

#endif
