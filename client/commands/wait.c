/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl wait: waits until jobs have ended. */
#include "client/commands/commands.h"
#include "client/job/follow.h"
#include "client/job/job.h"

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  SqnsExit code = SQNS_EXIT_FAILED;
  g_autoptr (SqnsConnection) conn = NULL;
  g_autoptr (GPtrArray) jobs = sqns_job_ref_arguments (ctl, argc, argv, &conn, &code, error);
  if (jobs == NULL)
    return code;

  g_autoptr (SqnsFollow) follow = sqns_follow_new (ctl, conn, FALSE);
  for (guint i = 0; i < jobs->len; i++)
    if (!sqns_follow_add (follow, sqns_path (jobs->pdata[i]), error))
      return SQNS_EXIT_FAILED;
  sqns_follow_started (follow, FALSE);
  return sqns_follow_run (follow, error);
}

const SqnsCommand sqns_wait_command
    = { "wait", "ID...", "wait until jobs have ended", 0, -1, run, sqns_job_ref_options };
