/*
 * case_file.c - reads the Markdown of a case, line by line.
 *
 *   # title, facts, prose            the file
 *   ## heading, facts, block, prose  a section, up to four of them in one exchange
 *
 * Strict where a slip of the pen would make a test say less than it seems to: unknown facts and
 * headings, a second block, a fact after a block and an open block are errors.
 */
#include "cmd/case_file.h"

#include <zlib.h>

#include "base/buf.h"
#include "base/text.h"

struct case_reader {
    struct lx_slice text; /* the whole file */
    size_t at;            /* start of the next line */
    size_t line;          /* number of the line that was read last */
    struct lx_arena *arena;
    struct lx_error *err;
};

enum { MAX_LINE_SHOWN = 60 };

static const struct {
    struct lx_slice heading;
    struct lx_slice facts; /* that may stand there, with spaces around each */
} sections[LX_CASE_SECTIONS] = {
    [LX_CASE_CLIENT_REQUEST] = {LX_S_INIT("Client request"), LX_S_INIT(" ")},
    [LX_CASE_UPSTREAM_REQUEST] = {LX_S_INIT("Upstream request"),
                                  LX_S_INIT(" path header lost changed ")},
    [LX_CASE_UPSTREAM_RESPONSE] = {LX_S_INIT("Upstream response"),
                                   LX_S_INIT(
                                       " status content-type header first-byte-ms event-ms ")},
    [LX_CASE_CLIENT_RESPONSE] = {LX_S_INIT("Client response"), LX_S_INIT(" status ")},
};

static int wrong(struct case_reader *r, const char *what, struct lx_slice shown)
{
    if (r->arena->failed)
        return lx_error_set(r->err, r->arena->failed, "%s", lx_code_text(r->arena->failed));
    shown = lx_slice_to(shown, MAX_LINE_SHOWN);
    return lx_error_set_at(r->err, LX_EINVAL, r->at, "line %zu: %s: %.*s", r->line, what,
                           LX_F(shown));
}

/* The next line without its end; false, and an absent line, at the end of the file. */
static bool next_line(struct case_reader *r, struct lx_slice *line)
{
    struct lx_slice rest = lx_slice_from(r->text, r->at);
    *line = (struct lx_slice){0};
    if (rest.n == 0)
        return false;
    bool ended = lx_slice_cut(rest, '\n', line, &(struct lx_slice){0});
    r->at += line->n + ended;
    r->line++;
    return true;
}

static bool word_in(struct lx_slice words, struct lx_slice word)
{
    struct lx_slice head;
    while (words.n > 0) {
        lx_slice_cut(words, ' ', &head, &words);
        if (word.n > 0 && lx_slice_eq(head, word))
            return true;
    }
    return false;
}

/* ---- Blocks ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One escape, s being what follows the backslash. Bytes used, or 0 when it is none. */
static size_t read_escape(struct lx_slice s, char *out)
{
    static const char from[] = "nrt\\", to[] = "\n\r\t\\";
    const char *known = s.n > 0 && s.p[0] ? strchr(from, s.p[0]) : NULL;
    if (known) {
        *out = to[known - from];
        return 1;
    }
    if (s.n < 3 || s.p[0] != 'x' || hex_value(s.p[1]) < 0 || hex_value(s.p[2]) < 0)
        return 0;
    *out = (char)(hex_value(s.p[1]) * 16 + hex_value(s.p[2]));
    return 3;
}

static int read_escaped(struct case_reader *r, struct lx_slice text, struct lx_slice *out)
{
    char *to = lx_arena_bytes(r->arena, text.n + 1);
    size_t n = 0;
    if (!to)
        return wrong(r, "", text);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n')
            continue;
        if (text.p[i] != '\\') {
            to[n++] = text.p[i];
            continue;
        }
        size_t used = read_escape(lx_slice_from(text, i + 1), &to[n++]);
        if (used == 0)
            return wrong(r, "unknown escape", lx_slice_from(text, i));
        i += used;
    }
    *out = lx_slice(to, n);
    return 0;
}

static void add_be32(struct lx_buf *b, size_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        lx_buf_add_byte(b, (char)(v >> shift));
}

static void add_header(struct lx_buf *b, struct lx_slice name, struct lx_slice value)
{
    lx_buf_add_byte(b, (char)name.n);
    lx_buf_add(b, name);
    lx_buf_add_byte(b, 7); /* a string */
    lx_buf_add_byte(b, (char)(value.n >> 8));
    lx_buf_add_byte(b, (char)value.n);
    lx_buf_add(b, value);
}

static void add_sum(struct lx_buf *b, size_t from)
{
    if (!b->failed)
        add_be32(b, crc32_z(0, (const unsigned char *)b->p + from, b->n - from));
}

static int read_chunk(struct case_reader *r, struct lx_slice json, struct lx_slice *out)
{
    struct lx_buf b;
    lx_buf_init(&b, 16 << 20);
    lx_buf_add_lit(&b, "{\"bytes\":\"");
    lx_base64_write(&b, json);
    lx_buf_add_lit(&b, "\",\"p\":\"abc\"}");
    *out = lx_arena_copy(r->arena, lx_buf_slice(&b));
    bool good = !b.failed && out->p;
    lx_buf_clear(&b);
    return good ? 0 : wrong(r, "", json);
}

/* A message of an AWS event stream: "TYPE PAYLOAD", and an exception with '!' before it. A payload
 * that is no JSON has '=' before it, and escapes; one that is JSON in base64, within the JSON of a
 * chunk, '+'. */
static int add_frame(struct case_reader *r, struct lx_slice line, struct lx_buf *headers,
                     struct lx_buf *out)
{
    struct lx_slice type, payload;
    size_t start = out->n;
    bool event = !lx_slice_starts(line, LX_S("!"));
    lx_slice_cut(lx_slice_from(line, !event), ' ', &type, &payload);
    bool bytes = lx_slice_starts(payload, LX_S("="));
    int code = bytes ? read_escaped(r, lx_slice_from(payload, 1), &payload) : 0;
    if (lx_slice_starts(payload, LX_S("+")))
        code = read_chunk(r, lx_slice_from(payload, 1), &payload);
    lx_buf_reset(headers);
    add_header(headers, event ? LX_S(":event-type") : LX_S(":exception-type"), type);
    add_header(headers, LX_S(":content-type"),
               bytes ? LX_S("application/octet-stream") : LX_S("application/json"));
    add_header(headers, LX_S(":message-type"), event ? LX_S("event") : LX_S("exception"));
    add_be32(out, headers->n + payload.n + 16);
    add_be32(out, headers->n);
    add_sum(out, start);
    lx_buf_add(out, lx_buf_slice(headers));
    lx_buf_add(out, payload);
    add_sum(out, start);
    return code;
}

static int read_frames(struct case_reader *r, struct lx_slice text, struct lx_slice *out)
{
    struct lx_buf frames, headers;
    struct lx_slice line;
    lx_buf_init(&frames, 16 << 20);
    lx_buf_init(&headers, 1 << 16);
    int code = 0;
    while (text.n && code == 0) {
        lx_slice_cut(text, '\n', &line, &text);
        if (line.n)
            code = add_frame(r, line, &headers, &frames);
    }
    *out = lx_arena_copy(r->arena, lx_buf_slice(&frames));
    bool good = !frames.failed && !headers.failed && out->p;
    lx_buf_clear(&frames);
    lx_buf_clear(&headers);
    if (!good && !r->arena->failed)
        r->arena->failed = LX_ENOMEM;
    return good || code ? code : wrong(r, "", text);
}

/* text: what stands between the fences, the last line break included. */
static int decode_block(struct case_reader *r, struct lx_slice text, struct lx_case_section *s)
{
    if (lx_slice_eq(s->block_kind, LX_S("escaped")))
        return read_escaped(r, text, &s->body);
    if (lx_slice_eq(s->block_kind, LX_S("frames")))
        return read_frames(r, text, &s->body);
    if (lx_slice_eq(s->block_kind, LX_S("ndjson"))) {
        s->body = text;
        return 0;
    }
    if (lx_slice_eq(s->block_kind, LX_S("sse"))) {
        s->body = text;
        if (text.n == 0 || lx_slice_ends(text, LX_S("\n\n")))
            return 0;
        char *to = lx_arena_bytes(r->arena, text.n + 1);
        if (!to)
            return wrong(r, "", text);
        memcpy(to, text.p, text.n);
        to[text.n] = '\n';
        s->body = lx_slice(to, text.n + 1);
        return 0;
    }
    if (!lx_slice_eq(s->block_kind, LX_S("json")) && !lx_slice_eq(s->block_kind, LX_S("text")))
        return wrong(r, "unknown kind of block", s->block_kind);
    s->body = lx_slice_to(text, text.n > 0 ? text.n - 1 : 0);
    return 0;
}

/* Reads up to the closing fence; `open` is the opening line. */
static int read_block(struct case_reader *r, struct lx_slice open, struct lx_case_section *s)
{
    size_t ticks = 0, start = r->at, line_number = r->line;
    while (ticks < open.n && open.p[ticks] == '`')
        ticks++;
    struct lx_slice fence = lx_slice_to(open, ticks), line;
    s->block_kind = lx_slice_trim(lx_slice_from(open, ticks));
    for (size_t end = start; next_line(r, &line); end = r->at)
        if (lx_slice_eq(line, fence))
            return decode_block(r, lx_slice(r->text.p + start, end - start), s);
    r->line = line_number;
    return wrong(r, "this block is never closed", open);
}

/* ---- Facts ---- */

/* Appends a fact when the line is one: *is_fact says so. */
static int read_fact(struct case_reader *r, struct lx_slice line, struct lx_case_fact ***tail,
                     bool *is_fact)
{
    struct lx_slice name, value;
    *is_fact = lx_slice_starts(line, LX_S("- "));
    if (!*is_fact)
        return 0;
    line = lx_slice_from(line, 2);
    if (!lx_slice_cut(line, ':', &name, &value))
        return wrong(r, "a fact is `- name: value`", line);
    /* "header NAME: VALUE" is a fact called header. */
    if (lx_slice_starts(name, LX_S("header "))) {
        name = lx_slice_to(name, strlen("header"));
        value = lx_slice_from(line, strlen("header "));
    }
    struct lx_case_fact *f = lx_arena_new(r->arena, struct lx_case_fact);
    if (!f)
        return wrong(r, "", line);
    f->name = lx_slice_trim(name);
    f->value = lx_slice_trim(value);
    **tail = f;
    *tail = &f->next;
    return 0;
}

static int take_file_fact(struct case_reader *r, const struct lx_case_fact *f, struct lx_case *c)
{
    const struct {
        struct lx_slice name;
        struct lx_slice *to;
    } known[] = {
        {LX_S("front"), &c->front},     {LX_S("target"), &c->target},
        {LX_S("source"), &c->source},   {LX_S("language"), &c->language},
        {LX_S("address"), &c->address}, {LX_S("api-version"), &c->api_version},
        {LX_S("options"), &c->options}, {LX_S("through"), &c->through},
        {LX_S("id"), &c->id},
    };
    if (lx_slice_eq(f->name, LX_S("now")))
        return lx_slice_int(f->value, &c->now_s) == 0 ? 0 : wrong(r, "not a number", f->value);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (lx_slice_eq(f->name, known[i].name)) {
            *known[i].to = f->value;
            return 0;
        }
    }
    return wrong(r, "unknown fact", f->name);
}

/* ---- The file and its sections ---- */

/* From the title to the first heading, whose line is in *line when there is one. */
static int read_top(struct case_reader *r, struct lx_case *c, struct lx_slice *line)
{
    if (!next_line(r, line) || !lx_slice_starts(*line, LX_S("# ")))
        return wrong(r, "a case starts with `# title`", *line);
    c->title = lx_slice_trim(lx_slice_from(*line, 2));
    while (next_line(r, line)) {
        struct lx_case_fact *fact = NULL, **tail = &fact;
        bool is_fact;
        if (lx_slice_starts(*line, LX_S("## ")))
            break;
        int code = read_fact(r, *line, &tail, &is_fact);
        if (code == 0 && fact)
            code = take_file_fact(r, fact, c);
        if (code)
            return code;
    }
    if (!c->front.n || !c->target.n || !c->source.n)
        return wrong(r, "the facts front, target and source are needed", c->title);
    return 0;
}

/* From below a heading to the next, whose line is left in *line; absent at the file's end. */
static int read_section(struct case_reader *r, enum lx_case_section_kind kind,
                        struct lx_case_section *s, struct lx_slice *line)
{
    struct lx_case_fact **tail = &s->facts;
    size_t start = r->at, end = r->at;
    bool is_fact, prose = false;
    s->present = true;
    while (next_line(r, line) && !lx_slice_starts(*line, LX_S("## "))) {
        int code = 0;
        if (lx_slice_starts(*line, LX_S("```"))) {
            code = s->block_kind.p ? wrong(r, "a second block", *line) : read_block(r, *line, s);
            end = r->at;
        } else if (!s->block_kind.p && !prose) {
            struct lx_case_fact **fact = tail;
            code = read_fact(r, *line, &tail, &is_fact);
            if (code == 0 && is_fact) {
                end = r->at;
                if (!word_in(sections[kind].facts, (*fact)->name))
                    code = wrong(r, "unknown fact here", (*fact)->name);
            }
            prose = !is_fact && lx_slice_trim(*line).n > 0;
        } else if (lx_slice_starts(*line, LX_S("- "))) {
            code = wrong(r, "facts stand right below the heading; write prose otherwise", *line);
        }
        if (code)
            return code;
    }
    s->text = lx_slice(r->text.p + start, end - start);
    return 0;
}

static int find_section(struct case_reader *r, struct lx_slice heading,
                        enum lx_case_section_kind *out)
{
    for (size_t i = 0; i < LX_CASE_SECTIONS; i++) {
        if (lx_slice_eq(heading, sections[i].heading)) {
            *out = (enum lx_case_section_kind)i;
            return 0;
        }
    }
    return wrong(r, "unknown heading", heading);
}

int lx_case_read(struct lx_slice text, struct lx_arena *a, struct lx_case *out,
                 struct lx_error *err)
{
    struct case_reader r = {.text = text, .arena = a, .err = err};
    struct lx_case c = {.now_s = 1700000000, .id = LX_S("case-id"), .through = LX_S("call")};
    struct lx_case_exchange **tail = &c.exchanges, *x = NULL;
    struct lx_slice line = {0};
    int code = read_top(&r, &c, &line);

    while (code == 0 && line.p) {
        enum lx_case_section_kind kind = LX_CASE_CLIENT_REQUEST;
        code = find_section(&r, lx_slice_trim(lx_slice_from(line, 3)), &kind);
        if (code)
            break;
        if (!x || x->section[kind].present) {
            x = lx_arena_new(a, struct lx_case_exchange);
            if (!x)
                return wrong(&r, "", line);
            *tail = x;
            tail = &x->next;
        }
        code = read_section(&r, kind, &x->section[kind], &line);
    }
    if (code == 0 && !x)
        code = wrong(&r, "a case without a section", c.title);
    if (code == 0)
        *out = c;
    return code;
}

/* ---- Asking ---- */

const struct lx_case_fact *lx_case_fact_find(const struct lx_case_fact *after, struct lx_slice name)
{
    while (after && !lx_slice_eq(after->name, name))
        after = after->next;
    return after;
}

int lx_case_status(const struct lx_case_section *s)
{
    const struct lx_case_fact *f = lx_case_fact_find(s->facts, LX_S("status"));
    int64_t status = 200;
    return f && lx_slice_int(f->value, &status) == 0 ? (int)status : 200;
}

struct lx_slice lx_case_content_type(const struct lx_case_section *s)
{
    const struct lx_case_fact *f = lx_case_fact_find(s->facts, LX_S("content-type"));
    if (f)
        return f->value;
    if (lx_slice_eq(s->block_kind, LX_S("sse")))
        return LX_S("text/event-stream");
    if (lx_slice_eq(s->block_kind, LX_S("frames")))
        return LX_S("application/vnd.amazon.eventstream");
    if (lx_slice_eq(s->block_kind, LX_S("ndjson")))
        return LX_S("application/x-ndjson");
    return lx_slice_eq(s->block_kind, LX_S("json")) ? LX_S("application/json") : LX_S("text/plain");
}

bool lx_case_has_option(const struct lx_case *c, struct lx_slice word)
{
    return word_in(c->options, word);
}
