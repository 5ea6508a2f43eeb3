/*
 * gemini_part.c - back: the parts of a reply's content -> events.
 *
 * The wire has no marks for where a part begins: text comes in pieces, one part each, and a piece
 * goes on what is open when it is of the same kind. Everything else comes whole, but for calls
 * where Vertex AI was asked to stream their arguments: the first part names the call, the others
 * have no name, and the last does not say that it will continue (or never comes). A signature may
 * stand on any piece of a text; it is held until the text ends, so that it does not tear it.
 */
#include "dialect/gemini.h"

#include <stdio.h>

struct lx_event *lx_gemini_event_add(const struct lx_gemini_reader *r,
                                     const struct lx_gemini_choice *c, enum lx_event_kind kind)
{
    struct lx_event *e = lx_events_add(r->out, kind);
    e->choice = c->index;
    e->index = c->next;
    e->part = c->kind;
    return e;
}

static struct lx_event *open_part(const struct lx_gemini_reader *r, struct lx_gemini_choice *c,
                                  enum lx_part_kind kind)
{
    c->kind = kind;
    return lx_gemini_event_add(r, c, LX_EVENT_PART_START);
}

static void end_part(const struct lx_gemini_reader *r, struct lx_gemini_choice *c)
{
    lx_gemini_event_add(r, c, LX_EVENT_PART_END);
    c->next++;
}

/* ---- Signatures ----------------------------------------------------------------------------- */

static void tell_signature(struct lx_gemini_reader *r, struct lx_gemini_choice *c)
{
    struct lx_slice mark = LX_GEMINI_MARK, held = lx_buf_slice(&c->signature);
    struct lx_arena *a = r->out->arena;
    lx_gemini_event_add(r, c, LX_EVENT_SIGNATURE)->text =
        lx_text(lx_arena_printf(a, "%.*s%.*s", LX_F(mark), (int)held.n, held.n ? held.p : ""));
    lx_buf_reset(&c->signature);
}

/* A signature of something other than thoughts is thinking without text, after what it signs. */
static void tell_held(struct lx_gemini_reader *r, struct lx_gemini_choice *c)
{
    if (!c->signature.n)
        return;
    open_part(r, c, LX_PART_THINKING);
    tell_signature(r, c);
    end_part(r, c);
}

static void tell_arguments(struct lx_gemini_reader *r, struct lx_gemini_choice *c)
{
    if (c->args.root)
        lx_gemini_event_add(r, c, LX_EVENT_ARGUMENTS)->text =
            lx_text(lx_gemini_args_take(&c->args, r->out->arena));
}

void lx_gemini_part_close(struct lx_gemini_reader *r, struct lx_gemini_choice *c)
{
    if (c->open) {
        if (c->kind == LX_PART_THINKING)
            tell_signature(r, c);
        tell_arguments(r, c);
        end_part(r, c);
    }
    c->open = false;
    tell_held(r, c);
}

static void hold_signature(struct lx_gemini_reader *r, struct lx_gemini_choice *c,
                           struct lx_json part)
{
    struct lx_slice signature = lx_json_str(LX_GET(part, "thoughtSignature"), r->out->arena);
    if (signature.n && c->signature.n)
        lx_gemini_part_close(r, c);
    lx_buf_add(&c->signature, signature);
    if (c->signature.failed)
        r->code = c->signature.failed;
}

/* ---- Kinds ---------------------------------------------------------------------------------- */

static void read_text(struct lx_gemini_reader *r, struct lx_gemini_choice *c, struct lx_json part)
{
    bool thought = lx_json_bool(LX_GET(part, "thought"), false);
    enum lx_part_kind kind = thought ? LX_PART_THINKING : LX_PART_TEXT;
    struct lx_text text = lx_json_text(LX_GET(part, "text"));
    if (text.s.n) {
        if (c->open && c->kind != kind)
            lx_gemini_part_close(r, c);
        if (!c->open) {
            open_part(r, c, kind);
            lx_offsets_reset(&c->offsets);
        }
        c->open = true;
        lx_gemini_event_add(r, c, LX_EVENT_TEXT)->text = text;
        if (!thought)
            lx_offsets_add(&c->offsets, lx_text_plain(text, r->out->arena));
    }
    hold_signature(r, c, part);
    if (!c->open)
        lx_gemini_part_close(r, c);
}

/* Older models give calls no id: one is made from the reply's. */
static struct lx_slice call_id(struct lx_gemini_reader *r, struct lx_json id)
{
    struct lx_slice own = lx_json_str(id, r->out->arena);
    int64_t n = r->s->calls++;
    if (own.n)
        return own;
    return lx_arena_printf(r->out->arena, "call_%s_%lld", r->s->id, (long long)n);
}

static void start_call(struct lx_gemini_reader *r, struct lx_gemini_choice *c, struct lx_json part)
{
    struct lx_json call = LX_GET(part, "functionCall");
    struct lx_slice id = call_id(r, LX_GET(call, "id"));
    lx_gemini_part_close(r, c);
    c->calls = true;
    struct lx_event *e = open_part(r, c, LX_PART_TOOL_CALL);
    e->id = lx_text(
        lx_gemini_id_join(id, lx_json_text(LX_GET(part, "thoughtSignature")), r->out->arena));
    e->name = lx_json_text(LX_GET(call, "name"));
    e->legacy_function_call = r->s->legacy;
}

/* A part that begins or goes on with a call; the last one may hold nothing. */
static void read_call_piece(struct lx_gemini_reader *r, struct lx_gemini_choice *c,
                            struct lx_json part, bool begins)
{
    struct lx_json call = LX_GET(part, "functionCall");
    if (begins) {
        start_call(r, c, part);
        c->open = true;
        r->code = r->code ? r->code : lx_gemini_args_start(&c->args);
    }
    if (!r->code)
        r->code = lx_gemini_args_add(&c->args, LX_GET(call, "partialArgs"), r->out->arena);
    if (!begins)
        hold_signature(r, c, part);
    if (!r->code && !lx_json_bool(LX_GET(call, "willContinue"), false))
        lx_gemini_part_close(r, c);
}

static void read_call(struct lx_gemini_reader *r, struct lx_gemini_choice *c, struct lx_json part)
{
    struct lx_json call = LX_GET(part, "functionCall"), args = LX_GET(call, "args");
    bool named = lx_json_text(LX_GET(call, "name")).s.n != 0;
    bool pieces = lx_json_bool(LX_GET(call, "willContinue"), false) ||
                  lx_json_count(LX_GET(call, "partialArgs"));
    if (!named && !lx_json_count(args)) {
        if (c->args.root)
            read_call_piece(r, c, part, false);
    } else if (pieces && !lx_json_count(args)) {
        read_call_piece(r, c, part, true);
    } else {
        start_call(r, c, part);
        lx_gemini_event_add(r, c, LX_EVENT_ARGUMENTS)->text =
            lx_text(lx_json_is(args, LX_JSON_OBJECT) ? lx_json_raw(args) : LX_S("{}"));
        end_part(r, c);
    }
}

enum lx_part_kind lx_gemini_media_kind(struct lx_slice type)
{
    static const struct {
        struct lx_slice start;
        enum lx_part_kind kind;
    } kinds[] = {{LX_S_INIT("image/"), LX_PART_IMAGE},
                 {LX_S_INIT("audio/"), LX_PART_AUDIO},
                 {LX_S_INIT("video/"), LX_PART_VIDEO}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (lx_slice_starts(type, kinds[i].start))
            return kinds[i].kind;
    return LX_PART_FILE;
}

static void read_media(struct lx_gemini_reader *r, struct lx_gemini_choice *c, struct lx_json part)
{
    struct lx_json blob = LX_GET(part, "inlineData"), file = LX_GET(part, "fileData");
    bool inside = lx_json_is(blob, LX_JSON_OBJECT);
    struct lx_slice type = lx_json_str(LX_GET(inside ? blob : file, "mimeType"), r->out->arena);
    lx_gemini_part_close(r, c);
    struct lx_event *e = open_part(r, c, lx_gemini_media_kind(type));
    e->media.type = type;
    if (c->kind == LX_PART_AUDIO) {
        e->id = lx_text(lx_arena_printf(r->out->arena, "audio_%s", r->s->id));
        if (inside)
            lx_gemini_event_add(r, c, LX_EVENT_DATA)->text = lx_json_text(LX_GET(blob, "data"));
    } else if (inside) {
        e->media.data = lx_json_text(LX_GET(blob, "data"));
    } else {
        e->media.url = lx_json_text(LX_GET(file, "fileUri"));
    }
    end_part(r, c);
    hold_signature(r, c, part);
    tell_held(r, c);
}

/* Code that ran at Google's, and whatever else its tools did. */
static void read_opaque(struct lx_gemini_reader *r, struct lx_gemini_choice *c, struct lx_json part)
{
    lx_gemini_part_close(r, c);
    struct lx_event *e = open_part(r, c, LX_PART_OPAQUE);
    e->raw = lx_json_raw(part);
    e->language = LX_GEMINI;
    end_part(r, c);
}

void lx_gemini_part_read(struct lx_gemini_reader *r, struct lx_gemini_choice *c,
                         struct lx_json part)
{
    bool signature = lx_json_is(LX_GET(part, "thoughtSignature"), LX_JSON_STRING);
    if (!lx_json_is(part, LX_JSON_OBJECT))
        return;
    if (lx_json_is(LX_GET(part, "functionCall"), LX_JSON_OBJECT))
        read_call(r, c, part);
    else if (lx_json_is(LX_GET(part, "inlineData"), LX_JSON_OBJECT) ||
             lx_json_is(LX_GET(part, "fileData"), LX_JSON_OBJECT))
        read_media(r, c, part);
    else if (lx_json_is(LX_GET(part, "text"), LX_JSON_STRING) ||
             (signature && lx_json_count(part) == 1))
        read_text(r, c, part);
    else if (lx_json_count(part))
        read_opaque(r, c, part);
}
