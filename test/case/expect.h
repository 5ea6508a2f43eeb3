/*
 * expect.h - an expectation of a case and what came out instead, as two texts to compare.
 */
#ifndef LX_TEST_EXPECT_H
#define LX_TEST_EXPECT_H

#include "crossing.h"

/* Writes what section s expects, and what the crossing made, in the same form: facts that are
 * compared, then the body. kind: upstream request or client response. */
void expect_write(const struct lx_case_section *s, enum lx_case_section_kind kind,
                  const struct crossing *x, struct lx_buf *expected, struct lx_buf *got);

/* Writes the section's text as the crossing would have it: facts and block. */
void expect_bless(const struct lx_case_section *s, enum lx_case_section_kind kind,
                  const struct crossing *x, bool stream, struct lx_buf *out);

#endif
