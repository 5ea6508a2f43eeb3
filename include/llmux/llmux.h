/*
 * llmux.h - call any LLM provider from C, or from any language that can call C.
 *
 * A client holds keys, settings and connections. A request is built with setters, or given as the
 * JSON of OpenAI's chat completions; a reply is read with getters, or taken as that JSON. The model
 * names the provider: "openai/gpt-4o", "anthropic/claude-sonnet-4-5",
 * "groq/llama-3.3-70b-versatile".
 *
 * llmux_embedding() gives vectors in the same manner: "openai/text-embedding-3-small",
 * "gemini/gemini-embedding-001", "voyage/voyage-3.5".
 *
 * Four ways to run a request: blocking (llmux_completion), blocking with a callback per event
 * (llmux_completion_stream), pulling events (llmux_stream_*), or many at once without blocking
 * (llmux_completion_start, llmux_embedding_start and llmux_client_turn). Those with sockets of
 * their own take the step machine (llmux_call_*), which does no I/O at all.
 *
 * Conventions. Strings are UTF-8; inputs are copied. Functions that return int give 0 on success or
 * a negative code; where there is an `llmux_error **`, it may be NULL, and what it receives is
 * freed with llmux_error_free(). Getters return pointers that live as long as the object asked.
 * Free functions accept NULL. A client and what comes from it belong to one thread at a time;
 * different clients are independent.
 */
#ifndef LLMUX_H
#define LLMUX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LLMUX_API __attribute__((visibility("default")))
#else
#define LLMUX_API
#endif

typedef struct llmux_client llmux_client;
typedef struct llmux_request llmux_request;
typedef struct llmux_reply llmux_reply;
typedef struct llmux_stream llmux_stream;
typedef struct llmux_call llmux_call;
typedef struct llmux_embeddings llmux_embeddings;
typedef struct llmux_event llmux_event;
typedef struct llmux_error llmux_error;

/* "0.1.0" */
LLMUX_API const char *llmux_version(void);

/* ---- Errors --------------------------------------------------------------------------------- */

/* LiteLLM's class: "RateLimitError", "AuthenticationError", "Timeout", ... */
LLMUX_API const char *llmux_error_class(const llmux_error *e);
/* What was wrong, where, and what to do. */
LLMUX_API const char *llmux_error_message(const llmux_error *e);
/* HTTP status, the provider's or the one that fits; never 0. */
LLMUX_API int llmux_error_status(const llmux_error *e);
/* "anthropic"; "" when no provider was asked. */
LLMUX_API const char *llmux_error_provider(const llmux_error *e);
/* The provider's own code or type; "" when it gave none. */
LLMUX_API const char *llmux_error_code(const llmux_error *e);
/* 1 when the same request may succeed later. */
LLMUX_API int llmux_error_retryable(const llmux_error *e);
LLMUX_API void llmux_error_free(llmux_error *e);

/* ---- Client --------------------------------------------------------------------------------- */

/* Keys come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, ...) unless set below. NULL
 * when out of memory or descriptors. */
LLMUX_API llmux_client *llmux_client_new(void);
LLMUX_API void llmux_client_free(llmux_client *c);
/* Reads LiteLLM's config.yaml: its model names can then be asked for. Again: it takes the place of
 * what was read before, as with llmux_client_change_config(). */
LLMUX_API int llmux_client_load_config(llmux_client *c, const char *path, llmux_error **err);
/* For a provider, instead of the environment's. */
LLMUX_API int llmux_client_set_key(llmux_client *c, const char *provider, const char *key);
LLMUX_API int llmux_client_set_base_url(llmux_client *c, const char *provider, const char *url);
/* For a whole call, retries included; 0: the default, 600,000. */
LLMUX_API int llmux_client_set_timeout_ms(llmux_client *c, int64_t ms);
/* Attempts after the first; default 2. */
LLMUX_API int llmux_client_set_max_retries(llmux_client *c, int n);
/* 1: leave out what a target cannot carry instead of failing; counts for more than the
 * configuration's drop_params. Default 0. */
LLMUX_API int llmux_client_set_drop_params(llmux_client *c, int on);

/* ---- Models --------------------------------------------------------------------------------- */

/* The variables that a model lacks, "A or B, C": of those with "or" between one is enough. "" when
 * it can be asked; NULL with *err when no provider has it. Keys and addresses set by hand count.
 * Lives as long as the client. */
LLMUX_API const char *llmux_client_missing_variables(llmux_client *c, const char *model,
                                                     llmux_error **err);
/* The parameters of OpenAI's chat completions that a model takes, with spaces between; NULL with
 * *err as above. Lives as long as the client. */
LLMUX_API const char *llmux_client_supported_params(llmux_client *c, const char *model,
                                                    llmux_error **err);
/* The same of OpenAI's embeddings, and of input_type and truncate, which several know. */
LLMUX_API const char *llmux_client_supported_embedding_params(llmux_client *c, const char *model,
                                                              llmux_error **err);

/* What is known of a model, as the JSON object that LiteLLM's get_model_info returns: limits,
 * prices in dollars, capabilities. model: of the configuration, or any the catalog knows. NULL with
 * *err when it knows none. Lives as long as the client. */
LLMUX_API const char *llmux_client_model_info(llmux_client *c, const char *model,
                                              llmux_error **err);
/* 1 when the catalog says that the model can do it, LiteLLM's supports_*: "vision",
 * "function_calling", "response_schema", "audio_input", "pdf_input", "reasoning", "web_search",
 * "prompt_caching", ... */
LLMUX_API int llmux_client_supports(llmux_client *c, const char *model, const char *what);
/* Adds models, or changes them: a JSON object of names and rows in LiteLLM's schema
 * (model_prices_and_context_window.json). All of it or, with *err, nothing. */
LLMUX_API int llmux_client_register_models(llmux_client *c, const char *json, llmux_error **err);

/* ---- Router ------------------------------------------------------------------------------------
 */

/*
 * A client with a configuration is a router, LiteLLM's Router: a name asks one of several
 * deployments by router_settings (strategy, retries, fallbacks, cooldowns, limits and budgets of
 * this client, the line of those that wait), whichever way the request is run. What LiteLLM takes
 * with a request is set on it: llmux_request_set_json(r, "fallbacks", "[\"other\"]"), "tags",
 * "num_retries", "timeout", "priority", ... Mirrors (silent_model) go on while the client waits for
 * something or turns. What a gateway does besides is the host's affair here: health checks in the
 * background (ask each model a little now and then; a deployment that fails cools down by itself),
 * and sharing with other nodes.
 */

/* What it knows: of each deployment whether it cools down, why, and for how long, requests of this
 * minute, latencies, budgets; the last decisions; and router_settings as they are in force
 * (LiteLLM's get_settings). JSON as of the gateway's GET /router/state; lives until it is asked for
 * again. NULL with *err when out of memory. */
LLMUX_API const char *llmux_client_router_state(llmux_client *c, llmux_error **err);

/*
 * Changes the configuration, or begins one: YAML, or JSON, in the form of config.yaml. LiteLLM's
 * add_deployment, upsert_deployment, delete_deployment, set_model_list and update_settings in one:
 *
 *     model_list:                      # added; with an id that is there (model_info.id, else the
 *       - model_name: gpt-4o           # one that llmux_client_deployments() shows): replaced
 *         litellm_params: {model: azure/gpt-4o-eu, rpm: 600}
 *         model_info: {id: eu-1}
 *     delete_deployments: [eu-2, "old-*"]    # these go before; ["*"]: all that there were
 *     router_settings: {num_retries: 3, routing_strategy: null}    # members; null: the default
 *
 * All of it or, with *err that says what and where, nothing; a key that nobody knows is an error
 * here. What is under way ends by the old configuration; what the router knows of deployments that
 * stay (cooldowns, latencies, usage) stays. Also from callbacks, between two turns. The text is
 * copied; files cannot be included. What the configuration names (variables, a model map) is read
 * again.
 */
LLMUX_API int llmux_client_change_config(llmux_client *c, const char *changes, llmux_error **err);
/* Forgets what the router knows of all deployments, as a restart would: LiteLLM's reset and
 * flush_cache. Counts of requests under way begin at 0, too. */
LLMUX_API int llmux_client_reset_router(llmux_client *c, llmux_error **err);

/* The deployments, or the one of that id (NULL: all): {"data": [...]} as of the gateway's GET
 * /model/info, without secrets. LiteLLM's get_model_list and get_deployment. Lives until one of
 * these or the router's state is asked for again; NULL with *err when there is none of that id. */
LLMUX_API const char *llmux_client_deployments(llmux_client *c, const char *id, llmux_error **err);
/* The same of groups, and of a group's name, as of GET /model_group/info: get_model_names and
 * get_model_group_info. */
LLMUX_API const char *llmux_client_model_groups(llmux_client *c, const char *name,
                                                llmux_error **err);
/* Whom a request of that name, about which nothing else is known, would be sent to now: its id, for
 * llmux_client_deployments(). Nothing is counted; the next choice may be another. LiteLLM's
 * get_available_deployment. Lives as those do; NULL with *err, which says of each deployment why it
 * will not do. */
LLMUX_API const char *llmux_client_available_deployment(llmux_client *c, const char *model,
                                                        llmux_error **err);

/*
 * A strategy of your own, LiteLLM's CustomRoutingStrategyBase: asked where several deployments of a
 * group are left for a request (that its tags mean, that do not cool down, are within their limits,
 * come first by `order`, and were not tried yet). It gives the place of one of them; anything else
 * (-1): one is drawn by weight. It must not call the library but for the functions below, whose
 * results live until it returns.
 */
typedef struct llmux_choice llmux_choice;
typedef int (*llmux_strategy_fn)(void *arg, const llmux_choice *choice);
/* Instead of the configuration's routing_strategy; models of routing_groups keep theirs.
 * NULL: the configuration's again. */
LLMUX_API void llmux_client_set_strategy(llmux_client *c, llmux_strategy_fn strategy, void *arg);

/* The name of the group that is asked. */
LLMUX_API const char *llmux_choice_group(const llmux_choice *choice);
/* 1 when a stream is wanted. */
LLMUX_API int llmux_choice_stream(const llmux_choice *choice);
LLMUX_API int llmux_choice_count(const llmux_choice *choice);
/* Of one of them: its id (model_info.id), its provider's name and the model that it asks there;
 * NULL when there are not so many. */
LLMUX_API const char *llmux_choice_id(const llmux_choice *choice, int place);
LLMUX_API const char *llmux_choice_provider(const llmux_choice *choice, int place);
LLMUX_API const char *llmux_choice_model(const llmux_choice *choice, int place);

enum llmux_deployment_fact {
    LLMUX_IN_FLIGHT = 1,  /* requests under way */
    LLMUX_REQUESTS,       /* of this minute */
    LLMUX_TOKENS,         /* the same */
    LLMUX_WEIGHT,         /* as configured; 0: not */
    LLMUX_FIRST_TOKEN_US, /* the mean of the last times to a stream's first token; 0: not known */
    LLMUX_TOKEN_US,       /* the same by token of whole replies */
    LLMUX_INPUT_NANO_USD, /* what a million tokens cost, in billionths of a dollar; -1: not known */
    LLMUX_OUTPUT_NANO_USD,
};
/* -1 when there is no such place or fact. */
LLMUX_API int64_t llmux_choice_fact(const llmux_choice *choice, int place,
                                    enum llmux_deployment_fact fact);

/* ---- Tokens --------------------------------------------------------------------------------- */

/* By the model's own tokenizer (the configuration's custom_tokenizer), else by the one that LiteLLM
 * counts the model with. Any name will do. Counts are -1 with *err when there is no memory, or, of
 * a request, when it is none. */

LLMUX_API int64_t llmux_client_count_tokens(llmux_client *c, const char *model, const char *text,
                                            size_t n, llmux_error **err);
/* How many bytes of the text's beginning have no more tokens than the limit: where to cut what is
 * too long. They end where a character does; with the next one they have more. 0 where nothing
 * fits; n where all does. */
LLMUX_API int64_t llmux_client_fit_tokens(llmux_client *c, const char *model, const char *text,
                                          size_t n, size_t limit, llmux_error **err);
/* Of a chat completions request: its messages, tools, tool_choice and images. */
LLMUX_API int64_t llmux_client_count_request(llmux_client *c, const char *model, const char *json,
                                             size_t n, llmux_error **err);
/* The tokens of a text; they live until the next call of this function. NULL with *err. */
LLMUX_API const uint32_t *llmux_client_encode(llmux_client *c, const char *model, const char *text,
                                              size_t n, size_t *count, llmux_error **err);
/* The text of tokens, with a NUL behind it; it may end within a character, and lives until the next
 * call of this function. NULL with *err when one is no token of the model's. */
LLMUX_API const char *llmux_client_decode(llmux_client *c, const char *model, const uint32_t *ids,
                                          size_t count, size_t *n, llmux_error **err);

/* ---- Cost ----------------------------------------------------------------------------------- */

/* Costs are dollars in decimal digits, exact: "0.000135". They live until the next one is asked of
 * the client. NULL with *err when the model has no price, or nothing is said of what was used. */

/* What a reply cost: the JSON of a reply of OpenAI's or Anthropic's (llmux_reply_json()), or
 * another object with usage; `llmux cost --help` says what else it may tell. model: NULL for the
 * reply's. */
LLMUX_API const char *llmux_client_completion_cost(llmux_client *c, const char *model,
                                                   const char *json, size_t n, llmux_error **err);
/* What so many tokens cost, none of them cached. */
LLMUX_API const char *llmux_client_cost_per_token(llmux_client *c, const char *model,
                                                  int64_t prompt_tokens, int64_t completion_tokens,
                                                  llmux_error **err);

/* ---- Request -------------------------------------------------------------------------------- */

LLMUX_API llmux_request *llmux_request_new(const char *model);
/* From the JSON of a request for a chat completion, or for embeddings. NULL with *err when it is
 * none. */
LLMUX_API llmux_request *llmux_request_new_json(const char *json, size_t n, llmux_error **err);
LLMUX_API void llmux_request_free(llmux_request *r);
/* role: "system", "user" or "assistant". */
LLMUX_API int llmux_request_add_message(llmux_request *r, const char *role, const char *text);
/* A user message with a text and an image (http(s) URL or data URL). */
LLMUX_API int llmux_request_add_image(llmux_request *r, const char *text, const char *url);
/* A message of any shape, as JSON. */
LLMUX_API int llmux_request_add_message_json(llmux_request *r, const char *json);
/* The assistant's turn as it was replied: text, tool calls, thinking with its signature. */
LLMUX_API int llmux_request_add_reply(llmux_request *r, const llmux_reply *reply);
/* What a tool call gave; call_id from llmux_reply_tool_id(). */
LLMUX_API int llmux_request_add_tool_result(llmux_request *r, const char *call_id,
                                            const char *text);
/* parameters: JSON schema of an object; NULL: none. */
LLMUX_API int llmux_request_add_tool(llmux_request *r, const char *name, const char *description,
                                     const char *parameters);
/* Any other member of the request, with its value as JSON: ("temperature", "0.2"). */
LLMUX_API int llmux_request_set_json(llmux_request *r, const char *name, const char *json);
LLMUX_API int llmux_request_set_string(llmux_request *r, const char *name, const char *value);
LLMUX_API int llmux_request_set_int(llmux_request *r, const char *name, int64_t value);

/* ---- Reply ---------------------------------------------------------------------------------- */

LLMUX_API void llmux_reply_free(llmux_reply *r);
/* The whole reply as the JSON of a chat completion. */
LLMUX_API const char *llmux_reply_json(const llmux_reply *r, size_t *n);
LLMUX_API const char *llmux_reply_id(const llmux_reply *r);
LLMUX_API const char *llmux_reply_model(const llmux_reply *r);
/* Of the first choice: text and reasoning ("" when none), finish reason in OpenAI's words. */
LLMUX_API const char *llmux_reply_text(const llmux_reply *r);
LLMUX_API const char *llmux_reply_reasoning(const llmux_reply *r);
LLMUX_API const char *llmux_reply_finish(const llmux_reply *r);
LLMUX_API size_t llmux_reply_tool_count(const llmux_reply *r);
/* NULL past the end. Arguments are JSON, as the model wrote them. */
LLMUX_API const char *llmux_reply_tool_id(const llmux_reply *r, size_t i);
LLMUX_API const char *llmux_reply_tool_name(const llmux_reply *r, size_t i);
LLMUX_API const char *llmux_reply_tool_arguments(const llmux_reply *r, size_t i);
/* Tokens; totals include their classes (prompt includes cached). -1: the provider did not say. */
LLMUX_API int64_t llmux_reply_prompt_tokens(const llmux_reply *r);
LLMUX_API int64_t llmux_reply_cached_tokens(const llmux_reply *r);
LLMUX_API int64_t llmux_reply_completion_tokens(const llmux_reply *r);
LLMUX_API int64_t llmux_reply_reasoning_tokens(const llmux_reply *r);
/* 1 when the provider did not say, and they were counted here. */
LLMUX_API int llmux_reply_usage_estimated(const llmux_reply *r);

/* ---- Blocking ------------------------------------------------------------------------------- */

LLMUX_API int llmux_completion(llmux_client *c, const llmux_request *request, llmux_reply **reply,
                               llmux_error **err);

/* ---- Embeddings ----------------------------------------------------------------------------- */

/* One more thing to embed: a text. Images go as data URLs, to models that take them. */
LLMUX_API int llmux_request_add_input(llmux_request *r, const char *text);
/* The same, as JSON: an array of tokens, or an object with text and an image. */
LLMUX_API int llmux_request_add_input_json(llmux_request *r, const char *json);
/* Blocks until all inputs are embedded; those that a provider does not take in one request go in
 * several. `dimensions`, `input_type` and the like are set on the request. */
LLMUX_API int llmux_embedding(llmux_client *c, const llmux_request *request, llmux_embeddings **out,
                              llmux_error **err);
LLMUX_API void llmux_embeddings_free(llmux_embeddings *e);
/* The whole reply as the JSON of OpenAI's embeddings. */
LLMUX_API const char *llmux_embeddings_json(const llmux_embeddings *e, size_t *n);
LLMUX_API const char *llmux_embeddings_model(const llmux_embeddings *e);
/* One for each input, in the order of the inputs. */
LLMUX_API size_t llmux_embeddings_count(const llmux_embeddings *e);
/* Vector i and how many numbers it has. NULL past the end, and where it is no vector of floats. */
LLMUX_API const float *llmux_embeddings_vector(const llmux_embeddings *e, size_t i,
                                               size_t *dimensions);
/* Tokens; -1: the provider did not say. */
LLMUX_API int64_t llmux_embeddings_prompt_tokens(const llmux_embeddings *e);

/* ---- Streams -------------------------------------------------------------------------------- */

enum llmux_event_kind {
    LLMUX_EVENT_TEXT = 1,  /* a piece of the answer: text */
    LLMUX_EVENT_REASONING, /* a piece of the reasoning: text */
    LLMUX_EVENT_TOOL_CALL, /* a tool call begins: tool index, id, name */
    LLMUX_EVENT_ARGUMENTS, /* a piece of its arguments: tool index, text */
    LLMUX_EVENT_FINISH,    /* text: the finish reason in OpenAI's words */
    LLMUX_EVENT_USAGE      /* tokens are known */
};

/* An event is valid until the next one is asked for, or the callback returns. */
LLMUX_API enum llmux_event_kind llmux_event_get_kind(const llmux_event *e);
/* NUL-terminated, and its length. */
LLMUX_API const char *llmux_event_text(const llmux_event *e, size_t *n);
LLMUX_API size_t llmux_event_tool_index(const llmux_event *e);
LLMUX_API const char *llmux_event_tool_id(const llmux_event *e);
LLMUX_API const char *llmux_event_tool_name(const llmux_event *e);
LLMUX_API int64_t llmux_event_prompt_tokens(const llmux_event *e);
LLMUX_API int64_t llmux_event_completion_tokens(const llmux_event *e);

/* Return 0 to go on; anything else stops the stream and cancels the call (which then returns
 * success with what came so far). */
typedef int (*llmux_event_fn)(void *arg, const llmux_event *e);

/* Blocks until the stream has ended. reply (may be NULL) gets the whole reply. */
LLMUX_API int llmux_completion_stream(llmux_client *c, const llmux_request *request,
                                      llmux_event_fn fn, void *arg, llmux_reply **reply,
                                      llmux_error **err);

/* By pull: blocks only while nothing has come. */
LLMUX_API llmux_stream *llmux_stream_open(llmux_client *c, const llmux_request *request,
                                          llmux_error **err);
/* 1: *event is set; 0: the stream has ended well; <0: it broke. */
LLMUX_API int llmux_stream_next(llmux_stream *s, const llmux_event **event, llmux_error **err);
/* The whole reply, after next() returned 0; NULL before. The stream's. */
LLMUX_API const llmux_reply *llmux_stream_reply(const llmux_stream *s);
/* Cancels what is not finished. */
LLMUX_API void llmux_stream_free(llmux_stream *s);

/* ---- Many at once --------------------------------------------------------------------------- */

/* Called once; just one of reply and err is set, and is the callee's to free. */
typedef void (*llmux_done_fn)(void *arg, llmux_reply *reply, llmux_error *err);

/* The same for embeddings. */
typedef void (*llmux_embedded_fn)(void *arg, llmux_embeddings *embeddings, llmux_error *err);

/* Starts a call; it proceeds in llmux_client_turn(). */
LLMUX_API int llmux_completion_start(llmux_client *c, const llmux_request *request,
                                     llmux_done_fn done, void *arg, llmux_error **err);
LLMUX_API int llmux_embedding_start(llmux_client *c, const llmux_request *request,
                                    llmux_embedded_fn done, void *arg, llmux_error **err);
/* Waits at most max_wait_ms (-1: no limit) and handles what has come. Returns how many calls are
 * still under way. */
LLMUX_API size_t llmux_client_turn(llmux_client *c, int max_wait_ms);

/* ---- The step machine: for those who bring their own I/O --------------------------------------*/

enum llmux_step {
    LLMUX_STEP_SEND = 1, /* close any exchange before; send the request the getters describe: to
                          * the provider, or first to where a credential is exchanged for a key */
    LLMUX_STEP_SLEEP,    /* wait llmux_call_sleep_ms(), then llmux_call_feed_wake() */
    LLMUX_STEP_EMIT,     /* llmux_call_bytes(): bytes of the client's reply, OpenAI's shape */
    LLMUX_STEP_WAIT,     /* feed what comes */
    LLMUX_STEP_DONE
};

LLMUX_API llmux_call *llmux_call_new(llmux_client *c, const llmux_request *request,
                                     llmux_error **err);
LLMUX_API void llmux_call_free(llmux_call *call);
LLMUX_API enum llmux_step llmux_call_next(llmux_call *call);
/* After SEND; valid until the next call of llmux_call_next(). */
LLMUX_API const char *llmux_call_method(const llmux_call *call);
LLMUX_API const char *llmux_call_url(const llmux_call *call);
LLMUX_API size_t llmux_call_header_count(const llmux_call *call);
LLMUX_API const char *llmux_call_header_name(const llmux_call *call, size_t i);
LLMUX_API const char *llmux_call_header_value(const llmux_call *call, size_t i);
LLMUX_API const char *llmux_call_body(const llmux_call *call, size_t *n);
LLMUX_API int64_t llmux_call_sleep_ms(const llmux_call *call);
/* After EMIT. */
LLMUX_API const char *llmux_call_bytes(const llmux_call *call, size_t *n);
LLMUX_API int llmux_call_status(const llmux_call *call);
/* What came of a SEND: head, then body pieces, then end; or a failure at any time. */
LLMUX_API void llmux_call_feed_head(llmux_call *call, int status, const char *const *names,
                                    const char *const *values, size_t count);
LLMUX_API void llmux_call_feed_body(llmux_call *call, const char *bytes, size_t n);
LLMUX_API void llmux_call_feed_end(llmux_call *call);
LLMUX_API void llmux_call_feed_failure(llmux_call *call, const char *what);
LLMUX_API void llmux_call_feed_wake(llmux_call *call);

#ifdef __cplusplus
}
#endif

#endif
