/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ended jobs, on disk or not. They are read when somebody asks: there may be tens of thousands. */
#include "base/fair-queue.h"
#include "manager/journal-private.h"
#include "manager/manager-private.h"

void
sqns_history_filter_clear (SqnsHistoryFilter *filter)
{
  g_clear_pointer (&filter->modem, g_free);
  g_clear_pointer (&filter->label, g_free);
}

gboolean
sqns_history_filter_fits (const SqnsHistoryFilter *filter, const SqnsJobRecord *record)
{
  return sqns_job_state_ended (record->state) && (filter->modem == NULL || g_str_equal (filter->modem, record->device))
         && (filter->label == NULL || g_str_equal (filter->label, record->request.label))
         && (!filter->by_state || filter->state == record->state)
         && (!filter->by_kind || !!filter->recover == !!record->request.options.recover)
         && record->finished_at >= filter->since && (filter->before == 0 || record->finished_at < filter->before);
}

static void
record_free (gpointer data)
{
  sqns_job_record_free (data);
}

static int
compare_ends (gconstpointer a, gconstpointer b)
{
  const SqnsJobRecord *one = *(SqnsJobRecord *const *)a, *two = *(SqnsJobRecord *const *)b;
  return one->finished_at > two->finished_at ? -1 : one->finished_at < two->finished_at;
}

/* Takes @record. Not all that fits is held at once. */
static void
consider (const SqnsHistoryFilter *filter, GPtrArray *found, SqnsJobRecord *record)
{
  if (!sqns_history_filter_fits (filter, record))
    {
      sqns_job_record_free (record);
      return;
    }
  g_ptr_array_add (found, record);
  if (found->len < 2 * filter->limit + 100)
    return;
  g_ptr_array_sort (found, compare_ends);
  g_ptr_array_set_size (found, (int)filter->limit);
}

static void
search_folder (const SqnsHistoryFilter *filter, const char *folder, GHashTable *seen, GPtrArray *found)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (!g_str_has_suffix (name, SQNS_JOURNAL_RECORD) || g_hash_table_contains (seen, name))
        continue;
      SqnsJobRecord *record = sqns_journal_read_record (path, NULL);
      if (record != NULL)
        consider (filter, found, record);
    }
}

GPtrArray *
sqns_history_search (const SqnsHistoryFilter *filter, const char *folder, GPtrArray *known)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *found = g_ptr_array_new_with_free_func (record_free);

  for (guint i = 0; i < known->len; i++)
    {
      SqnsJobRecord *record = g_steal_pointer (&known->pdata[i]);
      g_hash_table_add (seen, g_strconcat (record->uuid, SQNS_JOURNAL_RECORD, NULL));
      consider (filter, found, record);
    }
  if (folder != NULL)
    search_folder (filter, folder, seen, found);
  g_ptr_array_sort (found, compare_ends);
  if (found->len > filter->limit)
    g_ptr_array_set_size (found, (int)filter->limit);
  return found;
}

/* In worker threads. These are few, and others need some, too: everybody may ask, as often as he likes. */

#define MAX_RUNNING 2u
#define MAX_WAITING 256u

struct _SqnsHistoryDesk {
  SqnsFairQueue *waiting; /* GTask, by users */
  guint running;
};

typedef struct {
  SqnsHistoryFilter filter;
  char *folder;
  GPtrArray *known;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;
  sqns_history_filter_clear (&search->filter);
  g_free (search->folder);
  g_clear_pointer (&search->known, g_ptr_array_unref);
  g_free (search);
}

static void
search_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Search *search = task_data;
  g_task_return_pointer (task, sqns_history_search (&search->filter, search->folder, search->known),
                         (GDestroyNotify)g_ptr_array_unref);
}

SqnsHistoryDesk *
sqns_history_desk_new (void)
{
  SqnsHistoryDesk *self = g_new0 (SqnsHistoryDesk, 1);
  self->waiting = sqns_fair_queue_new (MAX_WAITING);
  return self;
}

void
sqns_history_desk_free (SqnsHistoryDesk *self)
{
  sqns_fair_queue_free (self->waiting, g_object_unref);
  g_free (self);
}

static void serve (SqnsManager *self);

static void
on_searched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (SqnsManager) self = g_object_ref (SQNS_MANAGER (source));
  self->history->running--;
  g_task_return_pointer (task, g_task_propagate_pointer (G_TASK (result), NULL), (GDestroyNotify)g_ptr_array_unref);
  serve (self);
}

/* What is known is looked at now: it may be much, and all of who wait would hold a copy. */
static void
run (SqnsManager *self, GTask *task)
{
  Search *search = g_task_get_task_data (task);
  search->folder = self->journal != NULL ? g_strdup (self->journal->jobs) : NULL;
  search->known = g_ptr_array_new_with_free_func (record_free);
  /* those that go on have an older record, too */
  for (guint i = 0; i < self->jobs->len; i++)
    g_ptr_array_add (search->known, sqns_job_record_copy (sqns_job_record (self->jobs->pdata[i])));
  g_autoptr (GTask) inner = g_task_new (self, NULL, on_searched, task);
  g_task_set_source_tag (inner, run);
  g_task_set_task_data (inner, search, NULL); /* @task's */
  self->history->running++;
  g_task_run_in_thread (inner, search_in_thread);
}

static void
serve (SqnsManager *self)
{
  while (self->history->running < MAX_RUNNING && sqns_fair_queue_length (self->history->waiting) > 0)
    run (self, sqns_fair_queue_pop (self->history->waiting));
}

void
sqns_manager_close_history (SqnsManager *self)
{
  for (GTask *task = sqns_fair_queue_pop (self->history->waiting); task != NULL;
       task = sqns_fair_queue_pop (self->history->waiting))
    {
      g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_DRAINING, "the daemon is stopping");
      g_object_unref (task);
    }
}

void
sqns_manager_history_async (
    SqnsManager *self, guint uid, const SqnsHistoryFilter *filter, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Search *search = g_new0 (Search, 1);
  g_autofree char *owner = g_strdup_printf ("%u", uid);

  search->filter = *filter;
  search->filter.modem = g_strdup (filter->modem);
  search->filter.label = g_strdup (filter->label);
  g_task_set_source_tag (task, sqns_manager_history_async);
  g_task_set_task_data (task, search, search_free);
  g_autoptr (GTask) surplus = sqns_fair_queue_push (self->history->waiting, owner, task);
  if (surplus != NULL)
    g_task_return_new_error (surplus, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED, "%u such questions wait for their answer",
                             MAX_WAITING);
  serve (self);
}

GPtrArray *
sqns_manager_history_finish (SqnsManager *manager, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
