/*
 * case_runner.c - runs cases: case_runner [--bless] FILE-OR-FOLDER...
 *
 * Prints TAP, one line a check. A folder stands for the cases in it and in its folders.
 */
#include "check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_readme(const char *path)
{
    return lx_slice_ends(lx_slice_z(path), LX_S("README.md"));
}

static void run_matches(struct tap *tap, const char *folder, const char *pattern, bool bless)
{
    char all[4096];
    glob_t found = {0};
    if (snprintf(all, sizeof(all), "%s/%s", folder, pattern) >= (int)sizeof(all))
        return;
    if (glob(all, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (!is_readme(found.gl_pathv[i]))
                check_case(tap, found.gl_pathv[i], bless);
    globfree(&found);
}

int main(int argc, char **argv)
{
    struct tap tap = {0};
    bool bless = argc > 1 && strcmp(argv[1], "--bless") == 0;
    for (int i = bless ? 2 : 1; i < argc; i++) {
        if (lx_slice_ends(lx_slice_z(argv[i]), LX_S(".md"))) {
            check_case(&tap, argv[i], bless);
        } else {
            run_matches(&tap, argv[i], "*.md", bless);
            run_matches(&tap, argv[i], "*/*.md", bless);
        }
    }
    if (tap.run == 0)
        printf("not ok 1 - no case was found\n");
    printf("1..%u\n", tap.run ? tap.run : 1);
    return tap.run == 0 || tap.failed > 0;
}
