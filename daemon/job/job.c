/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One upgrade of one board: the object, its states and its end. */
#include "common/clean.h"
#include "job/job-private.h"

#include "plan/advice-text.h"
#include "plan/diagnosis.h"

G_DEFINE_FINAL_TYPE (SqnsJob, sqns_job, G_TYPE_OBJECT)

enum {
  CHANGED,
  FINISHED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
drop_files (SqnsJob *self)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_clear_object (&self->files[i]);
}

static void
sqns_job_dispose (GObject *object)
{
  SqnsJob *self = SQNS_JOB (object);
  sqns_job_stop_heartbeat (self);
  drop_files (self);
  g_clear_object (&self->device);
  G_OBJECT_CLASS (sqns_job_parent_class)->dispose (object);
}

static void
sqns_job_finalize (GObject *object)
{
  SqnsJob *self = SQNS_JOB (object);
  sqns_job_record_free (self->record);
  g_clear_pointer (&self->transcript, sqns_transcript_free);
  g_free (self->phase_text);
  g_clear_error (&self->refusal);
  g_clear_error (&self->held);
  g_free (self->keep_problem);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (sqns_job_parent_class)->finalize (object);
}

static void
sqns_job_class_init (SqnsJobClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sqns_job_dispose;
  G_OBJECT_CLASS (klass)->finalize = sqns_job_finalize;
  signals[CHANGED]
      = g_signal_new ("changed", SQNS_TYPE_JOB, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[FINISHED] = g_signal_new ("finished", SQNS_TYPE_JOB, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sqns_job_init (SqnsJob *self)
{
  self->mode = SQNS_MODE_UNKNOWN;
  self->transcript = sqns_transcript_new ();
  self->cancellable = g_cancellable_new ();
  self->phase_text = g_strdup ("");
}

void
sqns_job_set_files (SqnsJob *self, SqnsFirmware *const files[SQNS_JOB_N_FILES])
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      if (files[i] == NULL)
        continue;
      g_set_object (&self->files[i], files[i]);
      sqns_request_set_file (&self->record->request, (SqnsJobFile)i, sqns_firmware_name (files[i]),
                             sqns_firmware_sha256 (files[i]));
    }
}

SqnsJob *
sqns_job_new (SqnsDevice *device, SqnsFirmware *const files[SQNS_JOB_N_FILES], const SqnsRequest *request)
{
  SqnsJob *self = g_object_new (SQNS_TYPE_JOB, NULL);
  SqnsJobRecord *record = self->record = sqns_job_record_new ();
  self->device = g_object_ref (device);
  g_free (record->uuid);
  record->uuid = g_uuid_string_random ();
  record->created_at = g_get_real_time ();
  sqns_job_record_set_request (record, request);
  sqns_job_record_set (&record->message, "queued");
  sqns_job_set_files (self, files);
  record->bytes_total = (gint64)g_bytes_get_size (sqns_firmware_image (files[SQNS_JOB_FIRMWARE]));
  self->own_safe = TRUE;
  sqns_job_update_board (self);
  sqns_job_update_safe (self);
  return self;
}

const SqnsJobRecord *
sqns_job_record (SqnsJob *job)
{
  return job->record;
}

const SqnsJobFigures *
sqns_job_figures (SqnsJob *job)
{
  return &job->figures;
}

SqnsJobState
sqns_job_state (SqnsJob *job)
{
  return job->figures.waits_for_user ? SQNS_JOB_WAITING : job->record->state;
}

const SqnsRequest *
sqns_job_request (SqnsJob *job)
{
  return &job->record->request;
}

SqnsDevice *
sqns_job_device (SqnsJob *job)
{
  return job->device;
}

gboolean
sqns_job_is_pending (SqnsJob *job)
{
  return job->record->state == SQNS_JOB_QUEUED || job->record->state == SQNS_JOB_WAITING;
}

gboolean
sqns_job_is_running (SqnsJob *job)
{
  return job->running;
}

gboolean
sqns_job_is_interrupted (SqnsJob *job)
{
  return job->record->state == SQNS_JOB_INTERRUPTED;
}

gboolean
sqns_job_is_finished (SqnsJob *job)
{
  return sqns_job_state_ended (job->record->state);
}

SqnsFirmware *
sqns_job_file (SqnsJob *job, SqnsJobFile file)
{
  return job->files[file];
}

void
sqns_job_log (SqnsJob *self, GLogLevelFlags level, const char *text)
{
  SqnsLogContext context = sqns_device_log_context (self->device);
  context.job = self->record->uuid;
  context.phase = self->record->started ? sqns_phase_name (self->record->phase) : NULL;
  sqns_log (&context, level, "%s", text);
}

void
sqns_job_emit_changed (SqnsJob *self, gboolean prompt)
{
  g_signal_emit (self, signals[CHANGED], 0, prompt);
}

void
sqns_job_set_message (SqnsJob *self, const char *message)
{
  char *valid = sqns_clean_line (message, -1);
  g_free (self->record->message);
  self->record->message = valid;
}

gboolean
sqns_job_set_pending (SqnsJob *self, SqnsJobState state, guint queue_position, const char *message)
{
  g_return_val_if_fail (sqns_job_is_pending (self) || sqns_job_is_interrupted (self), FALSE);
  if (sqns_job_is_interrupted (self))
    state = SQNS_JOB_INTERRUPTED;
  gboolean safe = self->record->safe;
  sqns_job_update_safe (self);
  gboolean prompt = state != self->record->state || safe != self->record->safe;
  if (!prompt && queue_position == self->figures.queue_position && g_str_equal (message, self->record->message))
    return FALSE;
  self->record->state = state;
  self->figures.queue_position = queue_position;
  sqns_job_set_message (self, message);
  sqns_job_emit_changed (self, prompt);
  return TRUE;
}

static void
end_well (SqnsJob *self)
{
  self->record->state = SQNS_JOB_SUCCEEDED;
  self->record->safe = TRUE;
  sqns_progress_succeed (&self->progress);
  self->figures.progress = self->progress.value;
  if (sqns_device_info (self->device)->link == SQNS_LINK_PASSTHROUGH)
    sqns_job_record_set (&self->record->advice, sqns_advice_message (SQNS_ADVICE_LEAVE_PASSTHROUGH));
  sqns_job_log (self, G_LOG_LEVEL_MESSAGE, self->record->message);
}

/* Where it went wrong. A modem that was left as it was is told about as one that nothing was begun on. */
static SqnsPhase
failed_phase (SqnsJob *self)
{
  return self->record->phase == SQNS_PHASE_RELEASE && !self->record->checkpoint.written ? self->work_phase
                                                                                        : self->record->phase;
}

/* Takes @error. */
static void
end_badly (SqnsJob *self, GError *error)
{
  SqnsJobRecord *record = self->record;
  g_autoptr (GError) normal = sqns_error_normalize (error);
  gboolean cancelled = g_error_matches (normal, SQNS_ERROR, SQNS_ERROR_CANCELLED);

  sqns_job_set_message (self, normal->message);
  sqns_job_record_set (&record->error_name, sqns_error_name (normal));
  sqns_job_record_set (&record->error_message, record->message);
  record->state = cancelled ? SQNS_JOB_CANCELLED : SQNS_JOB_FAILED;
  const SqnsFailure failure = {
    .code = normal->code,
    .phase = failed_phase (self),
    .mode = self->mode,
    .contact = sqns_device_info (self->device)->contact,
    .safe = record->safe,
  };
  const SqnsDiagnosis diagnosis = sqns_diagnose (&failure);
  sqns_job_record_set (&record->advice, sqns_advice_message (diagnosis.advice));
  record->safe = diagnosis.power != SQNS_POWER_KEEP;
  sqns_job_log (self, cancelled ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING, record->message);
}

void
sqns_job_update_safe (SqnsJob *self)
{
  gboolean others
      = sqns_device_info (self->device)->use == SQNS_USE_JOB || sqns_device_link_config (self->device).unsafe;
  self->record->safe = self->own_safe && !others;
}

void
sqns_job_leave_doubt (SqnsJob *self)
{
  self->own_safe = self->record->safe;
  if (!self->record->safe && !sqns_device_link_config (self->device).unsafe)
    sqns_device_set_flashing_since (self->device, g_get_real_time ());
}

static gboolean
tell_end (gpointer data)
{
  g_autoptr (SqnsJob) self = data;

  if (sqns_job_is_finished (self)) /* nobody has resumed it meanwhile */
    {
      sqns_job_emit_changed (self, TRUE);
      g_signal_emit (self, signals[FINISHED], 0);
    }
  return G_SOURCE_REMOVE;
}

/* Its end is told once it is on disk: no daemon that comes later goes on with it. */
void
sqns_job_finish (SqnsJob *self, GError *error)
{
  sqns_job_stop_heartbeat (self);
  gboolean ran = self->running;
  if (!ran)
    sqns_job_update_safe (self);
  self->running = FALSE;
  sqns_job_clear_figures (self);
  self->record->cancel_asked = FALSE;
  self->record->finished_at = g_get_real_time ();
  if (error == NULL)
    end_well (self);
  else
    end_badly (self, error);
  if (ran)
    sqns_job_leave_doubt (self);
  self->resume_wanted = FALSE;
  drop_files (self);
  sqns_job_keep (self, tell_end, g_object_ref (self));
}

static GError *
cancelled_between (SqnsJob *self)
{
  if (!self->record->checkpoint.done.modified)
    return g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                        "cancelled while it was interrupted: nothing had been sent that changes the modem");
  return g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                      "cancelled while it was interrupted: the modem is as the interruption left it, which is not "
                      "known; %s",
                      self->record->safe
                          ? "nothing had been written to its flash, power may be cut"
                          : "leave its power on; the job can still be resumed, or the modem upgraded again");
}

gboolean
sqns_job_cancel (SqnsJob *self, GError **error)
{
  if (sqns_job_is_finished (self))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE, "the job has ended already: it is %s",
                   sqns_job_state_name (self->record->state));
      return FALSE;
    }
  if (sqns_job_is_pending (self))
    {
      sqns_job_abort (self, g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                                         "cancelled before it began: nothing was sent to the modem"));
      return TRUE;
    }
  if (sqns_job_is_interrupted (self))
    {
      sqns_job_finish (self, cancelled_between (self));
      return TRUE;
    }
  if (self->figures.committed)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                   "the modem is being changed (phase %s): a cancel is not possible before this phase ends",
                   sqns_phase_name (self->record->phase));
      return FALSE;
    }
  self->record->cancel_asked = TRUE;
  if (!g_cancellable_is_cancelled (self->cancellable))
    {
      sqns_job_set_message (self, "cancelling");
      sqns_job_keep (self, NULL, NULL);
      sqns_job_emit_changed (self, FALSE);
      g_cancellable_cancel (self->cancellable);
    }
  return TRUE;
}

void
sqns_job_abort (SqnsJob *self, GError *error)
{
  g_return_if_fail (sqns_job_is_pending (self) || sqns_job_is_interrupted (self));
  sqns_job_finish (self, error);
}
