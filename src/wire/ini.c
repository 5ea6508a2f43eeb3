/*
 * ini.c - see ini.h. Scans the text each time it is asked: files of a few lines, read seldom.
 */
#include "wire/ini.h"

struct line {
    struct lx_slice section; /* of the line, as far as it has been read */
    struct lx_slice key, value;
    bool opens;     /* it is a section's head */
    size_t indent;  /* of the line */
    size_t nesting; /* deeper lines belong to a key before */
    bool nests;
};

static size_t indent_of(struct lx_slice line)
{
    size_t n = 0;
    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
        n++;
    return n;
}

/* Reads the next line that says something. False at the end. */
static bool next(struct lx_slice *text, struct line *l)
{
    struct lx_slice raw, s;
    while (text->n) {
        lx_slice_cut(*text, '\n', &raw, text);
        s = lx_slice_trim(raw);
        l->indent = indent_of(raw);
        l->opens = s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
        if (l->opens) {
            l->section = lx_slice_trim(lx_slice(s.p + 1, s.n - 2));
            l->nests = false;
            return true;
        }
        if (!s.n || s.p[0] == '#' || s.p[0] == ';' || (l->nests && l->indent > l->nesting) ||
            !lx_slice_cut(s, '=', &l->key, &l->value))
            continue;
        l->key = lx_slice_trim(l->key);
        l->value = lx_slice_trim(l->value);
        l->nests = !l->value.n;
        l->nesting = l->indent;
        return true;
    }
    return false;
}

static struct lx_slice unquoted(struct lx_slice s)
{
    s = lx_slice_trim(s);
    bool quoted = s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0];
    return quoted ? lx_slice(s.p + 1, s.n - 2) : s;
}

/* Words one by one: of "profile x" the first, then the rest as one. */
static bool is_section(struct lx_slice have, struct lx_slice wanted)
{
    struct lx_slice head, rest, wanted_head, wanted_rest;
    if (lx_slice_eq(unquoted(have), wanted))
        return true;
    return lx_slice_cut(have, ' ', &head, &rest) &&
           lx_slice_cut(wanted, ' ', &wanted_head, &wanted_rest) &&
           lx_slice_eq(head, wanted_head) && lx_slice_eq(unquoted(rest), wanted_rest);
}

struct lx_slice lx_ini_get(struct lx_slice text, struct lx_slice section, struct lx_slice key)
{
    struct line l = {.nests = false};
    struct lx_slice found = {0};
    bool inside = false;
    while (next(&text, &l)) {
        if (l.opens)
            inside = is_section(l.section, section);
        else if (inside && lx_slice_eq_nocase(l.key, key))
            found = l.value;
    }
    return found;
}

bool lx_ini_has(struct lx_slice text, struct lx_slice section)
{
    struct line l = {.nests = false};
    while (next(&text, &l))
        if (l.opens && is_section(l.section, section))
            return true;
    return false;
}
