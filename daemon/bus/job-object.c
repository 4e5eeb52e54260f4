/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job as org.sqnsd1.Job. */
#include "bus/job-object.h"

#include "bus/methods.h"
#include "bus/throttle.h"

struct _SqnsJobObject {
  SqnsDbusJobSkeleton parent; /* its notifications are frozen except in publish() */
  SqnsService *service;       /* borrowed */
  SqnsJob *job;
  SqnsThrottle throttle;
  guint timer; /* publishes held back changes */
  gint64 timer_due;
};

G_DEFINE_FINAL_TYPE (SqnsJobObject, sqns_job_object, SQNS_DBUS_TYPE_JOB_SKELETON)

/* Clients can read it at once; publish() signals it. */
static void
copy_state (SqnsJobObject *self)
{
  const SqnsJobFigures *figures = sqns_job_figures (self->job);
  SqnsDbusJob *skeleton = SQNS_DBUS_JOB (self);

  sqns_job_record_set_properties (sqns_job_record (self->job), G_OBJECT (self));
  sqns_dbus_job_set_state (skeleton, sqns_job_state_name (sqns_job_state (self->job)));
  sqns_dbus_job_set_progress (skeleton, figures->progress);
  sqns_dbus_job_set_rate (skeleton, figures->rate);
  sqns_dbus_job_set_point_of_no_return (skeleton, figures->committed);
  sqns_dbus_job_set_queue_position (skeleton, figures->queue_position);
  sqns_dbus_job_set_expected_end (skeleton, figures->expected_end);
  sqns_objects_changed (self->service->objects, G_OBJECT (self->job));
}

static void
publish (SqnsJobObject *self, SqnsTell how)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  copy_state (self);
  sqns_objects_announce (self->service->objects, G_OBJECT (self->job));
  g_object_thaw_notify (G_OBJECT (self));
  /* now, and not in an idle callback: the throttle counts signals */
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self));
  g_object_freeze_notify (G_OBJECT (self));
  sqns_throttle_told (&self->throttle, how, g_get_monotonic_time ());
}

static gboolean
on_timer (gpointer user_data)
{
  SqnsJobObject *self = user_data;
  self->timer = 0;
  publish (self, SQNS_TELL_LATER);
  return G_SOURCE_REMOVE;
}

static void
on_changed (SqnsJob *job, gboolean prompt, SqnsJobObject *self)
{
  gboolean finished = sqns_job_is_finished (job);
  /* a daemon that stops has no time for a second signal */
  gboolean stopped
      = sqns_job_is_interrupted (job) && sqns_job_table_intake (sqns_manager_jobs (self->service->manager))->stopping;
  /* no client may read that a resumed job has ended */
  gboolean resumed = !finished && sqns_dbus_job_get_finished_at (SQNS_DBUS_JOB (self)) != 0;
  SqnsTell how = finished || stopped || resumed ? SQNS_TELL_NOW : prompt ? SQNS_TELL_SOON : SQNS_TELL_LATER;
  gint64 now = g_get_monotonic_time ();
  gint64 due = sqns_throttle_due (&self->throttle, how, now);

  if (due <= now)
    {
      publish (self, how);
      return;
    }
  /* a client that asks meanwhile gets the truth about state and safety */
  if (prompt)
    copy_state (self);
  if (self->timer != 0 && self->timer_due <= due)
    return;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer_due = due;
  self->timer = g_timeout_add ((due - now + 999) / 1000, on_timer, self);
}

static void
sqns_job_object_dispose (GObject *object)
{
  SqnsJobObject *self = SQNS_JOB_OBJECT (object);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_object (&self->job);
  G_OBJECT_CLASS (sqns_job_object_parent_class)->dispose (object);
}

static void
sqns_job_object_class_init (SqnsJobObjectClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sqns_job_object_dispose;
}

static void
sqns_job_object_init (SqnsJobObject *self)
{
}

SqnsJobObject *
sqns_job_object_new (SqnsService *service, SqnsJob *job)
{
  SqnsJobObject *self = g_object_new (SQNS_TYPE_JOB_OBJECT, NULL);
  self->service = service;
  self->job = g_object_ref (job);
  sqns_methods_serve (service, self, SQNS_DBUS_TYPE_JOB);
  g_signal_connect_object (job, "changed", G_CALLBACK (on_changed), self, 0);
  sqns_dbus_job_set_modem (SQNS_DBUS_JOB (self),
                           sqns_objects_path (service->objects, G_OBJECT (sqns_job_device (job))));
  copy_state (self);
  g_object_freeze_notify (G_OBJECT (self));
  return self;
}
