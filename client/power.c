/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the power of a job's board may be cut. */
#include "power.h"
#include "job-state.h"

static gboolean
works_for_another (SqnsDbusModem *modem, SqnsDbusJob *job)
{
  const char *current = sqns_dbus_modem_get_current_job (modem);
  return g_strcmp0 (current, "/") != 0 && g_strcmp0 (current, g_dbus_proxy_get_object_path (G_DBUS_PROXY (job))) != 0;
}

/* Its error says that nobody could ask the modem; another program's doings with the port are not ours to know. */
static gboolean
ended_in_the_dark (SqnsDbusJob *job)
{
  SqnsExit code = sqns_exit_from_name (sqns_dbus_job_get_error_name (job));
  return code == SQNS_EXIT_UNKNOWN || code == SQNS_EXIT_HAND
         || g_strcmp0 (sqns_dbus_job_get_error_name (job), SQNS_ERROR_DBUS_PREFIX "PortLocked") == 0;
}

/* What the daemon calls safe is what this job did; of a modem that nobody has asked there is no more to know. */
SqnsPower
sqns_power_of_job (SqnsDbusJob *job, SqnsDbusModem *modem)
{
  SqnsStateId state;

  if (!sqns_dbus_job_get_safe (job))
    return SQNS_POWER_KEEP;
  if (modem == NULL || !sqns_state_from_name (sqns_dbus_modem_get_state (modem), &state))
    return SQNS_POWER_UNSURE;
  if (works_for_another (modem, job) || ended_in_the_dark (job))
    return SQNS_POWER_UNSURE;
  if (state == SQNS_STATE_UNKNOWN && sqns_job_state_ended (sqns_job_state (job)))
    return SQNS_POWER_SAFE;
  return sqns_state_words (state)->power;
}
