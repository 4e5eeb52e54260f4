/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a job outlives its run: interruptions, its record, its transcript. */
#include "job/job-private.h"

#include "base/patience.h"
#include "plan/advice-text.h"

#include <math.h>

#define KEEP_S 60        /* a disk that takes longer is taken for one that failed: the modem is not left waiting */
#define PAUSE_S 1        /* after the first interruption; twice that after the next, and so on */
#define MILLION 1000000. /* a record's progress */

#define LOCKED_PAUSE_S 5 /* between two looks whether another program has let go of the port */

/* Interruptions */

/* Grows with what cannot be lost again; a job that comes no further does not try for ever. */
static guint
count_milestones (const SqnsCheckpoint *checkpoint)
{
  const SqnsPlanDone *done = &checkpoint->done;
  return !!done->modified + !!checkpoint->written + (done->updater_loads > 0) + !!done->bootrom_replaced
         + !!done->first_step_done + !!done->file_sent + !!done->file_taken + !!done->rebooted;
}

static void
count (SqnsJob *self)
{
  guint milestones = count_milestones (&self->record->checkpoint);
  self->record->interruptions++;
  if (milestones > self->record->milestones)
    self->record->fruitless = 0;
  self->record->milestones = MAX (self->record->milestones, milestones);
  self->record->fruitless++;
}

static char *
reason (SqnsJob *self, SqnsJobInterruption why, const GError *error)
{
  const char *phase = sqns_phase_name (self->record->phase);
  const char *power = self->record->safe ? "" : "; if the board still has power, leave it on";

  switch (why)
    {
    case SQNS_JOB_BOARD_LOST:
      return g_strdup_printf ("the board is gone, unplugged or without power, in phase %s%s", phase, power);
    case SQNS_JOB_LOCKED_OUT:
      return g_strdup_printf ("%s%s", error->message, power);
    case SQNS_JOB_DAEMON_STOPPED:
      return g_strdup_printf ("the daemon was stopped in phase %s, the job goes on when it runs again%s", phase, power);
    case SQNS_JOB_DAEMON_DIED:
      break;
    }
  return g_strdup_printf ("the daemon was stopped while it ran, in phase %s%s", phase, power);
}

static const char *
advice_for (SqnsJobInterruption why)
{
  switch (why)
    {
    case SQNS_JOB_BOARD_LOST:
      return sqns_advice_message (SQNS_ADVICE_WAITS_FOR_BOARD);
    case SQNS_JOB_LOCKED_OUT:
      return sqns_advice_message (SQNS_ADVICE_WAITS_FOR_PORT);
    case SQNS_JOB_DAEMON_STOPPED:
    case SQNS_JOB_DAEMON_DIED:
      break;
    }
  return "";
}

static gint64
pause_of (SqnsJob *self, SqnsJobInterruption why)
{
  switch (why)
    {
    case SQNS_JOB_BOARD_LOST:
      return sqns_patience_us (PAUSE_S << MIN (self->record->fruitless - 1, 5u));
    case SQNS_JOB_LOCKED_OUT:
      return sqns_patience_us (LOCKED_PAUSE_S);
    case SQNS_JOB_DAEMON_STOPPED:
    case SQNS_JOB_DAEMON_DIED:
      break;
    }
  return 0;
}

/* TRUE when that was so before, and has been said. */
static gboolean
take_reason (SqnsJob *self, SqnsJobInterruption why, const GError *error)
{
  g_autofree char *before = g_steal_pointer (&self->record->interruption);
  self->record->interruption = reason (self, why, error);
  return why == SQNS_JOB_LOCKED_OUT && g_strcmp0 (before, self->record->interruption) == 0;
}

void
sqns_job_interrupt (SqnsJob *self, SqnsJobInterruption why, const GError *error)
{
  gboolean counts = why == SQNS_JOB_BOARD_LOST || why == SQNS_JOB_DAEMON_DIED;

  /* what was told of it last may be true no longer where its flash was written to, unless it was left in good order */
  if (counts)
    self->record->safe = self->record->safe && !self->record->checkpoint.written;
  self->record->phase = self->work_phase;
  self->record->board_lost = why == SQNS_JOB_BOARD_LOST;
  gboolean known = take_reason (self, why, error);
  sqns_job_leave_doubt (self);
  if (counts)
    count (self);
  if (self->record->fruitless > SQNS_JOB_MAX_FRUITLESS)
    {
      sqns_job_finish (self, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST,
                                          "%s; that was interruption %u in a row that brought it no further: given up",
                                          self->record->interruption, self->record->fruitless));
      return;
    }
  sqns_job_stop_heartbeat (self);
  self->running = FALSE;
  self->record->state = SQNS_JOB_INTERRUPTED;
  self->record->cancel_asked = FALSE;
  sqns_job_clear_figures (self);
  sqns_job_record_set (&self->record->advice, advice_for (why));
  self->not_again_before = g_get_real_time () + pause_of (self, why);
  sqns_job_set_message (self, self->record->interruption);
  sqns_job_log (self, known ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_WARNING, self->record->interruption);
  sqns_job_keep (self, NULL, NULL);
  sqns_job_emit_changed (self, TRUE);
}

gint64
sqns_job_not_again_before (SqnsJob *job)
{
  return job->not_again_before;
}

void
sqns_job_resume (SqnsJob *self)
{
  g_return_if_fail (sqns_job_is_interrupted (self));
  self->resume_wanted = TRUE;
  self->not_again_before = 0;
}

gboolean
sqns_job_resume_wanted (SqnsJob *job)
{
  return job->resume_wanted;
}

void
sqns_job_requeue (SqnsJob *self, SqnsFirmware *const files[SQNS_JOB_N_FILES], const char *log)
{
  g_return_if_fail (sqns_job_record_is_resumable (self->record));
  if (self->log_elsewhere && log != NULL)
    self->log_offset = sqns_transcript_restore (self->transcript, log);
  self->log_elsewhere = FALSE;
  sqns_job_set_files (self, files);
  self->record->fruitless = 0;
  self->record->request.at_once = TRUE; /* now is when it was asked for */
  self->record->state = SQNS_JOB_QUEUED;
  self->record->finished_at = 0;
  sqns_job_record_set (&self->record->error_name, NULL);
  sqns_job_record_set (&self->record->error_message, NULL);
  sqns_job_record_set (&self->record->advice, NULL);
  sqns_job_set_message (self, "queued again, to go on from where the modem is");
  sqns_job_log (self, G_LOG_LEVEL_MESSAGE, self->record->message);
  sqns_job_keep (self, NULL, NULL);
  sqns_job_emit_changed (self, TRUE);
}

gboolean
sqns_job_forget_checkpoint (SqnsJob *self)
{
  if (self->running
      || (!self->record->checkpoint.done.modified && !sqns_version_known (&self->record->checkpoint.version)))
    return FALSE;
  self->record->checkpoint = (SqnsCheckpoint){ .salt = self->record->checkpoint.salt,
                                               .tag = self->record->checkpoint.tag }; /* it is the same modem */
  sqns_job_keep (self, NULL, NULL);
  return TRUE;
}

/* Keeping */

typedef struct {
  GSourceFunc next; /* NULL once it was called */
  gpointer data;
  guint deadline;
} Wait;

static void
go_on (SqnsJob *self, Wait *wait)
{
  GSourceFunc next = g_steal_pointer (&wait->next);
  g_clear_handle_id (&wait->deadline, g_source_remove);
  if (next != NULL)
    next (wait->data);
}

static void
note_problem (SqnsJob *self, const char *problem)
{
  if (problem != NULL && self->keep_problem == NULL)
    {
      g_autofree char *text = g_strdup_printf ("not on disk, a daemon that dies cannot go on with it: %s", problem);
      sqns_job_log (self, G_LOG_LEVEL_WARNING, text);
      sqns_transcript_add (self->transcript, self->log_start > 0 ? g_get_monotonic_time () - self->log_start : 0, '#',
                           text);
    }
  g_free (self->keep_problem);
  self->keep_problem = g_strdup (problem);
}

typedef struct {
  SqnsJob *job;
  Wait wait;
  double progress; /* in the record */
} Keeping;

static gboolean
on_deadline (gpointer user_data)
{
  Keeping *keeping = user_data;
  keeping->wait.deadline = 0;
  note_problem (keeping->job, "the disk does not answer");
  go_on (keeping->job, &keeping->wait);
  return G_SOURCE_REMOVE;
}

static void
on_kept (SqnsJob *job, const GError *error, gpointer data)
{
  g_autofree Keeping *keeping = data;
  g_autoptr (SqnsJob) self = keeping->job;
  note_problem (self, error != NULL ? error->message : NULL);
  if (error == NULL)
    self->kept = keeping->progress;
  if (self->running && self->progress.value > self->figures.progress)
    {
      sqns_job_update_progress (self);
      sqns_job_emit_changed (self, FALSE);
    }
  go_on (self, &keeping->wait);
}

void
sqns_job_keep (SqnsJob *self, GSourceFunc next, gpointer data)
{
  double progress = self->figures.progress;
  if (self->running)
    progress = MAX (progress, sqns_progress_promise (self->progress.value));
  self->record->progress = (guint)lround (progress * MILLION);
  sqns_job_update_board (self);
  if (self->keep == NULL)
    {
      self->keep_owed = TRUE;
      if (next != NULL)
        next (data);
      return;
    }
  Keeping *keeping = g_new0 (Keeping, 1);
  keeping->job = g_object_ref (self);
  keeping->wait = (Wait){ .next = next, .data = data };
  keeping->progress = self->record->progress / MILLION;
  if (next != NULL)
    keeping->wait.deadline = g_timeout_add_seconds (KEEP_S, on_deadline, keeping);
  self->keep (self->keeper, self, on_kept, keeping);
}

/* A daemon that dies comes back with what is on disk: more is not told before. Where the disk fails, there is nothing
 * to come back with. */
void
sqns_job_update_progress (SqnsJob *self)
{
  double told = sqns_job_is_kept (self) ? MIN (self->progress.value, self->kept) : self->progress.value;

  /* as a record can say it */
  self->figures.progress = MAX (self->figures.progress, floor (told * MILLION) / MILLION);
  self->record->progress = MAX (self->record->progress, (guint)lround (self->figures.progress * MILLION));
  if (self->keep != NULL && sqns_progress_promise (self->progress.value) > self->record->progress / MILLION)
    sqns_job_keep (self, NULL, NULL);
}

void
sqns_job_set_keeper (SqnsJob *self, SqnsJobKeep keep, gpointer keeper)
{
  self->keep = keep;
  self->keeper = keeper;
  if (keep == NULL || (sqns_job_is_finished (self) && !self->keep_owed))
    return;
  self->keep_owed = FALSE;
  sqns_job_keep (self, NULL, NULL);
}

gboolean
sqns_job_is_kept (SqnsJob *job)
{
  return job->keep != NULL && job->keep_problem == NULL;
}

/* The record */

void
sqns_job_update_board (SqnsJob *self)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  SqnsLinkConfig link = sqns_device_link_config (self->device);
  SqnsJobRecord *record = self->record;

  sqns_job_record_set (&record->device, device->id);
  sqns_job_record_set (&record->devnode, device->devnode);
  record->vendor = device->vendor;
  record->product = device->product;
  record->manual = device->manual;
  record->port_link = link.kind;
  sqns_job_record_set (&record->port_board, link.board);
  record->port_speed = link.speed;
}

void
sqns_job_clear_figures (SqnsJob *self)
{
  self->figures = (SqnsJobFigures){ .progress = self->figures.progress };
}

static void
restore_end (SqnsJob *self)
{
  SqnsJobRecord *record = self->record;
  SqnsError code;

  self->log_elsewhere = TRUE;
  if (record->started) /* the youngest job is loaded last */
    sqns_device_set_flashing_since (self->device, record->safe ? 0 : record->finished_at);
  if (*record->error_name != '\0' && !sqns_error_from_name (record->error_name, &code))
    {
      g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_FAILED, record->error_message);
      sqns_job_record_set (&record->error_name, sqns_error_name (error));
    }
}

SqnsJob *
sqns_job_new_from_record (SqnsDevice *device,
                          SqnsJobRecord *record,
                          SqnsFirmware *const files[SQNS_JOB_N_FILES],
                          const char *log)
{
  SqnsJob *self = g_object_new (SQNS_TYPE_JOB, NULL);
  gboolean cancel_asked = record->cancel_asked;

  self->device = g_object_ref (device);
  self->record = record;
  if (!record->manual)
    sqns_device_update_ran (device, &record->checkpoint.version, &record->checkpoint.bootloader0);
  self->work_phase = record->phase;
  self->own_safe = record->safe;
  self->progress.value = self->kept = self->figures.progress = record->progress / MILLION;
  if (files != NULL)
    sqns_job_set_files (self, files);
  if (log != NULL)
    self->log_offset = sqns_transcript_restore (self->transcript, log);
  if (sqns_job_state_ended (record->state))
    restore_end (self);
  else
    {
      sqns_job_record_set (&record->advice, NULL);
      record->cancel_asked = FALSE;
    }
  if (record->state == SQNS_JOB_RUNNING || record->state == SQNS_JOB_VERIFYING)
    {
      sqns_job_interrupt (self, SQNS_JOB_DAEMON_DIED, NULL);
      if (cancel_asked)
        sqns_job_cancel (self, NULL); /* if it has not ended by that */
    }
  return self;
}

/* The transcript */

int
sqns_job_open_log (SqnsJob *self, GError **error)
{
  return sqns_transcript_snapshot (self->transcript, error);
}

GString *
sqns_job_log_text (SqnsJob *self)
{
  return sqns_transcript_text (self->transcript);
}

gsize
sqns_job_log_size (SqnsJob *self)
{
  return sqns_transcript_size (self->transcript);
}

gboolean
sqns_job_log_is_elsewhere (SqnsJob *self)
{
  return self->log_elsewhere;
}
