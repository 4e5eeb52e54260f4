/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's run: what the procedure tells is turned into what people see. */
#include "base/patience.h"
#include "base/messages.h"
#include "job/job-private.h"

#include "modem/upload.h"
#include "serial/port-holder.h"

#define HEARTBEAT_S 1
#define HAND_BOARD_S 900
#define HAND_UNKNOWN_S 45 /* with the search before it, less than 90 s in all */
#define STALL_MS 5000     /* long: a transfer that has not got on for so long says why */

G_GNUC_PRINTF (2, 3)
static void
remark (SqnsJob *self, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_transcript_add (self->transcript, g_get_monotonic_time () - self->log_start, '#', text);
}

/* So that a log that somebody sends says by itself what it is of. */
static void
remark_order (SqnsJob *self)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  const SqnsFileNote *file = &self->record->request.files[SQNS_JOB_FIRMWARE];
  g_autofree char *version = sqns_version_format (&sqns_firmware_caba (self->files[SQNS_JOB_FIRMWARE])->version);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  remark (self, "sqnsd " SQNS_VERSION ", job %s, %s", self->record->uuid, time);
  remark (self, "board %s at %s, USB %04x:%04x", device->id, device->devnode, device->vendor, device->product);
  remark (self, "file %s, version %s, %" G_GINT64_FORMAT " bytes, SHA-256 %s", file->name, version,
          self->record->bytes_total, file->sha256);
  if (self->record->interruptions > 0)
    remark (self, "goes on after interruption %u: %s", self->record->interruptions, self->record->interruption);
}

static void
update_figures (SqnsJob *self, gint64 now)
{
  gint64 remaining = sqns_progress_remaining (&self->progress, now);
  sqns_job_update_progress (self);
  self->figures.rate = self->record->phase == SQNS_PHASE_TRANSFER ? sqns_progress_rate (&self->progress, now) : 0;
  /* whole seconds: more would only pretend */
  self->figures.expected_end = remaining >= 0 ? (g_get_real_time () + remaining) / G_USEC_PER_SEC * G_USEC_PER_SEC : 0;
}

static void
update_message (SqnsJob *self, gint64 now)
{
  gint64 elapsed_s = (now - self->phase_start) / G_USEC_PER_SEC;
  gint64 stalled = now - self->last_bytes;
  g_autofree char *text = NULL;

  self->stalled = self->record->phase == SQNS_PHASE_TRANSFER && stalled >= (gint64)sqns_patience_ms (STALL_MS) * 1000;
  if (self->stalled)
    text = sqns_silence_message (self->record->bytes_done > 0
                                     && sqns_upload_may_erase ((guint64)self->record->bytes_done,
                                                               (guint64)self->record->bytes_total),
                                 (guint)(stalled / G_USEC_PER_SEC));
  else if (self->heartbeat != 0 && self->record->phase != SQNS_PHASE_TRANSFER && elapsed_s > 0)
    text = g_strdup_printf ("%s, %d:%02d so far", self->phase_text, (int)(elapsed_s / 60), (int)(elapsed_s % 60));
  if (text == NULL)
    text = g_strdup (self->phase_text);
  if (self->keep_problem != NULL)
    {
      g_autofree char *plain = g_steal_pointer (&text);
      text = g_strdup_printf ("%s; this job is not on disk (%s): a daemon that dies cannot go on with it", plain,
                              self->keep_problem);
    }
  sqns_job_set_message (self, text);
}

static gboolean
on_heartbeat (gpointer user_data)
{
  SqnsJob *self = user_data;
  gint64 now = g_get_monotonic_time ();
  sqns_progress_tick (&self->progress, now);
  update_figures (self, now);
  if (!g_cancellable_is_cancelled (self->cancellable))
    update_message (self, now);
  sqns_job_emit_changed (self, FALSE);
  return G_SOURCE_CONTINUE;
}

void
sqns_job_stop_heartbeat (SqnsJob *self)
{
  g_clear_handle_id (&self->heartbeat, g_source_remove);
}

/* Phases in which the modem says nothing for long. */
static gboolean
is_silent (SqnsPhase phase)
{
  return phase == SQNS_PHASE_PREPARE || phase == SQNS_PHASE_TRANSFER || phase == SQNS_PHASE_APPLY
         || phase == SQNS_PHASE_REBOOT;
}

/* A job that winds up is cancelled where the modem can still be left as it is or in recovery; not when it only has to
 * boot and to be asked for its version. */
static void
stop_now (SqnsJob *self)
{
  if (self->stopping && !self->figures.committed && self->record->phase <= SQNS_PHASE_TRANSFER)
    g_cancellable_cancel (self->cancellable);
}

static gboolean
stop_in_idle (gpointer user_data)
{
  SqnsJob *self = user_data;
  if (sqns_job_is_running (self))
    stop_now (self);
  return G_SOURCE_REMOVE;
}

static void
enter_phase (SqnsJob *self, SqnsPhase phase, gint64 now)
{
  self->record->phase = phase;
  if (phase != SQNS_PHASE_RELEASE)
    self->work_phase = phase;
  self->record->state = phase == SQNS_PHASE_CONFIRM ? SQNS_JOB_VERIFYING : self->record->state;
  self->phase_start = now;
  self->last_bytes = now;
  sqns_progress_phase (&self->progress, phase, now);
  sqns_job_stop_heartbeat (self);
  if (is_silent (phase))
    self->heartbeat = g_timeout_add_seconds (HEARTBEAT_S, on_heartbeat, self);
}

static void
on_phase (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  SqnsJob *self = data;
  gint64 now = g_get_monotonic_time ();
  gboolean entered = phase != self->record->phase;
  gboolean prompt = entered || safe != self->record->safe || committed != self->figures.committed;

  if (entered)
    enter_phase (self, phase, now);
  self->record->safe = self->told_safe = safe;
  self->figures.committed = committed;
  g_free (self->phase_text);
  self->phase_text = g_strdup (message != NULL ? message : "");
  if (!g_cancellable_is_cancelled (self->cancellable))
    update_message (self, now);
  update_figures (self, now);
  if (entered)
    {
      sqns_job_log (self, G_LOG_LEVEL_INFO, self->phase_text);
      remark (self, "phase %s: %s", sqns_phase_name (phase), self->phase_text);
    }
  sqns_job_emit_changed (self, prompt);
  /* not from inside the procedure's own callback */
  if (self->stopping && !committed)
    g_idle_add_full (G_PRIORITY_DEFAULT, stop_in_idle, g_object_ref (self), g_object_unref);
}

static void
on_bytes (gpointer data, guint64 done, guint64 total)
{
  SqnsJob *self = data;
  gint64 now = g_get_monotonic_time ();
  /* what is sent again takes it nowhere */
  if ((gint64)done != self->record->bytes_done || (gint64)total != self->record->bytes_total)
    self->last_bytes = now;
  sqns_progress_bytes (&self->progress, done, total, now);
  self->record->bytes_done = (gint64)done;
  self->record->bytes_total = (gint64)total;
  if (self->stalled && !g_cancellable_is_cancelled (self->cancellable))
    update_message (self, now);
  update_figures (self, now);
  sqns_job_emit_changed (self, FALSE);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqnsJob) self = user_data;
  g_autoptr (GError) held = NULL;

  self->looking = FALSE;
  if (sqns_port_holder_finish (result, NULL, &held) || !self->running)
    return;
  remark (self, "%s", held->message);
  if (self->figures.committed || g_cancellable_is_cancelled (self->cancellable))
    return;
  self->held = g_error_new (SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s too, which takes part of the bytes", held->message);
  g_cancellable_cancel (self->cancellable);
}

/* Bytes get lost: on a port that another program reads (root may open it, locks or not) a job would crawl for hours. */
static void
look_for_holder (SqnsJob *self)
{
  if (self->looking || self->held != NULL)
    return;
  self->looking = TRUE;
  sqns_port_holder_async (sqns_device_info (self->device)->devnode, on_looked, g_object_ref (self));
}

static void
on_retries (gpointer data, guint more)
{
  SqnsJob *self = data;
  self->record->retries += more;
  look_for_holder (self);
  sqns_job_emit_changed (self, FALSE);
}

static void
on_link (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  SqnsJob *self = data;
  sqns_device_update_link (self->device, kind, board);
}

static void
on_modem (gpointer data, const SqnsModemStatus *status)
{
  SqnsJob *self = data;
  self->mode = status->mode;
  /* what a modem tells once it was written to is not what it ran before */
  if (!sqns_version_known (&self->record->version_before) && !self->record->checkpoint.written)
    self->record->version_before = status->version;
  sqns_device_update_status (self->device, status);
}

static void
on_contact (gpointer data, SqnsContact contact)
{
  sqns_device_set_contact (((SqnsJob *)data)->device, contact);
}

/* A person is waited for: no error, but the job does not go on without them. */
static void
on_hand (gpointer data, const char *what)
{
  SqnsJob *self = data;
  g_autofree char *text = what != NULL ? g_strdup_printf ("NeedsHand: %s; the job goes on by itself then", what) : NULL;

  self->figures.waits_for_user = what != NULL;
  /* a modem that could not be asked may be at work */
  self->record->safe = self->told_safe && (what == NULL || self->mode != SQNS_MODE_UNKNOWN);
  if (text != NULL)
    sqns_job_log (self, G_LOG_LEVEL_MESSAGE, text);
  remark (self, "%s", text != NULL ? text : "the board is there again");
  sqns_job_set_message (self, text != NULL ? text : self->phase_text);
  sqns_job_emit_changed (self, TRUE);
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  SqnsJob *self = data;
  sqns_transcript_add (self->transcript, g_get_monotonic_time () - self->log_start, direction, line);
  SqnsLogContext context = sqns_device_log_context (self->device);
  context.job = self->record->uuid;
  sqns_debug (&context, "%c %s", direction, line);
}

static const SqnsMonitorFuncs monitor_funcs = {
  .phase = on_phase,
  .bytes = on_bytes,
  .retries = on_retries,
  .link = on_link,
  .modem = on_modem,
  .contact = on_contact,
  .hand = on_hand,
  .trace = on_trace,
};

/* What the end means for what is known of the modem. */
static void
tell_device (SqnsJob *self, const GError *error)
{
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NEEDS_RECOVERY))
    {
      if (self->mode != SQNS_MODE_FFH && self->mode != SQNS_MODE_MTOOLS)
        self->mode = SQNS_MODE_RECOVERY;
      sqns_device_set_mode (self->device, self->mode);
    }
  else if (self->record->phase > SQNS_PHASE_PREPARE
           && ((sqns_error_is_timeout (error) && sqns_device_info (self->device)->contact != SQNS_CONTACT_ANSWERED)
               || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST)))
    {
      self->mode = SQNS_MODE_UNKNOWN;
      sqns_device_set_mode (self->device, SQNS_MODE_UNKNOWN);
    }
  sqns_device_set_error (self->device, error);
}

static void
take_result (SqnsJob *self, const SqnsUpgradeResult *result)
{
  if (sqns_version_known (&result->before))
    self->record->version_before = result->before;
  if (!self->record->request.dry_run)
    {
      self->record->version_after = result->after;
      sqns_device_set_version (self->device, &result->after);
    }
  g_autofree char *text
      = g_strdup_printf ("%s%s", self->record->request.dry_run ? "dry run, nothing was changed: " : "",
                         result->summary != NULL ? result->summary : "done");
  sqns_job_set_message (self, text);
}

/* FALSE: the run has ended, one way or the other. */
static gboolean
goes_on_later (SqnsJob *self, const GError *error, SqnsJobInterruption *why)
{
  if (error == NULL || self->record->cancel_asked || self->refusal != NULL)
    return FALSE;
  *why = SQNS_JOB_DAEMON_STOPPED;
  if (self->stopping && g_cancellable_is_cancelled (self->cancellable) && sqns_job_is_kept (self))
    return TRUE;
  *why = SQNS_JOB_LOCKED_OUT;
  if ((self->record->checkpoint.done.modified || self->record->interruptions > 0)
      && g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED))
    return TRUE;
  *why = SQNS_JOB_BOARD_LOST;
  return g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
}

static void
on_upgraded (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr (SqnsJob) self = user_data; /* the run's reference */
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsUpgradeResult) result = self->backend->upgrade_finish (async, &error);
  SqnsJobInterruption why;

  if (result != NULL)
    take_result (self, result);
  else
    error = sqns_error_normalize (g_steal_pointer (&error));
  if (self->held != NULL && !self->record->cancel_asked && g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED))
    {
      g_error_free (error);
      error = g_steal_pointer (&self->held);
    }
  remark (self, "%s: %s", error != NULL ? sqns_error_name (error) : "done",
          error != NULL ? error->message : self->record->message);

  g_autoptr (SqnsDevice) device = g_object_ref (self->device);
  /* it never got the port: what was known of the modem holds still */
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED) && self->record->phase == SQNS_PHASE_ACQUIRE)
    self->record->safe = self->own_safe;
  tell_device (self, error);
  if (goes_on_later (self, error, &why))
    sqns_job_interrupt (self, why, error);
  else if (error != NULL && self->refusal != NULL)
    sqns_job_finish (self, g_steal_pointer (&self->refusal));
  else
    sqns_job_finish (self, g_steal_pointer (&error));
  /* after the end is known: whoever is started by the release finds this job finished */
  sqns_device_release (device);
}

/* The memory of what lies between the two files of release 48829 must outlive the daemon: a modem that is left there
 * was seen to be lost. Any other modem tells by itself what is to be done with it. */
static void
refuse_without_disk (SqnsJob *self)
{
  if (*self->record->request.files[SQNS_JOB_FIRST_STEP].sha256 == '\0' || self->keep == NULL
      || self->keep_problem == NULL || self->record->checkpoint.done.first_step_done || self->refusal != NULL)
    return;
  self->refusal
      = g_error_new (SQNS_ERROR, SQNS_ERROR_FAILED,
                     "an upgrade in two steps must be on disk before it begins, and that failed (%s): nothing "
                     "was written to the modem; free the disk and run it again",
                     self->keep_problem);
  g_cancellable_cancel (self->cancellable);
}

typedef struct {
  SqnsJob *job;
  GSourceFunc done;
  gpointer data;
} Checkpoint;

static gboolean
on_checkpoint_kept (gpointer user_data)
{
  g_autofree Checkpoint *checkpoint = user_data;
  g_autoptr (SqnsJob) self = checkpoint->job;
  refuse_without_disk (self);
  checkpoint->done (checkpoint->data);
  return G_SOURCE_REMOVE;
}

/* The step that is about to begin is on disk before it does. */
static void
on_checkpoint (gpointer data, const SqnsCheckpoint *at, GSourceFunc done, gpointer done_data)
{
  SqnsJob *self = data;
  const Checkpoint checkpoint = { g_object_ref (self), done, done_data };
  self->record->checkpoint = *at;
  if (self->keep != NULL)
    sqns_job_keep (self, on_checkpoint_kept, g_memdup2 (&checkpoint, sizeof checkpoint));
  else
    g_idle_add_full (G_PRIORITY_DEFAULT, on_checkpoint_kept, g_memdup2 (&checkpoint, sizeof checkpoint), NULL);
}

/* Where a board is known to be, a person has time to come; where a bare modem may be behind the port, a dead one must
 * not be waited for. */
static guint
patience_with_people (const SqnsLinkConfig *link)
{
  if (link->kind == SQNS_LINK_DIRECT)
    return 0;
  return link->usb_board || link->board != NULL || link->kind != SQNS_LINK_AUTO ? HAND_BOARD_S : HAND_UNKNOWN_S;
}

/* A modem in recovery does not tell what it ran; somebody may have been told before. */
static SqnsCheckpoint
recall_checkpoint (SqnsJob *self)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  SqnsCheckpoint checkpoint = self->record->checkpoint;
  if (!checkpoint.done.modified && !sqns_version_known (&checkpoint.version))
    {
      checkpoint.version = device->ran;
      checkpoint.bootloader0 = device->boot_rom;
    }
  return checkpoint;
}

static SqnsUpgradeConfig
make_config (SqnsJob *self, const SqnsRules *rules)
{
  const SqnsRequest *request = &self->record->request;
  SqnsFirmware *first = self->files[SQNS_JOB_FIRST_STEP], *updater = self->files[SQNS_JOB_UPDATER];
  SqnsLinkConfig link = sqns_device_link_config (self->device);
  if (request->link != SQNS_LINK_AUTO)
    link.kind = request->link;
  if (request->speed != 0)
    link.speed = request->speed;
  link.hand_s = request->dry_run ? 0 : patience_with_people (&link);
  return (SqnsUpgradeConfig){
    .link = link,
    .image = sqns_firmware_image (self->files[SQNS_JOB_FIRMWARE]),
    .caba = sqns_firmware_caba (self->files[SQNS_JOB_FIRMWARE]),
    .first_step = first != NULL ? sqns_firmware_image (first) : NULL,
    .first_caba = first != NULL ? sqns_firmware_caba (first) : NULL,
    .updater = updater != NULL ? sqns_firmware_image (updater) : NULL,
    .rules = rules,
    .options = request->options,
    .block_size = request->block_size,
    .dry_run = request->dry_run,
    .checkpoint = recall_checkpoint (self),
    .save = on_checkpoint,
    .save_data = self,
  };
}

/* The record says that it runs. */
static gboolean
begin_run (gpointer user_data)
{
  SqnsJob *self = user_data; /* with the run's reference */
  refuse_without_disk (self);
  SqnsUpgradeConfig config = make_config (self, self->rules);
  SqnsMonitor monitor = { &monitor_funcs, self };
  self->backend->upgrade_async (&config, &monitor, self->cancellable, on_upgraded, self);
  return G_SOURCE_REMOVE;
}

gboolean
sqns_job_start (SqnsJob *self, const SqnsBackend *backend, const SqnsRules *rules, GError **error)
{
  g_return_val_if_fail (sqns_job_is_pending (self) || sqns_job_is_interrupted (self), FALSE);
  if (!sqns_device_claim (self->device, SQNS_USE_JOB, self->record->uuid, error))
    return FALSE;

  gint64 now = g_get_monotonic_time ();
  self->backend = backend;
  self->rules = rules;
  self->mode = SQNS_MODE_UNKNOWN;
  self->record->cancel_asked = FALSE;
  self->resume_wanted = FALSE;
  g_clear_error (&self->refusal);
  g_clear_error (&self->held);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
  if (self->log_start == 0)
    self->log_start = now - self->log_offset;
  self->phase_start = now;
  self->running = TRUE;
  self->record->state = SQNS_JOB_RUNNING;
  self->record->started = TRUE;
  if (self->record->started_at == 0)
    self->record->started_at = g_get_real_time ();
  self->record->safe = self->own_safe && !sqns_device_link_config (self->device).unsafe;
  sqns_job_record_set (&self->record->advice, NULL);
  self->figures.queue_position = 0;
  enter_phase (self, SQNS_PHASE_INSPECT, now);
  sqns_job_set_message (self, "starting");
  remark_order (self);
  sqns_job_log (self, G_LOG_LEVEL_MESSAGE, self->record->interruptions > 0 ? "upgrade goes on" : "upgrade begins");
  sqns_job_emit_changed (self, TRUE);
  sqns_job_keep (self, begin_run, g_object_ref (self));
  return TRUE;
}

void
sqns_job_stop (SqnsJob *self)
{
  if (sqns_job_is_running (self))
    {
      self->stopping = TRUE;
      stop_now (self);
      return;
    }
  if (sqns_job_is_kept (self) || sqns_job_is_finished (self))
    return; /* the next daemon finds it */
  if (sqns_job_is_interrupted (self))
    sqns_job_cancel (self, NULL);
  else
    sqns_job_abort (self, g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                                       "the daemon stopped before the job began: nothing was sent to the modem"));
}
