/*
 * text.c - UTF-8, base64, hex and percent encoding.
 *
 * Dialects, signers and the URL and JSON code call it. Readers are strict and leave their output
 * as it was when the input is wrong. Nobody reserves more than is written, so that a result which
 * fits under the ceiling never fails.
 */
#include "base/text.h"

#include "base/error.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* Length of the character at p, of which `left` bytes exist; 0 when it is wrong or cut off.
 * The second byte carries the whole of Unicode's table 3-7: E0 and F0 would allow overlong forms,
 * ED surrogates, F4 more than U+10FFFF. */
static size_t char_length(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];

    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    if (left < 2 || !is_tail(p[1]))
        return 0;
    if (c < 0xE0)
        return 2;
    if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) || (c == 0xF0 && p[1] < 0x90) ||
        (c == 0xF4 && p[1] > 0x8F))
        return 0;
    if (left < 3 || !is_tail(p[2]))
        return 0;
    if (c < 0xF0)
        return 3;
    return left >= 4 && is_tail(p[3]) ? 4 : 0;
}

static bool ascii16(const unsigned char *p)
{
    uint64_t w[2];
    memcpy(w, p, sizeof(w));
    return ((w[0] | w[1]) & 0x8080808080808080) == 0;
}

size_t lx_utf8_valid(struct lx_slice s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;

    while (i < s.n) {
        if (s.n - i >= 16 && ascii16(p + i)) {
            i += 16;
            continue;
        }
        /* A block with one other character in it is mostly followed by more of them, so the
         * block is not tried again before this one is done. */
        size_t block_end = s.n - i < 16 ? s.n : i + 16;
        while (i < block_end) {
            size_t n = char_length(p + i, s.n - i);
            if (n == 0)
                return i;
            i += n;
        }
    }
    return i;
}

size_t lx_utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value + 1 of each letter of either alphabet, so that all others are 0. */
static const unsigned char base64_value[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['-'] = 63,
    ['/'] = 64, ['_'] = 64,
};

/* Up to three bytes as the top 6-bit groups of 24 bits. */
static void base64_put(char *to, const unsigned char *p, size_t n)
{
    uint32_t bits = (uint32_t)p[0] << 16;
    bits |= n > 1 ? (uint32_t)p[1] << 8 : 0;
    bits |= n > 2 ? p[2] : 0;
    to[0] = base64_alphabet[bits >> 18];
    to[1] = base64_alphabet[bits >> 12 & 63];
    to[2] = (char)(n > 1 ? base64_alphabet[bits >> 6 & 63] : '=');
    to[3] = (char)(n > 2 ? base64_alphabet[bits & 63] : '=');
}

void lx_base64_write(struct lx_buf *out, struct lx_slice bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t groups = bytes.n / 3 + (bytes.n % 3 != 0);
    char *to = lx_buf_reserve(out, groups * 4);

    if (!to)
        return;
    for (size_t i = 0; i < bytes.n; i += 3, to += 4)
        base64_put(to, p + i, bytes.n - i < 3 ? bytes.n - i : 3);
    lx_buf_commit(out, groups * 4);
}

/* Takes the padding off; false when it, or the length, cannot be right. */
static bool base64_unpad(struct lx_slice text, struct lx_slice *letters)
{
    size_t pad = 0;
    while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
        pad++;
    *letters = lx_slice_to(text, text.n - pad);
    return letters->n % 4 != 1 && (pad == 0 || text.n % 4 == 0);
}

/* Up to four letters to n - 1 bytes; false when one is no letter. Bits left over are ignored, as
 * other readers do. */
static bool base64_get(char *to, const unsigned char *p, size_t n)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t v = i < n ? base64_value[p[i]] : 1;
        if (v == 0)
            return false;
        bits = bits << 6 | (v - 1);
    }
    for (size_t i = 0; i + 1 < n; i++)
        to[i] = (char)(bits >> (16 - 8 * i));
    return true;
}

int lx_base64_read(struct lx_slice text, struct lx_buf *out)
{
    struct lx_slice s;
    if (!base64_unpad(text, &s))
        return LX_EINVAL;

    size_t n = s.n / 4 * 3 + (s.n % 4 ? s.n % 4 - 1 : 0);
    char *to = lx_buf_reserve(out, n);
    if (!to)
        return out->failed;
    for (size_t i = 0; i < s.n; i += 4, to += 3) {
        if (!base64_get(to, (const unsigned char *)s.p + i, s.n - i < 4 ? s.n - i : 4))
            return LX_EINVAL;
    }
    lx_buf_commit(out, n);
    return 0;
}

bool lx_base64_like(struct lx_slice s)
{
    struct lx_slice letters;
    if (s.n == 0 || !base64_unpad(s, &letters))
        return false;
    for (size_t i = 0; i < letters.n; i++) {
        if (!base64_value[(unsigned char)letters.p[i]])
            return false;
    }
    return true;
}

void lx_hex_write(struct lx_buf *out, struct lx_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *to = lx_buf_reserve(out, bytes.n * 2);

    if (!to)
        return;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        *to++ = digits[c >> 4];
        *to++ = digits[c & 15];
    }
    lx_buf_commit(out, bytes.n * 2);
}

static bool is_unreserved(char c)
{
    char lower = lx_ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void lx_percent_write(struct lx_buf *out, struct lx_slice s, struct lx_slice keep)
{
    static const char digits[] = "0123456789ABCDEF"; /* RFC 3986, 2.1: upper case */

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_unreserved(s.p[i]) || lx_slice_find_byte(keep, s.p[i]) >= 0) {
            lx_buf_add_byte(out, s.p[i]);
        } else {
            char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
            lx_buf_add(out, lx_slice(escape, sizeof(escape)));
        }
    }
}

static int hex_value(char c)
{
    char lower = lx_ascii_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Checked before anything is written, so that a wrong text leaves the output alone. */
static bool percent_ok(struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' &&
            (s.n - i < 3 || hex_value(s.p[i + 1]) < 0 || hex_value(s.p[i + 2]) < 0))
            return false;
    }
    return true;
}

int lx_percent_read(struct lx_slice s, struct lx_buf *out)
{
    if (!percent_ok(s))
        return LX_EINVAL;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            c = (char)(hex_value(s.p[i + 1]) * 16 + hex_value(s.p[i + 2]));
            i += 2;
        }
        lx_buf_add_byte(out, c);
    }
    return out->failed;
}
