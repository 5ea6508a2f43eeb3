/*
 * cache_points.h - marks that a prompt may be cached up to here, put where the configuration or the
 * client says (LiteLLM's cache_control_injection_points). Inside of call/ only.
 */
#ifndef LX_CALL_CACHE_POINTS_H
#define LX_CALL_CACHE_POINTS_H

#include "route/deployment.h"

/* Puts marks into a body with `messages`, by its own cache_control_injection_points or, where
 * nothing is marked and the target is a Claude, by the settings: four in all, those of the client's
 * among them. What cannot be done is listed. */
void lx_cache_points_put(const struct lx_dialect *from, const struct lx_json_doc *body,
                         const struct lx_deployment *d, const struct lx_route_settings *settings,
                         struct lx_json_edit *edit, struct lx_losses *losses);

#endif
