/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All jobs. */
#include "base/log.h"
#include "manager/idempotency.h"
#include "manager/job-table.h"
#include "manager/limit.h"
#include "manager/schedule.h"

#define MAX_ENDED 100u                     /* ended jobs of earlier daemons; the others are in the history */
#define MAX_FINISHED 1000u                 /* finished jobs */
#define MAX_LOGS ((gsize)64 * 1024 * 1024) /* bytes of their transcripts */
#define DAY_US ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

struct _SqnsJobTable {
  GObject parent;
  const SqnsConfig *config;
  const SqnsRules *rules;
  SqnsDeviceTable *devices;
  SqnsFirmwareCache *firmware_cache;
  SqnsJobStore *store;
  GPtrArray *jobs;
  GTask *restore; /* until jobs are loaded */
  SqnsJobIntake intake;
};

G_DEFINE_FINAL_TYPE (SqnsJobTable, sqns_job_table, G_TYPE_OBJECT)

enum {
  ADDED,
  REMOVED,
  FINISHED,
  CHANGED,
  RESCHEDULE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
sqns_job_table_dispose (GObject *object)
{
  SqnsJobTable *self = SQNS_JOB_TABLE (object);
  for (guint i = 0; i < self->jobs->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->jobs->pdata[i], self);
      sqns_job_set_store (self->jobs->pdata[i], NULL);
    }
  g_ptr_array_set_size (self->jobs, 0);
  g_clear_object (&self->devices);
  g_clear_object (&self->restore);
  G_OBJECT_CLASS (sqns_job_table_parent_class)->dispose (object);
}

static void
sqns_job_table_finalize (GObject *object)
{
  SqnsJobTable *self = SQNS_JOB_TABLE (object);
  sqns_firmware_cache_unref (self->firmware_cache);
  g_ptr_array_unref (self->jobs);
  sqns_job_store_close (self->store);
  g_object_unref (self->store);
  G_OBJECT_CLASS (sqns_job_table_parent_class)->finalize (object);
}

static void
sqns_job_table_class_init (SqnsJobTableClass *klass)
{
  static const char *const names[N_SIGNALS] = { "added", "removed", "finished", "changed", "reschedule" };
  G_OBJECT_CLASS (klass)->dispose = sqns_job_table_dispose;
  G_OBJECT_CLASS (klass)->finalize = sqns_job_table_finalize;
  for (guint i = 0; i < N_SIGNALS; i++)
    signals[i] = g_signal_new (names[i], SQNS_TYPE_JOB_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                               i < CHANGED ? 1 : 0, SQNS_TYPE_JOB);
}

static void
sqns_job_table_init (SqnsJobTable *self)
{
  self->jobs = g_ptr_array_new_with_free_func (g_object_unref);
  self->firmware_cache = sqns_firmware_cache_new ();
}

SqnsJobTable *
sqns_job_table_new (const SqnsConfig *config, const SqnsRules *rules, SqnsDeviceTable *devices)
{
  SqnsJobTable *self = g_object_new (SQNS_TYPE_JOB_TABLE, NULL);
  self->config = config;
  self->rules = rules;
  self->devices = g_object_ref (devices);
  self->store = sqns_job_store_new (config->history_days);
  return self;
}

GPtrArray *
sqns_job_table_jobs (SqnsJobTable *table)
{
  return table->jobs;
}

SqnsJobStore *
sqns_job_table_store (SqnsJobTable *table)
{
  return table->store;
}

SqnsFirmwareCache *
sqns_job_table_firmware_cache (SqnsJobTable *table)
{
  return table->firmware_cache;
}

SqnsJobTableStatus
sqns_job_table_status (SqnsJobTable *self)
{
  SqnsJobTableStatus status = { 0 };
  for (guint i = 0; i < self->jobs->len; i++)
    {
      SqnsJob *job = self->jobs->pdata[i];
      gboolean running = sqns_job_is_running (job);
      status.queued += sqns_job_is_pending (job);
      status.running += running;
      status.unsafe += running && !sqns_job_record (job)->safe;
    }
  return status;
}

gboolean
sqns_job_table_needs_device (SqnsJobTable *self, SqnsDevice *device)
{
  for (guint i = 0; i < self->jobs->len; i++)
    if (sqns_job_device (self->jobs->pdata[i]) == device && !sqns_job_is_finished (self->jobs->pdata[i]))
      return TRUE;
  return FALSE;
}

static void
changed (SqnsJobTable *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

void
sqns_job_table_reschedule (SqnsJobTable *self)
{
  g_signal_emit (self, signals[RESCHEDULE], 0);
  changed (self);
}

/* Intake */

const SqnsJobIntake *
sqns_job_table_intake (SqnsJobTable *table)
{
  return &table->intake;
}

gboolean
sqns_job_table_accepts (SqnsJobTable *self, GError **error)
{
  if (!self->intake.draining && !self->intake.stopping)
    return TRUE;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_DRAINING, "the daemon is %s and accepts no new jobs",
               self->intake.stopping ? "stopping" : "draining");
  return FALSE;
}

void
sqns_job_table_set_draining (SqnsJobTable *self, gboolean draining)
{
  if (self->intake.draining == !!draining)
    return;
  self->intake.draining = !!draining;
  sqns_message (NULL, draining ? "draining: no new jobs are started" : "no longer draining");
  sqns_job_table_reschedule (self);
}

void
sqns_job_table_stop (SqnsJobTable *self)
{
  self->intake.stopping = TRUE;
  for (guint i = 0; i < self->jobs->len; i++)
    if (!sqns_job_is_finished (self->jobs->pdata[i]))
      sqns_job_stop (self->jobs->pdata[i]);
  sqns_job_table_reschedule (self);
}

/* Add and remove */

static void
on_job_changed (SqnsJob *job, gboolean prompt, SqnsJobTable *self)
{
  if (prompt)
    changed (self);
}

static void
on_job_finished (SqnsJob *job, SqnsJobTable *self)
{
  g_signal_emit (self, signals[FINISHED], 0, job);
  sqns_job_table_reschedule (self);
}

/* Takes @job. */
static void
add (SqnsJobTable *self, SqnsJob *job, guint index)
{
  g_ptr_array_insert (self->jobs, (int)index, job);
  g_signal_connect_object (job, "changed", G_CALLBACK (on_job_changed), self, 0);
  g_signal_connect_object (job, "finished", G_CALLBACK (on_job_finished), self, 0);
  g_signal_emit (self, signals[ADDED], 0, job);
  sqns_job_set_store (job, self->store);
}

/* @record: from the disk, too. */
static void
remove_job (SqnsJobTable *self, SqnsJob *job, gboolean record)
{
  g_object_ref (job);
  g_signal_handlers_disconnect_by_data (job, self);
  sqns_job_forget (job, record);
  g_ptr_array_remove (self->jobs, job);
  g_signal_emit (self, signals[REMOVED], 0, job);
  g_object_unref (job);
}

gboolean
sqns_job_table_forget (SqnsJobTable *self, SqnsJob *job, GError **error)
{
  if (!sqns_job_is_finished (job))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE, "the job is %s; only a finished job can be forgotten",
                   sqns_job_state_name (sqns_job_state (job)));
      return FALSE;
    }
  remove_job (self, job, TRUE);
  return TRUE;
}

gint64
sqns_job_table_prune (SqnsJobTable *self)
{
  guint finished = 0;
  gsize logs = 0;
  gint64 now = g_get_real_time ();
  gint64 next = sqns_job_store_prune (self->store, now);

  /* from the youngest */
  for (guint i = self->jobs->len; i-- > 0;)
    {
      SqnsJob *job = self->jobs->pdata[i];
      if (!sqns_job_is_finished (job))
        continue;
      gint64 end = sqns_job_record (job)->finished_at + self->config->history_days * DAY_US;
      gboolean too_old = self->config->history_days > 0 && end <= now;
      finished++;
      logs += sqns_job_log_size (job);
      if (finished > MAX_FINISHED || logs > MAX_LOGS || too_old)
        remove_job (self, job, too_old);
      else if (self->config->history_days > 0)
        next = sqns_schedule_earlier (next, end);
    }
  return next;
}

/* Submit */

static guint
count_unfinished (SqnsJobTable *self, guint uid)
{
  guint n = 0;
  for (guint i = 0; i < self->jobs->len; i++)
    n += sqns_job_record (self->jobs->pdata[i])->request.creator_uid == uid
         && !sqns_job_is_finished (self->jobs->pdata[i]);
  return n;
}

static SqnsPlanFiles
plan_files (SqnsFirmware *const files[SQNS_JOB_N_FILES])
{
  SqnsFirmware *firmware = files[SQNS_JOB_FIRMWARE], *first = files[SQNS_JOB_FIRST_STEP];
  return (SqnsPlanFiles){
    .caba = sqns_firmware_caba (firmware),
    .size = g_bytes_get_size (sqns_firmware_image (firmware)),
    .first_step = first != NULL ? sqns_firmware_caba (first) : NULL,
    .first_step_size = first != NULL ? g_bytes_get_size (sqns_firmware_image (first)) : 0,
    .updater_given = files[SQNS_JOB_UPDATER] != NULL,
  };
}

GPtrArray *
sqns_job_table_submit (SqnsJobTable *self,
                       GPtrArray *devices,
                       SqnsFirmware *const files[SQNS_JOB_N_FILES],
                       const SqnsRequest *request,
                       GError **error)
{
  SqnsPlanFiles plan = plan_files (files);
  g_autoptr (SqnsRequest) own = sqns_request_copy (request);
  g_autoptr (GPtrArray) jobs = NULL;

  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (files[i] != NULL)
      sqns_request_set_file (own, (SqnsJobFile)i, sqns_firmware_name (files[i]), sqns_firmware_sha256 (files[i]));
  if (!sqns_job_table_accepts (self, error)
      || !sqns_firmware_expect (files[SQNS_JOB_FIRMWARE], *own->expect_sha256 != '\0' ? own->expect_sha256 : NULL,
                                &own->expect_version, error)
      || !sqns_plan_check_files (self->rules, &plan, &own->options, error)
      || !sqns_idempotency_find (self->jobs, devices, own, &jobs, error)
      || (jobs->len == 0
          && !sqns_limit_check ("unfinished jobs", own->creator_uid, count_unfinished (self, own->creator_uid),
                                devices->len, self->config->max_jobs_per_user, error)))
    return NULL;

  for (guint i = jobs->len; i < devices->len; i++)
    {
      SqnsJob *job = sqns_job_new (devices->pdata[i], files, own);
      add (self, job, self->jobs->len);
      g_ptr_array_add (jobs, job);
    }
  sqns_job_table_reschedule (self);
  return g_steal_pointer (&jobs);
}

/* Restore */

static SqnsDevice *
restore_device (SqnsJobTable *self, const SqnsJobRecord *record)
{
  const SqnsBoardFacts facts
      = { .id = record->device, .devnode = record->devnode, .vendor = record->vendor, .product = record->product };
  const SqnsPortOptions options = {
    .link = record->port_link,
    .board = *record->port_board != '\0' ? record->port_board : NULL,
    .speed = record->port_speed,
  };
  return sqns_device_table_restore (self->devices, &facts, record->manual ? &options : NULL);
}

static void
share_files (SqnsJobTable *self, SqnsStoredJob *stored)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (stored->files[i] != NULL)
      stored->files[i] = sqns_firmware_cache_share (self->firmware_cache, stored->files[i]);
}

static GError *
files_error (const SqnsStoredJob *stored)
{
  return g_error_new (SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                      "the job cannot continue: %s; start a new upgrade with the file", stored->error->message);
}

static void
restore_job (SqnsJobTable *self, SqnsStoredJob *stored, guint index)
{
  SqnsDevice *device = restore_device (self, stored->record);

  share_files (self, stored);
  SqnsJob *job = sqns_job_restore (device, stored);
  add (self, job, index);
  if (stored->error != NULL && !sqns_job_is_finished (job))
    sqns_job_abort (job, files_error (stored));
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqnsJobTable) self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->restore);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) jobs = sqns_job_store_open_finish (self->store, result, &error);
  guint unfinished = 0;

  if (task == NULL) /* disposed of meanwhile */
    return;
  for (guint i = 0; jobs != NULL && i < jobs->len; i++)
    {
      SqnsStoredJob *stored = jobs->pdata[i];
      unfinished += !sqns_job_state_ended (stored->record->state);
      restore_job (self, stored, i);
    }
  if (unfinished > 0)
    sqns_message (NULL, "%u unfinished job%s found in %s", unfinished, unfinished == 1 ? "" : "s",
                  sqns_job_store_folder (self->store));
  self->intake.restoring = FALSE;
  sqns_job_table_reschedule (self);
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

void
sqns_job_table_restore_async (SqnsJobTable *self, const char *folder, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (!sqns_job_store_is_open (self->store));
  self->intake.restoring = TRUE;
  self->restore = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->restore, sqns_job_table_restore_async);
  sqns_job_store_open_async (self->store, folder, MAX_ENDED, on_loaded, g_object_ref (self));
}

gboolean
sqns_job_table_restore_finish (SqnsJobTable *table, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Resume */

static gboolean
may_resume (SqnsJobTable *self, SqnsJob *job, GError **error)
{
  gboolean interrupted = sqns_job_is_interrupted (job);
  if (!sqns_job_table_accepts (self, error))
    return FALSE;
  if (!g_ptr_array_find (sqns_device_table_devices (self->devices), sqns_job_device (job), NULL))
    g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND,
                         "the modem of this job is no longer known; run the upgrade again");
  else if (!interrupted && !sqns_job_record_is_resumable (sqns_job_record (job)))
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                 "the job is %s; only an interrupted, failed or cancelled job can be resumed",
                 sqns_job_state_name (sqns_job_state (job)));
  else if (!interrupted && !sqns_job_store_is_open (self->store))
    g_set_error_literal (
        error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
        "the daemon has no state folder and does not keep the firmware of ended jobs; run the upgrade again");
  else
    return TRUE;
  return FALSE;
}

static void
on_files_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqnsJobTable *self = g_task_get_source_object (task);
  SqnsJob *job = g_task_get_task_data (task);
  g_autoptr (SqnsStoredJob) stored = sqns_job_store_load_finish (self->store, result);
  GError *error = NULL;

  if (stored->error != NULL)
    error = files_error (stored);
  else if (!g_ptr_array_find (self->jobs, job, NULL))
    error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the job has been forgotten");
  if (error != NULL || !may_resume (self, job, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  share_files (self, stored);
  if (sqns_job_is_interrupted (job)) /* another call has resumed it, and its board was lost since */
    sqns_job_resume (job);
  else
    sqns_job_requeue (job, stored);
  sqns_job_table_reschedule (self);
  g_task_return_boolean (task, TRUE);
}

void
sqns_job_table_resume_async (SqnsJobTable *self, SqnsJob *job, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  GError *error = NULL;
  g_task_set_source_tag (task, sqns_job_table_resume_async);
  g_task_set_task_data (task, g_object_ref (job), g_object_unref);
  if (!may_resume (self, job, &error))
    g_task_return_error (task, error);
  else if (sqns_job_is_interrupted (job))
    {
      sqns_job_resume (job);
      sqns_job_table_reschedule (self);
      g_task_return_boolean (task, TRUE);
    }
  else
    sqns_job_store_load_async (self->store, sqns_job_record (job), TRUE, on_files_loaded, g_steal_pointer (&task));
}

gboolean
sqns_job_table_resume_finish (SqnsJobTable *table, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
