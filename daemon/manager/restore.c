/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs that come back: from the disk after a restart, and when a user resumes one. */
#include "manager/manager-private.h"

#include "base/log.h"

#define MAX_ENDED 100u /* ended jobs that are on the bus again; the others are in the history */

static SqnsDevice *
restore_device (SqnsManager *self, const SqnsJobRecord *record)
{
  const SqnsBoardFacts facts
      = { .id = record->device, .devnode = record->devnode, .vendor = record->vendor, .product = record->product };
  const SqnsPortOptions options = {
    .link = record->port_link,
    .board = *record->port_board != '\0' ? record->port_board : NULL,
    .speed = record->port_speed,
  };
  return record->manual ? sqns_device_table_restore_port (self->devices, record->device, record->devnode, &options)
                        : sqns_device_table_restore_board (self->devices, &facts);
}

static void
share_files (SqnsManager *self, SqnsStoredJob *stored)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (stored->files[i] != NULL)
      stored->files[i] = sqns_firmware_cache_share (self->firmware_cache, stored->files[i]);
}

static void
restore_job (SqnsManager *self, SqnsStoredJob *stored, guint index)
{
  SqnsDevice *device = restore_device (self, stored->record);

  share_files (self, stored);
  SqnsJob *job = sqns_job_restore (device, stored);
  sqns_manager_adopt_job (self, job, index);
  if (stored->error != NULL && !sqns_job_is_finished (job))
    sqns_job_abort (job, g_error_new (SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                                      "the job cannot go on: %s; give the file again with a new upgrade",
                                      stored->error->message));
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqnsManager) self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->restoring);
  GError *error = NULL;
  g_autoptr (GPtrArray) jobs = sqns_job_store_open_finish (self->store, result, &error);
  guint unfinished = 0;

  if (task == NULL) /* disposed of meanwhile */
    {
      g_clear_error (&error);
      return;
    }
  for (guint i = 0; jobs != NULL && i < jobs->len; i++)
    {
      SqnsStoredJob *stored = jobs->pdata[i];
      unfinished += !sqns_job_state_ended (stored->record->state);
      restore_job (self, stored, i);
    }
  if (unfinished > 0)
    sqns_message (NULL, "%u unfinished job%s found in %s", unfinished, unfinished == 1 ? "" : "s",
                  sqns_job_store_folder (self->store));
  sqns_scheduler_release (self->scheduler);
  sqns_manager_changed (self);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
sqns_manager_restore_jobs_async (SqnsManager *self,
                                 const char *folder,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (!sqns_job_store_is_open (self->store));
  sqns_scheduler_hold (self->scheduler);
  self->restoring = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->restoring, sqns_manager_restore_jobs_async);
  sqns_job_store_open_async (self->store, folder, MAX_ENDED, on_loaded, g_object_ref (self));
}

gboolean
sqns_manager_restore_jobs_finish (SqnsManager *manager, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Resume */

static gboolean
may_resume (SqnsManager *self, SqnsJob *job, GError **error)
{
  if (!sqns_manager_accepts (self, error))
    return FALSE;
  if (!g_ptr_array_find (sqns_device_table_devices (self->devices), sqns_job_device (job), NULL))
    {
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND,
                           "the modem of this job is not known any more: run the upgrade again");
      return FALSE;
    }
  if (!sqns_job_is_interrupted (job) && !sqns_job_record_is_resumable (sqns_job_record (job)))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                   "the job is %s: only an interrupted, failed or cancelled one can be resumed",
                   sqns_job_state_name (sqns_job_state (job)));
      return FALSE;
    }
  if (sqns_job_is_interrupted (job) || sqns_job_store_is_open (self->store))
    return TRUE;
  g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                       "the firmware of ended jobs is not kept, for the daemon has no folder for its state: run the "
                       "upgrade again");
  return FALSE;
}

static void
on_files_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqnsManager *self = g_task_get_source_object (task);
  SqnsJob *job = g_task_get_task_data (task);
  g_autoptr (SqnsStoredJob) stored = sqns_job_store_load_finish (self->store, result);

  if (stored->error != NULL)
    {
      g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                               "the job cannot go on: %s; give the file again with a new upgrade",
                               stored->error->message);
      return;
    }
  if (!g_ptr_array_find (self->jobs, job, NULL))
    {
      g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the job was forgotten meanwhile");
      return;
    }
  GError *error = NULL;
  if (!may_resume (self, job, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  share_files (self, stored);
  if (sqns_job_is_interrupted (job)) /* another one has resumed it, and its board was lost since */
    sqns_job_resume (job);
  else
    sqns_job_requeue (job, stored);
  sqns_scheduler_kick (self->scheduler);
  g_task_return_boolean (task, TRUE);
}

void
sqns_manager_resume_async (SqnsManager *self, SqnsJob *job, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  GError *error = NULL;
  g_task_set_source_tag (task, sqns_manager_resume_async);
  g_task_set_task_data (task, g_object_ref (job), g_object_unref);
  if (!may_resume (self, job, &error))
    g_task_return_error (task, error);
  else if (sqns_job_is_interrupted (job))
    {
      sqns_job_resume (job);
      sqns_scheduler_kick (self->scheduler);
      g_task_return_boolean (task, TRUE);
    }
  else
    sqns_job_store_load_async (self->store, sqns_job_record (job), TRUE, on_files_loaded, g_steal_pointer (&task));
}

gboolean
sqns_manager_resume_finish (SqnsManager *manager, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
