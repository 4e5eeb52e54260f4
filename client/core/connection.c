/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the daemon. */
#include "client/core/ask-password.h"
#include "client/core/connection.h"

#include <signal.h>

#include <glib-unix.h>

/* A byte stream to another machine's system bus. */
static GIOStream *
open_ssh_bridge (const char *host, GError **error)
{
  if (*host == '\0' || *host == '-')
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is no host: give [USER@]HOST", host);
      return NULL;
    }

  /* stderr is inherited: ssh's messages and questions are for the person. -x, -T: no X11, no remote terminal. */
  g_autoptr (GSubprocess) ssh = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error,
                                                  "ssh", "-xT", "--", host, "systemd-stdio-bridge", NULL);
  if (ssh == NULL)
    return NULL;
  GIOStream *stream = g_simple_io_stream_new (g_subprocess_get_stdout_pipe (ssh), g_subprocess_get_stdin_pipe (ssh));
  g_object_set_data_full (G_OBJECT (stream), "ssh", g_steal_pointer (&ssh), g_object_unref);
  return stream;
}

static GDBusConnection *
open_bus (const SqnsCtl *ctl, GError **error)
{
  const GDBusConnectionFlags flags
      = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;

  if (ctl->host != NULL)
    {
      g_autoptr (GIOStream) stream = open_ssh_bridge (ctl->host, error);
      if (stream == NULL)
        return NULL;
      /* ssh has authenticated the user; the bridge offers ANONYMOUS only. */
      GDBusConnection *connection
          = g_dbus_connection_new_sync (stream, NULL, flags | G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_ALLOW_ANONYMOUS,
                                        NULL, NULL, NULL);
      if (connection == NULL) /* GLib's message is only that it read nothing */
        g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "ssh to %s failed, what it said stands above", ctl->host);
      return connection;
    }
  if (ctl->bus != NULL)
    return g_dbus_connection_new_for_address_sync (ctl->bus, flags, NULL, NULL, error);
  return g_bus_get_sync (ctl->session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, error);
}

static const char *
bus_name (const SqnsCtl *ctl)
{
  return ctl->host != NULL  ? ctl->host
         : ctl->bus != NULL ? ctl->bus
         : ctl->session     ? "the session bus"
                            : "the system bus";
}

/* Any failure to reach a bus means that no daemon can be reached. */
static GDBusConnection *
reach_bus (const SqnsCtl *ctl, GError **error)
{
  g_autoptr (GError) local = NULL;
  GDBusConnection *connection = open_bus (ctl, &local);

  if (connection != NULL)
    {
      g_dbus_connection_set_exit_on_close (connection, FALSE);
      return connection;
    }
  if (local->domain == G_OPTION_ERROR || g_error_matches (local, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  g_dbus_error_strip_remote_error (local);
  g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_SERVER, "cannot reach %s: %s", bus_name (ctl), local->message);
  return NULL;
}

static GVariant *
ask_bus (SqnsConnection *conn, const char *method, GVariant *args, const char *reply_type, GError **error)
{
  return g_dbus_connection_call_sync (conn->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                      "org.freedesktop.DBus", method, args, G_VARIANT_TYPE (reply_type),
                                      G_DBUS_CALL_FLAGS_NONE, sqns_connection_timeout (conn), NULL, error);
}

int
sqns_connection_daemon_pid (SqnsConnection *conn)
{
  guint pid = 0;
  g_autoptr (GVariant) answer
      = ask_bus (conn, "GetConnectionUnixProcessID", g_variant_new ("(s)", SQNS_BUS_NAME), "(u)", NULL);
  if (answer != NULL)
    g_variant_get (answer, "(u)", &pid);
  return (int)pid;
}

/* Starts the service by name, so that the bus says whether it is missing, fails to start, or is not allowed. The bus
 * does not know services that it did not start, so GetNameOwner comes first. */
static gboolean
start_daemon (SqnsConnection *conn, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GVariant) owner = ask_bus (conn, "GetNameOwner", g_variant_new ("(s)", SQNS_BUS_NAME), "(s)", NULL);
  if (owner != NULL)
    return TRUE;
  g_autoptr (GVariant) started
      = ask_bus (conn, "StartServiceByName", g_variant_new ("(su)", SQNS_BUS_NAME, 0), "(u)", &local);
  if (started != NULL)
    return TRUE;

  if (g_error_matches (local, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN))
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, "sqnsd is not running on %s",
                   bus_name (conn->ctl));
      return FALSE;
    }
  g_dbus_error_strip_remote_error (local);
  g_propagate_prefixed_error (error, g_steal_pointer (&local), "the daemon sqnsd does not start: ");
  return FALSE;
}

static void
on_lost (SqnsConnection *conn)
{
  g_autofree char *owner = conn->manager != NULL ? g_dbus_proxy_get_name_owner (G_DBUS_PROXY (conn->manager)) : NULL;
  if (conn->lost != NULL && (owner == NULL || g_dbus_connection_is_closed (conn->bus)))
    conn->lost (conn->lost_data);
}

static SqnsConnection *
connect_bus (const SqnsCtl *ctl, GError **error)
{
  g_autoptr (SqnsConnection) conn = g_new0 (SqnsConnection, 1);

  sqns_error_quark (); /* registers the daemon's error names before the first answer */
  conn->ctl = ctl;
  conn->bus = reach_bus (ctl, error);
  if (conn->bus == NULL)
    return NULL;
  g_signal_connect_swapped (conn->bus, "closed", G_CALLBACK (on_lost), conn);
  return g_steal_pointer (&conn);
}

static gboolean
add_objects (SqnsConnection *conn, GDBusObjectManagerClientFlags flags, GError **error)
{
  conn->objects
      = sqns_dbus_object_manager_client_new_sync (conn->bus, flags, SQNS_BUS_NAME, SQNS_BUS_PATH, NULL, error);
  return conn->objects != NULL;
}

SqnsConnection *
sqns_connection_open (const SqnsCtl *ctl, GError **error)
{
  g_autoptr (SqnsConnection) conn = connect_bus (ctl, error);

  if (conn == NULL || !start_daemon (conn, error))
    return NULL;
  conn->manager = sqns_dbus_manager_proxy_new_sync (conn->bus, G_DBUS_PROXY_FLAGS_NONE, SQNS_BUS_NAME, SQNS_BUS_PATH,
                                                    NULL, error);
  if (conn->manager == NULL || !add_objects (conn, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE, error))
    return NULL;
  g_signal_connect_swapped (conn->manager, "notify::g-name-owner", G_CALLBACK (on_lost), conn);
  return g_steal_pointer (&conn);
}

SqnsConnection *
sqns_connection_open_passive (const SqnsCtl *ctl, GError **error)
{
  g_autoptr (SqnsConnection) conn = connect_bus (ctl, error);
  return conn != NULL && add_objects (conn, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START, error)
             ? g_steal_pointer (&conn)
             : NULL;
}

void
sqns_connection_free (SqnsConnection *conn)
{
  sqns_ask_password_stop ();
  if (conn->manager != NULL)
    g_signal_handlers_disconnect_by_data (conn->manager, conn);
  if (conn->bus != NULL)
    g_signal_handlers_disconnect_by_data (conn->bus, conn);
  g_clear_object (&conn->objects);
  g_clear_object (&conn->manager);
  g_clear_object (&conn->bus);
  g_free (conn);
}

GDBusCallFlags
sqns_connection_flags (SqnsConnection *conn)
{
  if (conn->ctl->no_ask_password)
    return G_DBUS_CALL_FLAGS_NONE;
  /* Only on the system bus can polkit ask this terminal. */
  if (conn->ctl->bus == NULL && conn->ctl->host == NULL && !conn->ctl->session)
    sqns_ask_password_start ();
  return G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
}

int
sqns_connection_timeout (const SqnsConnection *conn)
{
  return conn->ctl->timeout > 0 && conn->ctl->timeout < G_MAXINT / 1000 ? conn->ctl->timeout * 1000 : -1;
}

int
sqns_connection_long_timeout (const SqnsConnection *conn)
{
  int timeout = sqns_connection_timeout (conn);
  return timeout > 0 ? timeout : G_MAXINT;
}

gboolean
sqns_connection_passes_files (SqnsConnection *conn, const char *what, GError **error)
{
  if (g_dbus_connection_get_capabilities (conn->bus) & G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING)
    return TRUE;
  g_set_error (
      error, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED,
      "%s cannot be handed to the daemon on %s: open files do not cross this connection; run sqnsctl over there", what,
      bus_name (conn->ctl));
  return FALSE;
}

int
sqns_connection_call_for_file (
    SqnsConnection *conn, gpointer proxy, const char *method, GVariant *args, const char *what, GError **error)
{
  g_autoptr (GVariant) call = g_variant_ref_sink (args);
  g_autoptr (GUnixFDList) files = NULL;
  if (!sqns_connection_passes_files (conn, what, error))
    return -1;
  g_autoptr (GVariant) reply
      = g_dbus_proxy_call_with_unix_fd_list_sync (proxy, method, call, sqns_connection_flags (conn),
                                                  sqns_connection_long_timeout (conn), NULL, &files, NULL, error);
  if (reply == NULL)
    return -1;
  if (files != NULL)
    return g_unix_fd_list_get (files, 0, error);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "the daemon has sent no descriptor for %s", what);
  return -1;
}

static int
compare_modems (gconstpointer a, gconstpointer b)
{
  SqnsDbusModem *const *one = a;
  SqnsDbusModem *const *other = b;
  int order = g_strcmp0 (sqns_dbus_modem_get_dev_node (*one), sqns_dbus_modem_get_dev_node (*other));
  return order != 0 ? order : g_strcmp0 (sqns_dbus_modem_get_id (*one), sqns_dbus_modem_get_id (*other));
}

static int
compare_jobs (gconstpointer a, gconstpointer b)
{
  SqnsDbusJob *const *one = a;
  SqnsDbusJob *const *other = b;
  guint64 one_time = sqns_dbus_job_get_created_at (*one);
  guint64 other_time = sqns_dbus_job_get_created_at (*other);
  if (one_time != other_time)
    return one_time < other_time ? -1 : 1;
  return g_strcmp0 (sqns_dbus_job_get_uuid (*one), sqns_dbus_job_get_uuid (*other));
}

static GPtrArray *
list (SqnsConnection *conn, const char *interface, GCompareFunc compare)
{
  g_autolist (GDBusObject) objects = g_dbus_object_manager_get_objects (conn->objects);
  GPtrArray *proxies = g_ptr_array_new_with_free_func (g_object_unref);
  for (GList *l = objects; l != NULL; l = l->next)
    {
      GDBusInterface *proxy = g_dbus_object_get_interface (l->data, interface);
      if (proxy != NULL)
        g_ptr_array_add (proxies, proxy);
    }
  g_ptr_array_sort (proxies, compare);
  return proxies;
}

GPtrArray *
sqns_connection_modems (SqnsConnection *conn)
{
  return list (conn, "org.sqnsd1.Modem", compare_modems);
}

GPtrArray *
sqns_connection_jobs (SqnsConnection *conn)
{
  return list (conn, "org.sqnsd1.Job", compare_jobs);
}

static gpointer
find (SqnsConnection *conn, const char *path, const char *interface)
{
  return path != NULL && g_variant_is_object_path (path)
             ? g_dbus_object_manager_get_interface (conn->objects, path, interface)
             : NULL;
}

SqnsDbusModem *
sqns_connection_find_modem (SqnsConnection *conn, const char *path)
{
  return find (conn, path, "org.sqnsd1.Modem");
}

SqnsDbusJob *
sqns_connection_find_job (SqnsConnection *conn, const char *path)
{
  return find (conn, path, "org.sqnsd1.Job");
}

SqnsDbusModem *
sqns_connection_read_modem (SqnsConnection *conn, const char *path, GError **error)
{
  g_autoptr (SqnsDbusModem) modem
      = sqns_dbus_modem_proxy_new_sync (conn->bus, G_DBUS_PROXY_FLAGS_NONE, SQNS_BUS_NAME, path, NULL, error);
  if (modem != NULL && sqns_dbus_modem_get_id (modem) == NULL)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the daemon has no modem %s any more", path);
      return NULL;
    }
  return g_steal_pointer (&modem);
}

SqnsDbusJob *
sqns_connection_read_job (SqnsConnection *conn, const char *path, GError **error)
{
  g_autoptr (SqnsDbusJob) job
      = sqns_dbus_job_proxy_new_sync (conn->bus, G_DBUS_PROXY_FLAGS_NONE, SQNS_BUS_NAME, path, NULL, error);
  if (job != NULL && sqns_dbus_job_get_state (job) == NULL)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the daemon has no job %s any more", path);
      return NULL;
    }
  return g_steal_pointer (&job);
}

/* --- all objects --- */

typedef struct {
  SqnsObjectFunc func;
  gpointer data;
  gboolean *over;
  gboolean lost;
} Watch;

static void
on_object_added (const Watch *watch, GDBusObject *object)
{
  watch->func (object, SQNS_OBJECT_ADDED, watch->data);
}

static void
on_object_removed (const Watch *watch, GDBusObject *object)
{
  watch->func (object, SQNS_OBJECT_REMOVED, watch->data);
}

static void
on_object_changed (const Watch *watch, GDBusObject *object)
{
  watch->func (object, SQNS_OBJECT_CHANGED, watch->data);
}

static void
on_watch_lost (gpointer data)
{
  Watch *watch = data;
  watch->lost = *watch->over = TRUE;
}

static void
show_present (Watch *watch, GPtrArray *proxies)
{
  for (guint i = 0; i < proxies->len; i++)
    on_object_added (watch, g_dbus_interface_get_object (proxies->pdata[i]));
}

gboolean
sqns_connection_watch (SqnsConnection *conn, SqnsObjectFunc func, gpointer data, gboolean *over)
{
  Watch watch = { .func = func, .data = data, .over = over };
  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  guint timeout = conn->ctl->timeout > 0 ? g_timeout_add_seconds ((guint)conn->ctl->timeout, sqns_raise_flag, over) : 0;
  guint interrupt = g_unix_signal_add (SIGINT, sqns_raise_flag, over);
  guint terminate = g_unix_signal_add (SIGTERM, sqns_raise_flag, over);

  conn->lost = on_watch_lost;
  conn->lost_data = &watch;
  g_signal_connect_swapped (conn->objects, "object-added", G_CALLBACK (on_object_added), &watch);
  g_signal_connect_swapped (conn->objects, "object-removed", G_CALLBACK (on_object_removed), &watch);
  g_signal_connect_swapped (conn->objects, "interface-proxy-properties-changed", G_CALLBACK (on_object_changed),
                            &watch);
  show_present (&watch, modems);
  show_present (&watch, jobs);
  while (!*over)
    g_main_context_iteration (NULL, TRUE);

  conn->lost = NULL;
  g_signal_handlers_disconnect_by_data (conn->objects, &watch);
  g_clear_handle_id (&timeout, g_source_remove);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  return !watch.lost;
}

/* --- small helpers --- */

const char *
sqns_path (gpointer proxy)
{
  return g_dbus_proxy_get_object_path (proxy);
}

void
sqns_add_once (GPtrArray *proxies, gpointer proxy)
{
  for (guint i = 0; i < proxies->len; i++)
    if (g_str_equal (sqns_path (proxies->pdata[i]), sqns_path (proxy)))
      return;
  g_ptr_array_add (proxies, g_object_ref (proxy));
}

GVariant *
sqns_no_options (void)
{
  return g_variant_new ("a{sv}", NULL);
}

gboolean
sqns_raise_flag (gpointer flag)
{
  *(gboolean *)flag = TRUE;
  return G_SOURCE_CONTINUE;
}
