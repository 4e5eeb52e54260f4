/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The content of a desktop notification about a job. */
#include "client/job/job.h"
#include "client/modem/ref.h"
#include "client/notify/notification.h"

#include "common/clean.h"

#include <string.h>

#define MAX_LINE 600 /* characters: a notification is small */
#define KEEP_POWER "Leave the power on."

static void
add_line (GString *body, const char *text)
{
  g_autofree char *clean = sqns_clean_line (text, -1);
  g_strstrip (clean);
  if (*clean == '\0')
    return;
  if (body->len > 0)
    g_string_append_c (body, '\n');
  g_autofree char *head = g_utf8_substring (clean, 0, MIN (g_utf8_strlen (clean, -1), MAX_LINE));
  g_autofree char *first = g_utf8_substring (head, 0, 1);
  g_autofree char *upper = g_utf8_strup (first, -1);
  g_string_append_printf (body, "%s%s%s", upper, head + strlen (first), g_str_equal (head, clean) ? "" : "...");
}

static SqnsNotification *
new_notification (SqnsNotificationKind kind, char *summary, GString *body)
{
  SqnsNotification *self = g_new0 (SqnsNotification, 1);
  self->kind = kind;
  self->summary = summary;
  self->body = g_string_free (body, FALSE);
  self->percent = -1;
  return self;
}

char *
sqns_notification_name (SqnsDbusModem *modem)
{
  if (modem == NULL)
    return NULL;
  g_autofree char *tty = sqns_modem_name (modem);
  g_autofree char *board = sqns_clean_line (sqns_dbus_modem_get_board (modem), -1);
  return *board != '\0' ? g_strdup_printf ("%s %s", board, tty) : g_steal_pointer (&tty);
}

static const char *
verb (SqnsDbusJob *job)
{
  return g_strcmp0 (sqns_dbus_job_get_kind (job), "recover") == 0 ? "recovering" : "upgrading";
}

static SqnsNotification *
of_running (SqnsDbusJob *job, const char *name, const char *note)
{
  GString *body = g_string_new (NULL);
  int percent = (int)(CLAMP (sqns_dbus_job_get_progress (job), 0, 1) * 100);
  g_autofree char *message = sqns_clean_line (sqns_dbus_job_get_message (job), -1);
  g_autofree char *line = g_strdup_printf ("%d %%%s%s", percent, *message != '\0' ? ": " : "", message);

  add_line (body, line);
  add_line (body, sqns_dbus_job_get_safe (job) ? "" : KEEP_POWER);
  add_line (body, note);
  SqnsNotification *self
      = new_notification (SQNS_NOTIFICATION_PROGRESS, g_strdup_printf ("%s: %s the modem", name, verb (job)), body);
  self->percent = percent;
  self->cancel = !sqns_dbus_job_get_point_of_no_return (job);
  return self;
}

static SqnsNotification *
of_waiting (SqnsDbusJob *job, const char *name, const char *note)
{
  const char *hand = sqns_job_user_action (job);
  GString *body = g_string_new (NULL);

  add_line (body, hand != NULL ? hand : sqns_dbus_job_get_message (job));
  /* a modem that cannot be asked may be writing */
  add_line (body, sqns_dbus_job_get_safe (job) && hand == NULL ? "" : KEEP_POWER);
  add_line (body, note);
  SqnsNotification *self
      = hand != NULL ? new_notification (SQNS_NOTIFICATION_USER_ACTION, g_strdup_printf ("%s needs you", name), body)
                     : new_notification (SQNS_NOTIFICATION_WAITING, g_strdup_printf ("%s: the job waits", name), body);
  self->cancel = !sqns_dbus_job_get_point_of_no_return (job);
  return self;
}

static SqnsNotification *
of_success (SqnsDbusJob *job, const char *name)
{
  g_autofree char *before = sqns_clean_line (sqns_dbus_job_get_version_before (job), -1);
  g_autofree char *after = sqns_clean_line (sqns_dbus_job_get_version_after (job), -1);
  GString *body = g_string_new (NULL);

  add_line (body, sqns_dbus_job_get_message (job));
  if (*before != '\0' && !g_str_equal (before, after) && strstr (body->str, before) == NULL)
    {
      g_autofree char *line = g_strdup_printf ("It was %s before.", before);
      add_line (body, line);
    }
  add_line (body, sqns_dbus_job_get_advice (job));
  char *summary = *after != '\0' ? g_strdup_printf ("%s runs %s", name, after) : g_strdup_printf ("%s: done", name);
  return new_notification (SQNS_NOTIFICATION_SUCCEEDED, summary, body);
}

static const char *const power_texts[] = {
  [SQNS_POWER_SAFE] = "Power may be cut.",
  [SQNS_POWER_KEEP] = KEEP_POWER,
  [SQNS_POWER_UNSURE] = "Whether power may be cut is not known: leave it on until the next step says otherwise.",
};

/* Also for a cancelled job, which can leave the modem in a state that needs action. */
static SqnsNotification *
of_failure (SqnsDbusJob *job, SqnsDbusModem *modem, const char *name)
{
  gboolean cancelled = sqns_job_state (job) == SQNS_JOB_CANCELLED;
  gboolean harmless = cancelled && sqns_job_state_exit (job) == SQNS_EXIT_CANCELLED;
  const char *message = sqns_dbus_job_get_error_message (job);
  const char *state = modem != NULL ? sqns_dbus_modem_get_state (modem) : NULL;
  GString *body = g_string_new (NULL);

  add_line (body, message != NULL && *message != '\0' ? message : sqns_dbus_job_get_message (job));
  if (state != NULL && *state != '\0' && !g_str_equal (state, "upgrading"))
    {
      g_autofree char *line = g_strdup_printf ("The modem: %s.", state);
      add_line (body, line);
    }
  add_line (body, power_texts[sqns_job_power (job, modem)]);
  add_line (body, sqns_dbus_job_get_advice (job));
  return new_notification (harmless ? SQNS_NOTIFICATION_CANCELLED : SQNS_NOTIFICATION_FAILED,
                           g_strdup_printf ("%s: %s", name, cancelled ? "cancelled" : "the modem's upgrade failed"),
                           body);
}

SqnsNotification *
sqns_notification_of_job (SqnsDbusJob *job, SqnsDbusModem *modem, const char *note)
{
  const char *phase = sqns_dbus_job_get_phase (job);
  gboolean begun = phase != NULL && *phase != '\0';
  g_autofree char *name = sqns_notification_name (modem);
  if (name == NULL)
    name = g_strdup_printf ("Job " SQNS_SHORT_UUID, sqns_dbus_job_get_uuid (job));

  switch (sqns_job_state (job))
    {
    case SQNS_JOB_RUNNING:
    case SQNS_JOB_VERIFYING:
      return of_running (job, name, note);
    case SQNS_JOB_WAITING:
    case SQNS_JOB_INTERRUPTED:
      return begun ? of_waiting (job, name, note) : NULL;
    case SQNS_JOB_SUCCEEDED:
      return of_success (job, name);
    case SQNS_JOB_FAILED:
    case SQNS_JOB_CANCELLED:
      return of_failure (job, modem, name);
    case SQNS_JOB_QUEUED:
    case SQNS_JOB_UNKNOWN:
      break;
    }
  return NULL;
}

SqnsNotification *
sqns_notification_lost (const char *name)
{
  GString *body = g_string_new (NULL);
  add_line (body, "The daemon sqnsd has gone while its job ran. What the modem does now is not known.");
  add_line (body, KEEP_POWER " When the daemon is back, it looks what became of the modem (sqnsctl jobs).");
  return new_notification (SQNS_NOTIFICATION_LOST, g_strdup_printf ("%s: the daemon has gone", name), body);
}

gboolean
sqns_notification_is_end (SqnsNotificationKind kind)
{
  return kind == SQNS_NOTIFICATION_SUCCEEDED || kind == SQNS_NOTIFICATION_CANCELLED || kind == SQNS_NOTIFICATION_FAILED;
}

gboolean
sqns_notification_equal (const SqnsNotification *a, const SqnsNotification *b)
{
  return a->kind == b->kind && a->percent == b->percent && a->cancel == b->cancel
         && g_str_equal (a->summary, b->summary) && g_str_equal (a->body, b->body);
}

void
sqns_notification_free (SqnsNotification *self)
{
  g_free (self->summary);
  g_free (self->body);
  g_free (self);
}
