/*
 * credential_fuzz.c - any files and any answers for every kind of credential: a run comes to an
 * end, asks only for what can be sent, and ends with a key or a fault with words.
 *
 * The first byte chooses the kind. Blocks follow, with lines of "--" between: the first has the
 * settings, "NUMBER=VALUE" a line; each further one is what the next file holds, or the next reply,
 * its status in the first line. "none" is a file that is not there. When they are used up, nothing
 * answers any more.
 */
#include "pieces.h"

#include "provider/credential.h"
#include "wire/ini.h"
#include "wire/moment.h"
#include "wire/url.h"

static struct lx_slice next_block(struct lx_slice *rest)
{
    struct lx_slice block = *rest;
    ssize_t at = lx_slice_find(*rest, LX_S("\n--\n"));
    if (at < 0) {
        *rest = lx_slice(NULL, 0);
        return block;
    }
    block = lx_slice_to(*rest, (size_t)at);
    *rest = lx_slice_from(*rest, (size_t)at + 4);
    return block;
}

static void read_settings(const struct lx_credential_kind *kind, struct lx_slice block,
                          struct lx_slice values[LX_CREDENTIAL_SETTINGS])
{
    size_t count = 0;
    for (; kind->settings[count].name; count++)
        values[count] = lx_slice_z(kind->settings[count].otherwise);
    CHECK(count < LX_CREDENTIAL_SETTINGS);
    while (block.n) {
        struct lx_slice line, name, value;
        int64_t i;
        lx_slice_cut(block, '\n', &line, &block);
        if (lx_slice_cut(line, '=', &name, &value) && lx_slice_int(name, &i) == 0 && i >= 0 &&
            (size_t)i < count)
            values[i] = value;
    }
}

static void check_request(const struct lx_outgoing *out)
{
    struct lx_url url;
    CHECK(lx_url_read(out->url, &url, NULL) == 0);
    for (size_t i = 0; i < out->headers.n; i++)
        CHECK(lx_header_is_valid(out->headers.v[i].name, out->headers.v[i].value));
}

static void answer(struct lx_credential_run *r, struct lx_slice *rest)
{
    struct lx_slice block = next_block(rest), line, body;
    int64_t status;
    lx_slice_cut(block, '\n', &line, &body);
    char *box;
    if (!block.p || lx_slice_int(line, &status) != 0 || status < 100 || status > 999) {
        lx_credential_run_feed_failure(r, LX_ECONNECT, NULL);
        return;
    }
    lx_credential_run_feed_head(r, (int)status);
    box = boxed(body);
    lx_credential_run_feed_body(r, lx_slice(box, body.n));
    free(box);
    lx_credential_run_feed_end(r);
}

static void answer_file(struct lx_credential_run *r, struct lx_slice *rest)
{
    struct lx_slice block = next_block(rest);
    bool none = !block.p || lx_slice_eq(block, LX_S("none"));
    char *box = boxed(block);
    CHECK(r->path && *r->path);
    lx_credential_run_feed_file(r, none ? LX_ENOTFOUND : 0, lx_slice(box, block.n));
    free(box);
}

static void run(const struct lx_credential_source *source, struct lx_slice rest)
{
    struct lx_credential_run r;
    enum lx_credential_step step;
    int steps = 0;
    lx_credential_run_init(&r, source, 1767225600, 42);
    for (;;) {
        step = lx_credential_run_next(&r);
        CHECK(step == lx_credential_run_next(&r));
        CHECK(++steps <= LX_CREDENTIAL_MAX_STEPS + 2);
        if (step == LX_CREDENTIAL_SEND) {
            check_request(&r.out);
            CHECK(r.connect_ms > 0 && r.total_ms > 0);
            answer(&r, &rest);
        } else if (step == LX_CREDENTIAL_READ) {
            answer_file(&r, &rest);
        } else {
            break;
        }
    }
    if (step == LX_CREDENTIAL_DONE)
        CHECK(lx_secret_is_set(&r.key) && r.expires_s != 0);
    else
        CHECK(r.fault.message.n && r.fault.kind != LX_FAULT_NONE);
    lx_credential_run_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_slice values[LX_CREDENTIAL_SETTINGS] = {{0}};
    struct lx_credential_source source;
    size_t kinds = 0;
    int64_t moment;
    if (size == 0 || size > 1 << 16)
        return 0;
    while (lx_credential_kinds[kinds])
        kinds++;
    struct lx_slice rest = lx_slice((const char *)data + 1, size - 1);
    (void)lx_moment_read(rest, &moment);
    (void)lx_ini_get(rest, LX_S("default"), LX_S("x"));
    const struct lx_credential_kind *kind = lx_credential_kinds[data[0] % kinds];
    read_settings(kind, next_block(&rest), values);
    CHECK(lx_credential_source_init(&source, kind, values, LX_S("http://h/v1"), LX_S("us-east-1"),
                                    LX_S("/user")) == 0);
    run(&source, rest);
    lx_credential_source_clear(&source);
    return 0;
}
