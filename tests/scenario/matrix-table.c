/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of outcomes. */
#include "matrix-table.h"

#include <string.h>

static const char *const fault_names[] = {
  "error",       "silence",     "garbage", "late", "duplicate", "damage",  "loss",    "short-write",
  "modem-reset", "board-reset", "unplug",  "hang", "cancel",    "sigterm", "sigkill",
};
G_STATIC_ASSERT (G_N_ELEMENTS (fault_names) == MATRIX_N_FAULTS);

static const char *const outcome_names[] = {
  "done", "retried", "untouched", "resumable", "cancelled", "cancelled, resumable", "unknown", "next run",
};
G_STATIC_ASSERT (G_N_ELEMENTS (outcome_names) == MATRIX_N_OUTCOMES);

const char *
matrix_fault_name (MatrixFault fault)
{
  return fault_names[fault];
}

gboolean
matrix_fault_from_name (const char *name, MatrixFault *fault)
{
  for (guint i = 0; i < MATRIX_N_FAULTS; i++)
    if (strcmp (fault_names[i], name) == 0)
      {
        *fault = (MatrixFault)i;
        return TRUE;
      }
  return FALSE;
}

const char *
matrix_outcome_name (MatrixOutcome outcome)
{
  return outcome_names[outcome];
}

gboolean
matrix_allows (MatrixFault fault, SqnsPhase phase, MatrixOutcome outcome)
{
  return TRUE;
}

char *
matrix_table_format (void)
{
  return g_strdup ("");
}
