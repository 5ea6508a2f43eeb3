/*
 * provider.h - the table of providers: one row each, pointing at the language it speaks.
 *
 * Four things are independent: the language of the body (dialect), the address (base_url), the
 * signature (auth), and what to mend before sending (quirks). A user's own provider from the
 * configuration is a row like any other.
 */
#ifndef LX_PROVIDER_PROVIDER_H
#define LX_PROVIDER_PROVIDER_H

#include "base/secret.h"
#include "dialect/dialect.h"

enum lx_auth {
    LX_AUTH_NONE,
    LX_AUTH_BEARER, /* Authorization: Bearer KEY */
    LX_AUTH_HEADER, /* auth_header: KEY */
    LX_AUTH_AWS,    /* a signature of the request (SigV4); a key that is no pair: bearer */
};

/* One mending step on the JSON body of a request. Steps see the body as it was before all of them,
 * so each member is for one step only. */
enum lx_quirk_op {
    LX_QUIRK_END = 0,
    LX_QUIRK_REFUSE,  /* the provider rejects it: UnsupportedParams, or a loss with drop_params.
                       * arg: JSON values that are accepted all the same, "1|2"; or NULL */
    LX_QUIRK_DROP,    /* meaningless or harmful there: left out, listed as a loss */
    LX_QUIRK_RENAME,  /* member -> arg; gives way where arg is there already */
    LX_QUIRK_DEFAULT, /* when absent, member = arg (JSON) */
    LX_QUIRK_REPLACE, /* a string value: arg is "from=to" */
    LX_QUIRK_FLATTEN, /* messages whose content is a list of text parts only -> one string */
    LX_QUIRK_CLAMP,   /* a number outside arg, "0..1": the nearer end */
    LX_QUIRK_SWITCH,  /* a word that turns something on becomes another member, or another value:
                       * arg is "to=OFF|ON" (JSON); "none", "disabled" and false are off */
    LX_QUIRK_BESIDE,  /* as SWITCH, but the word that turns it on stays where it is */
    LX_QUIRK_ASK,     /* a word becomes what the user says last: arg is "word=what is said" */
    LX_QUIRK_FILL,    /* assistant's messages that call tools and lack member get arg (JSON) */
    LX_QUIRK_ROLE,    /* messages of one role get another: arg is "from=to" */
    LX_QUIRK_EFFORT,  /* Anthropic's thinking becomes OpenAI's reasoning_effort, by its budget */
    LX_QUIRK_WORD,    /* a string value: as RENAME; anything else stays */
    LX_QUIRK_PAIR,    /* messages: calls that were made together are told one by one, each with its
                       * result behind it */
    LX_QUIRK_BUDGET,  /* OpenAI's reasoning_effort becomes arg: Anthropic's thinking with a budget,
                       * where the limit leaves room for it */
    LX_QUIRK_LEVELS,  /* a word for an effort that is not among arg's, "low|high", becomes the
                       * nearest that is, listed as a loss (llm/effort.h) */
    LX_QUIRK_PURPOSE, /* embeddings: what the inputs are for, whatever it is called, becomes the
                       * member, in these words: arg is "query=a|document=b"; other purposes that
                       * are known are left out, words of the client's own stay */
    LX_QUIRK_TOOL,    /* a wish of the client's becomes a tool that the provider runs: arg (JSON) */
    LX_QUIRK_MARKS,   /* messages: a cache mark on one goes to its last part */
    LX_QUIRK_KEEP,    /* messages: members that are not among arg's, "|any|role.member|", go, as
                       * those that are null do; "role" and "content" stay, and cache
                       * marks, which are mended for all */
    LX_QUIRK_PART,    /* messages' parts of a type whose object has "b" get another form: arg is
                       * "type:a=b|c=d", where a and c are the part's members then */
    LX_QUIRK_THOUGHT, /* messages: reasoning_content becomes a part "thinking" before the text, for
                       * models that reason; else it goes, and is listed */
};

/* What a row takes of what most OpenAI-compatible services refuse or ignore. They are mended for
 * the others (lx_quirks_common). */
enum lx_takes {
    LX_TAKES_DEVELOPER = 1,      /* messages of the role "developer" */
    LX_TAKES_THINKING = 2,       /* `thinking`, as Anthropic has it */
    LX_TAKES_CACHE_MARKS = 4,    /* cache_control, to the effect that Anthropic has it */
    LX_TAKES_EFFORT = 8,         /* reasoning_effort, whatever the catalog says of the model */
    LX_IGNORES_CACHE_MARKS = 16, /* cache_control may stay, and means nothing */
    LX_TAKES_FILE_URLS = 64,     /* files by their address */
    LX_LACKS_VIDEO = 32,         /* no model watches films: who asks in another language is told */
};
struct lx_quirk {
    enum lx_quirk_op op;
    const char *member; /* of the body; REFUSE, DROP: also paths, several with '|' between */
    const char *arg;
    const char *models; /* glob over the upstream model name, "o1*|o3*"; NULL: all */
    const char *why;    /* where the fact comes from */
};

/* How a row serves another operation than that of its language, which mostly is chat, or clients
 * who bring a prompt. */
struct lx_offer {
    const char *language; /* dialect name; NULL: not served */
    const char *path;     /* instead of the dialect's own path; "{model}" is filled */
    const struct lx_quirk *quirks;
    size_t max_inputs;     /* embeddings: of one request; 0: as the language has it */
    const char *encodings; /* embeddings: the values of encoding_format that are taken, a glob;
                            * others are made here of what comes. NULL: all */
    bool image_objects;    /* embeddings: an image is {"image": DATA}, no data URL */
    const char *images;    /* embeddings: the path of images, apart from texts, {"image": URL} */
    const char *docs;      /* where the facts come from, where it is not the row's page */
    const char *models;    /* glob: the models it is for; NULL: all. Others: the next one */
};

#define LX_PROVIDER_NAMES 4
struct lx_provider {
    const char *id; /* "groq": the prefix of model names */
    const char *title;
    const char *language; /* dialect name */
    const char *base_url; /* without a slash at the end; NULL: must be configured */
    const char *base_url_env[LX_PROVIDER_NAMES]; /* looked up in order; NULL-terminated if short */
    const char *key_env[LX_PROVIDER_NAMES];
    enum lx_auth auth;
    const char *auth_header; /* AUTH_HEADER; AUTH_AWS: of a key that is no pair, or NULL */
    const char *auth_prefix; /* before the key in it: "Token "; or NULL */
    const char *aws_service; /* AUTH_AWS: as it is signed for, "bedrock". key_env may hold
                              * AWS_ACCESS_KEY_ID, which AWS_SECRET_ACCESS_KEY goes with */
    const char *region_env[LX_PROVIDER_NAMES]; /* variables of what "{region}" in base_url is ... */
    const char *region;                        /* ... when none of them is set */
    const char *region_models[2];  /* a glob, and the region of its models, when none is set */
    const char *region_urls[2][2]; /* a glob over regions, and base_url there */
    const char *project_env[LX_PROVIDER_NAMES]; /* variables of what "{project}" is */
    const char *project;                        /* ... when none of them is set; or NULL */
    const char *project_member; /* the body's name for the project, where it has one ... */
    const char *space_member;   /* ... and for what stands in its place where there is none */
    const char *space_env[LX_PROVIDER_NAMES];
    const char *credential;    /* the kind of credential (credential.h) that a key may be exchanged
                                * for; or NULL */
    const char *default_key;   /* servers that ignore keys */
    bool key_optional;         /* without a key nothing is signed, and that is no error */
    const char *headers[4][2]; /* sent always: {"anthropic-version", "2023-06-01"}; a value with
                                * "{project}" or "{profile}" where there is one */
    bool profiled;             /* a deployment's profile stands in the address, not the model */
    const char *path;          /* instead of the dialect's own path; see lx_provider_path(). With
                                * "//" in front: instead of the base URL's, too; with "[/v1]":
                                * that is taken off of its end */
    const char *stream_path;   /* the same for streams; NULL: path */
    bool model_outside;        /* the address names the model, and the body must not */
    bool stream_outside;       /* the address says whether it is a stream, and the body must not */
    const char *model_member;  /* the body's name for the model, where it is not "model" */
    const char *model_end;     /* the body names the model up to this, its address whole */
    bool retold;               /* its replies lack what clients rely on: they are written anew */
    bool model_tail;           /* the body names what follows the model's first slash */
    enum lx_framing frames;    /* streams: what AWS's frames hold, where these are not the events
                                * themselves; else 0 */
    bool no_call_ids;          /* see struct lx_write_options */
    bool data_only;            /* the same */
    const char *api_version_env;     /* the address takes an api-version: its variable ... */
    const char *api_version;         /* ... and the version when none is configured; or NULL */
    const char *api_version_name;    /* what it is called there; NULL: "api-version" */
    const struct lx_quirk *quirks;   /* END-terminated; or NULL */
    const struct lx_offer *embed;    /* embeddings, ended by one without a language; NULL: where
                                      * the row speaks OpenAI's language, as OpenAI has them */
    bool takes_tokens;               /* embeddings: inputs may be numbers of tokens */
    const struct lx_offer *text;     /* in what language clients of text completions are served,
                                      * where it is not the row's; ended as embed is */
    const struct lx_offer *probe;    /* where its health checks that are no requests of ours go
                                      * (dialect/probe.c), ended as embed is, the language's name
                                      * saying which; NULL: where OpenAI has them, if the row
                                      * speaks its language */
    const char *count;               /* the language in which it counts tokens; NULL: it does not */
    const char *count_path;          /* then: instead of that language's own path */
    const char *kept_path;           /* where prompts are kept (dialect/prompt_cache.h), as a path
                                      * is written; NULL: they are not ... */
    const char *kept_model;          /* ... and what the model is called there */
    const char *docs;                /* where the facts of this row come from */
    const char *hosts;               /* api_base hosts besides base_url's: "a.com|*.b.com" */
    const char *aliases;             /* other names of it: "venice|ai21" */
    const char *bare_models;         /* glob: names without a prefix that mean this provider */
    const struct lx_series *series;  /* of its models; NULL: none */
    const char *model_cut;           /* taken off the front of its models: "converse/|x/" */
    const char *model_prefix;        /* put before the upstream model name ... */
    const char *model_prefix_unless; /* ... unless it matches this glob */
    const char *model_form;          /* "a/{}/b/{}": what a name of so many parts, with '.' between,
                                      * is called there; or NULL */
    const char *routes[3][2];        /* prefixes of its models, and the rows that these mean:
                                      * {"mantle/", "bedrock_mantle"} */
    const char *model_route;         /* "who/owner/name" is called "owner/name" there, then this and
                                      * "who"; NULL: it is not */
    const char *json_schema;         /* glob: models with native JSON schema output; NULL: all */
    const char *json_object;         /* glob: of the others, those that take json_object and are
                                      * told the schema in words; NULL: none, a tool is forced */
    const char *no_sampling;         /* globs: see struct lx_write_options; NULL: none */
    const char *one_sampler;
    const char *adaptive_thinking;      /* glob: models that choose their thinking; NULL: none */
    const char *functions_by_responses; /* glob: models whose chats take no functions while they
                                         * reason: such a request is one for "responses/MODEL" */
    const char *search_by_responses;    /* glob: models whose chats do not search the web, with the
                                         * same way out */
    const char *responses;              /* glob: models that are "responses/MODEL" for clients of
                                         * the Responses API; NULL: none */
    const char *goes_on;                /* OpenAI's language: how a body says that the answer it
                                         * ends in is to go on: "messages.MEMBER" of the last
                                         * message, or "MEMBER" of the body; NULL: it cannot */
    const char *thinking_member;        /* see struct lx_write_options */
    const char *betas;        /* glob: the flags of anthropic-beta that it takes; NULL: all ... */
    const char *beta_member;  /* ... and where in the body they stand, "a" or "a.b"; NULL: they are
                               * the header */
    const char *beta_models;  /* glob: then only for these models, and no others have any */
    const char *template;     /* of its models, where their names do not tell; or NULL */
    const char *follow_hosts; /* glob: hosts besides its own to which its replies may send for the
                               * answer, with the key (struct lx_follow); or NULL */
    const char *errors;       /* the language in which it says what went wrong; NULL: its own */
    unsigned takes; /* enum lx_takes, together; holds at base_url, not at another address */
    const struct lx_provider *variants; /* rows that stand in for this one; the last has no id */
    const char *models;                 /* of a variant: for these models; NULL: all ... */
    const char *bases;                  /* ... at these addresses; NULL: all ... */
    const char *versions;               /* ... with these api-versions; NULL: all */
};

extern const struct lx_provider lx_providers[];
extern const size_t lx_provider_count;

/* "gpt5_series/x": a deployment of any name, and the model whose rules hold. Ends with NULL. */
struct lx_series {
    const char *prefix, *as;
};

/* LiteLLM's providers (provider_list, 1.106.2) that have no row here, and models of such that have
 * one ("bedrock/agent/x"), and why. */
struct lx_left_out {
    const char *names, *why; /* a glob */
};
extern const struct lx_left_out lx_providers_left_out[];
extern const size_t lx_left_out_count;

/* By id or alias; NULL when there is none. */
const struct lx_provider *lx_provider_find(struct lx_slice id);
/* The row that holds for a model (as the provider calls it) at an address: the first variant whose
 * conditions all hold, else the row itself. Address, variables and keys are the row's, whatever the
 * variant. */
const struct lx_provider *lx_provider_variant(const struct lx_provider *p, struct lx_slice model,
                                              struct lx_slice base_url,
                                              struct lx_slice api_version);

/* What the model is called where it is asked by OpenAI's Responses API: "responses/MODEL", where a
 * variant of the row speaks that; else as it is. Borrowed, or in the arena (absent when that has
 * failed). */
struct lx_slice lx_provider_by_responses(const struct lx_provider *p, struct lx_slice model,
                                         struct lx_slice base_url, struct lx_slice api_version,
                                         struct lx_arena *a);

/* How the row serves clients of a language for a model: language NULL where it does not. A row's
 * own path is that of its chat; where an offer has none, "/chat/completions" in it gives way to the
 * path of the offer's language. */
struct lx_offer lx_provider_offer(const struct lx_provider *p, const struct lx_dialect *front,
                                  struct lx_slice model);

/* How the pure half reads the environment: through the host. NULL: not set. */
struct lx_env {
    const char *(*get)(void *arg, const char *name);
    void *arg;
};

/* ---- Names (resolve.c) ---- */

struct lx_resolved {
    const struct lx_provider *provider;
    struct lx_slice model; /* what the provider calls it */
};
/* "groq/llama-3" -> groq, "llama-3"; bare names by rules (gpt-*, o1*, claude-*); by the host of
 * api_base; custom: the user's rows, searched first. 0, or LX_EPROVIDER with near matches named.
 * The row is never a variant. */
int lx_provider_resolve(struct lx_slice name, struct lx_slice explicit_provider,
                        struct lx_slice api_base, const struct lx_provider *custom,
                        size_t custom_count, struct lx_resolved *out, struct lx_error *err);
/* True for an address of the provider's own; not for that of a server at home, where anything may
 * run. */
bool lx_provider_has_host(const struct lx_provider *p, struct lx_slice base_url);
/* Why a provider of LiteLLM's has no row here; NULL: it has one, or LiteLLM has none. */
const char *lx_provider_left_out(struct lx_slice id);
/* Writes up to three ids that look like name, "groq, xai": for error texts. n > 0; "" when none. */
void lx_provider_near(struct lx_slice name, const struct lx_provider *custom, size_t custom_count,
                      char *out, size_t n);
/* The model's name in the provider's own terms: with the row's prefix, where it needs one.
 * Borrowed, or in the arena (absent when that has failed). */
struct lx_slice lx_provider_model(const struct lx_provider *p, struct lx_slice model,
                                  struct lx_arena *a);

/* The template that a model was trained on, by its name; NULL: none that is known. */
const struct lx_prompt_template *lx_provider_template(struct lx_slice model);
/* What the row says of a model (as the provider calls it) that a dialect needs to know. */
void lx_provider_options(const struct lx_provider *p, struct lx_slice model,
                         struct lx_write_options *out);

/* What a model at a provider comes to: all that follows from their names and address. */
struct lx_target {
    struct lx_slice asked;           /* the name that it was worked out for */
    const struct lx_provider *row;   /* the provider's, or a variant; NULL: not worked out */
    struct lx_slice model;           /* as it is called there */
    struct lx_write_options options; /* what lx_provider_options() says */
    uint64_t quirks;                 /* which of the row's concern the model (lx_quirks_for) */
    unsigned takes;                  /* the row's; 0 at a user's own address */
    bool is_home;                    /* the address is the provider's own (lx_provider_has_host) */
    /* Of the catalog, set by lx_deployment_target(); so is options.default_max_tokens. */
    enum lx_tristate reasons; /* UNSET: the catalog does not know the model */
    bool prefills;            /* it goes on with an answer that the conversation ends in */
    unsigned efforts;         /* a set (llm/effort.h): words that it may take */
    int64_t kept_min_tokens;  /* of a prompt that the provider keeps; 0: not known */
};
/* Works it out; once, where a deployment's model is fixed. Borrows, and copies into the arena. */
void lx_target_init(struct lx_target *t, const struct lx_provider *p, struct lx_slice model,
                    struct lx_slice base_url, struct lx_slice api_version, struct lx_arena *a);

/* ---- Addresses (place.c) ---- */

/* What the names in an address stand for. */
struct lx_place {
    struct lx_slice model, region, project;
};
/* Appends a pattern with its names filled in: "{model}" (percent-encoded), "{+model}" (the same,
 * but slashes stay), "{head}" (of it, up to the first slash), "{region}", "{project}". */
void lx_place_write(struct lx_slice pattern, const struct lx_place *a, struct lx_buf *out);
/* The row's own path; NULL: the dialect's. */
const char *lx_provider_path(const struct lx_provider *p, bool stream);
/* The row's base URL in a region, to be filled; NULL: it must be configured. */
const char *lx_provider_base_url(const struct lx_provider *p, struct lx_slice region);

/* ---- Quirks (quirk.c) ---- */

/* What is mended for every OpenAI-compatible row that does not say it takes it. */
extern const struct lx_common_quirk {
    unsigned unless;  /* enum lx_takes: not for rows that take one of these ... */
    unsigned only;    /* ... and only for rows that take these */
    const char *word; /* bodies without this string need no look; or NULL */
    bool unreasoning; /* for models that are known not to reason */
    struct lx_quirk quirk;
} lx_quirks_common[];
extern const size_t lx_quirks_common_count;

/* Which of the quirks concern this model, as bits: without one the body need not be looked at. No
 * list has more than 64. */
uint64_t lx_quirks_for(const struct lx_quirk *quirks, struct lx_slice model);
/* True when they leave a member of the body out, whatever it says or but for some values. */
bool lx_quirks_refuse(const struct lx_quirk *quirks, struct lx_slice model, struct lx_slice member);
/* Whom a body is mended for. */
struct lx_quirk_target {
    const struct lx_quirk *quirks;
    uint64_t which;           /* lx_quirks_for() */
    bool common;              /* the common quirks too: a chat in OpenAI's language ... */
    unsigned takes;           /* ... but those that the row is spared; 0 at a user's own address */
    bool response;            /* of its Responses API: the words for an effort are mended */
    enum lx_tristate reasons; /* what is known of the model */
    unsigned efforts;         /* as in struct lx_target */
};
/* Records the target's mending of `doc` (a request body of its language) in `edit`. Refusals go to
 * body as lx_body_refuse does, drops to its losses. Members in `allowed` are never refused. */
void lx_quirks_apply(const struct lx_quirk_target *t, const struct lx_write_options *o,
                     const struct lx_slice *allowed, size_t allowed_count,
                     const struct lx_json_doc *doc, struct lx_json_edit *edit,
                     struct lx_body *body);

/* ---- Paths and patterns (path.c, glob.c) ---- */

/* Removes what a dotted path names, with "[*]" and "[3]" for elements and "**" for any depth:
 * "tools[*].function.strict", "a.b[0]", "tools.**.additionalProperties". The path is listed as one
 * loss when it named anything. Returns how many were removed. */
size_t lx_path_drop(struct lx_slice path, struct lx_slice why, const struct lx_json_doc *doc,
                    struct lx_json_edit *edit, struct lx_losses *losses);
/* "a*|b*" against a name; '*' matches any bytes. The first alternative that matches decides, and
 * one that begins with '!' decides against: "!gpt-5-chat*|gpt-5*". */
bool lx_glob_match(struct lx_slice pattern, struct lx_slice name);
/* One pattern with '*' and no alternatives. *star (may be NULL) gets what its '*' stands for, of
 * several all from the first to the last; absent when it has none. */
bool lx_star_match(struct lx_slice pattern, struct lx_slice name, struct lx_slice *star);
/* model with its stars filled, each by what the pattern's of the same place stood for when it
 * matched; what it has more stays. model itself where there is nothing to fill; else in the arena,
 * absent when that has failed. */
struct lx_slice lx_star_fill(struct lx_slice model, struct lx_slice pattern, struct lx_slice star,
                             struct lx_arena *a);

/* ---- Signers (signer.c) ---- */

/* True when the row can do with this key: it is set, or the row needs none or has its own. */
bool lx_signer_has_key(const struct lx_provider *p, const struct lx_secret *key);
/* Adds the row's authentication to the headers. The key's bytes are borrowed. */
void lx_signer_apply(const struct lx_provider *p, const struct lx_secret *key,
                     struct lx_header_list *headers);

/* A request over HTTP, ready to be sent or shown. */
struct lx_outgoing {
    struct lx_slice method;
    struct lx_slice url;
    struct lx_headers headers; /* secrets marked */
    struct lx_slice body;
    const char *trust; /* whose certificates are believed, see struct lx_deployment; or NULL */
    bool public_only;  /* a client has named the address: only to public ones */
};

/* A request that is about to be sent. */
struct lx_signing {
    struct lx_slice method, url, body;
    struct lx_slice region; /* of the deployment */
    int64_t now_s;          /* wall clock */
};
/* Signs the request as a whole, where the row wants that: adds to its headers, which do not change
 * any more. Rows that want a key only are done by lx_signer_apply(). 0 or a code. */
int lx_signer_sign(const struct lx_provider *p, const struct lx_secret *key,
                   const struct lx_signing *s, struct lx_header_list *headers);

#endif
