/*
 * regex.c - a pattern is made into a short program on the stack, which is run from every place of
 * the text until it matches.
 *
 * The program is a list of instructions whose jumps are relative, so that what was written can be
 * moved and copied: a repetition is its body several times over.
 *
 *   a?   SPLIT a           a*   ENTER a AGAIN           a|b   SPLIT a JUMP end b
 */
#include "base/regex.h"

#include "base/error.h"
#include "base/text.h"

enum {
    MAX_PROGRAM = 1024, /* instructions */
    MAX_SETS = 64,
    MAX_NESTING = 64, /* of groups and alternatives */
    MAX_REPEATS = 255,
    MAX_LOOPS = 64,
    MAX_STEPS = 50000, /* of one search; LiteLLM's patterns take hundreds */
    MAX_DEPTH = 1200,  /* choices that are open at once */
};

enum op {
    CHAR, /* of lower case, where any case will do */
    ANY,
    SET,
    BEGIN,
    END,
    EDGE,  /* of a word; x: or none */
    SPLIT, /* on with the next, else y further */
    ENTER, /* the same, of the loop x */
    AGAIN, /* back by y, unless the loop's last turn took nothing */
    JUMP,
    LOOK, /* the next match here (x: do not), and it goes on y further */
    FOUND,
};

struct instruction {
    unsigned char op, x;
    int16_t y;
};

struct set {
    uint64_t bits[4];
};

struct program {
    struct instruction code[MAX_PROGRAM];
    int n;
    struct set sets[MAX_SETS];
    int set_count, loop_count;
    struct lx_slice rest; /* of the pattern */
    int nesting;
    int failed;
    bool any_case;
};

/* ---- Writing the program -------------------------------------------------------------------- */

static void fail(struct program *p, int code)
{
    if (!p->failed)
        p->failed = code;
    p->rest = lx_slice(NULL, 0);
}

static void emit(struct program *p, enum op op, int x, int y)
{
    if (p->n == MAX_PROGRAM)
        fail(p, LX_ELIMIT);
    else
        p->code[p->n++] = (struct instruction){(unsigned char)op, (unsigned char)x, (int16_t)y};
}

static void insert(struct program *p, int at, enum op op, int x, int y)
{
    emit(p, op, x, y);
    if (p->failed)
        return;
    memmove(&p->code[at + 1], &p->code[at], (size_t)(p->n - 1 - at) * sizeof(p->code[0]));
    p->code[at] = (struct instruction){(unsigned char)op, (unsigned char)x, (int16_t)y};
}

static void copy(struct program *p, int from, int n)
{
    for (int i = 0; i < n && !p->failed; i++)
        emit(p, p->code[from + i].op, p->code[from + i].x, p->code[from + i].y);
}

static bool eat(struct program *p, const char *word)
{
    struct lx_slice s = lx_slice_z(word);
    if (!lx_slice_starts(p->rest, s))
        return false;
    p->rest = lx_slice_from(p->rest, s.n);
    return true;
}

static unsigned char take(struct program *p)
{
    if (!p->rest.n) {
        fail(p, LX_EINVAL);
        return 0;
    }
    unsigned char c = (unsigned char)*p->rest.p;
    p->rest = lx_slice_from(p->rest, 1);
    return c;
}

/* ---- Sets of characters --------------------------------------------------------------------- */

static void put(struct set *s, int c)
{
    s->bits[c >> 6] |= (uint64_t)1 << (c & 63);
}

static bool is_in(const struct set *s, unsigned char c)
{
    return s->bits[c >> 6] >> (c & 63) & 1;
}

static void put_range(struct set *s, int from, int to)
{
    for (int c = from; c <= to; c++)
        put(s, c);
}

static void put_other_case(struct set *s)
{
    for (int c = 'a'; c <= 'z'; c++)
        if (is_in(s, (unsigned char)c) || is_in(s, (unsigned char)(c - 'a' + 'A'))) {
            put(s, c);
            put(s, c - 'a' + 'A');
        }
}

static void put_inverse(struct set *s, const struct set *of)
{
    for (int i = 0; i < 4; i++)
        s->bits[i] |= ~of->bits[i];
}

/* \d and its kin; false: the letter names none. */
static bool put_class(struct set *s, unsigned char letter)
{
    struct set named = {{0}};
    switch (lx_ascii_lower((char)letter)) {
    case 'd':
        put_range(&named, '0', '9');
        break;
    case 'w':
        put_range(&named, '0', '9');
        put_range(&named, 'a', 'z');
        put_range(&named, 'A', 'Z');
        put(&named, '_');
        put_range(&named, 0x80, 0xff); /* letters mostly */
        break;
    case 's':
        put_range(&named, '\t', '\r');
        put(&named, ' ');
        break;
    default:
        return false;
    }
    if (letter >= 'a')
        for (int i = 0; i < 4; i++)
            s->bits[i] |= named.bits[i];
    else
        put_inverse(s, &named);
    return true;
}

/* A letter behind a backslash that stands for a character; other letters mean what is not known. */
static unsigned char escaped(struct program *p, unsigned char c)
{
    static const char from[] = "tnrfv", to[] = "\t\n\r\f\v";
    const char *at = c ? strchr(from, c) : NULL;
    if (at)
        return (unsigned char)to[at - from];
    if ((c >= '0' && c <= '9') ||
        (lx_ascii_lower((char)c) >= 'a' && lx_ascii_lower((char)c) <= 'z'))
        fail(p, LX_EINVAL);
    return c;
}

/* As a character is compared. */
static int folded(const struct program *p, unsigned char c)
{
    return p->any_case ? (unsigned char)lx_ascii_lower((char)c) : c;
}

static void emit_set(struct program *p, const struct set *s)
{
    if (p->set_count == MAX_SETS) {
        fail(p, LX_ELIMIT);
        return;
    }
    p->sets[p->set_count] = *s;
    emit(p, SET, p->set_count++, 0);
}

/* What stands between brackets; the first is behind us. */
static void read_set(struct program *p)
{
    struct set s = {{0}}, inverse = {{0}};
    bool negative = eat(p, "^");
    for (bool first = true; !p->failed && (first || !lx_slice_starts(p->rest, LX_S("]")));
         first = false) {
        unsigned char from = take(p);
        if (from == '\\') {
            from = take(p);
            if (put_class(&s, from))
                continue;
            from = escaped(p, from);
        }
        unsigned char to = from;
        if (p->rest.n > 1 && p->rest.p[0] == '-' && p->rest.p[1] != ']') {
            take(p);
            to = take(p);
            if (to == '\\')
                to = escaped(p, take(p));
        }
        if (to < from)
            fail(p, LX_EINVAL);
        put_range(&s, from, to);
    }
    take(p);
    if (p->any_case)
        put_other_case(&s);
    put_inverse(&inverse, &s);
    emit_set(p, negative ? &inverse : &s);
}

static void read_escape(struct program *p)
{
    struct set s = {{0}};
    unsigned char c = take(p);
    if (c == 'b' || c == 'B')
        emit(p, EDGE, c == 'B', 0);
    else if (c == 'A')
        emit(p, BEGIN, 0, 0);
    else if (c == 'Z')
        emit(p, END, 0, 0);
    else if (put_class(&s, c))
        emit_set(p, &s);
    else
        emit(p, CHAR, folded(p, escaped(p, c)), 0);
}

/* ---- Groups and repetitions ----------------------------------------------------------------- */

static void read_alternatives(struct program *p);

/* Behind "(?": a look ahead, or a group that is only one. */
static void read_group(struct program *p)
{
    int start = p->n;
    bool not = eat(p, "?!"), look = not || eat(p, "?=");
    if (eat(p, "?P<")) {
        while (p->rest.n && *p->rest.p != '>')
            take(p);
        take(p);
    } else if (!look && !eat(p, "?:") && p->rest.n && *p->rest.p == '?') {
        fail(p, LX_EINVAL);
    }
    if (look)
        emit(p, LOOK, not, 0);
    read_alternatives(p);
    if (!eat(p, ")"))
        fail(p, LX_EINVAL);
    if (look) {
        emit(p, FOUND, 0, 0);
        p->code[start].y = (int16_t)(p->n - start);
    }
}

/* False: there is nothing (more) that could be repeated. */
static bool read_atom(struct program *p)
{
    if (p->failed || !p->rest.n || *p->rest.p == '|' || *p->rest.p == ')')
        return false;
    unsigned char c = take(p);
    if (c == '(')
        read_group(p);
    else if (c == '[')
        read_set(p);
    else if (c == '\\')
        read_escape(p);
    else if (c == '.')
        emit(p, ANY, 0, 0);
    else if (c == '^')
        emit(p, BEGIN, 0, 0);
    else if (c == '$')
        emit(p, END, 1, 0); /* or before a line's end that is the last */
    else if (c == '*' || c == '+' || c == '?')
        fail(p, LX_EINVAL);
    else
        emit(p, CHAR, folded(p, c), 0);
    return !p->failed;
}

static int read_number(struct program *p, int otherwise)
{
    int n = -1;
    while (p->rest.n && *p->rest.p >= '0' && *p->rest.p <= '9' && n <= MAX_REPEATS)
        n = (n < 0 ? 0 : n) * 10 + take(p) - '0';
    if (n > MAX_REPEATS)
        fail(p, LX_ELIMIT);
    return n < 0 ? otherwise : n;
}

/* "{m,n}"; false: the brace is a character like any other, and nothing was taken. */
static bool read_bounds(struct program *p, int *least, int *most)
{
    struct lx_slice before = p->rest;
    if (!eat(p, "{"))
        return false;
    bool given = p->rest.n && *p->rest.p != ',';
    *least = read_number(p, given ? -1 : 0);
    *most = *least;
    if (eat(p, ",")) {
        given |= p->rest.n && *p->rest.p != '}';
        *most = read_number(p, MAX_REPEATS + 1); /* without end */
    }
    if (*least >= 0 && given && eat(p, "}"))
        return true;
    if (!p->failed)
        p->rest = before;
    return false;
}

/* Makes what stands at `start` come between least and most times; most > MAX_REPEATS: any. */
static void repeat(struct program *p, int start, int least, int most)
{
    int n = p->n - start, body = start;
    if (most < least)
        fail(p, LX_EINVAL);
    for (int i = 1; i < least && !p->failed; i++)
        copy(p, start, n);
    if (most > MAX_REPEATS) {
        if (least > 0) {
            body = p->n;
            copy(p, start, n);
        }
        if (p->loop_count == MAX_LOOPS)
            fail(p, LX_ELIMIT);
        insert(p, body, ENTER, p->loop_count, n + 2);
        emit(p, AGAIN, p->loop_count++, -(n + 1));
        return;
    }
    if (least == 0 && most == 0) {
        p->n = start;
        return;
    }
    if (least == 0)
        insert(p, start, SPLIT, 0, n + 1);
    for (int i = least > 0 ? least : 1; i < most && !p->failed; i++) {
        emit(p, SPLIT, 0, n + 1);
        copy(p, least == 0 ? start + 1 : start, n);
    }
}

static void read_sequence(struct program *p)
{
    for (int start = p->n; read_atom(p); start = p->n) {
        int least = 1, most = 1;
        if (eat(p, "*"))
            least = 0, most = MAX_REPEATS + 1;
        else if (eat(p, "+"))
            most = MAX_REPEATS + 1;
        else if (eat(p, "?"))
            least = 0;
        else if (!read_bounds(p, &least, &most))
            continue;
        eat(p, "?"); /* the shortest first: matches all the same */
        repeat(p, start, least, most);
        if (p->rest.n && strchr("*+?", *p->rest.p))
            fail(p, LX_EINVAL);
    }
}

static void read_alternatives(struct program *p)
{
    int start = p->n;
    if (++p->nesting > MAX_NESTING)
        fail(p, LX_ELIMIT);
    read_sequence(p);
    if (eat(p, "|")) {
        insert(p, start, SPLIT, 0, p->n - start + 2);
        int jump = p->n;
        emit(p, JUMP, 0, 0);
        read_alternatives(p);
        if (!p->failed)
            p->code[jump].y = (int16_t)(p->n - jump);
    }
    p->nesting--;
}

/* ---- Running it ----------------------------------------------------------------------------- */

struct run {
    const struct program *p;
    struct lx_slice text;
    int steps, depth;
    size_t turn[MAX_LOOPS]; /* where the loop's last turn began */
};

static bool is_word(const struct run *r, size_t at)
{
    struct set word = {{0}};
    put_class(&word, 'w');
    return at < r->text.n && is_in(&word, (unsigned char)r->text.p[at]);
}

static bool is_end(const struct run *r, size_t at, bool line)
{
    return at == r->text.n || (line && at + 1 == r->text.n && r->text.p[at] == '\n');
}

/* Whether one instruction that looks at the text holds; *at goes behind what it took. */
static bool holds(const struct run *r, const struct instruction *i, size_t *at)
{
    unsigned char c = *at < r->text.n ? (unsigned char)r->text.p[*at] : 0;
    switch ((enum op)i->op) {
    case BEGIN:
        return *at == 0;
    case END:
        return is_end(r, *at, i->x);
    case EDGE:
        return ((*at > 0 && is_word(r, *at - 1)) != is_word(r, *at)) != i->x;
    case CHAR:
        return (*at)++ < r->text.n && folded(r->p, c) == i->x;
    case SET:
        return (*at)++ < r->text.n && is_in(&r->p->sets[i->x], c);
    default:
        return (*at)++ < r->text.n && c != '\n';
    }
}

static bool match(struct run *r, int pc, size_t at);

static bool match_turn(struct run *r, int loop, int pc, size_t at)
{
    size_t before = r->turn[loop];
    r->turn[loop] = at;
    bool found = match(r, pc, at);
    r->turn[loop] = before;
    return found;
}

static bool match(struct run *r, int pc, size_t at)
{
    bool found = false, stuck = false;
    if (++r->depth > MAX_DEPTH)
        r->steps = MAX_STEPS + 1;
    while (!found && !stuck && ++r->steps <= MAX_STEPS) {
        const struct instruction *i = &r->p->code[pc];
        int next = i->y;
        if (i->op == FOUND)
            found = true;
        else if (i->op == SPLIT)
            found = match(r, pc + 1, at);
        else if (i->op == ENTER)
            found = match_turn(r, i->x, pc + 1, at);
        else if (i->op == AGAIN)
            stuck = r->turn[i->x] == at;
        else if (i->op == LOOK)
            stuck = match(r, pc + 1, at) == (bool)i->x;
        else if (i->op != JUMP)
            stuck = !holds(r, i, &at), next = 1;
        pc += next;
    }
    r->depth--;
    return found;
}

int lx_regex_search(struct lx_slice pattern, struct lx_slice text, bool any_case)
{
    struct program p; /* what is not written is not read */
    p.n = p.set_count = p.loop_count = p.nesting = p.failed = 0;
    p.rest = pattern;
    p.any_case = eat(&p, "(?i)") || any_case;
    read_alternatives(&p);
    if (p.rest.n) /* a ")" without its "(" */
        fail(&p, LX_EINVAL);
    emit(&p, FOUND, 0, 0);
    if (p.failed)
        return p.failed;
    struct run r;
    r.p = &p;
    r.text = text;
    r.steps = r.depth = 0;
    bool found = false;
    for (size_t at = 0; at <= text.n && !found && r.steps <= MAX_STEPS; at++)
        found = match(&r, 0, at) && r.steps <= MAX_STEPS;
    return r.steps > MAX_STEPS ? LX_ELIMIT : found;
}
