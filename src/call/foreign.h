/*
 * foreign.h - what a conversation brings along from the provider it was held with before, taken out
 * of a body that is edited in place. Inside of call/ only.
 */
#ifndef LX_CALL_FOREIGN_H
#define LX_CALL_FOREIGN_H

#include "dialect/dialect.h"

/* Records in `edit` what has to go from a body in the language `to`; what a client would miss is
 * listed in the losses. deployment: the id of the one that it goes to. */
void lx_foreign_remove(const struct lx_dialect *to, const struct lx_json_doc *body,
                       struct lx_slice deployment, struct lx_json_edit *edit,
                       struct lx_losses *losses);

#endif
