/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl notify: desktop notifications of jobs, until the session ends. */
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/state.h"
#include "client/notify/notifier.h"

/* The most jobs whose progress is shown at a time: a bench of hundreds must not bury a desktop. */
#define MAX_PROGRESS 8

typedef struct {
  SqnsCtl *ctl;
  GMainLoop *loop;
  SqnsConnection *conn;
  SqnsNotifier *notifier;
  GHashTable *jobs; /* object path -> Record: those that have not ended */
  GCancellable *cancellable;
  gboolean bus_gone;
} Notify;

typedef struct {
  char *name;        /* of the board, nullable: the last one known */
  char *note;        /* nullable: why it was not cancelled */
  gboolean begun;    /* it was shown */
  gboolean progress; /* counts for MAX_PROGRESS */
} Record;

static void
free_record (gpointer data)
{
  Record *record = data;
  g_free (record->name);
  g_free (record->note);
  g_free (record);
}

/* --- what is shown --- */

static guint
count_progress (Notify *self)
{
  GHashTableIter iter;
  gpointer record;
  guint n = 0;
  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &record))
    n += ((Record *)record)->progress;
  return n;
}

static gboolean
has_place (Notify *self, Record *record, SqnsNotificationKind kind)
{
  if (kind != SQNS_NOTIFICATION_PROGRESS || record->progress)
    return TRUE;
  record->progress = count_progress (self) < MAX_PROGRESS;
  return record->progress;
}

static void
update (Notify *self, Record *record, SqnsDbusJob *job)
{
  const char *path = sqns_path (job);
  g_autoptr (SqnsDbusModem) modem = sqns_connection_find_modem (self->conn, sqns_dbus_job_get_modem (job));
  g_autoptr (SqnsNotification) notification = sqns_notification_of_job (job, modem, record->note);

  if (modem != NULL)
    {
      g_free (record->name);
      record->name = sqns_notification_name (modem);
    }
  if (notification == NULL)
    {
      if (record->begun)
        sqns_notifier_withdraw (self->notifier, path);
      record->begun = FALSE;
      return;
    }
  gboolean ended = sqns_notification_is_end (notification->kind);
  record->begun = TRUE;
  if (has_place (self, record, notification->kind))
    sqns_notifier_show (self->notifier, path, g_steal_pointer (&notification));
  if (ended)
    g_hash_table_remove (self->jobs, path);
}

/* @fresh: it has just appeared; one that had ended before is ignored. */
static void
look_at (Notify *self, GDBusObject *object, gboolean fresh)
{
  const char *path = g_dbus_object_get_object_path (object);
  g_autoptr (SqnsDbusJob) job = sqns_dbus_object_get_job (SQNS_DBUS_OBJECT (object));
  Record *record = g_hash_table_lookup (self->jobs, path);

  if (job == NULL || (record == NULL && (!fresh || sqns_job_state_ended (sqns_job_state (job)))))
    return;
  if (record == NULL)
    {
      record = g_new0 (Record, 1);
      g_hash_table_insert (self->jobs, g_strdup (path), record);
    }
  update (self, record, job);
}

static void
on_added (Notify *self, GDBusObject *object)
{
  look_at (self, object, TRUE);
}

static void
on_changed (Notify *self, GDBusObject *object)
{
  look_at (self, object, FALSE);
}

/* A job that has not ended disappears only with the daemon. Its record stays: it may come back with the daemon. */
static void
on_removed (Notify *self, GDBusObject *object)
{
  const char *path = g_dbus_object_get_object_path (object);
  Record *record = g_hash_table_lookup (self->jobs, path);

  if (record == NULL)
    return;
  if (!record->begun)
    {
      g_hash_table_remove (self->jobs, path);
      return;
    }
  g_clear_pointer (&record->note, g_free);
  sqns_notifier_show (self->notifier, path, sqns_notification_lost (record->name != NULL ? record->name : "A board"));
}

/* --- the button --- */

static void
on_cancel_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  if (sqns_dbus_job_call_cancel_finish (SQNS_DBUS_JOB (source), result, &error)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* @data may be gone */

  Notify *self = data;
  Record *record = g_hash_table_lookup (self->jobs, sqns_path (source));
  if (record == NULL)
    return;
  g_dbus_error_strip_remote_error (error);
  g_free (record->note);
  record->note = g_strdup_printf ("Not cancelled: %s", error->message);
  update (self, record, SQNS_DBUS_JOB (source));
}

static void
on_cancel (const char *path, gpointer data)
{
  Notify *self = data;
  g_autoptr (SqnsDbusJob) job = sqns_connection_find_job (self->conn, path);
  /* for another user's job the session's polkit agent asks */
  if (job != NULL)
    sqns_dbus_job_call_cancel (job, sqns_no_options (),
                               self->ctl->no_ask_password ? G_DBUS_CALL_FLAGS_NONE
                                                          : G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
                               G_MAXINT, self->cancellable, on_cancel_answered, self);
}

/* --- its life --- */

static void
on_bus_lost (gpointer data)
{
  Notify *self = data;
  self->bus_gone = TRUE;
  g_main_loop_quit (self->loop);
}

static void
serve (Notify *self)
{
  g_autolist (GDBusObject) objects = g_dbus_object_manager_get_objects (self->conn->objects);

  g_signal_connect_swapped (self->conn->objects, "object-added", G_CALLBACK (on_added), self);
  g_signal_connect_swapped (self->conn->objects, "object-removed", G_CALLBACK (on_removed), self);
  g_signal_connect_swapped (self->conn->objects, "interface-proxy-properties-changed", G_CALLBACK (on_changed), self);
  for (GList *l = objects; l != NULL; l = l->next)
    look_at (self, l->data, TRUE);
  sqns_ctl_run_loop (self->ctl, self->loop);

  g_signal_handlers_disconnect_by_data (self->conn->objects, self);
  g_cancellable_cancel (self->cancellable);
}

static GDBusConnection *
open_session (GError **error)
{
  g_autoptr (GError) local = NULL;
  GDBusConnection *session = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &local);
  if (session == NULL)
    {
      g_dbus_error_strip_remote_error (local);
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_SERVER, "cannot reach the session bus: %s", local->message);
      return NULL;
    }
  g_dbus_connection_set_exit_on_close (session, FALSE);
  return session;
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GDBusConnection) session = open_session (error);
  g_autoptr (SqnsConnection) conn = session != NULL ? sqns_connection_open_passive (ctl, error) : NULL;
  if (conn == NULL)
    return SQNS_EXIT_FAILED;

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GHashTable) jobs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_record);
  Notify self = { .ctl = ctl, .loop = loop, .conn = conn, .jobs = jobs, .cancellable = cancellable };
  gulong closed = g_signal_connect_swapped (session, "closed", G_CALLBACK (g_main_loop_quit), loop);
  if (session != conn->bus)
    {
      conn->lost = on_bus_lost;
      conn->lost_data = &self;
    }
  self.notifier = sqns_notifier_new (session, on_cancel, &self);
  serve (&self);
  g_clear_signal_handler (&closed, session);
  sqns_notifier_free (self.notifier);
  if (self.bus_gone)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_SERVER, "the bus of the daemon has gone");
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_notify_command
    = { "notify", "", "desktop notifications of jobs, until the session ends", 0, 0, run };
