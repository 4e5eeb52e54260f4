/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All objections to a plan, reported at once in one error, so that lifting one does not reveal the next. Pure. */
#pragma once

#include "common/error.h"

/* What lifts a refusal. "force" lifts everything liftable. */
typedef enum {
  SQNS_LIFT_NOTHING = 0,
  SQNS_LIFT_FAMILY = 1 << 0,    /* allow-family-change */
  SQNS_LIFT_DOWNGRADE = 1 << 1, /* allow-downgrade */
  SQNS_LIFT_FORCE = 1 << 2,     /* force alone */
} SqnsLift;

typedef struct _SqnsRefusals SqnsRefusals;
SqnsRefusals *sqns_refusals_new (void);
void sqns_refusals_free (SqnsRefusals *refusals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsRefusals, sqns_refusals_free)

/* @lifts: all of these are needed. @use (nullable): what would be allowed without them, to follow the word "use". */
void
sqns_refusals_add (SqnsRefusals *refusals, SqnsError code, SqnsLift lifts, const char *use, const char *format, ...)
    G_GNUC_PRINTF (5, 6);
/* A refusal whose message says what would be allowed instead; takes @error. */
void sqns_refusals_take (SqnsRefusals *refusals, GError *error, SqnsLift lifts);

/* TRUE, and no error, when there are none. Else all of them in one sentence, with the code of the gravest, and with the
 * options that lift them all; none is named where some refusal stands whatever is asked. */
gboolean sqns_refusals_check (const SqnsRefusals *refusals, GError **error);
