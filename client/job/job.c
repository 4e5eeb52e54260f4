/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job: finding the one that a person names, what its state means, and how it is told. */
#include "client/job/job.h"

#include "common/clean.h"
#include "common/power.h"

#include <string.h>

/* No property has these two facts: they are read from the daemon's messages. */
#define HAND "NeedsHand: "
#define RESUME "sqnsctl resume "

SqnsJobState
sqns_job_state (SqnsDbusJob *job)
{
  SqnsJobState state = SQNS_JOB_UNKNOWN;
  sqns_job_state_from_name (sqns_dbus_job_get_state (job), &state);
  return state;
}

const char *
sqns_job_user_action (SqnsDbusJob *job)
{
  const char *message = sqns_dbus_job_get_message (job);
  gboolean hand = sqns_job_state (job) == SQNS_JOB_WAITING && message != NULL && g_str_has_prefix (message, HAND);
  return hand ? message + strlen (HAND) : NULL;
}

/* A job that continues by itself has a place in the queue. */
gboolean
sqns_job_needs_resume (SqnsDbusJob *job)
{
  const char *message = sqns_dbus_job_get_message (job);
  return sqns_job_state (job) == SQNS_JOB_INTERRUPTED && sqns_dbus_job_get_queue_position (job) == 0 && message != NULL
         && strstr (message, RESUME) != NULL;
}

SqnsExit
sqns_job_state_exit (SqnsDbusJob *job)
{
  SqnsJobState state = sqns_job_state (job);
  SqnsExit code = sqns_exit_from_name (sqns_dbus_job_get_error_name (job));

  if (state == SQNS_JOB_SUCCEEDED)
    return SQNS_EXIT_DONE;
  if (code != SQNS_EXIT_DONE) /* a cancelled job may have left the modem in recovery: its error says so */
    return code;
  return state == SQNS_JOB_CANCELLED ? SQNS_EXIT_CANCELLED : SQNS_EXIT_FAILED;
}

/* The daemon's Safe covers only what this job did. */
SqnsPower
sqns_job_power (SqnsDbusJob *job, SqnsDbusModem *modem)
{
  gboolean safe = sqns_dbus_job_get_safe (job);
  const char *current = modem != NULL ? sqns_dbus_modem_get_current_job (modem) : NULL;
  gboolean busy = g_strcmp0 (current, "/") != 0 && g_strcmp0 (current, sqns_path (job)) != 0;
  SqnsModemState state;
  SqnsError code;

  if (modem == NULL || !sqns_modem_state_from_name (sqns_dbus_modem_get_state (modem), &state) || (safe && busy))
    return safe ? SQNS_POWER_UNSURE : SQNS_POWER_KEEP;
  if (!sqns_error_from_name (sqns_dbus_job_get_error_name (job), &code))
    return safe ? sqns_power_of_state (state) : SQNS_POWER_KEEP;
  return sqns_power_after_failure (safe, code, state);
}

/* --- the jobs that a person names --- */

static gboolean all_jobs;

const GOptionEntry sqns_job_ref_options[] = {
  { "all", 0, 0, G_OPTION_ARG_NONE, &all_jobs, "every job that has not ended", NULL },
  { NULL },
};

static const char *
uuid_of (SqnsDbusJob *job)
{
  const char *uuid = sqns_dbus_job_get_uuid (job);
  return uuid != NULL ? uuid : "";
}

SqnsDbusJob *
sqns_job_ref_find (SqnsConnection *conn, const char *ref, GError **error)
{
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  g_autofree char *shown = sqns_clean_line (ref, -1);
  g_autofree char *lower = g_ascii_strdown (ref, -1);
  SqnsDbusJob *found = NULL;
  guint n_found = 0;

  for (guint i = 0; i < jobs->len && *ref != '\0'; i++)
    {
      if (g_str_equal (uuid_of (jobs->pdata[i]), lower) || g_str_equal (sqns_path (jobs->pdata[i]), ref))
        return g_object_ref (jobs->pdata[i]);
      if (g_str_has_prefix (uuid_of (jobs->pdata[i]), lower))
        {
          found = jobs->pdata[i];
          n_found++;
        }
    }
  if (n_found == 1)
    return g_object_ref (found);
  if (n_found > 1)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "'%s' means %u jobs: give more of the id (see: sqnsctl jobs)",
                 shown, n_found);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no job '%s' (see: sqnsctl jobs)", shown);
  return NULL;
}

GPtrArray *
sqns_job_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) known = sqns_connection_jobs (conn);

  for (guint i = 0; i < n_refs; i++)
    {
      g_autoptr (SqnsDbusJob) job = sqns_job_ref_find (conn, refs[i], error);
      if (job == NULL)
        return NULL;
      sqns_add_once (jobs, job);
    }
  for (guint i = 0; all && i < known->len; i++)
    if (!sqns_job_state_ended (sqns_job_state (known->pdata[i])))
      sqns_add_once (jobs, known->pdata[i]);
  return g_steal_pointer (&jobs);
}

guint
sqns_job_ref_length (GPtrArray *jobs)
{
  guint length = SQNS_SHORT_UUID_LENGTH;
  for (guint i = 0; i < jobs->len; i++)
    for (guint j = i + 1; j < jobs->len; j++)
      {
        const char *a = uuid_of (jobs->pdata[i]);
        const char *b = uuid_of (jobs->pdata[j]);
        guint common = 0;
        while (a[common] != '\0' && a[common] == b[common])
          common++;
        length = MAX (length, common + 1);
      }
  return length;
}

GPtrArray *
sqns_job_ref_arguments (SqnsCtl *ctl, int argc, char **argv, SqnsConnection **conn, SqnsExit *code, GError **error)
{
  if (argc < 2 && !all_jobs)
    {
      *code = sqns_ctl_usage (ctl, "which job? give ids or --all");
      return NULL;
    }
  *conn = sqns_connection_open (ctl, error);
  return *conn != NULL ? sqns_job_ref_resolve (*conn, argv + 1, (guint)argc - 1, all_jobs, error) : NULL;
}

/* --- text --- */

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
