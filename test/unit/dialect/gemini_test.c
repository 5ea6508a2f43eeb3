/*
 * gemini_test.c - the edges of the Gemini dialect that no conversation shows: signatures on odd
 * places, streams of old models, limits, counts, and what a model of each kind is asked to think.
 * What conversations show is pinned in test/case.
 */
#include "dialect/gemini.h"
#include "edge.h"

static void assert_has(struct lx_slice s, const char *expected)
{
    struct lx_slice e = json(expected);
    if (lx_slice_find(s, e) < 0)
        fail_msg("got %.*s\n   without %.*s", LX_F(s), LX_F(e));
}

/* ---- Ids and signatures --------------------------------------------------------------------- */

static void test_id_carries_signature(void **state)
{
    (void)state;
    struct lx_slice id = lx_gemini_id_join(LX_S("ab12"), lx_text(LX_S("Eu+/BA==")), &arena);
    assert_text(id, "ab12__thought__Eu-_BA");
    struct lx_gemini_id split = lx_gemini_id_split(lx_text(id), &arena);
    assert_text(split.id, "ab12");
    assert_text(split.signature, "Eu+/BA==");
}

static void test_id_of_litellm_is_read(void **state)
{
    (void)state;
    struct lx_gemini_id split =
        lx_gemini_id_split(lx_text(LX_S("call_1__thought__Eu+/BCt8=")), &arena);
    assert_text(split.id, "call_1");
    assert_text(split.signature, "Eu+/BCt8=");
}

static void test_id_without_signature(void **state)
{
    (void)state;
    struct lx_text none = {{NULL, 0}, false};
    assert_text(lx_gemini_id_join(LX_S("ab12"), none, &arena), "ab12");
    struct lx_gemini_id split = lx_gemini_id_split(lx_text(LX_S("ab12")), &arena);
    assert_text(split.id, "ab12");
    assert_int_equal(split.signature.n, 0);
    split = lx_gemini_id_split(lx_text(LX_S("ab12__thought__")), &arena);
    assert_text(split.id, "ab12");
    assert_int_equal(split.signature.n, 0);
}

static void test_names_in_both_spellings(void **state)
{
    (void)state;
    assert_true(lx_gemini_name_eq(LX_S("safetySettings"), "safetySettings"));
    assert_true(lx_gemini_name_eq(LX_S("safety_settings"), "safetySettings"));
    assert_false(lx_gemini_name_eq(LX_S("safetysettings"), "safetySettings"));
    assert_false(lx_gemini_name_eq(LX_S("safety_setting"), "safetySettings"));
    assert_false(lx_gemini_name_eq(LX_S("safety_settings_"), "safetySettings"));
    assert_false(lx_gemini_name_eq(LX_S("safety__settings"), "safetySettings"));
    assert_false(lx_gemini_name_eq(LX_S(""), "topK"));
    assert_true(lx_gemini_name_eq(LX_S("top_k"), "topK"));
}

/* ---- Requests ------------------------------------------------------------------------------- */

static int write_code;

/* The body, or the error's text, is what it returns; losses, separated by spaces, in *lost. */
static struct lx_slice write_for(const struct lx_dialect *from, const char *body, const char *model,
                                 struct lx_slice *lost)
{
    struct lx_write_options o = {.model = lx_slice_z(model),
                                 .adaptive_thinking =
                                     lx_slice_starts(lx_slice_z(model), LX_S("gemini-3"))};
    struct lx_request r;
    struct lx_losses losses;
    struct lx_error err = {0};
    lx_losses_init(&losses, &arena);
    assert_int_equal(lx_json_read(&doc, json(body), NULL, &err), 0);
    assert_int_equal(from->front->read_request(&doc, &arena, &r, &err), 0);
    lx_buf_reset(&out);
    struct lx_body b = {.buf = &out, .losses = &losses, .arena = &arena};
    lx_dialect_gemini.back->write_request(&o, &r, &b);
    write_code = b.code;
    if (lost)
        *lost = LX_S("");
    for (const struct lx_loss *l = lost ? losses.first : NULL; l; l = l->next)
        *lost =
            lx_arena_printf(&arena, "%.*s%s%.*s", LX_F(*lost), lost->n ? " " : "", LX_F(l->what));
    return b.code ? lx_arena_copy(&arena, lx_slice_z(b.error.text)) : lx_buf_slice(&out);
}

static struct lx_slice from_openai(const char *body, const char *model)
{
    return write_for(&lx_dialect_openai_chat, body, model, NULL);
}

static void test_thinking_by_model(void **state)
{
    static const struct {
        const char *model, *effort, *config;
    } rows[] = {
        {"gemini-2.5-flash", "low", "{'thinkingBudget':1024,'includeThoughts':true}"},
        {"gemini-2.5-flash", "max", "{'thinkingBudget':16384,'includeThoughts':true}"},
        {"gemini-2.5-flash", "minimal", "{'thinkingBudget':1,'includeThoughts':true}"},
        {"gemini-2.5-flash-lite", "minimal", "{'thinkingBudget':512,'includeThoughts':true}"},
        {"gemini-2.5-pro", "minimal", "{'thinkingBudget':128,'includeThoughts':true}"},
        {"gemini-2.5-flash", "none", "{'thinkingBudget':0}"},
        {"gemini-2.5-pro", "none", "{'thinkingBudget':128}"},
        {"gemini-3-flash-preview", "none", "{'thinkingLevel':'MINIMAL'}"},
        {"gemini-3-pro-preview", "none", "{'thinkingLevel':'LOW'}"},
        {"gemini-3-pro-preview", "medium", "{'thinkingLevel':'HIGH','includeThoughts':true}"},
        {"gemini-3.1-pro-preview", "medium", "{'thinkingLevel':'MEDIUM','includeThoughts':true}"},
        {"gemini-3-flash-preview", "xhigh", "{'thinkingLevel':'HIGH','includeThoughts':true}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[200], wanted[200];
        snprintf(body, sizeof(body),
                 "{'model':'m','messages':[{'role':'user','content':'x'}],"
                 "'reasoning_effort':'%s'}",
                 rows[i].effort);
        snprintf(wanted, sizeof(wanted), "'thinkingConfig':%s", rows[i].config);
        assert_has(from_openai(body, rows[i].model), wanted);
    }
}

static void test_effort_that_is_none(void **state)
{
    (void)state;
    from_openai("{'model':'m','messages':[{'role':'user','content':'x'}],"
                "'reasoning_effort':'much'}",
                "gemini-2.5-flash");
    assert_int_equal(write_code, LX_EUNSUPPORTED);
}

static void test_foreign_thinking_is_lost(void **state)
{
    (void)state;
    struct lx_slice lost;
    struct lx_slice body = write_for(
        &lx_dialect_anthropic,
        "{'model':'m','max_tokens':1,'messages':[{'role':'user','content':'a'},"
        "{'role':'assistant','content':[{'type':'thinking','thinking':'b','signature':'EqoB'}]},"
        "{'role':'user','content':'c'}]}",
        "gemini-2.5-flash", &lost);
    /* The turn that is empty now does not part the user's. */
    assert_has(body, "'contents':[{'role':'user','parts':[{'text':'a'},{'text':'c'}]}]");
    assert_text(lost, "messages[1].content[0]");
}

static void test_signature_finds_its_text(void **state)
{
    (void)state;
    const char *before = "{'type':'thinking','thinking':'','signature':'gemini:S1'},"
                         "{'type':'text','text':'t'}";
    const char *behind = "{'type':'text','text':'t'},"
                         "{'type':'thinking','thinking':'','signature':'gemini:S1'}";
    const char *alone = "{'type':'thinking','thinking':'','signature':'gemini:S1'},"
                        "{'type':'tool_use','id':'ab','name':'f','input':{}}";
    const struct {
        const char *content, *parts;
    } rows[] = {
        {before, "[{'text':'t','thoughtSignature':'S1'}]"},
        {behind, "[{'text':'t','thoughtSignature':'S1'}]"},
        {alone, "[{'text':'','thoughtSignature':'S1'},"
                "{'functionCall':{'id':'ab','name':'f','args':{}}}]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[400], wanted[200];
        snprintf(body, sizeof(body),
                 "{'model':'m','max_tokens':1,'messages':[{'role':'user','content':'a'},"
                 "{'role':'assistant','content':[%s]}]}",
                 rows[i].content);
        snprintf(wanted, sizeof(wanted), "'parts':%s", rows[i].parts);
        assert_has(write_for(&lx_dialect_anthropic, body, "gemini-2.5-flash", NULL), wanted);
    }
}

static void test_nothing_to_say(void **state)
{
    (void)state;
    assert_text(from_openai("{'model':'m','messages':[{'role':'system','content':'s'}]}",
                            "gemini-2.5-flash"),
                "{'systemInstruction':{'parts':[{'text':'s'}]},"
                "'contents':[{'role':'user','parts':[{'text':' '}]}]}");
}

static void test_unknown_result(void **state)
{
    (void)state;
    assert_has(from_openai("{'model':'m','messages':[{'role':'tool','tool_call_id':'x1',"
                           "'content':'[1]'}]}",
                           "gemini-2.5-flash"),
               "{'functionResponse':{'id':'x1','name':'x1','response':{'output':'[1]'}}}");
}

/* ---- Streams -------------------------------------------------------------------------------- */

/* The records, one a line, to OpenAI's clients or Anthropic's. */
static int cross(const struct lx_dialect *to, const char *records)
{
    struct lx_gemini_reading reading = {0};
    struct lx_reply_context c = {.model = LX_S("m"), .id = LX_S("id"), .now_s = 1};
    void *telling = calloc(1, to->front->state_size);
    struct lx_slice rest = json(records), line;
    int code = 0;
    lx_buf_reset(&out);
    for (bool more = true; more && !code;) {
        struct lx_events events = {.arena = &arena};
        more = lx_slice_cut(rest, '\n', &line, &rest);
        struct lx_record rec = {.data = line};
        code = more ? lx_gemini_read_event(&reading, &rec, &doc, &c, &events, NULL)
                    : lx_gemini_read_end(&reading, &events, NULL);
        for (size_t i = 0; !code && i < events.n; i++)
            to->front->write_event(telling, &events.v[i], &c, &out);
    }
    to->front->clear(telling);
    free(telling);
    lx_gemini_reading_clear(&reading);
    return code;
}

static void test_stream_finish_in_every_record(void **state)
{
    (void)state;
    assert_int_equal(cross(&lx_dialect_anthropic,
                           "{'candidates':[{'content':{'parts':[{'text':'a'}]},"
                           "'finishReason':'STOP'}]}\n"
                           "{'candidates':[{'content':{'parts':[{'text':'b'}]},"
                           "'finishReason':'MAX_TOKENS'}]}\n"),
                     0);
    assert_has(lx_buf_slice(&out), "'stop_reason':'max_tokens'");
    assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("end_turn")) < 0);
}

static void test_stream_signature_does_not_tear_text(void **state)
{
    (void)state;
    assert_int_equal(cross(&lx_dialect_anthropic,
                           "{'candidates':[{'content':{'parts':[{'text':'a',"
                           "'thoughtSignature':'S1'}]}}]}\n"
                           "{'candidates':[{'content':{'parts':[{'text':'b'}]}}]}\n"
                           "{'candidates':[{'content':{'parts':[{'text':'',"
                           "'thoughtSignature':'S2'}]},'finishReason':1}]}\n"),
                     0);
    struct lx_slice told = lx_buf_slice(&out);
    ssize_t first = lx_slice_find(told, LX_S("gemini:S1"));
    ssize_t second = lx_slice_find(told, LX_S("gemini:S2"));
    ssize_t b = lx_slice_find(told, json("'text':'b'"));
    assert_true(b > 0 && first > b && second > first);
    assert_has(told, "'stop_reason':'end_turn'");
}

static void test_stream_list_of_responses(void **state)
{
    (void)state;
    assert_int_equal(cross(&lx_dialect_openai_chat,
                           "[{'candidates':[{'content':{'parts':[{'text':'a'}]}}]},"
                           "{'candidates':[{'finishReason':'STOP'}]}]\n"),
                     0);
    assert_has(lx_buf_slice(&out), "'finish_reason':'stop'");
}

static void test_stream_without_candidates_is_cut(void **state)
{
    (void)state;
    assert_int_equal(cross(&lx_dialect_openai_chat, "{'usageMetadata':{'promptTokenCount':1}}\n"),
                     0);
    assert_has(lx_buf_slice(&out), "'error'");
}

static void test_stream_unknown_finish(void **state)
{
    (void)state;
    assert_int_equal(
        cross(&lx_dialect_openai_chat, "{'candidates':[{'finishReason':'BRAND_NEW'}]}\n"), 0);
    assert_has(lx_buf_slice(&out), "'native_finish_reason':'BRAND_NEW'");
}

static void test_stream_too_many_candidates(void **state)
{
    (void)state;
    struct lx_buf many;
    lx_buf_init(&many, 1 << 20);
    lx_buf_add_lit(&many, "{'candidates':[");
    for (int i = 0; i < 129; i++)
        lx_buf_addf(&many, "%s{'finishReason':'STOP'}", i ? "," : "");
    lx_buf_add_lit(&many, "]}\n");
    lx_buf_add_byte(&many, 0);
    assert_int_equal(cross(&lx_dialect_openai_chat, many.p), LX_ELIMIT);
    lx_buf_clear(&many);
}

static void test_stream_records_that_are_none(void **state)
{
    (void)state;
    assert_int_equal(cross(&lx_dialect_openai_chat, "nonsense\n"), LX_EPROTO);
    assert_int_equal(cross(&lx_dialect_openai_chat,
                           "7\n[]\n{'candidates':7}\n{'candidates':[7,{'content':7}]}\n"
                           "{'candidates':[{'content':{'parts':[7,{},{'functionCall':7}]}}]}\n"),
                     0);
    assert_has(lx_buf_slice(&out), "'error'");
}

/* ---- Usage and errors ----------------------------------------------------------------------- */

static struct lx_usage usage_of(const char *text)
{
    struct lx_usage u = {0};
    assert_int_equal(lx_json_read(&doc, json(text), NULL, NULL), 0);
    lx_gemini_usage_read(lx_json_root(&doc), &u);
    return u;
}

static void test_usage_sums(void **state)
{
    (void)state;
    struct lx_usage u = usage_of(
        "{'promptTokenCount':10,'toolUsePromptTokenCount':5,'candidatesTokenCount':3,"
        "'thoughtsTokenCount':4,'totalTokenCount':22,'cachedContentTokenCount':6,"
        "'promptTokensDetails':[{'modality':'TEXT','tokenCount':7},"
        "{'modality':4,'tokenCount':3}],'cacheTokensDetails':[{'modality':'AUDIO',"
        "'tokenCount':2}],'candidatesTokensDetails':[{'modality':'IMAGE','tokenCount':3}]}");
    assert_int_equal(u.prompt_tokens, 15);
    assert_int_equal(u.completion_tokens, 7);
    assert_int_equal(u.reasoning_tokens, 4);
    assert_int_equal(u.total_tokens, 22);
    assert_int_equal(u.cached_tokens, 6);
    assert_true(u.has_cached);
    assert_int_equal(u.prompt_text_tokens, 7);
    assert_int_equal(u.prompt_audio_tokens, 3);
    assert_int_equal(u.cached_audio_tokens, 2);
    assert_int_equal(u.completion_image_tokens, 3);
}

/* ai.google.dev/gemini-api/docs/pricing: a search is paid by the search, pages by the token. */
static void test_usage_of_searches(void **state)
{
    (void)state;
    static const struct {
        const char *candidates;
        int64_t web, maps;
        bool are_paid;
    } rows[] = {
        {"[{'groundingMetadata':{'webSearchQueries':['weather']}}]", 1, 0, true},
        {"[{'groundingMetadata':{'webSearchQueries':['a','b','','a',7]}},"
         "{'groundingMetadata':{'webSearchQueries':['b','c']}}]",
         3, 0, true},
        {"[{'groundingMetadata':{'groundingChunks':[{'web':{}},{'maps':{'title':'Rome'}}]}}]", 0, 1,
         true},
        {"[{'groundingMetadata':{'webSearchQueries':['a','b'],'groundingChunks':[{'maps':{}}]}}]",
         0, 2, true},
        {"[{'groundingMetadata':{'googleMapsWidgetContextToken':'t'}}]", 0, 1, false},
        {"[{'groundingMetadata':{'groundingChunks':[{'web':{}}]}}]", 0, 0, false},
        {"[{'groundingMetadata':{'webSearchQueries':['a']},'urlContextMetadata':{'a':1}}]", 1, 0,
         false},
        {"[{'groundingMetadata':7}]", 0, 0, false},
        {"[{}]", 0, 0, false},
    };
    struct lx_gemini_searches s;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        s = (struct lx_gemini_searches){.web = 0};
        assert_int_equal(lx_json_read(&doc, json(rows[i].candidates), NULL, NULL), 0);
        lx_gemini_searches_read(lx_json_root(&doc), &s);
        assert_int_equal(s.web, rows[i].web);
        assert_int_equal(s.maps, rows[i].maps);
        assert_int_equal(s.are_paid, rows[i].are_paid);
    }
    struct lx_usage u =
        usage_of("{'promptTokenCount':19,'toolUsePromptTokenCount':69,'promptTokensDetails':["
                 "{'modality':'TEXT','tokenCount':19}],'toolUsePromptTokensDetails':["
                 "{'modality':'TEXT','tokenCount':69}],'totalTokenCount':272}");
    assert_int_equal(u.prompt_tokens, 88);
    s.are_paid = true;
    s.web = 2;
    lx_gemini_searches_tell(&s, lx_json_root(&doc), &u);
    assert_int_equal(u.web_search_requests, 2);
    assert_int_equal(u.prompt_tokens, 19);
    assert_int_equal(u.prompt_text_tokens, 19);
    assert_int_equal(u.total_tokens, 272);
}

static void test_usage_of_hostile_counts(void **state)
{
    (void)state;
    struct lx_usage u = usage_of("{'promptTokenCount':-1,'candidatesTokenCount':1e9,"
                                 "'thoughtsTokenCount':9223372036854775807,"
                                 "'totalTokenCount':'7'}");
    assert_int_equal(u.prompt_tokens, 0);
    assert_int_equal(u.completion_tokens, 0);
    assert_int_equal(u.total_tokens, 0);
    assert_false(usage_of("{}").known);
}

static struct lx_fault fault_of(int status, const char *body)
{
    struct lx_fault f;
    lx_gemini_read_error(status, json(body), NULL, &arena, &f);
    return f;
}

static void test_retry_delay(void **state)
{
    static const struct {
        const char *delay;
        int64_t ms;
    } rows[] = {{"34.074824224s", 34074},     {"7s", 7000}, {"0.5s", 500}, {"34", -1}, {"-3s", -1},
                {"9999999999999999999s", -1}, {"s", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[200];
        snprintf(body, sizeof(body),
                 "{'error':{'code':429,'message':'m','details':[{'retryDelay':'%s'}]}}",
                 rows[i].delay);
        struct lx_fault f = fault_of(429, body);
        assert_int_equal(f.kind, LX_FAULT_RATE_LIMIT);
        assert_int_equal(f.retry_after_ms, rows[i].ms);
    }
}

static void test_faults(void **state)
{
    (void)state;
    struct lx_fault f =
        fault_of(400, "[{'error':{'code':400,'message':'The input token count (9) exceeds the "
                      "maximum number of tokens allowed (8).','status':'INVALID_ARGUMENT'}}]");
    assert_int_equal(f.kind, LX_FAULT_CONTEXT_WINDOW);
    assert_text(f.code, "INVALID_ARGUMENT");
    f = fault_of(400, "{'error':{'code':400,'message':'bad key',"
                      "'details':[{'reason':'API_KEY_INVALID'}]}}");
    assert_int_equal(f.kind, LX_FAULT_AUTHENTICATION);
    assert_int_equal(lx_fault_status(&f), 401);
    f = fault_of(502, "<html><title>Bad</title></html>");
    assert_int_equal(f.kind, LX_FAULT_BAD_GATEWAY);
    assert_text(f.message, "Bad");
    f = fault_of(503, "");
    assert_int_equal(f.kind, LX_FAULT_UNAVAILABLE);
    assert_true(f.message.n);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_id_carries_signature),
        TEST(test_id_of_litellm_is_read),
        TEST(test_id_without_signature),
        TEST(test_names_in_both_spellings),
        TEST(test_thinking_by_model),
        TEST(test_effort_that_is_none),
        TEST(test_foreign_thinking_is_lost),
        TEST(test_signature_finds_its_text),
        TEST(test_nothing_to_say),
        TEST(test_unknown_result),
        TEST(test_stream_finish_in_every_record),
        TEST(test_stream_signature_does_not_tear_text),
        TEST(test_stream_list_of_responses),
        TEST(test_stream_without_candidates_is_cut),
        TEST(test_stream_unknown_finish),
        TEST(test_stream_too_many_candidates),
        TEST(test_stream_records_that_are_none),
        TEST(test_usage_sums),
        TEST(test_usage_of_hostile_counts),
        TEST(test_usage_of_searches),
        TEST(test_retry_delay),
        TEST(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
