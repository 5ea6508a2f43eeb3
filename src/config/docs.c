/*
 * docs.c - the reference of the configuration, doc/config.md, printed from the table so that
 * it cannot say anything else than the code does.
 */
#include "config/load.h"

static const char *const type_names[] = {
    [LX_TYPE_NODE] = "mapping",
    [LX_TYPE_ANY] = "any value",
    [LX_TYPE_BOOL] = "true, false",
    [LX_TYPE_TRISTATE] = "true, false",
    [LX_TYPE_COUNT] = "number",
    [LX_TYPE_POSITIVE] = "number from 1",
    [LX_TYPE_SIZE] = "number from 1",
    [LX_TYPE_SIZE_32] = "number from 1",
    [LX_TYPE_SECONDS] = "seconds",
    [LX_TYPE_PPM] = "number",
    [LX_TYPE_DURATION] = "duration",
    [LX_TYPE_NANO_USD] = "dollars",
    [LX_TYPE_MEGABYTES] = "MiB",
    [LX_TYPE_MEGABYTES_OR_0] = "MiB",
    [LX_TYPE_MEGABYTES_SIZE] = "MiB",
    [LX_TYPE_STRING] = "text",
    [LX_TYPE_Z] = "text",
    [LX_TYPE_SECRET] = "secret",
    [LX_TYPE_STRINGS] = "list of text",
    [LX_TYPE_SSL_VERIFY] = "true, false, path",
    [LX_TYPE_TRUST] = "true, false, path",
    [LX_TYPE_SSL_CERTIFICATE] = "path",
    [LX_TYPE_SECTION] = "section",
};

static const char intro[] =
    "# Configuration\n"
    "\n"
    "<!-- Printed from src/config/options.def. Change that file, not this one. -->\n"
    "\n"
    "llmux reads LiteLLM's `config.yaml` as it is. `llmux check config.yaml` reads it and says "
    "what "
    "it found:\n"
    "\n"
    "- an **error** where a value is wrong: file, line, column, and what was expected. llmux does "
    "not start with one;\n"
    "- a **warning** for a key that is unknown (a typing error, probably), for a key of LiteLLM's "
    "that llmux has not built yet, and for what will not work as written;\n"
    "- a **note** for what is good to know.\n"
    "\n"
    "How values are read:\n"
    "\n"
    "- YAML 1.1, as LiteLLM reads it: `yes`, `on` and `true` are the same. Anchors, aliases and "
    "merge keys (`<<`) work; top-level keys that begin with `x-` are for anchors.\n"
    "- `os.environ/NAME` stands for an environment variable, wherever a value may stand. One that "
    "is not set is a warning, and the key counts as not given.\n"
    "- Numbers of seconds may have a fraction (`0.25`). They are exact to the millisecond; less "
    "than one counts as one.\n"
    "- `null` and nothing at all mean that the key is not given.\n"
    "- A variable named in the column *environment* counts where no file gives the key.\n"
    "- Keys of providers come from `api_key`, else from the provider's own variables: "
    "`llmux providers` lists them.\n";

static const char outro[] =
    "\n"
    "## Example: a provider of your own\n"
    "\n"
    "```yaml\n"
    "llmux_settings:\n"
    "  providers:\n"
    "    - name: mine\n"
    "      language: openai_chat            # what it speaks\n"
    "      base_url: https://llm.example.com/v1\n"
    "      api_key_env: MY_LLM_KEY          # sent as Authorization: Bearer ...\n"
    "      quirks:\n"
    "        - {op: refuse, member: logit_bias, why: answers 400}\n"
    "        - {op: rename, member: max_completion_tokens, arg: max_tokens}\n"
    "        - {op: default, member: temperature, arg: 0.7, models: \"small-*\"}\n"
    "model_list:\n"
    "  - {model_name: \"mine/*\", litellm_params: {model: \"mine/*\"}}\n"
    "```\n";

static bool next_row(const char *section, enum lx_option_state state, size_t *i)
{
    for (; *i < lx_config_option_count; (*i)++)
        if (!strcmp(lx_config_options[*i].section, section) && lx_config_options[*i].state == state)
            return true;
    return false;
}

static void write_names(struct lx_buf *out, const char *names, char separator)
{
    struct lx_slice rest = lx_slice_z(names), name;
    for (bool first = true; rest.n; first = false) {
        lx_slice_cut(rest, separator, &name, &rest);
        lx_buf_addf(out, "%s`%.*s`", first ? "" : ", ", LX_F(name));
    }
}

/* A '|' would end a cell. */
static void write_cell(struct lx_buf *out, const char *text)
{
    for (; text && *text; text++) {
        if (*text == '|')
            lx_buf_add_byte(out, '\\');
        lx_buf_add_byte(out, *text);
    }
}

static void write_built(struct lx_buf *out, const char *section)
{
    size_t i = 0;
    if (!next_row(section, LX_OPTION_BUILT, &i))
        return;
    lx_buf_add_lit(out, "\n| key | value | default | environment | meaning |\n"
                        "| --- | --- | --- | --- | --- |\n");
    for (; next_row(section, LX_OPTION_BUILT, &i); i++) {
        const struct lx_config_option *o = &lx_config_options[i];
        lx_buf_addf(out, "| `%s` | %s | ", o->names, type_names[o->type]);
        write_cell(out, o->otherwise);
        lx_buf_add_lit(out, " | ");
        if (o->env)
            write_names(out, o->env, '|');
        lx_buf_add_lit(out, " | ");
        write_cell(out, o->help);
        lx_buf_add_lit(out, " |\n");
    }
}

static void write_list(struct lx_buf *out, const char *section, enum lx_option_state state,
                       const char *title)
{
    size_t i = 0;
    if (!next_row(section, state, &i))
        return;
    lx_buf_addf(out, "\n%s\n\n", title);
    for (; next_row(section, state, &i); i++) {
        lx_buf_addf(out, "- %s: ", lx_config_options[i].help);
        write_names(out, lx_config_options[i].names, ' ');
        lx_buf_add_byte(out, '\n');
    }
}

void lx_config_write_docs(struct lx_buf *out)
{
    const char *section = NULL;
    lx_buf_add(out, lx_slice_z(intro));
    for (size_t i = 0; i < lx_config_option_count; i++) {
        if (section && !strcmp(section, lx_config_options[i].section))
            continue;
        section = lx_config_options[i].section;
        if (*section)
            lx_buf_addf(out, "\n## `%s`\n", section);
        else
            lx_buf_add_lit(out, "\n## The file\n");
        write_built(out, section);
        write_list(out, section, LX_OPTION_BODY,
                   "Sent in the request's body where the client gives none (so is every key that "
                   "is not named here):");
        write_list(out, section, LX_OPTION_KNOWN, "Known, but not built yet:");
        write_list(out, section, LX_OPTION_NOTHING, "Accepted, without an effect:");
    }
    lx_buf_add(out, lx_slice_z(outro));
}
