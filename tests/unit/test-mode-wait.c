/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a modem that boots: what follows each answer, and when it tries the other baud rate. */
#include "modem/wait.h"

#define DEADLINE 1000

typedef struct {
  const char *name;
  const char *events; /* s silence, e ERROR, o OK, else a mode: f FFH, r RECOVERY, a application, u unknown */
  guint silences_max;
  gboolean can_set_speed;
  gboolean late;    /* all of them */
  const char *next; /* . pause and AT, ? AT+SMOD?, % other speed, ! end */
  SqnsMode mode;
  gboolean answered;
} Row;

/* Waits for RECOVERY. */
static const Row rows[] = {
  { "up", "or", 12, TRUE, FALSE, "?!", SQNS_MODE_RECOVERY, TRUE },
  { "another mode", "oaor", 12, TRUE, FALSE, "?.?!", SQNS_MODE_RECOVERY, TRUE },
  { "no mode", "ouor", 12, TRUE, FALSE, "?.?!", SQNS_MODE_RECOVERY, TRUE },
  { "leftover bytes", "eeor", 12, TRUE, FALSE, "..?!", SQNS_MODE_RECOVERY, TRUE },
  { "goes down when asked", "osor", 12, TRUE, FALSE, "?.?!", SQNS_MODE_RECOVERY, TRUE },
  { "other speed", "ssssss", 3, TRUE, FALSE, "..%..%", SQNS_MODE_UNKNOWN, FALSE },
  { "one speed only", "ssssss", 3, FALSE, FALSE, "......", SQNS_MODE_UNKNOWN, FALSE },
  { "in a row", "ssessesss", 3, TRUE, FALSE, "........%", SQNS_MODE_UNKNOWN, FALSE },
  { "late and silent", "s", 1, TRUE, TRUE, "!", SQNS_MODE_UNKNOWN, FALSE },
  { "late in the old mode", "oa", 12, TRUE, TRUE, "?!", SQNS_MODE_FFF, TRUE },
  { "late, but there", "or", 12, TRUE, TRUE, "?!", SQNS_MODE_RECOVERY, TRUE },
  { "late, the last chance", "ea", 12, TRUE, TRUE, "?!", SQNS_MODE_FFF, TRUE },
  { "silent after a mode", "oas", 12, TRUE, FALSE, "?..", SQNS_MODE_FFF, FALSE },
};

static gboolean
accepts (gpointer data, SqnsMode mode, gint64 now_us)
{
  return mode == SQNS_MODE_RECOVERY;
}

static SqnsWaitState
tell (SqnsModeWait *wait, const Row *row, char event)
{
  gint64 now = row->late ? DEADLINE + 1 : DEADLINE;

  switch (event)
    {
    case 's':
      return sqns_mode_wait_next (wait, SQNS_WAIT_SILENCE, SQNS_MODE_UNKNOWN, row->can_set_speed, now);
    case 'e':
      return sqns_mode_wait_next (wait, SQNS_WAIT_ERROR, SQNS_MODE_UNKNOWN, row->can_set_speed, now);
    case 'o':
      return sqns_mode_wait_next (wait, SQNS_WAIT_OK, SQNS_MODE_UNKNOWN, row->can_set_speed, now);
    default:
      return sqns_mode_wait_next (wait, SQNS_WAIT_MODE,
                                  event == 'f'   ? SQNS_MODE_FFH
                                  : event == 'r' ? SQNS_MODE_RECOVERY
                                  : event == 'a' ? SQNS_MODE_FFF
                                                 : SQNS_MODE_UNKNOWN,
                                  row->can_set_speed, now);
    }
}

static void
test_next (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];
      SqnsModeWait wait = {
        .silences_max = row->silences_max,
        .accepts = accepts,
        .deadline_us = DEADLINE,
        .mode = SQNS_MODE_UNKNOWN,
      };
      g_autoptr (GString) next = g_string_new (NULL);

      for (const char *event = row->events; *event != '\0'; event++)
        g_string_append_c (next, " ?%.!"[tell (&wait, row, *event)]);
      if (g_strcmp0 (next->str, row->next) != 0)
        g_error ("%s: %s, not %s", row->name, next->str, row->next);
      g_assert_cmpint (wait.mode, ==, row->mode);
      g_assert_cmpint (wait.answered, ==, row->answered);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mode-wait/next", test_next);
  return g_test_run ();
}
