/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user is told to do after a job failed, or while one waits for them: a list of steps in order. Pure. */
#pragma once

#include <glib.h>

typedef enum {
  /* the modem may be writing */
  SQNS_ADVICE_KEEP_POWER,
  SQNS_ADVICE_KEEP_POWER_PLUG_IN,
  SQNS_ADVICE_KEEP_POWER_PRESS_RESET,
  SQNS_ADVICE_KEEP_POWER_CLOSE_PROGRAM,
  SQNS_ADVICE_UPDATER,
  /* the modem waits in a safe state */
  SQNS_ADVICE_RECOVERY,
  SQNS_ADVICE_MTOOLS,
  SQNS_ADVICE_FFH,
  SQNS_ADVICE_NEEDS_FILE,
  /* nothing was changed */
  SQNS_ADVICE_LOST,
  SQNS_ADVICE_CLOSE_PROGRAM,
  SQNS_ADVICE_INHIBITED,
  SQNS_ADVICE_FETCH_FILE,
  SQNS_ADVICE_CHOOSE_FILE,
  SQNS_ADVICE_DOWNGRADE,
  SQNS_ADVICE_LOOK_AT_STATE,
  SQNS_ADVICE_SILENT,
  SQNS_ADVICE_NOT_ASKED,
  SQNS_ADVICE_NOTHING_CHANGED,
  SQNS_ADVICE_REFUSED,
  SQNS_ADVICE_PRESS_RESET,
  SQNS_ADVICE_CANCELLED,
  SQNS_ADVICE_DRAINING,
  SQNS_ADVICE_OTHER_WAY,
  SQNS_ADVICE_COMPARE_VERSION,
  /* the modem was being changed; power may still be cut */
  SQNS_ADVICE_PLUG_IN_GO_ON,
  SQNS_ADVICE_SILENT_GO_ON,
  SQNS_ADVICE_NOT_ASKED_GO_ON,
  SQNS_ADVICE_WRONG_VERSION,
  SQNS_ADVICE_FILE_NOT_TAKEN,
  SQNS_ADVICE_STILL_RUNS,
  SQNS_ADVICE_PRESS_RESET_GO_ON,
  SQNS_ADVICE_GO_ON,
  /* the job continues by itself */
  SQNS_ADVICE_WAITS_FOR_BOARD,
  SQNS_ADVICE_WAITS_FOR_PORT,

  SQNS_ADVICE_LEAVE_PASSTHROUGH, /* after success */
} SqnsAdviceId;
#define SQNS_N_ADVICES (SQNS_ADVICE_LEAVE_PASSTHROUGH + 1)

/* What a step means for the board's power. */
typedef enum {
  SQNS_ADVICE_STEP_PLAIN,
  SQNS_ADVICE_STEP_KEEPS, /* it stays on */
  SQNS_ADVICE_STEP_WAITS, /* as long as a modem may write by itself */
  SQNS_ADVICE_STEP_CUTS,
} SqnsAdviceStepKind;

typedef struct {
  SqnsAdviceStepKind kind;
  const char *text; /* one or more sentences */
} SqnsAdviceStep;

#define SQNS_ADVICE_MAX_STEPS 4u
/* Step @i; NULL after the last. */
const SqnsAdviceStep *sqns_advice_step (SqnsAdviceId id, guint i);
/* All steps joined; never empty; static. */
const char *sqns_advice_message (SqnsAdviceId id);
