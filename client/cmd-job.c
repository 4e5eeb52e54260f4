/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl job: all about one job, and its transcript. */
#include "commands.h"
#include "details.h"
#include "job-ref.h"
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>

/* From its start, wherever the daemon's own position in it is. */
static GString *
read_log (int fd, GError **error)
{
  g_autoptr (GString) log = g_string_new (NULL);
  char buffer[16384];
  for (;;)
    {
      ssize_t n = pread (fd, buffer, sizeof buffer, (off_t)log->len);
      if (n < 0 && errno == EINTR)
        continue;
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
get_log (SqnsBus *bus, SqnsDbusJob *job, GError **error)
{
  g_autoptr (GVariant) handle = NULL;
  g_autoptr (GUnixFDList) files = NULL;

  if (!sqns_bus_passes_files (bus, "a job's log", error)
      || !sqns_dbus_job_call_get_log_sync (job, sqns_bus_ask (bus), sqns_bus_long_timeout (bus), NULL, &handle, &files,
                                           NULL, error))
    return NULL;
  int fd = files != NULL ? g_unix_fd_list_get (files, g_variant_get_handle (handle), error) : -1;
  if (fd < 0)
    {
      if (files == NULL)
        g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "the daemon has sent no log");
      return NULL;
    }
  GString *log = read_log (fd, error);
  close (fd);
  return log;
}

SqnsExit
sqns_cmd_job (SqnsCtl *ctl, int argc, char **argv)
{
  gboolean want_log = FALSE;
  const GOptionEntry entries[] = {
    { "log", 0, 0, G_OPTION_ARG_NONE, &want_log, "print the transcript of what was said on the wire", NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) log = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, entries, 1, 1, &argc, &argv, &code))
    return code;
  g_autoptr (SqnsBus) bus = sqns_bus_open (ctl, &error);
  if (bus == NULL)
    return sqns_ctl_fail (ctl, error);
  g_autoptr (SqnsDbusJob) job = sqns_job_ref_find (bus, argv[1], &error);
  if (job == NULL)
    return sqns_ctl_fail (ctl, error);
  if (want_log)
    {
      log = get_log (bus, job, &error);
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
      sqns_json_print (ctl, "job", node);
    }
  else if (log != NULL)
    fwrite (log->str, 1, log->len, stdout);
  else
    sqns_details_print (G_DBUS_PROXY (job));
  return SQNS_EXIT_DONE;
}
