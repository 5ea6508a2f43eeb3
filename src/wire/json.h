/*
 * json.h - JSON without a tree: an index of spans over the input, a writer, and edits by span.
 *
 * Reading builds one flat array of nodes that point into the caller's text. Nothing is copied or
 * unescaped until asked for, and numbers stay the text they were. RFC 8259, strictly: UTF-8 is
 * validated, depth and size are limited, anything after the value but white space is an error.
 * Duplicate members are allowed and the last one wins, as in Python and JavaScript.
 *
 * The text must outlive the document, and the document every value taken from it.
 */
#ifndef LX_WIRE_JSON_H
#define LX_WIRE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* ---- Text that may still be escaped ------------------------------------------------------- */

/*
 * A string on its way from one JSON document to another. While `escaped` is set, s holds what
 * stood between the quotes, backslashes and all: a writer can splice it without looking inside,
 * which is what makes a 400 KB message cost a memcpy. Ask lx_text_plain() for the real bytes.
 */
struct lx_text {
    struct lx_slice s;
    bool escaped; /* s contains at least one backslash escape */
};

static inline struct lx_text lx_text(struct lx_slice plain)
{
    return (struct lx_text){plain, false};
}
static inline bool lx_text_is_empty(struct lx_text t)
{
    return t.s.n == 0;
}
/* The unescaped bytes: borrowed where there is no escape, else in the arena (absent when the
 * arena has failed). A lone surrogate escape becomes U+FFFD. */
struct lx_slice lx_text_plain(struct lx_text t, struct lx_arena *a);

/* ---- Reading ------------------------------------------------------------------------------ */

enum lx_json_type {
    LX_JSON_NONE = 0, /* no such value */
    LX_JSON_NULL,
    LX_JSON_FALSE,
    LX_JSON_TRUE,
    LX_JSON_NUMBER,
    LX_JSON_STRING,
    LX_JSON_ARRAY,
    LX_JSON_OBJECT,
};

/* An object's members are pairs of nodes, name then value; a container's children follow it. */
struct lx_json_node {
    uint32_t at;   /* offset of the first byte of the value (of the opening quote for a string) */
    uint32_t n;    /* bytes, quotes and brackets included */
    uint32_t next; /* index of the node after this one and all its children */
    uint8_t type;  /* enum lx_json_type */
    uint8_t escaped;
    uint16_t unused;
};

struct lx_json_doc {
    struct lx_slice text;
    struct lx_json_node *nodes; /* heap, reused from one read to the next */
    uint32_t count, cap;
};

struct lx_json_limits {
    uint32_t max_bytes; /* 0: 1 GiB */
    uint32_t max_depth; /* 0: 128 */
    uint32_t max_nodes; /* 0: 16 Mi */
};

/* An empty document, which owns nothing yet; and its nodes freed. */
void lx_json_doc_init(struct lx_json_doc *doc);
void lx_json_doc_clear(struct lx_json_doc *doc);

/* Indexes text. 0, or LX_EJSON, LX_EUTF8, LX_EDEPTH, LX_ELIMIT, LX_ENOMEM with err->at the offset
 * and err->text saying what was expected there. limits may be NULL. The document may be read again.
 */
int lx_json_read(struct lx_json_doc *doc, struct lx_slice text, const struct lx_json_limits *limits,
                 struct lx_error *err);

/* A value: a cheap handle, passed by value. All functions accept LX_JSON_NONE values. */
struct lx_json {
    const struct lx_json_doc *doc;
    uint32_t i;
};

static inline struct lx_json lx_json_root(const struct lx_json_doc *doc)
{
    return (struct lx_json){doc->count ? doc : NULL, 0};
}
static inline enum lx_json_type lx_json_type(struct lx_json v)
{
    return v.doc ? (enum lx_json_type)v.doc->nodes[v.i].type : LX_JSON_NONE;
}
static inline bool lx_json_is(struct lx_json v, enum lx_json_type type)
{
    return lx_json_type(v) == type;
}
/* Neither absent nor null: what most optional members mean by "given". */
static inline bool lx_json_given(struct lx_json v)
{
    return lx_json_type(v) > LX_JSON_NULL;
}
/* The value's own bytes in the input, quotes and brackets included; absent for NONE. */
struct lx_slice lx_json_raw(struct lx_json v);

/* The last member of that name, or NONE (also when v is no object). Escaped names are compared
 * unescaped. */
struct lx_json lx_json_get(struct lx_json v, struct lx_slice name);
#define LX_GET(v, lit) lx_json_get((v), LX_S(lit))
/* The same of n names, in one walk: out[i] for names[i]. */
void lx_json_get_several(struct lx_json v, const struct lx_slice *names, size_t n,
                         struct lx_json *out);
/* Which of n words (at most 32) are strings of the document, names or values: bit i for word i. One
 * look through the index for all of them, for what is mostly not there. */
uint32_t lx_json_has(const struct lx_json_doc *doc, const struct lx_slice *words, size_t n);
/* Element i of an array, or NONE. */
struct lx_json lx_json_at(struct lx_json v, size_t i);
/* Elements of an array or members of an object (duplicates counted); else 0. Linear. */
size_t lx_json_count(struct lx_json v);

/* A string's text as it stands; an absent text when v is no string. */
struct lx_text lx_json_text(struct lx_json v);
/* A string's unescaped bytes; absent when v is no string. */
struct lx_slice lx_json_str(struct lx_json v, struct lx_arena *a);
/* True when v is a string with just these unescaped bytes. */
bool lx_json_eq(struct lx_json v, struct lx_slice s);
/* An integer without fraction or exponent that fits. 0 or LX_EINVAL. */
int lx_json_int(struct lx_json v, int64_t *out);
/* true/false; `otherwise` for anything else. */
bool lx_json_bool(struct lx_json v, bool otherwise);

/* for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);) ... it.name, it.value ...
 * Over the elements of an array (name is NONE) or the members of an object; nothing otherwise. */
struct lx_json_iter {
    struct lx_json name, value;
    uint32_t at, end;
    bool object;
    const struct lx_json_doc *doc;
};
struct lx_json_iter lx_json_iter(struct lx_json v);
bool lx_json_next(struct lx_json_iter *it);

/* Appends the text with every array of numbers emptied: what else is in it stays, as a reader would
 * find it. Good JSON stays good; of bad JSON only what is left out goes unseen. */
void lx_json_thin(struct lx_slice json, struct lx_buf *out);

/* ---- Writing ------------------------------------------------------------------------------ */

/*
 * Writes into a buffer; the error sticks in the buffer (ask buf->failed once at the end). Each call
 * takes the member's name first: a literal or other NUL-terminated ASCII that needs no escaping, or
 * NULL for an array element or the root. Commas are the writer's business.
 */
struct lx_out {
    struct lx_buf *buf;
    bool comma; /* the next value needs a comma before it */
};

static inline struct lx_out lx_out(struct lx_buf *buf)
{
    return (struct lx_out){buf, false};
}
void lx_out_object(struct lx_out *o, const char *name);
void lx_out_array(struct lx_out *o, const char *name);
void lx_out_object_end(struct lx_out *o);
void lx_out_array_end(struct lx_out *o);
/* For what is left out where nothing stands in it: a place to go back to, marked before the object
 * or array begins. What was written since must not have ended anything that began before. */
struct lx_out_mark {
    size_t n;
    bool comma;
};
static inline struct lx_out_mark lx_out_mark(const struct lx_out *o)
{
    return (struct lx_out_mark){o->buf->n, o->comma};
}
void lx_out_undo(struct lx_out *o, struct lx_out_mark mark);
/* Ends the object or array, whose beginning was marked, or takes it back where it is empty. */
void lx_out_object_end_or_undo(struct lx_out *o, struct lx_out_mark mark);
void lx_out_array_end_or_undo(struct lx_out *o, struct lx_out_mark mark);
/* A member name that is data: escaped. The value follows with name NULL. */
void lx_out_name(struct lx_out *o, struct lx_text name);
void lx_out_text(struct lx_out *o, const char *name, struct lx_text t); /* absent: "" */
void lx_out_str(struct lx_out *o, const char *name, struct lx_slice plain);
#define lx_out_lit(o, name, lit) lx_out_str((o), (name), LX_S(lit))
void lx_out_int(struct lx_out *o, const char *name, int64_t v);
void lx_out_bool(struct lx_out *o, const char *name, bool v);
void lx_out_null(struct lx_out *o, const char *name);
/* A value that already is JSON. Its line breaks become spaces, so that what is written stands on
 * one line, as SSE needs it; else it is not looked at. Absent or empty: null. */
void lx_out_raw(struct lx_out *o, const char *name, struct lx_slice json);
static inline void lx_out_value(struct lx_out *o, const char *name, struct lx_json v)
{
    lx_out_raw(o, name, lx_json_raw(v));
}
/* Opens a string that is filled in pieces: lx_out_string_part escapes each. No piece may end within
 * a character: its bytes would become U+FFFD. */
void lx_out_string_open(struct lx_out *o, const char *name);
void lx_out_string_part(struct lx_out *o, struct lx_text t);
void lx_out_string_close(struct lx_out *o);
/* s as a JSON string, in the arena; absent when that has failed. */
struct lx_slice lx_json_quoted(struct lx_slice s, struct lx_arena *a);

/* ---- Editing ------------------------------------------------------------------------------ */

/*
 * A list of replacements over one document's text, applied in one pass. Edits of values inside
 * values that are replaced or removed are ignored; of two edits of one value the later holds.
 * Storage is the arena's, and the JSON that is put in is borrowed until the text is written.
 */
struct lx_json_edit_op {
    uint32_t at, n;         /* bytes replaced */
    struct lx_slice insert; /* by these; absent: a member or element goes, with its comma */
    uint32_t order;         /* of being asked for */
    struct lx_json_edit_op *next;
};
struct lx_json_edit {
    const struct lx_json_doc *doc;
    struct lx_arena *arena;
    struct lx_json_edit_op *ops; /* newest first until they are written */
    uint32_t count;
    int failed; /* LX_ENOMEM or LX_ELIMIT, from the arena */
};

void lx_json_edit_init(struct lx_json_edit *e, const struct lx_json_doc *doc, struct lx_arena *a);
static inline bool lx_json_edit_is_empty(const struct lx_json_edit *e)
{
    return !e->ops && !e->failed;
}
/* Puts JSON text in the value's place. */
void lx_json_edit_replace(struct lx_json_edit *e, struct lx_json v, struct lx_slice json);
/* Removes every member of that name, with its comma. */
void lx_json_edit_remove(struct lx_json_edit *e, struct lx_json object, struct lx_slice name);
/* Replaces the last member of that name (removing earlier duplicates), or adds it. `name` must not
 * need escaping. */
void lx_json_edit_set(struct lx_json_edit *e, struct lx_json object, struct lx_slice name,
                      struct lx_slice json);
/* Renames every member of that name. */
void lx_json_edit_rename(struct lx_json_edit *e, struct lx_json object, struct lx_slice name,
                         struct lx_slice to);
/* Puts JSON text behind the last element of an array. */
void lx_json_edit_append(struct lx_json_edit *e, struct lx_json array, struct lx_slice json);
/* Removes an element from its array. */
void lx_json_edit_remove_element(struct lx_json_edit *e, struct lx_json element);
/* The edited text; 0, or the edit's or the buffer's failure. */
int lx_json_edit_write(struct lx_json_edit *e, struct lx_buf *out);

#endif
