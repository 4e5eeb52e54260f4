/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl job: all about one job, and its transcript. */
#include "client/commands/commands.h"
#include "client/core/property-list.h"
#include "client/job/log.h"
#include "client/job/ref.h"
#include "client/job/state.h"
#include "client/ui/output.h"

static SqnsExit
follow (SqnsCtl *ctl, SqnsConnection *conn, SqnsDbusJob *job)
{
  g_autoptr (GError) error = NULL;
  gboolean interrupted;

  if (!sqns_job_log_follow (conn, job, &interrupted, &error))
    return sqns_ctl_fail (ctl, error);
  return interrupted ? SQNS_EXIT_DETACHED : sqns_job_state_exit (job);
}

SqnsExit
sqns_cmd_job (SqnsCtl *ctl, int argc, char **argv)
{
  gboolean want_log = FALSE, want_more = FALSE;
  const GOptionEntry entries[] = {
    { "log", 0, 0, G_OPTION_ARG_NONE, &want_log, "print the transcript of what was said on the wire", NULL },
    { "follow", 0, 0, G_OPTION_ARG_NONE, &want_more, "with --log: go on until the job has ended", NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) log = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, entries, 1, 1, &argc, &argv, &code))
    return code;
  if (want_more && (!want_log || sqns_ctl_wants_json (ctl)))
    return sqns_ctl_usage (ctl, "--follow goes with --log, and not with JSON");
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, &error);
  if (conn == NULL)
    return sqns_ctl_fail (ctl, error);
  g_autoptr (SqnsDbusJob) job = sqns_job_ref_find (conn, argv[1], &error);
  if (job == NULL)
    return sqns_ctl_fail (ctl, error);
  if (want_more)
    return follow (ctl, conn, job);
  if (want_log)
    {
      log = sqns_job_log_get (conn, job, &error);
      if (log == NULL)
        return sqns_ctl_fail (ctl, error);
    }

  if (sqns_ctl_wants_json (ctl))
    {
      JsonNode *node = sqns_json_from_proxy (G_DBUS_PROXY (job));
      if (log != NULL)
        {
          g_autofree char *valid = g_utf8_make_valid (log->str, (gssize)log->len);
          json_object_set_string_member (json_node_get_object (node), "log", valid);
        }
      sqns_ctl_print (ctl, "job", node);
    }
  else if (log != NULL)
    sqns_out_text (log->str, log->len);
  else
    sqns_details_print (conn, G_DBUS_PROXY (job));
  return SQNS_EXIT_DONE;
}
