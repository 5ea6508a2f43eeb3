/*
 * json_fuzz.c - fuzz target for JSON: any bytes are read by every instruction set, which must
 * agree; what is valid is walked, unescaped, written anew and read again with the same meaning;
 * then edited at random, after which it must still be JSON.
 */
#include <stdio.h>
#include <stdlib.h>

#include "wire/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "json_fuzz: %s\n", what);
    abort();
}

static void read_again(struct lx_json_doc *doc, const struct lx_buf *buf)
{
    struct lx_error err = {0};
    require(buf->failed == 0, "the buffer failed");
    if (lx_json_read(doc, lx_buf_slice(buf), &(struct lx_json_limits){.max_depth = 200}, &err) != 0)
        require(false, err.text);
}

/* Written value by value, each string plain or spliced as its place decides. */
static void write_value(struct lx_out *o, struct lx_json v, struct lx_arena *a)
{
    struct lx_json_iter it = lx_json_iter(v);
    switch (lx_json_type(v)) {
    case LX_JSON_OBJECT:
        lx_out_object(o, NULL);
        while (lx_json_next(&it)) {
            lx_out_name(o, lx_text(lx_json_str(it.name, a)));
            write_value(o, it.value, a);
        }
        lx_out_object_end(o);
        break;
    case LX_JSON_ARRAY:
        lx_out_array(o, NULL);
        while (lx_json_next(&it))
            write_value(o, it.value, a);
        lx_out_array_end(o);
        break;
    case LX_JSON_STRING:
        lx_out_text(o, NULL, v.i % 2 ? lx_json_text(v) : lx_text(lx_json_str(v, a)));
        break;
    default:
        lx_out_value(o, NULL, v);
        break;
    }
}

static void compare(const struct lx_json_doc *x, const struct lx_json_doc *y, struct lx_arena *a)
{
    require(x->count == y->count, "another number of nodes");
    for (uint32_t i = 0; i < x->count; i++) {
        struct lx_json v = {x, i}, w = {y, i};
        require(lx_json_type(v) == lx_json_type(w), "another type");
        require(x->nodes[i].next == y->nodes[i].next, "another shape");
        if (lx_json_is(v, LX_JSON_STRING)) {
            struct lx_slice s = lx_json_str(v, a);
            require(lx_slice_eq(s, lx_json_str(w, a)), "another string");
            require(lx_json_eq(v, s) && lx_json_eq(w, s), "a string is not itself");
        } else if (lx_json_is(v, LX_JSON_NUMBER)) {
            require(lx_slice_eq(lx_json_raw(v), lx_json_raw(w)), "another number");
        }
    }
}

/* Members and elements are found by name and place; of equal names the last. */
static void look_up(const struct lx_json_doc *doc, struct lx_arena *a)
{
    for (uint32_t i = 0; i < doc->count && i < 200; i++) {
        struct lx_json v = {doc, i};
        size_t n = 0;
        for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it); n++) {
            if (it.object)
                require(lx_json_get(v, lx_json_str(it.name, a)).i >= it.value.i, "not the last");
            else if (n < 50)
                require(lx_json_at(v, n).i == it.value.i, "another element");
        }
        require(n == lx_json_count(v), "another count");
        int64_t number;
        (void)lx_json_int(v, &number);
        (void)lx_json_bool(v, true);
    }
}

static void edit(const struct lx_json_doc *doc, struct lx_arena *a, struct lx_buf *buf,
                 struct lx_json_doc *again)
{
    struct lx_json_edit e;
    lx_json_edit_init(&e, doc, a);
    uint32_t dice = doc->count ^ (uint32_t)doc->text.n << 8;
    for (int k = 0; k < 8; k++) {
        dice = dice * 1664525u + 1013904223u;
        uint32_t i = (dice >> 8) % doc->count;
        struct lx_json v = {doc, i};
        struct lx_json_iter it = lx_json_iter(v);
        struct lx_slice name = lx_json_next(&it) ? lx_json_str(it.name, a) : LX_S("n");
        switch (dice >> 29) {
        case 0:
            lx_json_edit_set(&e, v, LX_S("model"), LX_S("\"m\""));
            break;
        case 1:
            lx_json_edit_set(&e, v, LX_S("a"), LX_S("[]"));
            break;
        case 2:
        case 3:
            lx_json_edit_remove(&e, v, name);
            break;
        case 4:
            lx_json_edit_rename(&e, v, name, LX_S("renamed"));
            break;
        case 5:
            lx_json_edit_remove_element(&e, lx_json_at(v, (dice >> 4) % 4));
            break;
        case 6:
            lx_json_edit_remove_element(&e, lx_json_at(v, 0));
            break;
        default:
            if (it.object && it.value.doc)
                lx_json_edit_replace(&e, it.value, LX_S("{\"r\":1}"));
            break;
        }
    }
    lx_buf_reset(buf);
    require(lx_json_edit_write(&e, buf) == 0, "the edit failed");
    read_again(again, buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_json_doc doc, again;
    struct lx_arena arena;
    struct lx_buf buf;
    lx_json_doc_init(&doc);
    lx_json_doc_init(&again);
    lx_arena_init(&arena, 256u << 20);
    lx_buf_init(&buf, 64u << 20);
    struct lx_slice text = lx_slice((const char *)data, size);
    struct lx_error err = {0}, other = {0};
    int code = lx_json_read(&doc, text, NULL, &err);
    for (int isa = 0; isa <= (int)lx_json_isa_best(); isa++) {
        require(lx_json_read_as((enum lx_json_isa)isa, &again, text, NULL, &other) == code &&
                    err.at == other.at,
                "instruction sets disagree");
        if (code == 0)
            compare(&doc, &again, &arena);
    }
    if (code == 0) {
        look_up(&doc, &arena);
        struct lx_out o = lx_out(&buf);
        write_value(&o, lx_json_root(&doc), &arena);
        read_again(&again, &buf);
        compare(&doc, &again, &arena);
        edit(&doc, &arena, &buf, &again);
    }
    lx_buf_reset(&buf); /* and any bytes at all may be written as a string */
    struct lx_out o = lx_out(&buf);
    lx_out_str(&o, NULL, text);
    read_again(&again, &buf);
    lx_buf_clear(&buf);
    lx_arena_clear(&arena);
    lx_json_doc_clear(&again);
    lx_json_doc_clear(&doc);
    return 0;
}
