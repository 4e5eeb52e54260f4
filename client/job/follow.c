/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for jobs to end. */
#include "client/job/follow.h"
#include "client/job/job.h"
#include "client/modem/held-port.h"
#include "client/modem/ref.h"
#include "client/ui/bars.h"

#include <signal.h>
#include <string.h>

#include <glib-unix.h>

#define GRACE_S 2 /* between two Ctrl-C that mean "cancel" */
/* A job's state may arrive a quarter of a second late: one that was just resumed may still wait to be resumed. */
#define RESUME_S 1
#define DIGITS "0123456789"

typedef enum {
  STATE_STARTING, /* the jobs are being requested */
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
  GPtrArray *jobs;          /* Followed * */
  SqnsBars *bars;           /* NULL: plain lines */
  GCancellable *cancellable;
  gboolean left_running; /* jobs continue in the background: their ids are printed after the bars */
  gboolean over;         /* nothing is waited for any more */
  SqnsExit code;
  GError *error; /* in place of the jobs' own ends */
  guint interrupt, terminate, hangup, grace, timeout, stranded;
};

typedef struct {
  SqnsFollow *follow;
  SqnsDbusJob *job;
  SqnsDbusModem *modem; /* nullable */
  char *name;           /* of the board */
  char *uuid;
  guint index; /* its place on the screen */
  guint begin; /* idle source, before it is shown first */
  gboolean ended;
  gboolean cancel_refused; /* and it has not ended since */
  GVariant *announced;     /* (bss) of the signal Completed, nullable */
  GVariant *last;          /* a{sv}: the properties at its end */
  char *step, *wait;       /* nullable: the last lines about its steps and its waits */
} Followed;

static void
free_followed (gpointer data)
{
  Followed *self = data;
  g_clear_handle_id (&self->begin, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->job, self);
  g_object_unref (self->job);
  g_clear_object (&self->modem);
  g_clear_pointer (&self->announced, g_variant_unref);
  g_clear_pointer (&self->last, g_variant_unref);
  g_free (self->name);
  g_free (self->uuid);
  g_free (self->step);
  g_free (self->wait);
  g_free (self);
}

static void
leave (SqnsFollow *follow, SqnsExit code)
{
  if (follow->over)
    return;
  follow->over = TRUE;
  follow->code = code;
}

static void
detach_now (SqnsFollow *follow)
{
  follow->left_running = TRUE;
  leave (follow, SQNS_EXIT_DETACHED);
}

/* The jobs continue. Takes @error. */
static void
leave_with (SqnsFollow *follow, GError *error)
{
  if (follow->over)
    {
      g_error_free (error);
      return;
    }
  follow->left_running = TRUE;
  follow->error = error;
  leave (follow, SQNS_EXIT_FAILED);
}

/* --- progress --- */

/* A whole line, above the bars when there are any. */
static void G_GNUC_PRINTF (2, 3) note (SqnsFollow *follow, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  if (follow->bars != NULL)
    sqns_bars_note (follow->bars, text);
  else
    sqns_err_line ("%s", text);
}

/* TRUE when @text differs from the last line, which it replaces. */
static gboolean
is_new (char **last, const char *text)
{
  if (g_strcmp0 (*last, text) == 0)
    return FALSE;
  g_free (*last);
  *last = g_strdup (text);
  return text != NULL;
}

/* The last line with a longer or shorter end: the daemon appends to a sentence, for instance a clock. */
static gboolean
continues (const char *last, const char *text)
{
  return last != NULL && (g_str_has_prefix (text, last) || g_str_has_prefix (last, text));
}

/* A wait until --not-before was asked for; any other wait is reported. */
static gboolean
is_unexpected_wait (SqnsDbusJob *job)
{
  SqnsJobState state = sqns_job_state (job);
  gint64 not_before = (gint64)MIN (sqns_dbus_job_get_not_before (job), (guint64)G_MAXINT64);
  return state == SQNS_JOB_INTERRUPTED || (state == SQNS_JOB_WAITING && not_before <= g_get_real_time ());
}

static void
show_step (Followed *self, const char *text, const char *line)
{
  g_autofree char *news
      = g_strdup_printf ("%d %.*s", sqns_dbus_job_get_safe (self->job), (int)strcspn (text, DIGITS), text);

  if (sqns_job_state_ended (sqns_job_state (self->job)) || is_unexpected_wait (self->job))
    is_new (&self->step, NULL);
  else if (!continues (self->step, news) && is_new (&self->step, news))
    note (self->follow, "%s", line);
}

static void
show (Followed *self, const char *event)
{
  SqnsFollow *follow = self->follow;
  g_autofree char *text = sqns_job_report_text (self->job);
  g_autofree char *line = sqns_job_report_line (self->job, self->name, text);
  /* a running clock in the message is no change */
  g_autofree char *wait = is_unexpected_wait (self->job) ? g_strdelimit (g_strdup (line), DIGITS, '0') : NULL;

  if (is_new (&self->wait, wait))
    note (follow, "%s", line);
  if (follow->bars != NULL)
    {
      SqnsBar bar;
      sqns_job_report_bar (self->job, self->name, text, &bar);
      sqns_bars_set (follow->bars, self->index, &bar);
    }
  else if (!follow->ctl->quiet)
    show_step (self, text, line);
  sqns_ctl_print_event (follow->ctl, event, "job", self->job);
}

/* --- news of the jobs --- */

static SqnsExit
worst_end (SqnsFollow *follow, SqnsExit code)
{
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      const Followed *followed = follow->jobs->pdata[i];
      if (followed->ended)
        code = sqns_exit_worse (code, sqns_job_state_exit (followed->job));
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
      const Followed *followed = follow->jobs->pdata[i];
      ended += followed->ended;
      refused += followed->cancel_refused;
      if (sqns_job_needs_resume (followed->job))
        stranded++;
      else if (!followed->ended)
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
report_holder (Followed *self)
{
  const char *error_name = sqns_dbus_job_get_error_name (self->job);
  const char *message = sqns_dbus_job_get_error_message (self->job);
  if (self->modem == NULL || g_strcmp0 (error_name, SQNS_ERROR_DBUS_PREFIX "PortLocked") != 0)
    return;
  g_autofree char *owner = sqns_held_port_owner (self->follow->conn, self->modem);
  if (owner != NULL && (message == NULL || strstr (message, owner) == NULL))
    note (self->follow, "%s: the port is in use by %s", self->name, owner);
}

/* When the daemon goes, the proxy drops its properties: those at the end are kept. */
static void
save (Followed *self)
{
  g_auto (GStrv) names = g_dbus_proxy_get_cached_property_names (G_DBUS_PROXY (self->job));
  GVariantDict dict;
  g_variant_dict_init (&dict, NULL);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (G_DBUS_PROXY (self->job), names[i]);
      g_variant_dict_insert_value (&dict, names[i], value);
    }
  self->last = g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
set_properties (Followed *self, GVariant *dict)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;
  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_dbus_proxy_set_cached_property (G_DBUS_PROXY (self->job), name, value);
}

/* Property changes are throttled, the signal is not: where they differ, the signal is newer. */
static void
apply_announcement (Followed *self)
{
  GDBusProxy *proxy = G_DBUS_PROXY (self->job);
  gboolean success;
  const char *error_name, *message;

  if (self->announced == NULL || sqns_job_state_ended (sqns_job_state (self->job)))
    return;
  g_variant_get (self->announced, "(b&s&s)", &success, &error_name, &message);
  gboolean cancelled = g_str_equal (error_name, SQNS_ERROR_DBUS_PREFIX "Cancelled");
  SqnsJobState state = success ? SQNS_JOB_SUCCEEDED : cancelled ? SQNS_JOB_CANCELLED : SQNS_JOB_FAILED;
  g_dbus_proxy_set_cached_property (proxy, "State", g_variant_new_string (sqns_job_state_name (state)));
  g_dbus_proxy_set_cached_property (proxy, "ErrorName", g_variant_new_string (error_name));
  g_dbus_proxy_set_cached_property (proxy, success ? "Message" : "ErrorMessage", g_variant_new_string (message));
}

/* Shows the job's changes and its end. The last changes may still be pending as signals: all properties are read. */
static void
look_at (Followed *self)
{
  SqnsFollow *follow = self->follow;

  if (self->announced == NULL && !sqns_job_state_ended (sqns_job_state (self->job)))
    {
      show (self, "changed");
      check_all_ended (follow);
      return;
    }
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_sync (follow->conn->bus, SQNS_BUS_NAME, sqns_path (self->job),
                                     "org.freedesktop.DBus.Properties", "GetAll",
                                     g_variant_new ("(s)", "org.sqnsd1.Job"), G_VARIANT_TYPE ("(a{sv})"),
                                     G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_autoptr (GVariant) dict = reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
  if (dict != NULL) /* else the daemon is gone */
    set_properties (self, dict);
  apply_announcement (self);
  if (!sqns_job_state_ended (sqns_job_state (self->job)))
    return; /* it was resumed meanwhile */
  self->ended = TRUE;
  self->cancel_refused = FALSE;
  save (self);
  show (self, "completed");
  report_holder (self);
  check_all_ended (follow);
}

static gboolean
on_begin (gpointer data)
{
  Followed *self = data;
  self->begin = 0;
  show (self, "added");
  if (self->announced != NULL || sqns_job_state_ended (sqns_job_state (self->job)))
    look_at (self);
  return G_SOURCE_REMOVE;
}

static void
on_changed (GDBusProxy *proxy, GVariant *changed, GStrv invalidated, gpointer data)
{
  Followed *self = data;
  g_autofree char *owner = g_dbus_proxy_get_name_owner (proxy);
  /* when the daemon goes, the proxy drops its properties; the job has not changed */
  if (!self->ended && owner != NULL && self->begin == 0)
    look_at (self);
}

static void
on_completed (SqnsDbusJob *job, gboolean success, const char *error_name, const char *message, gpointer data)
{
  Followed *self = data;
  if (self->announced != NULL)
    return;
  self->announced = g_variant_ref_sink (g_variant_new ("(bss)", success, error_name, message));
  if (!self->ended && self->begin == 0)
    look_at (self);
}

/* --- Ctrl-C and its like --- */

static void
on_cancel_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean accepted = sqns_dbus_job_call_cancel_finish (SQNS_DBUS_JOB (source), result, &error);
  if (accepted || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* @data may be gone */

  Followed *self = data;
  if (self->ended)
    return;
  self->cancel_refused = TRUE;
  g_dbus_error_strip_remote_error (error);
  note (self->follow, "%s: could not cancel, the job continues: %s", self->name, error->message);
  check_all_ended (self->follow);
}

static void
cancel_all (SqnsFollow *follow)
{
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      Followed *followed = follow->jobs->pdata[i];
      if (!followed->ended)
        sqns_dbus_job_call_cancel (followed->job, sqns_no_options (), sqns_connection_flags (follow->conn),
                                   sqns_connection_long_timeout (follow->conn), follow->cancellable, on_cancel_answered,
                                   followed);
    }
}

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
        note (follow, "Waiting for sqnsd to accept the job... press Ctrl-C again to stop waiting");
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
      note (follow, "Detached; the upgrade%s in the background", follow->jobs->len == 1 ? " continues" : "s continue");
      note (follow, "(press Ctrl-C again within %d s to cancel)", GRACE_S);
      break;
    case STATE_GRACE:
      follow->state = STATE_CANCELLING;
      g_clear_handle_id (&follow->grace, g_source_remove);
      note (follow, "Cancelling... press Ctrl-C again to stop waiting");
      cancel_all (follow);
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
  leave_with (follow, g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "Stopped waiting after %d s; %s still running",
                                   follow->ctl->timeout, follow->jobs->len == 1 ? "the job is" : "the jobs are"));
  return G_SOURCE_REMOVE;
}

static void
on_lost (gpointer data)
{
  leave_with (data, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST,
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
  follow->jobs = g_ptr_array_new_with_free_func (free_followed);
  follow->bars = ctl->quiet ? NULL : sqns_bars_new ();
  follow->cancellable = g_cancellable_new ();
  follow->interrupt = g_unix_signal_add (SIGINT, on_interrupt, follow);
  follow->terminate = g_unix_signal_add (SIGTERM, on_terminate, follow);
  follow->hangup = g_unix_signal_add (SIGHUP, on_terminate, follow);
  if (ctl->timeout > 0)
    follow->timeout = g_timeout_add_seconds ((guint)ctl->timeout, on_timeout, follow);
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
  g_cancellable_cancel (follow->cancellable);
  g_object_unref (follow->cancellable);
  g_clear_pointer (&follow->bars, sqns_bars_free);
  g_ptr_array_unref (follow->jobs);
  g_clear_error (&follow->error);
  g_free (follow);
}

gboolean
sqns_follow_await (SqnsFollow *follow, const gboolean *done)
{
  while (!*done && !follow->over)
    g_main_context_iteration (NULL, TRUE);
  return !follow->over;
}

static void
add_detached (SqnsFollow *follow)
{
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      const Followed *followed = follow->jobs->pdata[i];
      if (!followed->ended)
        g_ptr_array_add (follow->ctl->detached, g_strdup (followed->uuid));
    }
}

gboolean
sqns_follow_add (SqnsFollow *follow, const char *path, GError **error)
{
  g_autoptr (SqnsDbusJob) job = sqns_connection_read_job (follow->conn, path, error);
  if (job == NULL)
    {
      add_detached (follow);
      return FALSE;
    }
  Followed *followed = g_new0 (Followed, 1);
  const char *modem = sqns_dbus_job_get_modem (job);
  followed->follow = follow;
  followed->index = follow->jobs->len;
  followed->uuid = g_strdup (sqns_dbus_job_get_uuid (job));
  if (modem != NULL && g_variant_is_object_path (modem))
    followed->modem = sqns_connection_read_modem (follow->conn, modem, NULL);
  followed->name
      = followed->modem != NULL ? sqns_modem_name (followed->modem) : g_strdup_printf (SQNS_SHORT_UUID, followed->uuid);
  /* Signals from before the properties were read are still pending, and would set it back for a moment: let them
   * pass. */
  followed->begin = g_idle_add (on_begin, followed);
  g_signal_connect (job, "g-properties-changed", G_CALLBACK (on_changed), followed);
  g_signal_connect (job, "completed", G_CALLBACK (on_completed), followed);
  followed->job = g_steal_pointer (&job);
  g_ptr_array_add (follow->jobs, followed);
  return TRUE;
}

void
sqns_follow_started (SqnsFollow *follow, gboolean only_start)
{
  follow->state = STATE_FOLLOWING;
  follow->only_start = only_start;
  if (follow->detach_at_start || only_start)
    {
      follow->left_running = TRUE;
      leave (follow, only_start ? SQNS_EXIT_DONE : SQNS_EXIT_DETACHED);
    }
  check_all_ended (follow);
}

static void
report (SqnsFollow *follow, Followed *followed)
{
  if (followed->ended)
    set_properties (followed, followed->last);
  if (follow->only_start)
    sqns_ctl_print_event (follow->ctl, "added", "job", followed->job);
  else if (followed->ended)
    sqns_job_report_end (follow->ctl, followed->job, followed->modem, followed->name);
  else if (follow->error == NULL && follow->code != SQNS_EXIT_DETACHED && sqns_job_needs_resume (followed->job))
    sqns_job_report_interrupted (followed->job, followed->modem, followed->name);
}

SqnsExit
sqns_follow_run (SqnsFollow *follow, GError **error)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new ();
  const gboolean never = FALSE;

  sqns_follow_await (follow, &never);
  g_clear_pointer (&follow->bars, sqns_bars_free);
  /* after the bars, which would be drawn over them */
  for (guint i = 0; follow->left_running && i < follow->jobs->len; i++)
    {
      const Followed *followed = follow->jobs->pdata[i];
      if (!followed->ended)
        sqns_ctl_say (follow->ctl, "%s\n", followed->uuid);
    }
  for (guint i = 0; i < follow->jobs->len; i++)
    {
      Followed *followed = follow->jobs->pdata[i];
      report (follow, followed);
      g_ptr_array_add (jobs, followed->job);
    }
  /* A stream has reported every job already; an error is a document of its own. */
  if (follow->ctl->json && !follow->ctl->json_stream && follow->error == NULL)
    sqns_ctl_print (follow->ctl, "jobs", sqns_json_from_proxies (jobs));
  if (follow->error != NULL)
    {
      add_detached (follow);
      g_propagate_error (error, g_steal_pointer (&follow->error));
    }
  return follow->code;
}
