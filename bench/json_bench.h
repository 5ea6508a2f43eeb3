/*
 * json_bench.h - what json_bench.c shares with json_bench_json_c.c, which is a file of its own
 * because json-c and jansson declare the same names.
 */
#ifndef LX_BENCH_JSON_BENCH_H
#define LX_BENCH_JSON_BENCH_H

#include "base/buf.h"

#define MEMBERS   5
#define NEW_MODEL "claude-sonnet-4-5-20250929"

/* The members to find, and where every contender leaves its text. */
extern const char *const members[MEMBERS];
extern struct lx_buf out;

/* Reads body, replaces `model`, writes to `out`; how many of the members were found. */
size_t bench_json_c(struct lx_slice body);

#endif
