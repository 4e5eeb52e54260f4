/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl cancel: asks jobs to end while they safely can. */
#include "client/commands/commands.h"
#include "client/job/ref.h"

static SqnsExit
fail (SqnsCtl *ctl, GPtrArray *refusals)
{
  const GError *worst = NULL;
  SqnsExit code = SQNS_EXIT_DONE;
  for (guint i = 0; i < refusals->len; i++)
    {
      SqnsExit next = sqns_exit_worse (code, sqns_exit_from_error (refusals->pdata[i]));
      if (worst == NULL || next != code)
        worst = refusals->pdata[i];
      code = next;
    }
  return sqns_ctl_fail (ctl, worst);
}

static void
free_error (gpointer error)
{
  g_error_free (error);
}

/* All are asked, also behind one that refuses. */
static SqnsExit
cancel_all (SqnsCtl *ctl, SqnsConnection *conn, GPtrArray *jobs)
{
  g_autoptr (GPtrArray) refusals = g_ptr_array_new_with_free_func (free_error);
  g_autoptr (JsonNode) accepted = sqns_json_array_new ();

  for (guint i = 0; i < jobs->len; i++)
    {
      SqnsDbusJob *job = jobs->pdata[i];
      GError *error = NULL;
      if (sqns_dbus_job_call_cancel_sync (job, sqns_no_options (), sqns_connection_flags (conn),
                                          sqns_connection_long_timeout (conn), NULL, &error))
        {
          sqns_ctl_remark (ctl, "job %.8s will be cancelled", sqns_dbus_job_get_uuid (job));
          sqns_json_array_take (accepted, sqns_json_from_proxy (G_DBUS_PROXY (job)));
        }
      else
        {
          sqns_ctl_complain ("job %.8s is not cancelled", sqns_dbus_job_get_uuid (job));
          g_ptr_array_add (refusals, error);
        }
    }
  if (refusals->len > 0)
    return fail (ctl, refusals);
  if (sqns_ctl_wants_json (ctl))
    sqns_ctl_print (ctl, "jobs", g_steal_pointer (&accepted));
  return SQNS_EXIT_DONE;
}

SqnsExit
sqns_cmd_cancel (SqnsCtl *ctl, int argc, char **argv)
{
  g_autoptr (SqnsConnection) conn = NULL;
  g_autoptr (GPtrArray) jobs = NULL;
  SqnsExit code;

  if (!sqns_job_ref_arguments (ctl, argc, argv, &conn, &jobs, &code))
    return code;
  return cancel_all (ctl, conn, jobs);
}
