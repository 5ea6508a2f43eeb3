/*
 * recorded.c - what the last run over recorded traffic found, as a section of doc/providers.md.
 *
 * The table is recorded.def, which the run writes; nothing else is known here.
 */
#include "cmd/providers.h"

static const char *const run[] = {
#define LX_RECORDED_RUN(date, command) date, command
#define LX_RECORDED(...)
#define LX_RECORDED_ODD(...)
#define LX_RECORDED_BY(...)
#include "cmd/recorded.def"
#undef LX_RECORDED_RUN
#undef LX_RECORDED
#undef LX_RECORDED_ODD
#undef LX_RECORDED_BY
};

enum { REPLIES, STREAMS, ERRORS, REQUESTS, EMBEDDINGS, CHECKS, FAILED, COUNTS };

static const struct {
    const char *provider;
    int counts[COUNTS];
} rows[] = {
#define LX_RECORDED_RUN(...)
#define LX_RECORDED(id, ...) {id, {__VA_ARGS__}},
#define LX_RECORDED_ODD(...)
#define LX_RECORDED_BY(...)
#include "cmd/recorded.def"
#undef LX_RECORDED_RUN
#undef LX_RECORDED
#undef LX_RECORDED_ODD
#undef LX_RECORDED_BY
};

static const struct {
    const char *provider, *why;
    int records;
} odd[] = {
#define LX_RECORDED_RUN(...)
#define LX_RECORDED(...)
#define LX_RECORDED_ODD(id, why, records) {id, why, records},
#define LX_RECORDED_BY(...)
#include "cmd/recorded.def"
#undef LX_RECORDED_RUN
#undef LX_RECORDED
#undef LX_RECORDED_ODD
#undef LX_RECORDED_BY
};

static const char *const projects[] = {
#define LX_RECORDED_RUN(...)
#define LX_RECORDED(...)
#define LX_RECORDED_ODD(...)
#define LX_RECORDED_BY(name) name,
#include "cmd/recorded.def"
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

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

void lx_cmd_write_recorded(struct lx_buf *out)
{
    int sums[COUNTS] = {0};
    lx_buf_addf(out, intro, run[1], run[0]);
    for (size_t i = 0; i < COUNT(rows); i++) {
        lx_buf_addf(out, "| %s", rows[i].provider);
        for (int k = 0; k < COUNTS; k++) {
            lx_buf_addf(out, " | %d", rows[i].counts[k]);
            sums[k] += rows[i].counts[k];
        }
        lx_buf_add_lit(out, " |\n");
    }
    lx_buf_add_lit(out, "| all");
    for (int k = 0; k < COUNTS; k++)
        lx_buf_addf(out, " | %d", sums[k]);
    lx_buf_add_lit(out, " |\n");
    lx_buf_add(out, lx_slice_z(odd_intro));
    for (size_t i = 0; i < COUNT(odd); i++)
        lx_buf_addf(out, "| %s | %s | %d |\n", odd[i].provider, odd[i].why, odd[i].records);
    lx_buf_add(out, lx_slice_z(others));
    for (size_t i = 0; i < COUNT(projects); i++)
        lx_buf_addf(out, "%s %s", i ? "," : "", projects[i]);
    lx_buf_add_lit(out, ".\n");
}
