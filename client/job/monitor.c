/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches one job until it has ended. */
#include "client/job/monitor.h"
#include "client/job/state.h"
#include "client/modem/ref.h"

SqnsJobMonitor *
sqns_job_monitor_new (SqnsConnection *conn, SqnsDbusJob *job, guint index, SqnsJobEventFunc report, gpointer data)
{
  SqnsJobMonitor *monitor = g_new0 (SqnsJobMonitor, 1);
  const char *modem = sqns_dbus_job_get_modem (job);

  monitor->conn = conn;
  monitor->job = g_object_ref (job);
  monitor->uuid = g_strdup (sqns_dbus_job_get_uuid (job));
  monitor->index = index;
  monitor->report = report;
  monitor->data = data;
  monitor->cancellable = g_cancellable_new ();
  if (modem != NULL && g_variant_is_object_path (modem))
    monitor->modem = sqns_connection_read_modem (conn, modem, NULL);
  monitor->name
      = monitor->modem != NULL ? sqns_modem_name (monitor->modem) : g_strdup_printf (SQNS_SHORT_UUID, monitor->uuid);
  return monitor;
}

void
sqns_job_monitor_free (gpointer data)
{
  SqnsJobMonitor *monitor = data;
  g_clear_handle_id (&monitor->begin, g_source_remove);
  g_cancellable_cancel (monitor->cancellable);
  g_object_unref (monitor->cancellable);
  g_signal_handlers_disconnect_by_data (monitor->job, monitor);
  g_object_unref (monitor->job);
  g_clear_object (&monitor->modem);
  g_clear_pointer (&monitor->last, g_variant_unref);
  g_clear_pointer (&monitor->announced, g_variant_unref);
  g_free (monitor->name);
  g_free (monitor->uuid);
  g_free (monitor);
}

/* --- what the proxy knows --- */

static void
save (SqnsJobMonitor *monitor)
{
  GDBusProxy *proxy = G_DBUS_PROXY (monitor->job);
  g_auto (GStrv) names = g_dbus_proxy_get_cached_property_names (proxy);
  g_autoptr (GVariantBuilder) dict = g_variant_builder_new (G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, names[i]);
      if (value != NULL)
        g_variant_builder_add (dict, "{sv}", names[i], value);
    }
  g_clear_pointer (&monitor->last, g_variant_unref);
  monitor->last = g_variant_ref_sink (g_variant_builder_end (dict));
}

static void
restore (SqnsJobMonitor *monitor, GVariant *dict)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;
  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_dbus_proxy_set_cached_property (G_DBUS_PROXY (monitor->job), name, value);
}

/* Property changes are throttled, the signal is not: where they differ, the signal is newer. */
static void
apply_announcement (SqnsJobMonitor *monitor)
{
  GDBusProxy *proxy = G_DBUS_PROXY (monitor->job);
  gboolean success;
  const char *error_name, *message;

  if (monitor->announced == NULL || sqns_job_state_ended (sqns_job_state (monitor->job)))
    return;
  g_variant_get (monitor->announced, "(b&s&s)", &success, &error_name, &message);
  gboolean cancelled = g_str_equal (error_name, SQNS_ERROR_DBUS_PREFIX "Cancelled");
  SqnsJobState state = success ? SQNS_JOB_SUCCEEDED : cancelled ? SQNS_JOB_CANCELLED : SQNS_JOB_FAILED;
  g_dbus_proxy_set_cached_property (proxy, "State", g_variant_new_string (sqns_job_state_name (state)));
  g_dbus_proxy_set_cached_property (proxy, "ErrorName", g_variant_new_string (error_name));
  g_dbus_proxy_set_cached_property (proxy, success ? "Message" : "ErrorMessage", g_variant_new_string (message));
}

/* --- its end --- */

static gboolean
begin (gpointer data)
{
  SqnsJobMonitor *monitor = data;
  monitor->begin = 0;
  monitor->begun = TRUE;
  monitor->report (monitor, SQNS_JOB_ADDED, NULL, monitor->data);
  return G_SOURCE_REMOVE;
}

static void
end_now (SqnsJobMonitor *monitor)
{
  if (monitor->ended)
    return;
  if (!monitor->begun)
    {
      g_clear_handle_id (&monitor->begin, g_source_remove);
      begin (monitor);
    }
  apply_announcement (monitor);
  monitor->ending = FALSE;
  save (monitor);
  if (!sqns_job_state_ended (sqns_job_state (monitor->job)))
    return; /* it was resumed meanwhile */
  monitor->ended = TRUE;
  monitor->cancel_refused = FALSE;
  monitor->report (monitor, SQNS_JOB_ENDED, NULL, monitor->data);
}

static void
on_last_properties (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* @data is gone */

  SqnsJobMonitor *monitor = data;
  /* without a reply the daemon is gone, and perhaps the proxy's properties with it */
  g_autoptr (GVariant) dict = reply != NULL ? g_variant_get_child_value (reply, 0) : g_variant_ref (monitor->last);
  restore (monitor, dict);
  end_now (monitor);
}

/* The last property changes may still be pending: read all properties. */
static void
begin_end (SqnsJobMonitor *monitor)
{
  if (monitor->ending || monitor->ended)
    return;
  monitor->ending = TRUE;
  save (monitor);
  g_dbus_connection_call (monitor->conn->bus, SQNS_BUS_NAME, sqns_path (monitor->job),
                          "org.freedesktop.DBus.Properties", "GetAll", g_variant_new ("(s)", "org.sqnsd1.Job"),
                          G_VARIANT_TYPE ("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, -1, monitor->cancellable,
                          on_last_properties, monitor);
}

static void
on_changed (GDBusProxy *proxy, GVariant *changed, GStrv invalidated, gpointer data)
{
  SqnsJobMonitor *monitor = data;
  g_autofree char *owner = g_dbus_proxy_get_name_owner (proxy);
  if (monitor->ended
      || owner == NULL) /* when the daemon goes, the proxy drops its properties; the job has not changed */
    return;
  if (sqns_job_state_ended (sqns_job_state (monitor->job)))
    begin_end (monitor);
  else if (monitor->begun)
    monitor->report (monitor, SQNS_JOB_CHANGED, NULL, monitor->data);
}

static void
on_completed (SqnsDbusJob *job, gboolean success, const char *error_name, const char *message, gpointer data)
{
  SqnsJobMonitor *monitor = data;
  if (monitor->announced != NULL)
    return;
  monitor->announced = g_variant_ref_sink (g_variant_new ("(bss)", success, error_name, message));
  begin_end (monitor);
}

void
sqns_job_monitor_start (SqnsJobMonitor *monitor)
{
  /* Signals from before the properties were read are still pending, and would set it back for a moment: let them
   * pass. */
  monitor->begin = g_idle_add (begin, monitor);
  g_signal_connect (monitor->job, "g-properties-changed", G_CALLBACK (on_changed), monitor);
  g_signal_connect (monitor->job, "completed", G_CALLBACK (on_completed), monitor);
  if (sqns_job_state_ended (sqns_job_state (monitor->job)))
    begin_end (monitor);
}

static void
on_cancel_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean accepted = sqns_dbus_job_call_cancel_finish (SQNS_DBUS_JOB (source), result, &error);
  if (accepted || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  SqnsJobMonitor *monitor = data;
  if (monitor->ended)
    return;
  monitor->cancel_refused = TRUE;
  g_dbus_error_strip_remote_error (error);
  monitor->report (monitor, SQNS_JOB_CANCEL_REFUSED, error->message, monitor->data);
}

void
sqns_job_monitor_cancel (SqnsJobMonitor *monitor)
{
  if (!monitor->ended)
    sqns_dbus_job_call_cancel (monitor->job, sqns_no_options (), sqns_connection_flags (monitor->conn),
                               sqns_connection_long_timeout (monitor->conn), monitor->cancellable, on_cancel_answered,
                               monitor);
}

void
sqns_job_monitor_restore (SqnsJobMonitor *monitor)
{
  if (monitor->ended)
    restore (monitor, monitor->last);
}

void
sqns_job_monitor_lost (SqnsJobMonitor *monitor)
{
  if (!monitor->ending)
    return;
  restore (monitor, monitor->last);
  end_now (monitor);
}
