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

/* The explanations in docs/outcomes.md. */
static const char *const fault_words[] = {
  "the next answer is ERROR (an STP request is refused)",
  "the next answer is missing",
  "garbage arrives instead of it",
  "it arrives after its deadline",
  "it arrives twice",
  "one bit of it is wrong",
  "a byte is lost: of the request if a board is in between, otherwise of the answer",
  "the kernel accepts half of the next request, and the rest later",
  "the modem reboots instead of an answer",
  "the ESP32 reboots; the user presses its button when asked to",
  "the cable is pulled (hang-up, EIO)",
  "the modem stops responding until a power cycle",
  "the user cancels the job, unless that is refused",
  "the daemon is asked to stop: a cancel after the point of no return, or none",
  "the daemon is killed",
};
G_STATIC_ASSERT (G_N_ELEMENTS (fault_words) == MATRIX_N_FAULTS);

static const char *const outcome_words[] = {
  "succeeded: the booted modem reports the promised version",
  "the same, after repeated requests, steps or links",
  "failed before any change to the modem's firmware: power may be cut",
  "failed, and the modem waits in recovery, mTools or FFH: power may be cut",
  "cancelled before any change to the modem's firmware: power may be cut",
  "cancelled, and the modem waits in recovery, mTools or FFH: power may be cut",
  "failed, and the modem does not respond: power must stay on",
  "the daemon died: the next run resumes",
};
G_STATIC_ASSERT (G_N_ELEMENTS (outcome_words) == MATRIX_N_OUTCOMES);

/* The reasons for surprising outcomes. */
static const char *const reasons[] = {
  "done, retried: always allowed together, because a busy computer loses answers, too",
  "unknown after a cancel in bootrom or transfer: the modem has the whole file and applies it on its own; a resume "
  "continues from there",
  "cancelled-resumable after a cancel in apply: the modem has reported that it cannot apply the file",
  "untouched after a hang in updater: the boot ROM has received nothing yet, and an updater only goes to memory",
  "untouched after a hang in transfer: the file goes to a store beside the firmware (FFF method)",
  "done after a hang in confirm or release: the modem has reported the version already",
  "untouched after a reset of the board before any write: it loses the script that is being typed, or the version that "
  "the plan needs",
};

/* --- the table --- */

/* LINK includes ACQUIRE, the opening of the port. INSPECT has no port yet. */
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
