/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts the parts together. */
#include "device/console.h"
#include "device/device-operation.h"
#include "manager/limit.h"
#include "manager/manager.h"
#include "manager/scheduler.h"

struct _SqnsManager {
  GObject parent;
  SqnsConfig config;
  SqnsRules *rules;
  SqnsDeviceTable *devices;
  SqnsJobTable *jobs;
  SqnsInhibit *inhibit;
  SqnsScheduler *scheduler;
  GTask *shutdown;
};

G_DEFINE_FINAL_TYPE (SqnsManager, sqns_manager, G_TYPE_OBJECT)

static guint changed_signal;

static gboolean
is_device_needed (SqnsDevice *device, gpointer user_data)
{
  return sqns_job_table_needs_device (SQNS_MANAGER (user_data)->jobs, device);
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
  if (self->config.probe_on_plug && info->present && !info->manual && info->use == SQNS_USE_NONE
      && !sqns_job_table_intake (self->jobs)->stopping)
    sqns_device_probe_async (device, on_probed, NULL);
}

static void
on_presence_changed (SqnsDevice *device, SqnsManager *self)
{
  probe_if_plugged (self, device);
  sqns_scheduler_kick (self->scheduler);
}

static void
on_device_released (SqnsDevice *device, SqnsManager *self)
{
  sqns_scheduler_kick (self->scheduler);
}

static void
on_device_added (SqnsDeviceTable *table, SqnsDevice *device, SqnsManager *self)
{
  g_signal_connect_object (device, "released", G_CALLBACK (on_device_released), self, 0);
  g_signal_connect_object (device, "presence-changed", G_CALLBACK (on_presence_changed), self, 0);
  probe_if_plugged (self, device);
}

static void
changed (SqnsManager *self)
{
  g_signal_emit (self, changed_signal, 0);
}

static void
on_inhibitors_changed (gpointer user_data)
{
  SqnsManager *self = user_data;
  sqns_scheduler_kick (self->scheduler);
  changed (self);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  sqns_job_store_flush_finish (SQNS_JOB_STORE (source), result);
  g_task_return_boolean (task, TRUE);
}

static gboolean
has_device_in_use (SqnsManager *self)
{
  GPtrArray *devices = sqns_device_table_devices (self->devices);
  for (guint i = 0; i < devices->len; i++)
    if (sqns_device_info (devices->pdata[i])->use != SQNS_USE_NONE)
      return TRUE;
  return FALSE;
}

static void
on_round (guint running, gpointer user_data)
{
  g_autoptr (SqnsManager) self = g_object_ref (user_data);
  sqns_job_table_prune (self->jobs);
  if (self->shutdown != NULL && running == 0 && !has_device_in_use (self))
    sqns_job_store_flush_async (sqns_job_table_store (self->jobs), on_flushed, g_steal_pointer (&self->shutdown));
}

static void
sqns_manager_dispose (GObject *object)
{
  SqnsManager *self = SQNS_MANAGER (object);
  g_clear_pointer (&self->scheduler, sqns_scheduler_free);
  g_clear_pointer (&self->inhibit, sqns_inhibit_free);
  if (self->jobs != NULL)
    g_object_run_dispose (G_OBJECT (self->jobs)); /* its tasks may outlive the manager */
  g_clear_object (&self->jobs);
  g_clear_object (&self->devices);
  g_clear_object (&self->shutdown);
  G_OBJECT_CLASS (sqns_manager_parent_class)->dispose (object);
}

static void
sqns_manager_finalize (GObject *object)
{
  g_clear_pointer (&SQNS_MANAGER (object)->rules, sqns_rules_free);
  G_OBJECT_CLASS (sqns_manager_parent_class)->finalize (object);
}

static void
sqns_manager_class_init (SqnsManagerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sqns_manager_dispose;
  G_OBJECT_CLASS (klass)->finalize = sqns_manager_finalize;
  changed_signal = g_signal_new ("changed", SQNS_TYPE_MANAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sqns_manager_init (SqnsManager *self)
{
}

SqnsManager *
sqns_manager_new (const SqnsConfig *config, SqnsRules *rules)
{
  SqnsManager *self = g_object_new (SQNS_TYPE_MANAGER, NULL);
  self->config = *config;
  self->rules = rules;
  self->devices = sqns_device_table_new (is_device_needed, self);
  self->jobs = sqns_job_table_new (&self->config, rules, self->devices);
  self->inhibit = sqns_inhibit_new (config->max_inhibitors_per_user, on_inhibitors_changed, self);
  self->scheduler = sqns_scheduler_new (self->jobs, &self->config, rules, self->inhibit, on_round, self);
  g_signal_connect_object (self->devices, "added", G_CALLBACK (on_device_added), self, 0);
  g_signal_connect_object (self->jobs, "changed", G_CALLBACK (changed), self, G_CONNECT_SWAPPED);
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

SqnsJobTable *
sqns_manager_jobs (SqnsManager *manager)
{
  return manager->jobs;
}

SqnsInhibit *
sqns_manager_inhibitors (SqnsManager *manager)
{
  return manager->inhibit;
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

char **
sqns_manager_blockers (SqnsManager *self, SqnsDevice *device)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  const SqnsJobIntake *intake = sqns_job_table_intake (self->jobs);
  g_autofree char *held = sqns_inhibit_reason (self->inhibit, info->id);

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
  if (held != NULL)
    g_strv_builder_add (builder, held);
  if (intake->stopping || intake->draining)
    g_strv_builder_add (builder, intake->stopping ? "the daemon is stopping" : "the daemon is draining");
  return g_strv_builder_end (builder);
}

void
sqns_manager_shutdown_async (SqnsManager *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GPtrArray *devices = sqns_device_table_devices (self->devices);
  g_return_if_fail (!sqns_job_table_intake (self->jobs)->stopping);
  self->shutdown = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->shutdown, sqns_manager_shutdown_async);
  sqns_job_table_stop (self->jobs);
  for (guint i = 0; i < devices->len; i++)
    sqns_device_interrupt (devices->pdata[i]);
  sqns_job_store_end_history (sqns_job_table_store (self->jobs));
}

gboolean
sqns_manager_shutdown_finish (SqnsManager *manager, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
