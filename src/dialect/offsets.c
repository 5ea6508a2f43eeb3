/*
 * offsets.c - where a character of a text lies in its UTF-8: see offsets.h. Gemini's back and front
 * ask; nothing here knows of citations.
 */
#include "dialect/offsets.h"

enum { MAX_RUNS = 1 << 20 };

/* Characters of `width` bytes each, from here to the next run. */
struct run {
    size_t byte, character;
    size_t width;
};

void lx_offsets_init(struct lx_offsets *o)
{
    *o = (struct lx_offsets){.bytes = 0};
    lx_buf_init(&o->runs, MAX_RUNS * sizeof(struct run));
}

void lx_offsets_clear(struct lx_offsets *o)
{
    lx_buf_clear(&o->runs);
    o->bytes = o->characters = 0;
}

void lx_offsets_reset(struct lx_offsets *o)
{
    lx_buf_reset(&o->runs);
    o->bytes = o->characters = 0;
}

static size_t width_of(char first)
{
    unsigned char c = (unsigned char)first;
    return c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static struct run run_at(const struct lx_offsets *o, size_t i)
{
    struct run r;
    memcpy(&r, o->runs.p + i * sizeof(r), sizeof(r));
    return r;
}

static size_t count_of(const struct lx_offsets *o)
{
    return o->runs.n / sizeof(struct run);
}

void lx_offsets_add(struct lx_offsets *o, struct lx_slice utf8)
{
    size_t width = count_of(o) ? run_at(o, count_of(o) - 1).width : 0;
    for (size_t i = 0; i < utf8.n;) {
        size_t next = width_of(utf8.p[i]);
        if (next != width) {
            struct run r = {o->bytes, o->characters, next};
            lx_buf_add(&o->runs, lx_slice((const char *)&r, sizeof(r)));
            width = next;
        }
        size_t left = utf8.n - i, n = next < left ? next : left;
        i += n;
        o->bytes += n;
        o->characters++;
    }
}

/* The last run that begins at or before that place. */
static struct run find(const struct lx_offsets *o, size_t at, bool by_character)
{
    size_t low = 0, high = count_of(o);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        struct run r = run_at(o, middle);
        if ((by_character ? r.character : r.byte) <= at)
            low = middle;
        else
            high = middle;
    }
    return run_at(o, low);
}

size_t lx_offsets_character(const struct lx_offsets *o, size_t byte)
{
    if (byte >= o->bytes || !count_of(o))
        return o->characters;
    struct run r = find(o, byte, false);
    return r.character + (byte - r.byte) / r.width;
}

size_t lx_offsets_byte(const struct lx_offsets *o, size_t character)
{
    if (character >= o->characters || !count_of(o))
        return o->bytes;
    struct run r = find(o, character, true);
    return r.byte + (character - r.character) * r.width;
}
