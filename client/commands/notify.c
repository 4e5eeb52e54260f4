/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl notify: desktop notifications of jobs, until the session ends. */
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/job.h"
#include "client/notify/notifier.h"

/* The most jobs whose progress is shown at a time: a bench of hundreds must not bury a desktop. */
#define MAX_PROGRESS 8

typedef struct {
  SqnsCtl *ctl;
  SqnsConnection *conn;
  SqnsNotifier *notifier;
  GHashTable *jobs; /* object path -> Record: those that have not ended */
  GCancellable *cancellable;
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

static void
on_object (GDBusObject *object, SqnsObjectEvent event, gpointer data)
{
  Notify *self = data;
  const char *path = g_dbus_object_get_object_path (object);
  g_autoptr (SqnsDbusJob) job = sqns_dbus_object_get_job (SQNS_DBUS_OBJECT (object));
  Record *record = g_hash_table_lookup (self->jobs, path);

  if (record == NULL)
    {
      /* a job that has ended before is ignored */
      if (job == NULL || event != SQNS_OBJECT_ADDED || sqns_job_state_ended (sqns_job_state (job)))
        return;
      record = g_new0 (Record, 1);
      g_hash_table_insert (self->jobs, g_strdup (path), record);
    }
  if (event != SQNS_OBJECT_REMOVED)
    update (self, record, job);
  else if (!record->begun)
    g_hash_table_remove (self->jobs, path);
  else
    {
      /* it disappears only with the daemon, and may come back with the daemon: its record stays */
      g_clear_pointer (&record->note, g_free);
      sqns_notifier_show (self->notifier, path,
                          sqns_notification_lost (record->name != NULL ? record->name : "A board"));
    }
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

  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GHashTable) jobs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_record);
  Notify self = { .ctl = ctl, .conn = conn, .jobs = jobs, .cancellable = cancellable };
  gboolean over = FALSE;
  gulong closed = g_signal_connect_swapped (session, "closed", G_CALLBACK (sqns_raise_flag), &over);
  self.notifier = sqns_notifier_new (session, on_cancel, &self, error);
  gboolean there = self.notifier == NULL || sqns_connection_watch (conn, on_object, &self, &over);
  g_cancellable_cancel (cancellable);
  g_clear_signal_handler (&closed, session);
  g_clear_pointer (&self.notifier, sqns_notifier_free);
  if (!there && session != conn->bus)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_SERVER, "the bus of the daemon has gone");
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_notify_command
    = { "notify", "", "desktop notifications of jobs, until the session ends", 0, 0, run };
