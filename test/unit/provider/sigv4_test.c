/*
 * sigv4_test.c - AWS Signature Version 4: the suite that aws-c-auth carries, from the project's
 * shared specifications, in headers and in the query; and what our own requests get. LLMUX_SHARED
 * says where the shared folder is; without it, or without the suite, our own have to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "provider/sigv4.h"
#include "wire/json.h"

enum { MAX_FILE = 1 << 16, MAX_ARENA = 1 << 22 };

/* ---- The suite ----------------------------------------------------------------------------- */

struct vector {
    struct lx_arena arena;
    struct lx_sigv4 s;
    struct lx_sigv4_request request;
    struct lx_header_list headers;
    bool sign_body, omit_token;
    struct lx_slice expires;
};

static struct lx_slice load(struct vector *v, const char *folder, const char *name)
{
    char path[1400], *to = lx_arena_bytes(&v->arena, MAX_FILE);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    assert_non_null(to);
    size_t n = fread(to, 1, MAX_FILE, f);
    fclose(f);
    return lx_slice(to, n);
}

static void read_context(struct vector *v, const char *folder)
{
    struct lx_json_doc doc;
    struct lx_slice text = load(v, folder, "context.json");
    lx_json_doc_init(&doc);
    assert_int_equal(lx_json_read(&doc, text, NULL, NULL), 0);
    struct lx_json root = lx_json_root(&doc), keys = LX_GET(root, "credentials");
    v->s = (struct lx_sigv4){
        .access_key_id = lx_json_str(LX_GET(keys, "access_key_id"), &v->arena),
        .secret_access_key = lx_json_str(LX_GET(keys, "secret_access_key"), &v->arena),
        .session_token = lx_json_str(LX_GET(keys, "token"), &v->arena),
        .region = lx_json_str(LX_GET(root, "region"), &v->arena),
        .service = lx_json_str(LX_GET(root, "service"), &v->arena),
        .now_s = 1440938160,
        .keep_path = !lx_json_bool(LX_GET(root, "normalize"), true),
    };
    assert_true(lx_json_eq(LX_GET(root, "timestamp"), LX_S("2015-08-30T12:36:00Z")));
    v->sign_body = lx_json_bool(LX_GET(root, "sign_body"), false);
    v->omit_token = lx_json_bool(LX_GET(root, "omit_session_token"), false);
    v->expires = lx_json_raw(LX_GET(root, "expiration_in_seconds"));
    lx_json_doc_clear(&doc);
}

static void read_request(struct vector *v, const char *folder)
{
    struct lx_slice rest = load(v, folder, "request.txt"), line, name, value, more;
    lx_header_list_init(&v->headers, &v->arena);
    lx_slice_cut(rest, '\n', &line, &rest);
    lx_slice_cut(line, ' ', &v->request.method, &line);
    assert_true(lx_slice_ends(line, LX_S(" HTTP/1.1")));
    v->request.target = lx_slice_to(line, line.n - 9); /* may hold spaces */
    while (rest.n) {
        lx_slice_cut(rest, '\n', &line, &rest);
        if (!line.n)
            break;
        assert_true(lx_slice_cut(line, ':', &name, &value));
        while (rest.n && rest.p[0] == ' ') { /* a folded line */
            lx_slice_cut(rest, '\n', &more, &rest);
            value.n = (size_t)(more.p + more.n - value.p);
        }
        lx_header_list_add(&v->headers, name, value);
    }
    v->request.body = rest;
}

static void check_signature(struct vector *v, const char *folder, const char *expected)
{
    char signature[65];
    struct lx_slice want = lx_slice_trim(load(v, folder, expected));
    v->request.headers = &v->headers.headers;
    assert_int_equal(lx_sigv4_sign(&v->s, &v->request, signature, NULL), 0);
    if (!lx_slice_eq(want, lx_slice_z(signature)))
        fail_msg("%s/%s: %s, not %.*s", folder, expected, signature, LX_F(want));
}

/* The signature in headers: what goes along is signed with it. */
static void check_headers(struct vector *v, const char *folder)
{
    read_request(v, folder);
    lx_header_list_add(&v->headers, LX_S("X-Amz-Date"), LX_S("20150830T123600Z"));
    if (v->s.session_token.n && !v->omit_token)
        lx_header_list_add(&v->headers, LX_S("X-Amz-Security-Token"), v->s.session_token);
    if (v->sign_body) {
        struct lx_slice rest = load(v, folder, "header-canonical-request.txt"), sum;
        while (rest.n)
            lx_slice_cut(rest, '\n', &sum, &rest); /* the last line */
        lx_header_list_add(&v->headers, LX_S("x-amz-content-sha256"), sum);
    }
    check_signature(v, folder, "header-signature.txt");
}

static struct lx_slice encoded(struct vector *v, struct lx_slice s)
{
    struct lx_buf b;
    lx_buf_init(&b, MAX_FILE);
    lx_percent_write(&b, s, LX_S(""));
    s = lx_arena_copy(&v->arena, lx_buf_slice(&b));
    lx_buf_clear(&b);
    return s;
}

/* The signature in the query: what would be headers are parameters. */
static void check_query(struct vector *v, const char *folder)
{
    struct lx_buf names;
    char ignored[65];
    read_request(v, folder);
    lx_buf_init(&names, MAX_FILE);
    v->request.headers = &v->headers.headers;
    assert_int_equal(lx_sigv4_sign(&v->s, &v->request, ignored, &names), 0);
    bool more = lx_slice_find_byte(v->request.target, '?') >= 0;
    bool token = v->s.session_token.n && !v->omit_token;
    v->request.target = lx_arena_printf(
        &v->arena,
        "%.*s%cX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%.*s%%2F20150830%%2F%.*s%%2F%.*s"
        "%%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=%.*s&X-Amz-Expires=%.*s"
        "%s%.*s",
        LX_F(v->request.target), more ? '&' : '?', LX_F(v->s.access_key_id), LX_F(v->s.region),
        LX_F(v->s.service), LX_F(encoded(v, lx_buf_slice(&names))), LX_F(v->expires),
        token ? "&X-Amz-Security-Token=" : "",
        LX_F(token ? encoded(v, v->s.session_token) : LX_S("")));
    lx_buf_clear(&names);
    check_signature(v, folder, "query-signature.txt");
}

static void test_suite(void **state)
{
    (void)state;
    const char *shared = getenv("LLMUX_SHARED");
    char folder[800] = "", one[1200];
    size_t count = 0;
    if (shared)
        snprintf(folder, sizeof(folder), "%s/specs/sigv4", shared);
    DIR *dir = shared ? opendir(folder) : NULL;
    if (!dir) {
        print_message("skipped: no SigV4 suite in \"%s\"\n", folder);
        skip();
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct vector v = {0};
        if (entry->d_name[0] == '.')
            continue;
        snprintf(one, sizeof(one), "%s/%s", folder, entry->d_name);
        lx_arena_init(&v.arena, MAX_ARENA);
        read_context(&v, one);
        check_headers(&v, one);
        check_query(&v, one);
        lx_arena_clear(&v.arena);
        count++;
    }
    closedir(dir);
    print_message("%zu vectors, each in headers and in the query\n", count);
    assert_true(count >= 30);
}

/* ---- Our own requests ---------------------------------------------------------------------- */

static const struct lx_sigv4 example = {
    .access_key_id = LX_S_INIT("AKIDEXAMPLE"),
    .secret_access_key = LX_S_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    .region = LX_S_INIT("us-east-1"),
    .service = LX_S_INIT("service"),
    .now_s = 1440938160,
};

static void test_apply(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_header_list l;
    struct lx_sigv4 s = example;
    lx_arena_init(&a, MAX_ARENA);
    lx_header_list_init(&l, &a);
    lx_header_list_add(&l, LX_S("user-agent"), LX_S("is not signed"));
    assert_int_equal(
        lx_sigv4_apply(&s, LX_S("GET"), LX_S("example.amazonaws.com"), LX_S("/"), LX_S(""), &l), 0);
    /* get-vanilla of the suite */
    assert_string_equal(
        lx_arena_copy_z(&a, lx_headers_get(&l.headers, LX_S("authorization"))),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    assert_true(lx_headers_get(&l.headers, LX_S("x-amz-security-token")).p == NULL);

    s.session_token = LX_S("TOKEN");
    lx_header_list_add(&l, LX_S("content-type"), LX_S("application/json"));
    assert_int_equal(
        lx_sigv4_apply(&s, LX_S("POST"), LX_S("h"), LX_S("/model/a%3A0/converse"), LX_S("{}"), &l),
        0);
    struct lx_slice value = lx_headers_get(&l.headers, LX_S("authorization"));
    assert_true(lx_slice_find(value, LX_S("SignedHeaders=content-type;host;x-amz-date;"
                                          "x-amz-security-token, ")) > 0);
    for (size_t i = 0; i < l.headers.n; i++) {
        bool secret = lx_slice_eq(l.headers.v[i].name, LX_S("authorization")) ||
                      lx_slice_eq(l.headers.v[i].name, LX_S("x-amz-security-token"));
        assert_int_equal(l.headers.v[i].secret, secret);
    }
    lx_arena_clear(&a);
}

static void test_what_cannot_be_signed(void **state)
{
    (void)state;
    struct lx_headers none = {NULL, 0};
    struct lx_sigv4_request r = {LX_S("GET"), LX_S("/?a=%4"), &none, LX_S("")};
    char signature[65], segments[4096];
    assert_int_equal(lx_sigv4_sign(&example, &r, signature, NULL), LX_EINVAL);
    for (size_t i = 0; i < sizeof(segments); i++)
        segments[i] = i % 2 ? 'a' : '/';
    r.target = lx_slice(segments, sizeof(segments));
    assert_int_equal(lx_sigv4_sign(&example, &r, signature, NULL), LX_ELIMIT);
    memset(segments, '&', sizeof(segments));
    memcpy(segments, "/?", 2);
    r.target = lx_slice(segments, sizeof(segments));
    assert_int_equal(lx_sigv4_sign(&example, &r, signature, NULL), 0);
    for (size_t i = 2; i < sizeof(segments); i++)
        segments[i] = i % 2 ? 'a' : '&';
    assert_int_equal(lx_sigv4_sign(&example, &r, signature, NULL), LX_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_what_cannot_be_signed),
    };
    return cmocka_run_group_tests_name("provider/sigv4", tests, NULL, NULL);
}
