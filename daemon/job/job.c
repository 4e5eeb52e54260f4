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
  g_clear_pointer (&self->request, sqns_request_free);
  g_clear_pointer (&self->transcript, sqns_transcript_free);
  g_free (self->uuid);
  g_free (self->message);
  g_free (self->phase_text);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      g_free (self->notes[i].name);
      g_free (self->notes[i].sha256);
    }
  g_clear_error (&self->refusal);
  g_clear_error (&self->held);
  g_free (self->advice);
  g_free (self->keep_problem);
  g_free (self->interruption);
  g_clear_error (&self->error);
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
  self->uuid = g_uuid_string_random ();
  self->message = g_strdup ("queued");
  self->phase_text = g_strdup ("");
  self->interruption = g_strdup ("");
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    self->notes[i] = (SqnsFileNote){ g_strdup (""), g_strdup ("") };
}

void
sqns_job_set_files (SqnsJob *self, SqnsFirmware *const files[SQNS_JOB_N_FILES])
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      if (files[i] == NULL)
        continue;
      g_set_object (&self->files[i], files[i]);
      g_free (self->notes[i].name);
      g_free (self->notes[i].sha256);
      self->notes[i]
          = (SqnsFileNote){ g_strdup (sqns_firmware_name (files[i])), g_strdup (sqns_firmware_sha256 (files[i])) };
    }
  self->info.firmware_name = self->notes[SQNS_JOB_FIRMWARE].name;
  self->info.firmware_sha256 = self->notes[SQNS_JOB_FIRMWARE].sha256;
}

/* The files are the job's own, and go when it has ended. */
void
sqns_job_set_request (SqnsJob *self, const SqnsRequest *request)
{
  self->request = sqns_request_copy (request);
  g_clear_object (&self->request->first_step);
  g_clear_object (&self->request->updater);
}

SqnsJob *
sqns_job_new (SqnsDevice *device, SqnsFirmware *firmware, const SqnsRequest *request)
{
  SqnsJob *self = g_object_new (SQNS_TYPE_JOB, NULL);
  self->device = g_object_ref (device);
  sqns_job_set_request (self, request);
  self->info = (SqnsJobInfo){
    .uuid = self->uuid,
    .device_id = sqns_device_info (device)->id,
    .state = SQNS_JOB_QUEUED,
    .message = self->message,
    .bytes_total = g_bytes_get_size (sqns_firmware_image (firmware)),
    .created_at = g_get_real_time (),
    .advice = "",
  };
  self->own_safe = TRUE;
  sqns_job_update_safe (self);
  sqns_job_set_files (self, (SqnsFirmware *const[]){ firmware, request->first_step, request->updater });
  return self;
}

const SqnsJobInfo *
sqns_job_info (SqnsJob *job)
{
  return &job->info;
}

const SqnsRequest *
sqns_job_request (SqnsJob *job)
{
  return job->request;
}

SqnsDevice *
sqns_job_device (SqnsJob *job)
{
  return job->device;
}

gboolean
sqns_job_is_pending (SqnsJob *job)
{
  return !job->running && (job->info.state == SQNS_JOB_QUEUED || job->info.state == SQNS_JOB_WAITING);
}

gboolean
sqns_job_is_running (SqnsJob *job)
{
  return job->running;
}

gboolean
sqns_job_is_interrupted (SqnsJob *job)
{
  return job->info.state == SQNS_JOB_INTERRUPTED;
}

gboolean
sqns_job_is_finished (SqnsJob *job)
{
  return sqns_job_state_ended (job->info.state);
}

const char *
sqns_job_file_sha256 (SqnsJob *job, SqnsJobFile file)
{
  return job->notes[file].sha256;
}

const char *
sqns_job_file_name (SqnsJob *job, SqnsJobFile file)
{
  return job->notes[file].name;
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
  context.job = self->uuid;
  context.phase = self->info.started ? sqns_phase_name (self->info.phase) : NULL;
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
  g_free (self->message);
  self->message = valid;
  self->info.message = valid;
}

gboolean
sqns_job_set_pending (SqnsJob *self, SqnsJobState state, guint queue_position, const char *message)
{
  g_return_val_if_fail (sqns_job_is_pending (self) || sqns_job_is_interrupted (self), FALSE);
  if (sqns_job_is_interrupted (self))
    state = SQNS_JOB_INTERRUPTED;
  gboolean safe = self->info.safe;
  sqns_job_update_safe (self);
  gboolean prompt = state != self->info.state || safe != self->info.safe;
  if (!prompt && queue_position == self->info.queue_position && g_str_equal (message, self->info.message))
    return FALSE;
  self->info.state = state;
  self->info.queue_position = queue_position;
  sqns_job_set_message (self, message);
  sqns_job_emit_changed (self, prompt);
  return TRUE;
}

static void
end_well (SqnsJob *self)
{
  self->info.state = SQNS_JOB_SUCCEEDED;
  self->info.safe = TRUE;
  sqns_progress_succeed (&self->progress);
  self->info.progress = self->progress.value;
  self->info.advice = sqns_device_info (self->device)->link == SQNS_LINK_PASSTHROUGH
                          ? sqns_advice_message (SQNS_ADVICE_LEAVE_PASSTHROUGH)
                          : "";
  sqns_job_log (self, G_LOG_LEVEL_MESSAGE, self->message);
}

/* Where it went wrong. A modem that was left as it was is told about as one that nothing was begun on. */
static SqnsPhase
failed_phase (SqnsJob *self)
{
  return self->info.phase == SQNS_PHASE_RELEASE && !self->checkpoint.written ? self->work_phase : self->info.phase;
}

static void
end_badly (SqnsJob *self, GError *error)
{
  error = sqns_error_normalize (error);
  gboolean cancelled = g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  self->error = g_error_new (error->domain, error->code, "%s", "");
  g_free (self->error->message);
  self->error->message = sqns_clean_line (error->message, -1);
  g_error_free (error);

  self->info.error = self->error;
  self->info.state = cancelled ? SQNS_JOB_CANCELLED : SQNS_JOB_FAILED;
  const SqnsFailure failure = {
    .code = self->error->code,
    .phase = failed_phase (self),
    .mode = self->mode,
    .contact = sqns_device_info (self->device)->contact,
    .safe = self->info.safe,
  };
  const SqnsDiagnosis diagnosis = sqns_diagnose (&failure);
  self->info.advice = sqns_advice_message (diagnosis.advice);
  self->info.safe = diagnosis.power != SQNS_POWER_KEEP;
  sqns_job_set_message (self, self->error->message);
  sqns_job_log (self, cancelled ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING, self->message);
}

void
sqns_job_update_safe (SqnsJob *self)
{
  gboolean others
      = sqns_device_info (self->device)->use == SQNS_USE_JOB || sqns_device_link_config (self->device).unsafe;
  self->info.safe = self->own_safe && !others;
}

void
sqns_job_leave_doubt (SqnsJob *self)
{
  self->own_safe = self->info.safe;
  if (!self->info.safe && !sqns_device_link_config (self->device).unsafe)
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
  self->info.queue_position = 0;
  self->info.committed = FALSE;
  self->info.expected_end = 0;
  self->info.rate = 0;
  self->info.finished_at = g_get_real_time ();
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
  if (!self->checkpoint.done.modified)
    return g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                        "cancelled while it was interrupted: nothing had been sent that changes the modem");
  return g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                      "cancelled while it was interrupted: the modem is as the interruption left it, which is not "
                      "known; %s",
                      self->info.safe
                          ? "nothing had been written to its flash, power may be cut"
                          : "leave its power on; the job can still be resumed, or the modem upgraded again");
}

gboolean
sqns_job_cancel (SqnsJob *self, GError **error)
{
  if (sqns_job_is_finished (self))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE, "the job has ended already: it is %s",
                   sqns_job_state_name (self->info.state));
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
  if (self->info.committed)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                   "the modem is being changed (phase %s): a cancel is not possible before this phase ends",
                   sqns_phase_name (self->info.phase));
      return FALSE;
    }
  self->cancel_asked = TRUE;
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
