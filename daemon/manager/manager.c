/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All devices and jobs. */
#include "device/console.h"
#include "device/device-operation.h"
#include "manager/idempotency.h"
#include "manager/limit.h"
#include "manager/manager-private.h"

#define MAX_FINISHED 1000u                 /* finished jobs on the bus */
#define MAX_LOGS ((gsize)64 * 1024 * 1024) /* bytes of their transcripts */
#define DAY_US ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

G_DEFINE_FINAL_TYPE (SqnsManager, sqns_manager, G_TYPE_OBJECT)

enum {
  JOB_ADDED,
  JOB_REMOVED,
  JOB_FINISHED,
  CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* Devices */

static gboolean
has_unfinished (SqnsDevice *device, gpointer user_data)
{
  SqnsManager *self = user_data;
  for (guint i = 0; i < self->jobs->len; i++)
    if (sqns_job_device (self->jobs->pdata[i]) == device && !sqns_job_is_finished (self->jobs->pdata[i]))
      return TRUE;
  return FALSE;
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsDevice *device = SQNS_DEVICE (source);
  g_autoptr (GError) error = NULL;
  if (sqns_device_probe_finish (device, result, &error))
    return;
  SqnsLogContext context = sqns_device_log_context (device);
  sqns_info (&context, "not probed: %s", error->message);
}

static void
probe_if_plugged (SqnsManager *self, SqnsDevice *device)
{
  const SqnsDeviceInfo *info = sqns_device_info (device);
  if (self->config.probe_on_plug && !self->stopping && info->present && !info->manual && info->use == SQNS_USE_NONE)
    sqns_device_probe_async (device, on_probed, NULL);
}

static void
on_presence_changed (SqnsDevice *device, SqnsManager *self)
{
  probe_if_plugged (self, device);
  sqns_scheduler_kick (self->scheduler);
}

static void
on_released (SqnsDevice *device, SqnsManager *self)
{
  sqns_scheduler_kick (self->scheduler);
}

static void
on_device_added (SqnsDeviceTable *table, SqnsDevice *device, SqnsManager *self)
{
  g_signal_connect_object (device, "released", G_CALLBACK (on_released), self, 0);
  g_signal_connect_object (device, "presence-changed", G_CALLBACK (on_presence_changed), self, 0);
  probe_if_plugged (self, device);
}

/* Removes finished jobs that are too old or too many. Returns when to look again, µs since the epoch, 0 never. */
static gint64
prune (SqnsManager *self)
{
  guint finished = 0;
  gsize logs = 0;
  gint64 now = g_get_real_time ();
  gint64 next = sqns_job_store_prune (self->store, now);
  gint64 keep = self->config.history_days > 0 ? self->config.history_days * DAY_US : 0;

  /* from the youngest */
  for (guint i = self->jobs->len; i-- > 0;)
    {
      SqnsJob *job = self->jobs->pdata[i];
      if (!sqns_job_is_finished (job))
        continue;
      gint64 end = keep > 0 ? sqns_job_record (job)->finished_at + keep : 0;
      finished++;
      logs += sqns_job_log_size (job);
      if (finished > MAX_FINISHED || logs > MAX_LOGS || (end != 0 && end <= now))
        sqns_manager_remove_job (self, job, end != 0 && end <= now);
      else if (end != 0 && (next == 0 || end < next))
        next = end;
    }
  return next;
}

static void
on_prune_time (gpointer user_data)
{
  sqns_scheduler_kick (((SqnsManager *)user_data)->scheduler);
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  sqns_job_store_flush_finish (SQNS_JOB_STORE (source), result);
  g_task_return_boolean (task, TRUE);
}

static void
finish_shutdown (SqnsManager *self, guint running)
{
  GPtrArray *devices = sqns_device_table_devices (self->devices);
  if (self->shutdown == NULL || running > 0)
    return;
  for (guint i = 0; i < devices->len; i++)
    if (sqns_device_info (devices->pdata[i])->use != SQNS_USE_NONE)
      return;
  sqns_job_store_flush_async (self->store, on_settled, g_steal_pointer (&self->shutdown));
}

static void
on_round (guint running, gpointer user_data)
{
  g_autoptr (SqnsManager) self = g_object_ref (user_data);
  sqns_wall_timer_set (self->prune_timer, prune (self));
  finish_shutdown (self, running);
}

static void
on_inhibitors_changed (gpointer user_data)
{
  SqnsManager *self = user_data;
  sqns_scheduler_kick (self->scheduler);
  sqns_manager_changed (self);
}

static void
sqns_manager_dispose (GObject *object)
{
  SqnsManager *self = SQNS_MANAGER (object);
  g_clear_pointer (&self->scheduler, sqns_scheduler_free);
  g_clear_pointer (&self->prune_timer, sqns_wall_timer_free);
  g_clear_pointer (&self->inhibit, sqns_inhibit_free);
  for (guint i = 0; i < self->jobs->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->jobs->pdata[i], self);
      sqns_job_set_store (self->jobs->pdata[i], NULL);
    }
  g_ptr_array_set_size (self->jobs, 0);
  g_clear_object (&self->devices);
  g_clear_object (&self->shutdown);
  g_clear_object (&self->restoring);
  G_OBJECT_CLASS (sqns_manager_parent_class)->dispose (object);
}

static void
sqns_manager_finalize (GObject *object)
{
  SqnsManager *self = SQNS_MANAGER (object);
  sqns_firmware_cache_unref (self->firmware_cache);
  g_ptr_array_unref (self->jobs);
  g_clear_pointer (&self->rules, sqns_rules_free);
  sqns_job_store_close (self->store);
  g_object_unref (self->store);
  G_OBJECT_CLASS (sqns_manager_parent_class)->finalize (object);
}

static void
sqns_manager_class_init (SqnsManagerClass *klass)
{
  static const char *const job_signals[CHANGED] = { "job-added", "job-removed", "job-finished" };
  G_OBJECT_CLASS (klass)->dispose = sqns_manager_dispose;
  G_OBJECT_CLASS (klass)->finalize = sqns_manager_finalize;
  for (guint i = 0; i < CHANGED; i++)
    signals[i] = g_signal_new (job_signals[i], SQNS_TYPE_MANAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                               1, SQNS_TYPE_JOB);
  signals[CHANGED]
      = g_signal_new ("changed", SQNS_TYPE_MANAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sqns_manager_init (SqnsManager *self)
{
  self->jobs = g_ptr_array_new_with_free_func (g_object_unref);
  self->firmware_cache = sqns_firmware_cache_new ();
  self->prune_timer = sqns_wall_timer_new (on_prune_time, self);
}

SqnsManager *
sqns_manager_new (const SqnsConfig *config, const SqnsBackend *backend, SqnsRules *rules)
{
  SqnsManager *self = g_object_new (SQNS_TYPE_MANAGER, NULL);
  self->config = *config;
  self->store = sqns_job_store_new (config->history_days);
  self->rules = rules;
  self->devices = sqns_device_table_new (backend, has_unfinished, self);
  g_signal_connect_object (self->devices, "added", G_CALLBACK (on_device_added), self, 0);
  self->inhibit = sqns_inhibit_new (config->max_inhibitors_per_user, on_inhibitors_changed, self);
  self->scheduler = sqns_scheduler_new (self->jobs, &self->config, rules, self->inhibit, on_round, self);
  return self;
}

const SqnsConfig *
sqns_manager_config (SqnsManager *manager)
{
  return &manager->config;
}

SqnsDeviceTable *
sqns_manager_devices (SqnsManager *manager)
{
  return manager->devices;
}

GPtrArray *
sqns_manager_jobs (SqnsManager *manager)
{
  return manager->jobs;
}

SqnsManagerStatus
sqns_manager_status (SqnsManager *self)
{
  SqnsManagerStatus status = { .draining = self->stopping || sqns_scheduler_is_draining (self->scheduler) };
  for (guint i = 0; i < self->jobs->len; i++)
    {
      SqnsJob *job = self->jobs->pdata[i];
      if (sqns_job_is_pending (job))
        status.queued++;
      if (sqns_job_is_running (job))
        {
          status.running++;
          status.unsafe += !sqns_job_record (job)->safe;
        }
    }
  return status;
}

void
sqns_manager_changed (SqnsManager *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

char **
sqns_manager_blockers (SqnsManager *self, SqnsDevice *device)
{
  GStrvBuilder *builder = g_strv_builder_new ();
  const SqnsDeviceInfo *info = sqns_device_info (device);

  if (!info->present)
    g_strv_builder_add (builder, "the board is not plugged in");
  switch (info->use)
    {
    case SQNS_USE_NONE:
    case SQNS_USE_CONSOLE: /* a job closes it */
      break;
    case SQNS_USE_PROBE:
    case SQNS_USE_RESET:
      g_strv_builder_add (builder, sqns_device_use_message (info->use));
      break;
    case SQNS_USE_JOB:
      g_strv_builder_add (builder, "a job runs on it");
      break;
    }
  g_autofree char *held = sqns_inhibit_reason (self->inhibit, info->id);
  if (held != NULL)
    g_strv_builder_add (builder, held);
  if (self->stopping)
    g_strv_builder_add (builder, "the daemon is stopping");
  else if (sqns_scheduler_is_draining (self->scheduler))
    g_strv_builder_add (builder, "the daemon is draining");
  char **blockers = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return blockers;
}

/* Jobs */

SqnsJobStore *
sqns_manager_store (SqnsManager *self)
{
  return self->store;
}

SqnsFirmwareCache *
sqns_manager_firmware_cache (SqnsManager *self)
{
  return self->firmware_cache;
}

static void
on_job_changed (SqnsJob *job, gboolean prompt, SqnsManager *self)
{
  if (prompt)
    sqns_manager_changed (self);
}

static void
on_job_finished (SqnsJob *job, SqnsManager *self)
{
  g_signal_emit (self, signals[JOB_FINISHED], 0, job);
  sqns_scheduler_kick (self->scheduler);
}

void
sqns_manager_adopt_job (SqnsManager *self, SqnsJob *job, guint index)
{
  g_ptr_array_insert (self->jobs, (int)index, job);
  g_signal_connect_object (job, "changed", G_CALLBACK (on_job_changed), self, 0);
  g_signal_connect_object (job, "finished", G_CALLBACK (on_job_finished), self, 0);
  g_signal_emit (self, signals[JOB_ADDED], 0, job);
  sqns_job_set_store (job, self->store);
}

void
sqns_manager_remove_job (SqnsManager *self, SqnsJob *job, gboolean forget)
{
  g_object_ref (job);
  g_signal_handlers_disconnect_by_data (job, self);
  sqns_job_forget (job, forget);
  g_ptr_array_remove (self->jobs, job);
  g_signal_emit (self, signals[JOB_REMOVED], 0, job);
  g_object_unref (job);
}

gboolean
sqns_manager_forget (SqnsManager *self, SqnsJob *job, GError **error)
{
  if (!sqns_job_is_finished (job))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE, "the job is %s: only a finished one can be forgotten",
                   sqns_job_state_name (sqns_job_state (job)));
      return FALSE;
    }
  sqns_manager_remove_job (self, job, TRUE);
  return TRUE;
}

void
sqns_manager_set_draining (SqnsManager *self, gboolean draining)
{
  if (sqns_scheduler_is_draining (self->scheduler) == !!draining)
    return;
  sqns_scheduler_set_draining (self->scheduler, !!draining);
  sqns_message (NULL, draining ? "draining: nothing new is started" : "no longer draining");
  sqns_manager_changed (self);
}

SqnsInhibit *
sqns_manager_inhibitors (SqnsManager *manager)
{
  return manager->inhibit;
}

gboolean
sqns_manager_accepts (SqnsManager *self, GError **error)
{
  if (!self->stopping && !sqns_scheduler_is_draining (self->scheduler))
    return TRUE;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_DRAINING, "the daemon is %s: no new job is taken",
               self->stopping ? "stopping" : "draining");
  return FALSE;
}

static guint
count_unfinished (SqnsManager *self, guint uid)
{
  guint n = 0;
  for (guint i = 0; i < self->jobs->len; i++)
    n += sqns_job_request (self->jobs->pdata[i])->creator_uid == uid && !sqns_job_is_finished (self->jobs->pdata[i]);
  return n;
}

static gboolean
check_limit (SqnsManager *self, guint uid, guint more, GError **error)
{
  return sqns_limit_check ("unfinished jobs", uid, count_unfinished (self, uid), more, self->config.max_jobs_per_user,
                           error);
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
sqns_manager_submit (SqnsManager *self,
                     GPtrArray *devices,
                     SqnsFirmware *const files[SQNS_JOB_N_FILES],
                     const SqnsRequest *request,
                     GError **error)
{
  SqnsPlanFiles plan = plan_files (files);
  g_autoptr (SqnsRequest) order = sqns_request_copy (request);
  g_autoptr (GPtrArray) jobs = NULL;

  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (files[i] != NULL)
      sqns_request_set_file (order, (SqnsJobFile)i, sqns_firmware_name (files[i]), sqns_firmware_sha256 (files[i]));
  if (!sqns_manager_accepts (self, error)
      || !sqns_firmware_expect (files[SQNS_JOB_FIRMWARE], *order->expect_sha256 != '\0' ? order->expect_sha256 : NULL,
                                &order->expect_version, error)
      || !sqns_plan_check_files (self->rules, &plan, &order->options, error)
      || !sqns_idempotency_find (self->jobs, devices, order, &jobs, error)
      || (jobs->len == 0 && !check_limit (self, order->creator_uid, devices->len, error)))
    return NULL;

  for (guint i = jobs->len; i < devices->len; i++)
    {
      SqnsJob *job = sqns_job_new (devices->pdata[i], files, order);
      sqns_manager_adopt_job (self, job, self->jobs->len);
      g_ptr_array_add (jobs, job);
    }
  sqns_scheduler_kick (self->scheduler);
  sqns_manager_changed (self);
  return g_steal_pointer (&jobs);
}

gboolean
sqns_manager_allows_console (SqnsManager *self, guint uid, GError **error)
{
  GPtrArray *devices = sqns_device_table_devices (self->devices);
  guint n = 0;
  for (guint i = 0; i < devices->len; i++)
    n += sqns_console_is_of (devices->pdata[i], uid);
  return sqns_limit_check ("consoles open", uid, n, 1, self->config.max_consoles_per_user, error);
}

/* Shutdown */

void
sqns_manager_shutdown_async (SqnsManager *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (!self->stopping);
  self->stopping = TRUE;
  self->shutdown = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->shutdown, sqns_manager_shutdown_async);

  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->jobs->len; i++)
    g_ptr_array_add (jobs, g_object_ref (self->jobs->pdata[i]));
  for (guint i = 0; i < jobs->len; i++)
    if (!sqns_job_is_finished (jobs->pdata[i]))
      sqns_job_stop (jobs->pdata[i]);
  GPtrArray *devices = sqns_device_table_devices (self->devices);
  for (guint i = 0; i < devices->len; i++)
    sqns_device_interrupt (devices->pdata[i]);
  sqns_job_store_end_history (self->store);
  sqns_scheduler_hold (self->scheduler);
  sqns_scheduler_kick (self->scheduler);
  sqns_manager_changed (self);
}

gboolean
sqns_manager_shutdown_finish (SqnsManager *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
sqns_manager_is_stopping (SqnsManager *manager)
{
  return manager->stopping;
}
