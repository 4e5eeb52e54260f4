/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One upgrade of one board: its states, what is saved of them, and its end. */
#include "job/job.h"

#include "plan/advice-text.h"
#include "plan/diagnosis.h"
#include "upgrade/upgrade.h"

#include <math.h>

#define MILLION 1000000.   /* a record's progress */
#define USER_BOARD_S 900u  /* where a board is known to be, a user has time to come */
#define USER_UNKNOWN_S 45u /* with the search before it, less than 90 s: a dead bare modem must not be waited for */

struct _SqnsJob {
  GObject parent;
  SqnsDevice *device;
  SqnsStoredJob stored; /* its files are NULL once it has ended */
  SqnsJobFigures figures;
  SqnsJobStore *store;   /* nullable */
  double saved_progress; /* 0..1: more is not shown while saving works */
  gboolean unsaved;      /* changed while nothing was saved */
  gboolean saves_again;  /* since a save took too long, whose end is still to be heard */
  SqnsJobRun *run;       /* NULL: it does not run */
  const SqnsRules *rules;
  SqnsMode mode;     /* of the modem, as the last run saw it */
  gboolean own_safe; /* as the last run left it, apart from other work on the modem */
};

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
    g_clear_object (&self->stored.files[i]);
}

static void
sqns_job_dispose (GObject *object)
{
  SqnsJob *self = SQNS_JOB (object);
  sqns_job_set_store (self, NULL);
  drop_files (self);
  g_clear_object (&self->device);
  G_OBJECT_CLASS (sqns_job_parent_class)->dispose (object);
}

static void
sqns_job_finalize (GObject *object)
{
  SqnsJob *self = SQNS_JOB (object);
  sqns_job_record_free (self->stored.record);
  sqns_transcript_free (self->stored.transcript);
  g_free (self->figures.save_problem);
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
}

const SqnsJobRecord *
sqns_job_record (SqnsJob *job)
{
  return job->stored.record;
}

const SqnsJobFigures *
sqns_job_figures (SqnsJob *job)
{
  return &job->figures;
}

SqnsJobState
sqns_job_state (SqnsJob *job)
{
  return job->figures.waits_for_user ? SQNS_JOB_WAITING : job->stored.record->state;
}

SqnsDevice *
sqns_job_device (SqnsJob *job)
{
  return job->device;
}

gboolean
sqns_job_is_pending (SqnsJob *job)
{
  return job->stored.record->state == SQNS_JOB_QUEUED || job->stored.record->state == SQNS_JOB_WAITING;
}

gboolean
sqns_job_is_running (SqnsJob *job)
{
  return job->run != NULL;
}

gboolean
sqns_job_is_interrupted (SqnsJob *job)
{
  return job->stored.record->state == SQNS_JOB_INTERRUPTED;
}

gboolean
sqns_job_is_finished (SqnsJob *job)
{
  return sqns_job_state_ended (job->stored.record->state);
}

static void
changed (SqnsJob *self, gboolean prompt)
{
  g_signal_emit (self, signals[CHANGED], 0, prompt);
}

static void
show (SqnsJob *self, GLogLevelFlags level, const char *text)
{
  sqns_stored_job_log (&self->stored, self->device, level, text);
}

static gboolean
is_unsafe_meanwhile (SqnsJob *self)
{
  return sqns_device_link_config (self->device).unsafe;
}

/* While it does not run: not safe either while another job runs on its modem, or has left it writing. */
static void
update_safe (SqnsJob *self)
{
  gboolean others = sqns_device_info (self->device)->use == SQNS_USE_JOB || is_unsafe_meanwhile (self);
  self->stored.record->safe = self->own_safe && !others;
}

/* Saving */

static gboolean
stores (SqnsJob *self)
{
  return self->store != NULL && sqns_job_store_is_open (self->store);
}

/* A restart would find it as it is. */
static gboolean
is_saved (SqnsJob *self)
{
  return stores (self) && self->figures.save_problem == NULL;
}

static void
update_board (SqnsJob *self)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  SqnsLinkConfig link = sqns_device_link_config (self->device);
  SqnsJobRecord *record = self->stored.record;

  sqns_job_record_set (&record->device, device->id);
  sqns_job_record_set (&record->devnode, device->devnode);
  record->vendor = device->vendor;
  record->product = device->product;
  record->manual = device->manual;
  record->port_link = link.kind;
  sqns_job_record_set (&record->port_board, link.board);
  record->port_speed = link.speed;
}

static guint
millionths (double progress)
{
  return (guint)lround (progress * MILLION);
}

typedef struct {
  SqnsJob *job;
  GSourceFunc next; /* nullable */
  gpointer data;
  double progress; /* in the record */
  gboolean again;
} Save;

static void start_save (SqnsJob *self, const Save *save);

static void
note_problem (SqnsJob *self, const GError *error)
{
  char **problem = &self->figures.save_problem;
  if (error != NULL && *problem == NULL)
    {
      g_autofree char *text
          = g_strdup_printf ("the job is not on disk and cannot continue after a crash of the daemon: %s",
                             error->message);
      show (self, G_LOG_LEVEL_WARNING, text);
      if (self->stored.transcript != NULL)
        sqns_transcript_add (self->stored.transcript, g_get_monotonic_time (), '#', text);
    }
  g_free (*problem);
  *problem = error != NULL ? g_strdup (error->message) : NULL;
}

/* What lies between the two files of release 48829 must outlive the daemon: a modem that was left there was seen to be
 * lost. Any other modem tells by itself what is to be done with it. */
static void
refuse_without_disk (SqnsJob *self)
{
  const SqnsJobRecord *record = self->stored.record;
  const char *problem = self->figures.save_problem;
  if (self->run == NULL || *record->request.files[SQNS_JOB_FIRST_STEP].sha256 == '\0' || !stores (self)
      || problem == NULL || record->checkpoint.done.first_step_done)
    return;
  sqns_job_run_cancel (self->run, SQNS_CANCEL_NOT_SAVED,
                       g_error_new (SQNS_ERROR, SQNS_ERROR_FAILED,
                                    "nothing was written to the modem: an upgrade in two steps must be saved to disk "
                                    "before it begins, and that failed (%s); free disk space and run it again",
                                    problem));
}

/* @next (nullable) is called when the record is saved, or cannot be, or not in time; at once without a store. */
static void
save (SqnsJob *self, GSourceFunc next, gpointer data)
{
  double progress = self->figures.progress;
  if (self->run != NULL)
    progress = MAX (progress, sqns_progress_promise (self->run->progress.value));
  self->stored.record->progress = millionths (progress);
  update_board (self);
  if (stores (self))
    start_save (self, &(const Save){ .next = next, .data = data });
  else
    {
      self->unsaved = TRUE;
      if (next != NULL)
        next (data);
    }
}

/* A daemon that dies comes back with what is on disk: more is not shown before. Where the disk fails, there is nothing
 * to come back with. */
static void
show_progress (SqnsJob *self)
{
  SqnsJobRecord *record = self->stored.record;
  double value = self->run->progress.value;
  double shown = is_saved (self) ? MIN (value, self->saved_progress) : value;

  /* as a record can say it */
  self->figures.progress = MAX (self->figures.progress, floor (shown * MILLION) / MILLION);
  record->progress = MAX (record->progress, millionths (self->figures.progress));
  if (stores (self) && sqns_progress_promise (value) > record->progress / MILLION)
    save (self, NULL, NULL);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Save *done = user_data;
  g_autoptr (SqnsJob) self = done->job;
  g_autoptr (GError) error = NULL;

  if (sqns_job_store_save_finish (SQNS_JOB_STORE (source), result, &error))
    self->saved_progress = done->progress;
  note_problem (self, error);
  self->saves_again = self->saves_again && !done->again;
  if (sqns_error_is_timeout (error) && !self->saves_again && stores (self))
    {
      const Save again = { .job = self, .again = TRUE };
      self->saves_again = TRUE;
      start_save (self, &again);
    }
  if (self->run != NULL && self->run->progress.value > self->figures.progress)
    {
      show_progress (self);
      changed (self, FALSE);
    }
  if (done->next == NULL)
    return;
  refuse_without_disk (self);
  done->next (done->data);
}

static void
start_save (SqnsJob *self, const Save *what)
{
  Save *copy = g_memdup2 (what, sizeof *what);
  copy->job = g_object_ref (self);
  copy->progress = self->stored.record->progress / MILLION;
  sqns_job_store_save_async (self->store, &self->stored, on_saved, copy);
}

void
sqns_job_set_store (SqnsJob *self, SqnsJobStore *store)
{
  if (self->store == store)
    return;
  if (self->store != NULL)
    sqns_job_store_remove (self->store, &self->stored);
  g_set_object (&self->store, store);
  if (store == NULL)
    return;
  sqns_job_store_add (store, &self->stored);
  if (stores (self) && (!sqns_job_is_finished (self) || self->unsaved))
    {
      self->unsaved = FALSE;
      save (self, NULL, NULL);
    }
}

void
sqns_job_forget (SqnsJob *self, gboolean record)
{
  if (self->store != NULL)
    sqns_job_store_forget (self->store, &self->stored, record);
  g_clear_object (&self->store);
}

/* Ends */

/* The job stops running, or has never run. */
static void
end_run (SqnsJob *self)
{
  const SqnsJobFigures old = self->figures;
  self->figures = (SqnsJobFigures){
    .progress = old.progress,
    .save_problem = old.save_problem,
    .retry_at = old.retry_at,
  };
  self->stored.record->cancel_asked = FALSE;
  g_clear_pointer (&self->run, sqns_job_run_end);
}

/* Whoever uses the modem next knows what this job did to it. */
static void
leave_unsafe (SqnsJob *self)
{
  self->own_safe = self->stored.record->safe;
  if (!self->own_safe && !is_unsafe_meanwhile (self))
    sqns_device_set_flashing_since (self->device, g_get_real_time ());
}

static gboolean
announce_end (gpointer data)
{
  g_autoptr (SqnsJob) self = data;

  if (sqns_job_is_finished (self)) /* it was not resumed meanwhile */
    {
      changed (self, TRUE);
      g_signal_emit (self, signals[FINISHED], 0);
    }
  return G_SOURCE_REMOVE;
}

static void
end_well (SqnsJob *self)
{
  SqnsJobRecord *record = self->stored.record;
  record->state = SQNS_JOB_SUCCEEDED;
  record->safe = TRUE;
  self->figures.progress = 1.0;
  if (sqns_device_info (self->device)->link == SQNS_LINK_PASSTHROUGH)
    sqns_job_record_set (&record->advice, sqns_advice_message (SQNS_ADVICE_LEAVE_PASSTHROUGH));
  show (self, G_LOG_LEVEL_MESSAGE, record->message);
}

/* @phase: where it went wrong. Takes @error. */
static void
end_badly (SqnsJob *self, SqnsPhase phase, GError *error)
{
  SqnsJobRecord *record = self->stored.record;
  g_autoptr (GError) normal = sqns_error_normalize (error);
  gboolean cancelled = g_error_matches (normal, SQNS_ERROR, SQNS_ERROR_CANCELLED);

  sqns_job_record_set_message (record, normal->message);
  sqns_job_record_set (&record->error_name, sqns_error_name (normal));
  sqns_job_record_set (&record->error_message, record->message);
  record->state = cancelled ? SQNS_JOB_CANCELLED : SQNS_JOB_FAILED;
  const SqnsFailure failure = {
    .code = normal->code,
    .phase = phase,
    .mode = self->mode,
    .contact = sqns_device_info (self->device)->contact,
    .safe = record->safe,
  };
  const SqnsDiagnosis diagnosis = sqns_diagnose (&failure);
  sqns_job_record_set (&record->advice, sqns_advice_message (diagnosis.advice));
  record->safe = diagnosis.power != SQNS_POWER_KEEP;
  show (self, cancelled ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING, record->message);
}

/* The one way to an end: @error (taken) NULL is success. It is announced only once it is saved, so that no daemon
 * resumes the job after that. */
static void
finish (SqnsJob *self, GError *error)
{
  SqnsJobRecord *record = self->stored.record;
  SqnsPhase phase = record->phase;
  gboolean ran = self->run != NULL;

  if (!ran)
    update_safe (self);
  else if (phase == SQNS_PHASE_RELEASE && !record->checkpoint.written)
    phase = self->run->work_phase; /* the modem is as if nothing had begun */
  end_run (self);
  record->finished_at = g_get_real_time ();
  if (error == NULL)
    end_well (self);
  else
    end_badly (self, phase, error);
  if (ran)
    leave_unsafe (self);
  drop_files (self);
  save (self, announce_end, g_object_ref (self));
}

/* Grows with what cannot be lost again. */
static guint
count_milestones (const SqnsCheckpoint *checkpoint)
{
  const SqnsPlanDone *done = &checkpoint->done;
  return !!done->modified + !!checkpoint->written + (done->updater_loads > 0) + !!done->bootrom_replaced
         + !!done->first_step_done + !!done->file_sent + !!done->file_taken + !!done->rebooted;
}

static void
count_interruption (SqnsJobRecord *record)
{
  guint milestones = count_milestones (&record->checkpoint);
  record->interruptions++;
  record->fruitless = milestones > record->milestones ? 1 : record->fruitless + 1;
  record->milestones = MAX (record->milestones, milestones);
}

/* Of a running job, or one that ran when its record was written. @error: of the run, nullable. */
static void
interrupt (SqnsJob *self, SqnsInterruption why, const GError *error)
{
  SqnsJobRecord *record = self->stored.record;
  g_autofree char *before = g_strdup (record->interruption);

  /* a modem that was written to in a run without an orderly end may be writing still */
  if (sqns_interruption_counts (why))
    record->safe = record->safe && !record->checkpoint.written;
  if (self->run != NULL)
    record->phase = self->run->work_phase;
  record->board_lost = why == SQNS_INTERRUPTION_BOARD_LOST;
  g_free (record->interruption);
  record->interruption
      = sqns_interruption_message (why, record->phase, record->safe, error != NULL ? error->message : "");
  leave_unsafe (self);
  if (sqns_interruption_counts (why))
    count_interruption (record);
  if (record->fruitless > SQNS_MAX_FRUITLESS)
    {
      finish (self, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST,
                                 "%s; giving up after %u interruptions in a row without progress", record->interruption,
                                 record->fruitless));
      return;
    }
  end_run (self);
  record->state = SQNS_JOB_INTERRUPTED;
  sqns_job_record_set (&record->advice, sqns_interruption_advice (why));
  self->figures.retry_at = g_get_real_time () + sqns_interruption_pause (why, record->fruitless);
  sqns_job_record_set_message (record, record->interruption);
  gboolean known = why == SQNS_INTERRUPTION_PORT_BUSY && g_str_equal (before, record->interruption);
  show (self, known ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_WARNING, record->interruption);
  save (self, NULL, NULL);
  changed (self, TRUE);
}

/* Beginnings */

static void
set_files (SqnsJob *self, SqnsFirmware *const files[SQNS_JOB_N_FILES])
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      if (files[i] == NULL)
        continue;
      g_set_object (&self->stored.files[i], files[i]);
      sqns_request_set_file (&self->stored.record->request, (SqnsJobFile)i, sqns_firmware_name (files[i]),
                             sqns_firmware_sha256 (files[i]));
    }
}

SqnsJob *
sqns_job_new (SqnsDevice *device, SqnsFirmware *const files[SQNS_JOB_N_FILES], const SqnsRequest *request)
{
  SqnsJob *self = g_object_new (SQNS_TYPE_JOB, NULL);
  SqnsJobRecord *record = self->stored.record = sqns_job_record_new ();
  self->stored.transcript = sqns_transcript_new ();
  self->device = g_object_ref (device);
  g_free (record->uuid);
  record->uuid = g_uuid_string_random ();
  record->created_at = g_get_real_time ();
  sqns_job_record_set_request (record, request);
  sqns_job_record_set (&record->message, "queued");
  set_files (self, files);
  record->bytes_total = (gint64)g_bytes_get_size (sqns_firmware_image (files[SQNS_JOB_FIRMWARE]));
  self->own_safe = TRUE;
  update_board (self);
  update_safe (self);
  return self;
}

static void
restore_end (SqnsJob *self)
{
  SqnsJobRecord *record = self->stored.record;
  SqnsError code;

  if (record->started) /* the youngest job is restored last */
    sqns_device_set_flashing_since (self->device, record->safe ? 0 : record->finished_at);
  if (*record->error_name != '\0' && !sqns_error_from_name (record->error_name, &code))
    {
      g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_FAILED, record->error_message);
      sqns_job_record_set (&record->error_name, sqns_error_name (error));
    }
}

SqnsJob *
sqns_job_restore (SqnsDevice *device, SqnsStoredJob *stored)
{
  SqnsJob *self = g_object_new (SQNS_TYPE_JOB, NULL);
  SqnsJobRecord *record = stored->record;
  gboolean cancel_asked = record->cancel_asked;

  self->device = g_object_ref (device);
  self->stored = *stored;
  *stored = (SqnsStoredJob){ .error = g_steal_pointer (&self->stored.error) };
  if (!record->manual)
    sqns_device_update_ran (device, &record->checkpoint.version, &record->checkpoint.bootloader0);
  self->own_safe = record->safe;
  self->saved_progress = self->figures.progress = record->progress / MILLION;
  if (sqns_job_state_ended (record->state))
    {
      restore_end (self);
      return self;
    }
  sqns_job_record_set (&record->advice, NULL);
  if (record->state == SQNS_JOB_RUNNING || record->state == SQNS_JOB_VERIFYING)
    {
      interrupt (self, SQNS_INTERRUPTION_DAEMON_DIED, NULL);
      if (cancel_asked)
        sqns_job_cancel (self, NULL); /* if it has not ended by that */
    }
  return self;
}

/* Until it runs */

gboolean
sqns_job_set_pending (SqnsJob *self, SqnsJobState state, guint queue_position, const char *message)
{
  SqnsJobRecord *record = self->stored.record;
  g_return_val_if_fail (sqns_job_is_pending (self) || sqns_job_is_interrupted (self), FALSE);
  if (sqns_job_is_interrupted (self))
    state = SQNS_JOB_INTERRUPTED;
  gboolean safe = record->safe;
  update_safe (self);
  gboolean prompt = state != record->state || safe != record->safe;
  if (!prompt && queue_position == self->figures.queue_position && g_str_equal (message, record->message))
    return FALSE;
  record->state = state;
  self->figures.queue_position = queue_position;
  sqns_job_record_set_message (record, message);
  changed (self, prompt);
  return TRUE;
}

void
sqns_job_resume (SqnsJob *self)
{
  g_return_if_fail (sqns_job_is_interrupted (self));
  self->figures.resume_wanted = TRUE;
  self->figures.retry_at = 0;
}

void
sqns_job_requeue (SqnsJob *self, SqnsStoredJob *loaded)
{
  SqnsJobRecord *record = self->stored.record;
  g_return_if_fail (sqns_job_record_is_resumable (record));
  if (self->stored.transcript == NULL)
    self->stored.transcript = g_steal_pointer (&loaded->transcript);
  set_files (self, loaded->files);
  record->fruitless = 0;
  record->request.at_once = TRUE; /* the user asks for now */
  record->state = SQNS_JOB_QUEUED;
  record->finished_at = 0;
  sqns_job_record_set (&record->error_name, NULL);
  sqns_job_record_set (&record->error_message, NULL);
  sqns_job_record_set (&record->advice, NULL);
  sqns_job_record_set_message (record, "queued again, to continue from wherever the modem stopped");
  show (self, G_LOG_LEVEL_MESSAGE, record->message);
  save (self, NULL, NULL);
  changed (self, TRUE);
}

gboolean
sqns_job_forget_checkpoint (SqnsJob *self)
{
  SqnsCheckpoint *checkpoint = &self->stored.record->checkpoint;
  if (self->run != NULL || (!checkpoint->done.modified && !sqns_version_known (&checkpoint->version)))
    return FALSE;
  *checkpoint = (SqnsCheckpoint){ .salt = checkpoint->salt, .tag = checkpoint->tag }; /* it is the same modem */
  save (self, NULL, NULL);
  return TRUE;
}

void
sqns_job_abort (SqnsJob *self, GError *error)
{
  g_return_if_fail (sqns_job_is_pending (self) || sqns_job_is_interrupted (self));
  finish (self, error);
}

/* Running */

static void
update_device (SqnsJob *self, const GError *error)
{
  gboolean silent = sqns_error_is_timeout (error) && sqns_device_info (self->device)->contact != SQNS_CONTACT_ANSWERED;
  gboolean lost = g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);

  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NEEDS_RECOVERY))
    {
      if (self->mode != SQNS_MODE_FFH && self->mode != SQNS_MODE_MTOOLS)
        self->mode = SQNS_MODE_RECOVERY;
      sqns_device_set_mode (self->device, self->mode);
    }
  else if (self->stored.record->phase > SQNS_PHASE_PREPARE && (silent || lost))
    {
      self->mode = SQNS_MODE_UNKNOWN;
      sqns_device_set_mode (self->device, SQNS_MODE_UNKNOWN);
    }
  sqns_device_set_error (self->device, error);
}

static void
take_result (SqnsJob *self, const SqnsUpgradeResult *result)
{
  SqnsJobRecord *record = self->stored.record;
  gboolean dry_run = record->request.dry_run;
  g_autofree char *text = g_strdup_printf ("%s%s", dry_run ? "dry run, nothing was changed: " : "",
                                           result->summary != NULL ? result->summary : "done");
  if (sqns_version_known (&result->before))
    record->version_before = result->before;
  if (!dry_run)
    {
      record->version_after = result->after;
      sqns_device_set_version (self->device, &result->after);
    }
  sqns_job_record_set_message (record, text);
}

/* What a failed run means for the job, by why it was cancelled. *@error becomes what is reported. */
static SqnsInterruption
judge (SqnsJob *self, GError **error)
{
  const SqnsJobRecord *record = self->stored.record;
  const SqnsJobRun *run = self->run;

  if (run->why != NULL
      && (run->cancelled == SQNS_CANCEL_NOT_SAVED || g_error_matches (*error, SQNS_ERROR, SQNS_ERROR_CANCELLED)))
    {
      g_error_free (*error);
      *error = g_error_copy (run->why);
    }
  const SqnsAttempt attempt = {
    .code = (*error)->code,
    .cancelled = run->cancelled,
    .begun = record->checkpoint.done.modified || record->interruptions > 0,
    .saved = is_saved (self),
  };
  return sqns_interruption (&attempt);
}

static void
on_upgraded (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr (SqnsJob) self = user_data; /* the run's reference */
  g_autoptr (SqnsDevice) device = g_object_ref (self->device);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsUpgradeResult) result = sqns_upgrade_finish (async, &error);
  SqnsJobRecord *record = self->stored.record;
  SqnsInterruption why = SQNS_INTERRUPTION_NONE;

  self->mode = self->run->mode;
  if (result != NULL)
    take_result (self, result);
  else
    {
      error = sqns_error_normalize (g_steal_pointer (&error));
      why = judge (self, &error);
    }
  sqns_job_run_remark (self->run, "%s: %s", error != NULL ? sqns_error_name (error) : "done",
                       error != NULL ? error->message : record->message);
  /* it never got the port: what was known of the modem still holds */
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED) && record->phase == SQNS_PHASE_ACQUIRE)
    record->safe = self->own_safe;
  update_device (self, error);
  if (why != SQNS_INTERRUPTION_NONE)
    interrupt (self, why, error);
  else
    finish (self, g_steal_pointer (&error));
  /* after the end is known: a job that is started by the release finds this one finished */
  sqns_device_release (device);
}

static void
on_run_changed (gpointer data, gboolean prompt)
{
  SqnsJob *self = data;
  show_progress (self);
  changed (self, prompt);
}

/* The step that is about to begin is on disk before it does. */
static void
on_checkpoint (gpointer data, const SqnsCheckpoint *checkpoint, GSourceFunc done, gpointer done_data)
{
  SqnsJob *self = data;
  self->stored.record->checkpoint = *checkpoint;
  if (stores (self))
    save (self, done, done_data);
  else
    g_idle_add_full (G_PRIORITY_DEFAULT, done, done_data, NULL);
}

/* In recovery the version is unreadable: the one that was last seen counts. */
static SqnsCheckpoint
initial_checkpoint (SqnsJob *self)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  SqnsCheckpoint checkpoint = self->stored.record->checkpoint;
  if (!checkpoint.done.modified && !sqns_version_known (&checkpoint.version))
    {
      checkpoint.version = device->ran;
      checkpoint.bootloader0 = device->boot_rom;
    }
  return checkpoint;
}

static guint
user_timeout_s (const SqnsLinkConfig *link)
{
  if (link->kind == SQNS_LINK_DIRECT)
    return 0;
  return link->usb_board || link->board != NULL || link->kind != SQNS_LINK_AUTO ? USER_BOARD_S : USER_UNKNOWN_S;
}

static SqnsUpgradeConfig
make_config (SqnsJob *self)
{
  const SqnsRequest *request = &self->stored.record->request;
  SqnsFirmware *const *files = self->stored.files;
  SqnsFirmware *first = files[SQNS_JOB_FIRST_STEP], *updater = files[SQNS_JOB_UPDATER];
  SqnsLinkConfig link = sqns_device_link_config (self->device);
  if (request->link != SQNS_LINK_AUTO)
    link.kind = request->link;
  if (request->speed != 0)
    link.speed = request->speed;
  link.user_timeout_s = request->dry_run ? 0 : user_timeout_s (&link);
  return (SqnsUpgradeConfig){
    .link = link,
    .image = sqns_firmware_image (files[SQNS_JOB_FIRMWARE]),
    .caba = sqns_firmware_caba (files[SQNS_JOB_FIRMWARE]),
    .first_step = first != NULL ? sqns_firmware_image (first) : NULL,
    .first_caba = first != NULL ? sqns_firmware_caba (first) : NULL,
    .updater = updater != NULL ? sqns_firmware_image (updater) : NULL,
    .rules = self->rules,
    .options = request->options,
    .block_size = request->block_size,
    .dry_run = request->dry_run,
    .checkpoint = initial_checkpoint (self),
    .save = on_checkpoint,
    .save_data = self,
  };
}

/* The record says that it runs. */
static gboolean
begin_upgrade (gpointer user_data)
{
  SqnsJob *self = user_data; /* with the run's reference */
  SqnsUpgradeConfig config = make_config (self);
  const SqnsMonitor monitor = { &sqns_job_run_monitor, self->run };
  sqns_upgrade_async (&config, &monitor, self->run->cancellable, on_upgraded, self);
  return G_SOURCE_REMOVE;
}

gboolean
sqns_job_start (SqnsJob *self, const SqnsRules *rules, GError **error)
{
  SqnsJobRecord *record = self->stored.record;
  g_return_val_if_fail (sqns_job_is_pending (self) || sqns_job_is_interrupted (self), FALSE);
  if (!sqns_device_claim (self->device, SQNS_USE_JOB, record->uuid, error))
    return FALSE;

  self->rules = rules;
  self->mode = SQNS_MODE_UNKNOWN;
  self->figures.resume_wanted = FALSE;
  self->figures.queue_position = 0;
  record->state = SQNS_JOB_RUNNING;
  record->started = TRUE;
  if (record->started_at == 0)
    record->started_at = g_get_real_time ();
  record->safe = self->own_safe && !is_unsafe_meanwhile (self);
  sqns_job_record_set (&record->advice, NULL);
  sqns_job_record_set_message (record, "starting");
  self->run = sqns_job_run_new (&self->stored, &self->figures, self->device, on_run_changed, self);
  show (self, G_LOG_LEVEL_MESSAGE, record->interruptions > 0 ? "upgrade continues" : "upgrade begins");
  changed (self, TRUE);
  save (self, begin_upgrade, g_object_ref (self));
  return TRUE;
}

/* Cancelling */

static GError *
cancelled_between (const SqnsJobRecord *record)
{
  if (!record->checkpoint.done.modified)
    return g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                        "cancelled while it was interrupted: nothing had been sent that changes the modem");
  return g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                      "cancelled while it was interrupted: the modem's state is unknown; %s",
                      record->safe ? "nothing had been written to its flash; power may be cut"
                                   : "leave its power on; the job can still be resumed, or the modem upgraded again");
}

gboolean
sqns_job_cancel (SqnsJob *self, GError **error)
{
  SqnsJobRecord *record = self->stored.record;

  if (sqns_job_is_finished (self))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE, "the job has already %s%s",
                   record->state == SQNS_JOB_CANCELLED ? "been " : "", sqns_job_state_name (record->state));
      return FALSE;
    }
  if (sqns_job_is_pending (self))
    finish (self,
            g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED, "cancelled before it began: nothing was sent to the modem"));
  else if (sqns_job_is_interrupted (self))
    finish (self, cancelled_between (record));
  else if (self->figures.committed)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                   "cannot cancel before phase %s ends: the modem is being changed", sqns_phase_name (record->phase));
      return FALSE;
    }
  else
    {
      record->cancel_asked = TRUE;
      if (!g_cancellable_is_cancelled (self->run->cancellable))
        {
          sqns_job_record_set_message (record, "cancelling");
          save (self, NULL, NULL);
          changed (self, FALSE);
        }
      sqns_job_run_cancel (self->run, SQNS_CANCEL_USER, NULL);
    }
  return TRUE;
}

void
sqns_job_stop (SqnsJob *self)
{
  if (self->run != NULL)
    {
      sqns_job_run_stop (self->run);
      return;
    }
  if (is_saved (self) || sqns_job_is_finished (self))
    return; /* the next daemon finds it */
  if (sqns_job_is_interrupted (self))
    sqns_job_cancel (self, NULL);
  else
    sqns_job_abort (self, g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                                       "the daemon stopped before the job began: nothing was sent to the modem"));
}

/* The transcript */

gsize
sqns_job_log_size (SqnsJob *self)
{
  return self->stored.transcript != NULL ? sqns_transcript_size (self->stored.transcript) : 0;
}

static void
return_log (GTask *task, const SqnsTranscript *transcript)
{
  GError *error = NULL;
  int fd = sqns_transcript_snapshot (transcript, &error);
  if (fd >= 0)
    g_task_return_int (task, fd);
  else
    g_task_return_error (task, error);
}

static void
on_log_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (SqnsStoredJob) loaded = sqns_job_store_load_finish (SQNS_JOB_STORE (source), result);
  return_log (task, loaded->transcript);
}

void
sqns_job_open_log_async (SqnsJob *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (SqnsTranscript) empty = sqns_transcript_new ();
  g_task_set_source_tag (task, sqns_job_open_log_async);
  if (self->stored.transcript == NULL && stores (self))
    sqns_job_store_load_async (self->store, self->stored.record, FALSE, on_log_loaded, g_steal_pointer (&task));
  else
    return_log (task, self->stored.transcript != NULL ? self->stored.transcript : empty);
}

int
sqns_job_open_log_finish (SqnsJob *job, GAsyncResult *result, GError **error)
{
  return (int)g_task_propagate_int (G_TASK (result), error);
}
