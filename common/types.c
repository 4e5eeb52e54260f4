/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the enums. */
#include "common/types.h"

const char *const sqns_job_state_names[] = {
  "queued", "waiting", "running", "verifying", "succeeded", "failed", "cancelled", "interrupted", NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_job_state_names) == SQNS_N_JOB_STATES + 1);

const char *const sqns_phase_names[] = {
  "inspect",  "acquire", "link",   "probe",   "prepare", "bootrom", "updater",
  "transfer", "apply",   "reboot", "confirm", "release", NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_phase_names) == SQNS_N_PHASES + 1);

const char *const sqns_waiting_for_names[] = {
  "", "time", "queue", "limit", "inhibitor", "draining", "board", "port", "user", "resume", NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_waiting_for_names) == SQNS_N_WAITING_FOR + 1);

const char *const sqns_modem_state_names[] = {
  "unknown", "probing", "application", "mtools", "recovery", "updater", "ffh", "silent", "upgrading", "gone", NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_modem_state_names) == SQNS_N_MODEM_STATES + 1);

const char *const sqns_link_kind_names[] = { "auto", "direct", "passthrough", "relay", NULL };
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_link_kind_names) == SQNS_N_LINK_KINDS + 1);

const char *const sqns_method_names[] = { "auto", "on-the-fly", "fff", "recovery", NULL };
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_method_names) == SQNS_N_METHODS + 1);

const char *const sqns_board_flag_names[] = {
  "passthrough", "needs-lte-task", "lte-on-boot", "no-lte",           "main-program", "program-interrupted",
  "safe-boot",   "owns-modem",     "modem-heard", "firmware-crashes", "answers",      "comes-and-goes",
  NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_board_flag_names) == SQNS_N_BOARD_FLAGS + 1);
G_STATIC_ASSERT (SQNS_BOARD_COMES_AND_GOES == 1 << (SQNS_N_BOARD_FLAGS - 1));

gboolean
sqns_job_state_ended (SqnsJobState state)
{
  return state == SQNS_JOB_SUCCEEDED || state == SQNS_JOB_FAILED || state == SQNS_JOB_CANCELLED;
}

SqnsModemState
sqns_mode_state (SqnsMode mode)
{
  switch (mode)
    {
    case SQNS_MODE_FFH:
      return SQNS_MODEM_FFH;
    case SQNS_MODE_MTOOLS:
      return SQNS_MODEM_MTOOLS;
    case SQNS_MODE_FFF:
      return SQNS_MODEM_APPLICATION;
    case SQNS_MODE_UPDATER:
      return SQNS_MODEM_UPDATER;
    case SQNS_MODE_RECOVERY:
      return SQNS_MODEM_RECOVERY;
    case SQNS_MODE_UNKNOWN:
      break;
    }
  return SQNS_MODEM_UNKNOWN;
}

const char *
sqns_mode_name (SqnsMode mode)
{
  return sqns_modem_state_name (sqns_mode_state (mode));
}

const char **
sqns_board_flags_to_names (SqnsBoardFlags flags)
{
  GPtrArray *names = g_ptr_array_new ();
  for (guint i = 0; i < SQNS_N_BOARD_FLAGS; i++)
    if ((flags & 1u << i) != 0)
      g_ptr_array_add (names, (gpointer)sqns_board_flag_names[i]);
  g_ptr_array_add (names, NULL);
  return (const char **)g_ptr_array_free (names, FALSE);
}

SqnsBoardFlags
sqns_board_flags_from_names (const char *const *names)
{
  guint flags = 0;
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      int bit = sqns_names_find (sqns_board_flag_names, names[i]);
      flags |= bit >= 0 ? 1u << bit : 0;
    }
  return (SqnsBoardFlags)flags;
}
