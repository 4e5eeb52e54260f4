/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The release rules: which release may not go onto which modem, read from data/firmware-rules.conf (its form stands
 * there). Pure. */
#pragma once

#include "common/error.h"
#include "plan/route.h"

/* Parses a rules file's text (key file, documented in it); @len -1: NUL-terminated. Strict: NULL with SQNS_ERROR_FAILED
 * and the line's fault for anything unknown, double, missing or empty, and for a file without a rule. */
SqnsRules *sqns_rules_parse (const char *text, gssize len, GError **error);
void sqns_rules_free (SqnsRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsRules, sqns_rules_free)

/* What is asked about. */
typedef struct {
  const SqnsVersion *to;
  SqnsFamily to_family;
  gboolean first_file; /* another file goes before it */
  const SqnsPlanState
      *state;              /* the modem; NULL: only the files are known, and only rules that ask nothing else speak */
  SqnsRoute route;         /* without @state: not looked at */
  gboolean unknown_passes; /* a modem that does not tell its version is none that NotFrom refuses */
} SqnsRulesQuery;

/* FALSE with the error and the words of the first rule that refuses. @force passes over the rules that are liftable. */
gboolean sqns_rules_allow (const SqnsRules *rules, const SqnsRulesQuery *query, gboolean force, GError **error);
