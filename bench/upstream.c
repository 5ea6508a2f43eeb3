/*
 * upstream.c - a provider that costs next to nothing: canned replies, whole or streamed.
 *
 * One thread, one epoll. It looks only at what it must (Content-Length, the path, whether "stream"
 * is true, or the path says so), so that it is never the bottleneck of a benchmark. Not strict:
 * only our load meets it.
 *
 *   upstream --port N [--events N] [--gap-ms N] [--text-bytes N]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum language { CHAT, MESSAGES, GEMINI, CONVERSE, LANGUAGES };

struct text {
    char *p;
    size_t n;
};

struct conn {
    int fd;
    char head[8192]; /* of a request whose head has not ended */
    size_t head_n;
    size_t body_left;
    bool in_body, stream;
    enum language language;
    int event; /* the next one of a paced stream; -1: none is open */
    long due_ms;
    struct conn *next_due, *prev_due;
    char *unsent; /* what the kernel did not take */
    size_t unsent_at, unsent_n;
};

static struct text whole[LANGUAGES], stream_head[LANGUAGES], all_events[LANGUAGES];
static struct text *events[LANGUAGES];
static int event_count = 200, gap_ms, text_bytes = 200;
static struct conn *due_first, *due_last;
static int epoll_fd;

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct text print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct text print(const char *format, ...)
{
    struct text t = {0};
    va_list args;
    int n;

    va_start(args, format);
    n = vasprintf(&t.p, format, args);
    va_end(args);
    if (n < 0)
        abort();
    t.n = (size_t)n;
    return t;
}

/* Both, one after the other; there may be zeros in them. */
static struct text join(struct text a, struct text b)
{
    struct text t = {malloc(a.n + b.n + 1), a.n + b.n};

    if (!t.p)
        abort();
    memcpy(t.p, a.p, a.n);
    memcpy(t.p + a.n, b.p, b.n);
    t.p[t.n] = '\0';
    return t;
}

static struct text chunk(struct text payload)
{
    return join(join(print("%zx\r\n", payload.n), payload), print("\r\n"));
}

/* ---- Frames of AWS ------------------------------------------------------------------------- */

static unsigned crc32_of(const char *p, size_t n)
{
    unsigned sum = 0xffffffff;

    for (size_t i = 0; i < n; i++) {
        sum ^= (unsigned char)p[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}

static struct text be32(size_t v)
{
    char bytes[4] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};
    struct text t = {bytes, 4}, none = {bytes, 0};

    return join(t, none);
}

static struct text field(const char *name, const char *value)
{
    char head[64], sizes[3] = {7, 0, (char)strlen(value)};
    struct text t = {head, strlen(name) + 1}, s = {sizes, 3};

    head[0] = (char)strlen(name);
    memcpy(head + 1, name, strlen(name));
    return join(join(t, s), print("%s", value));
}

static struct text frame(const char *type, struct text payload)
{
    struct text headers =
        join(join(field(":event-type", type), field(":content-type", "application/json")),
             field(":message-type", "event"));
    struct text message = join(be32(headers.n + payload.n + 16), be32(headers.n));

    message = join(message, be32(crc32_of(message.p, message.n)));
    message = join(join(message, headers), payload);
    return join(message, be32(crc32_of(message.p, message.n)));
}

/* ---- Canned replies ------------------------------------------------------------------------ */

static char *filler(size_t n)
{
    char *p = malloc(n + 1);

    if (!p)
        abort();
    for (size_t i = 0; i < n; i++)
        p[i] = "the quick brown fox jumps over "[i % 31];
    p[n] = '\0';
    return p;
}

static struct text reply(struct text body)
{
    return print("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                 "x-request-id: req_0123456789\r\n\r\n%s",
                 body.n, body.p);
}

/* Two words in turn: one that is repeated without end is taken for a loop. */
static const char *word(int i)
{
    return i & 1 ? " token" : " words";
}

static struct text chat_event(int i)
{
    static const char form[] =
        "data: {\"id\":\"chatcmpl-9abcDEF\",\"object\":\"chat.completion.chunk\","
        "\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\","
        "\"system_fingerprint\":\"fp_44709d6fcb\",%s}\n\n";

    if (i == event_count)
        return print("data: [DONE]\n\n");
    if (i == event_count - 1)
        return print(form, "\"choices\":[],\"usage\":{\"prompt_tokens\":20,"
                           "\"completion_tokens\":200,\"total_tokens\":220}");
    if (i == event_count - 2)
        return print(form, "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,"
                           "\"finish_reason\":\"stop\"}],\"usage\":null");
    if (i == 0)
        return print(form, "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                           "\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]");
    return print(form, print("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},"
                             "\"logprobs\":null,\"finish_reason\":null}],\"usage\":null",
                             word(i))
                           .p);
}

static struct text messages_event(int i)
{
    if (i == 0)
        return print("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":"
                     "\"msg_01abc\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
                     "\"claude-sonnet-4-5-20250929\",\"content\":[],\"stop_reason\":null,"
                     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}}"
                     "\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\","
                     "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
    if (i == event_count)
        return print("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    if (i == event_count - 1)
        return print("event: content_block_stop\ndata: {\"type\":\"content_block_stop\","
                     "\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\","
                     "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":"
                     "{\"output_tokens\":200}}\n\n");
    return print("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                 "\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}\n\n",
                 word(i));
}

static struct text gemini_event(int i)
{
    return print("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"%s\"}],\"role\":"
                 "\"model\"}%s,\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":20,"
                 "\"candidatesTokenCount\":%d,\"totalTokenCount\":%d,\"promptTokensDetails\":[{"
                 "\"modality\":\"TEXT\",\"tokenCount\":20}]},\"modelVersion\":\"gemini-2.5-flash\","
                 "\"responseId\":\"NjjaaKKwLYuikdUP\"}\r\n\r\n",
                 i == event_count ? "" : word(i),
                 i == event_count ? ",\"finishReason\":\"STOP\"" : "", i + 1, i + 21);
}

static struct text converse_event(int i)
{
    if (i == 0)
        return frame("messageStart", print("{\"p\":\"abcdefghij\",\"role\":\"assistant\"}"));
    if (i == event_count)
        return frame("metadata",
                     print("{\"metrics\":{\"latencyMs\":500},\"p\":\"abcd\",\"usage\":{"
                           "\"inputTokens\":20,\"outputTokens\":200,\"totalTokens\":220}}"));
    if (i == event_count - 1)
        return join(frame("contentBlockStop", print("{\"contentBlockIndex\":0,\"p\":\"abcdef\"}")),
                    frame("messageStop", print("{\"p\":\"abc\",\"stopReason\":\"end_turn\"}")));
    return frame(
        "contentBlockDelta",
        print("{\"contentBlockIndex\":0,\"delta\":{\"text\":\"%s\"},\"p\":\"abcdefgh\"}", word(i)));
}

static void make_replies(void)
{
    static struct text (*const make[LANGUAGES])(int) = {chat_event, messages_event, gemini_event,
                                                        converse_event};
    char *text = filler((size_t)text_bytes);

    whole[CHAT] = reply(print(
        "{\"id\":\"chatcmpl-9abcDEF\",\"object\":\"chat.completion\",\"created\":1700000000,"
        "\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
        "\"assistant\",\"content\":\"%s\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":"
        "\"stop\"}],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":50,\"total_tokens\":70,"
        "\"prompt_tokens_details\":{\"cached_tokens\":0}},\"system_fingerprint\":\"fp_1\"}",
        text));
    whole[MESSAGES] = reply(print(
        "{\"id\":\"msg_01abc\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
        "\"claude-sonnet-4-5-20250929\",\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],"
        "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":20,"
        "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":50}}",
        text));
    whole[GEMINI] = reply(print(
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"%s\"}],\"role\":\"model\"},"
        "\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":20,"
        "\"candidatesTokenCount\":50,\"totalTokenCount\":70},\"modelVersion\":\"gemini-2.5-flash\","
        "\"responseId\":\"NjjaaKKwLYuikdUP\"}",
        text));
    whole[CONVERSE] = reply(print(
        "{\"metrics\":{\"latencyMs\":500},\"output\":{\"message\":{\"content\":[{\"text\":\"%s\"}],"
        "\"role\":\"assistant\"}},\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":20,"
        "\"outputTokens\":50,\"totalTokens\":70}}",
        text));
    for (int l = 0; l < LANGUAGES; l++) {
        struct text all = print("%s", "");

        events[l] = calloc((size_t)event_count + 1, sizeof(struct text));
        stream_head[l] =
            print("HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n",
                  l == CONVERSE ? "application/vnd.amazon.eventstream" : "text/event-stream");
        for (int i = 0; i <= event_count; i++) {
            events[l][i] = chunk(make[l](i));
            all = join(all, events[l][i]);
        }
        all_events[l] = join(join(stream_head[l], all), print("0\r\n\r\n"));
        events[l][event_count] = join(events[l][event_count], print("0\r\n\r\n"));
    }
}

/* ---- Connections --------------------------------------------------------------------------- */

static void unlink_due(struct conn *c)
{
    if (c->event < 0)
        return;
    *(c->prev_due ? &c->prev_due->next_due : &due_first) = c->next_due;
    *(c->next_due ? &c->next_due->prev_due : &due_last) = c->prev_due;
    c->event = -1;
}

static void link_due(struct conn *c, int event)
{
    c->event = event;
    c->due_ms = now_ms() + gap_ms;
    c->next_due = NULL;
    c->prev_due = due_last;
    *(due_last ? &due_last->next_due : &due_first) = c;
    due_last = c;
}

static void drop(struct conn *c)
{
    unlink_due(c);
    close(c->fd);
    free(c->unsent);
    free(c);
}

static void send_text(struct conn *c, const char *p, size_t n)
{
    ssize_t sent = c->unsent_n ? 0 : send(c->fd, p, n, MSG_NOSIGNAL);
    size_t rest;

    if (sent < 0)
        sent = 0;
    rest = n - (size_t)sent;
    if (!rest)
        return;
    c->unsent = realloc(c->unsent, c->unsent_n + rest);
    if (!c->unsent)
        abort();
    memcpy(c->unsent + c->unsent_n, p + sent, rest);
    c->unsent_n += rest;
}

static void flush(struct conn *c)
{
    while (c->unsent_n > c->unsent_at) {
        ssize_t n = send(c->fd, c->unsent + c->unsent_at, c->unsent_n - c->unsent_at, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        c->unsent_at += (size_t)n;
    }
    c->unsent_n = c->unsent_at = 0;
}

static void answer(struct conn *c)
{
    enum language l = c->language;

    if (!c->stream) {
        send_text(c, whole[l].p, whole[l].n);
    } else if (!gap_ms) {
        send_text(c, all_events[l].p, all_events[l].n);
    } else {
        send_text(c, stream_head[l].p, stream_head[l].n);
        link_due(c, 0);
    }
}

static void pace(void)
{
    long now = now_ms();

    while (due_first && due_first->due_ms <= now) {
        struct conn *c = due_first;
        int event = c->event;

        unlink_due(c);
        send_text(c, events[c->language][event].p, events[c->language][event].n);
        if (event < event_count)
            link_due(c, event + 1);
    }
}

static bool asks_for_stream(const char *p, size_t n)
{
    return memmem(p, n, "\"stream\":true", 13) || memmem(p, n, "\"stream\": true", 14);
}

/* The head ends in `n` bytes of c->head: what matters in it. */
static void read_head(struct conn *c)
{
    const char *length;

    c->head[c->head_n] = '\0';
    length = strcasestr(c->head, "\r\ncontent-length:");
    c->body_left = length ? strtoul(length + 17, NULL, 10) : 0;
    c->language = strstr(c->head, "/messages")        ? MESSAGES
                  : strstr(c->head, "enerateContent") ? GEMINI
                  : strstr(c->head, "/converse")      ? CONVERSE
                                                      : CHAT;
    c->in_body = true;
    c->stream = strstr(c->head, ":stream") || strstr(c->head, "/converse-stream");
}

static void feed(struct conn *c, const char *p, size_t n)
{
    while (n || (c->in_body && !c->body_left)) {
        if (!c->in_body) {
            size_t room = sizeof(c->head) - 1 - c->head_n, take = n < room ? n : room, used;
            char *end;

            memcpy(c->head + c->head_n, p, take);
            end = memmem(c->head, c->head_n + take, "\r\n\r\n", 4);
            if (!end) {
                c->head_n += take;
                return;
            }
            used = (size_t)(end - c->head) + 4 - c->head_n;
            c->head_n += used;
            p += used;
            n -= used;
            read_head(c);
        } else {
            size_t take = n < c->body_left ? n : c->body_left;

            c->stream = c->stream || asks_for_stream(p, take);
            c->body_left -= take;
            p += take;
            n -= take;
            if (c->body_left)
                return;
            c->in_body = false;
            c->head_n = 0;
            answer(c);
        }
    }
}

static void on_ready(struct conn *c, uint32_t what)
{
    static char buffer[1 << 18];

    if (what & EPOLLOUT)
        flush(c);
    for (;;) {
        ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

        if (n > 0)
            feed(c, buffer, (size_t)n);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            drop(c);
            return;
        }
        if (n < (ssize_t)sizeof(buffer))
            return;
    }
}

static void on_accept(int listener)
{
    for (;;) {
        struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP};
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
        struct conn *c = fd < 0 ? NULL : calloc(1, sizeof(*c));

        if (!c)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        c->fd = fd;
        c->event = -1;
        e.data.ptr = c;
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
    }
}

static int listen_on(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd < 0 || bind(fd, (void *)&at, sizeof(at)) != 0 || listen(fd, 4096) != 0) {
        perror("upstream: listen");
        exit(1);
    }
    return fd;
}

static int option(int argc, char **argv, const char *name, int otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return (int)strtol(argv[i + 1], NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    struct rlimit files = {65536, 65536};
    struct epoll_event ready[512], e = {.events = EPOLLIN};
    int listener;

    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
    event_count = option(argc, argv, "--events", event_count);
    gap_ms = option(argc, argv, "--gap-ms", 0);
    text_bytes = option(argc, argv, "--text-bytes", text_bytes);
    make_replies();
    listener = listen_on(option(argc, argv, "--port", 9000));
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int n = epoll_wait(epoll_fd, ready, 512, due_first ? 1 : -1);

        for (int i = 0; i < n; i++) {
            if (!ready[i].data.ptr)
                on_accept(listener);
            else
                on_ready(ready[i].data.ptr, ready[i].events);
        }
        pace();
    }
}
