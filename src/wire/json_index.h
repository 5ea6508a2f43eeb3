/*
 * json_index.h - the reader's loop, as a template: json_read.c includes it once for each
 * instruction set that it can choose from, so that the widest loads of each are compiled in.
 *
 * Before including it, define
 *   IX(name)       name with the instruction set's suffix
 *   IX_TARGET      the attribute that allows its instructions, or nothing
 *   IX_WIDTH       bytes in one vector
 *   IX_VECTORS     vectors in one block of a long string; at most 64 bytes in all
 * and the functions
 *   IX(load)(p)    a vector from IX_WIDTH bytes
 *   IX(eq)(v, c)   a mask with bit i set where byte i is c
 *   IX(low)(v)     ... where it is below 0x20
 *   IX(high)(v)    ... where it is above 0x7f
 *   IX(number)(r, p)  the end of the number at p, or NULL with the reader stopped
 *
 * All instances accept the same texts and build the same nodes. None reads a byte outside the text:
 * a string that ends in the last few bytes is left to read_string_slowly(), and so is every string
 * that something is wrong with, because that one knows what to say.
 */

#define IX_INLINE static inline __attribute__((always_inline)) IX_TARGET
#define IX_BLOCK  (IX_WIDTH * IX_VECTORS)

/* Bits below bit i; i < 64. */
#define IX_BELOW(i) ((UINT64_C(1) << (i)) - 1)

/* Bytes of the block that a backslash in front of them escapes. *carry: the first is one of them
 * on the way in, the first of the next block is on the way out. */
IX_INLINE uint64_t IX(escaped)(uint64_t back, uint64_t *carry)
{
    uint64_t escaped;
    if (*carry == 0 && (back & back << 1) == 0) {
        escaped = back << 1;
    } else { /* backslashes side by side: the first of each two escapes the second */
        escaped = *carry;
        for (uint64_t rest = back & ~*carry; rest; rest &= rest - 1) {
            uint64_t bit = rest & (~rest + 1);
            if (escaped & bit)
                continue;
            escaped |= bit << 1;
        }
    }
    *carry = back >> (IX_BLOCK - 1) & ~(escaped >> (IX_BLOCK - 1)) & 1;
    return IX_BLOCK < 64 ? escaped & IX_BELOW(IX_BLOCK % 64) : escaped;
}

#define IX_MASK(mask, expression)             \
    uint64_t mask = 0;                        \
    for (unsigned k = 0; k < IX_VECTORS; k++) \
    mask |= (uint64_t)(expression) << (k * IX_WIDTH) % 64

/* A string that is longer than a vector, or has escapes, or is not ASCII. Returns its end, quote
 * included, or NULL with the reader stopped. */
IX_TARGET __attribute__((noinline)) static const char *IX(read_string)(struct reader *r,
                                                                       const char *open,
                                                                       bool *is_escaped)
{
    const char *p = open + 1, *end = r->end;
    uint64_t carry = 0, any_high = 0, any_back = 0;
    while (end - p >= IX_BLOCK) {
        IX(vector) v[IX_VECTORS];
        for (unsigned k = 0; k < IX_VECTORS; k++)
            v[k] = IX(load)(p + k * IX_WIDTH);
        IX_MASK(quote, IX(eq)(v[k], '"'));
        IX_MASK(back, IX(eq)(v[k], '\\'));
        IX_MASK(low, IX(low)(v[k]));
        IX_MASK(high, IX(high)(v[k]));
        uint64_t escaped = 0;
        if (back | carry) {
            escaped = IX(escaped)(back, &carry);
            quote &= ~escaped;
        }
        unsigned at = quote ? (unsigned)__builtin_ctzll(quote) : 0;
        uint64_t inside = quote ? IX_BELOW(at) : ~UINT64_C(0);
        if (low & inside)
            return read_string_slowly(r, open, open + 1, false, is_escaped);
        any_high |= high & inside;
        any_back |= back & inside;
        escaped &= inside;
        if (escaped) {
            IX_MASK(u, IX(eq)(v[k], 'u'));
            IX_MASK(letter, IX(eq)(v[k], 'n') | IX(eq)(v[k], '"') | IX(eq)(v[k], '\\') |
                                IX(eq)(v[k], 't') | IX(eq)(v[k], 'r') | IX(eq)(v[k], '/') |
                                IX(eq)(v[k], 'b') | IX(eq)(v[k], 'f'));
            if (escaped & ~(letter | u))
                return read_string_slowly(r, open, open + 1, false, is_escaped);
            for (u &= escaped; u; u &= u - 1)
                if (hex_digits(p + __builtin_ctzll(u) + 1, end) < 4)
                    return read_string_slowly(r, open, open + 1, false, is_escaped);
        }
        if (quote) {
            *is_escaped = any_back != 0;
            p += at;
            return !any_high || is_utf8(r, open + 1, p) ? p + 1 : NULL;
        }
        p += IX_BLOCK;
    }
    *is_escaped = any_back != 0;
    return read_string_slowly(r, open, p - carry, any_high != 0, is_escaped);
}

/* Any string; what most names and short values need is done here. */
IX_INLINE const char *IX(string)(struct reader *r, const char *open, bool *is_escaped)
{
    const char *p = open + 1;
    if (r->end - p >= IX_WIDTH) {
        IX(vector) v = IX(load)(p);
        uint64_t quote = IX(eq)(v, '"');
        uint64_t other = IX(eq)(v, '\\') | IX(low)(v) | IX(high)(v);
        if (quote && !(other & (quote - 1) & ~quote)) {
            *is_escaped = false;
            return p + __builtin_ctzll(quote) + 1;
        }
    }
    return IX(read_string)(r, open, is_escaped);
}

IX_INLINE const char *IX(skip_space)(const char *p, const char *end)
{
    if (p == end || (unsigned char)*p > ' ')
        return p;
    p += is_space(*p);
    while (p < end && is_space(*p)) {
        if (end - p >= IX_WIDTH) {
            IX(vector) v = IX(load)(p);
            uint64_t other =
                ~(IX(eq)(v, ' ') | IX(eq)(v, '\n') | IX(eq)(v, '\t') | IX(eq)(v, '\r'));
            p += IX_WIDTH < 64 ? __builtin_ctzll(other | UINT64_C(1) << IX_WIDTH % 64) : 0;
        } else {
            p++;
        }
    }
    return p;
}

/*
 *   value:  string, number, word  --> after
 *           [  --> value, or after on ]         {  --> name, or after on }
 *   name:   string :  --> value
 *   after:  ,  --> value in an array, name in an object
 *           ] or }  --> after                   end of the text, outside of all  --> done
 */
IX_TARGET static int IX(index_text)(struct reader *r)
{
    const char *p = r->start;
    const char *const start = p, *const end = r->end;
    struct lx_json_node *nodes = r->doc->nodes;
    uint32_t count = 0, open = OUTSIDE, depth = 0;
    bool object = false, escaped = false;

/* Adds a node for the bytes from p to `to`, unless that is NULL, and goes on from there. */
#define IX_LEAF(kind, to, is_escaped)                                     \
    do {                                                                  \
        const char *to_ = (to);                                           \
        if (!to_)                                                         \
            return r->code;                                               \
        nodes[count] = (struct lx_json_node){.at = (uint32_t)(p - start), \
                                             .n = (uint32_t)(to_ - p),    \
                                             .next = count + 1,           \
                                             .type = (uint8_t)(kind),     \
                                             .escaped = (is_escaped)};    \
        count++;                                                          \
        p = to_;                                                          \
    } while (0)
#define IX_ROOM()                   \
    do {                            \
        if (count == r->cap) {      \
            if (!grow(r, p, count)) \
                return r->code;     \
            nodes = r->doc->nodes;  \
        }                           \
    } while (0)

    p = IX(skip_space)(p, end);
value:
    IX_ROOM();
    switch (p < end ? *p : 0) {
    case '"':
        IX_LEAF(LX_JSON_STRING, IX(string)(r, p, &escaped), escaped);
        goto after;
    case '{':
    case '[':
        if (depth == r->max_depth)
            return stop(r, LX_EDEPTH, p, NULL);
        depth++;
        object = *p == '{';
        nodes[count] = (struct lx_json_node){.at = (uint32_t)(p - start),
                                             .n = open,
                                             .type = object ? LX_JSON_OBJECT : LX_JSON_ARRAY};
        open = count++;
        p = IX(skip_space)(p + 1, end);
        if (p < end && *p == (object ? '}' : ']'))
            goto close;
        if (object)
            goto name;
        goto value;
    case 't':
        IX_LEAF(LX_JSON_TRUE, read_word(r, p, LX_S("true")), false);
        goto after;
    case 'f':
        IX_LEAF(LX_JSON_FALSE, read_word(r, p, LX_S("false")), false);
        goto after;
    case 'n':
        IX_LEAF(LX_JSON_NULL, read_word(r, p, LX_S("null")), false);
        goto after;
    default:
        IX_LEAF(LX_JSON_NUMBER, IX(number)(r, p), false);
        goto after;
    }

name:
    IX_ROOM();
    if (p == end || *p != '"')
        return stop(r, LX_EJSON, p,
                    open == count - 1 ? "a member's name or '}'" : "a member's name after ','");
    IX_LEAF(LX_JSON_STRING, IX(string)(r, p, &escaped), escaped);
    p = IX(skip_space)(p, end);
    if (p == end || *p != ':')
        return stop(r, LX_EJSON, p, "':' after a member's name");
    p = IX(skip_space)(p + 1, end);
    goto value;

after:
    p = IX(skip_space)(p, end);
    if (open == OUTSIDE) {
        if (p != end)
            return stop(r, LX_EJSON, p, "the end of the text");
        r->doc->count = count;
        return 0;
    }
    if (p < end && *p == ',') {
        p = IX(skip_space)(p + 1, end);
        if (object)
            goto name;
        goto value;
    }
    if (p == end || *p != (object ? '}' : ']'))
        return stop(r, LX_EJSON, p,
                    object ? "',' or '}' after a member" : "',' or ']' after an element");
close:
    p++;
    depth--;
    uint32_t around = nodes[open].n;
    nodes[open].n = (uint32_t)(p - start) - nodes[open].at;
    nodes[open].next = count;
    open = around;
    object = open != OUTSIDE && nodes[open].type == LX_JSON_OBJECT;
    goto after;

#undef IX_LEAF
#undef IX_ROOM
}

#undef IX
#undef IX_TARGET
#undef IX_WIDTH
#undef IX_VECTORS
#undef IX_INLINE
#undef IX_BLOCK
#undef IX_BELOW
#undef IX_MASK
