/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.sqnsd1.Job. */
#include "bus/call.h"
#include "bus/options.h"
#include "bus/reserve.h"

static SqnsCall *
new_call (SqnsBusJob *self, GDBusMethodInvocation *invocation)
{
  SqnsCall *call = sqns_call_new (self->bus, invocation, self->skeleton);
  call->job = g_object_ref (self->job);
  const SqnsRequest *order = sqns_job_request (self->job);
  call->wish.owner = order->creator_uid;
  call->wish.force = order->options.force;
  call->wish.recover = order->options.recover;
  return call;
}

static void
cancel_settled (SqnsCall *call)
{
  sqns_dbus_job_complete_cancel (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static void
cancel_authorized (SqnsCall *call)
{
  GError *error = NULL;
  if (!sqns_job_cancel (call->job, &error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_call_settle (call, cancel_settled);
}

static gboolean
on_cancel (SqnsDbusJob *skeleton, GDBusMethodInvocation *invocation, GVariant *options, SqnsBusJob *self)
{
  SqnsCall *call = new_call (self, invocation);
  GError *error = NULL;
  if (!sqns_options_none (options, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, cancel_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
resume_settled (SqnsCall *call)
{
  sqns_dbus_job_complete_resume (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  if (!sqns_manager_resume_finish (SQNS_MANAGER (source), result, &error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_call_settle (call, resume_settled);
}

static void
resume_authorized (SqnsCall *call)
{
  sqns_manager_resume_async (call->bus->manager, call->job, on_resumed, call);
}

static gboolean
on_resume (SqnsDbusJob *skeleton, GDBusMethodInvocation *invocation, GVariant *options, SqnsBusJob *self)
{
  SqnsCall *call = new_call (self, invocation);
  GError *error = NULL;
  if (!sqns_options_none (options, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, resume_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_log_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  int fd = sqns_manager_open_log_finish (SQNS_MANAGER (source), result, &error);
  if (fd < 0)
    {
      sqns_call_fail (call, error);
      return;
    }
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new_from_array (&fd, 1);
  sqns_dbus_job_complete_get_log (call->skeleton, call->invocation, fds, g_variant_new_handle (0));
  sqns_call_done (call);
}

static void
get_log_authorized (SqnsCall *call)
{
  GError *error = NULL;
  if (!sqns_reserve_check (&error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_manager_open_log_async (call->bus->manager, call->job, on_log_open, call);
}

static gboolean
on_get_log (SqnsDbusJob *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds, SqnsBusJob *self)
{
  sqns_call_authorize (new_call (self, invocation), get_log_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
forget_authorized (SqnsCall *call)
{
  GError *error = NULL;
  if (!sqns_manager_forget (call->bus->manager, call->job, &error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_dbus_job_complete_forget (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static gboolean
on_forget (SqnsDbusJob *skeleton, GDBusMethodInvocation *invocation, SqnsBusJob *self)
{
  sqns_call_authorize (new_call (self, invocation), forget_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* What never changes. */
static void
copy_order (SqnsBusJob *self)
{
  const SqnsJobInfo *info = sqns_job_info (self->job);
  const SqnsRequest *request = sqns_job_request (self->job);
  SqnsDbusJob *skeleton = self->skeleton;

  sqns_dbus_job_set_uuid (skeleton, info->uuid);
  sqns_dbus_job_set_kind (skeleton, request->options.recover ? "recover" : "upgrade");
  sqns_dbus_job_set_modem (skeleton, sqns_bus_modem_path (self->bus, sqns_job_device (self->job)));
  sqns_dbus_job_set_not_before (skeleton, request->not_before);
  sqns_dbus_job_set_not_after (skeleton, request->not_after);
  sqns_dbus_job_set_priority (skeleton, request->priority);
  sqns_dbus_job_set_label (skeleton, request->label);
  sqns_dbus_job_set_creator_uid (skeleton, request->creator_uid);
  sqns_dbus_job_set_created_at (skeleton, info->created_at);
  sqns_dbus_job_set_firmware_name (skeleton, info->firmware_name);
  sqns_dbus_job_set_firmware_sha256 (skeleton, info->firmware_sha256);
}

/* To be read at once; to be told only when the skeleton's notifications are let out. */
static void
copy_state (SqnsBusJob *self)
{
  const SqnsJobInfo *info = sqns_job_info (self->job);
  SqnsDbusJob *skeleton = self->skeleton;
  g_autofree char *before = sqns_version_format (&info->version_before);
  g_autofree char *after = sqns_version_format (&info->version_after);

  sqns_dbus_job_set_state (skeleton, sqns_job_state_name (info->state));
  sqns_dbus_job_set_phase (skeleton, info->started ? sqns_phase_name (info->phase) : "");
  sqns_dbus_job_set_message (skeleton, info->message);
  sqns_dbus_job_set_progress (skeleton, info->progress);
  sqns_dbus_job_set_bytes_done (skeleton, info->bytes_done);
  sqns_dbus_job_set_bytes_total (skeleton, info->bytes_total);
  sqns_dbus_job_set_rate (skeleton, info->rate);
  sqns_dbus_job_set_retries (skeleton, info->retries);
  sqns_dbus_job_set_safe (skeleton, info->safe);
  sqns_dbus_job_set_point_of_no_return (skeleton, info->committed);
  sqns_dbus_job_set_queue_position (skeleton, info->queue_position);
  sqns_dbus_job_set_started_at (skeleton, info->started_at);
  sqns_dbus_job_set_expected_end (skeleton, info->expected_end);
  sqns_dbus_job_set_finished_at (skeleton, info->finished_at);
  sqns_dbus_job_set_version_before (skeleton, before);
  sqns_dbus_job_set_version_after (skeleton, after);
  sqns_dbus_job_set_error_name (skeleton, info->error != NULL ? sqns_error_name (info->error) : "");
  sqns_dbus_job_set_error_message (skeleton, info->error != NULL ? info->error->message : "");
  sqns_dbus_job_set_advice (skeleton, info->advice);
  sqns_objects_changed (self->bus->objects, self->path);
}

static void
tell (SqnsBusJob *self, SqnsTell how)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  copy_state (self);
  sqns_objects_announce (self->bus->objects, self->path);
  g_object_thaw_notify (G_OBJECT (self->skeleton));
  /* now, and not in an idle callback: the throttle counts signals */
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->skeleton));
  g_object_freeze_notify (G_OBJECT (self->skeleton));
  sqns_throttle_told (&self->throttle, how, g_get_monotonic_time ());
}

static gboolean
on_timer (gpointer user_data)
{
  SqnsBusJob *self = user_data;
  self->timer = 0;
  tell (self, SQNS_TELL_LATER);
  return G_SOURCE_REMOVE;
}

static void
on_changed (SqnsJob *job, gboolean prompt, SqnsBusJob *self)
{
  /* a daemon that ends has no time for a second telling */
  gboolean stopped
      = sqns_job_is_finished (job) || (sqns_job_is_interrupted (job) && sqns_manager_is_stopping (self->bus->manager));
  /* nobody may read that a resumed job has ended */
  gboolean resumed = !sqns_job_is_finished (job) && sqns_dbus_job_get_finished_at (self->skeleton) != 0;
  SqnsTell how = stopped || resumed ? SQNS_TELL_NOW : prompt ? SQNS_TELL_SOON : SQNS_TELL_LATER;
  gint64 now = g_get_monotonic_time ();
  gint64 due = sqns_throttle_due (&self->throttle, how, now);

  if (due <= now)
    {
      tell (self, how);
      return;
    }
  /* who asks meanwhile gets the truth about state and safety */
  if (prompt)
    copy_state (self);
  if (self->timer != 0 && self->timer_due <= due)
    return;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer_due = due;
  self->timer = g_timeout_add ((due - now + 999) / 1000, on_timer, self);
}

void
sqns_bus_job_tell_completed (SqnsBusJob *self)
{
  const SqnsJobInfo *info = sqns_job_info (self->job);
  sqns_dbus_job_emit_completed (self->skeleton, info->state == SQNS_JOB_SUCCEEDED,
                                info->error != NULL ? sqns_error_name (info->error) : "", info->message);
}

SqnsBusJob *
sqns_bus_job_new (SqnsBus *bus, SqnsJob *job, const char *path)
{
  SqnsBusJob *self = g_new0 (SqnsBusJob, 1);
  self->bus = bus;
  self->job = g_object_ref (job);
  self->path = g_strdup (path);
  self->skeleton = sqns_dbus_job_skeleton_new ();

  g_signal_connect (self->skeleton, "handle-cancel", G_CALLBACK (on_cancel), self);
  g_signal_connect (self->skeleton, "handle-resume", G_CALLBACK (on_resume), self);
  g_signal_connect (self->skeleton, "handle-get-log", G_CALLBACK (on_get_log), self);
  g_signal_connect (self->skeleton, "handle-forget", G_CALLBACK (on_forget), self);
  g_signal_connect (job, "changed", G_CALLBACK (on_changed), self);
  copy_order (self);
  copy_state (self);
  g_object_freeze_notify (G_OBJECT (self->skeleton)); /* but in tell() */
  return self;
}

void
sqns_bus_job_free (SqnsBusJob *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->job, self);
  g_signal_handlers_disconnect_by_data (self->skeleton, self);
  g_object_thaw_notify (G_OBJECT (self->skeleton));
  g_object_unref (self->job);
  g_object_unref (self->skeleton);
  g_free (self->path);
  g_free (self);
}
