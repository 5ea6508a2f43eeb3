/*
 * message.h - messages and their parts: what a conversation is made of, in any wire language.
 *
 * Read by fronts, written by backs, and the other way round for replies. Everything is borrowed
 * from the request body or lives in the request's arena.
 */
#ifndef LX_LLM_MESSAGE_H
#define LX_LLM_MESSAGE_H

#include "wire/json.h"

enum lx_role {
    LX_ROLE_SYSTEM,
    LX_ROLE_DEVELOPER,
    LX_ROLE_USER,
    LX_ROLE_ASSISTANT,
    LX_ROLE_TOOL, /* holds TOOL_RESULT parts only */
};

enum lx_part_kind {
    LX_PART_TEXT,              /* text; citations */
    LX_PART_REFUSAL,           /* text */
    LX_PART_IMAGE,             /* media; detail */
    LX_PART_AUDIO,             /* media; transcript in text where the assistant spoke */
    LX_PART_VIDEO,             /* media */
    LX_PART_FILE,              /* media; title; context; or text / content parts for documents */
    LX_PART_THINKING,          /* text, signature */
    LX_PART_REDACTED_THINKING, /* data */
    LX_PART_TOOL_CALL,         /* id, name, arguments */
    LX_PART_TOOL_RESULT,       /* id (of the call), name, content parts, is_error */
    LX_PART_OPAQUE,            /* raw: known to `language` only (server tool use and the like) */
};

/* A mark that a provider may cache the prompt up to here. */
struct lx_cache_mark {
    bool set;
    struct lx_slice ttl; /* "5m", "1h"; empty: the provider's default */
};

/* Where media come from: just one of url, data, file_id, is set. */
struct lx_media {
    struct lx_slice type;   /* MIME type, "image/png"; or empty when not known */
    struct lx_text url;     /* http(s), gs, s3: not a data URL */
    struct lx_text data;    /* base64 without line breaks */
    struct lx_text file_id; /* of the provider's file API */
    struct lx_text filename;
    struct lx_slice detail; /* images: "low", "high", "auto" */
    struct lx_slice format; /* audio: "wav", "mp3" */
};

/* A member that this vocabulary does not name, kept for targets of the same language. */
struct lx_extra {
    struct lx_slice name; /* plain */
    struct lx_slice json; /* its value's text */
    struct lx_extra *next;
};

struct lx_part {
    enum lx_part_kind kind;
    struct lx_text text;
    struct lx_text signature; /* THINKING: opaque, must come back unchanged */
    struct lx_text data;      /* REDACTED_THINKING */
    struct lx_text id;        /* TOOL_CALL, TOOL_RESULT */
    struct lx_text name;
    struct lx_text arguments; /* TOOL_CALL: JSON text (maybe in escaped form), or free text */
    bool custom;              /* TOOL_CALL: arguments are free text, not JSON */
    bool is_error;            /* TOOL_RESULT */
    bool guarded;             /* TEXT: what a guardrail of the provider's is to look at */
    struct lx_media media;
    struct lx_text title, context; /* FILE */
    struct lx_slice citations; /* TEXT: JSON array in the language of the reply; FILE: settings */
    struct lx_part *content;   /* TOOL_RESULT and FILE: nested parts */
    struct lx_cache_mark cache;
    struct lx_slice language; /* OPAQUE: the only language that understands raw; TEXT: of the
                               * citations, where it is not the reply's; else empty */
    struct lx_slice raw;      /* OPAQUE: the whole part as JSON */
    struct lx_extra *extra;
    struct lx_part *next;
};

struct lx_message {
    enum lx_role role;
    struct lx_text name;
    struct lx_part *parts;
    bool plain; /* content was (or may be) a plain string, not a list of parts */
    struct lx_cache_mark cache;
    struct lx_extra *extra;
    struct lx_message *next;
};

static inline bool lx_role_is_system(enum lx_role role)
{
    return role == LX_ROLE_SYSTEM || role == LX_ROLE_DEVELOPER;
}

/* The first part of that kind in a list, or NULL. */
static inline const struct lx_part *lx_part_find(const struct lx_part *p, enum lx_part_kind kind)
{
    while (p && p->kind != kind)
        p = p->next;
    return p;
}

/* Appending keeps order; tail pointers are the caller's: `struct lx_part **at = &m->parts;` */
struct lx_part *lx_part_add(struct lx_part ***at, enum lx_part_kind kind, struct lx_arena *a);
struct lx_message *lx_message_add(struct lx_message ***at, enum lx_role role, struct lx_arena *a);
struct lx_extra *lx_extra_add(struct lx_extra ***at, struct lx_json name, struct lx_json value,
                              struct lx_arena *a);
/* The member of that name, or NULL. */
const struct lx_extra *lx_extra_find(const struct lx_extra *x, struct lx_slice name);
/* All of them, as they came. */
void lx_extra_write(struct lx_out *o, const struct lx_extra *x);

/* Behind this mark a call's id carries a thought signature of Gemini's, in LiteLLM's form. */
#define LX_CALL_ID_MARK LX_S("__thought__")
/* The id without it, unless it is to be kept: what any other provider is to get. */
struct lx_text lx_call_id(struct lx_text id, bool keep);

/* Reads "data:[type];base64,DATA" into media; false when url is no base64 data URL. */
bool lx_media_read_data_url(struct lx_media *m, struct lx_text url, struct lx_arena *a);
/* The type of base64 data by the first bytes that every file of that type has; empty when they are
 * none that is known. */
struct lx_slice lx_media_type_sniff(struct lx_slice base64);
/* http:// or https://, be it in capitals. */
bool lx_is_web_url(struct lx_slice url);
/* "image/png" from a file name or URL's ending; empty when unknown. */
struct lx_slice lx_media_type_of(struct lx_slice name);

/* "system", "user", ... as OpenAI calls them. */
const char *lx_role_name(enum lx_role role);

#endif
