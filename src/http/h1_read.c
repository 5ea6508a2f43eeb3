/*
 * h1_read.c - reads the heads of HTTP/1.1 messages, both roles.
 *
 * The server reads requests with it, the upstream client replies. One pass over the bytes, no
 * allocation: every slice points into the input, and the fields that decide about framing are
 * picked out as they go by. It never guesses: what two readers could understand in two ways is
 * refused (h1.h has the list), and what a body's bytes mean is h1_body.c's.
 *
 * Every reading step returns false for "stop": with `status` 0 the input ended too early, else
 * status and `why` say what was wrong at `at`.
 */
#include "http/h1.h"

#include "base/text.h"
#include "wire/url.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MAX_EMPTY_LINES = 8 }; /* before a start line; RFC 9112 2.2 asks for "at least one" */

struct parse {
    const char *at, *end;
    struct lx_h1_head *head;
    int status;
    const char *why;
    bool is_reply, in_start_line;
    bool has_host, has_length, has_coding, has_encoding;
    bool said_close, said_keep_alive;
};

static bool fail(struct parse *p, int status, const char *why)
{
    p->status = status;
    p->why = why;
    return false;
}

/* ---- Bytes and lines ---------------------------------------------------------------------- */

static bool line_end(struct parse *p)
{
    if (p->at < p->end && *p->at == '\n')
        return fail(p, 400, "a line that ends with LF alone");
    if (p->at < p->end && *p->at != '\r')
        return fail(p, 400, "a byte that has no place there");
    if (p->end - p->at < 2)
        return false;
    if (p->at[1] != '\n')
        return fail(p, 400, "a CR without LF");
    p->at += 2;
    return true;
}

static bool is_visible(char c)
{
    return (unsigned char)c > ' ' && (unsigned char)c < 0x7f;
}

/* Visible ASCII up to something else, which must have come. */
static bool read_word(struct parse *p, struct lx_slice *out)
{
    const char *at = p->at;

    while (at < p->end && is_visible(*at))
        at++;
    if (at == p->end)
        return false;
    *out = lx_slice(p->at, (size_t)(at - p->at));
    p->at = at;
    return true;
}

static bool read_space(struct parse *p)
{
    if (*p->at != ' ')
        return fail(p, 400, "the start line is not three words with one space between");
    p->at++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The first byte that no field value has: a control byte other than TAB. */
static const char *value_end(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i low = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t'), del = _mm_set1_epi8(0x7f);
    for (; end - at >= 16; at += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, low), x);
        control =
            _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(x, tab), control), _mm_cmpeq_epi8(x, del));
        unsigned mask = (unsigned)_mm_movemask_epi8(control);
        if (mask)
            return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && (((unsigned char)*at >= ' ' && *at != 0x7f) || *at == '\t'))
        at++;
    return at;
}

/* The first byte that no field name has. Nearly all names are letters, digits and hyphens. */
static const char *name_end(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i a = _mm_set1_epi8('a'), zero = _mm_set1_epi8('0'), hyphen = _mm_set1_epi8('-');
    for (; end - at >= 16; at += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i letter = _mm_sub_epi8(_mm_or_si128(x, _mm_set1_epi8(0x20)), a);
        __m128i digit = _mm_sub_epi8(x, zero);
        letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
        digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
        x = _mm_or_si128(_mm_or_si128(letter, digit), _mm_cmpeq_epi8(x, hyphen));
        unsigned mask = 0xffff ^ (unsigned)_mm_movemask_epi8(x);
        if (mask) {
            at += __builtin_ctz(mask);
            break;
        }
    }
#endif
    while (at < end && lx_is_token_byte(*at))
        at++;
    return at;
}

/* The rest of a line, without the blanks around it; the line end is consumed. */
static bool read_value(struct parse *p, struct lx_slice *out)
{
    const char *from = p->at, *to;

    while (from < p->end && is_blank(*from))
        from++;
    p->at = to = value_end(from, p->end);
    while (to > from && is_blank(to[-1]))
        to--;
    *out = lx_slice(from, (size_t)(to - from));
    return line_end(p);
}

/* ---- Fields that mean something here ------------------------------------------------------ */

static bool take_host(struct parse *p, struct lx_slice value)
{
    struct lx_url url;

    if (p->is_reply)
        return true;
    if (p->has_host)
        return fail(p, 400, "more than one Host");
    if (lx_url_read_authority(value, &url, NULL))
        return fail(p, 400, "a Host that is not a host and port");
    p->has_host = true;
    return true;
}

static bool take_expect(struct parse *p, struct lx_slice value)
{
    p->head->expect_continue = lx_slice_eq_nocase(value, LX_S("100-continue"));
    return true;
}

static bool take_connection(struct parse *p, struct lx_slice value)
{
    struct lx_slice one;

    while (value.n) {
        lx_slice_cut(value, ',', &one, &value);
        one = lx_slice_trim(one);
        p->said_close |= lx_slice_eq_nocase(one, LX_S("close"));
        p->said_keep_alive |= lx_slice_eq_nocase(one, LX_S("keep-alive"));
    }
    return true;
}

static bool take_content_type(struct parse *p, struct lx_slice value)
{
    if (!p->head->content_type.p)
        p->head->content_type = value;
    return true;
}

static bool take_content_encoding(struct parse *p, struct lx_slice value)
{
    if (p->has_encoding)
        return fail(p, 400, "more than one Content-Encoding");
    p->has_encoding = true;
    p->head->content_encoding = value;
    return true;
}

static bool take_content_length(struct parse *p, struct lx_slice value)
{
    uint64_t n = 0;

    if (p->has_length)
        return fail(p, 400, "more than one Content-Length");
    for (size_t i = 0; i < value.n; i++) {
        unsigned digit = (unsigned)(value.p[i] - '0');
        if (digit > 9)
            return fail(p, 400, "a Content-Length that is not a decimal number");
        if (n > ((uint64_t)INT64_MAX - digit) / 10)
            return fail(p, 400, "a Content-Length beyond all bounds");
        n = 10 * n + digit;
    }
    if (value.n == 0)
        return fail(p, 400, "an empty Content-Length");
    p->has_length = true;
    p->head->content_length = n;
    return true;
}

/* Nothing but "chunked", once. 501 says that a coding is not known here; but where the list does
 * not end with chunked nobody can tell where the body ends, which is a 400 (RFC 9112 6.3). */
static bool take_transfer_encoding(struct parse *p, struct lx_slice value)
{
    const char *comma = value.n ? memrchr(value.p, ',', value.n) : NULL;
    struct lx_slice last = comma ? lx_slice_from(value, (size_t)(comma + 1 - value.p)) : value;

    if (p->has_coding)
        return fail(p, 400, "more than one Transfer-Encoding");
    p->has_coding = true;
    if (lx_slice_eq_nocase(value, LX_S("chunked")))
        return true;
    return fail(p, comma && lx_slice_eq_nocase(lx_slice_trim(last), LX_S("chunked")) ? 501 : 400,
                "a Transfer-Encoding other than chunked");
}

/* No two of these names have the same length, so the length finds the only candidate; the first
 * byte rules out nearly all others of that length (User-Agent, for one). */
static const struct {
    struct lx_slice name;
    bool (*take)(struct parse *p, struct lx_slice value);
} known_fields[] = {
    [4] = {LX_S_INIT("host"), take_host},
    [6] = {LX_S_INIT("expect"), take_expect},
    [10] = {LX_S_INIT("connection"), take_connection},
    [12] = {LX_S_INIT("content-type"), take_content_type},
    [14] = {LX_S_INIT("content-length"), take_content_length},
    [16] = {LX_S_INIT("content-encoding"), take_content_encoding},
    [17] = {LX_S_INIT("transfer-encoding"), take_transfer_encoding},
};

static bool take_known(struct parse *p, const struct lx_header *f)
{
    size_t n = f->name.n;

    if (n >= sizeof known_fields / sizeof *known_fields || !known_fields[n].take ||
        lx_ascii_lower(f->name.p[0]) != known_fields[n].name.p[0] ||
        !lx_slice_eq_nocase(f->name, known_fields[n].name))
        return true;
    return known_fields[n].take(p, f->value);
}

static bool read_field(struct parse *p, struct lx_header *f)
{
    const char *from = p->at;

    p->at = name_end(from, p->end);
    if (p->at == p->end)
        return false;
    /* A space here is an obs-fold at the start of a line, else a space before the colon. */
    if (*p->at != ':' || p->at == from)
        return fail(p, 400, "a header line that is not a name, a colon and a value");
    f->name = lx_slice(from, (size_t)(p->at - from));
    f->secret = false;
    p->at++;
    return read_value(p, &f->value);
}

/* All fields and the empty line after them. */
static bool read_fields(struct parse *p)
{
    struct lx_h1_head *head = p->head;

    while (p->at < p->end && *p->at != '\r' && *p->at != '\n') {
        struct lx_header *f = &head->fields[head->headers.n];
        if (head->headers.n == LX_H1_MAX_HEADERS)
            return fail(p, 431, "too many header fields");
        if (!read_field(p, f) || !take_known(p, f))
            return false;
        head->headers.n++;
    }
    return line_end(p);
}

/* What the fields say about body and connection, for both roles. */
static bool settle(struct parse *p)
{
    struct lx_h1_head *head = p->head;

    if (p->has_length && p->has_coding)
        return fail(p, 400, "both Content-Length and Transfer-Encoding");
    if (p->has_coding && head->minor == 0)
        return fail(p, 400, "Transfer-Encoding in a message of HTTP/1.0");
    head->keep_alive = !p->said_close && (head->minor == 1 || p->said_keep_alive);
    head->body = p->has_coding              ? LX_H1_BODY_CHUNKED
                 : head->content_length > 0 ? LX_H1_BODY_LENGTH
                                            : LX_H1_BODY_NONE;
    return true;
}

/* ---- Requests ----------------------------------------------------------------------------- */

static bool skip_empty_lines(struct parse *p)
{
    for (int i = 0; p->at < p->end && (*p->at == '\r' || *p->at == '\n'); i++) {
        if (i == MAX_EMPTY_LINES)
            return fail(p, 400, "too many empty lines before a request");
        if (!line_end(p))
            return false;
    }
    return p->at < p->end;
}

/* "HTTP/1.0" or "HTTP/1.1"; another well-formed version is a 505. */
static bool take_version(struct parse *p, struct lx_slice v)
{
    bool formed = v.n == 8 && memcmp(v.p, "HTTP/", 5) == 0 && v.p[6] == '.' && v.p[5] >= '0' &&
                  v.p[5] <= '9' && v.p[7] >= '0' && v.p[7] <= '9';

    if (!formed)
        return fail(p, 400, "no HTTP version where one belongs");
    if (v.p[5] != '1' || v.p[7] > '1')
        return fail(p, 505, "an HTTP version other than 1.0 and 1.1");
    p->head->minor = v.p[7] - '0';
    return true;
}

static bool is_token(struct lx_slice s)
{
    return lx_header_is_valid(s, lx_slice(NULL, 0));
}

/* The four forms of a request target (RFC 9112 3.2), and what each has for a path. */
static bool take_target(struct parse *p)
{
    struct lx_h1_head *head = p->head;
    struct lx_slice whole = head->target;
    struct lx_url url;

    if (lx_slice_eq(head->method, LX_S("CONNECT"))) {
        url.explicit_port = false;
        if (lx_url_read_authority(whole, &url, NULL) || !url.explicit_port)
            return fail(p, 400, "a CONNECT target that is not host:port");
        return true;
    }
    if (whole.p[0] != '/') {
        if (lx_slice_eq(whole, LX_S("*")) && lx_slice_eq(head->method, LX_S("OPTIONS"))) {
            head->path = whole;
            return true;
        }
        if (lx_url_read(whole, &url, NULL) || url.userinfo.p)
            return fail(p, 400, "a request target that is neither a path nor an http URL");
        whole = url.path;
    }
    if (lx_slice_find_byte(whole, '#') >= 0)
        return fail(p, 400, "a fragment in a request target");
    lx_slice_cut(whole, '?', &head->path, &head->query);
    return true;
}

static bool read_request(struct parse *p)
{
    struct lx_slice version;
    struct lx_h1_head *head = p->head;

    p->in_start_line = true;
    if (!skip_empty_lines(p))
        return false;
    const char *start = p->at;
    if (!read_word(p, &head->method) || !read_space(p))
        return false;
    if (!is_token(head->method)) {
        p->at = start;
        return fail(p, 400, "a method that is not a token");
    }
    if (!read_word(p, &head->target) || !read_space(p) || !read_word(p, &version))
        return false;
    if (head->target.n == 0)
        return fail(p, 400, "an empty request target");
    if (!take_version(p, version) || !take_target(p) || !line_end(p))
        return false;
    p->in_start_line = false;
    if (!read_fields(p) || !settle(p))
        return false;
    if (head->minor == 1 && !p->has_host)
        return fail(p, 400, "no Host");
    return true;
}

/* ---- Replies ------------------------------------------------------------------------------ */

/* Three digits from 100 on, then the end of the line or a space and a reason, which may be empty.
 * The space is left out by servers that have no reason to give. */
static bool read_status(struct parse *p)
{
    struct lx_slice code;
    int64_t status;

    if (!read_word(p, &code))
        return false;
    if (code.n != 3 || lx_slice_int(code, &status) || status < 100)
        return fail(p, 400, "a status that is not a number of three digits");
    p->head->status = (int)status;
    if (*p->at != ' ')
        return line_end(p);
    return read_value(p, &p->head->reason);
}

/* RFC 9112 6.3: what kind of reply it is overrides what its fields say about a body. */
static void settle_reply(struct parse *p, bool to_head)
{
    struct lx_h1_head *head = p->head;
    bool bare = head->status < 200 || head->status == 204;
    bool announced = head->body != LX_H1_BODY_NONE;

    if (bare || head->status == 304 || to_head) {
        /* A 1xx or 204 that announces a body may send one: what follows could be anything. */
        head->keep_alive &= !(bare && announced);
        head->body = LX_H1_BODY_NONE;
    } else if (!announced && !p->has_length) {
        head->body = LX_H1_BODY_CLOSE;
        head->keep_alive = false;
    }
}

static bool read_reply(struct parse *p)
{
    struct lx_slice version;

    p->is_reply = true;
    return read_word(p, &version) && read_space(p) && take_version(p, version) && read_status(p) &&
           read_fields(p) && settle(p);
}

/* ---- Entry -------------------------------------------------------------------------------- */

/* Whether to read at all: the head is looked at again only when another line has ended. There are
 * at most LX_H1_MAX_HEADERS of these, so a head that drips in byte by byte is not read each time,
 * and one that is wrong is refused at the end of its wrong line. */
static bool is_worth_reading(struct lx_slice in, size_t seen, size_t max_bytes)
{
    struct lx_slice fresh = lx_slice_from(in, seen);
    return in.n && (seen == 0 || in.n >= max_bytes || lx_slice_find_byte(fresh, '\n') >= 0);
}

static void start(struct parse *p, struct lx_slice in, size_t max_bytes, struct lx_h1_head *head)
{
    *p = (struct parse){.at = in.p, .end = in.p + lx_slice_to(in, max_bytes).n, .head = head};
    /* All but the array of fields, which is large and of which only headers.n count. */
    head->headers = (struct lx_headers){.v = head->fields};
    head->method = head->target = head->path = head->query = lx_slice(NULL, 0);
    head->reason = head->content_type = head->content_encoding = lx_slice(NULL, 0);
    head->expect_continue = head->keep_alive = false;
    head->status = head->minor = 0;
    head->body = LX_H1_BODY_NONE;
    head->content_length = 0;
}

/* Where reading stopped: at the limit, at the end of what has come, or at a fault. */
static ssize_t stop(struct parse *p, struct lx_slice in, size_t max_bytes, struct lx_error *err)
{
    if (!p->status && in.n < max_bytes)
        return 0;
    if (!p->status)
        fail(p, p->in_start_line ? 414 : 431, "larger than the limit");
    return lx_error_set_at(err, p->status == 414 || p->status == 431 ? LX_ELIMIT : LX_EHTTP,
                           (size_t)(p->at - in.p), "the head of the %s: %s",
                           p->is_reply ? "reply" : "request", p->why);
}

ssize_t lx_h1_read_request(struct lx_slice in, size_t seen, size_t max_bytes,
                           struct lx_h1_head *out, int *status, struct lx_error *err)
{
    struct parse p;
    ssize_t rc;

    if (!is_worth_reading(in, seen, max_bytes))
        return 0;
    start(&p, in, max_bytes, out);
    if (read_request(&p))
        return p.at - in.p;
    rc = stop(&p, in, max_bytes, err);
    if (rc < 0)
        *status = p.status;
    return rc;
}

ssize_t lx_h1_read_reply(struct lx_slice in, size_t seen, size_t max_bytes, bool to_head,
                         struct lx_h1_head *out, struct lx_error *err)
{
    struct parse p;
    ssize_t rc;

    if (!is_worth_reading(in, seen, max_bytes))
        return 0;
    start(&p, in, max_bytes, out);
    if (read_reply(&p)) {
        settle_reply(&p, to_head);
        return p.at - in.p;
    }
    rc = stop(&p, in, max_bytes, err);
    if (rc == LX_EHTTP) {
        rc = LX_EPROTO;
        if (err)
            err->code = LX_EPROTO;
    }
    return rc;
}
