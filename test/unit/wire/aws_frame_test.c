/*
 * aws_frame_test.c - AWS event streams: the table, and the vectors of smithy-rs and
 * smithy-typescript, valid and corrupt, from the project's shared specifications. LLMUX_SHARED says
 * where the shared folder is; without it, or without vectors in it, the table has to do.
 */
#include "events.h"

#include <dirent.h>

#include "wire/json.h"
#include "wire/record.h"

enum { MAX_FILE = 1 << 16 };

/* ---- The table ---------------------------------------------------------------------------- */

struct run {
    struct lx_records records;
    bool failed;
};

static void *open_aws(const struct events_case *c)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    lx_records_init(&run->records, LX_FRAMING_AWS, events_option(c, "max", 1000));
    return run;
}

static void log_record(struct run *run, int rc, const struct lx_record *r,
                       const struct lx_error *err, struct lx_buf *log)
{
    if (rc < 0) {
        assert_int_equal(err->code, rc);
        lx_buf_addf(log, "%s\n", lx_code_name(rc));
        run->failed = true;
    } else if (rc) {
        lx_buf_addf(log, "%s", r->fault ? "fault " : "");
        events_escape(log, r->event);
        lx_buf_add_byte(log, '|');
        events_escape(log, r->data);
        lx_buf_add_byte(log, '\n');
    }
}

static void feed(void *state, struct lx_slice piece, struct lx_buf *log)
{
    struct run *run = state;
    struct lx_record record;
    struct lx_error err = {0};

    for (int rc = 1; rc == 1 && !run->failed;) {
        rc = lx_records_next(&run->records, &piece, &record, &err);
        log_record(run, rc, &record, &err, log);
    }
}

static void close_run(void *state, struct lx_buf *log)
{
    struct run *run = state;
    struct lx_record record;
    struct lx_error err = {0};

    if (!run->failed)
        log_record(run, lx_records_end(&run->records, &record, &err), &record, &err, log);
    lx_records_clear(&run->records);
    free(run);
}

static void test_table(void **state)
{
    (void)state;
    static const struct events_reader reader = {open_aws, feed, close_run};
    assert_true(events_run("aws.txt", &reader) >= 20);
}

static void test_whole_frames_are_borrowed(void **state)
{
    (void)state;
    static const char frame[] = "\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff"; /* empty */
    struct lx_slice in = lx_slice(frame, 16);
    struct lx_records r;
    struct lx_record out;

    lx_records_init(&r, LX_FRAMING_AWS, 16);
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 1);
    assert_ptr_equal(out.raw.p, frame);
    assert_int_equal(out.raw.n, 16);
    assert_null(r.pending.p);
    lx_records_clear(&r);
}

/* ---- Vectors ------------------------------------------------------------------------------ */

static size_t load(const char *folder, const char *name, char *to)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t n = fread(to, 1, MAX_FILE, f);
    fclose(f);
    return n;
}

/* Fed in two pieces, cut at `cut`. */
static int read_frame(struct lx_slice bytes, size_t cut, struct lx_buf *payload)
{
    struct lx_slice pieces[] = {lx_slice_to(bytes, cut), lx_slice_from(bytes, cut)};
    struct lx_records r;
    struct lx_record out;
    int rc = 0;

    lx_records_init(&r, LX_FRAMING_AWS, 1 << 20);
    for (size_t i = 0; i < 2 && rc == 0; i++)
        rc = lx_records_next(&r, &pieces[i], &out, NULL);
    if (rc == 0)
        rc = lx_records_end(&r, &out, NULL);
    lx_buf_reset(payload);
    if (rc == 1)
        lx_buf_add(payload, out.data);
    lx_records_clear(&r);
    return rc;
}

static void check_vector(const char *folder, const char *name, bool valid, struct lx_slice payload)
{
    char bytes[MAX_FILE];
    size_t n = load(folder, name, bytes);
    struct lx_buf got;

    assert_true(n > 0);
    lx_buf_init(&got, MAX_FILE);
    for (size_t cut = 0; cut <= n; cut++) {
        int rc = read_frame(lx_slice(bytes, n), cut, &got);
        if (valid ? rc != 1 : rc >= 0)
            fail_msg("%s cut at %zu: %d", name, cut, rc);
        if (valid && payload.p)
            assert_true(lx_slice_eq(lx_buf_slice(&got), payload));
    }
    lx_buf_clear(&got);
}

/* The payload that the vector's description gives. */
static void check_positive(const char *shared, const char *name)
{
    char folder[1000], text[MAX_FILE];
    struct lx_json_doc doc;
    struct lx_buf payload;

    snprintf(folder, sizeof folder, "%s/decoded/positive", shared);
    size_t n = load(folder, name, text);
    lx_json_doc_init(&doc);
    lx_buf_init(&payload, MAX_FILE);
    assert_int_equal(lx_json_read(&doc, lx_slice(text, n), NULL, NULL), 0);
    struct lx_slice given = lx_json_text(LX_GET(lx_json_root(&doc), "payload")).s;
    if (given.n)
        assert_int_equal(lx_base64_read(given, &payload), 0);
    snprintf(folder, sizeof folder, "%s/encoded/positive", shared);
    check_vector(folder, name, true, lx_slice(payload.p ? payload.p : "", payload.n));
    lx_buf_clear(&payload);
    lx_json_doc_clear(&doc);
}

/* Runs over a folder of vectors; returns how many there were. */
static size_t check_folder(const char *shared, const char *part, bool described)
{
    char folder[1000];
    size_t count = 0;
    snprintf(folder, sizeof folder, "%s%s", shared, part);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        bool invalid = strstr(part, "negative") || strncmp(entry->d_name, "invalid_", 8) == 0;
        bool valid = strstr(part, "positive") || strncmp(entry->d_name, "valid_", 6) == 0;
        if (entry->d_name[0] == '.' || (!valid && !invalid))
            continue;
        if (described)
            check_positive(shared, entry->d_name);
        else
            check_vector(folder, entry->d_name, valid, lx_slice(NULL, 0));
        count++;
    }
    if (dir)
        closedir(dir);
    return count;
}

static void test_vectors(void **state)
{
    (void)state;
    const char *shared = getenv("LLMUX_SHARED");
    char folder[800] = "";
    snprintf(folder, sizeof folder, "%s/specs/eventstream", shared ? shared : "");
    DIR *dir = shared ? opendir(folder) : NULL;
    if (!dir) {
        print_message("skipped: no vectors in \"%s\"\n", folder);
        skip();
    }
    closedir(dir);
    size_t positive = check_folder(folder, "/encoded/positive", true);
    size_t negative = check_folder(folder, "/encoded/negative", false);
    size_t others = check_folder(folder, "", false);
    print_message("%zu positive, %zu negative, %zu others\n", positive, negative, others);
    assert_true(positive > 0 && negative > 0 && others > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_whole_frames_are_borrowed),
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests_name("wire/aws_frame", tests, NULL, NULL);
}
