/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One job that is watched until it has ended. */
#include "client/job/monitor.h"
#include "client/job/state.h"
#include "client/modem/name.h"

struct _SqnsFollowedJob {
  SqnsConnection *conn;
  SqnsDbusJob *job;
  SqnsDbusModem *modem; /* nullable */
  char *name;
  char *uuid;
  guint index;
  const SqnsFollowedJobFuncs *funcs;
  gpointer data;
  GCancellable *cancellable;
  guint begin; /* idle source */
  gboolean begun;
  gboolean ending; /* its last properties are being asked for */
  gboolean ended;
  gboolean goes_on;
  GVariant *last;     /* a{sv}: what was known when it began to end, then: what it ended as */
  gboolean announced; /* Completed came, with: */
  gboolean success;
  char *error_name;
  char *message;
};

SqnsFollowedJob *
sqns_followed_job_new (
    SqnsConnection *conn, SqnsDbusJob *job, guint index, const SqnsFollowedJobFuncs *funcs, gpointer data)
{
  SqnsFollowedJob *followed = g_new0 (SqnsFollowedJob, 1);
  const char *modem_path = sqns_dbus_job_get_modem (job);

  followed->conn = conn;
  followed->job = g_object_ref (job);
  followed->uuid = g_strdup (sqns_dbus_job_get_uuid (job));
  followed->index = index;
  followed->funcs = funcs;
  followed->data = data;
  followed->cancellable = g_cancellable_new ();
  if (modem_path != NULL && g_variant_is_object_path (modem_path))
    followed->modem = sqns_connection_read_modem (conn, modem_path, NULL);
  followed->name
      = followed->modem != NULL ? sqns_modem_name (followed->modem) : g_strdup_printf ("%.8s", followed->uuid);
  return followed;
}

void
sqns_followed_job_free (SqnsFollowedJob *followed)
{
  g_clear_handle_id (&followed->begin, g_source_remove);
  g_cancellable_cancel (followed->cancellable);
  g_object_unref (followed->cancellable);
  g_signal_handlers_disconnect_by_data (followed->job, followed);
  g_object_unref (followed->job);
  g_clear_object (&followed->modem);
  g_clear_pointer (&followed->last, g_variant_unref);
  g_free (followed->name);
  g_free (followed->uuid);
  g_free (followed->error_name);
  g_free (followed->message);
  g_free (followed);
}

static GVariant *
remember (GDBusProxy *proxy)
{
  g_auto (GStrv) names = g_dbus_proxy_get_cached_property_names (proxy);
  g_autoptr (GVariantBuilder) dict = g_variant_builder_new (G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, names[i]);
      if (value != NULL)
        g_variant_builder_add (dict, "{sv}", names[i], value);
    }
  return g_variant_ref_sink (g_variant_builder_end (dict));
}

static void
recall (GDBusProxy *proxy, GVariant *dict)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;
  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_dbus_proxy_set_cached_property (proxy, name, value);
      g_variant_unref (value);
    }
}

/* Properties are told at most so often, the signal at once: where they differ, the signal is newer. */
static void
believe_announcement (SqnsFollowedJob *followed)
{
  GDBusProxy *proxy = G_DBUS_PROXY (followed->job);
  gboolean cancelled = g_strcmp0 (followed->error_name, SQNS_ERROR_DBUS_PREFIX "Cancelled") == 0;

  if (!followed->announced || sqns_job_state_ended (sqns_job_state (followed->job)))
    return;
  g_dbus_proxy_set_cached_property (proxy, "State",
                                    g_variant_new_string (followed->success ? "succeeded"
                                                          : cancelled       ? "cancelled"
                                                                            : "failed"));
  g_dbus_proxy_set_cached_property (proxy, "ErrorName", g_variant_new_string (followed->error_name));
  g_dbus_proxy_set_cached_property (proxy, followed->success ? "Message" : "ErrorMessage",
                                    g_variant_new_string (followed->message));
}

static gboolean
begin (gpointer data)
{
  SqnsFollowedJob *followed = data;
  followed->begin = 0;
  followed->begun = TRUE;
  followed->funcs->added (followed, followed->data);
  return G_SOURCE_REMOVE;
}

static void
end_now (SqnsFollowedJob *followed)
{
  if (followed->ended)
    return;
  if (!followed->begun)
    {
      g_clear_handle_id (&followed->begin, g_source_remove);
      begin (followed);
    }
  believe_announcement (followed);
  followed->ending = FALSE;
  g_clear_pointer (&followed->last, g_variant_unref);
  followed->last = remember (G_DBUS_PROXY (followed->job));
  if (!sqns_job_state_ended (sqns_job_state (followed->job)))
    return; /* it was resumed in that very moment */
  followed->ended = TRUE;
  followed->goes_on = FALSE;
  followed->funcs->ended (followed, followed->data);
}

static void
on_last_properties (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* @data is gone */

  SqnsFollowedJob *followed = data;
  if (reply != NULL)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (reply, 0);
      recall (G_DBUS_PROXY (followed->job), dict);
    }
  else /* the daemon has gone, and with it perhaps what the proxy knew */
    recall (G_DBUS_PROXY (followed->job), followed->last);
  end_now (followed);
}

/* What it says of itself at the end may be on its way still: ask for all of it. */
static void
begin_end (SqnsFollowedJob *followed)
{
  if (followed->ending || followed->ended)
    return;
  followed->ending = TRUE;
  g_clear_pointer (&followed->last, g_variant_unref);
  followed->last = remember (G_DBUS_PROXY (followed->job));
  g_dbus_connection_call (followed->conn->bus, SQNS_BUS_NAME, sqns_path (followed->job),
                          "org.freedesktop.DBus.Properties", "GetAll", g_variant_new ("(s)", "org.sqnsd1.Job"),
                          G_VARIANT_TYPE ("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, -1, followed->cancellable,
                          on_last_properties, followed);
}

static void
on_changed (GDBusProxy *proxy, GVariant *changed, GStrv invalidated, gpointer data)
{
  SqnsFollowedJob *followed = data;
  g_autofree char *owner = g_dbus_proxy_get_name_owner (proxy);
  if (followed->ended || owner == NULL) /* without a daemon all is forgotten, which is no news of the job */
    return;
  if (sqns_job_state_ended (sqns_job_state (followed->job)))
    begin_end (followed);
  else if (followed->begun)
    followed->funcs->changed (followed, followed->data);
}

static void
on_completed (SqnsDbusJob *job, gboolean success, const char *error_name, const char *message, gpointer data)
{
  SqnsFollowedJob *followed = data;
  if (followed->announced)
    return;
  followed->announced = TRUE;
  followed->success = success;
  followed->error_name = g_strdup (error_name);
  followed->message = g_strdup (message);
  begin_end (followed);
}

void
sqns_followed_job_watch (SqnsFollowedJob *followed)
{
  /* Signals from before its properties were read wait to be dispatched, and would turn it back for a moment: let them
   * go by. */
  followed->begin = g_idle_add (begin, followed);
  g_signal_connect (followed->job, "g-properties-changed", G_CALLBACK (on_changed), followed);
  g_signal_connect (followed->job, "completed", G_CALLBACK (on_completed), followed);
  if (sqns_job_state_ended (sqns_job_state (followed->job)))
    begin_end (followed);
}

SqnsDbusJob *
sqns_followed_job_get_job (SqnsFollowedJob *followed)
{
  return followed->job;
}

SqnsDbusModem *
sqns_followed_job_get_modem (SqnsFollowedJob *followed)
{
  return followed->modem;
}

const char *
sqns_followed_job_get_uuid (SqnsFollowedJob *followed)
{
  return followed->uuid;
}

const char *
sqns_followed_job_get_name (SqnsFollowedJob *followed)
{
  return followed->name;
}

guint
sqns_followed_job_get_index (SqnsFollowedJob *followed)
{
  return followed->index;
}

gboolean
sqns_followed_job_has_ended (SqnsFollowedJob *followed)
{
  return followed->ended;
}

static void
on_cancel_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean accepted = sqns_dbus_job_call_cancel_finish (SQNS_DBUS_JOB (source), result, &error);
  if (accepted || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  SqnsFollowedJob *followed = data;
  if (followed->ended)
    return;
  followed->goes_on = TRUE;
  g_dbus_error_strip_remote_error (error);
  followed->funcs->cancel_refused (followed, error->message, followed->data);
}

void
sqns_followed_job_cancel (SqnsFollowedJob *followed)
{
  if (!followed->ended)
    sqns_dbus_job_call_cancel (followed->job, sqns_no_options (), sqns_connection_flags (followed->conn),
                               sqns_connection_long_timeout (followed->conn), followed->cancellable, on_cancel_answered,
                               followed);
}

gboolean
sqns_followed_job_goes_on (SqnsFollowedJob *followed)
{
  return followed->goes_on;
}

void
sqns_followed_job_recall (SqnsFollowedJob *followed)
{
  if (followed->ended)
    recall (G_DBUS_PROXY (followed->job), followed->last);
}

void
sqns_followed_job_vanished (SqnsFollowedJob *followed)
{
  if (!followed->ending)
    return;
  recall (G_DBUS_PROXY (followed->job), followed->last);
  end_now (followed);
}
