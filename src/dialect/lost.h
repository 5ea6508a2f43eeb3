/*
 * lost.h - members of a request that the target has no place for: they are listed, never dropped in
 * silence.
 *
 * A reader takes from each object what it knows. What else messages, parts and tools have goes
 * along as extras, which a writer sends or lists; what else there is in objects further within has
 * no place to go along in, and is looked for in the client's body.
 */
#ifndef LX_DIALECT_LOST_H
#define LX_DIALECT_LOST_H

#include "dialect/dialect.h"

/* A message's member under which other languages hold thinking: it was read into parts. */
bool lx_member_is_thinking(struct lx_slice name);
/* List what messages (who speaks, too), parts and tools have besides what is canonical, but for
 * thinking and what the target reads itself: "|this|that|", or NULL. Of messages each name is
 * listed once; "messages[*].x" where several have it. */
void lx_message_members_lose(const struct lx_request *r, const char *read, struct lx_body *b);
void lx_part_members_lose(const struct lx_request *r, const char *read, struct lx_body *b);
void lx_tool_members_lose(const struct lx_request *r, const char *read, struct lx_body *b);
/* All three, of a target that reads none. */
void lx_members_lose(const struct lx_request *r, struct lx_body *b);

/* What objects within a request may hold, as data of a front. */
struct lx_nested {
    const char
        *path; /* "messages[].content[].image_url": an object, or several; NULL ends a list */
    const char *members; /* "|url|detail|" */
    const char *type;    /* NULL, or what its member "type" is, for it to be meant; "": none */
};
/* Lists the members that no row knows, each name once a path: "messages[*].content[*].image_url.x".
 */
void lx_nested_lose(const struct lx_json_doc *body, const struct lx_nested *rows,
                    struct lx_body *b);

#endif
