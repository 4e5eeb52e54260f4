/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stays with jobs until they end. */
#include "follow.h"
#include "bar.h"
#include "job-report.h"
#include "job-state.h"
#include "json.h"
#include "modem-ref.h"

#include <signal.h>
#include <stdio.h>

#include <glib-unix.h>

#define GRACE_S 2 /* between two Ctrl-C that mean "cancel" */

typedef enum {
  MOOD_STARTING, /* the daemon was asked, no job is known yet */
  MOOD_FOLLOWING,
  MOOD_GRACE, /* Ctrl-C once */
  MOOD_CANCELLING,
} Mood;

struct _SqnsFollow
{
  SqnsCtl *ctl;
  SqnsBus *bus;
  gboolean own;
  Mood mood;
  gboolean detach_at_start; /* Ctrl-C while STARTING */
  GPtrArray *jobs;          /* Followed * */
  SqnsBars *bars;           /* NULL: plain lines, or none with --quiet */
  GMainLoop *loop;
  GCancellable *cancellable;
  gboolean ids_printed;
  gboolean over; /* the loop was left */
  SqnsExit code;
  GError *error; /* in place of the jobs' own ends */
  guint interrupt, terminate, hangup, grace, timeout;
  gulong owner_changed, closed;
};

typedef struct {
  SqnsFollow *follow;
  SqnsDbusJob *job;
  SqnsDbusModem *modem; /* nullable */
  char *name;
  guint index;
  char *shown;      /* phase or state that was last told in a plain line */
  char *waiting;    /* message that was last told of a wait */
  gboolean ending;  /* its last properties are being asked for */
  gboolean ended;
  gboolean goes_on; /* refused to be cancelled */
  gboolean completed_known;
  gboolean success;
  char *error_name;
  char *message;
} Followed;

static void
followed_free (gpointer data)
{
  Followed *f = data;
  g_signal_handlers_disconnect_by_data (f->job, f);
  g_object_unref (f->job);
  g_clear_object (&f->modem);
  g_free (f->name);
  g_free (f->shown);
  g_free (f->waiting);
  g_free (f->error_name);
  g_free (f->message);
  g_free (f);
}

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
  if (follow->error == NULL)
    follow->error = error;
  else
    g_error_free (error);
  leave (follow, sqns_exit_from_error (follow->error));
}

/* Above the bars when there are any. */
G_GNUC_PRINTF (2, 3)
static void
note (SqnsFollow *follow, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  if (follow->bars != NULL)
    sqns_bars_note (follow->bars, text);
  else
    g_printerr ("%s\n", text);
}

/* --- what is shown of a job --- */

/* With a time to wait for, waiting is what was asked; else somebody has to know why. */
static gboolean
waits_for_somebody (Followed *f)
{
  SqnsJobState state = sqns_job_state (f->job);
  guint64 not_before = sqns_dbus_job_get_not_before (f->job);
  return state == SQNS_JOB_INTERRUPTED || (state == SQNS_JOB_WAITING && not_before <= (guint64) g_get_real_time ());
}

static void
show_plain (Followed *f, const char *text)
{
  SqnsJobState state = sqns_job_state (f->job);
  const char *step = state == SQNS_JOB_RUNNING ? sqns_dbus_job_get_phase (f->job) : sqns_dbus_job_get_state (f->job);

  if (f->follow->ctl->quiet || f->follow->bars != NULL || sqns_job_state_ended (state) || waits_for_somebody (f)
      || g_strcmp0 (step, f->shown) == 0)
    return;
  g_free (f->shown);
  f->shown = g_strdup (step);
  note (f->follow, "%s: %s", f->name, text);
}

static void
show_waiting (Followed *f, const char *text)
{
  if (!waits_for_somebody (f))
    {
      g_clear_pointer (&f->waiting, g_free);
      return;
    }
  if (g_strcmp0 (text, f->waiting) == 0)
    return;
  g_free (f->waiting);
  f->waiting = g_strdup (text);
  g_clear_pointer (&f->shown, g_free);
  note (f->follow, "%s: %s", f->name, text);
}

static void
show (Followed *f)
{
  g_autofree char *text = sqns_job_report_text (f->job);
  show_waiting (f, text);
  show_plain (f, text);
  if (f->follow->bars != NULL)
    {
      SqnsBar bar;
      sqns_job_report_bar (f->job, f->name, text, &bar);
      sqns_bars_set (f->follow->bars, f->index, &bar);
    }
}

static void
tell_event (Followed *f, const char *event)
{
  if (f->follow->ctl->json_stream)
    sqns_json_print_event (f->follow->ctl, event, "job", sqns_json_from_proxy (G_DBUS_PROXY (f->job)));
}

static void
print_ids (SqnsFollow *follow)
{
  if (follow->ids_printed || sqns_ctl_wants_json (follow->ctl))
    return;
  follow->ids_printed = TRUE;
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      Followed *f = follow->jobs->pdata[i];
      if (!f->ended)
        sqns_ctl_say (follow->ctl, "%s\n", sqns_dbus_job_get_uuid (f->job));
    }
}

/* --- the end of a job --- */

static void
check_all_ended (SqnsFollow *follow)
{
  guint ended = 0, going_on = 0;
  SqnsExit code = SQNS_EXIT_DONE;

  if (follow->mood == MOOD_STARTING)
    return;
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      Followed *f = follow->jobs->pdata[i];
      if (f->ended)
        {
          ended++;
          code = sqns_exit_worse (code, sqns_job_state_exit (f->job));
        }
      else if (f->goes_on)
        going_on++;
    }
  if (ended == follow->jobs->len)
    leave (follow, code);
  else if (ended + going_on == follow->jobs->len)
    {
      print_ids (follow);
      leave (follow, SQNS_EXIT_DETACHED);
    }
}

/* Properties are told at most so often, the signal at once: where they differ, the signal is newer. */
static void
believe_signal (Followed *f)
{
  GDBusProxy *proxy = G_DBUS_PROXY (f->job);
  gboolean cancelled = g_strcmp0 (f->error_name, SQNS_ERROR_DBUS_PREFIX "Cancelled") == 0;

  if (!f->completed_known || sqns_job_state_ended (sqns_job_state (f->job)))
    return;
  g_dbus_proxy_set_cached_property (
      proxy, "State", g_variant_new_string (f->success ? "succeeded" : cancelled ? "cancelled" : "failed"));
  g_dbus_proxy_set_cached_property (proxy, "ErrorName", g_variant_new_string (f->error_name));
  g_dbus_proxy_set_cached_property (proxy, f->success ? "Message" : "ErrorMessage", g_variant_new_string (f->message));
}

static void
end_now (Followed *f)
{
  if (f->ended)
    return;
  believe_signal (f);
  if (!sqns_job_state_ended (sqns_job_state (f->job)))
    {
      f->ending = FALSE; /* it was only said to be over for a moment */
      return;
    }
  f->ended = TRUE;
  show (f);
  tell_event (f, "completed");
  check_all_ended (f->follow);
}

static void
on_last_properties (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* @data is gone */

  Followed *f = data;
  if (reply != NULL)
    {
      g_autoptr (GVariantIter) iter = NULL;
      const char *name;
      GVariant *value;
      g_variant_get (reply, "(a{sv})", &iter);
      while (g_variant_iter_next (iter, "{&sv}", &name, &value))
        {
          g_dbus_proxy_set_cached_property (G_DBUS_PROXY (f->job), name, value);
          g_variant_unref (value);
        }
    }
  end_now (f);
}

/* What it says of itself at the end may be on its way still: ask for all of it. */
static void
begin_end (Followed *f)
{
  if (f->ending)
    return;
  f->ending = TRUE;
  g_dbus_connection_call (f->follow->bus->connection, SQNS_BUS_NAME, g_dbus_proxy_get_object_path (G_DBUS_PROXY (f->job)),
                          "org.freedesktop.DBus.Properties", "GetAll", g_variant_new ("(s)", "org.sqnsd1.Job"),
                          G_VARIANT_TYPE ("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, -1, f->follow->cancellable,
                          on_last_properties, f);
}

static void
on_changed (GDBusProxy *proxy, GVariant *changed, GStrv invalidated, gpointer data)
{
  Followed *f = data;
  if (f->ended)
    return;
  if (sqns_job_state_ended (sqns_job_state (f->job)))
    {
      begin_end (f);
      return;
    }
  show (f);
  tell_event (f, "changed");
}

static void
on_completed (SqnsDbusJob *job, gboolean success, const char *error_name, const char *message, gpointer data)
{
  Followed *f = data;
  if (f->completed_known)
    return;
  f->completed_known = TRUE;
  f->success = success;
  f->error_name = g_strdup (error_name);
  f->message = g_strdup (message);
  begin_end (f);
}

/* --- Ctrl-C and its like --- */

static void
on_cancel_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean accepted = sqns_dbus_job_call_cancel_finish (SQNS_DBUS_JOB (source), result, &error);
  if (accepted || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  Followed *f = data;
  if (f->ended)
    return;
  g_dbus_error_strip_remote_error (error);
  note (f->follow, "%s: not cancelled, the job goes on: %s", f->name, error->message);
  f->goes_on = TRUE;
  check_all_ended (f->follow);
}

static void
cancel_all (SqnsFollow *follow)
{
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      Followed *f = follow->jobs->pdata[i];
      if (!f->ended)
        sqns_dbus_job_call_cancel (f->job, sqns_bus_no_options (), sqns_bus_ask (follow->bus),
                                   sqns_bus_long_timeout (follow->bus), follow->cancellable, on_cancel_answered, f);
    }
}

static gboolean
on_grace_over (gpointer data)
{
  SqnsFollow *follow = data;
  follow->grace = 0;
  leave (follow, SQNS_EXIT_DETACHED);
  return G_SOURCE_REMOVE;
}

static void
detach (SqnsFollow *follow)
{
  if (follow->own)
    note (follow, "sqnsctl: detached, %s; press Ctrl-C again within %d s to cancel",
          follow->jobs->len == 1 ? "the job goes on" : "the jobs go on", GRACE_S);
  print_ids (follow);
  if (!follow->own)
    {
      leave (follow, SQNS_EXIT_DETACHED);
      return;
    }
  follow->mood = MOOD_GRACE;
  follow->grace = g_timeout_add_seconds (GRACE_S, on_grace_over, follow);
}

static gboolean
on_interrupt (gpointer data)
{
  SqnsFollow *follow = data;

  switch (follow->mood)
    {
    case MOOD_STARTING:
      if (follow->detach_at_start)
        leave (follow, SQNS_EXIT_DETACHED);
      else
        note (follow, "sqnsctl: the daemon was asked already and will be left to it once it answers; Ctrl-C: at once");
      follow->detach_at_start = TRUE;
      break;
    case MOOD_FOLLOWING:
      detach (follow);
      break;
    case MOOD_GRACE:
      follow->mood = MOOD_CANCELLING;
      g_clear_handle_id (&follow->grace, g_source_remove);
      note (follow, "sqnsctl: cancelling; Ctrl-C: leave it at once");
      cancel_all (follow);
      break;
    case MOOD_CANCELLING:
      print_ids (follow);
      leave (follow, SQNS_EXIT_DETACHED);
      break;
    }
  return G_SOURCE_CONTINUE;
}

/* Nobody is there to press twice. */
static gboolean
on_terminate (gpointer data)
{
  SqnsFollow *follow = data;
  print_ids (follow);
  leave (follow, SQNS_EXIT_DETACHED);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_timeout (gpointer data)
{
  SqnsFollow *follow = data;
  follow->timeout = 0;
  print_ids (follow);
  leave_with (follow, g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "not over after %d s; the job goes on without us",
                                   follow->ctl->timeout));
  return G_SOURCE_REMOVE;
}

/* --- the daemon goes away --- */

static void
on_vanished (SqnsFollow *follow)
{
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      Followed *f = follow->jobs->pdata[i];
      if (f->completed_known || f->ending)
        end_now (f);
    }
  if (follow->over)
    return;
  print_ids (follow);
  leave_with (follow, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST,
                                   "the daemon has gone in the middle of it; the modem is as it last said, and the job is "
                                   "on record: see 'sqnsctl jobs' when the daemon is back"));
}

static void
on_owner_changed (GObject *proxy, GParamSpec *pspec, gpointer data)
{
  g_autofree char *owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (proxy));
  if (owner == NULL)
    on_vanished (data);
}

static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
  on_vanished (data);
}

/* --- life --- */

SqnsFollow *
sqns_follow_new (SqnsCtl *ctl, SqnsBus *bus, gboolean own)
{
  SqnsFollow *follow = g_new0 (SqnsFollow, 1);
  follow->ctl = ctl;
  follow->bus = bus;
  follow->own = own;
  follow->mood = MOOD_FOLLOWING;
  follow->jobs = g_ptr_array_new_with_free_func (followed_free);
  follow->loop = g_main_loop_new (NULL, FALSE);
  follow->cancellable = g_cancellable_new ();
  if (!ctl->quiet && sqns_bars_possible ())
    follow->bars = sqns_bars_new ();
  follow->interrupt = g_unix_signal_add (SIGINT, on_interrupt, follow);
  follow->terminate = g_unix_signal_add (SIGTERM, on_terminate, follow);
  follow->hangup = g_unix_signal_add (SIGHUP, on_terminate, follow);
  follow->owner_changed = g_signal_connect (bus->manager, "notify::g-name-owner", G_CALLBACK (on_owner_changed), follow);
  follow->closed = g_signal_connect (bus->connection, "closed", G_CALLBACK (on_closed), follow);
  return follow;
}

void
sqns_follow_free (SqnsFollow *follow)
{
  g_cancellable_cancel (follow->cancellable);
  g_clear_signal_handler (&follow->owner_changed, follow->bus->manager);
  g_clear_signal_handler (&follow->closed, follow->bus->connection);
  g_clear_handle_id (&follow->interrupt, g_source_remove);
  g_clear_handle_id (&follow->terminate, g_source_remove);
  g_clear_handle_id (&follow->hangup, g_source_remove);
  g_clear_handle_id (&follow->grace, g_source_remove);
  g_clear_handle_id (&follow->timeout, g_source_remove);
  g_clear_pointer (&follow->bars, sqns_bars_free);
  g_ptr_array_unref (follow->jobs);
  g_clear_error (&follow->error);
  g_object_unref (follow->cancellable);
  g_main_loop_unref (follow->loop);
  g_free (follow);
}

void
sqns_follow_expect (SqnsFollow *follow)
{
  follow->mood = MOOD_STARTING;
}

void
sqns_follow_add (SqnsFollow *follow, SqnsDbusJob *job)
{
  Followed *f = g_new0 (Followed, 1);
  const char *modem_path = sqns_dbus_job_get_modem (job);

  f->follow = follow;
  f->job = g_object_ref (job);
  f->index = follow->jobs->len;
  if (modem_path != NULL && g_variant_is_object_path (modem_path))
    f->modem = sqns_bus_modem (follow->bus, modem_path, NULL);
  f->name = f->modem != NULL ? sqns_modem_ref_name (f->modem) : g_strdup_printf ("%.8s", sqns_dbus_job_get_uuid (job));
  g_ptr_array_add (follow->jobs, f);
  g_signal_connect (job, "g-properties-changed", G_CALLBACK (on_changed), f);
  g_signal_connect (job, "completed", G_CALLBACK (on_completed), f);
  tell_event (f, "added");
  show (f);
  if (sqns_job_state_ended (sqns_job_state (job)))
    begin_end (f);
}

void
sqns_follow_started (SqnsFollow *follow)
{
  follow->mood = MOOD_FOLLOWING;
  if (follow->detach_at_start)
    {
      print_ids (follow);
      leave (follow, SQNS_EXIT_DETACHED);
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
      Followed *f = follow->jobs->pdata[i];
      if (f->ended)
        sqns_job_report_end (follow->ctl, f->job, f->modem, f->name);
      sqns_json_array_take (jobs, sqns_json_from_proxy (G_DBUS_PROXY (f->job)));
    }
  /* A stream has told all of it; an error is the document then. */
  if (follow->ctl->json && !follow->ctl->json_stream && follow->error == NULL)
    sqns_json_print (follow->ctl, "jobs", jobs);
  else
    json_node_unref (jobs);
}

SqnsExit
sqns_follow_run (SqnsFollow *follow)
{
  if (follow->ctl->timeout > 0)
    follow->timeout = g_timeout_add_seconds ((guint) follow->ctl->timeout, on_timeout, follow);
  check_all_ended (follow);
  if (!follow->over)
    g_main_loop_run (follow->loop);
  g_clear_pointer (&follow->bars, sqns_bars_free);
  report (follow);
  return follow->error != NULL ? sqns_ctl_fail (follow->ctl, follow->error) : follow->code;
}
