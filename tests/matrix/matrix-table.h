/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of outcomes: the allowed outcomes of each fault in each phase of an upgrade. */
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

/* All outcomes that a run may have. */
typedef enum {
  MATRIX_DONE,                /* succeeded: the booted modem reports the promised version */
  MATRIX_RETRIED,             /* the same, after repeated requests, steps or links */
  MATRIX_UNTOUCHED,           /* failed; nothing of its firmware was written */
  MATRIX_RESUMABLE,           /* failed; the modem waits in recovery, mTools or FFH, power may be cut */
  MATRIX_CANCELLED,           /* cancelled; nothing of its firmware was written */
  MATRIX_CANCELLED_RESUMABLE, /* cancelled; the modem waits in recovery, mTools or FFH, power may be cut */
  MATRIX_UNKNOWN,             /* failed; the modem does not respond: power must stay on */
  MATRIX_DIED,                /* the daemon died, and the next one resumed */
} MatrixOutcome;
#define MATRIX_N_OUTCOMES (MATRIX_DIED + 1)
const char *matrix_outcome_name (MatrixOutcome outcome); /* "done", ... */

gboolean matrix_allows (MatrixFault fault, SqnsPhase phase, MatrixOutcome outcome);

/* The Markdown text of docs/outcomes.md. The caller frees it. */
char *matrix_table_format (void);
