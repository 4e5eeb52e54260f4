/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetLog, once or repeatedly. */
#include "client/job/log.h"
#include "client/job/state.h"
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

GString *
sqns_job_log_get (SqnsConnection *conn, SqnsDbusJob *job, GError **error)
{
  g_autoptr (GVariant) handle = NULL;
  g_autoptr (GUnixFDList) files = NULL;

  if (!sqns_connection_passes_files (conn, "a job's log", error)
      || !sqns_dbus_job_call_get_log_sync (job, sqns_connection_flags (conn), sqns_connection_long_timeout (conn), NULL,
                                           &handle, &files, NULL, error))
    return NULL;
  int fd = sqns_connection_take_file (files, handle, "log", error);
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
  g_autoptr (GString) log = sqns_job_log_get (conn, job, error);
  if (log == NULL)
    return FALSE;
  const char *part = new_part (log, shown);
  sqns_out_text (part, log->len - (gsize)(part - log->str));
  *open = sqns_out_flush ();
  g_string_assign (shown, log->str);
  return TRUE;
}

gboolean
sqns_job_log_follow (SqnsConnection *conn, SqnsDbusJob *job, gboolean *interrupted, GError **error)
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
