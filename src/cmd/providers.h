/*
 * providers.h - doc/providers.md, printed from the table of providers.
 */
#ifndef LX_CMD_PROVIDERS_H
#define LX_CMD_PROVIDERS_H

#include "base/buf.h"

/* The page, in Markdown: `llmux docs providers`. */
void lx_cmd_write_providers(struct lx_buf *out);
/* Its last section: recorded traffic. */
void lx_cmd_write_recorded(struct lx_buf *out);

#endif
