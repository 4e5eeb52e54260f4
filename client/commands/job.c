/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl job: all about one job, and its transcript. */
#include "client/commands/commands.h"
#include "client/core/property-list.h"
#include "client/job/job.h"
#include "client/ui/output.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#define LOOK_MS 500

/* Reads from the start, wherever the daemon's file position is. */
static GString *
read_log (int fd, GError **error)
{
  g_autoptr (GString) log = g_string_new (NULL);
  char buffer[16384];
  for (;;)
    {
      ssize_t n = TEMP_FAILURE_RETRY (pread (fd, buffer, sizeof buffer, (off_t)log->len));
      if (n < 0)
        {
          g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot read the log: %s", g_strerror (errno));
          return NULL;
        }
      if (n == 0)
        return g_steal_pointer (&log);
      g_string_append_len (log, buffer, n);
    }
}

static GString *
get_log (SqnsConnection *conn, SqnsDbusJob *job, GError **error)
{
  int fd = sqns_connection_call_for_file (conn, job, "GetLog", g_variant_new ("()"), "a job's log", error);
  if (fd < 0)
    return NULL;
  GString *log = read_log (fd, error);
  close (fd);
  return log;
}

/* The daemon drops the middle of a long log: then the new part begins after the last line that was printed. */
static const char *
new_part (const GString *log, const GString *shown)
{
  if (log->len >= shown->len && memcmp (log->str, shown->str, shown->len) == 0)
    return log->str + shown->len;
  g_autofree char *end = g_strndup (shown->str, shown->len > 0 ? shown->len - 1 : 0);
  const char *line = strrchr (end, '\n');
  const char *at = g_strrstr (log->str, line != NULL ? line : end);
  const char *behind = at != NULL ? strchr (at + 1, '\n') : NULL;
  return behind != NULL ? behind + 1 : log->str;
}

static gboolean
print_new (SqnsConnection *conn, SqnsDbusJob *job, GString *shown, gboolean *open, GError **error)
{
  g_autoptr (GString) log = get_log (conn, job, error);
  if (log == NULL)
    return FALSE;
  const char *part = new_part (log, shown);
  sqns_out_text (part, log->len - (gsize)(part - log->str));
  *open = sqns_out_flush ();
  g_string_assign (shown, log->str);
  return TRUE;
}

static gboolean
follow_log (SqnsConnection *conn, SqnsDbusJob *job, gboolean *interrupted, GError **error)
{
  g_autoptr (GString) shown = g_string_new (NULL);
  gboolean good = TRUE, ended = FALSE, look = TRUE, open = TRUE;

  *interrupted = FALSE;
  guint signals[]
      = { g_unix_signal_add (SIGINT, sqns_raise_flag, interrupted),
          g_unix_signal_add (SIGTERM, sqns_raise_flag, interrupted), g_timeout_add (LOOK_MS, sqns_raise_flag, &look) };
  while (good && !ended && !*interrupted && open)
    if (look)
      {
        ended = sqns_job_state_ended (sqns_job_state (job)); /* a log that is read after the end is complete */
        good = print_new (conn, job, shown, &open, error);
        look = FALSE;
      }
    else
      g_main_context_iteration (NULL, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (signals[i]);
  return good;
}

static gboolean want_log, want_more;
static const GOptionEntry entries[] = {
  { "log", 0, 0, G_OPTION_ARG_NONE, &want_log, "print the transcript of what was said on the wire", NULL },
  { "follow", 0, 0, G_OPTION_ARG_NONE, &want_more, "with --log: go on until the job has ended", NULL },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GString) log = NULL;
  gboolean interrupted;

  if (want_more && (!want_log || sqns_ctl_wants_json (ctl)))
    return sqns_ctl_usage (ctl, "--follow goes with --log, and not with JSON");
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (SqnsDbusJob) job = conn != NULL ? sqns_job_ref_find (conn, argv[1], error) : NULL;
  if (job == NULL)
    return SQNS_EXIT_FAILED;
  if (want_more && follow_log (conn, job, &interrupted, error))
    return interrupted ? SQNS_EXIT_DETACHED : sqns_job_state_exit (job);
  if (want_log && !want_more)
    log = get_log (conn, job, error);
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

const SqnsCommand sqns_job_command
    = { "job", "ID", "all about one job; --log prints its transcript", 1, 1, run, entries };
