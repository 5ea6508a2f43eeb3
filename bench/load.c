/*
 * load.c - HTTP load on loopback: closed loop, or open loop at a fixed rate of arrivals.
 *
 * In the open loop a request's latency counts from when it was due, not from when a connection was
 * free for it, so that a slow server cannot hide its queue. Prints one JSON object. Not a client
 * for anything but the servers under test: it finds the end of a reply in the cheapest way that
 * works.
 *
 *   load --port N --path P --body FILE [--connections N] [--seconds N | --requests N]
 *        [--rate PER_SECOND] [--warmup SECONDS] [--header 'Name: value'] [--hold]
 *
 * --hold: every connection sends one request (a stream), all are kept open together; reports gaps.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX (1 << 22)

struct conn {
    int fd;
    size_t sent;     /* of the request */
    int64_t due_ns;  /* what its latency counts from */
    int64_t last_ns; /* when bytes last came */
    int64_t gap_ns;  /* longest silence within the reply */
    bool busy, first_seen, head_done, chunked;
    size_t left; /* of a reply with a length */
    char head[4096];
    size_t head_n;
    char tail[8]; /* the last bytes seen: where a chunked reply ends */
    struct conn *next_free;
};

static struct {
    int port, connections, rate;
    double seconds, warmup;
    long requests;
    const char *path, *header, *body_file;
    bool hold;
} options = {.connections = 1, .seconds = 5, .warmup = 0.5, .path = "/v1/chat/completions"};

static char *request;
static size_t request_n;
static struct conn *conns, *free_conns;
static uint32_t *samples, *first_samples; /* microseconds */
static size_t sample_n;
static long errors, completed, started, bytes_in, ended;
static int64_t gap_max_ns, begin_ns, measure_ns, end_ns, next_due_ns;
static int epoll_fd;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void make_request(void)
{
    FILE *f = fopen(options.body_file, "rb");
    char *body = NULL;
    size_t n = 0, cap = 0, got;

    if (!f)
        die(options.body_file);
    do {
        if (cap - n < 65536 && !(body = realloc(body, cap = cap * 2 + 65536)))
            die("realloc");
        got = fread(body + n, 1, cap - n, f);
        n += got;
    } while (got);
    fclose(f);
    request = malloc(n + 4096);
    if (!request)
        die("malloc");
    request_n =
        (size_t)snprintf(request, 4096,
                         "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                         "Content-Type: application/json\r\n%s%sContent-Length: %zu\r\n\r\n",
                         options.path, options.port, options.header ? options.header : "",
                         options.header ? "\r\n" : "", n);
    memcpy(request + request_n, body, n);
    request_n += n;
    free(body);
}

static void open_conn(struct conn *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = c};
    int one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(c->fd, (void *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)
        die("connect");
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
}

static void push(struct conn *c)
{
    while (c->busy && c->sent < request_n) {
        ssize_t n = send(c->fd, request + c->sent, request_n - c->sent, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        c->sent += (size_t)n;
    }
}

static void begin(struct conn *c, int64_t due)
{
    c->busy = true;
    c->sent = c->head_n = c->left = 0;
    c->first_seen = c->head_done = c->chunked = false;
    c->due_ns = c->last_ns = due;
    c->gap_ns = 0;
    memset(c->tail, 0, sizeof(c->tail));
    started++;
    push(c);
}

static bool may_begin(int64_t now)
{
    return (!options.requests || started < options.requests) && now < end_ns;
}

static void release(struct conn *c, int64_t now)
{
    c->busy = false;
    if (options.hold || !may_begin(now))
        return;
    if (!options.rate) {
        begin(c, now);
        return;
    }
    c->next_free = free_conns;
    free_conns = c;
}

static void finish(struct conn *c, int64_t now)
{
    ended++;
    if (now >= measure_ns && sample_n < SAMPLES_MAX && now <= end_ns + 2000000000) {
        samples[sample_n++] = (uint32_t)((now - c->due_ns) / 1000);
        completed++;
    }
    if (c->gap_ns > gap_max_ns)
        gap_max_ns = c->gap_ns;
    release(c, now);
}

static void fail(struct conn *c, int64_t now)
{
    errors++;
    ended++;
    close(c->fd);
    open_conn(c);
    release(c, now);
}

/* True when the head has ended; *p and *n are advanced past it. */
static bool take_head(struct conn *c, const char **p, size_t *n)
{
    size_t room = sizeof(c->head) - 1 - c->head_n, take = *n < room ? *n : room, used;
    const char *length, *end;

    memcpy(c->head + c->head_n, *p, take);
    end = memmem(c->head, c->head_n + take, "\r\n\r\n", 4);
    if (!end) {
        c->head_n += take;
        *n = 0;
        return false;
    }
    used = (size_t)(end - c->head) + 4 - c->head_n;
    c->head_n += used;
    c->head[c->head_n] = '\0';
    *p += used;
    *n -= used;
    length = strcasestr(c->head, "\r\ncontent-length:");
    c->chunked = !length;
    c->left = length ? strtoul(length + 17, NULL, 10) : 0;
    c->head_done = true;
    if (strncmp(c->head + 9, "200", 3) != 0)
        errors++;
    return true;
}

static void take(struct conn *c, const char *p, size_t n, int64_t now)
{
    bytes_in += (long)n;
    if (c->first_seen && now - c->last_ns > c->gap_ns)
        c->gap_ns = now - c->last_ns;
    if (!c->first_seen) {
        c->first_seen = true;
        if (now >= measure_ns && sample_n < SAMPLES_MAX)
            first_samples[sample_n] = (uint32_t)((now - c->due_ns) / 1000);
    }
    c->last_ns = now;
    if (!c->head_done && !take_head(c, &p, &n))
        return;
    if (!c->chunked) {
        c->left -= n < c->left ? n : c->left;
        if (!c->left)
            finish(c, now);
        return;
    }
    if (n >= 7) {
        memcpy(c->tail, p + n - 7, 7);
    } else {
        memmove(c->tail, c->tail + n, 7 - n);
        memcpy(c->tail + 7 - n, p, n);
    }
    if (memcmp(c->tail, "\r\n0\r\n\r\n", 7) == 0)
        finish(c, now);
}

static void on_ready(struct conn *c, uint32_t what)
{
    static char buffer[1 << 18];

    if (what & EPOLLOUT)
        push(c);
    for (;;) {
        ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

        if (n > 0 && c->busy)
            take(c, buffer, (size_t)n, now_ns());
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            if (c->busy)
                fail(c, now_ns());
            return;
        }
        if (n < (ssize_t)sizeof(buffer))
            return;
    }
}

/* Open loop: what is due begins, on a free connection or, late, on the next one that is. */
static void arrivals(int64_t now)
{
    int64_t step = 1000000000 / options.rate;

    while (next_due_ns <= now && free_conns && may_begin(now)) {
        struct conn *c = free_conns;

        free_conns = c->next_free;
        begin(c, next_due_ns);
        next_due_ns += step;
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static unsigned at(const uint32_t *sorted, double q)
{
    return sample_n ? sorted[(size_t)((double)(sample_n - 1) * q)] : 0;
}

static void report(int64_t now)
{
    double seconds = (double)(now - measure_ns) / 1e9;

    qsort(samples, sample_n, sizeof(*samples), compare);
    qsort(first_samples, sample_n, sizeof(*first_samples), compare);
    printf("{\"requests\":%ld,\"errors\":%ld,\"seconds\":%.3f,\"per_second\":%.1f,"
           "\"p50_us\":%u,\"p90_us\":%u,\"p99_us\":%u,\"max_us\":%u,\"first_p50_us\":%u,"
           "\"first_p99_us\":%u,\"gap_max_ms\":%.1f,\"bytes\":%ld,\"ended\":%ld,\"started\":%ld}\n",
           completed, errors, seconds, (double)completed / seconds, at(samples, .5),
           at(samples, .9), at(samples, .99), at(samples, 1), at(first_samples, .5),
           at(first_samples, .99), (double)gap_max_ns / 1e6, bytes_in, ended, started);
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(name, "--hold") == 0) {
            options.hold = true;
            continue;
        }
        i++;
        if (strcmp(name, "--port") == 0)
            options.port = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--connections") == 0)
            options.connections = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--seconds") == 0)
            options.seconds = strtod(value, NULL);
        else if (strcmp(name, "--warmup") == 0)
            options.warmup = strtod(value, NULL);
        else if (strcmp(name, "--requests") == 0)
            options.requests = strtol(value, NULL, 10);
        else if (strcmp(name, "--rate") == 0)
            options.rate = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--path") == 0)
            options.path = value;
        else if (strcmp(name, "--header") == 0)
            options.header = value;
        else if (strcmp(name, "--body") == 0)
            options.body_file = value;
        else {
            fprintf(stderr, "load: what is %s?\n", name);
            exit(2);
        }
    }
    if (!options.port || !options.body_file || options.connections < 1) {
        fprintf(stderr, "load: --port and --body are needed\n");
        exit(2);
    }
}

static void run(void)
{
    struct epoll_event ready[512];
    int64_t now = now_ns();

    begin_ns = now;
    measure_ns = now + (int64_t)(options.warmup * 1e9);
    end_ns = measure_ns + (int64_t)(options.seconds * 1e9);
    next_due_ns = now;
    for (int i = 0; i < options.connections; i++) {
        struct conn *c = &conns[i];

        open_conn(c);
        if (options.rate) {
            c->next_free = free_conns;
            free_conns = c;
        } else {
            begin(c, now);
        }
    }
    for (;;) {
        /* In the open loop it spins: a sleep would add its own latency to what is measured. */
        int n = epoll_wait(epoll_fd, ready, 512, options.rate ? 0 : 100);

        for (int i = 0; i < n; i++)
            on_ready(ready[i].data.ptr, ready[i].events);
        now = now_ns();
        if (options.rate)
            arrivals(now);
        if (ended >= started && !may_begin(now))
            break;
        if ((options.hold || options.requests) && ended >= started)
            break;
        if (now > end_ns + 10000000000)
            break; /* something hangs: what is still open shows as started > ended */
    }
    report(now < end_ns || options.hold ? now : end_ns);
}

int main(int argc, char **argv)
{
    struct rlimit files = {65536, 65536};

    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
    read_options(argc, argv);
    make_request();
    conns = calloc((size_t)options.connections, sizeof(*conns));
    samples = calloc(SAMPLES_MAX, sizeof(*samples));
    first_samples = calloc(SAMPLES_MAX, sizeof(*first_samples));
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!conns || !samples || !first_samples || epoll_fd < 0)
        die("load");
    run();
    return errors ? 1 : 0;
}
