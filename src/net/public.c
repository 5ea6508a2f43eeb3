/*
 * public.c - see public.h. Called by dial.c for every address that is about to be dialled, and by
 * origin.c where a proxy dials. It asks nobody: no name is resolved here.
 *
 * Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates),
 * RFC 5771 and RFC 4291 (multicast), RFC 6052 and RFC 8215 (NAT64), RFC 3056 (6to4), RFC 4380
 * (Teredo).
 */
#include "net/public.h"

#include "base/text.h"

struct block {
    uint8_t first[16];
    uint8_t bits;
};

/* What is not globally reachable, or is not for this. */
static const struct block v4_blocks[] = {
    {{0}, 8},                 /* "this network", RFC 791 */
    {{10}, 8},                /* private, RFC 1918 */
    {{100, 64}, 10},          /* behind a carrier's NAT, RFC 6598 */
    {{127}, 8},               /* loopback */
    {{168, 63, 129, 16}, 32}, /* Azure's own, though its block is public */
    {{169, 254}, 16},         /* link-local, and the clouds' metadata */
    {{172, 16}, 12},          /* private */
    {{192, 0, 0}, 24},        /* the IETF's */
    {{192, 0, 2}, 24},        /* documentation */
    {{192, 31, 196}, 24},     /* AS112, RFC 7535 */
    {{192, 52, 193}, 24},     /* AMT, RFC 7450 */
    {{192, 88, 99}, 24},      /* 6to4 relays, RFC 7526 */
    {{192, 168}, 16},         /* private */
    {{192, 175, 48}, 24},     /* AS112, RFC 7534 */
    {{198, 18}, 15},          /* benchmarks, RFC 2544 */
    {{198, 51, 100}, 24},     /* documentation */
    {{203, 0, 113}, 24},      /* documentation */
    {{224}, 3},               /* multicast, what is reserved, broadcast */
};

/* Of IPv6 only 2000::/3 is given out at all, but for these. */
static const struct block v6_global = {{0x20}, 3};
static const struct block v6_blocks[] = {
    {{0x20, 0x01}, 23},                         /* the IETF's: Teredo, ORCHID, benchmarks */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},             /* documentation */
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48}, /* AS112 */
    {{0x3f, 0xfe}, 16},                         /* 6bone, given back (RFC 3701) */
    {{0x3f, 0xff}, 20},                         /* documentation, RFC 9637 */
};

/* Where an address of IPv4 lies inside one of IPv6. */
static const struct carrier {
    struct block block;
    uint8_t at;
} carriers[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* IPv4-mapped */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},   /* NAT64 */
    {{{0x20, 0x02}, 16}, 2},                /* 6to4 */
};

static bool is_in(const uint8_t *address, const struct block *b)
{
    size_t whole = b->bits / 8;
    unsigned rest = b->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return memcmp(address, b->first, whole) == 0 &&
           (!rest || (address[whole] & mask) == (b->first[whole] & mask));
}

static bool is_in_any(const uint8_t *address, const struct block *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_in(address, &blocks[i]))
            return true;
    return false;
}

static bool v4_is_public(const uint8_t address[4])
{
    return !is_in_any(address, v4_blocks, sizeof v4_blocks / sizeof v4_blocks[0]);
}

static bool v6_is_public(const uint8_t address[16])
{
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++)
        if (is_in(address, &carriers[i].block))
            return v4_is_public(address + carriers[i].at);
    return is_in(address, &v6_global) &&
           !is_in_any(address, v6_blocks, sizeof v6_blocks / sizeof v6_blocks[0]);
}

bool lx_address_is_public(const union lx_address *a)
{
    if (a->any.sa_family == AF_INET)
        return v4_is_public((const uint8_t *)&a->v4.sin_addr);
    return a->any.sa_family == AF_INET6 && v6_is_public(a->v6.sin6_addr.s6_addr);
}

/* As browsers tell numbers from names (WHATWG URL, "ends in a number"): by the last label. */
static bool ends_in_number(struct lx_slice host)
{
    size_t start = host.n;
    while (start && host.p[start - 1] != '.')
        start--;
    struct lx_slice last = lx_slice_from(host, start);
    if (last.n >= 2 && last.p[0] == '0' && lx_ascii_lower(last.p[1]) == 'x')
        return true;
    for (size_t i = 0; i < last.n; i++)
        if (last.p[i] < '0' || last.p[i] > '9')
            return false;
    return last.n > 0;
}

bool lx_host_may_be_public(struct lx_slice host)
{
    union lx_address literal;
    if (lx_address_read(host, &literal))
        return lx_address_is_public(&literal);
    while (host.n && host.p[host.n - 1] == '.')
        host.n--;
    struct lx_slice local = LX_S("localhost");
    struct lx_slice tail = host.n > local.n ? lx_slice_from(host, host.n - local.n) : host;
    bool whole = host.n <= local.n || host.p[host.n - local.n - 1] == '.';
    if (!host.n || (whole && lx_slice_eq_nocase(tail, local)))
        return false;
    return !ends_in_number(host) && lx_slice_find_byte(host, ':') < 0 &&
           lx_slice_find_byte(host, '%') < 0;
}
