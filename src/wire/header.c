/*
 * header.c - lists of header fields.
 *
 * Signers, dialects and the server build a message's headers here; http/ puts them on the wire.
 * The list borrows every name and value and never checks them: lx_header_is_valid() is for whoever
 * takes one from outside.
 */
#include "wire/header.h"

/* 0-9 A-Z a-z and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2). */
const uint64_t lx_token_bits[4] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe, 0, 0};

struct lx_slice lx_headers_get(const struct lx_headers *h, struct lx_slice name)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i].name.n == name.n && lx_slice_eq_nocase(h->v[i].name, name))
            return h->v[i].value;
    return lx_slice(NULL, 0);
}

void lx_header_list_init(struct lx_header_list *l, struct lx_arena *a)
{
    *l = (struct lx_header_list){.arena = a};
}

static void append(struct lx_header_list *l, struct lx_header f)
{
    if (l->headers.n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct lx_header *v = lx_arena_alloc(l->arena, cap * sizeof *v);
        if (!v)
            return;
        if (l->headers.n)
            memcpy(v, l->headers.v, l->headers.n * sizeof *v);
        l->headers.v = v;
        l->cap = cap;
    }
    l->headers.v[l->headers.n++] = f;
}

/* Puts f where the first field of its name stands and closes the gaps the others leave. */
static void replace(struct lx_header_list *l, struct lx_header f)
{
    size_t kept = 0;
    bool placed = false;

    for (size_t i = 0; i < l->headers.n; i++) {
        struct lx_header old = l->headers.v[i];
        if (lx_slice_eq_nocase(old.name, f.name)) {
            if (placed)
                continue;
            placed = true;
            old = f;
        }
        l->headers.v[kept++] = old;
    }
    l->headers.n = kept;
    if (!placed)
        append(l, f);
}

void lx_header_list_add(struct lx_header_list *l, struct lx_slice name, struct lx_slice value)
{
    append(l, (struct lx_header){.name = name, .value = value});
}

void lx_header_list_set(struct lx_header_list *l, struct lx_slice name, struct lx_slice value)
{
    replace(l, (struct lx_header){.name = name, .value = value});
}

void lx_header_list_set_secret(struct lx_header_list *l, struct lx_slice name,
                               struct lx_slice value)
{
    replace(l, (struct lx_header){.name = name, .value = value, .secret = true});
}

/* True when one of the eight bytes is c: of it alone nothing is left, and a loan is taken. */
static uint64_t has_byte(uint64_t eight, unsigned char c)
{
    const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    uint64_t x = eight ^ ones * c;
    return (x - ones) & ~x & high;
}

static bool is_value(struct lx_slice s)
{
    uint64_t bad = 0, eight;
    size_t i = 0;
    for (; i + sizeof(eight) <= s.n; i += sizeof(eight)) {
        memcpy(&eight, s.p + i, sizeof(eight));
        bad |= has_byte(eight, '\r') | has_byte(eight, '\n') | has_byte(eight, '\0');
    }
    for (; i < s.n; i++)
        bad |= s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0';
    return !bad;
}

bool lx_header_is_valid(struct lx_slice name, struct lx_slice value)
{
    bool is_token = name.n != 0;
    for (size_t i = 0; i < name.n; i++)
        is_token &= lx_is_token_byte(name.p[i]);
    return is_token && is_value(value);
}

struct lx_headers lx_headers_copy(const struct lx_headers *h, struct lx_arena *a)
{
    struct lx_header_list to;
    lx_header_list_init(&to, a);
    for (size_t i = 0; i < h->n; i++)
        append(&to, (struct lx_header){.name = lx_arena_copy(a, h->v[i].name),
                                       .value = lx_arena_copy(a, h->v[i].value),
                                       .secret = h->v[i].secret});
    return to.headers;
}
