/*
 * scalar.c - what the text of a scalar means: YAML 1.1 types as PyYAML resolves them, and
 * exact decimal numbers.
 *
 * The forms are those of https://yaml.org/type/{null,bool,int,float}.html as narrowed by PyYAML's
 * resolver.py (6.0): "1e3" is text there, because a float needs a point, and so is "0o17".
 */
#include "config/tree.h"

static bool one_of(struct lx_slice s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lx_slice_eq(s, lx_slice_z(words[i])))
            return true;
    return false;
}
#define ONE_OF(s, words) one_of((s), (words), sizeof(words) / sizeof *(words))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* How many bytes from i on are a digit of the base, or '_'. */
static size_t digits(struct lx_slice s, size_t i, int base)
{
    size_t from = i;
    for (; i < s.n; i++) {
        char c = (char)(s.p[i] | 0x20);
        bool ok = s.p[i] == '_' || (is_digit(s.p[i]) && s.p[i] - '0' < base) ||
                  (base == 16 && c >= 'a' && c <= 'f');
        if (!ok)
            break;
    }
    return i - from;
}

static struct lx_slice without_sign(struct lx_slice s)
{
    return lx_slice_from(s, s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0);
}

/* "1:30:00": parts of sixty. How many bytes the parts after the first take. */
static size_t sixtieths(struct lx_slice s, size_t i)
{
    size_t from = i;
    while (i + 1 < s.n && s.p[i] == ':' && is_digit(s.p[i + 1])) {
        size_t n = i + 2 < s.n && is_digit(s.p[i + 2]) && s.p[i + 1] <= '5' ? 2 : 1;
        i += 1 + n;
    }
    return i - from;
}

/* The base of a YAML 1.1 integer (60 for sexagesimal), or 0. s has no sign. */
static int integer_base(struct lx_slice s)
{
    if (!s.n || !is_digit(s.p[0]))
        return 0;
    if (s.n > 2 && s.p[0] == '0' && s.p[1] == 'b' && digits(s, 2, 2) == s.n - 2)
        return 2;
    if (s.n > 2 && s.p[0] == '0' && s.p[1] == 'x' && digits(s, 2, 16) == s.n - 2)
        return 16;
    if (s.n > 1 && s.p[0] == '0')
        return digits(s, 1, 8) == s.n - 1 ? 8 : 0;
    size_t n = digits(s, 0, 10);
    if (n == s.n)
        return 10;
    return sixtieths(s, n) == s.n - n ? 60 : 0;
}

static bool is_float(struct lx_slice s)
{
    static const char *const special[] = {".inf", ".Inf", ".INF"};
    struct lx_slice u = without_sign(s);
    if (ONE_OF(u, special) || lx_slice_eq(s, LX_S(".nan")) || lx_slice_eq(s, LX_S(".NaN")) ||
        lx_slice_eq(s, LX_S(".NAN")))
        return true;
    bool whole = u.n && is_digit(u.p[0]);
    size_t i = whole ? digits(u, 0, 10) : 0;
    if (i >= u.n || u.p[i] != '.')
        return false; /* base 60 with a fraction is left as text */
    size_t fraction = digits(u, i + 1, 10);
    if (!whole && (!fraction || u.p[i + 1] == '_'))
        return false;
    i += 1 + fraction;
    if (i == u.n)
        return true;
    if (u.n - i < 3 || (u.p[i] | 0x20) != 'e' || (u.p[i + 1] != '-' && u.p[i + 1] != '+'))
        return false;
    for (i += 2; i < u.n; i++)
        if (!is_digit(u.p[i]))
            return false;
    return true;
}

enum lx_yaml_type lx_yaml_plain_type(struct lx_slice s)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const bools[] = {"yes",  "Yes",  "YES",  "no",    "No",    "NO",
                                        "true", "True", "TRUE", "false", "False", "FALSE",
                                        "on",   "On",   "ON",   "off",   "Off",   "OFF"};
    if (ONE_OF(s, nulls))
        return LX_YAML_NULL;
    if (ONE_OF(s, bools))
        return LX_YAML_BOOL;
    if (integer_base(without_sign(s)))
        return LX_YAML_INT;
    return is_float(s) ? LX_YAML_FLOAT : LX_YAML_TEXT;
}

enum lx_yaml_type lx_yaml_type(const struct lx_yaml *v)
{
    if (v->kind == LX_YAML_LIST)
        return LX_YAML_IS_LIST;
    if (v->kind == LX_YAML_MAP)
        return LX_YAML_IS_MAP;
    return v->plain ? lx_yaml_plain_type(v->text) : LX_YAML_TEXT;
}

/* ---- Numbers ---- */

static int digit_value(char c)
{
    return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Values of other bases than ten fit 63 bits or are none. */
static bool integer_value(struct lx_slice s, int base, uint64_t *out)
{
    uint64_t total = 0, part = 0;
    uint64_t radix = base == 60 ? 10 : (uint64_t)base;
    for (size_t i = base == 2 || base == 16 ? 2 : 0; i < s.n; i++) {
        if (s.p[i] == '_')
            continue;
        if (s.p[i] == ':') {
            total = (total + part) * 60;
            part = 0;
        } else {
            part = part * radix + (uint64_t)digit_value(s.p[i]);
        }
        if (part > INT64_MAX / 64 || total > INT64_MAX / 64)
            return false;
    }
    *out = total + part;
    return true;
}

/* s has no sign. */
static struct lx_slice integer_text(struct lx_slice s, bool minus, struct lx_arena *a)
{
    char *to = lx_arena_bytes(a, s.n + 1);
    size_t n = 0;
    if (!to)
        return (struct lx_slice){0};
    if (minus && !lx_slice_eq(s, LX_S("0")))
        to[n++] = '-';
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_')
            to[n++] = s.p[i];
    return lx_slice(to, n);
}

static struct lx_slice float_text(struct lx_slice s, bool minus, struct lx_arena *a)
{
    char *to = lx_arena_bytes(a, s.n + 4);
    size_t n = 0, i = 0;
    if (!to)
        return (struct lx_slice){0};
    if (minus)
        to[n++] = '-';
    while (i + 1 < s.n && (s.p[i] == '_' || (s.p[i] == '0' && is_digit(s.p[i + 1]))))
        i++;
    if (i < s.n && s.p[i] == '.')
        to[n++] = '0';
    for (; i < s.n; i++) {
        if (s.p[i] != '_')
            to[n++] = s.p[i];
        /* JSON wants a digit after the point. */
        if (s.p[i] == '.' && (i + 1 == s.n || (s.p[i + 1] | 0x20) == 'e'))
            to[n++] = '0';
    }
    return lx_slice(to, n);
}

struct lx_slice lx_yaml_number(struct lx_slice text, struct lx_arena *a)
{
    bool minus = text.n && text.p[0] == '-';
    struct lx_slice s = without_sign(text);
    int base = integer_base(s);
    uint64_t value;
    if (base && base != 10) {
        if (!integer_value(s, base, &value))
            return (struct lx_slice){0};
        return lx_arena_printf(a, "%s%llu", minus && value ? "-" : "", (unsigned long long)value);
    }
    if (base == 10)
        return integer_text(s, minus, a);
    bool special = s.n > 1 && s.p[0] == '.' && !is_digit(s.p[1]); /* infinity, not a number */
    return is_float(text) && !special ? float_text(s, minus, a) : (struct lx_slice){0};
}

int lx_yaml_bool(struct lx_slice text, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (lx_slice_eq_nocase(text, lx_slice_z(yes[i]))) {
            *out = true;
            return 0;
        }
        if (lx_slice_eq_nocase(text, lx_slice_z(no[i]))) {
            *out = false;
            return 0;
        }
    }
    return LX_EINVAL;
}

/* One more digit of a number that may not pass INT64_MAX. */
static bool push_digit(uint64_t *value, char c)
{
    if (*value > (INT64_MAX - 9) / 10)
        return false;
    *value = *value * 10 + (uint64_t)(c - '0');
    return true;
}

int lx_yaml_decimal(struct lx_slice text, int shift, int64_t *out)
{
    struct lx_slice s = without_sign(text), mantissa = s, exponent = {0}, whole, fraction = {0};
    int64_t power = 0;
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] | 0x20) == 'e') {
            mantissa = lx_slice_to(s, i);
            exponent = lx_slice_from(s, i + 1);
            if (exponent.n && exponent.p[0] == '+')
                exponent = lx_slice_from(exponent, 1);
            if (lx_slice_int(exponent, &power) != 0 || power > 40 || power < -400)
                return LX_EINVAL;
            break;
        }
    }
    lx_slice_cut(mantissa, '.', &whole, &fraction);
    if (whole.n + fraction.n == 0)
        return LX_EINVAL;
    uint64_t value = 0;
    bool rest = false;
    /* Digit i stands for 10^(whole.n - 1 - i); those below 10^-(power + shift) are the rest. */
    int64_t keep = (int64_t)whole.n + power + shift;
    for (int64_t i = 0; i < (int64_t)(whole.n + fraction.n) || i < keep; i++) {
        char c = '0';
        if (i < (int64_t)whole.n)
            c = whole.p[i];
        else if (i - (int64_t)whole.n < (int64_t)fraction.n)
            c = fraction.p[i - (int64_t)whole.n];
        if (!is_digit(c))
            return LX_EINVAL;
        if (i >= keep)
            rest = rest || c != '0';
        else if (!push_digit(&value, c))
            return LX_EINVAL;
    }
    if (keep <= 0)
        value = 0;
    value += rest;
    *out = text.n && text.p[0] == '-' ? -(int64_t)value : (int64_t)value;
    return 0;
}
