/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl resume: resumes jobs that were interrupted or have failed, and waits for them. */
#include "client/commands/commands.h"
#include "client/job/follow.h"
#include "client/job/job.h"

static gboolean detach;

static const GOptionEntry entries[] = {
  { "detach", 0, 0, G_OPTION_ARG_NONE, &detach, "do not wait for the jobs", NULL },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (GPtrArray) jobs
      = conn != NULL ? sqns_job_ref_resolve (conn, argv + 1, (guint)argc - 1, FALSE, error) : NULL;
  if (jobs == NULL)
    return SQNS_EXIT_FAILED;

  g_autoptr (SqnsFollow) follow = sqns_follow_new (ctl, conn, TRUE);
  for (guint i = 0; i < jobs->len; i++)
    if (!sqns_dbus_job_call_resume_sync (jobs->pdata[i], sqns_no_options (), sqns_connection_flags (conn),
                                         sqns_connection_long_timeout (conn), NULL, error)
        || !sqns_follow_add (follow, sqns_path (jobs->pdata[i]), error))
      return SQNS_EXIT_FAILED;
  sqns_follow_started (follow, detach);
  return sqns_follow_run (follow, error);
}

const SqnsCommand sqns_resume_command
    = { "resume", "ID...", "go on with interrupted, failed or cancelled jobs, and wait for it", 1, -1, run, entries };
