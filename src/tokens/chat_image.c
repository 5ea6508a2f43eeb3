/*
 * chat_image.c - what an image costs: its size is read from the first bytes of the file.
 *
 * Called by chat.c only. Sizes are those of LiteLLM's calculate_img_tokens
 * (token_counter.py 1.106), which has them of OpenAI's guide to vision. An image behind a URL is
 * not fetched.
 */
#include "tokens/chat.h"

#include "base/text.h"

enum {
    BASE = 85,
    TILE = 512,
    SHORT_SIDE = 768,
    LONG_SIDE = 2000,
    UNKNOWN_SIDE = 300, /* what LiteLLM takes an image for that it cannot measure */
    DATA_MAX = 64 << 20,
};

struct size {
    uint32_t width, height;
};

static uint32_t big16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}
static uint32_t big32(const uint8_t *p)
{
    return big16(p) << 16 | big16(p + 2);
}
static uint32_t little16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}
static uint32_t little24(const uint8_t *p)
{
    return (uint32_t)p[2] << 16 | little16(p);
}

/* From segment to segment, to the first that starts a frame. */
static bool jpeg_size(const uint8_t *p, size_t n, struct size *s)
{
    size_t at = 2;

    while (at + 9 <= n) {
        uint8_t marker;

        while (at + 9 <= n && p[at] == 0xff)
            at++;
        if (at + 8 > n)
            return false;
        marker = p[at];
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
            marker != 0xcc) {
            *s = (struct size){big16(p + at + 6), big16(p + at + 4)};
            return true;
        }
        at += 1 + big16(p + at + 1);
    }
    return false;
}

static bool webp_size(const uint8_t *p, size_t n, struct size *s)
{
    if (n < 30)
        return false;
    if (memcmp(p + 12, "VP8X", 4) == 0) {
        *s = (struct size){little24(p + 24) + 1, little24(p + 27) + 1};
    } else if (memcmp(p + 12, "VP8 ", 4) == 0) {
        *s = (struct size){little16(p + 26) & 0x3fff, little16(p + 28) & 0x3fff};
    } else if (memcmp(p + 12, "VP8L", 4) == 0) {
        uint32_t bits = little16(p + 21) | little16(p + 23) << 16;

        *s = (struct size){(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1};
    }
    return true;
}

/* False: an image of a known kind that ends too early. */
static bool image_size(const uint8_t *p, size_t n, struct size *s)
{
    *s = (struct size){UNKNOWN_SIDE, UNKNOWN_SIDE};
    if (n >= 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0) {
        if (n >= 24)
            *s = (struct size){big32(p + 16), big32(p + 20)};
        return n >= 24;
    }
    if (n >= 6 && memcmp(p, "GIF8", 4) == 0 && p[5] == 'a') {
        if (n >= 10)
            *s = (struct size){little16(p + 6), little16(p + 8)};
        return n >= 10;
    }
    if (n >= 3 && memcmp(p, "\xff\xd8\xff", 3) == 0)
        return jpeg_size(p, n, s);
    if (n >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WEBP", 4) == 0)
        return webp_size(p, n, s);
    return true;
}

/* Scaled so that the short side has 768 pixels at most, and the long one 2000. */
static struct size scale(struct size s)
{
    uint32_t longer = s.width > s.height ? s.width : s.height;
    uint32_t shorter = s.width > s.height ? s.height : s.width;
    double ratio;
    struct size to;

    if (s.width <= SHORT_SIDE && s.height <= SHORT_SIDE)
        return s;
    ratio = (double)longer / shorter;
    to.width = SHORT_SIDE;
    to.height = ratio * SHORT_SIDE > LONG_SIDE ? LONG_SIDE : (uint32_t)(SHORT_SIDE * ratio);
    if (ratio * SHORT_SIDE >= LONG_SIDE + 1)
        to.width = (uint32_t)(LONG_SIDE / ratio);
    return s.width <= s.height ? to : (struct size){to.height, to.width};
}

int lx_image_tokens(struct lx_slice url, struct lx_slice detail, size_t *count,
                    struct lx_error *err)
{
    struct size s = {UNKNOWN_SIDE, UNKNOWN_SIDE};
    struct lx_slice head, data;
    struct lx_buf bytes;
    bool good = true;

    *count = BASE;
    if (lx_slice_eq(detail, LX_S("low")) || lx_slice_eq(detail, LX_S("auto")))
        return 0;
    if (!lx_slice_eq(detail, LX_S("high")))
        return lx_error_set(err, LX_EINVAL, "image_url: detail is low, high or auto");
    if (!lx_slice_starts(url, LX_S("http://")) && !lx_slice_starts(url, LX_S("https://"))) {
        int code;

        if (!lx_slice_cut(url, ',', &head, &data))
            return lx_error_set(err, LX_EINVAL, "image_url: expected a URL, or a data URL");
        lx_buf_init(&bytes, DATA_MAX);
        code = lx_base64_read(data, &bytes);
        if (code == 0)
            good = image_size((const uint8_t *)bytes.p, bytes.n, &s);
        lx_buf_clear(&bytes);
        if (code == LX_ENOMEM || code == LX_ELIMIT)
            return code;
        if (code != 0 || !good || s.width == 0 || s.height == 0)
            return lx_error_set(err, LX_EINVAL, "image_url: the image cannot be read");
    }
    s = scale(s);
    *count =
        BASE + (size_t)2 * BASE * ((s.width + TILE - 1) / TILE) * ((s.height + TILE - 1) / TILE);
    return 0;
}
