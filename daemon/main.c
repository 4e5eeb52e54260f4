/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsd puts its parts together: settings and rules make the manager, udev fills its device table, the bus shows it to
 * clients, and systemd and signals end it. */
#include "base/log.h"
#include "base/loop-watch.h"
#include "base/monitor.h"
#include "bus/bus.h"
#include "bus/paths.h"
#include "bus/reserve.h"
#include "codec/caba.h"
#include "enumerator/enumerator.h"
#include "gate/gate.h"
#include "manager/rules-file.h"
#include "manager/sleep-lock.h"

#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#define DEFAULT_CONFIG "/etc/sqnsd/sqnsd.conf"
#define DEFAULT_STATE_DIR "/var/lib/sqnsd"
#define EXIT_USAGE 2
#define MAX_LOAD_MS 2000  /* own the bus name after this long even if saved jobs are still loading */
#define MAX_QUEUE_MS 1000 /* for the bus name: a daemon that was killed has it until its gate has exited */
#define EXTEND_EVERY_S 10 /* while the last jobs end */
#define EXTEND_BY_S 30
#define LAST_SIGNALS_US (G_USEC_PER_SEC / 4) /* at the end, to send pending signals */
#define LAST_PING_MS 500                     /* and for the bus to have received them */

static struct {
  gboolean session;
  gboolean no_udev;
  gboolean verbose;
  gboolean version;
  char *bus;
  char *config;
  char *state_dir;
} options;

typedef struct {
  GMainLoop *loop;
  SqnsGate *gate;
  GDBusConnection *connection;
  SqnsManager *manager;
  SqnsBus *bus;
  SqnsEnumerator *enumerator;
  SqnsSleepLock *sleep_lock;
  guint name;
  guint name_delay; /* until it is asked for, then until it is given up */
  gboolean name_acquired;
  gboolean stopping;
  char *status; /* as sent to systemd */
  int code;
} App;

static const GOptionEntry option_entries[] = {
  { "session", 0, 0, G_OPTION_ARG_NONE, &options.session, "Serve on the session bus, for this user only", NULL },
  { "bus", 0, 0, G_OPTION_ARG_STRING, &options.bus, "Serve on the bus at ADDRESS, for this user only", "ADDRESS" },
  { "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config, "Settings (default " DEFAULT_CONFIG ")", "FILE" },
  { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options.state_dir,
    "Folder where jobs are kept (default $STATE_DIRECTORY, else " DEFAULT_STATE_DIR "; none beside the system bus)",
    "DIR" },
  { "no-udev", 0, 0, G_OPTION_ARG_NONE, &options.no_udev, "Do not look for boards; use only ports that are added",
    NULL },
  { "verbose", 0, 0, G_OPTION_ARG_NONE, &options.verbose, "Log every line that is sent and received", NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Print the version and exit", NULL },
  { NULL },
};

static gboolean
parse_options (int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- upgrades Sequans modems on Pycom boards");
  g_option_context_add_main_entries (context, option_entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "\"%s\" is not an option", (*argv)[1]);
  else if (options.session && options.bus != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--session and --bus exclude each other");
  else
    return TRUE;
  return FALSE;
}

static gboolean
on_system_bus (void)
{
  return !options.session && options.bus == NULL;
}

/* systemd */

static void
notify_status (App *app)
{
  SqnsJobTableStatus status = sqns_job_table_status (sqns_manager_jobs (app->manager));
  g_autofree char *text
      = g_strdup_printf ("%sjobs: %u running (%u of them must not lose power), %u waiting",
                         app->stopping ? "stopping, " : "", status.running, status.unsafe, status.queued);
  if (g_strcmp0 (text, app->status) == 0)
    return;
  g_free (app->status);
  app->status = g_steal_pointer (&text);
  sd_notifyf (0, "STATUS=%s", app->status);
}

static gboolean
on_watchdog (gpointer user_data)
{
  sd_notify (0, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

static void
start_watchdog (void)
{
  guint64 usec;
  if (sd_watchdog_enabled (0, &usec) > 0)
    g_timeout_add (MAX (usec / 1000 / 2, 1), on_watchdog, NULL);
}

static gboolean
extend_timeout (gpointer user_data)
{
  sd_notifyf (0, "EXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT, (guint64)EXTEND_BY_S * G_USEC_PER_SEC);
  return G_SOURCE_CONTINUE;
}

/* Stopping */

static gboolean
quit (gpointer user_data)
{
  App *app = user_data;
  g_main_loop_quit (app->loop);
  return G_SOURCE_REMOVE;
}

static void
on_shut_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sqns_manager_shutdown_finish (SQNS_MANAGER (source), result, NULL);
  /* after pending signals have been sent, but not after all that callers ask for meanwhile */
  g_idle_add_full (G_PRIORITY_DEFAULT, quit, user_data, NULL);
}

static void
stop (App *app, int code)
{
  app->code = MAX (app->code, code);
  if (app->stopping)
    return;
  app->stopping = TRUE;
  g_clear_handle_id (&app->name_delay, g_source_remove);
  sd_notify (0, "STOPPING=1");
  extend_timeout (NULL);
  g_timeout_add_seconds (EXTEND_EVERY_S, extend_timeout, NULL);
  if (app->bus != NULL)
    sqns_bus_stop (app->bus);
  sqns_manager_shutdown_async (app->manager, on_shut_down, app);
}

static gboolean
on_signal (gpointer user_data)
{
  App *app = user_data;
  if (app->stopping)
    sqns_message (NULL, "%s", app->status);
  else
    sqns_message (NULL, "stopping");
  stop (app, EXIT_SUCCESS);
  return G_SOURCE_CONTINUE;
}

static void
on_connection_closed (GDBusConnection *connection, gboolean vanished, GError *error, App *app)
{
  if (app->stopping)
    return;
  sqns_warning (NULL, "lost the bus, stopping");
  stop (app, EXIT_FAILURE);
}

/* The manager and its devices */

static void
on_jobs_changed (SqnsJobTable *jobs, App *app)
{
  notify_status (app);
  if (app->sleep_lock != NULL)
    sqns_sleep_lock_hold (app->sleep_lock, sqns_job_table_status (jobs).unsafe > 0);
}

static void
on_board_added (gpointer devices, const SqnsBoardFacts *facts)
{
  sqns_device_table_add_board (devices, facts);
}

static void
on_board_removed (gpointer devices, const char *id)
{
  sqns_device_table_remove_board (devices, id);
}

static void
start_enumerator (App *app)
{
  static const SqnsEnumeratorFuncs funcs = { on_board_added, on_board_removed };
  g_autoptr (GError) error = NULL;
  if (options.no_udev)
    return;
  app->enumerator = sqns_enumerator_new (&funcs, sqns_manager_devices (app->manager), &error);
  if (app->enumerator == NULL)
    sqns_warning (NULL, "hotplug detection is unavailable; only manually added ports work: %s", error->message);
}

static gboolean
start_manager (App *app, GError **error)
{
  SqnsConfig config;
  const char *path = options.config != NULL ? options.config : DEFAULT_CONFIG;
  if (!sqns_config_load (&config, path, options.config != NULL, error))
    return FALSE;
  SqnsRules *rules = sqns_rules_load (SQNS_RULES_OVERRIDE, error);
  if (rules == NULL)
    return FALSE;
  sqns_monitor_allow_personal (config.log_personal);
  app->manager = sqns_manager_new (&config, rules);
  g_signal_connect (sqns_manager_jobs (app->manager), "changed", G_CALLBACK (on_jobs_changed), app);
  return TRUE;
}

/* The bus */

static GDBusConnection *
connect_bus (const App *app, GError **error)
{
  g_autofree char *address = g_strdup (options.bus);
  if (address == NULL)
    address = g_dbus_address_get_for_bus_sync (options.session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, error);
  if (address == NULL)
    return NULL;
  g_autoptr (GIOStream) stream
      = sqns_gate_connect (app->gate, address, sqns_manager_config (app->manager)->max_readers_per_user,
                           SQNS_FIRMWARE_MAX_SIZE, error);
  if (stream == NULL)
    return NULL;
  return g_dbus_connection_new_sync (stream, NULL,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                         | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, NULL, error);
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
  App *app = user_data;
  app->name_acquired = TRUE;
  g_clear_handle_id (&app->name_delay, g_source_remove);
  sqns_message (NULL, "sqnsd " SQNS_VERSION " serves %s", name);
  sd_notify (0, "READY=1");
  notify_status (app);
}

static void
on_name_taken (gpointer user_data)
{
  App *app = user_data;
  app->name_delay = 0;
  sqns_warning (NULL, "the name " SQNS_BUS_NAME " is taken: is another sqnsd running?");
  stop (app, EXIT_FAILURE);
}

/* Also called when the name is not acquired at once: the bus has queued this daemon then. */
static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  App *app = user_data;
  if (app->stopping || connection == NULL || g_dbus_connection_is_closed (connection))
    return;
  if (!app->name_acquired)
    {
      app->name_delay = g_timeout_add_once (MAX_QUEUE_MS, on_name_taken, app);
      return;
    }
  sqns_warning (NULL, "lost the name %s, stopping", name);
  stop (app, EXIT_FAILURE);
}

static gboolean
start_bus (App *app, GError **error)
{
  app->connection = connect_bus (app, error);
  if (app->connection == NULL)
    return FALSE;
  g_signal_connect (app->connection, "closed", G_CALLBACK (on_connection_closed), app);
  app->bus
      = sqns_bus_new (app->connection, app->manager, on_system_bus () ? SQNS_AUTH_POLKIT : SQNS_AUTH_OWN_UID, error);
  if (app->bus == NULL)
    return FALSE;
  if (on_system_bus ())
    app->sleep_lock = sqns_sleep_lock_new (app->connection);
  return TRUE;
}

/* Clients wait for the outcome of the last jobs, and GDBus emits changed properties in an idle callback. The bus
 * handles messages in order: its reply to a last one says that it has them all. Flushing the connection would wait for
 * a thread of the pool that reads callers' files. */
static void
send_last_signals (App *app)
{
  gint64 end = g_get_monotonic_time () + LAST_SIGNALS_US;
  if (g_dbus_connection_is_closed (app->connection))
    return;
  while (g_get_monotonic_time () < end && g_main_context_iteration (NULL, FALSE))
    ;
  g_autoptr (GVariant) pong
      = g_dbus_connection_call_sync (app->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE,
                                     LAST_PING_MS, NULL, NULL);
}

static void
own_name (App *app)
{
  if (app->name != 0)
    return;
  g_clear_handle_id (&app->name_delay, g_source_remove);
  app->name = g_bus_own_name_on_connection (app->connection, SQNS_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE,
                                            on_name_acquired, on_name_lost, app, NULL);
}

/* Saved jobs */

/* NULL: jobs are not saved. */
static char *
find_state_dir (void)
{
  if (options.state_dir != NULL)
    return g_strdup (options.state_dir);
  if (!on_system_bus ())
    return NULL;
  /* systemd.exec(5): several are separated by colons */
  g_auto (GStrv) folders
      = g_strsplit (g_getenv ("STATE_DIRECTORY") != NULL ? g_getenv ("STATE_DIRECTORY") : "", ":", 2);
  return g_strdup (folders[0] != NULL && *folders[0] == '/' ? folders[0] : DEFAULT_STATE_DIR);
}

static void
on_name_delay (gpointer user_data)
{
  App *app = user_data;
  app->name_delay = 0;
  own_name (app);
}

static void
on_journal_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  App *app = user_data;
  g_autoptr (GError) error = NULL;
  if (!sqns_job_table_restore_finish (SQNS_JOB_TABLE (source), result, &error))
    sqns_warning (NULL, "jobs are not saved and would not continue after a crash of the daemon: %s", error->message);
  own_name (app);
}

static void
open_journal (App *app)
{
  g_autofree char *folder = find_state_dir ();
  if (folder == NULL)
    {
      sqns_message (NULL, "jobs end with the daemon: no --state-dir was given");
      own_name (app);
      return;
    }
  app->name_delay = g_timeout_add_once (MAX_LOAD_MS, on_name_delay, app);
  sqns_job_table_restore_async (sqns_manager_jobs (app->manager), folder, on_journal_open, app);
}

static void
run (App *app)
{
  start_enumerator (app);
  open_journal (app);
  g_unix_signal_add (SIGTERM, on_signal, app);
  g_unix_signal_add (SIGINT, on_signal, app);
  start_watchdog ();
  sqns_loop_watch_start ();
  g_main_loop_run (app->loop);
  send_last_signals (app);
  gint64 cpu_us;
  gint64 longest_us = sqns_loop_watch_longest_us (&cpu_us);
  sqns_info (NULL, "longest main loop turn %.1f ms (%.1f ms of CPU)", longest_us / 1000.0, cpu_us / 1000.0);
}

static void
app_clear (App *app)
{
  g_clear_handle_id (&app->name_delay, g_source_remove);
  if (app->connection != NULL)
    g_signal_handlers_disconnect_by_data (app->connection, app);
  /* The bus drops the name with the connection. g_bus_unown_name() would wait for a reply, or warn if there is none. */
  g_clear_pointer (&app->gate, sqns_gate_free);
  if (app->manager != NULL)
    g_signal_handlers_disconnect_by_data (sqns_manager_jobs (app->manager), app);
  g_clear_pointer (&app->enumerator, sqns_enumerator_free);
  g_clear_pointer (&app->bus, sqns_bus_free);
  g_clear_object (&app->manager);
  g_clear_pointer (&app->sleep_lock, sqns_sleep_lock_free);
  g_clear_object (&app->connection);
  g_clear_pointer (&app->loop, g_main_loop_unref);
  g_free (app->status);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (App, app_clear)

static int
fail (const GError *error, int code)
{
  fprintf (stderr, "sqnsd: %s\n", error->message);
  return code;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (App) app = { .code = EXIT_SUCCESS };

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN); /* consoles are sockets */
  if (!parse_options (&argc, &argv, &error))
    return fail (error, EXIT_USAGE);
  if (options.version)
    {
      puts ("sqnsd " SQNS_VERSION);
      return EXIT_SUCCESS;
    }
  sqns_reserve_raise ();
  app.gate = sqns_gate_start (&error); /* before there is another thread */
  if (app.gate == NULL)
    return fail (error, EXIT_FAILURE);
  sqns_log_init (options.verbose);
  app.loop = g_main_loop_new (NULL, FALSE);
  if (!start_manager (&app, &error))
    return fail (error, EXIT_USAGE);
  if (!start_bus (&app, &error))
    return fail (error, EXIT_FAILURE);
  run (&app);
  return app.code;
}
