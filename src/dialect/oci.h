/*
 * oci.h - Oracle's Generative AI, for the files of its language: oci.c (what stands around a chat,
 * and the generic form of it), oci_cohere.c (Cohere's form), oci_read.c (the replies of both),
 * oci_embed.c.
 *
 * Private to src/dialect.
 */
#ifndef LX_DIALECT_OCI_H
#define LX_DIALECT_OCI_H

#include "dialect/reshape.h"

/* ---- oci.c ---- */
/* "servingMode": the model, or the endpoint that is the client's alone; root: OpenAI's body, with
 * LiteLLM's oci_serving_mode and oci_endpoint_id where they are said, or NONE. */
void lx_oci_write_serving(struct lx_out *out, const struct lx_write_options *o,
                          struct lx_json root);
/* The limit of tokens; without one the service stops after some twenty: what the model says at most
 * is asked for, or `fallback`, a number of LiteLLM's. */
void lx_oci_write_limit(struct lx_reshape *w, const char *name, int64_t fallback);

/* ---- oci_cohere.c ---- */
/* The members of "chatRequest". */
void lx_oci_cohere_write(struct lx_reshape *w);

/* ---- oci_read.c ---- */
/* What a stream's reader remembers. */
struct lx_oci_reading {
    struct lx_openai_stream stream;
    int64_t calls; /* that have begun */
    bool said;     /* a piece of text has come */
};
int lx_oci_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err);
int lx_oci_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                      const struct lx_reply_context *c, struct lx_events *out,
                      struct lx_error *err);
int lx_oci_read_end(void *state, struct lx_events *out, struct lx_error *err);
void lx_oci_clear(void *state);

#endif
