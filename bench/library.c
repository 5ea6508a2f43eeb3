/*
 * library.c - what a call costs through libllmux: many at once on one client, one thread.
 *
 *   library --port N [--calls N] [--at-once N]
 *
 * Prints CPU microseconds per call (user and system, this process alone) as one JSON object.
 */
#include <llmux/llmux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct {
    llmux_client *client;
    llmux_request *request;
    long to_start, done, failed;
} run;

static void on_done(void *arg, llmux_reply *reply, llmux_error *error);

static void start_one(void)
{
    run.to_start--;
    if (llmux_completion_start(run.client, run.request, on_done, NULL, NULL) != 0)
        run.failed++;
}

static void on_done(void *arg, llmux_reply *reply, llmux_error *error)
{
    (void)arg;
    run.done++;
    if (error || strlen(llmux_reply_text(reply)) == 0)
        run.failed++;
    llmux_reply_free(reply);
    llmux_error_free(error);
    if (run.to_start > 0)
        start_one();
}

static long option(int argc, char **argv, const char *name, long otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtol(argv[i + 1], NULL, 10);
    return otherwise;
}

static double cpu_us(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
    long calls = option(argc, argv, "--calls", 50000),
         at_once = option(argc, argv, "--at-once", 16);
    char url[64];
    double before;

    snprintf(url, sizeof(url), "http://127.0.0.1:%ld/v1", option(argc, argv, "--port", 9000));
    run.client = llmux_client_new();
    run.request = llmux_request_new("openai/gpt-4o-mini");
    llmux_client_set_key(run.client, "openai", "sk-bench");
    llmux_client_set_base_url(run.client, "openai", url);
    llmux_request_add_message(run.request, "user", "Tell me about the weather, please.");
    run.to_start = calls;
    before = cpu_us();
    for (long i = 0; i < at_once; i++)
        start_one();
    while (llmux_client_turn(run.client, -1))
        continue;
    printf("{\"calls\":%ld,\"failed\":%ld,\"at_once\":%ld,\"cpu_us\":%.1f}\n", run.done, run.failed,
           at_once, (cpu_us() - before) / (double)calls);
    llmux_request_free(run.request);
    llmux_client_free(run.client);
    return run.failed ? 1 : 0;
}
