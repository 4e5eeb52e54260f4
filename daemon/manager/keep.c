/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the manager writes into its journal, and what it takes out again. */
#include "manager/manager-private.h"

#define SETTLE_S 20 /* a caller of D-Bus waits for 25 s */
#define DAY_US ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

/* Who is to hear that something is on disk. The records of many jobs are written together, and all of these go on then:
 * in their turns, and nobody before another one whose order came first. */
typedef struct {
  GDestroyNotify hear; /* with itself, which it frees */
} Listener;

static void
hear (gpointer listener)
{
  ((Listener *)listener)->hear (listener);
}

static void
hear_in_turn (gpointer listener, gpointer user_data)
{
  hear (listener);
}

SqnsBacklog *
sqns_manager_kept_new (void)
{
  return sqns_backlog_new (hear_in_turn, NULL);
}

void
sqns_manager_kept_free (SqnsBacklog *kept)
{
  sqns_backlog_free (kept, hear);
}

typedef struct {
  Listener listener;
  SqnsManager *manager; /* weak */
  SqnsJob *job;
  SqnsJobKept done;
  gpointer data;
  GError *error;
} Keeping;

static void
tell_kept (gpointer data)
{
  g_autofree Keeping *keeping = data;
  g_autoptr (SqnsJob) job = keeping->job;
  g_autoptr (GError) error = keeping->error;
  keeping->done (job, error, keeping->data);
}

static void keep (gpointer keeper, SqnsJob *job, SqnsJobKept done, gpointer data);

static void
on_kept_again (SqnsJob *job, const GError *error, gpointer unused)
{
}

/* Somebody removed the folder: not only the job that has found it out is to be there again. */
static void
keep_again (SqnsManager *self)
{
  if (!sqns_journal_was_remade (self->journal))
    return;
  for (guint i = 0; i < self->jobs->len; i++)
    keep (self, self->jobs->pdata[i], on_kept_again, NULL);
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Keeping *keeping = user_data;
  SqnsManager *manager = keeping->manager;

  sqns_journal_put_finish (result, &keeping->error);
  g_clear_weak_pointer (&keeping->manager);
  if (manager != NULL)
    {
      keep_again (manager);
      sqns_backlog_push (manager->kept, keeping);
    }
  else
    tell_kept (keeping);
}

static void
keep (gpointer keeper, SqnsJob *job, SqnsJobKept done, gpointer data)
{
  SqnsManager *self = keeper;
  Keeping *keeping = g_new0 (Keeping, 1);
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  gboolean log = sqns_job_log_size (job) > 0 && !sqns_job_log_is_elsewhere (job);

  keeping->listener.hear = tell_kept;
  g_set_weak_pointer (&keeping->manager, self);
  keeping->job = g_object_ref (job);
  keeping->done = done;
  keeping->data = data;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    files[i] = sqns_job_file (job, (SqnsJobFile)i);
  sqns_journal_put_async (self->journal, sqns_job_record (job), files, log ? sqns_job_log_text (job) : NULL, on_put,
                          keeping);
}

void
sqns_manager_keep_job (SqnsManager *self, SqnsJob *job)
{
  if (self->journal != NULL)
    sqns_job_set_keeper (job, keep, self);
}

/* Whether @job could still ask for the file with this hash. */
static gboolean
needs (SqnsJob *job, const char *sha256)
{
  if (!sqns_job_record_needs_files (sqns_job_record (job)))
    return FALSE;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (g_str_equal (sqns_job_request (job)->files[i].sha256, sha256))
      return TRUE;
  return FALSE;
}

static gboolean
is_needed (SqnsManager *self, const char *sha256)
{
  for (guint i = 0; i < self->jobs->len; i++)
    if (needs (self->jobs->pdata[i], sha256))
      return TRUE;
  return FALSE;
}

/* Settled */

typedef struct {
  Listener listener;
  GTask *task; /* NULL once it was answered */
  guint deadline;
} Settling;

static void
settle (Settling *settling)
{
  g_autoptr (GTask) task = g_steal_pointer (&settling->task);
  g_clear_handle_id (&settling->deadline, g_source_remove);
  if (task != NULL)
    g_task_return_boolean (task, TRUE);
}

static void
tell_settled (gpointer data)
{
  g_autofree Settling *settling = data;
  settle (settling);
}

static gboolean
on_not_settled (gpointer user_data)
{
  Settling *settling = user_data;
  settling->deadline = 0;
  settle (settling);
  return G_SOURCE_REMOVE;
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Settling *settling = user_data;
  sqns_journal_flush_finish (result);
  if (settling->task != NULL)
    sqns_backlog_push (SQNS_MANAGER (g_task_get_source_object (settling->task))->kept, settling);
  else
    tell_settled (settling);
}

void
sqns_manager_settle_async (SqnsManager *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, sqns_manager_settle_async);
  Settling *settling = g_new0 (Settling, 1);
  settling->listener.hear = tell_settled;
  settling->task = task;
  if (self->journal == NULL)
    {
      tell_settled (settling);
      return;
    }
  settling->deadline = g_timeout_add_seconds (SETTLE_S, on_not_settled, settling);
  sqns_journal_flush_async (self->journal, on_settled, settling);
}

void
sqns_manager_settle_finish (SqnsManager *manager, GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

void
sqns_manager_release_files (SqnsManager *self, SqnsJob *job)
{
  if (self->journal == NULL)
    return;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      const char *sha256 = sqns_job_request (job)->files[i].sha256;
      if (*sha256 != '\0' && !is_needed (self, sha256))
        sqns_journal_remove_firmware (self->journal, sha256);
    }
}

gint64
sqns_manager_expired (SqnsManager *self, gint64 now)
{
  return now - self->config.history_days * DAY_US;
}

/* Jobs that are not on the bus any more have records, too. */
gint64
sqns_manager_sweep (SqnsManager *self, gint64 now)
{
  if (self->journal == NULL || self->opening != NULL || self->config.history_days == 0)
    return 0;
  if (self->next_sweep <= now || self->next_sweep > now + DAY_US) /* the clock may have been set */
    {
      if (self->next_sweep != 0)
        sqns_journal_prune (self->journal, sqns_manager_expired (self, now));
      self->next_sweep = now + DAY_US;
    }
  return self->next_sweep;
}
