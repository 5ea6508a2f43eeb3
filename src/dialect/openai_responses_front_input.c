/*
 * openai_responses_front_input.c - front: instructions and input items -> messages.
 *
 * This language has one list of items where others have messages. What the assistant did (thought,
 * said, called) becomes one message, up to the next item that is somebody else's; results of calls
 * that follow each other become one message of the role tool.
 *
 *   [message user, reasoning, message assistant, function_call, function_call_output]
 *     -> user: [text], assistant: [thinking, text, call], tool: [result]
 *
 * Items of OpenAI's own tools, and references to what OpenAI keeps, stay opaque: a target of this
 * language gets them as they came, any other refuses them.
 */
#include "dialect/openai_responses.h"

struct reader {
    struct lx_arena *a;
    struct lx_message **at;
    struct lx_message *run; /* the assistant's, or of results: what the next item may join */
    struct lx_part **parts; /* where the next part goes, of the message being read */
    bool failed;            /* an item is none */
};

static void begin_message(struct reader *r, enum lx_role role)
{
    r->run = lx_message_add(&r->at, role, r->a);
    if (r->run)
        r->parts = &r->run->parts;
}

static struct lx_part *add(struct reader *r, enum lx_part_kind kind)
{
    return r->run ? lx_part_add(&r->parts, kind, r->a) : NULL;
}

/* A part of a message of that role, which begins here unless it is under way. */
static struct lx_part *join(struct reader *r, enum lx_role role, enum lx_part_kind kind)
{
    if (!r->run || r->run->role != role)
        begin_message(r, role);
    return add(r, kind);
}

/* ---- Content ------------------------------------------------------------------------------ */

static void read_source(struct lx_media *m, struct lx_json data, struct lx_json url,
                        struct lx_arena *a)
{
    struct lx_text inside = lx_json_text(data), where = lx_json_text(url);
    if (inside.s.n && !lx_media_read_data_url(m, inside, a))
        m->data = inside;
    else if (where.s.n && !lx_media_read_data_url(m, where, a))
        m->url = where;
}

static void read_image(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    p->media.file_id = lx_json_text(LX_GET(part, "file_id"));
    read_source(&p->media, (struct lx_json){0}, LX_GET(part, "image_url"), a);
    p->media.detail = lx_json_str(LX_GET(part, "detail"), a);
}

static void read_file(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    struct lx_media *m = &p->media;
    m->file_id = lx_json_text(LX_GET(part, "file_id"));
    m->filename = lx_json_text(LX_GET(part, "filename"));
    read_source(m, LX_GET(part, "file_data"), LX_GET(part, "file_url"), a);
    if (!m->type.n)
        m->type = lx_media_type_of(lx_text_plain(m->filename.s.n ? m->filename : m->url, a));
}

static void read_audio(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    struct lx_json audio = LX_GET(part, "input_audio");
    struct lx_slice format = lx_json_str(LX_GET(audio, "format"), a);
    p->media.data = lx_json_text(LX_GET(audio, "data"));
    p->media.format = format;
    p->media.type = lx_slice_eq(format, LX_S("mp3"))
                        ? LX_S("audio/mpeg")
                        : lx_arena_printf(a, "audio/%.*s", LX_F(format));
}

static const struct {
    const char *type;
    enum lx_part_kind kind;
    void (*read)(struct lx_part *p, struct lx_json part, struct lx_arena *a);
} part_types[] = {
    {"input_text", LX_PART_TEXT, lx_openai_read_text},
    {"output_text", LX_PART_TEXT, lx_openai_read_text},
    {"text", LX_PART_TEXT, lx_openai_read_text},
    {"refusal", LX_PART_REFUSAL, lx_openai_read_refusal},
    {"input_image", LX_PART_IMAGE, read_image},
    {"input_file", LX_PART_FILE, read_file},
    {"input_audio", LX_PART_AUDIO, read_audio},
};

/* An object as it stands, for targets of this language only. */
static void keep_opaque(struct lx_part *p, struct lx_json object)
{
    if (!p)
        return;
    p->raw = lx_json_raw(object);
    p->language = LX_RESPONSES;
}

static void read_part(struct lx_part ***at, struct lx_json part, struct lx_arena *a)
{
    for (size_t i = 0; i < sizeof(part_types) / sizeof(part_types[0]); i++)
        if (lx_json_eq(LX_GET(part, "type"), lx_slice_z(part_types[i].type))) {
            struct lx_part *p = lx_part_add(at, part_types[i].kind, a);
            if (p)
                part_types[i].read(p, part, a);
            return;
        }
    keep_opaque(lx_part_add(at, LX_PART_OPAQUE, a), part);
}

/* A string, or a list of parts. False: neither. */
static bool read_content(struct lx_part ***at, struct lx_json content, struct lx_arena *a)
{
    if (lx_json_is(content, LX_JSON_STRING)) {
        struct lx_part *p = lx_part_add(at, LX_PART_TEXT, a);
        if (p)
            p->text = lx_json_text(content);
        return true;
    }
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        read_part(at, it.value, a);
    return lx_json_is(content, LX_JSON_ARRAY) || !lx_json_given(content);
}

/* ---- Items -------------------------------------------------------------------------------- */

static const struct {
    struct lx_slice word;
    enum lx_role role;
} roles[] = {
    {LX_S_INIT("user"), LX_ROLE_USER},
    {LX_S_INIT("assistant"), LX_ROLE_ASSISTANT},
    {LX_S_INIT("system"), LX_ROLE_SYSTEM},
    {LX_S_INIT("developer"), LX_ROLE_DEVELOPER},
};

static void read_message(struct reader *r, struct lx_json item)
{
    struct lx_json role = LX_GET(item, "role"), content = LX_GET(item, "content");
    size_t i = 0;
    while (i < sizeof(roles) / sizeof(roles[0]) && !lx_json_eq(role, roles[i].word))
        i++;
    if (i == sizeof(roles) / sizeof(roles[0])) {
        r->failed = true;
        return;
    }
    bool goes_on =
        roles[i].role == LX_ROLE_ASSISTANT && r->run && r->run->role == LX_ROLE_ASSISTANT;
    if (!goes_on)
        begin_message(r, roles[i].role);
    if (!r->run)
        return;
    r->run->plain = !goes_on && lx_json_is(content, LX_JSON_STRING);
    if (!read_content(&r->parts, content, r->a))
        r->failed = true;
}

static void read_call(struct reader *r, struct lx_json item)
{
    struct lx_part *p = join(r, LX_ROLE_ASSISTANT, LX_PART_TOOL_CALL);
    if (!p)
        return;
    p->custom = lx_json_eq(LX_GET(item, "type"), LX_S("custom_tool_call"));
    p->id = lx_json_text(LX_GET(item, "call_id"));
    p->name = lx_json_text(LX_GET(item, "name"));
    p->arguments = p->custom ? lx_json_text(LX_GET(item, "input"))
                             : lx_openai_read_arguments(LX_GET(item, "arguments"));
}

static void read_result(struct reader *r, struct lx_json item)
{
    struct lx_part *p = join(r, LX_ROLE_TOOL, LX_PART_TOOL_RESULT);
    struct lx_part **content = p ? &p->content : NULL;
    if (!p)
        return;
    p->id = lx_json_text(LX_GET(item, "call_id"));
    if (!read_content(&content, LX_GET(item, "output"), r->a))
        r->failed = true;
}

/* Sections of a summary, or of the reasoning itself, with a blank line between. */
static struct lx_text read_sections(struct lx_json list, struct lx_arena *a)
{
    struct lx_slice all = {NULL, 0};
    if (lx_json_count(list) == 1)
        return lx_json_text(LX_GET(lx_json_at(list, 0), "text"));
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        struct lx_slice one = lx_json_str(LX_GET(it.value, "text"), a);
        all = lx_arena_printf(a, "%.*s%s%.*s", LX_F(all), all.n ? "\n\n" : "", LX_F(one));
    }
    return lx_text(all);
}

static void read_reasoning(struct reader *r, struct lx_json item)
{
    struct lx_slice sealed = lx_json_str(LX_GET(item, "encrypted_content"), r->a), redacted;
    struct lx_text text = read_sections(LX_GET(item, "summary"), r->a);
    if (!text.s.n)
        text = read_sections(LX_GET(item, "content"), r->a);
    struct lx_slice signature = lx_responses_unseal(sealed, &redacted, r->a);
    struct lx_part *p =
        join(r, LX_ROLE_ASSISTANT, redacted.n ? LX_PART_REDACTED_THINKING : LX_PART_THINKING);
    if (!p)
        return;
    p->text = text;
    p->signature = lx_text(signature);
    p->data = lx_text(redacted);
}

static void read_own(struct reader *r, struct lx_json item)
{
    keep_opaque(join(r, LX_ROLE_ASSISTANT, LX_PART_OPAQUE), item);
}

static const struct {
    const char *type;
    void (*read)(struct reader *r, struct lx_json item);
} item_types[] = {
    {"message", read_message},
    {"function_call", read_call},
    {"function_call_output", read_result},
    {"reasoning", read_reasoning},
    {"custom_tool_call", read_call},
    {"custom_tool_call_output", read_result},
};

static void read_item(struct reader *r, struct lx_json item)
{
    struct lx_json type = LX_GET(item, "type");
    if (!lx_json_is(item, LX_JSON_OBJECT))
        r->failed = true;
    else if (!lx_json_given(type) && lx_json_given(LX_GET(item, "role")))
        read_message(r, item);
    else {
        size_t i = 0, n = sizeof(item_types) / sizeof(item_types[0]);
        while (i < n && !lx_json_eq(type, lx_slice_z(item_types[i].type)))
            i++;
        (i < n ? item_types[i].read : read_own)(r, item);
    }
}

/* ---- The whole ---------------------------------------------------------------------------- */

/* A text, or as responses tell it a list of items. */
static void read_instructions(struct reader *r, struct lx_json instructions)
{
    if (lx_json_text(instructions).s.n) {
        begin_message(r, LX_ROLE_SYSTEM);
        if (r->run)
            r->run->plain = true;
        read_content(&r->parts, instructions, r->a);
    }
    for (struct lx_json_iter it = lx_json_iter(instructions); lx_json_next(&it);)
        read_item(r, it.value);
    r->run = NULL;
}

int lx_responses_input_read(struct lx_json root, struct lx_arena *a, struct lx_request *out,
                            struct lx_error *err)
{
    struct lx_json input = LX_GET(root, "input");
    struct reader r = {.a = a, .at = &out->messages};
    size_t i = 0;
    read_instructions(&r, LX_GET(root, "instructions"));
    if (lx_json_is(input, LX_JSON_STRING)) {
        begin_message(&r, LX_ROLE_USER);
        if (r.run)
            r.run->plain = read_content(&r.parts, input, a);
    } else if (lx_json_given(input) && !lx_json_is(input, LX_JSON_ARRAY)) {
        return lx_error_set(err, LX_EINVAL, "input: expected a string or a list of items");
    }
    for (struct lx_json_iter it = lx_json_iter(input); lx_json_next(&it); i++) {
        read_item(&r, it.value);
        if (r.failed)
            return lx_error_set(err, LX_EINVAL, "input[%zu]: expected an item", i);
    }
    return 0;
}
