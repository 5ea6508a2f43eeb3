/*
 * poll.c - the step machine: llmux decides, this program does all the I/O, in its own poll() loop.
 *
 *   cc poll.c $(pkg-config --cflags --libs llmux) -o poll
 *   LLMUX_BASE_URL=http://127.0.0.1:4000/v1 OPENAI_API_KEY=none ./poll openai/hello "Hi"
 *
 * It speaks just enough HTTP/1.0 over plain TCP to show the shape: a program that embeds llmux has
 * a better client of its own.
 */
#include <llmux/llmux.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX 16384

struct exchange {
    int fd;
    char *out;
    size_t out_n, sent;
    char head[HEAD_MAX];
    size_t head_n;
    int in_body;
    long left; /* of the body; -1: it ends with the connection */
};

/* "http://host:port/path" of the step's URL; 0 when it is something else. */
static int split_url(const char *url, char host[256], char port[8], const char **path)
{
    size_t n;

    if (strncmp(url, "http://", 7) != 0)
        return 0;
    url += 7;
    n = strcspn(url, ":/");
    snprintf(host, 256, "%.*s", (int)n, url);
    url += n;
    n = *url == ':' ? strcspn(url + 1, "/") : 0;
    snprintf(port, 8, "%.*s", n ? (int)n : 2, n ? url + 1 : "80");
    *path = url + (n ? n + 1 : 0);
    if (!**path)
        *path = "/";
    return 1;
}

static void exchange_close(struct exchange *x)
{
    if (x->fd >= 0)
        close(x->fd);
    free(x->out);
    memset(x, 0, sizeof(*x));
    x->fd = -1;
}

/* Connects and prepares what is to be written. */
static int exchange_open(struct exchange *x, const llmux_call *call)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *at = NULL;
    char host[256], port[8];
    const char *path, *body;
    size_t n, used, size;

    exchange_close(x);
    body = llmux_call_body(call, &n);
    if (!split_url(llmux_call_url(call), host, port, &path) ||
        getaddrinfo(host, port, &hints, &at) != 0)
        return -1;
    x->fd = socket(at->ai_family, SOCK_STREAM, 0);
    if (x->fd < 0 || connect(x->fd, at->ai_addr, at->ai_addrlen) != 0) {
        freeaddrinfo(at);
        return -1;
    }
    freeaddrinfo(at);
    fcntl(x->fd, F_SETFL, O_NONBLOCK);
    size = n + HEAD_MAX;
    x->out = malloc(size);
    if (!x->out)
        return -1;
    used =
        (size_t)snprintf(x->out, size, "%s %s HTTP/1.0\r\nHost: %s:%s\r\nContent-Length: %zu\r\n",
                         llmux_call_method(call), path, host, port, n);
    for (size_t i = 0; i < llmux_call_header_count(call) && used < HEAD_MAX - 512; i++)
        used += (size_t)snprintf(x->out + used, HEAD_MAX - used, "%s: %s\r\n",
                                 llmux_call_header_name(call, i), llmux_call_header_value(call, i));
    used += (size_t)snprintf(x->out + used, size - used, "\r\n");
    memcpy(x->out + used, body, n);
    x->out_n = used + n;
    return 0;
}

static void feed_body(struct exchange *x, llmux_call *call, const char *bytes, size_t n)
{
    llmux_call_feed_body(call, bytes, n);
    if (x->left >= 0 && (x->left -= (long)n) <= 0) {
        exchange_close(x);
        llmux_call_feed_end(call);
    }
}

/* Feeds the call with a head (status and content type are enough) and what follows it. */
static void feed(struct exchange *x, llmux_call *call, const char *bytes, size_t n)
{
    const char *names[] = {"content-type"}, *values[] = {"application/json"};
    char *end, *length;

    if (x->in_body) {
        feed_body(x, call, bytes, n);
        return;
    }
    if (n > HEAD_MAX - 1 - x->head_n)
        n = HEAD_MAX - 1 - x->head_n;
    memcpy(x->head + x->head_n, bytes, n);
    x->head_n += n;
    x->head[x->head_n] = '\0';
    end = strstr(x->head, "\r\n\r\n");
    if (!end)
        return;
    *end = '\0';
    x->in_body = 1;
    if (strcasestr(x->head, "text/event-stream"))
        values[0] = "text/event-stream";
    llmux_call_feed_head(call, (int)strtol(x->head + strcspn(x->head, " "), NULL, 10), names,
                         values, 1);
    length = strcasestr(x->head, "\r\ncontent-length:");
    x->left = length ? strtol(length + strlen("\r\ncontent-length:"), NULL, 10) : -1;
    end += 4;
    feed_body(x, call, end, (size_t)(x->head + x->head_n - end));
}

/* One turn of the loop: writes and reads what it can. */
static void turn(struct exchange *x, llmux_call *call)
{
    struct pollfd p = {.fd = x->fd, .events = x->sent < x->out_n ? POLLOUT | POLLIN : POLLIN};
    char bytes[8192];
    ssize_t n;

    if (poll(&p, 1, 30000) == 0) {
        exchange_close(x);
        llmux_call_feed_failure(call, "no answer for 30 seconds");
        return;
    }
    if (x->sent < x->out_n && (p.revents & POLLOUT)) {
        n = write(x->fd, x->out + x->sent, x->out_n - x->sent);
        x->sent += n > 0 ? (size_t)n : 0;
    }
    if (!(p.revents & (POLLIN | POLLHUP | POLLERR)))
        return;
    n = read(x->fd, bytes, sizeof(bytes));
    if (n > 0) {
        feed(x, call, bytes, (size_t)n);
    } else if (n == 0 && x->in_body) {
        exchange_close(x);
        llmux_call_feed_end(call);
    } else if (n == 0 || errno != EAGAIN) {
        exchange_close(x);
        llmux_call_feed_failure(call, "the connection was closed");
    }
}

static int run(llmux_call *call)
{
    struct exchange x = {.fd = -1};
    const char *bytes;
    size_t n;

    for (;;) {
        switch (llmux_call_next(call)) {
        case LLMUX_STEP_SEND:
            if (exchange_open(&x, call) != 0)
                llmux_call_feed_failure(call, "cannot connect");
            break;
        case LLMUX_STEP_SLEEP:
            usleep((useconds_t)llmux_call_sleep_ms(call) * 1000);
            llmux_call_feed_wake(call);
            break;
        case LLMUX_STEP_EMIT:
            bytes = llmux_call_bytes(call, &n);
            fwrite(bytes, 1, n, stdout);
            break;
        case LLMUX_STEP_WAIT:
            turn(&x, call);
            break;
        case LLMUX_STEP_DONE:
            exchange_close(&x);
            putchar('\n');
            return llmux_call_status(call) == 200 ? 0 : 1;
        }
    }
}

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_request *request = llmux_request_new(argc > 1 ? argv[1] : "openai/gpt-4o-mini");
    llmux_error *error = NULL;
    llmux_call *call;
    int failed = 1;

    if (getenv("LLMUX_BASE_URL"))
        llmux_client_set_base_url(client, "openai", getenv("LLMUX_BASE_URL"));
    llmux_request_add_message(request, "user", argc > 2 ? argv[2] : "Hi");
    call = llmux_call_new(client, request, &error);
    if (call)
        failed = run(call);
    else
        fprintf(stderr, "%s: %s\n", llmux_error_class(error), llmux_error_message(error));
    llmux_error_free(error);
    llmux_call_free(call);
    llmux_request_free(request);
    llmux_client_free(client);
    return failed;
}
