/*
 * vocab_maker.c - makes the image of a vocabulary: pairs, splits, the trie and the rest.
 *
 * Called with every build for the vocabularies we bring, and when a user's tokenizer.json is read.
 * It takes tokens in the order of their merges; what merges make of each is found by doing them.
 */
#include <stdlib.h>

#include "tokens/pairs.h"

enum { FREE_LABEL = 256, TRIES_MAX = 1024, SEEDS_MAX = 8 };

struct lx_vocab_maker {
    uint8_t *text;
    size_t text_n, text_cap;
    uint32_t *starts; /* count + 1 */
    uint32_t *ids;
    struct lx_vocab_split *splits;
    bool *made;
    uint32_t count, cap;
    struct lx_pairs pairs;
    uint32_t bytes[256]; /* the token of a byte */
    bool tangled;        /* a merge comes before one that it needs */

    uint32_t *order; /* made tokens, then the others; each by their bytes */
    uint32_t made_count;
    uint64_t *trie;
    uint32_t *next, *prev; /* the ring of free nodes, through node 0 */
    bool *taken;           /* by base: another node's children are there */
    uint32_t trie_count, trie_cap;
};

struct lx_vocab_maker *lx_vocab_maker_new(void)
{
    struct lx_vocab_maker *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->starts = calloc(1, sizeof(*m->starts));
    for (int i = 0; i < 256; i++)
        m->bytes[i] = LX_TOKEN_NONE;
    if (!m->starts) {
        lx_vocab_maker_free(m);
        return NULL;
    }
    return m;
}

void lx_vocab_maker_free(struct lx_vocab_maker *m)
{
    if (!m)
        return;
    free(m->text);
    free(m->starts);
    free(m->ids);
    free(m->splits);
    free(m->made);
    lx_pairs_clear(&m->pairs);
    free(m->order);
    free(m->trie);
    free(m->next);
    free(m->prev);
    free(m->taken);
    free(m);
}

static bool grow(void *where, size_t count, size_t size)
{
    void *old, *p;

    memcpy(&old, where, sizeof(old));
    p = realloc(old, count * size);
    if (p)
        memcpy(where, &p, sizeof(p));
    return p != NULL;
}

static bool room_for_token(struct lx_vocab_maker *m, size_t n)
{
    if (m->text_cap - m->text_n < n) {
        size_t cap = (m->text_cap + n) * 2;

        if (!grow(&m->text, cap, 1))
            return false;
        m->text_cap = cap;
    }
    if (m->count == m->cap) {
        uint32_t cap = m->cap ? m->cap * 2 : 1024;

        if (!grow(&m->starts, cap + 1, sizeof(*m->starts)) ||
            !grow(&m->ids, cap, sizeof(*m->ids)) || !grow(&m->splits, cap, sizeof(*m->splits)) ||
            !grow(&m->made, cap, sizeof(*m->made)))
            return false;
        m->cap = cap;
    }
    return true;
}

/* What merges so far make of the bytes: the two parts of a token to be. 2; or how many else. */
static size_t take_apart(const struct lx_vocab_maker *m, struct lx_slice s, uint32_t *two)
{
    uint32_t parts[LX_TOKEN_LENGTH];
    size_t n;

    for (size_t i = 0; i < s.n; i++) {
        parts[i] = m->bytes[(uint8_t)s.p[i]];
        if (parts[i] == LX_TOKEN_NONE)
            return 0;
    }
    n = lx_pairs_merge(&m->pairs, NULL, parts, s.n, 1);
    memcpy(two, parts, 2 * sizeof(*two));
    return n;
}

int lx_vocab_maker_add(struct lx_vocab_maker *m, struct lx_slice bytes, uint32_t id,
                       enum lx_vocab_add how, uint32_t left, uint32_t right)
{
    uint32_t token = m->count, two[2] = {left, right};
    size_t parts = how == LX_ADD_MERGE ? 2 : 0;
    int code = 0;

    if (bytes.n > LX_TOKEN_LENGTH || token >= LX_TOKEN_MAX - 1 || id >= LX_TOKEN_MAX)
        return LX_ELIMIT;
    if (!room_for_token(m, bytes.n))
        return LX_ENOMEM;
    if (bytes.n == 1) {
        if (m->bytes[(uint8_t)bytes.p[0]] != LX_TOKEN_NONE)
            return LX_EINVAL;
        m->bytes[(uint8_t)bytes.p[0]] = token;
    } else if (bytes.n > 1 && how == LX_ADD_RANKED) {
        parts = take_apart(m, bytes, two);
        if (parts == 1)
            return LX_EINVAL;
    }
    m->made[token] = bytes.n == 1 || parts == 2;
    m->splits[token] = (struct lx_vocab_split){token, token};
    if (parts == 2) {
        m->splits[token] = (struct lx_vocab_split){two[0], two[1]};
        m->tangled |= two[0] >= token || two[1] >= token;
        code = lx_pairs_put(&m->pairs, two[0], two[1], token);
    }
    if (bytes.n)
        memcpy(m->text + m->text_n, bytes.p, bytes.n);
    m->text_n += bytes.n;
    m->ids[token] = id;
    m->starts[++m->count] = (uint32_t)m->text_n;
    return code;
}

/* ---- The trie: a double array, filled depth first, so that a word's nodes stand together */

static struct lx_slice bytes_of(const struct lx_vocab_maker *m, uint32_t token)
{
    return lx_slice((const char *)m->text + m->starts[token],
                    m->starts[token + 1] - m->starts[token]);
}

/* Sorts tokens by their bytes: a merge sort, which needs `spare` as large as `v`. */
static void sort(const struct lx_vocab_maker *m, uint32_t *v, uint32_t *spare, size_t n)
{
    size_t half = n / 2, i = 0, k = half;

    if (n < 2)
        return;
    sort(m, v, spare, half);
    sort(m, v + half, spare, n - half);
    for (size_t to = 0; to < n; to++) {
        bool first =
            k == n || (i < half && lx_slice_cmp(bytes_of(m, v[i]), bytes_of(m, v[k])) <= 0);

        spare[to] = first ? v[i++] : v[k++];
    }
    memcpy(v, spare, n * sizeof(*v));
}

/* 256 more nodes, all free. Node 0 is the root, and where the ring of free nodes begins. */
static bool more_nodes(struct lx_vocab_maker *m)
{
    uint32_t from = m->trie_count, to = from + 256;

    if (to > m->trie_cap) {
        uint32_t cap = m->trie_cap ? m->trie_cap * 2 : 4096;

        if (!grow(&m->trie, cap, sizeof(*m->trie)) || !grow(&m->next, cap, sizeof(*m->next)) ||
            !grow(&m->prev, cap, sizeof(*m->prev)) || !grow(&m->taken, cap, sizeof(*m->taken)))
            return false;
        m->trie_cap = cap;
    }
    if (from == 0)
        m->next[0] = m->prev[0] = 0;
    for (uint32_t i = from; i < to; i++) {
        m->trie[i] = (uint64_t)FREE_LABEL << 44;
        m->taken[i] = false;
        if (i == 0)
            continue;
        m->prev[i] = m->prev[0];
        m->next[i] = 0;
        m->next[m->prev[0]] = i;
        m->prev[0] = i;
    }
    m->trie_count = to;
    return true;
}

static bool is_free(const struct lx_vocab_maker *m, uint32_t node)
{
    return node != 0 && lx_trie_label(m->trie[node]) == FREE_LABEL;
}

/* May children with these labels stand under this base? */
static bool fits(const struct lx_vocab_maker *m, uint32_t base, const uint8_t *labels, int n)
{
    if (base == 0 || m->taken[base])
        return false;
    for (int i = 0; i < n; i++)
        if (!is_free(m, base ^ labels[i]))
            return false;
    return true;
}

/* A base for the children of a node; 0 when none was found soon. Best is one in the node's own
 * cache line, then in its block, because who looks at the one will look at the other. */
static uint32_t find_base(const struct lx_vocab_maker *m, uint32_t node, const uint8_t *labels,
                          int n)
{
    int tries = 0;

    for (uint32_t i = 0; n <= 8 && i < 256; i++)
        if (fits(m, (node ^ i) ^ labels[0], labels, n))
            return node ^ i ^ labels[0];
    for (uint32_t at = m->prev[0]; at != 0 && tries < TRIES_MAX; at = m->prev[at], tries++)
        if (fits(m, at ^ labels[0], labels, n))
            return at ^ labels[0];
    return 0;
}

/* A node still to be given children: tokens order[low..high) that agree in `depth` bytes. */
struct branch {
    uint32_t node, low, high, depth;
};

/* The bytes that follow in the branch's tokens, and where each one's tokens begin. */
static int children(const struct lx_vocab_maker *m, const struct branch *b, uint8_t *labels,
                    uint32_t *first)
{
    int n = 0;

    for (uint32_t i = b->low; i < b->high; i++) {
        struct lx_slice s = bytes_of(m, m->order[i]);
        uint8_t c;

        if (s.n <= b->depth)
            continue;
        c = (uint8_t)s.p[b->depth];
        if (n == 0 || labels[n - 1] != c) {
            labels[n] = c;
            first[n++] = i;
        }
    }
    first[n] = b->high;
    return n;
}

static int grow_branch(struct lx_vocab_maker *m, struct branch *stack, size_t *stack_n)
{
    struct branch top = stack[--*stack_n], *b = &top;
    uint8_t labels[256];
    uint32_t first[257], base;
    int n = children(m, b, labels, first);

    if (n == 0)
        return 0;
    base = find_base(m, b->node, labels, n);
    if (base == 0 && m->trie_count > 0xffff00)
        return LX_ELIMIT;
    if (base == 0 && !more_nodes(m))
        return LX_ENOMEM;
    if (base == 0)
        base = m->prev[0] ^ labels[0]; /* all of the new block is free, and nobody's */
    m->taken[base] = true;
    m->trie[b->node] |= (uint64_t)base << 20;
    for (int i = n - 1; i >= 0; i--) {
        uint32_t node = base ^ labels[i], token = m->order[first[i]];
        bool ends = bytes_of(m, token).n == b->depth + 1;

        m->trie[node] = (uint64_t)labels[i] << 44 | (ends ? token + 1 : 0);
        m->next[m->prev[node]] = m->next[node];
        m->prev[m->next[node]] = m->prev[node];
        stack[(*stack_n)++] = (struct branch){node, first[i], first[i + 1], b->depth + 1};
    }
    return 0;
}

static int make_trie(struct lx_vocab_maker *m)
{
    /* Of each node on the way to where it works, 255 siblings at most are waiting. */
    struct branch *stack = malloc((size_t)256 * (LX_TOKEN_LENGTH + 1) * sizeof(*stack));
    size_t stack_n = 1;
    int code = stack && more_nodes(m) ? 0 : LX_ENOMEM;

    if (code == 0)
        stack[0] = (struct branch){0, 0, m->made_count, 0};
    while (code == 0 && stack_n)
        code = grow_branch(m, stack, &stack_n);
    free(stack);
    return code;
}

/* ---- The image ---- */

static int sort_tokens(struct lx_vocab_maker *m)
{
    uint32_t *spare = malloc((m->count + 1) * sizeof(*spare));
    uint32_t others = m->count;

    m->order = calloc(m->count + 1, sizeof(*m->order));
    if (!spare || !m->order) {
        free(spare);
        return LX_ENOMEM;
    }
    for (uint32_t i = 0; i < m->count; i++)
        if (m->made[i])
            m->order[m->made_count++] = i;
        else if (bytes_of(m, i).n)
            m->order[--others] = i;
    memmove(m->order + m->made_count, m->order + others, (m->count - others) * sizeof(*m->order));
    sort(m, m->order, spare, m->made_count);
    sort(m, m->order + m->made_count, spare, m->count - others);
    free(spare);
    return (int)(m->count - others);
}

static uint32_t place(uint32_t *at, size_t n)
{
    uint32_t here = *at;

    *at += (uint32_t)((n + 7) & ~(size_t)7);
    return here;
}

static void write_firsts(const struct lx_vocab_maker *m, uint32_t *out)
{
    for (uint32_t i = 0; i < LX_FIRSTS; i++)
        out[i] = lx_pairs_get(&m->pairs, m->bytes[i >> 7], m->bytes[i & 127]) & LX_TOKEN_MAX;
}

/* The lowest merge that a token does to its left, and to its right. */
struct lowest {
    uint32_t left, right;
};

/* Merges a character's bytes as far as nothing around it can come between: while what may be done
 * next comes before all that its first and its last part do with anything. */
static uint64_t char_parts(const struct lx_vocab_maker *m, const struct lowest *lowest,
                           const uint8_t *p, uint32_t n)
{
    uint32_t parts[3];
    uint64_t entry;

    for (uint32_t i = 0; i < n; i++)
        parts[i] = m->bytes[p[i]];
    while (n > 1 && !m->tangled) {
        uint32_t one = lx_pairs_get(&m->pairs, parts[0], parts[1]), at = 0;
        uint32_t two = n > 2 ? lx_pairs_get(&m->pairs, parts[1], parts[2]) : LX_TOKEN_NONE;

        if (two < one) {
            one = two;
            at = 1;
        }
        if (one >= lowest[parts[0]].left || one >= lowest[parts[n - 1]].right)
            break;
        parts[at] = one;
        n--;
        memmove(parts + at + 1, parts + at + 2, (n - at - 1) * sizeof(*parts));
    }
    entry = (uint64_t)n << 60;
    for (uint32_t i = 0; i < n; i++)
        entry |= (uint64_t)parts[i] << 20 * i;
    return entry;
}

static int write_chars(const struct lx_vocab_maker *m, uint64_t *out)
{
    struct lowest *lowest = malloc(m->count * sizeof(*lowest));

    if (!lowest)
        return LX_ENOMEM;
    memset(lowest, 0xff, m->count * sizeof(*lowest));
    for (uint32_t i = m->count; i-- > 0;) {
        struct lx_vocab_split split = m->splits[i];
        struct lx_slice left = bytes_of(m, split.left), right = bytes_of(m, split.right);

        if (split.left == i)
            continue;
        if (((uint8_t)left.p[left.n - 1] & 0xc0) == 0x80)
            lowest[split.right].left = i;
        if ((uint8_t)right.p[0] >= 0xc0)
            lowest[split.left].right = i;
    }
    for (uint32_t c = 0x80; c < 0x10000; c++) {
        uint8_t bytes[3] = {(uint8_t)(0xe0 | c >> 12), (uint8_t)(0x80 | (c >> 6 & 0x3f)),
                            (uint8_t)(0x80 | (c & 0x3f))};
        const uint8_t *p = c < 0x800 ? bytes + 1 : bytes;

        bytes[1] |= c < 0x800 ? 0x40 : 0;
        out[lx_char_place(p)] = char_parts(m, lowest, p, c < 0x800 ? 2 : 3);
    }
    free(lowest);
    return 0;
}

/* Of a token: is it the first, or the last part of a character; and the longest tokens of three
 * bytes or less at its edges, which is where such parts are. */
struct edges {
    bool begins, ends;
    uint32_t left, right;
};

/* Marks the neighbours between characters that this merge may be the one to join: what they have
 * become is its left and its right part, at whose edges they are. */
static void mark_joins(const struct lx_vocab_maker *m, struct lx_vocab_split merge,
                       const struct edges *edges, uint64_t *out)
{
    uint32_t left = edges[merge.left].right;

    for (uint32_t i = 0; i < 3; i++, left = m->splits[left].right) {
        uint32_t right = edges[merge.right].left;

        for (uint32_t k = 0; k < 3; k++, right = m->splits[right].left) {
            uint32_t bit = lx_join_bit(left, right);

            if (edges[left].ends && edges[right].begins)
                out[bit / 64] |= (uint64_t)1 << (bit % 64);
        }
    }
}

static int write_joins(const struct lx_vocab_maker *m, const uint64_t *chars, uint64_t *out)
{
    struct edges *edges = m->tangled ? NULL : calloc(m->count, sizeof(*edges));

    if (m->tangled)
        memset(out, 0xff, LX_JOIN_BYTES);
    else if (!edges)
        return LX_ENOMEM;
    for (uint32_t i = 0; edges && i < LX_CHAR_PLACES; i++) {
        uint32_t n = lx_char_parts(chars[i]);

        if (n) {
            edges[lx_char_part(chars[i], 0)].begins = true;
            edges[lx_char_part(chars[i], n - 1)].ends = true;
        }
    }
    for (uint32_t i = 0; edges && i < m->count; i++) {
        struct lx_vocab_split split = m->splits[i];
        bool is_short = bytes_of(m, i).n <= 3;

        edges[i].left = is_short ? i : edges[split.left].left;
        edges[i].right = is_short ? i : edges[split.right].right;
        if (split.left != i)
            mark_joins(m, split, edges, out);
    }
    free(edges);
    return 0;
}

/* What each token merges with on either side; then, down its edges, what its parts do. Parts come
 * before what they make (where not, none of it is asked for), so that what is below a token is
 * known when its turn comes. */
static void write_kinds(const struct lx_vocab_maker *m, struct lx_vocab_token *out)
{
    for (uint32_t i = 0; i < m->count; i++) {
        struct lx_slice left = bytes_of(m, out[i].left), right = bytes_of(m, out[i].right);

        if (out[i].left == i)
            continue;
        out[out[i].right].left_kinds |= lx_byte_kind((uint8_t)left.p[left.n - 1]);
        out[out[i].left].right_kinds |= lx_byte_kind((uint8_t)right.p[0]);
    }
    for (uint32_t i = 0; i < m->count; i++) {
        const struct lx_vocab_token *left = &out[out[i].left], *right = &out[out[i].right];

        if (out[i].left == i)
            continue;
        out[i].left_below = left->left_kinds | left->left_below;
        out[i].right_below = right->right_kinds | right->right_below;
    }
}

static void write_tokens(const struct lx_vocab_maker *m, struct lx_vocab_token *out)
{
    size_t length = 0;

    for (uint32_t i = 0; i < m->count; i++) {
        struct lx_slice s = bytes_of(m, i);

        out[i].left = m->splits[i].left;
        out[i].right = m->splits[i].right;
        out[i].length = (uint32_t)s.n;
        out[i].prefix = LX_TOKEN_NONE;
        if (s.n > 1) {
            out[i].prefix = lx_trie_longest(m->trie, (const uint8_t *)s.p, s.n - 1, &length);
            out[i].prefix |= (uint32_t)length << 20;
        }
    }
    write_kinds(m, out);
}

static void write_ids(const struct lx_vocab_maker *m, const struct lx_vocab_head *h, char *image)
{
    uint32_t *numbers = (uint32_t *)(void *)(image + h->numbers);

    memcpy(image + h->ids, m->ids, m->count * sizeof(uint32_t));
    memset(numbers, 0xff, h->id_count * sizeof(uint32_t));
    for (uint32_t i = 0; i < m->count; i++)
        if (bytes_of(m, i).n)
            numbers[m->ids[i]] = i;
}

static void write_print(char *image, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u, word;

    for (size_t i = sizeof(struct lx_vocab_head); i < n; i += sizeof(word)) {
        memcpy(&word, image + i, sizeof(word));
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    memcpy(image + offsetof(struct lx_vocab_head, print), &hash, sizeof(hash));
}

/* All that follows from the tokens and is found before the image is laid out. */
struct tables {
    struct lx_placed pairs, words;
    uint32_t word_seed;
};

/* The words by their keys. LX_EINVAL: two have the same one. */
static int put_words(const struct lx_vocab_maker *m, uint32_t count, uint32_t seed,
                     struct lx_pairs *words)
{
    int code = 0;

    for (uint32_t i = 0; i < count && code == 0; i++) {
        struct lx_slice s = bytes_of(m, m->order[i]);
        uint64_t key = lx_word_key((const uint8_t *)s.p, s.n, seed);
        uint32_t left = (uint32_t)(key >> 20), right = (uint32_t)key & 0xfffff;

        code = lx_pairs_get(words, left, right) != LX_TOKEN_NONE
                   ? LX_EINVAL
                   : lx_pairs_put(words, left, right, m->order[i]);
    }
    return code;
}

/* The first `count` tokens in order are words. */
static int make_tables(const struct lx_vocab_maker *m, uint32_t count, struct tables *t)
{
    struct lx_pairs words = {0};
    int code = LX_EINVAL;

    *t = (struct tables){0};
    for (; code == LX_EINVAL && t->word_seed < SEEDS_MAX; t->word_seed++) {
        lx_pairs_clear(&words);
        code = put_words(m, count, t->word_seed, &words);
    }
    t->word_seed--;
    if (code == 0)
        code = lx_pairs_place(&words, &t->words);
    if (code == 0)
        code = lx_pairs_place(&m->pairs, &t->pairs);
    lx_pairs_clear(&words);
    return code;
}

static void clear_tables(struct tables *t)
{
    free(t->pairs.entries);
    free(t->pairs.moves);
    free(t->words.entries);
    free(t->words.moves);
}

static void place_table(const struct lx_placed *t, struct lx_table_head *h, uint32_t *at)
{
    h->entry_bits = t->entry_bits;
    h->move_bits = t->move_bits;
    h->entries = place(at, sizeof(*t->entries) << t->entry_bits);
    h->moves = place(at, sizeof(*t->moves) << t->move_bits);
}

static void write_table(const struct lx_placed *t, const struct lx_table_head *h, char *image)
{
    memcpy(image + h->entries, t->entries, sizeof(*t->entries) << t->entry_bits);
    memcpy(image + h->moves, t->moves, sizeof(*t->moves) << t->move_bits);
}

static void lay_out(const struct lx_vocab_maker *m, const struct tables *t, struct lx_vocab_head *h)
{
    uint32_t at = (sizeof(*h) + 63) & ~63u; /* nodes near each other lie on one line, too */

    h->trie = place(&at, m->trie_count * sizeof(uint64_t));
    h->bytes_at = place(&at, sizeof(m->bytes));
    h->firsts = place(&at, LX_FIRSTS * sizeof(uint32_t));
    h->chars = place(&at, LX_CHAR_PLACES * sizeof(uint64_t));
    h->joins = place(&at, LX_JOIN_BYTES);
    place_table(&t->pairs, &h->pairs, &at);
    place_table(&t->words, &h->words, &at);
    at = (at + 63) & ~63u; /* no token lies across two lines of the processor's cache */
    h->tokens = place(&at, m->count * sizeof(struct lx_vocab_token));
    h->starts = place(&at, (m->count + 1) * sizeof(uint32_t));
    h->text = place(&at, m->text_n);
    h->ids = place(&at, h->translated ? m->count * sizeof(uint32_t) : 0);
    h->numbers = place(&at, h->translated ? h->id_count * sizeof(uint32_t) : 0);
    h->bytes = at;
}

static void fill_head(const struct lx_vocab_maker *m, const struct tables *t, bool alone,
                      struct lx_vocab_head *h)
{
    *h = (struct lx_vocab_head){.magic = {'L', 'X', 'V', 'O', 'C', 'A', 'B', '5'},
                                .order = 0x01020304,
                                .count = m->count,
                                .trie_count = m->trie_count,
                                .word_seed = t->word_seed,
                                .tangled = m->tangled,
                                .alone = alone};
    for (uint32_t i = 0; i < m->count; i++) {
        h->translated |= m->ids[i] != i;
        h->id_count = m->ids[i] >= h->id_count ? m->ids[i] + 1 : h->id_count;
    }
    lay_out(m, t, h);
}

static int write_image(const struct lx_vocab_maker *m, const struct tables *t,
                       const struct lx_vocab_head *h, char *out)
{
    int code;

    memcpy(out, h, sizeof(*h));
    memcpy(out + h->trie, m->trie, m->trie_count * sizeof(uint64_t));
    memcpy(out + h->bytes_at, m->bytes, sizeof(m->bytes));
    write_firsts(m, (uint32_t *)(void *)(out + h->firsts));
    code = write_chars(m, (uint64_t *)(void *)(out + h->chars));
    if (code == 0)
        code = write_joins(m, (const uint64_t *)(const void *)(out + h->chars),
                           (uint64_t *)(void *)(out + h->joins));
    write_table(&t->pairs, &h->pairs, out);
    write_table(&t->words, &h->words, out);
    write_tokens(m, (struct lx_vocab_token *)(void *)(out + h->tokens));
    memcpy(out + h->starts, m->starts, (m->count + 1) * sizeof(uint32_t));
    memcpy(out + h->text, m->text, m->text_n);
    if (h->translated)
        write_ids(m, h, out);
    write_print(out, h->bytes);
    return code;
}

int lx_vocab_maker_finish(struct lx_vocab_maker *m, bool wholes, void **image, size_t *n)
{
    struct tables tables = {0};
    struct lx_vocab_head h;
    int others, code;
    char *out = NULL;

    for (int i = 0; i < 256; i++)
        if (m->bytes[i] == LX_TOKEN_NONE)
            return LX_EINVAL;
    if (!m->pairs.v)
        return LX_EINVAL;
    others = sort_tokens(m);
    code = others < 0 ? others : make_trie(m);
    if (code == 0)
        code = make_tables(m, m->made_count + (wholes ? (uint32_t)others : 0), &tables);
    if (code == 0) {
        fill_head(m, &tables, wholes && others > 0, &h);
        out = calloc(1, h.bytes);
        code = out ? write_image(m, &tables, &h, out) : LX_ENOMEM;
    }
    clear_tables(&tables);
    if (code != 0) {
        free(out);
        return code;
    }
    *image = out;
    *n = h.bytes;
    return 0;
}
