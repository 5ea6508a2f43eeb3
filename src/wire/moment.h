/*
 * moment.h - moments as text: RFC 3339 in, HTTP's dates out. UTC, seconds since 1970.
 */
#ifndef LX_WIRE_MOMENT_H
#define LX_WIRE_MOMENT_H

#include "base/slice.h"

/* "2026-08-30T12:36:00Z", with or without a fraction; "+02:00" for the Z. 0, or LX_EINVAL with *out
 * untouched. */
int lx_moment_read(struct lx_slice s, int64_t *out);
/* "Thu, 05 Jan 2014 21:31:40 GMT" (RFC 9110) and a NUL. Years 1970 to 9999. */
void lx_moment_write_http(int64_t s, char out[30]);
/* "20150830T123600Z" and a NUL. */
void lx_moment_write_basic(int64_t s, char out[17]);

#endif
