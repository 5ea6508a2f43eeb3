/*
 * vocab.c - opens an image of a vocabulary, and the look-ups that are rare.
 *
 * Called for every encoding that is opened, and by decoding. It never changes an image.
 */
#include "tokens/vocab.h"

int lx_vocab_open(struct lx_vocab *v, const void *image, size_t n)
{
    const struct lx_vocab_head *h = image;
    const char *at = image;

    if (n < sizeof(*h) || memcmp(h->magic, "LXVOCAB2", 8) != 0 || h->order != 0x01020304 ||
        h->bytes != n)
        return LX_EINVAL;
    *v = (struct lx_vocab){
        .trie = (const uint64_t *)(const void *)(at + h->trie),
        .chars = (const uint64_t *)(const void *)(at + h->chars),
        .pairs = (const uint64_t *)(const void *)(at + h->pairs),
        .sieve = (const uint64_t *)(const void *)(at + h->sieve),
        .tokens = (const struct lx_vocab_token *)(const void *)(at + h->tokens),
        .starts = (const uint32_t *)(const void *)(at + h->starts),
        .text = (const uint8_t *)at + h->text,
        .wholes = (const uint32_t *)(const void *)(at + h->wholes),
        .ids = h->translated ? (const uint32_t *)(const void *)(at + h->ids) : NULL,
        .numbers = h->translated ? (const uint32_t *)(const void *)(at + h->numbers) : NULL,
        .count = h->count,
        .id_count = h->id_count,
        .whole_count = h->whole_count,
        .pair_shift = 64 - h->pair_bits,
        .pair_mask = (1u << h->pair_bits) - 1,
        .print = h->print,
        .tangled = h->tangled != 0,
    };
    return 0;
}

uint32_t lx_vocab_whole(const struct lx_vocab *v, struct lx_slice piece)
{
    uint32_t low = 0, high = v->whole_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = lx_slice_cmp(lx_vocab_bytes(v, v->wholes[middle]), piece);

        if (order == 0)
            return v->wholes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return LX_TOKEN_NONE;
}

struct lx_slice lx_vocab_of_id(const struct lx_vocab *v, uint32_t id)
{
    uint32_t token = id < v->id_count ? (v->numbers ? v->numbers[id] : id) : LX_TOKEN_NONE;

    if (token == LX_TOKEN_NONE || lx_vocab_length(v, token) == 0)
        return lx_slice(NULL, 0);
    return lx_vocab_bytes(v, token);
}
