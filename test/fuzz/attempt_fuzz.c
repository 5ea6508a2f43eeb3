/*
 * attempt_fuzz.c - any bytes as a client's request, to providers of every language: what would be
 * sent is JSON, or the client gets an error that is.
 *
 * The first byte chooses the options. LANGUAGE is the client's, by the build.
 */
#include "relay.h"

static const char *const targets[] = {
    "openai",
    "anthropic",
    "gemini",
    "groq",
    "mistral",
    "perplexity",
    "text-completion-openai",
    "text-completion-codestral",
};

static void write_attempt(const struct lx_provider *p, uint8_t options,
                          const struct lx_json_doc *doc)
{
    struct lx_deployment d = {.provider = p, .model = LX_S("claude-sonnet-4-5"), .max_retries = -1};
    struct lx_route_settings settings;
    struct lx_attempt attempt;
    struct lx_fault fault = {.retry_after_ms = -1};
    struct lx_arena arena;
    struct lx_buf buf;
    if (options & 1)
        d.model = LX_S("o3-mini");
    d.base_url = lx_slice_z(p->base_url);
    CHECK(lx_secret_init(&d.key, LX_S("key")) == 0);
    lx_arena_init(&arena, MAX_OUT);
    lx_buf_init(&buf, MAX_OUT);
    lx_route_settings_default(&settings);
    settings.drop_params = options & 2;
    settings.modify_params = options & 4;
    int code = lx_attempt_write(&attempt, &d, &settings, &LANGUAGE, doc, NULL, d.model, LX_UNSET,
                                NULL, &arena, &buf, &fault);
    if (code == 0) {
        check_json(attempt.out.body);
    } else {
        lx_buf_reset(&buf);
        LANGUAGE.front->write_error(&fault, &buf);
        check_json(lx_buf_slice(&buf));
    }
    lx_buf_clear(&buf);
    lx_arena_clear(&arena);
    lx_secret_clear(&d.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_json_doc doc;
    if (size == 0)
        return 0;
    char *box = boxed(lx_slice((const char *)data + 1, size - 1));
    lx_json_doc_init(&doc);
    /* What is no object never comes this far. */
    if (lx_json_read(&doc, lx_slice(box, size - 1), NULL, NULL) == 0 &&
        lx_json_is(lx_json_root(&doc), LX_JSON_OBJECT))
        for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
            write_attempt(lx_provider_find(lx_slice_z(targets[i])), data[0], &doc);
    lx_json_doc_clear(&doc);
    free(box);
    return 0;
}
