/*
 * gemini_media.c - back: images, sound, video and documents, as inlineData or fileData.
 *
 * Google takes media as data, by the URI of an uploaded file, by gs:// (Vertex AI), and by public
 * https addresses, YouTube's among them, which it fetches itself (ai.google.dev/gemini-api/docs/
 * file-input-methods, 2026; AI Studio was recorded to try). So nothing is fetched here.
 */
#include "dialect/gemini.h"

static struct lx_slice usual_type(enum lx_part_kind kind)
{
    return kind == LX_PART_IMAGE   ? LX_S("image/webp") /* all other kinds were recognized */
           : kind == LX_PART_AUDIO ? LX_S("audio/wav")
           : kind == LX_PART_VIDEO ? LX_S("video/mp4")
                                   : LX_S("application/pdf");
}

/* Absent where only the server that has the file can know. */
static struct lx_slice type_of(const struct lx_part *p, struct lx_arena *a)
{
    const struct lx_media *m = &p->media;
    if (m->type.n)
        return m->type;
    struct lx_slice name = lx_text_plain(m->filename.s.n ? m->filename : m->url, a);
    struct lx_slice type = lx_media_type_of(name);
    if (!type.n && m->data.s.n)
        type = lx_media_type_sniff(m->data.s);
    return !type.n && m->data.s.n ? usual_type(p->kind) : type;
}

static bool is_google_file(struct lx_slice id)
{
    return lx_slice_starts(id, LX_S("files/")) || lx_slice_starts(id, LX_S("https://")) ||
           lx_slice_starts(id, LX_S("gs://"));
}

const char *lx_gemini_media_obstacle(const struct lx_part *p)
{
    const struct lx_media *m = &p->media;
    if (m->data.s.n)
        return NULL;
    if (m->file_id.s.n)
        return is_google_file(m->file_id.s) ? NULL : "a file of another provider";
    if (!m->url.s.n)
        return "it holds neither data nor an address";
    if (!lx_slice_starts(m->url.s, LX_S("https:")) && !lx_slice_starts(m->url.s, LX_S("gs:")))
        return "Gemini fetches only https:// and gs:// addresses: send the data itself";
    return NULL;
}

static void write_uri(struct lx_gemini_writer *w, const struct lx_media *m)
{
    if (m->url.s.n) {
        lx_out_text(&w->out, "fileUri", m->url);
    } else if (lx_slice_starts(m->file_id.s, LX_S("files/"))) {
        lx_out_string_open(&w->out, "fileUri");
        lx_out_string_part(&w->out, lx_text(LX_GEMINI_FILES));
        lx_out_string_part(&w->out, m->file_id);
        lx_out_string_close(&w->out);
    } else {
        lx_out_text(&w->out, "fileUri", m->file_id);
    }
}

void lx_gemini_media_write(struct lx_gemini_writer *w, const struct lx_part *p)
{
    bool inside = p->media.data.s.n;
    struct lx_slice type = type_of(p, w->b->arena);
    lx_out_object(&w->out, inside ? "inlineData" : "fileData");
    if (type.n)
        lx_out_str(&w->out, "mimeType", type);
    if (inside)
        lx_out_text(&w->out, "data", p->media.data);
    else
        write_uri(w, &p->media);
    lx_out_object_end(&w->out);
}
