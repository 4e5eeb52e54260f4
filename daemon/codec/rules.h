/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The release rules: which release may not go onto which modem, read from data/firmware-rules.conf (its form stands
 * there). Pure. sqns_rules_parse() and sqns_rules_free() are in codec/plan.h. */
#pragma once

#include "base/error.h"
#include "codec/plan.h"

/* FALSE with the error and the words of the first rule that refuses @to (of @to_family) on the modem in @state. @force
 * passes over the rules that are liftable. @state NULL: only the file is known, and only rules that say nothing about a
 * modem speak. */
gboolean sqns_rules_allow (const SqnsRules *rules,
                           const SqnsVersion *to,
                           SqnsFamily to_family,
                           const SqnsPlanState *state,
                           gboolean force,
                           GError **error);
