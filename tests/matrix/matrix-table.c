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
  "done", "retried", "untouched", "resumable", "cancelled", "cancelled-resumable", "unknown", "next-run",
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

/* How docs/outcomes.md explains them. */
static const char *const fault_words[] = {
  "the next answer is ERROR (an STP request is refused)",
  "the next answer does not come",
  "garbage comes instead of it",
  "it comes after its deadline",
  "it comes twice",
  "one bit of it is wrong",
  "a byte is lost, of the request where a board is between, else of the answer",
  "the kernel takes half of the next request, and the rest later",
  "the modem reboots instead of an answer",
  "the ESP32 reboots; somebody presses its button when asked",
  "the cable is pulled (hang-up, EIO)",
  "the modem answers nothing any more until its power was off",
  "a person cancels the job, where that is not refused",
  "the daemon is told to end: a cancel after the point of no return, or none",
  "the daemon is killed",
};
G_STATIC_ASSERT (G_N_ELEMENTS (fault_words) == MATRIX_N_FAULTS);

static const char *const outcome_words[] = {
  "succeeded: the booted modem told the promised version",
  "the same, after requests, steps or links that were taken once more",
  "failed before harm: nothing of the modem's firmware was written, power may be cut",
  "failed, and the modem waits in recovery, mTools or FFH: power may be cut",
  "cancelled before harm: nothing of the modem's firmware was written, power may be cut",
  "cancelled, and the modem waits in recovery, mTools or FFH: power may be cut",
  "failed, and the modem cannot be asked: power must stay",
  "the daemon's death is the end of nothing: the next run goes on",
};
G_STATIC_ASSERT (G_N_ELEMENTS (outcome_words) == MATRIX_N_OUTCOMES);

/* Why some of them are there that one would not expect. */
static const char *const reasons[] = {
  "done, retried: one may come for the other anywhere, for a busy machine loses answers of its own",
  "unknown, where a job is cancelled in bootrom or transfer: the last byte had been taken, and the modem applies the "
  "file "
  "by itself; a resume goes on from there",
  "cancelled-resumable, where a job is cancelled in apply: the modem had told that it could not apply the file",
  "untouched, where it hangs in updater: its boot ROM had nothing yet, and an updater goes to memory only",
  "untouched, where it hangs in transfer: it was taking a file into its store (FFF method), beside its firmware",
  "done, where it hangs in confirm or release: the version had been told",
  "untouched, where the board is reset before anything was written: a script that was being typed was lost with it, or "
  "the "
  "version that a plan needs was not heard",
};

/* --- the table --- */

/* The opening of the port, ACQUIRE, stands under LINK; INSPECT has no port yet. */
#define FIRST_PHASE SQNS_PHASE_LINK

#define D (1u << MATRIX_DONE)
#define R (1u << MATRIX_RETRIED)
#define U (1u << MATRIX_UNTOUCHED)
#define S (1u << MATRIX_RESUMABLE)
#define C (1u << MATRIX_CANCELLED)
#define CS (1u << MATRIX_CANCELLED_RESUMABLE)
#define X (1u << MATRIX_UNKNOWN)
#define N (1u << MATRIX_DIED)

/* clang-format off */
static const guint8 allowed[MATRIX_N_FAULTS][SQNS_N_PHASES - FIRST_PHASE] = {
  /*                        link       probe      prepare         bootrom         updater  transfer            apply        reboot  confirm    release */
  [MATRIX_ERROR]        = { D | R,     D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_SILENCE]      = { D | R | U, D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_GARBAGE]      = { D | R | U, D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_LATE]         = { D | R,     D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_DUPLICATE]    = { D | R,     D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_DAMAGE]       = { D | R,     D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_LOSS]         = { D | R | U, D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_SHORT_WRITE]  = { D | R,     D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_MODEM_RESET]  = { D | R,     D | R,     D | R,          D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_BOARD_RESET]  = { D | R | U, D | R | U, D | R | U,      D | R,          D | R,   D | R,              D | R,      D | R,  D | R,     D | R },
  [MATRIX_UNPLUG]       = { U,         U | X,     U | X,          X,              X,       X,                  X,          X,      D | R | X, D | R },
  [MATRIX_HANG]         = { U,         U,         U | X,          X,              U | X,   U | X,              X,          X,      D | R | X, D | R },
  [MATRIX_CANCEL]       = { C,         C | CS,    D | R | C | CS, D | R | CS | X, C | CS,  D | R | C | CS | X, D | R | CS, D | R,  D | R,     D | R },
  [MATRIX_SIGTERM]      = { C,         C | CS,    D | R | C | CS, D | R | CS | X, C | CS,  D | R | C | CS | X, D | R | CS, D | R,  D | R,     D | R },
  [MATRIX_SIGKILL]      = { N,         N,         N,              N,              N,       N,                  N,          N,      N,         N },
};
/* clang-format on */

gboolean
matrix_allows (MatrixFault fault, SqnsPhase phase, MatrixOutcome outcome)
{
  return (allowed[fault][MAX (phase, FIRST_PHASE) - FIRST_PHASE] & 1u << outcome) != 0;
}

static void
append_cell (GString *text, guint set)
{
  const char *comma = " ";

  for (guint outcome = 0; outcome < MATRIX_N_OUTCOMES; outcome++)
    if (set & 1u << outcome)
      {
        g_string_append_printf (text, "%s%s", comma, outcome_names[outcome]);
        comma = ", ";
      }
  g_string_append (text, " |");
}

char *
matrix_table_format (void)
{
  GString *text = g_string_new ("|");

  for (guint phase = FIRST_PHASE; phase < SQNS_N_PHASES; phase++)
    g_string_append_printf (text, " | %s", sqns_phase_name ((SqnsPhase)phase));
  g_string_append (text, " |\n|---|");
  for (guint phase = FIRST_PHASE; phase < SQNS_N_PHASES; phase++)
    g_string_append (text, "---|");
  for (guint fault = 0; fault < MATRIX_N_FAULTS; fault++)
    {
      g_string_append_printf (text, "\n| **%s** |", fault_names[fault]);
      for (guint phase = FIRST_PHASE; phase < SQNS_N_PHASES; phase++)
        append_cell (text, allowed[fault][phase - FIRST_PHASE]);
    }
  g_string_append (text, "\n\n");
  for (guint fault = 0; fault < MATRIX_N_FAULTS; fault++)
    g_string_append_printf (text, "- **%s**: %s\n", fault_names[fault], fault_words[fault]);
  g_string_append (text, "\n");
  for (guint outcome = 0; outcome < MATRIX_N_OUTCOMES; outcome++)
    g_string_append_printf (text, "- %s: %s\n", outcome_names[outcome], outcome_words[outcome]);
  g_string_append (text, "\n");
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    g_string_append_printf (text, "- %s\n", reasons[i]);
  return g_string_free (text, FALSE);
}
