/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of outcomes: what may come of which fault in which phase of an upgrade. */
#pragma once

#include "base/monitor.h"

typedef enum {
  MATRIX_ERROR,
  MATRIX_SILENCE,
  MATRIX_GARBAGE,
  MATRIX_LATE,
  MATRIX_DUPLICATE,
  MATRIX_DAMAGE,
  MATRIX_LOSS,
  MATRIX_SHORT_WRITE,
  MATRIX_MODEM_RESET,
  MATRIX_BOARD_RESET,
  MATRIX_UNPLUG,
  MATRIX_HANG,
  MATRIX_CANCEL,
  MATRIX_SIGTERM,
  MATRIX_SIGKILL,
} MatrixFault;
#define MATRIX_N_FAULTS (MATRIX_SIGKILL + 1)
const char *matrix_fault_name (MatrixFault fault); /* "error", ... */
gboolean matrix_fault_from_name (const char *name, MatrixFault *fault);

/* The written list: nothing else may come of a run. */
typedef enum {
  MATRIX_DONE,                /* succeeded: the booted modem has told the promised version */
  MATRIX_RETRIED,             /* the same, after requests, steps or links that were taken once more */
  MATRIX_UNTOUCHED,           /* failed; nothing of its firmware was written */
  MATRIX_RESUMABLE,           /* failed; the modem waits in recovery, mTools or FFH, power may be cut */
  MATRIX_CANCELLED,           /* cancelled; nothing of its firmware was written */
  MATRIX_CANCELLED_RESUMABLE, /* cancelled; the modem waits in recovery, mTools or FFH, power may be cut */
  MATRIX_UNKNOWN,             /* failed; the modem cannot be asked: power must stay */
  MATRIX_DIED,                /* the daemon did, and the next one went on */
} MatrixOutcome;
#define MATRIX_N_OUTCOMES (MATRIX_DIED + 1)
const char *matrix_outcome_name (MatrixOutcome outcome); /* "done", ... */

gboolean matrix_allows (MatrixFault fault, SqnsPhase phase, MatrixOutcome outcome);

/* Markdown, as docs/outcomes.md has it. Caller frees. */
char *matrix_table_format (void);
