/*
 * dns.c - names to addresses: the cache, and c-ares behind it.
 *
 * Called by net/dial.c. c-ares reads the system's settings and the hosts file, speaks to the
 * servers, and orders by RFC 6724; its sockets are watched by the loop. Callers never hear an
 * answer from within lx_dns_resolve().
 */
#include "io/dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "io/watch.h"

enum {
    BUCKETS = 256,
    ENTRIES_MAX = 2048,
    NAME_MAX_BYTES = 253,
    TTL_MIN_MS = 1000,
    RETRY_STALE_MS = 1000, /* after a failure, a stale answer is not asked for again so long */
};

struct entry {
    struct entry *next;
    struct lx_dns *dns;
    struct lx_dns_query *waiting;
    bool busy; /* c-ares works on it */
    int64_t fresh_until_ms, usable_until_ms;
    struct lx_dns_answer answer;
    char name[];
};

/* A socket of c-ares. */
struct dns_socket {
    struct lx_watch watch;
    struct lx_task task;
    struct dns_socket *next;
    struct lx_dns *dns;
};

struct lx_dns {
    struct lx_loop *loop;
    ares_channel channel;
    bool open; /* channel is initialized */
    bool closing;
    struct lx_timer timer;
    struct dns_socket *sockets;
    int64_t ttl_max_ms, stale_ms;
    size_t n_entries;
    struct entry *buckets[BUCKETS];
};

/* ---- Addresses ------------------------------------------------------------------------------ */

socklen_t lx_address_len(const union lx_address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

void lx_address_set_port(union lx_address *a, uint16_t port)
{
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = htons(port);
    else
        a->v4.sin_port = htons(port);
}

void lx_address_write(const union lx_address *a, char out[LX_ADDRESS_TEXT])
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (a->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof text);
        snprintf(out, LX_ADDRESS_TEXT, "[%s]:%u", text, ntohs(a->v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof text);
        snprintf(out, LX_ADDRESS_TEXT, "%s:%u", text, ntohs(a->v4.sin_port));
    }
}

bool lx_address_read(struct lx_slice text, union lx_address *out)
{
    char z[INET6_ADDRSTRLEN];
    if (!text.n || text.n >= sizeof z)
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = 0;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, z, &out->v4.sin_addr) == 1)
        out->any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, z, &out->v6.sin6_addr) == 1)
        out->any.sa_family = AF_INET6;
    else
        return false;
    return true;
}

/* ---- c-ares and the loop -------------------------------------------------------------------- */

static void timer_fired(struct lx_timer *t);

static void set_timer(struct lx_dns *dns)
{
    struct timeval tv;
    if (!ares_timeout(dns->channel, NULL, &tv)) {
        lx_timer_cancel(dns->loop, &dns->timer);
        return;
    }
    int64_t ms = (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;
    lx_timer_cancel(dns->loop, &dns->timer);
    lx_timer_set(dns->loop, &dns->timer, lx_loop_now_ms(dns->loop) + ms);
}

static void timer_fired(struct lx_timer *t)
{
    struct lx_dns *dns = LX_CONTAINER(t, struct lx_dns, timer);
    ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(dns);
}

static void socket_ready(struct lx_watch *w, uint32_t events)
{
    struct dns_socket *s = LX_CONTAINER(w, struct dns_socket, watch);
    struct lx_dns *dns = s->dns;
    bool broken = events & (EPOLLERR | EPOLLHUP);
    ares_process_fd(dns->channel, broken || (events & EPOLLIN) ? w->fd : ARES_SOCKET_BAD,
                    broken || (events & EPOLLOUT) ? w->fd : ARES_SOCKET_BAD);
    set_timer(dns);
}

static void socket_free(struct lx_task *t)
{
    free(LX_CONTAINER(t, struct dns_socket, task));
}

/* c-ares tells what it waits for on a socket; nothing at all means that it closes it. */
static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct lx_dns *dns = arg;
    struct dns_socket **at = &dns->sockets, *s;
    while ((s = *at) && s->watch.fd != fd)
        at = &s->next;
    uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
    if (s && events) {
        lx_watch_change(dns->loop, &s->watch, events);
    } else if (s) {
        *at = s->next;
        lx_watch_drop(dns->loop, &s->watch);
        lx_loop_defer(dns->loop, &s->task);
    } else if (events) {
        s = calloc(1, sizeof *s);
        if (!s)
            return; /* the query then runs into its timeout */
        s->watch.fd = fd;
        s->watch.ready = socket_ready;
        s->task.run = socket_free;
        s->dns = dns;
        s->next = dns->sockets;
        dns->sockets = s;
        lx_watch_add(dns->loop, &s->watch, events);
    }
}

/* ---- The cache ------------------------------------------------------------------------------ */

static uint32_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a; the table is bounded, so chains are short */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash % BUCKETS;
}

/* Forgets what nobody waits for and time has passed; everything idle when `all`. */
static void sweep(struct lx_dns *dns, bool all)
{
    int64_t now = lx_loop_now_ms(dns->loop);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct entry **at = &dns->buckets[i]; *at;) {
            struct entry *e = *at;
            if (e->busy || (!all && e->usable_until_ms > now)) {
                at = &e->next;
                continue;
            }
            *at = e->next;
            free(e);
            dns->n_entries--;
        }
    }
}

static struct entry *entry_get(struct lx_dns *dns, const char *name)
{
    struct entry **bucket = &dns->buckets[bucket_of(name)];
    for (struct entry *e = *bucket; e; e = e->next)
        if (strcmp(e->name, name) == 0)
            return e;
    if (dns->n_entries >= ENTRIES_MAX)
        sweep(dns, false);
    if (dns->n_entries >= ENTRIES_MAX)
        sweep(dns, true);
    size_t n = strlen(name) + 1;
    struct entry *e = calloc(1, sizeof *e + n);
    if (!e)
        return NULL;
    memcpy(e->name, name, n);
    e->dns = dns;
    e->next = *bucket;
    *bucket = e;
    dns->n_entries++;
    return e;
}

/* Takes the addresses of one family in c-ares' order, from *node on. */
static const struct ares_addrinfo_node *next_of_family(const struct ares_addrinfo_node *node,
                                                       int family)
{
    while (node && node->ai_family != family)
        node = node->ai_next;
    return node;
}

static void add_address(struct lx_dns_answer *a, const struct ares_addrinfo_node *node)
{
    if (a->n < LX_DNS_MAX_ADDRESSES && (size_t)node->ai_addrlen <= sizeof a->v[0])
        memcpy(&a->v[a->n++], node->ai_addr, (size_t)node->ai_addrlen);
}

/* The first address decides which family leads; then they alternate. */
static void interleave(const struct ares_addrinfo *info, struct lx_dns_answer *a)
{
    a->n = 0;
    int lead = info->nodes ? info->nodes->ai_family : AF_INET;
    const struct ares_addrinfo_node *ours = next_of_family(info->nodes, lead);
    const struct ares_addrinfo_node *other =
        next_of_family(info->nodes, lead == AF_INET6 ? AF_INET : AF_INET6);
    while (ours || other) {
        if (ours) {
            add_address(a, ours);
            ours = next_of_family(ours->ai_next, lead);
        }
        if (other) {
            add_address(a, other);
            other = next_of_family(other->ai_next, lead == AF_INET6 ? AF_INET : AF_INET6);
        }
    }
}

static int64_t ttl_ms(const struct lx_dns *dns, const struct ares_addrinfo *info)
{
    int64_t ttl = dns->ttl_max_ms;
    for (const struct ares_addrinfo_node *n = info->nodes; n; n = n->ai_next)
        if ((int64_t)n->ai_ttl * 1000 < ttl)
            ttl = (int64_t)n->ai_ttl * 1000;
    return ttl < TTL_MIN_MS ? TTL_MIN_MS : ttl;
}

static void tell_waiting(struct entry *e)
{
    /* The list moves here: a caller may cancel others, or ask again. */
    struct lx_dns_query *waiting = e->waiting;
    struct lx_dns_answer answer = e->answer;
    e->waiting = NULL;
    if (waiting)
        waiting->link = &waiting;
    while (waiting) {
        struct lx_dns_query *q = waiting;
        lx_dns_cancel(q);
        q->fn(q, &answer);
    }
}

static void resolved(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct entry *e = arg;
    struct lx_dns *dns = e->dns;
    (void)timeouts;
    e->busy = false;
    if (dns->closing) {
        ares_freeaddrinfo(info);
        return;
    }
    int64_t now = lx_loop_now_ms(dns->loop);
    struct lx_dns_answer fresh = {.code = LX_EDNS, .reason = ares_strerror(status)};
    if (status == ARES_SUCCESS) {
        interleave(info, &fresh);
        if (fresh.n) {
            fresh.code = 0;
            e->fresh_until_ms = now + ttl_ms(dns, info);
            e->usable_until_ms = e->fresh_until_ms + dns->stale_ms;
        }
    }
    ares_freeaddrinfo(info);
    if (fresh.code != 0 && e->answer.n && now < e->usable_until_ms && status != ARES_ENOTFOUND)
        e->fresh_until_ms = now + RETRY_STALE_MS; /* the old answer stands in */
    else
        e->answer = fresh;
    tell_waiting(e);
}

/* ---- Public --------------------------------------------------------------------------------- */

static int library_status;

static void library_init(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

struct lx_dns *lx_dns_new(struct lx_loop *loop, const struct lx_dns_options *o,
                          struct lx_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, library_init);
    struct lx_dns *dns = calloc(1, sizeof *dns);
    if (!dns) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    dns->loop = loop;
    dns->timer.fire = timer_fired;
    dns->ttl_max_ms = o->ttl_max_ms ? o->ttl_max_ms : 300000;
    dns->stale_ms = o->stale_ms ? o->stale_ms : 300000;
    struct ares_options options = {.timeout = o->timeout_ms ? o->timeout_ms : 2000,
                                   .tries = o->tries ? o->tries : 3,
                                   .sock_state_cb = socket_changed,
                                   .sock_state_cb_data = dns};
    int status = library_status;
    if (status == ARES_SUCCESS)
        status = ares_init_options(&dns->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    dns->open = status == ARES_SUCCESS;
    if (status == ARES_SUCCESS && o->servers)
        status = ares_set_servers_ports_csv(dns->channel, o->servers);
    if (status == ARES_SUCCESS)
        return dns;
    lx_error_set(err, LX_EDNS, "cannot set up name resolution: %s", ares_strerror(status));
    lx_dns_free(dns);
    return NULL;
}

void lx_dns_free(struct lx_dns *dns)
{
    if (!dns)
        return;
    dns->closing = true;
    if (dns->open)
        ares_destroy(dns->channel); /* ends the queries and closes the sockets */
    lx_timer_cancel(dns->loop, &dns->timer);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = dns->buckets[i]; e; e = e->next)
            while (e->waiting)
                lx_dns_cancel(e->waiting);
    sweep(dns, true);
    free(dns);
}

static bool answer_error(struct lx_dns_answer *answer, int code, const char *reason)
{
    *answer = (struct lx_dns_answer){.code = code, .reason = reason};
    return true;
}

/* RFC 6761 section 6.3; small containers have no hosts file to say it. */
static bool answer_loopback(struct lx_dns_answer *answer)
{
    *answer = (struct lx_dns_answer){.n = 2};
    return lx_address_read(LX_S("127.0.0.1"), &answer->v[0]) &&
           lx_address_read(LX_S("::1"), &answer->v[1]);
}

static void ask(struct lx_dns *dns, struct entry *e)
{
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    e->busy = true;
    ares_getaddrinfo(dns->channel, e->name, NULL, &hints, resolved, e);
    set_timer(dns);
}

bool lx_dns_resolve(struct lx_dns *dns, struct lx_slice host, struct lx_dns_query *q,
                    struct lx_dns_answer *answer)
{
    q->link = NULL;
    union lx_address literal;
    if (lx_address_read(host, &literal)) {
        *answer = (struct lx_dns_answer){.n = 1, .v = {literal}};
        return true;
    }
    char name[NAME_MAX_BYTES + 1];
    if (!host.n || host.n > NAME_MAX_BYTES || memchr(host.p, 0, host.n))
        return answer_error(answer, LX_EDNS, "not a host name");
    for (size_t i = 0; i < host.n; i++)
        name[i] = lx_ascii_lower(host.p[i]);
    name[host.n] = 0;
    struct lx_slice lower = lx_slice(name, host.n);
    if (lx_slice_ends(lower, LX_S(".invalid")) || lx_slice_ends(lower, LX_S(".invalid.")))
        return answer_error(answer, LX_EDNS, "Domain name not found"); /* RFC 6761 section 6.4 */
    if (lx_slice_eq(lower, LX_S("localhost")) || lx_slice_ends(lower, LX_S(".localhost")))
        return answer_loopback(answer);
    struct entry *e = entry_get(dns, name);
    if (!e)
        return answer_error(answer, LX_ENOMEM, "out of memory");
    if (!e->busy) {
        if (!e->answer.n || lx_loop_now_ms(dns->loop) >= e->fresh_until_ms)
            ask(dns, e); /* the hosts file is answered at once */
        if (!e->busy) {
            *answer = e->answer;
            return true;
        }
    }
    q->next = e->waiting;
    q->link = &e->waiting;
    if (q->next)
        q->next->link = &q->next;
    e->waiting = q;
    return false;
}

void lx_dns_cancel(struct lx_dns_query *q)
{
    if (!q->link)
        return;
    *q->link = q->next;
    if (q->next)
        q->next->link = q->link;
    q->link = NULL;
}
