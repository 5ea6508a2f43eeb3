/*
 * client.h - inside the library: what is behind the opaque handles of llmux.h.
 */
#ifndef LX_CLIENT_CLIENT_H
#define LX_CLIENT_CLIENT_H

#include "llmux/llmux.h"
#include "net/aside.h"
#include "net/drive.h"
#include "config/config.h"

#define LX_REPLY_MAX (256u << 20) /* bytes of one reply the library holds */

/* A key or address set by hand, for one provider. */
struct lx_override {
    struct lx_slice provider;
    struct lx_secret key;
    struct lx_slice base_url;
    struct lx_override *next;
};

/* A model that was asked for by its name, which no configuration has. */
struct lx_named_model {
    struct lx_deployment d; /* its key and address: these, or an override's */
    struct lx_secret key;
    struct lx_credential_source *credential;
    struct lx_slice base_url;
    struct lx_named_model *next;
};

/* Models registered by hand. */
struct lx_registered {
    struct lx_slice json;
    struct lx_registered *next;
};

/*
 * A configuration in use, or an empty one, and what was asked for by its name beside it. It is
 * replaced whole; what is under way goes on with the one that it began with, and holds it.
 */
struct lx_setup {
    size_t holders;
    struct lx_config *config;
    const struct lx_strategy *strategy; /* the configuration's own */
    struct lx_named_model *named;       /* in the configuration's arena */
};

struct llmux_client {
    struct lx_loop *loop;
    struct lx_net *net;
    struct lx_arena arena; /* overrides and answers: as long as the client */
    struct lx_setup *setup;
    struct lx_registered *registered, **last_registered;
    char cost[64];                  /* the last one asked for */
    struct lx_tokenizer *tokenizer; /* made when it is first needed; or NULL */
    struct lx_buf tokens, text;     /* the last that were encoded, and decoded */
    struct lx_keys *keys;           /* exchanged for credentials */
    struct lx_override *overrides;
    struct lx_route_state *router; /* of all setups */
    struct lx_route_trail *trail;  /* the last decisions */
    struct lx_call_pool *calls;    /* made with the first call, by the settings there are then */
    struct lx_buf shown;           /* the router's state when it was last asked for */
    int64_t epoch_ms;              /* as lx_drive wants it */
    int64_t timeout_ms, max_retries;
    int drop_params;            /* -1: as configured */
    llmux_strategy_fn strategy; /* a host's own; or NULL */
    void *strategy_arg;
    size_t in_flight;
    struct lx_asides mirrors; /* requests of silent_model: they go on while the loop turns */
};

struct lx_member {
    struct lx_slice name, json;
    struct lx_member *next;
};

struct llmux_request {
    struct lx_arena arena;
    struct lx_slice model;
    struct lx_buf messages, tools, inputs; /* elements, comma-separated */
    struct lx_member *members;
    int failed; /* the first failure of a setter that had no room to say so */
};

struct llmux_error {
    char *message;
    const char *class_name;
    char provider[64], code[96];
    int status, retryable;
};

struct lx_tool_view {
    const char *id, *name, *arguments;
};

struct llmux_reply {
    struct lx_arena arena;
    struct lx_buf json;
    struct lx_json_doc doc;
    struct lx_reply reply;
    const char *id, *model, *text, *reasoning, *finish;
    struct lx_tool_view *tools;
    size_t tool_count;
};

/* ---- error.c ---- */
/* Gives *err (unless NULL) what the fault says; returns code, or LX_EIO for 0. */
int lx_client_fault(llmux_error **err, int code, const struct lx_fault *f);
int lx_client_fail(llmux_error **err, int code, const struct lx_error *why);
llmux_error *lx_client_error_of(const struct lx_fault *f);

/* ---- request.c ---- */
/* The request as a body of OpenAI's chat completions, or of its embeddings. */
int lx_client_render(const llmux_request *r, enum lx_operation operation, bool stream,
                     struct lx_buf *out);

/* ---- reply.c ---- */
/* Takes the bytes of a chat completion; the buffer is empty afterwards. NULL with *err. */
llmux_reply *lx_client_reply(struct lx_buf *json, llmux_error **err);

/* ---- embedding.c ---- */
/* Takes the bytes of a list of embeddings; the buffer is empty afterwards. NULL with *err. */
llmux_embeddings *lx_client_embeddings(struct lx_buf *json, llmux_error **err);

/* ---- cost.c ---- */
/* Adds what was registered by hand to a configuration that is about to be used. 0 or a code. */
int lx_client_register_again(const llmux_client *c, struct lx_config *config);

/* ---- setup.c ---- */
/* An empty configuration's; false when out of memory. */
bool lx_client_begin(llmux_client *c);
struct lx_setup *lx_setup_hold(struct lx_setup *s);
void lx_setup_drop(struct lx_setup *s); /* NULL-safe */
/* The configuration's deployment behind a name; NULL when it has none. */
const struct lx_deployment *lx_client_configured(const llmux_client *c, struct lx_slice model);

/* ---- strategy.c ---- */
/* Has a setup ask the host's own strategy, or its own again. */
void lx_client_use_strategy(llmux_client *c, struct lx_setup *s);

/* ---- client.c ---- */
const struct lx_env *lx_client_env(void);
/* Makes sure that the model has a deployment, from its name and the environment. */
int lx_client_add_model(llmux_client *c, struct lx_slice model, llmux_error **err);
/* A call for the request, in OpenAI's language for what is wanted; its body is rendered into
 * `body`, which must outlive it, as must the client's setup (lx_setup_hold()). */
int lx_client_call(llmux_client *c, const struct lx_dialect *front, const llmux_request *request,
                   bool stream, bool is_driven, struct lx_buf *body, struct lx_call **out,
                   llmux_error **err);

#endif
