/*
 * config.c - the life of a configuration: files read and merged, sections handed to those who read
 * them, the snapshot counted and freed.
 *
 * The order of a load decides what wins: the environment, then the sections, litellm_settings after
 * llmux_settings and router_settings after both. Everything read from YAML is wiped at the end.
 */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    MAX_CONFIG_BYTES = 256 * 1024 * 1024,
    MAX_FILE_BYTES = 16 * 1024 * 1024,
    MAX_FILES = 64,
};

/* ---- The snapshot ------------------------------------------------------------------------- */

struct lx_config *lx_config_new(void)
{
    struct lx_config *c = calloc(1, sizeof *c);
    uint64_t seed[2] = {0};
    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    lx_arena_init(&c->arena, MAX_CONFIG_BYTES);
    if (getrandom(seed, sizeof seed, GRND_NONBLOCK) < 0)
        seed[0] = (uint64_t)(uintptr_t)c; /* only names of this file are ever put in */
    lx_route_table_init(&c->routes, &c->arena, seed);
    c->max_request_bytes = INT64_C(100) << 20;
    c->shutdown_ms = 30000;
    c->health.details = true;
    c->health.interval_ms = 300000;
    c->health.at_once = 16;
    c->max_connections = 16384;
    c->client_idle_ms = 75000;
    c->client_head_ms = 10000;
    c->client_body_ms = 30000;
    c->client_queue_bytes = 256 * 1024;
    c->anthropic_ping_ms = 15000;
    return c;
}

struct lx_config *lx_config_ref(struct lx_config *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

/* Headers are plain bytes to those who send them; here ends what was secret among them. */
static void wipe_headers(const struct lx_model_group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct lx_headers *h = &g->deployments[i]->headers;
        for (size_t k = 0; k < h->n; k++)
            if (h->v[k].secret)
                lx_wipe((void *)(uintptr_t)h->v[k].value.p, h->v[k].value.n);
    }
}

void lx_config_unref(struct lx_config *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < c->routes.count; i++)
        wipe_headers(c->routes.groups[i]);
    for (size_t i = 0; i < c->owned_count; i++)
        lx_secret_clear(&c->owned[i]->key);
    for (struct lx_credential_source *s = c->credentials; s; s = s->next)
        lx_credential_source_clear(s);
    lx_secret_clear(&c->master_key);
    lx_secret_clear(&c->redis.url);
    lx_secret_clear(&c->redis.password);
    lx_route_state_unbind(&c->routes);
    lx_catalog_free(c->catalog);
    lx_catalog_free(c->map.catalog);
    lx_config_clear_tokenizers(c);
    if (c->source)
        lx_yaml_set_clear(&c->source->set);
    free(c->source);
    lx_arena_clear(&c->arena);
    free(c);
}

/* ---- Files -------------------------------------------------------------------------------- */

/* The whole file into out. 0, or -errno. */
static int slurp(const char *path, struct lx_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (;;) {
        char *to = lx_buf_reserve(out, 65536);
        ssize_t n = to ? read(fd, to, 65536) : -1;
        if (n > 0) {
            lx_buf_commit(out, (size_t)n);
            continue;
        }
        int code = n == 0 ? 0 : !to ? (out->failed == LX_ELIMIT ? -EFBIG : -ENOMEM) : -errno;
        if (code == -EINTR)
            continue;
        close(fd);
        return code;
    }
}

static const struct lx_yaml_file *new_file(struct lx_load *l, const char *name)
{
    struct lx_yaml_file *f = lx_arena_new(&l->set.arena, struct lx_yaml_file);
    if (!f)
        return NULL;
    f->name = lx_arena_copy(&l->set.arena, lx_slice_z(name));
    f->order = l->files++;
    return f;
}

/* One file's mapping; NULL with an error for anything else. */
static struct lx_yaml *read_text(struct lx_load *l, struct lx_slice text,
                                 const struct lx_yaml_file *file)
{
    size_t errors = l->diags->errors;
    struct lx_yaml at = {.file = file, .line = 1, .column = 1};
    struct lx_yaml *root = file ? lx_yaml_read(&l->set, text, file, l->diags) : NULL;
    if (root && root->kind == LX_YAML_MAP)
        return root;
    if (l->diags->errors == errors)
        lx_diag_add(l->diags, LX_DIAG_ERROR, &at, (struct lx_slice){0},
                    "expected a mapping of sections (model_list, ...), found %s",
                    !root || lx_yaml_type(root) == LX_YAML_NULL ? "nothing"
                    : root->kind == LX_YAML_LIST                ? "a list"
                                                                : "a single value");
    return NULL;
}

static struct lx_yaml *read_file(struct lx_load *l, const char *path, const struct lx_yaml *at)
{
    struct lx_buf text;
    struct lx_yaml *root = NULL;
    const struct lx_yaml_file *file = new_file(l, path);
    struct lx_yaml here = {.file = file};
    lx_buf_init(&text, MAX_FILE_BYTES + 65536);
    int code = slurp(path, &text);
    if (code != 0)
        lx_diag_add(l->diags, LX_DIAG_ERROR, at ? at : &here, at ? LX_S("include") : LX_S(""),
                    "cannot read %s: %s", path, strerror(-code));
    else
        root = read_text(l, lx_buf_slice(&text), file);
    if (text.p)
        lx_wipe(text.p, text.n);
    lx_buf_clear(&text);
    return root;
}

/* ---- Includes ----------------------------------------------------------------------------- */

/*
 * As LiteLLM merges them (1.106.2, config_includes.py): one after the other into the file that
 * includes, nested ones last; lists are joined, anything else is replaced; a path is relative to
 * the file that names it, else to the first file; a file is read once, so that a circle ends.
 */
struct include {
    const struct lx_yaml *entry;
    const char *dir;
};
struct includes {
    struct include queue[MAX_FILES];
    size_t n;
    char *seen[MAX_FILES];
    size_t seen_count;
};

static const char *directory_of(struct lx_load *l, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct lx_slice dir = slash ? lx_slice(path, (size_t)(slash - path) + 1) : LX_S("");
    return lx_arena_copy_z(&l->set.arena, dir);
}

static const char *path_in(struct lx_load *l, const char *dir, struct lx_slice name)
{
    bool absolute = name.n && name.p[0] == '/';
    bool slash = *dir && dir[strlen(dir) - 1] != '/';
    struct lx_slice path = lx_arena_printf(&l->set.arena, "%s%s%.*s", absolute ? "" : dir,
                                           slash && !absolute ? "/" : "", LX_F(name));
    return lx_arena_copy_z(&l->set.arena, path);
}

static bool was_seen(struct includes *in, struct lx_load *l, const char *path)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return false; /* reading it will say why */
    for (size_t i = 0; i < in->seen_count; i++)
        if (!strcmp(in->seen[i], real))
            return true;
    if (in->seen_count < MAX_FILES)
        in->seen[in->seen_count] = lx_arena_copy_z(&l->set.arena, lx_slice_z(real));
    if (in->seen_count < MAX_FILES && in->seen[in->seen_count])
        in->seen_count++;
    return false;
}

static void enqueue(struct lx_load *l, struct includes *in, const struct lx_yaml *root,
                    const char *dir)
{
    const struct lx_yaml *list = lx_yaml_get(root, LX_S("include"));
    if (!list)
        return;
    if (list->kind != LX_YAML_LIST) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, list, LX_S("include"),
                    "expected a list of file names");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct lx_yaml *entry = list->items[i];
        if (entry->kind != LX_YAML_SCALAR || !entry->text.n ||
            memchr(entry->text.p, 0, entry->text.n))
            lx_diag_add(l->diags, LX_DIAG_ERROR, entry, LX_S("include"), "expected a file name");
        else if (in->n == MAX_FILES)
            lx_diag_add(l->diags, LX_DIAG_ERROR, entry, LX_S("include"), "more than 64 files");
        else
            in->queue[in->n++] = (struct include){entry, dir};
    }
}

/* a + b, both lists. */
static struct lx_yaml *concatenated(struct lx_load *l, const struct lx_yaml *a,
                                    const struct lx_yaml *b)
{
    struct lx_yaml *list = lx_yaml_new(&l->set, LX_YAML_LIST, a);
    struct lx_yaml **items = lx_arena_alloc(&l->set.arena, (a->n + b->n + 1) * sizeof *items);
    if (!list || !items)
        return NULL;
    for (size_t i = 0; i < a->n + b->n; i++)
        items[i] = i < a->n ? a->items[i] : b->items[i - a->n];
    list->items = items;
    list->n = a->n + b->n;
    return list;
}

static struct lx_yaml *merged(struct lx_load *l, const struct lx_yaml *base,
                              const struct lx_yaml *more)
{
    struct lx_yaml *map = lx_yaml_new(&l->set, LX_YAML_MAP, base);
    struct lx_yaml_pair *pairs = lx_arena_alloc(&l->set.arena, (base->n + more->n) * sizeof *pairs);
    if (!map || !pairs)
        return NULL;
    map->pairs = pairs;
    for (size_t i = 0; i < base->n; i++)
        pairs[map->n++] = base->pairs[i];
    for (size_t i = 0; i < more->n; i++) {
        struct lx_yaml_pair pair = more->pairs[i];
        size_t at = 0;
        if (lx_slice_eq(pair.key->text, LX_S("include")))
            continue;
        while (at < map->n && !lx_slice_eq(pairs[at].key->text, pair.key->text))
            at++;
        if (at < map->n && pairs[at].value->kind == LX_YAML_LIST &&
            pair.value->kind == LX_YAML_LIST)
            pair.value = concatenated(l, pairs[at].value, pair.value);
        if (!pair.value)
            return NULL;
        pairs[at] = pair;
        map->n += at == map->n;
    }
    return map;
}

static void read_includes(struct lx_load *l, const char *path, const char *dir)
{
    struct includes in = {0};
    if (path)
        was_seen(&in, l, path);
    enqueue(l, &in, l->root, dir);
    for (size_t i = 0; i < in.n && dir; i++) {
        const struct lx_yaml *entry = in.queue[i].entry;
        const char *name = path_in(l, in.queue[i].dir, entry->text);
        const char *other = path_in(l, dir, entry->text);
        if (name && other && access(name, F_OK) != 0 && access(other, F_OK) == 0)
            name = other;
        if (!name)
            return;
        if (was_seen(&in, l, name)) {
            lx_diag_add(l->diags, LX_DIAG_WARNING, entry, LX_S("include"),
                        "%s was read already; not read again", name);
            continue;
        }
        struct lx_yaml *more = read_file(l, name, entry);
        struct lx_yaml *all = more ? merged(l, l->root, more) : NULL;
        if (!all)
            continue;
        l->root = all;
        enqueue(l, &in, more, directory_of(l, name));
    }
    if (!dir && in.n)
        lx_diag_add(l->diags, LX_DIAG_ERROR, in.queue[0].entry, LX_S("include"),
                    "files cannot be included here");
}

/* ---- Variables ---------------------------------------------------------------------------- */

static void init_variables(struct lx_load *l)
{
    lx_map_init(&l->variables, &l->set.arena, (uint64_t[2]){0x656e7669, 0x726f6e21});
}

static const char *outer(const struct lx_load *l, const char *name)
{
    return l->outer_env && l->outer_env->get ? l->outer_env->get(l->outer_env->arg, name) : NULL;
}

static const char *get_variable(void *arg, const char *name)
{
    const struct lx_load *l = arg;
    const char *value = lx_map_get(&l->variables, lx_slice_z(name));
    return value ? value : outer(l, name);
}

static void read_variables(struct lx_load *l)
{
    const struct lx_yaml *map = lx_yaml_get(l->root, LX_S("environment_variables"));
    struct lx_slice path = LX_S("environment_variables"), prefix = LX_S("os.environ/");
    if (!map || lx_yaml_type(map) == LX_YAML_NULL)
        return;
    if (map->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, map, path, "expected a mapping of names to values");
        return;
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct lx_yaml *v = map->pairs[i].value;
        const char *value = v->text.p;
        if (v->kind != LX_YAML_SCALAR)
            lx_diag_add(l->diags, LX_DIAG_ERROR, v, path, "expected a single value");
        if (v->kind != LX_YAML_SCALAR || lx_yaml_type(v) == LX_YAML_NULL)
            continue;
        if (lx_slice_starts(v->text, prefix)) {
            value = outer(l, v->text.p + prefix.n);
            if (!value)
                lx_load_text(l, v, path); /* says so */
        }
        if (value)
            lx_map_put(&l->variables, map->pairs[i].key->text, (void *)(uintptr_t)value);
    }
}

/* ---- The load ----------------------------------------------------------------------------- */

static void read_sections(struct lx_load *l, const struct lx_yaml_file *file)
{
    static const char *const sections[] = {"llmux_settings", "litellm_settings", "router_settings",
                                           "general_settings"};
    struct lx_yaml at = {.file = file};
    read_variables(l);
    lx_load_global_keys(l);
    lx_section_read_env(l);
    lx_section_read(l, "", l->root, NULL, NULL);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        lx_section_read(l, sections[i], lx_yaml_get(l->root, lx_slice_z(sections[i])), l->config,
                        NULL);
    lx_load_providers(l);
    lx_load_models(l);
    lx_load_router(l);
    lx_load_redis(l);
    lx_load_prices(l);
    lx_load_modes(l);
    lx_load_autos(l);
    lx_load_tokenizers(l);
    lx_load_settings(l);
    if (!lx_secret_is_set(&l->config->master_key))
        lx_diag_add(l->diags, LX_DIAG_WARNING, &at, LX_S("general_settings.master_key"),
                    "not given, nor LITELLM_MASTER_KEY set: every request is let in");
}

/* Where a configuration comes from. */
struct origin {
    const char *path;     /* the file to read; NULL: text is what would be in it */
    struct lx_slice text; /* ... or changes to what `before` has */
    const char *name, *dir;
    const struct lx_config *before;
    bool changes, keeps;
};

static const struct lx_yaml *read_root(struct lx_load *l, const struct origin *from)
{
    if (from->path)
        return read_file(l, from->path, NULL);
    const struct lx_yaml *root = read_text(l, from->text, new_file(l, from->name));
    const struct lx_config_source *base =
        from->changes && from->before ? from->before->source : NULL;
    if (!root || !from->changes)
        return root;
    l->root = base ? base->root : NULL;
    read_variables(l);
    root = lx_load_change(l, l->root, root);
    init_variables(l); /* what the changes leave of them is read with the rest */
    return root;
}

static void keep(struct lx_load *l)
{
    struct lx_config_source *source = malloc(sizeof *source);
    if (!source) {
        l->config->arena.failed = LX_ENOMEM;
        return;
    }
    *source = (struct lx_config_source){l->set, l->root};
    l->config->source = source;
    lx_yaml_set_init(&l->set);
}

static struct lx_config *load(const struct origin *from, const struct lx_env *env,
                              struct lx_diags *diags)
{
    struct lx_load l = {
        .config = lx_config_new(), .diags = diags, .outer_env = env, .before = from->before};
    size_t errors = diags->errors; /* of an earlier load into the same list */
    for (size_t i = 0; i < diags->n; i++)
        if (diags->v[i].order >= l.files)
            l.files = diags->v[i].order + 1;
    l.env = (struct lx_env){get_variable, &l};
    lx_yaml_set_init(&l.set);
    init_variables(&l);
    if (l.config)
        l.root = read_root(&l, from);
    if (l.root) {
        const struct lx_yaml_file *first = l.root->file;
        read_includes(&l, from->path, from->path ? directory_of(&l, from->path) : from->dir);
        read_sections(&l, first);
    }
    bool failed = !l.config || l.set.arena.failed;
    if (!failed && l.root && from->keeps)
        keep(&l);
    if (failed || l.config->arena.failed || diags->arena->failed)
        lx_diag_add(diags, LX_DIAG_ERROR, NULL, (struct lx_slice){0}, "out of memory");
    lx_yaml_set_clear(&l.set);
    lx_diags_sort(diags);
    if (diags->errors > errors) {
        lx_config_unref(l.config);
        return NULL;
    }
    return l.config;
}

struct lx_config *lx_config_load(const char *path, const struct lx_env *env,
                                 const struct lx_config *before, struct lx_diags *diags)
{
    return load(&(struct origin){.path = path, .before = before}, env, diags);
}

struct lx_config *lx_config_read(struct lx_slice text, const char *name, const char *dir,
                                 const struct lx_env *env, const struct lx_config *before,
                                 struct lx_diags *diags)
{
    const struct origin from = {.text = text, .name = name, .dir = dir, .before = before};
    return load(&from, env, diags);
}

struct lx_config *lx_config_open(const char *path, const struct lx_env *env,
                                 const struct lx_config *before, struct lx_diags *diags)
{
    return load(&(struct origin){.path = path, .before = before, .keeps = true}, env, diags);
}

struct lx_config *lx_config_change(const struct lx_config *before, struct lx_slice changes,
                                   const struct lx_env *env, struct lx_diags *diags)
{
    const struct origin from = {.text = changes,
                                .name = LX_CONFIG_CHANGES,
                                .before = before,
                                .changes = true,
                                .keeps = true};
    return load(&from, env, diags);
}
