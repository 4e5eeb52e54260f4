/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user is told to do after a job failed. */
#include "plan/diagnosis.h"

/* The modem may be writing. */
static SqnsAdviceId
unsafe (SqnsError code)
{
  if (code == SQNS_ERROR_DEVICE_LOST)
    return SQNS_ADVICE_KEEP_POWER_PLUG_IN;
  if (code == SQNS_ERROR_BUSY || code == SQNS_ERROR_PORT_LOCKED)
    return SQNS_ADVICE_KEEP_POWER_CLOSE_PROGRAM;
  return code == SQNS_ERROR_NEEDS_HAND ? SQNS_ADVICE_KEEP_POWER_PRESS_RESET : SQNS_ADVICE_KEEP_POWER;
}

/* A person must not be sent after a modem that nobody asked. */
static SqnsAdviceId
by_contact (SqnsContact contact, SqnsAdviceId not_asked, SqnsAdviceId silent, SqnsAdviceId answered)
{
  switch (contact)
    {
    case SQNS_CONTACT_NONE:
      return not_asked;
    case SQNS_CONTACT_SILENT:
      return silent;
    case SQNS_CONTACT_ANSWERED:
      break;
    }
  return answered;
}

/* Nothing had been changed when the job ended. */
static SqnsAdviceId
before_harm (SqnsError code, SqnsContact contact, SqnsPower power)
{
  switch (code)
    {
    case SQNS_ERROR_NOT_FOUND:
    case SQNS_ERROR_DEVICE_LOST:
      return SQNS_ADVICE_LOST;
    case SQNS_ERROR_BUSY:
    case SQNS_ERROR_PORT_LOCKED:
      return SQNS_ADVICE_CLOSE_PROGRAM;
    case SQNS_ERROR_INHIBITED:
      return SQNS_ADVICE_INHIBITED;
    case SQNS_ERROR_INVALID_FIRMWARE:
      return SQNS_ADVICE_FETCH_FILE;
    case SQNS_ERROR_INCOMPATIBLE:
      return SQNS_ADVICE_CHOOSE_FILE;
    case SQNS_ERROR_DOWNGRADE:
      return SQNS_ADVICE_DOWNGRADE;
    case SQNS_ERROR_WRONG_STATE:
      return SQNS_ADVICE_LOOK_AT_STATE;
    case SQNS_ERROR_TIMEOUT:
      return by_contact (contact, SQNS_ADVICE_NOT_ASKED, SQNS_ADVICE_SILENT, SQNS_ADVICE_NOTHING_CHANGED);
    case SQNS_ERROR_PROTOCOL:
      return by_contact (contact, SQNS_ADVICE_NOT_ASKED, SQNS_ADVICE_NOTHING_CHANGED, SQNS_ADVICE_NOTHING_CHANGED);
    case SQNS_ERROR_FAILED:
      return SQNS_ADVICE_NOTHING_CHANGED;
    case SQNS_ERROR_MODEM_REFUSED:
      return power == SQNS_POWER_SAFE ? SQNS_ADVICE_REFUSED : SQNS_ADVICE_NOTHING_CHANGED;
    case SQNS_ERROR_NEEDS_RECOVERY:
      return SQNS_ADVICE_RECOVERY;
    case SQNS_ERROR_NEEDS_HAND:
      return SQNS_ADVICE_PRESS_RESET;
    case SQNS_ERROR_CANCELLED:
      return SQNS_ADVICE_CANCELLED;
    case SQNS_ERROR_DRAINING:
      return SQNS_ADVICE_DRAINING;
    case SQNS_ERROR_NOT_SUPPORTED:
    case SQNS_ERROR_KEY_REUSED:
    case SQNS_ERROR_LIMITS_EXCEEDED:
      return SQNS_ADVICE_OTHER_WAY;
    case SQNS_ERROR_VERIFY_FAILED:
      return SQNS_ADVICE_COMPARE_VERSION;
    }
  return SQNS_ADVICE_NOTHING_CHANGED;
}

/* The modem was being changed; power may be cut all the same. */
static SqnsAdviceId
after_start (SqnsError code, SqnsMode mode, SqnsContact contact)
{
  switch (code)
    {
    case SQNS_ERROR_DEVICE_LOST:
      return SQNS_ADVICE_PLUG_IN_GO_ON;
    case SQNS_ERROR_TIMEOUT:
      return by_contact (contact, SQNS_ADVICE_NOT_ASKED_GO_ON, SQNS_ADVICE_SILENT_GO_ON, SQNS_ADVICE_GO_ON);
    case SQNS_ERROR_VERIFY_FAILED:
      return SQNS_ADVICE_WRONG_VERSION;
    case SQNS_ERROR_MODEM_REFUSED:
      return mode == SQNS_MODE_FFF ? SQNS_ADVICE_FILE_NOT_TAKEN : SQNS_ADVICE_GO_ON;
    case SQNS_ERROR_NEEDS_RECOVERY:
    case SQNS_ERROR_CANCELLED:
      return mode == SQNS_MODE_FFF ? SQNS_ADVICE_STILL_RUNS : SQNS_ADVICE_GO_ON;
    case SQNS_ERROR_NEEDS_HAND:
      return SQNS_ADVICE_PRESS_RESET_GO_ON;
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
    case SQNS_ERROR_KEY_REUSED:
    case SQNS_ERROR_LIMITS_EXCEEDED:
      return SQNS_ADVICE_GO_ON;
    }
  return SQNS_ADVICE_GO_ON;
}

/* What stood in the way is the board, the host or the file: which state the modem waits in does not change what to do.
 */
static gboolean
is_of_the_host (SqnsError code)
{
  switch (code)
    {
    case SQNS_ERROR_NOT_FOUND:
    case SQNS_ERROR_BUSY:
    case SQNS_ERROR_PORT_LOCKED:
    case SQNS_ERROR_INHIBITED:
    case SQNS_ERROR_DEVICE_LOST:
    case SQNS_ERROR_NEEDS_HAND:
    case SQNS_ERROR_DRAINING:
      return TRUE;
    case SQNS_ERROR_FAILED:
    case SQNS_ERROR_INVALID_FIRMWARE:
    case SQNS_ERROR_INCOMPATIBLE:
    case SQNS_ERROR_DOWNGRADE:
    case SQNS_ERROR_WRONG_STATE:
    case SQNS_ERROR_TIMEOUT:
    case SQNS_ERROR_PROTOCOL:
    case SQNS_ERROR_MODEM_REFUSED:
    case SQNS_ERROR_VERIFY_FAILED:
    case SQNS_ERROR_NEEDS_RECOVERY:
    case SQNS_ERROR_CANCELLED:
    case SQNS_ERROR_NOT_SUPPORTED:
    case SQNS_ERROR_KEY_REUSED:
    case SQNS_ERROR_LIMITS_EXCEEDED:
      break;
    }
  return FALSE;
}

/* The modem waits for what it needs. */
static SqnsAdviceId
resting (SqnsError code, SqnsAdviceId next)
{
  gboolean wrong_file
      = code == SQNS_ERROR_INVALID_FIRMWARE || code == SQNS_ERROR_INCOMPATIBLE || code == SQNS_ERROR_DOWNGRADE;
  return wrong_file ? SQNS_ADVICE_NEEDS_FILE : next;
}

static SqnsAdviceId
choose (const SqnsFailure *failure, SqnsPower power)
{
  SqnsError code = failure->code;

  if (power == SQNS_POWER_KEEP)
    return failure->mode == SQNS_MODE_UPDATER && !is_of_the_host (code) ? SQNS_ADVICE_UPDATER : unsafe (code);
  if (!is_of_the_host (code))
    switch (failure->mode)
      {
      case SQNS_MODE_FFH:
        return resting (code, SQNS_ADVICE_FFH);
      case SQNS_MODE_RECOVERY:
        return resting (code, SQNS_ADVICE_RECOVERY);
      case SQNS_MODE_MTOOLS:
        return resting (code, SQNS_ADVICE_MTOOLS);
      case SQNS_MODE_UNKNOWN:
      case SQNS_MODE_FFF:
      case SQNS_MODE_UPDATER:
        break;
      }
  return failure->phase <= SQNS_PHASE_PREPARE ? before_harm (code, failure->contact, power)
                                              : after_start (code, failure->mode, failure->contact);
}

/* As the device's state will say it. */
static SqnsModemState
state_of (SqnsMode mode, SqnsContact contact)
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
  return contact == SQNS_CONTACT_SILENT ? SQNS_MODEM_SILENT : SQNS_MODEM_UNKNOWN;
}

SqnsDiagnosis
sqns_diagnose (const SqnsFailure *failure)
{
  SqnsPower power = sqns_power_after_failure (failure->safe, failure->code, state_of (failure->mode, failure->contact));

  return (SqnsDiagnosis){ power, choose (failure, power) };
}
