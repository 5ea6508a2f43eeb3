/*
 * tokenizer.c - custom_tokenizer: a model's own tokenizer.json, by path.
 *
 * LiteLLM fetches one by its name at Hugging Face; here it is a file, and any other name is a
 * warning: tokens are then counted as if nothing were said. Files named twice are read once.
 */
#include "config/load.h"

#include <fcntl.h>
#include <unistd.h>

#include "catalog/row.h"
#include "tokens/tokens.h"

enum { MAX_FILE_BYTES = 256 << 20, MAX_PATH_BYTES = 4096 };

/* Those that were read, for as long as the configuration. */
struct lx_config_tokenizer {
    struct lx_slice path;
    struct lx_encoding encoding;
    struct lx_config_tokenizer *next;
};

static int read_file(const char *path, struct lx_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0) {
        char *to = lx_buf_reserve(out, 65536);
        n = to ? read(fd, to, 65536) : -1;
        if (n > 0)
            lx_buf_commit(out, (size_t)n);
    }
    if (fd >= 0)
        close(fd);
    return n < 0 ? LX_EIO : 0;
}

static const struct lx_encoding *find(const struct lx_config *c, struct lx_slice path)
{
    for (const struct lx_config_tokenizer *t = c->tokenizers; t; t = t->next)
        if (lx_slice_eq(t->path, path))
            return &t->encoding;
    return NULL;
}

static const struct lx_encoding *add(struct lx_config *c, struct lx_slice path,
                                     struct lx_error *err)
{
    char *z = lx_arena_copy_z(&c->arena, path);
    struct lx_config_tokenizer *t = lx_arena_new(&c->arena, struct lx_config_tokenizer);
    struct lx_buf text;
    int code = 0;
    if (!z || !t) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    lx_buf_init(&text, MAX_FILE_BYTES);
    if (read_file(z, &text) < 0)
        code = lx_error_set(err, LX_EIO,
                            "it cannot be read, and names at Hugging Face are not fetched");
    if (code == 0)
        code = lx_encoding_read(&t->encoding, lx_buf_slice(&text), err);
    lx_buf_clear(&text);
    if (code < 0)
        return NULL;
    t->path = lx_slice_z(z);
    t->next = c->tokenizers;
    c->tokenizers = t;
    return &t->encoding;
}

static void load(struct lx_load *l, struct lx_deployment *d)
{
    struct lx_slice given = lx_row_get(d->model_info, LX_S("custom_tokenizer"));
    struct lx_slice path = lx_row_unquoted(lx_row_get(given, LX_S("identifier")));
    struct lx_error err = {.text = "expected a path in `identifier`"};
    if (!given.p)
        return;
    if (path.n && path.n < MAX_PATH_BYTES && lx_slice_find_byte(path, '\\') < 0)
        d->tokenizer = find(l->config, path);
    if (path.n && path.n < MAX_PATH_BYTES && !d->tokenizer)
        d->tokenizer = add(l->config, path, &err);
    if (!d->tokenizer)
        lx_diag_add(l->diags, LX_DIAG_WARNING, NULL,
                    LX_S("model_list[].model_info.custom_tokenizer"),
                    "%.*s: %.*s: %s; tokens are counted without it", LX_F(d->where),
                    LX_F(lx_slice_to(path, 200)), err.text);
}

void lx_load_tokenizers(struct lx_load *l)
{
    struct lx_route_table *t = &l->config->routes;
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++)
            load(l, t->groups[i]->deployments[k]);
}

void lx_config_clear_tokenizers(struct lx_config *c)
{
    for (struct lx_config_tokenizer *t = c->tokenizers; t; t = t->next)
        lx_encoding_clear(&t->encoding);
    c->tokenizers = NULL;
}
