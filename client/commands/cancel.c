/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl cancel: cancels jobs where that is safe. */
#include "client/commands/commands.h"
#include "client/job/job.h"

/* Keeps the more severe error. Takes @error. */
static void
keep_worst (GError **worst, GError *error)
{
  SqnsExit code = *worst != NULL ? sqns_exit_from_error (*worst) : SQNS_EXIT_DONE;
  if (*worst != NULL && sqns_exit_worse (code, sqns_exit_from_error (error)) == code)
    {
      g_error_free (error);
      return;
    }
  g_clear_error (worst);
  *worst = error;
}

/* Tries all jobs, even after a refusal. */
static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  SqnsExit code = SQNS_EXIT_FAILED;
  g_autoptr (SqnsConnection) conn = NULL;
  g_autoptr (GPtrArray) jobs = sqns_job_ref_arguments (ctl, argc, argv, &conn, &code, error);
  if (jobs == NULL)
    return code;

  for (guint i = 0; i < jobs->len; i++)
    {
      SqnsDbusJob *job = jobs->pdata[i];
      GError *refusal = NULL;
      if (sqns_dbus_job_call_cancel_sync (job, sqns_no_options (), sqns_connection_flags (conn),
                                          sqns_connection_long_timeout (conn), NULL, &refusal))
        sqns_ctl_remark (ctl, "job " SQNS_SHORT_UUID " will be cancelled", sqns_dbus_job_get_uuid (job));
      else
        {
          sqns_complain ("job " SQNS_SHORT_UUID " is not cancelled", sqns_dbus_job_get_uuid (job));
          keep_worst (error, refusal);
        }
    }
  if (*error == NULL && sqns_ctl_wants_json (ctl))
    sqns_ctl_print (ctl, "jobs", sqns_json_from_proxies (jobs));
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_cancel_command
    = { "cancel", "ID...", "ask jobs to end while they safely can", 0, -1, run, sqns_job_ref_options };
