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
  guint milestones = count_milestones (&self->checkpoint);
  self->interruptions++;
  if (milestones > self->milestones)
    self->fruitless = 0;
  self->milestones = MAX (self->milestones, milestones);
  self->fruitless++;
}

static char *
reason (SqnsJob *self, SqnsJobInterruption why, const GError *error)
{
  const char *phase = sqns_phase_name (self->info.phase);
  const char *power = self->info.safe ? "" : "; if the board still has power, leave it on";

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
      return sqns_patience_us (PAUSE_S << MIN (self->fruitless - 1, 5u));
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
  g_autofree char *before = g_steal_pointer (&self->interruption);
  self->interruption = reason (self, why, error);
  return why == SQNS_JOB_LOCKED_OUT && g_strcmp0 (before, self->interruption) == 0;
}

void
sqns_job_interrupt (SqnsJob *self, SqnsJobInterruption why, const GError *error)
{
  gboolean counts = why == SQNS_JOB_BOARD_LOST || why == SQNS_JOB_DAEMON_DIED;

  /* what was told of it last may be true no longer where its flash was written to, unless it was left in good order */
  if (counts)
    self->info.safe = self->info.safe && !self->checkpoint.written;
  self->info.phase = self->work_phase;
  self->board_lost = why == SQNS_JOB_BOARD_LOST;
  gboolean known = take_reason (self, why, error);
  sqns_job_leave_doubt (self);
  if (counts)
    count (self);
  if (self->fruitless > SQNS_JOB_MAX_FRUITLESS)
    {
      sqns_job_finish (self, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST,
                                          "%s; that was interruption %u in a row that brought it no further: given up",
                                          self->interruption, self->fruitless));
      return;
    }
  sqns_job_stop_heartbeat (self);
  self->running = FALSE;
  self->info.state = SQNS_JOB_INTERRUPTED;
  self->info.queue_position = 0;
  self->info.committed = FALSE;
  self->info.expected_end = 0;
  self->info.rate = 0;
  self->info.advice = advice_for (why);
  self->not_again_before = g_get_real_time () + pause_of (self, why);
  sqns_job_set_message (self, self->interruption);
  sqns_job_log (self, known ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_WARNING, self->interruption);
  sqns_job_keep (self, NULL, NULL);
  sqns_job_emit_changed (self, TRUE);
}

gboolean
sqns_job_lost_board (SqnsJob *job)
{
  return job->board_lost;
}

const char *
sqns_job_interruption (SqnsJob *job)
{
  return job->interruption;
}

gint64
sqns_job_not_again_before (SqnsJob *job)
{
  return job->not_again_before;
}

gboolean
sqns_job_is_resumable (SqnsJob *job)
{
  return (job->info.state == SQNS_JOB_FAILED || job->info.state == SQNS_JOB_CANCELLED) && !job->request->dry_run;
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
  g_return_if_fail (sqns_job_is_resumable (self));
  if (self->log_elsewhere && log != NULL)
    self->log_offset = sqns_transcript_restore (self->transcript, log);
  self->log_elsewhere = FALSE;
  sqns_job_set_files (self, files);
  self->fruitless = 0;
  self->request->at_once = TRUE; /* now is when it was asked for */
  self->info.state = SQNS_JOB_QUEUED;
  self->info.finished_at = 0;
  self->info.error = NULL;
  g_clear_error (&self->error);
  self->info.advice = "";
  sqns_job_set_message (self, "queued again, to go on from where the modem is");
  sqns_job_log (self, G_LOG_LEVEL_MESSAGE, self->message);
  sqns_job_keep (self, NULL, NULL);
  sqns_job_emit_changed (self, TRUE);
}

gboolean
sqns_job_forget_checkpoint (SqnsJob *self)
{
  if (self->running || (!self->checkpoint.done.modified && !sqns_version_known (&self->checkpoint.version)))
    return FALSE;
  self->checkpoint
      = (SqnsCheckpoint){ .salt = self->checkpoint.salt, .tag = self->checkpoint.tag }; /* it is the same modem */
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

static double
recorded_progress (SqnsJob *self)
{
  return self->running ? MAX (self->info.progress, self->promised) : self->info.progress;
}

typedef struct {
  SqnsJob *job;
  Wait wait;
  double promised;
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
    self->kept = MAX (self->kept, keeping->promised);
  if (self->running && self->progress.value > self->info.progress)
    {
      sqns_job_update_progress (self);
      sqns_job_emit_changed (self, FALSE);
    }
  go_on (self, &keeping->wait);
}

void
sqns_job_keep (SqnsJob *self, GSourceFunc next, gpointer data)
{
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
  if (self->running)
    self->promised = MAX (self->promised, sqns_progress_promise (self->progress.value));
  keeping->promised = recorded_progress (self);
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
  self->info.progress = MAX (self->info.progress, floor (told * MILLION) / MILLION);
  if (self->keep != NULL && sqns_progress_promise (self->progress.value) > self->promised)
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

static void
replace (char **field, const char *value)
{
  g_free (*field);
  *field = g_strdup (value != NULL ? value : "");
}

static void
record_board (SqnsJob *self, SqnsJobRecord *record)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  SqnsLinkConfig link = sqns_device_link_config (self->device);
  replace (&record->device, device->id);
  replace (&record->devnode, device->devnode);
  record->vendor = device->vendor;
  record->product = device->product;
  record->manual = device->manual;
  record->port_link = link.kind;
  replace (&record->port_board, link.board);
  record->port_speed = link.speed;
}

static void
record_order (SqnsJob *self, SqnsJobRecord *record)
{
  const SqnsRequest *request = self->request;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      replace (&record->files[i].name, self->notes[i].name);
      replace (&record->files[i].sha256, self->notes[i].sha256);
    }
  replace (&record->expect_sha256, request->expect_sha256);
  record->expect_version = request->expect_version;
  record->options = request->options;
  record->link = request->link;
  record->speed = request->speed;
  record->block_size = request->block_size;
  record->not_before = request->not_before;
  record->not_after = request->not_after;
  record->at_once = request->at_once;
  record->priority = request->priority;
  replace (&record->label, request->label);
  replace (&record->idempotency_key, request->idempotency_key);
  record->dry_run = request->dry_run;
  record->creator_uid = request->creator_uid;
}

SqnsJobRecord *
sqns_job_to_record (SqnsJob *self)
{
  const SqnsJobInfo *info = &self->info;
  SqnsJobRecord *record = sqns_job_record_new ();

  replace (&record->uuid, self->uuid);
  record->state = self->running ? SQNS_JOB_RUNNING : info->state;
  record_board (self, record);
  record_order (self, record);
  record->created_at = info->created_at;
  record->started_at = info->started_at;
  record->finished_at = info->finished_at;
  record->started = info->started;
  record->phase = info->phase;
  record->safe = info->safe;
  record->progress = (guint)lround (recorded_progress (self) * MILLION);
  record->bytes_done = info->bytes_done;
  record->bytes_total = info->bytes_total;
  record->retries = info->retries;
  record->version_before = info->version_before;
  record->version_after = info->version_after;
  replace (&record->message, info->message);
  replace (&record->error_name, info->error != NULL ? sqns_error_name (info->error) : NULL);
  replace (&record->error_message, info->error != NULL ? info->error->message : NULL);
  replace (&record->advice, info->advice);
  record->board_lost = self->board_lost;
  record->cancel_asked = self->running && self->cancel_asked;
  replace (&record->interruption, self->interruption);
  record->interruptions = self->interruptions;
  record->fruitless = self->fruitless;
  record->milestones = self->milestones;
  record->checkpoint = self->checkpoint;
  return record;
}

static SqnsRequest *
request_of (const SqnsJobRecord *record)
{
  SqnsRequest *request = sqns_request_new ();
  request->expect_sha256 = *record->expect_sha256 != '\0' ? g_strdup (record->expect_sha256) : NULL;
  request->expect_version = record->expect_version;
  request->options = record->options;
  request->link = record->link;
  request->speed = record->speed;
  request->block_size = record->block_size;
  request->not_before = record->not_before;
  request->not_after = record->not_after;
  request->at_once = record->at_once;
  request->priority = record->priority;
  replace (&request->label, record->label);
  request->idempotency_key = *record->idempotency_key != '\0' ? g_strdup (record->idempotency_key) : NULL;
  request->dry_run = record->dry_run;
  request->creator_uid = record->creator_uid;
  return request;
}

static void
restore_end (SqnsJob *self, const SqnsJobRecord *record)
{
  SqnsError code = SQNS_ERROR_FAILED;
  self->log_elsewhere = TRUE;
  self->advice = g_strdup (record->advice);
  self->info.advice = self->advice;
  if (record->started) /* the youngest is recalled last */
    sqns_device_set_flashing_since (self->device, record->safe ? 0 : record->finished_at);
  if (*record->error_name == '\0')
    return;
  sqns_error_from_name (record->error_name, &code);
  self->error = g_error_new_literal (SQNS_ERROR, code, record->error_message);
  self->info.error = self->error;
}

static void
restore_info (SqnsJob *self, const SqnsJobRecord *record)
{
  self->info = (SqnsJobInfo){
    .uuid = self->uuid,
    .device_id = sqns_device_info (self->device)->id,
    .state = record->state,
    .started = record->started,
    .phase = record->phase,
    .message = self->message,
    .progress = record->progress / MILLION,
    .bytes_done = record->bytes_done,
    .bytes_total = record->bytes_total,
    .retries = record->retries,
    .safe = record->safe,
    .created_at = record->created_at,
    .started_at = record->started_at,
    .finished_at = record->finished_at,
    .firmware_name = self->notes[SQNS_JOB_FIRMWARE].name,
    .firmware_sha256 = self->notes[SQNS_JOB_FIRMWARE].sha256,
    .version_before = record->version_before,
    .version_after = record->version_after,
    .advice = "",
  };
  self->progress.value = self->promised = self->kept = self->info.progress;
}

SqnsJob *
sqns_job_new_from_record (SqnsDevice *device,
                          const SqnsJobRecord *record,
                          SqnsFirmware *const files[SQNS_JOB_N_FILES],
                          const char *log)
{
  SqnsJob *self = g_object_new (SQNS_TYPE_JOB, NULL);
  g_autoptr (SqnsRequest) request = request_of (record);

  self->device = g_object_ref (device);
  sqns_job_set_request (self, request);
  replace (&self->uuid, record->uuid);
  replace (&self->message, record->message);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      replace (&self->notes[i].name, record->files[i].name);
      replace (&self->notes[i].sha256, record->files[i].sha256);
    }
  self->checkpoint = record->checkpoint;
  if (!record->manual)
    sqns_device_update_ran (device, &record->checkpoint.version, &record->checkpoint.bootloader0);
  self->work_phase = record->phase;
  self->own_safe = record->safe;
  self->board_lost = record->board_lost;
  replace (&self->interruption, record->interruption);
  self->interruptions = record->interruptions;
  self->fruitless = record->fruitless;
  self->milestones = record->milestones;
  restore_info (self, record);
  if (files != NULL)
    sqns_job_set_files (self, files);
  if (log != NULL)
    self->log_offset = sqns_transcript_restore (self->transcript, log);
  if (sqns_job_state_ended (record->state))
    restore_end (self, record);
  else if (record->state == SQNS_JOB_RUNNING || record->state == SQNS_JOB_VERIFYING)
    {
      sqns_job_interrupt (self, SQNS_JOB_DAEMON_DIED, NULL);
      if (record->cancel_asked)
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
