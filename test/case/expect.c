/*
 * expect.c - facts and body of an expectation, next to what really came.
 */
#include "expect.h"

#include "show.h"

static void write_fact(struct lx_buf *out, const char *name, struct lx_slice value)
{
    lx_buf_addf(out, "- %s: ", name);
    lx_buf_add(out, value);
    lx_buf_add_lit(out, "\n");
}

static void write_header(struct lx_buf *out, struct lx_slice name, struct lx_slice value)
{
    lx_buf_add_lit(out, "- header ");
    lx_buf_add(out, name);
    lx_buf_add_lit(out, ": ");
    lx_buf_add(out, value);
    lx_buf_add_lit(out, "\n");
}

/* Every fact of that name, as the file has it. */
static void write_facts_named(struct lx_buf *out, const struct lx_case_section *s, const char *name)
{
    const struct lx_slice wanted = lx_slice_z(name);
    for (const struct lx_case_fact *f = lx_case_fact_find(s->facts, wanted); f;
         f = lx_case_fact_find(f->next, wanted))
        write_fact(out, name, f->value);
}

/* The headers that the section names, as they were sent. */
static void write_sent_headers(struct lx_buf *out, const struct lx_case_section *s,
                               const struct crossing *x)
{
    const struct lx_slice header = LX_S("header");
    for (const struct lx_case_fact *f = lx_case_fact_find(s->facts, header); f;
         f = lx_case_fact_find(f->next, header)) {
        struct lx_slice name, value;
        lx_slice_cut(f->value, ':', &name, &value);
        value = lx_headers_get(&x->headers, name);
        if (value.p)
            write_header(out, name, value);
    }
}

static void write_expected_headers(struct lx_buf *out, const struct lx_case_section *s)
{
    const struct lx_slice header = LX_S("header");
    for (const struct lx_case_fact *f = lx_case_fact_find(s->facts, header); f;
         f = lx_case_fact_find(f->next, header)) {
        struct lx_slice name, value;
        lx_slice_cut(f->value, ':', &name, &value);
        write_header(out, name, lx_slice_trim(value));
    }
}

static void write_losses(struct lx_buf *out, const struct crossing *x)
{
    for (int changed = 0; changed < 2; changed++)
        for (const struct lx_loss *l = x->losses.first; l; l = l->next)
            if (l->changed == changed)
                write_fact(out, changed ? "changed" : "lost", l->what);
}

static void write_status(struct lx_buf *out, int status)
{
    lx_buf_addf(out, "- status: %d\n", status);
}

/* A URL without scheme and host. */
static struct lx_slice path_of(struct lx_slice url)
{
    ssize_t host = lx_slice_find(url, LX_S("://"));
    struct lx_slice rest = host < 0 ? url : lx_slice_from(url, (size_t)host + 3);
    ssize_t path = host < 0 ? 0 : lx_slice_find_byte(rest, '/');
    return path < 0 ? lx_slice(rest.p, 0) : lx_slice_from(rest, (size_t)path);
}

static void write_upstream(const struct lx_case_section *s, const struct crossing *x,
                           struct lx_buf *expected, struct lx_buf *got)
{
    const struct lx_case_fact *path = lx_case_fact_find(s->facts, LX_S("path"));
    if (path) {
        bool same = lx_slice_ends(lx_buf_slice(&x->url), path->value);
        write_fact(expected, "path", path->value);
        write_fact(got, "path", same ? path->value : path_of(lx_buf_slice(&x->url)));
    }
    write_expected_headers(expected, s);
    write_sent_headers(got, s, x);
    write_facts_named(expected, s, "lost");
    write_facts_named(expected, s, "changed");
    write_losses(got, x);
    if (x->sent)
        show_comparable(s->block_kind, lx_buf_slice(&x->upstream), got);
    else
        lx_buf_add_lit(got, "(nothing was sent)\n");
}

static void write_client(const struct lx_case_section *s, const struct crossing *x,
                         struct lx_buf *expected, struct lx_buf *got)
{
    write_status(expected, lx_case_status(s));
    write_status(got, x->status);
    show_comparable(s->block_kind, lx_buf_slice(&x->client), got);
}

void expect_write(const struct lx_case_section *s, enum lx_case_section_kind kind,
                  const struct crossing *x, struct lx_buf *expected, struct lx_buf *got)
{
    if (kind == LX_CASE_UPSTREAM_REQUEST)
        write_upstream(s, x, expected, got);
    else
        write_client(s, x, expected, got);
    if (!s->block_kind.p && kind == LX_CASE_UPSTREAM_REQUEST)
        lx_buf_add_lit(expected, "(no block: nothing is expected yet; bless it)\n");
    else
        show_comparable(s->block_kind, s->body, expected);
}

void expect_bless(const struct lx_case_section *s, enum lx_case_section_kind kind,
                  const struct crossing *x, bool stream, struct lx_buf *out)
{
    bool empty = !s->block_kind.p && !s->facts;
    const struct lx_buf *body = kind == LX_CASE_UPSTREAM_REQUEST ? &x->upstream : &x->client;
    lx_buf_add_lit(out, "\n");
    size_t start = out->n;
    if (kind == LX_CASE_UPSTREAM_REQUEST) {
        if (empty || lx_case_fact_find(s->facts, LX_S("path")))
            write_fact(out, "path", path_of(lx_buf_slice(&x->url)));
        write_sent_headers(out, s, x);
        write_losses(out, x);
    } else if (x->status != 200) {
        write_status(out, x->status);
    }
    if (out->n > start && body->n > 0)
        lx_buf_add_lit(out, "\n");
    if (body->n > 0)
        show_block(lx_buf_slice(body), stream && kind != LX_CASE_UPSTREAM_REQUEST, out);
}
