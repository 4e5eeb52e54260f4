/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which advice a person gets after a job went wrong. The texts stand in base/words.c. */
#pragma once

#include "base/error.h"
#include "procedure/monitor.h"

/* @mode: as last observed, UNKNOWN when it was not. @safe: power may be cut; while it is FALSE no text speaks of
 * cutting it, but of leaving it on. Static string, never empty. */
const char *sqns_advice (SqnsError code, SqnsPhase phase, SqnsMode mode, gboolean safe);
