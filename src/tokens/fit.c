/*
 * fit.c - how much of a text a limit of tokens has room for.
 *
 * Called by the library and `llmux tokens --limit`. What a beginning comes to is only known when it
 * is counted as a text of its own: a word that is cut is other tokens, and so may be what stands
 * before it. So the place is looked for by counting, in halves; each count ends at the limit, and
 * what was counted before is remembered.
 */
#include "tokens/tokens.h"

/* Whether a character would be cut there. */
static bool is_within_character(struct lx_slice text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text.p;

    if (n >= text.n || (p[n] & 0xc0) != 0x80)
        return false;
    for (size_t i = 1; i < 4 && i <= n; i++) {
        uint8_t c = p[n - i];

        if (c < 0x80 || c >= 0xc0)
            return i < (c < 0x80 ? 1u : c < 0xe0 ? 2u : c < 0xf0 ? 3u : 4u);
    }
    return false;
}

static size_t boundary(struct lx_slice text, size_t n)
{
    while (is_within_character(text, n))
        n--;
    return n;
}

static size_t next_boundary(struct lx_slice text, size_t n)
{
    do
        n++;
    while (is_within_character(text, n));
    return n;
}

int lx_tokens_fit(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                  unsigned flags, size_t limit, size_t *count, size_t *bytes)
{
    /* What ends at `low` fits; what ends at `high` does not, be it that there is no such text. */
    size_t low = 0, high = text.n + 1, step = limit < text.n / 4 ? 4 * limit + 1 : text.n;
    size_t low_count = 0;
    int code = lx_tokens_count_until(t, e, lx_slice_to(text, 0), flags, limit, &low_count);

    while (code == 0 && low_count <= limit && low < text.n) {
        size_t next = next_boundary(text, low), n;
        size_t at = boundary(text, high > text.n ? step : low + (high - low) / 2);

        if (next >= high)
            break;
        at = at < next ? next : at;
        code = lx_tokens_count_until(t, e, lx_slice_to(text, at), flags, limit, &n);
        if (code == 0 && n > limit) {
            high = at;
        } else if (code == 0) {
            low = at;
            low_count = n;
            step = at < text.n / 2 ? 2 * at : text.n;
        }
    }
    if (code == 0) {
        *count = low_count;
        *bytes = low;
    }
    return code;
}
