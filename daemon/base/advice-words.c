/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person is to do after a job that failed. */
#include "base/advice-words.h"

/* While a modem may be writing, no text may speak of taking its power away; a test reads them all. */

static const struct {
  SqnsAdviceId id;
  const char *text;
} advices[] = {
  { SQNS_ADVICE_KEEP_POWER,
    "Leave the board's power on: the modem may still be writing its flash. Wait fifteen minutes, then run 'sqnsctl "
    "doctor' for it; when it is in recovery, run the same upgrade again." },
  { SQNS_ADVICE_KEEP_POWER_PLUG_IN,
    "Leave the board's power on where it still has any. Put the cable back and run the same upgrade again: it goes on "
    "from the state that it finds." },
  { SQNS_ADVICE_KEEP_POWER_PRESS_RESET,
    "Leave the board's power on: the modem may still be writing its flash. Press the board's reset button, which does "
    "not touch the modem, then run the same upgrade again: it goes on from the state that it finds." },

  { SQNS_ADVICE_KEEP_POWER_CLOSE_PROGRAM,
    "Leave the board's power on: the modem may still be writing its flash. Close the program that uses the port (a "
    "terminal, an IDE, ModemManager), then run the same upgrade again: it goes on from the state that it finds." },

  { SQNS_ADVICE_RECOVERY,
    "The modem is in recovery, where it is safe. Run the same upgrade again: it goes on from there." },
  { SQNS_ADVICE_MTOOLS,
    "The modem waits in its updater (mTools) for a firmware file. Leave the power on if you can, and "
    "run the same upgrade again, or 'sqnsctl recover': it goes on from there." },
  { SQNS_ADVICE_FFH,
    "The modem waits in its boot loader (FFH), where it is safe. Run 'sqnsctl recover', or the upgrade "
    "again, with the full .dup file: the updater that it needs is taken out of that file." },
  { SQNS_ADVICE_UPDATER,
    "The modem is applying an upgrade by itself. Leave the board's power on, wait fifteen minutes, "
    "then run the same upgrade again: it goes on from the state that it finds." },
  { SQNS_ADVICE_NEEDS_FILE, "The modem is safe where it is, and needs a full firmware file that fits it: run the "
                            "upgrade, or 'sqnsctl recover', "
                            "with such a file." },

  { SQNS_ADVICE_LOST,
    "Check the cable and the board's power, plug the board in again and run the upgrade again: nothing "
    "was changed on the modem." },
  { SQNS_ADVICE_CLOSE_PROGRAM, "Close the program that uses the port (a terminal, an IDE, ModemManager), then run the "
                               "upgrade again: nothing was changed on the modem." },
  { SQNS_ADVICE_INHIBITED, "Wait until the inhibition ends, then run the upgrade again." },
  { SQNS_ADVICE_FETCH_FILE, "Get the firmware file again from its source and compare its SHA-256: this one must not be "
                            "sent to a modem. Nothing was changed on the modem." },
  { SQNS_ADVICE_CHOOSE_FILE, "Choose a firmware file that fits this modem; nothing was changed on it." },
  { SQNS_ADVICE_DOWNGRADE,
    "The modem runs a newer firmware, and nothing was changed on it. If the older one is wanted, "
    "allow the downgrade and run the upgrade again." },
  { SQNS_ADVICE_LOOK_AT_STATE, "Run 'sqnsctl doctor' for the modem and look at its state; nothing was changed on it." },
  { SQNS_ADVICE_SILENT, /* who does not answer may be writing what an earlier upgrade left it with */
    "This job changed nothing on the modem. If another upgrade was interrupted before, leave the power on for fifteen "
    "minutes and run the upgrade again. Else take the board's power away for ten seconds and give it back (the reset "
    "button does not reset the modem), and run it again. If it fails alike, 'sqnsctl doctor' looks for the reason." },
  { SQNS_ADVICE_NOTHING_CHANGED, "Nothing was changed on the modem. Run the upgrade again; if it fails alike, run "
                                 "'sqnsctl doctor' for it and keep the job's log." },
  { SQNS_ADVICE_REFUSED,
    "The modem still runs its old firmware. Switch the board off and on (its reset button does not "
    "reset the modem), then run the upgrade again." },
  { SQNS_ADVICE_PRESS_RESET,
    "Press the reset button of the board while no program runs on it (safe boot), then run the "
    "upgrade again: nothing was changed on the modem." },
  { SQNS_ADVICE_CANCELLED, "Nothing was changed on the modem. Run the upgrade again when it is wanted." },
  { SQNS_ADVICE_DRAINING,
    "Switch draining off or wait until the daemon has been restarted, then run the upgrade again." },
  { SQNS_ADVICE_OTHER_WAY, "The board or this release cannot do it this way, and nothing was changed on the modem. Try "
                           "another --link or --method, or leave both to the daemon." },
  { SQNS_ADVICE_COMPARE_VERSION,
    "Run 'sqnsctl doctor' for the modem and compare the version that it tells with the one that was wanted." },

  { SQNS_ADVICE_PLUG_IN_GO_ON,
    "Plug the board in again and run the same upgrade again: it goes on from the state that it finds." },
  { SQNS_ADVICE_SILENT_GO_ON,
    "Leave the power on for fifteen minutes in case the modem is at work, then run the same upgrade again: it goes on "
    "from the state that it finds. If the modem still does not answer, take the board's power away for ten seconds, "
    "give it back (the reset button does not reset the modem), and run it once more." },
  { SQNS_ADVICE_WRONG_VERSION,
    "The modem runs, but not the firmware that was wanted. Run 'sqnsctl doctor' for it, then "
    "the upgrade again; keep the job's log." },
  { SQNS_ADVICE_FILE_NOT_TAKEN, "The modem runs, but did not take the file. Check that the file fits it, then run the "
                                "upgrade again; keep the job's "
                                "log." },
  { SQNS_ADVICE_STILL_RUNS, "The modem runs and may be used as it is. Run the upgrade again when it is wanted." },
  { SQNS_ADVICE_PRESS_RESET_GO_ON, "Press the reset button of the board, then run the same upgrade again: it goes on "
                                   "from the state that it finds." },
  { SQNS_ADVICE_GO_ON, "Run the same upgrade again: it goes on from the state that it finds. If it fails alike, run "
                       "'sqnsctl doctor' for the modem and keep the job's log." },

  { SQNS_ADVICE_WAITS_FOR_BOARD, "Plug the board in again: the job goes on from there." },
  { SQNS_ADVICE_WAITS_FOR_PORT,
    "Close the program that uses the port (a terminal, an IDE, ModemManager): the job goes on by itself then." },

  { SQNS_ADVICE_LEAVE_PASSTHROUGH,
    "Press the reset button on the board to get its MicroPython prompt back; the modem is not affected." },
};
G_STATIC_ASSERT (G_N_ELEMENTS (advices) == SQNS_N_ADVICES);

const char *
sqns_advice_words (SqnsAdviceId id)
{
  return advices[id].text;
}
