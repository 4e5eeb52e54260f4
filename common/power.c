/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the board's power may be cut. */
#include "common/power.h"

/* Errors after which nobody could ask the modem; what another program did with the port is not known. */
#define UNASKED                                                                                                        \
  (1u << SQNS_ERROR_TIMEOUT | 1u << SQNS_ERROR_DEVICE_LOST | 1u << SQNS_ERROR_PROTOCOL | 1u << SQNS_ERROR_NEEDS_HAND   \
   | 1u << SQNS_ERROR_PORT_LOCKED)
G_STATIC_ASSERT (SQNS_N_ERRORS <= 32);

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
  /* UNKNOWN: not asked, and this job changed nothing. SILENT: an earlier job may have left it writing. */
  SqnsPower power = state == SQNS_MODEM_UNKNOWN ? SQNS_POWER_SAFE : sqns_power_of_state (state);
  if (power != SQNS_POWER_SAFE)
    return power;
  return (UNASKED & 1u << code) != 0 ? SQNS_POWER_UNSURE : SQNS_POWER_SAFE;
}
