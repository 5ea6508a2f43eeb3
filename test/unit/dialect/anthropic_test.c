/*
 * anthropic_test.c - the edges of the Anthropic dialect that no conversation shows: what is left
 * out and why, order, limits, and the pains of other gateways that touch it. What conversations
 * show is pinned in test/case.
 */
#include "dialect/anthropic.h"
#include "edge.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct lx_dialect *const anthropic = &lx_dialect_anthropic;
static const struct lx_dialect *const openai = &lx_dialect_openai_chat;

/* ---- Requests from OpenAI's clients --------------------------------------------------------- */

enum { DROP = 1, MODIFY = 2, NATIVE = 4, ADAPTIVE = 8 };

/* What is lost, separated by spaces; the body, or the error's text, is in `out`. */
static struct lx_slice write_request(const struct lx_dialect *from, const char *body, int options)
{
    struct lx_write_options o = {.model = LX_S("m"),
                                 .drop_params = options & DROP,
                                 .modify_params = options & MODIFY,
                                 .native_json_schema = options & NATIVE,
                                 .adaptive_thinking = options & ADAPTIVE};
    struct lx_request r;
    struct lx_header_list headers;
    struct lx_losses losses;
    struct lx_slice lost = LX_S("");
    struct lx_error err = {0};
    lx_header_list_init(&headers, &arena);
    lx_losses_init(&losses, &arena);
    lx_buf_reset(&out);
    assert_int_equal(lx_json_read(&doc, json(body), NULL, &err), 0);
    if (from->front->read_request(&doc, &arena, &r, &err)) {
        lx_buf_add(&out, lx_slice_z(err.text));
        return LX_S("unread");
    }
    struct lx_body b = {.buf = &out, .headers = &headers, .losses = &losses, .arena = &arena};
    anthropic->back->write_request(&o, &r, &b);
    for (struct lx_loss *l = losses.first; l; l = l->next)
        lost = lx_arena_printf(&arena, "%.*s%s%.*s", LX_F(lost), lost.n ? " " : "", LX_F(l->what));
    if (b.code) {
        lx_buf_reset(&out);
        lx_buf_addf(&out, "%s %s", lx_code_name(b.code), b.error.text);
    }
    return lost;
}

/* What a request becomes: only what stands beside model and messages is written down. */
static const struct request_row {
    const char *in; /* members beside messages */
    int options;
    const char *out; /* members behind messages; or the error */
    const char *lost;
} request_rows[] = {
    {"", 0, "", ""},
    {"'temperature':1.5", 0, "LX_EUNSUPPORTED temperature: Anthropic takes 0 to 1", ""},
    {"'temperature':1.5", DROP, "", "temperature"},
    {"'temperature':1.5", MODIFY, "'temperature':1", "temperature"},
    {"'temperature':1.0", 0, "'temperature':1.0", ""},
    {"'temperature':0", 0, "'temperature':0", ""},
    {"'top_p':0.9,'top_k':5", 0, "'top_p':0.9,'top_k':5", ""},
    {"'n':1,'presence_penalty':0,'frequency_penalty':0.0,'logit_bias':{},'logprobs':false", 0, "",
     ""},
    {"'seed':1", 0, "LX_EUNSUPPORTED seed: Anthropic takes no seed", ""},
    {"'store':true,'verbosity':'low','prediction':{}", 0, "", "store prediction verbosity"},
    {"'service_tier':'default'", 0, "'service_tier':'standard_only'", ""},
    {"'service_tier':'flex'", 0, "", "service_tier"},
    {"'user':'u-1'", 0, "'metadata':{'user_id':'u-1'}", ""},
    {"'user':'a@example.com'", 0, "", "user"},
    {"'user':'+49 (30) 123-4567'", 0, "", "user"},
    {"'safety_identifier':'s'", 0, "'metadata':{'user_id':'s'}", ""},
    {"'metadata':{'user_id':'x'}", 0, "'metadata':{'user_id':'x'}", ""},
    {"'metadata':{'team':'x'}", 0, "", "metadata"},
    {"'stop':[' ','\\n\\t','x']", 0, "'stop_sequences':['x']", "stop stop"},
    {"'stop':' '", 0, "", "stop"},
    {"'unknown_member':{'a':[1]}", 0, "'unknown_member':{'a':[1]}", ""},
    {"'stop_sequences':['x']", 0, "'stop_sequences':['x']", ""},
    {"'system':'other'", 0, "", "system"},
    {"'tool_choice':'auto'", 0, "", ""},
    {"'parallel_tool_calls':false", 0, "", ""},
    {"'reasoning_effort':'none'", 0, "'thinking':{'type':'disabled'}", ""},
    {"'max_tokens':4096,'reasoning_effort':'low','temperature':1,'top_k':3", 0,
     "'thinking':{'type':'enabled','budget_tokens':1024},'temperature':1", "top_k"},
    {"'reasoning_effort':'xhigh'", ADAPTIVE,
     "'thinking':{'type':'adaptive','display':'summarized'},'output_config':{'effort':'xhigh'}",
     ""},
    {"'reasoning_effort':'much'", 0,
     "LX_EUNSUPPORTED reasoning_effort: must be none, minimal, low, medium, high, xhigh or max",
     ""},
    {"'context_management':[{'type':'compaction','compact_threshold':9}]", 0,
     "'context_management':{'edits':[{'type':'compact_20260112','trigger':{'type':'input_tokens',"
     "'value':9}}]}",
     ""},
    {"'web_search_options':{}", 0, "'tools':[{'type':'web_search_20250305','name':'web_search'}]",
     ""},
    {"'tools':[{'type':'web_search_20250305','name':'web_search','max_uses':2}]", 0,
     "'tools':[{'type':'web_search_20250305','name':'web_search','max_uses':2}]", ""},
    {"'tools':[{'type':'computer_20250124','function':{'name':'computer','parameters':"
     "{'display_width_px':9}}}]",
     0, "'tools':[{'type':'computer_20250124','name':'computer','display_width_px':9}]", ""},
    {"'tools':[{'type':'code_interpreter','container':{}}]", 0,
     "LX_EUNSUPPORTED tools[0]: Anthropic has no tool \"code_interpreter\"", ""},
    {"'tools':[{'type':'function','function':{'name':'f','parameters':{'properties':{}}}}],"
     "'tool_choice':'none'",
     0,
     "'tools':[{'name':'f','input_schema':{'type':'object','properties':{}}}],"
     "'tool_choice':{'type':'none'}",
     ""},
    {"'tools':[{'type':'function','function':{'name':'f'}}],'reasoning_effort':'high',"
     "'tool_choice':'required'",
     0,
     "'tools':[{'name':'f','input_schema':{'type':'object','properties':{}}}],"
     "'tool_choice':{'type':'any'}",
     "reasoning_effort"},
};

static void test_request_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(request_rows); i++) {
        const struct request_row *row = &request_rows[i];
        char in[1024], expected[1024];
        snprintf(in, sizeof(in), "{'messages':[{'role':'user','content':'Hi'}]%s%s}",
                 row->in[0] ? "," : "", row->in);
        if (strncmp(row->out, "LX_", 3) == 0)
            snprintf(expected, sizeof(expected), "%s", row->out);
        else
            snprintf(expected, sizeof(expected),
                     "{'model':'m','max_tokens':4096,'messages':[{'role':'user','content':'Hi'}]"
                     "%s%s}",
                     row->out[0] ? "," : "", row->out);
        struct lx_slice lost = write_request(openai, in, row->options);
        assert_text(lx_buf_slice(&out), expected);
        assert_text(lost, row->lost);
    }
}

/* The room that thinking needs: max_tokens and effort asked for, max_tokens and budget sent. */
static void test_room_for_thinking(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"'reasoning_effort':'max'",
         "{'model':'m','max_tokens':20480,'messages':[],'thinking':{'type':'enabled',"
         "'budget_tokens':16384}}"},
        {"'reasoning_effort':'low'",
         "{'model':'m','max_tokens':5120,'messages':[],'thinking':{'type':'enabled',"
         "'budget_tokens':1024}}"},
        {"'max_tokens':5000,'reasoning_effort':'high'",
         "{'model':'m','max_tokens':5000,'messages':[],'thinking':{'type':'enabled',"
         "'budget_tokens':4096}}"},
        {"'max_tokens':1500,'reasoning_effort':'high'",
         "{'model':'m','max_tokens':1500,'messages':[],'thinking':{'type':'enabled',"
         "'budget_tokens':1024}}"},
        {"'max_tokens':1024,'reasoning_effort':'high'",
         "{'model':'m','max_tokens':1024,'messages':[]}"},
        {"'max_tokens':100,'thinking':{'type':'enabled','budget_tokens':2000}",
         "{'model':'m','max_tokens':2100,'messages':[],'thinking':{'type':'enabled',"
         "'budget_tokens':2000}}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char in[256];
        snprintf(in, sizeof(in), "{'messages':[],%s}", rows[i].in);
        write_request(openai, in, 0);
        assert_text(lx_buf_slice(&out), rows[i].out);
    }
}

/* Messages of OpenAI's clients, and the messages they become. */
static const struct {
    const char *in;
    int options;
    const char *out, *lost;
} message_rows[] = {
    {"{'role':'user','content':''}", 0, "{'role':'user','content':''}", ""},
    {"{'role':'user','content':' \\n'}", MODIFY, "{'role':'user','content':'.'}", "messages[0]"},
    {"", MODIFY, "{'role':'user','content':'.'}", "messages[0]"},
    {"{'role':'system','content':'s'}", MODIFY, "{'role':'user','content':'.'}", "messages[1]"},
    {"{'role':'user','content':'a'},{'role':'assistant','content':' '},"
     "{'role':'user','content':'b'}",
     0, "{'role':'user','content':[{'type':'text','text':'a'},{'type':'text','text':'b'}]}", ""},
    {"{'role':'user','content':'a'},{'role':'assistant','content':'x\\u0020\\n'}", 0,
     "{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'text','text':'x'}]}",
     ""},
    {"{'role':'user','content':[{'type':'image_url','image_url':{'url':"
     "'data:application/octet-stream;base64,/9j/4AAQ'}}]}",
     0,
     "{'role':'user','content':[{'type':'image','source':{'type':'base64','media_type':"
     "'application/octet-stream','data':'/9j/4AAQ'}}]}",
     ""},
    {"{'role':'user','content':[{'type':'image_url','image_url':{'url':'gs://b/o.png'}}]}", 0,
     "LX_EUNSUPPORTED messages[0].content[0]: Anthropic fetches web URLs only", ""},
    {"{'role':'user','content':[{'type':'file','file':{'filename':'a.docx','file_data':"
     "'data:application/msword;base64,AAAA'}}]}",
     0, "LX_EUNSUPPORTED messages[0].content[0]: Anthropic reads PDF and text files", ""},
    {"{'role':'user','content':[{'type':'text','text':'a'},{'type':'video_url','video_url':"
     "{'url':'https://x/v.mp4'}}]}",
     DROP, "{'role':'user','content':[{'type':'text','text':'a'}]}", "messages[0].content[1]"},
};

static void test_request_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(message_rows); i++) {
        char in[1024], expected[1024];
        bool system = strstr(message_rows[i].in, "'system'") != NULL;
        snprintf(in, sizeof(in), "{'messages':[%s]}", message_rows[i].in);
        if (strncmp(message_rows[i].out, "LX_", 3) == 0)
            snprintf(expected, sizeof(expected), "%s", message_rows[i].out);
        else
            snprintf(expected, sizeof(expected),
                     "{'model':'m','max_tokens':4096,%s'messages':[%s]}",
                     system ? "'system':'s'," : "", message_rows[i].out);
        struct lx_slice lost = write_request(openai, in, message_rows[i].options);
        assert_text(lx_buf_slice(&out), expected);
        assert_text(lost, message_rows[i].lost);
    }
}

/* What a client of this language may send that cannot be read. */
static void test_unreadable_requests(void **state)
{
    (void)state;
    static const struct {
        const char *in, *error;
    } rows[] = {
        {"[]", "the request body must be a JSON object"},
        {"{}", "messages: must be a list of messages"},
        {"{'messages':[{'role':'tool'}]}", "messages.0.role: must be user, assistant or system"},
        {"{'messages':[{'role':'user','content':5}]}",
         "messages.0.content: must be a string or a list of blocks"},
        {"{'messages':[{'role':'user','content':['x']}]}",
         "messages.0.content: every block must be an object"},
        {"{'messages':[],'system':5}", "system: must be a string or a list of blocks"},
        {"{'messages':[],'tools':{}}", "tools: must be a list of tools"},
        {"{'messages':[],'tools':[1]}", "tools: every tool must be an object"},
        {"{'messages':[],'stop_sequences':'x'}", "stop_sequences: must be a list of strings"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_text(write_request(anthropic, rows[i].in, 0), "unread");
        assert_text(lx_buf_slice(&out), rows[i].error);
    }
}

/* A request of this language comes out as it went in, whatever the options say. */
static void test_own_request_is_kept(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{'model':'m','max_tokens':10,'messages':[{'role':'user','content':'Hi'}],"
        "'thinking':{'type':'enabled','budget_tokens':2000,'display':'omitted'},"
        "'output_config':{'effort':'low'},'temperature':0.1,'top_k':1}",
        "{'model':'m','max_tokens':10,'messages':[{'role':'user','content':'Hi'}],"
        "'output_config':{'effort':'low','task_budget':{'type':'tokens','total':5}}}",
        "{'model':'m','max_tokens':10,'messages':[{'role':'user','content':'Hi'},"
        "{'role':'system','content':[{'type':'tool_addition','tool':{'name':'x'}}]}]}",
        "{'model':'m','max_tokens':10,'messages':[{'role':'user','content':[{'type':'text',"
        "'text':'Hi','cache_control':{'type':'ephemeral','scope':'global'}}]}]}",
        "{'model':'m','max_tokens':10,'messages':[{'role':'user','content':[{'type':'document',"
        "'source':{'type':'content','content':[{'type':'text','text':'a'}]},'title':'t',"
        "'context':'c','citations':{'enabled':true}},{'type':'search_result','source':'s',"
        "'title':'t','content':[]}]}]}",
        "{'model':'m','max_tokens':10,'messages':[{'role':'user','content':'Hi'}],"
        "'tools':[{'name':'f','input_schema':{},'defer_loading':true},"
        "{'type':'bash_20250124','name':'bash'}],'tool_choice':{'type':'tool','name':'f',"
        "'disable_parallel_tool_use':true}}",
        "{'model':'m','max_tokens':10,'messages':[{'role':'user','content':'Hi'}],"
        "'metadata':{'user_id':'a@example.com','team':1},'stream':true,'speed':'fast'}",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_text(write_request(anthropic, rows[i], ADAPTIVE | DROP), "");
        assert_text(lx_buf_slice(&out), rows[i]);
    }
}

/* ---- Usage and errors ----------------------------------------------------------------------- */

static void test_usage(void **state)
{
    (void)state;
    /* prompt cached write write_1h completion reasoning total */
    static const char *const rows[][2] = {
        {"{'input_tokens':1,'output_tokens':2}", "1 0 0 0 2 0 3"},
        {"{'input_tokens':1,'cache_creation_input_tokens':10,'cache_read_input_tokens':100,"
         "'cache_creation':{'ephemeral_5m_input_tokens':4,'ephemeral_1h_input_tokens':6},"
         "'output_tokens':5,'output_tokens_details':{'thinking_tokens':3}}",
         "111 100 10 6 5 3 116"},
        {"{'input_tokens':null,'output_tokens':2,'cache_read_input_tokens':null}", "0 0 0 0 2 0 2"},
        {"{'input_tokens':-1,'output_tokens':1e3}", "0 0 0 0 0 0 0"},
        {"{'input_tokens':9,'output_tokens':9,'iterations':[{'type':'compaction','input_tokens':1,"
         "'output_tokens':2},{'type':'message','input_tokens':9,'output_tokens':9},"
         "{'type':'advisor_message','input_tokens':500,'output_tokens':500}]}",
         "10 0 0 0 11 0 21"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_usage u = {0};
        assert_int_equal(lx_json_read(&doc, json(rows[i][0]), NULL, NULL), 0);
        lx_anthropic_usage_read(lx_json_root(&doc), &u);
        assert_text(lx_arena_printf(
                        &arena, "%lld %lld %lld %lld %lld %lld %lld", (long long)u.prompt_tokens,
                        (long long)u.cached_tokens, (long long)u.cache_write_tokens,
                        (long long)u.cache_write_1h_tokens, (long long)u.completion_tokens,
                        (long long)u.reasoning_tokens, (long long)u.total_tokens),
                    rows[i][1]);
    }
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum lx_fault_kind kind;
        const char *message;
    } rows[] = {
        {529, "{'type':'error','error':{'type':'overloaded_error','message':'Overloaded'}}",
         LX_FAULT_OVERLOADED, "Overloaded"},
        {500, "{'type':'error','error':{'type':'api_error','message':'x'}}", LX_FAULT_INTERNAL,
         "x"},
        {0, "{'type':'error','error':{'type':'rate_limit_error','message':'x'}}",
         LX_FAULT_RATE_LIMIT, "x"},
        {413, "{'error':{'type':'request_too_large','message':'x'}}", LX_FAULT_TOO_LARGE, "x"},
        {400, "{'error':{'type':'invalid_request_error','message':'prompt is too long: 9 > 8'}}",
         LX_FAULT_CONTEXT_WINDOW, "prompt is too long: 9 > 8"},
        {400, "{'error':'odd'}", LX_FAULT_BAD_REQUEST, "odd"},
        {403, "{'message':'no'}", LX_FAULT_PERMISSION, "no"},
        {429, "[{'error':{'code':429,'message':'quota'}}]", LX_FAULT_RATE_LIMIT, "quota"},
        {502, "<html><head><title> 502 Bad Gateway </title>", LX_FAULT_BAD_GATEWAY,
         "502 Bad Gateway"},
        {503, "<html></html>", LX_FAULT_UNAVAILABLE, "the provider answered with status 503"},
        {500, "", LX_FAULT_INTERNAL, "the provider answered with status 500"},
        {500, "upstream died\nat once", LX_FAULT_INTERNAL, "upstream died"},
        {401, "{'reason':5}", LX_FAULT_AUTHENTICATION, "{'reason':5}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lx_fault f;
        struct lx_header header = {LX_S("Retry-After"), LX_S("7"), false};
        struct lx_headers headers = {&header, 1};
        anthropic->back->read_error(rows[i].status, json(rows[i].body), &headers, &arena, &f);
        assert_int_equal(f.kind, rows[i].kind);
        assert_text(f.message, rows[i].message);
        assert_int_equal(f.retry_after_ms, 7000);
    }
}

static void test_error_is_written(void **state)
{
    (void)state;
    struct lx_fault own = {
        .kind = LX_FAULT_RATE_LIMIT, .message = LX_S("slow"), .type = LX_S("rate_limit_exceeded")};
    anthropic->front->write_error(&own, &out);
    assert_text(lx_buf_slice(&out),
                "{'type':'error','error':{'type':'rate_limit_error','message':'slow'}}");
}

/* ---- Streams -------------------------------------------------------------------------------- */

static const struct lx_reply_context context = {
    .model = LX_S_INIT("m"), .id = LX_S_INIT("i"), .now_s = 1};

static void write_events(struct lx_anthropic_stream *s, const struct lx_event *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        anthropic->front->write_event(s, &e[i], &context, &out);
}

#define TEXT(lit)             \
    {                         \
        LX_S_INIT(lit), false \
    }

/* The types of the records in `out`, with indexes: "start bs0 d0 be0 md stop". */
static struct lx_slice outline(void)
{
    static const char *const names[][2] = {
        {"message_start", "start"},   {"content_block_start", "bs"},
        {"content_block_delta", "d"}, {"content_block_stop", "be"},
        {"message_delta", "md"},      {"message_stop", "stop"},
        {"error", "error"},           {"ping", "ping"}};
    struct lx_slice in = lx_buf_slice(&out), all = LX_S("");
    struct lx_records records;
    struct lx_record rec;
    lx_records_init(&records, LX_FRAMING_SSE, 1 << 20);
    while (lx_records_next(&records, &in, &rec, NULL) == 1) {
        int64_t index = -1;
        assert_int_equal(lx_json_read(&doc, rec.data, NULL, NULL), 0);
        lx_json_int(LX_GET(lx_json_root(&doc), "index"), &index);
        for (size_t i = 0; i < COUNT(names); i++) {
            if (!lx_slice_eq(rec.event, lx_slice_z(names[i][0])))
                continue;
            all = lx_arena_printf(&arena, "%.*s%s%s", LX_F(all), all.n ? " " : "", names[i][1]);
            if (index >= 0)
                all = lx_arena_printf(&arena, "%.*s%d", LX_F(all), (int)index);
        }
    }
    lx_records_clear(&records);
    return all;
}

/* LiteLLM issues 32357, 33224, 30014, 24176: two message_starts, deltas in a block of another
 * kind, the first token gone, empty blocks. */
static void test_pain_7_stream_is_in_order(void **state)
{
    (void)state;
    static const struct lx_event events[] = {
        {.kind = LX_EVENT_START, .id = TEXT("chatcmpl-1"), .name = TEXT("gpt")},
        {.kind = LX_EVENT_START, .id = TEXT("chatcmpl-2")},
        {.kind = LX_EVENT_PART_START, .index = 0, .part = LX_PART_THINKING},
        {.kind = LX_EVENT_TEXT, .index = 0, .part = LX_PART_THINKING, .text = TEXT("hm")},
        {.kind = LX_EVENT_PART_END, .index = 0},
        {.kind = LX_EVENT_PART_START, .index = 1, .part = LX_PART_TEXT}, /* stays empty */
        {.kind = LX_EVENT_PART_END, .index = 1},
        {.kind = LX_EVENT_PART_START, .index = 2, .part = LX_PART_TOOL_CALL, .id = TEXT("a")},
        {.kind = LX_EVENT_PART_START, .index = 3, .part = LX_PART_TOOL_CALL, .id = TEXT("b")},
        {.kind = LX_EVENT_ARGUMENTS, .index = 3, .text = TEXT("{}")},
        {.kind = LX_EVENT_ARGUMENTS, .index = 2, .text = TEXT("{}")},
        {.kind = LX_EVENT_PART_END, .index = 3},
        {.kind = LX_EVENT_PART_START, .index = 4, .part = LX_PART_TEXT},
        {.kind = LX_EVENT_TEXT, .index = 4, .text = TEXT("late")},
        {.kind = LX_EVENT_PART_END, .index = 2},
        {.kind = LX_EVENT_PART_END, .index = 4},
        {.kind = LX_EVENT_TEXT, .index = 9, .text = TEXT("never announced, never ended")},
        {.kind = LX_EVENT_FINISH, .finish = LX_FINISH_STOP},
        {.kind = LX_EVENT_END},
        {.kind = LX_EVENT_TEXT, .index = 9, .text = TEXT("too late")},
    };
    struct lx_anthropic_stream s = {0};
    write_events(&s, events, COUNT(events));
    assert_text(outline(), "start bs0 d0 be0 bs1 d1 be1 bs2 d2 be2 bs3 d3 be3 bs4 d4 be4 md stop");
    assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("\"thinking\":\"hm\"")) > 0);
    anthropic->front->clear(&s);
}

/* LiteLLM issues 15601, 31654: the signature belongs to its block, redacted thinking to its place.
 */
static void test_pain_5_thinking_keeps_its_signature(void **state)
{
    (void)state;
    static const struct lx_event events[] = {
        {.kind = LX_EVENT_START},
        {.kind = LX_EVENT_PART_START, .index = 0, .part = LX_PART_THINKING},
        {.kind = LX_EVENT_SIGNATURE, .index = 0, .text = TEXT("sig")}, /* no text at all */
        {.kind = LX_EVENT_PART_END, .index = 0},
        {.kind = LX_EVENT_PART_START, .index = 1, .part = LX_PART_REDACTED_THINKING},
        {.kind = LX_EVENT_DATA, .index = 1, .text = TEXT("data")},
        {.kind = LX_EVENT_PART_END, .index = 1},
        {.kind = LX_EVENT_END},
    };
    struct lx_anthropic_stream s = {0};
    write_events(&s, events, COUNT(events));
    assert_text(outline(), "start bs0 d0 be0 bs1 be1 md stop");
    assert_true(
        lx_slice_find(lx_buf_slice(&out), LX_S("\"signature_delta\",\"signature\":\"sig\"")) > 0);
    assert_true(lx_slice_find(lx_buf_slice(&out),
                              LX_S("{\"type\":\"redacted_thinking\",\"data\":\"data\"}")) > 0);
    anthropic->front->clear(&s);
}

/* LiteLLM issues 17136, 13348: "stop" after a tool call must not end an agent's turn. */
static void test_pain_16_finish_tells_of_tools(void **state)
{
    (void)state;
    static const struct lx_event events[] = {
        {.kind = LX_EVENT_START},
        {.kind = LX_EVENT_PART_START,
         .part = LX_PART_TOOL_CALL,
         .id = TEXT("a"),
         .name = TEXT("f")},
        {.kind = LX_EVENT_PART_END},
        {.kind = LX_EVENT_FINISH, .finish = LX_FINISH_STOP},
        {.kind = LX_EVENT_END},
    };
    struct lx_anthropic_stream s = {0};
    write_events(&s, events, COUNT(events));
    assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("\"stop_reason\":\"tool_use\"")) > 0);
    anthropic->front->clear(&s);
}

/* LiteLLM issue 9577: usage that comes behind the finish, and in two parts. */
static void test_pain_29_usage_is_whole(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{'type':'message_start','message':{'id':'x','usage':{'input_tokens':1,"
        "'cache_read_input_tokens':10,'output_tokens':1}}}",
        "{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':7}}",
    };
    struct lx_anthropic_reading s = {0};
    struct lx_events events = {.arena = &arena};
    for (size_t i = 0; i < COUNT(records); i++) {
        struct lx_record rec = {.data = json(records[i])};
        assert_int_equal(anthropic->back->read_event(&s, &rec, &doc, &context, &events, NULL), 0);
    }
    const struct lx_usage *u = &events.v[events.n - 1].usage;
    assert_int_equal(events.v[events.n - 1].kind, LX_EVENT_USAGE);
    assert_int_equal(u->prompt_tokens, 11);
    assert_int_equal(u->cached_tokens, 10);
    assert_int_equal(u->completion_tokens, 7);
    anthropic->back->clear(&s);
}

/* LiteLLM issues 26320, 17250: marks stay on the block they were on. */
static void test_pain_15_cache_marks_stay(void **state)
{
    (void)state;
    write_request(
        openai,
        "{'messages':[{'role':'user','content':'a','cache_control':{'type':'ephemeral'}},"
        "{'role':'assistant','content':null,'tool_calls':[{'id':'c','type':'function',"
        "'function':{'name':'f','arguments':'{}'}}]},{'role':'tool','tool_call_id':'c',"
        "'content':'r','cache_control':{'type':'ephemeral','ttl':'1h'}}],'tools':[{'type':"
        "'function','function':{'name':'f'},'cache_control':{'type':'ephemeral'}}]}",
        0);
    assert_text(lx_buf_slice(&out),
                "{'model':'m','max_tokens':4096,'messages':[{'role':'user','content':[{'type':"
                "'text','text':'a','cache_control':{'type':'ephemeral'}}]},{'role':'assistant',"
                "'content':[{'type':'tool_use','id':'c','name':'f','input':{}}]},{'role':'user',"
                "'content':[{'type':'tool_result','tool_use_id':'c','content':'r',"
                "'cache_control':{'type':'ephemeral','ttl':'1h'}}]}],'tools':[{'name':'f',"
                "'input_schema':{'type':'object','properties':{}},'cache_control':{'type':"
                "'ephemeral'}}]}");
}

/* A client that leaves in mid-stream: what was held goes with it (a sanitizer sees it if not). */
static void test_held_blocks_are_freed(void **state)
{
    (void)state;
    static const struct lx_event events[] = {
        {.kind = LX_EVENT_START},
        {.kind = LX_EVENT_PART_START, .index = 0, .part = LX_PART_TOOL_CALL},
        {.kind = LX_EVENT_PART_START, .index = 1, .part = LX_PART_TOOL_CALL},
        {.kind = LX_EVENT_ARGUMENTS, .index = 1, .text = TEXT("{\"a\":")},
    };
    struct lx_anthropic_stream s = {0};
    write_events(&s, events, COUNT(events));
    assert_text(outline(), "start bs0");
    anthropic->front->clear(&s);
    assert_null(s.blocks);
}

static void test_open_blocks_are_limited(void **state)
{
    (void)state;
    struct lx_anthropic_stream s = {0};
    for (int64_t i = 0; i < 2000 && !out.failed; i++) {
        struct lx_event e = {.kind = LX_EVENT_PART_START, .index = i, .part = LX_PART_TOOL_CALL};
        anthropic->front->write_event(&s, &e, &context, &out);
    }
    assert_int_equal(out.failed, LX_ELIMIT);
    anthropic->front->clear(&s);
}

/* Free text of a custom tool is made an object in the stream as well. */
static void test_custom_call_is_an_object(void **state)
{
    (void)state;
    static const struct lx_event events[] = {
        {.kind = LX_EVENT_PART_START, .part = LX_PART_TOOL_CALL, .custom = true},
        {.kind = LX_EVENT_ARGUMENTS, .text = TEXT("say \"hi\"\n")},
        {.kind = LX_EVENT_END},
    };
    struct lx_anthropic_stream s = {0};
    write_events(&s, events, COUNT(events));
    assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("{\\\"input\\\":\\\"")) > 0);
    assert_true(lx_slice_find(lx_buf_slice(&out), LX_S("say \\\\\\\"hi\\\\\\\"\\\\n")) > 0);
    anthropic->front->clear(&s);
}

/* A record whose JSON spans lines must not break the record it is passed on in. */
static void test_raw_json_stays_on_one_line(void **state)
{
    (void)state;
    static const struct lx_event events[] = {
        {.kind = LX_EVENT_START, .language = LX_S_INIT("anthropic")},
        {.kind = LX_EVENT_PART_START,
         .part = LX_PART_OPAQUE,
         .language = LX_S_INIT("anthropic"),
         .raw = LX_S_INIT("{\"type\":\n\"server_tool_use\",\r\n\"input\":{}}")},
        {.kind = LX_EVENT_END},
    };
    struct lx_anthropic_stream s = {0};
    write_events(&s, events, COUNT(events));
    assert_text(outline(), "start bs0 be0 md stop");
    anthropic->front->clear(&s);
}

/* ---- Glances -------------------------------------------------------------------------------- */

static void test_glance(void **state)
{
    (void)state;
    static const char *const records[] = {
        ("{'type':'message_start','message':{'model':'c','usage':{'input_tokens':3,"
         "'output_tokens':1}}}"),
        "{'type':'ping'}",
        "{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'x'}}",
        "{'type':'message_delta','delta':{'stop_reason':'max_tokens'},'usage':{'output_tokens':4}}",
        "{'type':'message_stop'}",
    };
    struct lx_glance g = {0};
    for (size_t i = 0; i < COUNT(records); i++) {
        struct lx_record rec = {.data = json(records[i])};
        assert_int_equal(anthropic->back->glance_event(&rec, &doc, &g), 0);
        assert_int_equal(g.content, i >= 2);
        assert_int_equal(g.end, i == 4);
    }
    assert_int_equal(g.finish, LX_FINISH_LENGTH);
    assert_int_equal(g.usage.prompt_tokens, 3);
    assert_int_equal(g.usage.completion_tokens, 4);
    assert_false(g.is_fault);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(request_members),
        TEST(room_for_thinking),
        TEST(request_messages),
        TEST(unreadable_requests),
        TEST(own_request_is_kept),
        TEST(usage),
        TEST(errors),
        TEST(error_is_written),
        TEST(pain_5_thinking_keeps_its_signature),
        TEST(pain_7_stream_is_in_order),
        TEST(pain_15_cache_marks_stay),
        TEST(pain_16_finish_tells_of_tools),
        TEST(pain_29_usage_is_whole),
        TEST(held_blocks_are_freed),
        TEST(open_blocks_are_limited),
        TEST(custom_call_is_an_object),
        TEST(raw_json_stays_on_one_line),
        TEST(glance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
