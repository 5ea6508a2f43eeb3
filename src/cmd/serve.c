/*
 * serve.c - `llmux serve`: the gateway in the foreground.
 */
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/command.h"
#include "serve/server.h"
#include "serve/worker.h"

enum { CONFIG, HOST, PORT, WORKERS, CERT, KEY, LOG, LOG_FORMAT, HINTS };

static const struct lx_option options[] = {
    [CONFIG] = {"config", 'c', "FILE", "LiteLLM's config.yaml; default: $CONFIG_FILE_PATH"},
    [HOST] = {"host", 0, "ADDRESS", "to listen on; default 0.0.0.0"},
    [PORT] = {"port", 'p', "N", "default $PORT, or 4000; 0: any free one"},
    [WORKERS] = {"workers", 'w', "N", "event loops; default: one a core"},
    [CERT] = {"ssl-certfile", 0, "FILE", "TLS: the certificate chain, PEM"},
    [KEY] = {"ssl-keyfile", 0, "FILE", "TLS: its key, PEM"},
    [LOG] = {"access-log", 0, "on|off", "one line a request on stdout; default on"},
    [LOG_FORMAT] = {"log-format", 0, "text|json", "default: as the configuration says"},
    [HINTS] = {"hints", 0, NULL, "print what to try, and what is not configured"},
    {0},
};

static void print_diags(const struct lx_diags *diags)
{
    struct lx_buf line;

    lx_buf_init(&line, 1u << 20);
    for (size_t i = 0; i < diags->n; i++) {
        lx_buf_reset(&line);
        lx_diag_write(&diags->v[i], &line);
        fprintf(stderr, "%.*s", LX_F(lx_buf_slice(&line)));
    }
    lx_buf_clear(&line);
}

/* For somebody who has just started it for the first time. */
static void print_hints(const struct lx_server *s)
{
    const struct lx_config *config = lx_server_config(s);
    const struct lx_route_table *t = &config->routes;
    const char *auth = lx_secret_is_set(&config->master_key)
                           ? "-H \"Authorization: Bearer $LITELLM_MASTER_KEY\" "
                           : "";
    struct lx_slice first = t->count ? t->groups[0]->name : LX_S("MODEL");
    int port = lx_server_port(s);

    printf(
        "\nllmux answers on http://127.0.0.1:%d. Try:\n\n"
        "  curl -s http://127.0.0.1:%d/v1/chat/completions %s-H 'Content-Type: application/json' "
        "\\\n    -d '{\"model\":\"%.*s\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}'\n\n"
        "OpenAI SDKs:     base_url=\"http://127.0.0.1:%d/v1\"\n"
        "Anthropic SDKs:  base_url=\"http://127.0.0.1:%d\"\n\nmodels:\n",
        port, port, auth, LX_F(first), port, port);
    for (size_t i = 0; i < t->count; i++) {
        const struct lx_deployment *d = t->groups[i]->deployments[0];

        printf("  %-24.*s %s", LX_F(t->groups[i]->name),
               d->mock_response.n ? "a fixed answer" : d->provider->id);
        if (d->mock_response.n == 0 && !lx_secret_is_set(&d->key) && d->missing_key.n)
            printf(" (not configured: set %.*s)", LX_F(d->missing_key));
        putchar('\n');
    }
    if (!lx_secret_is_set(&config->master_key))
        puts("\nno master key: whoever reaches the port may use it "
             "(general_settings.master_key, or LITELLM_MASTER_KEY)");
    putchar('\n');
    fflush(stdout);
}

static bool read_options(const char *const *values, struct lx_server_options *o)
{
    const char *port = values[PORT] ? values[PORT] : getenv("PORT");
    const char *log = values[LOG] ? values[LOG] : "on";
    const char *format = values[LOG_FORMAT];
    long n = 4000;

    if (port && !lx_cmd_number("serve", "port", port, 0, 65535, &n))
        return false;
    o->port = (int)n;
    n = 0;
    if (values[WORKERS] && !lx_cmd_number("serve", "workers", values[WORKERS], 1, 256, &n))
        return false;
    o->workers = (int)n;
    o->host = values[HOST];
    o->cert_file = values[CERT];
    o->key_file = values[KEY];
    o->access_log = strcmp(log, "off") != 0;
    o->json_logs = !format ? -1 : strcmp(format, "json") == 0;
    if ((strcmp(log, "on") != 0 && o->access_log) ||
        (format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)) {
        lx_cmd_fail("serve", LX_EXIT_USAGE,
                    "--access-log takes on or off, --log-format takes text or json");
        return false;
    }
    return true;
}

/* A body of some 100 KB is got and given back with every request of an agent: through mmap that is
 * a page fault for each 4 KB, several times what reading it costs. So large blocks stay in the
 * heap, which the workers trim when they fall quiet. */
static void tune_malloc(void)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, LX_WORKER_TRIM_THRESHOLD);
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct lx_server_options o = {
        .config_path = values[CONFIG] ? values[CONFIG] : getenv("CONFIG_FILE_PATH"),
        .env = &lx_process_env,
        .log_fd = STDOUT_FILENO,
    };
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    struct lx_error err = {0};
    struct lx_server *s;
    int cut;

    (void)words;
    (void)word_count;
    if (!read_options(values, &o))
        return LX_EXIT_USAGE;
    if (!o.config_path)
        return lx_cmd_fail("serve", LX_EXIT_USAGE, "--config FILE is needed");
    tune_malloc();
    lx_arena_init(&arena, 256u << 20);
    s = lx_server_new(&o, &diags, &err);
    print_diags(&diags);
    lx_arena_clear(&arena);
    if (!s)
        return lx_cmd_fail("serve", LX_EXIT_FAILED, "%s", err.text);
    fprintf(stderr, "llmux %s listens on port %d\n", LX_VERSION, lx_server_port(s));
    if (values[HINTS])
        print_hints(s);
    cut = lx_server_run(s);
    lx_server_free(s);
    return cut ? LX_EXIT_FAILED : LX_EXIT_OK;
}

const struct lx_command lx_command_serve = {
    .name = "serve",
    .synopsis = "--config FILE [--port N]",
    .summary = "Runs the gateway",
    .details =
        "SIGTERM and SIGINT end it: open streams may finish, for as long as the configuration\n"
        "allows; a second signal cuts them off. SIGHUP reads the configuration again.",
    .options = options,
    .run = run,
};
