/*
 * credential.c - running a credential: one question after the other until there is a key.
 *
 * The call machine runs one when a key is wanted, the configuration to find what is wrong before
 * anybody waits for it. What the questions are is the kinds' business; what is said of an answer
 * that is none is decided here, for all of them: which endpoint said what, and never a secret.
 */
#include "provider/credential.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "provider/credential_step.h"
#include "wire/url.h"

enum {
    MAX_ARENA = 1 << 22,
    MAX_FORM = 1 << 18,
    MAX_SAID = 300,          /* bytes of what an endpoint said */
    LIFE_WITHOUT_WORD = 300, /* seconds, where an answer does not tell */
    MAX_LIFE = 86400,
    CONNECT_MS = 10000,
    TOTAL_MS = 30000,
    NEAR_CONNECT_MS = 1000,
    NEAR_TOTAL_MS = 3000,
};

/* ---- Kinds and sources ---------------------------------------------------------------------- */

extern const struct lx_credential_kind lx_credential_anthropic, lx_credential_aws,
    lx_credential_azure, lx_credential_databricks, lx_credential_gdch, lx_credential_gigachat,
    lx_credential_google, lx_credential_ibm, lx_credential_oauth2, lx_credential_oci,
    lx_credential_sap, lx_credential_snowflake;

const struct lx_credential_kind *const lx_credential_kinds[] = {
    &lx_credential_anthropic,
    &lx_credential_aws,
    &lx_credential_azure,
    &lx_credential_databricks,
    &lx_credential_gdch,
    &lx_credential_gigachat,
    &lx_credential_google,
    &lx_credential_ibm,
    &lx_credential_oauth2,
    &lx_credential_oci,
    &lx_credential_sap,
    &lx_credential_snowflake,
    NULL,
};

const struct lx_credential_kind *lx_credential_kind_find(struct lx_slice id)
{
    for (size_t i = 0; lx_credential_kinds[i]; i++)
        if (lx_slice_eq(lx_slice_z(lx_credential_kinds[i]->id), id))
            return lx_credential_kinds[i];
    return NULL;
}

/* Length and bytes, so that no two lists of parts look the same. */
static void add_part(struct lx_buf *b, struct lx_slice s)
{
    lx_buf_addf(b, "%zu:", s.n);
    lx_buf_add(b, s);
}

int lx_credential_source_init(struct lx_credential_source *s, const struct lx_credential_kind *kind,
                              const struct lx_slice *values, struct lx_slice base_url,
                              struct lx_slice region, struct lx_slice home)
{
    struct lx_buf b;
    size_t starts[LX_CREDENTIAL_SETTINGS], n = 0, size = 1024;
    while (kind->settings[n].name)
        size += values[n++].n + 24;
    *s = (struct lx_credential_source){
        .kind = kind, .base_url = base_url, .region = region, .home = home};
    size += base_url.n + region.n + home.n;
    lx_buf_init(&b, size);
    lx_buf_reserve(&b, size); /* never moved: no copy is left behind */
    for (size_t i = 0; i < n; i++) {
        add_part(&b, values[i]);
        starts[i] = b.n - values[i].n;
    }
    size_t own = b.n;
    add_part(&b, lx_slice_z(kind->id));
    add_part(&b, base_url);
    add_part(&b, region);
    add_part(&b, home);
    int code = b.failed;
    if (code == 0)
        SHA256((const unsigned char *)b.p, b.n, s->id);
    if (code == 0)
        code = lx_secret_init(&s->bytes, lx_slice(b.p, own));
    for (size_t i = 0; code == 0 && i < n; i++)
        s->values[i] = lx_slice(s->bytes.hidden + starts[i], values[i].n);
    if (b.p)
        lx_wipe(b.p, b.n);
    lx_buf_clear(&b);
    return code;
}

void lx_credential_source_clear(struct lx_credential_source *s)
{
    if (!s)
        return;
    lx_secret_clear(&s->bytes);
    memset(s->values, 0, sizeof(s->values));
}

/* ---- The run -------------------------------------------------------------------------------- */

void lx_credential_run_init(struct lx_credential_run *r, const struct lx_credential_source *source,
                            int64_t now_s, uint64_t random)
{
    *r = (struct lx_credential_run){.source = source,
                                    .now_s = now_s,
                                    .random = random,
                                    .then = source->kind->start,
                                    .ready = true};
    lx_arena_init(&r->arena, MAX_ARENA);
    lx_buf_init(&r->body, LX_CREDENTIAL_MAX_BYTES);
    for (size_t i = 0; i < LX_CREDENTIAL_MAX_DOCS; i++)
        lx_json_doc_init(&r->docs[i]);
}

void lx_credential_run_clear(struct lx_credential_run *r)
{
    if (r->body.p)
        lx_wipe(r->body.p, r->body.n);
    lx_buf_clear(&r->body);
    for (size_t i = 0; i < LX_CREDENTIAL_MAX_DOCS; i++)
        lx_json_doc_clear(&r->docs[i]);
    lx_arena_clear(&r->arena);
    lx_secret_clear(&r->key);
}

enum lx_credential_step lx_credential_run_next(struct lx_credential_run *r)
{
    if (!r->ready)
        return r->step;
    r->ready = false;
    if (++r->steps > LX_CREDENTIAL_MAX_STEPS)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "it takes too many steps");
    else
        r->then(r);
    if (r->arena.failed && r->step != LX_CREDENTIAL_FAILED)
        lx_credential_fail(r, LX_FAULT_INTERNAL, "out of memory");
    return r->step;
}

static bool is_sending(const struct lx_credential_run *r)
{
    return r->step == LX_CREDENTIAL_SEND && !r->ready;
}

void lx_credential_run_feed_head(struct lx_credential_run *r, int status)
{
    if (is_sending(r))
        r->status = status;
}

void lx_credential_run_feed_body(struct lx_credential_run *r, struct lx_slice piece)
{
    if (is_sending(r))
        lx_buf_add(&r->body, piece);
}

void lx_credential_run_feed_end(struct lx_credential_run *r)
{
    if (!is_sending(r))
        return;
    r->code = r->status ? r->body.failed : LX_ECLOSED;
    r->ready = true;
}

void lx_credential_run_feed_failure(struct lx_credential_run *r, int code,
                                    const struct lx_error *err)
{
    if (!is_sending(r))
        return;
    r->code = code;
    snprintf(r->why, sizeof(r->why), "%s", err && err->code ? err->text : lx_code_text(code));
    r->ready = true;
}

void lx_credential_run_feed_file(struct lx_credential_run *r, int code, struct lx_slice text)
{
    if (r->step != LX_CREDENTIAL_READ || r->ready)
        return;
    if (code == 0)
        lx_buf_add(&r->body, text);
    r->code = code ? code : r->body.failed;
    r->ready = true;
}

/* ---- Asking --------------------------------------------------------------------------------- */

static void ask(struct lx_credential_run *r, enum lx_credential_step step, lx_credential_then *then)
{
    if (r->body.p)
        lx_wipe(r->body.p, r->body.n);
    lx_buf_reset(&r->body);
    r->code = r->status = 0;
    r->why[0] = '\0';
    r->step = step;
    r->then = then;
}

void lx_credential_read(struct lx_credential_run *r, struct lx_slice path, lx_credential_then *then)
{
    r->path = lx_arena_copy_z(&r->arena, path);
    if (!r->path || memchr(path.p, 0, path.n))
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "a path that is none");
    else
        ask(r, LX_CREDENTIAL_READ, then);
}

void lx_credential_fetch(struct lx_credential_run *r, struct lx_slice method, struct lx_slice url,
                         struct lx_credential_request *q)
{
    *q = (struct lx_credential_request){.method = method, .url = url};
    lx_header_list_init(&q->headers, &r->arena);
    lx_header_list_add(&q->headers, LX_S("user-agent"), LX_S("llmux"));
    lx_header_list_add(&q->headers, LX_S("accept"), LX_S("application/json"));
    lx_buf_init(&q->form, MAX_FORM);
}

void lx_credential_post(struct lx_credential_run *r, struct lx_slice url,
                        struct lx_credential_request *q)
{
    lx_credential_fetch(r, LX_S("POST"), url, q);
}

void lx_credential_form(struct lx_credential_request *q, const char *name, struct lx_slice value)
{
    if (!value.n)
        return;
    if (q->form.n)
        lx_buf_add_byte(&q->form, '&');
    lx_buf_add(&q->form, lx_slice_z(name));
    lx_buf_add_byte(&q->form, '=');
    lx_percent_write(&q->form, value, LX_S(""));
}

void lx_credential_basic(struct lx_credential_request *q, struct lx_slice user,
                         struct lx_slice password)
{
    struct lx_buf plain, coded;
    lx_buf_init(&plain, user.n + password.n + 1);
    lx_buf_reserve(&plain, plain.max);
    lx_buf_add(&plain, user);
    lx_buf_add_byte(&plain, ':');
    lx_buf_add(&plain, password);
    lx_buf_init(&coded, 2 * plain.max + 16);
    lx_base64_write(&coded, lx_buf_slice(&plain));
    lx_header_list_set_secret(
        &q->headers, LX_S("authorization"),
        lx_arena_printf(q->headers.arena, "Basic %.*s", LX_F(lx_buf_slice(&coded))));
    if (plain.failed || coded.failed)
        q->headers.arena->failed = LX_ENOMEM;
    if (plain.p)
        lx_wipe(plain.p, plain.n);
    lx_buf_clear(&plain);
    lx_buf_clear(&coded);
}

static bool is_sendable(const struct lx_credential_request *q)
{
    struct lx_url url;
    for (size_t i = 0; i < q->headers.headers.n; i++)
        if (!lx_header_is_valid(q->headers.headers.v[i].name, q->headers.headers.v[i].value))
            return false;
    return lx_url_read(q->url, &url, NULL) == 0;
}

void lx_credential_send(struct lx_credential_run *r, struct lx_credential_request *q,
                        struct lx_slice json, lx_credential_then *then)
{
    struct lx_slice body = json.n ? json : lx_arena_copy(&r->arena, lx_buf_slice(&q->form));
    if (q->form.failed)
        r->arena.failed = q->form.failed;
    if (q->form.p)
        lx_wipe(q->form.p, q->form.n);
    lx_buf_clear(&q->form);
    if (body.n)
        lx_header_list_set(&q->headers, LX_S("content-type"),
                           json.n ? LX_S("application/json")
                                  : LX_S("application/x-www-form-urlencoded"));
    if (r->arena.failed)
        return;
    if (!is_sendable(q)) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "what would be sent is no request: an address or a header is malformed");
        return;
    }
    r->out = (struct lx_outgoing){
        .method = q->method, .url = q->url, .headers = q->headers.headers, .body = body};
    r->connect_ms = CONNECT_MS;
    r->total_ms = TOTAL_MS;
    ask(r, LX_CREDENTIAL_SEND, then);
}

void lx_credential_send_near(struct lx_credential_run *r, struct lx_credential_request *q,
                             lx_credential_then *then)
{
    lx_credential_send(r, q, lx_slice(NULL, 0), then);
    r->connect_ms = NEAR_CONNECT_MS;
    r->total_ms = NEAR_TOTAL_MS;
}

/* ---- Ending --------------------------------------------------------------------------------- */

void lx_credential_done(struct lx_credential_run *r, int code, int64_t expires_s)
{
    if (code < 0) {
        lx_credential_fail(r, LX_FAULT_INTERNAL, "%s", lx_code_text(code));
        return;
    }
    r->expires_s = expires_s;
    r->step = LX_CREDENTIAL_DONE;
}

void lx_credential_fail(struct lx_credential_run *r, enum lx_fault_kind kind, const char *format,
                        ...)
{
    struct lx_buf text;
    char said[768];
    va_list list;
    va_start(list, format);
    vsnprintf(said, sizeof(said), format, list);
    va_end(list);
    lx_buf_init(&text, 1024);
    lx_buf_addf(&text, "no key from %s: %s", r->source->kind->what, said);
    r->fault = (struct lx_fault){.kind = kind, .retry_after_ms = -1};
    r->fault.message = lx_arena_copy(&r->arena, lx_buf_slice(&text));
    if (!r->fault.message.p) { /* needs no memory */
        r->fault.kind = LX_FAULT_INTERNAL;
        r->fault.message = LX_S("out of memory");
    }
    lx_buf_clear(&text);
    r->step = LX_CREDENTIAL_FAILED;
}

void lx_credential_nothing(struct lx_credential_run *r)
{
    r->nothing = true;
    lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "nothing of it is set");
}

/* ---- Reading answers ------------------------------------------------------------------------ */

/* The endpoint without its query, which may hold what is nobody's business. */
static struct lx_slice endpoint(const struct lx_credential_run *r)
{
    struct lx_slice head, query, at = r->out.url;
    lx_slice_cut(at, '?', &head, &query);
    ssize_t scheme = lx_slice_find(head, LX_S("://"));
    struct lx_slice rest = lx_slice_from(head, scheme < 0 ? 0 : (size_t)scheme + 3), user, host;
    if (lx_slice_cut(rest, '@', &user, &host))
        return host;
    return head;
}

struct lx_slice lx_credential_tag(struct lx_slice xml, const char *name)
{
    size_t n = strlen(name);
    assert(xml.p || !xml.n);
    for (struct lx_slice rest = xml; rest.n;) {
        ssize_t at = lx_slice_find_byte(rest, '<');
        if (at < 0)
            break;
        rest = lx_slice_from(rest, (size_t)at + 1);
        if (!lx_slice_starts(rest, lx_slice(name, n)) || rest.n <= n || rest.p[n] != '>')
            continue;
        rest = lx_slice_from(rest, n + 1);
        at = lx_slice_find_byte(rest, '<');
        return at < 0 ? lx_slice(NULL, 0) : lx_slice_trim(lx_slice_to(rest, (size_t)at));
    }
    return lx_slice(NULL, 0);
}

/* "invalid_grant: Token has expired", from what OAuth2, Google, Microsoft, AWS and IBM send. */
static struct lx_slice said(struct lx_credential_run *r)
{
    struct lx_slice body = lx_slice_trim(lx_buf_slice(&r->body)), code = {0}, text = {0};
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    if (lx_json_read(&doc, body, NULL, NULL) == 0) {
        struct lx_json root = lx_json_root(&doc), error = LX_GET(root, "error");
        static const char *const texts[] = {"error_description", "errorMessage", "message",
                                            "Message"};
        static const char *const codes[] = {"error", "errorCode", "code", "Code", "error_code"};
        bool inner = lx_json_is(error, LX_JSON_OBJECT);
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !text.n; i++)
            text = lx_json_str(lx_json_get(inner ? error : root, lx_slice_z(texts[i])), &r->arena);
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]) && !code.n; i++)
            code = lx_json_str(lx_json_get(root, lx_slice_z(codes[i])), &r->arena);
        if (inner)
            code = lx_json_str(LX_GET(error, "status"), &r->arena);
    } else {
        code = lx_credential_tag(body, "Code");
        text = lx_credential_tag(body, "Message");
    }
    if (code.n || text.n)
        body = lx_arena_printf(&r->arena, "%.*s%s%.*s", LX_F(lx_slice_to(code, MAX_SAID)),
                               code.n && text.n ? ": " : "", LX_F(lx_slice_to(text, MAX_SAID)));
    body = lx_arena_copy(&r->arena, lx_slice_to(body, lx_utf8_valid(lx_slice_to(body, MAX_SAID))));
    for (size_t i = 0; i < body.n; i++)
        if ((unsigned char)body.p[i] < ' ')
            ((char *)(uintptr_t)body.p)[i] = ' ';
    lx_json_doc_clear(&doc);
    return body;
}

bool lx_credential_ok(struct lx_credential_run *r)
{
    if (r->code < 0) {
        lx_credential_fail(r, LX_FAULT_UNAVAILABLE, "%.*s: %s", LX_F(endpoint(r)),
                           r->why[0] ? r->why : lx_code_text(r->code));
        return false;
    }
    if (r->status >= 200 && r->status < 300)
        return true;
    struct lx_slice text = said(r);
    bool down = r->status >= 500 || r->status == 429 || r->status == 408;
    lx_credential_fail(r, down ? LX_FAULT_UNAVAILABLE : LX_FAULT_AUTHENTICATION,
                       "%.*s answered %d%s%.*s", LX_F(endpoint(r)), r->status, text.n ? ": " : "",
                       LX_F(text));
    return false;
}

bool lx_credential_has_file(struct lx_credential_run *r)
{
    if (r->code == 0)
        return true;
    enum lx_fault_kind kind = r->code == LX_ENOMEM ? LX_FAULT_INTERNAL : LX_FAULT_AUTHENTICATION;
    lx_credential_fail(r, kind, "the file %s %s", r->path,
                       r->code == LX_ENOTFOUND ? "is not there"
                       : r->code == LX_ELIMIT  ? "is too large"
                                               : "cannot be read");
    return false;
}

bool lx_credential_json(struct lx_credential_run *r, struct lx_slice text, const char *what,
                        struct lx_json *out)
{
    struct lx_error err = {0};
    struct lx_slice kept = lx_arena_copy(&r->arena, text);
    if (r->doc_count == LX_CREDENTIAL_MAX_DOCS || !kept.n) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s is empty, or too much to read", what);
        return false;
    }
    struct lx_json_doc *doc = &r->docs[r->doc_count++];
    int code = lx_json_read(doc, kept, NULL, &err);
    *out = lx_json_root(doc);
    if (code == 0 && lx_json_is(*out, LX_JSON_OBJECT))
        return true;
    lx_credential_fail(r, code == LX_ENOMEM ? LX_FAULT_INTERNAL : LX_FAULT_AUTHENTICATION,
                       "%s is no JSON object%s%s", what, err.code ? ": " : "",
                       err.code ? err.text : "");
    return false;
}

struct lx_slice lx_credential_text(struct lx_credential_run *r)
{
    return lx_arena_copy(&r->arena, lx_slice_trim(lx_buf_slice(&r->body)));
}

bool lx_credential_identity(struct lx_slice value, struct lx_slice *path, struct lx_slice *text)
{
    struct lx_slice file = LX_S("oidc/file/"), token = LX_S("oidc/token/");
    *path = *text = lx_slice(NULL, 0);
    if (lx_slice_starts(value, file))
        *path = lx_slice_from(value, file.n);
    else if (lx_slice_starts(value, token))
        *text = lx_slice_from(value, token.n);
    return lx_slice_starts(value, LX_S("oidc/"));
}

/* A string, or a number as its text; empty otherwise. */
static struct lx_slice plain(struct lx_credential_run *r, struct lx_json v)
{
    return lx_json_is(v, LX_JSON_NUMBER) ? lx_json_raw(v) : lx_json_str(v, &r->arena);
}

/* Seconds from now, or a moment: Microsoft, IBM and GigaChat tell in their own ways. Never more
 * than a day, so that a strange number does no harm. */
static int64_t expiry(struct lx_credential_run *r, struct lx_json root)
{
    static const char *const moments[] = {"expires_on", "expiration", "expires_at"};
    int64_t n = 0;
    if (lx_slice_int(plain(r, LX_GET(root, "expires_in")), &n) != 0 || n <= 0) {
        n = 0;
        for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]) && n <= 0; i++)
            if (lx_slice_int(plain(r, lx_json_get(root, lx_slice_z(moments[i]))), &n) == 0 && n > 0)
                n = (n > 100000000000 ? n / 1000 : n) - r->now_s;
    }
    if (n <= 0)
        n = LIFE_WITHOUT_WORD;
    return r->now_s + (n < MAX_LIFE ? n : MAX_LIFE);
}

void lx_credential_token_with(struct lx_credential_run *r, struct lx_slice headers)
{
    struct lx_json root;
    if (!lx_credential_ok(r) ||
        !lx_credential_json(r, lx_buf_slice(&r->body), "the token endpoint's answer", &root))
        return;
    struct lx_slice token = lx_json_str(LX_GET(root, "access_token"), &r->arena);
    if (!token.n || !lx_header_is_valid(LX_S("authorization"), token)) {
        lx_credential_fail(r, LX_FAULT_UNAVAILABLE, "%.*s answered without an access_token",
                           LX_F(endpoint(r)));
        return;
    }
    lx_credential_done(r, lx_bearer_key_init(&r->key, token, headers), expiry(r, root));
}

void lx_credential_token(struct lx_credential_run *r)
{
    lx_credential_token_with(r, lx_slice(NULL, 0));
}
