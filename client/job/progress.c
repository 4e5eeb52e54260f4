/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress of jobs on stderr. */
#include "client/job/report.h"
#include "client/job/state.h"
#include "client/ui/output.h"
#include "client/job/progress.h"

#include <string.h>

struct _SqnsProgress {
  const SqnsCtl *ctl;
  SqnsBars *bars;   /* NULL: plain lines */
  GPtrArray *steps; /* char *, nullable, by index: the last line about its steps */
  GPtrArray *waits; /* the same about its waits */
};

SqnsProgress *
sqns_progress_new (const SqnsCtl *ctl)
{
  SqnsProgress *progress = g_new0 (SqnsProgress, 1);
  progress->ctl = ctl;
  progress->steps = g_ptr_array_new_with_free_func (g_free);
  progress->waits = g_ptr_array_new_with_free_func (g_free);
  if (!ctl->quiet)
    progress->bars = sqns_bars_new ();
  return progress;
}

void
sqns_progress_free (SqnsProgress *progress)
{
  g_clear_pointer (&progress->bars, sqns_bars_free);
  g_ptr_array_unref (progress->steps);
  g_ptr_array_unref (progress->waits);
  g_free (progress);
}

void
sqns_progress_note (SqnsProgress *progress, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  if (progress->bars != NULL)
    sqns_bars_note (progress->bars, text);
  else
    sqns_err_line ("%s", text);
}

/* TRUE when @text differs from the last line, which it replaces. */
static gboolean
is_new (GPtrArray *last, guint index, const char *text)
{
  if (index >= last->len)
    g_ptr_array_set_size (last, (int)index + 1);
  if (g_strcmp0 (last->pdata[index], text) == 0)
    return FALSE;
  g_free (last->pdata[index]);
  last->pdata[index] = g_strdup (text);
  return text != NULL;
}

/* The last line with a longer or shorter end: the daemon appends to a sentence, for instance a clock. */
static gboolean
continues (GPtrArray *last, guint index, const char *text)
{
  const char *before = index < last->len ? last->pdata[index] : NULL;
  return before != NULL && (g_str_has_prefix (text, before) || g_str_has_prefix (before, text));
}

/* A wait until --not-before was asked for; any other wait is reported. */
static gboolean
is_unexpected_wait (SqnsDbusJob *job)
{
  SqnsJobState state = sqns_job_state (job);
  gint64 not_before = (gint64)MIN (sqns_dbus_job_get_not_before (job), (guint64)G_MAXINT64);
  return state == SQNS_JOB_INTERRUPTED || (state == SQNS_JOB_WAITING && not_before <= g_get_real_time ());
}

/* A running clock in the message is no change. */
static char *
without_digits (const char *text)
{
  return g_strdelimit (g_strdup (text), "0123456789", '0');
}

static void
report_wait (SqnsProgress *progress, guint index, SqnsDbusJob *job, const char *name, const char *text)
{
  g_autofree char *line = sqns_job_report_line (job, name, text);
  g_autofree char *wait = is_unexpected_wait (job) ? without_digits (line) : NULL;
  if (is_new (progress->waits, index, wait))
    sqns_progress_note (progress, "%s", line);
}

static void
report_step (SqnsProgress *progress, guint index, SqnsDbusJob *job, const char *name, const char *text)
{
  SqnsJobState state = sqns_job_state (job);
  g_autofree char *line = sqns_job_report_line (job, name, text);
  g_autofree char *news
      = g_strdup_printf ("%d %.*s", sqns_dbus_job_get_safe (job), (int)strcspn (text, "0123456789"), text);

  if (sqns_job_state_ended (state) || is_unexpected_wait (job))
    is_new (progress->steps, index, NULL);
  else if (!continues (progress->steps, index, news) && is_new (progress->steps, index, news))
    sqns_progress_note (progress, "%s", line);
}

void
sqns_progress_show (SqnsProgress *progress, guint index, SqnsDbusJob *job, const char *name)
{
  g_autofree char *text = sqns_job_report_text (job);

  report_wait (progress, index, job, name, text);
  if (progress->bars != NULL)
    {
      SqnsBar bar;
      sqns_job_report_bar (job, name, text, &bar);
      sqns_bars_set (progress->bars, index, &bar);
    }
  else if (!progress->ctl->quiet)
    report_step (progress, index, job, name, text);
}
