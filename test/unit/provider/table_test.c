/*
 * table_test.c - every row of the table is whole, and says where its facts come from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ctype.h>

#include "provider/provider.h"
#include "wire/url.h"

static void check_quirk(const struct lx_provider *p, const struct lx_quirk *q)
{
    struct lx_json_doc doc;
    assert_non_null(q->member);
    if (!q->why || strlen(q->why) < 10)
        fail_msg("%s: the quirk of %s does not say why", p->id, q->member);
    bool needs = q->op != LX_QUIRK_REFUSE && q->op != LX_QUIRK_DROP && q->op != LX_QUIRK_FLATTEN &&
                 q->op != LX_QUIRK_PAIR && q->op != LX_QUIRK_MARKS && q->op != LX_QUIRK_THOUGHT;
    if (needs && !q->arg)
        fail_msg("%s: the quirk of %s lacks its argument", p->id, q->member);
    struct lx_slice json = lx_slice_z(q->arg), one;
    if (q->op == LX_QUIRK_SWITCH || q->op == LX_QUIRK_BESIDE)
        assert_true(lx_slice_cut(json, '=', &one, &json));
    else if (q->op != LX_QUIRK_DEFAULT && q->op != LX_QUIRK_REFUSE && q->op != LX_QUIRK_FILL &&
             q->op != LX_QUIRK_TOOL)
        return;
    for (bool more = json.n; more;) {
        more = lx_slice_cut(json, '|', &one, &json);
        lx_json_doc_init(&doc);
        assert_int_equal(lx_json_read(&doc, one, NULL, NULL), 0);
        lx_json_doc_clear(&doc);
    }
}

static void check_variants(const struct lx_provider *p)
{
    for (const struct lx_provider *v = p->variants; v && v->id; v++) {
        assert_string_equal(v->id, p->id);
        assert_non_null(v->title);
        assert_non_null(v->docs);
        assert_true(v->models || v->bases || v->versions);
        assert_false(v->base_url || v->key_env[0] || v->variants); /* the row's alone */
        assert_non_null(lx_dialect_find(lx_slice_z(v->language))->back);
        assert_int_equal(v->auth == LX_AUTH_HEADER, v->auth_header != NULL);
        for (const struct lx_quirk *q = v->quirks; q && q->op != LX_QUIRK_END; q++)
            check_quirk(v, q);
    }
}

static void rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < lx_provider_count; i++) {
        const struct lx_provider *p = &lx_providers[i];
        struct lx_url url;
        assert_ptr_equal(lx_provider_find(lx_slice_z(p->id)), p); /* ids are unique */
        for (const char *c = p->id; *c; c++)
            assert_true(islower(*c) || isdigit(*c) || *c == '_' || *c == '-');
        assert_non_null(p->title);
        assert_non_null(p->docs);
        assert_non_null(lx_dialect_find(lx_slice_z(p->language)));
        assert_non_null(lx_dialect_find(lx_slice_z(p->language))->back);
        assert_true(p->base_url || p->base_url_env[0]);
        if (p->base_url && strchr(p->base_url, '{')) {
            assert_non_null(p->hosts); /* the address alone cannot say which hosts mean it */
        } else if (p->base_url) {
            assert_int_equal(lx_url_read(lx_slice_z(p->base_url), &url, NULL), 0);
            assert_false(lx_slice_ends(lx_slice_z(p->base_url), LX_S("/")));
        }
        assert_true(p->auth == LX_AUTH_NONE || p->key_env[0]);
        assert_true(p->auth == LX_AUTH_AWS ||
                    (p->auth == LX_AUTH_HEADER) == (p->auth_header != NULL));
        for (size_t r = 0; r < sizeof(p->routes) / sizeof(p->routes[0]); r++)
            assert_true(!p->routes[r][0] || lx_provider_find(lx_slice_z(p->routes[r][1])));
        assert_int_equal(p->model_prefix != NULL, p->model_prefix_unless != NULL);
        for (const struct lx_quirk *q = p->quirks; q && q->op != LX_QUIRK_END; q++)
            check_quirk(p, q);
        check_variants(p);
    }
}

static void variants_stand_in(void **state)
{
    static const struct {
        const char *id, *model, *base, *version, *language, *path;
    } rows[] = {
        {"groq", "x", "https://api.groq.com", "", "openai_chat", NULL},
        {"azure", "x", "https://r.openai.azure.com", "", "openai_chat",
         "/openai/deployments/{model}/chat/completions"},
        {"azure", "x", "https://r.openai.azure.com", "v1", "openai_chat",
         "/openai/v1/chat/completions"},
        {"azure", "x", "https://r.openai.azure.com/openai/v1", "2025-01-01", "openai_chat", NULL},
        {"azure_ai", "claude-x", "https://r.services.ai.azure.com", "", "anthropic",
         "/anthropic/v1/messages"},
        {"azure_ai", "x", "https://r.services.ai.azure.com", "", "openai_chat",
         "/models/chat/completions"},
        {"azure_ai", "x", "https://r.services.ai.azure.com/openai/deployments/d", "", "openai_chat",
         NULL},
        {"azure_ai", "x", "https://r.example.com", "", "openai_chat", NULL},
        {"gradient_ai", "x", "https://inference.do-ai.run", "", "openai_chat",
         "/v1/chat/completions"},
        {"gradient_ai", "x", "https://a.agents.do-ai.run", "", "openai_chat",
         "/api/v1/chat/completions"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lx_provider *p =
            lx_provider_variant(lx_provider_find(lx_slice_z(rows[i].id)), lx_slice_z(rows[i].model),
                                lx_slice_z(rows[i].base), lx_slice_z(rows[i].version));
        assert_string_equal(p->language, rows[i].language);
        assert_string_equal(p->path ? p->path : "", rows[i].path ? rows[i].path : "");
    }
}

static void names_take_their_form(void **state)
{
    static const char *const rows[][3] = {
        {"clarifai", "u.a.m", "https://clarifai.com/u/a/models/m"},
        {"clarifai", "u.a.m-4.1", "https://clarifai.com/u/a/models/m-4.1"},
        {"clarifai", "u.a", "u.a"},
        {"groq", "u.a.m", "u.a.m"},
        {"openrouter", "auto", "openrouter/auto"},
        {"openrouter", "a/b", "a/b"},
    };
    struct lx_arena a;
    (void)state;
    lx_arena_init(&a, 1 << 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_slice got =
            lx_provider_model(lx_provider_find(lx_slice_z(rows[i][0])), lx_slice_z(rows[i][1]), &a);
        assert_true(lx_slice_eq(got, lx_slice_z(rows[i][2])));
    }
    lx_arena_clear(&a);
}

static void models_have_their_powers(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        bool schema, adaptive;
    } rows[] = {
        {"claude-3-haiku-20240307", false, false},
        {"claude-3-7-sonnet-latest", false, false},
        {"claude-sonnet-4-20250514", false, false},
        {"claude-sonnet-4-0", false, false},
        {"claude-opus-4-1-20250805", false, false},
        {"claude-opus-4-1", false, false},
        {"claude-sonnet-4-5", true, false},
        {"claude-sonnet-4-5-20250929", true, false},
        {"claude-haiku-4-5-20251001", true, false},
        {"claude-opus-4-5", true, false},
        {"claude-opus-4-6", true, true},
        {"claude-sonnet-4-6", true, true},
        {"claude-opus-5", true, true},
        {"claude-opus-4-10", true, true},
    };
    const struct lx_provider *p = lx_provider_find(LX_S("anthropic"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_write_options o = {.drop_params = true};
        lx_provider_options(p, lx_slice_z(rows[i].model), &o);
        if (o.native_json_schema != rows[i].schema || o.adaptive_thinking != rows[i].adaptive)
            fail_msg("%s", rows[i].model);
        assert_true(o.drop_params); /* what is the deployment's stays */
    }
    struct lx_write_options o = {0};
    lx_provider_options(lx_provider_find(LX_S("openai")), LX_S("gpt-4o"), &o);
    assert_true(o.native_json_schema);
    assert_false(o.adaptive_thinking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(models_have_their_powers),
        cmocka_unit_test(variants_stand_in),
        cmocka_unit_test(names_take_their_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
