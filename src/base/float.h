/*
 * float.h - single-precision numbers between JSON's decimals and the bytes of vectors.
 */
#ifndef LX_BASE_FLOAT_H
#define LX_BASE_FLOAT_H

#include "base/buf.h"

/* The float that a JSON number means: the nearest double, rounded once more, which is what Python's
 * struct.pack("<f") and numpy make of it. Beyond the largest float: infinite. 0, or LX_EINVAL when
 * s is no JSON number. */
int lx_float_read(struct lx_slice s, float *out);
/* The float as a JSON number that reads back as just this float; null where JSON has none. */
void lx_float_write(float f, struct lx_buf *out);

/* Four bytes, the least significant first. */
float lx_float_get(const char bytes[4]);
void lx_float_put(float f, char bytes[4]);

#endif
