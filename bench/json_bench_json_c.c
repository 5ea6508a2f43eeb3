/*
 * json_bench_json_c.c - json-c as a contender of json_bench.c.
 */
#include <json-c/json.h>

#include "json_bench.h"

size_t bench_json_c(struct lx_slice body)
{
    json_tokener *tokener = json_tokener_new();
    json_object *root = json_tokener_parse_ex(tokener, body.p, (int)body.n);
    size_t found = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        found += (size_t)json_object_object_get_ex(root, members[i], NULL);
    json_object_object_add(root, "model", json_object_new_string(NEW_MODEL));
    size_t n;
    const char *text = json_object_to_json_string_length(
        root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    lx_buf_reset(&out);
    lx_buf_add(&out, lx_slice(text, n));
    json_object_put(root);
    json_tokener_free(tokener);
    return found;
}
