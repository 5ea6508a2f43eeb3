/*
 * h1_write.c - writes heads and chunks of HTTP/1.1 messages into a buffer.
 *
 * Server and upstream client append what goes out. Nothing here can fail midway: the buffer keeps
 * the error. Names and values from outside are checked with lx_header_is_valid() before they come
 * here; nothing is checked again.
 */
#include "http/h1.h"

#include "base/error.h"

#include <assert.h>

/* A chunk's size line as written in place: leading zeros, so that its length is known before. */
enum { SIZE_DIGITS = 8, SIZE_LINE = SIZE_DIGITS + 2 };

/* Appends the parts with one check for room. */
static void add_parts(struct lx_buf *out, const struct lx_slice *parts, size_t count)
{
    size_t n = 0;
    char *to;

    for (size_t i = 0; i < count; i++)
        n += parts[i].n;
    to = lx_buf_reserve(out, n);
    if (!to)
        return;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n)
            memcpy(to, parts[i].p, parts[i].n);
        to += parts[i].n;
    }
    lx_buf_commit(out, n);
}

#define ADD(out, ...)                                        \
    add_parts((out), (const struct lx_slice[]){__VA_ARGS__}, \
              sizeof((const struct lx_slice[]){__VA_ARGS__}) / sizeof(struct lx_slice))

void lx_h1_write_request_line(struct lx_buf *out, struct lx_slice method, struct lx_slice target)
{
    ADD(out, method, LX_S(" "), target, LX_S(" HTTP/1.1\r\n"));
}

void lx_h1_write_status_line(struct lx_buf *out, int status)
{
    char digits[3] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                      (char)('0' + status % 10)};

    assert(status >= 100 && status <= 999);
    ADD(out, LX_S("HTTP/1.1 "), lx_slice(digits, 3), LX_S(" "),
        lx_slice_z(lx_http_status_text(status)), LX_S("\r\n"));
}

void lx_h1_write_header(struct lx_buf *out, struct lx_slice name, struct lx_slice value)
{
    ADD(out, name, LX_S(": "), value, LX_S("\r\n"));
}

void lx_h1_write_content_length(struct lx_buf *out, uint64_t n)
{
    lx_buf_add_lit(out, "content-length: ");
    lx_buf_add_int(out, (int64_t)n);
    lx_buf_add_lit(out, "\r\n");
}

void lx_h1_write_chunked(struct lx_buf *out)
{
    lx_buf_add_lit(out, "transfer-encoding: chunked\r\n");
}

void lx_h1_write_head_end(struct lx_buf *out)
{
    lx_buf_add_lit(out, "\r\n");
}

/* Hexadecimal without leading zeros; returns its start in `digits`. */
static struct lx_slice hex(size_t n, char digits[16])
{
    char *end = digits + 16, *at = end;

    do {
        *--at = "0123456789abcdef"[n & 15];
        n >>= 4;
    } while (n);
    return lx_slice(at, (size_t)(end - at));
}

void lx_h1_write_chunk(struct lx_buf *out, struct lx_slice data)
{
    char digits[16];

    if (data.n)
        ADD(out, hex(data.n, digits), LX_S("\r\n"), data, LX_S("\r\n"));
}

size_t lx_h1_chunk_open(struct lx_buf *out)
{
    size_t mark = out->n;

    lx_buf_add_lit(out, "00000000\r\n");
    return mark;
}

void lx_h1_chunk_close(struct lx_buf *out, size_t mark)
{
    char digits[16];
    struct lx_slice size;

    if (out->failed)
        return;
    assert(out->n >= mark + SIZE_LINE);
    if (out->n == mark + SIZE_LINE) {
        out->n = mark;
        return;
    }
    size = hex(out->n - mark - SIZE_LINE, digits);
    if (size.n > SIZE_DIGITS) {
        out->failed = LX_ELIMIT;
        return;
    }
    memcpy(out->p + mark + SIZE_DIGITS - size.n, size.p, size.n);
    lx_buf_add_lit(out, "\r\n");
}

void lx_h1_write_last_chunk(struct lx_buf *out)
{
    lx_buf_add_lit(out, "0\r\n\r\n");
}

/* IANA's registry of status codes, and the 499 that nginx made usual for a client that left. */
static const char *const status_texts[] = {
    [100] = "Continue",
    [101] = "Switching Protocols",
    [102] = "Processing",
    [103] = "Early Hints",
    [200] = "OK",
    [201] = "Created",
    [202] = "Accepted",
    [203] = "Non-Authoritative Information",
    [204] = "No Content",
    [205] = "Reset Content",
    [206] = "Partial Content",
    [207] = "Multi-Status",
    [300] = "Multiple Choices",
    [301] = "Moved Permanently",
    [302] = "Found",
    [303] = "See Other",
    [304] = "Not Modified",
    [307] = "Temporary Redirect",
    [308] = "Permanent Redirect",
    [400] = "Bad Request",
    [401] = "Unauthorized",
    [402] = "Payment Required",
    [403] = "Forbidden",
    [404] = "Not Found",
    [405] = "Method Not Allowed",
    [406] = "Not Acceptable",
    [407] = "Proxy Authentication Required",
    [408] = "Request Timeout",
    [409] = "Conflict",
    [410] = "Gone",
    [411] = "Length Required",
    [412] = "Precondition Failed",
    [413] = "Content Too Large",
    [414] = "URI Too Long",
    [415] = "Unsupported Media Type",
    [416] = "Range Not Satisfiable",
    [417] = "Expectation Failed",
    [418] = "I'm a Teapot",
    [421] = "Misdirected Request",
    [422] = "Unprocessable Content",
    [423] = "Locked",
    [424] = "Failed Dependency",
    [425] = "Too Early",
    [426] = "Upgrade Required",
    [428] = "Precondition Required",
    [429] = "Too Many Requests",
    [431] = "Request Header Fields Too Large",
    [451] = "Unavailable For Legal Reasons",
    [460] = "Client Closed Connection", /* AWS's load balancers; what they call it */
    [498] = "Invalid Token",            /* Groq: Flex Tier Capacity Exceeded */
    [499] = "Client Closed Request",
    [500] = "Internal Server Error",
    [501] = "Not Implemented",
    [502] = "Bad Gateway",
    [503] = "Service Unavailable",
    [504] = "Gateway Timeout",
    [505] = "HTTP Version Not Supported",
    [506] = "Variant Also Negotiates",
    [507] = "Insufficient Storage",
    [508] = "Loop Detected",
    [509] = "Bandwidth Limit Exceeded",
    [510] = "Not Extended",
    [511] = "Network Authentication Required",
    [520] = "Web Server Returned an Unknown Error", /* to 526, and 530: Cloudflare's */
    [521] = "Web Server Is Down",
    [522] = "Connection Timed Out",
    [523] = "Origin Is Unreachable",
    [524] = "A Timeout Occurred",
    [525] = "SSL Handshake Failed",
    [526] = "Invalid SSL Certificate",
    [529] = "Overloaded", /* Anthropic's overloaded_error */
    [530] = "Origin DNS Error",
    [598] = "Network Read Timeout",
    [599] = "Network Connect Timeout",
};

const char *lx_http_status_text(int status)
{
    const char *text = NULL;

    if (status >= 0 && (size_t)status < sizeof status_texts / sizeof *status_texts)
        text = status_texts[status];
    return text ? text : "Unknown";
}
