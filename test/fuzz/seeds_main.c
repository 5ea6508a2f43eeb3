/*
 * seeds_main.c - runs a fuzz target over the files of a folder, where there is no libFuzzer: so
 * the seeds, and whatever a fuzzer has found and was kept among them, are tested with every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_SEED = 1 << 20 };

static int run_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    uint8_t *all = malloc(MAX_SEED), *exact = NULL;
    size_t n = f && all ? fread(all, 1, MAX_SEED, f) : 0;
    if (f && all)
        exact = malloc(n ? n : 1); /* ends where the input ends, for a sanitizer to see */
    if (exact) {
        for (size_t i = 0; i < n; i++)
            exact[i] = all[i];
        LLVMFuzzerTestOneInput(exact, n);
    } else {
        perror(path);
    }
    int ok = exact != NULL;
    free(exact);
    free(all);
    if (f)
        fclose(f);
    return ok;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    int run = 0, failed = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') {
            failed += !run_file(argv[1], entry->d_name);
            run++;
        }
    closedir(dir);
    printf("%d seeds\n", run);
    return failed || !run;
}
