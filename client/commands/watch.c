/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl watch: all boards and jobs as they change. */
#include "client/ui/bars.h"
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/report.h"
#include "client/modem/name.h"

#include "common/clean.h"

#include <signal.h>

#include <glib-unix.h>

typedef struct {
  SqnsCtl *ctl;
  SqnsConnection *conn;
  GMainLoop *loop;
  SqnsBars *bars;    /* NULL: plain lines on stdout */
  GHashTable *shown; /* object path -> Shown */
  gboolean vanished;
} Watch;

typedef struct {
  guint index; /* of its bar */
  char *name;
  char *words; /* as last told, without digits: a running clock is no news */
} Shown;

static void
shown_free (gpointer data)
{
  Shown *shown = data;
  g_free (shown->name);
  g_free (shown->words);
  g_free (shown);
}

/* NULL when the modem has none that the daemon still shows. */
static SqnsDbusJob *
current_job (Watch *watch, SqnsDbusModem *modem)
{
  const char *path = sqns_dbus_modem_get_current_job (modem);
  if (path == NULL || !g_variant_is_object_path (path))
    return NULL;
  g_autoptr (GDBusObject) object = g_dbus_object_manager_get_object (watch->conn->objects, path);
  return object != NULL ? sqns_dbus_object_get_job (SQNS_DBUS_OBJECT (object)) : NULL;
}

static char *
modem_words (SqnsDbusModem *modem)
{
  const char *board = sqns_dbus_modem_get_board (modem);
  const char *version = sqns_dbus_modem_get_firmware_version (modem);
  return g_strdup_printf ("%s%s%s%s%s", sqns_dbus_modem_get_state (modem), board != NULL && *board != '\0' ? ", " : "",
                          board != NULL ? board : "", version != NULL && *version != '\0' ? ", " : "",
                          version != NULL ? version : "");
}

static void
tell (Watch *watch, Shown *shown, SqnsDbusJob *job, const char *text)
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
  g_autofree char *words = g_strdelimit (g_strdup (line), "0123456789", '0');
  if (g_strcmp0 (words, shown->words) == 0)
    return;
  g_free (shown->words);
  shown->words = g_steal_pointer (&words);
  g_autofree char *clean = sqns_clean_line (line, -1);
  sqns_ctl_say (watch->ctl, "%s\n", clean);
}

static void
show_modem (Watch *watch, SqnsDbusModem *modem)
{
  const char *path = g_dbus_proxy_get_object_path (G_DBUS_PROXY (modem));
  Shown *shown = g_hash_table_lookup (watch->shown, path);
  g_autoptr (SqnsDbusJob) job = current_job (watch, modem);
  g_autofree char *text = job != NULL ? sqns_job_report_text (job) : modem_words (modem);

  if (shown == NULL)
    {
      shown = g_new0 (Shown, 1);
      shown->index = g_hash_table_size (watch->shown);
      shown->name = sqns_modem_name (modem);
      g_hash_table_insert (watch->shown, g_strdup (path), shown);
    }
  tell (watch, shown, job, text);
}

static void
show_job (Watch *watch, SqnsDbusJob *job)
{
  const char *path = sqns_dbus_job_get_modem (job);
  g_autoptr (GDBusObject) object = path != NULL && g_variant_is_object_path (path)
                                       ? g_dbus_object_manager_get_object (watch->conn->objects, path)
                                       : NULL;
  g_autoptr (SqnsDbusModem) modem = object != NULL ? sqns_dbus_object_get_modem (SQNS_DBUS_OBJECT (object)) : NULL;
  if (modem != NULL)
    show_modem (watch, modem);
}

static void
show_object (Watch *watch, GDBusObject *object, const char *event)
{
  g_autoptr (SqnsDbusModem) modem = sqns_dbus_object_get_modem (SQNS_DBUS_OBJECT (object));
  g_autoptr (SqnsDbusJob) job = sqns_dbus_object_get_job (SQNS_DBUS_OBJECT (object));

  if (modem != NULL)
    sqns_ctl_print_event (watch->ctl, event, "modem", sqns_json_from_proxy (G_DBUS_PROXY (modem)));
  if (job != NULL)
    sqns_ctl_print_event (watch->ctl, event, "job", sqns_json_from_proxy (G_DBUS_PROXY (job)));
  if (modem != NULL)
    show_modem (watch, modem);
  else if (job != NULL)
    show_job (watch, job);
}

static void
on_added (GDBusObjectManager *manager, GDBusObject *object, gpointer data)
{
  show_object (data, object, "added");
}

static void
on_changed (GDBusObjectManagerClient *manager,
            GDBusObjectProxy *object,
            GDBusProxy *proxy,
            GVariant *changed,
            const char *const *invalidated,
            gpointer data)
{
  show_object (data, G_DBUS_OBJECT (object), "changed");
}

static void
on_removed (GDBusObjectManager *manager, GDBusObject *object, gpointer data)
{
  Watch *watch = data;
  Shown *shown = g_hash_table_lookup (watch->shown, g_dbus_object_get_object_path (object));
  g_autoptr (SqnsDbusModem) modem = sqns_dbus_object_get_modem (SQNS_DBUS_OBJECT (object));
  g_autoptr (SqnsDbusJob) job = sqns_dbus_object_get_job (SQNS_DBUS_OBJECT (object));

  if (modem != NULL)
    sqns_ctl_print_event (watch->ctl, "removed", "modem", sqns_json_from_proxy (G_DBUS_PROXY (modem)));
  if (job != NULL)
    sqns_ctl_print_event (watch->ctl, "removed", "job", sqns_json_from_proxy (G_DBUS_PROXY (job)));
  if (shown != NULL)
    tell (watch, shown, NULL, "not known any more");
}

static gboolean
on_end (gpointer data)
{
  Watch *watch = data;
  g_main_loop_quit (watch->loop);
  return G_SOURCE_CONTINUE;
}

static void
on_owner_changed (GObject *proxy, GParamSpec *pspec, gpointer data)
{
  Watch *watch = data;
  g_autofree char *owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (proxy));
  if (owner != NULL)
    return;
  watch->vanished = TRUE;
  g_main_loop_quit (watch->loop);
}

static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
  Watch *watch = data;
  watch->vanished = TRUE;
  g_main_loop_quit (watch->loop);
}

static void
run (Watch *watch)
{
  guint timeout = watch->ctl->timeout > 0 ? g_timeout_add_seconds ((guint)watch->ctl->timeout, on_end, watch) : 0;
  guint interrupt = g_unix_signal_add (SIGINT, on_end, watch);
  guint terminate = g_unix_signal_add (SIGTERM, on_end, watch);
  gulong owner = g_signal_connect (watch->conn->manager, "notify::g-name-owner", G_CALLBACK (on_owner_changed), watch);
  gulong closed = g_signal_connect (watch->conn->bus, "closed", G_CALLBACK (on_closed), watch);
  g_autoptr (GPtrArray) modems = sqns_connection_modems (watch->conn);
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (watch->conn);

  g_signal_connect (watch->conn->objects, "object-added", G_CALLBACK (on_added), watch);
  g_signal_connect (watch->conn->objects, "object-removed", G_CALLBACK (on_removed), watch);
  g_signal_connect (watch->conn->objects, "interface-proxy-properties-changed", G_CALLBACK (on_changed), watch);
  for (guint i = 0; i < modems->len; i++)
    {
      sqns_ctl_print_event (watch->ctl, "added", "modem", sqns_json_from_proxy (modems->pdata[i]));
      show_modem (watch, modems->pdata[i]);
    }
  for (guint i = 0; i < jobs->len; i++)
    sqns_ctl_print_event (watch->ctl, "added", "job", sqns_json_from_proxy (jobs->pdata[i]));
  if (modems->len == 0)
    sqns_ctl_remark (watch->ctl, "no boards yet");
  g_main_loop_run (watch->loop);

  g_signal_handlers_disconnect_by_data (watch->conn->objects, watch);
  g_clear_signal_handler (&owner, watch->conn->manager);
  g_clear_signal_handler (&closed, watch->conn->bus);
  g_clear_handle_id (&timeout, g_source_remove);
  g_clear_handle_id (&interrupt, g_source_remove);
  g_clear_handle_id (&terminate, g_source_remove);
}

SqnsExit
sqns_cmd_watch (SqnsCtl *ctl, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, NULL, 0, 0, &argc, &argv, &code))
    return code;
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, &error);
  if (conn == NULL)
    return sqns_ctl_fail (ctl, error);

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GHashTable) shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, shown_free);
  Watch watch = { .ctl = ctl, .conn = conn, .loop = loop, .shown = shown };
  if (!ctl->quiet && !sqns_ctl_wants_json (ctl) && sqns_bars_possible ())
    watch.bars = sqns_bars_new ();
  run (&watch);
  g_clear_pointer (&watch.bars, sqns_bars_free);

  if (watch.vanished)
    {
      error = g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, "the daemon has gone");
      return sqns_ctl_fail (ctl, error);
    }
  if (ctl->json && !ctl->json_stream)
    {
      g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
      JsonNode *array = sqns_json_array_new ();
      for (guint i = 0; i < modems->len; i++)
        sqns_json_array_take (array, sqns_json_from_proxy (modems->pdata[i]));
      sqns_ctl_print (ctl, "modems", array);
    }
  return SQNS_EXIT_DONE;
}
