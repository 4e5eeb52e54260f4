/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ended jobs, on disk or not. They are read for each question: there may be tens of thousands. */
#include "job/history.h"

#include "job/state-folder.h"

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
      g_autofree char *uuid = sqns_state_folder_uuid (name);
      if (uuid == NULL || g_hash_table_contains (seen, uuid))
        continue;
      SqnsJobRecord *record = sqns_state_folder_read_record (path, NULL);
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
      g_hash_table_add (seen, g_strdup (record->uuid));
      consider (filter, found, record);
    }
  if (folder != NULL)
    search_folder (filter, folder, seen, found);
  g_ptr_array_sort (found, compare_ends);
  if (found->len > filter->limit)
    g_ptr_array_set_size (found, (int)filter->limit);
  return found;
}
