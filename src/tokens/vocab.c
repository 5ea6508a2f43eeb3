/*
 * vocab.c - opens an image of a vocabulary, and says what bytes an id has.
 *
 * Called for every encoding that is opened, and by decoding. It never changes an image.
 */
#include "tokens/vocab.h"

static struct lx_table open_table(const char *at, const struct lx_table_head *h)
{
    return (struct lx_table){
        .entries = (const uint64_t *)(const void *)(at + h->entries),
        .moves = (const uint16_t *)(const void *)(at + h->moves),
        .entry_shift = 64 - h->entry_bits,
        .move_shift = 64 - h->move_bits,
    };
}

int lx_vocab_open(struct lx_vocab *v, const void *image, size_t n)
{
    const struct lx_vocab_head *h = image;
    const char *at = image;

    if (n < sizeof(*h) || memcmp(h->magic, "LXVOCAB5", 8) != 0 || h->order != 0x01020304 ||
        h->bytes != n)
        return LX_EINVAL;
    *v = (struct lx_vocab){
        .trie = (const uint64_t *)(const void *)(at + h->trie),
        .bytes = (const uint32_t *)(const void *)(at + h->bytes_at),
        .firsts = (const uint32_t *)(const void *)(at + h->firsts),
        .chars = (const uint64_t *)(const void *)(at + h->chars),
        .joins = (const uint64_t *)(const void *)(at + h->joins),
        .pairs = open_table(at, &h->pairs),
        .words = open_table(at, &h->words),
        .tokens = (const struct lx_vocab_token *)(const void *)(at + h->tokens),
        .starts = (const uint32_t *)(const void *)(at + h->starts),
        .text = (const uint8_t *)at + h->text,
        .ids = h->translated ? (const uint32_t *)(const void *)(at + h->ids) : NULL,
        .numbers = h->translated ? (const uint32_t *)(const void *)(at + h->numbers) : NULL,
        .count = h->count,
        .id_count = h->id_count,
        .word_seed = h->word_seed,
        .print = h->print,
        .tangled = h->tangled != 0,
        .alone = h->alone != 0,
    };
    return 0;
}

struct lx_slice lx_vocab_of_id(const struct lx_vocab *v, uint32_t id)
{
    uint32_t token = id < v->id_count ? (v->numbers ? v->numbers[id] : id) : LX_TOKEN_NONE;

    if (token == LX_TOKEN_NONE || lx_vocab_length(v, token) == 0)
        return lx_slice(NULL, 0);
    return lx_vocab_bytes(v, token);
}
