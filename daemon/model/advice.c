/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person should do next after a job went wrong. */
#include "model/advice.h"

static const char keep_power[]
    = "Leave the board's power on: the modem may still be writing its flash. Wait fifteen minutes, then "
      "refresh its state; when it is in recovery, run the upgrade again.";
static const char plug_in[] = "Leave the board's power on where it still has any. Put the cable back and run the same "
                              "upgrade again: it goes on "
                              "from the state that it finds.";
static const char run_again[]
    = "The modem is in recovery, where it is safe. Run the same upgrade again: it goes on from there.";
static const char feed_updater[]
    = "The modem waits for an updater in its boot loader. Keep the firmware file and its updater.elf at "
      "hand: a recovery is needed.";

/* Nothing had been changed when the job ended. */
static const char *
before_harm (SqnsError code)
{
  switch (code)
    {
    case SQNS_ERROR_NOT_FOUND:
    case SQNS_ERROR_DEVICE_LOST:
      return "Check the cable and the board's power, plug the board in again and run the upgrade again: nothing was "
             "changed on "
             "the modem.";
    case SQNS_ERROR_BUSY:
    case SQNS_ERROR_PORT_LOCKED:
      return "Close the program that uses the port (a terminal, an IDE, ModemManager), then run the upgrade again.";
    case SQNS_ERROR_INHIBITED:
      return "Wait until the inhibition ends, then run the upgrade again.";
    case SQNS_ERROR_INVALID_FIRMWARE:
      return "Get the firmware file again from its source and compare its SHA-256: this one must not be sent to a "
             "modem.";
    case SQNS_ERROR_INCOMPATIBLE:
      return "Choose a firmware file that fits this modem; nothing was changed on it.";
    case SQNS_ERROR_DOWNGRADE:
      return "The modem runs a newer firmware. If the older one is wanted, allow the downgrade and run the upgrade "
             "again.";
    case SQNS_ERROR_WRONG_STATE:
      return "Refresh the modem's state and look at it; nothing was changed on it.";
    case SQNS_ERROR_TIMEOUT:
      /* who does not answer may be writing what an earlier upgrade left it with */
      return "This job changed nothing on the modem. If another upgrade was interrupted before, leave the power on for "
             "fifteen minutes and run the upgrade again; else switch the board off and on (its reset button does not "
             "reset the modem) and run it again.";
    case SQNS_ERROR_PROTOCOL:
    case SQNS_ERROR_FAILED:
      return "Nothing was changed on the modem. Run the upgrade again; if it fails alike, keep the job's log.";
    case SQNS_ERROR_MODEM_REFUSED:
      return "The modem still runs its old firmware. Switch the board off and on, then run the upgrade again.";
    case SQNS_ERROR_NEEDS_RECOVERY:
      return run_again;
    case SQNS_ERROR_NEEDS_HAND:
      return "Press the reset button of the board while no program runs on it (safe boot), then run the upgrade again.";
    case SQNS_ERROR_CANCELLED:
      return "";
    case SQNS_ERROR_DRAINING:
      return "Switch draining off or wait until the daemon has been restarted, then run the upgrade again.";
    case SQNS_ERROR_NOT_SUPPORTED:
      return "The board or this release cannot do it this way; try another link or method.";
    case SQNS_ERROR_VERIFY_FAILED:
      return "Refresh the modem's state and compare the version that it tells with the one that was wanted.";
    }
  return "";
}

/* The modem was being changed; power may be cut all the same. */
static const char *
after_start (SqnsError code, SqnsMode mode)
{
  switch (code)
    {
    case SQNS_ERROR_DEVICE_LOST:
      return "Plug the board in again and run the same upgrade again: it goes on from the state that it finds.";
    case SQNS_ERROR_TIMEOUT:
      return "Refresh the modem's state. If it does not answer, switch the board off and on, then run the same upgrade "
             "again: it "
             "goes on from the state that it finds.";
    case SQNS_ERROR_VERIFY_FAILED:
      return "The modem runs, but not the firmware that was wanted. Refresh its state, then run the upgrade again; "
             "keep the job's "
             "log.";
    case SQNS_ERROR_MODEM_REFUSED:
      return mode == SQNS_MODE_FFF
                 ? "The modem runs, but did not take the file. Check that the file fits it; keep the job's log."
                 : run_again;
    case SQNS_ERROR_NEEDS_RECOVERY:
    case SQNS_ERROR_CANCELLED:
      return mode == SQNS_MODE_FFF ? "" : run_again;
    case SQNS_ERROR_NEEDS_HAND:
      return "Press the reset button of the board, then run the same upgrade again: it goes on from the state that it "
             "finds.";
    case SQNS_ERROR_FAILED:
    case SQNS_ERROR_NOT_FOUND:
    case SQNS_ERROR_BUSY:
    case SQNS_ERROR_PORT_LOCKED:
    case SQNS_ERROR_INHIBITED:
    case SQNS_ERROR_INVALID_FIRMWARE:
    case SQNS_ERROR_INCOMPATIBLE:
    case SQNS_ERROR_DOWNGRADE:
    case SQNS_ERROR_WRONG_STATE:
    case SQNS_ERROR_PROTOCOL:
    case SQNS_ERROR_DRAINING:
    case SQNS_ERROR_NOT_SUPPORTED:
      return "Run the same upgrade again: it goes on from the state that it finds. Keep the job's log.";
    }
  return "";
}

const char *
sqns_advice (SqnsError code, SqnsPhase phase, SqnsMode mode, gboolean safe)
{
  if (!safe)
    return code == SQNS_ERROR_DEVICE_LOST ? plug_in : keep_power;
  if (mode == SQNS_MODE_FFH)
    return feed_updater;
  if (mode == SQNS_MODE_RECOVERY || mode == SQNS_MODE_MTOOLS)
    return code == SQNS_ERROR_INVALID_FIRMWARE || code == SQNS_ERROR_INCOMPATIBLE || code == SQNS_ERROR_DOWNGRADE
               ? "The modem is in recovery, where it is safe, and needs a firmware file that fits it."
               : run_again;
  if (phase <= SQNS_PHASE_PREPARE)
    return before_harm (code);
  return after_start (code, mode);
}
