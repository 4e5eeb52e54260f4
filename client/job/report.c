/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job as text. */
#include "client/job/report.h"
#include "client/job/state.h"
#include "client/ui/output.h"

#include "common/clean.h"

#include <string.h>

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static char *
joined (const char *word, const char *message)
{
  return *message != '\0' ? g_strdup_printf ("%s: %s", word, message) : g_strdup (word);
}

char *
sqns_job_report_text (SqnsDbusJob *job)
{
  const char *message = or_empty (sqns_dbus_job_get_message (job));
  const char *phase = or_empty (sqns_dbus_job_get_phase (job));
  guint position = sqns_dbus_job_get_queue_position (job);

  switch (sqns_job_state (job))
    {
    case SQNS_JOB_QUEUED:
      return position > 1 ? g_strdup_printf ("queued, %u before it", position - 1) : joined ("queued", message);
    case SQNS_JOB_RUNNING:
      return joined (*phase != '\0' ? phase : "running", message);
    case SQNS_JOB_SUCCEEDED:
      return joined ("succeeded", or_empty (sqns_dbus_job_get_version_after (job)));
    case SQNS_JOB_FAILED:
      return joined ("failed", or_empty (sqns_dbus_job_get_error_message (job)));
    case SQNS_JOB_CANCELLED:
      return g_strdup ("cancelled");
    case SQNS_JOB_WAITING:
    case SQNS_JOB_VERIFYING:
    case SQNS_JOB_INTERRUPTED:
    case SQNS_JOB_UNKNOWN:
      break;
    }
  return joined (or_empty (sqns_dbus_job_get_state (job)), message);
}

char *
sqns_job_report_line (SqnsDbusJob *job, const char *name, const char *text)
{
  return g_strdup_printf ("%s%s: %s", sqns_dbus_job_get_safe (job) ? "" : SQNS_BAR_KEEP_POWER "  ", name, text);
}

void
sqns_job_report_bar (SqnsDbusJob *job, const char *name, const char *text, SqnsBar *bar)
{
  static const SqnsBarLook looks[SQNS_N_JOB_STATES] = {
    /* WAITING for all others */
    [SQNS_JOB_RUNNING] = SQNS_BAR_RUNNING,  [SQNS_JOB_VERIFYING] = SQNS_BAR_RUNNING,
    [SQNS_JOB_SUCCEEDED] = SQNS_BAR_DONE,   [SQNS_JOB_FAILED] = SQNS_BAR_FAILED,
    [SQNS_JOB_CANCELLED] = SQNS_BAR_FAILED,
  };
  SqnsJobState state = sqns_job_state (job);
  guint64 end = sqns_dbus_job_get_expected_end (job);
  *bar = (SqnsBar){
    .name = name,
    .text = text,
    .look = state != SQNS_JOB_UNKNOWN ? looks[state] : SQNS_BAR_WAITING,
    .fraction = sqns_dbus_job_get_progress (job),
    .done = sqns_dbus_job_get_bytes_done (job),
    .total = sqns_dbus_job_get_bytes_total (job),
    .rate = sqns_dbus_job_get_rate (job),
    .expected_end = end <= G_MAXINT64 ? (gint64)end : 0,
    .headed = TRUE,
    .keep_power = !sqns_dbus_job_get_safe (job),
  };
}

static void
report_success (const SqnsCtl *ctl, SqnsDbusJob *job, const char *name)
{
  g_autofree char *before = sqns_clean_line (sqns_dbus_job_get_version_before (job), -1);
  g_autofree char *after = sqns_clean_line (sqns_dbus_job_get_version_after (job), -1);
  g_autofree char *message = sqns_clean_line (sqns_dbus_job_get_message (job), -1);
  const char *advice = or_empty (sqns_dbus_job_get_advice (job));
  g_autofree char *versions = NULL;

  /* The versions are added only when the daemon's sentence does not name them. */
  if (*after != '\0' && strstr (message, after) == NULL)
    versions = *before != '\0' && !g_str_equal (before, after) ? g_strdup_printf (", %s -> %s", before, after)
                                                               : g_strdup_printf (", %s", after);
  if (!ctl->quiet)
    sqns_ctl_say (ctl, "%s: succeeded%s%s%s\n", name, or_empty (versions), *message != '\0' ? ": " : "", message);
  /* steps left for a person are neither progress, which --quiet drops, nor data */
  if (*advice != '\0')
    sqns_complain ("%s: %s", name, advice);
}

static void
detail (const char *label, const char *text)
{
  g_autofree char *clean = sqns_clean_line (text, -1);
  if (*clean != '\0')
    sqns_err_line ("  %-6s %s", label, clean);
}

static const char *const power_texts[] = {
  [SQNS_POWER_SAFE] = "may be cut now",
  [SQNS_POWER_KEEP] = "must stay on",
  [SQNS_POWER_UNSURE] = "whether it may be cut is not known: leave it on until the next step says otherwise",
};

/* Avoids "cancelled: cancelled before it began". */
static void
report_cancel (const char *name, const char *message)
{
  gboolean says_it = g_str_has_prefix (message, "cancelled");
  sqns_complain ("%s: %s%s%s", name, says_it ? "" : "cancelled", says_it || *message == '\0' ? "" : ": ", message);
}

static void
report_details (SqnsDbusJob *job, SqnsDbusModem *modem, const char *next)
{
  g_autofree char *log
      = g_strdup_printf ("sqnsctl job " SQNS_SHORT_UUID " --log", or_empty (sqns_dbus_job_get_uuid (job)));

  detail ("modem", modem != NULL ? sqns_dbus_modem_get_state (modem) : NULL);
  detail ("power", power_texts[sqns_job_power (job, modem)]);
  detail ("next", next);
  detail ("log", log);
}

void
sqns_job_report_interrupted (SqnsDbusJob *job, SqnsDbusModem *modem, const char *name)
{
  g_autofree char *next = g_strdup_printf ("See to the board, then run 'sqnsctl resume " SQNS_SHORT_UUID
                                           "': the job does not go on by itself.",
                                           or_empty (sqns_dbus_job_get_uuid (job)));
  sqns_complain ("%s: interrupted: %s", name, or_empty (sqns_dbus_job_get_message (job)));
  report_details (job, modem, next);
}

void
sqns_job_report_end (const SqnsCtl *ctl, SqnsDbusJob *job, SqnsDbusModem *modem, const char *name)
{
  SqnsJobState state = sqns_job_state (job);
  const char *message = or_empty (sqns_dbus_job_get_error_message (job));

  if (state == SQNS_JOB_SUCCEEDED)
    {
      report_success (ctl, job, name);
      return;
    }
  if (state == SQNS_JOB_CANCELLED)
    report_cancel (name, message);
  else
    sqns_complain ("%s: %s", name, *message != '\0' ? message : "failed, and the daemon gives no reason");
  report_details (job, modem, sqns_dbus_job_get_advice (job));
}
