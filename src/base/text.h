/*
 * text.h - encodings of text: UTF-8, base64, hex, percent.
 */
#ifndef LX_BASE_TEXT_H
#define LX_BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/* Length of the longest valid UTF-8 prefix (no surrogates, no overlong forms, <= U+10FFFF). */
size_t lx_utf8_valid(struct lx_slice s);
/* Writes code point c (a scalar value) to out[4]; returns its length. */
size_t lx_utf8_put(char *out, uint32_t c);

/* Standard alphabet with padding. */
void lx_base64_write(struct lx_buf *out, struct lx_slice bytes);
/* Accepts both alphabets, with or without padding; 0, LX_EINVAL, or what out failed with. */
int lx_base64_read(struct lx_slice text, struct lx_buf *out);
/* True when s is non-empty and lx_base64_read() would take it: cheap check, no decode. */
bool lx_base64_like(struct lx_slice s);

void lx_hex_write(struct lx_buf *out, struct lx_slice bytes); /* lower case */

/* Percent-encodes everything but unreserved characters (RFC 3986) and the bytes in `keep`. */
void lx_percent_write(struct lx_buf *out, struct lx_slice s, struct lx_slice keep);
/* 0, LX_EINVAL (a '%' without two hex digits), or what out failed with. '+' is not a space. */
int lx_percent_read(struct lx_slice s, struct lx_buf *out);

static inline char lx_ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

#endif
