/*
 * json_utf8.h - UTF-8 validation for the JSON reader and writer, which meet whole conversations in
 * Chinese or Russian: 32 bytes at a time where the machine can.
 */
#ifndef LX_WIRE_JSON_UTF8_H
#define LX_WIRE_JSON_UTF8_H

#include "base/slice.h"

/* Just as lx_utf8_valid(): the length of the longest valid prefix. */
size_t lx_json_utf8_valid(struct lx_slice s);

#endif
