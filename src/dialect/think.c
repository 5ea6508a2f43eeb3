/*
 * think.c - thinking that stands in the text, between tags; see think.h.
 *
 * The tags are those that LiteLLM knows (parse_content_for_reasoning, 1.106.2). Servers written in
 * Go escape what is no letter in them.
 */
#include "dialect/think.h"

static const struct {
    struct lx_slice open, close;
} tags[] = {
    {LX_S_INIT("<think>"), LX_S_INIT("</think>")},
    {LX_S_INIT("<thinking>"), LX_S_INIT("</thinking>")},
    {LX_S_INIT("<reasoning>"), LX_S_INIT("</reasoning>")}, /* gpt-oss on Bedrock */
    {LX_S_INIT("<budget:thinking>"), LX_S_INIT("</budget:thinking>")},
    {LX_S_INIT("\\u003cthink\\u003e"), LX_S_INIT("\\u003c/think\\u003e")},
    {LX_S_INIT("\\u003cthinking\\u003e"), LX_S_INIT("\\u003c/thinking\\u003e")},
};
enum { TAGS = sizeof(tags) / sizeof(tags[0]) };

bool lx_think_open(struct lx_text text, struct lx_text *rest)
{
    for (size_t i = 0; i < TAGS; i++)
        if (lx_slice_starts(text.s, tags[i].open)) {
            *rest = text;
            rest->s = lx_slice_from(text.s, tags[i].open.n);
            return true;
        }
    return false;
}

bool lx_think_close(struct lx_text text, struct lx_text *thought, struct lx_text *rest)
{
    for (size_t i = 0; i < TAGS; i++) {
        ssize_t at = lx_slice_find(text.s, tags[i].close);
        if (at < 0)
            continue;
        *thought = *rest = text;
        thought->s = lx_slice_to(text.s, (size_t)at);
        rest->s = lx_slice_from(text.s, (size_t)at + tags[i].close.n);
        return true;
    }
    return false;
}

bool lx_think_cut(struct lx_text text, struct lx_text *thought, struct lx_text *rest)
{
    struct lx_text inside;
    return lx_think_open(text, &inside) && lx_think_close(inside, thought, rest);
}
