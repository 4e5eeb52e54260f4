/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stays with jobs until they end. */
#include "client/job/follow.h"
#include "client/job/monitor.h"
#include "client/modem/held-port.h"
#include "client/job/report.h"
#include "client/job/state.h"
#include "client/job/progress.h"

#include <signal.h>
#include <string.h>

#include <glib-unix.h>

#define GRACE_S 2 /* between two Ctrl-C that mean "cancel" */
/* What a job is may be told a quarter of a second late: one that was just resumed still says that it waits for that. */
#define STRANDED_S 1

typedef enum {
  MOOD_STARTING, /* the daemon was asked, no job is known yet */
  MOOD_FOLLOWING,
  MOOD_GRACE, /* Ctrl-C once */
  MOOD_CANCELLING,
} Mood;

struct _SqnsFollow {
  SqnsCtl *ctl;
  SqnsConnection *conn;
  gboolean own;
  gboolean only_start; /* and leave it then */
  Mood mood;
  gboolean detach_at_start; /* Ctrl-C while STARTING */
  GPtrArray *jobs;          /* SqnsFollowedJob * */
  SqnsProgress *progress;
  GMainLoop *loop;
  gboolean left_running; /* jobs go on without us: their ids are printed once the bars are off the screen */
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

static void
leave_with (SqnsFollow *follow, GError *error)
{
  if (follow->over)
    {
      g_error_free (error);
      return;
    }
  follow->error = error;
  leave (follow, sqns_exit_from_error (error));
}

static void
print_ids (SqnsFollow *follow)
{
  for (guint i = 0; i < follow->jobs->len; i++)
    if (!sqns_followed_job_has_ended (follow->jobs->pdata[i]))
      sqns_ctl_say (follow->ctl, "%s\n", sqns_followed_job_get_uuid (follow->jobs->pdata[i]));
}

static void
detach_now (SqnsFollow *follow)
{
  follow->left_running = TRUE;
  leave (follow, SQNS_EXIT_DETACHED);
}

/* --- news of the jobs --- */

static void
tell_event (SqnsFollow *follow, SqnsFollowedJob *followed, const char *event)
{
  sqns_progress_show (follow->progress, sqns_followed_job_get_index (followed), sqns_followed_job_get_job (followed),
                      sqns_followed_job_get_name (followed));
  if (follow->ctl->json_stream)
    sqns_ctl_print_event (follow->ctl, event, "job", sqns_json_from_proxy (sqns_followed_job_get_job (followed)));
}

/* Ended, left to themselves, or waiting for a person to resume them: nothing more will come. */
static gboolean
on_stranded (gpointer data)
{
  SqnsFollow *follow = data;
  SqnsExit code = SQNS_EXIT_UNKNOWN;

  follow->stranded = 0;
  for (guint i = 0; i < follow->jobs->len; i++)
    if (sqns_followed_job_has_ended (follow->jobs->pdata[i]))
      code = sqns_exit_worse (code, sqns_job_state_exit (sqns_followed_job_get_job (follow->jobs->pdata[i])));
  leave (follow, code);
  return G_SOURCE_REMOVE;
}

static void
check_stranded (SqnsFollow *follow)
{
  guint stranded = 0, others = 0;

  for (guint i = 0; i < follow->jobs->len; i++)
    if (sqns_job_wants_resume (sqns_followed_job_get_job (follow->jobs->pdata[i])))
      stranded++;
    else if (!sqns_followed_job_has_ended (follow->jobs->pdata[i]))
      others++;
  if (stranded == 0 || others > 0)
    g_clear_handle_id (&follow->stranded, g_source_remove);
  else if (follow->stranded == 0 && follow->mood != MOOD_STARTING)
    follow->stranded = g_timeout_add_seconds (STRANDED_S, on_stranded, follow);
}

static void
check_all_ended (SqnsFollow *follow)
{
  guint ended = 0, going_on = 0;
  SqnsExit code = SQNS_EXIT_DONE;

  if (follow->mood == MOOD_STARTING)
    return;
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      SqnsFollowedJob *followed = follow->jobs->pdata[i];
      if (sqns_followed_job_goes_on (followed))
        going_on++;
      if (!sqns_followed_job_has_ended (followed))
        continue;
      ended++;
      code = sqns_exit_worse (code, sqns_job_state_exit (sqns_followed_job_get_job (followed)));
    }
  if (ended == follow->jobs->len)
    leave (follow, code);
  else if (ended + going_on == follow->jobs->len)
    detach_now (follow);
  else
    check_stranded (follow);
}

static void
on_added (SqnsFollowedJob *followed, gpointer data)
{
  tell_event (data, followed, "added");
}

static void
on_changed (SqnsFollowedJob *followed, gpointer data)
{
  tell_event (data, followed, "changed");
  check_stranded (data);
}

/* The daemon may not see whose the port is. */
static void
tell_holder (SqnsFollow *follow, SqnsFollowedJob *followed)
{
  SqnsDbusModem *modem = sqns_followed_job_get_modem (followed);
  const char *error_name = sqns_dbus_job_get_error_name (sqns_followed_job_get_job (followed));
  if (modem == NULL || g_strcmp0 (error_name, SQNS_ERROR_DBUS_PREFIX "PortLocked") != 0)
    return;
  g_autofree char *owner = sqns_held_port_owner (follow->conn, modem);
  const char *message = sqns_dbus_job_get_error_message (sqns_followed_job_get_job (followed));
  if (owner != NULL && (message == NULL || strstr (message, owner) == NULL))
    sqns_progress_note (follow->progress, "%s: the port is in use by %s", sqns_followed_job_get_name (followed), owner);
}

static void
on_ended (SqnsFollowedJob *followed, gpointer data)
{
  tell_event (data, followed, "completed");
  tell_holder (data, followed);
  check_all_ended (data);
}

static void
on_cancel_refused (SqnsFollowedJob *followed, const char *why, gpointer data)
{
  SqnsFollow *follow = data;
  sqns_progress_note (follow->progress, "%s: could not cancel, the job continues: %s",
                      sqns_followed_job_get_name (followed), why);
  check_all_ended (follow);
}

static const SqnsFollowedJobFuncs job_funcs = {
  .added = on_added,
  .changed = on_changed,
  .ended = on_ended,
  .cancel_refused = on_cancel_refused,
};

/* --- Ctrl-C and its like --- */

static gboolean
on_grace_over (gpointer data)
{
  SqnsFollow *follow = data;
  follow->grace = 0;
  detach_now (follow);
  return G_SOURCE_REMOVE;
}

static void
on_first_interrupt (SqnsFollow *follow)
{
  if (!follow->own)
    {
      detach_now (follow);
      return;
    }
  follow->mood = MOOD_GRACE;
  follow->grace = g_timeout_add_seconds (GRACE_S, on_grace_over, follow);
  sqns_progress_note (follow->progress, "Detached; the upgrade%s in the background",
                      follow->jobs->len == 1 ? " continues" : "s continue");
  sqns_progress_note (follow->progress, "(press Ctrl-C again within %d s to cancel)", GRACE_S);
}

static gboolean
on_interrupt (gpointer data)
{
  SqnsFollow *follow = data;

  switch (follow->mood)
    {
    case MOOD_STARTING:
      if (follow->detach_at_start)
        detach_now (follow);
      else
        sqns_progress_note (follow->progress,
                            "Waiting for sqnsd to accept the job... press Ctrl-C again to stop waiting");
      follow->detach_at_start = TRUE;
      break;
    case MOOD_FOLLOWING:
      on_first_interrupt (follow);
      break;
    case MOOD_GRACE:
      follow->mood = MOOD_CANCELLING;
      g_clear_handle_id (&follow->grace, g_source_remove);
      sqns_progress_note (follow->progress, "Cancelling... press Ctrl-C again to stop waiting");
      for (guint i = 0; i < follow->jobs->len; i++)
        sqns_followed_job_cancel (follow->jobs->pdata[i]);
      break;
    case MOOD_CANCELLING:
      detach_now (follow);
      break;
    }
  return G_SOURCE_CONTINUE;
}

/* Nobody is there to press twice. */
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

/* --- the daemon goes away --- */

static void
on_lost (gpointer data)
{
  SqnsFollow *follow = data;
  for (guint i = 0; i < follow->jobs->len; i++)
    sqns_followed_job_vanished (follow->jobs->pdata[i]);
  if (follow->over)
    return;
  follow->left_running = TRUE;
  leave_with (follow, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST,
                                   "Lost contact with sqnsd during the upgrade. Do not cut the board's power. When "
                                   "sqnsd is back, the job continues by itself: see 'sqnsctl jobs'"));
}

/* --- life --- */

static void
free_job (gpointer data)
{
  sqns_followed_job_free (data);
}

SqnsFollow *
sqns_follow_new (SqnsCtl *ctl, SqnsConnection *conn, gboolean own)
{
  SqnsFollow *follow = g_new0 (SqnsFollow, 1);
  follow->ctl = ctl;
  follow->conn = conn;
  follow->own = own;
  follow->mood = MOOD_FOLLOWING;
  follow->jobs = g_ptr_array_new_with_free_func (free_job);
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
  follow->conn->lost = NULL;
  g_clear_handle_id (&follow->interrupt, g_source_remove);
  g_clear_handle_id (&follow->terminate, g_source_remove);
  g_clear_handle_id (&follow->hangup, g_source_remove);
  g_clear_handle_id (&follow->grace, g_source_remove);
  g_clear_handle_id (&follow->timeout, g_source_remove);
  g_clear_handle_id (&follow->stranded, g_source_remove);
  g_clear_pointer (&follow->progress, sqns_progress_free);
  g_ptr_array_unref (follow->jobs);
  g_clear_error (&follow->error);
  g_main_loop_unref (follow->loop);
  g_free (follow);
}

void
sqns_follow_expect (SqnsFollow *follow)
{
  follow->mood = MOOD_STARTING;
}

void
sqns_follow_only_start (SqnsFollow *follow)
{
  follow->only_start = TRUE;
}

void
sqns_follow_add (SqnsFollow *follow, SqnsDbusJob *job)
{
  SqnsFollowedJob *followed = sqns_followed_job_new (follow->conn, job, follow->jobs->len, &job_funcs, follow);
  g_ptr_array_add (follow->jobs, followed);
  sqns_followed_job_watch (followed);
}

void
sqns_follow_started (SqnsFollow *follow)
{
  follow->mood = MOOD_FOLLOWING;
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
report (SqnsFollow *follow)
{
  JsonNode *jobs = sqns_json_array_new ();
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      SqnsFollowedJob *followed = follow->jobs->pdata[i];
      SqnsDbusJob *job = sqns_followed_job_get_job (followed);
      sqns_followed_job_recall (followed);
      if (follow->only_start)
        sqns_ctl_print_event (follow->ctl, "added", "job", sqns_json_from_proxy (job));
      else if (sqns_followed_job_has_ended (followed))
        sqns_job_report_end (follow->ctl, job, sqns_followed_job_get_modem (followed),
                             sqns_followed_job_get_name (followed));
      else if (follow->error == NULL && follow->code != SQNS_EXIT_DETACHED && sqns_job_wants_resume (job))
        sqns_job_report_stranded (job, sqns_followed_job_get_modem (followed), sqns_followed_job_get_name (followed));
      else if (follow->error != NULL)
        sqns_ctl_left_behind (follow->ctl, sqns_followed_job_get_uuid (followed));
      sqns_json_array_take (jobs, sqns_json_from_proxy (job));
    }
  /* A stream has told all of it already; an error is a document of its own. */
  if (follow->ctl->json && !follow->ctl->json_stream && follow->error == NULL)
    sqns_ctl_print (follow->ctl, "jobs", jobs);
  else
    json_node_unref (jobs);
}

SqnsExit
sqns_follow_run (SqnsFollow *follow)
{
  if (follow->ctl->timeout > 0)
    follow->timeout = g_timeout_add_seconds ((guint)follow->ctl->timeout, on_timeout, follow);
  check_all_ended (follow);
  if (!follow->over)
    g_main_loop_run (follow->loop);
  g_clear_pointer (&follow->progress, sqns_progress_free);
  /* not before: a bar would be drawn over them */
  if (follow->left_running)
    print_ids (follow);
  report (follow);
  return follow->error != NULL ? sqns_ctl_fail (follow->ctl, follow->error) : follow->code;
}
