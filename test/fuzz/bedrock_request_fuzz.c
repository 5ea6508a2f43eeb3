/*
 * bedrock_request_fuzz.c - any request of OpenAI's or Anthropic's clients, written for Bedrock: it
 * is refused, or JSON.
 *
 * The first byte chooses the options, the client's language and the model's family.
 */
#include "crossing.h"

static void write_request(const struct lx_request *r, uint8_t flags, struct lx_arena *a)
{
    static const struct lx_slice models[] = {
        LX_S_INIT("us.anthropic.claude-sonnet-4-5-v1:0"), LX_S_INIT("us.amazon.nova-2-lite-v1:0"),
        LX_S_INIT("meta.llama3-3-70b"), LX_S_INIT("openai.gpt-oss-120b-1:0")};
    struct lx_write_options o = {.model = models[flags >> 5 & 3],
                                 .drop_params = flags & 1,
                                 .modify_params = flags & 2,
                                 .native_json_schema = flags & 4,
                                 .adaptive_thinking = flags & 8};
    struct lx_header_list headers;
    struct lx_losses losses;
    struct lx_buf out;
    lx_header_list_init(&headers, a);
    lx_losses_init(&losses, a);
    lx_buf_init(&out, CROSSING_MAX);
    struct lx_body b = {.buf = &out, .headers = &headers, .losses = &losses, .arena = a};
    lx_dialect_bedrock_converse.back->write_request(&o, r, &b);
    CHECK(b.code || is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_json_doc doc;
    struct lx_arena a;
    struct lx_request r;
    if (size == 0)
        return 0;
    const struct lx_dialect *from = data[0] & 16 ? &lx_dialect_anthropic : &lx_dialect_openai_chat;
    lx_json_doc_init(&doc);
    lx_arena_init(&a, CROSSING_MAX);
    if (lx_json_read(&doc, lx_slice((const char *)data + 1, size - 1), NULL, NULL) == 0 &&
        from->front->read_request(&doc, &a, &r, NULL) == 0)
        write_request(&r, data[0], &a);
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return 0;
}
