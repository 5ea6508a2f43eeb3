/*
 * chat_test.c - chat requests cost what LiteLLM's token_counter says, on 200 of them.
 */
#include "unit.h"

#include "tokens/chat.h"

static struct lx_tokenizer *tokenizer;

static int count_row(struct lx_json row, struct lx_arena *a, size_t *count, struct lx_error *err)
{
    struct lx_token_rule rule = lx_token_rule_of(lx_json_str(LX_GET(row, "model"), a),
                                                 lx_json_str(LX_GET(row, "provider"), a));
    struct lx_encoding e;

    assert_int_equal(lx_encoding_find(&e, lx_slice_z(rule.encoding)), 0);
    return lx_tokens_count_chat(tokenizer, &e, &rule, LX_GET(row, "request"), count, err);
}

static void test_litellm_table(void **state)
{
    (void)state;
    struct lx_slice all = read_file("test/tokens/chats.jsonl"), text = all, line;
    int rows = 0;

    for (; next_line(&text, &line); rows++) {
        struct lx_json_doc doc;
        struct lx_arena a;
        struct lx_error err = {0};
        size_t count = 0;
        int64_t want;

        lx_arena_init(&a, 1 << 20);
        lx_json_doc_init(&doc);
        assert_int_equal(lx_json_read(&doc, line, NULL, &err), 0);
        assert_int_equal(lx_json_int(LX_GET(lx_json_root(&doc), "tokens"), &want), 0);
        if (count_row(lx_json_root(&doc), &a, &count, &err) != 0 || (int64_t)count != want)
            fail_msg("row %d: %zu tokens, LiteLLM has %d %s", rows + 1, count, (int)want, err.text);
        lx_json_doc_clear(&doc);
        lx_arena_clear(&a);
    }
    assert_int_equal(rows, 200);
    free((char *)all.p);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "{}",
        "{\"messages\": 1}",
        "{\"messages\": [1]}",
        "{\"messages\": [{\"content\": [{\"type\": \"video\"}]}]}",
        "{\"messages\": [{\"content\": [{\"type\": \"image_url\"}]}]}",
        "{\"messages\": [{\"content\": [{\"type\": \"image_url\", \"image_url\": {\"detail\": \"low\"}}]}]}",
        "{\"messages\": [{\"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"data:,\", "
        "\"detail\": \"max\"}}]}]}",
        "{\"messages\": [{\"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": "
        "\"data:image/png;base64,iVBORw0KGgo=\", \"detail\": \"high\"}}]}]}",
        "{\"messages\": [{\"content\": [{\"type\": \"tool_result\"}]}]}",
        "{\"messages\": [{\"tool_calls\": 1}]}",
        "{\"messages\": [{\"tool_calls\": [{}]}]}",
        "{\"messages\": [], \"tool_choice\": {\"type\": \"function\"}}",
        "{\"messages\": [], \"tools\": [{\"name\": \"f\", \"parameters\": {\"properties\": {\"a\": 1}}}]}",
        "{\"messages\": [], \"tools\": [{\"name\": \"f\", \"parameters\": {\"properties\": {\"a\": "
        "{\"type\": \"array\"}}}}]}",
    };
    struct lx_token_rule rule = lx_token_rule_of(LX_S("gpt-4o"), LX_S("openai"));
    struct lx_encoding e;

    assert_int_equal(lx_encoding_find(&e, LX_S("o200k_base")), 0);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct lx_json_doc doc;
        struct lx_error err = {0};
        size_t count = 77;

        lx_json_doc_init(&doc);
        assert_int_equal(lx_json_read(&doc, lx_slice_z(requests[i]), NULL, &err), 0);
        assert_int_equal(
            lx_tokens_count_chat(tokenizer, &e, &rule, lx_json_root(&doc), &count, &err),
            LX_EINVAL);
        assert_true(err.text[0] != '\0');
        assert_int_equal(count, 77);
        lx_json_doc_clear(&doc);
    }
}

static void test_sizes_of_images(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height, tokens;
    } cases[] = {
        /* LiteLLM's calculate_img_tokens(mode="high") */
        {1, 1, 255},       {512, 512, 255},    {513, 512, 425},   {768, 768, 765},
        {1024, 1024, 765}, {2000, 768, 1445},  {4000, 1000, 765}, {1000, 4000, 765},
        {100000, 1, 765},  {2048, 4096, 1105},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char gif[] = "GIF89a\0\0\0\0", url[64] = "data:image/gif;base64,";
        struct lx_buf b;
        size_t count;

        if (cases[i].width > 65535)
            continue;
        gif[6] = (char)(cases[i].width & 255);
        gif[7] = (char)(cases[i].width >> 8);
        gif[8] = (char)(cases[i].height & 255);
        gif[9] = (char)(cases[i].height >> 8);
        lx_buf_init(&b, 100);
        lx_buf_add(&b, lx_slice_z(url));
        for (int k = 0; k < 10; k++) { /* of base64 only the alphabet matters here */
            static const char abc[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            static uint32_t bits, have;

            bits = bits << 8 | (uint8_t)gif[k];
            for (have += 8; have >= 6; have -= 6)
                lx_buf_add_byte(&b, abc[bits >> (have - 6) & 63]);
            if (k == 9) {
                lx_buf_add_byte(&b, abc[bits << (6 - have) & 63]);
                bits = have = 0;
            }
        }
        assert_int_equal(lx_image_tokens(lx_buf_slice(&b), LX_S("high"), &count, NULL), 0);
        assert_int_equal(count, cases[i].tokens);
        assert_int_equal(lx_image_tokens(lx_buf_slice(&b), LX_S("low"), &count, NULL), 0);
        assert_int_equal(count, 85);
        lx_buf_clear(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_litellm_table),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_sizes_of_images),
    };
    int failed;

    tokenizer = lx_tokenizer_new();
    failed = tokenizer ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    lx_tokenizer_free(tokenizer);
    return failed;
}
