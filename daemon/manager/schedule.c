/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which job runs when: one on a board, others in a line; different boards at the same time. */
#include "device/console.h"
#include "manager/manager-private.h"

#define MAX_FINISHED 1000u                 /* finished jobs on the bus */
#define MAX_LOGS ((gsize)64 * 1024 * 1024) /* bytes of their transcripts */
#define LOOK_FOR_PORT_US (2 * G_USEC_PER_SEC)
#define DAY_US ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

typedef struct {
  SqnsManager *manager;
  gint64 now;
  gint64 next; /* when to look again, 0 never */
  guint running;
  gboolean changed;      /* a job was started or ended, or told why it waits */
  GHashTable *positions; /* SqnsDevice -> pending jobs before */
} Pass;

static void
look_again (Pass *pass, gint64 when)
{
  if (when > pass->now && (pass->next == 0 || when < pass->next))
    pass->next = when;
}

/* Interrupted ones first, whose modems may be in mid-air; then those whose time has come: higher priority, then age;
 * then the others by their time. */
static int
compare_jobs (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Pass *pass = user_data;
  SqnsJob *job_a = *(SqnsJob **)a, *job_b = *(SqnsJob **)b;
  const SqnsRequest *one = sqns_job_request (job_a), *two = sqns_job_request (job_b);
  gint64 begin_a = sqns_request_begin (one), begin_b = sqns_request_begin (two);
  gboolean early_a = begin_a > pass->now, early_b = begin_b > pass->now;

  gboolean torn_a = sqns_job_is_interrupted (job_a), torn_b = sqns_job_is_interrupted (job_b);
  if (torn_a != torn_b)
    return torn_a ? -1 : 1;
  if (torn_a)
    return 0;
  if (early_a != early_b)
    return early_a ? 1 : -1;
  if (early_a && begin_a != begin_b)
    return begin_a < begin_b ? -1 : 1;
  if (one->priority != two->priority)
    return one->priority > two->priority ? -1 : 1;
  return 0; /* the array is by age and the sort is stable */
}

static GPtrArray *
pending_jobs (Pass *pass)
{
  GPtrArray *pending = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < pass->manager->jobs->len; i++)
    {
      SqnsJob *job = pass->manager->jobs->pdata[i];
      if (sqns_job_is_pending (job) || sqns_job_is_interrupted (job))
        g_ptr_array_add (pending, g_object_ref (job));
      pass->running += sqns_job_is_running (job);
    }
  g_ptr_array_sort_with_data (pending, compare_jobs, pass);
  return pending;
}

static gboolean
expire (Pass *pass, SqnsJob *job)
{
  gint64 not_after = sqns_request_deadline (sqns_job_request (job));
  if (not_after == 0)
    return FALSE;
  if (not_after > pass->now)
    {
      look_again (pass, not_after);
      return FALSE;
    }
  pass->changed = TRUE;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (not_after / G_USEC_PER_SEC);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%F %T") : g_strdup ("its last hour");
  sqns_job_abort (job, g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT,
                                    "the job had not begun by %s: nothing was sent to the modem", text));
  return TRUE;
}

static char *
until_text (gint64 when)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (when / G_USEC_PER_SEC);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%F %T") : NULL;
  return text != NULL ? g_strdup_printf ("waits until %s", text) : g_strdup ("waits for a day far off");
}

static gboolean
goes_on_by_itself (SqnsManager *self, SqnsJob *job)
{
  const SqnsDeviceInfo *device = sqns_device_info (sqns_job_device (job));
  /* the kernel gives a pseudo-terminal's number to the next who asks: it may be somebody's shell by now */
  gboolean other
      = sqns_job_record (job)->board_lost && device->manual && g_str_has_prefix (device->devnode, "/dev/pts/");
  return (self->config.auto_resume && !other) || sqns_job_resume_wanted (job);
}

/* Why @job cannot start; NULL when it can. *@state: QUEUED or WAITING. */
static char *
obstacle (Pass *pass, SqnsJob *job, guint position, SqnsJobState *state)
{
  SqnsManager *self = pass->manager;
  SqnsDevice *device = sqns_job_device (job);
  gboolean interrupted = sqns_job_is_interrupted (job);
  gint64 not_before = interrupted ? 0 : sqns_request_begin (sqns_job_request (job));

  *state = SQNS_JOB_WAITING;
  if (interrupted && !goes_on_by_itself (self, job))
    return g_strdup_printf ("it goes on when somebody resumes it: sqnsctl resume %.8s", sqns_job_record (job)->uuid);
  if (not_before > pass->now)
    {
      look_again (pass, not_before);
      return until_text (not_before);
    }
  if (!sqns_device_check_presence (device))
    {
      /* the kernel may be out of watches for the port's file (fs.inotify.max_user_instances) */
      if (sqns_device_info (device)->manual)
        look_again (pass, pass->now + LOOK_FOR_PORT_US);
      return g_strdup (interrupted ? "plug it in again, the job goes on by itself then"
                                   : "the board is not plugged in: the job begins when it is back");
    }
  char *held = sqns_inhibit_reason (self->inhibit, sqns_device_info (device)->id);
  if (held != NULL)
    return held;
  *state = SQNS_JOB_QUEUED;
  if (self->draining)
    return g_strdup ("the daemon is draining: nothing is started");
  if (sqns_device_info (device)->use == SQNS_USE_JOB)
    return g_strdup ("another job runs on this modem");
  if (sqns_device_info (device)->use == SQNS_USE_PROBE)
    return g_strdup ("the modem is being probed");
  if (sqns_device_info (device)->use == SQNS_USE_RESET)
    return g_strdup ("the board is being reset");
  if (position > 1)
    return g_strdup ("another job of this modem comes first");
  if (sqns_job_not_again_before (job) > pass->now)
    {
      look_again (pass, sqns_job_not_again_before (job));
      return g_strdup (sqns_job_record (job)->board_lost ? "the board is back, the job goes on in a moment"
                                                         : "the job goes on when the port is free");
    }
  if (self->config.max_concurrent > 0 && pass->running >= self->config.max_concurrent)
    return g_strdup ("waits for a free place: as many jobs run as are allowed");
  return NULL;
}

/* A job goes before a person who types. The place is kept for it until the console's link has been left. */
static char *
take_console (Pass *pass, SqnsJob *job)
{
  g_autofree char *why = g_strdup_printf ("job %s takes this modem", sqns_job_record (job)->uuid);
  sqns_console_close (sqns_job_device (job), why);
  pass->running++;
  return g_strdup ("the console that is open on this modem is being closed");
}

/* What the others on this modem knew of it holds no longer. */
static void
note_started (Pass *pass, SqnsJob *job)
{
  SqnsManager *self = pass->manager;
  pass->running++;
  pass->changed = TRUE;
  for (guint i = 0; i < self->jobs->len && !sqns_job_request (job)->dry_run; i++)
    {
      SqnsJob *other = self->jobs->pdata[i];
      if (other != job && sqns_job_device (other) == sqns_job_device (job))
        sqns_job_forget_checkpoint (other);
    }
}

static void
put_off (Pass *pass, SqnsJob *job, guint position, SqnsJobState state, const char *reason)
{
  g_autofree char *text = NULL;
  if (!sqns_job_is_interrupted (job))
    {
      pass->changed |= sqns_job_set_pending (job, state, position, reason);
      return;
    }
  text = g_strdup_printf ("%s; %s", sqns_job_record (job)->interruption, reason);
  pass->changed
      |= sqns_job_set_pending (job, SQNS_JOB_INTERRUPTED, goes_on_by_itself (pass->manager, job) ? position : 0, text);
}

static void
consider (Pass *pass, SqnsJob *job)
{
  SqnsDevice *device = sqns_job_device (job);
  guint position = GPOINTER_TO_UINT (g_hash_table_lookup (pass->positions, device)) + 1;
  SqnsJobState state;
  g_autofree char *reason = obstacle (pass, job, position, &state);
  g_autoptr (GError) error = NULL;

  if (reason == NULL && sqns_device_info (device)->use == SQNS_USE_CONSOLE)
    reason = take_console (pass, job);
  if (reason == NULL && sqns_job_start (job, pass->manager->backend, pass->manager->rules, &error))
    {
      note_started (pass, job);
      return;
    }
  /* who waits for a person holds up nobody */
  if (!sqns_job_is_interrupted (job) || goes_on_by_itself (pass->manager, job))
    g_hash_table_insert (pass->positions, device, GUINT_TO_POINTER (position));
  if (reason != NULL)
    put_off (pass, job, position, state, reason);
  else
    put_off (pass, job, position, SQNS_JOB_WAITING, error->message);
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  sqns_manager_settle_finish (SQNS_MANAGER (source), result);
  g_task_return_boolean (task, TRUE);
}

static void
finish_shutdown (SqnsManager *self, guint running)
{
  GPtrArray *devices = sqns_manager_devices (self);
  if (self->shutdown == NULL || running > 0)
    return;
  for (guint i = 0; i < devices->len; i++)
    if (sqns_device_info (devices->pdata[i])->use != SQNS_USE_NONE)
      return;
  sqns_manager_settle_async (self, on_settled, g_steal_pointer (&self->shutdown));
}

static gboolean
on_schedule (gpointer user_data)
{
  g_autoptr (SqnsManager) self = g_object_ref (user_data);
  Pass pass = { .manager = self, .now = g_get_real_time () };
  gint64 end = g_get_monotonic_time () + SQNS_BACKLOG_TURN_US;
  g_autoptr (GHashTable) positions = g_hash_table_new (NULL, NULL);
  self->schedule = 0;
  pass.positions = positions;

  g_autoptr (GPtrArray) pending = pending_jobs (&pass);
  for (guint i = 0; i < pending->len && !self->stopping && self->opening == NULL; i++)
    {
      SqnsJob *job = pending->pdata[i];
      /* the others after what has come in meanwhile; each pass has brought one of them on, at the least */
      if (pass.changed && g_get_monotonic_time () >= end)
        {
          sqns_manager_schedule (self);
          break;
        }
      if (sqns_job_is_interrupted (job) || (sqns_job_is_pending (job) && !expire (&pass, job)))
        consider (&pass, job);
    }
  look_again (&pass, sqns_manager_prune (self));
  sqns_wall_timer_set (self->timer, pass.next);
  finish_shutdown (self, pass.running);
  return G_SOURCE_REMOVE;
}

void
sqns_manager_schedule (SqnsManager *self)
{
  if (self->schedule == 0)
    self->schedule = g_idle_add_full (G_PRIORITY_DEFAULT, on_schedule, self, NULL);
}

gint64
sqns_manager_prune (SqnsManager *self)
{
  guint finished = 0;
  gsize logs = 0;
  gint64 now = g_get_real_time ();
  gint64 next = sqns_manager_sweep (self, now);
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
  GPtrArray *devices = sqns_manager_devices (self);
  for (guint i = 0; i < devices->len; i++)
    sqns_device_interrupt (devices->pdata[i]);
  sqns_manager_close_history (self);
  sqns_manager_schedule (self);
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
