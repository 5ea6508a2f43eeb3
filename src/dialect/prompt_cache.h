/*
 * prompt_cache.h - prompts whose beginning a provider keeps under a name that it gives, so that
 * requests name it instead of saying it again (Gemini's cachedContents).
 *
 * A back says where a prompt may be cut while it writes it (struct lx_prompt_cut). Then the body is
 * cut in two, whoever has changed it meanwhile: what is kept and what is still said are the whole
 * of it, in order. Functions are pure; call/prompt_cache.c makes the exchanges.
 */
#ifndef LX_DIALECT_PROMPT_CACHE_H
#define LX_DIALECT_PROMPT_CACHE_H

#include "dialect/dialect.h"

/* What a provider says of a prompt that it keeps. */
struct lx_kept_prompt {
    struct lx_slice name;      /* absent: there is none such */
    int64_t expires_s;         /* 0: it does not say */
    int64_t life_s;            /* from when it was made to that; 0: it does not say */
    struct lx_slice next_page; /* of a list that goes on; or empty */
};

struct lx_prompt_cache {
    /* Appends what is to be kept: a JSON object without its closing brace, which equals another
     * byte by byte where the same is to be kept of the same model (its name as the provider wants
     * it here). False: nothing is to be kept of this body. Failures are the buffer's. */
    bool (*write_kept)(const struct lx_json_doc *body, const struct lx_prompt_cut *cut,
                       struct lx_slice model, struct lx_buf *out);
    /* Completes that: `label` is what it is found by. */
    void (*write_end)(const struct lx_prompt_cut *cut, struct lx_slice label, struct lx_buf *out);
    /* Appends the body with the name of what is kept in its place. */
    void (*write_rest)(const struct lx_json_doc *body, const struct lx_prompt_cut *cut,
                       struct lx_slice name, struct lx_buf *out);
    /* Reads the reply to a creation, or a page of the list of all that is kept; what does not have
     * the label is not it. Slices are the document's, or the arena's. */
    void (*read)(const struct lx_json_doc *reply, struct lx_slice label, struct lx_arena *a,
                 struct lx_kept_prompt *out);
    /* The query of a page of the list, in the arena; page: what the one before said, or empty. */
    struct lx_slice (*query)(struct lx_slice page, struct lx_arena *a);
    /* The fault speaks of what is kept. */
    bool (*is_meant)(const struct lx_fault *f);
};

#endif
