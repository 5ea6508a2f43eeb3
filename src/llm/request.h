/*
 * request.h - a request, whatever language it came in: for a completion, or for what `embed` says.
 */
#ifndef LX_LLM_REQUEST_H
#define LX_LLM_REQUEST_H

#include "llm/embedding.h"
#include "llm/message.h"

enum lx_param {
#define LX_PARAM(id, name) LX_PARAM_##id,
#include "llm/params.def"
#undef LX_PARAM
    LX_PARAM_COUNT
};
/* The name in params.def; "" for LX_PARAM_COUNT. */
const char *lx_param_name(enum lx_param p);

enum lx_tristate { LX_UNSET = 0, LX_NO, LX_YES };
/* A boolean, or UNSET for anything else. */
enum lx_tristate lx_tristate_read(struct lx_json v);

struct lx_tool {
    struct lx_text name;
    struct lx_text description;
    struct lx_slice parameters; /* JSON schema text; absent when none */
    enum lx_tristate strict;
    bool custom; /* free-text input; `format` is its grammar */
    struct lx_slice format;
    struct lx_cache_mark cache;
    struct lx_slice language; /* set: a tool of the provider's own (web search, bash, ...); raw */
    struct lx_slice raw;
    struct lx_extra *extra;
    struct lx_tool *next;
};

enum lx_tool_choice_kind {
    LX_CHOICE_UNSET,
    LX_CHOICE_AUTO,
    LX_CHOICE_NONE,
    LX_CHOICE_REQUIRED, /* any tool, but one */
    LX_CHOICE_NAMED,
    LX_CHOICE_RAW, /* known to the request's language only */
};

enum lx_format_kind { LX_FORMAT_UNSET, LX_FORMAT_TEXT, LX_FORMAT_JSON, LX_FORMAT_SCHEMA };

struct lx_response_format {
    enum lx_format_kind kind;
    struct lx_text name, description;
    struct lx_slice schema;
    enum lx_tristate strict;
    bool enforce; /* LiteLLM's enforce_validation: what does not follow the schema is an error */
};

enum lx_reasoning_kind {
    LX_REASONING_UNSET,
    LX_REASONING_OFF,
    LX_REASONING_ON,       /* effort and/or budget say how much */
    LX_REASONING_ADAPTIVE, /* the model decides */
};

struct lx_reasoning {
    enum lx_reasoning_kind kind;
    struct lx_slice effort;  /* none minimal low medium high xhigh max; empty: not said */
    int64_t budget_tokens;   /* 0: not said */
    struct lx_slice summary; /* auto, concise, detailed; or Anthropic's display */
};

struct lx_request {
    struct lx_slice language;    /* of the front that read it: "openai_chat" */
    struct lx_text model;        /* as the client named it */
    struct lx_message *messages; /* system messages included, in order */
    struct lx_tool *tools;
    enum lx_tool_choice_kind tool_choice;
    struct lx_text tool_choice_name; /* NAMED */
    struct lx_slice tool_choice_raw; /* RAW */
    enum lx_tristate parallel_tool_calls;
    bool legacy_functions; /* came as `functions`: the reply must use function_call */
    struct lx_response_format format;
    struct lx_reasoning reasoning;
    struct lx_text *stop;
    size_t stop_count;
    bool stream;
    bool include_usage;                     /* the client wants usage in the stream */
    struct lx_slice params[LX_PARAM_COUNT]; /* JSON text; absent: not given */
    struct lx_cache_mark cache;             /* on the request as a whole (automatic caching) */
    struct lx_extra *extra;         /* unknown members: go to the target's body as they are */
    struct lx_embed_request *embed; /* set: embeddings are wanted, and nothing of a conversation */
    struct lx_extra *own_extra;     /* members understood above, as they came: a target of the
                                     * request's own language gets these instead (reasoning) */
};

/* The integer value of a parameter; 0, or LX_EINVAL (absent, or not an integer). */
int lx_request_param_int(const struct lx_request *r, enum lx_param p, int64_t *out);
/* Whether a message calls a tool, or holds what one gave. */
bool lx_request_has_called(const struct lx_request *r);
/* Whether the tool of that name takes free text. The arena is for names with escapes. */
bool lx_request_tool_is_custom(const struct lx_request *r, struct lx_text name, struct lx_arena *a);
/* Whether the choice leaves this tool: one that is named rules out the others. */
bool lx_request_tool_is_open(const struct lx_request *r, const struct lx_tool *t,
                             struct lx_arena *a);

#endif
