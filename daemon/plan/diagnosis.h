/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failure means: the code to end with, what the modem is now, whether its power may be cut, and what the user is
 * to do. Pure. The texts of the advice are in plan/advice-text.c. */
#pragma once

#include "plan/advice-text.h"
#include "common/power.h"

typedef struct {
  SqnsError code;
  SqnsPhase phase;     /* where it went wrong */
  SqnsMode mode;       /* as last observed; UNKNOWN: the modem does not answer, or cannot be asked */
  SqnsContact contact; /* with the modem */
  gboolean safe;       /* nothing done before forbids cutting the modem's power */

  /* Only for an upgrade that had begun; @mode and @contact are from after its failure. */
  gboolean begun;
  gboolean written; /* bytes of an image may have come to its flash */
  gboolean between; /* the first of two files (release 48829) is installed, the second is not */
} SqnsFailure;

typedef struct {
  SqnsError code; /* fits what the modem is now; without @begun the failure's */
  SqnsPower power;
  SqnsAdviceId advice; /* KEEP: no step cuts the power; SAFE: none keeps it on; UNSURE: a wait precedes each cut */
  const char *message; /* what the modem is now; NULL without @begun */
} SqnsDiagnosis;
SqnsDiagnosis sqns_diagnose (const SqnsFailure *failure);
