/*
 * check.c - the walk over the tree against the table: every key gets its row or a finding,
 * every value its type or an error that says what was expected.
 *
 * It writes into the objects its callers give it, at the offsets the rows name. It does not know
 * what the values are for.
 */
#include "config/load.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

/* ---- Values from the environment ---------------------------------------------------------- */

#define ENVIRON LX_S("os.environ/")

/* The variable's value, NUL-terminated; NULL when it is not set. */
static const char *look_up(struct lx_load *l, struct lx_slice name)
{
    char *z = lx_arena_copy_z(&l->set.arena, name);
    return z ? l->env.get(l->env.arg, z) : NULL;
}

const struct lx_yaml *lx_load_setting(const struct lx_load *l, const char *section, const char *key)
{
    const struct lx_yaml *v =
        lx_yaml_get(lx_yaml_get(l->root, lx_slice_z(section)), lx_slice_z(key));
    return v && lx_yaml_type(v) != LX_YAML_NULL ? v : NULL;
}

struct lx_slice lx_load_peek(struct lx_load *l, const struct lx_yaml *v)
{
    if (!lx_slice_starts(v->text, ENVIRON))
        return v->text;
    return lx_slice_z(look_up(l, lx_slice_from(v->text, ENVIRON.n)));
}

struct lx_slice lx_load_text(struct lx_load *l, const struct lx_yaml *v, struct lx_slice path)
{
    struct lx_slice text = lx_load_peek(l, v);
    if (!text.p)
        lx_diag_add(l->diags, LX_DIAG_WARNING, v, path,
                    "the environment variable %.*s is not set; as if the key were not given",
                    LX_F(lx_slice_to(lx_slice_from(v->text, ENVIRON.n), 200)));
    return text;
}

static void write_scalar(struct lx_load *l, const struct lx_yaml *v, struct lx_out *out)
{
    struct lx_slice text = v->text, number;
    bool yes = false;
    switch (lx_yaml_type(v)) {
    case LX_YAML_NULL:
        lx_out_null(out, NULL);
        return;
    case LX_YAML_BOOL:
        lx_yaml_bool(text, &yes);
        lx_out_bool(out, NULL, yes);
        return;
    case LX_YAML_INT:
    case LX_YAML_FLOAT:
        number = lx_yaml_number(text, &l->set.arena);
        if (number.p) {
            lx_out_raw(out, NULL, number);
            return;
        }
        break;
    default:
        if (lx_slice_starts(text, ENVIRON))
            text = lx_load_text(l, v, (struct lx_slice){0});
        break;
    }
    if (text.p)
        lx_out_str(out, NULL, text);
    else
        lx_out_null(out, NULL);
}

void lx_load_write_json(struct lx_load *l, const struct lx_yaml *v, struct lx_out *out)
{
    if (v->kind == LX_YAML_SCALAR) {
        write_scalar(l, v, out);
    } else if (v->kind == LX_YAML_LIST) {
        lx_out_array(out, NULL);
        for (size_t i = 0; i < v->n && !out->buf->failed; i++)
            lx_load_write_json(l, v->items[i], out);
        lx_out_array_end(out);
    } else {
        lx_out_object(out, NULL);
        for (size_t i = 0; i < v->n && !out->buf->failed; i++) {
            lx_out_name(out, lx_text(v->pairs[i].key->text)); /* "" for what is no scalar */
            lx_load_write_json(l, v->pairs[i].value, out);
        }
        lx_out_object_end(out);
    }
}

struct lx_slice lx_load_json(struct lx_load *l, const struct lx_yaml *v)
{
    struct lx_buf b;
    lx_buf_init(&b, 1 << 20);
    struct lx_out out = lx_out(&b);
    lx_load_write_json(l, v, &out);
    struct lx_slice json = {0};
    if (b.failed)
        lx_diag_add(l->diags, LX_DIAG_ERROR, v, (struct lx_slice){0}, "%s",
                    b.failed == LX_ELIMIT ? "larger than 1 MiB as JSON" : "out of memory");
    else
        json = lx_arena_copy(&l->config->arena, lx_buf_slice(&b));
    lx_buf_clear(&b);
    return json;
}

/* ---- One value ---------------------------------------------------------------------------- */

/* Each writes the value of a type at `to`; false: the text is not of that type. */

static bool read_bool(struct lx_load *l, struct lx_slice text, void *to)
{
    (void)l;
    return lx_yaml_bool(text, to) == 0;
}

static bool read_tristate(struct lx_load *l, struct lx_slice text, void *to)
{
    bool yes;
    (void)l;
    if (lx_yaml_bool(text, &yes) != 0)
        return false;
    *(enum lx_tristate *)to = yes ? LX_YES : LX_NO;
    return true;
}

/* A whole number of at least `least`. "4.0" and "4" both are. */
static bool read_whole(struct lx_slice text, int64_t least, int64_t most, int64_t *out)
{
    int64_t v, fine;
    if (lx_yaml_decimal(text, 0, &v) != 0 || v < least || v > most)
        return false;
    if (v < INT64_MAX / 1000 && lx_yaml_decimal(text, 3, &fine) == 0 && fine != v * 1000)
        return false;
    *out = v;
    return true;
}

static bool read_count(struct lx_load *l, struct lx_slice text, void *to)
{
    (void)l;
    return read_whole(text, 0, INT64_MAX, to);
}

static bool read_positive(struct lx_load *l, struct lx_slice text, void *to)
{
    (void)l;
    return read_whole(text, 1, INT64_MAX, to);
}

static bool read_size(struct lx_load *l, struct lx_slice text, void *to)
{
    int64_t v;
    (void)l;
    if (!read_whole(text, 1, PTRDIFF_MAX, &v))
        return false;
    *(size_t *)to = (size_t)v;
    return true;
}

static bool read_size_32(struct lx_load *l, struct lx_slice text, void *to)
{
    int64_t v;
    (void)l;
    if (!read_whole(text, 1, INT32_MAX, &v))
        return false;
    *(uint32_t *)to = (uint32_t)v;
    return true;
}

static bool read_seconds(struct lx_load *l, struct lx_slice text, void *to)
{
    enum { A_YEAR = 366 * 24 * 3600 };
    int64_t ms;
    (void)l;
    if (lx_yaml_decimal(text, 3, &ms) != 0 || ms < 0 || ms > A_YEAR * INT64_C(1000))
        return false;
    *(int64_t *)to = ms;
    return true;
}

static bool read_ppm(struct lx_load *l, struct lx_slice text, void *to)
{
    int64_t v;
    (void)l;
    if (lx_yaml_decimal(text, 6, &v) != 0 || v < 0 || v > INT64_C(1000000000000))
        return false;
    *(int64_t *)to = v;
    return true;
}

static bool read_nano_usd(struct lx_load *l, struct lx_slice text, void *to)
{
    int64_t v;
    (void)l;
    if (lx_yaml_decimal(text, 9, &v) != 0 || v < 0)
        return false;
    *(int64_t *)to = v;
    return true;
}

static bool read_duration(struct lx_load *l, struct lx_slice text, void *to)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"mo", 2592000000}, {"w", 604800000}, {"d", 86400000},
                 {"h", 3600000},     {"m", 60000},     {"s", 1000}};
    int64_t n;
    (void)l;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct lx_slice unit = lx_slice_z(units[i].unit);
        if (!lx_slice_ends(text, unit))
            continue;
        if (!read_whole(lx_slice_to(text, text.n - unit.n), 1, 100000, &n))
            return false;
        *(int64_t *)to = n * units[i].ms;
        return true;
    }
    return false;
}

static bool read_megabytes(struct lx_load *l, struct lx_slice text, void *to)
{
    int64_t millionths;
    (void)l;
    if (lx_yaml_decimal(text, 6, &millionths) != 0 || millionths < 1 ||
        millionths > INT64_C(1000000) * 1000000)
        return false;
    /* Whole MiB and the rest apart, so that nothing overflows; a part of a byte counts as one. */
    *(int64_t *)to =
        millionths / 1000000 * 1048576 + (millionths % 1000000 * 1048576 + 999999) / 1000000;
    return true;
}

static bool read_megabytes_or_0(struct lx_load *l, struct lx_slice text, void *to)
{
    int64_t millionths;
    if (lx_yaml_decimal(text, 6, &millionths) != 0 || millionths)
        return read_megabytes(l, text, to);
    *(int64_t *)to = 0;
    return true;
}

static bool read_megabytes_size(struct lx_load *l, struct lx_slice text, void *to)
{
    int64_t bytes;
    if (!read_megabytes(l, text, &bytes) || bytes > PTRDIFF_MAX)
        return false;
    *(size_t *)to = (size_t)bytes;
    return true;
}

static bool read_string(struct lx_load *l, struct lx_slice text, void *to)
{
    *(struct lx_slice *)to = lx_arena_copy(&l->config->arena, text);
    return true;
}

static bool read_z(struct lx_load *l, struct lx_slice text, void *to)
{
    if (memchr(text.p, 0, text.n))
        return false;
    *(const char **)to = lx_arena_copy_z(&l->config->arena, text);
    return true;
}

static bool read_secret(struct lx_load *l, struct lx_slice text, void *to)
{
    struct lx_secret *s = to;
    lx_secret_clear(s);
    if (lx_secret_init(s, lx_slice_trim(text)) != 0)
        l->config->arena.failed = LX_ENOMEM;
    return true;
}

/* A list of strings; one string alone will do. */
static bool read_strings(struct lx_load *l, struct lx_slice text, void *to)
{
    struct lx_strings *list = to;
    list->v = lx_arena_new(&l->config->arena, struct lx_slice);
    if (list->v)
        list->v[list->n++] = lx_arena_copy(&l->config->arena, text);
    return true;
}

/* Of a file that is needed to serve at all. */
static bool read_file(struct lx_load *l, struct lx_slice text, void *to)
{
    const char **path = to;
    return read_z(l, text, to) && *path && access(*path, R_OK) == 0;
}

static bool read_ssl_verify(struct lx_load *l, struct lx_slice text, void *to)
{
    struct lx_tls_options *tls = to;
    bool verify = true;
    if (lx_yaml_bool(text, &verify) != 0 && !read_file(l, text, &tls->ca_file))
        return false;
    tls->no_verify = !verify;
    return true;
}

static bool read_trust(struct lx_load *l, struct lx_slice text, void *to)
{
    const char **trust = to;
    bool verify;
    if (lx_yaml_bool(text, &verify) != 0)
        return read_file(l, text, to);
    *trust = verify ? "true" : "false";
    return true;
}

static bool read_ssl_certificate(struct lx_load *l, struct lx_slice text, void *to)
{
    struct lx_tls_options *tls = to;
    if (!read_file(l, text, &tls->cert_file))
        return false;
    tls->key_file = tls->cert_file;
    return true;
}

static const struct {
    bool (*read)(struct lx_load *, struct lx_slice text, void *to);
    const char *expected;
} types[] = {
    [LX_TYPE_NODE] = {NULL, NULL},
    [LX_TYPE_ANY] = {NULL, NULL},
    [LX_TYPE_BOOL] = {read_bool, "true or false"},
    [LX_TYPE_TRISTATE] = {read_tristate, "true or false"},
    [LX_TYPE_COUNT] = {read_count, "a whole number, 0 or more"},
    [LX_TYPE_POSITIVE] = {read_positive, "a whole number, 1 or more"},
    [LX_TYPE_SIZE] = {read_size, "a whole number, 1 or more"},
    [LX_TYPE_SIZE_32] = {read_size_32, "a whole number from 1 to 2147483647"},
    [LX_TYPE_SECONDS] = {read_seconds, "a number of seconds"},
    [LX_TYPE_PPM] = {read_ppm, "a number, 0 or more"},
    [LX_TYPE_DURATION] = {read_duration, "a length of time: 30s, 10m, 2h, 1d, 1w, 1mo"},
    [LX_TYPE_NANO_USD] = {read_nano_usd, "an amount in dollars"},
    [LX_TYPE_MEGABYTES] = {read_megabytes, "a number of MiB above 0"},
    [LX_TYPE_MEGABYTES_OR_0] = {read_megabytes_or_0, "a number of MiB, or 0"},
    [LX_TYPE_MEGABYTES_SIZE] = {read_megabytes_size, "a number of MiB above 0"},
    [LX_TYPE_STRING] = {read_string, "text"},
    [LX_TYPE_Z] = {read_z, "text"},
    [LX_TYPE_SECRET] = {read_secret, "a key (text)"},
    [LX_TYPE_STRINGS] = {read_strings, "a list of text"},
    [LX_TYPE_SSL_VERIFY] = {read_ssl_verify, "true, false, or the path of a file that can be read"},
    [LX_TYPE_TRUST] = {read_trust, "true, false, or the path of a file that can be read"},
    [LX_TYPE_SSL_CERTIFICATE] = {read_ssl_certificate, "the path of a file that can be read"},
    [LX_TYPE_SECTION] = {NULL, NULL},
};

/* "found ..." without anything that should not be printed: control bytes, secrets, and what came
 * from the environment. */
static void describe(const struct lx_yaml *v, bool hidden, char *out, size_t n)
{
    if (v->kind != LX_YAML_SCALAR) {
        snprintf(out, n, "found a %s", v->kind == LX_YAML_LIST ? "list" : "mapping");
        return;
    }
    if (hidden) {
        snprintf(out, n, "found something else");
        return;
    }
    struct lx_slice s = lx_slice_to(v->text, 60);
    s.n = lx_utf8_valid(s);
    snprintf(out, n, "found \"%.*s%s\"", LX_F(s), s.n < v->text.n ? "..." : "");
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
}

static void read_items(struct lx_load *l, const struct lx_yaml *list, struct lx_slice path,
                       struct lx_strings *to)
{
    to->v = lx_arena_alloc(&l->config->arena, (list->n + 1) * sizeof *to->v);
    to->n = 0;
    for (size_t i = 0; to->v && i < list->n; i++) {
        const struct lx_yaml *v = list->items[i];
        if (v->kind != LX_YAML_SCALAR) {
            lx_diag_add(l->diags, LX_DIAG_ERROR, v, path, "expected text, found a %s",
                        v->kind == LX_YAML_LIST ? "list" : "mapping");
            continue;
        }
        struct lx_slice text = lx_load_text(l, v, path);
        if (text.p)
            to->v[to->n++] = lx_arena_copy(&l->config->arena, text);
    }
}

static void read_value(struct lx_load *l, const struct lx_config_option *o, const struct lx_yaml *v,
                       struct lx_slice path, void *to)
{
    if (lx_yaml_type(v) == LX_YAML_NULL)
        return; /* as if it were not there */
    if (!types[o->type].read) {
        *(const struct lx_yaml **)to = v;
        return;
    }
    if (o->type == LX_TYPE_STRINGS && v->kind == LX_YAML_LIST) {
        read_items(l, v, path, to);
        return;
    }
    struct lx_slice text = {0};
    if (v->kind == LX_YAML_SCALAR) {
        text = lx_load_text(l, v, path);
        if (!text.p)
            return;
        enum lx_yaml_type type = lx_yaml_type(v);
        struct lx_slice number = {0};
        if (type == LX_YAML_INT || type == LX_YAML_FLOAT) /* 1_000, 0x10 */
            number = lx_yaml_number(text, &l->set.arena);
        bool typed = o->type != LX_TYPE_STRING && o->type != LX_TYPE_Z &&
                     o->type != LX_TYPE_SECRET && o->type != LX_TYPE_STRINGS;
        if (types[o->type].read(l, typed && number.p ? number : text, to))
            return;
    }
    char found[128];
    describe(v, o->type == LX_TYPE_SECRET || text.p != v->text.p, found, sizeof found);
    lx_diag_add(l->diags, LX_DIAG_ERROR, v, path, "expected %s, %s", types[o->type].expected,
                found);
}

/* ---- The walk ----------------------------------------------------------------------------- */

static struct lx_slice join(struct lx_load *l, struct lx_slice section, struct lx_slice key)
{
    return lx_arena_printf(&l->set.arena, "%.*s%s%.*s", LX_F(section), section.n ? "." : "",
                           LX_F(lx_slice_to(key, 200)));
}

static void add_unknown(struct lx_load *l, struct lx_slice section, const struct lx_yaml *key)
{
    struct lx_slice near = lx_config_option_near(section, key->text, &l->set.arena);
    lx_diag_add(l->diags, LX_DIAG_UNKNOWN, key, join(l, section, key->text),
                near.n ? "unknown key; did you mean %.*s?" : "unknown key", LX_F(near));
}

/* The names inside of a section that no code reads yet. Rows bound the depth. */
static void check_names(struct lx_load *l, struct lx_slice path, const struct lx_yaml *v)
{
    struct lx_slice any = join(l, path, LX_S("*"));
    struct lx_slice item = lx_arena_printf(&l->set.arena, "%.*s[]", LX_F(path));
    if (v->kind == LX_YAML_LIST && lx_config_option_section_exists(item)) {
        for (size_t i = 0; i < v->n; i++)
            if (v->items[i]->kind == LX_YAML_MAP)
                check_names(l, item, v->items[i]);
    }
    if (v->kind != LX_YAML_MAP)
        return;
    if (lx_config_option_section_exists(any)) {
        for (size_t i = 0; i < v->n; i++)
            check_names(l, any, v->pairs[i].value);
    } else if (lx_config_option_section_exists(path)) {
        for (size_t i = 0; i < v->n; i++) {
            const struct lx_yaml *key = v->pairs[i].key;
            if (!lx_config_option_find(path, key->text))
                add_unknown(l, path, key);
            else
                check_names(l, join(l, path, key->text), v->pairs[i].value);
        }
    }
}

/* A member that goes to the provider as it stands. One that is nearly a key of ours is looked
 * at: LiteLLM sends "api_bsae" along, too, and nobody notices. */
static void add_member(struct lx_load *l, struct lx_slice section, const struct lx_yaml_pair *pair,
                       bool named, struct lx_out *body)
{
    struct lx_slice near = {0}, name = pair->key->text;
    if (!named && name.n > 5)
        near = lx_config_option_near(section, name, &l->set.arena);
    if (near.n && near.n + 1 >= name.n && near.n <= name.n + 1)
        lx_diag_add(l->diags, LX_DIAG_WARNING, pair->key, join(l, section, name),
                    "sent to the provider as it stands; did you mean %.*s?", LX_F(near));
    if (lx_yaml_type(pair->value) == LX_YAML_NULL)
        return;
    lx_out_name(body, lx_text(name));
    lx_load_write_json(l, pair->value, body);
}

/* What it means for whoever relies on it, that a key has no effect; by the subject of its row. */
static const char *what_is_open(const struct lx_config_option *o)
{
    static const struct {
        const char *subjects, *words;
    } rows[] = {
        {"*guardrails*|policies", ", and checks nothing"},
        {"who may do what|JWT", ", and keeps nobody out"},
        {"limits*|budgets*", ", and limits nothing"},
        {"keys kept elsewhere", ", and no key is found there"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (lx_glob_match(lx_slice_z(rows[i].subjects), lx_slice_z(o->help)))
            return rows[i].words;
    return "";
}

static void read_pair(struct lx_load *l, struct lx_slice section, const struct lx_yaml_pair *pair,
                      void *object, struct lx_out *body)
{
    const struct lx_yaml *key = pair->key;
    if (key->kind != LX_YAML_SCALAR) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, key, section, "expected the name of a key");
        return;
    }
    struct lx_slice path = join(l, section, key->text);
    const struct lx_config_option *o = lx_config_option_find(section, key->text);
    if (body && (!o || o->state == LX_OPTION_BODY)) {
        add_member(l, section, pair, o != NULL, body);
        return;
    }
    if (!o) {
        add_unknown(l, section, key);
        return;
    }
    switch (o->state) {
    case LX_OPTION_KNOWN:
        lx_diag_add(l->diags, LX_DIAG_NOT_BUILT, key, path,
                    "known, but not built yet: it has no effect%s", what_is_open(o));
        check_names(l, path, pair->value);
        break;
    case LX_OPTION_NOTHING:
        lx_diag_add(l->diags, LX_DIAG_NOTE, key, path, "has no effect: %s", o->help);
        break;
    case LX_OPTION_BODY:
    case LX_OPTION_BUILT:
        if (object && o->at != LX_BY_HAND)
            read_value(l, o, pair->value, path, (char *)object + o->at);
        break;
    }
}

void lx_section_read(struct lx_load *l, const char *section, const struct lx_yaml *map,
                     void *object, struct lx_out *body)
{
    struct lx_slice path = lx_slice_z(section);
    if (!map || lx_yaml_type(map) == LX_YAML_NULL)
        return;
    if (map->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, map, path, "expected a mapping, found %s",
                    map->kind == LX_YAML_LIST ? "a list" : "a single value");
        return;
    }
    for (size_t i = 0; i < map->n; i++)
        read_pair(l, path, &map->pairs[i], object, body);
}

/* ---- The environment ---------------------------------------------------------------------- */

static const char *first_set(struct lx_load *l, const char *names, struct lx_slice *name)
{
    struct lx_slice rest = lx_slice_z(names);
    while (rest.n) {
        lx_slice_cut(rest, '|', name, &rest);
        const char *value = look_up(l, *name);
        if (value && *value)
            return value;
    }
    return NULL;
}

void lx_section_read_env(struct lx_load *l)
{
    static const struct lx_yaml_file file = {.name = LX_S_INIT("environment"), .order = -1};
    /* From the last, so that LiteLLM's rows win over ours as they do in the files. */
    for (size_t i = lx_config_option_count; i-- > 0;) {
        const struct lx_config_option *o = &lx_config_options[i];
        struct lx_slice name;
        const char *value = o->env ? first_set(l, o->env, &name) : NULL;
        if (!value)
            continue;
        struct lx_yaml v = {.file = &file, .text = lx_slice_z(value)};
        read_value(l, o, &v, name, (char *)l->config + o->at);
    }
}
