/*
 * verify.h - whether an answer has the form that its client asked for. Inside of call/ only.
 */
#ifndef LX_CALL_VERIFY_H
#define LX_CALL_VERIFY_H

#include "dialect/dialect.h"

/* Of a whole reply, each choice that has come to its end. *out: the reply, or, where JSON had to be
 * looked for between other words, a copy with nothing but the JSON; it is the arena's. 0;
 * LX_EINVAL: the answer has another form, as *fault says; or the arena's failure. */
int lx_reply_verify(const struct lx_reply *reply, const struct lx_answer_form *form,
                    struct lx_arena *a, const struct lx_reply **out, struct lx_fault *fault);
/* The fault of an answer that is not as its schema (empty: any) wants it. */
void lx_form_fault(const struct lx_error *why, struct lx_slice text, struct lx_slice schema,
                   struct lx_arena *a, struct lx_fault *fault);
/* What a choice says, without its thinking; absent: nothing. Borrowed or in the arena. */
struct lx_slice lx_choice_text(const struct lx_choice *c, struct lx_arena *a);
/* The reply with choices of its own, to be changed; NULL: the arena has failed. */
struct lx_reply *lx_reply_copy_choices(const struct lx_reply *reply, struct lx_arena *a);
/* Lists the keywords of the form's schema that are not looked at. */
void lx_form_note(const struct lx_answer_form *form, struct lx_arena *a, struct lx_losses *losses);

#endif
