/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the release rules come from. */
#pragma once

#include "plan/plan.h"

#define SQNS_RULES_OVERRIDE "/etc/sqnsd/firmware-rules.conf"

/* The file at @override when it exists, else the rules that were built in. FAILED with the file's fault: rules that
 * cannot be read must not be taken for none. */
SqnsRules *sqns_rules_load (const char *override, GError **error);
