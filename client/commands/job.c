/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl job: all about one job, and its transcript. */
#include "client/commands/commands.h"
#include "client/core/property-list.h"
#include "client/job/log.h"
#include "client/job/ref.h"
#include "client/job/state.h"
#include "client/ui/output.h"

static gboolean want_log, want_more;
const GOptionEntry sqns_job_options[] = {
  { "log", 0, 0, G_OPTION_ARG_NONE, &want_log, "print the transcript of what was said on the wire", NULL },
  { "follow", 0, 0, G_OPTION_ARG_NONE, &want_more, "with --log: go on until the job has ended", NULL },
  { NULL },
};

SqnsExit
sqns_cmd_job (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GString) log = NULL;
  gboolean interrupted;

  if (want_more && (!want_log || sqns_ctl_wants_json (ctl)))
    return sqns_ctl_usage (ctl, "--follow goes with --log, and not with JSON");
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (SqnsDbusJob) job = conn != NULL ? sqns_job_ref_find (conn, argv[1], error) : NULL;
  if (job == NULL)
    return SQNS_EXIT_FAILED;
  if (want_more && sqns_job_log_follow (conn, job, &interrupted, error))
    return interrupted ? SQNS_EXIT_DETACHED : sqns_job_state_exit (job);
  if (want_log && !want_more)
    log = sqns_job_log_get (conn, job, error);
  if (want_log && log == NULL)
    return SQNS_EXIT_FAILED;

  if (sqns_ctl_wants_json (ctl))
    {
      JsonNode *node = sqns_json_from_proxy (job);
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
    sqns_property_list_print (conn, G_DBUS_PROXY (job));
  return SQNS_EXIT_DONE;
}
