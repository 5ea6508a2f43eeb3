/*
 * json_suite_test.c - N. Seriot's JSONTestSuite, from the project's shared specifications: what it
 * calls valid is accepted, what it calls invalid is refused, and what it leaves open does no harm.
 * Each file is read by every instruction set this machine has. LLMUX_SHARED says where the shared
 * folder is; without it, or without the suite in it, there is nothing to do.
 */
#include "json_unit.h"

#include <dirent.h>
#include <stdio.h>

#include "wire/json_read.h"

enum { MAX_FILE = 1 << 20 };

static void check_file(const char *folder, const char *name)
{
    char path[1200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *all = malloc(MAX_FILE);
    assert_non_null(all);
    size_t n = fread(all, 1, MAX_FILE, f);
    fclose(f);
    char *text = malloc(n + 1); /* one byte in front, so that the sanitizer sees the end */
    assert_non_null(text);
    memcpy(text + 1, all, n);
    free(all);
    for (int isa = 0; isa <= (int)lx_json_isa_best(); isa++) {
        struct lx_json_doc doc;
        struct lx_error err = {0};
        lx_json_doc_init(&doc);
        int code = lx_json_read_as((enum lx_json_isa)isa, &doc, lx_slice(text + 1, n), NULL, &err);
        if (name[0] == 'y' && code != 0)
            fail_msg("%s was refused at %zu: %s", name, err.at, err.text);
        if (name[0] == 'n' && code == 0)
            fail_msg("%s was accepted", name);
        if (code != 0)
            assert_true(err.at <= n && err.text[0]);
        lx_json_doc_clear(&doc);
    }
    free(text);
}

static void test_suite(void **state)
{
    (void)state;
    const char *shared = getenv("LLMUX_SHARED");
    char folder[800] = "";
    if (shared)
        snprintf(folder, sizeof(folder), "%s/specs/json/test_parsing", shared);
    DIR *dir = shared ? opendir(folder) : NULL;
    if (!dir) {
        print_message("skipped: no JSONTestSuite in \"%s\"\n", folder);
        skip();
    }
    size_t count[3] = {0};
    for (struct dirent *entry; (entry = readdir(dir));) {
        static const char kinds[] = "yni";
        const char *kind = strchr(kinds, entry->d_name[0]);
        if (!kind || entry->d_name[1] != '_')
            continue;
        check_file(folder, entry->d_name);
        count[kind - kinds]++;
    }
    closedir(dir);
    print_message("%zu valid, %zu invalid, %zu open\n", count[0], count[1], count[2]);
    assert_true(count[0] > 0 && count[1] > 0 && count[2] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
