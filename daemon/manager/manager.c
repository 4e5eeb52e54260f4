/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts jobs as soon as schedule.h lets them: one at a time on a board, on different boards at the same time. */
#include "manager/manager.h"

#include "base/backlog.h"
#include "device/console.h"
#include "device/device-operation.h"
#include "manager/limit.h"
#include "manager/schedule.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct _SqnsManager {
  GObject parent;
  SqnsConfig config;
  SqnsRules *rules;
  SqnsDeviceTable *devices;
  SqnsJobTable *jobs;
  SqnsInhibit *inhibit;
  guint round;     /* idle source */
  int clock;       /* timerfd of the next round that nothing else causes */
  guint clock_set; /* its source */
  GTask *shutdown;
};

G_DEFINE_FINAL_TYPE (SqnsManager, sqns_manager, G_TYPE_OBJECT)

/* One round of the scheduler */

static gboolean
goes_on_by_itself (SqnsManager *self, SqnsJob *job)
{
  const SqnsDeviceInfo *device = sqns_device_info (sqns_job_device (job));
  /* the kernel reuses the numbers of pseudo-terminals: this one may be somebody's shell by now */
  gboolean other
      = sqns_job_record (job)->board_lost && device->manual && g_str_has_prefix (device->devnode, "/dev/pts/");
  return (self->config.auto_resume && !other) || sqns_job_figures (job)->resume_wanted;
}

static SqnsScheduleEntry
entry_of (SqnsManager *self, SqnsJob *job)
{
  SqnsDevice *device = sqns_job_device (job);
  const SqnsDeviceInfo *info = sqns_device_info (device);
  const SqnsRequest *request = &sqns_job_record (job)->request;
  g_autofree char *held = sqns_inhibit_reason (self->inhibit, info->id);
  SqnsScheduleEntry entry = {
    .job = job,
    .priority = request->priority,
    .interrupted = sqns_job_is_interrupted (job),
    .retry_at = sqns_job_figures (job)->retry_at,
    .board_lost = sqns_job_record (job)->board_lost,
    .device = device,
    .use = info->use,
    .absent = !sqns_device_check_presence (device),
    .polled = info->manual, /* the kernel may be out of watches (fs.inotify.max_user_instances) */
    .inhibited = held != NULL,
  };
  if (entry.interrupted)
    entry.needs_resume = !goes_on_by_itself (self, job);
  else
    {
      entry.not_before = sqns_request_begin (request);
      entry.not_after = sqns_request_deadline (request);
    }
  return entry;
}

static char *
format_time (gint64 time)
{
  g_autoptr (GDateTime) local = g_date_time_new_from_unix_local (time / G_USEC_PER_SEC);
  return local != NULL ? g_date_time_format (local, "%F %T") : NULL;
}

static const char *
queue_message (const SqnsScheduleEntry *entry)
{
  const SqnsDeviceUse use = sqns_device_info (entry->device)->use;
  if (use == SQNS_USE_JOB)
    return "another job is running on this modem";
  if (use == SQNS_USE_PROBE || use == SQNS_USE_RESET)
    return sqns_device_use_message (use);
  return entry->action == SQNS_SCHEDULE_CLOSE_CONSOLE ? "closing the console that is open on this modem"
                                                      : "another job of this modem comes first";
}

static const char *
board_message (const SqnsScheduleEntry *entry)
{
  if (!entry->absent)
    return "the board is back; the job continues in a moment";
  return entry->interrupted ? "plug it in again; the job then continues by itself"
                            : "the board is not plugged in; the job begins when it is back";
}

static char *
wait_message (SqnsManager *self, const SqnsScheduleEntry *entry)
{
  g_autofree char *time = NULL;
  switch (entry->waiting_for)
    {
    case SQNS_WAITING_FOR_NOTHING:
    case SQNS_WAITING_FOR_USER:
      break;
    case SQNS_WAITING_FOR_TIME:
      time = format_time (entry->until);
      return time != NULL ? g_strdup_printf ("waiting until %s", time) : g_strdup ("waiting for a far-off date");
    case SQNS_WAITING_FOR_QUEUE:
      return g_strdup (queue_message (entry));
    case SQNS_WAITING_FOR_LIMIT:
      return g_strdup ("waiting for a free place: the maximum number of jobs is running");
    case SQNS_WAITING_FOR_INHIBITOR:
      return sqns_inhibit_reason (self->inhibit, sqns_device_info (entry->device)->id);
    case SQNS_WAITING_FOR_DRAINING:
      return g_strdup ("the daemon is draining and starts no jobs");
    case SQNS_WAITING_FOR_BOARD:
      return g_strdup (board_message (entry));
    case SQNS_WAITING_FOR_PORT:
      return g_strdup ("the job continues when the port is free");
    case SQNS_WAITING_FOR_RESUME:
      return g_strdup_printf ("to continue it, run: sqnsctl resume %.8s", sqns_job_record (entry->job)->uuid);
    }
  return g_strdup ("");
}

/* WAITING for something outside the daemon, or QUEUED. */
static SqnsJobState
wait_state (const SqnsScheduleEntry *entry)
{
  const SqnsWaitingFor what = entry->waiting_for;
  return what == SQNS_WAITING_FOR_QUEUE || what == SQNS_WAITING_FOR_LIMIT || what == SQNS_WAITING_FOR_DRAINING
                 || what == SQNS_WAITING_FOR_PORT || (what == SQNS_WAITING_FOR_BOARD && !entry->absent)
             ? SQNS_JOB_QUEUED
             : SQNS_JOB_WAITING;
}

static gboolean
postpone (const SqnsScheduleEntry *entry, const char *message)
{
  g_autofree char *text
      = entry->interrupted ? g_strdup_printf ("%s; %s", sqns_job_record (entry->job)->interruption, message) : NULL;
  return sqns_job_set_pending (entry->job, wait_state (entry), entry->position, text != NULL ? text : message);
}

static void
expire (const SqnsScheduleEntry *entry)
{
  g_autofree char *time = format_time (entry->not_after);
  sqns_job_abort (entry->job, g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT,
                                           "the job had not begun by %s: nothing was sent to the modem",
                                           time != NULL ? time : "its latest start time"));
}

/* What the other jobs on its modem knew of it no longer holds. */
static void
forget_modem (SqnsManager *self, const SqnsScheduleEntry *started)
{
  GPtrArray *jobs = sqns_job_table_jobs (self->jobs);
  for (guint i = 0; i < jobs->len && !sqns_job_record (started->job)->request.dry_run; i++)
    if (jobs->pdata[i] != started->job && sqns_job_device (jobs->pdata[i]) == started->device)
      sqns_job_forget_checkpoint (jobs->pdata[i]);
}

/* Returns whether a job started or ended, or waits for something else now. */
static gboolean
apply (SqnsManager *self, const SqnsScheduleEntry *entry)
{
  g_autofree char *message = NULL;
  g_autoptr (GError) error = NULL;
  switch (entry->action)
    {
    case SQNS_SCHEDULE_START:
      if (!sqns_job_start (entry->job, self->rules, &error))
        return postpone (entry, error->message);
      forget_modem (self, entry);
      return TRUE;
    case SQNS_SCHEDULE_CLOSE_CONSOLE:
      message = g_strdup_printf ("job %s takes this modem", sqns_job_record (entry->job)->uuid);
      sqns_console_close (entry->device, message);
      g_free (message);
      break;
    case SQNS_SCHEDULE_EXPIRE:
      expire (entry);
      return TRUE;
    case SQNS_SCHEDULE_WAIT:
      break;
    }
  message = wait_message (self, entry);
  return postpone (entry, message);
}

static gboolean
is_waiting (SqnsJob *job)
{
  return sqns_job_is_pending (job) || sqns_job_is_interrupted (job);
}

static void
unref_job (gpointer entry)
{
  g_object_unref (((SqnsScheduleEntry *)entry)->job);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  sqns_job_store_flush_finish (SQNS_JOB_STORE (source), result);
  g_task_return_boolean (task, TRUE);
}

static void
end_if_idle (SqnsManager *self)
{
  GPtrArray *devices = sqns_device_table_devices (self->devices);
  for (guint i = 0; i < devices->len; i++)
    if (sqns_device_info (devices->pdata[i])->use != SQNS_USE_NONE)
      return;
  if (sqns_job_table_status (self->jobs).running == 0)
    sqns_job_store_flush_async (sqns_job_table_store (self->jobs), on_flushed, g_steal_pointer (&self->shutdown));
}

/* @when: µs since the epoch, 0 never. A round comes, too, when the clock is set. */
static void
set_clock (SqnsManager *self, gint64 when)
{
  const struct itimerspec spec = { .it_value = { when / G_USEC_PER_SEC, when % G_USEC_PER_SEC * 1000 } };
  timerfd_settime (self->clock, when > 0 ? TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET : 0, &spec, NULL);
}

static void kick (SqnsManager *self);

static gboolean
on_round (gpointer user_data)
{
  SqnsManager *self = user_data;
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (SqnsScheduleEntry));
  GPtrArray *jobs = sqns_job_table_jobs (self->jobs);
  const SqnsJobIntake *intake = sqns_job_table_intake (self->jobs);
  SqnsScheduleState state
      = { .now = g_get_real_time (), .max_running = self->config.max_concurrent, .draining = intake->draining };
  gint64 end = g_get_monotonic_time () + SQNS_BACKLOG_TURN_US;
  gboolean any = FALSE;

  self->round = 0;
  g_array_set_clear_func (entries, unref_job);
  for (guint i = 0; i < jobs->len; i++)
    {
      SqnsJob *job = jobs->pdata[i];
      state.running += sqns_job_is_running (job);
      if (intake->restoring || intake->stopping || !is_waiting (job))
        continue;
      SqnsScheduleEntry entry = entry_of (self, g_object_ref (job));
      g_array_append_val (entries, entry);
    }
  gint64 next = sqns_schedule_choose (entries, &state);
  for (guint i = 0; i < entries->len; i++)
    {
      const SqnsScheduleEntry *entry = &g_array_index (entries, SqnsScheduleEntry, i);
      /* the rest after other work of the main loop; each round changes one job at least */
      if (any && g_get_monotonic_time () >= end)
        {
          kick (self);
          break;
        }
      if (is_waiting (entry->job))
        any |= apply (self, entry);
    }
  set_clock (self, sqns_schedule_earlier (next, sqns_job_table_prune (self->jobs)));
  if (self->shutdown != NULL)
    end_if_idle (self);
  return G_SOURCE_REMOVE;
}

static void
kick (SqnsManager *self)
{
  if (self->round == 0)
    self->round = g_idle_add_full (G_PRIORITY_DEFAULT, on_round, self, NULL);
}

static gboolean
on_clock (int fd, GIOCondition condition, gpointer user_data)
{
  guint64 ticks;
  /* ECANCELED: the clock was set */
  if (read (fd, &ticks, sizeof ticks) == (gssize)sizeof ticks || errno == ECANCELED)
    kick (user_data);
  return G_SOURCE_CONTINUE;
}

/* What causes rounds */

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
  kick (self);
}

static void
on_device_added (SqnsDeviceTable *table, SqnsDevice *device, SqnsManager *self)
{
  g_signal_connect_object (device, "released", G_CALLBACK (kick), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (device, "presence-changed", G_CALLBACK (on_presence_changed), self, 0);
  probe_if_plugged (self, device);
}

static void
on_inhibitors_changed (gpointer user_data)
{
  sqns_job_table_reschedule (SQNS_MANAGER (user_data)->jobs);
}

/* Life */

static void
sqns_manager_dispose (GObject *object)
{
  SqnsManager *self = SQNS_MANAGER (object);
  g_clear_pointer (&self->inhibit, sqns_inhibit_free);
  if (self->jobs != NULL)
    g_object_run_dispose (G_OBJECT (self->jobs)); /* its tasks may outlive the manager */
  g_clear_object (&self->jobs);
  g_clear_object (&self->devices);
  g_clear_object (&self->shutdown);
  g_clear_handle_id (&self->round, g_source_remove);
  g_clear_handle_id (&self->clock_set, g_source_remove);
  G_OBJECT_CLASS (sqns_manager_parent_class)->dispose (object);
}

static void
sqns_manager_finalize (GObject *object)
{
  SqnsManager *self = SQNS_MANAGER (object);
  g_clear_pointer (&self->rules, sqns_rules_free);
  if (self->clock >= 0)
    g_close (self->clock, NULL);
  G_OBJECT_CLASS (sqns_manager_parent_class)->finalize (object);
}

static void
sqns_manager_class_init (SqnsManagerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sqns_manager_dispose;
  G_OBJECT_CLASS (klass)->finalize = sqns_manager_finalize;
}

static void
sqns_manager_init (SqnsManager *self)
{
  self->clock = timerfd_create (CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->clock >= 0)
    self->clock_set = g_unix_fd_add (self->clock, G_IO_IN, on_clock, self);
  else
    g_warning ("cannot create a timer; jobs with a start time do not start: %s", g_strerror (errno));
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
  g_signal_connect_object (self->devices, "added", G_CALLBACK (on_device_added), self, 0);
  g_signal_connect_object (self->jobs, "reschedule", G_CALLBACK (kick), self, G_CONNECT_SWAPPED);
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
  if (info->use != SQNS_USE_NONE && info->use != SQNS_USE_CONSOLE) /* a job closes a console */
    g_strv_builder_add (builder,
                        info->use == SQNS_USE_JOB ? "a job is running on it" : sqns_device_use_message (info->use));
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
