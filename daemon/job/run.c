/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One attempt at a job. */
#include "job/run.h"

#include "base/messages.h"
#include "base/timeout.h"
#include "modem/upload.h"
#include "serial/port-holder.h"

#define HEARTBEAT_S 1
#define STALL_MS 5000 /* a transfer without progress for longer says why */

static void
run_clear (gpointer data)
{
  SqnsJobRun *self = data;
  g_object_unref (self->device);
  g_object_unref (self->cancellable);
  g_clear_error (&self->why);
  g_free (self->phase_text);
}

static void
run_unref (gpointer run)
{
  g_rc_box_release_full (run, run_clear);
}

static void
changed (SqnsJobRun *self, gboolean prompt)
{
  self->changed (self->data, prompt);
}

void
sqns_stored_job_log (const SqnsStoredJob *job, SqnsDevice *device, GLogLevelFlags level, const char *text)
{
  SqnsLogContext context = sqns_device_log_context (device);
  context.job = job->record->uuid;
  context.phase = job->record->started ? sqns_phase_name (job->record->phase) : NULL;
  sqns_log (&context, level, "%s", text);
}

void
sqns_job_run_remark (SqnsJobRun *self, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_transcript_add (self->job->transcript, g_get_monotonic_time (), '#', text);
}

/* The heartbeat */

static void
update_figures (SqnsJobRun *self, gint64 now)
{
  gint64 remaining = sqns_progress_remaining (&self->progress, now);
  self->figures->rate = self->job->record->phase == SQNS_PHASE_TRANSFER ? sqns_progress_rate (&self->progress, now) : 0;
  /* whole seconds: it is not known any better */
  self->figures->expected_end = remaining >= 0 ? (g_get_real_time () + remaining) / G_USEC_PER_SEC * G_USEC_PER_SEC : 0;
}

/* What the phase says of itself, and for how long; or why no bytes are taken. */
static char *
describe (SqnsJobRun *self, gint64 now)
{
  const SqnsJobRecord *record = self->job->record;
  gint64 elapsed_s = (now - self->phase_start) / G_USEC_PER_SEC, stalled = now - self->last_bytes;
  gboolean transfers = record->phase == SQNS_PHASE_TRANSFER;

  self->stalled = transfers && stalled >= (gint64)sqns_timeout_ms (STALL_MS) * 1000;
  if (self->stalled)
    return sqns_silence_message (record->bytes_done > 0
                                     && sqns_upload_may_erase ((guint64)record->bytes_done,
                                                               (guint64)record->bytes_total),
                                 (guint)(stalled / G_USEC_PER_SEC));
  if (self->heartbeat != 0 && !transfers && elapsed_s > 0)
    return g_strdup_printf ("%s, %d:%02d so far", self->phase_text, (int)(elapsed_s / 60), (int)(elapsed_s % 60));
  return g_strdup (self->phase_text);
}

static void
update_message (SqnsJobRun *self, gint64 now)
{
  const char *problem = self->figures->save_problem;
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  g_autofree char *text = describe (self, now);
  g_autofree char *warning
      = problem == NULL
            ? NULL
            : g_strdup_printf ("%s; this job is not on disk (%s) and cannot continue after a crash of the daemon", text,
                               problem);
  sqns_job_record_set_message (self->job->record, warning != NULL ? warning : text);
}

static gboolean
on_heartbeat (gpointer user_data)
{
  SqnsJobRun *self = user_data;
  gint64 now = g_get_monotonic_time ();
  sqns_progress_tick (&self->progress, now);
  update_figures (self, now);
  update_message (self, now);
  changed (self, FALSE);
  return G_SOURCE_CONTINUE;
}

/* Phases in which the modem says nothing for long. */
static gboolean
is_silent (SqnsPhase phase)
{
  return phase == SQNS_PHASE_PREPARE || phase == SQNS_PHASE_TRANSFER || phase == SQNS_PHASE_APPLY
         || phase == SQNS_PHASE_REBOOT;
}

/* Cancelling */

void
sqns_job_run_cancel (SqnsJobRun *self, SqnsCancelReason reason, GError *why)
{
  g_autoptr (GError) error = why;
  if (reason > self->cancelled)
    {
      self->cancelled = reason;
      g_clear_error (&self->why);
      self->why = g_steal_pointer (&error);
    }
  g_cancellable_cancel (self->cancellable);
}

/* Not when the modem only has to boot and to be asked for its version. */
static void
stop_now (SqnsJobRun *self)
{
  if (self->job != NULL && self->stopping && !self->figures->committed
      && self->job->record->phase <= SQNS_PHASE_TRANSFER)
    sqns_job_run_cancel (self, SQNS_CANCEL_STOP, NULL);
}

void
sqns_job_run_stop (SqnsJobRun *self)
{
  self->stopping = TRUE;
  stop_now (self);
}

static gboolean
stop_in_idle (gpointer user_data)
{
  stop_now (user_data);
  return G_SOURCE_REMOVE;
}

static void
take_holder (SqnsJobRun *self, const GError *held)
{
  sqns_job_run_remark (self, "%s", held->message);
  if (!self->figures->committed && !g_cancellable_is_cancelled (self->cancellable))
    sqns_job_run_cancel (self, SQNS_CANCEL_PORT_SHARED,
                         g_error_new (SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s, which takes part of the data",
                                      held->message));
}

static void
on_holder_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsJobRun *self = user_data;
  g_autoptr (GError) held = NULL;

  self->looks_for_holder = FALSE;
  if (!sqns_port_holder_finish (result, NULL, &held) && self->job != NULL)
    take_holder (self, held);
  run_unref (self);
}

/* Bytes get lost: with another reader of the port (root may open it, locked or not) a job would crawl for hours. */
static void
look_for_holder (SqnsJobRun *self)
{
  if (self->looks_for_holder || self->cancelled == SQNS_CANCEL_PORT_SHARED)
    return;
  self->looks_for_holder = TRUE;
  sqns_port_holder_async (sqns_device_info (self->device)->devnode, on_holder_found, g_rc_box_acquire (self));
}

/* The monitor */

static void
enter_phase (SqnsJobRun *self, SqnsPhase phase, gint64 now)
{
  SqnsJobRecord *record = self->job->record;
  record->phase = phase;
  if (phase != SQNS_PHASE_RELEASE)
    self->work_phase = phase;
  if (phase == SQNS_PHASE_CONFIRM)
    record->state = SQNS_JOB_VERIFYING;
  self->phase_start = now;
  self->last_bytes = now;
  sqns_progress_phase (&self->progress, phase, now);
  g_clear_handle_id (&self->heartbeat, g_source_remove);
  if (is_silent (phase))
    self->heartbeat = g_timeout_add_seconds (HEARTBEAT_S, on_heartbeat, self);
}

static void
on_phase (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  SqnsJobRun *self = data;
  SqnsJobRecord *record = self->job->record;
  gint64 now = g_get_monotonic_time ();
  gboolean entered = phase != record->phase;
  gboolean prompt = entered || safe != record->safe || committed != self->figures->committed;

  if (entered)
    enter_phase (self, phase, now);
  record->safe = self->phase_safe = safe;
  self->figures->committed = committed;
  g_free (self->phase_text);
  self->phase_text = g_strdup (message != NULL ? message : "");
  update_message (self, now);
  update_figures (self, now);
  if (entered)
    {
      sqns_stored_job_log (self->job, self->device, G_LOG_LEVEL_INFO, self->phase_text);
      sqns_job_run_remark (self, "phase %s: %s", sqns_phase_name (phase), self->phase_text);
    }
  changed (self, prompt);
  /* not from inside the upgrade's own callback */
  if (self->stopping && !committed)
    g_idle_add_full (G_PRIORITY_DEFAULT, stop_in_idle, g_rc_box_acquire (self), run_unref);
}

static void
on_bytes (gpointer data, guint64 done, guint64 total)
{
  SqnsJobRun *self = data;
  SqnsJobRecord *record = self->job->record;
  gint64 now = g_get_monotonic_time ();
  /* what is sent again is no progress */
  if ((gint64)done != record->bytes_done || (gint64)total != record->bytes_total)
    self->last_bytes = now;
  sqns_progress_bytes (&self->progress, done, total, now);
  record->bytes_done = (gint64)done;
  record->bytes_total = (gint64)total;
  if (self->stalled)
    update_message (self, now);
  update_figures (self, now);
  changed (self, FALSE);
}

static void
on_retries (gpointer data, guint more)
{
  SqnsJobRun *self = data;
  self->job->record->retries += more;
  look_for_holder (self);
  changed (self, FALSE);
}

static void
on_link (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  sqns_device_update_link (((SqnsJobRun *)data)->device, kind, board);
}

static void
on_modem (gpointer data, const SqnsModemStatus *status)
{
  SqnsJobRun *self = data;
  SqnsJobRecord *record = self->job->record;
  self->mode = status->mode;
  /* what a modem tells once it was written to is not what it ran before */
  if (!sqns_version_known (&record->version_before) && !record->checkpoint.written)
    record->version_before = status->version;
  sqns_device_update_status (self->device, status);
}

static void
on_contact (gpointer data, SqnsContact contact)
{
  sqns_device_set_contact (((SqnsJobRun *)data)->device, contact);
}

/* The job waits for a user: no error. */
static void
on_user_action (gpointer data, const char *what)
{
  SqnsJobRun *self = data;
  SqnsJobRecord *record = self->job->record;
  g_autofree char *text
      = what != NULL ? g_strdup_printf ("NeedsHand: %s; the job then continues by itself", what) : NULL;

  self->figures->waits_for_user = what != NULL;
  /* a modem that could not be asked may be at work */
  record->safe = self->phase_safe && (what == NULL || self->mode != SQNS_MODE_UNKNOWN);
  if (text != NULL)
    sqns_stored_job_log (self->job, self->device, G_LOG_LEVEL_MESSAGE, text);
  sqns_job_run_remark (self, "%s", text != NULL ? text : "the board is back");
  sqns_job_record_set_message (record, text != NULL ? text : self->phase_text);
  changed (self, TRUE);
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  SqnsJobRun *self = data;
  sqns_transcript_add (self->job->transcript, g_get_monotonic_time (), direction, line);
  SqnsLogContext context = sqns_device_log_context (self->device);
  context.job = self->job->record->uuid;
  sqns_debug (&context, "%c %s", direction, line);
}

const SqnsMonitorFuncs sqns_job_run_monitor = {
  .phase = on_phase,
  .bytes = on_bytes,
  .retries = on_retries,
  .link = on_link,
  .modem = on_modem,
  .contact = on_contact,
  .user_action = on_user_action,
  .trace = on_trace,
};

/* Makes a log self-describing. */
static void
remark_job (SqnsJobRun *self)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  const SqnsJobRecord *record = self->job->record;
  const SqnsFileNote *file = &record->request.files[SQNS_JOB_FIRMWARE];
  g_autofree char *version = sqns_version_format (&sqns_firmware_caba (self->job->files[SQNS_JOB_FIRMWARE])->version);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  sqns_job_run_remark (self, "sqnsd " SQNS_VERSION ", job %s, %s", record->uuid, time);
  sqns_job_run_remark (self, "board %s at %s, USB %04x:%04x", device->id, device->devnode, device->vendor,
                       device->product);
  sqns_job_run_remark (self, "file %s, version %s, %" G_GINT64_FORMAT " bytes, SHA-256 %s", file->name, version,
                       record->bytes_total, file->sha256);
  if (record->interruptions > 0)
    sqns_job_run_remark (self, "continuing after interruption %u: %s", record->interruptions, record->interruption);
}

SqnsJobRun *
sqns_job_run_new (
    SqnsStoredJob *job, SqnsJobFigures *figures, SqnsDevice *device, SqnsJobRunChanged on_change, gpointer data)
{
  SqnsJobRun *self = g_rc_box_new0 (SqnsJobRun);
  gint64 now = g_get_monotonic_time ();
  self->job = job;
  self->figures = figures;
  self->device = g_object_ref (device);
  self->changed = on_change;
  self->data = data;
  self->cancellable = g_cancellable_new ();
  self->mode = SQNS_MODE_UNKNOWN;
  self->phase_text = g_strdup ("");
  self->progress.value = figures->progress;
  sqns_transcript_start (job->transcript, now);
  enter_phase (self, SQNS_PHASE_INSPECT, now);
  remark_job (self);
  return self;
}

void
sqns_job_run_end (SqnsJobRun *self)
{
  g_clear_handle_id (&self->heartbeat, g_source_remove);
  self->job = NULL;
  self->figures = NULL;
  run_unref (self);
}
