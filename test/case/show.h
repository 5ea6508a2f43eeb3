/*
 * show.h - bodies as text that can be compared, read and kept.
 */
#ifndef LX_TEST_SHOW_H
#define LX_TEST_SHOW_H

#include "base/buf.h"

/* A body in the form in which two bodies are the same when their texts are: JSON with sorted
 * members, one value a line; SSE as its events; anything else escaped. kind: of the block that
 * is expected. */
void show_comparable(struct lx_slice kind, struct lx_slice body, struct lx_buf *out);

/* The fenced block that a case should hold for this body: kind by its looks, JSON indented. */
void show_block(struct lx_slice body, bool stream, struct lx_buf *out);

/* Prints what differs, a line each, "-" expected and "+" got, every line after `prefix`. */
void show_diff(struct lx_slice expected, struct lx_slice got, const char *prefix);

#endif
