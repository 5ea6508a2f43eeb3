/*
 * vocab.h - a vocabulary of byte-level BPE, as one image of memory that is searched as it lies.
 *
 * The image is made once (by tools/data/tokens_index.c with every build, or of a user's
 * tokenizer.json) and mapped or embedded read-only: opening it computes a few addresses. Tokens
 * have numbers of our own: of two merges the one that makes the lower number comes first. In
 * OpenAI's vocabularies that number is the id; in others a table translates.
 *
 * Three facts about BPE carry all of it (github.com/github/rust-gems, crates/bpe/README.md): a
 * token arises by one last merge only, whatever stands around it; so a pair of neighbours is
 * possible exactly when taking the two apart, youngest merge first, never shows a merge across
 * their border that would have come earlier; and a sequence of tokens is the encoding of its text
 * exactly when all its neighbours are possible.
 */
#ifndef LX_TOKENS_VOCAB_H
#define LX_TOKENS_VOCAB_H

#include "base/error.h"
#include "base/slice.h"

#define LX_TOKEN_NONE   UINT32_MAX
#define LX_ENTRY_NONE   UINT64_MAX
#define LX_TOKEN_MAX    0xfffffu /* numbers have 20 bits; this one is none */
#define LX_TOKEN_LENGTH 1024u    /* bytes of the longest token */

#define LX_HASH_A 0x9e3779b97f4a7c15u
#define LX_HASH_B 0xc2b2ae3d27d4eb4fu

/* Where in the image what stands; offsets in bytes, all multiples of 8. */
struct lx_vocab_head {
    char magic[8];
    uint32_t order;      /* 0x01020304 in the order of this machine */
    uint32_t bytes;      /* of the image */
    uint32_t count;      /* tokens */
    uint32_t id_count;   /* the highest id, and one */
    uint32_t trie_count; /* nodes, free ones included; a multiple of 256 */
    uint32_t word_seed;
    uint32_t tangled;    /* a merge comes before one that makes a part of it */
    uint32_t translated; /* ids are not numbers */
    uint32_t trie, bytes_at, firsts, chars, joins, tokens, starts, text, ids, numbers;
    struct lx_table_head {
        uint32_t entries, moves; /* 2^bits of each */
        uint32_t entry_bits, move_bits;
    } pairs, words;
    uint32_t alone; /* tokens that no merge makes are words, too */
    uint64_t print; /* a hash of all that follows */
};

struct lx_vocab_split {
    uint32_t left, right;
};

/* All that is asked of a token when neighbours are compared, on one line of the processor's cache.
 *
 * Kinds are sets of lx_byte_kind(): of all tokens that this one merges with to its left, those of
 * the last bytes; to its right, of the first bytes. Below are those of the part at that edge, of
 * its part at that edge, and so on. */
struct lx_vocab_token {
    uint32_t left, right; /* what it was merged of; itself, both: one byte, or no merge makes it */
    uint32_t left_kinds, right_kinds;
    uint32_t left_below, right_below;
    uint32_t prefix; /* the longest token that it starts with, and its length from bit 20 on;
                        LX_TOKEN_NONE */
    uint32_t length;
};

/* Keys of 40 bits and tokens, each where lx_table_at() looks for it, or LX_ENTRY_NONE there. */
struct lx_table {
    const uint64_t *entries;
    const uint16_t *moves; /* of the groups that keys fall into */
    uint32_t entry_shift, move_shift;
};

/* Borrowed pointers into an image, which must outlive it. */
struct lx_vocab {
    const uint64_t *trie;   /* see lx_trie_*(): a double array */
    const uint32_t *bytes;  /* the token of each */
    const uint32_t *firsts; /* see lx_vocab_first() */
    const uint64_t
        *chars; /* by lx_char_place(): the tokens that a character comes to between others
                   that are not ASCII either, whichever these are: see lx_char_parts() */
    const uint64_t *joins; /* see lx_vocab_may_join() */
    struct lx_table pairs; /* left and right, and the token they make */
    struct lx_table words; /* lx_word_key() of every token that stands for a piece of its bytes */
    const struct lx_vocab_token *tokens;
    const uint32_t *starts; /* count + 1 offsets into text */
    const uint8_t *text;
    const uint32_t *ids;     /* by number; NULL: the number */
    const uint32_t *numbers; /* by id; LX_TOKEN_NONE where there is none; NULL: the id */
    uint32_t count, id_count;
    uint32_t word_seed;
    uint64_t print; /* by which caches know a vocabulary: another may come to lie at its address */
    bool tangled;   /* the facts above do not hold: merge as defined */
    bool alone;     /* there are words that no merge makes */
};

/* Opens an image of n bytes, aligned to 8. 0 or LX_EINVAL. What was made by another program of
 * another version is refused; damage within is not looked for: images are ours. */
int lx_vocab_open(struct lx_vocab *v, const void *image, size_t n);

/* Makes an image. Add 256 single bytes, then tokens in the order of their merges. */
struct lx_vocab_maker;
struct lx_vocab_maker *lx_vocab_maker_new(void); /* NULL: out of memory */
void lx_vocab_maker_free(struct lx_vocab_maker *m);
enum lx_vocab_add {
    LX_ADD_RANKED, /* its merge is of the two that merges so far make of its bytes (tiktoken's way)
                    */
    LX_ADD_MERGE,  /* its merge is of left and right, the only one that can ever be done */
    LX_ADD_ALONE,  /* no merge makes it */
};
/* Adds the next token; the bytes are copied. An empty token is a number without a text. 0,
 * LX_ENOMEM, LX_ELIMIT (too many, too long), LX_EINVAL (there is such a token already). */
int lx_vocab_maker_add(struct lx_vocab_maker *m, struct lx_slice bytes, uint32_t id,
                       enum lx_vocab_add how, uint32_t left, uint32_t right);
/* Tokens that merges make stand for pieces that are just them; with `wholes` all others, too.
 * *image is the caller's to free. 0, LX_ENOMEM, LX_ELIMIT, or LX_EINVAL (a byte has no token). */
int lx_vocab_maker_finish(struct lx_vocab_maker *m, bool wholes, void **image, size_t *n);

/* ---- What encoding does, byte by byte ---- */

static inline uint32_t lx_vocab_length(const struct lx_vocab *v, uint32_t token)
{
    return v->tokens[token].length;
}

static inline struct lx_slice lx_vocab_bytes(const struct lx_vocab *v, uint32_t token)
{
    return lx_slice((const char *)v->text + v->starts[token], lx_vocab_length(v, token));
}

/*
 * A node of the trie: bits 0-19 the token that ends here, and one; 20-43 where its children are
 * (a child stands at that place, its byte XORed in); 44-52 the byte that leads here, 256 for none.
 */
static inline uint32_t lx_trie_token(uint64_t node)
{
    return (uint32_t)(node & 0xfffff);
}
static inline uint32_t lx_trie_base(uint64_t node)
{
    return (uint32_t)(node >> 20) & 0xffffff;
}
static inline uint32_t lx_trie_label(uint64_t node)
{
    return (uint32_t)(node >> 44);
}

static inline uint64_t lx_pair_key(uint32_t left, uint32_t right)
{
    return (uint64_t)left << 20 | right;
}

#define LX_CHAR_PLACES (65536 + 2048)

/* Where in `chars` a character of two or three bytes is. */
static inline uint32_t lx_char_place(const uint8_t *p)
{
    if (p[0] < 0xe0)
        return 65536 + ((p[0] & 0x1fu) << 6 | (p[1] & 0x3fu));
    return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
}

/* Of a character's tokens, one to three: how many, and the i-th. */
static inline uint32_t lx_char_parts(uint64_t entry)
{
    return (uint32_t)(entry >> 60);
}
static inline uint32_t lx_char_part(uint64_t entry, uint32_t i)
{
    return (uint32_t)(entry >> 20 * i) & 0xfffff;
}

/* Two tokens that are neighbours in a text, each a part of another character in `chars`: may a
 * merge ever join what they become? Seldom says yes where none may. */
#define LX_JOIN_BITS  19
#define LX_JOIN_BYTES ((1u << LX_JOIN_BITS) / 8)
static inline uint32_t lx_join_bit(uint32_t left, uint32_t right)
{
    return (uint32_t)(lx_pair_key(left, right) * LX_HASH_A >> (64 - LX_JOIN_BITS));
}
static inline bool lx_vocab_may_join(const struct lx_vocab *v, uint32_t left, uint32_t right)
{
    uint32_t bit = lx_join_bit(left, right);

    return v->joins[bit / 64] >> (bit % 64) & 1;
}

/* The longest token that the n > 0 bytes start with, and its length. Every byte is a token. */
static inline uint32_t lx_trie_longest(const uint64_t *trie, const uint8_t *p, size_t n,
                                       size_t *length)
{
    uint64_t node = trie[0];
    uint32_t best = 0;

    for (size_t i = 0; i < n; i++) {
        node = trie[lx_trie_base(node) ^ p[i]];
        if (lx_trie_label(node) != p[i])
            break;
        if (lx_trie_token(node)) {
            best = lx_trie_token(node);
            *length = i + 1;
        }
    }
    return best - 1;
}

/* The token that two bytes of ASCII make, or LX_TOKEN_MAX. Of what merging asks half are such, and
 * a table of 64 KiB answers at once. */
#define LX_FIRSTS (128 * 128)
static inline uint32_t lx_vocab_first(const struct lx_vocab *v, uint8_t left, uint8_t right)
{
    return v->firsts[(uint32_t)left << 7 | right];
}

/* One of 32 kinds of bytes, as a bit: letters of ASCII by twos and threes, and finer than that what
 * texts of other scripts have. */
static inline uint32_t lx_byte_kind(uint8_t c)
{
    if (c >= 'a' && c <= 'z')
        return 1u << (c - 'a') / 2;
    if (c < 0x80)
        return c == ' ' ? 1u << 13 : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? 1u << 14 : 1u << 15;
    if (c < 0xc0) /* continues a character */
        return 1u << (16 + (c - 0x80) / 8);
    if (c < 0xe0)
        return 1u << (c < 0xd0 ? 24 : c < 0xd2 ? 25 : 26);
    return 1u << (c < 0xe3 ? 27 : c < 0xe4 ? 28 : c < 0xe6 ? 29 : c < 0xe8 ? 30 : 31);
}

/* Which group a key is of; and where it lies, by how its group was moved. */
static inline size_t lx_table_group(uint64_t key, uint32_t shift)
{
    return key * LX_HASH_A >> shift;
}
static inline size_t lx_table_slot(uint64_t key, uint32_t move, uint32_t shift)
{
    return (key * LX_HASH_A ^ move * LX_HASH_B) * LX_HASH_B >> shift;
}

/* The one place where a key can be. */
static inline const uint64_t *lx_table_at(const struct lx_table *t, uint64_t key)
{
    uint32_t move = t->moves[lx_table_group(key, t->move_shift)];

    return &t->entries[lx_table_slot(key, move, t->entry_shift)];
}

/* The token that the two make, or LX_TOKEN_NONE. */
static inline uint32_t lx_vocab_pair(const struct lx_vocab *v, uint32_t left, uint32_t right)
{
    uint64_t key = lx_pair_key(left, right), entry = *lx_table_at(&v->pairs, key);

    return entry >> 20 == key ? (uint32_t)entry & 0xfffff : LX_TOKEN_NONE;
}

/* A hash of n > 0 bytes, in 40 bits. No two words of a vocabulary have the same; other bytes may.
 */
static inline uint64_t lx_word_key(const uint8_t *p, size_t n, uint32_t seed)
{
    uint64_t hash = (n + ((uint64_t)seed << 32)) * LX_HASH_B, word = 0;
    uint32_t low, high;

    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&word, p + i, 8);
        hash = (hash ^ word) * LX_HASH_A;
        hash ^= hash >> 32;
    }
    if (n >= 8) {
        memcpy(&word, p + n - 8, 8);
    } else if (n >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + n - 4, 4);
        word = (uint64_t)high << 32 | low;
    } else {
        word = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
    }
    hash = (hash ^ word) * LX_HASH_A;
    return (hash ^ hash >> 32) * LX_HASH_B >> 24;
}

/* The bytes of an id; absent when there is no such token. */
struct lx_slice lx_vocab_of_id(const struct lx_vocab *v, uint32_t id);

static inline uint32_t lx_vocab_id(const struct lx_vocab *v, uint32_t token)
{
    return v->ids ? v->ids[token] : token;
}

#endif
