/*
 * prompt_test.c - a conversation by a template of the configuration's. The cases
 * (test/case/openai_chat-openai_completions/template-*.md) pin the templates that are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dialect/prompt.h"

static const struct lx_prompt_template own = {
    .bos = LX_S_INIT("<s>"),
    .initial = LX_S_INIT("\n"),
    .system = {LX_S_INIT("<sys>"), LX_S_INIT("</sys>\n")},
    .user = {LX_S_INIT("<usr>"), LX_S_INIT("</usr>\n")},
    .assistant = {LX_S_INIT("<as>"), LX_S_INIT("</as>")},
    .eos = LX_S_INIT("</s>"),
    .final = LX_S_INIT("<as>"),
};

static void check(const struct lx_prompt_template *t, const char *messages, const char *prompt)
{
    struct lx_arena a;
    struct lx_buf text, out;
    struct lx_json_doc doc;
    struct lx_request r;
    struct lx_losses losses;
    const struct lx_write_options o = {.model = LX_S("m"), .prompt = t};
    lx_arena_init(&a, 1 << 20);
    lx_buf_init(&text, 1 << 16);
    lx_buf_init(&out, 1 << 16);
    lx_json_doc_init(&doc);
    lx_losses_init(&losses, &a);
    lx_buf_addf(&text, "{\"messages\":[%s]}", messages);
    assert_int_equal(lx_json_read(&doc, lx_buf_slice(&text), NULL, NULL), 0);
    assert_int_equal(lx_dialect_openai_chat.front->read_request(&doc, &a, &r, NULL), 0);
    struct lx_body b = {.buf = &out, .losses = &losses, .arena = &a};
    struct lx_out w = lx_out(&out);
    lx_prompt_write(&w, NULL, &o, &r, &b);
    lx_buf_add_byte(&out, 0);
    assert_int_equal(b.code, 0);
    assert_string_equal(out.p, prompt);
    lx_json_doc_clear(&doc);
    lx_buf_clear(&text);
    lx_buf_clear(&out);
    lx_arena_clear(&a);
}

#define SYSTEM   "{\"role\":\"system\",\"content\":\"Be brief.\"}"
#define USER     "{\"role\":\"user\",\"content\":\"Hi\"}"
#define ANSWERED "{\"role\":\"assistant\",\"content\":\"Hello.\"}"
#define AGAIN    "{\"role\":\"user\",\"content\":\"2?\"}"

/* What LiteLLM's custom_prompt() (1.106.2) makes of the same. */
static void a_template_is_litellms(void **state)
{
    (void)state;
    check(&own, SYSTEM "," USER "," ANSWERED "," AGAIN,
          "\"<s>\\n<sys>Be brief.</sys>\\n<usr>Hi</usr>\\n<as>Hello.</as></s><usr>2?</usr>\\n"
          "<as>\"");
}

/* One message is a prompt only where there is no template. */
static void one_message(void **state)
{
    (void)state;
    check(&own, USER, "\"<s>\\n<usr>Hi</usr>\\n<as>\"");
    check(NULL, USER, "\"Hi\"");
}

static void every_template_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < lx_prompt_template_count; i++) {
        bool last = i + 1 == lx_prompt_template_count;
        assert_non_null(lx_prompt_templates[i].name);
        assert_int_equal(lx_prompt_templates[i].models == NULL, last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_litellms),
        cmocka_unit_test(one_message),
        cmocka_unit_test(every_template_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
