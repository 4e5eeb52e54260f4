/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl resume: goes on with jobs that were interrupted, or that have failed, and stays with them. */
#include "client/commands/commands.h"
#include "client/job/follow.h"
#include "client/job/ref.h"

static gboolean
resume (SqnsConnection *conn, SqnsDbusJob *job, GError **error)
{
  return sqns_dbus_job_call_resume_sync (job, sqns_no_options (), sqns_connection_flags (conn),
                                         sqns_connection_long_timeout (conn), NULL, error);
}

/* Its proxy still says how it ended before, and would be taken at its word. */
static SqnsDbusJob *
look_again (SqnsConnection *conn, SqnsDbusJob *job, GError **error)
{
  return sqns_connection_job (conn, g_dbus_proxy_get_object_path (G_DBUS_PROXY (job)), error);
}

SqnsExit
sqns_cmd_resume (SqnsCtl *ctl, int argc, char **argv)
{
  gboolean detach = FALSE;
  const GOptionEntry entries[] = {
    { "detach", 0, 0, G_OPTION_ARG_NONE, &detach, "do not wait for the jobs", NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, entries, 1, -1, &argc, &argv, &code))
    return code;
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, &error);
  if (conn == NULL)
    return sqns_ctl_fail (ctl, error);
  g_autoptr (GPtrArray) jobs = sqns_job_ref_resolve (conn, argv + 1, (guint)argc - 1, FALSE, &error);
  if (jobs == NULL)
    return sqns_ctl_fail (ctl, error);

  g_autoptr (SqnsFollow) follow = sqns_follow_new (ctl, conn, TRUE);
  if (detach)
    sqns_follow_only_start (follow);
  sqns_follow_expect (follow);
  for (guint i = 0; i < jobs->len; i++)
    {
      g_autoptr (SqnsDbusJob) job
          = resume (conn, jobs->pdata[i], &error) ? look_again (conn, jobs->pdata[i], &error) : NULL;
      if (job == NULL)
        return sqns_ctl_fail (ctl, error);
      sqns_follow_add (follow, job);
    }
  sqns_follow_started (follow);
  return sqns_follow_run (follow);
}
