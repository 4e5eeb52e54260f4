/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person is told to do after a job went wrong, and whether power may be cut meanwhile: one answer to both. Pure.
 * The texts stand in base/advice-words.c. */
#pragma once

#include "base/monitor.h"
#include "common/advice-words.h"
#include "common/power.h"

/* How a job ended. */
typedef struct {
  SqnsError code;
  SqnsPhase phase;     /* where it went wrong */
  SqnsMode mode;       /* as last observed, UNKNOWN when it was not */
  SqnsContact contact; /* what became of the modem */
  gboolean safe;       /* nothing that the job did, or an earlier one, forbids to cut the power */
} SqnsEnding;

typedef struct {
  SqnsPower power;
  SqnsAdviceId
      id; /* while power is KEEP, no step cuts it; while it is SAFE, none keeps it on; else patience is first */
} SqnsAdvice;
SqnsAdvice sqns_advice (const SqnsEnding *ending);
