/*
 * choose.c - the model that an auto router (route/auto.h) chooses for a call.
 *
 * Called when the client's model is looked up, or a fallback's. What comes of it is a group's name,
 * which goes its way as if the client had asked for it.
 */
#include "base/random.h"
#include "call/inner.h"

static const uint64_t seed[2] = {0x6175746f, 0x726f75746572};

/* The client's session, else how its conversation began; with its key. 0: not known yet. */
static uint64_t session_of(struct lx_call *c, const struct lx_said_lately *said)
{
    const uint64_t with[2] = {seed[0] ^ c->in.key_hash, seed[1]};
    struct lx_slice s = lx_facts_session(&c->in, &c->memory->members, lx_call_arena(c));
    if (!s.n)
        s = said->first;
    return s.n ? lx_hash(s, with) : 0;
}

static int64_t min_tier_of(const struct lx_call *c)
{
    int64_t n = 0;
    if (c->in.min_quality_tier > 0)
        return c->in.min_quality_tier;
    (void)lx_json_int(LX_GET(c->memory->members.v[LX_MEMBER_METADATA], "min_quality_tier"), &n);
    return n;
}

static int set_members(struct lx_call *c, struct lx_slice members)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, members, NULL, NULL);
    if (code == 0)
        code = lx_call_set_members(c, lx_json_root(&doc));
    lx_json_doc_clear(&doc);
    return code;
}

int lx_call_choose_model(struct lx_call *c, struct lx_slice *name, struct lx_fault *f)
{
    const struct lx_auto *r = lx_auto_find(c->in.routes, *name);
    struct lx_arena *a = lx_call_arena(c);
    struct lx_said_lately said;
    struct lx_auto_choice choice;
    if (!r)
        return 0;
    lx_said_read(lx_json_root(&c->memory->doc), a, &said);
    const struct lx_auto_question q = {.said = &said,
                                       .now_ms = c->now_ms,
                                       .random = lx_random_next(&c->random),
                                       .session = r->kind->learns ? session_of(c, &said) : 0,
                                       .min_tier = min_tier_of(c)};
    lx_auto_choose(r, &q, a, &choice);
    if (!choice.model) {
        *f = (struct lx_fault){
            .kind = LX_FAULT_BAD_REQUEST,
            .message = lx_arena_printf(a, "the auto router %.*s has no model for this request%s",
                                       LX_F(lx_slice_to(r->name, 100)),
                                       q.min_tier ? " of the quality that is asked for" : ""),
            .retry_after_ms = -1};
        return LX_EINVAL;
    }
    int code = choice.model->members.n ? set_members(c, choice.model->members) : 0;
    if (code < 0)
        *f = lx_fault_of_error(code, NULL, a);
    *name = choice.model->name;
    c->report.router = r;
    c->report.routed_by = choice.by;
    c->report.routed_why = choice.why;
    c->memory->facts.router = lx_note_hash(r->name);
    c->memory->facts.routed_by = choice.by;
    return code;
}
