/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One upgrade of one board: the object, its states and its end. */
#include "model/job-private.h"
#include "model/advice.h"

G_DEFINE_FINAL_TYPE (SqnsJob, sqns_job, G_TYPE_OBJECT)

enum {
  CHANGED,
  FINISHED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static const char *const state_names[] = {
  [SQNS_JOB_QUEUED] = "queued",       [SQNS_JOB_WAITING] = "waiting",         [SQNS_JOB_RUNNING] = "running",
  [SQNS_JOB_VERIFYING] = "verifying", [SQNS_JOB_SUCCEEDED] = "succeeded",     [SQNS_JOB_FAILED] = "failed",
  [SQNS_JOB_CANCELLED] = "cancelled", [SQNS_JOB_INTERRUPTED] = "interrupted",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == SQNS_JOB_INTERRUPTED + 1);

const char *
sqns_job_state_name (SqnsJobState state)
{
  return state_names[state];
}

static void
sqns_job_dispose (GObject *object)
{
  SqnsJob *self = SQNS_JOB (object);
  sqns_job_stop_heartbeat (self);
  g_clear_object (&self->firmware);
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
  g_free (self->firmware_name);
  g_free (self->firmware_sha256);
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
}

SqnsJob *
sqns_job_new (SqnsDevice *device, SqnsFirmware *firmware, const SqnsRequest *request)
{
  SqnsJob *self = g_object_new (SQNS_TYPE_JOB, NULL);
  self->device = g_object_ref (device);
  self->firmware = g_object_ref (firmware);
  self->request = sqns_request_copy (request);
  self->firmware_name = g_strdup (sqns_firmware_name (firmware));
  self->firmware_sha256 = g_strdup (sqns_firmware_sha256 (firmware));

  self->info = (SqnsJobInfo){
    .uuid = self->uuid,
    .device_id = sqns_device_info (device)->id,
    .state = SQNS_JOB_QUEUED,
    .message = self->message,
    .bytes_total = g_bytes_get_size (sqns_firmware_image (firmware)),
    .safe = TRUE,
    .created_at = g_get_real_time (),
    .firmware_name = self->firmware_name,
    .firmware_sha256 = self->firmware_sha256,
    .advice = "",
  };
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
sqns_job_is_finished (SqnsJob *job)
{
  return !sqns_job_is_pending (job) && !sqns_job_is_running (job);
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
  char *valid = g_utf8_make_valid (message, -1);
  g_free (self->message);
  self->message = valid;
  self->info.message = valid;
}

void
sqns_job_set_pending (SqnsJob *self, SqnsJobState state, guint queue_position, const char *message)
{
  g_return_if_fail (sqns_job_is_pending (self));
  gboolean prompt = state != self->info.state;
  if (!prompt && queue_position == self->info.queue_position && g_str_equal (message, self->info.message))
    return;
  self->info.state = state;
  self->info.queue_position = queue_position;
  sqns_job_set_message (self, message);
  sqns_job_emit_changed (self, prompt);
}

static void
end_well (SqnsJob *self)
{
  self->info.state = SQNS_JOB_SUCCEEDED;
  self->info.safe = TRUE;
  sqns_progress_succeed (&self->progress);
  self->info.progress = self->progress.value;
  sqns_job_log (self, G_LOG_LEVEL_MESSAGE, self->message);
}

static void
end_badly (SqnsJob *self, GError *error)
{
  error = sqns_error_normalize (error);
  gboolean cancelled = g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  self->error = g_error_new (error->domain, error->code, "%s", "");
  g_free (self->error->message);
  self->error->message = g_utf8_make_valid (error->message, -1);
  g_error_free (error);

  self->info.error = self->error;
  self->info.state = cancelled ? SQNS_JOB_CANCELLED : SQNS_JOB_FAILED;
  self->info.advice = sqns_advice (self->error->code, self->info.phase, self->mode, self->info.safe);
  sqns_job_set_message (self, self->error->message);
  sqns_job_log (self, cancelled ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING, self->message);
}

void
sqns_job_finish (SqnsJob *self, GError *error)
{
  g_object_ref (self);
  sqns_job_stop_heartbeat (self);
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
  g_clear_object (&self->firmware);
  sqns_job_emit_changed (self, TRUE);
  g_signal_emit (self, signals[FINISHED], 0);
  g_object_unref (self);
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
      sqns_job_give_up (self, g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                                           "cancelled before it began: nothing was sent to the modem"));
      return TRUE;
    }
  if (self->info.committed)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                   "the modem is being changed (phase %s): a cancel is not possible before this phase ends",
                   sqns_phase_name (self->info.phase));
      return FALSE;
    }
  if (!g_cancellable_is_cancelled (self->cancellable))
    {
      sqns_job_set_message (self, "cancelling");
      sqns_job_emit_changed (self, FALSE);
      g_cancellable_cancel (self->cancellable);
    }
  return TRUE;
}

void
sqns_job_give_up (SqnsJob *self, GError *error)
{
  g_return_if_fail (sqns_job_is_pending (self));
  sqns_job_finish (self, error);
}

int
sqns_job_open_log (SqnsJob *self, GError **error)
{
  return sqns_transcript_snapshot (self->transcript, error);
}

gsize
sqns_job_log_size (SqnsJob *self)
{
  return sqns_transcript_size (self->transcript);
}
