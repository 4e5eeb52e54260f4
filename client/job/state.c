/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a job's state means. */
#include "client/job/state.h"

#include "client/core/connection.h"
#include "common/power.h"

#include <string.h>

/* No property has these two facts: they are read from the daemon's messages. */
#define HAND "NeedsHand: "
#define RESUME "sqnsctl resume "

SqnsJobState
sqns_job_state (SqnsDbusJob *job)
{
  SqnsJobState state = SQNS_JOB_UNKNOWN;
  sqns_job_state_from_name (sqns_dbus_job_get_state (job), &state);
  return state;
}

const char *
sqns_job_user_action (SqnsDbusJob *job)
{
  const char *message = sqns_dbus_job_get_message (job);
  gboolean hand = sqns_job_state (job) == SQNS_JOB_WAITING && message != NULL && g_str_has_prefix (message, HAND);
  return hand ? message + strlen (HAND) : NULL;
}

/* A job that continues by itself has a place in the queue. */
gboolean
sqns_job_needs_resume (SqnsDbusJob *job)
{
  const char *message = sqns_dbus_job_get_message (job);
  return sqns_job_state (job) == SQNS_JOB_INTERRUPTED && sqns_dbus_job_get_queue_position (job) == 0 && message != NULL
         && strstr (message, RESUME) != NULL;
}

SqnsExit
sqns_job_state_exit (SqnsDbusJob *job)
{
  SqnsJobState state = sqns_job_state (job);
  SqnsExit code = sqns_exit_from_name (sqns_dbus_job_get_error_name (job));

  if (state == SQNS_JOB_SUCCEEDED)
    return SQNS_EXIT_DONE;
  if (code != SQNS_EXIT_DONE) /* a cancelled job may have left the modem in recovery: its error says so */
    return code;
  return state == SQNS_JOB_CANCELLED ? SQNS_EXIT_CANCELLED : SQNS_EXIT_FAILED;
}

/* The daemon's Safe covers only what this job did. */
SqnsPower
sqns_job_power (SqnsDbusJob *job, SqnsDbusModem *modem)
{
  gboolean safe = sqns_dbus_job_get_safe (job);
  const char *current = modem != NULL ? sqns_dbus_modem_get_current_job (modem) : NULL;
  gboolean busy = g_strcmp0 (current, "/") != 0 && g_strcmp0 (current, sqns_path (job)) != 0;
  SqnsModemState state;
  SqnsError code;

  if (modem == NULL || !sqns_modem_state_from_name (sqns_dbus_modem_get_state (modem), &state) || (safe && busy))
    return safe ? SQNS_POWER_UNSURE : SQNS_POWER_KEEP;
  if (!sqns_error_from_name (sqns_dbus_job_get_error_name (job), &code))
    return safe ? sqns_power_of_state (state) : SQNS_POWER_KEEP;
  return sqns_power_after_failure (safe, code, state);
}
