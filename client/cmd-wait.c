/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl wait: until jobs have ended. */
#include "commands.h"
#include "follow.h"
#include "job-ref.h"

SqnsExit
sqns_cmd_wait (SqnsCtl *ctl, int argc, char **argv)
{
  gboolean all = FALSE;
  const GOptionEntry entries[] = {
    { "all", 0, 0, G_OPTION_ARG_NONE, &all, "every job that has not ended", NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, entries, 0, -1, &argc, &argv, &code))
    return code;
  if (argc < 2 && !all)
    return sqns_ctl_usage (ctl, "which job? give ids or --all");
  g_autoptr (SqnsBus) bus = sqns_bus_open (ctl, &error);
  if (bus == NULL)
    return sqns_ctl_fail (ctl, error);
  g_autoptr (GPtrArray) jobs = sqns_job_ref_resolve (bus, argv + 1, (guint)argc - 1, all, &error);
  if (jobs == NULL)
    return sqns_ctl_fail (ctl, error);

  g_autoptr (SqnsFollow) follow = sqns_follow_new (ctl, bus, FALSE);
  for (guint i = 0; i < jobs->len; i++)
    sqns_follow_add (follow, jobs->pdata[i]);
  return sqns_follow_run (follow);
}
