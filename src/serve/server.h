/*
 * server.h - the gateway: N workers (one loop, one thread, one listener, one upstream pool each),
 * one configuration that is swapped whole, signals, and shutdown.
 */
#ifndef LX_SERVE_SERVER_H
#define LX_SERVE_SERVER_H

#include "config/config.h"
#include "serve/log.h"
#include "serve/share.h"

struct lx_results;
struct lx_server;

struct lx_server_options {
    const char *config_path; /* NULL: config_text */
    struct lx_slice config_text;
    const char *host;                 /* numeric address or name; NULL: "0.0.0.0" and "::" as one */
    int port;                         /* 0: any free one */
    int workers;                      /* 0: one a core */
    const char *cert_file, *key_file; /* TLS when both are given */
    const struct lx_env *env;
    int log_fd; /* access log and messages */
    bool access_log;
    int json_logs; /* -1: as the configuration says */
};

/* Reads the configuration and listens; SIGTERM, SIGINT and SIGHUP are blocked in the calling thread
 * from then on, for lx_server_run() to hear. NULL with the reason in diags or err. */
struct lx_server *lx_server_new(const struct lx_server_options *o, struct lx_diags *diags,
                                struct lx_error *err);
int lx_server_port(const struct lx_server *s);
const struct lx_config *lx_server_config(const struct lx_server *s);

/* The decisions of loop i; NULL: there are not so many. */
const struct lx_route_trail *lx_server_trail(const struct lx_server *s, int i);

/* How sharing with other nodes goes; from any thread. */
void lx_server_share_status(const struct lx_server *s, struct lx_share_status *out);

/* What health checks have found; to be used from any thread. */
struct lx_results *lx_server_results(const struct lx_server *s);

/* Runs until SIGTERM or SIGINT (or lx_server_stop), reloading on SIGHUP. Returns 0, or 1 when open
 * requests had to be cut. Blocks those signals in the calling thread. */
int lx_server_run(struct lx_server *s);
void lx_server_free(struct lx_server *s); /* after run; NULL-safe */

#endif
