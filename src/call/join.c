/*
 * join.c - see join.h. Pure; called by the relay for every event of a reply that goes on with
 * another.
 *
 *   client has     [thinking][text: Hello wor          (broken)
 *   new reply                        START [thinking ...] [text: ld.] FINISH
 *   client gets                                            ld.        FINISH
 */
#include "call/join.h"

/* The last character of JSON text, where it is white space: how many bytes it takes; else 0. */
static size_t space_before(struct lx_slice s, char *c)
{
    static const char letters[] = "ntr", means[] = "\n\t\r";
    if (s.n && (s.p[s.n - 1] == ' ')) {
        *c = ' ';
        return 1;
    }
    for (size_t i = 0; s.n >= 2 && i < 3; i++) {
        size_t slashes = 0;
        if (s.p[s.n - 1] != letters[i])
            continue;
        while (slashes < s.n - 1 && s.p[s.n - 2 - slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return 0;
        *c = means[i];
        return 2;
    }
    return 0;
}

struct lx_slice lx_join_trim(struct lx_slice escaped)
{
    char c;
    for (size_t n; (n = space_before(escaped, &c)) != 0;)
        escaped.n -= n;
    return escaped;
}

/* The white space at the end, as plain text; of more than there is room for, the end. */
static void keep_gap(struct lx_join *j, struct lx_slice escaped)
{
    char c;
    j->gap_n = 0;
    for (size_t n; j->gap_n < LX_JOIN_GAP && (n = space_before(escaped, &c)) != 0;) {
        memmove(j->gap + 1, j->gap, j->gap_n++);
        j->gap[0] = c;
        escaped.n -= n;
    }
}

void lx_join_begin(struct lx_join *j, const struct lx_said *said)
{
    const unsigned text = 1u << LX_PART_TEXT;
    j->open = said->open;
    j->kind = said->kind;
    j->parts = said->parts;
    j->joined = j->dropped = -1;
    j->gap_n = 0;
    j->no_thinking = (said->kinds & text) || (said->parts && !said->open);
    if (said->kinds & text)
        keep_gap(j, lx_slice_from(lx_buf_slice(&said->text), said->answer));
}

/* The next character of the text, where it is white space: how many bytes it takes; else 0. */
static size_t space_at(struct lx_text t, char *c)
{
    *c = t.s.n ? t.s.p[0] : '\0';
    if (t.escaped && t.s.n >= 2 && t.s.p[0] == '\\') {
        *c = t.s.p[1] == 'n' ? '\n' : t.s.p[1] == 't' ? '\t' : t.s.p[1] == 'r' ? '\r' : '\0';
        return *c ? 2 : 0;
    }
    return *c == ' ' || *c == '\n' || *c == '\t' || *c == '\r';
}

/* What of the gap the new text begins with, too, the client has. */
static void skip_gap(struct lx_join *j, struct lx_text *t)
{
    char c;
    while (j->gap_n && t->s.n) {
        size_t n = space_at(*t, &c);
        if (!n || c != j->gap[0]) {
            j->gap_n = 0;
            return;
        }
        t->s = lx_slice_from(t->s, n);
        memmove(j->gap, j->gap + 1, --j->gap_n);
    }
}

static bool is_thought(enum lx_part_kind kind)
{
    return kind == LX_PART_THINKING || kind == LX_PART_REDACTED_THINKING;
}

/* The client's open part ends; told before what comes. */
static void close_part(struct lx_join *j, struct lx_event *end, bool *close)
{
    if (!j->open || j->joined >= 0)
        return;
    *end = (struct lx_event){.kind = LX_EVENT_PART_END, .index = j->parts - 1, .part = j->kind};
    *close = true;
    j->open = false;
}

static bool begin_part(struct lx_join *j, struct lx_event *e, struct lx_event *end, bool *close)
{
    if (j->no_thinking && is_thought(e->part)) {
        j->dropped = e->index;
        return false;
    }
    if (j->open && j->joined < 0 && e->part == j->kind) {
        j->joined = e->index;
        return false;
    }
    close_part(j, end, close);
    e->index += j->parts;
    return true;
}

/* A piece of a part, or its end. */
static bool place(struct lx_join *j, struct lx_event *e)
{
    if (e->index == j->dropped)
        return false;
    if (e->index != j->joined) {
        e->index += j->parts;
        return true;
    }
    e->index = j->parts - 1;
    if (e->kind == LX_EVENT_SIGNATURE)
        return false; /* it is for the new thoughts only, and the part has others in it */
    if (e->kind == LX_EVENT_TEXT) {
        skip_gap(j, &e->text);
        return e->text.s.n > 0;
    }
    return true;
}

static void add_usage(const struct lx_join *j, struct lx_usage *u)
{
    struct lx_usage sum = j->before;
    bool cost = j->tells_cost && j->before.has_cost && u->has_cost;
    if (!u->known)
        return;
    lx_usage_add(&sum, u);
    sum.known = true; /* what came before was estimated at least */
    sum.has_cost = cost;
    *u = sum;
}

bool lx_join_event(struct lx_join *j, struct lx_event *e, struct lx_event *end, bool *close)
{
    *close = false;
    switch (e->kind) {
    case LX_EVENT_START:
    case LX_EVENT_LOGPROBS:
        return false;
    case LX_EVENT_PART_START:
        return e->choice == 0 && begin_part(j, e, end, close);
    case LX_EVENT_TEXT:
    case LX_EVENT_SIGNATURE:
    case LX_EVENT_ARGUMENTS:
    case LX_EVENT_DATA:
    case LX_EVENT_CITATION:
    case LX_EVENT_PART_END:
        return e->choice == 0 && place(j, e);
    case LX_EVENT_FINISH:
        close_part(j, end, close);
        return e->choice == 0;
    case LX_EVENT_USAGE:
        add_usage(j, &e->usage);
        return true;
    default:
        return true;
    }
}
