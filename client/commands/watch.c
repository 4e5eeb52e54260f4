/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl watch: shows all boards and jobs as they change. */
#include "client/ui/bars.h"
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/job.h"
#include "client/modem/ref.h"

#include "common/clean.h"

typedef struct {
  SqnsCtl *ctl;
  SqnsConnection *conn;
  SqnsBars *bars;    /* NULL: plain lines on stdout */
  GHashTable *shown; /* object path -> Shown */
} Watch;

typedef struct {
  guint index; /* of its bar */
  char *name;
  char *pattern; /* the last line without digits: a running clock is no change */
} Shown;

static void
shown_free (gpointer data)
{
  Shown *shown = data;
  g_free (shown->name);
  g_free (shown->pattern);
  g_free (shown);
}

static char *
modem_text (SqnsDbusModem *modem)
{
  const char *board = sqns_dbus_modem_get_board (modem);
  const char *version = sqns_dbus_modem_get_firmware_version (modem);
  return g_strdup_printf ("%s%s%s%s%s", sqns_dbus_modem_get_state (modem), board != NULL && *board != '\0' ? ", " : "",
                          board != NULL ? board : "", version != NULL && *version != '\0' ? ", " : "",
                          version != NULL ? version : "");
}

static void
show_line (Watch *watch, Shown *shown, SqnsDbusJob *job, const char *text)
{
  if (watch->bars != NULL)
    {
      SqnsBar bar = { .name = shown->name, .text = text, .look = SQNS_BAR_IDLE };
      if (job != NULL)
        sqns_job_report_bar (job, shown->name, text, &bar);
      sqns_bars_set (watch->bars, shown->index, &bar);
      return;
    }
  g_autofree char *line
      = job != NULL ? sqns_job_report_line (job, shown->name, text) : g_strdup_printf ("%s: %s", shown->name, text);
  g_autofree char *pattern = g_strdelimit (g_strdup (line), "0123456789", '0');
  if (g_strcmp0 (pattern, shown->pattern) == 0)
    return;
  g_free (shown->pattern);
  shown->pattern = g_steal_pointer (&pattern);
  g_autofree char *clean = sqns_clean_line (line, -1);
  sqns_ctl_say (watch->ctl, "%s\n", clean);
}

static void
show_modem (Watch *watch, SqnsDbusModem *modem)
{
  const char *path = sqns_path (modem);
  Shown *shown = g_hash_table_lookup (watch->shown, path);
  g_autoptr (SqnsDbusJob) job = sqns_connection_find_job (watch->conn, sqns_dbus_modem_get_current_job (modem));
  g_autofree char *text = job != NULL ? sqns_job_report_text (job) : modem_text (modem);

  if (shown == NULL)
    {
      shown = g_new0 (Shown, 1);
      shown->index = g_hash_table_size (watch->shown);
      shown->name = sqns_modem_name (modem);
      g_hash_table_insert (watch->shown, g_strdup (path), shown);
    }
  show_line (watch, shown, job, text);
}

static void
on_object (GDBusObject *object, SqnsObjectEvent event, gpointer data)
{
  Watch *watch = data;
  const char *name = event == SQNS_OBJECT_ADDED ? "added" : event == SQNS_OBJECT_REMOVED ? "removed" : "changed";
  Shown *shown = g_hash_table_lookup (watch->shown, g_dbus_object_get_object_path (object));
  g_autoptr (SqnsDbusModem) modem = sqns_dbus_object_get_modem (SQNS_DBUS_OBJECT (object));
  g_autoptr (SqnsDbusJob) job = sqns_dbus_object_get_job (SQNS_DBUS_OBJECT (object));

  if (modem != NULL)
    sqns_ctl_print_event (watch->ctl, name, "modem", modem);
  if (job != NULL)
    sqns_ctl_print_event (watch->ctl, name, "job", job);
  if (event == SQNS_OBJECT_REMOVED)
    {
      if (shown != NULL)
        show_line (watch, shown, NULL, "not known any more");
      return;
    }
  if (modem == NULL && job != NULL)
    modem = sqns_connection_find_modem (watch->conn, sqns_dbus_job_get_modem (job));
  if (modem != NULL)
    show_modem (watch, modem);
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL)
    return SQNS_EXIT_FAILED;

  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  g_autoptr (GHashTable) shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, shown_free);
  Watch watch = { .ctl = ctl, .conn = conn, .shown = shown };
  gboolean over = FALSE;
  if (!ctl->quiet && !sqns_ctl_wants_json (ctl))
    watch.bars = sqns_bars_new ();
  if (modems->len == 0)
    sqns_ctl_remark (ctl, "no boards yet");
  gboolean there = sqns_connection_watch (conn, on_object, &watch, &over);
  g_clear_pointer (&watch.bars, sqns_bars_free);

  if (!there)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, "the daemon has gone");
  else if (ctl->json && !ctl->json_stream)
    {
      g_autoptr (GPtrArray) last = sqns_connection_modems (conn);
      sqns_ctl_print (ctl, "modems", sqns_json_from_proxies (last));
    }
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_watch_command = { "watch", "", "follow all boards and jobs until Ctrl-C", 0, 0, run };
