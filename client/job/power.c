/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the power of a job's board may be cut. */
#include "client/job/power.h"

#include "client/core/connection.h"
#include "common/power.h"

static gboolean
works_for_another (SqnsDbusModem *modem, SqnsDbusJob *job)
{
  const char *current = sqns_dbus_modem_get_current_job (modem);
  return g_strcmp0 (current, "/") != 0 && g_strcmp0 (current, sqns_path (job)) != 0;
}

/* What the daemon calls safe is what this job did, and that alone. */
SqnsPower
sqns_power_of_job (SqnsDbusJob *job, SqnsDbusModem *modem)
{
  SqnsModemState state;
  SqnsError code;

  if (modem == NULL || !sqns_modem_state_from_name (sqns_dbus_modem_get_state (modem), &state))
    return sqns_dbus_job_get_safe (job) ? SQNS_POWER_UNSURE : SQNS_POWER_KEEP;
  if (sqns_dbus_job_get_safe (job) && works_for_another (modem, job))
    return SQNS_POWER_UNSURE;
  if (!sqns_error_from_name (sqns_dbus_job_get_error_name (job), &code))
    return sqns_dbus_job_get_safe (job) ? sqns_power_of_state (state) : SQNS_POWER_KEEP;
  return sqns_power_after_failure (sqns_dbus_job_get_safe (job), code, state);
}
