/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl resume: resumes jobs that were interrupted or have failed, and waits for them. */
#include "client/commands/commands.h"
#include "client/job/follow.h"
#include "client/job/ref.h"

static gboolean detach;

static const GOptionEntry entries[] = {
  { "detach", 0, 0, G_OPTION_ARG_NONE, &detach, "do not wait for the jobs", NULL },
  { NULL },
};

/* Returns a new proxy: @job still has the job's earlier end. */
static SqnsDbusJob *
resume (SqnsConnection *conn, SqnsDbusJob *job, GError **error)
{
  if (!sqns_dbus_job_call_resume_sync (job, sqns_no_options (), sqns_connection_flags (conn),
                                       sqns_connection_long_timeout (conn), NULL, error))
    return NULL;
  return sqns_connection_read_job (conn, sqns_path (job), error);
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (GPtrArray) jobs
      = conn != NULL ? sqns_job_ref_resolve (conn, argv + 1, (guint)argc - 1, FALSE, error) : NULL;
  if (jobs == NULL)
    return SQNS_EXIT_FAILED;

  g_autoptr (SqnsFollow) follow = sqns_follow_new (ctl, conn, TRUE);
  sqns_follow_expect (follow, detach);
  for (guint i = 0; i < jobs->len; i++)
    {
      g_autoptr (SqnsDbusJob) job = resume (conn, jobs->pdata[i], error);
      if (job == NULL)
        return SQNS_EXIT_FAILED;
      sqns_follow_add (follow, job);
    }
  sqns_follow_started (follow);
  return sqns_follow_run (follow, error);
}

const SqnsCommand sqns_resume_command
    = { "resume", "ID...", "go on with interrupted, failed or cancelled jobs, and wait for it", 1, -1, run, entries };
