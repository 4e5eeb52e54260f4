/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the board's power may be cut. */
#include "common/power.h"

/* The error says that nobody could ask the modem; another program's doings with the port are not ours to know. */
static gboolean
ended_in_the_dark (SqnsError code)
{
  switch (code)
    {
    case SQNS_ERROR_TIMEOUT:
    case SQNS_ERROR_DEVICE_LOST:
    case SQNS_ERROR_PROTOCOL:
    case SQNS_ERROR_NEEDS_HAND:
    case SQNS_ERROR_PORT_LOCKED:
      return TRUE;
    case SQNS_ERROR_FAILED:
    case SQNS_ERROR_NOT_FOUND:
    case SQNS_ERROR_BUSY:
    case SQNS_ERROR_INHIBITED:
    case SQNS_ERROR_INVALID_FIRMWARE:
    case SQNS_ERROR_INCOMPATIBLE:
    case SQNS_ERROR_DOWNGRADE:
    case SQNS_ERROR_WRONG_STATE:
    case SQNS_ERROR_MODEM_REFUSED:
    case SQNS_ERROR_VERIFY_FAILED:
    case SQNS_ERROR_NEEDS_RECOVERY:
    case SQNS_ERROR_CANCELLED:
    case SQNS_ERROR_DRAINING:
    case SQNS_ERROR_NOT_SUPPORTED:
    case SQNS_ERROR_KEY_REUSED:
    case SQNS_ERROR_LIMITS_EXCEEDED:
      break;
    }
  return FALSE;
}

SqnsPower
sqns_power_of_state (SqnsModemState state)
{
  switch (state)
    {
    case SQNS_MODEM_UPDATER:
      return SQNS_POWER_KEEP;
    case SQNS_MODEM_UNKNOWN:
    case SQNS_MODEM_PROBING:
    case SQNS_MODEM_SILENT:
    case SQNS_MODEM_UPGRADING:
    case SQNS_MODEM_GONE:
      return SQNS_POWER_UNSURE;
    case SQNS_MODEM_APPLICATION:
    case SQNS_MODEM_MTOOLS:
    case SQNS_MODEM_RECOVERY:
    case SQNS_MODEM_FFH:
      break;
    }
  return SQNS_POWER_SAFE;
}

SqnsPower
sqns_power_after_failure (gboolean safe, SqnsError code, SqnsModemState state)
{
  if (!safe)
    return SQNS_POWER_KEEP;
  /* UNKNOWN: nobody asked it, and this job changed nothing. SILENT: it may be writing what an earlier job left it. */
  SqnsPower power = state == SQNS_MODEM_UNKNOWN ? SQNS_POWER_SAFE : sqns_power_of_state (state);
  if (power != SQNS_POWER_SAFE)
    return power;
  return ended_in_the_dark (code) ? SQNS_POWER_UNSURE : SQNS_POWER_SAFE;
}
