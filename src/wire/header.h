/*
 * header.h - a list of HTTP header fields, as plain data that every layer may hold.
 */
#ifndef LX_WIRE_HEADER_H
#define LX_WIRE_HEADER_H

#include "base/arena.h"

struct lx_header {
    struct lx_slice name;
    struct lx_slice value;
    bool secret; /* to be masked where the request is shown */
};

struct lx_headers {
    struct lx_header *v;
    size_t n;
};

/* The first header of that name (case-insensitive), or an absent slice. */
struct lx_slice lx_headers_get(const struct lx_headers *h, struct lx_slice name);

/* With names and values, in the arena. */
struct lx_headers lx_headers_copy(const struct lx_headers *h, struct lx_arena *a);

/* A list that grows in an arena. Slices are borrowed. A later add of the same name appends;
 * set replaces the first of that name and drops the others. Failures stick in the arena. */
struct lx_header_list {
    struct lx_headers headers;
    size_t cap;
    struct lx_arena *arena;
};
void lx_header_list_init(struct lx_header_list *l, struct lx_arena *a);
void lx_header_list_add(struct lx_header_list *l, struct lx_slice name, struct lx_slice value);
void lx_header_list_set(struct lx_header_list *l, struct lx_slice name, struct lx_slice value);
void lx_header_list_set_secret(struct lx_header_list *l, struct lx_slice name,
                               struct lx_slice value);
/* The bytes of an RFC 9110 token (a method, a header's name), one bit each. */
extern const uint64_t lx_token_bits[4];
static inline bool lx_is_token_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return lx_token_bits[u >> 6] >> (u & 63) & 1;
}
/* True when name is an RFC 9110 token and value has no CR, LF or NUL: safe to send. */
bool lx_header_is_valid(struct lx_slice name, struct lx_slice value);

#endif
