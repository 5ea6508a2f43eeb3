/*
 * case_file.h - a case: a recorded conversation in one Markdown file (test/case/README.md).
 *
 * Read by `llmux replay`, which serves upstream responses, and by the tests. Pure: text in,
 * structure out.
 */
#ifndef LX_CMD_CASE_FILE_H
#define LX_CMD_CASE_FILE_H

#include "base/arena.h"
#include "base/error.h"

/* "- name: value" below a heading, in the order they stand. */
struct lx_case_fact {
    struct lx_slice name, value;
    struct lx_case_fact *next;
};

enum lx_case_section_kind {
    LX_CASE_CLIENT_REQUEST,
    LX_CASE_UPSTREAM_REQUEST,
    LX_CASE_UPSTREAM_RESPONSE,
    LX_CASE_CLIENT_RESPONSE,
    LX_CASE_SECTIONS
};

struct lx_case_section {
    bool present; /* its heading is there */
    struct lx_case_fact *facts;
    /* "json", "sse", "ndjson", "text", "escaped", "frames"; absent: none */
    struct lx_slice block_kind;
    struct lx_slice body; /* the block's bytes, ready to be sent */
    struct lx_slice text; /* of the file: facts and block, what blessing replaces */
};

/* One request and its response. */
struct lx_case_exchange {
    struct lx_case_section section[LX_CASE_SECTIONS];
    struct lx_case_exchange *next;
};

struct lx_case {
    struct lx_slice title;
    struct lx_slice front, target, source;          /* always given */
    struct lx_slice language, options, through, id; /* empty: not given */
    struct lx_slice address, api_version;
    int64_t now_s;
    struct lx_case_exchange *exchanges; /* at least one */
};

/* Reads a case. Borrows from text, which must outlive it; the rest is in the arena. 0, or
 * LX_EINVAL with the line in err, or the arena's failure. */
int lx_case_read(struct lx_slice text, struct lx_arena *a, struct lx_case *out,
                 struct lx_error *err);

/* The first fact of that name, from `after` on; NULL when there is none. */
const struct lx_case_fact *lx_case_fact_find(const struct lx_case_fact *after,
                                             struct lx_slice name);
/* The status fact of a section, 200 when there is none. */
int lx_case_status(const struct lx_case_section *s);
/* The content-type fact of a response, else what its block's kind means; never empty. */
struct lx_slice lx_case_content_type(const struct lx_case_section *s);
/* True when `word` is one of the case's options. */
bool lx_case_has_option(const struct lx_case *c, struct lx_slice word);

#endif
