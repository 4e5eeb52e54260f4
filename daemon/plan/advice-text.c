/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user is told to do after a job failed. */
#include "plan/advice-text.h"

/* No text names a program's options or commands: each client has its own. */

/* clang-format off */
#define PLAIN(text) { SQNS_ADVICE_STEP_PLAIN, text }
#define KEEPS(text) { SQNS_ADVICE_STEP_KEEPS, text }
#define WAITS(text) { SQNS_ADVICE_STEP_WAITS, text }
#define CUTS(text) { SQNS_ADVICE_STEP_CUTS, text }
/* clang-format on */

#define LEAVE_ON KEEPS ("Leave the board's power on: the modem may still be writing its flash.")
#define RUN_SAME PLAIN ("Run the same upgrade again: it continues from wherever the modem stopped.")
#define RUN_AGAIN PLAIN ("Run the upgrade again: nothing was changed on the modem.")
#define CLOSE_PROGRAM PLAIN ("Close the program that uses the port (a terminal, an IDE, ModemManager).")
#define DIAGNOSE PLAIN ("If it fails again, run a diagnosis of the modem (doctor) and keep the job's log.")
#define SEE_TO_BOARD                                                                                                   \
  PLAIN ("The modem itself was not asked. Check the board first: its cable and power, any program that runs on it, "   \
         "its own firmware. Its reset button does not affect the modem.")

static const SqnsAdviceStep advices[][SQNS_ADVICE_MAX_STEPS] = {
  [SQNS_ADVICE_KEEP_POWER] = { LEAVE_ON, WAITS ("Wait fifteen minutes."), RUN_SAME, DIAGNOSE },
  [SQNS_ADVICE_KEEP_POWER_PLUG_IN]
  = { KEEPS ("If the board still has power, leave it on."), PLAIN ("Plug the cable back in."), RUN_SAME },
  [SQNS_ADVICE_KEEP_POWER_PRESS_RESET]
  = { LEAVE_ON, PLAIN ("Press the board's reset button; it does not affect the modem."), RUN_SAME },
  [SQNS_ADVICE_KEEP_POWER_CLOSE_PROGRAM] = { LEAVE_ON, CLOSE_PROGRAM, RUN_SAME },
  [SQNS_ADVICE_UPDATER] = { KEEPS ("Leave the board's power on: the modem is applying an upgrade by itself."),
                            WAITS ("Wait fifteen minutes."), RUN_SAME },

  [SQNS_ADVICE_RECOVERY] = { PLAIN ("The modem is waiting in recovery for a firmware file."),
                             PLAIN ("Run the same upgrade again: it continues from there.") },
  [SQNS_ADVICE_MTOOLS] = { PLAIN ("The modem is waiting in its updater (mTools) for a firmware file."),
                           PLAIN ("Run the same upgrade again, or recover it: it continues from there.") },
  [SQNS_ADVICE_FFH] = { PLAIN ("The modem is waiting in its boot loader (FFH)."),
                        PLAIN ("Recover it, or run the upgrade again, with the complete .dup file, which contains the "
                               "updater that this needs.") },
  [SQNS_ADVICE_NEEDS_FILE] = { PLAIN ("The modem is waiting for a complete firmware file that fits it."),
                               PLAIN ("Run the upgrade, or recover it, with such a file.") },

  [SQNS_ADVICE_LOST]
  = { PLAIN ("Check the cable and the board's power."), PLAIN ("Plug the board in again."), RUN_AGAIN },
  [SQNS_ADVICE_CLOSE_PROGRAM] = { CLOSE_PROGRAM, RUN_AGAIN },
  [SQNS_ADVICE_INHIBITED] = { PLAIN ("Wait until the inhibition ends, then run the upgrade again.") },
  [SQNS_ADVICE_FETCH_FILE] = { PLAIN ("Nothing was changed on the modem. This file must not be sent to any modem."),
                               PLAIN ("Download the firmware file again and compare its SHA-256.") },
  [SQNS_ADVICE_CHOOSE_FILE] = { PLAIN ("Nothing was changed on the modem. Choose a firmware file that fits it.") },
  [SQNS_ADVICE_DOWNGRADE] = { PLAIN ("Nothing was changed on the modem, which runs newer firmware."),
                              PLAIN ("To install the older one, allow the downgrade and run the upgrade again.") },
  [SQNS_ADVICE_LOOK_AT_STATE] = { PLAIN ("Nothing was changed on the modem. Run a diagnosis (doctor).") },
  /* a silent modem may still be applying an earlier upgrade */
  [SQNS_ADVICE_SILENT]
  = { WAITS ("This job changed nothing on the modem. If an earlier upgrade of it was interrupted, wait fifteen minutes "
             "first."),
      CUTS ("Unplug the board for 10 seconds, then plug it back in (the reset button does not reset the modem)."),
      PLAIN ("Run the upgrade again."), DIAGNOSE },
  [SQNS_ADVICE_NOT_ASKED] = { SEE_TO_BOARD, RUN_AGAIN, DIAGNOSE },
  [SQNS_ADVICE_NOTHING_CHANGED] = { RUN_AGAIN, DIAGNOSE },
  [SQNS_ADVICE_REFUSED]
  = { CUTS ("The modem still runs its old firmware. Unplug the board for 10 seconds, then plug it back in (the reset "
            "button does not reset the modem)."),
      PLAIN ("Run the upgrade again.") },
  [SQNS_ADVICE_PRESS_RESET]
  = { PLAIN ("Press the reset button of the board while no program runs on it (safe boot)."), RUN_AGAIN },
  [SQNS_ADVICE_CANCELLED] = { PLAIN ("Nothing was changed on the modem. Run the upgrade again when you are ready.") },
  [SQNS_ADVICE_DRAINING]
  = { PLAIN ("Turn draining off or wait until the daemon has restarted, then run the upgrade again.") },
  [SQNS_ADVICE_OTHER_WAY]
  = { PLAIN ("Nothing was changed on the modem. The board or this release does not support this link or method."),
      PLAIN ("Try another link or method, or let the daemon choose both.") },
  [SQNS_ADVICE_COMPARE_VERSION]
  = { PLAIN ("Compare the version that the modem reports with the expected one: run a diagnosis (doctor).") },

  [SQNS_ADVICE_PLUG_IN_GO_ON] = { PLAIN ("Plug the board in again."), RUN_SAME },
  [SQNS_ADVICE_SILENT_GO_ON]
  = { WAITS ("Wait fifteen minutes: the modem may be applying an upgrade."), RUN_SAME,
      CUTS ("If the modem still does not answer, unplug the board for 10 seconds, then plug it back in (the reset "
            "button does not reset the modem)."),
      PLAIN ("Run the same upgrade once more.") },
  [SQNS_ADVICE_NOT_ASKED_GO_ON] = { SEE_TO_BOARD, RUN_SAME, DIAGNOSE },
  [SQNS_ADVICE_WRONG_VERSION] = { PLAIN ("The modem runs, but not the expected firmware: run a diagnosis (doctor)."),
                                  RUN_SAME, PLAIN ("Keep the job's log.") },
  [SQNS_ADVICE_FILE_NOT_TAKEN]
  = { PLAIN ("The modem runs, but did not accept the file."),
      PLAIN ("Check that the file fits it, then run the upgrade again; keep the job's log.") },
  [SQNS_ADVICE_STILL_RUNS]
  = { PLAIN ("The modem runs and can be used as it is. Run the upgrade again when you are ready.") },
  [SQNS_ADVICE_PRESS_RESET_GO_ON] = { PLAIN ("Press the reset button of the board."), RUN_SAME },
  [SQNS_ADVICE_GO_ON] = { RUN_SAME, DIAGNOSE },

  [SQNS_ADVICE_WAITS_FOR_BOARD] = { PLAIN ("Plug the board in again: the job continues from there.") },
  [SQNS_ADVICE_WAITS_FOR_PORT] = { CLOSE_PROGRAM, PLAIN ("The job then continues by itself.") },

  [SQNS_ADVICE_LEAVE_PASSTHROUGH]
  = { PLAIN ("Press the reset button on the board to get its MicroPython prompt back; the modem is not affected.") },
};
G_STATIC_ASSERT (G_N_ELEMENTS (advices) == SQNS_N_ADVICES);

const SqnsAdviceStep *
sqns_advice_step (SqnsAdviceId id, guint i)
{
  return i < SQNS_ADVICE_MAX_STEPS && advices[id][i].text != NULL ? &advices[id][i] : NULL;
}

const char *
sqns_advice_message (SqnsAdviceId id)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const SqnsAdviceStep *step;

  for (guint i = 0; (step = sqns_advice_step (id, i)) != NULL; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", step->text);
  return g_intern_string (text->str);
}
