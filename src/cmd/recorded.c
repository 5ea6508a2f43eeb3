/*
 * recorded.c - what the last run over recorded traffic found, as a section of doc/providers.md.
 *
 * The table is recorded.def, which the run writes; nothing else is known here.
 */
#include "cmd/providers.h"

enum { COUNTS = 7 }; /* the columns of the table below */
enum kind { RUN, COUNTED, ODD, PROJECT };

static const struct line {
    enum kind kind;
    const char *name, *more;
    int counts[COUNTS];
} lines[] = {
#define LX_RECORDED_RUN(date, command)          {RUN, date, command, {0}},
#define LX_RECORDED(provider, ...)              {COUNTED, provider, NULL, {__VA_ARGS__}},
#define LX_RECORDED_ODD(provider, why, records) {ODD, provider, why, {records}},
#define LX_RECORDED_BY(project)                 {PROJECT, project, NULL, {0}},
#include "cmd/recorded.def"
};

/* The next line of a kind after one, NULL: the first; NULL: there is none. */
static const struct line *next(const struct line *l, enum kind kind)
{
    const struct line *end = lines + sizeof(lines) / sizeof(lines[0]);
    for (l = l ? l + 1 : lines; l < end; l++)
        if (l->kind == kind)
            return l;
    return NULL;
}

static const char intro[] =
    "\n"
    "## Recorded traffic\n"
    "\n"
    "What providers really sent, as the tests of public projects recorded it (listed below), is read, carried\n"
    "into each language of clients, and compared with what readers that share no code with the program make\n"
    "of it: text, thinking, calls, reasons, usage, what errors say; requests are written for\n"
    "every kind of provider, and checked against the vendors' documents. This is the last run of `%s`, of\n"
    "%s. A record is counted once in its column; it is checked several times. Where a provider is missing\n"
    "nothing of it was recorded: its case stands on the vendor's pages.\n"
    "\n"
    "| provider | replies | streams | errors | requests | embeddings | checks | failed |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";

static const char odd_intro[] =
    "\n"
    "Of these records there is nothing to compare: what is no reply must end in an error that says so, and\n"
    "does; what whoever kept it has rewritten, or put together of two streams, is left out.\n"
    "\n"
    "| provider | why | records |\n"
    "| --- | --- | ---: |\n";

static const char others[] =
    "\n"
    "Records of addresses that the program asks nothing of are not read: assistants, files, batches, images,\n"
    "audio, reranking, moderation, real time; DashScope's, Ollama's (`/api/generate`), Cohere's (v1) and\n"
    "Anthropic's (`/v1/complete`) older languages, Gemini's interactions, pipelines of Hugging Face that are no\n"
    "text generation.\n"
    "\n"
    "Recorded by:";

static void write_counts(struct lx_buf *out, const char *name, const int *counts)
{
    lx_buf_addf(out, "| %s", name);
    for (int k = 0; k < COUNTS; k++)
        lx_buf_addf(out, " | %d", counts[k]);
    lx_buf_add_lit(out, " |\n");
}

void lx_cmd_write_recorded(struct lx_buf *out)
{
    const struct line *run = next(NULL, RUN);
    int sums[COUNTS] = {0};
    lx_buf_addf(out, intro, run->more, run->name);
    for (const struct line *l = NULL; (l = next(l, COUNTED));) {
        write_counts(out, l->name, l->counts);
        for (int k = 0; k < COUNTS; k++)
            sums[k] += l->counts[k];
    }
    write_counts(out, "all", sums);
    lx_buf_add(out, lx_slice_z(odd_intro));
    for (const struct line *l = NULL; (l = next(l, ODD));)
        lx_buf_addf(out, "| %s | %s | %d |\n", l->name, l->more, l->counts[0]);
    lx_buf_add(out, lx_slice_z(others));
    const char *between = "";
    for (const struct line *l = NULL; (l = next(l, PROJECT)); between = ",")
        lx_buf_addf(out, "%s %s", between, l->name);
    lx_buf_add_lit(out, ".\n");
}
