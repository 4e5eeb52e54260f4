/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for jobs to end. */
#include "client/job/follow.h"
#include "client/job/monitor.h"
#include "client/job/progress.h"
#include "client/job/report.h"
#include "client/job/state.h"
#include "client/modem/held-port.h"

#include <signal.h>
#include <string.h>

#include <glib-unix.h>

#define GRACE_S 2 /* between two Ctrl-C that mean "cancel" */
/* A job's state may arrive a quarter of a second late: one that was just resumed may still wait to be resumed. */
#define RESUME_S 1

typedef enum {
  STATE_STARTING, /* the request is sent, no job is known yet */
  STATE_FOLLOWING,
  STATE_GRACE, /* Ctrl-C once */
  STATE_CANCELLING,
} State;

struct _SqnsFollow {
  SqnsCtl *ctl;
  SqnsConnection *conn;
  gboolean own;
  gboolean only_start; /* do not wait for the jobs */
  State state;
  gboolean detach_at_start; /* Ctrl-C while STARTING */
  GPtrArray *jobs;          /* SqnsJobMonitor * */
  SqnsProgress *progress;
  GMainLoop *loop;
  gboolean left_running; /* jobs continue in the background: their ids are printed after the bars */
  gboolean over;         /* the loop is left, or will not be run */
  SqnsExit code;
  GError *error; /* in place of the jobs' own ends */
  guint interrupt, terminate, hangup, grace, timeout, stranded;
};

static void
leave (SqnsFollow *follow, SqnsExit code)
{
  if (follow->over)
    return;
  follow->over = TRUE;
  follow->code = code;
  g_main_loop_quit (follow->loop);
}

/* Takes @error. */
static void
leave_with (SqnsFollow *follow, GError *error)
{
  if (!follow->over)
    follow->error = g_error_copy (error);
  g_error_free (error);
  leave (follow, SQNS_EXIT_FAILED);
}

static void
detach_now (SqnsFollow *follow)
{
  follow->left_running = TRUE;
  leave (follow, SQNS_EXIT_DETACHED);
}

/* --- news of the jobs --- */

static SqnsExit
worst_end (SqnsFollow *follow, SqnsExit code)
{
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      const SqnsJobMonitor *monitor = follow->jobs->pdata[i];
      if (monitor->ended)
        code = sqns_exit_worse (code, sqns_job_state_exit (monitor->job));
    }
  return code;
}

static gboolean
on_needs_resume (gpointer data)
{
  SqnsFollow *follow = data;
  follow->stranded = 0;
  leave (follow, worst_end (follow, SQNS_EXIT_UNKNOWN));
  return G_SOURCE_REMOVE;
}

/* Leaves when nothing more will come: all jobs have ended, cannot be cancelled, or wait for a person to resume them. */
static void
check_all_ended (SqnsFollow *follow)
{
  guint ended = 0, refused = 0, stranded = 0, others = 0;

  if (follow->state == STATE_STARTING)
    return;
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      const SqnsJobMonitor *monitor = follow->jobs->pdata[i];
      ended += monitor->ended;
      refused += monitor->cancel_refused;
      if (sqns_job_needs_resume (monitor->job))
        stranded++;
      else if (!monitor->ended)
        others++;
    }
  if (ended == follow->jobs->len)
    leave (follow, worst_end (follow, SQNS_EXIT_DONE));
  else if (ended + refused == follow->jobs->len)
    detach_now (follow);
  else if (stranded == 0 || others > 0)
    g_clear_handle_id (&follow->stranded, g_source_remove);
  else if (follow->stranded == 0)
    follow->stranded = g_timeout_add_seconds (RESUME_S, on_needs_resume, follow);
}

/* The daemon may not see which program holds the port. */
static void
report_holder (SqnsFollow *follow, SqnsJobMonitor *monitor)
{
  const char *error_name = sqns_dbus_job_get_error_name (monitor->job);
  const char *message = sqns_dbus_job_get_error_message (monitor->job);
  if (monitor->modem == NULL || g_strcmp0 (error_name, SQNS_ERROR_DBUS_PREFIX "PortLocked") != 0)
    return;
  g_autofree char *owner = sqns_held_port_owner (follow->conn, monitor->modem);
  if (owner != NULL && (message == NULL || strstr (message, owner) == NULL))
    sqns_progress_note (follow->progress, "%s: the port is in use by %s", monitor->name, owner);
}

static void
on_event (SqnsJobMonitor *monitor, SqnsJobEvent event, const char *why, gpointer data)
{
  static const char *const names[]
      = { [SQNS_JOB_ADDED] = "added", [SQNS_JOB_CHANGED] = "changed", [SQNS_JOB_ENDED] = "completed" };
  SqnsFollow *follow = data;

  if (event == SQNS_JOB_CANCEL_REFUSED)
    sqns_progress_note (follow->progress, "%s: could not cancel, the job continues: %s", monitor->name, why);
  else
    {
      sqns_progress_show (follow->progress, monitor->index, monitor->job, monitor->name);
      if (follow->ctl->json_stream)
        sqns_ctl_print_event (follow->ctl, names[event], "job", sqns_json_from_proxy (monitor->job));
    }
  if (event == SQNS_JOB_ENDED)
    report_holder (follow, monitor);
  if (event != SQNS_JOB_ADDED)
    check_all_ended (follow);
}

/* --- Ctrl-C and its like --- */

static gboolean
on_grace_over (gpointer data)
{
  SqnsFollow *follow = data;
  follow->grace = 0;
  detach_now (follow);
  return G_SOURCE_REMOVE;
}

static gboolean
on_interrupt (gpointer data)
{
  SqnsFollow *follow = data;

  switch (follow->state)
    {
    case STATE_STARTING:
      if (follow->detach_at_start)
        detach_now (follow);
      else
        sqns_progress_note (follow->progress,
                            "Waiting for sqnsd to accept the job... press Ctrl-C again to stop waiting");
      follow->detach_at_start = TRUE;
      break;
    case STATE_FOLLOWING:
      if (!follow->own)
        {
          detach_now (follow);
          break;
        }
      follow->state = STATE_GRACE;
      follow->grace = g_timeout_add_seconds (GRACE_S, on_grace_over, follow);
      sqns_progress_note (follow->progress, "Detached; the upgrade%s in the background",
                          follow->jobs->len == 1 ? " continues" : "s continue");
      sqns_progress_note (follow->progress, "(press Ctrl-C again within %d s to cancel)", GRACE_S);
      break;
    case STATE_GRACE:
      follow->state = STATE_CANCELLING;
      g_clear_handle_id (&follow->grace, g_source_remove);
      sqns_progress_note (follow->progress, "Cancelling... press Ctrl-C again to stop waiting");
      for (guint i = 0; i < follow->jobs->len; i++)
        sqns_job_monitor_cancel (follow->jobs->pdata[i]);
      break;
    case STATE_CANCELLING:
      detach_now (follow);
      break;
    }
  return G_SOURCE_CONTINUE;
}

/* No person is there for a second press. */
static gboolean
on_terminate (gpointer data)
{
  detach_now (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_timeout (gpointer data)
{
  SqnsFollow *follow = data;
  follow->timeout = 0;
  follow->left_running = TRUE;
  leave_with (follow, g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "Stopped waiting after %d s; %s still running",
                                   follow->ctl->timeout, follow->jobs->len == 1 ? "the job is" : "the jobs are"));
  return G_SOURCE_REMOVE;
}

static void
on_lost (gpointer data)
{
  SqnsFollow *follow = data;
  for (guint i = 0; i < follow->jobs->len; i++)
    sqns_job_monitor_lost (follow->jobs->pdata[i]);
  if (follow->over)
    return;
  follow->left_running = TRUE;
  leave_with (follow, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST,
                                   "Lost contact with sqnsd during the upgrade. Do not cut the board's power. When "
                                   "sqnsd is back, the job continues by itself: see 'sqnsctl jobs'"));
}

/* --- life --- */

SqnsFollow *
sqns_follow_new (SqnsCtl *ctl, SqnsConnection *conn, gboolean own)
{
  SqnsFollow *follow = g_new0 (SqnsFollow, 1);
  follow->ctl = ctl;
  follow->conn = conn;
  follow->own = own;
  follow->state = STATE_FOLLOWING;
  follow->jobs = g_ptr_array_new_with_free_func (sqns_job_monitor_free);
  follow->progress = sqns_progress_new (ctl);
  follow->loop = g_main_loop_new (NULL, FALSE);
  follow->interrupt = g_unix_signal_add (SIGINT, on_interrupt, follow);
  follow->terminate = g_unix_signal_add (SIGTERM, on_terminate, follow);
  follow->hangup = g_unix_signal_add (SIGHUP, on_terminate, follow);
  conn->lost = on_lost;
  conn->lost_data = follow;
  return follow;
}

void
sqns_follow_free (SqnsFollow *follow)
{
  guint *const sources[] = { &follow->interrupt, &follow->terminate, &follow->hangup,
                             &follow->grace,     &follow->timeout,   &follow->stranded };
  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    g_clear_handle_id (sources[i], g_source_remove);
  follow->conn->lost = NULL;
  g_clear_pointer (&follow->progress, sqns_progress_free);
  g_ptr_array_unref (follow->jobs);
  g_clear_error (&follow->error);
  g_main_loop_unref (follow->loop);
  g_free (follow);
}

void
sqns_follow_expect (SqnsFollow *follow, gboolean only_start)
{
  follow->state = STATE_STARTING;
  follow->only_start = only_start;
}

void
sqns_follow_add (SqnsFollow *follow, SqnsDbusJob *job)
{
  SqnsJobMonitor *monitor = sqns_job_monitor_new (follow->conn, job, follow->jobs->len, on_event, follow);
  g_ptr_array_add (follow->jobs, monitor);
  sqns_job_monitor_start (monitor);
}

void
sqns_follow_started (SqnsFollow *follow)
{
  follow->state = STATE_FOLLOWING;
  if (follow->detach_at_start || follow->only_start)
    {
      follow->left_running = TRUE;
      leave (follow, follow->only_start ? SQNS_EXIT_DONE : SQNS_EXIT_DETACHED);
    }
  check_all_ended (follow);
}

void
sqns_follow_abort (SqnsFollow *follow, const GError *error)
{
  leave_with (follow, g_error_copy (error));
}

static void
report (SqnsFollow *follow, SqnsJobMonitor *monitor)
{
  sqns_job_monitor_restore (monitor);
  if (follow->only_start)
    sqns_ctl_print_event (follow->ctl, "added", "job", sqns_json_from_proxy (monitor->job));
  else if (monitor->ended)
    sqns_job_report_end (follow->ctl, monitor->job, monitor->modem, monitor->name);
  else if (follow->error != NULL)
    g_ptr_array_add (follow->ctl->detached, g_strdup (monitor->uuid));
  else if (follow->code != SQNS_EXIT_DETACHED && sqns_job_needs_resume (monitor->job))
    sqns_job_report_interrupted (monitor->job, monitor->modem, monitor->name);
}

SqnsExit
sqns_follow_run (SqnsFollow *follow, GError **error)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new ();

  if (follow->ctl->timeout > 0)
    follow->timeout = g_timeout_add_seconds ((guint)follow->ctl->timeout, on_timeout, follow);
  check_all_ended (follow);
  if (!follow->over)
    g_main_loop_run (follow->loop);
  g_clear_pointer (&follow->progress, sqns_progress_free);
  /* after the bars, which would be drawn over them */
  for (guint i = 0; follow->left_running && i < follow->jobs->len; i++)
    {
      const SqnsJobMonitor *monitor = follow->jobs->pdata[i];
      if (!monitor->ended)
        sqns_ctl_say (follow->ctl, "%s\n", monitor->uuid);
    }
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      SqnsJobMonitor *monitor = follow->jobs->pdata[i];
      report (follow, monitor);
      g_ptr_array_add (jobs, monitor->job);
    }
  /* A stream has reported every job already; an error is a document of its own. */
  if (follow->ctl->json && !follow->ctl->json_stream && follow->error == NULL)
    sqns_ctl_print (follow->ctl, "jobs", sqns_json_from_proxies (jobs));
  if (follow->error != NULL)
    g_propagate_error (error, g_steal_pointer (&follow->error));
  return follow->code;
}
