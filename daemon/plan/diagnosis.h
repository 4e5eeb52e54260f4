/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user is told to do after a job failed, and whether power may be cut meanwhile: one answer to both. Pure.
 * The texts are in plan/advice-text.c. */
#pragma once

#include "common/types.h"
#include "plan/advice-text.h"
#include "common/power.h"

/* How a job ended. */
typedef struct {
  SqnsError code;
  SqnsPhase phase;     /* where it went wrong */
  SqnsMode mode;       /* as last observed, UNKNOWN when it was not */
  SqnsContact contact; /* what became of the modem */
  gboolean safe;       /* nothing that the job did, or an earlier one, forbids to cut the power */
} SqnsFailure;

typedef struct {
  SqnsPower power;
  SqnsAdviceId advice; /* KEEP: no step cuts the power; SAFE: none keeps it on; UNSURE: a wait precedes each cut */
} SqnsDiagnosis;
SqnsDiagnosis sqns_diagnose (const SqnsFailure *failure);
