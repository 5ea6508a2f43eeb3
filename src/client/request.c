/*
 * request.c - building a request: setters that append JSON, and the rendering of the whole.
 */
#include <stdlib.h>

#include "client/client.h"

#define BODY_MAX (1u << 30)

llmux_request *llmux_request_new(const char *model)
{
    llmux_request *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    lx_arena_init(&r->arena, BODY_MAX);
    lx_buf_init(&r->messages, BODY_MAX);
    lx_buf_init(&r->tools, BODY_MAX);
    lx_buf_init(&r->inputs, BODY_MAX);
    r->model = lx_arena_copy(&r->arena, lx_slice_z(model ? model : ""));
    return r;
}

void llmux_request_free(llmux_request *r)
{
    if (!r)
        return;
    lx_buf_clear(&r->messages);
    lx_buf_clear(&r->tools);
    lx_buf_clear(&r->inputs);
    lx_arena_clear(&r->arena);
    free(r);
}

static int result(llmux_request *r)
{
    int code = r->arena.failed      ? r->arena.failed
               : r->messages.failed ? r->messages.failed
               : r->tools.failed    ? r->tools.failed
                                    : r->inputs.failed;

    if (code)
        r->failed = code;
    return code;
}

/* A writer for one more element of a list. */
static struct lx_out element(struct lx_buf *list)
{
    struct lx_out o = lx_out(list);

    o.comma = list->n != 0;
    return o;
}

static int is_json(struct lx_slice json)
{
    struct lx_json_doc doc;
    int code;

    lx_json_doc_init(&doc);
    code = lx_json_read(&doc, json, NULL, NULL);
    lx_json_doc_clear(&doc);
    return code;
}

static int set_member(llmux_request *r, struct lx_slice name, struct lx_slice json)
{
    struct lx_member *m = r->members;

    while (m && !lx_slice_eq(m->name, name))
        m = m->next;
    if (!m) {
        m = lx_arena_new(&r->arena, struct lx_member);
        if (!m)
            return result(r);
        m->name = lx_arena_copy(&r->arena, name);
        m->next = r->members;
        r->members = m;
    }
    m->json = lx_arena_copy(&r->arena, json);
    return result(r);
}

int llmux_request_set_json(llmux_request *r, const char *name, const char *json)
{
    int code = is_json(lx_slice_z(json));

    return code ? code : set_member(r, lx_slice_z(name), lx_slice_z(json));
}

int llmux_request_set_string(llmux_request *r, const char *name, const char *value)
{
    struct lx_buf json;
    struct lx_out o;
    int code;

    lx_buf_init(&json, BODY_MAX);
    o = lx_out(&json);
    lx_out_str(&o, NULL, lx_slice_z(value));
    code = json.failed ? json.failed : set_member(r, lx_slice_z(name), lx_buf_slice(&json));
    lx_buf_clear(&json);
    return code;
}

int llmux_request_set_int(llmux_request *r, const char *name, int64_t value)
{
    return set_member(r, lx_slice_z(name), lx_arena_printf(&r->arena, "%lld", (long long)value));
}

int llmux_request_add_message(llmux_request *r, const char *role, const char *text)
{
    struct lx_out o = element(&r->messages);

    lx_out_object(&o, NULL);
    lx_out_str(&o, "role", lx_slice_z(role));
    lx_out_str(&o, "content", lx_slice_z(text));
    lx_out_object_end(&o);
    return result(r);
}

int llmux_request_add_image(llmux_request *r, const char *text, const char *url)
{
    struct lx_out o = element(&r->messages);

    lx_out_object(&o, NULL);
    lx_out_lit(&o, "role", "user");
    lx_out_array(&o, "content");
    if (text && *text) {
        lx_out_object(&o, NULL);
        lx_out_lit(&o, "type", "text");
        lx_out_str(&o, "text", lx_slice_z(text));
        lx_out_object_end(&o);
    }
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "type", "image_url");
    lx_out_object(&o, "image_url");
    lx_out_str(&o, "url", lx_slice_z(url));
    lx_out_object_end(&o);
    lx_out_object_end(&o);
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    return result(r);
}

int llmux_request_add_message_json(llmux_request *r, const char *json)
{
    struct lx_out o = element(&r->messages);
    int code = is_json(lx_slice_z(json));

    if (code)
        return code;
    lx_out_raw(&o, NULL, lx_slice_z(json));
    return result(r);
}

int llmux_request_add_reply(llmux_request *r, const llmux_reply *reply)
{
    struct lx_json message =
        LX_GET(lx_json_at(LX_GET(lx_json_root(&reply->doc), "choices"), 0), "message");
    struct lx_out o = element(&r->messages);

    if (!lx_json_is(message, LX_JSON_OBJECT))
        return LX_EINVAL;
    lx_out_value(&o, NULL, message);
    return result(r);
}

int llmux_request_add_tool_result(llmux_request *r, const char *call_id, const char *text)
{
    struct lx_out o = element(&r->messages);

    lx_out_object(&o, NULL);
    lx_out_lit(&o, "role", "tool");
    lx_out_str(&o, "tool_call_id", lx_slice_z(call_id));
    lx_out_str(&o, "content", lx_slice_z(text));
    lx_out_object_end(&o);
    return result(r);
}

int llmux_request_add_tool(llmux_request *r, const char *name, const char *description,
                           const char *parameters)
{
    struct lx_out o = element(&r->tools);
    int code = parameters ? is_json(lx_slice_z(parameters)) : 0;

    if (code)
        return code;
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "type", "function");
    lx_out_object(&o, "function");
    lx_out_str(&o, "name", lx_slice_z(name));
    if (description)
        lx_out_str(&o, "description", lx_slice_z(description));
    if (parameters)
        lx_out_raw(&o, "parameters", lx_slice_z(parameters));
    lx_out_object_end(&o);
    lx_out_object_end(&o);
    return result(r);
}

int llmux_request_add_input(llmux_request *r, const char *text)
{
    struct lx_out o = element(&r->inputs);

    lx_out_str(&o, NULL, lx_slice_z(text));
    return result(r);
}

int llmux_request_add_input_json(llmux_request *r, const char *json)
{
    struct lx_out o = element(&r->inputs);
    int code = is_json(lx_slice_z(json));

    if (code)
        return code;
    lx_out_raw(&o, NULL, lx_slice_z(json));
    return result(r);
}

static int take_members(llmux_request *r, struct lx_json root)
{
    int code = 0;

    for (struct lx_json_iter it = lx_json_iter(root); code == 0 && lx_json_next(&it);) {
        struct lx_buf *list = lx_json_eq(it.name, LX_S("messages")) ? &r->messages
                              : lx_json_eq(it.name, LX_S("tools"))  ? &r->tools
                                                                    : NULL;

        if (lx_json_eq(it.name, LX_S("model"))) {
            r->model = lx_arena_copy(&r->arena, lx_json_str(it.value, &r->arena));
        } else if (list && lx_json_is(it.value, LX_JSON_ARRAY)) {
            lx_buf_reset(list);
            for (struct lx_json_iter el = lx_json_iter(it.value); lx_json_next(&el);) {
                struct lx_out o = element(list);

                lx_out_value(&o, NULL, el.value);
            }
        } else {
            code = set_member(r, lx_json_str(it.name, &r->arena), lx_json_raw(it.value));
        }
    }
    return code ? code : result(r);
}

llmux_request *llmux_request_new_json(const char *json, size_t n, llmux_error **err)
{
    struct lx_json_doc doc;
    struct lx_error why = {0};
    llmux_request *r = llmux_request_new("");
    int code;

    lx_json_doc_init(&doc);
    code = r ? lx_json_read(&doc, lx_slice(json, n), NULL, &why) : LX_ENOMEM;
    if (code == 0 && !lx_json_is(lx_json_root(&doc), LX_JSON_OBJECT))
        code = lx_error_set(&why, LX_EINVAL, "a request is a JSON object");
    if (code == 0)
        code = take_members(r, lx_json_root(&doc));
    lx_json_doc_clear(&doc);
    if (code == 0)
        return r;
    lx_client_fail(err, code, why.code ? &why : NULL);
    llmux_request_free(r);
    return NULL;
}

/* A list of elements; none is none. */
static void render_list(struct lx_out *o, const char *name, const struct lx_buf *elements)
{
    if (!elements->n)
        return;
    lx_out_array(o, name);
    lx_out_raw(o, NULL, lx_buf_slice(elements));
    lx_out_array_end(o);
}

int lx_client_render(const llmux_request *r, enum lx_operation operation, bool stream,
                     struct lx_buf *out)
{
    struct lx_out o = lx_out(out);

    if (r->failed)
        return r->failed;
    lx_out_object(&o, NULL);
    lx_out_str(&o, "model", r->model);
    for (const struct lx_member *m = r->members; m; m = m->next) {
        if (lx_slice_eq(m->name, LX_S("stream")) ||
            (r->inputs.n && lx_slice_eq(m->name, LX_S("input"))))
            continue;
        lx_out_name(&o, lx_text(m->name));
        lx_out_raw(&o, NULL, m->json);
    }
    if (stream) {
        lx_out_bool(&o, "stream", true);
        lx_out_raw(&o, "stream_options", LX_S("{\"include_usage\":true}"));
    }
    if (operation == LX_OPERATION_CHAT) {
        lx_out_array(&o, "messages");
        if (r->messages.n)
            lx_out_raw(&o, NULL, lx_buf_slice(&r->messages));
        lx_out_array_end(&o);
        render_list(&o, "tools", &r->tools);
    } else {
        render_list(&o, "input", &r->inputs);
    }
    lx_out_object_end(&o);
    return out->failed;
}
