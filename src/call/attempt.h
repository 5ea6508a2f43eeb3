/*
 * attempt.h - the request of one attempt while it is written, for the files that write it:
 * attempt.c (what was configured and wished, and whether it can be), attempt_body.c (the body) and
 * attempt_head.c (address, headers, signature). Inside of call/ only.
 */
#ifndef LX_CALL_ATTEMPT_H
#define LX_CALL_ATTEMPT_H

#include "call/call.h"
#include "call/members.h"

struct lx_attempt_writer {
    struct lx_attempt *at;
    const struct lx_deployment *d;
    const struct lx_provider *p;
    const struct lx_target *target;
    struct lx_offer offer; /* how it serves what is asked */
    const struct lx_dialect *from, *to;
    const struct lx_json_doc *body;
    struct lx_members members;
    struct lx_slice model; /* upstream */
    enum lx_tristate stream;
    struct lx_write_options options;
    bool enforce_format;      /* enable_json_schema_validation */
    bool tells_tools;         /* add_function_to_prompt */
    bool system_first;        /* openai_system_messages_first */
    struct lx_slice *allowed; /* the deployment's and the client's together */
    size_t allowed_count;
    const struct lx_media_found *found;
    struct lx_slice *paths; /* to drop, as above */
    size_t path_count;
    struct lx_arena *arena;
    struct lx_header_list headers;
    struct lx_body out;
    struct lx_fault *fault;
};

/* ---- attempt.c ---- */
/* Fills the fault; message: absent: the code's own text. Returns the code. */
int lx_attempt_fail(struct lx_attempt_writer *w, enum lx_fault_kind kind, int code,
                    struct lx_slice message);
/* Whether s is among v's n. */
bool lx_attempt_has(const struct lx_slice *v, size_t n, struct lx_slice s);
/* The row's quirks leave this member of the model's out, whatever it says or but for some words. */
bool lx_attempt_refuses(const struct lx_attempt_writer *w, struct lx_slice member);

/* ---- attempt_body.c ---- */
/* Writes at->out.body: `edit` has what is to be done to the client's own body. `request`: what it
 * was read as, or NULL; first: of embeddings the input that it begins with. 0, or a code with the
 * fault filled. */
int lx_attempt_write_body(struct lx_attempt_writer *w, struct lx_json_edit *edit,
                          const struct lx_request *request, size_t first, struct lx_buf *buf);

/* ---- attempt_head.c ---- */
/* Writes at->out.url. 0, or a code with the fault filled. */
int lx_attempt_write_url(struct lx_attempt_writer *w);
/* Writes at->kept_url and at->kept_model, where the prompt may be cut. */
void lx_attempt_write_kept(struct lx_attempt_writer *w);
/* Writes at->out.headers; of_body: those that the body's writer wants. */
void lx_attempt_write_headers(struct lx_attempt_writer *w, const struct lx_headers *of_body);

#endif
