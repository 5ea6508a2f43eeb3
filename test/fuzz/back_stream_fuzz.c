/*
 * back_stream_fuzz.c - any bytes as a stream in LANGUAGE, which only providers speak: every record
 * that clients get is JSON, and it ends with an end mark or an error, never both.
 *
 * AWS frames are eventstream_fuzz.c's affair: here an event of SSE stands for one, its name for the
 * frame's. The first byte chooses the context and the client's language.
 */
#include "crossing.h"

static void check_records(struct lx_slice out, bool anthropic)
{
    struct lx_records records;
    struct lx_record rec;
    struct lx_json_doc doc;
    size_t ends = 0, faults = 0;
    lx_json_doc_init(&doc);
    lx_records_init(&records, LX_FRAMING_SSE, CROSSING_MAX);
    while (lx_records_next(&records, &out, &rec, NULL) == 1) {
        CHECK(ends + faults == 0);
        if (lx_slice_eq(rec.data, LX_S("[DONE]"))) {
            ends++;
            continue;
        }
        CHECK(lx_json_read(&doc, rec.data, NULL, NULL) == 0);
        struct lx_json root = lx_json_root(&doc);
        ends += anthropic && lx_json_eq(LX_GET(root, "type"), LX_S("message_stop"));
        faults += lx_json_given(LX_GET(root, "error"));
    }
    CHECK(lx_records_end(&records, &rec, NULL) == 0);
    CHECK(ends + faults == 1);
    lx_records_clear(&records);
    lx_json_doc_clear(&doc);
}

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    (void)twice;
    bool anthropic = flags & 16;
    if (cross_stream(in, &LANGUAGE, anthropic ? &lx_dialect_anthropic : &lx_dialect_openai_chat,
                     flags, once) == 0)
        check_records(lx_buf_slice(once), anthropic);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
