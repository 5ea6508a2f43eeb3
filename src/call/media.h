/*
 * media.h - pictures and files that a client names by URL, for targets that take them as data only.
 *
 * A back that cannot send a part's URL says so while it writes (lx_body_need). The call then
 * fetches what is there, and has the attempt written again with data in the URLs' places. What was
 * fetched is kept for the call's other attempts. Inside of call/ only.
 */
#ifndef LX_CALL_MEDIA_H
#define LX_CALL_MEDIA_H

#include "call/call.h"
#include "wire/url.h"

/* What was found at a URL. */
struct lx_media_found {
    struct lx_slice url;  /* as the client has it */
    struct lx_slice type; /* "image/png" */
    struct lx_slice data; /* base64 */
    struct lx_media_found *next;
};

/* The same request with data instead of the URLs that are among those found; r itself where there
 * are none. In the arena, and borrows from both; NULL where that has failed. */
const struct lx_request *lx_media_put(const struct lx_request *r,
                                      const struct lx_media_found *found, struct lx_arena *a);
/* Whether a part is at a web address. */
bool lx_media_any(const struct lx_request *r, struct lx_arena *a);
/* What bytes are that were fetched for a part: as the server says where that can be, else by how
 * they begin, else by the URL's ending; absent: nothing that such a part can be. said:
 * content-type; data: base64. */
struct lx_slice lx_media_type_found(enum lx_part_kind kind, struct lx_slice said,
                                    struct lx_slice data, struct lx_slice url);
/* The address that a Location of the response from `base` means; absent: it is none that can be
 * followed, or no memory. */
struct lx_slice lx_media_follow(struct lx_slice base, struct lx_slice location, struct lx_arena *a);
/* Whether the configuration lets the URL's host be anywhere ("HOST" or "HOST:PORT"). */
bool lx_media_is_allowed(const struct lx_url *url, const struct lx_strings *hosts);

#endif
