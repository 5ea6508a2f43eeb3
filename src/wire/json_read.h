/*
 * json_read.h - the reader by instruction set, for the tests that compare them. Everybody else
 * calls lx_json_read() of json.h, which picks the widest that the machine has.
 */
#ifndef LX_WIRE_JSON_READ_H
#define LX_WIRE_JSON_READ_H

#include "wire/json.h"

enum lx_json_isa {
    LX_JSON_PORTABLE, /* eight bytes at a time in a 64-bit word */
    LX_JSON_SSE2,
    LX_JSON_AVX2,
};

/* The widest that this build and this machine have. */
enum lx_json_isa lx_json_isa_best(void);
/* As lx_json_read(); isa is at most lx_json_isa_best(). */
int lx_json_read_as(enum lx_json_isa isa, struct lx_json_doc *doc, struct lx_slice text,
                    const struct lx_json_limits *limits, struct lx_error *err);

#endif
