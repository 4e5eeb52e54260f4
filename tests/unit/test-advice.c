/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Advice: every failed job gets one that names a next step and never risks a modem that may be writing. */
#include "model/advice.h"

#include <string.h>

static const SqnsMode modes[]
    = { SQNS_MODE_UNKNOWN, SQNS_MODE_FFH, SQNS_MODE_MTOOLS, SQNS_MODE_FFF, SQNS_MODE_UPDATER, SQNS_MODE_RECOVERY };

static gboolean
has_one_of (const char *text, const char *const *words)
{
  for (; *words != NULL; words++)
    if (strstr (text, *words) != NULL)
      return TRUE;
  return FALSE;
}

static void
test_every_case (void)
{
  static const char *const cuts[]
      = { "off and on",      "witch off",    "unplug",      "power cycle", "power away", "lug the board in again",
          "witch the board", "give it back", "ten seconds", NULL };
  static const char *const steps[] = { "Run ",    "run ",   "Leave ", "Wait ",   "Check ", "Close ", "Get ",
                                       "Choose ", "Press ", "Plug ",  "Switch ", "Try ",   NULL };

  for (int code = 0; code < SQNS_N_ERRORS; code++)
    for (int phase = 0; phase < SQNS_N_PHASES; phase++)
      for (gsize mode = 0; mode < G_N_ELEMENTS (modes); mode++)
        {
          const char *unsafe = sqns_advice (code, phase, modes[mode], FALSE);
          const char *safe = sqns_advice (code, phase, modes[mode], TRUE);
          g_assert_nonnull (strstr (unsafe, "Leave the board's power on"));
          g_assert_false (has_one_of (unsafe, cuts));
          g_assert_true (has_one_of (unsafe, steps));
          g_assert_true (has_one_of (safe, steps));
          g_assert_null (strstr (safe, "not supported"));
          g_assert_null (strchr (safe, '{'));
          /* a modem that is at work by itself is not to be cut off, whatever the job thought */
          if (modes[mode] == SQNS_MODE_UPDATER)
            g_assert_false (has_one_of (safe, (const char *const[]){ "off and on", "power away", NULL }));
        }
}

static void
test_rows (void)
{
  static const struct {
    SqnsError code;
    SqnsPhase phase;
    SqnsMode mode;
    gboolean safe;
    const char *words;
  } rows[] = {
    { SQNS_ERROR_NEEDS_RECOVERY, SQNS_PHASE_TRANSFER, SQNS_MODE_RECOVERY, TRUE, "Run the same upgrade again" },
    { SQNS_ERROR_PORT_LOCKED, SQNS_PHASE_ACQUIRE, SQNS_MODE_UNKNOWN, TRUE, "Close the program" },
    /* what the host does wrong is told whatever the modem waits in */
    { SQNS_ERROR_PORT_LOCKED, SQNS_PHASE_ACQUIRE, SQNS_MODE_RECOVERY, TRUE, "Close the program" },
    { SQNS_ERROR_PORT_LOCKED, SQNS_PHASE_ACQUIRE, SQNS_MODE_UNKNOWN, FALSE, "Close the program" },
    { SQNS_ERROR_DEVICE_LOST, SQNS_PHASE_TRANSFER, SQNS_MODE_RECOVERY, TRUE, "Plug the board in again" },
    { SQNS_ERROR_NEEDS_HAND, SQNS_PHASE_REBOOT, SQNS_MODE_FFH, TRUE, "Press the reset button" },
    { SQNS_ERROR_NEEDS_HAND, SQNS_PHASE_APPLY, SQNS_MODE_UNKNOWN, FALSE, "does not touch the modem" },
    { SQNS_ERROR_DEVICE_LOST, SQNS_PHASE_APPLY, SQNS_MODE_UNKNOWN, FALSE, "Put the cable back" },
    /* dead or unreachable: fifteen minutes first, then the power, not the reset button */
    { SQNS_ERROR_TIMEOUT, SQNS_PHASE_LINK, SQNS_MODE_UNKNOWN, TRUE, "leave the power on for fifteen minutes" },
    { SQNS_ERROR_TIMEOUT, SQNS_PHASE_LINK, SQNS_MODE_UNKNOWN, TRUE, "the reset button does not reset the modem" },
    { SQNS_ERROR_TIMEOUT, SQNS_PHASE_REBOOT, SQNS_MODE_UNKNOWN, TRUE, "Leave the power on for fifteen minutes" },
    /* what brings a modem back that does not boot */
    { SQNS_ERROR_TIMEOUT, SQNS_PHASE_UPDATER, SQNS_MODE_FFH, TRUE, "sqnsctl recover" },
    { SQNS_ERROR_FAILED, SQNS_PHASE_TRANSFER, SQNS_MODE_MTOOLS, TRUE, "sqnsctl recover" },
    { SQNS_ERROR_INCOMPATIBLE, SQNS_PHASE_PROBE, SQNS_MODE_FFH, TRUE, "firmware file that fits it" },
    { SQNS_ERROR_INVALID_FIRMWARE, SQNS_PHASE_INSPECT, SQNS_MODE_UNKNOWN, TRUE, "SHA-256" },
    { SQNS_ERROR_CANCELLED, SQNS_PHASE_LINK, SQNS_MODE_UNKNOWN, TRUE, "Nothing was changed" },
    { SQNS_ERROR_CANCELLED, SQNS_PHASE_TRANSFER, SQNS_MODE_RECOVERY, TRUE, "in recovery, where it is safe" },
    { SQNS_ERROR_DOWNGRADE, SQNS_PHASE_PROBE, SQNS_MODE_FFF, TRUE, "allow the downgrade" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *advice = sqns_advice (rows[i].code, rows[i].phase, rows[i].mode, rows[i].safe);
      if (strstr (advice, rows[i].words) == NULL)
        g_error ("row %u: '%s' is not in '%s'", (guint)i, rows[i].words, advice);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/advice/every-case", test_every_case);
  g_test_add_func ("/advice/rows", test_rows);
  return g_test_run ();
}
