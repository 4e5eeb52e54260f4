/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts jobs. */
#include "base/backlog.h"
#include "device/console.h"
#include "manager/schedule.h"
#include "manager/scheduler.h"
#include "manager/wall-timer.h"

struct _SqnsScheduler {
  SqnsJobTable *table;
  GPtrArray *jobs; /* of the table */
  const SqnsConfig *config;
  const SqnsRules *rules;
  SqnsInhibit *inhibit;
  SqnsSchedulerRound round;
  gpointer user_data;
  SqnsWallTimer *timer;
  guint idle;
};

static gboolean
goes_on_by_itself (SqnsScheduler *self, SqnsJob *job)
{
  const SqnsDeviceInfo *device = sqns_device_info (sqns_job_device (job));
  /* the kernel reuses the numbers of pseudo-terminals: this one may be somebody's shell by now */
  gboolean other
      = sqns_job_record (job)->board_lost && device->manual && g_str_has_prefix (device->devnode, "/dev/pts/");
  return (self->config->auto_resume && !other) || sqns_job_resume_wanted (job);
}

static SqnsScheduleEntry
entry_of (SqnsScheduler *self, SqnsJob *job)
{
  SqnsDevice *device = sqns_job_device (job);
  const SqnsDeviceInfo *info = sqns_device_info (device);
  const SqnsRequest *request = sqns_job_request (job);
  SqnsScheduleEntry entry = {
    .job = job,
    .priority = request->priority,
    .interrupted = sqns_job_is_interrupted (job),
    .retry_at = sqns_job_not_again_before (job),
    .board_lost = sqns_job_record (job)->board_lost,
    .device = device,
    .use = info->use,
    .absent = !sqns_device_check_presence (device),
    .polled = info->manual, /* the kernel may be out of watches (fs.inotify.max_user_instances) */
    .inhibited = sqns_inhibit_holds (self->inhibit, info->id),
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
    return "another job runs on this modem";
  if (use == SQNS_USE_PROBE || use == SQNS_USE_RESET)
    return sqns_device_use_message (use);
  return entry->action == SQNS_SCHEDULE_CLOSE_CONSOLE ? "the console that is open on this modem is being closed"
                                                      : "another job of this modem comes first";
}

static const char *
board_message (const SqnsScheduleEntry *entry)
{
  if (!entry->absent)
    return "the board is back, the job goes on in a moment";
  return entry->interrupted ? "plug it in again, the job goes on by itself then"
                            : "the board is not plugged in: the job begins when it is back";
}

static char *
wait_message (SqnsScheduler *self, const SqnsScheduleEntry *entry)
{
  g_autofree char *time = NULL;
  switch (entry->waiting_for)
    {
    case SQNS_WAITING_FOR_NOTHING:
    case SQNS_WAITING_FOR_USER:
      break;
    case SQNS_WAITING_FOR_TIME:
      time = format_time (entry->until);
      return time != NULL ? g_strdup_printf ("waits until %s", time) : g_strdup ("waits for a day far off");
    case SQNS_WAITING_FOR_QUEUE:
      return g_strdup (queue_message (entry));
    case SQNS_WAITING_FOR_LIMIT:
      return g_strdup ("waits for a free place: as many jobs run as are allowed");
    case SQNS_WAITING_FOR_INHIBITOR:
      return sqns_inhibit_reason (self->inhibit, sqns_device_info (entry->device)->id);
    case SQNS_WAITING_FOR_DRAINING:
      return g_strdup ("the daemon is draining: nothing is started");
    case SQNS_WAITING_FOR_BOARD:
      return g_strdup (board_message (entry));
    case SQNS_WAITING_FOR_PORT:
      return g_strdup ("the job goes on when the port is free");
    case SQNS_WAITING_FOR_RESUME:
      return g_strdup_printf ("it goes on when somebody resumes it: sqnsctl resume %.8s",
                              sqns_job_record (entry->job)->uuid);
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
                                           time != NULL ? time : "its last hour"));
}

/* What the other jobs on its modem knew of it no longer holds. */
static void
forget_modem (SqnsScheduler *self, const SqnsScheduleEntry *started)
{
  for (guint i = 0; i < self->jobs->len && !sqns_job_request (started->job)->dry_run; i++)
    if (self->jobs->pdata[i] != started->job && sqns_job_device (self->jobs->pdata[i]) == started->device)
      sqns_job_forget_checkpoint (self->jobs->pdata[i]);
}

/* Returns whether a job started or ended, or waits for something else now. */
static gboolean
apply (SqnsScheduler *self, const SqnsScheduleEntry *entry)
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

static gboolean
on_round (gpointer user_data)
{
  SqnsScheduler *self = user_data;
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (SqnsScheduleEntry));
  const SqnsJobIntake *intake = sqns_job_table_intake (self->table);
  SqnsScheduleState state
      = { .now = g_get_real_time (), .max_running = self->config->max_concurrent, .draining = intake->draining };
  gint64 end = g_get_monotonic_time () + SQNS_BACKLOG_TURN_US;
  gboolean changed = FALSE;

  self->idle = 0;
  g_array_set_clear_func (entries, unref_job);
  for (guint i = 0; i < self->jobs->len; i++)
    {
      SqnsJob *job = self->jobs->pdata[i];
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
      if (changed && g_get_monotonic_time () >= end)
        {
          sqns_scheduler_kick (self);
          break;
        }
      if (is_waiting (entry->job))
        changed |= apply (self, entry);
      state.running += sqns_job_is_running (entry->job);
    }
  sqns_wall_timer_set (self->timer, next);
  self->round (state.running, self->user_data); /* may free the scheduler */
  return G_SOURCE_REMOVE;
}

static void
on_timer (gpointer user_data)
{
  sqns_scheduler_kick (user_data);
}

SqnsScheduler *
sqns_scheduler_new (SqnsJobTable *table,
                    const SqnsConfig *config,
                    const SqnsRules *rules,
                    SqnsInhibit *inhibit,
                    SqnsSchedulerRound round,
                    gpointer user_data)
{
  SqnsScheduler *self = g_new0 (SqnsScheduler, 1);
  self->table = g_object_ref (table);
  self->jobs = sqns_job_table_jobs (table);
  self->config = config;
  self->rules = rules;
  self->inhibit = inhibit;
  self->round = round;
  self->user_data = user_data;
  self->timer = sqns_wall_timer_new (on_timer, self);
  g_signal_connect_swapped (table, "reschedule", G_CALLBACK (sqns_scheduler_kick), self);
  return self;
}

void
sqns_scheduler_free (SqnsScheduler *self)
{
  g_signal_handlers_disconnect_by_data (self->table, self);
  g_object_unref (self->table);
  g_clear_handle_id (&self->idle, g_source_remove);
  sqns_wall_timer_free (self->timer);
  g_free (self);
}

void
sqns_scheduler_kick (SqnsScheduler *self)
{
  if (self->idle == 0)
    self->idle = g_idle_add_full (G_PRIORITY_DEFAULT, on_round, self, NULL);
}
