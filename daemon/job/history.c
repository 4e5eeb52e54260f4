/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ended jobs are asked for. */
#include "job/history.h"

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

static int
compare_ends (gconstpointer a, gconstpointer b)
{
  const SqnsJobRecord *one = *(SqnsJobRecord *const *)a, *two = *(SqnsJobRecord *const *)b;
  return one->finished_at > two->finished_at ? -1 : one->finished_at < two->finished_at;
}

GPtrArray *
sqns_history_new (void)
{
  return g_ptr_array_new_with_free_func (sqns_job_record_free);
}

void
sqns_history_add (GPtrArray *found, SqnsJobRecord *record, guint limit)
{
  g_ptr_array_add (found, record);
  if (found->len >= 2 * limit + 100)
    sqns_history_finish (found, limit);
}

void
sqns_history_finish (GPtrArray *found, guint limit)
{
  g_ptr_array_sort (found, compare_ends);
  if (found->len > limit)
    g_ptr_array_set_size (found, (int)limit);
}
